//! What is recorded arrives, or it is told that it did not.

use super::super::super::describe::Describe;
use super::super::super::harness::{Lab, NOW, text};
use super::super::super::network_interface_create::DeleteNetworkInterface;
use super::super::{CreateFlowLogs, DeleteFlowLogs};
use crate::kernel::{Scope, SimTime};
use crate::model::traffic::FlowRecord;
use crate::model::{Defaults, FlowLog, Grants, Id, NetworkInterfaceId, PolicyDocument, Profile};
use crate::net::flow_log::collect;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

pub(super) fn lab(profile: Profile) -> Lab {
    Lab::with_defaults("us-east-1", Defaults { profile, ..Defaults::default() })
}

/// A record of an interface from some seconds after the laboratory's beginning to some others.
pub(super) fn record(lab: &Lab, interface: &str, start: i64, end: i64) -> FlowRecord {
    let state = lab.state();
    let id = NetworkInterfaceId::parse(interface).unwrap();
    let row = state.interfaces.get(&id).unwrap();
    let at = |seconds: i64| SimTime::from_millis(NOW.millis() + 1_000 * seconds);
    FlowRecord {
        account: lab.account.id,
        region: state.site.region.clone(),
        interface: id,
        subnet: row.subnet,
        vpc: row.vpc,
        zone_id: row.zone.id,
        instance: None,
        interface_type: row.interface_type,
        ingress: false,
        source: row.addresses[0],
        destination: [52, 216, 0, 1].into(),
        source_port: 40_000,
        destination_port: 443,
        packet_source: row.addresses[0],
        packet_destination: [52, 216, 0, 1].into(),
        source_service: None,
        destination_service: Some("S3"),
        protocol: 6,
        tcp_flags: 3,
        packets: 10,
        bytes: 1_000,
        start: at(start),
        end: at(end),
        accepted: true,
        path: Some(7),
        next_hop: None,
    }
}

pub(super) fn see(lab: &Lab, records: Vec<FlowRecord>) {
    let done: Result<(), ()> = lab.account.write(&lab.scope, lab.now(), true, |txn| {
        collect(txn, records);
        Ok(())
    });
    done.unwrap();
    assert_eq!(lab.state().broken_invariants(), Vec::<String>::new());
}

/// A VPC with a subnet, an interface in it, and a log of the VPC to the group `records`.
struct Scene {
    lab: Lab,
    subnet: String,
    interface: String,
    log: String,
}

fn input(kind: &str, resource: &str, more: &Value) -> Value {
    let mut input = json!({
        "ResourceType": kind, "ResourceIds": [resource], "TrafficType": "ALL", "MaxAggregationInterval": 60,
        "LogGroupName": "records", "DeliverLogsPermissionArn": "arn:aws:iam::123456789012:role/Deliverer",
        "LogFormat": "${packets} ${bytes} ${start} ${end} ${log-status}",
    });
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    input
}

fn create(lab: &Lab, kind: &str, resource: &str, more: &Value) -> String {
    let made = lab.write::<CreateFlowLogs>(input(kind, resource, more));
    assert_eq!(made["Unsuccessful"], json!([]));
    text(&made["FlowLogIds"][0])
}

fn scene(profile: Profile, more: &Value) -> Scene {
    let lab = lab(profile);
    lab.role("Deliverer", "vpc-flow-logs.amazonaws.com");
    let vpc = lab.vpc();
    let subnet = lab.subnet(&vpc, "10.0.0.0/24");
    let interface = lab.interface(&subnet, &[]);
    let log = create(&lab, "VPC", &vpc, more);
    Scene { lab, subnet, interface, log }
}

/// All that was delivered to the group `records`, with times in seconds from the laboratory's beginning.
fn delivered(lab: &Lab) -> Vec<(String, i64, String)> {
    let state = lab.state();
    let Some(group) = state.log_groups.get(&"records".into()) else { return Vec::new() };
    let mut all = Vec::new();
    for stream in state.streams_of(&group.name) {
        let since = |at: SimTime| (at.millis() - NOW.millis()).div_euclid(1_000);
        // Also what is to come.
        let events = stream.all_seen(group, SimTime::NEVER);
        all.extend(events.map(|it| (stream.key.name.to_string(), since(it.at), it.message.to_string())));
    }
    all
}

fn status(lab: &Lab, log: &str) -> (String, Value) {
    let listed = lab.read::<Describe<FlowLog>>(json!({ "FlowLogIds": [log] }));
    let row = &listed["FlowLogs"][0];
    let filter =
        json!({ "Filters": [{ "Name": "deliver-log-status", "Values": [row["DeliverLogsStatus"]] }] });
    assert_eq!(lab.ids::<Describe<FlowLog>>("FlowLogs", "FlowLogId", filter), [log]);
    (text(&row["DeliverLogsStatus"]), row["DeliverLogsErrorMessage"].clone())
}

