//! The role that a job acts as.

use super::*;
use crate::iam::trust::{Distrust, ForSource, trusts};

/// The service that assumes the role.
const SERVICE: &str = "sagemaker.amazonaws.com";

/// The role lets the service act as it.
pub struct TrustedRole;
impl Rule for TrustedRole {
    const INFO: RuleInfo = RuleInfo {
        id: "SM-ROLE-TRUST-07",
        aliases: &["SM-F-ROLE-SYNC"],
        name: "role-trusts-sagemaker",
        jobs: ALL_AND_OTHERS,
        phases: &[Phase::Create],
        basis: Basis::Documented,
        docs: &[Doc { page: "sagemaker-roles", anchor: "" }],
        summary: "The execution role exists in the job's account, and its trust policy lets sagemaker.amazonaws.com \
                  call sts:AssumeRole. That the create call checks it was observed.",
        hint: "Create the role, and allow the principal Service sagemaker.amazonaws.com the action sts:AssumeRole in \
               its trust policy.",
    };

    fn check(case: &Case<'_>) -> Verdict {
        // Only a model may come without a role.
        if case.needs.role_arn.is_empty() {
            return Verdict::NotApplicable;
        }
        let evidence = Evidence::of(case.needs.role_arn.clone());
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
