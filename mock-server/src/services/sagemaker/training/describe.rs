//! DescribeTrainingJob.

use super::super::error::SageMakerError;
use super::super::members::Members;
use super::Named;
use crate::model::{Job, Owner, Transition};
use crate::services::{Operation, Read, Reply, ReplyWriter, View};
use serde::{Serialize, Serializer};
use serde_json::Value;
use std::sync::Arc;

pub struct DescribeTrainingJob;

impl Operation for DescribeTrainingJob {
    const NAME: &'static str = "DescribeTrainingJob";
    type In = Named;
    type Out = Described;
    type Error = SageMakerError;

    fn subject(input: &Named) -> Option<Owner> {
        Some(Owner::Job(input.key()))
    }
}

impl Read for DescribeTrainingJob {
    fn run(view: &View<'_>, input: Named) -> Result<Described, SageMakerError> {
        input.find(view.state).map(Described)
    }
}

/// A job, printed from its row alone, so that what was printed can be kept there.
pub struct Described(Arc<Job>);

impl Reply for Described {
    fn write<W: ReplyWriter>(&self, writer: &mut W) -> Result<(), W::Error> {
        writer.whole(&self.0.memo, &Printed(&self.0))
    }
}

pub(super) struct Printed<'a>(pub(super) &'a Job);

impl Serialize for Printed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let job = self.0;
        let seconds = job.started.zip(job.ended).map(|(from, to)| to.since(from).as_secs().max(1));
        let transitions: Vec<_> = job.transitions.iter().map(StatusTransition::of).collect();
        let mut out = Members::new(serializer, &job.request)?;
        out.put("TrainingJobName", &*job.key.name)?;
        out.put("TrainingJobArn", &job.arn)?;
        out.put("ModelArtifacts", &ModelArtifacts { s3: artifacts(job) })?;
        out.put("TrainingJobStatus", job.status_word())?;
        out.put("SecondaryStatus", secondary_status(job))?;
        out.maybe("FailureReason", job.told_failure().map(|failure| &failure.reason))?;
        out.repeat("HyperParameters")?;
        out.repeat("AlgorithmSpecification")?;
        out.put("RoleArn", &job.needs.role_arn)?;
        out.repeat("InputDataConfig")?;
        out.repeat("OutputDataConfig")?;
        out.repeat("ResourceConfig")?;
        out.repeat("VpcConfig")?;
        out.repeat("StoppingCondition")?;
        out.put("CreationTime", &job.created.millis())?;
        out.maybe("TrainingStartTime", job.started.map(|at| at.millis()))?;
        out.maybe("TrainingEndTime", job.ended.map(|at| at.millis()))?;
        out.put("LastModifiedTime", &job.modified.millis())?;
        out.put("SecondaryStatusTransitions", &transitions)?;
        out.repeat("EnableNetworkIsolation")?;
        out.repeat("EnableInterContainerTrafficEncryption")?;
        out.repeat("EnableManagedSpotTraining")?;
        out.repeat("CheckpointConfig")?;
        out.maybe("TrainingTimeInSeconds", seconds)?;
        out.maybe("BillableTimeInSeconds", seconds)?;
        out.repeat("DebugHookConfig")?;
        out.repeat("ExperimentConfig")?;
        out.repeat("DebugRuleConfigurations")?;
        out.repeat("TensorBoardOutputConfig")?;
        out.repeat("ProfilerConfig")?;
        out.repeat("ProfilerRuleConfigurations")?;
        out.put("ProfilingStatus", profiling_status(&job.request))?;
        out.repeat("Environment")?;
        out.repeat("RetryStrategy")?;
        out.repeat("RemoteDebugConfig")?;
        out.repeat("InfraCheckConfig")?;
        out.repeat("ServerlessJobConfig")?;
        out.repeat("MlflowConfig")?;
        out.repeat("ModelPackageConfig")?;
        out.end()
    }
}

#[derive(Serialize)]
struct ModelArtifacts {
    #[serde(rename = "S3ModelArtifacts")]
    s3: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct StatusTransition {
    status: &'static str,
    start_time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_time: Option<i64>,
    status_message: &'static str,
}

impl StatusTransition {
    fn of(transition: &Transition) -> Self {
        Self {
            status: transition.status,
            start_time: transition.start.millis(),
            end_time: transition.end.map(|at| at.millis()),
            status_message: transition.message,
        }
    }
}

pub(super) fn secondary_status(job: &Job) -> &'static str {
    job.transitions.last().map_or(job.current().secondary, |transition| transition.status)
}

/// Where the model is, or will be. Source: developer guide, "your-algorithms-training-algo-output".
fn artifacts(job: &Job) -> String {
    let output = &job.request["OutputDataConfig"];
    let path = output["S3OutputPath"].as_str().unwrap_or_default().trim_end_matches('/');
    let file = if output["CompressionType"] == "NONE" { "model/" } else { "model.tar.gz" };
    format!("{path}/{}/output/{file}", job.key.name)
}

fn profiling_status(request: &Value) -> &'static str {
    match request.get("ProfilerConfig") {
        Some(config) if config["DisableProfiler"] != true => "Enabled",
        _ => "Disabled",
    }
}
