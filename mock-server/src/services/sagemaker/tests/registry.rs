//! What is only kept: life, lists and refusals of each kind, and what jobs and models have of it.

use super::*;
use crate::model::{Choices, DataMode};
use crate::services::sagemaker::registry::app_image_config::AppImageConfig;
use crate::services::sagemaker::registry::code_repository::Repository;
use crate::services::sagemaker::registry::experiment::Experiment;
use crate::services::sagemaker::registry::feature_group::{
    DescribeFeatureMetadata, FeatureGroup, UpdateFeatureMetadata,
};
use crate::services::sagemaker::registry::image::{Image, ListAliases, Version};
use crate::services::sagemaker::registry::lineage::{
    Action, AddAssociation, Artifact, Context, DeleteAssociation, ListAssociations,
};
use crate::services::sagemaker::registry::model_card::{Card, ListModelCardVersions};
use crate::services::sagemaker::registry::model_group::{
    DeleteModelPackageGroupPolicy, GetModelPackageGroupPolicy, Group, PutModelPackageGroupPolicy,
};
use crate::services::sagemaker::registry::model_package::{BatchDescribeModelPackage, Package};
use crate::services::sagemaker::registry::trial::{
    AssociateTrialComponent, Component, DisassociateTrialComponent, Trial,
};
use crate::services::sagemaker::stored;
use crate::services::sagemaker::tags::{AddTags, ListTags};

const ARN: &str = "arn:aws:sagemaker:us-east-1:123456789012:";

impl Site {
    fn keep<K: stored::Kind>(&self, request: Value) -> Result<Value, Refused> {
        self.after(self.lab.write::<stored::Create<K>>(request))
    }

    fn told_of<K: stored::Kind>(&self, request: Value) -> Result<Value, Refused> {
        self.lab.read::<stored::Describe<K>>(request)
    }

    fn change<K: stored::Kind>(&self, request: Value) -> Result<Value, Refused> {
        self.after(self.lab.write::<stored::Update<K>>(request))
    }

    fn forget<K: stored::Kind>(&self, request: Value) -> Result<Value, Refused> {
        self.after(self.lab.write::<stored::Delete<K>>(request))
    }

    /// The values of one member of what is listed.
    fn listed<K: stored::Kind>(&self, member: &str, request: Value) -> Vec<Value> {
        let out = self.lab.read::<stored::List<K>>(request).unwrap();
        out[K::WORDS.listed].as_array().unwrap().iter().map(|row| row[member].clone()).collect()
    }

    fn after(&self, result: Result<Value, Refused>) -> Result<Value, Refused> {
        self.assert_sound();
        result
    }
}

/// Code and text of a refusal.
fn refused(result: Result<Value, Refused>) -> (String, String) {
    let refused = result.unwrap_err();
    assert!(!refused.message.contains('{'), "a fact is missing: {}", refused.message);
    (refused.code.into_owned(), refused.message)
}

fn says(code: &str, text: impl Into<String>) -> (String, String) {
    (code.to_owned(), text.into())
}

fn containers(image: &str, url: &str) -> Value {
    json!({ "Containers": [{ "Image": image, "ModelDataUrl": url }], "SupportedContentTypes": ["text/csv"],
        "SupportedResponseMIMETypes": ["text/csv"] })
}

