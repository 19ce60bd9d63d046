//! ListDomains, ListUserProfiles, ListSpaces, ListApps.

use super::super::error::SageMakerError;
use super::super::listing::{ListIn, Listed, Manner, list_as};
use super::url;
use crate::jobs::studio::status_word;
use crate::kernel::SimTime;
use crate::model::{AppOwner, Studio, StudioKey, StudioMember};
use crate::services::{Operation, Read, View};
use serde::{Serialize, Serializer};
use serde_json::{Value, json};
use std::sync::Arc;

impl Listed for Studio {
    fn name(&self) -> &Arc<str> {
        &self.name
    }
    fn created(&self) -> SimTime {
        self.created
    }
    fn modified(&self) -> SimTime {
        self.modified
    }
}

/// Source: API reference of each list.
const MANNER: Manner = Manner { ascending: true, by_name: false, from_time: false, status_last: false };

/// One page.
pub struct Page {
    list: &'static str,
    rows: Vec<Value>,
    next_token: Option<String>,
}

impl Serialize for Page {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;
        let mut out = serializer.serialize_struct("Out", 2)?;
        out.serialize_field(self.list, &self.rows)?;
        match &self.next_token {
            Some(token) => out.serialize_field("NextToken", token)?,
            None => out.skip_field("NextToken")?,
        }
        out.end()
    }
}

/// What a list tells of a row; `None`: it is none of those that are listed.
type Tell = fn(&Studio, &ListIn) -> Option<Value>;

fn page(view: &View<'_>, input: &ListIn, list: &'static str, tell: Tell) -> Result<Page, SageMakerError> {
    let of_domain =
        |row: &&Arc<Studio>| input.domain_id_equals.as_deref().is_none_or(|id| *row.key.domain == *id);
    let rows = view.state.studio.iter().filter(of_domain).filter(|row| tell(row, input).is_some());
    let (rows, next_token) = list_as(&MANNER, rows, input)?;
    Ok(Page { list, rows: rows.into_iter().filter_map(|row| tell(row, input)).collect(), next_token })
}

/// What every list tells, with members as they were said.
fn told(row: &Studio, said: &[&'static str], own: &[(&'static str, Value)]) -> Value {
    let mut all = json!({
        "DomainId": row.key.domain,
        "Status": status_word(row.status),
        "CreationTime": row.created.millis(),
    });
    let members = said.iter().filter_map(|name| Some((*name, row.request.get(name)?.clone())));
    for (name, value) in members.chain(own.iter().cloned()) {
        all[name] = value;
    }
    all
}

fn modified(row: &Studio) -> (&'static str, Value) {
    ("LastModifiedTime", json!(row.modified.millis()))
}

fn contains(name: &str, part: Option<&str>) -> bool {
    part.is_none_or(|part| name.contains(&part.to_lowercase()))
}

macro_rules! lists {
    ($($name:ident, $list:literal, $tell:expr;)*) => {$(
        pub struct $name;
        impl Operation for $name {
            const NAME: &'static str = stringify!($name);
            type In = ListIn;
            type Out = Page;
            type Error = SageMakerError;
        }
        impl Read for $name {
            fn run(view: &View<'_>, input: ListIn) -> Result<Page, SageMakerError> {
                page(view, &input, $list, $tell)
            }
        }
    )*};
}

lists! {
    ListDomains, "Domains", |row, _| match &row.key.member {
        None => Some(told(
            row,
            &["DomainName"],
            &[("DomainArn", json!(row.arn)), ("Url", json!(url(row))), modified(row)],
        )),
        Some(_) => None,
    };
    ListUserProfiles, "UserProfiles", |row, input| match &row.key.member {
        Some(StudioMember::UserProfile(name))
            if contains(name, input.user_profile_name_contains.as_deref()) =>
        {
            Some(told(row, &["UserProfileName"], &[modified(row)]))
        }
        _ => None,
    };
    ListSpaces, "Spaces", |row, input| match &row.key.member {
        Some(StudioMember::Space(name))
            if contains(&name.to_lowercase(), input.space_name_contains.as_deref()) =>
        {
            let of = |whole: &str, members: &[&str]| {
                let all = row.request.get(whole)?.as_object()?;
                let all = all.iter().filter(|(name, _)| members.contains(&name.as_str()));
                Some(Value::Object(all.map(|(name, value)| (name.clone(), value.clone())).collect()))
            };
            let summaries = [
                ("SpaceSettingsSummary", of("SpaceSettings", &["AppType", "RemoteAccess", "SpaceStorageSettings"])),
                ("SpaceSharingSettingsSummary", of("SpaceSharingSettings", &["SharingType"])),
                ("OwnershipSettingsSummary", of("OwnershipSettings", &["OwnerUserProfileName"])),
            ];
            let mut own = vec![modified(row)];
            own.extend(summaries.into_iter().filter_map(|(name, value)| Some((name, value?))));
            Some(told(row, &["SpaceName", "SpaceDisplayName"], &own))
        }
        _ => None,
    };
    ListApps, "Apps", |row, input| match &row.key {
        StudioKey { member: Some(StudioMember::App { owner, .. }), .. } => {
            let is = |wanted: &Option<String>, name: Option<&str>| {
                wanted.as_deref().is_none_or(|wanted| name.is_some_and(|name| name.eq_ignore_ascii_case(wanted)))
            };
            let (user, space) = match owner {
                AppOwner::UserProfile(name) => (Some(&**name), None),
                AppOwner::Space(name) => (None, Some(&**name)),
            };
            let wanted = is(&input.user_profile_name_equals, user) && is(&input.space_name_equals, space);
            let said = &["UserProfileName", "SpaceName", "AppType", "AppName", "ResourceSpec"];
            wanted.then(|| told(row, said, &[]))
        }
        _ => None,
    };
}
