//! Every refusal there is, reached through an operation, with the code and the text that callers see.

mod acls;
mod addresses;
mod endpoints;
mod flow_logs;
mod gateways;
mod groups;
mod insights;
mod instances;
mod interfaces;
mod launch_templates;
mod peering;
mod prefix_lists;
pub(super) mod routing;
mod transit_tables;
mod vpcs;

use super::describe::Describe;
use super::error::Ec2Error;
use super::harness::Lab;
use super::network_interface_attach::DetachNetworkInterface;
use super::network_interface_attribute::{
    DescribeNetworkInterfaceAttribute, ModifyNetworkInterfaceAttribute,
};
use super::network_interface_create::{CreateNetworkInterface, DeleteNetworkInterface};
use super::security_group::CreateSecurityGroup;
use super::security_group_rule_change::AuthorizeSecurityGroupIngress;
use super::subnet::{CreateSubnet, DeleteSubnet};
use super::tags::{CreateTags, DeleteTags};
use super::vpc::{CreateVpc, DeleteVpc, ModifyVpcAttribute};
use crate::model::{
    Attachment, Id, NetworkInterface, NetworkInterfaceId, Quotas, RouteTable, SecurityGroup, Subnet,
    SubnetId, Vpc,
};
use crate::services::refusal::Refusal;
use crate::services::{Read, Refused, Write};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Which refusals were seen, by the names of their variants.
struct Seen<'a> {
    lab: &'a Lab,
    names: BTreeSet<String>,
}

impl Seen<'_> {
    fn check(&mut self, answer: Result<Value, Ec2Error>, code: &str, message: &str) {
        let error = answer.unwrap_err();
        self.names.insert(error.line().name.to_owned());
        let refused = Refused::from(error);
        if let Some(id) = refused.because {
            assert!(crate::rules::page(id).is_some(), "{id} leads nowhere");
        }
        assert_eq!(
            (&*refused.code, &*refused.message, refused.status),
            (code, message, if code == "NotImplemented" { 501 } else { 400 })
        );
    }

    fn write<O: Write<Error = Ec2Error>>(&mut self, input: Value, code: &str, message: &str) {
        self.check(self.lab.try_write::<O>(input), code, message);
    }

    fn read<O: Read<Error = Ec2Error>>(&mut self, input: Value, code: &str, message: &str) {
        self.check(self.lab.try_read::<O>(input), code, message);
    }

    /// A value that is refused as such.
    fn value<O: Write<Error = Ec2Error>>(&mut self, input: Value, message: &str) {
        self.write::<O>(input, "InvalidParameterValue", message);
    }
}

fn with(mut base: Value, more: Value) -> Value {
    base.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    base
}

#[test]
fn every_refusal_has_its_code_and_its_text() {
    let lab = Lab::new();
    let (vpc, other) = (lab.vpc(), lab.vpc());
    let subnet = lab.subnet(&vpc, "10.0.0.0/28");
    let group = lab.group(&vpc, "web");
    let foreign = lab.group(&other, "foreign");
    let used = lab.interface(&subnet, &[&group]);
    let mut seen = Seen { lab: &lab, names: BTreeSet::new() };
    any_operation(&mut seen, &vpc, &subnet);
    tags(&mut seen, &vpc);
    networks(&mut seen, &vpc, &subnet);
    vpcs::blocks(&mut seen);
    vpcs::subnets(&mut seen);
    vpcs::reservations(&mut seen, &vpc);
    groups::groups(&mut seen, &vpc, &group);
    groups::rules(&mut seen, &group, &foreign);
    groups::changes(&mut seen, &group);
    groups::further_vpcs(&mut seen, &group, &other);
    prefix_lists::prefix_lists(&mut seen);
    launch_templates::launch_templates(&mut seen);
    interfaces(&mut seen, &subnet, &used, &foreign);
    gateways::gateways_and_regions(&mut seen);
    gateways::dhcp_options(&mut seen, &vpc);
    addresses::addresses(&mut seen);
    addresses::nat_gateways(&mut seen);
    acls::network_acls(&mut seen, &vpc, &other);
    endpoints::endpoints(&mut seen, &vpc, &other, &subnet);
    let names = seen.names;
    let mut all = quotas();
    all.extend(vpcs::default_vpc());
    all.extend(addresses::quotas());
    all.extend(acls::quotas());
    all.extend(interfaces::all());
    all.extend(instances::all());
    all.extend(no_default_vpc());
    all.extend(endpoints::quotas());
    all.extend(peering::peering());
    all.extend(routing::seen());
    all.extend(flow_logs::flow_logs());
    all.extend(insights::insights());
    all.extend(names);
    let lines: BTreeSet<_> = Ec2Error::lines().iter().map(|line| line.name.to_owned()).collect();
    assert_eq!(lines.len(), Ec2Error::lines().len(), "no name is used twice");
    assert_eq!(lines.difference(&all).collect::<Vec<_>>(), Vec::<&String>::new());
}

