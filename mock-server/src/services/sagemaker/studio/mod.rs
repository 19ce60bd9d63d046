//! Studio: domains, user profiles, spaces and apps.

mod app;
mod domain;
mod lifecycle;
mod list;
mod space;
mod user;

pub use app::{CreateApp, DeleteApp, DescribeApp};
pub use domain::{CreateDomain, CreatePresignedDomainUrl, DeleteDomain, DescribeDomain, UpdateDomain};
pub use lifecycle::{
    CreateStudioLifecycleConfig, DeleteStudioLifecycleConfig, DescribeStudioLifecycleConfig,
    ListStudioLifecycleConfigs,
};
pub use list::{ListApps, ListDomains, ListSpaces, ListUserProfiles};
pub use space::{CreateSpace, DeleteSpace, DescribeSpace, UpdateSpace};
pub use user::{CreateUserProfile, DeleteUserProfile, DescribeUserProfile, UpdateUserProfile};

use super::error::{SageMakerError, StudioError};
use super::members::Members;
use super::tags::{Tag, checked};
use crate::jobs::studio::{self, status_word};
use crate::kernel::{Memo, digest};
use crate::model::studio::StudioIndex;
use crate::model::{
    AppOwner, Id, SecurityGroupId, State, Studio, StudioKey, StudioMember, StudioNetwork, StudioStatus, Txn,
};
use crate::services::{Caller, Reply, ReplyWriter};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// The most groups that can be named: the service adds one. Source: API reference, UserSettings.
const MOST_GROUPS: usize = 4;

/// What errors call it.
fn what(key: &StudioKey) -> &'static str {
    match key.member {
        None => "Domain",
        Some(StudioMember::UserProfile(_)) => "UserProfile",
        Some(StudioMember::Space(_)) => "Space",
        Some(StudioMember::App { .. }) => "App",
    }
}

fn domain_key(id: &str) -> StudioKey {
    StudioKey { domain: id.into(), member: None }
}

fn member_key(domain: &str, member: StudioMember) -> StudioKey {
    StudioKey { domain: domain.into(), member: Some(member) }
}

/// What has this key.
fn find(state: &State, key: &StudioKey) -> Result<Arc<Studio>, StudioError> {
    state.studio.get(key).cloned().ok_or_else(|| {
        let name = key.to_string().split_once('/').map(|(_, name)| name.to_owned()).unwrap_or_default();
        StudioError::NoSuchStudio { what: what(key), name }
    })
}

/// What has this key, if something can be done with it now.
fn at_rest(state: &State, key: &StudioKey) -> Result<Studio, StudioError> {
    let row = find(state, key)?;
    let ready = matches!(row.status, StudioStatus::InService | StudioStatus::Failed);
    if !ready {
        let (what, arn, status) = (what(key), row.arn.clone(), status_word(row.status));
        return Err(StudioError::StudioBusy { what, arn, status });
    }
    Ok(Studio::clone(&row))
}

/// A row that is about to begin.
fn new(
    txn: &Txn<'_>,
    caller: &Caller,
    key: StudioKey,
    request: Map<String, Value>,
    tags: Option<&[Tag]>,
) -> Result<Studio, SageMakerError> {
    let arn = caller.arn("sagemaker", &key);
    if txn.state.studio.get(&key).is_some_and(|row| row.status != StudioStatus::Deleted) {
        return Err(StudioError::StudioExists { what: what(&key), arn }.into());
    }
    Ok(Studio {
        name: key.to_string().into(),
        key,
        arn,
        status: StudioStatus::Pending,
        failure: None,
        request: Arc::new(Value::Object(request)),
        network: None,
        interface: None,
        created: txn.now,
        modified: txn.now,
        tags: checked(tags.unwrap_or_default())?,
        memo: Memo::default(),
    })
}

