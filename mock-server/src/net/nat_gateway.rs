//! The life of a NAT gateway.
//!
//! Whether one can be made is known when it is asked for, and is told later, as AWS does. One that can be made has its
//! interface from the call on; the interface, and with it the private addresses and the associations of Elastic IP
//! addresses, goes at the end of `deleting`. What failed or was deleted is shown for an hour.
//!
//! Source: VPC user guide, "NAT gateways" and "Troubleshoot NAT gateways"; EC2 API reference, NatGateway.

use super::outage;
use crate::kernel::Memo;
use crate::model::gateway::InVpcIndex;
use crate::model::nat::{NatAddressStatus, NatFailure};
use crate::model::place::{InterfaceSpec, NotPlaced};
use crate::model::{
    Alarm, AllocationId, Attachment, Id, NatGateway, NatGatewayAddress, NatGatewayId, NatGatewayState,
    NetworkInterfaceId, Owner, Profile, RouteTarget, Subnet, Tags, Txn, address,
};
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

/// What a timer of a gateway does, as the number of its [`Alarm::Stage`].
#[derive(Clone, Copy)]
enum Stage {
    /// It is available, or has failed.
    Open,
    /// Addresses that come and go have done so.
    Settle,
    /// It is deleted.
    Close,
}

impl Stage {
    /// How long it takes to get there, in profile `fast` and in profile `realistic`: as clients' logs have it. The
    /// time that addresses take is assumed; nothing has to be drained, for there is no traffic.
    fn lasts(self, profile: Profile) -> Duration {
        profile.lasts(match self {
            Stage::Open => [1_000, 105_000],
            Stage::Settle => [500, 10_000],
            Stage::Close => [1_000, 50_000],
        })
    }
}

/// How long a gateway is shown that failed or was deleted.
const SHOWN: Duration = Duration::from_secs(60 * 60);

/// An address that a gateway is to have: a certain private one or the next that is free, and what stands for it.
pub type Wanted = (Option<Ipv4Addr>, Option<AllocationId>);

/// A gateway that is asked for.
pub struct NewNatGateway {
    pub subnet: Arc<Subnet>,
    pub public: bool,
    /// The primary address first.
    pub wanted: Vec<Wanted>,
    pub client_token: Option<u128>,
    pub tags: Tags,
}

/// Begins a gateway.
///
/// # Errors
/// For a private address that cannot be had; that there are not enough is told later.
pub fn create(txn: &mut Txn<'_>, new: NewNatGateway) -> Result<Arc<NatGateway>, NotPlaced> {
    let id = NatGatewayId::mint(txn);
    let private: Vec<_> = new.wanted.iter().map(|(private, _)| *private).collect();
    let chosen = match txn.state.choose_addresses(new.subnet.id, &private) {
        Ok(chosen) => Some(chosen),
        Err(NotPlaced::Address(_, address::Refusal::Exhausted)) => None,
        Err(other) => return Err(other),
    };
    let mut gateway = NatGateway {
        id,
        vpc: new.subnet.vpc,
        subnet: new.subnet.id,
        zone: new.subnet.zone,
        public: new.public,
        state: NatGatewayState::Pending,
        failure: failure(txn, &new, chosen.is_some()),
        outage: None,
        interface: None,
        addresses: Vec::new(),
        created: txn.now,
        deleted: None,
        client_token: new.client_token,
        tags: new.tags,
        memo: Memo::default(),
    };
    match chosen.filter(|_| gateway.failure.is_none()) {
        Some(chosen) => {
            let interface = make_interface(txn, &gateway, chosen.clone())?;
            gateway.interface = Some(interface);
            gateway.addresses = connect(txn, interface, &chosen, &new.wanted);
        }
        None => {
            gateway.addresses = new
                .wanted
                .iter()
                .map(|(_, allocation)| NatGatewayAddress {
                    private: None,
                    allocation: *allocation,
                    public: None,
                    status: coming(*allocation),
                })
                .collect();
        }
    }
    schedule(txn, id, Stage::Open);
    Ok(txn.state.nat_gateways.insert(gateway))
}

/// What is in the way of a gateway; codes and texts as the API reference has them.
fn failure(txn: &Txn<'_>, new: &NewNatGateway, has_room: bool) -> Option<NatFailure> {
    let state = &txn.state;
    let failure = |code, message| Some(NatFailure { code, message });
    if !has_room {
        let message = "Subnet has insufficient free addresses to create this NAT gateway".to_owned();
        return failure("InsufficientFreeAddressesInSubnet", message);
    }
    let vpc = new.subnet.vpc;
    if new.public && state.internet_gateways.count(&InVpcIndex::Vpc(vpc)) == 0 {
        return failure("Gateway.NotAttached", format!("Network {vpc} has no Internet gateway attached"));
    }
    new.wanted.iter().filter_map(|(_, allocation)| *allocation).find_map(|id| {
        let Some(address) = state.elastic_addresses.get(&id) else {
            let message = format!("Elastic IP address {id} could not be associated with this NAT gateway");
            return failure("InvalidAllocationID.NotFound", message);
        };
        state.association_of(address)?;
        let message = format!("Elastic IP address {id} is already associated");
        failure("Resource.AlreadyAssociated", message)
    })
}

