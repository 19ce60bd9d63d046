//! Declared faults that strike requests: which of them a request meets, and what becomes of it.
//!
//! Faults are asked for when it is known who calls what with what input, before anything else is looked at. Nothing here
//! waits: what is to be done to the answer's bytes goes with the answer, as [`Interference`], to whoever sends it.

use super::auth;
use super::call::{self, Call};
use super::{Gateway, Heard, add_header, authz};
use crate::aws::{Fault, Protocol, ServiceId, Value, client};
use crate::clock::wall;
use crate::iam::who;
use crate::jobs::Explanation;
use crate::jobs::explain::RefusalReport;
use crate::kernel::{ClockMode, Event, Scope, SimTime};
use crate::model::{Account, DeclaredFault, Ending, FaultEffect, Principal, Rate, Struck, Toll};
use crate::s3;
use crate::services::ec2::throttle;
use crate::services::s3::S3Error;
use crate::services::{self, Caller};
use bytes::Bytes;
use hyper::HeaderMap;
use hyper::header::HOST;
use hyper::{Request, Response};
use serde_json::{Value as Json, json};
use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// The header that names the faults that struck a request.
const HEADER: &str = "x-mockplane-fault";

/// What is to be done to an answer on its way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Interference {
    /// In real time, before anything is sent.
    pub delay: Duration,
    pub cut: Cut,
}

/// How much of an answer is sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cut {
    Whole,
    /// Nothing at all.
    Lost,
    /// The head, and so many bytes of the body that it announces.
    After(usize),
}

/// A request to which faults may be declared.
struct Asked<'a> {
    account: &'a Arc<Account>,
    caller: &'a Caller,
    now: SimTime,
    service: &'static str,
    operation: &'static str,
    /// As SDKs write it.
    input: &'a dyn Fn() -> Json,
    /// Of what it acts on, as far as the input says.
    arns: &'a dyn Fn() -> Vec<Arc<str>>,
    tolls: &'a dyn Fn(Rate) -> Vec<Toll>,
}

/// What faults do to a request.
fn meet(asked: &Asked<'_>) -> Struck {
    let global = asked.account.read(&Scope::Global);
    if global.faults.is_empty() {
        return Struck::default();
    }
    let (input, arns) = (OnceCell::new(), OnceCell::new());
    let input = || input.get_or_init(asked.input);
    let arns = || arns.get_or_init(asked.arns);
    let candidates: Vec<_> = global
        .faults
        .iter()
        .filter(|fault| fault.is_active(asked.now))
        .filter_map(|fault| match &fault.effect {
            FaultEffect::Request { ending, .. } if is_for(fault, asked, &input, &arns) => {
                Some((fault, ending))
            }
            _ => None,
        })
        .map(|(fault, ending)| match ending {
            Ending::Throttled(rate) => (fault.id.clone(), (asked.tolls)(*rate)),
            _ => (fault.id.clone(), Vec::new()),
        })
        .collect();
    if candidates.is_empty() {
        return Struck::default();
    }
    let seed = asked.account.seed();
    let counted: Result<_, std::convert::Infallible> =
        asked.account.write(&Scope::Global, asked.now, true, |txn| {
            Ok(txn.state.faults.strike(seed, asked.now, &candidates))
        });
    let Ok(struck) = counted;
    tell(asked, &struck);
    if let Some(wait) = struck.wait.filter(|_| asked.account.clock().mode() == ClockMode::Poll) {
        // Who asks again is let through.
        let wall = wall();
        let now = asked.account.change_clock(wall, |clock| clock.jump(wall, asked.now + wait));
        asked.account.settle(now, services::step);
    }
    struck
}

/// Cheap questions come first.
fn is_for<'a>(
    fault: &DeclaredFault,
    asked: &Asked<'_>,
    input: &impl Fn() -> &'a Json,
    arns: &impl Fn() -> &'a Vec<Arc<str>>,
) -> bool {
    let scope = &fault.scope;
    scope.service.as_ref().is_none_or(|wanted| wanted.matches(asked.service))
        && scope.operation.as_ref().is_none_or(|wanted| wanted.matches(asked.operation))
        && scope.region.as_ref().is_none_or(|wanted| wanted.matches(&asked.caller.region))
        && scope
            .principal
            .as_ref()
            .is_none_or(|wanted| names_of(asked.caller).iter().any(|arn| wanted.matches(arn)))
        && scope.resource.as_ref().is_none_or(|wanted| {
            has_text(input(), &|text| wanted.matches(text)) || arns().iter().any(|arn| wanted.matches(arn))
        })
        && scope.condition.as_ref().is_none_or(|condition| holds(condition, input()))
}

