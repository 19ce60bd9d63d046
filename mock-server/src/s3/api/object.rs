//! Objects: put, got, deleted.

use super::head::{self, Said};
use super::{Answer, etag, say};
use crate::model::{Content, ObjectVersion};
use crate::s3::call::{Call, Place, value};
use crate::services::s3::checksum::{self, Algorithm};
use crate::services::s3::{S3Error, object, range};
use bytes::Bytes;
use hyper::header::HeaderName;
use hyper::{HeaderMap, StatusCode};
use s3s::S3Response;
use s3s::dto::*;
use std::collections::BTreeMap;
use std::ops::Range as Span;

/// The most bytes of an object that has a size and no bytes that are told, as zeros.
const MOST_ZEROS: u64 = 8 * 1024 * 1024;

/// How a fixture puts an object of any size without sending it.
const SIZE: &str = "x-mockplane-size";

/// What a request puts: its body, or as many bytes as it says.
fn content(call: &Call) -> Result<Content, S3Error> {
    let Some(size) = call.header(SIZE) else {
        return Ok(Content::Bytes(call.body.clone()));
    };
    match size.parse() {
        Ok(size) if call.body.is_empty() && size > object::LARGEST => {
            Err(S3Error::EntityTooLarge { proposed_size: size, max_size_allowed: object::LARGEST })
        }
        Ok(size) if call.body.is_empty() => Ok(Content::Size(size)),
        _ => {
            let text = "The size of an object without bytes is a number, and nothing else is sent";
            Err(S3Error::argument(SIZE, size, text))
        }
    }
}

/// The checksum that came along, or the one that S3 makes.
pub(super) fn checksums(call: &Call, content: &Content) -> BTreeMap<&'static str, String> {
    let told = told_checksums(call);
    match content {
        _ if !told.is_empty() => told,
        Content::Bytes(bytes) => checksum::default(bytes),
        Content::Size(_) => told,
    }
}

/// The checksums that the headers tell; those of a body are right by now.
pub(super) fn told_checksums(call: &Call) -> BTreeMap<&'static str, String> {
    let told = |algorithm: Algorithm| Some((algorithm.name(), call.header(algorithm.header())?.to_owned()));
    Algorithm::ALL.into_iter().filter_map(told).collect()
}

pub(super) fn put(call: &Call, input: PutObjectInput) -> Answer<PutObjectOutput> {
    let place = call.bucket(&input.bucket, input.expected_bucket_owner.as_deref())?;
    call.may(&place, &input.key)?;
    if input.write_offset_bytes.is_some() {
        return Err(S3Error::NotBuilt("Appending to objects"));
    }
    let Said { headers, metadata, tags } = head::said(call)?;
    let content = content(call)?;
    let checksums = checksums(call, &content);
    let conditions = call.conditions("");
    let at = place.at(&input.key);
    let version = place.write(|txn| {
        conditions.for_writing(&at.key, txn.state.objects.get(&at).and_then(|object| object.current()))?;
        let plain = ObjectVersion::new(content, txn.now);
        object::put(txn, &at, ObjectVersion { headers, metadata, checksums, tags, ..plain })
    })?;
    let mut headers = HeaderMap::new();
    head::encryption(&version, &mut headers);
    head::checksums(&version, &mut headers);
    head::version_id(&place.bucket, &version, &mut headers);
    Ok(S3Response::with_headers(
        PutObjectOutput { e_tag: etag(&version.etag), ..Default::default() },
        headers,
    ))
}

/// What is read of an object: headers, and which of its bytes.
struct Read {
    headers: HeaderMap,
    status: StatusCode,
    span: Span<u64>,
}

/// What reading operations ask alike.
struct Asked<'a> {
    bucket: &'a str,
    key: &'a str,
    owner: Option<&'a str>,
    version: Option<&'a str>,
    part: Option<i32>,
    checksums: bool,
    overrides: [(&'static str, Option<String>); 6],
}

impl Asked<'_> {
    fn read(self, call: &Call) -> Result<(Place, std::sync::Arc<ObjectVersion>, Read), S3Error> {
        let place = call.bucket(self.bucket, self.owner)?;
        call.may(&place, self.key)?;
        let version = object::find(&place.state, &place.at(self.key), self.version);
        let version = version.map_err(|error| call.missing(&place, error))?.clone();
        let mut headers = head::told(&place.bucket, &version);
        if !call.conditions("").for_reading(&version)? {
            // Which one it is, and nothing of what it is.
            let known = ["etag", "last-modified", "x-amz-version-id"]
                .map(|name| Some((name, headers.get(name)?.clone())));
            let headers = known.into_iter().flatten();
            let headers = headers.map(|(name, value)| (HeaderName::from_static(name), value)).collect();
            return Ok((place, version, Read { headers, status: StatusCode::NOT_MODIFIED, span: 0..0 }));
        }
        let size = version.len();
        let asked = call.header("range").map(|header| range::asked(header, size)).transpose()?.flatten();
        let span = match (asked, self.part) {
            (Some(_), Some(_)) => {
                let text = "Cannot specify both Range header and partNumber query parameter";
                return Err(S3Error::InvalidRequest(text.into()));
            }
            (span, None) => span,
            (None, Some(part)) => {
                let number = u64::try_from(part).unwrap_or(0);
                if !version.parts.is_empty() {
                    headers.insert("x-amz-mp-parts-count", value(&version.parts.len().to_string()));
                }
                Some(range::of_part(number, &version.parts, size)?)
            }
        };
        if self.checksums && span.as_ref().is_none_or(|span| *span == (0..size)) {
            head::checksums(&version, &mut headers);
        }
        for (name, text) in self.overrides {
            let Some(text) = text else { continue };
            if !call.signed {
                let text = "Request specific response headers cannot be used for anonymous GET requests.";
                return Err(S3Error::InvalidRequest(text.into()));
            }
            headers.insert(name, value(&text));
        }
        let status = match &span {
            Some(span) if size > 0 => {
                let told = format!("bytes {}-{}/{size}", span.start, span.end - 1);
                headers.insert("content-range", value(&told));
                StatusCode::PARTIAL_CONTENT
            }
            _ => StatusCode::OK,
        };
        let span = span.unwrap_or(0..size);
        headers.insert("content-length", value(&(span.end - span.start).to_string()));
        Ok((place, version, Read { headers, status, span }))
    }
}

