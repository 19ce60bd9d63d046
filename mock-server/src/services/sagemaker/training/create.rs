//! CreateTrainingJob.

use super::super::error::SageMakerError;
use super::super::tags::{Tag, checked};
use super::checks;
use crate::jobs::{self, NewJob};
use crate::model::{Document, InstanceGroup, JobKey, JobKind, Needs, Txn, VpcConfig};
use crate::services::{Caller, Operation, Write};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::time::Duration;

/// Source: API reference, StoppingCondition.
pub(super) const DEFAULT_MAX_RUNTIME: u64 = 24 * 60 * 60;

pub struct CreateTrainingJob;

/// Members that DescribeTrainingJob tells again are kept as they are; those that this code looks at are read from
/// there.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct In {
    training_job_name: String,
    hyper_parameters: Option<Document>,
    algorithm_specification: Option<Document>,
    role_arn: String,
    input_data_config: Option<Document>,
    output_data_config: Document,
    resource_config: Option<Document>,
    vpc_config: Option<Document>,
    stopping_condition: Option<Document>,
    tags: Option<Vec<Tag>>,
    enable_network_isolation: Option<bool>,
    enable_inter_container_traffic_encryption: Option<bool>,
    enable_managed_spot_training: Option<bool>,
    checkpoint_config: Option<Document>,
    debug_hook_config: Option<Document>,
    debug_rule_configurations: Option<Document>,
    tensor_board_output_config: Option<Document>,
    experiment_config: Option<Document>,
    profiler_config: Option<Document>,
    profiler_rule_configurations: Option<Document>,
    environment: Option<Document>,
    retry_strategy: Option<Document>,
    remote_debug_config: Option<Document>,
    infra_check_config: Option<Document>,
    serverless_job_config: Option<Document>,
    mlflow_config: Option<Document>,
    model_package_config: Option<Document>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Out {
    training_job_arn: String,
}

impl Operation for CreateTrainingJob {
    const NAME: &'static str = "CreateTrainingJob";
    type In = In;
    type Out = Out;
    type Error = SageMakerError;
}

impl Write for CreateTrainingJob {
    fn run(txn: &mut Txn<'_>, caller: &Caller, input: In) -> Result<Out, SageMakerError> {
        let asked = checks::Asked::read(&input);
        checks::check(&asked)?;
        let tags = checked(input.tags.as_deref().unwrap_or_default())?;
        let key = JobKey { kind: JobKind::Training, name: input.training_job_name.as_str().into() };
        let arn = caller.arn("sagemaker", &key);
        if txn.state.jobs.contains(&key) {
            return Err(SageMakerError::NameInUse { arn });
        }
        if asked.resources.keep_alive_period_in_seconds.unwrap_or(0) > 0 {
            let message =
                "ResourceConfig.KeepAlivePeriodInSeconds has no effect here: no instance is kept warm";
            txn.note("ParameterIgnored", key.to_string(), None, message);
        }
        let needs = needs(&input, &asked);
        let request: Document = Arc::new(Value::Object(request(&input, &asked)));
        let new = NewJob { key, arn: arn.clone(), needs, request, tags };
        jobs::start(txn, new).map_err(|finding| SageMakerError::Rule { finding, kind: JobKind::Training })?;
        Ok(Out { training_job_arn: arn })
    }
}

