//! The words for what the rules find: `texts.toml`, and what the user says instead.
//!
//! AWS's own words are not known for everything. Those that are cannot be replaced; those that are guessed can.

use super::{Basis, get, image, path, role};
use crate::model::{Evidence, Finding, JobKind, Texts};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// A template: `{name}` stands for a fact.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct Text {
    pub basis: Basis,
    pub text: String,
}

static TABLE: LazyLock<BTreeMap<String, Text>> = LazyLock::new(|| {
    toml::from_str(include_str!("../../texts.toml")).expect("the table in the binary is read by its tests")
});

/// Every text with its id.
pub fn all() -> impl Iterator<Item = (&'static str, &'static Text)> {
    TABLE.iter().map(|(id, text)| (id.as_str(), text))
}

/// The text with this id as we have it.
pub fn get_text(id: &str) -> Option<&'static Text> {
    TABLE.get(id)
}

/// Reads `id = "text"` lines: texts of the user's own. There are more texts than those of this table: `others` says
/// what they rest on.
///
/// # Errors
/// What is wrong with the file: not TOML, an unknown id, or the id of a text that is known to be AWS's.
pub fn parse(file: &str, others: impl Fn(&str) -> Option<Basis>) -> Result<Texts, String> {
    let given: BTreeMap<String, String> = toml::from_str(file).map_err(|error| error.to_string())?;
    for id in given.keys() {
        match get_text(id).map(|text| text.basis).or_else(|| others(id)) {
            None => return Err(format!("there is no text {id}")),
            Some(Basis::Assumed) => {}
            Some(basis) => {
                return Err(format!(
                    "the text {id} is {} of AWS: only assumed ones can be replaced",
                    basis.name()
                ));
            }
        }
    }
    Ok(given.into_iter().collect())
}

/// The text with this id, filled in.
pub fn fill(texts: &Texts, id: &str, evidence: &Evidence) -> Option<String> {
    let template = texts.get(id).or_else(|| get_text(id).map(|text| text.text.as_str()))?;
    Some(texts.told(id, evidence.fill(template)))
}

/// What a violated rule says of a job of this kind.
pub fn word(texts: &Texts, finding: &Finding, kind: JobKind) -> String {
    let evidence = finding.verdict.evidence().cloned().unwrap_or_default().with("kind", kind.noun());
    let of_kind = role::text(finding, kind).or_else(|| image::text(finding, kind));
    let id = of_kind.or_else(|| path::words::text(finding, kind)).unwrap_or(finding.rule);
    fill(texts, id, &evidence).unwrap_or_else(|| {
        let summary = get(finding.rule).map_or(finding.rule, |info| info.summary);
        texts.told(finding.rule, summary.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules;

    /// What becomes of jobs whose container fails, where that is told in other words than the rule's.
    const OF_EXITS: [&str; 5] = [
        "processing-exit",
        "compilation-exit",
        "notebook-script",
        "notebook-script-timeout",
        "cluster-scripts-failed",
    ];

    #[test]
    fn every_text_is_that_of_a_rule_or_of_something_else_we_know() {
        for (id, text) in all() {
            assert!(!text.text.is_empty());
            let known = rules::get(id).is_some() || path::words::TEXTS.contains(&id);
            let of_jobs = [
                "capacity-endpoint",
                "capacity-notebook",
                "capacity-cluster",
                "compilation-timeout",
                "deployment-timeout",
                "component-capacity",
                "component-quota",
                "room-endpoint",
                "interface-description",
                "studio-no-address",
            ]
            .contains(&id);
            let of_containers = id.starts_with("container-") || OF_EXITS.contains(&id);
            let of_tuning =
                ["tuning-", "pipeline-", "monitoring-", "automl-"].iter().any(|stem| id.starts_with(stem));
            let of_stores = id.starts_with("feature-store-");
            assert!(known || of_jobs || of_containers || of_tuning || of_stores, "{id}");
        }
    }

    #[test]
    fn every_text_of_a_path_is_there() {
        for id in path::words::TEXTS {
            assert!(get_text(id).is_some(), "{id}");
        }
    }

    #[test]
    fn only_assumed_texts_can_be_replaced() {
        let texts = parse("SM-F-SG-404 = \"no {resource}\"", |_| None).unwrap();
        let evidence = Evidence::of("sg-1");
        assert_eq!(fill(&texts, "SM-F-SG-404", &evidence).as_deref(), Some("no sg-1"));
        assert_eq!(fill(&Texts::default(), "SM-F-SG-404", &evidence).unwrap().len(), 40);
        for (file, problem) in [
            ("SM-ROLE-TRUST-07 = \"x\"", "observed"),
            ("SM-HOST-AZ-01 = \"x\"", "documented"),
            ("SM-NOTHING = \"x\"", "no text SM-NOTHING"),
            ("SM-F-SG-404 = 7", "string"),
            ("nonsense", ""),
        ] {
            let told = parse(file, |_| None).unwrap_err();
            assert!(told.contains(problem), "{file}: {told}");
        }
    }
}
