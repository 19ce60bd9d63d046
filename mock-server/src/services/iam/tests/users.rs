//! Users, their groups and their access keys.

use super::super::access_key::*;
use super::super::group::*;
use super::super::login_profile::*;
use super::super::tags::*;
use super::super::user::*;
use super::{Bench, is, refusal};
use crate::kernel::{Scope, Table};
use crate::model::iam::key::{self, KeyKind};
use crate::model::{Group, ManagedPolicy, PolicyDocument, Principal, State, User};
use crate::services::Refused;
use serde_json::{Value, json};
use std::sync::Arc;

impl Bench {
    pub(super) fn user(&self, name: &str) -> Value {
        self.write::<CreateUser>(json!({"UserName": name})).unwrap()["User"].take()
    }

    pub(super) fn group(&self, name: &str) -> Value {
        self.write::<CreateGroup>(json!({"GroupName": name})).unwrap()["Group"].take()
    }

    fn join(&self, user: &str, group: &str) -> Result<Value, Refused> {
        self.write::<AddUserToGroup>(json!({"UserName": user, "GroupName": group}))
    }

    fn key_of(&self, user: &str) -> Result<Value, Refused> {
        let made = self.write::<CreateAccessKey>(json!({"UserName": user}));
        made.map(|mut made| made["AccessKey"].take())
    }

    pub(super) fn edit(&self, change: impl FnOnce(&mut State)) {
        let done: Result<(), ()> = self.account.write(&Scope::Global, super::NOW, true, |txn| {
            change(&mut txn.state);
            Ok(())
        });
        done.unwrap();
    }
}

fn names(list: &Value, member: &str) -> Vec<String> {
    list.as_array().unwrap().iter().map(|row| row[member].as_str().unwrap().to_owned()).collect()
}

fn no_user(name: &str) -> (String, String, u16) {
    is("NoSuchEntity", &format!("The user with name {name} cannot be found."), 404)
}

fn no_group(name: &str) -> (String, String, u16) {
    is("NoSuchEntity", &format!("The group with name {name} cannot be found."), 404)
}

#[test]
fn a_user_is_told_as_aws_tells_it() {
    let bench = Bench::new();
    let input = json!({"UserName": "Ann", "Path": "/team/", "Tags": [{"Key": "k", "Value": "v"}]});
    let made = bench.write::<CreateUser>(input).unwrap();
    let id = made["User"]["UserId"].as_str().unwrap().to_owned();
    assert!(id.len() == 21 && id.starts_with("AIDA"));
    let mut expected = json!({
        "Path": "/team/", "UserName": "Ann", "UserId": id, "Arn": "arn:aws:iam::111122223333:user/team/Ann",
        "CreateDate": super::NOW.millis(), "Tags": [{"Key": "k", "Value": "v"}],
    });
    assert_eq!(made["User"], expected);
    assert_eq!(bench.read::<GetUser>(json!({"UserName": "aNN"})).unwrap()["User"], expected);
    expected.as_object_mut().unwrap().remove("Tags");
    let listed = bench.read::<ListUsers>(json!({"PathPrefix": "/te"})).unwrap();
    assert_eq!(listed, json!({"Users": [expected], "IsTruncated": false}), "lists tell no tags");
    assert_eq!(bench.read::<ListUsers>(json!({"PathPrefix": "/x"})).unwrap()["Users"], json!([]));
    let again = bench.write::<CreateUser>(json!({"UserName": "ANN"}));
    assert_eq!(refusal(again), is("EntityAlreadyExists", "User with name ANN already exists.", 409));
    let tags = bench.read::<ListTags<User>>(json!({"UserName": "ann"})).unwrap();
    assert_eq!(tags["Tags"], json!([{"Key": "k", "Value": "v"}]));
}

#[test]
fn tags_of_aws_are_aws_s() {
    let bench = Bench::new();
    bench.user("ann");
    let message = "Tag keys beginning with 'aws:' are reserved for internal use.";
    for key in ["aws:x", "AWS:x", "aWs:"] {
        let tag = bench.write::<Tag<User>>(json!({"UserName": "ann", "Tags": [{"Key": key, "Value": ""}]}));
        assert_eq!(refusal(tag), is("InvalidInput", message, 400));
        let untag = bench.write::<Untag<User>>(json!({"UserName": "ann", "TagKeys": [key]}));
        assert_eq!(refusal(untag), is("InvalidInput", message, 400));
    }
    let tag =
        bench.write::<Tag<User>>(json!({"UserName": "ann", "Tags": [{"Key": "awsx", "Value": "aws:"}]}));
    assert_eq!(tag, Ok(json!({})));
}

