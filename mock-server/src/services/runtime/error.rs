//! The errors of SageMaker Runtime: one variant for each thing that it refuses.

use crate::kernel::AccountId;
use crate::services::refusal::refusals;

refusals! {
    /// Why SageMaker Runtime refuses. Texts that are not marked `assumed` were seen in public issue threads.
    pub enum RuntimeError as "runtime" {
        /// Of one that is not in service yet or any more too; that is assumed.
        NoSuchEndpoint { name: String, account: AccountId } = "ValidationError",
            text "Endpoint {name} of account {account} not found.";
        NoSuchVariant { variant: String, name: String } = "ValidationError",
            assumed "Variant {variant} not found for endpoint {name}.";
        NotForManyModels { name: String } = "ValidationError",
            text "Endpoint {name} is not a multi-model endpoint and does not support target model header.";
        /// Seen as far as `target model header`.
        TargetModelMissing { request: String, name: String } = "ValidationError",
            assumed "Request {request} is missing a target model header required by multi-model endpoint {name}.";
        NoModelData { bucket: String, key: String } = "ValidationError",
            assumed "Failed to download model data(bucket: {bucket}, key: {key}). Please ensure that there is an \
                    object located at the URL and that the role passed to CreateModel has permissions to download \
                    the model.";
        NotDirect { name: String } = "ValidationError",
            assumed "Endpoint {name} does not support target container hostname header.";
        ContainerMissing { request: String, name: String } = "ValidationError",
            assumed "Request {request} is missing a target container hostname header required by endpoint {name}.";
        NoSuchContainer { container: String, name: String } = "ValidationError",
            assumed "Container {container} not found for endpoint {name}.";
        ComponentMissing = "ValidationError",
            text "Inference Component Name header is required for endpoints to which you plan to deploy inference \
                 components. Please include Inference Component Name header or consider using SageMaker models.";
        NoComponents { name: String } = "ValidationError",
            assumed "Endpoint {name} does not support inference component name header.";
        NoSuchComponent { component: String, name: String } = "ValidationError",
            assumed "Inference Component {component} not found for endpoint {name}.";
        NoCapacity = "ValidationError",
            text "Inference Component has no capacity to process this request. ApplicationAutoScaling may be \
                 in-progress (if configured) or try to increase the capacity by invoking \
                 UpdateInferenceComponentRuntimeConfig API.";
        /// The end of it was seen.
        OtherInferenceType { name: String } = "ValidationError",
            assumed "Endpoint {name} does not support this inference type.";
        /// That it is one of them: API reference, InvokeEndpointAsync.
        OneInput = "ValidationError",
            assumed "Exactly one of Body and InputLocation must be provided.";
        /// Seen of serverless endpoints. That they take 4 MB: developer guide, "serverless-endpoints".
        Oversize { request: String } = "ValidationError",
            text "Request {request} has oversize body.";
        /// A container that answered no success, or nothing.
        Model { text: String } = "ModelError" 424,
            text "{text}";
        /// A form of an operation that is not built.
        NotBuilt(what: &'static str) = "NotImplemented" 501,
            assumed "{what} is not implemented by this mock";
    }
}
