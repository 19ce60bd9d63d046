//! Accounts: their cells, their clock, their events, and the letters between them.

mod snapshot;

use super::cell::Cell;
use super::world::{Accounts, Setup};
use super::{
    AccountId, CellState, Clock, DeedLog, Due, Elsewhere, EventLog, Letter, Origin, Scope, SimTime, Txn,
};
use arc_swap::ArcSwap;
use dashmap::DashMap;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, Weak};

use snapshot::Snapshots;
pub use snapshot::{Snapshot, TooMany};

/// One account.
pub struct Account<S: CellState> {
    pub id: AccountId,
    pub events: EventLog,
    pub deeds: DeedLog,
    seed: u64,
    /// What cells begin with.
    defaults: ArcSwap<S::Defaults>,
    /// All accounts, this one too.
    accounts: Weak<Accounts<S>>,
    cells: DashMap<Scope, Arc<Cell<S>>>,
    clock: Mutex<Clock>,
    /// The latest time given out, in milliseconds: time does not run backwards when the wall clock does.
    latest: AtomicI64,
    requests: AtomicU64,
    /// No timer is due before this, in milliseconds.
    due: AtomicI64,
    settling: Mutex<()>,
    /// Held, by many, from the start of a change until its letters to the account's own cells are delivered; and alone
    /// by who looks at all cells at once.
    underway: RwLock<()>,
    snapshots: Snapshots<S>,
}

impl<S: CellState> Account<S> {
    pub(super) fn new(id: AccountId, accounts: Weak<Accounts<S>>, setup: &Setup<S>, wall: SimTime) -> Self {
        Self {
            id,
            events: EventLog::default(),
            deeds: DeedLog::default(),
            seed: setup.seed,
            defaults: ArcSwap::new(setup.defaults.clone()),
            accounts,
            cells: DashMap::new(),
            clock: Mutex::new((setup.clock)(wall)),
            latest: AtomicI64::new(i64::MIN),
            requests: AtomicU64::new(0),
            due: AtomicI64::new(i64::MAX),
            settling: Mutex::new(()),
            underway: RwLock::new(()),
            snapshots: Snapshots::default(),
        }
    }

    /// The number of this request in its account, from 1.
    pub fn next_request(&self) -> u64 {
        self.requests.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// The seed that the account was made with.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    // === Time ===

    /// The account's virtual time at this wall time.
    pub fn now(&self, wall: SimTime) -> SimTime {
        let now = self.lock_clock().now(wall).millis();
        SimTime::from_millis(self.latest.fetch_max(now, Ordering::Relaxed).max(now))
    }

    pub fn clock(&self) -> Clock {
        *self.lock_clock()
    }

    /// Changes the clock and returns the virtual time after that. Timers are the caller's to settle.
    pub fn change_clock(&self, wall: SimTime, change: impl FnOnce(&mut Clock)) -> SimTime {
        change(&mut self.lock_clock());
        self.now(wall)
    }

    /// Starts another clock; time may run backwards here, and only here.
    pub fn restart_clock(&self, start: impl FnOnce(&Clock) -> Clock, wall: SimTime) {
        let mut clock = self.lock_clock();
        *clock = start(&clock);
        self.latest.store(clock.now(wall).millis(), Ordering::Relaxed);
        self.all_cells().iter().for_each(|cell| cell.forget_trail());
    }

    /// When the first timer of all is due; `None` if there is none.
    pub fn first_due(&self) -> Option<SimTime> {
        self.all_cells().iter().filter_map(|cell| cell.read().timers().next_due()).min()
    }

    fn lock_clock(&self) -> std::sync::MutexGuard<'_, Clock> {
        self.clock.lock().unwrap_or_else(PoisonError::into_inner)
    }

    // === State ===

    /// A consistent snapshot of one cell.
    pub fn read(&self, scope: &Scope) -> Arc<S> {
        self.cell(scope).read()
    }

    /// A snapshot of one cell as a read sees it that may lag behind, and when such a read will see something newer.
    pub fn read_behind(&self, scope: &Scope, now: SimTime) -> (Arc<S>, Option<SimTime>) {
        self.cell(scope).read_behind(now)
    }

