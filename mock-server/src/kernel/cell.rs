//! One cell: a current state that anybody may read, and one writer at a time.

use super::trail::Trail;
use super::{AccountId, Event, Minter, Moving, SimTime, Timers, digest};
use arc_swap::ArcSwap;
use std::convert::Infallible;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Which part of an account a cell holds.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Scope {
    /// What belongs to the account as a whole.
    Global,
    /// What belongs to one region.
    Region(Arc<str>),
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Scope::Global => "global",
            Scope::Region(name) => name,
        })
    }
}

/// Where a cell is, and what its ids derive from.
#[derive(Clone, Debug)]
pub struct Origin {
    pub seed: u64,
    pub account: AccountId,
    pub scope: Scope,
    /// `account/scope`, the part of every digest that keeps cells apart.
    place: String,
}

impl Origin {
    pub fn new(seed: u64, account: AccountId, scope: Scope) -> Self {
        let place = format!("{account}/{scope}");
        Self { seed, account, scope, place }
    }

    /// The name of the region; empty in the global cell.
    pub fn region(&self) -> &str {
        match &self.scope {
            Scope::Global => "",
            Scope::Region(name) => name,
        }
    }

    /// 128 bits that depend on nothing but the seed, this place and `parts`.
    pub fn derive(&self, parts: &[&str]) -> u128 {
        let mut all: Vec<&[u8]> = Vec::with_capacity(parts.len() + 1);
        all.push(self.place.as_bytes());
        all.extend(parts.iter().map(|part| part.as_bytes()));
        digest(self.seed, &all)
    }
}

/// The state of a cell: persistent, so that a copy is cheap.
pub trait CellState: Clone + Send + Sync + 'static {
    /// What timers belong to.
    type Owner: Ord + Clone + Send + Sync;
    /// What timers do.
    type What: Clone + Send + Sync;
    /// What an account starts with: the server's own settings.
    type Defaults: Clone + Send + Sync;

    /// What one cell can tell another: all that crosses accounts and regions.
    type Letter: Send;

    /// The first state of a cell; a pure function of its origin and the server's settings.
    fn first(origin: &Origin, defaults: &Self::Defaults) -> Self;
    fn timers(&self) -> &Timers<Self::Owner, Self::What>;
    fn timers_mut(&mut self) -> &mut Timers<Self::Owner, Self::What>;
    fn minter_mut(&mut self) -> &mut Minter;
    /// The same in another account.
    fn moved(&self, moving: &Moving) -> Self;
    /// Does what a letter from another cell says.
    fn receive(txn: &mut Txn<'_, Self>, letter: Self::Letter);
    /// How far reads that may lag are behind; mostly they are not.
    fn lag(&self) -> Duration {
        Duration::ZERO
    }
}

/// Something to be told to another cell once the transaction that says it is stored.
pub(super) struct Letter<S: CellState> {
    pub(super) account: AccountId,
    pub(super) scope: Scope,
    pub(super) content: S::Letter,
}

/// Every other cell there is: to be looked at, never to be changed.
pub trait Elsewhere<S> {
    /// What a cell of any account is like now; `None` if nobody ever used that account.
    fn peek(&self, account: AccountId, scope: &Scope) -> Option<Arc<S>>;
    /// The accounts that somebody used, in order.
    fn accounts(&self) -> Vec<AccountId>;
}

pub(super) type Peek<'a, S> = &'a dyn Elsewhere<S>;

/// Nothing else is there, for unit tests.
#[cfg(test)]
#[derive(Debug)]
pub struct Nowhere;

#[cfg(test)]
impl<S> Elsewhere<S> for Nowhere {
    fn peek(&self, _: AccountId, _: &Scope) -> Option<Arc<S>> {
        None
    }
    fn accounts(&self) -> Vec<AccountId> {
        Vec::new()
    }
}

/// A change in the making: a private copy of one cell's state. Dropped on `Err`, stored on `Ok`.
pub struct Txn<'a, S: CellState> {
    pub state: S,
    /// The virtual time at which this happens.
    pub now: SimTime,
    pub origin: &'a Origin,
    /// The account-wide state as it was before this transaction; only to be read.
    pub global: Arc<S>,
    events: Vec<Event>,
    letters: Vec<Letter<S>>,
    peek: Peek<'a, S>,
}

