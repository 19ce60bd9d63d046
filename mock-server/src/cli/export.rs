//! `mockplane export`: a scenario for those who have no Mockplane.

use super::fail;
use crate::scenario::{Options, exported, lint};
use clap::{Args, ValueEnum};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Args)]
#[command(
    after_help = "Exit codes: 0 it is printed, 1 there is no file, 2 it is not sound or cannot be exported."
)]
pub struct Export {
    /// A scenario file.
    file: PathBuf,
    /// What calls are written as: a Python script with boto3.
    #[arg(long = "as", value_name = "FORM", default_value = "boto3")]
    form: FormName,
}

#[derive(Clone, Copy, ValueEnum)]
enum FormName {
    Boto3,
}

pub fn export(args: &Export) -> ExitCode {
    const UNSOUND: u8 = 2;
    let name = args.file.display().to_string();
    match lint(&args.file, &Options::default()) {
        Err(problem) => return fail(problem),
        Ok(found) if !found.problems.is_empty() => {
            found.problems.iter().for_each(|(file, problem)| eprintln!("{}", problem.in_file(file)));
            return ExitCode::from(UNSOUND);
        }
        Ok(_) => {}
    }
    let text = match std::fs::read_to_string(&args.file) {
        Ok(text) => text,
        Err(error) => return fail(format_args!("{name}: {error}")),
    };
    let FormName::Boto3 = args.form;
    match exported(&text) {
        Ok(script) => {
            // A reader that closes the pipe early has read what it wanted.
            let _ = std::io::stdout().write_all(script.as_bytes());
            ExitCode::SUCCESS
        }
        Err(problem) => {
            eprintln!("{}", problem.in_file(&name));
            ExitCode::from(UNSOUND)
        }
    }
}
