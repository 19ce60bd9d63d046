//! CloudWatch Logs: groups, their streams, the events in them, and the policies that let services write.
//!
//! Nothing here has a timer. An event that is to come (the rest of what a container writes while it runs) is in its
//! stream already and is seen from its own time on; one that has expired is seen no more, and its space is freed when
//! something is written beside it.
//!
//! Source: CloudWatch Logs user guide, "Working with log groups and log streams".

use super::*;
use crate::kernel::{Rehome, Row, SimTime};
use imbl::Vector;
use std::sync::Arc;
use std::time::Duration;

/// What an event counts beside the bytes of its message. Source: API reference, PutLogEvents.
pub const EVENT_OVERHEAD: usize = 26;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Rehome)]
pub enum LogClass {
    #[default]
    Standard,
    InfrequentAccess,
    Delivery,
    Essentials,
}

impl LogClass {
    pub const ALL: [LogClass; 4] =
        [LogClass::Standard, LogClass::InfrequentAccess, LogClass::Delivery, LogClass::Essentials];

    pub fn name(self) -> &'static str {
        match self {
            LogClass::Standard => "STANDARD",
            LogClass::InfrequentAccess => "INFREQUENT_ACCESS",
            LogClass::Delivery => "DELIVERY",
            LogClass::Essentials => "ESSENTIALS",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.name() == name)
    }
}

#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct LogGroup {
    pub name: Arc<str>,
    pub created: SimTime,
    pub class: LogClass,
    /// Days; `None`: events stay for ever.
    pub retention: Option<u32>,
    pub kms_key: Option<Arc<str>>,
    /// It cannot be deleted.
    pub protected: bool,
    pub tags: Tags,
}

impl LogGroup {
    pub fn new(name: Arc<str>, created: SimTime) -> Self {
        let (class, tags) = (LogClass::default(), Tags::default());
        Self { name, created, class, retention: None, kms_key: None, protected: false, tags }
    }

    /// Events of this time and earlier ones have expired.
    pub fn expired_until(&self, now: SimTime) -> SimTime {
        let kept = self.retention.map(|days| DAY.saturating_mul(days));
        let before =
            |kept: Duration| now.millis().saturating_sub(i64::try_from(kept.as_millis()).unwrap_or(i64::MAX));
        SimTime::from_millis(kept.map_or(i64::MIN, before))
    }
}

impl Row for LogGroup {
    type Key = Arc<str>;
    type Index = ();
    fn key(&self) -> Arc<str> {
        self.name.clone()
    }
    fn indexes(&self, _: &mut dyn FnMut(())) {}
}

/// In the order of names within a group.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Rehome)]
pub struct StreamKey {
    pub group: Arc<str>,
    pub name: Arc<str>,
}

/// Where an event stands in its stream: by time, and those of one time in the order in which they came. Source: API
/// reference, FilterLogEvents.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct EventKey {
    pub at: SimTime,
    pub ingested: SimTime,
    /// Unique in the stream; the first event's is 1.
    pub number: u64,
}

impl EventKey {
    /// Before every event of a time and of later ones.
    pub fn before(at: SimTime) -> Self {
        Self { at, ingested: SimTime::from_millis(i64::MIN), number: 0 }
    }

    /// After every event of a time and of earlier ones.
    pub fn after(at: SimTime) -> Self {
        Self { at, ingested: SimTime::NEVER, number: u64::MAX }
    }

    /// Just after an event with this key.
    pub fn next(self) -> Self {
        Self { number: self.number.saturating_add(1), ..self }
    }
}

#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct LogEvent {
    /// When it happened, as whoever wrote it says.
    pub at: SimTime,
    pub number: u64,
    /// When it came; it is not there before.
    pub ingested: SimTime,
    pub message: Arc<str>,
}

impl LogEvent {
    pub fn key(&self) -> EventKey {
        EventKey { at: self.at, ingested: self.ingested, number: self.number }
    }

