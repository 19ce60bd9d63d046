//! From a decoded input to an encoded answer: the glue around every operation.

use super::errand::{self, Errand};
use crate::aws::value::Value;
use crate::aws::{
    Element, EncodeError, Encoded, Encoder, Fault, Operation as WireOperation, ServiceId, ServiceModel,
    validate_answer,
};
use crate::kernel::{ClockMode, Memo, Scope, SimTime};
use crate::model::{Account, State};
use crate::services::{
    self, Caller, Home, Invoke, Page, Printed, Read, Refused, Registrar, Reply, ReplyWriter, StreamEvent,
    View, Write,
};
use crate::services::{ec2, iam, logs, runtime, sagemaker, ssm, sts};
use serde::{Serialize, Serializer};
use std::cell::OnceCell;
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

/// A request that knows what it is.
pub(super) struct Call<'a> {
    pub(super) service: ServiceId,
    pub(super) model: &'static ServiceModel,
    pub(super) operation: &'static WireOperation,
    pub(super) account: &'a Arc<Account>,
    pub(super) caller: Caller,
    pub(super) now: SimTime,
    pub(super) request_id: &'a str,
    pub(super) dry_run: bool,
    /// An SDK's waiter makes the call.
    pub(super) waits: bool,
    pub(super) memo: bool,
    /// What is left to do once the operation is done.
    pub(super) errand: OnceCell<Errand>,
}

type Handler = fn(&Call<'_>, &Value, &mut Vec<String>) -> Result<Encoded, Fault>;

/// Every operation that behaves.
pub(super) struct Operations {
    by_name: HashMap<(ServiceId, &'static str), Handler>,
    listed: Vec<(ServiceId, &'static str)>,
}

impl Operations {
    pub(super) fn all() -> Self {
        let mut all = Self { by_name: HashMap::new(), listed: Vec::new() };
        ec2::operations(&mut Listing { service: ServiceId::Ec2, into: &mut all });
        sagemaker::operations(&mut Listing { service: ServiceId::SageMaker, into: &mut all });
        iam::operations(&mut Listing { service: ServiceId::Iam, into: &mut all });
        sts::operations(&mut Listing { service: ServiceId::Sts, into: &mut all });
        ssm::operations(&mut Listing { service: ServiceId::Ssm, into: &mut all });
        logs::operations(&mut Listing { service: ServiceId::Logs, into: &mut all });
        runtime::operations(&mut Listing { service: ServiceId::SageMakerRuntime, into: &mut all });
        all
    }

    pub(super) fn get(&self, service: ServiceId, name: &'static str) -> Option<Handler> {
        self.by_name.get(&(service, name)).copied()
    }

    pub(super) fn names(&self, service: ServiceId) -> Vec<&'static str> {
        self.listed.iter().filter(|(of, _)| *of == service).map(|(_, name)| *name).collect()
    }
}

struct Listing<'a> {
    service: ServiceId,
    into: &'a mut Operations,
}

impl Listing<'_> {
    fn add(&mut self, name: &'static str, handler: Handler) {
        self.into.by_name.insert((self.service, name), handler);
        self.into.listed.push((self.service, name));
    }
}

impl Registrar for Listing<'_> {
    fn read<O: Read>(&mut self) {
        self.add(O::NAME, read::<O>);
    }
    fn write<O: Write>(&mut self) {
        self.add(O::NAME, write::<O>);
    }
    fn invoke<O: Invoke>(&mut self) {
        self.add(O::NAME, invoke::<O>);
    }
}

fn read<O: Read>(call: &Call<'_>, input: &Value, ignored: &mut Vec<String>) -> Result<Encoded, Fault> {
    let input: O::In = declared(call, input, ignored)?;
    let scope = scope(O::HOME, &call.caller);
    let now = move_time(call, &scope, &O::subjects(&input));
    let global = call.account.read(&Scope::Global);
    let (state, newer) = match call.service {
        ServiceId::Ec2 => call.account.read_behind(&scope, now),
        _ => (call.account.read(&scope), None),
    };
    let view = View { state: &state, global: &global, caller: &call.caller, now };
    let out = O::run(&view, input);
    if call.account.clock().mode() == ClockMode::Poll {
        let leaving = out.iter().flat_map(|out| O::leaving(out));
        let gone = leaving.filter_map(|owner| call.account.next_of(&scope, &owner));
        // Who asks again sees what is newer.
        newer.into_iter().chain(gone).min().map(|newer| jump(call, newer));
    }
    let out = out.map_err(|error| fault(&state, error.into()))?;
    if call.dry_run { Err(dry_run()) } else { encode(call, &out) }
}

fn write<O: Write>(call: &Call<'_>, input: &Value, ignored: &mut Vec<String>) -> Result<Encoded, Fault> {
    let input: O::In = declared(call, input, ignored)?;
    let scope = scope(O::HOME, &call.caller);
    let run = |txn: &mut crate::model::Txn<'_>| O::run(txn, &call.caller, input).map_err(Into::into);
    let out = call.account.write(&scope, call.now, !call.dry_run, run);
    let out = out.map_err(|refused| fault(&call.account.read(&scope), refused))?;
    if call.dry_run { Err(dry_run()) } else { encode(call, &out) }
}

fn invoke<O: Invoke>(call: &Call<'_>, input: &Value, ignored: &mut Vec<String>) -> Result<Encoded, Fault> {
    let input: O::In = declared(call, input, ignored)?;
    let scope = scope(O::HOME, &call.caller);
    let run = |txn: &mut crate::model::Txn<'_>| O::begin(txn, &call.caller, call.request_id, input);
    let invocation = call.account.write(&scope, call.now, true, run);
    let invocation = invocation.map_err(|refused| fault(&call.account.read(&scope), refused))?;
    errand::invoke::<O>(call, invocation)
}

