//! What STS does, in an account in memory.

mod federation;
mod passing;
mod web_identity;

use super::account_of;
use super::assume::AssumeRole;
use super::identity::GetCallerIdentity;
use crate::kernel::Scope;
use crate::model::{Grants, PolicyDocument, State, User};
use crate::services::Principal;
use crate::services::iam::tests::{Bench, NOW, refusal};
use serde_json::{Value, json};

fn account() -> Value {
    json!({"AWS": "111122223333"})
}

fn assume(bench: &Bench, role: &str, more: Value) -> Result<Value, crate::services::Refused> {
    let mut input =
        json!({"RoleArn": format!("arn:aws:iam::111122223333:role/{role}"), "RoleSessionName": "me"});
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    bench.write::<AssumeRole>(input)
}

/// Goes on as the session behind these credentials.
fn become_session(bench: &mut Bench, answer: &Value) {
    let key = answer["Credentials"]["AccessKeyId"].as_str().unwrap();
    let state = bench.account.read(&Scope::Global);
    let session = state.sessions.get(&key.to_owned()).unwrap();
    bench.caller.principal = session.principal.clone();
    bench.caller.session = Some(session.clone());
}

/// Goes on as a user of this name with these inline policies.
fn become_user(bench: &mut Bench, name: &str, policies: &[Value]) {
    let arn = format!("arn:aws:iam::{}:user/{name}", bench.account.id);
    let grants = Grants {
        inline: (0..)
            .zip(policies)
            .map(|(i, text)| (format!("p{i}"), PolicyDocument::new(text.to_string())))
            .collect(),
        ..Grants::default()
    };
    let user = User {
        name: name.into(),
        unique_id: format!("AIDA{name}"),
        path: "/".into(),
        arn: arn.clone(),
        created: NOW,
        grants,
        groups: Default::default(),
        tags: [("team", "blue")].into_iter().collect(),
    };
    edit(bench, |state| drop(state.users.insert(user)));
    bench.caller.principal = Principal::User { name: name.into(), unique_id: format!("AIDA{name}"), arn };
    bench.caller.session = None;
}

fn edit(bench: &Bench, change: impl FnOnce(&mut State)) {
    let done: Result<(), ()> = bench.account.write(&Scope::Global, NOW, true, |txn| {
        change(&mut txn.state);
        Ok(())
    });
    done.unwrap();
}

/// A role with these statements in its trust policy, made if need be.
fn role_trusting(bench: &Bench, name: &str, statements: Value) {
    if !bench.account.read(&Scope::Global).roles.contains(&name.to_lowercase()) {
        bench.role(name, json!("*"));
    }
    let trust = PolicyDocument::new(json!({"Version": "2012-10-17", "Statement": statements}).to_string());
    edit(bench, |state| drop(state.roles.update(&name.to_lowercase(), |role| role.trust = trust)));
}

fn allow(actions: Value, principal: Value, condition: Value) -> Value {
    json!({"Effect": "Allow", "Principal": principal, "Action": actions, "Condition": condition})
}

fn may(action: &str, resource: &str) -> Value {
    json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": action, "Resource": resource}})
}

#[test]
fn a_caller_learns_who_they_are() {
    let mut bench = Bench::new();
    let root =
        json!({"UserId": "111122223333", "Account": "111122223333", "Arn": "arn:aws:iam::111122223333:root"});
    assert_eq!(bench.read::<GetCallerIdentity>(json!({})), Ok(root));
    let role = bench.role("Dev", account());
    let answer = assume(&bench, "Dev", json!({})).unwrap();
    become_session(&mut bench, &answer);
    let session = json!({
        "UserId": format!("{}:me", role["RoleId"].as_str().unwrap()),
        "Account": "111122223333",
        "Arn": "arn:aws:sts::111122223333:assumed-role/Dev/me",
    });
    assert_eq!(bench.read::<GetCallerIdentity>(json!({})), Ok(session));
}