    pub fn bytes(&self) -> usize {
        self.message.len() + EVENT_OVERHEAD
    }
}

#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct LogStream {
    pub key: StreamKey,
    pub created: SimTime,
    /// In the order of their keys.
    events: Vector<LogEvent>,
    /// How many there have been.
    numbered: u64,
    /// Of all that is in `events`.
    bytes: u64,
    /// When the last one came, or will have come.
    ingested: Option<SimTime>,
}

impl Row for LogStream {
    type Key = StreamKey;
    type Index = ();
    fn key(&self) -> StreamKey {
        self.key.clone()
    }
    fn indexes(&self, _: &mut dyn FnMut(())) {}
}

impl LogStream {
    pub fn new(key: StreamKey, created: SimTime) -> Self {
        Self { key, created, events: Vector::new(), numbered: 0, bytes: 0, ingested: None }
    }

    /// Adds an event that comes at `ingested`.
    pub fn add(&mut self, at: SimTime, ingested: SimTime, message: Arc<str>) {
        self.numbered += 1;
        let event = LogEvent { at, number: self.numbered, ingested, message };
        let place = match self.events.last() {
            Some(last) if last.key() > event.key() => self.place_of(event.key()),
            _ => self.events.len(),
        };
        self.bytes += event.bytes() as u64;
        self.ingested = self.ingested.max(Some(ingested));
        self.events.insert(place, event);
    }

    /// How many events stand before a key.
    fn place_of(&self, key: EventKey) -> usize {
        let (mut low, mut high) = (0, self.events.len());
        while low < high {
            let middle = low + (high - low) / 2;
            match self.events.get(middle) {
                Some(event) if event.key() < key => low = middle + 1,
                _ => high = middle,
            }
        }
        low
    }

    /// The events of a group that can be seen now, within these bounds, in order.
    pub fn seen(
        &self,
        group: &LogGroup,
        now: SimTime,
        from: EventKey,
        to: EventKey,
    ) -> impl DoubleEndedIterator<Item = &LogEvent> {
        let expired = EventKey::after(group.expired_until(now));
        let first = self.place_of(from.max(expired));
        let last = self.place_of(to).max(first);
        let range = self.events.focus().narrow(first..last);
        range.into_iter().filter(move |event| event.ingested <= now)
    }

    /// All events of a group that can be seen now.
    pub fn all_seen(&self, group: &LogGroup, now: SimTime) -> impl DoubleEndedIterator<Item = &LogEvent> {
        self.seen(group, now, EventKey::default(), EventKey::after(SimTime::NEVER))
    }

    /// When something came last, whether it has expired or not.
    pub fn last_ingested(&self, now: SimTime) -> Option<SimTime> {
        if self.ingested <= Some(now) {
            return self.ingested;
        }
        self.events.iter().map(|event| event.ingested).filter(|ingested| *ingested <= now).max()
    }

    /// The bytes of what can be seen now.
    pub fn stored(&self, group: &LogGroup, now: SimTime) -> u64 {
        let expired = self.place_of(EventKey::after(group.expired_until(now)));
        let gone = self.events.iter().take(expired);
        // Nothing that has happened is yet to come.
        let to_come = self.events.iter().rev().take_while(|event| event.at > now);
        let to_come = to_come.take(self.events.len() - expired).filter(|event| event.ingested > now);
        let hidden: usize = gone.chain(to_come).map(LogEvent::bytes).sum();
        self.bytes.saturating_sub(hidden as u64)
    }

    /// Forgets what has expired: nobody sees it any more.
    pub fn expire(&mut self, group: &LogGroup, now: SimTime) {
        let until = self.place_of(EventKey::after(group.expired_until(now)));
        if until > 0 {
            let kept = self.events.split_off(until);
            let gone = std::mem::replace(&mut self.events, kept);
            self.bytes -= gone.iter().map(|event| event.bytes() as u64).sum::<u64>();
        }
    }

