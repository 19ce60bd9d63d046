//! Serializers of structures, lists and maps: they put tags, keys and commas around the values that
//! [`ser`](super::ser) writes.

use std::marker::PhantomData;

use serde::ser::{self, Serialize};

use super::EncodeError;
use super::plan::{MapPlan, MemberPlan, StructPlan, Tags, Target};
use super::ser::{Format, Json, Raw, Ser, Wrote};
use crate::aws::HeaderList;
use crate::aws::model::{Kind, Location, ServiceModel, flag};

/// Writes the members of a structure.
pub(in crate::aws::encode) struct StructSer<'o, F> {
    pub out: &'o mut Vec<u8>,
    pub model: &'static ServiceModel,
    pub headers: Option<&'o mut HeaderList>,
    pub plan: &'static StructPlan,
    /// Where the next field is, if fields are declared in the model's order.
    pub cursor: usize,
    /// The key of a field that comes as an entry of a map.
    pub pending: Option<&'static MemberPlan>,
    pub first: bool,
    pub braces: bool,
    pub format: PhantomData<F>,
}

impl StructPlan {
    /// The position of a member, looked for from the cursor on and then from the start.
    fn position(&self, cursor: usize, name: &str) -> Result<usize, EncodeError> {
        // Members come in the model's order, mostly, with some left out.
        let ahead = self.members.iter().skip(cursor).position(|member| member.name == name);
        ahead
            .map(|steps| cursor + steps)
            .or_else(|| self.members.iter().position(|member| member.name == name))
            .ok_or_else(|| EncodeError::new(format!("{} has no member {name}", self.name)))
    }
}

impl<F: Format> StructSer<'_, F> {
    fn member(&mut self, name: &str) -> Result<&'static MemberPlan, EncodeError> {
        let position = self.plan.position(self.cursor, name)?;
        self.cursor = position + 1;
        Ok(&self.plan.members[position])
    }

    fn write<T: Serialize + ?Sized>(
        &mut self,
        member: &'static MemberPlan,
        value: &T,
    ) -> Result<(), EncodeError> {
        if let Some(headers) = &mut self.headers {
            if member.location == Location::Header {
                let mut text = Vec::new();
                let wrote = value.serialize(Ser::<Raw>::new(&mut text, self.model, member.target));
                if wrote.map_err(|error| error.under(member.name))? {
                    headers.push((member.wire.into(), String::from_utf8_lossy(&text).into_owned().into()));
                }
                return Ok(());
            }
            if self.plan.payload().is_some_and(|payload| std::ptr::eq(payload, member)) {
                if self.model.shape(member.target.shape).has(flag::EVENT_STREAM) {
                    return Err(EncodeError::new(format!("{}: event streams are not written", member.name)));
                }
                let outcome = if matches!(member.target.kind, Kind::Blob | Kind::String) {
                    value.serialize(Ser::<Raw>::new(self.out, self.model, member.target))
                } else {
                    value.serialize(Ser::<Json>::new(self.out, self.model, member.target))
                };
                return outcome.map(|_| ()).map_err(|error| error.under(member.name));
            }
        }
        let mark = self.out.len();
        let open = member.tags.open();
        // JSON's opening begins with a comma.
        self.out.extend_from_slice(if F::XML || !self.first { open } else { &open[1..] });
        let ser = Ser::<F>::new(self.out, self.model, member.target);
        match value.serialize(ser) {
            Ok(true) => {
                self.out.extend_from_slice(member.tags.close());
                self.first = false;
                Ok(())
            }
            Ok(false) => {
                self.out.truncate(mark);
                Ok(())
            }
            Err(error) => Err(error.under(member.name)),
        }
    }
}

impl<F: Format> ser::SerializeStruct for StructSer<'_, F> {
    type Ok = bool;
    type Error = EncodeError;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), EncodeError> {
        let member = self.member(key)?;
        self.write(member, value)
    }

    fn skip_field(&mut self, key: &'static str) -> Result<(), EncodeError> {
        self.member(key).map(|_| ())
    }

    fn end(self) -> Wrote {
        if self.braces {
            self.out.push(b'}');
        }
        Ok(true)
    }
}

