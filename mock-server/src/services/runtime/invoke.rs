//! InvokeEndpoint.

use super::answered;
use super::blob::Blob;
use super::error::RuntimeError;
use super::target::{Manner, Wanted, find, serving};
use crate::jobs::hosting::{answer, capture};
use crate::model::{Invocation, Said, Txn};
use crate::services::{Caller, Invoke, Operation, Refused};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

/// The most that a serverless endpoint is given, in bytes: developer guide, "serverless-endpoints".
pub(super) const MOST_SERVERLESS: usize = 4 * 1024 * 1024;

pub struct InvokeEndpoint;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct In {
    endpoint_name: String,
    body: Blob,
    content_type: Option<Arc<str>>,
    accept: Option<Arc<str>>,
    custom_attributes: Option<Arc<str>>,
    target_model: Option<String>,
    target_variant: Option<String>,
    target_container_hostname: Option<String>,
    inference_id: Option<Arc<str>>,
    inference_component_name: Option<String>,
    session_id: Option<Arc<str>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Out {
    body: Blob,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_type: Option<Arc<str>>,
    invoked_production_variant: Arc<str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    custom_attributes: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    new_session_id: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    closed_session_id: Option<Arc<str>>,
}

impl Operation for InvokeEndpoint {
    const NAME: &'static str = "InvokeEndpoint";
    type In = In;
    type Out = Out;
    type Error = Refused;
}

impl Invoke for InvokeEndpoint {
    const LIMIT: Duration = answer::AT_ONCE;

    fn begin(txn: &mut Txn<'_>, caller: &Caller, request: &str, input: In) -> Result<Invocation, Refused> {
        let (endpoint, deployment) = serving(txn, caller, &input.endpoint_name, Manner::AtOnce)?;
        let wanted = Wanted {
            variant: input.target_variant.as_deref(),
            component: input.inference_component_name.as_deref(),
            model: input.target_model.as_deref(),
            container: input.target_container_hostname.as_deref(),
        };
        let (found, behaviour, serverless) = find(txn, caller, request, (&endpoint, &deployment), wanted)?;
        if serverless && input.body.0.len() > MOST_SERVERLESS {
            return Err(RuntimeError::Oversize { request: request.to_owned() }.into());
        }
        let invocation = Invocation {
            content_type: input.content_type,
            accept: input.accept,
            custom_attributes: input.custom_attributes,
            inference_id: input.inference_id,
            session: input.session_id,
            body: input.body.0,
            ..found
        };
        let invocation = invocation.answered_by(behaviour.as_deref());
        Ok(capture::begin(txn, &deployment, invocation, Self::LIMIT))
    }

    fn end(invocation: &Invocation, said: &Said) -> Result<Out, Refused> {
        let said = answered(invocation, said)?;
        Ok(Out {
            body: Blob(said.body()),
            content_type: said.content_type.clone(),
            invoked_production_variant: invocation.variant.clone(),
            custom_attributes: said.told.custom_attributes.clone(),
            new_session_id: said.told.new_session.clone(),
            closed_session_id: said.told.closed_session.clone(),
        })
    }
}
