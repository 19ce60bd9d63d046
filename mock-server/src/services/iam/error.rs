//! The errors of IAM: one variant for each thing that it refuses, with its exact code and text.

use crate::services::Refused;

/// Why IAM refuses.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum IamError {
    #[error("The role with name {0} cannot be found.")]
    NoSuchRole(String),
    #[error("The role policy with name {0} cannot be found.")]
    NoSuchRolePolicy(String),
    #[error("Role with name {0} already exists.")]
    RoleExists(String),
    #[error("Cannot delete entity, must delete policies first.")]
    RoleHasPolicies,
    #[error("Cannot exceed quota for {quota}: {limit}")]
    Quota { quota: &'static str, limit: usize },
    #[error("Maximum policy size of {limit} bytes exceeded for role {role}")]
    PoliciesTooLarge { role: String, limit: usize },
    #[error("Duplicate tag keys found. Please note that Tag keys are case insensitive.")]
    DuplicateTagKeys,
    #[error("Invalid Marker.")]
    InvalidMarker,
    #[error(transparent)]
    Malformed(#[from] Malformed),
}

/// What is wrong with a policy document. The two kinds of policy are read by two parsers with texts of their own.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Malformed {
    #[error("This policy contains invalid Json")]
    Json,
    #[error("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.")]
    NoVendor,
    #[error("Actions/Condition can contain only one colon.")]
    Colons,

    // === Trust policies ===
    #[error("The policy must contain a valid version string")]
    Version,
    #[error("Missing required field {0}")]
    Missing(&'static str),
    #[error("Could not parse the policy: Statement is empty!")]
    NoStatements,
    #[error("Invalid effect: {0}")]
    Effect(String),
    #[error("Has prohibited field {0}")]
    Prohibited(&'static str),
    #[error("AssumeRole policy may only specify STS AssumeRole actions.")]
    NotAssumeRole,
    #[error("Invalid principal in policy: {0}")]
    Principal(String),

    // === Identity policies ===
    #[error("Syntax errors in policy.")]
    Syntax,
    #[error("Policy document should not specify a principal.")]
    HasPrincipal,
    #[error("Policy statement must contain actions.")]
    NoActions,
    #[error("Policy statement must contain resources.")]
    NoResources,
    #[error("Resource {0} must be in ARN format or \"*\".")]
    Resource(String),
    #[error("Statement IDs (SID) in a single policy must be unique.")]
    DuplicateSid,
}

impl IamError {
    fn code(&self) -> (&'static str, u16) {
        match self {
            IamError::NoSuchRole(_) | IamError::NoSuchRolePolicy(_) => ("NoSuchEntity", 404),
            IamError::RoleExists(_) => ("EntityAlreadyExists", 409),
            IamError::RoleHasPolicies => ("DeleteConflict", 409),
            IamError::Quota { .. } | IamError::PoliciesTooLarge { .. } => ("LimitExceeded", 409),
            IamError::DuplicateTagKeys => ("InvalidInput", 400),
            IamError::InvalidMarker => ("ValidationError", 400),
            IamError::Malformed(_) => ("MalformedPolicyDocument", 400),
        }
    }
}

impl From<IamError> for Refused {
    fn from(error: IamError) -> Self {
        let (code, status) = error.code();
        Refused { code: code.into(), message: error.to_string(), status, because: None, assumed: None }
    }
}
