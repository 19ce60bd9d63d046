//! Steps that take their time, virtual or real.

use super::{Broken, Run, Stop};
use crate::clock::pause;
use crate::scenario::callee::Callee;
use crate::scenario::file::{Expect, Mode, WaitFor};
use crate::scenario::plane::Ability;
use crate::scenario::problem::{Place, Problem};
use crate::scenario::resource::ResourceKind;
use crate::scenario::session::Answer;
use crate::scenario::span::Span;
use crate::scenario::target::Target;
use serde_json::Value;
use std::time::Duration;

impl<T: Target> Run<'_, T> {
    /// Lets virtual time pass.
    pub(super) async fn pass(&mut self, span: Span) -> Result<(), Broken> {
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

    /// How to look at what takes its time.
    fn looks(&self) -> Looks {
        const QUICK: Duration = Duration::from_millis(100);
        let within = if self.mode() == Mode::Real { Span::minutes(5) } else { Span::minutes(60) };
        match self.session.plane.can(Ability::VirtualTime) {
            true => Looks { within, next: QUICK, longest: QUICK },
            // As long as things take on AWS, where whoever asks too often is throttled.
            false => Looks { within: Span::minutes(60), next: QUICK, longest: Duration::from_secs(15) },
        }
    }

    pub(super) async fn wait(&mut self, wait: &WaitFor, expect: &Expect) -> Result<Value, Stop> {
        /// Polls that bring nothing before it counts as stuck.
        const PATIENCE: usize = 100;
        let place = wait.resource.referenced.into();
        let resource = self.scope.text(place, &wait.resource.value)?;
        let unknown = || Problem::new(place, format!("`{resource}` is nothing to wait for"));
        let (slug, name) = resource.split_once('/').ok_or_else(unknown)?;
        let kind = ResourceKind::get(slug).ok_or_else(unknown)?;
        let mut looks = self.looks();
        let within = wait.within.unwrap_or(looks.within);
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
                    pause(looks.pause().min(left.0)).await;
                    self.session.look_at_clock().await?;
                }
            }
            idle = if self.session.time.now == before { idle + 1 } else { 0 };
            if idle >= PATIENCE {
                return Err(stuck(", and its time stands still").into());
            }
        }
    }

    pub(super) async fn describe(
        &mut self,
        kind: &ResourceKind,
        name: &str,
        place: Place,
    ) -> Result<Value, Stop> {
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
}

/// Pauses between looks, where time passes by itself: each is twice as long as the one before it.
struct Looks {
    /// How long to look at all, unless it is said.
    within: Span,
    next: Duration,
    longest: Duration,
}

impl Looks {
    fn pause(&mut self) -> Duration {
        let pause = self.next;
        self.next = (pause * 2).min(self.longest);
        pause
    }
}
