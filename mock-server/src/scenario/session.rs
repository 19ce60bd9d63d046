//! One scenario's conversation with its target: calls as an SDK makes them, and the control API.

use super::callee::Callee;
use super::file::{Data, Limit, Signatures};
use super::plane::{Ability, Credentials, Plane};
use super::span::Span;
use super::target::{Address, Target};
use super::transcript::{Recorded, Transcript};
use super::wire::Changes;
use crate::aws::client::{self, HttpRequest};
use crate::aws::sigv4::Signer;
use crate::aws::{Fault, HeaderLookup, timestamp};
use crate::clock::wall;
use crate::kernel::{AccountId, SimTime};
use bytes::Bytes;
use hyper::{Method, Request, Response, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Where S3 says which region a bucket is in that was asked for in another one.
const BUCKET_REGION: &str = "x-amz-bucket-region";

/// The conversation cannot go on: what the target answered makes no sense, or nothing was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken(pub String);

/// What a call was answered.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    Done(Value),
    Refused(Fault),
    /// The connection was closed before all of it was there.
    Lost(String),
}

/// The account's time, as the control API last told it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Time {
    pub now: SimTime,
    /// When something happens next by itself.
    pub next_due: Option<SimTime>,
}

pub struct Session<'a, T> {
    target: &'a T,
    pub plane: Plane,
    pub account: AccountId,
    pub region: String,
    pub time: Time,
    pub transcript: Transcript,
    /// The fixture that is being made.
    pub within: Option<String>,
}

impl<'a, T: Target> Session<'a, T> {
    pub fn new(target: &'a T, account: AccountId, region: String, start: SimTime) -> Self {
        let time = Time { now: start, next_due: None };
        let plane = target.plane();
        let mut session =
            Self { target, plane, account, region, time, transcript: Transcript::default(), within: None };
        session.tell_time();
        session
    }

    // === Calls ===

    /// Calls an operation as the account's root.
    pub async fn call(&mut self, callee: Callee, input: &Value) -> Result<Answer, Broken> {
        self.call_as(None, callee, input, None).await
    }

    /// Calls an operation. A bucket that is in another region is asked there, as SDKs do.
    pub async fn call_as(
        &mut self,
        caller: Option<&Credentials>,
        callee: Callee,
        input: &Value,
        wire: Option<&Changes>,
    ) -> Result<Answer, Broken> {
        let title = self.titled(format_args!("{}.{}", callee.service(), callee.operation()));
        let broken = |message: String| Broken(format!("{title}: {message}"));
        let encoded = callee.encode(input).map_err(|error| Broken(error.to_string()))?;
        let region = wire.and_then(|wire| wire.region.clone()).unwrap_or_else(|| self.region.clone());
        let request = self.signed(&encoded, caller, callee, &region, wire).map_err(broken)?;
        let mut response = match self.target.send(request).await {
            Ok(response) => response,
            Err(error) => {
                self.transcript.0.push(Recorded::lost(&title));
                return Ok(Answer::Lost(format!("{title}: {error}")));
            }
        };
        if wire.is_none()
            && response.status() == StatusCode::MOVED_PERMANENTLY
            && let Some(region) = HeaderLookup::get(response.headers(), BUCKET_REGION)
        {
            let region = region.to_owned();
            let request = self.signed(&encoded, caller, callee, &region, None).map_err(broken)?;
            response = self.send(&title, request).await?;
        }
        // Another account has a time and a count of requests of its own.
        let is_another = caller.and_then(|caller| AccountId::parse(&caller.access_key_id));
        self.transcript.0.push(match is_another.filter(|account| *account != self.account) {
            Some(_) => Recorded::told_to_another(&title, &response),
            None => {
                let origin = self.target.address(callee, &region).origin;
                Recorded::new(&title, &response).said_at(&origin)
            }
        });
        let status = response.status().as_u16();
        match callee.decode(status, response.headers(), response.body()) {
            Ok(value) => Ok(Answer::Done(value)),
            Err(unreadable) if status < 300 => Err(broken(unreadable.message)),
            Err(fault) => Ok(Answer::Refused(fault)),
        }
    }