fn any_operation(seen: &mut Seen<'_>, vpc: &str, subnet: &str) {
    let filter = |name: &str, values: Vec<&str>| json!({ "Filters": [{ "Name": name, "Values": values }] });
    seen.write::<CreateVpc>(
        json!({}),
        "MissingParameter",
        "The request must contain the parameter cidrBlock",
    );
    seen.read::<Describe<Vpc>>(
        filter("foo", vec!["x"]),
        "InvalidParameterValue",
        "The filter 'foo' is invalid",
    );
    seen.read::<Describe<Vpc>>(
        filter("state", vec!["x"; 201]),
        "FilterLimitExceeded",
        "The maximum number of filter values specified on a single call is 200",
    );
    seen.read::<Describe<Vpc>>(
        json!({ "MaxResults": 3 }),
        "InvalidParameterValue",
        "Value ( 3 ) for parameter maxResults is invalid. Expecting a value greater than 5.",
    );
    seen.read::<Describe<RouteTable>>(
        json!({ "MaxResults": 101 }),
        "InvalidParameterValue",
        "Value ( 101 ) for parameter maxResults is invalid. Expecting a value less than 100.",
    );
    seen.read::<Describe<Vpc>>(
        json!({ "MaxResults": 5, "VpcIds": [vpc] }),
        "InvalidParameterCombination",
        "The parameter vpcIds cannot be used with the parameter maxResults",
    );
    seen.read::<Describe<Vpc>>(json!({ "NextToken": "?" }), "InvalidNextToken", "The token '?' is invalid");
    let create =
        |token: &str, about: &str| json!({ "SubnetId": subnet, "ClientToken": token, "Description": about });
    seen.lab.write::<CreateNetworkInterface>(create("t", "a"));
    seen.write::<CreateNetworkInterface>(
        create("t", "b"),
        "IdempotentParameterMismatch",
        "Arguments on this idempotent request are inconsistent with arguments used in previous request(s).",
    );
    seen.value::<CreateNetworkInterface>(
        create("ü", ""),
        "Value (ü) for parameter clientToken is invalid. Expecting at most 64 ASCII characters.",
    );
}

