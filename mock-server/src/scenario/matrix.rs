//! Matrices: one scenario that runs once for each of several rows.
//!
//! A row is a mapping of values that templates name as `matrix.NAME`; all rows of a matrix have the same ones. Unlike
//! variables they may stand for the operation that is called and the state that is waited for, for they are known
//! before anything runs: each row is checked as a scenario of its own.

use super::file::{Scenario, Step};
use super::problem::{Problem, instead_of};
use super::template::{MATRIX, Piece, pieces};
use super::tree::{Kind, Node};
use std::collections::BTreeSet;

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
    let mut tell = |place, message| problems.push(Problem::new(place, message));
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
        let Some(row) = &mut self.row else { return };
        for step in &mut self.steps.value {
            row.fill(&mut step.value, problems);
        }
    }
}

impl Row {
    /// Fills in what a step says that no template stands for when it runs, and what kind of thing it speaks of.
    fn fill(&mut self, step: &mut Step, problems: &mut Vec<Problem>) {
        let wait = step.wait_for.as_mut().map(|wait| [&mut wait.resource, &mut wait.state]);
        let texts = step.call.as_mut().into_iter().chain(step.explain.as_mut());
        for text in texts.chain(wait.into_iter().flatten()) {
            match self.filled(&text.value) {
                Ok(filled) => text.value = filled,
                Err(message) => problems.push(Problem::new(text.referenced, message)),
            }
        }
    }

    /// A text with the values of this row in it. Other templates stay, those within the values too.
    fn filled(&mut self, text: &str) -> Result<String, String> {
        const BEGINNING: &str = "${matrix.";
        let mut filled = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(BEGINNING) {
            let end = rest[at..].find('}').map(|end| at + end);
            let end = end.ok_or_else(|| format!("`{text}` has a `${{` without its `}}`"))?;
            let name = &rest[at + BEGINNING.len()..end];
            filled.push_str(&rest[..at]);
            match self.values.get(name) {
                // As a template of a text does when a step runs.
                Some(Node { kind: Kind::Text(text), .. }) => filled.push_str(text),
                Some(Node { kind: Kind::Number(number), .. }) => filled.push_str(&number.to_string()),
                Some(node) => {
                    return Err(format!(
                        "`{MATRIX}.{name}` has to be a text or a number here, and is {} in row `{}`",
                        node.what(),
                        self.name
                    ));
                }
                None => {
                    let known = self.values.entries().iter().map(|(key, _)| key.text.as_str());
                    return Err(format!("no row has a value `{name}`{}", instead_of(name, known)));
                }
            }
            self.used.insert(format!("{MATRIX}.{name}"));
            rest = &rest[end + 1..];
        }
        filled.push_str(rest);
        Ok(filled)
    }
}