    /// What is asked, as transcripts and messages call it.
    fn titled(&self, what: std::fmt::Arguments<'_>) -> String {
        self.within.as_ref().map_or_else(|| what.to_string(), |name| format!("{name}: {what}"))
    }

    /// The request to this region, from this account's root or from whom the credentials are.
    fn signed(
        &mut self,
        encoded: &HttpRequest,
        caller: Option<&Credentials>,
        callee: Callee,
        region: &str,
        wire: Option<&Changes>,
    ) -> Result<Request<Bytes>, String> {
        self.tell_time();
        let usual = self.plane.usual_caller(self.account);
        let address = self.target.address(callee, region);
        let (name, caller, now) = (callee.signing_name(), caller.unwrap_or(&usual), self.time.now);
        let Some(wire) = wire else { return signed(encoded, &address, name, caller, now) };
        let encoded = wire.laid_over(encoded);
        let mut request = signed(&encoded, &address, name, &wire.credentials(caller), wire.time(now))?;
        wire.insist(&mut request);
        Ok(request)
    }

    /// Where time cannot be set it is that of the wall clock.
    fn tell_time(&mut self) {
        if !self.plane.can(Ability::VirtualTime) {
            self.time = Time { now: wall(), next_due: None };
        }
    }

    // === The control API ===

    /// Makes the account as new, with this seed and profile.
    pub async fn reset(&mut self, seed: u64, profile: Option<&str>) -> Result<(), Broken> {
        let mut path = format!("/_mockplane/reset?account={}&seed={seed}", self.account);
        if let Some(profile) = profile {
            path = format!("{path}&profile={profile}");
        }
        self.control(Method::POST, &path, None).await.map(|_| ())
    }

    /// Makes the account as new as the server makes them, with nothing of the scenario's, neither settings nor clock, if
    /// it is the one of whoever names none.
    pub async fn give_back(&mut self) -> Result<(), Broken> {
        let info = self.control(Method::GET, "/_mockplane/info", None).await?;
        if info["account"] != self.account.to_string() {
            return Ok(());
        }
        let path = format!("/_mockplane/reset?account={}", self.account);
        self.control(Method::POST, &path, None).await.map(|_| ())
    }

    /// Says what a rule counts for.
    pub async fn set_rule(&mut self, rule: &str, mode: &str) -> Result<(), Broken> {
        let body = json!({"account": self.account.to_string(), "rule": rule, "mode": mode});
        self.control(Method::POST, "/_mockplane/rules", Some(&body)).await.map(|_| ())
    }

    /// Says which zones lack a family of instance types.
    pub async fn set_offering(&mut self, family: &str, zones: &[String]) -> Result<(), Broken> {
        let body = json!({"account": self.account.to_string(), "family": family, "notOffered": zones});
        self.control(Method::POST, "/_mockplane/offerings", Some(&body)).await.map(|_| ())
    }

    /// Says how many instances of a type zones have.
    pub async fn set_capacity(&mut self, name: &str, zones: &BTreeMap<String, Limit>) -> Result<(), Broken> {
        let zones: BTreeMap<_, _> = zones.iter().map(|(zone, most)| (zone, most.to_string())).collect();
        let body = json!({"account": self.account.to_string(), "instanceType": name, "available": zones});
        self.control(Method::POST, "/_mockplane/capacity", Some(&body)).await.map(|_| ())
    }

    /// Says how much of something there may be.
    pub async fn set_quota(&mut self, quota: &str, limit: &str) -> Result<(), Broken> {
        let body = json!({"account": self.account.to_string(), "quota": quota, "limit": limit});
        self.control(Method::POST, "/_mockplane/quotas", Some(&body)).await.map(|_| ())
    }

