//! Reports: who is told what happens while scenarios run, and in which form.

mod documents;
#[cfg(test)]
mod tests;
mod text;

use super::Summary;
use super::problem::Problem;
use super::run::{Outcome, StepOutcome};
use std::io::Write;
pub use text::Text;

/// What ended a scenario as a whole, with its file. A message with a place begins with it.
fn in_file(outcome: &Outcome) -> Option<String> {
    let message = outcome.broken.as_ref()?;
    let parts: Vec<_> = message.splitn(3, ':').collect();
    let is_number = |text: &&str| text.parse::<u64>().is_ok();
    let has_place = matches!(parts.as_slice(), [line, column, _] if is_number(line) && is_number(column));
    Some(format!("{}:{}{message}", outcome.file, if has_place { "" } else { " " }))
}

/// Somebody who is told what happens, while it happens.
pub trait Reporter {
    /// Nothing runs: these files are not sound.
    fn unsound(&mut self, problems: &[(String, Problem)]);
    fn begin(&mut self, number: usize, of: usize, name: &str);
    fn step(&mut self, step: &StepOutcome);
    fn end(&mut self, outcome: &Outcome);
    fn finish(&mut self, summary: &Summary);
}

/// Nobody.
pub struct Silent;

impl Reporter for Silent {
    fn unsound(&mut self, _: &[(String, Problem)]) {}
    fn begin(&mut self, _: usize, _: usize, _: &str) {}
    fn step(&mut self, _: &StepOutcome) {}
    fn end(&mut self, _: &Outcome) {}
    fn finish(&mut self, _: &Summary) {}
}

/// Everybody.
pub struct All(pub Vec<Box<dyn Reporter + Send>>);

impl Reporter for All {
    fn unsound(&mut self, problems: &[(String, Problem)]) {
        self.0.iter_mut().for_each(|one| one.unsound(problems));
    }
    fn begin(&mut self, number: usize, of: usize, name: &str) {
        self.0.iter_mut().for_each(|one| one.begin(number, of, name));
    }
    fn step(&mut self, step: &StepOutcome) {
        self.0.iter_mut().for_each(|one| one.step(step));
    }
    fn end(&mut self, outcome: &Outcome) {
        self.0.iter_mut().for_each(|one| one.end(outcome));
    }
    fn finish(&mut self, summary: &Summary) {
        self.0.iter_mut().for_each(|one| one.finish(summary));
    }
}

/// A form of report that other programs read; it is written when everything has run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// Test Anything Protocol, version 14: a scenario is a test.
    Tap,
    /// XML as JUnit's: a scenario is a suite, a step a test.
    Junit,
    Json,
}

impl Form {
    /// A run in this form.
    pub fn of(self, summary: &Summary) -> String {
        match self {
            Form::Tap => documents::tap(summary),
            Form::Junit => documents::junit(summary),
            Form::Json => documents::json(summary),
        }
    }
}

/// Writes a document when everything has run.
pub struct Document<W> {
    pub form: Form,
    pub out: W,
}

impl<W: Write> Reporter for Document<W> {
    fn unsound(&mut self, _: &[(String, Problem)]) {}
    fn begin(&mut self, _: usize, _: usize, _: &str) {}
    fn step(&mut self, _: &StepOutcome) {}
    fn end(&mut self, _: &Outcome) {}
    fn finish(&mut self, summary: &Summary) {
        // A report that cannot be written is no reason to stop.
        let _: std::io::Result<()> = self.out.write_all(self.form.of(summary).as_bytes());
    }
}
