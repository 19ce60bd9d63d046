//! What a flow log is asked to be: the checks of everything that does not depend on the resource.

use super::super::error::Ec2Error;
use super::super::error::flow_log::FlowLogError;
use super::super::tags::TagSpecification;
use super::{BUCKET, CreateFlowLogsIn, LOG_GROUP, PARQUET};
use crate::iam::delivery::FLOW_LOGS;
use crate::iam::trust::{ForSource, trusts};
use crate::model::flow_log::{BucketOptions, TagField, bucket_of, default_format, version_of};
use crate::model::{FlowLogSettings, LogDestination, Traffic, Txn};
use crate::rules::role_with_arn;
use serde::Deserialize;

/// Seconds. Source: the page of CreateFlowLogs.
const INTERVALS: [i64; 2] = [60, 600];
/// Source: CloudWatch Logs API reference, CreateLogGroup.
const LONGEST_GROUP_NAME: usize = 512;

#[derive(Deserialize, Debug, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct OptionsIn {
    file_format: Option<String>,
    hive_compatible_partitions: bool,
    per_hour_partition: bool,
}

#[derive(Deserialize, Debug, Default)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct TagFieldIn {
    resource_type: String,
    tag_keys: Vec<String>,
}

/// The resources, the tags and the settings that the call asks for.
///
/// # Errors
/// For settings that cannot be, or not together; EC2-FL-DEST, EC2-FL-ROLE, EC2-FL-FORMAT, EC2-FL-INTERVAL.
pub(super) fn checked(
    txn: &Txn<'_>,
    input: CreateFlowLogsIn,
) -> Result<(Vec<String>, Vec<TagSpecification>, FlowLogSettings), Ec2Error> {
    let traffic = match input.traffic_type.as_deref() {
        Some("ACCEPT") => Traffic::Accept,
        Some("REJECT") => Traffic::Reject,
        // The model has no further value.
        Some(_) => Traffic::All,
        None => return Err(Ec2Error::MissingParameter("trafficType")),
    };
    let destination = destination(txn, &input)?;
    let role = role(txn, &input, &destination)?;
    let format = match input.log_format {
        Some(format) => check_format(format)?,
        None => default_format(),
    };
    let interval = input.max_aggregation_interval.unwrap_or(INTERVALS[1]);
    if !INTERVALS.contains(&interval) {
        return Err(FlowLogError::BadInterval.into());
    }
    let format_of = |options: &OptionsIn| options.file_format.clone();
    if input.destination_options.as_ref().and_then(format_of).is_some_and(|format| format == PARQUET) {
        return Err(Ec2Error::NotBuilt("CreateFlowLogs with files in the Parquet format"));
    }
    let options = input.destination_options.map(|options| BucketOptions {
        hive_compatible: options.hive_compatible_partitions,
        per_hour: options.per_hour_partition,
    });
    if options.is_some() && !matches!(destination, LogDestination::Bucket(_)) {
        return Err(FlowLogError::OptionsElsewhere.into());
    }
    let tag_field = |it: TagFieldIn| TagField { resource_type: it.resource_type.into(), keys: it.tag_keys };
    let settings = FlowLogSettings {
        traffic,
        destination,
        role: role.map(Into::into),
        format: format.into(),
        interval,
        options,
        tag_fields: input.tag_field_specifications.into_iter().map(tag_field).collect(),
    };
    Ok((input.resource_ids, input.tag_specifications, settings))
}

// === Destinations ===

fn destination(txn: &Txn<'_>, input: &CreateFlowLogsIn) -> Result<LogDestination, Ec2Error> {
    let given = |member: &Option<String>| member.clone().filter(|text| !text.is_empty());
    let (name, arn) = (given(&input.log_group_name), given(&input.log_destination));
    if name.is_some() && arn.is_some() {
        return Err(FlowLogError::TwoDestinations.into());
    }
    let kind = input.log_destination_type.as_deref().unwrap_or(LOG_GROUP);
    if name.is_some() && kind != LOG_GROUP {
        return Err(FlowLogError::GroupElsewhere.into());
    }
    match (kind, name, arn) {
        (_, None, None) => Err(FlowLogError::NoDestination.into()),
        (LOG_GROUP, Some(name), _) if is_group_name(&name) => {
            Ok(LogDestination::LogGroup { name: name.into(), arn: None })
        }
        (LOG_GROUP, Some(name), _) => Err(FlowLogError::BadGroupName(name).into()),
        (LOG_GROUP, None, Some(arn)) => Ok(log_group(txn, arn)?),
        (BUCKET, _, Some(arn)) => match bucket_of(&arn) {
            Some(_) => Ok(LogDestination::Bucket(arn.into())),
            None => Err(FlowLogError::BadDestination(arn).into()),
        },
        _ => Err(Ec2Error::NotBuilt("CreateFlowLogs with delivery to Amazon Data Firehose")),
    }
}