    /// Says what buckets and objects have to be.
    pub async fn set_data(&mut self, data: &Data) -> Result<(), Broken> {
        let mut body = json!(data);
        body["account"] = self.account.to_string().into();
        self.control(Method::POST, "/_mockplane/data", Some(&body)).await.map(|_| ())
    }

    /// Says whether signatures count.
    pub async fn set_signatures(&mut self, signatures: Signatures) -> Result<(), Broken> {
        let body = json!({"account": self.account.to_string(), "signatures": signatures});
        self.control(Method::POST, "/_mockplane/signatures", Some(&body)).await.map(|_| ())
    }

    /// Says what containers do.
    pub async fn declare(&mut self, behaviours: &[Value]) -> Result<(), Broken> {
        let path = format!("/_mockplane/behaviours?account={}", self.account);
        self.control(Method::POST, &path, Some(&json!({ "behaviours": behaviours }))).await.map(|_| ())
    }

    /// Declares faults.
    pub async fn set_faults(&mut self, faults: &[Value]) -> Result<(), Broken> {
        let path = format!("/_mockplane/faults?account={}", self.account);
        self.control(Method::POST, &path, Some(&json!({ "faults": faults }))).await.map(|_| ())
    }

    /// Clears a fault; the answer is how often it struck.
    pub async fn clear_fault(&mut self, id: &str) -> Result<u64, Broken> {
        let path = format!("/_mockplane/faults/{id}?account={}", self.account);
        let answer = self.control(Method::DELETE, &path, None).await?;
        Ok(answer["faults"][0]["hits"].as_u64().unwrap_or(0))
    }

    /// How often a fault struck that is there.
    pub async fn hits(&mut self, id: &str) -> Result<u64, Broken> {
        let path = format!("/_mockplane/faults/{id}?account={}", self.account);
        Ok(self.control(Method::GET, &path, None).await?["hits"].as_u64().unwrap_or(0))
    }

    /// Sets the account's clock.
    pub async fn set_clock(&mut self, mode: &str, start: Option<SimTime>) -> Result<(), Broken> {
        let mut body = json!({"account": self.account.to_string(), "mode": mode});
        if let Some(start) = start {
            body["start"] = timestamp::iso8601(start.millis()).into();
        }
        self.clock(Method::POST, Some(&body)).await
    }

    /// Moves the account's time on; everything that is due by then has happened when this returns.
    pub async fn advance(&mut self, span: Span) -> Result<(), Broken> {
        let body = json!({"account": self.account.to_string(), "advance": span.to_string()});
        self.clock(Method::POST, Some(&body)).await
    }

    /// Asks what time it is.
    pub async fn look_at_clock(&mut self) -> Result<(), Broken> {
        self.clock(Method::GET, None).await
    }

    /// Keeps the account as it is under a name.
    pub async fn save(&mut self, name: &str) -> Result<(), Broken> {
        let path = format!("/_mockplane/snapshots?account={}", self.account);
        self.control(Method::POST, &path, Some(&json!({ "name": name }))).await.map(|_| ())
    }

    /// Makes the account what it was.
    pub async fn restore(&mut self, name: &str) -> Result<(), Broken> {
        let path = format!("/_mockplane/snapshots/{name}/restore?account={}", self.account);
        self.control(Method::POST, &path, None).await?;
        self.look_at_clock().await
    }

    /// Makes the account what an account was, or the server's own; whether there is such a snapshot.
    pub async fn fork(&mut self, from: Option<&str>, name: &str) -> Result<bool, Broken> {
        let from = from.map(|account| format!("account={account}&")).unwrap_or_default();
        let path = format!("/_mockplane/snapshots/{name}/restore?{from}to={}", self.account);
        let (title, response) = self.ask(Method::POST, &path, None).await?;
        if response.status() == StatusCode::NOT_FOUND {
            return Ok(false);
        }
        document(&title, &response)?;
        self.look_at_clock().await.map(|()| true)
    }

    /// Forgets what was kept.
    pub async fn forget(&mut self, name: &str) -> Result<(), Broken> {
        let path = format!("/_mockplane/snapshots/{name}?account={}", self.account);
        self.control(Method::DELETE, &path, None).await.map(|_| ())
    }

