//! What can be known to be wrong with a scenario before it runs.

mod answer;
mod fixture;
mod lesson;
mod names;
mod settings;
mod snapshots;
#[cfg(test)]
mod tests;
mod warnings;

use super::behaviour::{self, Declared};
use super::callee::Callee;
use super::fault;
use super::file::{API_VERSION, Expect, FaultStep, Scenario, Step, WaitFor};
use super::fixture::Wanted;
use super::outline::Outline;
use super::problem::{Flaw, Inside, Place, Problem, instead_of};
use super::resource::{KINDS, ResourceKind};
use super::template::{MATRIX, Piece, VARS};
use super::tree::{Kind, Node};
use super::{input, matcher};
pub use fixture::{check_fixture, source_problem};
use serde_json::Value;
use serde_saphyr::Spanned;
use std::collections::{BTreeMap, BTreeSet};
pub use warnings::warnings;

const ONE_OF: &str =
    "a step is exactly one of `call`, `advance`, `waitFor`, `explain`, `fault` and `snapshot`";

/// Values that every scenario has.
pub const BUILT_IN: [&str; 2] = ["account", "region"];

/// Every problem of a scenario, in the order of the file.
pub fn check(scenario: &Scenario) -> Vec<Problem> {
    check_rows(std::slice::from_ref(scenario))
}

/// Every problem of the rows of a scenario. What one of them uses is used.
pub fn check_rows(rows: &[Scenario]) -> Vec<Problem> {
    let checkers: Vec<_> = rows.iter().map(checked).collect();
    let mut whole = Checker::default();
    for (row, checker) in rows.iter().zip(&checkers) {
        for problem in &checker.problems {
            let mut problem = problem.clone();
            if let Some(row) = &row.row
                && !checkers.iter().all(|other| other.problems.contains(&problem))
            {
                problem.message = format!("{}, in row `{}`", problem.message, row.name);
            }
            whole.problems.push(problem);
        }
    }
    if let Some((first, others)) = checkers.split_first() {
        let unused = |one: &&Problem| {
            others.iter().all(|other| other.unused.iter().any(|other| other.message == one.message))
        };
        whole.unused = first.unused.iter().filter(unused).cloned().collect();
    }
    whole.told()
}

fn checked(scenario: &Scenario) -> Checker {
    let mut checker = Checker { vars: scenario.variables(), ..Checker::default() };
    checker.head(scenario);
    checker.later = later(&scenario.steps.value);
    checker.snapshot_fixtures(scenario);
    for wanted in &scenario.fixtures {
        checker.wanted(&wanted.value);
    }
    for behaviour in &scenario.behaviours {
        checker.behaviour(behaviour.referenced.into(), &behaviour.value);
    }
    for declared in &scenario.faults {
        checker.fault(declared.referenced.into(), &[], &declared.value);
    }
    for step in &scenario.steps.value {
        checker.step(step.referenced.into(), &step.value);
    }
    if let Some(lesson) = &scenario.lesson {
        checker.lesson(scenario, &lesson.value);
    }
    checker.unused_snapshots();
    checker.unused(scenario.vars.as_ref());
    checker.unused_row(scenario);
    checker
}

/// What steps capture, and where.
fn later(steps: &[Spanned<Step>]) -> BTreeMap<String, Place> {
    let captures = steps.iter().filter_map(|step| step.value.capture.as_ref()).flat_map(Node::entries);
    captures.map(|(key, _)| (key.text.clone(), key.place)).collect()
}

#[derive(Default)]
struct Checker {
    vars: BTreeMap<String, Node>,
    /// Whether they may be of another form when it runs: those of a fixture are defaults.
    vars_are_defaults: bool,
    fixtures: BTreeMap<String, Wanted>,
    /// What has a name so far, and where it got it.
    captures: BTreeMap<String, Place>,
    /// What later steps capture.
    later: BTreeMap<String, Place>,
    /// The variables, fixtures and captures that something names, as `vars.NAME`, `matrix.NAME` and `NAME`.
    used: BTreeSet<String>,
    ids: BTreeSet<String>,
    /// The ids of faults that are there by now.
    faults: BTreeSet<String>,
    /// The snapshots that are saved by now.
    snapshots: BTreeMap<String, Saved>,
    problems: Vec<Problem>,
    /// What was given a name that nothing uses.
    unused: Vec<Problem>,
}

/// A snapshot that a step saves.
struct Saved {
    place: Place,
    /// The faults that are there then.
    faults: BTreeSet<String>,
    restored: bool,
}

impl Checker {
    fn tell(&mut self, place: impl Into<Place>, message: impl Into<String>) {
        self.problems.push(Problem::new(place, message));
    }

