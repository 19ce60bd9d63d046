//! Tags of roles. Their keys are told apart whatever their case, and shown as they were given.

use super::error::IamError;
use super::{change, find, part};
use crate::model::{Tags, Txn};
use crate::services::{Caller, Done, Home, Operation, Read, View, Write};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Tags of one role.
const MOST_TAGS: usize = 50;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TagData {
    key: String,
    value: String,
}

pub(super) fn data(tags: &Tags) -> Vec<TagData> {
    tags.iter().map(|(key, value)| TagData { key: key.to_owned(), value: value.to_owned() }).collect()
}

/// The tags after `new` ones were added; a new one takes the place of an old one with its key in whatever case.
pub(super) fn merged(old: &Tags, new: Vec<TagData>) -> Result<Tags, IamError> {
    let keys: BTreeSet<_> = new.iter().map(|tag| tag.key.to_lowercase()).collect();
    if keys.len() < new.len() {
        return Err(IamError::DuplicateTagKeys);
    }
    let mut tags = without(old, &keys);
    new.into_iter().for_each(|tag| tags.set(tag.key, tag.value));
    if tags.len() > MOST_TAGS {
        return Err(IamError::Quota { quota: "TagsPerRole", limit: MOST_TAGS });
    }
    Ok(tags)
}

/// The tags but for those whose keys, in lower case, are among `keys`.
fn without(tags: &Tags, keys: &BTreeSet<String>) -> Tags {
    tags.iter().filter(|(key, _)| !keys.contains(&key.to_lowercase())).collect()
}

pub struct TagRole;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TagRoleIn {
    role_name: String,
    tags: Vec<TagData>,
}

impl Operation for TagRole {
    const NAME: &'static str = "TagRole";
    const HOME: Home = Home::Account;
    type In = TagRoleIn;
    type Out = Done;
    type Error = IamError;
}

impl Write for TagRole {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: TagRoleIn) -> Result<Done, IamError> {
        let tags = merged(&find(&txn.state, &input.role_name)?.tags, input.tags)?;
        change(&mut txn.state, &input.role_name, |role| role.tags = tags)?;
        Ok(Done {})
    }
}

pub struct UntagRole;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UntagRoleIn {
    role_name: String,
    tag_keys: Vec<String>,
}

impl Operation for UntagRole {
    const NAME: &'static str = "UntagRole";
    const HOME: Home = Home::Account;
    type In = UntagRoleIn;
    type Out = Done;
    type Error = IamError;
}

impl Write for UntagRole {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: UntagRoleIn) -> Result<Done, IamError> {
        let keys = input.tag_keys.iter().map(|key| key.to_lowercase()).collect();
        change(&mut txn.state, &input.role_name, |role| role.tags = without(&role.tags, &keys))?;
        Ok(Done {})
    }
}

pub struct ListRoleTags;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListRoleTagsIn {
    role_name: String,
    marker: Option<String>,
    max_items: Option<usize>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListRoleTagsOut {
    tags: Vec<TagData>,
    is_truncated: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    marker: Option<String>,
}

impl Operation for ListRoleTags {
    const NAME: &'static str = "ListRoleTags";
    const HOME: Home = Home::Account;
    type In = ListRoleTagsIn;
    type Out = ListRoleTagsOut;
    type Error = IamError;
}

impl Read for ListRoleTags {
    fn run(view: &View<'_>, input: ListRoleTagsIn) -> Result<ListRoleTagsOut, IamError> {
        let tags = data(&find(view.state, &input.role_name)?.tags);
        let key = |tag: &TagData| tag.key.clone();
        let (tags, marker) = part(tags.into_iter(), input.marker.as_deref(), input.max_items, key)?;
        Ok(ListRoleTagsOut { tags, is_truncated: marker.is_some(), marker })
    }
}
