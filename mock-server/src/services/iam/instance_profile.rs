//! Instance profiles: each hands one role to instances.

use super::entity::{self, ByPath, Named, NamedPage, Rest, change, find};
use super::error::{IamError, PolicyError};
use super::role::RoleData;
use super::tags::{self, TagData};
use super::{quota, service_linked};
use crate::kernel::Row;
use crate::model::{InstanceProfile, Role, State, Txn};
use crate::services::{Caller, Done, Home, Operation, Read, View, Write};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// An instance profile as IAM tells it. Lists do not tell tags.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ProfileData {
    path: String,
    instance_profile_name: String,
    instance_profile_id: String,
    arn: String,
    create_date: i64,
    roles: Vec<RoleData>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<Vec<TagData>>,
}

impl ProfileData {
    fn listed(state: &State, row: &InstanceProfile) -> Self {
        let role = row.role.as_ref().and_then(|key| state.roles.get(key));
        Self {
            path: row.path.clone(),
            instance_profile_name: row.name.clone(),
            instance_profile_id: row.unique_id.clone(),
            arn: row.arn.clone(),
            create_date: row.created.millis(),
            roles: role.map(|role| RoleData::brief(role)).into_iter().collect(),
            tags: None,
        }
    }

    fn full(state: &State, row: &InstanceProfile) -> Self {
        Self { tags: Some(tags::data(&row.tags)), ..Self::listed(state, row) }
    }
}

/// The answer of operations that tell one profile.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct OneProfile {
    instance_profile: ProfileData,
}

/// The answer of operations that tell many.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ProfilesOut {
    instance_profiles: Vec<ProfileData>,
    #[serde(flatten)]
    rest: Rest,
}

impl ProfilesOut {
    fn new(state: &State, (rows, rest): (Vec<&Arc<InstanceProfile>>, Rest)) -> Self {
        Self {
            instance_profiles: rows.into_iter().map(|row| ProfileData::listed(state, row)).collect(),
            rest,
        }
    }
}

pub struct CreateInstanceProfile;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateInstanceProfileIn {
    instance_profile_name: String,
    path: Option<String>,
    #[serde(default)]
    tags: Vec<TagData>,
}

impl Operation for CreateInstanceProfile {
    const NAME: &'static str = "CreateInstanceProfile";
    const HOME: Home = Home::Account;
    type In = CreateInstanceProfileIn;
    type Out = OneProfile;
    type Error = IamError;
}

impl Write for CreateInstanceProfile {
    fn run(
        txn: &mut Txn<'_>,
        caller: &Caller,
        input: CreateInstanceProfileIn,
    ) -> Result<OneProfile, IamError> {
        let tags = tags::of_new::<InstanceProfile>(input.tags)?;
        let name = input.instance_profile_name;
        if txn.state.instance_profiles.contains(&InstanceProfile::key_of(&name)) {
            return Err(PolicyError::ProfileExists(name).into());
        }
        let have = txn.state.instance_profiles.len();
        quota::room("InstanceProfilesPerAccount", have, quota::INSTANCE_PROFILES)?;
        let path = entity::path_or_root(input.path);
        let row = InstanceProfile {
            arn: entity::arn::<InstanceProfile>(caller, &path, &name),
            unique_id: entity::unique_id::<InstanceProfile>(txn),
            name,
            path,
            created: txn.now,
            role: None,
            tags,
        };
        let row = txn.state.instance_profiles.insert(row);
        Ok(OneProfile { instance_profile: ProfileData::full(&txn.state, &row) })
    }
}

pub struct GetInstanceProfile;

impl Operation for GetInstanceProfile {
    const NAME: &'static str = "GetInstanceProfile";
    const HOME: Home = Home::Account;
    type In = Named;
    type Out = OneProfile;
    type Error = IamError;
}

impl Read for GetInstanceProfile {
    fn run(view: &View<'_>, input: Named) -> Result<OneProfile, IamError> {
        let row = find::<InstanceProfile>(view.state, &input.name)?;
        Ok(OneProfile { instance_profile: ProfileData::full(view.state, row) })
    }
}

