//! How files are read: the YAML that they are in, and words for what does not fit.

use super::problem::{Inside, Place, Problem, instead_of};
use super::tree::Node;
use serde::de::DeserializeOwned;
use serde_saphyr::{Error, Options};

/// Reads a file of some format.
pub fn read<T: DeserializeOwned>(text: &str) -> Result<T, Problem> {
    serde_saphyr::from_str_with_options(text, options()).map_err(|error| {
        let mut problem = told(&error);
        if is_bare_template(text, problem.place) {
            problem.message.push_str("; within {} and [] a text with `${..}` in it has to be in quotes");
        }
        problem
    })
}

/// Problems of a file, each with the place of just what is meant.
pub fn located(text: &str, problems: Vec<Problem>) -> Vec<Problem> {
    if problems.iter().all(|problem| problem.inside == Inside::Whole) {
        return problems;
    }
    match read::<Node>(text) {
        Ok(document) => problems.into_iter().map(|problem| problem.located(&document)).collect(),
        Err(_) => problems,
    }
}

/// YAML 1.2: `yes` is a text, and so is `0123`.
fn options() -> Options {
    let mut options = Options::default();
    options.with_snippet = false;
    options.strict_booleans = true;
    options.leading_zero_numbers_as_strings = true;
    options.underscored_numbers_as_strings = true;
    options
}

fn told(error: &Error) -> Problem {
    let place = error.location().map(Place::from).unwrap_or(Place { line: 1, column: 1 });
    let message = match error {
        Error::SerdeUnknownField { field, expected, .. } => {
            format!("unknown key `{field}`{}", instead_of(field, expected.iter().copied()))
        }
        Error::SerdeUnknownVariant { variant, expected, .. } => {
            format!("unknown value `{variant}`{}", instead_of(variant, expected.iter().copied()))
        }
        Error::SerdeMissingField { field, .. } => format!("`{field}` is missing"),
        Error::DuplicateMappingKey { key: Some(key), .. } => format!("`{key}` is there twice"),
        Error::MultipleDocuments { .. } => "one file holds one scenario".to_owned(),
        Error::Eof { .. } => "the file ends too early".to_owned(),
        other => in_plain_words(without_place(&other.to_string())),
    };
    Problem::new(place, message)
}

/// What the reader calls by the names of its own types.
fn in_plain_words(message: String) -> String {
    let words = match message.as_str() {
        "expected sequence start" => "expected a list",
        "expected mapping start" => "expected a mapping",
        "expected string scalar" => "expected a text",
        "invalid floating point" => "expected a number",
        "invalid boolean (strict mode expects true/false)" => "expected true or false",
        other => match other.strip_prefix("invalid ").map(|kind| kind.split_at(1)) {
            Some(("u", bits)) if bits.parse::<u8>().is_ok() || bits == "size" => {
                "expected a whole number from 0 on"
            }
            Some(("i", bits)) if bits.parse::<u8>().is_ok() => "expected a whole number",
            _ => return message,
        },
    };
    words.to_owned()
}

/// Whether the reader stopped at the brace of a template that has no quotes.
fn is_bare_template(text: &str, at: Place) -> bool {
    let line = usize::try_from(at.line).ok().and_then(|line| text.lines().nth(line.checked_sub(1)?));
    let before = usize::try_from(at.column).unwrap_or(usize::MAX).saturating_sub(1);
    line.is_some_and(|line| {
        let start: String = line.chars().take(before).collect();
        start.ends_with('$') && line[start.len()..].starts_with('{')
    })
}

/// The reader ends its messages with the place, which is told apart here.
fn without_place(message: &str) -> String {
    message.rsplit_once(" at line ").map_or(message, |(message, _)| message).to_owned()
}
