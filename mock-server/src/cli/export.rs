//! `mockplane export`: a scenario for those who have no Mockplane.

use super::fail;
use crate::scenario::export::{Form, exported};
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
    /// What calls are written as: a Python script with boto3, or a script of bash with the AWS CLI.
    #[arg(long = "as", value_name = "FORM", default_value = "boto3")]
    form: FormName,
    /// Of a scenario with a matrix: the row that is exported.
    #[arg(long, value_name = "NAME")]
    row: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum FormName {
    Boto3,
    Cli,
}

pub fn export(args: &Export) -> ExitCode {
    const UNSOUND: u8 = 2;
    let name = args.file.display().to_string();
    let text = match std::fs::read_to_string(&args.file) {
        Ok(text) => text,
        Err(error) => return fail(format_args!("{name}: {error}")),
    };
    let form = match args.form {
        FormName::Boto3 => Form::Boto3,
        FormName::Cli => Form::Cli,
    };
    match exported(&args.file, &text, args.row.as_deref(), form) {
        Ok(script) => {
            // A reader that closes the pipe early has read what it wanted.
            let _ = std::io::stdout().write_all(script.as_bytes());
            ExitCode::SUCCESS
        }
        Err(problems) => {
            problems.iter().for_each(|(file, problem)| eprintln!("{}", problem.in_file(file)));
            ExitCode::from(UNSOUND)
        }
    }
}
