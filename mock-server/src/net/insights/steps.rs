//! What a trace says, as components of a path and as explanations.
//!
//! Source: Reachability Analyzer guide, "Getting started using the AWS CLI", whose examples have the order of components.

use super::codes::code;
use super::parts::{Parts, kind_of};
use crate::model::insights::{Fact, Facts, Header, Part, PortRange};
use crate::model::path::{Hop, HopKind, Trace};
use crate::model::{Id, NatGatewayId, NetworkAclId, NetworkInterfaceId, RouteTableId, SecurityGroupId};
use ipnet::Ipv4Net;
use std::net::Ipv4Addr;

/// Where connections begin: any port. Those of NAT gateways begin at others. Source: the same, REMAP_EPHEMERAL_PORT.
pub const ANY_PORT: PortRange = (0, u16::MAX);
const OF_NAT: PortRange = (1_024, u16::MAX);

/// A path as far as packets come.
#[derive(Default)]
pub struct Steps {
    pub forward: Vec<Facts>,
    pub back: Vec<Facts>,
    /// What packets are like where they arrive; `None`: they do not.
    pub arrives: Option<Header>,
}

/// What the ends of a path are, from its beginning to its end, and the packets at its beginning. A destination that the
/// trace itself names, such as a gateway, is not told here.
pub struct Ends {
    pub source: Vec<Facts>,
    pub destination: Vec<Facts>,
    pub header: Header,
}

fn fact<'h>(hop: &'h Hop, name: &str) -> &'h str {
    hop.evidence.get(name).unwrap_or_default()
}

/// Whether answers are asked about.
fn is_back(hop: &Hop) -> bool {
    hop.kind == HopKind::AclBack || hop.evidence.get("back_to").is_some()
}

pub fn single(address: Ipv4Addr) -> Vec<Ipv4Net> {
    vec![Ipv4Net::new_assert(address, 32)]
}

fn with_header(steps: &mut [Facts], at: Option<usize>, name: &'static str, header: Header) {
    if let Some(step) = at.and_then(|at| steps.get_mut(at)) {
        step.0.push((name, Fact::Header(header)));
    }
}

/// Follows a trace from its ends' components to the first hop that refuses.
pub fn steps(parts: &Parts<'_>, trace: &Trace, ends: &Ends) -> Steps {
    let mut steps = Steps { forward: ends.source.clone(), ..Steps::default() };
    let mut header = ends.header.clone();
    with_header(&mut steps.forward, Some(0), "OutboundHeader", header.clone());
    // What packets went through, and the subnet of what sent them on in its own name.
    let mut through: Vec<(Facts, Option<String>)> = Vec::new();
    let from_outside = trace.flow.from.is_none();
    for hop in trace.hops.iter().filter(|hop| !is_back(hop)) {
        if !hop.passed {
            return steps;
        }
        match hop.kind {
            HopKind::GroupOut | HopKind::GroupIn => steps.forward.push(group(parts, hop, true)),
            HopKind::AclOut | HopKind::AclIn => steps.forward.push(acl(parts, hop)),
            HopKind::Route => steps.forward.push(route(parts, hop)),
            // The end itself, or what has no id: metadata and the resolver.
            HopKind::Target if fact(hop, "endpoint_type") == "Interface" || kind_of(&hop.at).is_none() => {}
            HopKind::Target if from_outside => {
                // The gateway replaces the public address.
                if let Some(address) = trace.way.address {
                    header.destinations = single(address);
                }
            }
            HopKind::Target => {
                let changed = send_on(parts, hop, &mut header);
                let mut step = Facts::default().part("Component", parts.part(&hop.at));
                step = step.part("Vpc", parts.part(fact(hop, "vpc")));
                if let Some(there) = hop.evidence.get("peer_vpc") {
                    step = step.part("SourceVpc", parts.part(fact(hop, "vpc")));
                    step = step.part("DestinationVpc", parts.part(there));
                }
                if let Some(attachment) = hop.evidence.get("attachment") {
                    step = step.part("AttachedTo", parts.part(attachment));
                }
                through.push((step.clone(), hop.evidence.get("nat_subnet").map(str::to_owned)));
                if let Some(header) = changed {
                    step = step.with("OutboundHeader", Fact::Header(header));
                }
                steps.forward.push(step);
            }
            _ => {}
        }
    }
    steps.forward.extend(ends.destination.iter().cloned());
    let last = steps.forward.len().checked_sub(1);
    with_header(&mut steps.forward, last, "InboundHeader", header.clone());
    steps.arrives = Some(header.clone());

    // And back.
    steps.back = ends.destination.iter().rev().cloned().collect();
    if steps.back.is_empty() {
        steps.back.extend(through.pop().map(|(step, _)| step));
    }
    let answer = Header {
        sources: header.destinations,
        source_ports: header.destination_ports,
        destinations: header.sources,
        destination_ports: header.source_ports,
        transport: header.transport,
    };
    with_header(&mut steps.back, Some(0), "OutboundHeader", answer);
    if let Some(hop) = trace.hops.iter().rfind(|hop| hop.kind == HopKind::GroupIn) {
        steps.back.push(group(parts, hop, false));
    }
    for hop in trace.hops.iter().filter(|hop| is_back(hop)) {
        if hop.kind == HopKind::AclBack {
            let leaves = fact(hop, "egress") == "true";
            let is_next = |last: &(Facts, Option<String>)| match &last.1 {
                Some(subnet) => leaves && subnet == fact(hop, "subnet"),
                None => !leaves,
            };
            while through.last().is_some_and(is_next) {
                steps.back.extend(through.pop().map(|(step, _)| step));
            }
        }
        if !hop.passed {
            return steps;
        }
        steps.back.push(if hop.kind == HopKind::AclBack { acl(parts, hop) } else { route(parts, hop) });
    }
    steps.back.extend(through.into_iter().rev().map(|(step, _)| step));
    if let Some(hop) = trace.hops.iter().find(|hop| hop.kind == HopKind::GroupOut) {
        steps.back.push(group(parts, hop, false));
    }
    let without_headers = |step: &Facts| {
        let facts = step.0.iter().filter(|(_, fact)| !matches!(fact, Fact::Header(_)));
        Facts(facts.cloned().collect())
    };
    steps.back.extend(ends.source.iter().rev().map(without_headers));
    steps
}

