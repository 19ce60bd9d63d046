//! The errors of SageMaker: the only place that words a refusal of its API.
//!
//! Texts that are not marked `assumed` were seen in public issue threads; of the others nobody could be found who saw
//! AWS's own.

mod cluster;
mod deployment;
mod limit;
mod notebook;
mod registry;
mod search;
mod studio;
mod variant;

pub use cluster::ClusterError;
pub use deployment::DeploymentError;
pub use limit::LimitError;
pub use notebook::NotebookError;
pub use registry::RegistryError;
pub use search::SearchError;
pub use studio::StudioError;
pub use variant::VariantError;

use super::automl::AutoMlError;
use super::monitoring::MonitoringError;
use super::pipeline::PipelineError;
use super::tuning::TuningError;
use crate::model::{Finding, Job, JobKind, Texts};
use crate::rules::texts;
use crate::services::refusal::refusals;

refusals! {
    /// Why SageMaker refuses.
    pub enum SageMakerError as "sagemaker" {
        NameInUse { arn: String } = "ResourceInUse",
            text "Training job names must be unique within an AWS account and region, and a training job with \
                 this name already exists ({arn})";
        /// Observed of processing jobs; assumed of transform and compilation jobs, whose code is in the service model.
        JobNameInUse { arn: String } = "ResourceInUse",
            assumed "Job name must be unique within an AWS account and region, and a job with this name already \
                    exists ({arn})";
        /// Observed of training jobs that are described or stopped, although the service model declares ResourceNotFound
        /// for both. It declares it for the deletion too, of which nobody could be found who saw an answer: that it is
        /// the same as theirs is assumed.
        NotFound = "ValidationException",
            text "Requested resource not found.";
        /// Observed of processing and transform jobs up to the colon; code and text are assumed of compilation jobs, and
        /// of every deletion. The service model declares ResourceNotFound for all of them, as above.
        NoSuchJob { name: String } = "ValidationException",
            assumed "Could not find requested job with name: {name}";
        /// Observed of training jobs that are to be stopped; assumed of those that are to be updated.
        WrongStatus { noun: &'static str, status: &'static str } = "ValidationException",
            assumed "The request was rejected because the {noun} job is in status {status}.";
        RemoteDebugNow { status: &'static str } = "ValidationException",
            assumed "RemoteDebugConfig can be updated only when the secondary status of the training job is \
                    Downloading or Training; it is {status}.";
        /// The code is in the service model.
        NotDeletable { noun: &'static str, arn: String, status: &'static str } = "ResourceInUse",
            assumed "The {noun} job ({arn}) is in status {status} and cannot be deleted.";
        /// As above, where the service model has no such code.
        NotDeletableYet { noun: &'static str, arn: String, status: &'static str } = "ValidationException",
            assumed "The {noun} job ({arn}) is in status {status} and cannot be deleted.";
        /// Documented of DeleteTrainingJob; the code is in the service model.
        PoolAvailable { arn: String } = "ResourceInUse",
            assumed "The training job ({arn}) retains a warm pool that is Available and cannot be deleted.";
        /// A rule of phase `create`.
        Rule { rule: &'static str, text: String } = "ValidationException" for rule,
            text "{text}";
        /// A token that no list gave.
        BadToken = "ValidationException",
            assumed "Invalid NextToken.";

        // === CreateTrainingJob: members that depend on each other ===
        /// The text of every constraint of the service model; for members that the model calls optional only because
        /// serverless jobs lack them.
        Required(name: &'static str) = "ValidationException",
            text "1 validation error detected: Value null at '{name}' failed to satisfy constraint: Member must \
                 not be null";
        /// As above; the published model says 0 because the member is optional.
        NotPositive(name: String) = "ValidationException",
            text "1 validation error detected: Value '0' at '{name}' failed to satisfy constraint: Member must \
                 have value greater than or equal to 1";
        /// Documented limit, text in the form of the service model's.
        TooLarge { member: &'static str, value: u64, most: u64 } = "ValidationException",
            text "1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: \
                 Member must have value less than or equal to {most}";
        ImageOrAlgorithm = "ValidationException",
            assumed "You must specify exactly one of TrainingImage and AlgorithmName in AlgorithmSpecification.";
        TypeWithGroups = "ValidationException",
            text "InstanceType or InstanceCount cannot be specified with InstanceGroups";
        /// That there are these intervals is documented: API reference, ProfilerConfig.
        ProfilingInterval { interval: i64 } = "ValidationException",
            assumed "ProfilingIntervalInMilliseconds must be one of 100, 200, 500, 1000, 5000 and 60000; it is \
                    {interval}.";
        RuleTwice(name: String) = "ValidationException",
            assumed "Rule configuration names must be unique; the name {name} is used more than once.";
        ManifestNeedsPipe(name: String) = "ValidationException",
            assumed "AugmentedManifestFile can only be used if the input mode of channel {name} is Pipe.";
        InstanceGroupTwice(name: String) = "ValidationException",
            assumed "Instance group names must be unique; the instance group name {name} is used more than once.";
        KeepAliveWith(name: &'static str) = "ValidationException",
            assumed "KeepAlivePeriodInSeconds cannot be specified with {name}";
        PreferencesWith(name: &'static str) = "ValidationException",
            assumed "InstancePreferences cannot be specified with {name}";
        /// That this and the next ones are refused is documented: API reference, InstancePreference and
        /// ProcessingInstancePreference.
        PreferenceTwice { instance_type: String } = "ValidationException",
            assumed "An instance type can appear only once in InstancePreferences: {instance_type}";
        PreferenceCounts = "ValidationException",
            assumed "InstanceCount must be specified either for each of InstancePreferences or once for all of them.";
        TwoPlans = "ValidationException",
            assumed "TrainingPlanArn cannot be specified with TrainingPlanArns in InstancePreferences.";
        /// That it has to be one is documented: API reference, ServerlessJobConfig.
        SequenceLength(value: String) = "ValidationException",
            assumed "SequenceLength must be an integer from 1K to 1024K, such as 32K; it is {value}.";
        VolumeMissing(name: String) = "ValidationException",
            assumed "VolumeSizeInGB must be specified for instance type {name}, which has no instance storage.";
        WaitWithoutSpot = "ValidationException",
            text "Invalid MaxWaitTimeInSeconds. It is only supported when EnableManagedSpotTraining is set to \
                 true";
        SpotWait = "ValidationException",
            assumed "Invalid MaxWaitTimeInSeconds. It must be present and be greater than or equal to \
                    MaxRuntimeInSeconds";
        ChannelTwice(name: String) = "ValidationException",
            assumed "Channel names must be unique; the channel name {name} is used more than once.";
        OneDataSource(name: String) = "ValidationException",
            assumed "Exactly one data source must be specified for channel {name}.";
        FileSystemWithoutVpc(name: String) = "ValidationException",
            assumed "VpcConfig must be specified when channel {name} uses a FileSystemDataSource.";
        SomeChannelsGrouped { assigned: String, others: String } = "ValidationException",
            text "Some channels have assigned instance groups: [{assigned}] while others not: [{others}]";
        UnknownInstanceGroup { channel: String, group: String } = "ValidationException",
            assumed "Channel {channel} names the instance group {group}, which is not one of InstanceGroups.";

        // === The other kinds of job: members that depend on each other ===
        OneSource(name: String) = "ValidationException",
            assumed "Exactly one of S3Input and DatasetDefinition must be specified for the processing input \
                    {name}.";
        OneDestination(name: String) = "ValidationException",
            assumed "Exactly one of S3Output and FeatureStoreOutput must be specified for the processing output \
                    {name}.";
        /// That this and the next ones are refused is documented: API reference, ProcessingOutput, DatasetDefinition and
        /// ProcessingS3Input.
        FeaturesOfService(name: String) = "ValidationException",
            assumed "AppManaged must be true for the processing output {name}, which has a FeatureStoreOutput.";
        OneDataset(name: String) = "ValidationException",
            assumed "Exactly one of AthenaDatasetDefinition and RedshiftDatasetDefinition must be specified for the \
                    processing input {name}.";
        InputWithoutPath(name: String) = "ValidationException",
            assumed "LocalPath must be specified for the processing input {name} unless its AppManaged is true.";
        InputPath { name: String, folder: &'static str } = "ValidationException",
            assumed "LocalPath of the processing input {name} must begin with {folder}";
        /// That two inputs in one place are refused was observed; AWS says nothing at all then.
        InputPathTwice { path: String } = "ValidationException",
            assumed "LocalPath must be unique among the processing inputs: {path}";
        GzipNeedsPipe(name: String) = "ValidationException",
            assumed "Gzip can be the S3CompressionType of the processing input {name} only if its S3InputMode is Pipe.";
        /// That it is refused is documented: API reference, ResourceConfig, ProcessingClusterConfig, TransformResources.
        KeyWithStorage { instance_type: String } = "ValidationException",
            assumed "VolumeKmsKeyId cannot be specified for instance type {instance_type}, which has local storage.";
        /// That it is refused is documented: API reference, TransformS3DataSource.
        TransformManifest = "ValidationException",
            assumed "AugmentedManifestFile is not supported for transform jobs.";
        /// Seen in public issues; documented too: API reference, ContainerDefinition.
        TransformDataSource = "ValidationException",
            text "SageMaker Batch currently doesn't support Model entity with container definitions which use \
                 ModelDataSource attribute";
        Payload { most: u64 } = "ValidationException",
            assumed "The product of MaxConcurrentTransforms and MaxPayloadInMB must not be greater than {most}.";
        PackageOrInput = "ValidationException",
            assumed "You must specify exactly one of ModelPackageVersionArn and InputConfig.";
        DeviceOrPlatform = "ValidationException",
            assumed "You must specify exactly one of TargetDevice and TargetPlatform in OutputConfig.";

        // === Tags ===
        TagTwice(name: String) = "ValidationException",
            assumed "Duplicate tag key: {name}";
        TagReserved(name: String) = "ValidationException",
            assumed "Tag keys must not begin with aws:, which is reserved: {name}";
        TooManyTags = "ValidationException",
            assumed "A resource must not have more than 50 tags.";

        // === Models, endpoint configurations, endpoints ===
        /// Observed; `what` as in `endpoint configuration`.
        Unknown { what: &'static str, arn: String } = "ValidationException",
            text "Could not find {what} \"{arn}\".";
        Exists { what: &'static str, arn: String } = "ValidationException",
            text "Cannot create already existing {what} \"{arn}\".";
        OneKindOfContainer = "ValidationException",
            assumed "You must specify exactly one of PrimaryContainer and Containers.";
        /// Observed.
        ImageOrPackage = "ValidationException",
            text "Specify one of either Image and Model Data URL or ModelPackageName in container definition.";
        TwoKindsOfModelData = "ValidationException",
            assumed "You must not specify both ModelDataUrl and ModelDataSource for a container.";
        /// That this and the next ones are refused is documented: API reference, ContainerDefinition and
        /// S3ModelDataSource.
        SomeHostnames = "ValidationException",
            assumed "ContainerHostname must be specified for every container of an inference pipeline if it is for one.";
        HostnameTwice(name: String) = "ValidationException",
            assumed "ContainerHostname must be unique within an inference pipeline: {name}";
        ModelPrefix { url: String } = "ValidationException",
            assumed "S3Uri must end with a slash if S3DataType is S3Prefix: {url}";
        /// As above: ContainerDefinition.
        SourceOfMany = "ValidationException",
            assumed "ModelDataSource is not supported for multi-model endpoints.";
        /// As above: RepositoryAuthConfig.
        RepositoryAuth { stem: &'static str } = "ValidationException",
            assumed "{stem}RepositoryAuthConfig can be specified only if {stem}RepositoryAccessMode is Vpc.";
        /// That it needs one is documented: developer guide, "your-algorithms-containers-inference-private" of a model,
        /// "docker-containers-adapt-your-own-private-registry" of a training job. `stem` is `Training` or nothing.
        RepositoryVpc { stem: &'static str } = "ValidationException",
            assumed "VpcConfig must be specified if {stem}RepositoryAccessMode is Vpc.";
        VariantTwice(name: String) = "ValidationException",
            assumed "Production variant names must be unique within an endpoint configuration: {name}";
        VariantCapacity(name: String) = "ValidationException",
            assumed "You must specify exactly one of InstanceType with InitialInstanceCount, InstancePools and \
                    ServerlessConfig for production variant {name}.";
        OneShadow = "ValidationException",
            assumed "If you specify ShadowProductionVariants, you must specify exactly one production variant \
                    and one shadow variant.";
        /// Observed, of updates and deletions alike.
        EndpointInProgress { arn: String } = "ValidationException",
            text "Cannot update in-progress endpoint \"{arn}\".";
        EndpointFailed { arn: String } = "ValidationException",
            assumed "Cannot update failed endpoint \"{arn}\". Delete the endpoint and create a new one.";
        /// Known from another mock only.
        UnknownVariants { names: String, config: String } = "ValidationException",
            assumed "The variant name(s) \"{names}\" is/are not present within endpoint configuration \"{config}\".";
        /// Known from another mock only.
        VariantNamedTwice { name: String } = "ValidationException",
            assumed "The variant name \"{name}\" was non-unique within the request.";
        /// That there are these sizes is documented: API reference, ProductionVariantServerlessConfig.
        ServerlessMemory { size: u64 } = "ValidationException",
            assumed "Value '{size}' at 'MemorySizeInMB' failed to satisfy constraint: Member must satisfy enum value \
                    set: [1024, 2048, 3072, 4096, 5120, 6144]";
        /// Seen in an issue of a tool that passes AWS's words on.
        NoComponents = "ValidationException",
            text "Inference Components are not supported in this Endpoint. Please make sure this endpoint can deploy \
                 inference components.";
        ComponentSource = "ValidationException",
            assumed "You must specify exactly one of ModelName and Container with Image, or BaseInferenceComponentName \
                    with Container, in the specification of an inference component.";
        /// Seen in a public issue.
        ComponentCopies = "ValidationException",
            text "Inference components copy count an integer larger than 0";
        /// That this and the next ones are refused is documented: API reference, CreateInferenceComponent,
        /// InferenceComponentComputeResourceRequirements and InferenceComponentRollingUpdatePolicy.
        TwoSpecifications = "ValidationException",
            assumed "You must not specify both Specification and Specifications for an inference component.";
        PartitionDevices = "ValidationException",
            assumed "NumberOfAcceleratorDevicesRequired must be 1 if AcceleratorPartitionType is specified.";
        PartitionMissing { variant: String } = "ValidationException",
            assumed "AcceleratorPartitionType must be specified: variant {variant} has an accelerator partition layout.";
        PartitionUnknown { partition: String, variant: String } = "ValidationException",
            assumed "AcceleratorPartitionType {partition} is not in an accelerator partition layout of variant {variant}.";
        ComponentBatch { percent: u64 } = "ValidationException",
            assumed "MaximumBatchSize must be between 5% and 50% of the copy count of the inference component; it is \
                    {percent}%.";
        ComponentInProgress { arn: String } = "ValidationException",
            assumed "Cannot update in-progress inference component \"{arn}\".";
        ComponentsLeft { arn: String } = "ValidationException",
            assumed "Cannot delete endpoint \"{arn}\" while it has inference components. Delete them first.";
        /// A form of an operation that is not built.
        NotBuilt(what: &'static str) = "NotImplemented" 501,
            assumed "{what} is not implemented by this mock";
        VariantUpdate { variant: String, why: &'static str } = "ValidationException",
            assumed "Cannot update variant \"{variant}\": {why}.";
    } with {
        /// Quotas.
        Limit(LimitError),
        /// Variants.
        Variant(VariantError),
        /// How endpoints are updated.
        Deployment(DeploymentError),
        /// Notebook instances.
        Notebook(NotebookError),
        /// Studio.
        Studio(StudioError),
        /// HyperPod clusters.
        Cluster(ClusterError),
        Search(SearchError),
        Tuning(TuningError),
        /// What is only kept.
        Registry(RegistryError),
        Pipeline(PipelineError),
        Monitoring(MonitoringError),
        AutoMl(AutoMlError),
    }
}

impl SageMakerError {
    /// A violated rule of phase `create`.
    pub fn rule(texts: &Texts, kind: JobKind, finding: &Finding) -> Self {
        Self::Rule { rule: finding.rule, text: texts::word(texts, finding, kind) }
    }

    pub fn job_name_in_use(kind: JobKind, arn: String) -> Self {
        match kind {
            JobKind::Training => Self::NameInUse { arn },
            _ => Self::JobNameInUse { arn },
        }
    }

    pub fn no_job(kind: JobKind, name: &str) -> Self {
        match kind {
            JobKind::Training => Self::NotFound,
            _ => Self::NoSuchJob { name: name.to_owned() },
        }
    }

    /// A job that has not ended.
    pub fn not_deletable(job: &Job) -> Self {
        let (noun, arn, status) = (job.key.kind.noun(), job.arn.clone(), job.status_word());
        match job.key.kind {
            JobKind::Compilation => Self::NotDeletableYet { noun, arn, status },
            _ => Self::NotDeletable { noun, arn, status },
        }
    }
}
