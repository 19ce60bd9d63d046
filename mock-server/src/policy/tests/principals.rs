//! Whom `Principal` and `NotPrincipal` name, and what follows from who asks.

use super::*;

/// How a resource's policy in another account sees who asks, all else allowing.
fn lets_in(who: &Principal, element: &str, named_there: &Value, effect: &str, kind: Kind) -> bool {
    let mut statement = json!({"Effect": effect, "Action": "*"});
    statement[element] = named_there.clone();
    if kind != Kind::Trust {
        statement["Resource"] = json!("*");
    }
    let mut statements = vec![statement];
    if effect == "Deny" {
        let mut open = json!({"Effect": "Allow", "Principal": {"AWS": "*", "Service": "sagemaker.amazonaws.com", "Federated": "arn:aws:iam::111122223333:oidc-provider/issuer.example.com"}, "Action": "*"});
        if kind != Kind::Trust {
            open["Resource"] = json!("*");
        }
        statements.push(open);
    }
    let resource = policy(json!(statements));
    let everything = policy(json!({"Effect": "Allow", "Action": "*", "Resource": "*"}));
    let context = Context::new();
    let request = Request {
        principal: who,
        action: "s3:X",
        resource: "arn:aws:s3:::b",
        resource_account: Some(THERE),
        context: &context,
    };
    let policies = Policies {
        identity: vec![named("it", &everything)],
        resource: Some(named("r", &resource)),
        resource_kind: kind,
        ..Policies::default()
    };
    decide(&request, &policies).allowed()
}

const EVERYBODY: [fn() -> Principal; 7] =
    [root, user, session, federated, provider, service, || Principal::Anonymous];

/// What is named, and who of `EVERYBODY` that is.
fn table() -> Vec<(Value, [bool; 7])> {
    const ACCOUNT: [bool; 7] = [true, true, true, true, false, false, false];
    const USER: [bool; 7] = [false, true, false, false, false, false, false];
    const SESSION: [bool; 7] = [false, false, true, false, false, false, false];
    const NOBODY: [bool; 7] = [false; 7];
    vec![
        (json!("*"), [true; 7]),
        (json!({"AWS": "*"}), [true; 7]),
        (json!({"AWS": ["123456789012", "*"]}), [true; 7]),
        (json!({"AWS": HERE}), ACCOUNT),
        (json!({"AWS": format!("arn:aws:iam::{HERE}:root")}), ACCOUNT),
        (json!({"AWS": format!("arn:aws-cn:iam::{HERE}:root")}), ACCOUNT),
        (json!({"AWS": ["arn:aws:iam::444455556666:root", HERE]}), ACCOUNT),
        (json!({"AWS": "arn:aws:iam::111122223333:user/staff/alice"}), USER),
        (json!({"AWS": "AIDAALICEALICEALICEAL"}), USER),
        (json!({"AWS": "arn:aws:iam::111122223333:user/alice"}), NOBODY),
        (json!({"AWS": "arn:aws:iam::111122223333:user/staff/Alice"}), NOBODY),
        (json!({"AWS": "arn:aws:iam::111122223333:user/*"}), NOBODY),
        (json!({"AWS": "arn:aws:iam::111122223333:*"}), NOBODY),
        (json!({"AWS": "alice"}), NOBODY),
        (json!({"AWS": ""}), NOBODY),
        (json!({"AWS": "11112222333"}), NOBODY),
        (json!({"AWS": "arn:aws:sts::111122223333:root"}), NOBODY),
        (json!({"AWS": "arn:aws:sts::111122223333:assumed-role/train/job"}), SESSION),
        (json!({"AWS": "arn:aws:iam::111122223333:role/service-role/train"}), SESSION),
        (json!({"AWS": "AROATRAINTRAINTRAINTR"}), SESSION),
        (json!({"AWS": "AROATRAINTRAINTRAINTR:job"}), SESSION),
        (json!({"AWS": "arn:aws:iam::111122223333:role/train"}), NOBODY),
        (json!({"AWS": "arn:aws:sts::111122223333:assumed-role/train/*"}), NOBODY),
        (
            json!({"AWS": "arn:aws:sts::111122223333:federated-user/bob"}),
            [false, false, false, true, false, false, false],
        ),
        (
            json!({"Federated": "arn:aws:iam::111122223333:oidc-provider/issuer.example.com"}),
            [false, false, false, false, true, false, false],
        ),
        (json!({"Federated": ["a", "b"]}), NOBODY),
        (json!({"Service": "sagemaker.amazonaws.com"}), [false, false, false, false, false, true, false]),
        (
            json!({"Service": ["ec2.amazonaws.com", "sagemaker.amazonaws.com"]}),
            [false, false, false, false, false, true, false],
        ),
        (json!({"Service": "ec2.amazonaws.com"}), NOBODY),
        (json!({"Service": "*"}), NOBODY),
        (
            json!({"CanonicalUser": "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"}),
            NOBODY,
        ),
        (json!({"CanonicalUser": "x", "AWS": HERE}), ACCOUNT),
        (json!({}), NOBODY),
    ]
}

