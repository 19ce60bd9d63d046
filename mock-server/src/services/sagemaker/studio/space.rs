//! Spaces.

use super::super::error::{SageMakerError, StudioError};
use super::super::tags::Tag;
use super::lifecycle;
use super::{
    Described, at_rest, common, delete, domain_key, find, home, member_key, merge, modified, new, said, url,
};
use crate::jobs::studio;
use crate::model::{Document, Owner, StudioKey, StudioMember, StudioStatus, Txn};
use crate::services::{Caller, Done, Operation, Read, View, Write};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;

fn key(domain: &str, name: &str) -> StudioKey {
    member_key(domain, StudioMember::Space(name.into()))
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Out {
    space_arn: String,
}

pub struct CreateSpace;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateIn {
    domain_id: String,
    space_name: String,
    tags: Option<Vec<Tag>>,
    space_settings: Option<Document>,
    ownership_settings: Option<Document>,
    space_sharing_settings: Option<Document>,
    space_display_name: Option<String>,
}

impl Operation for CreateSpace {
    const NAME: &'static str = "CreateSpace";
    type In = CreateIn;
    type Out = Out;
    type Error = SageMakerError;
}

impl Write for CreateSpace {
    fn run(txn: &mut Txn<'_>, caller: &Caller, input: CreateIn) -> Result<Out, SageMakerError> {
        let domain = at_rest(&txn.state, &domain_key(&input.domain_id))?;
        if input.ownership_settings.is_some() != input.space_sharing_settings.is_some() {
            return Err(StudioError::SharingWithOwner.into());
        }
        let owner = input.ownership_settings.as_ref().and_then(|tree| tree["OwnerUserProfileName"].as_str());
        if let Some(owner) = owner {
            let member = StudioMember::UserProfile(owner.to_lowercase().into());
            find(&txn.state, &member_key(&input.domain_id, member))?;
        }
        if let Some(settings) = &input.space_settings {
            lifecycle::check(&txn.state, settings)?;
        }
        let tree = |value: Option<Document>| value.map(|tree| Value::clone(&tree));
        let request = said([
            ("SpaceName", Some(json!(input.space_name))),
            ("SpaceSettings", tree(input.space_settings)),
            ("OwnershipSettings", tree(input.ownership_settings)),
            ("SpaceSharingSettings", tree(input.space_sharing_settings)),
            ("SpaceDisplayName", input.space_display_name.map(|text| json!(text))),
            ("Url", Some(json!(format!("{}/jupyterlab/default/lab", url(&domain))))),
        ]);
        let row = new(txn, caller, key(&input.domain_id, &input.space_name), request, input.tags.as_deref())?;
        let out = Out { space_arn: row.arn.clone() };
        studio::begin(txn, row, StudioStatus::Pending);
        Ok(out)
    }
}

/// The input of every operation that names one space and nothing else.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Named {
    domain_id: String,
    space_name: String,
}

pub struct DescribeSpace;
impl Operation for DescribeSpace {
    const NAME: &'static str = "DescribeSpace";
    type In = Named;
    type Out = Described;
    type Error = SageMakerError;

    fn subjects(input: &Named) -> Vec<Owner> {
        vec![Owner::Studio(key(&input.domain_id, &input.space_name))]
    }
}
impl Read for DescribeSpace {
    fn run(view: &View<'_>, input: Named) -> Result<Described, SageMakerError> {
        Ok(Described {
            row: find(view.state, &key(&input.domain_id, &input.space_name))?,
            own: |row| {
                let mut all = common(row);
                all.extend([
                    ("SpaceArn", json!(row.arn)),
                    ("HomeEfsFileSystemUid", json!(home(row))),
                    modified(row),
                ]);
                all
            },
            said: &[
                "SpaceName",
                "SpaceSettings",
                "OwnershipSettings",
                "SpaceSharingSettings",
                "SpaceDisplayName",
                "Url",
            ],
        })
    }
}

pub struct UpdateSpace;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateIn {
    domain_id: String,
    space_name: String,
    space_settings: Option<Document>,
    space_display_name: Option<String>,
}

impl Operation for UpdateSpace {
    const NAME: &'static str = "UpdateSpace";
    type In = UpdateIn;
    type Out = Out;
    type Error = SageMakerError;
}

impl Write for UpdateSpace {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: UpdateIn) -> Result<Out, SageMakerError> {
        find(&txn.state, &domain_key(&input.domain_id))?;
        let mut row = at_rest(&txn.state, &key(&input.domain_id, &input.space_name))?;
        let changes = said([
            ("SpaceSettings", input.space_settings.map(|tree| Value::clone(&tree))),
            ("SpaceDisplayName", input.space_display_name.map(|text| json!(text))),
        ]);
        merge(Arc::make_mut(&mut row.request), &Value::Object(changes));
        lifecycle::check(&txn.state, &row.request["SpaceSettings"])?;
        let out = Out { space_arn: row.arn.clone() };
        studio::begin(txn, row, StudioStatus::Updating);
        Ok(out)
    }
}

pub struct DeleteSpace;
impl Operation for DeleteSpace {
    const NAME: &'static str = "DeleteSpace";
    type In = Named;
    type Out = Done;
    type Error = SageMakerError;
}
impl Write for DeleteSpace {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: Named) -> Result<Done, SageMakerError> {
        delete(txn, &key(&input.domain_id, &input.space_name))?;
        Ok(Done {})
    }
}
