//! Decoded input: values that are known to fit their shapes.

use bytes::Bytes;

mod de;
mod json;
mod ser;

pub use de::{DeError, from_value};
pub use json::MOST_BYTES;
pub use json::ShapeError;
pub(super) use json::{from_json, to_json, told_bytes};

use super::model::{ServiceModel, ShapeId};

/// A value that was read under the guidance of a shape.
#[derive(Debug, Clone)]
pub enum Value {
    /// A structure.
    Struct(Struct),
    /// A list.
    List(Vec<Value>),
    /// A map, in the order of arrival.
    Map(Vec<(String, Value)>),
    /// Text, enums included.
    String(String),
    /// A whole number.
    Integer(i64),
    /// Any other number.
    Float(f64),
    /// True or false.
    Bool(bool),
    /// Bytes.
    Blob(Bytes),
    /// Milliseconds since 1970.
    Timestamp(i64),
}

/// The order of a map's entries does not matter, nor does that of members: two requests that say the
/// same are the same request.
impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Struct(a), Self::Struct(b)) => a == b,
            (Self::List(a), Self::List(b)) => a == b,
            (Self::Map(a), Self::Map(b)) => {
                let sorted = |entries: &[(String, Self)]| {
                    let mut order: Vec<usize> = (0..entries.len()).collect();
                    order.sort_by(|x, y| entries[*x].0.cmp(&entries[*y].0));
                    order
                };
                a.len() == b.len() && sorted(a).into_iter().zip(sorted(b)).all(|(x, y)| a[x] == b[y])
            }
            (Self::String(a), Self::String(b)) => a == b,
            (Self::Integer(a), Self::Integer(b)) | (Self::Timestamp(a), Self::Timestamp(b)) => a == b,
            (Self::Float(a), Self::Float(b)) => a == b,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Blob(a), Self::Blob(b)) => a == b,
            _ => false,
        }
    }
}

/// The members of a structure that were given.
#[derive(Debug, Clone, Default)]
pub struct Struct {
    fields: Vec<(&'static str, Value)>,
}

impl Struct {
    /// No member given.
    pub const fn new() -> Self {
        Self { fields: Vec::new() }
    }

    /// The value of a member, by its name in the SDKs.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.fields.iter().find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    /// Sets a member, replacing what was there. `name` is the model's.
    pub fn set(&mut self, name: &'static str, value: Value) {
        match self.fields.iter_mut().find(|(key, _)| *key == name) {
            Some((_, slot)) => *slot = value,
            None => self.fields.push((name, value)),
        }
    }

    /// Adds a member that is known to be absent.
    pub(super) fn push(&mut self, name: &'static str, value: Value) {
        self.fields.push((name, value));
    }

    /// Removes a member.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        let at = self.fields.iter().position(|(key, _)| *key == name)?;
        Some(self.fields.remove(at).1)
    }

    /// The members that were given, in the order of arrival.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &Value)> {
        self.fields.iter().map(|(key, value)| (*key, value))
    }

    /// Number of members given.
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// Whether no member was given.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }
}

impl PartialEq for Struct {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().all(|(name, value)| other.get(name) == Some(value))
    }
}

impl Value {
    /// An empty structure: the input of an operation that was called without parameters.
    pub const fn empty() -> Self {
        Self::Struct(Struct::new())
    }

    /// The structure, if this is one.
    pub fn as_struct(&self) -> Option<&Struct> {
        match self {
            Self::Struct(inner) => Some(inner),
            _ => None,
        }
    }

    /// A member of a structure, by its name in the SDKs; `None` if absent or not a structure.
    pub fn get(&self, name: &str) -> Option<&Self> {
        self.as_struct()?.get(name)
    }

    /// A value under a dotted path of member names (`VpcConfig.Subnets`).
    pub fn at(&self, path: &str) -> Option<&Self> {
        path.split('.').try_fold(self, |value, name| value.get(name))
    }

    /// The text, if this is text.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The number, if this is a whole one.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Integer(number) => Some(*number),
            _ => None,
        }
    }

    /// The truth value, if this is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(truth) => Some(*truth),
            _ => None,
        }
    }

    /// The elements, if this is a list.
    pub fn as_list(&self) -> Option<&[Self]> {
        match self {
            Self::List(elements) => Some(elements),
            _ => None,
        }
    }

    /// The bytes, if this is a blob.
    pub fn as_blob(&self) -> Option<&Bytes> {
        match self {
            Self::Blob(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// The value as SDKs show it: members by name, times as ISO 8601 text, blobs as base64.
    pub fn to_json(&self) -> serde_json::Value {
        to_json(self)
    }

    /// Reads what [`to_json`](Self::to_json) writes, and a little more: times may be numbers (seconds
    /// since 1970) and blobs `{"text": ".."}` or `{"size": 1000}`.
    ///
    /// # Errors
    /// A [`ShapeError`] with the path of the first thing that does not fit the shape.
    pub fn from_json(
        model: &'static ServiceModel,
        shape: ShapeId,
        json: &serde_json::Value,
    ) -> Result<Self, ShapeError> {
        from_json(model, shape, json)
    }
}
