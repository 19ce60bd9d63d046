//! Request bodies: how large they may be, and how they are unzipped.

use super::{Gateway, route};
use crate::aws::{Fault, Protocol, ServiceId};
use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use hyper::Request;
use hyper::header::CONTENT_ENCODING;
use hyper::http::request::Parts;
use std::io::Read;

/// The largest body that is read, zipped or not, in bytes; of a request to S3 see [`Gateway::largest_body`].
///
/// Above every documented limit of the other services served here; 6 MiB is the largest of them.
pub const LARGEST: usize = 8 * 1024 * 1024;

/// The largest form that is read, in bytes: its parts take many times the room of its text.
const LARGEST_FORM: usize = 2 * 1024 * 1024;

/// The largest body of a call to an endpoint, before its operation says what it takes. Source: an older limit that was
/// seen in public issue threads, which is as much above the one of its day as this is above today's.
const LARGEST_CALL: usize = 6_291_456 + 4_096;

/// The transport marks a request whose body it did not read to its end, because it was too large.
#[derive(Clone, Copy, Debug)]
pub struct TooLarge;

/// Why a body cannot be read.
#[derive(Clone, Copy, Debug)]
pub(super) enum Problem {
    /// It has more than this many bytes.
    TooLarge(usize),
    CallTooLarge,
    NotGzip,
    UnknownEncoding,
}

impl Problem {
    pub(super) fn fault(self) -> Fault {
        match self {
            Problem::TooLarge(most) => {
                let text = format!("The request body is larger than {most} bytes");
                Fault::new("RequestEntityTooLarge", text).with_status(413)
            }
            // What clients take for the code is the status: there is no code.
            Problem::CallTooLarge => {
                let text = format!("HTTP content length exceeded {LARGEST_CALL} bytes.");
                Fault::new("413", text).with_status(413)
            }
            Problem::NotGzip => Fault::new("SerializationException", "The request body is not valid gzip"),
            Problem::UnknownEncoding => {
                Fault::new("UnsupportedMediaType", "The request's Content-Encoding is not supported")
                    .with_status(415)
            }
        }
    }
}

impl Gateway {
    /// The largest body that is read of a request with this head: of one to S3 what an account may keep, and some
    /// room for the frame of its chunks.
    pub fn largest_body(&self, head: &Parts) -> usize {
        let query = head.uri.query().unwrap_or_default();
        if !route::may_be_s3(head.method.as_str(), head.uri.path(), query, &head.headers) {
            return LARGEST;
        }
        let most = usize::try_from(self.s3_bytes).unwrap_or(usize::MAX);
        most.saturating_add(most / 64).saturating_add(LARGEST)
    }
}

/// Whether a service takes a body of this size.
pub(super) fn fits(service: ServiceId, body: &Bytes) -> Result<(), Problem> {
    if service == ServiceId::SageMakerRuntime && body.len() > LARGEST_CALL {
        return Err(Problem::CallTooLarge);
    }
    let form = matches!(service.protocol(), Protocol::Ec2 | Protocol::Query);
    if form && body.len() > LARGEST_FORM { Err(Problem::TooLarge(LARGEST_FORM)) } else { Ok(()) }
}

/// The request's body, unzipped if it was zipped.
pub(super) fn unpacked(request: &Request<Bytes>) -> Result<Bytes, Problem> {
    if request.extensions().get::<TooLarge>().is_some() {
        return Err(Problem::TooLarge(LARGEST));
    }
    match request.headers().get(CONTENT_ENCODING).map(|value| value.as_bytes()) {
        None | Some(b"identity" | b"aws-chunked" | b"amz-1.0" | b"") => Ok(request.body().clone()),
        Some(b"gzip") => {
            let mut plain = Vec::new();
            let mut reader = MultiGzDecoder::new(request.body().as_ref()).take(LARGEST as u64 + 1);
            reader.read_to_end(&mut plain).map_err(|_| Problem::NotGzip)?;
            if plain.len() > LARGEST { Err(Problem::TooLarge(LARGEST)) } else { Ok(plain.into()) }
        }
        Some(_) => Err(Problem::UnknownEncoding),
    }
}
