//! Decoded values as answers: what a caller gave can be echoed as it is.

use serde::ser::{Serialize, SerializeMap, SerializeStruct, Serializer};

use super::{Struct, Value};

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Struct(fields) => fields.serialize(serializer),
            Self::List(elements) => serializer.collect_seq(elements),
            Self::Map(entries) => {
                let mut map = serializer.serialize_map(Some(entries.len()))?;
                for (key, value) in entries {
                    map.serialize_entry(key, value)?;
                }
                map.end()
            }
            Self::String(text) => serializer.serialize_str(text),
            Self::Integer(number) | Self::Timestamp(number) => serializer.serialize_i64(*number),
            Self::Float(number) => serializer.serialize_f64(*number),
            Self::Bool(truth) => serializer.serialize_bool(*truth),
            Self::Blob(bytes) => serializer.serialize_bytes(bytes),
        }
    }
}

impl Serialize for Struct {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Struct", self.len())?;
        for (name, value) in self.iter() {
            fields.serialize_field(name, value)?;
        }
        fields.end()
    }
}
