//! Managed policies: customers' own, and how AWS's are told.

use super::entity::{self, Named, Part, Rest, find};
use super::error::{IamError, PolicyError};
use super::identity_document;
use super::tags::{self, TagData};
use crate::model::iam::aws_policy;
use crate::model::iam::policy::{Uses, policy};
use crate::model::{AnyPolicy, ManagedPolicy, PolicyDocument, PolicyVersion, Txn};
use crate::services::{Caller, Done, Home, Operation, Read, View, Write};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Customers' policies of an account. Source: IAM user guide, "IAM and AWS STS quotas".
const MOST_POLICIES: usize = 1_500;

/// A managed policy as IAM tells it. Which members an answer has differs from operation to operation, as on AWS.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PolicyData {
    policy_name: String,
    policy_id: String,
    arn: Arc<str>,
    path: String,
    default_version_id: String,
    attachment_count: usize,
    permissions_boundary_usage_count: usize,
    is_attachable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    create_date: i64,
    update_date: i64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<TagData>,
}

impl PolicyData {
    /// What lists tell.
    fn listed(policy: AnyPolicy<'_>, uses: &Uses) -> Self {
        let (policy_id, created, updated) = match policy {
            AnyPolicy::Customer(row) => (row.unique_id.clone(), row.created, row.updated),
            AnyPolicy::Aws(aws, _) => (aws.unique_id(), aws.created, aws.updated),
        };
        let arn = policy.arn();
        Self {
            policy_name: policy.name().to_owned(),
            policy_id,
            path: policy.path().to_owned(),
            default_version_id: format!("v{}", policy.default_version()),
            attachment_count: uses.attached(&arn),
            permissions_boundary_usage_count: uses.bounding(&arn),
            is_attachable: true,
            description: None,
            create_date: created.millis(),
            update_date: updated.millis(),
            tags: Vec::new(),
            arn,
        }
    }

    fn created(row: &Arc<ManagedPolicy>) -> Self {
        Self { tags: tags::data(&row.tags), ..Self::listed(AnyPolicy::Customer(row), &Uses::default()) }
    }

    fn full(policy: AnyPolicy<'_>, uses: &Uses) -> Self {
        let (description, tags) = match policy {
            AnyPolicy::Customer(row) => (row.description.clone(), tags::data(&row.tags)),
            AnyPolicy::Aws(..) => (None, Vec::new()),
        };
        Self { description, tags, ..Self::listed(policy, uses) }
    }
}

/// The answer of operations that tell one policy.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct OnePolicy {
    policy: PolicyData,
}

pub struct CreatePolicy;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreatePolicyIn {
    policy_name: String,
    path: Option<String>,
    policy_document: String,
    description: Option<String>,
    #[serde(default)]
    tags: Vec<TagData>,
}

impl Operation for CreatePolicy {
    const NAME: &'static str = "CreatePolicy";
    const HOME: Home = Home::Account;
    type In = CreatePolicyIn;
    type Out = OnePolicy;
    type Error = IamError;
}

impl Write for CreatePolicy {
    fn run(txn: &mut Txn<'_>, caller: &Caller, input: CreatePolicyIn) -> Result<OnePolicy, IamError> {
        identity_document::check_managed(&input.policy_document)?;
        let tags = tags::of_new::<ManagedPolicy>(input.tags)?;
        let same = |row: &Arc<ManagedPolicy>| row.name.eq_ignore_ascii_case(&input.policy_name);
        if txn.state.policies.iter().any(same) {
            return Err(PolicyError::PolicyExists(input.policy_name).into());
        }
        if txn.state.policies.len() >= MOST_POLICIES {
            return Err(IamError::Quota { quota: "PoliciesPerAccount", limit: MOST_POLICIES });
        }
        let path = entity::path_or_root(input.path);
        let document = PolicyDocument::new(input.policy_document);
        let row = ManagedPolicy {
            arn: entity::arn::<ManagedPolicy>(caller, &path, &input.policy_name).into(),
            unique_id: entity::unique_id::<ManagedPolicy>(txn),
            name: input.policy_name,
            path,
            description: input.description,
            created: txn.now,
            updated: txn.now,
            versions: BTreeMap::from([(1, PolicyVersion { document, created: txn.now })]),
            default_version: 1,
            last_version: 1,
            tags,
        };
        Ok(OnePolicy { policy: PolicyData::created(&txn.state.policies.insert(row)) })
    }
}

