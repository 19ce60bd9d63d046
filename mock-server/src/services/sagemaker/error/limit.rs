//! Refusals for quotas of SageMaker's.

use crate::services::refusal::refusals;

refusals! {
    pub enum LimitError as "sagemaker" {
        /// Observed, of instances and of notebook instances alike. Newer answers end with two sentences about Service
        /// Quotas in place of the last one.
        Exceeded { quota: String, most: usize, used: u64, delta: u64, unit: &'static str }
            = "ResourceLimitExceeded" for "SM-F-LIMIT",
            text "The account-level service limit '{quota}' is {most} {unit}, with current utilization of {used} {unit} \
                 and a request delta of {delta} {unit}. Please contact AWS support to request an increase for this \
                 limit.";
    }
}
