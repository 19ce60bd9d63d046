//! Tags of users, roles, policies and instance profiles; keys are shown as they were given. Source: IAM user guide, "Tags for IAM resources".

use super::entity::{NamedPage, Rest, Tagged, change, find};
use super::error::IamError;
use crate::model::{Tags, Txn};
use crate::services::{Caller, Done, Home, Operation, Read, View, Write};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::marker::PhantomData;

/// Tags of one thing.
const MOST_TAGS: usize = 50;
/// What only AWS's own keys begin with, in whatever case.
const RESERVED: &str = "aws:";

#[derive(Serialize, Deserialize, Debug, PartialEq)]
#[serde(rename_all = "PascalCase")]
pub struct TagData {
    key: String,
    value: String,
}

pub fn data(tags: &Tags) -> Vec<TagData> {
    tags.iter().map(|(key, value)| TagData { key: key.to_owned(), value: value.to_owned() }).collect()
}

/// The tags of something new.
pub fn of_new<E: Tagged>(tags: Vec<TagData>) -> Result<Tags, IamError> {
    merged::<E>(&Tags::default(), tags)
}

/// The tags after `new` ones were added; a new one takes the place of an old one with its key.
fn merged<E: Tagged>(old: &Tags, new: Vec<TagData>) -> Result<Tags, IamError> {
    let keys = keys_of::<E>(new.iter().map(|tag| tag.key.as_str()));
    if keys.len() < new.len() {
        return Err(IamError::DuplicateTagKeys);
    }
    let mut tags = without::<E>(old, &keys)?;
    new.into_iter().for_each(|tag| tags.set(tag.key, tag.value));
    if tags.len() > MOST_TAGS {
        return Err(IamError::Quota { quota: E::QUOTA, limit: MOST_TAGS });
    }
    Ok(tags)
}

/// Keys as they are told apart.
fn keys_of<'a, E: Tagged>(keys: impl Iterator<Item = &'a str>) -> BTreeSet<String> {
    keys.map(folded::<E>).collect()
}

fn folded<E: Tagged>(key: &str) -> String {
    if E::CASELESS { key.to_lowercase() } else { key.to_owned() }
}

/// The tags but for those whose keys are among `keys`. Nobody but AWS sets or removes tags with its prefix.
fn without<E: Tagged>(tags: &Tags, keys: &BTreeSet<String>) -> Result<Tags, IamError> {
    let reserved =
        |key: &String| key.get(..RESERVED.len()).is_some_and(|start| start.eq_ignore_ascii_case(RESERVED));
    if keys.iter().any(reserved) {
        return Err(IamError::ReservedTagKey);
    }
    Ok(tags.iter().filter(|(key, _)| !keys.contains(&folded::<E>(key))).collect())
}

/// Adds tags: `TagUser` and its like.
pub struct Tag<E>(PhantomData<E>);

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TagIn {
    #[serde(alias = "RoleName", alias = "UserName", alias = "InstanceProfileName", alias = "PolicyArn")]
    #[serde(alias = "SerialNumber", alias = "OpenIDConnectProviderArn")]
    name: String,
    tags: Vec<TagData>,
}

impl<E: Tagged> Operation for Tag<E> {
    const NAME: &'static str = E::TAG;
    const HOME: Home = Home::Account;
    type In = TagIn;
    type Out = Done;
    type Error = IamError;
}

impl<E: Tagged> Write for Tag<E> {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: TagIn) -> Result<Done, IamError> {
        let tags = merged::<E>(find::<E>(&txn.state, &input.name)?.tags(), input.tags)?;
        change::<E>(&mut txn.state, &input.name, |row| *row.tags_mut() = tags)?;
        Ok(Done {})
    }
}

/// Removes tags: `UntagUser` and its like.
pub struct Untag<E>(PhantomData<E>);

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UntagIn {
    #[serde(alias = "RoleName", alias = "UserName", alias = "InstanceProfileName", alias = "PolicyArn")]
    #[serde(alias = "SerialNumber", alias = "OpenIDConnectProviderArn")]
    name: String,
    tag_keys: Vec<String>,
}

impl<E: Tagged> Operation for Untag<E> {
    const NAME: &'static str = E::UNTAG;
    const HOME: Home = Home::Account;
    type In = UntagIn;
    type Out = Done;
    type Error = IamError;
}

impl<E: Tagged> Write for Untag<E> {
    /// A key that there is no tag of is no error.
    fn run(txn: &mut Txn<'_>, _: &Caller, input: UntagIn) -> Result<Done, IamError> {
        let keys = keys_of::<E>(input.tag_keys.iter().map(String::as_str));
        let tags = without::<E>(find::<E>(&txn.state, &input.name)?.tags(), &keys)?;
        change::<E>(&mut txn.state, &input.name, |row| *row.tags_mut() = tags)?;
        Ok(Done {})
    }
}

/// Tells tags: `ListUserTags` and its like.
pub struct ListTags<E>(PhantomData<E>);

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListTagsOut {
    tags: Vec<TagData>,
    #[serde(flatten)]
    rest: Rest,
}

impl<E: Tagged> Operation for ListTags<E> {
    const NAME: &'static str = E::LIST;
    const HOME: Home = Home::Account;
    type In = NamedPage;
    type Out = ListTagsOut;
    type Error = IamError;
}

impl<E: Tagged> Read for ListTags<E> {
    fn run(view: &View<'_>, input: NamedPage) -> Result<ListTagsOut, IamError> {
        let tags = data(find::<E>(view.state, &input.name)?.tags());
        let (tags, rest) = input.part().of(tags.into_iter(), |tag| tag.key.clone())?;
        Ok(ListTagsOut { tags, rest })
    }
}
