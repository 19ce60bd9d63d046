//! What refuses an AutoML job of its own; its jobs are refused as others are.

use crate::services::refusal::refusals;

refusals! {
    /// Why a call about AutoML jobs is refused.
    pub enum AutoMlError as "sagemaker" {
        /// The code is in the service model.
        NoAutoMlJob { name: String } = "ResourceNotFound",
            assumed "Could not find requested job with name: {name}";
        /// Documented for DescribeAutoMLJob: it does not describe such jobs.
        NotOfFirst { name: String } = "ValidationException",
            assumed "AutoML job {name} was created by CreateAutoMLJobV2. Use DescribeAutoMLJobV2 to describe it.";
        /// The code is in the service model.
        AutoMlNameInUse { arn: String } = "ResourceInUse",
            assumed "AutoML job names must be unique within an AWS account and region, and an AutoML job with this name \
                    already exists ({arn})";
        OneProblem = "ValidationException",
            assumed "You must specify exactly one problem type in AutoMLProblemTypeConfig.";
        /// Documented for CreateAutoMLJob and TabularJobConfig: both or none.
        ProblemWithObjective = "ValidationException",
            assumed "You must specify both ProblemType and AutoMLJobObjective, or neither of them.";
        /// Documented for ModelDeployConfig.
        EndpointNameTwice = "ValidationException",
            assumed "EndpointName must be specified if and only if AutoGenerateEndpointName is false.";
        /// Documented for AutoMLOutputDataConfig.
        OutputPath = "ValidationException",
            assumed "S3OutputPath must be 512 characters or less.";
        /// Documented for AutoMLJobChannel: the channels of one job are of one content type.
        ChannelsDiffer = "ValidationException",
            assumed "Channels for training and validation must share the same ContentType and TargetAttributeName.";
    }
}