    /// What was found, in the order of the file. A variable that is used twice is looked at twice.
    fn told(mut self) -> Vec<Problem> {
        self.problems.append(&mut self.unused);
        self.problems.sort_by(|a, b| (a.place, &a.message).cmp(&(b.place, &b.message)));
        self.problems.dedup();
        self.problems
    }

    fn name(&mut self, name: &Spanned<String>) {
        if !is_name(&name.value) {
            let message =
                format!("`{}` is no name: lower-case letters, digits and dashes, 63 at most", name.value);
            self.tell(name.referenced, message);
        }
    }

    fn mapping(&mut self, what: &str, node: Option<&Node>) {
        if let Some(node) = node
            && !matches!(node.kind, Kind::Map(_))
        {
            self.tell(node.place, format!("`{what}` is a mapping of names to values, not {}", node.what()));
        }
    }

    fn head(&mut self, scenario: &Scenario) {
        let version = &scenario.api_version;
        if version.value != API_VERSION {
            self.tell(version.referenced, format!("expected `{API_VERSION}`, found `{}`", version.value));
        }
        self.kind(scenario);
        self.name(&scenario.metadata.name);
        self.settings(&scenario.settings);
        self.mapping("vars", scenario.vars.as_ref());
        if scenario.steps.value.is_empty() {
            self.tell(scenario.steps.referenced, "a scenario has at least one step");
        }
    }

    fn behaviour(&mut self, place: Place, declared: &Declared) {
        self.problems.extend(declared.problem().map(|flaw| Problem::with(place, flaw)));
        self.names_inside(place, declared.to_value());
    }

    /// A fault needs an id here, so that it can be told whether it ever struck.
    /// `within`: the way to it from the place.
    fn fault(&mut self, place: Place, within: &[&str], declared: &fault::Declared) {
        let id = match &declared.id {
            None => Some("a fault of a scenario needs an `id`".to_owned()),
            Some(id) if id.contains("${") => Some("the `id` of a fault has no template".to_owned()),
            Some(id) if !self.faults.insert(id.clone()) => Some(format!("there is a fault `{id}` already")),
            Some(_) => None,
        };
        let flaws = declared.problem().into_iter().chain(id.map(|message| Flaw::new("id", message)));
        self.problems.extend(flaws.map(|flaw| Problem::with(place, flaw.below(within))));
        self.names_inside(place, declared.to_value());
    }

    /// The names in the texts of what stands at a place.
    fn names_inside(&mut self, place: Place, mut value: Value) {
        for text in behaviour::texts(&mut value) {
            let before = self.problems.len();
            self.name_in(place, text, &mut Vec::new());
            for problem in &mut self.problems[before..] {
                problem.inside = Inside::Text(text.clone());
            }
        }
    }

    fn fault_step(&mut self, place: Place, step: &FaultStep) {
        match (&step.set, &step.clear) {
            (Some(declared), None) => self.fault(place, &["set"], declared),
            (None, Some(id)) if self.faults.remove(&id.value) => {}
            (None, Some(id)) => {
                let hint = instead_of(&id.value, self.faults.iter().map(String::as_str));
                self.tell(id.referenced, format!("no fault `{}` is there{hint}", id.value));
            }
            _ => self.tell(place, "a `fault` step is exactly one of `set` and `clear`"),
        }
    }

    fn step(&mut self, place: Place, step: &Step) {
        if let Some(id) = &step.id {
            if !is_name(&id.value) {
                self.tell(
                    id.referenced,
                    format!("`{}` is no id: lower-case letters, digits and dashes", id.value),
                );
            } else if !self.ids.insert(id.value.clone()) {
                self.tell(id.referenced, format!("another step has the id `{}`", id.value));
            }
        }
        let what = (&step.call, &step.advance, &step.wait_for, &step.explain, &step.fault);
        if let (Some(snapshot), (None, None, None, None, None)) = (&step.snapshot, what) {
            return self.snapshot_step(snapshot.referenced.into(), step, &snapshot.value);
        }
        match what {
            _ if step.snapshot.is_some() => self.tell(place, ONE_OF),
            (Some(call), None, None, None, None) => self.call(step, call),
            (None, Some(_), None, None, None) => {}
            (None, None, Some(wait), None, None) => self.wait(wait),
            (None, None, None, Some(resource), None) => {
                self.resource(resource);
            }
            (None, None, None, None, Some(fault)) => self.fault_step(fault.referenced.into(), &fault.value),
            _ => self.tell(place, ONE_OF),
        }
        if step.call.is_none() {
            if let Some(with) = &step.with {
                self.tell(with.place, "only `call` takes `with`");
            }
            if let Some(caller) = &step.caller {
                self.tell(caller.place, "only `call` is made `as` somebody");
            }
            if let Some(wire) = &step.wire {
                self.tell(wire.referenced, "only `call` is on the `wire`");
            }
            if let Some(poll) = &step.poll {
                self.tell(poll.referenced, "only `call` can be polled");
            }
        }
        for (name, given) in [("advance", step.advance.is_some()), ("fault", step.fault.is_some())] {
            if given && (step.expect.is_some() || step.capture.is_some()) {
                self.tell(place, format!("`{name}` has no answer to expect or capture anything of"));
            }
        }
        if let Some(expect) = &step.expect {
            self.expect(step, expect);
        }
        if let Some(capture) = &step.capture {
            self.capture(capture, &Self::answer(step));
        }
    }

