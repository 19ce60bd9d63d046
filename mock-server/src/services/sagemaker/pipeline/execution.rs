//! Executions of pipelines: their start, their stop, and what they are.

use super::super::error::SageMakerError;
use super::super::members::Members;
use super::definition::Definition;
use super::selection::{self, Selected};
use super::{Parallelism, PipelineError, find, not_built, only_last, parallelism, run};
use crate::kernel::Memo;
use crate::model::pipeline::ExecutionIndex;
use crate::model::{ExecutionStatus, Owner, PipelineExecution, State, StepStatus, Txn};
use crate::services::{Caller, Operation, Read, Reply, ReplyWriter, View, Write};
use imbl::Vector;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;
use std::sync::Arc;

/// The execution with this ARN.
pub fn find_execution(state: &State, arn: &Arc<str>) -> Result<Arc<PipelineExecution>, SageMakerError> {
    let missing = || PipelineError::NoExecution { arn: arn.to_string() };
    state.executions.get(arn).cloned().ok_or_else(|| missing().into())
}

#[derive(Deserialize, Serialize, Clone)]
#[serde(rename_all = "PascalCase")]
pub struct Parameter {
    pub name: String,
    pub value: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ExecutionOut {
    pipeline_execution_arn: Arc<str>,
}

pub struct StartPipelineExecution;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct StartIn {
    pipeline_name: String,
    pipeline_execution_display_name: Option<String>,
    #[serde(default)]
    pipeline_parameters: Vec<Parameter>,
    pipeline_execution_description: Option<String>,
    client_request_token: String,
    parallelism_configuration: Option<Parallelism>,
    selective_execution_config: Option<Selected>,
    pipeline_version_id: Option<u64>,
    pipeline_version_alias: Option<String>,
    /// Instead of the pipeline's own.
    role_arn: Option<String>,
}

impl Operation for StartPipelineExecution {
    const NAME: &'static str = "StartPipelineExecution";
    type In = StartIn;
    type Out = ExecutionOut;
    type Error = SageMakerError;
}

impl Write for StartPipelineExecution {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: StartIn) -> Result<ExecutionOut, SageMakerError> {
        let pipeline = find(&txn.state, &input.pipeline_name)?;
        let token: Arc<str> = input.client_request_token.into();
        let same = ExecutionIndex::Token(pipeline.name.clone(), token.clone());
        if let Some(row) = txn.state.executions.by(&same).next() {
            return Ok(ExecutionOut { pipeline_execution_arn: row.arn.clone() });
        }
        only_last(&pipeline, input.pipeline_version_id, input.pipeline_version_alias.as_ref())?;
        let whole: Value = serde_json::from_str(&pipeline.definition).unwrap_or_default();
        let definition = Definition::read(&whole)?;
        if let Some(form) = definition.not_built() {
            return Err(not_built(form));
        }
        let given = input.pipeline_parameters.into_iter().map(|one| (one.name, one.value));
        let parameters = definition.parameters(&given.collect::<Vec<_>>())?;
        let selected = input.selective_execution_config;
        let chosen =
            selected.map(|asked| selection::chosen(&txn.state, &pipeline, &definition, asked)).transpose()?;
        let (selection, steps) = chosen.map_or((None, Vector::new()), |(own, others)| (Some(own), others));
        let id = run::letters(txn.mint("pipeline-execution"), 12);
        let arn: Arc<str> = format!("{}/execution/{id}", pipeline.arn).into();
        let own = input.parallelism_configuration.map(|most| most.max_parallel_execution_steps);
        for step in &definition.steps {
            for member in ["CacheConfig", "RetryPolicies"] {
                if step.value.get(member).is_some() {
                    let message = format!("{member} of step {} has no effect here", step.name);
                    txn.note("ParameterIgnored", Owner::Execution(arn.clone()).to_string(), None, message);
                }
            }
        }
        txn.state.executions.insert(PipelineExecution {
            arn: arn.clone(),
            pipeline: pipeline.name.clone(),
            pipeline_arn: pipeline.arn.clone(),
            definition: pipeline.definition.clone(),
            version: pipeline.version(),
            role_arn: input.role_arn.unwrap_or_else(|| pipeline.role_arn.clone()),
            // As AWS forms it: executions in public repositories.
            display_name: input
                .pipeline_execution_display_name
                .unwrap_or_else(|| format!("execution-{}", txn.now.millis())),
            description: input.pipeline_execution_description,
            parallelism: own.or(pipeline.parallelism),
            parameters,
            token,
            status: ExecutionStatus::Executing,
            failure: None,
            selection,
            steps,
            created: txn.now,
            modified: txn.now,
            memo: Memo::default(),
        });
        let now = txn.now;
        txn.state.pipelines.update(&pipeline.name, |row| row.last_run = Some(now));
        run::advance(txn, &arn);
        Ok(ExecutionOut { pipeline_execution_arn: arn })
    }
}

