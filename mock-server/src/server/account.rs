//! An account of a server in this process: calls, and what the control API does for an account.

use super::Server;
use crate::aws::Fault;
use crate::clock;
use crate::kernel::AccountId;
use crate::scenario::callee::Callee;
use crate::scenario::session::{Answer, Session};
use crate::scenario::target::Http;
use bytes::Bytes;
use hyper::{Method, Request};
use serde_json::{Value, json};
use std::fmt;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Accounts that [`Server::fresh_account`] gives begin here.
const FIRST_FRESH: u64 = 700_000_000_000;

/// An AWS account on a [`Server`]: nobody else's VPCs, roles and jobs are in it, and its time is its own.
///
/// SDKs get there with the account's number as access key and any secret key.
#[derive(Clone, Copy)]
pub struct Account<'a> {
    server: &'a Server,
    id: AccountId,
}

/// Why a call has no answer.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CallError {
    /// AWS refuses, with its code, its text and the status.
    #[error("{code} ({status}): {message}")]
    Refused { code: String, message: String, status: u16 },
    /// There is no such operation, or its input does not fit.
    #[error("{0}")]
    Unsound(String),
    /// No whole answer came; declared faults do that.
    #[error("{0}")]
    Lost(String),
}

impl CallError {
    /// The code of a refusal.
    pub fn code(&self) -> Option<&str> {
        match self {
            CallError::Refused { code, .. } => Some(code),
            CallError::Unsound(_) | CallError::Lost(_) => None,
        }
    }
}

/// The control API refuses, for this reason.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ControlError(pub String);

impl Server {
    /// The account with this number, of twelve digits; `None` if it has others.
    pub fn account(&self, id: &str) -> Option<Account<'_>> {
        AccountId::parse(id).map(|id| Account { server: self, id })
    }

    /// An account that nobody has used yet.
    pub fn fresh_account(&self) -> Account<'_> {
        let used = self.site.gateway.world.accounts();
        loop {
            let number = FIRST_FRESH + self.fresh.fetch_add(1, Ordering::Relaxed);
            let id = AccountId::from_number(number).expect("nobody asks for 10^11 accounts");
            if !used.iter().any(|account| account.id == id) {
                return Account { server: self, id };
            }
        }
    }

    /// A call of the control API (docs/CONTROL-API.md), such as `POST` and `capacity`. It is for the account that it
    /// names itself; the methods of [`Account`] do so.
    ///
    /// # Errors
    /// What it refuses with.
    pub fn control(&self, method: Method, call: &str, body: Option<&Value>) -> Result<Value, ControlError> {
        let body = body.map(|body| Bytes::from(body.to_string())).unwrap_or_default();
        let request = Request::builder().method(method).uri(format!("/_mockplane/{call}")).body(body);
        let answer = self.site.answer(&request.map_err(|error| ControlError(error.to_string()))?);
        let told: Value =
            serde_json::from_slice(answer.body()).map_err(|error| ControlError(error.to_string()))?;
        if answer.status().is_success() {
            return Ok(told);
        }
        Err(ControlError(told["error"].as_str().map_or_else(|| told.to_string(), str::to_owned)))
    }
}

impl Account<'_> {
    /// Twelve digits: the account's number, and the access key of its root.
    pub fn id(&self) -> String {
        self.id.to_string()
    }

    /// Calls an operation, written like `ec2.CreateVpc`, as the account's root, with the members that SDKs take and in
    /// the server's region. Of S3, the operations that scenarios take.
    ///
    /// # Errors
    /// What AWS refuses with; or the call is none.
    pub async fn call(&self, operation: &str, input: Value) -> Result<Value, CallError> {
        let callee = Callee::find(operation).map_err(CallError::Unsound)?;
        let trust = &self.server.site.gateway.trust;
        let target = Http::with_root_secret(&self.server.endpoint(), trust.root_secret());
        let target = target.map_err(|error| CallError::Lost(error.0))?;
        let region = self.server.site.gateway.default_region.clone();
        let mut session = Session::new(&target, self.id, region, clock::wall());
        if trust.verify.is_some() {
            // What counts is the account's time, which may be another one.
            session.look_at_clock().await.map_err(|broken| CallError::Lost(broken.0))?;
        }
        match session.call(callee, &input).await {
            Ok(Answer::Done(output)) => Ok(output),
            Ok(Answer::Refused(Fault { code, message, status, .. })) => {
                Err(CallError::Refused { code: code.into_owned(), message, status })
            }
            Ok(Answer::Lost(why)) => Err(CallError::Lost(why)),
            Err(broken) => Err(CallError::Unsound(broken.0)),
        }
    }

    /// Forgets everything in the account, settings too: it begins anew as the server was told.
    ///
    /// # Errors
    /// None that are known.
    pub fn reset(&self) -> Result<(), ControlError> {
        self.control(Method::POST, "reset", None).map(|_| ())
    }

    /// Moves the account's time on; all that is due by then has happened when this returns.
    ///
    /// # Errors
    /// None that are known.
    pub fn advance(&self, span: Duration) -> Result<(), ControlError> {
        let body = json!({"account": self.id(), "advance": format!("{}ms", span.as_millis())});
        self.server.control(Method::POST, "clock", Some(&body)).map(|_| ())
    }

    /// What happened in the account, and why, oldest first.
    ///
    /// # Errors
    /// None that are known.
    pub fn events(&self) -> Result<Vec<Value>, ControlError> {
        match self.control(Method::GET, "events", None)?["events"].take() {
            Value::Array(events) => Ok(events),
            other => Err(ControlError(format!("`{other}` is no list of events"))),
        }
    }

    /// Why something is as it is: `training-job/NAME`, `endpoint/NAME` and so on, or `request/ID` of a refused call.
    ///
    /// # Errors
    /// There is no such thing.
    pub fn explain(&self, resource: &str) -> Result<Value, ControlError> {
        self.control(Method::GET, &format!("explain/{resource}"), None)
    }

    /// The documented rule that decided that something failed or was refused; `None` if none did.
    ///
    /// # Errors
    /// There is no such thing.
    pub fn decided_by(&self, resource: &str) -> Result<Option<String>, ControlError> {
        Ok(self.explain(resource)?["decidedBy"].as_str().map(str::to_owned))
    }

    /// What would become of a request for a job, a model or an endpoint; nothing is changed.
    ///
    /// # Errors
    /// It cannot be told what the request is for.
    pub fn preflight(&self, operation: &str, input: &Value) -> Result<Value, ControlError> {
        let question = json!({"operation": operation, "input": input});
        self.control(Method::POST, "preflight", Some(&question))
    }

    /// Declares what goes wrong in the account until the next reset: `{"faults": [..]}`, as docs/FAULTS.md has it.
    ///
    /// # Errors
    /// The document is not sound.
    pub fn declare_faults(&self, document: &Value) -> Result<(), ControlError> {
        self.control(Method::POST, "faults", Some(document)).map(|_| ())
    }

    /// Declares what containers do until the next reset: `{"behaviours": [..]}`, as docs/BEHAVIOURS.md has it.
    ///
    /// # Errors
    /// The document is not sound.
    pub fn declare_behaviours(&self, document: &Value) -> Result<(), ControlError> {
        self.control(Method::POST, "behaviours", Some(document)).map(|_| ())
    }

    /// A call of the control API that takes the account as a parameter.
    fn control(&self, method: Method, call: &str, body: Option<&Value>) -> Result<Value, ControlError> {
        self.server.control(method, &format!("{call}?account={}", self.id), body)
    }
}

impl fmt::Debug for Account<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Account").field(&self.id).finish()
    }
}
