//! What CreateTrainingJob asks of members that depend on each other. The service model says nothing of these; the
//! API reference does, in the descriptions of the members.

use super::super::error::SageMakerError;
use super::super::job::{Vpc, preferred, volume_key};
use crate::model::compute;
use crate::model::{DataNeed, DataUse, Extent, InstanceGroup as Instances, Mount};
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Source: API reference, StoppingCondition.
pub const DEFAULT_MAX_RUNTIME: u64 = 24 * 60 * 60;

/// Source: API reference, ProfilerConfig.
const PROFILING_INTERVALS: &[i64] = &[100, 200, 500, 1_000, 5_000, 60_000];

/// 28 days. Source: API reference, StoppingCondition.
const LONGEST_RUNTIME: u64 = 28 * 24 * 60 * 60;

/// In thousands of tokens. Source: API reference, ServerlessJobConfig.
const LONGEST_SEQUENCE: u32 = 1_024;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Resources {
    pub instance_type: Option<String>,
    pub instance_count: Option<u32>,
    #[serde(rename = "VolumeSizeInGB")]
    pub volume_size: Option<u64>,
    volume_kms_key_id: Option<String>,
    pub keep_alive_period_in_seconds: Option<u64>,
    pub instance_groups: Vec<InstanceGroup>,
    pub instance_placement_config: Option<IgnoredAny>,
    pub instance_preferences: Vec<Preference>,
    training_plan_arn: Option<IgnoredAny>,
}

impl Resources {
    /// The instances of a job that lists its preferences, for each of these.
    pub fn preferences(&self) -> Vec<Instances> {
        let each = |one: &Preference| Instances {
            instance_type: one.instance_type.clone(),
            count: one.instance_count.or(self.instance_count).unwrap_or(1),
        };
        self.instance_preferences.iter().map(each).collect()
    }

