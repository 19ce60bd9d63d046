//! What IAM does, in an account in memory.

mod account;
mod documents;
mod linked;
mod users;

use super::super::{
    Caller, Home, Operation, Page, Principal, Printed, Read, Refused, Reply, ReplyWriter, View, Write,
};
use super::inline;
use super::role::*;
use super::tags::*;
use crate::kernel::{AccountId, Clock, ClockMode, Scope, SimTime};
use crate::model::{Account, Defaults, Partition, Role, User, World};
use serde::Serialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// 2026-01-05T09:00:00Z.
pub const NOW: SimTime = SimTime::from_millis(1_767_603_600_000);

/// An account, and somebody who calls.
pub struct Bench {
    pub account: Arc<Account>,
    pub caller: Caller,
}

impl Bench {
    pub fn new() -> Self {
        let id = AccountId::parse("111122223333").unwrap();
        let world = World::new(7, Defaults::default(), |wall| Clock::new(ClockMode::Manual, Some(NOW), wall));
        let caller = Caller {
            account: id,
            region: "us-east-1".into(),
            partition: Partition::Aws,
            principal: Principal::Root,
            session: None,
            access_key: String::new(),
            host: String::new(),
        };
        Self { account: world.account(id, NOW), caller }
    }

    pub fn read<O: Read>(&self, input: Value) -> Result<Value, Refused> {
        assert_eq!(O::HOME, Home::Account);
        let state = self.account.read(&Scope::Global);
        let view = View { state: &state, global: &state, caller: &self.caller, now: NOW };
        O::run(&view, of::<O>(input)).map(told).map_err(Into::into)
    }

    pub fn write<O: Write>(&self, input: Value) -> Result<Value, Refused> {
        assert_eq!(O::HOME, Home::Account);
        let change = |txn: &mut crate::model::Txn<'_>| O::run(txn, &self.caller, of::<O>(input));
        let answer = self.account.write(&Scope::Global, NOW, true, change).map(told).map_err(Into::into);
        let state = self.account.read(&Scope::Global);
        // Where a quota is tried out, looking at everything after each write would take long.
        if state.roles.len() + state.users.len() < 50 {
            assert_eq!(state.broken_invariants(), [""; 0], "after {}", O::NAME);
        }
        answer
    }

    /// Goes on as the user of this name.
    pub fn become_user(&mut self, name: &str) {
        let state = self.account.read(&Scope::Global);
        let user = state.users.get(&User::key_of(name)).unwrap();
        let (name, unique_id, arn) = (user.name.clone(), user.unique_id.clone(), user.arn.clone());
        self.caller.principal = Principal::User { name, unique_id, arn };
    }

    /// Makes a role that this principal may assume.
    pub fn role(&self, name: &str, principal: Value) -> Value {
        let trust =
            json!({"Statement": {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}});
        let input = json!({"RoleName": name, "AssumeRolePolicyDocument": trust.to_string()});
        self.write::<CreateRole>(input).unwrap()["Role"].take()
    }
}

fn of<O: Operation>(input: Value) -> O::In {
    serde_json::from_value(input).unwrap_or_else(|error| panic!("the input of {}: {error}", O::NAME))
}

fn told(reply: impl Reply) -> Value {
    struct Tell(Value);
    impl ReplyWriter for Tell {
        type Error = serde_json::Error;
        fn value<T: Serialize>(&mut self, value: &T) -> Result<(), serde_json::Error> {
            self.0 = serde_json::to_value(value)?;
            Ok(())
        }
        fn page<R: Printed>(&mut self, _: &Page<R>) -> Result<(), serde_json::Error> {
            unreachable!("no such reply here")
        }
    }
    let mut tell = Tell(Value::Null);
    reply.write(&mut tell).unwrap();
    tell.0
}

pub fn refusal(result: Result<Value, Refused>) -> (String, String, u16) {
    let refused = result.expect_err("it is refused");
    (refused.code.into_owned(), refused.message, refused.status)
}

