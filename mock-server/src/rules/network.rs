//! What a job's subnets and security groups have to be.

use super::room::list;
use super::*;
use crate::model::{SecurityGroup, Tenancy};
use std::collections::BTreeSet;

const CONFIGURE: &[Doc] = five_pages!("-configure");

/// The form of a VPC configuration.
pub struct VpcShape;
impl Rule for VpcShape {
    const INFO: RuleInfo = RuleInfo {
        id: "SM-VPC-SHAPE-06",
        aliases: &["SM-VPC-PARAM-05"],
        name: "vpc-config-shape",
        jobs: ALL,
        phases: &[Phase::Create],
        basis: Basis::Documented,
        docs: CONFIGURE,
        summary: "A VPC configuration names 1 to 16 subnets and 1 to 5 security groups. The published service model \
                  says so, and requests are held to it before any other rule is asked.",
        hint: "Give at least one subnet and one security group.",
    };

    fn check(case: &Case<'_>) -> Verdict {
        let Some(config) = case.vpc_config() else { return Verdict::NotApplicable };
        let evidence =
            Evidence::none().with("subnets", config.subnets.len()).with("groups", config.groups.len());
        let holds = (1..=16).contains(&config.subnets.len()) && (1..=5).contains(&config.groups.len());
        Verdict::require(holds, evidence)
    }
}

/// Subnets exist.
pub struct KnownSubnets;
impl Rule for KnownSubnets {
    const INFO: RuleInfo = RuleInfo {
        id: "SM-F-SUBNET-404",
        aliases: &[],
        name: "known-subnets",
        jobs: ALL_AND_OTHERS,
        phases: &[Phase::Create],
        basis: Basis::Assumed,
        docs: CONFIGURE,
        summary: "Every subnet that a job names exists in the job's account and region. That the call itself fails \
                  is assumed.",
        hint: "Check the id, and that the job is created in the subnet's region.",
    };

    fn check(case: &Case<'_>) -> Verdict {
        known(case, case.named_subnets().find(|(_, subnet)| subnet.is_none()).map(|(name, _)| name))
    }
}

/// Security groups exist.
pub struct KnownGroups;
impl Rule for KnownGroups {
    const INFO: RuleInfo = RuleInfo {
        id: "SM-F-SG-404",
        aliases: &[],
        name: "known-groups",
        jobs: ALL_AND_OTHERS,
        phases: &[Phase::Create],
        basis: Basis::Assumed,
        docs: CONFIGURE,
        summary: "Every security group that a job names exists in the job's account and region. That the call itself \
                  fails is assumed.",
        hint: "Check the id, and that the job is created in the group's region.",
    };

    fn check(case: &Case<'_>) -> Verdict {
        known(case, case.named_groups().find(|(_, group)| group.is_none()).map(|(name, _)| name))
    }
}

fn known(case: &Case<'_>, unknown: Option<&str>) -> Verdict {
    match (case.vpc_config(), unknown) {
        (None, _) => Verdict::NotApplicable,
        (_, Some(name)) => Verdict::Violated(Evidence::of(name)),
        _ => Verdict::Satisfied(Evidence::none()),
    }
}

/// Subnets and groups are of one VPC.
pub struct OneVpc;
impl Rule for OneVpc {
    const INFO: RuleInfo = RuleInfo {
        id: "SM-F-VPC-MIX",
        aliases: &[],
        name: "one-vpc",
        jobs: ALL_AND_OTHERS,
        phases: &[Phase::Create],
        basis: Basis::Assumed,
        docs: CONFIGURE,
        summary: "The subnets of a job all belong to one VPC, and so do its security groups, unless they are \
                  associated with that VPC. EC2 refuses an interface whose group is neither; that the call to \
                  SageMaker itself fails is assumed.",
        hint: "Name subnets of one VPC, and security groups of that same VPC or associated with it \
               (AssociateSecurityGroupVpc).",
    };

    fn check(case: &Case<'_>) -> Verdict {
        let subnets = case.subnets().map(|subnet| (subnet.vpc, subnet.id.to_string()));
        let vpc = case.subnets().next().map(|subnet| subnet.vpc);
        // A group that interfaces in that VPC may carry counts as one of its own.
        let vpc_of =
            |group: &SecurityGroup| vpc.filter(|vpc| case.state.may_carry(group, *vpc)).unwrap_or(group.vpc);
        let groups = case.groups().map(|group| (vpc_of(group), group.id.to_string()));
        let all: Vec<_> = subnets.chain(groups).collect();
        let Some((first, _)) = all.first() else { return Verdict::NotApplicable };
        let vpcs: BTreeSet<String> = all.iter().map(|(vpc, _)| vpc.to_string()).collect();
        let stranger = all.iter().find(|(vpc, _)| vpc != first);
        let evidence = Evidence {
            resource: Some(stranger.map_or_else(|| first.to_string(), |(_, id)| id.clone())),
            facts: Vec::new(),
        };
        let evidence = evidence
            .with("vpcs", list(vpcs.iter().map(String::as_str)))
            .with("subnets", list(case.named_subnets().map(|(name, _)| name)))
            .with("groups", list(case.named_groups().map(|(name, _)| name)));
        Verdict::require(stranger.is_none(), evidence)
    }
}

macro_rules! shared_hardware {
    ($name:ident, $id:literal, $slug:literal, $kind:expr, $page:literal, $what:literal) => {
        /// Shared hardware only.
        pub struct $name;
        impl Rule for $name {
            const INFO: RuleInfo = RuleInfo {
                id: $id,
                aliases: &[],
                name: $slug,
                jobs: &[$kind],
                phases: &[Phase::Create],
                basis: Basis::Documented,
                docs: &[Doc { page: $page, anchor: $page }],
                summary: concat!(
                    "A ",
                    $what,
                    " takes only subnets of a VPC whose instances share hardware with others: tenancy default. That \
                     the call itself fails, rather than the job, is assumed."
                ),
                hint: "Use a VPC with tenancy default; ModifyVpcTenancy changes dedicated to default, never back.",
            };

            fn check(case: &Case<'_>) -> Verdict {
                shared_tenancy(case)
            }
        }
    };
}

shared_hardware!(
    SharedTenancyOfTraining,
    "SM-VPC-TENANCY-01",
    "default-tenancy-for-training",
    JobKind::Training,
    "train-vpc",
    "training job"
);
shared_hardware!(
    SharedTenancyOfCompilation,
    "SM-VPC-TENANCY-02",
    "default-tenancy-for-compilation",
    JobKind::Compilation,
    "neo-vpc",
    "compilation job"
);

fn shared_tenancy(case: &Case<'_>) -> Verdict {
    let Some(first) = case.subnets().next() else { return Verdict::NotApplicable };
    let dedicated: Vec<_> = case
        .subnets()
        .filter(|subnet| case.vpc_of(subnet).is_some_and(|vpc| vpc.tenancy == Tenancy::Dedicated))
        .collect();
    let vpc = dedicated.first().map_or(first.vpc, |subnet| subnet.vpc);
    let names: Vec<_> = dedicated.iter().map(|subnet| subnet.id.to_string()).collect();
    let tenancy = if names.is_empty() { "default" } else { "dedicated" };
    let evidence = Evidence::of(vpc.to_string()).with("tenancy", tenancy).with("subnets", names.join(", "));
    Verdict::require(names.is_empty(), evidence)
}
