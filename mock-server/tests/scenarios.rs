//! Every scenario of the repository, in process and over a socket, and each of them twice.

use bytes::Bytes;
use hyper::{Request, Response};
use mockplane::admin::Site;
use mockplane::scenario::report::Text;
use mockplane::scenario::target::{Exchange, Http, InProcess, Target};
use mockplane::scenario::transcript::Transcript;
use mockplane::scenario::{Options, Summary, run_path};
use mockplane::server::{Config, Server};
use std::path::Path;

struct Inside(Site);

impl Exchange for Inside {
    async fn exchange(&self, request: Request<Bytes>) -> Response<Bytes> {
        self.0.answer(&request)
    }
}

fn inside() -> InProcess<Inside> {
    InProcess(Inside(Config::default().site()))
}

async fn run_all(target: &impl Target) -> Summary {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios");
    let mut told = Vec::new();
    let summary = run_path(target, Path::new(path), &Options::default(), &mut Text::new(&mut told)).await;
    assert_eq!(summary.exit_code(), 0, "\n{}", String::from_utf8_lossy(&told));
    summary
}

/// Panics with both answers where two runs differ.
fn compare(first: &Summary, second: &Summary) {
    assert_eq!(first.outcomes.len(), second.outcomes.len());
    for (one, other) in first.outcomes.iter().zip(&second.outcomes) {
        if let Some(number) = one.transcript.first_difference(&other.transcript) {
            let answer =
                |all: &Transcript| Transcript(all.0.iter().skip(number - 1).take(1).cloned().collect());
            let (one, other) = (answer(&one.transcript), answer(&other.transcript));
            panic!("answer {number} differs:\n{one}\n{other}");
        }
    }
}

#[tokio::test]
async fn every_scenario_passes_in_process_and_twice_the_same() {
    let one = inside();
    let first = run_all(&one).await;
    compare(&first, &run_all(&one).await);
    compare(&first, &run_all(&inside()).await);
}

#[tokio::test]
async fn every_scenario_passes_over_a_socket_and_twice_the_same() {
    let server = Server::start(Config::default()).await.unwrap();
    let target = Http::new(&server.endpoint()).unwrap();
    let first = run_all(&target).await;
    compare(&first, &run_all(&target).await);
    server.shutdown().await;
}
