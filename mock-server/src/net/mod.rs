//! What networks do over time: gateways and endpoints that come and go by themselves, after the call that asked for
//! it was answered.

pub mod group_vpc;
pub mod prefix_list;

use crate::model::{Alarm, Owner, Txn};

/// Does what a timer says of something in a network.
pub fn step(txn: &mut Txn<'_>, owner: Owner, what: Alarm) {
    match owner {
        Owner::PrefixList(id) => prefix_list::step(txn, id, what),
        Owner::GroupAssociation(group, vpc) => group_vpc::step(txn, group, vpc),
        Owner::NatGateway(_) | Owner::VpcEndpoint(_) | Owner::Instance(_) => {}
        // Not of networks: see `jobs`.
        Owner::Job(_) | Owner::Endpoint(_) | Owner::Fleet(_) => {}
    }
}
