//! Hyperparameter tuning jobs: they start training jobs, which are as any others.

mod asked;
mod course;
mod describe;
mod error;
mod list;
mod search;

pub use course::advance;
pub use describe::{DescribeHyperParameterTuningJob, properties};
pub use error::TuningError;
pub use list::{ListHyperParameterTuningJobs, ListTrainingJobsForHyperParameterTuningJob};

use super::error::SageMakerError;
use super::tags::{Tag, checked};
use crate::kernel::Memo;
use crate::model::{Owner, State, Trial, TuningJob, TuningStatus, Txn};
use crate::services::{Caller, Done, Operation, Write};
use asked::Plan;
use imbl::Vector;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::time::Duration;

/// The kind in an ARN.
pub const SLUG: &str = "hyper-parameter-tuning-job";

/// How many training jobs there may be unless told. Source: general reference, quotas of SageMaker.
const MOST_JOBS: u32 = 750;

/// The tuning job with this name.
fn find(state: &State, name: &Arc<str>) -> Result<Arc<TuningJob>, SageMakerError> {
    let missing = || TuningError::NoTuningJob { name: name.to_string() };
    state.tuning_jobs.get(name).cloned().ok_or_else(|| missing().into())
}

/// The input of an operation that names one tuning job and nothing else.
#[derive(Deserialize)]
pub struct Named {
    #[serde(rename = "HyperParameterTuningJobName")]
    name: Arc<str>,
}

/// Stops a tuning job if it is under way.
pub fn stop_by_name(txn: &mut Txn<'_>, name: &Arc<str>) {
    let job = txn.state.tuning_jobs.get(name).cloned();
    if let Some(job) = job.filter(|job| job.status == TuningStatus::InProgress) {
        course::stop(txn, &job);
    }
}

pub struct CreateHyperParameterTuningJob;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateIn {
    #[serde(rename = "HyperParameterTuningJobName")]
    name: Arc<str>,
    #[serde(rename = "HyperParameterTuningJobConfig")]
    config: Value,
    training_job_definition: Option<Value>,
    training_job_definitions: Option<Value>,
    warm_start_config: Option<Value>,
    autotune: Option<Value>,
    #[serde(default)]
    tags: Vec<Tag>,
}

#[derive(Serialize)]
pub struct CreateOut {
    #[serde(rename = "HyperParameterTuningJobArn")]
    arn: String,
}

impl Operation for CreateHyperParameterTuningJob {
    const NAME: &'static str = "CreateHyperParameterTuningJob";
    type In = CreateIn;
    type Out = CreateOut;
    type Error = SageMakerError;
}

impl Write for CreateHyperParameterTuningJob {
    fn run(txn: &mut Txn<'_>, caller: &Caller, input: CreateIn) -> Result<CreateOut, SageMakerError> {
        let CreateIn { name, tags, .. } = &input;
        let tags = checked(tags)?;
        let request = input.request();
        let plan = Plan::read(&request)?;
        plan.check()?;
        let heritage = check_parents(&txn.state, &request, &plan)?;
        if txn.state.tuning_jobs.contains(name) {
            return Err(TuningError::TuningNameInUse { name: name.to_string() }.into());
        }
        course::check(txn, caller, &plan, name)?;
        let limits = &plan.config.resource_limits;
        let most = plan.combinations().map_or(MOST_JOBS, |count| count.try_into().unwrap_or(u32::MAX));
        let arn = caller.arn("sagemaker", format_args!("{SLUG}/{name}"));
        let job = TuningJob {
            name: name.clone(),
            arn: arn.clone(),
            most_jobs: limits.max_number_of_training_jobs.unwrap_or(most),
            most_parallel: limits.max_parallel_training_jobs,
            max_runtime: limits.max_runtime_in_seconds.map(Duration::from_secs),
            request: Arc::new(as_kept(&request, &plan)),
            status: TuningStatus::InProgress,
            ending: None,
            failure: None,
            trials: Vector::new(),
            heritage,
            created: txn.now,
            modified: txn.now,
            ended: None,
            parent: None,
            tags,
            memo: Memo::default(),
        };
        txn.state.tuning_jobs.insert(job);
        course::advance(txn, name, txn.now);
        Ok(CreateOut { arn })
    }
}

impl CreateIn {
    /// What is told again. Source of the defaults: described tuning jobs in public repositories.
    fn request(&self) -> Value {
        let mut config = self.config.clone();
        let autotune = self.autotune.as_ref().map(|autotune| json!({ "Mode": autotune["Mode"] }));
        // Autotune chooses whether training jobs are stopped early: API reference; that it does is assumed.
        let chooses =
            autotune.as_ref().is_some_and(|it| it["Mode"] == "Enabled") && config["Strategy"] != "Hyperband";
        let stops = if chooses { "Auto" } else { "Off" };
        super::job::defaults(Some(&mut config), &[("TrainingJobEarlyStoppingType", json!(stops))]);
        let members = [
            ("HyperParameterTuningJobConfig", Some(config)),
            ("TrainingJobDefinition", self.training_job_definition.clone()),
            ("TrainingJobDefinitions", self.training_job_definitions.clone()),
            ("WarmStartConfig", self.warm_start_config.clone()),
            ("Autotune", autotune),
        ];
        let given = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        Value::Object(given.collect::<Map<_, _>>())
    }
}