#[test]
fn tags_of_policies_are_told_apart_by_case() {
    let bench = Bench::new();
    let arn: Arc<str> = "arn:aws:iam::111122223333:policy/p".into();
    bench.edit(|state| drop(state.policies.insert(policy(&arn))));
    let put = |key: &str| {
        let tags = json!([{"Key": key, "Value": key}]);
        bench.write::<Tag<ManagedPolicy>>(json!({"PolicyArn": &*arn, "Tags": tags})).unwrap();
    };
    ["Team", "team"].into_iter().for_each(put);
    let tags = bench.read::<ListTags<ManagedPolicy>>(json!({"PolicyArn": &*arn})).unwrap();
    assert_eq!(names(&tags["Tags"], "Key"), ["Team", "team"]);
}

pub(super) fn policy(arn: &Arc<str>) -> ManagedPolicy {
    ManagedPolicy {
        name: arn.rsplit('/').next().unwrap().into(),
        unique_id: "ANPA0123456789ABCDEFG".into(),
        path: "/".into(),
        arn: arn.clone(),
        description: Some("d".into()),
        created: super::NOW,
        updated: super::NOW,
        versions: [1, 2]
            .map(|number| {
                let document = PolicyDocument::new(format!("{{\"Id\":\"{number}\"}}"));
                (number, crate::model::PolicyVersion { document, created: super::NOW })
            })
            .into(),
        default_version: 2,
        last_version: 2,
        tags: Default::default(),
    }
}

#[test]
fn a_renamed_user_keeps_what_is_theirs() {
    let bench = Bench::new();
    let id = bench.user("ann")["UserId"].clone();
    bench.user("bob");
    bench.group("g");
    bench.join("ann", "g").unwrap();
    let key = bench.key_of("ann").unwrap()["AccessKeyId"].clone();
    let update = |input: Value| bench.write::<UpdateUser>(input);
    let taken = update(json!({"UserName": "ann", "NewUserName": "BOB"}));
    assert_eq!(refusal(taken), is("EntityAlreadyExists", "User with name BOB already exists.", 409));
    update(json!({"UserName": "ann", "NewUserName": "Ann", "NewPath": "/a/"})).unwrap();
    update(json!({"UserName": "ann", "NewUserName": "Eve"})).unwrap();
    assert_eq!(refusal(bench.read::<GetUser>(json!({"UserName": "ann"}))), no_user("ann"));
    let eve = bench.read::<GetUser>(json!({"UserName": "eve"})).unwrap()["User"].take();
    assert_eq!(
        (&eve["UserId"], &eve["Arn"], &eve["Path"]),
        (&id, &json!("arn:aws:iam::111122223333:user/a/Eve"), &json!("/a/"))
    );
    let keys = bench.read::<ListAccessKeys>(json!({"UserName": "eve"})).unwrap();
    let row = &keys["AccessKeyMetadata"][0];
    assert_eq!((&row["AccessKeyId"], &row["UserName"]), (&key, &json!("Eve")));
    let group = bench.read::<GetGroup>(json!({"GroupName": "g"})).unwrap();
    assert_eq!(names(&group["Users"], "UserName"), ["Eve"]);
    bench.user("ann");
    assert_eq!(
        bench.read::<ListAccessKeys>(json!({"UserName": "ann"})).unwrap()["AccessKeyMetadata"],
        json!([])
    );
}

