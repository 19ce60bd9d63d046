//! Prefix lists live their lives, and what refers to them counts.

use super::super::harness::{Lab, text, texts};
use super::super::prefix_list_change::*;
use super::super::security_group_rule_change::{AuthorizeSecurityGroupIngress, RevokeSecurityGroupIngress};
use super::*;
use crate::model::route::RouteTableIndex;
use crate::model::{
    Destination, PrefixListTask, Profile, Quotas, Route, RouteOrigin, RouteTarget, SecurityGroupId, VpcId,
};
use serde_json::{Value as Json, json};
use std::time::Duration;

fn list(lab: &Lab, more: Json) -> String {
    let mut input = json!({ "PrefixListName": "offices", "AddressFamily": "IPv4", "MaxEntries": 10 });
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    text(&lab.write::<CreateManagedPrefixList>(input)["PrefixList"]["PrefixListId"])
}

fn described(lab: &Lab, id: &str) -> Json {
    lab.read::<DescribeManagedPrefixLists>(json!({ "PrefixListIds": [id] }))["PrefixLists"][0].clone()
}

fn cidrs(lab: &Lab, id: &str, version: Option<i64>) -> Vec<String> {
    let input = json!({ "PrefixListId": id, "TargetVersion": version });
    texts(&lab.read::<GetManagedPrefixListEntries>(input)["Entries"], "Cidr")
}

fn second(lab: &Lab) {
    let passed = lab.state().timers.next_due().unwrap().since(super::super::harness::NOW);
    lab.settle(passed);
}

fn refer(group: &str, id: &str, port: i32) -> Json {
    json!({ "GroupId": group, "IpPermissions": [
        { "IpProtocol": "tcp", "FromPort": port, "ToPort": port, "PrefixListIds": [{ "PrefixListId": id }] },
    ] })
}

#[test]
fn a_list_is_created_modified_restored_and_deleted() {
    let lab = Lab::new();
    let entries = json!([{ "Cidr": "10.1.0.0/16", "Description": "b" }, { "Cidr": "10.0.0.1/16" }]);
    let tags = json!([{ "ResourceType": "prefix-list", "Tags": [{ "Key": "k", "Value": "v" }] }]);
    let id = list(&lab, json!({ "Entries": entries, "TagSpecifications": tags }));
    assert_eq!(
        described(&lab, &id),
        json!({
            "PrefixListId": id,
            "AddressFamily": "IPv4",
            "State": "create-in-progress",
            "PrefixListArn": format!("arn:aws:ec2:us-east-1:123456789012:prefix-list/{id}"),
            "PrefixListName": "offices",
            "MaxEntries": 10,
            "Version": 1,
            "Tags": [{ "Key": "k", "Value": "v" }],
            "OwnerId": "123456789012",
        })
    );
    second(&lab);
    assert_eq!(described(&lab, &id)["State"], "create-complete");
    assert_eq!(cidrs(&lab, &id, None), ["10.0.0.0/16", "10.1.0.0/16"]);

    let answer = lab.write::<ModifyManagedPrefixList>(json!({
        "PrefixListId": id, "CurrentVersion": 1, "PrefixListName": "all",
        "AddEntries": [{ "Cidr": "10.2.0.0/16" }], "RemoveEntries": [{ "Cidr": "10.0.0.0/16" }],
    }));
    let shown =
        |list: &Json| (list["State"].clone(), list["Version"].clone(), list["PrefixListName"].clone());
    let is = |state: &str, version: i64, name: &str| (json!(state), json!(version), json!(name));
    assert_eq!(shown(&answer["PrefixList"]), is("modify-in-progress", 1, "offices"));
    second(&lab);
    assert_eq!(shown(&described(&lab, &id)), is("modify-complete", 2, "all"));
    assert_eq!(cidrs(&lab, &id, None), ["10.1.0.0/16", "10.2.0.0/16"]);
    assert_eq!(cidrs(&lab, &id, Some(1)), ["10.0.0.0/16", "10.1.0.0/16"]);

    // A size or a name alone makes no version.
    lab.write::<ModifyManagedPrefixList>(json!({ "PrefixListId": id, "MaxEntries": 20 }));
    second(&lab);
    assert_eq!(
        (shown(&described(&lab, &id)), &described(&lab, &id)["MaxEntries"]),
        (is("modify-complete", 2, "all"), &json!(20))
    );

    let restore = json!({ "PrefixListId": id, "PreviousVersion": 1, "CurrentVersion": 2 });
    let answer = lab.write::<RestoreManagedPrefixListVersion>(restore);
    assert_eq!(shown(&answer["PrefixList"]), is("restore-in-progress", 2, "all"));
    second(&lab);
    assert_eq!(shown(&described(&lab, &id)), is("restore-complete", 3, "all"));
    assert_eq!(cidrs(&lab, &id, None), cidrs(&lab, &id, Some(1)));

    let answer = lab.write::<DeleteManagedPrefixList>(json!({ "PrefixListId": id }));
    assert_eq!(answer["PrefixList"]["State"], "delete-in-progress");
    second(&lab);
    assert_eq!(described(&lab, &id)["State"], "delete-complete");
    assert!(lab.try_read::<GetManagedPrefixListEntries>(json!({ "PrefixListId": id })).is_err());
    second(&lab);
    assert!(lab.state().prefix_lists.is_empty());
}

