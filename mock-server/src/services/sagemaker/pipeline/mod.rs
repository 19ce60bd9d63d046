//! Pipelines: definitions whose steps run as jobs.

mod definition;
mod error;
mod execution;
mod list;
mod role;
mod run;
mod selection;
mod version;

pub use error::PipelineError;
pub use execution::{
    DescribePipelineDefinitionForExecution, DescribePipelineExecution, RetryPipelineExecution,
    StartPipelineExecution, StopPipelineExecution,
};
pub use list::{
    ListPipelineExecutionSteps, ListPipelineExecutions, ListPipelineParametersForExecution, ListPipelines,
};
pub use run::advance;
pub use version::{describe_version, versions};

use super::error::SageMakerError;
use super::members::Members;
use super::tags::{Tag, checked};
use crate::kernel::{Memo, SimTime};
use crate::model::pipeline::ExecutionIndex;
use crate::model::{Content, Pipeline, State, Txn};
use crate::services::{Caller, Operation, Read, Reply, ReplyWriter, View, Write};
use definition::Definition;
use imbl::Vector;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Value, json};
use std::sync::Arc;

/// The kind in an ARN.
pub const SLUG: &str = "pipeline";

/// The pipeline with this name or ARN.
fn find(state: &State, name: &str) -> Result<Arc<Pipeline>, SageMakerError> {
    let bare = name.rsplit('/').next().unwrap_or(name);
    let arn = || state.site.arn("sagemaker", format_args!("{SLUG}/{bare}"));
    state.pipelines.get(&bare.into()).cloned().ok_or_else(|| PipelineError::NoPipeline { arn: arn() }.into())
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Parallelism {
    max_parallel_execution_steps: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Location {
    bucket: String,
    object_key: String,
    version_id: Option<String>,
}

/// A definition, wherever it is, that can be read as one.
fn definition(
    txn: &Txn<'_>,
    text: Option<String>,
    at: Option<Location>,
) -> Result<Option<Arc<str>>, SageMakerError> {
    let text = match (text, at) {
        (None, None) => return Ok(None),
        (Some(text), None) => text,
        (None, Some(at)) => {
            if at.version_id.is_some() {
                return Err(not_built("PipelineDefinitionS3Location.VersionId"));
            }
            let object =
                txn.global.object(&at.bucket, &at.object_key).and_then(|object| object.content.clone());
            let bytes = match object {
                Some(Content::Bytes(bytes)) => String::from_utf8(bytes.to_vec()).ok(),
                _ => None,
            };
            bytes.ok_or(PipelineError::DefinitionNotFound { bucket: at.bucket, key: at.object_key })?
        }
        (Some(_), Some(_)) => return Err(PipelineError::OneDefinition.into()),
    };
    let whole: Value = serde_json::from_str(&text)
        .map_err(|error| PipelineError::BadDefinition { why: error.to_string() })?;
    Definition::read(&whole)?;
    Ok(Some(text.into()))
}

fn not_built(form: impl Into<String>) -> SageMakerError {
    PipelineError::PipelineNotBuilt { form: form.into() }.into()
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PipelineOut {
    pipeline_arn: String,
}

pub struct CreatePipeline;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateIn {
    pipeline_name: Arc<str>,
    pipeline_display_name: Option<String>,
    pipeline_definition: Option<String>,
    #[serde(rename = "PipelineDefinitionS3Location")]
    location: Option<Location>,
    pipeline_description: Option<String>,
    client_request_token: String,
    role_arn: String,
    #[serde(default)]
    tags: Vec<Tag>,
    parallelism_configuration: Option<Parallelism>,
}

impl Operation for CreatePipeline {
    const NAME: &'static str = "CreatePipeline";
    type In = CreateIn;
    type Out = PipelineOut;
    type Error = SageMakerError;
}

impl Write for CreatePipeline {
    fn run(txn: &mut Txn<'_>, caller: &Caller, input: CreateIn) -> Result<PipelineOut, SageMakerError> {
        let name = input.pipeline_name;
        let arn = caller.arn("sagemaker", format_args!("{SLUG}/{name}"));
        let tags = checked(&input.tags)?;
        if let Some(known) = txn.state.pipelines.get(&name) {
            if known.token == input.client_request_token {
                return Ok(PipelineOut { pipeline_arn: arn });
            }
            return Err(PipelineError::PipelineExists { arn }.into());
        }
        let definition = definition(txn, input.pipeline_definition, input.location)?;
        let definition = definition.ok_or(PipelineError::OneDefinition)?;
        txn.state.pipelines.insert(Pipeline {
            name,
            arn: arn.clone(),
            display_name: input.pipeline_display_name,
            definition,
            description: input.pipeline_description,
            role_arn: input.role_arn,
            parallelism: input.parallelism_configuration.map(|most| most.max_parallel_execution_steps),
            versions: Vector::unit(txn.now),
            token: input.client_request_token,
            created: txn.now,
            modified: txn.now,
            last_run: None,
            tags,
            memo: Memo::default(),
        });
        Ok(PipelineOut { pipeline_arn: arn })
    }
}

pub struct UpdatePipeline;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateIn {
    pipeline_name: Arc<str>,
    pipeline_display_name: Option<String>,
    pipeline_definition: Option<String>,
    #[serde(rename = "PipelineDefinitionS3Location")]
    location: Option<Location>,
    pipeline_description: Option<String>,
    role_arn: Option<String>,
    parallelism_configuration: Option<Parallelism>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateOut {
    pipeline_arn: String,
    pipeline_version_id: u64,
}

impl Operation for UpdatePipeline {
    const NAME: &'static str = "UpdatePipeline";
    type In = UpdateIn;
    type Out = UpdateOut;
    type Error = SageMakerError;
}

impl Write for UpdatePipeline {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: UpdateIn) -> Result<UpdateOut, SageMakerError> {
        let mut pipeline = Pipeline::clone(&*find(&txn.state, &input.pipeline_name)?);
        if let Some(definition) = definition(txn, input.pipeline_definition, input.location)? {
            if definition != pipeline.definition {
                pipeline.versions.push_back(txn.now);
            }
            pipeline.definition = definition;
        }
        pipeline.display_name = input.pipeline_display_name.or(pipeline.display_name);
        pipeline.description = input.pipeline_description.or(pipeline.description);
        pipeline.role_arn = input.role_arn.unwrap_or(pipeline.role_arn);
        let most = input.parallelism_configuration.map(|most| most.max_parallel_execution_steps);
        pipeline.parallelism = most.or(pipeline.parallelism);
        pipeline.modified = txn.now;
        let out = UpdateOut { pipeline_arn: pipeline.arn.clone(), pipeline_version_id: pipeline.version() };
        txn.state.pipelines.insert(pipeline);
        Ok(out)
    }
}

pub struct DescribePipeline;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeIn {
    pipeline_name: String,
    pipeline_version_id: Option<u64>,
    pipeline_version_alias: Option<String>,
}

/// No definition but the last one is kept.
fn only_last(pipeline: &Pipeline, id: Option<u64>, alias: Option<&String>) -> Result<(), SageMakerError> {
    if alias.is_some() || id.is_some_and(|id| id != pipeline.version()) {
        return Err(not_built("A pipeline version other than the last one"));
    }
    Ok(())
}

impl Operation for DescribePipeline {
    const NAME: &'static str = "DescribePipeline";
    type In = DescribeIn;
    type Out = Described;
    type Error = SageMakerError;
}

impl Read for DescribePipeline {
    fn run(view: &View<'_>, input: DescribeIn) -> Result<Described, SageMakerError> {
        let pipeline = find(view.state, &input.pipeline_name)?;
        only_last(&pipeline, input.pipeline_version_id, input.pipeline_version_alias.as_ref())?;
        Ok(Described(pipeline))
    }
}

pub struct Described(Arc<Pipeline>);

impl Reply for Described {
    fn write<W: ReplyWriter>(&self, writer: &mut W) -> Result<(), W::Error> {
        writer.whole(&self.0.memo, &Printed(&self.0))
    }
}

struct Printed<'a>(&'a Pipeline);

impl Serialize for Printed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let pipeline = self.0;
        let mut out = Members::new(serializer, &Value::Null)?;
        out.put("PipelineArn", &pipeline.arn)?;
        out.put("PipelineName", &*pipeline.name)?;
        out.put("PipelineDisplayName", pipeline.display_name.as_deref().unwrap_or(&pipeline.name))?;
        out.put("PipelineDefinition", &*pipeline.definition)?;
        out.maybe("PipelineDescription", pipeline.description.as_ref())?;
        out.put("RoleArn", &pipeline.role_arn)?;
        out.put("PipelineStatus", "Active")?;
        out.put("CreationTime", &pipeline.created.millis())?;
        out.put("LastModifiedTime", &pipeline.modified.millis())?;
        out.maybe("LastRunTime", pipeline.last_run.map(SimTime::millis))?;
        out.maybe("ParallelismConfiguration", pipeline.parallelism.map(parallelism))?;
        out.end()
    }
}

