//! PutLogEvents.

use super::{LogsError, find_group, find_stream};
use crate::kernel::{SimTime, digest};
use crate::model::{LogStream, Txn};
use crate::services::{Caller, Operation, Write};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

/// Bytes of a batch and of an event, each with [`EVENT_OVERHEAD`](crate::model::log::EVENT_OVERHEAD) for an event.
const MOST_BYTES: usize = 1_048_576;
const HOUR: Duration = Duration::from_secs(3_600);
/// How far ahead of now an event may be, how far back, and how far from another one of its batch.
const AHEAD: Duration = Duration::from_secs(2 * 3_600);
const BACK: Duration = Duration::from_secs(14 * 24 * 3_600);
const SPAN: Duration = Duration::from_secs(24 * HOUR.as_secs());

pub struct PutLogEvents;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PutLogEventsIn {
    log_group_name: String,
    log_stream_name: String,
    log_events: Vec<InputLogEvent>,
    /// "The sequence token is now ignored": on AWS too.
    #[serde(rename = "sequenceToken")]
    _sequence_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct InputLogEvent {
    timestamp: i64,
    message: Arc<str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PutLogEventsOut {
    next_sequence_token: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    rejected_log_events_info: Option<Rejected>,
}

/// Which events of a batch were left out. The one index is inclusive and the others are exclusive: API reference,
/// RejectedLogEventsInfo.
#[derive(Serialize, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
struct Rejected {
    #[serde(skip_serializing_if = "Option::is_none")]
    too_new_log_event_start_index: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    too_old_log_event_end_index: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expired_log_event_end_index: Option<usize>,
}

/// A token that nobody looks at: 56 digits, as AWS's are.
pub(super) fn sequence_token(stream: &LogStream) -> String {
    let bits = digest(0, &[stream.key.group.as_bytes(), b"\0", stream.key.name.as_bytes()]);
    format!("496{:017}{:036}", bits % 100_000_000_000_000_000, stream.count())
}

impl Operation for PutLogEvents {
    const NAME: &'static str = "PutLogEvents";
    type In = PutLogEventsIn;
    type Out = PutLogEventsOut;
    type Error = LogsError;
}

impl Write for PutLogEvents {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: PutLogEventsIn) -> Result<PutLogEventsOut, LogsError> {
        let now = txn.now;
        let group = find_group(&txn.state, &input.log_group_name)?.clone();
        let mut stream = LogStream::clone(find_stream(&txn.state, &group, &input.log_stream_name)?);
        let events = input.log_events;
        check(&events)?;
        let at = |event: &InputLogEvent| SimTime::from_millis(event.timestamp);
        // In order, so that each bound cuts the batch in two.
        let before = |bound: SimTime| events.partition_point(|event| at(event) < bound);
        let back = SimTime::from_millis(now.millis() - millis(BACK));
        let (old, new) = (before(back), events.partition_point(|event| at(event) <= now + AHEAD));
        let expired = events.partition_point(|event| at(event) <= group.expired_until(now));
        let taken = events.get(old.max(expired)..new).unwrap_or_default();
        if let [first, .., last] = taken
            && at(last).since(at(first)) > SPAN
        {
            return Err(LogsError::LongSpan);
        }
        stream.expire(&group, now);
        for event in taken {
            stream.add(at(event), now, event.message.clone());
        }
        let rejected = Rejected {
            too_new_log_event_start_index: (new < events.len()).then_some(new),
            too_old_log_event_end_index: (old > 0).then_some(old),
            // What is too old for any group is not called expired too: assumed.
            expired_log_event_end_index: (expired > old).then_some(expired),
        };
        let out = PutLogEventsOut {
            next_sequence_token: sequence_token(&stream),
            rejected_log_events_info: Some(rejected).filter(|rejected| *rejected != Rejected::default()),
        };
        txn.state.log_streams.insert(stream);
        Ok(out)
    }
}

fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

/// What a batch is held to as a whole. Source: API reference, PutLogEvents; that order is looked at first is assumed.
fn check(events: &[InputLogEvent]) -> Result<(), LogsError> {
    if !events.is_sorted_by_key(|event| event.timestamp) {
        return Err(LogsError::NotChronological);
    }
    let sizes = events.iter().map(|event| event.message.len() + crate::model::log::EVENT_OVERHEAD);
    if let Some(bytes) = sizes.clone().find(|bytes| *bytes > MOST_BYTES) {
        return Err(LogsError::EventTooLarge { bytes, limit: MOST_BYTES });
    }
    let bytes = sizes.sum();
    if bytes > MOST_BYTES {
        return Err(LogsError::BatchTooLarge { bytes, limit: MOST_BYTES });
    }
    Ok(())
}
