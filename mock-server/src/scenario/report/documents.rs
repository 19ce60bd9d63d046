//! Documents that other programs read.

use super::Summary;
use crate::scenario::run::{Outcome, Status, StepOutcome};
use serde_json::{Value, json};
use std::fmt::{self, Write};
use std::time::Duration;

/// A text made by what cannot fail: writing into a text.
fn written(write: impl FnOnce(&mut String) -> fmt::Result) -> String {
    let mut out = String::new();
    let _ = write(&mut out);
    out
}

fn word(status: Status) -> &'static str {
    match status {
        Status::Passed => "passed",
        Status::Failed => "failed",
        Status::Broken => "broken",
        Status::Skipped => "skipped",
    }
}

/// Everything that went wrong in a scenario, a line each, with its place.
fn complaints(outcome: &Outcome) -> Vec<String> {
    let whole = super::in_file(outcome);
    let steps = outcome.steps.iter().flat_map(|step| &step.problems);
    whole.into_iter().chain(steps.map(|problem| problem.in_file(&outcome.file))).collect()
}

/// Source: TAP 14 specification.
pub fn tap(summary: &Summary) -> String {
    written(|out| {
        writeln!(out, "TAP version 14")?;
        if let Some(message) = &summary.unusable {
            return writeln!(out, "Bail out! {}", one_line(&message.to_string()));
        }
        if let Some((file, problem)) = summary.problems.first() {
            let rest = summary.problems.len() - 1;
            let more = if rest == 0 { String::new() } else { format!(" (and {rest} more)") };
            return writeln!(out, "Bail out! {}{more}", one_line(&problem.in_file(file)));
        }
        writeln!(out, "1..{}", summary.of)?;
        for (number, outcome) in (1..).zip(&summary.outcomes) {
            let failed = outcome.failed();
            let skip = outcome.skipped.as_ref().map(|lacking| format!(" # SKIP {}", one_line(lacking)));
            let skip = skip.unwrap_or_default();
            writeln!(out, "{} {number} - {}{skip}", if failed { "not ok" } else { "ok" }, outcome.name)?;
            for step in &outcome.steps {
                for note in &step.notes {
                    writeln!(out, "# {} {}: {note}", step.number, one_line(&step.title))?;
                }
            }
            if failed {
                writeln!(out, "  ---\n  status: {}\n  problems:", word(outcome.status()))?;
                for complaint in complaints(outcome) {
                    // A text of JSON is one of YAML.
                    writeln!(out, "    - {}", json!(complaint))?;
                }
                writeln!(out, "  ...")?;
            }
        }
        for number in summary.outcomes.len() + 1..=summary.of {
            writeln!(out, "ok {number} # SKIP a scenario before it did not pass")?;
        }
        Ok(())
    })
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Source: the form that CI systems read; a scenario that could not be carried out is an error, one whose expectations do
/// not hold a failure.
pub fn junit(summary: &Summary) -> String {
    let count = |outcomes: &[Outcome], status: Status| {
        outcomes.iter().flat_map(|one| &one.steps).filter(|step| step.status == status).count()
    };
    // A scenario that did not run is one test, which was skipped.
    let tests = |outcomes: &[Outcome]| {
        outcomes.iter().map(|one| one.steps.len() + usize::from(one.skipped.is_some())).sum::<usize>()
    };
    let numbers = |outcomes: &[Outcome], whole: usize, time: Duration| {
        format!(
            "tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"{:.3}\"",
            tests(outcomes) + whole,
            count(outcomes, Status::Failed),
            count(outcomes, Status::Broken) + whole,
            count(outcomes, Status::Skipped) + outcomes.iter().filter(|one| one.skipped.is_some()).count(),
            time.as_secs_f64()
        )
    };
    let broken = summary.outcomes.iter().filter(|outcome| outcome.broken.is_some()).count();
    let unsound = summary.problems.len() + usize::from(summary.unusable.is_some());
    let time = summary.outcomes.iter().map(|outcome| outcome.elapsed).sum();
    written(|out| {
        writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
        let all = numbers(&summary.outcomes, broken + unsound, time);
        writeln!(out, "<testsuites name=\"mockplane\" {all}>")?;
        if unsound > 0 {
            let all = numbers(&[], unsound, Duration::ZERO);
            writeln!(out, "  <testsuite name=\"files\" {all}>")?;
            if let Some(message) = &summary.unusable {
                case(out, "files", "scenarios", "", &[("error", message.to_string())])?;
            }
            for (file, problem) in &summary.problems {
                let place = format!(" file=\"{}\" line=\"{}\"", escaped(file), problem.place.line);
                case(out, "files", file, &place, &[("error", problem.in_file(file))])?;
            }
            writeln!(out, "  </testsuite>")?;
        }
        for outcome in &summary.outcomes {
            suite(
                out,
                outcome,
                &numbers(
                    std::slice::from_ref(outcome),
                    usize::from(outcome.broken.is_some()),
                    outcome.elapsed,
                ),
            )?;
        }
        writeln!(out, "</testsuites>")
    })
}

fn suite(out: &mut String, outcome: &Outcome, numbers: &str) -> fmt::Result {
    let (name, file) = (escaped(&outcome.name), escaped(&outcome.file));
    writeln!(out, "  <testsuite name=\"{name}\" file=\"{file}\" {numbers}>")?;
    if let Some(message) = &outcome.broken {
        case(out, &outcome.name, "beginning", "", &[("error", message.clone())])?;
    }
    if let Some(lacking) = &outcome.skipped {
        let head = format!("<testcase classname=\"{name}\" name=\"{name}\" file=\"{file}\">");
        writeln!(out, "    {head}<skipped message=\"{}\"/></testcase>", escaped(lacking))?;
    }
    for step in &outcome.steps {
        let StepOutcome { number, title, status, .. } = step;
        let place = format!(" file=\"{file}\" line=\"{}\"", step.place.line);
        let told = step.problems.iter().map(|problem| problem.in_file(&outcome.file)).collect::<Vec<_>>();
        let what = match status {
            Status::Passed => Vec::new(),
            Status::Failed => vec![("failure", told.join("\n"))],
            Status::Broken => vec![("error", told.join("\n"))],
            Status::Skipped => vec![("skipped", String::new())],
        };
        let what = match (what.is_empty(), step.notes.is_empty()) {
            (true, false) => vec![("system-out", step.notes.join("\n"))],
            _ => what,
        };
        case(out, &outcome.name, &format!("{number} {title}"), &place, &what)?;
    }
    writeln!(out, "  </testsuite>")
}

fn case(out: &mut String, class: &str, name: &str, place: &str, what: &[(&str, String)]) -> fmt::Result {
    let head = format!("<testcase classname=\"{}\" name=\"{}\"{place}", escaped(class), escaped(name));
    match what {
        [] => writeln!(out, "    {head}/>"),
        [(tag, text), ..] if text.is_empty() => writeln!(out, "    {head}><{tag}/></testcase>"),
        [("system-out", text), ..] => {
            writeln!(out, "    {head}><system-out>{}</system-out></testcase>", escaped(text))
        }
        [(tag, text), ..] => {
            let first = escaped(text.lines().next().unwrap_or_default());
            writeln!(out, "    {head}><{tag} message=\"{first}\">{}</{tag}></testcase>", escaped(text))
        }
    }
}

/// As XML has it; what XML cannot have is left out.
fn escaped(text: &str) -> String {
    let allowed = |c: &char| !c.is_control() || matches!(c, '\n' | '\t');
    let text: String = text.chars().filter(allowed).collect();
    quick_xml::escape::escape(&text).into_owned()
}

pub fn json(summary: &Summary) -> String {
    let problem = |problem: &crate::scenario::problem::Problem| json!({"line": problem.place.line, "column": problem.place.column, "message": problem.message});
    let step = |step: &StepOutcome| {
        let problems: Vec<Value> = step.problems.iter().map(problem).collect();
        json!({
            "number": step.number, "title": step.title, "status": word(step.status), "line": step.place.line,
            "problems": problems, "notes": step.notes,
        })
    };
    let scenario = |outcome: &Outcome| {
        let steps: Vec<Value> = outcome.steps.iter().map(step).collect();
        json!({
            "name": outcome.name, "file": outcome.file, "account": outcome.account.to_string(),
            "status": word(outcome.status()), "seconds": outcome.elapsed.as_secs_f64(), "broken": outcome.broken,
            "skipped": outcome.skipped, "steps": steps,
        })
    };
    let unsound = summary.problems.iter().map(|(file, found)| {
        let mut told = problem(found);
        told["file"] = json!(file);
        told
    });
    let (passed, skipped) = (summary.count(Status::Passed), summary.count(Status::Skipped));
    let document = json!({
        "apiVersion": crate::scenario::file::API_VERSION,
        "kind": "Report",
        "scenarios": summary.outcomes.iter().map(scenario).collect::<Vec<_>>(),
        "problems": unsound.collect::<Vec<_>>(),
        "unusable": summary.unusable.as_ref().map(ToString::to_string),
        "passed": passed,
        "failed": summary.outcomes.len() - passed - skipped,
        "skipped": skipped,
        "notes": summary.notes(),
        "notRun": summary.of - summary.outcomes.len(),
        "exitCode": summary.exit_code(),
    });
    format!("{document:#}\n")
}
