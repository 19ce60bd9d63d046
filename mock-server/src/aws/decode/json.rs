//! JSON 1.1: the operation in `X-Amz-Target`, the input as a JSON object.
//!
//! The text is read straight into values under the guidance of the shape; no tree of JSON is built.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;

use bytes::Bytes;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::aws::model::{Kind, Member, Operation, ServiceModel, Shape};
use crate::aws::text::base64_decode;
use crate::aws::timestamp;
use crate::aws::value::{Struct, Value};
use crate::aws::{Fault, RequestParts};

pub(super) fn decode(
    model: &'static ServiceModel,
    parts: &RequestParts<'_>,
) -> Result<(&'static Operation, Value), Fault> {
    let name = operation_name(parts).unwrap_or_default();
    let operation = model.operation(name).ok_or_else(|| {
        Fault::new("UnknownOperationException", format!("The operation {name} is not known to this service"))
    })?;
    match model.input(operation) {
        Some(input) => Ok((operation, document(model, input, parts.body)?)),
        None => Ok((operation, Value::empty())),
    }
}

/// The operation in `X-Amz-Target: Prefix.Operation`.
pub(super) fn operation_name<'a>(parts: &RequestParts<'a>) -> Option<&'a str> {
    parts.headers.get("x-amz-target")?.split_once('.').map(|(_, name)| name)
}

/// Reads a JSON document of a shape. An empty body stands for an empty object.
pub(in crate::aws) fn document(
    model: &'static ServiceModel,
    shape: &'static Shape,
    body: &[u8],
) -> Result<Value, Fault> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(Value::empty());
    }
    let problem = RefCell::new(None);
    let seed = Seed { model, shape, problem: &problem };
    let mut reader = serde_json::Deserializer::from_slice(body);
    let outcome = seed.deserialize(&mut reader).and_then(|value| reader.end().map(|()| value));
    match outcome {
        Ok(value) => Ok(value.unwrap_or_else(Value::empty)),
        Err(error) => {
            let message = problem.take().unwrap_or_else(|| format!("The request is not valid JSON: {error}"));
            Err(Fault::new("SerializationException", message))
        }
    }
}

/// Reads one value of a shape; `None` for `null`, which means "not given".
#[derive(Clone, Copy)]
struct Seed<'a> {
    model: &'static ServiceModel,
    shape: &'static Shape,
    /// The message of the first misfit: errors of the JSON reader carry positions, AWS's do not.
    problem: &'a RefCell<Option<String>>,
}

