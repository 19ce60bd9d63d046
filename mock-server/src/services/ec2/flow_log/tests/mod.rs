//! Flow logs as clients see them.

mod delivery;
mod objects;

use super::super::describe::Describe;
use super::super::harness::{Lab, text, texts, unknown_filters};
use super::super::network_interface_create::DeleteNetworkInterface;
use super::super::subnet::DeleteSubnet;
use super::super::vpc::DeleteVpc;
use super::*;
use proptest::prelude::*;
use serde_json::{Value, json};

fn described(lab: &Lab, input: Value) -> Vec<String> {
    lab.ids::<Describe<FlowLog>>("FlowLogs", "FlowLogId", input)
}

#[test]
fn a_log_is_described_as_it_was_made() {
    let lab = Lab::new();
    let vpc = lab.vpc();
    let role = lab.role("Deliverer", "vpc-flow-logs.amazonaws.com");
    let made = lab.write::<CreateFlowLogs>(json!({
        "ResourceType": "VPC", "ResourceIds": [vpc], "TrafficType": "REJECT",
        "LogGroupName": "records", "DeliverLogsPermissionArn": role, "MaxAggregationInterval": 60,
        "LogFormat": "${version} ${vpc-id}",
        "TagFieldSpecifications": [{ "ResourceType": "instance", "TagKeys": ["team"] }],
        "TagSpecifications": [{ "ResourceType": "vpc-flow-log", "Tags": [{ "Key": "k", "Value": "v" }] }],
    }));
    assert_eq!(made["Unsuccessful"], json!([]));
    assert_eq!(text(&made["ClientToken"]).len(), 44);
    let listed = lab.read::<Describe<FlowLog>>(json!({ "FlowLogIds": made["FlowLogIds"] }));
    assert_eq!(
        listed["FlowLogs"],
        json!([{
            "CreationTime": 1_700_000_000_000_i64,
            "DeliverLogsPermissionArn": role,
            "DeliverLogsStatus": "SUCCESS",
            "FlowLogId": made["FlowLogIds"][0],
            "FlowLogStatus": "ACTIVE",
            "LogGroupName": "records",
            "ResourceId": vpc,
            "TrafficType": "REJECT",
            "LogDestinationType": "cloud-watch-logs",
            "LogFormat": "${version} ${vpc-id}",
            "Tags": [{ "Key": "k", "Value": "v" }],
            "MaxAggregationInterval": 60,
            "TagFieldSpecifications": [{ "ResourceType": "instance", "TagKeys": ["team"] }],
        }])
    );
    let state = lab.state();
    assert_eq!(unknown_filters(&state, &**state.flow_logs.iter().next().unwrap()), Vec::<&str>::new());
}

#[test]
fn a_log_to_a_bucket_has_its_options_and_defaults() {
    let lab = Lab::new();
    let subnet = lab.subnet(&lab.vpc(), "10.0.0.0/24");
    let made = lab.write::<CreateFlowLogs>(json!({
        "ResourceType": "Subnet", "ResourceIds": [subnet], "TrafficType": "ALL",
        "LogDestinationType": "s3", "LogDestination": "arn:aws:s3:::records/folder/",
        "DestinationOptions": { "PerHourPartition": true },
    }));
    let row =
        lab.read::<Describe<FlowLog>>(json!({ "FlowLogIds": made["FlowLogIds"] }))["FlowLogs"][0].clone();
    assert_eq!(row["LogDestination"], "arn:aws:s3:::records/folder/");
    assert_eq!(row["MaxAggregationInterval"], 600);
    assert_eq!(row["LogFormat"], crate::model::flow_log::default_format());
    assert_eq!(
        row["DestinationOptions"],
        json!({ "FileFormat": "plain-text", "HiveCompatiblePartitions": false, "PerHourPartition": true })
    );
    assert_eq!((row.get("LogGroupName"), row.get("DeliverLogsPermissionArn")), (None, None));
}

#[test]
fn each_resource_succeeds_or_fails_for_itself() {
    let lab = Lab::new();
    let (one, two) = (lab.vpc(), lab.vpc());
    let input = json!({
        "ResourceType": "VPC", "ResourceIds": [one, "vpc-0123456789abcdef0", two], "TrafficType": "ALL",
        "LogDestinationType": "s3", "LogDestination": "arn:aws:s3:::records", "ClientToken": "once",
    });
    let made = lab.write::<CreateFlowLogs>(input.clone());
    assert_eq!(texts(&made["Unsuccessful"], "ResourceId"), ["vpc-0123456789abcdef0"]);
    assert_eq!(made["FlowLogIds"].as_array().unwrap().len(), 2);
    assert_eq!(lab.write::<CreateFlowLogs>(input.clone()), made, "a repeated call makes nothing");
    let mut other = input.clone();
    other["TrafficType"] = json!("ACCEPT");
    assert_eq!(lab.try_write::<CreateFlowLogs>(other), Err(Ec2Error::TokenReused));
    lab.write::<DeleteFlowLogs>(json!({ "FlowLogIds": [made["FlowLogIds"][0]] }));
    let left = lab.write::<CreateFlowLogs>(input.clone());
    assert_eq!(left["FlowLogIds"], json!([made["FlowLogIds"][1]]));
    lab.write::<DeleteFlowLogs>(json!({ "FlowLogIds": left["FlowLogIds"] }));
    assert_eq!(lab.state().client_tokens.len(), 0, "the token goes with the last log");
}

