//! Whatever is done with Elastic IP addresses, NAT gateways and interfaces in whatever order: no address is lost or given
//! twice, and what is deleted leaves nothing behind.

use super::address::{AllocateAddress, ReleaseAddress};
use super::address_association::{AssociateAddress, DisassociateAddress};
use super::harness::{Lab, text};
use super::nat_gateway::{CreateNatGateway, DeleteNatGateway};
use super::nat_gateway_address::{
    AssignPrivateNatGatewayAddress, AssociateNatGatewayAddress, DisassociateNatGatewayAddress,
    UnassignPrivateNatGatewayAddress,
};
use super::network_interface_create::{CreateNetworkInterface, DeleteNetworkInterface};
use super::subnet::DeleteSubnet;
use crate::model::{NatGatewayState, Quotas};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::time::Duration;

#[derive(Clone, Debug)]
enum Step {
    Allocate,
    Release(usize),
    Associate(usize, usize, bool),
    Disassociate(usize),
    MakeInterface(u8),
    DropInterface(usize),
    MakePublicNat(usize, Option<usize>, Option<u8>),
    MakePrivateNat(u8, Option<u8>),
    DropNat(usize),
    AddToPublic(usize, usize),
    DropFromPublic(usize, usize),
    AddToPrivate(usize, u8),
    DropFromPrivate(usize, usize),
    Wait(u16),
}

fn step() -> impl Strategy<Value = Step> {
    let n = || 0usize..5;
    let address = || prop::option::of(0u8..16);
    prop_oneof![
        3 => Just(Step::Allocate),
        1 => n().prop_map(Step::Release),
        3 => (n(), n(), any::<bool>()).prop_map(|(a, b, force)| Step::Associate(a, b, force)),
        1 => n().prop_map(Step::Disassociate),
        3 => (0u8..3).prop_map(Step::MakeInterface),
        2 => n().prop_map(Step::DropInterface),
        3 => (n(), prop::option::of(n()), address())
            .prop_map(|(a, b, private)| Step::MakePublicNat(a, b, private)),
        2 => (0u8..3, address()).prop_map(|(more, private)| Step::MakePrivateNat(more, private)),
        2 => n().prop_map(Step::DropNat),
        2 => (n(), n()).prop_map(|(nat, a)| Step::AddToPublic(nat, a)),
        2 => (n(), 0usize..3).prop_map(|(nat, at)| Step::DropFromPublic(nat, at)),
        2 => (n(), 1u8..3).prop_map(|(nat, more)| Step::AddToPrivate(nat, more)),
        2 => (n(), 0usize..3).prop_map(|(nat, at)| Step::DropFromPrivate(nat, at)),
        4 => (0u16..2_000).prop_map(Step::Wait),
    ]
}

/// Ids that were given out, some of them gone by now.
#[derive(Default)]
struct Known {
    subnet: String,
    allocations: Vec<String>,
    associations: Vec<String>,
    interfaces: Vec<String>,
    nats: Vec<String>,
}

fn pick(ids: &[String], n: usize) -> String {
    if ids.is_empty() { "none".into() } else { ids[n % ids.len()].clone() }
}

/// A member of an address of a gateway, as the state has it.
fn member(lab: &Lab, nat: &str, at: usize, get: fn(&crate::model::NatGatewayAddress) -> String) -> String {
    let state = lab.state();
    let gateway = state.nat_gateways.iter().find(|gateway| gateway.id.to_string() == nat);
    gateway.and_then(|gateway| gateway.addresses.get(at)).map(get).unwrap_or_default()
}

