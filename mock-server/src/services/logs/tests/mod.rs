//! Groups, streams and events, in an account in memory.

mod pages;

use super::event::GetLogEvents;
use super::filter::FilterLogEvents;
use super::group::*;
use super::group_list::DescribeLogGroups;
use super::policy::*;
use super::put::PutLogEvents;
use super::stream::*;
use super::tags::*;
use crate::model::{Profile, log};
use crate::services::lab::Lab;
use crate::services::{Read, Refused, Write};
use serde_json::{Value, json};
use std::time::Duration;

const DAY: i64 = 24 * 3_600 * 1_000;

struct Logs(Lab);

impl Logs {
    fn new() -> Self {
        Self(Lab::new(Profile::Fast))
    }

    /// With the group `g` and its stream `s`.
    fn with_stream() -> Self {
        let logs = Self::new();
        logs.write::<CreateLogGroup>(json!({ "logGroupName": "g" }));
        logs.write::<CreateLogStream>(stream("s"));
        logs
    }

    fn now(&self) -> i64 {
        self.0.now().millis()
    }

    fn write<O: Write>(&self, input: Value) -> Value {
        self.try_write::<O>(input).unwrap()
    }

    fn try_write<O: Write>(&self, input: Value) -> Result<Value, Refused> {
        let before = format!("{:?}", self.0.state().log_streams.iter().collect::<Vec<_>>());
        let done = self.0.write::<O>(input);
        let state = self.0.state();
        assert_eq!(state.broken_invariants(), Vec::<String>::new());
        if done.is_err() {
            assert_eq!(before, format!("{:?}", state.log_streams.iter().collect::<Vec<_>>()));
        }
        done
    }

    fn refuse<O: Write>(&self, input: Value) -> (String, String) {
        told(self.try_write::<O>(input))
    }

    fn read<O: Read>(&self, input: Value) -> Value {
        self.0.read::<O>(input).unwrap()
    }

    fn refuse_read<O: Read>(&self, input: Value) -> (String, String) {
        told(self.0.read::<O>(input))
    }

    /// Writes events of these times, relative to now, that say their times.
    fn put(&self, name: &str, times: &[i64]) -> Value {
        let event = |at: &i64| json!({ "timestamp": self.now() + at, "message": at.to_string() });
        let mut input = stream(name);
        input["logEvents"] = times.iter().map(event).collect();
        self.write::<PutLogEvents>(input)
    }

    fn get(&self, name: &str, more: Value) -> Value {
        self.read::<GetLogEvents>(with(stream(name), more))
    }

    fn filter(&self, more: Value) -> Value {
        self.read::<FilterLogEvents>(with(json!({ "logGroupName": "g" }), more))
    }

    fn group(&self) -> Value {
        self.read::<DescribeLogGroups>(json!({ "logGroupNamePrefix": "g" }))["logGroups"][0].clone()
    }

    fn stream(&self, name: &str) -> Value {
        let input = json!({ "logGroupName": "g", "logStreamNamePrefix": name });
        self.read::<DescribeLogStreams>(input)["logStreams"][0].clone()
    }
}

fn told(result: Result<Value, Refused>) -> (String, String) {
    let refused = result.expect_err("it is refused");
    assert_eq!(refused.status, 400);
    (refused.code.into_owned(), refused.message)
}

fn stream(name: &str) -> Value {
    json!({ "logGroupName": "g", "logStreamName": name })
}

fn with(mut input: Value, more: Value) -> Value {
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    input
}

fn messages(told: &Value) -> Vec<&str> {
    told["events"].as_array().unwrap().iter().map(|event| event["message"].as_str().unwrap()).collect()
}

fn is(code: &str, message: &str) -> (String, String) {
    (code.into(), message.into())
}

