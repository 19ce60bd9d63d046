//! AWS Identity and Access Management: roles with their trust and inline policies.

mod document;
pub mod error;
mod role;
mod role_policy;
mod role_tags;
#[cfg(test)]
pub(in crate::services) mod tests;

pub use error::IamError;

use super::{Registrar, page};
use crate::model::{Role, State};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::sync::Arc;

/// Every operation that behaves. The list is in order of resource.
pub fn operations(registrar: &mut impl Registrar) {
    registrar.write::<role::CreateRole>();
    registrar.read::<role::GetRole>();
    registrar.read::<role::ListRoles>();
    registrar.write::<role::UpdateRole>();
    registrar.write::<role::UpdateRoleDescription>();
    registrar.write::<role::UpdateAssumeRolePolicy>();
    registrar.write::<role::DeleteRole>();

    registrar.write::<role_policy::PutRolePolicy>();
    registrar.read::<role_policy::GetRolePolicy>();
    registrar.read::<role_policy::ListRolePolicies>();
    registrar.write::<role_policy::DeleteRolePolicy>();

    registrar.write::<role_tags::TagRole>();
    registrar.write::<role_tags::UntagRole>();
    registrar.read::<role_tags::ListRoleTags>();
}

/// The role with this name, in whatever case.
fn find<'a>(state: &'a State, name: &str) -> Result<&'a Arc<Role>, IamError> {
    state.roles.get(&Role::key_of(name)).ok_or_else(|| IamError::NoSuchRole(name.to_owned()))
}

/// Changes the role with this name.
fn change(state: &mut State, name: &str, change: impl FnOnce(&mut Role)) -> Result<Arc<Role>, IamError> {
    state.roles.update(&Role::key_of(name), change).ok_or_else(|| IamError::NoSuchRole(name.to_owned()))
}

/// What RFC 3986 leaves as it is.
const UNRESERVED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// A policy document as IAM sends it.
fn encoded(document: &str) -> String {
    utf8_percent_encode(document, &UNRESERVED).to_string()
}

/// The part of `rows` that a request asks for, and the marker of the rest. The rows are in the order of their keys.
fn part<R>(
    rows: impl Iterator<Item = R>,
    marker: Option<&str>,
    max_items: Option<usize>,
    key: impl Fn(&R) -> String,
) -> Result<(Vec<R>, Option<String>), IamError> {
    let after = marker.map(|marker| page::key_of(marker).ok_or(IamError::InvalidMarker)).transpose()?;
    let rows = rows.skip_while(|row| after.as_ref().is_some_and(|after| key(row) <= *after));
    Ok(page::cut(rows, max_items.unwrap_or(100), &key))
}
