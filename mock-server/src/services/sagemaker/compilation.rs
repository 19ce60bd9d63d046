//! Compilation jobs of Neo.

use super::error::SageMakerError;
use super::job::{Kind, Vpc, Words, words};
use super::listing::Manner;
use super::members::Members;
use crate::model::{DataNeed, DataUse, Extent, InstanceGroup, Job, JobKind, JobStatus, Needs, State};
use crate::services::Caller;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde::ser::SerializeStruct;
use serde_json::{Value, json};
use std::time::Duration;

/// Source: API reference, StoppingCondition.
const DEFAULT_MAX_RUNTIME: u64 = 24 * 60 * 60;

pub struct Compilation;

/// The members that this code looks at.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Asked {
    role_arn: String,
    model_package_version_arn: Option<IgnoredAny>,
    input_config: Option<Input>,
    output_config: Output,
    vpc_config: Option<Vpc>,
    stopping_condition: Stopping,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Input {
    s3_uri: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Output {
    s3_output_location: String,
    kms_key_id: Option<String>,
    target_device: Option<String>,
    target_platform: Option<Platform>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Platform {
    os: Option<String>,
    arch: Option<String>,
    accelerator: Option<String>,
}

impl Output {
    /// What the compiled model is called: beside the name of what was compiled stands for what. Assumed after compiled
    /// models in public examples, such as `model-ml_c5.tar.gz`.
    fn file(&self, input: Option<&Input>) -> String {
        let input = input.and_then(|input| input.s3_uri.rsplit('/').next()).unwrap_or("model");
        let stem = input.split_once('.').map_or(input, |(stem, _)| stem);
        let platform = self.target_platform.as_ref();
        let part =
            |get: fn(&Platform) -> &Option<String>| platform.and_then(|platform| get(platform).as_deref());
        let target =
            [self.target_device.as_deref(), part(|p| &p.os), part(|p| &p.arch), part(|p| &p.accelerator)];
        let target: Vec<_> = target.into_iter().flatten().collect();
        format!("{stem}-{}.tar.gz", target.join("_"))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Stopping {
    max_runtime_in_seconds: Option<u64>,
}

impl Kind for Compilation {
    const KIND: JobKind = JobKind::Compilation;
    const WORDS: &'static Words = &words!("Compilation");
    const KEPT: &'static [&'static str] = &[
        "RoleArn",
        "ModelPackageVersionArn",
        "InputConfig",
        "OutputConfig",
        "VpcConfig",
        "StoppingCondition",
    ];
    /// Source: API reference, ListCompilationJobs.
    const MANNER: Manner = Manner { ascending: true, by_name: false, from_time: false, status_last: false };
    type Asked = Asked;

    /// A compilation job has one instance, of a type that nobody is told.
    fn plan(_: &State, _: &Caller, asked: &Asked) -> Result<Needs, SageMakerError> {
        if asked.model_package_version_arn.is_some() == asked.input_config.is_some() {
            return Err(SageMakerError::PackageOrInput);
        }
        if asked.output_config.target_device.is_some() == asked.output_config.target_platform.is_some() {
            return Err(SageMakerError::DeviceOrPlatform);
        }
        let max_runtime = asked.stopping_condition.max_runtime_in_seconds.unwrap_or(DEFAULT_MAX_RUNTIME);
        Ok(Needs {
            role_arn: asked.role_arn.clone(),
            instances: vec![InstanceGroup { instance_type: String::new(), count: 1 }],
            vpc: asked.vpc_config.as_ref().map(Into::into),
            inputs: asked
                .input_config
                .iter()
                .map(|input| DataNeed::new(DataUse::Input, Extent::Object, &input.s3_uri))
                .collect(),
            outputs: vec![
                DataNeed::output(
                    &asked.output_config.s3_output_location,
                    asked.output_config.file(asked.input_config.as_ref()),
                )
                .encrypted(asked.output_config.kms_key_id.as_deref()),
            ],
            max_runtime: Some(Duration::from_secs(max_runtime)),
            ..Needs::default()
        })
    }

    fn fill(_: &Asked, request: &mut Value) {
        super::job::defaults(
            request.get_mut("StoppingCondition"),
            &[("MaxRuntimeInSeconds", json!(DEFAULT_MAX_RUNTIME))],
        );
    }

    /// The service model requires a reason and artifacts of jobs that have none: they are empty then.
    fn describe<S: SerializeStruct>(job: &Job, out: &mut Members<'_, S>) -> Result<(), S::Error> {
        out.put("CompilationJobName", &*job.key.name)?;
        out.put("CompilationJobArn", &job.arn)?;
        out.put("CompilationJobStatus", job.status_word())?;
        out.maybe("CompilationStartTime", job.started.map(|at| at.millis()))?;
        out.maybe("CompilationEndTime", job.ended.map(|at| at.millis()))?;
        out.repeat("StoppingCondition")?;
        out.repeat("ModelPackageVersionArn")?;
        out.put("CreationTime", &job.created.millis())?;
        out.put("LastModifiedTime", &job.modified.millis())?;
        out.put("FailureReason", job.told_failure().map_or("", |failure| failure.reason.as_str()))?;
        out.put("ModelArtifacts", &json!({ "S3ModelArtifacts": artifacts(job) }))?;
        out.repeat("RoleArn")?;
        out.repeat("InputConfig")?;
        out.repeat("OutputConfig")?;
        out.repeat("VpcConfig")
    }

    fn summarize<S: SerializeStruct>(job: &Job, out: &mut Members<'_, S>) -> Result<(), S::Error> {
        let output = &job.request["OutputConfig"];
        let platform = &output["TargetPlatform"];
        out.maybe("CompilationStartTime", job.started.map(|at| at.millis()))?;
        out.maybe("CompilationTargetDevice", output.get("TargetDevice"))?;
        out.maybe("CompilationTargetPlatformOs", platform.get("Os"))?;
        out.maybe("CompilationTargetPlatformArch", platform.get("Arch"))?;
        out.maybe("CompilationTargetPlatformAccelerator", platform.get("Accelerator"))
    }
}

/// Where the compiled model is.
fn artifacts(job: &Job) -> String {
    let output = job.needs.outputs.first().filter(|_| job.status == JobStatus::Completed);
    output.map(|need| format!("{}/{}", need.url.trim_end_matches('/'), need.file)).unwrap_or_default()
}
