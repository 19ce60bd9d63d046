//! Refusals of deployment configurations. That they must be so is documented; that the call is refused, and in these
//! words, is assumed.

use crate::services::refusal::refusals;

refusals! {
    pub enum DeploymentError as "sagemaker" {
        TwoPolicies = "ValidationException",
            assumed "Only one of BlueGreenUpdatePolicy and RollingUpdatePolicy can be specified in DeploymentConfig.";
        NoSize { member: &'static str, routing: String } = "ValidationException",
            assumed "{member} must be specified for traffic routing of type {routing}.";
        Size { member: &'static str, least: u64, most: u64, variant: String, instances: u32 } = "ValidationException",
            assumed "The value of {member} must be between {least}% and {most}% of the total instance count of \
                    variant {variant}, which is {instances}.";
        OtherVariants { old: String, new: String } = "ValidationException",
            assumed "The new endpoint configuration must have the same variant names as the old one to shift traffic \
                    in steps: it has [{new}], and not [{old}].";
        Excluded { feature: &'static str } = "ValidationException",
            assumed "Rolling deployments are not supported for {feature}.";
        TimeoutTooShort { timeout: u64, waits: u64 } = "ValidationException",
            assumed "MaximumExecutionTimeoutInSeconds ({timeout}) must be larger than the total of \
                    WaitIntervalInSeconds and TerminationWaitInSeconds ({waits}).";
    }
}
