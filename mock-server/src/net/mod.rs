//! What networks do over time: gateways, endpoints and instances that come and go by themselves, after the call that
//! asked for it was answered.

pub mod flow_log;
pub mod group_vpc;
pub mod insights;
pub mod instance;
pub mod nat_gateway;
pub mod outage;
pub mod prefix_list;
pub mod record;
pub mod trace;
pub mod transit_gateway;
pub mod vpc_endpoint;
pub mod vpn_gateway;

pub use trace::{Terrain, trace};

use crate::model::{Alarm, Owner, Txn, peering};

/// Does what a timer says of something in a network.
pub fn step(txn: &mut Txn<'_>, owner: Owner, what: Alarm) {
    match owner {
        Owner::Peering(id) => peering::step(txn, id, what),
        Owner::VpnGateway(id) => vpn_gateway::step(txn, id),
        Owner::TransitGateway(id) => transit_gateway::step(txn, id),
        Owner::TransitAttachment(id) => transit_gateway::step_attachment(txn, id),
        Owner::TransitTable(id) => transit_gateway::step_table(txn, id),
        Owner::NatGateway(id) => nat_gateway::step(txn, id, what),
        Owner::ClosedNatGateway(id) => nat_gateway::forget(txn, id),
        Owner::VpcEndpoint(id) => vpc_endpoint::step(txn, id),
        Owner::PrefixList(id) => prefix_list::step(txn, id, what),
        Owner::GroupAssociation(group, vpc) => group_vpc::step(txn, group, vpc),
        Owner::Instance(id) => instance::step(txn, id),
        Owner::TerminatedInstance(id) => instance::forget(txn, id),
        Owner::FlowLog(id) => flow_log::step(txn, id),
        Owner::InsightsAnalysis(id) => insights::step(txn, id, what),
        Owner::Faults => outage::look(txn),
        // Not of networks: see `jobs`.
        Owner::Job(_)
        | Owner::WarmPool(_)
        | Owner::Endpoint(_)
        | Owner::Fleet(_)
        | Owner::Component(_)
        | Owner::AsyncCall(_) => {}
        Owner::Notebook(_) | Owner::Studio(_) | Owner::Stuck(..) | Owner::Cluster(_) => {}
        Owner::Evaluations(_) | Owner::Tuning(_) | Owner::Execution(_) => {}
        Owner::Schedule(_) | Owner::Monitor(_) | Owner::AutoMl(_) | Owner::Stored(_) => {}
    }
}
