//! Every operator with a match, no match and an absent key, plain and with `IfExists`, by quantifier.

use super::*;

/// Operator, values of the policy, values of a request that meet it, values that do not.
type Row = (&'static str, &'static [&'static str], &'static [&'static str], &'static [&'static str]);

const ARNS: &[&str] = &["arn:aws:sns:us-*:111122223333:t", "arn:aws:iam::?:role/*", "arn:aws:s3"];
const ARNS_IN: &[&str] = &["arn:aws:sns:us-east-1:111122223333:t", "arn:aws:iam::1:role/p/n:x"];
const ARNS_OUT: &[&str] = &[
    "arn:aws:sns:us-east-1:111122223333:T",
    "arn:aws:sns:us-east-1:x:111122223333:t",
    "arn:aws:iam::12:role/n",
    "arn:aws:iam:::role/n",
    "arn:aws:s3",
    "text",
    "",
];
const DATES: &[&str] = &["2024-06-01T12:00:00Z"];
const BEFORE: &[&str] = &[
    "2024-06-01T11:59:59Z",
    "2024-06-01T13:59:59+02:00",
    "2024-06",
    "2024",
    "1717243199",
    "2024-06-01",
    "2024-06-01T11:59Z",
    "-1",
];
const AT: &[&str] = &[
    "2024-06-01T12:00:00Z",
    "2024-06-01T14:00:00+02:00",
    "2024-06-01T12:00:00.0Z",
    "1717243200",
    "2024-06-01T12:00Z",
    "2024-06-01T10:30-01:30",
];
const AFTER: &[&str] = &[
    "2024-06-01T12:00:00.001Z",
    "2024-06-01T12:00:01Z",
    "2025",
    "2024-07",
    "1717243201",
    "2024-06-02",
    "2024-06-01T12:01Z",
];
const NO_DATES: &[&str] =
    &["", "now", "2024-13", "2024-06-01T12:00", "12:00:00Z", "2024-06-01T12:00:00ä", "ääääääääZ"];

const TABLE: &[Row] = &[
    ("StringEquals", &["a", "B*"], &["a", "B*"], &["A", "b*", "Bc", "", "aa"]),
    ("StringEquals", &[""], &[""], &["a"]),
    ("StringNotEquals", &["a", "B*"], &["A", "b*", "Bc", "", "aa"], &["a", "B*"]),
    ("StringEqualsIgnoreCase", &["a", "Grün*"], &["a", "A", "GRÜN*"], &["b", "grüna", ""]),
    ("StringNotEqualsIgnoreCase", &["a", "Grün*"], &["b", "grüna", ""], &["a", "A", "GRÜN*"]),
    (
        "StringLike",
        &["a*c", "x?", "t1.*"],
        &["ac", "abc", "a::c", "xy", "t1."],
        &["AC", "x", "xyz", "t2.a", ""],
    ),
    ("StringLike", &["*"], &["x", ""], &[]),
    ("StringNotLike", &["a*c", "x?", "t1.*"], &["AC", "x", "xyz", "t2.a", ""], &["ac", "abc", "xy", "t1."]),
    (
        "NumericEquals",
        &["10", "2.5"],
        &["10", "10.0", "2.50", "1e1"],
        &["11", "-10", "ten", "", "inf", "NaN"],
    ),
    ("NumericNotEquals", &["10", "2.5"], &["11", "-10", "ten", ""], &["10", "10.0", "2.50"]),
    ("NumericLessThan", &["10"], &["9", "9.99", "-1"], &["10", "11", "ten", "-inf"]),
    ("NumericLessThanEquals", &["10"], &["9", "10"], &["10.01", "11", "ten"]),
    ("NumericGreaterThan", &["10"], &["10.01", "11"], &["10", "9", "ten", "inf"]),
    ("NumericGreaterThanEquals", &["10"], &["10", "11"], &["9.99", "9", "ten"]),
    ("NumericGreaterThan", &["ten"], &[], &["11", "ten"]),
    ("DateEquals", DATES, AT, BEFORE),
    ("DateEquals", DATES, AT, AFTER),
    ("DateEquals", DATES, AT, NO_DATES),
    ("DateEquals", &["2024-06-01T12:00Z", "1717243200"], AT, BEFORE),
    ("DateNotEquals", DATES, BEFORE, AT),
    ("DateNotEquals", DATES, AFTER, AT),
    ("DateNotEquals", DATES, NO_DATES, AT),
    ("DateLessThan", DATES, BEFORE, AT),
    ("DateLessThan", DATES, BEFORE, AFTER),
    ("DateLessThan", DATES, BEFORE, NO_DATES),
    ("DateLessThanEquals", DATES, BEFORE, AFTER),
    ("DateLessThanEquals", DATES, AT, NO_DATES),
    ("DateGreaterThan", DATES, AFTER, AT),
    ("DateGreaterThan", DATES, AFTER, BEFORE),
    ("DateGreaterThan", DATES, AFTER, NO_DATES),
    ("DateGreaterThanEquals", DATES, AFTER, BEFORE),
    ("DateGreaterThanEquals", DATES, AT, NO_DATES),
    ("Bool", &["true"], &["true", "True"], &["false", "", "1", "yes"]),
    ("Bool", &["FALSE"], &["false"], &["true", ""]),
    ("Bool", &["yes"], &[], &["yes", "true"]),
    ("BinaryEquals", &["QmluYXJ5", "/w=="], &["QmluYXJ5", "/w=="], &["qmluYXJ5", "Binary", "", "/x=="]),
    ("BinaryEquals", &["no base64"], &[], &["no base64", ""]),
    (
        "IpAddress",
        &["203.0.113.0/24", "198.51.100.7", "2001:DB8:1234:5678::/64", "10.1.2.3/8"],
        &["203.0.113.0", "203.0.113.255", "198.51.100.7", "2001:db8:1234:5678::1", "10.200.0.1"],
        &["203.0.114.0", "198.51.100.8", "2001:db8:1234:5679::1", "11.0.0.1", "text", "", "203.0.113.0/24"],
    ),
    ("NotIpAddress", &["203.0.113.0/24", "::1"], &["203.0.112.255", "::2", "text"], &["203.0.113.1", "::1"]),
    ("IpAddress", &["text"], &[], &["text", "203.0.113.1"]),
    ("ArnEquals", ARNS, ARNS_IN, ARNS_OUT),
    ("ArnLike", ARNS, ARNS_IN, ARNS_OUT),
    ("ArnNotEquals", ARNS, ARNS_OUT, ARNS_IN),
    ("ArnNotLike", ARNS, ARNS_OUT, ARNS_IN),
    // Each of the six components is there, even if only as a wildcard.
    ("ArnLike", &["arn:aws:s3:*", "*"], &[], &["arn:aws:s3:::b", "*", "text"]),
    ("ArnLike", &["arn:aws:x::::*a"], &["arn:aws:x::::a", "arn:aws:x:::::a"], &["arn:aws:x:::a"]),
    ("ArnLike", &["*:*:*:*:*:*"], &["arn:aws:s3:::b", "arn:aws:s3:::b:c"], &["arn:aws:s3::b", "text"]),
];

/// The names of all operators, from the user guide.
const OPERATORS: &[&str] = &[
    "StringEquals",
    "StringNotEquals",
    "StringEqualsIgnoreCase",
    "StringNotEqualsIgnoreCase",
    "StringLike",
    "StringNotLike",
    "NumericEquals",
    "NumericNotEquals",
    "NumericLessThan",
    "NumericLessThanEquals",
    "NumericGreaterThan",
    "NumericGreaterThanEquals",
    "DateEquals",
    "DateNotEquals",
    "DateLessThan",
    "DateLessThanEquals",
    "DateGreaterThan",
    "DateGreaterThanEquals",
    "Bool",
    "BinaryEquals",
    "IpAddress",
    "NotIpAddress",
    "ArnEquals",
    "ArnLike",
    "ArnNotEquals",
    "ArnNotLike",
];

/// Whether a condition lets the user do something, with these values of the key.
fn meets(operator: &str, wanted: &[&str], values: Option<&[&str]>) -> bool {
    let mut context = Context::new();
    if let Some(values) = values {
        context.set_many("x:Key", values.iter().map(|value| text(value)).collect());
    }
    let condition = json!({"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {operator: {"X:key": wanted}}});
    alone(&policy(condition), "s3:X", "*", &context) == Verdict::Allowed
}

#[test]
fn every_operator() {
    for operator in OPERATORS {
        assert!(
            TABLE.iter().any(|(name, _, yes, no)| name == operator && !yes.is_empty() && !no.is_empty()),
            "{operator}"
        );
    }
    for (operator, wanted, yes, no) in TABLE {
        let negated = operator.contains("Not");
        for (suffix, absent) in [("", negated), ("IfExists", true)] {
            for (prefix, absent) in
                [("", absent), ("ForAllValues:", true), ("ForAnyValue:", !suffix.is_empty())]
            {
                let name = format!("{prefix}{operator}{suffix}");
                assert_eq!(meets(&name, wanted, None), absent, "{name} {wanted:?} absent");
                for value in *yes {
                    assert!(meets(&name, wanted, Some(&[value])), "{name} {wanted:?} {value}");
                }
                for value in *no {
                    // For all of nothing: an empty text is no value.
                    let met = prefix == "ForAllValues:" && value.is_empty();
                    assert_eq!(meets(&name, wanted, Some(&[value])), met, "{name} {wanted:?} {value}");
                }
                for value in *yes {
                    for other in no.iter().filter(|other| !other.is_empty()) {
                        let expected = match prefix {
                            "" => !negated,
                            prefix => prefix == "ForAnyValue:",
                        };
                        for both in [[*value, *other], [*other, *value]] {
                            assert_eq!(
                                meets(&name, wanted, Some(&both)),
                                expected,
                                "{name} {wanted:?} {both:?}"
                            );
                        }
                        assert!(meets(&name, wanted, Some(&[value, value])), "{name} {wanted:?} {value}");
                        assert!(!meets(&name, wanted, Some(&[other, other])), "{name} {wanted:?} {other}");
                    }
                }
            }
        }
    }
}

#[test]
fn empty_texts_are_nothing_only_when_alone() {
    assert!(meets("ForAllValues:StringEquals", &["a"], Some(&["", ""])));
    assert!(!meets("ForAllValues:StringEquals", &["a"], Some(&["a", ""])));
    assert!(!meets("ForAnyValue:StringEquals", &["a"], Some(&[""])));
    assert!(meets("StringNotEquals", &[], Some(&["a"])));
    assert!(!meets("StringEquals", &[], Some(&["a"])));
}

#[test]
fn null_asks_whether_a_key_is_absent() {
    for (wanted, absent, present) in
        [("true", true, false), ("TRUE", true, false), ("false", false, true), ("maybe", false, false)]
    {
        assert_eq!(meets("Null", &[wanted], None), absent, "{wanted}");
        assert_eq!(meets("Null", &[wanted], Some(&[])), absent, "{wanted}");
        assert_eq!(meets("Null", &[wanted], Some(&["x"])), present, "{wanted}");
        assert_eq!(meets("null", &[wanted], Some(&["x", "y"])), present, "{wanted}");
    }
    assert!(meets("Null", &["true", "false"], None) && meets("Null", &["true", "false"], Some(&["x"])));
}

#[test]
fn names_of_operators() {
    let parses = |operator: &str| {
        let statement = json!({"Effect": "Allow", "Action": "*", "Condition": {operator: {"k": "v"}}});
        Policy::parse(&json!({"Statement": statement}).to_string())
    };
    for operator in OPERATORS {
        for name in [
            text(operator),
            operator.to_lowercase(),
            format!("{operator}IfExists"),
            format!("forallvalues:{operator}ifexists"),
            format!("ForAnyValue:{operator}"),
        ] {
            assert!(parses(&name).is_ok(), "{name}");
        }
    }
    for name in [
        "",
        "IfExists",
        "StringEqual",
        "StringEqualsIfExist",
        "IfExistsStringEquals",
        "StringEqualsIfExistsIfExists",
        "Stringequälls",
        "NullIfExists",
        "ForAllValues:Null",
        "ForAnyValue:Null",
        "ForSomeValues:StringEquals",
        "ForAllValues:",
        "ForAllValues:ForAnyValue:StringEquals",
        ":StringEquals",
        "ForAllValuesStringEquals",
        "NotBool",
        "BinaryNotEquals",
        "äIfExists",
    ] {
        let wrong = parses(name).unwrap_err();
        assert_eq!(wrong.message, format!("unknown condition operator `{name}`"));
    }
}

#[test]
fn all_keys_and_operators_must_hold() {
    let table = [
        (json!({"StringEquals": {"a": "1", "b": "2"}}), false),
        (json!({"StringEquals": {"a": "1", "c": "3"}}), true),
        (json!({"StringEquals": {"a": "1"}, "StringNotEquals": {"c": "3"}}), false),
        (json!({"StringEquals": {"a": "1"}, "StringNotEquals": {"c": "4"}}), true),
        (json!({"StringEquals": {"b": "2"}, "StringNotEquals": {"c": "4"}}), false),
        // The key is compared without regard to case, its value is not.
        (json!({"StringEquals": {"A": "1"}}), true),
        (json!({"StringEquals": {"Tag/Größe": "X"}}), true),
        (json!({"StringEquals": {"tag/Größe": "x"}}), false),
        // Numbers and truth values are texts.
        (json!({"NumericEquals": {"a": 1}, "StringEquals": {"c": 3}}), true),
        (json!({"NumericEquals": {"a": 1.5}}), false),
        (json!({"NumericGreaterThan": {"a": -1}}), true),
        (json!({"NumericGreaterThan": {"a": [-0.5, 7]}}), true),
        (json!({"Bool": {"yes": true}}), true),
        (json!({"Bool": {"yes": [false]}}), false),
        (json!({"Null": {"yes": false, "no": true}}), true),
        (json!({}), true),
        (json!({"StringEquals": {}}), true),
    ];
    let mut context = Context::new();
    for (key, value) in
        [("a", "2"), ("c", "3"), ("a", "1"), ("TAG/größe", "y"), ("TAG/GRößE", "X"), ("yes", "true")]
    {
        context.set(key, value);
    }
    assert_eq!(context.get("A"), Some(&[text("1")][..]), "set again");
    assert_eq!(context.get("none"), None);
    for (condition, met) in table {
        let it = policy(json!({"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": condition}));
        let expected = if met { Verdict::Allowed } else { NOTHING };
        assert_eq!(alone(&it, "s3:X", "*", &context), expected, "{condition}");
    }
}

#[test]
fn arns_may_have_variables() {
    let mut context = Context::new();
    context.set("aws:SourceArn", "arn:aws:sns:us-east-1:111122223333:alice");
    context.set("part", "a:b");
    context.set("other", "arn:aws:sns:us-east-1:a:b:c");
    for (key, written, met) in [
        ("aws:SourceArn", "arn:aws:sns:*:${aws:PrincipalAccount}:${aws:username}", true),
        ("aws:SourceArn", "arn:aws:sns:*:*:${aws:userid}", false),
        ("other", "arn:aws:sns:*:${part}:c", true),
        ("other", "arn:aws:sns:us-*:b:c", false),
    ] {
        let it = json!({"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"ArnLike": {key: written}}});
        let expected = if met { Verdict::Allowed } else { NOTHING };
        assert_eq!(alone(&policy(it), "s3:X", "*", &context), expected, "{written}");
    }
    // Truth values may have variables too, numbers and networks may not.
    context.set("yes", "true");
    context.set("n", "7");
    context.set("ip", "10.0.0.1");
    for (operator, key, written, met) in [
        ("Bool", "yes", "${yes}", true),
        ("NumericEquals", "n", "${n}", false),
        ("IpAddress", "ip", "${ip}", false),
        ("DateEquals", "n", "${n}", false),
    ] {
        let it = json!({"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {operator: {key: written}}});
        let expected = if met { Verdict::Allowed } else { NOTHING };
        assert_eq!(alone(&policy(it), "s3:X", "*", &context), expected, "{operator}");
    }
}

/// Whatever the case in which it is given, an operator knows its name and whether it compares dates.
#[test]
fn operators_have_one_spelling() {
    for name in OPERATORS {
        for (before, after) in [("", ""), ("ForAllValues:", ""), ("ForAnyValue:", "IfExists")] {
            let whole = format!("{before}{name}{after}");
            for spelling in [whole.to_uppercase(), whole.to_lowercase(), whole.clone()] {
                let operator: Operator = spelling.parse().unwrap();
                assert_eq!(operator.to_string(), whole);
                assert_eq!(operator.is_of_dates(), name.starts_with("Date"), "{name}");
            }
        }
    }
    assert_eq!("null".parse::<Operator>().map(|null| null.to_string()), Ok("Null".to_owned()));
    for name in ["ForAnyValue:Null", "NullIfExists", "ForNoValue:Bool", "IfExists", "ForAnyValue:", ""] {
        assert!(name.parse::<Operator>().is_err(), "{name}");
    }
}
