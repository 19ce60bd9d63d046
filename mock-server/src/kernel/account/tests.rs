use super::super::{ClockMode, Minter, Moving, Timers, World};
use super::*;
use std::time::Duration;

#[derive(Clone, Default)]
struct Counter {
    total: u64,
    lag: Duration,
    seen: imbl::Vector<(i64, &'static str)>,
    timers: Timers<&'static str, u64>,
    minter: Minter,
}

impl CellState for Counter {
    type Owner = &'static str;
    type What = u64;
    /// What cells begin to count from.
    type Defaults = u64;
    /// How often it is still to be sent back.
    type Letter = u64;
    fn first(_: &Origin, total: &u64) -> Self {
        Self { total: *total, ..Self::default() }
    }
    fn lag(&self) -> Duration {
        self.lag
    }
    fn receive(txn: &mut Txn<'_, Self>, letter: u64) {
        txn.state.total += letter;
        if txn.origin.scope == Scope::Global {
            // What the region was like when it told.
            let seen = txn.peek(txn.origin.account, &region("r")).map_or(0, |state| state.total);
            txn.state.seen.push_back((i64::try_from(seen).unwrap(), "region"));
        }
        if letter > 1 {
            let back = AccountId::from_number(111_122_223_333 + letter % 2).unwrap();
            txn.post(back, region("r"), letter - 1);
        }
    }
    fn timers(&self) -> &Timers<&'static str, u64> {
        &self.timers
    }
    fn timers_mut(&mut self) -> &mut Timers<&'static str, u64> {
        &mut self.timers
    }
    /// A move is told in the total.
    fn moved(&self, moving: &Moving) -> Self {
        Self { total: self.total + (moving.to.number() - moving.from.number()), ..self.clone() }
    }
    fn minter_mut(&mut self) -> &mut Minter {
        &mut self.minter
    }
}

fn at(ms: i64) -> SimTime {
    SimTime::from_millis(ms)
}

fn account() -> Arc<Account<Counter>> {
    let world = World::new(1, 0, |wall| Clock::new(ClockMode::Manual, Some(at(0)), wall));
    world.account(AccountId::parse("111122223333").unwrap(), at(0))
}

fn region(name: &str) -> Scope {
    Scope::Region(name.into())
}

fn step(txn: &mut Txn<'_, Counter>, due: Due<&'static str, u64>) {
    txn.state.total += due.what;
    txn.state.seen.push_back((txn.now.millis(), due.owner));
    if due.what > 1 {
        let later = txn.now + Duration::from_millis(5);
        txn.state.timers.schedule(later, due.owner, due.what - 1);
    }
}

#[test]
fn what_is_refused_within_a_change_changes_nothing() {
    let account = account();
    let change = |txn: &mut Txn<'_, Counter>, add: u64| {
        txn.state.total += add;
        txn.note("Added", add.to_string(), None, "");
        txn.post(account.id, Scope::Global, add);
        txn.mint("id");
        if add == 7 { Err("seven") } else { Ok(add) }
    };
    let done: Result<_, &str> = account.write(&region("r"), at(0), true, |txn| {
        assert_eq!(txn.attempt(|txn| change(txn, 1)), Ok(1));
        let minted = txn.state.minter.clone();
        assert_eq!(txn.attempt(|txn| change(txn, 7)), Err("seven"));
        assert_eq!(txn.tried(|txn| change(txn, 5)), Ok(5));
        assert_eq!(txn.state.minter, minted);
        Ok(())
    });
    assert_eq!(done, Ok(()));
    let totals = [region("r"), Scope::Global].map(|scope| account.read(&scope).total);
    let events: Vec<_> =
        account.events.since(0, 9).into_iter().map(|(_, event)| event.resource.clone()).collect();
    assert_eq!((totals, events), ([1, 1], vec!["1".to_owned()]));
}

#[test]
fn the_account_knows_before_its_region_shows() {
    let account = account();
    let tell = |txn: &mut Txn<'_, Counter>| {
        txn.state.total = 7;
        txn.post(txn.origin.account, Scope::Global, 1);
        Ok::<(), ()>(())
    };
    account.write(&region("r"), at(0), false, tell).unwrap();
    assert_eq!(account.read(&Scope::Global).total, 0, "what is not kept tells nothing");
    account.write(&region("r"), at(0), true, tell).unwrap();
    let global = account.read(&Scope::Global);
    assert_eq!((global.total, global.seen.front()), (1, Some(&(0, "region"))));
    assert_eq!(account.read(&region("r")).total, 7);
}