fn is(code: &str, message: &str, status: u16) -> (String, String, u16) {
    (code.to_owned(), message.to_owned(), status)
}

fn service() -> Value {
    json!({"Service": "sagemaker.amazonaws.com"})
}

const POLICY: &str = r#"{"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}"#;

#[test]
fn a_role_is_told_as_aws_tells_it() {
    let bench = Bench::new();
    let trust = r#"{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}}"#;
    let created = bench.write::<CreateRole>(json!({
        "Path": "/team/", "RoleName": "Train", "AssumeRolePolicyDocument": trust, "Description": "d",
        "MaxSessionDuration": 7200, "Tags": [{"Key": "b", "Value": "2"}, {"Key": "a", "Value": "1"}],
    }));
    let encoded = "%7B%22Statement%22%3A%20%7B%22Effect%22%3A%20%22Allow%22%2C%20%22Principal%22%3A%20%22%2A%22%2C%20\
                   %22Action%22%3A%20%22sts%3AAssumeRole%22%7D%7D";
    let role = created.unwrap()["Role"].take();
    let id = role["RoleId"].as_str().unwrap().to_owned();
    assert!(
        id.len() == 21
            && id.starts_with("AROA")
            && id.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
    );
    let mut expected = json!({
        "Path": "/team/", "RoleName": "Train", "RoleId": id, "Arn": "arn:aws:iam::111122223333:role/team/Train",
        "CreateDate": NOW.millis(), "AssumeRolePolicyDocument": encoded,
        "Tags": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}],
    });
    assert_eq!(role, expected, "as recorded on AWS, it tells neither description nor session length");
    expected["Description"] = json!("d");
    expected["MaxSessionDuration"] = json!(7200);
    expected["RoleLastUsed"] = json!({});
    assert_eq!(bench.read::<GetRole>(json!({"RoleName": "tRAIN"})), Ok(json!({"Role": expected})));
}

#[test]
fn a_name_is_taken_in_whatever_case() {
    let bench = Bench::new();
    bench.role("train", service());
    let again = json!({"RoleName": "TRAIN", "AssumeRolePolicyDocument": POLICY.replace("s3:*", "sts:AssumeRole")
        .replace("\"Resource\"", "\"Principal\"")});
    let expected = is("EntityAlreadyExists", "Role with name TRAIN already exists.", 409);
    assert_eq!(refusal(bench.write::<CreateRole>(again)), expected);
}

#[test]
fn an_account_has_a_thousand_roles() {
    let bench = Bench::new();
    (0..1_000).for_each(|i| drop(bench.role(&format!("r{i}"), service())));
    let trust =
        json!({"Statement": {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}}).to_string();
    let one_more = bench.write::<CreateRole>(json!({"RoleName": "x", "AssumeRolePolicyDocument": trust}));
    assert_eq!(refusal(one_more), is("LimitExceeded", "Cannot exceed quota for RolesPerAccount: 1000", 409));
}

#[test]
fn what_is_not_there_is_not_found() {
    let bench = Bench::new();
    let expected = is("NoSuchEntity", "The role with name x cannot be found.", 404);
    let named = || json!({"RoleName": "x"});
    let with = |more: Value| {
        let mut input = named();
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        input
    };
    let policy = || with(json!({"PolicyName": "p", "PolicyDocument": POLICY}));
    for result in [
        bench.read::<GetRole>(named()),
        bench.write::<UpdateRole>(named()),
        bench.write::<UpdateRoleDescription>(with(json!({"Description": ""}))),
        bench.write::<UpdateAssumeRolePolicy>(policy()),
        bench.write::<DeleteRole>(named()),
        bench.write::<inline::Put<Role>>(policy()),
        bench.read::<inline::Get<Role>>(policy()),
        bench.read::<inline::List<Role>>(named()),
        bench.write::<inline::Delete<Role>>(policy()),
        bench.write::<Tag<Role>>(with(json!({"Tags": []}))),
        bench.write::<Untag<Role>>(with(json!({"TagKeys": []}))),
        bench.read::<ListTags<Role>>(named()),
    ] {
        assert_eq!(refusal(result), expected);
    }
    bench.role("x", service());
    let expected = is("NoSuchEntity", "The role policy with name p cannot be found.", 404);
    assert_eq!(refusal(bench.read::<inline::Get<Role>>(policy())), expected);
    assert_eq!(refusal(bench.write::<inline::Delete<Role>>(policy())), expected);
}

