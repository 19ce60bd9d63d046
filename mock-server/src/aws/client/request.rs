//! Calls to requests.

use std::fmt::Write;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode, utf8_percent_encode};
use serde::Serialize;

use super::{HttpRequest, RequestError};
use crate::aws::encode::write_json_value;
use crate::aws::model::{Kind, Location, Operation, Protocol, ServiceId, ServiceModel, Shape};
use crate::aws::text::{base64_encode, upper_first};
use crate::aws::timestamp;
use crate::aws::value::Value;

/// What stays as it is in paths, query strings and forms.
const KEEP: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Puts a call on the wire, given the parameters as SDKs take them.
///
/// # Errors
/// [`RequestError`] if there is no such operation or the parameters do not fit it.
pub fn encode_request(
    service: ServiceId,
    operation: &str,
    parameters: &serde_json::Value,
) -> Result<HttpRequest, RequestError> {
    let model = ServiceModel::get(service);
    let operation = model.operation(operation).ok_or_else(|| RequestError::NoSuchOperation {
        service: service.name(),
        name: operation.to_owned(),
    })?;
    let value = match operation.input {
        Some(_) if parameters.is_null() => Value::empty(),
        Some(input) => Value::from_json(model, input, parameters)
            .map_err(|error| RequestError::Shape { operation: operation.name, error })?,
        None => Value::empty(),
    };
    encode_value(model, operation, &value)
}

/// Puts a call on the wire, given the parameters as a value of the operation's input.
///
/// # Errors
/// [`RequestError`] if a part of the path is absent or the value is of another shape.
pub fn encode_value(
    model: &'static ServiceModel,
    operation: &'static Operation,
    value: &Value,
) -> Result<HttpRequest, RequestError> {
    match model.protocol() {
        Protocol::Ec2 | Protocol::Query => Ok(form(model, operation, value)),
        Protocol::Json11 => json(model, operation, value),
        Protocol::RestJson => rest(model, operation, value),
    }
}

fn form(model: &'static ServiceModel, operation: &'static Operation, value: &Value) -> HttpRequest {
    let mut body = format!("Action={}&Version={}", operation.name, model.meta().api_version);
    if let Some(input) = model.input(operation) {
        let mut writer = Form { model, ec2: model.protocol() == Protocol::Ec2, out: &mut body };
        writer.value(input, value, &mut String::new());
    }
    HttpRequest {
        method: "POST",
        path_and_query: "/".into(),
        headers: vec![("content-type".into(), "application/x-www-form-urlencoded; charset=utf-8".into())],
        body: body.into_bytes(),
    }
}

struct Form<'o> {
    model: &'static ServiceModel,
    ec2: bool,
    out: &'o mut String,
}

impl Form<'_> {
    /// Goes one step down the path.
    fn under(&mut self, shape: &'static Shape, value: &Value, path: &mut String, step: &str) {
        let length = path.len();
        if length > 0 {
            path.push('.');
        }
        path.push_str(step);
        self.value(shape, value, path);
        path.truncate(length);
    }

    fn value(&mut self, shape: &'static Shape, value: &Value, path: &mut String) {
        let traits = shape.traits.as_deref();
        let inner = shape.element.map(|id| self.model.shape(id));
        match (value, inner) {
            (Value::Struct(fields), _) => {
                for (name, value) in fields.iter() {
                    let Some(member) = self.model.member(shape, name) else { continue };
                    let step = if self.ec2 {
                        upper_first(member.query_name())
                    } else {
                        member.query_name().to_owned()
                    };
                    self.under(self.model.shape(member.shape), value, path, &step);
                }
            }
            (Value::List(elements), Some(inner)) => {
                if elements.is_empty() && !self.ec2 {
                    self.pair(path, "");
                }
                let wrapper = traits.and_then(|traits| traits.element_name).unwrap_or("member");
                for (index, element) in elements.iter().enumerate() {
                    let step =
                        if self.ec2 { (index + 1).to_string() } else { format!("{wrapper}.{}", index + 1) };
                    self.under(inner, element, path, &step);
                }
            }
            (Value::Map(entries), Some(inner)) => {
                let key_name = traits.and_then(|traits| traits.key_name).unwrap_or("key");
                let value_name = traits.and_then(|traits| traits.value_name).unwrap_or("value");
                for (index, (key, value)) in entries.iter().enumerate() {
                    self.pair(&format!("{path}.entry.{}.{key_name}", index + 1), key);
                    self.under(inner, value, path, &format!("entry.{}.{value_name}", index + 1));
                }
            }
            (scalar, _) => {
                if let Some(text) = scalar_text(scalar) {
                    self.pair(path, &text);
                }
            }
        }
    }

    fn pair(&mut self, path: &str, value: &str) {
        // Writing to a `String` cannot fail.
        let _ = write!(self.out, "&{}={}", utf8_percent_encode(path, KEEP), utf8_percent_encode(value, KEEP));
    }
}

