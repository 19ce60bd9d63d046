//! InvokeEndpointWithResponseStream.

use super::blob::Blob;
use super::invoke::MOST_SERVERLESS;
use super::target::{Manner, Wanted, find, serving};
use super::{answered, error::RuntimeError};
use crate::jobs::hosting::{answer, capture};
use crate::model::{Invocation, Said, Txn};
use crate::services::{Caller, Invoke, Operation, Refused, Reply, ReplyWriter, StreamEvent};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

pub struct InvokeEndpointWithResponseStream;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct In {
    endpoint_name: String,
    body: Blob,
    content_type: Option<Arc<str>>,
    accept: Option<Arc<str>>,
    custom_attributes: Option<Arc<str>>,
    target_variant: Option<String>,
    target_container_hostname: Option<String>,
    inference_id: Option<Arc<str>>,
    inference_component_name: Option<String>,
    session_id: Option<Arc<str>>,
}

/// What goes before the stream.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Head {
    #[serde(skip_serializing_if = "Option::is_none")]
    content_type: Option<Arc<str>>,
    invoked_production_variant: Arc<str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    custom_attributes: Option<Arc<str>>,
}

pub struct Out {
    head: Head,
    events: Vec<StreamEvent>,
}

impl Reply for Out {
    fn write<W: ReplyWriter>(&self, writer: &mut W) -> Result<(), W::Error> {
        writer.stream(&self.head, &self.events)
    }
}

impl Operation for InvokeEndpointWithResponseStream {
    const NAME: &'static str = "InvokeEndpointWithResponseStream";
    type In = In;
    type Out = Out;
    type Error = Refused;
}

impl Invoke for InvokeEndpointWithResponseStream {
    const LIMIT: Duration = answer::AS_STREAM;

    fn begin(txn: &mut Txn<'_>, caller: &Caller, request: &str, input: In) -> Result<Invocation, Refused> {
        let (endpoint, deployment) = serving(txn, caller, &input.endpoint_name, Manner::AtOnce)?;
        let wanted = Wanted {
            variant: input.target_variant.as_deref(),
            component: input.inference_component_name.as_deref(),
            model: None,
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

    /// A container that fails does so before the stream begins, or breaks it.
    fn end(invocation: &Invocation, said: &Said) -> Result<Out, Refused> {
        let said = answered(invocation, said)?;
        let part = |bytes: &bytes::Bytes| StreamEvent::Part { name: "PayloadPart", bytes: bytes.clone() };
        let broken = said.broken.as_ref().map(|broken| StreamEvent::Exception {
            name: "ModelStreamError",
            members: json!({ "Message": &*broken.message, "ErrorCode": &*broken.code }),
        });
        Ok(Out {
            head: Head {
                content_type: said.content_type.clone(),
                invoked_production_variant: invocation.variant.clone(),
                custom_attributes: said.told.custom_attributes.clone(),
            },
            events: said.parts.iter().filter(|part| !part.is_empty()).map(part).chain(broken).collect(),
        })
    }
}
