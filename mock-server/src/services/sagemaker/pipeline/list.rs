//! Lists of pipelines, of their executions, and of what those did.

use super::super::error::SageMakerError;
use super::super::listing::{ListIn, Listed, Manner, Row, Summarized, page_as};
use super::super::members::Members;
use super::execution::{Parameter, find_execution};
use super::{find, not_built};
use crate::kernel::SimTime;
use crate::model::pipeline::ExecutionIndex;
use crate::model::{JobKind, Pipeline, PipelineExecution, StepResult, StepRun};
use crate::services::{Operation, Page, Printed, Read, View, page};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Value, json};
use std::sync::Arc;

/// Source: API reference, ListPipelines and ListPipelineExecutions. The order is assumed.
const MANNER: Manner = Manner { ascending: false, by_name: false, from_time: false, status_last: false };

/// How many rows an answer lists unless told. Assumed.
const DEFAULT_LIMIT: usize = 10;

pub struct ListPipelines;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PipelinesIn {
    pipeline_name_prefix: Option<String>,
    created_after: Option<i64>,
    created_before: Option<i64>,
    sort_by: Option<String>,
    sort_order: Option<String>,
    next_token: Option<String>,
    max_results: Option<usize>,
    managed_by: Option<String>,
}

impl Operation for ListPipelines {
    const NAME: &'static str = "ListPipelines";
    type In = PipelinesIn;
    type Out = Page<Row<Pipeline>>;
    type Error = SageMakerError;
}

impl Read for ListPipelines {
    fn run(view: &View<'_>, input: PipelinesIn) -> Result<Page<Row<Pipeline>>, SageMakerError> {
        let PipelinesIn { sort_by, sort_order, next_token, max_results, .. } = input;
        let (creation_time_after, creation_time_before) = (input.created_after, input.created_before);
        let list = ListIn {
            sort_by,
            sort_order,
            next_token,
            max_results,
            creation_time_after,
            creation_time_before,
            ..ListIn::default()
        };
        let prefix = input.pipeline_name_prefix.unwrap_or_default();
        // All that there are were made by customers.
        let none = input.managed_by.as_deref() == Some("AWS");
        let rows = view.state.pipelines.iter().filter(|row| !none && row.name.starts_with(&prefix));
        page_as(&MANNER, rows, &list)
    }
}

impl Listed for Pipeline {
    fn name(&self) -> &Arc<str> {
        &self.name
    }
    fn created(&self) -> SimTime {
        self.created
    }
}

impl Summarized for Pipeline {
    const LIST: &'static str = "PipelineSummaries";

    fn summarize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let pipeline = self;
        let mut out = Members::new(serializer, &Value::Null)?;
        out.put("PipelineArn", &pipeline.arn)?;
        out.put("PipelineName", &*pipeline.name)?;
        out.put("PipelineDisplayName", pipeline.display_name.as_deref().unwrap_or(&pipeline.name))?;
        out.maybe("PipelineDescription", pipeline.description.as_ref())?;
        out.put("RoleArn", &pipeline.role_arn)?;
        out.put("CreationTime", &pipeline.created.millis())?;
        out.put("LastModifiedTime", &pipeline.modified.millis())?;
        out.maybe("LastExecutionTime", pipeline.last_run.map(SimTime::millis))?;
        out.end()
    }
}

pub struct ListPipelineExecutions;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ExecutionsIn {
    pipeline_name: String,
    created_after: Option<i64>,
    created_before: Option<i64>,
    sort_by: Option<String>,
    sort_order: Option<String>,
    next_token: Option<String>,
    max_results: Option<usize>,
    pipeline_version_alias: Option<String>,
}

impl Operation for ListPipelineExecutions {
    const NAME: &'static str = "ListPipelineExecutions";
    type In = ExecutionsIn;
    type Out = Page<Row<PipelineExecution>>;
    type Error = SageMakerError;
}

impl Read for ListPipelineExecutions {
    fn run(view: &View<'_>, input: ExecutionsIn) -> Result<Page<Row<PipelineExecution>>, SageMakerError> {
        let ExecutionsIn { sort_order, next_token, max_results, .. } = input;
        if input.pipeline_version_alias.is_some() {
            return Err(not_built("PipelineVersionAlias"));
        }
        let pipeline = find(view.state, &input.pipeline_name)?;
        let by_arn = input.sort_by.as_deref() == Some("PipelineExecutionArn");
        let list = ListIn {
            sort_by: by_arn.then(|| "Name".to_owned()),
            sort_order,
            next_token,
            max_results,
            creation_time_after: input.created_after,
            creation_time_before: input.created_before,
            ..ListIn::default()
        };
        let rows = view.state.executions.by(&ExecutionIndex::Pipeline(pipeline.name.clone()));
        page_as(&MANNER, rows, &list)
    }
}

impl Listed for PipelineExecution {
    fn name(&self) -> &Arc<str> {
        &self.arn
    }
    fn created(&self) -> SimTime {
        self.created
    }
}

impl Summarized for PipelineExecution {
    const LIST: &'static str = "PipelineExecutionSummaries";

    fn summarize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let execution = self;
        let mut out = Members::new(serializer, &Value::Null)?;
        out.put("PipelineExecutionArn", &*execution.arn)?;
        out.put("StartTime", &execution.created.millis())?;
        out.put("PipelineExecutionStatus", execution.status.word())?;
        out.maybe("PipelineExecutionDescription", execution.description.as_ref())?;
        out.put("PipelineExecutionDisplayName", &execution.display_name)?;
        out.maybe("PipelineExecutionFailureReason", execution.failure.as_ref())?;
        out.end()
    }
}

pub struct ListPipelineExecutionSteps;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct StepsIn {
    pipeline_execution_arn: Option<Arc<str>>,
    next_token: Option<String>,
    max_results: Option<usize>,
    sort_order: Option<String>,
}

