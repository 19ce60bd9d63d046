//! The scenarios against an engine that is put in the wrong on purpose: without a rule, with a kind of hop that says the
//! same to everybody, with other words for a refusal or a failure. Each time scenarios have to go red.
//!
//! A first run of all scenarios tells what each of them comes by; what is wrong with the engine can be seen only where it
//! is come by, so no other scenario is run again.

#![expect(clippy::unwrap_used, reason = "these are tests")]

use bytes::Bytes;
use hyper::{Method, Request, Response};
use mockplane::admin::Site;
use mockplane::aws::fault::CALLED;
use mockplane::model::path::HopKind;
use mockplane::model::{Probe, Tamper};
use mockplane::rules::{self, RuleMode, RuleModes, texts};
use mockplane::scenario::file::{Scenario, Step};
use mockplane::scenario::rows;
use mockplane::scenario::run::{self, Outcome, Overrides, Status};
use mockplane::scenario::target::{Exchange, InProcess, Unreachable};
use mockplane::scenario::tree::Node;
use mockplane::server::Config;
use mockplane::services::refusal;
use serde_json::{Value, json};
use std::collections::{BTreeSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex};

const SCENARIOS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios");
/// The words that no scenario shows, one name a line. It only gets shorter.
const SURVIVORS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/survivors.txt");

const HOPS: [HopKind; 12] = [
    HopKind::Name,
    HopKind::GroupOut,
    HopKind::AclOut,
    HopKind::Route,
    HopKind::Target,
    HopKind::AclIn,
    HopKind::GroupIn,
    HopKind::Bucket,
    HopKind::RolePolicy,
    HopKind::EndpointPolicy,
    HopKind::BucketPolicy,
    HopKind::AclBack,
];

// === What is wrong with the engine ===

#[derive(Clone, Debug, Default)]
enum Wrong {
    #[default]
    Nothing,
    /// Hops of a kind say this, whatever is the case.
    Hop(HopKind, bool),
    /// A text of this name ends in another way.
    Text(&'static str),
}

/// What a scenario comes by.
#[derive(Clone, Debug, Default)]
struct Seen {
    violated: BTreeSet<&'static str>,
    /// Verdicts of hops.
    hops: BTreeSet<(HopKind, bool)>,
    texts: BTreeSet<String>,
}

#[derive(Debug, Default)]
struct Saboteur {
    wrong: Wrong,
    seen: Mutex<Seen>,
}

impl Tamper for Saboteur {
    fn rule(&self, id: &'static str, violated: bool) {
        if violated {
            self.seen.lock().unwrap().violated.insert(id);
        }
    }

    fn hop(&self, kind: HopKind, passed: bool) -> bool {
        self.seen.lock().unwrap().hops.insert((kind, passed));
        match self.wrong {
            Wrong::Hop(wrong, says) if wrong == kind => says,
            _ => passed,
        }
    }

    fn text(&self, name: &str, text: String) -> String {
        self.seen.lock().unwrap().texts.insert(name.to_owned());
        match self.wrong {
            Wrong::Text(wrong) if wrong == name => text + "!",
            _ => text,
        }
    }
}

/// A control plane that is in the wrong, or on which rules count for something whatever anybody says.
struct Mutant {
    site: Site,
    modes: RuleModes,
}

impl Mutant {
    fn new(saboteur: Arc<Saboteur>, modes: RuleModes) -> Self {
        let mut config = Config::default();
        config.defaults.rule_modes = modes.clone();
        config.defaults.probe = Probe::new(saboteur);
        Self { site: config.site(), modes }
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
            let rule = rules::get(change["rule"].as_str().unwrap());
            if let Some(mode) = rule.map(|info| self.modes.of(info.id)).filter(|it| *it != RuleMode::Enforce)
            {
                change["mode"] = mode.name().into();
                *request.body_mut() = Bytes::from(change.to_string());
            }
        }
        (&self.site).exchange(request).await
    }
}

// === The scenarios ===

/// A scenario, and what it comes by in an engine that is right.
struct Known {
    file: String,
    text: String,
    scenario: Scenario,
    seen: Seen,
}

