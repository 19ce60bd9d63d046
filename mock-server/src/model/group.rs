//! Security groups and their rules.

use super::*;
use crate::kernel::{Memo, Row};
use ipnet::{Ipv4Net, Ipv6Net};
use std::sync::Arc;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Direction {
    Ingress,
    Egress,
}

/// The other side of a rule.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Peer {
    V4(Ipv4Net),
    V6(Ipv6Net),
    Group(SecurityGroupId),
    /// Id of a prefix list, as text: those of AWS have eight digits, those of customers seventeen.
    PrefixList(String),
}

/// One rule: one direction, one protocol and port range, one peer.
#[derive(Clone, PartialEq, Debug)]
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

#[derive(Clone, PartialEq, Debug)]
pub struct SecurityGroup {
    pub id: SecurityGroupId,
    pub vpc: VpcId,
    /// Unique in its VPC whatever the case; it never changes, so interfaces may carry it too.
    pub name: Arc<str>,
    pub description: String,
    /// In the order in which they were added.
    pub rules: Vec<SecurityGroupRule>,
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
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum SecurityGroupIndex {
    Vpc(VpcId),
    /// A rule of the group names this group as its peer.
    References(SecurityGroupId),
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
            if let Peer::Group(other) = rule.peer {
                emit(SecurityGroupIndex::References(other));
            }
        }
    }
}
