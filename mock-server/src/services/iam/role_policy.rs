//! Inline policies of roles.

use super::entity::{NamedPage, Rest, change, find};
use super::error::IamError;
use super::{document, encoded};
use crate::model::{PolicyDocument, Role, Txn};
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
        find::<Role>(&txn.state, &input.role_name)?;
        document::check_inline(&input.policy_document)?;
        let role = change(&mut txn.state, &input.role_name, |role: &mut Role| {
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
        let role = find::<Role>(view.state, &input.role_name)?;
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

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListRolePoliciesOut {
    policy_names: Vec<String>,
    #[serde(flatten)]
    rest: Rest,
}

impl Operation for ListRolePolicies {
    const NAME: &'static str = "ListRolePolicies";
    const HOME: Home = Home::Account;
    type In = NamedPage;
    type Out = ListRolePoliciesOut;
    type Error = IamError;
}

impl Read for ListRolePolicies {
    fn run(view: &View<'_>, input: NamedPage) -> Result<ListRolePoliciesOut, IamError> {
        let role = find::<Role>(view.state, &input.name)?;
        let (policy_names, rest) = input.part().of(role.grants.inline.keys().cloned(), String::clone)?;
        Ok(ListRolePoliciesOut { policy_names, rest })
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
        change(&mut txn.state, &input.role_name, |role: &mut Role| {
            gone = role.grants.inline.remove(&input.policy_name)
        })?;
        gone.map(|_| Done {}).ok_or(IamError::NoSuchRolePolicy(input.policy_name))
    }
}
