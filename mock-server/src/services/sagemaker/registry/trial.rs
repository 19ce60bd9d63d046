//! Trials and trial components.

use super::super::error::{RegistryError, SageMakerError};
use super::super::listing::Manner;
use super::super::stored::{
    Asked, Change, Filter, Kind, Words, asked_name, defaults, described, find, resource_of, row, within,
    words,
};
use super::experiment::{ALL_TIMES, Experiment, NEWEST_FIRST};
use super::lineage::associated;
use crate::model::{Job, JobKey, JobKind, JobStatus, State, Stored, Txn};
use crate::services::{Caller, Operation, Write};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::sync::Arc;

pub struct Trial;

impl Kind for Trial {
    const WORDS: &'static Words = words!("Trial", "Trials", "TrialSummaries");
    const SLUG: &'static str = "experiment-trial";
    const KEPT: &'static [&'static str] = &["DisplayName", "ExperimentName", "MetadataProperties"];
    const CHANGES: &'static [Change] = &[Change::Set("DisplayName")];
    const TIMES: &'static [&'static str] = ALL_TIMES;
    const DELETE_TELLS: bool = true;
    const SUMMARY: &'static [&'static str] =
        &["TrialArn", "TrialName", "DisplayName", "CreationTime", "LastModifiedTime"];
    const MANNER: Manner = NEWEST_FIRST;
    const FILTERS: &'static [(&'static str, Filter)] = &[
        ("ExperimentName", |_, caller, row, asked| belongs(caller, row, Experiment::SLUG, asked)),
        ("TrialComponentName", |state, caller, trial, asked| {
            let component = resource_of(caller, Component::SLUG, asked.as_str().unwrap_or_default());
            row::<Component>(state, &component)
                .is_some_and(|component| component.of.contains(&trial.resource))
        }),
    ];

    fn unknown(_: &str, arn: String) -> SageMakerError {
        RegistryError::NoSuch { noun: "Trial", arn }.into()
    }

    fn exists(name: &str, _: String) -> SageMakerError {
        RegistryError::NameTaken { noun: "Trial", name: name.to_owned() }.into()
    }

    fn plan(txn: &mut Txn<'_>, caller: &Caller, new: &mut Stored) -> Result<(), SageMakerError> {
        let asked = new.told.as_object().cloned().unwrap_or_default();
        new.of.insert(find::<Experiment>(&txn.state, caller, &asked)?.resource.clone());
        let name = json!(new.name);
        defaults(new, &[("DisplayName", name)]);
        Ok(())
    }

    fn held(state: &State, row: &Stored) -> Result<(), SageMakerError> {
        match within(state, Component::SLUG, &row.resource).next() {
            Some(_) => Err(RegistryError::HasParts {
                noun: "Trial",
                arn: row.arn.to_string(),
                parts: "trial components",
            }
            .into()),
            None => Ok(()),
        }
    }

    fn listed(state: &State, caller: &Caller, asked: &Asked) -> Result<(), SageMakerError> {
        known::<Experiment>(state, caller, asked)?;
        known::<Component>(state, caller, asked)
    }

    fn found(state: &State, row: &Stored, told: &mut Asked) {
        let summary = |part: &Arc<Stored>| {
            let mut told = described::<Component>(part);
            if let Some(source) = told.remove("Source") {
                told.insert("TrialComponentSource".into(), source);
            }
            told.retain(|member, _| IN_TRIAL.contains(&member.as_str()));
            Value::Object(told)
        };
        let parts: Vec<Value> = within(state, Component::SLUG, &row.resource).map(summary).collect();
        told.insert("TrialComponentSummaries".into(), json!(parts));
    }
}

/// What a search for trials tells of their components. Source: service model, TrialComponentSimpleSummary.
const IN_TRIAL: &[&str] =
    &["TrialComponentName", "TrialComponentArn", "TrialComponentSource", "CreationTime", "CreatedBy"];

/// A filter names something that there is. Source: service model, errors of the lists.
fn known<K: Kind>(state: &State, caller: &Caller, asked: &Asked) -> Result<(), SageMakerError> {
    match asked_name(asked, K::WORDS.name) {
        Some(_) => find::<K>(state, caller, asked).map(drop),
        None => Ok(()),
    }
}

fn belongs(caller: &Caller, row: &Stored, slug: &str, asked: &Value) -> bool {
    row.of.contains(&*resource_of(caller, slug, asked.as_str().unwrap_or_default()))
}

pub struct Component;

