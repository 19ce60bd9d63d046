//! Constraints of the published models: which are broken, in AWS's words.
//!
//! The JSON and query services report every violation in one message; EC2 reports the first, in its
//! own way. Only what the model states is checked: a mock must never refuse what AWS accepts.

mod answer;
mod ec2;
pub mod pattern;

use std::fmt::Write;

use self::answer::Leeway;
pub use self::answer::validate_answer;
use self::pattern::Pattern;
use super::Fault;
use super::model::{Kind, Operation, ServiceId, ServiceModel, Shape, flag};
use super::text::{base64_encode, lower_first};
use super::timestamp;
use super::value::Value;

/// What the words for a value outside of an enum are called.
const ENUM: &str = "aws-enum";

/// Violations beyond this number are counted no more: a request can break a rule a million times.
const MOST: usize = 1000;

/// Checks a decoded input.
///
/// # Errors
/// One [`Fault`] with all violations, or EC2's for the first.
pub fn validate(model: &'static ServiceModel, operation: &Operation, input: &Value) -> Result<(), Fault> {
    let Some(shape) = model.input(operation) else { return Ok(()) };
    let code = match model.id {
        ServiceId::Ec2 => return ec2::validate(model, shape, input),
        ServiceId::SageMaker | ServiceId::Ssm => "ValidationException",
        // Its newer operations have another code for the same.
        ServiceId::Logs
            if !declares(model, operation, "InvalidParameterException")
                && declares(model, operation, "ValidationException") =>
        {
            "ValidationException"
        }
        ServiceId::Logs => "InvalidParameterException",
        ServiceId::Iam | ServiceId::Sts | ServiceId::SageMakerRuntime => "ValidationError",
    };
    let mut checker =
        Checker { model, path: String::new(), found: Vec::new(), first: None, leeway: Vec::new() };
    checker.value(shape, input);
    let Some(first) = checker.first else { return Ok(()) };
    let count = checker.found.len();
    let noun = if count == 1 { "error" } else { "errors" };
    Err(Fault::new(code, format!("{count} validation {noun} detected: {}", checker.found.join("; ")))
        .called(first))
}

fn declares(model: &'static ServiceModel, operation: &Operation, code: &str) -> bool {
    model.errors(operation).any(|shape| shape.error_code() == code)
}

struct Checker {
    model: &'static ServiceModel,
    /// Where the check stands: `productionVariants.1.member.modelName`.
    path: String,
    found: Vec<String>,
    /// What the first violation's words are called.
    first: Option<&'static str>,
    /// What is let through all the same; of requests nothing is.
    leeway: Vec<&'static Leeway>,
}

impl Checker {
    /// Goes one step down the path.
    fn under(&mut self, step: &str, check: impl FnOnce(&mut Self)) {
        if self.found.len() >= MOST {
            return;
        }
        let length = self.path.len();
        if length > 0 {
            self.path.push('.');
        }
        self.path.push_str(step);
        check(self);
        self.path.truncate(length);
    }

    fn spared(&self, shape: &Shape, value: Option<&Value>) -> bool {
        self.leeway.iter().any(|row| row.spares(shape.name, value, &self.path))
    }

    fn report(&mut self, shape: &Shape, value: &Value, name: &'static str, constraint: &str) {
        if self.spared(shape, Some(value)) {
            return;
        }
        let mut message = String::from("Value ");
        if !shape.has(flag::SENSITIVE) {
            message.push('\'');
            show(value, &mut message);
            message.push_str("' ");
        }
        // Writing to a `String` cannot fail.
        let _ = write!(message, "at '{}' failed to satisfy constraint: {constraint}", self.path);
        self.find(name, message);
    }

    fn find(&mut self, name: &'static str, message: String) {
        self.first.get_or_insert(name);
        self.found.push(message);
    }