#[test]
fn a_group_is_told_with_its_arns() {
    let logs = Logs::new();
    logs.write::<CreateLogGroup>(json!({ "logGroupName": "g", "tags": { "a": "b" } }));
    let arn = "arn:aws:logs:us-east-1:123456789012:log-group:g";
    let expected = json!({
        "logGroupName": "g", "creationTime": logs.now(), "metricFilterCount": 0, "arn": format!("{arn}:*"),
        "storedBytes": 0, "logGroupClass": "STANDARD", "logGroupArn": arn, "deletionProtectionEnabled": false,
    });
    assert_eq!(logs.group(), expected);
    logs.write::<PutRetentionPolicy>(json!({ "logGroupName": "g", "retentionInDays": 7 }));
    assert_eq!(logs.group()["retentionInDays"], 7);
    logs.write::<DeleteRetentionPolicy>(json!({ "logGroupName": "g" }));
    assert_eq!(logs.group(), expected);
    let key = "arn:aws:kms:us-east-1:123456789012:key/k";
    logs.write::<AssociateKmsKey>(json!({ "logGroupName": "g", "kmsKeyId": key }));
    assert_eq!(logs.group()["kmsKeyId"], key);
    logs.write::<DisassociateKmsKey>(json!({ "resourceIdentifier": arn }));
    assert_eq!(logs.group(), expected);
    // What is found by a part of its name is told with less.
    let brief = logs.read::<DescribeLogGroups>(json!({ "logGroupNamePattern": "g" }));
    assert_eq!(brief["logGroups"][0].as_object().unwrap().len(), 6);
}

#[test]
fn groups_are_listed_page_by_page() {
    let logs = Logs::new();
    for name in ["b/1", "a/2", "B", "a/1"] {
        logs.write::<CreateLogGroup>(json!({ "logGroupName": name }));
    }
    let ia = json!({ "logGroupName": "c", "logGroupClass": "INFREQUENT_ACCESS" });
    logs.write::<CreateLogGroup>(ia);
    let names = |input: Value| {
        let told = logs.read::<DescribeLogGroups>(input);
        let names: Vec<_> =
            told["logGroups"].as_array().unwrap().iter().map(|row| row["logGroupName"].clone()).collect();
        (json!(names), told["nextToken"].clone())
    };
    let all = json!(["B", "a/1", "a/2", "b/1", "c"]);
    assert_eq!(names(json!({})), (all, Value::Null));
    let (first, token) = names(json!({ "limit": 2 }));
    assert_eq!(first, json!(["B", "a/1"]));
    assert_eq!(names(json!({ "limit": 3, "nextToken": token })), (json!(["a/2", "b/1", "c"]), Value::Null));
    assert_eq!(names(json!({ "logGroupNamePrefix": "a" })).0, json!(["a/1", "a/2"]));
    assert_eq!(names(json!({ "logGroupNamePattern": "/1" })).0, json!(["a/1", "b/1"]));
    assert_eq!(names(json!({ "logGroupClass": "ESSENTIALS" })).0, json!(["c"]));
    let arn = "arn:aws:logs:us-east-1:123456789012:log-group:a/2";
    assert_eq!(names(json!({ "logGroupIdentifiers": ["B", arn] })).0, json!(["B", "a/2"]));
}

