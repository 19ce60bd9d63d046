//! Whether the zones of a job have instances left for it.

use super::room::{self, list};
use super::*;
use crate::model::{InstanceGroup, Usage, compute};
use std::collections::BTreeMap;

/// The rule about instances that no zone has.
pub const ID: &str = EnoughInstances::INFO.id;

/// What zones have left of instance types, and what somebody is about to take of it.
pub(super) struct Left<'a> {
    case: Case<'a>,
    taken: BTreeMap<(&'static str, &'a str), u64>,
}

impl<'a> Left<'a> {
    pub fn new(case: &Case<'a>) -> Self {
        Self { case: *case, taken: BTreeMap::new() }
    }

    /// How many instances of a type a zone has left; `None`: there is plenty.
    fn of(&self, zone: &'static str, instance_type: &'a str) -> Option<u64> {
        let most = self.case.global.capacities.of(zone, instance_type)?;
        let used = self.case.state.instances_used(&Usage::In(zone, instance_type.into()));
        let taken = self.taken.get(&(zone, instance_type)).copied().unwrap_or(0);
        Some(most.saturating_sub(used).saturating_sub(taken))
    }

    /// Whether a zone has one more.
    pub fn has(&self, zone: &'static str, instance_type: &'a str) -> bool {
        self.of(zone, instance_type) != Some(0)
    }

    /// Whether a zone has all of these.
    pub fn has_all(&self, zone: &'static str, groups: &'a [InstanceGroup]) -> bool {
        let mut types = compute::by_type(groups).into_iter();
        types.all(|(name, count)| self.of(zone, name).is_none_or(|left| left >= count))
    }

    /// Takes one.
    pub fn take(&mut self, zone: &'static str, instance_type: &'a str) {
        *self.taken.entry((zone, instance_type)).or_default() += 1;
    }
}

/// Whether anything was said of how many there are of a job's instances.
pub(super) fn is_limited(case: &Case<'_>) -> bool {
    let limited = |group: &InstanceGroup| !case.global.capacities.is_free(&group.instance_type);
    case.needs.instances.iter().any(limited)
}

/// The region's zones in which there are all instances of a job.
pub fn zones_with_room(case: &Case<'_>) -> Vec<&'static str> {
    let zones = case.state.site.info().map_or(&[][..], |region| region.zones);
    let left = Left::new(case);
    let all = zones.iter().map(|zone| zone.name);
    all.filter(|zone| left.has_all(zone, &case.needs.instances)).collect()
}

/// Instances in one of the zones.
pub struct EnoughInstances;
impl Rule for EnoughInstances {
    const INFO: RuleInfo = RuleInfo {
        id: "SM-F-CAPACITY",
        aliases: &["SM-F-CAPACITY-MSG"],
        name: "instances-left-in-a-zone",
        // The instances of compilation jobs are of no type that anybody sees.
        jobs: &[
            JobKind::Training,
            JobKind::Processing,
            JobKind::Transform,
            JobKind::Hosting,
            JobKind::Notebook,
            JobKind::Cluster,
        ],
        phases: &[Phase::Place],
        basis: Basis::Observed,
        docs: &[Doc { page: "regions-quotas", anchor: "" }],
        summary: "A zone of one of the subnets has an instance of the type left for each that is asked for; without a \
                  VPC any zone of the region will do. Where none has, the service goes on trying for a while, and \
                  then gives up. There is plenty of each type in each zone unless the account says otherwise.",
        hint: "Name subnets in zones that have the instance type, use another instance type, or try again later.",
    };

    fn check(case: &Case<'_>) -> Verdict {
        if !is_limited(case) {
            return Verdict::NotApplicable;
        }
        let there = room::homes_within(case, true);
        // Where there is no room for the interfaces, other rules tell so.
        if there.is_none() && room::homes_within(case, false).is_none() {
            return Verdict::NotApplicable;
        }
        let left = Left::new(case);
        let zones = match case.vpc_config() {
            Some(_) => room::zones(case).into_iter().map(|(zone, _)| zone).collect(),
            None => {
                let region = case.state.site.info().map_or(&[][..], |region| region.zones);
                region.iter().map(|zone| zone.name).collect::<Vec<_>>()
            }
        };
        let types = compute::by_type(&case.needs.instances);
        let told = |zone: &&'static str| {
            let of = |(name, _): (&&str, _)| {
                let left = left.of(zone, name).map_or("plenty".to_owned(), |left| left.to_string());
                format!("{zone}: {left} of {name}")
            };
            types.iter().map(of).collect::<Vec<_>>()
        };
        let evidence = Evidence::of(types.keys().copied().collect::<Vec<_>>().join(", "))
            .with("instances", case.needs.instance_count())
            .with("zones", list(zones.iter().copied()))
            .with("left", zones.iter().flat_map(told).collect::<Vec<_>>().join(", "))
            .with("elsewhere", list(zones_with_room(case).into_iter().filter(|zone| !zones.contains(zone))));
        Verdict::require(there.is_some(), evidence)
    }
}
