//! Interfaces that stay behind when what they were of ends, because a fault was declared: they are as they were, and hold
//! subnets and groups, until the fault lets them go or is cleared.

use super::place;
use crate::kernel::Scope;
use crate::model::interface::InterfaceIndex;
use crate::model::{Alarm, FaultEffect, JobKey, Letter, NetworkInterfaceId, Owner, Txn};
use std::collections::BTreeSet;

/// Whether a fault keeps an interface of something from being removed; if so it does.
pub fn keeps(txn: &mut Txn<'_>, id: NetworkInterfaceId, key: &JobKey) -> bool {
    if txn.global.faults.is_empty() {
        return false;
    }
    let Some(interface) = txn.state.interfaces.get(&id) else { return false };
    let mut names = vec![key.to_string(), key.name.to_string(), id.to_string(), interface.subnet.to_string()];
    names.extend(interface.groups.iter().map(|group| group.id.to_string()));
    names.extend(txn.state.jobs.get(key).map(|job| job.arn.to_string()));
    let global = txn.global.clone();
    let found = global.faults.on_things(txn.now).find_map(|fault| match fault.effect {
        FaultEffect::KeepInterfaces(span) if fault.scope.is_for(txn.origin.region(), &names) => {
            Some((fault.id.clone(), span))
        }
        _ => None,
    });
    let Some((fault, span)) = found else { return false };
    let owner = Owner::Stuck(fault.clone(), key.clone());
    txn.state.interfaces.update(&id, |row| row.owner = Some(owner.clone()));
    if let Some(span) = span.filter(|_| txn.state.timers.next_of(&owner).is_none()) {
        txn.state.timers.schedule(txn.now + span, owner, Alarm::Release);
    }
    txn.note("Fault", id.to_string(), None, format!("{fault}: it is not removed, though {key} has ended"));
    txn.post(txn.origin.account, Scope::Global, Letter::FaultStruck(fault, 1));
    true
}

/// They have been kept for as long as they were to be.
pub(super) fn step(txn: &mut Txn<'_>, owner: &Owner) {
    if let Owner::Stuck(_, key) = owner {
        release(txn, owner, key);
    }
}

fn release(txn: &mut Txn<'_>, owner: &Owner, key: &JobKey) {
    txn.state.timers.cancel(owner);
    let held: Vec<_> =
        txn.state.interfaces.by(&InterfaceIndex::Owner(owner.clone())).map(|row| row.id).collect();
    let released = place::remove_freely(txn, key.kind, held);
    txn.note("FaultEnded", key.to_string(), None, released.to_string());
}

/// Lets go what faults keep that are there no more.
pub fn look(txn: &mut Txn<'_>) {
    let owners = txn.state.interfaces.iter().filter_map(|row| row.owner.clone());
    let stuck: BTreeSet<_> = owners.filter(|owner| matches!(owner, Owner::Stuck(..))).collect();
    for owner in stuck {
        if let Owner::Stuck(fault, key) = &owner
            && txn.global.faults.get(fault).is_none()
        {
            release(txn, &owner, key);
        }
    }
}
