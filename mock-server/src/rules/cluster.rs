//! HyperPod clusters in a VPC of the user's: a group of instances is what these rules look at.

use super::room::list;
use super::*;
use crate::model::{Direction, Peer, SecurityGroup};

const PREREQUISITES: &str = "sagemaker-hyperpod-prerequisites";
const VPC: Doc = Doc { page: PREREQUISITES, anchor: "sagemaker-hyperpod-prerequisites-optional-vpc" };

/// Interfaces are made as the role of the group.
pub struct RoleMayMake;
impl Rule for RoleMayMake {
    const INFO: RuleInfo = RuleInfo {
        id: "SM-HP-ROLE-01",
        aliases: &[],
        name: "cluster-role-makes-interfaces",
        jobs: &[JobKind::Cluster],
        phases: &[Phase::Place],
        basis: Basis::Documented,
        docs: &[Doc {
            page: "sagemaker-hyperpod-prerequisites-iam",
            anchor: "sagemaker-hyperpod-prerequisites-iam-role-for-hyperpod",
        }],
        summary: "The execution role of an instance group in a VPC is allowed to describe VPCs, DHCP options, subnets and \
                  security groups, and to create, describe and delete network interfaces and permissions for them. That \
                  the cluster fails when its interfaces are made, and that interfaces stay if they may not be deleted, is \
                  assumed.",
        hint: "Attach a policy with the EC2 actions that are missing to the role; AmazonSageMakerClusterInstanceRolePolicy \
               alone has none of them.",
    };

    fn check(case: &Case<'_>) -> Verdict {
        permissions::hold_all(case)
    }
}

/// An address for each network card.
pub struct AddressesOfNodes;
impl Rule for AddressesOfNodes {
    const INFO: RuleInfo = RuleInfo {
        id: "SM-HP-IP-02",
        aliases: &[],
        name: "addresses-of-cluster-instances",
        jobs: &[JobKind::Cluster],
        phases: &[Phase::Place],
        basis: Basis::Documented,
        docs: &[VPC],
        summary: "Each instance of a cluster takes an address for each network card that it uses: a P5 instance 32, and 81 \
                  if the cluster is orchestrated by EKS, because its first card has 50. A group lies in one of its \
                  subnets, and groups without a network of their own in the same zone. That instances without an Elastic \
                  Fabric Adapter use one card is assumed.",
        hint: "Use a larger subnet, smaller instances or fewer of them; a subnet cannot grow.",
    };

    fn check(case: &Case<'_>) -> Verdict {
        match (case.vpc_config(), case.needs.node) {
            (Some(_), Some(node)) => room::enough_room(case, |_| node.addresses()),
            _ => Verdict::NotApplicable,
        }
    }
}

/// Instances with an Elastic Fabric Adapter exchange everything with each other, by rules that say so.
pub struct OpenToNodes;
impl Rule for OpenToNodes {
    const INFO: RuleInfo = RuleInfo {
        id: "SM-HP-EFA-03",
        aliases: &[],
        name: "efa-instances-of-a-cluster",
        jobs: &[JobKind::Cluster],
        phases: &[Phase::Start],
        basis: Basis::Documented,
        docs: &[VPC],
        summary: "Each security group of cluster instances with an Elastic Fabric Adapter allows all traffic, inbound and \
                  outbound, to and from itself; a rule for 0.0.0.0/0 does not do. The health check of the adapter finds \
                  out before lifecycle scripts run. That it concerns single instances too is assumed.",
        hint: "Add an ingress rule and an egress rule for all traffic whose peer is the security group itself, to every \
               group.",
    };

    fn check(case: &Case<'_>) -> Verdict {
        if case.vpc_config().is_none() || !case.needs.node.is_some_and(|node| node.efa) {
            return Verdict::NotApplicable;
        }
        let open = |group: &SecurityGroup, way: Direction| {
            let mut rules = group.rules.iter().filter(|rule| rule.direction == way && rule.protocol == "-1");
            rules.any(|rule| rule.peer == Peer::Group(group.id))
        };
        let ways = [("inbound", Direction::Ingress), ("outbound", Direction::Egress)];
        let closed = case.groups().flat_map(|group| {
            let closed = ways.iter().filter(move |(_, way)| !open(group, *way));
            closed.map(move |(name, _)| format!("{name} of {}", group.id))
        });
        let closed: Vec<_> = closed.collect();
        let groups = list(case.named_groups().map(|(name, _)| name));
        let evidence = Evidence::of(groups.clone()).with("groups", groups).with("closed", closed.join(", "));
        Verdict::require(closed.is_empty(), evidence)
    }
}