fn tags(seen: &mut Seen<'_>, vpc: &str) {
    let given = |tags: Value| json!({ "CidrBlock": "10.0.0.0/16", "TagSpecifications": tags });
    let tag =
        |key: &str, value: &str| json!({ "Resources": [vpc], "Tags": [{ "Key": key, "Value": value }] });
    seen.value::<CreateVpc>(
        given(json!([{ "ResourceType": "vpc" }])),
        "Tag specification must have at least one tag",
    );
    seen.value::<CreateVpc>(given(json!([{}])), "Tag specification resource type must have a value");
    seen.value::<CreateVpc>(
        given(json!([{ "ResourceType": "subnet" }])),
        "'subnet' is not a valid taggable resource type for this operation.",
    );
    let reserved = "Tag keys starting with 'aws:' are reserved for internal use";
    seen.value::<CreateTags>(tag("aws:x", ""), reserved);
    seen.value::<DeleteTags>(tag("aws:x", ""), reserved);
    seen.value::<CreateTags>(tag("", ""), "Tag key must have a length between 1 and 128 characters");
    seen.value::<CreateTags>(
        tag("k", &"v".repeat(257)),
        "Tag value exceeds the maximum length of 256 characters",
    );
    let null = json!({ "Resources": [vpc], "Tags": [{ "Key": "k" }] });
    seen.value::<CreateTags>(null, "Tag value cannot be null. Use empty string instead.");
    let twice = json!([{ "Key": "k", "Value": "1" }, { "Key": "k", "Value": "2" }]);
    seen.value::<CreateTags>(
        json!({ "Resources": [vpc], "Tags": twice }),
        "Duplicate tag key 'k' specified.",
    );
    let many: Value = (0..51).map(|n| json!({ "Key": format!("k{n}"), "Value": "" })).collect();
    seen.write::<CreateTags>(
        json!({ "Resources": [vpc], "Tags": many }),
        "TagLimitExceeded",
        "The maximum number of Tags for a resource has been reached.",
    );
    let one = json!([{ "Key": "k", "Value": "" }]);
    seen.write::<CreateTags>(
        json!({ "Resources": ["what-1"], "Tags": one }),
        "InvalidID",
        "The ID 'what-1' is not valid",
    );
}

fn networks(seen: &mut Seen<'_>, vpc: &str, subnet: &str) {
    let create = |cidr: &str| json!({ "VpcId": vpc, "CidrBlock": cidr });
    seen.write::<DeleteVpc>(
        json!({ "VpcId": "InvalidVpcId" }),
        "InvalidVpcID.NotFound",
        "The vpc ID 'InvalidVpcId' does not exist",
    );
    seen.read::<Describe<Vpc>>(
        json!({ "VpcIds": ["vpc-1", vpc, "vpc-2"] }),
        "InvalidVpcID.NotFound",
        "The vpc IDs 'vpc-1, vpc-2' do not exist",
    );
    seen.write::<CreateVpc>(create("10.0.0.0/8"), "InvalidVpc.Range", "The CIDR '10.0.0.0/8' is invalid.");
    seen.value::<CreateVpc>(
        create("10.0.0.0/33"),
        "Value (10.0.0.0/33) for parameter cidrBlock is invalid. This is not a valid CIDR block.",
    );
    seen.write::<CreateVpc>(
        with(create("10.0.0.0/16"), json!({ "InstanceTenancy": "host" })),
        "UnsupportedTenancy",
        "The tenancy value host is not supported.",
    );
    seen.write::<DeleteVpc>(
        json!({ "VpcId": vpc }),
        "DependencyViolation",
        &format!("The vpc '{vpc}' has dependencies and cannot be deleted."),
    );
    let flag = json!({ "Value": true });
    seen.write::<ModifyVpcAttribute>(
        json!({ "VpcId": vpc, "EnableDnsSupport": flag, "EnableDnsHostnames": flag }),
        "InvalidParameterCombination",
        "Fields for multiple attribute types specified: enableDnsHostnames, enableDnsSupport",
    );
    seen.write::<ModifyVpcAttribute>(
        json!({ "VpcId": vpc }),
        "InvalidParameterCombination",
        "No attributes specified.",
    );
    seen.write::<DeleteSubnet>(
        json!({ "SubnetId": "example" }),
        "InvalidSubnetID.NotFound",
        "The subnet ID 'example' does not exist",
    );
    seen.read::<Describe<Subnet>>(
        json!({ "SubnetIds": ["a", "b"] }),
        "InvalidSubnetID.NotFound",
        "The subnet IDs 'a, b' do not exist",
    );
    seen.write::<CreateSubnet>(
        create("192.168.1.0/24"),
        "InvalidSubnet.Range",
        "The CIDR '192.168.1.0/24' is invalid.",
    );
    seen.write::<CreateSubnet>(
        create("10.0.0.0/24"),
        "InvalidSubnet.Conflict",
        "The CIDR '10.0.0.0/24' conflicts with another subnet",
    );
    seen.write::<CreateSubnet>(
        json!({ "VpcId": vpc, "Ipv6Native": true }),
        "MissingParameter",
        "Either 'ipv6CidrBlock' or 'ipv6IpamPoolId' should be provided.",
    );
    seen.write::<DeleteSubnet>(
        json!({ "SubnetId": subnet }),
        "DependencyViolation",
        &format!("The subnet '{subnet}' has dependencies and cannot be deleted."),
    );
    seen.value::<CreateSubnet>(
        with(create("10.0.1.0/24"), json!({ "AvailabilityZone": "us-west-1a" })),
        "Value (us-west-1a) for parameter availabilityZone is invalid. Subnets can currently only be created in \
         the following availability zones: us-east-1a, us-east-1b, us-east-1c, us-east-1d, us-east-1e, us-east-1f.",
    );
}

