//! What jobs and endpoints send and receive, as a flow log of their VPC records it.

use super::*;
use crate::model::flow_log::{FlowLogSettings, LogDestination, Logged, Traffic};
use crate::model::traffic::{EXCHANGE, FlowRecord};
use crate::model::{Behaviour, Content, FlowLog, FlowLogId, Id, JobLogs, NetworkAcl, NetworkInterfaceId};
use crate::scenario::behaviour::parse;
use std::collections::{BTreeMap, BTreeSet};

/// Somebody watches a VPC.
pub(super) fn watch(lab: &Lab, vpc: VpcId) {
    let created = lab.now();
    lab.edit(|state| {
        state.flow_logs.insert(FlowLog {
            id: FlowLogId::parse("fl-0123456789abcdef0").unwrap(),
            resource: Logged::Vpc(vpc),
            settings: Arc::new(FlowLogSettings {
                traffic: Traffic::All,
                destination: LogDestination::LogGroup { name: "records".into(), arn: None },
                role: None,
                format: "".into(),
                interval: 600,
                options: None,
                tag_fields: Vec::new(),
            }),
            created,
            failure: None,
            recorded: Default::default(),
            client_token: None,
            tags: Default::default(),
            memo: Default::default(),
        });
    });
}

/// What was recorded and is not delivered yet, in order of time.
pub(super) fn recorded(lab: &Lab) -> Vec<FlowRecord> {
    let state = lab.state();
    let flows = state.captures.iter().flat_map(|it| it.flows.values().cloned().collect::<Vec<_>>());
    let mut all: Vec<_> = flows.map(|flow| flow.record).collect();
    all.sort_by_key(|it| (it.start, it.ingress, it.interface, it.source_port, it.destination_port));
    all
}

/// A site that is watched, with a bucket that holds what every kind of job reads. Nothing is delivered in the minutes
/// that a job of it takes.
fn watched() -> Site {
    let site = Site::new(Profile::Realistic);
    site.lab.bucket("data");
    for (key, size) in
        [("train/1", 10), ("train/2", 30), ("in/a.csv", 10), ("in/b/c.csv", 30), ("model.tar.gz", 5)]
    {
        site.lab.object("data", key, Content::Size(size << 20));
    }
    watch(&site.lab, site.vpc);
    site
}

fn declare(site: &Site, text: &str) {
    let behaviour: Behaviour = parse(&format!("behaviours: [{{{text}}}]")).unwrap().remove(0);
    site.lab.declare(behaviour);
}

/// Runs a job of this kind to its end, and answers what was recorded of it, and its interfaces.
fn run(site: &Site, kind: JobKind, request: Value) -> (Vec<FlowRecord>, Vec<NetworkInterfaceId>) {
    let kit = kit(kind);
    (kit.create)(&site.lab, request).unwrap();
    site.lab.advance(3_000);
    let interfaces = site.lab.interfaces().iter().map(|row| row.id).collect();
    site.lab.advance(290_000);
    site.assert_sound();
    (recorded(&site.lab), interfaces)
}

/// What S3 says, and what is said to it, in the order of time.
fn to_s3(records: &[FlowRecord]) -> Vec<&FlowRecord> {
    records
        .iter()
        .filter(|it| it.destination_service == Some("S3") || it.source_service == Some("S3"))
        .collect()
}

fn megabytes(bytes: u64) -> u64 {
    bytes >> 20
}

