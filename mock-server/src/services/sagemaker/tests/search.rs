//! Search: filters of every operator, nested filters, expressions, order and pages, and what is refused.

use super::*;
use crate::services::sagemaker::pipeline::{
    CreatePipeline, DeletePipeline, StartPipelineExecution, UpdatePipeline,
};
use crate::services::sagemaker::registry::feature_group::{FeatureGroup, UpdateFeatureMetadata};
use crate::services::sagemaker::registry::model_card::Card;
use crate::services::sagemaker::registry::model_group::Group;
use crate::services::sagemaker::registry::model_package::Package;
use crate::services::sagemaker::registry::{experiment, trial};
use crate::services::sagemaker::search::{GetSearchSuggestions, Search};
use crate::services::sagemaker::stored;

fn search(site: &Site, request: Value) -> Result<Value, Refused> {
    site.lab.read::<Search>(request)
}

/// The names of training jobs that pass.
fn found(site: &Site, expression: Value) -> Vec<String> {
    let request = json!({ "Resource": "TrainingJob", "SearchExpression": expression, "SortBy": "TrainingJobName",
        "SortOrder": "Ascending" });
    names(&search(site, request).unwrap())
}

fn names(told: &Value) -> Vec<String> {
    let all = told["Results"].as_array().unwrap().iter();
    all.map(|one| one["TrainingJob"]["TrainingJobName"].as_str().unwrap().to_owned()).collect()
}

fn filter(name: &str, operator: &str, value: &str) -> Value {
    match value {
        "" => json!({ "Name": name, "Operator": operator }),
        value => json!({ "Name": name, "Operator": operator, "Value": value }),
    }
}

/// Three jobs, of which the second is the last.
fn jobs() -> Site {
    let site = Site::new(Profile::Instant);
    for (name, rate, count, prefix) in
        [("alpha", "0.5", 1, "cats"), ("gamma", "0.05", 2, "dogs"), ("beta", "fast", 1, "cats")]
    {
        let mut request = request(name, count);
        request["HyperParameters"] = json!({ "rate": rate, "layers.count": "7" });
        request["Environment"] = json!({ "HOME": "/root" });
        request["InputDataConfig"] =
            json!([channel("train", &format!("s3://data/{prefix}")), channel("test", "s3://data/birds"),]);
        if name != "beta" {
            request["Tags"] =
                json!([{ "Key": "team", "Value": name }, { "Key": "cost.center", "Value": "7" }]);
        }
        if name == "alpha" {
            request["EnableNetworkIsolation"] = json!(true);
        }
        site.create(request).unwrap();
        site.lab.advance(1_000);
    }
    site
}

fn channel(name: &str, uri: &str) -> Value {
    json!({ "ChannelName": name, "DataSource": { "S3DataSource": { "S3DataType": "S3Prefix", "S3Uri": uri } } })
}

#[test]
fn each_operator_does_what_it_says() {
    let site = jobs();
    let all = ["alpha", "beta", "gamma"];
    for (name, operator, value, expected) in [
        ("TrainingJobName", "Equals", "beta", &["beta"][..]),
        ("TrainingJobName", "NotEquals", "beta", &["alpha", "gamma"]),
        ("TrainingJobName", "Contains", "a", &all),
        ("TrainingJobName", "Contains", "amm", &["gamma"]),
        ("TrainingJobName", "In", "beta, gamma,delta", &["beta", "gamma"]),
        ("TrainingJobStatus", "Equals", "Completed", &all),
        ("FailureReason", "Exists", "", &[]),
        ("FailureReason", "NotExists", "", &all),
        ("ResourceConfig.InstanceCount", "GreaterThan", "1", &["gamma"]),
        ("ResourceConfig.InstanceCount", "GreaterThanOrEqualTo", "1", &all),
        ("ResourceConfig.InstanceCount", "LessThan", "2", &["alpha", "beta"]),
        ("ResourceConfig.InstanceCount", "LessThanOrEqualTo", "1.5", &["alpha", "beta"]),
        ("EnableNetworkIsolation", "Equals", "true", &["alpha"]),
        ("CreationTime", "GreaterThan", "2020-09-13T12:26:40.5", &["beta", "gamma"]),
        ("CreationTime", "LessThanOrEqualTo", "2020-09-13T12:26:40Z", &["alpha"]),
        ("HyperParameters.rate", "LessThan", "0.1", &["gamma"]),
        ("HyperParameters.rate", "Equals", "0.50", &["alpha"]),
        ("HyperParameters.rate", "Equals", "fast", &["beta"]),
        ("HyperParameters.layers.count", "Equals", "7", &all),
        ("Environment.HOME", "Contains", "root", &all),
        ("Tags.team", "Equals", "gamma", &["gamma"]),
        ("Tags.team", "NotExists", "", &["beta"]),
        ("Tags.cost.center", "Exists", "", &["alpha", "gamma"]),
        ("InputDataConfig.DataSource.S3DataSource.S3Uri", "Contains", "dogs", &["gamma"]),
        ("InputDataConfig", "Exists", "", &all),
        ("HyperParameters", "Exists", "", &all),
        ("Metrics.accuracy", "Exists", "", &[]),
    ] {
        let told = found(&site, json!({ "Filters": [filter(name, operator, value)] }));
        assert_eq!(told, expected, "{name} {operator} {value}");
    }
    // Equality is what is meant.
    assert_eq!(
        found(&site, json!({ "Filters": [{ "Name": "TrainingJobName", "Value": "beta" }] })),
        ["beta"]
    );
}