#[test]
fn what_groups_and_streams_are_refused_for() {
    let logs = Logs::with_stream();
    let group = |name: &str| json!({ "logGroupName": name });
    let invalid = |text: &str| is("InvalidParameterException", text);
    let gone =
        |what: &str| is("ResourceNotFoundException", &format!("The specified log {what} does not exist."));
    let exists = |what: &str| {
        is("ResourceAlreadyExistsException", &format!("The specified log {what} already exists"))
    };
    assert_eq!(logs.refuse::<CreateLogGroup>(group("g")), exists("group"));
    assert_eq!(logs.refuse::<CreateLogStream>(stream("s")), exists("stream"));
    assert_eq!(
        logs.refuse::<CreateLogGroup>(group("aws/x")),
        invalid("Log groups starting with AWS/ are reserved for AWS.")
    );
    assert_eq!(logs.refuse::<DeleteLogGroup>(group("x")), gone("group"));
    assert_eq!(logs.refuse::<DeleteLogStream>(stream("x")), gone("stream"));
    assert_eq!(logs.refuse::<DeleteRetentionPolicy>(group("x")), gone("group"));
    let days = logs.refuse::<PutRetentionPolicy>(json!({ "logGroupName": "g", "retentionInDays": 2 }));
    assert!(days.1.contains("Value '2' at 'retentionInDays'") && days.1.ends_with("3288, 3653]"), "{days:?}");
    assert_eq!(
        logs.refuse_read::<DescribeLogGroups>(
            json!({ "logGroupNamePrefix": "a", "logGroupNamePattern": "b" })
        ),
        invalid("LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.")
    );
    let both = json!({ "logGroupName": "g", "logGroupIdentifier": "g" });
    let exclusive =
        is("ValidationException", "LogGroup name and LogGroup ARN are mutually exclusive parameters.");
    assert_eq!(logs.refuse_read::<DescribeLogStreams>(both.clone()), exclusive);
    assert_eq!(logs.refuse_read::<FilterLogEvents>(both), exclusive);
    assert_eq!(logs.refuse_read::<DescribeLogStreams>(json!({})).0, "InvalidParameterException");
    assert_eq!(
        logs.refuse_read::<DescribeLogStreams>(
            json!({ "logGroupName": "g", "orderBy": "LastEventTime", "logStreamNamePrefix": "x" })
        ),
        invalid("Cannot order by LastEventTime with a logStreamNamePrefix.")
    );
    let token = json!({ "logGroupName": "g", "nextToken": "!" });
    for refused in [
        logs.refuse_read::<DescribeLogGroups>(json!({ "nextToken": "!" })),
        logs.refuse_read::<DescribeLogStreams>(token.clone()),
        logs.refuse_read::<FilterLogEvents>(token),
        logs.refuse_read::<GetLogEvents>(with(stream("s"), json!({ "nextToken": "f/1" }))),
        logs.refuse_read::<DescribeResourcePolicies>(json!({ "nextToken": "!" })),
    ] {
        assert_eq!(refused, invalid("The specified nextToken is invalid."));
    }
    let elsewhere = "arn:aws:logs:eu-west-1:123456789012:log-group:g";
    assert_eq!(
        logs.refuse_read::<DescribeLogStreams>(json!({ "logGroupIdentifier": elsewhere })),
        gone("group")
    );
    assert_eq!(logs.refuse_read::<GetLogEvents>(stream("x")), gone("stream"));
    let names = json!({ "logGroupName": "g", "logStreamNames": ["s", "x"] });
    assert_eq!(logs.refuse_read::<FilterLogEvents>(names), gone("stream"));
    let names = json!({ "logGroupName": "g", "logStreamNames": ["s"], "logStreamNamePrefix": "s" });
    assert_eq!(logs.refuse_read::<FilterLogEvents>(names).0, "InvalidParameterException");
    let early = json!({ "logGroupName": "g", "startFromHead": false });
    assert_eq!(logs.refuse_read::<FilterLogEvents>(early).0, "InvalidParameterException");
    let pattern = json!({ "logGroupName": "g", "filterPattern": "a:b" });
    assert_eq!(logs.refuse_read::<FilterLogEvents>(pattern), invalid("Invalid character(s) in term ':'"));
}

#[test]
fn a_protected_group_stays() {
    let logs = Logs::with_stream();
    let protect = |on: bool| json!({ "logGroupIdentifier": "g", "deletionProtectionEnabled": on });
    logs.write::<PutLogGroupDeletionProtection>(protect(true));
    assert_eq!(logs.refuse::<DeleteLogGroup>(json!({ "logGroupName": "g" })).0, "ValidationException");
    logs.write::<PutLogGroupDeletionProtection>(protect(false));
    logs.write::<DeleteLogGroup>(json!({ "logGroupName": "g" }));
    assert!(logs.0.state().log_groups.is_empty() && logs.0.state().log_streams.is_empty());
}

