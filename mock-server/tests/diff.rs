//! Scenarios on two control planes: no difference between two that are right, whatever they choose for ids; and every
//! kind of difference where one of them is not.

use mockplane::model::path::HopKind;
use mockplane::model::{Probe, Tamper};
use mockplane::rules::{self, RuleMode};
use mockplane::scenario::diff::Side;
use mockplane::scenario::report::Silent;
use mockplane::scenario::target::{Http, InProcess};
use mockplane::scenario::{Options, Summary, diff_path};
use mockplane::server::{Config, Server};
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn scenarios(below: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios").join(below)
}

/// Scenarios in which something follows from the seed that is no id: what a tuning or a candidate comes to, subnets and
/// VPCs in the order of their ids, a block that is written down, and digests of objects that name their account.
const BY_CHANCE: [&str; 13] = [
    "automl-in-a-vpc",
    "group-of-another-vpc",
    "manifest-lists-what-is-gone",
    "manifest-lists-what-is-there",
    "no-capacity-in-that-zone",
    "texts-ec2-ipv6-reserved",
    "texts-failures-of-what-starts-jobs",
    "texts-sagemaker-tuning-parents",
    "the-bridge-in-the-way",
    "the-job-that-was-never-in",
    "tuning-cut-off-from-s3",
    "tuning-runs-out-of-addresses",
    "two-networks-mixed",
];

/// What is told of each scenario that differs: the titles of steps, and what differs there.
fn told(summary: &Summary) -> Vec<String> {
    let mut all = Vec::new();
    for outcome in &summary.outcomes {
        all.extend(outcome.broken.iter().map(|broken| format!("{}: {broken}", outcome.name)));
        for step in &outcome.steps {
            let differences = step.problems.iter().map(|problem| &problem.message);
            all.extend(
                differences.map(|told| format!("{}:{} {}: {told}", outcome.name, step.place, step.title)),
            );
        }
    }
    all
}

#[tokio::test]
async fn a_served_one_is_the_same_and_so_is_one_with_another_seed() {
    let site = Config::default().site();
    let server = Server::builder().start().await.unwrap();
    let http = Http::new(&server.endpoint()).unwrap();
    for (below, seed) in [("texts", None), ("", Some(77))] {
        let here = Side { name: "here", target: &InProcess(&site), seed: None };
        let there = Side { name: "there", target: &http, seed };
        let options = Options { jobs: 4, ..Options::default() };
        let summary = diff_path(&here, &there, &scenarios(below), &options, &mut Silent).await;
        let is_fair = |told: &&String| {
            seed.is_none() || !BY_CHANCE.iter().any(|name| told.starts_with(&format!("{name}:")))
        };
        assert_eq!(told(&summary).iter().filter(is_fair).collect::<Vec<_>>(), [""; 0], "{seed:?}");
        assert!(summary.outcomes.iter().all(|outcome| !outcome.steps.is_empty()));
    }
}

/// What is wrong with one side.
#[derive(Debug)]
struct Saboteur {
    text: &'static str,
    hop: Option<HopKind>,
}

impl Tamper for Saboteur {
    fn rule(&self, _: &'static str, _: bool) {}
    fn hop(&self, kind: HopKind, passed: bool) -> bool {
        passed || self.hop == Some(kind)
    }
    fn text(&self, name: &str, text: String) -> String {
        if name == self.text { text + "!" } else { text }
    }
}

async fn differences(file: &str, wrong: Config) -> Vec<String> {
    let (right, wrong) = (Config::default().site(), wrong.site());
    let right = Side { name: "right", target: &InProcess(&right), seed: None };
    let wrong = Side { name: "wrong", target: &InProcess(&wrong), seed: None };
    let summary = diff_path(&right, &wrong, &scenarios(file), &Options::default(), &mut Silent).await;
    assert_eq!(summary.exit_code(), 4, "{file} is the same");
    told(&summary)
}

fn tampered(text: &'static str, hop: Option<HopKind>) -> Config {
    let mut config = Config::default();
    config.defaults.probe = Probe::new(Arc::new(Saboteur { text, hop }));
    config
}

#[tokio::test]
async fn what_is_wrong_on_one_side_is_found_where_it_is() {
    let found = differences("name-in-use.yaml", tampered("sagemaker-NameInUse", None)).await;
    println!("{found:#?}");
    assert_eq!(found.len(), 2, "{found:#?}");
    assert!(found[0].contains("the message: `") && found[0].ends_with("!` at wrong"), "{found:#?}");

    let found = differences("training-in-a-sealed-room.yaml", tampered("", Some(HopKind::Route))).await;
    println!("{found:#?}");
    let state = "`TrainingJobStatus`: `\"Failed\"` at right, `\"Completed\"` at wrong";
    assert!(found.iter().any(|told| told.ends_with(state)), "{found:#?}");

    let mut config = Config::default();
    config.defaults.rule_modes.set(rules::get("SM-F-VPC-MIX").unwrap().id, RuleMode::Off);
    let found = differences("two-networks-mixed.yaml", config).await;
    println!("{found:#?}");
    assert!(
        found.iter().any(|told| told.contains(": refused (") && told.ends_with("done at wrong")),
        "{found:#?}"
    );
}
