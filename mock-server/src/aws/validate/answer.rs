//! Answers held against the model of their output.

use std::sync::OnceLock;

use serde::Deserialize;

use super::Checker;
use crate::aws::client::decode_value;
use crate::aws::model::{Operation, ServiceModel};
use crate::aws::text::lower_first;
use crate::aws::value::Value;
use crate::aws::{Encoded, ServiceId};

/// Where AWS itself does not keep to its models.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Leeway {
    service: String,
    /// A shape that has more values than its model says.
    #[serde(default)]
    shape: Option<String>,
    #[serde(default)]
    values: Vec<String>,
    /// An operation, members of whose answer are not bound.
    #[serde(default)]
    operation: Option<String>,
    #[serde(default)]
    members: Vec<String>,
    // What refusals have is not looked at here.
    #[serde(default, rename = "error")]
    _error: Option<String>,
    #[serde(default, rename = "errors")]
    _errors: Vec<String>,
    #[serde(rename = "why")]
    _why: String,
}

impl Leeway {
    fn all() -> &'static [Self] {
        static ALL: OnceLock<Vec<Leeway>> = OnceLock::new();
        ALL.get_or_init(|| {
            serde_json::from_str(include_str!("../../../model/leeway.json"))
                .expect("the list in the repository is read in every test")
        })
    }

    fn of(service: ServiceId, operation: &Operation) -> Vec<&'static Self> {
        let applies = |row: &&Self| {
            row.service == service.name()
                && row.operation.as_deref().is_none_or(|name| name == operation.name)
        };
        Self::all().iter().filter(applies).collect()
    }

    /// Whether this value may be where it is.
    pub(super) fn spares(&self, shape: &str, value: Option<&Value>, path: &str) -> bool {
        let values = match value {
            Some(Value::List(elements)) => elements.as_slice(),
            Some(value) => std::slice::from_ref(value),
            None => &[],
        };
        let known = |value: &Value| matches!(value, Value::String(text) if self.values.contains(text));
        let member = path.rsplit('.').next().unwrap_or_default();
        self.shape.as_deref() == Some(shape) && values.iter().any(known)
            || self.operation.is_some() && self.members.iter().any(|name| lower_first(name) == member)
    }
}

/// Holds an answer of success against the model of its output: what the shapes require is there, and every value
/// keeps their bounds, patterns and enums, or is one of those that AWS is known to answer all the same.
///
/// # Errors
/// All that is wrong, in the words of [`validate`](super::validate).
pub fn validate_answer(
    model: &'static ServiceModel,
    operation: &'static Operation,
    answer: &Encoded,
) -> Result<(), String> {
    let Some(shape) = model.output(operation) else { return Ok(()) };
    let output = decode_value(model, operation, answer.status, &answer.headers, &answer.body)
        .map_err(|fault| fault.message)?;
    let leeway = Leeway::of(model.id, operation);
    let mut checker = Checker { model, path: String::new(), found: Vec::new(), first: None, leeway };
    checker.value(shape, &output);
    if checker.found.is_empty() { Ok(()) } else { Err(checker.found.join("; ")) }
}