/// The ARN of whoever calls; and that of the role, of which sessions come and go.
fn names_of(caller: &Caller) -> Vec<String> {
    let mut names = vec![who::arn(caller.partition, caller.account, &caller.principal)];
    if let Principal::Role { role_arn, .. } = &caller.principal {
        names.push(role_arn.clone());
    }
    names
}

/// Whether a text in the input is such a one.
fn has_text(input: &Json, wanted: &dyn Fn(&str) -> bool) -> bool {
    match input {
        Json::String(text) => wanted(text),
        Json::Array(all) => all.iter().any(|one| has_text(one, wanted)),
        Json::Object(all) => all.values().any(|one| has_text(one, wanted)),
        Json::Null | Json::Bool(_) | Json::Number(_) => false,
    }
}

/// Whether an expression, which was compiled when it was declared, finds something that counts as true.
fn holds(condition: &str, input: &Json) -> bool {
    let found = jmespath::compile(condition).and_then(|expression| expression.search(input));
    found.is_ok_and(|found| found.is_truthy())
}

fn tell(asked: &Asked<'_>, struck: &Struck) {
    let last = struck.by.last();
    let events = struck.by.iter().map(|id| Event {
        at: asked.now,
        kind: "Fault",
        place: asked.caller.region.to_string(),
        resource: format!("{}.{}", asked.service, asked.operation),
        message: match (&struck.ending, Some(id) == last) {
            (Ending::Served, _) | (_, false) => format!("{id}: the answer is delayed"),
            (Ending::Error { code, .. }, _) => format!("{id}: refused with {code}"),
            (Ending::RequestLost, _) => format!("{id}: the request is lost"),
            (Ending::AnswerLost, _) => format!("{id}: it is done, and the answer is lost"),
            (Ending::Truncated(bytes), _) => {
                format!("{id}: it is done, and the answer ends after {bytes} bytes")
            }
            (Ending::Throttled(_), _) => format!("{id}: throttled"),
            (Ending::Expired, _) => format!("{id}: refused as with expired credentials"),
        },
        rule: None,
    });
    asked.account.events.push(events);
}

// === What becomes of a request ===

/// What faults do to a request that was decoded.
pub(super) fn strike(call: &Call<'_>, input: &Value) -> Struck {
    let operation = call.operation.name;
    meet(&Asked {
        account: call.account,
        caller: &call.caller,
        now: call.now,
        service: call.service.name(),
        operation,
        input: &|| input.to_json(),
        arns: &|| authz::resources(call, input),
        tolls: &|rate| match rate {
            Rate::Aws if call.service == ServiceId::Ec2 => {
                let narrowed =
                    ["Filters", "MaxResults", "NextToken"].iter().any(|name| input.get(name).is_some());
                throttle::tolls(operation, &call.caller.region, narrowed, instances(input))
            }
            rate => tolls(rate),
        },
    })
}

/// How many instances a request is about.
fn instances(input: &Value) -> u64 {
    let most = input.get("MaxCount").and_then(Value::as_i64).and_then(|most| u64::try_from(most).ok());
    let named = || input.get("InstanceIds").and_then(Value::as_list).map_or(0, |ids| ids.len() as u64);
    most.unwrap_or_else(named)
}

/// One bucket for everything; AWS documents rates of EC2 alone.
fn tolls(rate: Rate) -> Vec<Toll> {
    match rate {
        Rate::Aws => Vec::new(),
        Rate::Bucket { burst, milli_per_second } => {
            vec![Toll { bucket: "".into(), burst, milli_per_second, tokens: 1 }]
        }
    }
}

/// What is to be done to the answer.
pub(super) fn interference(struck: &Struck) -> Option<Interference> {
    let cut = match struck.ending {
        Ending::RequestLost | Ending::AnswerLost => Cut::Lost,
        Ending::Truncated(bytes) => Cut::After(usize::try_from(bytes).unwrap_or(usize::MAX)),
        Ending::Served | Ending::Error { .. } | Ending::Throttled(_) | Ending::Expired => Cut::Whole,
    };
    (!struck.by.is_empty()).then_some(Interference { delay: struck.delay, cut })
}

