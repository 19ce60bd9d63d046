//! `mockplane export`: a scenario for those who have no Mockplane.
//!
//! What can be seen from outside is written down: calls, waits, refusals with their codes, what is captured; what
//! fixtures make first. What only a control plane can be told is not, and a scenario that depends on it is not exported.

use super::callee::Callee;
use super::file::{Data, Expect, Scenario, Step, WaitFor};
use super::fixture::{Fixture, Found, Wanted};
use super::problem::{Place, Problem, instead_of};
use super::span::Span;
use super::tree::{Key, Node};
use super::{boto3, query, rows, shell};
use crate::aws::client::s3;
use serde_saphyr::Spanned;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

const NO_SPLIT: &str = "a part of a text cannot be exported: AWS's tools have no `split`";

/// The member in which what has failed says why.
const REASON: &str = "FailureReason";

/// What calls are written as.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// A Python script with boto3.
    Boto3,
    /// A script of bash with the AWS CLI.
    Cli,
}

/// The script for a scenario; if it has a matrix, for this row of it.
///
/// # Errors
/// What is wrong with it, each with the file that it is in: it is not sound, or does what no call does.
pub fn exported(
    path: &Path,
    text: &str,
    row: Option<&str>,
    form: Form,
) -> Result<String, Vec<(String, Problem)>> {
    let mut problems = Vec::new();
    let rows = rows(path, text, &mut problems);
    if !problems.is_empty() {
        return Err(problems);
    }
    let script = chosen(&rows, row).and_then(|scenario| {
        only_calls(scenario)?;
        match form {
            Form::Boto3 => boto3::of(scenario),
            Form::Cli => shell::of(scenario),
        }
    });
    script.map_err(|problem| vec![(path.display().to_string(), problem)])
}

fn chosen<'a>(rows: &'a [Scenario], wanted: Option<&str>) -> Result<&'a Scenario, Problem> {
    let Some(first) = rows.first() else {
        return Err(Problem::new(Place::default(), "a fixture is no scenario"));
    };
    let place = first.matrix.as_ref().map_or(first.metadata.name.referenced.into(), |matrix| matrix.place);
    let names = || rows.iter().filter_map(|one| one.row.as_ref()).map(|row| row.name.as_str());
    let message = match (wanted, &first.row) {
        (None, None) => return Ok(first),
        (Some(_), None) => "it has no matrix, and so no rows".to_owned(),
        (None, Some(_)) => {
            let names: Vec<_> = names().collect();
            format!("it runs for each row of a matrix: say which is exported, {}", names.join(", "))
        }
        (Some(wanted), Some(_)) => {
            let found = rows.iter().find(|one| one.row.as_ref().is_some_and(|row| row.name == wanted));
            match found {
                Some(found) => return Ok(found),
                None => format!("the matrix has no row `{wanted}`{}", instead_of(wanted, names())),
            }
        }
    };
    Err(Problem::new(place, message))
}

fn only_calls(scenario: &Scenario) -> Result<(), Problem> {
    fn first<T>(all: &[Spanned<T>]) -> Option<Place> {
        all.first().map(|one| one.referenced.into())
    }
    fn first_value<T>(all: &BTreeMap<String, Spanned<T>>) -> Option<Place> {
        all.values().map(|one| Place::from(one.referenced)).min()
    }
    let (settings, head) = (&scenario.settings, scenario.metadata.name.referenced);
    let told = [
        (first(&scenario.behaviours), "behaviours"),
        (first(&scenario.faults), "faults"),
        (first_value(&settings.rules), "settings.rules"),
        (first_value(&settings.not_offered), "settings.notOffered"),
        (first_value(&settings.capacity), "settings.capacity"),
        (first_value(&settings.quotas), "settings.quotas"),
        ((settings.data != Data::default()).then(|| head.into()), "settings.data"),
        (settings.signatures.map(|_| head.into()), "settings.signatures"),
    ];
    let found = told.into_iter().find_map(|(place, what)| Some((place?, what)));
    found.map_or(Ok(()), |(place, what)| {
        Err(Problem::new(place, format!("`{what}` can be told to a control plane, and not by calls")))
    })
}

