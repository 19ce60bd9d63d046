//! S3 as a client speaks it, for the operations that scenarios call. What `s3s` has of the API reads requests and writes
//! answers; this is the other direction, as one table: where each member of an input or output travels.
//!
//! Source: S3 API reference; the names are those of the SDKs.

use super::xml::{self, Element};
use super::{HttpRequest, RequestError};
use crate::aws::model::Kind;
use crate::aws::{Fault, HeaderLookup, timestamp};
use hyper::StatusCode;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use quick_xml::escape::escape;
use serde_json::{Map, Value};
use std::time::{Duration, UNIX_EPOCH};

/// The service's name in calls and signatures.
pub const NAME: &str = "s3";

const NAMESPACE: &str = "http://s3.amazonaws.com/doc/2006-03-01/";
/// What stays as it is in the parts of an address.
const KEEP: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
/// What stays as it is in keys.
const KEEP_IN_KEYS: &AsciiSet = &KEEP.remove(b'/');

/// An operation.
#[derive(Debug)]
pub struct Operation {
    pub name: &'static str,
    method: &'static str,
    /// What its address has after the question mark.
    resource: &'static str,
    input: Shape,
    output: &'static [&'static [Member]],
}

impl Operation {
    /// The input, a structure.
    pub fn input(&'static self) -> &'static Shape {
        &self.input
    }
}

/// A part of an input or output.
#[derive(Debug)]
pub struct Member {
    pub name: &'static str,
    pub shape: Shape,
    pub required: bool,
    place: Place,
}

/// Where a member travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Bucket,
    Key,
    Query(&'static str),
    Header(&'static str),
    /// In headers that begin like this, one for each entry.
    Headers(&'static str),
    /// It is the body; a structure is its outermost element.
    Body,
    /// An element of the document.
    Element,
    /// The text of the document's outermost element.
    Root,
}

/// What a value looks like.
#[derive(Debug)]
pub enum Shape {
    /// A text; one of these, if there are any.
    Text(&'static [&'static str]),
    Number,
    Truth,
    Time,
    /// Text, or so many bytes: `{size: 1000}`.
    Bytes,
    /// Texts by name.
    Texts,
    Structure(&'static [&'static [Member]]),
    List(&'static Shape),
}

impl Shape {
    pub fn kind(&self) -> Kind {
        match self {
            Shape::Text(_) => Kind::String,
            Shape::Number => Kind::Long,
            Shape::Truth => Kind::Boolean,
            Shape::Time => Kind::Timestamp,
            Shape::Bytes => Kind::Blob,
            Shape::Texts => Kind::Map,
            Shape::Structure(_) => Kind::Structure,
            Shape::List(_) => Kind::List,
        }
    }

    /// The members of a structure.
    pub fn members(&'static self) -> impl Iterator<Item = &'static Member> {
        let all: &[&[Member]] = match self {
            Shape::Structure(members) => members,
            _ => &[],
        };
        all.iter().copied().flatten()
    }

    /// The elements of a list, the values of a map.
    pub fn element(&'static self) -> Option<&'static Shape> {
        match self {
            Shape::List(element) => Some(element),
            Shape::Texts => Some(&TEXT),
            _ => None,
        }
    }
}

/// The operation of that name.
pub fn operation(name: &str) -> Option<&'static Operation> {
    OPERATIONS.iter().find(|operation| operation.name == name)
}

/// The names of all operations.
pub fn operations() -> impl Iterator<Item = &'static str> {
    OPERATIONS.iter().map(|operation| operation.name)
}

// === The table ===

static TEXT: Shape = Shape::Text(&[]);
static TAGS: Shape = Shape::Structure(&[&[of("Key", Shape::Text(&[])), of("Value", Shape::Text(&[]))]]);
static OBJECT: Shape = Shape::Structure(&[
    &[
        of("Key", Shape::Text(&[])),
        of("LastModified", Shape::Time),
        of("ETag", Shape::Text(&[])),
        of("ChecksumAlgorithm", Shape::List(&TEXT)),
        of("ChecksumType", Shape::Text(&[])),
        of("Size", Shape::Number),
        of("StorageClass", Shape::Text(&[])),
    ],
    &[of("Owner", Shape::Structure(&[&[of("DisplayName", Shape::Text(&[])), of("ID", Shape::Text(&[]))]]))],
]);
static COMMON_PREFIX: Shape = Shape::Structure(&[&[of("Prefix", Shape::Text(&[]))]]);

const fn at(name: &'static str, place: Place, shape: Shape) -> Member {
    Member { name, shape, place, required: false }
}

/// An element of a document, or a member of a structure in one.
const fn of(name: &'static str, shape: Shape) -> Member {
    at(name, Place::Element, shape)
}

const fn header(name: &'static str, wire: &'static str) -> Member {
    at(name, Place::Header(wire), Shape::Text(&[]))
}

const fn query(name: &'static str, wire: &'static str) -> Member {
    at(name, Place::Query(wire), Shape::Text(&[]))
}

const fn needed(mut member: Member) -> Member {
    member.required = true;
    member
}

const OWNER: Member = header("ExpectedBucketOwner", "x-amz-expected-bucket-owner");
const BUCKET: &[Member] = &[needed(at("Bucket", Place::Bucket, Shape::Text(&[]))), OWNER];
const KEY: &[Member] = &[needed(at("Key", Place::Key, Shape::Text(&[])))];
const VERSION: &[Member] = &[query("VersionId", "versionId")];
const METADATA: Member = at("Metadata", Place::Headers("x-amz-meta-"), Shape::Texts);

/// What an object is, as requests give it and answers tell it.
const PROPERTIES: &[Member] = &[
    header("CacheControl", "cache-control"),
    header("ContentDisposition", "content-disposition"),
    header("ContentEncoding", "content-encoding"),
    header("ContentLanguage", "content-language"),
    header("ContentType", "content-type"),
    header("ServerSideEncryption", "x-amz-server-side-encryption"),
    header("SSEKMSKeyId", "x-amz-server-side-encryption-aws-kms-key-id"),
    at("BucketKeyEnabled", Place::Header("x-amz-server-side-encryption-bucket-key-enabled"), Shape::Truth),
    header("StorageClass", "x-amz-storage-class"),
    METADATA,
];

/// What is given along with a new object alone.
const GIVEN: &[Member] = &[
    header("ACL", "x-amz-acl"),
    header("Tagging", "x-amz-tagging"),
    at(
        "ChecksumAlgorithm",
        Place::Header("x-amz-checksum-algorithm"),
        Shape::Text(&["CRC32", "CRC32C", "SHA1", "SHA256", "CRC64NVME"]),
    ),
];

const CONDITIONS: &[Member] = &[header("IfMatch", "if-match"), header("IfNoneMatch", "if-none-match")];
const TIMES: &[Member] = &[
    at("IfModifiedSince", Place::Header("if-modified-since"), Shape::Time),
    at("IfUnmodifiedSince", Place::Header("if-unmodified-since"), Shape::Time),
];
const ASKED: &[Member] = &[
    header("Range", "range"),
    query("ResponseCacheControl", "response-cache-control"),
    query("ResponseContentDisposition", "response-content-disposition"),
    query("ResponseContentEncoding", "response-content-encoding"),
    query("ResponseContentLanguage", "response-content-language"),
    query("ResponseContentType", "response-content-type"),
    at("PartNumber", Place::Query("partNumber"), Shape::Number),
    header("ChecksumMode", "x-amz-checksum-mode"),
];

const WRITTEN: &[Member] = &[
    header("ETag", "etag"),
    header("VersionId", "x-amz-version-id"),
    header("ServerSideEncryption", "x-amz-server-side-encryption"),
];
const FOUND: &[Member] = &[
    header("ETag", "etag"),
    header("VersionId", "x-amz-version-id"),
    header("AcceptRanges", "accept-ranges"),
    header("ContentRange", "content-range"),
    at("ContentLength", Place::Header("content-length"), Shape::Number),
    at("LastModified", Place::Header("last-modified"), Shape::Time),
    at("TagCount", Place::Header("x-amz-tagging-count"), Shape::Number),
];
const REMOVED: &[Member] = &[
    at("DeleteMarker", Place::Header("x-amz-delete-marker"), Shape::Truth),
    header("VersionId", "x-amz-version-id"),
];

const PUBLIC_ACCESS: &[Member] = &[at(
    "PublicAccessBlockConfiguration",
    Place::Body,
    Shape::Structure(&[&[
        of("BlockPublicAcls", Shape::Truth),
        of("IgnorePublicAcls", Shape::Truth),
        of("BlockPublicPolicy", Shape::Truth),
        of("RestrictPublicBuckets", Shape::Truth),
    ]]),
)];
const VERSIONING: &[Member] = &[
    of("Status", Shape::Text(&["Enabled", "Suspended"])),
    at("MFADelete", Place::Element, Shape::Text(&["Enabled", "Disabled"])),
];
const POLICY: &[Member] = &[needed(at("Policy", Place::Body, Shape::Text(&[])))];

macro_rules! operations {
    ($( $name:literal $method:literal $resource:literal [$($input:expr),*] -> [$($output:expr),*]; )*) => {
        static OPERATIONS: &[Operation] = &[$( Operation {
            name: $name,
            method: $method,
            resource: $resource,
            input: Shape::Structure(&[$($input),*]),
            output: &[$($output),*],
        } ),*];
    };
}

operations! {
    "CreateBucket" "PUT" "" [
        BUCKET,
        &[
            header("ACL", "x-amz-acl"),
            header("ObjectOwnership", "x-amz-object-ownership"),
            at("ObjectLockEnabledForBucket", Place::Header("x-amz-bucket-object-lock-enabled"), Shape::Truth),
            at("CreateBucketConfiguration", Place::Body, Shape::Structure(&[
                &[of("LocationConstraint", Shape::Text(&[])), of("Tags", Shape::List(&TAGS))],
            ]))
        ]
    ] -> [&[header("Location", "location")]];
    "HeadBucket" "HEAD" "" [BUCKET] -> [&[
        header("BucketRegion", "x-amz-bucket-region"),
        at("AccessPointAlias", Place::Header("x-amz-access-point-alias"), Shape::Truth)
    ]];
    "DeleteBucket" "DELETE" "" [BUCKET] -> [];
    "GetBucketLocation" "GET" "location" [BUCKET] -> [&[at("LocationConstraint", Place::Root, Shape::Text(&[]))]];
    "PutObject" "PUT" "" [
        BUCKET, KEY, PROPERTIES, GIVEN, CONDITIONS,
        &[at("Body", Place::Body, Shape::Bytes), header("ContentMD5", "content-md5")]
    ] -> [WRITTEN];
    "GetObject" "GET" "" [BUCKET, KEY, VERSION, CONDITIONS, TIMES, ASKED]
        -> [PROPERTIES, FOUND, &[at("Body", Place::Body, Shape::Bytes)]];
    "HeadObject" "HEAD" "" [BUCKET, KEY, VERSION, CONDITIONS, TIMES, ASKED] -> [PROPERTIES, FOUND];
    "DeleteObject" "DELETE" "" [BUCKET, KEY, VERSION, &[header("IfMatch", "if-match")]] -> [REMOVED];
    "CopyObject" "PUT" "" [
        BUCKET, KEY, PROPERTIES, GIVEN, CONDITIONS,
        &[
            // Of which bucket and key: `bucket/key`, and `?versionId=..` if it matters.
            needed(header("CopySource", COPY_SOURCE)),
            header("CopySourceIfMatch", "x-amz-copy-source-if-match"),
            header("CopySourceIfNoneMatch", "x-amz-copy-source-if-none-match"),
            at("MetadataDirective", Place::Header("x-amz-metadata-directive"), Shape::Text(&["COPY", "REPLACE"])),
            at("TaggingDirective", Place::Header("x-amz-tagging-directive"), Shape::Text(&["COPY", "REPLACE"])),
            header("ExpectedSourceBucketOwner", "x-amz-source-expected-bucket-owner")
        ]
    ] -> [&[
        at("CopyObjectResult", Place::Body, Shape::Structure(&[
            &[of("ETag", Shape::Text(&[])), of("LastModified", Shape::Time)],
        ])),
        header("CopySourceVersionId", "x-amz-copy-source-version-id"),
        header("VersionId", "x-amz-version-id"),
        header("ServerSideEncryption", "x-amz-server-side-encryption")
    ]];
    "ListObjectsV2" "GET" "list-type=2" [BUCKET, &[
        query("Delimiter", "delimiter"),
        at("EncodingType", Place::Query("encoding-type"), Shape::Text(&["url"])),
        at("MaxKeys", Place::Query("max-keys"), Shape::Number),
        query("Prefix", "prefix"),
        query("ContinuationToken", "continuation-token"),
        at("FetchOwner", Place::Query("fetch-owner"), Shape::Truth),
        query("StartAfter", "start-after")
    ]] -> [&[
        of("IsTruncated", Shape::Truth),
        of("Contents", Shape::List(&OBJECT)),
        of("Name", Shape::Text(&[])),
        of("Prefix", Shape::Text(&[])),
        of("Delimiter", Shape::Text(&[])),
        of("MaxKeys", Shape::Number),
        of("CommonPrefixes", Shape::List(&COMMON_PREFIX)),
        of("EncodingType", Shape::Text(&[])),
        of("KeyCount", Shape::Number),
        of("ContinuationToken", Shape::Text(&[])),
        of("NextContinuationToken", Shape::Text(&[])),
        of("StartAfter", Shape::Text(&[]))
    ]];
    "PutBucketPolicy" "PUT" "policy" [BUCKET, POLICY, &[at(
        "ConfirmRemoveSelfBucketAccess", Place::Header("x-amz-confirm-remove-self-bucket-access"), Shape::Truth
    )]] -> [];
    "GetBucketPolicy" "GET" "policy" [BUCKET] -> [POLICY];
    "DeleteBucketPolicy" "DELETE" "policy" [BUCKET] -> [];
    "PutPublicAccessBlock" "PUT" "publicAccessBlock" [BUCKET, PUBLIC_ACCESS] -> [];
    "GetPublicAccessBlock" "GET" "publicAccessBlock" [BUCKET] -> [PUBLIC_ACCESS];
    "DeletePublicAccessBlock" "DELETE" "publicAccessBlock" [BUCKET] -> [];
    "PutBucketVersioning" "PUT" "versioning" [
        BUCKET,
        &[needed(at("VersioningConfiguration", Place::Body, Shape::Structure(&[VERSIONING])))]
    ] -> [];
    "GetBucketVersioning" "GET" "versioning" [BUCKET] -> [VERSIONING];
}

const COPY_SOURCE: &str = "x-amz-copy-source";

// === Requests ===

/// Puts a call on the wire, in path style.
///
/// # Errors
/// If a part of the address is absent, or a value is of another shape.
pub fn encode(operation: &'static Operation, parameters: &Value) -> Result<HttpRequest, RequestError> {
    let told = |text: String| RequestError::Value(format!("{}: {text}", operation.name));
    let mut path = String::new();
    let mut query = operation.resource.to_owned();
    let mut headers = vec![("x-amz-content-sha256".into(), "UNSIGNED-PAYLOAD".into())];
    let mut body = Vec::new();
    for member in operation.input.members() {
        let given = &parameters[member.name];
        let text = || scalar(&member.shape, given).ok_or_else(|| told(format!("{} is {given}", member.name)));
        if given.is_null() {
            match member.place {
                Place::Bucket | Place::Key => {
                    return Err(RequestError::NoLabel { operation: operation.name, member: member.name });
                }
                _ => continue,
            }
        }
        match member.place {
            Place::Bucket => path = format!("/{}", utf8_percent_encode(&text()?, KEEP)),
            Place::Key => path = format!("{path}/{}", utf8_percent_encode(&text()?, KEEP_IN_KEYS)),
            Place::Query(name) => {
                let and = if query.is_empty() { "" } else { "&" };
                query = format!("{query}{and}{name}={}", utf8_percent_encode(&text()?, KEEP));
            }
            Place::Header(COPY_SOURCE) => {
                let text = text()?;
                let (key, version) =
                    text.split_once("?versionId=").map_or((&*text, None), |(a, b)| (a, Some(b)));
                let key = utf8_percent_encode(key, KEEP_IN_KEYS);
                let version = version.map(|version| format!("?versionId={version}")).unwrap_or_default();
                headers.push((COPY_SOURCE.into(), format!("{key}{version}").into()));
            }
            Place::Header(name) => {
                let text = match member.shape {
                    Shape::Time => http_date(&text()?).ok_or_else(|| told(format!("{given} is no time")))?,
                    _ => text()?,
                };
                headers.push((name.into(), text.into()));
            }
            Place::Headers(start) => {
                for (key, value) in given.as_object().into_iter().flatten() {
                    let text =
                        value.as_str().ok_or_else(|| told(format!("{}.{key} is {value}", member.name)))?;
                    headers.push((format!("{start}{key}").into(), text.to_owned().into()));
                }
            }
            Place::Body => match &member.shape {
                Shape::Structure(_) => {
                    let mut document = String::new();
                    write(&mut document, member.name, &member.shape, given, true).map_err(told)?;
                    headers.push(("content-type".into(), "application/xml".into()));
                    body = document.into_bytes();
                }
                Shape::Bytes => {
                    body = bytes(given).ok_or_else(|| told(format!("{} is {given}", member.name)))?
                }
                _ => body = text()?.into_bytes(),
            },
            Place::Element | Place::Root => {}
        }
    }
    let path_and_query = if query.is_empty() { path } else { format!("{path}?{query}") };
    Ok(HttpRequest { method: operation.method, path_and_query, headers, body })
}

fn bytes(given: &Value) -> Option<Vec<u8>> {
    match given {
        Value::String(text) => Some(text.clone().into_bytes()),
        Value::Object(parts) if parts.len() == 1 => {
            Some(vec![b'0'; usize::try_from(parts.get("size")?.as_u64()?).ok()?])
        }
        _ => None,
    }
}

/// A value in a header, an address or an element.
fn scalar(shape: &Shape, given: &Value) -> Option<String> {
    match (shape, given) {
        (Shape::Text(_) | Shape::Time, Value::String(text)) => Some(text.clone()),
        (Shape::Number, Value::Number(number)) => Some(number.to_string()),
        (Shape::Truth, Value::Bool(truth)) => Some(truth.to_string()),
        _ => None,
    }
}

fn http_date(text: &str) -> Option<String> {
    let millis = u64::try_from(timestamp::parse(text)?).ok()?;
    Some(httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_millis(millis)))
}

fn write(
    out: &mut String,
    name: &str,
    shape: &'static Shape,
    given: &Value,
    root: bool,
) -> Result<(), String> {
    let wrong = || format!("{name} is {given}");
    if let Shape::List(element) = shape {
        out.push_str(&format!("<{name}>"));
        for one in given.as_array().ok_or_else(wrong)? {
            // The lists of the requests in the table are of tags.
            write(out, "Tag", element, one, false)?;
        }
        out.push_str(&format!("</{name}>"));
        return Ok(());
    }
    let namespace = if root { format!(" xmlns=\"{NAMESPACE}\"") } else { String::new() };
    out.push_str(&format!("<{name}{namespace}>"));
    match shape {
        Shape::Structure(_) => {
            for member in shape.members() {
                if let Some(value) = given.get(member.name).filter(|value| !value.is_null()) {
                    write(out, wire_name(member), &member.shape, value, false)?;
                }
            }
        }
        _ => out.push_str(&escape(&scalar(shape, given).ok_or_else(wrong)?)),
    }
    out.push_str(&format!("</{name}>"));
    Ok(())
}

/// The name of a member's element. One has another name in documents than in the SDKs.
fn wire_name(member: &Member) -> &'static str {
    if member.name == "MFADelete" { "MfaDelete" } else { member.name }
}