    fn call(&mut self, step: &Step, call: &Spanned<String>) {
        if let Some(with) = &step.with {
            self.names(with);
        }
        if let Some(caller) = &step.caller {
            self.names(caller);
        }
        if let Some(wire) = &step.wire {
            wire.value.nodes().for_each(|node| self.names(node));
            self.problems.extend(wire.value.check());
        }
        if let Some(poll) = &step.poll {
            if step.expect.is_none() {
                let message = "`poll` repeats a call until its expectations hold: it needs `expect`";
                self.tell(poll.referenced, message);
            }
            if let Some(problem) = poll.value.problem() {
                self.tell(poll.referenced, problem);
            }
        }
        match Callee::find(&call.value) {
            _ if call.value.contains("${") => {
                self.tell(call.referenced, "only values of a `matrix` can stand for an operation");
            }
            Err(message) => self.tell(call.referenced, message),
            Ok(callee) => {
                let empty = Node { place: call.referenced.into(), kind: Kind::Map(Vec::new()) };
                let with = step.with.as_ref().unwrap_or(&empty);
                let refused = step.expect.as_ref().is_some_and(Expect::is_refusal);
                input::check(callee, with, &self.vars, refused, &mut self.problems);
            }
        }
    }

    fn wait(&mut self, wait: &WaitFor) {
        let Some(kind) = self.resource(&wait.resource) else { return };
        let (states, state) = (kind.states(), &wait.state);
        if state.value.contains("${") {
            self.tell(state.referenced, "only values of a `matrix` can stand for a state");
        } else if !states.contains(&state.value.as_str()) {
            let hint = instead_of(&state.value, states.iter().copied());
            self.tell(state.referenced, format!("{} has no state `{}`{hint}", kind.slug, state.value));
        }
    }

