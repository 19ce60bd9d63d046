//! Signing: the headers that make a request somebody's.

use super::canonical::{ALGORITHM, basic, payload_hash, signature};
use super::{RequestParts, Scope};
use crate::aws::HeaderLookup;

/// What stays unsigned: what is no part of the request's meaning, or may change on its way.
const UNSIGNED: &[&str] =
    &["authorization", "connection", "content-length", "expect", "transfer-encoding", "user-agent"];

/// Who signs.
#[derive(Debug, Clone, Copy)]
pub struct Signer<'a> {
    pub access_key: &'a str,
    pub secret: &'a str,
    /// The session token of temporary credentials.
    pub token: Option<&'a str>,
}

/// The headers that sign a request for a service in a region, at this second since 1970. Those of their names that the
/// request has already are replaced by them.
///
/// All headers of the request are signed but those that may change on its way; one of them has to be `host`. S3 is told
/// the digest of the body too, unless the request says in `x-amz-content-sha256` that the body is not signed.
pub fn sign(
    parts: &RequestParts<'_>,
    region: &str,
    service: &str,
    signer: Signer<'_>,
    seconds: i64,
) -> Vec<(&'static str, String)> {
    let date = basic(seconds);
    let scope = Scope {
        access_key: signer.access_key.to_owned(),
        date: date.get(..8).unwrap_or_default().to_owned(),
        region: region.to_owned(),
        service: service.to_owned(),
        token: signer.token.map(str::to_owned),
        presigned: false,
    };
    let payload = payload_hash(parts, &scope, parts.body);
    let mut added = vec![("x-amz-date", date.clone())];
    added.extend(signer.token.map(|token| ("x-amz-security-token", token.to_owned())));
    if service == "s3" {
        added.push(("x-amz-content-sha256", payload.clone()));
    }
    let is_signed = |name: &str| !UNSIGNED.contains(&name) && added.iter().all(|(other, _)| *other != name);
    let mut headers = parts.headers.named("");
    headers.retain(|(name, _)| is_signed(name));
    headers.extend(added.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    headers.sort();
    headers.dedup_by(|later, first| later.0 == first.0);
    let names: Vec<_> = headers.iter().map(|(name, _)| name.as_str()).collect();
    let signed = RequestParts { headers: &headers as &dyn HeaderLookup, ..*parts };
    let value = signature(&signed, &scope, &names, &date, &payload, signer.secret);
    let authorization = format!(
        "{ALGORITHM} Credential={}/{}, SignedHeaders={}, Signature={value}",
        signer.access_key,
        scope.place(),
        names.join(";")
    );
    added.push(("authorization", authorization));
    added
}
