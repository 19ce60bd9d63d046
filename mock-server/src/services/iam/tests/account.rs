//! Passwords, and the account as a whole.

use super::super::account::*;
use super::super::authorization::*;
use super::super::credential_report::*;
use super::super::group::AddUserToGroup;
use super::super::login_profile::*;
use super::users::policy;
use super::{Bench, is, refusal, service};
use crate::kernel::Scope;
use crate::model::{Group, InstanceProfile, PolicyDocument, Role, User};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

#[test]
fn a_password_comes_changes_and_goes() {
    let mut bench = Bench::new();
    bench.user("ann");
    let missing = is("NoSuchEntity", "Login Profile for User ann cannot be found.", 404);
    let get = |bench: &Bench| bench.read::<GetLoginProfile>(json!({"UserName": "ann"}));
    let update = |bench: &Bench, more: Value| {
        let mut input = json!({"UserName": "ann"});
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        bench.write::<UpdateLoginProfile>(input)
    };
    assert_eq!(refusal(get(&bench)), missing);
    assert_eq!(refusal(update(&bench, json!({}))), missing);
    assert_eq!(refusal(bench.write::<DeleteLoginProfile>(json!({"UserName": "ann"}))), missing);
    let create = |bench: &Bench, password: &str| {
        bench.write::<CreateLoginProfile>(json!({"UserName": "ann", "Password": password}))
    };
    let weak =
        is("PasswordPolicyViolation", "Password does not conform to the account password policy.", 400);
    assert_eq!(refusal(create(&bench, "password")), weak);
    let mut profile =
        json!({"UserName": "ann", "CreateDate": super::NOW.millis(), "PasswordResetRequired": false});
    assert_eq!(create(&bench, "Passw0rd"), Ok(json!({"LoginProfile": profile})));
    let twice = is("EntityAlreadyExists", "Login Profile for user ann already exists.", 409);
    assert_eq!(refusal(create(&bench, "Passw0rd")), twice);
    assert_eq!(refusal(update(&bench, json!({"Password": "x"}))), weak);
    update(&bench, json!({"PasswordResetRequired": true})).unwrap();
    profile["PasswordResetRequired"] = json!(true);
    assert_eq!(get(&bench), Ok(json!({"LoginProfile": profile})));
    let none = bench.write::<CreateLoginProfile>(json!({"UserName": "x", "Password": "Passw0rd"}));
    assert_eq!(refusal(none), is("NoSuchEntity", "The user with name x cannot be found.", 404));

    let change = |bench: &Bench, old: &str, new: &str| {
        bench.write::<ChangePassword>(json!({"OldPassword": old, "NewPassword": new}))
    };
    assert_eq!(refusal(change(&bench, "Passw0rd", "Passw1rd")).0, "InvalidUserType");
    bench.become_user("ann");
    assert_eq!(refusal(change(&bench, "wrong", "Passw1rd")).0, "AccessDenied");
    change(&bench, "Passw0rd", "Passw1rd").unwrap();
    assert_eq!(
        bench.read::<GetLoginProfile>(json!({})).unwrap()["LoginProfile"]["PasswordResetRequired"],
        json!(false)
    );
    bench.write::<UpdateAccountPasswordPolicy>(json!({"PasswordReusePrevention": 2})).unwrap();
    assert_eq!(refusal(change(&bench, "Passw1rd", "Passw0rd")), weak, "it was there before");
    change(&bench, "Passw1rd", "secret").unwrap();
    change(&bench, "secret", "Passw0rd").unwrap();
    bench.write::<DeleteLoginProfile>(json!({})).unwrap();
    assert_eq!(refusal(get(&bench)), missing);
    assert_eq!(refusal(bench.write::<CreateLoginProfile>(json!({}))).0, "ValidationError");
}

