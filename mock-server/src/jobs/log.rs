//! What containers write: line by line while they run, and into CloudWatch Logs if they are heard there.
//!
//! What a run will write is known when it starts, and is written down then, each line with its time: the job's own log
//! and the log streams hold lines that are to come, which nobody sees before. So no timer is needed for a line, and
//! nothing depends on who looks when. A run that ends sooner than it was to (whoever waits for a job hastens it) writes
//! the rest at its end; one that is stopped never does.

use super::behaviour::Crew;
use crate::model::behaviour::line;
use crate::model::{
    Evidence, Exit, Finding, InstanceId, JobKey, JobKind, LogLine, Txn, log as log_group, place,
};
use crate::rules::{self, logs, texts};
use imbl::Vector;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// So many lines are kept of a job or endpoint.
const MOST_LINES: usize = 1_000;

/// The name of an instance among those of its job. Source: developer guide, "your-algorithms-training-algo".
pub(super) fn host(i: usize) -> String {
    format!("algo-{}", i + 1)
}

/// What every instance writes, in order.
pub(super) struct Script {
    lines: Vec<Line>,
    /// Nothing was declared: it says what containers of its kind say.
    by_default: bool,
    /// The last line comes when the run ends.
    ends: bool,
}

enum Line {
    /// As it was declared; an event tells of it.
    Declared(String),
    Plain(String),
    /// A text of `texts.toml`, with its facts.
    Known(String, Evidence),
}

impl Script {
    pub fn new(crew: &Crew<'_>) -> Self {
        let declared =
            crew.needs.behaviour.as_ref().map(|behaviour| behaviour.log.clone()).unwrap_or_default();
        // What the script of a notebook instance or of a cluster would say, nobody knows.
        let scripted = matches!(crew.key.kind, JobKind::Notebook | JobKind::Cluster);
        let by_default = declared.is_empty() && !scripted;
        let mut script =
            Self { lines: declared.into_iter().map(Line::Declared).collect(), by_default, ends: false };
        script.known(crew, "starts", Evidence::none());
        script
    }

    /// A line that nobody declared.
    pub fn say(&mut self, text: &str) {
        self.lines.push(Line::Plain(text.to_owned()));
    }

    /// What is said when the run ends. Those that got stuck at a connection said so.
    pub fn end(&mut self, crew: &Crew<'_>, exit: Option<&Exit>) {
        match exit {
            Some(exit) if exit.early => {}
            Some(exit) => {
                self.known(
                    crew,
                    "fails",
                    Evidence::none().with("code", exit.code).with("message", &exit.message),
                );
            }
            None => self.known(crew, "ends", Evidence::none()),
        }
        self.ends = self.by_default || exit.is_some_and(|exit| exit.early);
    }

    fn known(&mut self, crew: &Crew<'_>, what: &str, evidence: Evidence) {
        if self.by_default {
            let id = format!("container-{what}-{}", crew.key.kind.noun());
            self.lines.push(Line::Known(id, evidence.with("job", &crew.key.name)));
        }
    }
}

/// Host name and stream of each instance. Source of the streams' names: developer guide, "logging-cloudwatch".
fn hosts(txn: &Txn<'_>, crew: &Crew<'_>) -> Vec<(Arc<str>, Arc<str>)> {
    let (name, seconds) = (&crew.key.name, txn.now.millis() / 1_000);
    let instance = |i| place::derived::<InstanceId>(txn, crew.arn, i);
    let stream = |i| match (crew.key.kind, crew.variant) {
        (JobKind::Training | JobKind::Processing, _) => format!("{name}/{}-{seconds}", host(i)),
        (JobKind::Transform, _) => format!("{name}/{}-{seconds}", instance(i)),
        (JobKind::Compilation, _) => name.to_string(),
        // Source: API reference, CreateNotebookInstanceLifecycleConfig.
        (JobKind::Notebook, hook) => format!("{name}/{}", hook.unwrap_or_default()),
        // Source: developer guide, "sagemaker-hyperpod-cluster-management-slurm".
        (JobKind::Cluster, group) => {
            let i = crew.needs.beside as usize + i;
            format!("LifecycleConfig/{}/{}", group.unwrap_or_default(), instance(i))
        }
        (JobKind::Hosting, variant) => format!("{}/{}", variant.unwrap_or_default(), instance(i)),
    };
    // More instances than lines are kept of have nothing to say.
    let count = (crew.needs.instance_count().max(1) as usize).min(MOST_LINES);
    (0..count).map(|i| (host(i).into(), stream(i).into())).collect()
}