/// Before something unfinished is described to a waiter, its own timers and those of what it waits for run now and nothing
/// else moves; on a `poll` clock the account's time jumps to its next event. A `manual` clock leaves both alone.
fn move_time(call: &Call<'_>, scope: &Scope, subjects: &[crate::model::Owner]) -> SimTime {
    let clock = call.account.clock().mode();
    match clock {
        ClockMode::Manual => call.now,
        ClockMode::Poll => {
            let state = call.account.read(scope);
            let awaited = subjects.iter().flat_map(|subject| state.awaited(subject));
            let next = awaited.filter_map(|owner| call.account.next_of(scope, &owner)).min();
            next.map_or(call.now, |next| jump(call, next))
        }
        ClockMode::Real | ClockMode::Scaled(_) => {
            if call.waits {
                let awaited =
                    |state: &State| subjects.iter().flat_map(|subject| state.awaited(subject)).collect();
                call.account.hasten(scope, awaited, call.now, services::step);
            }
            call.now
        }
    }
}

/// Takes the account's time to a moment, with all that happens until then.
fn jump(call: &Call<'_>, to: SimTime) -> SimTime {
    let wall = crate::clock::wall();
    let now = call.account.change_clock(wall, |clock| clock.jump(wall, to));
    call.account.settle(now, services::step);
    now
}

fn scope(home: Home, caller: &Caller) -> Scope {
    match home {
        Home::Region => Scope::Region(caller.region.clone()),
        Home::Account => Scope::Global,
    }
}

fn declared<'de, T: serde::Deserialize<'de>>(
    call: &Call<'_>,
    input: &'de Value,
    ignored: &mut Vec<String>,
) -> Result<T, Fault> {
    // `DryRun` is the gateway's own business.
    let mut note = |path: &str| {
        if path != "DryRun" {
            ignored.push(path.to_owned());
        }
    };
    crate::aws::from_value(input, &mut note).map_err(|error| Fault::internal(call.service, error.to_string()))
}

/// A refusal as it goes out: in the words of whoever runs the server, where AWS's are not known.
pub(super) fn fault(state: &State, refused: Refused) -> Fault {
    let message = refused.told(&state.texts);
    let mut fault = Fault::new(refused.code, message).with_status(refused.status);
    fault.because = refused.because.map(str::to_owned);
    fault.members = refused.members;
    fault
}

/// The answer to a dry run of something that would have worked.
/// Source: EC2 API reference, common parameters; the status is Assumed.
fn dry_run() -> Fault {
    Fault::new("DryRunOperation", "Request would have succeeded, but DryRun flag is set.")
        .with_status(412)
        .called("aws-dry-run")
}

fn encode<R: Reply>(call: &Call<'_>, out: &R) -> Result<Encoded, Fault> {
    let encoder = Encoder::new(call.operation, call.model, call.request_id);
    written(Writer { encoder, memo: call.memo }, call.model, call.operation, out)
}

/// An answer that keeps nothing.
pub(crate) fn encode_as<R: Reply>(
    operation: &'static WireOperation,
    model: &'static ServiceModel,
    request_id: &str,
    out: &R,
) -> Result<Encoded, Fault> {
    let encoder = Encoder::new(operation, model, request_id);
    written(Writer { encoder, memo: false }, model, operation, out)
}

fn written<R: Reply>(
    mut writer: Writer<'_>,
    model: &'static ServiceModel,
    operation: &'static WireOperation,
    out: &R,
) -> Result<Encoded, Fault> {
    let sent = out.write(&mut writer).map_err(|error| error.to_string()).and_then(|()| {
        let answer = writer.encoder.finish();
        // What is no business of an encoder. Only builds that are tested look at it.
        if cfg!(debug_assertions) {
            validate_answer(model, operation, &answer)?;
        }
        Ok(answer)
    });
    sent.map_err(|error| {
        tracing::error!(operation = operation.name, %error, "an answer does not fit the model");
        Fault::internal(model.id, error)
    })
}

struct Writer<'a> {
    encoder: Encoder<'a>,
    memo: bool,
}

impl ReplyWriter for Writer<'_> {
    type Error = EncodeError;

    fn value<T: Serialize>(&mut self, value: &T) -> Result<(), EncodeError> {
        self.encoder.value(value)
    }

    fn whole<T: Serialize>(&mut self, memo: &Memo, value: &T) -> Result<(), EncodeError> {
        if self.memo { self.encoder.whole(memo.slot(), value) } else { self.encoder.value(value) }
    }

    fn page<R: Printed>(&mut self, page: &Page<R>) -> Result<(), EncodeError> {
        let rows = page.rows.iter().map(|row| PrintedRow { row, memo: self.memo });
        self.encoder.page(R::LIST, rows, page.next_token.as_deref().map(|token| (R::TOKEN, token)))
    }

    fn stream<T: Serialize>(&mut self, head: &T, events: &[StreamEvent]) -> Result<(), EncodeError> {
        self.encoder.value(head)?;
        for event in events {
            match event {
                StreamEvent::Part { name, bytes } => self.encoder.event(name, bytes),
                StreamEvent::Exception { name, members } => self.encoder.exception(name, members),
            }
        }
        self.encoder.end_stream();
        Ok(())
    }
}

struct PrintedRow<'a, R> {
    row: &'a R,
    memo: bool,
}

impl<R: Printed> Element for PrintedRow<'_, R> {
    fn memo(&self) -> Option<&OnceLock<Box<[u8]>>> {
        self.row.memo().filter(|_| self.memo).map(|memo| memo.slot())
    }
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.row.print(serializer)
    }
}
