//! What only hosting asks for.

use super::room::{list, zones};
use super::*;
use std::collections::BTreeSet;

/// The instance types of a model, each once.
fn types<'a>(case: &Case<'a>) -> BTreeSet<&'a str> {
    case.needs.instances.iter().map(|group| &*group.instance_type).collect()
}

/// Two zones.
pub struct TwoZones;
impl Rule for TwoZones {
    const INFO: RuleInfo = RuleInfo {
        id: "SM-HOST-AZ-01",
        aliases: &["SM-HOST-AZ-02"],
        name: "two-zones-for-hosting",
        jobs: &[JobKind::Hosting],
        phases: &[Phase::Place],
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
        let evidence = Evidence::of(list(case.named_subnets().map(|(name, _)| name)))
            .with("zones", list(zones.iter().map(|(zone, _)| *zone)))
            .with("type", list(types(case).into_iter()));
        Verdict::require(zones.len() >= 2, evidence)
    }
}

/// Two zones that have the instances.
pub struct TwoZonesWithInstances;
impl Rule for TwoZonesWithInstances {
    const INFO: RuleInfo = RuleInfo {
        id: "SM-HOST-AZ-04",
        aliases: &[],
        name: "two-zones-with-the-instance-type",
        jobs: &[JobKind::Hosting],
        phases: &[Phase::Place],
        basis: Basis::Documented,
        docs: &[
            Doc { page: "API_VpcConfig", anchor: "" },
            Doc { page: "host-vpc", anchor: "host-vpc-configure" },
        ],
        summary: "Some zones lack some families of instance types: us-east-1c, d and e have no P3, as the API reference \
                  said until 2019. Of the zones of a hosted model's subnets those that have its instance type count, \
                  and instances are placed in these alone; there have to be two. Other families are not documented \
                  and are taken to be everywhere unless the account says otherwise.",
        hint: "Name subnets in zones that have the instance type, or choose another type.",
    };

    /// Speaks only where a zone is lost: that there are two subnets' zones to begin with is another rule's.
    fn check(case: &Case<'_>) -> Verdict {
        let all = zones(case);
        let has = |zone: &str| types(case).into_iter().all(|name| case.global.offerings.has(zone, name));
        let (usable, lost): (Vec<_>, Vec<_>) = all.iter().map(|(zone, _)| *zone).partition(|zone| has(zone));
        if case.vpc_config().is_none() || lost.is_empty() {
            return Verdict::NotApplicable;
        }
        let evidence = Evidence::of(list(case.named_subnets().map(|(name, _)| name)))
            .with("zones", list(usable.iter().copied()))
            .with("without", list(lost.into_iter()))
            .with("type", list(types(case).into_iter()));
        Verdict::require(usable.len() >= 2, evidence)
    }
}
