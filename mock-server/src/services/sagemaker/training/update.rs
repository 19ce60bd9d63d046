//! UpdateTrainingJob.

use super::super::error::SageMakerError;
use super::super::job::find;
use super::{Training, secondary_status};
use crate::jobs::stages;
use crate::model::{Document, Job, JobKind, Txn};
use crate::services::{Caller, Operation, Write};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::sync::Arc;

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
    /// A job that has ended could only be kept warm for another while, and no instance is kept warm here.
    fn run(txn: &mut Txn<'_>, _: &Caller, input: In) -> Result<Out, SageMakerError> {
        let job = find::<Training>(&txn.state, &input.training_job_name)?;
        input.check(&job)?;
        let mut job = Job::clone(&job);
        if input.resource_config.as_ref().is_some_and(|kept| kept.keep_alive_period_in_seconds > 0) {
            txn.note("ParameterIgnored", job.key.to_string(), None, super::NOT_WARM);
        }
        input.apply(Arc::make_mut(&mut job.request));
        job.modified = txn.now;
        txn.note("JobUpdated", job.key.to_string(), None, "what describes the job has changed");
        let training_job_arn = job.arn.clone();
        txn.state.jobs.insert(job);
        Ok(Out { training_job_arn })
    }
}

impl In {
    fn check(&self, job: &Job) -> Result<(), SageMakerError> {
        if !job.status.is_under_way() {
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
