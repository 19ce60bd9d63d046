//! The secondary addresses of NAT gateways.
//!
//! Source: the pages of the operations; VPC user guide, "Work with NAT gateways"; EC2-NAT-STATE, EC2-NAT-PRIMARY,
//! EC2-NAT-ADDRESSES, EC2-NAT-TYPE.

use super::address;
use super::describe::{Each, Text, find};
use super::error::Ec2Error;
use super::error::address::AddressError;
use super::error::nat_gateway::NatGatewayError;
use super::nat_gateway::{AddressView, check, elastic, enough, parse_all, private};
use super::network_interface_create::not_placed;
use crate::model::{
    AddressAssociationId, Id, NatGateway, NatGatewayAddress, NatGatewayId, NatGatewayState, State, Txn,
};
use crate::net::nat_gateway::{self, Wanted};
use crate::services::{Caller, Operation, Write};
use serde::{Deserialize, Serialize, Serializer};
use std::sync::Arc;

/// The addresses that a call is about, as they are right after it.
pub struct AddressesOut {
    gateway: Arc<NatGateway>,
    addresses: Vec<NatGatewayAddress>,
}

impl Serialize for AddressesOut {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        #[serde(rename_all = "PascalCase")]
        struct View<A: Serialize> {
            nat_gateway_id: Text<NatGatewayId>,
            nat_gateway_addresses: A,
        }
        View {
            nat_gateway_id: Text(self.gateway.id),
            nat_gateway_addresses: Each(|| {
                self.addresses.iter().map(|address| AddressView::new(&self.gateway, false, address))
            }),
        }
        .serialize(serializer)
    }
}

/// The gateway, if its addresses can be changed now.
fn changeable(state: &State, id: &str) -> Result<Arc<NatGateway>, Ec2Error> {
    let gateway = find::<NatGateway>(state, id)?;
    if gateway.shown() != NatGatewayState::Available {
        let state = gateway.shown().name();
        return Err(NatGatewayError::NatNotAvailable { id: gateway.id, state }.into());
    }
    if gateway.addresses.iter().any(|address| address.status.is_leaving()) {
        return Err(NatGatewayError::NatDrains(gateway.id).into());
    }
    Ok(gateway.clone())
}

fn add(txn: &mut Txn<'_>, gateway: Arc<NatGateway>, more: &[Wanted]) -> Result<AddressesOut, Ec2Error> {
    check(&txn.state, gateway.public, more)?;
    enough(&txn.state, gateway.public, gateway.addresses.len() + more.len())?;
    let addresses = nat_gateway::add_addresses(txn, &gateway, more).map_err(not_placed)?;
    Ok(AddressesOut { gateway, addresses })
}

/// Lets the named addresses go; each has to be a secondary one of the gateway.
fn drop_named<T: PartialEq>(
    txn: &mut Txn<'_>,
    gateway: Arc<NatGateway>,
    named: &[(String, Option<T>)],
    of: impl Fn(&NatGatewayAddress) -> Option<T>,
) -> Result<AddressesOut, Ec2Error> {
    for (text, name) in named {
        let at = gateway.addresses.iter().position(|address| name.is_some() && of(address) == *name);
        let at = at.ok_or_else(|| NatGatewayError::NotOnNat { address: text.clone(), id: gateway.id })?;
        if let (0, Some(primary)) = (at, gateway.addresses[0].private) {
            return Err(NatGatewayError::PrimaryNatAddress(primary).into());
        }
    }
    let addresses = nat_gateway::drop_addresses(txn, &gateway, |address| {
        let name = of(address);
        named.iter().any(|(_, other)| other.is_some() && *other == name)
    });
    Ok(AddressesOut { gateway, addresses })
}

// === Public gateways ===

pub struct AssociateNatGatewayAddress;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct AssociateNatGatewayAddressIn {
    nat_gateway_id: String,
    allocation_ids: Vec<String>,
    private_ip_addresses: Vec<String>,
}

impl Operation for AssociateNatGatewayAddress {
    const NAME: &'static str = "AssociateNatGatewayAddress";
    type In = AssociateNatGatewayAddressIn;
    type Out = AddressesOut;
    type Error = Ec2Error;
}