/// A scalar as it travels in forms, headers and paths.
fn scalar_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Integer(number) => Some(number.to_string()),
        Value::Float(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Blob(bytes) => Some(base64_encode(bytes)),
        Value::Timestamp(ms) => Some(timestamp::iso8601(*ms)),
        Value::Struct(_) | Value::List(_) | Value::Map(_) => None,
    }
}

fn json(
    model: &'static ServiceModel,
    operation: &'static Operation,
    value: &Value,
) -> Result<HttpRequest, RequestError> {
    let mut body = Vec::new();
    match operation.input {
        Some(input) => write(&mut body, model, input, value)?,
        None => body.extend_from_slice(b"{}"),
    }
    let target = format!("{}.{}", model.meta().target_prefix.unwrap_or_default(), operation.name);
    let version = model.meta().json_version.unwrap_or("1.1");
    Ok(HttpRequest {
        method: "POST",
        path_and_query: "/".into(),
        headers: vec![
            ("x-amz-target".into(), target.into()),
            ("content-type".into(), format!("application/x-amz-json-{version}").into()),
        ],
        body,
    })
}

fn write<T: Serialize>(
    out: &mut Vec<u8>,
    model: &'static ServiceModel,
    shape: crate::aws::model::ShapeId,
    value: &T,
) -> Result<(), RequestError> {
    write_json_value(out, model, shape, value).map_err(|error| RequestError::Value(error.to_string()))
}

fn rest(
    model: &'static ServiceModel,
    operation: &'static Operation,
    value: &Value,
) -> Result<HttpRequest, RequestError> {
    let mut path = operation.uri.to_owned();
    let mut query = String::new();
    let mut request = HttpRequest {
        method: operation.method,
        path_and_query: String::new(),
        headers: Vec::new(),
        body: Vec::new(),
    };
    let mut document = value.clone();
    let input = model.input(operation);
    for (position, member) in input.map(|shape| model.members(shape)).unwrap_or_default().iter().enumerate() {
        let shape = model.shape(member.shape);
        let given = value.get(member.name);
        let is_payload = input.and_then(Shape::payload) == Some(position);
        if (member.location != Location::Body || is_payload)
            && let Value::Struct(fields) = &mut document
        {
            fields.remove(member.name);
        }
        match (member.location, given) {
            (Location::Uri, given) => {
                let text = given
                    .and_then(scalar_text)
                    .ok_or(RequestError::NoLabel { operation: operation.name, member: member.name })?;
                let label = percent_encode(text.as_bytes(), KEEP).to_string();
                path = path.replace(&format!("{{{}}}", member.wire_name()), &label);
            }
            (_, None) => {}
            (Location::Query, Some(given)) => {
                if let Some(text) = scalar_text(given) {
                    query.push(if query.is_empty() { '?' } else { '&' });
                    // Writing to a `String` cannot fail.
                    let _ = write!(
                        query,
                        "{}={}",
                        utf8_percent_encode(member.wire_name(), KEEP),
                        utf8_percent_encode(&text, KEEP)
                    );
                }
            }
            (Location::Header, Some(given)) => {
                if let Some(text) = scalar_text(given) {
                    request.headers.push((member.wire_name().into(), text.into()));
                }
            }
            (Location::Body, Some(given)) if is_payload => match given {
                Value::Blob(bytes) if shape.kind == Kind::Blob => request.body = bytes.to_vec(),
                Value::String(text) if shape.kind == Kind::String => request.body = text.clone().into_bytes(),
                other => write(&mut request.body, model, member.shape, other)?,
            },
            (Location::Body, Some(_)) => {}
        }
    }
    let has_payload = input.and_then(Shape::payload).is_some();
    if let (false, Some(shape)) = (has_payload, operation.input) {
        write(&mut request.body, model, shape, &document)?;
        request.headers.push(("content-type".into(), "application/json".into()));
    }
    request.path_and_query = path + &query;
    Ok(request)
}