static ALL: LazyLock<Vec<Known>> = LazyLock::new(|| {
    let mut files = Vec::new();
    collect(Path::new(SCENARIOS), &mut files);
    assert!(files.len() >= 100);
    let parsed = files.into_iter().flat_map(|path| {
        let text = std::fs::read_to_string(&path).unwrap();
        let mut problems = Vec::new();
        let parsed = rows(&path, &text, &mut problems);
        assert!(problems.is_empty(), "{problems:#?}");
        parsed.into_iter().map(move |row| (format!("{} {}", path.display(), row.name()), text.clone(), row))
    });
    let mut recorded = each(parsed, |(file, text, scenario)| {
        let saboteur = Arc::<Saboteur>::default();
        let mutant = Mutant::new(saboteur.clone(), RuleModes::default());
        let outcome = carried_out(&mutant, &scenario);
        assert!(outcome.passed(), "{file}: {outcome:#?}");
        let seen = saboteur.seen.lock().unwrap().clone();
        (outcome.elapsed, Known { file, text, scenario, seen })
    });
    // Those that are done soon are asked first.
    recorded.sort_by_key(|one| one.0);
    recorded.into_iter().map(|(_, known)| known).collect()
});

fn collect(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, into);
        } else if path.extension().is_some_and(|end| end == "yaml") {
            into.push(path);
        }
    }
    into.sort();
}

fn carried_out(mutant: &Mutant, scenario: &Scenario) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(run::run(&InProcess(mutant), scenario, "", &Overrides::default()))
}

/// Does something with each, several at a time; the answers are in no order.
fn each<T: Send, R: Send>(all: impl IntoIterator<Item = T>, work: impl Fn(T) -> R + Sync) -> Vec<R> {
    let queue = Mutex::new(all.into_iter().collect::<VecDeque<_>>());
    let done = Mutex::new(Vec::new());
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    let take = || queue.lock().unwrap().pop_front();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(one) = take() {
                    let answer = work(one);
                    done.lock().unwrap().push(answer);
                }
            });
        }
    });
    done.into_inner().unwrap()
}

/// Whether a scenario notices, of those that come by what is wrong.
fn noticed(wrong: &Wrong, comes_by: impl Fn(&Seen) -> bool) -> bool {
    ALL.iter().filter(|known| comes_by(&known.seen)).any(|known| {
        let saboteur = Saboteur { wrong: wrong.clone(), seen: Mutex::default() };
        !carried_out(&Mutant::new(Arc::new(saboteur), RuleModes::default()), &known.scenario).passed()
    })
}

// === Rules ===

fn can_be_violated(id: &str) -> bool {
    !rules::INFORMATIONAL.contains(&id)
}

/// The first step of a scenario that says what a rule does: by what it expects to be blocked by the rule, or by naming it
/// in what it expects of an explanation.
fn says(scenario: &Scenario, id: &str) -> Option<usize> {
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
    scenario.steps.value.iter().position(|step| says(&step.value)).map(|n| n + 1)
}

/// What is wrong with a scenario when a rule does not count: it goes red exactly if it says what the rule does, at the
/// step that says so or before it; and if the rule only warns, that is told.
fn judged(id: &'static str, mode: RuleMode, known: &Known) -> Option<String> {
    let mut modes = RuleModes::default();
    modes.set(id, mode);
    let mutant = Mutant::new(Arc::default(), modes);
    let outcome = carried_out(&mutant, &known.scenario);
    let failed = outcome.steps.iter().find(|step| step.status == Status::Failed).map(|step| step.number);
    let (red, expected) = ((!outcome.passed()).then_some(failed.unwrap_or(0)), says(&known.scenario, id));
    // What a rule does may show before the step that names it; and a lesson's check looks at the world, and names nothing.
    let told = match (red, expected) {
        (Some(red), Some(expected)) => (1..=expected).contains(&red),
        (Some(red), None) => known.scenario.lesson.is_some() && red > known.scenario.steps.value.len(),
        (None, expected) => expected.is_none(),
    };
    if !told {
        let file = &known.file;
        return Some(format!(
            "with {id} {}, {file} is red at {red:?} and says so at {expected:?}",
            mode.name()
        ));
    }
    let warned = if mode == RuleMode::Warn && red.is_some() {
        warned(&mutant, id, &outcome.account.to_string())
    } else {
        Vec::new()
    };
    warned.into_iter().find_map(Result::err).map(|problem| format!("{id} warns: {problem}"))
}

/// What the rule warned of in an account: jobs that went on and remember it. A call that another rule refuses leaves
/// no warning either.
fn warned(mutant: &Mutant, id: &str, account: &str) -> Vec<Result<(), String>> {
    let advance = json!({"account": account, "advance": "2h"});
    mutant.control(Method::POST, "/_mockplane/clock", &advance);
    let events = mutant.control(Method::GET, &format!("/_mockplane/events?account={account}"), &Value::Null);
    let told = events["events"].as_array().unwrap().iter();
    let told = told.filter(|event| event["kind"] == "RuleWarning" && event["rule"] == id);
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
            .filter(|rule| rule["id"] == id)
            .any(|rule| (&rule["mode"], &rule["verdict"]) == (&json!("warn"), &json!("violated")));
        // Another rule may stop it now.
        let went_on = why["decidedBy"] != id
            && (why["decidedBy"].is_string()
                || ["Completed", "COMPLETED", "InService"].contains(&why["status"].as_str().unwrap()));
        if kept && went_on { Ok(()) } else { Err(format!("{resource}: {why:#}")) }
    };
    resources.map(judge).collect()
}

