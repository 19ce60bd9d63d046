//! Uploads in parts. Source: S3 user guide, "Uploading and copying objects using multipart upload" and "Amazon S3
//! multipart upload limits"; S3 API reference, `CompleteMultipartUpload`.

use super::checksum::{self, Algorithm};
use super::condition::Conditions;
use super::{S3Error, object};
use crate::kernel::Row;
use crate::model::bucket::hex;
use crate::model::upload::joined;
use crate::model::{Content, ObjectKey, ObjectVersion, Part, State, Txn, Upload};
use md5::{Digest, Md5};
use std::collections::BTreeMap;
use std::sync::Arc;

const LARGEST_NUMBER: i32 = 10_000;
/// Every part but the last, in bytes.
const SMALLEST_PART: u64 = 5 * 1024 * 1024;

/// # Errors
/// The number of no part.
pub fn number(told: i32) -> Result<u16, S3Error> {
    let good = u16::try_from(told).ok().filter(|_| (1..=LARGEST_NUMBER).contains(&told));
    good.ok_or_else(|| {
        let text = "Part number must be an integer between 1 and 10000, inclusive";
        S3Error::argument("partNumber", told.to_string(), text)
    })
}

/// # Errors
/// There is none of this id to this object.
pub fn find<'a>(state: &'a State, at: &ObjectKey, id: &str) -> Result<&'a Arc<Upload>, S3Error> {
    state.upload(at, id).ok_or_else(|| S3Error::NoSuchUpload(id.to_owned()))
}

/// Begins an upload.
///
/// # Errors
/// The bucket has gone.
pub fn begin(
    txn: &mut Txn<'_>,
    at: &ObjectKey,
    object: ObjectVersion,
    algorithm: Option<Algorithm>,
    full_object: bool,
) -> Result<Arc<str>, S3Error> {
    if !txn.state.buckets.contains(&at.bucket) {
        return Err(S3Error::NoSuchBucket(at.bucket.to_string()));
    }
    let id: Arc<str> = format!("mockplane.{:032x}", txn.mint("upload")).into();
    let algorithm = algorithm.map(Algorithm::name);
    let (at, started) = (at.clone(), txn.now);
    let upload =
        Upload { at, id: id.clone(), started, object, algorithm, full_object, parts: BTreeMap::new() };
    txn.state.uploads.insert(upload);
    Ok(id)
}

/// Adds a part, in place of the one of its number.
///
/// # Errors
/// There is no such upload, or no room.
pub fn add(
    txn: &mut Txn<'_>,
    at: &ObjectKey,
    id: &str,
    number: u16,
    content: Content,
    mut checksums: BTreeMap<&'static str, String>,
) -> Result<Part, S3Error> {
    let upload = find(&txn.state, at, id)?.clone();
    let replaced = upload.parts.get(&number).map_or(0, |part| part.content.kept());
    object::room(&txn.state, content.kept().saturating_sub(replaced))?;
    if let (Some(algorithm), Content::Bytes(bytes)) = (upload.algorithm.and_then(Algorithm::parse), &content)
    {
        match checksums.keys().next() {
            Some(told) if *told != algorithm.name() => {
                return Err(S3Error::ChecksumTypeMismatch { part: told, upload: algorithm.name() });
            }
            _ => drop(checksums.insert(algorithm.name(), algorithm.of(bytes))),
        }
    }
    let part = Part { etag: content.etag(), content, modified: txn.now, checksums };
    txn.state.put_part(&upload.key(), number, part.clone());
    Ok(part)
}

/// A part as whoever completes an upload names it.
#[derive(Debug, Default)]
pub struct Named {
    pub number: i32,
    /// Without quotes.
    pub etag: String,
    pub checksums: BTreeMap<&'static str, String>,
}

