//! GetLogEvents: the events of a stream, page by page in both directions.

use super::{LogsError, asked_group, find_stream};
use crate::kernel::SimTime;
use crate::model::{EventKey, LogEvent};
use crate::services::{Operation, Read, View};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Events and bytes of a page. Source: API reference, GetLogEvents.
pub(super) const MOST_EVENTS: usize = 10_000;
pub(super) const MOST_BYTES: usize = 1_048_576;

pub struct GetLogEvents;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GetLogEventsIn {
    log_group_name: Option<String>,
    log_group_identifier: Option<String>,
    log_stream_name: String,
    start_time: Option<i64>,
    end_time: Option<i64>,
    next_token: Option<String>,
    limit: Option<usize>,
    start_from_head: Option<bool>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GetLogEventsOut {
    events: Vec<Printed>,
    next_forward_token: String,
    next_backward_token: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Printed {
    timestamp: i64,
    message: Arc<str>,
    ingestion_time: i64,
}

/// A place between two events, and the way from there.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Cursor {
    /// On with what comes after this event.
    Forward(EventKey),
    /// On with what comes before it.
    Backward(EventKey),
}

impl Cursor {
    /// As AWS's tokens look: a direction and 56 digits, here two times and a number.
    fn token(self) -> String {
        let (way, key) = match self {
            Cursor::Forward(key) => ('f', key),
            Cursor::Backward(key) => ('b', key),
        };
        let time = |at: SimTime| at.millis().max(0);
        format!("{way}/3{:016}{:016}{:023}/s", time(key.at), time(key.ingested), key.number)
    }

    fn parse(token: &str) -> Option<Self> {
        let (way, rest) = token.split_at_checked(2)?;
        let digits = rest.strip_prefix('3')?.strip_suffix("/s").filter(|digits| digits.len() == 55)?;
        let (at, rest) = digits.split_at_checked(16)?;
        let (ingested, number) = rest.split_at_checked(16)?;
        let time = |digits: &str| digits.parse().ok().map(SimTime::from_millis);
        let key = EventKey { at: time(at)?, ingested: time(ingested)?, number: number.parse().ok()? };
        match way {
            "f/" => Some(Cursor::Forward(key)),
            "b/" => Some(Cursor::Backward(key)),
            _ => None,
        }
    }
}

/// The first of some events that fit on a page, and whether there are more.
pub(super) fn page<T>(
    events: impl Iterator<Item = T>,
    limit: Option<usize>,
    bytes: impl Fn(&T) -> usize,
) -> (Vec<T>, bool) {
    let most = limit.unwrap_or(MOST_EVENTS).min(MOST_EVENTS);
    let (mut page, mut used) = (Vec::new(), 0);
    for event in events {
        used += bytes(&event);
        // The first one always fits, so that there is a way past it.
        if page.len() == most || (used > MOST_BYTES && !page.is_empty()) {
            return (page, true);
        }
        page.push(event);
    }
    (page, false)
}

impl Operation for GetLogEvents {
    const NAME: &'static str = "GetLogEvents";
    type In = GetLogEventsIn;
    type Out = GetLogEventsOut;
    type Error = LogsError;
}

impl Read for GetLogEvents {
    fn run(view: &View<'_>, input: GetLogEventsIn) -> Result<GetLogEventsOut, LogsError> {
        let group =
            asked_group(view, input.log_group_name.as_deref(), input.log_group_identifier.as_deref())?;
        let stream = find_stream(view.state, group, &input.log_stream_name)?;
        let start = EventKey::before(SimTime::from_millis(input.start_time.unwrap_or(0)));
        // "Events with a timestamp equal to or later than this time are not included."
        let end = input.end_time.map_or(SimTime::NEVER, SimTime::from_millis);
        let end = EventKey::before(end);
        let asked = input.next_token.as_deref();
        let cursor = match asked {
            Some(token) => Some(Cursor::parse(token).ok_or(LogsError::BadToken)?),
            None => None,
        };
        let seen = |from: EventKey, to: EventKey| stream.seen(group, view.now, from.max(start), to.min(end));
        // A token has its own direction: what is asked beside it counts for the first page only.
        let cursor = cursor.unwrap_or(match input.start_from_head {
            Some(true) => Cursor::Forward(EventKey::default()),
            _ => Cursor::Backward(EventKey::before(SimTime::NEVER)),
        });
        let bytes = |event: &&LogEvent| event.bytes();
        let events = match cursor {
            Cursor::Forward(key) => page(seen(key.next(), end), input.limit, bytes).0,
            Cursor::Backward(key) => {
                let (mut events, _) = page(seen(start, key).rev(), input.limit, bytes);
                events.reverse();
                events
            }
        };
        let (forward, backward) = match (events.first(), events.last(), cursor) {
            (Some(first), Some(last), _) => (last.key(), first.key()),
            // Nothing there: both ways go on from the same place, and nothing is skipped.
            (.., Cursor::Forward(key)) => (key, key.next()),
            // Nothing at all yet: whatever comes is ahead.
            (.., Cursor::Backward(key)) if key.at == SimTime::NEVER => {
                (EventKey::default(), EventKey::default().next())
            }
            (.., Cursor::Backward(key)) => (EventKey { number: key.number.saturating_sub(1), ..key }, key),
        };
        let printed = |event: &LogEvent| Printed {
            timestamp: event.at.millis(),
            message: event.message.clone(),
            ingestion_time: event.ingested.millis(),
        };
        Ok(GetLogEventsOut {
            events: events.into_iter().map(printed).collect(),
            next_forward_token: Cursor::Forward(forward).token(),
            next_backward_token: Cursor::Backward(backward).token(),
        })
    }
}
