//! Printing an answer member by member, in the order of the service model.

use serde::Serialize;
use serde::ser::{SerializeStruct, Serializer};
use serde_json::Value;

/// A structure in the making, and the request that some of its members repeat.
pub struct Members<'a, S: SerializeStruct> {
    out: S,
    request: &'a Value,
}

impl<'a, S: SerializeStruct> Members<'a, S> {
    /// Begins a structure.
    ///
    /// # Errors
    /// Those of the serialiser, here and in all that follows.
    pub fn new<Z>(serializer: Z, request: &'a Value) -> Result<Self, Z::Error>
    where
        Z: Serializer<SerializeStruct = S, Ok = S::Ok, Error = S::Error>,
    {
        Ok(Self { out: serializer.serialize_struct("Out", 0)?, request })
    }

    pub fn put<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), S::Error> {
        self.out.serialize_field(name, value)
    }

    /// A member that may be absent.
    pub fn maybe<T: Serialize>(&mut self, name: &'static str, value: Option<T>) -> Result<(), S::Error> {
        match value {
            Some(value) => self.out.serialize_field(name, &value),
            None => self.out.skip_field(name),
        }
    }

    /// A member as it was in the request.
    pub fn repeat(&mut self, name: &'static str) -> Result<(), S::Error> {
        self.maybe(name, self.request.get(name))
    }

    pub fn end(self) -> Result<S::Ok, S::Error> {
        self.out.end()
    }
}