#[test]
fn a_renamed_group_keeps_its_users() {
    let bench = Bench::new();
    let id = bench.group("g")["GroupId"].clone();
    bench.group("h");
    bench.user("ann");
    bench.join("ann", "g").unwrap();
    let update = |input: Value| bench.write::<UpdateGroup>(input);
    let taken = update(json!({"GroupName": "g", "NewGroupName": "h"}));
    assert_eq!(refusal(taken), is("EntityAlreadyExists", "Group with name h already exists.", 409));
    update(json!({"GroupName": "g", "NewGroupName": "New", "NewPath": "/p/"})).unwrap();
    assert_eq!(refusal(bench.read::<GetGroup>(json!({"GroupName": "g"}))), no_group("g"));
    let group = bench.read::<GetGroup>(json!({"GroupName": "new"})).unwrap();
    let expected = json!({
        "Path": "/p/", "GroupName": "New", "GroupId": id, "Arn": "arn:aws:iam::111122223333:group/p/New",
        "CreateDate": super::NOW.millis(),
    });
    assert_eq!((&group["Group"], names(&group["Users"], "UserName")), (&expected, vec!["ann".to_owned()]));
    let groups = bench.read::<ListGroupsForUser>(json!({"UserName": "ann"})).unwrap();
    assert_eq!(groups, json!({"Groups": [expected], "IsTruncated": false}));
}

#[test]
fn who_is_in_a_group_comes_and_goes() {
    let bench = Bench::new();
    ["ann", "Bob", "eve"].into_iter().for_each(|name| drop(bench.user(name)));
    let again = bench.write::<CreateGroup>(json!({"GroupName": "G"}));
    assert!(again.is_ok());
    let again = bench.write::<CreateGroup>(json!({"GroupName": "g"}));
    assert_eq!(refusal(again), is("EntityAlreadyExists", "Group with name g already exists.", 409));
    for name in ["eve", "ann", "BOB", "bob"] {
        assert_eq!(bench.join(name, "g"), Ok(json!({})), "twice is no error");
    }
    let page = |more: Value| {
        let mut input = json!({"GroupName": "g", "MaxItems": 2});
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        bench.read::<GetGroup>(input).unwrap()
    };
    let first = page(json!({}));
    let rest = page(json!({"Marker": first["Marker"]}));
    assert_eq!(
        (names(&first["Users"], "UserName"), &first["IsTruncated"]),
        (vec!["ann".into(), "Bob".into()], &json!(true))
    );
    assert_eq!(
        (names(&rest["Users"], "UserName"), &rest["IsTruncated"]),
        (vec!["eve".into()], &json!(false))
    );

    let remove = |user: &str, group: &str| {
        bench.write::<RemoveUserFromGroup>(json!({"UserName": user, "GroupName": group}))
    };
    assert_eq!(refusal(bench.join("x", "y")), no_user("x"));
    assert_eq!(refusal(bench.join("ann", "y")), no_group("y"));
    assert_eq!(refusal(remove("x", "y")), no_user("x"));
    assert_eq!(refusal(remove("ann", "y")), no_group("y"));
    assert_eq!(remove("ann", "g"), Ok(json!({})));
    assert_eq!(remove("ann", "g"), Ok(json!({})), "whoever is not in it is not in it");
    let held = bench.write::<DeleteGroup>(json!({"GroupName": "g"}));
    let message = "Cannot delete entity, must remove users from group first.";
    assert_eq!(refusal(held), is("DeleteConflict", message, 409));
    ["bob", "eve"].into_iter().for_each(|name| drop(remove(name, "g").unwrap()));
    bench.edit(|state| {
        state.user_groups.update(&Group::key_of("g"), |group| {
            group.grants.inline.insert("p".into(), PolicyDocument::new("{}"));
        });
    });
    let held = bench.write::<DeleteGroup>(json!({"GroupName": "g"}));
    assert_eq!(refusal(held), is("DeleteConflict", "Cannot delete entity, must delete policies first.", 409));
    bench.edit(|state| {
        state.user_groups.update(&Group::key_of("g"), |group| group.grants = Default::default());
    });
    assert_eq!(bench.write::<DeleteGroup>(json!({"GroupName": "g"})), Ok(json!({})));
    assert_eq!(bench.read::<ListGroups>(json!({})).unwrap(), json!({"Groups": [], "IsTruncated": false}));
    assert_eq!(refusal(bench.write::<DeleteGroup>(json!({"GroupName": "g"}))), no_group("g"));
}

