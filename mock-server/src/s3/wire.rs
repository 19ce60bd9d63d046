//! From a request to `s3s` and back.

use super::api::Api;
use super::body::{self, has_query};
use super::call::{Call, Facts, endpoint};
use super::host::{self, S3Host};
use super::refusal::identified;
use super::{Answered, Request};
use crate::services::s3::{S3Error, range};
use bytes::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_LENGTH, EXPIRES, HOST, HeaderValue, RANGE};
use hyper::{HeaderMap, Method, Response, StatusCode, Uri};
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s::validation::NameValidation;
use s3s::{Body, HttpRequest, HttpResponse};
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, LazyLock, Mutex};
use std::task::{Context, Poll, Waker};

static SERVICE: LazyLock<S3Service> = LazyLock::new(|| {
    let mut builder = S3ServiceBuilder::new(Api);
    builder.set_validation(AnyName);
    builder.build()
});

/// Names are checked where buckets are made; any other that no bucket can have is that of no bucket.
struct AnyName;

impl NameValidation for AnyName {
    fn validate_bucket_name(&self, name: &str) -> bool {
        !name.is_empty()
    }
}

/// Parts of a presigned URL, which say who asks and not what.
const SIGNATURE: &[&str] = &[
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Date",
    "X-Amz-Expires",
    "X-Amz-SignedHeaders",
    "X-Amz-Signature",
    "X-Amz-Security-Token",
    "X-Amz-Content-Sha256",
    "AWSAccessKeyId",
    "Signature",
    "Expires",
];

/// Headers that `s3s` need not see: read by the operations as they came, for S3 is more lenient about them.
const OURS: &[&str] = &[
    "x-amz-security-token",
    "x-amz-content-sha256",
    "if-match",
    "if-none-match",
    "if-modified-since",
    "if-unmodified-since",
    "x-amz-copy-source-if-match",
    "x-amz-copy-source-if-none-match",
    "x-amz-copy-source-if-modified-since",
    "x-amz-copy-source-if-unmodified-since",
    "x-amz-copy-source-range",
];

/// Parts of the API that `s3s` does not know; it would take them for something else.
const UNKNOWN: &[(&str, &str)] = &[
    ("abac", "BucketAbac"),
    ("metadataConfiguration", "BucketMetadataConfiguration"),
    ("metadataInventoryTable", "UpdateBucketMetadataInventoryTableConfiguration"),
    ("metadataJournalTable", "UpdateBucketMetadataJournalTableConfiguration"),
    ("metadataAnnotationTable", "UpdateBucketMetadataAnnotationTableConfiguration"),
    ("renameObject", "RenameObject"),
    ("annotation", "ObjectAnnotation"),
];

/// Answers a request.
pub fn answer(request: Request<'_>) -> Answered {
    let request_id = request.request_id;
    let (operation, outcome) = served(request);
    Answered { operation, outcome: outcome.map(|response| identified(response, request_id)) }
}

fn served(request: Request<'_>) -> (&'static str, Result<Response<Bytes>, S3Error>) {
    let http = request.http;
    let named = http.headers().get(HOST).and_then(|host| host.to_str().ok()).and_then(host::parse);
    let prepared = prepared(&request, named);
    let (call, asked) = match prepared {
        Ok(prepared) => prepared,
        Err(error) => return ("-", Err(error)),
    };
    let answer = polled(SERVICE.call(asked));
    let (operation, refusal, read) = {
        let outcome = &mut *call.outcome();
        (outcome.operation, outcome.refusal.take(), outcome.read.take())
    };
    let operation = operation.unwrap_or("-");
    let result = match (refusal, answer) {
        (Some(refusal), _) => Err(refusal),
        (None, Some(answer)) => finished(answer, read, http.method() == Method::HEAD),
        (None, None) => {
            tracing::error!(operation, "an operation of S3 did not end");
            Err(S3Error::InternalError)
        }
    };
    if result.is_ok() {
        call.record();
    }
    (operation, result)
}

/// What `s3s` is asked: always in path style, unsigned, without chunks.
fn prepared(request: &Request<'_>, named: Option<S3Host<'_>>) -> Result<(Call, HttpRequest), S3Error> {
    let http = request.http;
    let form = http.headers().get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
    if http.method() == Method::POST && form.starts_with("multipart/form-data") {
        return Err(S3Error::NotImplemented("PostObject".into()));
    }
    if let Some((_, operation)) = UNKNOWN.iter().find(|(name, _)| has_query(http, name)) {
        return Err(S3Error::NotImplemented((*operation).into()));
    }
    let uri = uri(http.uri(), named.and_then(|host| host.bucket))?;
    let of_object = uri.path().splitn(3, '/').nth(2).is_some_and(|key| !key.is_empty());
    if of_object && has_query(http, "encryption") {
        return Err(S3Error::NotImplemented("UpdateObjectEncryption".into()));
    }
    let (headers, body) = body::plain(http)?;
    let call = Call(Arc::new(Facts {
        world: request.world.clone(),
        account: request.account.clone(),
        endpoint: endpoint(named, request.signed.then_some(&request.caller.region)),
        caller: request.caller.clone(),
        signed: request.signed,
        now: request.now,
        wall: request.wall,
        headers: headers.clone(),
        query: http.uri().query().unwrap_or_default().to_owned(),
        body: body.clone(),
        gate: request.gate.clone(),
        outcome: Mutex::default(),
    }));
    let mut asked = HttpRequest::new(Body::from(body));
    *asked.method_mut() = http.method().clone();
    *asked.uri_mut() = uri;
    *asked.headers_mut() = without_ours(headers);
    asked.extensions_mut().insert(call.clone());
    Ok((call, asked))
}

