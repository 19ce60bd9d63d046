//! What a cell was like a short while ago, for reads that may lag behind.

use super::SimTime;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// The latest states that are over, each with the time at which it ended; the oldest first.
pub(super) struct Trail<S>(Mutex<VecDeque<(SimTime, Arc<S>)>>);

impl<S> Default for Trail<S> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<S> Trail<S> {
    /// States share what they have in common, so that this many cost little. Of more changes than this within the
    /// lag, the latest are seen earlier than others.
    const MOST: usize = 1_000;

    /// Keeps a state that ends now. What nobody can see any more goes.
    pub(super) fn keep(&self, state: Arc<S>, now: SimTime, lag: Duration) {
        let mut states = self.lock();
        if lag.is_zero() {
            states.clear();
            return;
        }
        states.retain(|(until, _)| *until + lag > now);
        // Of states that ended at the same time, nobody ever saw any but the first.
        if states.back().is_none_or(|(until, _)| *until < now) {
            states.push_back((now, state));
        }
        if states.len() > Self::MOST {
            states.pop_front();
        }
    }

    /// What was the state `lag` before now, and when something newer will be seen; `None` if it still is the state.
    pub(super) fn behind(&self, now: SimTime, lag: Duration) -> Option<(Arc<S>, SimTime)> {
        let mut states = self.lock();
        states.retain(|(until, _)| *until + lag > now);
        states.front().map(|(until, state)| (state.clone(), *until + lag))
    }

    /// All that is kept, the oldest first.
    pub(super) fn all(&self) -> Vec<(SimTime, Arc<S>)> {
        self.lock().iter().cloned().collect()
    }

    /// Keeps these instead.
    pub(super) fn put(&self, states: &[(SimTime, Arc<S>)]) {
        *self.lock() = states.iter().cloned().collect();
    }

    /// Time begins anew: what was before is no guide.
    pub(super) fn forget(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<(SimTime, Arc<S>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LAG: Duration = Duration::from_millis(10);

    fn at(ms: i64) -> SimTime {
        SimTime::from_millis(ms)
    }

    #[test]
    fn the_trail_is_bounded_and_ends_with_the_lag() {
        let trail = Trail::default();
        for n in 0..5_000 {
            trail.keep(Arc::new(n), at(n), Duration::from_secs(3_600));
        }
        assert_eq!(trail.lock().len(), Trail::<i64>::MOST);
        trail.keep(Arc::new(5_000), at(5_000), Duration::ZERO);
        assert!(trail.lock().is_empty());
    }

    proptest! {
        /// Against the plainest model: every change with its time.
        #[test]
        fn a_read_sees_what_was_there_before(steps in prop::collection::vec((0i64..15, any::<bool>()), 0..60)) {
            let trail = Trail::default();
            let (mut now, mut current) = (0, 0usize);
            let mut began = vec![i64::MIN];
            for (passed, write) in steps {
                now += passed;
                if write {
                    trail.keep(Arc::new(current), at(now), LAG);
                    began.push(now);
                    current += 1;
                } else {
                    let seen = trail.behind(at(now), LAG);
                    let expected = began.iter().rposition(|start| *start <= now - 10).unwrap();
                    prop_assert_eq!(seen.as_ref().map_or(current, |(state, _)| **state), expected);
                    if let Some((_, newer)) = seen {
                        prop_assert!(newer > at(now) && newer <= at(now) + LAG, "it has an end");
                    }
                }
            }
        }
    }
}
