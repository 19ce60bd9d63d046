//! Where images come from: Amazon ECR in the region, or a registry that the VPC reaches.

use super::*;
use crate::model::{Choices, DataMode};

const GALLERY: &str = "public.ecr.aws/lambda/python:3.12";
const FAR: &str = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/image:1";

/// Who names an image in a create call, and what is said of one outside ECR and of one in another region.
fn askers() -> [(JobKind, &'static str, &'static str); 3] {
    [
        (
            JobKind::Training,
            "TrainingImageConfig with TrainingRepositoryAccessMode set to VPC must be provided when using a training \
             image from a private Docker registry. Please provideTrainingImageConfig and TrainingRepositoryAccessMode set \
             to VPC when using a training image from a private Docker registry.",
            "Invalid DNS suffix 'amazonaws.com' for region 'eu-west-1' in training image. Please provide the valid \
             <region>.<dns-suffix>: 'us-east-1.amazonaws.com'",
        ),
        (
            JobKind::Processing,
            "Invalid image URI {image}. Please provide a valid Amazon Elastic Container Registry path of the Docker image \
             to run.",
            "Invalid region eu-west-1 in image URI {image}. Please provide an image URI in region us-east-1.",
        ),
        (
            JobKind::Hosting,
            "Using non-ECR image \"{image}\" without Vpc repository access mode is not supported.",
            "Invalid region eu-west-1 in image URI {image}. Please provide an image URI in region us-east-1.",
        ),
    ]
}

/// Asks for a job or a model with this image.
fn ask(site: &Site, kind: JobKind, image: &str) -> Result<Value, Refused> {
    if kind == JobKind::Hosting {
        return site.lab.write::<CreateModel>(
            json!({ "ModelName": "m", "ExecutionRoleArn": ROLE_ARN, "PrimaryContainer": { "Image": image } }),
        );
    }
    let kit = kit(kind);
    let mut request = site.job(kit, "job", 1, true);
    match kind {
        JobKind::Training => request["AlgorithmSpecification"]["TrainingImage"] = json!(image),
        _ => request["AppSpecification"]["ImageUri"] = json!(image),
    }
    (kit.create)(&site.lab, request)
}

#[test]
fn images_are_in_ecr_and_in_the_region() {
    for (kind, outside, far) in askers() {
        let site = Site::new(Profile::Fast);
        for (image, text, rule) in [
            (GALLERY, outside, "SM-IMG-01"),
            ("image:1", outside, "SM-IMG-01"),
            ("registry.example.com/image:1", outside, "SM-IMG-01"),
            (FAR, far, "SM-IMG-02"),
        ] {
            let refused = ask(&site, kind, image).unwrap_err();
            assert_eq!(
                (&*refused.code, refused.status, refused.because),
                ("ValidationException", 400, Some(rule))
            );
            assert_eq!(refused.message, text.replace("{image}", image), "{kind:?}");
            assert!(site.lab.state().jobs.is_empty() && site.lab.state().models.is_empty());
        }
        for image in [IMAGE, "763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-training:2.3"] {
            let site = Site::new(Profile::Fast);
            ask(&site, kind, image).unwrap_or_else(|refused| panic!("{kind:?}: {refused:?}"));
        }
    }
}

#[test]
fn a_registry_of_the_vpc_is_named_as_that() {
    let site = Site::new(Profile::Fast);
    let config = |mode: &str| json!({ "TrainingRepositoryAccessMode": mode });
    let provider = json!({ "TrainingRepositoryCredentialsProviderArn": "arn:aws:lambda:us-east-1:123456789012:function:f" });
    let train = |config: Value, in_vpc: bool| {
        let mut request = if in_vpc { site.request("job", 1) } else { request("job", 1) };
        request["AlgorithmSpecification"]["TrainingImage"] = json!("registry.example.com/image:1");
        request["AlgorithmSpecification"]["TrainingImageConfig"] = config;
        site.create(request)
    };
    let refused = |result: Result<Value, Refused>| result.unwrap_err().message;
    assert!(refused(train(config("Platform"), true)).starts_with("TrainingImageConfig with"));
    assert_eq!(
        refused(train(config("Vpc"), false)),
        "VpcConfig must be specified if TrainingRepositoryAccessMode is Vpc."
    );
    let mut authorized = config("Platform");
    authorized["TrainingRepositoryAuthConfig"] = provider.clone();
    assert_eq!(
        refused(train(authorized, true)),
        "TrainingRepositoryAuthConfig can be specified only if TrainingRepositoryAccessMode is Vpc."
    );
    let mut authorized = config("Vpc");
    authorized["TrainingRepositoryAuthConfig"] = provider;
    train(authorized, true).unwrap();

    let model = |name: &str, in_vpc: bool| {
        let mut request = json!({ "ModelName": name, "ExecutionRoleArn": ROLE_ARN, "PrimaryContainer": {
            "Image": "registry.example.com/image:1", "ImageConfig": { "RepositoryAccessMode": "Vpc" } } });
        if in_vpc {
            request["VpcConfig"] =
                json!({ "SecurityGroupIds": [site.group.to_string()], "Subnets": [site.subnet.to_string()] });
        }
        site.lab.write::<CreateModel>(request)
    };
    assert_eq!(refused(model("m", false)), "VpcConfig must be specified if RepositoryAccessMode is Vpc.");
    model("m", true).unwrap();
}

#[test]
fn images_from_anywhere_are_taken_where_data_are_not_enforced() {
    for (data, told) in [(DataMode::Audit, true), (DataMode::Off, false)] {
        for (kind, ..) in askers() {
            for image in ["image:1", FAR] {
                let choices = Choices { data, ..Choices::default() };
                let site = Site::with(Defaults { profile: Profile::Fast, choices, ..Defaults::default() });
                ask(&site, kind, image).unwrap_or_else(|refused| panic!("{data:?}, {kind:?}: {refused:?}"));
                let warned = site.lab.events("RuleWarning");
                assert_eq!(!warned.is_empty(), told, "{data:?}, {kind:?}, {image}: {warned:?}");
            }
        }
    }
}
