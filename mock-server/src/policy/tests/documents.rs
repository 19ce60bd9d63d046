//! What is a policy, and where it is not.

use super::*;

#[test]
fn forms_of_policies() {
    let table = [
        r#"{"Statement": []}"#,
        r#"{"Version": "2008-10-17", "Id": "x", "Statement": []}"#,
        r#"{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}, "Version": "2012-10-17"}"#,
        r#"{"Statement": [{"Effect": "Deny", "NotAction": ["a", "b"], "NotResource": "*", "NotPrincipal": {"AWS": []}}]}"#,
        r#"{"Statement": {"Sid": "", "Effect": "Allow", "Action": "a", "Principal": {"AWS": "1", "Service": ["s"], "Federated": "f", "CanonicalUser": "c"}}}"#,
        r#"{"Statement": {"Effect": "Allow", "Action": "a", "Condition": {}}}"#,
        r#"{"Statement": {"Effect": "Allow", "Action": "a", "Condition": {"Bool": {}, "bool": {}, "any": {}}}}"#,
        r#"{"Statement": {"Effect": "Allow", "Action": "a", "Resource": ["a", null]}}"#,
        r#"{"Statement": {"Effect": "Allow", "Action": "a", "Condition": {"Bool": {"a": true, "A": ["x", 1, -1, 1.5, false]}}}}"#,
    ];
    for document in table {
        assert!(Policy::parse(document).is_ok(), "{document}: {}", Policy::parse(document).unwrap_err());
    }
    let two = Policy::parse(r#"{"Statement": [{"Sid": "A", "Effect": "Allow", "Action": "a"}, {"Effect": "Deny", "Action": "b"}]}"#).unwrap();
    let told: Vec<_> =
        two.statements().iter().map(|statement| (statement.sid(), statement.effect())).collect();
    assert_eq!(told, [(Some("A"), Effect::Allow), (None, Effect::Deny)]);
}

/// Statement, what is wrong with it.
const STATEMENTS: &[(&str, &str)] = &[
    (r#"{"Action": "a"}"#, "missing field `Effect`"),
    (r#"{"Effect": "allow", "Action": "a"}"#, "`Effect` is `allow`, not `Allow` or `Deny`"),
    (r#"{"Effect": {"Allow": null}, "Action": "a"}"#, "invalid type: map, expected a string"),
    (r#"{"Effect": "Allow"}"#, "neither `Action` nor `NotAction`"),
    (r#"{"Effect": "Allow", "Action": "a", "NotAction": "b"}"#, "both `Action` and `NotAction`"),
    (
        r#"{"Effect": "Allow", "Action": "a", "Resource": "a", "NotResource": "b"}"#,
        "both `Resource` and `NotResource`",
    ),
    (
        r#"{"Effect": "Allow", "Action": "a", "Principal": "*", "NotPrincipal": "*"}"#,
        "both `Principal` and `NotPrincipal`",
    ),
    (r#"{"Effect": "Allow", "Action": []}"#, "`Action` is empty"),
    (r#"{"Effect": "Allow", "NotAction": []}"#, "`NotAction` is empty"),
    (r#"{"Effect": "Allow", "Action": "a", "Resource": []}"#, "`Resource` is empty"),
    (r#"{"Effect": "Allow", "Action": "a", "NotResource": []}"#, "`NotResource` is empty"),
    (r#"{"Effect": "Allow", "Action": 7}"#, "invalid type: integer `7`, expected a string"),
    (r#"{"Effect": "Allow", "Action": -7}"#, "invalid type: integer `-7`, expected a string"),
    (r#"{"Effect": "Allow", "Action": 1.5}"#, "invalid type: floating point `1.5`, expected a string"),
    (r#"{"Effect": "Allow", "Action": true}"#, "invalid type: boolean `true`, expected a string"),
    (r#"{"Effect": "Allow", "Action": {"a": "b"}}"#, "invalid type: map, expected a string"),
    (r#"{"Effect": "Allow", "Action": null}"#, "invalid type: null, expected one value or a list of them"),
    (r#"{"Effect": "Allow", "Action": ["a", ["b"]]}"#, "invalid type: sequence, expected a string"),
    (r#"{"Effect": "Allow", "Action": "a", "Sid": null}"#, "invalid type: null, expected a string"),
    (r#"{"Effect": "Allow", "Action": "a", "Principal": "bob"}"#, "unknown principal `bob`"),
    (
        r#"{"Effect": "Allow", "Action": "a", "Principal": ["*"]}"#,
        "invalid type: sequence, expected \"*\" or an object of kinds of principals",
    ),
    (r#"{"Effect": "Allow", "Action": "a", "Principal": {"aws": "*"}}"#, "unknown kind of principal `aws`"),
    (r#"{"Effect": "Allow", "Action": "a", "Principal": {"AWS": "1", "AWS": "2"}}"#, "a name is given twice"),
    (r#"{"Effect": "Allow", "Action": "a", "Conditions": {}}"#, "unknown field `Conditions`"),
    (r#"{"Effect": "Allow", "action": "a"}"#, "unknown field `action`"),
    (r#"{"Effect": "Allow", "Action": "a", "Action": "b"}"#, "duplicate field `Action`"),
    (r#"{"Effect": "Allow", "Action": "a", "Condition": null}"#, "invalid type: null, expected an object"),
    (r#"{"Effect": "Allow", "Action": "a", "Condition": []}"#, "invalid type: sequence, expected an object"),
    (
        r#"{"Effect": "Allow", "Action": "a", "Condition": {"Equals": {"a": "b"}}}"#,
        "unknown condition operator `Equals`",
    ),
    (
        r#"{"Effect": "Allow", "Action": "a", "Condition": {"Bool": "x"}}"#,
        "invalid type: string \"x\", expected an object",
    ),
    (
        r#"{"Effect": "Allow", "Action": "a", "Condition": {"Bool": {"a": null}}}"#,
        "invalid type: null, expected one value or a list of them",
    ),
    (
        r#"{"Effect": "Allow", "Action": "a", "Condition": {"Bool": {"a": {}}}}"#,
        "invalid type: map, expected a string, a number, true or false",
    ),
    (
        r#"{"Effect": "Allow", "Action": "a", "Condition": {"Bool": {"a": [[]]}}}"#,
        "invalid type: sequence, expected a string, a number, true or false",
    ),
    (
        r#"{"Effect": "Allow", "Action": "a", "Condition": {"Bool": {"a": "1", "a": "2"}}}"#,
        "a name is given twice",
    ),
    (
        r#"{"Effect": "Allow", "Action": "a", "Condition": {"Bool": {"a": "1"}, "bool": {"b": "1"}}}"#,
        "a name is given twice",
    ),
    (r#"{"Effect": "Allow", "Action": "a", "Condition": {"a": "b"}}"#, "invalid type: string \"b\""),
    (r#"{"Effect": "Allow", "Action": "a", "Resource": [null]}"#, "`Resource` is empty"),
    (r#"{"Effect": "Allow", "Action": "a", "Resource": null}"#, "invalid type: null, expected one value"),
    (
        r#"{"Effect": "Allow", "Action": "a", "Resource": ["a", 7]}"#,
        "invalid type: integer `7`, expected a string",
    ),
    (r#"{"Effect": "Allow", "Action": ["a", null]}"#, "invalid type: null, expected a string"),
    (r#"[["A", "Allow", null, null, "a"]]"#, "invalid type: sequence, expected an object"),
    ("7", "invalid type: integer `7`, expected an object"),
    (r#""a""#, "invalid type: string \"a\", expected an object"),
];

/// Document, what is wrong with it, where.
const DOCUMENTS: &[(&str, &str, usize, usize)] = &[
    ("", "EOF while parsing a value", 1, 0),
    ("{", "EOF while parsing an object", 1, 1),
    ("[]", "invalid type: sequence, expected an object", 1, 0),
    ("null", "invalid type: null, expected an object", 1, 4),
    ("{}", "missing field `Statement`", 1, 2),
    (
        "{\"Version\": \"2012-10-17\",\n \"Statement\": 7}",
        "invalid type: integer `7`, expected an object",
        2,
        15,
    ),
    (
        "{\"Version\": \"2012-10-18\",\n \"Statement\": []}",
        "unknown variant `2012-10-18`, expected `2008-10-17` or `2012-10-17`",
        1,
        24,
    ),
    ("{\"Version\": null, \"Statement\": []}", "expected value", 1, 13),
    ("{\"Id\": 7, \"Statement\": []}", "invalid type: integer `7`, expected a string", 1, 8),
    ("{\"Statement\": [],\n\n \"statement\": []}", "unknown field `statement`", 3, 12),
    ("{\"Statement\": []} {\"Statement\": []}", "trailing characters", 1, 19),
    ("{\"Statement\": [],}", "key must be a string", 1, 18),
    (
        "{\"Statement\": [\n  {\"Effect\": \"Allow\",\n   \"Condition\": {\n    \"StringEqual\": {\n\"a\": \"b\"}}}]}",
        "unknown condition operator `StringEqual`",
        5,
        10,
    ),
];

#[test]
fn what_is_no_policy_says_why_and_where() {
    for (statement, why) in STATEMENTS {
        for (before, after) in [
            ("{\"Statement\":\n", "}"),
            ("{\"Statement\": [{\"Effect\": \"Deny\", \"Action\": \"x\"},\n", "]}"),
        ] {
            let wrong = Policy::parse(&format!("{before}{statement}{after}")).unwrap_err();
            assert!(wrong.message.starts_with(why), "{statement}: {wrong}");
            assert_eq!(wrong.line, 2, "{statement}: {wrong}");
            assert!(wrong.column <= statement.len() + 1, "{statement}: {wrong}");
            assert_eq!(wrong.to_string(), format!("{} at line 2 column {}", wrong.message, wrong.column));
        }
    }
    for (document, why, line, column) in DOCUMENTS {
        let wrong = Policy::parse(document).unwrap_err();
        assert!(wrong.message.starts_with(why), "{document}: {wrong}");
        assert_eq!((wrong.line, wrong.column), (*line, *column), "{document}: {wrong}");
        assert!(!wrong.message.contains("at line"), "{wrong}");
    }
    // What is no JSON says so first.
    let wrong = Policy::parse("{\"Statment\": 7,\n").unwrap_err();
    assert_eq!((wrong.message.as_str(), wrong.line), ("EOF while parsing an object", 2));
    // As deep as it gets.
    assert!(Policy::parse(&"[".repeat(100_000)).is_err());
    assert!(Policy::parse(&"{\"Statement\":".repeat(100_000)).is_err());
}
