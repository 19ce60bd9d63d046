//! What a tuning job does over time: it is woken when one of its training jobs has ended or its time is up, and starts
//! as many more as there may be.

use super::super::child;
use super::super::error::SageMakerError;
use super::super::job::{Request, new_job, planned, start};
use super::super::limit;
use super::super::training::Training;
use super::asked::{Definition, Plan};
use super::search;
use crate::jobs::{self, NewJob};
use crate::kernel::{SimTime, digest};
use crate::model::{
    Alarm, Evidence, JobKey, JobKind, JobStatus, Owner, Parent, State, Trial, TuningJob, TuningStatus, Txn,
};
use crate::rules::texts;
use crate::services::Caller;
use std::sync::Arc;

/// How many training jobs may fail, or say nothing of their objective, before there was one that did well. Source:
/// general reference, quotas of SageMaker.
const MOST_VAIN: usize = 5;

/// How much better a value has to be to be an improvement. Source: API reference, BestObjectiveNotImproving.
const IMPROVEMENT: f64 = 0.01;

/// After how many training jobs others can be told to do worse. Assumed.
const FEWEST_TO_COMPARE: usize = 3;

/// Looks after a tuning job. `due` is when that was to be done: a waiter has it done earlier.
pub fn advance(txn: &mut Txn<'_>, name: &Arc<str>, due: SimTime) {
    let Some(mut job) = txn.state.tuning_jobs.get(name).map(|job| TuningJob::clone(job)) else { return };
    if job.status.is_final() {
        return;
    }
    let request = job.request.clone();
    let Ok(plan) = Plan::read(&request) else { return };
    let owner = Owner::Tuning(name.clone());
    txn.state.timers.cancel(&owner);
    note_ended(txn, &mut job, &plan);
    if job.ending.is_none() {
        job.ending = verdict(txn, &mut job, &plan, due);
    }
    if job.ending.is_none() {
        start_more(txn, &mut job, &plan);
    }
    let next_look = if plan.config.stops_early() { stop_worse(txn, &mut job, &plan, due) } else { None };
    if job.ending.is_some() {
        stop_running(txn, &job);
    }
    if job.running().next().is_none() {
        finish(txn, &mut job);
    } else if txn.state.timers.next_of(&owner).is_none()
        && let Some(next) = deadline(&job).into_iter().chain(next_look).min().filter(|_| job.ending.is_none())
    {
        txn.state.timers.schedule(next, owner, Alarm::Wake);
    }
    txn.state.tuning_jobs.insert(job);
}

/// Stops a tuning job that is under way.
pub fn stop(txn: &mut Txn<'_>, job: &TuningJob) {
    let mut job = job.clone();
    job.ending = Some(TuningStatus::Stopped);
    show(txn, &mut job, TuningStatus::Stopping);
    let name = job.name.clone();
    txn.state.tuning_jobs.insert(job);
    advance(txn, &name, txn.now);
}

fn deadline(job: &TuningJob) -> Option<SimTime> {
    job.max_runtime.map(|most| job.created + most)
}

fn show(txn: &mut Txn<'_>, job: &mut TuningJob, status: TuningStatus) {
    job.status = status;
    job.modified = txn.now;
    let resource = Owner::Tuning(job.name.clone()).to_string();
    let told = job.failure.as_deref().filter(|_| status == TuningStatus::Failed);
    let message = told.map_or(status.word().to_owned(), |failure| format!("{}: {failure}", status.word()));
    txn.note("TuningJobStatus", resource, None, message);
}

/// Keeps what became of the training jobs that have ended.
fn note_ended(txn: &mut Txn<'_>, job: &mut TuningJob, plan: &Plan<'_>) {
    for n in 0..job.trials.len() {
        let Some(trial) = job.trials.get(n).filter(|trial| trial.outcome.is_none()) else { continue };
        let Some(row) = txn.state.jobs.get(&trial.key).filter(|row| row.status.is_final()) else { continue };
        let metric = plan.definitions.get(trial.definition).map(|of| of.objective.metric_name.as_str());
        let metric = metric.unwrap_or_default();
        let mut outcome = child::outcome(txn, row, metric);
        if trial.is_worse && outcome.status == JobStatus::Stopped {
            // What it had emitted counts.
            outcome.objective = child::objective(txn, row, metric);
        }
        child::emitted(txn, &trial.key, metric, &outcome);
        let trial = Trial { outcome: Some(outcome), ..trial.clone() };
        job.trials.set(n, trial);
        job.modified = txn.now;
    }
}