fn run(lab: &Lab, known: &mut Known, step: Step) {
    let id = |made: Value, outer: &str, inner: &str| text(&made[outer][inner]);
    match step {
        Step::Allocate => {
            let made = lab.try_write::<AllocateAddress>(json!({}));
            known.allocations.extend(made.map(|made| text(&made["AllocationId"])));
        }
        Step::Release(n) => {
            let _ = lab.try_write::<ReleaseAddress>(json!({ "AllocationId": pick(&known.allocations, n) }));
        }
        Step::Associate(a, b, force) => {
            let made = lab.try_write::<AssociateAddress>(json!({
                "AllocationId": pick(&known.allocations, a),
                "NetworkInterfaceId": pick(&known.interfaces, b),
                "AllowReassociation": force,
            }));
            known.associations.extend(made.map(|made| text(&made["AssociationId"])));
        }
        Step::Disassociate(n) => {
            let input = json!({ "AssociationId": pick(&known.associations, n) });
            let _ = lab.try_write::<DisassociateAddress>(input);
        }
        Step::MakeInterface(more) => {
            let input = json!({ "SubnetId": known.subnet, "SecondaryPrivateIpAddressCount": more });
            let made = lab.try_write::<CreateNetworkInterface>(input);
            known.interfaces.extend(made.map(|made| id(made, "NetworkInterface", "NetworkInterfaceId")));
        }
        Step::DropInterface(n) => {
            let input = json!({ "NetworkInterfaceId": pick(&known.interfaces, n) });
            let _ = lab.try_write::<DeleteNetworkInterface>(input);
        }
        Step::MakePublicNat(a, b, private) => {
            let made = lab.try_write::<CreateNatGateway>(json!({
                "SubnetId": known.subnet,
                "AllocationId": pick(&known.allocations, a),
                "SecondaryAllocationIds": b.map(|b| pick(&known.allocations, b)).into_iter().collect::<Vec<_>>(),
                "PrivateIpAddress": private.map(|last| format!("10.0.0.{last}")),
            }));
            known.nats.extend(made.map(|made| id(made, "NatGateway", "NatGatewayId")));
        }
        Step::MakePrivateNat(more, private) => {
            let made = lab.try_write::<CreateNatGateway>(json!({
                "SubnetId": known.subnet,
                "ConnectivityType": "private",
                "SecondaryPrivateIpAddressCount": more,
                "PrivateIpAddress": private.map(|last| format!("10.0.0.{last}")),
            }));
            known.nats.extend(made.map(|made| id(made, "NatGateway", "NatGatewayId")));
        }
        Step::DropNat(n) => {
            let _ = lab.try_write::<DeleteNatGateway>(json!({ "NatGatewayId": pick(&known.nats, n) }));
        }
        Step::AddToPublic(nat, a) => {
            let _ = lab.try_write::<AssociateNatGatewayAddress>(json!({
                "NatGatewayId": pick(&known.nats, nat), "AllocationIds": [pick(&known.allocations, a)],
            }));
        }
        Step::DropFromPublic(nat, at) => {
            let nat = pick(&known.nats, nat);
            let association = member(lab, &nat, at, |address| {
                address.public.map(|(_, id)| id.to_string()).unwrap_or_default()
            });
            let input = json!({ "NatGatewayId": nat, "AssociationIds": [association] });
            let _ = lab.try_write::<DisassociateNatGatewayAddress>(input);
        }
        Step::AddToPrivate(nat, more) => {
            let input = json!({ "NatGatewayId": pick(&known.nats, nat), "PrivateIpAddressCount": more });
            let _ = lab.try_write::<AssignPrivateNatGatewayAddress>(input);
        }
        Step::DropFromPrivate(nat, at) => {
            let nat = pick(&known.nats, nat);
            let private = member(lab, &nat, at, |address| {
                address.private.map(|private| private.to_string()).unwrap_or_default()
            });
            let input = json!({ "NatGatewayId": nat, "PrivateIpAddresses": [private] });
            let _ = lab.try_write::<UnassignPrivateNatGatewayAddress>(input);
        }
        Step::Wait(millis) => lab.advance(Duration::from_millis(millis.into())),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn addresses_are_conserved_and_nothing_is_left_behind(steps in prop::collection::vec(step(), 0..50)) {
        let lab = Lab::with("us-east-1", Quotas { nat_gateways_per_zone: 3, ..Quotas::default() });
        let vpc = lab.vpc();
        let subnet = lab.subnet(&vpc, "10.0.0.0/28");
        lab.internet_gateway(&vpc);
        let mut known = Known { subnet: subnet.clone(), ..Known::default() };
        for step in steps {
            // The laboratory looks at the invariants and at refused calls after every step.
            run(&lab, &mut known, step);
            let state = lab.state();
            let row = state.subnets.iter().find(|row| row.id.to_string() == subnet).unwrap();
            let held: usize = state.interfaces.iter().map(|interface| interface.addresses.len()).sum();
            prop_assert_eq!(row.addresses.free() as usize + held, 11);
        }
        let state = lab.state();
        for gateway in state.nat_gateways.iter().filter(|it| it.state != NatGatewayState::Deleted) {
            lab.write::<DeleteNatGateway>(json!({ "NatGatewayId": gateway.id.to_string() }));
        }
        lab.advance(Duration::from_secs(1));
        for interface in lab.state().interfaces.iter() {
            lab.write::<DeleteNetworkInterface>(json!({ "NetworkInterfaceId": interface.id.to_string() }));
        }
        for address in state.elastic_addresses.iter() {
            lab.write::<ReleaseAddress>(json!({ "AllocationId": address.id.to_string() }));
        }
        lab.write::<DeleteSubnet>(json!({ "SubnetId": subnet }));
        lab.advance(Duration::from_secs(60 * 60));
        let state = lab.state();
        prop_assert!(state.nat_gateways.is_empty() && state.interfaces.is_empty() && state.timers.is_empty());
    }
}
