//! What a call is on the wire, where that is not what an SDK would send: a client that is broken, old, or slow.
//!
//! What is laid over a request is signed along with it; headers are laid over it again once it is signed, so that those
//! of the signature can be what one wants too.

use super::plane::Credentials;
use super::problem::{Place, Problem};
use super::schema::one_of;
use super::span::Span;
use super::template::{MERGE, Scope};
use super::tree::{Key, Kind, Node};
use crate::aws::client::HttpRequest;
use crate::kernel::SimTime;
use bytes::Bytes;
use hyper::Request;
use hyper::header::{HeaderName, HeaderValue};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_saphyr::Spanned;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// What is other than an SDK would send it. Such a call is sent once: it follows nobody to another region.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Wire {
    /// Headers by name, those of the signature too; `null` takes one away.
    #[schemars(with = "Option<BTreeMap<String, Option<String>>>")]
    pub headers: Option<Node>,
    /// Parameters of the address, after those that it has.
    #[schemars(with = "Option<BTreeMap<String, String>>")]
    pub query: Option<Node>,
    /// The path of the address, percent-encoded.
    #[schemars(with = "Option<String>")]
    pub path: Option<Node>,
    #[schemars(with = "Option<String>")]
    pub body: Option<Node>,
    /// Where it is sent, and what it is signed for.
    #[schemars(with = "Option<String>")]
    pub region: Option<Node>,
    /// How wrong the client's clock is.
    #[schemars(with = "Option<Clock>")]
    pub clock: Option<Spanned<Clock>>,
    /// The secret that it is signed with.
    #[schemars(with = "Option<String>")]
    pub secret: Option<Node>,
}

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schemars(extend("oneOf" = one_of(&["slow", "fast"])))]
pub struct Clock {
    pub slow: Option<Span>,
    pub fast: Option<Span>,
}

impl Wire {
    fn texts(&self) -> impl Iterator<Item = &Node> {
        [&self.path, &self.body, &self.region, &self.secret].into_iter().flatten()
    }

    /// Everything in which there may be templates.
    pub(super) fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.texts().chain(&self.headers).chain(&self.query)
    }

    /// What is wrong with it before anything runs.
    pub(super) fn check(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let text = |node: &Node| (node.text().is_none()).then(|| not_text(node));
        problems.extend(self.texts().filter_map(text));
        for node in [&self.headers, &self.query].into_iter().flatten() {
            // A template stands for one.
            if !matches!(node.kind, Kind::Map(_)) && node.text().is_none_or(|text| !text.contains("${")) {
                let message = format!("expected a mapping of texts by name, found {}", node.what());
                problems.push(Problem::new(node.place, message));
            }
        }
        let is_own = |(key, _): &&(Key, Node)| key.text != MERGE;
        for (key, value) in self.headers.iter().flat_map(Node::entries).filter(is_own) {
            if HeaderName::from_bytes(key.text.as_bytes()).is_err() {
                problems.push(Problem::new(key.place, format!("`{}` is no name of a header", key.text)));
            }
            problems.extend(text(value).filter(|_| value.kind != Kind::Null));
        }
        problems.extend(
            self.query.iter().flat_map(Node::entries).filter(is_own).filter_map(|(_, value)| text(value)),
        );
        if let Some(path) = self.path.as_ref().and_then(Node::text)
            && !path.starts_with('/')
        {
            let place = self.path.as_ref().map_or(Place { line: 1, column: 1 }, |path| path.place);
            problems.push(Problem::new(place, format!("`{path}` is no path: it begins with `/`")));
        }
        if let Some(clock) = &self.clock
            && clock.value.slow.is_some() == clock.value.fast.is_some()
        {
            problems.push(Problem::new(clock.referenced, "a clock is either `slow` or `fast`"));
        }
        problems
    }

    /// What it comes to once templates are filled in.
    pub(super) fn filled(&self, scope: &Scope) -> Result<Changes, Problem> {
        let text = |node: &Node| match scope.value(node)? {
            serde_json::Value::String(text) => Ok(text),
            _ => Err(not_text(node)),
        };
        let maybe = |node: &Option<Node>| node.as_ref().map(text).transpose();
        let mut headers = Vec::new();
        for (place, name, value) in named(&self.headers, scope)? {
            let wrong = |what: &str| Problem::new(place, format!("`{name}` {what}"));
            let value = value.map(|text| HeaderValue::from_bytes(text.as_bytes())).transpose();
            let value = value.map_err(|_| wrong("has a value that no header has"))?;
            let header = HeaderName::from_bytes(name.as_bytes());
            headers.push((header.map_err(|_| wrong("is no name of a header"))?, value));
        }
        let query = named(&self.query, scope)?.into_iter();
        let query = query.filter_map(|(_, name, value)| Some((name, value?))).collect();
        Ok(Changes {
            headers,
            query,
            path: maybe(&self.path)?,
            body: maybe(&self.body)?,
            region: maybe(&self.region)?,
            secret: maybe(&self.secret)?,
            clock: self.clock.as_ref().map(|clock| clock.value),
        })
    }
}

