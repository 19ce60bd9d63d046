//! Matrices: one scenario that runs once for each of several rows.
//!
//! A row is a mapping of values that templates name as `matrix.NAME`; all rows of a matrix have the same ones. Unlike
//! variables they may stand for the operation that is called and the state that is waited for, for they are known
//! before anything runs: each row is checked as a scenario of its own.

use super::file::{Scenario, Step};
use super::problem::{Problem, instead_of};
use super::template::{MATRIX, Piece, Scope, pieces};
use super::tree::{Kind, Node};
use serde_saphyr::Spanned;
use std::collections::{BTreeMap, BTreeSet};

/// The row for which a scenario runs.
#[derive(Clone, Debug)]
pub struct Row {
    pub name: String,
    pub values: Node,
    /// The values that were filled in when the scenario was read, as `matrix.NAME`.
    pub used: BTreeSet<String>,
}

/// The scenario once for each row, or itself if it has no matrix. If the matrix is not sound, without rows.
pub fn rows(scenario: Scenario, problems: &mut Vec<Problem>) -> Vec<Scenario> {
    let Some(matrix) = scenario.matrix.clone() else { return vec![scenario] };
    let found = problems_of(&matrix);
    if !found.is_empty() {
        problems.extend(found);
        return Vec::new();
    }
    let row = |(name, values): &(super::tree::Key, Node)| {
        let row = Row { name: name.text.clone(), values: values.clone(), used: BTreeSet::new() };
        let mut one = Scenario { row: Some(row), ..scenario.clone() };
        one.fill(problems);
        one
    };
    matrix.entries().iter().map(row).collect()
}

fn problems_of(matrix: &Node) -> Vec<Problem> {
    let one = |message: String| vec![Problem::new(matrix.place, message)];
    match &matrix.kind {
        Kind::Map(rows) if !rows.is_empty() => {}
        Kind::Map(_) => return one("a matrix has at least one row".into()),
        _ => return one(format!("`matrix` maps names of rows to their values, it is not {}", matrix.what())),
    }
    let mut problems = Vec::new();
    let mut tell = |place, message| problems.push(Problem { place, message });
    let keys = |row: &Node| row.entries().iter().map(|(key, _)| key.text.clone()).collect::<Vec<_>>();
    let first = &matrix.entries()[0];
    let wanted = keys(&first.1);
    for (name, row) in matrix.entries() {
        let known = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
        if name.text.is_empty() || !name.text.bytes().all(known) {
            let message = format!("`{}` is no name of a row: letters, digits, `-`, `_` and `.`", name.text);
            tell(name.place, message);
        }
        if !matches!(row.kind, Kind::Map(_)) {
            tell(row.place, format!("a row maps names to values, it is not {}", row.what()));
            continue;
        }
        for (key, _) in row.entries() {
            let is_name = pieces(&format!("${{{}}}", key.text));
            if !is_name.is_ok_and(|all| matches!(&all[..], [Piece::Name(name)] if name.path.is_empty())) {
                tell(key.place, format!("`{}` is no name: letters, digits, `_` and `-`", key.text));
            } else if !wanted.contains(&key.text) {
                let hint = instead_of(&key.text, wanted.iter().map(String::as_str));
                tell(key.place, format!("row `{}` has no value `{}`{hint}", first.0.text, key.text));
            }
        }
        let has = keys(row);
        for missing in wanted.iter().filter(|key| !has.contains(key)) {
            tell(row.place, format!("`{missing}` is missing, which row `{}` has", first.0.text));
        }
    }
    problems
}

impl Scenario {
    /// Fills in what has to be known before anything runs.
    fn fill(&mut self, problems: &mut Vec<Problem>) {
        let mut scope = Scope { vars: self.variables(), values: BTreeMap::new() };
        scope.vars.retain(|name, _| name.starts_with("matrix."));
        let Some(row) = &mut self.row else { return };
        for step in &mut self.steps.value {
            fill(&mut step.value, &scope, &mut row.used, problems);
        }
    }
}

/// Fills in what a step says that no template stands for when it runs.
fn fill(step: &mut Step, scope: &Scope, used: &mut BTreeSet<String>, problems: &mut Vec<Problem>) {
    let state = step.wait_for.as_mut().map(|wait| &mut wait.state);
    for text in step.call.as_mut().into_iter().chain(state) {
        fill_text(text, scope, used, problems);
    }
}

fn fill_text(
    text: &mut Spanned<String>,
    scope: &Scope,
    used: &mut BTreeSet<String>,
    problems: &mut Vec<Problem>,
) {
    let names = pieces(&text.value).unwrap_or_default().into_iter();
    let names: Vec<_> = names
        .filter_map(|piece| match piece {
            Piece::Name(name) if name.root == MATRIX => name.variable().map(|name| name.into_owned()),
            _ => None,
        })
        .collect();
    if names.is_empty() {
        return;
    }
    match scope.text(text.referenced.into(), &text.value) {
        Ok(filled) => text.value = filled,
        Err(problem) => problems.push(problem),
    }
    used.extend(names);
}