/// A script in the making: what is done in which order, whatever it is written in.
pub(super) trait Script {
    /// What is written so far.
    fn body(&mut self) -> &mut String;

    /// Makes what a fixture makes, and keeps what it puts out.
    fn fixture(&mut self, wanted: &Wanted) -> Result<(), Problem>;
    fn call(&mut self, step: &Step, callee: Callee, place: Place) -> Result<(), Problem>;
    fn wait(&mut self, wait: &WaitFor, step: &Step) -> Result<(), Problem>;
    fn advance(&mut self, span: Span);

    /// Tells what the scenario says and the script does not look at.
    fn not_looked_at(&mut self, what: &[String]) {
        if !what.is_empty() {
            self.line(&format!("# Not looked at here: {}.", what.join(", ")));
        }
    }

    fn line(&mut self, line: &str) {
        self.body().push_str(line);
        self.body().push('\n');
    }

    /// What fixtures make, and then each step.
    fn all_of(&mut self, scenario: &Scenario) -> Result<(), Problem> {
        for wanted in &scenario.fixtures {
            self.fixture(&wanted.value)?;
        }
        self.steps(&scenario.steps.value)
    }

    fn steps(&mut self, steps: &[Spanned<Step>]) -> Result<(), Problem> {
        steps.iter().try_for_each(|step| self.step(&step.value, step.referenced.into()))
    }

    fn step(&mut self, step: &Step, place: Place) -> Result<(), Problem> {
        self.body().push('\n');
        for line in step.say.iter().flat_map(|say| say.lines()) {
            self.line(&format!("# {line}"));
        }
        exportable(step)?;
        if let Some(call) = &step.call {
            let place = call.referenced.into();
            let callee = Callee::find(&call.value).map_err(|message| Problem::new(place, message))?;
            self.call(step, callee, place)
        } else if let Some(wait) = &step.wait_for {
            self.wait(wait, step)
        } else if let Some(span) = &step.advance {
            self.advance(span.value);
            Ok(())
        } else {
            Err(Problem::new(place, "only `call`, `waitFor` and `advance` can be exported"))
        }
    }
}

/// What no script can have of a step, whether it is the scenario's or a fixture's.
fn exportable(step: &Step) -> Result<(), Problem> {
    if let Some(wire) = &step.wire {
        return Err(Problem::new(wire.referenced, "a call with `wire` cannot be exported: no SDK sends it"));
    }
    let expect = step.expect.as_ref();
    if let (Some(call), true) = (&step.call, expect.is_some_and(|expect| expect.lost.is_some())) {
        return Err(Problem::new(call.referenced, "an answer that is lost cannot be exported"));
    }
    let captures = step.capture.iter().flat_map(Node::entries).map(|(_, path)| path);
    match captures.into_iter().find(|path| !path.text().is_none_or(query::is_common)) {
        Some(path) => Err(Problem::new(path.place, NO_SPLIT)),
        None => Ok(()),
    }
}

/// What a step says of an answer: what a script looks at, and words for what it cannot.
pub(super) struct Said<'a> {
    /// Ways into the answer, and what is to be there.
    pub looked_at: Vec<(String, &'a Node)>,
    pub left: Vec<String>,
}

/// What is expected of a step that is not refused, beside what it is repeated or waited for.
/// `secondary`: the way to the statuses that what is waited for had.
pub(super) fn said<'a>(step: &'a Step, callee: Callee, secondary: Option<&str>) -> Said<'a> {
    let mut said = Said { looked_at: Vec::new(), left: Vec::new() };
    let Some(expect) = step.expect.as_ref().filter(|expect| refusal(expect).is_none() || step.call.is_none())
    else {
        return said;
    };
    let paths = expect.response.iter().filter(|_| step.poll.is_none()).flat_map(Node::entries);
    said.looked_at.extend(paths.map(|(path, matcher)| (path.text.clone(), matcher)));
    let members = callee.output().map(super::callee::Shape::members).unwrap_or_default();
    let has_reason = members.iter().any(|member| member.name == REASON);
    match &expect.failure_reason {
        Some(reason) if has_reason => said.looked_at.push((REASON.into(), reason)),
        Some(_) => said.left.push("failureReason".into()),
        None => {}
    }
    match (&expect.secondary_status, secondary) {
        (Some(statuses), Some(path)) => said.looked_at.push((path.into(), statuses)),
        (Some(_), None) => said.left.push("secondaryStatus".into()),
        (None, _) => {}
    }
    let streamed = callee.operation().ends_with("WithResponseStream");
    let (kept, left) = said
        .looked_at
        .into_iter()
        .partition(|(path, _)| query::is_common(path) && !(streamed && path.contains("Body")));
    said.looked_at = kept;
    let left: Vec<(String, &Node)> = left;
    said.left.extend(left.into_iter().map(|(path, _)| format!("response `{path}`")));
    said.left.extend(causes(expect));
    said
}

