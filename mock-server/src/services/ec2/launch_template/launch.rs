//! What a template says of an instance, and an instance launched by it.
//!
//! A template is kept and told as it was given, so no member of it is without effect until something is launched by
//! it. Therefore it is the launch that tells, each time, which of them it does without; `RunInstances` does without the
//! same ones in a request of its own.

use super::super::error::Ec2Error;
use super::super::image::find_launched;
use super::super::instance_run::{RunInstances, RunInstancesIn};
use super::super::tags::{Tag, TagSpecification};
use super::{find_template, version};
use crate::model::{Image, LaunchTemplateId, State, Txn};
use crate::services::Operation;
use serde::Deserialize;
use serde_ignored::Path;
use serde_json::Value;

/// How RunInstances names a template.
#[derive(Deserialize, Debug, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct LaunchTemplateIn {
    launch_template_id: Option<String>,
    launch_template_name: Option<String>,
    version: Option<String>,
}

/// The template that an instance was launched by.
pub struct LaunchedBy {
    pub id: LaunchTemplateId,
    pub version: u64,
    /// The members of its data that the launch does without.
    ignored: Vec<String>,
}

impl LaunchedBy {
    pub fn tell_ignored(&self, txn: &mut Txn<'_>) {
        for path in &self.ignored {
            let message = format!(
                "LaunchTemplateData.{path} of {} (version {}) has no effect here",
                self.id, self.version
            );
            txn.note("ParameterIgnored", format!("ec2.{}", RunInstances::NAME), None, message);
        }
    }
}

pub fn image(state: &State, text: &str) -> Result<Image, Ec2Error> {
    find_launched(state, text)
}

/// What is looked at when a template is made: nearly nothing, only that the parameter which names its image exists.
pub fn check(state: &State, data: &Value) -> Result<(), Ec2Error> {
    let named = data.get("ImageId").and_then(Value::as_str).filter(|text| text.starts_with("resolve:"));
    named.map_or(Ok(()), |text| image(state, text).map(|_| ()))?;
    parameters(data, &mut Vec::new()).map(|_| ())
}

/// Parameters over those of another version: each member replaces the one of its name.
pub fn over(source: &Value, given: Value) -> Value {
    match (source, given) {
        (Value::Object(source), Value::Object(given)) => {
            let mut all = source.clone();
            all.extend(given);
            Value::Object(all)
        }
        (_, given) => given,
    }
}

/// A template's data as RunInstances takes it: its members have the same names there. Those that it does not use go to
/// `ignored`.
fn parameters(data: &Value, ignored: &mut Vec<String>) -> Result<RunInstancesIn, Ec2Error> {
    let read = serde_ignored::deserialize(data, |path| ignored.push(written(&path)));
    read.map_err(|_| Ec2Error::NotBuilt("A launch template with this data"))
}

/// A path as the gateway writes it, such as `NetworkInterfaces[0].EnaQueueCount`.
fn written(path: &Path<'_>) -> String {
    match path {
        Path::Root => String::new(),
        Path::Seq { parent, index } => format!("{}[{index}]", written(parent)),
        Path::Map { parent, key } => match written(parent) {
            parent if parent.is_empty() => key.clone(),
            parent => format!("{parent}.{key}"),
        },
        Path::Some { parent } | Path::NewtypeStruct { parent } | Path::NewtypeVariant { parent } => {
            written(parent)
        }
    }
}

/// A request with what its template says where it says nothing itself.
///
/// Source: API reference, LaunchTemplate of RunInstances. That the tags of both are given, and those of the request
/// win, is assumed.
pub fn complete(
    state: &State,
    mut request: RunInstancesIn,
) -> Result<(RunInstancesIn, Option<LaunchedBy>), Ec2Error> {
    let Some(named) = request.launch_template.take() else { return Ok((request, None)) };
    let (id, name) = (named.launch_template_id.as_deref(), named.launch_template_name.as_deref());
    let template = find_template(state, id, name)?;
    let version = version::wanted(template, named.version.as_deref().unwrap_or("$Default"))?;
    if version.data.get("InstanceRequirements").is_some() {
        return Err(Ec2Error::NotBuilt("RunInstances with InstanceRequirements"));
    }
    let mut ignored = Vec::new();
    request.fill(parameters(&version.data, &mut ignored)?);
    Ok((request, Some(LaunchedBy { id: template.id, version: version.number, ignored })))
}

/// Tags of both, of which `first` win.
pub fn both(first: Vec<TagSpecification>, second: Vec<TagSpecification>) -> Vec<TagSpecification> {
    let mut all = first;
    for specification in second {
        let same = |other: &&mut TagSpecification| other.resource_type == specification.resource_type;
        match all.iter_mut().find(same) {
            None => all.push(specification),
            Some(known) => {
                let new = |tag: &Tag| known.tags.iter().all(|other| other.key != tag.key);
                let (more, _): (Vec<_>, Vec<_>) = specification.tags.into_iter().partition(new);
                known.tags.extend(more);
            }
        }
    }
    all
}