    /// Why a resource is as it is; `None` if there is no such resource.
    pub async fn explain(&mut self, resource: &str) -> Result<Option<Value>, Broken> {
        let path = format!("/_mockplane/explain/{resource}?account={}&region={}", self.account, self.region);
        let (title, response) = self.ask(Method::GET, &path, None).await?;
        if response.status() == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        document(&title, &response).map(Some)
    }

    async fn clock(&mut self, method: Method, body: Option<&Value>) -> Result<(), Broken> {
        if !self.plane.can(Ability::VirtualTime) {
            self.tell_time();
            return Ok(());
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Clock {
            now: String,
            next_due: Option<String>,
        }
        let path = match method {
            Method::GET => format!("/_mockplane/clock?account={}", self.account),
            _ => "/_mockplane/clock".to_owned(),
        };
        let answer = self.control(method, &path, body).await?;
        let wrong = || Broken(format!("{path}: `{answer}` tells no time"));
        let clock: Clock = Deserialize::deserialize(&answer).map_err(|_| wrong())?;
        let time = |text: &str| timestamp::parse(text).map(SimTime::from_millis).ok_or_else(wrong);
        self.time =
            Time { now: time(&clock.now)?, next_due: clock.next_due.as_deref().map(time).transpose()? };
        Ok(())
    }

    async fn control(&mut self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, Broken> {
        let (title, response) = self.ask(method, path, body).await?;
        document(&title, &response)
    }

    /// What was asked of the control API, in short, and what it answers.
    async fn ask(
        &mut self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<(String, Response<Bytes>), Broken> {
        let title = self.titled(format_args!("{method} {path}"));
        let broken = |message: String| Broken(format!("{title}: {message}"));
        let request = Request::builder().method(method).uri(path).header("content-type", "application/json");
        let body = body.map(|body| Bytes::from(body.to_string())).unwrap_or_default();
        let request = request.body(body).map_err(|error| broken(error.to_string()))?;
        let mut response = self.send(&title, request).await?;
        // The account's time is in the answer; this is the time at which it was sent.
        response.headers_mut().remove(hyper::header::DATE);
        self.transcript.0.push(Recorded::new(&title, &response));
        Ok((title, response))
    }

    async fn send(&self, title: &str, request: Request<Bytes>) -> Result<Response<Bytes>, Broken> {
        let response = self.target.send(request).await;
        response.map_err(|error| Broken(format!("{title}: {error}")))
    }
}

/// A call on the wire, signed at this time by whoever has the credentials.
pub(super) fn signed(
    encoded: &HttpRequest,
    address: &Address,
    service: &str,
    credentials: &Credentials,
    now: SimTime,
) -> Result<Request<Bytes>, String> {
    let mut request = Request::builder()
        .method(encoded.method)
        .uri(format!("{}{}", address.origin, encoded.path_and_query));
    for (name, value) in &encoded.headers {
        request = request.header(name.as_ref(), value.as_ref());
    }
    let mut request = request.body(Bytes::from(encoded.body.clone())).map_err(|error| error.to_string())?;
    let signer = Signer {
        access_key: &credentials.access_key_id,
        secret: &credentials.secret_access_key,
        token: credentials.session_token.as_deref(),
    };
    let seconds = now.millis().div_euclid(1_000);
    let signed = client::sign(&mut request, service, &address.region, signer, seconds);
    signed.map_err(|error| error.to_string()).map(|()| request)
}

/// The document that the control API answered.
fn document(title: &str, response: &Response<Bytes>) -> Result<Value, Broken> {
    let text = String::from_utf8_lossy(response.body());
    let text = text.trim();
    if !response.status().is_success() {
        return Err(Broken(format!("{title}: answered {}: {text}", response.status().as_u16())));
    }
    if text.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_str(text).map_err(|error| Broken(format!("{title}: the answer is no JSON: {error}")))
}
