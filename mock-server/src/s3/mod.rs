//! S3's wire, over the crate `s3s`: its routes, shapes and XML. Who calls is known before; what buckets and objects do
//! is in `services::s3`.
//!
//! ```text
//! host -> body (chunks, digests) -> s3s -> api (one function for each operation; asks access) -> answer
//! ```
//!
//! Built with the feature `s3`; without it every request to S3 is answered 501.

pub mod access;
mod acts;
pub mod bucket_policy;
pub mod host;
mod keys;
mod refusal;

#[cfg(feature = "s3")]
mod api;
#[cfg(feature = "s3")]
mod body;
#[cfg(feature = "s3")]
mod call;
#[cfg(feature = "s3")]
mod wire;

use crate::kernel::SimTime;
use crate::model::{Account, World};
use crate::services::Caller;
use crate::services::s3::S3Error;
use bytes::Bytes;
use std::sync::Arc;

pub use refusal::{printed, refusal};
#[cfg(feature = "s3")]
pub use wire::answer;

/// A request to S3, from somebody who is known.
pub struct Request<'a> {
    pub http: &'a hyper::Request<Bytes>,
    pub world: &'a Arc<World>,
    /// The caller's.
    pub account: &'a Arc<Account>,
    pub now: SimTime,
    pub wall: SimTime,
    pub caller: Caller,
    pub signed: bool,
    pub request_id: &'a str,
    /// Is asked before an operation begins.
    pub gate: Option<Arc<dyn Gate>>,
}

/// Something that may have an operation not begin.
pub trait Gate: Send + Sync {
    /// Whether it begins. Whoever says no has another answer for the request.
    fn opens(&self, operation: &'static str) -> bool;
}

/// What was done, and the answer to it, or why it was refused.
pub struct Answered {
    pub operation: &'static str,
    pub outcome: Result<hyper::Response<Bytes>, S3Error>,
}

/// The operations that behave.
#[cfg(feature = "s3")]
pub fn operations() -> &'static [&'static str] {
    api::SERVED
}

/// Without the feature `s3`.
#[cfg(not(feature = "s3"))]
pub fn operations() -> &'static [&'static str] {
    &[]
}

/// Without the feature `s3`.
#[cfg(not(feature = "s3"))]
pub fn answer(_: Request<'_>) -> Answered {
    let error = S3Error::NotBuilt("This program was built without S3, which");
    Answered { operation: "-", outcome: Err(error) }
}
