//! The serializer that follows a plan, for XML and JSON alike.
//!
//! It writes straight into the answer. Each value says whether it wrote anything; a member or element
//! that wrote nothing (`None`) is taken back with its tags. The plan supplies names and order checks,
//! so a field that the model does not have cannot be sent.

use std::fmt::{self, Write};
use std::marker::PhantomData;

use serde::ser::{self, Impossible, Serialize};

use super::EncodeError;
use super::compound::{ListSer, MapSer, SeqSer, StructSer};
use super::plan::{Plan, Target};
use crate::aws::HeaderList;
use crate::aws::model::{Kind, ServiceModel};
use crate::aws::text::{base64_encode, write_f64, write_i64, write_json, write_u64, write_xml};
use crate::aws::timestamp;

/// XML or JSON, or neither.
pub(super) trait Format {
    const XML: bool;
    /// No quotes, no escapes, no base64: headers, bodies that are one member, names.
    const RAW: bool = false;
}

/// XML of the two query protocols.
pub(super) struct Xml;
/// JSON.
pub(super) struct Json;
/// Scalars as they are.
pub(super) struct Raw;

impl Format for Xml {
    const XML: bool = true;
}

impl Format for Json {
    const XML: bool = false;
}

impl Format for Raw {
    const XML: bool = false;
    const RAW: bool = true;
}

/// Writes one value.
pub(super) struct Ser<'o, F> {
    pub out: &'o mut Vec<u8>,
    pub model: &'static ServiceModel,
    pub target: Target,
    /// Set for the output structure of a REST operation, whose members may travel in headers or be
    /// the body.
    pub headers: Option<&'o mut HeaderList>,
    pub format: PhantomData<F>,
}

/// Whether anything was written.
pub(super) type Wrote = Result<bool, EncodeError>;

impl<'o, F: Format> Ser<'o, F> {
    pub fn new(out: &'o mut Vec<u8>, model: &'static ServiceModel, target: Target) -> Self {
        Self { out, model, target, headers: None, format: PhantomData }
    }

    fn misfit<T>(&self, found: &str) -> Result<T, EncodeError> {
        let shape = self.model.shape(self.target.shape);
        Err(EncodeError::new(format!("{found} where {} ({:?}) is expected", shape.name, shape.kind)))
    }

    fn quote(&mut self) {
        if !F::XML && !F::RAW {
            self.out.push(b'"');
        }
    }

    fn text(&mut self, text: &str) {
        if F::RAW {
            self.out.extend_from_slice(text.as_bytes());
        } else if F::XML {
            write_xml(self.out, text);
        } else {
            self.out.push(b'"');
            write_json(self.out, text);
            self.out.push(b'"');
        }
    }

    fn time(&mut self, ms: i64) {
        if F::XML {
            timestamp::write_iso8601(self.out, ms);
        } else {
            timestamp::write_epoch(self.out, ms);
        }
    }

    pub fn blob(&mut self, bytes: &[u8]) {
        if F::RAW {
            self.out.extend_from_slice(bytes);
            return;
        }
        let text = base64_encode(bytes);
        self.quote();
        self.out.extend_from_slice(text.as_bytes());
        self.quote();
    }

    fn structure(self) -> Result<StructSer<'o, F>, EncodeError> {
        let Plan::Struct(plan) = self.model.plan(self.target.shape) else {
            return self.misfit("a structure");
        };
        let braces = !F::XML && (self.headers.is_none() || plan.payload.is_none());
        if braces {
            self.out.push(b'{');
        }
        let Self { out, model, headers, .. } = self;
        let (cursor, pending, first) = (0, None, true);
        Ok(StructSer { out, model, headers, plan, cursor, pending, first, braces, format: PhantomData })
    }
}

impl<'o, F: Format> ser::Serializer for Ser<'o, F> {
    type Ok = bool;
    type Error = EncodeError;
    type SerializeSeq = SeqSer<'o, F>;
    type SerializeTuple = SeqSer<'o, F>;
    type SerializeTupleStruct = SeqSer<'o, F>;
    type SerializeTupleVariant = Impossible<bool, EncodeError>;
    type SerializeMap = MapSer<'o, F>;
    type SerializeStruct = StructSer<'o, F>;
    type SerializeStructVariant = Impossible<bool, EncodeError>;

    fn serialize_bool(self, truth: bool) -> Wrote {
        if self.target.kind != Kind::Boolean {
            return self.misfit("a boolean");
        }
        self.out.extend_from_slice(if truth { b"true" } else { b"false" });
        Ok(true)
    }

    fn serialize_i64(mut self, number: i64) -> Wrote {
        match self.target.kind {
            Kind::Integer | Kind::Long | Kind::Float | Kind::Double => write_i64(self.out, number),
            Kind::Timestamp => self.time(number),
            _ => return self.misfit("a whole number"),
        }
        Ok(true)
    }

    fn serialize_u64(mut self, number: u64) -> Wrote {
        match self.target.kind {
            Kind::Integer | Kind::Long | Kind::Float | Kind::Double => write_u64(self.out, number),
            // One byte of a blob that is declared as a list of numbers.
            Kind::Blob if F::RAW => match u8::try_from(number) {
                Ok(byte) => self.out.push(byte),
                Err(_) => return self.misfit("a number that is no byte"),
            },
            Kind::Timestamp => match i64::try_from(number) {
                Ok(ms) => self.time(ms),
                Err(_) => return self.misfit("a number that is no time"),
            },
            _ => return self.misfit("a whole number"),
        }
        Ok(true)
    }

