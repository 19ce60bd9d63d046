//! Packets that are not let through: security groups and network ACLs.

use super::network::ec2;
use crate::model::acl::AclEntry;
use crate::model::gateway::InVpcIndex;
use crate::model::network::{ANY_V4, LAST_ACL_ENTRY};
use crate::model::path::{Flow, Goal, Hop, HopKind, Trace, Transport};
use crate::model::vpc::overlap;
use crate::model::{
    Direction, Id, NatGatewayId, NetworkAcl, NetworkInterfaceId, SecurityGroupId, State, SubnetId,
    VpcEndpointId, bucket, managed_prefix_list,
};
use crate::net::Terrain;
use ipnet::{IpNet, Ipv4Net};
use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::sync::Arc;

/// The ports that answers come back to.
const EPHEMERAL: (i32, i32) = (1024, 65_535);

/// The ports of AWS's own way to name them in a permission of a security group.
pub fn permission(protocol: &str, ports: Option<(i32, i32)>, peer: &str) -> String {
    match ports {
        Some((from, to)) => format!("IpProtocol={protocol},FromPort={from},ToPort={to},{peer}"),
        None => format!("IpProtocol={protocol},{peer}"),
    }
}

pub fn of_group(group: SecurityGroupId) -> String {
    format!("UserIdGroupPairs=[{{GroupId={group}}}]")
}

pub fn of_range(range: impl std::fmt::Display) -> String {
    format!("IpRanges=[{{CidrIp={range}}}]")
}

/// The command that lets a group have a permission.
pub fn authorize(state: &State, direction: Direction, group: SecurityGroupId, permission: &str) -> String {
    let operation = match direction {
        Direction::Ingress => "authorize-security-group-ingress",
        Direction::Egress => "authorize-security-group-egress",
    };
    ec2(state, operation).with("group-id", group).with("ip-permissions", permission).line()
}

fn protocol(transport: Transport) -> &'static str {
    match transport {
        Transport::Tcp => "tcp",
        Transport::Udp => "udp",
    }
}

/// What a flow is bound for, as security groups and ACLs can name it.
enum Bound {
    Group(SecurityGroupId),
    /// S3 of the flow's own region.
    S3,
    Range(Ipv4Net),
}

fn bound(terrain: &Terrain<'_>, trace: &Trace) -> Bound {
    let state = terrain.state;
    let single = |address: Ipv4Addr| Bound::Range(Ipv4Net::from(address));
    let inside = |address: &Ipv4Addr| {
        let from = trace.flow.from.as_ref();
        let vpc = from
            .and_then(|from| state.subnets.get(&from.subnet))
            .and_then(|subnet| state.vpcs.get(&subnet.vpc));
        vpc.and_then(|vpc| vpc.cidrs.iter().map(|(_, block)| *block).find(|block| block.contains(address)))
    };
    match (&trace.flow.to, trace.way.address) {
        (Goal::Peer(peer), _) => match peer.groups.first().filter(|_| inside(&peer.address).is_some()) {
            Some(group) => Bound::Group(*group),
            None => single(peer.address),
        },
        (Goal::Host(host), _) => host.parse().map_or(Bound::Range(ANY_V4), single),
        // An interface endpoint has an address in each of its subnets, and any of them may be told.
        (_, Some(address)) if inside(&address).is_some() => {
            inside(&address).map_or(Bound::Range(ANY_V4), Bound::Range)
        }
        (Goal::Bucket(used), _) => {
            let found = bucket::find(state.site.account, &used.bucket, terrain.elsewhere);
            let near = found.is_none_or(|found| found.bucket.region == state.site.region);
            if near { Bound::S3 } else { Bound::Range(ANY_V4) }
        }
        (Goal::Edge { address, .. }, _) => single(*address),
        (Goal::Service(_), _) => Bound::Range(ANY_V4),
    }
}