#[test]
fn a_password_policy_is_replaced_as_a_whole() {
    let bench = Bench::new();
    let get = || bench.read::<GetAccountPasswordPolicy>(json!({}));
    let missing =
        is("NoSuchEntity", "The Password Policy with domain name 111122223333 cannot be found.", 404);
    assert_eq!(refusal(get()), missing);
    let delete = || bench.write::<DeleteAccountPasswordPolicy>(json!({}));
    let nothing = is("NoSuchEntity", "The account policy with name PasswordPolicy cannot be found.", 404);
    assert_eq!(refusal(delete()), nothing);
    let mut all = json!({
        "MinimumPasswordLength": 10, "RequireSymbols": true, "RequireNumbers": true,
        "RequireUppercaseCharacters": true, "RequireLowercaseCharacters": true,
        "AllowUsersToChangePassword": true, "MaxPasswordAge": 60, "PasswordReusePrevention": 3, "HardExpiry": true,
    });
    bench.write::<UpdateAccountPasswordPolicy>(all.clone()).unwrap();
    all["ExpirePasswords"] = json!(true);
    assert_eq!(get(), Ok(json!({"PasswordPolicy": all})));
    bench.write::<UpdateAccountPasswordPolicy>(json!({})).unwrap();
    let least = json!({
        "MinimumPasswordLength": 6, "RequireSymbols": false, "RequireNumbers": false,
        "RequireUppercaseCharacters": false, "RequireLowercaseCharacters": false,
        "AllowUsersToChangePassword": false, "ExpirePasswords": false,
    });
    assert_eq!(get(), Ok(json!({"PasswordPolicy": least})));
    delete().unwrap();
    assert_eq!(refusal(get()), missing);
}

#[test]
fn an_account_has_one_alias() {
    let bench = Bench::new();
    let create = |alias: &str| bench.write::<CreateAccountAlias>(json!({"AccountAlias": alias}));
    let delete = |alias: &str| bench.write::<DeleteAccountAlias>(json!({"AccountAlias": alias}));
    let list = || bench.read::<ListAccountAliases>(json!({})).unwrap()["AccountAliases"].take();
    assert_eq!(list(), json!([]));
    create("one").unwrap();
    let message = "The account alias one already exists.";
    assert_eq!(refusal(create("one")), is("EntityAlreadyExists", message, 409));
    create("two").unwrap();
    assert_eq!(list(), json!(["two"]));
    assert_eq!(refusal(delete("one")).0, "NoSuchEntity");
    let root = bench.read::<super::super::user::GetUser>(json!({})).unwrap();
    assert_eq!(root["User"]["UserName"], json!("two"));
    delete("two").unwrap();
    assert_eq!(list(), json!([]));
}

/// One of everything, with policies.
fn furnished() -> (Bench, Arc<str>) {
    let bench = Bench::new();
    let arn: Arc<str> = "arn:aws:iam::111122223333:policy/p".into();
    bench.user("ann");
    bench.group("g");
    bench.role("r", service());
    bench.write::<AddUserToGroup>(json!({"UserName": "ann", "GroupName": "g"})).unwrap();
    bench.edit(|state| {
        state.policies.insert(policy(&arn));
        state.instance_profiles.insert(InstanceProfile {
            name: "ip".into(),
            unique_id: "AIPA0123456789ABCDEFG".into(),
            path: "/".into(),
            arn: "arn:aws:iam::111122223333:instance-profile/ip".into(),
            created: super::NOW,
            role: Some(Role::key_of("r")),
            tags: Default::default(),
        });
        state.users.update(&User::key_of("ann"), |user| {
            user.grants.inline.insert("in".into(), PolicyDocument::new("{}"));
            user.grants.boundary = Some(arn.clone());
        });
        state.user_groups.update(&Group::key_of("g"), |group| {
            group.grants.attached.insert(arn.clone());
        });
        state.roles.update(&Role::key_of("r"), |role| {
            role.grants.attached.insert(arn.clone());
            role.grants.attached.insert("arn:aws:iam::aws:policy/job-function/ViewOnlyAccess".into());
        });
    });
    (bench, arn)
}

#[test]
fn the_summary_counts() {
    let empty = Bench::new().read::<GetAccountSummary>(json!({})).unwrap();
    let full = furnished().0.read::<GetAccountSummary>(json!({})).unwrap();
    let (empty, full) = (empty["SummaryMap"].as_object().unwrap(), full["SummaryMap"].as_object().unwrap());
    assert_eq!((empty.len(), full.len()), (34, 34));
    let differ: Vec<_> = full
        .iter()
        .filter(|(key, value)| empty[*key] != **value)
        .map(|(key, value)| (key.as_str(), value.as_u64().unwrap()))
        .collect();
    let expected = [
        ("Groups", 1),
        ("InstanceProfiles", 1),
        ("Policies", 1),
        ("PolicyVersionsInUse", 2),
        ("Roles", 1),
        ("Users", 1),
    ];
    assert_eq!(differ, expected);
}

