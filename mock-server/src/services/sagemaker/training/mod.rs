//! Training jobs.

mod checks;
pub mod evaluation;
mod update;

pub use update::UpdateTrainingJob;

use super::error::SageMakerError;
use super::job::{Kind, Words, defaults, words};
use super::listing::Manner;
use super::members::Members;
use crate::jobs::attempt::billable;
use crate::model::{Job, JobKind, Needs, Owner, State, Transition, WarmPool};
use crate::services::Caller;
use checks::{Asked, DEFAULT_MAX_RUNTIME};
use serde::Serialize;
use serde::ser::SerializeStruct;
use serde_json::{Value, json};
use std::time::Duration;

/// What is noted when a job says where its instances are to be placed.
const NOT_PLACED: &str =
    "ResourceConfig.InstancePlacementConfig has no effect here: there are no UltraServers";

pub struct Training;

impl Kind for Training {
    const KIND: JobKind = JobKind::Training;
    const WORDS: &'static Words = &words!("Training");
    const KEPT: &'static [&'static str] = &[
        "HyperParameters",
        "AlgorithmSpecification",
        "RoleArn",
        "InputDataConfig",
        "OutputDataConfig",
        "ResourceConfig",
        "VpcConfig",
        "StoppingCondition",
        "EnableNetworkIsolation",
        "EnableInterContainerTrafficEncryption",
        "EnableManagedSpotTraining",
        "CheckpointConfig",
        "DebugHookConfig",
        "ExperimentConfig",
        "DebugRuleConfigurations",
        "TensorBoardOutputConfig",
        "ProfilerConfig",
        "ProfilerRuleConfigurations",
        "Environment",
        "RetryStrategy",
        "RemoteDebugConfig",
        "InfraCheckConfig",
        "ServerlessJobConfig",
        "MlflowConfig",
        "ModelPackageConfig",
    ];
    /// The newest job first unless told otherwise: the API reference says both that and the opposite, and the former
    /// of the very call without arguments. It warns that the page is cut before `StatusEquals` is asked.
    const MANNER: Manner = Manner { ascending: false, by_name: false, from_time: false, status_last: true };
    type Asked = Asked;

    fn plan(_: &State, _: &Caller, asked: &Asked) -> Result<Needs, SageMakerError> {
        checks::check(asked)?;
        Ok(Needs {
            role_arn: asked.role_arn.clone(),
            instances: asked.instances(),
            alternatives: asked
                .resource_config
                .as_ref()
                .map(checks::Resources::preferences)
                .unwrap_or_default(),
            vpc: asked.vpc_config.as_ref().map(Into::into),
            network_isolation: asked.enable_network_isolation,
            encrypted: asked.enable_inter_container_traffic_encryption,
            inputs: asked.inputs(),
            outputs: asked.outputs(),
            images: asked.image().cloned().into_iter().collect(),
            pulled: asked.image().filter(|_| !asked.has_own_registry()).cloned().into_iter().collect(),
            max_runtime: Some(Duration::from_secs(asked.max_runtime())),
            max_wait: asked.max_wait(),
            retries: asked.retries(),
            keep_alive: asked.keep_alive(),
            ..Needs::default()
        })
    }

    /// Source of the defaults: described jobs in public repositories, and the API reference for MaxRuntimeInSeconds.
    fn fill(asked: &Asked, request: &mut Value) {
        let none = json!("None");
        defaults(
            Some(request),
            &[
                ("StoppingCondition", json!({})),
                ("EnableNetworkIsolation", json!(false)),
                ("EnableInterContainerTrafficEncryption", json!(false)),
                ("EnableManagedSpotTraining", json!(false)),
            ],
        );
        defaults(
            request.get_mut("AlgorithmSpecification"),
            &[("EnableSageMakerMetricsTimeSeries", json!(false))],
        );
        defaults(
            request.get_mut("OutputDataConfig"),
            &[("KmsKeyId", json!("")), ("CompressionType", json!("GZIP"))],
        );
        defaults(
            request.get_mut("StoppingCondition"),
            &[("MaxRuntimeInSeconds", json!(DEFAULT_MAX_RUNTIME))],
        );
        if let Some(first) = asked.resource_config.as_ref().and_then(checks::Resources::first_preference) {
            defaults(
                request.get_mut("ResourceConfig"),
                &[
                    ("SelectedInstanceType", json!(first.instance_type)),
                    ("SelectedInstanceCount", json!(first.count)),
                ],
            );
        }
        let channels = request.get_mut("InputDataConfig").and_then(Value::as_array_mut);
        for channel in channels.into_iter().flatten() {
            defaults(
                Some(channel),
                &[("CompressionType", none.clone()), ("RecordWrapperType", none.clone())],
            );
        }
    }

    fn ignored(asked: &Asked) -> Option<&'static str> {
        asked.resource_config.as_ref()?.instance_placement_config.as_ref().map(|_| NOT_PLACED)
    }

    fn describe<S: SerializeStruct>(job: &Job, out: &mut Members<'_, S>) -> Result<(), S::Error> {
        let worked = job.started.zip(job.ended).map(|_| job.progress.worked);
        let seconds = |span: Duration| span.as_secs_f64().round().max(1.0) as u64;
        let transitions: Vec<_> = job.transitions.iter().map(StatusTransition::of).collect();
        out.put("TrainingJobName", &*job.key.name)?;
        out.put("TrainingJobArn", &job.arn)?;
        out.maybe("TuningJobArn", job.parent_arn(|owner| matches!(owner, Owner::Tuning(_))))?;
        out.maybe("AutoMLJobArn", job.parent_arn(|owner| matches!(owner, Owner::AutoMl(_))))?;
        out.put("ModelArtifacts", &ModelArtifacts { s3: artifacts(job) })?;
        out.put("TrainingJobStatus", job.status_word())?;
        out.put("SecondaryStatus", secondary_status(job))?;
        out.maybe("FailureReason", job.told_failure().map(|failure| &failure.reason))?;
        out.repeat("HyperParameters")?;
        out.repeat("AlgorithmSpecification")?;
        out.repeat("RoleArn")?;
        out.repeat("InputDataConfig")?;
        out.repeat("OutputDataConfig")?;
        out.repeat("ResourceConfig")?;
        out.maybe("WarmPoolStatus", job.pool.as_ref().map(WarmPoolStatus::of))?;
        out.repeat("VpcConfig")?;
        out.repeat("StoppingCondition")?;
        out.put("CreationTime", &job.created.millis())?;
        out.maybe("TrainingStartTime", job.started.map(|at| at.millis()))?;
        out.maybe("TrainingEndTime", job.ended.map(|at| at.millis()))?;
        out.put("LastModifiedTime", &job.modified.millis())?;
        out.put("SecondaryStatusTransitions", &transitions)?;
        out.maybe("FinalMetricDataList", final_metrics(job))?;
        out.repeat("EnableNetworkIsolation")?;
        out.repeat("EnableInterContainerTrafficEncryption")?;
        out.repeat("EnableManagedSpotTraining")?;
        out.repeat("CheckpointConfig")?;
        out.maybe("TrainingTimeInSeconds", worked.map(seconds))?;
        out.maybe("BillableTimeInSeconds", worked.map(|worked| seconds(billable(&job.needs, worked))))?;
        out.repeat("DebugHookConfig")?;
        out.repeat("ExperimentConfig")?;
        out.repeat("DebugRuleConfigurations")?;
        out.repeat("TensorBoardOutputConfig")?;
        out.maybe("DebugRuleEvaluationStatuses", evaluation::statuses(job, false))?;
        out.repeat("ProfilerConfig")?;
        out.repeat("ProfilerRuleConfigurations")?;
        out.maybe("ProfilerRuleEvaluationStatuses", evaluation::statuses(job, true))?;
        out.put("ProfilingStatus", profiling_status(&job.request))?;
        out.repeat("Environment")?;
        out.repeat("RetryStrategy")?;
        out.repeat("RemoteDebugConfig")?;
        out.repeat("InfraCheckConfig")?;
        out.repeat("ServerlessJobConfig")?;
        out.repeat("MlflowConfig")?;
        out.repeat("ModelPackageConfig")
    }

    fn summarize<S: SerializeStruct>(job: &Job, out: &mut Members<'_, S>) -> Result<(), S::Error> {
        let plan = job.request["ResourceConfig"].get("TrainingPlanArn");
        out.put("SecondaryStatus", secondary_status(job))?;
        out.maybe("WarmPoolStatus", job.pool.as_ref().map(WarmPoolStatus::of))?;
        out.maybe("TrainingPlanArn", plan)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct WarmPoolStatus<'a> {
    status: &'static str,
    /// Told once the pool is no longer available. Assumed.
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_retained_billable_time_in_seconds: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reused_by_job: Option<&'a str>,
}

