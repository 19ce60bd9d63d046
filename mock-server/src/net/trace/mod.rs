//! Whether packets get from here to there, and why: a pure function over the state.
//!
//! The order of the hops is that of the checks: name, security groups, network ACL, route, target, and what lies
//! behind it; then the policies; then the way back.

use crate::kernel::Elsewhere;
use crate::model::State;
use crate::model::path::{Flow, Trace, Way};

/// All that a path can depend on.
#[derive(Clone, Copy)]
pub struct Terrain<'a> {
    /// The region in which the flow begins.
    pub state: &'a State,
    /// The account-wide state of its account.
    pub global: &'a State,
    /// Other accounts and regions: peered VPCs, buckets.
    pub elsewhere: &'a dyn Elsewhere<State>,
}

/// Follows a flow hop by hop.
pub fn trace(_terrain: &Terrain<'_>, flow: &Flow) -> Trace {
    Trace { flow: flow.clone(), hops: Vec::new(), way: Way::default() }
}