    /// Runs `change` on a copy of a cell and stores the copy if it succeeds and `keep` is set.
    ///
    /// # Errors
    /// Whatever `change` answers; the state is then as it was.
    pub fn write<R, E>(
        &self,
        scope: &Scope,
        now: SimTime,
        keep: bool,
        change: impl FnOnce(&mut Txn<'_, S>) -> Result<R, E>,
    ) -> Result<R, E> {
        let (mut change, mut result) = (Some(change), None);
        self.commit(scope, now, keep, &mut |txn| {
            result = change.take().map(|change| change(txn));
            matches!(result, Some(Ok(_)))
        });
        result.expect("a change is asked for once")
    }

    /// Stores what a change makes of a copy, if it says that it is done. There are hundreds of changes, and this is
    /// compiled once.
    fn commit(
        &self,
        scope: &Scope,
        now: SimTime,
        keep: bool,
        change: &mut dyn FnMut(&mut Txn<'_, S>) -> bool,
    ) {
        let _underway = self.under_way();
        let global = match scope {
            Scope::Global => None,
            Scope::Region(_) => Some(self.read(&Scope::Global)),
        };
        let ahead = |letters| self.deliver_ahead(scope, now, letters);
        let change = |txn: &mut Txn<'_, S>| if change(txn) { Ok(()) } else { Err(()) };
        if let Ok(((), Some(stored))) = self.cell(scope).write(now, global, self, keep, change, ahead) {
            self.deliver(now, stored.letters);
            self.publish(stored.events, stored.next_due);
        }
    }

    /// Changes what cells begin with, and then every cell that is there, each in a transaction of its own.
    pub fn adjust(
        &self,
        now: SimTime,
        defaults: impl FnOnce(&mut S::Defaults),
        change: impl Fn(&mut Txn<'_, S>),
    ) {
        let _all_cells = self.settling.lock().unwrap_or_else(PoisonError::into_inner);
        let mut new = S::Defaults::clone(&**self.defaults.load());
        defaults(&mut new);
        // A cell that is being made with the old ones holds its place in the map, so that it is found below.
        self.defaults.store(Arc::new(new));
        for cell in self.all_cells() {
            let done: Result<(), std::convert::Infallible> =
                self.write(&cell.origin.scope, now, true, |txn| {
                    change(txn);
                    Ok(())
                });
            let Ok(()) = done;
        }
    }

    /// Delivers letters, each in a transaction of the cell that it is for, and the answers to them. No lock is held:
    /// what wrote them is stored by now. A letter to an account that nobody ever used is lost.
    fn deliver(&self, now: SimTime, letters: Vec<Letter<S>>) {
        let mut letters = VecDeque::from(letters);
        while let Some(letter) = letters.pop_front() {
            let elsewhere = (letter.account != self.id)
                .then(|| Some(self.accounts.upgrade()?.get(&letter.account)?.clone()));
            let (to, now) = match &elsewhere {
                None => (self, now),
                Some(None) => continue,
                // That account has a clock of its own.
                Some(Some(other)) => {
                    (&**other, SimTime::from_millis(other.latest.load(Ordering::Relaxed)).max(now))
                }
            };
            let global = (letter.scope != Scope::Global).then(|| to.read(&Scope::Global));
            let done: Result<_, std::convert::Infallible> = to.cell(&letter.scope).write(
                now,
                global,
                to,
                true,
                |txn| {
                    S::receive(txn, letter.content);
                    Ok(())
                },
                |answers| to.deliver_ahead(&letter.scope, now, answers),
            );
            let Ok((_, stored)) = done;
            if let Some(stored) = stored {
                letters.extend(stored.letters);
                to.publish(stored.events, stored.next_due);
            }
        }
    }

    /// Delivers what a region tells the account as a whole before the region's own change can be seen: whoever sees that
    /// a job is done finds what it wrote. The region's writer waits meanwhile; the account-wide cell never waits for a
    /// region, so neither waits for ever. Gives back the letters that are for others, and what was answered.
    fn deliver_ahead(&self, from: &Scope, now: SimTime, letters: Vec<Letter<S>>) -> Vec<Letter<S>> {
        let ahead = |letter: &Letter<S>| {
            *from != Scope::Global && letter.scope == Scope::Global && letter.account == self.id
        };
        let (first, mut later): (Vec<_>, Vec<_>) = letters.into_iter().partition(ahead);
        for letter in first {
            let receive = |txn: &mut Txn<'_, S>| {
                S::receive(txn, letter.content);
                Ok(())
            };
            let done: Result<_, std::convert::Infallible> =
                self.cell(&Scope::Global).write(now, None, self, true, receive, |answers| answers);
            let Ok((_, stored)) = done;
            if let Some(stored) = stored {
                later.extend(stored.letters);
                self.publish(stored.events, stored.next_due);
            }
        }
        later
    }

    /// Runs every timer that is due at or before `upto`, each at its own time, in order of time over all cells.
    pub fn settle(&self, upto: SimTime, step: impl Fn(&mut Txn<'_, S>, Due<S::Owner, S::What>)) {
        if self.due.load(Ordering::Acquire) > upto.millis() {
            return;
        }
        let _one_at_a_time = self.settling.lock().unwrap_or_else(PoisonError::into_inner);
        // From here on every commit lowers it again, so none of its timers is missed.
        self.due.store(i64::MAX, Ordering::Release);
        loop {
            let cells = self.all_cells();
            let next = |cell: &Arc<Cell<S>>| cell.read().timers().next_due().map(|at| (at, cell.clone()));
            let first = cells
                .iter()
                .filter_map(next)
                .min_by(|a, b| a.0.cmp(&b.0).then_with(|| a.1.origin.scope.cmp(&b.1.origin.scope)));
            let Some((at, cell)) = first else { return };
            if at > upto {
                self.due.fetch_min(at.millis(), Ordering::AcqRel);
                return;
            }
            self.run(&cell, at, |timers| timers.pop_due(at), &step);
        }
    }

    /// Runs the timers of those that are awaited now, in order, until they have none left; everything else keeps its time.
    /// Who is awaited may change with each.
    pub fn hasten(
        &self,
        scope: &Scope,
        awaited: impl Fn(&S) -> Vec<S::Owner>,
        now: SimTime,
        step: impl Fn(&mut Txn<'_, S>, Due<S::Owner, S::What>),
    ) {
        /// A thing that renews its own timer for ever is not hastened for ever.
        const MOST_STEPS: usize = 10_000;
        let cell = self.cell(scope);
        for _ in 0..MOST_STEPS {
            let state = cell.read();
            let due = |owner| Some((state.timers().next_of(&owner)?, owner));
            let Some((_, owner)) = awaited(&state).into_iter().filter_map(due).min() else { return };
            self.run(&cell, now, |timers| timers.pop_of(&owner), &step);
            // A step may have set timers of other owners too.
            if let Some(due) = cell.read().timers().next_due() {
                self.due.fetch_min(due.millis(), Ordering::AcqRel);
            }
        }
    }

    /// When this owner's next timer is due.
    pub fn next_of(&self, scope: &Scope, owner: &S::Owner) -> Option<SimTime> {
        self.read(scope).timers().next_of(owner)
    }

    /// Runs one timer. When the next one is due is the caller's to note.
    fn run(
        &self,
        cell: &Arc<Cell<S>>,
        at: SimTime,
        take: impl FnOnce(&mut super::Timers<S::Owner, S::What>) -> Option<Due<S::Owner, S::What>>,
        step: impl Fn(&mut Txn<'_, S>, Due<S::Owner, S::What>),
    ) {
        let _underway = self.under_way();
        let global = self.read(&Scope::Global);
        let change = |txn: &mut Txn<'_, S>| {
            if let Some(due) = take(txn.state.timers_mut()) {
                step(txn, due);
            }
            Ok(())
        };
        let ahead = |letters| self.deliver_ahead(&cell.origin.scope, at, letters);
        let done: Result<_, std::convert::Infallible> =
            cell.write(at, Some(global), self, true, change, ahead);
        let Ok((_, stored)) = done;
        if let Some(stored) = stored {
            self.deliver(at, stored.letters);
            self.tell(stored.events);
        }
    }

    fn under_way(&self) -> RwLockReadGuard<'_, ()> {
        self.underway.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn publish(&self, events: Vec<super::Event>, next_due: Option<SimTime>) {
        if let Some(due) = next_due {
            self.due.fetch_min(due.millis(), Ordering::AcqRel);
        }
        self.tell(events);
    }

    fn tell(&self, events: Vec<super::Event>) {
        if !events.is_empty() {
            self.events.push(events);
        }
    }

    fn cell(&self, scope: &Scope) -> Arc<Cell<S>> {
        if let Some(cell) = self.cells.get(scope) {
            return cell.clone();
        }
        let make = || {
            let origin = Origin::new(self.seed, self.id, scope.clone());
            Arc::new(Cell::new(origin, &**self.defaults.load()))
        };
        self.cells.entry(scope.clone()).or_insert_with(make).clone()
    }

    /// The scopes of the cells that were touched so far, in order.
    pub fn scopes(&self) -> Vec<Scope> {
        let mut all: Vec<_> = self.cells.iter().map(|entry| entry.key().clone()).collect();
        all.sort();
        all
    }

    fn all_cells(&self) -> Vec<Arc<Cell<S>>> {
        self.cells.iter().map(|entry| entry.value().clone()).collect()
    }
}

impl<S: CellState> Elsewhere<S> for Account<S> {
    fn peek(&self, account: AccountId, scope: &Scope) -> Option<Arc<S>> {
        if account == self.id {
            return Some(self.read(scope));
        }
        let other = self.accounts.upgrade()?.get(&account)?.clone();
        Some(other.read(scope))
    }

    fn accounts(&self) -> Vec<AccountId> {
        let mut all: Vec<_> = self
            .accounts
            .upgrade()
            .iter()
            .flat_map(|all| all.iter().map(|entry| *entry.key()).collect::<Vec<_>>())
            .collect();
        all.sort_unstable();
        all
    }
}

#[cfg(test)]
mod tests;
