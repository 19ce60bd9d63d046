//! What all named things of IAM share: they are found by their names in whatever case, listed by path and in pages.

use super::error::IamError;
use super::page;
use crate::kernel::Row;
use crate::model::iam::base32;
use crate::model::{Grants, Group, InstanceProfile, ManagedPolicy, Role, State, Tags, Txn, User};
use crate::services::Caller;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A kind of thing that requests name: a user by its name, a managed policy by its ARN.
pub trait Entity: Row<Key: AsRef<str>> {
    /// What its ARN calls it, before the path.
    const RESOURCE: &'static str;
    /// What its unique ids begin with.
    const ID_PREFIX: &'static str;

    fn table(state: &State) -> &crate::kernel::Table<Self>;
    fn table_mut(state: &mut State) -> &mut crate::kernel::Table<Self>;
    /// The key of what a request names so.
    fn key_of(name: &str) -> Self::Key;
    fn path(&self) -> &str;
    /// What is answered where there is none of this name.
    fn missing(name: String) -> IamError;
}

/// The one with this name, in whatever case.
pub fn find<'a, E: Entity>(state: &'a State, name: &str) -> Result<&'a Arc<E>, IamError> {
    E::table(state).get(&E::key_of(name)).ok_or_else(|| E::missing(name.to_owned()))
}

/// Changes the one with this name. Its key stays: see `rename` in the files of those that can be renamed.
pub fn change<E: Entity>(
    state: &mut State,
    name: &str,
    change: impl FnOnce(&mut E),
) -> Result<Arc<E>, IamError> {
    E::table_mut(state).update(&E::key_of(name), change).ok_or_else(|| E::missing(name.to_owned()))
}

/// The ARN of one with this path and name. It has the case of the name as it was given.
pub fn arn<E: Entity>(caller: &Caller, path: &str, name: &str) -> String {
    caller.partition.arn("iam", "", caller.account, format_args!("{}{path}{name}", E::RESOURCE))
}

/// A unique id: no later thing of the same name has it.
pub fn unique_id<E: Entity>(txn: &mut Txn<'_>) -> String {
    format!("{}{}", E::ID_PREFIX, base32(txn.mint(E::RESOURCE), 17))
}

/// The path that something gets.
pub fn path_or_root(path: Option<String>) -> String {
    path.unwrap_or_else(|| "/".to_owned())
}

// === Requests that name one thing ===

/// The input of operations that take a name and no more.
#[derive(Deserialize)]
pub struct Named {
    #[serde(alias = "RoleName", alias = "UserName", alias = "GroupName", alias = "InstanceProfileName")]
    #[serde(alias = "PolicyArn", alias = "SerialNumber", alias = "OpenIDConnectProviderArn")]
    pub name: String,
}

/// The input of operations that list what one thing has, page by page.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct NamedPage {
    #[serde(alias = "RoleName", alias = "UserName", alias = "GroupName", alias = "InstanceProfileName")]
    #[serde(alias = "PolicyArn", alias = "SerialNumber", alias = "OpenIDConnectProviderArn")]
    pub name: String,
    marker: Option<String>,
    max_items: Option<usize>,
}

impl NamedPage {
    pub fn part(&self) -> Part<'_> {
        Part { marker: self.marker.as_deref(), max_items: self.max_items }
    }
}

/// The input of operations that list all there is of a kind.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ByPath {
    path_prefix: Option<String>,
    marker: Option<String>,
    max_items: Option<usize>,
}

impl ByPath {
    /// What is under the path.
    pub fn of<'a, E: Entity<Key = String>>(
        &self,
        state: &'a State,
    ) -> Result<(Vec<&'a Arc<E>>, Rest), IamError> {
        let prefix = self.path_prefix.as_deref().unwrap_or("/");
        let part = Part { marker: self.marker.as_deref(), max_items: self.max_items };
        part.of_table(state, |row: &E| row.path().starts_with(prefix))
    }
}

/// Which page of a list is asked for.
#[derive(Clone, Copy, Default)]
pub struct Part<'a> {
    pub marker: Option<&'a str>,
    pub max_items: Option<usize>,
}

/// The end of an answer that lists: whether more follows, and where.
#[derive(Serialize, Debug, PartialEq)]
#[serde(rename_all = "PascalCase")]
pub struct Rest {
    is_truncated: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    marker: Option<String>,
}

