//! The guide's pages, statement by statement: `pages.toml`.
//!
//! The rules cite the pages; this is the other direction, so that nothing which the pages state is overlooked.

use super::{Doc, get};
use serde::Deserialize;
use std::fmt::Write;
use std::sync::LazyLock;

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct Pages {
    #[serde(rename = "page")]
    pub pages: Vec<Page>,
    #[serde(rename = "statement")]
    pub statements: Vec<Statement>,
}

/// A page of the SageMaker developer guide.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct Page {
    /// Without `.html`.
    pub name: String,
    /// What it is about.
    pub title: String,
    /// Its anchors, in order; its name, for the page as a whole.
    pub places: Vec<String>,
}

/// Something that pages state.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    /// Of the rule that it is, or would be. Two statements may be parts of one.
    pub id: String,
    /// The statement, in our own words.
    pub says: String,
    /// The places that state it.
    pub at: Vec<String>,
    /// The rules that hold jobs to it.
    #[serde(default)]
    pub rules: Vec<String>,
    /// The tests of what is done about it: `FILE` or `FILE::NAME`.
    #[serde(default)]
    pub tests: Vec<String>,
    /// Why nothing can be done about it.
    pub informs: Option<String>,
    /// What is missing.
    pub later: Option<String>,
}

static PAGES: LazyLock<Pages> = LazyLock::new(|| {
    toml::from_str(include_str!("../../pages.toml")).expect("the table in the binary is read by its tests")
});

/// Every page and every statement.
pub fn all() -> &'static Pages {
    &PAGES
}

impl Doc {
    /// The place as the table of statements calls it.
    pub fn place(self) -> &'static str {
        if self.anchor.is_empty() { self.page } else { self.anchor }
    }
}

/// The statements in Markdown, page by page.
pub(super) fn render() -> String {
    let mut text = String::from(
        "\n## The pages, statement by statement\n\n\
         What the guide's pages on jobs in a VPC state, in short, and what answers it here: a rule, or a behaviour that \
         has a test. What is marked *later* is not built yet.\n",
    );
    for page in &PAGES.pages {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "\n### {}: {}\n", page.name, page.title);
        text.push_str("| place | statement | answer |\n| --- | --- | --- |\n");
        for place in &page.places {
            for statement in PAGES.statements.iter().filter(|statement| statement.at.contains(place)) {
                let Statement { id, says, .. } = statement;
                let _ = writeln!(text, "| {place} | {says} ({id}) | {} |", answer(statement, place));
            }
        }
    }
    text
}

/// What answers a statement at one of its places.
fn answer(statement: &Statement, place: &str) -> String {
    if let Some(missing) = &statement.later {
        return format!("*later*: {missing}");
    }
    if let Some(reason) = &statement.informs {
        return format!("informs: {reason}");
    }
    let cites = |id: &&String| get(id).is_some_and(|rule| rule.docs.iter().any(|doc| doc.place() == place));
    let rules = statement.rules.iter().filter(cites).map(|id| format!("[{id}](#{})", id.to_lowercase()));
    let tests = statement.tests.iter().map(|test| format!("`{}`", test.rsplit('/').next().unwrap_or(test)));
    rules.chain(tests).collect::<Vec<_>>().join(", ")
}
