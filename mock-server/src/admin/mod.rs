//! The control API under `/_mockplane/`, and the aliases that let people switch from other mocks with no edit.

mod behaviours;
mod capacity;
mod consistency;
mod data;
pub mod explain;
mod faults;
mod iam;
mod job_logs;
mod offerings;
mod precheck;
mod quotas;
mod rules;
mod scenarios;
mod signatures;
mod snapshots;

use crate::aws::{ServiceId, ServiceModel};
use crate::clock::{NoTime, parse_span, pause, wall};
use crate::gateway::{Cut, Gateway, Interference};
use crate::kernel::{AccountId, Clock, ClockMode, SimTime};
use crate::model::{Account, Choices, Profile, RegionInfo};
use crate::scenario::target::{Exchange, Unreachable};
use crate::services;
use bytes::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, ORIGIN};
use hyper::{Method, Request, Response, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;

/// The prefix of the control API; no AWS service has paths that begin like this.
const PREFIX: &str = "/_mockplane/";

/// Everything that is answered: the control API and, for all the rest, the gateway.
pub struct Site {
    pub gateway: Gateway,
    plays: scenarios::Plays,
}

/// Without a server there are no bytes on their way: what declared faults do to them is that there is no answer.
impl Exchange for &Site {
    async fn exchange(&self, request: Request<Bytes>) -> Result<Response<Bytes>, Unreachable> {
        if let Some(answer) = self.play(&request).await {
            return Ok(answer);
        }
        let mut answer = self.answer(&request);
        let Some(Interference { delay, cut }) = answer.extensions_mut().remove() else { return Ok(answer) };
        pause(delay).await;
        match cut {
            Cut::Whole => Ok(answer),
            Cut::Lost | Cut::After(_) => Err(Unreachable("the connection was closed".into())),
        }
    }

    fn root_secret(&self) -> &str {
        self.gateway.trust.root_secret()
    }
}

/// What the control API answers: a status and a JSON document.
type Answer = Result<Value, Problem>;

/// Why the control API refuses.
struct Problem(StatusCode, String);

impl Problem {
    fn bad(text: impl Into<String>) -> Self {
        Self(StatusCode::BAD_REQUEST, text.into())
    }
    fn not_found(text: impl Into<String>) -> Self {
        Self(StatusCode::NOT_FOUND, text.into())
    }
}

impl Site {
    pub fn new(gateway: Gateway) -> Self {
        Self { gateway, plays: scenarios::Plays::default() }
    }

    /// Answers a request.
    pub fn answer(&self, request: &Request<Bytes>) -> Response<Bytes> {
        let told = request.uri().path().strip_prefix(PREFIX).and_then(|call| self.told(request, call));
        match told.or_else(|| self.control(request).map(respond)) {
            Some(answer) => answer,
            None => self.gateway.handle(request),
        }
    }

    /// The control API's answer; `None` if the request is not for it.
    fn control(&self, request: &Request<Bytes>) -> Option<Answer> {
        let path = request.uri().path();
        if let Some(call) = path.strip_prefix(PREFIX) {
            // A page in somebody's browser must not be able to steer the mock.
            let foreign = request.method() != Method::GET && request.headers().contains_key(ORIGIN);
            if foreign {
                return Some(Err(Problem(StatusCode::FORBIDDEN, "requests of web pages are refused".into())));
            }
            return Some(self.own(request, call));
        }
        // `moto-api` and `_localstack` are legal bucket names, so a signed request means something else.
        if request.headers().contains_key(AUTHORIZATION) {
            return None;
        }
        if let Some(call) = path.strip_prefix("/moto-api/") {
            return Some(self.moto(request, call));
        }
        path.strip_prefix("/_localstack/").map(|call| self.localstack(request, call))
    }

    fn own(&self, request: &Request<Bytes>, call: &str) -> Answer {
        let query = Query::of(request);
        let method = request.method().as_str();
        if let Some(answer) = self.snapshot_call(method, call, &query, request.body()) {
            return answer;
        }
        match (method, call) {
            ("GET" | "HEAD", "health" | "ready") => Ok(json!({"status": "running"})),
            ("GET", "info") => Ok(self.info()),
            ("POST", "reset") => self.reset(&query),
            ("GET", "clock") => Ok(self.clock(self.account(query.get("account"))?)),
            ("POST", "clock") => self.change_clock(request),
            ("GET", "rules") => self.rules(query.get("account")),
            ("POST", "rules") => self.change_rule(request.body()),
            ("GET", "offerings") => self.offerings(query.get("account")),
            ("POST", "offerings") => self.change_offering(request.body()),
            ("GET", "capacity") => self.capacity(query.get("account")),
            ("POST", "capacity") => self.change_capacity(request.body()),
            ("GET", "quotas") => self.quotas(query.get("account")),
            ("POST", "quotas") => self.change_quota(request.body()),
            ("GET", "eventual-consistency") => self.consistency(query.get("account")),
            ("POST", "eventual-consistency") => self.change_consistency(request.body()),
            ("GET", "job-logs") => self.job_logs(query.get("account")),
            ("POST", "job-logs") => self.change_job_logs(request.body()),
            ("GET", "signatures") => self.signatures(query.get("account")),
            ("POST", "signatures") => self.change_signatures(request.body()),
            ("GET", "precheck") => self.precheck(query.get("account")),
            ("POST", "precheck") => self.change_precheck(request.body()),
            ("GET", "data") => self.data(query.get("account")),
            ("POST", "data") => self.change_data(request.body()),
            ("GET", "iam") => self.iam(query.get("account")),
            ("POST", "iam") => self.change_iam(request.body()),
            ("GET", "policy") => self.policy(&query),
            ("GET", "behaviours") => self.behaviours(query.get("account")),
            ("POST", "behaviours") => self.declare_behaviours(query.get("account"), request.body()),
            ("DELETE", "behaviours") => self.forget_behaviours(query.get("account")),
            ("GET", "faults") => self.faults(query.get("account")),
            ("POST", "faults") => self.declare_faults(query.get("account"), request.body()),
            ("DELETE", "faults") => self.clear_faults(query.get("account"), None),
            (method @ ("GET" | "DELETE"), call) if call.starts_with("faults/") => {
                let id = call.trim_start_matches("faults/");
                match method {
                    "GET" => self.fault(query.get("account"), id),
                    _ => self.clear_faults(query.get("account"), Some(id)),
                }
            }
            ("GET", "events") => self.events(&query),
            _ => {
                Err(Problem::not_found(format!("the control API has no {} {PREFIX}{call}", request.method())))
            }
        }
    }

    fn moto(&self, request: &Request<Bytes>, call: &str) -> Answer {
        match (request.method().as_str(), call) {
            ("POST", "reset") => self.reset(&Query::default()).map(|_| json!({"status": "ok"})),
            ("POST", "seed") => {
                let seed = Query::of(request).get("a").and_then(|text| text.parse().ok());
                self.gateway.world.set_seed(seed.ok_or_else(|| Problem::bad("`a` is to be a whole number"))?);
                Ok(json!({"status": "ok"}))
            }
            _ => Err(Problem::not_found(format!("there is no {} /moto-api/{call} here", request.method()))),
        }
    }

    fn localstack(&self, request: &Request<Bytes>, call: &str) -> Answer {
        let (method, query) = (request.method().as_str(), Query::of(request));
        if let Some(answer) = self.chaos(method, call, &query, request.body()) {
            return answer;
        }
        match (request.method().as_str(), call) {
            ("GET" | "HEAD", "health") => {
                let services: serde_json::Map<_, _> = ServiceId::ALL
                    .iter()
                    .map(|id| (id.signing_name().to_owned(), json!("running")))
                    .collect();
                Ok(
                    json!({"services": services, "edition": "mockplane", "version": env!("CARGO_PKG_VERSION")}),
                )
            }
            ("GET", "info") => Ok(self.info()),
            ("GET", "init") => Ok(json!({
                "completed": {"BOOT": true, "START": true, "READY": true, "SHUTDOWN": false},
                "scripts": [],
            })),
            ("POST", "state/reset") => self.reset(&Query::default()),
            _ => {
                Err(Problem::not_found(format!("there is no {} /_localstack/{call} here", request.method())))
            }
        }
    }

    fn info(&self) -> Value {
        let services: serde_json::Map<_, _> = ServiceId::ALL
            .iter()
            .map(|id| {
                let known = ServiceModel::get(*id).operations().len();
                let count = json!({"known": known, "behaves": self.gateway.operations(*id).len()});
                (format!("{id:?}"), count)
            })
            .collect();
        json!({
            "name": "mockplane",
            "version": env!("CARGO_PKG_VERSION"),
            "seed": self.gateway.world.seed(),
            "account": self.gateway.default_account.to_string(),
            "region": self.gateway.default_region,
            "operations": services,
        })
    }

    /// Forgets one account, or all; one account may start anew with its own seed and profile.
    fn reset(&self, query: &Query) -> Answer {
        let Some(account) = query.get("account") else {
            self.gateway.world.reset();
            self.plays.clear();
            self.gateway.refused.forget(None);
            return Ok(json!({"reset": "all"}));
        };
        let id = parse_account(account)?;
        let seed =
            query.get("seed").map(|text| text.parse().map_err(|_| Problem::bad("`seed` is to be a number")));
        let profile = query.get("profile").map(parse_profile).transpose()?;
        self.gateway.world.renew_account(id, wall(), seed.transpose()?, |defaults| {
            if let Some(profile) = profile {
                defaults.profile = profile;
            }
        });
        self.gateway.refused.forget(Some(id));
        Ok(json!({"reset": id.to_string()}))
    }

    fn clock(&self, id: AccountId) -> Value {
        let wall = wall();
        let account = self.gateway.world.account(id, wall);
        let now = account.now(wall);
        account.settle(now, services::step);
        let mode = mode_name(account.clock().mode());
        let time = |at: SimTime| crate::aws::timestamp::iso8601(at.millis());
        json!({
            "account": id.to_string(),
            "mode": mode,
            "now": time(now),
            "nowMillis": now.millis(),
            "nextDue": account.first_due().map(time),
            "nextDueMillis": account.first_due().map(SimTime::millis),
        })
    }

    /// Changes the clock of an account and answers when everything that is due then has happened.
    fn change_clock(&self, request: &Request<Bytes>) -> Answer {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Change {
            account: Option<String>,
            mode: Option<String>,
            start: Option<String>,
            advance: Option<String>,
        }
        let change: Change = asked(request.body())?;
        let id = self.account(change.account.as_deref())?;
        let mode = change.mode.as_deref().map(parse_clock).transpose()?;
        let start =
            change.start.as_deref().map(parse_time).transpose()?.or(mode.and_then(|(_, start)| start));
        let span = change.advance.as_deref().map(|text| {
            parse_span(text).ok_or_else(|| Problem::bad(format!("`{text}` is no span such as 3m or 1h30m")))
        });
        let span = span.transpose()?;
        let wall = wall();
        let account = self.gateway.world.account(id, wall);
        account.settle(account.now(wall), services::step);
        let mode = mode.map(|(mode, _)| mode);
        if let Some(span) = span
            && start.unwrap_or_else(|| account.now(wall)) + span > SimTime::LAST
        {
            let last = crate::aws::timestamp::iso8601(SimTime::LAST.millis());
            return Err(Problem::bad(format!("the account's time would be after {last}, when time ends")));
        }
        if start.is_some() {
            account.restart_clock(|old| Clock::new(mode.unwrap_or(old.mode()), start, wall), wall);
        }
        let now = account.change_clock(wall, |clock| {
            if let Some(mode) = mode {
                clock.set_mode(wall, mode);
            }
            if let Some(span) = span {
                let to = clock.now(wall) + span;
                clock.jump(wall, to);
            }
        });
        account.settle(now, services::step);
        Ok(self.clock(id))
    }

    fn events(&self, query: &Query) -> Answer {
        const MOST: usize = 1_000;
        let account = self.named(query.get("account"))?;
        account.settle(account.now(wall()), services::step);
        let since =
            query.get("since").map_or(Ok(0), str::parse).map_err(|_| Problem::bad("`since` is a number"))?;
        let events = account.events.since(since, MOST);
        let next = events.last().map_or(since, |(number, _)| number + 1);
        let events: Vec<_> = events
            .into_iter()
            .map(|(number, event)| {
                json!({
                    "number": number,
                    "time": crate::aws::timestamp::iso8601(event.at.millis()),
                    "kind": event.kind,
                    "region": event.place,
                    "resource": event.resource,
                    "message": event.message,
                    "rule": event.rule,
                })
            })
            .collect();
        Ok(json!({"events": events, "next": next}))
    }

    /// The account that is named, or the server's own.
    fn named(&self, account: Option<&str>) -> Result<Arc<Account>, Problem> {
        Ok(self.gateway.world.account(self.account(account)?, wall()))
    }

    /// Sets what an account chooses, in every region, until it is reset.
    fn choose(&self, account: Option<&str>, set: impl Fn(&mut Choices)) -> Result<Arc<Account>, Problem> {
        let account = self.named(account)?;
        account.adjust(
            account.now(wall()),
            |defaults| set(&mut defaults.choices),
            |txn| set(&mut txn.state.choices),
        );
        Ok(account)
    }

    fn account(&self, named: Option<&str>) -> Result<AccountId, Problem> {
        named.map_or(Ok(self.gateway.default_account), parse_account)
    }
}

/// What the body of a request says.
fn asked<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(body).map_err(|error| Problem::bad(error.to_string()))
}

