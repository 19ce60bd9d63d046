//! Roles.

use super::error::IamError;
use super::{change, document, encoded, find, part, role_tags};
use crate::model::iam::base32;
use crate::model::{PolicyDocument, Role, Txn};
use crate::services::{Caller, Done, Home, Operation, Read, View, Write};
use role_tags::TagData;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Roles of an account.
const MOST_ROLES: usize = 1_000;
/// The least and the default.
const SESSION_SECONDS: i32 = 3_600;

/// A role as IAM tells it. Which members an answer has differs from operation to operation, as on AWS.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct RoleData {
    path: String,
    role_name: String,
    role_id: String,
    arn: String,
    create_date: i64,
    assume_role_policy_document: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_session_duration: Option<i32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<TagData>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role_last_used: Option<Done>,
}

impl RoleData {
    /// What every answer has.
    fn brief(role: &Role) -> Self {
        Self {
            path: role.path.clone(),
            role_name: role.name.clone(),
            role_id: role.unique_id.clone(),
            arn: role.arn.clone(),
            create_date: role.created.millis(),
            assume_role_policy_document: encoded(role.trust.text()),
            description: None,
            max_session_duration: None,
            tags: Vec::new(),
            role_last_used: None,
        }
    }

    fn created(role: &Role) -> Self {
        Self { tags: role_tags::data(&role.tags), ..Self::brief(role) }
    }

    fn described(role: &Role) -> Self {
        Self { description: role.description.clone(), ..Self::brief(role) }
    }

    fn listed(role: &Role) -> Self {
        Self { max_session_duration: Some(role.max_session_seconds), ..Self::described(role) }
    }

    fn full(role: &Role) -> Self {
        let tags = role_tags::data(&role.tags);
        Self { tags, role_last_used: Some(Done {}), ..Self::listed(role) }
    }
}

/// The answer of operations that tell one role.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct OneRole {
    role: RoleData,
}

pub struct CreateRole;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateRoleIn {
    path: Option<String>,
    role_name: String,
    assume_role_policy_document: String,
    description: Option<String>,
    max_session_duration: Option<i32>,
    #[serde(default)]
    tags: Vec<TagData>,
}

impl Operation for CreateRole {
    const NAME: &'static str = "CreateRole";
    const HOME: Home = Home::Account;
    type In = CreateRoleIn;
    type Out = OneRole;
    type Error = IamError;
}

impl Write for CreateRole {
    fn run(txn: &mut Txn<'_>, caller: &Caller, input: CreateRoleIn) -> Result<OneRole, IamError> {
        document::check_trust(&input.assume_role_policy_document)?;
        let tags = role_tags::merged(&Default::default(), input.tags)?;
        if txn.state.roles.contains(&Role::key_of(&input.role_name)) {
            return Err(IamError::RoleExists(input.role_name));
        }
        if txn.state.roles.len() >= MOST_ROLES {
            return Err(IamError::Quota { quota: "RolesPerAccount", limit: MOST_ROLES });
        }
        let path = input.path.unwrap_or_else(|| "/".to_owned());
        let resource = format!("role{path}{}", input.role_name);
        let role = Role {
            arn: caller.partition.arn("iam", "", caller.account, resource),
            unique_id: format!("AROA{}", base32(txn.mint("role"), 17)),
            name: input.role_name,
            path,
            description: input.description,
            trust: PolicyDocument::new(input.assume_role_policy_document),
            grants: Default::default(),
            max_session_seconds: input.max_session_duration.unwrap_or(SESSION_SECONDS),
            created: txn.now,
            tags,
        };
        Ok(OneRole { role: RoleData::created(&txn.state.roles.insert(role)) })
    }
}

/// The input of operations that take a role's name and no more.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Named {
    role_name: String,
}

pub struct GetRole;

impl Operation for GetRole {
    const NAME: &'static str = "GetRole";
    const HOME: Home = Home::Account;
    type In = Named;
    type Out = OneRole;
    type Error = IamError;
}

impl Read for GetRole {
    fn run(view: &View<'_>, input: Named) -> Result<OneRole, IamError> {
        Ok(OneRole { role: RoleData::full(find(view.state, &input.role_name)?) })
    }
}

