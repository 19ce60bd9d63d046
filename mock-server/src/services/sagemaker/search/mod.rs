//! Search, GetSearchSuggestions.

mod expression;
mod kind;
mod property;

use super::error::{SageMakerError, SearchError};
use crate::services::{Operation, Read, View, page};
use expression::{Expression, Reader};
use kind::{KINDS, Kind, Record};
use property::{Held, Property, Type};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::cmp::Ordering;
use std::collections::BTreeSet;

/// How many results there are unless told: assumed, as of lists.
const DEFAULT_LIMIT: usize = 10;
/// How many names are suggested at most: assumed.
const MOST_SUGGESTIONS: usize = 100;

/// The type of resource of this name.
fn kind(resource: &str) -> Result<&'static Kind, SearchError> {
    let found = KINDS.iter().find(|kind| kind.resource == resource);
    found.ok_or_else(|| SearchError::SearchForm(resource.to_owned()))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct In {
    resource: String,
    search_expression: Option<Expression>,
    sort_by: Option<String>,
    sort_order: Option<String>,
    next_token: Option<String>,
    max_results: Option<usize>,
    cross_account_filter_option: Option<String>,
    visibility_conditions: Option<Vec<Visible>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Visible {
    key: Option<String>,
    value: Option<String>,
}

impl Visible {
    /// The tag that it is about.
    fn tag(&self) -> Result<&str, SearchError> {
        let key = self.key.as_deref().unwrap_or_default();
        let wrong = || SearchError::VisibilityKey { key: key.to_owned() };
        key.strip_prefix("Tags.").filter(|key| !key.is_empty()).ok_or_else(wrong)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Out {
    results: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
    total_hits: Value,
}

pub struct Search;
impl Operation for Search {
    const NAME: &'static str = "Search";
    type In = In;
    type Out = Out;
    type Error = SageMakerError;
}

/// What results are ordered by: a property, or else the time of their last change or of their creation, whichever they
/// have.
fn order(kind: &Kind, asked: Option<&str>) -> Result<Option<Property>, SearchError> {
    let Some(known) = kind.properties() else { return Ok(None) };
    match asked {
        Some(name) => {
            let property = known.find(kind.resource, name)?;
            let sorts = !matches!(property.kind, Type::Map | Type::List | Type::Structure);
            let unknown = || SearchError::UnknownProperty {
                property: name.to_owned(),
                resource: kind.resource.to_owned(),
            };
            Some(property).filter(|_| sorts).ok_or_else(unknown).map(Some)
        }
        None => {
            let usual = ["LastModifiedTime", "CreationTime", "Model.CreationTime"];
            Ok(usual.iter().find_map(|name| known.find(kind.resource, name).ok()))
        }
    }
}

impl Read for Search {
    fn run(view: &View<'_>, input: In) -> Result<Out, SageMakerError> {
        let kind = kind(&input.resource)?;
        let known = kind.properties().ok_or_else(|| SearchError::SearchForm(input.resource.clone()))?;
        let mut reader = Reader::new(kind.resource, known);
        let condition = input.search_expression.as_ref().map(|wanted| reader.read(wanted)).transpose()?;
        let by = order(kind, input.sort_by.as_deref())?;
        let visible = input.visibility_conditions.unwrap_or_default();
        for condition in &visible {
            condition.tag()?;
        }
        let start = match &input.next_token {
            None => 0,
            Some(token) => {
                let place = page::key_of(token).and_then(|key| key.parse::<usize>().ok());
                place.ok_or(SageMakerError::BadToken)? + 1
            }
        };
        // Nobody shares anything with anybody here.
        let own = input.cross_account_filter_option.as_deref() != Some("CrossAccount");
        let sees = |record: &Record| {
            visible.iter().all(|condition| {
                let tag = condition.tag().ok().and_then(|key| record.tags.get(key));
                tag.is_none_or(|value| Some(value) == condition.value.as_deref())
            })
        };
        let mut records: Vec<Record> = if own { kind.records(view) } else { Vec::new() };
        records.retain(|record| condition.as_ref().is_none_or(|wanted| wanted.holds(record)) && sees(record));
        let mut sorted: Vec<(Option<Held>, Record)> = records
            .into_iter()
            .map(|record| (by.as_ref().and_then(|by| by.of(&record).into_iter().next()), record))
            .collect();
        let ascending = input.sort_order.as_deref() == Some("Ascending");
        // What has no value comes last, whichever way; what has the same stays in order of name.
        sorted.sort_by(|(a, _), (b, _)| match (a, b) {
            (Some(a), Some(b)) => {
                let order = a.partial_cmp(b).unwrap_or(Ordering::Equal);
                if ascending { order } else { order.reverse() }
            }
            (a, b) => b.is_some().cmp(&a.is_some()),
        });
        let total = sorted.len();
        let rest = sorted.into_iter().enumerate().skip(start);
        let (rows, next_token) =
            page::cut(rest, input.max_results.unwrap_or(DEFAULT_LIMIT), |(n, _)| n.to_string());
        let results = rows.into_iter().map(|(_, (_, record))| json!({ kind.record: record.json })).collect();
        Ok(Out { results, next_token, total_hits: json!({ "Value": total, "Relation": "EqualTo" }) })
    }
}

pub struct GetSearchSuggestions;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SuggestIn {
    resource: String,
    suggestion_query: Option<SuggestionQuery>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SuggestionQuery {
    property_name_query: Option<PropertyNameQuery>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PropertyNameQuery {
    property_name_hint: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct SuggestOut {
    property_name_suggestions: Vec<Value>,
}

impl Operation for GetSearchSuggestions {
    const NAME: &'static str = "GetSearchSuggestions";
    type In = SuggestIn;
    type Out = SuggestOut;
    type Error = SageMakerError;
}

impl Read for GetSearchSuggestions {
    /// Suggests hyperparameters, tags and metrics that resources have. Source: API reference, GetSearchSuggestions.
    fn run(view: &View<'_>, input: SuggestIn) -> Result<SuggestOut, SageMakerError> {
        let kind = kind(&input.resource)?;
        let query = input.suggestion_query.and_then(|query| query.property_name_query);
        let hint = query.map(|query| query.property_name_hint).unwrap_or_default();
        let mut names = BTreeSet::new();
        for record in kind.records(view) {
            names.extend(record.tags.iter().map(|(key, _)| format!("Tags.{key}")));
            let parameters = record.json["HyperParameters"].as_object().into_iter().flatten();
            names.extend(parameters.map(|(name, _)| format!("HyperParameters.{name}")));
            let metrics = record.json["FinalMetricDataList"].as_array().into_iter().flatten();
            let metrics = metrics.filter_map(|metric| metric["MetricName"].as_str());
            names.extend(metrics.map(|name| format!("Metrics.{name}")));
        }
        let wanted = names.into_iter().filter(|name| name.starts_with(&hint)).take(MOST_SUGGESTIONS);
        Ok(SuggestOut {
            property_name_suggestions: wanted.map(|name| json!({ "PropertyName": name })).collect(),
        })
    }
}
