//! Tags of whatever has an ARN.

use super::error::SageMakerError;
use crate::model::{JobKey, JobKind, State, Tags, Txn};
use crate::services::page;
use crate::services::{Caller, Operation, Read, View, Write};
use serde::{Deserialize, Serialize};

/// Source: service model and "Tagging AWS resources".
const MOST: usize = 50;
const RESERVED: &str = "aws:";

#[derive(Serialize, Deserialize, Clone)]
#[serde(rename_all = "PascalCase")]
pub struct Tag {
    key: String,
    value: String,
}

/// The tags of a request.
///
/// # Errors
/// Keys that occur twice or are reserved.
pub fn checked(tags: &[Tag]) -> Result<Tags, SageMakerError> {
    let mut checked = Tags::default();
    for tag in tags {
        if tag.key.to_lowercase().starts_with(RESERVED) {
            return Err(SageMakerError::TagReserved(tag.key.clone()));
        }
        if checked.get(&tag.key).is_some() {
            return Err(SageMakerError::TagTwice(tag.key.clone()));
        }
        checked.set(&*tag.key, &*tag.value);
    }
    Ok(checked)
}

fn told(tags: &Tags) -> Vec<Tag> {
    tags.iter().map(|(key, value)| Tag { key: key.to_owned(), value: value.to_owned() }).collect()
}

/// The resource with this ARN.
fn resource(state: &State, caller: &Caller, arn: &str) -> Result<JobKey, SageMakerError> {
    let find = || {
        let key = JobKind::ALL.iter().find_map(|kind| {
            let name = arn.strip_prefix(&caller.arn("sagemaker", kind.slug()))?.strip_prefix('/')?;
            Some(JobKey { kind: *kind, name: name.into() })
        })?;
        state.jobs.contains(&key).then_some(key)
    };
    find().ok_or(SageMakerError::NotFound)
}

fn tags_of<'a>(state: &'a State, key: &JobKey) -> Result<&'a Tags, SageMakerError> {
    state.jobs.get(key).map(|job| &job.tags).ok_or(SageMakerError::NotFound)
}

pub struct AddTags;
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AddIn {
    resource_arn: String,
    tags: Vec<Tag>,
}
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct AddOut {
    tags: Vec<Tag>,
}
impl Operation for AddTags {
    const NAME: &'static str = "AddTags";
    type In = AddIn;
    type Out = AddOut;
    type Error = SageMakerError;
}
impl Write for AddTags {
    fn run(txn: &mut Txn<'_>, caller: &Caller, input: AddIn) -> Result<AddOut, SageMakerError> {
        let key = resource(&txn.state, caller, &input.resource_arn)?;
        let added = checked(&input.tags)?;
        let job = txn.state.jobs.update(&key, |job| {
            added.iter().for_each(|(key, value)| job.tags.set(key, value));
        });
        match job {
            Some(job) if job.tags.len() > MOST => Err(SageMakerError::TooManyTags),
            Some(job) => Ok(AddOut { tags: told(&job.tags) }),
            None => Err(SageMakerError::NotFound),
        }
    }
}

pub struct ListTags;
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListIn {
    resource_arn: String,
    next_token: Option<String>,
    max_results: Option<usize>,
}
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListOut {
    tags: Vec<Tag>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}
impl Operation for ListTags {
    const NAME: &'static str = "ListTags";
    type In = ListIn;
    type Out = ListOut;
    type Error = SageMakerError;
}
impl Read for ListTags {
    fn run(view: &View<'_>, input: ListIn) -> Result<ListOut, SageMakerError> {
        let key = resource(view.state, view.caller, &input.resource_arn)?;
        let after =
            input.next_token.as_deref().map(|token| page::key_of(token).ok_or(SageMakerError::BadToken));
        let after = after.transpose()?;
        let tags = told(tags_of(view.state, &key)?);
        let rest = tags.into_iter().filter(|tag| after.as_ref().is_none_or(|after| tag.key > *after));
        let (tags, next_token) = page::cut(rest, input.max_results.unwrap_or(MOST), |tag| tag.key.clone());
        Ok(ListOut { tags, next_token })
    }
}

pub struct DeleteTags;
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteIn {
    resource_arn: String,
    tag_keys: Vec<String>,
}
#[derive(Serialize)]
pub struct DeleteOut {}
impl Operation for DeleteTags {
    const NAME: &'static str = "DeleteTags";
    type In = DeleteIn;
    type Out = DeleteOut;
    type Error = SageMakerError;
}
impl Write for DeleteTags {
    fn run(txn: &mut Txn<'_>, caller: &Caller, input: DeleteIn) -> Result<DeleteOut, SageMakerError> {
        let key = resource(&txn.state, caller, &input.resource_arn)?;
        txn.state.jobs.update(&key, |job| {
            input.tag_keys.iter().for_each(|key| job.tags.remove(key));
        });
        Ok(DeleteOut {})
    }
}
