//! ListTrainingJobs.

use super::super::error::SageMakerError;
use super::describe::secondary_status;
use crate::model::job::JobIndex;
use crate::model::{Job, JobKind};
use crate::services::page;
use crate::services::{Operation, Read, View};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// How many jobs an answer lists unless told.
const DEFAULT_LIMIT: usize = 10;

pub struct ListTrainingJobs;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct In {
    next_token: Option<String>,
    max_results: Option<usize>,
    creation_time_after: Option<i64>,
    creation_time_before: Option<i64>,
    last_modified_time_after: Option<i64>,
    last_modified_time_before: Option<i64>,
    name_contains: Option<String>,
    status_equals: Option<String>,
    sort_by: Option<String>,
    sort_order: Option<String>,
    warm_pool_status_equals: Option<String>,
    training_plan_arn_equals: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Out {
    training_job_summaries: Vec<Summary>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Summary {
    training_job_name: String,
    training_job_arn: String,
    creation_time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    training_end_time: Option<i64>,
    last_modified_time: i64,
    training_job_status: &'static str,
    secondary_status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    training_plan_arn: Option<String>,
}

impl Operation for ListTrainingJobs {
    const NAME: &'static str = "ListTrainingJobs";
    type In = In;
    type Out = Out;
    type Error = SageMakerError;
}

impl Read for ListTrainingJobs {
    /// The newest job first unless told otherwise: the API reference says both that and the opposite, and the
    /// former of the very call without arguments.
    ///
    /// With `MaxResults` the page is cut before `StatusEquals` is asked, as the API reference warns.
    fn run(view: &View<'_>, input: In) -> Result<Out, SageMakerError> {
        let sort = Sort::of(input.sort_by.as_deref());
        let ascending = input.sort_order.as_deref() == Some("Ascending");
        let wanted =
            |job: &Job| input.status_equals.as_deref().is_none_or(|status| job.status_word() == status);
        let late_filter = input.max_results.is_some();
        let start = input.next_token.as_deref().map(|token| place(token).ok_or(SageMakerError::BadToken));
        let start = start.transpose()?;

        let jobs = view.state.jobs.by(&JobIndex::Kind(JobKind::Training));
        let mut rows: Vec<_> = jobs
            .filter(|job| input.covers(job) && (late_filter || wanted(job)))
            .map(|job| (sort.key(job), job))
            .filter(|(key, _)| {
                start.as_ref().is_none_or(|start| if ascending { key > start } else { key < start })
            })
            .collect();
        rows.sort_unstable_by(|a, b| if ascending { a.0.cmp(&b.0) } else { b.0.cmp(&a.0) });

        let limit = input.max_results.unwrap_or(DEFAULT_LIMIT);
        let (rows, next_token) =
            page::cut(rows.into_iter(), limit, |((key, name), _)| format!("{key}/{name}"));
        let training_job_summaries =
            rows.iter().filter(|(_, job)| wanted(job)).map(|(_, job)| Summary::of(job)).collect();
        Ok(Out { training_job_summaries, next_token })
    }
}

/// The place in the list that a token names.
fn place(token: &str) -> Option<(String, Arc<str>)> {
    let text = page::key_of(token)?;
    let (key, name) = text.split_once('/')?;
    Some((key.to_owned(), name.into()))
}

#[derive(Clone, Copy)]
enum Sort {
    Name,
    Created,
    Status,
}

impl Sort {
    fn of(name: Option<&str>) -> Self {
        match name {
            Some("Name") => Sort::Name,
            Some("Status") => Sort::Status,
            _ => Sort::Created,
        }
    }

    /// What jobs are ordered by; their names break ties.
    fn key(self, job: &Job) -> (String, Arc<str>) {
        let key = match self {
            Sort::Name => String::new(),
            Sort::Created => format!("{:020}", job.created.millis()),
            Sort::Status => job.status_word().to_owned(),
        };
        (key, job.key.name.clone())
    }
}

impl In {
    fn covers(&self, job: &Job) -> bool {
        let (created, modified) = (job.created.millis(), job.modified.millis());
        // No job here ever waits in a warm pool.
        self.warm_pool_status_equals.is_none()
            && self.creation_time_after.is_none_or(|at| created > at)
            && self.creation_time_before.is_none_or(|at| created < at)
            && self.last_modified_time_after.is_none_or(|at| modified > at)
            && self.last_modified_time_before.is_none_or(|at| modified < at)
            && self.name_contains.as_deref().is_none_or(|part| job.key.name.contains(part))
            && self.training_plan_arn_equals.as_deref().is_none_or(|arn| plan(job) == Some(arn))
    }
}

fn plan(job: &Job) -> Option<&str> {
    job.request.get("ResourceConfig")?.get("TrainingPlanArn")?.as_str()
}

impl Summary {
    fn of(job: &Job) -> Self {
        Self {
            training_job_name: job.key.name.to_string(),
            training_job_arn: job.arn.clone(),
            creation_time: job.created.millis(),
            training_end_time: job.ended.filter(|_| job.status.is_final()).map(|at| at.millis()),
            last_modified_time: job.modified.millis(),
            training_job_status: job.status_word(),
            secondary_status: secondary_status(job),
            training_plan_arn: plan(job).map(str::to_owned),
        }
    }
}
