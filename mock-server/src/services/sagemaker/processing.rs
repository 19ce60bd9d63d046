//! Processing jobs.

use super::error::SageMakerError;
use super::job::{Kind, Vpc, Words, defaults, preferred, volume_key, words};
use super::listing::Manner;
use super::members::Members;
use crate::jobs::failure;
use crate::model::{DataNeed, DataUse, InstanceGroup, Job, JobKind, Needs, Owner, State};
use crate::services::Caller;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde::ser::SerializeStruct;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

/// Source: described jobs in public repositories that were created without a stopping condition.
const DEFAULT_MAX_RUNTIME: u64 = 24 * 60 * 60;

/// What a container leaves in the folder of each output. What it calls it is its own affair: the name is ours.
const RESULT: &str = "result.txt";

pub struct Processing;

/// The members that this code looks at.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Asked {
    role_arn: String,
    processing_resources: Resources,
    #[serde(default)]
    network_config: Network,
    #[serde(default)]
    processing_inputs: Vec<Input>,
    #[serde(default)]
    processing_output_config: Outputs,
    stopping_condition: Option<Stopping>,
    app_specification: App,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct App {
    image_uri: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Resources {
    cluster_config: Cluster,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Cluster {
    instance_type: Option<String>,
    instance_count: Option<u32>,
    #[serde(default)]
    instance_preferences: Vec<Preference>,
    volume_kms_key_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Preference {
    instance_type: String,
    instance_count: Option<u32>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Network {
    enable_network_isolation: bool,
    vpc_config: Option<Vpc>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Input {
    input_name: String,
    #[serde(rename = "S3Input")]
    s3: Option<S3>,
    dataset_definition: Option<Dataset>,
    #[serde(default)]
    app_managed: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Dataset {
    athena_dataset_definition: Option<IgnoredAny>,
    redshift_dataset_definition: Option<IgnoredAny>,
    local_path: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Outputs {
    outputs: Vec<Output>,
    kms_key_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Output {
    output_name: String,
    #[serde(rename = "S3Output")]
    s3: Option<S3>,
    feature_store_output: Option<IgnoredAny>,
    #[serde(default)]
    app_managed: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct S3 {
    s3_uri: String,
    s3_data_type: Option<String>,
    s3_data_distribution_type: Option<String>,
    local_path: Option<String>,
    s3_input_mode: Option<String>,
    s3_compression_type: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Stopping {
    max_runtime_in_seconds: u64,
}

impl Asked {
    /// The instances: of the type asked for, or of the first that is preferred, for there is always room for it.
    fn instances(&self) -> Result<InstanceGroup, SageMakerError> {
        let Cluster { instance_type, instance_count, instance_preferences, .. } =
            &self.processing_resources.cluster_config;
        let (instance_type, count) = match (instance_type, instance_preferences.first()) {
            (Some(_), Some(_)) => return Err(SageMakerError::PreferencesWith("InstanceType")),
            (Some(instance_type), None) => (instance_type, *instance_count),
            (None, Some(first)) => (&first.instance_type, first.instance_count.or(*instance_count)),
            (None, None) => {
                return Err(SageMakerError::Required("processingResources.clusterConfig.instanceType"));
            }
        };
        Ok(InstanceGroup { instance_type: instance_type.clone(), count: count.unwrap_or(1) })
    }

    fn check(&self) -> Result<(), SageMakerError> {
        let Cluster { instance_count, instance_preferences, .. } = &self.processing_resources.cluster_config;
        let each = instance_preferences.iter().map(|one| (&one.instance_type, one.instance_count));
        preferred(each, *instance_count)?;
        self.processing_inputs.iter().try_for_each(Input::check)?;
        let mut seen = BTreeSet::new();
        let paths = self.processing_inputs.iter().filter_map(Input::path);
        if let Some(path) = paths.map(|path| path.trim_end_matches('/')).find(|path| !seen.insert(*path)) {
            return Err(SageMakerError::InputPathTwice { path: path.to_owned() });
        }
        self.processing_output_config.outputs.iter().try_for_each(Output::check)
    }
}

/// Where in the container inputs are. Source: API reference, ProcessingS3Input.
const FOLDER: &str = "/opt/ml/processing/";

impl Input {
    /// Where it is put in the container.
    fn path(&self) -> Option<&String> {
        let of_s3 = self.s3.as_ref().and_then(|s3| s3.local_path.as_ref());
        of_s3.or_else(|| self.dataset_definition.as_ref()?.local_path.as_ref())
    }

    /// Source: API reference, ProcessingInput, ProcessingS3Input and DatasetDefinition.
    fn check(&self) -> Result<(), SageMakerError> {
        let name = || self.input_name.clone();
        let path = match (&self.s3, &self.dataset_definition) {
            (Some(s3), None) => {
                let pipe = s3.s3_input_mode.as_deref() == Some("Pipe");
                if s3.s3_compression_type.as_deref() == Some("Gzip") && !pipe {
                    return Err(SageMakerError::GzipNeedsPipe(name()));
                }
                if s3.local_path.as_ref().is_some_and(|path| !path.starts_with(FOLDER)) {
                    return Err(SageMakerError::InputPath { name: name(), folder: FOLDER });
                }
                &s3.local_path
            }
            (None, Some(dataset)) => {
                let athena = dataset.athena_dataset_definition.is_some();
                if athena == dataset.redshift_dataset_definition.is_some() {
                    return Err(SageMakerError::OneDataset(name()));
                }
                &dataset.local_path
            }
            _ => return Err(SageMakerError::OneSource(name())),
        };
        if path.is_none() && !self.app_managed {
            return Err(SageMakerError::InputWithoutPath(name()));
        }
        Ok(())
    }
}

impl Output {
    /// Source: API reference, ProcessingOutput.
    fn check(&self) -> Result<(), SageMakerError> {
        let features = self.feature_store_output.is_some();
        if self.s3.is_some() == features {
            return Err(SageMakerError::OneDestination(self.output_name.clone()));
        }
        if features && !self.app_managed {
            return Err(SageMakerError::FeaturesOfService(self.output_name.clone()));
        }
        Ok(())
    }
}

impl Kind for Processing {
    const KIND: JobKind = JobKind::Processing;
    const WORDS: &'static Words = &words!("Processing");
    const KEPT: &'static [&'static str] = &[
        "ProcessingInputs",
        "ProcessingOutputConfig",
        "ProcessingResources",
        "StoppingCondition",
        "AppSpecification",
        "Environment",
        "NetworkConfig",
        "RoleArn",
        "ExperimentConfig",
    ];
    /// Source: API reference, ListProcessingJobs.
    const MANNER: Manner = Manner { ascending: true, by_name: false, from_time: false, status_last: false };
    type Asked = Asked;

    fn plan(_: &State, _: &Caller, asked: &Asked) -> Result<Needs, SageMakerError> {
        let instances = asked.instances()?;
        asked.check()?;
        let key = asked.processing_resources.cluster_config.volume_kms_key_id.as_deref();
        volume_key(key, [&instances])?;
        // What the application manages itself the service neither downloads nor uploads. Source: API reference,
        // ProcessingInput and ProcessingOutput.
        let inputs = asked.processing_inputs.iter().filter(|input| !input.app_managed);
        let inputs = inputs.filter_map(|input| input.s3.as_ref());
        let outputs = asked.processing_output_config.outputs.iter().filter(|output| !output.app_managed);
        let outputs = outputs.filter_map(|output| output.s3.as_ref());
        let stopping = asked.stopping_condition.as_ref();
        Ok(Needs {
            role_arn: asked.role_arn.clone(),
            instances: vec![instances],
            vpc: asked.network_config.vpc_config.as_ref().map(Into::into),
            network_isolation: asked.network_config.enable_network_isolation,
            inputs: inputs
                .map(|s3| {
                    let need = DataNeed::typed(DataUse::Input, s3.s3_data_type.as_deref(), &s3.s3_uri);
                    need.distributed(s3.s3_data_distribution_type.as_deref())
                })
                .collect(),
            outputs: outputs
                .map(|s3| {
                    let key = asked.processing_output_config.kms_key_id.as_deref();
                    DataNeed::output(&s3.s3_uri, RESULT).encrypted_if(key)
                })
                .collect(),
            images: vec![asked.app_specification.image_uri.clone()],
            pulled: vec![asked.app_specification.image_uri.clone()],
            max_runtime: Some(Duration::from_secs(
                stopping.map_or(DEFAULT_MAX_RUNTIME, |stopping| stopping.max_runtime_in_seconds),
            )),
            ..Needs::default()
        })
    }

    /// Source of the defaults: described jobs in public repositories, and the API reference for InstanceCount.
    fn fill(asked: &Asked, request: &mut Value) {
        defaults(
            Some(request),
            &[("StoppingCondition", json!({ "MaxRuntimeInSeconds": DEFAULT_MAX_RUNTIME }))],
        );
        let cluster = request.pointer_mut("/ProcessingResources/ClusterConfig");
        match asked.processing_resources.cluster_config.instance_preferences.first() {
            Some(_) => {
                if let Ok(selected) = asked.instances() {
                    let members = [
                        ("SelectedInstanceType", json!(selected.instance_type)),
                        ("SelectedInstanceCount", json!(selected.count)),
                    ];
                    defaults(cluster, &members);
                }
            }
            None => defaults(cluster, &[("InstanceCount", json!(1))]),
        }
        for list in ["/ProcessingInputs", "/ProcessingOutputConfig/Outputs"] {
            let entries = request.pointer_mut(list).and_then(Value::as_array_mut);
            for entry in entries.into_iter().flatten() {
                defaults(Some(entry), &[("AppManaged", json!(false))]);
            }
        }
    }

    fn describe<S: SerializeStruct>(job: &Job, out: &mut Members<'_, S>) -> Result<(), S::Error> {
        out.repeat("ProcessingInputs")?;
        out.repeat("ProcessingOutputConfig")?;
        out.put("ProcessingJobName", &*job.key.name)?;
        out.repeat("ProcessingResources")?;
        out.repeat("StoppingCondition")?;
        out.repeat("AppSpecification")?;
        out.repeat("Environment")?;
        out.repeat("NetworkConfig")?;
        out.repeat("RoleArn")?;
        out.repeat("ExperimentConfig")?;
        out.put("ProcessingJobArn", &job.arn)?;
        out.put("ProcessingJobStatus", job.status_word())?;
        Self::failure(job, out)?;
        out.maybe("ProcessingEndTime", job.ended.map(|at| at.millis()))?;
        out.maybe("ProcessingStartTime", job.started.map(|at| at.millis()))?;
        out.put("LastModifiedTime", &job.modified.millis())?;
        out.put("CreationTime", &job.created.millis())?;
        out.maybe("TrainingJobArn", job.parent_arn(|owner| matches!(owner, Owner::Evaluations(_))))?;
        out.maybe("MonitoringScheduleArn", job.parent_arn(|owner| matches!(owner, Owner::Monitor(_))))?;
        out.maybe("AutoMLJobArn", job.parent_arn(|owner| matches!(owner, Owner::AutoMl(_))))
    }

    fn summarize<S: SerializeStruct>(job: &Job, out: &mut Members<'_, S>) -> Result<(), S::Error> {
        Self::failure(job, out)
    }
}

impl Processing {
    fn failure<S: SerializeStruct>(job: &Job, out: &mut Members<'_, S>) -> Result<(), S::Error> {
        let told = job.told_failure();
        out.maybe("ExitMessage", failure::exit_message(job))?;
        out.maybe("FailureReason", told.map(|failure| &failure.reason))
    }
}
