//! What endpoints keep of the calls that they answer: data capture. Source: developer guide,
//! "model-monitor-data-capture-endpoint", for where it is written and for its form; API reference, DataCaptureConfig.
//!
//! Each call has a file of its own, which is there at once. AWS adds some up and takes a minute or two.

use super::answer;
use super::later::deliver;
use crate::model::{Deployment, Invocation, Said, Txn};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Map, Value, json};
use std::time::Duration;
use time::OffsetDateTime;

/// Whether a configuration captures anything. Source: API reference: it does unless told otherwise.
pub fn is_on(request: &Value) -> bool {
    request.get("DataCaptureConfig").is_some_and(|config| config["EnableCapture"] != false)
}

/// Draws whether a call is captured. What a container answers that was declared is known at once, and written.
#[must_use]
pub fn begin(
    txn: &mut Txn<'_>,
    serving: &Deployment,
    mut invocation: Invocation,
    limit: Duration,
) -> Invocation {
    if is_on(&serving.request) {
        let bits = txn.mint("data-capture");
        let share = serving.request["DataCaptureConfig"]["InitialSamplingPercentage"].as_u64().unwrap_or(100);
        invocation.capture = Some(bits).filter(|bits| bits % 100 < u128::from(share));
    }
    if let Some((said, _)) = answer::declared(&invocation, limit) {
        keep(txn, &invocation, &said);
    }
    invocation
}

/// Writes what a captured call says, and what its container answered. That nothing is kept of calls that fail is
/// assumed, and so is that nothing is where the endpoint went meanwhile.
pub fn keep(txn: &mut Txn<'_>, invocation: &Invocation, said: &Said) {
    let Some(bits) = invocation.capture.filter(|_| (200..300).contains(&said.status)) else { return };
    let Some(endpoint) = txn.state.endpoints.get(&invocation.endpoint).cloned() else { return };
    let Some(serving) = endpoint.serving.as_ref().filter(|serving| is_on(&serving.request)) else { return };
    let Some(variant) = serving.variants.iter().find(|variant| *variant.name == *invocation.variant) else {
        return;
    };
    let config = &serving.request["DataCaptureConfig"];
    let id = uuid::Builder::from_random_bytes(bits.to_be_bytes()).into_uuid().to_string();
    let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(txn.now.millis()) * 1_000_000)
        .unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let line = format!("{}\n", record(config, invocation, said, &id, at));
    let folder = config["DestinationS3Uri"].as_str().unwrap_or_default().trim_end_matches('/');
    let file = format!(
        "{}/{}/{:04}/{:02}/{:02}/{:02}/{:02}-{:02}-{:03}-{id}.jsonl",
        endpoint.name,
        variant.name,
        at.year(),
        u8::from(at.month()),
        at.day(),
        at.hour(),
        at.minute(),
        at.second(),
        at.millisecond(),
    );
    let key = config["KmsKeyId"].as_str();
    if let Err(reason) = deliver(txn, &endpoint, variant, key, (folder, &file), Bytes::from(line)) {
        let resource = endpoint.key().to_string();
        txn.note("DataCapture", resource, None, format!("nothing is written: {reason}"));
    }
}

/// A captured call.
fn record(config: &Value, invocation: &Invocation, said: &Said, id: &str, at: OffsetDateTime) -> Value {
    let wanted = |mode: &str| {
        let all = config["CaptureOptions"].as_array().map_or(&[][..], Vec::as_slice);
        all.iter().any(|option| option["CaptureMode"] == mode || option["CaptureMode"] == "InputAndOutput")
    };
    let mut data = Map::new();
    if wanted("Input") {
        let kind = invocation.content_type.as_deref();
        data.insert("endpointInput".into(), part(config, kind, &invocation.body, "INPUT"));
    }
    if wanted("Output") {
        let kind = said.content_type.as_deref();
        data.insert("endpointOutput".into(), part(config, kind, &said.body(), "OUTPUT"));
    }
    let time = format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
        at.year(),
        u8::from(at.month()),
        at.day(),
        at.hour(),
        at.minute(),
        at.second()
    );
    let mut event = json!({ "eventId": id, "inferenceTime": time });
    if let Some(inference) = &invocation.inference_id {
        event["inferenceId"] = json!(&**inference);
    }
    if let Some(custom) = &invocation.custom_attributes {
        event["customAttributes"] = json!([&**custom]);
    }
    json!({ "captureData": data, "eventMetadata": event, "eventVersion": "0" })
}

/// One side of it: as text where the configuration calls the type CSV or JSON, else in base 64. Source: API reference,
/// CaptureContentTypeHeader.
fn part(config: &Value, content_type: Option<&str>, body: &Bytes, mode: &str) -> Value {
    let given = content_type.map(|kind| kind.split(';').next().unwrap_or(kind).trim());
    let listed = |member: &str| {
        let all = config["CaptureContentTypeHeader"][member].as_array().map_or(&[][..], Vec::as_slice);
        all.iter().any(|kind| kind.as_str() == given)
    };
    let text = std::str::from_utf8(body).ok();
    let (encoding, data) = match text {
        Some(text) if listed("CsvContentTypes") => ("CSV", text.to_owned()),
        Some(text) if listed("JsonContentTypes") => ("JSON", text.to_owned()),
        _ => ("BASE64", STANDARD.encode(body)),
    };
    let mut part = json!({ "mode": mode, "data": data, "encoding": encoding });
    if let Some(kind) = content_type {
        part["observedContentType"] = json!(kind);
    }
    part
}
