//! Running a lesson: what it says breaks breaks, its check fails then, and passes once its fix is done.

use super::{Run, Status, StepOutcome};
use crate::kernel::SimTime;
use crate::scenario::lesson::Lesson;
use crate::scenario::problem::Problem;
use crate::scenario::session::Broken;
use crate::scenario::target::Target;

impl<T: Target> Run<'_, T> {
    /// What comes after the steps of a lesson.
    pub(super) async fn lesson(
        &mut self,
        lesson: &Lesson,
        seed: u64,
        start: Option<SimTime>,
        going: &mut bool,
        outcomes: &mut Vec<StepOutcome>,
    ) {
        // Neither the fix nor the check leaves names to what comes after it.
        let known = self.scope.values.clone();
        let place = lesson.check.referenced.into();
        let (status, problems) = match *going {
            true => self.still_broken(lesson, seed, start).await,
            false => (Status::Skipped, Vec::new()),
        };
        let title = "the check fails before the fix".to_owned();
        *going &= status == Status::Passed;
        outcomes.push(StepOutcome { number: outcomes.len() + 1, title, place, status, problems });
        self.scope.values.clone_from(&known);
        self.part("fix: ", &lesson.fix.value, going, outcomes).await;
        self.scope.values = known;
        self.part("check: ", &lesson.check.value, going, outcomes).await;
    }

    /// Whether the check fails now. What it did on the way is undone.
    async fn still_broken(
        &mut self,
        lesson: &Lesson,
        seed: u64,
        start: Option<SimTime>,
    ) -> (Status, Vec<Problem>) {
        let place = lesson.check.referenced;
        let mut outcomes = Vec::new();
        self.part("", &lesson.check.value, &mut true, &mut outcomes).await;
        let last = outcomes.into_iter().find(|step| step.status != Status::Passed);
        if let Err(Broken(message)) = self.rewind(seed, start).await {
            return (Status::Broken, vec![Problem::new(place, message)]);
        }
        match last {
            None => (Status::Failed, vec![Problem::new(place, "the check passes, and nothing is mended yet")]),
            Some(step) if step.status == Status::Failed => (Status::Passed, Vec::new()),
            Some(step) => (Status::Broken, step.problems),
        }
    }

    /// Makes the account again what it was after the steps.
    async fn rewind(&mut self, seed: u64, start: Option<SimTime>) -> Result<(), Broken> {
        let mut outcomes = Vec::new();
        self.faults.clear();
        self.begin(seed, start).await?;
        let steps = &self.scenario.steps.value;
        self.part("", steps, &mut true, &mut outcomes).await;
        match outcomes.into_iter().find(|step| step.status != Status::Passed) {
            None => Ok(()),
            Some(step) => Err(Broken(format!("{} ends otherwise when it is repeated", step.title))),
        }
    }
}
