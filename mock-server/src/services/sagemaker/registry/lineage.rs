//! Lineage: actions, artifacts, contexts, and what comes from what. Source: developer guide, "Amazon SageMaker ML Lineage
//! Tracking".

use super::super::error::{RegistryError, SageMakerError};
use super::super::listing::{Manner, list_as};
use super::super::stored::{
    Asked, Change, Filter, Input, Kind, Takes, Words, common_list, is_common, new, page, text, within, words,
};
use super::experiment::{ALL_TIMES, NEWEST_FIRST};
use crate::jobs::stored::begin;
use crate::kernel::digest;
use crate::model::stored::StoredIndex;
use crate::model::{State, Stored, Tags, Txn};
use crate::services::{Caller, Operation, Read, View, Write};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;

/// What they are called among associations.
const ASSOCIATION: &str = "association";

const SOURCE: (&str, Filter) = ("SourceUri", |_, _, row, asked| row.told["Source"]["SourceUri"] == *asked);

macro_rules! entity {
    ($(#[$meta:meta])* $Kind:ident, $name:literal, $names:literal, $slug:literal, $type:literal, $kept:expr, $changes:expr,
     $summary:expr, { $($more:item)* }) => {
        $(#[$meta])*
        pub struct $Kind;

        impl Kind for $Kind {
            const WORDS: &'static Words = words!($name, $names, concat!($name, "Summaries"));
            const SLUG: &'static str = $slug;
            const KEPT: &'static [&'static str] = $kept;
            const CHANGES: &'static [Change] = $changes;
            const TIMES: &'static [&'static str] = ALL_TIMES;
            const DELETE_TELLS: bool = true;
            const SUMMARY: &'static [&'static str] = $summary;
            const MANNER: Manner = Manner { from_time: true, ..NEWEST_FIRST };
            const FILTERS: &'static [(&'static str, Filter)] =
                &[SOURCE, ($type, |_, _, row, asked| row.told.get($type) == Some(asked))];

            fn unknown(_: &str, arn: String) -> SageMakerError {
                RegistryError::NoSuch { noun: $name, arn }.into()
            }

            fn exists(name: &str, _: String) -> SageMakerError {
                RegistryError::NameTaken { noun: $name, name: name.to_owned() }.into()
            }

            fn held(state: &State, row: &Stored) -> Result<(), SageMakerError> {
                associated(state, row, $name)
            }

            $($more)*
        }
    };
}

entity!(
    Action,
    "Action",
    "Actions",
    "action",
    "ActionType",
    &["Source", "ActionType", "Description", "Status", "Properties", "MetadataProperties"],
    &[
        Change::Set("Description"),
        Change::Set("Status"),
        Change::Set("Properties"),
        Change::Remove("PropertiesToRemove", "Properties"),
    ],
    &["ActionArn", "ActionName", "Source", "ActionType", "Status", "CreationTime", "LastModifiedTime"],
    {}
);

entity!(
    Context,
    "Context",
    "Contexts",
    "context",
    "ContextType",
    &["Source", "ContextType", "Description", "Properties"],
    &[
        Change::Set("Description"),
        Change::Set("Properties"),
        Change::Remove("PropertiesToRemove", "Properties"),
    ],
    &["ContextArn", "ContextName", "Source", "ContextType", "CreationTime", "LastModifiedTime"],
    {}
);

entity!(
    /// It is named by its ARN alone.
    Artifact,
    "Artifact",
    "Artifacts",
    "artifact",
    "ArtifactType",
    &["Source", "ArtifactType", "Properties", "MetadataProperties"],
    &[
        Change::Set("ArtifactName"),
        Change::Set("Properties"),
        Change::Remove("PropertiesToRemove", "Properties"),
    ],
    &["ArtifactArn", "ArtifactName", "Source", "ArtifactType", "CreationTime", "LastModifiedTime"],
    {
        const BY: &'static [&'static str] = &["ArtifactArn", "Source"];

        /// Its id follows from what it is of, so that there is one for each source and type.
        fn resource(_: &mut Txn<'_>, caller: &Caller, asked: &Asked) -> Result<String, SageMakerError> {
            let of = format!("{}/{}", asked["Source"], text(asked, "ArtifactType"));
            let id = digest(0, &[caller.account.to_string().as_bytes(), caller.region.as_bytes(), of.as_bytes()]);
            Ok(format!("artifact/{id:032x}"))
        }

        fn named(state: &State, caller: &Caller, asked: &Asked) -> Result<String, SageMakerError> {
            let arn = text(asked, "ArtifactArn");
            match asked.get("Source") {
                None if !arn.is_empty() => {
                    let own = caller.arn("sagemaker", "");
                    Ok(arn.strip_prefix(&own).unwrap_or(arn).to_owned())
                }
                Some(source) if arn.is_empty() => {
                    let mut all = state.stored.by(&StoredIndex::Kind("artifact"));
                    let found = all.find(|row| row.told["Source"]["SourceUri"] == source["SourceUri"]);
                    let uri = source["SourceUri"].as_str().unwrap_or_default();
                    Ok(found.map_or_else(|| uri.to_owned(), |row| row.resource.to_string()))
                }
                _ => Err(RegistryError::ArtifactUnnamed.into()),
            }
        }
    }
);

/// What has associations is not deleted.
///
/// # Errors
/// It has.
pub fn associated(state: &State, row: &Stored, noun: &'static str) -> Result<(), SageMakerError> {
    match within(state, ASSOCIATION, &row.resource).next() {
        Some(_) => Err(RegistryError::Associated { noun, arn: row.arn.to_string() }.into()),
        None => Ok(()),
    }
}