/// Names the faults that struck a request in its answer.
pub(super) fn sign(response: &mut Response<Bytes>, struck: &Struck) {
    if !struck.by.is_empty() {
        add_header(response, HEADER, &struck.by.join(", "));
    }
}

/// What is kept of a refusal, for explanations.
pub(super) fn why(struck: &Struck) -> Box<Explanation> {
    let because = format!("the declared fault {}", struck.by.join(", "));
    let refusal = RefusalReport { because: Some(because), ..RefusalReport::default() };
    Box::new(Explanation { refusal: Some(refusal), ..Explanation::default() })
}

/// The refusal in place of an operation, if one was declared.
pub(super) fn refusal(struck: &Struck, service: ServiceId) -> Option<Fault> {
    Some(match &struck.ending {
        Ending::Served | Ending::AnswerLost | Ending::Truncated(_) => return None,
        Ending::Error { code, message, status } => {
            let fault = Fault::declared(service, code.to_string(), text(struck, code, message.as_deref()));
            let usual = if fault.status == 400 { usual_status(code) } else { fault.status };
            fault.with_status(status.unwrap_or(usual)).called("aws-declared")
        }
        Ending::Throttled(_) => throttled(service),
        Ending::Expired => auth::expired(service),
        // Nobody gets to see it.
        Ending::RequestLost => Fault::internal(service, text(struck, "", None)),
    })
}

/// What a service says when there are too many requests. Source: EC2-THROTTLE; the common errors of the references; the
/// text of EC2's is Assumed, those of the others are in many public logs.
fn throttled(service: ServiceId) -> Fault {
    match service.protocol() {
        Protocol::Ec2 => Fault::new("RequestLimitExceeded", "Request limit exceeded.")
            .with_status(503)
            .because("EC2-THROTTLE")
            .called("aws-throttled-ec2"),
        Protocol::Query => Fault::new("Throttling", "Rate exceeded").called("aws-throttled"),
        Protocol::Json11 | Protocol::RestJson => {
            Fault::new("ThrottlingException", "Rate exceeded").called("aws-throttled")
        }
    }
}

/// The declared text, or one for this code.
fn text(struck: &Struck, code: &str, message: Option<&str>) -> String {
    match (message, code) {
        (Some(message), _) => message.to_owned(),
        (None, "RequestLimitExceeded") => "Request limit exceeded.".into(),
        (None, "Throttling" | "ThrottlingException") => "Rate exceeded".into(),
        (None, "SlowDown") => "Please reduce your request rate.".into(),
        (None, _) => format!("Simulated by the declared fault {}", struck.by.join(", ")),
    }
}

/// The status of an error that says by its code alone whose it is.
fn usual_status(code: &str) -> u16 {
    match code {
        "AuthFailure" => return 401,
        // With an ending they are of services that answer 400.
        "AccessDenied" | "ExpiredToken" | "UnauthorizedOperation" => return 403,
        "InvalidAccessKeyId" | "InvalidClientTokenId" | "RequestTimeTooSkewed" | "SignatureDoesNotMatch" => {
            return 403;
        }
        _ => {}
    }
    match code.strip_suffix("Exception").unwrap_or(code) {
        "RequestLimitExceeded" | "SlowDown" | "ServiceUnavailable" | "Unavailable" => 503,
        "InternalError" | "InternalFailure" | "InternalServerError" | "InternalServer" | "ServiceFailure" => {
            500
        }
        _ if code.starts_with("NoSuch") => 404,
        _ => 400,
    }
}

// === S3 ===

/// Asks the faults once S3's request is understood.
pub(super) struct S3Gate {
    account: Arc<Account>,
    caller: Caller,
    now: SimTime,
    /// The bucket and the key.
    input: Json,
    query: BTreeMap<String, String>,
    headers: HeaderMap,
    struck: Mutex<Struck>,
}

