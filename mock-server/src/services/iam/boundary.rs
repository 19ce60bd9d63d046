//! Permissions boundaries: the managed policy that bounds what a user or role may be granted.
//! Source: IAM user guide, "Permissions boundaries for IAM entities".

use super::entity::{Named, change, find};
use super::error::{IamError, PolicyError};
use super::holder::Holder;
use super::service_linked;
use crate::model::iam::policy::policy;
use crate::model::{Grants, Role, State, Txn, User};
use crate::services::{Caller, Done, Home, Operation, Write};
use serde::Deserialize;
use std::marker::PhantomData;
use std::sync::Arc;

/// Grants of somebody new, who is given this boundary or none.
pub fn of_new(state: &State, boundary: Option<String>) -> Result<Grants, IamError> {
    let boundary = boundary.map(|arn| checked(state, arn)).transpose()?;
    Ok(Grants { boundary, ..Grants::default() })
}

/// The ARN of a policy that can be a boundary.
fn checked(state: &State, arn: String) -> Result<Arc<str>, PolicyError> {
    let mut parts = arn.splitn(6, ':');
    let mut next = || parts.next().unwrap_or_default();
    let is_policy = (next(), next().starts_with("aws"), next(), next()) == ("arn", true, "iam", "")
        && is_owner(next())
        && next().starts_with("policy/");
    if !is_policy {
        return Err(PolicyError::BadBoundary(arn));
    }
    policy(state, &arn).map(|policy| policy.arn()).ok_or(PolicyError::NoSuchBoundary(arn))
}

fn is_owner(account: &str) -> bool {
    account == "aws" || account.len() == 12 && account.bytes().all(|digit| digit.is_ascii_digit())
}

/// A kind of holder that can have a boundary.
pub trait Bounded: Holder {
    const PUT_BOUNDARY: &'static str;
    const DELETE_BOUNDARY: &'static str;
}

impl Bounded for User {
    const PUT_BOUNDARY: &'static str = "PutUserPermissionsBoundary";
    const DELETE_BOUNDARY: &'static str = "DeleteUserPermissionsBoundary";
}

impl Bounded for Role {
    const PUT_BOUNDARY: &'static str = "PutRolePermissionsBoundary";
    const DELETE_BOUNDARY: &'static str = "DeleteRolePermissionsBoundary";
}

/// Sets a boundary: `PutRolePermissionsBoundary` and its like.
pub struct PutBoundary<H>(PhantomData<H>);

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PutBoundaryIn {
    #[serde(alias = "RoleName", alias = "UserName")]
    holder: String,
    permissions_boundary: String,
}

impl<H: Bounded> Operation for PutBoundary<H> {
    const NAME: &'static str = H::PUT_BOUNDARY;
    const HOME: Home = Home::Account;
    type In = PutBoundaryIn;
    type Out = Done;
    type Error = IamError;
}

impl<H: Bounded> Write for PutBoundary<H> {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: PutBoundaryIn) -> Result<Done, IamError> {
        service_linked::check::<H>(find::<H>(&txn.state, &input.holder)?)?;
        let arn = checked(&txn.state, input.permissions_boundary)?;
        change(&mut txn.state, &input.holder, |holder: &mut H| holder.grants_mut().boundary = Some(arn))?;
        Ok(Done {})
    }
}

/// Removes a boundary: `DeleteRolePermissionsBoundary` and its like.
pub struct DeleteBoundary<H>(PhantomData<H>);

impl<H: Bounded> Operation for DeleteBoundary<H> {
    const NAME: &'static str = H::DELETE_BOUNDARY;
    const HOME: Home = Home::Account;
    type In = Named;
    type Out = Done;
    type Error = IamError;
}

impl<H: Bounded> Write for DeleteBoundary<H> {
    /// Where there is none, nothing changes.
    fn run(txn: &mut Txn<'_>, _: &Caller, input: Named) -> Result<Done, IamError> {
        service_linked::check::<H>(find::<H>(&txn.state, &input.name)?)?;
        change(&mut txn.state, &input.name, |holder: &mut H| holder.grants_mut().boundary = None)?;
        Ok(Done {})
    }
}
