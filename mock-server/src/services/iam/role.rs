//! Roles.

use super::boundary;
use super::entity::{self, BoundaryData, ByPath, Named, Rest, change, check_no_policies, find};
use super::error::{IamError, PolicyError};
use super::tags::{self, TagData};
use super::{document, encoded, quota, service_linked};
use crate::kernel::Row;
use crate::model::{PolicyDocument, Role, Txn};
use crate::services::{Caller, Done, Home, Operation, Read, View, Write};
use serde::{Deserialize, Serialize};

/// The least and the default.
pub const SESSION_SECONDS: i32 = 3_600;

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
    #[serde(skip_serializing_if = "Option::is_none")]
    permissions_boundary: Option<BoundaryData>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<TagData>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role_last_used: Option<Done>,
}

impl RoleData {
    /// What every answer has.
    pub fn brief(role: &Role) -> Self {
        Self {
            path: role.path.clone(),
            role_name: role.name.clone(),
            role_id: role.unique_id.clone(),
            arn: role.arn.clone(),
            create_date: role.created.millis(),
            assume_role_policy_document: encoded(role.trust.text()),
            description: None,
            max_session_duration: None,
            permissions_boundary: None,
            tags: Vec::new(),
            role_last_used: None,
        }
    }

    pub fn created(role: &Role) -> Self {
        let permissions_boundary = BoundaryData::of(&role.grants);
        Self { permissions_boundary, tags: tags::data(&role.tags), ..Self::brief(role) }
    }

    fn described(role: &Role) -> Self {
        Self { description: role.description.clone(), ..Self::brief(role) }
    }

    fn listed(role: &Role) -> Self {
        Self { max_session_duration: Some(role.max_session_seconds), ..Self::described(role) }
    }

    fn full(role: &Role) -> Self {
        let permissions_boundary = BoundaryData::of(&role.grants);
        let (tags, role_last_used) = (tags::data(&role.tags), Some(Done {}));
        Self { permissions_boundary, tags, role_last_used, ..Self::listed(role) }
    }
}

/// The answer of operations that tell one role.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct OneRole {
    pub role: RoleData,
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
    permissions_boundary: Option<String>,
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
        let tags = tags::of_new::<Role>(input.tags)?;
        if input.path.as_deref().is_some_and(|path| path.starts_with(service_linked::PATH)) {
            return Err(PolicyError::ReservedPath.into());
        }
        if txn.state.roles.contains(&Role::key_of(&input.role_name)) {
            return Err(IamError::RoleExists(input.role_name));
        }
        quota::room("RolesPerAccount", txn.state.roles.len(), quota::ROLES)?;
        let grants = boundary::of_new(&txn.state, input.permissions_boundary)?;
        let path = entity::path_or_root(input.path);
        let role = Role {
            arn: entity::arn::<Role>(caller, &path, &input.role_name),
            unique_id: entity::unique_id::<Role>(txn),
            name: input.role_name,
            path,
            description: input.description,
            trust: PolicyDocument::new(input.assume_role_policy_document),
            grants,
            max_session_seconds: input.max_session_duration.unwrap_or(SESSION_SECONDS),
            created: txn.now,
            tags,
        };
        Ok(OneRole { role: RoleData::created(&txn.state.roles.insert(role)) })
    }
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
        Ok(OneRole { role: RoleData::full(find(view.state, &input.name)?) })
    }
}

pub struct ListRoles;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListRolesOut {
    roles: Vec<RoleData>,
    #[serde(flatten)]
    rest: Rest,
}

impl Operation for ListRoles {
    const NAME: &'static str = "ListRoles";
    const HOME: Home = Home::Account;
    type In = ByPath;
    type Out = ListRolesOut;
    type Error = IamError;
}

impl Read for ListRoles {
    fn run(view: &View<'_>, input: ByPath) -> Result<ListRolesOut, IamError> {
        let (roles, rest) = input.of(view.state)?;
        Ok(ListRolesOut { roles: roles.into_iter().map(|role| RoleData::listed(role)).collect(), rest })
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
        if input.max_session_duration.is_some() {
            service_linked::check::<Role>(find(&txn.state, &input.role_name)?)?;
        }
        change(&mut txn.state, &input.role_name, |role: &mut Role| {
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
        service_linked::check::<Role>(find(&txn.state, &input.role_name)?)?;
        document::check_trust(&input.policy_document)?;
        change(&mut txn.state, &input.role_name, |role: &mut Role| {
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
        let role = find::<Role>(&txn.state, &input.name)?;
        service_linked::check::<Role>(role)?;
        if txn.state.instance_profiles.count(&role.key()) > 0 {
            return Err(IamError::MustFirst("remove roles from instance profile"));
        }
        check_no_policies(&role.grants)?;
        txn.state.roles.remove(&role.key());
        Ok(Done {})
    }
}
