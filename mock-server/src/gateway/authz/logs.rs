//! What the calls of CloudWatch Logs act on.
//!
//! Groups and streams are named alike: `log-group:GROUP:log-stream:STREAM`, and what is not named is empty. Only what
//! tags names a group without what follows. Source: refusals of AWS in public issues ("on resource:
//! ...:log-group:/aws/lambda/x:log-stream:"); API reference, LogGroup, Arn and LogGroupArn.

use super::acts::{Act, Asked};
use crate::aws::Value;
use crate::policy::actions::ResourceType;
use std::sync::Arc;

/// The group that a call names, by its name, an ARN, or the name that it is to have.
fn group<'a>(asked: &'a Asked<'_>) -> &'a str {
    let named = ["logGroupName", "logGroupIdentifier", "resourceIdentifier"];
    let given = named.iter().find_map(|member| asked.input.get(member).and_then(Value::as_str));
    let given = given.unwrap_or_default();
    // An ARN has six parts before the name.
    if given.starts_with("arn:") { given.splitn(7, ':').nth(6).unwrap_or_default() } else { given }
}

/// The ARNs of what a call acts on, of one type.
pub(super) fn arns(asked: &Asked<'_>, resource_type: &ResourceType) -> Vec<Arc<str>> {
    if let Some(arn) = asked.input.get("resourceArn").and_then(Value::as_str) {
        let kind = arn.split(':').nth(5);
        return if kind == Some(resource_type.name) { vec![arn.into()] } else { Vec::new() };
    }
    if !matches!(resource_type.name, "log-group" | "log-stream") {
        return Vec::new();
    }
    vec![stream(asked)]
}

/// What a call acts on that lists groups, or whose group and stream are said.
pub(super) fn stream(asked: &Asked<'_>) -> Arc<str> {
    let stream = asked.input.get("logStreamName").and_then(Value::as_str).unwrap_or_default();
    asked.caller.arn("logs", format_args!("log-group:{}:log-stream:{stream}", group(asked))).into()
}

/// Tags that are given to a group that is made need the action that tags it; that it is the newer one of the two that
/// AWS takes is assumed.
pub(super) fn tagging(asked: &Asked<'_>, acts: &mut Vec<Act>) {
    let tagged = asked.input.get("tags").is_some_and(|tags| !keys(tags).is_empty());
    if asked.operation == "CreateLogGroup" && tagged {
        let arn = asked.caller.arn("logs", format_args!("log-group:{}", group(asked)));
        let act = acts.first().and_then(|act| act.with("TagResource"));
        acts.extend(act.map(|act| Act { resource: arn.into(), ..act }));
    }
}

/// The keys of tags that are given or taken.
pub(super) fn keys(tags: &Value) -> Vec<String> {
    match tags {
        Value::Map(entries) => entries.iter().map(|(key, _)| key.clone()).collect(),
        Value::List(keys) => keys.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}
