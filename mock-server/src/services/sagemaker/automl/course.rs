//! What an AutoML job does over time: step after step, woken when one of its jobs has ended or its time is up.

use super::super::child;
use super::super::endpoint::CreateEndpoint;
use super::super::endpoint_config::CreateEndpointConfig;
use super::super::error::SageMakerError;
use super::super::job::start;
use super::super::model::CreateModel;
use super::asked::Plan;
use super::children::{Maker, kind};
use super::describe::containers;
use crate::jobs;
use crate::kernel::SimTime;
use crate::model::{
    Alarm, AutoMlChild, AutoMlJob, AutoMlStep, JobKind, JobStatus, Owner, Profile, TuningStatus, Txn,
};
use crate::services::Caller;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// How many candidates are trained at once. Nobody says what AWS does: so many fit into a small subnet.
const MOST_PARALLEL: usize = 4;

/// Of failed candidates and steps so many are told. Source: service model, AutoMLPartialFailureReasons.
const MOST_PARTIAL: usize = 5;

/// What the best candidate is deployed on: assumed.
const INSTANCE: &str = "ml.m5.xlarge";

/// Secondary statuses that are no step's.
pub const STARTING: &str = "Starting";
const OVERTIME: &str = "MaxAutoMLJobRuntimeReached";
const GENERATED: &str = "CandidateDefinitionsGenerated";

/// How long it takes until anything begins. Assumed.
pub fn starting(profile: Profile) -> Duration {
    match profile {
        Profile::Instant => Duration::ZERO,
        Profile::Fast => Duration::from_millis(300),
        Profile::Realistic => Duration::from_secs(30),
    }
}

/// Whether the first job could be started now: what is wrong with it is wrong with the call.
///
/// # Errors
/// The refusal of such a job.
pub fn check(txn: &mut Txn<'_>, caller: &Caller, job: &AutoMlJob) -> Result<(), SageMakerError> {
    let plan = Plan::read(&job.request)?;
    let new = Maker { job, plan }.job(txn, caller, AutoMlStep::Analyze)?;
    jobs::check(txn, new)
        .map_err(|finding| SageMakerError::rule(&txn.state.texts, JobKind::Processing, &finding))
}

/// Looks after an AutoML job. `due` is when that was to be done: a waiter has it done earlier.
pub fn advance(txn: &mut Txn<'_>, key: &Arc<str>, due: SimTime) {
    let row = txn.state.automl_jobs.get(key).map(|job| AutoMlJob::clone(job));
    let Some(mut job) = row.filter(|job| !job.status.is_final()) else { return };
    let request = job.request.clone();
    let Ok(plan) = Plan::read(&request) else { return };
    let owner = Owner::AutoMl(key.clone());
    txn.state.timers.cancel(&owner);
    note_ended(txn, &mut job, &plan);
    if job.ending.is_none() && deadline(&job).is_some_and(|deadline| due >= deadline) {
        job.ending = Some((TuningStatus::Completed, OVERTIME));
    }
    while job.ending.is_none() {
        begin_more(txn, &mut job, &plan);
        if job.ending.is_some() || job.running().next().is_some() {
            break;
        }
        next_step(txn, &mut job);
    }
    if job.ending.is_some() {
        let running: Vec<_> = job.running().map(|child| child.key.clone()).collect();
        running.iter().for_each(|key| child::stop(txn, key));
    }
    if job.running().next().is_none() {
        finish(txn, &mut job);
    } else if txn.state.timers.next_of(&owner).is_none()
        && let Some(deadline) = deadline(&job).filter(|_| job.ending.is_none())
    {
        txn.state.timers.schedule(deadline, owner, Alarm::Wake);
    }
    txn.state.automl_jobs.insert(job);
}

/// Stops an AutoML job that is under way.
pub fn stop(txn: &mut Txn<'_>, job: &AutoMlJob) {
    let mut job = job.clone();
    job.ending = Some((TuningStatus::Stopped, "Stopped"));
    show(txn, &mut job, TuningStatus::Stopping, "Stopping");
    let key = job.key.clone();
    txn.state.automl_jobs.insert(job);
    advance(txn, &key, txn.now);
}

