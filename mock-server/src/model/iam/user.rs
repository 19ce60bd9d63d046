//! Users, their access keys, and the groups that they are in.

use super::*;
use crate::kernel::Moving;
use std::collections::BTreeSet;

/// A user of an account.
#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct User {
    pub name: String,
    /// `AIDA` and seventeen more characters.
    pub unique_id: String,
    /// Begins and ends with a slash.
    pub path: String,
    pub arn: String,
    pub created: SimTime,
    pub grants: Grants,
    /// The keys of the groups that the user is in.
    pub groups: BTreeSet<String>,
    pub login: Option<LoginProfile>,
    pub tags: Tags,
}

/// That a user may sign in with a password.
#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct LoginProfile {
    pub created: SimTime,
    /// When the password was set that is in force.
    pub changed: SimTime,
    /// Whether the user has to set another one at the next sign-in.
    pub must_reset: bool,
    /// Digests of the passwords so far, the newest last. Never empty.
    pub passwords: Vec<u128>,
}

impl User {
    /// The key of the user with this name, in whatever case.
    pub fn key_of(name: &str) -> String {
        name.to_lowercase()
    }
}

impl Row for User {
    /// User names are unique in an account whatever their case.
    type Key = String;
    /// The key of a group that the user is in.
    type Index = String;
    fn key(&self) -> String {
        Self::key_of(&self.name)
    }
    fn indexes(&self, emit: &mut dyn FnMut(String)) {
        self.groups.iter().cloned().for_each(emit);
    }
}

/// Users that share policies.
#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct Group {
    pub name: String,
    /// `AGPA` and seventeen more characters.
    pub unique_id: String,
    /// Begins and ends with a slash.
    pub path: String,
    pub arn: String,
    pub created: SimTime,
    pub grants: Grants,
}

impl Group {
    /// The key of the group with this name, in whatever case.
    pub fn key_of(name: &str) -> String {
        name.to_lowercase()
    }
}

impl Row for Group {
    type Key = String;
    type Index = ();
    fn key(&self) -> String {
        Self::key_of(&self.name)
    }
    fn indexes(&self, _: &mut dyn FnMut(())) {}
}

/// Long-term credentials of a user.
#[derive(Clone, PartialEq, Debug)]
pub struct AccessKey {
    /// `AKIA…`; its digits encode the account.
    pub id: String,
    /// What requests are signed with: forty characters.
    pub secret: String,
    /// The key of the user, see [`User::key_of`]; `None` is the account's root.
    pub user: Option<String>,
    pub active: bool,
    pub created: SimTime,
}

/// The key is another one; what is secret is as it was.
impl Rehome for AccessKey {
    fn rehome(&mut self, moving: &Moving) {
        let Self { id, secret: _, user, active: _, created: _ } = self;
        key::rehome(id, moving);
        user.rehome(moving);
    }
}

impl Row for AccessKey {
    type Key = String;
    /// The key of the user, or none for the root.
    type Index = Option<String>;
    fn key(&self) -> String {
        self.id.clone()
    }
    fn indexes(&self, emit: &mut dyn FnMut(Option<String>)) {
        emit(self.user.clone());
    }
}
