//! Signature Version 2 of requests to S3: what boto3 and the AWS CLI still presign with in old regions.
//!
//! Source: S3 user guide, "Signing and authenticating REST requests (AWS signature version 2)".

use super::RequestParts;
use super::sigv4::query_parameter;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::percent_decode_str;
use sha1::Sha1;
use std::borrow::Cow;

const TOKEN: &str = "x-amz-security-token";

/// Parameters that are signed.
const SIGNED: &[&str] = &[
    "accelerate",
    "acl",
    "cors",
    "delete",
    "lifecycle",
    "location",
    "logging",
    "notification",
    "partNumber",
    "policy",
    "requestPayment",
    "response-cache-control",
    "response-content-disposition",
    "response-content-encoding",
    "response-content-language",
    "response-content-type",
    "response-expires",
    "restore",
    "tagging",
    "torrent",
    "uploadId",
    "uploads",
    "versionId",
    "versioning",
    "versions",
    "website",
];

/// What such a signature says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    pub access_key: String,
    /// The session token that came with temporary credentials.
    pub token: Option<String>,
    value: String,
    /// Of a presigned URL: the second since 1970 at which it ends.
    expires: Option<String>,
}

/// Why it is not right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    Expired,
    Mismatch,
}

/// Reads it from the `Authorization` header or from the query string.
pub fn read(parts: &RequestParts<'_>) -> Option<Signature> {
    if let Some(header) = parts.headers.get("authorization") {
        let (access_key, value) = header.strip_prefix("AWS ")?.trim().split_once(':')?;
        let token = parts.headers.get(TOKEN).map(str::to_owned);
        return Some(Signature { access_key: access_key.into(), token, value: value.into(), expires: None });
    }
    let parameter = |name| query_parameter(parts.query, name).map(Cow::into_owned);
    Some(Signature {
        access_key: parameter("AWSAccessKeyId")?,
        token: parameter(TOKEN),
        value: parameter("Signature")?,
        expires: Some(parameter("Expires")?),
    })
}

/// Whether the request is signed with this secret. `bucket`: the one that the host names.
///
/// # Errors
/// What is wrong.
pub fn verify(
    parts: &RequestParts<'_>,
    signature: &Signature,
    bucket: Option<&str>,
    secret: &str,
    now: i64,
) -> Result<(), Problem> {
    let ends = signature.expires.as_ref().map(|expires| expires.parse::<i64>().unwrap_or(i64::MIN));
    if ends.is_some_and(|ends| ends < now) {
        return Err(Problem::Expired);
    }
    let mut mac = Hmac::<Sha1>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(to_sign(parts, signature, bucket).as_bytes());
    let told = STANDARD.decode(&signature.value).map_err(|_| Problem::Mismatch)?;
    mac.verify_slice(&told).map_err(|_| Problem::Mismatch)
}

fn to_sign(parts: &RequestParts<'_>, signature: &Signature, bucket: Option<&str>) -> String {
    let header = |name: &str| parts.headers.get(name).unwrap_or_default().trim().to_owned();
    let mut amz: Vec<(String, String)> = parts.headers.named("x-amz-");
    if signature.expires.is_some() {
        amz.extend(signature.token.as_ref().map(|token| (TOKEN.to_owned(), token.clone())));
    }
    amz.sort();
    let date = match &signature.expires {
        Some(expires) => expires.clone(),
        None if amz.iter().any(|(name, _)| name == "x-amz-date") => String::new(),
        None => header("date"),
    };
    let amz: String = amz.iter().map(|(name, value)| format!("{name}:{}\n", value.trim())).collect();
    let pairs = parts.query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let mut pairs: Vec<_> = pairs.filter(|(name, _)| SIGNED.contains(name)).collect();
    pairs.sort();
    let pairs: Vec<String> = pairs
        .into_iter()
        .map(|(name, value)| match &*percent_decode_str(value).decode_utf8_lossy() {
            "" => name.to_owned(),
            value => format!("{name}={value}"),
        })
        .collect();
    let query = if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) };
    let bucket = bucket.map(|bucket| format!("/{bucket}")).unwrap_or_default();
    let (md5, kind) = (header("content-md5"), header("content-type"));
    format!("{}\n{md5}\n{kind}\n{date}\n{amz}{bucket}{}{query}", parts.method, parts.path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    /// An example of the guide, and a presigned address whose signature was worked out elsewhere.
    #[test]
    fn known_signatures() {
        const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
        let body = Bytes::new();
        let headers = vec![
            ("authorization", "AWS AKIAIOSFODNN7EXAMPLE:iqRzw+ileNPu1fhspnRs8nOjjIA="),
            ("content-type", "image/jpeg"),
            ("date", "Tue, 27 Mar 2007 21:15:45 +0000"),
        ];
        let put = RequestParts {
            method: "PUT",
            path: "/photos/puppy.jpg",
            query: "",
            headers: &headers,
            body: &body,
        };
        let signature = read(&put).unwrap();
        assert_eq!(signature.access_key, "AKIAIOSFODNN7EXAMPLE");
        let verify = |bucket, secret| verify(&put, &signature, bucket, secret, 0);
        assert_eq!(verify(Some("awsexamplebucket1"), SECRET), Ok(()));
        assert_eq!(verify(Some("other"), SECRET), Err(Problem::Mismatch));
        assert_eq!(verify(Some("awsexamplebucket1"), "other"), Err(Problem::Mismatch));
        let none: Vec<(&str, &str)> = Vec::new();
        let get = RequestParts {
            method: "GET",
            path: "/photos/puppy.jpg",
            query: "AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Signature=1No4mq5ETf02z8aet9voy6gui6E%3D&Expires=1175139620",
            headers: &none,
            body: &body,
        };
        let signature = read(&get).unwrap();
        let verify = |now| super::verify(&get, &signature, Some("awsexamplebucket1"), SECRET, now);
        assert_eq!((verify(1_175_139_620), verify(1_175_139_621)), (Ok(()), Err(Problem::Expired)));
    }
}
