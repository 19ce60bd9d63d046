//! What a scenario talks to: a control plane in this process, one behind a URL, or AWS itself.

mod aws;
mod http;

use super::callee::Callee;
use super::plane::Plane;
use crate::gateway::ROOT_SECRET;
use bytes::Bytes;
use hyper::{Request, Response};

pub use http::Http;

/// Something that answers requests.
pub trait Target: Sync {
    /// Sends a request, whose address is a path or what [`address`](Self::address) says, and waits for the whole answer.
    fn send(
        &self,
        request: Request<Bytes>,
    ) -> impl Future<Output = Result<Response<Bytes>, Unreachable>> + Send;

    /// What it is and can do.
    fn plane(&self) -> Plane;

    /// Where calls of an operation go that are for a region.
    fn address(&self, callee: Callee, region: &str) -> Address;
}

/// Where a call goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// Scheme and host, with what paths begin with there.
    pub origin: String,
    /// The region for which it is signed.
    pub region: String,
}

/// Nothing answered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unreachable(pub String);

/// A control plane that can be asked without a socket.
pub trait Exchange: Sync {
    fn exchange(
        &self,
        request: Request<Bytes>,
    ) -> impl Future<Output = Result<Response<Bytes>, Unreachable>> + Send;

    /// What the requests of roots are signed with.
    fn root_secret(&self) -> &str {
        ROOT_SECRET
    }
}

/// A control plane in this process.
pub struct InProcess<E>(pub E);

impl<E: Exchange> Target for InProcess<E> {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, Unreachable> {
        self.0.exchange(request).await
    }

    fn plane(&self) -> Plane {
        Plane::Mockplane { root_secret: self.0.root_secret().to_owned() }
    }

    fn address(&self, _: Callee, region: &str) -> Address {
        Address { origin: "http://localhost".into(), region: region.to_owned() }
    }
}
