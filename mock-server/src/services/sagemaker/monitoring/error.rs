//! What refuses monitoring definitions and schedules of its own; their jobs are refused as others are.

use crate::services::refusal::refusals;

refusals! {
    /// Why a call about monitoring is refused.
    pub enum MonitoringError as "sagemaker" {
        /// Observed of schedules that are described, in a public pull request. The code is in the service model.
        NoSchedule { arn: String } = "ResourceNotFound",
            text "Monitoring Schedule {arn} not found";
        NoAlert { name: String } = "ResourceNotFound",
            assumed "Monitoring Alert {name} not found";
        /// Documented: so many within the period.
        AlertPeriod { datapoints: u32, period: u32 } = "ValidationException",
            assumed "DatapointsToAlert ({datapoints}) must not be greater than EvaluationPeriod ({period}).";
        /// After the first one.
        NoDefinition { arn: String } = "ResourceNotFound",
            assumed "Monitoring Job Definition {arn} not found";
        /// The service model declares no code for a schedule that names a definition which is not there.
        UnknownDefinition { arn: String } = "ValidationException",
            assumed "Monitoring Job Definition {arn} not found";
        /// The code is in the service model.
        ScheduleExists { arn: String } = "ResourceInUse",
            assumed "Monitoring Schedule {arn} already exists";
        DefinitionExists { arn: String } = "ResourceInUse",
            assumed "Monitoring Job Definition {arn} already exists";
        /// Observed of schedules that are to be deleted, in a public issue thread; assumed of other changes.
        SchedulePending = "ValidationException",
            text "Monitoring schedule in status Pending";
        /// Documented: these forms and no others.
        Expression { expression: String } = "ValidationException",
            assumed "Invalid ScheduleExpression: {expression}. It must be NOW, cron(0 * ? * * *), cron(0 [00-23] ? * * *) \
                    or cron(0 [00-23]/[01-24] ? * * *).";
        OneMonitoringDefinition = "ValidationException",
            assumed "You must specify exactly one of MonitoringJobDefinition and MonitoringJobDefinitionName in \
                    MonitoringScheduleConfig.";
        OneInput = "ValidationException",
            assumed "You must specify exactly one of EndpointInput and BatchTransformInput.";
        /// Documented for MonitoringStoppingCondition.
        TooLong { given: u64, most: u64 } = "ValidationException",
            assumed "MaxRuntimeInSeconds ({given}) must not exceed {most} seconds for this schedule.";
        /// Documented for ScheduleConfig.
        WindowMissing = "ValidationException",
            assumed "DataAnalysisStartTime and DataAnalysisEndTime are required when ScheduleExpression is NOW.";
        /// Documented: an offset is an ISO 8601 duration, and the window is not empty and no longer than a day.
        Window { start: String, end: String } = "ValidationException",
            assumed "Invalid analysis window from {start} to {end}: both must be ISO 8601 durations, and the start must \
                    precede the end by at most 24 hours.";
        /// Documented for EndpointInput: an endpoint that captures data.
        NoCapture { arn: String } = "ValidationException",
            assumed "Endpoint \"{arn}\" does not have data capture enabled.";
        /// Documented in the developer guide, "Data and model quality monitoring with Amazon SageMaker Model Monitor":
        /// schedules go before their endpoint.
        EndpointMonitored { arn: String } = "ValidationException",
            assumed "Cannot delete endpoint \"{arn}\" while it has monitoring schedules. Delete them first.";
    }
}
