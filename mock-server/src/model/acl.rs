//! Network ACLs.

use super::gateway::InVpcIndex;
use super::network::{ANY_V4, LAST_ACL_ENTRY};
use super::*;
use crate::kernel::{Memo, Rehome, Row};
use ipnet::{IpNet, Ipv6Net};
use std::net::Ipv6Addr;

/// The number of the entry that refuses the IPv6 packets that no other entry allowed.
pub const LAST_ACL_ENTRY_V6: i32 = 32_768;

/// Everywhere, in IPv6.
pub const ANY_V6: Ipv6Net = Ipv6Net::new_assert(Ipv6Addr::UNSPECIFIED, 0);

/// The entries of a default network ACL that allow everything, of IPv4 and of IPv6.
const ALLOW_ALL: i32 = 100;
const ALLOW_ALL_V6: i32 = 101;

#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct AclEntry {
    /// 1 to 32766; those above are the final ones that refuse what no other allowed.
    pub number: i32,
    pub egress: bool,
    pub allow: bool,
    /// IANA number; `-1` for all.
    pub protocol: String,
    pub cidr: IpNet,
    /// For TCP and UDP.
    pub ports: Option<(i32, i32)>,
    /// Type and code, for ICMP; `-1` for all.
    pub icmp: Option<(i32, i32)>,
}

impl AclEntry {
    fn all_traffic(number: i32, egress: bool, allow: bool, cidr: IpNet) -> Self {
        Self { number, egress, allow, protocol: "-1".into(), cidr, ports: None, icmp: None }
    }

    /// Whether users may neither make nor remove it.
    pub fn is_final(&self) -> bool {
        self.number >= LAST_ACL_ENTRY
    }

    /// Entries are kept in this order: those for outgoing packets first, then by number.
    fn place(&self) -> (bool, i32) {
        (!self.egress, self.number)
    }
}

#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct AclAssociation {
    pub id: NetworkAclAssociationId,
    pub subnet: SubnetId,
}

#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct NetworkAcl {
    pub id: NetworkAclId,
    pub vpc: VpcId,
    pub is_default: bool,
    pub entries: Vec<AclEntry>,
    pub associations: Vec<AclAssociation>,
    /// Its entry among the used client tokens, if the caller gave one.
    pub client_token: Option<u128>,
    pub tags: Tags,
    pub memo: Memo,
}

impl NetworkAcl {
    /// An ACL that nothing is associated with. A default one allows everything, another one nothing.
    /// Source: VPC user guide, "Default network ACL for a VPC" and "Custom network ACLs for your VPC".
    pub fn new(id: NetworkAclId, vpc: VpcId, is_default: bool, with_ipv6: bool) -> Self {
        let mut acl = Self {
            id,
            vpc,
            is_default,
            entries: Vec::new(),
            associations: Vec::new(),
            client_token: None,
            tags: Tags::default(),
            memo: Memo::default(),
        };
        for egress in [true, false] {
            if is_default {
                acl.put(AclEntry::all_traffic(ALLOW_ALL, egress, true, ANY_V4.into()));
            }
            acl.put(AclEntry::all_traffic(LAST_ACL_ENTRY, egress, false, ANY_V4.into()));
        }
        if with_ipv6 {
            acl.add_ipv6_entries();
        }
        acl
    }

    pub fn entry(&self, egress: bool, number: i32) -> Option<&AclEntry> {
        self.entries.iter().find(|entry| entry.egress == egress && entry.number == number)
    }

    /// Adds an entry at its place; one of the same direction and number makes room for it.
    pub fn put(&mut self, entry: AclEntry) {
        match self.entries.binary_search_by_key(&entry.place(), AclEntry::place) {
            Ok(at) => self.entries[at] = entry,
            Err(at) => self.entries.insert(at, entry),
        }
    }

    /// What is added when the VPC gets its first IPv6 block: an entry that refuses all that no other allows and, in
    /// a direction of a default ACL that nobody has changed, one that allows everything.
    /// Source: VPC user guide, "Default network ACL for a VPC".
    fn add_ipv6_entries(&mut self) {
        for egress in [true, false] {
            let untouched = [(ALLOW_ALL, true), (LAST_ACL_ENTRY, false)]
                .map(|(number, allow)| AclEntry::all_traffic(number, egress, allow, ANY_V4.into()));
            let now = self.entries.iter().filter(|entry| entry.egress == egress);
            if self.is_default && now.eq(&untouched) {
                self.put(AclEntry::all_traffic(ALLOW_ALL_V6, egress, true, ANY_V6.into()));
            }
            self.put(AclEntry::all_traffic(LAST_ACL_ENTRY_V6, egress, false, ANY_V6.into()));
        }
    }
}

impl Row for NetworkAcl {
    type Key = NetworkAclId;
    type Index = InVpcIndex;
    fn key(&self) -> NetworkAclId {
        self.id
    }
    fn indexes(&self, emit: &mut dyn FnMut(InVpcIndex)) {
        emit(InVpcIndex::Vpc(self.vpc));
        self.associations.iter().for_each(|association| emit(InVpcIndex::Subnet(association.subnet)));
    }
}

impl State {
    /// Prepares the network ACLs of a VPC for IPv6. To be called when the VPC gets its first IPv6 block.
    pub fn open_acls_to_ipv6(&mut self, vpc: VpcId) {
        let ids: Vec<_> = self.acls.by(&InVpcIndex::Vpc(vpc)).map(|acl| acl.id).collect();
        for id in ids {
            self.acls.update(&id, NetworkAcl::add_ipv6_entries);
        }
    }
}

/// What must hold of network ACLs.
pub(super) fn broken_invariants(state: &State) -> Vec<String> {
    let mut broken = Vec::new();
    for acl in state.acls.iter() {
        if !acl.entries.iter().is_sorted_by(|a, b| a.place() < b.place()) {
            broken.push(format!("the entries of {} are not in order, or one is there twice", acl.id));
        }
        if [true, false].iter().any(|egress| acl.entry(*egress, LAST_ACL_ENTRY).is_none()) {
            broken.push(format!("{} lacks a final entry", acl.id));
        }
        if !state.vpcs.contains(&acl.vpc) {
            broken.push(format!("{} lies in no VPC", acl.id));
        }
    }
    broken
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(acl: &NetworkAcl) -> Vec<(bool, i32)> {
        acl.entries.iter().map(|entry| (entry.egress, entry.number)).collect()
    }

    #[test]
    fn ipv6_is_allowed_where_nobody_changed_the_default() {
        let id = |digits: &str| Id::parse(&format!("acl-{digits}")).unwrap();
        let vpc = Id::parse("vpc-00000001").unwrap();
        let mut default = NetworkAcl::new(id("00000001"), vpc, true, false);
        assert_eq!(numbers(&default), [(true, 100), (true, 32_767), (false, 100), (false, 32_767)]);
        default.put(AclEntry::all_traffic(7, false, false, ANY_V4.into()));
        default.add_ipv6_entries();
        let egress = [100, 101, 32_767, 32_768].map(|number| (true, number));
        let ingress = [7, 100, 32_767, 32_768].map(|number| (false, number));
        assert_eq!(numbers(&default), [egress, ingress].concat());
        let custom = NetworkAcl::new(id("00000002"), vpc, false, true);
        let last = [LAST_ACL_ENTRY, LAST_ACL_ENTRY_V6];
        assert_eq!(numbers(&custom), [last.map(|n| (true, n)), last.map(|n| (false, n))].concat());
    }
}
