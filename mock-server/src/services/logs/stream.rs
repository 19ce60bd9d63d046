//! Streams.

use super::group_list::MOST;
use super::{LogsError, asked_group, find_group, find_stream, group_arn, put};
use crate::model::{LogGroup, LogStream, StreamKey, Txn};
use crate::services::{Caller, Done, Operation, Read, View, Write, page};
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::sync::Arc;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StreamIn {
    log_group_name: String,
    log_stream_name: String,
}

pub struct CreateLogStream;

impl Operation for CreateLogStream {
    const NAME: &'static str = "CreateLogStream";
    type In = StreamIn;
    type Out = Done;
    type Error = LogsError;
}

impl Write for CreateLogStream {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: StreamIn) -> Result<Done, LogsError> {
        let group = find_group(&txn.state, &input.log_group_name)?.name.clone();
        let key = StreamKey { group, name: input.log_stream_name.into() };
        if txn.state.log_streams.contains(&key) {
            return Err(LogsError::StreamExists);
        }
        txn.state.log_streams.insert(LogStream::new(key, txn.now));
        Ok(Done {})
    }
}

pub struct DeleteLogStream;

impl Operation for DeleteLogStream {
    const NAME: &'static str = "DeleteLogStream";
    type In = StreamIn;
    type Out = Done;
    type Error = LogsError;
}

impl Write for DeleteLogStream {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: StreamIn) -> Result<Done, LogsError> {
        let group = find_group(&txn.state, &input.log_group_name)?;
        let key = find_stream(&txn.state, group, &input.log_stream_name)?.key.clone();
        txn.state.log_streams.remove(&key);
        Ok(Done {})
    }
}

pub struct DescribeLogStreams;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeLogStreamsIn {
    log_group_name: Option<String>,
    log_group_identifier: Option<String>,
    log_stream_name_prefix: Option<String>,
    order_by: Option<String>,
    descending: Option<bool>,
    next_token: Option<String>,
    limit: Option<usize>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeLogStreamsOut {
    log_streams: Vec<Described>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Described {
    log_stream_name: Arc<str>,
    creation_time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_event_timestamp: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_event_timestamp: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_ingestion_time: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    upload_sequence_token: Option<String>,
    arn: String,
    /// "As of June 17, 2019, always reported as zero."
    stored_bytes: u64,
}

impl Described {
    fn new(view: &View<'_>, group: &LogGroup, stream: &LogStream) -> Self {
        let mut seen = stream.all_seen(group, view.now);
        let first = seen.next().map(|event| event.at.millis());
        let last = seen.next_back().map(|event| event.at.millis()).or(first);
        let ingested = stream.last_ingested(view.now);
        Self {
            log_stream_name: stream.key.name.clone(),
            creation_time: stream.created.millis(),
            first_event_timestamp: first,
            last_event_timestamp: last,
            last_ingestion_time: ingested.map(|at| at.millis()),
            upload_sequence_token: ingested.map(|_| put::sequence_token(stream)),
            arn: format!("{}:log-stream:{}", group_arn(view.caller, &group.name), stream.key.name),
            stored_bytes: 0,
        }
    }
}

/// Where a stream stands in a list: by the time of its last event, if that is the order, and by its name. Streams without
/// events come before all others; that it is so is assumed.
type Place = (i64, Arc<str>);

fn place_in(token: &str) -> Option<Place> {
    let key = page::key_of(token)?;
    let (time, name) = key.split_once('/')?;
    Some((time.parse().ok()?, name.into()))
}

impl Operation for DescribeLogStreams {
    const NAME: &'static str = "DescribeLogStreams";
    type In = DescribeLogStreamsIn;
    type Out = DescribeLogStreamsOut;
    type Error = LogsError;
}

impl Read for DescribeLogStreams {
    fn run(view: &View<'_>, input: DescribeLogStreamsIn) -> Result<DescribeLogStreamsOut, LogsError> {
        let group =
            asked_group(view, input.log_group_name.as_deref(), input.log_group_identifier.as_deref())?;
        let by_time = input.order_by.as_deref() == Some("LastEventTime");
        if by_time && input.log_stream_name_prefix.is_some() {
            return Err(LogsError::OrderWithPrefix);
        }
        let after = match &input.next_token {
            Some(token) => Some(place_in(token).ok_or(LogsError::BadToken)?),
            None => None,
        };
        let prefix = input.log_stream_name_prefix.as_deref().unwrap_or_default();
        let streams = view.state.streams_of(&group.name).filter(|stream| stream.key.name.starts_with(prefix));
        let place = |stream: &LogStream| -> Place {
            let last = || stream.all_seen(group, view.now).next_back().map(|event| event.at.millis());
            (if by_time { last().unwrap_or(i64::MIN) } else { 0 }, stream.key.name.clone())
        };
        let mut rows: Vec<_> = streams.map(|stream| (place(stream), stream)).collect();
        let descending = input.descending.unwrap_or_default();
        if descending {
            rows.sort_by(|(a, _), (b, _)| Reverse(a).cmp(&Reverse(b)));
        } else {
            rows.sort_by(|(a, _), (b, _)| a.cmp(b));
        }
        let rows = rows.into_iter().filter(|(place, _)| match &after {
            None => true,
            Some(after) if descending => place < after,
            Some(after) => place > after,
        });
        let key = |((time, name), _): &(Place, _)| format!("{time}/{name}");
        let (rows, next_token) = page::cut(rows, input.limit.unwrap_or(MOST), key);
        let log_streams = rows.into_iter().map(|(_, stream)| Described::new(view, group, stream)).collect();
        Ok(DescribeLogStreamsOut { log_streams, next_token })
    }
}