fn interfaces(seen: &mut Seen<'_>, subnet: &str, used: &str, foreign: &str) {
    let create = |more: Value| with(json!({ "SubnetId": subnet }), more);
    let at = |address: &str| create(json!({ "PrivateIpAddress": address }));
    let not_found = "InvalidNetworkInterfaceID.NotFound";
    seen.write::<DeleteNetworkInterface>(
        json!({ "NetworkInterfaceId": "eni-1" }),
        not_found,
        "The networkInterface ID 'eni-1' does not exist",
    );
    seen.read::<Describe<NetworkInterface>>(
        json!({ "NetworkInterfaceIds": ["eni-1", "eni-2"] }),
        not_found,
        "The networkInterface IDs 'eni-1, eni-2' do not exist",
    );
    seen.write::<CreateNetworkInterface>(
        create(json!({ "SecondaryPrivateIpAddressCount": 11 })),
        "InsufficientFreeAddressesInSubnet",
        "The specified subnet does not have enough free addresses to satisfy the request.",
    );
    seen.value::<CreateNetworkInterface>(
        at("172.31.32.2"),
        "Address 172.31.32.2 does not fall within the subnet's address range",
    );
    seen.value::<CreateNetworkInterface>(
        at("10.0.0.3"),
        "Address 10.0.0.3 is in subnet's reserved address range",
    );
    seen.write::<CreateNetworkInterface>(
        at("10.0.0.4"),
        "InvalidIPAddress.InUse",
        "The specified address is already in use.",
    );
    seen.value::<CreateNetworkInterface>(
        at("here"),
        "Invalid value 'here' for private IP address. Must be an IPv4 address.",
    );
    seen.value::<CreateNetworkInterface>(
        create(json!({ "SecondaryPrivateIpAddressCount": -1 })),
        "Value (-1) for parameter secondaryPrivateIpAddressCount is invalid. Expecting 0 or more.",
    );
    let primary = |address: &str| json!({ "PrivateIpAddress": address, "Primary": true });
    seen.write::<CreateNetworkInterface>(
        create(json!({ "PrivateIpAddresses": [primary("10.0.0.8"), primary("10.0.0.9")] })),
        "InvalidParameterCombination",
        "Exactly one private IP address must be marked as primary.",
    );
    seen.write::<CreateNetworkInterface>(
        create(json!({ "PrivateIpAddresses": [primary("10.0.0.8")], "SecondaryPrivateIpAddressCount": 1 })),
        "InvalidParameterCombination",
        "The parameter privateIpAddresses cannot be used with the parameter secondaryPrivateIpAddressCount",
    );
    seen.write::<CreateNetworkInterface>(
        create(json!({ "Groups": [foreign] })),
        "InvalidGroup.NotFound",
        "You have specified two resources that belong to different networks.",
    );
    let vpc = seen.lab.state().subnets.get(&SubnetId::parse(subnet).unwrap()).unwrap().vpc.to_string();
    let six: Vec<_> = (0..6).map(|n| seen.lab.group(&vpc, &format!("g{n}"))).collect();
    seen.write::<CreateNetworkInterface>(
        create(json!({ "Groups": six })),
        "SecurityGroupsPerInterfaceLimitExceeded",
        "The maximum number of security groups per interface has been reached.",
    );
    seen.read::<DescribeNetworkInterfaceAttribute>(
        json!({ "NetworkInterfaceId": used }),
        "MissingParameter",
        "The request must contain the parameter attribute",
    );
    seen.lab.change(|state| {
        let id = NetworkInterfaceId::parse(used).unwrap();
        state.interfaces.update(&id, |interface| {
            interface.requester_managed = true;
            interface.attachment = Some(Attachment::Service {
                id: Id::parse("ela-attach-0123456789abcdef0").unwrap(),
                instance_owner: "amazon-aws".into(),
                device_index: 1,
            });
        });
    });
    seen.value::<DeleteNetworkInterface>(
        json!({ "NetworkInterfaceId": used }),
        &format!("Network interface '{used}' is currently in use."),
    );
    seen.write::<ModifyNetworkInterfaceAttribute>(
        json!({ "NetworkInterfaceId": used, "Description": { "Value": "x" } }),
        "AuthFailure",
        "You do not have permission to access the specified resource.",
    );
    seen.write::<DetachNetworkInterface>(
        json!({ "AttachmentId": "ela-attach-0123456789abcdef0" }),
        "OperationNotPermitted",
        "You are not allowed to manage 'ela-attach' attachments.",
    );
    seen.write::<DetachNetworkInterface>(
        json!({ "AttachmentId": "eni-attach-1" }),
        "InvalidAttachmentID.NotFound",
        "The interface attachment 'eni-attach-1' does not exist.",
    );
}

