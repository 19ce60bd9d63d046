//! Virtual private gateways over time: they are attached and detached after a while, and a deleted one is listed a
//! while longer.

use crate::model::{
    Alarm, Associate, Owner, Profile, RouteTarget, Txn, VpcId, VpnAttachment, VpnAttachmentState,
    VpnGatewayId,
};
use std::time::Duration;

/// How long it takes to attach or detach one. AWS does not say; tools wait for minutes at most.
fn lasts(profile: Profile) -> Duration {
    Duration::from_secs(match profile {
        Profile::Fast => 1,
        Profile::Realistic => 30,
        Profile::Instant => 0,
    })
}

/// How long a deleted one is listed; assumed.
const LISTED: Duration = Duration::from_secs(60 * 60);

/// Begins to attach the gateway.
pub fn attach(txn: &mut Txn<'_>, id: VpnGatewayId, vpc: VpcId) {
    move_to(txn, id, VpnAttachment { vpc, state: VpnAttachmentState::Attaching });
}

/// Begins to detach it: routes to it lead nowhere from now on.
pub fn detach(txn: &mut Txn<'_>, id: VpnGatewayId, vpc: VpcId) {
    txn.state.leave_gateway(Associate::VpnGateway(id));
    move_to(txn, id, VpnAttachment { vpc, state: VpnAttachmentState::Detaching });
}

fn move_to(txn: &mut Txn<'_>, id: VpnGatewayId, attachment: VpnAttachment) {
    let owner = Owner::VpnGateway(id);
    txn.state.timers.cancel(&owner);
    txn.state.vpn_gateways.update(&id, |gateway| gateway.attachment = Some(attachment));
    txn.state.settle_routes_to(RouteTarget::VpnGateway(id));
    match lasts(txn.state.profile) {
        Duration::ZERO => step(txn, id),
        span => txn.state.timers.schedule(txn.now + span, owner, Alarm::Stage(0)),
    }
}

/// Deletes one that no VPC has.
pub fn delete(txn: &mut Txn<'_>, id: VpnGatewayId) {
    txn.state.vpn_gateways.update(&id, |gateway| {
        gateway.deleted = true;
        gateway.attachment = None;
    });
    txn.state.timers.schedule(txn.now + LISTED, Owner::VpnGateway(id), Alarm::Stage(0));
}

/// What was begun is done.
pub(super) fn step(txn: &mut Txn<'_>, id: VpnGatewayId) {
    use VpnAttachmentState::{Attached, Attaching, Detached, Detaching};
    if txn.state.vpn_gateways.get(&id).is_some_and(|gateway| gateway.deleted) {
        txn.state.vpn_gateways.remove(&id);
        return;
    }
    txn.state.vpn_gateways.update(&id, |gateway| {
        if let Some(attachment) = &mut gateway.attachment {
            attachment.state = match attachment.state {
                Attaching | Attached => Attached,
                Detaching | Detached => Detached,
            };
        }
    });
    txn.state.settle_routes_to(RouteTarget::VpnGateway(id));
}
