//! Who calls what, where: the whole life of a request, in order.
//!
//! Bytes come in whole and go out whole; nothing here waits. The steps are those of [`Gateway::handle`].

mod auth;
mod authz;
mod body;
mod call;
mod errand;
mod faults;
mod preflight;
mod refused;
mod route;
mod upstream;

use crate::aws::{Encoded, Fault, RequestParts, ServiceId, ServiceModel, decode, route as wire, validate};
use crate::clock::{Stopwatch, wall};
use crate::jobs::Explanation;
use crate::kernel::{AccountId, Event, Scope, SimTime, digest};
use crate::model::bucket::MOST_BYTES;
use crate::model::{Account, Partition, Struck, World};
use crate::s3;
use crate::services::s3::S3Error;
use crate::services::{self, Caller, Principal};
use bytes::Bytes;
use call::{Call, Operations};
use hyper::header::{DATE, HeaderName, HeaderValue, USER_AGENT};
use hyper::{Request, Response, StatusCode};
use preflight::Steps;
use refused::RefusalLog;
use route::Wire;
use std::cell::OnceCell;
use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

pub use auth::{ROOT_SECRET, Trust};
pub use body::{LARGEST as LARGEST_BODY, TooLarge};
#[cfg(test)]
pub(crate) use call::encode_as;
pub use errand::{Errand, Question};
pub use faults::{Cut, Interference};
pub use preflight::{Planned, operation_of};
pub use upstream::Questions;

/// Joins the wires of AWS and the operations of the mock.
pub struct Gateway {
    pub world: Arc<World>,
    operations: Operations,
    steps: Steps,
    /// Why calls were refused.
    pub refused: RefusalLog,
    /// The account of callers that no key places elsewhere.
    pub default_account: AccountId,
    /// The region of requests that name none.
    pub default_region: String,
    /// How callers are known.
    pub trust: Trust,
    /// How many bytes of objects an account may keep.
    pub s3_bytes: u64,
    /// Rows keep what was printed of them; off only to measure what that gains.
    pub memo: bool,
}

/// What is said of a request in the log.
struct Heard {
    service: &'static str,
    operation: &'static str,
    account: AccountId,
    region: Arc<str>,
    request_id: String,
    /// Why it is refused, where more is known than the refusal itself says.
    why: Option<Box<Explanation>>,
    /// What declared faults do to it.
    struck: Struck,
}

impl Gateway {
    pub fn new(world: Arc<World>, default_account: AccountId, default_region: String, memo: bool) -> Self {
        Self {
            world,
            operations: Operations::all(),
            steps: Steps::all(),
            refused: RefusalLog::default(),
            default_account,
            default_region,
            trust: Trust::default(),
            s3_bytes: MOST_BYTES,
            memo,
        }
    }

