//! One scenario on two targets: where what they answer differs.
//!
//! Neither is judged by what the scenario expects. Steps are carried out on both, as far as that goes, and the answers to
//! the same step are laid side by side; what control planes choose for themselves, ids and times, is no difference
//! ([`pairs`]). The outcome is that of a scenario whose steps pass where the answers are the same.

pub mod pairs;
mod token;

use super::file::Scenario;
use super::problem::Problem;
use super::run::{self, Outcome, Overrides, Seen, Status, StepOutcome, Watched};
use super::target::Target;
use crate::aws::Fault;
use crate::clock::Stopwatch;
use pairs::{Difference, Lists, Pairs, What};
use serde_json::Value;

/// A target, by what it is called in reports.
pub struct Side<'a, T> {
    pub name: &'a str,
    pub target: &'a T,
    /// In place of the seed that is for both.
    pub seed: Option<u64>,
}

impl<T> Side<'_, T> {
    fn overrides(&self, both: &Overrides) -> Overrides {
        Overrides { seed: self.seed.or(both.seed), ..both.clone() }
    }
}

/// Runs a scenario that was checked on one target and then on the other, and tells where they differ.
pub async fn compare<A: Target, B: Target>(
    a: &Side<'_, A>,
    b: &Side<'_, B>,
    scenario: &Scenario,
    file: &str,
    overrides: &Overrides,
) -> Outcome {
    let watch = Stopwatch::start();
    // Not at once: they may be the same.
    let (mut one, mine) = run::watch(a.target, scenario, file, &a.overrides(overrides)).await;
    let (other, theirs) = run::watch(b.target, scenario, file, &b.overrides(overrides)).await;
    let lacking =
        |side: &str, outcome: &Outcome| outcome.skipped.as_ref().map(|why| format!("{why}: {side}"));
    one.skipped = lacking(a.name, &one).or_else(|| lacking(b.name, &other));
    if one.skipped.is_none() {
        let broken =
            |side: &str, outcome: &Outcome| outcome.broken.as_ref().map(|why| format!("{side}: {why}"));
        one.broken = broken(a.name, &one).or_else(|| broken(b.name, &other));
        // A step that could not be carried out ends its side.
        let ended = |side: &str, outcome: &Outcome| {
            let last = outcome.steps.last().filter(|last| last.status == Status::Broken)?;
            Some(format!("{side}: {}", last.problems.first()?.in_file(file)))
        };
        let ended = ended(a.name, &one).or_else(|| ended(b.name, &other));
        one.broken = one.broken.or(ended);
        let both = Both { a: a.name, b: b.name, pairs: Pairs::default() };
        one.steps = both.compared(&mine, &theirs);
    }
    one.elapsed = watch.elapsed();
    one
}

/// Both sides, and what is known of what stands for what.
struct Both<'a> {
    a: &'a str,
    b: &'a str,
    pairs: Pairs,
}

impl Both<'_> {
    fn compared(mut self, a: &[Watched], b: &[Watched]) -> Vec<StepOutcome> {
        let mut outcomes = Vec::new();
        for (mine, other) in a.iter().zip(b) {
            let (Some(seen), Some(there)) = (&mine.seen, &other.seen) else {
                outcomes.push(outcome(outcomes.len() + 1, mine, Vec::new(), Vec::new()));
                continue;
            };
            let lists = match mine.service.as_deref() {
                Some("ec2") => Lists::Unordered,
                _ => Lists::Ordered,
            };
            let (messages, notes) = self.differences(seen, there, lists);
            let problems = messages.into_iter().map(|message| Problem::new(mine.place, message)).collect();
            outcomes.push(outcome(outcomes.len() + 1, mine, problems, notes));
        }
        outcomes
    }

    /// What differs at a step, and what else there is to say.
    fn differences(&mut self, a: &Seen, b: &Seen, lists: Lists) -> (Vec<String>, Vec<String>) {
        let differs = |a: &dyn std::fmt::Display, b: &dyn std::fmt::Display| {
            vec![format!("{} at {}, {} at {}", a, self.a, b, self.b)]
        };
        match (a, b) {
            (Seen::Done(mine), Seen::Done(other)) => {
                let found = self.pairs.differences(mine, other, lists);
                (found.iter().map(|one| self.told(one)).collect(), Vec::new())
            }
            (Seen::Refused(mine), Seen::Refused(other)) => (self.refusals(mine, other), Vec::new()),
            (Seen::Lost, Seen::Lost) => (Vec::new(), Vec::new()),
            // What kept one side from it was told where it began.
            (Seen::Unreached(why), Seen::Unreached(_)) => {
                (Vec::new(), vec![format!("not reached at either: {why}")])
            }
            (a, b) => (differs(&in_short(a), &in_short(b)), Vec::new()),
        }
    }

    fn refusals(&mut self, a: &Fault, b: &Fault) -> Vec<String> {
        let mut found = Vec::new();
        let mut tell = |what: &str, a: &str, b: &str| {
            found.push(format!("{what}: `{a}` at {}, `{b}` at {}", self.a, self.b));
        };
        if a.code != b.code {
            tell("the code", &a.code, &b.code);
        }
        if a.status != b.status {
            tell("the status", &a.status.to_string(), &b.status.to_string());
        }
        if !self.pairs.say_the_same(&a.message, &b.message) {
            tell("the message", &a.message, &b.message);
        }
        // Only a Mockplane says which rule is behind it.
        if let (Some(mine), Some(other)) = (&a.because, &b.because)
            && mine != other
        {
            tell("the rule", mine, other);
        }
        found
    }

    fn told(&self, difference: &Difference) -> String {
        let place = if difference.path.is_empty() { "the answer" } else { &difference.path };
        match &difference.what {
            What::Values(a, b) => {
                format!("`{place}`: {} at {}, {} at {}", value(a.as_ref()), self.a, value(b.as_ref()), self.b)
            }
            What::Order => format!("`{place}`: the same elements in another order"),
        }
    }
}

fn outcome(number: usize, step: &Watched, problems: Vec<Problem>, notes: Vec<String>) -> StepOutcome {
    let status = if problems.is_empty() { Status::Passed } else { Status::Failed };
    StepOutcome { number, title: step.title.clone(), place: step.place, status, problems, notes }
}

fn in_short(seen: &Seen) -> String {
    match seen {
        Seen::Done(_) => "done".into(),
        Seen::Refused(fault) => format!("refused ({}: {})", fault.code, cut(&fault.message)),
        Seen::Lost => "no whole answer".into(),
        Seen::Unreached(why) => format!("not reached ({})", cut(why)),
    }
}

fn value(value: Option<&Value>) -> String {
    value.map_or_else(|| "nothing".into(), |value| format!("`{}`", cut(&value.to_string())))
}

/// The beginning of what is too long for a line.
fn cut(text: &str) -> String {
    const LONGEST: usize = 160;
    match text.char_indices().nth(LONGEST) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}
