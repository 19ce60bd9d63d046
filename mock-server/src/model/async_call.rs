//! Calls to endpoints that answer later, and leave their answers in S3.

use super::*;
use crate::kernel::{Rehome, Row, SimTime};
use std::sync::Arc;
use std::time::Duration;

/// A call that is not answered yet.
#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct AsyncCall {
    pub id: Arc<str>,
    /// Its body comes with it, or is read when its turn has come.
    pub invocation: Invocation,
    /// What the container was declared to answer.
    pub behaviour: Option<Arc<Behaviour>>,
    /// Where the body is in S3.
    pub input: Option<String>,
    /// A folder in S3, and the file that is left there.
    pub output: (String, String),
    pub failure: Option<(String, String)>,
    /// How long the container may take.
    pub limit: Duration,
    /// When nobody wants an answer any more.
    pub expires: SimTime,
    /// What the container says, once it was asked.
    pub said: Option<Said>,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum AsyncCallIndex {
    /// By the name of its endpoint.
    Endpoint(Arc<str>),
}

impl Row for AsyncCall {
    type Key = Arc<str>;
    type Index = AsyncCallIndex;
    fn key(&self) -> Arc<str> {
        self.id.clone()
    }
    fn indexes(&self, emit: &mut dyn FnMut(AsyncCallIndex)) {
        emit(AsyncCallIndex::Endpoint(self.invocation.endpoint.clone()));
    }
}

/// What must hold of such calls in every state. For tests.
pub(super) fn broken_invariants(state: &State) -> Vec<String> {
    let mut broken = Vec::new();
    if !state.async_calls.is_consistent() {
        broken.push("the indexes of asynchronous calls do not match its rows".to_owned());
    }
    for call in state.async_calls.iter() {
        if state.timers.next_of(&Owner::AsyncCall(call.id.clone())).is_none() {
            broken.push(format!("the call {} waits for nothing", call.id));
        }
        if !state.endpoints.contains(&call.invocation.endpoint) {
            broken.push(format!("the call {} outlives its endpoint", call.id));
        }
    }
    broken
}