    fn serialize_i8(self, number: i8) -> Wrote {
        self.serialize_i64(number.into())
    }

    fn serialize_i16(self, number: i16) -> Wrote {
        self.serialize_i64(number.into())
    }

    fn serialize_i32(self, number: i32) -> Wrote {
        self.serialize_i64(number.into())
    }

    fn serialize_u8(self, number: u8) -> Wrote {
        self.serialize_u64(number.into())
    }

    fn serialize_u16(self, number: u16) -> Wrote {
        self.serialize_u64(number.into())
    }

    fn serialize_u32(self, number: u32) -> Wrote {
        self.serialize_u64(number.into())
    }

    fn serialize_f32(self, number: f32) -> Wrote {
        // By way of the shortest text, so that 0.1 does not become 0.10000000149011612.
        self.serialize_f64(number.to_string().parse().unwrap_or_else(|_| number.into()))
    }

    fn serialize_f64(mut self, number: f64) -> Wrote {
        if !matches!(self.target.kind, Kind::Float | Kind::Double) {
            return self.misfit("a number");
        }
        if number.is_finite() {
            write_f64(self.out, number);
        } else {
            self.quote();
            write_f64(self.out, number);
            self.quote();
        }
        Ok(true)
    }

    fn serialize_char(self, letter: char) -> Wrote {
        self.serialize_str(letter.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(mut self, text: &str) -> Wrote {
        if self.target.kind != Kind::String {
            return self.misfit("text");
        }
        self.text(text);
        Ok(true)
    }

    fn collect_str<T: fmt::Display + ?Sized>(mut self, value: &T) -> Wrote {
        if self.target.kind != Kind::String {
            return self.misfit("text");
        }
        self.quote();
        let outcome = write!(Escaped::<F> { out: &mut *self.out, format: PhantomData }, "{value}");
        self.quote();
        outcome.map_err(|_| EncodeError::new("a value refused to be displayed".to_owned()))?;
        Ok(true)
    }

    fn serialize_bytes(mut self, bytes: &[u8]) -> Wrote {
        if self.target.kind != Kind::Blob {
            return self.misfit("bytes");
        }
        self.blob(bytes);
        Ok(true)
    }

    fn serialize_none(self) -> Wrote {
        Ok(false)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Wrote {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Wrote {
        Ok(false)
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Wrote {
        match self.target.kind {
            Kind::Structure => ser::SerializeStruct::end(self.structure()?),
            _ => Ok(false),
        }
    }

    fn serialize_unit_variant(self, _name: &'static str, _index: u32, variant: &'static str) -> Wrote {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _name: &'static str, value: &T) -> Wrote {
        value.serialize(self)
    }

    /// A union: the variant is its one member.
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        value: &T,
    ) -> Wrote {
        let mut fields = self.structure()?;
        ser::SerializeStruct::serialize_field(&mut fields, variant, value)?;
        ser::SerializeStruct::end(fields)
    }

    fn serialize_seq(self, _len: Option<usize>) -> Result<SeqSer<'o, F>, EncodeError> {
        if self.target.kind == Kind::Blob {
            return Ok(SeqSer::Blob { bytes: Vec::new(), ser: self });
        }
        let Plan::List { tags, inner } = self.model.plan(self.target.shape) else {
            return self.misfit("a list");
        };
        if !F::XML {
            self.out.push(b'[');
        }
        let Self { out, model, .. } = self;
        Ok(SeqSer::List(ListSer { out, model, tags, inner: *inner, first: true, format: PhantomData }))
    }

    fn serialize_tuple(self, len: usize) -> Result<SeqSer<'o, F>, EncodeError> {
        self.serialize_seq(Some(len))
    }

    fn serialize_tuple_struct(self, _name: &'static str, len: usize) -> Result<SeqSer<'o, F>, EncodeError> {
        self.serialize_seq(Some(len))
    }

    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _index: u32,
        _variant: &'static str,
        _len: usize,
    ) -> Result<Self::SerializeTupleVariant, EncodeError> {
        self.misfit("a tuple variant")
    }

    fn serialize_map(self, _len: Option<usize>) -> Result<MapSer<'o, F>, EncodeError> {
        let plan = match self.model.plan(self.target.shape) {
            Plan::Map(plan) => plan,
            Plan::Struct(_) => return self.structure().map(MapSer::Struct),
            _ => return self.misfit("a map"),
        };
        if !F::XML {
            self.out.push(b'{');
        }
        let Self { out, model, .. } = self;
        Ok(MapSer::Map { out, model, plan, first: true, mark: 0, format: PhantomData })
    }

    fn serialize_struct(self, _name: &'static str, _len: usize) -> Result<StructSer<'o, F>, EncodeError> {
        self.structure()
    }

    fn serialize_struct_variant(
        self,
        _name: &'static str,
        _index: u32,
        _variant: &'static str,
        _len: usize,
    ) -> Result<Self::SerializeStructVariant, EncodeError> {
        self.misfit("a struct variant")
    }
}

/// Escapes what a `Display` writes, on its way.
struct Escaped<'o, F> {
    out: &'o mut Vec<u8>,
    format: PhantomData<F>,
}

impl<F: Format> Write for Escaped<'_, F> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if F::RAW {
            self.out.extend_from_slice(text.as_bytes());
        } else if F::XML {
            write_xml(self.out, text);
        } else {
            write_json(self.out, text);
        }
        Ok(())
    }
}
