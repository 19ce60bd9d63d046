"""Rules of security groups that change, in every form; groups in further VPCs; rules that are stale."""

import pytest

from mockplane import refused

ANYWHERE = {"IpRanges": [{"CidrIp": "0.0.0.0/0"}]}


def web(port=80, protocol="tcp", **peer):
    return {"IpProtocol": protocol, "FromPort": port, "ToPort": port, **(peer or ANYWHERE)}


def rules_of(aws, group, egress=None):
    pages = aws.ec2.get_paginator("describe_security_group_rules").paginate(
        Filters=[{"Name": "group-id", "Values": [group]}], PaginationConfig={"PageSize": 5})
    return [r for page in pages for r in page["SecurityGroupRules"] if egress in (None, r["IsEgress"])]


@pytest.fixture
def vpc(aws):
    return aws.vpc()


@pytest.fixture
def group(aws, vpc):
    return aws.group(vpc, "web")


def test_every_kind_of_peer_round_trips(aws, vpc, group):
    other = aws.group(vpc, "other")
    peers = {
        "IpRanges": [{"CidrIp": "100.68.0.18/18", "Description": "a"}],
        "Ipv6Ranges": [{"CidrIpv6": "2001:DB8:0:0::1/64", "Description": "b"}],
        "PrefixListIds": [{"PrefixListId": "pl-63a5400a", "Description": "c"}],
        "UserIdGroupPairs": [{"GroupId": other, "Description": "d"}],
    }
    canonical = {
        "IpRanges": [{"CidrIp": "100.68.0.0/18", "Description": "a"}],
        "Ipv6Ranges": [{"CidrIpv6": "2001:db8::/64", "Description": "b"}],
        "PrefixListIds": [{"PrefixListId": "pl-63a5400a", "Description": "c"}],
        "UserIdGroupPairs": [{"GroupId": other, "UserId": aws.number, "Description": "d"}],
    }
    for egress, authorize, revoke, told in (
        (False, aws.ec2.authorize_security_group_ingress, aws.ec2.revoke_security_group_ingress, "IpPermissions"),
        (True, aws.ec2.authorize_security_group_egress, aws.ec2.revoke_security_group_egress, "IpPermissionsEgress"),
    ):
        authorize(GroupId=group, IpPermissions=[{"IpProtocol": "6", "FromPort": 1, "ToPort": 2, **peers}])
        (one,) = aws.ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]
        (permission,) = [p for p in one[told] if p["IpProtocol"] != "-1"]
        assert permission == {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 2, **canonical}
        mine = [r for r in rules_of(aws, group, egress) if r["IpProtocol"] == "tcp"]
        assert [r.get("Description") for r in mine] == ["d", "a", "b", "c"]
        # What is described can be revoked as it is.
        gone = revoke(GroupId=group, IpPermissions=[permission])
        assert "UnknownIpPermissions" not in gone
        assert {r["SecurityGroupRuleId"] for r in gone["RevokedSecurityGroupRules"]} == {
            r["SecurityGroupRuleId"] for r in mine}


def test_descriptions(aws, group):
    made = aws.ec2.authorize_security_group_ingress(
        GroupId=group, IpPermissions=[web(80, IpRanges=[{"CidrIp": "10.0.0.0/8", "Description": "old"}])])
    rule = made["SecurityGroupRules"][0]["SecurityGroupRuleId"]

    def description():
        return rules_of(aws, group, False)[0].get("Description")

    update = aws.ec2.update_security_group_rule_descriptions_ingress
    assert update(GroupId=group, IpPermissions=[
        web(80, IpRanges=[{"CidrIp": "10.0.0.0/8", "Description": "new"}])])["Return"] is True
    assert description() == "new"
    update(GroupId=group, IpPermissions=[web(80, IpRanges=[{"CidrIp": "10.0.0.0/8"}])])
    assert description() is None
    update(GroupId=group, SecurityGroupRuleDescriptions=[{"SecurityGroupRuleId": rule, "Description": "by id"}])
    assert description() == "by id"
    with refused("InvalidPermission.NotFound", "The specified rule does not exist in this security group."):
        update(GroupId=group, IpPermissions=[web(81)])
    aws.ec2.update_security_group_rule_descriptions_egress(
        GroupId=group, IpPermissions=[{"IpProtocol": "-1", "IpRanges": [
            {"CidrIp": "0.0.0.0/0", "Description": "out"}]}])
    assert rules_of(aws, group, True)[0]["Description"] == "out"