/// Stops the training jobs that do worse than the median of those before them, halfway through their run. When the next
/// one is to be looked at. Source: developer guide, "automatic-model-tuning-early-stopping"; that it is done once, and that
/// the value which a training job comes to stands for the one that it has by then, is assumed.
fn stop_worse(txn: &mut Txn<'_>, job: &mut TuningJob, plan: &Plan<'_>, due: SimTime) -> Option<SimTime> {
    let mut next: Option<SimTime> = None;
    for n in 0..job.trials.len() {
        let Some(trial) = job.trials.get(n).filter(|it| it.outcome.is_none() && !it.is_judged) else {
            continue;
        };
        let Some(row) = txn.state.jobs.get(&trial.key).filter(|row| row.status.is_under_way()) else {
            continue;
        };
        let ends = txn.state.timers.next_of(&Owner::Job(trial.key.clone()));
        let Some((since, ends)) = row.progress.running.zip(ends) else { continue };
        let halfway = since + ends.since(since) / 2;
        if due < halfway {
            next = Some(next.map_or(halfway, |next| next.min(halfway)));
            continue;
        }
        let Some(objective) = plan.definitions.get(trial.definition).map(|of| &of.objective) else {
            continue;
        };
        let value = child::objective(txn, row, &objective.metric_name);
        let is_worse = value.zip(median(job)).is_some_and(|(value, median)| objective.prefers(median, value));
        let trial = Trial { is_judged: true, is_worse, ..trial.clone() };
        if is_worse {
            child::stop(txn, &trial.key);
        }
        job.trials.set(n, trial);
    }
    next
}

/// The median of the objectives of the training jobs that have ended.
fn median(job: &TuningJob) -> Option<f64> {
    let mut all: Vec<f64> = job.outcomes().filter_map(|outcome| outcome.objective).collect();
    all.sort_by(f64::total_cmp);
    let middle = all.len() / 2;
    let [lower, upper] = [all.len().saturating_sub(1) / 2, middle].map(|at| all.get(at).copied());
    Some((lower? + upper?) / 2.0).filter(|_| all.len() >= FEWEST_TO_COMPARE)
}

/// What the tuning job is to be, if it goes no further.
fn verdict(txn: &mut Txn<'_>, job: &mut TuningJob, plan: &Plan<'_>, due: SimTime) -> Option<TuningStatus> {
    let succeeded = job.outcomes().filter(|outcome| outcome.objective.is_some()).count();
    if succeeded == 0 && job.outcomes().count() >= MOST_VAIN {
        return Some(vain(&txn.state, job, true));
    }
    if deadline(job).is_some_and(|deadline| due >= deadline) {
        return Some(TuningStatus::Completed);
    }
    // Source: developer guide, "Automatic model tuning progress and completion".
    let criteria = &plan.config.criteria;
    let objective = plan.definitions.first().map(|definition| &definition.objective)?;
    let best = best(job, plan).and_then(|trial| trial.outcome.as_ref()?.objective);
    let reached = criteria.target.zip(best);
    let reached = reached.is_some_and(|(target, best)| !objective.prefers(target, best));
    let patience = criteria.patience().is_some_and(|most| not_improving(job, plan) >= most);
    (reached || patience).then_some(TuningStatus::Completed)
}

/// The failure of a tuning job none of whose training jobs did well.
fn vain(state: &State, job: &mut TuningJob, early: bool) -> TuningStatus {
    let failed = job.outcomes().filter(|outcome| outcome.failure.is_some()).count();
    let ended = job.outcomes().count();
    let id = match (failed == ended, early) {
        (true, true) => "tuning-none-succeeded",
        (true, false) => "tuning-all-failed",
        (false, _) => "tuning-no-objective",
    };
    job.failure = texts::fill(&state.texts, id, &Evidence::none().with("attempts", ended));
    TuningStatus::Failed
}

/// Starts training jobs as long as there may be more.
fn start_more(txn: &mut Txn<'_>, job: &mut TuningJob, plan: &Plan<'_>) {
    let caller = Caller::service(&txn.state.site.clone());
    while job.running().count() < job.most_parallel as usize && job.trials.len() < job.most_jobs as usize {
        let number = job.trials.len();
        let Some((definition, nth)) = place(plan, number as u64) else { return };
        let made = txn.attempt(|txn| {
            let (trial, new) = trial(txn, &caller, job, plan, (number, definition, nth))?;
            start(txn, JobKind::Training, new).map(|_| trial)
        });
        match made {
            Ok(trial) => job.trials.push_back(trial),
            Err(error) => return refused(txn, job, &error),
        }
        job.modified = txn.now;
    }
}

