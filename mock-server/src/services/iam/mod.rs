//! AWS Identity and Access Management: who there is, and the policies that they have been given.

mod access_key;
mod account;
mod attach;
mod authorization;
mod boundary;
mod credential_report;
pub(in crate::services) mod document;
mod entity;
pub mod error;
mod group;
mod holder;
pub(in crate::services) mod identity_document;
mod inline;
mod instance_profile;
mod login_profile;
mod managed;
pub(in crate::services) mod oidc_provider;
mod quota;
mod role;
pub mod service_linked;
mod simulate;
mod tags;
#[cfg(test)]
pub(in crate::services) mod tests;
mod user;
mod version;

pub use error::IamError;

use super::{Registrar, page};
use crate::model::{Group, InstanceProfile, ManagedPolicy, Role, User};
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
    registrar.write::<service_linked::CreateServiceLinkedRole>();
    registrar.write::<service_linked::DeleteServiceLinkedRole>();
    registrar.read::<service_linked::GetServiceLinkedRoleDeletionStatus>();

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

    policies(registrar);
    instance_profiles(registrar);
    oidc_provider::operations(registrar);
}

/// Managed policies, and what gives policies to users, groups and roles.
fn policies(registrar: &mut impl Registrar) {
    registrar.write::<managed::CreatePolicy>();
    registrar.read::<managed::GetPolicy>();
    registrar.read::<managed::ListPolicies>();
    registrar.write::<managed::DeletePolicy>();
    registrar.read::<managed::ListEntitiesForPolicy>();

    registrar.write::<version::CreatePolicyVersion>();
    registrar.read::<version::GetPolicyVersion>();
    registrar.read::<version::ListPolicyVersions>();
    registrar.write::<version::SetDefaultPolicyVersion>();
    registrar.write::<version::DeletePolicyVersion>();
    tags::<ManagedPolicy>(registrar);

    grants::<User>(registrar);
    grants::<Group>(registrar);
    grants::<Role>(registrar);
    boundaries::<User>(registrar);
    boundaries::<Role>(registrar);

    registrar.read::<simulate::SimulateCustomPolicy>();
    registrar.read::<simulate::SimulatePrincipalPolicy>();
    registrar.read::<simulate::GetContextKeysForCustomPolicy>();
    registrar.read::<simulate::GetContextKeysForPrincipalPolicy>();
}

/// What gives policies to one kind of holder, takes and tells them.
fn grants<H: holder::Holder>(registrar: &mut impl Registrar) {
    registrar.write::<inline::Put<H>>();
    registrar.read::<inline::Get<H>>();
    registrar.read::<inline::List<H>>();
    registrar.write::<inline::Delete<H>>();
    registrar.write::<attach::Attach<H>>();
    registrar.write::<attach::Detach<H>>();
    registrar.read::<attach::ListAttached<H>>();
}

fn boundaries<H: boundary::Bounded>(registrar: &mut impl Registrar) {
    registrar.write::<boundary::PutBoundary<H>>();
    registrar.write::<boundary::DeleteBoundary<H>>();
}

fn instance_profiles(registrar: &mut impl Registrar) {
    registrar.write::<instance_profile::CreateInstanceProfile>();
    registrar.read::<instance_profile::GetInstanceProfile>();
    registrar.read::<instance_profile::ListInstanceProfiles>();
    registrar.read::<instance_profile::ListInstanceProfilesForRole>();
    registrar.write::<instance_profile::DeleteInstanceProfile>();
    registrar.write::<instance_profile::AddRoleToInstanceProfile>();
    registrar.write::<instance_profile::RemoveRoleFromInstanceProfile>();
    tags::<InstanceProfile>(registrar);
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
