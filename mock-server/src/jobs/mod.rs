//! What jobs do over time: their stages, their interfaces, their end.
//!
//! A job is a row and one timer. Whatever happens to it happens in a transaction: the call that creates it, the
//! call that stops it, or a timer; so at every moment a job that is not at its end has exactly one timer, and one
//! that is at its end has none, and no interface either.

pub mod attempt;
mod behaviour;
pub mod capacity;
pub mod cluster;
pub mod explain;
pub mod failure;
pub mod hosting;
mod log;
pub mod notebook;
pub mod output;
mod place;
pub mod pool;
pub mod remedy;
pub mod stages;
pub mod stored;
pub mod stuck;
pub mod studio;
mod traffic;

pub use explain::{Explanation, explain, explain_component, explain_model, explain_with_fixes};

use crate::kernel::{Due, Memo};
use crate::model::interface::InterfaceIndex;
use crate::model::path::{Trace, Vantage};
use crate::model::sight::sight;
use crate::model::{
    Alarm, Course, Document, Finding, Job, JobKey, JobKind, JobStatus, Needs, NetworkInterface, Owner,
    Parent, Phase, Profile, Progress, Sight, Silence, Tags, Transition, Txn,
};
use crate::net;
use crate::rules::{self, Case, Paths, Report, declared};
use imbl::Vector;
use stages::Stage;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// A job that is asked for.
#[derive(Debug)]
pub struct NewJob {
    pub key: JobKey,
    pub arn: String,
    pub parent: Option<Parent>,
    pub needs: Needs,
    pub request: Document,
    pub tags: Tags,
}

/// Begins a job: its first stage is entered, its interfaces are made.
///
/// # Errors
/// The violation that makes the call fail; the transaction has to be dropped then.
pub fn start(txn: &mut Txn<'_>, new: NewJob) -> Result<(), Box<Finding>> {
    let mut job = admit(txn, new)?;
    pool::claim(txn, &mut job);
    enter(txn, job, 0);
    Ok(())
}

/// Whether a job could be started now. Nobody is warned of a job that there is not.
///
/// # Errors
/// The violation that would make the call fail.
pub fn check(txn: &mut Txn<'_>, new: NewJob) -> Result<(), Box<Finding>> {
    txn.tried(|txn| admit(txn, new).map(drop))
}

/// Asks the rules about a job that is asked for.
fn admit(txn: &mut Txn<'_>, new: NewJob) -> Result<Job, Box<Finding>> {
    let NewJob { key, arn, parent, mut needs, request, tags } = new;
    needs.behaviour = behaviour::of(txn, &key, &needs.images);
    let mut job = Job {
        key: key.clone(),
        arn,
        parent,
        needs,
        request,
        status: JobStatus::Starting,
        course: Course::Run,
        stage: 0,
        transitions: Vec::new(),
        failure: None,
        hung: None,
        held: Vec::new(),
        short_for: None,
        findings: Vec::new(),
        traces: Vec::new(),
        log: Vector::new(),
        metrics: Vec::new(),
        exit: None,
        created: txn.now,
        modified: txn.now,
        started: None,
        ended: None,
        progress: Progress::default(),
        interfaces: Vec::new(),
        pool: None,
        evaluations: Vec::new(),
        tags,
        memo: Memo::default(),
    };
    if let Some(violation) = job.ask(txn, Vec::new(), Phase::Create) {
        return Err(Box::new(violation));
    }
    Ok(job)
}

/// Sees to it that something that starts jobs looks after them at once: it has one timer, whatever happened.
pub fn wake(txn: &mut Txn<'_>, owner: Owner) {
    txn.state.timers.cancel(&owner);
    txn.state.timers.schedule(txn.now, owner, Alarm::Wake);
}

