//! Parameters under a level of the hierarchy.

use super::error::SsmError;
use super::parameter::{Parameter, is_name};
use crate::model::image::PUBLIC;
use crate::services::{Operation, Read, View, page};
use serde::{Deserialize, Serialize};

pub struct GetParametersByPath;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetParametersByPathIn {
    path: String,
    recursive: Option<bool>,
    #[serde(default)]
    parameter_filters: Vec<ParameterFilter>,
    max_results: Option<usize>,
    next_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ParameterFilter {
    key: String,
    option: Option<String>,
    #[serde(default)]
    values: Vec<String>,
}

impl ParameterFilter {
    /// Source: API reference, ParameterFilters of GetParametersByPath, ParameterStringFilter.
    fn check(&self) -> Result<(), SsmError> {
        let (key, option) = (self.key.as_str(), self.option.as_deref().unwrap_or("Equals"));
        let allowed: &[&str] = match key {
            "Type" | "KeyId" => &["Equals", "BeginsWith"],
            "Label" => &["Equals"],
            _ => return Err(SsmError::BadFilterKey { key: key.to_owned() }),
        };
        if allowed.contains(&option) {
            return Ok(());
        }
        Err(SsmError::BadFilterOption { option: option.to_owned(), key: key.to_owned() })
    }

    /// Public parameters are of type String; none has a key or a label.
    fn passes(&self) -> bool {
        let begins = self.option.as_deref() == Some("BeginsWith");
        let is =
            |value: &String| if begins { "String".starts_with(value.as_str()) } else { value == "String" };
        self.key == "Type" && self.values.iter().any(is)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetParametersByPathOut {
    parameters: Vec<Parameter>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

impl Operation for GetParametersByPath {
    const NAME: &'static str = "GetParametersByPath";
    type In = GetParametersByPathIn;
    type Out = GetParametersByPathOut;
    type Error = SsmError;
}

impl Read for GetParametersByPath {
    fn run(view: &View<'_>, input: GetParametersByPathIn) -> Result<GetParametersByPathOut, SsmError> {
        let path = input.path.trim_matches(' ');
        let level = path.strip_suffix('/').unwrap_or(path);
        if !path.starts_with('/') || !(level.is_empty() || is_name(level)) {
            return Err(SsmError::BadPath);
        }
        for filter in &input.parameter_filters {
            filter.check()?;
        }
        let after = match &input.next_token {
            None => None,
            Some(token) => Some(page::key_of(token).ok_or(SsmError::BadToken)?),
        };
        let under = format!("{level}/");
        let rows = Parameter::all(view.caller).into_iter().filter(|parameter| {
            // What lies above the public parameters is the account's own. That they are not among it is assumed.
            let below = parameter.name.strip_prefix(&under).filter(|_| under.starts_with(PUBLIC));
            below.is_some_and(|rest| input.recursive == Some(true) || !rest.contains('/'))
                && input.parameter_filters.iter().all(ParameterFilter::passes)
                && after.as_ref().is_none_or(|after| parameter.name > *after)
        });
        // "MaxResults": 10 at most, which is also what is told if nothing is asked.
        let (parameters, next_token) =
            page::cut(rows, input.max_results.unwrap_or(10), |parameter| parameter.name.clone());
        Ok(GetParametersByPathOut { parameters, next_token })
    }
}