/// Causes, which only a control plane tells.
pub(super) fn causes(expect: &Expect) -> impl Iterator<Item = String> {
    expect.blocked_by.iter().map(|_| "blockedBy".into())
}

/// Whether the body of what a call answers comes as a stream or a file.
pub(super) fn answers_bytes(callee: Callee) -> bool {
    const OPERATIONS: [(&str, &str); 2] = [(s3::NAME, "GetObject"), ("sagemaker-runtime", "InvokeEndpoint")];
    OPERATIONS.contains(&(callee.service(), callee.operation()))
}

/// What a call is repeated for, if it is: the way into its answer, and the value that is to be there.
pub(super) fn polled(step: &Step, place: Place) -> Result<Option<(&Key, &Node)>, Problem> {
    let Some(expect) = step.expect.as_ref().filter(|_| step.poll.is_some()) else { return Ok(None) };
    match expect.response.as_ref().map(Node::entries) {
        _ if refusal(expect).is_some() => {
            Err(Problem::new(place, "a `poll` for a refusal cannot be exported"))
        }
        Some([(path, _)]) if !query::is_common(&path.text) => Err(Problem::new(path.place, NO_SPLIT)),
        Some([(path, wanted)]) => Ok(Some((path, wanted))),
        _ => Err(Problem::new(place, "a `poll` for more than one value cannot be exported")),
    }
}

/// A fixture's steps, and how what is wrong with them is told.
pub(super) fn found(wanted: &Wanted) -> Result<(Arc<Found>, impl Fn(Problem) -> Problem), Problem> {
    let (name, place) = (wanted.r#as.value.clone(), Place::from(wanted.r#as.referenced));
    let found = wanted.found.clone().ok_or_else(|| {
        let message =
            format!("fixture `{name}` is a snapshot, which no calls make, so that it cannot be exported");
        Problem::new(place, message)
    })?;
    let file = found.file.clone();
    let inside =
        move |problem: Problem| Problem::new(place, format!("fixture `{name}`: {}", problem.in_file(&file)));
    Ok((found, inside))
}

/// What a scenario is called, with its title.
pub(super) fn heading(scenario: &Scenario) -> String {
    let title = scenario.metadata.title.as_ref().map(|title| format!(": {title}")).unwrap_or_default();
    format!("{}{title}", scenario.metadata.name.value)
}

/// What a fixture does, as a comment of one line.
pub(super) fn comment(fixture: &Fixture) -> String {
    let title = fixture.metadata.title.as_ref().unwrap_or(&fixture.metadata.name.value);
    format!("\n# {}.", title.lines().collect::<Vec<_>>().join(" "))
}

/// What is said of a refusal, each with its name; `None`: the call is not to be refused.
pub(super) fn refusal(expect: &Expect) -> Option<Vec<(&'static str, &Node)>> {
    let members = expect.error.iter().flat_map(|error| {
        [("code", Some(&error.code)), ("message", error.message.as_ref()), ("status", error.status.as_ref())]
    });
    let said = members.filter_map(|(name, matcher)| Some((name, matcher?))).collect();
    expect.is_refusal().then_some(said)
}

/// A name of a scenario as one of a script, which no other name of it has. Those that begin with `_` are the script's own.
pub(super) fn variable(name: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let mut variable = name.replace('-', "_");
    if variable.starts_with(|first: char| first.is_ascii_digit() || first == '_') {
        variable.insert(0, 'n');
    }
    while is_taken(&variable) {
        variable.push('_');
    }
    variable
}
