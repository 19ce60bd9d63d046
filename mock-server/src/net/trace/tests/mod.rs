//! Traces through networks that are built with the model's own functions.

mod counterfactual;
mod hops;
mod naive;
mod properties;
pub mod random;
mod records;
pub mod scene;
mod targets;

use super::*;
use crate::model::path::Goal;
use scene::Scene;

fn kinds(trace: &Trace) -> Vec<(HopKind, bool)> {
    trace.hops.iter().map(|hop| (hop.kind, hop.passed)).collect()
}

/// The hop that decided: kind, rule, place and element.
fn blocked(trace: &Trace) -> (HopKind, &'static str, &str) {
    let hop = trace.blocked().unwrap_or_else(|| panic!("it gets there: {:#?}", trace.hops));
    (hop.kind, hop.rule, hop.evidence.resource.as_deref().unwrap_or_default())
}