/// What packets look like after they were sent on in another name; `None`: as before.
fn send_on(parts: &Parts<'_>, hop: &Hop, header: &mut Header) -> Option<Header> {
    let nat = NatGatewayId::parse(&hop.at);
    let public = hop.evidence.get("public_address").and_then(|address| address.parse().ok());
    let address = public.or_else(|| {
        parts.find(|state| match nat {
            Some(nat) => state.nat_gateways.get(&nat)?.addresses.first()?.private,
            None => state.interfaces.get(&NetworkInterfaceId::parse(&hop.at)?)?.addresses.first().copied(),
        })
    })?;
    header.sources = single(address);
    if nat.is_some() {
        header.source_ports = Some(OF_NAT);
    }
    Some(Header { sources: header.sources.clone(), source_ports: nat.map(|_| OF_NAT), ..Header::default() })
}

/// A group and, on the way there, the rule of it that lets packets through.
fn group(parts: &Parts<'_>, hop: &Hop, with_rule: bool) -> Facts {
    let id = fact(hop, "group");
    let step = Facts::default().part("Component", parts.part(id));
    let rule = parts.find(|state| {
        let group = state.groups.get(&SecurityGroupId::parse(id)?)?;
        let cited = hop.evidence.resource.as_deref();
        group.rules.iter().find(|rule| Some(&*rule.id.to_string()) == cited).cloned()
    });
    match rule.filter(|_| with_rule) {
        Some(rule) => step.with("SecurityGroupRule", Fact::GroupRule(rule)),
        None => step,
    }
}

fn acl_rule(parts: &Parts<'_>, hop: &Hop) -> Option<Fact> {
    let entry = parts.find(|state| {
        let acl = state.acls.get(&NetworkAclId::parse(fact(hop, "acl"))?)?;
        let cited = |entry: &&crate::model::AclEntry| {
            entry.number.to_string() == fact(hop, "entry")
                && entry.egress.to_string() == fact(hop, "egress")
                && matches!(entry.cidr, ipnet::IpNet::V4(_))
        };
        acl.entries.iter().find(cited).cloned()
    });
    entry.map(Fact::AclRule)
}

fn acl(parts: &Parts<'_>, hop: &Hop) -> Facts {
    let step = Facts::default().part("Component", parts.part(fact(hop, "acl")));
    match acl_rule(parts, hop) {
        Some(rule) => step.with("AclRule", rule),
        None => step,
    }
}

