//! Deliveries to buckets.

use super::super::super::describe::Describe;
use super::super::super::harness::{Lab, NOW, text};
use super::super::CreateFlowLogs;
use super::delivery::{lab, record, see};
use crate::kernel::Scope;
use crate::model::traffic::FlowRecord;
use crate::model::{Bucket, Content, FlowLog, PolicyDocument, Profile, State};
use flate2::read::GzDecoder;
use serde_json::{Value, json};
use std::io::Read;
use std::time::Duration;

fn change_global(lab: &Lab, change: impl FnOnce(&mut State)) {
    let done: Result<(), ()> = lab.account.write(&Scope::Global, lab.now(), true, |txn| {
        change(&mut txn.state);
        Ok(())
    });
    done.unwrap();
}

fn make_bucket(lab: &Lab, policy: Option<&Value>) {
    let policy = policy.map(|policy| PolicyDocument::new(policy.to_string()));
    let bucket = Bucket { policy, ..Bucket::new("records", lab.account.id, "us-east-1".into(), NOW) };
    change_global(lab, |state| {
        state.buckets.insert(bucket);
        state.has_made_bucket = true;
    });
}

fn policy(lab: &Lab) -> Option<Value> {
    let state = lab.account.read(&Scope::Global);
    let bucket = state.buckets.get(&"records".into()).unwrap();
    bucket.policy.as_ref().map(|policy| serde_json::from_str(policy.text()).unwrap())
}

fn input(vpc: &str, more: &Value) -> Value {
    let mut input = json!({
        "ResourceType": "VPC", "ResourceIds": [vpc], "TrafficType": "ALL", "MaxAggregationInterval": 60,
        "LogDestinationType": "s3", "LogDestination": "arn:aws:s3:::records/folder/",
        "LogFormat": "${srcport} ${packets} ${start}",
    });
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    input
}

/// Keys and texts.
fn objects(lab: &Lab) -> Vec<(String, String)> {
    let state = lab.account.read(&Scope::Global);
    assert_eq!(state.broken_invariants(), Vec::<String>::new());
    let read = |content: Option<&Content>| {
        let Some(Content::Bytes(bytes)) = content else { panic!("{content:?}") };
        let mut text = String::new();
        GzDecoder::new(&bytes[..]).read_to_string(&mut text).unwrap();
        text
    };
    let all = state.objects.iter();
    all.map(|row| (row.at.key.to_string(), read(row.current().unwrap().content.as_ref()))).collect()
}

fn scene(profile: Profile, more: &Value) -> (Lab, String, String) {
    let lab = lab(profile);
    make_bucket(&lab, None);
    let vpc = lab.vpc();
    let interface = lab.interface(&lab.subnet(&vpc, "10.0.0.0/24"), &[]);
    let made = lab.write::<CreateFlowLogs>(input(&vpc, more));
    assert_eq!(made["Unsuccessful"], json!([]));
    let log = text(&made["FlowLogIds"][0]);
    (lab, interface, log)
}

fn status(lab: &Lab, log: &str) -> Value {
    let row = lab.read::<Describe<FlowLog>>(json!({ "FlowLogIds": [log] }))["FlowLogs"][0].clone();
    json!([row["DeliverLogsStatus"], row["DeliverLogsErrorMessage"]])
}

/// 1,700,000,000 is 2023-11-14 22:13:20.
#[test]
fn a_file_arrives_after_ten_minutes() {
    let (lab, interface, log) = scene(Profile::Realistic, &json!({}));
    let first = record(&lab, &interface, 0, 10);
    let other = FlowRecord { source_port: 40_001, start: first.start, ..record(&lab, &interface, 1, 20) };
    see(&lab, vec![other, first]);
    lab.advance(Duration::from_secs(40 + 599));
    assert_eq!(objects(&lab), []);
    lab.advance(Duration::from_secs(1));
    let all = objects(&lab);
    let name = format!("123456789012_vpcflowlogs_us-east-1_{log}_20231114T2210Z_");
    let folder = "folder/AWSLogs/123456789012/vpcflowlogs/us-east-1/2023/11/14/";
    let [(key, text)] = &all[..] else { panic!("{all:?}") };
    let hash = key.strip_prefix(&format!("{folder}{name}")).unwrap().strip_suffix(".log.gz").unwrap();
    assert!(hash.len() == 8 && hash.bytes().all(|b| b.is_ascii_hexdigit()), "{key}");
    assert_eq!(text, "srcport packets start\n40000 10 1700000000\n40001 10 1700000000\n");
    assert_eq!(status(&lab, &log), json!(["SUCCESS", null]));
}

#[test]
fn each_delivery_is_a_file_and_they_are_the_same_again() {
    let run = || {
        let options =
            json!({ "DestinationOptions": { "HiveCompatiblePartitions": true, "PerHourPartition": true } });
        let (lab, interface, _) = scene(Profile::Instant, &options);
        for _ in 0..3 {
            see(&lab, vec![record(&lab, &interface, 0, 0)]);
        }
        objects(&lab)
    };
    let all = run();
    assert_eq!(all.len(), 3);
    let folder = "folder/AWSLogs/aws-account-id=123456789012/aws-service=vpcflowlogs/aws-region=us-east-1/year=2023/\
                  month=11/day=14/hour=22/";
    assert!(all.iter().all(|(key, _)| key.starts_with(folder)), "{all:?}");
    assert_eq!(run(), all);
}

