//! ListHyperParameterTuningJobs and ListTrainingJobsForHyperParameterTuningJob.

use super::super::error::SageMakerError;
use super::super::listing::{ListIn, Listed, Manner, in_order, list_as};
use super::super::members::Members;
use super::asked::Plan;
use super::describe::{ObjectiveCounters, StatusCounters, Summary};
use super::find;
use crate::kernel::{Memo, SimTime};
use crate::model::{JobStatus, TuningJob};
use crate::services::{Operation, Page, Printed, Read, View};
use serde::{Deserialize, Serialize, Serializer};
use std::sync::Arc;

/// Source: API reference, ListHyperParameterTuningJobs and ListTrainingJobsForHyperParameterTuningJob.
const MANNER: Manner = Manner { ascending: true, by_name: false, from_time: false, status_last: false };

pub struct ListHyperParameterTuningJobs;

impl Operation for ListHyperParameterTuningJobs {
    const NAME: &'static str = "ListHyperParameterTuningJobs";
    type In = ListIn;
    type Out = Page<Row>;
    type Error = SageMakerError;
}

impl Read for ListHyperParameterTuningJobs {
    fn run(view: &View<'_>, input: ListIn) -> Result<Page<Row>, SageMakerError> {
        let (rows, next_token) = list_as(&MANNER, view.state.tuning_jobs.iter(), &input.by_name())?;
        Ok(Page { rows: rows.into_iter().map(|job| Row(job.clone())).collect(), next_token })
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

pub struct Row(Arc<TuningJob>);

impl Printed for Row {
    const LIST: &'static str = "HyperParameterTuningJobSummaries";

    /// The row's own memo is for the described job.
    fn memo(&self) -> Option<&Memo> {
        None
    }

    fn print<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let job = &*self.0;
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
    type Out = Page<Told>;
    type Error = SageMakerError;
}

impl Read for ListTrainingJobsForHyperParameterTuningJob {
    fn run(view: &View<'_>, input: ChildrenIn) -> Result<Page<Told>, SageMakerError> {
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
        let (rows, next_token) = list_as(&MANNER, children.iter(), &list.by_name())?;
        Ok(Page { rows: rows.into_iter().map(|child| Told(child.clone())).collect(), next_token })
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

pub struct Told(Arc<Child>);

impl Printed for Told {
    const LIST: &'static str = "TrainingJobSummaries";
    fn memo(&self) -> Option<&Memo> {
        None
    }
    fn print<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.summary.serialize(serializer)
    }
}
