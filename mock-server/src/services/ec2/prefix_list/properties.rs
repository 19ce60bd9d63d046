//! Whatever becomes of lists and of the rules that name them, no reference dangles and no quota is exceeded.

use super::super::harness::{Lab, NOW, text};
use super::super::prefix_list_change::*;
use super::super::security_group_rule_change::{AuthorizeSecurityGroupIngress, RevokeSecurityGroupIngress};
use super::PrefixListId;
use crate::model::{Direction, Id, Peer, Quotas};
use proptest::prelude::*;
use serde_json::json;
use std::time::Duration;

#[derive(Clone, Debug)]
enum Step {
    Create(bool, i32),
    Add(usize, u8),
    Remove(usize, u8),
    Resize(usize, i32),
    Restore(usize, i64),
    Delete(usize),
    Refer(usize, usize, u8),
    Forget(usize, usize, u8),
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let n = || 0usize..4;
    prop_oneof![
        3 => (prop::bool::ANY, 1..6).prop_map(|(six, size)| Step::Create(six, size)),
        3 => (n(), 0u8..6).prop_map(|(list, net)| Step::Add(list, net)),
        1 => (n(), 0u8..6).prop_map(|(list, net)| Step::Remove(list, net)),
        3 => (n(), 1..8).prop_map(|(list, size)| Step::Resize(list, size)),
        1 => (n(), 1i64..4).prop_map(|(list, version)| Step::Restore(list, version)),
        2 => n().prop_map(Step::Delete),
        5 => (n(), 0usize..2, 0u8..3).prop_map(|(list, group, port)| Step::Refer(list, group, port)),
        2 => (n(), 0usize..2, 0u8..3).prop_map(|(list, group, port)| Step::Forget(list, group, port)),
        4 => (1u64..8).prop_map(|quarters| Step::Wait(quarters * 250)),
    ]
}

/// How many rules of a family and direction a group may have.
const MOST: usize = 8;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn lists_and_rules_stay_together(steps in prop::collection::vec(step(), 0..50)) {
        let lab = Lab::with("us-east-1", Quotas { rules_per_direction: MOST, ..Quotas::default() });
        let vpc = lab.vpc();
        let groups = ["a", "b"].map(|name| lab.group(&vpc, name));
        let mut lists = vec!["pl-63a5400a".to_owned()];
        let mut now = Duration::ZERO;
        for step in steps {
            let list = |n: usize| lists[n % lists.len()].clone();
            let net = |id: &str, n: u8| {
                let six = PrefixListId::parse(id).and_then(|id| lab.state().prefix_list(id).map(|list| list.family()));
                match six.map(|family| family.name()) {
                    Some("IPv6") => format!("2001:db8:{n}::/48"),
                    _ => format!("10.{n}.0.0/16"),
                }
            };
            let rule = |n: usize, group: usize, port: u8| json!({
                "GroupId": groups[group],
                "IpPermissions": [{ "IpProtocol": "tcp", "FromPort": port, "ToPort": port,
                    "PrefixListIds": [{ "PrefixListId": list(n) }] }],
            });
            // Refusals are right too; the laboratory looks at the invariants after every step.
            match step {
                Step::Create(six, size) => {
                    let family = if six { "IPv6" } else { "IPv4" };
                    let input = json!({ "PrefixListName": "l", "AddressFamily": family, "MaxEntries": size });
                    let made = lab.write::<CreateManagedPrefixList>(input);
                    lists.push(text(&made["PrefixList"]["PrefixListId"]));
                }
                Step::Add(n, range) => {
                    let (id, add) = (list(n), [json!({ "Cidr": net(&list(n), range) })]);
                    let _ = lab.try_write::<ModifyManagedPrefixList>(json!({ "PrefixListId": id, "AddEntries": add }));
                }
                Step::Remove(n, range) => {
                    let (id, gone) = (list(n), [json!({ "Cidr": net(&list(n), range) })]);
                    let input = json!({ "PrefixListId": id, "RemoveEntries": gone });
                    let _ = lab.try_write::<ModifyManagedPrefixList>(input);
                }
                Step::Resize(n, size) => {
                    let input = json!({ "PrefixListId": list(n), "MaxEntries": size });
                    let _ = lab.try_write::<ModifyManagedPrefixList>(input);
                }
                Step::Restore(n, previous) => {
                    let id = PrefixListId::parse(&list(n)).unwrap();
                    let current = lab.state().prefix_lists.get(&id).map(|list| list.version);
                    let input = json!({
                        "PrefixListId": list(n), "PreviousVersion": previous, "CurrentVersion": current,
                    });
                    let _ = lab.try_write::<RestoreManagedPrefixListVersion>(input);
                }
                Step::Delete(n) => {
                    let _ = lab.try_write::<DeleteManagedPrefixList>(json!({ "PrefixListId": list(n) }));
                }
                Step::Refer(n, group, port) => {
                    let _ = lab.try_write::<AuthorizeSecurityGroupIngress>(rule(n, group, port));
                }
                Step::Forget(n, group, port) => {
                    let _ = lab.try_write::<RevokeSecurityGroupIngress>(rule(n, group, port));
                }
                Step::Wait(millis) => {
                    now = lab.state().timers.next_due().map_or(now, |at| now.max(at.since(NOW)))
                        + Duration::from_millis(millis);
                    lab.settle(now);
                }
            }
            let state = lab.state();
            for group in state.groups.iter() {
                prop_assert!(Direction::BOTH.into_iter().all(|direction| state.rules_fit(group, direction)));
                for rule in &group.rules {
                    if let Peer::PrefixList(id) = rule.peer {
                        prop_assert!(state.prefix_list(id).is_some());
                    }
                }
            }
        }
    }
}
