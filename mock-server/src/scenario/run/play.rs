//! Scenarios in an account of a server that somebody works with: they are carried out as far as somebody takes over.

use super::lesson::BEFORE;
use super::{Broken, Overrides, Run, Status, StepOutcome, title};
use crate::kernel::{AccountId, SimTime};
use crate::scenario::file::{Mode, Scenario, Step};
use crate::scenario::lesson::{FULL_SCORE, Lesson};
use crate::scenario::problem::{Place, Problem};
use crate::scenario::resource::ResourceKind;
use crate::scenario::script;
use crate::scenario::session::Session;
use crate::scenario::target::Target;
use crate::scenario::template::Scope;
use serde_json::{Value, json};
use serde_saphyr::Spanned;
use std::collections::BTreeMap;

/// A scenario, and how far it is.
pub struct Play {
    scenario: Scenario,
    stop_after: Option<String>,
    /// What templates can name now.
    scope: Scope,
    faults: BTreeMap<String, Place>,
    account: AccountId,
    region: String,
    now: SimTime,
    /// The step after which somebody took over, and the one that would be next.
    stopped: (String, Option<String>),
    /// What does not work, for a lesson.
    broken: Option<String>,
    /// How many hints were asked for.
    hints: usize,
    /// How often it was checked, and whether the last time was a success.
    tries: u32,
    passed: bool,
    /// Whether the fix was asked for: to be done, or to be read.
    solved: bool,
}

/// What a check says.
#[derive(Default)]
pub struct Verdict {
    pub passed: bool,
    /// Which expectations do not hold.
    pub problems: Vec<Problem>,
    /// The step that did not pass.
    pub step: Option<String>,
    /// What that step says to people.
    pub said: Option<String>,
    /// The rule behind it, if it is about something that failed.
    pub rule: Option<String>,
    /// Where the control API tells why, if there is something there to explain once the check is undone.
    pub explain: Option<String>,
    /// What the step waited for or explained.
    about: Option<String>,
}

impl Play {
    /// Makes the account as new and carries the scenario out in it: all of its steps, or those up to one.
    ///
    /// # Errors
    /// What did not go as the scenario says.
    pub async fn begin<T: Target>(
        target: &T,
        scenario: Scenario,
        account: AccountId,
        stop_after: Option<&str>,
    ) -> Result<Self, Broken> {
        let overrides = Overrides { account: Some(account), ..Overrides::default() };
        let steps = &scenario.steps.value;
        let is_last = |step: &Spanned<Step>| step.value.id.as_ref().map(|id| id.value.as_str()) == stop_after;
        let count = match stop_after {
            None => steps.len(),
            Some(id) => {
                let at = steps.iter().position(is_last);
                at.ok_or_else(|| Broken(format!("no step has the id `{id}`")))? + 1
            }
        };
        let (mut run, seed, start) = Run::prepare(target, &scenario, &overrides);
        run.begin(seed, start).await?;
        let mut outcomes = Vec::new();
        run.part("", &steps[..count], &mut true, &mut outcomes).await;
        if let Some(step) = outcomes.iter().find(|step| step.status != Status::Passed) {
            return Err(Broken(located(step)));
        }
        let last = outcomes.last().map(|step| step.title.clone()).unwrap_or_default();
        let next = steps.get(count).map(|step| title(&step.value));
        let broken = match (&scenario.lesson, steps.last()) {
            (Some(_), Some(step)) if next.is_none() => run.what_is_broken(&step.value).await,
            _ => None,
        };
        run.hand_over().await?;
        let Run { session, scope, faults, .. } = run;
        let (region, now) = (session.region, session.time.now);
        Ok(Self {
            stop_after: stop_after.map(str::to_owned),
            scope,
            faults,
            account,
            region,
            now,
            stopped: (last, next),
            broken,
            hints: 0,
            tries: 0,
            passed: false,
            solved: false,
            scenario,
        })
    }

    /// Begins again. What was spent stays spent.
    ///
    /// # Errors
    /// See [`Self::begin`].
    pub async fn reset<T: Target>(&mut self, target: &T) -> Result<(), Broken> {
        let again =
            Self::begin(target, self.scenario.clone(), self.account, self.stop_after.as_deref()).await?;
        let (hints, tries, solved) = (self.hints, self.tries, self.solved);
        *self = Self { hints, tries, solved, ..again };
        Ok(())
    }

    pub fn lesson(&self) -> Option<&Lesson> {
        self.scenario.lesson.as_ref().map(|lesson| &lesson.value)
    }

    /// Asks whether it is mended. Whatever the check does is undone.
    ///
    /// # Errors
    /// The check could not be carried out.
    pub async fn check<T: Target>(&mut self, target: &T) -> Result<Verdict, Broken> {
        let lesson = self.lesson().ok_or_else(not_a_lesson)?;
        let mut run = self.resumed(target).await?;
        run.session.save(BEFORE).await?;
        run.take_over().await?;
        let verdict = run.verdict(lesson).await;
        run.session.restore(BEFORE).await?;
        run.session.forget(BEFORE).await?;
        let mut verdict = verdict?;
        verdict.explain = self.explained(&mut run, &verdict).await.map(|resource| self.link_to(&resource));
        self.tries += 1;
        self.passed = verdict.passed;
        Ok(verdict)
    }