/// The parameters of a request that replace what an object's headers say.
macro_rules! overrides {
    ($input:ident) => {
        [
            ("content-type", $input.response_content_type.clone()),
            ("content-language", $input.response_content_language.clone()),
            ("cache-control", $input.response_cache_control.clone()),
            ("content-disposition", $input.response_content_disposition.clone()),
            ("content-encoding", $input.response_content_encoding.clone()),
            ("expires", $input.response_expires.as_ref().and_then(super::http_date)),
        ]
    };
}

macro_rules! asked {
    ($input:ident) => {
        Asked {
            bucket: &$input.bucket,
            key: &$input.key,
            owner: $input.expected_bucket_owner.as_deref(),
            version: $input.version_id.as_deref(),
            part: $input.part_number,
            checksums: $input.checksum_mode.is_some(),
            overrides: overrides!($input),
        }
    };
}

pub(super) fn get(call: &Call, input: GetObjectInput) -> Answer<GetObjectOutput> {
    let (_, version, read) = asked!(input).read(call)?;
    let body = match version.content.as_ref() {
        Some(Content::Bytes(bytes)) => bytes.slice(index(read.span.start)..index(read.span.end)),
        _ => zeros(&input.key, &read.span)?,
    };
    call.outcome().read = Some((read.status, body));
    Ok(S3Response::with_headers(GetObjectOutput::default(), read.headers))
}

fn index(at: u64) -> usize {
    usize::try_from(at).unwrap_or(usize::MAX)
}

/// Nobody wrote them; what is read of them is zeros, as long as it is not too much.
fn zeros(key: &str, span: &Span<u64>) -> Result<Bytes, S3Error> {
    let length = span.end - span.start;
    if length > MOST_ZEROS {
        return Err(S3Error::NoBytes(key.to_owned()));
    }
    Ok(vec![0; index(length)].into())
}

pub(super) fn head(call: &Call, input: HeadObjectInput) -> Answer<HeadObjectOutput> {
    let (_, _, read) = asked!(input).read(call)?;
    call.outcome().read = Some((read.status, Bytes::new()));
    Ok(S3Response::with_headers(HeadObjectOutput::default(), read.headers))
}

pub(super) fn delete(call: &Call, input: DeleteObjectInput) -> Answer<DeleteObjectOutput> {
    let version = input.version_id.as_deref();
    let place = call.bucket(&input.bucket, input.expected_bucket_owner.as_deref())?;
    call.may_delete(&place, &input.key, version)?;
    let (at, conditions) = (place.at(&input.key), call.conditions(""));
    let deleted = place.write(|txn| {
        conditions.for_writing(&at.key, txn.state.objects.get(&at).and_then(|object| object.current()))?;
        object::delete(txn, &at, version)
    })?;
    say(DeleteObjectOutput {
        delete_marker: deleted.marker.then_some(true),
        version_id: deleted.version,
        ..Default::default()
    })
}

/// Source: S3 API reference, `DeleteObjects`.
pub(super) fn delete_many(call: &Call, input: DeleteObjectsInput) -> Answer<DeleteObjectsOutput> {
    const MOST: usize = 1_000;
    let place = call.bucket(&input.bucket, input.expected_bucket_owner.as_deref())?;
    if call.header("content-md5").is_none() && told_checksums(call).is_empty() {
        let text = "Missing required header for this request: Content-MD5 OR x-amz-checksum-*";
        return Err(S3Error::InvalidRequest(text.into()));
    }
    if input.delete.objects.is_empty() || input.delete.objects.len() > MOST {
        return Err(S3Error::MalformedXml);
    }
    let quiet = input.delete.quiet == Some(true);
    let (mut deleted, mut errors) = (Vec::new(), Vec::new());
    for asked in input.delete.objects {
        let version = asked.version_id.as_deref();
        let at = place.at(&asked.key);
        let done = call.may_delete(&place, &asked.key, version).and_then(|()| {
            place.write(|txn| {
                let there = txn.state.objects.get(&at).and_then(|object| object.current());
                let if_match = asked.e_tag.as_ref().map(|etag| etag.value().to_owned());
                let conditions =
                    crate::services::s3::condition::Conditions { if_match, ..Default::default() };
                conditions.for_writing(&at.key, there)?;
                object::delete(txn, &at, version)
            })
        });
        match done {
            Ok(_) if quiet => {}
            // A marker that is made has an id of its own; one that is removed was asked for by its id.
            Ok(done) => deleted.push(DeletedObject {
                delete_marker: done.marker.then_some(true),
                delete_marker_version_id: done.version.filter(|_| done.marker),
                key: Some(asked.key),
                version_id: asked.version_id,
            }),
            Err(error) => {
                let refused = crate::services::Refused::from(error);
                errors.push(Error {
                    code: Some(refused.code.into_owned()),
                    key: Some(asked.key),
                    message: Some(refused.message),
                    version_id: asked.version_id,
                });
            }
        }
    }
    say(DeleteObjectsOutput { deleted: Some(deleted), errors: Some(errors), ..Default::default() })
}
