//! `mockplane export`: a scenario for those who have no Mockplane.
//!
//! What can be seen from outside is written down: calls, waits, refusals with their codes, what is captured; what
//! fixtures make first. What only a control plane can be told is not, and a scenario that depends on it is not exported.

use super::file::{Data, Expect, Scenario};
use super::problem::{Problem, instead_of};
use super::tree::Node;
use super::{boto3, rows, shell};
use std::path::Path;

/// What calls are written as.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// A Python script with boto3.
    Boto3,
    /// A script of bash with the AWS CLI.
    Cli,
}

/// The script for a scenario; if it has a matrix, for this row of it.
///
/// # Errors
/// What is wrong with it, each with the file that it is in: it is not sound, or does what no call does.
pub fn exported(
    path: &Path,
    text: &str,
    row: Option<&str>,
    form: Form,
) -> Result<String, Vec<(String, Problem)>> {
    let mut problems = Vec::new();
    let rows = rows(path, text, &mut problems);
    if !problems.is_empty() {
        return Err(problems);
    }
    let script = chosen(&rows, row).and_then(|scenario| {
        only_calls(scenario)?;
        match form {
            Form::Boto3 => boto3::of(scenario),
            Form::Cli => shell::of(scenario),
        }
    });
    script.map_err(|problem| vec![(path.display().to_string(), problem)])
}

fn chosen<'a>(rows: &'a [Scenario], wanted: Option<&str>) -> Result<&'a Scenario, Problem> {
    let Some(first) = rows.first() else {
        return Err(Problem { place: Default::default(), message: "a fixture is no scenario".into() });
    };
    let place = first.matrix.as_ref().map_or(first.metadata.name.referenced.into(), |matrix| matrix.place);
    let names = || rows.iter().filter_map(|one| one.row.as_ref()).map(|row| row.name.as_str());
    let message = match (wanted, &first.row) {
        (None, None) => return Ok(first),
        (Some(_), None) => "it has no matrix, and so no rows".to_owned(),
        (None, Some(_)) => {
            let names: Vec<_> = names().collect();
            format!("it runs for each row of a matrix: say which is exported, {}", names.join(", "))
        }
        (Some(wanted), Some(_)) => {
            let found = rows.iter().find(|one| one.row.as_ref().is_some_and(|row| row.name == wanted));
            match found {
                Some(found) => return Ok(found),
                None => format!("the matrix has no row `{wanted}`{}", instead_of(wanted, names())),
            }
        }
    };
    Err(Problem { place, message })
}

fn only_calls(scenario: &Scenario) -> Result<(), Problem> {
    let settings = &scenario.settings;
    let told = [
        (!scenario.behaviours.is_empty(), "behaviours"),
        (!scenario.faults.is_empty(), "faults"),
        (!settings.rules.is_empty(), "settings.rules"),
        (!settings.not_offered.is_empty(), "settings.notOffered"),
        (!settings.capacity.is_empty(), "settings.capacity"),
        (!settings.quotas.is_empty(), "settings.quotas"),
        (settings.data != Data::default(), "settings.data"),
        (settings.signatures.is_some(), "settings.signatures"),
    ];
    if let Some(wire) = scenario.steps.value.iter().find_map(|step| step.value.wire.as_ref()) {
        return Err(Problem::new(wire.referenced, "a call with `wire` cannot be exported: no SDK sends it"));
    }
    match told.into_iter().find(|(is, _)| *is) {
        Some((_, what)) => {
            let message = format!("`{what}` can be told to a control plane, and not by calls");
            Err(Problem::new(scenario.metadata.name.referenced, message))
        }
        None => Ok(()),
    }
}

/// The code that a call is refused with, if it is to be refused.
pub(super) fn refusal(expect: &Expect) -> Option<Option<&Node>> {
    match &expect.error {
        Some(error) => Some(Some(&error.code)),
        None => expect.is_refusal().then_some(None),
    }
}

/// A name of a scenario as one of a script, which no other name of it has.
pub(super) fn variable(name: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let mut variable = name.replace('-', "_");
    if variable.starts_with(|first: char| first.is_ascii_digit()) {
        variable.insert(0, 'n');
    }
    while is_taken(&variable) {
        variable.push('_');
    }
    variable
}
