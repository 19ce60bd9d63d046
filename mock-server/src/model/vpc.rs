//! VPCs and subnets.

use super::*;
use crate::kernel::{Memo, Rehome, Row};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// Whether instances share hardware with those of other accounts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Rehome)]
pub enum Tenancy {
    Default,
    Dedicated,
}

#[derive(Clone, Debug, PartialEq, Rehome)]
pub struct Vpc {
    pub id: VpcId,
    /// The primary block first; secondary ones after it.
    pub cidrs: Vec<(VpcCidrAssociationId, Ipv4Net)>,
    pub ipv6_cidrs: Vec<(VpcCidrAssociationId, Ipv6Net)>,
    /// `None` after DHCP options were detached (`default`): then there is no resolver.
    pub dhcp_options: Option<DhcpOptionsId>,
    pub tenancy: Tenancy,
    pub is_default: bool,
    pub dns_support: bool,
    pub dns_hostnames: bool,
    pub network_address_usage_metrics: bool,
    pub tags: Tags,
    pub memo: Memo,
}

impl Vpc {
    /// The block that the VPC was made with.
    pub fn cidr(&self) -> Option<Ipv4Net> {
        self.cidrs.first().map(|(_, net)| *net)
    }

    /// Every block: what each route table of the VPC has a local route for, in this order.
    pub fn blocks(&self) -> impl Iterator<Item = IpNet> + '_ {
        let v4 = self.cidrs.iter().map(|(_, net)| IpNet::V4(*net));
        v4.chain(self.ipv6_cidrs.iter().map(|(_, net)| IpNet::V6(*net)))
    }

    /// Whether instances and interfaces have DNS names. Source: VPC user guide, "DNS attributes for your VPC".
    pub fn gives_names(&self) -> bool {
        self.dns_support && self.dns_hostnames
    }
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum VpcIndex {
    DhcpOptions(DhcpOptionsId),
    Default,
    /// One of its associations with a block.
    Association(VpcCidrAssociationId),
}

impl Row for Vpc {
    type Key = VpcId;
    type Index = VpcIndex;
    fn key(&self) -> VpcId {
        self.id
    }
    fn indexes(&self, emit: &mut dyn FnMut(VpcIndex)) {
        if let Some(options) = self.dhcp_options {
            emit(VpcIndex::DhcpOptions(options));
        }
        if self.is_default {
            emit(VpcIndex::Default);
        }
        let v4 = self.cidrs.iter().map(|(id, _)| *id);
        v4.chain(self.ipv6_cidrs.iter().map(|(id, _)| *id)).for_each(|id| emit(VpcIndex::Association(id)));
    }
}

#[derive(Clone, Debug, PartialEq, Rehome)]
pub struct Subnet {
    pub id: SubnetId,
    pub vpc: VpcId,
    /// `None`: the subnet is for IPv6 alone.
    pub cidr: Option<Ipv4Net>,
    pub ipv6: Option<(SubnetCidrAssociationId, Ipv6Net)>,
    pub zone: Zone,
    /// The one record of which addresses are taken, and so of how many are free.
    pub addresses: AddressPool,
    /// The same of `ipv6`.
    pub ipv6_addresses: Ipv6Pool,
    pub default_for_zone: bool,
    pub map_public_ip: bool,
    /// Whether new interfaces get an IPv6 address.
    pub assign_ipv6: bool,
    pub dns64: bool,
    pub launch_names: LaunchNames,
    pub tags: Tags,
    pub memo: Memo,
}

/// What the names of instances are made of and which records they get.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Rehome)]
pub struct LaunchNames {
    /// Of the instance's id; otherwise of its IPv4 address.
    pub by_resource: bool,
    pub a_record: bool,
    pub aaaa_record: bool,
}

impl Subnet {
    /// Whether the subnet is for IPv6 alone.
    pub fn is_ipv6_native(&self) -> bool {
        self.cidr.is_none()
    }

    /// Its blocks.
    pub fn blocks(&self) -> impl Iterator<Item = IpNet> + '_ {
        let v6 = self.ipv6.map(|(_, net)| IpNet::V6(net));
        self.cidr.map(IpNet::V4).into_iter().chain(v6)
    }
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum SubnetIndex {
    Vpc(VpcId),
    /// Its association with an IPv6 block.
    Association(SubnetCidrAssociationId),
}

impl Row for Subnet {
    type Key = SubnetId;
    type Index = SubnetIndex;
    fn key(&self) -> SubnetId {
        self.id
    }
    fn indexes(&self, emit: &mut dyn FnMut(SubnetIndex)) {
        emit(SubnetIndex::Vpc(self.vpc));
        if let Some((id, _)) = self.ipv6 {
            emit(SubnetIndex::Association(id));
        }
    }
}

/// Whether two blocks share an address. Blocks either lie within each other or apart.
pub fn overlap(a: IpNet, b: IpNet) -> bool {
    a.contains(&b) || b.contains(&a)
}

/// What does not hold of VPCs and subnets.
pub(super) fn broken_invariants(state: &State) -> Vec<String> {
    let mut broken = Vec::new();
    for vpc in state.vpcs.iter() {
        let blocks: Vec<_> = vpc.blocks().collect();
        if vpc.cidrs.is_empty() || any_overlap(&blocks) {
            broken.push(format!("{} has the blocks {blocks:?}", vpc.id));
        }
        let subnets: Vec<_> = state.subnets.by(&SubnetIndex::Vpc(vpc.id)).collect();
        let nets: Vec<_> = subnets.iter().flat_map(|subnet| subnet.blocks()).collect();
        if any_overlap(&nets) {
            broken.push(format!("subnets of {} overlap: {nets:?}", vpc.id));
        }
        let outside = |net: &&IpNet| !blocks.iter().any(|block| block.contains(*net));
        if let Some(net) = nets.iter().find(outside) {
            broken.push(format!("{net} lies outside {}", vpc.id));
        }
        for table in state.route_tables.by(&route::RouteTableIndex::Vpc(vpc.id)) {
            let local = table.routes.iter().filter(|route| route.origin == RouteOrigin::Table);
            let mut local: Vec<_> = local.map(|route| route.destination).collect();
            let mut wanted: Vec<_> = blocks.iter().map(|block| Destination::Cidr(*block)).collect();
            local.sort();
            wanted.sort();
            if local != wanted {
                broken.push(format!("{} has local routes to {local:?}", table.id));
            }
        }
    }
    for subnet in state.subnets.iter() {
        if subnet.blocks().next().is_none() {
            broken.push(format!("{} has no block", subnet.id));
        }
        if subnet.ipv6.is_none() && subnet.assign_ipv6 {
            broken.push(format!("{} has no IPv6 addresses to assign", subnet.id));
        }
    }
    broken
}

fn any_overlap(nets: &[IpNet]) -> bool {
    let mut sorted = nets.to_vec();
    sorted.sort();
    sorted.windows(2).any(|pair| overlap(pair[0], pair[1]))
}
