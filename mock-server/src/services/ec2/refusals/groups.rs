//! The refusals of security groups and their rules.

use super::super::describe::Describe;
use super::super::security_group::{CreateSecurityGroup, DeleteSecurityGroup};
use super::super::security_group_reference::{DescribeSecurityGroupReferences, DescribeStaleSecurityGroups};
use super::super::security_group_rule::DescribeSecurityGroupRules;
use super::super::security_group_rule_change::{
    AuthorizeSecurityGroupEgress, AuthorizeSecurityGroupIngress, RevokeSecurityGroupIngress,
};
use super::super::security_group_rule_modify::{
    ModifySecurityGroupRules, UpdateSecurityGroupRuleDescriptionsIngress,
};
use super::super::security_group_vpc::{AssociateSecurityGroupVpc, DisassociateSecurityGroupVpc};
use super::{Seen, with};
use crate::model::{Id, SecurityGroup, SecurityGroupId, VpcId};
use serde_json::{Value, json};
use std::time::Duration;

pub(super) fn groups(seen: &mut Seen<'_>, vpc: &str, group: &str) {
    let create = |name: &str| json!({ "VpcId": vpc, "GroupName": name, "Description": "d" });
    let default_vpc = seen.lab.state().default_vpc().unwrap().id;
    let default = seen.lab.state().group_named(VpcId::parse(vpc).unwrap(), "default").unwrap().id;
    seen.read::<Describe<SecurityGroup>>(
        json!({ "GroupIds": ["sg-a", "sg-b"] }),
        "InvalidGroup.NotFound",
        "The security groups 'sg-a, sg-b' do not exist",
    );
    seen.read::<Describe<SecurityGroup>>(
        json!({ "GroupNames": ["x"] }),
        "InvalidGroup.NotFound",
        &format!("The security group 'x' does not exist in default VPC '{default_vpc}'"),
    );
    seen.read::<Describe<SecurityGroup>>(
        json!({ "GroupIds": ["foobar"] }),
        "InvalidGroupId.Malformed",
        "The security group ID 'foobar' is malformed",
    );
    seen.read::<DescribeSecurityGroupRules>(
        json!({ "Filters": [{ "Name": "group-id", "Values": ["foobar"] }] }),
        "InvalidGroupId.Malformed",
        "The security group ID 'foobar' is malformed",
    );
    seen.write::<DeleteSecurityGroup>(
        json!({ "GroupId": "foobar" }),
        "InvalidGroupId.Malformed",
        "Invalid id: \"foobar\" (expecting \"sg-...\")",
    );
    seen.write::<CreateSecurityGroup>(
        create("WEB"),
        "InvalidGroup.Duplicate",
        &format!("The security group 'WEB' already exists for VPC '{vpc}'"),
    );
    seen.value::<CreateSecurityGroup>(create("default"), "Cannot use reserved security group name: default");
    seen.value::<CreateSecurityGroup>(
        create("sg-x"),
        "Value (sg-x) for parameter GroupName is invalid. Group names may not be in the format sg-*.",
    );
    seen.value::<CreateSecurityGroup>(
        create("ü"),
        "Value (ü) for parameter GroupName is invalid. Expecting 1 to 255 characters from the following set: \
         a-zA-Z0-9 ._-:/()#,@[]+=&;{}!$*",
    );
    seen.write::<CreateSecurityGroup>(
        with(create("x"), json!({ "Description": "" })),
        "MissingParameter",
        "The request must contain the parameter GroupDescription",
    );
    seen.write::<DeleteSecurityGroup>(
        json!({ "GroupId": group }),
        "DependencyViolation",
        &format!("resource {group} has a dependent object"),
    );
    seen.write::<DeleteSecurityGroup>(
        json!({ "GroupId": default.to_string() }),
        "CannotDelete",
        &format!("the specified group: \"{default}\" name: \"default\" cannot be deleted by a user"),
    );
    seen.write::<DeleteSecurityGroup>(
        json!({ "GroupId": group, "GroupName": "web" }),
        "InvalidParameterCombination",
        "The parameter groupName cannot be used with the parameter groupId",
    );
}