#[test]
fn filters_are_joined_and_nested() {
    let site = jobs();
    let train = filter("InputDataConfig.ChannelName", "Equals", "train");
    let birds = filter("InputDataConfig.DataSource.S3DataSource.S3Uri", "Contains", "birds");
    // Of some channel each, and of the same one.
    assert_eq!(found(&site, json!({ "Filters": [train, birds] })), ["alpha", "beta", "gamma"]);
    let nested = |uri: &str| {
        let uri = filter("InputDataConfig.DataSource.S3DataSource.S3Uri", "Contains", uri);
        let filters = json!([train, uri]);
        json!({ "NestedFilters": [{ "NestedPropertyName": "InputDataConfig", "Filters": filters }] })
    };
    assert_eq!(found(&site, nested("birds")), Vec::<String>::new());
    assert_eq!(found(&site, nested("cats")), ["alpha", "beta"]);
    let either = json!({ "Operator": "Or", "Filters": [filter("TrainingJobName", "Equals", "alpha")],
        "SubExpressions": [{ "Filters": [filter("ResourceConfig.InstanceCount", "Equals", "2"),
            filter("Tags.team", "Equals", "gamma")] }] });
    assert_eq!(found(&site, either.clone()), ["alpha", "gamma"]);
    let mut both = either;
    both["Operator"] = json!("And");
    assert_eq!(found(&site, both), Vec::<String>::new());
}

#[test]
fn results_are_sorted_and_paged() {
    let site = jobs();
    let told = |mut request: Value| {
        request["Resource"] = json!("TrainingJob");
        search(&site, request).unwrap()
    };
    assert_eq!(names(&told(json!({}))), ["beta", "gamma", "alpha"], "the last that changed comes first");
    assert_eq!(
        names(&told(json!({ "SortBy": "CreationTime", "SortOrder": "Ascending" }))),
        ["alpha", "gamma", "beta"]
    );
    assert_eq!(names(&told(json!({ "SortBy": "Tags.team" }))), ["gamma", "alpha", "beta"]);
    assert_eq!(
        names(&told(json!({ "SortBy": "Tags.team", "SortOrder": "Ascending" }))),
        ["alpha", "gamma", "beta"]
    );
    let page = told(json!({ "MaxResults": 2 }));
    assert_eq!((names(&page).len(), page["TotalHits"]["Value"].as_u64()), (2, Some(3)));
    let rest = told(json!({ "MaxResults": 2, "NextToken": page["NextToken"] }));
    assert_eq!(names(&rest), ["alpha"]);
    assert!(rest.get("NextToken").is_none());
    let seen = told(json!({ "VisibilityConditions": [{ "Key": "Tags.team", "Value": "gamma" }] }));
    assert_eq!(names(&seen), ["beta", "gamma"], "what lacks the tag is seen");
    assert!(names(&told(json!({ "CrossAccountFilterOption": "CrossAccount" }))).is_empty());
    let record = told(json!({ "MaxResults": 1 }))["Results"][0]["TrainingJob"].clone();
    assert!(record.get("RemoteDebugConfig").is_none() && record["TrainingJobArn"].is_string());
}

