//! FilterLogEvents: the events of several streams of a group, in one order.

use super::pattern::Pattern;
use super::{LogsError, asked_group, event, find_stream};
use crate::kernel::{SimTime, digest};
use crate::model::{EventKey, LogEvent, LogStream};
use crate::services::{Operation, Read, View, page};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The first moment from which events can be told in descending order: 2024-01-01. Source: API reference.
const DESCENDING_FROM: SimTime = SimTime::from_millis(1_704_067_200_000);

pub struct FilterLogEvents;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FilterLogEventsIn {
    log_group_name: Option<String>,
    log_group_identifier: Option<String>,
    log_stream_names: Option<Vec<String>>,
    log_stream_name_prefix: Option<String>,
    start_time: Option<i64>,
    end_time: Option<i64>,
    filter_pattern: Option<String>,
    next_token: Option<String>,
    limit: Option<usize>,
    start_from_head: Option<bool>,
    /// "This parameter is ignored and the value is assumed to be true": on AWS too.
    #[serde(rename = "interleaved")]
    _interleaved: Option<bool>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FilterLogEventsOut {
    events: Vec<Printed>,
    /// "This parameter returns an empty list."
    searched_log_streams: [(); 0],
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Printed {
    log_stream_name: Arc<str>,
    timestamp: i64,
    message: Arc<str>,
    ingestion_time: i64,
    event_id: String,
}

/// Where an event stands in its group.
type Place = (SimTime, SimTime, Arc<str>, u64);

struct Found<'a> {
    stream: &'a LogStream,
    event: &'a LogEvent,
}

impl Found<'_> {
    fn place(&self) -> Place {
        (self.event.at, self.event.ingested, self.stream.key.name.clone(), self.event.number)
    }

    /// 56 digits, by time, as AWS's look; no other event of the group has them.
    fn id(&self) -> String {
        let stream = digest(0, &[self.stream.key.name.as_bytes()]) % 100_000_000_000_000_000_000;
        format!("3{:015}{stream:020}{:020}", self.event.at.millis().max(0), self.event.number)
    }

    fn printed(&self) -> Printed {
        Printed {
            log_stream_name: self.stream.key.name.clone(),
            timestamp: self.event.at.millis(),
            message: self.event.message.clone(),
            ingestion_time: self.event.ingested.millis(),
            event_id: self.id(),
        }
    }
}

/// A token holds the way, and the place after which to go on.
fn token(descending: bool, (at, ingested, stream, number): &Place) -> String {
    let way = if descending { 'd' } else { 'a' };
    page::token(&format!("{way}/{}/{}/{number}/{stream}", at.millis(), ingested.millis()))
}

fn parse_token(token: &str) -> Option<(bool, Place)> {
    let text = page::key_of(token)?;
    let mut parts = text.splitn(5, '/');
    let descending = match parts.next()? {
        "a" => false,
        "d" => true,
        _ => return None,
    };
    let mut time = || parts.next()?.parse().ok().map(SimTime::from_millis);
    let (at, ingested) = (time()?, time()?);
    let number = parts.next()?.parse().ok()?;
    Some((descending, (at, ingested, parts.next()?.into(), number)))
}

impl Operation for FilterLogEvents {
    const NAME: &'static str = "FilterLogEvents";
    type In = FilterLogEventsIn;
    type Out = FilterLogEventsOut;
    type Error = LogsError;
}

impl Read for FilterLogEvents {
    fn run(view: &View<'_>, input: FilterLogEventsIn) -> Result<FilterLogEventsOut, LogsError> {
        let group =
            asked_group(view, input.log_group_name.as_deref(), input.log_group_identifier.as_deref())?;
        if input.log_stream_names.is_some() && input.log_stream_name_prefix.is_some() {
            return Err(LogsError::NamesAndPrefix);
        }
        let time = |asked: Option<i64>| asked.map(SimTime::from_millis);
        let (start, end) = (time(input.start_time), time(input.end_time));
        if start.zip(end).is_some_and(|(start, end)| start > end) {
            return Err(LogsError::BadRange);
        }
        let pattern = Pattern::parse(input.filter_pattern.as_deref().unwrap_or_default())?;
        let resumed = match &input.next_token {
            Some(token) => Some(parse_token(token).ok_or(LogsError::BadToken)?),
            None => None,
        };
        let descending = match &resumed {
            Some((descending, _)) => *descending,
            None => input.start_from_head == Some(false),
        };
        if descending && start.is_none_or(|start| start < DESCENDING_FROM) {
            return Err(LogsError::DescendingFromEarly);
        }
        let streams: Vec<&Arc<LogStream>> = match &input.log_stream_names {
            Some(names) => {
                let mut names: Vec<_> = names.iter().collect();
                names.sort();
                names.dedup();
                names
                    .into_iter()
                    .map(|name| find_stream(view.state, group, name))
                    .collect::<Result<_, _>>()?
            }
            None => {
                let prefix = input.log_stream_name_prefix.as_deref().unwrap_or_default();
                view.state
                    .streams_of(&group.name)
                    .filter(|stream| stream.key.name.starts_with(prefix))
                    .collect()
            }
        };
        // "Events with a timestamp later than this time are not returned."
        let mut from = EventKey::before(start.unwrap_or_default());
        let mut to = EventKey::after(end.unwrap_or(SimTime::NEVER));
        match &resumed {
            Some((false, place)) => from = from.max(EventKey::before(place.0)),
            Some((true, place)) => to = to.min(EventKey::after(place.0)),
            None => {}
        }
        let beyond = |found: &Found<'_>| match &resumed {
            None => true,
            Some((false, place)) => found.place() > *place,
            Some((true, place)) => found.place() < *place,
        };
        let sources = streams.into_iter().map(|stream| {
            let events = stream.seen(group, view.now, from, to);
            let events: Box<dyn Iterator<Item = &LogEvent>> =
                if descending { Box::new(events.rev()) } else { Box::new(events) };
            (&**stream, events)
        });
        let found = Merged::new(sources.collect(), descending)
            .filter(|found| beyond(found) && pattern.matches(&found.event.message));
        let (events, more) = event::page(found, input.limit, |found| found.event.bytes());
        let next_token = events.last().filter(|_| more).map(|last| token(descending, &last.place()));
        Ok(FilterLogEventsOut {
            events: events.iter().map(Found::printed).collect(),
            searched_log_streams: [],
            next_token,
        })
    }
}

/// The events of several streams, each in order, in one order.
struct Merged<'a, I> {
    sources: Vec<(&'a LogStream, I)>,
    /// The next event of each source that has one.
    heads: BTreeMap<Place, (usize, Found<'a>)>,
    descending: bool,
}

impl<'a, I: Iterator<Item = &'a LogEvent>> Merged<'a, I> {
    fn new(sources: Vec<(&'a LogStream, I)>, descending: bool) -> Self {
        let count = sources.len();
        let mut merged = Self { sources, heads: BTreeMap::new(), descending };
        (0..count).for_each(|i| merged.pull(i));
        merged
    }

    fn pull(&mut self, i: usize) {
        if let Some((stream, events)) = self.sources.get_mut(i)
            && let Some(event) = events.next()
        {
            let found = Found { stream, event };
            self.heads.insert(found.place(), (i, found));
        }
    }
}

impl<'a, I: Iterator<Item = &'a LogEvent>> Iterator for Merged<'a, I> {
    type Item = Found<'a>;

    fn next(&mut self) -> Option<Found<'a>> {
        let head = if self.descending { self.heads.pop_last() } else { self.heads.pop_first() };
        let (_, (i, found)) = head?;
        self.pull(i);
        Some(found)
    }
}
