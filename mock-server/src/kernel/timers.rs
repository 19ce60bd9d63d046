//! Timers: rows of the state that say what happens when. They commit and roll back with everything else.

use super::SimTime;
use imbl::{OrdMap, OrdSet};

/// What a timer is for: the thing it belongs to, and what is to happen to that thing.
#[derive(Clone, Debug, PartialEq)]
pub struct Due<O, T> {
    pub at: SimTime,
    pub owner: O,
    pub what: T,
}

/// A queue of timers in order of time and then of scheduling, with an index by owner.
#[derive(Clone, Debug, PartialEq)]
pub struct Timers<O: Ord + Clone, T: Clone> {
    queue: OrdMap<(SimTime, u64), (O, T)>,
    owned: OrdMap<O, OrdSet<(SimTime, u64)>>,
    next: u64,
}

impl<O: Ord + Clone, T: Clone> Default for Timers<O, T> {
    fn default() -> Self {
        Self { queue: OrdMap::new(), owned: OrdMap::new(), next: 0 }
    }
}

impl<O: Ord + Clone, T: Clone> Timers<O, T> {
    pub fn schedule(&mut self, at: SimTime, owner: O, what: T) {
        let key = (at, self.next);
        self.next += 1;
        let mut keys = self.owned.get(&owner).cloned().unwrap_or_default();
        keys.insert(key);
        self.owned.insert(owner.clone(), keys);
        self.queue.insert(key, (owner, what));
    }

    /// Forgets every timer of this owner.
    pub fn cancel(&mut self, owner: &O) {
        for key in self.owned.remove(owner).unwrap_or_default() {
            self.queue.remove(&key);
        }
    }

    /// When the first timer of all is due.
    pub fn next_due(&self) -> Option<SimTime> {
        self.queue.get_min().map(|((at, _), _)| *at)
    }

    /// When this owner's first timer is due.
    pub fn next_of(&self, owner: &O) -> Option<SimTime> {
        self.owned.get(owner)?.get_min().map(|(at, _)| *at)
    }

    /// All that have timers, in order.
    pub fn owners(&self) -> impl Iterator<Item = &O> {
        self.owned.keys()
    }

    /// Takes the first timer that is due at or before `upto`.
    pub fn pop_due(&mut self, upto: SimTime) -> Option<Due<O, T>> {
        let key = self.queue.get_min().map(|(key, _)| *key).filter(|(at, _)| *at <= upto)?;
        self.take(key)
    }

    /// Takes this owner's first timer, whenever it is due.
    pub fn pop_of(&mut self, owner: &O) -> Option<Due<O, T>> {
        let key = *self.owned.get(owner)?.get_min()?;
        self.take(key)
    }

    /// Changes whom timers belong to; each keeps its time and its place in the order.
    pub fn change_owners(&mut self, change: impl Fn(&mut O)) {
        let mut moved = Self { next: self.next, ..Self::default() };
        for (key, (owner, what)) in &self.queue {
            let mut owner = owner.clone();
            change(&mut owner);
            moved.owned.entry(owner.clone()).or_default().insert(*key);
            moved.queue.insert(*key, (owner, what.clone()));
        }
        *self = moved;
    }

    pub fn len(&self) -> usize {
        self.queue.len()
    }

    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    fn take(&mut self, key: (SimTime, u64)) -> Option<Due<O, T>> {
        let (owner, what) = self.queue.remove(&key)?;
        if let Some(mut keys) = self.owned.remove(&owner) {
            keys.remove(&key);
            if !keys.is_empty() {
                self.owned.insert(owner.clone(), keys);
            }
        }
        Some(Due { at: key.0, owner, what })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timers_come_in_order_of_time_and_of_scheduling() {
        let at = SimTime::from_millis;
        let mut timers = Timers::default();
        timers.schedule(at(20), "b", 3);
        timers.schedule(at(10), "a", 1);
        timers.schedule(at(10), "b", 2);
        assert_eq!(timers.next_of(&"b"), Some(at(10)));
        assert_eq!(timers.pop_due(at(9)), None);
        let order: Vec<_> = std::iter::from_fn(|| timers.pop_due(at(99)).map(|due| due.what)).collect();
        assert_eq!(order, [1, 2, 3]);
        assert!(timers.is_empty() && timers.next_of(&"b").is_none());
    }

    #[test]
    fn an_owner_takes_its_timers_along() {
        let mut timers = Timers::default();
        timers.schedule(SimTime::from_millis(1), "a", 1);
        timers.schedule(SimTime::from_millis(2), "b", 2);
        timers.cancel(&"a");
        assert_eq!(timers.len(), 1);
        assert_eq!(timers.pop_of(&"b").map(|due| due.what), Some(2));
        assert_eq!(timers, Timers { next: 2, ..Timers::default() });
    }
}
