//! What the lists of models, endpoint configurations and endpoints have in common.

use super::error::SageMakerError;
use crate::kernel::SimTime;
use crate::services::page;
use serde::Deserialize;
use std::sync::Arc;

/// Source: API reference, MaxResults of ListEndpoints.
const DEFAULT_LIMIT: usize = 10;

/// What such a list can be told. The service model keeps members from operations that do not have them.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListIn {
    sort_by: Option<String>,
    sort_order: Option<String>,
    next_token: Option<String>,
    max_results: Option<usize>,
    name_contains: Option<String>,
    creation_time_before: Option<i64>,
    creation_time_after: Option<i64>,
    last_modified_time_before: Option<i64>,
    last_modified_time_after: Option<i64>,
    status_equals: Option<String>,
}

/// What rows are chosen and ordered by.
pub trait Listed {
    fn name(&self) -> &Arc<str>;
    fn created(&self) -> SimTime;
    fn modified(&self) -> SimTime {
        self.created()
    }
    fn status(&self) -> &'static str {
        ""
    }
}

/// One page: the newest first unless told otherwise, names breaking ties. Source: API reference, SortBy and
/// SortOrder of ListEndpoints; the earlier times are part of their range, the later ones are not.
///
/// # Errors
/// A token that no list gave.
pub fn list<'a, R: Listed>(
    rows: impl Iterator<Item = &'a Arc<R>>,
    input: &ListIn,
) -> Result<(Vec<&'a Arc<R>>, Option<String>), SageMakerError> {
    let ascending = input.sort_order.as_deref() == Some("Ascending");
    let start = input.next_token.as_deref().map(|token| place(token).ok_or(SageMakerError::BadToken));
    let start = start.transpose()?;
    let key = |row: &R| {
        let key = match input.sort_by.as_deref() {
            Some("Name") => String::new(),
            Some("Status") => row.status().to_owned(),
            _ => format!("{:020}", row.created().millis()),
        };
        (key, row.name().clone())
    };
    let mut rows: Vec<_> = rows
        .filter(|row| input.covers(&***row))
        .map(|row| (key(row), row))
        .filter(|(key, _)| {
            start.as_ref().is_none_or(|start| if ascending { key > start } else { key < start })
        })
        .collect();
    rows.sort_unstable_by(|a, b| if ascending { a.0.cmp(&b.0) } else { b.0.cmp(&a.0) });
    let limit = input.max_results.unwrap_or(DEFAULT_LIMIT);
    let (rows, next) = page::cut(rows.into_iter(), limit, |((key, name), _)| format!("{key}/{name}"));
    Ok((rows.into_iter().map(|(_, row)| row).collect(), next))
}

/// The place in the list that a token names.
fn place(token: &str) -> Option<(String, Arc<str>)> {
    let text = page::key_of(token)?;
    let (key, name) = text.split_once('/')?;
    Some((key.to_owned(), name.into()))
}

impl ListIn {
    fn covers(&self, row: &impl Listed) -> bool {
        let (created, modified) = (row.created().millis(), row.modified().millis());
        self.creation_time_after.is_none_or(|at| created >= at)
            && self.creation_time_before.is_none_or(|at| created < at)
            && self.last_modified_time_after.is_none_or(|at| modified >= at)
            && self.last_modified_time_before.is_none_or(|at| modified < at)
            && self.name_contains.as_deref().is_none_or(|part| row.name().contains(part))
            && self.status_equals.as_deref().is_none_or(|status| row.status() == status)
    }
}