def test_a_rule_keeps_the_kind_of_its_peer(aws, group):
    made = aws.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[web(80)])
    rule = made["SecurityGroupRules"][0]["SecurityGroupRuleId"]
    with refused("InvalidParameterValue",
                 "You may not specify a referenced group id for an existing IPv4 CIDR rule."):
        aws.ec2.modify_security_group_rules(GroupId=group, SecurityGroupRules=[{
            "SecurityGroupRuleId": rule,
            "SecurityGroupRule": {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "ReferencedGroupId": group}}])


@pytest.mark.parametrize("permission, message", [
    (web(65536), "TCP/UDP port (65536) out of range"),
    ({"IpProtocol": "icmp", "FromPort": 0, "ToPort": 65535, **ANYWHERE}, "ICMP code (65535) out of range"),
    ({"IpProtocol": "icmp", **ANYWHERE},
     "Invalid value for portRange. Must specify both from and to ports with ICMP."),
])
def test_bad_ports(aws, group, permission, message):
    with refused("InvalidParameterValue", message):
        aws.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])


def test_malformed_ids(aws, group):
    with refused("InvalidGroupId.Malformed", 'Invalid id: "foobar" (expecting "sg-...")'):
        aws.ec2.authorize_security_group_ingress(GroupId="foobar", IpPermissions=[web()])
    with refused("InvalidGroupId.Malformed", "The security group ID 'foobar' is malformed"):
        aws.ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": ["foobar"]}])
    with refused("InvalidSecurityGroupRuleId.Malformed"):
        aws.ec2.revoke_security_group_ingress(GroupId=group, SecurityGroupRuleIds=["foobar"])


def test_names_in_the_default_vpc(aws):
    made = aws.ec2.create_security_group(GroupName="by-name", Description="x")["GroupId"]
    aws.ec2.authorize_security_group_ingress(
        GroupName="by-name", IpProtocol="tcp", FromPort=22, ToPort=22, SourceSecurityGroupName="default")
    (rule,) = rules_of(aws, made, False)
    (default,) = aws.ec2.describe_security_groups(GroupNames=["default"])["SecurityGroups"]
    assert rule["ReferencedGroupInfo"] == {"GroupId": default["GroupId"], "UserId": aws.number}
    found = aws.ec2.describe_security_groups(
        Filters=[{"Name": "ip-permission.group-name", "Values": ["default"]}])["SecurityGroups"]
    assert made in [g["GroupId"] for g in found]
    with refused("MissingParameter", "Source group ID missing."):
        aws.ec2.authorize_security_group_ingress(GroupName="by-name", SourceSecurityGroupOwnerId=aws.number)


def test_the_default_vpc_tells_what_it_did_not_revoke(aws):
    made = aws.ec2.create_security_group(GroupName="lenient", Description="x")["GroupId"]
    aws.ec2.authorize_security_group_ingress(GroupId=made, IpPermissions=[web(80)])
    gone = aws.ec2.revoke_security_group_ingress(GroupId=made, IpPermissions=[web(80), web(81)])
    assert gone["Return"] is True
    assert [r["FromPort"] for r in gone["RevokedSecurityGroupRules"]] == [80]
    assert [p["FromPort"] for p in gone["UnknownIpPermissions"]] == [81]


def test_tags_of_rules(aws, group):
    aws.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[web()], TagSpecifications=[
        {"ResourceType": "security-group-rule", "Tags": [{"Key": "team", "Value": "net"}]}])
    for name, value in (("tag:team", "net"), ("tag-key", "team"), ("tag-value", "n?t")):
        (rule,) = aws.ec2.describe_security_group_rules(
            Filters=[{"Name": name, "Values": [value]}])["SecurityGroupRules"]
        assert (rule["FromPort"], rule["Tags"]) == (80, [{"Key": "team", "Value": "net"}])


