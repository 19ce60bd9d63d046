//! What EC2 refuses about launch templates.

use crate::model::LaunchTemplateId;
use crate::services::refusal::refusals;

refusals! {
    /// Why EC2 refuses something about launch templates.
    pub enum LaunchTemplateError as "ec2-launch-template" {
        SomeNotFound = "InvalidLaunchTemplateName.NotFoundException",
            text "At least one of the launch templates specified in the request does not exist.";
        /// Assumed: the text.
        SomeIdNotFound = "InvalidLaunchTemplateId.NotFound",
            assumed "At least one of the launch templates specified in the request does not exist.";
        NoSuchName(name: String) = "InvalidLaunchTemplateName.NotFoundException",
            text "The specified launch template, with template name {name}, does not exist.";
        NoSuchId(id: String) = "InvalidLaunchTemplateId.NotFound",
            text "The specified launch template, with template ID {id}, does not exist.";
        /// The code is in the list of error codes.
        MalformedId = "InvalidLaunchTemplateId.Malformed",
            assumed "The launch template ID is not valid.";
        /// The code and the rule are in the list of error codes.
        MalformedName = "InvalidLaunchTemplateName.MalformedException",
            assumed "The launch template name is not valid. A launch template name must be between 3 and 128 \
                    characters, and may contain letters, numbers, and the following characters: - ( ) . / _.";
        NameInUse = "InvalidLaunchTemplateName.AlreadyExistsException",
            text "Launch template name already in use.";
        NoSuchVersion { version: String, id: LaunchTemplateId } = "InvalidLaunchTemplateId.VersionNotFound",
            text "Could not find the specified version {version} for the launch template with ID {id}.";
        NoSuchDefault(version: String) = "InvalidLaunchTemplateId.VersionNotFound",
            text "The launch template version {version} is not found for the specified launch template.";
        IdAndNameToModify = "InvalidParameterCombination",
            text "Either provide launch template ID or launch template name to modify the template.";
        IdAndName = "InvalidParameterCombination",
            assumed "Either provide launch template ID or launch template name, not both.";
        NoVersions = "MissingParameter",
            text "To describe the launch template data for all your launch templates, for ‘--versions’ specify \
                 ‘$Latest’, ‘$Default’, or both, and omit ‘--launch-template-id’, ‘--launch-template-name’, and \
                 version numbers. To describe the launch template data for a specific launch template, specify \
                 ‘--launch-template-id’ or ‘--launch-template-name’, and for ‘--versions’ specify one or more of the \
                 following values: ‘$Latest’, ‘$Default’, or one or more version numbers.";
        NumbersOfAll = "InvalidParameterValue",
            text "To describe the launch template data for all your launch templates, for ‘--versions’ specify \
                 ‘$Latest’, ‘$Default’, or both, and omit ‘--launch-template-id’, ‘--launch-template-name’, and \
                 version numbers. To describe the launch template data for a specific launch template, specify \
                 ‘--launch-template-id’ or ‘--launch-template-name’, and for ‘--versions’ specify one or more of the \
                 following values: ‘$Latest’, ‘$Default’, or one or more version numbers.";
        BadVersionNumber(text: String) = "InvalidParameterValue",
            assumed "Value ({text}) for parameter version is invalid. Expecting a version number.";
    }
}