/// Does what a timer says.
pub fn step(txn: &mut Txn<'_>, due: Due<Owner, Alarm>) {
    let key = match due.owner {
        Owner::Job(key) => key,
        Owner::WarmPool(key) => return pool::release(txn, &key),
        Owner::Endpoint(name) => return hosting::step(txn, &name, due.what),
        Owner::Fleet(fleet) => return hosting::release(txn, fleet),
        Owner::Component(name) => return hosting::component::step(txn, &name),
        Owner::AsyncCall(id) => return hosting::later::step(txn, &id, due.what),
        Owner::Notebook(name) => return notebook::step(txn, &name, due.what),
        Owner::Cluster(name) => return cluster::step(txn, &name, due.what),
        Owner::Studio(key) => return studio::step(txn, &key, due.what),
        owner @ Owner::Stuck(..) => return stuck::step(txn, &owner),
        Owner::Stored(resource) => return stored::step(txn, &resource),
        owner => return net::step(txn, owner, due.what),
    };
    let Some(job) = txn.state.jobs.get(&key).map(|job| Job::clone(job)) else { return };
    go_on(txn, job, due.what);
}

/// Does what ends the stage that a job is in.
fn go_on(txn: &mut Txn<'_>, mut job: Job, alarm: Alarm) {
    if alarm != Alarm::Checkpoint {
        attempt::rest(txn, &mut job, alarm);
    }
    match alarm {
        Alarm::Stage(n) => enter(txn, job, n),
        Alarm::Overtime => overtime(txn, job),
        Alarm::WaitOver => attempt::wait_over(txn, job),
        Alarm::Interrupt => attempt::interrupt(txn, job),
        Alarm::Checkpoint => attempt::checkpoint(txn, job),
        Alarm::Release | Alarm::Wake => {}
    }
}

/// Begins to stop a job.
///
/// # Errors
/// What a job that has ended or is ending already calls its status.
pub fn stop(txn: &mut Txn<'_>, job: &Job) -> Result<(), &'static str> {
    if !job.status.is_under_way() {
        return Err(job.status_word());
    }
    let works = job.progress.working.is_some();
    let course = if works && job.current().secondary != stages::DOWNLOADING {
        Course::Stop
    } else {
        Course::StopEarly
    };
    divert(txn, job.clone(), course);
    Ok(())
}

/// Stops a job that has run as long as it may. Those of a kind that calls this a failure fail.
fn overtime(txn: &mut Txn<'_>, mut job: Job) {
    let fails = stages::table(job.key.kind, Course::Overtime)
        .last()
        .is_some_and(|stage| stage.status == JobStatus::Failed);
    txn.state.timers.cancel(&Owner::Job(job.key.clone()));
    job.course = Course::Overtime;
    job.exit = None;
    log::close(txn, &job.key, &mut job.log, false);
    job.failure = fails.then(|| failure::timeout(&txn.state.texts, &job.needs));
    enter(txn, job, 0);
}

/// Leaves the job's course for another one.
fn divert(txn: &mut Txn<'_>, mut job: Job, course: Course) {
    txn.state.timers.cancel(&Owner::Job(job.key.clone()));
    attempt::rest(txn, &mut job, Alarm::Wake);
    job.course = course;
    // What was about to make it fail has no part in how it ends now.
    job.failure = None;
    job.short_for = None;
    job.exit = None;
    log::close(txn, &job.key, &mut job.log, false);
    enter(txn, job, 0);
}

impl Job {
    /// Asks the rules of a phase.
    fn ask(&mut self, txn: &mut Txn<'_>, vantages: Vec<Vantage>, phase: Phase) -> Option<Finding> {
        let kept = Kept { findings: &mut self.findings, traces: &mut self.traces };
        ask(txn, &self.key, &self.needs, vantages, kept, phase)
    }

    /// What the job calls its status.
    pub fn status_word(&self) -> &'static str {
        stages::status_word(self.key.kind, self.status)
    }

    /// The stage that the job is in.
    pub fn current(&self) -> &'static Stage {
        let table = stages::table(self.key.kind, self.course);
        &table[self.stage.min(table.len() - 1)]
    }
}

