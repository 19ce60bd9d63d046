//! What must stay true of the source itself: layers, file sizes, absent things.

#![expect(clippy::unwrap_used, reason = "these are tests")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The layers from the bottom up; a module uses only modules of lower layers, and those of its own name.
///
/// `aws` stands apart: it uses nothing of this crate, and only what joins both worlds uses it.
const LAYERS: &[&[&str]] = &[
    &["kernel"],
    &["policy"],
    &["model"],
    &["iam"],
    &["net"],
    &["rules"],
    &["jobs"],
    &["services"],
    &["aws"],
    &["clock"],
    &["s3"],
    &["gateway"],
    &["scenario"],
    &["admin"],
    &["server"],
    &["cli"],
    &["main", "lib"],
];

/// Longer files need a reason, given here.
const LONG_FILES: &[(&str, &str)] = &[];
const MOST_LINES: usize = 600;

fn sources() -> Vec<(PathBuf, String)> {
    fn walk(folder: &Path, into: &mut Vec<(PathBuf, String)>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, into);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                into.push((path, text));
            }
        }
    }
    let mut all = Vec::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut all);
    all.sort();
    assert!(all.len() > 20, "the walk finds the sources");
    all
}

/// The module at the top of the tree that a file belongs to.
fn module_of(path: &Path) -> String {
    let inside = path.strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap();
    let first = inside.components().next().unwrap().as_os_str().to_string_lossy();
    first.trim_end_matches(".rs").to_owned()
}

/// The code without its tests, which may use what they like.
fn without_tests(text: &str) -> &str {
    text.find("#[cfg(test)]\nmod ").map_or(text, |at| &text[..at])
}

#[test]
fn modules_use_only_lower_layers() {
    let rank: BTreeMap<&str, usize> =
        LAYERS.iter().enumerate().flat_map(|(n, names)| names.iter().map(move |name| (*name, n))).collect();
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        if path.iter().any(|part| part == "tests" || part == "tests.rs") {
            continue;
        }
        let module = module_of(&path);
        let own = *rank.get(module.as_str()).unwrap_or_else(|| panic!("{module} has no layer"));
        let code = without_tests(&text);
        for (at, _) in code.match_indices("crate::") {
            if code[..at].ends_with('$')
                || code[..at].lines().last().is_some_and(|line| line.trim_start().starts_with("//"))
            {
                continue;
            }
            let used: String =
                code[at + 7..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            let Some(other) = rank.get(used.as_str()) else { continue };
            let knows_wire = matches!(
                module.as_str(),
                "kernel" | "policy" | "model" | "net" | "iam" | "rules" | "jobs" | "services"
            );
            if used != module && (*other >= own || module == "aws" || (used == "aws" && knows_wire)) {
                wrong.push(format!("{} uses {used}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn files_stay_short() {
    let long: Vec<_> = sources()
        .iter()
        .filter(|(path, _)| !LONG_FILES.iter().any(|(name, _)| path.ends_with(name)))
        .map(|(path, text)| (path, text.lines().count()))
        .filter(|(_, lines)| *lines > MOST_LINES)
        .map(|(path, lines)| format!("{} has {lines} lines", path.display()))
        .collect();
    assert!(long.is_empty(), "{long:#?}");
}

#[test]
fn the_model_is_never_serialised() {
    for (path, text) in sources().iter().filter(|(path, _)| module_of(path) == "model") {
        assert!(!text.contains("serde::"), "{}: boundaries have types of their own", path.display());
    }
}
