//! Files that say what containers do.

use super::fail;
use crate::server::Server;
use clap::Subcommand;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Subcommand)]
pub enum Behaviours {
    /// Say what is wrong with a file for `serve --behaviours`, if anything is.
    Check { file: PathBuf },
}

pub fn behaviours(what: &Behaviours) -> ExitCode {
    let Behaviours::Check { file } = what;
    match Server::builder().behaviours(file).config() {
        Ok(_) => ExitCode::SUCCESS,
        Err(problem) => fail(problem),
    }
}
