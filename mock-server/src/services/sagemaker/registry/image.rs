//! Images of Studio and their versions. Source: developer guide, "Bring your own SageMaker image".

use super::super::error::{RegistryError, SageMakerError};
use super::super::listing::Manner;
use super::super::model::ask;
use super::super::stored::{
    Asked, Change, Filter, Input, Kind, Takes, Words, defaults, find, is_common, page, set, text, within,
    words,
};
use super::experiment::NEWEST_FIRST;
use crate::model::stored::next;
use crate::model::{Needs, State, Stored, Txn};
use crate::services::page as pages;
use crate::services::{Caller, Operation, Read, View};
use serde_json::{Value, json};
use std::sync::Arc;

const NAME: &str = "ImageName";
const NUMBER: &str = "Version";
const ALIAS: &str = "Alias";
const ALIASES: &str = "Aliases";
const WHAT: &str = "Image";

pub struct Image;

impl Kind for Image {
    const WORDS: &'static Words = words!("Image", "Images", "Images");
    const SLUG: &'static str = "image";
    const KEPT: &'static [&'static str] = &["Description", "DisplayName", "RoleArn"];
    const CHANGES: &'static [Change] = &[
        Change::Clear("DeleteProperties", &[("Description", "Description"), ("DisplayName", "DisplayName")]),
        Change::Set("Description"),
        Change::Set("DisplayName"),
        Change::Set("RoleArn"),
    ];
    const TIMES: &'static [&'static str] = &["CreationTime", "LastModifiedTime"];
    const STATUS: &'static str = "ImageStatus";
    const NEW: &'static str = "CREATING";
    const CHANGED: &'static str = "UPDATING";
    const DELETING: &'static str = "DELETING";
    const SUMMARY: &'static [&'static str] = &[
        "CreationTime",
        "Description",
        "DisplayName",
        "FailureReason",
        "ImageArn",
        NAME,
        "ImageStatus",
        "LastModifiedTime",
    ];
    const MANNER: Manner = Manner { from_time: true, ..NEWEST_FIRST };

    fn unknown(name: &str, _: String) -> SageMakerError {
        RegistryError::NoImage { what: WHAT, name: name.to_owned() }.into()
    }

    fn exists(name: &str, _: String) -> SageMakerError {
        RegistryError::ImageExists { what: WHAT, name: name.to_owned() }.into()
    }

    fn plan(txn: &mut Txn<'_>, _: &Caller, new: &mut Stored) -> Result<(), SageMakerError> {
        trust(txn, new)
    }

    fn changed(txn: &mut Txn<'_>, _: &Caller, row: &mut Stored, _: &Asked) -> Result<(), SageMakerError> {
        trust(txn, row)
    }

    fn held(state: &State, row: &Stored) -> Result<(), SageMakerError> {
        match within(state, Version::SLUG, &row.resource).find(|version| next(version.status).is_some()) {
            Some(_) => Err(RegistryError::ImageInUse { arn: row.arn.to_string() }.into()),
            None => Ok(()),
        }
    }

    /// All its versions are deleted with it. Source: API reference, DeleteImage.
    fn gone(txn: &mut Txn<'_>, row: &Stored) {
        let all: Vec<_> = within(&txn.state, Version::SLUG, &row.resource)
            .map(|version| version.resource.clone())
            .collect();
        all.iter().for_each(|resource| drop(txn.state.stored.remove(resource)));
    }
}

fn trust(txn: &mut Txn<'_>, row: &Stored) -> Result<(), SageMakerError> {
    let needs = Needs { role_arn: row.text("RoleArn").unwrap_or_default().to_owned(), ..Needs::default() };
    ask(txn, &row.resource, &needs).map(drop)
}

/// A version, of the image that it is named by and with the number that it got.
pub struct Version;

