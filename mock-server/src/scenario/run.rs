//! Running one scenario.

use super::behaviour;
use super::callee::Callee;
use super::check::BUILT_IN;
use super::file::{Expect, FaultStep, Mode, Poll, Scenario, Step, WaitFor};
use super::problem::{Place, Problem};
use super::resource::ResourceKind;
use super::session::{Answer, Broken, Credentials, Session};
use super::span::Span;
use super::target::Target;
use super::template::Scope;
use super::transcript::Transcript;
use super::tree::Node;
use super::{matcher, query};
use crate::aws::timestamp;
use crate::clock::{Stopwatch, pause};
use crate::kernel::{AccountId, SimTime, digest};
use serde::Deserialize;
use serde_json::Value;
use serde_saphyr::Spanned;
use std::collections::BTreeMap;
use std::time::Duration;

/// 2026-01-05T09:00:00Z: when scenarios begin that do not say when.
const START: SimTime = SimTime::from_millis(1_767_603_600_000);
const SEED: u64 = 1;
const REGION: &str = "us-east-1";

/// What the caller decides for every scenario.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    pub seed: Option<u64>,
    /// Values of variables.
    pub vars: BTreeMap<String, Node>,
}

/// How a step ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Status {
    Passed,
    /// An expectation does not hold.
    Failed,
    /// It could not be carried out.
    Broken,
    /// A step before it did not pass.
    Skipped,
}

/// What became of a step.
#[derive(Clone, PartialEq, Debug)]
pub struct StepOutcome {
    /// From 1.
    pub number: usize,
    pub title: String,
    pub place: Place,
    pub status: Status,
    pub problems: Vec<Problem>,
}

/// What became of a scenario.
#[derive(Clone, PartialEq, Debug)]
pub struct Outcome {
    pub name: String,
    pub file: String,
    pub account: AccountId,
    /// Why it could not even begin.
    pub broken: Option<String>,
    /// How long it took in real time.
    pub elapsed: Duration,
    pub steps: Vec<StepOutcome>,
    pub transcript: Transcript,
}

impl Outcome {
    pub fn status(&self) -> Status {
        let ended_badly = |step: &&StepOutcome| step.status != Status::Passed;
        match self.steps.iter().find(ended_badly) {
            _ if self.broken.is_some() => Status::Broken,
            Some(step) => step.status,
            None => Status::Passed,
        }
    }

    pub fn passed(&self) -> bool {
        self.status() == Status::Passed
    }
}

/// Why a step did not pass.
enum Stop {
    Failed(Vec<Problem>),
    Broken(String),
}

impl From<Broken> for Stop {
    fn from(broken: Broken) -> Self {
        Stop::Broken(broken.0)
    }
}

impl From<Problem> for Stop {
    fn from(problem: Problem) -> Self {
        Stop::Failed(vec![problem])
    }
}

