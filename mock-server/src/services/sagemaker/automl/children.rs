//! The jobs of AutoML jobs: what they are called, and what they are asked for.

use super::super::error::SageMakerError;
use super::super::job::{Kind, Request, new_job};
use super::super::processing::Processing;
use super::super::training::Training;
use super::super::transform::Transform;
use super::asked::Plan;
use crate::jobs::NewJob;
use crate::model::{AutoMlJob, AutoMlStep, JobKind, Owner, Parent, Site, Txn};
use crate::services::Caller;
use serde_json::{Map, Value, json};
use std::time::Duration;

/// The account whose registry has AWS's images. It differs from region to region; this is that of one.
const REGISTRY: &str = "683313688378";
const DATA_IMAGE: &str = "sagemaker-sklearn-automl:2.5-1-cpu-py3";
const MODEL_IMAGE: &str = "sagemaker-xgboost:1.3-1-cpu-py3";

/// As described jobs of AutoML jobs in public repositories.
const INSTANCE: &str = "ml.m5.4xlarge";
const VOLUME_GB: u32 = 50;

/// Assumed.
const DEFAULT_RUNTIME: Duration = Duration::from_secs(24 * 60 * 60);

/// Source: service model, ProcessingJobName and the like.
const LONGEST_NAME: usize = 63;

/// An AutoML job that is about to start a job.
pub struct Maker<'a> {
    pub job: &'a AutoMlJob,
    pub plan: Plan<'a>,
}

