//! What headers say of an object: taken from who puts it, told to who gets it.

use crate::model::bucket::Versioning;
use crate::model::{Bucket, ObjectVersion, Tags};
use crate::s3::call::{Call, value};
use crate::services::s3::checksum::Algorithm;
use crate::services::s3::condition::http_date;
use crate::services::s3::{S3Error, object, tags};
use hyper::HeaderMap;
use hyper::header::{HeaderName, HeaderValue};
use std::collections::BTreeMap;

const CONTENT_TYPE: &str = "content-type";
const STORAGE_CLASS: &str = "x-amz-storage-class";
pub(super) const ENCRYPTION: &str = "x-amz-server-side-encryption";
const KMS_KEY: &str = "x-amz-server-side-encryption-aws-kms-key-id";
const METADATA: &str = "x-amz-meta-";

/// What is kept as it came.
const KEPT: &[&str] = &[
    CONTENT_TYPE,
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-language",
    "expires",
    "x-amz-website-redirect-location",
    STORAGE_CLASS,
    ENCRYPTION,
    KMS_KEY,
    "x-amz-server-side-encryption-bucket-key-enabled",
];

/// What an object has besides its bytes, as whoever puts it says.
pub(super) struct Said {
    pub(super) headers: BTreeMap<&'static str, String>,
    pub(super) metadata: BTreeMap<String, String>,
    pub(super) tags: Tags,
}

/// # Errors
/// What S3 refuses, or what is not built.
pub(super) fn said(call: &Call) -> Result<Said, S3Error> {
    refuse(call)?;
    let mut headers: BTreeMap<&'static str, String> =
        KEPT.iter().filter_map(|name| Some((*name, call.header(name)?.to_owned()))).collect();
    headers.retain(|_, value| !value.is_empty());
    // What it is for who says nothing.
    headers.entry(CONTENT_TYPE).or_insert_with(|| "binary/octet-stream".into());
    headers.entry(ENCRYPTION).or_insert_with(|| "AES256".into());
    let metadata = metadata(&call.headers)?;
    let tags = call.header("x-amz-tagging").map(tags::of_header).transpose()?.unwrap_or_default();
    Ok(Said { headers, metadata, tags })
}

fn metadata(headers: &HeaderMap) -> Result<BTreeMap<String, String>, S3Error> {
    let mut metadata: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in headers {
        let Some(name) = name.as_str().strip_prefix(METADATA) else { continue };
        let value = String::from_utf8_lossy(value.as_bytes());
        // Source: S3 user guide, "Working with object metadata": values of one name are joined.
        let there = metadata.entry(name.to_owned()).or_default();
        *there = if there.is_empty() { value.into_owned() } else { format!("{there},{value}") };
    }
    let size = metadata.iter().map(|(name, value)| name.len() + value.len()).sum();
    if size > object::MOST_METADATA {
        return Err(S3Error::MetadataTooLarge { size, max_size_allowed: object::MOST_METADATA });
    }
    Ok(metadata)
}

/// What may not come with an object.
fn refuse(call: &Call) -> Result<(), S3Error> {
    // Source: S3 user guide, "Controlling ownership of objects and disabling ACLs for your bucket".
    let acl = call.header("x-amz-acl").is_some_and(|acl| acl != "bucket-owner-full-control");
    if acl || call.headers.keys().any(|name| name.as_str().starts_with("x-amz-grant-")) {
        return Err(S3Error::AclNotSupported);
    }
    if call.headers.contains_key("x-amz-server-side-encryption-customer-algorithm") {
        return Err(S3Error::NotBuilt("Server-side encryption with keys of customers"));
    }
    if call.headers.keys().any(|name| name.as_str().starts_with("x-amz-object-lock-")) {
        return Err(S3Error::InvalidRequest("Bucket is missing Object Lock Configuration".into()));
    }
    match call.header(ENCRYPTION) {
        None | Some("AES256" | "aws:kms" | "aws:kms:dsse") => {}
        Some(other) => {
            let text = "The encryption method specified is not supported";
            return Err(S3Error::argument("x-amz-server-side-encryption", other, text));
        }
    }
    match call.header(STORAGE_CLASS) {
        None
        | Some(
            "STANDARD"
            | "STANDARD_IA"
            | "ONEZONE_IA"
            | "INTELLIGENT_TIERING"
            | "REDUCED_REDUNDANCY"
            | "GLACIER_IR",
        ) => Ok(()),
        Some("GLACIER" | "DEEP_ARCHIVE") => {
            Err(S3Error::NotBuilt("A storage class whose objects are restored"))
        }
        Some(other) => Err(S3Error::InvalidStorageClass(other.to_owned())),
    }
}

fn put(headers: &mut HeaderMap, name: &str, text: &str) {
    if let Ok(name) = HeaderName::from_bytes(name.as_bytes()) {
        headers.insert(name, value(text));
    }
}

/// How an object is encrypted.
pub(super) fn encryption(version: &ObjectVersion, headers: &mut HeaderMap) {
    let kept = version.headers.iter().filter(|(name, _)| name.starts_with(ENCRYPTION));
    kept.for_each(|(name, value)| put(headers, name, value));
}

/// Which version it is, if the bucket has or had versions.
pub(super) fn version_id(bucket: &Bucket, version: &ObjectVersion, headers: &mut HeaderMap) {
    if bucket.versioning != Versioning::Unversioned {
        put(headers, "x-amz-version-id", version.id());
    }
}

/// The checksums, and whether they are those of the bytes or those of the checksums of parts.
pub(super) fn checksums(version: &ObjectVersion, headers: &mut HeaderMap) {
    for (name, checksum) in &version.checksums {
        if let Some(algorithm) = Algorithm::parse(name) {
            put(headers, algorithm.header(), checksum);
            put(headers, "x-amz-checksum-type", checksum_type(checksum));
        }
    }
}

pub(super) fn checksum_type(checksum: &str) -> &'static str {
    if checksum.contains('-') { "COMPOSITE" } else { "FULL_OBJECT" }
}

/// All that is told with an object, but for its length.
pub(super) fn told(bucket: &Bucket, version: &ObjectVersion) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("accept-ranges", HeaderValue::from_static("bytes"));
    put(&mut headers, "etag", &format!("\"{}\"", version.etag));
    put(&mut headers, "last-modified", &http_date(version.modified));
    for (name, value) in &version.headers {
        if (*name, value.as_str()) != (STORAGE_CLASS, "STANDARD") {
            put(&mut headers, name, value);
        }
    }
    for (name, value) in &version.metadata {
        put(&mut headers, &format!("{METADATA}{name}"), value);
    }
    if !version.tags.is_empty() {
        put(&mut headers, "x-amz-tagging-count", &version.tags.len().to_string());
    }
    version_id(bucket, version, &mut headers);
    headers
}

/// The storage class as listings tell it.
pub(super) fn storage_class(version: &ObjectVersion) -> String {
    version.headers.get(STORAGE_CLASS).cloned().unwrap_or_else(|| "STANDARD".into())
}
