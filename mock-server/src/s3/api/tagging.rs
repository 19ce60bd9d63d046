//! Tags and attributes of objects.

use super::config::{read_tags, tag_set};
use super::head::{self, checksum_type, storage_class};
use super::{Answer, etag};
use crate::model::{ObjectVersion, Tags, Versioning};
use crate::s3::call::{Call, Place};
use crate::services::s3::checksum::Algorithm;
use crate::services::s3::{S3Error, condition, object, tags};
use hyper::HeaderMap;
use s3s::S3Response;
use s3s::dto::*;
use std::sync::Arc;

/// The version that a request names.
pub(super) fn version(
    call: &Call,
    place: &Place,
    key: &str,
    id: Option<&str>,
) -> Result<Arc<ObjectVersion>, S3Error> {
    let found = object::find(&place.state, &place.at(key), id);
    found.cloned().map_err(|error| call.missing(place, error))
}

fn told(place: &Place, version: &ObjectVersion) -> Option<String> {
    (place.bucket.versioning != Versioning::Unversioned).then(|| version.id().to_owned())
}

pub(super) fn get(call: &Call, input: GetObjectTaggingInput) -> Answer<GetObjectTaggingOutput> {
    let place = call.bucket(&input.bucket, input.expected_bucket_owner.as_deref())?;
    call.may(&place, &input.key)?;
    let version = version(call, &place, &input.key, input.version_id.as_deref())?;
    super::say(GetObjectTaggingOutput { tag_set: tag_set(&version.tags), version_id: told(&place, &version) })
}

/// Gives a version other tags.
fn set(
    call: &Call,
    place: &Place,
    key: &str,
    id: Option<&str>,
    tags: Tags,
) -> Result<Option<String>, S3Error> {
    let found = version(call, place, key, id)?;
    place.write(|txn| {
        txn.state.edit_versions(&place.at(key), |versions| {
            if let Some(version) = versions.iter_mut().find(|version| version.id() == found.id()) {
                Arc::make_mut(version).tags = tags;
            }
        });
        Ok(())
    })?;
    Ok(told(place, &found))
}

pub(super) fn put(call: &Call, input: PutObjectTaggingInput) -> Answer<PutObjectTaggingOutput> {
    let place = call.bucket(&input.bucket, input.expected_bucket_owner.as_deref())?;
    let tags = read_tags(input.tagging.tag_set, tags::MOST_OF_OBJECT)?;
    call.may_tag(&place, &input.key, &tags)?;
    let version_id = set(call, &place, &input.key, input.version_id.as_deref(), tags)?;
    super::say(PutObjectTaggingOutput { version_id })
}

pub(super) fn delete(call: &Call, input: DeleteObjectTaggingInput) -> Answer<DeleteObjectTaggingOutput> {
    let place = call.bucket(&input.bucket, input.expected_bucket_owner.as_deref())?;
    call.may(&place, &input.key)?;
    let version_id = set(call, &place, &input.key, input.version_id.as_deref(), Tags::default())?;
    super::say(DeleteObjectTaggingOutput { version_id })
}

/// Source: S3 API reference, `GetObjectAttributes`.
pub(super) fn attributes(call: &Call, input: GetObjectAttributesInput) -> Answer<GetObjectAttributesOutput> {
    let place = call.bucket(&input.bucket, input.expected_bucket_owner.as_deref())?;
    call.may(&place, &input.key)?;
    let version = version(call, &place, &input.key, input.version_id.as_deref())?;
    let asked = |name: &str| input.object_attributes.iter().any(|asked| asked.as_str() == name);
    const KNOWN: &[&str] = &["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"];
    if let Some(other) = input.object_attributes.iter().find(|asked| !KNOWN.contains(&asked.as_str())) {
        return Err(S3Error::argument(
            "x-amz-object-attributes",
            other.as_str(),
            "Invalid attribute name specified.",
        ));
    }
    let of = |algorithm: Algorithm| version.checksums.get(algorithm.name()).cloned();
    let kind = version.checksums.values().next().map(|checksum| checksum_type(checksum));
    let checksum = Checksum {
        checksum_crc32: of(Algorithm::Crc32),
        checksum_crc32c: of(Algorithm::Crc32c),
        checksum_crc64nvme: of(Algorithm::Crc64Nvme),
        checksum_sha1: of(Algorithm::Sha1),
        checksum_sha256: of(Algorithm::Sha256),
        checksum_type: kind.map(ChecksumType::from_static),
    };
    let most = super::listing::most(input.max_parts, "max-parts")?;
    let after = usize::try_from(input.part_number_marker.unwrap_or(0)).unwrap_or(0);
    let page = version.parts.iter().enumerate().skip(after).take(most).map(|(index, size)| ObjectPart {
        part_number: i32::try_from(index + 1).ok(),
        size: i64::try_from(*size).ok(),
        ..Default::default()
    });
    let end = (after + most).min(version.parts.len());
    // The parts one by one are told only where each has a checksum of its own.
    let parts = (kind == Some(ChecksumType::COMPOSITE)).then(|| GetObjectAttributesParts {
        total_parts_count: i32::try_from(version.parts.len()).ok(),
        parts: Some(page.collect()),
        is_truncated: Some(end < version.parts.len()),
        max_parts: i32::try_from(most).ok(),
        next_part_number_marker: i32::try_from(end).ok(),
        part_number_marker: i32::try_from(after).ok(),
    });
    let count = GetObjectAttributesParts {
        total_parts_count: i32::try_from(version.parts.len()).ok(),
        ..Default::default()
    };
    let output = GetObjectAttributesOutput {
        e_tag: etag(&version.etag).filter(|_| asked("ETag")),
        checksum: Some(checksum).filter(|_| asked("Checksum") && kind.is_some()),
        object_parts: Some(parts.unwrap_or(count))
            .filter(|_| asked("ObjectParts") && !version.parts.is_empty()),
        object_size: i64::try_from(version.len()).ok().filter(|_| asked("ObjectSize")),
        storage_class: asked("StorageClass").then(|| storage_class(&version).into()),
        ..Default::default()
    };
    let mut headers = HeaderMap::new();
    headers.insert("last-modified", crate::s3::call::value(&condition::http_date(version.modified)));
    head::version_id(&place.bucket, &version, &mut headers);
    Ok(S3Response::with_headers(output, headers))
}