#[test]
fn a_batch_is_held_to_its_bounds() {
    let logs = Logs::with_stream();
    let now = logs.now();
    let event = |at: i64, bytes: usize| json!({ "timestamp": now + at, "message": "x".repeat(bytes) });
    let refuse =
        |events: Value| logs.refuse::<PutLogEvents>(with(stream("s"), json!({ "logEvents": events })));
    let invalid = |text: &str| is("InvalidParameterException", text);
    let order = "Log events in a single PutLogEvents request must be in chronological order.";
    assert_eq!(refuse(json!([event(1, 1), event(0, 1)])), invalid(order));
    let span = "The batch of log events in a single PutLogEvents request cannot span more than 24 hours.";
    assert_eq!(refuse(json!([event(-DAY - 1, 1), event(0, 1)])), invalid(span));
    let large = "Upload too large: 1048577 bytes exceeds limit of 1048576";
    assert_eq!(refuse(json!([event(0, 524_262), event(0, 524_263)])), invalid(large));
    let larger = "Log event too large: 1048577 bytes exceeds limit of 1048576";
    assert_eq!(refuse(json!([event(0, 1_048_551)])), invalid(larger));
    logs.write::<PutLogEvents>(with(
        stream("s"),
        json!({ "logEvents": [event(-DAY, 524_262), event(0, 524_262)] }),
    ));
    assert_eq!(logs.group()["storedBytes"], 1_048_576);
    assert_eq!(logs.stream("s")["storedBytes"], 0);
}

#[test]
fn what_is_too_old_or_too_new_is_left_out_and_told() {
    let logs = Logs::with_stream();
    let rejected = |times: &[i64]| logs.put("s", times)["rejectedLogEventsInfo"].clone();
    assert_eq!(rejected(&[-14 * DAY]), Value::Null);
    assert_eq!(rejected(&[2 * 3_600_000]), Value::Null);
    assert_eq!(rejected(&[-14 * DAY - 1]), json!({ "tooOldLogEventEndIndex": 1 }));
    assert_eq!(rejected(&[0, 2 * 3_600_000 + 1]), json!({ "tooNewLogEventStartIndex": 1 }));
    // The span is that of what is taken.
    let both = json!({ "tooOldLogEventEndIndex": 2, "tooNewLogEventStartIndex": 3 });
    assert_eq!(rejected(&[-20 * DAY, -15 * DAY, 1, 3 * DAY]), both);
    logs.write::<PutRetentionPolicy>(json!({ "logGroupName": "g", "retentionInDays": 1 }));
    assert_eq!(rejected(&[-DAY, 2]), json!({ "expiredLogEventEndIndex": 1 }));
    let both = json!({ "tooOldLogEventEndIndex": 1, "expiredLogEventEndIndex": 2 });
    assert_eq!(rejected(&[-15 * DAY, -2 * DAY, 3]), both);
    let (first, second) = (logs.put("s", &[4]), logs.put("s", &[5]));
    assert_eq!(first["nextSequenceToken"].as_str().unwrap().len(), 56);
    assert_ne!(first, second);
    assert_eq!(messages(&logs.get("s", json!({}))), ["0", "1", "2", "3", "4", "5", "7200000"]);
}

#[test]
fn events_expire_and_come_back_no_more() {
    let logs = Logs::with_stream();
    logs.write::<PutRetentionPolicy>(json!({ "logGroupName": "g", "retentionInDays": 1 }));
    logs.put("s", &[-1_000, 0]);
    logs.0.advance(DAY as u64 - 1_000);
    assert_eq!(messages(&logs.get("s", json!({}))), ["0"]);
    assert_eq!(messages(&logs.filter(json!({}))), ["0"]);
    assert_eq!(logs.group()["storedBytes"], 27);
    logs.0.advance(1_000);
    assert_eq!(messages(&logs.get("s", json!({}))), [""; 0]);
    assert_eq!(
        (logs.group()["storedBytes"].clone(), logs.stream("s").get("lastEventTimestamp")),
        (json!(0), None)
    );
    logs.write::<PutRetentionPolicy>(json!({ "logGroupName": "g", "retentionInDays": 30 }));
    assert_eq!(messages(&logs.filter(json!({}))), [""; 0]);
    assert_eq!(
        logs.0
            .state()
            .log_streams
            .iter()
            .map(|stream| stream.stored(&log_group(&logs), logs.0.now()))
            .sum::<u64>(),
        0
    );
}

fn log_group(logs: &Logs) -> crate::model::LogGroup {
    crate::model::LogGroup::clone(logs.0.state().log_groups.iter().next().unwrap())
}

