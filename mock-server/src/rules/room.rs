//! Where a job's interfaces go, and whether there is room: the rules and the placement share these functions,
//! so that the rule holds exactly when placement succeeds.

use super::capacity::{self, Left};
use super::*;
use crate::model::{InstanceGroup, Placement as Choice, Subnet};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Interfaces of one instance, one private address each.
///
/// One belongs to the containers, one to the service's own traffic to S3 and to the logs. With network isolation
/// the containers have none. Source: AWS knowledge center, "sagemaker-access-network-isolation"; that these are
/// two interfaces and not one with two addresses is assumed. A notebook instance has one. Source: API reference,
/// CreateNotebookInstance.
fn usual_interfaces(case: &Case<'_>) -> u32 {
    let one = case.needs.network_isolation || matches!(case.kind, JobKind::Notebook | JobKind::Cluster);
    if one { 1 } else { 2 }
}

/// Interfaces of one instance with an Elastic Fabric Adapter. Source: developer guide, "train-vpc", edition of 2023.
const EFA_INTERFACES: u32 = 5;

/// Instance types of training jobs that use an Elastic Fabric Adapter. Source: EC2 user guide, "Elastic Fabric
/// Adapter"; that training uses it on these alone is assumed.
const EFA_TYPES: &[&str] = &[
    "ml.c5n.18xlarge",
    "ml.p3dn.24xlarge",
    "ml.p4d.24xlarge",
    "ml.p4de.24xlarge",
    "ml.p5.48xlarge",
    "ml.p5e.48xlarge",
    "ml.p5en.48xlarge",
    "ml.p6-b200.48xlarge",
    "ml.p6-b300.48xlarge",
    "ml.p6e-gb200.36xlarge",
    "ml.trn1.32xlarge",
    "ml.trn1n.32xlarge",
    "ml.trn2.48xlarge",
];

/// Whether there is an Elastic Fabric Adapter on instances of this type.
pub fn has_efa(instance_type: &str) -> bool {
    EFA_TYPES.contains(&instance_type)
}

/// Only the page on training speaks of the adapter; it belongs to the containers, which have no network when they
/// are isolated.
pub(super) fn uses_efa(case: &Case<'_>, group: &InstanceGroup) -> bool {
    case.kind == JobKind::Training
        && !case.needs.network_isolation
        && EFA_TYPES.contains(&group.instance_type.as_str())
}

pub fn interfaces_per_instance(case: &Case<'_>, group: &InstanceGroup) -> u32 {
    match case.needs.node {
        Some(node) => node.addresses(),
        None if uses_efa(case, group) => EFA_INTERFACES,
        None => usual_interfaces(case),
    }
}

/// Interfaces of all instances of a job.
fn needed(case: &Case<'_>, each: impl Fn(&InstanceGroup) -> u32) -> u32 {
    let groups = case.needs.instances.iter();
    groups.fold(0, |sum, group| sum.saturating_add(group.count.saturating_mul(each(group))))
}

/// Interfaces that go into one subnet: those of a whole job, or of one instance where instances are spread.
#[derive(Clone, Copy, Debug)]
pub struct Placement<'a> {
    pub subnet: &'a Arc<Subnet>,
    pub interfaces: u32,
}

/// The subnets of a job, each once, by availability zone: zones and subnets in the order given.
pub fn zones<'a>(case: &Case<'a>) -> Vec<(&'static str, Vec<&'a Arc<Subnet>>)> {
    let mut zones: Vec<(&'static str, Vec<&Arc<Subnet>>)> = Vec::new();
    for subnet in case.subnets() {
        match zones.iter_mut().find(|(zone, _)| *zone == subnet.zone.name) {
            Some((_, subnets)) if subnets.iter().any(|known| known.id == subnet.id) => {}
            Some((_, subnets)) => subnets.push(subnet),
            None => zones.push((subnet.zone.name, vec![subnet])),
        }
    }
    zones
}

/// The zones of a job's subnets in which there are instances of this type. If there are none at all, it is not for
/// the placement to say so.
fn zones_with<'a>(case: &Case<'a>, instance_type: &str) -> Vec<Vec<&'a Arc<Subnet>>> {
    let all = zones(case);
    let has = |zone: &str| case.kind != JobKind::Hosting || case.global.offerings.has(zone, instance_type);
    let none = !all.iter().any(|(zone, _)| has(zone));
    all.into_iter().filter(|(zone, _)| none || has(zone)).map(|(_, subnets)| subnets).collect()
}