fn parallelism(most: u32) -> Value {
    json!({ "MaxParallelExecutionSteps": most })
}

pub struct DeletePipeline;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteIn {
    pipeline_name: Arc<str>,
}

impl Operation for DeletePipeline {
    const NAME: &'static str = "DeletePipeline";
    type In = DeleteIn;
    type Out = PipelineOut;
    type Error = SageMakerError;
}

impl Write for DeletePipeline {
    /// Its executions go with it, and none may run: API reference.
    fn run(txn: &mut Txn<'_>, _: &Caller, input: DeleteIn) -> Result<PipelineOut, SageMakerError> {
        let pipeline = find(&txn.state, &input.pipeline_name)?;
        let executions = txn.state.executions.by(&ExecutionIndex::Pipeline(pipeline.name.clone()));
        let executions: Vec<_> = executions.cloned().collect();
        if let Some(runs) = executions.iter().find(|execution| !execution.status.is_final()) {
            return Err(PipelineError::ExecutionRuns { arn: runs.arn.to_string() }.into());
        }
        executions.iter().for_each(|execution| drop(txn.state.executions.remove(&execution.arn)));
        txn.state.pipelines.remove(&pipeline.name);
        Ok(PipelineOut { pipeline_arn: pipeline.arn.clone() })
    }
}
