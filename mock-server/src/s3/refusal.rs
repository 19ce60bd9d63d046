//! Refusals as S3 sends them. Source: S3 API reference, "Error responses".

use crate::model::Texts;
use crate::services::Refused;
use crate::services::s3::S3Error;
use bytes::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue, SERVER};
use hyper::{Method, Request, Response, StatusCode};
use quick_xml::escape::escape;

/// The answer that refuses a request. Nothing but its status and headers tells who asked with `HEAD`.
pub fn refusal(
    request: &Request<Bytes>,
    error: &S3Error,
    texts: &Texts,
    request_id: &str,
) -> Response<Bytes> {
    let refused = Refused::from(error.clone());
    let message = refused.told(texts);
    let mut response = head(refused.status, request_id);
    for (name, value) in error.headers() {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(HeaderName::from_static(name), value);
        }
    }
    if request.method() != Method::HEAD {
        *response.body_mut() = body(&refused.code, &message, error.members(), request_id);
    }
    response
}

/// The answer that refuses a request with any code.
pub fn printed(
    request: &Request<Bytes>,
    code: &str,
    message: &str,
    status: u16,
    request_id: &str,
) -> Response<Bytes> {
    let mut response = head(status, request_id);
    if request.method() != Method::HEAD {
        *response.body_mut() = body(code, message, Vec::new(), request_id);
    }
    response
}

fn head(status: u16, request_id: &str) -> Response<Bytes> {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = identified(Response::new(Bytes::new()), request_id);
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/xml"));
    response
}

fn body(code: &str, message: &str, members: Vec<(&'static str, String)>, request_id: &str) -> Bytes {
    let mut body = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>");
    let mut member = |name: &str, value: &str| {
        body.push_str(&format!("<{name}>{}</{name}>", escape(value)));
    };
    member("Code", code);
    member("Message", message);
    for (name, value) in members {
        member(name, &value);
    }
    member("RequestId", request_id);
    member("HostId", &host_id(request_id));
    body.push_str("</Error>");
    body.into()
}

/// The answer with what every answer of S3's has.
pub(super) fn identified(mut response: Response<Bytes>, request_id: &str) -> Response<Bytes> {
    let headers = response.headers_mut();
    headers.insert(SERVER, HeaderValue::from_static("AmazonS3"));
    for (name, value) in [("x-amz-request-id", request_id), ("x-amz-id-2", &host_id(request_id))] {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    response
}

/// What S3 calls its second request id; it follows from the first.
fn host_id(request_id: &str) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(format!("mockplane {request_id}"))
}
