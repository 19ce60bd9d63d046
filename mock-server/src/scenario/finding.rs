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

/// What a rule found something about: its evidence's texts, and the words in them that ids can be.
pub fn named(finding: &Value) -> impl Iterator<Item = &str> {
    let evidence = finding["evidence"].as_object().into_iter().flat_map(Map::values);
    let texts = std::iter::once(&finding["resource"]).chain(evidence).filter_map(Value::as_str);
    texts.flat_map(|text| {
        let words = text.split(|c: char| !(c.is_alphanumeric() || c == '-'));
        std::iter::once(text).chain(words).filter(|word| !word.is_empty())
    })
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
    fn an_id_is_named_as_a_whole_word_of_the_evidence() {
        let explanation = explanation();
        let found = |finding: &Value| named(finding).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(found(finding_of(&explanation, "R").unwrap()), ["igw-1", "igw-1"]);
        let finding =
            json!({"resource": null, "hint": "see eni-1", "evidence": {"text": "in subnet-12, and"}});
        assert_eq!(found(&finding), ["in subnet-12, and", "in", "subnet-12", "and"]);
    }
}
