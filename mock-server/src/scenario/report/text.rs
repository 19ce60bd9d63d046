//! Lines of text, for people.

use super::{Outcome, Problem, Reporter, StepOutcome, Summary};
use crate::scenario::run::Status;
use std::io::{self, Write};

/// Lines of text.
pub struct Text<W> {
    out: W,
    verbose: bool,
    heading: String,
}

impl<W: Write> Text<W> {
    pub fn new(out: W) -> Self {
        Self { out, verbose: false, heading: String::new() }
    }

    /// Whether steps that pass are told too.
    #[must_use]
    pub fn every_step(self, verbose: bool) -> Self {
        Self { verbose, ..self }
    }

    /// A report that cannot be written is no reason to stop.
    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        let _: io::Result<()> = writeln!(self.out, "{line}");
    }
}

impl<W: Write> Reporter for Text<W> {
    fn unsound(&mut self, problems: &[(String, Problem)]) {
        for (file, problem) in problems {
            self.line(format_args!("{}", problem.in_file(file)));
        }
    }

    fn begin(&mut self, number: usize, of: usize, name: &str) {
        let width = of.to_string().len();
        self.heading = format!("[{number:>width$}/{of}] {name}");
        if self.verbose {
            self.line(format_args!("{}", self.heading.clone()));
        }
    }

    fn step(&mut self, step: &StepOutcome) {
        if self.verbose && step.status == Status::Passed {
            self.line(format_args!("  ok   {:>2} {}", step.number, step.title));
            for note in &step.notes {
                self.line(format_args!("    {note}"));
            }
        }
    }

    fn end(&mut self, outcome: &Outcome) {
        let heading = std::mem::take(&mut self.heading);
        let count = outcome.steps.len();
        if outcome.passed() {
            let steps = if count == 1 { "step" } else { "steps" };
            self.line(format_args!("{heading}: ok, {count} {steps}"));
            return;
        }
        if let Some(lacking) = &outcome.skipped {
            self.line(format_args!("{heading}: skipped, {lacking}"));
            return;
        }
        self.line(format_args!("{heading}: {}", word(outcome.status())));
        if let Some(message) = super::in_file(outcome) {
            self.line(format_args!("  {message}"));
        }
        for step in &outcome.steps {
            if matches!(step.status, Status::Failed | Status::Broken) {
                self.line(format_args!("  {} {:>2} {}", word(step.status), step.number, step.title));
                for problem in &step.problems {
                    self.line(format_args!("    {}", problem.in_file(&outcome.file)));
                }
                for note in &step.notes {
                    self.line(format_args!("    {note}"));
                }
            }
        }
    }

    fn finish(&mut self, summary: &Summary) {
        if let Some(message) = &summary.unusable {
            self.line(format_args!("{message}"));
        }
        if !summary.outcomes.is_empty() {
            let count = summary.outcomes.len();
            let (passed, skipped) = (summary.count(Status::Passed), summary.count(Status::Skipped));
            let scenarios = if count == 1 { "scenario" } else { "scenarios" };
            let skipped_too = if skipped == 0 { String::new() } else { format!(", {skipped} skipped") };
            let failed = count - passed - skipped;
            self.line(format_args!("{count} {scenarios}: {passed} passed, {failed} failed{skipped_too}"));
            for (note, count) in summary.notes() {
                let steps = if count == 1 { "step" } else { "steps" };
                self.line(format_args!("{count} {steps}: {note}"));
            }
        }
    }
}

fn word(status: Status) -> &'static str {
    match status {
        Status::Passed => "ok",
        Status::Failed => "FAILED",
        Status::Broken => "BROKEN",
        Status::Skipped => "skipped",
    }
}
