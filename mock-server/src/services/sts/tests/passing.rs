//! What is passed along when a role is assumed: external ids, tags, source identities, session policies; and over the
//! border of accounts.

use super::*;
use crate::iam::who;
use crate::kernel::{AccountId, Clock, ClockMode};
use crate::model::{Account, Defaults, World};

fn denied(result: Result<Value, crate::services::Refused>) -> String {
    let (code, message, status) = refusal(result);
    assert_eq!((code.as_str(), status), ("AccessDenied", 403), "{message}");
    message
}

#[test]
fn an_external_id_must_be_the_right_one() {
    let bench = Bench::new();
    let condition = json!({"StringEquals": {"sts:ExternalId": "x7"}});
    role_trusting(&bench, "Dev", allow(json!("sts:AssumeRole"), account(), condition));
    denied(assume(&bench, "Dev", json!({})));
    denied(assume(&bench, "Dev", json!({"ExternalId": "x8"})));
    assert!(assume(&bench, "Dev", json!({"ExternalId": "x7"})).is_ok());
}

#[test]
fn a_role_can_ask_for_the_name_of_the_session_and_the_tags_of_the_caller() {
    let mut bench = Bench::new();
    let condition =
        json!({"StringEquals": {"sts:RoleSessionName": "${aws:username}", "aws:PrincipalTag/team": "blue"}});
    role_trusting(&bench, "Dev", allow(json!("sts:AssumeRole"), account(), condition));
    become_user(&mut bench, "me", &[may("sts:AssumeRole", "*")]);
    assert!(assume(&bench, "Dev", json!({})).is_ok());
    become_user(&mut bench, "you", &[may("sts:AssumeRole", "*")]);
    denied(assume(&bench, "Dev", json!({})));
}

