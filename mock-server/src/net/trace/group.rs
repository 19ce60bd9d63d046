//! Security groups: what any rule of any of them allows. They remember connections, so nothing is asked on the way back.
//!
//! Source: VPC user guide, "Security group rules"; EC2-SG-EVAL.

use super::range::{list, take, v4};
use super::{Receiver, Sender, Walk};
use crate::model::path::{Flow, HopKind, Transport};
use crate::model::{
    AnyPrefixList, Direction, Evidence, Peer, PrefixListId, SecurityGroup, SecurityGroupId,
    SecurityGroupRule, State,
};
use ipnet::Ipv4Net;
use std::sync::Arc;

/// The other side of a connection, as rules name it.
pub(super) struct Other<'a> {
    pub ranges: &'a [Ipv4Net],
    /// The groups of the interface that is there. A rule that names one of them means its private address.
    pub groups: &'a [SecurityGroupId],
}

/// What groups say.
pub(super) struct Said {
    /// The rules that let something through, in the order in which they were asked, each with its group.
    pub by: Vec<(Arc<SecurityGroup>, SecurityGroupRule)>,
    /// What none of them lets through.
    pub refused: Option<Ipv4Net>,
    /// Whether none of them has any rule in this direction.
    pub bare: bool,
}

/// Whether a rule speaks of such packets.
fn concerns(rule: &SecurityGroupRule, direction: Direction, flow: &Flow) -> bool {
    let protocol = match flow.transport {
        Transport::Tcp => ["tcp", "6"],
        Transport::Udp => ["udp", "17"],
    };
    let port = i32::from(flow.port);
    let ports = || {
        rule.from_port.is_none_or(|from| from <= port) && rule.to_port.is_none_or(|to| to == -1 || to >= port)
    };
    rule.direction == direction
        && (rule.protocol == "-1" || (protocol.contains(&rule.protocol.as_str()) && ports()))
}

/// The ranges of a prefix list of either kind, as the region of `state` has it.
pub fn entries(state: &State, id: PrefixListId) -> Vec<Ipv4Net> {
    match state.prefix_list(id) {
        Some(AnyPrefixList::Aws(list)) => list.entries.iter().filter_map(v4).collect(),
        Some(AnyPrefixList::Customer(list)) => {
            list.entries().iter().filter_map(|entry| v4(&entry.cidr)).collect()
        }
        None => Vec::new(),
    }
}

/// Asks all groups of an interface.
pub(super) fn ask(
    state: &State,
    groups: &[SecurityGroupId],
    direction: Direction,
    flow: &Flow,
    other: &Other<'_>,
) -> Said {
    let mut left = other.ranges.to_vec();
    let mut by = Vec::new();
    let mut bare = true;
    for group in groups.iter().filter_map(|id| state.groups.get(id)) {
        bare &= !group.rules.iter().any(|rule| rule.direction == direction);
        for rule in group.rules.iter().filter(|rule| concerns(rule, direction, flow)) {
            let helps = match rule.peer {
                Peer::V4(net) => take(&mut left, net.trunc()),
                Peer::V6(_) => false,
                Peer::PrefixList(id) => {
                    let mut helps = false;
                    entries(state, id).into_iter().for_each(|net| helps |= take(&mut left, net));
                    helps
                }
                Peer::Group(id) => {
                    let stale = group.peer_group(id).is_some_and(|peer| peer.is_stale());
                    let named = other.groups.contains(&id) && !stale;
                    if named {
                        left.clear();
                    }
                    named
                }
            };
            if helps {
                by.push((group.clone(), rule.clone()));
            }
            if left.is_empty() {
                return Said { by, refused: None, bare: false };
            }
        }
    }
    Said { by, refused: left.first().copied(), bare }
}

/// As rules print a peer.
fn peer(rule: &SecurityGroupRule) -> String {
    match &rule.peer {
        Peer::V4(net) => net.to_string(),
        Peer::V6(net) => net.to_string(),
        Peer::Group(id) => id.to_string(),
        Peer::PrefixList(id) => id.to_string(),
    }
}

impl Walk<'_> {
    /// The groups of whoever sends. NAT gateways have none.
    pub(super) fn groups_out(&mut self, from: &Sender<'_>, other: &Other<'_>, rule: &'static str) {
        if let Some(groups) = &from.groups {
            let at = from.at.clone();
            let said = ask(&from.place.state, groups, Direction::Egress, self.flow, other);
            self.say_groups(HopKind::GroupOut, at, groups, &said, other, rule);
        }
    }

    /// The groups of whoever receives.
    pub(super) fn groups_in(&mut self, from: &Sender<'_>, to: &Receiver<'_>, rule: &'static str) {
        let none = Vec::new();
        let source = [super::range::single(from.address)];
        let other = Other { ranges: &source, groups: from.groups.as_ref().unwrap_or(&none) };
        let said = ask(&to.place.state, &to.groups, Direction::Ingress, self.flow, &other);
        self.say_groups(HopKind::GroupIn, to.at.clone(), &to.groups, &said, &other, rule);
    }

    fn say_groups(
        &mut self,
        kind: HopKind,
        at: String,
        groups: &[SecurityGroupId],
        said: &Said,
        other: &Other<'_>,
        rule: &'static str,
    ) {
        let all = list(groups);
        let passed = said.refused.is_none();
        let evidence = match said.by.first().filter(|_| passed) {
            Some((group, by)) => {
                Evidence::of(by.id.to_string()).with("group", group.id).with("peer", peer(by))
            }
            // Nothing allows it, so every group is at fault; a rule in any of them would do.
            None => {
                let first = groups.first().map(ToString::to_string).unwrap_or_default();
                Evidence::of(all.clone()).with("group", first)
            }
        };
        let refused = said.refused.or(other.ranges.first().copied());
        let mut evidence = evidence.with("groups", all);
        if said.bare {
            evidence = evidence.with("state", "no rules");
        }
        if said.by.len() > 1 {
            evidence = evidence.with("rules", list(said.by.iter().map(|(_, rule)| rule.id)));
        }
        if let Some(cidr) = refused {
            evidence = evidence.with("cidr", cidr);
        }
        if !other.groups.is_empty() {
            evidence = evidence.with("peer_groups", list(other.groups));
        }
        let evidence = self.with_port(evidence);
        self.hop(kind, at, passed, rule, evidence);
    }
}