fn deadline(job: &AutoMlJob) -> Option<SimTime> {
    job.max_runtime.map(|most| job.created + most)
}

pub fn show(txn: &mut Txn<'_>, job: &mut AutoMlJob, status: TuningStatus, secondary: &'static str) {
    if (job.status, job.secondary) == (status, secondary) && job.modified == txn.now {
        return;
    }
    (job.status, job.secondary, job.modified) = (status, secondary, txn.now);
    let told = job.failure.as_ref().map(|failure| format!(" - {failure}")).unwrap_or_default();
    let resource = Owner::AutoMl(job.key.clone()).to_string();
    txn.note("AutoMLJobStatus", resource, None, format!("{}: {secondary}{told}", status.word()));
}

/// Keeps what became of the jobs that have ended.
fn note_ended(txn: &mut Txn<'_>, job: &mut AutoMlJob, plan: &Plan<'_>) {
    for n in 0..job.children.len() {
        let Some(child) = job.children.get(n).filter(|child| child.outcome.is_none()) else { continue };
        let Some(row) = txn.state.jobs.get(&child.key).filter(|row| row.status.is_final()) else { continue };
        let metric = plan.metric().unwrap_or_default();
        let outcome = child::outcome(txn, row, metric);
        child::emitted(txn, &child.key, metric, &outcome);
        let child = AutoMlChild { outcome: Some(outcome), ..child.clone() };
        job.children.set(n, child);
        job.modified = txn.now;
    }
}

/// Starts what the current step still has to start.
fn begin_more(txn: &mut Txn<'_>, job: &mut AutoMlJob, plan: &Plan<'_>) {
    let Some(step) = job.step.and_then(|n| job.steps.get(n)).copied() else { return };
    if step == AutoMlStep::Deploy {
        return deploy(txn, job, plan);
    }
    let of_step = |job: &AutoMlJob| job.children.iter().filter(|child| child.step == step).count();
    let most = if step.makes_candidates() { job.most_candidates as usize } else { 1 };
    while of_step(job) < most && job.running().count() < MOST_PARALLEL {
        if let Err(error) = begin(txn, job, plan, step) {
            // What could be done when the AutoML job was created cannot be done any more.
            return went_wrong(txn, job, step, &error);
        }
    }
}

fn begin(txn: &mut Txn<'_>, job: &mut AutoMlJob, plan: &Plan<'_>, step: AutoMlStep) -> Result<(), String> {
    let caller = Caller::service(&txn.state.site.clone());
    let maker = Maker { job, plan: *plan };
    if step == AutoMlStep::Encode {
        let model = maker.encoder(txn);
        child::made::<CreateModel>(txn, &caller, model)?;
    }
    let made = txn.attempt(|txn| {
        let new = maker.job(txn, &caller, step)?;
        let key = new.key.clone();
        start(txn, kind(step), new).map(|arn| (key, arn))
    });
    let (key, arn) = made.map_err(|error: SageMakerError| error.to_string())?;
    job.children.push_back(AutoMlChild { step, key, arn, created: txn.now, outcome: None });
    job.modified = txn.now;
    Ok(())
}

/// A step failed: the AutoML job does too, unless it does without.
fn went_wrong(txn: &mut Txn<'_>, job: &mut AutoMlJob, step: AutoMlStep, reason: &str) {
    match step.error_word() {
        Some(word) => {
            if job.partial.len() < MOST_PARTIAL {
                job.partial.push(reason.to_owned());
            }
            show(txn, job, TuningStatus::InProgress, word);
        }
        None => {
            job.failure = Some(reason.to_owned());
            job.ending = Some((TuningStatus::Failed, "Failed"));
        }
    }
}

