//! The refusals of flow logs.

use super::super::error::flow_log::FlowLogError;
use super::super::flow_log::{CreateFlowLogs, DeleteFlowLogs};
use super::super::harness::{Lab, NOW};
use super::{Seen, with};
use crate::kernel::Scope;
use crate::model::{Bucket, PolicyDocument};
use crate::services::refusal::Refusal;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const LOST: &str = "fl-0123456789abcdef0";

pub(super) fn flow_logs() -> BTreeSet<String> {
    let lab = Lab::new();
    let vpc = lab.vpc();
    let role = lab.role("Deliverer", "vpc-flow-logs.amazonaws.com");
    let mut seen = Seen { lab: &lab, names: BTreeSet::new() };
    let all = json!({ "ResourceType": "VPC", "ResourceIds": [vpc], "TrafficType": "ALL" });
    let to_bucket = json!({ "LogDestinationType": "s3", "LogDestination": "arn:aws:s3:::records" });
    let to_bucket = with(all.clone(), to_bucket);
    let to_group = with(all.clone(), json!({ "LogGroupName": "g", "DeliverLogsPermissionArn": role }));
    destinations(&mut seen, &all, &to_bucket, &to_group);
    roles(&mut seen, &to_bucket, &to_group);
    settings(&mut seen, &all, &to_bucket, &to_group);
    ids(&mut seen, &to_bucket);
    each_resource(&mut seen, &to_bucket);
    seen.names
}

fn parameter(seen: &mut Seen<'_>, input: Value, message: &str) {
    seen.write::<CreateFlowLogs>(input, "InvalidParameter", message);
}

fn destinations(seen: &mut Seen<'_>, all: &Value, to_bucket: &Value, to_group: &Value) {
    let destination = |arn: &str| with(all.clone(), json!({ "LogDestination": arn }));
    parameter(
        seen,
        with(
            to_group.clone(),
            json!({ "LogDestination": "arn:aws:logs:us-east-1:123456789012:log-group:g" }),
        ),
        "Please only provide LogGroupName or only provide LogDestination.",
    );
    let empty = "LogDestination can't be empty if LogGroupName is not provided.";
    parameter(seen, all.clone(), empty);
    parameter(seen, with(all.clone(), json!({ "LogDestinationType": "s3" })), empty);
    parameter(
        seen,
        with(to_group.clone(), json!({ "LogDestinationType": "s3" })),
        "LogDestination type must be cloud-watch-logs if LogGroupName is provided.",
    );
    parameter(
        seen,
        destination("arn:aws:logs:eu-west-1:123456789012:log-group:g"),
        "LogDestination must be in the same region as the API caller.",
    );
    parameter(seen, destination("arn:aws:s3:::records"), "Invalid LogDestination: arn:aws:s3:::records");
    parameter(
        seen,
        with(to_bucket.clone(), json!({ "LogDestination": "arn:aws:s3:::records/AWSLogs/" })),
        "Invalid LogDestination: arn:aws:s3:::records/AWSLogs/",
    );
    parameter(seen, with(to_group.clone(), json!({ "LogGroupName": "a b" })), "Invalid LogGroupName: a b");
    parameter(
        seen,
        with(to_group.clone(), json!({ "DestinationOptions": { "PerHourPartition": true } })),
        "DestinationOptions are only applicable for s3 delivery",
    );
    let firehose = json!({ "LogDestinationType": "kinesis-data-firehose", "LogDestination": "arn:x" });
    seen.write::<CreateFlowLogs>(
        with(all.clone(), firehose),
        "NotImplemented",
        "CreateFlowLogs with delivery to Amazon Data Firehose is not implemented by this mock",
    );
}

fn roles(seen: &mut Seen<'_>, to_bucket: &Value, to_group: &Value) {
    let role = |base: &Value, arn: Value| with(base.clone(), json!({ "DeliverLogsPermissionArn": arn }));
    parameter(
        seen,
        role(to_group, Value::Null),
        "DeliverLogsPermissionArn can't be empty if LogDestinationType is cloud-watch-logs.",
    );
    parameter(
        seen,
        role(to_bucket, to_group["DeliverLogsPermissionArn"].clone()),
        "DeliverLogsPermissionArn is not applicable for s3 delivery",
    );
    let other = seen.lab.role("Other", "ec2.amazonaws.com");
    for arn in [&*other, "arn:aws:iam::123456789012:role/Nobody", "Deliverer"] {
        let message = format!("Unable to assume given IAM role: '{arn}'");
        parameter(seen, role(to_group, json!(arn)), &message);
    }
    parameter(
        seen,
        with(role(to_group, Value::Null), json!({ "DeliverCrossAccountRole": other })),
        "When providing a role for cross-account delivery, both the DeliverLogsPermissionArn and \
         DeliverCrossAccountRole fields must be set.",
    );
    seen.write::<CreateFlowLogs>(
        with(to_group.clone(), json!({ "DeliverCrossAccountRole": other })),
        "NotImplemented",
        "CreateFlowLogs with delivery to another account is not implemented by this mock",
    );
}

