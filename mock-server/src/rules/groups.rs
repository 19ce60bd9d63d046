//! What the security groups of a job have to let through.
//!
//! Every interface of a job carries all of its groups, so the rules of the groups add up.

use super::room::{list, uses_efa};
use super::*;
use crate::model::{Direction, Peer, SecurityGroupRule};
use ipnet::Ipv4Net;

/// The peers with which the job's groups allow all of this traffic in this direction.
fn open_to<'a>(
    case: &Case<'a>,
    direction: Direction,
    traffic: fn(&SecurityGroupRule) -> bool,
) -> impl Iterator<Item = &'a Peer> + use<'a> {
    let rules = case.groups().flat_map(|group| &group.rules);
    rules.filter(move |rule| rule.direction == direction && traffic(rule)).map(|rule| &rule.peer)
}

/// Whether a rule speaks of all traffic.
fn everything(rule: &SecurityGroupRule) -> bool {
    rule.protocol == "-1"
}

/// Whether a rule speaks of all TCP ports.
fn all_tcp(rule: &SecurityGroupRule) -> bool {
    match rule.protocol.as_str() {
        "-1" => true,
        "tcp" | "6" => rule.from_port.is_some_and(|port| port <= 1) && rule.to_port == Some(65_535),
        _ => false,
    }
}

/// The job's subnets that no range of these peers covers; ranges that touch count as one.
pub(super) fn uncovered<'a>(case: &Case<'a>, peers: impl Iterator<Item = &'a Peer>) -> Vec<Ipv4Net> {
    let ranges: Vec<Ipv4Net> = peers
        .filter_map(|peer| match peer {
            Peer::V4(net) => Some(*net),
            Peer::V6(_) | Peer::Group(_) | Peer::PrefixList(_) => None,
        })
        .collect();
    let ranges = Ipv4Net::aggregate(&ranges);
    let nets = case.subnets().filter_map(|subnet| subnet.cidr);
    nets.filter(|net| !ranges.iter().any(|range| range.contains(net))).collect()
}

/// The way out to the subnets.
pub struct OpenToSubnets;
impl Rule for OpenToSubnets {
    const INFO: RuleInfo = RuleInfo {
        id: "SM-SG-NEO-06",
        aliases: &[],
        name: "compilation-egress-to-subnets",
        jobs: &[JobKind::Compilation],
        phases: &[Phase::Start],
        basis: Basis::Documented,
        docs: &[Doc { page: "neo-vpc", anchor: "neo-vpc-groups" }],
        summary: "The security groups of a compilation job allow outbound TCP to the address ranges of the job's \
                  subnets. The page asks the same for the S3 endpoint. That the job fails at its start is assumed.",
        hint: "Add an egress rule for the CIDR blocks of the subnets, or for all addresses.",
    };

    fn check(case: &Case<'_>) -> Verdict {
        if case.subnets().next().is_none() {
            return Verdict::NotApplicable;
        }
        let closed = uncovered(case, open_to(case, Direction::Egress, all_tcp));
        let names: Vec<_> = closed.iter().map(ToString::to_string).collect();
        let evidence = Evidence::of(list(case.named_groups().map(|(name, _)| name)))
            .with("groups", list(case.named_groups().map(|(name, _)| name)))
            .with("closed", names.join(", "));
        Verdict::require(closed.is_empty(), evidence)
    }
}

/// Whether a rule allows this traffic with members of one of the job's own groups.
fn names_own_group(case: &Case<'_>, direction: Direction, traffic: fn(&SecurityGroupRule) -> bool) -> bool {
    let own: Vec<_> = case.groups().map(|group| group.id).collect();
    open_to(case, direction, traffic).any(|peer| matches!(peer, Peer::Group(id) if own.contains(id)))
}