impl Operation for ListPipelineExecutionSteps {
    const NAME: &'static str = "ListPipelineExecutionSteps";
    type In = StepsIn;
    type Out = Page<StepRow>;
    type Error = SageMakerError;
}

/// The rows of a page, by their place in the whole list.
fn paged<T>(
    all: Vec<T>,
    token: Option<&str>,
    limit: Option<usize>,
) -> Result<(Vec<T>, Option<String>), SageMakerError> {
    let start = token.map(|token| page::key_of(token).and_then(|key| key.parse::<usize>().ok()));
    let start = start.map(|start| start.ok_or(SageMakerError::BadToken)).transpose()?;
    let rest = all.into_iter().enumerate().filter(|(n, _)| start.is_none_or(|start| *n > start));
    let (rows, next) = page::cut(rest, limit.unwrap_or(DEFAULT_LIMIT), |(n, _)| n.to_string());
    Ok((rows.into_iter().map(|(_, row)| row).collect(), next))
}

impl Read for ListPipelineExecutionSteps {
    /// The last one first unless told otherwise: API reference of SDKs; as printed by them in public repositories.
    fn run(view: &View<'_>, input: StepsIn) -> Result<Page<StepRow>, SageMakerError> {
        let arn = input.pipeline_execution_arn.ok_or(SageMakerError::Required("pipelineExecutionArn"))?;
        let execution = find_execution(view.state, &arn)?;
        let whole: Value = serde_json::from_str(&execution.definition).unwrap_or_default();
        let told = |step: &StepRun| StepRow {
            step: step.clone(),
            own: described(&whole["Steps"], &step.name),
            source: execution.source_of(&step.name).cloned(),
        };
        let mut all: Vec<_> = execution.steps.iter().map(told).collect();
        if input.sort_order.as_deref() != Some("Ascending") {
            all.reverse();
        }
        let (rows, next_token) = paged(all, input.next_token.as_deref(), input.max_results)?;
        Ok(Page { rows, next_token })
    }
}

/// How a definition names and describes a step, wherever it stands.
fn described(steps: &Value, name: &str) -> (Option<String>, Option<String>) {
    for step in steps.as_array().into_iter().flatten() {
        if step["Name"] == name {
            let text = |member: &str| step[member].as_str().map(str::to_owned);
            return (text("DisplayName"), text("Description"));
        }
        for branch in ["IfSteps", "ElseSteps"] {
            let found = described(&step["Arguments"][branch], name);
            if found != (None, None) {
                return found;
            }
        }
    }
    (None, None)
}

pub struct StepRow {
    step: StepRun,
    own: (Option<String>, Option<String>),
    /// The execution that it is taken from.
    source: Option<Arc<str>>,
}

impl Printed for StepRow {
    const LIST: &'static str = "PipelineExecutionSteps";

    fn print<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let step = &self.step;
        let mut out = Members::new(serializer, &Value::Null)?;
        out.put("StepName", &*step.name)?;
        out.maybe("StepDisplayName", self.own.0.as_ref())?;
        out.maybe("StepDescription", self.own.1.as_ref())?;
        out.put("StartTime", &step.started.millis())?;
        out.maybe("EndTime", step.ended.map(SimTime::millis))?;
        out.put("StepStatus", step.status.word())?;
        out.maybe(
            "FailureReason",
            step.failure.as_ref().map(|text| text.chars().take(1024).collect::<String>()),
        )?;
        out.put("Metadata", &metadata(&step.result))?;
        out.put("AttemptCount", &1)?;
        let source = self.source.as_ref().map(|arn| json!({ "SourcePipelineExecutionArn": arn }));
        out.maybe("SelectiveExecutionResult", source)?;
        out.end()
    }
}

fn metadata(result: &StepResult) -> Value {
    match result {
        StepResult::Job { key, arn } => match key.kind {
            JobKind::Processing => json!({ "ProcessingJob": { "Arn": arn } }),
            JobKind::Transform => json!({ "TransformJob": { "Arn": arn } }),
            _ => json!({ "TrainingJob": { "Arn": arn } }),
        },
        StepResult::Tuning { arn, .. } => json!({ "TuningJob": { "Arn": arn } }),
        StepResult::Model { arn } => json!({ "Model": { "Arn": arn } }),
        StepResult::Package { arn } => json!({ "RegisterModel": { "Arn": arn } }),
        StepResult::Condition(true) => json!({ "Condition": { "Outcome": "True" } }),
        StepResult::Condition(false) => json!({ "Condition": { "Outcome": "False" } }),
        StepResult::Fail(message) => json!({ "Fail": { "ErrorMessage": message } }),
        StepResult::Nothing => json!({}),
    }
}

pub struct ListPipelineParametersForExecution;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ParametersIn {
    pipeline_execution_arn: Arc<str>,
    next_token: Option<String>,
    max_results: Option<usize>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ParametersOut {
    pipeline_parameters: Vec<Parameter>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

impl Operation for ListPipelineParametersForExecution {
    const NAME: &'static str = "ListPipelineParametersForExecution";
    type In = ParametersIn;
    type Out = ParametersOut;
    type Error = SageMakerError;
}

impl Read for ListPipelineParametersForExecution {
    fn run(view: &View<'_>, input: ParametersIn) -> Result<ParametersOut, SageMakerError> {
        let execution = find_execution(view.state, &input.pipeline_execution_arn)?;
        let all = execution.parameters.iter().cloned().map(|(name, value)| Parameter { name, value });
        let (rows, next_token) = paged(all.collect(), input.next_token.as_deref(), input.max_results)?;
        Ok(ParametersOut { pipeline_parameters: rows, next_token })
    }
}
