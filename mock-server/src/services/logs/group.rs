//! Groups: making, changing and deleting them.

use super::{LogsError, find_group, name_in, tags};
use crate::model::{LogClass, LogGroup, LogStream, StreamKey, Txn};
use crate::services::{Caller, Done, Operation, Write};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The retentions that there are, in days. Source: API reference, PutRetentionPolicy.
const RETENTIONS: &[u32] = &[
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

/// Changes a group. What has expired by now is forgotten before: a longer retention brings nothing back.
fn change(
    txn: &mut Txn<'_>,
    name: &str,
    change: impl FnOnce(&mut LogGroup) -> Result<(), LogsError>,
) -> Result<Done, LogsError> {
    let old = find_group(&txn.state, name)?.clone();
    let mut group = LogGroup::clone(&old);
    change(&mut group)?;
    if group.retention != old.retention {
        let keys: Vec<StreamKey> = txn.state.streams_of(&old.name).map(|stream| stream.key.clone()).collect();
        for key in keys {
            txn.state.log_streams.update(&key, |stream: &mut LogStream| stream.expire(&old, txn.now));
        }
    }
    txn.state.log_groups.insert(group);
    Ok(Done {})
}

fn key_arn(key: String) -> Result<Arc<str>, LogsError> {
    let is_arn = key.starts_with("arn:") && key.split(':').nth(2) == Some("kms");
    if is_arn { Ok(key.into()) } else { Err(LogsError::BadKey { key }) }
}

pub struct CreateLogGroup;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateLogGroupIn {
    log_group_name: Arc<str>,
    log_group_class: Option<String>,
    kms_key_id: Option<String>,
    #[serde(default)]
    tags: BTreeMap<String, String>,
    deletion_protection_enabled: Option<bool>,
}

impl Operation for CreateLogGroup {
    const NAME: &'static str = "CreateLogGroup";
    type In = CreateLogGroupIn;
    type Out = Done;
    type Error = LogsError;
}

impl Write for CreateLogGroup {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: CreateLogGroupIn) -> Result<Done, LogsError> {
        let name = input.log_group_name;
        if name.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("aws/")) {
            return Err(LogsError::ReservedName);
        }
        if txn.state.log_groups.contains(&name) {
            return Err(LogsError::GroupExists);
        }
        let mut group = LogGroup::new(name, txn.now);
        group.class = input.log_group_class.as_deref().and_then(LogClass::parse).unwrap_or_default();
        // "Log events in the Delivery class are kept for only one day."
        group.retention = (group.class == LogClass::Delivery).then_some(1);
        group.kms_key = input.kms_key_id.map(key_arn).transpose()?;
        group.protected = input.deletion_protection_enabled.unwrap_or_default();
        tags::add(&mut group.tags, input.tags)?;
        txn.state.log_groups.insert(group);
        Ok(Done {})
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupIn {
    log_group_name: String,
}

pub struct DeleteLogGroup;

impl Operation for DeleteLogGroup {
    const NAME: &'static str = "DeleteLogGroup";
    type In = GroupIn;
    type Out = Done;
    type Error = LogsError;
}

impl Write for DeleteLogGroup {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: GroupIn) -> Result<Done, LogsError> {
        let group = find_group(&txn.state, &input.log_group_name)?.clone();
        if group.protected {
            return Err(LogsError::Protected);
        }
        let keys: Vec<StreamKey> =
            txn.state.streams_of(&group.name).map(|stream| stream.key.clone()).collect();
        for key in keys {
            txn.state.log_streams.remove(&key);
        }
        txn.state.log_groups.remove(&group.name);
        Ok(Done {})
    }
}

pub struct PutRetentionPolicy;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PutRetentionPolicyIn {
    log_group_name: String,
    retention_in_days: i64,
}

impl Operation for PutRetentionPolicy {
    const NAME: &'static str = "PutRetentionPolicy";
    type In = PutRetentionPolicyIn;
    type Out = Done;
    type Error = LogsError;
}

