//! Batch transform jobs.

use super::error::SageMakerError;
use super::job::{Kind, Words, defaults, volume_key, words};
use super::listing::Manner;
use super::members::Members;
use super::model;
use crate::model::{DataNeed, DataUse, InstanceGroup, Job, JobKind, Needs, Owner, State};
use crate::services::Caller;
use serde::Deserialize;
use serde::ser::SerializeStruct;
use serde_json::{Value, json};

/// Source: API reference, CreateTransformJob.
const DEFAULT_PAYLOAD_MB: u64 = 6;
const MOST_PAYLOAD_MB: u64 = 100;

/// What is noted when inference ids are to be added to the output.
const NO_INFERENCE_ID: &str =
    "DataCaptureConfig.GenerateInferenceId has no effect here: nobody knows what the container answers";

pub struct Transform;

/// The members that this code looks at.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Asked {
    model_name: String,
    max_concurrent_transforms: Option<u64>,
    #[serde(rename = "MaxPayloadInMB")]
    max_payload: Option<u64>,
    transform_input: Input,
    transform_output: Output,
    data_capture_config: Option<Capture>,
    transform_resources: Resources,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Input {
    data_source: Source,
}

#[derive(Deserialize)]
struct Source {
    #[serde(rename = "S3DataSource")]
    s3: S3,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct S3 {
    s3_uri: String,
    s3_data_type: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Output {
    s3_output_path: String,
    kms_key_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Capture {
    destination_s3_uri: String,
    #[serde(default)]
    generate_inference_id: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Resources {
    instance_type: String,
    instance_count: u32,
    volume_kms_key_id: Option<String>,
}

impl Kind for Transform {
    const KIND: JobKind = JobKind::Transform;
    const WORDS: &'static Words = &words!("Transform");
    const KEPT: &'static [&'static str] = &[
        "ModelName",
        "MaxConcurrentTransforms",
        "ModelClientConfig",
        "MaxPayloadInMB",
        "BatchStrategy",
        "Environment",
        "TransformInput",
        "TransformOutput",
        "DataCaptureConfig",
        "TransformResources",
        "DataProcessing",
        "ExperimentConfig",
    ];
    /// Source: API reference, ListTransformJobs.
    const MANNER: Manner = Manner { ascending: false, by_name: false, from_time: false, status_last: false };
    type Asked = Asked;

    /// The role and the network are those of the model, as they are now: a job does not notice that its model goes.
    fn plan(state: &State, caller: &Caller, asked: &Asked) -> Result<Needs, SageMakerError> {
        let payload = asked.max_payload.unwrap_or(DEFAULT_PAYLOAD_MB);
        if payload.saturating_mul(asked.max_concurrent_transforms.unwrap_or(1).max(1)) > MOST_PAYLOAD_MB {
            return Err(SageMakerError::Payload { most: MOST_PAYLOAD_MB });
        }
        let source = &asked.transform_input.data_source.s3;
        // Source: API reference, TransformS3DataSource.
        if source.s3_data_type.as_deref() == Some("AugmentedManifestFile") {
            return Err(SageMakerError::TransformManifest);
        }
        let resources = &asked.transform_resources;
        let instances = vec![InstanceGroup {
            instance_type: resources.instance_type.clone(),
            count: resources.instance_count,
        }];
        volume_key(resources.volume_kms_key_id.as_deref(), &instances)?;
        let model = model::find(state, caller, &asked.model_name)?;
        if model.has_data_source() {
            return Err(SageMakerError::TransformDataSource);
        }
        let input = DataNeed::typed(DataUse::Input, source.s3_data_type.as_deref(), &source.s3_uri);
        let folder = source.s3_uri.trim_end_matches('/');
        let file = format!("{}.out", folder.rsplit('/').next().unwrap_or("data"));
        let Output { s3_output_path, kms_key_id } = &asked.transform_output;
        let output = DataNeed::output(s3_output_path, file).encrypted(kms_key_id.as_deref());
        let capture = asked.data_capture_config.as_ref().map(|config| &config.destination_s3_uri);
        let captured =
            capture.into_iter().flat_map(|url| ["input", "output"].map(|side| DataNeed::capture(url, side)));
        Ok(Needs {
            role_arn: model.execution_role_arn.clone(),
            instances,
            vpc: model.vpc.clone(),
            network_isolation: model.network_isolation,
            images: model.images(),
            inputs: model.data().into_iter().chain([input]).collect(),
            outputs: std::iter::once(output).chain(captured).collect(),
            ..Needs::default()
        })
    }

    fn ignored(asked: &Asked) -> Option<&'static str> {
        let config = asked.data_capture_config.as_ref();
        config.filter(|config| config.generate_inference_id).map(|_| NO_INFERENCE_ID)
    }

    /// Source: API reference for CompressionType and SplitType; described jobs in public repositories.
    fn fill(_: &Asked, request: &mut Value) {
        let none = json!("None");
        defaults(
            request.get_mut("TransformInput"),
            &[("CompressionType", none.clone()), ("SplitType", none.clone())],
        );
        defaults(request.get_mut("TransformOutput"), &[("AssembleWith", none), ("KmsKeyId", json!(""))]);
    }

    fn describe<S: SerializeStruct>(job: &Job, out: &mut Members<'_, S>) -> Result<(), S::Error> {
        out.put("TransformJobName", &*job.key.name)?;
        out.put("TransformJobArn", &job.arn)?;
        out.put("TransformJobStatus", job.status_word())?;
        out.maybe("FailureReason", job.told_failure().map(|failure| &failure.reason))?;
        out.repeat("ModelName")?;
        out.repeat("MaxConcurrentTransforms")?;
        out.repeat("ModelClientConfig")?;
        out.repeat("MaxPayloadInMB")?;
        out.repeat("BatchStrategy")?;
        out.repeat("Environment")?;
        out.repeat("TransformInput")?;
        out.repeat("TransformOutput")?;
        out.repeat("DataCaptureConfig")?;
        out.repeat("TransformResources")?;
        out.put("CreationTime", &job.created.millis())?;
        out.maybe("TransformStartTime", job.started.map(|at| at.millis()))?;
        out.maybe("TransformEndTime", job.ended.map(|at| at.millis()))?;
        out.maybe("AutoMLJobArn", job.parent_arn(|owner| matches!(owner, Owner::AutoMl(_))))?;
        out.repeat("DataProcessing")?;
        out.repeat("ExperimentConfig")
    }

    fn summarize<S: SerializeStruct>(job: &Job, out: &mut Members<'_, S>) -> Result<(), S::Error> {
        out.maybe("FailureReason", job.told_failure().map(|failure| &failure.reason))
    }
}
