//! Model packages: versions in groups, and those that are by themselves. Source: API reference, CreateModelPackage;
//! developer guide, "Model Registration Deployment with Model Registry".

use super::super::error::{RegistryError, SageMakerError};
use super::super::listing::Manner;
use super::super::stored::{
    Asked, Change, Create, Filter, Kind, Takes, Words, defaults, described, find, made, resource_of, row,
    set, text, words,
};
use super::model_group::Group;
use crate::model::{State, StepResult, Stored, Txn};
use crate::services::{Caller, Operation, Read, View};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

const GROUP: &str = "ModelPackageGroupName";
const SPECIFICATION: &str = "InferenceSpecification";

pub struct Package;

impl Kind for Package {
    const WORDS: &'static Words = words!("ModelPackage", "ModelPackages", "ModelPackageSummaryList");
    const SLUG: &'static str = "model-package";
    const KEPT: &'static [&'static str] = &[
        GROUP,
        "ModelPackageDescription",
        "ModelPackageRegistrationType",
        SPECIFICATION,
        "ValidationSpecification",
        "SourceAlgorithmSpecification",
        "CertifyForMarketplace",
        "ModelApprovalStatus",
        "MetadataProperties",
        "ModelMetrics",
        "Domain",
        "Task",
        "SamplePayloadUrl",
        "CustomerMetadataProperties",
        "DriftCheckBaselines",
        "AdditionalInferenceSpecifications",
        "SkipModelValidation",
        "SourceUri",
        "SecurityConfig",
        "ModelCard",
        "ModelLifeCycle",
        "ManagedStorageType",
    ];
    const BY: &'static [&'static str] = &["ModelPackageName", "ModelPackageArn"];
    const CHANGES: &'static [Change] = &[
        Change::Set("ModelApprovalStatus"),
        Change::Set("ModelPackageRegistrationType"),
        Change::Set("ApprovalDescription"),
        Change::Remove("CustomerMetadataPropertiesToRemove", "CustomerMetadataProperties"),
        Change::Merge("CustomerMetadataProperties"),
        Change::Append("AdditionalInferenceSpecificationsToAdd", "AdditionalInferenceSpecifications"),
        Change::Set(SPECIFICATION),
        Change::Set("SourceUri"),
        Change::Set("ModelCard"),
        Change::Set("ModelLifeCycle"),
        // To make the same changes again changes nothing.
        Change::Own("ClientToken"),
    ];
    const TIMES: &'static [&'static str] = &["CreationTime", "CreatedBy"];
    const STATUS: &'static str = "ModelPackageStatus";
    const NEW: &'static str = "Completed";
    const SUMMARY: &'static [&'static str] = &[
        "ModelPackageName",
        GROUP,
        "ModelPackageVersion",
        "ModelPackageArn",
        "ModelPackageDescription",
        "CreationTime",
        "ModelPackageStatus",
        "ModelApprovalStatus",
        "ModelLifeCycle",
        "ModelPackageRegistrationType",
    ];
    /// Source: API reference, ListModelPackages.
    const MANNER: Manner = Manner { ascending: true, by_name: false, from_time: false, status_last: false };
    const FILTERS: &'static [(&'static str, Filter)] = &[
        ("ModelApprovalStatus", |_, _, row, asked| row.told.get("ModelApprovalStatus") == Some(asked)),
        (GROUP, |_, caller, row, asked| {
            let group = resource_of(caller, Group::SLUG, asked.as_str().unwrap_or_default());
            row.of.contains(&*group)
        }),
        ("ModelPackageType", |_, _, row, asked| match asked.as_str() {
            Some("Versioned") => !row.of.is_empty(),
            Some("Unversioned") => row.of.is_empty(),
            _ => true,
        }),
    ];

    fn unknown(_: &str, arn: String) -> SageMakerError {
        RegistryError::NoPackage { arn }.into()
    }

    fn exists(_: &str, arn: String) -> SageMakerError {
        RegistryError::PackageExists { arn }.into()
    }

    /// A version has the name of its group and the next number.
    fn resource(txn: &mut Txn<'_>, caller: &Caller, asked: &Asked) -> Result<String, SageMakerError> {
        let (name, group) = (text(asked, "ModelPackageName"), text(asked, GROUP));
        match (name.is_empty(), group.is_empty()) {
            (true, true) => Err(RegistryError::PackageUnnamed.into()),
            (false, false) => Err(RegistryError::PackageNamedTwice.into()),
            (false, true) => Ok(format!("{}/{}", Self::SLUG, name.to_lowercase())),
            (true, false) => {
                let group = resource_of(caller, Group::SLUG, group);
                let group = row::<Group>(&txn.state, &group).ok_or(RegistryError::PackageGroup)?;
                let name = group.resource.trim_start_matches(Group::SLUG);
                Ok(format!("{}{name}/{}", Self::SLUG, group.versions + 1))
            }
        }
    }

    /// Versions are named by their ARN.
    fn named(_: &State, caller: &Caller, asked: &Asked) -> Result<String, SageMakerError> {
        let given = Self::BY.iter().map(|member| text(asked, member)).find(|given| !given.is_empty());
        Ok(resource_of(caller, Self::SLUG, given.unwrap_or_default()))
    }

    fn plan(txn: &mut Txn<'_>, caller: &Caller, new: &mut Stored) -> Result<(), SageMakerError> {
        if new.told.get("SourceAlgorithmSpecification").is_some() {
            return Err(SageMakerError::NotBuilt("SourceAlgorithmSpecification of CreateModelPackage"));
        }
        if new.told.get("ValidationSpecification").is_some() && new.text("SkipModelValidation") != Some("All")
        {
            return Err(SageMakerError::NotBuilt("ValidationSpecification of CreateModelPackage"));
        }
        if let Some(group) = new.text(GROUP) {
            if !new.tags.is_empty() {
                return Err(RegistryError::PackageTags.into());
            }
            let group: Arc<str> = resource_of(caller, Group::SLUG, group).into();
            let Some(group) = txn.state.stored.update(&group, |row| row.versions += 1) else { return Ok(()) };
            let name = group.text(GROUP).unwrap_or_default();
            new.name = format!("{name}/{:06}", group.versions).into();
            let told = [
                (GROUP, json!(name)),
                ("ModelPackageName", json!(name)),
                ("ModelPackageVersion", json!(group.versions)),
            ];
            told.into_iter().for_each(|(member, value)| set(new, member, value));
            new.of.insert(group.resource.clone());
            defaults(new, &[("ModelApprovalStatus", json!("PendingManualApproval"))]);
        }
        let status = json!({ "ValidationStatuses": [], "ImageScanStatuses": [] });
        defaults(new, &[("CertifyForMarketplace", json!(false)), ("ModelPackageStatusDetails", status)]);
        Ok(())
    }

    fn tell(_: &State, row: &Stored, asked: &Asked, told: &mut Asked) -> Result<(), SageMakerError> {
        if row.modified > row.created {
            told.insert("LastModifiedTime".into(), json!(row.modified.millis()));
            told.insert("LastModifiedBy".into(), json!({}));
        }
        if text(asked, "IncludedData") == "MetadataOnly"
            && let Some(Value::Object(card)) = told.get_mut("ModelCard")
        {
            card.remove("ModelCardContent");
        }
        Ok(())
    }

    fn summed(told: &mut Asked) {
        if told.contains_key(GROUP) {
            told.remove("ModelPackageName");
        }
    }

    /// Source: API reference, ModelPackageType; versions of a group need not be asked for by type.
    fn narrowed(asked: &mut Asked) {
        if !asked.contains_key(GROUP) {
            asked.entry("ModelPackageType").or_insert(json!("Unversioned"));
        }
    }
}

