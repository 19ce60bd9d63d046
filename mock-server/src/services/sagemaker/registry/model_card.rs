//! Model cards and their versions.

use super::super::error::{RegistryError, SageMakerError};
use super::super::listing::{Manner, list_as};
use super::super::stored::{
    Asked, Change, Filter, Input, Kind, Takes, Words, common_list, find, is_common, page, text, words,
};
use super::experiment::ALL_TIMES;
use crate::model::stored::StoredIndex;
use crate::model::{State, Stored, Txn};
use crate::services::{Caller, Operation, Read, View};
use serde_json::{Value, json};
use std::sync::Arc;

const CONTENT: &str = "Content";
const STATUS: &str = "ModelCardStatus";
/// A version as it was told.
const VERSION: &str = "model-card-version";

/// The parts that a card may have. Source: developer guide, "Model card JSON schema".
const PARTS: &[&str] = &[
    "model_overview",
    "model_package_details",
    "intended_uses",
    "business_details",
    "training_details",
    "evaluation_details",
    "additional_information",
];

pub struct Card;

impl Kind for Card {
    const WORDS: &'static Words = words!("ModelCard", "ModelCards", "ModelCardSummaries");
    const SLUG: &'static str = "model-card";
    const KEPT: &'static [&'static str] = &["SecurityConfig", CONTENT, STATUS];
    const BY: &'static [&'static str] = &["ModelCardName", "ModelCardVersion"];
    const CHANGES: &'static [Change] = &[Change::Set(CONTENT), Change::Set(STATUS)];
    const TIMES: &'static [&'static str] = ALL_TIMES;
    const SUMMARY: &'static [&'static str] =
        &["ModelCardName", "ModelCardArn", STATUS, "CreationTime", "LastModifiedTime"];
    /// The order is not documented; assumed to be that of model packages.
    const MANNER: Manner = Manner { ascending: true, by_name: false, from_time: false, status_last: false };
    const FILTERS: &'static [(&'static str, Filter)] =
        &[(STATUS, |_, _, row, asked| row.told.get(STATUS) == Some(asked))];

    fn unknown(name: &str, _: String) -> SageMakerError {
        RegistryError::NoCard { name: name.to_owned() }.into()
    }

    fn exists(name: &str, _: String) -> SageMakerError {
        RegistryError::CardExists { name: name.to_owned() }.into()
    }

    fn plan(txn: &mut Txn<'_>, _: &Caller, new: &mut Stored) -> Result<(), SageMakerError> {
        check(new)?;
        version(new);
        txn.state.stored.insert(history(new));
        Ok(())
    }

    fn changed(txn: &mut Txn<'_>, _: &Caller, row: &mut Stored, asked: &Asked) -> Result<(), SageMakerError> {
        let before = find_history(&txn.state, row, row.versions).map(|row| row.told.clone());
        let new =
            |member: &str| before.as_ref().is_some_and(|before| before.get(member) != row.told.get(member));
        // Source: API reference, UpdateModelCard.
        if new(CONTENT) && new(STATUS) {
            return Err(RegistryError::CardBoth.into());
        }
        if asked.contains_key(CONTENT) {
            check(row)?;
        }
        row.modified = txn.now;
        version(row);
        txn.state.stored.insert(history(row));
        Ok(())
    }

    fn gone(txn: &mut Txn<'_>, row: &Stored) {
        (1..=row.versions).for_each(|n| drop(txn.state.stored.remove(&key(row, n))));
    }

    fn tell(state: &State, row: &Stored, asked: &Asked, told: &mut Asked) -> Result<(), SageMakerError> {
        if let Some(n) = asked.get("ModelCardVersion").and_then(Value::as_i64) {
            let of = u64::try_from(n).ok().and_then(|n| find_history(state, row, n));
            let of =
                of.ok_or_else(|| RegistryError::NoCardVersion { name: row.name.to_string(), version: n })?;
            told.extend(of.told.as_object().cloned().unwrap_or_default());
            told.insert("LastModifiedTime".into(), json!(of.modified.millis()));
        }
        if text(asked, "IncludedData") == "MetadataOnly" {
            // The service model requires it all the same.
            told.insert(CONTENT.into(), json!(""));
        }
        Ok(())
    }

    /// Source: API reference, ModelCard; developer guide, "Model card JSON schema".
    fn found(_: &State, row: &Stored, told: &mut Asked) {
        let content = row.text(CONTENT).and_then(|content| serde_json::from_str::<Value>(content).ok());
        for (member, path) in [
            ("ModelId", "/model_overview/model_id"),
            ("RiskRating", "/intended_uses/risk_rating"),
            ("ModelPackageGroupName", "/model_package_details/model_package_group_name"),
        ] {
            let said = content.as_ref().and_then(|content| content.pointer(path));
            said.filter(|it| it.is_string()).map(|it| told.insert(member.into(), it.clone()));
        }
    }
}

