//! Tags of whatever has an ARN.

use super::error::SageMakerError;
use super::{automl, monitoring, pipeline, tuning};
use crate::model::{DefinitionKey, JobKey, JobKind, MonitoringType, State, StudioKey, Tags, Txn};
use crate::services::page;
use crate::services::{Caller, Operation, Read, View, Write};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Source: service model and "Tagging AWS resources".
const MOST: usize = 50;
const RESERVED: &str = "aws:";

#[derive(Serialize, Deserialize, Clone)]
#[serde(rename_all = "PascalCase")]
pub struct Tag {
    key: String,
    value: String,
}

/// The tags of a request.
///
/// # Errors
/// Keys that occur twice or are reserved.
pub fn checked(tags: &[Tag]) -> Result<Tags, SageMakerError> {
    let mut checked = Tags::default();
    for tag in tags {
        if tag.key.to_lowercase().starts_with(RESERVED) {
            return Err(SageMakerError::TagReserved(tag.key.clone()));
        }
        if checked.get(&tag.key).is_some() {
            return Err(SageMakerError::TagTwice(tag.key.clone()));
        }
        checked.set(&*tag.key, &*tag.value);
    }
    Ok(checked)
}

fn told(tags: &Tags) -> Vec<Tag> {
    tags.iter().map(|(key, value)| Tag { key: key.to_owned(), value: value.to_owned() }).collect()
}

/// Something that has tags.
enum Tagged {
    Job(JobKey),
    Model(Arc<str>),
    EndpointConfig(Arc<str>),
    Endpoint(Arc<str>),
    Component(Arc<str>),
    Notebook(Arc<str>),
    NotebookLifecycle(Arc<str>),
    Studio(StudioKey),
    StudioLifecycle(Arc<str>),
    Cluster(Arc<str>),
    Tuning(Arc<str>),
    Pipeline(Arc<str>),
    Schedule(Arc<str>),
    AutoMl(Arc<str>),
    Definition(DefinitionKey),
    Stored(Arc<str>),
}

/// The resource with this ARN.
fn resource(state: &State, caller: &Caller, arn: &str) -> Result<Tagged, SageMakerError> {
    let named =
        |slug: &str| arn.strip_prefix(&caller.arn("sagemaker", slug))?.strip_prefix('/').map(Arc::from);
    let find = || {
        if let Some(name) = named("model") {
            return state.models.contains(&name).then_some(Tagged::Model(name));
        }
        if let Some(name) = named("endpoint-config") {
            return state.endpoint_configs.contains(&name).then_some(Tagged::EndpointConfig(name));
        }
        if let Some(name) = named("endpoint") {
            return state.endpoints.contains(&name).then_some(Tagged::Endpoint(name));
        }
        if let Some(name) = named("inference-component") {
            return state.components.contains(&name).then_some(Tagged::Component(name));
        }
        if let Some(name) = named("notebook-instance") {
            return state.notebooks.contains(&name).then_some(Tagged::Notebook(name));
        }
        if let Some(name) = named("notebook-instance-lifecycle-config") {
            return state.notebook_lifecycles.contains(&name).then_some(Tagged::NotebookLifecycle(name));
        }
        if let Some(name) = named("studio-lifecycle-config") {
            return state.studio_lifecycles.contains(&name).then_some(Tagged::StudioLifecycle(name));
        }
        if let Some(id) = named("cluster") {
            let row = state.clusters.iter().find(|cluster| *cluster.id == *id);
            return row.map(|cluster| Tagged::Cluster(cluster.name.clone()));
        }
        if ["domain", "user-profile", "space", "app"].iter().any(|slug| named(slug).is_some()) {
            return state.studio.iter().find(|row| row.arn == arn).map(|row| Tagged::Studio(row.key.clone()));
        }
        if let Some(name) = named(tuning::SLUG) {
            return state.tuning_jobs.contains(&name).then_some(Tagged::Tuning(name));
        }
        if let Some(name) = named(pipeline::SLUG) {
            return state.pipelines.contains(&name).then_some(Tagged::Pipeline(name));
        }
        if let Some(name) = named(automl::SLUG) {
            let key = automl::key(&name);
            return state.automl_jobs.contains(&key).then_some(Tagged::AutoMl(key));
        }
        if let Some(name) = named(monitoring::schedule::SLUG) {
            return state.monitoring_schedules.contains(&name).then_some(Tagged::Schedule(name));
        }
        for kind in MonitoringType::ALL {
            if let Some(name) = named(&format!("{}-job-definition", kind.stem())) {
                let key = DefinitionKey { kind, name };
                return state.monitoring_definitions.contains(&key).then_some(Tagged::Definition(key));
            }
        }
        let own = caller.arn("sagemaker", "");
        let kept = arn.strip_prefix(&own).and_then(|resource| state.stored.get(&resource.into()));
        if let Some(row) = kept.filter(|row| *row.arn == *arn) {
            return Some(Tagged::Stored(row.resource.clone()));
        }
        let key =
            JobKind::JOBS.iter().find_map(|kind| Some(JobKey { kind: *kind, name: named(kind.slug())? }))?;
        state.jobs.contains(&key).then_some(Tagged::Job(key))
    };
    find().ok_or(SageMakerError::NotFound)
}

