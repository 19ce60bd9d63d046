//! Training jobs.

mod checks;
mod create;
mod describe;
mod list;

pub use create::CreateTrainingJob;
pub use describe::DescribeTrainingJob;
pub use list::ListTrainingJobs;

use super::error::SageMakerError;
use crate::jobs;
use crate::model::{Job, JobKey, JobKind, Owner, State, Txn};
use crate::services::{Caller, Done, Operation, Write};
use serde::Deserialize;
use std::sync::Arc;

/// The input of every operation that names one job and nothing else.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Named {
    training_job_name: String,
}

impl Named {
    fn key(&self) -> JobKey {
        JobKey { kind: JobKind::Training, name: self.training_job_name.as_str().into() }
    }

    fn find(&self, state: &State) -> Result<Arc<Job>, SageMakerError> {
        state.jobs.get(&self.key()).cloned().ok_or(SageMakerError::NotFound)
    }
}

pub struct StopTrainingJob;
impl Operation for StopTrainingJob {
    const NAME: &'static str = "StopTrainingJob";
    type In = Named;
    type Out = Done;
    type Error = SageMakerError;
}
impl Write for StopTrainingJob {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: Named) -> Result<Done, SageMakerError> {
        let job = input.find(&txn.state)?;
        jobs::stop(txn, &job).map_err(|status| SageMakerError::WrongStatus { status })?;
        Ok(Done {})
    }
}

pub struct DeleteTrainingJob;
impl Operation for DeleteTrainingJob {
    const NAME: &'static str = "DeleteTrainingJob";
    type In = Named;
    type Out = Done;
    type Error = SageMakerError;
}
impl Write for DeleteTrainingJob {
    /// The status `Deleting` passes at once.
    fn run(txn: &mut Txn<'_>, _: &Caller, input: Named) -> Result<Done, SageMakerError> {
        let job = input.find(&txn.state)?;
        if !job.status.is_final() {
            return Err(SageMakerError::NotDeletable { arn: job.arn.clone(), status: job.status_word() });
        }
        txn.state.timers.cancel(&Owner::Job(job.key.clone()));
        txn.state.jobs.remove(&job.key);
        txn.note("JobDeleted", job.key.to_string(), None, "the job is gone; its name is free");
        Ok(Done {})
    }
}