#[test]
fn who_is_named() {
    for (named_there, expected) in table() {
        for (who, expected) in EVERYBODY.iter().zip(expected) {
            let who = who();
            assert_eq!(
                lets_in(&who, "Principal", &named_there, "Allow", Kind::Resource),
                expected,
                "{who:?} {named_there}"
            );
            assert_eq!(
                lets_in(&who, "Principal", &named_there, "Deny", Kind::Resource),
                !expected,
                "{who:?} {named_there}"
            );
            // A role trusts services and providers by name only.
            let all = named_there["AWS"] == "*" || named_there["AWS"][1] == "*";
            let expected = expected && !(all && (who == service() || who == provider()));
            assert_eq!(
                lets_in(&who, "Principal", &named_there, "Allow", Kind::Trust),
                expected,
                "{who:?} {named_there}"
            );
        }
    }
}

/// `NotPrincipal` spares whom it lists together with their account.
#[test]
fn who_is_spared() {
    let account = format!("arn:aws:iam::{HERE}:root");
    let list = |names: &[&str]| json!({"AWS": names});
    let table = [
        (user(), list(&["arn:aws:iam::111122223333:user/staff/alice", &account]), true),
        (user(), list(&["arn:aws:iam::111122223333:user/staff/alice", HERE]), true),
        (user(), list(&["arn:aws:iam::111122223333:user/staff/alice"]), false),
        (user(), list(&["arn:aws:iam::111122223333:user/bob", &account]), false),
        (user(), list(&[&account]), false),
        (root(), list(&[&account]), true),
        (root(), list(&["arn:aws:iam::111122223333:user/staff/alice"]), false),
        (session(), list(&["arn:aws:iam::111122223333:role/service-role/train", &account]), true),
        (session(), list(&["arn:aws:sts::111122223333:assumed-role/train/job", &account]), true),
        (session(), list(&["arn:aws:iam::111122223333:role/service-role/train"]), false),
        (user(), json!("*"), true),
        (user(), list(&["*"]), true),
        (Principal::Anonymous, list(&["*"]), true),
        (Principal::Anonymous, list(&[&account]), false),
        (service(), json!({"Service": "sagemaker.amazonaws.com"}), true),
        (service(), json!({"Service": "ec2.amazonaws.com"}), false),
        (
            provider(),
            json!({"Federated": "arn:aws:iam::111122223333:oidc-provider/issuer.example.com"}),
            true,
        ),
    ];
    for (who, spared, expected) in table {
        assert_eq!(
            lets_in(&who, "NotPrincipal", &spared, "Deny", Kind::Resource),
            expected,
            "{who:?} {spared}"
        );
        assert_eq!(
            lets_in(&who, "NotPrincipal", &spared, "Allow", Kind::Resource),
            !expected,
            "{who:?} {spared}"
        );
    }
}

/// ... but nobody who has a permissions boundary.
#[test]
fn a_boundary_is_not_spared() {
    let not = |effect: &str| {
        policy(json!([
            {"Effect": effect, "NotPrincipal": {"AWS": [HERE, "AIDAALICEALICEALICEAL"]}, "Action": "*", "Resource": "*"},
        ]))
    };
    let everything = policy(json!({"Effect": "Allow", "Action": "*", "Resource": "*"}));
    let context = Context::new();
    let who = user();
    let request =
        Request { principal: &who, action: "s3:X", resource: "*", resource_account: None, context: &context };
    for (effect, boundary, expected) in [
        ("Deny", false, Verdict::Allowed),
        ("Deny", true, Verdict::ExplicitDeny(Kind::Resource)),
        ("Allow", true, Verdict::Allowed),
    ] {
        let resource = not(effect);
        let policies = Policies {
            identity: vec![named("it", &everything)],
            boundary: boundary.then(|| named("b", &everything)),
            resource: Some(named("r", &resource)),
            ..Policies::default()
        };
        let decision = decide(&request, &policies);
        assert_eq!(decision.verdict, expected);
        assert!(
            decision.cited.iter().all(|cited| cited.effect == Effect::Deny || cited.kind != Kind::Resource)
        );
    }
}