fn mode_name(mode: ClockMode) -> String {
    match mode {
        ClockMode::Real => "real".into(),
        ClockMode::Manual => "manual".into(),
        ClockMode::Poll => "poll".into(),
        ClockMode::Scaled(factor) => format!("scaled:{factor}"),
    }
}

fn parse_account(text: &str) -> Result<AccountId, Problem> {
    AccountId::parse(text).ok_or_else(|| Problem::bad(format!("`{text}` is no account of twelve digits")))
}

fn known_region(name: &str) -> Result<&'static str, Problem> {
    RegionInfo::get(name)
        .map(|region| region.name)
        .ok_or_else(|| Problem::bad(format!("`{name}` is no region")))
}

fn parse_time(text: &str) -> Result<SimTime, Problem> {
    text.parse().map_err(|error: NoTime| Problem::bad(error.to_string()))
}

fn parse_profile(text: &str) -> Result<Profile, Problem> {
    Profile::parse(text).ok_or_else(|| Problem::bad(format!("`{text}` is none of fast, realistic, instant")))
}

fn parse_clock(text: &str) -> Result<(ClockMode, Option<SimTime>), Problem> {
    crate::clock::parse_mode(text).map_err(Problem::bad)
}

/// The parameters of a query string.
#[derive(Default)]
struct Query(HashMap<String, String>);

impl Query {
    fn of(request: &Request<Bytes>) -> Self {
        let decode = |text: &str| {
            let text = text.replace('+', " ");
            percent_encoding::percent_decode_str(&text).decode_utf8_lossy().into_owned()
        };
        let pairs =
            request.uri().query().unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
        Self(pairs.map(|(key, value)| (decode(key), decode(value))).collect())
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    fn with(mut self, name: &str, value: &str) -> Self {
        self.0.insert(name.to_owned(), value.to_owned());
        self
    }
}

fn respond(answer: Answer) -> Response<Bytes> {
    let (status, body) = match answer {
        Ok(body) => (StatusCode::OK, body),
        Err(Problem(status, text)) => (status, json!({"error": text})),
    };
    let mut response = Response::new(Bytes::from(format!("{body}\n")));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
