//! Files that say what containers do.

use super::fail;
use crate::model;
use crate::scenario::behaviour;
use clap::Subcommand;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Subcommand)]
pub enum Behaviours {
    /// Say what is wrong with a file for `serve --behaviours`, if anything is.
    Check { file: PathBuf },
}

pub fn behaviours(what: &Behaviours) -> ExitCode {
    let Behaviours::Check { file } = what;
    match read(file) {
        Ok(_) => ExitCode::SUCCESS,
        Err(problem) => fail(problem),
    }
}

/// The behaviours of a file.
pub fn read(file: &Path) -> Result<model::Behaviours, String> {
    let name = file.display().to_string();
    let text = std::fs::read_to_string(file).map_err(|error| format!("cannot read {name}: {error}"))?;
    let all = behaviour::parse(&text).map_err(|problems| {
        problems.iter().map(|problem| problem.in_file(&name)).collect::<Vec<_>>().join("\n")
    })?;
    Ok(all.into_iter().collect())
}
