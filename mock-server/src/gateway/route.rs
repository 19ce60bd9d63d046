//! Which service, region and account a request is for. The only place with defaults for them.

use super::Gateway;
use crate::aws::{Encoded, Fault, Protocol, RequestParts, ServiceId, Value, route as wire, sigv4};
use crate::kernel::{AccountId, Scope};
use crate::model::iam::key;
use crate::model::{Account, RegionInfo};
use crate::s3;
use crate::services::sts;
use bytes::Bytes;
use hyper::HeaderMap;
use std::sync::Arc;

/// What a request is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Wire {
    /// A service whose published model is here.
    Modelled(ServiceId),
    S3,
    /// None of them.
    Unknown,
}

/// Where a request belongs, as far as its headers say.
pub(super) struct Origin {
    pub(super) wire: Wire,
    pub(super) region: Arc<str>,
    pub(super) account: AccountId,
    /// Empty if the request is not signed.
    pub(super) access_key: String,
    /// What the signature is for; `None` if the request is not signed.
    pub(super) scope: Option<sigv4::Scope>,
}

/// Reads service, region and account from the signature and, failing that, from whatever else tells.
///
/// The account: an access key of twelve digits is an account; a key made here belongs to the account that made
/// it; every other key belongs to the default account.
pub(super) fn origin(gateway: &Gateway, parts: &RequestParts<'_>) -> Origin {
    let scope = sigv4::scope(parts);
    let wire = wire_of(parts, scope.as_ref());
    let region = scope.as_ref().map(|scope| scope.region.as_str()).filter(|region| !region.is_empty());
    let region = region.unwrap_or(&gateway.default_region).into();
    let access_key = scope.as_ref().map(|scope| scope.access_key.clone()).unwrap_or_default();
    let account = AccountId::parse(&access_key)
        .or_else(|| made_here(gateway, &access_key))
        .unwrap_or(gateway.default_account);
    Origin { wire, region, account, access_key, scope }
}

/// S3 has no model and its requests say nothing of themselves: they are those that are signed for it or sent to its
/// host, and those that nobody signed and that are for nothing else.
fn wire_of(parts: &RequestParts<'_>, scope: Option<&sigv4::Scope>) -> Wire {
    if scope.is_some_and(|scope| scope.service == S3) {
        return Wire::S3;
    }
    if let Some(service) = wire::service_of(parts, scope) {
        return Wire::Modelled(service);
    }
    let host = parts.headers.get("host").is_some_and(|host| s3::host::parse(host).is_some());
    let nothing_else = || {
        let names_action =
            parts.headers.get("x-amz-target").is_some() || wire::parameter(parts, "Action").is_some();
        !names_action && (parts.method, parts.path) != ("POST", "/")
    };
    if scope.is_none() && (host || nothing_else()) { Wire::S3 } else { Wire::Unknown }
}

/// Whether a request is one to S3 for all that its head says, before its body is read.
pub(super) fn may_be_s3(method: &str, path: &str, query: &str, headers: &HeaderMap) -> bool {
    let body = Bytes::new();
    let parts = RequestParts { method, path, query, headers, body: &body };
    wire_of(&parts, sigv4::scope(&parts).as_ref()) == Wire::S3
}

/// What signatures for S3 are for.
pub(super) const S3: &str = "s3";

/// The account in which this access key was made, if it was.
fn made_here(gateway: &Gateway, access_key: &str) -> Option<AccountId> {
    let (_, id) = key::read(access_key)?;
    let account = gateway.world.find(id)?;
    let (global, key) = (account.read(&Scope::Global), access_key.to_owned());
    let known = global.sessions.contains(&key)
        || global.access_keys.contains(&key)
        || global.deleted_keys.contains(&key);
    known.then_some(id)
}

/// The region, if there is one of this name.
///
/// # Errors
/// What AWS says of a signature for no region. Source: IAM user guide, "Troubleshoot Signature Version 4".
pub(super) fn known_region(service: ServiceId, name: &str) -> Result<&'static RegionInfo, Fault> {
    RegionInfo::get(name).ok_or_else(|| {
        let (code, status) = match service.protocol() {
            Protocol::Ec2 => ("AuthFailure", 401),
            Protocol::Query => ("SignatureDoesNotMatch", 403),
            Protocol::Json11 | Protocol::RestJson => ("InvalidSignatureException", 400),
        };
        let text = format!("Credential should be scoped to a valid Region, not '{name}'.");
        Fault::new(code, text).with_status(status)
    })
}

/// The account of the role that is to be assumed on an identity provider's word: no signature says where that is.
pub(super) fn trusting(gateway: &Gateway, input: &Value) -> Option<Arc<Account>> {
    gateway.world.find(sts::account_in(input.get("RoleArn")?.as_str()?)?)
}

/// The answer to a request that is for none of the services here, in a form that its sender can read.
pub(super) fn unknown_service(parts: &RequestParts<'_>, request_id: &str) -> Encoded {
    let scope = sigv4::scope(parts);
    let target = parts.headers.get("x-amz-target");
    let named = scope.as_ref().map(|scope| scope.service.as_str()).or(target);
    let fault = match named {
        Some(name) => {
            Fault::new("NotImplemented", format!("The service of {name} is not implemented by this mock"))
                .with_status(501)
        }
        None => {
            Fault::new("InvalidAction", "The request names no service, action or target that is known here.")
        }
    };
    // Any service of the same protocol will do: only the form of the answer hangs on it.
    let like = if target.is_some() { ServiceId::SageMaker } else { ServiceId::Sts };
    fault.encode(like, request_id)
}
