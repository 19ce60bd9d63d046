//! Filters of the describing operations.
//!
//! Values within a filter are alternatives, filters add up. Case counts. `*` stands for any characters, `?` for
//! one; a backslash takes the meaning from the character after it. Source: EC2 user guide, "List and filter
//! using the CLI and API"; EC2-FILTER.

use super::error::Ec2Error;
use crate::model::Tags;
use serde::Deserialize;
use std::fmt::{Display, Write};

/// How many values all filters of one call may have.
const MOST_VALUES: usize = 200;

/// A filter as a caller writes it.
#[derive(Deserialize, Debug, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Filter {
    pub name: String,
    pub values: Vec<String>,
}

/// The filters of one call, checked and ready.
#[derive(Debug)]
pub struct Filters(Vec<Ready>);

#[derive(Debug)]
struct Ready {
    name: String,
    patterns: Vec<Pattern>,
}

#[derive(Debug, PartialEq)]
enum Pattern {
    Exact(String),
    Wild(Vec<Piece>),
}

#[derive(Debug, PartialEq, Clone, Copy)]
enum Piece {
    One(char),
    AnyOne,
    AnyMany,
}

impl Filters {
    /// Checks filters against the names that an operation knows; `tag` in `names` stands for every `tag:KEY`, and
    /// for `tag-key` and `tag-value`, which EC2 knows wherever there are tags though not every page says so.
    ///
    /// # Errors
    /// For an unknown name and for too many values.
    pub fn new(given: Vec<Filter>, names: &[&str]) -> Result<Self, Ec2Error> {
        let known = |name: &str| match name.strip_prefix("tag:") {
            Some(_) => names.contains(&"tag"),
            // Once documented for every kind of thing with tags, and still used by many.
            None if matches!(name, "tag-key" | "tag-value") && names.contains(&"tag") => true,
            None => name != "tag" && names.contains(&name),
        };
        if given.iter().map(|filter| filter.values.len()).sum::<usize>() > MOST_VALUES {
            return Err(Ec2Error::TooManyFilterValues(MOST_VALUES));
        }
        let ready = given.into_iter().map(|filter| match known(&filter.name) {
            true => Ok(Ready {
                name: filter.name,
                patterns: filter.values.into_iter().map(Pattern::new).collect(),
            }),
            false => Err(Ec2Error::UnknownFilter(filter.name)),
        });
        ready.collect::<Result<_, _>>().map(Self)
    }

    /// The same for things that have tags. Such operations know filters for tags too, though not every page names
    /// them: many clients use them with transit gateways, their attachments and tables, and with prefix lists.
    ///
    /// # Errors
    /// As [`Filters::new`].
    pub fn tagged(given: Vec<Filter>, names: &[&str]) -> Result<Self, Ec2Error> {
        let names: Vec<_> = names.iter().copied().chain(["tag"]).collect();
        Self::new(given, &names)
    }

    /// Whether a thing passes every filter. `values` shows the probe the thing's values under a filter's name.
    pub fn pass(
        &self,
        scratch: &mut String,
        tags: &Tags,
        mut values: impl FnMut(&str, &mut Probe<'_>),
    ) -> bool {
        self.0.iter().all(|filter| {
            let mut probe = Probe { patterns: &filter.patterns, scratch, hit: false, known: true };
            match (filter.name.strip_prefix("tag:"), filter.name.as_str()) {
                (Some(key), _) => tags.get(key).into_iter().for_each(|value| probe.is(value)),
                (None, "tag-key") => tags.iter().for_each(|(key, _)| probe.is(key)),
                (None, "tag-value") => tags.iter().for_each(|(_, value)| probe.is(value)),
                (None, name) => values(name, &mut probe),
            }
            probe.hit
        })
    }

    /// Forgets the filter at this place: what it selects was selected otherwise.
    pub fn forget(&mut self, place: usize) {
        self.0.remove(place);
    }

    /// The filters that name what they want without wildcards, each with its place and its values.
    pub fn exact(&self) -> impl Iterator<Item = (usize, &str, Vec<&str>)> {
        fn text(pattern: &Pattern) -> Option<&str> {
            match pattern {
                Pattern::Exact(text) => Some(text),
                Pattern::Wild(_) => None,
            }
        }
        self.0.iter().enumerate().filter_map(|(place, filter)| {
            Some((place, filter.name.as_str(), filter.patterns.iter().map(text).collect::<Option<_>>()?))
        })
    }
}

/// Compares what a thing shows with the values of one filter.
pub struct Probe<'a> {
    patterns: &'a [Pattern],
    scratch: &'a mut String,
    hit: bool,
    known: bool,
}

impl Probe<'_> {
    /// One of the thing's values.
    pub fn is(&mut self, value: &str) {
        self.hit = self.hit || self.patterns.iter().any(|pattern| pattern.matches(value));
    }

    /// The same for a value that has yet to be written out.
    pub fn show(&mut self, value: impl Display) {
        if !self.hit {
            self.scratch.clear();
            // Writing to a string never fails.
            let _ = write!(self.scratch, "{value}");
            self.hit = self.patterns.iter().any(|pattern| pattern.matches(self.scratch));
        }
    }

    pub fn flag(&mut self, value: bool) {
        self.is(if value { "true" } else { "false" });
    }

    /// The thing has no value of this name.
    pub fn unknown(&mut self) {
        self.known = false;
    }
}

