//! Faults: what goes wrong in an account although nothing is wrong in it, because somebody declared so.
//!
//! Those that strike requests are counted here and nowhere else, in the account's own cell; what a fault does follows
//! from the seed, the fault's id and that count, so that equal requests meet equal faults. Those that strike things of a
//! region are looked up where such things change (`net::outage`, `jobs::place`).

use super::*;
use crate::kernel::{Rehome, SimTime, digest};
use imbl::{OrdMap, Vector};
use std::sync::Arc;
use std::time::Duration;

/// What a fault is for. What is not said fits everything.
#[derive(Clone, PartialEq, Debug, Default, Rehome)]
pub struct FaultScope {
    /// `ec2`, `s3` and so on.
    pub service: Option<Wildcard>,
    pub operation: Option<Wildcard>,
    /// A text of the input; or the name, the id or the ARN of what is struck.
    pub resource: Option<Wildcard>,
    /// The ARN of whoever calls, or that of its role.
    pub principal: Option<Wildcard>,
    pub region: Option<Wildcard>,
    /// A JMESPath expression over the input.
    pub condition: Option<Arc<str>>,
}

impl FaultScope {
    /// Whether it is for something of a region that has these names.
    pub fn is_for(&self, region: &str, names: &[String]) -> bool {
        self.region.as_ref().is_none_or(|wanted| wanted.matches(region))
            && self.resource.as_ref().is_some_and(|wanted| names.iter().any(|name| wanted.matches(name)))
    }
}

/// A part of the account's time: from a moment on, up to another one.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Rehome)]
pub struct Window {
    pub from: Option<SimTime>,
    pub until: Option<SimTime>,
}

impl Window {
    pub fn contains(self, now: SimTime) -> bool {
        self.from.is_none_or(|from| from <= now) && self.until.is_none_or(|until| now < until)
    }

    /// When it next begins or ends.
    pub fn next_edge(self, now: SimTime) -> Option<SimTime> {
        [self.from, self.until].into_iter().flatten().filter(|edge| *edge > now).min()
    }
}

/// How often requests are let through.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Rehome)]
pub enum Rate {
    /// As AWS documents it, for each operation and region.
    Aws,
    /// One bucket for all that the fault is for.
    Bucket {
        burst: u64,
        /// Thousandths of a request per second.
        milli_per_second: u64,
    },
}

/// How a fault ends a request.
#[derive(Clone, PartialEq, Debug, Default, Rehome)]
pub enum Ending {
    /// As if nothing were wrong.
    #[default]
    Served,
    /// It is refused.
    Error { code: Arc<str>, message: Option<Arc<str>>, status: Option<u16> },
    /// The connection is closed; nothing is done.
    RequestLost,
    /// It is done, and the connection is closed.
    AnswerLost,
    /// It is done, and the connection is closed after so many bytes of the answer's body.
    Truncated(u64),
    /// It is refused if there were too many.
    Throttled(Rate),
    /// It is refused as if its credentials had expired.
    Expired,
}

#[derive(Clone, PartialEq, Debug, Rehome)]
pub enum FaultEffect {
    /// On requests. They are delayed in real time, by up to `jitter` more.
    Request { delay: Duration, jitter: Duration, ending: Ending },
    /// NAT gateways and VPC endpoints fail.
    Outage,
    /// Interfaces of jobs are not removed when these end, but so much later or never.
    KeepInterfaces(Option<Duration>),
}

/// Tokens of a bucket at some time, in thousandths.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Rehome)]
struct Bucket {
    tokens: u64,
    at: SimTime,
}

/// The buckets of a fault that throttles; those that are missing are full.
#[derive(Clone, PartialEq, Debug, Default, Rehome)]
pub struct Buckets(OrdMap<Arc<str>, Bucket>);

/// What a request takes out of one bucket.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Toll {
    pub bucket: Arc<str>,
    /// So many the bucket holds.
    pub burst: u64,
    pub milli_per_second: u64,
    pub tokens: u64,
}

const MILLI: u64 = 1_000;

