//! Whatever is authorised, revoked and modified in whatever order, a group has the rules that a naive model has.

use super::super::harness::{Lab, text};
use super::super::security_group::DeleteSecurityGroup;
use super::super::security_group_rule_change::*;
use super::super::security_group_rule_modify::*;
use super::*;
use crate::model::Quotas;
use proptest::prelude::*;
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;

/// A rule as the model has it: direction, protocol as written, port, peer.
type Plain = (bool, u8, u8, u8);

#[derive(Clone, Debug)]
enum Step {
    Authorize(Vec<Plain>),
    Revoke(Vec<Plain>),
    RevokeById(usize),
    Modify(usize, Plain),
    DropPeer(u8),
}

fn plain() -> impl Strategy<Value = Plain> {
    (any::<bool>(), 0u8..4, 0u8..3, 0u8..8)
}

fn step() -> impl Strategy<Value = Step> {
    let rules = || prop::collection::vec(plain(), 1..4);
    prop_oneof![
        5 => rules().prop_map(Step::Authorize),
        2 => rules().prop_map(Step::Revoke),
        1 => (0usize..20).prop_map(Step::RevokeById),
        3 => ((0usize..20), plain()).prop_map(|(n, rule)| Step::Modify(n, rule)),
        1 => (0u8..2).prop_map(Step::DropPeer),
    ]
}

/// How many rules of a family and direction the group may have.
const MOST: usize = 5;

struct World {
    lab: Lab,
    group: String,
    peers: [String; 2],
    /// The rules in order of their coming.
    rules: Vec<Plain>,
}

impl World {
    /// The protocol and the port in one of several ways to write the same, and the peer in another.
    fn traffic(&self, (_, protocol, port, _): Plain) -> Json {
        let port = i32::from(port) + 8;
        match protocol {
            0 => json!({ "IpProtocol": "TCP", "FromPort": port, "ToPort": port }),
            1 => json!({ "IpProtocol": "17", "FromPort": port, "ToPort": port }),
            2 => json!({ "IpProtocol": "icmp", "FromPort": port, "ToPort": -1 }),
            _ => json!({ "IpProtocol": "-1", "FromPort": port }),
        }
    }

    fn permission(&self, rule: Plain) -> Json {
        let mut permission = self.traffic(rule);
        let host = rule.2;
        match rule.3 {
            n @ 0..3 => permission["IpRanges"] = json!([{ "CidrIp": format!("10.{n}.0.{host}/16") }]),
            n @ 3..5 => {
                permission["Ipv6Ranges"] = json!([{ "CidrIpv6": format!("2001:db8:{n}:0::{host}/48") }]);
            }
            5 => permission["PrefixListIds"] = json!([{ "PrefixListId": "pl-63a5400a" }]),
            n => {
                let group = &self.peers[usize::from(n - 6)];
                permission["UserIdGroupPairs"] = json!([{ "GroupId": group, "GroupName": "whatever" }]);
            }
        }
        permission
    }

    fn request(&self, rule: Plain) -> Json {
        let mut request = self.traffic(rule);
        match rule.3 {
            n @ 0..3 => request["CidrIpv4"] = json!(format!("10.{n}.0.0/16")),
            n @ 3..5 => request["CidrIpv6"] = json!(format!("2001:db8:{n}::/48")),
            5 => request["PrefixListId"] = json!("pl-63a5400a"),
            n => request["ReferencedGroupId"] = json!(self.peers[usize::from(n - 6)]),
        }
        request
    }

    /// The same rule in one way: without ports where they do not count.
    fn normal((egress, protocol, port, peer): Plain) -> Plain {
        (egress, protocol, if protocol > 2 { 0 } else { port }, peer)
    }

    fn kind(peer: u8) -> u8 {
        [0, 0, 0, 1, 1, 2, 3, 3][usize::from(peer)]
    }

    /// The default egress rule is none of the model's.
    fn fits(rules: &[Plain]) -> bool {
        [false, true].into_iter().all(|egress| {
            let of = |families: &[u8]| {
                let rules = rules.iter().filter(|rule| rule.0 == egress);
                rules.filter(|rule| families.contains(&Self::kind(rule.3))).count()
            };
            // The list is one of IPv4.
            of(&[0, 2, 3]) + usize::from(egress) <= MOST && of(&[1, 3]) <= MOST
        })
    }

    fn ids(&self) -> Vec<(bool, String)> {
        let state = self.lab.state();
        let group = state.groups.get(&SecurityGroupId::parse(&self.group).unwrap()).unwrap();
        // Without the default egress rule, which is the first.
        let rules = group.rules.iter().skip(1);
        rules.map(|rule| (rule.direction == Direction::Egress, rule.id.to_string())).collect()
    }

    fn authorize(&mut self, egress: bool, rules: Vec<Plain>) {
        let permissions: Json = rules.iter().map(|rule| self.permission(*rule)).collect();
        let input = json!({ "GroupId": self.group, "IpPermissions": permissions });
        let answer = match egress {
            true => self.lab.try_write::<AuthorizeSecurityGroupEgress>(input),
            false => self.lab.try_write::<AuthorizeSecurityGroupIngress>(input),
        };
        let mut after = self.rules.clone();
        after.extend(rules.into_iter().map(Self::normal));
        let alive = self.alive(&after);
        let all_differ = after.iter().collect::<BTreeSet<_>>().len() == after.len();
        assert_eq!(answer.is_ok(), alive && all_differ && Self::fits(&after), "{answer:?}");
        if answer.is_ok() {
            self.rules = after;
        }
    }