/// Enters a stage, and the ones after it as long as none of them takes time.
fn enter(txn: &mut Txn<'_>, mut job: Job, first: usize) {
    let table = stages::table(job.key.kind, job.course);
    let owner = Owner::Job(job.key.clone());
    for n in first.. {
        // After the last stage of one that is not final the job begins again.
        let Some(stage) = table.get(n) else { return attempt::begin_again(txn, job) };
        let before = n.checked_sub(1).map(|n| &table[n]);
        if job.course == Course::Run && before.is_some_and(|before| before.phase == Some(Phase::Run)) {
            behaviour::finish(txn, &mut job);
        }
        let fails = job.failure.is_some()
            && before.is_some_and(|before| {
                before.secondary != stage.secondary && !behaviour::uploads(&job, before)
            });
        if fails && attempt::is_retried(&job) {
            return attempt::retry(txn, job);
        }
        if fails {
            fail(txn, &mut job);
            break;
        }
        if attempt::skips(&job, stage) {
            continue;
        }
        job.stage = n;
        let waited = capacity::tried(job.short_for, txn.state.profile);
        job.short_for = waited;
        if waited.is_some() {
            if still_waits(txn, &mut job, n) {
                break;
            }
        } else {
            show(txn, &mut job, stage.status, stage.secondary, stage.message);
        }
        job.short_for = None;
        if let Some(phase) = stage.phase {
            begin(txn, &mut job, phase, waited);
        }
        if waited.is_some() && job.short_for.is_none() {
            if job.failure.is_some() {
                fail(txn, &mut job);
                break;
            }
            continue;
        }
        if job.short_for.is_some() {
            show(txn, &mut job, stage.status, stage.secondary, capacity::MESSAGE);
            let at = txn.now + capacity::interval(txn.state.profile);
            txn.state.timers.schedule(at, owner, Alarm::Stage(n));
            break;
        }
        if stage.status.is_final() {
            end(txn, &mut job);
            break;
        }
        let (lasts, alarm) = attempt::next(txn, &job);
        if txn.state.profile != Profile::Instant {
            txn.state.timers.schedule(txn.now + lasts, owner, alarm);
            break;
        }
        attempt::pass(txn, &mut job, lasts);
        if !matches!(alarm, Alarm::Stage(_)) {
            return go_on(txn, job, alarm);
        }
        attempt::rest(txn, &mut job, alarm);
    }
    let over = job.status.is_final();
    // Tuning jobs look at what their training jobs do.
    let runs = job.course == Course::Run && job.current().phase == Some(Phase::Run);
    let noticed = |parent: &&Parent| over || (runs && matches!(parent.owner, Owner::Tuning(_)));
    let parent = job.parent.as_ref().filter(noticed).map(|parent| parent.owner.clone());
    let evaluated = (over && !job.evaluations.is_empty()).then(|| Owner::Evaluations(job.key.clone()));
    txn.state.jobs.insert(job);
    for owner in parent.into_iter().chain(evaluated) {
        wake(txn, owner);
    }
}

/// Tries again to get instances that no zone had. Whether there still are none, and the service has not given up; else
/// the stage begins anew.
fn still_waits(txn: &mut Txn<'_>, job: &mut Job, stage: usize) -> bool {
    let profile = txn.state.profile;
    let given_up = job.short_for.is_some_and(|tried| tried >= capacity::patience(profile));
    let mut needs = job.needs.clone();
    capacity::choose(txn, &job.key, &mut needs);
    if !given_up && capacity::is_short(txn, &job.key, &needs) {
        let at = txn.now + capacity::interval(profile);
        txn.state.timers.schedule(at, Owner::Job(job.key.clone()), Alarm::Stage(stage));
        return true;
    }
    job.findings.retain(|finding| finding.phase != Phase::Place);
    false
}

/// Shows a status: a new transition, or a new message of the current one.
fn show(txn: &mut Txn<'_>, job: &mut Job, status: JobStatus, secondary: &'static str, message: &'static str) {
    job.status = status;
    job.modified = txn.now;
    match job.transitions.last_mut() {
        Some(last) if last.status == secondary => last.message = message,
        last => {
            if let Some(last) = last {
                last.end = Some(txn.now);
            }
            // As described jobs show it, the last transition ends when it begins.
            let end = status.is_final().then_some(txn.now);
            job.transitions.push(Transition { status: secondary, start: txn.now, end, message });
        }
    }
    if secondary == stages::DOWNLOADING {
        // Billing begins with the download: described jobs show this very time as TrainingStartTime.
        job.started.get_or_insert(txn.now);
        job.progress.working.get_or_insert(txn.now);
    }
    let rule = job.told_failure().and_then(|failure| failure.rule);
    txn.note(
        "JobStatus",
        job.key.to_string(),
        rule,
        format!("{}: {secondary} - {message}", job.status_word()),
    );
}

