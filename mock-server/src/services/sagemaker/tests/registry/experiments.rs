//! Experiments, the jobs that belong to one, and lineage.

use super::*;
use crate::services::sagemaker::registry::experiment::Experiment;
use crate::services::sagemaker::registry::lineage::{
    Action, AddAssociation, Artifact, Context, DeleteAssociation, ListAssociations,
};
use crate::services::sagemaker::registry::trial::{
    AssociateTrialComponent, Component, DisassociateTrialComponent, Trial,
};
use crate::services::sagemaker::stored;

#[test]
fn experiments_have_trials_and_these_have_components() {
    let site = Site::new(Profile::Instant);
    let taken = |noun: &str, name: &str| {
        says(
            "ValidationException",
            format!(
                "{noun} names must be unique within an AWS account and region. {noun} with name ({name}) already exists."
            ),
        )
    };
    let missing = |noun: &str, resource: &str| {
        says("ResourceNotFound", format!("{noun} '{ARN}{resource}' does not exist."))
    };
    let trial = json!({ "TrialName": "T", "ExperimentName": "E" });
    assert_eq!(refused(site.keep::<Trial>(trial.clone())), missing("Experiment", "experiment/e"));
    let out = site.keep::<Experiment>(json!({ "ExperimentName": "E", "Description": "d" })).unwrap();
    assert_eq!(out["ExperimentArn"], format!("{ARN}experiment/e"));
    // Names are not case sensitive.
    assert_eq!(refused(site.keep::<Experiment>(json!({ "ExperimentName": "e" }))), taken("Experiment", "e"));
    site.change::<Experiment>(json!({ "ExperimentName": "e", "DisplayName": "Shown" })).unwrap();
    let told = site.told_of::<Experiment>(json!({ "ExperimentName": "e" })).unwrap();
    assert_eq!(
        (&told["ExperimentName"], &told["DisplayName"], &told["Description"]),
        (&json!("E"), &json!("Shown"), &json!("d"))
    );
    assert_eq!(site.keep::<Trial>(trial.clone()).unwrap()["TrialArn"], format!("{ARN}experiment-trial/t"));
    assert_eq!(refused(site.keep::<Trial>(trial)), taken("Trial", "T"));
    assert_eq!(site.told_of::<Trial>(json!({ "TrialName": "t" })).unwrap()["DisplayName"], "T");
    let parameters = json!({ "rate": { "NumberValue": 0.5 }, "kind": { "StringValue": "a" } });
    site.keep::<Component>(json!({ "TrialComponentName": "c", "Parameters": parameters })).unwrap();
    let changes = json!({ "TrialComponentName": "c", "Parameters": { "rate": { "NumberValue": 1.0 } },
        "ParametersToRemove": ["kind"], "Status": { "PrimaryStatus": "InProgress" } });
    site.change::<Component>(changes).unwrap();
    let told = site.told_of::<Component>(json!({ "TrialComponentName": "c" })).unwrap();
    assert_eq!(told["Parameters"], json!({ "rate": { "NumberValue": 1.0 } }));
    assert_eq!((&told["Status"]["PrimaryStatus"], &told["Metrics"]), (&json!("InProgress"), &json!([])));

    let link = |trial: &str, component: &str| json!({ "TrialName": trial, "TrialComponentName": component });
    let associate = |trial: &str, component: &str| {
        site.after(site.lab.write::<AssociateTrialComponent>(link(trial, component)))
    };
    assert_eq!(refused(associate("x", "c")), missing("Trial", "experiment-trial/x"));
    assert_eq!(refused(associate("t", "x")), missing("Trial Component", "experiment-trial-component/x"));
    assert_eq!(site.listed::<Trial>("TrialName", json!({ "TrialComponentName": "c" })), Vec::<Value>::new());
    associate("t", "c").unwrap();
    assert_eq!(
        site.listed::<Trial>("TrialName", json!({ "TrialComponentName": "c", "ExperimentName": "e" })),
        ["T"]
    );
    for filter in ["TrialName", "ExperimentName"] {
        let name = if filter == "TrialName" { "t" } else { "e" };
        assert_eq!(site.listed::<Component>("TrialComponentName", json!({ filter: name })), ["c"]);
    }
    let unknown = site.lab.read::<stored::List<Component>>(json!({ "TrialName": "x" }));
    assert_eq!(refused(unknown), missing("Trial", "experiment-trial/x"));
    let linked = |noun: &str, resource: &str, parts: &str| {
        says(
            "ValidationException",
            format!("{noun} '{ARN}{resource}' is linked to 1 or more {parts} and cannot be deleted."),
        )
    };
    let (experiment, trial, component) =
        (json!({ "ExperimentName": "e" }), json!({ "TrialName": "t" }), json!({ "TrialComponentName": "c" }));
    assert_eq!(
        refused(site.forget::<Experiment>(experiment.clone())),
        linked("Experiment", "experiment/e", "trials")
    );
    assert_eq!(
        refused(site.forget::<Trial>(trial.clone())),
        linked("Trial", "experiment-trial/t", "trial components")
    );
    assert_eq!(
        refused(site.forget::<Component>(component.clone())),
        linked("TrialComponent", "experiment-trial-component/c", "trials")
    );
    site.lab.write::<DisassociateTrialComponent>(link("t", "c")).unwrap();
    site.forget::<Component>(component).unwrap();
    site.forget::<Trial>(trial).unwrap();
    let gone = site.forget::<Experiment>(experiment.clone()).unwrap();
    assert_eq!(gone["ExperimentArn"], format!("{ARN}experiment/e"));
    assert_eq!(refused(site.change::<Experiment>(experiment)), missing("Experiment", "experiment/e"));
    assert!(site.lab.state().stored.is_empty());
}

