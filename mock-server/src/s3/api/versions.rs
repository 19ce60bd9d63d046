//! Listings of versions and of uploads. Source: S3 API reference, `ListObjectVersions`, `ListMultipartUploads`.

use super::head::{checksum_type, storage_class};
use super::listing::{Encoding, most};
use super::{Answer, etag, owner, say, timestamp};
use crate::model::{ObjectVersion as Version, Upload};
use crate::s3::call::Call;
use crate::services::s3::S3Error;
use crate::services::s3::list::Listing;
use s3s::dto::*;
use std::sync::Arc;

/// A version where it is listed.
struct Placed {
    key: Arc<str>,
    version: Arc<Version>,
    latest: bool,
}

pub(super) fn list(call: &Call, input: ListObjectVersionsInput) -> Answer<ListObjectVersionsOutput> {
    let (prefix, delimiter) =
        (input.prefix.as_deref().unwrap_or_default(), input.delimiter.as_deref().unwrap_or_default());
    let place = call.may_in(&input.bucket, input.expected_bucket_owner.as_deref())?;
    let (encoding, most) = (Encoding::of(input.encoding_type.as_ref())?, most(input.max_keys, "max-keys")?);
    let after = input.key_marker.as_deref().unwrap_or_default();
    let after_version = input.version_id_marker.as_deref().filter(|id| !id.is_empty());
    if after_version.is_some() && after.is_empty() {
        let text = "A version-id marker cannot be specified without a key marker.";
        return Err(S3Error::argument("version-id-marker", after_version.unwrap_or_default(), text));
    }
    // The rest of the object in the middle of which the last page ended.
    let begun = after_version.and_then(|id| {
        let object = place.state.objects.get(&place.at(after)).filter(|_| after.starts_with(prefix))?;
        let end = object.versions.iter().position(|version| version.id() == id)?;
        Some((object.clone(), end))
    });
    let rest = place.state.objects_after(&place.bucket.name, prefix, after);
    let rest = rest.map(|object| (object.clone(), object.versions.len()));
    let items = begun.into_iter().chain(rest).flat_map(|(object, end)| {
        (0..end).rev().map(move |at| Placed {
            key: object.at.key.clone(),
            version: object.versions[at].clone(),
            latest: at + 1 == object.versions.len(),
        })
    });
    let page = Listing { prefix, delimiter, after, most }.page(items, |item| &item.key);
    let owner = owner(place.bucket.account);
    let (mut versions, mut markers) = (Vec::new(), Vec::new());
    for item in &page.found {
        let version = &item.version;
        let key = Some(encoding.told(&item.key));
        let (last_modified, version_id) = (Some(timestamp(version.modified)), Some(version.id().to_owned()));
        let (owner, is_latest) = (Some(owner.clone()), Some(item.latest));
        if version.content.is_none() {
            markers.push(DeleteMarkerEntry { is_latest, key, last_modified, owner, version_id });
            continue;
        }
        let checksum = version.checksums.iter().next();
        versions.push(ObjectVersion {
            checksum_algorithm: checksum.map(|(name, _)| vec![ChecksumAlgorithm::from_static(name)]),
            checksum_type: checksum.map(|(_, checksum)| ChecksumType::from_static(checksum_type(checksum))),
            e_tag: etag(&version.etag),
            is_latest,
            key,
            last_modified,
            owner,
            restore_status: None,
            size: i64::try_from(version.len()).ok(),
            storage_class: Some(storage_class(version).into()),
            version_id,
        });
    }
    let last = page.found.last().filter(|item| *item.key == *page.last);
    say(ListObjectVersionsOutput {
        versions: Some(versions),
        delete_markers: Some(markers),
        common_prefixes: encoding.prefixes(&page.prefixes),
        is_truncated: Some(page.truncated),
        next_key_marker: page.truncated.then(|| encoding.told(&page.last)),
        next_version_id_marker: last.filter(|_| page.truncated).map(|item| item.version.id().to_owned()),
        name: Some(input.bucket),
        prefix: Some(encoding.told(prefix)),
        delimiter: input.delimiter.as_deref().map(|text| encoding.told(text)),
        key_marker: Some(encoding.told(after)),
        version_id_marker: Some(after_version.unwrap_or_default().to_owned()),
        max_keys: i32::try_from(most).ok(),
        encoding_type: input.encoding_type,
        ..Default::default()
    })
}

pub(super) fn uploads(call: &Call, input: ListMultipartUploadsInput) -> Answer<ListMultipartUploadsOutput> {
    let (prefix, delimiter) =
        (input.prefix.as_deref().unwrap_or_default(), input.delimiter.as_deref().unwrap_or_default());
    let place = call.may_in(&input.bucket, input.expected_bucket_owner.as_deref())?;
    let (encoding, most) =
        (Encoding::of(input.encoding_type.as_ref())?, most(input.max_uploads, "max-uploads")?);
    let after = input.key_marker.as_deref().unwrap_or_default();
    // Without a key the id of an upload marks nothing.
    let after_id = input.upload_id_marker.as_deref().filter(|id| !id.is_empty() && !after.is_empty());
    let marked = after_id
        .and_then(|id| place.state.upload(&place.at(after), id))
        .map(|row| crate::kernel::Row::key(&**row));
    let items = place.state.uploads_to(&place.bucket.name).filter(|upload| {
        upload.at.key.starts_with(prefix)
            && match &marked {
                Some(marked) => crate::kernel::Row::key(&***upload) > *marked,
                None => *upload.at.key > *after,
            }
    });
    let page = Listing { prefix, delimiter, after, most }.page(items, |upload| &upload.at.key);
    let owner = owner(place.bucket.account);
    let told = |upload: &&Arc<Upload>| MultipartUpload {
        checksum_algorithm: upload.algorithm.map(ChecksumAlgorithm::from_static),
        checksum_type: None,
        initiated: Some(timestamp(upload.started)),
        initiator: Some(Initiator { id: owner.id.clone(), display_name: None }),
        key: Some(encoding.told(&upload.at.key)),
        owner: Some(owner.clone()),
        storage_class: Some(storage_class(&upload.object).into()),
        upload_id: Some(upload.id.to_string()),
    };
    let last = page.found.last().filter(|upload| *upload.at.key == *page.last);
    say(ListMultipartUploadsOutput {
        uploads: Some(page.found.iter().map(told).collect()),
        common_prefixes: encoding.prefixes(&page.prefixes),
        is_truncated: Some(page.truncated),
        next_key_marker: page.truncated.then(|| encoding.told(&page.last)),
        next_upload_id_marker: last.filter(|_| page.truncated).map(|upload| upload.id.to_string()),
        bucket: Some(input.bucket),
        prefix: Some(encoding.told(prefix)),
        delimiter: input.delimiter.as_deref().map(|text| encoding.told(text)),
        key_marker: Some(encoding.told(after)),
        upload_id_marker: Some(after_id.unwrap_or_default().to_owned()),
        max_uploads: i32::try_from(most).ok(),
        encoding_type: input.encoding_type,
        ..Default::default()
    })
}
