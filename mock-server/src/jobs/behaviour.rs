//! What the containers of jobs and endpoints do, as far as that was declared: they write to their logs, connect to
//! others, emit metrics, and end.
//!
//! All of it is decided when they start. What connects does so at once; what ends badly does that when the run ends.

use super::log::{self, Script};
use super::{failure, stages};
use crate::model::behaviour::{Cause, ServiceFailure, line};
use crate::model::path::{BucketUse, Flow, Goal, Hop, HopKind, Trace, Transport, Vantage};
use crate::model::{
    Behaviour, Connection, Evidence, Exit, Failure, Finding, Job, JobKey, JobKind, LogLine, Metric, Needs,
    Phase, Profile, Remote, RuleMode, Txn, Verdict,
};
use crate::net::{self, Terrain};
use crate::rules::{self, declared, isolation, texts};
use imbl::Vector;
use std::sync::Arc;
use std::time::Duration;

/// The port of AWS's own APIs and buckets.
const HTTPS: u16 = 443;

/// Containers that are about to start.
pub(super) struct Crew<'a> {
    pub key: &'a JobKey,
    pub needs: &'a Needs,
    pub arn: &'a str,
    /// Of an endpoint: which of its variants. Of a notebook instance: when its script runs.
    pub variant: Option<&'a str>,
    /// Of those in a VPC.
    pub vantages: Vec<Vantage>,
    /// How long their run would last.
    pub usual: Duration,
    /// How much of it an earlier attempt did.
    pub done: Duration,
    /// Whether CloudWatch Logs gets what they write.
    pub heard: bool,
}

/// What containers did.
#[derive(Default)]
pub(super) struct Done {
    pub traces: Vec<(Phase, Arc<Trace>)>,
    /// Violated rules about connections that are needed.
    pub findings: Vec<Finding>,
    pub exit: Option<Exit>,
    /// The rule behind the exit.
    pub rule: Option<&'static str>,
    /// It does not exit if something stops it.
    pub waits: bool,
}

/// What a job of this kind and name does, if it was declared.
pub(super) fn of(txn: &Txn<'_>, key: &JobKey, images: &[String]) -> Option<Arc<Behaviour>> {
    txn.global.behaviours.of(key.kind, &key.name, images).cloned()
}

/// How the service is to fail in this phase. `updates`: whether something that serves already is changed.
pub(super) fn service_failure(needs: &Needs, phase: Phase, updates: bool) -> Option<&ServiceFailure> {
    let failure = needs.behaviour.as_ref()?.service_failure.as_ref()?;
    failure.strikes(phase, updates).then_some(failure)
}

/// The failure of the service in this phase if it was declared in words of the user's own: no rule is behind it. Behind
/// the others are those of [`declared`].
pub(super) fn said(needs: &Needs, phase: Phase, updates: bool) -> Option<Failure> {
    match &service_failure(needs, phase, updates)?.cause {
        Cause::Said(reason) => Some(Failure { reason: reason.clone(), rule: None }),
        Cause::Internal | Cause::Image => None,
    }
}

/// How long a run lasts that would last `usual`.
pub(super) fn lasts(needs: &Needs, exit: Option<&Exit>, usual: Duration) -> Duration {
    let declared = needs.behaviour.as_ref().and_then(|behaviour| behaviour.duration);
    declared.filter(|_| !exit.is_some_and(|exit| exit.early)).unwrap_or(usual)
}

/// Starts the containers of a job, whose failure is known from then on, and told when they end.
pub(super) fn start_job(txn: &mut Txn<'_>, job: &mut Job, vantages: Vec<Vantage>, heard: bool) {
    let (usual, done) = (job.current().lasts(txn.state.profile), job.progress.base);
    let crew =
        Crew { key: &job.key, needs: &job.needs, arn: &job.arn, variant: None, vantages, usual, done, heard };
    let done = start(txn, &crew, &mut job.log);
    job.traces.extend(done.traces);
    add(&mut job.findings, done.findings);
    if done.waits && job.needs.max_runtime.is_some() {
        job.hung = done.rule;
        return;
    }
    job.failure = done.exit.as_ref().map(|exit| told(txn, &crew, exit, done.rule));
    job.exit = done.exit;
}