/// Lets a flow out of its groups.
pub fn egress(terrain: &Terrain<'_>, trace: &Trace) -> Option<Vec<String>> {
    let state = terrain.state;
    let Flow { from, transport, port, .. } = &trace.flow;
    let group = *from.as_ref()?.groups.first()?;
    let list = || managed_prefix_list::of_service(&state.site.region, "s3");
    let peer = match bound(terrain, trace) {
        Bound::Group(id) => of_group(id),
        Bound::Range(range) => of_range(range),
        Bound::S3 => {
            list().map_or_else(|| of_range(ANY_V4), |list| format!("PrefixListIds=[{{PrefixListId={list}}}]"))
        }
    };
    let ports = Some((i32::from(*port), i32::from(*port)));
    Some(vec![authorize(state, Direction::Egress, group, &permission(protocol(*transport), ports, &peer))])
}

/// Lets a flow into the groups of what it arrives at.
pub fn ingress(state: &State, trace: &Trace, hop: &Hop) -> Option<Vec<String>> {
    let Flow { from, to, transport, port } = &trace.flow;
    let from = from.as_ref()?;
    let of_interface =
        |id: NetworkInterfaceId| state.interfaces.get(&id)?.groups.first().map(|group| group.id);
    let of_endpoint = |id: VpcEndpointId| state.vpc_endpoints.get(&id)?.groups.first().map(|group| group.id);
    let group = match to {
        Goal::Peer(peer) => peer.groups.first().copied(),
        _ => VpcEndpointId::parse(&hop.at)
            .or(trace.way.endpoint)
            .and_then(of_endpoint)
            .or_else(|| NetworkInterfaceId::parse(&hop.at).and_then(of_interface)),
    };
    let group = group?;
    let home = |id: &SecurityGroupId| state.groups.get(id).map(|group| group.vpc);
    let peer = match from.groups.first().filter(|own| home(own) == home(&group)) {
        Some(own) => of_group(*own),
        None => of_range(Ipv4Net::from(from.address)),
    };
    let ports = Some((i32::from(*port), i32::from(*port)));
    Some(vec![authorize(state, Direction::Ingress, group, &permission(protocol(*transport), ports, &peer))])
}

/// One way through an ACL that packets of a flow take.
#[derive(Clone, Copy, PartialEq)]
struct Leg {
    egress: bool,
    peer: Ipv4Net,
    ports: (i32, i32),
}

/// The subnet of which a hop speaks.
fn subnet_at(state: &State, from: SubnetId, hop: &Hop) -> SubnetId {
    let of_nat =
        || NatGatewayId::parse(&hop.at).and_then(|id| state.nat_gateways.get(&id)).map(|nat| nat.subnet);
    let of_interface =
        || NetworkInterfaceId::parse(&hop.at).and_then(|id| state.interfaces.get(&id)).map(|row| row.subnet);
    SubnetId::parse(&hop.at).or_else(of_nat).or_else(of_interface).unwrap_or(from)
}

