//! `mockplane policy`: the least that lets everybody do again what they did.

use super::{control, fail};
use clap::Args;
use serde_json::Value;
use std::io::Write as _;
use std::process::ExitCode;

#[derive(Args)]
pub struct Policy {
    /// The ARN of one user or role; without it, everybody who did anything.
    principal: Option<String>,
    /// The server to ask.
    #[arg(long, env = "MOCKPLANE_ENDPOINT", default_value_t = control::default_endpoint())]
    endpoint: String,
    /// Whose account; unless told, the server's own.
    #[arg(long, env = "MOCKPLANE_ACCOUNT_ID")]
    account: Option<String>,
}

pub fn policy(args: &Policy) -> ExitCode {
    let parameters = [("account", &args.account), ("principal", &args.principal)];
    let answer: Value = match control::get(&args.endpoint, "policy", &parameters) {
        Ok(answer) => answer,
        Err(problem) => return fail(problem),
    };
    if answer["complete"] == false {
        eprintln!(
            "mockplane: the account did more than could be remembered; these policies may lack some of it"
        );
    }
    let shown = match &args.principal {
        // The document alone, so that it can go where policies go.
        Some(_) => &answer["principals"][0]["document"],
        None => &answer["principals"],
    };
    // A reader that closes the pipe early has read what it wanted.
    let _ = writeln!(std::io::stdout(), "{shown:#}");
    ExitCode::SUCCESS
}
