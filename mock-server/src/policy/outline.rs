//! The outline of a policy document: what every reader of policies looks at before what is its own affair.
//!
//! Services refuse documents in words of their own, and each is strict about other things; what elements there are, and
//! which have to be there, is the same for all. Source: IAM user guide, "Grammar of the IAM JSON policy language".

use serde_json::{Map, Value};

type Object = Map<String, Value>;

const POLICY: [&str; 3] = ["Version", "Id", "Statement"];
const STATEMENT: [&str; 9] = [
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
];

/// What is wrong with the outline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Misshapen {
    /// There is an element of this name.
    Unknown(String),
    Version,
    /// There is no element of this name.
    Missing(&'static str),
    /// There is an element of this name and its negation.
    Both(&'static str),
    NoStatements,
    /// A statement is no JSON object.
    NoObject,
    Effect(Value),
}

/// The statements of a document, which may be anything so far.
///
/// # Errors
/// The first fault of what is around them.
pub fn statements(policy: &Object) -> Result<Vec<&Value>, Misshapen> {
    known(policy, &POLICY)?;
    if policy.get("Version").is_some_and(|version| version != "2012-10-17" && version != "2008-10-17") {
        return Err(Misshapen::Version);
    }
    let statements = many(policy.get("Statement").ok_or(Misshapen::Missing("Statement"))?);
    if statements.is_empty() { Err(Misshapen::NoStatements) } else { Ok(statements) }
}

/// A statement that has known elements alone.
#[derive(Clone, Copy)]
pub struct Outline<'a>(pub &'a Object);

impl<'a> Outline<'a> {
    /// # Errors
    /// It is no object, or has an unknown element.
    pub fn of(statement: &'a Value) -> Result<Self, Misshapen> {
        let object = statement.as_object().ok_or(Misshapen::NoObject)?;
        known(object, &STATEMENT)?;
        Ok(Self(object))
    }

    /// # Errors
    /// It has no effect, or another one than the two that there are.
    pub fn check_effect(self) -> Result<(), Misshapen> {
        match self.0.get("Effect") {
            None => Err(Misshapen::Missing("Effect")),
            Some(effect) if effect == "Allow" || effect == "Deny" => Ok(()),
            Some(other) => Err(Misshapen::Effect(other.clone())),
        }
    }

    /// An element, or its negation.
    pub fn either(self, name: &str) -> Option<&'a Value> {
        self.0.get(name).or_else(|| self.0.get(&format!("Not{name}")))
    }

    /// An element, or its negation, one of which has to be there.
    ///
    /// # Errors
    /// Neither is there, or both are.
    pub fn one_of(self, name: &'static str) -> Result<&'a Value, Misshapen> {
        if self.0.contains_key(name) && self.0.contains_key(&format!("Not{name}")) {
            return Err(Misshapen::Both(name));
        }
        self.either(name).ok_or(Misshapen::Missing(name))
    }
}

fn known(object: &Object, names: &[&str]) -> Result<(), Misshapen> {
    match object.keys().find(|name| !names.contains(&name.as_str())) {
        Some(name) => Err(Misshapen::Unknown(name.clone())),
        None => Ok(()),
    }
}

/// One thing or a list of things: policies write both the same way.
pub fn many(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(list) => list.iter().collect(),
        one => vec![one],
    }
}

/// A value as it stands in a text: strings without quotes.
pub fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn first_fault(policy: &Value) -> Option<Misshapen> {
        let look = || {
            for statement in statements(policy.as_object().unwrap())? {
                let outline = Outline::of(statement)?;
                outline.check_effect()?;
                outline.one_of("Action")?;
            }
            Ok(())
        };
        look().err()
    }

    #[test]
    fn each_fault_of_the_outline() {
        let sound = json!({"Effect": "Allow", "NotAction": "a:b"});
        assert_eq!(first_fault(&json!({"Version": "2008-10-17", "Id": "x", "Statement": sound})), None);
        let with = |name: &str, value: Value| {
            let mut statement = sound.clone();
            statement[name] = value;
            json!({"Statement": [sound, statement]})
        };
        for (policy, fault) in [
            (json!({}), Misshapen::Missing("Statement")),
            (json!({"Statement": []}), Misshapen::NoStatements),
            (json!({"Statement": "x"}), Misshapen::NoObject),
            (json!({"Version": "2020-01-01"}), Misshapen::Version),
            (json!({"Statements": []}), Misshapen::Unknown("Statements".into())),
            (with("effect", json!("Deny")), Misshapen::Unknown("effect".into())),
            (with("Effect", json!("deny")), Misshapen::Effect(json!("deny"))),
            (with("Action", json!("a:c")), Misshapen::Both("Action")),
            (json!({"Statement": {"Effect": "Deny"}}), Misshapen::Missing("Action")),
            (json!({"Statement": {"Action": "a:b"}}), Misshapen::Missing("Effect")),
        ] {
            assert_eq!(first_fault(&policy), Some(fault), "{policy}");
        }
    }

    #[test]
    fn one_thing_is_a_list_of_one_and_strings_lose_their_quotes() {
        let (one, two) = (json!("a"), json!(["a", 1, {"b": null}]));
        assert_eq!(many(&one), [&one]);
        assert_eq!(many(&two).into_iter().map(plain).collect::<Vec<_>>(), ["a", "1", r#"{"b":null}"#]);
    }
}
