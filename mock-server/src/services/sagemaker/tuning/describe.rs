//! DescribeHyperParameterTuningJob.

use super::super::error::SageMakerError;
use super::super::members::Members;
use super::asked::{CONVERGED, Objective, Plan};
use super::{Named, course, find};
use crate::kernel::SimTime;
use crate::model::{JobStatus, Owner, Trial, TuningJob};
use crate::services::{Operation, Read, Reply, ReplyWriter, View};
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;
use std::sync::Arc;

pub struct DescribeHyperParameterTuningJob;

impl Operation for DescribeHyperParameterTuningJob {
    const NAME: &'static str = "DescribeHyperParameterTuningJob";
    type In = Named;
    type Out = Described;
    type Error = SageMakerError;

    fn subjects(input: &Named) -> Vec<Owner> {
        vec![Owner::Tuning(input.name.clone())]
    }
}

impl Read for DescribeHyperParameterTuningJob {
    fn run(view: &View<'_>, input: Named) -> Result<Described, SageMakerError> {
        find(view.state, &input.name).map(Described)
    }
}

/// A tuning job, printed from its row alone, so that what was printed can be kept there. Its training jobs tell it when
/// they end: so it knows how many there are of each status.
pub struct Described(Arc<TuningJob>);

impl Reply for Described {
    fn write<W: ReplyWriter>(&self, writer: &mut W) -> Result<(), W::Error> {
        writer.whole(&self.0.memo, &Printed(&self.0))
    }
}

/// What is described, for pipelines that refer to it.
pub fn properties(job: &TuningJob) -> serde_json::Value {
    serde_json::to_value(Printed(job)).unwrap_or_default()
}

struct Printed<'a>(&'a TuningJob);

impl Serialize for Printed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let job = self.0;
        let plan = Plan::of(job);
        let best = plan.as_ref().and_then(|plan| {
            let trial = course::best(job, plan)?;
            Some(Summary::of(&job.name, trial, plan, JobStatus::Completed))
        });
        let details = plan.as_ref().map(|plan| CompletionDetails {
            number_of_training_jobs_objective_not_improving: course::not_improving(job, plan),
            convergence_detected_time: (plan.config.criteria.converges()
                && course::not_improving(job, plan) >= CONVERGED)
                .then(|| job.ended.map(SimTime::millis))
                .flatten(),
        });
        let overall = plan.as_ref().filter(|_| super::is_identical(&job.request)).and_then(|plan| {
            let own = course::best(job, plan).map(|trial| (job.name.clone(), trial.clone()));
            let (of, trial) = course::better(job.heritage.clone().into_iter().chain(own), plan)?;
            Some(Summary::of(&of, &trial, plan, JobStatus::Completed))
        });
        let runtime =
            job.ended.map(|ended| Consumed { runtime_in_seconds: ended.since(job.created).as_secs() });
        let mut out = Members::new(serializer, &job.request)?;
        out.put("HyperParameterTuningJobName", &*job.name)?;
        out.put("HyperParameterTuningJobArn", &job.arn)?;
        out.repeat("HyperParameterTuningJobConfig")?;
        out.repeat("TrainingJobDefinition")?;
        out.repeat("TrainingJobDefinitions")?;
        out.put("HyperParameterTuningJobStatus", job.status.word())?;
        out.put("CreationTime", &job.created.millis())?;
        out.maybe("HyperParameterTuningEndTime", job.ended.map(SimTime::millis))?;
        out.put("LastModifiedTime", &job.modified.millis())?;
        out.put("TrainingJobStatusCounters", &StatusCounters::of(job))?;
        out.put("ObjectiveStatusCounters", &ObjectiveCounters::of(job))?;
        out.maybe("BestTrainingJob", best)?;
        out.maybe("OverallBestTrainingJob", overall)?;
        out.repeat("WarmStartConfig")?;
        out.repeat("Autotune")?;
        out.maybe("FailureReason", job.failure.as_ref().filter(|_| job.status.is_final()))?;
        out.maybe("TuningJobCompletionDetails", details.filter(|_| job.status.is_final()))?;
        out.maybe("ConsumedResources", runtime)?;
        out.end()
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct CompletionDetails {
    number_of_training_jobs_objective_not_improving: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    convergence_detected_time: Option<i64>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Consumed {
    runtime_in_seconds: u64,
}

#[derive(Serialize, Default)]
#[serde(rename_all = "PascalCase")]
pub struct StatusCounters {
    completed: u32,
    in_progress: u32,
    retryable_error: u32,
    non_retryable_error: u32,
    stopped: u32,
}

impl StatusCounters {
    pub fn of(job: &TuningJob) -> Self {
        let mut all = Self::default();
        for trial in &job.trials {
            let counter = match trial.outcome.as_ref().map(|outcome| (outcome.status, outcome.retryable)) {
                None => &mut all.in_progress,
                Some((JobStatus::Completed, _)) => &mut all.completed,
                Some((JobStatus::Stopped, _)) => &mut all.stopped,
                Some((_, true)) => &mut all.retryable_error,
                Some((_, false)) => &mut all.non_retryable_error,
            };
            *counter += 1;
        }
        all
    }
}

#[derive(Serialize, Default)]
#[serde(rename_all = "PascalCase")]
pub struct ObjectiveCounters {
    succeeded: u32,
    pending: u32,
    failed: u32,
}

impl ObjectiveCounters {
    pub fn of(job: &TuningJob) -> Self {
        let mut all = Self::default();
        for trial in &job.trials {
            *match objective_status(trial) {
                "Succeeded" => &mut all.succeeded,
                "Pending" => &mut all.pending,
                _ => &mut all.failed,
            } += 1;
        }
        all
    }
}

fn objective_status(trial: &Trial) -> &'static str {
    match &trial.outcome {
        None => "Pending",
        Some(outcome) if outcome.objective.is_some() => "Succeeded",
        Some(_) => "Failed",
    }
}

