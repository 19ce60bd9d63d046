//! Files that say what goes wrong.

use super::fail;
use crate::server::{Builder, Server};
use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Subcommand)]
pub enum Faults {
    /// Say what is wrong with a file for `serve --faults`, if anything is.
    Check { file: PathBuf },
}

pub fn faults(what: &Faults) -> ExitCode {
    let Faults::Check { file } = what;
    match Server::builder().faults(file).config() {
        Ok(_) => ExitCode::SUCCESS,
        Err(problem) => fail(problem),
    }
}

/// What goes wrong in every account.
#[derive(Args)]
pub struct Begin {
    /// A YAML or JSON file that says what goes wrong: which requests fail, are late or get lost, what is out of order.
    #[arg(long, env = "MOCKPLANE_FAULTS")]
    faults: Option<PathBuf>,
    /// Whether EC2 refuses too many requests: by the rates that AWS documents, or never.
    #[arg(long, env = "MOCKPLANE_THROTTLE", default_value = "off")]
    throttle: ThrottleName,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum ThrottleName {
    Aws,
    Off,
}

impl Begin {
    pub fn declared(&self, mut builder: Builder) -> Builder {
        if let Some(file) = &self.faults {
            builder = builder.faults(file);
        }
        if self.throttle == ThrottleName::Aws { builder.throttle_as_aws() } else { builder }
    }
}
