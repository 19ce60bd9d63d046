//! Refusals about policies, what they are attached to, and instance profiles.

use crate::services::refusal::refusals;

refusals! {
    /// Why IAM refuses something about policies.
    pub enum PolicyError as "iam-policy" {
        PolicyExists(name: String) = "EntityAlreadyExists" 409,
            text "A policy called {name} already exists. Duplicate names are not allowed.";
        NotAttachable(arn: String) = "NoSuchEntity" 404,
            text "Policy {arn} does not exist or is not attachable.";
        ServiceRolePolicy = "PolicyNotAttachable",
            text "Cannot attach a Service Role Policy to a Customer Role.";
        NoSuchVersion { arn: String, version: String } = "NoSuchEntity" 404,
            text "Policy {arn} version {version} does not exist or is not attachable.";
        TooManyVersions = "LimitExceeded" 409,
            text "A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version.";
        DefaultVersion = "DeleteConflict" 409,
            text "Cannot delete the default version of a policy.";
        HasVersions = "DeleteConflict" 409,
            text "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.";
        PolicyAttached = "DeleteConflict" 409,
            text "Cannot delete a policy attached to entities.";
        NoSuchInline { kind: &'static str, name: String } = "NoSuchEntity" 404,
            text "The {kind} policy with name {name} cannot be found.";
        InlineTooLarge { kind: &'static str, name: String, limit: usize } = "LimitExceeded" 409,
            text "Maximum policy size of {limit} bytes exceeded for {kind} {name}";

        // === Permissions boundaries ===
        BadBoundary(arn: String) = "ValidationError",
            assumed "Value ({arn}) for parameter PermissionsBoundary is invalid.";
        NoSuchBoundary(arn: String) = "NoSuchEntity" 404,
            text "Scope ARN: {arn} does not exist or is not attachable.";

        // === Service-linked roles ===
        Protected(name: String) = "UnmodifiableEntity",
            text "Cannot perform the operation on the protected role '{name}' - this role is only modifiable by AWS";
        LinkedRoleExists(name: String) = "InvalidInput",
            text "Service role name {name} has been taken in this account, please try a different suffix.";
        NoSuffix(service: &'static str) = "InvalidInput",
            text "Custom suffix is not allowed for {service}";
        /// No answer of AWS, which knows more services.
        UnknownService(service: String) = "NotImplemented" 501,
            text "CreateServiceLinkedRole for {service} is not implemented by this mock";
        NoSuchTask(task: String) = "NoSuchEntity" 404,
            assumed "The deletion task {task} cannot be found.";
        /// Only services have roles there.
        ReservedPath = "InvalidInput",
            assumed "The path /aws-service-role/ is reserved for service-linked roles.";

        // === Instance profiles ===
        ProfileExists(name: String) = "EntityAlreadyExists" 409,
            text "Instance Profile {name} already exists.";
        RoleNotInProfile { role: String, profile: String } = "NoSuchEntity" 404,
            assumed "The role with name {role} is not in the instance profile {profile}.";

        // === Simulation ===
        BadSource(arn: String) = "InvalidInput",
            assumed "Invalid Entity Arn: {arn} does not clearly define entity type and name.";
        NoSuchSource(arn: String) = "NoSuchEntity" 404,
            assumed "The entity {arn} cannot be found.";
        BadInputPolicy(message: String) = "InvalidInput",
            assumed "Invalid policy in the input: {message}";
        TwoBoundaries = "InvalidInput",
            assumed "Only one permissions boundary can be simulated.";
        BadCaller(arn: String) = "InvalidInput",
            assumed "Invalid Caller ARN: {arn}. It must be the ARN of an IAM user, group or role.";
        NoCaller = "InvalidInput",
            assumed "CallerArn must be given with ResourcePolicy.";
        BadResource(arn: String) = "InvalidInput",
            assumed "Invalid resource ARN: {arn}.";
        BadAction(action: String) = "InvalidInput",
            assumed "Invalid action name: {action}. It must be a service and an action, such as s3:GetObject.";
    }
}