#[test]
fn the_bucket_of_the_caller_is_made_to_let_logs_in() {
    let (lab, interface, log) = scene(Profile::Instant, &json!({}));
    let granted = policy(&lab).unwrap();
    assert_eq!(granted["Statement"][0]["Resource"], "arn:aws:s3:::records/folder/AWSLogs/123456789012/*");
    // Without it nothing arrives.
    let set = |policy: Option<&Value>| {
        let policy = policy.map(|policy| PolicyDocument::new(policy.to_string()));
        change_global(&lab, |state| {
            state.buckets.update(&"records".into(), |bucket| bucket.policy = policy);
        });
        see(&lab, vec![record(&lab, &interface, 0, 0)]);
        (status(&lab, &log), objects(&lab).len())
    };
    let failed = json!(["FAILED", "Access error"]);
    assert_eq!(set(None), (failed.clone(), 0));
    assert_eq!(set(Some(&granted)), (json!(["SUCCESS", null]), 1));
    for statement in 0..2 {
        let mut other = granted.clone();
        other["Statement"][statement]["Condition"]["StringEquals"]["aws:SourceAccount"] =
            json!("210987654321");
        assert_eq!(set(Some(&other)), (failed.clone(), 1), "{other}");
    }
    let deny = json!({ "Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::records/*" });
    let mut denied = granted.clone();
    denied["Statement"].as_array_mut().unwrap().push(deny);
    assert_eq!(set(Some(&denied)), (failed.clone(), 1));
    change_global(&lab, |state| state.authorization.mode = crate::model::IamMode::Off);
    assert_eq!(set(None), (json!(["SUCCESS", null]), 2), "where nobody asks, nobody is refused");
}

#[test]
fn a_bucket_that_is_gone_gets_nothing() {
    let (lab, interface, log) = scene(Profile::Instant, &json!({}));
    change_global(&lab, |state| drop(state.buckets.remove(&"records".into())));
    see(&lab, vec![record(&lab, &interface, 0, 0)]);
    assert_eq!(status(&lab, &log), json!(["FAILED", "Access error"]));
    let told = lab.account.events.since(0, 100);
    assert!(told.iter().any(|(_, event)| event.rule == Some("EC2-FL-DELIVER-BUCKET")));
}

#[test]
fn more_folders_are_one_statement() {
    let (lab, ..) = scene(Profile::Instant, &json!({}));
    let vpc = lab.vpc();
    let other = json!({ "LogDestination": "arn:aws:s3:::records" });
    lab.write::<CreateFlowLogs>(input(&vpc, &other));
    let statements = policy(&lab).unwrap()["Statement"].clone();
    assert_eq!(statements.as_array().unwrap().len(), 2);
    assert_eq!(
        statements[0]["Resource"],
        json!([
            "arn:aws:s3:::records/folder/AWSLogs/123456789012/*",
            "arn:aws:s3:::records/AWSLogs/123456789012/*"
        ])
    );
    // What is let in already is not granted again.
    lab.write::<CreateFlowLogs>(input(&vpc, &json!({})));
    assert_eq!(policy(&lab).unwrap()["Statement"], statements);
}

/// A bucket of China's partition has ARNs of that.
#[test]
fn a_bucket_of_another_partition() {
    let lab = lab(Profile::Instant);
    make_bucket(&lab, None);
    change_global(&lab, |state| {
        state.buckets.update(&"records".into(), |bucket| bucket.region = "cn-north-1".into());
    });
    let made = lab.write::<CreateFlowLogs>(input(&lab.vpc(), &json!({})));
    assert_eq!(made["Unsuccessful"], json!([]));
    let resource = policy(&lab).unwrap()["Statement"][1]["Resource"].clone();
    assert_eq!(resource, "arn:aws-cn:s3:::records");
}

/// Only who owns the bucket and may put its policy gets it changed.
#[test]
fn others_need_a_policy_that_is_there() {
    let owner = lab(Profile::Instant);
    make_bucket(&owner, None);
    let other = owner.beside("210987654321", "us-east-1");
    let vpc = other.vpc();
    let interface = other.interface(&other.subnet(&vpc, "10.0.0.0/24"), &[]);
    let refused = other.write::<CreateFlowLogs>(input(&vpc, &json!({})));
    let message = "Access Denied for LogDestination: records. Please check LogDestination permission";
    assert_eq!(refused["Unsuccessful"][0]["Error"]["Message"], message);
    assert_eq!(policy(&owner), None);
    let service = json!({ "Service": "delivery.logs.amazonaws.com" });
    let only = json!({ "StringEquals": { "aws:SourceAccount": "210987654321" } });
    make_bucket(
        &owner,
        Some(&json!({ "Statement": [
        { "Effect": "Allow", "Principal": service, "Action": "s3:PutObject",
          "Resource": "arn:aws:s3:::records/*", "Condition": only },
        { "Effect": "Allow", "Principal": service, "Action": ["s3:Get*", "s3:List*"],
          "Resource": "arn:aws:s3:::records", "Condition": only },
    ] })),
    );
    let made = other.write::<CreateFlowLogs>(input(&vpc, &json!({})));
    assert_eq!(made["Unsuccessful"], json!([]));
    see(&other, vec![record(&other, &interface, 0, 0)]);
    assert_eq!(objects(&owner).len(), 1);
    assert!(objects(&owner)[0].0.contains("/210987654321_vpcflowlogs_us-east-1_fl-"));
}
