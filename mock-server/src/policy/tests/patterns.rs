//! Actions, resources, and what variables stand for.

use super::*;

/// Pattern, what it matches, what it does not.
type Row = (&'static str, &'static [&'static str], &'static [&'static str]);

const ACTIONS: &[Row] = &[
    ("*", &["ec2:CreateVpc", "s3:GetObject"], &[]),
    ("**", &["ec2:CreateVpc"], &[]),
    ("ec2:*", &["ec2:CreateVpc", "EC2:createvpc"], &["ec2messages:GetMessages", "s3:GetObject"]),
    ("ec2:CreateVpc", &["ec2:CreateVpc", "ec2:createvpc"], &["ec2:CreateVpcEndpoint", "ec2:CreateVp"]),
    ("EC2:CREATE*", &["ec2:CreateVpc", "ec2:Create"], &["ec2:DeleteVpc"]),
    ("ec2:*Vpc", &["ec2:CreateVpc", "ec2:DeleteVpc"], &["ec2:CreateVpcs", "ec2:CreateSubnet"]),
    ("ec2:*Vpc*s", &["ec2:DescribeVpcs", "ec2:DescribeVpcEndpoints"], &["ec2:DescribeVpcAttribute"]),
    ("ec2:Create???", &["ec2:CreateVpc"], &["ec2:CreateVp", "ec2:CreateVpcs"]),
    ("ec2:?reateVpc", &["ec2:CreateVpc"], &["ec2:reateVpc"]),
    (
        "s3:*Object*Version",
        &["s3:GetObjectVersion", "s3:ObjectxVersion"],
        &["s3:GetObject", "s3:GetVersionObject"],
    ),
];

#[test]
fn actions_match_whatever_the_case() {
    for (pattern, yes, no) in ACTIONS {
        for (actions, expected, other) in [(yes, Verdict::Allowed, NOTHING), (no, NOTHING, Verdict::Allowed)]
        {
            for action in *actions {
                let statement = |element: &str| json!({"Effect": "Allow", element: pattern, "Resource": "*"});
                assert_eq!(says(statement("Action"), action, "*"), expected, "{pattern} {action}");
                assert_eq!(says(statement("NotAction"), action, "*"), other, "Not {pattern} {action}");
            }
        }
    }
}

const RESOURCES: &[Row] = &[
    ("*", &["*", "arn:aws:s3:::b/k"], &[]),
    ("arn:aws:s3:::b", &["arn:aws:s3:::b"], &["arn:aws:s3:::B", "arn:aws:s3:::b/", "*"]),
    (
        "arn:aws:s3:::b/*",
        &["arn:aws:s3:::b/k", "arn:aws:s3:::b/", "arn:aws:s3:::b/a:b"],
        &["arn:aws:s3:::b", "arn:aws:s3:::bb/k"],
    ),
    (
        "arn:aws:s3:::b/*/t/*",
        &["arn:aws:s3:::b/1/t/o", "arn:aws:s3:::b/1/2/t/3/o", "arn:aws:s3:::b/1/t/"],
        &["arn:aws:s3:::b/1-t/o", "arn:aws:s3:::b/t/o"],
    ),
    (
        "arn:aws:s3:::b/k?",
        &[
            "arn:aws:s3:::b/k1",
            "arn:aws:s3:::b/kö",
            "arn:aws:s3:::b/k:",
            "arn:aws:s3:::b/k€",
            "arn:aws:s3:::b/k𝄞",
        ],
        &["arn:aws:s3:::b/k", "arn:aws:s3:::b/k12"],
    ),
    (
        "arn:aws:s3:::b/??x",
        &["arn:aws:s3:::b/äöx", "arn:aws:s3:::b/𝄞€x"],
        &["arn:aws:s3:::b/äx", "arn:aws:s3:::b/x"],
    ),
    ("arn:aws:s3:::b/*?", &["arn:aws:s3:::b/ä", "arn:aws:s3:::b/äö"], &["arn:aws:s3:::b/"]),
    ("arn:aws:s3:::b/a*b", &["arn:aws:s3:::b/a:x:b", "arn:aws:s3:::b/ab"], &["arn:aws:s3:::b/a:x:c"]),
    // A star within a component stays there; one that ends it may reach over colons.
    (
        "arn:aws:ec2:us-*-1:1:vpc/v",
        &["arn:aws:ec2:us-east-1:1:vpc/v"],
        &["arn:aws:ec2:us-east-2:1:vpc/v", "arn:aws:ec2:us-x:y-1:1:vpc/v"],
    ),
    ("arn:aws:ec2:us-east-*", &["arn:aws:ec2:us-east-1:1:vpc/v"], &["arn:aws:ec2:eu-west-1:1:vpc/v"]),
    (
        "arn:aws:ec2:*:vpc/v",
        &["arn:aws:ec2:us-east-1:1:vpc/v", "arn:aws:ec2:us-east-1:vpc/v"],
        &["arn:aws:ec2:us-east-1:1:vpc/w"],
    ),
    ("arn:aws:ec2:*:*:subnet/*", &["arn:aws:ec2:us-east-1:1:subnet/s"], &["arn:aws:ec2:us-east-1:1:vpc/v"]),
    ("arn:aws*:s3:::b", &["arn:aws:s3:::b", "arn:aws-cn:s3:::b"], &["arn:aw:s3:::b"]),
    ("arn:*:s3:::b", &["arn:aws:s3:::b", "arn:aws-cn:s3:::b"], &["arn:aws:s4:::b"]),
    // The free star is remembered while one after it is stopped by a colon.
    (
        "arn:aws:*:a*b:1:x",
        &["arn:aws:ec2:a-b:1:x", "arn:aws:ec2:a:ab:1:x", "arn:aws:ec2:a-:a-b:1:x"],
        &["arn:aws:ec2:a-:-b:1:x"],
    ),
    ("arn:aws:ec2:us-?ast-1:1:*", &["arn:aws:ec2:us-east-1:1:vpc/v"], &["arn:aws:ec2:us-:ast-1:1:vpc/v"]),
    (
        "arn:aws:ec2:us-e*t-?:1:*",
        &["arn:aws:ec2:us-east-1:1:v", "arn:aws:ec2:us-et-1:1:v"],
        &["arn:aws:ec2:us-east-:1:v", "arn:aws:ec2:us-east-12:1:v"],
    ),
    (
        "arn:aws:ec2:e*a*t:1:*",
        &["arn:aws:ec2:east:1:v", "arn:aws:ec2:eaat:1:v"],
        &["arn:aws:ec2:est:1:v", "arn:aws:ec2:eas:1:t:1:v"],
    ),
    // The sixth component has no borders.
    (
        "arn:aws:logs:r:1:log-group:g*x:s",
        &["arn:aws:logs:r:1:log-group:g:a:x:s"],
        &["arn:aws:logs:r:1:log-group:g:a:y:s"],
    ),
    // What is no ARN is a plain pattern.
    ("a*n", &["an", "a:b:n"], &["arn:x"]),
    ("*:b", &["arn:aws:s3:::b", "a:b"], &["arn:aws:s3:::c"]),
];

#[test]
fn resources_match_by_components() {
    for (pattern, yes, no) in RESOURCES {
        for (resources, expected, other) in
            [(yes, Verdict::Allowed, NOTHING), (no, NOTHING, Verdict::Allowed)]
        {
            for resource in *resources {
                let statement = |element: &str| json!({"Effect": "Allow", "Action": "*", element: pattern});
                assert_eq!(says(statement("Resource"), "s3:X", resource), expected, "{pattern} {resource}");
                assert_eq!(
                    says(statement("NotResource"), "s3:X", resource),
                    other,
                    "Not {pattern} {resource}"
                );
            }
        }
    }
}

#[test]
fn any_of_a_list_is_enough() {
    let of =
        |action: Value, resource: Value| json!({"Effect": "Allow", "Action": action, "Resource": resource});
    let lists = of(json!(["s3:GetObject", "ec2:*"]), json!(["arn:aws:s3:::a/*", "arn:aws:s3:::b/*"]));
    assert_eq!(says(lists.clone(), "s3:GetObject", "arn:aws:s3:::b/k"), Verdict::Allowed);
    assert_eq!(says(lists.clone(), "ec2:X", "arn:aws:s3:::a/k"), Verdict::Allowed);
    assert_eq!(says(lists.clone(), "s3:PutObject", "arn:aws:s3:::a/k"), NOTHING);
    assert_eq!(says(lists, "s3:GetObject", "arn:aws:s3:::c/k"), NOTHING);
    let not = json!({"Effect": "Allow", "NotAction": ["s3:*", "ec2:*"], "NotResource": ["arn:a", "arn:b"]});
    assert_eq!(says(not.clone(), "iam:X", "arn:c"), Verdict::Allowed);
    assert_eq!(says(not.clone(), "ec2:X", "arn:c"), NOTHING);
    assert_eq!(says(not, "iam:X", "arn:b"), NOTHING);
}

#[test]
fn patterns_match_in_time() {
    let stars = format!("{}b", "*a".repeat(1_000));
    assert_eq!(
        says(json!({"Effect": "Allow", "Action": stars, "Resource": "*"}), &"a".repeat(3_000), "*"),
        NOTHING
    );
}

/// Text of a policy, what it stands for to the user `alice` with the keys below; `None`: nothing.
const VARIABLES: &[(&str, Option<&str>)] = &[
    ("home/${aws:username}/x", Some("home/alice/x")),
    ("${AWS:UserName}", Some("alice")),
    ("${aws:username}${aws:username}", Some("alicealice")),
    ("${ aws:username }", Some("alice")),
    ("${aws:PrincipalAccount}", Some(HERE)),
    ("${aws:PrincipalTag/team}", Some("red*")),
    ("${aws:PrincipalTag/none, 'company-wide'}", Some("company-wide")),
    ("${aws:PrincipalTag/none,'a b'}", Some("a b")),
    ("${aws:PrincipalTag/none, ''}", Some("")),
    ("${aws:username, 'nobody'}", Some("alice")),
    ("${aws:PrincipalTag/none}", None),
    ("${aws:PrincipalTag/none, unquoted}", None),
    // Several values stand for nothing.
    ("${aws:TagKeys}", None),
    ("${*}${?}${$}", Some("*?$")),
    ("${$}{aws:username}", Some("${aws:username}")),
    ("$ {aws:username}", Some("$ {aws:username}")),
    ("${aws:username", Some("${aws:username")),
    ("{aws:username}", Some("{aws:username}")),
    ("$", Some("$")),
];

fn tagged() -> Context {
    let mut context = Context::new();
    context.set("aws:PrincipalTag/team", "red*");
    context.set_many("aws:TagKeys", vec![text("a"), text("b")]);
    context
}

#[test]
fn variables_stand_for_what_the_request_says() {
    let mut context = tagged();
    for (written, stands) in VARIABLES {
        context.set("k", stands.unwrap_or("none"));
        for (operator, negated) in [
            ("StringEquals", false),
            ("StringLike", false),
            ("StringEqualsIgnoreCase", false),
            ("StringNotEquals", true),
            ("StringNotLike", true),
        ] {
            let it = json!({"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {operator: {"k": written}}});
            // What stands for nothing is neither equal nor unequal.
            let met = stands.is_some() && !negated;
            let expected = if met { Verdict::Allowed } else { NOTHING };
            assert_eq!(alone(&policy(it.clone()), "s3:X", "*", &context), expected, "{operator} {written}");
            // The old version has no variables.
            if written.contains("${") && *written != "${aws:username" {
                let old = parse(json!({"Version": "2008-10-17", "Statement": it}));
                let expected = if negated { Verdict::Allowed } else { NOTHING };
                assert_eq!(alone(&old, "s3:X", "*", &context), expected, "{operator} {written}");
                let none = parse(json!({"Statement": it}));
                assert_eq!(alone(&none, "s3:X", "*", &context), expected, "{operator} {written}");
            }
        }
    }
}

#[test]
fn variables_in_resources() {
    let context = tagged();
    let own = |resource: Value| policy(json!({"Effect": "Allow", "Action": "*", "Resource": resource}));
    let of = |written: &str| own(json!(format!("arn:aws:s3:::b/{written}/*")));
    assert_eq!(alone(&of("${aws:username}"), "s3:X", "arn:aws:s3:::b/alice/k", &context), Verdict::Allowed);
    assert_eq!(alone(&of("${aws:username}"), "s3:X", "arn:aws:s3:::b/bob/k", &context), NOTHING);
    assert_eq!(alone(&of("${*}"), "s3:X", "arn:aws:s3:::b/*/k", &context), Verdict::Allowed);
    assert_eq!(alone(&of("${*}"), "s3:X", "arn:aws:s3:::b/x/k", &context), NOTHING);
    // What a variable stands for has no wildcards.
    assert_eq!(
        alone(&of("${aws:PrincipalTag/team}"), "s3:X", "arn:aws:s3:::b/red*/k", &context),
        Verdict::Allowed
    );
    assert_eq!(alone(&of("${aws:PrincipalTag/team}"), "s3:X", "arn:aws:s3:::b/reds/k", &context), NOTHING);
    assert_eq!(alone(&of("${aws:none}"), "s3:X", "arn:aws:s3:::b//k", &context), NOTHING);
    // Another entry of the list still counts.
    let two = own(json!(["arn:aws:s3:::${aws:none}", "arn:aws:s3:::c"]));
    assert_eq!(alone(&two, "s3:X", "arn:aws:s3:::c", &context), Verdict::Allowed);
    assert_eq!(alone(&two, "s3:X", "arn:aws:s3:::", &context), NOTHING);
    // Nor is a resource outside of what stands for nothing.
    let not = policy(json!({"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::${aws:none}"}));
    assert_eq!(alone(&not, "s3:X", "arn:aws:s3:::c", &context), NOTHING);
    // Literal in the old version.
    let old = parse(
        json!({"Statement": {"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::${aws:username}"}}),
    );
    assert_eq!(alone(&old, "s3:X", "arn:aws:s3:::${aws:username}", &context), Verdict::Allowed);
    assert_eq!(alone(&old, "s3:X", "arn:aws:s3:::alice", &context), NOTHING);
    // No element but these has variables.
    let action = policy(json!({"Effect": "Allow", "Action": "iam:${aws:username}", "Resource": "*"}));
    assert_eq!(alone(&action, "iam:alice", "*", &context), NOTHING);
}