/// Adds what was found. The same rule may have found of another path that it is open; that no longer says it all.
pub(super) fn add(findings: &mut Vec<Finding>, new: Vec<Finding>) {
    for finding in new {
        let same = |old: &Finding| old.rule == finding.rule && old.phase == finding.phase;
        findings.retain(|old| old.is_violation() || !same(old));
        if !findings.iter().any(same) {
            findings.push(finding);
        }
    }
}

/// The failure of containers that ended so.
pub(super) fn told(txn: &mut Txn<'_>, crew: &Crew<'_>, exit: &Exit, rule: Option<&'static str>) -> Failure {
    let failure = failure::of_container(&txn.state.texts, crew.key.kind, crew.variant, exit, rule);
    if rule.is_some() {
        txn.note("RuleViolated", crew.key.to_string(), rule, failure.reason.clone());
    }
    failure
}

/// Starts containers: they write what they are to write, connect, and fail if they have to.
pub(super) fn start(txn: &mut Txn<'_>, crew: &Crew<'_>, log: &mut Vector<LogLine>) -> Done {
    let mut done = Done::default();
    let mut script = Script::new(crew);
    run(txn, crew, &mut done, &mut script);
    script.end(crew, done.exit.as_ref());
    let lasts = match txn.state.profile {
        Profile::Instant => Duration::ZERO,
        _ => lasts(crew.needs, done.exit.as_ref(), crew.usual).saturating_sub(crew.done),
    };
    log::write(txn, crew, script, lasts, log);
    done
}

fn run(txn: &mut Txn<'_>, crew: &Crew<'_>, done: &mut Done, script: &mut Script) {
    let Some(behaviour) = crew.needs.behaviour.clone() else { return };
    for connection in &behaviour.connects {
        let Some((text, rule)) = connect(txn, crew, connection, done) else { continue };
        script.say(&text);
        if !connection.optional {
            done.exit = Some(Exit { code: 1, message: text, early: true });
            done.rule = Some(rule);
            done.waits = connection.waits;
            return;
        }
    }
    let rule = declared::of_end(crew.key.kind);
    if behaviour.exit_code != 0 && counts(txn, rule) {
        done.rule = Some(rule);
        let message = line(&behaviour.failure, &crew.key.name, &log::host(0));
        done.exit = Some(Exit { code: behaviour.exit_code, message, early: false });
    }
}

/// Tries a connection from everywhere that the containers are. `None` if it gets through; else what they say about it,
/// and the rule behind it.
fn connect(
    txn: &mut Txn<'_>,
    crew: &Crew<'_>,
    connection: &Connection,
    done: &mut Done,
) -> Option<(String, &'static str)> {
    if crew.needs.network_isolation {
        // A rule of the engine found and told it.
        let evidence = Evidence::of(connection.to.to_string());
        return counts(txn, isolation::ID)
            .then(|| (failure::said(&txn.state.texts, isolation::ID, &evidence), isolation::ID));
    }
    let terrain =
        Terrain { state: &txn.state, global: &txn.global, elsewhere: txn.elsewhere(), now: txn.now };
    // Without a VPC of the user's nothing is in the way.
    let flows = crew.vantages.iter().flat_map(|from| flows(&connection.to, txn.origin.region(), from));
    let found: Vec<_> = flows.map(|flow| Arc::new(net::trace(&terrain, &flow))).collect();
    let blocked = found.iter().find_map(|trace| trace.blocked().map(|hop| (trace.clone(), hop.clone())));
    done.traces.extend(found.into_iter().map(|trace| (Phase::Run, trace)));
    let (trace, hop) = blocked?;
    let mode = mode_of(txn, hop.rule);
    if mode != RuleMode::Off && !connection.optional {
        let evidence = hop.evidence.clone().with("hop", hop.kind.name()).with("connection", &connection.to);
        let evidence = Evidence { resource: evidence.resource.or(Some(hop.at.clone())), ..evidence };
        let verdict = Verdict::Violated(evidence);
        done.findings.push(Finding { rule: hop.rule, phase: Phase::Run, mode, verdict });
        if mode == RuleMode::Warn {
            let told = rules::get(hop.rule).map_or("a connection is blocked", |info| info.summary);
            txn.note(rules::warning_kind(hop.rule, &txn.global), crew.key.to_string(), Some(hop.rule), told);
        }
    }
    (mode == RuleMode::Enforce).then(|| (obstacle(txn, connection, &trace, &hop), hop.rule))
}