pub struct GetPolicy;

impl Operation for GetPolicy {
    const NAME: &'static str = "GetPolicy";
    const HOME: Home = Home::Account;
    type In = Named;
    type Out = OnePolicy;
    type Error = IamError;
}

impl Read for GetPolicy {
    fn run(view: &View<'_>, input: Named) -> Result<OnePolicy, IamError> {
        let policy = policy(view.state, &input.name).ok_or(IamError::NoSuchPolicy(input.name))?;
        Ok(OnePolicy { policy: PolicyData::full(policy, &Uses::of(view.state)) })
    }
}

/// What a policy is used for.
#[derive(Deserialize, Clone, Copy, PartialEq)]
pub enum Usage {
    PermissionsPolicy,
    PermissionsBoundary,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Default)]
pub enum Scope {
    #[default]
    All,
    #[serde(rename = "AWS")]
    Aws,
    Local,
}

pub struct ListPolicies;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListPoliciesIn {
    #[serde(default)]
    scope: Scope,
    #[serde(default)]
    only_attached: bool,
    path_prefix: Option<String>,
    policy_usage_filter: Option<Usage>,
    marker: Option<String>,
    max_items: Option<usize>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListPoliciesOut {
    policies: Vec<PolicyData>,
    #[serde(flatten)]
    rest: Rest,
}

impl Operation for ListPolicies {
    const NAME: &'static str = "ListPolicies";
    const HOME: Home = Home::Account;
    type In = ListPoliciesIn;
    type Out = ListPoliciesOut;
    type Error = IamError;
}

impl Read for ListPolicies {
    /// The customers' policies by ARN, and then AWS's by name.
    fn run(view: &View<'_>, input: ListPoliciesIn) -> Result<ListPoliciesOut, IamError> {
        let uses = Uses::of(view.state);
        let prefix = input.path_prefix.as_deref().unwrap_or("/");
        let wanted = |policy: &AnyPolicy<'_>| {
            let arn = policy.arn();
            let used = match input.policy_usage_filter {
                Some(Usage::PermissionsBoundary) => uses.bounding(&arn) > 0,
                Some(Usage::PermissionsPolicy) => uses.attached(&arn) > 0,
                None => !input.only_attached || uses.attached(&arn) > 0,
            };
            used && policy.path().starts_with(prefix)
        };
        let customers = view.state.policies.iter().map(AnyPolicy::Customer);
        let customers = customers.filter(|_| input.scope != Scope::Aws);
        let partition = view.caller.partition;
        let awss = (input.scope != Scope::Local).then(aws_policy::all);
        let awss = awss.into_iter().flatten().map(|policy| AnyPolicy::Aws(policy, partition));
        let part = Part { marker: input.marker.as_deref(), max_items: input.max_items };
        let key = |policy: &AnyPolicy<'_>| match policy {
            AnyPolicy::Customer(row) => format!("0{}", row.arn),
            AnyPolicy::Aws(aws, _) => format!("1{}", aws.name),
        };
        let (policies, rest) = part.of(customers.chain(awss).filter(wanted), key)?;
        let policies = policies.into_iter().map(|policy| PolicyData::listed(policy, &uses)).collect();
        Ok(ListPoliciesOut { policies, rest })
    }
}

pub struct DeletePolicy;

impl Operation for DeletePolicy {
    const NAME: &'static str = "DeletePolicy";
    const HOME: Home = Home::Account;
    type In = Named;
    type Out = Done;
    type Error = IamError;
}

impl Write for DeletePolicy {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: Named) -> Result<Done, IamError> {
        let row = find::<ManagedPolicy>(&txn.state, &input.name)?.clone();
        let uses = Uses::of(&txn.state);
        if uses.attached(&row.arn) + uses.bounding(&row.arn) > 0 {
            return Err(PolicyError::PolicyAttached.into());
        }
        if row.versions.len() > 1 {
            return Err(PolicyError::HasVersions.into());
        }
        txn.state.policies.remove(&row.arn);
        Ok(Done {})
    }
}