impl Kind for Version {
    const WORDS: &'static Words = words!("ImageVersion", "ImageVersions", "ImageVersions");
    const SLUG: &'static str = "image-version";
    const AWAITED: &'static str = Image::SLUG;
    const KEPT: &'static [&'static str] = &[
        NAME,
        "BaseImage",
        ALIASES,
        "VendorGuidance",
        "JobType",
        "MLFramework",
        "ProgrammingLang",
        "Processor",
        "Horovod",
        "ReleaseNotes",
    ];
    const BY: &'static [&'static str] = &[NAME, NUMBER, ALIAS];
    const CHANGES: &'static [Change] = &[
        Change::Own("AliasesToAdd"),
        Change::Own("AliasesToDelete"),
        Change::Set("VendorGuidance"),
        Change::Set("JobType"),
        Change::Set("MLFramework"),
        Change::Set("ProgrammingLang"),
        Change::Set("Processor"),
        Change::Set("Horovod"),
        Change::Set("ReleaseNotes"),
    ];
    const TIMES: &'static [&'static str] = &["CreationTime", "LastModifiedTime"];
    const STATUS: &'static str = "ImageVersionStatus";
    const NEW: &'static str = "CREATING";
    const DELETING: &'static str = "DELETING";
    const SUMMARY: &'static [&'static str] = &[
        "CreationTime",
        "FailureReason",
        "ImageArn",
        "ImageVersionArn",
        "ImageVersionStatus",
        "LastModifiedTime",
        NUMBER,
    ];
    const MANNER: Manner = Manner { from_time: true, ..NEWEST_FIRST };
    const FILTERS: &'static [(&'static str, Filter)] =
        &[(NAME, |_, caller, row, asked| row.of.contains(&*of(caller, asked)))];

    fn unknown(name: &str, arn: String) -> SageMakerError {
        let version = arn.rsplit('/').next().unwrap_or_default().to_owned();
        RegistryError::NoImageVersion { name: name.to_owned(), version }.into()
    }

    fn exists(name: &str, _: String) -> SageMakerError {
        RegistryError::ImageExists { what: "ImageVersion", name: name.to_owned() }.into()
    }

    fn resource(txn: &mut Txn<'_>, caller: &Caller, asked: &Asked) -> Result<String, SageMakerError> {
        let image = find::<Image>(&txn.state, caller, asked)?;
        Ok(format!("{}/{}/{}", Self::SLUG, image.name.to_lowercase(), image.versions + 1))
    }

    /// By its number or an alias, or else the newest.
    fn named(state: &State, caller: &Caller, asked: &Asked) -> Result<String, SageMakerError> {
        let image = find::<Image>(state, caller, asked)?;
        let begins = format!("{}/{}", Self::SLUG, image.name.to_lowercase());
        let (number, alias) = (asked.get(NUMBER), text(asked, ALIAS));
        let all = || within(state, Self::SLUG, &image.resource);
        match (number, alias.is_empty()) {
            (Some(_), false) => Err(RegistryError::VersionOrAlias.into()),
            (Some(number), true) => Ok(format!("{begins}/{number}")),
            (None, false) => {
                let found = all().find(|row| has_alias(row, alias));
                Ok(found.map_or_else(|| format!("{begins}/{alias}"), |row| row.resource.to_string()))
            }
            (None, true) => {
                let newest = all().max_by_key(|row| row.told[NUMBER].as_u64());
                Ok(newest.map_or_else(|| format!("{begins}/latest"), |row| row.resource.to_string()))
            }
        }
    }

    fn plan(txn: &mut Txn<'_>, caller: &Caller, new: &mut Stored) -> Result<(), SageMakerError> {
        let asked = new.told.as_object().cloned().unwrap_or_default();
        let image = find::<Image>(&txn.state, caller, &asked)?;
        for alias in aliases(new) {
            free(&txn.state, &image, new, &alias)?;
        }
        let Some(image) = txn.state.stored.update(&image.resource, |row| row.versions += 1) else {
            return Ok(());
        };
        new.of.insert(image.resource.clone());
        new.name = format!("{}/{:06}", image.name, image.versions).into();
        let base = new.told["BaseImage"].clone();
        let all = [
            (NUMBER, json!(image.versions)),
            ("ImageArn", json!(image.arn)),
            ("ContainerImage", base),
            (ALIASES, json!([])),
        ];
        defaults(new, &all);
        Ok(())
    }

    fn changed(
        txn: &mut Txn<'_>,
        caller: &Caller,
        row: &mut Stored,
        asked: &Asked,
    ) -> Result<(), SageMakerError> {
        let image = find::<Image>(&txn.state, caller, asked)?;
        let names = |member: &str| -> Vec<String> {
            let all = asked.get(member).and_then(Value::as_array).into_iter().flatten();
            all.filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let (added, removed) = (names("AliasesToAdd"), names("AliasesToDelete"));
        let mut all = aliases(row);
        all.retain(|alias| !removed.contains(alias));
        for alias in added {
            free(&txn.state, &image, row, &alias)?;
            if !all.contains(&alias) {
                all.push(alias);
            }
        }
        set(row, ALIASES, json!(all));
        Ok(())
    }

    fn listed(state: &State, caller: &Caller, asked: &Asked) -> Result<(), SageMakerError> {
        find::<Image>(state, caller, asked).map(drop)
    }

    /// Describe tells no aliases, and no name.
    fn tell(_: &State, _: &Stored, _: &Asked, told: &mut Asked) -> Result<(), SageMakerError> {
        told.remove(ALIASES);
        told.remove(NAME);
        Ok(())
    }
}

