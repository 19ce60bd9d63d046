//! Matchers: what a value in an answer has to be.
//!
//! A plain value means that very value. A mapping holds one or more tests, all of which have to hold.

use super::problem::{Problem, instead_of};
use super::template::Scope;
use super::tree::{Kind, Node};
use fancy_regex::Regex;
use serde_json::Value;

/// The tests that a mapping may hold.
const TESTS: [&str; 9] =
    ["equals", "contains", "matches", "oneOf", "gte", "lte", "exists", "length", "sequence"];

/// The tests of a matcher; a plain value is what is to be there.
pub fn tests(matcher: &Node) -> Vec<(&str, &Node)> {
    match &matcher.kind {
        Kind::Map(tests) => tests.iter().map(|(key, operand)| (&*key.text, operand)).collect(),
        _ => vec![("equals", matcher)],
    }
}

/// Finds what is wrong with a matcher before there is anything to match.
pub fn check(matcher: &Node, problems: &mut Vec<Problem>) {
    let Kind::Map(tests) = &matcher.kind else { return };
    if tests.is_empty() {
        problems.push(Problem::new(matcher.place, "a matcher needs a test"));
    }
    for (key, operand) in tests {
        let whole_template = operand.text().is_some_and(|text| text.starts_with("${"));
        let fits = match key.text.as_str() {
            "equals" => Ok(()),
            "contains" => Ok(()),
            "matches" => match operand.text() {
                Some(text) if text.contains("${") => Ok(()),
                Some(text) => match Regex::new(text) {
                    Ok(_) => Ok(()),
                    Err(error) => Err(format!("`{text}` is no regular expression: {error}")),
                },
                None => Err(takes("matches", "a regular expression", operand)),
            },
            "oneOf" | "sequence" if whole_template || matches!(operand.kind, Kind::List(_)) => Ok(()),
            test @ ("oneOf" | "sequence") => Err(takes(test, "a list", operand)),
            "gte" | "lte" if whole_template || matches!(operand.kind, Kind::Number(_)) => Ok(()),
            test @ ("gte" | "lte") => Err(takes(test, "a number", operand)),
            "exists" if matches!(operand.kind, Kind::Bool(_)) => Ok(()),
            "exists" => Err(takes("exists", "true or false", operand)),
            "length" if whole_template => Ok(()),
            "length" => match &operand.kind {
                Kind::Number(number) if number.is_u64() => Ok(()),
                _ => Err(takes("length", "a whole number", operand)),
            },
            other => {
                let hint = instead_of(other, TESTS);
                problems.push(Problem::new(key.place, format!("unknown test `{other}`{hint}")));
                continue;
            }
        };
        if let Err(message) = fits {
            problems.push(Problem::new(operand.place, message));
        }
    }
}

fn takes(test: &str, wanted: &str, operand: &Node) -> String {
    format!("`{test}` takes {wanted}, not {}", operand.what())
}

/// Whether a value is as the matcher says.
///
/// # Errors
/// What was expected and what is there; or a template that names nothing.
pub fn hold(matcher: &Node, actual: &Value, scope: &Scope) -> Result<(), String> {
    let value = |node: &Node| scope.value(node).map_err(|problem| problem.message);
    let Kind::Map(tests) = &matcher.kind else {
        let expected = value(matcher)?;
        return is(same(&expected, actual), || shown(&expected), actual);
    };
    for (key, operand) in tests {
        let operand = value(operand)?;
        let text = || operand.as_str().ok_or_else(|| format!("`{}` takes a text", key.text));
        let list = || operand.as_array().ok_or_else(|| format!("`{}` takes a list", key.text));
        let number = || operand.as_f64().ok_or_else(|| format!("`{}` takes a number", key.text));
        let holds = match key.text.as_str() {
            "equals" => same(&operand, actual),
            "contains" => contains(actual, &operand),
            "matches" => {
                let pattern = Regex::new(text()?).map_err(|error| error.to_string())?;
                actual.as_str().is_some_and(|actual| pattern.is_match(actual).unwrap_or(false))
            }
            "oneOf" => list()?.iter().any(|one| same(one, actual)),
            "gte" => {
                let least = number()?;
                actual.as_f64().is_some_and(|actual| actual >= least)
            }
            "lte" => {
                let most = number()?;
                actual.as_f64().is_some_and(|actual| actual <= most)
            }
            "exists" => actual.is_null() != (operand == Value::Bool(true)),
            "length" => {
                let wanted = number()?;
                length(actual).is_some_and(|length| length as f64 == wanted)
            }
            "sequence" => {
                let mut rest = actual.as_array().map(Vec::as_slice).unwrap_or_default().iter();
                actual.is_array() && list()?.iter().all(|wanted| rest.any(|item| same(wanted, item)))
            }
            other => return Err(format!("unknown test `{other}`")),
        };
        let told = || match key.text.as_str() {
            "equals" => shown(&operand),
            "exists" if operand == Value::Bool(true) => "something".to_owned(),
            "exists" => "nothing".to_owned(),
            test => format!("{test} {}", shown(&operand)),
        };
        is(holds, told, actual)?;
    }
    Ok(())
}