impl Write for AssociateNatGatewayAddress {
    fn run(
        txn: &mut Txn<'_>,
        _: &Caller,
        input: AssociateNatGatewayAddressIn,
    ) -> Result<AddressesOut, Ec2Error> {
        let state = &txn.state;
        let gateway = changeable(state, &input.nat_gateway_id)?;
        if !gateway.public {
            return Err(NatGatewayError::NotForPrivateNat("allocationIds").into());
        }
        for id in &input.allocation_ids {
            address::find(state, id)?;
        }
        let wanted = elastic(&input.allocation_ids, &parse_all(&input.private_ip_addresses)?)?;
        for id in &input.allocation_ids {
            let row = address::find(state, id)?;
            if let Some((_, _, association)) = state.association_of(row) {
                return Err(AddressError::AddressAlreadyAssociated { id: row.id, association }.into());
            }
        }
        add(txn, gateway, &wanted)
    }
}

pub struct DisassociateNatGatewayAddress;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct DisassociateNatGatewayAddressIn {
    nat_gateway_id: String,
    association_ids: Vec<String>,
}

impl Operation for DisassociateNatGatewayAddress {
    const NAME: &'static str = "DisassociateNatGatewayAddress";
    type In = DisassociateNatGatewayAddressIn;
    type Out = AddressesOut;
    type Error = Ec2Error;
}

impl Write for DisassociateNatGatewayAddress {
    fn run(
        txn: &mut Txn<'_>,
        _: &Caller,
        input: DisassociateNatGatewayAddressIn,
    ) -> Result<AddressesOut, Ec2Error> {
        let gateway = changeable(&txn.state, &input.nat_gateway_id)?;
        let of = |address: &NatGatewayAddress| address.public.map(|(_, association)| association);
        let mut named = Vec::with_capacity(input.association_ids.len());
        for text in input.association_ids {
            let id = AddressAssociationId::parse(&text);
            if id.is_none() || gateway.addresses.iter().all(|address| of(address) != id) {
                return Err(AddressError::AddressAssociationNotFound(text).into());
            }
            named.push((text, id));
        }
        drop_named(txn, gateway, &named, of)
    }
}

// === Private gateways ===

pub struct AssignPrivateNatGatewayAddress;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct AssignPrivateNatGatewayAddressIn {
    nat_gateway_id: String,
    private_ip_addresses: Vec<String>,
    private_ip_address_count: Option<usize>,
}

impl Operation for AssignPrivateNatGatewayAddress {
    const NAME: &'static str = "AssignPrivateNatGatewayAddress";
    type In = AssignPrivateNatGatewayAddressIn;
    type Out = AddressesOut;
    type Error = Ec2Error;
}

impl Write for AssignPrivateNatGatewayAddress {
    fn run(
        txn: &mut Txn<'_>,
        _: &Caller,
        input: AssignPrivateNatGatewayAddressIn,
    ) -> Result<AddressesOut, Ec2Error> {
        let gateway = changeable(&txn.state, &input.nat_gateway_id)?;
        if gateway.public {
            return Err(NatGatewayError::NotForPublicNat("privateIpAddresses").into());
        }
        let (named, count) = (parse_all(&input.private_ip_addresses)?, input.private_ip_address_count);
        match (named.is_empty(), count) {
            (true, None) => return Err(Ec2Error::MissingParameter("privateIpAddresses")),
            (false, Some(_)) => {
                return Err(Ec2Error::NotTogether("privateIpAddresses", "privateIpAddressCount"));
            }
            (true, Some(_)) | (false, None) => {}
        }
        add(txn, gateway, &private(&named, count))
    }
}

pub struct UnassignPrivateNatGatewayAddress;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct UnassignPrivateNatGatewayAddressIn {
    nat_gateway_id: String,
    private_ip_addresses: Vec<String>,
}

impl Operation for UnassignPrivateNatGatewayAddress {
    const NAME: &'static str = "UnassignPrivateNatGatewayAddress";
    type In = UnassignPrivateNatGatewayAddressIn;
    type Out = AddressesOut;
    type Error = Ec2Error;
}

impl Write for UnassignPrivateNatGatewayAddress {
    fn run(
        txn: &mut Txn<'_>,
        _: &Caller,
        input: UnassignPrivateNatGatewayAddressIn,
    ) -> Result<AddressesOut, Ec2Error> {
        let gateway = changeable(&txn.state, &input.nat_gateway_id)?;
        if gateway.public {
            return Err(NatGatewayError::NotForPublicNat("privateIpAddresses").into());
        }
        let parsed = parse_all(&input.private_ip_addresses)?;
        let named: Vec<_> =
            input.private_ip_addresses.into_iter().zip(parsed.into_iter().map(Some)).collect();
        drop_named(txn, gateway, &named, |address| address.private)
    }
}
