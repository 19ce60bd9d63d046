//! The types of resources that can be searched for. A type is one line of [`KINDS`]: its resources are described by the
//! operation that describes them.

use super::super::{endpoint, job, model, pipeline, tags, training, tuning};
use super::property::{self, Properties};
use crate::model::job::JobIndex;
use crate::model::{JobKind, State, Tags};
use crate::services::{Page, Printed, Read, Reply, ReplyWriter, View};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// A resource as it is found.
pub struct Record {
    pub json: Value,
    pub tags: Tags,
}

pub struct Kind {
    /// As requests name it.
    pub resource: &'static str,
    /// The member of a result.
    pub record: &'static str,
    /// The member of the record that the description is, if not the record itself.
    inside: Option<&'static str>,
    /// The member by which a resource is described, and what it is for each one.
    name: &'static str,
    names: fn(&State) -> Vec<String>,
    /// The member of the description with the ARN.
    arn: &'static str,
    describe: fn(&View<'_>, Value) -> Option<Value>,
}

const fn kind<O: Read>(
    resource: &'static str,
    record: &'static str,
    [name, arn]: [&'static str; 2],
    names: fn(&State) -> Vec<String>,
) -> Kind
where
    O::In: DeserializeOwned,
{
    Kind { resource, record, inside: None, name, names, arn, describe: describe::<O> }
}

fn all<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    names.map(str::to_owned).collect()
}

#[rustfmt::skip]
pub const KINDS: &[Kind] = &[
    kind::<job::Describe<training::Training>>("TrainingJob", "TrainingJob", ["TrainingJobName", "TrainingJobArn"],
        |state| all(state.jobs.by(&JobIndex::Kind(JobKind::Training)).map(|row| &*row.key.name))),
    kind::<tuning::DescribeHyperParameterTuningJob>("HyperParameterTuningJob", "HyperParameterTuningJob",
        ["HyperParameterTuningJobName", "HyperParameterTuningJobArn"],
        |state| all(state.tuning_jobs.iter().map(|row| &*row.name))),
    kind::<endpoint::DescribeEndpoint>("Endpoint", "Endpoint", ["EndpointName", "EndpointArn"],
        |state| all(state.endpoints.iter().map(|row| &*row.name))),
    Kind { inside: Some("Model"), ..kind::<model::DescribeModel>("Model", "Model", ["ModelName", "ModelArn"],
        |state| all(state.models.iter().map(|row| &*row.name))) },
    kind::<pipeline::DescribePipeline>("Pipeline", "Pipeline", ["PipelineName", "PipelineArn"],
        |state| all(state.pipelines.iter().map(|row| &*row.name))),
    kind::<pipeline::DescribePipelineExecution>("PipelineExecution", "PipelineExecution",
        ["PipelineExecutionArn", "PipelineExecutionArn"],
        |state| all(state.executions.iter().map(|row| &*row.arn))),
];

impl Kind {
    pub fn properties(&self) -> Option<&'static Properties> {
        property::of(self.resource)
    }

    /// Every resource of this type, as far as a search tells of it.
    pub fn records(&self, view: &View<'_>) -> Vec<Record> {
        let known = self.properties();
        let prefix = self.inside.map(|member| format!("{member}.")).unwrap_or_default();
        let is_told = |name: &str| known.is_some_and(|it| it.types.contains_key(&format!("{prefix}{name}")));
        let record = |name: String| {
            let mut json = (self.describe)(view, json!({ self.name: name }))?;
            let tags = tags::of(view.state, view.caller, json[self.arn].as_str()?);
            if let Value::Object(members) = &mut json {
                members.retain(|name, _| is_told(name));
                if is_told("Tags") && !tags.is_empty() {
                    let all = tags.iter().map(|(key, value)| json!({ "Key": key, "Value": value }));
                    members.insert("Tags".to_owned(), all.collect());
                }
            }
            let json = match self.inside {
                Some(member) => json!({ member: json }),
                None => json,
            };
            Some(Record { json, tags })
        };
        (self.names)(view.state).into_iter().filter_map(record).collect()
    }
}

fn describe<O: Read>(view: &View<'_>, input: Value) -> Option<Value>
where
    O::In: DeserializeOwned,
{
    let out = O::run(view, serde_json::from_value(input).ok()?).ok()?;
    let mut tree = Tree(Value::Null);
    out.write(&mut tree).ok()?;
    Some(tree.0)
}

/// Writes an answer down as a tree.
struct Tree(Value);

impl ReplyWriter for Tree {
    type Error = serde_json::Error;

    fn value<T: Serialize>(&mut self, value: &T) -> Result<(), Self::Error> {
        self.0 = serde_json::to_value(value)?;
        Ok(())
    }

    fn page<R: Printed>(&mut self, page: &Page<R>) -> Result<(), Self::Error> {
        let rows = page.rows.iter().map(|row| row.print(serde_json::value::Serializer));
        self.0 = json!({ R::LIST: rows.collect::<Result<Vec<Value>, _>>()? });
        Ok(())
    }
}