pub(super) fn rules(seen: &mut Seen<'_>, group: &str, foreign: &str) {
    let rule = |permission: Value| json!({ "GroupId": group, "IpPermissions": [permission] });
    let any = json!([{ "CidrIp": "0.0.0.0/0" }]);
    let all = json!({ "IpProtocol": "-1", "IpRanges": any });
    let ports = |protocol: &str, from: i32, to: i32| {
        rule(json!({ "IpProtocol": protocol, "FromPort": from, "ToPort": to, "IpRanges": any }))
    };
    seen.read::<DescribeSecurityGroupRules>(
        json!({ "SecurityGroupRuleIds": ["sgr-00000000"] }),
        "InvalidSecurityGroupRuleId.NotFound",
        "The security group rule ID 'sgr-00000000' does not exist",
    );
    seen.value::<AuthorizeSecurityGroupIngress>(
        json!({ "GroupId": group, "IpPermissions": [all, all] }),
        "The same permission must not appear multiple times",
    );
    seen.lab.write::<AuthorizeSecurityGroupIngress>(rule(all.clone()));
    seen.write::<AuthorizeSecurityGroupIngress>(
        rule(all),
        "InvalidPermission.Duplicate",
        "the specified rule \"peer: 0.0.0.0/0, ALL, ALLOW\" already exists",
    );
    seen.write::<RevokeSecurityGroupIngress>(
        ports("tcp", 1, 1),
        "InvalidPermission.NotFound",
        "The specified rule does not exist in this security group.",
    );
    seen.value::<AuthorizeSecurityGroupIngress>(
        ports("foo", 1, 1),
        "Invalid value 'foo' for IP protocol. Unknown protocol.",
    );
    seen.value::<AuthorizeSecurityGroupIngress>(
        rule(json!({ "IpRanges": any })),
        "Invalid value 'null' for protocol. VPC security group rules must specify protocols explicitly.",
    );
    seen.value::<AuthorizeSecurityGroupIngress>(
        rule(json!({ "IpProtocol": "tcp", "IpRanges": any })),
        "Invalid value for portRange. Must specify both from and to ports with TCP/UDP.",
    );
    seen.value::<AuthorizeSecurityGroupIngress>(ports("udp", 1, 65_536), "TCP/UDP port (65536) out of range");
    seen.value::<AuthorizeSecurityGroupIngress>(ports("tcp", 2, 1), "Invalid TCP port range (2 to 1)");
    seen.value::<AuthorizeSecurityGroupIngress>(ports("icmp", 256, -1), "ICMP type (256) out of range");
    seen.value::<AuthorizeSecurityGroupIngress>(ports("icmp", 8, 65_535), "ICMP code (65535) out of range");
    seen.value::<AuthorizeSecurityGroupIngress>(
        ports("icmp", -1, 0),
        "Invalid ICMP code (0). All types (-1) have all codes (-1).",
    );
    seen.value::<AuthorizeSecurityGroupIngress>(
        rule(json!({ "IpProtocol": "1", "IpRanges": any })),
        "Invalid value for portRange. Must specify both from and to ports with ICMP.",
    );
    seen.value::<AuthorizeSecurityGroupIngress>(
        rule(json!({ "IpProtocol": "-1", "IpRanges": [{ "CidrIp": "10.0.0.0/33" }] })),
        "CIDR block 10.0.0.0/33 is malformed",
    );
    seen.write::<AuthorizeSecurityGroupIngress>(
        rule(json!({ "IpProtocol": "-1", "PrefixListIds": [{ "PrefixListId": "pl-x" }] })),
        "InvalidPrefixListID.NotFound",
        "The prefix list ID 'pl-x' does not exist",
    );
    seen.write::<AuthorizeSecurityGroupIngress>(
        rule(json!({ "IpProtocol": "-1", "PrefixListIds": [{ "PrefixListId": "pl-0123456789abcdef0" }] })),
        "InvalidPrefixListID.NotFound",
        "The prefix list ID 'pl-0123456789abcdef0' does not exist",
    );
    seen.value::<AuthorizeSecurityGroupIngress>(
        rule(json!({ "IpProtocol": "-1", "IpRanges": [{ "CidrIp": "10.0.0.0/8", "Description": "ü" }] })),
        "Invalid rule description. Valid descriptions are strings less than 256 characters from the following \
         set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*",
    );
    seen.write::<AuthorizeSecurityGroupIngress>(
        rule(json!({ "IpProtocol": "-1" })),
        "MissingParameter",
        "The request must contain exactly one of: cidrIp, cidrIpv6, prefixListId, or referencedGroupId",
    );
    seen.write::<AuthorizeSecurityGroupIngress>(
        rule(json!({ "IpProtocol": "-1", "UserIdGroupPairs": [{ "GroupId": foreign }] })),
        "InvalidGroup.NotFound",
        "You have specified two resources that belong to different networks.",
    );
    seen.write::<RevokeSecurityGroupIngress>(
        json!({ "GroupId": group }),
        "MissingParameter",
        "Either 'ipPermissions' or 'securityGroupRuleIds' should be provided.",
    );
    seen.write::<RevokeSecurityGroupIngress>(
        with(ports("tcp", 1, 1), json!({ "SecurityGroupRuleIds": ["sgr-1"] })),
        "InvalidParameterCombination",
        "The parameter ipPermissions cannot be used with the parameter securityGroupRuleIds",
    );
    seen.write::<RevokeSecurityGroupIngress>(
        json!({ "GroupId": group, "SecurityGroupRuleIds": ["rule"] }),
        "InvalidSecurityGroupRuleId.Malformed",
        "Invalid id: \"rule\" (expecting \"sgr-...\")",
    );
    seen.write::<AuthorizeSecurityGroupIngress>(
        with(ports("tcp", 1, 1), json!({ "IpProtocol": "tcp" })),
        "InvalidParameterCombination",
        "The parameter ipPermissions cannot be used with the parameter ipProtocol",
    );
    seen.write::<AuthorizeSecurityGroupIngress>(
        json!({ "GroupId": group, "SourceSecurityGroupOwnerId": "123456789012" }),
        "MissingParameter",
        "Source group ID missing.",
    );
    seen.write::<AuthorizeSecurityGroupIngress>(
        json!({ "GroupId": group, "IpProtocol": "-1", "CidrIp": "10.0.0.0/8", "SourceSecurityGroupName": "x" }),
        "InvalidParameterCombination",
        "The parameter cidrIp cannot be used with the parameter sourceSecurityGroupName",
    );
    // The flat form is none for egress.
    seen.write::<AuthorizeSecurityGroupEgress>(
        json!({ "GroupId": group }),
        "MissingParameter",
        "The request must contain the parameter ipPermissions",
    );
}

