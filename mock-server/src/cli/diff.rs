//! The two targets of `run --diff`.

use super::remote;
use crate::admin::Site;
use crate::scenario::callee::Callee;
use crate::scenario::plane::Plane;
use crate::scenario::target::{Address, Http, InProcess, Target, Unreachable};
use crate::server::Config;
use bytes::Bytes;
use hyper::{Request, Response};

/// The word for a control plane in this process.
pub const IN_PROCESS: &str = "in-process";

/// Either kind of target.
pub enum Either {
    InProcess(Box<Site>),
    Elsewhere(Box<Http>),
}

/// The target of this name.
///
/// # Errors
/// Nothing answers there, or there are no credentials that are good for it.
pub async fn find(name: &str, root_secret: &str) -> Result<Either, Unreachable> {
    Ok(match name {
        IN_PROCESS => Either::InProcess(Box::new(Config::default().site())),
        url => Either::Elsewhere(Box::new(remote::find(url, root_secret).await?)),
    })
}

impl Target for Either {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, Unreachable> {
        match self {
            Either::InProcess(site) => InProcess(&**site).send(request).await,
            Either::Elsewhere(http) => http.send(request).await,
        }
    }

    fn plane(&self) -> Plane {
        match self {
            Either::InProcess(site) => InProcess(&**site).plane(),
            Either::Elsewhere(http) => http.plane(),
        }
    }

    fn address(&self, callee: Callee, region: &str) -> Address {
        match self {
            Either::InProcess(site) => InProcess(&**site).address(callee, region),
            Either::Elsewhere(http) => http.address(callee, region),
        }
    }
}
