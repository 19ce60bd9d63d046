//! What the operations on jobs of every kind have in common: one type for each operation, one [`Kind`] for each kind.

mod create;
mod describe;
mod end;
mod list;

pub use create::{Create, Request, new_job, planned, start};
pub use describe::{Describe, properties};
pub use end::{Delete, Stop};
pub use list::List;

use super::error::SageMakerError;
use super::listing::Manner;
use super::members::Members;
use crate::model::{InstanceGroup, Job, JobKey, JobKind, Needs, State, compute};
use crate::services::{Caller, Registrar};
use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde::ser::SerializeStruct;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

/// The names by which the service model calls what belongs to a kind of job.
#[derive(Debug)]
pub struct Words {
    pub create: &'static str,
    pub describe: &'static str,
    pub list: &'static str,
    pub stop: &'static str,
    pub delete: &'static str,
    pub name: &'static str,
    pub arn: &'static str,
    pub status: &'static str,
    pub end_time: &'static str,
    pub summaries: &'static str,
}

macro_rules! words {
    ($kind:literal) => {
        $crate::services::sagemaker::job::Words {
            create: concat!("Create", $kind, "Job"),
            describe: concat!("Describe", $kind, "Job"),
            list: concat!("List", $kind, "Jobs"),
            stop: concat!("Stop", $kind, "Job"),
            delete: concat!("Delete", $kind, "Job"),
            name: concat!($kind, "JobName"),
            arn: concat!($kind, "JobArn"),
            status: concat!($kind, "JobStatus"),
            end_time: concat!($kind, "EndTime"),
            summaries: concat!($kind, "JobSummaries"),
        }
    };
}
pub(super) use words;

/// What a kind of job has of its own.
pub trait Kind: 'static {
    const KIND: JobKind;
    const WORDS: &'static Words;
    /// The members of a request that are kept as they are, to be told again. Its name and its tags are no part of it.
    const KEPT: &'static [&'static str];
    /// How its list is made.
    const MANNER: Manner;
    /// The members that the code looks at; the request was held to the service model before.
    type Asked: DeserializeOwned;

    /// What the service model cannot say about a request, and what the job needs.
    ///
    /// # Errors
    /// The first thing that is wrong.
    fn plan(state: &State, caller: &Caller, asked: &Self::Asked) -> Result<Needs, SageMakerError>;

    /// Fills in what AWS tells of a job that was not told otherwise.
    fn fill(asked: &Self::Asked, request: &mut Value);

    /// A member that is taken and has no effect, with the reason.
    fn ignored(_asked: &Self::Asked) -> Option<&'static str> {
        None
    }

    /// Prints a described job.
    ///
    /// # Errors
    /// Those of the serialiser.
    fn describe<S: SerializeStruct>(job: &Job, out: &mut Members<'_, S>) -> Result<(), S::Error>;

    /// Prints what a list tells of a job beside its name, ARN, status and times.
    ///
    /// # Errors
    /// Those of the serialiser.
    fn summarize<S: SerializeStruct>(job: &Job, out: &mut Members<'_, S>) -> Result<(), S::Error>;
}

/// The operations that every kind has.
pub fn operations<K: Kind>(registrar: &mut impl Registrar) {
    registrar.write::<Create<K>>();
    registrar.read::<Describe<K>>();
    registrar.read::<List<K>>();
    registrar.write::<Stop<K>>();
}

/// The VPC configuration of a request.
#[derive(Deserialize, Clone)]
#[serde(rename_all = "PascalCase")]
pub struct Vpc {
    subnets: Vec<String>,
    security_group_ids: Vec<String>,
}

impl From<&Vpc> for crate::model::VpcConfig {
    fn from(vpc: &Vpc) -> Self {
        Self { subnets: vpc.subnets.clone(), groups: vpc.security_group_ids.clone() }
    }
}

/// Sets members of a structure that are not there. Does nothing if there is no structure.
pub fn defaults(structure: Option<&mut Value>, members: &[(&str, Value)]) {
    if let Some(Value::Object(all)) = structure {
        for (name, value) in members {
            all.entry(*name).or_insert_with(|| value.clone());
        }
    }
}

/// Local storage is encrypted by the instance itself: no key can be requested then. Source: API reference, ResourceConfig,
/// ProcessingClusterConfig and TransformResources.
///
/// # Errors
/// A key for a type with storage of its own.
pub fn volume_key<'a>(
    key: Option<&str>,
    types: impl IntoIterator<Item = &'a InstanceGroup>,
) -> Result<(), SageMakerError> {
    let mut types = types.into_iter().map(|group| &group.instance_type);
    let found = types.find(|name| compute::has_storage(name) == Some(true));
    match (key.filter(|key| !key.is_empty()), found) {
        (Some(_), Some(name)) => Err(SageMakerError::KeyWithStorage { instance_type: name.clone() }),
        _ => Ok(()),
    }
}

/// Each of the instance types that are preferred is named once, and each has its count or all have the same one. Source:
/// API reference, InstancePreference and ProcessingInstancePreference.
///
/// # Errors
/// A type that is there again, and counts that are missing or said twice.
pub fn preferred<'a>(
    each: impl IntoIterator<Item = (&'a String, Option<u32>)>,
    for_all: Option<u32>,
) -> Result<(), SageMakerError> {
    let mut seen = BTreeSet::new();
    for (instance_type, own) in each {
        if !seen.insert(instance_type) {
            return Err(SageMakerError::PreferenceTwice { instance_type: instance_type.clone() });
        }
        if own.is_some() == for_all.is_some() {
            return Err(SageMakerError::PreferenceCounts);
        }
    }
    Ok(())
}

/// The time for which a job worked.
fn ended(job: &Job) -> Option<i64> {
    job.ended.map(|at| at.millis())
}

/// The job with this name.
///
/// # Errors
/// There is none.
pub fn find<K: Kind>(state: &State, name: &str) -> Result<Arc<Job>, SageMakerError> {
    let key = JobKey { kind: K::KIND, name: name.into() };
    state.jobs.get(&key).cloned().ok_or_else(|| SageMakerError::no_job(K::KIND, name))
}

/// The input of an operation that names one job and nothing else.
pub struct Named<K> {
    name: Arc<str>,
    kind: PhantomData<K>,
}

impl<K: Kind> Named<K> {
    fn key(&self) -> JobKey {
        JobKey { kind: K::KIND, name: self.name.clone() }
    }

    fn find(&self, state: &State) -> Result<Arc<Job>, SageMakerError> {
        find::<K>(state, &self.name)
    }
}

impl<'de, K: Kind> Deserialize<'de> for Named<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader<K>(PhantomData<K>);
        impl<'de, K: Kind> Visitor<'de> for Reader<K> {
            type Value = Named<K>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(K::WORDS.name)
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Named<K>, A::Error> {
                let mut name = String::new();
                while let Some(member) = map.next_key::<String>()? {
                    if member == K::WORDS.name {
                        name = map.next_value()?;
                    } else {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
                Ok(Named { name: name.into(), kind: PhantomData })
            }
        }
        deserializer.deserialize_map(Reader(PhantomData))
    }
}
