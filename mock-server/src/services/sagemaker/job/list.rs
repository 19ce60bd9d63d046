//! List...Jobs.

use super::super::error::SageMakerError;
use super::super::listing::{ListIn, Listed, list_as};
use super::super::members::Members;
use super::{Kind, ended};
use crate::kernel::SimTime;
use crate::model::Job;
use crate::model::job::JobIndex;
use crate::services::{Operation, Page, Printed, Read, View};
use serde::Serializer;
use std::marker::PhantomData;
use std::sync::Arc;

pub struct List<K>(PhantomData<K>);

impl<K: Kind> Operation for List<K> {
    const NAME: &'static str = K::WORDS.list;
    type In = ListIn;
    type Out = Page<Summary<K>>;
    type Error = SageMakerError;
}

impl<K: Kind> Read for List<K> {
    fn run(view: &View<'_>, input: ListIn) -> Result<Page<Summary<K>>, SageMakerError> {
        let jobs = view.state.jobs.by(&JobIndex::Kind(K::KIND));
        let (rows, next_token) = list_as(&K::MANNER, jobs, &input)?;
        let rows = rows.into_iter().map(|job| Summary(job.clone(), PhantomData)).collect();
        Ok(Page { rows, next_token })
    }
}

impl Listed for Job {
    fn name(&self) -> &Arc<str> {
        &self.key.name
    }
    fn created(&self) -> SimTime {
        self.created
    }
    fn modified(&self) -> SimTime {
        self.modified
    }
    fn status(&self) -> &'static str {
        self.status_word()
    }
    fn warm_pool_status(&self) -> Option<&str> {
        self.pool.as_ref().map(|pool| pool.status.name())
    }
    fn training_plan(&self) -> Option<&str> {
        self.request.get("ResourceConfig")?.get("TrainingPlanArn")?.as_str()
    }
}

pub struct Summary<K>(Arc<Job>, PhantomData<K>);

impl<K: Kind> Printed for Summary<K> {
    const LIST: &'static str = K::WORDS.summaries;

    fn print<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let job = &*self.0;
        let mut out = Members::new(serializer, &job.request)?;
        out.put(K::WORDS.name, &*job.key.name)?;
        out.put(K::WORDS.arn, &job.arn)?;
        out.put("CreationTime", &job.created.millis())?;
        out.maybe(K::WORDS.end_time, ended(job))?;
        out.put("LastModifiedTime", &job.modified.millis())?;
        out.put(K::WORDS.status, job.status_word())?;
        K::summarize(job, &mut out)?;
        out.end()
    }
}