/// What could be done when the tuning job was created cannot be done any more, such as to use a subnet that is gone.
fn refused(txn: &mut Txn<'_>, job: &mut TuningJob, error: &SageMakerError) {
    let evidence = Evidence::none().with("message", error);
    job.failure = texts::fill(&txn.state.texts, "tuning-refused", &evidence);
    job.ending = Some(TuningStatus::Failed);
}

/// The definition whose turn it is, and how many training jobs it had before: definitions take turns as long as they
/// have combinations left.
fn place(plan: &Plan<'_>, number: u64) -> Option<(usize, u64)> {
    let grid = plan.config.strategy == "Grid";
    let sizes = plan.definitions.iter().map(|definition| match grid {
        true => search::combinations(&definition.ranges()),
        false => u64::MAX,
    });
    let sizes: Vec<_> = sizes.collect();
    let (mut left, mut before) = (number, 0);
    loop {
        // All that still have one left have their turn until the first of them has none.
        let round: Vec<_> = (0..sizes.len()).filter(|n| sizes[*n] > before).collect();
        let rounds = round.iter().map(|n| sizes[*n] - before).min()?;
        let width = round.len() as u64;
        if left / width < rounds {
            let turn = usize::try_from(left % width).ok()?;
            return Some((round[turn], before + left / width));
        }
        left -= rounds * width;
        before += rounds;
    }
}

/// A training job that is about to be started.
fn trial(
    txn: &mut Txn<'_>,
    caller: &Caller,
    job: &TuningJob,
    plan: &Plan<'_>,
    (number, definition, nth): (usize, usize, u64),
) -> Result<(Trial, NewJob), SageMakerError> {
    let of = &plan.definitions[definition];
    let draw = |name: &str| {
        let (number, definition) = (nth.to_string(), definition.to_string());
        child::part(match plan.config.random_seed {
            Some(seed) => digest(seed, &[definition.as_bytes(), number.as_bytes(), name.as_bytes()]),
            None => txn.origin.derive(&[&job.arn, "hyperparameter", &definition, &number, name]),
        })
    };
    let values = search::values(&plan.config.strategy, &of.ranges(), nth, draw);
    let bits = txn.origin.derive(&[&job.arn, "training-job", &number.to_string()]);
    // As AWS forms it: described tuning jobs in public repositories.
    let name = format!("{}-{:03}-{:08x}", job.name, number + 1, bits as u32);
    let request = training_job(of, name, &values)?;
    let parent = Parent { owner: Owner::Tuning(job.name.clone()), arn: job.arn.clone() };
    // Source: API reference, CreateHyperParameterTuningJob: tags are added to the training jobs too.
    let new = NewJob { tags: job.tags.clone(), ..new_job(txn, caller, request, Some(parent))? };
    let trial = Trial {
        key: new.key.clone(),
        arn: new.arn.clone(),
        definition,
        values,
        created: txn.now,
        outcome: None,
        is_judged: false,
        is_worse: false,
    };
    Ok((trial, new))
}

/// The request for a training job of a definition.
fn training_job(
    of: &Definition<'_>,
    name: String,
    values: &[(String, String)],
) -> Result<Request<Training>, SageMakerError> {
    let request = Request::of(name, of.training_job(values));
    request.map_err(|_| SageMakerError::Required("trainingJobDefinition"))
}

/// Whether a training job of each definition could be started now: what is wrong with one is wrong with the call.
///
/// # Errors
/// The refusal of such a training job.
pub fn check(txn: &mut Txn<'_>, caller: &Caller, plan: &Plan<'_>, name: &str) -> Result<(), SageMakerError> {
    for definition in &plan.definitions {
        // It has no name yet that another one could have.
        let new = planned(txn, caller, training_job(definition, name.to_owned(), &[])?, None)?;
        // As many as run at once count: observed, where one training job has one instance.
        limit::jobs(&txn.state, &new, u64::from(plan.config.resource_limits.max_parallel_training_jobs))?;
        jobs::check(txn, new)
            .map_err(|finding| SageMakerError::rule(&txn.state.texts, JobKind::Training, &finding))?;
    }
    Ok(())
}