/// The tags of the resource with this ARN; none if there is no such resource.
pub fn of(state: &State, caller: &Caller, arn: &str) -> Tags {
    resource(state, caller, arn).map(|found| found.tags(state)).unwrap_or_default()
}

impl Tagged {
    fn tags(&self, state: &State) -> Tags {
        let tags = match self {
            Tagged::Job(key) => state.jobs.get(key).map(|job| &job.tags),
            Tagged::Model(name) => state.models.get(name).map(|model| &model.tags),
            Tagged::EndpointConfig(name) => state.endpoint_configs.get(name).map(|config| &config.tags),
            Tagged::Endpoint(name) => state.endpoints.get(name).map(|endpoint| &endpoint.tags),
            Tagged::Component(name) => state.components.get(name).map(|component| &component.tags),
            Tagged::Notebook(name) => state.notebooks.get(name).map(|notebook| &notebook.tags),
            Tagged::NotebookLifecycle(name) => state.notebook_lifecycles.get(name).map(|row| &row.tags),
            Tagged::Studio(key) => state.studio.get(key).map(|row| &row.tags),
            Tagged::StudioLifecycle(name) => state.studio_lifecycles.get(name).map(|row| &row.tags),
            Tagged::Cluster(name) => state.clusters.get(name).map(|row| &row.tags),
            Tagged::Pipeline(name) => state.pipelines.get(name).map(|row| &row.tags),
            Tagged::Tuning(name) => state.tuning_jobs.get(name).map(|job| &job.tags),
            Tagged::AutoMl(key) => state.automl_jobs.get(key).map(|row| &row.tags),
            Tagged::Schedule(name) => state.monitoring_schedules.get(name).map(|row| &row.tags),
            Tagged::Definition(key) => state.monitoring_definitions.get(key).map(|row| &row.tags),
            Tagged::Stored(resource) => state.stored.get(resource).map(|row| &row.tags),
        };
        tags.cloned().unwrap_or_default()
    }