#[test]
fn every_kind_downloads_and_uploads_over_the_services_own_interface() {
    for (kind, downloads) in [
        (JobKind::Training, vec![40]),
        (JobKind::Processing, vec![40]),
        (JobKind::Transform, vec![5, 40]),
        (JobKind::Compilation, vec![5]),
    ] {
        let site = watched();
        declare(&site, "kinds: [training, processing, transform, compilation], writes: 20971520");
        let mut request = site.job(kit(kind), "j", 1, true);
        if kind == JobKind::Processing {
            request["ProcessingOutputConfig"] =
                json!({ "Outputs": [{ "OutputName": "o", "S3Output": { "S3Uri": "s3://data/out" } }] });
        }
        let (records, interfaces) = run(&site, kind, request);
        let s3 = to_s3(&records);
        assert!(s3.iter().all(|it| it.accepted && it.protocol == 6), "{kind:?}");
        let senders: BTreeSet<_> = s3.iter().map(|it| it.interface).collect();
        assert_eq!((senders.len(), interfaces.len()), (1, 2), "{kind:?}");
        let mut got: Vec<_> = s3.iter().filter(|it| it.ingress).map(|it| megabytes(it.bytes)).collect();
        got.retain(|size| *size > 0);
        got.sort_unstable();
        // Headers are some hundredth of it.
        let expected: Vec<_> = downloads.iter().map(|size| size + size / 36).collect();
        assert_eq!(got, expected, "{kind:?}");
        let sent: Vec<_> = s3.iter().filter(|it| !it.ingress && it.bytes > 20 << 20).collect();
        // A transform job answers each of its two inputs.
        let expected = if kind == JobKind::Transform { 41 } else { 20 };
        assert_eq!(sent.iter().map(|it| megabytes(it.bytes)).collect::<Vec<_>>(), [expected], "{kind:?}");
        assert_eq!((sent[0].tcp_flags, sent[0].path, sent[0].destination_port), (3, Some(7), 443));
        let download = s3.iter().find(|it| it.ingress).unwrap();
        assert!(download.end > download.start && download.end <= sent[0].start, "{kind:?}");
        // Each packet but the few around them is full.
        let full = download.bytes / 1_500;
        assert!((full..full + 5).contains(&download.packets), "{kind:?} {} {full}", download.packets);
    }
}

#[test]
fn instances_get_all_or_their_share() {
    for (distribution, expected) in [("FullyReplicated", [41, 41]), ("ShardedByS3Key", [10, 30])] {
        let site = watched();
        let mut request = site.request("two", 2);
        let source = &mut request["InputDataConfig"][0]["DataSource"]["S3DataSource"];
        source["S3DataDistributionType"] = json!(distribution);
        let (records, _) = run(&site, JobKind::Training, request);
        let mut got: Vec<_> =
            to_s3(&records).iter().filter(|it| it.ingress).map(|it| megabytes(it.bytes)).collect();
        got.retain(|size| *size > 0);
        got.sort_unstable();
        assert_eq!(got, expected, "{distribution}");
    }
    let site = watched();
    declare(&site, "reads: 1048576");
    let (records, _) = run(&site, JobKind::Training, site.request("some", 1));
    let most = to_s3(&records).iter().filter(|it| it.ingress).map(|it| it.bytes).max().unwrap();
    assert_eq!(megabytes(most), 1);
}

#[test]
fn instances_talk_to_the_first_one_over_the_interfaces_of_their_containers() {
    let site = watched();
    let (records, interfaces) = run(&site, JobKind::Training, site.request("three", 3));
    assert_eq!(interfaces.len(), 6);
    let service: BTreeSet<_> = to_s3(&records).iter().map(|it| it.interface).collect();
    let peers: Vec<_> =
        records.iter().filter(|it| [it.source_port, it.destination_port].contains(&7_777)).collect();
    assert!(peers.iter().all(|it| it.accepted && !service.contains(&it.interface)));
    let mut count: BTreeMap<_, usize> = BTreeMap::new();
    peers.iter().for_each(|it| *count.entry(it.interface).or_default() += 1);
    // Two connections, each seen both ways at both ends.
    let mut counts: Vec<_> = count.values().copied().collect();
    counts.sort_unstable();
    assert_eq!(counts, [2, 2, 4]);
    let sum = |ingress| peers.iter().filter(|it| it.ingress == ingress).map(|it| it.bytes).sum::<u64>();
    assert_eq!(sum(true), sum(false));
}

#[test]
fn an_isolated_container_sends_nothing() {
    let site = watched();
    declare(&site, "connects: [{to: 'example.com:443', onFailure: log}]");
    let mut request = site.request("alone", 2);
    request["EnableNetworkIsolation"] = json!(true);
    let (records, interfaces) = run(&site, JobKind::Training, request);
    assert_eq!(interfaces.len(), 2);
    let services: BTreeSet<_> =
        records.iter().map(|it| it.destination_service.or(it.source_service)).collect();
    assert_eq!(services, BTreeSet::from([Some("S3"), Some("AMAZON")]));
}

