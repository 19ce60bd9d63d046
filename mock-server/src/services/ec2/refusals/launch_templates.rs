//! The refusals of launch templates.

use super::super::describe::Describe;
use super::super::harness::text;
use super::super::instance_run::RunInstances;
use super::super::launch_template::version::{CreateLaunchTemplateVersion, DescribeLaunchTemplateVersions};
use super::super::launch_template::{CreateLaunchTemplate, DeleteLaunchTemplate, ModifyLaunchTemplate};
use super::{Seen, with};
use crate::model::LaunchTemplate;
use serde_json::{Value, json};

fn create(more: Value) -> Value {
    with(json!({ "LaunchTemplateName": "web", "LaunchTemplateData": { "InstanceType": "t3.micro" } }), more)
}

pub(super) fn launch_templates(seen: &mut Seen<'_>) {
    let made = seen.lab.write::<CreateLaunchTemplate>(create(json!({})));
    let id = text(&made["LaunchTemplate"]["LaunchTemplateId"]);
    let lost = "lt-0123456789abcdef0";
    let some = "At least one of the launch templates specified in the request does not exist.";
    seen.write::<CreateLaunchTemplate>(
        create(json!({})),
        "InvalidLaunchTemplateName.AlreadyExistsException",
        "Launch template name already in use.",
    );
    for name in ["ab", "a b c", &"x".repeat(129)] {
        seen.write::<CreateLaunchTemplate>(
            create(json!({ "LaunchTemplateName": name })),
            "InvalidLaunchTemplateName.MalformedException",
            "The launch template name is not valid. A launch template name must be between 3 and 128 characters, and \
             may contain letters, numbers, and the following characters: - ( ) . / _.",
        );
    }
    seen.read::<Describe<LaunchTemplate>>(
        json!({ "LaunchTemplateNames": ["none"] }),
        "InvalidLaunchTemplateName.NotFoundException",
        some,
    );
    seen.read::<Describe<LaunchTemplate>>(
        json!({ "LaunchTemplateIds": [lost] }),
        "InvalidLaunchTemplateId.NotFound",
        some,
    );
    seen.read::<Describe<LaunchTemplate>>(
        json!({ "LaunchTemplateIds": ["web"] }),
        "InvalidLaunchTemplateId.Malformed",
        "The launch template ID is not valid.",
    );
    seen.write::<DeleteLaunchTemplate>(
        json!({ "LaunchTemplateName": "none" }),
        "InvalidLaunchTemplateName.NotFoundException",
        "The specified launch template, with template name none, does not exist.",
    );
    seen.write::<DeleteLaunchTemplate>(
        json!({}),
        "MissingParameter",
        "The request must contain the parameter launch template ID or launch template name",
    );
    seen.write::<DeleteLaunchTemplate>(
        json!({ "LaunchTemplateName": "web", "LaunchTemplateId": id }),
        "InvalidParameterCombination",
        "Either provide launch template ID or launch template name, not both.",
    );
    seen.write::<RunInstances>(
        json!({ "MinCount": 1, "MaxCount": 1, "LaunchTemplate": { "LaunchTemplateId": lost } }),
        "InvalidLaunchTemplateId.NotFound",
        &format!("The specified launch template, with template ID {lost}, does not exist."),
    );
    seen.write::<CreateLaunchTemplateVersion>(
        json!({ "LaunchTemplateName": "web", "SourceVersion": "3", "LaunchTemplateData": {} }),
        "InvalidLaunchTemplateId.VersionNotFound",
        &format!("Could not find the specified version 3 for the launch template with ID {id}."),
    );
    seen.write::<ModifyLaunchTemplate>(
        json!({ "LaunchTemplateName": "web", "DefaultVersion": "2" }),
        "InvalidLaunchTemplateId.VersionNotFound",
        "The launch template version 2 is not found for the specified launch template.",
    );
    seen.write::<ModifyLaunchTemplate>(
        json!({ "LaunchTemplateName": "web", "LaunchTemplateId": "x", "DefaultVersion": "1" }),
        "InvalidParameterCombination",
        "Either provide launch template ID or launch template name to modify the template.",
    );
    let ways = "To describe the launch template data for all your launch templates, for ‘--versions’ specify ‘$Latest’, \
                ‘$Default’, or both, and omit ‘--launch-template-id’, ‘--launch-template-name’, and version numbers. To \
                describe the launch template data for a specific launch template, specify ‘--launch-template-id’ or \
                ‘--launch-template-name’, and for ‘--versions’ specify one or more of the following values: ‘$Latest’, \
                ‘$Default’, or one or more version numbers.";
    seen.read::<DescribeLaunchTemplateVersions>(json!({}), "MissingParameter", ways);
    seen.read::<DescribeLaunchTemplateVersions>(json!({ "Versions": ["1"] }), "InvalidParameterValue", ways);
    seen.read::<DescribeLaunchTemplateVersions>(
        json!({ "LaunchTemplateName": "web", "MinVersion": "x" }),
        "InvalidParameterValue",
        "Value (x) for parameter version is invalid. Expecting a version number.",
    );
}