fn advance(lab: &Lab, seconds: u64) {
    lab.advance(Duration::from_secs(seconds));
}

/// 1,700,000,000 is 20 seconds after a full minute.
#[test]
fn a_window_is_delivered_some_minutes_after_it_closed() {
    let Scene { lab, interface, .. } = scene(Profile::Realistic, &json!({}));
    see(&lab, vec![record(&lab, &interface, 0, 20)]);
    see(&lab, vec![record(&lab, &interface, 10, 100)]);
    advance(&lab, 40 + 299);
    assert_eq!(delivered(&lab), []);
    advance(&lab, 1);
    let stream = format!("{interface}-all");
    let told = |packets: u64, start: i64, end: i64| {
        let at = |seconds: i64| 1_700_000_000 + seconds;
        (stream.clone(), start, format!("{packets} {}00 {} {} OK", packets, at(start), at(end)))
    };
    assert_eq!(delivered(&lab), [told(13, 0, 40)]);
    advance(&lab, 60);
    assert_eq!(delivered(&lab), [told(13, 0, 40), told(7, 40, 100)]);
    assert!(lab.state().timers.is_empty() && lab.state().captures.is_empty());
}

#[test]
fn profiles_say_when() {
    let Scene { lab, interface, .. } = scene(Profile::Fast, &json!({}));
    see(&lab, vec![record(&lab, &interface, 0, 0)]);
    assert_eq!(delivered(&lab), []);
    advance(&lab, 1);
    assert_eq!(delivered(&lab).len(), 1);
    let Scene { lab, interface, .. } = scene(Profile::Instant, &json!({}));
    see(&lab, vec![record(&lab, &interface, 0, 100)]);
    assert_eq!(delivered(&lab).len(), 2, "at once, whatever the records say");
}

#[test]
fn each_log_records_what_it_watches_and_asks_for() {
    let Scene { lab, subnet, interface, .. } = scene(Profile::Instant, &json!({ "TrafficType": "REJECT" }));
    let other = lab.interface(&subnet, &[]);
    create(&lab, "Subnet", &subnet, &json!({ "TrafficType": "ACCEPT" }));
    create(&lab, "NetworkInterface", &interface, &json!({}));
    let accepted = |interface: &str| record(&lab, interface, 0, 0);
    let rejected = |interface: &str| FlowRecord { accepted: false, ..record(&lab, interface, 0, 0) };
    see(&lab, vec![accepted(&interface), rejected(&interface), accepted(&other), rejected(&other)]);
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for (stream, ..) in delivered(&lab) {
        *counts.entry(stream).or_default() += 1;
    }
    let expected = [
        (format!("{interface}-accept"), 1),
        (format!("{interface}-all"), 2),
        (format!("{interface}-reject"), 1),
        (format!("{other}-accept"), 1),
        (format!("{other}-reject"), 1),
    ];
    assert_eq!(counts, expected.into());
}

#[test]
fn flows_are_added_up_and_others_are_not() {
    let Scene { lab, interface, .. } = scene(Profile::Fast, &json!({}));
    let one = record(&lab, &interface, 0, 0);
    let other_port = FlowRecord { source_port: 40_001, ..one.clone() };
    let back = FlowRecord { ingress: true, source: one.destination, destination: one.source, ..one.clone() };
    see(&lab, vec![one.clone(), one.clone(), other_port, back, one]);
    advance(&lab, 1);
    let mut packets: Vec<_> = delivered(&lab).into_iter().map(|(.., line)| line[..2].to_owned()).collect();
    packets.sort();
    assert_eq!(packets, ["10", "10", "30"]);
}

#[test]
fn what_was_recorded_before_the_log_went_is_delivered_and_nothing_after() {
    let Scene { lab, interface, log, .. } = scene(Profile::Realistic, &json!({}));
    let record = record(&lab, &interface, 0, 10);
    see(&lab, vec![record.clone()]);
    advance(&lab, 20);
    lab.write::<DeleteFlowLogs>(json!({ "FlowLogIds": [log] }));
    see(&lab, vec![record.clone()]);
    lab.write::<DeleteNetworkInterface>(json!({ "NetworkInterfaceId": interface }));
    advance(&lab, 1_000);
    assert_eq!(delivered(&lab).len(), 1);
    see(&lab, vec![record]);
    assert!(lab.state().timers.is_empty());
}

