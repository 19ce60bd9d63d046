//! Against `iam-rs`, which reads the same language.
//!
//! Both are asked about policies that both read. Where they differ for a reason that is known, the words are left out
//! of what is generated, and the difference is in `DIFFERENCES` with what each of them says.

use super::*;
use iam_rs::{Arn, ContextValue, IAMPolicy, IAMRequest, PrincipalId, evaluate_policy};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

/// What `iam-rs` says of a policy; `None` where it does not read it or finds an error.
fn oracle(
    document: &Value,
    action: &str,
    resource: &str,
    context: &[(&str, Vec<&str>)],
) -> Option<iam_rs::Decision> {
    let policy = IAMPolicy::from_json(&document.to_string()).ok()?;
    let mut keys = iam_rs::Context::new();
    for (key, values) in context {
        keys.insert(
            text(key),
            match values.as_slice() {
                ["true"] => ContextValue::Boolean(true),
                ["false"] => ContextValue::Boolean(false),
                [one] => ContextValue::String(text(one)),
                many => ContextValue::StringList(many.iter().map(|value| text(value)).collect()),
            },
        );
    }
    let Principal::User { arn, name, .. } = user() else { return None };
    keys.insert(text("aws:username"), ContextValue::String(name));
    let who = iam_rs::Principal::Aws(PrincipalId::String(arn));
    let request = IAMRequest::new_with_context(who, action, Arn::parse(resource).ok()?, keys);
    evaluate_policy(&policy, &request).ok()
}

fn engine(document: &Value, action: &str, resource: &str, context: &[(&str, Vec<&str>)]) -> iam_rs::Decision {
    let mut keys = Context::new();
    for (key, values) in context {
        keys.set_many(key, values.iter().map(|value| text(value)).collect());
    }
    match alone(&parse(document.clone()), action, resource, &keys) {
        Verdict::Allowed => iam_rs::Decision::Allow,
        Verdict::ExplicitDeny(_) => iam_rs::Decision::Deny,
        Verdict::ImplicitDeny(_) => iam_rs::Decision::NotApplicable,
    }
}

/// Operators with values of theirs, and values of requests.
const OPERATORS: &[(&[&str], &[&str], &[&str])] = &[
    (
        &["StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase"],
        &["a", "A", "b*", ""],
        &["a", "b", "b*", "alice"],
    ),
    (&["StringLike", "StringNotLike"], &["a", "a*", "*c", "b?*", "*", "?"], &["a", "abc", "b", "bc"]),
    (
        &[
            "NumericEquals",
            "NumericNotEquals",
            "NumericLessThan",
            "NumericLessThanEquals",
            "NumericGreaterThan",
            "NumericGreaterThanEquals",
        ],
        &["1", "2.5", "-3"],
        &["1", "1.0", "2", "2.50", "-4", "many"],
    ),
    (
        &[
            "DateEquals",
            "DateNotEquals",
            "DateLessThan",
            "DateLessThanEquals",
            "DateGreaterThan",
            "DateGreaterThanEquals",
        ],
        &["2024-06-01T12:00:00Z", "1717243200", "2024-06-01T12:00:00.5Z"],
        &["2024-06-01T12:00:00Z", "2024-06-01T13:00:00+01:00", "1717243201", "never"],
    ),
    (&["Bool"], &["true", "false"], &["true", "false"]),
    (&["BinaryEquals"], &["QUJD", "/w=="], &["QUJD", "/w==", "AAAA"]),
    (
        &["IpAddress", "NotIpAddress"],
        &["203.0.113.0/24", "198.51.100.7", "2001:db8::/32"],
        &["203.0.113.9", "198.51.100.7", "2001:db8::1", "::1"],
    ),
    (
        &["ArnLike", "ArnNotLike"],
        &["arn:aws:iam::1:role/*", "arn:aws:iam::1:role/?", "arn:aws:iam::1:user/u"],
        &["arn:aws:iam::1:role/r", "arn:aws:iam::1:role/p/r", "arn:aws:iam::1:user/u"],
    ),
];

/// A condition, its key and the values of that in the request.
fn condition() -> impl Strategy<Value = (Value, Given)> {
    let quantifier = select(vec!["", "", "ForAllValues:", "ForAnyValue:"]);
    let row = select(OPERATORS.to_vec());
    (quantifier, row, any::<bool>()).prop_flat_map(|(quantifier, (names, wanted, given), if_exists)| {
        let strings = names[0].starts_with("String") || names[0].starts_with("Arn");
        let many = if strings && !quantifier.is_empty() { 1..3 } else { 1..2 };
        (
            select(names.to_vec()),
            vec(select(wanted.to_vec()), 1..3),
            option::of(vec(select(given.to_vec()), many)),
        )
            .prop_map(move |(name, wanted, given)| {
                let name = match (strings && !quantifier.is_empty(), if_exists) {
                    (true, _) => format!("{quantifier}{name}"),
                    (false, true) => format!("{name}IfExists"),
                    (false, false) => text(name),
                };
                // A key has one type.
                let family = &names[0][..4];
                let keys = ["StriX", "NumeX", "DateX", "BoolX", "BinaX", "IpAdX", "ArnLX"];
                let key = keys.into_iter().find(|key| key.starts_with(family)).unwrap();
                (json!({name: {key: wanted}}), (key, given.unwrap_or_default()))
            })
    })
}

