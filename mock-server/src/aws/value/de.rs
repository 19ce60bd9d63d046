//! A serde `Deserializer` over decoded values.
//!
//! Services declare the part of the input that they act on. Members that the caller gave and the
//! declared type has no field for are reported by path, so that they can be shown to the user.

use std::cell::RefCell;
use std::fmt::{self, Write};
use std::slice;

use serde::Deserialize;
use serde::de::value::BorrowedStrDeserializer;
use serde::de::{
    self, DeserializeSeed, EnumAccess, IntoDeserializer, MapAccess, SeqAccess, VariantAccess, Visitor,
};

use super::Value;

/// The declared type does not fit the value: a mistake in the declaration, or a type whose own
/// `Deserialize` refused the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct DeError(String);

impl de::Error for DeError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

/// Reads a decoded value into a declared type.
///
/// Fields carry the SDK names of members (`#[serde(rename_all = "PascalCase")]`); `Option` fields and
/// those with `#[serde(default)]` may be absent. `ignored` is called with the path of each member that
/// was given and that `T` does not read, for example `ResourceConfig.KeepAlivePeriodInSeconds` or
/// `InputDataConfig[0].ShuffleConfig`.
///
/// # Errors
/// [`DeError`] if `T` does not fit: validated input fits any faithful declaration.
pub fn from_value<'de, T: Deserialize<'de>>(
    value: &'de Value,
    ignored: &mut dyn FnMut(&str),
) -> Result<T, DeError> {
    let sink = RefCell::new(ignored);
    T::deserialize(Reader { value, path: Path::Root, sink: &sink })
}

type Sink<'a> = RefCell<&'a mut dyn FnMut(&str)>;

/// Where the reader stands, as a chain on the stack: it costs nothing until something is ignored.
#[derive(Clone, Copy)]
enum Path<'a> {
    Root,
    Member(&'a Path<'a>, &'a str),
    Element(&'a Path<'a>, usize),
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Member(Path::Root, name) => f.write_str(name),
            Self::Member(parent, name) => write!(f, "{parent}.{name}"),
            Self::Element(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}

struct Reader<'de, 'a, 's> {
    value: &'de Value,
    path: Path<'a>,
    sink: &'a Sink<'s>,
}

impl<'de, 'a, 's> Reader<'de, 'a, 's> {
    fn fields<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        let rest = match self.value {
            Value::Struct(fields) => Rest::Members(fields.fields.iter()),
            Value::Map(entries) => Rest::Keys(entries.iter()),
            _ => return self.scalar(visitor),
        };
        visitor.visit_map(Entries { rest, current: None, path: &self.path, sink: self.sink })
    }

    fn elements<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        match self.value {
            Value::List(elements) => {
                let rest = elements.iter().enumerate();
                visitor.visit_seq(Elements { rest, path: &self.path, sink: self.sink })
            }
            Value::Blob(bytes) => visitor.visit_seq(Octets { rest: bytes.iter() }),
            _ => self.scalar(visitor),
        }
    }

    fn scalar<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        match self.value {
            Value::Struct(_) | Value::Map(_) => self.fields(visitor),
            Value::List(_) => self.elements(visitor),
            Value::String(text) => visitor.visit_borrowed_str(text),
            Value::Integer(number) | Value::Timestamp(number) => visitor.visit_i64(*number),
            Value::Float(number) => visitor.visit_f64(*number),
            Value::Bool(truth) => visitor.visit_bool(*truth),
            Value::Blob(bytes) => visitor.visit_borrowed_bytes(bytes),
        }
    }
}

