//! What refuses a call about pipelines.

use crate::services::refusal::refusals;

refusals! {
    /// Why a call about pipelines is refused.
    pub enum PipelineError as "sagemaker" {
        /// Known from another mock only.
        PipelineExists { arn: String } = "ValidationException",
            assumed "Pipeline names must be unique within an AWS account and region. Pipeline with name ({arn}) \
                    already exists.";
        NoPipeline { arn: String } = "ResourceNotFound",
            assumed "Pipeline '{arn}' does not exist.";
        NoExecution { arn: String } = "ResourceNotFound",
            assumed "Pipeline execution with ARN '{arn}' does not exist.";
        OneDefinition = "ValidationException",
            assumed "You must specify exactly one of PipelineDefinition and PipelineDefinitionS3Location.";
        DefinitionNotFound { bucket: String, key: String } = "ValidationException",
            assumed "Unable to read the pipeline definition s3://{bucket}/{key}.";
        /// Where AWS says so, and how it goes on, is not known.
        BadDefinition { why: String } = "ValidationException",
            assumed "Unable to parse pipeline definition. {why}";
        UnknownParameter { name: String } = "ValidationException",
            assumed "Parameter [{name}] is not defined in the pipeline definition.";
        ParameterMissing { name: String } = "ValidationException",
            assumed "Parameter [{name}] has no default value and no value was specified.";
        ParameterType { name: String, value: String, wanted: String } = "ValidationException",
            assumed "The value [{value}] of parameter [{name}] is not of type {wanted}, or none of its values.";
        /// Documented: API reference, SelectiveExecutionConfig; developer guide, "pipelines-selective-ex".
        SelectedUnknown { step: String } = "ValidationException",
            assumed "Step [{step}] of SelectedSteps is not defined in the pipeline definition.";
        /// As above: all steps on the way from one to another are selected.
        SelectedGap { step: String } = "ValidationException",
            assumed "Step [{step}] lies between steps of SelectedSteps and must be one of them.";
        /// As above: what selected steps need of others comes from an execution of the pipeline.
        SelectedSource { step: String, other: String } = "ValidationException",
            assumed "Selected step [{step}] depends on step [{other}], which is not selected; specify a \
                    SourcePipelineExecutionArn of this pipeline in which it succeeded.";
        SourceRuns { arn: String } = "ValidationException",
            assumed "The source pipeline execution {arn} has not ended.";
        ExecutionRuns { arn: String } = "ConflictException",
            assumed "Pipeline execution {arn} has not ended.";
        ExecutionStatus { arn: String, status: &'static str } = "ConflictException",
            assumed "Pipeline execution {arn} is in status {status}.";
        /// What a step says whose call the pipeline's role may not make; the text is that of any call.
        StepDenied { caller: String, action: String, resource: String, reason: String } = "AccessDeniedException",
            text "User: {caller} is not authorized to perform: {action} on resource: {resource} {reason}";
        /// No answer of AWS: the operation is there, this form of it is not.
        PipelineNotBuilt { form: String } = "NotImplemented" 501,
            text "{form} is not implemented by this mock";
    }
}