/// Instances that reach each other.
fn members_connect(case: &Case<'_>) -> Verdict {
    if case.vpc_config().is_none() || case.needs.instance_count() < 2 {
        return Verdict::NotApplicable;
    }
    let from_members = names_own_group(case, Direction::Ingress, all_tcp);
    let from_subnets = uncovered(case, open_to(case, Direction::Ingress, all_tcp)).is_empty();
    let evidence = Evidence::of(list(case.named_groups().map(|(name, _)| name)))
        .with("groups", list(case.named_groups().map(|(name, _)| name)))
        .with("instances", case.needs.instance_count())
        .with("from members", if from_members { "allowed" } else { "not allowed" })
        .with("peer", "algo-2");
    Verdict::require(from_members || from_subnets, evidence)
}

macro_rules! open_to_members {
    ($name:ident, $id:literal, $slug:literal, $kind:expr, $page:literal, $what:literal) => {
        /// The instances of one job may talk to each other.
        pub struct $name;
        impl Rule for $name {
            const INFO: RuleInfo = RuleInfo {
                id: $id,
                aliases: &[],
                name: $slug,
                jobs: &[$kind],
                phases: &[Phase::Run],
                basis: Basis::Documented,
                docs: &[Doc { page: $page, anchor: concat!($page, "-groups") }],
                summary: concat!(
                    "The security groups of a ",
                    $what,
                    " with more than one instance allow inbound connections between members of the same group: all \
                     TCP from one of the job's own groups. That a rule for the address ranges of all of the job's \
                     subnets does as well is assumed, and so is what becomes of the job: AWS documents no error, the \
                     instances wait for each other."
                ),
                hint: "Add an ingress rule for all traffic whose source is the security group itself.",
            };

            fn check(case: &Case<'_>) -> Verdict {
                members_connect(case)
            }
        }
    };
}

open_to_members!(
    OpenToMembersOfTraining,
    "SM-SG-SELF-01",
    "training-members-connect",
    JobKind::Training,
    "train-vpc",
    "training job"
);
open_to_members!(
    OpenToMembersOfProcessing,
    "SM-SG-SELF-02",
    "processing-members-connect",
    JobKind::Processing,
    "process-vpc",
    "processing job"
);
open_to_members!(
    OpenToMembersOfTransform,
    "SM-SG-SELF-03",
    "transform-members-connect",
    JobKind::Transform,
    "batch-vpc",
    "batch transform job"
);

/// Instances with an Elastic Fabric Adapter exchange everything with each other.
pub struct OpenToMembersWithEfa;
impl Rule for OpenToMembersWithEfa {
    const INFO: RuleInfo = RuleInfo {
        id: "SM-SG-SELF-05",
        aliases: &[],
        name: "efa-members-exchange-everything",
        jobs: &[JobKind::Training],
        phases: &[Phase::Run],
        basis: Basis::Documented,
        docs: &[Doc { page: "train-vpc", anchor: "train-vpc-groups" }],
        summary: "The security groups of a training job whose instances have an Elastic Fabric Adapter allow all \
                  traffic, inbound and outbound, between members of the same group. Editions of the guide from 2023 \
                  on say so. That it concerns jobs with more than one instance, that rules for the address ranges of \
                  all of the job's subnets do as well, and what becomes of the job is assumed.",
        hint: "Add an ingress rule and an egress rule for all traffic whose peer is the security group itself.",
    };

    fn check(case: &Case<'_>) -> Verdict {
        let with_efa = case.needs.instances.iter().any(|group| uses_efa(case, group));
        if case.vpc_config().is_none() || case.needs.instance_count() < 2 || !with_efa {
            return Verdict::NotApplicable;
        }
        let closed = |direction| {
            let members = names_own_group(case, direction, everything);
            !members && !uncovered(case, open_to(case, direction, everything)).is_empty()
        };
        let ways = [("inbound", Direction::Ingress), ("outbound", Direction::Egress)];
        let ways: Vec<_> = ways.into_iter().filter(|(_, way)| closed(*way)).map(|(name, _)| name).collect();
        let evidence = Evidence::of(list(case.named_groups().map(|(name, _)| name)))
            .with("groups", list(case.named_groups().map(|(name, _)| name)))
            .with("instances", case.needs.instance_count())
            .with("closed", ways.join(" and "))
            .with("peer", "algo-2");
        Verdict::require(ways.is_empty(), evidence)
    }
}
