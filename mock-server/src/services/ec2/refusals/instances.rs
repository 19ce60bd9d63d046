//! The refusals of instances, images and instance types.

use super::super::harness::{Lab, text};
use super::super::image::DescribeImages;
use super::super::instance_attribute::ModifyInstanceAttribute;
use super::super::instance_describe::DescribeInstances;
use super::super::instance_run::RunInstances;
use super::super::instance_state::{StartInstances, StopInstances, TerminateInstances};
use super::super::instance_type::DescribeInstanceTypes;
use super::super::network_interface_attach::AttachNetworkInterface;
use super::super::subnet::{CreateSubnet, DeleteSubnet};
use super::{Seen, with};
use crate::model::Quotas;
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn launch(more: Value) -> Value {
    with(
        json!({ "ImageId": "ami-12c6146b", "InstanceType": "t3.medium", "MinCount": 1, "MaxCount": 1 }),
        more,
    )
}

pub(super) fn all() -> BTreeSet<String> {
    let lab = Lab::new();
    let vpc = lab.vpc();
    let subnet = lab.subnet(&vpc, "10.0.0.0/24");
    let mut seen = Seen { lab: &lab, names: BTreeSet::new() };
    names(&mut seen);
    launching(&mut seen, &vpc, &subnet);
    interfaces(&mut seen, &vpc, &subnet);
    states(&mut seen, &subnet);
    defaults(&mut seen);
    let mut names = seen.names;
    names.extend(nowhere());
    names
}

fn names(seen: &mut Seen<'_>) {
    let lost = "i-0123456789abcdef0";
    seen.read::<DescribeInstances>(
        json!({ "InstanceIds": [lost, "i-12345678"] }),
        "InvalidInstanceID.NotFound",
        &format!("The instance IDs '{lost}, i-12345678' do not exist"),
    );
    seen.read::<DescribeInstances>(
        json!({ "InstanceIds": ["i-x"] }),
        "InvalidInstanceID.Malformed",
        "Invalid id: \"i-x\" (expecting \"i-...\")",
    );
    seen.write::<StopInstances>(json!({}), "InvalidParameterCombination", "No instances specified");
    seen.write::<RunInstances>(
        launch(json!({ "ImageId": "ami-abcd1234" })),
        "InvalidAMIID.NotFound",
        "The image id '[ami-abcd1234]' does not exist",
    );
    seen.write::<RunInstances>(
        launch(json!({ "ImageId": "resolve:ssm:/aws/service/none" })),
        "SsmInvalidParameter",
        "The following aliases are invalid: /aws/service/none",
    );
    seen.write::<RunInstances>(
        launch(json!({ "UserData": "?" })),
        "InvalidUserData.Malformed",
        "Invalid BASE64 encoding of user data.",
    );
    seen.write::<RunInstances>(
        launch(json!({ "UserData": "AAAA".repeat(5_462) })),
        "InvalidParameterValue",
        "User data is limited to 16384 bytes",
    );
    seen.read::<DescribeImages>(
        json!({ "ImageIds": ["ami-abcd1234", "ami-abcd1235"] }),
        "InvalidAMIID.NotFound",
        "The image ids '[ami-abcd1234, ami-abcd1235]' do not exist",
    );
    seen.write::<RunInstances>(
        launch(json!({ "ImageId": "image" })),
        "InvalidAMIID.Malformed",
        "Invalid id: \"image\" (expecting \"ami-...\")",
    );
    seen.value::<RunInstances>(
        launch(json!({ "InstanceType": "m5.huge" })),
        "Invalid value 'm5.huge' for InstanceType.",
    );
    seen.read::<DescribeInstanceTypes>(
        json!({ "InstanceTypes": ["m5.huge", "m5.large", "m5.tiny"] }),
        "InvalidInstanceType",
        "The following supplied instance types do not exist: [m5.huge, m5.tiny]",
    );
    seen.value::<RunInstances>(
        launch(json!({ "InstanceType": "m6g.large" })),
        "The architecture 'arm64' of the specified instance type does not match the architecture 'x86_64' of the \
         specified AMI.",
    );
}