impl Write for PutRetentionPolicy {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: PutRetentionPolicyIn) -> Result<Done, LogsError> {
        let days = input.retention_in_days;
        let known = u32::try_from(days).ok().filter(|days| RETENTIONS.contains(days));
        let Some(kept) = known else {
            let allowed = RETENTIONS.iter().map(u32::to_string).collect::<Vec<_>>().join(", ");
            return Err(LogsError::BadRetention { days, allowed });
        };
        change(txn, &input.log_group_name, |group| {
            if group.class == LogClass::Delivery && kept != 1 {
                return Err(LogsError::RetentionOfDelivery);
            }
            group.retention = Some(kept);
            Ok(())
        })
    }
}

pub struct DeleteRetentionPolicy;

impl Operation for DeleteRetentionPolicy {
    const NAME: &'static str = "DeleteRetentionPolicy";
    type In = GroupIn;
    type Out = Done;
    type Error = LogsError;
}

impl Write for DeleteRetentionPolicy {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: GroupIn) -> Result<Done, LogsError> {
        change(txn, &input.log_group_name, |group| {
            if group.class == LogClass::Delivery {
                return Err(LogsError::RetentionOfDelivery);
            }
            group.retention = None;
            Ok(())
        })
    }
}

pub struct PutLogGroupDeletionProtection;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PutLogGroupDeletionProtectionIn {
    log_group_identifier: String,
    deletion_protection_enabled: bool,
}

impl Operation for PutLogGroupDeletionProtection {
    const NAME: &'static str = "PutLogGroupDeletionProtection";
    type In = PutLogGroupDeletionProtectionIn;
    type Out = Done;
    type Error = LogsError;
}

impl Write for PutLogGroupDeletionProtection {
    fn run(
        txn: &mut Txn<'_>,
        caller: &Caller,
        input: PutLogGroupDeletionProtectionIn,
    ) -> Result<Done, LogsError> {
        let name = name_in(caller, &input.log_group_identifier)?;
        change(txn, &name, |group| {
            group.protected = input.deletion_protection_enabled;
            Ok(())
        })
    }
}

/// Where a key is for: a group, or the results of queries, which there are none of here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AssociateKmsKeyIn {
    log_group_name: Option<String>,
    resource_identifier: Option<String>,
    kms_key_id: String,
}

fn keyed(caller: &Caller, name: Option<String>, identifier: Option<String>) -> Result<String, LogsError> {
    match (name, identifier) {
        (Some(_), Some(_)) => Err(LogsError::NameAndIdentifier),
        (Some(name), None) => Ok(name),
        (None, Some(identifier)) if identifier.split(':').nth(5) == Some("query-result") => {
            Err(LogsError::NotBuilt { what: "A KMS key for results of queries" })
        }
        (None, Some(identifier)) => name_in(caller, &identifier),
        (None, None) => Err(LogsError::NeitherNameNorIdentifier),
    }
}

pub struct AssociateKmsKey;

impl Operation for AssociateKmsKey {
    const NAME: &'static str = "AssociateKmsKey";
    type In = AssociateKmsKeyIn;
    type Out = Done;
    type Error = LogsError;
}

impl Write for AssociateKmsKey {
    /// There is no KMS here: any key is taken to exist.
    fn run(txn: &mut Txn<'_>, caller: &Caller, input: AssociateKmsKeyIn) -> Result<Done, LogsError> {
        let name = keyed(caller, input.log_group_name, input.resource_identifier)?;
        let key = key_arn(input.kms_key_id)?;
        change(txn, &name, |group| {
            group.kms_key = Some(key);
            Ok(())
        })
    }
}

pub struct DisassociateKmsKey;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DisassociateKmsKeyIn {
    log_group_name: Option<String>,
    resource_identifier: Option<String>,
}

impl Operation for DisassociateKmsKey {
    const NAME: &'static str = "DisassociateKmsKey";
    type In = DisassociateKmsKeyIn;
    type Out = Done;
    type Error = LogsError;
}

impl Write for DisassociateKmsKey {
    fn run(txn: &mut Txn<'_>, caller: &Caller, input: DisassociateKmsKeyIn) -> Result<Done, LogsError> {
        let name = keyed(caller, input.log_group_name, input.resource_identifier)?;
        change(txn, &name, |group| {
            group.kms_key = None;
            Ok(())
        })
    }
}
