//! What an execution does over time: it is woken when what a step started has ended, and starts the steps that can be.

use super::super::child;
use super::super::job::{Kind, Request, new_job, properties, start};
use super::super::model::CreateModel;
use super::super::processing::Processing;
use super::super::registry::model_package;
use super::super::stored::Kind as _;
use super::super::training::Training;
use super::super::transform::Transform;
use super::super::tuning::{self, CreateHyperParameterTuningJob};
use super::definition::{Definition, Resolver, Step, holds};
use super::role;
use crate::model::{
    Evidence, ExecutionStatus, JobKind, JobStatus, Owner, Parent, PipelineExecution, State, StepResult,
    StepRun, StepStatus, TuningStatus, Txn,
};
use crate::rules::texts;
use crate::services::{Caller, Operation};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// Source: service model, TrainingJobName and HyperParameterTuningJobName.
const LONGEST_NAME: usize = 63;
const LONGEST_TUNING_NAME: usize = 32;

/// Looks after an execution.
pub fn advance(txn: &mut Txn<'_>, arn: &Arc<str>) {
    let row = txn.state.executions.get(arn).map(|row| PipelineExecution::clone(row));
    let Some(mut execution) = row.filter(|row| !row.status.is_final()) else { return };
    txn.state.timers.cancel(&Owner::Execution(arn.clone()));
    let whole: Value = serde_json::from_str(&execution.definition).unwrap_or_default();
    let Ok(definition) = Definition::read(&whole) else { return };
    note_ended(txn, &mut execution);
    while execution.status == ExecutionStatus::Executing && !has(&execution, StepStatus::Failed) {
        let room = execution.parallelism.is_none_or(|most| execution.running().count() < most as usize);
        let Some(step) = definition.ready(&execution).next().filter(|_| room) else { break };
        let run = begin(txn, &execution, &definition, step);
        note(txn, &execution, &run);
        execution.steps.push_back(run);
        execution.modified = txn.now;
    }
    if execution.running().next().is_none() {
        finish(txn, &mut execution);
    }
    txn.state.executions.insert(execution);
}

fn has(execution: &PipelineExecution, status: StepStatus) -> bool {
    execution.steps.iter().any(|step| step.status == status)
}

fn note(txn: &mut Txn<'_>, execution: &PipelineExecution, run: &StepRun) {
    let failure = run.failure.as_ref().map_or(String::new(), |failure| format!(" - {failure}"));
    let message = format!("{}: {}{failure}", run.name, run.status.word());
    txn.note("PipelineStep", Owner::Execution(execution.arn.clone()).to_string(), None, message);
}

fn finish(txn: &mut Txn<'_>, execution: &mut PipelineExecution) {
    execution.status = match execution.status {
        ExecutionStatus::Stopping => ExecutionStatus::Stopped,
        _ if has(execution, StepStatus::Failed) => ExecutionStatus::Failed,
        _ if has(execution, StepStatus::Stopped) => ExecutionStatus::Stopped,
        _ => ExecutionStatus::Succeeded,
    };
    let failed = execution.status == ExecutionStatus::Failed;
    execution.failure =
        texts::fill(&txn.state.texts, "pipeline-failed", &Evidence::none()).filter(|_| failed);
    execution.modified = txn.now;
    let resource = Owner::Execution(execution.arn.clone()).to_string();
    txn.note("PipelineExecutionStatus", resource, None, execution.status.word());
}

/// What became of what a step started; `None`: it has not ended.
fn ended(state: &State, result: &StepResult) -> Option<(StepStatus, Option<String>, Value)> {
    match result {
        StepResult::Job { key, .. } => {
            let Some(job) = state.jobs.get(key) else { return Some((StepStatus::Stopped, None, json!({}))) };
            let status = match job.status {
                JobStatus::Completed => StepStatus::Succeeded,
                JobStatus::Stopped => StepStatus::Stopped,
                JobStatus::Failed => StepStatus::Failed,
                _ => return None,
            };
            let told = match key.kind {
                JobKind::Processing => properties::<Processing>(job),
                JobKind::Transform => properties::<Transform>(job),
                _ => properties::<Training>(job),
            };
            Some((status, job.told_failure().map(|failure| failure.reason.clone()), told))
        }
        StepResult::Tuning { name, .. } => {
            let Some(job) = state.tuning_jobs.get(name) else {
                return Some((StepStatus::Stopped, None, json!({})));
            };
            let status = match job.status {
                TuningStatus::Completed => StepStatus::Succeeded,
                TuningStatus::Stopped => StepStatus::Stopped,
                TuningStatus::Failed => StepStatus::Failed,
                _ => return None,
            };
            Some((status, job.failure.clone(), tuning::properties(job)))
        }
        _ => None,
    }
}

