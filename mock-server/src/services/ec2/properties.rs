//! Whatever is made and removed in whatever order, the state stays sound.

mod api;
mod blocks;
mod conservation;
mod deletions;
mod parallel;

use super::harness::{Lab, text};
use super::instance_run::RunInstances;
use super::instance_state::{StartInstances, StopInstances, TerminateInstances};
use super::network_interface_address::{AssignPrivateIpAddresses, UnassignPrivateIpAddresses};
use super::network_interface_attach::{AttachNetworkInterface, DetachNetworkInterface};
use super::network_interface_create::{CreateNetworkInterface, DeleteNetworkInterface};
use super::security_group::{CreateSecurityGroup, DeleteSecurityGroup};
use super::security_group_rule_change::{AuthorizeSecurityGroupIngress, RevokeSecurityGroupIngress};
use super::subnet::{CreateSubnet, DeleteSubnet};
use super::vpc::{CreateVpc, DeleteVpc};
use crate::model::Id;
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
    Assign(usize, u8, bool),
    Unassign(usize, bool),
    Move(usize, usize),
    Launch(usize, u8),
    Attach(usize, usize, u8),
    Detach(usize),
    Stop(usize),
    Start(usize),
    Terminate(usize),
    Wait,
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
        3 => (n(), 0u8..4, any::<bool>()).prop_map(|(it, more, prefix)| Step::Assign(it, more, prefix)),
        2 => (n(), any::<bool>()).prop_map(|(it, prefix)| Step::Unassign(it, prefix)),
        1 => (n(), n()).prop_map(|(from, to)| Step::Move(from, to)),
        2 => (n(), 1u8..3).prop_map(|(subnet, count)| Step::Launch(subnet, count)),
        3 => (n(), n(), 0u8..4).prop_map(|(it, instance, index)| Step::Attach(it, instance, index)),
        1 => n().prop_map(Step::Detach),
        1 => n().prop_map(Step::Stop),
        1 => n().prop_map(Step::Start),
        1 => n().prop_map(Step::Terminate),
        2 => Just(Step::Wait),
    ]
}

/// Ids that were given out, some of them gone by now; what is asked for is chosen from them.
#[derive(Default)]
struct Known {
    vpcs: Vec<String>,
    subnets: Vec<String>,
    groups: Vec<String>,
    interfaces: Vec<String>,
    instances: Vec<String>,
    waited: u64,
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
        step => run_on_interfaces(lab, known, step),
    }
}

/// The first of an interface's addresses or prefixes that can be taken back.
fn taken(lab: &Lab, id: &str, prefix: bool) -> Option<String> {
    let state = lab.state();
    let row = state.interfaces.get(&Id::parse(id)?)?;
    let address = || row.addresses.get(1).map(ToString::to_string);
    if prefix { row.prefixes.first().map(ToString::to_string) } else { address() }
}

fn run_on_interfaces(lab: &Lab, known: &mut Known, step: Step) {
    let instances = |n| json!({ "InstanceIds": [pick(&known.instances, n)] });
    match step {
        Step::Assign(n, more, prefix) => {
            let count = if prefix { "Ipv4PrefixCount" } else { "SecondaryPrivateIpAddressCount" };
            let input = json!({ "NetworkInterfaceId": pick(&known.interfaces, n), count: more });
            let _ = lab.try_write::<AssignPrivateIpAddresses>(input);
        }
        Step::Unassign(n, prefix) => {
            let id = pick(&known.interfaces, n);
            let list = if prefix { "Ipv4Prefixes" } else { "PrivateIpAddresses" };
            let input = json!({ "NetworkInterfaceId": id, list: taken(lab, &id, prefix).as_slice() });
            let _ = lab.try_write::<UnassignPrivateIpAddresses>(input);
        }
        Step::Move(from, to) => {
            let address = taken(lab, &pick(&known.interfaces, from), false);
            let input = json!({
                "NetworkInterfaceId": pick(&known.interfaces, to),
                "PrivateIpAddresses": address.as_slice(),
                "AllowReassignment": true,
            });
            let _ = lab.try_write::<AssignPrivateIpAddresses>(input);
        }
        Step::Launch(subnet, count) => {
            let made = lab.try_write::<RunInstances>(json!({
                "ImageId": "ami-12c6146b", "InstanceType": "t3.medium", "MinCount": 1, "MaxCount": count,
                "SubnetId": pick(&known.subnets, subnet),
            }));
            for made in made.iter().flat_map(|made| made["Instances"].as_array().unwrap()) {
                known.instances.push(text(&made["InstanceId"]));
                known.interfaces.push(text(&made["NetworkInterfaces"][0]["NetworkInterfaceId"]));
            }
        }
        Step::Attach(n, instance, index) => {
            let _ = lab.try_write::<AttachNetworkInterface>(json!({
                "NetworkInterfaceId": pick(&known.interfaces, n),
                "InstanceId": pick(&known.instances, instance),
                "DeviceIndex": index,
            }));
        }
        Step::Detach(n) => {
            let id = Id::parse(&pick(&known.interfaces, n));
            let row = id.and_then(|id| lab.state().interfaces.get(&id).cloned());
            let attachment = row.and_then(|row| row.attachment.as_ref().map(|it| it.id()));
            let input = json!({ "AttachmentId": attachment.unwrap_or_default() });
            let _ = lab.try_write::<DetachNetworkInterface>(input);
        }
        Step::Stop(n) => drop(lab.try_write::<StopInstances>(instances(n))),
        Step::Start(n) => drop(lab.try_write::<StartInstances>(instances(n))),
        Step::Terminate(n) => drop(lab.try_write::<TerminateInstances>(instances(n))),
        _ => {
            known.waited += 1_000;
            lab.settle(std::time::Duration::from_millis(known.waited));
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
                    .flat_map(|interface| interface.ipv4_addresses())
                    .collect();
                prop_assert_eq!(held.len(), held.iter().collect::<BTreeSet<_>>().len(), "one owner each");
                prop_assert_eq!(subnet.addresses.free() as usize, size as usize - 5 - held.len());
            }
        }
    }
}