/// Writes a list, or collects the bytes of a blob that came as a list.
pub(in crate::aws::encode) enum SeqSer<'o, F> {
    List(ListSer<'o, F>),
    Blob { bytes: Vec<u8>, ser: Ser<'o, F> },
}

/// Writes the elements of a list.
pub(in crate::aws::encode) struct ListSer<'o, F> {
    pub out: &'o mut Vec<u8>,
    pub model: &'static ServiceModel,
    pub tags: &'static Tags,
    pub inner: Target,
    pub first: bool,
    pub format: PhantomData<F>,
}

impl<F: Format> SeqSer<'_, F> {
    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
        match self {
            Self::Blob { bytes, ser } => {
                value.serialize(Ser::<Raw>::new(bytes, ser.model, ser.target)).map(|_| ())
            }
            Self::List(list) => {
                let mark = list.out.len();
                let open = list.tags.open();
                list.out.extend_from_slice(if F::XML || !list.first { open } else { &[] });
                if value.serialize(Ser::<F>::new(list.out, list.model, list.inner))? {
                    list.out.extend_from_slice(list.tags.close());
                    list.first = false;
                } else {
                    list.out.truncate(mark);
                }
                Ok(())
            }
        }
    }

    fn finish(self) -> Wrote {
        match self {
            Self::Blob { bytes, mut ser } => ser.blob(&bytes),
            Self::List(list) if !F::XML => list.out.push(b']'),
            Self::List(_) => {}
        }
        Ok(true)
    }
}

impl<F: Format> ser::SerializeSeq for SeqSer<'_, F> {
    type Ok = bool;
    type Error = EncodeError;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
        self.element(value)
    }

    fn end(self) -> Wrote {
        self.finish()
    }
}

impl<F: Format> ser::SerializeTuple for SeqSer<'_, F> {
    type Ok = bool;
    type Error = EncodeError;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
        self.element(value)
    }

    fn end(self) -> Wrote {
        self.finish()
    }
}

impl<F: Format> ser::SerializeTupleStruct for SeqSer<'_, F> {
    type Ok = bool;
    type Error = EncodeError;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
        self.element(value)
    }

    fn end(self) -> Wrote {
        self.finish()
    }
}

/// Writes a map, or a structure whose fields come as entries (`#[serde(flatten)]`).
pub(in crate::aws::encode) enum MapSer<'o, F> {
    Map {
        out: &'o mut Vec<u8>,
        model: &'static ServiceModel,
        plan: &'static MapPlan,
        first: bool,
        /// Length of the output before the current entry.
        mark: usize,
        format: PhantomData<F>,
    },
    Struct(StructSer<'o, F>),
}

impl<F: Format> ser::SerializeMap for MapSer<'_, F> {
    type Ok = bool;
    type Error = EncodeError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, name: &T) -> Result<(), EncodeError> {
        match self {
            Self::Map { out, model, plan, first, mark, .. } => {
                *mark = out.len();
                let open = plan.key.open();
                out.extend_from_slice(if F::XML || !*first { open } else { &open[1..] });
                name.serialize(Ser::<F>::new(out, model, plan.keys))?;
                out.extend_from_slice(plan.key.close());
            }
            Self::Struct(fields) => {
                let mut text = Vec::new();
                name.serialize(Ser::<Raw>::new(&mut text, fields.model, Target::NAME))?;
                fields.pending = Some(fields.member(&String::from_utf8_lossy(&text))?);
            }
        }
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, entry: &T) -> Result<(), EncodeError> {
        match self {
            Self::Map { out, model, plan, first, mark, .. } => {
                out.extend_from_slice(plan.value.open());
                if entry.serialize(Ser::<F>::new(out, model, plan.values))? {
                    out.extend_from_slice(plan.value.close());
                    *first = false;
                } else {
                    out.truncate(*mark);
                }
                Ok(())
            }
            Self::Struct(fields) => match fields.pending.take() {
                Some(member) => fields.write(member, entry),
                None => Err(EncodeError::new("a value came before its key".to_owned())),
            },
        }
    }

    fn end(self) -> Wrote {
        match self {
            Self::Map { out, .. } if !F::XML => out.push(b'}'),
            Self::Map { .. } => {}
            Self::Struct(fields) => return ser::SerializeStruct::end(fields),
        }
        Ok(true)
    }
}