/// The refusals of an account that may have one of each thing.
fn quotas() -> BTreeSet<String> {
    let quotas =
        Quotas { vpcs: 2, subnets_per_vpc: 1, security_groups: 3, interfaces: 1, ..Quotas::default() };
    let quotas = Quotas { prefix_lists: 0, ..quotas };
    let lab = Lab::with("us-east-1", Quotas { rules_per_direction: 0, ..quotas });
    let vpc = lab.vpc();
    let subnet = lab.subnet(&vpc, "10.0.0.0/24");
    let group = lab.group(&vpc, "web");
    lab.interface(&subnet, &[]);
    let mut seen = Seen { lab: &lab, names: BTreeSet::new() };
    seen.write::<CreateVpc>(
        json!({ "CidrBlock": "10.0.0.0/16" }),
        "VpcLimitExceeded",
        "The maximum number of VPCs has been reached.",
    );
    seen.write::<CreateSubnet>(
        json!({ "VpcId": vpc, "CidrBlock": "10.0.1.0/24" }),
        "SubnetLimitExceeded",
        "The maximum number of subnets has been reached.",
    );
    seen.write::<CreateSecurityGroup>(
        json!({ "VpcId": vpc, "GroupName": "more", "Description": "d" }),
        "SecurityGroupLimitExceeded",
        "The maximum number of security groups has been reached.",
    );
    seen.write::<CreateNetworkInterface>(
        json!({ "SubnetId": subnet }),
        "NetworkInterfaceLimitExceeded",
        "The maximum number of network interfaces has been reached.",
    );
    seen.write::<AuthorizeSecurityGroupIngress>(
        json!({ "GroupId": group, "IpProtocol": "-1", "CidrIp": "10.0.0.0/8" }),
        "RulesPerSecurityGroupLimitExceeded",
        "The maximum number of rules per security group has been reached.",
    );
    prefix_lists::quota(&mut seen);
    seen.names
}

/// In a region that AWS does not have, nothing is furnished, and so there is no default VPC.
fn no_default_vpc() -> BTreeSet<String> {
    let lab = Lab::with("nowhere-1", Quotas::default());
    let mut seen = Seen { lab: &lab, names: BTreeSet::new() };
    seen.write::<CreateSecurityGroup>(
        json!({ "GroupName": "x", "Description": "d" }),
        "VPCIdNotSpecified",
        "No default VPC for this user",
    );
    seen.read::<Describe<SecurityGroup>>(
        json!({ "GroupNames": ["x"] }),
        "InvalidGroup.NotFound",
        "The security group 'x' does not exist in default VPC 'none'",
    );
    seen.names
}
