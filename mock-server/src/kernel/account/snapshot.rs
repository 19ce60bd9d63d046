//! Named snapshots of a whole account: all of its cells as they were at one moment, and its clock.
//!
//! States are persistent, so a snapshot shares with the account all that did not change since: saving costs as much as
//! there are cells, whatever is in them.

use super::super::cell::{Cell, Standstill};
use super::super::rehome::{Moving, Rehome};
use super::super::world::{Accounts, Setup};
use super::super::{AccountId, CellState, Clock, ClockMode, Deeds, Event, Origin, Scope, SimTime};
use super::Account;
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// How many snapshots an account may have.
const MOST: usize = 50;

/// How long the name of one may be.
const LONGEST_NAME: usize = 64;

/// An account as it was.
pub struct Snapshot<S: CellState> {
    /// The account's virtual time then.
    pub at: SimTime,
    /// How that moved.
    pub mode: ClockMode,
    account: AccountId,
    seed: u64,
    defaults: Arc<S::Defaults>,
    cells: BTreeMap<Scope, Frozen<S>>,
    requests: u64,
    deeds: Arc<(Deeds, bool)>,
}

/// A cell as it was: its state, and those before that reads which lag may still see, each with the time of its end.
struct Frozen<S> {
    state: Arc<S>,
    trail: Vec<(SimTime, Arc<S>)>,
}

/// The account has as many snapshots as it may have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TooMany {
    pub most: usize,
}

/// Those of one account, by name.
pub(super) type Snapshots<S> = Mutex<BTreeMap<String, Arc<Snapshot<S>>>>;

impl<S: CellState> Snapshot<S> {
    /// Whether this can be the name of one: it is part of an address.
    pub fn is_name(text: &str) -> bool {
        let any = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        let first = |c: char| c.is_ascii_alphanumeric();
        text.len() <= LONGEST_NAME && text.starts_with(first) && text.chars().all(any)
    }

    /// The regions that were touched by then, in order.
    pub fn regions(&self) -> impl Iterator<Item = &str> {
        self.cells.keys().filter_map(|scope| match scope {
            Scope::Global => None,
            Scope::Region(name) => Some(&**name),
        })
    }

    /// The state of a cell, if it was touched by then.
    pub fn read(&self, scope: &Scope) -> Option<&Arc<S>> {
        self.cells.get(scope).map(|cell| &cell.state)
    }

    /// The states of all cells that were touched by then.
    pub fn states(&self) -> impl Iterator<Item = &Arc<S>> {
        self.cells.values().map(|cell| &cell.state)
    }

    /// What moves if another account begins with this.
    pub fn moving(&self, to: AccountId) -> Moving {
        Moving { from: self.account, to }
    }

    /// Another account that begins with this; what it makes from then on has ids of its own. Reads that lag see there
    /// what there is.
    pub(in super::super) fn fork(
        &self,
        to: AccountId,
        name: &str,
        accounts: Weak<Accounts<S>>,
        wall: SimTime,
    ) -> Account<S> {
        let moving = self.moving(to);
        let clock = self.clock(wall);
        let clock = Arc::new(move |_| clock);
        let setup = Setup { seed: self.seed, defaults: self.defaults.clone(), clock };
        let account = Account::new(to, accounts, &setup, wall);
        for (scope, frozen) in &self.cells {
            let origin = Origin::new(self.seed, to, scope.clone());
            let cell = Cell::holding(origin, frozen.state.moved(&moving));
            account.cells.insert(scope.clone(), Arc::new(cell));
        }
        account.latest.store(self.at.millis(), Ordering::Relaxed);
        account.due.store(i64::MIN, Ordering::Release);
        let (mut deeds, whole) = (*self.deeds).clone();
        deeds.rehome(&moving);
        account.deeds.put(&(deeds, whole));
        account.tell(vec![event(self.at, "SnapshotForked", name)]);
        account
    }

    fn clock(&self, wall: SimTime) -> Clock {
        Clock::new(self.mode, Some(self.at), wall)
    }
}