/// Makes an object of an upload.
///
/// # Errors
/// There is no such upload, or the parts that are named are not those that came.
pub fn complete(
    txn: &mut Txn<'_>,
    at: &ObjectKey,
    id: &str,
    named: &[Named],
    whole: &BTreeMap<&'static str, String>,
    conditions: &Conditions,
) -> Result<Arc<ObjectVersion>, S3Error> {
    let upload = find(&txn.state, at, id)?.clone();
    let there = txn.state.objects.get(at).and_then(|object| object.current());
    conditions.for_writing(&at.key, there)?;
    let parts = chosen(&upload, named)?;
    let content = joined(parts.iter().map(|part| &***part));
    let mut version = ObjectVersion { modified: txn.now, ..upload.object.clone() };
    version.etag = etag(&parts).into();
    version.parts = parts.iter().map(|part| part.content.len()).collect();
    version.checksums = checksums(&upload, &parts, &content);
    for (algorithm, told) in whole {
        let kept = version.checksums.get(algorithm).map(|kept| kept.split('-').next().unwrap_or_default());
        if kept.is_some_and(|kept| Some(kept) != told.split('-').next()) {
            return Err(S3Error::BadChecksum(algorithm));
        }
    }
    version.content = Some(content);
    // First, so that what the parts keep is free for what they make.
    txn.state.remove_upload(&upload.key());
    object::put(txn, at, version)
}

/// The parts that are named, all of them there and in order.
fn chosen<'a>(upload: &'a Upload, named: &[Named]) -> Result<Vec<&'a Arc<Part>>, S3Error> {
    if named.is_empty() {
        return Err(S3Error::NoParts);
    }
    if named.windows(2).any(|pair| pair[0].number >= pair[1].number) {
        return Err(S3Error::InvalidPartOrder(upload.id.to_string()));
    }
    let mut parts = Vec::with_capacity(named.len());
    for (place, name) in named.iter().enumerate() {
        let found = u16::try_from(name.number).ok().and_then(|number| upload.parts.get(&number));
        let fits = |part: &&Arc<Part>| {
            let agree = |(algorithm, told): (&&'static str, &String)| {
                part.checksums.get(*algorithm).is_none_or(|kept| kept == told)
            };
            *part.etag == *name.etag && name.checksums.iter().all(agree)
        };
        let part = found.filter(fits).ok_or_else(|| S3Error::InvalidPart {
            upload_id: upload.id.to_string(),
            part_number: u64::try_from(name.number).unwrap_or(0),
            etag: name.etag.clone(),
        })?;
        if part.content.len() < SMALLEST_PART && place + 1 < named.len() {
            return Err(S3Error::EntityTooSmall {
                proposed_size: part.content.len(),
                min_size_allowed: SMALLEST_PART,
                part_number: u64::try_from(name.number).unwrap_or(0),
                etag: part.etag.to_string(),
            });
        }
        parts.push(part);
    }
    Ok(parts)
}

/// The MD5 of the parts' MD5s, and how many there are.
fn etag(parts: &[&Arc<Part>]) -> String {
    let mut all = Md5::new();
    for part in parts {
        let digits = part.etag.as_bytes().chunks(2);
        let bytes = digits.filter_map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
        all.update(bytes.collect::<Vec<_>>());
    }
    format!("{}-{}", hex(&all.finalize()), parts.len())
}

fn checksums(upload: &Upload, parts: &[&Arc<Part>], content: &Content) -> BTreeMap<&'static str, String> {
    let Content::Bytes(bytes) = content else { return BTreeMap::new() };
    match upload.algorithm.and_then(Algorithm::parse) {
        None => checksum::default(bytes),
        Some(algorithm) if upload.full_object => [(algorithm.name(), algorithm.of(bytes))].into(),
        Some(algorithm) => {
            let each = parts.iter().filter_map(|part| part.checksums.get(algorithm.name()));
            let each: Vec<&str> = each.map(String::as_str).collect();
            [(algorithm.name(), algorithm.composite(&each))].into()
        }
    }
}