impl Kind for Component {
    const WORDS: &'static Words = words!("TrialComponent", "TrialComponents", "TrialComponentSummaries");
    const SLUG: &'static str = "experiment-trial-component";
    const KEPT: &'static [&'static str] = &[
        "DisplayName",
        "Status",
        "StartTime",
        "EndTime",
        "Parameters",
        "InputArtifacts",
        "OutputArtifacts",
        "MetadataProperties",
    ];
    const CHANGES: &'static [Change] = &[
        Change::Set("DisplayName"),
        Change::Set("Status"),
        Change::Set("StartTime"),
        Change::Set("EndTime"),
        Change::Merge("Parameters"),
        Change::Remove("ParametersToRemove", "Parameters"),
        Change::Merge("InputArtifacts"),
        Change::Remove("InputArtifactsToRemove", "InputArtifacts"),
        Change::Merge("OutputArtifacts"),
        Change::Remove("OutputArtifactsToRemove", "OutputArtifacts"),
    ];
    const TIMES: &'static [&'static str] = ALL_TIMES;
    const DELETE_TELLS: bool = true;
    const SUMMARY: &'static [&'static str] = &[
        "TrialComponentName",
        "TrialComponentArn",
        "DisplayName",
        "TrialComponentSource",
        "Status",
        "StartTime",
        "EndTime",
        "CreationTime",
        "CreatedBy",
        "LastModifiedTime",
        "LastModifiedBy",
    ];
    const ALIASES: &'static [(&'static str, &'static str)] = &[("TrialComponentSource", "Source")];
    const MANNER: Manner = NEWEST_FIRST;
    const FILTERS: &'static [(&'static str, Filter)] = &[
        ("TrialName", |_, caller, row, asked| belongs(caller, row, Trial::SLUG, asked)),
        ("ExperimentName", |state, caller, row, asked| {
            let experiment = resource_of(caller, Experiment::SLUG, asked.as_str().unwrap_or_default());
            let within = |trial: &Arc<str>| {
                state.stored.get(trial).is_some_and(|trial| trial.of.contains(&*experiment))
            };
            row.of.iter().any(within)
        }),
        ("SourceArn", |_, _, row, asked| row.told["Source"]["SourceArn"] == *asked),
    ];

    fn unknown(_: &str, arn: String) -> SageMakerError {
        RegistryError::NoSuch { noun: "Trial Component", arn }.into()
    }

    fn exists(name: &str, _: String) -> SageMakerError {
        RegistryError::NameTaken { noun: "Trial Component", name: name.to_owned() }.into()
    }

    fn plan(_: &mut Txn<'_>, _: &Caller, new: &mut Stored) -> Result<(), SageMakerError> {
        let name = json!(new.name);
        let nothing = || json!({});
        let members = [
            ("DisplayName", name),
            ("Parameters", nothing()),
            ("InputArtifacts", nothing()),
            ("OutputArtifacts", nothing()),
        ];
        defaults(new, &members);
        Ok(())
    }

    fn held(state: &State, row: &Stored) -> Result<(), SageMakerError> {
        associated(state, row, "Trial Component")?;
        match row.of.first() {
            Some(_) => Err(RegistryError::ComponentLinked { arn: row.arn.to_string() }.into()),
            None => Ok(()),
        }
    }

    fn listed(state: &State, caller: &Caller, asked: &Asked) -> Result<(), SageMakerError> {
        known::<Experiment>(state, caller, asked)?;
        known::<Trial>(state, caller, asked)
    }

    fn live(state: &State, row: &Stored, told: &mut Asked) {
        let Some(arn) = row.told["Source"]["SourceArn"].as_str() else { return };
        let resource = arn.splitn(6, ':').nth(5).and_then(|resource| resource.split_once('/'));
        let Some((slug, name)) = resource else { return };
        let kind = JobKind::JOBS.iter().find(|kind| kind.slug() == slug);
        let key = kind.map(|kind| JobKey { kind: *kind, name: name.into() });
        if let Some(job) = key.and_then(|key| state.jobs.get(&key)) {
            as_job(job, told);
        }
    }

    fn tell(_: &State, row: &Stored, _: &Asked, told: &mut Asked) -> Result<(), SageMakerError> {
        told.insert("Metrics".into(), json!([]));
        let sources: Vec<_> = row.told.get("Source").into_iter().collect();
        told.insert("Sources".into(), json!(sources));
        Ok(())
    }

    /// Source: API reference, TrialComponent.
    fn found(state: &State, row: &Stored, told: &mut Asked) {
        let parent = |trial: &Arc<str>| {
            let trial = state.stored.get(trial)?;
            Some(json!({ "TrialName": trial.name, "ExperimentName": trial.told["ExperimentName"] }))
        };
        let parents: Vec<Value> = row.of.iter().filter_map(parent).collect();
        told.insert("Parents".into(), json!(parents));
        if let Some(arn) = row.told["Source"].get("SourceArn") {
            told.insert("SourceDetail".into(), json!({ "SourceArn": arn }));
        }
    }
}