/// Lets a flow through the ACL of a hop, there and back.
pub fn through_acl(terrain: &Terrain<'_>, trace: &Trace, hop: &Hop) -> Option<Vec<String>> {
    let state = terrain.state;
    let from = trace.flow.from.as_ref()?;
    let subnet = subnet_at(state, from.subnet, hop);
    let acl = state.acls.by(&InVpcIndex::Subnet(subnet)).next()?;
    let port = (i32::from(trace.flow.port), i32::from(trace.flow.port));
    let s3 = || {
        let lists = managed_prefix_list::managed(&state.site.region);
        let id = managed_prefix_list::of_service(&state.site.region, "s3");
        let entries = lists.iter().filter(|list| Some(list.id) == id).flat_map(|list| &list.entries);
        entries.filter_map(|net| if let IpNet::V4(net) = net { Some(*net) } else { None }).collect()
    };
    let goal: Vec<Ipv4Net> = match (bound(terrain, trace), &trace.flow.to) {
        (Bound::Range(range), _) => vec![range],
        (Bound::Group(_), Goal::Peer(peer)) => vec![Ipv4Net::from(peer.address)],
        (Bound::Group(_), _) => vec![ANY_V4],
        (Bound::S3, _) => s3(),
    };
    let home = state.subnets.get(&from.subnet).and_then(|subnet| subnet.cidr);
    let home = home.unwrap_or_else(|| Ipv4Net::from(from.address));
    let mut legs = Vec::new();
    let own = subnet == from.subnet;
    let relays = !own
        && trace
            .way
            .nat
            .is_some_and(|nat| state.nat_gateways.get(&nat).is_some_and(|nat| nat.subnet == subnet));
    for goal in goal.into_iter().filter(|_| own || relays) {
        legs.push(Leg { egress: true, peer: goal, ports: port });
        legs.push(Leg { egress: false, peer: goal, ports: EPHEMERAL });
    }
    if !own {
        legs.push(Leg { egress: false, peer: home, ports: port });
        legs.push(Leg { egress: true, peer: home, ports: EPHEMERAL });
    }
    let number = match trace.flow.transport {
        Transport::Tcp => "6",
        Transport::Udp => "17",
    };
    let mut used: BTreeSet<(bool, i32)> =
        acl.entries.iter().map(|entry| (entry.egress, entry.number)).collect();
    let mut lines = Vec::new();
    for leg in legs {
        let Some(wall) = wall(acl, number, leg) else { continue };
        lines.extend(opening(state, acl, number, leg, wall, &mut used));
    }
    // What is let through already needs nothing; then it is something else that the hop means.
    (!lines.is_empty() && matches!(hop.kind, HopKind::AclOut | HopKind::AclIn | HopKind::AclBack))
        .then_some(lines)
}

/// The entry that stops packets on a leg.
fn wall<'a>(acl: &'a Arc<NetworkAcl>, protocol: &str, leg: Leg) -> Option<&'a AclEntry> {
    let met = acl.entries.iter().filter(|entry| {
        let v4 = matches!(entry.cidr, IpNet::V4(_));
        entry.egress == leg.egress && v4 && (entry.protocol == "-1" || entry.protocol == protocol)
    });
    for entry in met {
        let peer = IpNet::V4(leg.peer);
        let ports = entry.ports.unwrap_or((0, 65_535));
        let whole = entry.cidr.contains(&peer) && ports.0 <= leg.ports.0 && leg.ports.1 <= ports.1;
        let part = overlap(entry.cidr, peer) && ports.0 <= leg.ports.1 && leg.ports.0 <= ports.1;
        match entry.allow {
            true if whole => return None,
            false if part => return Some(entry),
            _ => {}
        }
    }
    None
}

/// The command that opens the way before the entry that stops it; where no number is left before it, that entry goes.
fn opening(
    state: &State,
    acl: &NetworkAcl,
    protocol: &str,
    leg: Leg,
    wall: &AclEntry,
    used: &mut BTreeSet<(bool, i32)>,
) -> Option<String> {
    let way = if leg.egress { "egress" } else { "ingress" };
    let before = if wall.is_final() {
        let last = used.iter().filter(|(egress, n)| *egress == leg.egress && *n < LAST_ACL_ENTRY);
        let last = last.map(|(_, n)| *n).max().unwrap_or(0);
        (last + 1..LAST_ACL_ENTRY)
            .find(|n| n % 10 == 0)
            .or((1..wall.number).rev().find(|n| !used.contains(&(leg.egress, *n))))
    } else {
        (1..wall.number).rev().find(|n| !used.contains(&(leg.egress, *n)))
    };
    let Some(number) = before else {
        let remove = ec2(state, "delete-network-acl-entry").with("network-acl-id", acl.id);
        return (!wall.is_final()).then(|| remove.with("rule-number", wall.number).flag(way).line());
    };
    used.insert((leg.egress, number));
    let entry = ec2(state, "create-network-acl-entry")
        .with("network-acl-id", acl.id)
        .with("rule-number", number)
        .with("protocol", protocol)
        .with("port-range", format!("From={},To={}", leg.ports.0, leg.ports.1))
        .with("cidr-block", leg.peer)
        .with("rule-action", "allow");
    Some(entry.flag(way).line())
}