#[test]
fn everything_is_told_at_once() {
    let (bench, arn) = furnished();
    let tell = |input: Value| bench.read::<GetAccountAuthorizationDetails>(input).unwrap();
    let all = tell(json!({}));
    let user = &all["UserDetailList"][0];
    assert_eq!(user["GroupList"], json!(["g"]));
    assert_eq!(user["UserPolicyList"], json!([{"PolicyName": "in", "PolicyDocument": "%7B%7D"}]));
    let boundary = json!({"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": &*arn});
    assert_eq!((&user["PermissionsBoundary"], &user["Tags"]), (&boundary, &json!([])));
    let group = &all["GroupDetailList"][0];
    assert_eq!(group["AttachedManagedPolicies"], json!([{"PolicyName": "p", "PolicyArn": &*arn}]));
    let role = &all["RoleDetailList"][0];
    assert_eq!(role["AttachedManagedPolicies"][1]["PolicyName"], json!("ViewOnlyAccess"));
    let profile = &role["InstanceProfileList"][0];
    assert_eq!(
        (&profile["InstanceProfileName"], &profile["Roles"][0]["RoleName"]),
        (&json!("ip"), &json!("r"))
    );
    let policy = &all["Policies"][0];
    assert_eq!(
        (&policy["AttachmentCount"], &policy["PermissionsBoundaryUsageCount"], &policy["DefaultVersionId"]),
        (&json!(2), &json!(1), &json!("v2"))
    );
    assert_eq!(policy["PolicyVersionList"][1]["VersionId"], json!("v1"));

    let lists = ["UserDetailList", "GroupDetailList", "RoleDetailList", "Policies"];
    let counts = |told: &Value| lists.map(|list| told[list].as_array().unwrap().len());
    for (kind, expected) in [
        ("User", [1, 0, 0, 0]),
        ("Group", [0, 1, 0, 0]),
        ("Role", [0, 0, 1, 0]),
        ("LocalManagedPolicy", [0, 0, 0, 1]),
    ] {
        assert_eq!(counts(&tell(json!({"Filter": [kind]}))), expected, "{kind}");
    }
    let first = tell(json!({"MaxItems": 2}));
    let rest = tell(json!({"Marker": first["Marker"]}));
    assert_eq!((counts(&first), counts(&rest)), ([1, 1, 0, 0], [0, 0, 1, 1]));
}

#[test]
fn a_report_lasts_four_hours() {
    let bench = Bench::new();
    bench.user("ann");
    bench.write::<CreateLoginProfile>(json!({"UserName": "ann", "Password": "Passw0rd"})).unwrap();
    bench.write::<UpdateAccountPasswordPolicy>(json!({"MaxPasswordAge": 2})).unwrap();
    bench.write::<super::super::access_key::CreateAccessKey>(json!({"UserName": "ann"})).unwrap();
    let get = || bench.read::<GetCredentialReport>(json!({}));
    assert_eq!((refusal(get()).0.as_str(), refusal(get()).2), ("ReportNotPresent", 410));
    let generate = || bench.write::<GenerateCredentialReport>(json!({})).unwrap()["State"].take();
    assert_eq!((generate(), generate()), (json!("STARTED"), json!("COMPLETE")));
    bench.user("later");
    let report = get().unwrap();
    let bytes = report["Content"].as_array().unwrap().iter().map(|byte| byte.as_u64().unwrap() as u8);
    let text = String::from_utf8(bytes.collect()).unwrap();
    let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(rows.len(), 3, "it is as of its time");
    assert!(rows.iter().all(|row| row.len() == 22));
    let now = "2026-01-05T09:00:00+00:00";
    let ann = "arn:aws:iam::111122223333:user/ann";
    let next = "2026-01-07T09:00:00+00:00";
    assert_eq!(rows[2][..10], ["ann", ann, now, "true", "no_information", now, next, "false", "true", now]);
    assert_eq!(rows[2][13], "false");
    bench.edit(|state| {
        let report = state.account.credential_report.as_mut().unwrap();
        report.made = crate::kernel::SimTime::from_millis(super::NOW.millis() - 4 * 3_600_000);
    });
    assert_eq!(refusal(get()).0, "ReportExpired");
    assert_eq!((generate(), generate()), (json!("STARTED"), json!("COMPLETE")));
    let made = bench.account.read(&Scope::Global).account.credential_report.as_ref().unwrap().made;
    assert_eq!(super::NOW.since(made), Duration::ZERO);
}
