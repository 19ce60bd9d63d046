//! Containers without a network.

use super::{Case, Doc, Evidence, Kinds, Phase, Rule, RuleInfo, Verdict};
use crate::model::JobKind;
use crate::rules::Basis;

/// The rule's id, for those who ask what its violation says.
pub const ID: &str = NoCalls::INFO.id;

const WITH_CONTAINERS: Kinds =
    &[JobKind::Training, JobKind::Processing, JobKind::Transform, JobKind::Hosting];

/// A container that connects to somebody needs a network.
pub struct NoCalls;

impl Rule for NoCalls {
    const INFO: RuleInfo = RuleInfo {
        id: "SM-ISO-01",
        aliases: &[],
        name: "isolated-containers-call-nobody",
        jobs: WITH_CONTAINERS,
        phases: &[Phase::Run],
        basis: Basis::Documented,
        docs: &[Doc {
            page: "mkt-algo-model-internet-free",
            anchor: "mkt-algo-model-internet-free-isolation",
        }],
        summary: "Containers with network isolation have no network, with a VPC or without: they call nobody outside \
                  their job, no service of AWS either. Inputs and outputs are moved for them.",
        hint: "Do without the connection: bring what it fetches in the image or in an input. Or switch network \
               isolation off.",
    };

    fn check(case: &Case<'_>) -> Verdict {
        let Some(behaviour) = &case.needs.behaviour else { return Verdict::NotApplicable };
        let needed = behaviour.connects.iter().find(|connection| !connection.optional);
        let Some(connection) = needed else { return Verdict::NotApplicable };
        Verdict::require(!case.needs.network_isolation, Evidence::of(connection.to.to_string()))
    }
}
