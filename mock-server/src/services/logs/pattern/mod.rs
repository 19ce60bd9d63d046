//! Filter patterns: what says which events are looked for.
//!
//! Source: CloudWatch Logs user guide, "Filter pattern syntax for metric filters, subscription filters, filter log
//! events, and Live Tail". What it leaves open is decided where it comes up, and marked as assumed.

mod condition;
mod json;
mod lexer;
mod space;
#[cfg(test)]
mod tests;

use super::LogsError;
use condition::Regex;

/// A pattern that was understood.
#[derive(Debug)]
pub enum Pattern {
    All,
    Terms(Terms),
    Regex(Regex),
    /// `{ ... }`
    Json(json::Expression),
    /// `[ ... ]`
    Space(space::Fields),
}

impl Pattern {
    /// # Errors
    /// What AWS says of a pattern that is none.
    pub fn parse(text: &str) -> Result<Self, LogsError> {
        let text = text.trim();
        let enclosed = |open: char, close: char| {
            let inside = text.strip_prefix(open)?;
            Some(inside.strip_suffix(close).ok_or(LogsError::Unclosed { open, close }))
        };
        if let Some(inside) = enclosed('{', '}') {
            return json::Expression::parse(inside?).map(Pattern::Json);
        }
        if let Some(inside) = enclosed('[', ']') {
            return space::Fields::parse(inside?).map(Pattern::Space);
        }
        if let Some(inside) = text.strip_prefix('%').and_then(|rest| rest.strip_suffix('%')) {
            return Regex::new(inside).map(Pattern::Regex);
        }
        Ok(match Terms::parse(text)? {
            terms if terms.is_empty() => Pattern::All,
            terms => Pattern::Terms(terms),
        })
    }

    pub fn matches(&self, message: &str) -> bool {
        match self {
            Pattern::All => true,
            Pattern::Terms(terms) => terms.match_in(message),
            Pattern::Regex(regex) => regex.is_found_in(message),
            Pattern::Json(expression) => {
                serde_json::from_str(message).is_ok_and(|event| expression.holds(&event))
            }
            Pattern::Space(fields) => fields.match_in(message),
        }
    }
}

/// Words and phrases, each anywhere in the message.
#[derive(Debug, Default)]
pub struct Terms {
    all: Vec<String>,
    none: Vec<String>,
    /// `?term`: one of them. They count for nothing beside others.
    any: Vec<String>,
}

impl Terms {
    fn parse(text: &str) -> Result<Self, LogsError> {
        let mut terms = Self::default();
        let mut rest = text;
        loop {
            rest = rest.trim_start();
            let Some(first) = rest.chars().next() else { return Ok(terms) };
            let into = match first {
                '?' => &mut terms.any,
                '-' => &mut terms.none,
                _ => &mut terms.all,
            };
            let unmarked = rest.strip_prefix(['?', '-']).unwrap_or(rest);
            let (term, after) = match unmarked.strip_prefix('"') {
                Some(phrase) => lexer::quoted(phrase)?,
                None => word(unmarked)?,
            };
            // A phrase of blanks matches everything.
            if !term.trim().is_empty() {
                into.push(term);
            }
            rest = after;
        }
    }

    fn is_empty(&self) -> bool {
        self.all.is_empty() && self.none.is_empty() && self.any.is_empty()
    }

    fn match_in(&self, message: &str) -> bool {
        let has = |term: &String| message.contains(term.as_str());
        if self.all.is_empty() && self.none.is_empty() {
            return self.any.iter().any(has);
        }
        self.all.iter().all(has) && !self.none.iter().any(has)
    }
}

/// A term without quotation marks, and what follows: of letters, digits and underscores alone.
fn word(text: &str) -> Result<(String, &str), LogsError> {
    let end = text.find(|c: char| !lexer::is_plain(c)).unwrap_or(text.len());
    match text[end..].chars().next() {
        Some(other) if !other.is_whitespace() => Err(LogsError::BadTerm { term: other.to_string() }),
        _ if end == 0 => Err(LogsError::BadPattern),
        _ => Ok((text[..end].to_owned(), &text[end..])),
    }
}
