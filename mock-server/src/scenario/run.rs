//! Running one scenario.

mod judge;
mod lesson;
mod play;
mod snapshot;
mod time;
mod title;
mod watched;

use super::behaviour;
use super::callee::Callee;
use super::check::BUILT_IN;
use super::file::{BlockedBy, Data, Expect, FaultStep, Mode, Poll, Scenario, Step};
use super::fixture::Wanted;
use super::plane::{Ability, Credentials};
use super::problem::{Place, Problem};
use super::query;
use super::session::{Answer, Session};
use super::target::Target;
use super::template::Scope;
use super::transcript::Transcript;
use super::tree::Node;
use crate::aws::timestamp;
use crate::clock::Stopwatch;
use crate::kernel::{AccountId, SimTime, digest};
use serde::Deserialize;
use serde_json::Value;
use serde_saphyr::Spanned;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use title::title;

pub use super::session::Broken;
pub use play::{Play, Verdict};
pub use watched::{Seen, Watched, watch};

/// 2026-01-05T09:00:00Z: when scenarios begin that do not say when.
const START: SimTime = SimTime::from_millis(1_767_603_600_000);
const SEED: u64 = 1;
const REGION: &str = "us-east-1";

/// The note of a step whose `blockedBy` says what its target cannot tell.
pub const CAUSE_NOT_JUDGED: &str = "the cause was not judged: the target does not tell it";

/// What the caller decides for every scenario.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    pub account: Option<AccountId>,
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
    /// A step before it did not pass; or the whole scenario needs what its target lacks.
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
    /// What was left out of it, though it was carried out.
    pub notes: Vec<String>,
}

/// What became of a scenario.
#[derive(Clone, PartialEq, Debug)]
pub struct Outcome {
    pub name: String,
    pub file: String,
    pub account: AccountId,
    /// Why it could not even begin.
    pub broken: Option<String>,
    /// Why it did not run: what it needs and its target lacks.
    pub skipped: Option<String>,
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
            _ if self.skipped.is_some() => Status::Skipped,
            Some(step) => step.status,
            None => Status::Passed,
        }
    }

    pub fn passed(&self) -> bool {
        self.status() == Status::Passed
    }

    /// Whether it ran and did not pass.
    pub fn failed(&self) -> bool {
        matches!(self.status(), Status::Failed | Status::Broken)
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
    let (mut run, seed, start) = Run::prepare(target, scenario, overrides);
    if let Some(lacking) = run.session.plane.lacks(scenario) {
        return run.skipped(file, lacking);
    }
    let broken = run.begin(seed, start).await.err().map(|Broken(message)| message);
    let mut steps = Vec::new();
    let mut going = broken.is_none();
    run.part("", &scenario.steps.value, &mut going, &mut steps).await;
    if let Some(lesson) = &scenario.lesson {
        run.lesson(&lesson.value, &mut going, &mut steps).await;
    }
    if going && let Some(outcome) = run.unused_faults(steps.len() + 1).await {
        steps.push(outcome);
    }
    run.ended(file, broken, steps, watch).await
}

/// What templates can name everywhere.
fn built_in(account: AccountId, region: &str) -> BTreeMap<String, Value> {
    let values = [account.to_string().into(), region.into()];
    BUILT_IN.map(str::to_owned).into_iter().zip(values).collect()
}

/// An account for this scenario alone: twelve digits, none of them a leading zero.
fn own_account(seed: u64, name: &str) -> AccountId {
    const LEAST: u64 = 100_000_000_000;
    let number = digest(seed, &[b"scenario", name.as_bytes()]) % u128::from(9 * LEAST);
    let number = LEAST + u64::try_from(number).unwrap_or(0);
    AccountId::from_number(number).expect("a number below 10^12 is an account")
}