impl<'a> WarmPoolStatus<'a> {
    fn of(pool: &'a WarmPool) -> Self {
        Self {
            status: pool.status.name(),
            resource_retained_billable_time_in_seconds: pool.retained.map(|span| span.as_secs()),
            reused_by_job: pool.reused_by.as_deref(),
        }
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

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct MetricData<'a> {
    metric_name: &'a str,
    value: f64,
    timestamp: i64,
}

/// Told when the job is over: API reference, DescribeTrainingJob.
fn final_metrics(job: &Job) -> Option<Vec<MetricData<'_>>> {
    (job.status.is_final() && !job.metrics.is_empty()).then(|| {
        let data = job.metrics.iter().map(|metric| MetricData {
            metric_name: &metric.name,
            value: metric.value,
            timestamp: metric.at.millis(),
        });
        data.collect()
    })
}

fn secondary_status(job: &Job) -> &'static str {
    job.transitions.last().map_or(job.current().secondary, |transition| transition.status)
}

/// Where the model is, or will be. Source: developer guide, "your-algorithms-training-algo-output".
fn artifacts(job: &Job) -> String {
    let output = &job.request["OutputDataConfig"];
    let path = output["S3OutputPath"].as_str().unwrap_or_default();
    let path = path.strip_suffix('/').unwrap_or(path);
    let file = if output["CompressionType"] == "NONE" { "model/" } else { "model.tar.gz" };
    format!("{path}/{}/output/{file}", job.key.name)
}

fn profiling_status(request: &Value) -> &'static str {
    match request.get("ProfilerConfig") {
        Some(config) if config["DisableProfiler"] != true => "Enabled",
        _ => "Disabled",
    }
}
