//! Targets behind a URL, and finding out what they are.

use super::{Address, Target, Unreachable, aws};
use crate::clock::wall;
use crate::gateway::ROOT_SECRET;
use crate::kernel::AccountId;
use crate::scenario::callee::Callee;
use crate::scenario::plane::{Credentials, Owner, Plane};
use crate::scenario::session;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Request, Response, StatusCode, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use std::time::Duration;

/// The word that stands for AWS itself where an endpoint can be.
pub const AWS: &str = "aws";

/// The region whose STS is asked who somebody is.
const REGION: &str = "us-east-1";

/// A control plane behind a URL, or AWS.
pub struct Http {
    /// Where everything is; `None` is AWS, which has an address for each service and region.
    endpoint: Option<String>,
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    plane: Plane,
}

impl Http {
    /// The longest that one answer may take. `advance` answers only when everything has settled.
    const PATIENCE: Duration = Duration::from_secs(60);

    /// A Mockplane.
    ///
    /// # Errors
    /// If the endpoint is no URL, or there can be no client.
    pub fn new(endpoint: &str) -> Result<Self, Unreachable> {
        Self::with_root_secret(endpoint, ROOT_SECRET)
    }

    /// A Mockplane whose roots sign with this secret.
    ///
    /// # Errors
    /// See [`Self::new`].
    pub fn with_root_secret(endpoint: &str, root_secret: &str) -> Result<Self, Unreachable> {
        let told = |what: &dyn std::fmt::Display| Unreachable(format!("`{endpoint}` is no endpoint: {what}"));
        let url: Uri = endpoint.parse().map_err(|error: hyper::http::uri::InvalidUri| told(&error))?;
        if !matches!(url.scheme_str(), Some("http" | "https"))
            || url.authority().is_none()
            || url.query().is_some()
        {
            return Err(told(&"it is like http://127.0.0.1:4545, or the word aws"));
        }
        let is_secure = url.scheme_str() == Some("https");
        let plane = Plane::Mockplane { root_secret: root_secret.to_owned() };
        let endpoint = url.to_string().trim_end_matches('/').to_owned();
        Ok(Self { endpoint: Some(endpoint), client: client(is_secure)?, plane })
    }

    /// Whatever is there: AWS, or at a URL a Mockplane, or something else that AWS's SDKs can talk to; of these the
    /// credentials are asked for, and then whose they are.
    ///
    /// # Errors
    /// Nothing is there, or nothing that such credentials are good for.
    pub async fn find(
        endpoint: &str,
        root_secret: &str,
        credentials: impl FnOnce() -> Result<Credentials, String>,
    ) -> Result<Self, Unreachable> {
        let credentials = || credentials().map_err(|missing| Unreachable(format!("{endpoint}: {missing}")));
        if endpoint == AWS {
            let credentials = credentials()?;
            let plane = Plane::Mockplane { root_secret: root_secret.to_owned() };
            return Self { endpoint: None, client: client(true)?, plane }.owned_by(credentials).await;
        }
        let found = Self::with_root_secret(endpoint, root_secret)?;
        if found.is_mockplane().await? { Ok(found) } else { found.owned_by(credentials()?).await }
    }

    /// The same as a foreign target, in the account of whoever has these credentials.
    async fn owned_by(mut self, credentials: Credentials) -> Result<Self, Unreachable> {
        let account = self.account_of(&credentials).await?;
        self.plane = Plane::Foreign(Owner { account, credentials });
        Ok(self)
    }

    /// Whether what is there has the control API.
    async fn is_mockplane(&self) -> Result<bool, Unreachable> {
        let request = Request::get("/_mockplane/info").body(Bytes::new());
        let answer = self.send(request.map_err(|error| Unreachable(error.to_string()))?).await?;
        let told: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
        Ok(answer.status() == StatusCode::OK && told["name"] == "mockplane")
    }

    /// Whose credentials these are.
    async fn account_of(&self, credentials: &Credentials) -> Result<AccountId, Unreachable> {
        const CALL: &str = "sts.GetCallerIdentity";
        let told = |what: &dyn std::fmt::Display| Unreachable(format!("{CALL}: {what}"));
        let callee = Callee::find(CALL).map_err(|error| told(&error))?;
        let encoded = callee.encode(&json!({})).map_err(|error| told(&error))?;
        let address = self.address(callee, REGION);
        let request = session::signed(&encoded, &address, callee.signing_name(), credentials, wall());
        let answer = self.send(request.map_err(|error| told(&error))?).await?;
        let identity = callee.decode(answer.status().as_u16(), answer.headers(), answer.body());
        let identity = identity.map_err(|fault| told(&fault))?;
        let account = identity["Account"].as_str().and_then(AccountId::parse);
        account.ok_or_else(|| told(&"the answer names no account"))
    }
}

impl Target for Http {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, Unreachable> {
        let (mut parts, body) = request.into_parts();
        if let (None, Some(endpoint)) = (parts.uri.authority(), &self.endpoint) {
            let url = format!("{endpoint}{}", parts.uri).parse();
            parts.uri = url.map_err(|error: hyper::http::uri::InvalidUri| Unreachable(error.to_string()))?;
        }
        let place = format!(
            "{}://{}",
            parts.uri.scheme_str().unwrap_or_default(),
            parts.uri.host().unwrap_or_default()
        );
        let place = self.endpoint.clone().unwrap_or(place);
        let told = |error: &dyn std::error::Error| Unreachable(format!("{place}: {}", causes(error)));
        let exchange = async {
            let answer = self.client.request(Request::from_parts(parts, Full::new(body))).await;
            let (parts, body) = answer.map_err(|error| told(&error))?.into_parts();
            let body = body.collect().await.map_err(|error| told(&error))?;
            Ok(Response::from_parts(parts, body.to_bytes()))
        };
        let answer = tokio::time::timeout(Self::PATIENCE, exchange).await;
        answer.unwrap_or_else(|_| {
            Err(Unreachable(format!("{place}: no answer in {} seconds", Self::PATIENCE.as_secs())))
        })
    }

    fn plane(&self) -> Plane {
        self.plane.clone()
    }

    fn address(&self, callee: Callee, region: &str) -> Address {
        let aws = aws::address(callee, region);
        match (&self.endpoint, &self.plane) {
            (None, _) => aws,
            (Some(endpoint), Plane::Mockplane { .. }) => {
                Address { origin: endpoint.clone(), region: region.to_owned() }
            }
            (Some(endpoint), Plane::Foreign(_)) => Address { origin: endpoint.clone(), ..aws },
        }
    }
}

/// A client that follows no redirects and knows no proxies. The certificates that this machine trusts are read only if they
/// are asked for.
fn client(is_secure: bool) -> Result<Client<HttpsConnector<HttpConnector>, Full<Bytes>>, Unreachable> {
    let mut plain = HttpConnector::new();
    plain.enforce_http(false);
    plain.set_nodelay(true);
    let builder = HttpsConnectorBuilder::new();
    let connector = if is_secure {
        let told =
            |error: std::io::Error| Unreachable(format!("no certificates that can be trusted: {error}"));
        builder.with_native_roots().map_err(told)?.https_only().enable_http1().wrap_connector(plain)
    } else {
        let roots = rustls::RootCertStore::empty();
        let config = rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        builder.with_tls_config(config).https_or_http().enable_http1().wrap_connector(plain)
    };
    Ok(Client::builder(TokioExecutor::new()).build(connector))
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
