//! Network ACLs, internet gateways and DHCP options.

use super::*;
use crate::kernel::{Memo, Row};
use ipnet::Ipv4Net;

/// What the tables of things that belong to a VPC can be found by.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum InVpcIndex {
    Vpc(VpcId),
    /// An association with this subnet.
    Subnet(SubnetId),
}

#[derive(Clone, PartialEq, Debug)]
pub struct AclEntry {
    /// 1 to 32766; 32767 is the final rule that refuses what no other allowed.
    pub number: i32,
    pub egress: bool,
    pub allow: bool,
    /// IANA number; `-1` for all.
    pub protocol: String,
    pub cidr: Ipv4Net,
    pub ports: Option<(i32, i32)>,
}

#[derive(Clone, PartialEq, Debug)]
pub struct AclAssociation {
    pub id: NetworkAclAssociationId,
    pub subnet: SubnetId,
}

#[derive(Clone, PartialEq, Debug)]
pub struct NetworkAcl {
    pub id: NetworkAclId,
    pub vpc: VpcId,
    pub is_default: bool,
    pub entries: Vec<AclEntry>,
    pub associations: Vec<AclAssociation>,
    pub tags: Tags,
    pub memo: Memo,
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

#[derive(Clone, PartialEq, Debug)]
pub struct InternetGateway {
    pub id: InternetGatewayId,
    pub vpc: Option<VpcId>,
    pub tags: Tags,
    pub memo: Memo,
}

impl Row for InternetGateway {
    type Key = InternetGatewayId;
    type Index = InVpcIndex;
    fn key(&self) -> InternetGatewayId {
        self.id
    }
    fn indexes(&self, emit: &mut dyn FnMut(InVpcIndex)) {
        self.vpc.into_iter().for_each(|vpc| emit(InVpcIndex::Vpc(vpc)));
    }
}

#[derive(Clone, PartialEq, Debug)]
pub struct DhcpOptions {
    pub id: DhcpOptionsId,
    /// Keys such as `domain-name-servers` with their values, in the order of the keys.
    pub options: Vec<(String, Vec<String>)>,
    pub tags: Tags,
    pub memo: Memo,
}

impl Row for DhcpOptions {
    type Key = DhcpOptionsId;
    type Index = ();
    fn key(&self) -> DhcpOptionsId {
        self.id
    }
    fn indexes(&self, _: &mut dyn FnMut(())) {}
}