    /// The next hint and what it costs; `None` if there is none any more.
    ///
    /// # Errors
    /// It is no lesson.
    pub fn hint(&mut self) -> Result<Option<Value>, Broken> {
        let lesson = self.lesson().ok_or_else(not_a_lesson)?;
        let Some(hint) = lesson.hints.value.get(self.hints) else { return Ok(None) };
        let mut told = json!({"text": self.filled(&hint.value.text), "cost": hint.value.cost});
        let left = lesson.hints.value.len() - self.hints - 1;
        self.hints += 1;
        told["number"] = self.hints.into();
        told["left"] = left.into();
        told["score"] = self.score().into();
        Ok(Some(told))
    }

    /// Does what the teacher would do.
    ///
    /// # Errors
    /// A step of the fix does not pass in this account, as it is now.
    pub async fn solve<T: Target>(&mut self, target: &T) -> Result<(), Broken> {
        let lesson = self.lesson().ok_or_else(not_a_lesson)?;
        let mut run = self.resumed(target).await?;
        run.take_over().await?;
        let mut outcomes = Vec::new();
        run.part("fix: ", &lesson.fix.value, &mut true, &mut outcomes).await;
        run.hand_over().await?;
        let at = outcomes.iter().position(|step| step.status != Status::Passed);
        let failed = at.map(|at| Broken(complaint(&lesson.fix.value[at].value, &outcomes[at])));
        self.now = run.session.time.now;
        self.solved = true;
        failed.map_or(Ok(()), Err)
    }

    /// The fix as a script of the AWS CLI.
    ///
    /// # Errors
    /// A step that the AWS CLI has no command for.
    pub fn script(&mut self) -> Result<String, Broken> {
        let lesson = self.lesson().ok_or_else(not_a_lesson)?;
        let file = &self.scenario.metadata.name.value;
        let script = script::of(&lesson.fix.value, &self.scope, &self.account.to_string());
        let script = script.map_err(|problem| Broken(problem.in_file(file)))?;
        self.solved = true;
        Ok(script)
    }

    fn score(&self) -> u32 {
        match self.lesson() {
            Some(_) if self.solved => 0,
            Some(lesson) => lesson.score(self.hints),
            None => FULL_SCORE,
        }
    }

    /// How far it is; of a lesson, all that a learner is told.
    pub fn status(&self) -> Value {
        let metadata = &self.scenario.metadata;
        let built_in = super::BUILT_IN;
        let captured: BTreeMap<_, _> =
            self.scope.values.iter().filter(|(name, _)| !built_in.contains(&name.as_str())).collect();
        let mut told = json!({
            "account": self.account.to_string(),
            "region": self.region,
            "name": self.scenario.name(),
            "title": metadata.title,
            "kind": self.scenario.kind.value,
            "captured": captured,
            "stoppedAfter": self.stopped.0,
            "next": self.stopped.1,
        });
        if let Some(lesson) = self.lesson() {
            let all: Vec<_> = lesson.hints.value[..self.hints]
                .iter()
                .map(|hint| json!({"text": self.filled(&hint.value.text), "cost": hint.value.cost}))
                .collect();
            told["lesson"] = json!({
                "course": lesson.course.as_ref().map(|number| number.value),
                "failure": lesson.failure.as_ref().map(|number| number.value),
                "goal": self.filled(&lesson.goal),
                "story": self.filled(&lesson.story),
                "broken": self.broken,
                "explain": self.what_failed().map(|resource| self.link_to(&resource)),
                "hints": {"of": lesson.hints.value.len(), "spent": all},
                "checks": self.tries,
                "passed": self.passed,
                "solved": self.solved,
                "score": self.score(),
                "of": FULL_SCORE,
            });
            if self.passed || self.solved {
                told["lesson"]["debrief"] = self.filled(&lesson.debrief).into();
                let learn = lesson.learn.value.iter().map(|address| address.value.as_str());
                told["lesson"]["learn"] = learn.collect::<Vec<_>>().into();
            }
        }
        told
    }

    /// What failed at the beginning.
    fn what_failed(&self) -> Option<String> {
        let steps = &self.scenario.steps.value;
        steps.iter().rev().find_map(|step| about(&step.value)).map(|resource| self.filled(resource))
    }

    /// What there is to explain about a step of a check that did not pass, now that the check is undone: what the step was
    /// about, if that is still there and explained by the rule that the check failed by. What the check itself made is
    /// gone; if it failed by the same rule as what failed at the beginning, nothing was gained yet, and that one's
    /// explanation still holds.
    async fn explained<T: Target>(&self, run: &mut Run<'_, T>, verdict: &Verdict) -> Option<String> {
        let about = verdict.about.as_ref()?;
        let rule = verdict.rule.as_deref();
        if let Ok(Some(explanation)) = run.session.explain(about).await
            && rule.is_none_or(|rule| explanation["decidedBy"] == rule)
        {
            return Some(about.clone());
        }
        let first = self.what_failed()?;
        (run.rule_behind(&first).await.as_deref() == Some(rule?)).then_some(first)
    }