/// Runs a scenario that was checked.
pub async fn run<T: Target>(target: &T, scenario: &Scenario, file: &str, overrides: &Overrides) -> Outcome {
    let watch = Stopwatch::start();
    let settings = &scenario.settings;
    let name = &scenario.metadata.name.value;
    let seed = overrides.seed.or(settings.seed).unwrap_or(SEED);
    let account = settings.account.as_ref().and_then(|account| AccountId::parse(&account.value));
    let account = account.unwrap_or_else(|| own_account(seed, name));
    let region = settings.region.as_ref().map_or(REGION, |region| &region.value).to_owned();

    let vars = scenario.vars.iter().flat_map(Node::entries);
    let mut vars: BTreeMap<_, _> = vars.map(|(key, node)| (key.text.clone(), node.clone())).collect();
    vars.extend(overrides.vars.clone());
    let built_in = [account.to_string(), region.clone()].map(Value::from);
    let values = BUILT_IN.map(str::to_owned).into_iter().zip(built_in).collect();

    let start = settings.clock.start.as_ref().and_then(|start| timestamp::parse(&start.value));
    let start = start.map(SimTime::from_millis).or((settings.clock.mode != Mode::Real).then_some(START));
    let session = Session::new(target, account, region, start.unwrap_or(START));
    let mut run = Run { scenario, session, scope: Scope { vars, values }, faults: BTreeMap::new() };
    let broken = run.begin(seed, start).await.err().map(|Broken(message)| message);
    let mut steps = Vec::new();
    let mut going = broken.is_none();
    for (number, step) in (1..).zip(&scenario.steps.value) {
        let title = title(&step.value);
        let (status, problems) =
            if going { run.outcome_of(step).await } else { (Status::Skipped, Vec::new()) };
        going &= status == Status::Passed;
        steps.push(StepOutcome { number, title, place: step.referenced.into(), status, problems });
    }
    if going && let Some(outcome) = run.unused_faults(steps.len() + 1).await {
        steps.push(outcome);
    }
    let transcript = run.session.transcript;
    let (name, file, elapsed) = (name.clone(), file.to_owned(), watch.elapsed());
    Outcome { name, file, account, broken, elapsed, steps, transcript }
}

/// An account for this scenario alone: twelve digits, none of them a leading zero.
fn own_account(seed: u64, name: &str) -> AccountId {
    const LEAST: u64 = 100_000_000_000;
    let number = digest(seed, &[b"scenario", name.as_bytes()]) % u128::from(9 * LEAST);
    let number = LEAST + u64::try_from(number).unwrap_or(0);
    AccountId::from_number(number).expect("a number below 10^12 is an account")
}

fn title(step: &Step) -> String {
    let fault = step.fault.as_ref().map(|fault| match (&fault.value.set, &fault.value.clear) {
        (Some(set), _) => format!("set the fault {}", set.id.as_deref().unwrap_or_default()),
        (_, clear) => format!("clear the fault {}", clear.as_ref().map_or("", |id| &id.value)),
    });
    let what = match (&step.call, &step.advance, &step.wait_for, &step.explain) {
        _ if fault.is_some() => fault.unwrap_or_default(),
        (Some(call), ..) => call.value.clone(),
        (_, Some(span), ..) => format!("advance {}", span.value),
        (_, _, Some(wait), _) => format!("{} is {}", wait.resource.value, wait.state.value),
        (.., Some(resource)) => format!("explain {}", resource.value),
        _ => String::new(),
    };
    match &step.id {
        Some(id) => format!("{}: {what}", id.value),
        None => what,
    }
}

struct Run<'a, T> {
    scenario: &'a Scenario,
    session: Session<'a, T>,
    scope: Scope,
    /// The faults that are there, and where they were declared.
    faults: BTreeMap<String, Place>,
}

