//! Refusals of what is asked of Studio: domains, user profiles, spaces and apps.
//!
//! Codes are those of the service model; texts that are not marked `assumed` were seen in public issue threads.

use crate::services::refusal::refusals;

refusals! {
    pub enum StudioError as "sagemaker" {
        NoSuchStudio { what: &'static str, name: String } = "ResourceNotFound",
            assumed "{what} [{name}] does not exist.";
        StudioExists { what: &'static str, arn: String } = "ResourceInUse",
            assumed "{what} [{arn}] already exists.";
        /// Observed of user profiles that have apps.
        StudioHeld { what: &'static str, arn: String, by: &'static str } = "ResourceInUse",
            text "Unable to delete {what} [{arn}] because {by}(s) are associated with it.";
        StudioBusy { what: &'static str, arn: String, status: &'static str } = "ResourceInUse",
            assumed "{what} [{arn}] is in status {status}.";
        DomainSubnets { subnets: String, vpc: String } = "ValidationException",
            assumed "The subnets [{subnets}] are not in the VPC {vpc}.";
        NoSuchVpc { vpc: String } = "ValidationException",
            assumed "The VPC {vpc} does not exist.";
        /// That it is refused is documented: API reference, CreateDomain.
        DomainNetwork = "ValidationException",
            assumed "VpcId and SubnetIds must be specified.";
        /// That it is refused is documented: API reference, UserSettings.
        VpcOnlyGroups = "ValidationException",
            assumed "SecurityGroups must be specified when AppNetworkAccessType is VpcOnly.";
        /// As above: the service adds one of its own.
        StudioGroups { most: usize } = "ValidationException",
            assumed "No more than {most} SecurityGroups can be specified.";
        StudioRoom { subnets: String } = "ValidationException",
            assumed "The specified subnet(s) [{subnets}] do not have enough free IP addresses.";
        /// That it is refused is documented: API reference, UpdateDomain.
        DomainHasApps { change: &'static str } = "ValidationException",
            assumed "{change} only if the domain has no apps in status InService, Pending or Deleting.";
        OneOwner = "ValidationException",
            assumed "You must specify exactly one of UserProfileName and SpaceName.";
        NotOfIam = "ValidationException",
            assumed "A presigned URL can be created only for a domain whose AuthMode is IAM.";
        SignOn = "ValidationException",
            assumed "SingleSignOnUserIdentifier and SingleSignOnUserValue must be specified if and only if the AuthMode \
                    of the domain is SSO.";
        /// Documented: API reference, CreateSpace.
        SharingWithOwner = "ValidationException",
            assumed "OwnershipSettings and SpaceSharingSettings must be specified together.";
        NoSuchLifecycleConfig { arn: String } = "ValidationException",
            assumed "The lifecycle configuration {arn} does not exist.";
        /// Documented: API reference, JupyterServerAppSettings.
        LifecycleDefault = "ValidationException",
            assumed "DefaultResourceSpec must be specified with LifecycleConfigArns.";
        /// Seen with a quota that could not be raised then.
        TooManyDomains { most: usize, used: usize } = "ResourceLimitExceeded",
            text "The account-level service limit 'Total domains' is {most} Domains, with current utilization of {used} \
                  Domains and a request delta of 1 Domains. Please contact AWS support to request an increase for this \
                  limit.";
        TooManyProfiles { most: usize, used: usize } = "ResourceLimitExceeded",
            assumed "The account-level service limit 'Total user profiles' is {most} UserProfiles, with current \
                     utilization of {used} UserProfiles and a request delta of 1 UserProfiles. Please contact AWS support \
                     to request an increase for this limit.";
        /// No answer of AWS: the operation is there, this form of it is not.
        StudioForm(form: &'static str) = "NotImplemented" 501,
            text "{form} is not implemented by this mock";
    }
}
