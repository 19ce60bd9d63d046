//! Model cards, feature groups, images, and what is configured of them.

use super::*;
use crate::model::{Choices, DataMode};
use crate::services::sagemaker::registry::app_image_config::AppImageConfig;
use crate::services::sagemaker::registry::code_repository::Repository;
use crate::services::sagemaker::registry::feature_group::{
    DescribeFeatureMetadata, FeatureGroup, UpdateFeatureMetadata,
};
use crate::services::sagemaker::registry::image::{Image, ListAliases, Version};
use crate::services::sagemaker::registry::model_card::{Card, ListModelCardVersions};

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
    site.change::<Repository>(json!({ "CodeRepositoryName": "r", "GitConfig": { "SecretArn": "arn:aws:secretsmanager:us-east-1:123456789012:secret:git" } }))
        .unwrap();
    let told = site.told_of::<Repository>(named.clone()).unwrap();
    assert_eq!(
        told["GitConfig"],
        json!({ "RepositoryUrl": "https://example.com/r", "Branch": "main", "SecretArn": "arn:aws:secretsmanager:us-east-1:123456789012:secret:git" })
    );
    site.forget::<Repository>(named.clone()).unwrap();
    assert_eq!(refused(site.told_of::<Repository>(named)).1, format!("Cannot find CodeRepository \"{arn}\""));
}
