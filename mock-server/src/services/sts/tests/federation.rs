//! Temporary credentials of users, what they are not good for, and what can be asked about keys and refusals.

use super::*;
use crate::iam::message::Message;
use crate::iam::who;
use crate::policy::{Context, Decision, Kind, Verdict};
use crate::services::sts::federation::{GetFederationToken, GetSessionToken};
use crate::services::sts::identity::{DecodeAuthorizationMessage, GetAccessKeyInfo};
use crate::services::sts::{KeyKind, access_key};

fn lasts(answer: &Value) -> i64 {
    (answer["Credentials"]["Expiration"].as_i64().unwrap() - NOW.millis()) / 1_000
}

#[test]
fn a_user_gets_a_session_and_stays_who_they_are() {
    let mut bench = Bench::new();
    assert_eq!(lasts(&bench.write::<GetSessionToken>(json!({})).unwrap()), 3_600, "the root has no more");
    become_user(&mut bench, "ann", &[]);
    let who_is = bench.read::<GetCallerIdentity>(json!({})).unwrap();
    let answer = bench.write::<GetSessionToken>(json!({})).unwrap();
    assert_eq!(lasts(&answer), 43_200);
    let day = bench.write::<GetSessionToken>(json!({"DurationSeconds": 129_600})).unwrap();
    assert_eq!(lasts(&day), 129_600);
    become_session(&mut bench, &answer);
    assert_eq!(bench.read::<GetCallerIdentity>(json!({})), Ok(who_is));
    let device = json!({"SerialNumber": "arn:aws:iam::111122223333:mfa/ann", "TokenCode": "123456"});
    bench.caller.session = None;
    assert_eq!(refusal(bench.write::<GetSessionToken>(device)).0, "AccessDenied");
}

#[test]
fn a_federated_user_has_a_name_and_whose_policies_count() {
    let mut bench = Bench::new();
    become_user(&mut bench, "ann", &[may("s3:*", "*")]);
    let input = json!({"Name": "guest", "Policy": may("s3:Get*", "*").to_string(), "DurationSeconds": 900});
    let answer = bench.write::<GetFederationToken>(input).unwrap();
    let user = json!({"FederatedUserId": "111122223333:guest",
        "Arn": "arn:aws:sts::111122223333:federated-user/guest"});
    assert_eq!((&answer["FederatedUser"], lasts(&answer)), (&user, 900));
    assert!(answer["PackedPolicySize"].as_i64().is_some_and(|percent| percent > 0));
    become_session(&mut bench, &answer);
    let identity = bench.read::<GetCallerIdentity>(json!({})).unwrap();
    assert_eq!((&identity["UserId"], &identity["Arn"]), (&user["FederatedUserId"], &user["Arn"]));
    let state = bench.account.read(&Scope::Global);
    let held = who::held(&state, &bench.caller.principal).unwrap();
    assert_eq!(held.identity.len(), 1);
    assert!(bench.caller.session.as_ref().is_some_and(|session| session.is_limited()));
    bench.role("Open", json!("*"));
    assert_eq!(assume(&bench, "Open", json!({})).unwrap_err().status, 403, "it may assume nothing");
}

#[test]
fn sessions_make_no_sessions_but_by_roles() {
    let mut bench = Bench::new();
    bench.role("Dev", account());
    let of_root = bench.write::<GetSessionToken>(json!({})).unwrap();
    let of_role = assume(&bench, "Dev", json!({})).unwrap();
    for (answer, may_ask) in [(of_root, false), (of_role, true)] {
        become_session(&mut bench, &answer);
        for (result, operation) in [
            (bench.write::<GetSessionToken>(json!({})), "GetSessionToken"),
            (bench.write::<GetFederationToken>(json!({"Name": "x"})), "GetFederationToken"),
        ] {
            let text = format!("Cannot call {operation} with session credentials");
            assert_eq!(refusal(result), ("AccessDenied".into(), text, 403));
        }
        let key = access_key(KeyKind::LongTerm, bench.account.id, 7);
        let asked = bench.read::<GetAccessKeyInfo>(json!({"AccessKeyId": key}));
        assert_eq!(asked.is_ok(), may_ask);
    }
}

#[test]
fn a_key_says_whose_it_is() {
    let bench = Bench::new();
    let ask = |key: &str| bench.read::<GetAccessKeyInfo>(json!({"AccessKeyId": key}));
    assert_eq!(ask("AKIAQNZGKIQY56JQ7WML"), Ok(json!({"Account": "029608264753"})));
    assert_eq!(refusal(ask("AKIAIOSFODNN7EXAMPLE")).0, "ValidationError");
}

#[test]
fn a_refusal_in_code_is_read() {
    let bench = Bench::new();
    let decision = Decision { verdict: Verdict::ImplicitDeny(Kind::Identity), cited: Vec::new() };
    let caller = &bench.caller;
    let asker = who::asker(caller.partition, caller.account, &caller.principal);
    let (action, context) = ("ec2:CreateVpc", Context::new());
    let code = Message::new(&decision, &asker, action, "*", &context, &[]).encode(caller.account);
    let ask = |code: &str| bench.read::<DecodeAuthorizationMessage>(json!({"EncodedMessage": code}));
    let text = ask(&code).unwrap()["DecodedMessage"].take();
    let said: Value = serde_json::from_str(text.as_str().unwrap()).unwrap();
    assert_eq!((&said["allowed"], &said["context"]["action"]), (&json!(false), &json!(action)));
    assert_eq!(refusal(ask("bogus")).0, "InvalidAuthorizationMessageException");
}
