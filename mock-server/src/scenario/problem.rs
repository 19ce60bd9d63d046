//! What is wrong with a scenario, and where.

use super::tree::Node;
use std::fmt;

/// Where something stands in a file; lines and columns count from 1.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Place {
    pub line: u64,
    pub column: u64,
}

impl From<serde_saphyr::Location> for Place {
    fn from(location: serde_saphyr::Location) -> Self {
        Self { line: location.line(), column: location.column() }
    }
}

/// Something wrong at some place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    pub place: Place,
    /// Where in what begins there.
    pub inside: Inside,
    pub message: String,
}

/// What of a value is meant.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Inside {
    #[default]
    Whole,
    /// The end of this way, or what there is of it: members, and numbers of elements.
    Way(Vec<String>),
    /// The first text that reads so.
    Text(String),
}

/// What is wrong with a value whose place only others know.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Flaw {
    pub inside: Inside,
    pub message: String,
}

impl Flaw {
    /// `way`: members, with dots between them; empty for the whole.
    pub fn new(way: &str, message: impl Into<String>) -> Self {
        let members = way.split('.').filter(|member| !member.is_empty());
        Self { inside: Inside::Way(members.map(str::to_owned).collect()), message: message.into() }
    }

    /// The same of what is below a member.
    #[must_use]
    pub fn below(mut self, way: &[&str]) -> Self {
        let before = way.iter().map(|member| (*member).to_owned());
        if let Inside::Way(after) = self.inside {
            self.inside = Inside::Way(before.chain(after).collect());
        }
        self
    }
}

/// A flaw at the end of a way.
pub fn flaw(way: &str, message: impl Into<String>) -> Option<Flaw> {
    Some(Flaw::new(way, message))
}

impl Problem {
    pub fn new(place: impl Into<Place>, message: impl Into<String>) -> Self {
        Self { place: place.into(), inside: Inside::Whole, message: message.into() }
    }

    pub fn with(place: impl Into<Place>, flaw: Flaw) -> Self {
        Self { place: place.into(), inside: flaw.inside, message: flaw.message }
    }

    /// With the place of just what is meant, in the document that it is in.
    #[must_use]
    pub fn located(self, document: &Node) -> Self {
        let whole = document.beginning_at(self.place);
        let place = match (&self.inside, whole) {
            (Inside::Way(way), Some(whole)) => whole.along(way).place,
            (Inside::Text(text), Some(whole)) => {
                let mut found = None;
                whole.texts(&mut |place, other| {
                    if other == text {
                        found.get_or_insert(place);
                    }
                });
                found.unwrap_or(self.place)
            }
            _ => self.place,
        };
        Self { place, inside: Inside::Whole, message: self.message }
    }

    /// As editors and terminals understand it: `file:line:column: message`.
    pub fn in_file(&self, file: &str) -> String {
        format!("{file}:{self}")
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// The end of a message about an unknown word: the known one that it looks like, or all of them if they are few.
pub fn instead_of<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    const FEW: usize = 12;
    let mut known: Vec<_> = known.into_iter().collect();
    known.sort_unstable();
    let nearest = known.iter().map(|candidate| (distance(word, candidate), candidate)).min();
    match nearest {
        Some((distance, candidate)) if distance <= 1.max(word.chars().count() / 3) => {
            format!("; did you mean `{candidate}`?")
        }
        Some(_) if known.len() <= FEW => format!("; known are {}", known.join(", ")),
        _ => String::new(),
    }
}

/// How many characters have to be added, dropped, changed or swapped with their neighbour to make one word of the
/// other, whatever the case.
fn distance(one: &str, other: &str) -> usize {
    let lower = |word: &str| word.to_lowercase().chars().collect::<Vec<_>>();
    let (one, other) = (lower(one), lower(other));
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in other.iter().enumerate() {
            let changed = last[j] + usize::from(a != b);
            let mut best = changed.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *a == other[j - 1] && one[i - 1] == *b {
                best = best.min(before[j - 1] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_recognised() {
        let known = ["call", "with", "advance", "waitFor"];
        for (word, nearest) in
            [("wiht", "with"), ("waitfor", "waitFor"), ("cal", "call"), ("advnace", "advance")]
        {
            assert_eq!(instead_of(word, known), format!("; did you mean `{nearest}`?"));
        }
        assert_eq!(instead_of("something", known), "; known are advance, call, waitFor, with");
        let many: Vec<String> = (100..200).map(|i| format!("Member{i}")).collect();
        assert_eq!(instead_of("x", many.iter().map(String::as_str)), "");
        assert_eq!(instead_of("x", []), "");
    }

    #[test]
    fn distances_are_symmetric_and_zero_for_equals() {
        for (one, other, expected) in
            [("", "abc", 3), ("abc", "ABC", 0), ("ab", "ba", 1), ("kitten", "sitting", 3)]
        {
            assert_eq!((distance(one, other), distance(other, one)), (expected, expected));
        }
    }
}
