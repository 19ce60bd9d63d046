//! Managed policies on users, groups and roles.

use super::entity::{Part, Rest, change, find};
use super::error::{IamError, PolicyError};
use super::holder::Holder;
use super::{quota, service_linked};
use crate::model::iam::policy::policy;
use crate::model::{State, Txn};
use crate::services::{Caller, Done, Home, Operation, Read, View, Write};
use serde::{Deserialize, Serialize};
use std::marker::PhantomData;
use std::sync::Arc;

/// What AWS gives roles of its services, and nobody else gives anybody.
const SERVICE_LINKED: &str = ":iam::aws:policy/aws-service-role/";

/// The input of operations on one managed policy of one holder.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct OneAttached {
    #[serde(alias = "RoleName", alias = "UserName", alias = "GroupName")]
    holder: String,
    policy_arn: String,
}

/// The ARN of a policy that can be attached.
fn attachable(state: &State, arn: String) -> Result<Arc<str>, PolicyError> {
    match policy(state, &arn) {
        Some(policy) => Ok(policy.arn()),
        None if arn.contains(SERVICE_LINKED) => Err(PolicyError::ServiceRolePolicy),
        None => Err(PolicyError::NotAttachable(arn)),
    }
}

/// Attaches a managed policy: `AttachRolePolicy` and its like.
pub struct Attach<H>(PhantomData<H>);

impl<H: Holder> Operation for Attach<H> {
    const NAME: &'static str = H::ATTACH;
    const HOME: Home = Home::Account;
    type In = OneAttached;
    type Out = Done;
    type Error = IamError;
}

impl<H: Holder> Write for Attach<H> {
    /// One that is attached already is no error.
    fn run(txn: &mut Txn<'_>, _: &Caller, input: OneAttached) -> Result<Done, IamError> {
        service_linked::check::<H>(find::<H>(&txn.state, &input.holder)?)?;
        let arn = attachable(&txn.state, input.policy_arn)?;
        let holder = change(&mut txn.state, &input.holder, |holder: &mut H| {
            holder.grants_mut().attached.insert(arn);
        })?;
        if holder.grants().attached.len() > quota::ATTACHED_POLICIES {
            return Err(IamError::Quota { quota: H::ATTACHED_QUOTA, limit: quota::ATTACHED_POLICIES });
        }
        Ok(Done {})
    }
}

/// Detaches a managed policy: `DetachRolePolicy` and its like.
pub struct Detach<H>(PhantomData<H>);

impl<H: Holder> Operation for Detach<H> {
    const NAME: &'static str = H::DETACH;
    const HOME: Home = Home::Account;
    type In = OneAttached;
    type Out = Done;
    type Error = IamError;
}

impl<H: Holder> Write for Detach<H> {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: OneAttached) -> Result<Done, IamError> {
        service_linked::check::<H>(find::<H>(&txn.state, &input.holder)?)?;
        let mut gone = false;
        change(&mut txn.state, &input.holder, |holder: &mut H| {
            gone = holder.grants_mut().attached.remove(input.policy_arn.as_str())
        })?;
        if gone { Ok(Done {}) } else { Err(IamError::NoSuchPolicy(input.policy_arn)) }
    }
}

/// Tells the managed policies of a holder: `ListAttachedRolePolicies` and its like.
pub struct ListAttached<H>(PhantomData<H>);

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListAttachedIn {
    #[serde(alias = "RoleName", alias = "UserName", alias = "GroupName")]
    holder: String,
    path_prefix: Option<String>,
    marker: Option<String>,
    max_items: Option<usize>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct AttachedData {
    policy_name: String,
    policy_arn: Arc<str>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListAttachedOut {
    attached_policies: Vec<AttachedData>,
    #[serde(flatten)]
    rest: Rest,
}

impl<H: Holder> Operation for ListAttached<H> {
    const NAME: &'static str = H::LIST_ATTACHED;
    const HOME: Home = Home::Account;
    type In = ListAttachedIn;
    type Out = ListAttachedOut;
    type Error = IamError;
}

impl<H: Holder> Read for ListAttached<H> {
    fn run(view: &View<'_>, input: ListAttachedIn) -> Result<ListAttachedOut, IamError> {
        let prefix = input.path_prefix.as_deref().unwrap_or("/");
        let attached = &find::<H>(view.state, &input.holder)?.grants().attached;
        let policies = attached.iter().filter_map(|arn| policy(view.state, arn));
        let under = policies.filter(|policy| policy.path().starts_with(prefix));
        let rows = under.map(|p| AttachedData { policy_name: p.name().to_owned(), policy_arn: p.arn() });
        let part = Part { marker: input.marker.as_deref(), max_items: input.max_items };
        let (attached_policies, rest) = part.of(rows, |row| row.policy_arn.as_ref().to_owned())?;
        Ok(ListAttachedOut { attached_policies, rest })
    }
}
