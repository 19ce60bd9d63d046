//! All users, groups, roles and policies of an account with what they have of each other.

use super::account::all_grants;
use super::encoded;
use super::entity::{BoundaryData, Part, Rest};
use super::error::IamError;
use super::role::RoleData;
use super::tags::{self, TagData};
use crate::kernel::Row;
use crate::model::{Grants, Group, InstanceProfile, ManagedPolicy, Role, State, User};
use crate::services::{Done, Home, Operation, Read, View};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

pub struct GetAccountAuthorizationDetails;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetAccountAuthorizationDetailsIn {
    #[serde(default)]
    filter: Vec<String>,
    marker: Option<String>,
    max_items: Option<usize>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetAccountAuthorizationDetailsOut {
    user_detail_list: Vec<UserDetail>,
    group_detail_list: Vec<GroupDetail>,
    role_detail_list: Vec<RoleDetail>,
    policies: Vec<PolicyDetail>,
    #[serde(flatten)]
    rest: Rest,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct UserDetail {
    path: String,
    user_name: String,
    user_id: String,
    arn: String,
    create_date: i64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    user_policy_list: Vec<InlinePolicy>,
    group_list: Vec<String>,
    attached_managed_policies: Vec<AttachedPolicy>,
    #[serde(skip_serializing_if = "Option::is_none")]
    permissions_boundary: Option<BoundaryData>,
    tags: Vec<TagData>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct GroupDetail {
    path: String,
    group_name: String,
    group_id: String,
    arn: String,
    create_date: i64,
    group_policy_list: Vec<InlinePolicy>,
    attached_managed_policies: Vec<AttachedPolicy>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct RoleDetail {
    path: String,
    role_name: String,
    role_id: String,
    arn: String,
    create_date: i64,
    assume_role_policy_document: String,
    instance_profile_list: Vec<ProfileDetail>,
    role_policy_list: Vec<InlinePolicy>,
    attached_managed_policies: Vec<AttachedPolicy>,
    #[serde(skip_serializing_if = "Option::is_none")]
    permissions_boundary: Option<BoundaryData>,
    tags: Vec<TagData>,
    role_last_used: Done,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ProfileDetail {
    path: String,
    instance_profile_name: String,
    instance_profile_id: String,
    arn: String,
    create_date: i64,
    roles: Vec<RoleData>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct PolicyDetail {
    policy_name: String,
    policy_id: String,
    arn: String,
    path: String,
    default_version_id: String,
    attachment_count: usize,
    permissions_boundary_usage_count: usize,
    is_attachable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    create_date: i64,
    update_date: i64,
    policy_version_list: Vec<VersionDetail>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct VersionDetail {
    document: String,
    version_id: String,
    is_default_version: bool,
    create_date: i64,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct InlinePolicy {
    policy_name: String,
    policy_document: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct AttachedPolicy {
    policy_name: String,
    policy_arn: String,
}

impl Operation for GetAccountAuthorizationDetails {
    const NAME: &'static str = "GetAccountAuthorizationDetails";
    const HOME: Home = Home::Account;
    type In = GetAccountAuthorizationDetailsIn;
    type Out = GetAccountAuthorizationDetailsOut;
    type Error = IamError;
}

/// One thing of the list that the pages go through.
enum Thing<'a> {
    User(&'a Arc<User>),
    Group(&'a Arc<Group>),
    Role(&'a Arc<Role>),
    Policy(&'a Arc<ManagedPolicy>),
}

impl Thing<'_> {
    /// The kind as a filter names it.
    fn kind(&self) -> &'static str {
        match self {
            Thing::User(_) => "User",
            Thing::Group(_) => "Group",
            Thing::Role(_) => "Role",
            Thing::Policy(_) => "LocalManagedPolicy",
        }
    }

    /// What markers name: in the order of the list.
    fn place(&self) -> String {
        match self {
            Thing::User(user) => format!("1/{}", user.key()),
            Thing::Group(group) => format!("2/{}", group.key()),
            Thing::Role(role) => format!("3/{}", role.key()),
            Thing::Policy(policy) => format!("4/{}", policy.arn),
        }
    }
}

impl Read for GetAccountAuthorizationDetails {
    fn run(
        view: &View<'_>,
        input: GetAccountAuthorizationDetailsIn,
    ) -> Result<GetAccountAuthorizationDetailsOut, IamError> {
        let state = view.state;
        let things = state.users.iter().map(Thing::User);
        let things = things.chain(state.user_groups.iter().map(Thing::Group));
        let things = things.chain(state.roles.iter().map(Thing::Role));
        let things = things.chain(state.policies.iter().map(Thing::Policy));
        let wanted = |thing: &Thing<'_>| {
            input.filter.is_empty() || input.filter.iter().any(|kind| kind == thing.kind())
        };
        let part = Part { marker: input.marker.as_deref(), max_items: input.max_items };
        let (things, rest) = part.of(things.filter(wanted), Thing::place)?;
        let mut out = GetAccountAuthorizationDetailsOut {
            user_detail_list: Vec::new(),
            group_detail_list: Vec::new(),
            role_detail_list: Vec::new(),
            policies: Vec::new(),
            rest,
        };
        for thing in things {
            match thing {
                Thing::User(user) => out.user_detail_list.push(user_detail(state, user)),
                Thing::Group(group) => out.group_detail_list.push(group_detail(group)),
                Thing::Role(role) => out.role_detail_list.push(role_detail(state, role)),
                Thing::Policy(policy) => out.policies.push(policy_detail(state, policy)),
            }
        }
        Ok(out)
    }
}

fn user_detail(state: &State, user: &User) -> UserDetail {
    let groups = user.groups.iter().filter_map(|key| state.user_groups.get(key));
    UserDetail {
        path: user.path.clone(),
        user_name: user.name.clone(),
        user_id: user.unique_id.clone(),
        arn: user.arn.clone(),
        create_date: user.created.millis(),
        user_policy_list: inline(&user.grants),
        group_list: groups.map(|group| group.name.clone()).collect(),
        attached_managed_policies: attached(&user.grants),
        permissions_boundary: BoundaryData::of(&user.grants),
        tags: tags::data(&user.tags),
    }
}

fn group_detail(group: &Group) -> GroupDetail {
    GroupDetail {
        path: group.path.clone(),
        group_name: group.name.clone(),
        group_id: group.unique_id.clone(),
        arn: group.arn.clone(),
        create_date: group.created.millis(),
        group_policy_list: inline(&group.grants),
        attached_managed_policies: attached(&group.grants),
    }
}

fn role_detail(state: &State, role: &Role) -> RoleDetail {
    let profiles = state.instance_profiles.by(&role.key());
    RoleDetail {
        path: role.path.clone(),
        role_name: role.name.clone(),
        role_id: role.unique_id.clone(),
        arn: role.arn.clone(),
        create_date: role.created.millis(),
        assume_role_policy_document: encoded(role.trust.text()),
        instance_profile_list: profiles.map(|profile| profile_detail(profile, role)).collect(),
        role_policy_list: inline(&role.grants),
        attached_managed_policies: attached(&role.grants),
        permissions_boundary: BoundaryData::of(&role.grants),
        tags: tags::data(&role.tags),
        role_last_used: Done {},
    }
}

fn profile_detail(profile: &InstanceProfile, role: &Role) -> ProfileDetail {
    ProfileDetail {
        path: profile.path.clone(),
        instance_profile_name: profile.name.clone(),
        instance_profile_id: profile.unique_id.clone(),
        arn: profile.arn.clone(),
        create_date: profile.created.millis(),
        roles: vec![RoleData::brief(role)],
    }
}

fn policy_detail(state: &State, policy: &ManagedPolicy) -> PolicyDetail {
    let uses = |counts: fn(&Grants, &Arc<str>) -> bool| {
        all_grants(state).filter(|grants| counts(grants, &policy.arn)).count()
    };
    // The newest comes first.
    let versions = policy.versions.iter().rev().map(|(number, version)| VersionDetail {
        document: encoded(version.document.text()),
        version_id: format!("v{number}"),
        is_default_version: *number == policy.default_version,
        create_date: version.created.millis(),
    });
    PolicyDetail {
        policy_name: policy.name.clone(),
        policy_id: policy.unique_id.clone(),
        arn: policy.arn.to_string(),
        path: policy.path.clone(),
        default_version_id: format!("v{}", policy.default_version),
        attachment_count: uses(|grants, arn| grants.attached.contains(arn)),
        permissions_boundary_usage_count: uses(|grants, arn| grants.boundary.as_ref() == Some(arn)),
        is_attachable: true,
        description: policy.description.clone(),
        create_date: policy.created.millis(),
        update_date: policy.updated.millis(),
        policy_version_list: versions.collect(),
    }
}

fn inline(grants: &Grants) -> Vec<InlinePolicy> {
    let policy = |(name, document): (&String, &crate::model::PolicyDocument)| InlinePolicy {
        policy_name: name.clone(),
        policy_document: encoded(document.text()),
    };
    grants.inline.iter().map(policy).collect()
}

/// A policy's name is the end of its ARN, whoever made it.
fn attached(grants: &Grants) -> Vec<AttachedPolicy> {
    let policy = |arn: &Arc<str>| AttachedPolicy {
        policy_name: arn.rsplit('/').next().unwrap_or_default().to_owned(),
        policy_arn: arn.to_string(),
    };
    grants.attached.iter().map(policy).collect()
}
