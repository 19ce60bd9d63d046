//! Every place of the guide's five pages is accounted for: what it states is answered by a rule or by a tested
//! behaviour, or it is on the list of what is informational or of what is missing.

use mockplane::rules::pages::{self, Statement};
use mockplane::rules::{self, Doc};
use std::collections::BTreeSet;
use std::path::Path;

fn statements() -> &'static [Statement] {
    &pages::all().statements
}

fn places() -> BTreeSet<&'static str> {
    pages::all().pages.iter().flat_map(|page| &page.places).map(String::as_str).collect()
}

/// Whether this rule cites this place.
fn cites(rule: &str, place: &str) -> bool {
    rules::get(rule).is_some_and(|info| info.docs.iter().any(|doc| doc.place() == place))
}

#[test]
fn the_five_pages_are_there_with_all_of_their_anchors() {
    let pages = &pages::all().pages;
    let counts: Vec<_> = pages.iter().map(|page| (page.name.as_str(), page.places.len())).collect();
    let five = [("train-vpc", 10), ("process-vpc", 10), ("batch-vpc", 10), ("host-vpc", 6), ("neo-vpc", 9)];
    assert_eq!(counts[..5], five);
    let count: usize = counts.iter().map(|(_, count)| count).sum();
    assert_eq!(places().len(), count, "a place is of one page and listed once");
    for page in pages {
        let own = |place: &String| place.starts_with(&page.name) && !page.title.is_empty();
        assert!(page.places.iter().all(own), "{}", page.name);
    }
    assert!(pages[..5].iter().all(|page| page.places[0] == page.name), "the page itself is a place");
}

#[test]
fn every_place_states_something_and_every_statement_has_its_places() {
    let stated: BTreeSet<_> = statements().iter().flat_map(|one| &one.at).map(String::as_str).collect();
    assert_eq!(stated, places());
    let mut seen = BTreeSet::new();
    for statement in statements() {
        let id = &statement.id;
        assert!(seen.insert(&statement.says), "{id} is there twice");
        assert!(statement.says.ends_with('.') && statement.says.len() > 20, "{id}");
        let once: BTreeSet<_> = statement.at.iter().collect();
        assert!(!once.is_empty() && once.len() == statement.at.len(), "{id}");
    }
}

#[test]
fn every_statement_has_one_kind_of_answer() {
    for Statement { id, rules, tests, informs, later, .. } in statements() {
        let answered = !rules.is_empty() || !tests.is_empty();
        let kinds = [answered, informs.is_some(), later.is_some()];
        assert_eq!(kinds.iter().filter(|is| **is).count(), 1, "{id}");
        for text in informs.iter().chain(later) {
            assert!(text.len() > 5, "{id} says why");
        }
    }
}

#[test]
fn rules_and_statements_cite_the_same_places() {
    for Statement { id, rules: named, at, tests, .. } in statements() {
        for rule in named {
            // Not by an alias: that is an id of something else.
            assert!(rules::get(rule).is_some_and(|info| info.id == rule), "{id}: there is no rule {rule}");
            assert!(at.iter().any(|place| cites(rule, place)), "{id}: {rule} cites no place of it");
        }
        for place in at.iter().filter(|_| tests.is_empty() && !named.is_empty()) {
            assert!(named.iter().any(|rule| cites(rule, place)), "{id}: no rule of it cites {place}");
        }
    }
    for info in rules::all() {
        for doc in info.docs {
            let Doc { page, .. } = doc;
            let known = pages::all().pages.iter().find(|known| known.name == *page);
            let known = known.unwrap_or_else(|| panic!("{}: pages.toml has no page {page}", info.id));
            let place = doc.place();
            assert!(known.places.iter().any(|known| known == place), "{}: {page} has no {place}", info.id);
            let mut statements = statements().iter().filter(|one| one.at.iter().any(|at| at == place));
            let named = statements.any(|one| one.rules.iter().any(|rule| rule == info.id));
            assert!(named, "pages.toml has no statement at {place} that {} answers", info.id);
        }
    }
}

#[test]
fn every_test_that_is_named_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut count = 0;
    for Statement { id, tests, .. } in statements() {
        for test in tests {
            let (file, name) = test.split_once("::").unwrap_or((test, ""));
            let text = std::fs::read_to_string(root.join(file))
                .unwrap_or_else(|error| panic!("{id}: {file}: {error}"));
            let known = match file.rsplit_once('.') {
                // Each is run by the test of all scenarios.
                Some((_, "yaml")) => name.is_empty() && file.starts_with("scenarios/"),
                Some((_, "py")) => name.starts_with("test_") && text.contains(&format!("\ndef {name}(")),
                Some((_, "rs")) => text.contains(&format!("#[test]\nfn {name}(")),
                _ => false,
            };
            assert!(known, "{id}: {file} has no test {name}");
            count += 1;
        }
    }
    assert!(count > 10);
}

#[test]
fn nothing_is_missing() {
    let later = statements().iter().filter(|statement| statement.later.is_some());
    assert_eq!(later.map(|statement| &statement.id).collect::<Vec<_>>(), Vec::<&String>::new());
}