/// The containers of a model that is made from a package. `None`: there is no such package.
///
/// # Errors
/// The package has no containers.
pub fn containers(state: &State, caller: &Caller, container: &Value) -> Result<Vec<Value>, SageMakerError> {
    let name = container["ModelPackageName"].as_str().unwrap_or_default();
    let asked: Asked = [("ModelPackageName".to_owned(), json!(name))].into_iter().collect();
    let package = find::<Package>(state, caller, &asked)?;
    let specification = match container["InferenceSpecificationName"].as_str() {
        Some(name) => {
            let all = package.told["AdditionalInferenceSpecifications"].as_array();
            all.and_then(|all| all.iter().find(|one| one["Name"] == name))
        }
        None => package.told.get(SPECIFICATION),
    };
    let found = specification.and_then(|one| one["Containers"].as_array()).filter(|all| !all.is_empty());
    let lacks = || RegistryError::PackageEmpty { arn: package.arn.to_string() };
    Ok(found.ok_or_else(lacks)?.clone())
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct BatchIn {
    model_package_arn_list: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct BatchOut {
    model_package_summaries: BTreeMap<String, Value>,
    batch_describe_model_package_error_map: BTreeMap<String, Value>,
}

/// What it tells of a package.
const BATCH: &[&str] = &[
    GROUP,
    "ModelPackageVersion",
    "ModelPackageArn",
    "ModelPackageDescription",
    "CreationTime",
    SPECIFICATION,
    "ModelPackageStatus",
    "ModelApprovalStatus",
    "ModelPackageRegistrationType",
];

pub struct BatchDescribeModelPackage;
impl Operation for BatchDescribeModelPackage {
    const NAME: &'static str = "BatchDescribeModelPackage";
    type In = BatchIn;
    type Out = BatchOut;
    type Error = SageMakerError;
}
impl Read for BatchDescribeModelPackage {
    fn run(view: &View<'_>, input: BatchIn) -> Result<BatchOut, SageMakerError> {
        let mut out = BatchOut {
            model_package_summaries: BTreeMap::new(),
            batch_describe_model_package_error_map: BTreeMap::new(),
        };
        for arn in input.model_package_arn_list {
            let asked: Asked = [("ModelPackageName".to_owned(), json!(arn))].into_iter().collect();
            match find::<Package>(view.state, view.caller, &asked) {
                Ok(row) => {
                    let mut told: Map<String, Value> = described::<Package>(&row);
                    told.retain(|member, _| BATCH.contains(&member.as_str()));
                    // The service model requires both; packages by themselves, or without containers, lack them.
                    told.entry(GROUP).or_insert(json!(""));
                    told.entry(SPECIFICATION).or_insert(json!({ "Containers": [] }));
                    out.model_package_summaries.insert(arn, Value::Object(told));
                }
                Err(error) => {
                    let refused = crate::services::Refused::from(error);
                    let told = json!({ "ErrorCode": refused.code, "ErrorResponse": refused.message });
                    out.batch_describe_model_package_error_map.insert(arn, told);
                }
            }
        }
        Ok(out)
    }
}

/// Registers a version as a step of a pipeline does, in a new group if there is none of its name.
///
/// # Errors
/// What Create answers; the group may be there then.
pub fn register(txn: &mut Txn<'_>, caller: &Caller, mut asked: Asked) -> Result<StepResult, SageMakerError> {
    asked.retain(|member, _| Create::<Package>::takes(member));
    let name = text(&asked, GROUP).to_owned();
    let group = resource_of(caller, Group::SLUG, &name);
    if !name.is_empty() && row::<Group>(&txn.state, &group).is_none() {
        made::<Group>(txn, caller, [(GROUP.to_owned(), json!(name))].into_iter().collect())?;
    }
    made::<Package>(txn, caller, asked).map(|row| StepResult::Package { arn: row.arn.to_string() })
}

/// What other steps may refer to.
pub fn properties(state: &State, caller: &Caller, arn: &str) -> Value {
    let resource = resource_of(caller, Package::SLUG, arn);
    row::<Package>(state, &resource)
        .map_or_else(|| json!({}), |row| Value::Object(described::<Package>(&row)))
}
