//! The types of resources that can be searched for. A type is one line of [`KINDS`]: its resources are described by the
//! operation that describes them.

use super::super::registry::{experiment, feature_group, model_card, model_group, model_package, trial};
use super::super::stored;
use super::super::{endpoint, job, model, pipeline, tags, training, tuning};
use super::property::{self, Properties};
use crate::model::job::JobIndex;
use crate::model::stored::StoredIndex;
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
    /// What each one is described by.
    inputs: fn(&State) -> Vec<Value>,
    /// The member of the description with the ARN.
    arn: &'static str,
    describe: fn(&View<'_>, Value) -> Option<Value>,
}

const fn kind<O: Read>(
    resource: &'static str,
    record: &'static str,
    arn: &'static str,
    inputs: fn(&State) -> Vec<Value>,
) -> Kind
where
    O::In: DeserializeOwned,
{
    Kind { resource, record, inside: None, inputs, arn, describe: describe::<O> }
}

/// A type of what is only kept.
const fn kept<K: stored::Kind>(resource: &'static str, record: &'static str) -> Kind {
    let inputs = |state: &State| {
        let rows = state.stored.by(&StoredIndex::Kind(K::SLUG));
        all(K::BY[0], rows.map(|row| &*row.arn))
    };
    Kind { resource, record, inside: None, inputs, arn: K::WORDS.arn, describe: describe_kept::<K> }
}

fn all<'a>(member: &str, names: impl Iterator<Item = &'a str>) -> Vec<Value> {
    names.map(|name| json!({ member: name })).collect()
}

/// Of the types that the service model lists, these are missing: Image and ImageVersion, since a record of a result has no
/// member that could hold one; Project, Job and HubContent, since there is no operation here that makes one, and "none was
/// found" would be taken for an answer about what the caller has.
#[rustfmt::skip]
pub const KINDS: &[Kind] = &[
    kind::<job::Describe<training::Training>>("TrainingJob", "TrainingJob", "TrainingJobArn",
        |state| all("TrainingJobName", state.jobs.by(&JobIndex::Kind(JobKind::Training)).map(|row| &*row.key.name))),
    kind::<tuning::DescribeHyperParameterTuningJob>("HyperParameterTuningJob", "HyperParameterTuningJob",
        "HyperParameterTuningJobArn",
        |state| all("HyperParameterTuningJobName", state.tuning_jobs.iter().map(|row| &*row.name))),
    kind::<endpoint::DescribeEndpoint>("Endpoint", "Endpoint", "EndpointArn",
        |state| all("EndpointName", state.endpoints.iter().map(|row| &*row.name))),
    Kind { inside: Some("Model"), ..kind::<model::DescribeModel>("Model", "Model", "ModelArn",
        |state| all("ModelName", state.models.iter().map(|row| &*row.name))) },
    kind::<pipeline::DescribePipeline>("Pipeline", "Pipeline", "PipelineArn",
        |state| all("PipelineName", state.pipelines.iter().map(|row| &*row.name))),
    kind::<pipeline::DescribePipelineExecution>("PipelineExecution", "PipelineExecution", "PipelineExecutionArn",
        |state| all("PipelineExecutionArn", state.executions.iter().map(|row| &*row.arn))),
    // No operation describes one. What tags there are, its pipeline has.
    Kind { resource: "PipelineVersion", record: "PipelineVersion", inside: None, inputs: pipeline::versions,
        arn: "PipelineArn", describe: pipeline::describe_version },
    kept::<experiment::Experiment>("Experiment", "Experiment"),
    kept::<trial::Trial>("ExperimentTrial", "Trial"),
    kept::<trial::Component>("ExperimentTrialComponent", "TrialComponent"),
    kept::<model_group::Group>("ModelPackageGroup", "ModelPackageGroup"),
    kept::<model_package::Package>("ModelPackage", "ModelPackage"),
    kept::<model_card::Card>("ModelCard", "ModelCard"),
    kept::<feature_group::FeatureGroup>("FeatureGroup", "FeatureGroup"),
    kind::<feature_group::DescribeFeatureMetadata>("FeatureMetadata", "FeatureMetadata", "FeatureGroupArn",
        feature_group::features),
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
        let record = |input: Value| {
            let mut json = (self.describe)(view, input)?;
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
        (self.inputs)(view.state).into_iter().filter_map(record).collect()
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

/// What is told of something that is only kept, and what only a search tells of it.
fn describe_kept<K: stored::Kind>(view: &View<'_>, input: Value) -> Option<Value> {
    let row = stored::find::<K>(view.state, view.caller, input.as_object()?).ok()?;
    let mut told = describe::<stored::Describe<K>>(view, input)?;
    K::found(view.state, &row, told.as_object_mut()?);
    Some(told)
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