impl Maker<'_> {
    /// The job of a step.
    ///
    /// # Errors
    /// The refusal of such a job.
    pub fn job(
        &self,
        txn: &mut Txn<'_>,
        caller: &Caller,
        step: AutoMlStep,
    ) -> Result<NewJob, SageMakerError> {
        match step {
            AutoMlStep::Analyze => self.processing(txn, caller, step, "db"),
            AutoMlStep::Engineer => self.training(txn, caller, step),
            AutoMlStep::Encode => self.transform(txn, caller),
            AutoMlStep::Tune | AutoMlStep::Train => self.training(txn, caller, step),
            AutoMlStep::Explain => self.processing(txn, caller, step, "explainability"),
            AutoMlStep::Report | AutoMlStep::Deploy => self.processing(txn, caller, step, "insights"),
        }
    }

    fn made<K: Kind>(
        &self,
        txn: &mut Txn<'_>,
        caller: &Caller,
        name: String,
        members: Value,
    ) -> Result<NewJob, SageMakerError> {
        let Value::Object(members) = members else { return Err(SageMakerError::NotFound) };
        let request = Request::<K>::of(name, members);
        let request = request.map_err(|_| SageMakerError::Required("autoMLJobInputDataConfig"))?;
        let parent = Parent { owner: Owner::AutoMl(self.job.key.clone()), arn: self.job.arn.clone() };
        let new = new_job(txn, caller, request, Some(parent))?;
        // Source: developer guide, "Autopilot": tags are added to what it starts.
        Ok(NewJob { tags: self.job.tags.clone(), ..new })
    }

    /// As AWS forms it: candidates of described AutoML jobs in public repositories.
    pub fn name(&self, txn: &Txn<'_>, what: &str) -> String {
        let bits = txn.origin.derive(&[&self.job.arn, what, &self.job.created.millis().to_string()]);
        let name = format!("{}-{what}-1-{bits:032x}", self.job.name);
        name.chars().take(LONGEST_NAME).collect()
    }

    fn candidate_name(&self, txn: &Txn<'_>) -> String {
        let number = (self.job.candidates().count() + 1).to_string();
        let bits =
            txn.origin.derive(&[&self.job.arn, "candidate", &number, &self.job.created.millis().to_string()]);
        format!("{}TA-{number:0>3}-{:08x}", self.job.name, bits as u32)
    }

    /// Where a part of the artefacts lies.
    pub fn place(&self, part: &str) -> String {
        format!("{}/{}/{part}", self.plan.output(), self.job.name)
    }

    /// The folder with what is known of the data.
    pub fn definitions(&self) -> Option<String> {
        let analysis = self.job.child(AutoMlStep::Analyze)?;
        let what = analysis.key.name.strip_prefix(&*self.job.name)?.trim_start_matches('-');
        Some(self.place(&format!("sagemaker-automl-candidates/{what}")))
    }

    pub fn model_data(&self, folder: &str, job: &str) -> String {
        format!("{}/{job}/output/model.tar.gz", self.place(folder))
    }

    pub fn image(&self, site: &Site, step: AutoMlStep) -> String {
        let (region, suffix) = (&site.region, site.partition.dns_suffix());
        format!("{REGISTRY}.dkr.ecr.{region}.{suffix}/{}", image(step))
    }

    fn with_key(&self, mut structure: Value) -> Value {
        if let Some(key) = self.plan.request["OutputDataConfig"].get("KmsKeyId") {
            structure["KmsKeyId"] = key.clone();
        }
        structure
    }

    fn processing(
        &self,
        txn: &mut Txn<'_>,
        caller: &Caller,
        step: AutoMlStep,
        what: &str,
    ) -> Result<NewJob, SageMakerError> {
        let name = self.name(txn, what);
        let tail = name.strip_prefix(&*self.job.name).unwrap_or(&name).trim_start_matches('-').to_owned();
        let output = match step {
            AutoMlStep::Analyze => self.place(&format!("sagemaker-automl-candidates/{tail}")),
            AutoMlStep::Explain => self.place("documentation/explainability/output"),
            _ => self.place("documentation/model_monitor/output"),
        };
        let inputs = self.plan.channels().enumerate().map(|(n, channel)| {
            let source = &channel["DataSource"]["S3DataSource"];
            let kind = match source["S3DataType"].as_str() {
                Some("S3Prefix") | None => "S3Prefix",
                _ => "ManifestFile",
            };
            json!({ "InputName": format!("dataset-{}", n + 1), "AppManaged": false, "S3Input": {
                "S3Uri": source["S3Uri"], "S3DataType": kind, "S3InputMode": "File",
                "LocalPath": format!("/opt/ml/processing/input/dataset-{}", n + 1) } })
        });
        let mut cluster =
            json!({ "InstanceCount": 1, "InstanceType": INSTANCE, "VolumeSizeInGB": VOLUME_GB });
        if let Some(key) = self.plan.security().get("VolumeKmsKeyId") {
            cluster["VolumeKmsKeyId"] = key.clone();
        }
        let mut network = Map::new();
        for name in ["EnableInterContainerTrafficEncryption", "VpcConfig"] {
            if let Some(given) = self.plan.security().get(name) {
                network.insert(name.to_owned(), given.clone());
            }
        }
        let members = json!({
            "AppSpecification": { "ImageUri": self.image(&txn.state.site, step) },
            "ProcessingInputs": inputs.collect::<Vec<_>>(),
            "ProcessingOutputConfig": self.with_key(json!({ "Outputs": [{ "OutputName": "artifacts",
                "AppManaged": false, "S3Output": { "S3Uri": output,
                "LocalPath": "/opt/ml/processing/output", "S3UploadMode": "EndOfJob" } }] })),
            "ProcessingResources": { "ClusterConfig": cluster },
            "NetworkConfig": network,
            "RoleArn": self.plan.role(),
            "StoppingCondition": { "MaxRuntimeInSeconds": DEFAULT_RUNTIME.as_secs() },
        });
        self.made::<Processing>(txn, caller, name, members)
    }

    fn training(
        &self,
        txn: &mut Txn<'_>,
        caller: &Caller,
        step: AutoMlStep,
    ) -> Result<NewJob, SageMakerError> {
        let engineers = step == AutoMlStep::Engineer;
        let name = if engineers { self.name(txn, "dpp0") } else { self.candidate_name(txn) };
        let channel = |name: &str, source: Value| json!({ "ChannelName": name, "DataSource": { "S3DataSource": source } });
        let channels: Vec<Value> = match step {
            AutoMlStep::Tune => {
                let source = json!({ "S3DataType": "S3Prefix", "S3Uri": self.place("transformed-data"),
                    "S3DataDistributionType": "FullyReplicated" });
                vec![channel("train", source)]
            }
            _ => {
                let sources = self.plan.channels().enumerate().map(|(n, given)| {
                    let source = &given["DataSource"]["S3DataSource"];
                    let name = if n == 0 { "train" } else { "validation" };
                    let kind = match source["S3DataType"].as_str() {
                        Some("S3Prefix") | None => "S3Prefix",
                        _ => "ManifestFile",
                    };
                    let source = json!({ "S3DataType": kind, "S3Uri": source["S3Uri"],
                        "S3DataDistributionType": "FullyReplicated" });
                    channel(name, source)
                });
                sources.collect()
            }
        };
        let limit = self.plan.max_runtime("MaxRuntimePerTrainingJobInSeconds").unwrap_or(DEFAULT_RUNTIME);
        let mut resources =
            json!({ "InstanceCount": 1, "InstanceType": INSTANCE, "VolumeSizeInGB": VOLUME_GB });
        if let Some(key) = self.plan.security().get("VolumeKmsKeyId") {
            resources["VolumeKmsKeyId"] = key.clone();
        }
        let folder = if engineers { "data-processor-models" } else { "tuning" };
        let mut members = json!({
            "AlgorithmSpecification": { "TrainingImage": self.image(&txn.state.site, step), "TrainingInputMode": "File" },
            "RoleArn": self.plan.role(),
            "InputDataConfig": channels,
            "OutputDataConfig": self.with_key(json!({ "S3OutputPath": self.place(folder) })),
            "ResourceConfig": resources,
            "StoppingCondition": { "MaxRuntimeInSeconds": limit.as_secs() },
        });
        for name in ["EnableInterContainerTrafficEncryption", "VpcConfig"] {
            if let Some(given) = self.plan.security().get(name) {
                members[name] = given.clone();
            }
        }
        self.made::<Training>(txn, caller, name, members)
    }

    /// The model that turns data into features.
    pub fn encoder(&self, txn: &Txn<'_>) -> Map<String, Value> {
        let fitted = self.job.child(AutoMlStep::Engineer).map(|child| &*child.key.name).unwrap_or_default();
        let container = json!({ "Image": self.image(&txn.state.site, AutoMlStep::Engineer),
            "ModelDataUrl": self.model_data("data-processor-models", fitted) });
        self.model(self.name(txn, "dpp0-model"), json!([container]))
    }

    /// A model that acts and lives as the job does.
    pub fn model(&self, name: String, containers: Value) -> Map<String, Value> {
        let mut members = Map::new();
        members.insert("ModelName".into(), name.into());
        members.insert("Containers".into(), containers);
        members.insert("ExecutionRoleArn".into(), self.plan.role().clone());
        if let Some(vpc) = self.plan.vpc() {
            members.insert("VpcConfig".into(), vpc.clone());
        }
        members
    }

    fn transform(&self, txn: &mut Txn<'_>, caller: &Caller) -> Result<NewJob, SageMakerError> {
        let source = self.plan.channels().next().map(|channel| channel["DataSource"]["S3DataSource"].clone());
        let source = source.unwrap_or_default();
        let kind = match source["S3DataType"].as_str() {
            Some("S3Prefix") | None => "S3Prefix",
            _ => "ManifestFile",
        };
        let mut resources = json!({ "InstanceCount": 1, "InstanceType": INSTANCE });
        if let Some(key) = self.plan.security().get("VolumeKmsKeyId") {
            resources["VolumeKmsKeyId"] = key.clone();
        }
        let members = json!({
            "ModelName": self.name(txn, "dpp0-model"),
            "TransformInput": { "DataSource": { "S3DataSource":
                { "S3DataType": kind, "S3Uri": source["S3Uri"] } } },
            "TransformOutput": self.with_key(json!({ "S3OutputPath": self.place("transformed-data") })),
            "TransformResources": resources,
        });
        let name = self.name(txn, "dpp0-csv");
        self.made::<Transform>(txn, caller, name, members)
    }
}

fn image(step: AutoMlStep) -> &'static str {
    if step.makes_candidates() { MODEL_IMAGE } else { DATA_IMAGE }
}

/// What a step's jobs are.
pub fn kind(step: AutoMlStep) -> JobKind {
    match step {
        AutoMlStep::Engineer | AutoMlStep::Tune | AutoMlStep::Train => JobKind::Training,
        AutoMlStep::Encode => JobKind::Transform,
        AutoMlStep::Analyze | AutoMlStep::Explain | AutoMlStep::Report | AutoMlStep::Deploy => {
            JobKind::Processing
        }
    }
}