    /// Checks `kind/name`.
    fn resource(&mut self, resource: &Spanned<String>) -> Option<&'static ResourceKind> {
        let (place, text) = (resource.referenced.into(), &resource.value);
        self.name_in(place, text, &mut Vec::new());
        let Some((slug, _)) = text.split_once('/').filter(|(_, name)| !name.is_empty()) else {
            self.tell(place, format!("`{text}` is no resource: write it like training-job/demo"));
            return None;
        };
        let kind = ResourceKind::get(slug);
        if kind.is_none() {
            let slugs = KINDS.iter().map(|kind| kind.slug);
            self.tell(place, format!("unknown kind `{slug}`{}", instead_of(slug, slugs)));
        }
        kind
    }

    fn expect(&mut self, step: &Step, expect: &Expect) {
        if let (Some(ok), Some(_)) = (&expect.ok, &expect.error)
            && ok.value
        {
            self.tell(ok.referenced, "a call that is `ok` has no `error`");
        }
        if let Some(lost) = &expect.lost {
            let answered = expect.ok.is_some() || expect.error.is_some() || expect.response.is_some();
            if answered || expect.blocked_by.is_some() || step.capture.is_some() {
                self.tell(
                    lost.referenced,
                    "a call whose answer is `lost` has nothing else to expect or capture",
                );
            }
            if step.call.is_none() {
                self.tell(lost.referenced, "only `call` can be `lost`");
            }
        }
        if let Some(capture) = step.capture.as_ref().filter(|_| step.call.is_some() && expect.is_refusal()) {
            self.tell(capture.place, "a call that is refused has nothing to capture");
        }
        if let Some(response) = &expect.response {
            if step.call.is_some() && expect.is_refusal() {
                self.tell(response.place, "a call that is refused has no response");
            }
            self.response(response, &Self::answer(step));
        }
        if step.call.is_none() {
            if let Some(ok) = &expect.ok {
                self.tell(ok.referenced, "only `call` can be `ok`");
            }
            if let Some(error) = &expect.error {
                self.tell(error.code.place, "only `call` can have an `error`");
            }
        }
        self.states(step, expect);
        if step.wait_for.is_none() {
            let parts = [
                ("state", &expect.state),
                ("failureReason", &expect.failure_reason),
                ("secondaryStatus", &expect.secondary_status),
            ];
            for (name, part) in parts {
                if let Some(node) = part {
                    self.tell(node.place, format!("only `waitFor` has a `{name}`"));
                }
            }
        }
        if let Some(cause) = &expect.blocked_by {
            if cause.value.parts().next().is_none() {
                self.tell(cause.referenced, "`blockedBy` needs a `rule`, a `hop` or a `resource`");
            }
            self.cause(&cause.value);
            if step.explain.is_some() {
                self.tell(cause.referenced, "what is explained says itself what blocked it: `decidedBy`");
            }
            if let Some(ok) = expect.ok.as_ref().filter(|ok| ok.value && step.call.is_some()) {
                self.tell(ok.referenced, "a call that is `ok` is blocked by nothing");
            }
            let more = cause.value.resource.as_ref().or(cause.value.hop.as_ref());
            if let (Some(more), Some(_)) = (more, &step.call) {
                self.tell(more.place, "a refused call tells its rule only");
            }
        }
        for matcher in expect.matchers() {
            matcher::check(matcher, &mut self.problems);
            self.names(matcher);
        }
    }

    fn response(&mut self, response: &Node, answer: &Outline) {
        let Kind::Map(entries) = &response.kind else {
            return self.tell(
                response.place,
                format!("`response` maps JMESPath to matchers, it is not {}", response.what()),
            );
        };
        for (key, matcher) in entries {
            self.name_in(key.place, &key.text, &mut Vec::new());
            self.expression(key.place, &key.text, answer);
            matcher::check(matcher, &mut self.problems);
            self.names(matcher);
        }
    }

    fn capture(&mut self, capture: &Node, answer: &Outline) {
        let Kind::Map(entries) = &capture.kind else {
            return self.tell(
                capture.place,
                format!("`capture` maps names to JMESPath, it is not {}", capture.what()),
            );
        };
        for (key, path) in entries {
            match path.text() {
                Some(text) => {
                    self.name_in(path.place, text, &mut Vec::new());
                    self.expression(path.place, text, answer);
                }
                None => self.tell(path.place, format!("a capture takes a JMESPath, not {}", path.what())),
            }
            let name = key.text.clone();
            if !self.new_name(key.place, &name) {
                continue;
            }
            if self.fixtures.contains_key(&name) {
                self.tell(key.place, format!("`{name}` is a fixture already"));
            } else if self.captures.insert(name.clone(), key.place).is_some() {
                self.tell(key.place, format!("`{name}` is captured twice"));
            }
        }
    }

    fn unused_row(&mut self, scenario: &Scenario) {
        let Some(row) = &scenario.row else { return };
        for (key, _) in row.values.entries() {
            let name = format!("{MATRIX}.{}", key.text);
            if !self.used.contains(&name) && !row.used.contains(&name) {
                self.unused.push(Problem::new(key.place, format!("`{name}` is never used")));
            }
        }
    }

    fn unused(&mut self, vars: Option<&Node>) {
        let vars = vars.into_iter().flat_map(Node::entries);
        let unused = vars.filter(|(key, _)| !self.used.contains(&used_as(&key.text)));
        let unused: Vec<_> =
            unused.map(|(key, _)| (key.place, format!("variable `{}` is never used", key.text))).collect();
        let captures = self.captures.iter().filter(|(name, _)| !self.used.contains(*name));
        let captures: Vec<_> =
            captures.map(|(name, place)| (*place, format!("`{name}` is captured and never used"))).collect();
        let fixtures = self.fixtures.iter().filter(|(name, _)| !self.used.contains(*name));
        let fixtures = fixtures.filter(|(_, wanted)| wanted.puts_out());
        let fixtures: Vec<_> = fixtures
            .map(|(name, wanted)| {
                (wanted.r#as.referenced.into(), format!("fixture `{name}` is made and never used"))
            })
            .collect();
        for (place, message) in unused.into_iter().chain(captures).chain(fixtures) {
            self.unused.push(Problem::new(place, message));
        }
    }
}

/// How [`Checker::used`] has a variable.
fn used_as(variable: &str) -> String {
    if variable.starts_with("matrix.") { variable.to_owned() } else { format!("{VARS}.{variable}") }
}

fn is_plain(pieces: &[Piece]) -> bool {
    matches!(pieces, [Piece::Name(name)] if name.path.is_empty())
}

fn is_name(text: &str) -> bool {
    let known = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=63).contains(&text.len()) && text.bytes().all(known) && !text.starts_with('-')
}
