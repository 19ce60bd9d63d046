//! AutoML jobs: they start processing, training and transform jobs, which are as any others.

mod asked;
mod children;
mod course;
mod describe;
mod error;
mod list;

pub use course::advance;
pub use describe::{DescribeAutoMLJob, DescribeAutoMLJobV2};
pub use error::AutoMlError;
pub use list::{ListAutoMLJobs, ListCandidatesForAutoMLJob};

use super::error::SageMakerError;
use super::tags::{Tag, checked};
use crate::kernel::Memo;
use crate::model::{Alarm, AutoMlJob, Document, Owner, S3Place, State, Tags, TuningStatus, Txn, bucket};
use crate::services::{Caller, Done, Operation, Registrar, Write};
use asked::{LARGE, Plan};
use imbl::Vector;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::sync::Arc;
use std::time::Duration;

/// The kind in an ARN.
pub const SLUG: &str = "automl-job";

/// Every operation that behaves.
pub fn operations(registrar: &mut impl Registrar) {
    registrar.write::<CreateAutoMLJob>();
    registrar.write::<CreateAutoMLJobV2>();
    registrar.read::<DescribeAutoMLJob>();
    registrar.read::<DescribeAutoMLJobV2>();
    registrar.read::<ListAutoMLJobs>();
    registrar.read::<ListCandidatesForAutoMLJob>();
    registrar.write::<StopAutoMLJob>();
}

/// What a name is known as: it is the same in any case. Source: API reference, CreateAutoMLJob.
pub fn key(name: &str) -> Arc<str> {
    name.to_lowercase().into()
}

/// The AutoML job with this name.
fn find(state: &State, name: &Arc<str>) -> Result<Arc<AutoMlJob>, SageMakerError> {
    let missing = || AutoMlError::NoAutoMlJob { name: name.to_string() };
    state.automl_jobs.get(&key(name)).cloned().ok_or_else(|| missing().into())
}

/// The input of an operation that names one AutoML job and nothing else.
#[derive(Deserialize)]
pub struct Named {
    #[serde(rename = "AutoMLJobName")]
    name: Arc<str>,
}

/// All other members are kept, to be told again.
#[derive(Deserialize)]
pub struct CreateIn {
    #[serde(rename = "AutoMLJobName")]
    name: Arc<str>,
    #[serde(rename = "Tags", default)]
    tags: Vec<Tag>,
    #[serde(flatten)]
    members: Map<String, Value>,
}

#[derive(Serialize)]
pub struct CreateOut {
    #[serde(rename = "AutoMLJobArn")]
    arn: String,
}

pub struct CreateAutoMLJob;

impl Operation for CreateAutoMLJob {
    const NAME: &'static str = "CreateAutoMLJob";
    type In = CreateIn;
    type Out = CreateOut;
    type Error = SageMakerError;
}

impl Write for CreateAutoMLJob {
    fn run(txn: &mut Txn<'_>, caller: &Caller, input: CreateIn) -> Result<CreateOut, SageMakerError> {
        let tags = checked(&input.tags)?;
        let first = Value::Object(input.members);
        let targets = first["InputDataConfig"].as_array().into_iter().flatten();
        let mut targets = targets.map(|channel| &channel["TargetAttributeName"]);
        let target = targets.next();
        if targets.any(|other| Some(other) != target) {
            return Err(AutoMlError::ChannelsDiffer.into());
        }
        let request = asked::second(&first);
        create(txn, caller, &input.name, tags, (Arc::new(request), Some(Arc::new(first))))
    }
}

pub struct CreateAutoMLJobV2;

impl Operation for CreateAutoMLJobV2 {
    const NAME: &'static str = "CreateAutoMLJobV2";
    type In = CreateIn;
    type Out = CreateOut;
    type Error = SageMakerError;
}

impl Write for CreateAutoMLJobV2 {
    fn run(txn: &mut Txn<'_>, caller: &Caller, input: CreateIn) -> Result<CreateOut, SageMakerError> {
        let tags = checked(&input.tags)?;
        create(txn, caller, &input.name, tags, (Arc::new(Value::Object(input.members)), None))
    }
}

fn create(
    txn: &mut Txn<'_>,
    caller: &Caller,
    name: &Arc<str>,
    tags: Tags,
    (request, first): (Document, Option<Document>),
) -> Result<CreateOut, SageMakerError> {
    let asked = request.clone();
    let plan = Plan::read(&asked)?;
    plan.check()?;
    let key = key(name);
    let arn = caller.arn("sagemaker", format_args!("{SLUG}/{key}"));
    if txn.state.automl_jobs.contains(&key) {
        return Err(AutoMlError::AutoMlNameInUse { arn }.into());
    }
    let steps = plan.steps(plan.decides_by_size() && is_large(txn, &plan));
    let mut job = AutoMlJob {
        key: key.clone(),
        name: name.clone(),
        arn: arn.clone(),
        request,
        first,
        most_candidates: plan.most_candidates(&steps),
        steps,
        step: None,
        children: Vector::new(),
        max_runtime: plan.max_runtime("MaxAutoMLJobRuntimeInSeconds"),
        status: TuningStatus::InProgress,
        secondary: "",
        ending: None,
        failure: None,
        partial: Vec::new(),
        deployed: None,
        created: txn.now,
        modified: txn.now,
        ended: None,
        tags,
        memo: Memo::default(),
    };
    course::check(txn, caller, &job)?;
    if plan.asked_candidates().is_some_and(|asked| asked != job.most_candidates) {
        let message = "MaxCandidates: for this problem type there is one candidate";
        txn.note("ParameterIgnored", Owner::AutoMl(key.clone()).to_string(), None, message);
    }
    course::show(txn, &mut job, TuningStatus::InProgress, course::STARTING);
    txn.state.automl_jobs.insert(job);
    match course::starting(txn.state.profile) {
        Duration::ZERO => advance(txn, &key, txn.now),
        lasts => txn.state.timers.schedule(txn.now + lasts, Owner::AutoMl(key), Alarm::Wake),
    }
    Ok(CreateOut { arn })
}

/// Whether there is much data; of buckets that are kept elsewhere nobody knows.
fn is_large(txn: &Txn<'_>, plan: &Plan<'_>) -> bool {
    let urls = plan.channels().filter_map(|channel| channel["DataSource"]["S3DataSource"]["S3Uri"].as_str());
    let sizes = urls.filter_map(|url| {
        let place = S3Place::parse(url)?;
        let found = bucket::find(txn.origin.account, &place.bucket, txn.elsewhere())?;
        let objects = found.home.0.objects_under(&place.bucket, &place.key);
        Some(objects.filter_map(|object| object.current()).map(|version| version.len()).sum::<u64>())
    });
    sizes.sum::<u64>() >= LARGE
}

pub struct StopAutoMLJob;

impl Operation for StopAutoMLJob {
    const NAME: &'static str = "StopAutoMLJob";
    type In = Named;
    type Out = Done;
    type Error = SageMakerError;
}

impl Write for StopAutoMLJob {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: Named) -> Result<Done, SageMakerError> {
        let job = find(&txn.state, &input.name)?;
        if job.status != TuningStatus::InProgress {
            return Err(SageMakerError::WrongStatus { noun: "AutoML", status: job.status.word() });
        }
        course::stop(txn, &job);
        Ok(Done {})
    }
}