pub(super) fn changes(seen: &mut Seen<'_>, group: &str) {
    let made = seen.lab.write::<AuthorizeSecurityGroupIngress>(json!({
        "GroupId": group,
        "IpPermissions": [
            { "IpProtocol": "tcp", "FromPort": 1, "ToPort": 2, "IpRanges": [{ "CidrIp": "10.0.0.0/8" }] },
            { "IpProtocol": "tcp", "FromPort": 3, "ToPort": 4, "IpRanges": [{ "CidrIp": "10.0.0.0/8" }] },
        ],
    }));
    let id = |n: usize| made["SecurityGroupRules"][n]["SecurityGroupRuleId"].clone();
    let tcp = |from: i32, to: i32, more: Value| {
        with(json!({ "IpProtocol": "tcp", "FromPort": from, "ToPort": to }), more)
    };
    let net = json!({ "CidrIpv4": "10.0.0.0/8" });
    let modify = |rules: Vec<(usize, Value)>| {
        let update = |(n, rule)| json!({ "SecurityGroupRuleId": id(n), "SecurityGroupRule": rule });
        json!({ "GroupId": group, "SecurityGroupRules": rules.into_iter().map(update).collect::<Value>() })
    };
    seen.write::<ModifySecurityGroupRules>(
        modify(Vec::new()),
        "MissingParameter",
        "The request must contain the parameter securityGroupRules",
    );
    seen.write::<ModifySecurityGroupRules>(
        modify(vec![(0, tcp(1, 2, json!({})))]),
        "MissingParameter",
        "The request must contain exactly one of: cidrIp, cidrIpv6, prefixListId, or referencedGroupId",
    );
    seen.write::<ModifySecurityGroupRules>(
        modify(vec![(0, tcp(1, 2, with(net.clone(), json!({ "ReferencedGroupId": group }))))]),
        "InvalidParameterCombination",
        "Only one of cidrIp, cidrIpv6, prefixListId, or referencedGroupId can be specified",
    );
    for (peer, given) in [
        (json!({ "ReferencedGroupId": group }), "a referenced group id"),
        (json!({ "PrefixListId": "pl-63a5400a" }), "a prefix list"),
        (json!({ "CidrIpv6": "::/0" }), "an IPv6 CIDR"),
    ] {
        seen.value::<ModifySecurityGroupRules>(
            modify(vec![(0, tcp(1, 2, peer))]),
            &format!("You may not specify {given} for an existing IPv4 CIDR rule."),
        );
    }
    seen.write::<ModifySecurityGroupRules>(
        modify(vec![(0, tcp(3, 4, net.clone()))]),
        "InvalidPermission.Duplicate",
        "the specified rule \"peer: 10.0.0.0/8, TCP, from port: 3, to port: 4, ALLOW\" already exists",
    );
    for twice in [[0, 0], [0, 1]] {
        seen.value::<ModifySecurityGroupRules>(
            modify(twice.map(|n| (n, tcp(5, 6, net.clone()))).to_vec()),
            "The same permission must not appear multiple times",
        );
    }
    let mut other_group = modify(vec![(0, tcp(5, 6, net))]);
    other_group["SecurityGroupRules"][0]["SecurityGroupRuleId"] = json!("sgr-00000000");
    seen.write::<ModifySecurityGroupRules>(
        other_group,
        "InvalidSecurityGroupRuleId.NotFound",
        "The security group rule ID 'sgr-00000000' does not exist",
    );

    seen.write::<UpdateSecurityGroupRuleDescriptionsIngress>(
        json!({ "GroupId": group }),
        "MissingParameter",
        "The request must contain the parameter ipPermissions",
    );
    let unknown = json!([{ "IpProtocol": "-1", "IpRanges": [{ "CidrIp": "9.0.0.0/8" }] }]);
    seen.write::<UpdateSecurityGroupRuleDescriptionsIngress>(
        json!({ "GroupId": group, "IpPermissions": unknown }),
        "InvalidPermission.NotFound",
        "The specified rule does not exist in this security group.",
    );
    seen.write::<UpdateSecurityGroupRuleDescriptionsIngress>(
        json!({
            "GroupId": group, "IpPermissions": unknown,
            "SecurityGroupRuleDescriptions": [{ "SecurityGroupRuleId": id(0) }],
        }),
        "InvalidParameterCombination",
        "The parameter ipPermissions cannot be used with the parameter securityGroupRuleDescriptions",
    );
}

