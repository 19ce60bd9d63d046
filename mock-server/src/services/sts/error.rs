//! The errors of STS: one variant for each thing that it refuses, with its exact code and text.

use crate::services::refusal::refusals;

refusals! {
    /// Why STS refuses.
    pub enum StsError as "sts" {
        /// A role that does not exist is refused in the same words, so that nobody learns which roles there are.
        AccessDenied { caller: String, role: String } = "AccessDenied" 403,
            text "User: {caller} is not authorized to perform: sts:AssumeRole on resource: {role}";
        InvalidArn(arn: String) = "ValidationError",
            text "{arn} is invalid";
        TooLong = "ValidationError",
            text "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.";
        ChainedTooLong = "ValidationError",
            text "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role \
                 chaining.";
    }
}
