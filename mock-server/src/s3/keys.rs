//! Condition keys of S3: what its policies may ask about a request.
//!
//! A key is there only if the service authorization reference lists it for the action. Most are headers and parameters
//! of the same name.

use super::access::{On, Visit, tags_in_header};
use super::acts::Act;
use crate::model::{ObjectKey, Tags};
use crate::policy::Context;
use crate::policy::actions::Actions;
use crate::services::s3::bucket::FIRST;

/// The keys that follow from the request and from the object that it is about.
pub(super) fn request(visit: &Visit<'_>, act: &Act<'_>, context: &mut Context) {
    for (header, key) in [("user-agent", "aws:UserAgent"), ("referer", "aws:Referer")] {
        if let Some(value) = visit.headers.get(header).and_then(|value| value.to_str().ok()) {
            context.set(key, value);
        }
    }
    let Some(actions) = Actions::of("s3") else { return };
    let Some(action) = actions.get(act.action) else { return };
    for key in actions.keys(action.keys) {
        match *key {
            "s3:ExistingObjectTag/<key>" => {
                tell_tags("s3:ExistingObjectTag", &existing_tags(visit, act), context)
            }
            "s3:RequestObjectTag/<key>" => {
                tell_tags("s3:RequestObjectTag", &request_tags(visit, act), context)
            }
            "s3:RequestObjectTagKeys" => {
                let keys = request_tags(visit, act).iter().map(|(key, _)| key.to_owned()).collect();
                context.set_many(key, keys);
            }
            "aws:RequestTag/${TagKey}" => tell_tags("aws:RequestTag", &request_tags(visit, act), context),
            "aws:TagKeys" => {
                let keys = request_tags(visit, act).iter().map(|(key, _)| key.to_owned()).collect();
                context.set_many(key, keys);
            }
            name => {
                if let Some(value) = value(visit, act, name) {
                    context.set(name, value);
                }
            }
        }
    }
}

fn value(visit: &Visit<'_>, act: &Act<'_>, key: &str) -> Option<String> {
    let name = key.strip_prefix("s3:")?;
    let presigned = visit.parameter("X-Amz-Signature").is_some();
    let signed = visit.caller.is_some();
    match name {
        "authType" => signed.then(|| if presigned { "REST-QUERY-STRING" } else { "REST-HEADER" }.to_owned()),
        "signatureversion" => signed.then(|| "AWS4-HMAC-SHA256".to_owned()),
        "signatureAge" => {
            let signed_at = visit.parameter("X-Amz-Date").and_then(signing_time).filter(|_| presigned)?;
            Some((visit.now.millis() - signed_at * 1_000).max(0).to_string())
        }
        "prefix" | "delimiter" | "max-keys" => visit.parameter(name).map(str::to_owned),
        "versionid" => act.version.or_else(|| visit.parameter("versionId")).map(str::to_owned),
        "locationconstraint" => match act.on {
            On::New { region, .. } => (region != FIRST).then(|| region.to_owned()),
            _ => None,
        },
        "ObjectCreationOperation" => act.creates.map(|creates| creates.to_string()),
        "x-amz-copy-source" => {
            let source = visit.header(name)?;
            let source = source.split_once("?versionId=").map_or(source, |(source, _)| source);
            let decoded = percent_encoding::percent_decode_str(source).decode_utf8_lossy();
            Some(decoded.trim_start_matches('/').to_owned())
        }
        "object-lock-mode" | "object-lock-legal-hold" => {
            visit.header(&format!("x-amz-{name}")).map(str::to_owned)
        }
        "object-lock-retain-until-date" => {
            visit.header("x-amz-object-lock-retain-until-date").map(str::to_owned)
        }
        "if-match" | "if-none-match" => visit.header(name).map(str::to_owned),
        _ => visit.header(name).filter(|_| name.starts_with("x-amz-")).map(str::to_owned),
    }
}

/// Seconds of a date such as `20260105T090000Z`.
fn signing_time(text: &str) -> Option<i64> {
    if text.len() != 16 || !text.is_ascii() {
        return None;
    }
    let (day, time) = (&text[..8], &text[9..15]);
    let iso =
        format!("{}-{}-{}T{}:{}:{}Z", &day[..4], &day[4..6], &day[6..], &time[..2], &time[2..4], &time[4..]);
    crate::aws::timestamp::parse(&iso).map(|millis| millis / 1_000)
}

fn tell_tags(key: &str, tags: &Tags, context: &mut Context) {
    for (name, value) in tags.iter() {
        context.set(&format!("{key}/{name}"), value);
    }
}

/// The tags that the object has already.
fn existing_tags(visit: &Visit<'_>, act: &Act<'_>) -> Tags {
    let On::Object(found, key) = act.on else { return Tags::default() };
    let at = ObjectKey { bucket: found.bucket.name.clone(), key: key.into() };
    let Some(object) = found.home.0.objects.get(&at) else { return Tags::default() };
    let version = match act.version.or_else(|| visit.parameter("versionId")) {
        None => object.current(),
        Some(id) => object.version(id).map(|version| &**version),
    };
    version.map(|version| version.tags.clone()).unwrap_or_default()
}

/// The tags that the request gives, in its header or its body.
fn request_tags(visit: &Visit<'_>, act: &Act<'_>) -> Tags {
    let in_header = || visit.header("x-amz-tagging").map(tags_in_header);
    act.tags.cloned().or_else(in_header).unwrap_or_default()
}
