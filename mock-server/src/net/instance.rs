//! What instances do over time, and what becomes of their interfaces.

use crate::model::{
    Alarm, Attachment, InstanceId, InstanceState, NetworkInterfaceId, Owner, Profile, Txn, public,
};
use std::time::Duration;

/// How long a terminated instance is still described. Source: the page of DescribeInstances, which says "usually less
/// than one hour".
const REMEMBERED: Duration = Duration::from_secs(60 * 60);

/// How long an instance stays in a state that it leaves by itself. Times of `realistic`: people report them.
fn lasts(state: InstanceState, profile: Profile) -> Duration {
    profile.lasts(match state {
        InstanceState::Pending => [1_000, 15_000],
        InstanceState::Stopping => [1_000, 30_000],
        InstanceState::ShuttingDown => [1_000, 30_000],
        InstanceState::Running | InstanceState::Stopped | InstanceState::Terminated => [0, 0],
    })
}

/// Puts an instance into a state, from which it goes on by itself.
pub fn enter(txn: &mut Txn<'_>, id: InstanceId, state: InstanceState) {
    let now = txn.now;
    txn.state.timers.cancel(&Owner::Instance(id));
    txn.state.instances.update(&id, |row| {
        row.state = state;
        match state {
            InstanceState::Pending => row.launched = now,
            InstanceState::Stopping | InstanceState::ShuttingDown => row.ended = Some(now),
            InstanceState::Running | InstanceState::Stopped | InstanceState::Terminated => {}
        }
    });
    if state.next().is_some() {
        let at = now + lasts(state, txn.state.profile);
        txn.state.timers.schedule(at, Owner::Instance(id), Alarm::Stage(0));
    }
    match state {
        InstanceState::Pending => give_public_address(txn, id),
        InstanceState::Stopped => {
            for interface in interfaces(txn, id) {
                txn.state.release_public(interface);
            }
        }
        InstanceState::Terminated => {
            let_interfaces_go(txn, id);
            txn.state.timers.schedule(now + REMEMBERED, Owner::TerminatedInstance(id), Alarm::Release);
        }
        InstanceState::Running | InstanceState::Stopping | InstanceState::ShuttingDown => {}
    }
}

/// Does what a timer says of an instance.
pub(super) fn step(txn: &mut Txn<'_>, id: InstanceId) {
    let next = txn.state.instances.get(&id).and_then(|row| row.state.next());
    if let Some(next) = next {
        enter(txn, id, next);
    }
}

/// Forgets a terminated instance.
pub(super) fn forget(txn: &mut Txn<'_>, id: InstanceId) {
    if let Some(row) = txn.state.instances.remove(&id) {
        txn.state.forget_token(row.client_token);
    }
}

/// A starting instance gets a public address for its primary private one, if it was launched so and has none.
/// Source: EC2 user guide, "Public IPv4 addresses".
fn give_public_address(txn: &mut Txn<'_>, id: InstanceId) {
    let primary = txn.state.interfaces_of(id).into_iter().next();
    let wanted = primary.filter(|row| row.associate_public && row.public.is_empty());
    if let Some((interface, private)) = wanted.and_then(|row| Some((row.id, *row.addresses.first()?))) {
        let address = public::fresh(txn);
        txn.state.interfaces.update(&interface, |row| {
            row.public.push(crate::model::PublicAddress { private, public: address, elastic: None });
        });
    }
}

/// The interfaces of a terminated instance: some go with it, the others can be used again.
fn let_interfaces_go(txn: &mut Txn<'_>, id: InstanceId) {
    for interface in txn.state.interfaces_of(id) {
        if matches!(interface.attachment, Some(Attachment::Instance { delete_on_termination: true, .. })) {
            txn.state.remove_interface(interface.id);
        } else {
            txn.state.detach(interface.id);
        }
    }
}

fn interfaces(txn: &Txn<'_>, id: InstanceId) -> Vec<NetworkInterfaceId> {
    txn.state.interfaces_of(id).iter().map(|row| row.id).collect()
}
