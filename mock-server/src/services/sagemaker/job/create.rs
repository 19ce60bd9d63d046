//! Create...Job.

use super::super::error::SageMakerError;
use super::super::limit;
use super::super::registry::experiment;
use super::super::tags::{Tag, checked};
use super::super::training::evaluation;
use super::Kind;
use crate::jobs::{self, NewJob};
use crate::model::{JobKey, JobKind, Parent, Tags, Txn};
use crate::services::{Caller, Operation, Write};
use serde::de::{Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use serde::ser::{SerializeStruct, Serializer};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

pub struct Create<K>(PhantomData<K>);

impl<K: Kind> Operation for Create<K> {
    const NAME: &'static str = K::WORDS.create;
    type In = Request<K>;
    type Out = Out<K>;
    type Error = SageMakerError;
}

impl<K: Kind> Write for Create<K> {
    fn run(txn: &mut Txn<'_>, caller: &Caller, input: Request<K>) -> Result<Out<K>, SageMakerError> {
        let tags = checked(&input.tags);
        let new = new_job(txn, caller, input, None)?;
        let arn = start(txn, K::KIND, NewJob { tags: tags?, ..new })?;
        Ok(Out { arn, kind: PhantomData })
    }
}

/// A job as it is asked for, by its user or by what starts jobs.
///
/// # Errors
/// The first thing that is wrong with the request.
pub fn new_job<K: Kind>(
    txn: &mut Txn<'_>,
    caller: &Caller,
    input: Request<K>,
    parent: Option<Parent>,
) -> Result<NewJob, SageMakerError> {
    let key = JobKey { kind: K::KIND, name: input.name.as_str().into() };
    // That it is looked at after what the request says is assumed.
    let new = planned(txn, caller, input, parent);
    if new.is_ok() && txn.state.jobs.contains(&key) {
        return Err(SageMakerError::job_name_in_use(K::KIND, caller.arn("sagemaker", &key)));
    }
    new
}

/// The same, of a job whose name does not matter yet.
///
/// # Errors
/// What the request says and may not, beside what rules say.
pub fn planned<K: Kind>(
    txn: &mut Txn<'_>,
    caller: &Caller,
    input: Request<K>,
    parent: Option<Parent>,
) -> Result<NewJob, SageMakerError> {
    let Request { name, tags: _, asked, mut members } = input;
    let needs = K::plan(&txn.state, caller, &asked)?;
    let key = JobKey { kind: K::KIND, name: name.into() };
    let arn = caller.arn("sagemaker", &key);
    if let Some(message) = K::ignored(&asked) {
        txn.note("ParameterIgnored", key.to_string(), None, message);
    }
    K::fill(&asked, &mut members);
    experiment::check(&txn.state, caller, &members)?;
    Ok(NewJob { key, arn, parent, needs, request: Arc::new(members), tags: Tags::default() })
}

/// Starts a job; the answer is its ARN.
///
/// # Errors
/// A quota, or a violated rule.
pub fn start(txn: &mut Txn<'_>, kind: JobKind, new: NewJob) -> Result<String, SageMakerError> {
    let (arn, key, request) = (new.arn.clone(), new.key.clone(), new.request.clone());
    limit::jobs(&txn.state, &new, 1)?;
    jobs::start(txn, new).map_err(|finding| SageMakerError::rule(&txn.state.texts, kind, &finding))?;
    if kind == JobKind::Training {
        evaluation::begin(txn, &key);
    }
    experiment::join(txn, &key, &arn, &request)?;
    Ok(arn)
}

/// A request: what is kept of it, and what of that the code looks at.
pub struct Request<K: Kind> {
    name: String,
    tags: Vec<Tag>,
    asked: K::Asked,
    members: Value,
}

impl<K: Kind> Request<K> {
    /// A request that something that starts jobs makes, with members as the service model has them.
    ///
    /// # Errors
    /// Members that are not as the code has them.
    pub fn of(name: String, mut members: Map<String, Value>) -> Result<Self, serde_json::Error> {
        members.retain(|member, _| K::KEPT.contains(&member.as_str()));
        let members = Value::Object(members);
        let asked = K::Asked::deserialize(&members)?;
        Ok(Self { name, tags: Vec::new(), asked, members })
    }
}

impl<'de, K: Kind> Deserialize<'de> for Request<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader<K>(PhantomData<K>);
        impl<'de, K: Kind> Visitor<'de> for Reader<K> {
            type Value = Request<K>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(K::WORDS.create)
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Request<K>, A::Error> {
                let (mut name, mut tags, mut members) = (String::new(), Vec::new(), Map::new());
                while let Some(member) = map.next_key::<String>()? {
                    if member == K::WORDS.name {
                        name = map.next_value()?;
                    } else if member == "Tags" {
                        tags = map.next_value()?;
                    } else if K::KEPT.contains(&member.as_str()) {
                        members.insert(member, map.next_value()?);
                    } else {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
                let members = Value::Object(members);
                let asked = K::Asked::deserialize(&members).map_err(A::Error::custom)?;
                Ok(Request { name, tags, asked, members })
            }
        }
        deserializer.deserialize_map(Reader(PhantomData))
    }
}

pub struct Out<K> {
    arn: String,
    kind: PhantomData<K>,
}

impl<K: Kind> Serialize for Out<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_struct("Out", 1)?;
        out.serialize_field(K::WORDS.arn, &self.arn)?;
        out.end()
    }
}
