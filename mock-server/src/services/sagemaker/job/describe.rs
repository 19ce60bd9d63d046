//! Describe...Job.

use super::super::error::SageMakerError;
use super::super::members::Members;
use super::{Kind, Named};
use crate::model::{Job, Owner};
use crate::services::{Operation, Read, Reply, ReplyWriter, View};
use serde::{Serialize, Serializer};
use serde_json::Value;
use std::marker::PhantomData;
use std::sync::Arc;

pub struct Describe<K>(PhantomData<K>);

impl<K: Kind> Operation for Describe<K> {
    const NAME: &'static str = K::WORDS.describe;
    type In = Named<K>;
    type Out = Described<K>;
    type Error = SageMakerError;

    fn subjects(input: &Named<K>) -> Vec<Owner> {
        vec![Owner::Job(input.key())]
    }
}

impl<K: Kind> Read for Describe<K> {
    fn run(view: &View<'_>, input: Named<K>) -> Result<Described<K>, SageMakerError> {
        input.find(view.state).map(|job| Described(job, PhantomData))
    }
}

/// A job, printed from its row alone, so that what was printed can be kept there.
pub struct Described<K>(Arc<Job>, PhantomData<K>);

impl<K: Kind> Reply for Described<K> {
    fn write<W: ReplyWriter>(&self, writer: &mut W) -> Result<(), W::Error> {
        writer.whole(&self.0.memo, &Printed::<K>(&self.0, PhantomData))
    }
}

/// What is described, for pipelines that refer to it.
pub fn properties<K: Kind>(job: &Job) -> Value {
    serde_json::to_value(Printed::<K>(job, PhantomData)).unwrap_or_default()
}

struct Printed<'a, K>(&'a Job, PhantomData<K>);

impl<K: Kind> Serialize for Printed<'_, K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = Members::new(serializer, &self.0.request)?;
        K::describe(self.0, &mut out)?;
        out.end()
    }
}