#[test]
fn roles_are_listed_in_parts_and_by_path() {
    let bench = Bench::new();
    for name in ["c", "A", "b"] {
        bench.role(name, service());
    }
    let trust =
        json!({"Statement": {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}}).to_string();
    let input =
        json!({"Path": "/team/", "RoleName": "d", "AssumeRolePolicyDocument": trust, "Description": "x"});
    bench.write::<CreateRole>(input).unwrap();
    let names = |answer: &Value| -> Vec<String> {
        let roles = answer["Roles"].as_array().unwrap().iter();
        roles.map(|role| role["RoleName"].as_str().unwrap().to_owned()).collect()
    };
    let first = bench.read::<ListRoles>(json!({"MaxItems": 2})).unwrap();
    assert_eq!((names(&first), &first["IsTruncated"]), (vec!["A".into(), "b".into()], &json!(true)));
    let rest = bench.read::<ListRoles>(json!({"Marker": first["Marker"]})).unwrap();
    assert_eq!((names(&rest), &rest["IsTruncated"]), (vec!["c".into(), "d".into()], &json!(false)));
    assert_eq!((rest.get("Marker"), &rest["Roles"][1]["Description"]), (None, &json!("x")));
    assert_eq!(names(&bench.read::<ListRoles>(json!({"PathPrefix": "/te"})).unwrap()), ["d"]);
    let bad = bench.read::<ListRoles>(json!({"Marker": "!"}));
    assert_eq!(refusal(bad), is("ValidationError", "Invalid Marker.", 400));
}

#[test]
fn an_update_changes_what_it_names() {
    let bench = Bench::new();
    bench.role("r", service());
    let input = json!({"RoleName": "r", "Description": "one", "MaxSessionDuration": 7200});
    assert_eq!(bench.write::<UpdateRole>(input), Ok(json!({})));
    assert_eq!(bench.write::<UpdateRole>(json!({"RoleName": "r"})), Ok(json!({})));
    let told = bench.write::<UpdateRoleDescription>(json!({"RoleName": "r", "Description": "two"})).unwrap();
    assert_eq!((&told["Role"]["Description"], told["Role"].get("MaxSessionDuration")), (&json!("two"), None));
    let trust =
        json!({"Statement": {"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole"}}).to_string();
    let update = json!({"RoleName": "r", "PolicyDocument": trust});
    assert_eq!(bench.write::<UpdateAssumeRolePolicy>(update), Ok(json!({})));
    let state = bench.account.read(&Scope::Global);
    let role: &Role = state.roles.get(&"r".to_owned()).unwrap();
    assert_eq!((role.max_session_seconds, role.description.as_deref()), (7200, Some("two")));
    assert_eq!(role.trust.text(), trust);
    let broken = bench.write::<UpdateAssumeRolePolicy>(json!({"RoleName": "r", "PolicyDocument": "{"}));
    assert_eq!(refusal(broken), is("MalformedPolicyDocument", "This policy contains invalid Json", 400));
}

