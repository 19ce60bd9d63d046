//! Refusals of what is asked of notebook instances and their lifecycle configurations.
//!
//! Texts that are not marked `assumed` were seen in public issue threads, or are those that another mock tells.

use crate::services::refusal::refusals;

refusals! {
    pub enum NotebookError as "sagemaker" {
        NoSuchNotebook = "ValidationException",
            text "RecordNotFound";
        NotebookExists { arn: String } = "ValidationException",
            text "Cannot create a duplicate Notebook Instance ({arn})";
        /// The statuses from which an update may begin are assumed.
        NotebookStatus { status: &'static str, from: String, to: &'static str, arn: String } = "ValidationException",
            text "Status ({status}) not in ([{from}]). Unable to transition to ({to}) for Notebook Instance ({arn}).";
        NotebookNotInService { status: &'static str, arn: String } = "ValidationException",
            assumed "Status ({status}) not in ([InService]). Unable to create a presigned URL for Notebook Instance \
                    ({arn}).";
        /// Observed of notebook-al2-v1.
        Platform { platform: String } = "ValidationException",
            text "Platform identifier ({platform}) is not supported for this service.";
        /// That it is refused is documented: API reference, CreateNotebookInstance.
        InternetWithoutSubnet = "ValidationException",
            assumed "DirectInternetAccess can be set to Disabled only if SubnetId is specified.";
        GroupsWithoutSubnet = "ValidationException",
            assumed "SubnetId must be specified if SecurityGroupIds are specified.";
        /// That it is refused is documented: API reference, UpdateNotebookInstance.
        SmallerVolume { now: u64, asked: u64 } = "ValidationException",
            assumed "The volume size of a notebook instance cannot be decreased: it is {now} GB, and {asked} GB were \
                    requested.";
        NoSuchLifecycle { verb: &'static str, arn: String } = "ValidationException",
            text "Unable to {verb} Notebook Instance Lifecycle Config '{arn}'. (Details: Notebook Instance Lifecycle \
                 Config does not exist.)";
        LifecycleExists { arn: String } = "ValidationException",
            text "Unable to create Notebook Instance Lifecycle Config {arn}. (Details: Notebook Instance Lifecycle \
                 Config already exists.)";
        /// No answer of AWS: the operation is there, this form of it is not.
        NotebookForm(form: &'static str) = "NotImplemented" 501,
            text "{form} is not implemented by this mock";
    }
}
