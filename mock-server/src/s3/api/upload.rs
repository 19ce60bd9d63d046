//! Uploads in parts.

use super::head::{self, Said, checksum_type};
use super::object::told_checksums;
use super::{Answer, etag, owner, say, timestamp};
use crate::model::{Content, ObjectVersion, Part as PartRow, Upload};
use crate::s3::call::{Call, value};
use crate::services::s3::checksum::Algorithm;
use crate::services::s3::multipart::{self, Named};
use crate::services::s3::{S3Error, object, range};
use hyper::HeaderMap;
use s3s::S3Response;
use s3s::dto::*;
use std::collections::BTreeMap;

/// The checksums of something that is told, in members of their own.
#[derive(Default)]
struct Members {
    crc32: Option<String>,
    crc32c: Option<String>,
    crc64nvme: Option<String>,
    sha1: Option<String>,
    sha256: Option<String>,
}

impl Members {
    fn of(checksums: &BTreeMap<&'static str, String>) -> Self {
        let of = |algorithm: Algorithm| checksums.get(algorithm.name()).cloned();
        Self {
            crc32: of(Algorithm::Crc32),
            crc32c: of(Algorithm::Crc32c),
            crc64nvme: of(Algorithm::Crc64Nvme),
            sha1: of(Algorithm::Sha1),
            sha256: of(Algorithm::Sha256),
        }
    }
}

/// A structure with the checksums in it.
macro_rules! with_checksums {
    ($checksums:expr, $Type:ident { $( $name:ident : $value:expr ),* $(,)? $( ; ..$rest:expr )? }) => {{
        let members = Members::of($checksums);
        $Type {
            $( $name: $value, )*
            checksum_crc32: members.crc32,
            checksum_crc32c: members.crc32c,
            checksum_crc64nvme: members.crc64nvme,
            checksum_sha1: members.sha1,
            checksum_sha256: members.sha256,
            $( ..$rest )?
        }
    }};
}

pub(super) fn create(call: &Call, input: CreateMultipartUploadInput) -> Answer<CreateMultipartUploadOutput> {
    let place = call.bucket(&input.bucket, input.expected_bucket_owner.as_deref())?;
    call.may(&place, &input.key)?;
    let Said { headers, metadata, tags } = head::said(call)?;
    let algorithm = match &input.checksum_algorithm {
        None => None,
        Some(asked) => Some(Algorithm::parse(asked.as_str()).ok_or_else(|| {
            let text = "Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]";
            S3Error::InvalidRequest(text.into())
        })?),
    };
    let full = match (input.checksum_type.as_ref().map(ChecksumType::as_str), algorithm) {
        (Some(ChecksumType::FULL_OBJECT), Some(Algorithm::Sha1 | Algorithm::Sha256)) => {
            let name = algorithm.map_or("", Algorithm::name).to_lowercase();
            let text =
                format!("The FULL_OBJECT checksum type cannot be used with the {name} checksum algorithm.");
            return Err(S3Error::InvalidRequest(text));
        }
        (Some(ChecksumType::COMPOSITE), Some(Algorithm::Crc64Nvme)) => {
            let text = "The COMPOSITE checksum type cannot be used with the crc64nvme checksum algorithm.";
            return Err(S3Error::InvalidRequest(text.into()));
        }
        (Some(_), None) => {
            let text =
                "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.";
            return Err(S3Error::InvalidRequest(text.into()));
        }
        (asked, algorithm) => {
            asked == Some(ChecksumType::FULL_OBJECT) || algorithm.is_none_or(Algorithm::is_full_object)
        }
    };
    let at = place.at(&input.key);
    let object = ObjectVersion { headers, metadata, tags, ..ObjectVersion::new(Content::Size(0), call.now) };
    let mut told = HeaderMap::new();
    head::encryption(&object, &mut told);
    if let Some(algorithm) = algorithm {
        told.insert("x-amz-checksum-algorithm", value(algorithm.name()));
        told.insert("x-amz-checksum-type", value(kind(full)));
    }
    let id = place.write(|txn| multipart::begin(txn, &at, object, algorithm, full))?;
    let output = CreateMultipartUploadOutput {
        bucket: Some(input.bucket),
        key: Some(input.key),
        upload_id: Some(id.to_string()),
        ..Default::default()
    };
    Ok(S3Response::with_headers(output, told))
}