    /// Which operations of a service behave, in the order in which they are listed.
    pub fn operations(&self, service: ServiceId) -> Vec<&'static str> {
        self.operations.names(service)
    }

    /// Answers a request. Whoever takes it from a network puts its sender's address among its extensions.
    pub fn handle(&self, request: &Request<Bytes>) -> Response<Bytes> {
        let watch = Stopwatch::start();
        let wall = wall();
        let (body, problem) = match body::unpacked(request) {
            Ok(body) => (body, None),
            Err(problem) => (Bytes::new(), Some(problem)),
        };
        let parts = RequestParts {
            method: request.method().as_str(),
            path: request.uri().path(),
            query: request.uri().query().unwrap_or_default(),
            headers: request.headers(),
            body: &body,
        };
        let origin = route::origin(self, &parts, request.extensions().get::<IpAddr>().copied());
        let account = self.world.account(origin.account, wall);
        let now = account.now(wall);
        let mut errand = None;
        let mut heard = Heard {
            service: "-",
            operation: "-",
            account: account.id,
            region: origin.region.clone(),
            request_id: request_id(&account),
            why: None,
            struck: Struck::default(),
        };
        let encoded = match origin.wire {
            Wire::Unknown => route::unknown_service(&parts, &heard.request_id),
            Wire::S3 => {
                let outcome = self.s3(&origin, &parts, request, &account, now, &mut heard);
                let response =
                    outcome.unwrap_or_else(|error| self.refuse_s3(request, &error, &account, &mut heard));
                log(&heard, response.status().as_u16(), watch);
                return struck(dated(response, now), &heard.struck);
            }
            Wire::Modelled(service) => {
                heard.service = service.signing_name();
                let problem = problem.or_else(|| body::fits(service, &body).err());
                let answer = || match problem {
                    Some(problem) => Err(problem.fault()),
                    None => {
                        let known = (&account, now);
                        self.answer(service, &origin, &parts, request.body(), known, &mut heard, &mut errand)
                    }
                };
                // A bug in one request is that request's misfortune only: its half-made state is dropped with it.
                let outcome = catch_unwind(AssertUnwindSafe(answer))
                    .unwrap_or_else(|_| Err(Fault::internal(service, "An internal error has occurred")));
                outcome.unwrap_or_else(|mut fault| {
                    if let Some(name) = fault.name() {
                        fault.message = account.read(&Scope::Global).texts.told(name, fault.message);
                    }
                    let fault = self.refused.keep(&heard, fault, parts.headers.get("host"));
                    fault.encode(service, &heard.request_id)
                })
            }
        };
        if !matches!(errand, Some(Errand::Ask(_))) {
            log(&heard, encoded.status, watch);
        }
        let mut response = respond(encoded, now);
        errand.map(|errand| response.extensions_mut().insert(errand));
        struck(response, &heard.struck)
    }

    /// `sent` is the body as it came, still zipped if it was.
    #[expect(clippy::too_many_arguments, reason = "all that is known of a request by now")]
    fn answer(
        &self,
        service: ServiceId,
        origin: &route::Origin,
        parts: &RequestParts<'_>,
        sent: &[u8],
        (account, now): (&Arc<Account>, SimTime),
        heard: &mut Heard,
        errand: &mut Option<Errand>,
    ) -> Result<Encoded, Fault> {
        let model = ServiceModel::get(service);
        let (operation, input) = decode(model, parts)?;
        heard.operation = operation.name;
        let region = route::known_region(service, &origin.region)?;
        let unsigned = auth::needs_no_signature(service, operation.name);
        let trusting = unsigned.then(|| route::trusting(self, &input)).flatten();
        let (account, now) = match &trusting {
            None => (account, now),
            Some(account) => (account, account.now(wall())),
        };
        heard.account = account.id;
        let (principal, session) = if unsigned {
            (Principal::Root, None)
        } else {
            auth::actor(self, origin, parts, sent, &account.read(&Scope::Global), now, service.signing_name())
                .map_err(|nobody| nobody.fault(parts, service))?
        };
        let caller = self.caller(account, origin, parts, Partition::of(region.name), (principal, session));
        let call = Call {
            service,
            model,
            operation,
            account,
            caller,
            now,
            request_id: &heard.request_id,
            dry_run: service == ServiceId::Ec2 && input.get("DryRun").and_then(|v| v.as_bool()) == Some(true),
            waits: parts.headers.get(USER_AGENT.as_str()).is_some_and(wire::is_waiter_call),
            memo: self.memo,
            errand: OnceCell::new(),
        };
        heard.struck = faults::strike(&call, &input);
        if let Some(fault) = faults::refusal(&heard.struck, service) {
            heard.why = Some(faults::why(&heard.struck));
            return Err(fault);
        }
        validate(model, operation, &input)?;
        let handler = self.operations.get(service, operation.name);
        let handler = handler.ok_or_else(|| Fault::not_implemented(service, operation))?;
        account.settle(now, services::step);
        let told = authz::Sent { user_agent: parts.headers.get(USER_AGENT.as_str()), from: origin.from, now };
        let authorised = authz::authorise(&call, &input, told)?;
        let mut ignored = Vec::new();
        let answer = handler(&call, &input, &mut ignored);
        match &answer {
            Ok(_) => {
                authorised.record(&call);
                tell_ignored(&call, ignored);
            }
            Err(fault) => heard.why = self.why(&call, &input, fault).map(Box::new),
        }
        *errand = call.errand.into_inner();
        answer
    }

    /// Answers a request to S3.
    fn s3(
        &self,
        origin: &route::Origin,
        parts: &RequestParts<'_>,
        request: &Request<Bytes>,
        account: &Arc<Account>,
        now: SimTime,
        heard: &mut Heard,
    ) -> Result<Response<Bytes>, S3Error> {
        heard.service = route::S3;
        if request.extensions().get::<TooLarge>().is_some() {
            return Err(S3Error::NoRoom(self.s3_bytes));
        }
        let global = account.read(&Scope::Global);
        let actor = auth::actor(self, origin, parts, request.body(), &global, now, route::S3);
        let actor = actor.map_err(|nobody| nobody.s3(origin, parts))?;
        account.settle(now, services::step);
        let caller = self.caller(account, origin, parts, Partition::of(&origin.region), actor);
        let gate = faults::S3Gate::new(request, account, &caller, now);
        let asked = s3::Request {
            http: request,
            world: &self.world,
            account,
            now,
            wall: wall(),
            caller,
            signed: origin.is_signed(),
            request_id: &heard.request_id,
            gate: gate.clone().map(|gate| -> Arc<dyn s3::Gate> { gate }),
        };
        let answered = catch_unwind(AssertUnwindSafe(|| s3::answer(asked)));
        let answered = answered.map_err(|_| S3Error::InternalError)?;
        heard.operation = answered.operation;
        let struck = gate.map(|gate| gate.struck()).unwrap_or_default();
        let refusal = self.refuse_struck_s3(request, &struck, account, heard);
        heard.struck = struck;
        refusal.map_or(answered.outcome, Ok)
    }

    fn caller(
        &self,
        account: &Account,
        origin: &route::Origin,
        parts: &RequestParts<'_>,
        partition: Partition,
        (principal, session): auth::Actor,
    ) -> Caller {
        Caller {
            account: account.id,
            region: origin.region.clone(),
            partition,
            principal,
            session,
            access_key: origin.access_key.clone(),
            host: parts.headers.get("host").unwrap_or(&self.default_region).to_owned(),
        }
    }
}