pub struct ListInstanceProfiles;

impl Operation for ListInstanceProfiles {
    const NAME: &'static str = "ListInstanceProfiles";
    const HOME: Home = Home::Account;
    type In = ByPath;
    type Out = ProfilesOut;
    type Error = IamError;
}

impl Read for ListInstanceProfiles {
    fn run(view: &View<'_>, input: ByPath) -> Result<ProfilesOut, IamError> {
        Ok(ProfilesOut::new(view.state, input.of(view.state)?))
    }
}

pub struct ListInstanceProfilesForRole;

impl Operation for ListInstanceProfilesForRole {
    const NAME: &'static str = "ListInstanceProfilesForRole";
    const HOME: Home = Home::Account;
    type In = NamedPage;
    type Out = ProfilesOut;
    type Error = IamError;
}

impl Read for ListInstanceProfilesForRole {
    fn run(view: &View<'_>, input: NamedPage) -> Result<ProfilesOut, IamError> {
        let role = find::<Role>(view.state, &input.name)?;
        let rows = view.state.instance_profiles.by(&role.key());
        Ok(ProfilesOut::new(view.state, input.part().of(rows, |row| row.key())?))
    }
}

pub struct DeleteInstanceProfile;

impl Operation for DeleteInstanceProfile {
    const NAME: &'static str = "DeleteInstanceProfile";
    const HOME: Home = Home::Account;
    type In = Named;
    type Out = Done;
    type Error = IamError;
}

impl Write for DeleteInstanceProfile {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: Named) -> Result<Done, IamError> {
        let row = find::<InstanceProfile>(&txn.state, &input.name)?.clone();
        if row.role.is_some() {
            return Err(IamError::MustFirst("remove roles from instance profile"));
        }
        txn.state.instance_profiles.remove(&row.key());
        Ok(Done {})
    }
}

/// The input of operations on a profile and a role.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ProfileAndRole {
    instance_profile_name: String,
    role_name: String,
}

pub struct AddRoleToInstanceProfile;

impl Operation for AddRoleToInstanceProfile {
    const NAME: &'static str = "AddRoleToInstanceProfile";
    const HOME: Home = Home::Account;
    type In = ProfileAndRole;
    type Out = Done;
    type Error = IamError;
}

impl Write for AddRoleToInstanceProfile {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: ProfileAndRole) -> Result<Done, IamError> {
        let is_full = find::<InstanceProfile>(&txn.state, &input.instance_profile_name)?.role.is_some();
        let role = find::<Role>(&txn.state, &input.role_name)?;
        service_linked::check::<Role>(role)?;
        let role = role.key();
        if is_full {
            return Err(IamError::Quota { quota: "InstanceSessionsPerInstanceProfile", limit: 1 });
        }
        let hold = |row: &mut InstanceProfile| row.role = Some(role);
        change(&mut txn.state, &input.instance_profile_name, hold)?;
        Ok(Done {})
    }
}

pub struct RemoveRoleFromInstanceProfile;

impl Operation for RemoveRoleFromInstanceProfile {
    const NAME: &'static str = "RemoveRoleFromInstanceProfile";
    const HOME: Home = Home::Account;
    type In = ProfileAndRole;
    type Out = Done;
    type Error = IamError;
}

impl Write for RemoveRoleFromInstanceProfile {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: ProfileAndRole) -> Result<Done, IamError> {
        let held = find::<InstanceProfile>(&txn.state, &input.instance_profile_name)?.role.clone();
        let role = find::<Role>(&txn.state, &input.role_name)?;
        service_linked::check::<Role>(role)?;
        let role = role.key();
        if held != Some(role) {
            let (role, profile) = (input.role_name, input.instance_profile_name);
            return Err(PolicyError::RoleNotInProfile { role, profile }.into());
        }
        change(&mut txn.state, &input.instance_profile_name, |row: &mut InstanceProfile| row.role = None)?;
        Ok(Done {})
    }
}
