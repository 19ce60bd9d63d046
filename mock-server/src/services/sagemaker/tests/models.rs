//! Models: what is told again, what is refused.

use super::*;
use crate::model::RuleMode;
use crate::services::sagemaker::model::{CreateModel, DeleteModel, DescribeModel, ListModels};
use crate::services::sagemaker::tags::{AddTags, ListTags};

fn model(site: &Site, name: &str) -> Value {
    json!({
        "ModelName": name,
        "PrimaryContainer": { "Image": IMAGE, "ModelDataUrl": "s3://data/model.tar.gz" },
        "ExecutionRoleArn": ROLE_ARN,
        "VpcConfig": { "Subnets": [site.subnet.to_string()], "SecurityGroupIds": [site.group.to_string()] },
    })
}

fn create(site: &Site, request: Value) -> Result<Value, Refused> {
    site.lab.write::<CreateModel>(request)
}

fn refusal(site: &Site, edit: impl FnOnce(&mut Value)) -> String {
    let mut request = model(site, "m");
    edit(&mut request);
    let refused = create(site, request).unwrap_err();
    assert_eq!((&*refused.code, refused.status), ("ValidationException", 400));
    assert!(site.lab.state().models.is_empty());
    refused.message
}

#[test]
fn a_model_is_told_again_and_takes_no_address() {
    let site = Site::new(Profile::Fast);
    let arn = "arn:aws:sagemaker:us-east-1:123456789012:model/m";
    assert_eq!(create(&site, model(&site, "m")).unwrap(), json!({ "ModelArn": arn }));
    assert_eq!((site.free(), site.lab.interfaces().len()), (11, 0));
    let described = site.lab.read::<DescribeModel>(json!({ "ModelName": "m" })).unwrap();
    assert_eq!(described["VpcConfig"], model(&site, "m")["VpcConfig"]);
    assert_eq!(
        described["PrimaryContainer"],
        json!({
            "Image": IMAGE, "ModelDataUrl": "s3://data/model.tar.gz", "Mode": "SingleModel", "Environment": {},
        })
    );
    assert_eq!(described["EnableNetworkIsolation"], false);
    let row = site.lab.state().models.get(&"m".into()).unwrap().clone();
    assert_eq!(
        (row.images(), row.data().iter().map(|need| need.url.clone()).collect()),
        (vec![IMAGE.into()], vec!["s3://data/model.tar.gz".to_owned()])
    );
    site.assert_sound();
}

#[test]
fn a_name_is_unique_until_the_model_is_deleted() {
    let site = Site::new(Profile::Fast);
    let name = json!({ "ModelName": "m" });
    let missing = r#"Could not find model "arn:aws:sagemaker:us-east-1:123456789012:model/m"."#;
    assert_eq!(site.lab.read::<DescribeModel>(name.clone()).unwrap_err().message, missing);
    assert_eq!(site.lab.write::<DeleteModel>(name.clone()).unwrap_err().message, missing);
    create(&site, model(&site, "m")).unwrap();
    let refused = create(&site, model(&site, "m")).unwrap_err();
    assert_eq!(&*refused.code, "ValidationException");
    let taken = r#"Cannot create already existing model "arn:aws:sagemaker:us-east-1:123456789012:model/m"."#;
    assert_eq!(refused.message, taken);
    site.lab.write::<DeleteModel>(name).unwrap();
    create(&site, model(&site, "m")).unwrap();
}

#[test]
fn role_and_network_are_checked_by_the_call() {
    let site = Site::new(Profile::Fast);
    let far = site.lab.group(site.lab.vpc(Tenancy::Default));
    let text = refusal(&site, |request| request["VpcConfig"]["Subnets"] = json!(["subnet-1"]));
    assert_eq!(text, "The subnet ID 'subnet-1' does not exist");
    let text = refusal(&site, |request| request["VpcConfig"]["SecurityGroupIds"] = json!(["sg-1"]));
    assert_eq!(text, "The security group 'sg-1' does not exist");
    let text = refusal(&site, |request| request["VpcConfig"]["SecurityGroupIds"] = json!([far.to_string()]));
    assert!(text.contains("different networks"), "{text}");
    let nobody = "arn:aws:iam::123456789012:role/Nobody";
    let text = refusal(&site, |request| request["ExecutionRoleArn"] = json!(nobody));
    assert!(text.starts_with(&format!("Could not assume role {nobody}. ")), "{text}");
    site.lab.set_mode("SM-ROLE-TRUST-07", RuleMode::Warn);
    let mut request = model(&site, "m");
    request["ExecutionRoleArn"] = json!(nobody);
    create(&site, request).unwrap();
    assert_eq!(site.lab.events("RuleWarning").len(), 1);
}

#[test]
fn hosting_has_no_rule_about_tenancy_and_none_about_roles_that_were_not_given() {
    let site = Site::new(Profile::Fast);
    let dedicated = site.lab.vpc(Tenancy::Dedicated);
    let (subnet, group) = (site.lab.subnet(dedicated, "10.0.0.0/24"), site.lab.group(dedicated));
    let mut request = model(&site, "m");
    request["VpcConfig"] =
        json!({ "Subnets": [subnet.to_string()], "SecurityGroupIds": [group.to_string()] });
    request.as_object_mut().unwrap().remove("ExecutionRoleArn");
    create(&site, request).unwrap();
}

