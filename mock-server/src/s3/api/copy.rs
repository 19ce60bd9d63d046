//! Copies. Source: S3 API reference, `CopyObject`.

use super::head::{self, Said};
use super::object::told_checksums;
use super::{Answer, etag, timestamp};
use crate::model::{Content, ObjectVersion, Versioning};
use crate::s3::call::{Call, Place, value};
use crate::services::s3::checksum::Algorithm;
use crate::services::s3::{S3Error, object};
use hyper::HeaderMap;
use s3s::S3Response;
use s3s::dto::*;
use std::sync::Arc;

/// What is copied.
pub(super) struct Source {
    place: Place,
    key: String,
    pub(super) version: Arc<ObjectVersion>,
}

impl Source {
    /// Says which version it is.
    pub(super) fn tell_version(&self, headers: &mut HeaderMap) {
        if self.place.bucket.versioning != Versioning::Unversioned {
            headers.insert("x-amz-copy-source-version-id", value(self.version.id()));
        }
    }
}

/// What a request copies to this key, if the caller may and its conditions hold.
pub(super) fn source(
    call: &Call,
    to: &Place,
    key: &str,
    asked: &CopySource,
    owner: Option<&str>,
) -> Result<Source, S3Error> {
    let CopySource::Bucket { bucket, key: from, version_id } = asked else {
        return Err(S3Error::NotBuilt("A copy from an access point"));
    };
    // A copy may cross regions.
    let place = call.find(bucket, owner)?;
    call.may_copy(to, key, &place, from)?;
    let version = object::find(&place.state, &place.at(from), version_id.as_deref());
    let version = version.map_err(|error| match error {
        S3Error::DeleteMarker { .. } => S3Error::InvalidRequest(
            "The source of a copy request may not specifically refer to a delete marker by version id."
                .into(),
        ),
        error => call.missing(&place, error),
    })?;
    call.conditions("x-amz-copy-source-").for_copying(version)?;
    Ok(Source { version: version.clone(), key: from.to_string(), place })
}

pub(super) fn copy(call: &Call, input: CopyObjectInput) -> Answer<CopyObjectOutput> {
    let place = call.bucket(&input.bucket, input.expected_bucket_owner.as_deref())?;
    let owner = input.expected_source_bucket_owner.as_deref();
    let source = source(call, &place, &input.key, &input.copy_source, owner)?;
    let at = place.at(&input.key);
    let said = head::said(call)?;
    let replaces = |directive: Option<&str>, name: &'static str| match directive {
        None | Some("COPY") => Ok(false),
        Some("REPLACE") => Ok(true),
        Some(other) => Err(S3Error::argument(name, other, format!("Unknown {name}."))),
    };
    let metadata = input.metadata_directive.as_ref().map(MetadataDirective::as_str);
    let metadata = replaces(metadata, "x-amz-metadata-directive")?;
    let tagging = input.tagging_directive.as_ref().map(TaggingDirective::as_str);
    let tagging = replaces(tagging, "x-amz-tagging-directive")?;
    let version = copied(call, &source.version, said, metadata, tagging)?;
    let itself = (&source.place.bucket.name, &*source.key) == (&at.bucket, &*at.key);
    let changed = metadata
        || ["x-amz-storage-class", "x-amz-website-redirect-location", head::ENCRYPTION]
            .iter()
            .any(|name| call.header(name).is_some());
    let newest = matches!(&input.copy_source, CopySource::Bucket { version_id: None, .. });
    if itself && newest && !changed {
        return Err(S3Error::CopyToItself);
    }
    if source.version.len() > object::LARGEST_PUT {
        return Err(S3Error::CopyTooLarge);
    }
    let conditions = call.conditions("");
    let version = place.write(|txn| {
        conditions.for_writing(&at.key, txn.state.objects.get(&at).and_then(|object| object.current()))?;
        object::put(txn, &at, ObjectVersion { modified: txn.now, ..version })
    })?;
    let checksum = |algorithm: Algorithm| version.checksums.get(algorithm.name()).cloned();
    let result = CopyObjectResult {
        e_tag: etag(&version.etag),
        last_modified: Some(timestamp(version.modified)),
        checksum_crc32: checksum(Algorithm::Crc32),
        checksum_crc32c: checksum(Algorithm::Crc32c),
        checksum_crc64nvme: checksum(Algorithm::Crc64Nvme),
        checksum_sha1: checksum(Algorithm::Sha1),
        checksum_sha256: checksum(Algorithm::Sha256),
        checksum_type: version
            .checksums
            .values()
            .next()
            .map(|checksum| ChecksumType::from_static(head::checksum_type(checksum))),
    };
    let mut headers = HeaderMap::new();
    head::encryption(&version, &mut headers);
    head::version_id(&place.bucket, &version, &mut headers);
    source.tell_version(&mut headers);
    let output = CopyObjectOutput { copy_object_result: Some(result), ..Default::default() };
    Ok(S3Response::with_headers(output, headers))
}

/// The object that a copy makes: it comes whole, however the source came.
fn copied(
    call: &Call,
    source: &ObjectVersion,
    said: Said,
    metadata: bool,
    tagging: bool,
) -> Result<ObjectVersion, S3Error> {
    let content = source.content.clone().unwrap_or(Content::Size(0));
    let mut version = ObjectVersion::new(content, call.now);
    let (headers, from) = if metadata {
        (said.headers.clone(), said.metadata)
    } else {
        (source.headers.clone(), source.metadata.clone())
    };
    (version.headers, version.metadata) = (headers, from);
    // These are never copied: who says nothing of them gets the default.
    for name in ["x-amz-storage-class", "x-amz-website-redirect-location"] {
        version.headers.remove(name);
    }
    version.headers.retain(|name, _| !name.starts_with(head::ENCRYPTION));
    let anew = said.headers.iter().filter(|(name, _)| name.starts_with("x-amz-"));
    version.headers.extend(anew.map(|(name, value)| (*name, value.clone())));
    version.tags = if tagging { said.tags } else { source.tags.clone() };
    let asked = call.header("x-amz-checksum-algorithm").and_then(Algorithm::parse);
    let kept = source.checksums.keys().next().and_then(|name| Algorithm::parse(name));
    if let (Some(Content::Bytes(bytes)), Some(algorithm)) = (&version.content, asked.or(kept)) {
        version.checksums = [(algorithm.name(), algorithm.of(bytes))].into();
    }
    version.checksums.extend(told_checksums(call));
    Ok(version)
}
