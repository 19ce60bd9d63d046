//! What is left to do for an answer once its operation is done: to wait, or to ask a container that somebody runs.
//!
//! Nothing here waits, so an answer carries its errand among its extensions, and whoever sends answers (the server) does
//! it. Without a server nobody does, and the answer says so.

use super::call::{Call, encode_as, fault};
use super::{Gateway, Heard, log, respond};
use crate::aws::{Encoded, Fault, Operation as WireOperation, ServiceModel};
use crate::clock::{Stopwatch, wall};
use crate::jobs::hosting::capture;
use crate::kernel::{ClockMode, Scope, SimTime};
use crate::model::{Account, Answer, Invocation, Said};
use crate::services::{Invoke, Refused};
use bytes::Bytes;
use hyper::Response;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

/// What is to be done before an answer is sent.
#[derive(Clone)]
pub enum Errand {
    /// To wait.
    Pause(Duration),
    /// To ask a container, and to put what it says in place of the answer ([`Gateway::finish`]).
    Ask(Arc<Question>),
}

/// A call to a container that somebody runs.
pub struct Question {
    /// Its address, without the path that SageMaker adds.
    pub base: Arc<str>,
    pub invocation: Invocation,
    /// How long the container may take.
    pub limit: Duration,
    end: fn(&Question, &Said) -> Result<Encoded, Fault>,
    pub(super) heard: Heard,
    model: &'static ServiceModel,
    operation: &'static WireOperation,
    account: Arc<Account>,
    now: SimTime,
}

impl Gateway {
    /// The answer to a call whose container has answered.
    pub fn finish(&self, question: &Question, said: &Said) -> Response<Bytes> {
        let watch = Stopwatch::start();
        let (service, request_id) = (question.model.id, &question.heard.request_id);
        if question.invocation.capture.is_some() {
            let (scope, now) = (Scope::Region(question.heard.region.clone()), question.account.now(wall()));
            let kept: Result<(), Infallible> = question.account.write(&scope, now, true, |txn| {
                capture::keep(txn, &question.invocation, said);
                Ok(())
            });
            let Ok(()) = kept;
        }
        let answer = (question.end)(question, said);
        let encoded = answer.unwrap_or_else(|fault| fault.encode(service, request_id));
        log(&question.heard, encoded.status, watch);
        respond(encoded, question.now)
    }
}

/// Answers a call for which a container is asked, or leaves that to an errand.
pub(super) fn invoke<O: Invoke>(call: &Call<'_>, invocation: Invocation) -> Result<Encoded, Fault> {
    let base = match &invocation.answer {
        Answer::Proxy(base) => base.clone(),
        Answer::Canned(_) => {
            let declared = crate::jobs::hosting::answer::declared(&invocation, O::LIMIT);
            let (said, takes) = declared.unwrap_or_else(|| (Said::nothing(""), Duration::ZERO));
            let pause = match call.account.clock().mode() {
                ClockMode::Real => takes,
                ClockMode::Scaled(factor) => takes.div_f64(factor.max(f64::MIN_POSITIVE)),
                // Where time does not pass by itself nobody waits for it.
                ClockMode::Manual | ClockMode::Poll => Duration::ZERO,
            };
            if !pause.is_zero() {
                let _ = call.errand.set(Errand::Pause(pause));
            }
            // The container was asked: an answer that is an error is no refusal of the call.
            return Ok(answer::<O>(call, &invocation, &said)
                .unwrap_or_else(|fault| fault.encode(call.service, call.request_id)));
        }
    };
    let unasked = Fault::new("NotImplemented", "Only a server calls containers that are somewhere else")
        .with_status(501)
        .encode(call.service, call.request_id);
    let question = Question {
        base,
        invocation,
        limit: O::LIMIT,
        end: ended::<O>,
        heard: Heard {
            service: call.service.signing_name(),
            operation: call.operation.name,
            account: call.account.id,
            region: call.caller.region.clone(),
            request_id: call.request_id.to_owned(),
            why: None,
            struck: crate::model::Struck::default(),
        },
        model: call.model,
        operation: call.operation,
        account: call.account.clone(),
        now: call.now,
    };
    let _ = call.errand.set(Errand::Ask(Arc::new(question)));
    Ok(unasked)
}

fn answer<O: Invoke>(call: &Call<'_>, invocation: &Invocation, said: &Said) -> Result<Encoded, Fault> {
    let scope = Scope::Region(call.caller.region.clone());
    let refused = |refused: Refused| fault(&call.account.read(&scope), refused);
    let out = O::end(invocation, said).map_err(refused)?;
    encode_as(call.operation, call.model, call.request_id, &out)
}

fn ended<O: Invoke>(question: &Question, said: &Said) -> Result<Encoded, Fault> {
    let Question { heard, operation, model, account, invocation, .. } = question;
    let scope = Scope::Region(heard.region.clone());
    let refused = |refused: Refused| fault(&account.read(&scope), refused);
    let out = O::end(invocation, said).map_err(refused)?;
    encode_as(operation, model, &heard.request_id, &out)
}
