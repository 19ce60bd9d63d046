//! The scenarios against an engine that lacks one rule: exactly the scenarios that say what the rule does go red, and
//! each at the step that says so.
//!
//! A rule that is off is not asked and leaves no trace: [`mockplane::rules::evaluate`] passes it over, and nothing else
//! looks at modes. So this is what deleting its check would do. A scenario that gives the rule a mode of its own is
//! not heard.

#![expect(clippy::unwrap_used, reason = "these are tests")]

use bytes::Bytes;
use hyper::{Method, Request, Response};
use mockplane::admin::Site;
use mockplane::rules::{self, RuleMode};
use mockplane::scenario::file::Step;
use mockplane::scenario::report::Silent;
use mockplane::scenario::run::Status;
use mockplane::scenario::target::{Exchange, InProcess, Unreachable};
use mockplane::scenario::tree::Node;
use mockplane::scenario::{self, Options, Summary, run_path};
use mockplane::server::Config;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

const SCENARIOS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios");

/// A rule about who calls, of which scenarios have no say: other tests show it.
const ELSEWHERE: &[&str] = &["SM-NB-PERM-01"];

fn can_be_violated(id: &str) -> bool {
    !rules::INFORMATIONAL.contains(&id) && !ELSEWHERE.contains(&id)
}

/// A control plane on which one rule counts for this, whatever anybody says.
struct Mutant {
    site: Site,
    rule: &'static str,
    mode: RuleMode,
}

impl Mutant {
    fn new(rule: &'static str, mode: RuleMode) -> Self {
        let mut config = Config::default();
        config.defaults.rule_modes.set(rule, mode);
        Self { site: config.site(), rule, mode }
    }

    fn control(&self, method: Method, path: &str, body: &Value) -> Value {
        let request =
            Request::builder().method(method).uri(path).body(Bytes::from(body.to_string())).unwrap();
        let response = self.site.answer(&request);
        assert!(response.status().is_success(), "{path}: {response:?}");
        serde_json::from_slice(response.body()).unwrap()
    }
}

impl Exchange for &Mutant {
    async fn exchange(&self, mut request: Request<Bytes>) -> Result<Response<Bytes>, Unreachable> {
        if request.method() == Method::POST && request.uri().path() == "/_mockplane/rules" {
            let mut change: Value = serde_json::from_slice(request.body()).unwrap();
            if rules::get(change["rule"].as_str().unwrap()).is_some_and(|info| info.id == self.rule) {
                change["mode"] = self.mode.name().into();
                *request.body_mut() = Bytes::from(change.to_string());
            }
        }
        (&self.site).exchange(request).await
    }
}

async fn run(mutant: &Mutant) -> Summary {
    let summary = run_path(&InProcess(mutant), Path::new(SCENARIOS), &Options::default(), &mut Silent).await;
    assert!(summary.unusable.is_none() && summary.problems.is_empty());
    summary
}

/// The scenarios that say what a rule does, each with the first step that says it: by what it expects to be blocked by
/// the rule, or by naming it in what it expects of an explanation.
fn expected(id: &str) -> BTreeMap<String, usize> {
    let says = |step: &Step| {
        let Some(expect) = &step.expect else { return false };
        let blocked = expect.blocked_by.as_ref().and_then(|cause| cause.value.rule.as_ref());
        let explained = expect.response.as_ref().filter(|_| step.explain.is_some());
        let mut named = false;
        for node in blocked.into_iter().chain(explained) {
            Node::texts(node, &mut |_, text| named |= text.contains(id));
        }
        named
    };
    let mut expected = BTreeMap::new();
    for entry in std::fs::read_dir(SCENARIOS).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            continue;
        }
        for row in scenario::rows(&path, &std::fs::read_to_string(&path).unwrap(), &mut Vec::new()) {
            let first = row.steps.value.iter().position(|step| says(&step.value));
            if let Some(n) = first {
                expected.insert(row.name(), n + 1);
            }
        }
    }
    expected
}

