//! Experiments, and the jobs that belong to one.

use super::super::error::{RegistryError, SageMakerError};
use super::super::listing::Manner;
use super::super::stored::{
    Asked, Change, Kind, Words, defaults, made, new, resource_of, row, set, within, words,
};
use super::trial::{Component, Trial};
use crate::jobs::stored::begin;
use crate::model::{JobKey, JobKind, State, Stored, Tags, Txn};
use crate::services::Caller;
use serde_json::{Value, json};
use std::sync::Arc;

/// What most of their lists are like. Source: API reference, ListExperiments and its like.
pub const NEWEST_FIRST: Manner =
    Manner { ascending: false, by_name: false, from_time: false, status_last: false };

pub const ALL_TIMES: &[&str] = &["CreationTime", "CreatedBy", "LastModifiedTime", "LastModifiedBy"];

pub struct Experiment;

impl Kind for Experiment {
    const WORDS: &'static Words = words!("Experiment", "Experiments", "ExperimentSummaries");
    const SLUG: &'static str = "experiment";
    const KEPT: &'static [&'static str] = &["DisplayName", "Description"];
    const CHANGES: &'static [Change] = &[Change::Set("DisplayName"), Change::Set("Description")];
    const TIMES: &'static [&'static str] = ALL_TIMES;
    const DELETE_TELLS: bool = true;
    const SUMMARY: &'static [&'static str] =
        &["ExperimentArn", "ExperimentName", "DisplayName", "CreationTime", "LastModifiedTime"];
    const MANNER: Manner = NEWEST_FIRST;

    fn unknown(_: &str, arn: String) -> SageMakerError {
        RegistryError::NoSuch { noun: "Experiment", arn }.into()
    }

    fn exists(name: &str, _: String) -> SageMakerError {
        RegistryError::NameTaken { noun: "Experiment", name: name.to_owned() }.into()
    }

    /// Source: API reference, CreateExperiment, DisplayName.
    fn plan(_: &mut Txn<'_>, _: &Caller, new: &mut Stored) -> Result<(), SageMakerError> {
        let name = json!(new.name);
        defaults(new, &[("DisplayName", name)]);
        Ok(())
    }

    fn held(state: &State, row: &Stored) -> Result<(), SageMakerError> {
        match within(state, Trial::SLUG, &row.resource).next() {
            Some(_) => {
                Err(RegistryError::HasParts { noun: "Experiment", arn: row.arn.to_string(), parts: "trials" }
                    .into())
            }
            None => Ok(()),
        }
    }
}

/// What a job's ExperimentConfig says.
struct Config<'a> {
    experiment: Option<&'a str>,
    trial: Option<&'a str>,
    display_name: Option<&'a str>,
}

fn config(request: &Value) -> Option<Config<'_>> {
    let said = request.get("ExperimentConfig")?;
    let text = |member: &str| said[member].as_str();
    Some(Config {
        experiment: text("ExperimentName"),
        trial: text("TrialName"),
        display_name: text("TrialComponentDisplayName"),
    })
}

/// What is wrong with the experiment that a job is to belong to. Source: API reference, ExperimentConfig.
///
/// # Errors
/// The experiment or the trial does not exist.
pub fn check(state: &State, caller: &Caller, request: &Value) -> Result<(), SageMakerError> {
    let Some(Config { experiment, trial, .. }) = config(request) else { return Ok(()) };
    let find = |slug: &str, name: &str| resource_of(caller, slug, name);
    let of = experiment.map(|name| {
        let resource = find(Experiment::SLUG, name);
        row::<Experiment>(state, &resource)
            .ok_or_else(|| Experiment::unknown(name, caller.arn("sagemaker", &resource)))
    });
    let of = of.transpose()?;
    if let Some(name) = trial {
        let resource = find(Trial::SLUG, name);
        let trial = row::<Trial>(state, &resource)
            .ok_or_else(|| Trial::unknown(name, caller.arn("sagemaker", &resource)))?;
        if let Some(of) = of.filter(|of| !trial.of.contains(&of.resource)) {
            let (trial, experiment) = (trial.name.to_string(), of.name.to_string());
            return Err(RegistryError::TrialOfAnother { trial, experiment }.into());
        }
    }
    Ok(())
}

/// What makes jobs of a kind known among trial components: the end of the name, and the type of the source.
fn known_as(kind: JobKind) -> Option<(&'static str, &'static str)> {
    match kind {
        JobKind::Training => Some(("aws-training-job", "SageMakerTrainingJob")),
        JobKind::Processing => Some(("aws-processing-job", "SageMakerProcessingJob")),
        JobKind::Transform => Some(("aws-transform-job", "SageMakerTransformJob")),
        _ => None,
    }
}

/// A new job with an ExperimentConfig becomes a trial component, in a new trial unless it was told which.
///
/// # Errors
/// None that [`check`] did not find.
pub fn join(txn: &mut Txn<'_>, key: &JobKey, arn: &str, request: &Value) -> Result<(), SageMakerError> {
    let Some((config, (tail, source_type))) = config(request).zip(known_as(key.kind)) else { return Ok(()) };
    let caller = &Caller::service(&txn.state.site.clone());
    let trial = match (config.trial, config.experiment) {
        (Some(name), _) => Some(resource_of(caller, Trial::SLUG, name)),
        (None, Some(experiment)) => {
            let name = format!("{}-{tail}", key.name);
            let asked = [("TrialName", json!(name)), ("ExperimentName", json!(experiment))];
            let asked: Asked = asked.map(|(member, value)| (member.to_owned(), value)).into_iter().collect();
            let resource = Trial::resource(txn, caller, &asked)?;
            match row::<Trial>(&txn.state, &resource) {
                Some(trial) => Some(trial.resource.to_string()),
                None => Some(made::<Trial>(txn, caller, asked)?.resource.to_string()),
            }
        }
        (None, None) => None,
    };
    let name = format!("{}-{tail}", key.name);
    let asked: Asked = [("TrialComponentName".to_owned(), json!(name))].into_iter().collect();
    let resource = Component::resource(txn, caller, &asked)?;
    let mut component = new::<Component>(txn, caller, resource, asked, Tags::default());
    set(&mut component, "DisplayName", json!(config.display_name.unwrap_or(&name)));
    set(&mut component, "Source", json!({ "SourceArn": arn, "SourceType": source_type }));
    Component::plan(txn, caller, &mut component)?;
    component.of.extend(trial.map(Arc::from));
    begin(txn, component, Component::NEW);
    Ok(())
}
