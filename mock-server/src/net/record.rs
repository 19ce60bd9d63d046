//! What the interfaces on a path saw of what went over it.

use super::Terrain;
use crate::model::path::Trace;
use crate::model::traffic::{FlowRecord, Volume};

/// One record for each direction at each interface that saw packets, in the order in which they did.
pub fn records(terrain: &Terrain<'_>, trace: &Trace, volume: &Volume) -> Vec<FlowRecord> {
    let _ = (terrain, trace, volume);
    Vec::new()
}