/// Asks the rules of a phase and does what the phase is for.
///
/// A job that is failing, and only does not tell it yet, gets to no further phase: nothing is asked there. `waited`: for
/// how long it has been trying to get instances.
fn begin(txn: &mut Txn<'_>, job: &mut Job, phase: Phase, waited: Option<Duration>) {
    if job.failure.is_some() {
        return;
    }
    let vantages = vantages_of(txn, &Owner::Job(job.key.clone()));
    if phase == Phase::Place && !job.needs.alternatives.is_empty() {
        capacity::choose(txn, &job.key, &mut job.needs);
        if let Some(group) = job.needs.instances.first() {
            let resources = Arc::make_mut(&mut job.request).get_mut("ResourceConfig");
            if let Some(resources) = resources.and_then(serde_json::Value::as_object_mut) {
                resources.insert("SelectedInstanceType".into(), group.instance_type.as_str().into());
                resources.insert("SelectedInstanceCount".into(), group.count.into());
            }
        }
    }
    let before = job.findings.len();
    let violation = job.ask(txn, vantages.clone(), phase);
    let short = violation.as_ref().is_some_and(|violation| violation.rule == rules::capacity::ID);
    let tried = waited.unwrap_or_default();
    if short && tried < capacity::patience(txn.state.profile) {
        job.short_for = Some(tried);
        return;
    }
    if let Some(violation) = &violation {
        let waits = phase == Phase::Run
            && !declared::OF_SERVICE.contains(&violation.rule)
            && txn.state.choices.silence == Silence::Hang
            && job.needs.max_runtime.is_some();
        if waits {
            job.hung = Some(violation.rule);
        } else {
            job.failure = Some(failure::of(&txn.state.texts, job.key.kind, violation));
        }
    }
    if violation.is_none()
        && let Some(failure) = behaviour::said(&job.needs, phase, false)
    {
        job.failure = Some(failure);
        return traffic::observe_job(txn, job, phase, false);
    }
    if phase == Phase::Place && violation.is_none() {
        let homes = capacity::homes(txn, &job.key, &job.needs);
        job.held = capacity::held(&job.needs, &homes);
    }
    match phase {
        Phase::Place if violation.is_none() && job.needs.vpc.is_some() && !job.needs.takes_over => {
            let message = match place::place(txn, job) {
                Some(placed) => {
                    let count = job.needs.instance_count();
                    let message = format!("interfaces for {count} instances in {}", place::told(&placed));
                    job.interfaces = placed.into_iter().flat_map(|each| each.interfaces).collect();
                    message
                }
                None => "no interface could be made, and no rule that is enforced forbids that".to_owned(),
            };
            txn.note("JobInterfaces", job.key.to_string(), None, message);
        }
        Phase::Input => {
            tell_buckets(txn, &job.key, &job.needs);
            tell_file_systems(txn, job);
        }
        Phase::Run if violation.is_none() => {
            let found = job.findings.get(before..).unwrap_or_default();
            let heard = log::are_heard(txn, &job.key, found);
            behaviour::start_job(txn, job, vantages, heard);
            job.progress.running = Some(txn.now);
        }
        Phase::Output if violation.is_none() => output::write(txn, job),
        _ => {}
    }
    traffic::observe_job(txn, job, phase, violation.is_none());
}

/// What a job or an endpoint keeps of what the rules said, and of what they looked at.
struct Kept<'a> {
    findings: &'a mut Vec<Finding>,
    traces: &'a mut Vec<(Phase, Arc<Trace>)>,
}

/// From where the instances of an owner see the network.
fn vantages_of(txn: &Txn<'_>, owner: &Owner) -> Vec<Vantage> {
    let held = txn.state.interfaces.by(&InterfaceIndex::Owner(owner.clone()));
    vantages(held.map(|interface| &**interface))
}

/// From where instances with these interfaces see the network: those in one subnet see the same, for all carry the same
/// groups.
fn vantages<'a>(interfaces: impl Iterator<Item = &'a NetworkInterface>) -> Vec<Vantage> {
    let mut all: Vec<Vantage> = Vec::new();
    for vantage in interfaces.filter_map(Vantage::of) {
        if all.iter().all(|known| known.subnet != vantage.subnet) {
            all.push(vantage);
        }
    }
    all
}

