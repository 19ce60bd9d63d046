//! InvokeEndpointAsync.

use super::blob::Blob;
use super::error::RuntimeError;
use super::target::{Manner, Wanted, find, serving};
use crate::jobs::hosting::later;
use crate::model::{Answer, AsyncCall, Behaviour, Invocation, Txn};
use crate::services::{Caller, Operation, Refused, Write};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

/// What a call may take and how old it may get unless it says otherwise. Source: API reference, InvokeEndpointAsync.
const LIMIT: u64 = 900;
const TTL: u64 = 21_600;

pub struct InvokeEndpointAsync;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct In {
    endpoint_name: String,
    content_type: Option<Arc<str>>,
    accept: Option<Arc<str>>,
    custom_attributes: Option<Arc<str>>,
    inference_id: Option<Arc<str>>,
    input_location: Option<String>,
    #[serde(rename = "S3OutputPathExtension")]
    s3_output_path_extension: Option<String>,
    filename: Option<String>,
    #[serde(rename = "RequestTTLSeconds")]
    request_ttl_seconds: Option<u64>,
    invocation_timeout_seconds: Option<u64>,
    body: Option<Blob>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Out {
    inference_id: Arc<str>,
    output_location: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure_location: Option<String>,
}

impl Operation for InvokeEndpointAsync {
    const NAME: &'static str = "InvokeEndpointAsync";
    type In = In;
    type Out = Out;
    type Error = Refused;
}

impl Write for InvokeEndpointAsync {
    fn run(txn: &mut Txn<'_>, caller: &Caller, input: In) -> Result<Out, Refused> {
        let (endpoint, deployment) = serving(txn, caller, &input.endpoint_name, Manner::Later)?;
        let body = match (&input.input_location, input.body) {
            (Some(_), None) => None,
            (None, Some(body)) => Some(body.0),
            _ => return Err(RuntimeError::OneInput.into()),
        };
        let (found, behaviour, _) = find(txn, caller, "", (&endpoint, &deployment), Wanted::default())?;
        if behaviour.as_deref().is_some_and(passes_on) {
            let what = "An asynchronous call to a container that is somewhere else";
            return Err(RuntimeError::NotBuilt(what).into());
        }
        let bits = txn.mint("async-call");
        let id = uuid::Builder::from_random_bytes(bits.to_be_bytes()).into_uuid().to_string();
        let config = &deployment.request["AsyncInferenceConfig"]["OutputConfig"];
        let place = |member: &str, file: String| {
            let folder = config[member].as_str().filter(|folder| !folder.is_empty())?;
            let more = input.s3_output_path_extension.as_deref().map(|more| more.trim_matches('/'));
            let parts = [Some(folder.trim_end_matches('/')), more.filter(|more| !more.is_empty())];
            Some((parts.into_iter().flatten().collect::<Vec<_>>().join("/"), file))
        };
        let named = input.filename.clone();
        // Without a path answers go to the account's bucket for SageMaker: developer guide,
        // "async-inference-create-endpoint-create-endpoint-config".
        let output = place("S3OutputPath", named.clone().unwrap_or_else(|| format!("{id}.out")));
        let output = output.unwrap_or_else(|| {
            let folder = format!(
                "s3://sagemaker-{}-{}/async-endpoint-outputs/{}",
                caller.region, caller.account, endpoint.name
            );
            (folder, format!("{id}.out"))
        });
        let failure = place(
            "S3FailurePath",
            named.map_or_else(|| format!("{id}-error.out"), |name| format!("{name}-error.out")),
        );
        let told = |(folder, file): &(String, String)| format!("{folder}/{file}");
        let out = Out {
            inference_id: input.inference_id.clone().unwrap_or_else(|| id.as_str().into()),
            output_location: told(&output),
            failure_location: failure.as_ref().map(told),
        };
        let invocation = Invocation {
            content_type: input.content_type,
            accept: input.accept,
            custom_attributes: input.custom_attributes,
            inference_id: Some(out.inference_id.clone()),
            body: body.unwrap_or_default(),
            ..found
        };
        let call = AsyncCall {
            id: id.into(),
            invocation,
            behaviour,
            input: input.input_location,
            output,
            failure,
            limit: Duration::from_secs(input.invocation_timeout_seconds.unwrap_or(LIMIT)),
            expires: txn.now + Duration::from_secs(input.request_ttl_seconds.unwrap_or(TTL)),
            said: None,
        };
        later::begin(txn, call);
        Ok(out)
    }
}

/// Whether a container may be asked that is somewhere else: a timer cannot wait for that.
fn passes_on(behaviour: &Behaviour) -> bool {
    behaviour.invocations.iter().any(|reaction| matches!(reaction.answer, Answer::Proxy(_)))
}
