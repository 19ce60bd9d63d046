//! Transit gateways over time: they, and their attachments, come and go after a while, and deleted ones are listed a
//! while longer.

use crate::model::transit_table::TransitTableIndex;
use crate::model::{
    Alarm, Owner, Profile, RouteTarget, TransitGatewayAttachmentId, TransitGatewayId,
    TransitGatewayRouteTableId, TransitState, Txn,
};
use std::time::Duration;

/// How long it takes to make or delete one. Source: public logs of tools that wait for them, one to three minutes.
fn lasts(profile: Profile) -> Duration {
    Duration::from_secs(match profile {
        Profile::Fast => 2,
        Profile::Realistic => 90,
        Profile::Instant => 0,
    })
}

/// How long a deleted one is listed; assumed.
const LISTED: Duration = Duration::from_secs(60 * 60);

/// The state after this one; `None`: it is gone.
fn next(state: TransitState) -> Option<TransitState> {
    match state {
        TransitState::Pending | TransitState::Available => Some(TransitState::Available),
        TransitState::Deleting => Some(TransitState::Deleted),
        TransitState::Deleted => None,
    }
}

/// Lets what a gateway or an attachment has begun go on.
fn wait(txn: &mut Txn<'_>, owner: Owner, state: TransitState, step: impl FnOnce(&mut Txn<'_>)) {
    let span = match state {
        TransitState::Available => return,
        TransitState::Deleted => LISTED,
        TransitState::Pending | TransitState::Deleting => lasts(txn.state.profile),
    };
    match span {
        Duration::ZERO => step(txn),
        span => txn.state.timers.schedule(txn.now + span, owner, Alarm::Stage(0)),
    }
}

/// A gateway enters a state.
pub fn enter(txn: &mut Txn<'_>, id: TransitGatewayId, state: TransitState) {
    txn.state.transit_gateways.update(&id, |gateway| gateway.state = state);
    if state == TransitState::Deleting {
        // Its route tables go with it.
        let tables = txn.state.transit_tables.by(&TransitTableIndex::Gateway(id));
        for table in tables.map(|table| table.id).collect::<Vec<_>>() {
            txn.state.timers.cancel(&Owner::TransitTable(table));
            enter_table(txn, table, TransitState::Deleting);
        }
    }
    wait(txn, Owner::TransitGateway(id), state, |txn| step(txn, id));
}

pub(super) fn step(txn: &mut Txn<'_>, id: TransitGatewayId) {
    match txn.state.transit_gateways.get(&id).map(|gateway| next(gateway.state)) {
        Some(Some(state)) => enter(txn, id, state),
        Some(None) => drop(txn.state.transit_gateways.remove(&id)),
        None => {}
    }
}

/// An attachment enters a state: routes to its gateway follow it, and its interfaces go with it.
pub fn enter_attachment(txn: &mut Txn<'_>, id: TransitGatewayAttachmentId, state: TransitState) {
    let owner = Owner::TransitAttachment(id);
    if state == TransitState::Deleted {
        txn.state.remove_interfaces_of(&owner);
        leave_tables(txn, id);
    }
    if let Some(row) = txn.state.transit_attachments.update(&id, |attachment| attachment.state = state) {
        txn.state.settle_routes_to(RouteTarget::TransitGateway(row.gateway));
    }
    wait(txn, owner, state, |txn| step_attachment(txn, id));
}

pub(super) fn step_attachment(txn: &mut Txn<'_>, id: TransitGatewayAttachmentId) {
    match txn.state.transit_attachments.get(&id).map(|attachment| next(attachment.state)) {
        Some(Some(state)) => enter_attachment(txn, id, state),
        Some(None) => drop(txn.state.transit_attachments.remove(&id)),
        None => {}
    }
}

/// A deleted attachment has no part in route tables any more; routes to it lead nowhere.
fn leave_tables(txn: &mut Txn<'_>, id: TransitGatewayAttachmentId) {
    let Some(row) = txn.state.transit_attachments.update(&id, |attachment| attachment.table = None) else {
        return;
    };
    let tables = txn.state.transit_tables.by(&TransitTableIndex::Gateway(row.gateway));
    let tables = tables.filter(|table| table.propagating.contains(&id)).map(|table| table.id);
    for table in tables.collect::<Vec<_>>() {
        txn.state.transit_tables.update(&table, |table| {
            table.propagating.remove(&id);
        });
    }
}

/// A route table enters a state. When it is deleted, what it was told is gone.
pub fn enter_table(txn: &mut Txn<'_>, id: TransitGatewayRouteTableId, state: TransitState) {
    txn.state.transit_tables.update(&id, |table| {
        table.state = state;
        if state == TransitState::Deleted {
            table.routes.clear();
            table.propagating.clear();
        }
    });
    wait(txn, Owner::TransitTable(id), state, |txn| step_table(txn, id));
}

pub(super) fn step_table(txn: &mut Txn<'_>, id: TransitGatewayRouteTableId) {
    match txn.state.transit_tables.get(&id).map(|table| next(table.state)) {
        Some(Some(state)) => enter_table(txn, id, state),
        Some(None) => drop(txn.state.transit_tables.remove(&id)),
        None => {}
    }
}
