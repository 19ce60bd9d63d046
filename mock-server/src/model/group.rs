//! Security groups and their rules.

use super::*;
use crate::kernel::{Memo, Rehome, Row};
use ipnet::{Ipv4Net, Ipv6Net};
use std::sync::Arc;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Rehome)]
pub enum Direction {
    Ingress,
    Egress,
}

impl Direction {
    pub const BOTH: [Direction; 2] = [Direction::Ingress, Direction::Egress];
}

/// The other side of a rule.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Rehome)]
pub enum Peer {
    V4(Ipv4Net),
    V6(Ipv6Net),
    Group(SecurityGroupId),
    PrefixList(PrefixListId),
}

/// One rule: one direction, one protocol and port range, one peer.
#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct SecurityGroupRule {
    pub id: SecurityGroupRuleId,
    pub direction: Direction,
    /// IANA number as AWS prints it: `tcp`, `udp`, `icmp`, `icmpv6`, `-1` for all, or a number.
    pub protocol: String,
    /// Ports, or ICMP type and code; `None` for all protocols.
    pub from_port: Option<i32>,
    pub to_port: Option<i32>,
    pub peer: Peer,
    pub description: Option<String>,
    pub tags: Tags,
}

#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct SecurityGroup {
    pub id: SecurityGroupId,
    pub vpc: VpcId,
    /// Unique in its VPC whatever the case; it never changes, so interfaces may carry it too.
    pub name: Arc<str>,
    pub description: String,
    /// In the order in which they were added.
    pub rules: Vec<SecurityGroupRule>,
    /// The groups of other VPCs that rules name across a peering connection.
    pub peered: Vec<group_peer::PeerGroup>,
    pub tags: Tags,
    pub memo: Memo,
}

/// The name of the group that every VPC has.
pub const DEFAULT_GROUP: &str = "default";

impl SecurityGroup {
    /// Every VPC has one such group; it stays as long as the VPC.
    pub fn is_default(&self) -> bool {
        &*self.name == DEFAULT_GROUP
    }
}

/// What a new group lets out: everything, of each family that its VPC has.
/// Source: VPC user guide, "Security groups"; EC2-SG-DEFAULT.
pub fn default_egress(vpc: &Vpc) -> impl Iterator<Item = Peer> {
    let v6 = (!vpc.ipv6_cidrs.is_empty()).then_some(Peer::V6(network::ANY_V6));
    [Peer::V4(network::ANY_V4)].into_iter().chain(v6)
}

impl SecurityGroupRule {
    /// A rule that allows everything to or from `peer`.
    pub fn all_traffic(id: SecurityGroupRuleId, direction: Direction, peer: Peer) -> Self {
        Self {
            id,
            direction,
            protocol: "-1".into(),
            from_port: None,
            to_port: None,
            peer,
            description: None,
            tags: Tags::default(),
        }
    }

    /// Whether both rules say the same; ids, descriptions and tags make no difference.
    pub fn allows_what(&self, other: &SecurityGroupRule) -> bool {
        let of = |rule: &SecurityGroupRule| (rule.direction, rule.from_port, rule.to_port);
        of(self) == of(other) && self.protocol == other.protocol && self.peer == other.peer
    }
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum SecurityGroupIndex {
    Vpc(VpcId),
    /// A rule of the group names this group as its peer.
    References(SecurityGroupId),
    /// A rule of the group names this prefix list as its peer.
    PrefixList(PrefixListId),
    Rule(SecurityGroupRuleId),
    /// The name in lower case.
    Name(VpcId, String),
}

impl Row for SecurityGroup {
    type Key = SecurityGroupId;
    type Index = SecurityGroupIndex;
    fn key(&self) -> SecurityGroupId {
        self.id
    }
    fn indexes(&self, emit: &mut dyn FnMut(SecurityGroupIndex)) {
        emit(SecurityGroupIndex::Vpc(self.vpc));
        emit(SecurityGroupIndex::Name(self.vpc, self.name.to_lowercase()));
        for rule in &self.rules {
            emit(SecurityGroupIndex::Rule(rule.id));
            match rule.peer {
                Peer::Group(other) => emit(SecurityGroupIndex::References(other)),
                Peer::PrefixList(id) => emit(SecurityGroupIndex::PrefixList(id)),
                Peer::V4(_) | Peer::V6(_) => {}
            }
        }
    }
}

impl State {
    /// How many rules a group has in one direction as far as the quota goes, of IPv4 and of IPv6: a rule that names a
    /// group counts for both, one that names a prefix list as often as the list's weight says. `instead` can say for
    /// a peer what it counts for.
    ///
    /// Source: VPC user guide, "Amazon VPC quotas"; EC2-SG-LIMIT.
    pub fn rule_load(
        &self,
        group: &SecurityGroup,
        direction: Direction,
        instead: impl Fn(&Peer) -> Option<(AddressFamily, usize)>,
    ) -> [usize; 2] {
        let mut load = [0usize; 2];
        for rule in group.rules.iter().filter(|rule| rule.direction == direction) {
            let list = |id| self.prefix_list(id).map(|list| (list.family(), list.weight()));
            let counted = instead(&rule.peer).or_else(|| match rule.peer {
                Peer::V4(_) => Some((AddressFamily::V4, 1)),
                Peer::V6(_) => Some((AddressFamily::V6, 1)),
                Peer::PrefixList(id) => list(id),
                Peer::Group(_) => None,
            });
            let [v4, v6] = match counted {
                Some((AddressFamily::V4, weight)) => [weight, 0],
                Some((AddressFamily::V6, weight)) => [0, weight],
                None => [1, 1],
            };
            load = [load[0].saturating_add(v4), load[1].saturating_add(v6)];
        }
        load
    }

    /// Whether a group has no more rules in a direction than the quota allows.
    pub fn rules_fit(&self, group: &SecurityGroup, direction: Direction) -> bool {
        let load = self.rule_load(group, direction, |_| None);
        load.into_iter().all(|load| load <= self.quotas.rules_per_direction)
    }
}

/// What must hold of groups and their rules in every state.
pub(super) fn broken_invariants(state: &State) -> Vec<String> {
    let mut broken = group_peer::broken_invariants(state);
    for group in state.groups.iter() {
        if !state.vpcs.contains(&group.vpc) {
            broken.push(format!("{} lies in no VPC", group.id));
        }
        for (n, rule) in group.rules.iter().enumerate() {
            // The groups of other accounts come and go as they like.
            if let Peer::Group(other) = rule.peer
                && !state.groups.contains(&other)
                && group.peer_group(other).is_none_or(|peer| peer.account == state.site.account)
            {
                broken.push(format!("{} refers to {other}, which does not exist", rule.id));
            }
            if group.rules[..n].iter().any(|earlier| earlier.allows_what(rule)) {
                broken.push(format!("{} is in {} twice", rule.id, group.id));
            }
        }
    }
    broken
}
