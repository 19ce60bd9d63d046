//! Model package groups, and who may use them beside their account.

use super::super::error::{RegistryError, SageMakerError};
use super::super::listing::Manner;
use super::super::stored::{Asked, Kind, Words, find, within, words};
use super::model_package::Package;
use crate::model::{State, Stored, Txn};
use crate::services::{Caller, Done, Operation, Read, View, Write};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;

pub struct Group;

impl Kind for Group {
    const WORDS: &'static Words =
        words!("ModelPackageGroup", "ModelPackageGroups", "ModelPackageGroupSummaryList");
    const SLUG: &'static str = "model-package-group";
    const KEPT: &'static [&'static str] = &["ModelPackageGroupDescription", "ManagedConfiguration"];
    const TIMES: &'static [&'static str] = &["CreationTime", "CreatedBy"];
    const STATUS: &'static str = "ModelPackageGroupStatus";
    const NEW: &'static str = "Completed";
    const SUMMARY: &'static [&'static str] = &[
        "ModelPackageGroupName",
        "ModelPackageGroupArn",
        "ModelPackageGroupDescription",
        "CreationTime",
        "ModelPackageGroupStatus",
        "ManagedConfiguration",
    ];
    /// Source: API reference, ListModelPackageGroups.
    const MANNER: Manner = Manner { ascending: true, by_name: false, from_time: false, status_last: false };
    /// Groups of other accounts cannot be shared with this one.
    const FILTERS: &'static [(&'static str, super::super::stored::Filter)] =
        &[("CrossAccountFilterOption", |_, _, _, asked| *asked == "SameAccount")];

    fn unknown(_: &str, arn: String) -> SageMakerError {
        RegistryError::NoGroup { arn }.into()
    }

    fn exists(_: &str, arn: String) -> SageMakerError {
        RegistryError::GroupExists { arn }.into()
    }

    fn held(state: &State, row: &Stored) -> Result<(), SageMakerError> {
        match within(state, Package::SLUG, &row.resource).next() {
            Some(_) => Err(RegistryError::GroupHasPackages { arn: row.arn.to_string() }.into()),
            None => Ok(()),
        }
    }
}

/// The group that an operation on policies names.
fn named(state: &State, caller: &Caller, name: &str) -> Result<Arc<Stored>, SageMakerError> {
    let asked: Asked = [("ModelPackageGroupName".to_owned(), json!(name))].into_iter().collect();
    find::<Group>(state, caller, &asked).map_err(|error| match error {
        SageMakerError::Registry(RegistryError::NoGroup { arn }) => {
            RegistryError::GroupNotFound { arn }.into()
        }
        other => other,
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Named {
    model_package_group_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PutIn {
    model_package_group_name: String,
    resource_policy: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PutOut {
    model_package_group_arn: Arc<str>,
}

pub struct PutModelPackageGroupPolicy;
impl Operation for PutModelPackageGroupPolicy {
    const NAME: &'static str = "PutModelPackageGroupPolicy";
    type In = PutIn;
    type Out = PutOut;
    type Error = SageMakerError;
}
impl Write for PutModelPackageGroupPolicy {
    fn run(txn: &mut Txn<'_>, caller: &Caller, input: PutIn) -> Result<PutOut, SageMakerError> {
        let group = named(&txn.state, caller, &input.model_package_group_name)?;
        let bad = |why: String| SageMakerError::from(RegistryError::GroupPolicy { why });
        let policy: Value =
            serde_json::from_str(&input.resource_policy).map_err(|error| bad(error.to_string()))?;
        if policy.get("Statement").is_none() {
            return Err(bad("it has no Statement.".into()));
        }
        let text: Arc<str> = input.resource_policy.into();
        txn.state.stored.update(&group.resource, |row| row.policy = Some(text));
        Ok(PutOut { model_package_group_arn: group.arn.clone() })
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetOut {
    resource_policy: Arc<str>,
}

pub struct GetModelPackageGroupPolicy;
impl Operation for GetModelPackageGroupPolicy {
    const NAME: &'static str = "GetModelPackageGroupPolicy";
    type In = Named;
    type Out = GetOut;
    type Error = SageMakerError;
}
impl Read for GetModelPackageGroupPolicy {
    fn run(view: &View<'_>, input: Named) -> Result<GetOut, SageMakerError> {
        let group = named(view.state, view.caller, &input.model_package_group_name)?;
        let lacks = || RegistryError::NoGroupPolicy { arn: group.arn.to_string() };
        Ok(GetOut { resource_policy: group.policy.clone().ok_or_else(lacks)? })
    }
}

pub struct DeleteModelPackageGroupPolicy;
impl Operation for DeleteModelPackageGroupPolicy {
    const NAME: &'static str = "DeleteModelPackageGroupPolicy";
    type In = Named;
    type Out = Done;
    type Error = SageMakerError;
}
impl Write for DeleteModelPackageGroupPolicy {
    fn run(txn: &mut Txn<'_>, caller: &Caller, input: Named) -> Result<Done, SageMakerError> {
        let group = named(&txn.state, caller, &input.model_package_group_name)?;
        if group.policy.is_none() {
            return Err(RegistryError::NoGroupPolicy { arn: group.arn.to_string() }.into());
        }
        txn.state.stored.update(&group.resource, |row| row.policy = None);
        Ok(Done {})
    }
}