#[test]
fn a_job_of_an_experiment_is_a_trial_component() {
    let site = Site::new(Profile::Instant);
    let job = |name: &str, config: Value| {
        let mut request = site.request(name, 1);
        request["ExperimentConfig"] = config;
        request["HyperParameters"] = json!({ "depth": "5", "kind": "a" });
        site.create(request)
    };
    let missing = refused(job("j", json!({ "ExperimentName": "e" })));
    assert_eq!(missing, says("ResourceNotFound", format!("Experiment '{ARN}experiment/e' does not exist.")));
    site.keep::<Experiment>(json!({ "ExperimentName": "e" })).unwrap();
    let missing = refused(job("j", json!({ "ExperimentName": "e", "TrialName": "t" })));
    assert_eq!(missing.1, format!("Trial '{ARN}experiment-trial/t' does not exist."));
    site.keep::<Experiment>(json!({ "ExperimentName": "other" })).unwrap();
    site.keep::<Trial>(json!({ "ExperimentName": "other", "TrialName": "t" })).unwrap();
    let wrong = refused(job("j", json!({ "ExperimentName": "e", "TrialName": "t" })));
    assert_eq!(wrong.1, "Trial 't' does not belong to experiment 'e'.");
    assert!(site.lab.state().jobs.is_empty());
    job("j", json!({ "ExperimentName": "other", "TrialName": "t", "TrialComponentDisplayName": "Shown" }))
        .unwrap();
    job("k", json!({ "ExperimentName": "e" })).unwrap();
    site.assert_sound();
    let name = "j-aws-training-job";
    assert_eq!(site.listed::<Component>("TrialComponentName", json!({ "TrialName": "t" })), [name]);
    assert_eq!(site.listed::<Trial>("TrialName", json!({ "ExperimentName": "e" })), ["k-aws-training-job"]);
    let source = format!("{ARN}training-job/j");
    assert_eq!(site.listed::<Component>("DisplayName", json!({ "SourceArn": source })), ["Shown"]);
    let told = site.told_of::<Component>(json!({ "TrialComponentName": name })).unwrap();
    assert_eq!(told["Source"], json!({ "SourceArn": source, "SourceType": "SageMakerTrainingJob" }));
    assert_eq!(told["Status"]["PrimaryStatus"], "Completed");
    assert_eq!(told["Parameters"]["depth"], json!({ "NumberValue": 5.0 }));
    assert_eq!(told["Parameters"]["SageMaker.InstanceType"], json!({ "StringValue": "ml.m5.large" }));
}

