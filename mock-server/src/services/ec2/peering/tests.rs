//! Peering connections within an account, and between accounts and regions.

use super::super::describe::Describe;
use super::super::harness::{Lab, text, unknown_filters};
use super::super::vpc::{CreateVpc, DeleteVpc};
use super::*;
use serde_json::{Value as Json, json};
use std::time::Duration;

const OTHER: &str = "210987654321";

fn vpc(lab: &Lab, cidr: &str) -> String {
    text(&lab.write::<CreateVpc>(json!({ "CidrBlock": cidr }))["Vpc"]["VpcId"])
}

fn ask(lab: &Lab, input: Json) -> Json {
    lab.write::<CreateVpcPeeringConnection>(input)["VpcPeeringConnection"].clone()
}

fn told(lab: &Lab, id: &str) -> Json {
    let input = json!({ "VpcPeeringConnectionIds": [id] });
    lab.read::<Describe<Peering>>(input)["VpcPeeringConnections"][0].clone()
}

fn status(lab: &Lab, id: &str) -> String {
    text(&told(lab, id)["Status"]["Code"])
}

fn by_id(id: &str) -> Json {
    json!({ "VpcPeeringConnectionId": id })
}

/// Two accounts in two regions, with a VPC each, and a request from the first to the second.
fn two() -> (Lab, Lab, [String; 2], String) {
    let one = Lab::new();
    let other = one.beside(OTHER, "eu-west-1");
    let vpcs = [vpc(&one, "10.0.0.0/16"), vpc(&other, "10.1.0.0/16")];
    let made = ask(
        &one,
        json!({ "VpcId": vpcs[0], "PeerVpcId": vpcs[1], "PeerOwnerId": OTHER, "PeerRegion": "eu-west-1" }),
    );
    assert_eq!(
        made["Status"],
        json!({ "Code": "initiating-request", "Message": format!("Initiating Request to {OTHER}") })
    );
    (one, other, vpcs, text(&made["VpcPeeringConnectionId"]))
}

#[test]
fn two_accounts_in_two_regions_see_the_same() {
    let (one, other, vpcs, id) = two();
    for lab in [&one, &other] {
        assert_eq!(told(lab, &id)["Status"]["Message"], format!("Pending Acceptance by {OTHER}"));
        assert_eq!(told(lab, &id)["AccepterVpcInfo"].get("CidrBlock"), None);
    }
    let accepted = other.write::<AcceptVpcPeeringConnection>(by_id(&id))["VpcPeeringConnection"].clone();
    assert_eq!(accepted["Status"], json!({ "Code": "active", "Message": "Active" }));
    for lab in [&one, &other] {
        let row = told(lab, &id);
        assert_eq!(row, accepted);
        assert_eq!(row["AccepterVpcInfo"]["CidrBlock"], "10.1.0.0/16");
        assert_eq!(row["AccepterVpcInfo"]["Region"], "eu-west-1");
        assert_eq!(row["RequesterVpcInfo"]["VpcId"], vpcs[0]);
    }
    other.write::<ModifyVpcPeeringConnectionOptions>(json!({
        "VpcPeeringConnectionId": id,
        "AccepterPeeringConnectionOptions": { "AllowDnsResolutionFromRemoteVpc": true },
    }));
    for lab in [&one, &other] {
        let options =
            |side: &str| told(lab, &id)[side]["PeeringOptions"]["AllowDnsResolutionFromRemoteVpc"].clone();
        assert_eq!((options("AccepterVpcInfo"), options("RequesterVpcInfo")), (json!(true), json!(false)));
    }
    one.write::<DeleteVpcPeeringConnection>(by_id(&id));
    for lab in [&one, &other] {
        let message = "Deleted by 123456789012";
        assert_eq!(told(lab, &id)["Status"], json!({ "Code": "deleted", "Message": message }));
    }
    let hours = |n: u64| Duration::from_secs(n * 3_600);
    for lab in [&one, &other] {
        lab.settle(hours(2));
    }
    assert!(one.state().peerings.is_empty(), "whoever ended it sees it for two hours");
    assert_eq!(status(&other, &id), "deleted");
    other.settle(hours(48));
    assert!(other.state().peerings.is_empty(), "the other one for two days");
}

#[test]
fn the_end_of_either_vpc_ends_the_connection() {
    for accepted in [false, true] {
        let (one, other, vpcs, id) = two();
        if accepted {
            other.write::<AcceptVpcPeeringConnection>(by_id(&id));
            other.write::<DeleteVpc>(json!({ "VpcId": vpcs[1] }));
        } else {
            let held = other.try_write::<DeleteVpc>(json!({ "VpcId": vpcs[1] }));
            assert!(matches!(held, Err(Ec2Error::VpcInUse(_))), "it has to answer first");
            one.write::<DeleteVpc>(json!({ "VpcId": vpcs[0] }));
        }
        assert_eq!([status(&one, &id), status(&other, &id)], ["deleted", "deleted"]);
    }
}

#[test]
fn a_request_lapses_after_a_week() {
    let (one, other, _, id) = two();
    one.settle(Duration::from_secs(7 * 24 * 3_600 - 1));
    assert_eq!(status(&one, &id), "pending-acceptance");
    one.settle(Duration::from_secs(7 * 24 * 3_600));
    assert_eq!([status(&one, &id), status(&other, &id)], ["expired", "expired"]);
    one.settle(Duration::from_secs(9 * 24 * 3_600));
    assert!(one.state().peerings.is_empty());
}

