//! The errors of SageMaker: the only place that words a refusal of its API.
//!
//! Every variant says where its text comes from. Observed: seen in public issue threads. Assumed: nobody could be
//! found who saw AWS's own text.

use crate::model::{Finding, Job, JobKind, Texts};
use crate::rules::texts;
use crate::services::Refused;

/// Why SageMaker refuses.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SageMakerError {
    /// Observed.
    #[error(
        "Training job names must be unique within an AWS account and region, and a training job with this name \
         already exists ({arn})"
    )]
    NameInUse { arn: String },
    /// Observed of processing jobs; assumed of transform and compilation jobs, whose code is in the service model.
    #[error(
        "Job name must be unique within an AWS account and region, and a job with this name already exists ({arn})"
    )]
    JobNameInUse { arn: String },
    /// Observed of training jobs that are described or stopped, although the service model declares ResourceNotFound
    /// for both. It declares it for the deletion too, of which nobody could be found who saw an answer: that it is the
    /// same as theirs is assumed.
    #[error("Requested resource not found.")]
    NotFound,
    /// Observed of processing and transform jobs up to the colon; code and text are assumed of compilation jobs, and of
    /// every deletion. The service model declares ResourceNotFound for all of them, as above.
    #[error("Could not find requested job with name: {name}")]
    NoSuchJob { name: String },
    /// Observed of training jobs that are to be stopped; assumed of those that are to be updated.
    #[error("The request was rejected because the {noun} job is in status {status}.")]
    WrongStatus { noun: &'static str, status: &'static str },
    /// Documented rule, assumed text.
    #[error(
        "RemoteDebugConfig can be updated only when the secondary status of the training job is Downloading or \
         Training; it is {status}."
    )]
    RemoteDebugNow { status: &'static str },
    /// Code from the service model, text assumed.
    #[error("The {noun} job ({arn}) is in status {status} and cannot be deleted.")]
    NotDeletable { noun: &'static str, arn: String, status: &'static str },
    /// As above, where the service model has no such code.
    #[error("The {noun} job ({arn}) is in status {status} and cannot be deleted.")]
    NotDeletableYet { noun: &'static str, arn: String, status: &'static str },
    /// A rule of phase `create`.
    #[error("{text}")]
    Rule { rule: &'static str, text: String },
    /// A token that no list gave; assumed.
    #[error("Invalid NextToken.")]
    BadToken,

    // === CreateTrainingJob: members that depend on each other ===
    /// The text of every constraint of the service model; for members that the model calls optional only because
    /// serverless jobs lack them.
    #[error(
        "1 validation error detected: Value null at '{0}' failed to satisfy constraint: Member must not be null"
    )]
    Required(&'static str),
    /// As above; the published model says 0 because the member is optional.
    #[error(
        "1 validation error detected: Value '0' at '{0}' failed to satisfy constraint: Member must have value \
         greater than or equal to 1"
    )]
    NotPositive(&'static str),
    /// Documented limit, text in the form of the service model's.
    #[error(
        "1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: Member must have \
         value less than or equal to {most}"
    )]
    TooLarge { member: &'static str, value: u64, most: u64 },
    /// Documented rule, assumed text.
    #[error("You must specify exactly one of TrainingImage and AlgorithmName in AlgorithmSpecification.")]
    ImageOrAlgorithm,
    /// Observed.
    #[error("InstanceType or InstanceCount cannot be specified with InstanceGroups")]
    TypeWithGroups,
    /// Documented rule, assumed text.
    #[error("InstancePreferences cannot be specified with {0}")]
    PreferencesWith(&'static str),
    /// Documented rule, assumed text.
    #[error("VolumeSizeInGB must be specified for instance type {0}, which has no instance storage.")]
    VolumeMissing(String),
    /// Observed.
    #[error(
        "Invalid MaxWaitTimeInSeconds. It is only supported when EnableManagedSpotTraining is set to true"
    )]
    WaitWithoutSpot,
    /// Documented rule, assumed text.
    #[error(
        "Invalid MaxWaitTimeInSeconds. It must be present and be greater than or equal to MaxRuntimeInSeconds"
    )]
    SpotWait,
    /// Assumed.
    #[error("Channel names must be unique; the channel name {0} is used more than once.")]
    ChannelTwice(String),
    /// Assumed.
    #[error("Exactly one data source must be specified for channel {0}.")]
    OneDataSource(String),
    /// Documented rule, assumed text.
    #[error("VpcConfig must be specified when channel {0} uses a FileSystemDataSource.")]
    FileSystemWithoutVpc(String),
    /// Observed.
    #[error("Some channels have assigned instance groups: [{assigned}] while others not: [{others}]")]
    SomeChannelsGrouped { assigned: String, others: String },
    /// Assumed.
    #[error("Channel {channel} names the instance group {group}, which is not one of InstanceGroups.")]
    UnknownInstanceGroup { channel: String, group: String },

    // === The other kinds of job: members that depend on each other ===
    /// Assumed.
    #[error("Exactly one of S3Input and DatasetDefinition must be specified for the processing input {0}.")]
    OneSource(String),
    /// Assumed.
    #[error("S3Output and FeatureStoreOutput cannot both be specified for the processing output {0}.")]
    OneDestination(String),
    /// Documented rule, assumed text.
    #[error("The product of MaxConcurrentTransforms and MaxPayloadInMB must not be greater than {most}.")]
    Payload { most: u64 },
    /// Documented rule, assumed text.
    #[error("You must specify exactly one of ModelPackageVersionArn and InputConfig.")]
    PackageOrInput,
    /// Documented rule, assumed text.
    #[error("You must specify exactly one of TargetDevice and TargetPlatform in OutputConfig.")]
    DeviceOrPlatform,

    // === Tags ===
    /// Assumed.
    #[error("Duplicate tag key: {0}")]
    TagTwice(String),
    /// Assumed.
    #[error("Tag keys must not begin with aws:, which is reserved: {0}")]
    TagReserved(String),
    /// Documented limit, assumed text.
    #[error("A resource must not have more than 50 tags.")]
    TooManyTags,

    // === Models, endpoint configurations, endpoints ===
    /// Observed; `what` as in `endpoint configuration`.
    #[error("Could not find {what} \"{arn}\".")]
    Unknown { what: &'static str, arn: String },
    /// Observed.
    #[error("Cannot create already existing {what} \"{arn}\".")]
    Exists { what: &'static str, arn: String },
    /// Documented rule, assumed text.
    #[error("You must specify exactly one of PrimaryContainer and Containers.")]
    OneKindOfContainer,
    /// Documented rule, assumed text.
    #[error("You must specify exactly one of Image and ModelPackageName for each container of a model.")]
    ImageOrPackage,
    /// Documented rule, assumed text.
    #[error("You must not specify both ModelDataUrl and ModelDataSource for a container.")]
    TwoKindsOfModelData,
    /// Assumed.
    #[error("Production variant names must be unique within an endpoint configuration: {0}")]
    VariantTwice(String),
    /// Documented rule, assumed text.
    #[error(
        "You must specify exactly one of InstanceType with InitialInstanceCount, InstancePools and ServerlessConfig \
         for production variant {0}."
    )]
    VariantCapacity(String),
    /// Documented rule, assumed text.
    #[error(
        "If you specify ShadowProductionVariants, you must specify exactly one production variant and one shadow \
         variant."
    )]
    OneShadow,
    /// Observed, of updates and deletions alike.
    #[error("Cannot update in-progress endpoint \"{arn}\".")]
    EndpointInProgress { arn: String },
    /// Documented rule, assumed text.
    #[error("Cannot update failed endpoint \"{arn}\". Delete the endpoint and create a new one.")]
    EndpointFailed { arn: String },
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

    fn code(&self) -> &'static str {
        match self {
            SageMakerError::NameInUse { .. }
            | SageMakerError::JobNameInUse { .. }
            | SageMakerError::NotDeletable { .. } => "ResourceInUse",
            SageMakerError::NotFound
            | SageMakerError::NoSuchJob { .. }
            | SageMakerError::NotDeletableYet { .. }
            | SageMakerError::OneSource(_)
            | SageMakerError::OneDestination(_)
            | SageMakerError::Payload { .. }
            | SageMakerError::PackageOrInput
            | SageMakerError::DeviceOrPlatform
            | SageMakerError::WrongStatus { .. }
            | SageMakerError::RemoteDebugNow { .. }
            | SageMakerError::Rule { .. }
            | SageMakerError::BadToken
            | SageMakerError::Required(_)
            | SageMakerError::NotPositive(_)
            | SageMakerError::TooLarge { .. }
            | SageMakerError::ImageOrAlgorithm
            | SageMakerError::TypeWithGroups
            | SageMakerError::PreferencesWith(_)
            | SageMakerError::VolumeMissing(_)
            | SageMakerError::WaitWithoutSpot
            | SageMakerError::SpotWait
            | SageMakerError::ChannelTwice(_)
            | SageMakerError::OneDataSource(_)
            | SageMakerError::FileSystemWithoutVpc(_)
            | SageMakerError::SomeChannelsGrouped { .. }
            | SageMakerError::UnknownInstanceGroup { .. }
            | SageMakerError::TagTwice(_)
            | SageMakerError::TagReserved(_)
            | SageMakerError::TooManyTags
            | SageMakerError::Unknown { .. }
            | SageMakerError::Exists { .. }
            | SageMakerError::OneKindOfContainer
            | SageMakerError::ImageOrPackage
            | SageMakerError::TwoKindsOfModelData
            | SageMakerError::VariantTwice(_)
            | SageMakerError::VariantCapacity(_)
            | SageMakerError::OneShadow
            | SageMakerError::EndpointInProgress { .. }
            | SageMakerError::EndpointFailed { .. } => "ValidationException",
        }
    }

    fn because(&self) -> Option<&'static str> {
        match self {
            SageMakerError::Rule { rule, .. } => Some(rule),
            _ => None,
        }
    }
}

impl From<SageMakerError> for Refused {
    fn from(error: SageMakerError) -> Self {
        Refused {
            code: error.code().into(),
            message: error.to_string(),
            status: 400,
            because: error.because(),
        }
    }
}
