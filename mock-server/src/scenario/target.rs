//! What a scenario talks to: a control plane in this process, or one behind a URL.

use bytes::Bytes;
use hyper::{Request, Response};
use std::time::Duration;

/// Something that answers requests.
pub trait Target: Sync {
    /// Sends a request, whose address is a path, and waits for the whole answer.
    fn send(
        &self,
        request: Request<Bytes>,
    ) -> impl Future<Output = Result<Response<Bytes>, Unreachable>> + Send;
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
}

/// A control plane in this process.
pub struct InProcess<E>(pub E);

impl<E: Exchange> Target for InProcess<E> {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, Unreachable> {
        self.0.exchange(request).await
    }
}

/// A control plane behind a URL.
pub struct Http {
    endpoint: String,
    client: reqwest::Client,
}

impl Http {
    /// The longest that one answer may take. `advance` answers only when everything has settled.
    const PATIENCE: Duration = Duration::from_secs(60);

    /// # Errors
    /// If the endpoint is no URL, or there can be no client.
    pub fn new(endpoint: &str) -> Result<Self, Unreachable> {
        let told = |error: reqwest::Error| Unreachable(causes(&error));
        let url = reqwest::Url::parse(endpoint)
            .map_err(|error| Unreachable(format!("`{endpoint}` is no endpoint: {error}")))?;
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Self::PATIENCE)
            .build()
            .map_err(told)?;
        Ok(Self { endpoint: url.as_str().trim_end_matches('/').to_owned(), client })
    }
}

impl Target for Http {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, Unreachable> {
        let told = |error: reqwest::Error| Unreachable(format!("{}: {}", self.endpoint, causes(&error)));
        let (parts, body) = request.into_parts();
        let url = format!("{}{}", self.endpoint, parts.uri);
        let answer = self.client.request(parts.method, url).headers(parts.headers).body(body).send().await;
        let answer = answer.map_err(told)?;
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = answer.status();
        *response.headers_mut() = answer.headers().clone();
        *response.body_mut() = answer.bytes().await.map_err(told)?;
        Ok(response)
    }
}

/// An error with what is behind it: the outermost alone seldom says what happened.
fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}