impl Toll {
    /// What the bucket holds now, in thousandths.
    fn held(&self, bucket: Option<Bucket>, now: SimTime) -> u64 {
        let most = self.burst.saturating_mul(MILLI);
        // One of a time that was set back since is as good as none.
        let Some(bucket) = bucket.filter(|bucket| bucket.at <= now) else { return most };
        let passed = u64::try_from(now.since(bucket.at).as_millis()).unwrap_or(u64::MAX);
        let more = passed.saturating_mul(self.milli_per_second) / MILLI;
        bucket.tokens.saturating_add(more).min(most)
    }

    /// How long it takes until the bucket holds enough.
    fn wait(&self, held: u64) -> Duration {
        let lacks = self.tokens.saturating_mul(MILLI).saturating_sub(held);
        Duration::from_millis(lacks.saturating_mul(MILLI).div_ceil(self.milli_per_second.max(1)))
    }
}

/// A declared fault, and what became of it.
#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct DeclaredFault {
    pub id: Arc<str>,
    pub scope: FaultScope,
    /// So many requests that it is for are spared first.
    pub skip: u64,
    /// So often it strikes; then it is spent.
    pub times: Option<u64>,
    /// Of striking, from 0 to 1.
    pub probability: f64,
    pub window: Window,
    pub effect: FaultEffect,
    /// Requests that it was for.
    pub seen: u64,
    /// How often it struck.
    pub hits: u64,
    pub buckets: Buckets,
}

impl DeclaredFault {
    pub fn new(id: impl Into<Arc<str>>, scope: FaultScope, effect: FaultEffect) -> Self {
        Self {
            id: id.into(),
            scope,
            skip: 0,
            times: None,
            probability: 1.0,
            window: Window::default(),
            effect,
            seen: 0,
            hits: 0,
            buckets: Buckets::default(),
        }
    }

    pub fn is_spent(&self) -> bool {
        self.times.is_some_and(|times| self.hits >= times)
    }

    /// Whether it can strike at this time.
    pub fn is_active(&self, now: SimTime) -> bool {
        self.window.contains(now) && !self.is_spent()
    }

    /// A number below 1 that follows from the seed and from how many requests there were.
    fn draw(&self, seed: u64, what: &[u8]) -> f64 {
        const BITS: u32 = 53;
        let drawn = digest(seed, &[b"fault", self.id.as_bytes(), what, &self.seen.to_le_bytes()]);
        #[expect(clippy::cast_precision_loss, reason = "so many bits are exact")]
        let drawn = (drawn >> (u128::BITS - BITS)) as f64;
        drawn / (1u64 << BITS) as f64
    }

    /// Takes the tokens of a request, all or none; `Err` is how long it takes until there are enough.
    fn pay(&mut self, tolls: &[Toll], now: SimTime) -> Result<(), Duration> {
        let held: Vec<_> =
            tolls.iter().map(|toll| toll.held(self.buckets.0.get(&toll.bucket).copied(), now)).collect();
        let wait = tolls.iter().zip(&held).map(|(toll, held)| toll.wait(*held)).max().unwrap_or_default();
        if !wait.is_zero() {
            return Err(wait);
        }
        for (toll, held) in tolls.iter().zip(held) {
            let tokens = held.saturating_sub(toll.tokens.saturating_mul(MILLI));
            self.buckets.0.insert(toll.bucket.clone(), Bucket { tokens, at: now });
        }
        Ok(())
    }
}

/// What faults do to a request.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Struck {
    /// Those that struck, in order.
    pub by: Vec<Arc<str>>,
    pub delay: Duration,
    /// Of the last of them.
    pub ending: Ending,
    /// How long it takes until a request that was throttled would be let through.
    pub wait: Option<Duration>,
}

/// The faults of an account, in the order of their declaration. Copies are cheap.
#[derive(Clone, PartialEq, Debug, Default, Rehome)]
pub struct Faults {
    all: Vector<Arc<DeclaredFault>>,
    /// How many were declared without an id.
    unnamed: u64,
}

impl Faults {
    /// So many an account may have.
    pub const MOST: usize = 1_000;

    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Arc<DeclaredFault>> {
        self.all.iter()
    }

