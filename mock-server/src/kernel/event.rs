//! Events: what happened in an account, for people and tests to read. Never part of the state.

use super::SimTime;
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// How many events an account keeps; older ones are forgotten.
const KEPT: usize = 10_000;

/// Something worth telling: a status that changed, a rule that decided, a parameter that was ignored.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    pub at: SimTime,
    pub kind: &'static str,
    /// Region of the cell; empty for the account as a whole.
    pub place: String,
    /// The thing it is about, as `kind/name` or an id.
    pub resource: String,
    pub message: String,
    /// The id of the documented rule that decided.
    pub rule: Option<&'static str>,
}

/// A bounded log with consecutive numbers.
#[derive(Default)]
pub struct EventLog {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    events: VecDeque<Event>,
    /// Number of the first event still kept.
    first: u64,
}

impl EventLog {
    pub fn push(&self, events: impl IntoIterator<Item = Event>) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        for event in events {
            if inner.events.len() == KEPT {
                inner.events.pop_front();
                inner.first += 1;
            }
            inner.events.push_back(event);
        }
    }

    /// The events numbered `since` and later, with their numbers, `limit` at most.
    pub fn since(&self, since: u64, limit: usize) -> Vec<(u64, Event)> {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let skip = usize::try_from(since.saturating_sub(inner.first)).unwrap_or(usize::MAX);
        (inner.first..)
            .zip(&inner.events)
            .skip(skip)
            .take(limit)
            .map(|(n, event)| (n, event.clone()))
            .collect()
    }
}