fn note_ended(txn: &mut Txn<'_>, execution: &mut PipelineExecution) {
    for n in 0..execution.steps.len() {
        let Some(run) = execution.steps.get(n).filter(|run| !run.status.is_final()) else { continue };
        let Some((status, failure, properties)) = ended(&txn.state, &run.result) else { continue };
        let failure = failure.and_then(|reason| {
            let evidence = Evidence::none().with("message", reason);
            texts::fill(&txn.state.texts, "pipeline-step-failed", &evidence)
        });
        let (ended, properties) = (Some(txn.now), Arc::new(properties));
        let run = StepRun { status, failure, ended, properties, ..run.clone() };
        note(txn, execution, &run);
        execution.steps.set(n, run);
        execution.modified = txn.now;
    }
}

/// Stops what an execution runs; it is stopped when all of that is.
pub fn stop(txn: &mut Txn<'_>, execution: &PipelineExecution) {
    let mut execution = execution.clone();
    execution.status = ExecutionStatus::Stopping;
    execution.modified = txn.now;
    for n in 0..execution.steps.len() {
        let Some(run) = execution.steps.get(n).filter(|run| !run.status.is_final()) else { continue };
        match &run.result {
            StepResult::Job { key, .. } => {
                let key = key.clone();
                child::stop(txn, &key);
            }
            StepResult::Tuning { name, .. } => tuning::stop_by_name(txn, name),
            _ => {}
        }
        let run = StepRun { status: StepStatus::Stopping, ..run.clone() };
        execution.steps.set(n, run);
    }
    let arn = execution.arn.clone();
    txn.state.executions.insert(execution);
    advance(txn, &arn);
}

/// Starts a step. One whose call is refused has failed.
fn begin(
    txn: &mut Txn<'_>,
    execution: &PipelineExecution,
    definition: &Definition<'_>,
    step: &Step<'_>,
) -> StepRun {
    let resolver = Resolver { definition, execution, now: txn.now };
    let made = match step.kind {
        "Condition" => holds(&resolver, &step.arguments()["Conditions"]).map(StepResult::Condition),
        "Fail" => {
            let message = resolver.resolve(&step.arguments()["ErrorMessage"]);
            message.map(|message| StepResult::Fail(message.as_str().unwrap_or_default().to_owned()))
        }
        _ => resolver.resolve(step.arguments()).and_then(|arguments| call(txn, execution, step, arguments)),
    };
    let now = txn.now;
    let caller = Caller::service(&txn.state.site.clone());
    let mut run = StepRun {
        name: step.name.into(),
        status: StepStatus::Executing,
        started: now,
        ended: Some(now),
        failure: None,
        result: StepResult::Nothing,
        properties: Arc::new(json!({})),
    };
    match made {
        Ok(StepResult::Fail(message)) => {
            run.status = StepStatus::Failed;
            run.failure = Some(message.clone());
            run.result = StepResult::Fail(message);
        }
        Ok(result @ StepResult::Condition(_)) => (run.status, run.result) = (StepStatus::Succeeded, result),
        Ok(StepResult::Model { arn }) => {
            run.status = StepStatus::Succeeded;
            run.properties = Arc::new(json!({ "ModelName": arn.rsplit('/').next(), "ModelArn": arn }));
            run.result = StepResult::Model { arn };
        }
        Ok(StepResult::Package { arn }) => {
            run.status = StepStatus::Succeeded;
            run.properties = Arc::new(model_package::properties(&txn.state, &caller, &arn));
            run.result = StepResult::Package { arn };
        }
        Ok(result) => (run.ended, run.result) = (None, result),
        Err(message) => {
            let operation = operation(step.kind);
            let evidence = Evidence::none().with("operation", operation).with("message", message);
            run.status = StepStatus::Failed;
            run.failure = texts::fill(&txn.state.texts, "pipeline-step-refused", &evidence);
        }
    }
    run
}