impl Pattern {
    fn new(text: String) -> Self {
        if !text.contains(['*', '?', '\\']) {
            return Pattern::Exact(text);
        }
        let mut pieces = Vec::new();
        let mut characters = text.chars();
        while let Some(character) = characters.next() {
            pieces.push(match character {
                '*' => Piece::AnyMany,
                '?' => Piece::AnyOne,
                '\\' => Piece::One(characters.next().unwrap_or('\\')),
                other => Piece::One(other),
            });
        }
        let exact: Option<String> = pieces
            .iter()
            .map(|piece| if let Piece::One(character) = piece { Some(*character) } else { None })
            .collect();
        exact.map_or(Pattern::Wild(pieces), Pattern::Exact)
    }

    fn matches(&self, value: &str) -> bool {
        match self {
            Pattern::Exact(text) => text == value,
            Pattern::Wild(pieces) => wild(pieces, value),
        }
    }
}

/// Greedy matching with one place to come back to: the last `*`.
fn wild(pieces: &[Piece], value: &str) -> bool {
    let (mut rest, mut at) = (value.chars(), 0);
    let mut back: Option<(usize, std::str::Chars<'_>)> = None;
    loop {
        let here = rest.clone();
        match (pieces.get(at), rest.next()) {
            (None, None) => return true,
            (Some(Piece::AnyMany), _) => {
                back = Some((at, here.clone()));
                (rest, at) = (here, at + 1);
            }
            (Some(Piece::AnyOne), Some(_)) => at += 1,
            (Some(Piece::One(wanted)), Some(found)) if *wanted == found => at += 1,
            _ => {
                // Let the last `*` take one character more.
                let Some((star, from)) = &mut back else { return false };
                if from.next().is_none() {
                    return false;
                }
                (rest, at) = (from.clone(), *star + 1);
            }
        }
    }
}

/// The names of `names` under which `values` shows nothing because it does not know them.
#[cfg(test)]
pub fn names_without_values(
    names: &[&'static str],
    mut values: impl FnMut(&str, &mut Probe<'_>),
) -> Vec<&'static str> {
    let knows = |name: &&&'static str| {
        let mut probe = Probe { patterns: &[], scratch: &mut String::new(), hit: false, known: true };
        values(name, &mut probe);
        !probe.known
    };
    names.iter().filter(|name| !matches!(**name, "tag" | "tag-key")).filter(knows).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn matches(pattern: &str, value: &str) -> bool {
        Pattern::new(pattern.into()).matches(value)
    }

    #[test]
    fn wildcards_stand_for_characters_and_can_be_escaped() {
        for (pattern, value, expected) in [
            ("abc", "abc", true),
            ("abc", "ABC", false),
            ("a*c", "abbbc", true),
            ("a*c", "abbb", false),
            ("*", "", true),
            ("?", "", false),
            ("?", "ü", true),
            ("a?c*", "abcd", true),
            ("*b*d", "abcbd", true),
            (r"a\*c", "a*c", true),
            (r"a\*c", "abc", false),
            (r"\?", "?", true),
            (r"a\\b", r"a\b", true),
            ("", "", true),
            ("", "x", false),
        ] {
            assert_eq!(matches(pattern, value), expected, "{pattern} {value}");
        }
    }

    /// The plainest definition: by recursion.
    fn plain(pattern: &[char], value: &[char]) -> bool {
        match (pattern.split_first(), value.split_first()) {
            (None, None) => true,
            (Some((&'*', rest)), _) => {
                plain(rest, value) || value.split_first().is_some_and(|(_, v)| plain(pattern, v))
            }
            (Some((&'?', rest)), Some((_, v))) => plain(rest, v),
            (Some((p, rest)), Some((c, v))) if p == c => plain(rest, v),
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn matching_is_as_the_definition_says(pattern in "[ab*?]{0,8}", value in "[ab]{0,8}") {
            let characters = |text: &str| text.chars().collect::<Vec<_>>();
            prop_assert_eq!(matches(&pattern, &value), plain(&characters(&pattern), &characters(&value)));
        }
    }

    fn filter(name: &str, values: &[&str]) -> Filter {
        Filter { name: name.into(), values: values.iter().map(|value| (*value).into()).collect() }
    }

    #[test]
    fn values_are_alternatives_and_filters_add_up() {
        let tags: Tags = [("Name", "one"), ("team", "x")].into_iter().collect();
        let pass = |filters: Vec<Filter>| {
            let filters = Filters::new(filters, &["state", "tag", "tag-key"]).unwrap();
            filters.pass(&mut String::new(), &tags, |_, probe| probe.is("available"))
        };
        assert!(pass(vec![]));
        assert!(pass(vec![filter("state", &["pending", "avail*"]), filter("tag:Name", &["one"])]));
        assert!(!pass(vec![filter("state", &["available"]), filter("tag:Name", &["two"])]));
        assert!(!pass(vec![filter("tag:Other", &["*"])]));
        assert!(pass(vec![filter("tag-key", &["te?m"])]));
        assert!(pass(vec![filter("tag-value", &["one"])]) && !pass(vec![filter("tag-value", &["Name"])]));
        assert!(!pass(vec![filter("state", &[])]));
    }

    #[test]
    fn unknown_names_and_too_many_values_are_refused() {
        let refusal = |filter| Filters::new(vec![filter], &["state"]).unwrap_err();
        for name in ["foo", "tag", "tag:Name", "tag-value", "State", ""] {
            assert_eq!(refusal(filter(name, &["x"])), Ec2Error::UnknownFilter(name.into()));
        }
        assert_eq!(refusal(filter("state", &["x"; 201])), Ec2Error::TooManyFilterValues(200));
    }
}