impl S3Gate {
    /// `None`: no faults are declared.
    pub(super) fn new(
        request: &Request<Bytes>,
        account: &Arc<Account>,
        caller: &Caller,
        now: SimTime,
    ) -> Option<Arc<Self>> {
        if account.read(&Scope::Global).faults.is_empty() {
            return None;
        }
        let (account, caller) = (account.clone(), caller.clone());
        let headers = request.headers().clone();
        let (input, query) = (place(request), query(request));
        Some(Arc::new(Self { account, caller, now, input, query, headers, struck: Mutex::default() }))
    }

    /// What the request says outside of its body, as SDKs name it.
    fn input(&self, operation: &str) -> Json {
        let mut input = self.input.clone();
        let query = |name: &str| self.query.get(name).cloned();
        if let Some(operation) = client::s3::operation(operation) {
            for (name, value) in client::s3::said(operation, &query, &self.headers) {
                input[name] = value;
            }
        }
        input
    }

    pub(super) fn struck(&self) -> Struck {
        self.struck.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl s3::Gate for S3Gate {
    fn opens(&self, operation: &'static str) -> bool {
        let arns = || {
            let text = |name: &str| self.input.get(name).and_then(Json::as_str);
            let bucket = text("Bucket").map(|bucket| self.caller.partition.arn("s3", "", "", bucket));
            let key = bucket.as_ref().zip(text("Key")).map(|(bucket, key)| format!("{bucket}/{key}"));
            bucket.into_iter().chain(key).map(Arc::from).collect()
        };
        let struck = meet(&Asked {
            account: &self.account,
            caller: &self.caller,
            now: self.now,
            service: super::route::S3,
            operation,
            input: &|| self.input(operation),
            arns: &arns,
            tolls: &tolls,
        });
        let opens = matches!(struck.ending, Ending::Served | Ending::AnswerLost | Ending::Truncated(_));
        *self.struck.lock().unwrap_or_else(PoisonError::into_inner) = struck;
        opens
    }
}

fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// The bucket and the key of a request to S3, as SDKs name them.
fn place(request: &Request<Bytes>) -> Json {
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok()).and_then(s3::host::parse);
    let path = decoded(request.uri().path().trim_start_matches('/'));
    let (bucket, key) = match host.and_then(|host| host.bucket) {
        Some(bucket) => (bucket.to_owned(), path),
        None => path
            .split_once('/')
            .map_or((path.clone(), String::new()), |(bucket, key)| (bucket.into(), key.into())),
    };
    let mut input = json!({});
    for (name, value) in [("Bucket", bucket), ("Key", key)].into_iter().filter(|(_, value)| !value.is_empty())
    {
        input[name] = value.into();
    }
    input
}

fn query(request: &Request<Bytes>) -> BTreeMap<String, String> {
    let query = request.uri().query().unwrap_or_default();
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (decoded(name), decoded(value))).collect()
}

impl Gateway {
    /// The answer of S3 in place of an operation, if one was declared.
    pub(super) fn refuse_struck_s3(
        &self,
        request: &Request<Bytes>,
        struck: &Struck,
        account: &Account,
        heard: &mut Heard,
    ) -> Option<Response<Bytes>> {
        let fault = match &struck.ending {
            Ending::Served | Ending::AnswerLost | Ending::Truncated(_) => return None,
            Ending::Error { code, message: None, status } if **code == *"InternalError" => {
                let fault = call::fault(&account.read(&Scope::Global), S3Error::InternalError.into());
                let status = status.unwrap_or(fault.status);
                fault.with_status(status)
            }
            Ending::Error { code, message, status } => {
                let status = status.unwrap_or_else(|| usual_status(code));
                Fault::new(code.to_string(), text(struck, code, message.as_deref())).with_status(status)
            }
            Ending::Throttled(_) => Fault::new("SlowDown", text(struck, "SlowDown", None)).with_status(503),
            Ending::Expired => call::fault(&account.read(&Scope::Global), S3Error::ExpiredToken.into()),
            Ending::RequestLost => Fault::new("InternalError", text(struck, "", None)).with_status(500),
        };
        heard.why = Some(why(struck));
        let host = request.headers().get(HOST).and_then(|host| host.to_str().ok());
        let fault = self.refused.keep(heard, fault, host);
        let mut response = s3::printed(request, &fault.code, &fault.message, fault.status, &heard.request_id);
        fault.headers.iter().for_each(|(name, value)| add_header(&mut response, name, value));
        Some(response)
    }
}