/// An id that follows from the seed, the account and the number of the request in its account.
fn request_id(account: &Account) -> String {
    let number = account.next_request();
    let bits =
        digest(account.seed(), &[b"request", &account.id.number().to_le_bytes(), &number.to_le_bytes()]);
    uuid::Builder::from_random_bytes(bits.to_be_bytes()).into_uuid().to_string()
}

/// Parameters that are accepted and have no effect are told, so that nobody trusts in them.
fn tell_ignored(call: &Call<'_>, ignored: Vec<String>) {
    if !ignored.is_empty() {
        let operation = call.operation.name;
        tracing::warn!(operation, account = %call.account.id, members = ignored.join(", "), "ParameterIgnored");
    }
    let events = ignored.into_iter().map(|path| Event {
        at: call.now,
        kind: "ParameterIgnored",
        place: call.caller.region.to_string(),
        resource: format!("{}.{}", call.service.signing_name(), call.operation.name),
        message: format!("{path} is accepted and has no effect here"),
        rule: None,
    });
    call.account.events.push(events);
}

fn log(heard: &Heard, status: u16, watch: Stopwatch) {
    tracing::info!(
        service = heard.service,
        operation = heard.operation,
        status,
        account = %heard.account,
        region = %heard.region,
        micros = u64::try_from(watch.elapsed().as_micros()).unwrap_or(u64::MAX),
        request_id = heard.request_id,
        "request"
    );
}

/// An answer with what declared faults do to it.
fn struck(mut response: Response<Bytes>, struck: &Struck) -> Response<Bytes> {
    faults::sign(&mut response, struck);
    faults::interference(struck).map(|interference| response.extensions_mut().insert(interference));
    response
}

/// The response to send; its date is the account's, so that equal requests have equal answers.
fn respond(encoded: Encoded, now: SimTime) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(encoded.body));
    *response.status_mut() =
        StatusCode::from_u16(encoded.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in &encoded.headers {
        add_header(&mut response, name, value);
    }
    dated(response, now)
}

/// What is no header is left out.
fn add_header<T>(response: &mut Response<T>, name: &str, value: &str) {
    let name = HeaderName::from_bytes(name.as_bytes());
    if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(value)) {
        response.headers_mut().append(name, value);
    }
}

fn dated(mut response: Response<Bytes>, now: SimTime) -> Response<Bytes> {
    if let Ok(date) = HeaderValue::from_str(&http_date(now)) {
        response.headers_mut().insert(DATE, date);
    }
    response
}

fn http_date(now: SimTime) -> String {
    let since = Duration::from_millis(u64::try_from(now.millis()).unwrap_or(0));
    httpdate::fmt_http_date(UNIX_EPOCH + since)
}