#[test]
fn a_stream_tells_its_times() {
    let logs = Logs::with_stream();
    let now = logs.now();
    let arn = "arn:aws:logs:us-east-1:123456789012:log-group:g:log-stream:s";
    let expected = json!({ "logStreamName": "s", "creationTime": now, "arn": arn, "storedBytes": 0 });
    assert_eq!(logs.stream("s"), expected);
    logs.put("s", &[-10, 10]);
    logs.0.advance(100);
    logs.put("s", &[-200]);
    let told = logs.stream("s");
    let times = ["firstEventTimestamp", "lastEventTimestamp", "lastIngestionTime"]
        .map(|name| told[name].as_i64().unwrap() - now);
    assert_eq!(times, [-100, 10, 100]);
    logs.write::<DeleteLogStream>(stream("s"));
    assert_eq!(logs.stream("s"), Value::Null);
}

#[test]
fn streams_are_listed_by_name_or_by_time() {
    let logs = Logs::with_stream();
    for name in ["a", "b", "sb"] {
        logs.write::<CreateLogStream>(stream(name));
    }
    logs.put("b", &[3]);
    logs.put("a", &[5]);
    logs.put("s", &[5]);
    let names = |more: Value| {
        let mut names = Vec::new();
        let mut token = Value::Null;
        loop {
            let page = with(json!({ "logGroupName": "g", "limit": 1, "nextToken": token }), more.clone());
            let told = logs.read::<DescribeLogStreams>(page);
            names.extend(
                told["logStreams"].as_array().unwrap().iter().map(|row| row["logStreamName"].clone()),
            );
            token = told["nextToken"].clone();
            if token.is_null() {
                return json!(names);
            }
        }
    };
    assert_eq!(names(json!({})), json!(["a", "b", "s", "sb"]));
    assert_eq!(names(json!({ "descending": true })), json!(["sb", "s", "b", "a"]));
    assert_eq!(names(json!({ "logStreamNamePrefix": "s" })), json!(["s", "sb"]));
    assert_eq!(names(json!({ "orderBy": "LastEventTime" })), json!(["sb", "b", "a", "s"]));
    assert_eq!(
        names(json!({ "orderBy": "LastEventTime", "descending": true })),
        json!(["s", "a", "b", "sb"])
    );
}

#[test]
fn events_are_read_in_both_directions() {
    let logs = Logs::with_stream();
    let empty = logs.get("s", json!({ "startFromHead": true }));
    let (forward, backward) = (empty["nextForwardToken"].clone(), empty["nextBackwardToken"].clone());
    assert_eq!(forward.as_str().unwrap().len(), 60);
    logs.put("s", &[1, 2, 3, 4, 5]);
    let next = |token: &Value, limit: usize| logs.get("s", json!({ "nextToken": token, "limit": limit }));
    assert_eq!(messages(&next(&forward, 9)), ["1", "2", "3", "4", "5"], "what came later is ahead");
    assert_eq!(messages(&next(&backward, 9)), [""; 0]);

    let last = logs.get("s", json!({ "limit": 2 }));
    assert_eq!(messages(&last), ["4", "5"]);
    let end = next(&last["nextForwardToken"], 2);
    assert_eq!(
        (messages(&end).len(), &end["nextForwardToken"]),
        (0, &last["nextForwardToken"]),
        "it repeats"
    );
    assert_eq!(messages(&next(&end["nextBackwardToken"], 2)), ["4", "5"], "and nothing is skipped");
    let before = next(&last["nextBackwardToken"], 2);
    assert_eq!(messages(&before), ["2", "3"]);
    let first = next(&before["nextBackwardToken"], 2);
    let start = next(&first["nextBackwardToken"], 2);
    assert_eq!((messages(&first), messages(&start).len()), (vec!["1"], 0));
    assert_eq!(start["nextBackwardToken"], first["nextBackwardToken"], "it repeats");
    assert_eq!(messages(&next(&start["nextForwardToken"], 1)), ["1"]);

    let now = logs.now();
    let range = json!({ "startTime": now + 2, "endTime": now + 4 });
    assert_eq!(messages(&logs.get("s", range.clone())), ["2", "3"], "the end is not included");
    assert_eq!(messages(&logs.filter(range)), ["2", "3", "4"], "here it is");
}