    pub fn get(&self, id: &str) -> Option<&Arc<DeclaredFault>> {
        self.all.iter().find(|fault| &*fault.id == id)
    }

    /// Adds a fault after all that are there. One without an id gets one.
    ///
    /// # Errors
    /// For an id that another one has, and for one too many.
    pub fn declare(&mut self, fault: DeclaredFault) -> Result<(), String> {
        let fault = self.checked(fault)?;
        self.all.push_back(Arc::new(fault));
        Ok(())
    }

    /// The same, before all that are there: none of those keeps a request from it.
    ///
    /// # Errors
    /// As of [`Self::declare`].
    pub fn declare_first(&mut self, fault: DeclaredFault) -> Result<(), String> {
        let fault = self.checked(fault)?;
        self.all.push_front(Arc::new(fault));
        Ok(())
    }

    fn checked(&mut self, mut fault: DeclaredFault) -> Result<DeclaredFault, String> {
        if self.all.len() >= Self::MOST {
            return Err(format!("an account has {} faults at most", Self::MOST));
        }
        while fault.id.is_empty() {
            self.unnamed += 1;
            let id = format!("fault-{}", self.unnamed);
            if self.get(&id).is_none() {
                fault.id = id.into();
            }
        }
        if self.get(&fault.id).is_some() {
            return Err(format!("there is a fault `{}` already", fault.id));
        }
        Ok(fault)
    }

