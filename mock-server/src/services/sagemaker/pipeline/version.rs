//! Versions of pipelines, of which only a search tells.

use super::find;
use crate::model::State;
use crate::model::pipeline::ExecutionIndex;
use crate::services::View;
use serde_json::{Value, json};

/// What each version is described by.
pub fn versions(state: &State) -> Vec<Value> {
    let of = |name: &str, count: u64| {
        (1..=count).map(|id| json!({ "PipelineName": name, "PipelineVersionId": id })).collect::<Vec<_>>()
    };
    state.pipelines.iter().flat_map(|row| of(&row.name, row.version())).collect()
}

/// A version: when it came, and what was executed of it last. Nothing changes it afterwards, since UpdatePipelineVersion is
/// not built.
pub fn describe_version(view: &View<'_>, input: Value) -> Option<Value> {
    let pipeline = find(view.state, input["PipelineName"].as_str()?).ok()?;
    let id = input["PipelineVersionId"].as_u64()?;
    let made = pipeline.versions.get(usize::try_from(id.checked_sub(1)?).ok()?)?.millis();
    let mut told = json!({
        "PipelineArn": pipeline.arn,
        "PipelineVersionId": id,
        "CreationTime": made,
        "LastModifiedTime": made,
    });
    let executions = view.state.executions.by(&ExecutionIndex::Pipeline(pipeline.name.clone()));
    let own = executions.filter(|execution| execution.version == id);
    if let Some(last) = own.max_by_key(|execution| execution.created) {
        told["LastExecutedPipelineExecutionArn"] = json!(&*last.arn);
        told["LastExecutedPipelineExecutionDisplayName"] = json!(last.display_name);
        told["LastExecutedPipelineExecutionStatus"] = json!(last.status.word());
    }
    Some(told)
}
