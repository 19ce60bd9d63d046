//! What only hosting asks for.

use super::room::{list, zones};
use super::*;
use std::collections::BTreeSet;

/// Two zones.
pub struct TwoZones;
impl Rule for TwoZones {
    const INFO: RuleInfo = RuleInfo {
        id: "SM-HOST-AZ-01",
        aliases: &["SM-HOST-AZ-02"],
        name: "two-zones-for-hosting",
        jobs: &[JobKind::Hosting],
        phase: Phase::Place,
        basis: Basis::Documented,
        docs: &[Doc { page: "host-vpc", anchor: "host-vpc-configure" }],
        summary: "A hosted model has subnets in at least two availability zones, even for one instance; two subnets of \
                  one zone do not do. That they must be among those of its VpcConfig, and that the endpoint fails \
                  rather than a call, is assumed.",
        hint: "Make a model whose VpcConfig names subnets in two zones, and an endpoint configuration that uses it.",
    };

    fn check(case: &Case<'_>) -> Verdict {
        if case.vpc_config().is_none() {
            return Verdict::NotApplicable;
        }
        let zones = zones(case);
        let types: BTreeSet<_> = case.needs.instances.iter().map(|group| &*group.instance_type).collect();
        let evidence = Evidence::of(list(case.named_subnets().map(|(name, _)| name)))
            .with("zones", list(zones.iter().map(|(zone, _)| *zone)))
            .with("type", list(types.into_iter()));
        Verdict::require(zones.len() >= 2, evidence)
    }
}