#[test]
fn logs_go_with_what_they_watch() {
    let lab = Lab::new();
    let vpc = lab.vpc();
    let subnet = lab.subnet(&vpc, "10.0.0.0/24");
    let interface = lab.interface(&subnet, &[]);
    let logs = [("VPC", &vpc), ("Subnet", &subnet), ("NetworkInterface", &interface)]
        .map(|(kind, id)| lab.flow_log(kind, id, "records"));
    assert_eq!(described(&lab, json!({})).len(), 3);
    lab.write::<DeleteNetworkInterface>(json!({ "NetworkInterfaceId": interface }));
    lab.write::<DeleteSubnet>(json!({ "SubnetId": subnet }));
    assert_eq!(described(&lab, json!({})), [&*logs[0]]);
    lab.write::<DeleteVpc>(json!({ "VpcId": vpc }));
    assert_eq!(described(&lab, json!({ "FlowLogIds": logs })), Vec::<String>::new());
}

#[test]
fn logs_are_found_by_what_they_watch_and_where_they_deliver() {
    let lab = Lab::new();
    let (one, two) = (lab.vpc(), lab.vpc());
    let (first, second) = (lab.flow_log("VPC", &one, "records"), lab.flow_log("VPC", &one, "others"));
    let third = lab.flow_log("VPC", &two, "records");
    let by = |name: &str, value: &str| {
        let mut ids = described(&lab, json!({ "Filters": [{ "Name": name, "Values": [value] }] }));
        ids.sort();
        ids
    };
    let sorted = |mut ids: Vec<String>| {
        ids.sort();
        ids
    };
    assert_eq!(by("resource-id", &one), sorted(vec![first.clone(), second.clone()]));
    assert_eq!(by("flow-log-id", &third), [&*third]);
    assert_eq!(by("traffic-type", "ALL").len(), 3);
    assert_eq!(by("log-destination-type", "cloud-watch-logs"), Vec::<String>::new());
    assert_eq!(by("deliver-log-status", "SUCCESS").len(), 3);
    assert_eq!(described(&lab, json!({ "MaxResults": 5_000 })).len(), 3);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    /// The laboratory looks at the invariants and at refused calls after every step: no log outlives its resource, and
    /// tokens go with the last log that they made.
    #[test]
    fn whatever_is_made_and_removed_no_log_is_left_over(
        steps in prop::collection::vec((0u8..6, prop::collection::vec(0usize..4, 1..4), 0u8..3), 0..40)
    ) {
        let lab = Lab::new();
        let vpcs: Vec<String> = (0..4).map(|_| lab.vpc()).collect();
        for (what, chosen, n) in steps {
            let vpc = &vpcs[chosen[0]];
            if what == 0 && n == 0 {
                let _ = lab.try_write::<DeleteVpc>(json!({ "VpcId": vpc }));
            } else if what < 3 {
                let all = described(&lab, json!({}));
                let some: Vec<_> = chosen.iter().filter_map(|n| all.get(*n)).collect();
                let _ = lab.try_write::<DeleteFlowLogs>(json!({ "FlowLogIds": some }));
            } else {
                let resources: Vec<_> = chosen.iter().map(|n| &vpcs[*n]).collect();
                let _ = lab.try_write::<CreateFlowLogs>(json!({
                    "ResourceType": "VPC", "ResourceIds": resources, "LogDestinationType": "s3",
                    "LogDestination": format!("arn:aws:s3:::bucket{n}"), "TrafficType": "ALL",
                    "ClientToken": if what == 3 { json!(null) } else { json!(format!("{what}")) },
                }));
            }
            let state = lab.state();
            let logs: Vec<_> = state.flow_logs.iter().collect();
            let twice = |one: &FlowLog, other: &FlowLog| {
                one.id < other.id && one.resource == other.resource && one.settings.is_same(&other.settings)
            };
            prop_assert!(!logs.iter().any(|one| logs.iter().any(|other| twice(one, other))));
        }
    }
}