struct Run<'a, T> {
    scenario: &'a Scenario,
    session: Session<'a, T>,
    scope: Scope,
    /// The faults that are there, and where they were declared.
    faults: BTreeMap<String, Place>,
    /// Where the faults were declared that struck something, as far as is known.
    struck: BTreeSet<Place>,
    /// The faults that were there when a snapshot was saved, by its name.
    saved: BTreeMap<String, BTreeMap<String, Place>>,
    /// What was seen, if that is what the run is for; then nothing is judged.
    watched: Option<Vec<Watched>>,
}

impl<T: Target> Run<'_, T> {
    /// How time moves.
    fn mode(&self) -> Mode {
        match self.session.plane.can(Ability::VirtualTime) {
            true => self.scenario.settings.clock.mode,
            false => Mode::Real,
        }
    }

    /// What becomes of the scenario if it needs what is not there.
    fn skipped(self, file: &str, lacking: String) -> Outcome {
        Outcome {
            name: self.scenario.name(),
            file: file.to_owned(),
            account: self.session.account,
            broken: None,
            skipped: Some(lacking),
            elapsed: Duration::ZERO,
            steps: Vec::new(),
            transcript: self.session.transcript,
        }
    }

    /// What became of the scenario. The server's own account is one that others use too: it is given back as the server
    /// gives out accounts. Any other can be looked at as long as there is the server.
    async fn ended(
        mut self,
        file: &str,
        broken: Option<String>,
        steps: Vec<StepOutcome>,
        watch: Stopwatch,
    ) -> Outcome {
        let is_lent =
            self.scenario.settings.account.is_some() && self.session.plane.can(Ability::OwnAccounts);
        let given_back = if is_lent { self.session.give_back().await } else { Ok(()) };
        Outcome {
            name: self.scenario.name(),
            file: file.to_owned(),
            account: self.session.account,
            broken: broken.or(given_back.err().map(|Broken(message)| message)),
            skipped: None,
            elapsed: watch.elapsed(),
            steps,
            transcript: self.session.transcript,
        }
    }

    /// A run that did not begin yet, its seed, and the time at which it begins.
    fn prepare<'a>(
        target: &'a T,
        scenario: &'a Scenario,
        overrides: &Overrides,
    ) -> (Run<'a, T>, u64, Option<SimTime>) {
        let settings = &scenario.settings;
        let name = &scenario.name();
        let seed = overrides.seed.or(settings.seed).unwrap_or(SEED);
        let account = settings.account.as_ref().and_then(|account| AccountId::parse(&account.value));
        let account = target.plane().account().or(overrides.account).or(account);
        let account = account.unwrap_or_else(|| own_account(seed, name));
        let region = settings.region.as_ref().map_or(REGION, |region| &region.value).to_owned();

        let mut vars = scenario.variables();
        vars.extend(overrides.vars.clone());
        let values = built_in(account, &region);

        let start = settings.clock.start.as_ref().and_then(|start| timestamp::parse(&start.value));
        let start = start.map(SimTime::from_millis).or((settings.clock.mode != Mode::Real).then_some(START));
        let session = Session::new(target, account, region, start.unwrap_or(START));
        let run = Run {
            scenario,
            session,
            scope: Scope { vars, values },
            faults: BTreeMap::new(),
            struck: BTreeSet::new(),
            saved: BTreeMap::new(),
            watched: None,
        };
        (run, seed, start)
    }

    async fn begin(&mut self, seed: u64, start: Option<SimTime>) -> Result<(), Broken> {
        if self.session.plane.can(Ability::OwnAccounts) {
            self.make_account(seed, start).await?;
        }
        // Before the faults, which are none of theirs, and behaviours may speak of what they put out.
        for wanted in self.scenario.fixtures.iter().filter(|wanted| wanted.value.snapshot.is_none()) {
            self.make(&wanted.value).await?;
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

    /// Makes the account as new or as a snapshot is, and as the settings say.
    async fn make_account(&mut self, seed: u64, start: Option<SimTime>) -> Result<(), Broken> {
        let settings = &self.scenario.settings;
        let mut start = start;
        let base = self.scenario.fixtures.first().map(|wanted| &wanted.value);
        if let Some((base, snapshot)) = base.and_then(|base| Some((base, base.snapshot.as_ref()?))) {
            self.fork(&base.r#as.value, snapshot).await?;
            start = Some(self.session.time.now);
        } else {
            self.session.reset(seed, settings.profile.map(|profile| profile.name())).await?;
        }
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
        if settings.data != Data::default() {
            self.session.set_data(&settings.data).await?;
        }
        if let Some(signatures) = settings.signatures {
            self.session.set_signatures(signatures).await?;
        }
        self.session.set_clock(&self.clock_mode(), start).await
    }

    /// How the account's time moves, as the control API calls it.
    fn clock_mode(&self) -> String {
        let clock = &self.scenario.settings.clock;
        let scale = clock.scale.as_ref().map_or(60.0, |scale| scale.value);
        match clock.mode {
            Mode::Manual => "manual".to_owned(),
            Mode::Poll => "poll".to_owned(),
            Mode::Real => "real".to_owned(),
            Mode::Scaled => format!("scaled:{scale}"),
        }
    }

    /// Makes what a fixture makes; what it puts out can be named from then on.
    async fn make(&mut self, wanted: &Wanted) -> Result<(), Broken> {
        let name = &wanted.r#as.value;
        let found = wanted.found.clone().ok_or_else(|| Broken(format!("fixture `{name}` was not read")))?;
        let broken =
            |problem: &Problem| Broken(format!("fixture `{name}`: {}", problem.in_file(&found.file)));
        let given = wanted.given(&self.scope).map_err(|problem| Broken(problem.to_string()))?;
        let values = built_in(self.session.account, &self.session.region);
        let outer = std::mem::replace(&mut self.scope, Scope { vars: given, values });
        self.session.within = Some(name.clone());
        for step in &found.fixture.steps.value {
            self.look_at(&step.value, step.referenced.into());
            if let Some(problem) = self.outcome_of(step).await.1.first() {
                return Err(broken(problem));
            }
        }
        let outputs = found.fixture.outputs.as_ref().map(|outputs| self.scope.value(outputs)).transpose();
        let outputs = outputs.map_err(|problem| broken(&problem))?;
        self.session.within = None;
        self.scope = outer;
        self.scope.values.insert(name.clone(), outputs.unwrap_or_default());
        Ok(())
    }

    /// A behaviour or a fault with its templates filled in.
    fn filled(&self, place: Place, mut value: Value) -> Result<Value, Problem> {
        for text in behaviour::texts(&mut value) {
            *text = self.scope.text(place, text)?;
        }
        Ok(value)
    }

    /// Carries out steps in their order as long as they pass. `part` says in their titles what they belong to.
    async fn part(
        &mut self,
        part: &str,
        steps: &[Spanned<Step>],
        going: &mut bool,
        outcomes: &mut Vec<StepOutcome>,
    ) {
        for step in steps {
            let (number, title) = (outcomes.len() + 1, format!("{part}{}", title(&step.value)));
            let (status, problems) =
                if *going { self.outcome_of(step).await } else { (Status::Skipped, Vec::new()) };
            *going &= status == Status::Passed;
            let notes = if status == Status::Skipped { Vec::new() } else { self.notes(&step.value) };
            outcomes.push(StepOutcome {
                number,
                title,
                place: step.referenced.into(),
                status,
                problems,
                notes,
            });
        }
    }

    async fn outcome_of(&mut self, step: &Spanned<Step>) -> (Status, Vec<Problem>) {
        match self.step(&step.value, step.referenced.into()).await {
            Ok(()) => (Status::Passed, Vec::new()),
            Err(Stop::Failed(problems)) => (Status::Failed, problems),
            Err(Stop::Broken(message)) => (Status::Broken, vec![Problem::new(step.referenced, message)]),
        }
    }

    /// What of a step's expectations is not judged.
    fn notes(&self, step: &Step) -> Vec<String> {
        let states_cause = step.expect.as_ref().is_some_and(|expect| expect.blocked_by.is_some());
        let is_judged = self.session.plane.can(Ability::Explanations);
        (states_cause && !is_judged).then(|| CAUSE_NOT_JUDGED.to_owned()).into_iter().collect()
    }

    /// The cause that is expected, where it can be judged.
    fn cause<'e>(&self, expect: &'e Expect) -> Option<&'e Spanned<BlockedBy>> {
        expect.blocked_by.as_ref().filter(|_| self.session.plane.can(Ability::Explanations))
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
        } else if let Some(snapshot) = &step.snapshot {
            return self.snapshot(&snapshot.value).await;
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
            let declared = declared.unwrap_or(place);
            if self.session.clear_fault(&id.value).await? > 0 {
                self.struck.insert(declared);
            } else if !self.struck.contains(&declared) && !self.is_watched() {
                return Err(never_struck(&id.value, declared).into());
            }
        }
        Ok(())
    }

    /// What is wrong at the end: a fault that struck nothing was declared for nothing.
    async fn unused_faults(&mut self, number: usize) -> Option<StepOutcome> {
        let mut problems = Vec::new();
        let faults = std::mem::take(&mut self.faults);
        for (id, place) in faults.into_iter().filter(|(_, place)| !self.struck.contains(place)) {
            match self.session.hits(&id).await {
                Ok(0) => problems.push(never_struck(&id, place)),
                Ok(_) => {}
                Err(Broken(message)) => problems.push(Problem::new(place, message)),
            }
        }
        let title = "every fault struck".to_owned();
        let place = problems.first()?.place;
        Some(StepOutcome { number, title, place, status: Status::Failed, problems, notes: Vec::new() })
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
        let wire = step.wire.as_ref().map(|wire| wire.value.filled(&self.scope)).transpose()?;
        if matches!(self.mode(), Mode::Real | Mode::Scaled) {
            // It went on meanwhile; signatures and limits count from now.
            self.session.look_at_clock().await?;
        }
        let poll = step.poll.as_ref().map(|poll| poll.value);
        let deadline = poll.map(|poll| self.session.time.now + poll.within.0);
        loop {
            let answer = self.session.call_as(credentials.as_ref(), callee, &input, wire.as_ref()).await?;
            if let (Answer::Lost(message), false) = (&answer, expect.is_lost() || self.is_watched()) {
                return Err(Stop::Broken(message.clone()));
            }
            let problems = self.judge(place, expect, &answer);
            match (poll, deadline) {
                _ if problems.is_empty() => {}
                (Some(Poll { every, .. }), Some(deadline)) if self.session.time.now + every.0 <= deadline => {
                    self.pass(every).await?;
                    // In process nothing else makes room for others.
                    tokio::task::yield_now().await;
                    continue;
                }
                _ if self.is_watched() => {}
                _ => return Err(Stop::Failed(problems)),
            }
            self.see(|| Seen::of(&answer));
            return Ok(match answer {
                Answer::Done(value) => value,
                Answer::Refused(_) | Answer::Lost(_) => Value::Null,
            });
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

    async fn explain(&mut self, resource: &Spanned<String>, expect: &Expect) -> Result<Value, Stop> {
        let place = resource.referenced.into();
        let resource = self.scope.text(place, &resource.value)?;
        let explanation = self.explanation(&resource, place).await?;
        let mut problems = Vec::new();
        self.judge_response(expect, &explanation, &mut problems);
        if problems.is_empty() || self.is_watched() { Ok(explanation) } else { Err(Stop::Failed(problems)) }
    }

    /// Nothing to explain is an expectation that does not hold: the scenario took it to be there.
    async fn explanation(&mut self, resource: &str, place: Place) -> Result<Value, Stop> {
        let explanation = self.session.explain(resource).await?;
        explanation.ok_or_else(|| Problem::new(place, format!("there is no {resource} to explain")).into())
    }
}

fn never_struck(id: &str, place: Place) -> Problem {
    Problem::new(place, format!("fault `{id}` never struck"))
}