/// What an ARN leads to: something of lineage itself, or a trial component.
fn entity(state: &State, arn: &str) -> Option<Arc<Stored>> {
    let resource: Arc<str> = arn.splitn(6, ':').nth(5)?.into();
    let known = [Action::SLUG, Artifact::SLUG, Context::SLUG, super::trial::Component::SLUG];
    let found = state.stored.get(&resource).filter(|row| known.contains(&row.kind) && *row.arn == *arn);
    found.cloned()
}

/// The type of what is associated, as a filter names it.
fn type_of(row: &Stored) -> &str {
    let types = ["ActionType", "ArtifactType", "ContextType"];
    types.iter().find_map(|member| row.text(member)).unwrap_or("TrialComponent")
}

fn found(state: &State, arn: &str) -> Result<Arc<Stored>, SageMakerError> {
    entity(state, arn).ok_or_else(|| RegistryError::NoSuch { noun: "Entity", arn: arn.to_owned() }.into())
}

/// The resource of an association: it has no ARN that anybody is told.
fn between(source: &Stored, destination: &Stored) -> String {
    format!("{ASSOCIATION}/{}/{}", source.resource, destination.resource)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AssociationIn {
    source_arn: String,
    destination_arn: String,
    association_type: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct AssociationOut {
    source_arn: String,
    destination_arn: String,
}

pub struct AddAssociation;
impl Operation for AddAssociation {
    const NAME: &'static str = "AddAssociation";
    type In = AssociationIn;
    type Out = AssociationOut;
    type Error = SageMakerError;
}
impl Write for AddAssociation {
    fn run(
        txn: &mut Txn<'_>,
        caller: &Caller,
        input: AssociationIn,
    ) -> Result<AssociationOut, SageMakerError> {
        let (from, to) = (found(&txn.state, &input.source_arn)?, found(&txn.state, &input.destination_arn)?);
        let resource = between(&from, &to);
        let AssociationIn { source_arn: source, destination_arn: destination, association_type } = input;
        if txn.state.stored.contains(&Arc::from(resource.as_str())) {
            return Err(RegistryError::AssociationExists { source, destination }.into());
        }
        let name = |row: &Stored, member: &str| row.text(member).map(|name| json!(name));
        let name_of = |row: &Stored| {
            ["ActionName", "ArtifactName", "ContextName", "TrialComponentName"]
                .iter()
                .find_map(|member| name(row, member))
        };
        let members = [
            ("SourceArn", Some(json!(source))),
            ("DestinationArn", Some(json!(destination))),
            ("SourceType", Some(json!(type_of(&from)))),
            ("DestinationType", Some(json!(type_of(&to)))),
            ("AssociationType", association_type.map(|kind| json!(kind))),
            ("SourceName", name_of(&from)),
            ("DestinationName", name_of(&to)),
        ];
        let told =
            members.into_iter().filter_map(|(member, value)| Some((member.to_owned(), value?))).collect();
        let mut row = new::<Action>(txn, caller, resource, told, Tags::default());
        row.kind = ASSOCIATION;
        row.of = [from.resource.clone(), to.resource.clone()].into();
        begin(txn, row, "");
        Ok(AssociationOut { source_arn: source, destination_arn: destination })
    }
}

pub struct DeleteAssociation;
impl Operation for DeleteAssociation {
    const NAME: &'static str = "DeleteAssociation";
    type In = AssociationIn;
    type Out = AssociationOut;
    type Error = SageMakerError;
}
impl Write for DeleteAssociation {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: AssociationIn) -> Result<AssociationOut, SageMakerError> {
        let (from, to) = (found(&txn.state, &input.source_arn)?, found(&txn.state, &input.destination_arn)?);
        let AssociationIn { source_arn: source, destination_arn: destination, .. } = input;
        match txn.state.stored.remove(&between(&from, &to).into()) {
            Some(_) => Ok(AssociationOut { source_arn: source, destination_arn: destination }),
            None => Err(RegistryError::NoAssociation { source, destination }.into()),
        }
    }
}

/// The members that a list of associations is narrowed by.
const NARROWED: &[&str] =
    &["SourceArn", "DestinationArn", "SourceType", "DestinationType", "AssociationType"];

pub struct ListAssociations;

impl Takes for ListAssociations {
    fn takes(member: &str) -> bool {
        is_common(member) || NARROWED.contains(&member)
    }
}

impl Operation for ListAssociations {
    const NAME: &'static str = "ListAssociations";
    type In = Input<Self>;
    type Out = Value;
    type Error = SageMakerError;
}
impl Read for ListAssociations {
    fn run(view: &View<'_>, input: Input<Self>) -> Result<Value, SageMakerError> {
        let wanted = |row: &&Arc<Stored>| {
            NARROWED
                .iter()
                .all(|name| input.asked.get(*name).is_none_or(|asked| row.told.get(*name) == Some(asked)))
        };
        let rows = view.state.stored.by(&StoredIndex::Kind(ASSOCIATION)).filter(wanted);
        let manner = Manner { from_time: true, ..NEWEST_FIRST };
        let (rows, next) = list_as(&manner, rows, &common_list(&input.asked))?;
        let told = rows.into_iter().map(|row| {
            let mut told = Value::clone(&row.told);
            told["CreationTime"] = json!(row.created.millis());
            told["CreatedBy"] = json!({});
            told
        });
        Ok(page("AssociationSummaries", told.collect(), next))
    }
}