impl Part<'_> {
    /// The part of `rows` that is asked for. They are in the order of their keys.
    pub fn of<R>(
        self,
        rows: impl Iterator<Item = R>,
        key: impl Fn(&R) -> String,
    ) -> Result<(Vec<R>, Rest), IamError> {
        let after = self.after()?;
        let rows = rows.skip_while(|row| after.as_ref().is_some_and(|after| key(row) <= *after));
        Ok(self.cut(rows, &key))
    }

    /// The part of a table that is asked for, without a look at what comes before it.
    pub fn of_table<'a, E: Entity<Key = String>>(
        self,
        state: &'a State,
        wanted: impl Fn(&E) -> bool,
    ) -> Result<(Vec<&'a Arc<E>>, Rest), IamError> {
        let rows = E::table(state).after(&self.after()?.unwrap_or_default());
        Ok(self.cut(rows.filter(|row| wanted(row)), |row| row.key()))
    }

    fn after(self) -> Result<Option<String>, IamError> {
        self.marker.map(|marker| page::key_of(marker).ok_or(IamError::InvalidMarker)).transpose()
    }

    fn cut<R>(self, rows: impl Iterator<Item = R>, key: impl Fn(&R) -> String) -> (Vec<R>, Rest) {
        let (rows, marker) = page::cut(rows, self.max_items.unwrap_or(100), key);
        (rows, Rest { is_truncated: marker.is_some(), marker })
    }
}

// === What there is ===

/// Implements [`Entity`] for a row with a `path`, and `tags` if it has them.
macro_rules! entities {
    ($($Row:ident in $table:ident: $resource:literal, $id:literal, $missing:ident, by $key_of:expr;)*) => {$(
        impl Entity for $Row {
            const RESOURCE: &'static str = $resource;
            const ID_PREFIX: &'static str = $id;
            fn table(state: &State) -> &crate::kernel::Table<Self> {
                &state.$table
            }
            fn table_mut(state: &mut State) -> &mut crate::kernel::Table<Self> {
                &mut state.$table
            }
            fn key_of(name: &str) -> Self::Key {
                $key_of(name)
            }
            fn path(&self) -> &str {
                &self.path
            }
            fn missing(name: String) -> IamError {
                IamError::$missing(name)
            }
        }
    )*};
}

entities! {
    User in users: "user", "AIDA", NoSuchUser, by User::key_of;
    Group in user_groups: "group", "AGPA", NoSuchGroup, by Group::key_of;
    Role in roles: "role", "AROA", NoSuchRole, by Role::key_of;
    InstanceProfile in instance_profiles: "instance-profile", "AIPA", NoSuchInstanceProfile, by InstanceProfile::key_of;
    ManagedPolicy in policies: "policy", "ANPA", NoSuchPolicy, by Arc::from;
}

/// A kind of thing that has tags, with the operations that change and tell them.
pub trait Tagged: Entity {
    const TAG: &'static str;
    const UNTAG: &'static str;
    const LIST: &'static str;
    /// What the quota of tags is called.
    const QUOTA: &'static str;
    /// Whether keys that differ only in case are one key: so it is for users and roles, and for nothing else.
    /// Source: IAM user guide, "Rules for tagging in IAM and AWS STS".
    const CASELESS: bool;
    fn tags(&self) -> &Tags;
    fn tags_mut(&mut self) -> &mut Tags;
}

macro_rules! tagged {
    ($($Row:ident: $tag:literal, $untag:literal, $list:literal, $quota:literal, caseless $caseless:literal;)*) => {$(
        impl Tagged for $Row {
            const TAG: &'static str = $tag;
            const UNTAG: &'static str = $untag;
            const LIST: &'static str = $list;
            const QUOTA: &'static str = $quota;
            const CASELESS: bool = $caseless;
            fn tags(&self) -> &Tags {
                &self.tags
            }
            fn tags_mut(&mut self) -> &mut Tags {
                &mut self.tags
            }
        }
    )*};
}

tagged! {
    User: "TagUser", "UntagUser", "ListUserTags", "TagsPerUser", caseless true;
    Role: "TagRole", "UntagRole", "ListRoleTags", "TagsPerRole", caseless true;
    InstanceProfile: "TagInstanceProfile", "UntagInstanceProfile", "ListInstanceProfileTags", "TagsPerInstanceProfile", caseless false;
    ManagedPolicy: "TagPolicy", "UntagPolicy", "ListPolicyTags", "TagsPerPolicy", caseless false;
}

/// Nothing that has policies can be deleted. Managed ones are in the way before inline ones.
pub fn check_no_policies(grants: &Grants) -> Result<(), IamError> {
    if !grants.attached.is_empty() {
        return Err(IamError::MustFirst("detach all policies"));
    }
    if !grants.inline.is_empty() {
        return Err(IamError::MustFirst("delete policies"));
    }
    Ok(())
}
