"""Security groups and their rules."""

import re

import pytest

from mockplane import refused

LOST = "sg-0123456789abcdef0"
ANYWHERE = {"IpRanges": [{"CidrIp": "0.0.0.0/0"}]}


def web(port=80, protocol="tcp", **peer):
    return {"IpProtocol": protocol, "FromPort": port, "ToPort": port, **(peer or ANYWHERE)}


def group_of(aws, group):
    (one,) = aws.ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]
    return one


@pytest.fixture
def vpc(aws):
    return aws.vpc()


@pytest.fixture
def group(aws, vpc):
    return aws.group(vpc, "web")


def test_a_new_group_lets_everything_out_and_nothing_in(aws, vpc):
    made = aws.ec2.create_security_group(GroupName="new", Description="for a test", VpcId=vpc)
    assert re.fullmatch(r"sg-[0-9a-f]{17}", made["GroupId"])
    assert made["SecurityGroupArn"] == f"arn:aws:ec2:us-east-1:{aws.number}:security-group/{made['GroupId']}"
    seen = group_of(aws, made["GroupId"])
    assert (seen["GroupName"], seen["Description"], seen["VpcId"], seen["OwnerId"]) == (
        "new", "for a test", vpc, aws.number)
    assert seen["IpPermissions"] == []
    (egress,) = seen["IpPermissionsEgress"]
    assert egress["IpProtocol"] == "-1" and egress["IpRanges"] == [{"CidrIp": "0.0.0.0/0"}]
    assert "FromPort" not in egress


def test_a_group_without_a_vpc_lands_in_the_default_one(aws):
    made = aws.ec2.create_security_group(GroupName="new", Description="for a test")["GroupId"]
    (default,) = aws.ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"]
    assert group_of(aws, made)["VpcId"] == default["VpcId"]


def test_names_are_unique_in_a_vpc(aws, vpc, group):
    with refused("InvalidGroup.Duplicate", f"The security group 'web' already exists for VPC '{vpc}'"):
        aws.group(vpc, "web")
    with refused("InvalidGroup.Duplicate"):
        aws.group(vpc, "WEB")
    aws.group(aws.vpc("10.1.0.0/16"), "web")


def test_names_and_descriptions_are_checked(aws, vpc):
    raw = aws.raw("ec2")
    with refused("InvalidParameterValue"):
        aws.group(vpc, "sg-web")
    with refused("MissingParameter", "The request must contain the parameter GroupDescription"):
        raw.create_security_group(GroupName="x", VpcId=vpc)
    with refused("MissingParameter"):
        raw.create_security_group(Description="x", VpcId=vpc)


def test_rules_come_and_go(aws, group):
    made = aws.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[web(80), web(443)])
    assert made["Return"] is True
    rules = made["SecurityGroupRules"]
    assert [(r["FromPort"], r["ToPort"], r["IpProtocol"], r["CidrIpv4"], r["IsEgress"]) for r in rules] == [
        (80, 80, "tcp", "0.0.0.0/0", False), (443, 443, "tcp", "0.0.0.0/0", False)]
    assert all(re.fullmatch(r"sgr-[0-9a-f]{17}", r["SecurityGroupRuleId"]) for r in rules)
    assert all(r["GroupId"] == group and r["GroupOwnerId"] == aws.number for r in rules)
    assert [p["FromPort"] for p in group_of(aws, group)["IpPermissions"]] == [80, 443]
    aws.ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=[web(80)])
    assert [p["FromPort"] for p in group_of(aws, group)["IpPermissions"]] == [443]
    aws.ec2.revoke_security_group_ingress(GroupId=group, SecurityGroupRuleIds=[rules[1]["SecurityGroupRuleId"]])
    assert group_of(aws, group)["IpPermissions"] == []
    aws.ec2.revoke_security_group_egress(GroupId=group, IpPermissions=[{"IpProtocol": "-1", **ANYWHERE}])
    assert group_of(aws, group)["IpPermissionsEgress"] == []
    aws.ec2.authorize_security_group_egress(GroupId=group, IpPermissions=[web(443)])
    assert [p["FromPort"] for p in group_of(aws, group)["IpPermissionsEgress"]] == [443]


def test_peers_of_one_permission_are_joined(aws, group):
    aws.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[
        web(22, IpRanges=[{"CidrIp": "10.0.0.0/8", "Description": "inside"}, {"CidrIp": "192.168.0.0/16"}])])
    aws.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[
        web(22, UserIdGroupPairs=[{"GroupId": group}])])
    (permission,) = group_of(aws, group)["IpPermissions"]
    assert permission["IpRanges"] == [{"CidrIp": "10.0.0.0/8", "Description": "inside"}, {"CidrIp": "192.168.0.0/16"}]
    assert [p["GroupId"] for p in permission["UserIdGroupPairs"]] == [group]
    assert [p["UserId"] for p in permission["UserIdGroupPairs"]] == [aws.number]


