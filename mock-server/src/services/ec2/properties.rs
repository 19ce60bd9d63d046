//! Whatever is made and removed in whatever order, the state stays sound.

mod blocks;

use super::harness::{Lab, text};
use super::network_interface_create::{CreateNetworkInterface, DeleteNetworkInterface};
use super::security_group::{CreateSecurityGroup, DeleteSecurityGroup};
use super::security_group_rule_change::{AuthorizeSecurityGroupIngress, RevokeSecurityGroupIngress};
use super::subnet::{CreateSubnet, DeleteSubnet};
use super::vpc::{CreateVpc, DeleteVpc};
use proptest::prelude::*;
use serde_json::json;
use std::collections::BTreeSet;

#[derive(Clone, Debug)]
enum Step {
    MakeVpc,
    DropVpc(usize),
    MakeSubnet(usize, u8, u8),
    DropSubnet(usize),
    MakeGroup(usize, u8),
    DropGroup(usize),
    Refer(usize, usize),
    Forget(usize, usize),
    MakeInterface(usize, Vec<usize>, Option<u8>, u8),
    DropInterface(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let n = || 0usize..6;
    prop_oneof![
        1 => Just(Step::MakeVpc),
        1 => n().prop_map(Step::DropVpc),
        3 => (n(), 0u8..8, 26u8..=29).prop_map(|(vpc, at, size)| Step::MakeSubnet(vpc, at, size)),
        2 => n().prop_map(Step::DropSubnet),
        2 => (n(), 0u8..6).prop_map(|(vpc, name)| Step::MakeGroup(vpc, name)),
        2 => n().prop_map(Step::DropGroup),
        2 => (n(), n()).prop_map(|(a, b)| Step::Refer(a, b)),
        1 => (n(), n()).prop_map(|(a, b)| Step::Forget(a, b)),
        6 => (n(), prop::collection::vec(n(), 0..3), prop::option::of(0u8..64), 0u8..4)
            .prop_map(|(subnet, groups, address, more)| Step::MakeInterface(subnet, groups, address, more)),
        3 => n().prop_map(Step::DropInterface),
    ]
}

/// Ids that were given out, some of them gone by now; what is asked for is chosen from them.
#[derive(Default)]
struct Known {
    vpcs: Vec<String>,
    subnets: Vec<String>,
    groups: Vec<String>,
    interfaces: Vec<String>,
}

fn pick(ids: &[String], n: usize) -> String {
    if ids.is_empty() { "none".into() } else { ids[n % ids.len()].clone() }
}

fn run(lab: &Lab, known: &mut Known, step: Step) {
    match step {
        Step::MakeVpc => {
            let made = lab.try_write::<CreateVpc>(json!({ "CidrBlock": "10.0.0.0/24" }));
            known.vpcs.extend(made.map(|made| text(&made["Vpc"]["VpcId"])));
        }
        Step::DropVpc(n) => {
            let _ = lab.try_write::<DeleteVpc>(json!({ "VpcId": pick(&known.vpcs, n) }));
        }
        Step::MakeSubnet(vpc, at, size) => {
            let cidr = format!("10.0.0.{}/{size}", u16::from(at) * 32);
            let input = json!({ "VpcId": pick(&known.vpcs, vpc), "CidrBlock": cidr });
            let made = lab.try_write::<CreateSubnet>(input);
            known.subnets.extend(made.map(|made| text(&made["Subnet"]["SubnetId"])));
        }
        Step::DropSubnet(n) => {
            let _ = lab.try_write::<DeleteSubnet>(json!({ "SubnetId": pick(&known.subnets, n) }));
        }
        Step::MakeGroup(vpc, name) => {
            let vpc = pick(&known.vpcs, vpc);
            let input = json!({ "VpcId": vpc, "GroupName": format!("g{name}"), "Description": "d" });
            let made = lab.try_write::<CreateSecurityGroup>(input);
            known.groups.extend(made.map(|made| text(&made["GroupId"])));
        }
        Step::DropGroup(n) => {
            let _ = lab.try_write::<DeleteSecurityGroup>(json!({ "GroupId": pick(&known.groups, n) }));
        }
        Step::Refer(a, b) | Step::Forget(a, b) => {
            let input = json!({
                "GroupId": pick(&known.groups, a),
                "IpPermissions": [
                    { "IpProtocol": "-1", "UserIdGroupPairs": [{ "GroupId": pick(&known.groups, b) }] },
                ],
            });
            let _ = match step {
                Step::Refer(..) => lab.try_write::<AuthorizeSecurityGroupIngress>(input),
                _ => lab.try_write::<RevokeSecurityGroupIngress>(input),
            };
        }
        Step::MakeInterface(subnet, groups, address, more) => {
            let groups: Vec<_> = groups.into_iter().map(|n| pick(&known.groups, n)).collect();
            let mut input = json!({ "SubnetId": pick(&known.subnets, subnet), "Groups": groups });
            match address {
                Some(last) => input["PrivateIpAddress"] = json!(format!("10.0.0.{last}")),
                None => input["SecondaryPrivateIpAddressCount"] = json!(more),
            }
            let made = lab.try_write::<CreateNetworkInterface>(input);
            known.interfaces.extend(made.map(|made| text(&made["NetworkInterface"]["NetworkInterfaceId"])));
        }
        Step::DropInterface(n) => {
            let input = json!({ "NetworkInterfaceId": pick(&known.interfaces, n) });
            let _ = lab.try_write::<DeleteNetworkInterface>(input);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_sequence_of_creates_and_deletes_keeps_the_state_sound(steps in prop::collection::vec(step(), 0..60)) {
        let lab = Lab::new();
        let mut known = Known::default();
        for step in steps {
            // The laboratory looks at the invariants and at refused calls after every step.
            run(&lab, &mut known, step);
            let state = lab.state();
            for subnet in state.subnets.iter() {
                let size = 1u32 << (32 - subnet.cidr.unwrap().prefix_len());
                let held: Vec<_> = state
                    .interfaces
                    .iter()
                    .filter(|interface| interface.subnet == subnet.id)
                    .flat_map(|interface| &interface.addresses)
                    .collect();
                prop_assert_eq!(held.len(), held.iter().collect::<BTreeSet<_>>().len(), "one owner each");
                prop_assert_eq!(subnet.addresses.free() as usize, size as usize - 5 - held.len());
            }
        }
    }
}