#[test]
fn a_page_has_at_most_a_megabyte() {
    let logs = Logs::with_stream();
    for _ in 0..3 {
        let event = json!({ "timestamp": logs.now(), "message": "x".repeat(500_000) });
        logs.write::<PutLogEvents>(with(stream("s"), json!({ "logEvents": [event] })));
    }
    let page = logs.get("s", json!({ "startFromHead": true }));
    assert_eq!(messages(&page).len(), 2);
    assert_eq!(messages(&logs.get("s", json!({ "nextToken": page["nextForwardToken"] }))).len(), 1);
    let page = logs.filter(json!({}));
    assert_eq!(messages(&page).len(), 2);
    let rest = logs.filter(json!({ "nextToken": page["nextToken"] }));
    assert_eq!((messages(&rest).len(), rest.get("nextToken")), (1, None));
}

#[test]
fn several_streams_are_searched_as_one() {
    let logs = Logs::with_stream();
    logs.write::<CreateLogStream>(stream("t"));
    logs.put("s", &[1, 3]);
    logs.put("t", &[2, 3, 4]);
    let told = logs.filter(json!({}));
    let rows = told["events"].as_array().unwrap();
    let row = |row: &Value| {
        format!("{}{}", row["logStreamName"].as_str().unwrap(), row["message"].as_str().unwrap())
    };
    assert_eq!(rows.iter().map(row).collect::<Vec<_>>(), ["s1", "t2", "s3", "t3", "t4"]);
    assert_eq!((told["searchedLogStreams"].clone(), told.get("nextToken")), (json!([]), None));
    let ids: std::collections::BTreeSet<_> =
        rows.iter().map(|row| row["eventId"].as_str().unwrap()).collect();
    assert!(ids.len() == 5 && ids.iter().all(|id| id.len() == 56));
    assert_eq!(messages(&logs.filter(json!({ "logStreamNames": ["t"] }))), ["2", "3", "4"]);
    assert_eq!(messages(&logs.filter(json!({ "logStreamNamePrefix": "s" }))), ["1", "3"]);
    assert_eq!(messages(&logs.filter(json!({ "filterPattern": "?1 ?4" }))), ["1", "4"]);
}

#[test]
fn tags_by_either_operation() {
    let logs = Logs::with_stream();
    let arn = "arn:aws:logs:us-east-1:123456789012:log-group:g";
    logs.write::<TagResource>(json!({ "resourceArn": arn, "tags": { "a": "1", "b": "2" } }));
    logs.write::<TagLogGroup>(json!({ "logGroupName": "g", "tags": { "b": "3", "c": "4" } }));
    let expected = json!({ "tags": { "a": "1", "b": "3", "c": "4" } });
    assert_eq!(logs.read::<ListTagsForResource>(json!({ "resourceArn": arn })), expected);
    assert_eq!(logs.read::<ListTagsLogGroup>(json!({ "logGroupName": "g" })), expected);
    logs.write::<UntagResource>(json!({ "resourceArn": arn, "tagKeys": ["a", "x"] }));
    logs.write::<UntagLogGroup>(json!({ "logGroupName": "g", "tags": ["b"] }));
    assert_eq!(
        logs.read::<ListTagsLogGroup>(json!({ "logGroupName": "g" })),
        json!({ "tags": { "c": "4" } })
    );
    let many: serde_json::Map<_, _> = (0..50).map(|n| (format!("k{n}"), json!(""))).collect();
    assert_eq!(
        logs.refuse::<TagResource>(json!({ "resourceArn": arn, "tags": many })).0,
        "TooManyTagsException"
    );
    let reserved = json!({ "resourceArn": arn, "tags": { "aws:x": "" } });
    assert_eq!(logs.refuse::<TagResource>(reserved).0, "InvalidParameterException");
    let destination = arn.replace("log-group", "destination");
    let gone = logs.refuse::<TagResource>(json!({ "resourceArn": destination, "tags": { "a": "" } }));
    assert_eq!(gone.0, "ResourceNotFoundException");
    let no_arn = logs.refuse_read::<ListTagsForResource>(json!({ "resourceArn": "g" }));
    assert_eq!(no_arn.0, "InvalidParameterException");
    let star = logs.refuse_read::<ListTagsForResource>(json!({ "resourceArn": format!("{arn}:x") }));
    assert_eq!(star.0, "ResourceNotFoundException");
}

