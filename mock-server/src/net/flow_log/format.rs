//! Records as text.
//!
//! Source: VPC user guide, "Flow log records", available fields. What does not apply is `-`: sublocations, containers
//! of ECS, Auto Scaling groups, regional NAT gateways, VPC encryption controls and blocked public access, of which
//! there are none here.

use crate::kernel::{AccountId, SimTime};
use crate::model::flow_log::{fields_of, version_of};
use crate::model::{Flow, FlowLogSettings, NetworkInterfaceId, SubnetId, VpcId};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::fmt::{Display, Write};

/// What is shown where nothing applies.
const NOTHING: &str = "-";

/// Characters of tags that stay as they are. Documented: special characters are percent-encoded. Assumed: which.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// What is not `-` as an interface's type. Source: the announcement of the field.
const NAMED_TYPES: [&str; 5] =
    ["nat_gateway", "network_load_balancer", "regional_nat_gateway", "transit_gateway", "vpc_endpoint"];

/// One line: a flow, or that there was none.
#[derive(Debug)]
pub(super) struct Entry<'a> {
    pub place: Place<'a>,
    pub start: SimTime,
    pub end: SimTime,
    pub flow: Option<&'a Flow>,
}

/// The interface that a line is of.
#[derive(Debug)]
pub(super) struct Place<'a> {
    pub account: AccountId,
    pub region: &'a str,
    pub interface: NetworkInterfaceId,
    pub subnet: SubnetId,
    pub vpc: VpcId,
    pub zone_id: &'a str,
    pub interface_type: &'a str,
}

impl<'a> Entry<'a> {
    pub(super) fn of(flow: &'a Flow) -> Self {
        let record = &flow.record;
        let place = Place {
            account: record.account,
            region: &record.region,
            interface: record.interface,
            subnet: record.subnet,
            vpc: record.vpc,
            zone_id: record.zone_id,
            interface_type: record.interface_type,
        };
        Self { place, start: record.start, end: record.end, flow: Some(flow) }
    }
}

/// How a flow log writes its records.
pub(super) struct Format<'a> {
    fields: Vec<&'a str>,
    /// The highest version of the fields.
    version: u8,
}

impl<'a> Format<'a> {
    pub(super) fn new(settings: &'a FlowLogSettings) -> Self {
        let fields: Vec<&str> = fields_of(&settings.format).collect();
        let version = fields.iter().filter_map(|field| version_of(field)).max().unwrap_or_default();
        Self { fields, version }
    }

    /// The names of the fields, as files begin.
    pub(super) fn header(&self) -> String {
        self.fields.join(" ")
    }

    pub(super) fn line(&self, entry: &Entry<'_>) -> String {
        let mut line = String::with_capacity(16 * self.fields.len());
        for (n, field) in self.fields.iter().enumerate() {
            if n > 0 {
                line.push(' ');
            }
            let shown = line.len();
            self.value(field, entry, &mut line);
            if line.len() == shown {
                line.push_str(NOTHING);
            }
        }
        line
    }

    /// Writes the value of a field; nothing if none applies.
    fn value(&self, field: &str, entry: &Entry<'_>, line: &mut String) {
        let Entry { place, start, end, flow } = entry;
        match field {
            "version" => put(line, self.version),
            "account-id" => put(line, place.account),
            "interface-id" => put(line, place.interface),
            "start" => put(line, start.millis().div_euclid(1_000)),
            "end" => put(line, end.millis().div_euclid(1_000)),
            "log-status" => put(line, if flow.is_some() { "OK" } else { "NODATA" }),
            "vpc-id" => put(line, place.vpc),
            "subnet-id" => put(line, place.subnet),
            "region" => put(line, place.region),
            "az-id" => put(line, place.zone_id),
            "interface-type" => put_type(line, place.interface_type),
            _ => flow.iter().for_each(|flow| traffic(field, flow, line)),
        }
    }
}

/// The same for the fields of which there is nothing without traffic.
fn traffic(field: &str, flow: &Flow, line: &mut String) {
    let record = &flow.record;
    let hop = flow.next_hop.as_ref();
    match field {
        "instance-id" => put_some(line, record.instance),
        "srcaddr" => put(line, record.source),
        "dstaddr" => put(line, record.destination),
        "srcport" => put(line, record.source_port),
        "dstport" => put(line, record.destination_port),
        "protocol" => put(line, record.protocol),
        "packets" => put(line, record.packets),
        "bytes" => put(line, record.bytes),
        "action" => put(line, if record.accepted { "ACCEPT" } else { "REJECT" }),
        "tcp-flags" => put(line, record.tcp_flags),
        "type" => put(line, "IPv4"),
        "pkt-srcaddr" => put(line, record.packet_source),
        "pkt-dstaddr" => put(line, record.packet_destination),
        "pkt-src-aws-service" => put_some(line, record.source_service),
        "pkt-dst-aws-service" => put_some(line, record.destination_service),
        "flow-direction" => put(line, if record.ingress { "ingress" } else { "egress" }),
        "traffic-path" => put_some(line, record.path),
        "instance-tag" => put_tag(line, flow, 0, 0),
        "instance-tag-2" => put_tag(line, flow, 0, 1),
        "interface-tag" => put_tag(line, flow, 1, 0),
        "interface-tag-2" => put_tag(line, flow, 1, 1),
        "next-hop-interface-id" => put_some(line, record.next_hop),
        "next-hop-subnet-id" => put_some(line, hop.map(|hop| hop.subnet)),
        "next-hop-az-id" => put_some(line, hop.map(|hop| hop.zone_id)),
        "next-hop-vpc-id" => put_some(line, hop.map(|hop| hop.vpc)),
        "next-hop-interface-type" => hop.into_iter().for_each(|hop| put_type(line, hop.interface_type)),
        _ => {}
    }
}

fn put(line: &mut String, value: impl Display) {
    // Writing to a string does not fail.
    let _ = write!(line, "{value}");
}

fn put_some(line: &mut String, value: Option<impl Display>) {
    value.into_iter().for_each(|value| put(line, value));
}

fn put_type(line: &mut String, interface_type: &str) {
    if NAMED_TYPES.contains(&interface_type) {
        line.push_str(interface_type);
    }
}

fn put_tag(line: &mut String, flow: &Flow, of: usize, n: usize) {
    let value = flow.tags.get(of).and_then(|tags| tags.get(n)?.as_deref());
    value.into_iter().for_each(|value| put(line, utf8_percent_encode(value, PLAIN)));
}
