//! Amazon CloudWatch Logs: groups, streams, and the events in them.
//!
//! Metric and subscription filters, exports, queries and deliveries answer 501.

pub mod error;
mod event;
mod filter;
mod group;
mod group_list;
pub mod pattern;
mod policy;
mod put;
mod stream;
mod tags;
#[cfg(test)]
mod tests;

use super::{Caller, Registrar, View};
use crate::model::{LogGroup, LogStream, Partition, State, StreamKey};
pub use error::LogsError;
use std::sync::Arc;
pub use tags::tags_of;

/// Every operation that behaves.
pub fn operations(registrar: &mut impl Registrar) {
    registrar.write::<group::CreateLogGroup>();
    registrar.write::<group::DeleteLogGroup>();
    registrar.write::<group::PutRetentionPolicy>();
    registrar.write::<group::DeleteRetentionPolicy>();
    registrar.write::<group::PutLogGroupDeletionProtection>();
    registrar.write::<group::AssociateKmsKey>();
    registrar.write::<group::DisassociateKmsKey>();
    registrar.read::<group_list::DescribeLogGroups>();
    registrar.write::<stream::CreateLogStream>();
    registrar.write::<stream::DeleteLogStream>();
    registrar.read::<stream::DescribeLogStreams>();
    registrar.write::<put::PutLogEvents>();
    registrar.read::<event::GetLogEvents>();
    registrar.read::<filter::FilterLogEvents>();
    registrar.write::<tags::TagResource>();
    registrar.write::<tags::UntagResource>();
    registrar.read::<tags::ListTagsForResource>();
    registrar.write::<tags::TagLogGroup>();
    registrar.write::<tags::UntagLogGroup>();
    registrar.read::<tags::ListTagsLogGroup>();
    registrar.write::<policy::PutResourcePolicy>();
    registrar.read::<policy::DescribeResourcePolicies>();
    registrar.write::<policy::DeleteResourcePolicy>();
}

/// The ARN of a group without what its streams have behind it.
fn group_arn(caller: &Caller, name: &str) -> String {
    caller.arn("logs", format_args!("log-group:{name}"))
}

fn find_group<'a>(state: &'a State, name: &str) -> Result<&'a Arc<LogGroup>, LogsError> {
    state.log_groups.get(&name.into()).ok_or(LogsError::NoSuchGroup)
}

fn find_stream<'a>(state: &'a State, group: &LogGroup, name: &str) -> Result<&'a Arc<LogStream>, LogsError> {
    let key = StreamKey { group: group.name.clone(), name: name.into() };
    state.log_streams.get(&key).ok_or(LogsError::NoSuchStream)
}

/// The group that a caller names, by its name or by an identifier, which is a name or an ARN.
fn asked_group<'a>(
    view: &View<'a>,
    name: Option<&str>,
    identifier: Option<&str>,
) -> Result<&'a Arc<LogGroup>, LogsError> {
    let name = match (name, identifier) {
        (Some(_), Some(_)) => return Err(LogsError::NameAndIdentifier),
        (Some(name), None) => name.to_owned(),
        (None, Some(identifier)) => name_in(view.caller, identifier)?,
        (None, None) => return Err(LogsError::NeitherNameNorIdentifier),
    };
    find_group(view.state, &name)
}

/// The name in an identifier. Groups of other accounts and regions are not here: there is no monitoring account.
fn name_in(caller: &Caller, identifier: &str) -> Result<String, LogsError> {
    if !identifier.starts_with("arn:") {
        return Ok(identifier.to_owned());
    }
    let bad = || LogsError::BadIdentifier { identifier: identifier.to_owned() };
    let mut parts = identifier.splitn(7, ':').skip(1);
    let mut part = || parts.next().ok_or_else(bad);
    let (partition, service, region, account, kind, name) =
        (part()?, part()?, part()?, part()?, part()?, part()?);
    if Partition::of(region).id() != partition || service != "logs" || kind != "log-group" {
        return Err(bad());
    }
    if region != &*caller.region || account != caller.account.to_string() {
        return Err(LogsError::NoSuchGroup);
    }
    Ok(name.to_owned())
}
