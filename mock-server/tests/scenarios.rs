//! The library of scenarios, in this process and over a socket: it passes, and twice the same is the same.

use mockplane::kernel::ClockMode;
use mockplane::scenario::report::Silent;
use mockplane::scenario::target::{Http, InProcess, Target};
use mockplane::scenario::{Options, Summary, run_path};
use mockplane::server::{Config, Server};
use std::path::Path;

async fn run(target: &impl Target) -> Summary {
    let library = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios");
    let summary = run_path(target, &library, &Options::default(), &mut Silent).await;
    let failed: Vec<_> = summary.outcomes.iter().filter(|outcome| !outcome.passed()).collect();
    assert!(summary.exit_code() == 0, "{:?} {failed:#?}", summary.problems);
    assert!(summary.outcomes.len() >= 10);
    summary
}

fn assert_same(one: &Summary, two: &Summary) {
    for (one, two) in one.outcomes.iter().zip(&two.outcomes) {
        let differs = one.transcript.first_difference(&two.transcript);
        let pair = differs.map(|n| (one.transcript.0.get(n), two.transcript.0.get(n)));
        assert!(pair.is_none(), "{}: {pair:#?}", one.name);
    }
}

#[tokio::test]
async fn in_process() {
    let (one, two) = (Config::default().site(), Config::default().site());
    let (one, two) = (run(&InProcess(&one)).await, run(&InProcess(&two)).await);
    assert_same(&one, &two);
}

#[tokio::test]
async fn against_an_endpoint() {
    // The server's own clock and what happened on it before make no difference: each scenario has its account.
    let one = Server::builder().start().await.unwrap();
    let two = Server::builder().clock(ClockMode::Poll, None).start().await.unwrap();
    run(&Http::new(&two.endpoint()).unwrap()).await;
    let first = run(&Http::new(&one.endpoint()).unwrap()).await;
    let second = run(&Http::new(&two.endpoint()).unwrap()).await;
    assert_same(&first, &second);
}