    fn change(&self, state: &mut State, change: impl FnOnce(&mut Tags)) {
        match self {
            Tagged::Job(key) => drop(state.jobs.update(key, |job| change(&mut job.tags))),
            Tagged::Model(name) => drop(state.models.update(name, |model| change(&mut model.tags))),
            Tagged::EndpointConfig(name) => {
                drop(state.endpoint_configs.update(name, |config| change(&mut config.tags)));
            }
            Tagged::Endpoint(name) => {
                drop(state.endpoints.update(name, |endpoint| change(&mut endpoint.tags)));
            }
            Tagged::Component(name) => {
                drop(state.components.update(name, |component| change(&mut component.tags)));
            }
            Tagged::Notebook(name) => {
                drop(state.notebooks.update(name, |notebook| change(&mut notebook.tags)));
            }
            Tagged::NotebookLifecycle(name) => {
                drop(state.notebook_lifecycles.update(name, |row| change(&mut row.tags)));
            }
            Tagged::Studio(key) => drop(state.studio.update(key, |row| change(&mut row.tags))),
            Tagged::StudioLifecycle(name) => {
                drop(state.studio_lifecycles.update(name, |row| change(&mut row.tags)));
            }
            Tagged::Cluster(name) => drop(state.clusters.update(name, |row| change(&mut row.tags))),
            Tagged::Pipeline(name) => drop(state.pipelines.update(name, |row| change(&mut row.tags))),
            Tagged::Tuning(name) => drop(state.tuning_jobs.update(name, |job| change(&mut job.tags))),
            Tagged::AutoMl(key) => drop(state.automl_jobs.update(key, |row| change(&mut row.tags))),
            Tagged::Schedule(name) => {
                drop(state.monitoring_schedules.update(name, |row| change(&mut row.tags)));
            }
            Tagged::Definition(key) => {
                drop(state.monitoring_definitions.update(key, |row| change(&mut row.tags)));
            }
            Tagged::Stored(resource) => drop(state.stored.update(resource, |row| change(&mut row.tags))),
        }
    }
}

pub struct AddTags;
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AddIn {
    resource_arn: String,
    tags: Vec<Tag>,
}
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct AddOut {
    tags: Vec<Tag>,
}
impl Operation for AddTags {
    const NAME: &'static str = "AddTags";
    type In = AddIn;
    type Out = AddOut;
    type Error = SageMakerError;
}
impl Write for AddTags {
    fn run(txn: &mut Txn<'_>, caller: &Caller, input: AddIn) -> Result<AddOut, SageMakerError> {
        let resource = resource(&txn.state, caller, &input.resource_arn)?;
        let added = checked(&input.tags)?;
        resource.change(&mut txn.state, |tags| added.iter().for_each(|(key, value)| tags.set(key, value)));
        let tags = resource.tags(&txn.state);
        if tags.len() > MOST {
            return Err(SageMakerError::TooManyTags);
        }
        Ok(AddOut { tags: told(&tags) })
    }
}

pub struct ListTags;
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListIn {
    resource_arn: String,
    next_token: Option<String>,
    max_results: Option<usize>,
}
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListOut {
    tags: Vec<Tag>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}
impl Operation for ListTags {
    const NAME: &'static str = "ListTags";
    type In = ListIn;
    type Out = ListOut;
    type Error = SageMakerError;
}
impl Read for ListTags {
    fn run(view: &View<'_>, input: ListIn) -> Result<ListOut, SageMakerError> {
        let resource = resource(view.state, view.caller, &input.resource_arn)?;
        let after =
            input.next_token.as_deref().map(|token| page::key_of(token).ok_or(SageMakerError::BadToken));
        let after = after.transpose()?;
        let tags = told(&resource.tags(view.state));
        let rest = tags.into_iter().filter(|tag| after.as_ref().is_none_or(|after| tag.key > *after));
        let (tags, next_token) = page::cut(rest, input.max_results.unwrap_or(MOST), |tag| tag.key.clone());
        Ok(ListOut { tags, next_token })
    }
}

pub struct DeleteTags;
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteIn {
    resource_arn: String,
    tag_keys: Vec<String>,
}
#[derive(Serialize)]
pub struct DeleteOut {}
impl Operation for DeleteTags {
    const NAME: &'static str = "DeleteTags";
    type In = DeleteIn;
    type Out = DeleteOut;
    type Error = SageMakerError;
}
impl Write for DeleteTags {
    fn run(txn: &mut Txn<'_>, caller: &Caller, input: DeleteIn) -> Result<DeleteOut, SageMakerError> {
        let resource = resource(&txn.state, caller, &input.resource_arn)?;
        resource.change(&mut txn.state, |tags| input.tag_keys.iter().for_each(|key| tags.remove(key)));
        Ok(DeleteOut {})
    }
}
