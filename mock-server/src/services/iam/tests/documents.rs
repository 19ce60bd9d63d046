//! Every document that can be put somewhere can be read by what decides: none is stored that means nothing.

use crate::policy::Policy;
use crate::services::ec2::endpoint_policy;
use crate::services::iam::document::check_trust;
use crate::services::iam::identity_document::{check_inline, check_managed};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// Elements of statements with their values: right ones, and what somebody might write instead.
const ELEMENTS: &[(&str, &[&str])] = &[
    ("Sid", &[r#""A""#, r#""B""#, r#""""#, "1", "null"]),
    ("Effect", &[r#""Allow""#, r#""Deny""#, r#""allow""#, "true", r#"["Allow"]"#]),
    (
        "Principal",
        &[
            r#""*""#,
            r#"{"AWS":"*"}"#,
            r#"{"AWS":["111122223333","AROAAAAAAAAAAAAAAAAAA"],"Service":"a.amazonaws.com"}"#,
            r#"{"AWS":[]}"#,
            r#"{"AWS":{"b":"*"}}"#,
            r#"{"AWS":"*","AWS":"*"}"#,
            r#"{"CanonicalUser":"79a5","Federated":"accounts.google.com"}"#,
            r#"{"Other":"x"}"#,
            r#"["*"]"#,
            "{}",
            "null",
        ],
    ),
    ("Action", &[r#""sts:AssumeRole""#, r#"["sts:*"]"#, r#"["s3:Get*",null]"#, r#""*""#, "[]", "[[]]", "7"]),
    ("Resource", &[r#""*""#, r#"["arn:aws:s3:::b",null]"#, r#"["*","*"]"#, "[]", "[null]", "{}", r#""b""#]),
    (
        "Condition",
        &[
            "{}",
            r#"{"StringEquals":{"a":"b"}}"#,
            r#"{"ForAnyValue:StringLikeIfExists":{"a":["b",1,true]}}"#,
            r#"{"stringequals":{"a":"b"}}"#,
            r#"{"StringEquals":{"a":"b"},"StringEquals":{"c":"d"}}"#,
            r#"{"StringEquals":{"a":"b","a":"c"}}"#,
            r#"{"NullIfExists":{"a":"true"}}"#,
            r#"{"ForAnyValue:Null":{"a":true}}"#,
            r#"{"NumericLessThan":{"a":1.5e400}}"#,
            r#"{"NumericLessThan":{"a":17}}"#,
            r#"{"DateLessThan":{"a":"2024"}}"#,
            r#"{"Bool":{"a":{"b":"c"}}}"#,
            r#"{"Bool":{"a":null}}"#,
            r#"{"Bool":{"a":[]}}"#,
            r#"{"Bool":{"a":[null]}}"#,
            r#"{"Bool":{"a":[["b"]]}}"#,
            r#"{"Other":{"a":"b"}}"#,
            r#"{"Other":{}}"#,
            r#"{"a":"b"}"#,
            "[]",
            "null",
        ],
    ),
    ("Comment", &[r#""c""#]),
];

/// An element: mostly a right one under its right name.
fn element(number: usize) -> impl Strategy<Value = String> {
    let (name, values) = ELEMENTS[number];
    let value = prop_oneof![9 => (0..2_usize).boxed(), 2 => (0..values.len()).boxed()];
    (value, 0..40_u8).prop_map(move |(value, form)| {
        let value = values[value.min(values.len() - 1)];
        match form {
            0 => String::new(),
            1 => format!("\"Not{name}\":{value}"),
            2 => format!("\"{name}\":{value},\"Not{name}\":{value}"),
            3 => format!("\"{name}\":{value},\"{name}\":{value}"),
            4 => format!("\"{}\":{value}", name.to_lowercase()),
            _ => format!("\"{name}\":{value}"),
        }
    })
}

/// A statement with these elements, and perhaps one more.
fn statement(of: &'static [usize]) -> impl Strategy<Value = String> {
    let own: Vec<_> = of.iter().map(|number| element(*number)).collect();
    let more = prop_oneof![6 => Just(None).boxed(), 1 => (0..ELEMENTS.len()).prop_map(Some).boxed()];
    let more = more.prop_flat_map(|number| match number {
        Some(number) => element(number).boxed(),
        None => Just(String::new()).boxed(),
    });
    (own, more).prop_map(|(own, more)| {
        let all: Vec<_> = own.into_iter().chain([more]).filter(|element| !element.is_empty()).collect();
        format!("{{{}}}", all.join(","))
    })
}

fn document() -> impl Strategy<Value = String> {
    // Of identities, of roles, of endpoints; with and without a condition.
    let statement = prop_oneof![
        statement(&[1, 3, 4]),
        statement(&[1, 3, 4, 5]),
        statement(&[1, 2, 3]),
        statement(&[1, 2, 3, 5]),
        statement(&[1, 2, 3, 4]),
        statement(&[0, 1, 2, 3, 4, 5]),
    ];
    let version = select(vec![
        r#""Version":"2012-10-17","#,
        r#""Version":"2012-10-17","#,
        r#""Version":"2008-10-17","#,
        "",
        r#""Version":null,"#,
        r#""Id":7,"#,
        r#""Id":"i","#,
        r#""Version":"2012-10-17","Version":"2012-10-17","#,
    ]);
    (version, vec(statement, 1..3), any::<Index>()).prop_map(|(version, statements, form)| {
        let list = format!("[{}]", statements.join(","));
        let statements = match (form.index(3), statements.first()) {
            (0, Some(one)) => one.clone(),
            _ => list,
        };
        format!("{{{version}\"Statement\":{statements}}}")
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn what_can_be_put_can_be_read(text in document()) {
        let taken = [
            check_trust(&text).is_ok(),
            check_inline(&text).is_ok(),
            check_managed(&text).is_ok(),
            endpoint_policy::check(&text).is_ok(),
        ];
        if taken.contains(&true) {
            prop_assert!(Policy::parse(&text).is_ok(), "{taken:?} {text}: {:?}", Policy::parse(&text).err());
        }
    }
}

/// The property above speaks of something: each kind of check takes some of those documents.
#[test]
fn some_of_them_can_be_put() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let mut taken = [0; 4];
    for _ in 0..600 {
        let text = document().new_tree(&mut runner).unwrap().current();
        let checks = [
            check_trust(&text).is_ok(),
            check_inline(&text).is_ok(),
            check_managed(&text).is_ok(),
            endpoint_policy::check(&text).is_ok(),
        ];
        taken.iter_mut().zip(checks).for_each(|(count, ok)| *count += usize::from(ok));
    }
    assert!(taken.iter().all(|count| *count > 5), "{taken:?}");
}