#[test]
fn an_adjustment_reaches_cells_that_are_there_and_those_to_come() {
    let account = account();
    assert_eq!(account.read(&region("old")).total, 0);
    account.adjust(at(0), |total| *total = 7, |txn| txn.state.total += 1);
    assert_eq!((account.read(&region("old")).total, account.read(&region("new")).total), (1, 7));
}

#[test]
fn a_refused_change_leaves_the_state_and_consumes_no_id() {
    let account = account();
    let scope = region("us-east-1");
    let refused: Result<(), &str> = account.write(&scope, at(0), true, |txn| {
        txn.state.total = 99;
        txn.mint("vpc");
        txn.note("Told", "x", None, "never published");
        Err("no")
    });
    assert_eq!(refused, Err("no"));
    let id = |keep| {
        let made: Result<u128, ()> = account.write(&scope, at(0), keep, |txn| Ok(txn.mint("vpc")));
        made.unwrap()
    };
    let dry = id(false);
    assert_eq!(account.read(&scope).total, 0);
    assert_eq!(dry, id(true), "a dry run consumes no id either");
    assert_ne!(dry, id(true));
    assert!(account.events.since(0, 10).is_empty());
}

#[test]
fn what_lags_is_seen_later_and_never_if_time_begins_anew() {
    let account = account();
    let scope = region("r");
    let add = |now, lag| {
        let done: Result<(), ()> = account.write(&scope, at(now), true, |txn| {
            txn.state.total += 1;
            txn.state.lag = Duration::from_millis(lag);
            Ok(())
        });
        done.unwrap();
    };
    let seen = |now| {
        let (state, newer) = account.read_behind(&scope, at(now));
        (state.total, newer)
    };
    add(5, 0);
    assert_eq!(seen(5), (1, None), "nothing lags");
    add(10, 100);
    add(20, 100);
    assert_eq!((seen(109), seen(110)), ((1, Some(at(110))), (2, Some(at(120)))));
    assert_eq!((seen(120), account.read(&scope).total), ((3, None), 3));
    add(130, 100);
    account.restart_clock(|_| Clock::new(ClockMode::Manual, Some(at(0)), at(0)), at(0));
    assert_eq!(seen(0), (4, None));
    add(140, 100);
    add(150, 0);
    assert_eq!(seen(150), (6, None), "it was turned off");
}

#[test]
fn a_panic_in_a_change_leaves_the_cell_usable() {
    let account = account();
    let scope = region("us-east-1");
    let broken = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _: Result<(), ()> = account.write(&scope, at(0), true, |txn| {
            txn.state.total = 7;
            panic!("a bug")
        });
    }));
    assert!(broken.is_err());
    let after: Result<u64, ()> = account.write(&scope, at(0), true, |txn| Ok(txn.state.total));
    assert_eq!(after, Ok(0));
}

#[test]
fn timers_run_at_their_own_time_in_order_over_cells() {
    let account = account();
    for (name, start) in [("us-east-1", 3), ("eu-west-1", 1)] {
        let made: Result<(), ()> = account.write(&region(name), at(0), true, |txn| {
            txn.state.timers.schedule(at(start), "job", 3);
            Ok(())
        });
        made.unwrap();
    }
    account.settle(at(0), step);
    assert_eq!(account.first_due(), Some(at(1)));
    account.settle(at(8), step);
    assert_eq!(
        account.read(&region("eu-west-1")).seen.iter().copied().collect::<Vec<_>>(),
        [(1, "job"), (6, "job")]
    );
    assert_eq!(account.first_due(), Some(at(11)));
    account.settle(at(100), step);
    assert_eq!(account.read(&region("us-east-1")).total, 6);
    assert_eq!(account.first_due(), None);
}

#[test]
fn hastening_touches_one_owner_only() {
    let account = account();
    let scope = region("us-east-1");
    let made: Result<(), ()> = account.write(&scope, at(0), true, |txn| {
        txn.state.timers.schedule(at(1_000), "job", 3);
        txn.state.timers.schedule(at(1_000), "other", 1);
        Ok(())
    });
    made.unwrap();
    account.hasten(&scope, |_| vec!["job"], at(2), step);
    let state = account.read(&scope);
    assert_eq!(state.seen.iter().copied().collect::<Vec<_>>(), [(2, "job"); 3]);
    assert_eq!(state.timers.next_due(), Some(at(1_000)));
}

