//! What another S3 is to be asked before a request is served, and where its answers are kept.
//!
//! Nothing below the gateway may wait for anybody, so whoever can (the server) asks beforehand, and tells what came back:
//! it becomes part of the account's state, where jobs look for their buckets.

use super::{Gateway, route};
use crate::aws::RequestParts;
use crate::clock::wall;
use crate::kernel::{AccountId, Event, Scope};
use crate::model::{Upstream, bucket};
use bytes::Bytes;
use hyper::Request;
use percent_encoding::percent_decode_str;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::sync::Arc;

/// Prefixes and keys, by bucket.
pub type Questions = BTreeMap<String, BTreeSet<String>>;

/// The most buckets, and the most prefixes of each, that are asked for one request.
const MOST: usize = 20;

impl Gateway {
    /// The buckets and prefixes that a request names, as far as they are not here: of calls that make something of
    /// SageMaker's, and of flow logs. `None`: there is nothing to ask.
    pub fn asks_upstream(&self, request: &Request<Bytes>) -> Option<(AccountId, Questions)> {
        let body = request.body();
        let target = request.headers().get("x-amz-target").and_then(|target| target.to_str().ok());
        let mut named = Questions::new();
        if target.is_some_and(|target| target.starts_with("SageMaker.Create")) {
            let input = serde_json::from_slice(body).ok()?;
            locations(&input, &mut named);
        } else if body.starts_with(b"Action=CreateFlowLogs") {
            let text = std::str::from_utf8(body).ok()?;
            let arn = text.split('&').find_map(|pair| pair.strip_prefix("LogDestination="))?;
            let arn = percent_decode_str(arn).decode_utf8_lossy();
            let (_, path) = arn.split_once(":s3:::")?;
            named.entry(path.split('/').next().unwrap_or_default().to_owned()).or_default();
        }
        if named.is_empty() {
            return None;
        }
        let parts = RequestParts {
            method: request.method().as_str(),
            path: request.uri().path(),
            query: request.uri().query().unwrap_or_default(),
            headers: request.headers(),
            body,
        };
        let id = route::origin(self, &parts).account;
        let account = self.world.account(id, wall());
        named.retain(|name, _| !name.is_empty() && bucket::find(id, name, &*account).is_none());
        (!named.is_empty()).then(|| (id, named.into_iter().take(MOST).collect()))
    }

    /// Keeps what the other S3 told of a bucket; `None`: it did not answer.
    pub fn tell_upstream(&self, id: AccountId, name: &str, told: Option<Upstream>) {
        let account = self.world.account(id, wall());
        let now = account.now(wall());
        let Some(told) = told else {
            account.events.push([Event {
                at: now,
                kind: "UpstreamSilent",
                place: String::new(),
                resource: name.to_owned(),
                message: "the other S3 did not say whether there is such a bucket".to_owned(),
                rule: None,
            }]);
            return;
        };
        let kept: Result<(), Infallible> = account.write(&Scope::Global, now, true, |txn| {
            txn.state.upstream.insert(name.into(), Arc::new(told));
            Ok(())
        });
        let Ok(()) = kept;
    }
}

/// Every `s3://bucket/prefix` in a document.
fn locations(value: &Value, into: &mut Questions) {
    match value {
        Value::String(text) => {
            let Some(path) = text.strip_prefix("s3://") else { return };
            let (bucket, prefix) = path.split_once('/').unwrap_or((path, ""));
            let prefixes = into.entry(bucket.to_owned()).or_default();
            if prefixes.len() < MOST {
                prefixes.insert(prefix.to_owned());
            }
        }
        Value::Array(list) => list.iter().for_each(|value| locations(value, into)),
        Value::Object(members) => members.values().for_each(|value| locations(value, into)),
        _ => {}
    }
}