fn settings(seen: &mut Seen<'_>, all: &Value, to_bucket: &Value, to_group: &Value) {
    seen.write::<CreateFlowLogs>(
        with(to_bucket.clone(), json!({ "ResourceType": "TransitGateway", "TrafficType": null })),
        "NotImplemented",
        "CreateFlowLogs for transit gateways, NAT gateways and core networks is not implemented by this mock",
    );
    seen.write::<CreateFlowLogs>(
        with(to_bucket.clone(), json!({ "DestinationOptions": { "FileFormat": "parquet" } })),
        "NotImplemented",
        "CreateFlowLogs with files in the Parquet format is not implemented by this mock",
    );
    seen.write::<CreateFlowLogs>(
        with(to_bucket.clone(), json!({ "TrafficType": null })),
        "MissingParameter",
        "The request must contain the parameter trafficType",
    );
    seen.value::<CreateFlowLogs>(
        with(to_bucket.clone(), json!({ "LogFormat": "${version} " })),
        "1 validation error detected: Value '${version} ' at 'logFormat' has an invalid format",
    );
    parameter(
        seen,
        with(to_bucket.clone(), json!({ "LogFormat": "${version} ${colour}" })),
        "Unknown fields provided: [colour]",
    );
    let interval = json!({ "MaxAggregationInterval": 10 });
    parameter(seen, with(to_bucket.clone(), interval), "Invalid Flow Log Max Aggregation Interval");
    let arn = json!({ "LogGroupName": null, "LogDestination": "arn:aws:logs:us-east-1:123456789012:log-group:g:*" });
    seen.lab.write::<CreateFlowLogs>(to_bucket.clone());
    seen.lab.write::<CreateFlowLogs>(to_group.clone());
    for again in [to_bucket.clone(), to_group.clone(), with(to_group.clone(), arn)] {
        seen.write::<CreateFlowLogs>(
            again,
            "FlowLogAlreadyExists",
            "Error. There is an existing Flow Log with the same configuration and log destination.",
        );
    }
    let many: Vec<String> = vec![all["ResourceIds"][0].as_str().unwrap().to_owned(); 301];
    seen.value::<CreateFlowLogs>(
        with(to_bucket.clone(), json!({ "ResourceIds": many })),
        "Too many values for parameter resourceId. The maximum is 300.",
    );
}

fn ids(seen: &mut Seen<'_>, to_bucket: &Value) {
    let delete = |ids: &[&str]| json!({ "FlowLogIds": ids });
    seen.write::<DeleteFlowLogs>(
        delete(&[LOST, "fl-1a2b3c4d"]),
        "InvalidFlowLogId.NotFound",
        &format!("These flow log ids in the input list are not found: [TotalCount: 2] {LOST} fl-1a2b3c4d"),
    );
    let malformed = "1 validation error detected: Value 'vpc-1' at 'flowLogId' has an invalid format";
    seen.value::<DeleteFlowLogs>(delete(&["vpc-1"]), malformed);
    let many = delete(&vec![LOST; 1_001]);
    seen.value::<DeleteFlowLogs>(many, "Too many values for parameter flowLogId. The maximum is 1000.");
    let tags = |kind: &str| json!({ "TagSpecifications": [{ "ResourceType": kind, "Tags": [{ "Key": "k", "Value": "v" }] }] });
    let refused = seen.lab.try_write::<CreateFlowLogs>(with(to_bucket.clone(), tags("vpc"))).unwrap_err();
    assert_eq!(refused.line().code, "InvalidParameterValue");
}

/// What is told of each resource while others succeed.
fn each_resource(seen: &mut Seen<'_>, to_bucket: &Value) {
    type Unknown = fn(String) -> FlowLogError;
    for (kind, code, unknown) in [
        ("VPC", "InvalidVpcId.NotFound", FlowLogError::UnknownVpc as Unknown),
        ("Subnet", "InvalidSubnetId.NotFound", FlowLogError::UnknownSubnet),
        ("NetworkInterface", "InvalidNetworkInterfaceId.NotFound", FlowLogError::UnknownInterface),
    ] {
        let input = with(to_bucket.clone(), json!({ "ResourceType": kind, "ResourceIds": ["x-1"] }));
        let answer = seen.lab.write::<CreateFlowLogs>(input);
        let error = json!({ "Code": code, "Message": "Unknown resource x-1" });
        assert_eq!(answer["Unsuccessful"], json!([{ "Error": error, "ResourceId": "x-1" }]));
        assert_eq!(answer["FlowLogIds"], json!([]));
        seen.names.insert(unknown(String::new()).line().name.to_owned());
    }
    // Whoever made a bucket has them all here.
    let made: Result<(), ()> = seen.lab.account.write(&Scope::Global, NOW, true, |txn| {
        txn.state.has_made_bucket = true;
        Ok(())
    });
    assert_eq!(made, Ok(()));
    let answer = seen.lab.write::<CreateFlowLogs>(to_bucket.clone());
    bucket(
        seen,
        &answer,
        FlowLogError::NoSuchBucket("records".into()),
        "LogDestination: records does not exist",
    );
    let denied = "Access Denied for LogDestination: records. Please check LogDestination permission";
    let full = "LogDestinationPermissionIssueException: the policy of records has no room for another grant";
    let long = json!({ "Statement": [], "Id": "x".repeat(20_000) }).to_string();
    for (policy, error, message) in [
        ("no policy", FlowLogError::BucketDenied("records".into()), denied),
        (&long, FlowLogError::BucketPolicyFull("records".into()), full),
    ] {
        let row = Bucket {
            policy: Some(PolicyDocument::new(policy)),
            ..Bucket::new("records", seen.lab.account.id, "us-east-1".into(), NOW)
        };
        let made: Result<(), ()> = seen.lab.account.write(&Scope::Global, NOW, true, |txn| {
            txn.state.buckets.insert(row);
            Ok(())
        });
        assert_eq!(made, Ok(()));
        let answer = seen.lab.write::<CreateFlowLogs>(to_bucket.clone());
        bucket(seen, &answer, error, message);
    }
}

fn bucket(seen: &mut Seen<'_>, answer: &Value, error: FlowLogError, message: &str) {
    let told = &answer["Unsuccessful"][0]["Error"];
    assert_eq!(told, &json!({ "Code": "400", "Message": message }));
    assert_eq!(answer["FlowLogIds"], json!([]));
    seen.names.insert(error.line().name.to_owned());
}