#[test]
fn resource_policies() {
    let logs = Logs::new();
    let put = |name: &str, document: &str| json!({ "policyName": name, "policyDocument": document });
    let document = r#"{"Version":"2012-10-17","Statement":[]}"#;
    let made = logs.write::<PutResourcePolicy>(put("p0", document));
    let expected = json!({ "policyName": "p0", "policyDocument": document, "lastUpdatedTime": logs.now(), "policyScope": "ACCOUNT" });
    assert_eq!(made["resourcePolicy"], expected);
    for n in 1..10 {
        logs.write::<PutResourcePolicy>(put(&format!("p{n}"), document));
    }
    assert_eq!(
        logs.refuse::<PutResourcePolicy>(put("p", document)),
        is("LimitExceededException", "Resource limit exceeded.")
    );
    logs.write::<PutResourcePolicy>(put("p1", document));
    let first = logs.read::<DescribeResourcePolicies>(json!({ "limit": 9 }));
    let rest = logs.read::<DescribeResourcePolicies>(json!({ "nextToken": first["nextToken"] }));
    assert_eq!(
        (&first["resourcePolicies"][0], &rest["resourcePolicies"][0]["policyName"]),
        (&expected, &json!("p9"))
    );
    logs.write::<DeleteResourcePolicy>(json!({ "policyName": "p0" }));
    let gone = "Policy with name [p0] does not exist.";
    assert_eq!(
        logs.refuse::<DeleteResourcePolicy>(json!({ "policyName": "p0" })),
        is("ResourceNotFoundException", gone)
    );
    for bad in [
        put("p0", "\"{}\""),
        put("p0", "{}"),
        put("p0", &" ".repeat(6_000)),
        json!({ "policyName": "p0" }),
        json!({ "policyDocument": document }),
    ] {
        assert_eq!(logs.refuse::<PutResourcePolicy>(bad).0, "InvalidParameterException");
    }
}

/// What a service writes ahead of time is seen when its time has come; what it is kept from writing never.
#[test]
fn what_is_to_come_is_not_there_yet() {
    let logs = Logs::with_stream();
    let plan = || {
        let now = logs.0.now();
        let lines =
            (1..=4).map(|n| (now + Duration::from_millis(n * 100), format!("line {n}").into())).collect();
        let done: Result<(), ()> =
            logs.0.account.write(&crate::kernel::Scope::Region("us-east-1".into()), now, true, |txn| {
                log::deliver(txn, "g", "planned", lines);
                Ok(())
            });
        done.unwrap();
    };
    let settle = |comes: bool| {
        let done: Result<(), ()> = logs.0.account.write(
            &crate::kernel::Scope::Region("us-east-1".into()),
            logs.0.now(),
            true,
            |txn| {
                log::settle(txn, "g", "planned", comes);
                Ok(())
            },
        );
        done.unwrap();
        assert_eq!(logs.0.state().broken_invariants(), Vec::<String>::new());
    };
    plan();
    assert_eq!(
        (logs.group()["storedBytes"].clone(), messages(&logs.get("planned", json!({}))).len()),
        (json!(0), 0)
    );
    assert_eq!(logs.stream("planned").get("lastIngestionTime"), None);
    logs.0.advance(250);
    let page = logs.get("planned", json!({ "startFromHead": true }));
    assert_eq!(messages(&page), ["line 1", "line 2"]);
    assert_eq!(logs.group()["storedBytes"], 2 * 32);
    assert_eq!(logs.stream("planned")["lastIngestionTime"], logs.now() - 50);
    settle(false);
    logs.0.advance(1_000);
    assert_eq!(messages(&logs.get("planned", json!({ "nextToken": page["nextForwardToken"] }))), [""; 0]);
    plan();
    logs.0.advance(100);
    let page = logs.get("planned", json!({ "nextToken": page["nextForwardToken"] }));
    assert_eq!(messages(&page), ["line 1"]);
    settle(true);
    assert_eq!(
        messages(&logs.get("planned", json!({ "nextToken": page["nextForwardToken"] }))),
        ["line 2", "line 3", "line 4"]
    );
}
