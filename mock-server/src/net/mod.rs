//! What networks do over time: gateways and endpoints that come and go by themselves, after the call that asked for
//! it was answered.

pub mod vpc_endpoint;

use crate::model::{Alarm, Owner, Txn, peering};

/// Does what a timer says of something in a network.
pub fn step(txn: &mut Txn<'_>, owner: Owner, what: Alarm) {
    match owner {
        Owner::Peering(id) => peering::step(txn, id, what),
        Owner::VpcEndpoint(id) => vpc_endpoint::step(txn, id),
        Owner::NatGateway(_) | Owner::Instance(_) => {}
        // Not of networks: see `jobs`.
        Owner::Job(_) | Owner::Endpoint(_) | Owner::Fleet(_) => {}
    }
}