#[test]
fn inline_policies_come_and_go_before_their_role() {
    let bench = Bench::new();
    bench.role("Train", service());
    for name in ["b", "a"] {
        let input = json!({"RoleName": "train", "PolicyName": name, "PolicyDocument": POLICY});
        assert_eq!(bench.write::<inline::Put<Role>>(input), Ok(json!({})));
    }
    let listed = bench.read::<inline::List<Role>>(json!({"RoleName": "Train", "MaxItems": 1})).unwrap();
    assert_eq!((&listed["PolicyNames"], &listed["IsTruncated"]), (&json!(["a"]), &json!(true)));
    let rest = bench.read::<inline::List<Role>>(json!({"RoleName": "Train", "Marker": listed["Marker"]}));
    assert_eq!(rest, Ok(json!({"PolicyNames": ["b"], "IsTruncated": false})));
    let got = bench.read::<inline::Get<Role>>(json!({"RoleName": "train", "PolicyName": "a"})).unwrap();
    assert_eq!((&got["RoleName"], &got["PolicyName"]), (&json!("Train"), &json!("a")));
    assert!(got["PolicyDocument"].as_str().unwrap().starts_with("%7B%22Statement%22%3A%20%7B"));
    let held = bench.write::<DeleteRole>(json!({"RoleName": "Train"}));
    assert_eq!(refusal(held), is("DeleteConflict", "Cannot delete entity, must delete policies first.", 409));
    for name in ["a", "b"] {
        bench.write::<inline::Delete<Role>>(json!({"RoleName": "Train", "PolicyName": name})).unwrap();
    }
    assert_eq!(bench.write::<DeleteRole>(json!({"RoleName": "Train"})), Ok(json!({})));
    assert!(bench.account.read(&Scope::Global).roles.is_empty());
}

#[test]
fn inline_policies_share_one_limit() {
    let bench = Bench::new();
    bench.role("Train", service());
    let large = POLICY.replace("s3:*", &format!("s3:{}", "x".repeat(6_000)));
    let put = |name: &str| {
        bench.write::<inline::Put<Role>>(
            json!({"RoleName": "train", "PolicyName": name, "PolicyDocument": large}),
        )
    };
    put("a").unwrap();
    put("a").unwrap();
    let message = "Maximum policy size of 10240 bytes exceeded for role Train";
    assert_eq!(refusal(put("b")), is("LimitExceeded", message, 409));
    let listed = bench.read::<inline::List<Role>>(json!({"RoleName": "Train"})).unwrap();
    assert_eq!(listed["PolicyNames"], json!(["a"]), "the refused one is not there");
}

#[test]
fn tags_are_told_apart_whatever_their_case() {
    let bench = Bench::new();
    bench.role("r", service());
    let tag = |key: &str, value: &str| json!({"Key": key, "Value": value});
    let put = |tags: Value| bench.write::<Tag<Role>>(json!({"RoleName": "r", "Tags": tags}));
    put(json!([tag("Team", "a"), tag("env", "x")])).unwrap();
    put(json!([tag("TEAM", "b")])).unwrap();
    let list = |more: Value| bench.read::<ListTags<Role>>(more).unwrap();
    let all = list(json!({"RoleName": "r"}));
    assert_eq!(all, json!({"Tags": [tag("TEAM", "b"), tag("env", "x")], "IsTruncated": false}));
    let first = list(json!({"RoleName": "r", "MaxItems": 1}));
    let rest = list(json!({"RoleName": "r", "Marker": first["Marker"]}));
    assert_eq!((&first["Tags"], &rest["Tags"]), (&json!([tag("TEAM", "b")]), &json!([tag("env", "x")])));
    let twice = put(json!([tag("k", "1"), tag("K", "2")]));
    let message = "Duplicate tag keys found. Please note that Tag keys are case insensitive.";
    assert_eq!(refusal(twice), is("InvalidInput", message, 400));
    let many = put((0..49).map(|i| tag(&format!("k{i}"), "")).collect());
    assert_eq!(refusal(many), is("LimitExceeded", "Cannot exceed quota for TagsPerRole: 50", 409));
    bench.write::<Untag<Role>>(json!({"RoleName": "r", "TagKeys": ["team", "none"]})).unwrap();
    assert_eq!(list(json!({"RoleName": "r"}))["Tags"], json!([tag("env", "x")]));
}