#[test]
fn a_session_has_keys_that_lead_back_to_it() {
    let bench = Bench::new();
    let role = bench.role("Dev", account());
    let answer = assume(&bench, "Dev", json!({"DurationSeconds": 900})).unwrap();
    let user = json!({
        "AssumedRoleId": format!("{}:me", role["RoleId"].as_str().unwrap()),
        "Arn": "arn:aws:sts::111122223333:assumed-role/Dev/me",
    });
    assert_eq!(answer["AssumedRoleUser"], user);
    let credentials = &answer["Credentials"];
    let text = |member: &str| credentials[member].as_str().unwrap().to_owned();
    assert_eq!(account_of(&text("AccessKeyId")), Some(bench.account.id));
    assert_eq!((text("SecretAccessKey").len(), text("SessionToken").len()), (40, 356));
    assert_eq!(credentials["Expiration"], json!(NOW.millis() + 900_000));
    assert_ne!(assume(&bench, "Dev", json!({})).unwrap()["Credentials"], *credentials);

    let again = Bench::new();
    again.role("Dev", account());
    let repeated = assume(&again, "Dev", json!({"DurationSeconds": 900}));
    assert_eq!(repeated, Ok(answer), "the same seed and the same calls give the same answer");
}

#[test]
fn a_role_that_does_not_trust_the_caller_is_as_good_as_none() {
    let bench = Bench::new();
    bench.role("Train", json!({"Service": "sagemaker.amazonaws.com"}));
    bench.role("Open", json!("*"));
    for role in ["Train", "none", "team/Open", "open"] {
        let message = format!(
            "User: arn:aws:iam::111122223333:root is not authorized to perform: sts:AssumeRole on resource: \
             arn:aws:iam::111122223333:role/{role}"
        );
        assert_eq!(refusal(assume(&bench, role, json!({}))), ("AccessDenied".into(), message, 403));
    }
    assert!(assume(&bench, "Open", json!({})).is_ok());
}

#[test]
fn a_role_may_trust_a_role() {
    let mut bench = Bench::new();
    bench.role("First", account());
    bench.role("Third", account());
    bench.role("Second", json!({"AWS": "arn:aws:iam::111122223333:role/First"}));
    assert_eq!(assume(&bench, "Second", json!({})).unwrap_err().status, 403);
    let answer = assume(&bench, "First", json!({})).unwrap();
    become_session(&mut bench, &answer);
    assert!(assume(&bench, "Second", json!({})).is_ok());
    // The account is trusted, but the account has not let this role assume anything.
    let message = "User: arn:aws:sts::111122223333:assumed-role/First/me is not authorized to perform: \
                   sts:AssumeRole on resource: arn:aws:iam::111122223333:role/Third because no identity-based policy \
                   allows the sts:AssumeRole action";
    assert_eq!(refusal(assume(&bench, "Third", json!({}))).1, message);
}

#[test]
fn a_session_lasts_no_longer_than_its_role_allows() {
    let mut bench = Bench::new();
    bench.role("Dev", account());
    let too_long = |bench: &Bench| refusal(assume(bench, "Dev", json!({"DurationSeconds": 7_200})));
    let invalid = |message: &str| ("ValidationError".to_owned(), message.to_owned(), 400);
    let message = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.";
    assert_eq!(too_long(&bench), invalid(message));
    let longer: Result<_, ()> = bench.account.write(&Scope::Global, NOW, true, |txn| {
        Ok(txn.state.roles.update(&"dev".to_owned(), |role| role.max_session_seconds = 43_200))
    });
    assert!(longer.is_ok_and(|role| role.is_some()));
    let answer = assume(&bench, "Dev", json!({"DurationSeconds": 7_200})).unwrap();
    become_session(&mut bench, &answer);
    role_trusting(&bench, "Next", allow(json!("sts:AssumeRole"), json!("*"), json!({})));
    edit(&bench, |state| {
        drop(state.roles.update(&"next".to_owned(), |role| role.max_session_seconds = 43_200))
    });
    let too_long = |bench: &Bench| refusal(assume(bench, "Next", json!({"DurationSeconds": 7_200})));
    let message =
        "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.";
    assert_eq!(too_long(&bench), invalid(message));
}

#[test]
fn an_arn_has_all_its_parts() {
    let bench = Bench::new();
    for arn in [
        "nothing-valid-in-here",
        "arn::b:::something/test-role",
        "arn:a::::something/test-role",
        "arn:a:a::aa:",
    ] {
        let refused = bench.write::<AssumeRole>(json!({"RoleArn": arn, "RoleSessionName": "me"}));
        assert_eq!(refusal(refused), ("ValidationError".into(), format!("{arn} is invalid"), 400));
    }
}
