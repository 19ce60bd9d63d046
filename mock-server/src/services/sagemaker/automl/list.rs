//! ListAutoMLJobs and ListCandidatesForAutoMLJob.

use super::super::error::SageMakerError;
use super::super::listing::{ListIn, Listed, Manner, Row, Summarized, in_order, page_as};
use super::asked::Plan;
use super::children::Maker;
use super::describe::{Candidate, summary};
use super::find;
use crate::kernel::SimTime;
use crate::model::AutoMlJob;
use crate::services::{Operation, Page, Read, View};
use serde::{Serialize, Serializer};
use std::sync::Arc;

/// Source: API reference, ListAutoMLJobs.
const JOBS: Manner = Manner { ascending: false, by_name: true, from_time: false, status_last: false };
/// Source: API reference, ListCandidatesForAutoMLJob.
const CANDIDATES: Manner = Manner { ascending: true, by_name: false, from_time: false, status_last: false };

pub struct ListAutoMLJobs;

impl Operation for ListAutoMLJobs {
    const NAME: &'static str = "ListAutoMLJobs";
    type In = ListIn;
    type Out = Page<Row<AutoMlJob>>;
    type Error = SageMakerError;
}

impl Read for ListAutoMLJobs {
    fn run(view: &View<'_>, input: ListIn) -> Result<Page<Row<AutoMlJob>>, SageMakerError> {
        page_as(&JOBS, view.state.automl_jobs.iter(), &input)
    }
}

impl Listed for AutoMlJob {
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

impl Summarized for AutoMlJob {
    const LIST: &'static str = "AutoMLJobSummaries";

    fn summarize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        summary(self, serializer)
    }
}

pub struct ListCandidatesForAutoMLJob;

impl Operation for ListCandidatesForAutoMLJob {
    const NAME: &'static str = "ListCandidatesForAutoMLJob";
    type In = ListIn;
    type Out = Page<Row<Candidate>>;
    type Error = SageMakerError;
}

impl Read for ListCandidatesForAutoMLJob {
    fn run(view: &View<'_>, input: ListIn) -> Result<Page<Row<Candidate>>, SageMakerError> {
        let job = find(view.state, &input.automl_job_name.as_deref().unwrap_or_default().into())?;
        let maker = Maker { job: &job, plan: Plan::read(&job.request)? };
        let wanted = |candidate: &Candidate| {
            input.candidate_name_equals.as_deref().is_none_or(|name| *candidate.name == *name)
        };
        let all = job.candidates().map(|child| Candidate::of(&view.state.site, &maker, child));
        let all: Vec<_> = all.filter(wanted).map(Arc::new).collect();
        page_as(&CANDIDATES, all.iter(), &input)
    }
}

impl Listed for Candidate {
    fn name(&self) -> &Arc<str> {
        &self.name
    }
    fn created(&self) -> SimTime {
        self.created
    }
    fn status(&self) -> &'static str {
        self.status
    }
    fn metric(&self) -> Option<String> {
        self.value.map(in_order)
    }
}

impl Summarized for Candidate {
    const LIST: &'static str = "Candidates";

    fn summarize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.serialize(serializer)
    }
}