/// Judges every rule by the scenarios in which it is violated or that say something of it.
fn judge_all(mode: RuleMode) {
    let ids: Vec<_> = rules::all().map(|info| info.id).filter(|id| can_be_violated(id)).collect();
    assert!(ids.len() >= 14);
    let concerns = |id, known: &&Known| known.seen.violated.contains(id) || known.text.contains(id);
    let pairs = ids.iter().flat_map(|id| ALL.iter().filter(|known| concerns(*id, known)).map(|it| (*id, it)));
    let problems: Vec<_> = each(pairs, |(id, known)| judged(id, mode, known)).into_iter().flatten().collect();
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

/// Whatever a scenario neither violates nor names does not matter to it: it passes without all of that at once.
#[test]
fn a_rule_that_holds_can_be_off() {
    let problems = each(ALL.iter(), |known| {
        let mut modes = RuleModes::default();
        let idle = |id: &str| !known.seen.violated.contains(id) && !known.text.contains(id);
        rules::all().filter(|info| idle(info.id)).for_each(|info| modes.set(info.id, RuleMode::Off));
        let outcome = carried_out(&Mutant::new(Arc::default(), modes), &known.scenario);
        (!outcome.passed()).then(|| format!("{}: {:#?}", known.file, outcome.steps))
    });
    let problems: Vec<_> = problems.into_iter().flatten().collect();
    assert!(problems.is_empty(), "{problems:#?}");
}

/// Else nothing above would say anything of a rule.
#[test]
fn every_rule_that_can_be_violated_has_scenarios() {
    for info in rules::all() {
        let said = ALL.iter().any(|known| says(&known.scenario, info.id).is_some());
        assert_eq!(said, can_be_violated(info.id), "{}", info.id);
    }
}

// === Hops ===

#[test]
fn a_kind_of_hop_that_always_says_the_same_is_noticed() {
    let wrongs = HOPS.into_iter().flat_map(|kind| [(kind, true), (kind, false)]);
    let survivors: Vec<_> = each(wrongs, |(kind, says)| {
        let seen = noticed(&Wrong::Hop(kind, says), |seen| seen.hops.contains(&(kind, !says)));
        (!seen).then(|| format!("{} that {}", kind.name(), if says { "lets all pass" } else { "blocks all" }))
    });
    let survivors: Vec<_> = survivors.into_iter().flatten().collect();
    assert!(survivors.is_empty(), "{survivors:#?}");
}

// === Texts ===

/// The names of all words for refusals and failures.
fn all_texts() -> BTreeSet<&'static str> {
    let refusals = refusal::all().map(|line| line.name);
    refusals.chain(texts::all().map(|(id, _)| id)).chain(CALLED.iter().copied()).collect()
}

#[test]
fn every_text_that_goes_out_is_known() {
    let known = all_texts();
    let seen = ALL.iter().flat_map(|it| &it.seen.texts);
    let unknown: BTreeSet<_> = seen.filter(|name| !known.contains(name.as_str())).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

#[test]
fn words_that_are_wrong_are_noticed() {
    let survivors: BTreeSet<_> = each(all_texts(), |name| {
        (!noticed(&Wrong::Text(name), |seen| seen.texts.contains(name))).then_some(name)
    })
    .into_iter()
    .flatten()
    .collect();
    if std::env::var_os("MOCKPLANE_UPDATE").is_some() {
        std::fs::write(SURVIVORS, survivors.iter().map(|name| format!("{name}\n")).collect::<String>())
            .unwrap();
    }
    let listed = std::fs::read_to_string(SURVIVORS).unwrap();
    let listed: BTreeSet<_> = listed.lines().collect();
    println!("{} of {} texts are shown by no scenario", survivors.len(), all_texts().len());
    let new: Vec<_> = survivors.difference(&listed).collect();
    assert!(new.is_empty(), "no scenario shows {new:#?}");
    let shown: Vec<_> = listed.difference(&survivors).collect();
    assert!(shown.is_empty(), "{SURVIVORS} lists what scenarios show: {shown:#?}");
}