/// Source: API reference, CreateModelCard, Content. Of the schema, which parts there are.
fn check(card: &Stored) -> Result<(), SageMakerError> {
    let bad = |why: String| Err(RegistryError::CardContent { why }.into());
    let content = card.text(CONTENT).unwrap_or_default();
    let content: Value = match serde_json::from_str(content) {
        Ok(content) => content,
        Err(error) => return bad(error.to_string()),
    };
    let Value::Object(parts) = content else { return bad("it is no object.".into()) };
    match parts.keys().find(|part| !PARTS.contains(&part.as_str())) {
        Some(part) => bad(format!("{part} is none of its properties.")),
        None => Ok(()),
    }
}

/// The next version of a card.
fn version(row: &mut Stored) {
    row.versions += 1;
    let n = row.versions;
    super::super::stored::set(row, "ModelCardVersion", json!(n));
}

fn key(card: &Stored, n: u64) -> Arc<str> {
    format!("{}/{n}", card.resource).into()
}

fn history(card: &Stored) -> Stored {
    Stored {
        resource: key(card, card.versions),
        kind: VERSION,
        name: format!("{}/{:06}", card.name, card.versions).into(),
        of: [card.resource.clone()].into(),
        tags: crate::model::Tags::default(),
        token: None,
        ..card.clone()
    }
}

fn find_history(state: &State, card: &Stored, n: u64) -> Option<Arc<Stored>> {
    state.stored.get(&key(card, n)).cloned()
}

pub struct ListModelCardVersions;

impl Takes for ListModelCardVersions {
    fn takes(member: &str) -> bool {
        is_common(member) || member == "ModelCardName" || member == STATUS
    }
}

impl Operation for ListModelCardVersions {
    const NAME: &'static str = "ListModelCardVersions";
    type In = Input<Self>;
    type Out = Value;
    type Error = SageMakerError;
}
impl Read for ListModelCardVersions {
    fn run(view: &View<'_>, input: Input<Self>) -> Result<Value, SageMakerError> {
        let card = find::<Card>(view.state, view.caller, &input.asked)?;
        let wanted = |row: &&Arc<Stored>| {
            input.asked.get(STATUS).is_none_or(|asked| row.told.get(STATUS) == Some(asked))
        };
        let of = StoredIndex::Of(VERSION, card.resource.clone());
        let rows = view.state.stored.by(&of).filter(wanted);
        let (rows, next) = list_as(&Card::MANNER, rows, &common_list(&input.asked).by_name())?;
        let told = rows.into_iter().map(|row| {
            json!({
                "ModelCardName": card.name,
                "ModelCardArn": card.arn,
                STATUS: row.told[STATUS],
                "ModelCardVersion": row.told["ModelCardVersion"],
                "CreationTime": row.created.millis(),
                "LastModifiedTime": row.modified.millis(),
            })
        });
        Ok(page("ModelCardVersionSummaryList", told.collect(), next))
    }
}
