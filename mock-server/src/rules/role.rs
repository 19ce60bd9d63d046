//! The role that a job acts as.

use super::*;
use crate::iam::trust::{Distrust, ForSource, trusts};

/// The service that assumes the role.
const SERVICE: &str = "sagemaker.amazonaws.com";

/// What a job says that began with a role that is gone by now, and what training jobs say. Source: public issue threads;
/// which of the two is told when is assumed.
const OF_JOB: &str = "SM-F-ROLE-ASYNC1";
const OF_INSTANCE: &str = "SM-F-ROLE-ASYNC2";
/// What the create call says of a role of another account. Source: AWS's advice on processing jobs; people saw it of models.
const OF_ANOTHER: &str = "SM-F-ROLE-ACCOUNT";

/// The id of the text for a violation that the create call did not tell.
pub fn text(finding: &Finding, kind: JobKind) -> Option<&'static str> {
    if finding.rule != TrustedRole::INFO.id {
        return None;
    }
    match (finding.phase, kind) {
        (Phase::Input, JobKind::Training) => Some(OF_INSTANCE),
        (Phase::Input, _) => Some(OF_JOB),
        _ => finding.verdict.evidence()?.get("owner").map(|_| OF_ANOTHER),
    }
}

/// The account in an ARN.
fn account_of(arn: &str) -> Option<&str> {
    arn.split(':').nth(4)
}

/// The role lets the service act as it.
pub struct TrustedRole;
impl Rule for TrustedRole {
    const INFO: RuleInfo = RuleInfo {
        id: "SM-ROLE-TRUST-07",
        aliases: &["SM-F-ROLE-SYNC", OF_ANOTHER, OF_JOB, OF_INSTANCE],
        name: "role-trusts-sagemaker",
        jobs: ALL_AND_OTHERS,
        phases: &[Phase::Create, Phase::Input],
        basis: Basis::Documented,
        docs: &[Doc { page: "sagemaker-roles", anchor: "" }],
        summary: "The execution role exists in the job's account, and its trust policy lets sagemaker.amazonaws.com \
                  call sts:AssumeRole. That the create call checks it was observed; so was that a job fails whose \
                  instances cannot assume it when they begin to load their data.",
        hint: "Create the role, and allow the principal Service sagemaker.amazonaws.com the action sts:AssumeRole in \
               its trust policy. Leave both as they are until the job has ended.",
    };

    fn check(case: &Case<'_>) -> Verdict {
        // Only a model may come without a role.
        if case.needs.role_arn.is_empty() {
            return Verdict::NotApplicable;
        }
        let evidence = Evidence::of(case.needs.role_arn.clone());
        let owner = account_of(&case.needs.role_arn).filter(|owner| *owner != case.account.to_string());
        if let Some(owner) = owner {
            let evidence = evidence.with("because", "it is a role of another account").with("owner", owner);
            return Verdict::Violated(evidence);
        }
        let Some(role) = case.role() else {
            return Verdict::Violated(evidence.with("because", "there is no such role"));
        };
        let source = case.state.site.arn("sagemaker", format_args!("{}/{}", case.kind.slug(), case.name));
        let by = ForSource { service: SERVICE, account: case.account, source: &source };
        match trusts(role.trust.policy(), by) {
            Ok(()) => Verdict::Satisfied(evidence),
            Err(Distrust::Denied) => {
                Verdict::Violated(evidence.with("because", "a statement of the trust policy denies it"))
            }
            Err(Distrust::NotAllowed) => {
                Verdict::Violated(evidence.with("because", "no statement of the trust policy allows it"))
            }
        }
    }
}