/// A statement that names nobody is about nobody where policies name whom they are about, and about who asks where
/// they are attached to them. One that names somebody is about them everywhere.
#[test]
fn statements_without_principal() {
    let everything = policy(json!({"Effect": "Allow", "Action": "*", "Resource": "*"}));
    let bob = policy(json!({"Effect": "Allow", "Principal": {"AWS": "bob"}, "Action": "*", "Resource": "*"}));
    let context = Context::new();
    let who = user();
    let request =
        Request { principal: &who, action: "s3:X", resource: "*", resource_account: None, context: &context };
    let it = || named("it", &everything);
    let with = |policies: Policies<'_>| decide(&request, &policies).verdict;
    assert_eq!(with(Policies { resource: Some(it()), ..Policies::default() }), NOTHING);
    let trust = Policies { resource: Some(it()), resource_kind: Kind::Trust, ..Policies::default() };
    assert_eq!(with(trust), Verdict::ImplicitDeny(Kind::Trust));
    let endpoint = Policies { identity: vec![it()], endpoint: Some(it()), ..Policies::default() };
    assert_eq!(with(endpoint), Verdict::ImplicitDeny(Kind::Endpoint));
    assert_eq!(with(Policies { identity: vec![it()], ..Policies::default() }), Verdict::Allowed);
    assert_eq!(with(Policies { identity: vec![named("it", &bob)], ..Policies::default() }), NOTHING);
    // Only a trust policy does without a resource.
    let no_resource = policy(json!({"Effect": "Allow", "Principal": "*", "Action": "*"}));
    let it = || named("it", &no_resource);
    assert_eq!(with(Policies { identity: vec![it()], ..Policies::default() }), NOTHING);
    assert_eq!(with(Policies { resource: Some(it()), ..Policies::default() }), NOTHING);
    let trust = Policies { resource: Some(it()), resource_kind: Kind::Trust, ..Policies::default() };
    assert_eq!(with(trust), Verdict::Allowed);
}

/// The condition keys that follow from who asks.
#[test]
fn keys_of_principals() {
    type Keys = [Option<&'static str>; 7];
    const KEYS: [&str; 7] = [
        "aws:PrincipalArn",
        "aws:PrincipalAccount",
        "aws:PrincipalType",
        "aws:userid",
        "aws:username",
        "aws:PrincipalIsAWSService",
        "aws:PrincipalServiceName",
    ];
    let no = Some("false");
    let table: [(Principal, Keys); 7] = [
        (
            root(),
            [Some("arn:aws:iam::111122223333:root"), Some(HERE), Some("Account"), Some(HERE), None, no, None],
        ),
        (
            user(),
            [
                Some("arn:aws:iam::111122223333:user/staff/alice"),
                Some(HERE),
                Some("User"),
                Some("AIDAALICEALICEALICEAL"),
                Some("alice"),
                no,
                None,
            ],
        ),
        // The role's ARN, not the session's.
        (
            session(),
            [
                Some("arn:aws:iam::111122223333:role/service-role/train"),
                Some(HERE),
                Some("AssumedRole"),
                Some("AROATRAINTRAINTRAINTR:job"),
                None,
                no,
                None,
            ],
        ),
        (
            federated(),
            [
                Some("arn:aws:sts::111122223333:federated-user/bob"),
                Some(HERE),
                Some("FederatedUser"),
                Some("111122223333:bob"),
                None,
                no,
                None,
            ],
        ),
        (provider(), [None, None, None, Some("issuer.example.com:subject"), None, no, None]),
        (service(), [None, None, None, None, None, Some("true"), Some("sagemaker.amazonaws.com")]),
        (
            Principal::Anonymous,
            [None, Some("anonymous"), Some("Anonymous"), Some("anonymous"), None, None, None],
        ),
    ];
    let mut context = Context::new();
    let says = |who: &Principal, condition: Value, context: &Context| {
        let resource = policy(
            json!({"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*", "Condition": condition}),
        );
        let request =
            Request { principal: who, action: "s3:X", resource: "*", resource_account: Some(THERE), context };
        let everything = policy(json!({"Effect": "Allow", "Action": "*", "Resource": "*"}));
        let policies = Policies {
            identity: vec![named("it", &everything)],
            resource: Some(named("r", &resource)),
            ..Policies::default()
        };
        decide(&request, &policies).allowed()
    };
    for (who, values) in table {
        for (key, value) in KEYS.iter().zip(values) {
            for key in [text(key), key.to_uppercase()] {
                assert_eq!(
                    says(&who, json!({"Null": {&key: value.is_none()}}), &context),
                    true,
                    "{who:?} {key}"
                );
                if let Some(value) = value {
                    assert!(says(&who, json!({"StringEquals": {&key: value}}), &context), "{who:?} {key}");
                }
            }
        }
        for key in ["aws:PrincipalOrgID", "aws", "aws:", "x:username", "username", "äöü:userid"] {
            assert!(says(&who, json!({"Null": {key: true}}), &context), "{who:?} {key}");
        }
    }
    // What the context says goes before.
    context.set("AWS:userID", "somebody");
    assert!(says(&user(), json!({"StringEquals": {"aws:userid": "somebody"}}), &context));
    assert!(!says(&user(), json!({"StringEquals": {"aws:userid": "AIDAALICEALICEALICEAL"}}), &context));
    context.set_many("aws:userid", vec![]);
    assert!(says(&user(), json!({"StringEquals": {"aws:userid": "AIDAALICEALICEALICEAL"}}), &context));
}