// === Answers ===

/// Reads an answer as SDKs show it; what was read of an object is text.
///
/// # Errors
/// The [`Fault`] that S3 sent, or one with code `UnreadableResponse`. An answer to `HEAD` has no body: its code is the
/// status, as SDKs tell it.
pub fn decode(
    operation: &'static Operation,
    status: u16,
    headers: &dyn HeaderLookup,
    body: &[u8],
) -> Result<Value, Fault> {
    let unreadable = super::response::unreadable;
    if status >= 300 {
        let mut fault = match std::str::from_utf8(body).ok().and_then(|text| xml::parse(text).ok()) {
            _ if body.is_empty() => {
                let reason = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
                Fault::new(status.to_string(), reason.unwrap_or_default())
            }
            Some(Element { name, children, .. }) if name == "Error" => {
                let text = |name: &str| {
                    children.iter().find(|child| child.name == name).map(|child| child.text.clone())
                };
                Fault::new(text("Code").unwrap_or_default(), text("Message").unwrap_or_default())
            }
            _ => unreadable(format!("an error answer that is none of S3's, of {} bytes", body.len())),
        };
        fault.status = status;
        fault.because = headers.get("x-mockplane-rule").map(str::to_owned);
        return Err(fault);
    }
    let members = || operation.output.iter().copied().flatten();
    let is_xml = members().any(|member| match member.place {
        Place::Element | Place::Root => true,
        Place::Body => matches!(member.shape, Shape::Structure(_)),
        _ => false,
    });
    let text = || std::str::from_utf8(body).map_err(|error| unreadable(error.to_string()));
    let root = if is_xml { Some(xml::parse(text()?).map_err(unreadable)?) } else { None };
    let mut fields = Map::new();
    for member in members() {
        let value = match (member.place, &root) {
            // The transport of an answer in this process has no length.
            (Place::Header("content-length"), _) if operation.method != "HEAD" => Some(body.len().into()),
            (Place::Header(name), _) => headers.get(name).and_then(|text| read_scalar(&member.shape, text)),
            (Place::Headers(start), _) => {
                let all = headers.named(start).into_iter();
                let named = |(name, value): (String, String)| (name[start.len()..].to_owned(), value.into());
                Some(Value::Object(all.map(named).collect()))
            }
            (Place::Element, Some(root)) => child(root, member),
            (Place::Root, Some(root)) => {
                Some(&root.text).filter(|text| !text.is_empty()).map(|text| text.as_str().into())
            }
            (Place::Body, Some(root)) => Some(read(&member.shape, root)),
            (Place::Body, None) => Some(String::from_utf8_lossy(body).into()),
            _ => None,
        };
        if let Some(value) = value {
            fields.insert(member.name.to_owned(), value);
        }
    }
    Ok(Value::Object(fields))
}