pub struct ListRoles;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListRolesIn {
    path_prefix: Option<String>,
    marker: Option<String>,
    max_items: Option<usize>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListRolesOut {
    roles: Vec<RoleData>,
    is_truncated: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    marker: Option<String>,
}

impl Operation for ListRoles {
    const NAME: &'static str = "ListRoles";
    const HOME: Home = Home::Account;
    type In = ListRolesIn;
    type Out = ListRolesOut;
    type Error = IamError;
}

impl Read for ListRoles {
    fn run(view: &View<'_>, input: ListRolesIn) -> Result<ListRolesOut, IamError> {
        let prefix = input.path_prefix.as_deref().unwrap_or("/");
        let roles = view.state.roles.iter().filter(|role| role.path.starts_with(prefix));
        let key = |role: &&Arc<Role>| Role::key_of(&role.name);
        let (roles, marker) = part(roles, input.marker.as_deref(), input.max_items, key)?;
        let roles = roles.into_iter().map(|role| RoleData::listed(role)).collect();
        Ok(ListRolesOut { roles, is_truncated: marker.is_some(), marker })
    }
}

pub struct UpdateRole;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateRoleIn {
    role_name: String,
    description: Option<String>,
    max_session_duration: Option<i32>,
}

impl Operation for UpdateRole {
    const NAME: &'static str = "UpdateRole";
    const HOME: Home = Home::Account;
    type In = UpdateRoleIn;
    type Out = Done;
    type Error = IamError;
}

impl Write for UpdateRole {
    /// What is not given stays as it is.
    fn run(txn: &mut Txn<'_>, _: &Caller, input: UpdateRoleIn) -> Result<Done, IamError> {
        change(&mut txn.state, &input.role_name, |role| {
            role.description = input.description.or(role.description.take());
            role.max_session_seconds = input.max_session_duration.unwrap_or(role.max_session_seconds);
        })?;
        Ok(Done {})
    }
}

pub struct UpdateRoleDescription;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateRoleDescriptionIn {
    role_name: String,
    description: String,
}

impl Operation for UpdateRoleDescription {
    const NAME: &'static str = "UpdateRoleDescription";
    const HOME: Home = Home::Account;
    type In = UpdateRoleDescriptionIn;
    type Out = OneRole;
    type Error = IamError;
}

impl Write for UpdateRoleDescription {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: UpdateRoleDescriptionIn) -> Result<OneRole, IamError> {
        let described = |role: &mut Role| role.description = Some(input.description);
        let role = change(&mut txn.state, &input.role_name, described)?;
        Ok(OneRole { role: RoleData::described(&role) })
    }
}

pub struct UpdateAssumeRolePolicy;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateAssumeRolePolicyIn {
    role_name: String,
    policy_document: String,
}

impl Operation for UpdateAssumeRolePolicy {
    const NAME: &'static str = "UpdateAssumeRolePolicy";
    const HOME: Home = Home::Account;
    type In = UpdateAssumeRolePolicyIn;
    type Out = Done;
    type Error = IamError;
}

impl Write for UpdateAssumeRolePolicy {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: UpdateAssumeRolePolicyIn) -> Result<Done, IamError> {
        find(&txn.state, &input.role_name)?;
        document::check_trust(&input.policy_document)?;
        change(&mut txn.state, &input.role_name, |role| {
            role.trust = PolicyDocument::new(input.policy_document)
        })?;
        Ok(Done {})
    }
}

pub struct DeleteRole;

impl Operation for DeleteRole {
    const NAME: &'static str = "DeleteRole";
    const HOME: Home = Home::Account;
    type In = Named;
    type Out = Done;
    type Error = IamError;
}

impl Write for DeleteRole {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: Named) -> Result<Done, IamError> {
        let role = find(&txn.state, &input.role_name)?;
        if !role.grants.inline.is_empty() {
            return Err(IamError::RoleHasPolicies);
        }
        txn.state.roles.remove(&Role::key_of(&input.role_name));
        Ok(Done {})
    }
}