fn is(holds: bool, expected: impl Fn() -> String, actual: &Value) -> Result<(), String> {
    if holds { Ok(()) } else { Err(format!("expected {}, got {}", expected(), shown(actual))) }
}

/// Equal as JSON is; 1 and 1.0 are the same number.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        _ => one == other,
    }
}

/// A text contains a text, a list an element.
fn contains(actual: &Value, wanted: &Value) -> bool {
    match (actual, wanted) {
        (Value::String(text), Value::String(part)) => text.contains(part.as_str()),
        (Value::Array(list), wanted) => list.iter().any(|item| same(wanted, item)),
        _ => false,
    }
}

fn length(value: &Value) -> Option<usize> {
    match value {
        Value::String(text) => Some(text.chars().count()),
        Value::Array(list) => Some(list.len()),
        Value::Object(map) => Some(map.len()),
        _ => None,
    }
}

/// A value in a message; a long one is cut.
pub fn shown(value: &Value) -> String {
    const LONGEST: usize = 400;
    if value.is_null() {
        return "nothing".to_owned();
    }
    let mut text = value.to_string();
    if let Some((end, _)) = text.char_indices().nth(LONGEST) {
        text.truncate(end);
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn node(text: &str) -> Node {
        serde_saphyr::from_str(text).unwrap()
    }

    fn scope() -> Scope {
        let values = [("vpc".to_owned(), json!("vpc-1")), ("list".to_owned(), json!(["a"]))];
        Scope { values: values.into(), ..Scope::default() }
    }

    #[test]
    fn every_test_tells_right_from_wrong() {
        for (matcher, right, wrong) in [
            ("11", json!(11), json!(12)),
            ("11", json!(11.0), json!("11")),
            ("'${vpc}'", json!("vpc-1"), json!("vpc-2")),
            ("[a, 1]", json!(["a", 1]), json!(["a", 1, 2])),
            ("~", json!(null), json!(false)),
            ("{equals: {A: 1}}", json!({"A": 1.0}), json!({"A": 1, "B": 2})),
            ("{contains: dependent}", json!("has a dependent object"), json!("has none")),
            ("{contains: {A: 1}}", json!([{"A": 1}]), json!([{"A": 2}])),
            ("{matches: '^vpc-[0-9a-f]+$'}", json!("vpc-0a"), json!("vpc-0g")),
            ("{matches: '^${vpc}$'}", json!("vpc-1"), json!(1)),
            ("{oneOf: [a, b]}", json!("b"), json!("c")),
            ("{oneOf: '${list}'}", json!("a"), json!("b")),
            ("{gte: 2, lte: 4}", json!(4), json!(5)),
            ("{gte: 2}", json!(2), json!("3")),
            ("{exists: true}", json!(false), json!(null)),
            ("{exists: false}", json!(null), json!(0)),
            ("{length: 2}", json!([1, 2]), json!([1])),
            ("{length: 2}", json!("é1"), json!(2)),
            ("{sequence: [a, c]}", json!(["a", "b", "c"]), json!(["c", "a"])),
        ] {
            let matcher_node = node(matcher);
            let mut problems = Vec::new();
            check(&matcher_node, &mut problems);
            assert_eq!(problems, []);
            assert_eq!(hold(&matcher_node, &right, &scope()), Ok(()), "{matcher} {right}");
            assert!(hold(&matcher_node, &wrong, &scope()).is_err(), "{matcher} {wrong}");
        }
    }

    #[test]
    fn a_mismatch_says_what_was_expected() {
        let told = |matcher: &str, actual: Value| hold(&node(matcher), &actual, &scope()).unwrap_err();
        assert_eq!(told("11", json!(7)), "expected 11, got 7");
        assert_eq!(told("{gte: 2}", json!(null)), "expected gte 2, got nothing");
        assert_eq!(told("{exists: false}", json!("x")), "expected nothing, got \"x\"");
        assert_eq!(told("'${nothing}'", json!(1)), "no value `nothing`; known are list, vars, vpc");
        assert!(told("a", json!("é".repeat(500))).len() < 1_000);
    }

    #[test]
    fn a_matcher_that_cannot_be_is_found_before_it_runs() {
        for (matcher, expected) in [
            ("{equal: 1}", "1:2: unknown test `equal`; did you mean `equals`?"),
            ("{}", "1:1: a matcher needs a test"),
            ("{matches: 1}", "1:11: `matches` takes a regular expression, not a number"),
            ("{oneOf: a}", "1:9: `oneOf` takes a list, not a text"),
            ("{sequence: {a: 1}}", "1:12: `sequence` takes a list, not a mapping"),
            ("{gte: a}", "1:7: `gte` takes a number, not a text"),
            ("{exists: 1}", "1:10: `exists` takes true or false, not a number"),
            ("{length: -1}", "1:10: `length` takes a whole number, not a number"),
        ] {
            let mut problems = Vec::new();
            check(&node(matcher), &mut problems);
            assert_eq!(problems.iter().map(ToString::to_string).collect::<Vec<_>>(), [expected]);
        }
        let mut problems = Vec::new();
        check(&node("{matches: '('}"), &mut problems);
        assert!(problems[0].message.starts_with("`(` is no regular expression: "));
    }
}