#[test]
fn versions_of_a_group_are_counted_and_approved() {
    let site = Site::new(Profile::Instant);
    let group = json!({ "ModelPackageGroupName": "Group" });
    let arn = site.keep::<Group>(group.clone()).unwrap()["ModelPackageGroupArn"].clone();
    assert_eq!(arn, format!("{ARN}model-package-group/group"));
    let version = |more: Value| {
        let mut request = json!({ "ModelPackageGroupName": "Group" });
        request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        site.keep::<Package>(request).map(|out| out["ModelPackageArn"].as_str().unwrap().to_owned())
    };
    let first = version(json!({ "CustomerMetadataProperties": { "a": "1", "b": "2" } })).unwrap();
    let token = json!({ "ClientToken": "once", "ModelApprovalStatus": "Rejected" });
    let second = version(token.clone()).unwrap();
    assert_eq!(version(token).unwrap(), second);
    assert_eq!(
        (first.as_str(), second.as_str()),
        (&*format!("{ARN}model-package/group/1"), &*format!("{ARN}model-package/group/2"))
    );
    let told = site.told_of::<Package>(json!({ "ModelPackageName": first })).unwrap();
    assert_eq!(told["ModelPackageVersion"], 1);
    assert_eq!(told["ModelApprovalStatus"], "PendingManualApproval");
    assert_eq!(
        (&told["ModelPackageStatus"], &told["ModelPackageGroupName"]),
        (&json!("Completed"), &json!("Group"))
    );
    assert_eq!(told.get("LastModifiedTime"), None);
    site.lab.advance(1_000);
    site.change::<Package>(json!({ "ModelPackageArn": first, "ModelApprovalStatus": "Approved",
        "ApprovalDescription": "good", "CustomerMetadataPropertiesToRemove": ["a"],
        "CustomerMetadataProperties": { "b": "3", "c": "4" } }))
        .unwrap();
    let told = site.told_of::<Package>(json!({ "ModelPackageName": first })).unwrap();
    assert_eq!(told["CustomerMetadataProperties"], json!({ "b": "3", "c": "4" }));
    assert_eq!(
        (&told["ModelApprovalStatus"], &told["ApprovalDescription"]),
        (&json!("Approved"), &json!("good"))
    );
    assert!(told["LastModifiedTime"].is_i64());

    let alone = site.keep::<Package>(json!({ "ModelPackageName": "Alone" })).unwrap();
    assert_eq!(alone["ModelPackageArn"], format!("{ARN}model-package/alone"));
    let list = |request: Value| site.listed::<Package>("ModelPackageArn", request);
    assert_eq!(list(json!({})), [alone["ModelPackageArn"].clone()]);
    assert_eq!(
        list(json!({ "ModelPackageType": "Versioned", "SortOrder": "Descending" })),
        [&*second, &*first]
    );
    assert_eq!(list(json!({ "ModelPackageType": "Both" })).len(), 3);
    assert_eq!(list(json!({ "ModelPackageGroupName": "group" })), [&*first, &*second]);
    assert_eq!(list(json!({ "ModelPackageGroupName": arn, "ModelApprovalStatus": "Approved" })), [&*first]);

    let has = says(
        "ConflictException",
        format!(
            "Model Package Group cannot be deleted because it still contains Model Packages: {}",
            arn.as_str().unwrap()
        ),
    );
    assert_eq!(refused(site.forget::<Group>(group.clone())), has);
    site.forget::<Package>(json!({ "ModelPackageName": second })).unwrap();
    // The number of a version is not used again.
    assert_eq!(version(json!({})).unwrap(), format!("{ARN}model-package/group/3"));
    for n in [1, 3] {
        site.forget::<Package>(json!({ "ModelPackageName": format!("{ARN}model-package/group/{n}") }))
            .unwrap();
    }
    site.forget::<Group>(group).unwrap();
    assert_eq!(site.lab.state().stored.len(), 1);
}

#[test]
fn what_is_wrong_with_a_model_package_is_told() {
    let site = Site::new(Profile::Instant);
    let create = |request: Value| refused(site.keep::<Package>(request));
    assert_eq!(create(json!({})), says("ValidationException", "Missing ARN."));
    let both = "Both ModelPackageName and ModelPackageGroupName are provided in the input. Cannot determine which one to use.";
    assert_eq!(
        create(json!({ "ModelPackageName": "a", "ModelPackageGroupName": "b" })),
        says("ValidationException", both)
    );
    let none = says("ValidationException", "Model Package Group does not exist.");
    assert_eq!(create(json!({ "ModelPackageGroupName": "b" })), none);
    site.keep::<Group>(json!({ "ModelPackageGroupName": "g" })).unwrap();
    let again = says(
        "ValidationException",
        format!("Model Package Group already exists: {ARN}model-package-group/g"),
    );
    assert_eq!(refused(site.keep::<Group>(json!({ "ModelPackageGroupName": "g" }))), again);
    let tags = json!({ "ModelPackageGroupName": "g", "Tags": [{ "Key": "a", "Value": "b" }] });
    assert!(create(tags).1.starts_with("Tags cannot be specified"));
    let validated = json!({ "ModelPackageGroupName": "g", "ValidationSpecification": {} });
    assert_eq!(create(validated).0, "NotImplemented");
    let from = json!({ "ModelPackageGroupName": "g", "SourceAlgorithmSpecification": {} });
    assert_eq!(create(from).0, "NotImplemented");
    site.keep::<Package>(json!({ "ModelPackageName": "a" })).unwrap();
    assert_eq!(
        create(json!({ "ModelPackageName": "A" })),
        says("ConflictException", format!("Model Package already exists: {ARN}model-package/a"))
    );
    let gone = says("ValidationException", format!("ModelPackage {ARN}model-package/x does not exist."));
    assert_eq!(refused(site.told_of::<Package>(json!({ "ModelPackageName": "x" }))), gone);
    assert_eq!(
        refused(site.forget::<Package>(json!({ "ModelPackageName": format!("{ARN}model-package/x") }))),
        gone
    );
    let gone =
        says("ValidationException", format!("ModelPackageGroup {ARN}model-package-group/x does not exist."));
    assert_eq!(refused(site.told_of::<Group>(json!({ "ModelPackageGroupName": "x" }))), gone);
    // A number that none of the refused calls used.
    let made = site.keep::<Package>(json!({ "ModelPackageGroupName": "g" })).unwrap();
    assert_eq!(made["ModelPackageArn"], format!("{ARN}model-package/g/1"));
    let batch = site
        .lab
        .read::<BatchDescribeModelPackage>(
            json!({ "ModelPackageArnList": [made["ModelPackageArn"], "nothing"] }),
        )
        .unwrap();
    let first = &batch["ModelPackageSummaries"][made["ModelPackageArn"].as_str().unwrap()];
    assert_eq!((&first["ModelPackageVersion"], &first["ModelPackageGroupName"]), (&json!(1), &json!("g")));
    assert_eq!(batch["BatchDescribeModelPackageErrorMap"]["nothing"]["ErrorCode"], "ValidationException");
}

