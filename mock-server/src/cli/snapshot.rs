//! Snapshots of accounts of a server that runs.

use super::control::default_endpoint;
use super::fail;
use crate::scenario::target::{Http, Target};
use bytes::Bytes;
use clap::{Args, Subcommand};
use hyper::{Method, Request};
use serde_json::{Value, json};
use std::process::ExitCode;

#[derive(Args)]
pub struct Snapshot {
    #[command(subcommand)]
    what: What,
    /// The server that is asked.
    #[arg(long, env = "MOCKPLANE_ENDPOINT", default_value_t = default_endpoint(), global = true)]
    endpoint: String,
    /// The account; the server's own unless it is given.
    #[arg(long, global = true)]
    account: Option<String>,
}

#[derive(Subcommand)]
enum What {
    /// Keep an account as it is under a name, in place of what had that name.
    Save { name: String },
    /// List the snapshots of an account.
    List,
    /// Make an account what it was, its time included.
    Restore { name: String },
    /// Make another account what this one was; nothing of what that was is kept.
    Fork {
        name: String,
        /// The other account: twelve digits.
        #[arg(long)]
        to: String,
    },
    /// Forget a snapshot.
    Delete { name: String },
}

pub fn snapshot(args: &Snapshot) -> ExitCode {
    let at = |name: &str| format!("snapshots/{}", encoded(name));
    let (method, path, to, body) = match &args.what {
        What::Save { name } => (Method::POST, "snapshots".to_owned(), None, Some(json!({ "name": name }))),
        What::List => (Method::GET, "snapshots".to_owned(), None, None),
        What::Restore { name } => (Method::POST, format!("{}/restore", at(name)), None, None),
        What::Fork { name, to } => (Method::POST, format!("{}/restore", at(name)), Some(to), None),
        What::Delete { name } => (Method::DELETE, at(name), None, None),
    };
    let account = args.account.iter().map(|account| format!("account={}", encoded(account)));
    let to = to.iter().map(|to| format!("to={}", encoded(to)));
    let query: Vec<_> = account.chain(to).collect();
    let path = format!("/_mockplane/{path}?{}", query.join("&"));
    match ask(&args.endpoint, method, &path, body.as_ref()) {
        Ok(answer) => {
            tell(&args.what, &answer);
            ExitCode::SUCCESS
        }
        Err(problem) => fail(problem),
    }
}

fn tell(what: &What, answer: &Value) {
    let text = |name: &str| answer[name].as_str().unwrap_or_default();
    match what {
        What::List => {
            for one in answer["snapshots"].as_array().into_iter().flatten() {
                let text = |name: &str| one[name].as_str().unwrap_or_default();
                println!("{}\t{}\t{}", text("name"), text("time"), text("clock"));
            }
        }
        What::Save { name } => println!("account {} is kept as {name}, at {}", text("account"), text("time")),
        What::Restore { name } => println!("account {} is as {name}, at {}", text("account"), text("now")),
        What::Fork { name, .. } => {
            println!("account {} is as {name} of {}, at {}", text("account"), text("from"), text("now"));
        }
        What::Delete { name } => println!("{name} is forgotten"),
    }
}

fn ask(endpoint: &str, method: Method, path: &str, body: Option<&Value>) -> Result<Value, String> {
    let body = body.map(|body| Bytes::from(body.to_string())).unwrap_or_default();
    let request =
        Request::builder().method(method).uri(path).body(body).map_err(|error| error.to_string())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("cannot start: {error}"))?;
    let target = Http::new(endpoint).map_err(|error| error.to_string())?;
    let response = runtime.block_on(target.send(request)).map_err(|error| error.to_string())?;
    let answer: Value = serde_json::from_slice(response.body()).unwrap_or_default();
    if response.status().is_success() {
        return Ok(answer);
    }
    let told = answer["error"].as_str().map(str::to_owned);
    Err(told.unwrap_or_else(|| format!("answered {}", response.status())))
}

fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}
