//! Flow logs over time: what they collect, and when it is delivered.
//!
//! What is recorded waits in `model::capture`; a timer of the flow log delivers it. A log that is deleted still
//! delivers what it recorded before. What cannot be delivered is lost, as on AWS.

mod deliver;
mod file;
mod format;
#[cfg(test)]
mod tests;

use super::{Terrain, record};
use crate::model::path::Trace;
use crate::model::traffic::{FlowRecord, Volume};
use crate::model::{Capture, FlowLogId, Txn, capture};
use std::sync::Arc;

/// Tells whoever watches that this went over a path.
pub fn observe(txn: &mut Txn<'_>, trace: &Trace, volume: &Volume) {
    let terrain =
        Terrain { state: &txn.state, global: &txn.global, elsewhere: txn.elsewhere(), now: txn.now };
    let records = record::records(&terrain, trace, volume);
    collect(txn, records);
}

/// Tells whoever watches what interfaces saw; what is due at once is delivered at once.
pub fn collect(txn: &mut Txn<'_>, records: Vec<FlowRecord>) {
    for log in capture::collect(txn, records) {
        step(txn, log);
    }
}

/// Delivers what is due of a flow log.
pub(super) fn step(txn: &mut Txn<'_>, log: FlowLogId) {
    let due: Vec<Arc<Capture>> = txn.state.take_captures(log, txn.now);
    if !due.is_empty() {
        deliver::deliver(txn, log, &due);
    }
}