/// Asks the rules of a phase, keeps what they say, and answers the violation that has an effect.
fn ask(
    txn: &mut Txn<'_>,
    key: &JobKey,
    needs: &Needs,
    vantages: Vec<Vantage>,
    kept: Kept<'_>,
    phase: Phase,
) -> Option<Finding> {
    ask_about(txn, &key.resource(), key, needs, vantages, kept, phase)
}

/// The same about something that is part of a job or an endpoint.
fn ask_about(
    txn: &mut Txn<'_>,
    resource: &str,
    key: &JobKey,
    needs: &Needs,
    vantages: Vec<Vantage>,
    kept: Kept<'_>,
    phase: Phase,
) -> Option<Finding> {
    let paths = Paths::new(phase, vantages);
    let case = Case { paths: Some(&paths), ..Case::new(txn, key, needs) };
    let report = rules::evaluate(phase, &case, &txn.global.rule_modes);
    kept.traces.extend(paths.traces().map(|trace| (phase, trace)));
    warn(txn, resource, key.kind, &report);
    let decisive = report.decisive().cloned();
    // What makes a call fail leaves no event; no call fails for what an endpoint asks.
    if let Some(violation) = &decisive
        && (phase != Phase::Create || key.kind == JobKind::Hosting)
    {
        let text = failure::of(&txn.state.texts, key.kind, violation).reason;
        txn.note("RuleViolated", resource, Some(violation.rule), text);
    }
    kept.findings.extend(report.findings);
    decisive
}

/// Tells of violations that have no effect.
pub fn warn(txn: &mut Txn<'_>, resource: &str, kind: JobKind, report: &Report) {
    for warning in report.warnings() {
        let event = rules::warning_kind(warning.rule, &txn.global);
        let told = match event {
            "WouldDeny" => rules::texts::word(&txn.state.texts, warning, kind),
            _ => rules::get(warning.rule).map_or("", |info| info.summary).to_owned(),
        };
        txn.note(event, resource, Some(warning.rule), told);
    }
}

/// Tells, once for each bucket of a job, that nobody checks what is in it.
fn tell_buckets(txn: &mut Txn<'_>, key: &JobKey, needs: &Needs) {
    let places = needs.inputs.iter().chain(&needs.outputs).filter_map(|need| need.place.as_ref());
    for name in places.map(|place| &place.bucket).collect::<BTreeSet<_>>() {
        let found = sight(&txn.state.site, &txn.global, name, txn.elsewhere());
        if !matches!(found, Sight::External(_, None)) {
            continue;
        }
        let message = format!("{name} is not a bucket of this server: it is taken to exist and to allow all");
        txn.note("ExternalBucket", key.to_string(), None, message);
    }
}

/// Tells of file systems that no interface here is said to be of.
fn tell_file_systems(txn: &mut Txn<'_>, job: &Job) {
    for mount in job.needs.inputs.iter().filter_map(|need| need.mount.as_ref()) {
        let is_its =
            |row: &Arc<NetworkInterface>| rules::path::names_file_system(&row.description, &mount.id);
        let known = txn.state.interfaces.iter().any(is_its);
        if !known {
            let id = &mount.id;
            let message = format!("no network interface is described as {id}'s: it is taken to be in reach");
            txn.note("ExternalFileSystem", job.key.to_string(), None, message);
        }
    }
}

/// Ends a job that has a failure to tell.
fn fail(txn: &mut Txn<'_>, job: &mut Job) {
    show(txn, job, JobStatus::Failed, stages::FAILED, stages::failed_message(job.key.kind));
    end(txn, job);
}

/// Removes the interfaces of a job.
fn release(txn: &mut Txn<'_>, job: &mut Job) {
    job.held.clear();
    let released = place::release(txn, &job.key, &Owner::Job(job.key.clone()));
    if released.removed + released.left > 0 {
        txn.note("JobInterfaces", job.key.to_string(), None, released.to_string());
    }
    job.interfaces = Vec::new();
}

/// What every end has in common.
fn end(txn: &mut Txn<'_>, job: &mut Job) {
    job.ended = Some(txn.now);
    attempt::leave(txn, job);
    if !pool::keep(txn, job) {
        release(txn, job);
    }
    txn.state.timers.cancel(&Owner::Job(job.key.clone()));
}