fn launching(seen: &mut Seen<'_>, vpc: &str, subnet: &str) {
    let lab = seen.lab;
    seen.value::<RunInstances>(
        launch(json!({ "MaxCount": 0 })),
        "Value (0) for parameter maxCount is invalid.",
    );
    let small = lab.subnet(vpc, "10.0.1.0/28");
    seen.write::<RunInstances>(
        launch(json!({ "SubnetId": small, "MinCount": 12, "MaxCount": 12 })),
        "InsufficientFreeAddressesInSubnet",
        &format!(
            "There are not enough free addresses in subnet '{small}' to satisfy the requested number of instances."
        ),
    );
    lab.instance(subnet, json!({ "PrivateIpAddress": "10.0.0.9" }));
    seen.write::<RunInstances>(
        launch(json!({ "SubnetId": subnet, "PrivateIpAddress": "10.0.0.9" })),
        "InvalidIPAddress.InUse",
        "Address 10.0.0.9 is in use.",
    );
    seen.write::<RunInstances>(
        launch(json!({ "SubnetId": subnet, "PrivateIpAddress": "10.0.0.8", "MaxCount": 2 })),
        "InvalidParameterCombination",
        "A private IP address may not be specified for more than one instance",
    );
    let foreign = lab.group(&lab.vpc(), "foreign");
    seen.write::<RunInstances>(
        launch(json!({ "SubnetId": subnet, "SecurityGroupIds": [foreign] })),
        "InvalidParameter",
        &format!("Security group {foreign} and subnet {subnet} belong to different networks."),
    );
    seen.write::<RunInstances>(
        launch(json!({ "SubnetId": subnet, "SecurityGroups": ["default"] })),
        "InvalidParameterCombination",
        "The parameter groupName cannot be used with the parameter subnet",
    );
    seen.value::<RunInstances>(
        launch(json!({ "Placement": { "AvailabilityZone": "us-west-1b" } })),
        "Invalid Availability Zone (us-west-1b)",
    );
    seen.value::<RunInstances>(
        launch(json!({ "SubnetId": subnet, "Placement": { "AvailabilityZone": "us-east-1b" } })),
        &format!("The subnet '{subnet}' is not in the availability zone 'us-east-1b'."),
    );
    seen.value::<RunInstances>(
        launch(json!({ "InstanceInitiatedShutdownBehavior": "explode" })),
        "Value (explode) for parameter instanceInitiatedShutdownBehavior is invalid.",
    );
}

fn interfaces(seen: &mut Seen<'_>, vpc: &str, subnet: &str) {
    let lab = seen.lab;
    let with_specs = |specs: Value| launch(json!({ "NetworkInterfaces": specs }));
    let combination = "InvalidParameterCombination";
    let one = json!([{ "DeviceIndex": 0, "SubnetId": subnet }]);
    for (member, value, name) in [
        ("SubnetId", json!(subnet), "subnet ID"),
        ("SecurityGroupIds", json!(["sg-0"]), "security groups"),
        ("PrivateIpAddress", json!("10.0.0.99"), "private address"),
        ("Ipv6AddressCount", json!(1), "IPv6 addresses"),
    ] {
        let mut input = with_specs(one.clone());
        input[member] = value;
        let message = format!(
            "Network interfaces and an instance-level {name} may not be specified on the same request"
        );
        seen.write::<RunInstances>(input, combination, &message);
    }
    seen.value::<RunInstances>(
        with_specs(json!([{ "SubnetId": subnet }])),
        "Each network interface requires a device index.",
    );
    seen.value::<RunInstances>(
        with_specs(json!([{ "DeviceIndex": 1, "SubnetId": subnet }])),
        "When specifying network interfaces, you must include a device at index 0",
    );
    seen.value::<RunInstances>(
        with_specs(json!([{ "DeviceIndex": 0 }, { "DeviceIndex": 0 }])),
        "More than one network interface is specified at device index 0.",
    );
    let existing = lab.interface(subnet, &[]);
    let with_existing = |more: Value| {
        with_specs(json!([with(json!({ "DeviceIndex": 0, "NetworkInterfaceId": existing }), more)]))
    };
    seen.write::<RunInstances>(
        with_existing(json!({ "SubnetId": subnet })),
        combination,
        "A network interface ID and the parameter subnetId may not be specified together",
    );
    seen.write::<RunInstances>(
        with(with_existing(json!({})), json!({ "MaxCount": 2 })),
        combination,
        "Network interfaces specified by ID can be attached to one instance only",
    );
    let public = |index: i32, subnet: &str| json!({ "DeviceIndex": index, "SubnetId": subnet, "AssociatePublicIpAddress": true });
    seen.write::<RunInstances>(
        with_specs(json!([public(0, subnet), { "DeviceIndex": 1, "SubnetId": subnet }])),
        combination,
        "The associatePublicIPAddress parameter cannot be specified when launching with multiple network interfaces.",
    );
    let zone = json!({ "VpcId": vpc, "CidrBlock": "10.0.9.0/24", "AvailabilityZone": "us-east-1b" });
    let far = text(&lab.write::<CreateSubnet>(zone)["Subnet"]["SubnetId"]);
    seen.write::<RunInstances>(
        with_specs(json!([{ "DeviceIndex": 0, "SubnetId": subnet }, { "DeviceIndex": 1, "SubnetId": far }])),
        combination,
        "The network interfaces of an instance must be in the same availability zone.",
    );
}