#[test]
fn a_group_has_a_policy() {
    let site = Site::new(Profile::Instant);
    let named = json!({ "ModelPackageGroupName": "g" });
    let get = || site.lab.read::<GetModelPackageGroupPolicy>(named.clone());
    let put = |policy: &str| {
        site.lab.write::<PutModelPackageGroupPolicy>(
            json!({ "ModelPackageGroupName": "g", "ResourcePolicy": policy }),
        )
    };
    let arn = format!("{ARN}model-package-group/g");
    assert_eq!(
        refused(get()),
        says("ValidationException", format!("Cannot find Model Package Group: {arn}"))
    );
    site.keep::<Group>(named.clone()).unwrap();
    let lacks = says("ValidationException", format!("Cannot find resource policy for: {arn}"));
    assert_eq!(refused(get()), lacks);
    assert_eq!(refused(site.lab.write::<DeleteModelPackageGroupPolicy>(named.clone())), lacks);
    assert_eq!(refused(put("[")).0, "ValidationException");
    let policy = r#"{"Version":"2012-10-17","Statement":[]}"#;
    assert_eq!(put(policy).unwrap(), json!({ "ModelPackageGroupArn": arn }));
    assert_eq!(get().unwrap(), json!({ "ResourcePolicy": policy }));
    site.lab.write::<DeleteModelPackageGroupPolicy>(named.clone()).unwrap();
    assert_eq!(refused(get()), lacks);
}

#[test]
fn a_model_from_a_package_has_its_containers() {
    let site = Site::new(Profile::Instant);
    let mut package = json!({ "ModelPackageName": "p", "InferenceSpecification": containers("one:1", "s3://data/one.tar.gz") });
    let mut other = containers("two:1", "s3://data/two.tar.gz");
    other["Name"] = json!("other");
    package["AdditionalInferenceSpecifications"] = json!([other]);
    let arn = site.keep::<Package>(package).unwrap()["ModelPackageArn"].clone();
    let model = |name: &str, container: Value| {
        site.lab.write::<CreateModel>(json!({ "ModelName": name, "ExecutionRoleArn": ROLE_ARN, "PrimaryContainer": container,
            "VpcConfig": { "Subnets": [site.subnet.to_string()], "SecurityGroupIds": [site.group.to_string()] } }))
    };
    model("m", json!({ "ModelPackageName": arn })).unwrap();
    model("n", json!({ "ModelPackageName": "p", "InferenceSpecificationName": "other" })).unwrap();
    let state = site.lab.state();
    let runs = |name: &str| {
        let row = state.models.get(&name.into()).unwrap();
        (row.images(), row.data().iter().map(|need| need.url.clone()).collect::<Vec<_>>())
    };
    assert_eq!(runs("m"), (vec!["one:1".into()], vec!["s3://data/one.tar.gz".into()]));
    assert_eq!(runs("n"), (vec!["two:1".into()], vec!["s3://data/two.tar.gz".into()]));
    let missing = refused(model("x", json!({ "ModelPackageName": "q" })));
    assert_eq!(
        missing,
        says("ValidationException", format!("ModelPackage {ARN}model-package/q does not exist."))
    );
    let empty = json!({ "ModelPackageName": "p", "InferenceSpecificationName": "none" });
    assert!(refused(model("x", empty)).1.contains("no inference specification"));
    let both = json!({ "ModelPackageName": "p", "Image": "image:1" });
    assert!(refused(model("x", both)).1.contains("exactly one of Image and ModelPackageName"));
}

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
        [data_arn.clone()]
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

