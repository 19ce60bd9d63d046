//! REST-JSON: the operation in method and path, members in path, query, headers and body.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use super::{form, json};
use crate::aws::model::{Kind, Location, Operation, ServiceModel, Shape};
use crate::aws::text::base64_decode;
use crate::aws::timestamp;
use crate::aws::value::{Struct, Value};
use crate::aws::{Fault, RequestParts};

/// The labels that a path gives: name and value.
pub(super) type Labels<'a> = Vec<(&'static str, Cow<'a, str>)>;

pub(super) fn decode(
    model: &'static ServiceModel,
    parts: &RequestParts<'_>,
) -> Result<(&'static Operation, Value), Fault> {
    let (operation, labels) = route(model, parts).ok_or_else(|| {
        let message = format!("No operation answers to {} {}", parts.method, parts.path);
        Fault::new("UnknownOperationException", message).with_status(404)
    })?;
    let Some(input) = model.input(operation) else { return Ok((operation, Value::empty())) };
    let members = model.members(input);
    let mut fields = Struct::new();
    let mut has_document = false;
    for (position, member) in members.iter().enumerate() {
        let shape = model.shape(member.shape);
        let text = match member.location {
            Location::Uri => {
                let label = labels.iter().find(|(name, _)| *name == member.wire_name());
                label.map(|(_, value)| value.clone())
            }
            Location::Query => form::pairs(parts.query.as_bytes())
                .flatten()
                .find(|(key, _)| key == member.wire_name())
                .map(|(_, value)| value),
            Location::Header => {
                parts.headers.get(&member.wire_name().to_ascii_lowercase()).map(Cow::Borrowed)
            }
            Location::Body if input.payload() == Some(position) => {
                if parts.body.is_empty() && !member.required {
                    // Not given; a body that must be given may still be empty.
                } else if shape.kind == Kind::Blob || shape.kind == Kind::String {
                    fields.push(member.name, raw(shape, parts)?);
                } else if !parts.body.is_empty() {
                    fields.push(member.name, json::document(model, shape, parts.body)?);
                }
                None
            }
            Location::Body => {
                has_document = true;
                None
            }
        };
        if let Some(text) = text {
            let value = scalar(shape, &text).ok_or_else(|| {
                let message = format!("{} can not be read from {text}", member.name);
                Fault::new("SerializationException", message)
            })?;
            fields.push(member.name, value);
        }
    }
    if has_document && input.payload().is_none() {
        let document = json::document(model, input, parts.body)?;
        for (name, value) in document.as_struct().into_iter().flat_map(Struct::iter) {
            if fields.get(name).is_none() {
                fields.push(name, value.clone());
            }
        }
    }
    Ok((operation, Value::Struct(fields)))
}

/// The body as it is.
fn raw(shape: &Shape, parts: &RequestParts<'_>) -> Result<Value, Fault> {
    if shape.kind == Kind::Blob {
        return Ok(Value::Blob(parts.body.clone()));
    }
    match std::str::from_utf8(parts.body) {
        Ok(text) => Ok(Value::String(text.to_owned())),
        Err(_) => Err(Fault::new("SerializationException", "The body is not UTF-8 text")),
    }
}

/// The operation of a method and path, with the values of the path's labels.
pub(super) fn route<'a>(
    model: &'static ServiceModel,
    parts: &RequestParts<'a>,
) -> Option<(&'static Operation, Labels<'a>)> {
    model.operations().iter().find_map(|operation| {
        if operation.method != parts.method {
            return None;
        }
        labels(operation.uri, parts.path).map(|labels| (operation, labels))
    })
}

/// Compares a path with a template such as `/endpoints/{EndpointName}/invocations`.
fn labels<'a>(template: &'static str, path: &'a str) -> Option<Labels<'a>> {
    let template = template.split_once('?').map_or(template, |(path, _)| path);
    let (mut ours, mut theirs) = (template.split('/'), path.split('/'));
    let mut labels = Vec::new();
    loop {
        match (ours.next(), theirs.next()) {
            (None, None) => return Some(labels),
            (Some(ours), Some(theirs)) => {
                match ours.strip_prefix('{').and_then(|label| label.strip_suffix('}')) {
                    Some(label) if !theirs.is_empty() => {
                        labels.push((label, percent_decode_str(theirs).decode_utf8_lossy()));
                    }
                    None if ours == theirs => {}
                    _ => return None,
                }
            }
            _ => return None,
        }
    }
}

/// Reads a scalar from a header, label or query parameter.
pub(in crate::aws) fn scalar(shape: &Shape, text: &str) -> Option<Value> {
    match shape.kind {
        Kind::String => Some(Value::String(text.to_owned())),
        Kind::Integer | Kind::Long => text.trim().parse().ok().map(Value::Integer),
        Kind::Float | Kind::Double => text.trim().parse().ok().map(Value::Float),
        Kind::Boolean => text.trim().to_ascii_lowercase().parse().ok().map(Value::Bool),
        Kind::Blob => base64_decode(text).map(|bytes| Value::Blob(bytes.into())),
        Kind::Timestamp => timestamp::parse(text).map(Value::Timestamp),
        Kind::Structure | Kind::List | Kind::Map => None,
    }
}