#[test]
fn a_user_needs_a_policy_unless_the_role_names_the_user() {
    let mut bench = Bench::new();
    bench.role("Any", account());
    bench.role("Ann", json!({"AWS": "arn:aws:iam::111122223333:user/ann"}));
    become_user(&mut bench, "ann", &[]);
    let message = denied(assume(&bench, "Any", json!({})));
    assert!(
        message.ends_with("because no identity-based policy allows the sts:AssumeRole action"),
        "{message}"
    );
    assert!(assume(&bench, "Ann", json!({})).is_ok());
    let deny =
        json!({"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "sts:*", "Resource": "*"}});
    become_user(&mut bench, "ann", &[deny]);
    let message = denied(assume(&bench, "Ann", json!({})));
    assert!(message.ends_with("with an explicit deny in an identity-based policy"), "{message}");
}

#[test]
fn tags_must_be_allowed_and_some_go_on() {
    let mut bench = Bench::new();
    bench.role("Plain", json!("*"));
    let tags = json!({"Tags": [{"Key": "team", "Value": "red"}, {"Key": "cost", "Value": "7"}],
        "TransitiveTagKeys": ["Team"]});
    let message = denied(assume(&bench, "Plain", tags.clone()));
    assert!(message.contains("is not authorized to perform: sts:TagSession on resource"), "{message}");

    let both = json!(["sts:AssumeRole", "sts:TagSession"]);
    let condition = json!({"StringEquals": {"aws:RequestTag/team": "red"},
        "ForAllValues:StringEquals": {"aws:TagKeys": ["team", "cost"], "sts:TransitiveTagKeys": ["team"]}});
    role_trusting(&bench, "First", allow(both.clone(), json!("*"), condition));
    role_trusting(&bench, "Second", allow(both, json!("*"), json!({})));
    let answer = assume(&bench, "First", tags).unwrap();
    assert_eq!(answer["PackedPolicySize"], json!(4));
    become_session(&mut bench, &answer);
    let of = |bench: &Bench| {
        let state = bench.account.read(&Scope::Global);
        let tags = who::tags(&state, &bench.caller.principal, bench.caller.session.as_deref());
        tags.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>()
    };
    assert_eq!(of(&bench), ["cost=7", "team=red"]);

    let conflict = refusal(assume(&bench, "Second", json!({"Tags": [{"Key": "TEAM", "Value": "x"}]})));
    assert_eq!((conflict.0.as_str(), conflict.2), ("InvalidParameterValue", 400));
    assert!(conflict.1.contains("conflicts with a transitive tag key"));
    assert!(
        denied(assume(&bench, "Plain", json!({}))).contains("sts:TagSession"),
        "they go on, and need leave again"
    );
    let answer = assume(&bench, "Second", json!({"Tags": [{"Key": "cost", "Value": "8"}]})).unwrap();
    become_session(&mut bench, &answer);
    assert_eq!(of(&bench), ["cost=8", "team=red"]);
}

#[test]
fn tags_that_cannot_be() {
    let bench = Bench::new();
    role_trusting(&bench, "Dev", allow(json!("sts:*"), json!("*"), json!({})));
    let many: Vec<_> = (0..9).map(|i| json!({"Key": format!("T{i}"), "Value": "a".repeat(250)})).collect();
    for (more, code, text) in [
        (
            json!({"Tags": [{"Key": "a", "Value": ""}, {"Key": "A", "Value": ""}]}),
            "InvalidParameterValue",
            "Duplicate",
        ),
        (json!({"Tags": [{"Key": "AWS:a", "Value": ""}]}), "InvalidParameterValue", "AWS:a"),
        (json!({"TransitiveTagKeys": ["a"]}), "InvalidParameterValue", "must be included"),
        (
            json!({"Tags": many}),
            "PackedPolicyTooLarge",
            "Packed size of session tags consumes 498% of allotted space.",
        ),
    ] {
        let (found, message, status) = refusal(assume(&bench, "Dev", more));
        assert_eq!((found.as_str(), status), (code, 400));
        assert!(message.contains(text), "{message}");
    }
}

#[test]
fn a_source_identity_must_be_allowed_and_stays() {
    let mut bench = Bench::new();
    bench.role("Plain", json!("*"));
    role_trusting(&bench, "Dev", allow(json!("sts:*"), json!("*"), json!({})));
    let ann = json!({"SourceIdentity": "ann"});
    assert!(denied(assume(&bench, "Plain", ann.clone())).contains("sts:SetSourceIdentity"));
    let answer = assume(&bench, "Dev", ann).unwrap();
    assert_eq!(answer["SourceIdentity"], "ann");
    become_session(&mut bench, &answer);
    assert!(denied(assume(&bench, "Plain", json!({}))).contains("sts:SetSourceIdentity"));
    assert_eq!(assume(&bench, "Dev", json!({})).unwrap()["SourceIdentity"], "ann");
    denied(assume(&bench, "Dev", json!({"SourceIdentity": "bob"})));
}

#[test]
fn session_policies_limit_what_the_session_assumes() {
    let mut bench = Bench::new();
    bench.role("First", account());
    bench.role("Second", account());
    edit(&bench, |state| {
        state.roles.update(&"first".to_owned(), |role| {
            role.grants.inline.insert("all".into(), PolicyDocument::new(may("*", "*").to_string()));
        });
    });
    let mut as_first = |more| {
        bench.caller.principal = Principal::Root;
        bench.caller.session = None;
        let answer = assume(&bench, "First", more).unwrap();
        become_session(&mut bench, &answer);
        assume(&bench, "Second", json!({}))
    };
    assert!(as_first(json!({})).is_ok());
    let message = denied(as_first(json!({"Policy": may("s3:*", "*").to_string()})));
    assert!(message.ends_with("because no session policy allows the sts:AssumeRole action"), "{message}");
    assert!(as_first(json!({"Policy": may("sts:*", "*").to_string()})).is_ok());
    let arn = |name| json!({"PolicyArns": [{"arn": format!("arn:aws:iam::aws:policy/{name}")}]});
    denied(as_first(arn("AmazonS3FullAccess")));
    assert!(as_first(arn("AdministratorAccess")).is_ok());
}

#[test]
fn session_policies_that_cannot_be() {
    let bench = Bench::new();
    bench.role("Dev", account());
    let of = |more| {
        let (code, _, status) = refusal(assume(&bench, "Dev", more));
        assert_eq!(status, 400);
        code
    };
    assert_eq!(of(json!({"Policy": "{"})), "MalformedPolicyDocument");
    assert_eq!(of(json!({"Policy": "{}"})), "MalformedPolicyDocument");
    let arns = |arn: &str, n: usize| json!({"PolicyArns": vec![json!({"arn": arn}); n]});
    assert_eq!(of(arns("arn:aws:iam::111122223333:policy/none", 1)), "MalformedPolicyDocument");
    assert_eq!(of(arns("arn:aws:iam::aws:policy/ReadOnlyAccess", 11)), "ValidationError");
    let statements: Vec<_> = (0..200)
        .map(|i| json!({"Effect": "Allow", "Action": format!("s3:Get{}", i * 7_919 % 1_000), "Resource": format!("arn:aws:s3:::b{}", i * 104_729 % 9_973)}))
        .collect();
    let large = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
    assert_eq!(of(json!({"Policy": large})), "PackedPolicyTooLarge");
}

/// Two accounts of one world, which must live as long as they do.
fn two() -> (World, Bench, Bench) {
    let world: World =
        World::new(7, Defaults::default(), |wall| Clock::new(ClockMode::Manual, Some(NOW), wall));
    let bench = |id: &str| {
        let id = AccountId::parse(id).unwrap();
        let account: std::sync::Arc<Account> = world.account(id, NOW);
        let mut bench = Bench::new();
        (bench.account, bench.caller.account) = (account, id);
        bench
    };
    let (here, there) = (bench("111122223333"), bench("999988887777"));
    (world, here, there)
}

#[test]
fn a_role_of_another_account_is_assumed_over_there() {
    let (_world, mut here, there) = two();
    there.role("Guest", account());
    let arn = "arn:aws:iam::999988887777:role/Guest";
    let ask = |bench: &Bench| bench.write::<AssumeRole>(json!({"RoleArn": arn, "RoleSessionName": "me"}));

    become_user(&mut here, "ann", &[]);
    let message = denied(ask(&here));
    assert_eq!(
        message,
        format!(
            "User: arn:aws:iam::111122223333:user/ann is not authorized to perform: sts:AssumeRole on resource: {arn}"
        ),
        "nobody is told why, over the border"
    );
    become_user(&mut here, "ann", &[may("sts:AssumeRole", arn)]);
    let answer = ask(&here).unwrap();
    assert_eq!(answer["AssumedRoleUser"]["Arn"], "arn:aws:sts::999988887777:assumed-role/Guest/me");
    let key = answer["Credentials"]["AccessKeyId"].as_str().unwrap().to_owned();
    assert_eq!(account_of(&key), Some(there.account.id));
    assert!(there.account.read(&Scope::Global).sessions.contains(&key));
    assert!(!here.account.read(&Scope::Global).sessions.contains(&key));

    role_trusting(&there, "Guest", allow(json!("sts:AssumeRole"), json!({"AWS": "123456789012"}), json!({})));
    denied(ask(&here));
    let nowhere = json!({"RoleArn": "arn:aws:iam::000000000007:role/Guest", "RoleSessionName": "me"});
    denied(here.write::<AssumeRole>(nowhere));
}
