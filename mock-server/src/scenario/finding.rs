//! What an explanation says of a rule.

use serde_json::{Map, Value};

/// The part of an explanation that is about this rule: the innermost mapping that has its id. A rule that is asked in
/// several phases is found where it was violated, if it was.
pub fn finding_of<'a>(explanation: &'a Value, rule: &str) -> Option<&'a Value> {
    let is_asked = |map: &Map<String, Value>| map.get("id").is_some_and(|id| id == rule);
    let is_violated = |map: &Map<String, Value>| {
        is_asked(map) && map.get("verdict").is_some_and(|verdict| verdict == "violated")
    };
    innermost(explanation, &is_violated).or_else(|| innermost(explanation, &is_asked))
}

/// The kind of the hop at which the rule ended a way; nothing if it is not about one.
pub fn hop_of<'a>(explanation: &'a Value, rule: &Value) -> &'a Value {
    let decides = |map: &Map<String, Value>| {
        map.get("rule") == Some(rule) && map.get("decides").is_some_and(|decides| decides == true)
    };
    innermost(explanation, &decides).map_or(&Value::Null, |hop| &hop["kind"])
}

/// The first mapping that is like this and has none within it that is.
fn innermost<'a>(value: &'a Value, is: &impl Fn(&Map<String, Value>) -> bool) -> Option<&'a Value> {
    match value {
        Value::Object(map) => {
            let inner = map.values().find_map(|value| innermost(value, is));
            inner.or_else(|| is(map).then_some(value))
        }
        Value::Array(list) => list.iter().find_map(|value| innermost(value, is)),
        _ => None,
    }
}

/// Whether a text in the value has this id in it.
pub fn mentions(value: &Value, id: &str) -> bool {
    match value {
        Value::String(text) => {
            text.split(|c: char| !(c.is_alphanumeric() || c == '-')).any(|word| word == id) || text == id
        }
        Value::Array(list) => list.iter().any(|value| mentions(value, id)),
        Value::Object(map) => map.values().any(|value| mentions(value, id)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// As that of a job whose data are near and whose packages are out of reach.
    fn explanation() -> Value {
        json!({"decidedBy": "R", "phases": [
            {"phase": "input", "rules": [{"id": "R", "verdict": "satisfied", "resource": null}]},
            {"phase": "run", "rules": [
                {"id": "Q", "verdict": "violated", "resource": "igw-2"},
                {"id": "R", "verdict": "violated", "resource": "igw-1"},
            ], "paths": [{"hops": [
                {"kind": "route-table", "rule": "R", "decides": false},
                {"kind": "target", "rule": "R", "decides": true},
            ]}]},
        ]})
    }

    #[test]
    fn a_rule_is_found_where_it_was_violated() {
        let explanation = explanation();
        assert_eq!(finding_of(&explanation, "R").unwrap()["resource"], "igw-1");
        assert_eq!(finding_of(&explanation["phases"][0], "R").unwrap()["verdict"], "satisfied");
        assert_eq!(finding_of(&explanation, "S"), None);
    }

    #[test]
    fn the_hop_is_the_one_that_decides() {
        let explanation = explanation();
        assert_eq!(hop_of(&explanation, &json!("R")), "target");
        assert_eq!(hop_of(&explanation, &json!("Q")), &Value::Null);
    }

    #[test]
    fn an_id_is_mentioned_as_a_whole_word() {
        let explanation = explanation();
        assert!(mentions(finding_of(&explanation, "R").unwrap(), "igw-1"));
        assert!(mentions(&json!(["in subnet-1, and"]), "subnet-1"));
        assert!(!mentions(&json!(["in subnet-12"]), "subnet-1"));
    }
}