fn child(parent: &Element, member: &'static Member) -> Option<Value> {
    let found = || parent.children.iter().filter(|child| child.name == wire_name(member));
    match &member.shape {
        // All lists of answers in the table are flat.
        Shape::List(element) => {
            let all: Vec<_> = found().map(|one| read(element, one)).collect();
            (!all.is_empty()).then_some(Value::Array(all))
        }
        shape => found().next().map(|one| read(shape, one)),
    }
}

fn read(shape: &'static Shape, element: &Element) -> Value {
    match shape {
        Shape::Structure(_) => {
            let members = shape.members();
            let fields = members.filter_map(|member| Some((member.name.to_owned(), child(element, member)?)));
            Value::Object(fields.collect())
        }
        _ => read_scalar(shape, &element.text).unwrap_or_default(),
    }
}

fn read_scalar(shape: &Shape, text: &str) -> Option<Value> {
    match shape {
        Shape::Number => text.parse::<i64>().ok().map(Value::from),
        Shape::Truth => text.parse::<bool>().ok().map(Value::from),
        Shape::Time => {
            let date =
                httpdate::parse_http_date(text).ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
            let millis =
                date.and_then(|span| i64::try_from(span.as_millis()).ok()).or_else(|| timestamp::parse(text));
            Some(timestamp::iso8601(millis?).into())
        }
        _ => Some(text.into()),
    }
}

#[cfg(test)]
mod tests;
