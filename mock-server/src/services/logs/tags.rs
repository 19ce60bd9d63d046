//! Tags of groups, by the operations of today and by the older ones.

use super::{LogsError, find_group, name_in};
use crate::model::{State, Tags, Txn};
use crate::services::{Caller, Done, Operation, Read, View, Write};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The most that a resource can have. Source: API reference, TagResource.
const MOST: usize = 50;

/// Adds tags, or replaces the values of those that are there.
pub(super) fn add(tags: &mut Tags, new: BTreeMap<String, String>) -> Result<(), LogsError> {
    for (key, value) in new {
        if key.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("aws:")) {
            return Err(LogsError::ReservedTag { key });
        }
        tags.set(key, value);
    }
    if tags.len() > MOST { Err(LogsError::TooManyTags) } else { Ok(()) }
}

/// The tags of what an ARN names, with or without what streams have behind it.
pub fn tags_of(state: &State, arn: &str) -> Tags {
    let name = arn.splitn(7, ':').nth(6).map(|rest| rest.split(':').next().unwrap_or_default());
    name.and_then(|name| state.log_groups.get(&name.into()))
        .map(|group| group.tags.clone())
        .unwrap_or_default()
}

/// The group of an ARN. It is a group's without the star behind it: destinations, the only others that can be tagged,
/// are not here.
fn named(caller: &Caller, arn: &str) -> Result<String, LogsError> {
    match name_in(caller, arn) {
        Ok(name) if arn.starts_with("arn:") => Ok(name),
        Ok(_) => Err(LogsError::BadIdentifier { identifier: arn.to_owned() }),
        Err(LogsError::BadIdentifier { .. }) if arn.starts_with("arn:") => Err(LogsError::NoSuchResource),
        Err(error) => Err(error),
    }
}

fn tag(txn: &mut Txn<'_>, name: &str, new: BTreeMap<String, String>) -> Result<Done, LogsError> {
    let mut tags = find_group(&txn.state, name)?.tags.clone();
    add(&mut tags, new)?;
    txn.state.log_groups.update(&name.into(), |group| group.tags = tags);
    Ok(Done {})
}

fn untag(txn: &mut Txn<'_>, name: &str, keys: &[String]) -> Result<Done, LogsError> {
    find_group(&txn.state, name)?;
    txn.state.log_groups.update(&name.into(), |group| keys.iter().for_each(|key| group.tags.remove(key)));
    Ok(Done {})
}

#[derive(Serialize)]
pub struct TagsOut {
    tags: BTreeMap<String, String>,
}

fn list(view: &View<'_>, name: &str) -> Result<TagsOut, LogsError> {
    let group = find_group(view.state, name)?;
    let tags = group.tags.iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
    Ok(TagsOut { tags })
}

pub struct TagResource;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TagResourceIn {
    resource_arn: String,
    tags: BTreeMap<String, String>,
}

impl Operation for TagResource {
    const NAME: &'static str = "TagResource";
    type In = TagResourceIn;
    type Out = Done;
    type Error = LogsError;
}

impl Write for TagResource {
    fn run(txn: &mut Txn<'_>, caller: &Caller, input: TagResourceIn) -> Result<Done, LogsError> {
        tag(txn, &named(caller, &input.resource_arn)?, input.tags)
    }
}

pub struct UntagResource;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UntagResourceIn {
    resource_arn: String,
    tag_keys: Vec<String>,
}

impl Operation for UntagResource {
    const NAME: &'static str = "UntagResource";
    type In = UntagResourceIn;
    type Out = Done;
    type Error = LogsError;
}

impl Write for UntagResource {
    fn run(txn: &mut Txn<'_>, caller: &Caller, input: UntagResourceIn) -> Result<Done, LogsError> {
        untag(txn, &named(caller, &input.resource_arn)?, &input.tag_keys)
    }
}

pub struct ListTagsForResource;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListTagsForResourceIn {
    resource_arn: String,
}

impl Operation for ListTagsForResource {
    const NAME: &'static str = "ListTagsForResource";
    type In = ListTagsForResourceIn;
    type Out = TagsOut;
    type Error = LogsError;
}

impl Read for ListTagsForResource {
    fn run(view: &View<'_>, input: ListTagsForResourceIn) -> Result<TagsOut, LogsError> {
        list(view, &named(view.caller, &input.resource_arn)?)
    }
}

pub struct TagLogGroup;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TagLogGroupIn {
    log_group_name: String,
    tags: BTreeMap<String, String>,
}

impl Operation for TagLogGroup {
    const NAME: &'static str = "TagLogGroup";
    type In = TagLogGroupIn;
    type Out = Done;
    type Error = LogsError;
}

impl Write for TagLogGroup {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: TagLogGroupIn) -> Result<Done, LogsError> {
        tag(txn, &input.log_group_name, input.tags)
    }
}

pub struct UntagLogGroup;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UntagLogGroupIn {
    log_group_name: String,
    /// Keys.
    tags: Vec<String>,
}

impl Operation for UntagLogGroup {
    const NAME: &'static str = "UntagLogGroup";
    type In = UntagLogGroupIn;
    type Out = Done;
    type Error = LogsError;
}

impl Write for UntagLogGroup {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: UntagLogGroupIn) -> Result<Done, LogsError> {
        untag(txn, &input.log_group_name, &input.tags)
    }
}

pub struct ListTagsLogGroup;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListTagsLogGroupIn {
    log_group_name: String,
}

impl Operation for ListTagsLogGroup {
    const NAME: &'static str = "ListTagsLogGroup";
    type In = ListTagsLogGroupIn;
    type Out = TagsOut;
    type Error = LogsError;
}

impl Read for ListTagsLogGroup {
    fn run(view: &View<'_>, input: ListTagsLogGroupIn) -> Result<TagsOut, LogsError> {
        list(view, &input.log_group_name)
    }
}
