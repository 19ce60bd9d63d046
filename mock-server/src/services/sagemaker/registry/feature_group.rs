//! Feature groups: what is said of them, and where their offline store is. Records are kept by another service.

use super::super::error::{RegistryError, SageMakerError};
use super::super::listing::Manner;
use super::super::model::ask;
use super::super::stored::{Asked, Change, Filter, Kind, Words, find, new, set, within, words};
use crate::iam::bucket::{Asker, Came, decide};
use crate::jobs::stored::begin;
use crate::model::sight::sight;
use crate::model::stored::StoredIndex;
use crate::model::{Evidence, IamMode, Needs, Sight, State, Stored, Tags, Txn};
use crate::rules::texts;
use crate::services::{Caller, Done, Operation, Read, View, Write};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;

const FEATURES: &str = "FeatureDefinitions";
const ONLINE: &str = "OnlineStoreConfig";
const OFFLINE: &str = "OfflineStoreConfig";
const NAME: &str = "FeatureGroupName";

pub struct FeatureGroup;

impl Kind for FeatureGroup {
    const WORDS: &'static Words = words!("FeatureGroup", "FeatureGroups", "FeatureGroupSummaries");
    const SLUG: &'static str = "feature-group";
    const KEPT: &'static [&'static str] = &[
        "RecordIdentifierFeatureName",
        "EventTimeFeatureName",
        FEATURES,
        ONLINE,
        OFFLINE,
        "ThroughputConfig",
        "RoleArn",
        "Description",
    ];
    const CHANGES: &'static [Change] =
        &[Change::Append("FeatureAdditions", FEATURES), Change::Own(ONLINE), Change::Set("ThroughputConfig")];
    const TIMES: &'static [&'static str] = &["CreationTime", "LastModifiedTime"];
    const STATUS: &'static str = "FeatureGroupStatus";
    const NEW: &'static str = "Creating";
    const DELETING: &'static str = "Deleting";
    const SUMMARY: &'static [&'static str] =
        &[NAME, "FeatureGroupArn", "CreationTime", "FeatureGroupStatus", "OfflineStoreStatus"];
    /// The order is not documented; assumed to be that of experiments.
    const MANNER: Manner = super::experiment::NEWEST_FIRST;
    const FILTERS: &'static [(&'static str, Filter)] = &[
        ("FeatureGroupStatusEquals", |_, _, row, asked| *asked == row.status),
        ("OfflineStoreStatusEquals", |_, _, row, asked| row.told["OfflineStoreStatus"]["Status"] == *asked),
    ];

    fn unknown(name: &str, _: String) -> SageMakerError {
        RegistryError::NoFeatureGroup { name: name.to_owned() }.into()
    }

    fn exists(name: &str, _: String) -> SageMakerError {
        RegistryError::FeatureGroupExists { name: name.to_owned() }.into()
    }

    fn plan(txn: &mut Txn<'_>, caller: &Caller, new: &mut Stored) -> Result<(), SageMakerError> {
        check(new)?;
        let online = new.told[ONLINE]["EnableOnlineStore"] == true;
        let offline = new.told.get(OFFLINE).is_some();
        if !online && !offline {
            return Err(RegistryError::NoStore.into());
        }
        if offline && new.text("RoleArn").is_none() {
            return Err(RegistryError::OfflineRole.into());
        }
        let needs =
            Needs { role_arn: new.text("RoleArn").unwrap_or_default().to_owned(), ..Needs::default() };
        ask(txn, &new.resource, &needs)?;
        if offline {
            new.failure = store(txn, caller, new);
        }
        Ok(())
    }

    fn changed(_: &mut Txn<'_>, _: &Caller, row: &mut Stored, asked: &Asked) -> Result<(), SageMakerError> {
        if row.status != "Created" {
            let (name, status) = (row.name.to_string(), row.status);
            return Err(RegistryError::FeatureGroupStatus { name, status }.into());
        }
        check(row)?;
        if let Some(Value::Object(update)) = asked.get(ONLINE) {
            if row.told.get(ONLINE).is_none() {
                return Err(RegistryError::NoOnlineStore.into());
            }
            for (member, value) in update {
                Arc::make_mut(&mut row.told)[ONLINE][member] = value.clone();
            }
        }
        set(row, "LastUpdateStatus", json!({ "Status": "Successful" }));
        Ok(())
    }

    fn tell(_: &State, _: &Stored, _: &Asked, told: &mut Asked) -> Result<(), SageMakerError> {
        // All features are on one page; the service model requires the member.
        told.insert("NextToken".into(), json!(""));
        Ok(())
    }

    fn gone(txn: &mut Txn<'_>, row: &Stored) {
        let all: Vec<_> =
            within(&txn.state, METADATA, &row.resource).map(|row| row.resource.clone()).collect();
        all.iter().for_each(|resource| drop(txn.state.stored.remove(resource)));
    }
}