#[test]
fn without_time_every_task_is_done_with_its_call() {
    let lab = Lab::new();
    lab.change(|state| state.profile = Profile::Instant);
    let id = list(&lab, json!({}));
    assert_eq!(described(&lab, &id)["State"], "create-complete");
    let add = json!({ "PrefixListId": id, "AddEntries": [{ "Cidr": "10.0.0.0/8" }] });
    let answer = lab.write::<ModifyManagedPrefixList>(add)["PrefixList"].clone();
    assert_eq!((&answer["State"], &answer["Version"]), (&json!("modify-complete"), &json!(2)));
    assert_eq!(described(&lab, &id), answer);
    let gone = lab.write::<DeleteManagedPrefixList>(json!({ "PrefixListId": id }));
    assert_eq!(gone["PrefixList"]["State"], "delete-complete");
    assert!(lab.state().prefix_lists.is_empty());
}

#[test]
fn lists_of_aws_are_told_and_found_like_others() {
    let lab = Lab::new();
    let id = list(&lab, json!({}));
    let ids = |input: Json| lab.ids::<DescribeManagedPrefixLists>("PrefixLists", "PrefixListId", input);
    let all = ids(json!({}));
    assert!(all.len() > 2 && all.contains(&id) && all.contains(&"pl-63a5400a".to_owned()));
    let filter = |name: &str, value: &str| json!({ "Filters": [{ "Name": name, "Values": [value] }] });
    assert_eq!(ids(filter("owner-id", "123456789012")), [&*id]);
    assert_eq!(ids(filter("owner-id", "AWS")).len(), all.len() - 1);
    assert_eq!(ids(filter("prefix-list-name", "*.s3")), ["pl-63a5400a"]);
    assert_eq!(ids(filter("prefix-list-id", &id)), [&*id]);
    let s3 = described(&lab, "pl-63a5400a");
    assert_eq!(s3["PrefixListArn"], "arn:aws:ec2:us-east-1:aws:prefix-list/pl-63a5400a");
    assert!(s3.get("Version").is_none() && s3["OwnerId"] == "AWS");
    assert!(!cidrs(&lab, "pl-63a5400a", None).is_empty());

    let mut input = json!({ "MaxResults": 1 });
    let mut seen = Vec::new();
    loop {
        let page = lab.read::<DescribeManagedPrefixLists>(input.clone());
        seen.extend(texts(&page["PrefixLists"], "PrefixListId"));
        match page.get("NextToken") {
            Some(token) => input["NextToken"] = token.clone(),
            None => break,
        }
    }
    assert_eq!(seen, all);
    let state = lab.state();
    let row = state.prefix_lists.iter().next().unwrap();
    assert_eq!(super::super::harness::unknown_filters(&state, &**row), Vec::<&str>::new());
}