    fn alive(&self, rules: &[Plain]) -> bool {
        let there = |n: u8| {
            let state = self.lab.state();
            state.groups.contains(&SecurityGroupId::parse(&self.peers[usize::from(n)]).unwrap())
        };
        rules.iter().all(|rule| rule.3 < 6 || there(rule.3 - 6))
    }

    fn revoke(&mut self, egress: bool, rules: Vec<Plain>) {
        let permissions: Json = rules.iter().map(|rule| self.permission(*rule)).collect();
        let input = json!({ "GroupId": self.group, "IpPermissions": permissions });
        let answer = match egress {
            true => self.lab.try_write::<RevokeSecurityGroupEgress>(input),
            false => self.lab.try_write::<RevokeSecurityGroupIngress>(input),
        };
        let mut after = self.rules.clone();
        let found = rules.into_iter().map(Self::normal).all(|rule| {
            let at = after.iter().position(|other| *other == rule);
            at.map(|at| after.remove(at)).is_some()
        });
        assert_eq!(answer.is_ok(), found, "{answer:?}");
        if found {
            self.rules = after;
        }
    }

    fn modify(&mut self, n: usize, rule: Plain) {
        let ids = self.ids();
        let Some((egress, id)) = ids.get(n) else { return };
        let rule = (*egress, rule.1, rule.2, rule.3);
        let input = json!({ "GroupId": self.group, "SecurityGroupRules": [
            { "SecurityGroupRuleId": id, "SecurityGroupRule": self.request(rule) },
        ] });
        let answer = self.lab.try_write::<ModifySecurityGroupRules>(input);
        let mut after = self.rules.clone();
        after[n] = Self::normal(rule);
        let same_kind = Self::kind(rule.3) == Self::kind(self.rules[n].3);
        let all_differ = after.iter().collect::<BTreeSet<_>>().len() == after.len();
        assert_eq!(answer.is_ok(), same_kind && all_differ && self.alive(&after), "{answer:?}");
        if answer.is_ok() {
            self.rules = after;
        }
    }

    fn run(&mut self, step: Step) {
        let same = |rules: Vec<Plain>| {
            let egress = rules[0].0;
            (egress, rules.into_iter().map(|rule| (egress, rule.1, rule.2, rule.3)).collect::<Vec<_>>())
        };
        match step {
            Step::Authorize(rules) => {
                let (egress, rules) = same(rules);
                self.authorize(egress, rules);
            }
            Step::Revoke(rules) => {
                let (egress, rules) = same(rules);
                self.revoke(egress, rules);
            }
            Step::RevokeById(n) => {
                let ids = self.ids();
                let Some((egress, id)) = ids.get(n) else { return };
                let input = json!({ "GroupId": self.group, "SecurityGroupRuleIds": [id] });
                let wrong = match egress {
                    true => self.lab.try_write::<RevokeSecurityGroupIngress>(input.clone()),
                    false => self.lab.try_write::<RevokeSecurityGroupEgress>(input.clone()),
                };
                assert!(wrong.is_err(), "a rule of the other direction");
                match egress {
                    true => self.lab.write::<RevokeSecurityGroupEgress>(input),
                    false => self.lab.write::<RevokeSecurityGroupIngress>(input),
                };
                self.rules.remove(n);
            }
            Step::Modify(n, rule) => self.modify(n, rule),
            Step::DropPeer(n) => {
                let there = self.alive(&[(false, 0, 0, 6 + n)]);
                let input = json!({ "GroupId": self.peers[usize::from(n)] });
                let answer = self.lab.try_write::<DeleteSecurityGroup>(input);
                let named = self.rules.iter().any(|rule| rule.3 == 6 + n);
                assert_eq!(answer.is_ok(), there && !named, "{answer:?}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn rules_are_those_of_a_naive_model(steps in prop::collection::vec(step(), 0..40)) {
        let lab = Lab::with("us-east-1", Quotas { rules_per_direction: MOST, ..Quotas::default() });
        let vpc = lab.vpc();
        let peers = ["a", "b"].map(|name| lab.group(&vpc, name));
        let group = lab.group(&vpc, "web");
        let mut world = World { lab, group, peers, rules: Vec::new() };
        for step in steps {
            world.run(step);
            let state = world.lab.state();
            let group = state.groups.get(&SecurityGroupId::parse(&world.group).unwrap()).unwrap();
            prop_assert!(Direction::BOTH.into_iter().all(|direction| state.rules_fit(group, direction)));
            prop_assert_eq!(group.rules.len(), world.rules.len() + 1);
            // What is described, revoked by its description, and authorised again is the same.
            let told = world.lab.read::<DescribeSecurityGroupRules>(
                json!({ "Filters": [{ "Name": "group-id", "Values": [world.group] }] }),
            );
            let told: BTreeSet<_> = told["SecurityGroupRules"].as_array().unwrap().iter()
                .map(|rule| text(&rule["SecurityGroupRuleId"])).collect();
            prop_assert_eq!(told.len(), group.rules.len());
        }
    }
}
