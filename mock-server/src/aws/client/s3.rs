//! S3 as a client speaks it, for the operations that scenarios call. What `s3s` has of the API reads requests and writes
//! answers; this is the other direction, as one table: where each member of an input or output travels.
//!
//! Source: S3 API reference; the names are those of the SDKs.

mod table;

use super::xml::{self, Element};
use super::{HttpRequest, RequestError};
use crate::aws::model::Kind;
use crate::aws::text::base64_encode;
use crate::aws::value::told_bytes;
use crate::aws::{Fault, HeaderLookup, timestamp};
use hyper::{HeaderMap, StatusCode};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use quick_xml::escape::escape;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
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

    /// What of the input is in the address and the headers of a request.
    pub fn head(&'static self) -> impl Iterator<Item = &'static Member> {
        self.input.members().filter(|member| member.place != Place::Body)
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
    /// An attribute of its structure's element, whatever the namespace.
    Attribute(&'static str),
}

/// What a value looks like.
#[derive(Debug)]
pub enum Shape {
    /// A text; one of these, if there are any.
    Text(&'static [&'static str]),
    Number,
    Truth,
    Time,
    /// Text, also as `{text: ..}`, or so many bytes: `{size: 1000}`.
    Bytes,
    /// Texts by name.
    Texts,
    Structure(&'static [&'static [Member]]),
    /// An element with one of this name inside it for each.
    List(&'static str, &'static Shape),
    /// An element for each, with nothing around them; in a header, with commas between them.
    Flat(&'static Shape),
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
            Shape::List(..) | Shape::Flat(_) => Kind::List,
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
            Shape::List(_, element) | Shape::Flat(element) => Some(element),
            Shape::Texts => Some(&table::TEXT),
            _ => None,
        }
    }
}

/// The operation of that name.
pub fn operation(name: &str) -> Option<&'static Operation> {
    table::OPERATIONS.iter().find(|operation| operation.name == name)
}

/// The names of all operations.
pub fn operations() -> impl Iterator<Item = &'static str> {
    table::OPERATIONS.iter().map(|operation| operation.name)
}

const COPY_SOURCE: &str = "x-amz-copy-source";
/// The one operation here that S3 refuses without a checksum of its document.
const WITH_CHECKSUM: &str = "DeleteObjects";

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
                    write(&mut document, wire_name(member), &member.shape, given, true).map_err(told)?;
                    headers.push(("content-type".into(), "application/xml".into()));
                    body = document.into_bytes();
                }
                Shape::Bytes => {
                    body = bytes(given).ok_or_else(|| told(format!("{} is {given}", member.name)))?
                }
                _ => body = text()?.into_bytes(),
            },
            Place::Element | Place::Root | Place::Attribute(_) => {}
        }
    }
    if operation.name == WITH_CHECKSUM {
        headers.push(("x-amz-checksum-sha256".into(), base64_encode(&Sha256::digest(&body)).into()));
    }
    // Buckets are listed at the root.
    if path.is_empty() {
        path.push('/');
    }
    let path_and_query = if query.is_empty() { path } else { format!("{path}?{query}") };
    Ok(HttpRequest { method: operation.method, path_and_query, headers, body })
}

/// What the query string and the headers of a request say, as SDKs name it.
pub fn said(
    operation: &'static Operation,
    query: &dyn Fn(&str) -> Option<String>,
    headers: &HeaderMap,
) -> Map<String, Value> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let said = |member: &Member| match member.place {
        Place::Query(name) => query(name).map(|text| value(&member.shape, text)),
        Place::Header(name) => header(name).map(|text| value(&member.shape, text)),
        Place::Headers(start) => {
            let names =
                headers.keys().filter_map(|name| Some((name.as_str(), name.as_str().strip_prefix(start)?)));
            let all: Map<_, _> =
                names.filter_map(|(name, key)| Some((key.to_owned(), header(name)?.into()))).collect();
            (!all.is_empty()).then(|| all.into())
        }
        _ => None,
    };
    operation.head().filter_map(|member| Some((member.name.to_owned(), said(member)?))).collect()
}

/// The value that a text in an address or a header stands for. What is of another form stays a text.
fn value(shape: &Shape, text: String) -> Value {
    match shape {
        Shape::Number => text.parse::<i64>().map_or(text.into(), Value::from),
        Shape::Truth => text.to_ascii_lowercase().parse::<bool>().map_or(text.into(), Value::from),
        Shape::Flat(element) => text.split(',').map(|one| value(element, one.trim().to_owned())).collect(),
        _ => text.into(),
    }
}

fn bytes(given: &Value) -> Option<Vec<u8>> {
    match given {
        Value::String(text) => Some(text.clone().into_bytes()),
        Value::Object(parts) => told_bytes(parts),
        _ => None,
    }
}

/// A value in a header, an address or an element.
fn scalar(shape: &Shape, given: &Value) -> Option<String> {
    match (shape, given) {
        (Shape::Text(_) | Shape::Time, Value::String(text)) => Some(text.clone()),
        (Shape::Number, Value::Number(number)) => Some(number.to_string()),
        (Shape::Truth, Value::Bool(truth)) => Some(truth.to_string()),
        (Shape::Flat(element), Value::Array(all)) => {
            let all: Option<Vec<_>> = all.iter().map(|one| scalar(element, one)).collect();
            all.map(|all| all.join(","))
        }
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
    let all = || given.as_array().ok_or_else(wrong);
    match shape {
        Shape::Flat(element) => {
            return all()?.iter().try_for_each(|one| write(out, name, element, one, false));
        }
        Shape::List(inner, element) => {
            out.push_str(&format!("<{name}>"));
            all()?.iter().try_for_each(|one| write(out, inner, element, one, false))?;
            out.push_str(&format!("</{name}>"));
            return Ok(());
        }
        _ => {}
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

/// The name of a member's element. Some have other names in documents than in the SDKs.
fn wire_name(member: &Member) -> &'static str {
    match member.name {
        "DeleteMarkers" => "DeleteMarker",
        "Errors" => "Error",
        "Events" => "Event",
        "Grants" => "AccessControlList",
        "LambdaFunctionArn" => "CloudFunction",
        "LambdaFunctionConfigurations" => "CloudFunctionConfiguration",
        "MFADelete" => "MfaDelete",
        "MultipartUpload" => "CompleteMultipartUpload",
        "Objects" => "Object",
        "Parts" => "Part",
        "QueueArn" => "Queue",
        "QueueConfigurations" => "QueueConfiguration",
        "Rules" => "Rule",
        "TopicArn" => "Topic",
        "TopicConfigurations" => "TopicConfiguration",
        "TotalPartsCount" => "PartsCount",
        "Uploads" => "Upload",
        "Versions" => "Version",
        name => name,
    }
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
    if let Place::Attribute(wanted) = member.place {
        let given = parent.attributes.iter().find(|(name, _)| name == wanted);
        return given.map(|(_, text)| text.as_str().into());
    }
    match &member.shape {
        Shape::Flat(element) => {
            let all: Vec<_> = found().map(|one| read(element, one)).collect();
            (!all.is_empty()).then_some(Value::Array(all))
        }
        Shape::List(inner, element) => {
            let inside = found().next()?.children.iter().filter(|one| one.name == *inner);
            Some(inside.map(|one| read(element, one)).collect())
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
