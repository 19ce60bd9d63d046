//! Stop...Job and Delete...Job.

use super::super::error::SageMakerError;
use super::{Kind, Named};
use crate::jobs;
use crate::model::{Owner, Txn, WarmPool};
use crate::services::{Caller, Done, Operation, Write};
use std::marker::PhantomData;

pub struct Stop<K>(PhantomData<K>);

impl<K: Kind> Operation for Stop<K> {
    const NAME: &'static str = K::WORDS.stop;
    type In = Named<K>;
    type Out = Done;
    type Error = SageMakerError;
}
impl<K: Kind> Write for Stop<K> {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: Named<K>) -> Result<Done, SageMakerError> {
        let job = input.find(&txn.state)?;
        let noun = K::KIND.noun();
        jobs::stop(txn, &job).map_err(|status| SageMakerError::WrongStatus { noun, status })?;
        Ok(Done {})
    }
}

pub struct Delete<K>(PhantomData<K>);

impl<K: Kind> Operation for Delete<K> {
    const NAME: &'static str = K::WORDS.delete;
    type In = Named<K>;
    type Out = Done;
    type Error = SageMakerError;
}
impl<K: Kind> Write for Delete<K> {
    /// The status `Deleting` passes at once.
    fn run(txn: &mut Txn<'_>, _: &Caller, input: Named<K>) -> Result<Done, SageMakerError> {
        let job = input.find(&txn.state)?;
        if !job.status.is_final() {
            return Err(SageMakerError::not_deletable(&job));
        }
        if job.pool.as_ref().is_some_and(WarmPool::is_available) {
            return Err(SageMakerError::PoolAvailable { arn: job.arn.clone() });
        }
        txn.state.timers.cancel(&Owner::Job(job.key.clone()));
        txn.state.jobs.remove(&job.key);
        txn.note("JobDeleted", job.key.to_string(), None, "the job is gone; its name is free");
        Ok(Done {})
    }
}