/// Begins to delete it, unless others are in it or run for it.
fn delete(txn: &mut Txn<'_>, key: &StudioKey) -> Result<(), StudioError> {
    let row = find(&txn.state, key)?;
    let all = || txn.state.studio.by(&StudioIndex::Domain(key.domain.clone()));
    let alive = |row: &&Arc<Studio>| row.status != StudioStatus::Deleted;
    let apps = |owner: AppOwner| {
        txn.state.studio.by(&StudioIndex::Apps(key.domain.clone(), owner)).any(|row| alive(&row))
    };
    let by = match &key.member {
        None => {
            let mut held: Vec<_> = all().filter(alive).map(|row| what(&row.key)).collect();
            held.sort_unstable_by_key(|what| std::cmp::Reverse(*what));
            held.first().copied()
        }
        Some(StudioMember::UserProfile(name)) => {
            let owns = |row: &&Arc<Studio>| {
                what(&row.key) == "Space"
                    && row.request["OwnershipSettings"]["OwnerUserProfileName"] == **name
            };
            let space = all().any(|row| owns(&row)).then_some("Space");
            apps(AppOwner::UserProfile(name.clone())).then_some("App").or(space)
        }
        Some(StudioMember::Space(name)) => apps(AppOwner::Space(name.clone())).then_some("App"),
        Some(StudioMember::App { .. }) => None,
    };
    if let Some(by) = by {
        return Err(StudioError::StudioHeld { what: what(key), arn: row.arn.clone(), by });
    }
    let row = at_rest(&txn.state, key)?;
    studio::begin(txn, row, StudioStatus::Deleting);
    Ok(())
}

/// Whether a domain has apps that run, or are about to come or to go.
fn has_apps(state: &State, domain: &StudioKey) -> bool {
    let mut members = state.studio.by(&StudioIndex::Domain(domain.domain.clone()));
    members.any(|row| {
        let there = [StudioStatus::Pending, StudioStatus::InService, StudioStatus::Deleting];
        matches!(row.key.member, Some(StudioMember::App { .. })) && there.contains(&row.status)
    })
}

/// The network of a domain that has one.
fn network(domain: &Studio) -> Result<StudioNetwork, StudioError> {
    domain.network.clone().ok_or(StudioError::DomainNetwork)
}

/// The groups in some settings.
fn groups(settings: &Value) -> Vec<String> {
    let all = settings["SecurityGroups"].as_array().into_iter().flatten();
    all.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Groups by id; those that are gone by now are left out.
fn known_groups(state: &State, names: impl IntoIterator<Item = String>) -> Vec<SecurityGroupId> {
    let mut known: Vec<SecurityGroupId> = Vec::new();
    for id in names.into_iter().filter_map(|name| SecurityGroupId::parse(&name)) {
        if state.groups.contains(&id) && !known.contains(&id) {
            known.push(id);
        }
    }
    known
}

/// Puts what was said into what is told again, member by member; nothing of what was there before is lost.
fn merge(into: &mut Value, more: &Value) {
    match (into, more) {
        (Value::Object(into), Value::Object(more)) => {
            for (name, value) in more {
                merge(into.entry(name.clone()).or_insert(Value::Null), value);
            }
        }
        (into, more) => *into = more.clone(),
    }
}

/// Members that were said.
fn said<const N: usize>(members: [(&str, Option<Value>); N]) -> Map<String, Value> {
    members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

/// The host of a domain, whose id and region are in its ARN.
fn url(domain: &Studio) -> String {
    let region = domain.arn.split(':').nth(3).unwrap_or_default();
    format!("https://{}.studio.{region}.sagemaker.aws", domain.key.domain)
}

/// The user id of a home directory: it follows from whose it is.
fn home(row: &Studio) -> String {
    (200_000 + digest(0, &[row.arn.as_bytes()]) % 1_000_000).to_string()
}

/// A description, printed from its row alone, so that what was printed can be kept there.
pub struct Described {
    row: Arc<Studio>,
    /// What is not as the caller said it.
    own: fn(&Studio) -> Vec<(&'static str, Value)>,
    /// What is.
    said: &'static [&'static str],
}

impl Reply for Described {
    fn write<W: ReplyWriter>(&self, writer: &mut W) -> Result<(), W::Error> {
        writer.whole(&self.row.memo, &Printed(self))
    }
}

struct Printed<'a>(&'a Described);

impl Serialize for Printed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Described { row, own, said } = self.0;
        let mut out = Members::new(serializer, &row.request)?;
        for (name, value) in own(row).iter().filter(|(_, value)| !value.is_null()) {
            out.put(name, value)?;
        }
        said.iter().try_for_each(|name| out.repeat(name))?;
        out.end()
    }
}

/// What every description tells.
fn common(row: &Studio) -> Vec<(&'static str, Value)> {
    vec![
        ("DomainId", json!(row.key.domain)),
        ("Status", json!(status_word(row.status))),
        ("CreationTime", json!(row.created.millis())),
        ("FailureReason", json!(row.failure.as_ref().filter(|_| row.status == StudioStatus::Failed))),
    ]
}

/// When it was last changed, which apps do not tell.
fn modified(row: &Studio) -> (&'static str, Value) {
    ("LastModifiedTime", json!(row.modified.millis()))
}
