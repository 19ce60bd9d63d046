//! Parameters by their names.

use super::error::SsmError;
use crate::model::Image;
use crate::model::image::PUBLIC;
use crate::services::{Caller, Operation, Read, View};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The one version that a parameter has, since no image of the catalogue is ever replaced.
const VERSION: u64 = 1;

/// A parameter as it is told.
#[derive(Serialize, Clone)]
#[serde(rename_all = "PascalCase")]
pub struct Parameter {
    pub(super) name: String,
    #[serde(rename = "Type")]
    kind: &'static str,
    value: String,
    version: u64,
    /// The version as it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    selector: Option<String>,
    last_modified_date: i64,
    #[serde(rename = "ARN")]
    arn: String,
    data_type: &'static str,
}

impl Parameter {
    /// The public parameters of the caller's region, by name.
    pub(super) fn all(caller: &Caller) -> Vec<Parameter> {
        let mut all: Vec<_> = Image::all(&caller.region)
            .iter()
            .flat_map(|image| image.release.parameters.iter().map(|name| Self::new(caller, image, name)))
            .collect();
        all.sort_by(|a, b| a.name.cmp(&b.name));
        all
    }

    /// Public parameters belong to no account. Source: Systems Manager user guide, "Calling AMI public parameters".
    fn new(caller: &Caller, image: &Image, name: &str) -> Self {
        let name = format!("{PUBLIC}{name}");
        Self {
            arn: caller.partition.arn("ssm", &caller.region, "", format_args!("parameter{name}")),
            name,
            kind: "String",
            value: image.id.clone(),
            version: VERSION,
            selector: None,
            last_modified_date: image.release.created.millis(),
            data_type: "text",
        }
    }

    /// The parameter that a client calls so: by name or ARN, with or without a version.
    fn find(caller: &Caller, asked: &str) -> Result<Self, SsmError> {
        // "The service removes any spaces specified for the beginning or end of a parameter name."
        let asked = asked.trim_matches(' ');
        let (name, selector) = match asked.strip_prefix("arn:") {
            None => split(asked),
            Some(arn) => {
                let path = arn.splitn(5, ':').nth(4).and_then(|resource| resource.strip_prefix("parameter"));
                split(path.ok_or(SsmError::BadName)?)
            }
        };
        if !is_name(name) {
            return Err(SsmError::BadName);
        }
        let mut found = Self::all(caller).into_iter().find(|parameter| parameter.name == name);
        if asked.starts_with("arn:") {
            found =
                found.filter(|parameter| parameter.arn == asked.trim_end_matches(&selector_text(selector)));
        }
        let mut found = found.ok_or(SsmError::NoSuchParameter)?;
        if let Some(selector) = selector {
            if selector != VERSION.to_string() {
                return Err(SsmError::NoSuchVersion { name: name.to_owned(), version: selector.to_owned() });
            }
            found.selector = Some(selector_text(Some(selector)));
        }
        Ok(found)
    }
}

/// A name and the version or label after it.
fn split(text: &str) -> (&str, Option<&str>) {
    text.split_once(':').map_or((text, None), |(name, selector)| (name, Some(selector)))
}

fn selector_text(selector: Option<&str>) -> String {
    selector.map(|selector| format!(":{selector}")).unwrap_or_default()
}

/// Source: API reference, Name of PutParameter; the text of the refusal. A name with levels begins with a slash.
pub(super) fn is_name(name: &str) -> bool {
    let plain = |part: &str| part.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_".contains(&b));
    let bare = name.strip_prefix('/').unwrap_or(name);
    !bare.is_empty()
        && bare.split('/').all(|part| !part.is_empty() && plain(part))
        && (name.starts_with('/') || !name.contains('/'))
        && !bare.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("ssm"))
}

// === Operations ===

pub struct GetParameter;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetParameterIn {
    name: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetParameterOut {
    parameter: Parameter,
}

impl Operation for GetParameter {
    const NAME: &'static str = "GetParameter";
    type In = GetParameterIn;
    type Out = GetParameterOut;
    type Error = SsmError;
}

impl Read for GetParameter {
    fn run(view: &View<'_>, input: GetParameterIn) -> Result<GetParameterOut, SsmError> {
        Ok(GetParameterOut { parameter: Parameter::find(view.caller, &input.name)? })
    }
}

pub struct GetParameters;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetParametersIn {
    names: BTreeSet<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetParametersOut {
    parameters: Vec<Parameter>,
    invalid_parameters: Vec<String>,
}

impl Operation for GetParameters {
    const NAME: &'static str = "GetParameters";
    type In = GetParametersIn;
    type Out = GetParametersOut;
    type Error = SsmError;
}

impl Read for GetParameters {
    /// "The results for GetParameters requests are listed in alphabetical order in query responses."
    fn run(view: &View<'_>, input: GetParametersIn) -> Result<GetParametersOut, SsmError> {
        let mut out = GetParametersOut { parameters: Vec::new(), invalid_parameters: Vec::new() };
        for name in input.names {
            match Parameter::find(view.caller, &name) {
                Ok(parameter) => out.parameters.push(parameter),
                Err(SsmError::BadName) => return Err(SsmError::BadName),
                Err(_) => out.invalid_parameters.push(name),
            }
        }
        out.parameters.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(out)
    }
}
