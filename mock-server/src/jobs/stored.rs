//! What becomes of what SageMaker keeps: statuses that pass.

use crate::model::stored::{Next, next};
use crate::model::{Alarm, Owner, Profile, Stored, Txn};
use std::sync::Arc;
use std::time::Duration;

/// How long such a status lasts. People report a minute or so for feature groups, and seconds for images.
fn lasts(profile: Profile) -> Duration {
    Duration::from_millis(match profile {
        Profile::Fast => 500,
        Profile::Realistic => 30_000,
        Profile::Instant => 0,
    })
}

/// Keeps a row, with this status from now on.
pub fn begin(txn: &mut Txn<'_>, mut row: Stored, status: &'static str) {
    row.modified = txn.now;
    show(txn, &mut row, status);
    let owner = Owner::Stored(row.resource.clone());
    txn.state.timers.cancel(&owner);
    match next(status) {
        Some(_) if txn.state.profile == Profile::Instant => finish(txn, row),
        Some(_) => {
            txn.state.timers.schedule(txn.now + lasts(txn.state.profile), owner, Alarm::Stage(1));
            txn.state.stored.insert(row);
        }
        None => drop(txn.state.stored.insert(row)),
    }
}

/// Does what a timer says.
pub(super) fn step(txn: &mut Txn<'_>, resource: &Arc<str>) {
    let Some(row) = txn.state.stored.get(resource).map(|row| Stored::clone(row)) else { return };
    finish(txn, row);
}

fn show(txn: &mut Txn<'_>, row: &mut Stored, status: &'static str) {
    if row.status != status {
        row.status = status;
        txn.note("StoredStatus", row.resource.to_string(), None, status);
    }
}

fn finish(txn: &mut Txn<'_>, mut row: Stored) {
    match next(row.status) {
        Some(Next::Gone) => drop(txn.state.stored.remove(&row.resource)),
        Some(Next::Becomes(well, badly)) => {
            let status = if row.failure.is_some() { badly } else { well };
            show(txn, &mut row, status);
            txn.state.stored.insert(row);
        }
        None => {}
    }
}