def test_short_form_of_a_rule(aws, group):
    aws.ec2.authorize_security_group_ingress(GroupId=group, IpProtocol="tcp", FromPort=22, ToPort=22, CidrIp="10.0.0.0/8")
    (permission,) = group_of(aws, group)["IpPermissions"]
    assert (permission["FromPort"], permission["IpRanges"]) == (22, [{"CidrIp": "10.0.0.0/8"}])


@pytest.mark.parametrize("permission, peer", [
    (web(80), "peer: 0.0.0.0/0, TCP, from port: 80, to port: 80, ALLOW"),
    ({"IpProtocol": "-1", **ANYWHERE}, "peer: 0.0.0.0/0, ALL, ALLOW"),
    ({"IpProtocol": "50", **ANYWHERE}, "peer: 0.0.0.0/0, protocol: 50, ALLOW"),
    (web(53, "udp"), "peer: 0.0.0.0/0, UDP, from port: 53, to port: 53, ALLOW"),
])
def test_a_rule_exists_once(aws, group, permission, peer):
    aws.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])
    with refused("InvalidPermission.Duplicate", f'the specified rule "{peer}" already exists'):
        aws.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])


def test_a_group_rule_exists_once(aws, group):
    permission = {"IpProtocol": "tcp", "FromPort": 0, "ToPort": 65535, "UserIdGroupPairs": [{"GroupId": group}]}
    aws.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])
    with refused("InvalidPermission.Duplicate",
                 f'the specified rule "peer: {group}, TCP, from port: 0, to port: 65535, ALLOW" already exists'):
        aws.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])


def test_the_default_egress_rule_exists_already(aws, group):
    with refused("InvalidPermission.Duplicate"):
        aws.ec2.authorize_security_group_egress(GroupId=group, IpPermissions=[{"IpProtocol": "-1", **ANYWHERE}])


def test_one_bad_rule_spoils_the_call(aws, group):
    aws.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[web(80)])
    with refused("InvalidPermission.Duplicate"):
        aws.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[web(443), web(80)])
    assert [p["FromPort"] for p in group_of(aws, group)["IpPermissions"]] == [80]


def test_revoking_an_unknown_rule(aws, group):
    with refused("InvalidPermission.NotFound", "The specified rule does not exist in this security group."):
        aws.ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=[web(80)])


def test_rules_about_unknown_groups(aws, group):
    with refused("InvalidGroup.NotFound", f"The security group '{LOST}' does not exist"):
        aws.ec2.authorize_security_group_ingress(GroupId=LOST, IpPermissions=[web(80)])
    with refused("InvalidGroup.NotFound"):
        aws.ec2.authorize_security_group_ingress(
            GroupId=group, IpPermissions=[web(80, UserIdGroupPairs=[{"GroupId": LOST}])])


def test_bad_peers(aws, group):
    for block in ("10.0.0.0/33", "nonsense"):
        with refused("InvalidParameterValue", lambda text: block in text):
            aws.ec2.authorize_security_group_ingress(
                GroupId=group, IpPermissions=[web(80, IpRanges=[{"CidrIp": block}])])
    assert group_of(aws, group)["IpPermissions"] == []


def test_rules_as_resources(aws, group):
    rule = aws.ec2.authorize_security_group_ingress(
        GroupId=group, IpPermissions=[web(80)])["SecurityGroupRules"][0]["SecurityGroupRuleId"]
    mine = [{"Name": "group-id", "Values": [group]}]
    listed = aws.ec2.describe_security_group_rules(Filters=mine)["SecurityGroupRules"]
    assert len(listed) == 2 and {r["IsEgress"] for r in listed} == {True, False}
    (one,) = aws.ec2.describe_security_group_rules(SecurityGroupRuleIds=[rule])["SecurityGroupRules"]
    assert (one["CidrIpv4"], one["FromPort"]) == ("0.0.0.0/0", 80)


def test_a_rule_changes(aws, group):
    rule = aws.ec2.authorize_security_group_ingress(
        GroupId=group, IpPermissions=[web(80)])["SecurityGroupRules"][0]["SecurityGroupRuleId"]
    aws.ec2.modify_security_group_rules(GroupId=group, SecurityGroupRules=[{
        "SecurityGroupRuleId": rule,
        "SecurityGroupRule": {"IpProtocol": "tcp", "FromPort": 8080, "ToPort": 8081, "CidrIpv4": "10.0.0.0/8"},
    }])
    (one,) = aws.ec2.describe_security_group_rules(SecurityGroupRuleIds=[rule])["SecurityGroupRules"]
    assert (one["CidrIpv4"], one["FromPort"], one["ToPort"]) == ("10.0.0.0/8", 8080, 8081)
    (permission,) = group_of(aws, group)["IpPermissions"]
    assert permission["FromPort"] == 8080