fn of(caller: &Caller, name: &Value) -> String {
    super::super::stored::resource_of(caller, Image::SLUG, name.as_str().unwrap_or_default())
}

fn aliases(version: &Stored) -> Vec<String> {
    let all = version.told[ALIASES].as_array().into_iter().flatten();
    all.filter_map(Value::as_str).map(str::to_owned).collect()
}

fn has_alias(version: &Stored, alias: &str) -> bool {
    aliases(version).iter().any(|known| known == alias)
}

/// No other version of the image has the alias.
fn free(state: &State, image: &Stored, version: &Stored, alias: &str) -> Result<(), SageMakerError> {
    let mut all = within(state, Version::SLUG, &image.resource);
    match all.any(|row| row.resource != version.resource && has_alias(row, alias)) {
        true => Err(RegistryError::AliasTaken { alias: alias.to_owned() }.into()),
        false => Ok(()),
    }
}

pub struct ListAliases;

impl Takes for ListAliases {
    fn takes(member: &str) -> bool {
        is_common(member) || Version::BY.contains(&member)
    }
}

impl Operation for ListAliases {
    const NAME: &'static str = "ListAliases";
    type In = Input<Self>;
    type Out = Value;
    type Error = SageMakerError;
}
impl Read for ListAliases {
    fn run(view: &View<'_>, input: Input<Self>) -> Result<Value, SageMakerError> {
        let asked = &input.asked;
        let image = find::<Image>(view.state, view.caller, asked)?;
        let versions: Vec<Arc<Stored>> = if asked.contains_key(NUMBER) || asked.contains_key(ALIAS) {
            vec![find::<Version>(view.state, view.caller, asked)?]
        } else {
            within(view.state, Version::SLUG, &image.resource).cloned().collect()
        };
        let mut all: Vec<String> = versions.iter().flat_map(|version| aliases(version)).collect();
        all.sort_unstable();
        let after = asked.get("NextToken").and_then(Value::as_str);
        let after = after.map(|token| pages::key_of(token).ok_or(SageMakerError::BadToken)).transpose()?;
        let rest = all.into_iter().filter(|alias| after.as_ref().is_none_or(|after| alias > after));
        let most = asked.get("MaxResults").and_then(Value::as_u64).map_or(10, |most| most as usize);
        let (rows, token) = pages::cut(rest, most, Clone::clone);
        Ok(page("SageMakerImageVersionAliases", rows.into_iter().map(Value::from).collect(), token))
    }
}