/// The interface through which a gateway has its addresses. It carries no groups.
/// Source: VPC user guide, "NAT gateway basics"; EC2 user guide, "Requester-managed network interfaces".
fn make_interface(
    txn: &mut Txn<'_>,
    gateway: &NatGateway,
    addresses: Vec<Ipv4Addr>,
) -> Result<NetworkInterfaceId, NotPlaced> {
    let spec = InterfaceSpec {
        id: NetworkInterfaceId::mint(txn),
        subnet: gateway.subnet,
        groups: Vec::new(),
        addresses,
        description: format!("Interface for NAT Gateway {}", gateway.id).into(),
        attachment: Some(Attachment::Service {
            id: Id::mint(txn),
            instance_owner: "amazon-aws".into(),
            device_index: 1,
        }),
        requester_id: None,
        requester_managed: true,
        owner: Some(Owner::NatGateway(gateway.id)),
        interface_type: "nat_gateway",
        client_token: None,
        tags: Tags::default(),
    };
    let id = txn.state.add_interface(spec)?.id;
    // It passes on what is not for itself.
    txn.state.interfaces.update(&id, |interface| interface.source_dest_check = false);
    Ok(id)
}

/// Associates Elastic IP addresses with private addresses that the interface has already.
fn connect(
    txn: &mut Txn<'_>,
    interface: NetworkInterfaceId,
    private: &[Ipv4Addr],
    wanted: &[Wanted],
) -> Vec<NatGatewayAddress> {
    let mut addresses = Vec::with_capacity(private.len());
    for (private, (_, allocation)) in private.iter().zip(wanted) {
        let elastic = allocation.and_then(|id| txn.state.elastic_addresses.get(&id));
        let public = elastic.map(|elastic| (elastic.id, elastic.address)).map(|elastic| {
            let association = Id::mint(txn);
            txn.state.associate(elastic, interface, *private, association);
            (elastic.1, association)
        });
        let (private, allocation) = (Some(*private), *allocation);
        addresses.push(NatGatewayAddress { private, allocation, public, status: coming(allocation) });
    }
    addresses
}

/// The status of an address that a gateway gets.
fn coming(allocation: Option<AllocationId>) -> NatAddressStatus {
    if allocation.is_some() { NatAddressStatus::Associating } else { NatAddressStatus::Assigning }
}

/// Gives an available gateway further addresses; the answer is what they are like at first.
///
/// # Errors
/// For addresses that cannot be had; the transaction has to be dropped then.
pub fn add_addresses(
    txn: &mut Txn<'_>,
    gateway: &NatGateway,
    wanted: &[Wanted],
) -> Result<Vec<NatGatewayAddress>, NotPlaced> {
    let Some(interface) = gateway.interface else { return Ok(Vec::new()) };
    let private: Vec<_> = wanted.iter().map(|(private, _)| *private).collect();
    let chosen = txn.state.choose_addresses(gateway.subnet, &private)?;
    txn.state.give_addresses(interface, &chosen)?;
    let more = connect(txn, interface, &chosen, wanted);
    txn.state.nat_gateways.update(&gateway.id, |gateway| gateway.addresses.extend(more.iter().cloned()));
    schedule(txn, gateway.id, Stage::Settle);
    Ok(more)
}

/// Lets the addresses go for which `leaves` holds; the answer is what they are like at first.
pub fn drop_addresses(
    txn: &mut Txn<'_>,
    gateway: &NatGateway,
    leaves: impl Fn(&NatGatewayAddress) -> bool,
) -> Vec<NatGatewayAddress> {
    let status =
        if gateway.public { NatAddressStatus::Disassociating } else { NatAddressStatus::Unassigning };
    let mut leaving = Vec::new();
    txn.state.nat_gateways.update(&gateway.id, |gateway| {
        for address in gateway.addresses.iter_mut().filter(|address| leaves(address)) {
            address.status = status;
            leaving.push(address.clone());
        }
    });
    schedule(txn, gateway.id, Stage::Settle);
    leaving
}

