//! What `mockplane lint` says of files that are not sound: exactly what, and where. One file for each kind of error.

use mockplane::scenario::{Options, lint};
use std::path::Path;

#[test]
fn every_bad_file_is_told_with_its_place() {
    // Relative, as messages have it: tests run in the directory of their package.
    let found = lint(Path::new("tests/bad-scenarios"), &Options::default()).unwrap();
    insta::assert_snapshot!("lint", found.to_string());
    let told = |file: &str| found.problems.iter().chain(&found.warnings).any(|(other, _)| other == file);
    let mut count = 0;
    for entry in std::fs::read_dir("tests/bad-scenarios").unwrap() {
        let path = entry.unwrap().path().display().to_string();
        // The name of the first one is in use only for the second one; the third one asks for a fixture that is bad.
        let innocent = ["name-in-use-1.yaml", "fixture-with-an-error.yaml", "/fixtures"];
        if !innocent.iter().any(|end| path.ends_with(end)) {
            assert!(told(&path), "{path} is bad");
            count += 1;
        }
    }
    assert!(count >= 40);
}
