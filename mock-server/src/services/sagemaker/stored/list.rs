//! List.

use super::super::error::SageMakerError;
use super::super::listing::{ListIn, Listed, list_as};
use super::{Asked, Input, Kind, Takes, described, text};
use crate::kernel::SimTime;
use crate::model::stored::StoredIndex;
use crate::model::{State, Stored};
use crate::services::{Caller, Operation, Read, View};
use serde_json::{Map, Value, json};
use std::marker::PhantomData;
use std::sync::Arc;

/// Whether a row is one of those that a filter asks for.
pub type Filter = fn(&State, &Caller, &Stored, &Value) -> bool;

/// The members of lists by the names that most lists have for them.
const SAME: &[(&str, &str)] = &[
    ("SortBy", "SortBy"),
    ("SortOrder", "SortOrder"),
    ("NextToken", "NextToken"),
    ("MaxResults", "MaxResults"),
    ("NameContains", "NameContains"),
    ("CreationTimeBefore", "CreationTimeBefore"),
    ("CreationTimeAfter", "CreationTimeAfter"),
    ("CreatedBefore", "CreationTimeBefore"),
    ("CreatedAfter", "CreationTimeAfter"),
    ("LastModifiedTimeBefore", "LastModifiedTimeBefore"),
    ("LastModifiedTimeAfter", "LastModifiedTimeAfter"),
    ("ModifiedTimeBefore", "LastModifiedTimeBefore"),
    ("ModifiedTimeAfter", "LastModifiedTimeAfter"),
];

/// The words of lists, likewise.
fn word(word: &str) -> &str {
    match word {
        "ASCENDING" => "Ascending",
        "DESCENDING" => "Descending",
        "CREATION_TIME" => "CreationTime",
        "LAST_MODIFIED_TIME" => "LastModifiedTime",
        "IMAGE_NAME" | "VERSION" | "Version" => "Name",
        "FeatureGroupStatus" => "Status",
        other => other,
    }
}

/// What every list can be told, read from an input.
pub fn common(asked: &Asked) -> ListIn {
    let mut all = Map::new();
    for (name, same) in SAME {
        if let Some(value) = asked.get(*name) {
            let sorts = name.starts_with("Sort");
            let value = value.as_str().filter(|_| sorts).map_or_else(|| value.clone(), |it| json!(word(it)));
            all.insert((*same).to_owned(), value);
        }
    }
    serde_json::from_value(Value::Object(all)).unwrap_or_default()
}

/// Whether a member is one that every list has.
pub fn is_common(member: &str) -> bool {
    SAME.iter().any(|(name, _)| *name == member)
}

pub struct List<K>(PhantomData<K>);

impl<K: Kind> Takes for List<K> {
    fn takes(member: &str) -> bool {
        is_common(member) || K::FILTERS.iter().any(|(name, _)| *name == member)
    }
}

impl Listed for Stored {
    fn name(&self) -> &Arc<str> {
        &self.name
    }
    fn created(&self) -> SimTime {
        self.created
    }
    fn modified(&self) -> SimTime {
        self.modified
    }
    fn status(&self) -> &'static str {
        self.status
    }
    fn by(&self, member: &str) -> Option<String> {
        match member {
            "OfflineStoreStatus" => Some(self.told[member]["Status"].as_str().unwrap_or_default().to_owned()),
            "SourceArn" | "DestinationArn" | "SourceType" | "DestinationType" => {
                Some(self.text(member).unwrap_or_default().to_owned())
            }
            _ => None,
        }
    }
}

impl<K: Kind> Operation for List<K> {
    const NAME: &'static str = K::WORDS.list;
    type In = Input<Self>;
    type Out = Value;
    type Error = SageMakerError;
}

impl<K: Kind> Read for List<K> {
    fn run(view: &View<'_>, mut input: Input<Self>) -> Result<Value, SageMakerError> {
        K::listed(view.state, view.caller, &input.asked)?;
        K::narrowed(&mut input.asked);
        let of_kind = StoredIndex::Kind(K::SLUG);
        let wanted = |row: &&Arc<Stored>| {
            K::FILTERS.iter().all(|(name, holds)| {
                input.asked.get(*name).is_none_or(|asked| holds(view.state, view.caller, row, asked))
            })
        };
        let rows = view.state.stored.by(&of_kind).filter(wanted);
        let (rows, next) = list_as(&K::MANNER, rows, &common(&input.asked))?;
        Ok(page(K::WORDS.listed, rows.into_iter().map(|row| summary::<K>(view.state, row)).collect(), next))
    }
}

/// The answer of a list.
pub fn page(listed: &str, rows: Vec<Value>, next: Option<String>) -> Value {
    let mut out = json!({ listed: rows });
    if let Some(next) = next {
        out["NextToken"] = json!(next);
    }
    out
}

/// What a list tells of a row.
fn summary<K: Kind>(state: &State, row: &Stored) -> Value {
    let mut told = described::<K>(row);
    K::live(state, row, &mut told);
    K::summed(&mut told);
    let same = |name: &str| {
        K::ALIASES.iter().find(|(own, _)| *own == name).map_or(name.to_owned(), |it| it.1.into())
    };
    let members =
        K::SUMMARY.iter().filter_map(|name| Some(((*name).to_owned(), told.get(&same(name))?.clone())));
    Value::Object(members.collect())
}

/// A name that a list was asked by, if it was.
pub fn asked_name<'a>(asked: &'a Asked, member: &str) -> Option<&'a str> {
    Some(text(asked, member)).filter(|name| !name.is_empty())
}
