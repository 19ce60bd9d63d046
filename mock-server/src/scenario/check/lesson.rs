//! What can be known to be wrong with a lesson before it runs.

use super::Checker;
use crate::rules;
use crate::scenario::file::{KIND as SCENARIO, LESSON, Scenario, Step};
use crate::scenario::lesson::{FULL_SCORE, Lesson};
use crate::scenario::problem::{Place, instead_of};

/// A nudge, where to look, and nearly the answer.
const LEAST_HINTS: usize = 3;
/// How many lessons the course has, and how many failures the list.
const COURSE: u8 = 10;
const FAILURES: u8 = 30;
/// The anchors of pages in `learn` are written like this.
const PAGE: &str = "seed:";

impl Checker {
    /// A lesson, and only a lesson, has a `lesson`.
    pub(super) fn kind(&mut self, scenario: &Scenario) {
        let kind = &scenario.kind;
        match (kind.value.as_str(), &scenario.lesson) {
            (SCENARIO, None) | (LESSON, Some(_)) => {}
            (SCENARIO, Some(lesson)) => {
                self.tell(lesson.referenced, format!("only `kind: {LESSON}` has a `lesson`"));
            }
            (LESSON, None) => self.tell(kind.referenced, "`lesson` is missing"),
            (other, _) => {
                self.tell(kind.referenced, format!("expected `{SCENARIO}` or `{LESSON}`, found `{other}`"));
            }
        }
    }

    pub(super) fn lesson(&mut self, scenario: &Scenario, lesson: &Lesson) {
        if let Some(last) = scenario.steps.value.last()
            && !is_failure(&last.value)
        {
            self.tell(
                last.referenced,
                "the steps of a lesson end with what fails: a `waitFor` that expects `blockedBy`, a call that expects \
                 an `error`, or an `explain` that expects a `response`",
            );
        }
        for (number, most) in [(&lesson.course, COURSE), (&lesson.failure, FAILURES)] {
            if let Some(number) = number
                && !(1..=most).contains(&number.value)
            {
                self.tell(number.referenced, format!("{} is none of 1 to {most}", number.value));
            }
        }
        for (name, text) in [("goal", &lesson.goal), ("story", &lesson.story), ("debrief", &lesson.debrief)] {
            self.said(text.referenced.into(), name, &text.value);
        }
        self.hints(lesson);
        self.learn(lesson);
        self.repaired(lesson);
    }

    fn said(&mut self, place: Place, name: &str, text: &str) {
        if text.trim().is_empty() {
            self.tell(place, format!("`{name}` is empty"));
        }
        self.name_in(place, text, &mut Vec::new());
    }

    fn hints(&mut self, lesson: &Lesson) {
        let hints = &lesson.hints;
        if hints.value.len() < LEAST_HINTS {
            let message =
                format!("a lesson has {LEAST_HINTS} hints at least, from a nudge to nearly the answer");
            self.tell(hints.referenced, message);
        }
        if let Some(first) = hints.value.first().filter(|first| first.value.cost > 0) {
            self.tell(first.referenced, "the first hint costs nothing");
        }
        let costs: u64 = hints.value.iter().map(|hint| u64::from(hint.value.cost)).sum();
        if costs > u64::from(FULL_SCORE) {
            let message = format!("the hints cost {costs} together, and nobody has more than {FULL_SCORE}");
            self.tell(hints.referenced, message);
        }
        for hint in &hints.value {
            self.said(hint.value.text.referenced.into(), "text", &hint.value.text.value);
        }
    }

    fn learn(&mut self, lesson: &Lesson) {
        if lesson.learn.value.is_empty() {
            self.tell(lesson.learn.referenced, "`learn` is empty");
        }
        for address in &lesson.learn.value {
            let text = &address.value;
            if let Some(page) = text.strip_prefix(PAGE) {
                if !page.split_once('#').is_some_and(|(page, anchor)| !page.is_empty() && !anchor.is_empty())
                {
                    self.tell(address.referenced, format!("`{text}` is no place: write seed:PAGE#ANCHOR"));
                }
            } else if rules::get(text).is_none() && rules::ec2::get(text).is_none() {
                let known = rules::all().map(|info| info.id).chain(rules::ec2::all().map(|rule| rule.id));
                let hint = instead_of(text, known);
                self.tell(address.referenced, format!("`{text}` is no rule, and no seed:PAGE#ANCHOR{hint}"));
            }
        }
    }

    /// The steps of the fix, and of the check, which knows nothing of the fix.
    fn repaired(&mut self, lesson: &Lesson) {
        let parts = [
            ("fix", &lesson.fix, "a fix is made of `call`, `waitFor` and `advance`"),
            ("check", &lesson.check, "a check is made of `call`, `waitFor`, `explain` and `advance`"),
        ];
        for (name, steps, made_of) in parts {
            if steps.value.is_empty() {
                self.tell(steps.referenced, format!("`{name}` is empty"));
            }
            let before = self.captures.clone();
            for step in &steps.value {
                if !belongs(name, &step.value) {
                    self.tell(step.referenced, made_of);
                }
                self.step(step.referenced.into(), &step.value);
            }
            self.forget(before, name);
        }
        if !lesson.check.value.iter().any(|step| judges(&step.value)) {
            self.tell(lesson.check.referenced, "a check judges something: a `waitFor`, or an `expect`");
        }
    }

    /// Takes away what was captured since; a later part does not know it.
    fn forget(&mut self, before: std::collections::BTreeMap<String, Place>, part: &str) {
        let now = std::mem::replace(&mut self.captures, before);
        let own: Vec<_> = now.into_iter().filter(|(name, _)| !self.captures.contains_key(name)).collect();
        for (name, place) in own {
            if !self.used.remove(&name) {
                self.tell(place, format!("`{name}` is captured and never used in `{part}`"));
            }
        }
    }
}

/// Whether a step is of the kinds that a part is made of; whether it is one at all is told elsewhere.
fn belongs(part: &str, step: &Step) -> bool {
    let plain = step.call.is_some() || step.wait_for.is_some() || step.advance.is_some();
    plain || (part == "check" && step.explain.is_some())
}

/// Whether a step says that something fails, and why.
fn is_failure(step: &Step) -> bool {
    step.expect.as_ref().is_some_and(|expect| {
        let refused = step.call.is_some() && expect.error.is_some();
        let failed = step.wait_for.is_some() && expect.blocked_by.is_some();
        let told = step.explain.is_some() && expect.response.is_some();
        refused || failed || told
    })
}

fn judges(step: &Step) -> bool {
    step.wait_for.is_some() || step.expect.is_some()
}
