//! Running a scenario to see what is answered, and not whether that is what it expects.
//!
//! Polls and waits still end when the scenario says. What cannot be filled in, because a step before it was answered in
//! another way, is passed by.

use super::{Outcome, Overrides, Run, Status, StepOutcome};
use crate::aws::Fault;
use crate::clock::Stopwatch;
use crate::scenario::file::{Scenario, Step};
use crate::scenario::problem::Place;
use crate::scenario::run::title::title;
use crate::scenario::session::{Answer, Broken};
use crate::scenario::target::Target;
use serde_json::Value;
use serde_saphyr::Spanned;

/// A step and what was seen at it.
#[derive(Clone, Debug, PartialEq)]
pub struct Watched {
    /// With the name of the fixture before it that it is of.
    pub title: String,
    pub place: Place,
    /// The service that was called, if one was.
    pub service: Option<String>,
    /// The last answer; `None` where a step asks for none.
    pub seen: Option<Seen>,
}

/// What was seen at a step.
#[derive(Clone, Debug, PartialEq)]
pub enum Seen {
    Done(Value),
    Refused(Fault),
    /// No whole answer came.
    Lost,
    /// It could not be asked, or not be gone on from: why.
    Unreached(String),
}

impl Seen {
    pub(super) fn of(answer: &Answer) -> Self {
        match answer {
            Answer::Done(value) => Seen::Done(value.clone()),
            Answer::Refused(fault) => Seen::Refused(fault.clone()),
            Answer::Lost(_) => Seen::Lost,
        }
    }
}

/// Runs a scenario that was checked, all of it, and tells what was seen at each step. The outcome says whether it could
/// begin and why it ended early, if it did.
pub async fn watch<T: Target>(
    target: &T,
    scenario: &Scenario,
    file: &str,
    overrides: &Overrides,
) -> (Outcome, Vec<Watched>) {
    let watch = Stopwatch::start();
    let (mut run, seed, start) = Run::prepare(target, scenario, overrides);
    if let Some(lacking) = run.session.plane.lacks(scenario) {
        return (run.skipped(file, lacking), Vec::new());
    }
    run.watched = Some(Vec::new());
    let broken = run.begin(seed, start).await.err().map(|Broken(message)| message);
    let mut steps = Vec::new();
    if broken.is_none() {
        run.watch_all("", &scenario.steps.value, &mut steps).await;
        if let Some(lesson) = &scenario.lesson {
            run.watch_all("fix: ", &lesson.value.fix.value, &mut steps).await;
            run.watch_all("check: ", &lesson.value.check.value, &mut steps).await;
        }
    }
    let watched = run.watched.take().unwrap_or_default();
    (run.ended(file, broken, steps, watch).await, watched)
}

impl<T: Target> Run<'_, T> {
    pub(super) fn is_watched(&self) -> bool {
        self.watched.is_some()
    }

    /// A step begins: what is seen from now on is seen at it.
    pub(super) fn look_at(&mut self, step: &Step, place: Place) {
        let within = self.session.within.clone();
        if let Some(watched) = &mut self.watched {
            let title = within.map_or_else(|| title(step), |name| format!("{name}: {}", title(step)));
            let service = step.call.as_ref().and_then(|call| call.value.split_once('.'));
            let service = service.map(|(service, _)| service.to_owned());
            watched.push(Watched { title, place, service, seen: None });
        }
    }

    /// What is seen at the step that is carried out.
    pub(super) fn see(&mut self, seen: impl FnOnce() -> Seen) {
        if let Some(last) = self.watched.as_mut().and_then(|all| all.last_mut()) {
            last.seen = Some(seen());
        }
    }

    /// Carries out steps in their order, as long as that is possible at all.
    async fn watch_all(&mut self, part: &str, steps: &[Spanned<Step>], outcomes: &mut Vec<StepOutcome>) {
        for step in steps {
            if outcomes.last().is_some_and(|last| last.status == Status::Broken) {
                return;
            }
            let place = step.referenced.into();
            self.look_at(&step.value, place);
            if let Some(last) = self.watched.as_mut().and_then(|all| all.last_mut()) {
                last.title.insert_str(0, part);
            }
            let (status, problems) = self.outcome_of(step).await;
            if let (Some(last), Some(problem)) =
                (self.watched.as_mut().and_then(|all| all.last_mut()), problems.first())
            {
                last.seen.get_or_insert_with(|| Seen::Unreached(problem.message.clone()));
            }
            let (number, title) = (outcomes.len() + 1, format!("{part}{}", title(&step.value)));
            outcomes.push(StepOutcome { number, title, place, status, problems, notes: Vec::new() });
        }
    }
}