pub(super) fn further_vpcs(seen: &mut Seen<'_>, group: &str, other: &str) {
    let input = |group: &str, vpc: &str| json!({ "GroupId": group, "VpcId": vpc });
    let state = seen.lab.state();
    let row = state.groups.get(&SecurityGroupId::parse(group).unwrap()).unwrap();
    let home = row.vpc.to_string();
    let default = state.group_named(row.vpc, "default").unwrap().id.to_string();
    let default_vpc = state.default_vpc().unwrap().id.to_string();
    seen.value::<AssociateSecurityGroupVpc>(
        input(&default, other),
        &format!("The default security group {default} cannot be associated with another VPC"),
    );
    seen.value::<AssociateSecurityGroupVpc>(
        input(group, &default_vpc),
        &format!(
            "Security groups cannot be associated with the default VPC {default_vpc}, nor those of it with another"
        ),
    );
    seen.value::<AssociateSecurityGroupVpc>(
        input(group, &home),
        &format!("The security group {group} was created in {home}"),
    );
    seen.write::<DisassociateSecurityGroupVpc>(
        input(group, other),
        "InvalidSecurityGroupVpcAssociation.NotFound",
        &format!("The security group {group} is not associated with {other}"),
    );
    seen.lab.write::<AssociateSecurityGroupVpc>(input(group, other));
    seen.write::<AssociateSecurityGroupVpc>(
        input(group, other),
        "Resource.AlreadyAssociated",
        &format!("The security group {group} is associating with {other}"),
    );
    seen.lab.settle(Duration::from_secs(1));
    let subnet = seen.lab.subnet(other, "10.0.0.0/28");
    seen.lab.interface(&subnet, &[group]);
    seen.write::<DisassociateSecurityGroupVpc>(
        input(group, other),
        "DependencyViolation",
        &format!("The security group {group} is in use by network interfaces in {other}"),
    );
    seen.read::<DescribeSecurityGroupReferences>(
        json!({}),
        "MissingParameter",
        "The request must contain the parameter groupId",
    );
    seen.read::<DescribeSecurityGroupReferences>(
        json!({ "GroupId": ["sg-1"] }),
        "InvalidGroup.NotFound",
        "The security group 'sg-1' does not exist",
    );
    seen.read::<DescribeStaleSecurityGroups>(
        json!({ "VpcId": "vpc-1" }),
        "InvalidVpcID.NotFound",
        "The vpc ID 'vpc-1' does not exist",
    );
}
