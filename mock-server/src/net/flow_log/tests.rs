//! How records and files look.

use super::file::{files, key, packed};
use super::format::{Entry, Format, Place};
use crate::kernel::{AccountId, HexId, SimTime};
use crate::model::capture::NextHop;
use crate::model::flow_log::{BucketOptions, FIELDS, FlowLogSettings, default_format};
use crate::model::traffic::FlowRecord;
use crate::model::{
    Flow, FlowLogId, Id, InstanceId, LogDestination, NetworkInterfaceId, Site, SubnetId, Traffic, VpcId,
};
use std::io::Read;

fn id<T: Id>(n: u128) -> T {
    T::from_hex(HexId::long(n))
}

fn ms(millis: i64) -> SimTime {
    SimTime::from_millis(millis)
}

fn flow() -> Flow {
    let record = FlowRecord {
        account: AccountId::parse("123456789012").unwrap(),
        region: "us-east-1".into(),
        interface: id(1),
        subnet: id(2),
        vpc: id(3),
        zone_id: "use1-az1",
        instance: Some(id::<InstanceId>(4)),
        interface_type: "interface",
        ingress: false,
        source: [10, 0, 0, 5].into(),
        destination: [10, 0, 9, 9].into(),
        source_port: 40_000,
        destination_port: 443,
        packet_source: [10, 0, 0, 5].into(),
        packet_destination: [52, 216, 0, 1].into(),
        source_service: None,
        destination_service: Some("S3"),
        protocol: 6,
        tcp_flags: 3,
        packets: 20,
        bytes: 4_249,
        start: ms(1_418_530_010_999),
        end: ms(1_418_530_070_000),
        accepted: true,
        path: Some(7),
        next_hop: Some(id::<NetworkInterfaceId>(5)),
    };
    let next_hop = NextHop {
        interface: id(5),
        subnet: id::<SubnetId>(6),
        vpc: id::<VpcId>(7),
        zone_id: "use1-az2",
        interface_type: "nat_gateway",
    };
    let some = |text: &str| Some(text.to_owned());
    let tags = [vec![some("a b/ü"), some("plain-1_2.3~")], vec![None]];
    Flow { record, next_hop: Some(next_hop), tags }
}

fn settings(format: &str) -> FlowLogSettings {
    FlowLogSettings {
        traffic: Traffic::All,
        destination: LogDestination::Bucket("arn:aws:s3:::records".into()),
        role: None,
        format: format.into(),
        interval: 600,
        options: None,
        tag_fields: Vec::new(),
    }
}

fn line(format: &str, entry: &Entry<'_>) -> String {
    Format::new(&settings(format)).line(entry)
}

/// The documented examples of the default format.
#[test]
fn the_default_format() {
    let mut flow = flow();
    let told = line(&default_format(), &Entry::of(&flow));
    assert_eq!(
        told,
        "2 123456789012 eni-00000000000000001 10.0.0.5 10.0.9.9 40000 443 6 20 4249 1418530010 1418530070 ACCEPT OK"
    );
    flow.record.accepted = false;
    assert!(line(&default_format(), &Entry::of(&flow)).ends_with(" REJECT OK"));
    let silent = Entry { flow: None, ..Entry::of(&flow) };
    assert_eq!(
        line(&default_format(), &silent),
        "2 123456789012 eni-00000000000000001 - - - - - - - 1418530010 1418530070 - NODATA"
    );
}

