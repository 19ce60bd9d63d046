//! What a failed job says: the only place that words a `FailureReason`.

use crate::model::{Failure, Finding, JobKind};
use crate::rules::{self, Basis};

/// The longest FailureReason. Source: service model.
const LONGEST: usize = 1024;

/// The text for each rule that can make a job fail; `{name}` stands for that fact of the evidence.
const TEXTS: &[(&str, Basis, &str)] = &[
    (
        "SM-VPC-IP-01",
        Basis::Assumed,
        "ClientError: The specified subnet(s) [{subnets}] do not have enough free IP addresses for the requested \
         number of instances. {instances} instance(s) need {needed} private IP addresses in one subnet; free: {free}.",
    ),
    (
        "SM-HOST-AZ-01",
        Basis::Documented,
        "Unable to locate at least 2 availability zone(s) with the requested instance type {type} that overlap with \
         SageMaker subnets.",
    ),
];

/// The message of the last transition of a failed job. Source: SDK logs in public repositories.
pub const STATUS_MESSAGE: &str = "Training job failed";

/// Words a violation.
pub fn of(kind: JobKind, finding: &Finding) -> Failure {
    let known = TEXTS.iter().find(|(rule, _, _)| *rule == finding.rule).map(|(_, _, text)| *text);
    let evidence = finding.verdict.evidence().cloned().unwrap_or_default();
    let mut reason = match known {
        Some(text) => evidence.fill(text),
        None => {
            format!("ClientError: {}", rules::get(finding.rule).map_or(finding.rule, |info| info.summary))
        }
    };
    // Source: public issue threads.
    if kind == JobKind::Hosting
        && let Some(bare) = reason.strip_prefix("ClientError: ")
    {
        reason = bare.to_owned();
    }
    if let Some((end, _)) = reason.char_indices().nth(LONGEST) {
        reason.truncate(end);
    }
    Failure { reason, rule: Some(finding.rule) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Evidence, Phase, RuleMode, Verdict};

    #[test]
    fn every_text_belongs_to_a_rule_that_makes_jobs_fail() {
        for (rule, _, _) in TEXTS {
            let info = rules::get(rule).unwrap();
            assert!(info.id == *rule && info.phase != Phase::Create, "{rule}");
        }
    }

    #[test]
    fn a_reason_is_never_longer_than_the_model_allows() {
        let evidence = Evidence::of("subnet-1").with("subnets", "é".repeat(3_000));
        let verdict = Verdict::Violated(evidence);
        let finding = Finding { rule: "SM-VPC-IP-01", phase: Phase::Place, mode: RuleMode::Enforce, verdict };
        assert_eq!(of(JobKind::Training, &finding).reason.chars().count(), LONGEST);
    }
}
