//! What a signature says about its request: who, when, where, for which service; and whether it is right.
//!
//! The scope alone routes the request; it is read always. [`verify`] is asked only where signatures count, and [`sign`]
//! makes what it takes.

mod canonical;
mod sign;
mod verify;

pub use sign::{Signer, sign};
pub use verify::{Problem, verify};

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use super::RequestParts;

/// The credential scope of a Signature Version 4 request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// Access key id.
    pub access_key: String,
    /// `20260105`.
    pub date: String,
    /// Region.
    pub region: String,
    /// Service name in signatures.
    pub service: String,
    /// The session token that came with temporary credentials.
    pub token: Option<String>,
    /// The signature travels in the query string (a presigned URL).
    pub presigned: bool,
}

impl Scope {
    /// Where and when a signature is good, without whose it is: `20260105/eu-west-1/ec2/aws4_request`.
    fn place(&self) -> String {
        format!("{}/{}/{}/aws4_request", self.date, self.region, self.service)
    }
}

/// Reads the scope from the `Authorization` header or from `X-Amz-Credential` in the query string.
///
/// `None` if the request is unsigned, is signed in another way, or its credential has not five parts.
pub fn scope(parts: &RequestParts<'_>) -> Option<Scope> {
    if let Some(header) = parts.headers.get("authorization") {
        let fields = header.trim().strip_prefix("AWS4-")?.split_once(' ')?.1;
        let credential = fields.split(',').find_map(|field| field.trim().strip_prefix("Credential="))?;
        let token = parts.headers.get("x-amz-security-token").map(str::to_owned);
        return parse(credential, token, false);
    }
    let credential = query_parameter(parts.query, "X-Amz-Credential")?;
    let token = query_parameter(parts.query, "X-Amz-Security-Token").map(Cow::into_owned);
    parse(&credential, token, true)
}

/// `AKID/20260105/eu-west-1/ec2/aws4_request`; the key id itself may contain slashes.
fn parse(credential: &str, token: Option<String>, presigned: bool) -> Option<Scope> {
    let mut fields = credential.trim().rsplitn(5, '/');
    fields.next().filter(|end| *end == "aws4_request")?;
    let service = fields.next()?.to_owned();
    let region = fields.next()?.to_owned();
    let date = fields.next()?.to_owned();
    let access_key = fields.next()?.to_owned();
    Some(Scope { access_key, date, region, service, token, presigned })
}

/// The first value of a query parameter, percent-decoded.
pub(super) fn query_parameter<'a>(query: &'a str, name: &str) -> Option<Cow<'a, str>> {
    query.split('&').find_map(|pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (key == name).then(|| percent_decode_str(value).decode_utf8_lossy())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn read(header: Option<&str>, query: &str) -> Option<Scope> {
        let headers: Vec<(&str, &str)> = header.map(|value| ("Authorization", value)).into_iter().collect();
        let body = Bytes::new();
        scope(&RequestParts { method: "POST", path: "/", query, headers: &headers, body: &body })
    }

    #[test]
    fn header_and_query() {
        let header = "AWS4-HMAC-SHA256 Credential=AKID/20260105/eu-west-1/ec2/aws4_request, \
                      SignedHeaders=host, Signature=00";
        let found = read(Some(header), "").unwrap();
        assert_eq!((found.access_key.as_str(), found.region.as_str()), ("AKID", "eu-west-1"));
        assert_eq!((found.date.as_str(), found.service.as_str()), ("20260105", "ec2"));
        let found =
            read(None, "a=b&X-Amz-Credential=AKID%2F20260105%2Fus-east-1%2Fsts%2Faws4_request").unwrap();
        assert!(found.presigned && found.service == "sts");
        for odd in ["Basic abc", "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 Credential=a/b/c", "AWS AKID:sig", ""]
        {
            assert_eq!(read(Some(odd), ""), None, "{odd}");
        }
        assert_eq!(read(None, "X-Amz-Credential="), None);
    }
}