#[test]
fn there_is_room_for_so_many() {
    let bench = Bench::new();
    bench.user("ann");
    (0..10).for_each(|n| drop((bench.group(&format!("g{n}")), bench.join("ann", &format!("g{n}")).unwrap())));
    bench.group("h");
    let message = "Cannot exceed quota for GroupsPerUser: 10";
    assert_eq!(refusal(bench.join("ann", "h")), is("LimitExceeded", message, 409));
    assert_eq!(bench.join("ann", "g0"), Ok(json!({})), "a member needs no room");
    (0..2).for_each(|_| drop(bench.key_of("ann").unwrap()));
    let message = "Cannot exceed quota for AccessKeysPerUser: 2";
    assert_eq!(refusal(bench.key_of("ann")), is("LimitExceeded", message, 409));

    fn fill<R: crate::kernel::Row>(table: &mut Table<R>, to: usize, copy: impl Fn(&mut R, usize)) {
        let first = R::clone(table.iter().next().unwrap());
        (table.len()..to).for_each(|n| {
            let mut row = first.clone();
            copy(&mut row, n);
            table.insert(row);
        });
    }
    bench.edit(|state| {
        fill(&mut state.users, 5_000, |user, n| {
            user.name = format!("u{n}");
            user.arn = format!("arn:aws:iam::111122223333:user/u{n}");
        });
        fill(&mut state.user_groups, 300, |group, n| {
            group.name = format!("f{n}");
            group.arn = format!("arn:aws:iam::111122223333:group/f{n}");
        });
    });
    let one_more = bench.write::<CreateUser>(json!({"UserName": "x"}));
    assert_eq!(refusal(one_more), is("LimitExceeded", "Cannot exceed quota for UsersPerAccount: 5000", 409));
    let one_more = bench.write::<CreateGroup>(json!({"GroupName": "x"}));
    assert_eq!(refusal(one_more), is("LimitExceeded", "Cannot exceed quota for GroupsPerAccount: 300", 409));
}

#[test]
fn what_a_user_has_goes_before_the_user() {
    let bench = Bench::new();
    bench.user("ann");
    bench.group("g");
    bench.join("ann", "g").unwrap();
    let key = bench.key_of("ann").unwrap()["AccessKeyId"].clone();
    bench.write::<CreateLoginProfile>(json!({"UserName": "ann", "Password": "Passw0rd"})).unwrap();
    let grant = |change: &dyn Fn(&mut User)| {
        bench.edit(|state| drop(state.users.update(&User::key_of("ann"), |user| change(user))));
    };
    grant(&|user| user.grants.attached = ["arn:aws:iam::aws:policy/ReadOnlyAccess".into()].into());
    grant(&|user| drop(user.grants.inline.insert("p".into(), PolicyDocument::new("{}"))));
    let held = |what: &str| {
        let held = bench.write::<DeleteUser>(json!({"UserName": "ann"}));
        let message = format!("Cannot delete entity, must {what} first.");
        assert_eq!(refusal(held), is("DeleteConflict", &message, 409));
    };
    held("delete login profile");
    bench.write::<DeleteLoginProfile>(json!({"UserName": "ann"})).unwrap();
    held("delete access keys");
    bench.write::<DeleteAccessKey>(json!({"UserName": "ann", "AccessKeyId": key})).unwrap();
    held("detach all policies");
    grant(&|user| user.grants.attached.clear());
    held("delete policies");
    grant(&|user| user.grants.inline.clear());
    held("remove users from group");
    bench.write::<RemoveUserFromGroup>(json!({"UserName": "ann", "GroupName": "g"})).unwrap();
    assert_eq!(bench.write::<DeleteUser>(json!({"UserName": "ann"})), Ok(json!({})));
    assert_eq!(refusal(bench.write::<DeleteUser>(json!({"UserName": "ann"}))), no_user("ann"));
}

