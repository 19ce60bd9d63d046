//! What a failed job says.

use crate::model::component::Room;
use crate::model::compute::Exceeded;
use crate::model::{Evidence, Exit, Failure, Finding, InferenceComponent, Job, JobKind, Needs, Texts};
use crate::rules::texts;
use std::time::Duration;

/// The longest FailureReason. Source: service model.
const LONGEST: usize = 1024;

/// What begins the reason of a job that the service could not run, and what that of one whose container gave up.
/// Source: public issue threads. Endpoints name their reasons without.
const OF_SERVICE: &str = "ClientError: ";
const OF_CONTAINER: &str = "AlgorithmError: ";
/// What begins the reason of a job for which the service blames itself.
const OF_ITSELF: &str = "InternalServerError: ";
/// What begins that of a job for which there are no instances.
const OF_CAPACITY: &str = "CapacityError: ";

/// Whether the service blames itself.
pub fn is_of_service_itself(failure: &Failure) -> bool {
    failure.reason.starts_with(OF_ITSELF)
}

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

/// An endpoint's deployment ran out of time.
pub fn deployment_timeout(texts: &Texts, limit: Duration) -> Failure {
    let evidence = Evidence::none().with("seconds", limit.as_secs());
    let text = texts::fill(texts, "deployment-timeout", &evidence).unwrap_or_default();
    Failure { reason: reason(JobKind::Hosting, text), rule: None }
}

/// What an inference component needs of the instances of its variant.
pub struct ComponentNeed<'a> {
    pub component: &'a InferenceComponent,
    /// Each of its copies.
    pub takes: Room,
    pub copies: u32,
    pub instances: u32,
}

/// Only so many copies of an inference component have room.
pub fn component_capacity(texts: &Texts, need: &ComponentNeed<'_>, room: usize) -> String {
    let evidence = Evidence::of(&*need.component.name)
        .with("variant", &need.component.variant)
        .with("needs", need.takes)
        .with("instances", need.instances)
        .with("room", room)
        .with("copies", need.copies);
    texts::fill(texts, "component-capacity", &evidence).unwrap_or_default()
}

/// A quota forbids the instances that an inference component needs.
pub fn component_quota(texts: &Texts, component: &InferenceComponent, exceeded: &Exceeded) -> String {
    let evidence = Evidence::of(&*component.name)
        .with("variant", &component.variant)
        .with("quota", &exceeded.quota)
        .with("most", exceeded.most)
        .with("used", exceeded.used)
        .with("delta", exceeded.delta);
    texts::fill(texts, "component-quota", &evidence).unwrap_or_default()
}

/// How much of what a container leaves is told: the reason as a whole is no longer than it may be. Assumed: what
/// follows the container's own words is never cut.
const LONGEST_MESSAGE: usize = LONGEST - 40;

/// Words the end of a container. `variant` is whose it is, on an endpoint.
pub fn of_container(
    texts: &Texts,
    kind: JobKind,
    variant: Option<&str>,
    exit: &Exit,
    rule: Option<&'static str>,
) -> Failure {
    let id = match kind {
        JobKind::Training => "SM-F-ALGO",
        JobKind::Processing => "processing-exit",
        JobKind::Transform => "SM-F-XFORM",
        JobKind::Compilation => "compilation-exit",
        JobKind::Hosting => "SM-F-PING",
        JobKind::Notebook => "notebook-script",
        JobKind::Cluster => "cluster-scripts-failed",
    };
    let message: String = exit.message.chars().take(LONGEST_MESSAGE).collect();
    // The message comes last, so that nothing in it is taken for the name of a fact.
    let evidence = Evidence::of(variant.unwrap_or_default()).with("code", exit.code).with("message", message);
    Failure { reason: reason(kind, texts::fill(texts, id, &evidence).unwrap_or_default()), rule }
}

/// What a container writes about a violation: the rule's words without the prefix of a reason.
pub fn said(texts: &Texts, rule: &str, evidence: &Evidence) -> String {
    let text = texts::fill(texts, rule, evidence).unwrap_or_default();
    text.strip_prefix(OF_CONTAINER).map_or(text.clone(), str::to_owned)
}

fn reason(kind: JobKind, text: String) -> String {
    let bare = [OF_SERVICE, OF_CONTAINER, OF_ITSELF, OF_CAPACITY]
        .iter()
        .find_map(|prefix| text.strip_prefix(prefix));
    let mut reason = match (kind, bare) {
        (JobKind::Hosting | JobKind::Notebook | JobKind::Cluster, Some(bare)) => bare.to_owned(),
        (JobKind::Hosting | JobKind::Notebook | JobKind::Cluster, None) | (_, Some(_)) => text,
        (_, None) => format!("{OF_SERVICE}{text}"),
    };
    if let Some((end, _)) = reason.char_indices().nth(LONGEST) {
        reason.truncate(end);
    }
    reason
}

/// What the container of a failed job left behind, if it was the container that failed.
pub fn exit_message(job: &Job) -> Option<&str> {
    let failure = job.told_failure()?;
    match &job.exit {
        Some(exit) => Some(exit.message.as_str()).filter(|message| !message.is_empty()),
        None => failure.reason.strip_prefix(OF_CONTAINER),
    }
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
