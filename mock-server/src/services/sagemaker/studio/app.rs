//! Apps.

use super::super::error::{SageMakerError, StudioError};
use super::super::tags::Tag;
use super::lifecycle;
use super::{
    Described, at_rest, common, delete, domain_key, find, groups, known_groups, member_key, network, new,
    said,
};
use crate::jobs::studio;
use crate::model::{AppOwner, Document, Owner, Studio, StudioKey, StudioMember, StudioStatus, Txn};
use crate::services::{Caller, Done, Operation, Read, View, Write};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What a server runs on if nobody says otherwise. Source: API reference, ResourceSpec.
const SYSTEM: &str = "system";

/// The input of every operation on apps.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Named {
    domain_id: String,
    user_profile_name: Option<String>,
    space_name: Option<String>,
    app_type: String,
    app_name: String,
    // At its creation.
    tags: Option<Vec<Tag>>,
    resource_spec: Option<Document>,
    recovery_mode: Option<bool>,
}

impl Named {
    fn owner(&self) -> Result<AppOwner, StudioError> {
        match (&self.user_profile_name, &self.space_name) {
            (Some(user), None) => Ok(AppOwner::UserProfile(user.to_lowercase().into())),
            (None, Some(space)) => Ok(AppOwner::Space(space.as_str().into())),
            _ => Err(StudioError::OneOwner),
        }
    }

    fn key(&self) -> Result<StudioKey, StudioError> {
        let (app_type, name) = (self.app_type.as_str().into(), self.app_name.as_str().into());
        Ok(member_key(&self.domain_id, StudioMember::App { owner: self.owner()?, app_type, name }))
    }
}

/// The groups of an app: those of its user with those of all users, or those of all spaces that are shared.
/// Source: API reference, CreateDomain and CreateUserProfile.
fn groups_of(txn: &Txn<'_>, domain: &Studio, owner: &AppOwner) -> Result<Vec<String>, StudioError> {
    let row = |member| find(&txn.state, &member_key(&domain.key.domain, member));
    let user = match owner {
        AppOwner::UserProfile(name) => Some(row(StudioMember::UserProfile(name.clone()))?),
        AppOwner::Space(name) => {
            let space = row(StudioMember::Space(name.clone()))?;
            let owner = space.request["OwnershipSettings"]["OwnerUserProfileName"].as_str();
            let private = space.request["SpaceSharingSettings"]["SharingType"] == "Private";
            let owner =
                owner.filter(|_| private).map(|name| StudioMember::UserProfile(name.to_lowercase().into()));
            owner.map(row).transpose()?
        }
    };
    let defaults = |name: &str| groups(&domain.request[name]);
    Ok(match user {
        Some(user) => [defaults("DefaultUserSettings"), groups(&user.request["UserSettings"])].concat(),
        None => defaults("DefaultSpaceSettings"),
    })
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateOut {
    app_arn: String,
}

pub struct CreateApp;

impl Operation for CreateApp {
    const NAME: &'static str = "CreateApp";
    type In = Named;
    type Out = CreateOut;
    type Error = SageMakerError;
}

impl Write for CreateApp {
    fn run(txn: &mut Txn<'_>, caller: &Caller, input: Named) -> Result<CreateOut, SageMakerError> {
        let key = input.key()?;
        let owner = input.owner()?;
        let domain = at_rest(&txn.state, &domain_key(&input.domain_id))?;
        let groups = groups_of(txn, &domain, &owner)?;
        let holder = match &owner {
            AppOwner::UserProfile(name) => StudioMember::UserProfile(name.clone()),
            AppOwner::Space(name) => StudioMember::Space(name.clone()),
        };
        at_rest(&txn.state, &member_key(&input.domain_id, holder))?;
        let mut spec = input.resource_spec.map_or_else(|| json!({}), |tree| Value::clone(&tree));
        if spec.get("InstanceType").is_none() {
            let usual = if input.app_type == "KernelGateway" { "ml.t3.medium" } else { SYSTEM };
            spec["InstanceType"] = json!(usual);
        }
        lifecycle::check(&txn.state, &spec)?;
        let request = said([
            ("AppType", Some(json!(input.app_type))),
            ("AppName", Some(json!(input.app_name))),
            ("UserProfileName", input.user_profile_name.map(|name| json!(name))),
            ("SpaceName", input.space_name.map(|name| json!(name))),
            ("ResourceSpec", Some(spec)),
            ("RecoveryMode", input.recovery_mode.map(|mode| json!(mode))),
        ]);
        let mut row = new(txn, caller, key.clone(), request, input.tags.as_deref())?;
        // One of this name that was deleted is told no longer.
        txn.state.timers.cancel(&Owner::Studio(key.clone()));
        txn.state.studio.remove(&key);
        let groups = known_groups(&txn.state, groups);
        studio::place_app(txn, &mut row, &network(&domain)?, groups);
        let out = CreateOut { app_arn: row.arn.clone() };
        studio::begin(txn, row, StudioStatus::Pending);
        Ok(out)
    }
}

pub struct DescribeApp;
impl Operation for DescribeApp {
    const NAME: &'static str = "DescribeApp";
    type In = Named;
    type Out = Described;
    type Error = SageMakerError;

    fn subjects(input: &Named) -> Vec<Owner> {
        input.key().map(Owner::Studio).into_iter().collect()
    }
}
impl Read for DescribeApp {
    fn run(view: &View<'_>, input: Named) -> Result<Described, SageMakerError> {
        Ok(Described {
            row: find(view.state, &input.key()?)?,
            own: |row| {
                let seen = row.status == StudioStatus::InService;
                let seen = || seen.then(|| row.modified.millis());
                let mut all = common(row);
                all.extend([
                    ("AppArn", json!(row.arn)),
                    ("LastHealthCheckTimestamp", json!(seen())),
                    ("LastUserActivityTimestamp", json!(seen())),
                ]);
                all
            },
            said: &["AppType", "AppName", "UserProfileName", "SpaceName", "ResourceSpec", "RecoveryMode"],
        })
    }
}

pub struct DeleteApp;
impl Operation for DeleteApp {
    const NAME: &'static str = "DeleteApp";
    type In = Named;
    type Out = Done;
    type Error = SageMakerError;
}
impl Write for DeleteApp {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: Named) -> Result<Done, SageMakerError> {
        delete(txn, &input.key()?)?;
        Ok(Done {})
    }
}