fn kind(full: bool) -> &'static str {
    if full { ChecksumType::FULL_OBJECT } else { ChecksumType::COMPOSITE }
}

/// What is told of a part in headers.
fn part_headers(upload: &Upload, part: &PartRow) -> HeaderMap {
    let mut headers = HeaderMap::new();
    head::encryption(&upload.object, &mut headers);
    for (name, checksum) in &part.checksums {
        if let Some(algorithm) = Algorithm::parse(name) {
            headers.insert(algorithm.header(), value(checksum));
        }
    }
    headers
}

pub(super) fn upload_part(call: &Call, input: UploadPartInput) -> Answer<UploadPartOutput> {
    let place = call.bucket(&input.bucket, input.expected_bucket_owner.as_deref())?;
    call.may(&place, &input.key)?;
    let (at, id, number) = (place.at(&input.key), &*input.upload_id, multipart::number(input.part_number)?);
    let upload = multipart::find(&place.state, &at, id)?.clone();
    let content = Content::Bytes(call.body.clone());
    let told = told_checksums(call);
    let part = place.write(|txn| multipart::add(txn, &at, id, number, content, told))?;
    let output = UploadPartOutput { e_tag: etag(&part.etag), ..Default::default() };
    Ok(S3Response::with_headers(output, part_headers(&upload, &part)))
}

pub(super) fn upload_part_copy(call: &Call, input: UploadPartCopyInput) -> Answer<UploadPartCopyOutput> {
    let place = call.bucket(&input.bucket, input.expected_bucket_owner.as_deref())?;
    let (at, id, number) = (place.at(&input.key), &*input.upload_id, multipart::number(input.part_number)?);
    let source = super::copy::source(
        call,
        &place,
        &at.key,
        &input.copy_source,
        input.expected_source_bucket_owner.as_deref(),
    )?;
    let upload = multipart::find(&place.state, &at, id)?.clone();
    let content = source.version.content.clone().unwrap_or(Content::Size(0));
    let content = match call.header("x-amz-copy-source-range") {
        None => content,
        Some(header) => {
            let wrong = || {
                let text = "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy";
                S3Error::argument("x-amz-copy-source-range", header, text)
            };
            let span = range::asked(header, content.len()).map_err(|_| wrong())?.ok_or_else(wrong)?;
            if header != format!("bytes={}-{}", span.start, span.end - 1) {
                return Err(wrong());
            }
            content.slice(span)
        }
    };
    if content.len() > object::LARGEST_PUT {
        return Err(S3Error::CopyTooLarge);
    }
    let part = place.write(|txn| multipart::add(txn, &at, id, number, content, BTreeMap::new()))?;
    let result = with_checksums!(
        &part.checksums,
        CopyPartResult { e_tag: etag(&part.etag), last_modified: Some(timestamp(part.modified)) }
    );
    let mut headers = part_headers(&upload, &part);
    source.tell_version(&mut headers);
    Ok(S3Response::with_headers(
        UploadPartCopyOutput { copy_part_result: Some(result), ..Default::default() },
        headers,
    ))
}

pub(super) fn complete(
    call: &Call,
    input: CompleteMultipartUploadInput,
) -> Answer<CompleteMultipartUploadOutput> {
    let place = call.bucket(&input.bucket, input.expected_bucket_owner.as_deref())?;
    call.may(&place, &input.key)?;
    let (at, id) = (place.at(&input.key), &*input.upload_id);
    let parts = input.multipart_upload.and_then(|upload| upload.parts).unwrap_or_default();
    let named: Vec<Named> = parts.into_iter().map(named).collect::<Result<_, _>>()?;
    let whole = told_checksums(call);
    let conditions = call.conditions("");
    let upload = multipart::find(&place.state, &at, id)?;
    if let Some(asked) = &input.checksum_type
        && upload.algorithm.is_some()
        && asked.as_str() != kind(upload.full_object)
    {
        let (part, upload) = (asked.as_str().to_owned(), kind(upload.full_object));
        return Err(S3Error::TypeMismatch { given: part, upload });
    }
    let size = input.mpu_object_size;
    let version = place.write(|txn| {
        let version = multipart::complete(txn, &at, id, &named, &whole, &conditions)?;
        // What was written is dropped with the refusal.
        match size.filter(|size| u64::try_from(*size) != Ok(version.len())) {
            Some(_) => Err(S3Error::InvalidRequest(
                "The provided 'x-amz-mp-object-size' header does not match what was computed.".into(),
            )),
            None => Ok(version),
        }
    })?;
    let mut headers = HeaderMap::new();
    head::encryption(&version, &mut headers);
    head::version_id(&place.bucket, &version, &mut headers);
    let kind = version.checksums.values().next().map(|checksum| checksum_type(checksum));
    let location = format!("http://{}/{}/{}", call.caller.host, input.bucket, at.key);
    let output = with_checksums!(
        &version.checksums,
        CompleteMultipartUploadOutput {
            bucket: Some(input.bucket),
            key: Some(input.key),
            location: Some(location),
            e_tag: etag(&version.etag),
            checksum_type: kind.map(ChecksumType::from_static)
            ; ..Default::default()
        }
    );
    Ok(S3Response::with_headers(output, headers))
}