/// Texts by name, or `null`.
fn named(node: &Option<Node>, scope: &Scope) -> Result<Vec<(Place, String, Option<String>)>, Problem> {
    let Some(node) = node else { return Ok(Vec::new()) };
    let told = |error: serde_json::Error| Problem::new(node.place, error.to_string());
    let all: BTreeMap<String, Option<String>> = serde_json::from_value(scope.value(node)?).map_err(told)?;
    Ok(all.into_iter().map(|(name, value)| (node.place, name, value)).collect())
}

fn not_text(node: &Node) -> Problem {
    Problem::new(node.place, format!("expected a text, found {}", node.what()))
}

/// What is done to a request.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    headers: Vec<(HeaderName, Option<HeaderValue>)>,
    query: Vec<(String, String)>,
    path: Option<String>,
    body: Option<String>,
    pub(super) region: Option<String>,
    secret: Option<String>,
    clock: Option<Clock>,
}

impl Changes {
    /// The request as it is signed.
    pub(super) fn laid_over(&self, request: &HttpRequest) -> HttpRequest {
        let mut request = request.clone();
        let (path, query) = request.path_and_query.split_once('?').unwrap_or((&request.path_and_query, ""));
        let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let added = self.query.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value)));
        let query: Vec<_> =
            Some(query.to_owned()).filter(|query| !query.is_empty()).into_iter().chain(added).collect();
        let path = self.path.as_deref().unwrap_or(path);
        request.path_and_query =
            if query.is_empty() { path.to_owned() } else { format!("{path}?{}", query.join("&")) };
        for (name, value) in &self.headers {
            request.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name.as_str()));
            let text = value.as_ref().and_then(|value| value.to_str().ok());
            request.headers.extend(text.map(|text| (name.to_string().into(), text.to_owned().into())));
        }
        if let Some(body) = &self.body {
            request.body = body.clone().into_bytes();
        }
        request
    }

    /// What the client takes the time to be.
    pub(super) fn time(&self, now: SimTime) -> SimTime {
        let span =
            |span: Option<Span>| i64::try_from(span.map_or(0, |span| span.0.as_millis())).unwrap_or(i64::MAX);
        let (slow, fast) = self.clock.map_or((0, 0), |clock| (span(clock.slow), span(clock.fast)));
        SimTime::from_millis(now.millis().saturating_sub(slow).saturating_add(fast))
    }

    /// What it is signed with.
    pub(super) fn credentials<'c>(&self, credentials: &'c Credentials) -> Cow<'c, Credentials> {
        match &self.secret {
            None => Cow::Borrowed(credentials),
            Some(secret) => {
                Cow::Owned(Credentials { secret_access_key: secret.clone(), ..credentials.clone() })
            }
        }
    }

    /// Headers as they are to be, whatever the signature made of them.
    pub(super) fn insist(&self, request: &mut Request<Bytes>) {
        for (name, value) in &self.headers {
            match value {
                Some(value) => drop(request.headers_mut().insert(name, value.clone())),
                None => drop(request.headers_mut().remove(name)),
            }
        }
    }
}