#[test]
fn an_access_key_is_its_users() {
    let mut bench = Bench::new();
    bench.user("ann");
    bench.user("bob");
    let made = bench.key_of("ann").unwrap();
    let id = made["AccessKeyId"].as_str().unwrap();
    assert_eq!(key::read(id), Some((KeyKind::LongTerm, bench.account.id)));
    assert_eq!(made["SecretAccessKey"].as_str().unwrap().len(), 40);
    let mut expected = json!({
        "UserName": "ann", "AccessKeyId": id, "Status": "Active", "CreateDate": super::NOW.millis(),
    });
    let list = |bench: &Bench, input: Value| bench.read::<ListAccessKeys>(input).unwrap();
    assert_eq!(
        list(&bench, json!({"UserName": "ann"})),
        json!({"AccessKeyMetadata": [expected], "IsTruncated": false}),
        "the secret is told once"
    );
    let again = Bench::new();
    ["ann", "bob"].into_iter().for_each(|name| drop(again.user(name)));
    assert_eq!(again.key_of("ann"), Ok(made.clone()), "the same seed and the same calls give the same key");

    let update = |bench: &Bench, user: Value, status: &str| {
        bench.write::<UpdateAccessKey>(json!({"UserName": user, "AccessKeyId": id, "Status": status}))
    };
    let missing = is("NoSuchEntity", &format!("The Access Key with id {id} cannot be found."), 404);
    assert_eq!(refusal(update(&bench, json!("bob"), "Inactive")), missing);
    assert_eq!(refusal(update(&bench, Value::Null, "Inactive")), missing, "it is not the root's");
    assert_eq!(refusal(update(&bench, json!("x"), "Inactive")), no_user("x"));
    assert_eq!(refusal(update(&bench, json!("ann"), "Expired")).0, "InvalidInput");
    update(&bench, json!("ann"), "Inactive").unwrap();
    expected["Status"] = json!("Inactive");
    bench.become_user("ann");
    assert_eq!(list(&bench, json!({}))["AccessKeyMetadata"], json!([expected]));
    update(&bench, Value::Null, "Active").unwrap();

    let used = |id: &str| bench.read::<GetAccessKeyLastUsed>(json!({"AccessKeyId": id}));
    let never = json!({"UserName": "ann", "AccessKeyLastUsed": {"ServiceName": "N/A", "Region": "N/A"}});
    assert_eq!(used(id), Ok(never));
    let message = "User: arn:aws:iam::111122223333:user/ann is not authorized to perform iam:GetAccessKeyLastUsed on \
                   resource: access key AKIAIOSFODNN7EXAMPLE";
    assert_eq!(refusal(used("AKIAIOSFODNN7EXAMPLE")), is("AccessDenied", message, 403));

    let delete = || bench.write::<DeleteAccessKey>(json!({"AccessKeyId": id}));
    assert_eq!(delete(), Ok(json!({})));
    assert_eq!(refusal(delete()), missing);
}

#[test]
fn without_a_name_the_caller_is_meant() {
    let mut bench = Bench::new();
    let ann = bench.user("ann");
    let me = |bench: &Bench| bench.read::<GetUser>(json!({}));
    let root = json!({"UserId": "111122223333", "Arn": "arn:aws:iam::111122223333:root"});
    assert_eq!(me(&bench), Ok(json!({"User": root})));
    assert_eq!(bench.read::<ListAccessKeys>(json!({})).unwrap()["AccessKeyMetadata"], json!([]));
    let own = bench.write::<CreateAccessKey>(json!({})).unwrap()["AccessKey"].clone();
    let listed = bench.read::<ListAccessKeys>(json!({})).unwrap()["AccessKeyMetadata"].clone();
    assert_eq!(listed[0]["AccessKeyId"], own["AccessKeyId"], "the root has keys of its own");
    bench.become_user("ann");
    assert_eq!(me(&bench), Ok(json!({"User": ann})));
    assert_eq!(bench.write::<CreateAccessKey>(json!({})).unwrap()["AccessKey"]["UserName"], json!("ann"));
    bench.caller.principal = Principal::Role {
        role_arn: "arn:aws:iam::111122223333:role/r".into(),
        role_name: "r".into(),
        role_unique_id: "AROA".into(),
        session_name: "s".into(),
    };
    let message = "Must specify userName when calling with non-User credentials";
    assert_eq!(refusal(me(&bench)), is("ValidationError", message, 400));
    assert!(bench.read::<GetUser>(json!({"UserName": "ann"})).is_ok());
}

#[test]
fn users_are_listed_in_parts() {
    let bench = Bench::new();
    ["c", "A", "b", "d"].into_iter().for_each(|name| drop(bench.user(name)));
    let first = bench.read::<ListUsers>(json!({"MaxItems": 3})).unwrap();
    assert_eq!(names(&first["Users"], "UserName"), ["A", "b", "c"]);
    bench.write::<DeleteUser>(json!({"UserName": "c"})).unwrap();
    let rest = bench.read::<ListUsers>(json!({"Marker": first["Marker"]})).unwrap();
    assert_eq!(names(&rest["Users"], "UserName"), ["d"], "a marker stays good when its row goes");
    let wrong = bench.read::<ListUsers>(json!({"Marker": "!"}));
    assert_eq!(refusal(wrong), is("ValidationError", "Invalid Marker.", 400));
}