impl<S: CellState> Account<S> {
    /// Keeps the account as it is under a name, in place of what had that name. Tells whether something had.
    ///
    /// # Errors
    /// There is no room for another one.
    pub fn save(&self, name: &str, wall: SimTime) -> Result<(Arc<Snapshot<S>>, bool), TooMany> {
        let mut kept = self.kept();
        if kept.len() >= MOST && !kept.contains_key(name) {
            return Err(TooMany { most: MOST });
        }
        let snapshot = Arc::new(self.freeze(wall));
        let replaced = kept.insert(name.to_owned(), snapshot.clone()).is_some();
        self.tell(vec![event(snapshot.at, "SnapshotSaved", name)]);
        Ok((snapshot, replaced))
    }

    /// All snapshots in order of their names.
    pub fn snapshots(&self) -> Vec<(String, Arc<Snapshot<S>>)> {
        self.kept().iter().map(|(name, snapshot)| (name.clone(), snapshot.clone())).collect()
    }

    /// Forgets a snapshot; `None` if there is none of this name.
    pub fn forget_snapshot(&self, name: &str) -> Option<Arc<Snapshot<S>>> {
        self.kept().remove(name)
    }

    /// Makes the account what it was when a snapshot was taken, its time included. Events are what happened, so that
    /// they go on: a position in them stays one. `None` if there is no snapshot of this name.
    pub fn restore(&self, name: &str, wall: SimTime) -> Option<Arc<Snapshot<S>>> {
        let snapshot = self.kept().get(name)?.clone();
        self.with_all_cells(|cells| {
            let defaults = &snapshot.defaults;
            self.defaults.store(defaults.clone());
            for still in cells {
                match snapshot.cells.get(&still.cell.origin.scope) {
                    Some(frozen) => still.put(frozen.state.clone(), &frozen.trail),
                    // Nobody had touched it.
                    None => still.put(Arc::new(S::first(&still.cell.origin, defaults)), &[]),
                }
            }
            let clock = snapshot.clock(wall);
            *self.lock_clock() = clock;
            self.latest.store(clock.now(wall).millis(), Ordering::Relaxed);
            self.requests.store(snapshot.requests, Ordering::Relaxed);
            self.deeds.put(&snapshot.deeds);
            // Whoever settles next looks at the timers themselves.
            self.due.store(i64::MIN, Ordering::Release);
        });
        self.tell(vec![event(snapshot.at, "SnapshotRestored", name)]);
        Some(snapshot)
    }

    /// The account as it is at one moment.
    fn freeze(&self, wall: SimTime) -> Snapshot<S> {
        self.with_all_cells(|cells| {
            let freeze = |still: &Standstill<'_, S>| {
                (still.cell.origin.scope.clone(), Frozen { state: still.cell.read(), trail: still.trail() })
            };
            Snapshot {
                at: self.now(wall),
                mode: self.clock().mode(),
                account: self.id,
                seed: self.seed,
                defaults: self.defaults.load_full(),
                cells: cells.iter().map(freeze).collect(),
                requests: self.requests.load(Ordering::Relaxed),
                deeds: Arc::new(self.deeds.all()),
            }
        })
    }

    /// Looks at all cells while nothing changes in any: no timer runs, no change is under way, and the writers of all
    /// regions wait, then that of the account as a whole, in the order in which a change takes them.
    fn with_all_cells<R>(&self, look: impl FnOnce(&[Standstill<'_, S>]) -> R) -> R {
        let _no_timers = self.settling.lock().unwrap_or_else(PoisonError::into_inner);
        let _nothing_underway = self.underway.write().unwrap_or_else(PoisonError::into_inner);
        let mut cells = self.all_cells();
        cells.sort_by(|a, b| b.origin.scope.cmp(&a.origin.scope));
        let still: Vec<_> = cells.iter().map(|cell| Cell::stop(cell)).collect();
        look(&still)
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Arc<Snapshot<S>>>> {
        self.snapshots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn event(at: SimTime, kind: &'static str, name: &str) -> Event {
    let message = String::new();
    Event { at, kind, place: String::new(), resource: format!("snapshot/{name}"), message, rule: None }
}
