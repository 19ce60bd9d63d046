//! What calls find out about S3 before they answer, with the job's role and from outside of the VPC.

use super::*;
use crate::iam::grants;
use crate::model::Precheck;
use crate::model::path::BucketUse;
use crate::policy::{Effect, Policy, Statement};

/// The keys that only requests through a VPC endpoint have: whoever asks from elsewhere cannot know what a policy says of
/// those. Source: IAM user guide, "AWS global condition context keys".
const OF_THE_WAY: [&str; 4] = ["aws:SourceVpc", "aws:SourceVpce", "aws:VpceAccount", "aws:VpcSourceIp"];

/// Whether calls look at S3 at all.
pub(super) fn is_off(case: &Case<'_>) -> bool {
    case.state.choices.precheck == Precheck::Off
}

/// Whether there is anything to look at. What is kept somewhere else is taken to be there; whether the role may look at
/// it is known all the same.
pub(super) fn looks_at(case: &Case<'_>, data: &DataNeed) -> bool {
    match seen(case, data) {
        Some(Sight::Known(_) | Sight::Missing | Sight::External(..)) => true,
        Some(Sight::Repository(_)) | None => false,
    }
}

/// What a call does of all that a job will do: CreateTrainingJob lists, CreateModel gets. Whether a training job may get
/// what is listed shows when it does.
pub(super) fn narrow(kind: JobKind, mut asked: BucketUse) -> BucketUse {
    if kind == JobKind::Training {
        asked.acts = vec![("s3:ListBucket", None)];
    }
    asked
}

/// Lets pass what a call does not mind: roles where their rule does not count, and, for a job that will ask from inside
/// of a VPC, what hinges on where the request comes from.
pub(super) fn forgive(case: &Case<'_>, data: &DataNeed, trace: &mut Trace) {
    let mode = mode_of(data::RoleMay::INFO.id, case.modes(), case.global);
    let roles_count = mode == RuleMode::Enforce && case.role().is_some();
    let later = case.vpc_config().is_some() && case.state.choices.precheck == Precheck::Existence;
    for hop in trace.hops.iter_mut().filter(|hop| !hop.passed) {
        let of_role = hop.kind == HopKind::RolePolicy;
        if of_role && !roles_count || later && hop.kind.is_policy() && hinges(case, data, hop) {
            hop.passed = true;
            hop.evidence = std::mem::take(&mut hop.evidence).with("asked again", Phase::Input.name());
        }
    }
}

/// Whether a refusal could be another one for a request through an endpoint: the statements that deny ask for the way, or,
/// if none allows, one that would allow does.
fn hinges(case: &Case<'_>, data: &DataNeed, hop: &Hop) -> bool {
    let fact = |name| hop.evidence.get(name);
    let statement: Option<usize> = fact("statement").and_then(|number| number.parse().ok());
    let asks = |statement: &Statement| OF_THE_WAY.iter().any(|key| statement.asks_for(key));
    let judge = |policy: &Policy, named: bool| match statement {
        Some(n) => named && policy.statements().get(n).is_some_and(asks),
        None => policy.statements().iter().any(|one| one.effect() == Effect::Allow && asks(one)),
    };
    if hop.kind == HopKind::BucketPolicy {
        let sight = seen(case, data);
        let bucket = sight.as_ref().and_then(Sight::bucket);
        return bucket
            .and_then(|bucket| bucket.policy.as_ref())
            .is_some_and(|document| judge(document.policy(), true));
    }
    let held = case.role().map(|role| grants::of_role(case.global, role)).unwrap_or_default();
    let of_role = held.identity.iter().chain(&held.boundary);
    of_role.into_iter().any(|(name, policy)| judge(policy, fact("policy") == Some(name)))
}