#[test]
fn other_resources_are_found_too() {
    let site = jobs();
    let model = json!({ "ModelName": "m", "ExecutionRoleArn": ROLE_ARN,
        "PrimaryContainer": { "Image": IMAGE, "ModelDataUrl": "s3://data/model.tar.gz" },
        "Tags": [{ "Key": "team", "Value": "x" }] });
    self::endpoints::create_model(&site.lab, model);
    let config = json!({ "EndpointConfigName": "c", "ProductionVariants": [{ "VariantName": "v", "ModelName": "m",
        "InstanceType": "ml.m5.large", "InitialInstanceCount": 1 }] });
    self::endpoints::create(&site.lab, "e", config);
    let one = |resource: &str, name: &str, value: &str| {
        let request = json!({ "Resource": resource, "SearchExpression": { "Filters": [filter(name, "Equals", value)] } });
        let told = search(&site, request).unwrap();
        assert_eq!(told["TotalHits"]["Value"], 1, "{resource}: {told}");
        told["Results"][0].clone()
    };
    assert_eq!(one("Model", "Model.ModelName", "m")["Model"]["Model"]["Tags"][0]["Key"], "team");
    assert_eq!(one("Model", "Tags.team", "x")["Model"]["Model"]["ModelName"], "m");
    let endpoint = one("Endpoint", "EndpointStatus", "InService");
    assert_eq!(endpoint["Endpoint"]["ProductionVariants"][0]["VariantName"], "v");
    for resource in ["HyperParameterTuningJob", "Pipeline", "PipelineExecution"] {
        let told = search(&site, json!({ "Resource": resource })).unwrap();
        assert_eq!(told["Results"], json!([]), "{resource}");
    }
    let suggested = |hint: &str| {
        let query = json!({ "PropertyNameQuery": { "PropertyNameHint": hint } });
        let request = json!({ "Resource": "TrainingJob", "SuggestionQuery": query });
        let told = site.lab.read::<GetSearchSuggestions>(request).unwrap();
        let all = told["PropertyNameSuggestions"].as_array().unwrap().iter();
        all.map(|one| one["PropertyName"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(suggested("Tags."), ["Tags.cost.center", "Tags.team"]);
    assert_eq!(suggested("Hyper"), ["HyperParameters.layers.count", "HyperParameters.rate"]);
}

#[test]
fn versions_of_pipelines_are_found() {
    let site = Site::new(Profile::Instant);
    let definition = |reason: &str| {
        let steps = json!([{ "Name": "end", "Type": "Fail", "Arguments": { "ErrorMessage": reason } }]);
        json!({ "Version": "2020-12-01", "Steps": steps }).to_string()
    };
    let token = "c".repeat(32);
    let tags = json!([{ "Key": "team", "Value": "red" }]);
    for name in ["other", "line"] {
        let request = json!({ "PipelineName": name, "PipelineDefinition": definition("one"), "RoleArn": ROLE_ARN,
            "ClientRequestToken": token, "Tags": tags });
        site.lab.write::<CreatePipeline>(request).unwrap();
    }
    let launch = |name: &str| {
        let request = json!({ "PipelineName": "line", "PipelineExecutionDisplayName": name,
            "ClientRequestToken": name.repeat(32) });
        let started = site.lab.write::<StartPipelineExecution>(request).unwrap();
        site.lab.advance(1_000);
        started["PipelineExecutionArn"].clone()
    };
    let (_, second) = (launch("a"), launch("b"));
    // The same definition is no new version.
    for reason in ["one", "two", "three"] {
        let request = json!({ "PipelineName": "line", "PipelineDefinition": definition(reason) });
        site.lab.write::<UpdatePipeline>(request).unwrap();
        site.lab.advance(1_000);
    }
    let third = launch("c");
    site.assert_sound();

    let of = |mut request: Value| {
        request["Resource"] = json!("PipelineVersion");
        let told = search(&site, request).unwrap();
        let all = told["Results"].as_array().unwrap().iter();
        all.map(|one| one["PipelineVersion"].clone()).collect::<Vec<_>>()
    };
    let line = |more: Value| {
        let own = json!([filter("PipelineArn", "Contains", "pipeline/line"), more]);
        of(json!({ "SearchExpression": { "Filters": own } }))
    };
    let all = line(filter("PipelineVersionId", "Exists", ""));
    let ids: Vec<_> = all.iter().map(|one| one["PipelineVersionId"].as_u64().unwrap()).collect();
    assert_eq!(ids, [3, 2, 1], "the last comes first");
    assert!(all.is_sorted_by(|a, b| a["CreationTime"].as_i64() > b["CreationTime"].as_i64()), "{all:?}");
    assert_eq!(all[0]["LastExecutedPipelineExecutionArn"], third);
    assert!(all[1].get("LastExecutedPipelineExecutionArn").is_none(), "{all:?}");
    assert_eq!(all[2]["LastExecutedPipelineExecutionArn"], second);
    assert_eq!(all[2]["LastExecutedPipelineExecutionDisplayName"], "b");
    assert_eq!(line(filter("LastExecutedPipelineExecutionStatus", "Equals", "Failed")).len(), 2);
    assert_eq!(line(filter("PipelineVersionId", "LessThan", "2")), [all[2].clone()]);
    assert_eq!(of(json!({})).len(), 4, "the other pipeline has one");
    let blue = json!({ "VisibilityConditions": [{ "Key": "Tags.team", "Value": "blue" }] });
    assert!(of(blue).is_empty(), "a version is as visible as its pipeline");
    let tagged = json!({ "Filters": [filter("Tags.team", "Equals", "red")] });
    let refused = search(&site, json!({ "Resource": "PipelineVersion", "SearchExpression": tagged }));
    assert!(refused.unwrap_err().message.starts_with("Unknown property name"), "versions have no tags");
    site.lab.write::<DeletePipeline>(json!({ "PipelineName": "line" })).unwrap();
    assert_eq!(of(json!({})).len(), 1);
}

#[test]
fn what_makes_no_sense_is_refused() {
    let site = jobs();
    let refused = |expression: Value| {
        let request = json!({ "Resource": "TrainingJob", "SearchExpression": expression });
        let refused = search(&site, request).unwrap_err();
        (refused.code.into_owned(), refused.message)
    };
    let one = |name: &str, operator: &str, value: &str| {
        refused(json!({ "Filters": [filter(name, operator, value)] })).1
    };
    assert!(one("Nothing", "Equals", "x").starts_with("Unknown property name: Nothing"));
    assert!(one("TrainingJobName", "LessThan", "x").contains("is not supported for the text property"));
    assert!(one("ResourceConfig.InstanceCount", "Contains", "1").contains("not supported for the number"));
    assert!(one("ResourceConfig.InstanceCount", "Equals", "one").contains("is not valid for the number"));
    assert!(one("CreationTime", "GreaterThan", "yesterday").contains("is not valid for the time"));
    assert!(one("EnableNetworkIsolation", "Equals", "maybe").contains("is not valid for the boolean"));
    assert!(one("ResourceConfig", "Equals", "x").contains("is not supported for the structure"));
    assert!(one("TrainingJobName", "Equals", "").starts_with("A value must be specified"));
    assert!(refused(json!({})).1.starts_with("You must specify at least one"));
    let contains = filter("TrainingJobName", "Contains", "a");
    let twice = refused(json!({ "Filters": [contains, contains] }));
    assert_eq!(twice.1, "'CONTAINS' operator usage limit of 1 exceeded.");
    let many: Vec<_> = (0..21).map(|_| filter("TrainingJobName", "Equals", "a")).collect();
    assert!(refused(json!({ "Filters": many })).1.contains("up to 20 elements"));
    let full: Vec<_> = (0..20).map(|_| filter("TrainingJobName", "Equals", "a")).collect();
    let deep: Vec<_> = (0..3).map(|_| json!({ "Filters": full })).collect();
    assert!(refused(json!({ "SubExpressions": deep })).1.contains("exceeds the limit of 50"));
    let nested = |name: &str, inner: &str| {
        let filters = json!([filter(inner, "Exists", "")]);
        refused(json!({ "NestedFilters": [{ "NestedPropertyName": name, "Filters": filters }] })).0
    };
    assert_eq!(nested("ResourceConfig", "ResourceConfig.InstanceCount"), "ValidationException");
    assert_eq!(nested("InputDataConfig", "TrainingJobName"), "ValidationException");
    for (request, code) in [
        (json!({ "Resource": "Image" }), "NotImplemented"),
        (json!({ "Resource": "ImageVersion" }), "NotImplemented"),
        (json!({ "Resource": "Project" }), "NotImplemented"),
        (json!({ "Resource": "TrainingJob", "SortBy": "Nothing" }), "ValidationException"),
        (json!({ "Resource": "TrainingJob", "SortBy": "InputDataConfig" }), "ValidationException"),
        (json!({ "Resource": "TrainingJob", "NextToken": "x" }), "ValidationException"),
        (
            json!({ "Resource": "TrainingJob", "VisibilityConditions": [{ "Key": "team" }] }),
            "ValidationException",
        ),
    ] {
        assert_eq!(search(&site, request.clone()).unwrap_err().code, code, "{request}");
    }
}

#[test]
fn what_is_only_kept_is_found() {
    fn keep<K: stored::Kind>(site: &Site, request: Value) {
        site.lab.write::<stored::Create<K>>(request).unwrap();
    }
    let site = Site::new(Profile::Instant);
    let tags = json!([{ "Key": "team", "Value": "red" }]);
    for name in ["one", "two"] {
        keep::<experiment::Experiment>(&site, json!({ "ExperimentName": name, "Tags": tags }));
        keep::<Group>(&site, json!({ "ModelPackageGroupName": name }));
        keep::<Package>(&site, json!({ "ModelPackageGroupName": name, "ModelApprovalStatus": "Approved" }));
    }
    keep::<Package>(&site, json!({ "ModelPackageName": "alone" }));
    keep::<trial::Trial>(&site, json!({ "TrialName": "t", "ExperimentName": "one" }));
    let parameters = json!({ "rate": { "NumberValue": 0.5 }, "kind": { "StringValue": "a" } });
    keep::<trial::Component>(&site, json!({ "TrialComponentName": "c", "Parameters": parameters }));
    keep::<trial::Component>(&site, json!({ "TrialComponentName": "d" }));
    let link = json!({ "TrialName": "t", "TrialComponentName": "c" });
    site.lab.write::<trial::AssociateTrialComponent>(link).unwrap();
    let content = r#"{"model_overview": {"model_id": "m-1"}, "intended_uses": {"risk_rating": "High"}}"#;
    keep::<Card>(&site, json!({ "ModelCardName": "card", "ModelCardStatus": "Draft", "Content": content }));
    let features = json!([{ "FeatureName": "id", "FeatureType": "String" },
        { "FeatureName": "at", "FeatureType": "Fractional" }]);
    keep::<FeatureGroup>(
        &site,
        json!({ "FeatureGroupName": "f", "RecordIdentifierFeatureName": "id",
        "EventTimeFeatureName": "at", "FeatureDefinitions": features,
        "OnlineStoreConfig": { "EnableOnlineStore": true } }),
    );
    let said = json!({ "FeatureGroupName": "f", "FeatureName": "at", "Description": "when" });
    site.lab.write::<UpdateFeatureMetadata>(said).unwrap();
    site.assert_sound();

    for (resource, record, name, filters) in [
        (
            "Experiment",
            "Experiment",
            "ExperimentName",
            &[("ExperimentName", "one", "one"), ("Tags.team", "red", "two")][..],
        ),
        (
            "ExperimentTrial",
            "Trial",
            "TrialName",
            &[("ExperimentName", "one", "t"), ("TrialComponentSummaries.TrialComponentName", "c", "t")],
        ),
        (
            "ExperimentTrialComponent",
            "TrialComponent",
            "TrialComponentName",
            &[
                ("Parents.ExperimentName", "one", "c"),
                ("Parents.TrialName", "t", "c"),
                ("Parameters.rate", "0.5", "c"),
                ("Parameters.kind", "a", "c"),
            ],
        ),
        (
            "ModelPackageGroup",
            "ModelPackageGroup",
            "ModelPackageGroupName",
            &[("ModelPackageGroupName", "two", "two")],
        ),
        (
            "ModelPackage",
            "ModelPackage",
            "ModelPackageName",
            &[("ModelPackageGroupName", "two", "two"), ("ModelPackageName", "alone", "alone")],
        ),
        (
            "ModelCard",
            "ModelCard",
            "ModelCardName",
            &[("RiskRating", "High", "card"), ("ModelId", "m-1", "card")],
        ),
        (
            "FeatureGroup",
            "FeatureGroup",
            "FeatureGroupName",
            &[("FeatureDefinitions.FeatureName", "at", "f")],
        ),
        (
            "FeatureMetadata",
            "FeatureMetadata",
            "FeatureName",
            &[("Description", "when", "at"), ("FeatureType", "String", "id")],
        ),
    ] {
        for (property, value, expected) in filters {
            let request = json!({ "Resource": resource,
                "SearchExpression": { "Filters": [filter(property, "Equals", value)] } });
            let told = search(&site, request).unwrap();
            let all = told["Results"].as_array().unwrap().iter();
            let names: Vec<_> = all.map(|one| one[record][name].clone()).collect();
            assert!(names.contains(&json!(expected)), "{resource}, {property}: {told}");
            assert!(*property == "Tags.team" || names.len() == 1, "{resource}, {property}: {told}");
        }
        let none = json!({ "Resource": resource, "SearchExpression": { "Filters": [filter(name, "Equals", "none")] } });
        assert_eq!(search(&site, none).unwrap()["TotalHits"]["Value"], 0);
    }
}
