//! DescribeLogGroups.

use super::{LogsError, group_arn, name_in};
use crate::model::{LogClass, LogGroup};
use crate::services::{Operation, Read, View, page};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The most on one page, and what is told if nothing is asked.
pub(super) const MOST: usize = 50;

pub struct DescribeLogGroups;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeLogGroupsIn {
    log_group_name_prefix: Option<String>,
    log_group_name_pattern: Option<String>,
    log_group_class: Option<String>,
    log_group_identifiers: Option<Vec<String>>,
    next_token: Option<String>,
    limit: Option<usize>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeLogGroupsOut {
    log_groups: Vec<Described>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Described {
    log_group_name: Arc<str>,
    creation_time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    retention_in_days: Option<u32>,
    /// None can be made here.
    metric_filter_count: u32,
    arn: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    stored_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kms_key_id: Option<Arc<str>>,
    log_group_class: &'static str,
    log_group_arn: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    deletion_protection_enabled: Option<bool>,
}

impl Described {
    /// `brief`: what is told when groups are looked for by a part of their names. Source: answers of AWS in LocalStack's
    /// snapshots, which have more members than the API reference names.
    fn new(view: &View<'_>, group: &LogGroup, brief: bool) -> Self {
        let log_group_arn = group_arn(view.caller, &group.name);
        let stored = || view.state.streams_of(&group.name).map(|stream| stream.stored(group, view.now)).sum();
        Self {
            log_group_name: group.name.clone(),
            creation_time: group.created.millis(),
            retention_in_days: group.retention.filter(|_| !brief),
            metric_filter_count: 0,
            arn: format!("{log_group_arn}:*"),
            stored_bytes: (!brief).then(stored),
            kms_key_id: group.kms_key.clone().filter(|_| !brief),
            log_group_class: group.class.name(),
            log_group_arn,
            deletion_protection_enabled: (!brief).then_some(group.protected),
        }
    }
}

impl Operation for DescribeLogGroups {
    const NAME: &'static str = "DescribeLogGroups";
    type In = DescribeLogGroupsIn;
    type Out = DescribeLogGroupsOut;
    type Error = LogsError;
}

impl Read for DescribeLogGroups {
    fn run(view: &View<'_>, input: DescribeLogGroupsIn) -> Result<DescribeLogGroupsOut, LogsError> {
        let (prefix, part) = (input.log_group_name_prefix, input.log_group_name_pattern);
        if prefix.is_some() && part.is_some() {
            return Err(LogsError::PrefixAndPattern);
        }
        let class = input.log_group_class.as_deref().and_then(LogClass::parse);
        let wanted = match input.log_group_identifiers {
            Some(_) if prefix.is_some() || part.is_some() || class.is_some() => {
                return Err(LogsError::IdentifiersAndMore);
            }
            Some(identifiers) => {
                let names = identifiers.iter().map(|identifier| name_in(view.caller, identifier));
                Some(names.collect::<Result<Vec<_>, _>>()?)
            }
            None => None,
        };
        let after = match &input.next_token {
            Some(token) => Some(page::key_of(token).ok_or(LogsError::BadToken)?),
            None => None,
        };
        let rows = view.state.log_groups.iter().filter(|group| {
            let name = &*group.name;
            // "If you specify INFREQUENT_ACCESS or ESSENTIALS, the results include both."
            let alike = |class: LogClass| match class {
                LogClass::InfrequentAccess | LogClass::Essentials => {
                    matches!(group.class, LogClass::InfrequentAccess | LogClass::Essentials)
                }
                class => group.class == class,
            };
            after.as_deref().is_none_or(|after| name > after)
                && prefix.as_deref().is_none_or(|prefix| name.starts_with(prefix))
                && part.as_deref().is_none_or(|part| name.contains(part))
                && class.is_none_or(alike)
                && wanted.as_ref().is_none_or(|wanted| wanted.iter().any(|wanted| wanted == name))
        });
        let (groups, next_token) =
            page::cut(rows, input.limit.unwrap_or(MOST), |group| group.name.to_string());
        let brief = part.is_some();
        let log_groups = groups.into_iter().map(|group| Described::new(view, group, brief)).collect();
        Ok(DescribeLogGroupsOut { log_groups, next_token })
    }
}
