//! What those have in common that start jobs and make other things in their users' names.

use super::error::SageMakerError;
use crate::jobs;
use crate::model::{Job, JobKey, JobKind, JobStatus, Metric, TrialOutcome, Txn};
use crate::services::{Caller, Write};
use serde_json::{Map, Value};

/// What blames the service itself: such jobs may be tried again. Source: API reference, TrainingJobStatusCounters.
const OF_ITSELF: &str = "InternalServerError";

/// Makes something.
///
/// # Errors
/// The words of the refusal.
pub fn made<O: Write<Error = SageMakerError>>(
    txn: &mut Txn<'_>,
    caller: &Caller,
    arguments: Map<String, Value>,
) -> Result<(), String> {
    let input: O::In = serde_json::from_value(Value::Object(arguments)).map_err(|error| error.to_string())?;
    txn.attempt(|txn| O::run(txn, caller, input)).map(drop).map_err(|error| error.to_string())
}

/// Stops a job if it is under way.
pub fn stop(txn: &mut Txn<'_>, key: &JobKey) {
    if let Some(job) = txn.state.jobs.get(key).cloned() {
        // One that ends already needs no stop.
        let _ = jobs::stop(txn, &job);
    }
}

/// How a job ended whose objective is this metric.
pub fn outcome(txn: &Txn<'_>, row: &Job, metric: &str) -> TrialOutcome {
    let failure = row.told_failure().map(|failure| failure.reason.clone());
    let emitted = row.metrics.iter().find(|each| *each.name == *metric).map(|each| each.value);
    let completed = (row.status == JobStatus::Completed).then(|| objective(txn, row, metric)).flatten();
    TrialOutcome {
        status: row.status,
        started: row.started,
        ended: row.ended,
        retryable: failure.as_deref().is_some_and(|reason| reason.starts_with(OF_ITSELF)),
        failure,
        objective: emitted.or(completed),
    }
}

/// The value that a metric of a job comes to. Where it was declared what a container emits, it emits nothing else; where
/// nothing was, any value is as good.
pub fn objective(txn: &Txn<'_>, row: &Job, metric: &str) -> Option<f64> {
    let declared = row.needs.behaviour.as_ref().map(|behaviour| &behaviour.metrics);
    match declared.filter(|metrics| !metrics.is_empty()) {
        Some(metrics) => metrics.iter().find(|(name, _)| name == metric)?.1.last().copied(),
        None => Some(part(txn.origin.derive(&[&row.arn, "objective", metric]))),
    }
}

/// Tells of a training job that it emitted the value of its objective, so that all who describe it say the same.
pub fn emitted(txn: &mut Txn<'_>, key: &JobKey, metric: &str, outcome: &TrialOutcome) {
    let Some(value) = outcome.objective.filter(|_| key.kind == JobKind::Training) else { return };
    let at = outcome.ended.unwrap_or(txn.now);
    txn.state.jobs.update(key, |row| {
        if row.metrics.iter().all(|known| known.name != *metric) {
            row.metrics.push(Metric { name: metric.to_owned(), value, at });
        }
    });
}

/// A number from 0 up to 1.
pub fn part(bits: u128) -> f64 {
    const DIGITS: u32 = 53;
    (bits >> (128 - DIGITS)) as f64 / (1_u64 << DIGITS) as f64
}
