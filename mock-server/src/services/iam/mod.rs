//! AWS Identity and Access Management: roles with their trust and inline policies.

mod document;
mod entity;
pub mod error;
mod role;
mod role_policy;
mod tags;
#[cfg(test)]
pub(in crate::services) mod tests;

pub use error::IamError;

use super::{Registrar, page};
use crate::model::Role;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

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

    tags::<Role>(registrar);
}

/// What changes and tells the tags of one kind of thing.
fn tags<E: entity::Tagged>(registrar: &mut impl Registrar) {
    registrar.write::<tags::Tag<E>>();
    registrar.write::<tags::Untag<E>>();
    registrar.read::<tags::ListTags<E>>();
}

/// What RFC 3986 leaves as it is.
const UNRESERVED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// A policy document as IAM sends it.
fn encoded(document: &str) -> String {
    utf8_percent_encode(document, &UNRESERVED).to_string()
}