impl<S: CellState> Txn<'_, S> {
    /// The next 128 bits for an id of this kind.
    pub fn mint(&mut self, kind: &str) -> u128 {
        self.state.minter_mut().next(self.origin.seed, &self.origin.place, kind)
    }

    /// Notes something worth telling; it is published if the transaction commits.
    pub fn note(
        &mut self,
        kind: &'static str,
        resource: impl Into<String>,
        rule: Option<&'static str>,
        message: impl Into<String>,
    ) {
        let place = self.origin.region().to_owned();
        let (resource, message) = (resource.into(), message.into());
        self.events.push(Event { at: self.now, kind, place, resource, message, rule });
    }

    /// Tells another cell something; it gets there, in a transaction of its own, once this one is stored.
    pub fn post(&mut self, account: AccountId, scope: Scope, content: S::Letter) {
        self.letters.push(Letter { account, scope, content });
    }

    /// Does what may be refused without the whole transaction being: what is refused changes nothing, and nobody is told
    /// of it.
    ///
    /// # Errors
    /// Whatever `change` answers.
    pub fn attempt<R, E>(&mut self, change: impl FnOnce(&mut Self) -> Result<R, E>) -> Result<R, E> {
        let (state, events, letters) = (self.state.clone(), self.events.len(), self.letters.len());
        change(self).inspect_err(|_| {
            self.state = state;
            self.events.truncate(events);
            self.letters.truncate(letters);
        })
    }

    /// What would come of a change, which is not made.
    pub fn tried<R>(&mut self, change: impl FnOnce(&mut Self) -> R) -> R {
        let Err(found) = self.attempt(|txn| Err::<Infallible, R>(change(txn)));
        found
    }

    /// A snapshot of another cell, of any account that somebody used. Not of this transaction's own cell: that one is
    /// seen as it was before.
    pub fn peek(&self, account: AccountId, scope: &Scope) -> Option<Arc<S>> {
        self.peek.peek(account, scope)
    }

    /// All other cells, as [`peek`](Self::peek) sees them.
    pub fn elsewhere(&self) -> &dyn Elsewhere<S> {
        self.peek
    }

    /// A transaction of its own, for unit tests of code that takes one.
    #[cfg(test)]
    pub fn for_test(state: S, origin: &'_ Origin, now: SimTime, global: Arc<S>) -> Txn<'_, S> {
        Txn { state, now, origin, global, events: Vec::new(), letters: Vec::new(), peek: &Nowhere }
    }
}

/// A state and its one writer.
pub(super) struct Cell<S: CellState> {
    pub(super) origin: Origin,
    current: ArcSwap<S>,
    /// Held while a successor of `current` is made. A standard mutex: what happens under it is short, does no
    /// I/O and never awaits.
    writer: Mutex<()>,
    /// Empty unless the state says that reads lag.
    trail: Trail<S>,
}

impl<S: CellState> Cell<S> {
    pub(super) fn new(origin: Origin, defaults: &S::Defaults) -> Self {
        let current = ArcSwap::from_pointee(S::first(&origin, defaults));
        Self { origin, current, writer: Mutex::new(()), trail: Trail::default() }
    }

    /// A cell that begins with something else than others do.
    pub(super) fn holding(origin: Origin, state: S) -> Self {
        let current = ArcSwap::from_pointee(state);
        Self { origin, current, writer: Mutex::new(()), trail: Trail::default() }
    }

    pub(super) fn read(&self) -> Arc<S> {
        self.current.load_full()
    }

    /// What a read sees that may lag, and when something newer will be seen if that is not the current state.
    pub(super) fn read_behind(&self, now: SimTime) -> (Arc<S>, Option<SimTime>) {
        let current = self.read();
        let lag = current.lag();
        let behind = if lag.is_zero() { None } else { self.trail.behind(now, lag) };
        behind.map_or((current, None), |(state, next)| (state, Some(next)))
    }

    /// Waits until nobody changes it, and lets nobody.
    pub(super) fn stop(&self) -> Standstill<'_, S> {
        Standstill { cell: self, _writer: self.writer.lock().unwrap_or_else(PoisonError::into_inner) }
    }

    /// Time begins anew.
    pub(super) fn forget_trail(&self) {
        self.trail.forget();
    }

    /// Runs `change` on a copy and stores the copy if it succeeds and `keep` is set. Before that, `ahead` is given the
    /// letters, and gives back those that are for later. Returns what `change` returned, with the events and the time of the next timer of a state that was stored.
    pub(super) fn write<R, E>(
        &self,
        now: SimTime,
        global: Option<Arc<S>>,
        peek: Peek<'_, S>,
        keep: bool,
        change: impl FnOnce(&mut Txn<'_, S>) -> Result<R, E>,
        ahead: impl FnOnce(Vec<Letter<S>>) -> Vec<Letter<S>>,
    ) -> Result<(R, Option<Stored<S>>), E> {
        // A panic inside `change` poisons the mutex but leaves `current` as it was, so the poison means nothing.
        let _writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.current.load_full();
        let global = global.unwrap_or_else(|| before.clone());
        let state = S::clone(&before);
        let origin = &self.origin;
        let mut txn = Txn { state, now, origin, global, events: Vec::new(), letters: Vec::new(), peek };
        let result = change(&mut txn)?;
        if !keep {
            return Ok((result, None));
        }
        let next_due = txn.state.timers().next_due();
        let stored = Stored { events: txn.events, letters: ahead(txn.letters), next_due };
        let lag = txn.state.lag();
        if !(lag.is_zero() && before.lag().is_zero()) {
            self.trail.keep(before, now, lag);
        }
        self.current.store(Arc::new(txn.state));
        Ok((result, Some(stored)))
    }
}

/// A cell that nobody else can change as long as this is there.
pub(super) struct Standstill<'a, S: CellState> {
    pub(super) cell: &'a Cell<S>,
    _writer: MutexGuard<'a, ()>,
}

impl<S: CellState> Standstill<'_, S> {
    pub(super) fn trail(&self) -> Vec<(SimTime, Arc<S>)> {
        self.cell.trail.all()
    }

    /// Puts something in the place of what is there.
    pub(super) fn put(&self, state: Arc<S>, trail: &[(SimTime, Arc<S>)]) {
        self.cell.trail.put(trail);
        self.cell.current.store(state);
    }
}

/// What a stored transaction leaves to be published.
pub(super) struct Stored<S: CellState> {
    pub(super) events: Vec<Event>,
    pub(super) letters: Vec<Letter<S>>,
    pub(super) next_due: Option<SimTime>,
}