#[test]
fn a_model_has_one_container_or_a_list_of_them() {
    let site = Site::new(Profile::Fast);
    let container = json!({ "Image": IMAGE });
    let one_kind = "You must specify exactly one of PrimaryContainer and Containers.";
    assert_eq!(refusal(&site, |request| request["Containers"] = json!([container])), one_kind);
    let without = |request: &mut Value| drop(request.as_object_mut().unwrap().remove("PrimaryContainer"));
    assert_eq!(refusal(&site, without), one_kind);
    refusal(&site, |request| request["PrimaryContainer"] = json!({ "ModelDataUrl": "s3://a/b" }));
    let mut request = model(&site, "m");
    without(&mut request);
    request["Containers"] = json!([container, container]);
    create(&site, request).unwrap();
    assert_eq!(site.lab.state().models.get(&"m".into()).unwrap().images().len(), 2);
}

/// Source: API reference, ContainerDefinition and S3ModelDataSource.
#[test]
fn names_of_containers_are_of_all_or_none_and_prefixes_are_folders() {
    let site = Site::new(Profile::Fast);
    let several = |request: &mut Value, names: [Option<&str>; 2]| {
        drop(request.as_object_mut().unwrap().remove("PrimaryContainer"));
        let container = |name: Option<&str>| match name {
            Some(name) => json!({ "Image": IMAGE, "ContainerHostname": name }),
            None => json!({ "Image": IMAGE }),
        };
        request["Containers"] = json!(names.map(container));
    };
    let some =
        "ContainerHostname must be specified for every container of an inference pipeline if it is for one.";
    for mode in ["Serial", "Direct"] {
        let told = refusal(&site, |request| {
            several(request, [None, Some("a")]);
            request["InferenceExecutionConfig"] = json!({ "Mode": mode });
        });
        assert_eq!(told, some);
    }
    let told = refusal(&site, |request| several(request, [Some("a"), Some("a")]));
    assert_eq!(told, "ContainerHostname must be unique within an inference pipeline: a");
    let source = |kind: &str, url: &str| {
        json!({ "Image": IMAGE, "ContainerHostname": "only", "ModelDataSource": { "S3DataSource": {
            "S3Uri": url, "S3DataType": kind, "CompressionType": "None" } } })
    };
    let told = refusal(&site, |request| request["PrimaryContainer"] = source("S3Prefix", "s3://data/m"));
    assert_eq!(told, "S3Uri must end with a slash if S3DataType is S3Prefix: s3://data/m");
    for (name, kind, url) in [("folder", "S3Prefix", "s3://data/m/"), ("object", "S3Object", "s3://data/m")] {
        let mut request = model(&site, name);
        request["PrimaryContainer"] = source(kind, url);
        create(&site, request).unwrap();
    }
    for (name, names) in [("named", [Some("a"), Some("b")]), ("unnamed", [None, None])] {
        let mut request = model(&site, name);
        several(&mut request, names);
        create(&site, request).unwrap();
    }
}

#[test]
fn models_are_listed_newest_first_in_pages() {
    let site = Site::new(Profile::Fast);
    for name in ["b", "a", "other", "c"] {
        create(&site, model(&site, name)).unwrap();
        site.lab.advance(1_000);
    }
    let names = |input: Value| {
        let out = site.lab.read::<ListModels>(input).unwrap();
        let names: Vec<_> =
            out["Models"].as_array().unwrap().iter().map(|m| m["ModelName"].clone()).collect();
        (json!(names), out["NextToken"].clone())
    };
    assert_eq!(names(json!({})).0, json!(["c", "other", "a", "b"]));
    assert_eq!(
        names(json!({ "SortBy": "Name", "SortOrder": "Ascending" })).0,
        json!(["a", "b", "c", "other"])
    );
    assert_eq!(names(json!({ "NameContains": "othe" })).0, json!(["other"]));
    let (first, token) = names(json!({ "MaxResults": 3 }));
    assert_eq!(first, json!(["c", "other", "a"]));
    assert_eq!(names(json!({ "MaxResults": 3, "NextToken": token })), (json!(["b"]), Value::Null));
    let third = 1_600_000_002_000_i64;
    assert_eq!(names(json!({ "CreationTimeAfter": third })).0, json!(["c", "other"]));
    assert_eq!(names(json!({ "CreationTimeBefore": third })).0, json!(["a", "b"]));
}

#[test]
fn a_model_has_tags() {
    let site = Site::new(Profile::Fast);
    let mut request = model(&site, "m");
    request["Tags"] = json!([{ "Key": "team", "Value": "a" }]);
    let arn = create(&site, request).unwrap()["ModelArn"].clone();
    let more = json!({ "ResourceArn": arn, "Tags": [{ "Key": "x", "Value": "y" }] });
    site.lab.write::<AddTags>(more).unwrap();
    let tags = site.lab.read::<ListTags>(json!({ "ResourceArn": arn })).unwrap();
    assert_eq!(tags["Tags"], json!([{ "Key": "team", "Value": "a" }, { "Key": "x", "Value": "y" }]));
}
