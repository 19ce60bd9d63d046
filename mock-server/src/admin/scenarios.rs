//! Scenarios that are loaded into accounts of a running server, where a learner or a test takes over.
//!
//! Each is carried out by the runner of `mockplane run`, in this process and through the same gateway.

use super::{Answer, PREFIX, Problem, Query, Site, respond};
use crate::clock::pause;
use crate::gateway::{Cut, Interference};
use crate::kernel::AccountId;
use crate::scenario::lesson::{EMBEDDED, Listed};
use crate::scenario::problem::instead_of;
use crate::scenario::run::{Broken, Play, Verdict};
use crate::scenario::target::{Exchange, InProcess, Unreachable};
use crate::scenario::{self, file::Scenario};
use bytes::Bytes;
use hyper::header::ORIGIN;
use hyper::{Method, Request, Response, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// What is played, by account. Whoever acts on one has it alone meanwhile.
#[derive(Default)]
pub(super) struct Plays(Mutex<BTreeMap<AccountId, Arc<tokio::sync::Mutex<Play>>>>);

impl Plays {
    fn all(&self) -> Vec<Arc<tokio::sync::Mutex<Play>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    fn get(&self, account: AccountId) -> Result<Arc<tokio::sync::Mutex<Play>>, Problem> {
        let plays = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = plays.get(&account).cloned();
        found.ok_or_else(|| Problem::not_found(format!("account {account} has no scenario")))
    }

    fn put(&self, account: AccountId, play: Play) {
        let play = Arc::new(tokio::sync::Mutex::new(play));
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(account, play);
    }

    /// Forgets all.
    pub fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn forget(&self, account: AccountId) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&account).is_some()
    }
}

/// The gateway and the rest of the control API: what a scenario needs, and no way to play another one.
struct Inside<'a>(&'a Site);

impl Exchange for Inside<'_> {
    async fn exchange(&self, request: Request<Bytes>) -> Result<Response<Bytes>, Unreachable> {
        let mut answer = self.0.answer(&request);
        let Some(Interference { delay, cut }) = answer.extensions_mut().remove() else { return Ok(answer) };
        pause(delay).await;
        match cut {
            Cut::Whole => Ok(answer),
            Cut::Lost | Cut::After(_) => Err(Unreachable("the connection was closed".into())),
        }
    }

    fn root_secret(&self) -> &str {
        self.0.gateway.trust.root_secret()
    }
}

impl Site {
    /// Answers what is asked of scenarios, which may take a while; `None` if the request is about something else.
    pub async fn play(&self, request: &Request<Bytes>) -> Option<Response<Bytes>> {
        let call = request.uri().path().strip_prefix(PREFIX)?;
        if (request.method(), call) == (&Method::POST, "reset") && !request.headers().contains_key(ORIGIN) {
            // What is played there is over; a runner's own resets do not come this way.
            let account = Query::of(request).get("account").and_then(AccountId::parse);
            account.map(|account| self.plays.forget(account));
        }
        let call = call.strip_prefix("scenarios")?;
        let call = match call.strip_prefix('/') {
            Some(call) => call,
            None if call.is_empty() => "",
            None => return None,
        };
        if request.method() != Method::GET && request.headers().contains_key(ORIGIN) {
            return Some(respond(Err(Problem(
                StatusCode::FORBIDDEN,
                "requests of web pages are refused".into(),
            ))));
        }
        Some(respond(self.played(request, call).await))
    }

    async fn played(&self, request: &Request<Bytes>, call: &str) -> Answer {
        let query = Query::of(request);
        let method = request.method().as_str();
        if (method, call, query.get("account")) == ("GET", "", None) {
            let mut all = Vec::new();
            for play in self.plays.all() {
                all.push(play.lock().await.status());
            }
            return Ok(json!({ "scenarios": all }));
        }
        let account = self.account(query.get("account"))?;
        if (method, call) == ("POST", "") {
            let scenario = asked_for(request.body(), query.get("row"))?;
            return self.load(account, query.get("stopAfter"), scenario).await;
        }
        let play = self.plays.get(account)?;
        let mut play = play.lock().await;
        let target = InProcess(Inside(self));
        match (method, call) {
            ("GET", "") => Ok(play.status()),
            ("POST", "script") => Ok(json!({ "script": play.script().map_err(conflict)? })),
            ("POST", "check") => {
                let verdict = play.check(&target).await.map_err(conflict)?;
                Ok(told(&verdict, &play))
            }
            ("POST", "hint") => match play.hint().map_err(conflict)? {
                Some(hint) => Ok(hint),
                None => Err(Problem::not_found("there are no more hints")),
            },
            ("POST", "solve") => {
                play.solve(&target).await.map_err(conflict)?;
                Ok(play.status())
            }
            ("POST", "reset") => {
                play.reset(&target).await.map_err(conflict)?;
                Ok(play.status())
            }
            ("DELETE", "") => {
                self.plays.forget(account);
                let told = self.reset(&Query::default().with("account", &account.to_string()))?;
                Ok(told)
            }
            _ => Err(Problem::not_found(format!("the control API has no {method} {PREFIX}scenarios/{call}"))),
        }
    }

    async fn load(&self, account: AccountId, stop_after: Option<&str>, scenario: Scenario) -> Answer {
        let target = InProcess(Inside(self));
        self.plays.forget(account);
        let play = Play::begin(&target, scenario, account, stop_after).await.map_err(conflict)?;
        let told = play.status();
        self.plays.put(account, play);
        Ok(told)
    }
}

/// What the body says: the text of a scenario, of whose matrix it is this row, or the name of a lesson.
fn asked_for(body: &Bytes, row: Option<&str>) -> Result<Scenario, Problem> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Named {
        name: String,
    }
    if let Ok(Named { name }) = serde_json::from_slice(body) {
        if row.is_some() {
            return Err(Problem::bad(format!("lesson `{name}` has no matrix, and no rows")));
        }
        let lessons = scenario::lesson::listed(EMBEDDED.iter().copied()).0;
        let nearest = instead_of(&name, lessons.iter().map(Listed::name));
        let found = lessons.into_iter().find(|lesson| lesson.name() == name);
        return found
            .map(|lesson| lesson.scenario)
            .ok_or_else(|| Problem::not_found(format!("no lesson is named `{name}`{nearest}")));
    }
    let text = std::str::from_utf8(body).map_err(|_| Problem::bad("a scenario is a text"))?;
    let parsed = scenario::file::parse(text).map_err(|problem| Problem::bad(problem.in_file("scenario")))?;
    if let Some(file) = parsed.fixtures.iter().find_map(|wanted| wanted.value.file.as_ref()) {
        // Nobody reads files of the server's machine this way.
        let text = format!("fixture file `{}`: only presets and snapshots can be used here", file.value);
        return Err(Problem::bad(text));
    }
    scenario::sound_row("scenario", text, row).map_err(|problems| Problem::bad(problems.join("\n")))
}

/// What a scenario says and what is there do not go together.
fn conflict(broken: Broken) -> Problem {
    Problem(StatusCode::CONFLICT, broken.0)
}

fn told(verdict: &Verdict, play: &Play) -> Value {
    let problems: Vec<_> = verdict.problems.iter().map(|problem| &problem.message).collect();
    let mut told = play.status();
    told["check"] = json!({
        "passed": verdict.passed,
        "step": verdict.step,
        "said": verdict.said,
        "problems": problems,
        "rule": verdict.rule,
        "explain": verdict.explain,
    });
    told
}