fn stop_running(txn: &mut Txn<'_>, job: &TuningJob) {
    let running: Vec<JobKey> = job.running().map(|trial| trial.key.clone()).collect();
    running.iter().for_each(|key| child::stop(txn, key));
}

/// All its training jobs have ended, and no more are to come.
fn finish(txn: &mut Txn<'_>, job: &mut TuningJob) {
    let succeeded = job.outcomes().any(|outcome| outcome.objective.is_some());
    let stopped = job.outcomes().any(|outcome| outcome.status == JobStatus::Stopped);
    let status = match job.ending {
        Some(status) => status,
        None if succeeded || stopped || job.trials.is_empty() => TuningStatus::Completed,
        None => vain(&txn.state, job, false),
    };
    job.ended = Some(txn.now);
    let failed =
        job.trials.iter().filter(|trial| trial.outcome.as_ref().is_some_and(|end| end.failure.is_some()));
    let names: Vec<_> = failed.map(|trial| trial.key.to_string()).collect();
    if status == TuningStatus::Failed && !names.is_empty() {
        let resource = Owner::Tuning(job.name.clone()).to_string();
        txn.note("TuningJobFailures", resource, None, format!("failed: {}", names.join(", ")));
    }
    show(txn, job, status);
    if let Some(parent) = job.parent.clone() {
        jobs::wake(txn, parent);
    }
}

/// The training job with the best value of its objective; of equal ones the first.
pub fn best<'a>(job: &'a TuningJob, plan: &Plan<'_>) -> Option<&'a Trial> {
    let mut best: Option<(&Trial, f64)> = None;
    for trial in &job.trials {
        let Some(value) = trial.outcome.as_ref().and_then(|outcome| outcome.objective) else { continue };
        let objective = &plan.definitions.get(trial.definition)?.objective;
        if best.is_none_or(|(_, known)| objective.prefers(value, known)) {
            best = Some((trial, value));
        }
    }
    best.map(|(trial, _)| trial)
}

/// The one with the best value, of training jobs of several tuning jobs; of equal ones the first.
pub fn better(all: impl Iterator<Item = (Arc<str>, Trial)>, plan: &Plan<'_>) -> Option<(Arc<str>, Trial)> {
    let objective = &plan.definitions.first()?.objective;
    let value = |trial: &Trial| trial.outcome.as_ref()?.objective;
    let valued = all.filter(|(_, trial)| value(trial).is_some());
    valued.reduce(|best, next| {
        let values = value(&next.1).zip(value(&best.1));
        if values.is_some_and(|(next, best)| objective.prefers(next, best)) { next } else { best }
    })
}

/// How many of the last training jobs were no better than the best before them.
pub fn not_improving(job: &TuningJob, plan: &Plan<'_>) -> u32 {
    let Some(objective) = plan.definitions.first().map(|definition| &definition.objective) else { return 0 };
    let (mut best, mut count): (Option<f64>, u32) = (None, 0);
    for value in job.outcomes().filter_map(|outcome| outcome.objective) {
        let step = best.map_or(0.0, |best| best.abs() * IMPROVEMENT);
        let target = best.map(|best| if objective.prefers(1.0, 0.0) { best + step } else { best - step });
        match target {
            Some(target) if objective.prefers(target, value) || target == value => count += 1,
            _ => count = 0,
        }
        best = Some(best.filter(|best| !objective.prefers(value, *best)).unwrap_or(value));
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn plan(request: &Value) -> Plan<'_> {
        Plan::read(request).unwrap()
    }

    #[test]
    fn definitions_take_turns_as_long_as_they_have_combinations_left() {
        let definition = |name: &str, values: &[&str]| {
            json!({"DefinitionName": name, "TuningObjective": {"Type": "Minimize", "MetricName": "m"},
                "HyperParameterRanges": {"CategoricalParameterRanges": [{"Name": "x", "Values": values}]}})
        };
        let request = json!({
            "HyperParameterTuningJobConfig":
                {"Strategy": "Grid", "ResourceLimits": {"MaxParallelTrainingJobs": 1}},
            "TrainingJobDefinitions": [definition("a", &["1"]), definition("b", &["1", "2", "3"])],
        });
        let plan = plan(&request);
        let places: Vec<_> = (0..5).map(|n| place(&plan, n)).collect();
        assert_eq!(places, [Some((0, 0)), Some((1, 0)), Some((1, 1)), Some((1, 2)), None]);
    }
}