    /// The first of them.
    pub fn first_preference(&self) -> Option<Instances> {
        self.preferences().into_iter().next()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct InstanceGroup {
    pub instance_type: String,
    pub instance_count: u32,
    pub instance_group_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Preference {
    pub instance_type: String,
    pub instance_count: Option<u32>,
    training_plan_arns: Option<IgnoredAny>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Stopping {
    pub max_runtime_in_seconds: Option<u64>,
    pub max_wait_time_in_seconds: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Channel {
    channel_name: String,
    data_source: DataSource,
    input_mode: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct DataSource {
    #[serde(rename = "S3DataSource")]
    s3: Option<S3DataSource>,
    file_system_data_source: Option<FileSystem>,
    dataset_source: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct FileSystem {
    file_system_id: String,
    file_system_type: String,
    directory_path: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct S3DataSource {
    s3_uri: String,
    s3_data_type: Option<String>,
    s3_data_distribution_type: Option<String>,
    #[serde(default)]
    instance_group_names: Vec<String>,
}

impl Channel {
    /// What is read from S3, or the directory of a file system that is mounted. `mode`: that of channels without their own.
    fn data(&self, mode: Option<&str>) -> Option<DataNeed> {
        if let Some(FileSystem { file_system_id, file_system_type, directory_path }) =
            &self.data_source.file_system_data_source
        {
            let ports = if file_system_type == "EFS" { Mount::EFS } else { Mount::LUSTRE };
            return Some(DataNeed::mounted(file_system_id, directory_path, ports));
        }
        let source = self.data_source.s3.as_ref()?;
        let need = DataNeed::typed(DataUse::Input, source.s3_data_type.as_deref(), &source.s3_uri);
        let need = need.distributed(source.s3_data_distribution_type.as_deref());
        Some(need.in_mode(self.input_mode.as_deref().or(mode)))
    }

    /// Source: API reference, S3DataSource.
    fn wants_pipe(&self) -> bool {
        let source = self.data_source.s3.as_ref();
        source.and_then(|source| source.s3_data_type.as_deref()) == Some("AugmentedManifestFile")
    }

    fn instance_groups(&self) -> &[String] {
        self.data_source.s3.as_ref().map_or(&[], |source| &source.instance_group_names)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Algorithm {
    training_image: Option<String>,
    training_input_mode: Option<String>,
    algorithm_name: Option<IgnoredAny>,
    training_image_config: Option<ImageConfig>,
}

/// Where the image is.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ImageConfig {
    training_repository_access_mode: String,
    training_repository_auth_config: Option<IgnoredAny>,
}

impl ImageConfig {
    fn in_vpc(&self) -> bool {
        self.training_repository_access_mode == "Vpc"
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Output {
    #[serde(rename = "S3OutputPath")]
    path: String,
    compression_type: Option<String>,
    kms_key_id: Option<String>,
}

impl Output {
    /// The model, packed or not. Source: developer guide, "your-algorithms-training-algo-output".
    pub fn data(&self) -> DataNeed {
        let file = model_file(self.compression_type.as_deref());
        DataNeed::output(&self.path, file).encrypted(self.kms_key_id.as_deref())
    }
}

/// What a job leaves, in the folder that has its name.
pub fn model_file(compression: Option<&str>) -> &'static str {
    if compression == Some("NONE") { "output/model/model" } else { "output/model.tar.gz" }
}

/// Where something of SageMaker Debugger writes to.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Debugged {
    s3_output_path: Option<String>,
    #[serde(default)]
    disable_profiler: bool,
    profiling_interval_in_milliseconds: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RuleConfiguration {
    rule_configuration_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Retry {
    maximum_retry_attempts: u32,
}

#[derive(Deserialize)]
pub struct Checkpoint {
    #[serde(rename = "S3Uri")]
    pub s3_uri: String,
}

/// The members that this code looks at.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Asked {
    pub role_arn: String,
    algorithm_specification: Option<Algorithm>,
    pub resource_config: Option<Resources>,
    #[serde(default)]
    stopping_condition: Stopping,
    pub vpc_config: Option<Vpc>,
    #[serde(default)]
    pub input_data_config: Vec<Channel>,
    pub output_data_config: Output,
    pub checkpoint_config: Option<Checkpoint>,
    #[serde(default)]
    hyper_parameters: BTreeMap<String, String>,
    #[serde(default)]
    pub enable_network_isolation: bool,
    #[serde(default)]
    pub enable_inter_container_traffic_encryption: bool,
    #[serde(default)]
    enable_managed_spot_training: bool,
    retry_strategy: Option<Retry>,
    debug_hook_config: Option<Debugged>,
    tensor_board_output_config: Option<Debugged>,
    profiler_config: Option<Debugged>,
    #[serde(default)]
    debug_rule_configurations: Vec<RuleConfiguration>,
    #[serde(default)]
    profiler_rule_configurations: Vec<RuleConfiguration>,
    serverless_job_config: Option<Serverless>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Serverless {
    job_type: String,
    evaluation_type: Option<IgnoredAny>,
    sequence_length: Option<String>,
}

impl Asked {
    pub fn max_runtime(&self) -> u64 {
        self.stopping_condition.max_runtime_in_seconds.unwrap_or(DEFAULT_MAX_RUNTIME)
    }

    /// How long a job of managed spot training may take altogether.
    pub fn max_wait(&self) -> Option<Duration> {
        let seconds = self.stopping_condition.max_wait_time_in_seconds;
        seconds.filter(|_| self.enable_managed_spot_training).map(Duration::from_secs)
    }

    pub fn retries(&self) -> u32 {
        self.retry_strategy.as_ref().map_or(0, |retry| retry.maximum_retry_attempts)
    }

    pub fn keep_alive(&self) -> Duration {
        let period =
            self.resource_config.as_ref().and_then(|resources| resources.keep_alive_period_in_seconds);
        Duration::from_secs(period.unwrap_or(0))
    }

    /// The image, unless an algorithm is named instead.
    pub fn image(&self) -> Option<&String> {
        self.algorithm_specification.as_ref()?.training_image.as_ref()
    }

    fn image_config(&self) -> Option<&ImageConfig> {
        self.algorithm_specification.as_ref()?.training_image_config.as_ref()
    }

    /// Whether the image is in a registry that is reached through the VPC.
    pub fn has_own_registry(&self) -> bool {
        self.image_config().is_some_and(ImageConfig::in_vpc)
    }

    /// How channels are read that do not say so themselves.
    fn input_mode(&self) -> Option<&str> {
        self.algorithm_specification.as_ref()?.training_input_mode.as_deref()
    }

    /// All that is read. Where the SDK put the user's program is a hyperparameter, in quotes as JSON has them: the
    /// container fetches it by itself.
    pub fn inputs(&self) -> Vec<DataNeed> {
        let code =
            self.hyper_parameters.get("sagemaker_submit_directory").map(|value| value.trim_matches('"'));
        let code = code.filter(|url| url.starts_with("s3://"));
        let code = code.map(|url| DataNeed::new(DataUse::Code, Extent::Object, url));
        let checkpoint = self.checkpoint_config.as_ref().map(|config| DataNeed::checkpoint(&config.s3_uri));
        let channels = self.input_data_config.iter().filter_map(|channel| channel.data(self.input_mode()));
        channels.chain(checkpoint).chain(code).collect()
    }

    /// All that is written.
    pub fn outputs(&self) -> Vec<DataNeed> {
        let checkpoint = self.checkpoint_config.as_ref().map(|config| DataNeed::checkpoint(&config.s3_uri));
        std::iter::once(self.output_data_config.data()).chain(checkpoint).chain(self.debugged()).collect()
    }

    /// What SageMaker Debugger writes. The folders: developer guide, "debugger-configure-hook" and "debugger-profiling-data";
    /// the files in them are what its hook leaves at last. That the profiler writes beside the model if it was not told
    /// where is assumed, and that all of it is encrypted as the model is.
    fn debugged(&self) -> impl Iterator<Item = DataNeed> {
        let tensors = self.debug_hook_config.as_ref().and_then(|config| config.s3_output_path.as_deref());
        let board = self.tensor_board_output_config.as_ref();
        let board = board.and_then(|config| config.s3_output_path.as_deref());
        let profile = self.profiler_config.as_ref().filter(|config| !config.disable_profiler);
        let profile =
            profile.map(|config| config.s3_output_path.as_deref().unwrap_or(&self.output_data_config.path));
        let all = [
            (tensors, "debug-output/training_job_end.ts"),
            (board, "tensorboard-output/events.out.tfevents"),
            (profile, "profiler-output/system/training_job_end.ts"),
        ];
        let key = self.output_data_config.kms_key_id.as_deref();
        all.into_iter().filter_map(move |(path, file)| Some(DataNeed::output(path?, file).encrypted(key)))
    }

    /// The instances, whichever way they were asked for.
    pub fn instances(&self) -> Vec<Instances> {
        let Some(resources) = &self.resource_config else { return Vec::new() };
        let groups = resources.instance_groups.iter().map(|group| Instances {
            instance_type: group.instance_type.clone(),
            count: group.instance_count,
        });
        let groups: Vec<_> = groups.collect();
        match &resources.instance_type {
            _ if !groups.is_empty() => groups,
            Some(instance_type) => vec![Instances {
                instance_type: instance_type.clone(),
                count: resources.instance_count.unwrap_or(1),
            }],
            None => resources.first_preference().into_iter().collect(),
        }
    }

    fn is_serverless(&self) -> bool {
        self.serverless_job_config.is_some()
    }
}

/// Checks what the service model cannot say.
///
/// # Errors
/// The first thing that is wrong.
pub fn check(asked: &Asked) -> Result<(), SageMakerError> {
    algorithm(asked)?;
    resources(asked)?;
    if let Some(resources) = &asked.resource_config {
        let instances = asked.instances().into_iter().chain(resources.preferences());
        volume_key(resources.volume_kms_key_id.as_deref(), &instances.collect::<Vec<_>>())?;
    }
    serverless(asked)?;
    stopping(asked)?;
    rules(asked)?;
    channels(asked)
}

/// Source: API reference, DebugRuleConfiguration, ProfilerRuleConfiguration and ProfilerConfig.
fn rules(asked: &Asked) -> Result<(), SageMakerError> {
    let profiler = asked.profiler_config.as_ref();
    let interval = profiler.and_then(|config| config.profiling_interval_in_milliseconds);
    if let Some(interval) = interval.filter(|interval| !PROFILING_INTERVALS.contains(interval)) {
        return Err(SageMakerError::ProfilingInterval { interval });
    }
    let all = asked.debug_rule_configurations.iter().chain(&asked.profiler_rule_configurations);
    let mut seen = BTreeSet::new();
    let twice = all.map(|rule| &rule.rule_configuration_name).find(|name| !seen.insert(*name));
    twice.map_or(Ok(()), |name| Err(SageMakerError::RuleTwice(name.clone())))
}

fn algorithm(asked: &Asked) -> Result<(), SageMakerError> {
    match &asked.algorithm_specification {
        None if asked.is_serverless() => Ok(()),
        None => Err(SageMakerError::Required("algorithmSpecification")),
        Some(Algorithm { training_image, algorithm_name, .. }) => {
            if training_image.is_some() == algorithm_name.is_some() {
                return Err(SageMakerError::ImageOrAlgorithm);
            }
            registry(asked)
        }
    }
}

/// Source: developer guide, "docker-containers-adapt-your-own-private-registry".
fn registry(asked: &Asked) -> Result<(), SageMakerError> {
    let Some(config) = asked.image_config() else { return Ok(()) };
    let stem = "Training";
    match (config.in_vpc(), &config.training_repository_auth_config) {
        (false, Some(_)) => Err(SageMakerError::RepositoryAuth { stem }),
        (true, _) if asked.vpc_config.is_none() => Err(SageMakerError::RepositoryVpc { stem }),
        _ => Ok(()),
    }
}

fn resources(asked: &Asked) -> Result<(), SageMakerError> {
    let Some(resources) = &asked.resource_config else {
        return if asked.is_serverless() { Ok(()) } else { Err(SageMakerError::Required("resourceConfig")) };
    };
    let typed = resources.instance_type.is_some();
    if !resources.instance_preferences.is_empty() {
        let excluded = [
            ("InstanceType", typed),
            ("InstanceGroups", !resources.instance_groups.is_empty()),
            ("InstancePlacementConfig", resources.instance_placement_config.is_some()),
            ("EnableManagedSpotTraining", asked.enable_managed_spot_training),
        ];
        if let Some((name, _)) = excluded.iter().find(|(_, given)| *given) {
            return Err(SageMakerError::PreferencesWith(name));
        }
        let preferences = &resources.instance_preferences;
        let planned = preferences.iter().any(|one| one.training_plan_arns.is_some());
        if planned && resources.training_plan_arn.is_some() {
            return Err(SageMakerError::TwoPlans);
        }
        let each = preferences.iter().map(|one| (&one.instance_type, one.instance_count));
        return preferred(each, resources.instance_count);
    }
    if !resources.instance_groups.is_empty() {
        if typed || resources.instance_count.is_some() {
            return Err(SageMakerError::TypeWithGroups);
        }
        groups(&resources.instance_groups)?;
    } else if !asked.is_serverless() {
        match (&resources.instance_type, resources.instance_count) {
            (None, _) => return Err(SageMakerError::Required("resourceConfig.instanceType")),
            (_, None) => return Err(SageMakerError::Required("resourceConfig.instanceCount")),
            (_, Some(0)) => {
                return Err(SageMakerError::NotPositive("resourceConfig.instanceCount".to_owned()));
            }
            _ => {}
        }
    }
    // Source: developer guide, "train-warm-pools-considerations".
    let kept = resources.keep_alive_period_in_seconds.unwrap_or(0) > 0;
    if kept && !resources.instance_groups.is_empty() {
        return Err(SageMakerError::KeepAliveWith("InstanceGroups"));
    }
    if kept && asked.enable_managed_spot_training {
        return Err(SageMakerError::KeepAliveWith("EnableManagedSpotTraining"));
    }
    volume(resources)
}

/// Source: API reference, ServerlessJobConfig.
fn serverless(asked: &Asked) -> Result<(), SageMakerError> {
    let Some(config) = &asked.serverless_job_config else { return Ok(()) };
    if config.job_type == "Evaluation" && config.evaluation_type.is_none() {
        return Err(SageMakerError::Required("serverlessJobConfig.evaluationType"));
    }
    let is_length = |value: &str| {
        let thousands = value.strip_suffix('K').and_then(|number| number.parse::<u32>().ok());
        thousands.is_some_and(|number| (1..=LONGEST_SEQUENCE).contains(&number))
    };
    match config.sequence_length.as_ref().filter(|value| !is_length(value)) {
        Some(value) => Err(SageMakerError::SequenceLength(value.clone())),
        None => Ok(()),
    }
}

fn groups(groups: &[InstanceGroup]) -> Result<(), SageMakerError> {
    let mut seen = BTreeSet::new();
    for (group, n) in groups.iter().zip(1..) {
        if group.instance_count == 0 {
            let member = format!("resourceConfig.instanceGroups.{n}.member.instanceCount");
            return Err(SageMakerError::NotPositive(member));
        }
        if !seen.insert(&group.instance_group_name) {
            return Err(SageMakerError::InstanceGroupTwice(group.instance_group_name.clone()));
        }
    }
    Ok(())
}

/// Instances without storage of their own need a volume; those of a family of which nothing is known are taken to have
/// some. Source: API reference, ResourceConfig.
fn volume(resources: &Resources) -> Result<(), SageMakerError> {
    match resources.volume_size {
        Some(0) => Err(SageMakerError::NotPositive("resourceConfig.volumeSizeInGB".to_owned())),
        Some(_) => Ok(()),
        None => {
            let types = resources.instance_groups.iter().map(|group| &group.instance_type);
            match types.chain(&resources.instance_type).find(|name| compute::has_storage(name) == Some(false))
            {
                Some(instance_type) => Err(SageMakerError::VolumeMissing(instance_type.clone())),
                None => Ok(()),
            }
        }
    }
}

fn stopping(asked: &Asked) -> Result<(), SageMakerError> {
    let longest = asked.max_runtime();
    if longest > LONGEST_RUNTIME {
        let member = "stoppingCondition.maxRuntimeInSeconds";
        return Err(SageMakerError::TooLarge { member, value: longest, most: LONGEST_RUNTIME });
    }
    match (asked.enable_managed_spot_training, asked.stopping_condition.max_wait_time_in_seconds) {
        (false, Some(_)) => Err(SageMakerError::WaitWithoutSpot),
        (true, None) => Err(SageMakerError::SpotWait),
        (true, Some(wait)) if wait < longest => Err(SageMakerError::SpotWait),
        _ => Ok(()),
    }
}

fn channels(asked: &Asked) -> Result<(), SageMakerError> {
    let groups = asked.resource_config.as_ref().map_or(&[][..], |resources| &resources.instance_groups);
    let mut seen = BTreeSet::new();
    for channel in &asked.input_data_config {
        let name = || channel.channel_name.clone();
        if !seen.insert(&channel.channel_name) {
            return Err(SageMakerError::ChannelTwice(name()));
        }
        let DataSource { s3, file_system_data_source, dataset_source } = &channel.data_source;
        let sources = [s3.is_some(), file_system_data_source.is_some(), dataset_source.is_some()];
        if sources.iter().filter(|given| **given).count() != 1 {
            return Err(SageMakerError::OneDataSource(name()));
        }
        if file_system_data_source.is_some() && asked.vpc_config.is_none() {
            return Err(SageMakerError::FileSystemWithoutVpc(name()));
        }
        let mode = channel.input_mode.as_deref().or(asked.input_mode());
        if channel.wants_pipe() && mode != Some("Pipe") {
            return Err(SageMakerError::ManifestNeedsPipe(name()));
        }
        for group in channel.instance_groups() {
            if !groups.iter().any(|known| known.instance_group_name == *group) {
                return Err(SageMakerError::UnknownInstanceGroup { channel: name(), group: group.clone() });
            }
        }
    }
    let (assigned, others): (Vec<_>, Vec<_>) =
        asked.input_data_config.iter().partition(|channel| !channel.instance_groups().is_empty());
    if assigned.is_empty() || others.is_empty() {
        return Ok(());
    }
    let names = |channels: Vec<&Channel>| {
        channels.iter().map(|channel| channel.channel_name.as_str()).collect::<Vec<_>>().join(", ")
    };
    Err(SageMakerError::SomeChannelsGrouped { assigned: names(assigned), others: names(others) })
}
