//! Transit gateways and their attachments to VPCs.

use super::*;
use crate::kernel::{Memo, Rehome, Row, SimTime};

/// What such things go through, in this order.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Rehome)]
pub enum TransitState {
    Pending,
    Available,
    Deleting,
    /// It is only listed for a while.
    Deleted,
}

#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct TransitGateway {
    pub id: TransitGatewayId,
    pub description: Option<String>,
    /// Number of the autonomous system on Amazon's side.
    pub asn: i64,
    pub auto_accept: bool,
    pub associates: bool,
    pub propagates: bool,
    pub vpn_ecmp: bool,
    pub dns: bool,
    pub group_references: bool,
    /// Its default route table, if it has one.
    pub table: Option<TransitGatewayRouteTableId>,
    pub state: TransitState,
    pub created: SimTime,
    pub tags: Tags,
    pub memo: Memo,
}

impl Row for TransitGateway {
    type Key = TransitGatewayId;
    type Index = ();
    fn key(&self) -> TransitGatewayId {
        self.id
    }
    fn indexes(&self, _: &mut dyn FnMut(())) {}
}

#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct TransitAttachment {
    pub id: TransitGatewayAttachmentId,
    pub gateway: TransitGatewayId,
    pub vpc: VpcId,
    /// One for each zone; there is an interface in each until the attachment is deleted.
    pub subnets: Vec<SubnetId>,
    pub dns: bool,
    pub group_references: bool,
    pub ipv6: bool,
    pub appliance: bool,
    /// The route table that it is associated with.
    pub table: Option<TransitGatewayRouteTableId>,
    pub state: TransitState,
    pub created: SimTime,
    pub tags: Tags,
    pub memo: Memo,
}

/// What attachments that are not deleted can be found by.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum TransitIndex {
    Vpc(VpcId),
    Gateway(TransitGatewayId),
}

impl Row for TransitAttachment {
    type Key = TransitGatewayAttachmentId;
    type Index = TransitIndex;
    fn key(&self) -> TransitGatewayAttachmentId {
        self.id
    }
    fn indexes(&self, emit: &mut dyn FnMut(TransitIndex)) {
        if self.state != TransitState::Deleted {
            emit(TransitIndex::Vpc(self.vpc));
            emit(TransitIndex::Gateway(self.gateway));
        }
    }
}

/// What must hold of transit gateways.
pub(super) fn broken_invariants(state: &State) -> Vec<String> {
    let mut broken = Vec::new();
    let mut timed = |owner: Owner, at: TransitState| {
        if state.timers.next_of(&owner).is_some() == (at == TransitState::Available) {
            broken.push(format!("{owner} is {at:?} and its timers do not match that"));
        }
    };
    for gateway in state.transit_gateways.iter() {
        timed(Owner::TransitGateway(gateway.id), gateway.state);
    }
    for attachment in state.transit_attachments.iter() {
        timed(Owner::TransitAttachment(attachment.id), attachment.state);
    }
    for attachment in state.transit_attachments.iter() {
        let owner = interface::InterfaceIndex::Owner(Owner::TransitAttachment(attachment.id));
        let is_deleted = attachment.state == TransitState::Deleted;
        let wanted = if is_deleted { 0 } else { attachment.subnets.len() };
        if state.interfaces.count(&owner) != wanted {
            broken.push(format!("{} has not the interfaces that it needs", attachment.id));
        }
        if !is_deleted && !state.transit_gateways.contains(&attachment.gateway) {
            broken.push(format!("{} is of no transit gateway", attachment.id));
        }
    }
    broken
}
