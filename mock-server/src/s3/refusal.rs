//! Refusals as S3 sends them. Source: S3 API reference, "Error responses".

use crate::model::Texts;
use crate::services::Refused;
use crate::services::s3::S3Error;
use bytes::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
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
    let message = refused.reworded(texts).unwrap_or_else(|| refused.message.clone());
    let status = StatusCode::from_u16(refused.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = status;
    for (name, value) in error.headers() {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(HeaderName::from_static(name), value);
        }
    }
    if status == StatusCode::NOT_MODIFIED {
        return response;
    }
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/xml"));
    if request.method() == Method::HEAD {
        return response;
    }
    let mut body = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>");
    let mut member = |name: &str, value: &str| {
        body.push_str(&format!("<{name}>{}</{name}>", escape(value)));
    };
    member("Code", &refused.code);
    member("Message", &message);
    for (name, value) in error.members() {
        member(name, &value);
    }
    member("RequestId", request_id);
    member("HostId", &host_id(request_id));
    body.push_str("</Error>");
    *response.body_mut() = body.into();
    response
}

/// What S3 calls its second request id; it follows from the first.
pub(super) fn host_id(request_id: &str) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(format!("mockplane {request_id}"))
}
