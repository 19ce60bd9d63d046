//! Internet gateways and DHCP options.

use super::*;
use crate::kernel::{Memo, Rehome, Row};

/// What the tables of things that belong to a VPC can be found by.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum InVpcIndex {
    Vpc(VpcId),
    /// An association with this subnet.
    Subnet(SubnetId),
}

#[derive(Clone, PartialEq, Debug, Rehome)]
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

#[derive(Clone, PartialEq, Debug, Rehome)]
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
