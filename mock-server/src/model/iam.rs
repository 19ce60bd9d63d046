//! Roles and the sessions of assumed roles.

use super::*;
use crate::kernel::{Memo, Row, SimTime};
use std::collections::BTreeMap;

#[derive(Clone, PartialEq, Debug)]
pub struct Role {
    pub name: String,
    /// `AROA` and seventeen more characters.
    pub unique_id: String,
    /// Begins and ends with a slash.
    pub path: String,
    pub arn: String,
    pub description: Option<String>,
    /// The trust policy, as it was given.
    pub trust: String,
    /// Inline policy documents by name, as they were given.
    pub inline: BTreeMap<String, String>,
    pub max_session_seconds: i32,
    pub created: SimTime,
    pub tags: Tags,
    pub memo: Memo,
}

impl Row for Role {
    /// Role names are unique in an account whatever their case.
    type Key = String;
    type Index = ();
    fn key(&self) -> String {
        self.name.to_lowercase()
    }
    fn indexes(&self, _: &mut dyn FnMut(())) {}
}

/// Temporary credentials of an assumed role.
#[derive(Clone, PartialEq, Debug)]
pub struct Session {
    /// `ASIA…`; its digits encode the account.
    pub access_key: String,
    pub role_name: String,
    /// `AROA…`, of the role as it was when it was assumed.
    pub role_unique_id: String,
    pub session_name: String,
    pub expires: SimTime,
}

impl Row for Session {
    type Key = String;
    type Index = ();
    fn key(&self) -> String {
        self.access_key.clone()
    }
    fn indexes(&self, _: &mut dyn FnMut(())) {}
}