    /// Where the control API explains something.
    fn link_to(&self, resource: &str) -> String {
        format!("/_mockplane/explain/{resource}?account={}&region={}", self.account, self.region)
    }

    /// A text with its templates filled in; the check of the file has looked at them.
    fn filled(&self, text: &Spanned<String>) -> String {
        let filled = self.scope.text(text.referenced.into(), &text.value);
        filled.unwrap_or_else(|_| text.value.clone())
    }

    /// Goes on where it stopped.
    async fn resumed<'a, T: Target>(&'a self, target: &'a T) -> Result<Run<'a, T>, Broken> {
        let session = Session::new(target, self.account, self.region.clone(), self.now);
        let (scope, faults) = (self.scope.clone(), self.faults.clone());
        let mut run = Run {
            scenario: &self.scenario,
            session,
            scope,
            faults,
            struck: Default::default(),
            saved: Default::default(),
            watched: None,
        };
        run.session.look_at_clock().await?;
        Ok(run)
    }
}

impl<T: Target> Run<'_, T> {
    /// Lets the account's time move as the scenario says.
    async fn take_over(&mut self) -> Result<(), Broken> {
        let (mode, now) = (self.clock_mode(), self.session.time.now);
        self.session.set_clock(&mode, Some(now)).await
    }

    /// Lets a learner's waiting take no time: each look at something unfinished takes it on.
    async fn hand_over(&mut self) -> Result<(), Broken> {
        self.session.look_at_clock().await?;
        if self.scenario.lesson.is_some() && self.mode() == Mode::Manual {
            let now = self.session.time.now;
            self.session.set_clock("poll", Some(now)).await?;
        }
        Ok(())
    }

    /// What the last step of a lesson shows, in words.
    async fn what_is_broken(&mut self, step: &Step) -> Option<String> {
        if let Some(error) = step.expect.as_ref().and_then(|expect| expect.error.as_ref()) {
            let call = &step.call.as_ref()?.value;
            return Some(format!("{call} is refused: {}", error.code.text().unwrap_or("an error")));
        }
        let wait = step.wait_for.as_ref()?;
        let place = wait.resource.referenced.into();
        let resource = self.scope.text(place, &wait.resource.value).ok()?;
        let (slug, name) = resource.split_once('/')?;
        let kind = ResourceKind::get(slug)?;
        let description = self.describe(kind, name, place).await.ok()?;
        let reason = kind.reason_of(&description).as_str().map(|reason| format!(": {reason}"));
        Some(format!("{resource} is {}{}", kind.state_of(&description), reason.unwrap_or_default()))
    }

    async fn verdict(&mut self, lesson: &Lesson) -> Result<Verdict, Broken> {
        let mut outcomes = Vec::new();
        self.part("", &lesson.check.value, &mut true, &mut outcomes).await;
        let at = outcomes.iter().position(|step| step.status != Status::Passed);
        let Some(at) = at else { return Ok(Verdict { passed: true, ..Verdict::default() }) };
        let (step, outcome) = (&lesson.check.value[at].value, outcomes.swap_remove(at));
        if outcome.status == Status::Broken {
            return Err(Broken(complaint(step, &outcome)));
        }
        let about = about(step).and_then(|it| self.scope.text(it.referenced.into(), &it.value).ok());
        let rule = match &about {
            Some(resource) => self.rule_behind(resource).await,
            None => None,
        };
        Ok(Verdict {
            problems: outcome.problems,
            step: Some(outcome.title),
            said: step.say.clone(),
            rule,
            about,
            ..Verdict::default()
        })
    }

    /// The rule that decided about something.
    async fn rule_behind(&mut self, resource: &str) -> Option<String> {
        let explanation = self.session.explain(resource).await.ok()??;
        explanation["decidedBy"].as_str().map(str::to_owned)
    }
}

/// What a step waits for or explains.
fn about(step: &Step) -> Option<&Spanned<String>> {
    step.wait_for.as_ref().map(|wait| &wait.resource).or(step.explain.as_ref())
}

fn not_a_lesson() -> Broken {
    Broken("it is no lesson: it has no hints, no check and no fix".into())
}

/// A step that did not pass, in words: first its own.
fn complaint(step: &Step, outcome: &StepOutcome) -> String {
    let problems: Vec<_> = outcome.problems.iter().map(|problem| problem.message.as_str()).collect();
    let said = step.say.as_ref().map_or(String::new(), |say| format!("{} ", say.trim()));
    format!("{said}{}: {}", outcome.title, problems.join("; "))
}

/// The same for whoever has the file: with places.
fn located(step: &StepOutcome) -> String {
    let problems: Vec<_> = step.problems.iter().map(|problem| problem.in_file("scenario")).collect();
    format!("{}: {}", step.title, problems.join("; "))
}