#[test]
fn containers_connect_over_their_own_interface_up_to_where_they_give_up() {
    let site = watched();
    declare(
        &site,
        "connects: [{to: '203.0.113.7:80', onFailure: log}, {to: '203.0.113.8:80'}, {to: '203.0.113.9:80'}]",
    );
    let (records, _) = run(&site, JobKind::Training, site.request("calls", 1));
    let tried: Vec<_> = records.iter().filter(|it| it.destination_port == 80).collect();
    let hosts: Vec<_> = tried.iter().map(|it| it.destination.to_string()).collect();
    assert_eq!(hosts, ["203.0.113.7", "203.0.113.8"]);
    // There is no route: it left, and nobody answered.
    assert!(tried.iter().all(|it| it.accepted && (it.tcp_flags, it.packets) == (2, 7)));
    assert!(!to_s3(&records).iter().any(|it| it.interface == tried[0].interface));
    assert!(records.iter().all(|it| it.source_port != 80));
}

#[test]
fn answers_that_the_acl_refuses_are_all_that_comes_back() {
    let site = watched();
    site.lab.edit(|state| {
        let acl: NetworkAcl = NetworkAcl::clone(state.acls.iter().find(|acl| acl.vpc == site.vpc).unwrap());
        state.acls.update(&acl.id, |row| row.entries.retain(|entry| entry.egress || !entry.allow));
    });
    let (records, _) = run(&site, JobKind::Training, site.request("cut", 1));
    assert!(site.describe("cut")["FailureReason"].as_str().is_some());
    let [out, back] = to_s3(&records)[..] else { panic!("{records:#?}") };
    assert_eq!((out.ingress, out.accepted, out.tcp_flags, out.bytes), (false, true, 2, 420));
    assert_eq!((back.ingress, back.accepted, back.tcp_flags, back.bytes), (true, false, 18, 420));
    assert_eq!((out.source, out.source_port), (back.destination, back.destination_port));
}

#[test]
fn what_is_denied_is_asked_for_all_the_same() {
    let site = watched();
    site.lab.edit_bucket("data", |bucket| bucket.policy = Some(super::data::only_through("vpce-0")));
    let (records, _) = run(&site, JobKind::Training, site.request("denied", 1));
    let s3 = to_s3(&records);
    assert!(s3.iter().all(|it| it.accepted) && s3.len() == 2, "{s3:#?}");
    assert!(s3.iter().all(|it| it.bytes < 2 * EXCHANGE.1));
}

#[test]
fn what_nobody_watches_and_what_is_in_no_vpc_leaves_nothing() {
    let site = watched();
    let (records, interfaces) = run(&site, JobKind::Training, request("outside", 2));
    assert_eq!((records.len(), interfaces.len()), (0, 0));
    site.lab.edit(|state| drop(state.flow_logs.remove(&FlowLogId::parse("fl-0123456789abcdef0").unwrap())));
    let (records, interfaces) = run(&site, JobKind::Training, site.request("inside", 1));
    assert_eq!((records.len(), interfaces.len()), (0, 2));
}

#[test]
fn a_stopped_job_uploads_what_it_has() {
    let site = watched();
    site.create(site.request("late", 1)).unwrap();
    // Its container runs.
    site.lab.advance(155_000);
    let before = to_s3(&recorded(&site.lab)).len();
    site.stop("late").unwrap();
    site.lab.advance(60_000);
    assert_eq!(site.describe("late")["TrainingJobStatus"], "Stopped");
    assert_eq!((before, to_s3(&recorded(&site.lab)).len()), (2, 4));
}

/// Logs that go over the service's own network leave nothing in the VPC.
#[test]
fn logs_leave_over_the_vpc_unless_they_go_elsewhere() {
    for (job_logs, expected) in [(JobLogs::Vpc, true), (JobLogs::Service, false)] {
        let site = watched();
        site.lab.edit(|state| state.choices.job_logs = job_logs);
        let request = site.job(kit(JobKind::Training), "j", 1, true);
        let (records, _) = run(&site, JobKind::Training, request);
        let to_logs = records.iter().any(|it| it.destination_service == Some("AMAZON"));
        assert_eq!(to_logs, expected, "{job_logs:?}");
    }
}