    fn value(&mut self, shape: &'static Shape, value: &Value) {
        for (name, constraint) in self.model.broken(shape, value) {
            self.report(shape, value, name, &constraint);
        }
        self.contents(shape, value);
    }

    /// What is inside a structure, list or map. Constraints of a list's elements and of a map's keys
    /// and values are reported for the whole list or map.
    fn contents(&mut self, shape: &'static Shape, value: &Value) {
        match value {
            Value::Struct(fields) => {
                for member in self.model.members(shape) {
                    self.under(&lower_first(member.name), |checker| match fields.get(member.name) {
                        Some(value) => checker.value(checker.model.shape(member.shape), value),
                        // What is in a stream of events is not looked at.
                        None if member.required
                            && !checker.model.shape(member.shape).has(flag::EVENT_STREAM)
                            && !checker.spared(shape, None) =>
                        {
                            let constraint = "failed to satisfy constraint: Member must not be null";
                            let message = format!("Value null at '{}' {constraint}", checker.path);
                            checker.find("aws-null", message);
                        }
                        None => {}
                    });
                }
            }
            Value::List(elements) => {
                let Some(inner) = shape.element.map(|id| self.model.shape(id)) else { return };
                if elements.iter().any(|element| !self.model.broken(inner, element).is_empty()) {
                    let all = self.model.constraints(inner).join(", ");
                    self.report(
                        inner,
                        value,
                        "aws-list",
                        &format!("Member must satisfy constraint: [{all}]"),
                    );
                }
                if !is_scalar(inner) {
                    for (index, element) in elements.iter().enumerate() {
                        self.under(&format!("{}.member", index + 1), |checker| {
                            checker.contents(inner, element)
                        });
                    }
                }
            }
            Value::Map(entries) => {
                if let Some(keys) = shape.key.map(|id| self.model.shape(id)) {
                    let broken =
                        |key: &String| !self.model.broken(keys, &Value::String(key.clone())).is_empty();
                    if entries.iter().any(|(key, _)| broken(key)) {
                        let all = self.model.constraints(keys).join(", ");
                        self.report(
                            shape,
                            value,
                            "aws-map-keys",
                            &format!("Map keys must satisfy constraint: [{all}]"),
                        );
                    }
                }
                let Some(inner) = shape.element.map(|id| self.model.shape(id)) else { return };
                if entries.iter().any(|(_, element)| !self.model.broken(inner, element).is_empty()) {
                    let all = self.model.constraints(inner).join(", ");
                    self.report(
                        inner,
                        value,
                        "aws-map-values",
                        &format!("Map value must satisfy constraint: [{all}]"),
                    );
                }
                if !is_scalar(inner) {
                    for (key, element) in entries {
                        self.under(&format!("{key}.member"), |checker| checker.contents(inner, element));
                    }
                }
            }
            _ => {}
        }
    }
}

fn is_scalar(shape: &Shape) -> bool {
    !matches!(shape.kind, Kind::Structure | Kind::List | Kind::Map)
}

impl ServiceModel {
    /// The constraints of a shape that a value breaks, in AWS's words, each with what these are called. What is inside lists, maps and
    /// structures is not looked at.
    fn broken(&'static self, shape: &Shape, value: &Value) -> Vec<(&'static str, String)> {
        let Some(traits) = shape.traits.as_deref() else { return Vec::new() };
        let mut broken = Vec::new();
        if let Some(size) = size(value) {
            if traits.min.is_some_and(|min| size < min) {
                broken.extend(self.minimum(shape).map(|text| ("aws-least", text)));
            }
            if traits.max.is_some_and(|max| size > max) {
                broken.extend(self.maximum(shape).map(|text| ("aws-most", text)));
            }
        }
        if let Value::String(text) = value {
            let values = self.enum_values(shape);
            if !values.is_empty() && !values.contains(&text.as_str()) {
                let text = format!("Member must satisfy enum value set: [{}]", values.join(", "));
                broken.push((ENUM, text));
            }
            if let Some(number) = traits.pattern
                && !self.matches(number, text)
            {
                broken.push(("aws-pattern", self.pattern_constraint(number)));
            }
        }
        broken
    }