/// Where all the interfaces of a job go; `None` if there is no room for them.
///
/// The whole job goes into the first of its subnets that has room for it. That it stays in one subnet is how the
/// guide reads ("in one of the subnets"); that a full subnet is passed over is assumed. Instances of a hosted model
/// are spread over the zones; those of a job are if the server was told so.
///
/// A zone that lacks instances is passed over too, unless all that have room do: what comes of that, a rule says.
pub fn plan<'a>(case: &Case<'a>) -> Option<Vec<Placement<'a>>> {
    let each = |group: &InstanceGroup| interfaces_per_instance(case, group);
    let within = capacity::is_limited(case).then(|| plan_for(case, each, true)).flatten();
    within.or_else(|| plan_for(case, each, false))
}

/// Whether a job's instances are spread over its zones, and do not all go into one.
fn is_spread(case: &Case<'_>) -> bool {
    case.kind == JobKind::Hosting || case.state.choices.placement == Choice::PerInstance
}

/// `limited`: only where there are instances left.
fn plan_for<'a>(
    case: &Case<'a>,
    each: impl Fn(&InstanceGroup) -> u32,
    limited: bool,
) -> Option<Vec<Placement<'a>>> {
    if is_spread(case) {
        return spread(case, each, limited);
    }
    let interfaces = needed(case, each);
    let left = Left::new(case);
    let has = |zone: &'static str| !limited || left.has_all(zone, &case.needs.instances);
    let mut subnets = case.subnets();
    let subnet = subnets.find(|subnet| subnet.addresses.free() >= interfaces && has(subnet.zone.name))?;
    Some(vec![Placement { subnet, interfaces }])
}