#[test]
fn letters_cross_accounts_after_the_commit_and_are_answered() {
    let world = World::<Counter>::new(1, 0, |_| Clock::new(ClockMode::Manual, Some(at(0)), at(0)));
    let ids = [111_122_223_333, 111_122_223_334].map(|id| AccountId::from_number(id).unwrap());
    let [one, other] = ids.map(|id| world.account(id, at(0)));
    let nobody = AccountId::from_number(7).unwrap();
    let send = |keep| {
        let sent: Result<bool, ()> = one.write(&region("r"), at(0), keep, |txn| {
            txn.post(ids[1], region("r"), 3);
            txn.post(nobody, region("r"), 9);
            Ok(txn.peek(ids[1], &region("r")).is_some() && txn.peek(nobody, &region("r")).is_none())
        });
        assert_eq!(sent, Ok(true));
        [&one, &other].map(|account| account.read(&region("r")).total)
    };
    assert_eq!(send(false), [0, 0], "a dry run sends nothing");
    assert_eq!(send(true), [1, 3 + 2], "3 goes to the other, which posts 2 to itself, and that 1 back");
    assert!(world.find(nobody).is_none());
}

#[test]
fn concurrent_writers_lose_nothing() {
    let account = account();
    std::thread::scope(|threads| {
        for _ in 0..4 {
            threads.spawn(|| {
                for _ in 0..200 {
                    let _: Result<(), ()> = account.write(&region("r"), at(0), true, |txn| {
                        txn.state.total += 1;
                        Ok(())
                    });
                }
            });
        }
    });
    assert_eq!(account.read(&region("r")).total, 800);
}

#[test]
fn an_account_goes_back_to_a_snapshot_and_another_begins_with_it() {
    let world = World::<Counter>::new(1, 5, |wall| Clock::new(ClockMode::Real, Some(at(0)), wall));
    let [id, other] = [111_122_223_333, 111_122_223_334].map(|id| AccountId::from_number(id).unwrap());
    let account = world.account(id, at(1_000));
    let scope = region("r");
    let add = |now| {
        let done: Result<(), ()> = account.write(&scope, at(now), true, |txn| {
            txn.state.total += 1;
            txn.state.timers.schedule(at(now) + Duration::from_millis(10), "job", 1);
            Ok(())
        });
        done.unwrap();
    };
    add(account.now(at(1_007)).millis());
    let (snapshot, replaced) = account.save("a", at(1_007)).unwrap();
    assert_eq!((snapshot.at, snapshot.mode, replaced), (at(7), ClockMode::Real, false));
    assert_eq!(snapshot.regions().collect::<Vec<_>>(), ["r"]);
    add(8);
    account.adjust(at(9), |total| *total = 50, |txn| txn.state.total = 50);
    account.settle(account.now(at(1_500)), step);
    assert_eq!(account.read(&region("new")).total, 50);

    assert!(account.restore("b", at(2_000)).is_none());
    account.restore("a", at(2_000)).unwrap();
    assert_eq!(account.now(at(2_003)), at(10), "time goes on from there");
    assert_eq!((account.read(&scope).total, account.first_due()), (6, Some(at(17))));
    assert_eq!(account.read(&region("new")).total, 5, "nobody had touched it");
    account.settle(at(17), step);
    assert_eq!(account.read(&scope).seen.iter().map(|(at, _)| *at).collect::<Vec<_>>(), [17]);

    world.fork(&snapshot, "a", other, at(3_000));
    let fork = world.find(other).unwrap();
    assert_eq!((fork.read(&scope).total, fork.first_due(), fork.now(at(3_001))), (7, Some(at(17)), at(8)));
    fork.settle(at(17), step);
    assert_eq!(fork.read(&scope).seen.len(), 1);
    let mint = |account: &Account<Counter>| {
        let made: Result<u128, ()> = account.write(&scope, at(20), true, |txn| Ok(txn.mint("vpc")));
        made.unwrap()
    };
    assert_ne!(mint(&account), mint(&fork), "what is made from then on has ids of its own");
    assert!(account.forget_snapshot("a").is_some() && account.snapshots().is_empty());
    (0..50).for_each(|n| drop(account.save(&n.to_string(), at(4_000)).unwrap()));
    assert_eq!(account.save("more", at(4_000)).err(), Some(TooMany { most: 50 }));
    assert!(account.save("7", at(4_000)).unwrap().1);
}

#[test]
fn snapshots_are_taken_while_others_write() {
    let account = account();
    std::thread::scope(|threads| {
        for _ in 0..3 {
            threads.spawn(|| {
                for _ in 0..200 {
                    // Each change of the region is told to the account as a whole.
                    let _: Result<(), ()> = account.write(&region("r"), at(0), true, |txn| {
                        txn.state.total += 1;
                        txn.post(txn.origin.account, Scope::Global, 1);
                        Ok(())
                    });
                }
            });
        }
        for n in 0..200 {
            let (snapshot, _) = account.save(&(n % 5).to_string(), at(0)).unwrap();
            let total = |scope| snapshot.read(scope).map_or(0, |state| state.total);
            assert_eq!(total(&region("r")), total(&Scope::Global), "both or none");
        }
    });
}
