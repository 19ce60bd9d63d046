//! Values to and from JSON in the form that SDKs show: for scenario files, logs and tests.

use std::fmt;

use bytes::Bytes;
use serde_json::Value as Json;

use super::{Struct, Value};
use crate::aws::model::{Kind, ServiceModel, ShapeId};
use crate::aws::text::{base64_decode, base64_encode};
use crate::aws::timestamp;

/// The most bytes that are told by their number alone: whoever writes a number has it made.
pub const MOST_BYTES: u64 = 100_000_000;

/// JSON that does not fit its shape.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ShapeError {
    /// Where, as `VpcConfig.Subnets[0]`; empty at the top.
    pub path: String,
    /// What is wrong there.
    pub problem: String,
}

impl fmt::Display for ShapeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            f.write_str(&self.problem)
        } else {
            write!(f, "{}: {}", self.path, self.problem)
        }
    }
}

impl ShapeError {
    fn new(problem: impl Into<String>) -> Self {
        Self { path: String::new(), problem: problem.into() }
    }

    fn under(mut self, step: &str) -> Self {
        let dot = if self.path.is_empty() || self.path.starts_with('[') { "" } else { "." };
        self.path = format!("{step}{dot}{}", self.path);
        self
    }
}

pub(in crate::aws) fn to_json(value: &Value) -> Json {
    match value {
        Value::Struct(fields) => {
            Json::Object(fields.iter().map(|(name, value)| (name.to_owned(), to_json(value))).collect())
        }
        Value::List(elements) => Json::Array(elements.iter().map(to_json).collect()),
        Value::Map(entries) => {
            Json::Object(entries.iter().map(|(key, value)| (key.clone(), to_json(value))).collect())
        }
        Value::String(text) => Json::String(text.clone()),
        Value::Integer(number) => Json::from(*number),
        Value::Float(number) => Json::from(*number),
        Value::Bool(truth) => Json::Bool(*truth),
        Value::Blob(bytes) => Json::String(base64_encode(bytes)),
        Value::Timestamp(ms) => Json::String(timestamp::iso8601(*ms)),
    }
}

pub(in crate::aws) fn from_json(
    model: &'static ServiceModel,
    shape: ShapeId,
    json: &Json,
) -> Result<Value, ShapeError> {
    let shape = model.shape(shape);
    let expected = |what: &str| ShapeError::new(format!("expected {what}, found {}", describe(json)));
    match shape.kind {
        Kind::Structure => {
            let object = json.as_object().ok_or_else(|| expected("an object"))?;
            let mut fields = Struct::new();
            for (name, value) in object {
                let Some(member) = model.member(shape, name) else {
                    let known: Vec<&str> = model.members(shape).iter().map(|member| member.name).collect();
                    return Err(ShapeError::new(unknown_member(name, shape.name, &known)));
                };
                if !value.is_null() {
                    let value = from_json(model, member.shape, value).map_err(|error| error.under(name))?;
                    fields.set(member.name, value);
                }
            }
            Ok(Value::Struct(fields))
        }
        Kind::List => {
            let elements = json.as_array().ok_or_else(|| expected("a list"))?;
            let inner =
                shape.element.ok_or_else(|| ShapeError::new("the model has a list without elements"))?;
            let read = |(index, element)| {
                from_json(model, inner, element).map_err(|error| error.under(&format!("[{index}]")))
            };
            elements.iter().enumerate().map(read).collect::<Result<_, _>>().map(Value::List)
        }
        Kind::Map => {
            let object = json.as_object().ok_or_else(|| expected("an object"))?;
            let inner = shape.element.ok_or_else(|| ShapeError::new("the model has a map without values"))?;
            let read = |(key, value): (&String, &Json)| {
                let value = from_json(model, inner, value).map_err(|error| error.under(key))?;
                Ok((key.clone(), value))
            };
            object.iter().map(read).collect::<Result<_, _>>().map(Value::Map)
        }
        Kind::String => json.as_str().map(|text| Value::String(text.into())).ok_or_else(|| expected("text")),
        Kind::Integer | Kind::Long => {
            json.as_i64().map(Value::Integer).ok_or_else(|| expected("a whole number"))
        }
        Kind::Float | Kind::Double => json.as_f64().map(Value::Float).ok_or_else(|| expected("a number")),
        Kind::Boolean => json.as_bool().map(Value::Bool).ok_or_else(|| expected("true or false")),
        Kind::Blob => {
            let told = "base64 text, {\"text\": ..} or {\"size\": ..}";
            blob(json).map(Value::Blob).ok_or_else(|| expected(told))
        }
        Kind::Timestamp => {
            let ms = match json {
                Json::String(text) => timestamp::parse(text),
                Json::Number(number) => number.as_f64().and_then(timestamp::from_seconds),
                _ => None,
            };
            ms.map(Value::Timestamp).ok_or_else(|| expected("a time (ISO 8601, or seconds since 1970)"))
        }
    }
}

fn blob(json: &Json) -> Option<Bytes> {
    match json {
        Json::String(text) => base64_decode(text).map(Bytes::from),
        Json::Object(object) => told_bytes(object).map(Bytes::from),
        _ => None,
    }
}

/// Bytes that are told as `{"text": ..}`, or by how many there are of them.
pub(in crate::aws) fn told_bytes(told: &serde_json::Map<String, Json>) -> Option<Vec<u8>> {
    if told.len() != 1 {
        return None;
    }
    match (told.get("text"), told.get("size")) {
        (Some(text), _) => Some(text.as_str()?.as_bytes().to_vec()),
        (_, size) => {
            let size = size?.as_u64().filter(|size| *size <= MOST_BYTES)?;
            Some(vec![b'0'; usize::try_from(size).ok()?])
        }
    }
}

fn describe(json: &Json) -> String {
    match json {
        Json::Null => "null".into(),
        Json::Bool(truth) => truth.to_string(),
        Json::Number(number) => number.to_string(),
        Json::String(text) if text.len() <= 60 => format!("{text:?}"),
        Json::String(_) => "a long text".into(),
        Json::Array(_) => "a list".into(),
        Json::Object(_) => "an object".into(),
    }
}

/// Names the members that exist, the likely one first, since the usual cause is a slip of spelling.
fn unknown_member(name: &str, shape: &str, known: &[&str]) -> String {
    let near = known.iter().find(|other| other.eq_ignore_ascii_case(name)).or_else(|| {
        known.iter().find(|other| {
            let (short, long) = if other.len() < name.len() { (**other, name) } else { (name, **other) };
            short.len() >= 3 && long.to_ascii_lowercase().starts_with(&short.to_ascii_lowercase())
        })
    });
    match near {
        Some(near) => format!("{shape} has no member {name}; did you mean {near}?"),
        None if known.is_empty() => format!("{shape} has no members, so none called {name}"),
        None => format!("{shape} has no member {name}; it has {}", known.join(", ")),
    }
}