/// Writes down what a run will write, evenly spread over it.
pub(super) fn write(
    txn: &mut Txn<'_>,
    crew: &Crew<'_>,
    script: Script,
    lasts: Duration,
    log: &mut Vector<LogLine>,
) {
    let hosts = hosts(txn, crew);
    let steps = script.lines.len() - usize::from(script.ends && script.lines.len() > 1);
    let mut streams: BTreeMap<Arc<str>, Vec<_>> = BTreeMap::new();
    for (n, text) in script.lines.iter().enumerate() {
        let part = u32::try_from(n).unwrap_or(u32::MAX);
        let at = txn.now + lasts.saturating_mul(part) / u32::try_from(steps.max(1)).unwrap_or(u32::MAX);
        for (host, stream) in &hosts {
            if log.len() >= MOST_LINES {
                break;
            }
            let (text, untold) = match text {
                Line::Declared(declared) => (line(declared, &crew.key.name, host), Some(host.clone())),
                Line::Plain(text) => (text.clone(), Some(host.clone())),
                Line::Known(id, evidence) => {
                    let filled = texts::fill(&txn.state.texts, id, &evidence.clone().with("host", host));
                    (filled.unwrap_or_default(), None)
                }
            };
            let text: Arc<str> = text.into();
            streams.entry(stream.clone()).or_default().push((at, text.clone()));
            log.push_back(LogLine { at, stream: stream.clone(), text, untold });
        }
    }
    if crew.heard {
        let group = crew.key.log_group();
        for (stream, lines) in streams {
            log_group::deliver(txn, &group, &stream, lines);
        }
    }
    // A run that takes no time has written it all.
    if lasts.is_zero() {
        close(txn, crew.key, log, true);
    }
}

/// The run is over: what was to come comes now, or never.
pub(super) fn close(txn: &mut Txn<'_>, key: &JobKey, log: &mut Vector<LogLine>, comes: bool) {
    let now = txn.now;
    if log.iter().any(|line| line.at > now) {
        let group = key.log_group();
        let streams: BTreeMap<_, ()> =
            log.iter().filter(|line| line.at > now).map(|line| (line.stream.clone(), ())).collect();
        for stream in streams.keys() {
            log_group::settle(txn, &group, stream, comes);
        }
        log.retain(|line| comes || line.at <= now);
    }
    if log.iter().all(|line| line.at <= now && line.untold.is_none()) {
        return;
    }
    for line in log.iter_mut() {
        line.at = line.at.min(now);
        if let Some(host) = line.untold.take() {
            txn.note("ContainerLog", key.to_string(), None, format!("{host}: {}", line.text));
        }
    }
}

/// Whether what containers write gets to CloudWatch Logs, after what the rules found; if not, an event says why.
pub(super) fn are_heard(txn: &mut Txn<'_>, key: &JobKey, found: &[Finding]) -> bool {
    let lost = found.iter().find(|finding| logs::OF_LOGS.contains(&finding.rule) && finding.counts());
    let Some(finding) = lost else { return true };
    let evidence = finding.verdict.evidence().cloned().unwrap_or_default();
    let fact = |name| evidence.get(name).unwrap_or_default();
    // The hop's rule says more than that there is a way.
    let rule = rules::get(fact("rule")).map_or(finding.rule, |info| info.id);
    let why = match evidence.get("missing") {
        Some(missing) => format!("the role lacks {missing}"),
        None => format!("no way out: {} at {}", fact("hop"), fact("at")),
    };
    let message = format!("nothing arrives in {}: {why}", key.log_group());
    txn.note("LogsUndelivered", key.to_string(), Some(rule), message);
    false
}
