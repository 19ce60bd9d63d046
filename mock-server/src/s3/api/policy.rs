//! Policies of buckets.

use super::{Answer, say};
use crate::iam::public::is_public;
use crate::model::PolicyDocument;
use crate::s3::access::{On, owns};
use crate::s3::call::{Call, Place};
use crate::services::s3::S3Error;
use s3s::dto::*;

/// The bucket, if the caller may do this to it and is of its account: others may not even where they are allowed to.
fn place(call: &Call, bucket: &str, owner: Option<&str>) -> Result<Place, S3Error> {
    let place = call.bucket(bucket, owner)?;
    let found = place.found();
    call.may_on(On::Bucket(&found))?;
    owns(call.signed.then_some(&call.caller), &found)?;
    Ok(place)
}

fn text(place: &Place) -> Result<&str, S3Error> {
    let none = || S3Error::NoSuchBucketPolicy(place.bucket.name.to_string());
    place.bucket.policy.as_ref().map(PolicyDocument::text).ok_or_else(none)
}

pub(super) fn get(call: &Call, input: GetBucketPolicyInput) -> Answer<GetBucketPolicyOutput> {
    let place = place(call, &input.bucket, input.expected_bucket_owner.as_deref())?;
    say(GetBucketPolicyOutput { policy: Some(text(&place)?.to_owned()) })
}

pub(super) fn put(call: &Call, input: PutBucketPolicyInput) -> Answer<PutBucketPolicyOutput> {
    let place = place(call, &input.bucket, input.expected_bucket_owner.as_deref())?;
    call.visit()?.check_policy(&place.found(), &input.policy, &*call.account)?;
    let document = PolicyDocument::new(input.policy);
    super::config::edit(&place, |row| row.policy = Some(document))?;
    say(PutBucketPolicyOutput {})
}

pub(super) fn delete(call: &Call, input: DeleteBucketPolicyInput) -> Answer<DeleteBucketPolicyOutput> {
    let place = place(call, &input.bucket, input.expected_bucket_owner.as_deref())?;
    super::config::edit(&place, |row| row.policy = None)?;
    say(DeleteBucketPolicyOutput {})
}

pub(super) fn status(call: &Call, input: GetBucketPolicyStatusInput) -> Answer<GetBucketPolicyStatusOutput> {
    let place = place(call, &input.bucket, input.expected_bucket_owner.as_deref())?;
    let is_public = Some(is_public(text(&place)?));
    say(GetBucketPolicyStatusOutput { policy_status: Some(PolicyStatus { is_public }) })
}
