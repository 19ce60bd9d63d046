//! Refusals of variants that do not go together with something.

use crate::services::refusal::refusals;

refusals! {
    pub enum VariantError as "sagemaker" {
        /// That it is refused is documented: developer guide, "serverless-endpoints". Of network isolation somebody was
        /// told so; the words of the others are after that.
        Serverless { feature: &'static str } = "ValidationException",
            assumed "{feature} is not supported for serverless endpoint";
        ServerlessConcurrency { provisioned: u64, most: u64 } = "ValidationException",
            assumed "ProvisionedConcurrency ({provisioned}) must not be greater than MaxConcurrency ({most})";
        /// Of Marketplace images somebody was told so; the words of the others are after that.
        Async { feature: &'static str } = "ValidationException",
            assumed "{feature} are not supported when specifying an AsyncInferenceConfig.";
        /// That it is refused is documented: developer guide, "shadow-tests-exclusions".
        Shadow { feature: &'static str } = "ValidationException",
            assumed "{feature} are not supported when specifying ShadowProductionVariants.";
        /// Seen in public issues; how the sentence ends was told in several ways.
        VolumeWithStorage { instance_type: String } = "ValidationException",
            assumed "VolumeSize parameter is not allowed for the selected Instance type {instance_type}";
        /// That it is refused was seen by the AWS provider of Terraform.
        RoleOfComponents { variant: String } = "ValidationException",
            assumed "ExecutionRoleArn must be specified for variant {variant}, which has no ModelName.";
        /// That it is refused was seen by the AWS provider of Terraform; the words are after those of managed scaling.
        IsolationOfModel = "ValidationException",
            assumed "EnableNetworkIsolation is only supported for inference component endpoints.";
        /// That they exclude each other is documented: API reference, ClarifyShapBaselineConfig.
        TwoBaselines = "ValidationException",
            assumed "You must not specify both ShapBaseline and ShapBaselineUri in ShapBaselineConfig.";
        /// That it is refused is documented: API reference, ClarifyInferenceConfig.
        NoTextFeature = "ValidationException",
            assumed "FeatureTypes of InferenceConfig must have at least one feature of type text.";
        /// That this and the next one are refused is documented: API reference, PrefixAwareRoutingConfig and
        /// ProductionVariantRoutingConfig.
        PrefixLacks { member: &'static str, variant: String } = "ValidationException",
            assumed "{member} must be specified in PrefixAwareRoutingConfig of variant {variant}, whose RoutingStrategy is \
                    PREFIX_AWARE.";
        PrefixUnasked { variant: String } = "ValidationException",
            assumed "PrefixAwareRoutingConfig of variant {variant} can be specified only if RoutingStrategy is PREFIX_AWARE.";
        /// Seen in a pull request of the AWS provider of Terraform.
        ScalingOfModel = "ValidationException",
            text "ManagedInstanceScaling is only supported for inference component endpoints.";
        /// What the bounds mean is documented (API reference, ProductionVariantManagedInstanceScaling); that the call is
        /// refused is assumed.
        ScalingBounds { least: u64, most: u64 } = "ValidationException",
            assumed "MinInstanceCount ({least}) must not be greater than MaxInstanceCount ({most})";
        ScalingInitial { count: u32, variant: String } = "ValidationException",
            assumed "InitialInstanceCount ({count}) of variant {variant} must be between MinInstanceCount and \
                    MaxInstanceCount of its ManagedInstanceScaling";
        /// That it is refused is documented: API reference, CreateEndpointConfig.
        Traffic { feature: &'static str } = "ValidationException",
            assumed "CrossRegionTrafficConfig cannot be specified with {feature}.";
        /// That it is refused is documented: developer guide, "serverless-endpoints".
        ToServerless { arn: String } = "ValidationException",
            assumed "Cannot update instance-based endpoint \"{arn}\" to a serverless endpoint.";
        /// Seen in an issue of the SageMaker Python SDK, up to its second sentence.
        AsyncStays { name: String } = "ValidationException",
            assumed "The AsyncInferenceConfig parameter cannot be removed from this endpoint {name}. To change the \
                    endpoint, delete it and create a new one.";
    }
}
