//! VPCs and subnets.

use super::*;
use crate::kernel::{Memo, Row};
use ipnet::{Ipv4Net, Ipv6Net};

/// Whether instances share hardware with those of other accounts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tenancy {
    Default,
    Dedicated,
}

#[derive(Clone, Debug, PartialEq)]
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

    /// Whether instances and interfaces have DNS names. Source: VPC user guide, "DNS attributes for your VPC".
    pub fn gives_names(&self) -> bool {
        self.dns_support && self.dns_hostnames
    }
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum VpcIndex {
    DhcpOptions(DhcpOptionsId),
    Default,
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
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Subnet {
    pub id: SubnetId,
    pub vpc: VpcId,
    pub cidr: Ipv4Net,
    pub ipv6: Option<(SubnetCidrAssociationId, Ipv6Net)>,
    pub zone: Zone,
    /// The one record of which addresses are taken, and so of how many are free.
    pub addresses: AddressPool,
    /// The same of `ipv6`.
    pub ipv6_addresses: Ipv6Pool,
    pub default_for_zone: bool,
    pub map_public_ip: bool,
    pub tags: Tags,
    pub memo: Memo,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum SubnetIndex {
    Vpc(VpcId),
}

impl Row for Subnet {
    type Key = SubnetId;
    type Index = SubnetIndex;
    fn key(&self) -> SubnetId {
        self.id
    }
    fn indexes(&self, emit: &mut dyn FnMut(SubnetIndex)) {
        emit(SubnetIndex::Vpc(self.vpc));
    }
}
