//! What the lists of jobs, models, endpoint configurations and endpoints have in common.

use super::error::SageMakerError;
use crate::kernel::SimTime;
use crate::services::{Page, Printed, page};
use serde::{Deserialize, Serializer};
use std::sync::Arc;

/// How many rows an answer lists unless told. Source: API reference, MaxResults of ListEndpoints.
const DEFAULT_LIMIT: usize = 10;

const BY_METRIC: &str = "FinalObjectiveMetricValue";

/// What such a list can be told. The service model keeps members from operations that do not have them.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase")]
pub struct ListIn {
    pub sort_by: Option<String>,
    pub sort_order: Option<String>,
    pub next_token: Option<String>,
    pub max_results: Option<usize>,
    pub name_contains: Option<String>,
    pub creation_time_before: Option<i64>,
    pub creation_time_after: Option<i64>,
    pub last_modified_time_before: Option<i64>,
    pub last_modified_time_after: Option<i64>,
    pub status_equals: Option<String>,
    pub warm_pool_status_equals: Option<String>,
    pub training_plan_arn_equals: Option<String>,
    pub(super) endpoint_name_equals: Option<String>,
    pub(super) variant_name_equals: Option<String>,
    /// Of notebook instances alone, which look at them themselves.
    pub notebook_instance_lifecycle_config_name_contains: Option<String>,
    pub default_code_repository_contains: Option<String>,
    pub additional_code_repository_equals: Option<String>,
    /// Of Studio alone, as above.
    pub domain_id_equals: Option<String>,
    pub user_profile_name_contains: Option<String>,
    pub user_profile_name_equals: Option<String>,
    pub space_name_contains: Option<String>,
    pub space_name_equals: Option<String>,
    /// Of monitoring.
    pub endpoint_name: Option<String>,
    pub monitoring_job_definition_name: Option<String>,
    pub monitoring_type_equals: Option<String>,
    pub scheduled_time_before: Option<i64>,
    pub scheduled_time_after: Option<i64>,
    /// The list of executions looks at it itself.
    pub monitoring_schedule_name: Option<String>,
    /// Of alerts alone.
    pub monitoring_alert_name: Option<String>,
    /// Of candidates of AutoML jobs.
    #[serde(rename = "AutoMLJobName")]
    pub automl_job_name: Option<String>,
    pub candidate_name_equals: Option<String>,
    /// Of lifecycle configurations of Studio alone.
    pub app_type_equals: Option<String>,
    pub modified_time_before: Option<i64>,
    pub modified_time_after: Option<i64>,
    /// Of clusters alone.
    pub training_plan_arn: Option<String>,
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
    fn warm_pool_status(&self) -> Option<&str> {
        None
    }
    fn training_plan(&self) -> Option<&str> {
        None
    }
    /// Of what is monitored: the endpoint, the definition, the type, and the time that an execution is scheduled for.
    fn endpoint(&self) -> Option<&str> {
        None
    }
    fn definition(&self) -> Option<&str> {
        None
    }
    fn monitoring_type(&self) -> Option<&str> {
        None
    }
    fn scheduled(&self) -> Option<SimTime> {
        None
    }
    /// What rows are ordered by if this is asked for, which only lists of their kind know.
    fn by(&self, _member: &str) -> Option<String> {
        None
    }
    /// What rows are ordered by whose order is asked for by a metric; those without are not listed then.
    fn metric(&self) -> Option<String> {
        None
    }
}

/// In what the lists differ.
pub struct Manner {
    /// Whether the oldest come first unless told otherwise.
    pub ascending: bool,
    /// Whether they are ordered by name unless told otherwise.
    pub by_name: bool,
    /// Whether the times `...After` are part of their range; the times `...Before` never are.
    pub from_time: bool,
    /// Whether a page that was asked for with `MaxResults` is cut before `StatusEquals` is asked.
    pub status_last: bool,
}

/// Source: API reference, ListEndpoints.
const HOSTING: Manner = Manner { ascending: false, by_name: false, from_time: true, status_last: false };

/// One page of models, endpoint configurations or endpoints.
///
/// # Errors
/// A token that no list gave.
pub fn list<'a, R: Listed>(
    rows: impl Iterator<Item = &'a Arc<R>>,
    input: &ListIn,
) -> Result<(Vec<&'a Arc<R>>, Option<String>), SageMakerError> {
    list_as(&HOSTING, rows, input)
}