type Given = (&'static str, Vec<&'static str>);

fn statement() -> impl Strategy<Value = (Value, Given)> {
    let actions = vec(
        select(vec!["*", "s3:*", "s3:Get*", "S3:GetObject", "s3:?utObject", "ec2:*Vpc", "s3:GetObject"]),
        1..3,
    );
    let resources = vec(
        select(vec![
            "*",
            "arn:aws:s3:::b",
            "arn:aws:s3:::b/*",
            "arn:aws:s3:::${aws:username}/*",
            "arn:aws:s3:::?/k",
            "arn:aws:ec2:*:111122223333:vpc/*",
            "arn:aws:ec2:us-*-1:*:vpc/vpc-1",
        ]),
        1..3,
    );
    (any::<[bool; 3]>(), actions, resources, option::of(condition())).prop_map(
        |([deny, not_action, not_resource], actions, resources, condition)| {
            let mut statement = json!({"Effect": if deny { "Deny" } else { "Allow" }});
            statement[if not_action { "NotAction" } else { "Action" }] = json!(actions);
            statement[if not_resource { "NotResource" } else { "Resource" }] = json!(resources);
            let (condition, given) = condition.unwrap_or((json!({}), ("", vec![])));
            if condition != json!({}) {
                statement["Condition"] = condition;
            }
            (statement, given)
        },
    )
}

proptest! {
    #[test]
    fn both_say_the_same(
        statements in vec(statement(), 1..4),
        action in select(vec!["s3:GetObject", "s3:PutObject", "ec2:CreateVpc"]),
        resource in select(vec!["arn:aws:s3:::b", "arn:aws:s3:::b/k", "arn:aws:s3:::alice/k/l", "arn:aws:ec2:us-east-1:111122223333:vpc/vpc-1"]),
    ) {
        // A key has the values that one of the conditions is about.
        let given = statements.iter().map(|(_, given)| given.clone()).find(|(_, given)| !given.is_empty());
        let context: Vec<_> = given.into_iter().collect();
        let statements: Vec<Value> = statements.into_iter().map(|(statement, _)| statement).collect();
        let document = json!({"Version": "2012-10-17", "Statement": statements});
        if let Some(theirs) = oracle(&document, action, resource, &context) {
            prop_assert_eq!(engine(&document, action, resource, &context), theirs, "{} {} {} {:?}", document, action, resource, context);
        }
    }
}

/// Why; the condition; the values of the key; whether it holds here; whether it does there.
type Difference = (&'static str, &'static str, &'static [&'static str], bool, bool);

const DIFFERENCES: &[Difference] = &[
    (
        "ArnEquals and ArnLike behave identically (user guide)",
        r#"{"ArnEquals": {"k": "arn:aws:iam::1:role/*"}}"#,
        &["arn:aws:iam::1:role/r"],
        true,
        false,
    ),
    (
        "a wildcard stays in its component (user guide)",
        r#"{"ArnLike": {"k": "arn:aws:*:1:x"}}"#,
        &["arn:aws:iam::1:x"],
        false,
        true,
    ),
    ("base 64 has cases", r#"{"BinaryEquals": {"k": "QUJD"}}"#, &["qujd"], false, true),
    (
        "a variable that stands for nothing matches nothing",
        r#"{"StringEquals": {"k": "${none}"}}"#,
        &[""],
        false,
        false,
    ),
    (
        "variables in values of conditions (user guide)",
        r#"{"StringEquals": {"k": "${aws:username}"}}"#,
        &["alice"],
        true,
        false,
    ),
    (
        "an empty text alone is no value (user guide)",
        r#"{"ForAllValues:StringEquals": {"k": "a"}}"#,
        &[""],
        true,
        false,
    ),
    (
        "a negated operator wants none of several values to match",
        r#"{"StringNotEquals": {"k": "a"}}"#,
        &["a", "b"],
        false,
        true,
    ),
    ("cases of all letters", r#"{"StringEqualsIgnoreCase": {"k": "ö"}}"#, &["Ö"], true, false),
    ("a truth value of any case", r#"{"Bool": {"k": "true"}}"#, &["True"], true, false),
    (
        "a day is a date (W3C's note)",
        r#"{"DateGreaterThan": {"k": "2024-06-01T00:00:00Z"}}"#,
        &["2024-06-02"],
        true,
        false,
    ),
    ("a network is no address", r#"{"IpAddress": {"k": "10.0.0.0/8"}}"#, &["10.1.0.0/16"], false, true),
];

#[test]
fn known_differences() {
    for (why, condition, values, here, there) in DIFFERENCES {
        let condition: Value = serde_json::from_str(condition).unwrap();
        let document = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": condition}]});
        let context = [("k", values.to_vec())];
        let resource = "arn:aws:s3:::b";
        let allows = |decision| decision == iam_rs::Decision::Allow;
        assert_eq!(allows(engine(&document, "s3:X", resource, &context)), *here, "{why}");
        assert_eq!(oracle(&document, "s3:X", resource, &context).is_some_and(allows), *there, "{why}");
    }
}