impl<'de> de::Deserializer<'de> for Reader<'de, '_, '_> {
    type Error = DeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        self.scalar(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, DeError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        self.elements(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        self.fields(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DeError> {
        self.fields(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DeError> {
        match self.value {
            Value::String(text) => {
                visitor.visit_enum(IntoDeserializer::<DeError>::into_deserializer(text.as_str()))
            }
            Value::Struct(fields) if fields.len() == 1 => match fields.iter().next() {
                Some((name, value)) => {
                    visitor.visit_enum(Union { name, value, path: &self.path, sink: self.sink })
                }
                None => Err(de::Error::custom("an empty union")),
            },
            _ => Err(de::Error::custom(format_args!("{}: not a value of an enum", self.path))),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        let mut text = String::new();
        // Writing to a `String` cannot fail.
        let _ = write!(text, "{}", self.path);
        (self.sink.borrow_mut())(&text);
        visitor.visit_unit()
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        self.deserialize_ignored_any(visitor)
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, DeError> {
        self.deserialize_ignored_any(visitor)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        tuple tuple_struct identifier
    }
}

/// What is left of a structure or of a map. It is one type, so that each visitor is compiled once.
enum Rest<'de> {
    Members(slice::Iter<'de, (&'static str, Value)>),
    Keys(slice::Iter<'de, (String, Value)>),
}

impl<'de> Iterator for Rest<'de> {
    type Item = (&'de str, &'de Value);

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Rest::Members(members) => members.next().map(|(name, value)| (*name, value)),
            Rest::Keys(entries) => entries.next().map(|(key, value)| (key.as_str(), value)),
        }
    }
}

struct Entries<'de, 'a, 's> {
    rest: Rest<'de>,
    current: Option<(&'de str, &'de Value)>,
    path: &'a Path<'a>,
    sink: &'a Sink<'s>,
}

impl<'de> MapAccess<'de> for Entries<'de, '_, '_> {
    type Error = DeError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, DeError> {
        self.current = self.rest.next();
        match self.current {
            Some((key, _)) => seed.deserialize(BorrowedStrDeserializer::new(key)).map(Some),
            None => Ok(None),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, DeError> {
        let (key, value) =
            self.current.take().ok_or_else(|| DeError("a value was asked for before its key".into()))?;
        seed.deserialize(Reader { value, path: Path::Member(self.path, key), sink: self.sink })
    }
}

struct Elements<'de, 'a, 's> {
    rest: std::iter::Enumerate<std::slice::Iter<'de, Value>>,
    path: &'a Path<'a>,
    sink: &'a Sink<'s>,
}

impl<'de> SeqAccess<'de> for Elements<'de, '_, '_> {
    type Error = DeError;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, DeError> {
        match self.rest.next() {
            Some((index, value)) => seed
                .deserialize(Reader { value, path: Path::Element(self.path, index), sink: self.sink })
                .map(Some),
            None => Ok(None),
        }
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }
}

/// The bytes of a blob, for fields declared as `Vec<u8>`.
struct Octets<'de> {
    rest: std::slice::Iter<'de, u8>,
}

impl<'de> SeqAccess<'de> for Octets<'de> {
    type Error = DeError;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, DeError> {
        self.rest.next().map(|byte| seed.deserialize((*byte).into_deserializer())).transpose()
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }
}

/// A union structure read as an enum: its one member is the variant.
struct Union<'de, 'a, 's> {
    name: &'de str,
    value: &'de Value,
    path: &'a Path<'a>,
    sink: &'a Sink<'s>,
}

impl<'de, 'a, 's> EnumAccess<'de> for Union<'de, 'a, 's> {
    type Error = DeError;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), DeError> {
        let variant = seed.deserialize(BorrowedStrDeserializer::<DeError>::new(self.name))?;
        Ok((variant, self))
    }
}

impl<'de> Union<'de, '_, '_> {
    fn with<T>(&self, read: impl FnOnce(Reader<'de, '_, '_>) -> Result<T, DeError>) -> Result<T, DeError> {
        read(Reader { value: self.value, path: Path::Member(self.path, self.name), sink: self.sink })
    }
}

impl<'de> VariantAccess<'de> for Union<'de, '_, '_> {
    type Error = DeError;

    fn unit_variant(self) -> Result<(), DeError> {
        self.with(|reader| de::Deserializer::deserialize_ignored_any(reader, de::IgnoredAny).map(|_| ()))
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, DeError> {
        self.with(|reader| seed.deserialize(reader))
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, DeError> {
        self.with(|reader| de::Deserializer::deserialize_tuple(reader, len, visitor))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DeError> {
        self.with(|reader| reader.fields(visitor))
    }
}
