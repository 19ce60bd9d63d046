//! Deeds: who did what to what in an account, so that permissions can be written for it. Never part of the state.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

/// How many different deeds an account remembers; later ones are only counted as forgotten.
const KEPT: usize = 10_000;

/// What is done, as a service and the name of an action.
pub type Action = (&'static str, &'static str);

/// Everything that was done, each deed once: by who did it, by action, the resources.
pub type Deeds = BTreeMap<String, BTreeMap<Action, BTreeSet<String>>>;

/// A bounded set of deeds.
#[derive(Default)]
pub struct DeedLog {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    deeds: Deeds,
    count: usize,
    full: bool,
}

impl DeedLog {
    pub fn add(&self, who: &str, action: Action, resource: &str) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        // What is known already, as nearly everything is, costs no copy.
        let known = inner.deeds.get(who).and_then(|actions| actions.get(&action));
        if known.is_some_and(|resources| resources.contains(resource)) {
            return;
        }
        if inner.count == KEPT {
            inner.full = true;
            return;
        }
        inner.count += 1;
        let actions = inner.deeds.entry(who.to_owned()).or_default();
        actions.entry(action).or_default().insert(resource.to_owned());
    }

    /// All of them, and whether that is really all.
    pub fn all(&self) -> (Deeds, bool) {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        (inner.deeds.clone(), !inner.full)
    }

    /// Remembers these instead, as [`all`](Self::all) told them.
    pub fn put(&self, (deeds, whole): &(Deeds, bool)) {
        let count = deeds.values().flat_map(BTreeMap::values).map(BTreeSet::len).sum();
        *self.inner.lock().unwrap_or_else(PoisonError::into_inner) =
            Inner { deeds: deeds.clone(), count, full: !whole };
    }

    /// Forgets everything.
    pub fn clear(&self) {
        *self.inner.lock().unwrap_or_else(PoisonError::into_inner) = Inner::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deed_is_remembered_once_and_not_for_ever() {
        let log = DeedLog::default();
        for _ in 0..3 {
            log.add("ann", ("ec2", "CreateVpc"), "vpc/*");
        }
        let (deeds, whole) = log.all();
        assert_eq!((deeds["ann"][&("ec2", "CreateVpc")].len(), whole), (1, true));
        (0..2 * KEPT).for_each(|n| log.add("bob", ("ec2", "DeleteVpc"), &n.to_string()));
        let (deeds, whole) = log.all();
        assert_eq!((deeds["bob"][&("ec2", "DeleteVpc")].len(), whole), (KEPT - 1, false));
        log.clear();
        assert_eq!(log.all(), (Deeds::new(), true));
    }
}