@pytest.mark.parametrize("rule, code, message", [
    ({"CidrIpv4": "10.0.0.0/8"}, "InvalidParameterValue",
     "Invalid value 'null' for protocol. VPC security group rules must specify protocols explicitly."),
    ({"IpProtocol": "tcp", "CidrIpv4": "10.0.0.0/8"}, "InvalidParameterValue",
     "Invalid value for portRange. Must specify both from and to ports with TCP/UDP."),
    ({"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80}, "MissingParameter",
     "The request must contain exactly one of: cidrIp, cidrIpv6, prefixListId, or referencedGroupId"),
    ({"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "CidrIpv4": "10.0.0.0/8", "CidrIpv6": "::/0"},
     "InvalidParameterCombination",
     "Only one of cidrIp, cidrIpv6, prefixListId, or referencedGroupId can be specified"),
])
def test_bad_changes_of_a_rule(aws, group, rule, code, message):
    made = aws.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[web(80)])
    rule_id = made["SecurityGroupRules"][0]["SecurityGroupRuleId"]
    with refused(code, message):
        aws.ec2.modify_security_group_rules(
            GroupId=group, SecurityGroupRules=[{"SecurityGroupRuleId": rule_id, "SecurityGroupRule": rule}])


def test_changing_an_unknown_rule(aws, group):
    with refused("InvalidSecurityGroupRuleId.NotFound",
                 "The security group rule ID 'sgr-00000000000000000' does not exist"):
        aws.ec2.modify_security_group_rules(GroupId=group, SecurityGroupRules=[{
            "SecurityGroupRuleId": "sgr-00000000000000000",
            "SecurityGroupRule": {"IpProtocol": "-1", "CidrIpv4": "10.0.0.0/8"}}])


def test_the_sixty_first_rule(aws, group):
    ports = [web(n) for n in range(1, 61)]
    aws.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=ports)
    with refused("RulesPerSecurityGroupLimitExceeded",
                 "The maximum number of rules per security group has been reached."):
        aws.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[web(61)])


def test_unknown_and_malformed_groups(aws):
    with refused("InvalidGroup.NotFound", f"The security group '{LOST}' does not exist"):
        aws.ec2.describe_security_groups(GroupIds=[LOST])
    with refused("InvalidGroup.NotFound", f"The security group '{LOST}' does not exist"):
        aws.ec2.delete_security_group(GroupId=LOST)
    with refused("InvalidGroupId.Malformed", "The security group ID 'foobar' is malformed"):
        aws.ec2.describe_security_groups(GroupIds=["foobar"])


def test_several_unknown_groups(aws):
    second = LOST[:-1] + "1"
    with refused("InvalidGroup.NotFound", f"The security groups '{LOST}, {second}' do not exist"):
        aws.ec2.describe_security_groups(GroupIds=[LOST, second])


def test_delete(aws, vpc, group):
    aws.ec2.delete_security_group(GroupId=group)
    with refused("InvalidGroup.NotFound"):
        aws.ec2.describe_security_groups(GroupIds=[group])
    aws.group(vpc, "web")


def test_a_group_in_use_stays(aws, vpc, group):
    interface = aws.interface(aws.subnet(vpc), Groups=[group])
    with refused("DependencyViolation", f"resource {group} has a dependent object"):
        aws.ec2.delete_security_group(GroupId=group)
    aws.ec2.delete_network_interface(NetworkInterfaceId=interface)
    aws.ec2.delete_security_group(GroupId=group)


def test_a_referenced_group_stays(aws, vpc, group):
    peer = aws.group(vpc, "peer")
    permission = web(80, UserIdGroupPairs=[{"GroupId": group}])
    aws.ec2.authorize_security_group_ingress(GroupId=peer, IpPermissions=[permission])
    with refused("DependencyViolation", f"resource {group} has a dependent object"):
        aws.ec2.delete_security_group(GroupId=group)
    aws.ec2.revoke_security_group_ingress(GroupId=peer, IpPermissions=[permission])
    aws.ec2.delete_security_group(GroupId=group)


def test_a_group_that_names_only_itself_can_go(aws, group):
    aws.ec2.authorize_security_group_ingress(
        GroupId=group, IpPermissions=[{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group}]}])
    aws.ec2.delete_security_group(GroupId=group)


def test_the_default_group_stays(aws, vpc):
    (default,) = aws.ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["SecurityGroups"]
    with refused("CannotDelete",
                 f'the specified group: "{default["GroupId"]}" name: "default" cannot be deleted by a user'):
        aws.ec2.delete_security_group(GroupId=default["GroupId"])


def test_filters(aws, vpc, group):
    aws.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[web(80, IpRanges=[{"CidrIp": "10.7.0.0/16"}])])

    def ids(name, value):
        return [g["GroupId"] for g in aws.ec2.describe_security_groups(
            Filters=[{"Name": "vpc-id", "Values": [vpc]}, {"Name": name, "Values": [value]}])["SecurityGroups"]]

    assert ids("group-name", "web") == [group]
    assert ids("group-name", "w?b") == [group]
    assert ids("description", "for*") == [group]
    assert ids("ip-permission.cidr", "10.7.0.0/16") == [group]
    assert ids("ip-permission.from-port", "80") == [group]
    assert ids("ip-permission.protocol", "udp") == []
    assert ids("egress.ip-permission.cidr", "0.0.0.0/0")