mod properties {
    use super::*;
    use proptest::prelude::*;

    #[derive(Clone, Copy, Debug)]
    enum Step {
        User(u8),
        Group(u8),
        RenameUser(u8, u8),
        RenameGroup(u8, u8),
        Join(u8, u8),
        Leave(u8, u8),
        Key(u8),
        DropKeys(u8),
        DeleteUser(u8),
        DeleteGroup(u8),
    }

    fn step() -> impl Strategy<Value = Step> {
        let n = || 0u8..3;
        prop_oneof![
            n().prop_map(Step::User),
            n().prop_map(Step::Group),
            (n(), n()).prop_map(|(a, b)| Step::RenameUser(a, b)),
            (n(), n()).prop_map(|(a, b)| Step::RenameGroup(a, b)),
            (n(), n()).prop_map(|(a, b)| Step::Join(a, b)),
            (n(), n()).prop_map(|(a, b)| Step::Leave(a, b)),
            n().prop_map(Step::Key),
            n().prop_map(Step::DropKeys),
            n().prop_map(Step::DeleteUser),
            n().prop_map(Step::DeleteGroup),
        ]
    }

    fn take(bench: &Bench, step: Step) -> bool {
        let (user, group) = (|n: u8| format!("user{n}"), |n: u8| format!("Group{n}"));
        let answer = match step {
            Step::User(n) => bench.write::<CreateUser>(json!({"UserName": user(n)})),
            Step::Group(n) => bench.write::<CreateGroup>(json!({"GroupName": group(n)})),
            Step::RenameUser(a, b) => {
                let new = user(b).to_uppercase();
                bench.write::<UpdateUser>(json!({"UserName": user(a), "NewUserName": new, "NewPath": "/x/"}))
            }
            Step::RenameGroup(a, b) => {
                bench.write::<UpdateGroup>(json!({"GroupName": group(a), "NewGroupName": group(b)}))
            }
            Step::Join(a, b) => bench.join(&user(a), &group(b)),
            Step::Leave(a, b) => {
                bench.write::<RemoveUserFromGroup>(json!({"UserName": user(a), "GroupName": group(b)}))
            }
            Step::Key(n) => bench.key_of(&user(n)),
            Step::DropKeys(n) => {
                let keys = bench.read::<ListAccessKeys>(json!({"UserName": user(n)}));
                let ids = keys.map_or(vec![], |keys| names(&keys["AccessKeyMetadata"], "AccessKeyId"));
                for id in ids {
                    bench.write::<DeleteAccessKey>(json!({"UserName": user(n), "AccessKeyId": id})).unwrap();
                }
                return true;
            }
            Step::DeleteUser(n) => bench.write::<DeleteUser>(json!({"UserName": user(n)})),
            Step::DeleteGroup(n) => bench.write::<DeleteGroup>(json!({"GroupName": group(n)})),
        };
        answer.is_ok()
    }

    proptest! {
        /// `Bench` looks at the invariants after each write; and the two sides of membership always agree.
        #[test]
        fn users_and_groups_agree_about_each_other(steps in prop::collection::vec(step(), 0..60)) {
            let bench = Bench::new();
            for step in steps {
                take(&bench, step);
                let state = bench.account.read(&Scope::Global);
                for group in state.user_groups.iter() {
                    let got = bench.read::<GetGroup>(json!({"GroupName": group.name})).unwrap();
                    for user in names(&got["Users"], "UserName") {
                        let of = bench.read::<ListGroupsForUser>(json!({"UserName": user})).unwrap();
                        prop_assert!(names(&of["Groups"], "GroupName").contains(&group.name));
                    }
                }
                let keys: usize = state.users.iter().map(|user| {
                    let keys = bench.read::<ListAccessKeys>(json!({"UserName": user.name})).unwrap();
                    keys["AccessKeyMetadata"].as_array().unwrap().len()
                }).sum();
                prop_assert_eq!(keys, state.access_keys.len());
            }
        }
    }
}
