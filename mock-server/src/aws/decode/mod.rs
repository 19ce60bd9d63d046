//! Requests to values.
//!
//! Each protocol finds the operation and reads the input under the guidance of its shape. What comes
//! out fits the shape by construction; whether it satisfies the constraints is for
//! [`validate`](mod@super::validate) to say. Work and memory are linear in the size of the request, and
//! nesting is bounded, whatever arrives.

mod form;
mod json;
mod query;
mod rest;

pub(super) use json::document as json_document;
pub(super) use rest::scalar as rest_scalar;

use super::model::{Operation, Protocol, ServiceModel};
use super::value::Value;
use super::{Fault, RequestParts};

/// Reads a request.
///
/// # Errors
/// A [`Fault`] in the service's own terms: no such operation, bytes that are not of the protocol,
/// values of the wrong type, and (EC2) parameters that the operation does not have.
pub fn decode(
    model: &'static ServiceModel,
    parts: &RequestParts<'_>,
) -> Result<(&'static Operation, Value), Fault> {
    match model.protocol() {
        Protocol::Ec2 | Protocol::Query => query::decode(model, parts),
        Protocol::Json11 => json::decode(model, parts),
        Protocol::RestJson => rest::decode(model, parts),
    }
}

/// The operation that a request names, without reading its input; `None` if it names none of the
/// service's operations.
pub fn operation_of(model: &'static ServiceModel, parts: &RequestParts<'_>) -> Option<&'static Operation> {
    match model.protocol() {
        Protocol::Ec2 | Protocol::Query => model.operation(&super::route::parameter(parts, "Action")?),
        Protocol::Json11 => model.operation(json::operation_name(parts)?),
        Protocol::RestJson => rest::route(model, parts).map(|(operation, _)| operation),
    }
}

#[cfg(test)]
mod tests;