fn table_route(parts: &Parts<'_>, hop: &Hop) -> Option<Fact> {
    let route = parts.find(|state| {
        let table = state.route_tables.get(&RouteTableId::parse(fact(hop, "route_table"))?)?;
        let cited = fact(hop, "destination");
        table.routes.iter().find(|route| route.destination.to_string() == cited).cloned()
    });
    route.filter(|_| fact(hop, "target") != "none").map(Fact::Route)
}

fn route(parts: &Parts<'_>, hop: &Hop) -> Facts {
    let step = Facts::default().part("Component", parts.part(fact(hop, "route_table")));
    let step = match table_route(parts, hop) {
        Some(route) => step.with("RouteTableRoute", route),
        None => step,
    };
    step.part("Vpc", parts.part(fact(hop, "vpc")))
}

/// The members of Explanation that name what a route leads to, by the prefixes of ids.
const TARGETS: &[(&str, &str)] = &[
    ("igw", "InternetGateway"),
    ("nat", "NatGateway"),
    ("pcx", "VpcPeeringConnection"),
    ("vpce", "VpcEndpoint"),
    ("eni", "NetworkInterface"),
    ("tgw", "TransitGateway"),
    ("vgw", "VpnGateway"),
];

/// Why a hop refuses. `destination` is the end of the path.
pub fn explanation(parts: &Parts<'_>, hop: &Hop, destination: Option<&Part>) -> Option<Facts> {
    let why = Facts::default().text("ExplanationCode", code(hop)?);
    let direction = |out: bool| if out { "egress" } else { "ingress" };
    Some(match hop.kind {
        HopKind::GroupOut | HopKind::GroupIn => {
            let groups: Vec<_> = fact(hop, "groups").split(", ").collect();
            let vpc = parts.find(|state| {
                let id = SecurityGroupId::parse(groups.first()?)?;
                state.groups.get(&id).map(|group| group.vpc.to_string())
            });
            let why = why
                .text("Direction", direction(hop.kind == HopKind::GroupOut))
                .part("NetworkInterface", parts.part(&hop.at))
                .with("SecurityGroups", Fact::Parts(groups.iter().filter_map(|id| parts.part(id)).collect()))
                .part("Vpc", vpc.and_then(|vpc| parts.part(&vpc)));
            let why = match fact(hop, "port").parse() {
                Ok(port) => why.with("Port", Fact::Number(port)),
                Err(_) => why,
            };
            why.with("Protocols", Fact::Texts(vec![fact(hop, "transport").into()]))
        }
        HopKind::AclOut | HopKind::AclIn | HopKind::AclBack => {
            let why = why
                .part("Acl", parts.part(fact(hop, "acl")))
                .text("Direction", direction(fact(hop, "egress") == "true"))
                .part("Subnet", parts.part(fact(hop, "subnet")))
                .part("Vpc", parts.part(fact(hop, "vpc")));
            match acl_rule(parts, hop) {
                Some(rule) => why.with("AclRule", rule),
                None => why,
            }
        }
        HopKind::Route => {
            let back = hop.evidence.get("back_to").and_then(|_| parts.part(fact(hop, "gateway")));
            let why = why
                .part("RouteTable", parts.part(fact(hop, "route_table")))
                .part("Destination", back.or_else(|| destination.cloned()))
                .part("Subnet", parts.part(fact(hop, "subnet")))
                .part("Vpc", parts.part(fact(hop, "vpc")));
            match table_route(parts, hop) {
                Some(route) => why.with("RouteTableRoute", route),
                None => why,
            }
        }
        _ => {
            let prefix = hop.at.rsplit_once('-').map_or("", |(prefix, _)| prefix);
            let member = TARGETS.iter().find(|(known, _)| *known == prefix).map(|(_, member)| *member);
            let part = parts.part(&hop.at);
            let mut why = why.part("Component", part.clone()).part("Vpc", parts.part(fact(hop, "vpc")));
            if let Some(member) = member {
                why = why.part(member, part);
            }
            if let Some(attachment) = hop.evidence.get("attachment") {
                why = why.part("TransitGatewayAttachment", parts.part(attachment));
            }
            if prefix == "igw" && hop.evidence.get("interface").is_some_and(|id| *id != *hop.at) {
                why = why.part("NetworkInterface", parts.part(fact(hop, "interface")));
            }
            match code(hop) {
                Some("TGW_ROUTE_AZ_RESTRICTION") => {
                    why.with("AvailabilityZones", Fact::Texts(vec![fact(hop, "zone").into()]))
                }
                Some("BAD_STATE" | "BAD_STATE_ATTACHMENT") => why.text("State", fact(hop, "state")),
                _ => why,
            }
        }
    })
}
