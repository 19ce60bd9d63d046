//! The errors of Systems Manager: one variant for each thing that it refuses, with its exact code and text.

use crate::services::refusal::refusals;

refusals! {
    /// Why Systems Manager refuses.
    pub enum SsmError as "ssm" {
        /// AWS gives no text at all.
        NoSuchParameter = "ParameterNotFound",
            text "";
        NoSuchVersion { name: String, version: String } = "ParameterVersionNotFound",
            text "Systems Manager could not find version {version} of {name}. Verify the version and try again.";
        BadName = "ValidationException",
            text "Parameter name: can't be prefixed with \"ssm\" (case-insensitive). If formed as a path, it can consist \
                 of sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, numbers and the \
                 following 3 symbols .-_";
        BadPath = "ValidationException",
            text "The parameter doesn't meet the parameter name requirements. The parameter name must begin with a \
                 forward slash \"/\". It can't be prefixed with \\\"aws\\\" or \\\"ssm\\\" (case-insensitive). It must use \
                 only letters, numbers, or the following symbols: . (period), - (hyphen), _ (underscore). Special \
                 characters are not allowed. All sub-paths, if specified, must use the forward slash symbol \"/\". Valid \
                 example: /get/parameters2-/by1./path0_.";
        BadToken = "InvalidNextToken",
            assumed "The specified token isn't valid.";
        BadFilterKey { key: String } = "InvalidFilterKey",
            assumed "The following filter key is not valid: {key}. Valid filter keys include: [Type, KeyId, Label].";
        BadFilterOption { option: String, key: String } = "InvalidFilterOption",
            assumed "The following filter option is not valid: {option} for the key {key}.";
    }
}