    /// All constraints of a scalar shape, in the order in which AWS lists them for members of lists.
    fn constraints(&'static self, shape: &Shape) -> Vec<String> {
        let mut all: Vec<String> = self.maximum(shape).into_iter().chain(self.minimum(shape)).collect();
        let values = self.enum_values(shape);
        if !values.is_empty() {
            all.push(format!("Member must satisfy enum value set: [{}]", values.join(", ")));
        }
        all.extend(
            shape
                .traits
                .as_ref()
                .and_then(|traits| traits.pattern)
                .map(|number| self.pattern_constraint(number)),
        );
        all
    }

    fn minimum(&self, shape: &Shape) -> Option<String> {
        Some(format!("Member must have {} greater than or equal to {}", measure(shape), shape.min()?))
    }

    fn maximum(&self, shape: &Shape) -> Option<String> {
        Some(format!("Member must have {} less than or equal to {}", measure(shape), shape.max()?))
    }

    fn pattern_constraint(&self, number: u16) -> String {
        format!("Member must satisfy regular expression pattern: {}", self.pattern_text(number))
    }

    fn matches(&'static self, number: u16, text: &str) -> bool {
        let slot = &self.patterns[usize::from(number)];
        slot.get_or_init(|| Pattern::new(self.pattern_text(number))).matches(text)
    }
}

/// What limits of a shape measure.
fn measure(shape: &Shape) -> &'static str {
    match shape.kind {
        Kind::Integer | Kind::Long | Kind::Float | Kind::Double => "value",
        _ => "length",
    }
}

/// What limits of a value measure: length in characters, elements, entries or bytes, or the number.
#[allow(clippy::cast_precision_loss)] // No limit in the models is beyond 2^53.
fn size(value: &Value) -> Option<f64> {
    match value {
        Value::String(text) => Some(text.chars().count() as f64),
        Value::List(elements) => Some(elements.len() as f64),
        Value::Map(entries) => Some(entries.len() as f64),
        Value::Blob(bytes) => Some(bytes.len() as f64),
        Value::Integer(number) => Some(*number as f64),
        Value::Float(number) => Some(*number),
        Value::Struct(_) | Value::Bool(_) | Value::Timestamp(_) => None,
    }
}

/// Writes a value as Java's `toString` shows it.
fn show(value: &Value, out: &mut String) {
    fn list<'a>(
        out: &mut String,
        ends: [char; 2],
        items: impl Iterator<Item = (Option<&'a str>, &'a Value)>,
    ) {
        out.push(ends[0]);
        for (index, (name, value)) in items.enumerate() {
            if index > 0 {
                out.push_str(", ");
            }
            if let Some(name) = name {
                out.push_str(name);
                out.push('=');
            }
            show(value, out);
        }
        out.push(ends[1]);
    }
    match value {
        Value::Struct(fields) => {
            list(out, ['{', '}'], fields.iter().map(|(name, value)| (Some(name), value)))
        }
        Value::List(elements) => list(out, ['[', ']'], elements.iter().map(|element| (None, element))),
        Value::Map(entries) => {
            list(out, ['{', '}'], entries.iter().map(|(key, value)| (Some(key.as_str()), value)));
        }
        Value::String(text) => out.push_str(text),
        // Writing to a `String` cannot fail.
        Value::Integer(number) => drop(write!(out, "{number}")),
        Value::Float(number) => drop(write!(out, "{number:?}")),
        Value::Bool(truth) => drop(write!(out, "{truth}")),
        Value::Blob(bytes) => out.push_str(&base64_encode(bytes)),
        Value::Timestamp(ms) => out.push_str(&timestamp::iso8601(*ms)),
    }
}

#[cfg(test)]
mod tests;
