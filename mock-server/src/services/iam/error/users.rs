//! The errors of users, groups, access keys and the account itself.

use crate::services::refusal::refusals;

refusals! {
    pub enum UserError as "iam-users" {
        UserExists(name: String) = "EntityAlreadyExists" 409,
            text "User with name {name} already exists.";
        GroupExists(name: String) = "EntityAlreadyExists" 409,
            text "Group with name {name} already exists.";
        /// The caller is meant, and is none of the account's users.
        NoUserName = "ValidationError",
            text "Must specify userName when calling with non-User credentials";

        // === Access keys ===
        NoSuchAccessKey(id: String) = "NoSuchEntity" 404,
            text "The Access Key with id {id} cannot be found.";
        /// A key that does not exist is refused in the words for a key of somebody else.
        ForeignAccessKey { caller: String, id: String } = "AccessDenied" 403,
            text "User: {caller} is not authorized to perform iam:GetAccessKeyLastUsed on resource: access key {id}";
        /// Nobody but AWS sets it.
        ExpiredStatus = "InvalidInput",
            assumed "The status of an access key can be set to Active or Inactive";

        // === Passwords ===
        LoginProfileExists(user: String) = "EntityAlreadyExists" 409,
            text "Login Profile for user {user} already exists.";
        NoSuchLoginProfile(user: String) = "NoSuchEntity" 404,
            text "Login Profile for User {user} cannot be found.";
        PasswordPolicyViolation = "PasswordPolicyViolation",
            text "Password does not conform to the account password policy.";
        NoPassword = "ValidationError",
            assumed "The password is required";
        WrongPassword = "AccessDenied" 403,
            assumed "The old password was incorrect.";
        RootPassword = "InvalidUserType",
            assumed "Only IAM Users can change their own password";
        NoPasswordPolicy(account: crate::kernel::AccountId) = "NoSuchEntity" 404,
            text "The Password Policy with domain name {account} cannot be found.";
        NoPasswordPolicyToDelete = "NoSuchEntity" 404,
            text "The account policy with name PasswordPolicy cannot be found.";

        // === The account ===
        AliasExists(alias: String) = "EntityAlreadyExists" 409,
            text "The account alias {alias} already exists.";
        NoSuchAlias(alias: String) = "NoSuchEntity" 404,
            assumed "The account alias {alias} cannot be found.";
        NoReport = "ReportNotPresent" 410,
            assumed "There is no credential report. Generate one first.";
        OldReport = "ReportExpired" 410,
            assumed "The credential report has expired. Generate another one.";
    }
}
