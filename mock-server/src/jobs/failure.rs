//! What a failed job says.

use crate::model::{Evidence, Failure, Finding, JobKind, Needs, Texts};
use crate::rules::texts;

/// The longest FailureReason. Source: service model.
const LONGEST: usize = 1024;

/// What begins the reason of a job that the service could not run, and what that of one whose container gave up.
/// Source: public issue threads. Endpoints name their reasons without.
const OF_SERVICE: &str = "ClientError: ";
const OF_CONTAINER: &str = "AlgorithmError: ";
/// What begins the reason of a job for which the service blames itself.
const OF_ITSELF: &str = "InternalServerError: ";

/// Words a violation.
pub fn of(texts: &Texts, kind: JobKind, finding: &Finding) -> Failure {
    Failure { reason: reason(kind, texts::word(texts, finding, kind)), rule: Some(finding.rule) }
}

/// A compilation job ran out of time.
pub fn timeout(texts: &Texts, needs: &Needs) -> Failure {
    let seconds = needs.max_runtime.unwrap_or_default().as_secs();
    let text = texts::fill(texts, "compilation-timeout", &Evidence::none().with("seconds", seconds));
    Failure { reason: reason(JobKind::Compilation, text.unwrap_or_default()), rule: None }
}

fn reason(kind: JobKind, text: String) -> String {
    let bare = [OF_SERVICE, OF_CONTAINER, OF_ITSELF].iter().find_map(|prefix| text.strip_prefix(prefix));
    let mut reason = match (kind, bare) {
        (JobKind::Hosting, Some(bare)) => bare.to_owned(),
        (JobKind::Hosting, None) | (_, Some(_)) => text,
        (_, None) => format!("{OF_SERVICE}{text}"),
    };
    if let Some((end, _)) = reason.char_indices().nth(LONGEST) {
        reason.truncate(end);
    }
    reason
}

/// What the container of a failed job left behind, if it was the container that failed.
pub fn exit_message(failure: &Failure) -> Option<&str> {
    failure.reason.strip_prefix(OF_CONTAINER)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Phase, RuleMode, Verdict};

    fn finding(rule: &'static str, evidence: Evidence) -> Finding {
        Finding { rule, phase: Phase::Place, mode: RuleMode::Enforce, verdict: Verdict::Violated(evidence) }
    }

    #[test]
    fn a_reason_is_never_longer_than_the_model_allows() {
        let long = finding("SM-VPC-IP-01", Evidence::of("subnet-1").with("subnets", "é".repeat(3_000)));
        let reason = of(&Texts::default(), JobKind::Training, &long).reason;
        assert_eq!(reason.chars().count(), LONGEST);
    }

    #[test]
    fn only_jobs_say_whose_error_it_is() {
        let room = finding("SM-VPC-IP-01", Evidence::of("subnet-1"));
        let (job, endpoint) = (JobKind::Compilation, JobKind::Hosting);
        let reason = |kind| of(&Texts::default(), kind, &room).reason;
        assert!(reason(job).starts_with("ClientError: The specified"));
        assert!(reason(endpoint).starts_with("The specified"));
        let unworded = finding("SM-VPC-ENI-08", Evidence::none());
        assert!(of(&Texts::default(), job, &unworded).reason.starts_with("ClientError: The interfaces"));
    }
}