fn operation(kind: &str) -> &'static str {
    match kind {
        "Training" => "CreateTrainingJob",
        "Processing" => "CreateProcessingJob",
        "Transform" => "CreateTransformJob",
        "Tuning" => CreateHyperParameterTuningJob::NAME,
        "RegisterModel" => model_package::Package::WORDS.create,
        _ => CreateModel::NAME,
    }
}

/// Makes the call of a step.
fn call(
    txn: &mut Txn<'_>,
    execution: &PipelineExecution,
    step: &Step<'_>,
    arguments: Value,
) -> Result<StepResult, String> {
    let Value::Object(mut arguments) = arguments else { return Err("Arguments are no structure".into()) };
    let caller = Caller::service(&txn.state.site.clone());
    let tail = letters(txn.mint("pipeline-step"), 10);
    let name = |longest: usize| {
        // As AWS forms it: steps of executions in public repositories.
        let head = format!("pipelines-{}-{}", execution.id(), step.name);
        let head: String = head.chars().take(longest - tail.len() - 1).collect();
        format!("{}-{tail}", head.trim_end_matches('-').replace('_', "-"))
    };
    let name = name(if step.kind == "Tuning" { LONGEST_TUNING_NAME } else { LONGEST_NAME });
    let slug = match step.kind {
        "Training" => JobKind::Training.slug(),
        "Processing" => JobKind::Processing.slug(),
        "Transform" => JobKind::Transform.slug(),
        "Tuning" => tuning::SLUG,
        "RegisterModel" => model_package::Package::SLUG,
        _ => "model",
    };
    let resource = caller.arn("sagemaker", format_args!("{slug}/{}", name.to_lowercase()));
    let action = format!("sagemaker:{}", operation(step.kind));
    role::check(txn, execution, (&action, &resource), &Value::Object(arguments.clone()))?;
    match step.kind {
        "Training" => job::<Training>(txn, &caller, execution, name, arguments),
        "Processing" => job::<Processing>(txn, &caller, execution, name, arguments),
        "Transform" => job::<Transform>(txn, &caller, execution, name, arguments),
        "Tuning" => {
            arguments.insert("HyperParameterTuningJobName".into(), json!(name));
            child::made::<CreateHyperParameterTuningJob>(txn, &caller, arguments)?;
            let name: Arc<str> = name.into();
            let owner = Owner::Execution(execution.arn.clone());
            txn.state.tuning_jobs.update(&name, |job| job.parent = Some(owner));
            let arn = txn.state.tuning_jobs.get(&name).map(|job| job.arn.clone()).unwrap_or_default();
            Ok(StepResult::Tuning { name, arn })
        }
        "RegisterModel" => {
            let made = txn.attempt(|txn| model_package::register(txn, &caller, arguments));
            made.map_err(|error| error.to_string())
        }
        _ => {
            arguments.insert("ModelName".into(), json!(name));
            child::made::<CreateModel>(txn, &caller, arguments)?;
            let model = txn.state.models.get(&Arc::from(name.as_str()));
            Ok(StepResult::Model { arn: model.map(|model| model.arn.clone()).unwrap_or_default() })
        }
    }
}

fn job<K: Kind>(
    txn: &mut Txn<'_>,
    caller: &Caller,
    execution: &PipelineExecution,
    name: String,
    arguments: Map<String, Value>,
) -> Result<StepResult, String> {
    let request = Request::<K>::of(name, arguments).map_err(|error| error.to_string())?;
    let parent = Parent { owner: Owner::Execution(execution.arn.clone()), arn: execution.arn.to_string() };
    let made = txn.attempt(|txn| {
        let new = new_job(txn, caller, request, Some(parent))?;
        let key = new.key.clone();
        start(txn, K::KIND, new).map(|arn| StepResult::Job { key, arn })
    });
    made.map_err(|error| error.to_string())
}

/// So many letters and digits.
pub fn letters(mut bits: u128, count: usize) -> String {
    const ALL: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    let letter = |_| {
        let one = ALL[(bits % 36) as usize];
        bits /= 36;
        char::from(one)
    };
    (0..count).map(letter).collect()
}