impl<T: Target> Run<'_, T> {
    fn mode(&self) -> Mode {
        self.scenario.settings.clock.mode
    }

    async fn begin(&mut self, seed: u64, start: Option<SimTime>) -> Result<(), Broken> {
        let settings = &self.scenario.settings;
        self.session.reset(seed, settings.profile.map(|profile| profile.name())).await?;
        for (rule, mode) in &settings.rules {
            self.session.set_rule(rule, &mode.value).await?;
        }
        for (family, zones) in &settings.not_offered {
            self.session.set_offering(family, &zones.value).await?;
        }
        for (name, zones) in &settings.capacity {
            self.session.set_capacity(name, &zones.value).await?;
        }
        for (quota, limit) in &settings.quotas {
            self.session.set_quota(quota, &limit.value.to_string()).await?;
        }
        if !self.scenario.behaviours.is_empty() {
            let filled: Result<Vec<_>, _> = self
                .scenario
                .behaviours
                .iter()
                .map(|one| self.filled(one.referenced.into(), one.value.to_value()))
                .collect();
            self.session.declare(&filled.map_err(|problem| Broken(problem.to_string()))?).await?;
        }
        let scale = settings.clock.scale.as_ref().map_or(60.0, |scale| scale.value);
        let mode = match settings.clock.mode {
            Mode::Manual => "manual".to_owned(),
            Mode::Poll => "poll".to_owned(),
            Mode::Real => "real".to_owned(),
            Mode::Scaled => format!("scaled:{scale}"),
        };
        self.session.set_clock(&mode, start).await?;
        // Their windows count from the time that it is now.
        for one in &self.scenario.faults {
            let (place, id) = (Place::from(one.referenced), one.value.id.clone().unwrap_or_default());
            let filled =
                self.filled(place, one.value.to_value()).map_err(|problem| Broken(problem.to_string()))?;
            self.session.set_faults(&[filled]).await?;
            self.faults.insert(id, place);
        }
        Ok(())
    }

    /// A behaviour or a fault with its templates filled in.
    fn filled(&self, place: Place, mut value: Value) -> Result<Value, Problem> {
        for text in behaviour::texts(&mut value) {
            *text = self.scope.text(place, text)?;
        }
        Ok(value)
    }

    async fn outcome_of(&mut self, step: &Spanned<Step>) -> (Status, Vec<Problem>) {
        match self.step(&step.value, step.referenced.into()).await {
            Ok(()) => (Status::Passed, Vec::new()),
            Err(Stop::Failed(problems)) => (Status::Failed, problems),
            Err(Stop::Broken(message)) => (Status::Broken, vec![Problem::new(step.referenced, message)]),
        }
    }

    async fn step(&mut self, step: &Step, place: Place) -> Result<(), Stop> {
        let none = Expect::default();
        let expect = step.expect.as_ref().unwrap_or(&none);
        let answer = if let Some(call) = &step.call {
            self.call(step, call, expect).await?
        } else if let Some(wait) = &step.wait_for {
            self.wait(wait, expect).await?
        } else if let Some(resource) = &step.explain {
            self.explain(resource, expect).await?
        } else if let Some(fault) = &step.fault {
            return self.fault(fault.referenced.into(), &fault.value).await;
        } else if let Some(span) = &step.advance {
            return Ok(self.session.advance(span.value).await?);
        } else {
            return Err(Problem::new(place, "a step has to do something").into());
        };
        self.capture(step, &answer)
    }

    fn capture(&mut self, step: &Step, answer: &Value) -> Result<(), Stop> {
        for (name, path) in step.capture.iter().flat_map(Node::entries) {
            let place = path.place;
            let expression = self.scope.text(place, path.text().unwrap_or_default())?;
            let found = query::find(&expression, answer).map_err(|message| Problem::new(place, message))?;
            if found.is_null() {
                let message = format!("nothing to capture as `{}`: `{expression}` finds nothing", name.text);
                return Err(Problem::new(place, message).into());
            }
            self.scope.values.insert(name.text.clone(), found);
        }
        Ok(())
    }

    // === Faults ===

    async fn fault(&mut self, place: Place, step: &FaultStep) -> Result<(), Stop> {
        if let Some(declared) = &step.set {
            let filled = self.filled(place, declared.to_value())?;
            self.session.set_faults(&[filled]).await?;
            self.faults.insert(declared.id.clone().unwrap_or_default(), place);
        } else if let Some(id) = &step.clear {
            let declared = self.faults.remove(&id.value);
            if self.session.clear_fault(&id.value).await? == 0 {
                return Err(never_struck(&id.value, declared.unwrap_or(place)).into());
            }
        }
        Ok(())
    }

    /// What is wrong at the end: a fault that struck nothing was declared for nothing.
    async fn unused_faults(&mut self, number: usize) -> Option<StepOutcome> {
        let mut problems = Vec::new();
        for (id, place) in std::mem::take(&mut self.faults) {
            match self.session.hits(&id).await {
                Ok(0) => problems.push(never_struck(&id, place)),
                Ok(_) => {}
                Err(Broken(message)) => problems.push(Problem::new(place, message)),
            }
        }
        let title = "every fault struck".to_owned();
        let place = problems.first()?.place;
        Some(StepOutcome { number, title, place, status: Status::Failed, problems })
    }

    // === Calls ===

    async fn call(&mut self, step: &Step, call: &Spanned<String>, expect: &Expect) -> Result<Value, Stop> {
        let place = call.referenced.into();
        let callee = Callee::find(&call.value).map_err(|message| Problem::new(place, message))?;
        let input = match &step.with {
            Some(with) => self.scope.value(with)?,
            None => Value::Object(Default::default()),
        };
        let credentials = match &step.caller {
            Some(caller) => Some(self.credentials(caller)?),
            None => None,
        };
        let poll = step.poll.as_ref().map(|poll| poll.value);
        let deadline = poll.map(|poll| self.session.time.now + poll.within.0);
        loop {
            let answer = self.session.call_as(credentials.as_ref(), callee, &input).await?;
            if let (Answer::Lost(message), false) = (&answer, expect.is_lost()) {
                return Err(Stop::Broken(message.clone()));
            }
            let problems = self.judge(place, expect, &answer);
            if problems.is_empty() {
                return Ok(match answer {
                    Answer::Done(value) => value,
                    Answer::Refused(_) | Answer::Lost(_) => Value::Null,
                });
            }
            match (poll, deadline) {
                (Some(Poll { every, .. }), Some(deadline)) if self.session.time.now + every.0 <= deadline => {
                    self.pass(every).await?;
                }
                _ => return Err(Stop::Failed(problems)),
            }
        }
    }

    /// Whose a call is, in the form in which IAM and STS answer it.
    fn credentials(&self, caller: &Node) -> Result<Credentials, Stop> {
        let value = self.scope.value(caller)?;
        Credentials::deserialize(&value).map_err(|error| {
            let message = format!("`as` takes what IAM or STS answers as credentials: {error}");
            Problem::new(caller.place, message).into()
        })
    }

    /// What of the expectations of a call does not hold.
    fn judge(&self, place: Place, expect: &Expect, answer: &Answer) -> Vec<Problem> {
        let mut problems = Vec::new();
        match answer {
            Answer::Lost(_) => {}
            Answer::Done(_) | Answer::Refused(_) if expect.is_lost() => {
                problems.push(Problem::new(place, "expected no answer, but there is one"));
            }
            Answer::Done(_) if expect.is_refusal() => {
                let code = expect.error.as_ref().and_then(|error| error.code.text());
                let wanted = code.map_or("a refusal".to_owned(), |code| format!("`{code}`"));
                problems.push(Problem::new(place, format!("expected {wanted}, but the call succeeded")));
            }
            Answer::Done(value) => {
                self.judge_response(expect, value, &mut problems);
                if let Some(cause) = &expect.blocked_by
                    && !expect.is_refusal()
                {
                    problems.push(Problem::new(cause.referenced, "nothing is blocked: the call succeeded"));
                }
            }
            Answer::Refused(fault) if !expect.is_refusal() => {
                problems.push(Problem::new(place, format!("refused: {fault}")));
            }
            Answer::Refused(fault) => {
                if let Some(error) = &expect.error {
                    self.hold("the code", Some(&error.code), &fault.code.as_ref().into(), &mut problems);
                    self.hold(
                        "the message",
                        error.message.as_ref(),
                        &fault.message.as_str().into(),
                        &mut problems,
                    );
                    self.hold("the status", error.status.as_ref(), &fault.status.into(), &mut problems);
                }
                if let Some(cause) = &expect.blocked_by {
                    let rule = fault.because.as_deref().into();
                    self.hold("the rule", cause.value.rule.as_ref(), &rule, &mut problems);
                }
            }
        }
        problems
    }

    fn judge_response(&self, expect: &Expect, response: &Value, problems: &mut Vec<Problem>) {
        for (path, matcher) in expect.response.iter().flat_map(Node::entries) {
            let held = self
                .scope
                .text(path.place, &path.text)
                .map_err(|problem| problem.message)
                .and_then(|path| query::find(&path, response))
                .and_then(|found| matcher::hold(matcher, &found, &self.scope));
            if let Err(message) = held {
                problems.push(Problem::new(path.place, format!("`{}`: {message}", path.text)));
            }
        }
    }

    fn hold(&self, what: &str, matcher: Option<&Node>, actual: &Value, problems: &mut Vec<Problem>) {
        if let Some(matcher) = matcher
            && let Err(message) = matcher::hold(matcher, actual, &self.scope)
        {
            problems.push(Problem::new(matcher.place, format!("{what}: {message}")));
        }
    }

    async fn explain(&mut self, resource: &Spanned<String>, expect: &Expect) -> Result<Value, Stop> {
        let place = resource.referenced.into();
        let resource = self.scope.text(place, &resource.value)?;
        let explanation = self.explanation(&resource, place).await?;
        let mut problems = Vec::new();
        self.judge_response(expect, &explanation, &mut problems);
        if problems.is_empty() { Ok(explanation) } else { Err(Stop::Failed(problems)) }
    }

    /// Nothing to explain is an expectation that does not hold: the scenario took it to be there.
    async fn explanation(&mut self, resource: &str, place: Place) -> Result<Value, Stop> {
        let explanation = self.session.explain(resource).await?;
        explanation.ok_or_else(|| Problem::new(place, format!("there is no {resource} to explain")).into())
    }

    // === Time ===

    /// Lets virtual time pass.
    async fn pass(&mut self, span: Span) -> Result<(), Broken> {
        match self.mode() {
            Mode::Manual | Mode::Poll => self.session.advance(span).await,
            Mode::Real => {
                pause(span.0).await;
                self.session.look_at_clock().await
            }
            Mode::Scaled => {
                let scale = self.scenario.settings.clock.scale.as_ref().map_or(60.0, |scale| scale.value);
                pause(span.0.div_f64(scale)).await;
                self.session.look_at_clock().await
            }
        }
    }

    async fn wait(&mut self, wait: &WaitFor, expect: &Expect) -> Result<Value, Stop> {
        /// The longest pause between two looks, where time passes by itself.
        const LOOK: Duration = Duration::from_millis(100);
        /// Polls that bring nothing before it counts as stuck.
        const PATIENCE: usize = 100;
        let place = wait.resource.referenced.into();
        let resource = self.scope.text(place, &wait.resource.value)?;
        let unknown = || Problem::new(place, format!("`{resource}` is nothing to wait for"));
        let (slug, name) = resource.split_once('/').ok_or_else(unknown)?;
        let kind = ResourceKind::get(slug).ok_or_else(unknown)?;
        let default = if self.mode() == Mode::Real { Span::minutes(5) } else { Span::minutes(60) };
        let within = wait.within.unwrap_or(default);
        self.session.look_at_clock().await?;
        let deadline = self.session.time.now + within.0;
        let mut idle = 0;
        loop {
            let description = self.describe(kind, name, place).await?;
            let state = kind.state_of(&description);
            if state == wait.state.value {
                let problems = self.judge_state(kind, &resource, expect, &description).await?;
                return if problems.is_empty() { Ok(description) } else { Err(Stop::Failed(problems)) };
            }
            let stuck = |why: &str| {
                let reason = kind.reason_of(&description).as_str();
                let reason = reason.map_or(String::new(), |reason| format!(": {reason}"));
                Problem::new(wait.state.referenced, format!("{resource} is {state}{why}{reason}"))
            };
            if kind.last.contains(&state) {
                return Err(stuck(&format!(", not {}", wait.state.value)).into());
            }
            let before = self.session.time.now;
            let left = Span(deadline.since(before));
            match self.mode() {
                _ if left.0.is_zero() => return Err(stuck(&format!(" after {within}")).into()),
                Mode::Manual => {
                    let Some(due) = self.session.time.next_due else {
                        return Err(stuck(", and nothing is due").into());
                    };
                    self.session.advance(Span(due.since(before)).min(left)).await?;
                }
                Mode::Poll => self.session.look_at_clock().await?,
                Mode::Real | Mode::Scaled => {
                    pause(LOOK).await;
                    self.session.look_at_clock().await?;
                }
            }
            idle = if self.session.time.now == before { idle + 1 } else { 0 };
            if idle >= PATIENCE {
                return Err(stuck(", and its time stands still").into());
            }
        }
    }

    async fn describe(&mut self, kind: &ResourceKind, name: &str, place: Place) -> Result<Value, Stop> {
        let mut input = serde_json::Map::new();
        input.insert(kind.name.to_owned(), name.into());
        let callee =
            Callee::find(&format!("{}.{}", kind.service.name(), kind.describe)).map_err(Stop::Broken)?;
        match self.session.call(callee, &input.into()).await? {
            Answer::Done(description) => Ok(description),
            Answer::Lost(message) => Err(Stop::Broken(message)),
            Answer::Refused(fault) => {
                Err(Problem::new(place, format!("{} was refused: {fault}", kind.describe)).into())
            }
        }
    }

    /// What of the expectations of a state that was reached does not hold.
    async fn judge_state(
        &mut self,
        kind: &ResourceKind,
        resource: &str,
        expect: &Expect,
        description: &Value,
    ) -> Result<Vec<Problem>, Stop> {
        let mut problems = Vec::new();
        self.judge_response(expect, description, &mut problems);
        self.hold("the state", expect.state.as_ref(), &kind.state_of(description).into(), &mut problems);
        let reason = kind.reason_of(description);
        self.hold("the failure reason", expect.failure_reason.as_ref(), reason, &mut problems);
        let secondary = kind.secondary.map_or(Ok(Value::Null), |path| query::find(path, description));
        let secondary = secondary.map_err(Stop::Broken)?;
        self.hold("the secondary statuses", expect.secondary_status.as_ref(), &secondary, &mut problems);
        if let Some(cause) = &expect.blocked_by {
            let explanation = self.explanation(resource, cause.referenced.into()).await?;
            let rule = &explanation["decidedBy"];
            self.hold("the rule", cause.value.rule.as_ref(), rule, &mut problems);
            if let Some(wanted) = &cause.value.resource {
                let id = self.scope.value(wanted)?;
                let (id, rule) = (id.as_str().unwrap_or_default(), rule.as_str().unwrap_or_default());
                if !finding_of(&explanation, rule).is_some_and(|finding| mentions(finding, id)) {
                    let message = format!("what {rule} found has nothing to do with `{id}`");
                    problems.push(Problem::new(wanted.place, message));
                }
            }
        }
        Ok(problems)
    }
}

fn never_struck(id: &str, place: Place) -> Problem {
    Problem::new(place, format!("fault `{id}` never struck"))
}

/// The part of an explanation that is about this rule: the innermost mapping that has its id.
fn finding_of<'a>(explanation: &'a Value, rule: &str) -> Option<&'a Value> {
    match explanation {
        Value::Object(map) => {
            let inner = map.values().find_map(|value| finding_of(value, rule));
            inner.or_else(|| (map.get("id")? == rule).then_some(explanation))
        }
        Value::Array(list) => list.iter().find_map(|value| finding_of(value, rule)),
        _ => None,
    }
}

/// Whether a text in the value has this id in it.
fn mentions(value: &Value, id: &str) -> bool {
    match value {
        Value::String(text) => {
            text.split(|c: char| !(c.is_alphanumeric() || c == '-')).any(|word| word == id) || text == id
        }
        Value::Array(list) => list.iter().any(|value| mentions(value, id)),
        Value::Object(map) => map.values().any(|value| mentions(value, id)),
        _ => false,
    }
}
