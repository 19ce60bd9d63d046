//! The errors of STS: one variant for each thing that it refuses, with its exact code and text.

use crate::services::Refused;

/// Why STS refuses.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum StsError {
    /// A role that does not exist is refused in the same words, so that nobody learns which roles there are.
    #[error("User: {caller} is not authorized to perform: sts:AssumeRole on resource: {role}")]
    AccessDenied { caller: String, role: String },
    #[error("{0} is invalid")]
    InvalidArn(String),
    #[error("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")]
    TooLong,
    #[error(
        "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."
    )]
    ChainedTooLong,
}

impl StsError {
    fn code(&self) -> (&'static str, u16) {
        match self {
            StsError::AccessDenied { .. } => ("AccessDenied", 403),
            StsError::InvalidArn(_) | StsError::TooLong | StsError::ChainedTooLong => {
                ("ValidationError", 400)
            }
        }
    }
}

impl From<StsError> for Refused {
    fn from(error: StsError) -> Self {
        let (code, status) = error.code();
        Refused { code: code.into(), message: error.to_string(), status, because: None, assumed: None }
    }
}
