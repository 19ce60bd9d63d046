//! Scenarios against targets that take calls alone: a Mockplane that hides what it is, and wants right signatures.

#![expect(clippy::unwrap_used, reason = "these are tests")]

use bytes::Bytes;
use futures_util::stream::{self, StreamExt};
use http_body_util::{BodyExt, Full};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use mockplane::kernel::AccountId;
use mockplane::model::Profile;
use mockplane::scenario::plane::Credentials;
use mockplane::scenario::report::Silent;
use mockplane::scenario::run::{Outcome, Status};
use mockplane::scenario::target::{Http, Target};
use mockplane::scenario::{Options, run_path};
use mockplane::server::Server;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::net::TcpListener;

const SECRET: &str = "the secret of every root";

/// Passes on what it gets, but for the control API, which it does not have.
async fn forward_to(endpoint: String) -> String {
    let behind = Arc::new(Http::new(&endpoint).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let behind = behind.clone();
            let service = service_fn(move |request: Request<hyper::body::Incoming>| {
                let behind = behind.clone();
                async move { Ok::<_, Infallible>(passed_on(&behind, request).await) }
            });
            let connection =
                hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            tokio::spawn(connection);
        }
    });
    address
}

async fn passed_on(behind: &Http, request: Request<hyper::body::Incoming>) -> Response<Full<Bytes>> {
    let (parts, body) = request.into_parts();
    if parts.uri.path().starts_with("/_mockplane") {
        let mut none = Response::new(Full::default());
        *none.status_mut() = StatusCode::NOT_FOUND;
        return none;
    }
    let body = body.collect().await.unwrap().to_bytes();
    let mut answer = behind.send(Request::from_parts(parts, body)).await.unwrap();
    // What only Mockplane says.
    let ours: Vec<_> =
        answer.headers().keys().filter(|name| name.as_str().starts_with("x-mockplane")).cloned().collect();
    ours.iter().for_each(|name| drop(answer.headers_mut().remove(name)));
    answer.map(Full::new)
}

async fn foreign(endpoint: &str, account: &str) -> Http {
    let credentials = Credentials {
        access_key_id: account.to_owned(),
        secret_access_key: SECRET.to_owned(),
        session_token: None,
    };
    Http::find(endpoint, "unused", || Ok(credentials)).await.unwrap()
}

fn all_scenarios() -> Vec<PathBuf> {
    fn walk(folder: &Path, into: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("fixtures") {
                walk(&path, into);
            } else if path.extension().is_some_and(|ending| ending == "yaml") {
                into.push(path);
            }
        }
    }
    let mut all = Vec::new();
    walk(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios")), &mut all);
    all.sort();
    all
}

/// Scenarios that need more than calls, though they do not say so, and what.
const EXPLAINED: &[(&str, &str)] = &[];

/// Every scenario in an account of its own, by itself, with real signatures and in real time.
#[tokio::test]
async fn scenarios_that_need_calls_alone_run_anywhere() {
    let server = Server::builder().verify_signatures(SECRET).profile(Profile::Fast).start().await.unwrap();
    let endpoint = forward_to(server.endpoint()).await;
    let run = |(number, path): (usize, PathBuf)| {
        let endpoint = endpoint.clone();
        async move {
            let mut outcomes = Vec::new();
            let account = format!("2{number:011}");
            let target = foreign(&endpoint, &account).await;
            assert_eq!(target.plane().account(), AccountId::parse(&account));
            let options = Options { jobs: 1, ..Options::default() };
            let summary = run_path(&target, &path, &options, &mut Silent).await;
            outcomes.extend(summary.outcomes);
            outcomes
        }
    };
    let all = stream::iter(all_scenarios().into_iter().enumerate()).map(run).buffered(32).concat().await;
    let mut found: BTreeMap<&str, Vec<&Outcome>> = BTreeMap::new();
    for outcome in &all {
        let word = match outcome.status() {
            Status::Passed => "passed",
            Status::Skipped => "skipped",
            Status::Failed | Status::Broken => "failed",
        };
        found.entry(word).or_default().push(outcome);
        if outcome.failed() {
            println!(
                "{} {:?} {:?}",
                outcome.name,
                outcome.broken,
                outcome.steps.iter().flat_map(|s| &s.problems).map(|p| p.to_string()).collect::<Vec<_>>()
            );
        }
        if let Some(s) = &outcome.skipped {
            println!("{} SKIP {s}", outcome.name);
        } else {
            println!("{} took {:?}", outcome.name, outcome.elapsed);
        }
    }
    for (word, which) in &found {
        println!("{word}: {}", which.len());
    }
    assert!(EXPLAINED.is_empty() && found.get("failed").is_none());
}