/// What a component tells of the job that it is of. Source: developer guide, "Manage Machine Learning with Amazon
/// SageMaker Experiments"; parameters as components in public repositories show them.
fn as_job(job: &Job, told: &mut Asked) {
    let primary = match job.status {
        JobStatus::Completed => "Completed",
        JobStatus::Failed => "Failed",
        JobStatus::Stopping => "Stopping",
        JobStatus::Stopped => "Stopped",
        _ => "InProgress",
    };
    let mut set = |member: &str, value: Value| {
        told.entry(member).or_insert(value);
    };
    let mut status = json!({ "PrimaryStatus": primary });
    if let Some(failure) = job.told_failure() {
        status["Message"] = json!(failure.reason);
    }
    set("Status", status);
    job.started.iter().for_each(|at| set("StartTime", json!(at.millis())));
    job.ended.iter().for_each(|at| set("EndTime", json!(at.millis())));
    let parameters = told.entry("Parameters").or_insert(json!({}));
    let text = |value: &Value| json!({ "StringValue": value.as_str().unwrap_or_default() });
    for (name, value) in job.request["HyperParameters"].as_object().into_iter().flatten() {
        let number = value.as_str().and_then(|value| value.parse::<f64>().ok());
        parameters[name] = number.map_or_else(|| text(value), |number| json!({ "NumberValue": number }));
    }
    let mut given = Map::new();
    for part in ["ResourceConfig", "TransformResources", "ProcessingResources"] {
        let part = &job.request[part];
        let part = part.get("ClusterConfig").unwrap_or(part);
        for member in ["InstanceType", "InstanceCount", "VolumeSizeInGB"] {
            if let Some(value) = part.get(member) {
                let value =
                    value.as_f64().map_or_else(|| text(value), |number| json!({ "NumberValue": number }));
                given.insert(format!("SageMaker.{member}"), value);
            }
        }
    }
    for (name, value) in given {
        parameters[&name] = value;
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct LinkIn {
    trial_component_name: String,
    trial_name: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct LinkOut {
    trial_component_arn: Arc<str>,
    trial_arn: Arc<str>,
}

/// The trial and the component that are to be linked, or no longer.
fn linked(
    state: &State,
    caller: &Caller,
    input: &LinkIn,
) -> Result<(Arc<Stored>, Arc<Stored>), SageMakerError> {
    let members = [("TrialName", &input.trial_name), ("TrialComponentName", &input.trial_component_name)];
    let asked: Asked = members.into_iter().map(|(member, name)| (member.to_owned(), json!(name))).collect();
    Ok((find::<Trial>(state, caller, &asked)?, find::<Component>(state, caller, &asked)?))
}

fn link(
    txn: &mut Txn<'_>,
    caller: &Caller,
    input: &LinkIn,
    change: impl FnOnce(&mut Stored, Arc<str>),
) -> Result<LinkOut, SageMakerError> {
    let (trial, component) = linked(&txn.state, caller, input)?;
    txn.state.stored.update(&component.resource, |row| change(row, trial.resource.clone()));
    Ok(LinkOut { trial_component_arn: component.arn.clone(), trial_arn: trial.arn.clone() })
}

pub struct AssociateTrialComponent;
impl Operation for AssociateTrialComponent {
    const NAME: &'static str = "AssociateTrialComponent";
    type In = LinkIn;
    type Out = LinkOut;
    type Error = SageMakerError;
}
impl Write for AssociateTrialComponent {
    fn run(txn: &mut Txn<'_>, caller: &Caller, input: LinkIn) -> Result<LinkOut, SageMakerError> {
        link(txn, caller, &input, |row, trial| {
            row.of.insert(trial);
        })
    }
}

pub struct DisassociateTrialComponent;
impl Operation for DisassociateTrialComponent {
    const NAME: &'static str = "DisassociateTrialComponent";
    type In = LinkIn;
    type Out = LinkOut;
    type Error = SageMakerError;
}
impl Write for DisassociateTrialComponent {
    fn run(txn: &mut Txn<'_>, caller: &Caller, input: LinkIn) -> Result<LinkOut, SageMakerError> {
        link(txn, caller, &input, |row, trial| {
            row.of.remove(&trial);
        })
    }
}
