//! User profiles.

use super::super::error::{SageMakerError, StudioError};
use super::super::tags::Tag;
use super::domain::ask;
use super::lifecycle;
use super::{
    Described, at_rest, common, delete, domain_key, find, groups, home, member_key, merge, modified, new,
    said,
};
use crate::jobs::studio;
use crate::model::{Document, Owner, Studio, StudioKey, StudioMember, StudioStatus, Txn};
use crate::services::{Caller, Done, Operation, Read, View, Write};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;

fn key(domain: &str, name: &str) -> StudioKey {
    // Names are not case sensitive. Source: API reference, CreateUserProfile.
    member_key(domain, StudioMember::UserProfile(name.to_lowercase().into()))
}

/// What is wrong with settings that a user has in a domain.
fn check(txn: &mut Txn<'_>, domain: &Studio, of: &StudioKey, settings: &Value) -> Result<(), SageMakerError> {
    let subnets = serde_json::from_value(domain.request["SubnetIds"].clone()).unwrap_or_default();
    ask(txn, &of.to_string(), settings, subnets)?;
    lifecycle::check(&txn.state, settings)?;
    let defaults = groups(&domain.request["DefaultUserSettings"]);
    if domain.said("AppNetworkAccessType") == Some("VpcOnly")
        && defaults.is_empty()
        && groups(settings).is_empty()
    {
        return Err(StudioError::VpcOnlyGroups.into());
    }
    Ok(())
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Out {
    user_profile_arn: String,
}

pub struct CreateUserProfile;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateIn {
    domain_id: String,
    user_profile_name: String,
    single_sign_on_user_identifier: Option<String>,
    single_sign_on_user_value: Option<String>,
    tags: Option<Vec<Tag>>,
    user_settings: Option<Document>,
}

impl Operation for CreateUserProfile {
    const NAME: &'static str = "CreateUserProfile";
    type In = CreateIn;
    type Out = Out;
    type Error = SageMakerError;
}

impl Write for CreateUserProfile {
    fn run(txn: &mut Txn<'_>, caller: &Caller, input: CreateIn) -> Result<Out, SageMakerError> {
        let domain = at_rest(&txn.state, &domain_key(&input.domain_id))?;
        let (who, value) = (input.single_sign_on_user_identifier, input.single_sign_on_user_value);
        let signs_on = domain.said("AuthMode") == Some("SSO");
        if [who.is_some(), value.is_some()] != [signs_on; 2] {
            return Err(StudioError::SignOn.into());
        }
        let key = key(&input.domain_id, &input.user_profile_name);
        let settings = input.user_settings.map_or_else(|| json!({}), |tree| Value::clone(&tree));
        check(txn, &domain, &key, &settings)?;
        let profiles = txn
            .state
            .studio
            .iter()
            .filter(|row| matches!(row.key.member, Some(StudioMember::UserProfile(_))));
        let (used, most) = (profiles.count(), txn.state.quotas.studio_user_profiles);
        if used >= most && !txn.state.studio.contains(&key) {
            return Err(StudioError::TooManyProfiles { most, used }.into());
        }
        let request = said([
            ("UserProfileName", Some(json!(input.user_profile_name))),
            ("SingleSignOnUserIdentifier", who.map(|text| json!(text))),
            ("SingleSignOnUserValue", value.map(|text| json!(text))),
            ("UserSettings", Some(settings)),
        ]);
        let row = new(txn, caller, key, request, input.tags.as_deref())?;
        let out = Out { user_profile_arn: row.arn.clone() };
        studio::begin(txn, row, StudioStatus::Pending);
        Ok(out)
    }
}

/// The input of every operation that names one user profile and nothing else.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Named {
    domain_id: String,
    user_profile_name: String,
}

pub struct DescribeUserProfile;
impl Operation for DescribeUserProfile {
    const NAME: &'static str = "DescribeUserProfile";
    type In = Named;
    type Out = Described;
    type Error = SageMakerError;

    fn subjects(input: &Named) -> Vec<Owner> {
        vec![Owner::Studio(key(&input.domain_id, &input.user_profile_name))]
    }
}
impl Read for DescribeUserProfile {
    fn run(view: &View<'_>, input: Named) -> Result<Described, SageMakerError> {
        Ok(Described {
            row: find(view.state, &key(&input.domain_id, &input.user_profile_name))?,
            own: |row| {
                let mut all = common(row);
                all.extend([
                    ("UserProfileArn", json!(row.arn)),
                    ("HomeEfsFileSystemUid", json!(home(row))),
                    modified(row),
                ]);
                all
            },
            said: &["UserProfileName", "SingleSignOnUserIdentifier", "SingleSignOnUserValue", "UserSettings"],
        })
    }
}

pub struct UpdateUserProfile;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateIn {
    domain_id: String,
    user_profile_name: String,
    user_settings: Option<Document>,
}

impl Operation for UpdateUserProfile {
    const NAME: &'static str = "UpdateUserProfile";
    type In = UpdateIn;
    type Out = Out;
    type Error = SageMakerError;
}

impl Write for UpdateUserProfile {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: UpdateIn) -> Result<Out, SageMakerError> {
        let domain = find(&txn.state, &domain_key(&input.domain_id))?;
        let key = key(&input.domain_id, &input.user_profile_name);
        let mut row = at_rest(&txn.state, &key)?;
        if let Some(settings) = &input.user_settings {
            merge(&mut Arc::make_mut(&mut row.request)["UserSettings"], settings);
        }
        check(txn, &domain, &key, &row.request["UserSettings"])?;
        let out = Out { user_profile_arn: row.arn.clone() };
        studio::begin(txn, row, StudioStatus::Updating);
        Ok(out)
    }
}

pub struct DeleteUserProfile;
impl Operation for DeleteUserProfile {
    const NAME: &'static str = "DeleteUserProfile";
    type In = Named;
    type Out = Done;
    type Error = SageMakerError;
}
impl Write for DeleteUserProfile {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: Named) -> Result<Done, SageMakerError> {
        delete(txn, &key(&input.domain_id, &input.user_profile_name))?;
        Ok(Done {})
    }
}