#[test]
fn a_list_in_use_is_not_deleted() {
    let lab = Lab::new();
    let id = list(&lab, json!({}));
    let vpc = lab.vpc();
    let group = lab.group(&vpc, "web");
    lab.write::<AuthorizeSecurityGroupIngress>(refer(&group, &id, 1));
    let key = PrefixListId::parse(&id).unwrap();
    let table =
        lab.state().route_tables.by(&RouteTableIndex::Vpc(VpcId::parse(&vpc).unwrap())).next().unwrap().id;
    let route = Route::new(Destination::PrefixList(key), RouteTarget::Local, RouteOrigin::Route);
    lab.change(|state| drop(state.route_tables.update(&table, |table| table.routes.push(route))));
    let users = lab.read::<GetManagedPrefixListAssociations>(json!({ "PrefixListId": id }));
    let mut expected = [group.clone(), table.to_string()];
    expected.sort();
    assert_eq!(texts(&users["PrefixListAssociations"], "ResourceId"), expected);
    assert_eq!(users["PrefixListAssociations"][0]["ResourceOwner"], "123456789012");

    second(&lab);
    let delete = || lab.write::<DeleteManagedPrefixList>(json!({ "PrefixListId": id }));
    for user in [group.clone(), table.to_string()] {
        delete();
        second(&lab);
        let failed = described(&lab, &id);
        assert_eq!(failed["State"], "delete-failed");
        assert!(text(&failed["StateMessage"]).contains(&user), "{failed}");
        lab.write::<RevokeSecurityGroupIngress>(refer(&group, &id, 1));
        lab.write::<AuthorizeSecurityGroupIngress>(refer(&group, &id, 1));
        if user == table.to_string() {
            lab.write::<RevokeSecurityGroupIngress>(refer(&group, &id, 1));
        }
    }
    lab.change(|state| drop(state.route_tables.update(&table, |table| table.routes.truncate(1))));
    delete();
    second(&lab);
    assert_eq!(described(&lab, &id)["State"], "delete-complete");
    assert!(lab.try_write::<AuthorizeSecurityGroupIngress>(refer(&group, &id, 1)).is_err());
}

#[test]
fn a_list_counts_for_as_many_rules_as_it_may_have_entries() {
    let lab = Lab::new();
    let id = list(&lab, json!({ "MaxEntries": 30 }));
    let group = lab.group(&lab.vpc(), "web");
    let authorize = |id: &str, port: i32| {
        lab.try_write::<AuthorizeSecurityGroupIngress>(refer(&group, id, port)).map(|_| ())
    };
    assert_eq!(authorize(&id, 1), Ok(()));
    assert_eq!(authorize(&id, 2), Ok(()));
    assert_eq!(authorize(&id, 3), Err(Ec2Error::TooManyRules));
    // The other family has room still: 55 for CloudFront's addresses do not, one for S3's does not either.
    let six = list(&lab, json!({ "AddressFamily": "IPv6", "MaxEntries": 60 }));
    assert_eq!(authorize(&six, 1), Ok(()));
    assert_eq!(authorize("pl-63a5400a", 1), Err(Ec2Error::TooManyRules));

    // A size that the group has no room for is found out at the end.
    second(&lab);
    let resize = |most: i32| {
        lab.write::<ModifyManagedPrefixList>(json!({ "PrefixListId": id, "MaxEntries": most }));
        second(&lab);
        described(&lab, &id)
    };
    let failed = resize(31);
    assert_eq!((&failed["State"], &failed["MaxEntries"]), (&json!("modify-failed"), &json!(30)));
    assert!(text(&failed["StateMessage"]).contains(&group));
    assert_eq!(resize(20)["State"], "modify-complete");
    assert_eq!(authorize("pl-63a5400a", 1), Ok(()));
    assert_eq!(authorize(&id, 3), Err(Ec2Error::TooManyRules));
    let state = lab.state();
    let group = state.groups.get(&SecurityGroupId::parse(&group).unwrap()).unwrap();
    assert_eq!(state.rule_load(group, crate::model::Direction::Ingress, |_| None), [41, 60]);
}

#[test]
fn a_token_makes_one_list_and_old_versions_go() {
    let lab = Lab::with("us-east-1", Quotas { versions_per_prefix_list: 2, ..Quotas::default() });
    lab.change(|state| state.profile = Profile::Instant);
    let id = list(&lab, json!({ "ClientToken": "t" }));
    assert_eq!(list(&lab, json!({ "ClientToken": "t" })), id);
    for n in 0..3 {
        let add = json!({ "PrefixListId": id, "AddEntries": [{ "Cidr": format!("10.{n}.0.0/16") }] });
        lab.write::<ModifyManagedPrefixList>(add);
    }
    let kept: Vec<_> = lab.state().prefix_lists.iter().next().unwrap().versions.keys().copied().collect();
    assert_eq!(kept, [3, 4]);
    lab.write::<DeleteManagedPrefixList>(json!({ "PrefixListId": id }));
    assert_ne!(list(&lab, json!({ "ClientToken": "t" })), id);
    assert!(lab.state().prefix_lists.iter().all(|list| list.task == PrefixListTask::Create));
    lab.settle(Duration::from_secs(1));
}