    /// What was to come comes now, or never.
    fn settle(&mut self, now: SimTime, comes: bool) {
        let (mut seen, to_come): (Vector<_>, Vector<_>) =
            std::mem::take(&mut self.events).into_iter().partition(|event| event.ingested <= now);
        std::mem::swap(&mut self.events, &mut seen);
        self.ingested = self.events.iter().map(|event| event.ingested).max();
        for event in to_come {
            self.bytes -= event.bytes() as u64;
            if comes {
                self.add(event.at.min(now), now, event.message);
            }
        }
    }

    /// How many events there have ever been.
    pub fn count(&self) -> u64 {
        self.numbered
    }
}

/// A policy that lets services of AWS write to groups of the account, or to one of them.
#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct LogPolicy {
    pub name: Arc<str>,
    pub document: Arc<str>,
    pub updated: SimTime,
}

impl Row for LogPolicy {
    type Key = Arc<str>;
    type Index = ();
    fn key(&self) -> Arc<str> {
        self.name.clone()
    }
    fn indexes(&self, _: &mut dyn FnMut(())) {}
}

impl State {
    /// The streams of a group, in the order of their names.
    pub fn streams_of<'a>(&'a self, group: &Arc<str>) -> impl Iterator<Item = &'a Arc<LogStream>> + use<'a> {
        let (before, group) = (StreamKey { group: group.clone(), name: "".into() }, group.clone());
        self.log_streams.after(&before).take_while(move |stream| stream.key.group == group)
    }
}

/// Writes as a service of AWS does: what there is not of group and stream is made. A line of a time to come is seen from
/// that time on.
pub fn deliver(txn: &mut Txn<'_>, group: &str, stream: &str, lines: Vec<(SimTime, Arc<str>)>) {
    let key = StreamKey { group: group.into(), name: stream.into() };
    let now = txn.now;
    let group = match txn.state.log_groups.get(&key.group) {
        Some(group) => group.clone(),
        None => txn.state.log_groups.insert(LogGroup::new(key.group.clone(), now)),
    };
    let known = txn.state.log_streams.get(&key).map(|stream| LogStream::clone(stream));
    let mut stream = known.unwrap_or_else(|| LogStream::new(key, now));
    stream.expire(&group, now);
    for (at, message) in lines {
        stream.add(at, at.max(now), message);
    }
    txn.state.log_streams.insert(stream);
}

/// What was to be written to a stream from now on is written now, or never.
pub fn settle(txn: &mut Txn<'_>, group: &str, stream: &str, comes: bool) {
    let (key, now) = (StreamKey { group: group.into(), name: stream.into() }, txn.now);
    let is_to_come = |stream: &Arc<LogStream>| stream.events.iter().rev().any(|event| event.ingested > now);
    if txn.state.log_streams.get(&key).is_some_and(is_to_come) {
        txn.state.log_streams.update(&key, |stream| stream.settle(now, comes));
    }
}

/// What does not hold of groups, streams and events.
pub fn broken_invariants(state: &State) -> Vec<String> {
    let mut broken = Vec::new();
    for stream in state.log_streams.iter() {
        let StreamKey { group, name } = &stream.key;
        if !state.log_groups.contains(group) {
            broken.push(format!("log stream {name} is in no group {group}"));
        }
        if !stream.events.iter().map(LogEvent::key).is_sorted_by(|a, b| a < b) {
            broken.push(format!("the events of {group}:{name} are not in order"));
        }
        if stream.bytes != stream.events.iter().map(|event| event.bytes() as u64).sum::<u64>() {
            broken.push(format!("{group}:{name} does not count its bytes right"));
        }
        if stream.events.iter().any(|event| event.number > stream.numbered) {
            broken.push(format!("{group}:{name} may give a number twice"));
        }
    }
    broken
}
