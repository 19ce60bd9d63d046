//! The refusals of attachments, addresses, attributes and permissions of interfaces.

use super::super::describe::Describe;
use super::super::harness::{Lab, text};
use super::super::network_interface_address::{
    AssignIpv6Addresses, AssignPrivateIpAddresses, UnassignIpv6Addresses, UnassignPrivateIpAddresses,
};
use super::super::network_interface_attach::{AttachNetworkInterface, DetachNetworkInterface};
use super::super::network_interface_attribute::ModifyNetworkInterfaceAttribute;
use super::super::network_interface_create::CreateNetworkInterface;
use super::super::network_interface_permission::CreateNetworkInterfacePermission;
use super::super::subnet::CreateSubnet;
use super::super::subnet_cidr::AssociateSubnetCidrBlock;
use super::{Seen, with};
use crate::model::InterfacePermission;
use serde_json::{Value, json};
use std::collections::BTreeSet;

pub(super) fn all() -> BTreeSet<String> {
    let lab = Lab::new();
    let vpc = lab.vpc();
    let subnet = lab.subnet(&vpc, "10.0.0.0/26");
    let mut seen = Seen { lab: &lab, names: BTreeSet::new() };
    attachments(&mut seen, &vpc, &subnet);
    addresses(&mut seen, &vpc);
    ipv6(&mut seen, &vpc);
    attributes(&mut seen, &subnet);
    seen.names
}

fn attachments(seen: &mut Seen<'_>, vpc: &str, subnet: &str) {
    let lab = seen.lab;
    let instance = lab.instance(subnet, json!({}));
    let id = text(&instance["InstanceId"]);
    let primary = text(&instance["NetworkInterfaces"][0]["Attachment"]["AttachmentId"]);
    seen.write::<DetachNetworkInterface>(
        json!({ "AttachmentId": primary }),
        "OperationNotPermitted",
        "The network interface at device index 0 and networkCard index 0 cannot be detached.",
    );
    let one = lab.interface(subnet, &[]);
    let attach = |interface: &str, index: i32| json!({ "NetworkInterfaceId": interface, "InstanceId": id, "DeviceIndex": index });
    seen.write::<AttachNetworkInterface>(
        attach(&one, 1),
        "IncorrectInstanceState",
        &format!("The instance '{id}' is not in a state in which a network interface can be attached."),
    );
    lab.settle(std::time::Duration::from_millis(1_000));
    lab.write::<AttachNetworkInterface>(attach(&one, 1));
    seen.write::<AttachNetworkInterface>(
        attach(&one, 2),
        "InvalidNetworkInterface.InUse",
        &format!("Interface: [{one}] in use."),
    );
    let two = lab.interface(subnet, &[]);
    seen.value::<AttachNetworkInterface>(
        attach(&two, 1),
        &format!("Instance '{id}' already has an interface attached at device index '1'."),
    );
    seen.value::<AttachNetworkInterface>(attach(&two, -1), "Invalid device index -1");
    seen.value::<AttachNetworkInterface>(
        with(attach(&two, 2), json!({ "NetworkCardIndex": 1 })),
        "Invalid network card index 1 for t3.medium",
    );
    let input = json!({ "SubnetId": subnet, "InterfaceType": "efa" });
    let efa = lab.write::<CreateNetworkInterface>(input);
    seen.write::<AttachNetworkInterface>(
        attach(&text(&efa["NetworkInterface"]["NetworkInterfaceId"]), 2),
        "AttachmentLimitExceeded",
        "EFA interface count exceeds the limit 0 for t3.medium",
    );
    let zone = json!({ "VpcId": vpc, "CidrBlock": "10.0.9.0/24", "AvailabilityZone": "us-east-1b" });
    let far = text(&lab.write::<CreateSubnet>(zone)["Subnet"]["SubnetId"]);
    seen.write::<AttachNetworkInterface>(
        attach(&lab.interface(&far, &[]), 2),
        "InvalidParameterCombination",
        "You may not attach a network interface to an instance if they are not in the same availability zone",
    );
    lab.write::<AttachNetworkInterface>(attach(&two, 2));
    seen.write::<AttachNetworkInterface>(
        attach(&lab.interface(subnet, &[]), 3),
        "AttachmentLimitExceeded",
        "Interface count 4 exceeds the limit for t3.medium",
    );
    seen.write::<AssignPrivateIpAddresses>(
        json!({ "NetworkInterfaceId": two, "SecondaryPrivateIpAddressCount": 6 }),
        "PrivateIpAddressLimitExceeded",
        "Number of private addresses will exceed limit.",
    );
}