fn uri(uri: &Uri, bucket: Option<&str>) -> Result<Uri, S3Error> {
    let mut text = match bucket {
        Some(bucket) => format!("/{bucket}{}", uri.path()),
        None => uri.path().to_owned(),
    };
    let query = uri.query().unwrap_or_default().split('&');
    let query: Vec<_> = query
        .filter(|pair| {
            let name = pair.split('=').next().unwrap_or_default();
            !name.is_empty() && !SIGNATURE.iter().any(|part| part.eq_ignore_ascii_case(name))
        })
        .collect();
    if !query.is_empty() {
        text.push('?');
        text.push_str(&query.join("&"));
    }
    text.parse().map_err(|_| S3Error::InvalidUri(uri.path().to_owned()))
}

fn without_ours(mut headers: HeaderMap) -> HeaderMap {
    headers.remove(AUTHORIZATION);
    // `s3s` would look for a bucket in it.
    headers.remove(HOST);
    headers.remove(EXPIRES);
    OURS.iter().for_each(|name| drop(headers.remove(*name)));
    // A range that cannot be read is none.
    let readable = |value: &HeaderValue| range::asked(value.to_str().ok()?, u64::MAX).ok().flatten();
    if headers.get(RANGE).is_some_and(|range| readable(range).is_none()) {
        headers.remove(RANGE);
    }
    headers
}

/// The operations do not wait for anything, so that one look is enough. `None`: one did.
fn polled<F: Future>(future: F) -> Option<F::Output> {
    let future = pin!(future);
    // `s3s` logs every refusal as an error.
    let silence = tracing::subscriber::NoSubscriber::default();
    tracing::subscriber::with_default(silence, || {
        match future.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(output) => Some(output),
            Poll::Pending => None,
        }
    })
}

/// The answer of `s3s`, or what its own refusal is in S3's words.
fn finished(
    answer: Result<HttpResponse, s3s::HttpError>,
    read: Option<(StatusCode, Bytes)>,
    head: bool,
) -> Result<Response<Bytes>, S3Error> {
    let (mut parts, sent) = answer.map_err(|_| S3Error::InternalError)?.into_parts();
    let sent = match read {
        Some((status, body)) => {
            parts.status = status;
            body
        }
        None => sent.bytes().ok_or(S3Error::InternalError)?,
    };
    if parts.status.is_client_error() || parts.status.is_server_error() {
        return Err(translated(&sent));
    }
    let mut response = Response::from_parts(parts, sent);
    if head {
        *response.body_mut() = Bytes::new();
    } else {
        response.headers_mut().remove(CONTENT_LENGTH);
    }
    Ok(response)
}

/// What `s3s` refuses before an operation sees it.
fn translated(answer: &[u8]) -> S3Error {
    let text = String::from_utf8_lossy(answer);
    let member = |name: &str| {
        let (_, rest) = text.split_once(&format!("<{name}>"))?;
        Some(rest.split_once("</")?.0.to_owned())
    };
    let message = member("Message").unwrap_or_default();
    match member("Code").as_deref() {
        Some("NotImplemented") => {
            let operation = message.split(' ').next().filter(|_| message.ends_with("is not implemented yet"));
            S3Error::NotImplemented(operation.unwrap_or("This request").to_owned())
        }
        Some("MalformedXML" | "MissingRequestBodyError") => S3Error::MalformedXml,
        Some("MethodNotAllowed") => S3Error::MethodNotAllowed,
        Some("KeyTooLongError") => S3Error::KeyTooLong,
        Some("InvalidURI") => S3Error::InvalidUri(String::new()),
        Some("InvalidArgument") => S3Error::argument("", "", message),
        Some("InvalidRequest") => S3Error::InvalidRequest(message),
        Some("MissingContentLength") => S3Error::NoContentLength,
        Some("IncompleteBody") => S3Error::IncompleteBody,
        code => {
            tracing::warn!(code, message, "s3s refuses in a way that is not known here");
            S3Error::InvalidRequest(message)
        }
    }
}
