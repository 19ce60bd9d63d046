//! Model packages and their groups, and models that are made from them.

use super::*;
use crate::services::sagemaker::registry::model_group::{
    DeleteModelPackageGroupPolicy, GetModelPackageGroupPolicy, Group, PutModelPackageGroupPolicy,
};
use crate::services::sagemaker::registry::model_package::{BatchDescribeModelPackage, Package};

const OTHER: &str = "123456789012.dkr.ecr.us-east-1.amazonaws.com/other:1";

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
    const NOTHING: &str = "arn:aws:sagemaker:us-east-1:123456789012:model-package/nothing/1";
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
            json!({ "ModelPackageArnList": [made["ModelPackageArn"], NOTHING] }),
        )
        .unwrap();
    let first = &batch["ModelPackageSummaries"][made["ModelPackageArn"].as_str().unwrap()];
    assert_eq!((&first["ModelPackageVersion"], &first["ModelPackageGroupName"]), (&json!(1), &json!("g")));
    assert_eq!(batch["BatchDescribeModelPackageErrorMap"][NOTHING]["ErrorCode"], "ValidationException");
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
    let mut package = json!({ "ModelPackageName": "p", "InferenceSpecification": containers(IMAGE, "s3://data/one.tar.gz") });
    let mut other = containers(OTHER, "s3://data/two.tar.gz");
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
    assert_eq!(runs("m"), (vec![IMAGE.into()], vec!["s3://data/one.tar.gz".into()]));
    assert_eq!(runs("n"), (vec![OTHER.into()], vec!["s3://data/two.tar.gz".into()]));
    let missing = refused(model("x", json!({ "ModelPackageName": "q" })));
    assert_eq!(
        missing,
        says("ValidationException", format!("ModelPackage {ARN}model-package/q does not exist."))
    );
    let empty = json!({ "ModelPackageName": "p", "InferenceSpecificationName": "none" });
    assert!(refused(model("x", empty)).1.contains("no inference specification"));
    let both = json!({ "ModelPackageName": "p", "Image": "image:1" });
    assert!(refused(model("x", both)).1.contains("either Image and Model Data URL or ModelPackageName"));
}
