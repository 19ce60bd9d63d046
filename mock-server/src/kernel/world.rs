//! The world: all accounts, and what new ones begin with.

use super::{Account, AccountId, CellState, Clock, SimTime, Snapshot};
use arc_swap::ArcSwap;
use dashmap::DashMap;
use std::sync::Arc;

pub(super) type Accounts<S> = DashMap<AccountId, Arc<Account<S>>>;

/// Everything there is, by account. Accounts and cells come into being when they are first touched.
pub struct World<S: CellState> {
    accounts: Arc<Accounts<S>>,
    setup: ArcSwap<Setup<S>>,
}

pub(super) struct Setup<S: CellState> {
    pub(super) seed: u64,
    pub(super) defaults: Arc<S::Defaults>,
    /// The clock of an account that is touched for the first time at this wall time.
    pub(super) clock: Arc<dyn Fn(SimTime) -> Clock + Send + Sync>,
}

impl<S: CellState> World<S> {
    pub fn new(
        seed: u64,
        defaults: S::Defaults,
        clock: impl Fn(SimTime) -> Clock + Send + Sync + 'static,
    ) -> Self {
        let setup = Setup { seed, defaults: Arc::new(defaults), clock: Arc::new(clock) };
        Self { accounts: Arc::default(), setup: ArcSwap::from_pointee(setup) }
    }

    /// The account, made if need be; `wall` is the wall time, for its clock.
    pub fn account(&self, id: AccountId, wall: SimTime) -> Arc<Account<S>> {
        // Two look-ups rather than `entry`, so that the common case takes a read lock only.
        if let Some(account) = self.accounts.get(&id) {
            return account.clone();
        }
        self.accounts.entry(id).or_insert_with(|| self.fresh(id, &self.setup.load(), wall)).clone()
    }

    fn fresh(&self, id: AccountId, setup: &Setup<S>, wall: SimTime) -> Arc<Account<S>> {
        Arc::new(Account::new(id, Arc::downgrade(&self.accounts), setup, wall))
    }

    /// The account, if it was touched before.
    pub fn find(&self, id: AccountId) -> Option<Arc<Account<S>>> {
        self.accounts.get(&id).map(|entry| entry.clone())
    }

    /// The accounts touched so far, in order.
    pub fn accounts(&self) -> Vec<Arc<Account<S>>> {
        let mut all: Vec<_> = self.accounts.iter().map(|entry| entry.value().clone()).collect();
        all.sort_by_key(|account| account.id);
        all
    }

    /// Forgets one account; its next touch finds it as new.
    pub fn reset_account(&self, id: AccountId) {
        self.accounts.remove(&id);
    }

    /// Forgets one account and makes it anew, with its own seed and with settings changed by `adjust`.
    pub fn renew_account(
        &self,
        id: AccountId,
        wall: SimTime,
        seed: Option<u64>,
        adjust: impl FnOnce(&mut S::Defaults),
    ) {
        let setup = self.setup.load();
        let mut defaults = S::Defaults::clone(&setup.defaults);
        adjust(&mut defaults);
        let clock = setup.clock.clone();
        let setup = Setup { seed: seed.unwrap_or(setup.seed), defaults: Arc::new(defaults), clock };
        self.accounts.insert(id, self.fresh(id, &setup, wall));
    }

    /// Forgets an account and makes it what another one was when a snapshot was taken.
    pub fn fork(&self, snapshot: &Snapshot<S>, name: &str, to: AccountId, wall: SimTime) {
        let account = snapshot.fork(to, name, Arc::downgrade(&self.accounts), wall);
        self.accounts.insert(to, Arc::new(account));
    }

    /// Forgets all accounts.
    pub fn reset(&self) {
        self.accounts.clear();
    }

    pub fn seed(&self) -> u64 {
        self.setup.load().seed
    }

    /// Changes the seed of accounts that are touched for the first time from here on.
    pub fn set_seed(&self, seed: u64) {
        let old = self.setup.load_full();
        self.setup.store(Arc::new(Setup { seed, defaults: old.defaults.clone(), clock: old.clock.clone() }));
    }
}