fn log_group(txn: &Txn<'_>, arn: String) -> Result<LogDestination, FlowLogError> {
    let parts: Vec<&str> = arn.splitn(7, ':').collect();
    let [prefix, _, "logs", region, _, "log-group", name] = parts[..] else {
        return Err(FlowLogError::BadDestination(arn));
    };
    let name = name.strip_suffix(":*").unwrap_or(name);
    if prefix != "arn" || !is_group_name(name) {
        return Err(FlowLogError::BadDestination(arn));
    }
    if region != txn.origin.region() {
        return Err(FlowLogError::OtherRegion);
    }
    Ok(LogDestination::LogGroup { name: name.into(), arn: Some(arn.as_str().into()) })
}

fn is_group_name(name: &str) -> bool {
    let legal = |b: u8| b.is_ascii_alphanumeric() || b".-_/#".contains(&b);
    (1..=LONGEST_GROUP_NAME).contains(&name.len()) && name.bytes().all(legal)
}

// === Roles ===

/// The role that delivers. It has to be there, and to trust the service: that much is tried at once.
/// What it may do shows only in the deliveries.
fn role(
    txn: &Txn<'_>,
    input: &CreateFlowLogsIn,
    destination: &LogDestination,
) -> Result<Option<String>, Ec2Error> {
    let arn = input.deliver_logs_permission_arn.clone().filter(|arn| !arn.is_empty());
    if input.deliver_cross_account_role.is_some() {
        return Err(match arn {
            None => FlowLogError::CrossAccountRoles.into(),
            Some(_) => Ec2Error::NotBuilt("CreateFlowLogs with delivery to another account"),
        });
    }
    match (destination, arn) {
        (LogDestination::Bucket(_), None) => Ok(None),
        (LogDestination::Bucket(_), Some(_)) => Err(FlowLogError::RoleForBucket.into()),
        (LogDestination::LogGroup { .. }, None) => Err(FlowLogError::NoRole.into()),
        (LogDestination::LogGroup { .. }, Some(arn)) => {
            // The flow log has no id yet: its ARN is known up to that.
            let source = txn.state.site.arn("ec2", "vpc-flow-log/fl-");
            let by = ForSource { service: FLOW_LOGS, account: txn.origin.account, source: &source };
            match role_with_arn(&txn.global, &arn) {
                Some(role) if trusts(role.trust.policy(), by).is_ok() => Ok(Some(arn)),
                _ => Err(FlowLogError::NotAssumable(arn).into()),
            }
        }
    }
}

// === Formats ===

/// Fields as `${name}`, with blanks in between.
fn check_format(format: String) -> Result<String, FlowLogError> {
    let name = |word: &str| -> Option<String> {
        let name = word.strip_prefix("${")?.strip_suffix('}')?;
        let legal = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        (!name.is_empty() && name.bytes().all(legal)).then(|| name.to_owned())
    };
    let names: Option<Vec<String>> = format.split(' ').filter(|word| !word.is_empty()).map(name).collect();
    let Some(names) = names.filter(|names| !names.is_empty() && format.trim() == format) else {
        return Err(FlowLogError::BadFormat(format));
    };
    let unknown: Vec<String> = names.into_iter().filter(|name| version_of(name).is_none()).collect();
    if unknown.is_empty() { Ok(format) } else { Err(FlowLogError::UnknownFields(unknown.join(", "))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_lists_of_known_fields() {
        for good in ["${version}", "${version} ${az-id}", "${version}  ${version}"] {
            assert_eq!(check_format(good.into()), Ok(good.into()));
        }
        for bad in
            ["", " ", "version", "${version} ", " ${version}", "${version}${az-id}", "${}", "${Version}"]
        {
            assert_eq!(check_format(bad.into()), Err(FlowLogError::BadFormat(bad.into())));
        }
        let unknown = check_format("${version} ${colour} ${taste}".into());
        assert_eq!(unknown, Err(FlowLogError::UnknownFields("colour, taste".into())));
    }
}
