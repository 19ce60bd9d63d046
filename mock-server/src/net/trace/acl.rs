//! Network ACLs: the first entry by number that matches decides, at the edge of a subnet, for each direction alone.
//!
//! Source: VPC user guide, "Control subnet traffic with network access control lists"; EC2-NACL-EVAL.

use super::range::{list, overlap, subtract, v4};
use super::{Place, Walk};
use crate::model::gateway::InVpcIndex;
use crate::model::path::{HopKind, Transport};
use crate::model::{AclEntry, Evidence, NetworkAcl};
use ipnet::Ipv4Net;
use std::sync::Arc;

/// From the first to the last of them.
pub(super) type Ports = (u16, u16);

/// The ports that answers go to. An instance takes those that the Linux kernel gives to clients, a NAT gateway any of
/// these. Source: VPC user guide, "Network ACL rules", ephemeral ports: its own example opens 32768 to 65535.
pub(super) const OF_CLIENTS: Ports = (32_768, 60_999);
pub(super) const OF_NAT: Ports = (1_024, 65_535);

/// Packets: with these addresses on the other side, to these ports.
#[derive(Clone, Copy, Debug)]
pub(super) struct Packets {
    pub other: Ipv4Net,
    pub ports: Ports,
}

/// What an ACL says.
pub(super) struct Said<'a> {
    /// The entries that let something through, in order.
    pub by: Vec<&'a AclEntry>,
    /// The one that refuses something, and what.
    pub refused: Option<(&'a AclEntry, Packets)>,
}

fn concerns(entry: &AclEntry, egress: bool, transport: Transport) -> bool {
    let protocol = match transport {
        Transport::Tcp => ["6", "tcp"],
        Transport::Udp => ["17", "udp"],
    };
    entry.egress == egress && (entry.protocol == "-1" || protocol.contains(&entry.protocol.as_str()))
}

/// The ports that an entry is about.
fn ports(entry: &AclEntry) -> Ports {
    let bound = |port: i32, default| u16::try_from(port).unwrap_or(default);
    entry
        .ports
        .filter(|_| entry.protocol != "-1")
        .map_or((0, u16::MAX), |(from, to)| (bound(from, 0), bound(to, u16::MAX)))
}

/// Whether all of these packets pass; if not, which entry refuses which of them.
pub(super) fn ask(acl: &NetworkAcl, egress: bool, transport: Transport, packets: Vec<Packets>) -> Said<'_> {
    let mut left = packets;
    let mut by = Vec::new();
    for entry in acl.entries.iter().filter(|entry| concerns(entry, egress, transport)) {
        let Some(cidr) = v4(&entry.cidr) else { continue };
        let (first, last) = ports(entry);
        let meets = |it: &Packets| overlap(it.other, cidr) && it.ports.0 <= last && first <= it.ports.1;
        let Some(met) = left.iter().find(|it| meets(it)).copied() else { continue };
        if !entry.allow {
            return Said { by, refused: Some((entry, met)) };
        }
        by.push(entry);
        let mut rest = Vec::new();
        for it in left {
            if !meets(&it) {
                rest.push(it);
                continue;
            }
            let (low, high) = (it.ports.0.max(first), it.ports.1.min(last));
            if it.ports.0 < low {
                rest.push(Packets { ports: (it.ports.0, low - 1), ..it });
            }
            if high < it.ports.1 {
                rest.push(Packets { ports: (high + 1, it.ports.1), ..it });
            }
            let mut blocks = Vec::new();
            subtract(it.other, cidr, &mut blocks);
            rest.extend(blocks.into_iter().map(|other| Packets { other, ports: (low, high) }));
        }
        left = rest;
        if left.is_empty() {
            return Said { by, refused: None };
        }
    }
    // The final entry refuses everything: there is always one.
    let last = acl.entries.iter().rev().find(|entry| concerns(entry, egress, transport) && !entry.allow);
    Said { by, refused: last.zip(left.first().copied()) }
}

/// The ACL of a subnet.
pub(super) fn of(place: &Place<'_>) -> Option<Arc<NetworkAcl>> {
    place.state.acls.by(&InVpcIndex::Subnet(place.subnet.id)).next().cloned()
}

impl Walk<'_> {
    /// Packets that leave a subnet for what is asked for.
    pub(super) fn acl_out(&mut self, place: &Place<'_>, to: &[Ipv4Net]) {
        let port = (self.flow.port, self.flow.port);
        self.acl(HopKind::AclOut, place, true, to, port);
    }

    /// Packets that come into a subnet with what is asked for.
    pub(super) fn acl_in(&mut self, place: &Place<'_>, from: Ipv4Net) {
        let port = (self.flow.port, self.flow.port);
        self.acl(HopKind::AclIn, place, false, &[from], port);
    }

    /// Answers that come back into the subnet of who asked.
    pub(super) fn acl_back_in(&mut self, place: &Place<'_>, from: &[Ipv4Net], ports: Ports) {
        self.acl(HopKind::AclBack, place, false, from, ports);
    }

    /// Answers that leave the subnet of who was asked.
    pub(super) fn acl_back_out(&mut self, place: &Place<'_>, to: Ipv4Net, ports: Ports) {
        self.acl(HopKind::AclBack, place, true, &[to], ports);
    }

    fn acl(&mut self, kind: HopKind, place: &Place<'_>, egress: bool, others: &[Ipv4Net], asked: Ports) {
        // Every subnet has an ACL.
        let Some(acl) = of(place) else { return };
        let packets = others.iter().map(|other| Packets { other: *other, ports: asked }).collect();
        let said = ask(&acl, egress, self.flow.transport, packets);
        let refused = said.refused;
        let decided = refused.map(|(entry, _)| entry).or(said.by.first().copied());
        let number = decided.map_or(0, |entry| entry.number);
        let cidr = refused.map(|(_, it)| it.other).or(others.first().copied());
        // What an entry has to open: for answers all that the guide recommends, not just what this client uses.
        let (from_port, to_port) = if kind == HopKind::AclBack { OF_NAT } else { asked };
        let mut evidence = Evidence::of(format!("{} {number}", acl.id))
            .with("acl", acl.id)
            .with("entry", number)
            .with("egress", egress)
            .with("subnet", place.subnet.id)
            .with("vpc", place.subnet.vpc);
        if let Some(cidr) = cidr {
            evidence = evidence.with("cidr", cidr);
        }
        if let (HopKind::AclBack, Some((_, it))) = (kind, refused) {
            evidence = evidence.with("client_port", it.ports.0);
        }
        if said.by.len() > 1 && refused.is_none() {
            evidence = evidence.with("entries", list(said.by.iter().map(|entry| entry.number)));
        }
        let evidence = self
            .with_transport(evidence)
            .with("port", self.flow.port)
            .with("from_port", from_port)
            .with("to_port", to_port);
        self.hop(kind, place.subnet.id.to_string(), refused.is_none(), "EC2-NACL-EVAL", evidence);
    }
}