/// Source: API reference, CreateFeatureGroup.
fn check(row: &Stored) -> Result<(), SageMakerError> {
    let features = row.told[FEATURES].as_array().cloned().unwrap_or_default();
    let mut names = BTreeSet::new();
    for feature in &features {
        let name = feature["FeatureName"].as_str().unwrap_or_default();
        if !names.insert(name) {
            return Err(RegistryError::FeatureTwice { name: name.to_owned() }.into());
        }
    }
    for member in ["RecordIdentifierFeatureName", "EventTimeFeatureName"] {
        let name = row.text(member).unwrap_or_default();
        if !names.contains(name) {
            return Err(RegistryError::FeatureMissing { member, name: name.to_owned() }.into());
        }
    }
    let time = row.text("EventTimeFeatureName").unwrap_or_default();
    let of_time = features.iter().find(|feature| feature["FeatureName"] == time);
    if of_time.is_some_and(|feature| feature["FeatureType"] == "Integral") {
        return Err(RegistryError::EventTime { name: time.to_owned() }.into());
    }
    Ok(())
}

/// Where the offline store is, and what is wrong with it. Source: developer guide, "Feature Store offline store data
/// format" and "Amazon SageMaker Feature Store offline store".
fn store(txn: &Txn<'_>, caller: &Caller, new: &mut Stored) -> Option<String> {
    let uri = new.told[OFFLINE]["S3StorageConfig"]["S3Uri"].as_str().unwrap_or_default().to_owned();
    let name = new.name.to_string();
    let stamp = txn.now.millis() / 1_000;
    let own = format!("{name}-{stamp}");
    let resolved = format!(
        "{}/{}/{}/offline-store/{own}/data",
        uri.trim_end_matches('/'),
        caller.account,
        caller.region
    );
    let catalog = json!({
        "TableName": format!("{}_{stamp}", name.to_lowercase().replace('-', "_")),
        "Catalog": "AwsDataCatalog",
        "Database": "sagemaker_featurestore",
    });
    let config = &mut Arc::make_mut(&mut new.told)[OFFLINE];
    config["S3StorageConfig"]["ResolvedOutputS3Uri"] = json!(resolved);
    if config["DisableGlueTableCreation"] != true && config.get("DataCatalogConfig").is_none() {
        config["DataCatalogConfig"] = catalog;
    }
    if config.get("DisableGlueTableCreation").is_none() {
        config["DisableGlueTableCreation"] = json!(false);
    }
    set(new, "OfflineStoreStatus", json!({ "Status": "Active" }));
    reach(txn, &uri, new.text("RoleArn").unwrap_or_default())
}

/// What the role needs in the bucket. Source: managed policy AmazonSageMakerFeatureStoreAccess.
const ACTS: &[&str] = &["s3:GetBucketAcl", "s3:PutObject"];

/// Why records could not be written to the offline store.
fn reach(txn: &Txn<'_>, uri: &str, role: &str) -> Option<String> {
    let fill = |text: &str, evidence: Evidence| texts::fill(&txn.state.texts, text, &evidence);
    let (bucket, prefix) = uri.strip_prefix("s3://")?.split_once('/').unwrap_or((&uri["s3://".len()..], ""));
    let sight = sight(&txn.state.site, &txn.global, bucket, txn.elsewhere());
    let evidence = Evidence::none().with("bucket", bucket).with("role", role);
    let (Sight::Known(_) | Sight::External(..), Some(found)) = (&sight, sight.bucket()) else {
        return fill("feature-store-bucket", evidence);
    };
    let asker = Asker::role(role, txn.state.site.account, &txn.global, txn.elsewhere(), txn.now)?;
    if asker.mode() != IamMode::Enforce {
        return None;
    }
    let key = format!("{}/x", prefix.trim_end_matches('/'));
    let key = key.trim_start_matches('/');
    let refused = ACTS.iter().find(|action| {
        let key = (**action == "s3:PutObject").then_some(key);
        !decide(asker.ask(action, found, key, Came::Service)).allowed()
    });
    refused.and_then(|action| fill("feature-store-denied", evidence.with("action", action)))
}

