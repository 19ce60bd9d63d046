//! Gateways at the edge of a VPC other than internet gateways: egress-only internet gateways and virtual private
//! gateways.

use super::gateway::InVpcIndex;
use super::*;
use crate::kernel::{Memo, Rehome, Row};

/// It belongs to its VPC as long as it exists.
#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct EgressOnlyInternetGateway {
    pub id: EgressOnlyInternetGatewayId,
    pub vpc: VpcId,
    pub client_token: Option<u128>,
    pub tags: Tags,
    pub memo: Memo,
}

impl Row for EgressOnlyInternetGateway {
    type Key = EgressOnlyInternetGatewayId;
    type Index = InVpcIndex;
    fn key(&self) -> EgressOnlyInternetGatewayId {
        self.id
    }
    fn indexes(&self, emit: &mut dyn FnMut(InVpcIndex)) {
        emit(InVpcIndex::Vpc(self.vpc));
    }
}

/// How far a virtual private gateway is attached to its VPC.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Rehome)]
pub enum VpnAttachmentState {
    Attaching,
    Attached,
    Detaching,
    /// It stays listed until the gateway is attached again or deleted.
    Detached,
}

#[derive(Clone, Copy, PartialEq, Debug, Rehome)]
pub struct VpnAttachment {
    pub vpc: VpcId,
    pub state: VpnAttachmentState,
}

#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct VpnGateway {
    pub id: VpnGatewayId,
    /// Number of the autonomous system on Amazon's side.
    pub asn: i64,
    pub zone: Option<Zone>,
    pub attachment: Option<VpnAttachment>,
    /// It is only listed for a while.
    pub deleted: bool,
    pub tags: Tags,
    pub memo: Memo,
}

impl VpnGateway {
    /// The VPC that it serves.
    pub fn attached_to(&self) -> Option<VpcId> {
        self.attachment.filter(|it| it.state == VpnAttachmentState::Attached).map(|it| it.vpc)
    }

    /// The VPC that it holds: from the moment it is to be attached until it is detached.
    pub fn holds(&self) -> Option<VpcId> {
        self.attachment.filter(|it| it.state != VpnAttachmentState::Detached).map(|it| it.vpc)
    }
}

impl Row for VpnGateway {
    type Key = VpnGatewayId;
    type Index = InVpcIndex;
    fn key(&self) -> VpnGatewayId {
        self.id
    }
    fn indexes(&self, emit: &mut dyn FnMut(InVpcIndex)) {
        self.holds().into_iter().for_each(|vpc| emit(InVpcIndex::Vpc(vpc)));
    }
}

/// What must hold of gateways at the edge.
pub(super) fn broken_invariants(state: &State) -> Vec<String> {
    let mut broken = Vec::new();
    let internet = state.internet_gateways.iter().filter_map(|it| Some((it.id.to_string(), it.vpc?)));
    let egress = state.egress_only_gateways.iter().map(|it| (it.id.to_string(), it.vpc));
    let vpn = state.vpn_gateways.iter().filter_map(|it| Some((it.id.to_string(), it.holds()?)));
    for (gateway, vpc) in internet.chain(egress).chain(vpn) {
        if !state.vpcs.contains(&vpc) {
            broken.push(format!("{gateway} belongs to {vpc}, which does not exist"));
        }
    }
    for vpc in state.vpcs.iter() {
        let index = InVpcIndex::Vpc(vpc.id);
        if state.internet_gateways.count(&index) > 1 || state.vpn_gateways.count(&index) > 1 {
            broken.push(format!("{} has two gateways of a kind", vpc.id));
        }
    }
    for gateway in state.vpn_gateways.iter() {
        use VpnAttachmentState::{Attaching, Detaching};
        let moving = gateway.attachment.is_some_and(|it| matches!(it.state, Attaching | Detaching));
        let timer = state.timers.next_of(&Owner::VpnGateway(gateway.id));
        if timer.is_some() != (moving || gateway.deleted) {
            broken.push(format!("{} has the timer {timer:?}", gateway.id));
        }
    }
    broken
}