def test_dry_run_changes_nothing(aws, group):
    rule = rules_of(aws, group)[0]["SecurityGroupRuleId"]
    for call in (
        lambda: aws.ec2.modify_security_group_rules(GroupId=group, DryRun=True, SecurityGroupRules=[{
            "SecurityGroupRuleId": rule, "SecurityGroupRule": {"IpProtocol": "-1", "CidrIpv4": "10.0.0.0/8"}}]),
        lambda: aws.ec2.revoke_security_group_egress(GroupId=group, SecurityGroupRuleIds=[rule], DryRun=True),
        lambda: aws.ec2.associate_security_group_vpc(GroupId=group, VpcId=aws.vpc("10.7.0.0/16"), DryRun=True),
    ):
        with refused("DryRunOperation", status=412):
            call()
    assert rules_of(aws, group)[0]["CidrIpv4"] == "0.0.0.0/0"


def test_a_group_in_another_vpc(aws, vpc, group):
    aws.manual_clock()
    away = aws.vpc("10.1.0.0/16")
    subnet = aws.subnet(away, "10.1.0.0/24")

    def state():
        return [a["State"] for a in aws.ec2.describe_security_group_vpc_associations(
            Filters=[{"Name": "group-id", "Values": [group]}])["SecurityGroupVpcAssociations"]]

    with refused("InvalidGroup.NotFound"):
        aws.interface(subnet, Groups=[group])
    assert aws.ec2.associate_security_group_vpc(GroupId=group, VpcId=away)["State"] == "associating"
    with refused("Resource.AlreadyAssociated"):
        aws.ec2.associate_security_group_vpc(GroupId=group, VpcId=away)
    aws.advance("1s")
    assert state() == ["associated"]
    usable = aws.ec2.get_security_groups_for_vpc(VpcId=away)["SecurityGroupForVpcs"]
    assert {(g["GroupName"], g["PrimaryVpcId"]) for g in usable} == {("default", away), ("web", vpc)}
    interface = aws.interface(subnet, Groups=[group])
    with refused("DependencyViolation"):
        aws.ec2.disassociate_security_group_vpc(GroupId=group, VpcId=away)

    # A group there may name it, until they meet nowhere.
    local = aws.group(away, "local")
    aws.ec2.authorize_security_group_ingress(
        GroupId=local, IpPermissions=[web(80, UserIdGroupPairs=[{"GroupId": group}])])
    (reference,) = aws.ec2.describe_security_group_references(GroupId=[group])["SecurityGroupReferenceSet"]
    assert reference == {"GroupId": group, "ReferencingVpcId": away}
    aws.ec2.delete_network_interface(NetworkInterfaceId=interface)
    assert aws.ec2.describe_stale_security_groups(VpcId=away)["StaleSecurityGroupSet"] == []
    assert aws.ec2.disassociate_security_group_vpc(GroupId=group, VpcId=away)["State"] == "disassociating"
    aws.advance("1s")
    assert state() == ["disassociated"]
    (stale,) = aws.ec2.describe_stale_security_groups(VpcId=away)["StaleSecurityGroupSet"]
    assert stale["GroupId"] == local
    (permission,) = stale["StaleIpPermissions"]
    (pair,) = permission["UserIdGroupPairs"]
    assert (pair["GroupId"], pair["VpcId"]) == (group, vpc)
    with refused("DependencyViolation"):
        aws.ec2.delete_security_group(GroupId=group)
    aws.ec2.delete_security_group(GroupId=local)
    aws.ec2.delete_security_group(GroupId=group)
    assert state() == []


def test_groups_that_stay_at_home(aws, vpc, group):
    (default,) = aws.ec2.describe_security_groups(
        Filters=[{"Name": "vpc-id", "Values": [vpc]}, {"Name": "group-name", "Values": ["default"]}])["SecurityGroups"]
    (default_vpc,) = aws.ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"]
    for one, there in ((default["GroupId"], aws.vpc("10.1.0.0/16")), (group, default_vpc["VpcId"]), (group, vpc)):
        with refused("InvalidParameterValue"):
            aws.ec2.associate_security_group_vpc(GroupId=one, VpcId=there)
    with refused("InvalidSecurityGroupVpcAssociation.NotFound"):
        aws.ec2.disassociate_security_group_vpc(GroupId=group, VpcId=vpc)
