//! AWS Identity and Access Management: users, groups and roles with what belongs to them.

mod access_key;
mod account;
mod authorization;
mod credential_report;
mod document;
mod entity;
pub mod error;
mod group;
mod login_profile;
mod quota;
mod role;
mod role_policy;
mod tags;
#[cfg(test)]
pub(in crate::services) mod tests;
mod user;

pub use error::IamError;

use super::{Registrar, page};
use crate::model::{Role, User};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Every operation that behaves. The list is in order of resource.
pub fn operations(registrar: &mut impl Registrar) {
    registrar.write::<role::CreateRole>();
    registrar.read::<role::GetRole>();
    registrar.read::<role::ListRoles>();
    registrar.write::<role::UpdateRole>();
    registrar.write::<role::UpdateRoleDescription>();
    registrar.write::<role::UpdateAssumeRolePolicy>();
    registrar.write::<role::DeleteRole>();

    registrar.write::<role_policy::PutRolePolicy>();
    registrar.read::<role_policy::GetRolePolicy>();
    registrar.read::<role_policy::ListRolePolicies>();
    registrar.write::<role_policy::DeleteRolePolicy>();

    tags::<Role>(registrar);

    registrar.write::<user::CreateUser>();
    registrar.read::<user::GetUser>();
    registrar.read::<user::ListUsers>();
    registrar.write::<user::UpdateUser>();
    registrar.write::<user::DeleteUser>();
    tags::<User>(registrar);

    registrar.write::<group::CreateGroup>();
    registrar.read::<group::GetGroup>();
    registrar.read::<group::ListGroups>();
    registrar.read::<group::ListGroupsForUser>();
    registrar.write::<group::UpdateGroup>();
    registrar.write::<group::DeleteGroup>();
    registrar.write::<group::AddUserToGroup>();
    registrar.write::<group::RemoveUserFromGroup>();

    registrar.write::<access_key::CreateAccessKey>();
    registrar.read::<access_key::ListAccessKeys>();
    registrar.write::<access_key::UpdateAccessKey>();
    registrar.write::<access_key::DeleteAccessKey>();
    registrar.read::<access_key::GetAccessKeyLastUsed>();

    registrar.write::<login_profile::CreateLoginProfile>();
    registrar.read::<login_profile::GetLoginProfile>();
    registrar.write::<login_profile::UpdateLoginProfile>();
    registrar.write::<login_profile::DeleteLoginProfile>();
    registrar.write::<login_profile::ChangePassword>();
    registrar.read::<login_profile::GetAccountPasswordPolicy>();
    registrar.write::<login_profile::UpdateAccountPasswordPolicy>();
    registrar.write::<login_profile::DeleteAccountPasswordPolicy>();

    registrar.write::<account::CreateAccountAlias>();
    registrar.read::<account::ListAccountAliases>();
    registrar.write::<account::DeleteAccountAlias>();
    registrar.read::<account::GetAccountSummary>();
    registrar.read::<authorization::GetAccountAuthorizationDetails>();
    registrar.write::<credential_report::GenerateCredentialReport>();
    registrar.read::<credential_report::GetCredentialReport>();
}

/// What changes and tells the tags of one kind of thing.
fn tags<E: entity::Tagged>(registrar: &mut impl Registrar) {
    registrar.write::<tags::Tag<E>>();
    registrar.write::<tags::Untag<E>>();
    registrar.read::<tags::ListTags<E>>();
}

/// What RFC 3986 leaves as it is.
const UNRESERVED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// A policy document as IAM sends it.
fn encoded(document: &str) -> String {
    utf8_percent_encode(document, &UNRESERVED).to_string()
}
