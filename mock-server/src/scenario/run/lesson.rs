//! Running a lesson: what it says breaks breaks, its check fails then, and passes once its fix is done.

use super::{Broken, Run, Status, StepOutcome};
use crate::scenario::file::Step;
use crate::scenario::lesson::Lesson;
use crate::scenario::problem::Problem;
use crate::scenario::target::Target;
use serde_saphyr::Spanned;

/// The name of the snapshot that a check is undone by.
pub(super) const BEFORE: &str = "before.check";

impl<T: Target> Run<'_, T> {
    /// What comes after the steps of a lesson.
    pub(super) async fn lesson(
        &mut self,
        lesson: &Lesson,
        going: &mut bool,
        outcomes: &mut Vec<StepOutcome>,
    ) {
        // Neither the fix nor the check leaves names to what comes after it.
        let known = self.scope.values.clone();
        let place = lesson.check.referenced.into();
        let (status, problems) = match *going {
            true => self.still_broken(lesson).await,
            false => (Status::Skipped, Vec::new()),
        };
        let title = "the check fails before the fix".to_owned();
        *going &= status == Status::Passed;
        outcomes.push(StepOutcome {
            number: outcomes.len() + 1,
            title,
            place,
            status,
            problems,
            notes: Vec::new(),
        });
        self.scope.values.clone_from(&known);
        self.part("fix: ", &lesson.fix.value, going, outcomes).await;
        self.scope.values = known;
        self.part("check: ", &lesson.check.value, going, outcomes).await;
    }

    /// Whether the check fails now. What it did on the way is undone.
    async fn still_broken(&mut self, lesson: &Lesson) -> (Status, Vec<Problem>) {
        let place = lesson.check.referenced;
        let outcomes = match self.tried(&lesson.check.value).await {
            Ok(outcomes) => outcomes,
            Err(Broken(message)) => return (Status::Broken, vec![Problem::new(place, message)]),
        };
        match outcomes.into_iter().find(|step| step.status != Status::Passed) {
            None => {
                (Status::Failed, vec![Problem::new(place, "the check passes, and nothing is mended yet")])
            }
            Some(step) if step.status == Status::Failed => (Status::Passed, Vec::new()),
            Some(step) => (Status::Broken, step.problems),
        }
    }

    /// Carries out steps as far as they pass, and makes the account what it was before.
    async fn tried(&mut self, steps: &[Spanned<Step>]) -> Result<Vec<StepOutcome>, Broken> {
        let mut outcomes = Vec::new();
        self.session.save(BEFORE).await?;
        self.part("", steps, &mut true, &mut outcomes).await;
        self.session.restore(BEFORE).await?;
        self.session.forget(BEFORE).await?;
        Ok(outcomes)
    }
}
