//! What is signed, and with what: the same for those who sign and for those who verify.
//!
//! Source: IAM user guide, "Create a signed AWS API request".

use super::Scope;
use crate::aws::RequestParts;
use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::fmt::Write;
use time::OffsetDateTime;
use time::macros::format_description;

pub(super) const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// Everything but what RFC 3986 leaves as it is.
const ENCODED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
/// The same but for the slashes of a path.
const ENCODED_PATH: AsciiSet = ENCODED.remove(b'/');

/// The signature of a request at `date` (`20260105T090000Z`) whose headers of these names, in lower case and in order,
/// are signed. `payload` stands for the body: its digest, or a word that says that it is not signed.
pub(super) fn signature(
    parts: &RequestParts<'_>,
    scope: &Scope,
    names: &[&str],
    date: &str,
    payload: &str,
    secret: &str,
) -> String {
    let request = canonical_request(parts, scope, names, payload);
    let place = scope.place();
    let text = format!("{ALGORITHM}\n{date}\n{place}\n{}", digest(request.as_bytes()));
    let key =
        place.split('/').fold(format!("AWS4{secret}").into_bytes(), |key, part| keyed(&key, part.as_bytes()));
    hex(&keyed(&key, text.as_bytes()))
}

fn canonical_request(parts: &RequestParts<'_>, scope: &Scope, names: &[&str], payload: &str) -> String {
    // S3 takes paths as they are; every other service encodes them once more and settles their dots.
    let path = match scope.service.as_str() {
        "s3" => Cow::from(parts.path),
        _ => utf8_percent_encode(&without_dots(parts.path), &ENCODED_PATH).to_string().into(),
    };
    let mut pairs: Vec<(String, String)> = parts
        .query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (again_encoded(name), again_encoded(value)))
        .filter(|(name, _)| !(scope.presigned && name == "X-Amz-Signature"))
        .collect();
    pairs.sort();
    let query: Vec<_> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let mut text = format!("{}\n{path}\n{}\n", parts.method, query.join("&"));
    for name in names {
        let value = parts.headers.get(name).unwrap_or_default();
        let words: Vec<_> = value.split_ascii_whitespace().collect();
        // Writing to a string does not fail.
        let _ = writeln!(text, "{name}:{}", words.join(" "));
    }
    let _ = write!(text, "\n{}\n{payload}", names.join(";"));
    text
}

fn again_encoded(text: &str) -> String {
    let plain: Vec<u8> = percent_decode_str(text).collect();
    percent_encoding::percent_encode(&plain, &ENCODED).to_string()
}

/// The path with `.`, `..` and empty segments settled, as RFC 3986 says.
fn without_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(kept.pop()),
            other => kept.push(other),
        }
    }
    let end = if path.ends_with('/') && !kept.is_empty() { "/" } else { "" };
    format!("/{}{end}", kept.join("/"))
}

/// What stands for the body. S3 lets it be unsigned, or signed in pieces; other services hash what they got.
pub(super) fn payload_hash(parts: &RequestParts<'_>, scope: &Scope, body: &[u8]) -> String {
    const UNSIGNED: &str = "UNSIGNED-PAYLOAD";
    let said = parts.headers.get("x-amz-content-sha256");
    match said {
        Some(said) if said == UNSIGNED || said.starts_with("STREAMING-") => said.to_owned(),
        None if scope.presigned && scope.service == "s3" => UNSIGNED.to_owned(),
        _ => digest(body),
    }
}

pub(super) fn digest(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

pub(super) fn keyed(key: &[u8], text: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(text);
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Seconds since 1970 as `20260105T090000Z`.
pub(super) fn basic(seconds: i64) -> String {
    let form = format_description!("[year][month][day]T[hour][minute][second]Z");
    let at = OffsetDateTime::from_unix_timestamp(seconds).ok();
    at.and_then(|at| at.format(&form).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_of_a_path_are_settled() {
        for (path, settled) in
            [("/", "/"), ("", "/"), ("/a/./b//c/../d/", "/a/b/d/"), ("/../..", "/"), ("/a%20b", "/a%20b")]
        {
            assert_eq!(without_dots(path), settled);
        }
    }
}
