//! Listings of objects. Source: S3 API reference, `ListObjectsV2`, `ListObjects`.

use super::head::{checksum_type, storage_class};
use super::{Answer, etag, owner, say, timestamp};
use crate::model::Object as ObjectRow;
use crate::s3::call::{Call, Place};
use crate::services::s3::S3Error;
use crate::services::s3::list::{Listed, Listing, MOST_KEYS};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use s3s::dto::*;
use std::sync::Arc;

/// What stays as it is in `encoding-type=url`.
const ENCODED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'*').remove(b'/');

/// How keys are told.
#[derive(Clone, Copy)]
pub(super) struct Encoding(pub(super) bool);

impl Encoding {
    /// # Errors
    /// It is none.
    pub(super) fn of(asked: Option<&EncodingType>) -> Result<Self, S3Error> {
        match asked.map(EncodingType::as_str) {
            None => Ok(Self(false)),
            Some(EncodingType::URL) => Ok(Self(true)),
            Some(other) => {
                Err(S3Error::argument("encoding-type", other, "Invalid Encoding Method specified in Request"))
            }
        }
    }

    pub(super) fn told(self, text: &str) -> String {
        if self.0 {
            utf8_percent_encode(text, &ENCODED).to_string().replace("%20", "+")
        } else {
            text.to_owned()
        }
    }

    pub(super) fn prefixes(self, prefixes: &[String]) -> Option<Vec<CommonPrefix>> {
        let one = |prefix: &String| CommonPrefix { prefix: Some(self.told(prefix)) };
        Some(prefixes.iter().map(one).collect())
    }
}

/// # Errors
/// A number of entries that is none.
pub(super) fn most(asked: Option<i32>, name: &'static str) -> Result<usize, S3Error> {
    let Some(asked) = asked else { return Ok(MOST_KEYS) };
    usize::try_from(asked).map(|asked| asked.min(MOST_KEYS)).map_err(|_| {
        let text = format!("Argument {name} must be an integer between 0 and 2147483647");
        S3Error::argument(name, asked.to_string(), text)
    })
}

/// One page of the objects of a bucket.
fn page(place: &Place, listing: &Listing<'_>) -> Listed<Arc<ObjectRow>> {
    let objects = place.state.objects_after(&place.bucket.name, listing.prefix, listing.after);
    let there = objects.filter(|object| object.current().is_some()).cloned();
    listing.page(there, |object| &object.at.key)
}

fn told(object: &ObjectRow, encoding: Encoding, owner: Option<Owner>) -> Option<Object> {
    let version = object.current()?;
    let checksum = version.checksums.iter().next();
    Some(Object {
        key: Some(encoding.told(&object.at.key)),
        last_modified: Some(timestamp(version.modified)),
        e_tag: etag(&version.etag),
        size: i64::try_from(version.len()).ok(),
        storage_class: Some(storage_class(version).into()),
        checksum_algorithm: checksum.map(|(name, _)| vec![ChecksumAlgorithm::from_static(name)]),
        checksum_type: checksum.map(|(_, checksum)| ChecksumType::from_static(checksum_type(checksum))),
        owner,
        ..Default::default()
    })
}

pub(super) fn objects_v2(call: &Call, input: ListObjectsV2Input) -> Answer<ListObjectsV2Output> {
    let (prefix, delimiter) =
        (input.prefix.as_deref().unwrap_or_default(), input.delimiter.as_deref().unwrap_or_default());
    let place = call.may_in(&input.bucket, input.expected_bucket_owner.as_deref())?;
    let (encoding, most) = (Encoding::of(input.encoding_type.as_ref())?, most(input.max_keys, "max-keys")?);
    let from = input.continuation_token.as_deref().map(token).transpose()?;
    let after = from.as_deref().or(input.start_after.as_deref()).unwrap_or_default();
    let page = page(&place, &Listing { prefix, delimiter, after, most });
    let shown = (input.fetch_owner == Some(true)).then(|| owner(place.bucket.account));
    let contents: Vec<_> =
        page.found.iter().filter_map(|object| told(object, encoding, shown.clone())).collect();
    say(ListObjectsV2Output {
        key_count: i32::try_from(page.found.len() + page.prefixes.len()).ok(),
        contents: Some(contents),
        common_prefixes: encoding.prefixes(&page.prefixes),
        is_truncated: Some(page.truncated),
        next_continuation_token: page.truncated.then(|| STANDARD.encode(&page.last)),
        name: Some(input.bucket),
        prefix: Some(encoding.told(prefix)),
        delimiter: input.delimiter.as_deref().map(|text| encoding.told(text)),
        max_keys: i32::try_from(most).ok(),
        continuation_token: input.continuation_token,
        start_after: input.start_after.as_deref().map(|text| encoding.told(text)),
        encoding_type: input.encoding_type,
        ..Default::default()
    })
}

/// Where a page ended.
fn token(token: &str) -> Result<String, S3Error> {
    let decoded = STANDARD.decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    decoded.filter(|text| !text.is_empty()).ok_or_else(|| {
        let text = "The continuation token provided is incorrect";
        S3Error::argument("continuation-token", token, text)
    })
}

pub(super) fn objects(call: &Call, input: ListObjectsInput) -> Answer<ListObjectsOutput> {
    let (prefix, delimiter) =
        (input.prefix.as_deref().unwrap_or_default(), input.delimiter.as_deref().unwrap_or_default());
    let place = call.may_in(&input.bucket, input.expected_bucket_owner.as_deref())?;
    let (encoding, most) = (Encoding::of(input.encoding_type.as_ref())?, most(input.max_keys, "max-keys")?);
    let after = input.marker.as_deref().unwrap_or_default();
    let page = page(&place, &Listing { prefix, delimiter, after, most });
    let owner = owner(place.bucket.account);
    let contents: Vec<_> =
        page.found.iter().filter_map(|object| told(object, encoding, Some(owner.clone()))).collect();
    say(ListObjectsOutput {
        contents: Some(contents),
        common_prefixes: encoding.prefixes(&page.prefixes),
        is_truncated: Some(page.truncated),
        // Who gives no delimiter goes on from the last key.
        next_marker: (page.truncated && !delimiter.is_empty()).then(|| encoding.told(&page.last)),
        name: Some(input.bucket),
        prefix: Some(encoding.told(prefix)),
        delimiter: input.delimiter.as_deref().map(|text| encoding.told(text)),
        max_keys: i32::try_from(most).ok(),
        marker: Some(encoding.told(after)),
        encoding_type: input.encoding_type,
        ..Default::default()
    })
}