#[test]
fn every_field_and_the_highest_version() {
    let all = FIELDS.iter().flat_map(|(_, names)| *names);
    let flow = flow();
    let mut told = String::new();
    for (n, name) in all.enumerate() {
        let value = line(&format!("${{{name}}}"), &Entry::of(&flow));
        assert!(!value.is_empty() && !value.contains(' '), "{name}: {value}");
        told += &format!("{}{name}={value}", if n > 0 { " " } else { "" });
    }
    assert_eq!(
        told,
        "version=2 account-id=123456789012 interface-id=eni-00000000000000001 srcaddr=10.0.0.5 dstaddr=10.0.9.9 \
         srcport=40000 dstport=443 protocol=6 packets=20 bytes=4249 start=1418530010 end=1418530070 action=ACCEPT \
         log-status=OK vpc-id=vpc-00000000000000003 subnet-id=subnet-00000000000000002 \
         instance-id=i-00000000000000004 tcp-flags=3 type=IPv4 pkt-srcaddr=10.0.0.5 pkt-dstaddr=52.216.0.1 \
         region=us-east-1 az-id=use1-az1 sublocation-type=- sublocation-id=- pkt-src-aws-service=- \
         pkt-dst-aws-service=S3 flow-direction=egress traffic-path=7 ecs-cluster-arn=- ecs-cluster-name=- \
         ecs-container-instance-arn=- ecs-container-instance-id=- ecs-container-id=- ecs-second-container-id=- \
         ecs-service-name=- ecs-task-definition-arn=- ecs-task-arn=- ecs-task-id=- reject-reason=- resource-id=- \
         encryption-status=- instance-tag=a%20b%2F%C3%BC instance-tag-2=plain-1_2.3~ interface-tag=- \
         interface-tag-2=- asg-tag=- asg-tag-2=- interface-type=- next-hop-interface-id=eni-00000000000000005 \
         next-hop-subnet-id=subnet-00000000000000006 next-hop-az-id=use1-az2 \
         next-hop-vpc-id=vpc-00000000000000007 next-hop-interface-type=nat_gateway"
    );
    let of = |format: &str| line(format, &Entry::of(&flow));
    assert_eq!(of("${version} ${az-id} ${version}"), "4 use1-az1 4");
    assert_eq!(of("${next-hop-az-id} ${version}"), "use1-az2 11");
    assert_eq!(Format::new(&settings("${version}  ${az-id}")).header(), "version az-id");
}

#[test]
fn keys_are_as_documented() {
    let site = Site::new(AccountId::parse("123456789012").unwrap(), "us-east-1");
    // 2018-06-20 16:20.
    let at = ms(1_529_511_600_000);
    let key = |hive_compatible, per_hour, folder: &str| {
        let options = BucketOptions { hive_compatible, per_hour };
        key(folder, options, &site, id::<FlowLogId>(0x1234), at, 0xfe12)
    };
    let name = "123456789012_vpcflowlogs_us-east-1_fl-00000000000001234_20180620T1620Z_0000fe12.log.gz";
    let plain = "AWSLogs/123456789012/vpcflowlogs/us-east-1/2018/06/20/";
    let hive = "AWSLogs/aws-account-id=123456789012/aws-service=vpcflowlogs/aws-region=us-east-1/year=2018/month=06/day=20/";
    assert_eq!(key(false, false, ""), format!("{plain}{name}"));
    assert_eq!(key(false, true, "a/b/"), format!("a/b/{plain}16/{name}"));
    assert_eq!(key(true, false, ""), format!("{hive}{name}"));
    assert_eq!(key(true, true, "a/"), format!("a/{hive}hour=16/{name}"));
}

#[test]
fn files_are_of_five_minutes_and_begin_with_the_names_of_the_fields() {
    let settings = settings("${start} ${end}");
    let format = Format::new(&settings);
    let flow = flow();
    let entry = |start, end| {
        let Entry { place, .. } = Entry::of(&flow);
        Entry { place: Place { ..place }, start: ms(start), end: ms(end), flow: Some(&flow) }
    };
    let entries = [entry(200_000, 300_000), entry(100_000, 299_999), entry(10_000, 20_000)];
    let told: Vec<_> = files(&format, &entries).into_iter().map(|it| (it.since.millis(), it.text)).collect();
    assert_eq!(
        told,
        [(0, "start end\n10 20\n100 299\n".to_owned()), (300_000, "start end\n200 300\n".to_owned())]
    );
    assert_eq!(files(&format, &[]).len(), 0);
    let bytes = packed("text\n");
    assert_eq!(bytes, packed("text\n"));
    let mut text = String::new();
    flate2::read::GzDecoder::new(&bytes[..]).read_to_string(&mut text).unwrap();
    assert_eq!(text, "text\n");
}