/// Jobs tell of what they send and receive when they begin to.
#[test]
fn what_was_to_come_when_the_log_went_is_not_delivered() {
    let Scene { lab, interface, log, .. } = scene(Profile::Realistic, &json!({}));
    see(&lab, vec![record(&lab, &interface, 0, 100)]);
    advance(&lab, 20);
    lab.write::<DeleteFlowLogs>(json!({ "FlowLogIds": [log] }));
    assert_eq!(lab.state().captures.len(), 1);
    advance(&lab, 1_000);
    let told = delivered(&lab);
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].2, "2 200 1700000000 1700000020 OK");
}

#[test]
fn interfaces_that_were_heard_of_are_told_to_be_silent() {
    let Scene { lab, subnet, interface, .. } = scene(Profile::Realistic, &json!({}));
    let other = lab.interface(&subnet, &[]);
    lab.interface(&subnet, &[]);
    see(&lab, vec![record(&lab, &interface, 0, 10), record(&lab, &other, 0, 10)]);
    advance(&lab, 600);
    assert_eq!(delivered(&lab).len(), 2);
    see(&lab, vec![record(&lab, &interface, 600, 610)]);
    advance(&lab, 600);
    let told = delivered(&lab);
    let silent: Vec<_> = told.iter().filter(|(.., line)| line.ends_with("NODATA")).collect();
    let line = "- - 1700000580 1700000640 NODATA".to_owned();
    assert_eq!((told.len(), silent), (4, vec![&(format!("{other}-all"), 580, line)]));
    assert!(lab.state().timers.is_empty(), "silence wakes nobody");
}

#[test]
fn other_accounts_and_regions_are_told() {
    let Scene { lab: here, .. } = scene(Profile::Fast, &json!({}));
    let there = here.beside("210987654321", "eu-west-1");
    let role = there.role("Deliverer", "vpc-flow-logs.amazonaws.com");
    let vpc = there.vpc();
    let interface = there.interface(&there.subnet(&vpc, "10.0.0.0/24"), &[]);
    create(&there, "VPC", &vpc, &json!({ "DeliverLogsPermissionArn": role }));
    see(&here, vec![record(&there, &interface, 0, 0)]);
    advance(&there, 1);
    assert_eq!(delivered(&there).len(), 1);
    assert_eq!(delivered(&here).len(), 0);
}

// === Failures ===

fn set_role(lab: &Lab, change: impl FnOnce(&mut crate::model::Role)) {
    let done: Result<(), ()> = lab.account.write(&Scope::Global, lab.now(), true, |txn| {
        txn.state.roles.update(&crate::model::Role::key_of("Deliverer"), change);
        Ok(())
    });
    done.unwrap();
}

fn allow(actions: &Value, resource: &str) -> Grants {
    let statement = json!({ "Effect": "Allow", "Action": actions, "Resource": resource });
    let document = json!({ "Version": "2012-10-17", "Statement": statement }).to_string();
    Grants { inline: [("deliver".into(), PolicyDocument::new(document))].into(), ..Grants::default() }
}

const NEEDED: [&str; 5] = [
    "logs:CreateLogGroup",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "logs:DescribeLogGroups",
    "logs:DescribeLogStreams",
];

#[test]
fn a_role_needs_what_is_documented() {
    let success = ("SUCCESS".to_owned(), Value::Null);
    let failed = ("FAILED".to_owned(), json!("Access error"));
    for missing in NEEDED {
        let Scene { lab, interface, log, .. } = scene(Profile::Instant, &json!({}));
        let rest: Vec<_> = NEEDED.into_iter().filter(|action| *action != missing).collect();
        set_role(&lab, |role| role.grants = allow(&json!(rest), "*"));
        assert_eq!(status(&lab, &log), success);
        see(&lab, vec![record(&lab, &interface, 0, 0)]);
        assert_eq!((status(&lab, &log), delivered(&lab)), (failed.clone(), Vec::new()), "{missing}");
        let told = lab.account.events.since(0, 100).into_iter().map(|(_, event)| event);
        let mut told = told.filter(|it| it.kind == "FlowLogNotDelivered" && it.message.contains(missing));
        assert!(told.any(|event| event.rule == Some("EC2-FL-DELIVER-ROLE") && event.resource == log));
        // Mended, the next delivery arrives; what was lost does not.
        set_role(&lab, |role| role.grants = allow(&json!(NEEDED), "arn:aws:logs:*:*:log-group:records:*"));
        assert_eq!(status(&lab, &log), failed);
        see(&lab, vec![record(&lab, &interface, 0, 0)]);
        assert_eq!((status(&lab, &log), delivered(&lab).len()), (success.clone(), 1), "{missing}");
        // What there is need not be made.
        set_role(&lab, |role| role.grants = allow(&json!(rest), "*"));
        see(&lab, vec![record(&lab, &interface, 0, 0)]);
        let expected = if missing.contains("Create") { &success } else { &failed };
        assert_eq!(status(&lab, &log), *expected, "{missing}");
    }
}

