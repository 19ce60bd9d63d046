//! ListEndpoints.

use super::super::error::SageMakerError;
use super::super::listing::{ListIn, Listed, list};
use crate::kernel::SimTime;
use crate::model::Endpoint;
use crate::services::{Operation, Read, View};
use serde::Serialize;
use std::sync::Arc;

pub struct ListEndpoints;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Out {
    endpoints: Vec<Summary>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Summary {
    endpoint_name: String,
    endpoint_arn: String,
    creation_time: i64,
    last_modified_time: i64,
    endpoint_status: &'static str,
}

impl Listed for Endpoint {
    fn name(&self) -> &Arc<str> {
        &self.name
    }
    fn created(&self) -> SimTime {
        self.created
    }
    fn modified(&self) -> SimTime {
        self.modified
    }
    fn status(&self) -> &'static str {
        self.status_word()
    }
}

impl Operation for ListEndpoints {
    const NAME: &'static str = "ListEndpoints";
    type In = ListIn;
    type Out = Out;
    type Error = SageMakerError;
}

impl Read for ListEndpoints {
    fn run(view: &View<'_>, input: ListIn) -> Result<Out, SageMakerError> {
        let (rows, next_token) = list(view.state.endpoints.iter(), &input)?;
        let endpoints = rows.into_iter().map(|row| Summary {
            endpoint_name: row.name.to_string(),
            endpoint_arn: row.arn.clone(),
            creation_time: row.created.millis(),
            last_modified_time: row.modified.millis(),
            endpoint_status: row.status_word(),
        });
        Ok(Out { endpoints: endpoints.collect(), next_token })
    }
}