fn states(seen: &mut Seen<'_>, subnet: &str) {
    let lab = seen.lab;
    let id = text(&lab.instance(subnet, json!({ "DisableApiTermination": true }))["InstanceId"]);
    let ids = json!({ "InstanceIds": [id] });
    seen.write::<TerminateInstances>(
        ids.clone(),
        "OperationNotPermitted",
        &format!(
            "The instance '{id}' may not be terminated. Modify its 'disableApiTermination' instance attribute and \
             try again."
        ),
    );
    let modify = |more: Value| with(json!({ "InstanceId": id }), more);
    lab.write::<ModifyInstanceAttribute>(modify(json!({ "DisableApiStop": { "Value": true } })));
    seen.write::<StopInstances>(
        ids.clone(),
        "OperationNotPermitted",
        &format!("The instance '{id}' may not be stopped. Modify its 'disableApiStop' instance attribute and try again."),
    );
    seen.write::<ModifyInstanceAttribute>(
        modify(json!({ "InstanceType": { "Value": "m5.large" } })),
        "IncorrectInstanceState",
        &format!("The instance '{id}' is not in the 'stopped' state."),
    );
    lab.settle(std::time::Duration::from_millis(1_000));
    let second = lab.interface(subnet, &[]);
    let attach = json!({ "NetworkInterfaceId": second, "InstanceId": id, "DeviceIndex": 1 });
    lab.write::<AttachNetworkInterface>(attach);
    seen.write::<ModifyInstanceAttribute>(
        modify(json!({ "SourceDestCheck": { "Value": false } })),
        "InvalidInstanceID",
        &format!(
            "There are multiple interfaces attached to instance '{id}'. Please specify an interface ID for the \
             operation instead."
        ),
    );
    lab.write::<ModifyInstanceAttribute>(modify(json!({ "DisableApiTermination": { "Value": false } })));
    lab.write::<TerminateInstances>(ids.clone());
    lab.settle(std::time::Duration::from_millis(10_000));
    seen.write::<StartInstances>(
        ids.clone(),
        "IncorrectInstanceState",
        &format!("The instance '{id}' is not in a state from which it can be started."),
    );
    seen.write::<StopInstances>(
        ids,
        "IncorrectInstanceState",
        &format!("This instance '{id}' is not in a state from which it can be stopped."),
    );
    seen.write::<ModifyInstanceAttribute>(
        modify(json!({ "SourceDestCheck": { "Value": false } })),
        "IncorrectInstanceState",
        &format!("The instance '{id}' is terminated."),
    );
}

/// Without the default subnet of a zone, and without any.
fn defaults(seen: &mut Seen<'_>) {
    let state = seen.lab.state();
    let vpc = state.default_vpc().unwrap().id;
    let mut subnets: Vec<_> = state.subnets.iter().filter(|subnet| subnet.vpc == vpc).collect();
    subnets.sort_by_key(|subnet| subnet.zone);
    for (n, subnet) in subnets.iter().enumerate() {
        seen.lab.write::<DeleteSubnet>(json!({ "SubnetId": subnet.id.to_string() }));
        if n == 0 {
            seen.write::<RunInstances>(
                launch(json!({ "Placement": { "AvailabilityZone": "us-east-1a" } })),
                "InvalidInput",
                "No default subnet for availability zone: 'us-east-1a'.",
            );
        }
    }
    seen.write::<RunInstances>(
        launch(json!({})),
        "MissingInput",
        &format!("No subnets found for the default VPC '{vpc}'. Please specify a subnet."),
    );
}

fn nowhere() -> BTreeSet<String> {
    let lab = Lab::with("nowhere-1", Quotas::default());
    let mut seen = Seen { lab: &lab, names: BTreeSet::new() };
    seen.write::<RunInstances>(
        launch(json!({})),
        "VPCIdNotSpecified",
        "No default VPC for this user. GroupName is only supported for EC2-Classic and default VPC.",
    );
    seen.names
}
