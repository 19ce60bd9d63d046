//! Executions of some of a pipeline's steps. Source: API reference, SelectiveExecutionConfig; developer guide,
//! "pipelines-selective-ex".

use super::super::error::SageMakerError;
use super::PipelineError;
use super::definition::{Definition, Step};
use super::execution::find_execution;
use crate::model::pipeline::Selection;
use crate::model::{Pipeline, PipelineExecution, State, StepRun, StepStatus};
use imbl::Vector;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Selected {
    source_pipeline_execution_arn: Option<Arc<str>>,
    selected_steps: Vec<SelectedStep>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SelectedStep {
    step_name: Arc<str>,
}

/// What is told again.
pub fn told(selection: &Selection) -> Value {
    let steps: Vec<Value> = selection.steps.iter().map(|name| json!({ "StepName": name })).collect();
    let mut told = json!({ "SelectedSteps": steps });
    if let Some(source) = &selection.source {
        told["SourcePipelineExecutionArn"] = json!(source);
    }
    told
}

/// The steps that a step comes after by itself: those that it waits for, and the condition in whose branch it is.
fn before<'a>(step: &Step<'a>) -> impl Iterator<Item = &'a str> {
    step.needs.iter().copied().chain(step.gate.map(|(name, _)| name)).collect::<Vec<_>>().into_iter()
}

/// All steps that come before one.
fn all_before<'a>(definition: &Definition<'a>, name: &'a str) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    let mut next: Vec<&str> = vec![name];
    while let Some(name) = next.pop() {
        let step = definition.steps.iter().find(|step| step.name == name);
        next.extend(step.into_iter().flat_map(before).filter(|one| found.insert(*one)));
    }
    found
}

/// The selection, and the steps of another execution that selected ones depend on.
///
/// # Errors
/// Steps that do not go together, or lack what they depend on.
pub fn chosen(
    state: &State,
    pipeline: &Pipeline,
    definition: &Definition<'_>,
    asked: Selected,
) -> Result<(Selection, Vector<StepRun>), SageMakerError> {
    let steps: Vec<Arc<str>> = asked.selected_steps.into_iter().map(|step| step.step_name).collect();
    let known = |name: &Arc<str>| definition.steps.iter().any(|step| *step.name == **name);
    if let Some(step) = steps.iter().find(|name| !known(name)) {
        return Err(PipelineError::SelectedUnknown { step: step.to_string() }.into());
    }
    let selection = Selection { steps, source: asked.source_pipeline_execution_arn };
    let source = selection.source.as_ref().map(|arn| source(state, pipeline, arn)).transpose()?;
    let mut others: Vector<StepRun> = Vector::new();
    for step in definition.steps.iter().filter(|step| selection.has(step.name)) {
        for between in all_before(definition, step.name).into_iter().filter(|name| !selection.has(name)) {
            if all_before(definition, between).iter().any(|first| selection.has(first)) {
                return Err(PipelineError::SelectedGap { step: between.to_owned() }.into());
            }
        }
        for name in before(step).filter(|name| !selection.has(name)) {
            let done = source.as_ref().and_then(|source| source.step(name));
            let done = done.filter(|run| run.status == StepStatus::Succeeded).ok_or_else(|| {
                PipelineError::SelectedSource { step: step.name.to_owned(), other: name.to_owned() }
            })?;
            if !others.iter().any(|run| run.name == done.name) {
                others.push_back(done.clone());
            }
        }
    }
    Ok((selection, others))
}

/// The execution that steps are taken from.
fn source(
    state: &State,
    pipeline: &Pipeline,
    arn: &Arc<str>,
) -> Result<Arc<PipelineExecution>, SageMakerError> {
    let source = find_execution(state, arn)?;
    if source.pipeline != pipeline.name {
        return Err(PipelineError::NoExecution { arn: arn.to_string() }.into());
    }
    match source.status.is_final() {
        true => Ok(source),
        false => Err(PipelineError::SourceRuns { arn: arn.to_string() }.into()),
    }
}
