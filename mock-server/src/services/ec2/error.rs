//! The errors of EC2: one variant for each thing that it refuses, with its exact code and text.

use crate::services::Refused;

/// Why EC2 refuses.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Ec2Error {
    #[error("The vpc ID '{0}' does not exist")]
    VpcNotFound(String),
}

impl Ec2Error {
    fn code(&self) -> &'static str {
        match self {
            Ec2Error::VpcNotFound(_) => "InvalidVpcID.NotFound",
        }
    }
}

impl From<Ec2Error> for Refused {
    fn from(error: Ec2Error) -> Self {
        Refused { code: error.code().into(), message: error.to_string(), status: 400, because: None }
    }
}
