//! Why a job is as it is: its phases, the rules that were asked, what they said.

use crate::model::{Failure, Finding, JobKey, JobKind, Phase, RuleMode, State};
use crate::rules;
use serde::Serialize;
use std::collections::BTreeMap;

/// All that is known about why a job is as it is.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// As `training-job/NAME`.
    pub job: String,
    pub status: &'static str,
    pub secondary_status: Option<&'static str>,
    /// What the job says about its failure.
    pub failure_reason: Option<String>,
    /// The rule that decided, from the moment it did: the job itself tells it later.
    pub decided_by: Option<&'static str>,
    /// Rules of the same phase that would have decided had the first one not. Of an endpoint, those that another variant
    /// violates too.
    pub would_have_failed_next: Vec<&'static str>,
    /// The phases that were reached, with every rule that was asked there.
    pub phases: Vec<PhaseReport>,
}

/// The rules of one phase.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PhaseReport {
    pub phase: &'static str,
    pub rules: Vec<RuleReport>,
}

/// What one rule said.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RuleReport {
    pub id: &'static str,
    pub name: &'static str,
    pub mode: &'static str,
    pub verdict: &'static str,
    pub basis: &'static str,
    pub resource: Option<String>,
    pub evidence: BTreeMap<&'static str, String>,
    /// What to do, if the rule is violated.
    pub hint: Option<&'static str>,
    pub sources: Vec<String>,
}

/// Explains a job or an endpoint.
pub fn explain(state: &State, key: &JobKey) -> Option<Explanation> {
    let rule = |failure: &Option<Failure>| failure.as_ref().and_then(|failure| failure.rule);
    match key.kind {
        JobKind::Hosting => state.endpoints.get(&key.name).map(|endpoint| Explanation {
            status: endpoint.status_word(),
            failure_reason: endpoint.told_failure().map(|failure| failure.reason.clone()),
            ..Explanation::of(key, rule(&endpoint.failure), &endpoint.findings)
        }),
        kind => state.jobs.get(key).map(|job| Explanation {
            status: job.status_word(),
            secondary_status: job
                .transitions
                .last()
                .filter(|_| kind == JobKind::Training)
                .map(|transition| transition.status),
            failure_reason: job.told_failure().map(|failure| failure.reason.clone()),
            ..Explanation::of(key, rule(&job.failure).or(job.hung), &job.findings)
        }),
    }
}

impl Explanation {
    /// What the rules said, and nothing of the status.
    fn of(key: &JobKey, decided_by: Option<&'static str>, findings: &[Finding]) -> Self {
        let next = findings.iter().filter(|finding| {
            finding.is_violation() && finding.mode == RuleMode::Enforce && Some(finding.rule) != decided_by
        });
        let phases = Phase::ALL.iter().filter_map(|phase| {
            let rules: Vec<_> =
                findings.iter().filter(|finding| finding.phase == *phase).filter_map(report).collect();
            (!rules.is_empty()).then(|| PhaseReport { phase: phase.name(), rules })
        });
        Self {
            job: key.to_string(),
            status: "",
            secondary_status: None,
            failure_reason: None,
            decided_by,
            would_have_failed_next: next.map(|finding| finding.rule).collect(),
            phases: phases.collect(),
        }
    }
}

/// What a finding says, with what the rule says about itself.
pub fn report(finding: &Finding) -> Option<RuleReport> {
    let info = rules::get(finding.rule)?;
    let evidence = finding.verdict.evidence();
    Some(RuleReport {
        id: info.id,
        name: info.name,
        mode: finding.mode.name(),
        verdict: finding.verdict.name(),
        basis: info.basis.name(),
        resource: evidence.and_then(|evidence| evidence.resource.clone()),
        evidence: evidence.map(|evidence| evidence.facts.iter().cloned().collect()).unwrap_or_default(),
        hint: finding.is_violation().then_some(info.hint),
        sources: info.docs.iter().map(|doc| doc.url()).collect(),
    })
}
