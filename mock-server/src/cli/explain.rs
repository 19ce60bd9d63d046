//! `mockplane explain`, `preflight` and `reachability`: what the control API tells.

use super::{control, fail};
use clap::Args;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

/// Where, and in which form.
#[derive(Args)]
struct Asked {
    /// The server to ask.
    #[arg(long, env = "MOCKPLANE_ENDPOINT", default_value_t = control::default_endpoint())]
    endpoint: String,
    /// Whose it is; unless told, the server's own account.
    #[arg(long, env = "MOCKPLANE_ACCOUNT_ID")]
    account: Option<String>,
    /// Where it is; unless told, the server's own region.
    #[arg(long, env = "MOCKPLANE_REGION")]
    region: Option<String>,
    /// Print JSON instead of text.
    #[arg(long)]
    json: bool,
    /// Write a page that stands alone into this file, besides what is printed.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

#[derive(Args)]
pub struct Explain {
    /// Such as training-job/NAME, processing-job/NAME, transform-job/NAME, compilation-job/NAME or endpoint/NAME; or
    /// request/ID, of a call that was refused.
    resource: String,
    #[command(flatten)]
    asked: Asked,
}

#[derive(Args)]
pub struct Preflight {
    /// A file with the request as JSON, as `aws sagemaker create-training-job --cli-input-json` takes it; `-` is the
    /// standard input. A list of requests is tried in its order, and the last one is explained.
    file: PathBuf,
    /// The operation, such as CreateTrainingJob; unless told, the members of the request say it.
    #[arg(long)]
    operation: Option<String>,
    #[command(flatten)]
    asked: Asked,
}

#[derive(Args)]
pub struct Reachability {
    /// An interface (eni-…) or a subnet (subnet-…), for an interface as SageMaker would make it there.
    from: String,
    /// s3://BUCKET/KEY, service:NAME such as service:sts, HOST:PORT, or an interface (eni-…).
    to: String,
    /// The security groups of an interface that is not there yet; unless told, the VPC's default one. Once, with commas.
    #[arg(long)]
    groups: Option<String>,
    #[arg(long)]
    port: Option<u16>,
    /// tcp or udp.
    #[arg(long)]
    protocol: Option<String>,
    /// The ARN of the role that uses the bucket; unless told, nobody in particular.
    #[arg(long)]
    role: Option<String>,
    #[command(flatten)]
    asked: Asked,
}

pub fn explain(args: &Explain) -> ExitCode {
    let path = format!("explain/{}", args.resource);
    match tell(&args.asked, &path, &[], None) {
        Ok(_) => ExitCode::SUCCESS,
        Err(problem) => fail(problem),
    }
}

/// The exit codes of what looks ahead: it would not do, and it could not be asked.
const WOULD_FAIL: u8 = 1;
const NOT_ASKED: u8 = 2;

pub fn preflight(args: &Preflight) -> ExitCode {
    let outcome = read(&args.file).and_then(|text| {
        let input =
            serde_json::from_str(&text).map_err(|error| format!("{}: {error}", args.file.display()))?;
        let question = crate::admin::explain::question(args.operation.as_deref(), &input);
        tell(&args.asked, "preflight", &[], Some(question.to_string()))
    });
    ended(outcome, "wouldComplete")
}

pub fn reachability(args: &Reachability) -> ExitCode {
    let port = args.port.map(|port| port.to_string());
    let (from, to) = (Some(args.from.clone()), Some(args.to.clone()));
    let more = [
        ("from", &from),
        ("to", &to),
        ("groups", &args.groups),
        ("port", &port),
        ("protocol", &args.protocol),
        ("role", &args.role),
    ];
    ended(tell(&args.asked, "reachability", &more, None), "reaches")
}

fn ended(outcome: Result<serde_json::Value, String>, good: &str) -> ExitCode {
    match outcome {
        Ok(told) if told[good] == true => ExitCode::SUCCESS,
        Ok(_) => ExitCode::from(WOULD_FAIL),
        Err(problem) => {
            fail(problem);
            ExitCode::from(NOT_ASKED)
        }
    }
}

fn read(file: &std::path::Path) -> Result<String, String> {
    let text = match file.to_str() {
        Some("-") => std::io::read_to_string(std::io::stdin()),
        _ => std::fs::read_to_string(file),
    };
    text.map_err(|error| format!("cannot read {}: {error}", file.display()))
}

/// Asks, prints what was asked for, and answers it as JSON.
fn tell(
    asked: &Asked,
    path: &str,
    more: &[(&str, &Option<String>)],
    body: Option<String>,
) -> Result<serde_json::Value, String> {
    let ask = |format: &str| {
        let format = Some(format.to_owned());
        let own = [("account", &asked.account), ("region", &asked.region), ("format", &format)];
        let parameters: Vec<_> = own.into_iter().chain(more.iter().copied()).collect();
        control::ask(&asked.endpoint, path, &parameters, body.clone())
    };
    let json = ask("json")?;
    let told = serde_json::from_str(&json).map_err(|error| error.to_string())?;
    if let Some(file) = &asked.html {
        std::fs::write(file, ask("html")?)
            .map_err(|error| format!("cannot write {}: {error}", file.display()))?;
    }
    let shown = if asked.json { json } else { ask("text")? };
    // A reader that closes the pipe early has read what it wanted.
    let _ = std::io::stdout().write_all(shown.as_bytes());
    Ok(told)
}