#[test]
fn a_model_card_has_versions() {
    let site = Site::new(Profile::Instant);
    let named = json!({ "ModelCardName": "c" });
    let create = |content: &str| {
        site.keep::<Card>(json!({ "ModelCardName": "c", "ModelCardStatus": "Draft", "Content": content }))
    };
    let missing = says("ResourceNotFound", "Modelcard c does not exist.");
    assert_eq!(refused(site.told_of::<Card>(named.clone())), missing);
    for wrong in ["{", "[]", r#"{"nothing":{}}"#] {
        assert!(refused(create(wrong)).1.starts_with("Model card content does not match"), "{wrong}");
    }
    let first = r#"{"model_overview":{}}"#;
    create(first).unwrap();
    assert_eq!(refused(create(first)), says("ConflictException", "Modelcard c already exists"));
    site.lab.advance(1_000);
    let second = r#"{"model_overview":{},"intended_uses":{}}"#;
    site.change::<Card>(json!({ "ModelCardName": "c", "Content": second })).unwrap();
    let both = json!({ "ModelCardName": "c", "Content": first, "ModelCardStatus": "Approved" });
    assert!(refused(site.change::<Card>(both)).1.starts_with("You cannot update both"));
    site.change::<Card>(json!({ "ModelCardName": "c", "ModelCardStatus": "Approved" })).unwrap();
    let told = |version: Option<i64>| {
        let mut request = named.clone();
        version.iter().for_each(|n| request["ModelCardVersion"] = json!(n));
        let told = site.told_of::<Card>(request)?;
        Ok((told["ModelCardVersion"].clone(), told["Content"].clone(), told["ModelCardStatus"].clone()))
    };
    assert_eq!(told(None), Ok((json!(3), json!(second), json!("Approved"))));
    assert_eq!(told(Some(1)), Ok((json!(1), json!(first), json!("Draft"))));
    let none = told(Some(4)).map(|_| Value::Null);
    assert_eq!(
        refused(none),
        says("ResourceNotFound", "Modelcard with name c and version: 4 does not exist")
    );
    let versions = |mut request: Value| {
        request["ModelCardName"] = json!("c");
        let out = site.lab.read::<ListModelCardVersions>(request).unwrap();
        let all = out["ModelCardVersionSummaryList"].as_array().unwrap().iter();
        all.map(|row| row["ModelCardVersion"].as_i64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(versions(json!({})), [1, 2, 3]);
    assert_eq!(versions(json!({ "SortOrder": "Descending", "ModelCardStatus": "Draft" })), [2, 1]);
    site.forget::<Card>(named.clone()).unwrap();
    assert_eq!(refused(site.forget::<Card>(named)), missing);
    assert!(site.lab.state().stored.is_empty());
}

fn group_request() -> Value {
    json!({
        "FeatureGroupName": "Group-A", "RecordIdentifierFeatureName": "id", "EventTimeFeatureName": "at", "RoleArn": ROLE_ARN,
        "FeatureDefinitions": [{ "FeatureName": "id", "FeatureType": "String" }, { "FeatureName": "at", "FeatureType": "Fractional" }],
        "OfflineStoreConfig": { "S3StorageConfig": { "S3Uri": "s3://data/store" } },
    })
}

#[test]
fn a_feature_group_is_made_and_grows() {
    let site = Site::new(Profile::Fast);
    let named = json!({ "FeatureGroupName": "group-a" });
    site.keep::<FeatureGroup>(group_request()).unwrap();
    let told = || site.told_of::<FeatureGroup>(named.clone());
    assert_eq!(told().unwrap()["FeatureGroupStatus"], "Creating");
    let more = json!({ "FeatureGroupName": "group-a", "FeatureAdditions": [{ "FeatureName": "x", "FeatureType": "Integral" }] });
    assert_eq!(refused(site.change::<FeatureGroup>(more.clone())).0, "ResourceInUse");
    site.lab.advance(500);
    let row = told().unwrap();
    assert_eq!(
        (&row["FeatureGroupStatus"], &row["OfflineStoreStatus"]["Status"]),
        (&json!("Created"), &json!("Active"))
    );
    assert_eq!(
        row["OfflineStoreConfig"]["S3StorageConfig"]["ResolvedOutputS3Uri"],
        "s3://data/store/123456789012/us-east-1/offline-store/Group-A-1600000000/data"
    );
    assert_eq!(row["OfflineStoreConfig"]["DataCatalogConfig"]["TableName"], "group_a_1600000000");
    site.change::<FeatureGroup>(more).unwrap();
    assert_eq!(told().unwrap()["FeatureDefinitions"].as_array().unwrap().len(), 3);
    let feature = json!({ "FeatureGroupName": "group-a", "FeatureName": "x", "Description": "d",
        "ParameterAdditions": [{ "Key": "a", "Value": "1" }, { "Key": "b", "Value": "2" }] });
    site.lab.write::<UpdateFeatureMetadata>(feature).unwrap();
    let feature = json!({ "FeatureGroupName": "group-a", "FeatureName": "x", "ParameterRemovals": ["a"] });
    site.lab.write::<UpdateFeatureMetadata>(feature).unwrap();
    let feature = site
        .lab
        .read::<DescribeFeatureMetadata>(json!({ "FeatureGroupName": "group-a", "FeatureName": "x" }))
        .unwrap();
    assert_eq!(
        (&feature["FeatureType"], &feature["Description"], &feature["Parameters"]),
        (&json!("Integral"), &json!("d"), &json!([{ "Key": "b", "Value": "2" }]))
    );
    let nothing = json!({ "FeatureGroupName": "group-a", "FeatureName": "y" });
    assert_eq!(refused(site.lab.read::<DescribeFeatureMetadata>(nothing)).0, "ResourceNotFound");
    let list = |request: Value| site.listed::<FeatureGroup>("FeatureGroupName", request);
    assert_eq!(
        list(json!({ "FeatureGroupStatusEquals": "Created", "OfflineStoreStatusEquals": "Active" })),
        ["Group-A"]
    );
    assert!(list(json!({ "FeatureGroupStatusEquals": "Deleting" })).is_empty());
    site.forget::<FeatureGroup>(named.clone()).unwrap();
    assert_eq!(told().unwrap()["FeatureGroupStatus"], "Deleting");
    site.lab.advance(500);
    let gone = "Resource Not Found: Amazon SageMaker can't find a FeatureGroup with name group-a";
    assert_eq!(refused(told()), says("ResourceNotFound", gone));
    assert!(site.lab.state().stored.is_empty());
}

#[test]
fn what_is_wrong_with_a_feature_group_is_told() {
    let site = Site::new(Profile::Instant);
    let refusal = |edit: &dyn Fn(&mut Value)| {
        let mut request = group_request();
        edit(&mut request);
        let refused = refused(site.keep::<FeatureGroup>(request));
        assert!(site.lab.state().stored.is_empty());
        assert_eq!(refused.0, "ValidationException");
        refused.1
    };
    let without = |member: &'static str| {
        move |request: &mut Value| drop(request.as_object_mut().unwrap().remove(member))
    };
    assert!(refusal(&without("OfflineStoreConfig")).contains("cannot be both disabled"));
    assert!(refusal(&without("RoleArn")).contains("RoleArn must be specified"));
    assert!(
        refusal(&|request| request["RecordIdentifierFeatureName"] = json!("x"))
            .contains("RecordIdentifierFeatureName x")
    );
    assert!(
        refusal(&|request| request["FeatureDefinitions"][0]["FeatureName"] = json!("at"))
            .contains("more than once")
    );
    assert!(
        refusal(&|request| request["FeatureDefinitions"][1]["FeatureType"] = json!("Integral"))
            .contains("String or Fractional")
    );
    assert!(
        refusal(&|request| request["RoleArn"] = json!("arn:aws:iam::123456789012:role/Nobody"))
            .starts_with("Could not assume role")
    );
    site.keep::<FeatureGroup>(group_request()).unwrap();
    assert_eq!(refused(site.keep::<FeatureGroup>(group_request())).0, "ResourceInUse");
    let online = json!({ "FeatureGroupName": "group-a", "OnlineStoreConfig": { "TtlDuration": { "Unit": "Days", "Value": 1 } } });
    assert!(refused(site.change::<FeatureGroup>(online)).1.contains("no online store"));
}

#[test]
fn an_offline_store_that_cannot_be_used_fails_the_group() {
    let choices = Choices { data: DataMode::Enforce, ..Choices::default() };
    let site = Site::with(Defaults { profile: Profile::Instant, choices, ..Defaults::default() });
    site.keep::<FeatureGroup>(group_request()).unwrap();
    let told = site.told_of::<FeatureGroup>(json!({ "FeatureGroupName": "group-a" })).unwrap();
    assert_eq!(
        (&told["FeatureGroupStatus"], &told["FailureReason"]),
        (&json!("CreateFailed"), &json!("The S3 bucket data does not exist."))
    );
    site.forget::<FeatureGroup>(json!({ "FeatureGroupName": "group-a" })).unwrap();
}

#[test]
fn an_image_has_versions_with_aliases() {
    let site = Site::new(Profile::Fast);
    let named = json!({ "ImageName": "I" });
    let create = || site.keep::<Image>(json!({ "ImageName": "I", "RoleArn": ROLE_ARN, "DisplayName": "d" }));
    create().unwrap();
    assert_eq!(refused(create()), says("ResourceInUse", "Image with the name I already exists."));
    assert_eq!(site.told_of::<Image>(named.clone()).unwrap()["ImageStatus"], "CREATING");
    site.lab.advance(500);
    site.change::<Image>(
        json!({ "ImageName": "I", "DeleteProperties": ["DisplayName"], "Description": "x" }),
    )
    .unwrap();
    assert_eq!(site.told_of::<Image>(named.clone()).unwrap()["ImageStatus"], "UPDATING");
    site.lab.advance(500);
    let told = site.told_of::<Image>(named.clone()).unwrap();
    assert_eq!(
        (&told["ImageStatus"], told.get("DisplayName"), &told["Description"]),
        (&json!("CREATED"), None, &json!("x"))
    );
    let version = |token: &str, aliases: Value| {
        site.keep::<Version>(
            json!({ "ImageName": "I", "BaseImage": "image:1", "ClientToken": token, "Aliases": aliases }),
        )
    };
    let first = version("a", json!(["old"])).unwrap();
    assert_eq!(first["ImageVersionArn"], format!("{ARN}image-version/i/1"));
    assert_eq!(version("a", json!(["old"])).unwrap(), first);
    assert_eq!(refused(version("b", json!(["old"]))).0, "ResourceInUse");
    assert!(refused(site.forget::<Image>(named.clone())).1.contains("being created"));
    version("b", json!(["new"])).unwrap();
    site.lab.advance(500);
    let number = |request: Value| site.told_of::<Version>(request).map(|told| told["Version"].clone());
    assert_eq!(number(named.clone()), Ok(json!(2)));
    assert_eq!(number(json!({ "ImageName": "I", "Alias": "old" })), Ok(json!(1)));
    let both = number(json!({ "ImageName": "I", "Alias": "old", "Version": 1 }));
    assert_eq!(refused(both).0, "ValidationException");
    let none = number(json!({ "ImageName": "I", "Version": 3 }));
    assert_eq!(refused(none), says("ResourceNotFound", "No ImageVersion 3 of the Image I exists."));
    let change = json!({ "ImageName": "I", "Version": 1, "AliasesToAdd": ["older"], "AliasesToDelete": ["old"], "JobType": "TRAINING" });
    site.change::<Version>(change).unwrap();
    let aliases = site.lab.read::<ListAliases>(named.clone()).unwrap();
    assert_eq!(aliases, json!({ "SageMakerImageVersionAliases": ["new", "older"] }));
    assert_eq!(
        site.listed::<Version>(
            "Version",
            json!({ "ImageName": "I", "SortBy": "VERSION", "SortOrder": "ASCENDING" })
        ),
        [1, 2]
    );
    site.forget::<Version>(json!({ "ImageName": "I", "Version": 1 })).unwrap();
    site.lab.advance(500);
    site.forget::<Image>(named.clone()).unwrap();
    site.lab.advance(500);
    assert_eq!(
        refused(site.told_of::<Image>(named)),
        says("ResourceNotFound", "No Image with the name I exists in this account.")
    );
    assert!(site.lab.state().stored.is_empty());
}

#[test]
fn configurations_of_images_and_repositories_are_kept() {
    let site = Site::new(Profile::Instant);
    let named = json!({ "AppImageConfigName": "a" });
    let kernel = json!({ "KernelSpecs": [{ "Name": "python3" }] });
    let both = json!({ "AppImageConfigName": "a", "KernelGatewayImageConfig": kernel, "JupyterLabAppImageConfig": {} });
    assert!(refused(site.keep::<AppImageConfig>(both)).1.starts_with("Only one of"));
    site.keep::<AppImageConfig>(json!({ "AppImageConfigName": "a", "KernelGatewayImageConfig": kernel }))
        .unwrap();
    assert_eq!(refused(site.keep::<AppImageConfig>(named.clone())).0, "ResourceInUse");
    assert_eq!(site.told_of::<AppImageConfig>(named.clone()).unwrap()["KernelGatewayImageConfig"], kernel);
    let other = json!({ "AppImageConfigName": "a", "CodeEditorAppImageConfig": {} });
    assert!(refused(site.change::<AppImageConfig>(other)).1.starts_with("Only one of"));
    site.forget::<AppImageConfig>(named.clone()).unwrap();
    assert_eq!(refused(site.told_of::<AppImageConfig>(named)).0, "ResourceNotFound");

    let named = json!({ "CodeRepositoryName": "r" });
    let arn = format!("{ARN}code-repository/r");
    let git = json!({ "RepositoryUrl": "https://example.com/r", "Branch": "main" });
    let create = || site.keep::<Repository>(json!({ "CodeRepositoryName": "r", "GitConfig": git }));
    assert_eq!(create().unwrap(), json!({ "CodeRepositoryArn": arn }));
    assert_eq!(refused(create()).1, format!("Cannot create already existing CodeRepository \"{arn}\""));
    site.change::<Repository>(json!({ "CodeRepositoryName": "r", "GitConfig": { "SecretArn": "secret" } }))
        .unwrap();
    let told = site.told_of::<Repository>(named.clone()).unwrap();
    assert_eq!(
        told["GitConfig"],
        json!({ "RepositoryUrl": "https://example.com/r", "Branch": "main", "SecretArn": "secret" })
    );
    site.forget::<Repository>(named.clone()).unwrap();
    assert_eq!(refused(site.told_of::<Repository>(named)).1, format!("Cannot find CodeRepository \"{arn}\""));
}

#[test]
fn what_is_kept_has_tags_and_is_listed_in_pages() {
    let site = Site::new(Profile::Instant);
    for name in ["b", "a", "other"] {
        let tags = json!([{ "Key": "team", "Value": name }]);
        site.keep::<Experiment>(json!({ "ExperimentName": name, "Tags": tags })).unwrap();
        site.lab.advance(1_000);
    }
    let names = |request: Value| site.listed::<Experiment>("ExperimentName", request);
    assert_eq!(names(json!({})), ["other", "a", "b"]);
    assert_eq!(names(json!({ "SortBy": "Name", "SortOrder": "Ascending" })), ["a", "b", "other"]);
    assert_eq!(
        names(json!({ "CreatedAfter": 1_600_000_000_500_i64, "CreatedBefore": 1_600_000_002_000_i64 })),
        ["a"]
    );
    let first = site.lab.read::<stored::List<Experiment>>(json!({ "MaxResults": 2 })).unwrap();
    assert_eq!(names(json!({ "MaxResults": 2, "NextToken": first["NextToken"] })), ["b"]);
    let arn = format!("{ARN}experiment/a");
    let more = json!({ "ResourceArn": arn, "Tags": [{ "Key": "x", "Value": "y" }] });
    site.lab.write::<AddTags>(more).unwrap();
    let tags = site.lab.read::<ListTags>(json!({ "ResourceArn": arn })).unwrap();
    assert_eq!(tags["Tags"], json!([{ "Key": "team", "Value": "a" }, { "Key": "x", "Value": "y" }]));
    // A version of a card has no ARN of its own.
    site.keep::<Card>(json!({ "ModelCardName": "c", "ModelCardStatus": "Draft", "Content": "{}" })).unwrap();
    let version = json!({ "ResourceArn": format!("{ARN}model-card/c/1") });
    assert!(site.lab.read::<ListTags>(version).is_err());
}
