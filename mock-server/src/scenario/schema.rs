//! The file formats as JSON Schemas, from the very types that files are read into.

use super::behaviour::{Size, To};
use super::fault::{Keep, Moment};
use super::file::Scenario;
use super::fixture::Fixture;
use super::invocation::Proxy;
use super::span::Span;
use super::spot::Delay;
use super::tree::Node;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};
use std::borrow::Cow;

/// The schema of scenarios. Source: JSON Schema 2020-12.
pub fn scenario() -> Value {
    SchemaGenerator::default().into_root_schema_for::<Scenario>().into()
}

/// The schema of fixtures.
pub fn fixture() -> Value {
    SchemaGenerator::default().into_root_schema_for::<Fixture>().into()
}

/// That exactly one of these keys is there.
pub(super) fn one_of(keys: &[&str]) -> Value {
    keys.iter().map(|key| json!({ "required": [key] })).collect()
}

macro_rules! described {
    ($($kind:ty => $name:literal $schema:tt)*) => {$(
        impl JsonSchema for $kind {
            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    )*};
}

described! {
    Span => "Span" {
        "description": "A stretch of time, such as 500ms, 90s, 3m or 1h30m.",
        "type": "string",
        "pattern": "^([0-9]+(ms|s|m|h|d))+$"
    }
    Delay => "Delay" {
        "description": "A stretch of time, or never.",
        "type": "string",
        "pattern": "^(never|([0-9]+(ms|s|m|h|d))+)$"
    }
    Keep => "Keep" {
        "description": "A stretch of time, or forever.",
        "type": "string",
        "pattern": "^(forever|([0-9]+(ms|s|m|h|d))+)$"
    }
    Moment => "Moment" {
        "description": "A time such as 2026-01-05T09:00:00Z, or a stretch of time from the declaration on.",
        "type": "string"
    }
    Size => "Size" {
        "description": "A number of bytes, such as 1500, 10KB or 2GiB.",
        "type": ["integer", "string"],
        "minimum": 0,
        "pattern": "^[0-9]+(([KMGT]i?)?B)?$"
    }
    To => "To" { "description": "HOST:PORT, service:NAME or repository:NAME.", "type": "string" }
    Proxy => "Proxy" { "description": "The address of a container that somebody runs.", "type": "string" }
}

/// Anything.
impl JsonSchema for Node {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Value".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        true.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the repository has is what the types say. `MOCKPLANE_UPDATE=1` writes it anew.
    #[test]
    fn the_schemas_of_the_repository_are_those_of_the_types() {
        for (file, schema) in [("schema.json", scenario()), ("fixtures/schema.json", fixture())] {
            let path = format!("{}/../scenarios/{file}", env!("CARGO_MANIFEST_DIR"));
            let text = format!("{schema:#}\n");
            if std::env::var_os("MOCKPLANE_UPDATE").is_some() {
                std::fs::write(&path, &text).unwrap();
            }
            let there = std::fs::read_to_string(&path).unwrap_or_default();
            assert!(
                there == text,
                "scenarios/{file} is stale: MOCKPLANE_UPDATE=1 cargo test -p mock-server schema"
            );
        }
    }

    /// Wherever keys are listed no other ones are allowed.
    #[test]
    fn the_schemas_are_closed() {
        fn look(value: &Value, path: &str) {
            if let Some(map) = value.as_object() {
                let open = map.get("properties").is_some_and(Value::is_object)
                    && map.get("additionalProperties") != Some(&json!(false));
                assert!(!open, "{path} is open");
            }
            let inner: Vec<(String, &Value)> = match value {
                Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), value)).collect(),
                Value::Array(list) => {
                    list.iter().enumerate().map(|(n, value)| (n.to_string(), value)).collect()
                }
                _ => Vec::new(),
            };
            inner.into_iter().for_each(|(key, value)| look(value, &format!("{path}/{key}")));
        }
        for schema in [scenario(), fixture()] {
            assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
            look(&schema, "");
        }
    }
}
