//! CloudWatch Logs: groups, their streams, and the events in them. Rows of a region.
//!
//! Source: CloudWatch Logs user guide, "Working with log groups and log streams".

use super::*;
use crate::kernel::{Memo, Row, SimTime};
use imbl::Vector;
use std::sync::Arc;

#[derive(Clone, PartialEq, Debug)]
pub struct LogGroup {
    pub name: Arc<str>,
    pub created: SimTime,
    /// Days; `None`: events stay for ever.
    pub retention: Option<u32>,
    pub tags: Tags,
    pub memo: Memo,
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
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct StreamKey {
    pub group: Arc<str>,
    pub name: Arc<str>,
}

#[derive(Clone, PartialEq, Debug)]
pub struct LogEvent {
    /// When it happened, as whoever wrote it says.
    pub at: SimTime,
    pub ingested: SimTime,
    pub message: Arc<str>,
}

#[derive(Clone, PartialEq, Debug)]
pub struct LogStream {
    pub key: StreamKey,
    pub created: SimTime,
    /// By time, and those of one time in the order in which they came.
    pub events: Vector<LogEvent>,
    /// The time of the last one that came, whatever it says of itself.
    pub ingested: Option<SimTime>,
    pub memo: Memo,
}

impl Row for LogStream {
    type Key = StreamKey;
    type Index = ();
    fn key(&self) -> StreamKey {
        self.key.clone()
    }
    fn indexes(&self, _: &mut dyn FnMut(())) {}
}

/// Writes as a service of AWS does: what there is not of group and stream is made.
pub fn deliver(txn: &mut Txn<'_>, group: &str, stream: &str, lines: Vec<(SimTime, Arc<str>)>) {
    let key = StreamKey { group: group.into(), name: stream.into() };
    let now = txn.now;
    if !txn.state.log_groups.contains(&key.group) {
        let (name, tags) = (key.group.clone(), Tags::default());
        let made = LogGroup { name, created: now, retention: None, tags, memo: Memo::default() };
        txn.state.log_groups.insert(made);
    }
    let known = txn.state.log_streams.get(&key).map(|stream| LogStream::clone(stream));
    let mut stream = known.unwrap_or(LogStream {
        key,
        created: now,
        events: Vector::new(),
        ingested: None,
        memo: Memo::default(),
    });
    for (at, message) in lines {
        let place = match stream.events.last() {
            Some(last) if last.at > at => stream.events.partition_point_by(at),
            _ => stream.events.len(),
        };
        stream.events.insert(place, LogEvent { at, ingested: now, message });
        stream.ingested = Some(now);
    }
    stream.memo = Memo::default();
    txn.state.log_streams.insert(stream);
}

/// Where an event of a time belongs: after all of that time.
trait ByTime {
    fn partition_point_by(&self, at: SimTime) -> usize;
}

impl ByTime for Vector<LogEvent> {
    fn partition_point_by(&self, at: SimTime) -> usize {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low + (high - low) / 2;
            match self.get(middle) {
                Some(event) if event.at <= at => low = middle + 1,
                _ => high = middle,
            }
        }
        low
    }
}