#[test]
fn rejected_and_failed_requests_are_over() {
    let (one, other, vpcs, id) = two();
    other.write::<RejectVpcPeeringConnection>(by_id(&id));
    assert_eq!([status(&one, &id), status(&other, &id)], ["rejected", "rejected"]);
    let overlapping = vpc(&other, "10.0.128.0/20");
    for (peer, owner) in
        [(overlapping.as_str(), OTHER), ("vpc-0123456789abcdef0", OTHER), (vpcs[1].as_str(), "999999999999")]
    {
        let input = json!({
            "VpcId": vpcs[0], "PeerVpcId": peer, "PeerOwnerId": owner, "PeerRegion": "eu-west-1",
        });
        let made = ask(&one, input);
        assert_eq!(made["Status"]["Code"], "failed", "{peer} {owner}");
    }
    assert_eq!(other.state().peerings.len(), 1, "nobody hears of what has failed");
}

#[test]
fn the_same_request_is_the_same_connection_and_filters_find_it() {
    let lab = Lab::new();
    let vpcs = [vpc(&lab, "10.0.0.0/16"), vpc(&lab, "10.1.0.0/16")];
    let request = json!({
        "VpcId": vpcs[0],
        "PeerVpcId": vpcs[1],
        "TagSpecifications": [{
            "ResourceType": "vpc-peering-connection", "Tags": [{ "Key": "Name", "Value": "mine" }],
        }],
    });
    let id = text(&ask(&lab, request.clone())["VpcPeeringConnectionId"]);
    assert_eq!(ask(&lab, request)["VpcPeeringConnectionId"], id);
    let back = ask(&lab, json!({ "VpcId": vpcs[1], "PeerVpcId": vpcs[0] }));
    let back = text(&back["VpcPeeringConnectionId"]);
    assert_ne!(back, id);
    lab.write::<AcceptVpcPeeringConnection>(by_id(&id));
    let again = lab.try_write::<AcceptVpcPeeringConnection>(by_id(&back));
    let parsed = VpcPeeringConnectionId::parse(&back).unwrap();
    assert_eq!(again.unwrap_err(), PeeringError::Exists(parsed).into());

    let state = lab.state();
    let row = find::<Peering>(&state, &id).unwrap();
    assert_eq!(unknown_filters(&state, &**row), Vec::<&str>::new());
    for (name, value) in [
        ("accepter-vpc-info.cidr-block", "10.1.0.0/16"),
        ("requester-vpc-info.vpc-id", &*vpcs[0]),
        ("status-code", "active"),
        ("tag:Name", "mine"),
        ("vpc-peering-connection-id", &*id),
    ] {
        let input = json!({ "Filters": [{ "Name": name, "Values": [value] }] });
        let found = lab.ids::<Describe<Peering>>("VpcPeeringConnections", "VpcPeeringConnectionId", input);
        assert_eq!(found, [&*id], "{name}");
    }
}

/// Rules that name groups of the other account: what both sides know of them holds whatever either one does.
#[test]
fn groups_of_the_other_account_come_and_go() {
    use crate::services::ec2::security_group::DeleteSecurityGroup;
    use crate::services::ec2::security_group_rule_change::{
        AuthorizeSecurityGroupIngress, RevokeSecurityGroupIngress,
    };
    let lab = Lab::new();
    let other = lab.beside(OTHER, "us-east-1");
    let (own, theirs) = (vpc(&lab, "10.0.0.0/16"), vpc(&other, "10.1.0.0/16"));
    let request = json!({ "VpcId": own, "PeerVpcId": theirs, "PeerOwnerId": OTHER });
    let id = by_id(&text(&ask(&lab, request)["VpcPeeringConnectionId"]));
    other.write::<AcceptVpcPeeringConnection>(id.clone());
    let (group, far) = (lab.group(&own, "near"), other.group(&theirs, "far"));
    let rule = json!({
        "GroupId": group,
        "IpPermissions": [{ "IpProtocol": "-1", "UserIdGroupPairs": [{ "GroupId": far, "UserId": OTHER }] }],
    });
    let named = || other.state().peerings.iter().next().unwrap().named.len();
    let known = |lab: &Lab| {
        let state = lab.state();
        let peered = state.groups.iter().flat_map(|group| group.peered.clone()).collect::<Vec<_>>();
        peered.iter().map(|peer| (peer.exists, peer.is_stale())).collect::<Vec<_>>()
    };
    lab.write::<AuthorizeSecurityGroupIngress>(rule.clone());
    assert_eq!((named(), known(&lab)), (1, vec![(true, false)]));
    lab.write::<RevokeSecurityGroupIngress>(rule.clone());
    assert_eq!((named(), known(&lab)), (0, vec![]));
    lab.write::<AuthorizeSecurityGroupIngress>(rule);
    lab.write::<DeleteSecurityGroup>(json!({ "GroupId": group }));
    assert_eq!((named(), known(&lab)), (0, vec![]), "a group goes with what it names");
    let group = lab.group(&own, "near");
    let rule = json!({
        "GroupId": group,
        "IpPermissions": [{ "IpProtocol": "-1", "UserIdGroupPairs": [{ "GroupId": far, "UserId": OTHER }] }],
    });
    lab.write::<AuthorizeSecurityGroupIngress>(rule);
    other.write::<DeleteSecurityGroup>(json!({ "GroupId": far }));
    assert_eq!(known(&lab), [(false, true)]);
    other.write::<DeleteVpcPeeringConnection>(id);
    assert_eq!(known(&lab), [(false, true)]);
    lab.settle(Duration::from_secs(3 * 24 * 3_600));
    assert!(lab.state().peerings.is_empty(), "the rule outlives the connection");
    assert_eq!(known(&lab), [(false, true)]);
}
