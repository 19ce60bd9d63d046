//! Amazon SageMaker Runtime: calls to endpoints.
//!
//! An operation finds out which container a call is for and what that was declared to answer. Whoever runs a container
//! of their own gets the call; then what comes back is told as if it had been declared ([`Invoke`]).

mod blob;
pub mod error;
mod invoke;
mod later;
mod stream;
mod target;
#[cfg(test)]
mod tests;

use super::{Refused, Registrar};
use crate::jobs::hosting::answer::ModelFailure;
use crate::model::{Invocation, Said};
use error::RuntimeError;
use serde_json::json;

/// Every operation that behaves.
pub fn operations(registrar: &mut impl Registrar) {
    registrar.invoke::<invoke::InvokeEndpoint>();
    registrar.invoke::<stream::InvokeEndpointWithResponseStream>();
    registrar.write::<later::InvokeEndpointAsync>();
}

/// What a container said, if it is an answer.
///
/// # Errors
/// [`RuntimeError::Model`], with what the service model has of it.
fn answered<'a>(invocation: &Invocation, said: &'a Said) -> Result<&'a Said, Refused> {
    let Some(failure) = ModelFailure::of(invocation, said) else { return Ok(said) };
    let members = Box::new([
        ("ErrorCode", json!(failure.code)),
        ("OriginalStatusCode", json!(failure.status)),
        ("OriginalMessage", json!(failure.original)),
        ("LogStreamArn", json!(failure.log_arn)),
    ]);
    Err(Refused { members, ..RuntimeError::Model { text: failure.message }.into() })
}