impl Seed<'_> {
    fn to<E: serde::de::Error>(self, id: Option<crate::aws::model::ShapeId>) -> Result<Self, E> {
        let shape = self.model.shape(id.ok_or_else(|| E::custom("the model lacks an element shape"))?);
        Ok(Self { shape, ..self })
    }

    fn fail<T, E: serde::de::Error>(self, message: String) -> Result<T, E> {
        let error = E::custom(&message);
        self.problem.borrow_mut().get_or_insert(message);
        Err(error)
    }

    /// A scalar of a type that the shape does not take.
    fn misfit<T, E: serde::de::Error>(self, found: &str) -> Result<T, E> {
        let target = match self.shape.kind {
            Kind::Structure | Kind::Map => return self.fail("Expected map or null".to_owned()),
            Kind::List => return self.fail("Expected list or null".to_owned()),
            Kind::String => "String",
            Kind::Integer => "Integer",
            Kind::Long => "Long",
            Kind::Float => "Float",
            Kind::Double => "Double",
            Kind::Boolean => "Boolean",
            Kind::Blob => "Blob",
            Kind::Timestamp => "Timestamp",
        };
        self.fail(format!("class java.lang.{found} can not be converted to an {target}"))
    }

    fn whole<E: serde::de::Error>(self, number: i64) -> Result<Option<Value>, E> {
        match self.shape.kind {
            Kind::Integer if i32::try_from(number).is_err() => self.misfit("Long"),
            Kind::Integer | Kind::Long => Ok(Some(Value::Integer(number))),
            Kind::Float | Kind::Double => Ok(Some(Value::Float(number as f64))),
            Kind::Timestamp => match timestamp::from_seconds(number as f64) {
                Some(ms) => Ok(Some(Value::Timestamp(ms))),
                None => self.misfit("Long"),
            },
            _ => self.misfit(if i32::try_from(number).is_ok() { "Integer" } else { "Long" }),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Option<Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Option<Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a value of shape {}", self.shape.name)
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_bool<E: serde::de::Error>(self, truth: bool) -> Result<Self::Value, E> {
        if self.shape.kind == Kind::Boolean { Ok(Some(Value::Bool(truth))) } else { self.misfit("Boolean") }
    }

    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<Self::Value, E> {
        self.whole(number)
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Self::Value, E> {
        match i64::try_from(number) {
            Ok(number) => self.whole(number),
            Err(_) => self.visit_f64(number as f64),
        }
    }

    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Self::Value, E> {
        match self.shape.kind {
            Kind::Float | Kind::Double => Ok(Some(Value::Float(number))),
            Kind::Timestamp => match timestamp::from_seconds(number) {
                Some(ms) => Ok(Some(Value::Timestamp(ms))),
                None => self.misfit("Double"),
            },
            // `3.0` is a whole number to most JSON writers.
            Kind::Integer | Kind::Long if number.fract() == 0.0 && number.abs() < 9.0e15 =>
            {
                #[allow(clippy::cast_possible_truncation)]
                self.whole(number as i64)
            }
            _ => self.misfit("Double"),
        }
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
        match self.shape.kind {
            Kind::String => Ok(Some(Value::String(text.to_owned()))),
            Kind::Blob => match base64_decode(text) {
                Some(bytes) => Ok(Some(Value::Blob(Bytes::from(bytes)))),
                None => self.misfit("String"),
            },
            Kind::Timestamp => match timestamp::parse(text) {
                Some(ms) => Ok(Some(Value::Timestamp(ms))),
                None => self.misfit("String"),
            },
            Kind::Float | Kind::Double => match text {
                "NaN" => Ok(Some(Value::Float(f64::NAN))),
                "Infinity" => Ok(Some(Value::Float(f64::INFINITY))),
                "-Infinity" => Ok(Some(Value::Float(f64::NEG_INFINITY))),
                _ => self.misfit("String"),
            },
            _ => self.misfit("String"),
        }
    }

    fn visit_string<E: serde::de::Error>(self, text: String) -> Result<Self::Value, E> {
        if self.shape.kind == Kind::String { Ok(Some(Value::String(text))) } else { self.visit_str(&text) }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        if self.shape.kind != Kind::List {
            return self.fail("Start of list found where not expected".to_owned());
        }
        let inner = self.to(self.shape.element)?;
        let mut elements = Vec::new();
        while let Some(element) = list.next_element_seed(inner)? {
            elements.extend(element);
        }
        Ok(Some(Value::List(elements)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        match self.shape.kind {
            Kind::Structure => {
                let members = self.model.members(self.shape);
                let mut fields = Struct::new();
                let mut cursor = 0;
                while let Some(found) = map.next_key_seed(MemberSeed { members, cursor })? {
                    let Some(position) = found else {
                        map.next_value::<IgnoredAny>()?;
                        continue;
                    };
                    cursor = position + 1;
                    let member = &members[position];
                    let shape = self.model.shape(member.shape);
                    if let Some(value) = map.next_value_seed(Self { shape, ..self })? {
                        fields.set(member.name, value);
                    }
                }
                Ok(Some(Value::Struct(fields)))
            }
            Kind::Map => {
                let inner = self.to(self.shape.element)?;
                let mut entries: Vec<(String, Value)> = Vec::new();
                let mut places: HashMap<String, usize> = HashMap::new();
                while let Some(key) = map.next_key::<String>()? {
                    let Some(value) = map.next_value_seed(inner)? else { continue };
                    // The last of equal keys counts. The table costs only large maps.
                    let known = if entries.len() < 16 {
                        entries.iter().position(|(other, _)| *other == key)
                    } else {
                        if places.is_empty() {
                            places.extend(entries.iter().enumerate().map(|(at, (key, _))| (key.clone(), at)));
                        }
                        places.get(&key).copied()
                    };
                    match known {
                        Some(at) => entries[at].1 = value,
                        None => {
                            if !places.is_empty() {
                                places.insert(key.clone(), entries.len());
                            }
                            entries.push((key, value));
                        }
                    }
                }
                Ok(Some(Value::Map(entries)))
            }
            _ => self.fail("Start of structure or map found where not expected.".to_owned()),
        }
    }
}

/// Reads a key as the position of a member; `None` for a name that the structure does not have.
struct MemberSeed {
    members: &'static [Member],
    /// Where the next key is, if the client writes members in the model's order.
    cursor: usize,
}

impl<'de> DeserializeSeed<'de> for MemberSeed {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for MemberSeed {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a member")
    }

    fn visit_str<E: serde::de::Error>(self, key: &str) -> Result<Self::Value, E> {
        if self.members.get(self.cursor).is_some_and(|member| member.wire_name() == key) {
            return Ok(Some(self.cursor));
        }
        Ok(self.members.iter().position(|member| member.wire_name() == key))
    }
}