fn named(part: CompletedPart) -> Result<Named, S3Error> {
    let told = [
        (Algorithm::Crc32, part.checksum_crc32),
        (Algorithm::Crc32c, part.checksum_crc32c),
        (Algorithm::Crc64Nvme, part.checksum_crc64nvme),
        (Algorithm::Sha1, part.checksum_sha1),
        (Algorithm::Sha256, part.checksum_sha256),
    ];
    let told = told.into_iter().filter_map(|(algorithm, told)| Some((algorithm.name(), told?)));
    Ok(Named {
        number: part.part_number.ok_or(S3Error::MalformedXml)?,
        etag: part.e_tag.ok_or(S3Error::MalformedXml)?.value().to_owned(),
        checksums: told.collect(),
    })
}

pub(super) fn abort(call: &Call, input: AbortMultipartUploadInput) -> Answer<AbortMultipartUploadOutput> {
    let place = call.bucket(&input.bucket, input.expected_bucket_owner.as_deref())?;
    call.may(&place, &input.key)?;
    let at = place.at(&input.key);
    place.write(|txn| {
        let key = crate::kernel::Row::key(&**multipart::find(&txn.state, &at, &input.upload_id)?);
        txn.state.remove_upload(&key);
        Ok(())
    })?;
    say(AbortMultipartUploadOutput::default())
}

/// Source: S3 API reference, `ListParts`.
pub(super) fn parts(call: &Call, input: ListPartsInput) -> Answer<ListPartsOutput> {
    let place = call.bucket(&input.bucket, input.expected_bucket_owner.as_deref())?;
    call.may(&place, &input.key)?;
    let upload = multipart::find(&place.state, &place.at(&input.key), &input.upload_id)?;
    let most = super::listing::most(input.max_parts, "max-parts")?;
    let after = input.part_number_marker.unwrap_or(0);
    let mut rest = upload.parts.iter().filter(|(number, _)| i32::from(**number) > after);
    let page: Vec<_> = rest.by_ref().take(most).collect();
    let truncated = most > 0 && rest.next().is_some();
    let told = page.iter().map(|(number, part)| {
        with_checksums!(
            &part.checksums,
            Part {
                part_number: Some(i32::from(**number)),
                e_tag: etag(&part.etag),
                size: i64::try_from(part.content.len()).ok(),
                last_modified: Some(timestamp(part.modified)),
            }
        )
    });
    let owner = owner(place.bucket.account);
    say(ListPartsOutput {
        parts: Some(told.collect()),
        is_truncated: Some(truncated),
        next_part_number_marker: page.last().map(|(number, _)| i32::from(**number)).or(Some(after)),
        part_number_marker: Some(after),
        max_parts: i32::try_from(most).ok(),
        checksum_algorithm: upload.algorithm.map(ChecksumAlgorithm::from_static),
        checksum_type: upload.algorithm.map(|_| ChecksumType::from_static(kind(upload.full_object))),
        initiator: Some(Initiator { id: owner.id.clone(), display_name: None }),
        owner: Some(owner),
        storage_class: Some(head::storage_class(&upload.object).into()),
        bucket: Some(input.bucket),
        key: Some(input.key),
        upload_id: Some(input.upload_id),
        ..Default::default()
    })
}
