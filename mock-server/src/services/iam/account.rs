//! The account as a whole: its alias, and how much there is of everything.

use super::entity::{Part, Rest};
use super::error::{IamError, UserError};
use super::quota;
use crate::model::{Grants, State, Txn};
use crate::services::{Caller, Done, Home, Operation, Read, View, Write};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AliasIn {
    account_alias: String,
}

pub struct CreateAccountAlias;

impl Operation for CreateAccountAlias {
    const NAME: &'static str = "CreateAccountAlias";
    const HOME: Home = Home::Account;
    type In = AliasIn;
    type Out = Done;
    type Error = IamError;
}

impl Write for CreateAccountAlias {
    /// An account has one alias: another one takes its place.
    fn run(txn: &mut Txn<'_>, _: &Caller, input: AliasIn) -> Result<Done, IamError> {
        let new = Arc::from(input.account_alias.as_str());
        if txn.state.account.alias.as_ref() == Some(&new) {
            return Err(UserError::AliasExists(input.account_alias).into());
        }
        txn.state.account.alias = Some(new);
        Ok(Done {})
    }
}

pub struct DeleteAccountAlias;

impl Operation for DeleteAccountAlias {
    const NAME: &'static str = "DeleteAccountAlias";
    const HOME: Home = Home::Account;
    type In = AliasIn;
    type Out = Done;
    type Error = IamError;
}

impl Write for DeleteAccountAlias {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: AliasIn) -> Result<Done, IamError> {
        if txn.state.account.alias.as_deref() != Some(&input.account_alias) {
            return Err(UserError::NoSuchAlias(input.account_alias).into());
        }
        txn.state.account.alias = None;
        Ok(Done {})
    }
}

pub struct ListAccountAliases;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListAccountAliasesIn {
    marker: Option<String>,
    max_items: Option<usize>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListAccountAliasesOut {
    account_aliases: Vec<String>,
    #[serde(flatten)]
    rest: Rest,
}

impl Operation for ListAccountAliases {
    const NAME: &'static str = "ListAccountAliases";
    const HOME: Home = Home::Account;
    type In = ListAccountAliasesIn;
    type Out = ListAccountAliasesOut;
    type Error = IamError;
}

impl Read for ListAccountAliases {
    fn run(view: &View<'_>, input: ListAccountAliasesIn) -> Result<ListAccountAliasesOut, IamError> {
        let part = Part { marker: input.marker.as_deref(), max_items: input.max_items };
        let aliases = view.state.account.alias.iter().map(|alias| alias.to_string());
        let (account_aliases, rest) = part.of(aliases, String::clone)?;
        Ok(ListAccountAliasesOut { account_aliases, rest })
    }
}

/// An input without members.
#[derive(Deserialize)]
pub struct Nothing {}

pub struct GetAccountSummary;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetAccountSummaryOut {
    summary_map: BTreeMap<&'static str, usize>,
}

impl Operation for GetAccountSummary {
    const NAME: &'static str = "GetAccountSummary";
    const HOME: Home = Home::Account;
    type In = Nothing;
    type Out = GetAccountSummaryOut;
    type Error = IamError;
}

impl Read for GetAccountSummary {
    /// What there cannot be any of here is 0. The root of an account has a password.
    fn run(view: &View<'_>, _: Nothing) -> Result<GetAccountSummaryOut, IamError> {
        let state = view.state;
        let summary_map = BTreeMap::from([
            ("Users", state.users.len()),
            ("UsersQuota", quota::USERS),
            ("Groups", state.user_groups.len()),
            ("GroupsQuota", quota::GROUPS),
            ("GroupsPerUserQuota", quota::GROUPS_PER_USER),
            ("Roles", state.roles.len()),
            ("RolesQuota", quota::ROLES),
            ("InstanceProfiles", state.instance_profiles.len()),
            ("InstanceProfilesQuota", quota::INSTANCE_PROFILES),
            ("Policies", state.policies.len()),
            ("PoliciesQuota", quota::POLICIES),
            ("PolicySizeQuota", quota::POLICY_SIZE),
            ("PolicyVersionsInUse", versions_in_use(state)),
            ("PolicyVersionsInUseQuota", 10_000),
            ("VersionsPerPolicyQuota", quota::VERSIONS_PER_POLICY),
            ("AttachedPoliciesPerUserQuota", quota::ATTACHED_POLICIES),
            ("AttachedPoliciesPerGroupQuota", quota::ATTACHED_POLICIES),
            ("AttachedPoliciesPerRoleQuota", quota::ATTACHED_POLICIES),
            ("UserPolicySizeQuota", quota::USER_POLICY_SIZE),
            ("GroupPolicySizeQuota", quota::GROUP_POLICY_SIZE),
            ("RolePolicySizeQuota", quota::ROLE_POLICY_SIZE),
            ("AssumeRolePolicySizeQuota", quota::TRUST_POLICY_SIZE),
            ("AccessKeysPerUserQuota", quota::ACCESS_KEYS_PER_USER),
            ("SigningCertificatesPerUserQuota", 2),
            ("ServerCertificates", 0),
            ("ServerCertificatesQuota", 20),
            ("Providers", 0),
            ("MFADevices", 0),
            ("MFADevicesInUse", 0),
            ("AccountMFAEnabled", 0),
            ("AccountAccessKeysPresent", state.access_keys.count(&None).min(1)),
            ("AccountPasswordPresent", 1),
            ("AccountSigningCertificatesPresent", 0),
            ("GlobalEndpointTokenVersion", 1),
        ]);
        Ok(GetAccountSummaryOut { summary_map })
    }
}

/// Everything that anybody has been granted.
pub fn all_grants(state: &State) -> impl Iterator<Item = &Grants> {
    let users = state.users.iter().map(|user| &user.grants);
    let groups = state.user_groups.iter().map(|group| &group.grants);
    users.chain(groups).chain(state.roles.iter().map(|role| &role.grants))
}

/// The default versions of what is attached to anybody. Assumed: AWS does not say what it counts.
fn versions_in_use(state: &State) -> usize {
    let arns = all_grants(state).flat_map(|grants| grants.attached.iter().chain(&grants.boundary));
    arns.collect::<BTreeSet<_>>().len()
}