/// The request as the service keeps it: containers read the name of their metric among their hyperparameters, and clients
/// find it among the static ones, and the instances of a definition under either name. Source: what the SageMaker Python
/// SDK reads when it attaches to a tuning job that it began; described tuning jobs in public repositories.
fn as_kept(request: &Value, plan: &Plan<'_>) -> Value {
    let mut kept = request.clone();
    for (at, definition) in plan.definitions.iter().enumerate() {
        let path = format!("/TrainingJobDefinitions/{at}");
        let path = if request.pointer(&path).is_some() { &path } else { "/TrainingJobDefinition" };
        let Some(members) = kept.pointer_mut(path).and_then(Value::as_object_mut) else { continue };
        let fixed = members.entry("StaticHyperParameters").or_insert_with(|| json!({}));
        if let Some(fixed) = fixed.as_object_mut() {
            fixed.insert(asked::METRIC_NAME.into(), json!(definition.objective.metric_name));
        }
        if let Some(resources) = members.get("HyperParameterTuningResourceConfig")
            && resources.get("InstanceType").is_some()
        {
            let instances = asked::instances(resources);
            members.insert("ResourceConfig".into(), instances);
        }
    }
    kept
}

/// Whether a tuning job can go on from its parents, and the best training job of theirs. Source: API reference,
/// HyperParameterTuningJobWarmStartConfig; developer guide, "automatic-model-tuning-warm-start".
fn check_parents(
    state: &State,
    request: &Value,
    plan: &Plan<'_>,
) -> Result<Option<(Arc<str>, Trial)>, SageMakerError> {
    let identical = is_identical(request);
    let mut best: Option<(Arc<str>, Trial)> = None;
    for name in parents(request) {
        let (key, name) = (name.into(), name.to_owned());
        let Ok(parent) = find(state, &key) else { return Err(TuningError::NoParent { name }.into()) };
        if !parent.status.is_final() {
            return Err(TuningError::ParentRuns { name, status: parent.status.word() }.into());
        }
        let Some(old) = Plan::of(&parent) else { continue };
        for (new, old) in
            plan.definitions.iter().flat_map(|new| old.definitions.iter().map(move |old| (new, old)))
        {
            if new.objective != old.objective {
                return Err(TuningError::ParentObjective { name }.into());
            }
            let count = old.parameters().len();
            if new.parameters().len() != count {
                return Err(TuningError::ParentParameters { name, count }.into());
            }
            if identical && !new.is_alike(old) {
                return Err(TuningError::ParentAlgorithm { name }.into());
            }
        }
        let own = course::best(&parent, &old).map(|trial| (parent.name.clone(), trial.clone()));
        let all = [best.take(), own, parent.heritage.clone()].into_iter().flatten();
        best = course::better(all, plan);
    }
    Ok(best.filter(|_| identical))
}

/// Whether a tuning job does the same as its parents. Then the best training job of all is told.
fn is_identical(request: &Value) -> bool {
    request.pointer("/WarmStartConfig/WarmStartType").is_some_and(|it| it == "IdenticalDataAndAlgorithm")
}

/// The names of the tuning jobs that one goes on from.
fn parents(request: &Value) -> impl Iterator<Item = &str> {
    let list = request.pointer("/WarmStartConfig/ParentHyperParameterTuningJobs").and_then(Value::as_array);
    list.into_iter().flatten().filter_map(|parent| parent["HyperParameterTuningJobName"].as_str())
}

pub struct StopHyperParameterTuningJob;

impl Operation for StopHyperParameterTuningJob {
    const NAME: &'static str = "StopHyperParameterTuningJob";
    type In = Named;
    type Out = Done;
    type Error = SageMakerError;
}

impl Write for StopHyperParameterTuningJob {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: Named) -> Result<Done, SageMakerError> {
        let job = find(&txn.state, &input.name)?;
        if job.status != TuningStatus::InProgress {
            let status = job.status.word();
            return Err(SageMakerError::WrongStatus { noun: "hyperparameter tuning", status });
        }
        course::stop(txn, &job);
        Ok(Done {})
    }
}

pub struct DeleteHyperParameterTuningJob;

impl Operation for DeleteHyperParameterTuningJob {
    const NAME: &'static str = "DeleteHyperParameterTuningJob";
    type In = Named;
    type Out = Done;
    type Error = SageMakerError;
}

impl Write for DeleteHyperParameterTuningJob {
    /// Its training jobs stay: API reference.
    fn run(txn: &mut Txn<'_>, _: &Caller, input: Named) -> Result<Done, SageMakerError> {
        let job = find(&txn.state, &input.name)?;
        if !job.status.is_final() {
            let (name, status) = (job.name.to_string(), job.status.word());
            return Err(TuningError::TuningNotDeletable { name, status }.into());
        }
        txn.state.timers.cancel(&Owner::Tuning(job.name.clone()));
        txn.state.tuning_jobs.remove(&job.name);
        Ok(Done {})
    }
}
