//! Lessons: scenarios whose steps end with a failure that a learner mends.
//!
//! `kind: Lesson` is a scenario with one more block. Its `check` judges the world, never the way in which somebody got
//! there: it fails while nothing is mended, and passes after the steps of `fix`, or after what a learner thought of.

use super::file::{self, Scenario, Step};
use super::fixture;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_saphyr::Spanned;

/// The block of a lesson.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Lesson {
    /// Its place in the course, from 1; lessons outside of the course have none.
    #[schemars(with = "Option<u8>")]
    pub course: Option<Spanned<u8>>,
    /// Its number in the list of failures; others have none.
    #[schemars(with = "Option<u8>")]
    pub failure: Option<Spanned<u8>>,
    /// What is to be reached, in a sentence.
    #[schemars(with = "String")]
    pub goal: Spanned<String>,
    /// How it came to this, in a paragraph.
    #[schemars(with = "String")]
    pub story: Spanned<String>,
    /// From a nudge to nearly the answer.
    #[schemars(with = "Vec<Hint>", length(min = 3))]
    pub hints: Spanned<Vec<Spanned<Hint>>>,
    /// What a teacher would do.
    #[schemars(with = "Vec<Step>", length(min = 1))]
    pub fix: Spanned<Vec<Spanned<Step>>>,
    /// What has to be true when it is mended.
    #[schemars(with = "Vec<Step>", length(min = 1))]
    pub check: Spanned<Vec<Spanned<Step>>>,
    /// What was learnt.
    #[schemars(with = "String")]
    pub debrief: Spanned<String>,
    /// Where to read on: ids of rules, and `seed:PAGE#ANCHOR`.
    #[schemars(with = "Vec<String>", length(min = 1))]
    pub learn: Spanned<Vec<Spanned<String>>>,
}

/// Something that can be bought.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Hint {
    #[schemars(with = "String")]
    pub text: Spanned<String>,
    /// What it takes off the score.
    pub cost: u32,
}

/// What everybody has before they ask for hints.
pub const FULL_SCORE: u32 = 10;

impl Lesson {
    /// What is left after so many hints.
    pub fn score(&self, spent: usize) -> u32 {
        let cost = |hint: &Spanned<Hint>| hint.value.cost;
        FULL_SCORE.saturating_sub(self.hints.value.iter().take(spent).map(cost).sum())
    }
}

/// The lessons that are part of the program, by the names of their files, in order.
pub const EMBEDDED: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/lessons.rs"));

/// A lesson's file, as far as a list needs it.
#[derive(Clone, Debug)]
pub struct Listed {
    pub file: String,
    pub text: String,
    pub scenario: Scenario,
}

impl Listed {
    pub fn name(&self) -> &str {
        &self.scenario.metadata.name.value
    }
}

/// Lessons that are sound, those of the course first and in its order; and what is wrong with the others. Files of other
/// kinds are left out.
pub fn listed<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> (Vec<Listed>, Vec<String>) {
    let (mut lessons, mut wrong) = (Vec::new(), Vec::new());
    let of_other_kinds = [file::KIND, fixture::KIND];
    for (file, text) in files {
        if file::kind_of(text).is_some_and(|kind| of_other_kinds.contains(&kind.as_str())) {
            continue;
        }
        match super::sound(file, text) {
            Ok(scenario) if scenario.lesson.is_some() => {
                lessons.push(Listed { file: file.to_owned(), text: text.to_owned(), scenario });
            }
            Ok(_) => {}
            Err(problems) => wrong.extend(problems),
        }
    }
    let place = |listed: &Listed| {
        let lesson = listed.scenario.lesson.as_ref().map(|lesson| &lesson.value);
        let number = |given: Option<&Spanned<u8>>| given.map_or(u8::MAX, |number| number.value);
        let course = number(lesson.and_then(|lesson| lesson.course.as_ref()));
        let failure = number(lesson.and_then(|lesson| lesson.failure.as_ref()));
        (course, failure, listed.name().to_owned())
    };
    lessons.sort_by_key(place);
    (lessons, wrong)
}
