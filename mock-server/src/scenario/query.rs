//! JMESPath: how a scenario points into an answer.
//!
//! The language has no way to a part of a text, and some of what is told is only a part of one: the first address of a
//! block, the id in an ARN. So there is `split`, as JMESPath Community has it (JEP-014), without its count.

use jmespath::functions::{ArgumentType, CustomFunction, Signature};
use jmespath::{Rcvar, Runtime, Variable};
use serde_json::Value;
use std::sync::LazyLock;

/// A function that neither the AWS CLI nor the SDKs' JMESPath knows.
const SPLIT: &str = "split";

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    let mut runtime = Runtime::new();
    runtime.register_builtin_functions();
    let texts = Signature::new(vec![ArgumentType::String, ArgumentType::String], None);
    runtime.register_function(
        SPLIT,
        Box::new(CustomFunction::new(texts, Box::new(|given, _| Ok(split(given))))),
    );
    runtime
});

/// The parts of a text between another one; its letters if the other one is empty.
fn split(given: &[Rcvar]) -> Rcvar {
    let [subject, search] = [0, 1].map(|at| given.get(at).and_then(|text| text.as_string()));
    let (subject, search) = (subject.map_or("", String::as_str), search.map_or("", String::as_str));
    let part = |part: &str| Rcvar::new(Variable::String(part.to_owned()));
    let parts = match search {
        "" => subject.chars().map(|letter| part(letter.encode_utf8(&mut [0; 4]))).collect(),
        search => subject.split(search).map(part).collect(),
    };
    Rcvar::new(Variable::Array(parts))
}

/// Whether an expression is one that AWS's own tools understand too.
pub fn is_common(expression: &str) -> bool {
    !expression.contains(&format!("{SPLIT}("))
}

/// Whether an expression can be understood.
///
/// # Errors
/// What is wrong with it.
pub fn check(expression: &str) -> Result<(), String> {
    jmespath::compile(expression).map(|_| ()).map_err(|error| told(expression, &error))
}

/// What an expression finds in a value; null if it finds nothing.
///
/// # Errors
/// What is wrong with the expression, or with the value that it is put to.
pub fn find(expression: &str, value: &Value) -> Result<Value, String> {
    // Compiled each time: a compiled expression cannot be kept across an `.await`.
    let compiled = RUNTIME.compile(expression).map_err(|error| told(expression, &error))?;
    let found = compiled.search(value).map_err(|error| told(expression, &error))?;
    serde_json::to_value(&*found).map(whole).map_err(|error| error.to_string())
}

/// The functions of JMESPath count in floating point; a whole number is to be one.
fn whole(value: Value) -> Value {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match value {
        #[allow(clippy::cast_possible_truncation)]
        Value::Number(number) => match number.as_f64() {
            Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() < EXACT => {
                (float as i64).into()
            }
            _ => number.into(),
        },
        Value::Array(list) => list.into_iter().map(whole).collect(),
        Value::Object(map) => map.into_iter().map(|(key, value)| (key, whole(value))).collect(),
        other => other,
    }
}

/// The crate's message is a drawing over several lines; its reason says it in one.
fn told(expression: &str, error: &jmespath::JmespathError) -> String {
    let reason = match &error.reason {
        jmespath::ErrorReason::Parse(reason) => reason.trim_end_matches('.').to_owned(),
        jmespath::ErrorReason::Runtime(reason) => reason.to_string(),
    };
    format!("JMESPath `{expression}`: {reason}, at character {}", error.column + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_expression_finds_values_of_any_type() {
        let answer = json!({"Subnets": [{"Id": "a", "Free": 11}, {"Id": "b", "Free": 3}]});
        for (expression, expected) in [
            ("Subnets[0].Free", json!(11)),
            ("Subnets[].Id", json!(["a", "b"])),
            ("length(Subnets)", json!(2)),
            ("Subnets[?Free > `5`].Id | [0]", json!("a")),
            ("Nothing.There", Value::Null),
        ] {
            assert_eq!(find(expression, &answer).unwrap(), expected, "{expression}");
        }
        assert!(find("length(Nothing)", &answer).unwrap_err().starts_with("JMESPath `length(Nothing)`: "));
    }

    #[test]
    fn a_part_of_a_text_is_found() {
        let answer = json!({"Block": "2600:1f4d:80ae:5300::/56", "Count": 1});
        for (expression, expected) in [
            ("split(Block, '/')[0]", json!("2600:1f4d:80ae:5300::")),
            ("split(Block, '/') | [-1]", json!("56")),
            ("split(Block, ':/')", json!(["2600:1f4d:80ae:5300:", "56"])),
            ("split('ab', '')", json!(["a", "b"])),
            ("split('ab', 'x')", json!(["ab"])),
        ] {
            assert_eq!(find(expression, &answer).unwrap(), expected, "{expression}");
        }
        for expression in ["split(Count, '/')", "split(Block)", "split(Nothing, '/')"] {
            assert!(find(expression, &answer).is_err(), "{expression}");
        }
    }

    #[test]
    fn a_broken_expression_is_told_in_one_line() {
        let message = check("Subnets[0").unwrap_err();
        assert!(message.starts_with("JMESPath `Subnets[0`: ") && !message.contains('\n'), "{message}");
    }
}