/// All jobs of the current step have ended: what they say, and what comes next.
fn next_step(txn: &mut Txn<'_>, job: &mut AutoMlJob) {
    if let Some(step) = job.step.and_then(|n| job.steps.get(n)).copied() {
        let of_step = job.children.iter().filter(|child| child.step == step);
        let outcomes: Vec<_> = of_step.filter_map(|child| child.outcome.clone()).collect();
        let well = |status: JobStatus| status == JobStatus::Completed;
        if !outcomes.is_empty() && !outcomes.iter().any(|outcome| well(outcome.status)) {
            let reason = outcomes.iter().find_map(|outcome| outcome.failure.clone());
            let stopped = || format!("All jobs of the step {} were stopped.", step.word());
            went_wrong(txn, job, step, &reason.unwrap_or_else(stopped));
        } else if step.makes_candidates() {
            let reasons = outcomes.into_iter().filter_map(|outcome| outcome.failure);
            job.partial.extend(reasons.take(MOST_PARTIAL));
        }
        if job.ending.is_some() {
            return;
        }
    }
    let next = job.step.map_or(0, |n| n + 1);
    job.step = Some(next);
    match job.steps.get(next).copied() {
        Some(step) => show(txn, job, TuningStatus::InProgress, step.word()),
        None if job.candidates().next().is_none() => {
            job.ending = Some((TuningStatus::Completed, GENERATED));
        }
        None => job.ending = Some((TuningStatus::Completed, "Completed")),
    }
}

/// All its jobs have ended, and no more are to come.
fn finish(txn: &mut Txn<'_>, job: &mut AutoMlJob) {
    let Some((status, secondary)) = job.ending else { return };
    job.ended = Some(txn.now);
    show(txn, job, status, secondary);
}

/// The candidate with the best value of its objective; of equal ones the first, and of those without a value too.
pub fn best<'a>(job: &'a AutoMlJob, plan: &Plan<'_>) -> Option<&'a AutoMlChild> {
    let mut best: Option<(&AutoMlChild, f64)> = None;
    for child in job.candidates() {
        let ended = child.outcome.as_ref().filter(|outcome| outcome.status == JobStatus::Completed);
        let Some(value) = ended.and_then(|outcome| outcome.objective) else { continue };
        if best.is_none_or(|(_, known)| plan.prefers(value, known)) {
            best = Some((child, value));
        }
    }
    best.map(|(child, _)| child)
}

/// Gives the best candidate an endpoint, and does not wait for it.
fn deploy(txn: &mut Txn<'_>, job: &mut AutoMlJob, plan: &Plan<'_>) {
    match deployed(txn, job, plan) {
        Ok(name) => job.deployed = Some(name),
        Err(error) => went_wrong(txn, job, AutoMlStep::Deploy, &error),
    }
}

fn deployed(txn: &mut Txn<'_>, job: &AutoMlJob, plan: &Plan<'_>) -> Result<String, String> {
    let caller = Caller::service(&txn.state.site.clone());
    let maker = Maker { job, plan: *plan };
    let best = best(job, plan).ok_or("There is no candidate to deploy.")?;
    let name = plan.deploy().and_then(|deploy| deploy["EndpointName"].as_str()).map(str::to_owned);
    let name = name.unwrap_or_else(|| maker.name(txn, "endpoint"));
    let model = maker.model(name.clone(), containers(&txn.state.site, &maker, best));
    child::made::<CreateModel>(txn, &caller, model)?;
    let config = json!({ "EndpointConfigName": name, "ProductionVariants": [{ "VariantName": "main",
        "ModelName": name, "InstanceType": INSTANCE, "InitialInstanceCount": 1 }] });
    let endpoint = json!({ "EndpointName": name, "EndpointConfigName": name });
    let members = |value: Value| value.as_object().cloned().unwrap_or_default();
    child::made::<CreateEndpointConfig>(txn, &caller, members(config))?;
    child::made::<CreateEndpoint>(txn, &caller, members(endpoint))?;
    Ok(name)
}