fn addresses(seen: &mut Seen<'_>, vpc: &str) {
    let lab = seen.lab;
    let subnet = lab.subnet(vpc, "10.0.1.0/26");
    let create = |more: Value| with(json!({ "SubnetId": subnet }), more);
    let (one, two) = (lab.interface(&subnet, &[]), lab.interface(&subnet, &[]));
    let assign = |more: Value| with(json!({ "NetworkInterfaceId": one }), more);
    for (prefix, message) in [
        (
            "10.0.1.16/29",
            "Value (10.0.1.16/29) for parameter prefix is invalid. Expecting a /28 of IPv4 or a /80 of IPv6 within the subnet.",
        ),
        ("10.0.1.0/28", "Prefix 10.0.1.0/28 is not available in the subnet"),
    ] {
        seen.value::<CreateNetworkInterface>(
            create(json!({ "Ipv4Prefixes": [{ "Ipv4Prefix": prefix }] })),
            message,
        );
    }
    seen.value::<AssignPrivateIpAddresses>(
        assign(json!({ "PrivateIpAddresses": ["10.0.1.5"] })),
        "[10.0.1.5] is already assigned but reassignment is not allowed.",
    );
    seen.value::<AssignPrivateIpAddresses>(
        assign(json!({ "PrivateIpAddresses": ["10.0.1.5"], "AllowReassignment": true })),
        "[10.0.1.5] is the primary address of an interface and cannot be reassigned.",
    );
    seen.value::<UnassignPrivateIpAddresses>(
        assign(json!({ "PrivateIpAddresses": ["10.0.1.4", "10.0.1.9"] })),
        &format!("Some of [10.0.1.4, 10.0.1.9] are not assigned to interface {one}"),
    );
    seen.value::<UnassignPrivateIpAddresses>(
        assign(json!({ "PrivateIpAddresses": ["10.0.1.4"] })),
        "The primary address 10.0.1.4 of an interface cannot be unassigned.",
    );
    seen.write::<UnassignPrivateIpAddresses>(
        assign(json!({})),
        "MissingParameter",
        "Either 'privateIpAddresses' or 'ipv4Prefixes' should be provided.",
    );
    // Of each whole prefix one address is taken: 57 are free, and none of them can be had as a prefix.
    let scattered = json!({ "NetworkInterfaceId": two, "PrivateIpAddresses": ["10.0.1.20", "10.0.1.40"] });
    lab.write::<AssignPrivateIpAddresses>(scattered);
    seen.write::<AssignPrivateIpAddresses>(
        assign(json!({ "Ipv4PrefixCount": 1 })),
        "InsufficientCidrBlocks",
        "The specified subnet does not have enough free cidr blocks to satisfy the request.",
    );
    lab.write::<AssignPrivateIpAddresses>(assign(json!({ "SecondaryPrivateIpAddressCount": 45 })));
    seen.value::<AssignPrivateIpAddresses>(
        assign(json!({ "Ipv4PrefixCount": 1 })),
        "There aren't sufficient free Ipv4 addresses or prefixes",
    );
}

