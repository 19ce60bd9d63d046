//! Buckets: made, found, listed, deleted.

use super::{Answer, owner, say, timestamp};
use crate::kernel::Scope;
use crate::model::Bucket as BucketRow;
use crate::model::sight::is_taken;
use crate::s3::access::On;
use crate::s3::call::{Call, value};
use crate::services::s3::{S3Error, bucket, name};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hyper::HeaderMap;
use s3s::S3Response;
use s3s::dto::*;

pub(super) fn create(call: &Call, input: CreateBucketInput) -> Answer<CreateBucketOutput> {
    let endpoint = call.endpoint.clone().unwrap_or_else(|| call.caller.region.clone());
    if input.acl.as_ref().is_some_and(|acl| acl.as_str() != BucketCannedACL::PRIVATE) {
        return Err(S3Error::BucketAcl);
    }
    if input.object_lock_enabled_for_bucket == Some(true) {
        return Err(S3Error::NotBuilt("Object Lock"));
    }
    let ownership = input.object_ownership.as_ref().map(|ownership| ownership.as_str());
    if ownership.is_some_and(|ownership| ownership != ObjectOwnership::BUCKET_OWNER_ENFORCED) {
        return Err(S3Error::NotBuilt("Object ownership other than BucketOwnerEnforced"));
    }
    let configuration = input.create_bucket_configuration.unwrap_or_default();
    if configuration.bucket.is_some() || configuration.location.is_some() {
        return Err(S3Error::NotBuilt("A directory bucket"));
    }
    let constraint = configuration.location_constraint.as_ref().map(|constraint| constraint.as_str());
    name::check(&input.bucket)?;
    let region = bucket::location(&endpoint, constraint)?;
    call.may_on(On::New { name: &input.bucket, region })?;
    let names = call.account.read(&Scope::Global).choices.bucket_names;
    if is_taken(call.account.id, &input.bucket, names, &*call.account) {
        return Err(S3Error::BucketAlreadyExists(input.bucket));
    }
    let row = BucketRow::new(&input.bucket, call.account.id, region.into(), call.now);
    call.account.write(&Scope::Global, call.now, true, |txn| bucket::create(txn, row, &endpoint))?;
    say(CreateBucketOutput { location: Some(format!("/{}", input.bucket)) })
}

pub(super) fn head(call: &Call, input: HeadBucketInput) -> Answer<HeadBucketOutput> {
    let place = call.may_in(&input.bucket, input.expected_bucket_owner.as_deref())?;
    let mut headers = HeaderMap::new();
    headers.insert("x-amz-bucket-region", value(&place.bucket.region));
    headers.insert("content-type", value("application/xml"));
    Ok(S3Response::with_headers(HeadBucketOutput::default(), headers))
}

pub(super) fn delete(call: &Call, input: DeleteBucketInput) -> Answer<DeleteBucketOutput> {
    let place = call.may_in(&input.bucket, input.expected_bucket_owner.as_deref())?;
    place.write(|txn| bucket::delete(txn, &place.bucket.name))?;
    say(DeleteBucketOutput {})
}

/// Source: S3 API reference, `ListBuckets`.
pub(super) fn list(call: &Call, input: ListBucketsInput) -> Answer<ListBucketsOutput> {
    call.may_on(On::Buckets)?;
    const MOST: i32 = 10_000;
    let most = input.max_buckets.unwrap_or(MOST);
    if !(1..=MOST).contains(&most) {
        let text = "Argument max-buckets must be an integer between 1 and 10000";
        return Err(S3Error::argument("max-buckets", most.to_string(), text));
    }
    let after = input.continuation_token.as_deref().map(token).transpose()?;
    let (prefix, region) = (input.prefix.as_deref().unwrap_or_default(), input.bucket_region.as_deref());
    let state = call.account.read(&Scope::Global);
    let mut all = state.buckets.iter().filter(|bucket| {
        bucket.name.starts_with(prefix)
            && region.is_none_or(|region| *bucket.region == *region)
            && after.as_deref().is_none_or(|after| *bucket.name > *after)
    });
    let page: Vec<_> = all.by_ref().take(usize::try_from(most).unwrap_or(0)).collect();
    let next = page.last().filter(|_| all.next().is_some()).map(|last| URL_SAFE_NO_PAD.encode(&*last.name));
    // Only who asks for pages, or for some, is told where they are.
    let paged = input.max_buckets.is_some() || !prefix.is_empty() || region.is_some() || after.is_some();
    let told = |bucket: &&std::sync::Arc<BucketRow>| Bucket {
        name: Some(bucket.name.to_string()),
        creation_date: Some(timestamp(bucket.created)),
        bucket_region: paged.then(|| bucket.region.to_string()),
    };
    say(ListBucketsOutput {
        buckets: Some(page.iter().map(told).collect()),
        owner: Some(owner(call.account.id)),
        continuation_token: next,
        prefix: input.prefix,
    })
}

/// Where a page ended.
fn token(token: &str) -> Result<String, S3Error> {
    let decoded = URL_SAFE_NO_PAD.decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    decoded.ok_or_else(|| {
        let text = "The continuation token provided is incorrect";
        S3Error::argument("continuation-token", token, text)
    })
}

/// It may be asked at any endpoint. Source: S3 API reference, `GetBucketLocation`.
pub(super) fn location(call: &Call, input: GetBucketLocationInput) -> Answer<GetBucketLocationOutput> {
    let place = call.find(&input.bucket, input.expected_bucket_owner.as_deref())?;
    call.may_on(On::Bucket(&place.found()))?;
    let region = &*place.bucket.region;
    let constraint = (region != "us-east-1").then(|| BucketLocationConstraint::from(region.to_owned()));
    say(GetBucketLocationOutput { location_constraint: constraint })
}