/// The scenarios that did not pass, each with the step at which it failed; 0 if it could not be carried out.
fn red(summary: &Summary) -> BTreeMap<String, usize> {
    let red = summary.outcomes.iter().filter(|outcome| !outcome.passed()).map(|outcome| {
        let failed = outcome.steps.iter().find(|step| step.status == Status::Failed);
        (outcome.name.clone(), failed.map_or(0, |step| step.number))
    });
    red.collect()
}

/// What is wrong with the scenarios when a rule does not count.
async fn judged(id: &'static str, mode: RuleMode) -> Option<String> {
    let mutant = Mutant::new(id, mode);
    let summary = run(&mutant).await;
    let (red, expected) = (red(&summary), expected(id));
    if red != expected {
        return Some(format!("with {id} {}, red are {red:?} and not {expected:?}", mode.name()));
    }
    if mode == RuleMode::Warn {
        let accounts = summary.outcomes.iter().filter(|outcome| red.contains_key(&outcome.name));
        let warned: Vec<_> = accounts.flat_map(|one| warned(&mutant, &one.account.to_string())).collect();
        if warned.is_empty() {
            return Some(format!("nothing tells that {id} warns"));
        }
        return warned.into_iter().find_map(Result::err).map(|problem| format!("{id} warns: {problem}"));
    }
    None
}

/// What the rule warned of in an account: jobs that went on and remember it. A call that another rule refuses leaves
/// no warning either.
fn warned(mutant: &Mutant, account: &str) -> Vec<Result<(), String>> {
    let advance = json!({"account": account, "advance": "2h"});
    mutant.control(Method::POST, "/_mockplane/clock", &advance);
    let events = mutant.control(Method::GET, &format!("/_mockplane/events?account={account}"), &Value::Null);
    let told = events["events"].as_array().unwrap().iter();
    let told = told.filter(|event| event["kind"] == "RuleWarning" && event["rule"] == mutant.rule);
    let resources = told.map(|event| event["resource"].as_str().unwrap());
    let judge = |resource: &str| {
        // A model keeps nothing of what was found, nor does a domain: the event is what tells it.
        if resource.starts_with("model/") || resource.starts_with("domain/") {
            return Ok(());
        }
        let path = format!("/_mockplane/explain/{resource}?account={account}&region=us-east-1");
        let why = mutant.control(Method::GET, &path, &Value::Null);
        let rules =
            why["phases"].as_array().unwrap().iter().flat_map(|phase| phase["rules"].as_array().unwrap());
        let kept = rules
            .filter(|rule| rule["id"] == mutant.rule)
            .any(|rule| (&rule["mode"], &rule["verdict"]) == (&json!("warn"), &json!("violated")));
        // Another rule may stop it now.
        let went_on = why["decidedBy"] != mutant.rule
            && (why["decidedBy"].is_string()
                || ["Completed", "COMPLETED", "InService"].contains(&why["status"].as_str().unwrap()));
        if kept && went_on { Ok(()) } else { Err(format!("{resource}: {why:#}")) }
    };
    resources.map(judge).collect()
}

/// Judges every rule that can be violated, several at a time.
fn judge_all(mode: RuleMode) {
    let ids: Vec<_> = rules::all().map(|info| info.id).filter(|id| can_be_violated(id)).collect();
    assert!(ids.len() >= 14);
    let judge = |id| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(judged(id, mode))
    };
    let problems: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = ids.iter().map(|id| scope.spawn(|| judge(id))).collect();
        threads.into_iter().filter_map(|thread| thread.join().unwrap()).collect()
    });
    assert!(problems.is_empty(), "{problems:#?}");
}

#[test]
fn with_a_rule_off_exactly_its_scenarios_go_red() {
    judge_all(RuleMode::Off);
}

#[test]
fn a_rule_that_warns_lets_the_job_go_on_and_is_remembered() {
    judge_all(RuleMode::Warn);
}

/// Else nothing above would say anything of a rule.
#[test]
fn every_rule_that_can_be_violated_has_scenarios() {
    for info in rules::all() {
        let scenarios = expected(info.id);
        assert_eq!(scenarios.is_empty(), !can_be_violated(info.id), "{}: {scenarios:?}", info.id);
    }
}