pub struct ListEntitiesForPolicy;

#[derive(Deserialize, Clone, Copy, PartialEq)]
pub enum EntityFilter {
    User,
    Role,
    Group,
    LocalManagedPolicy,
    #[serde(rename = "AWSManagedPolicy")]
    AwsManagedPolicy,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListEntitiesForPolicyIn {
    policy_arn: String,
    entity_filter: Option<EntityFilter>,
    path_prefix: Option<String>,
    policy_usage_filter: Option<Usage>,
    marker: Option<String>,
    max_items: Option<usize>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PolicyGroup {
    group_name: String,
    group_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PolicyUser {
    user_name: String,
    user_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PolicyRole {
    role_name: String,
    role_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListEntitiesForPolicyOut {
    policy_groups: Vec<PolicyGroup>,
    policy_users: Vec<PolicyUser>,
    policy_roles: Vec<PolicyRole>,
    #[serde(flatten)]
    rest: Rest,
}

impl Operation for ListEntitiesForPolicy {
    const NAME: &'static str = "ListEntitiesForPolicy";
    const HOME: Home = Home::Account;
    type In = ListEntitiesForPolicyIn;
    type Out = ListEntitiesForPolicyOut;
    type Error = IamError;
}

impl Read for ListEntitiesForPolicy {
    /// Groups, then users, then roles, each by name: a page may hold some of each.
    fn run(view: &View<'_>, input: ListEntitiesForPolicyIn) -> Result<ListEntitiesForPolicyOut, IamError> {
        let policy = policy(view.state, &input.policy_arn);
        let arn = policy.ok_or(IamError::NoSuchPolicy(input.policy_arn))?.arn();
        let prefix = input.path_prefix.as_deref().unwrap_or("/");
        let wanted = |kind: EntityFilter, path: &str, grants: &crate::model::Grants| {
            let of_kind = match input.entity_filter {
                Some(EntityFilter::LocalManagedPolicy | EntityFilter::AwsManagedPolicy) | None => true,
                Some(filter) => filter == kind,
            };
            let attached = grants.attached.contains(&arn);
            let bounded = grants.boundary.as_ref() == Some(&arn);
            let used = match input.policy_usage_filter {
                Some(Usage::PermissionsPolicy) => attached,
                Some(Usage::PermissionsBoundary) => bounded,
                None => attached || bounded,
            };
            of_kind && used && path.starts_with(prefix)
        };
        let state = view.state;
        let groups =
            state.user_groups.iter().filter(|row| wanted(EntityFilter::Group, &row.path, &row.grants));
        let users = state.users.iter().filter(|row| wanted(EntityFilter::User, &row.path, &row.grants));
        let roles = state.roles.iter().filter(|row| wanted(EntityFilter::Role, &row.path, &row.grants));
        let row = |kind: char, name: &str, id: &str| {
            (format!("{kind}{}", name.to_lowercase()), name.to_owned(), id.to_owned())
        };
        let rows = groups
            .map(|group| row('0', &group.name, &group.unique_id))
            .chain(users.map(|user| row('1', &user.name, &user.unique_id)))
            .chain(roles.map(|role| row('2', &role.name, &role.unique_id)));
        let part = Part { marker: input.marker.as_deref(), max_items: input.max_items };
        let (rows, rest) = part.of(rows, |(key, ..)| key.clone())?;
        let mut out = ListEntitiesForPolicyOut {
            policy_groups: Vec::new(),
            policy_users: Vec::new(),
            policy_roles: Vec::new(),
            rest,
        };
        for (key, name, id) in rows {
            match key.as_bytes().first() {
                Some(b'0') => out.policy_groups.push(PolicyGroup { group_name: name, group_id: id }),
                Some(b'1') => out.policy_users.push(PolicyUser { user_name: name, user_id: id }),
                _ => out.policy_roles.push(PolicyRole { role_name: name, role_id: id }),
            }
        }
        Ok(out)
    }
}