/// The input of an operation that names one execution.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Named {
    pipeline_execution_arn: Arc<str>,
}

pub struct StopPipelineExecution;

impl Operation for StopPipelineExecution {
    const NAME: &'static str = "StopPipelineExecution";
    type In = Named;
    type Out = ExecutionOut;
    type Error = SageMakerError;
}

impl Write for StopPipelineExecution {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: Named) -> Result<ExecutionOut, SageMakerError> {
        let execution = find_execution(&txn.state, &input.pipeline_execution_arn)?;
        if execution.status != ExecutionStatus::Executing {
            let (arn, status) = (execution.arn.to_string(), execution.status.word());
            return Err(PipelineError::ExecutionStatus { arn, status }.into());
        }
        run::stop(txn, &execution);
        Ok(ExecutionOut { pipeline_execution_arn: execution.arn.clone() })
    }
}

pub struct RetryPipelineExecution;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RetryIn {
    pipeline_execution_arn: Arc<str>,
    parallelism_configuration: Option<Parallelism>,
}

impl Operation for RetryPipelineExecution {
    const NAME: &'static str = "RetryPipelineExecution";
    type In = RetryIn;
    type Out = ExecutionOut;
    type Error = SageMakerError;
}

impl Write for RetryPipelineExecution {
    /// What succeeded stays; the steps that did not run again.
    fn run(txn: &mut Txn<'_>, _: &Caller, input: RetryIn) -> Result<ExecutionOut, SageMakerError> {
        let mut execution =
            PipelineExecution::clone(&*find_execution(&txn.state, &input.pipeline_execution_arn)?);
        if !matches!(execution.status, ExecutionStatus::Failed | ExecutionStatus::Stopped) {
            let (arn, status) = (execution.arn.to_string(), execution.status.word());
            return Err(PipelineError::ExecutionStatus { arn, status }.into());
        }
        execution.steps.retain(|step| step.status == StepStatus::Succeeded);
        execution.status = ExecutionStatus::Executing;
        execution.failure = None;
        let own = input.parallelism_configuration.map(|most| most.max_parallel_execution_steps);
        execution.parallelism = own.or(execution.parallelism);
        execution.modified = txn.now;
        let arn = execution.arn.clone();
        txn.state.executions.insert(execution);
        run::advance(txn, &arn);
        Ok(ExecutionOut { pipeline_execution_arn: arn })
    }
}

pub struct DescribePipelineExecution;

impl Operation for DescribePipelineExecution {
    const NAME: &'static str = "DescribePipelineExecution";
    type In = Named;
    type Out = Described;
    type Error = SageMakerError;

    fn subjects(input: &Named) -> Vec<Owner> {
        vec![Owner::Execution(input.pipeline_execution_arn.clone())]
    }
}

impl Read for DescribePipelineExecution {
    fn run(view: &View<'_>, input: Named) -> Result<Described, SageMakerError> {
        find_execution(view.state, &input.pipeline_execution_arn).map(Described)
    }
}

pub struct Described(Arc<PipelineExecution>);

impl Reply for Described {
    fn write<W: ReplyWriter>(&self, writer: &mut W) -> Result<(), W::Error> {
        writer.whole(&self.0.memo, &Printed(&self.0))
    }
}

struct Printed<'a>(&'a PipelineExecution);

impl Serialize for Printed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let execution = self.0;
        let mut out = Members::new(serializer, &Value::Null)?;
        out.put("PipelineArn", &execution.pipeline_arn)?;
        out.put("PipelineExecutionArn", &*execution.arn)?;
        out.put("PipelineExecutionDisplayName", &execution.display_name)?;
        out.put("PipelineExecutionStatus", execution.status.word())?;
        out.maybe("PipelineExecutionDescription", execution.description.as_ref())?;
        out.maybe("FailureReason", execution.failure.as_ref())?;
        out.put("CreationTime", &execution.created.millis())?;
        out.put("LastModifiedTime", &execution.modified.millis())?;
        out.maybe("ParallelismConfiguration", execution.parallelism.map(parallelism))?;
        out.maybe("SelectiveExecutionConfig", execution.selection.as_ref().map(selection::told))?;
        out.put("PipelineVersionId", &execution.version)?;
        out.end()
    }
}

pub struct DescribePipelineDefinitionForExecution;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DefinitionOut {
    pipeline_definition: Arc<str>,
    creation_time: i64,
}

impl Operation for DescribePipelineDefinitionForExecution {
    const NAME: &'static str = "DescribePipelineDefinitionForExecution";
    type In = Named;
    type Out = DefinitionOut;
    type Error = SageMakerError;
}

impl Read for DescribePipelineDefinitionForExecution {
    fn run(view: &View<'_>, input: Named) -> Result<DefinitionOut, SageMakerError> {
        let execution = find_execution(view.state, &input.pipeline_execution_arn)?;
        Ok(DefinitionOut {
            pipeline_definition: execution.definition.clone(),
            creation_time: execution.created.millis(),
        })
    }
}
