//! NAT gateways.

use super::interface::InterfaceIndex;
use super::*;
use crate::kernel::{Memo, Rehome, Row, SimTime};
use std::net::Ipv4Addr;
use std::sync::Arc;

#[derive(Clone, Copy, PartialEq, Eq, Debug, Rehome)]
pub enum NatGatewayState {
    Pending,
    Failed,
    Available,
    Deleting,
    Deleted,
}

/// What is happening to an address of a gateway.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Rehome)]
pub enum NatAddressStatus {
    /// A private gateway gets it.
    Assigning,
    Unassigning,
    /// A public gateway gets it.
    Associating,
    Disassociating,
    Succeeded,
    Failed,
}

impl NatAddressStatus {
    /// Whether the address stays.
    pub fn is_leaving(self) -> bool {
        matches!(self, NatAddressStatus::Unassigning | NatAddressStatus::Disassociating)
    }

    pub fn is_under_way(self) -> bool {
        !matches!(self, NatAddressStatus::Succeeded | NatAddressStatus::Failed)
    }
}

#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct NatGatewayAddress {
    /// `None`: the gateway failed before it had one.
    pub private: Option<Ipv4Addr>,
    /// What a public gateway was given.
    pub allocation: Option<AllocationId>,
    /// The public address with its association, once it has one.
    pub public: Option<(Ipv4Addr, AddressAssociationId)>,
    pub status: NatAddressStatus,
}

/// Why a gateway could not be made.
#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct NatFailure {
    pub code: &'static str,
    pub message: String,
}

#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct NatGateway {
    pub id: NatGatewayId,
    pub vpc: VpcId,
    pub subnet: SubnetId,
    pub zone: Zone,
    /// Whether it leads to the internet, and so has Elastic IP addresses.
    pub public: bool,
    pub state: NatGatewayState,
    /// Known when it is asked for, told when it has failed.
    pub failure: Option<NatFailure>,
    /// A declared fault, by its id, because of which it is out of order.
    pub outage: Option<Arc<str>>,
    /// It stays here when the interface itself is gone.
    pub interface: Option<NetworkInterfaceId>,
    /// The primary address first. Those of its interface, as long as that is there.
    pub addresses: Vec<NatGatewayAddress>,
    pub created: SimTime,
    pub deleted: Option<SimTime>,
    /// Its entry among the used client tokens, if the caller gave one.
    pub client_token: Option<u128>,
    pub tags: Tags,
    pub memo: Memo,
}

impl NatGateway {
    /// Whether its interface is there.
    pub fn has_interface(&self) -> bool {
        use NatGatewayState::{Available, Deleting, Pending};
        self.failure.is_none() && matches!(self.state, Pending | Available | Deleting)
    }

    /// The state that it shows: one that is out of order has failed, and all that it has is there still.
    pub fn shown(&self) -> NatGatewayState {
        match self.state {
            NatGatewayState::Available if self.outage.is_some() => NatGatewayState::Failed,
            state => state,
        }
    }

    /// Whether it counts among those that a zone may have.
    /// Source: VPC user guide, "Amazon VPC quotas".
    pub fn counts(&self) -> bool {
        !matches!(self.state, NatGatewayState::Failed | NatGatewayState::Deleted)
    }
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum NatGatewayIndex {
    Vpc(VpcId),
    Subnet(SubnetId),
    Zone(&'static str),
}

impl Row for NatGateway {
    type Key = NatGatewayId;
    type Index = NatGatewayIndex;
    fn key(&self) -> NatGatewayId {
        self.id
    }
    fn indexes(&self, emit: &mut dyn FnMut(NatGatewayIndex)) {
        emit(NatGatewayIndex::Vpc(self.vpc));
        emit(NatGatewayIndex::Subnet(self.subnet));
        emit(NatGatewayIndex::Zone(self.zone.name));
    }
}

/// What must hold of NAT gateways.
pub(super) fn broken_invariants(state: &State) -> Vec<String> {
    let mut broken = Vec::new();
    for gateway in state.nat_gateways.iter() {
        let (id, owner) = (gateway.id, Owner::NatGateway(gateway.id));
        let changes = match gateway.state {
            NatGatewayState::Pending | NatGatewayState::Deleting => true,
            NatGatewayState::Available => {
                gateway.addresses.iter().any(|address| address.status.is_under_way())
            }
            NatGatewayState::Failed | NatGatewayState::Deleted => false,
        };
        if state.timers.next_of(&owner).is_some() != changes {
            broken.push(format!("{id} is {:?} and does not fit its timers", gateway.state));
        }
        if state.timers.next_of(&Owner::ClosedNatGateway(id)).is_some() == gateway.counts() {
            broken.push(format!("{id} is {:?} and is shown for the wrong time", gateway.state));
        }
        let owned: Vec<_> = state.interfaces.by(&InterfaceIndex::Owner(owner)).collect();
        if !gateway.has_interface() {
            if !owned.is_empty() {
                broken.push(format!("{id} left an interface behind"));
            }
            continue;
        }
        let [interface] = owned.as_slice() else {
            broken.push(format!("{id} has {} interfaces", owned.len()));
            continue;
        };
        let private = gateway.addresses.iter().filter_map(|address| address.private);
        let mut public: Vec<_> = gateway
            .addresses
            .iter()
            .filter_map(|it| Some((it.private?, it.public?.0, it.allocation?, it.public?.1)))
            .collect();
        let mut held: Vec<_> = interface
            .public
            .iter()
            .filter_map(|it| Some((it.private, it.public, it.elastic?.0, it.elastic?.1)))
            .collect();
        public.sort_unstable();
        held.sort_unstable();
        if Some(interface.id) != gateway.interface
            || !private.eq(interface.addresses.iter().copied())
            || public != held
        {
            broken.push(format!("the addresses of {id} are not those of its interface"));
        }
    }
    for interface in state.interfaces.iter() {
        if let Some(Owner::NatGateway(id)) = interface.owner
            && !state.nat_gateways.contains(&id)
        {
            broken.push(format!("{} outlives {id}", interface.id));
        }
    }
    broken
}
