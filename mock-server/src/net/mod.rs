//! What networks do over time: gateways, endpoints and instances that come and go by themselves, after the call that
//! asked for it was answered.

pub mod instance;

use crate::model::{Alarm, Owner, Txn};

/// Does what a timer says of something in a network.
pub fn step(txn: &mut Txn<'_>, owner: Owner, what: Alarm) {
    let _ = what;
    match owner {
        Owner::Instance(id) => instance::step(txn, id),
        Owner::TerminatedInstance(id) => instance::forget(txn, id),
        Owner::NatGateway(_) | Owner::VpcEndpoint(_) => {}
        // Not of networks: see `jobs`.
        Owner::Job(_) | Owner::Endpoint(_) | Owner::Fleet(_) => {}
    }
}
