//! Objects and their versions. Source: S3 user guide, "Retaining multiple versions of objects with S3 Versioning".

use super::S3Error;
use crate::model::bucket::{self, NULL_VERSION};
use crate::model::{ObjectKey, ObjectVersion, State, Txn, Versioning};
use std::sync::Arc;

/// The most bytes that come in one request. Source: S3 API reference, `PutObject`.
pub const LARGEST_PUT: u64 = 5 * 1024 * 1024 * 1024;
/// The most bytes of an object: as many parts as there may be, each as large as it may be. Source: S3 user guide, "Amazon
/// S3 multipart upload limits".
pub const LARGEST: u64 = 10_000 * LARGEST_PUT;
/// Source: S3 user guide, "Working with object metadata".
pub const MOST_METADATA: usize = 2_048;

/// The version that is asked for, or else the newest.
///
/// # Errors
/// There is none, or it is a delete marker.
pub fn find<'a>(
    state: &'a State,
    at: &ObjectKey,
    version: Option<&str>,
) -> Result<&'a Arc<ObjectVersion>, S3Error> {
    let object = state.objects.get(at);
    let key = || at.key.to_string();
    let Some(id) = version else {
        let newest = object.and_then(|object| object.versions.last());
        let newest = newest.ok_or_else(|| S3Error::NoSuchKey(key()))?;
        return match newest.content {
            Some(_) => Ok(newest),
            None => Err(S3Error::Deleted { key: key(), version: newest.id().to_owned() }),
        };
    };
    let found = object.and_then(|object| object.version(id));
    match found {
        Some(found) if found.content.is_none() => Err(S3Error::DeleteMarker {
            modified: super::condition::http_date(found.modified),
            version: found.id().to_owned(),
        }),
        Some(found) => Ok(found),
        None if is_version_id(id) => Err(S3Error::NoSuchVersion { key: key(), version_id: id.to_owned() }),
        None => Err(S3Error::argument("versionId", id, "Invalid version id specified")),
    }
}

/// Whether this may be the id of a version.
fn is_version_id(id: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_');
    id == NULL_VERSION || (id.len() == 32 && id.bytes().all(letter))
}

/// Makes a version the newest of its object.
///
/// # Errors
/// The bucket has gone, or there is no room.
pub fn put(txn: &mut Txn<'_>, at: &ObjectKey, version: ObjectVersion) -> Result<Arc<ObjectVersion>, S3Error> {
    let kept = version.content.as_ref().map_or(0, |content| content.kept());
    room(&txn.state, kept)?;
    bucket::put_object(txn, at, version).ok_or_else(|| S3Error::NoSuchBucket(at.bucket.to_string()))
}

/// # Errors
/// There is no room for so many bytes.
pub fn room(state: &State, bytes: u64) -> Result<(), S3Error> {
    if bytes > state.free_bytes() { Err(S3Error::NoRoom(state.most_bytes())) } else { Ok(()) }
}

/// What a deletion did.
#[derive(Debug, Default, PartialEq)]
pub struct Deleted {
    /// A delete marker was made or removed.
    pub marker: bool,
    /// The version that was made or removed, of a bucket that has or had versions.
    pub version: Option<String>,
}

/// Deletes one version, or puts a delete marker in front of all; what is not there is deleted with success.
///
/// # Errors
/// The bucket has gone, or the id is none.
pub fn delete(txn: &mut Txn<'_>, at: &ObjectKey, version: Option<&str>) -> Result<Deleted, S3Error> {
    let Some(bucket) = txn.state.buckets.get(&at.bucket) else {
        return Err(S3Error::NoSuchBucket(at.bucket.to_string()));
    };
    let versioning = bucket.versioning;
    if let Some(id) = version {
        if !is_version_id(id) {
            return Err(S3Error::argument("versionId", id, "Invalid version id specified"));
        }
        let removed = txn.state.edit_versions(at, |versions| {
            let place = versions.iter().position(|version| version.id() == id)?;
            Some(versions.remove(place))
        });
        let marker = removed.is_some_and(|removed| removed.content.is_none());
        return Ok(Deleted { marker, version: Some(id.to_owned()) });
    }
    if versioning == Versioning::Unversioned {
        txn.state.edit_versions(at, Vec::clear);
        return Ok(Deleted::default());
    }
    let marker = ObjectVersion::delete_marker(txn.now);
    let marker = put(txn, at, marker)?;
    Ok(Deleted { marker: true, version: Some(marker.id().to_owned()) })
}
