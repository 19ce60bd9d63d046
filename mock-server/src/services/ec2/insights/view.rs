//! How components and explanations are printed.

use crate::model::insights::{Fact, Facts, Header, Part, PortRange};
use crate::model::path::Transport;
use crate::model::{
    AclEntry, Destination, Direction, Peer, Route, RouteOrigin, RouteTarget, SecurityGroupRule,
};
use ipnet::Ipv4Net;
use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

/// Facts as the members that they are named for.
pub struct FactsView<'a>(pub &'a Facts);

impl Serialize for FactsView<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut members = serializer.serialize_struct("Facts", self.0.0.len())?;
        for (name, fact) in &self.0.0 {
            members.serialize_field(name, &FactView(fact))?;
        }
        members.end()
    }
}

/// A component of a path, with its place.
pub struct StepView<'a>(pub usize, pub &'a Facts);

impl Serialize for StepView<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut members = serializer.serialize_struct("PathComponent", self.1.0.len() + 1)?;
        members.serialize_field("SequenceNumber", &self.0)?;
        for (name, fact) in &self.1.0 {
            members.serialize_field(name, &FactView(fact))?;
        }
        members.end()
    }
}

struct FactView<'a>(&'a Fact);

impl Serialize for FactView<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Fact::Text(text) => text.serialize(serializer),
            Fact::Texts(texts) => texts.serialize(serializer),
            Fact::Number(number) => number.serialize(serializer),
            Fact::Part(part) => PartView::new(part).serialize(serializer),
            Fact::Parts(parts) => serializer.collect_seq(parts.iter().map(PartView::new)),
            Fact::AclRule(entry) => AclRuleView::new(entry).serialize(serializer),
            Fact::GroupRule(rule) => GroupRuleView::new(rule).serialize(serializer),
            Fact::Route(route) => RouteView::new(route).serialize(serializer),
            Fact::Header(header) => HeaderView::new(header).serialize(serializer),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct PartView<'a> {
    id: &'a str,
    arn: &'a str,
    name: Option<&'a str>,
}

impl<'a> PartView<'a> {
    fn new(part: &'a Part) -> Self {
        Self { id: &part.id, arn: &part.arn, name: part.name.as_deref() }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct PortsView {
    from: i32,
    to: i32,
}

/// As the guide's examples have it.
fn protocol(protocol: &str) -> &str {
    match protocol {
        "-1" => "all",
        "6" => "tcp",
        "17" => "udp",
        "1" => "icmp",
        other => other,
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct AclRuleView<'a> {
    cidr: String,
    egress: bool,
    port_range: Option<PortsView>,
    protocol: &'a str,
    rule_action: &'static str,
    rule_number: i32,
}

impl<'a> AclRuleView<'a> {
    fn new(entry: &'a AclEntry) -> Self {
        Self {
            cidr: entry.cidr.to_string(),
            egress: entry.egress,
            port_range: entry.ports.map(|(from, to)| PortsView { from, to }),
            protocol: protocol(&entry.protocol),
            rule_action: if entry.allow { "allow" } else { "deny" },
            rule_number: entry.number,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct GroupRuleView<'a> {
    cidr: Option<String>,
    direction: &'static str,
    /// The group that the rule names.
    security_group_id: Option<String>,
    port_range: Option<PortsView>,
    prefix_list_id: Option<String>,
    protocol: &'a str,
}

impl<'a> GroupRuleView<'a> {
    fn new(rule: &'a SecurityGroupRule) -> Self {
        let (cidr, security_group_id, prefix_list_id) = match &rule.peer {
            Peer::V4(net) => (Some(net.to_string()), None, None),
            Peer::V6(net) => (Some(net.to_string()), None, None),
            Peer::Group(id) => (None, Some(id.to_string()), None),
            Peer::PrefixList(id) => (None, None, Some(id.to_string())),
        };
        let ports = rule.from_port.zip(rule.to_port).filter(|_| rule.protocol != "-1");
        Self {
            cidr,
            direction: match rule.direction {
                Direction::Ingress => "ingress",
                Direction::Egress => "egress",
            },
            security_group_id,
            port_range: ports.map(|(from, to)| PortsView { from, to }),
            prefix_list_id,
            protocol: protocol(&rule.protocol),
        }
    }
}

#[derive(Serialize, Default)]
#[serde(rename_all = "PascalCase")]
struct RouteView {
    destination_cidr: Option<String>,
    destination_prefix_list_id: Option<String>,
    egress_only_internet_gateway_id: Option<String>,
    gateway_id: Option<String>,
    instance_id: Option<String>,
    nat_gateway_id: Option<String>,
    network_interface_id: Option<String>,
    origin: &'static str,
    transit_gateway_id: Option<String>,
    vpc_peering_connection_id: Option<String>,
    state: &'static str,
}

impl RouteView {
    fn new(route: &Route) -> Self {
        // In small letters, as the guide's examples have it.
        let origin = match route.origin {
            RouteOrigin::Table => "createroutetable",
            RouteOrigin::Route => "createroute",
            RouteOrigin::Propagation => "enablevgwroutepropagation",
        };
        let state = if route.blackhole { "blackhole" } else { "active" };
        let mut view =
            Self { origin, state, instance_id: route.instance.map(|id| id.to_string()), ..Self::default() };
        match route.destination {
            Destination::Cidr(net) => view.destination_cidr = Some(net.to_string()),
            Destination::PrefixList(id) => view.destination_prefix_list_id = Some(id.to_string()),
        }
        match route.target {
            RouteTarget::Local => view.gateway_id = Some("local".into()),
            RouteTarget::InternetGateway(id) => view.gateway_id = Some(id.to_string()),
            RouteTarget::VpnGateway(id) => view.gateway_id = Some(id.to_string()),
            RouteTarget::Endpoint(id) => view.gateway_id = Some(id.to_string()),
            RouteTarget::EgressOnlyInternetGateway(id) => {
                view.egress_only_internet_gateway_id = Some(id.to_string());
            }
            RouteTarget::NatGateway(id) => view.nat_gateway_id = Some(id.to_string()),
            RouteTarget::Interface(id) => view.network_interface_id = Some(id.to_string()),
            RouteTarget::Peering(id) => view.vpc_peering_connection_id = Some(id.to_string()),
            RouteTarget::TransitGateway(id) => view.transit_gateway_id = Some(id.to_string()),
        }
        view
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct HeaderView {
    destination_addresses: Option<Vec<String>>,
    destination_port_ranges: Option<[PortsView; 1]>,
    /// IANA's number.
    protocol: Option<&'static str>,
    source_addresses: Option<Vec<String>>,
    source_port_ranges: Option<[PortsView; 1]>,
}

impl HeaderView {
    fn new(header: &Header) -> Self {
        let addresses = |nets: &[Ipv4Net]| {
            (!nets.is_empty()).then(|| nets.iter().map(ToString::to_string).collect::<Vec<_>>())
        };
        let ports = |(from, to): PortRange| [PortsView { from: from.into(), to: to.into() }];
        Self {
            destination_addresses: addresses(&header.destinations),
            destination_port_ranges: header.destination_ports.map(ports),
            protocol: header.transport.map(|transport| match transport {
                Transport::Tcp => "6",
                Transport::Udp => "17",
            }),
            source_addresses: addresses(&header.sources),
            source_port_ranges: header.source_ports.map(ports),
        }
    }
}