#[test]
fn a_role_has_to_be_there_and_to_trust_the_service() {
    let Scene { lab, interface, log, .. } = scene(Profile::Instant, &json!({}));
    let trust = |service: &str| {
        let principal = json!({ "Service": service });
        let statement = json!({ "Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole" });
        PolicyDocument::new(json!({ "Statement": statement }).to_string())
    };
    let fails = |what: &str| {
        see(&lab, vec![record(&lab, &interface, 0, 0)]);
        let is = status(&lab, &log);
        assert_eq!(is.0, if what.is_empty() { "SUCCESS" } else { "FAILED" }, "{what}");
    };
    fails("");
    set_role(&lab, |role| role.trust = trust("ec2.amazonaws.com"));
    fails("it trusts somebody else");
    set_role(&lab, |role| role.trust = trust("vpc-flow-logs.amazonaws.com"));
    fails("");
    set_role(&lab, |role| {
        role.grants = allow(&json!("logs:*"), "arn:aws:logs:us-east-1:123456789012:log-group:records")
    });
    fails("the policy names the group without its streams");
    let done: Result<(), ()> = lab.account.write(&Scope::Global, lab.now(), true, |txn| {
        txn.state.roles.remove(&crate::model::Role::key_of("Deliverer"));
        Ok(())
    });
    done.unwrap();
    fails("it is gone");
    lab.role("Deliverer", "vpc-flow-logs.amazonaws.com");
    fails("");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    /// Whatever is seen, waited for and deleted, what is delivered of a log is the sum of what was seen while the log
    /// was there; and a second run writes the same.
    #[test]
    fn what_is_seen_is_what_is_delivered(
        profile in prop::sample::select(&[Profile::Fast, Profile::Realistic, Profile::Instant][..]),
        steps in prop::collection::vec((0u8..8, 0usize..3, 0i64..400, 1u64..50), 0..24)
    ) {
        let run = || {
            let Scene { lab, subnet, interface, log: first } = scene(profile, &json!({
                "LogFormat": "${interface-id} ${srcport} ${packets} ${bytes} ${log-status}" }));
            let interfaces = [interface, lab.interface(&subnet, &[]), lab.interface(&subnet, &[])];
            let mut logs = vec![first];
            let mut seen: BTreeMap<(String, u64), (u64, u64)> = BTreeMap::new();
            for (what, n, span, packets) in &steps {
                match what {
                    0 => advance(&lab, span.unsigned_abs()),
                    1 => {
                        // What is still to come when a log goes is not told.
                        advance(&lab, 400);
                        logs.drain(..).for_each(|log| {
                            lab.write::<DeleteFlowLogs>(json!({ "FlowLogIds": [log] }));
                        });
                    }
                    2 if logs.is_empty() => {
                        let format = json!({ "LogFormat": "${interface-id} ${srcport} ${packets} ${bytes} ${log-status}" });
                        logs.push(create(&lab, "Subnet", &subnet, &format));
                    }
                    _ => {
                        let begin = (lab.now().millis() - NOW.millis()) / 1_000;
                        let port = 40_000 + packets % 3;
                        let piece = FlowRecord {
                            packets: *packets, bytes: packets * 100, source_port: u16::try_from(port).unwrap(),
                            ..record(&lab, &interfaces[*n], begin, begin + span)
                        };
                        see(&lab, vec![piece]);
                        for _ in &logs {
                            let sum = seen.entry((interfaces[*n].clone(), port)).or_default();
                            *sum = (sum.0 + packets, sum.1 + packets * 100);
                        }
                    }
                }
            }
            advance(&lab, 10_000);
            let state = lab.state();
            assert!(state.timers.is_empty() && state.captures.is_empty());
            (delivered(&lab), seen)
        };
        let (lines, seen) = run();
        let mut sums: BTreeMap<(String, u64), (u64, u64)> = BTreeMap::new();
        for (.., line) in lines.iter().filter(|(.., line)| line.ends_with("OK")) {
            let words: Vec<&str> = line.split(' ').collect();
            let number = |n: usize| words[n].parse::<u64>().unwrap();
            let sum = sums.entry((words[0].to_owned(), number(1))).or_default();
            *sum = (sum.0 + number(2), sum.1 + number(3));
        }
        prop_assert_eq!(sums, seen);
        prop_assert_eq!(run().0, lines);
    }
}
