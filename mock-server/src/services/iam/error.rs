//! The errors of IAM: one variant for each thing that it refuses, with its exact code and text.

mod policy;
mod users;

use crate::services::refusal::refusals;
pub use policy::PolicyError;
pub use users::UserError;

refusals! {
    /// Why IAM refuses.
    pub enum IamError as "iam" {
        NoSuchRole(name: String) = "NoSuchEntity" 404,
            text "The role with name {name} cannot be found.";
        NoSuchUser(name: String) = "NoSuchEntity" 404,
            text "The user with name {name} cannot be found.";
        NoSuchGroup(name: String) = "NoSuchEntity" 404,
            text "The group with name {name} cannot be found.";
        NoSuchInstanceProfile(name: String) = "NoSuchEntity" 404,
            text "Instance Profile {name} cannot be found.";
        NoSuchPolicy(arn: String) = "NoSuchEntity" 404,
            text "Policy {arn} was not found.";
        NoSuchOidcProvider(arn: String) = "NoSuchEntity" 404,
            text "OpenIDConnect Provider not found for arn {arn}";
        OidcProviderExists(url: String) = "EntityAlreadyExists" 409,
            text "Provider with url {url} already exists.";
        InvalidOidcUrl = "ValidationError",
            text "Invalid Open ID Connect Provider URL";
        TooManyThumbprints = "InvalidInput",
            text "Thumbprint list must contain fewer than 5 entries.";
        RoleExists(name: String) = "EntityAlreadyExists" 409,
            text "Role with name {name} already exists.";
        /// What stands in the way is one of a few fixed phrases.
        MustFirst(what: &'static str) = "DeleteConflict" 409,
            text "Cannot delete entity, must {what} first.";
        Quota { quota: &'static str, limit: usize } = "LimitExceeded" 409,
            text "Cannot exceed quota for {quota}: {limit}";
        DuplicateTagKeys = "InvalidInput",
            text "Duplicate tag keys found. Please note that Tag keys are case insensitive.";
        ReservedTagKey = "InvalidInput",
            assumed "Tag keys beginning with 'aws:' are reserved for internal use.";
        InvalidMarker = "ValidationError",
            text "Invalid Marker.";
    } with {
        Malformed(Malformed),
        Policy(PolicyError),
        Users(UserError),
    }
}

refusals! {
    /// What is wrong with a policy document. The two kinds of policy are read by two parsers with texts of their own.
    pub enum Malformed as "iam-malformed" {
        Json = "MalformedPolicyDocument",
            text "This policy contains invalid Json";
        NoVendor = "MalformedPolicyDocument",
            text "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.";
        Colons = "MalformedPolicyDocument",
            text "Actions/Condition can contain only one colon.";

        // === Trust policies ===
        Version = "MalformedPolicyDocument",
            text "The policy must contain a valid version string";
        Unknown(name: String) = "MalformedPolicyDocument",
            text "Unknown field {name}";
        /// What it says of conditions and of two elements of a pair could not be found.
        Unreadable(fault: String) = "MalformedPolicyDocument",
            assumed "Could not parse the policy: {fault}";
        Missing(name: &'static str) = "MalformedPolicyDocument",
            text "Missing required field {name}";
        NoStatements = "MalformedPolicyDocument",
            text "Could not parse the policy: Statement is empty!";
        Effect(name: String) = "MalformedPolicyDocument",
            text "Invalid effect: {name}";
        Prohibited(name: &'static str) = "MalformedPolicyDocument",
            text "Has prohibited field {name}";
        NotAssumeRole = "MalformedPolicyDocument",
            text "AssumeRole policy may only specify STS AssumeRole actions.";
        Principal(name: String) = "MalformedPolicyDocument",
            text "Invalid principal in policy: {name}";

        // === Identity policies ===
        Syntax = "MalformedPolicyDocument",
            text "Syntax errors in policy.";
        OldVersion = "MalformedPolicyDocument",
            text "Policy document must be version 2012-10-17 or greater.";
        Legacy = "MalformedPolicyDocument",
            text "The policy failed legacy parsing";
        Vendor(name: String) = "MalformedPolicyDocument",
            text "Vendor {name} is not valid";
        HasPrincipal = "MalformedPolicyDocument",
            text "Policy document should not specify a principal.";
        NoActions = "MalformedPolicyDocument",
            text "Policy statement must contain actions.";
        NoResources = "MalformedPolicyDocument",
            text "Policy statement must contain resources.";
        Resource(name: String) = "MalformedPolicyDocument",
            text "Resource {name} must be in ARN format or \"*\".";
        Partition { partition: String, resource: String } = "MalformedPolicyDocument",
            text "Partition \"{partition}\" is not valid for resource \"{resource}\".";
        ResourceVendor = "MalformedPolicyDocument",
            text "Resource vendor must be fully qualified and cannot contain regexes.";
        Region(name: String) = "MalformedPolicyDocument",
            text "Resource {name} can not contain region information.";
        IamRegion(name: String) = "MalformedPolicyDocument",
            text "IAM resource {name} cannot contain region information.";
        IamPath(starts: String) = "MalformedPolicyDocument",
            text "IAM resource path must either be \"*\" or start with {starts}.";
        DuplicateSid = "MalformedPolicyDocument",
            text "Statement IDs (SID) in a single policy must be unique.";
    }
}
