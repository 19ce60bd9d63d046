//! Inline policies of roles.

use super::error::IamError;
use super::{change, document, encoded, find, part};
use crate::model::{PolicyDocument, Txn};
use crate::services::{Caller, Done, Home, Operation, Read, View, Write};
use serde::{Deserialize, Serialize};

pub struct PutRolePolicy;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PutRolePolicyIn {
    role_name: String,
    policy_name: String,
    policy_document: String,
}

impl Operation for PutRolePolicy {
    const NAME: &'static str = "PutRolePolicy";
    const HOME: Home = Home::Account;
    type In = PutRolePolicyIn;
    type Out = Done;
    type Error = IamError;
}

impl Write for PutRolePolicy {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: PutRolePolicyIn) -> Result<Done, IamError> {
        find(&txn.state, &input.role_name)?;
        document::check_inline(&input.policy_document)?;
        let role = change(&mut txn.state, &input.role_name, |role| {
            role.grants.inline.insert(input.policy_name, PolicyDocument::new(input.policy_document));
        })?;
        match document::too_large(role.grants.inline.values().map(PolicyDocument::text)) {
            Some(limit) => Err(IamError::PoliciesTooLarge { role: role.name.clone(), limit }),
            None => Ok(Done {}),
        }
    }
}

/// The input of operations on one inline policy.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct OnePolicy {
    role_name: String,
    policy_name: String,
}

pub struct GetRolePolicy;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetRolePolicyOut {
    role_name: String,
    policy_name: String,
    policy_document: String,
}

impl Operation for GetRolePolicy {
    const NAME: &'static str = "GetRolePolicy";
    const HOME: Home = Home::Account;
    type In = OnePolicy;
    type Out = GetRolePolicyOut;
    type Error = IamError;
}

impl Read for GetRolePolicy {
    fn run(view: &View<'_>, input: OnePolicy) -> Result<GetRolePolicyOut, IamError> {
        let role = find(view.state, &input.role_name)?;
        let Some(document) = role.grants.inline.get(&input.policy_name) else {
            return Err(IamError::NoSuchRolePolicy(input.policy_name));
        };
        Ok(GetRolePolicyOut {
            role_name: role.name.clone(),
            policy_name: input.policy_name,
            policy_document: encoded(document.text()),
        })
    }
}

pub struct ListRolePolicies;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListRolePoliciesIn {
    role_name: String,
    marker: Option<String>,
    max_items: Option<usize>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListRolePoliciesOut {
    policy_names: Vec<String>,
    is_truncated: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    marker: Option<String>,
}

impl Operation for ListRolePolicies {
    const NAME: &'static str = "ListRolePolicies";
    const HOME: Home = Home::Account;
    type In = ListRolePoliciesIn;
    type Out = ListRolePoliciesOut;
    type Error = IamError;
}

impl Read for ListRolePolicies {
    fn run(view: &View<'_>, input: ListRolePoliciesIn) -> Result<ListRolePoliciesOut, IamError> {
        let role = find(view.state, &input.role_name)?;
        let names = role.grants.inline.keys().cloned();
        let (policy_names, marker) = part(names, input.marker.as_deref(), input.max_items, String::clone)?;
        Ok(ListRolePoliciesOut { policy_names, is_truncated: marker.is_some(), marker })
    }
}

pub struct DeleteRolePolicy;

impl Operation for DeleteRolePolicy {
    const NAME: &'static str = "DeleteRolePolicy";
    const HOME: Home = Home::Account;
    type In = OnePolicy;
    type Out = Done;
    type Error = IamError;
}

impl Write for DeleteRolePolicy {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: OnePolicy) -> Result<Done, IamError> {
        let mut gone = None;
        change(&mut txn.state, &input.role_name, |role| {
            gone = role.grants.inline.remove(&input.policy_name)
        })?;
        gone.map(|_| Done {}).ok_or(IamError::NoSuchRolePolicy(input.policy_name))
    }
}