/// One page, ordered by time of creation unless told otherwise, names breaking ties.
///
/// # Errors
/// A token that no list gave.
pub fn list_as<'a, R: Listed>(
    manner: &Manner,
    rows: impl Iterator<Item = &'a Arc<R>>,
    input: &ListIn,
) -> Result<(Vec<&'a Arc<R>>, Option<String>), SageMakerError> {
    let ascending = input.sort_order.as_deref().map_or(manner.ascending, |order| order == "Ascending");
    let wanted = |row: &R| input.status_equals.as_deref().is_none_or(|status| row.status() == status);
    let wanted_late = manner.status_last && input.max_results.is_some();
    let start = input.next_token.as_deref().map(|token| place(token).ok_or(SageMakerError::BadToken));
    let start = start.transpose()?;
    let key = |row: &R| {
        let own = input.sort_by.as_deref().and_then(|member| row.by(member));
        let key = match input.sort_by.as_deref() {
            _ if own.is_some() => own.unwrap_or_default(),
            Some("Name") => String::new(),
            None if manner.by_name => String::new(),
            Some("LastModifiedTime") => format!("{:020}", row.modified().millis()),
            Some("Status") => row.status().to_owned(),
            Some("ScheduledTime") => format!("{:020}", row.scheduled().unwrap_or_default().millis()),
            Some(BY_METRIC) => row.metric().unwrap_or_default(),
            _ => format!("{:020}", row.created().millis()),
        };
        (key, row.name().clone())
    };
    let mut rows: Vec<_> = rows
        .filter(|row| input.covers(manner, &***row) && (wanted_late || wanted(row)))
        .filter(|row| input.sort_by.as_deref() != Some(BY_METRIC) || row.metric().is_some())
        .map(|row| (key(row), row))
        .filter(|(key, _)| {
            start.as_ref().is_none_or(|start| if ascending { key > start } else { key < start })
        })
        .collect();
    rows.sort_unstable_by(|a, b| if ascending { a.0.cmp(&b.0) } else { b.0.cmp(&a.0) });
    let limit = input.max_results.unwrap_or(DEFAULT_LIMIT);
    let (rows, next) = page::cut(rows.into_iter(), limit, |((key, name), _)| format!("{key}/{name}"));
    Ok((rows.into_iter().map(|(_, row)| row).filter(|row| wanted(row)).collect(), next))
}

/// A row as a list tells it.
pub trait Summarized: Listed + Send + Sync + 'static {
    /// What the answer calls the list.
    const LIST: &'static str;

    /// # Errors
    /// Those of the serializer.
    fn summarize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;
}

/// A row on its way out. What is remembered of its print is the description, not this.
pub struct Row<R>(Arc<R>);

impl<R: Summarized> Printed for Row<R> {
    const LIST: &'static str = R::LIST;

    fn print<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.summarize(serializer)
    }
}

/// One page as it is answered; see [`list_as`].
///
/// # Errors
/// A token that no list gave.
pub fn page_as<'a, R: Summarized>(
    manner: &Manner,
    rows: impl Iterator<Item = &'a Arc<R>>,
    input: &ListIn,
) -> Result<Page<Row<R>>, SageMakerError> {
    let (rows, next_token) = list_as(manner, rows, input)?;
    Ok(Page { rows: rows.into_iter().map(|row| Row(row.clone())).collect(), next_token })
}

/// A text for a number, so that the texts are in the order of their numbers.
pub fn in_order(value: f64) -> String {
    let bits = value.to_bits();
    let ordered = if bits >> 63 == 1 { !bits } else { bits | 1 << 63 };
    format!("{ordered:016x}")
}

/// The place in the list that a token names.
fn place(token: &str) -> Option<(String, Arc<str>)> {
    let text = page::key_of(token)?;
    let (key, name) = text.split_once('/')?;
    Some((key.to_owned(), name.into()))
}

impl ListIn {
    /// Ordered by names unless told otherwise.
    pub fn by_name(mut self) -> Self {
        self.sort_by.get_or_insert_with(|| "Name".to_owned());
        self
    }

    fn covers(&self, manner: &Manner, row: &impl Listed) -> bool {
        let (created, modified) = (row.created().millis(), row.modified().millis());
        let since = |time: i64, at: Option<i64>| {
            at.is_none_or(|at| if manner.from_time { time >= at } else { time > at })
        };
        let before = |time: i64, at: Option<i64>| at.is_none_or(|at| time < at);
        let is = |asked: &Option<String>, given: Option<&str>| asked.is_none() || asked.as_deref() == given;
        let scheduled = row.scheduled().map_or(0, SimTime::millis);
        since(created, self.creation_time_after)
            && before(created, self.creation_time_before)
            && since(modified, self.last_modified_time_after)
            && before(modified, self.last_modified_time_before)
            && self.name_contains.as_deref().is_none_or(|part| row.name().contains(part))
            && is(&self.warm_pool_status_equals, row.warm_pool_status())
            && is(&self.training_plan_arn_equals, row.training_plan())
            && is(&self.endpoint_name, row.endpoint())
            && is(&self.monitoring_job_definition_name, row.definition())
            && is(&self.monitoring_type_equals, row.monitoring_type())
            && since(scheduled, self.scheduled_time_after)
            && before(scheduled, self.scheduled_time_before)
    }
}
