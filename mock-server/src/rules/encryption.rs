//! What the encryption of traffic between instances has to get through.

use super::groups::uncovered;
use super::room::list;
use super::*;
use crate::model::{Direction, Peer, SecurityGroupRule};

/// The keys are exchanged over UDP, and the rest goes by the protocol of encapsulated payloads.
const KEYS: (&str, i32) = ("udp", 500);
const PAYLOAD: &str = "50";

/// Whether a rule of a group carries one of them.
type Carries = fn(&SecurityGroupRule) -> bool;

/// The key exchange and the encrypted traffic.
pub struct OpenToEncryption;
impl Rule for OpenToEncryption {
    const INFO: RuleInfo = RuleInfo {
        id: "SM-SG-ENCRYPT-08",
        aliases: &[],
        name: "encrypted-members-connect",
        jobs: &[JobKind::Training],
        phases: &[Phase::Run],
        basis: Basis::Documented,
        docs: &[Doc { page: "train-encrypt", anchor: "train-encrypt-api" }],
        summary: "The security groups of a training job whose instances encrypt what they send each other allow, inbound \
                  and outbound, UDP port 500 and protocol 50 (ESP) between members of the same group. That rules for the \
                  address ranges of all of the job's subnets do as well is assumed, and so is what becomes of the job.",
        hint: "Add ingress and egress rules for UDP port 500 and protocol 50, or for all traffic, whose peer is the \
               security group itself.",
    };

    fn check(case: &Case<'_>) -> Verdict {
        if case.vpc_config().is_none() || !case.needs.encrypted || case.needs.instance_count() < 2 {
            return Verdict::NotApplicable;
        }
        let ways = [("inbound", Direction::Ingress), ("outbound", Direction::Egress)];
        let kinds: [(&str, Carries); 2] =
            [("UDP port 500", carries_keys), ("protocol 50 (ESP)", carries_payload)];
        let closed = ways.iter().flat_map(|(way, direction)| {
            let closed = kinds.iter().filter(|(_, carries)| !members_connect(case, *direction, *carries));
            closed.map(move |(what, _)| format!("{way} {what}"))
        });
        let closed: Vec<_> = closed.collect();
        let groups = list(case.named_groups().map(|(name, _)| name));
        let evidence = Evidence::of(groups.clone())
            .with("groups", groups)
            .with("instances", case.needs.instance_count())
            .with("closed", closed.join(", "));
        Verdict::require(closed.is_empty(), evidence)
    }
}

fn carries_keys(rule: &SecurityGroupRule) -> bool {
    let (protocol, port) = KEYS;
    let ports = rule.from_port.zip(rule.to_port);
    is_of(rule, protocol)
        && (rule.protocol == "-1" || ports.is_some_and(|(from, to)| (from..=to).contains(&port)))
}

/// Ports mean nothing to it.
fn carries_payload(rule: &SecurityGroupRule) -> bool {
    is_of(rule, PAYLOAD)
}

fn is_of(rule: &SecurityGroupRule, protocol: &str) -> bool {
    [protocol, "-1"].contains(&&*rule.protocol)
}

/// Whether rules that carry something let it pass between the instances.
fn members_connect(case: &Case<'_>, direction: Direction, carries: Carries) -> bool {
    let own: Vec<_> = case.groups().map(|group| group.id).collect();
    let peers = || {
        let rules = case.groups().flat_map(|group| &group.rules);
        rules.filter(move |rule| rule.direction == direction && carries(rule)).map(|rule| &rule.peer)
    };
    peers().any(|peer| matches!(peer, Peer::Group(id) if own.contains(id)))
        || uncovered(case, peers()).is_empty()
}
