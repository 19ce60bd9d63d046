//! Files that say what goes wrong.

use super::fail;
use crate::model;
use crate::scenario::fault;
use clap::{Args, Subcommand, ValueEnum};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Subcommand)]
pub enum Faults {
    /// Say what is wrong with a file for `serve --faults`, if anything is.
    Check { file: PathBuf },
}

pub fn faults(what: &Faults) -> ExitCode {
    let Faults::Check { file } = what;
    match read(file) {
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
    pub fn faults(&self) -> Result<model::Faults, String> {
        let mut faults = self.faults.as_deref().map(read).transpose()?.unwrap_or_default();
        if self.throttle == ThrottleName::Aws {
            faults.declare(throttle())?;
        }
        Ok(faults)
    }
}

/// The faults of a file.
fn read(file: &Path) -> Result<model::Faults, String> {
    let name = file.display().to_string();
    let text = std::fs::read_to_string(file).map_err(|error| format!("cannot read {name}: {error}"))?;
    fault::parse_defaults(&text).map_err(|problems| {
        problems.iter().map(|problem| problem.in_file(&name)).collect::<Vec<_>>().join("\n")
    })
}

/// The fault that `--throttle aws` is.
fn throttle() -> model::DeclaredFault {
    let effect = model::FaultEffect::Request {
        delay: std::time::Duration::ZERO,
        jitter: std::time::Duration::ZERO,
        ending: model::Ending::Throttled(model::Rate::Aws),
    };
    let scope =
        model::FaultScope { service: Some(model::Wildcard::new("ec2")), ..model::FaultScope::default() };
    model::DeclaredFault::new("throttle-aws", scope, effect)
}