fn ipv6(seen: &mut Seen<'_>, vpc: &str) {
    let lab = seen.lab;
    let subnet = lab.subnet(vpc, "10.0.2.0/24");
    let one = lab.interface(&subnet, &[]);
    let assign = |more: Value| with(json!({ "NetworkInterfaceId": one }), more);
    let count = |n: u32| assign(json!({ "Ipv6AddressCount": n }));
    let chosen = |address: &str| assign(json!({ "Ipv6Addresses": [address] }));
    seen.write::<AssignIpv6Addresses>(
        assign(json!({})),
        "MissingParameter",
        "Either 'ipv6Addresses', 'ipv6AddressCount', 'ipv6Prefixes' or 'ipv6PrefixCount' should be provided.",
    );
    seen.value::<AssignIpv6Addresses>(
        count(1),
        &format!("The subnet '{subnet}' has no IPv6 CIDR block associated with it."),
    );
    let block = lab.ipv6_block(vpc);
    lab.write::<AssociateSubnetCidrBlock>(json!({ "SubnetId": subnet, "Ipv6CidrBlock": block }));
    let at = |host: &str| block.replace("/64", host);
    seen.write::<AssignIpv6Addresses>(
        count(4_000_000),
        "PrivateIpAddressLimitExceeded",
        "Number of IPv6 addresses will exceed limit.",
    );
    seen.value::<AssignIpv6Addresses>(chosen("here"), "Invalid value 'here' for IPv6 address.");
    seen.value::<AssignIpv6Addresses>(
        chosen("2001:db8:0:2::9"),
        "Address 2001:db8:0:2::9 does not fall within the subnet's address range",
    );
    seen.value::<AssignIpv6Addresses>(
        chosen(&at("3")),
        &format!("Address {} is in subnet's reserved address range", at("3")),
    );
    let enable = |primary: bool| assign(json!({ "EnablePrimaryIpv6": primary }));
    seen.value::<ModifyNetworkInterfaceAttribute>(
        enable(true),
        "The network interface has no IPv6 address that could be its primary one.",
    );
    lab.write::<AssignIpv6Addresses>(chosen(&at("9")));
    lab.write::<ModifyNetworkInterfaceAttribute>(enable(true));
    let kept = "The primary IPv6 address of a network interface cannot be disabled or unassigned.";
    seen.value::<ModifyNetworkInterfaceAttribute>(enable(false), kept);
    seen.value::<UnassignIpv6Addresses>(chosen(&at("9")), kept);
}

fn attributes(seen: &mut Seen<'_>, subnet: &str) {
    let create = |more: Value| with(json!({ "SubnetId": subnet }), more);
    let one = seen.lab.interface(subnet, &[]);
    let of = |more: Value| with(json!({ "NetworkInterfaceId": one }), more);
    seen.value::<CreateNetworkInterface>(
        create(json!({ "InterfaceType": "branch" })),
        "Value (branch) for parameter interfaceType is invalid. Expecting interface, efa, efa-only or trunk.",
    );
    seen.write::<CreateNetworkInterface>(
        create(json!({ "InterfaceType": "efa-only", "SecondaryPrivateIpAddressCount": 1 })),
        "InvalidParameterCombination",
        "Network interfaces of type efa-only do not support IP addresses.",
    );
    seen.value::<ModifyNetworkInterfaceAttribute>(
        of(json!({ "ConnectionTrackingSpecification": { "UdpTimeout": 61 } })),
        "Value (61) for parameter udpTimeout is invalid. Expecting 30 to 60 seconds.",
    );
    seen.read::<Describe<InterfacePermission>>(
        json!({ "NetworkInterfacePermissionIds": ["eni-perm-1"] }),
        "InvalidNetworkInterfacePermissionID.NotFound",
        "The networkInterfacePermission ID 'eni-perm-1' does not exist",
    );
    let attach = |more: Value| with(of(json!({ "Permission": "INSTANCE-ATTACH" })), more);
    seen.value::<CreateNetworkInterfacePermission>(
        attach(json!({ "AwsAccountId": "me" })),
        "Value (me) for parameter awsAccountId is invalid. Expecting an account id.",
    );
    seen.value::<CreateNetworkInterfacePermission>(
        attach(json!({ "AwsService": "x" })),
        "The parameter awsService is currently not supported.",
    );
}
