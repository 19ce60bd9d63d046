//! Flow logs over time: what they collect, and when it is delivered.

use super::{Terrain, record};
use crate::model::Txn;
use crate::model::path::Trace;
use crate::model::traffic::Volume;

/// Tells whoever watches that this went over a path.
pub fn observe(txn: &mut Txn<'_>, trace: &Trace, volume: &Volume) {
    let terrain = Terrain { state: &txn.state, global: &txn.global, elsewhere: txn.elsewhere() };
    let _ = record::records(&terrain, trace, volume);
}