#[test]
fn lineage_tells_what_comes_from_what() {
    let site = Site::new(Profile::Instant);
    let of = |uri: &str| json!({ "SourceUri": uri });
    let data = json!({ "ArtifactName": "data", "ArtifactType": "DataSet", "Source": of("s3://data") });
    let data_arn = site.keep::<Artifact>(data.clone()).unwrap()["ArtifactArn"].clone();
    assert!(data_arn.as_str().unwrap().starts_with(&format!("{ARN}artifact/")));
    assert!(refused(site.keep::<Artifact>(data)).1.contains("already exists"));
    let action = json!({ "ActionName": "train", "ActionType": "Training", "Source": of("job"), "Properties": { "a": "1", "b": "2" } });
    let action_arn = site.keep::<Action>(action).unwrap()["ActionArn"].clone();
    site.keep::<Context>(json!({ "ContextName": "c", "ContextType": "Endpoint", "Source": of("endpoint") }))
        .unwrap();
    site.change::<Action>(
        json!({ "ActionName": "train", "Status": "Completed", "PropertiesToRemove": ["a"] }),
    )
    .unwrap();
    let told = site.told_of::<Action>(json!({ "ActionName": "train" })).unwrap();
    assert_eq!((&told["Status"], &told["Properties"]), (&json!("Completed"), &json!({ "b": "2" })));
    site.change::<Artifact>(json!({ "ArtifactArn": data_arn, "ArtifactName": "new" })).unwrap();
    assert_eq!(site.told_of::<Artifact>(json!({ "ArtifactArn": data_arn })).unwrap()["ArtifactName"], "new");
    assert_eq!(
        site.listed::<Artifact>("ArtifactArn", json!({ "SourceUri": "s3://data" })),
        std::slice::from_ref(&data_arn)
    );
    assert!(site.listed::<Artifact>("ArtifactArn", json!({ "ArtifactType": "Model" })).is_empty());

    let link =
        json!({ "SourceArn": data_arn, "DestinationArn": action_arn, "AssociationType": "ContributedTo" });
    let nobody = json!({ "SourceArn": data_arn, "DestinationArn": format!("{ARN}action/x") });
    assert_eq!(
        refused(site.lab.write::<AddAssociation>(nobody)),
        says("ResourceNotFound", format!("Entity '{ARN}action/x' does not exist."))
    );
    site.lab.write::<AddAssociation>(link.clone()).unwrap();
    site.assert_sound();
    assert!(refused(site.lab.write::<AddAssociation>(link.clone())).1.ends_with("already exists."));
    let list = |request: Value| {
        site.lab.read::<ListAssociations>(request).unwrap()["AssociationSummaries"]
            .as_array()
            .unwrap()
            .clone()
    };
    let [one] = &list(json!({ "DestinationArn": action_arn, "SourceType": "DataSet" }))[..] else {
        panic!("one")
    };
    assert_eq!(
        (&one["AssociationType"], &one["DestinationName"]),
        (&json!("ContributedTo"), &json!("train"))
    );
    assert!(list(json!({ "SourceArn": action_arn })).is_empty());
    assert!(refused(site.forget::<Action>(json!({ "ActionName": "train" }))).1.contains("has associations"));
    assert!(
        refused(site.forget::<Artifact>(json!({ "Source": of("s3://data") }))).1.contains("has associations")
    );
    site.lab.write::<DeleteAssociation>(link.clone()).unwrap();
    assert_eq!(refused(site.lab.write::<DeleteAssociation>(link)).0, "ResourceNotFound");
    site.forget::<Artifact>(json!({ "Source": of("s3://data") })).unwrap();
    assert_eq!(refused(site.forget::<Artifact>(json!({}))).0, "ValidationException");
    site.forget::<Action>(json!({ "ActionName": "train" })).unwrap();
    site.forget::<Context>(json!({ "ContextName": "c" })).unwrap();
    assert!(site.lab.state().stored.is_empty());
}
