//! ListHyperParameterTuningJobs and ListTrainingJobsForHyperParameterTuningJob.

use super::super::error::SageMakerError;
use super::super::listing::{ListIn, Listed, Manner, Row, Summarized, in_order, page_as};
use super::super::members::Members;
use super::asked::Plan;
use super::describe::{ObjectiveCounters, StatusCounters, Summary};
use super::find;
use crate::kernel::SimTime;
use crate::model::{JobStatus, TuningJob};
use crate::services::{Operation, Page, Read, View};
use serde::{Deserialize, Serialize, Serializer};
use std::sync::Arc;

/// Source: API reference, ListHyperParameterTuningJobs and ListTrainingJobsForHyperParameterTuningJob.
const MANNER: Manner = Manner { ascending: true, by_name: false, from_time: false, status_last: false };

pub struct ListHyperParameterTuningJobs;

impl Operation for ListHyperParameterTuningJobs {
    const NAME: &'static str = "ListHyperParameterTuningJobs";
    type In = ListIn;
    type Out = Page<Row<TuningJob>>;
    type Error = SageMakerError;
}

impl Read for ListHyperParameterTuningJobs {
    fn run(view: &View<'_>, input: ListIn) -> Result<Page<Row<TuningJob>>, SageMakerError> {
        page_as(&MANNER, view.state.tuning_jobs.iter(), &input.by_name())
    }
}

impl Listed for TuningJob {
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
        self.status.word()
    }
}

impl Summarized for TuningJob {
    const LIST: &'static str = "HyperParameterTuningJobSummaries";

    fn summarize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let job = self;
        let config = &job.request["HyperParameterTuningJobConfig"];
        let mut out = Members::new(serializer, config)?;
        out.put("HyperParameterTuningJobName", &*job.name)?;
        out.put("HyperParameterTuningJobArn", &job.arn)?;
        out.put("HyperParameterTuningJobStatus", job.status.word())?;
        out.repeat("Strategy")?;
        out.put("CreationTime", &job.created.millis())?;
        out.maybe("HyperParameterTuningEndTime", job.ended.map(SimTime::millis))?;
        out.put("LastModifiedTime", &job.modified.millis())?;
        out.put("TrainingJobStatusCounters", &StatusCounters::of(job))?;
        out.put("ObjectiveStatusCounters", &ObjectiveCounters::of(job))?;
        out.repeat("ResourceLimits")?;
        out.end()
    }
}

pub struct ListTrainingJobsForHyperParameterTuningJob;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ChildrenIn {
    #[serde(rename = "HyperParameterTuningJobName")]
    name: Arc<str>,
    sort_by: Option<String>,
    sort_order: Option<String>,
    next_token: Option<String>,
    max_results: Option<usize>,
    status_equals: Option<String>,
}

impl Operation for ListTrainingJobsForHyperParameterTuningJob {
    const NAME: &'static str = "ListTrainingJobsForHyperParameterTuningJob";
    type In = ChildrenIn;
    type Out = Page<Row<Child>>;
    type Error = SageMakerError;
}

impl Read for ListTrainingJobsForHyperParameterTuningJob {
    fn run(view: &View<'_>, input: ChildrenIn) -> Result<Page<Row<Child>>, SageMakerError> {
        let ChildrenIn { name, sort_by, sort_order, next_token, max_results, status_equals } = input;
        let job = find(view.state, &name)?;
        let plan = Plan::read(&job.request)?;
        let children = job.trials.iter().map(|trial| {
            let row = view.state.jobs.get(&trial.key).filter(|_| trial.outcome.is_none());
            let status = row.map_or(JobStatus::InProgress, |row| row.status);
            let summary = Summary::of(&job.name, trial, &plan, status);
            Arc::new(Child {
                summary: summary.started(row.and_then(|row| row.started)),
                created: trial.created,
            })
        });
        let children: Vec<Arc<Child>> = children.collect();
        let list =
            ListIn { sort_by, sort_order, next_token, max_results, status_equals, ..ListIn::default() };
        page_as(&MANNER, children.iter(), &list.by_name())
    }
}

pub struct Child {
    summary: Summary,
    created: SimTime,
}

impl Listed for Child {
    fn name(&self) -> &Arc<str> {
        self.summary.name()
    }
    fn created(&self) -> SimTime {
        self.created
    }
    fn status(&self) -> &'static str {
        self.summary.status()
    }
    fn metric(&self) -> Option<String> {
        self.summary.value().map(in_order)
    }
}

impl Summarized for Child {
    const LIST: &'static str = "TrainingJobSummaries";

    fn summarize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.summary.serialize(serializer)
    }
}