fn mode_of(txn: &Txn<'_>, rule: &str) -> RuleMode {
    rules::mode_of(rule, &txn.global.rule_modes, &txn.global)
}

/// Whether what a rule forbids fails.
pub(super) fn counts(txn: &Txn<'_>, rule: &str) -> bool {
    mode_of(txn, rule) == RuleMode::Enforce
}

/// What has to be reachable for a connection from somewhere.
pub fn flows(to: &Remote, region: &str, from: &Vantage) -> Vec<Flow> {
    let goals = match to {
        Remote::Host(host, port) => vec![(Goal::Host(host.clone()), *port)],
        Remote::Service(service) => vec![(Goal::Service(service.clone()), HTTPS)],
        Remote::Repository(repository) => {
            let index: Arc<str> = repository.index().into();
            let used = |bucket| BucketUse {
                bucket,
                acts: vec![("s3:GetObject", Some(index.clone()))],
                keys: Vec::new(),
                role_arn: None,
            };
            let buckets = repository.buckets(region).into_iter();
            buckets.map(|bucket| (Goal::Bucket(used(bucket)), HTTPS)).collect()
        }
    };
    let flow = |(to, port)| Flow { from: Some(from.clone()), to, transport: Transport::Tcp, port };
    goals.into_iter().map(flow).collect()
}

/// What a container says of a connection that got stuck at a hop.
fn obstacle(txn: &Txn<'_>, connection: &Connection, trace: &Trace, hop: &Hop) -> String {
    let what = match hop.kind {
        HopKind::Name => "container-unresolved",
        kind if kind.is_policy() || kind == HopKind::Bucket => "container-forbidden",
        _ => "container-timeout",
    };
    let target = match &trace.flow.to {
        Goal::Bucket(used) => used.bucket.to_string(),
        Goal::Host(host) => host.to_string(),
        Goal::Service(_) | Goal::Peer(_) | Goal::Edge { .. } => connection.to.to_string(),
    };
    let evidence = Evidence::of(target).with("port", trace.flow.port);
    texts::fill(&txn.state.texts, what, &evidence).unwrap_or_default()
}

/// Whether the stage after the run comes although the container failed: what it left is uploaded before the job says so.
/// Source: SDK logs of failed training jobs in public repositories.
pub(super) fn uploads(job: &Job, before: &stages::Stage) -> bool {
    job.key.kind == JobKind::Training && before.phase == Some(Phase::Run) && job.exit.is_some()
}

/// The run is over: what the containers did meanwhile.
pub(super) fn finish(txn: &mut Txn<'_>, job: &mut Job) {
    log::close(txn, &job.key, &mut job.log, true);
    if job.failure.is_some() && job.exit.is_none() {
        // They did not run.
        return;
    }
    let Some(behaviour) = job.needs.behaviour.clone() else { return };
    if job.exit.as_ref().is_some_and(|exit| exit.early) {
        return;
    }
    let last = |(name, values): &(String, Vec<f64>)| {
        values.last().map(|value| Metric { name: name.clone(), value: *value, at: txn.now })
    };
    job.metrics = behaviour.metrics.iter().filter_map(last).collect();
    let parts = [
        behaviour.reads.map(|bytes| format!("read {bytes} bytes of its inputs")),
        behaviour.writes.map(|bytes| format!("wrote {bytes} bytes of output")),
        (!behaviour.files.is_empty()).then(|| {
            let total = behaviour.files.iter().fold(0, |sum: u64, (_, bytes)| sum.saturating_add(*bytes));
            format!("wrote {total} bytes to {} files beside it", behaviour.files.len())
        }),
    ];
    let message = parts.into_iter().flatten().collect::<Vec<_>>().join(", ");
    if !message.is_empty() {
        txn.note("ContainerData", job.key.to_string(), None, message);
    }
}