/// A training job as its tuning job tells of it.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Summary {
    #[serde(skip_serializing_if = "Option::is_none")]
    training_job_definition_name: Option<String>,
    training_job_name: Arc<str>,
    training_job_arn: String,
    tuning_job_name: Arc<str>,
    creation_time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    training_start_time: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    training_end_time: Option<i64>,
    training_job_status: &'static str,
    tuned_hyper_parameters: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure_reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    final_hyper_parameter_tuning_job_objective_metric: Option<FinalMetric>,
    objective_status: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct FinalMetric {
    #[serde(rename = "Type")]
    direction: String,
    metric_name: String,
    value: f64,
}

impl Summary {
    /// `status` is that of a training job that has not ended.
    pub fn of(tuning: &Arc<str>, trial: &Trial, plan: &Plan<'_>, status: JobStatus) -> Self {
        let outcome = trial.outcome.as_ref();
        let definition = plan.definitions.get(trial.definition);
        let metric = |value: f64| {
            let Objective { direction, metric_name } = definition?.objective.clone();
            Some(FinalMetric { direction, metric_name, value })
        };
        let status = outcome.map_or(status, |outcome| outcome.status);
        Self {
            training_job_definition_name: definition.and_then(|of| of.name).map(str::to_owned),
            training_job_name: trial.key.name.clone(),
            training_job_arn: trial.arn.clone(),
            tuning_job_name: tuning.clone(),
            creation_time: trial.created.millis(),
            training_start_time: outcome.and_then(|outcome| outcome.started).map(SimTime::millis),
            training_end_time: outcome.and_then(|outcome| outcome.ended).map(SimTime::millis),
            training_job_status: crate::jobs::stages::status_word(trial.key.kind, status),
            tuned_hyper_parameters: trial.values.iter().cloned().collect(),
            failure_reason: outcome.and_then(|outcome| outcome.failure.clone()),
            final_hyper_parameter_tuning_job_objective_metric: outcome
                .and_then(|outcome| outcome.objective)
                .and_then(metric),
            objective_status: objective_status(trial),
        }
    }

    pub fn status(&self) -> &'static str {
        self.training_job_status
    }

    pub fn name(&self) -> &Arc<str> {
        &self.training_job_name
    }

    /// Its value, if it has one.
    pub fn value(&self) -> Option<f64> {
        self.final_hyper_parameter_tuning_job_objective_metric.as_ref().map(|metric| metric.value)
    }

    /// A training job that has begun to work, and has not ended.
    pub fn started(self, at: Option<SimTime>) -> Self {
        Self { training_start_time: self.training_start_time.or(at.map(SimTime::millis)), ..self }
    }
}