/// Every feature, as it is asked for.
pub fn features(state: &State) -> Vec<Value> {
    let groups = state.stored.by(&StoredIndex::Kind(FeatureGroup::SLUG));
    let of = |group: &Arc<Stored>| -> Vec<Value> {
        let features = group.told[FEATURES].as_array().into_iter().flatten();
        features.map(|one| json!({ NAME: group.name, "FeatureName": one["FeatureName"] })).collect()
    };
    groups.flat_map(of).collect()
}

/// What is said of a feature is a row of its own.
const METADATA: &str = "feature";

fn metadata(group: &Stored, feature: &str) -> Arc<str> {
    format!("{}/{METADATA}/{feature}", group.resource).into()
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct FeatureIn {
    feature_group_name: String,
    feature_name: String,
    description: Option<String>,
    parameter_additions: Option<Vec<Value>>,
    parameter_removals: Option<Vec<String>>,
}

/// The group, the type of its feature, and what is said of it.
type Feature = (Arc<Stored>, Value, Option<Arc<Stored>>);

fn feature(state: &State, caller: &Caller, input: &FeatureIn) -> Result<Feature, SageMakerError> {
    let asked: Asked = [(NAME.to_owned(), json!(input.feature_group_name))].into_iter().collect();
    let group = find::<FeatureGroup>(state, caller, &asked)?;
    let mut features = group.told[FEATURES].as_array().into_iter().flatten();
    let found = features.find(|feature| feature["FeatureName"] == *input.feature_name);
    let lacks = || RegistryError::NoFeature { name: input.feature_name.clone() };
    let kind = found.ok_or_else(lacks)?["FeatureType"].clone();
    let row = state.stored.get(&metadata(&group, &input.feature_name)).cloned();
    Ok((group, kind, row))
}

pub struct DescribeFeatureMetadata;
impl Operation for DescribeFeatureMetadata {
    const NAME: &'static str = "DescribeFeatureMetadata";
    type In = FeatureIn;
    type Out = Value;
    type Error = SageMakerError;
}
impl Read for DescribeFeatureMetadata {
    fn run(view: &View<'_>, input: FeatureIn) -> Result<Value, SageMakerError> {
        let (group, kind, row) = feature(view.state, view.caller, &input)?;
        let mut told = row.as_ref().map_or_else(|| json!({}), |row| Value::clone(&row.told));
        let modified = row.as_ref().map_or(group.created, |row| row.modified);
        for (member, value) in [
            ("FeatureGroupArn", json!(group.arn)),
            (NAME, json!(group.name)),
            ("FeatureName", json!(input.feature_name)),
            ("FeatureType", kind),
            ("CreationTime", json!(group.created.millis())),
            ("LastModifiedTime", json!(modified.millis())),
        ] {
            told[member] = value;
        }
        Ok(told)
    }
}

pub struct UpdateFeatureMetadata;
impl Operation for UpdateFeatureMetadata {
    const NAME: &'static str = "UpdateFeatureMetadata";
    type In = FeatureIn;
    type Out = Done;
    type Error = SageMakerError;
}
impl Write for UpdateFeatureMetadata {
    fn run(txn: &mut Txn<'_>, caller: &Caller, input: FeatureIn) -> Result<Done, SageMakerError> {
        let (group, _, row) = feature(&txn.state, caller, &input)?;
        let resource = metadata(&group, &input.feature_name).to_string();
        let mut row = row.map_or_else(
            || new::<FeatureGroup>(txn, caller, resource, Asked::new(), Tags::default()),
            |row| Stored::clone(&row),
        );
        row.kind = METADATA;
        row.of = [group.resource.clone()].into();
        if let Some(description) = &input.description {
            set(&mut row, "Description", json!(description));
        }
        let removed = input.parameter_removals.unwrap_or_default();
        let added = input.parameter_additions.unwrap_or_default();
        if !(removed.is_empty() && added.is_empty()) {
            let mut parameters = row.told["Parameters"].as_array().cloned().unwrap_or_default();
            let goes = |one: &Value| {
                removed.iter().any(|key| one["Key"] == **key)
                    || added.iter().any(|new| new["Key"] == one["Key"])
            };
            parameters.retain(|one| !goes(one));
            parameters.extend(added);
            set(&mut row, "Parameters", json!(parameters));
        }
        begin(txn, row, "");
        Ok(Done {})
    }
}
