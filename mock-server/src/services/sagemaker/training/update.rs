//! UpdateTrainingJob.

use super::super::error::SageMakerError;
use super::super::job::find;
use super::checks::Asked;
use super::{Training, evaluation, secondary_status};
use crate::jobs::{pool, stages};
use crate::model::{Document, Job, JobKind, Txn, WarmPool};
use crate::services::{Caller, Operation, Write};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::time::Duration;

pub struct UpdateTrainingJob;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct In {
    training_job_name: String,
    profiler_config: Option<Map<String, Value>>,
    profiler_rule_configurations: Option<Document>,
    resource_config: Option<Resources>,
    remote_debug_config: Option<Document>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Resources {
    keep_alive_period_in_seconds: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Out {
    training_job_arn: String,
}

impl Operation for UpdateTrainingJob {
    const NAME: &'static str = "UpdateTrainingJob";
    type In = In;
    type Out = Out;
    type Error = SageMakerError;
}

impl Write for UpdateTrainingJob {
    /// What is given replaces what was there; of the profiler's configuration and of the resources, member by member.
    /// A job that has ended, and whose warm pool is available, can only have that kept for another while.
    fn run(txn: &mut Txn<'_>, _: &Caller, input: In) -> Result<Out, SageMakerError> {
        let job = find::<Training>(&txn.state, &input.training_job_name)?;
        input.check(&job)?;
        let mut job = Job::clone(&job);
        let keep_alive = input.resource_config.as_ref().map(|kept| kept.keep_alive_period_in_seconds);
        if let Some(seconds) = keep_alive {
            keep(&mut job, Duration::from_secs(seconds))?;
        }
        input.apply(Arc::make_mut(&mut job.request));
        // What the profiler writes, and where, may be something else now.
        if let Ok(asked) = Asked::deserialize(&*job.request) {
            job.needs.outputs = asked.outputs();
        }
        job.modified = txn.now;
        txn.note("JobUpdated", job.key.to_string(), None, "what describes the job has changed");
        let (training_job_arn, key) = (job.arn.clone(), job.key.clone());
        txn.state.jobs.insert(job);
        if keep_alive.is_some() {
            pool::keep_for(txn, &key);
        }
        evaluation::begin(txn, &key);
        Ok(Out { training_job_arn })
    }
}

/// A pool is for jobs whose instances may be kept, whenever that is asked for.
fn keep(job: &mut Job, period: Duration) -> Result<(), SageMakerError> {
    if !period.is_zero() && job.needs.max_wait.is_some() {
        return Err(SageMakerError::KeepAliveWith("EnableManagedSpotTraining"));
    }
    if !period.is_zero() && job.request.pointer("/ResourceConfig/InstanceGroups").is_some() {
        return Err(SageMakerError::KeepAliveWith("InstanceGroups"));
    }
    job.needs.keep_alive = period;
    if !period.is_zero() && job.pool.is_none() {
        job.pool = Some(WarmPool::of(job.created));
    }
    Ok(())
}

impl In {
    fn check(&self, job: &Job) -> Result<(), SageMakerError> {
        let others = self.profiler_config.is_some()
            || self.profiler_rule_configurations.is_some()
            || self.remote_debug_config.is_some();
        let kept = job.pool.as_ref().is_some_and(WarmPool::is_available);
        if !job.status.is_under_way() && (others || !kept) {
            let (noun, status) = (JobKind::Training.noun(), job.status_word());
            return Err(SageMakerError::WrongStatus { noun, status });
        }
        // Source: API reference, UpdateTrainingJob, of RemoteDebugConfig.
        let secondary = secondary_status(job);
        if self.remote_debug_config.is_some() && ![stages::DOWNLOADING, stages::TRAINING].contains(&secondary)
        {
            return Err(SageMakerError::RemoteDebugNow { status: secondary });
        }
        Ok(())
    }

    fn apply(self, request: &mut Value) {
        if let Some(members) = self.profiler_config {
            match &mut request["ProfilerConfig"] {
                Value::Object(all) => all.extend(members),
                none => *none = Value::Object(members),
            }
        }
        if let Some(rules) = self.profiler_rule_configurations {
            request["ProfilerRuleConfigurations"] = Value::clone(&rules);
        }
        // A serverless job has no resources.
        if let Some(resources) = self.resource_config
            && let Some(Value::Object(all)) = request.get_mut("ResourceConfig")
        {
            all.insert("KeepAlivePeriodInSeconds".to_owned(), json!(resources.keep_alive_period_in_seconds));
        }
        if let Some(config) = self.remote_debug_config {
            request["RemoteDebugConfig"] = Value::clone(&config);
        }
    }
}
