//! The client's side of the same wires: requests out, answers in.
//!
//! For callers inside the program (scenarios, tests) that speak to a server as an SDK would.

mod request;
mod response;
pub mod s3;
mod sign;
mod xml;

use super::HeaderList;
use super::value::ShapeError;

pub use request::{encode_request, encode_value};
pub use response::{decode_response, decode_value};
pub use sign::sign;

/// An HTTP request, unsigned. The transport adds host and length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpRequest {
    /// HTTP method.
    pub method: &'static str,
    /// Path and query string, percent-encoded.
    pub path_and_query: String,
    /// Headers.
    pub headers: HeaderList,
    /// Body.
    pub body: Vec<u8>,
}

/// A call that cannot be put on the wire.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// The service has no operation of that name.
    #[error("{service} has no operation {name}")]
    NoSuchOperation {
        /// Name of the service.
        service: &'static str,
        /// Name that was asked for.
        name: String,
    },
    /// The parameters do not fit the operation's input.
    #[error("{operation}: {error}")]
    Shape {
        /// Name of the operation.
        operation: &'static str,
        /// What does not fit, and where.
        error: ShapeError,
    },
    /// A member that is part of the path is absent.
    #[error("{operation}: {member} is part of the path and must be given")]
    NoLabel {
        /// Name of the operation.
        operation: &'static str,
        /// Name of the member.
        member: &'static str,
    },
    /// The value was made for another shape.
    #[error("{0}")]
    Value(String),
}

#[cfg(test)]
mod tests;
