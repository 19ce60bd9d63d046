//! Requests that somebody signs.

use crate::aws::RequestParts;
use crate::aws::sigv4::{self, Signer};
use bytes::Bytes;
use hyper::Request;
use hyper::header::{HOST, HeaderValue, InvalidHeaderValue};

/// Signs a request with Signature Version 4: for the service of this name in signatures, in a region, at this second
/// since 1970.
///
/// The host is what its header says, else that of its address. Whatever is signed must not change any more.
///
/// # Errors
/// A key or token that no header can have.
pub fn sign(
    request: &mut Request<Bytes>,
    service: &str,
    region: &str,
    signer: Signer<'_>,
    seconds: i64,
) -> Result<(), InvalidHeaderValue> {
    if let (None, Some(authority)) = (request.headers().get(HOST), request.uri().authority()) {
        let host = HeaderValue::from_str(authority.as_str())?;
        request.headers_mut().insert(HOST, host);
    }
    let parts = RequestParts {
        method: request.method().as_str(),
        path: request.uri().path(),
        query: request.uri().query().unwrap_or_default(),
        headers: request.headers(),
        body: request.body(),
    };
    for (name, value) in sigv4::sign(&parts, region, service, signer, seconds) {
        request.headers_mut().insert(name, HeaderValue::from_str(&value)?);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::sigv4::{Problem, scope, verify};
    use proptest::prelude::*;

    /// 2013-05-24T00:00:00Z and 2015-08-30T12:36:00Z, the times of the published examples.
    const S3_THEN: i64 = 1_369_353_600;
    const THEN: i64 = 1_440_938_160;
    const S3_SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

    fn ask(request: &Request<Bytes>, secret: &str, service: &'static str, now: i64) -> Result<(), Problem> {
        let parts = RequestParts {
            method: request.method().as_str(),
            path: request.uri().path(),
            query: request.uri().query().unwrap_or_default(),
            headers: request.headers(),
            body: request.body(),
        };
        verify(&parts, &scope(&parts).unwrap(), request.body(), service, secret, now)
    }

    fn authorization(request: &Request<Bytes>) -> &str {
        request.headers()["authorization"].to_str().unwrap()
    }

    /// The example of the S3 reference, "Authenticating Requests: Using the Authorization Header": a part of an object.
    #[test]
    fn the_published_get_of_an_object() {
        let mut request = Request::get("https://examplebucket.s3.amazonaws.com/test.txt");
        request = request.header("range", "bytes=0-9");
        let mut request = request.body(Bytes::new()).unwrap();
        let signer = Signer { access_key: "AKIAIOSFODNN7EXAMPLE", secret: S3_SECRET, token: None };
        sign(&mut request, "s3", "us-east-1", signer, S3_THEN).unwrap();
        assert_eq!(
            authorization(&request),
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, \
             SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, \
             Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
        );
    }

    /// The example of the same page: a list of objects.
    #[test]
    fn the_published_list_of_objects() {
        let request = Request::get("https://examplebucket.s3.amazonaws.com/?max-keys=2&prefix=J");
        let mut request = request.body(Bytes::new()).unwrap();
        let signer = Signer { access_key: "AKIAIOSFODNN7EXAMPLE", secret: S3_SECRET, token: None };
        sign(&mut request, "s3", "us-east-1", signer, S3_THEN).unwrap();
        let signature = "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7";
        assert!(authorization(&request).ends_with(signature), "{}", authorization(&request));
    }

    /// The example of the general reference.
    #[test]
    fn the_published_list_of_users() {
        let request = Request::get("https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08")
            .header("content-type", "application/x-www-form-urlencoded; charset=utf-8")
            .header("user-agent", "none of the signature's business");
        let mut request = request.body(Bytes::new()).unwrap();
        let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
        let signer = Signer { access_key: "AKIDEXAMPLE", secret, token: None };
        sign(&mut request, "iam", "us-east-1", signer, THEN).unwrap();
        assert_eq!(
            authorization(&request),
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, \
             SignedHeaders=content-type;host;x-amz-date, \
             Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"
        );
    }

    #[test]
    fn a_body_that_is_not_signed_stays_so() {
        let request = Request::put("/data/key").header("host", "localhost:4566");
        let request = request.header("x-amz-content-sha256", "UNSIGNED-PAYLOAD");
        let mut request = request.body(Bytes::from_static(b"abc")).unwrap();
        let signer = Signer { access_key: "AKID", secret: "s", token: None };
        sign(&mut request, "s3", "us-east-1", signer, THEN).unwrap();
        assert_eq!(request.headers()["x-amz-content-sha256"], "UNSIGNED-PAYLOAD");
        *request.body_mut() = Bytes::from_static(b"another");
        assert_eq!(ask(&request, "s", "s3", THEN), Ok(()));
    }

    #[test]
    fn what_no_header_can_have_is_refused() {
        let mut request = Request::get("/").header("host", "x").body(Bytes::new()).unwrap();
        let signer = Signer { access_key: "AKID", secret: "s", token: Some("one\ntwo") };
        assert!(sign(&mut request, "sts", "us-east-1", signer, THEN).is_err());
    }

    proptest! {
        /// Whatever is signed is taken, and nothing else is.
        #[test]
        fn what_is_signed_is_right(
            path in "(/[a-zA-Z0-9._~%-]{0,6}){1,3}/?",
            query in "([a-z%20]{1,4}(=[A-Za-z0-9+:,]{0,5})?&?){0,3}",
            value in "[ -~]{0,20}",
            body in ".{0,20}",
            token in proptest::option::of("[A-Za-z0-9+/=]{1,20}"),
            service in prop_oneof![Just("s3"), Just("ec2"), Just("sagemaker")],
        ) {
            let address = format!("{path}?{query}");
            let request = Request::post(address.as_str()).header("host", "localhost").header("x-amz-meta", value.as_str());
            let Ok(mut request) = request.body(Bytes::from(body)) else { return Ok(()) };
            let signer = Signer { access_key: "AKID", secret: "secret", token: token.as_deref() };
            sign(&mut request, service, "eu-west-1", signer, THEN).unwrap();
            prop_assert_eq!(ask(&request, "secret", service, THEN), Ok(()));
            // Signing again changes nothing.
            let before = authorization(&request).to_owned();
            sign(&mut request, service, "eu-west-1", signer, THEN).unwrap();
            prop_assert_eq!(authorization(&request), before);
            prop_assert_eq!(ask(&request, "other", service, THEN), Err(Problem::Mismatch));
            *request.body_mut() = Bytes::from_static(b"another body");
            prop_assert_eq!(ask(&request, "secret", service, THEN), Err(Problem::Mismatch));
        }
    }
}
