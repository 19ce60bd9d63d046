//! What interface endpoints do by themselves. Gateway endpoints are there at once and gone at once.
//!
//! Source: PrivateLink user guide, "Interface endpoint states"; EC2-VPCE-CREATE, EC2-VPCE-DEL.

use super::outage;
use crate::model::{Alarm, Owner, Profile, Txn, VpcEndpoint, VpcEndpointId, VpcEndpointState};
use std::sync::Arc;
use std::time::Duration;

/// How long a state lasts. The times of `realistic` are assumed after logs of tools that wait: one to two minutes
/// until an endpoint can be used, and some more until its interfaces are gone.
fn lasts(state: VpcEndpointState, profile: Profile) -> Duration {
    profile.lasts(match state {
        VpcEndpointState::Creating => [1_500, 90_000],
        VpcEndpointState::Modifying => [1_000, 45_000],
        VpcEndpointState::Deleting => [2_000, 150_000],
        VpcEndpointState::Available => [0, 0],
    })
}

/// Puts an interface endpoint into a state; what follows comes by itself.
pub fn enter(txn: &mut Txn<'_>, mut endpoint: VpcEndpoint, state: VpcEndpointState) -> Arc<VpcEndpoint> {
    let owner = Owner::VpcEndpoint(endpoint.id);
    txn.state.timers.cancel(&owner);
    if state != VpcEndpointState::Available {
        let at = txn.now + lasts(state, txn.state.profile);
        txn.state.timers.schedule(at, owner, Alarm::Stage(0));
    }
    endpoint.state = state;
    txn.state.put_vpc_endpoint(endpoint)
}

/// The end of a state.
pub(super) fn step(txn: &mut Txn<'_>, id: VpcEndpointId) {
    let Some(endpoint) = txn.state.vpc_endpoints.get(&id).map(|row| VpcEndpoint::clone(row)) else { return };
    if endpoint.state == VpcEndpointState::Deleting {
        txn.note("VpcEndpointDeleted", id.to_string(), None, "its interfaces are gone");
        txn.state.remove_vpc_endpoint(id);
    } else {
        txn.note("VpcEndpointAvailable", id.to_string(), None, "it can be used");
        enter(txn, endpoint, VpcEndpointState::Available);
        outage::look(txn);
    }
}