impl In {
    /// The members by name that are told again.
    fn documents(&self) -> [(&'static str, Option<&Document>); 21] {
        [
            ("HyperParameters", self.hyper_parameters.as_ref()),
            ("AlgorithmSpecification", self.algorithm_specification.as_ref()),
            ("InputDataConfig", self.input_data_config.as_ref()),
            ("OutputDataConfig", Some(&self.output_data_config)),
            ("ResourceConfig", self.resource_config.as_ref()),
            ("VpcConfig", self.vpc_config.as_ref()),
            ("StoppingCondition", self.stopping_condition.as_ref()),
            ("CheckpointConfig", self.checkpoint_config.as_ref()),
            ("DebugHookConfig", self.debug_hook_config.as_ref()),
            ("ExperimentConfig", self.experiment_config.as_ref()),
            ("DebugRuleConfigurations", self.debug_rule_configurations.as_ref()),
            ("TensorBoardOutputConfig", self.tensor_board_output_config.as_ref()),
            ("ProfilerConfig", self.profiler_config.as_ref()),
            ("ProfilerRuleConfigurations", self.profiler_rule_configurations.as_ref()),
            ("Environment", self.environment.as_ref()),
            ("RetryStrategy", self.retry_strategy.as_ref()),
            ("RemoteDebugConfig", self.remote_debug_config.as_ref()),
            ("InfraCheckConfig", self.infra_check_config.as_ref()),
            ("ServerlessJobConfig", self.serverless_job_config.as_ref()),
            ("MlflowConfig", self.mlflow_config.as_ref()),
            ("ModelPackageConfig", self.model_package_config.as_ref()),
        ]
    }

    pub(super) fn document(&self, name: &str) -> Option<&Value> {
        self.documents().into_iter().find(|(known, _)| *known == name)?.1.map(|document| &**document)
    }
}

/// What is told again, with the defaults that AWS fills in. Source of the defaults: described jobs in public
/// repositories, and the API reference for MaxRuntimeInSeconds.
fn request(input: &In, asked: &checks::Asked) -> Map<String, Value> {
    let mut all = Map::new();
    for (name, document) in input.documents() {
        if let Some(document) = document {
            all.insert(name.to_owned(), Value::clone(document));
        }
    }
    let default = |all: &mut Map<String, Value>, member: &str, name: &str, value: Value| {
        if let Some(Value::Object(members)) = all.get_mut(member) {
            members.entry(name).or_insert(value);
        }
    };
    default(&mut all, "AlgorithmSpecification", "EnableSageMakerMetricsTimeSeries", json!(false));
    default(&mut all, "OutputDataConfig", "KmsKeyId", json!(""));
    default(&mut all, "OutputDataConfig", "CompressionType", json!("GZIP"));
    all.entry("StoppingCondition").or_insert_with(|| json!({}));
    default(&mut all, "StoppingCondition", "MaxRuntimeInSeconds", json!(DEFAULT_MAX_RUNTIME));
    if let Some(first) = asked.resources.first_preference() {
        default(&mut all, "ResourceConfig", "SelectedInstanceType", json!(first.instance_type));
        default(&mut all, "ResourceConfig", "SelectedInstanceCount", json!(first.count));
    }
    if let Some(Value::Array(channels)) = all.get_mut("InputDataConfig") {
        for channel in channels.iter_mut().filter_map(Value::as_object_mut) {
            channel.entry("CompressionType").or_insert(json!("None"));
            channel.entry("RecordWrapperType").or_insert(json!("None"));
        }
    }
    for (name, given) in [
        ("EnableNetworkIsolation", input.enable_network_isolation),
        ("EnableInterContainerTrafficEncryption", input.enable_inter_container_traffic_encryption),
        ("EnableManagedSpotTraining", input.enable_managed_spot_training),
    ] {
        all.insert(name.to_owned(), json!(given.unwrap_or(false)));
    }
    all
}

fn needs(input: &In, asked: &checks::Asked) -> Needs {
    let resources = &asked.resources;
    let instances = match (&resources.instance_type, &resources.instance_groups[..]) {
        (Some(instance_type), []) => vec![InstanceGroup {
            instance_type: instance_type.clone(),
            count: resources.instance_count.unwrap_or(1),
        }],
        (_, []) => resources.first_preference().into_iter().collect(),
        (_, groups) => groups
            .iter()
            .map(|group| InstanceGroup {
                instance_type: group.instance_type.clone(),
                count: group.instance_count,
            })
            .collect(),
    };
    let text = |value: &Value, name: &str| value[name].as_str().map(str::to_owned);
    let mut outputs: Vec<String> = text(&input.output_data_config, "S3OutputPath").into_iter().collect();
    outputs.extend(input.checkpoint_config.as_ref().and_then(|config| text(config, "S3Uri")));
    Needs {
        role_arn: input.role_arn.clone(),
        instances,
        vpc: asked
            .vpc
            .as_ref()
            .map(|vpc| VpcConfig { subnets: vpc.subnets.clone(), groups: vpc.security_group_ids.clone() }),
        network_isolation: input.enable_network_isolation.unwrap_or(false),
        inputs: asked.channels.iter().filter_map(checks::Channel::s3_uri).map(str::to_owned).collect(),
        outputs,
        max_runtime: Duration::from_secs(
            asked.stopping.max_runtime_in_seconds.unwrap_or(DEFAULT_MAX_RUNTIME),
        ),
    }
}

impl In {
    pub(super) fn is_spot(&self) -> bool {
        self.enable_managed_spot_training.unwrap_or(false)
    }
}