/// The zone of each instance of a job, in the order of its groups; `None` if there is no room for them.
pub fn homes(case: &Case<'_>) -> Option<Vec<&'static str>> {
    let within = capacity::is_limited(case).then(|| homes_within(case, true)).flatten();
    within.or_else(|| homes_within(case, false))
}

/// As above; `limited`: only where there are instances left.
pub(super) fn homes_within(case: &Case<'_>, limited: bool) -> Option<Vec<&'static str>> {
    let count = case.needs.instance_count() as usize;
    if case.vpc_config().is_none() {
        return homes_of_service(case, limited);
    }
    // The interface of a notebook instance that was stopped is still there.
    let kept = case.kind == JobKind::Notebook && case.needs.beside > 0;
    let each = |group: &InstanceGroup| if kept { 0 } else { interfaces_per_instance(case, group) };
    let plan = plan_for(case, each, limited)?;
    let zones = plan.iter().map(|placement| placement.subnet.zone.name);
    Some(match is_spread(case) {
        true => zones.collect(),
        false => zones.flat_map(|zone| std::iter::repeat_n(zone, count)).collect(),
    })
}

/// The same in the service's own VPC, which is in every zone.
fn homes_of_service(case: &Case<'_>, limited: bool) -> Option<Vec<&'static str>> {
    let zones: Vec<_> = case.state.site.info()?.zones.iter().map(|zone| zone.name).collect();
    let mut left = Left::new(case);
    if !is_spread(case) {
        let mut fits = zones.iter().filter(|zone| !limited || left.has_all(zone, &case.needs.instances));
        return fits.next().map(|zone| vec![*zone; case.needs.instance_count() as usize]);
    }
    let mut next = case.needs.beside as usize;
    let mut homes = Vec::new();
    for group in &case.needs.instances {
        for _ in 0..group.count {
            let turn = (next..next + zones.len()).map(|n| (n, zones[n % zones.len()]));
            let (n, zone) =
                turn.into_iter().find(|(_, zone)| !limited || left.has(zone, &group.instance_type))?;
            left.take(zone, &group.instance_type);
            homes.push(zone);
            next = n + 1;
        }
    }
    Some(homes)
}

/// One instance after the other, each in the next zone that has a subnet with room for it. Those that come beside
/// others go on after them, so that a variant that grows uses its zones as evenly as one that is made at once.
fn spread<'a>(
    case: &Case<'a>,
    each: impl Fn(&InstanceGroup) -> u32,
    limited: bool,
) -> Option<Vec<Placement<'a>>> {
    let mut there = Left::new(case);
    let mut free: BTreeMap<_, _> =
        case.subnets().map(|subnet| (subnet.id, subnet.addresses.free())).collect();
    let mut placements: Vec<Placement<'a>> = Vec::new();
    let mut next = case.needs.beside as usize;
    for group in &case.needs.instances {
        let zones = zones_with(case, &group.instance_type);
        let interfaces = each(group);
        for _ in 0..group.count {
            let (zone, subnet, left) = (next..next + zones.len()).find_map(|n| {
                zones[n % zones.len()].iter().find_map(|subnet| {
                    if limited && !there.has(subnet.zone.name, &group.instance_type) {
                        return None;
                    }
                    let left = free.get(&subnet.id)?.checked_sub(interfaces)?;
                    Some((n, *subnet, left))
                })
            })?;
            free.insert(subnet.id, left);
            there.take(subnet.zone.name, &group.instance_type);
            placements.push(Placement { subnet, interfaces });
            next = (zone + 1) % zones.len();
        }
    }
    Some(placements)
}

/// Without a VPC of the user's nothing of a VPC applies.
pub struct ServiceVpc;
impl Rule for ServiceVpc {
    const INFO: RuleInfo = RuleInfo {
        id: "SM-VPC-DEFAULT-01",
        aliases: &[],
        name: "service-vpc-by-default",
        jobs: ALL,
        phases: &[Phase::Place],
        basis: Basis::Documented,
        docs: five_pages!(""),
        summary: "A job that names no VPC runs in one that belongs to the service and reaches S3 over the internet; \
                  no interface appears in the user's VPC and no rule about it applies.",
        hint: "Give VpcConfig if the job has to reach things in your VPC.",
    };

    fn check(case: &Case<'_>) -> Verdict {
        match case.vpc_config() {
            Some(_) => Verdict::NotApplicable,
            None => Verdict::Satisfied(Evidence::none().with("interfaces", 0)),
        }
    }
}

/// Two private addresses for each instance.
pub struct TwoAddressesPerInstance;
impl Rule for TwoAddressesPerInstance {
    const INFO: RuleInfo = RuleInfo {
        id: "SM-VPC-IP-01",
        aliases: &["SM-F-IP", "SM-VPC-IP-03"],
        name: "two-addresses-per-instance",
        jobs: ALL,
        phases: &[Phase::Place],
        basis: Basis::Documented,
        docs: five_pages!("-ip"),
        summary: "Each instance takes two private addresses, and all instances of a job come from one of the job's \
                  subnets; those of a hosted model are spread over its zones. Five addresses of every subnet are \
                  never free. An instance with network isolation takes one.",
        hint: "Use a larger subnet, or name one with room for the whole job; delete interfaces that hold addresses.",
    };

    fn check(case: &Case<'_>) -> Verdict {
        if case.vpc_config().is_none() || case.needs.takes_over {
            return Verdict::NotApplicable;
        }
        enough_room(case, |_| usual_interfaces(case))
    }
}

/// Five private addresses for each instance with an Elastic Fabric Adapter.
pub struct FiveAddressesWithEfa;
impl Rule for FiveAddressesWithEfa {
    const INFO: RuleInfo = RuleInfo {
        id: "SM-VPC-IP-02",
        aliases: &[],
        name: "five-addresses-with-efa",
        jobs: &[JobKind::Training],
        phases: &[Phase::Place],
        basis: Basis::Documented,
        docs: &[Doc { page: "train-vpc", anchor: "train-vpc-ip" }],
        summary: "Each instance of a training job that uses an Elastic Fabric Adapter takes five private addresses. \
                  Editions of the guide from 2023 on say so; which instance types that concerns is assumed.",
        hint: "Use a larger subnet, or an instance type without an Elastic Fabric Adapter.",
    };

    fn check(case: &Case<'_>) -> Verdict {
        if case.vpc_config().is_none()
            || case.needs.takes_over
            || !case.needs.instances.iter().any(|group| uses_efa(case, group))
        {
            return Verdict::NotApplicable;
        }
        enough_room(case, |group| interfaces_per_instance(case, group))
    }
}

/// Whether there is room for all instances of a job if each takes so many addresses.
pub(super) fn enough_room(case: &Case<'_>, each: impl Fn(&InstanceGroup) -> u32) -> Verdict {
    let plan = plan_for(case, &each, false);
    let used = plan.iter().flatten().map(|placement| placement.subnet).next();
    let types = case.needs.instances.iter().map(|group| &*group.instance_type);
    let usable: BTreeSet<_> =
        types.flat_map(|name| zones_with(case, name)).flatten().map(|subnet| subnet.id).collect();
    let free = case.subnets().filter(|subnet| usable.contains(&subnet.id));
    let free = free.map(|subnet| format!("{}: {}", subnet.id, subnet.addresses.free()));
    let evidence = Evidence {
        resource: used.or(case.subnets().next()).map(|subnet| subnet.id.to_string()),
        facts: Vec::new(),
    };
    let evidence = evidence
        .with("subnets", list(case.named_subnets().map(|(name, _)| name)))
        .with("instances", case.needs.instance_count())
        .with("needed", needed(case, &each))
        .with("free", free.collect::<Vec<_>>().join(", "));
    Verdict::require(plan.is_some(), evidence)
}

/// One subnet, every group.
pub struct OneSubnetAllGroups;
impl Rule for OneSubnetAllGroups {
    const INFO: RuleInfo = RuleInfo {
        id: "SM-VPC-ENI-08",
        aliases: &[],
        name: "one-subnet-all-groups",
        jobs: ALL,
        phases: &[Phase::Place],
        basis: Basis::Documented,
        docs: five_pages!(""),
        summary: "The interfaces of a job lie in one of the subnets that it was given, those of a hosted model in \
                  several of them, and each carries all of the security groups that were given.",
        hint: "Nothing to do: this rule tells where the interfaces are.",
    };

    fn check(case: &Case<'_>) -> Verdict {
        match plan(case).filter(|_| case.vpc_config().is_some() && !case.needs.takes_over) {
            None => Verdict::NotApplicable,
            Some(plan) => {
                let mut used: Vec<&Subnet> = Vec::new();
                for subnet in plan.iter().map(|placement| &**placement.subnet) {
                    if used.iter().all(|known| known.id != subnet.id) {
                        used.push(subnet);
                    }
                }
                let subnets: Vec<_> = used.iter().map(|subnet| subnet.id.to_string()).collect();
                Verdict::Satisfied(
                    Evidence::of(subnets.join(", "))
                        .with("groups", list(case.named_groups().map(|(name, _)| name)))
                        .with("zones", list(used.iter().map(|subnet| subnet.zone.name))),
                )
            }
        }
    }
}

/// Names, one after the other.
pub(super) fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}