/// Why a gateway that is out of order says it failed: code and text as the API reference has them.
pub fn outage(gateway: &NatGateway) -> Option<NatFailure> {
    gateway.outage.as_ref()?;
    let interface = gateway.interface?;
    let message = format!(
        "Network interface {interface}, created and used internally by this NAT gateway is in an invalid state. Please try again."
    );
    Some(NatFailure { code: "InternalError", message })
}

/// Begins the end of a gateway.
pub fn delete(txn: &mut Txn<'_>, id: NatGatewayId) {
    let now = txn.now;
    txn.state.nat_gateways.update(&id, |gateway| gateway.deleted = Some(now));
    txn.state.timers.cancel(&Owner::ClosedNatGateway(id));
    enter(txn, id, NatGatewayState::Deleting);
    schedule(txn, id, Stage::Close);
}

/// Does what a timer says.
pub(super) fn step(txn: &mut Txn<'_>, id: NatGatewayId, what: Alarm) {
    let Some(gateway) = txn.state.nat_gateways.get(&id).cloned() else { return };
    match what {
        Alarm::Stage(n) if n == Stage::Open as usize && gateway.failure.is_some() => {
            settle(txn, &gateway, NatAddressStatus::Failed);
            close(txn, id, NatGatewayState::Failed);
        }
        Alarm::Stage(n) if n == Stage::Open as usize => {
            settle(txn, &gateway, NatAddressStatus::Succeeded);
            enter(txn, id, NatGatewayState::Available);
            outage::look(txn);
        }
        Alarm::Stage(n) if n == Stage::Settle as usize => {
            settle(txn, &gateway, NatAddressStatus::Succeeded);
        }
        Alarm::Stage(n) if n == Stage::Close as usize => {
            txn.state.remove_interfaces_of(&Owner::NatGateway(id));
            close(txn, id, NatGatewayState::Deleted);
        }
        Alarm::Stage(_)
        | Alarm::Overtime
        | Alarm::WaitOver
        | Alarm::Interrupt
        | Alarm::Checkpoint
        | Alarm::Release
        | Alarm::Wake => {}
    }
}

/// Shows a gateway no more.
pub(super) fn forget(txn: &mut Txn<'_>, id: NatGatewayId) {
    if let Some(gateway) = txn.state.nat_gateways.remove(&id) {
        txn.state.forget_token(gateway.client_token);
    }
}

/// Ends whatever is under way with the addresses of a gateway.
fn settle(txn: &mut Txn<'_>, gateway: &NatGateway, outcome: NatAddressStatus) {
    let leaving = gateway.addresses.iter().filter(|address| address.status.is_leaving());
    let leaving: Vec<_> = leaving.filter_map(|address| address.private).collect();
    if let Some(interface) = gateway.interface {
        txn.state.withdraw_addresses(interface, &leaving);
    }
    txn.state.nat_gateways.update(&gateway.id, |gateway| {
        gateway.addresses.retain(|address| !address.status.is_leaving());
        gateway.addresses.iter_mut().for_each(|address| address.status = outcome);
    });
}

/// Enters a last state: routes to the gateway lead nowhere, and it is shown for a while.
fn close(txn: &mut Txn<'_>, id: NatGatewayId, state: NatGatewayState) {
    enter(txn, id, state);
    txn.state.settle_routes_to(RouteTarget::NatGateway(id));
    let at = txn.now + SHOWN;
    txn.state.timers.schedule(at, Owner::ClosedNatGateway(id), Alarm::Release);
}

fn enter(txn: &mut Txn<'_>, id: NatGatewayId, state: NatGatewayState) {
    let changed = txn.state.nat_gateways.update(&id, |gateway| gateway.state = state);
    let failure = changed.and_then(|gateway| gateway.failure.clone());
    let message = match failure.filter(|_| state == NatGatewayState::Failed) {
        Some(failure) => format!("failed: {}", failure.message),
        None => state.name().to_owned(),
    };
    txn.note("NatGatewayState", id.to_string(), None, message);
}

/// A gateway has one timer: what it was for is done along with what the next one is for.
fn schedule(txn: &mut Txn<'_>, id: NatGatewayId, stage: Stage) {
    let at = txn.now + stage.lasts(txn.state.profile);
    txn.state.timers.cancel(&Owner::NatGateway(id));
    txn.state.timers.schedule(at, Owner::NatGateway(id), Alarm::Stage(stage as usize));
}

impl NatGatewayState {
    /// As it is described.
    pub fn name(self) -> &'static str {
        match self {
            NatGatewayState::Pending => "pending",
            NatGatewayState::Failed => "failed",
            NatGatewayState::Available => "available",
            NatGatewayState::Deleting => "deleting",
            NatGatewayState::Deleted => "deleted",
        }
    }
}