    /// Removes those that `goes` says, and gives them back.
    pub fn clear(&mut self, mut goes: impl FnMut(&DeclaredFault) -> bool) -> Vec<Arc<DeclaredFault>> {
        let (gone, left): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.all).into_iter().partition(|fault| goes(fault));
        self.all = left.into_iter().collect();
        gone
    }

    /// Those on things of a region that have an effect now.
    pub fn on_things(&self, now: SimTime) -> impl Iterator<Item = &Arc<DeclaredFault>> {
        let of_requests = |effect: &FaultEffect| matches!(effect, FaultEffect::Request { .. });
        self.all.iter().filter(move |fault| !of_requests(&fault.effect) && fault.window.contains(now))
    }

    /// When the window of a fault on things next begins or ends.
    pub fn next_edge(&self, now: SimTime) -> Option<SimTime> {
        let of_things = self.all.iter().filter(|fault| fault.effect == FaultEffect::Outage);
        of_things.filter_map(|fault| fault.window.next_edge(now)).min()
    }

    /// Counts that a fault struck something.
    pub fn count(&mut self, id: &str, times: u64) {
        if let Some(fault) = self.all.iter_mut().find(|fault| &*fault.id == id) {
            Arc::make_mut(fault).hits += times;
        }
    }

    /// What these faults, which a request is for, do to it. The first that ends it otherwise is the last that is asked;
    /// with each goes what the request takes out of its buckets.
    pub fn strike(&mut self, seed: u64, now: SimTime, candidates: &[(Arc<str>, Vec<Toll>)]) -> Struck {
        let mut struck = Struck::default();
        for (id, tolls) in candidates {
            let Some(fault) = self.all.iter_mut().find(|fault| fault.id == *id) else { continue };
            let fault = Arc::make_mut(fault);
            if !fault.is_active(now) {
                continue;
            }
            let FaultEffect::Request { delay, jitter, ending } = fault.effect.clone() else { continue };
            fault.seen += 1;
            if fault.seen <= fault.skip || fault.draw(seed, b"strikes") >= fault.probability {
                continue;
            }
            if let Ending::Throttled(_) = ending {
                match fault.pay(tolls, now) {
                    Ok(()) => continue,
                    Err(wait) => struck.wait = Some(wait),
                }
            }
            fault.hits += 1;
            struck.by.push(id.clone());
            struck.delay += delay + jitter.mul_f64(fault.draw(seed, b"jitter"));
            if ending != Ending::Served {
                struck.ending = ending;
                break;
            }
        }
        struck
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(ms: i64) -> SimTime {
        SimTime::from_millis(ms)
    }

    fn request(ending: Ending) -> DeclaredFault {
        let effect = FaultEffect::Request { delay: Duration::ZERO, jitter: Duration::ZERO, ending };
        DeclaredFault::new("a", FaultScope::default(), effect)
    }

    fn with(fault: DeclaredFault) -> Faults {
        let mut faults = Faults::default();
        faults.declare(fault).unwrap();
        faults
    }

    fn candidates(tolls: Vec<Toll>) -> Vec<(Arc<str>, Vec<Toll>)> {
        vec![("a".into(), tolls)]
    }

    fn strikes(faults: &mut Faults, now: SimTime) -> bool {
        !faults.strike(7, now, &candidates(Vec::new())).by.is_empty()
    }

    #[test]
    fn some_are_spared_first_and_it_is_spent_at_last() {
        let mut faults = with(DeclaredFault { skip: 2, times: Some(2), ..request(Ending::Expired) });
        let struck: Vec<_> = (0..6).map(|_| strikes(&mut faults, at(0))).collect();
        assert_eq!(struck, [false, false, true, true, false, false]);
        let fault = faults.get("a").unwrap();
        assert_eq!((fault.hits, fault.is_spent()), (2, true));
    }

    #[test]
    fn a_window_ends_before_its_end() {
        let window = Window { from: Some(at(10)), until: Some(at(20)) };
        let mut faults = with(DeclaredFault { window, ..request(Ending::RequestLost) });
        for (now, struck) in [(9, false), (10, true), (19, true), (20, false)] {
            assert_eq!(strikes(&mut faults, at(now)), struck, "{now}");
        }
        assert_eq!(faults.get("a").unwrap().seen, 2);
        assert_eq!([9, 10, 20].map(|now| window.next_edge(at(now))), [Some(at(10)), Some(at(20)), None]);
    }

    #[test]
    fn delays_add_up_until_something_ends_the_request() {
        let mut faults = Faults::default();
        let delay = |id: &str, ending| DeclaredFault {
            id: id.into(),
            effect: FaultEffect::Request { delay: Duration::from_millis(5), jitter: Duration::ZERO, ending },
            ..request(Ending::Served)
        };
        for fault in [delay("a", Ending::Served), delay("b", Ending::AnswerLost), delay("c", Ending::Expired)]
        {
            faults.declare(fault).unwrap();
        }
        let all: Vec<_> = ["a", "b", "c"].map(|id| (Arc::from(id), Vec::new())).into();
        let struck = faults.strike(7, at(0), &all);
        assert_eq!((struck.by.len(), struck.delay.as_millis(), struck.ending), (2, 10, Ending::AnswerLost));
        assert_eq!(faults.get("c").unwrap().seen, 0);
    }

    #[test]
    fn one_that_is_declared_first_is_asked_first() {
        let mut faults = with(request(Ending::Expired));
        let delay = FaultEffect::Request {
            delay: Duration::from_secs(1),
            jitter: Duration::ZERO,
            ending: Ending::Served,
        };
        faults.declare_first(DeclaredFault::new("slow", FaultScope::default(), delay)).unwrap();
        let all = faults.iter().map(|fault| (Arc::clone(&fault.id), Vec::new())).collect::<Vec<_>>();
        let struck = faults.strike(1, at(0), &all);
        assert_eq!((struck.delay, struck.ending), (Duration::from_secs(1), Ending::Expired));
    }

    #[test]
    fn ids_are_given_and_kept_apart() {
        let mut faults = with(DeclaredFault { id: "fault-1".into(), ..request(Ending::Expired) });
        faults.declare(DeclaredFault { id: "".into(), ..request(Ending::Expired) }).unwrap();
        assert!(faults.get("fault-2").is_some());
        let again = faults.declare(DeclaredFault { id: "fault-2".into(), ..request(Ending::Expired) });
        assert_eq!(again.unwrap_err(), "there is a fault `fault-2` already");
        assert_eq!(faults.clear(|fault| &*fault.id == "fault-2").len(), 1);
        assert_eq!(faults.iter().len(), 1);
    }

    #[test]
    fn a_bucket_that_lacks_something_gives_nothing() {
        let mut faults = with(request(Ending::Throttled(Rate::Aws)));
        let toll = |bucket: &str, burst, tokens| Toll {
            bucket: bucket.into(),
            burst,
            milli_per_second: 500,
            tokens,
        };
        let both = candidates(vec![toll("requests", 5, 1), toll("instances", 10, 8)]);
        assert!(faults.strike(7, at(0), &both).by.is_empty());
        let struck = faults.strike(7, at(0), &both);
        assert_eq!(
            struck.wait,
            Some(Duration::from_secs(12)),
            "two of eight are there, one comes in two seconds"
        );
        let few = candidates(vec![toll("requests", 5, 1), toll("instances", 10, 2)]);
        assert!(faults.strike(7, at(0), &few).by.is_empty(), "what was refused took no token");
    }

    #[test]
    fn a_bucket_of_a_time_that_was_set_back_is_full() {
        let mut faults = with(request(Ending::Throttled(Rate::Bucket { burst: 1, milli_per_second: 1_000 })));
        let toll = vec![Toll { bucket: "".into(), burst: 1, milli_per_second: 1_000, tokens: 1 }];
        for (now, passes) in [(60_000, true), (60_000, false), (0, true), (0, false), (1_000, true)] {
            let struck = faults.strike(7, at(now), &candidates(toll.clone()));
            assert_eq!(struck.by.is_empty(), passes, "{now}");
        }
    }

    proptest! {
        /// Whatever comes when: no more pass than a full bucket and what flows into it, and who waits as long as is said
        /// passes.
        #[test]
        fn a_bucket_lets_through_what_it_says(
            burst in 1u64..5,
            rate in 100u64..5_000,
            pauses in proptest::collection::vec(0i64..3_000, 1..40),
        ) {
            let mut faults = with(request(Ending::Throttled(Rate::Bucket { burst, milli_per_second: rate })));
            let toll = vec![Toll { bucket: "".into(), burst, milli_per_second: rate, tokens: 1 }];
            let (mut now, mut passed) = (at(0), 0u64);
            for pause in pauses {
                now = now + Duration::from_millis(pause.unsigned_abs());
                let struck = faults.strike(7, now, &candidates(toll.clone()));
                match struck.wait {
                    None => passed += 1,
                    Some(wait) => {
                        let mut later = faults.clone();
                        prop_assert!(later.strike(7, now + wait, &candidates(toll.clone())).by.is_empty());
                    }
                }
                let most = burst + now.millis().unsigned_abs() * rate / 1_000_000;
                prop_assert!(passed <= most, "{passed} of {most}");
            }
        }

        /// The same seed and the same requests meet the same faults, and about as many as is said.
        #[test]
        fn chance_follows_from_the_seed(seed: u64, probability in 0.0f64..=1.0) {
            let run = || {
                let mut faults = with(DeclaredFault { probability, ..request(Ending::Expired) });
                let all: Vec<_> =
                    (0..400).map(|_| faults.strike(seed, at(0), &candidates(Vec::new())).by.len()).collect();
                all
            };
            let first = run();
            prop_assert_eq!(&first, &run());
            #[expect(clippy::cast_precision_loss, reason = "small numbers")]
            let share = first.iter().sum::<usize>() as f64 / 400.0;
            prop_assert!((share - probability).abs() < 0.15, "{share} of {probability}");
        }

        #[test]
        fn jitter_stays_in_its_bounds(seed: u64, delay in 0u64..500, jitter in 0u64..500) {
            let effect = FaultEffect::Request {
                delay: Duration::from_millis(delay),
                jitter: Duration::from_millis(jitter),
                ending: Ending::Served,
            };
            let mut faults = with(DeclaredFault { effect, ..request(Ending::Served) });
            for _ in 0..20 {
                let delayed = faults.strike(seed, at(0), &candidates(Vec::new())).delay;
                let most = Duration::from_millis(delay + jitter);
                prop_assert!(Duration::from_millis(delay) <= delayed && delayed <= most);
            }
        }
    }
}
