"""VPCs and subnets: create, describe, change, delete, and every refusal."""

import re

import pytest

from mockplane import refused

LOST_VPC = "vpc-0123456789abcdef0"
LOST_SUBNET = "subnet-0123456789abcdef0"


def is_id(prefix, value):
    return re.fullmatch(prefix + r"-[0-9a-f]{17}", value) is not None


# VPCs

def test_a_vpc_is_pending_then_available(aws):
    made = aws.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]
    assert is_id("vpc", made["VpcId"])
    assert made["State"] == "pending"
    assert (made["CidrBlock"], made["IsDefault"], made["InstanceTenancy"]) == ("10.0.0.0/16", False, "default")
    assert made["OwnerId"] == aws.number
    assert made["DhcpOptionsId"].startswith("dopt-")
    (seen,) = aws.ec2.describe_vpcs(VpcIds=[made["VpcId"]])["Vpcs"]
    assert seen["State"] == "available"
    assert seen["CidrBlockAssociationSet"] == made["CidrBlockAssociationSet"]


def test_a_vpc_comes_with_its_children(aws):
    vpc = aws.vpc()
    mine = [{"Name": "vpc-id", "Values": [vpc]}]
    (table,) = aws.ec2.describe_route_tables(Filters=mine)["RouteTables"]
    assert [a["Main"] for a in table["Associations"]] == [True]
    (route,) = table["Routes"]
    assert (route["DestinationCidrBlock"], route["GatewayId"], route["Origin"], route["State"]) == (
        "10.0.0.0/16", "local", "CreateRouteTable", "active")
    (acl,) = aws.ec2.describe_network_acls(Filters=mine)["NetworkAcls"]
    assert acl["IsDefault"] is True
    (group,) = aws.ec2.describe_security_groups(Filters=mine)["SecurityGroups"]
    assert group["GroupName"] == "default"
    assert aws.ec2.describe_subnets(Filters=mine)["Subnets"] == []
    assert aws.ec2.describe_internet_gateways(Filters=[{"Name": "attachment.vpc-id", "Values": [vpc]}])["InternetGateways"] == []
    for attribute, value in (("enableDnsSupport", True), ("enableDnsHostnames", False)):
        answer = aws.ec2.describe_vpc_attribute(VpcId=vpc, Attribute=attribute)
        assert answer[attribute[0].upper() + attribute[1:]]["Value"] is value


def test_vpc_attributes_change_one_at_a_time(aws):
    vpc = aws.vpc()
    aws.ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    aws.ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsSupport={"Value": False})
    for attribute, value in (("enableDnsSupport", False), ("enableDnsHostnames", True)):
        answer = aws.ec2.describe_vpc_attribute(VpcId=vpc, Attribute=attribute)
        assert answer[attribute[0].upper() + attribute[1:]]["Value"] is value
    with refused("InvalidParameterCombination",
                 "Fields for multiple attribute types specified: enableDnsHostnames, enableDnsSupport"):
        aws.ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True}, EnableDnsSupport={"Value": True})


def test_a_block_is_canonicalised(aws):
    assert aws.ec2.create_vpc(CidrBlock="100.68.0.18/18")["Vpc"]["CidrBlock"] == "100.68.0.0/18"


@pytest.mark.parametrize("block", ["10.0.0.0/8", "10.0.0.0/15", "10.0.0.0/29", "10.0.0.0/32"])
def test_a_vpc_is_between_16_and_28(aws, block):
    with refused("InvalidVpc.Range", f"The CIDR '{block}' is invalid."):
        aws.ec2.create_vpc(CidrBlock=block)


@pytest.mark.parametrize("block", ["10.0.0.0", "10.0.0.0/33", "10.0.0.256/24", "ten", "10.0.0.0/16/16", "::/64"])
def test_a_vpc_needs_a_cidr_block(aws, block):
    with refused("InvalidParameterValue",
                 f"Value ({block}) for parameter cidrBlock is invalid. This is not a valid CIDR block."):
        aws.ec2.create_vpc(CidrBlock=block)


def test_vpc_tenancy(aws):
    dedicated = aws.vpc(InstanceTenancy="dedicated")
    assert aws.ec2.describe_vpcs(VpcIds=[dedicated])["Vpcs"][0]["InstanceTenancy"] == "dedicated"
    with refused("UnsupportedTenancy", "The tenancy value host is not supported."):
        aws.vpc(InstanceTenancy="host")


def test_vpc_tags_at_creation(aws):
    vpc = aws.vpc(TagSpecifications=[{"ResourceType": "vpc", "Tags": [{"Key": "Name", "Value": "one"}]}])
    (seen,) = aws.ec2.describe_vpcs(Filters=[{"Name": "tag:Name", "Values": ["one"]}])["Vpcs"]
    assert seen["VpcId"] == vpc and seen["Tags"] == [{"Key": "Name", "Value": "one"}]


def test_unknown_vpc(aws):
    text = f"The vpc ID '{LOST_VPC}' does not exist"
    for call in (
        lambda: aws.ec2.describe_vpcs(VpcIds=[LOST_VPC]),
        lambda: aws.ec2.delete_vpc(VpcId=LOST_VPC),
        lambda: aws.ec2.describe_vpc_attribute(VpcId=LOST_VPC, Attribute="enableDnsSupport"),
        lambda: aws.ec2.modify_vpc_attribute(VpcId=LOST_VPC, EnableDnsSupport={"Value": True}),
        lambda: aws.ec2.create_subnet(VpcId=LOST_VPC, CidrBlock="10.0.0.0/24"),
        lambda: aws.ec2.create_security_group(VpcId=LOST_VPC, GroupName="x", Description="x"),
    ):
        with refused("InvalidVpcID.NotFound", text):
            call()
    with refused("InvalidVpcID.NotFound", "The vpc ID 'InvalidVpcId' does not exist"):
        aws.ec2.describe_vpcs(VpcIds=["InvalidVpcId"])


def test_an_empty_vpc_goes_with_its_children(aws):
    vpc = aws.vpc()
    aws.ec2.delete_vpc(VpcId=vpc)
    mine = [{"Name": "vpc-id", "Values": [vpc]}]
    assert aws.ec2.describe_vpcs(Filters=mine)["Vpcs"] == []
    assert aws.ec2.describe_security_groups(Filters=mine)["SecurityGroups"] == []
    assert aws.ec2.describe_route_tables(Filters=mine)["RouteTables"] == []
    assert aws.ec2.describe_network_acls(Filters=mine)["NetworkAcls"] == []


def test_a_vpc_in_use_stays(aws):
    vpc = aws.vpc()
    in_use = f"The vpc '{vpc}' has dependencies and cannot be deleted."
    subnet = aws.subnet(vpc)
    with refused("DependencyViolation", in_use):
        aws.ec2.delete_vpc(VpcId=vpc)
    aws.ec2.delete_subnet(SubnetId=subnet)
    group = aws.group(vpc)
    with refused("DependencyViolation", in_use):
        aws.ec2.delete_vpc(VpcId=vpc)
    aws.ec2.delete_security_group(GroupId=group)
    aws.ec2.delete_vpc(VpcId=vpc)


def test_the_default_vpc_can_be_deleted(aws):
    (vpc,) = aws.ec2.describe_vpcs()["Vpcs"]
    for subnet in aws.ec2.describe_subnets()["Subnets"]:
        aws.ec2.delete_subnet(SubnetId=subnet["SubnetId"])
    with refused("DependencyViolation"):
        aws.ec2.delete_vpc(VpcId=vpc["VpcId"])     # its gateway is still attached
    assert aws.ec2.describe_vpcs()["Vpcs"] == [vpc]


# Subnets

def test_a_subnet_is_available_at_once(aws):
    vpc = aws.vpc()
    made = aws.ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24", AvailabilityZone="us-east-1b")["Subnet"]
    assert is_id("subnet", made["SubnetId"])
    assert (made["State"], made["VpcId"], made["CidrBlock"]) == ("available", vpc, "10.0.1.0/24")
    assert (made["AvailabilityZone"], made["AvailableIpAddressCount"]) == ("us-east-1b", 251)
    assert (made["DefaultForAz"], made["MapPublicIpOnLaunch"]) == (False, False)
    assert made["SubnetArn"] == f"arn:aws:ec2:us-east-1:{aws.number}:subnet/{made['SubnetId']}"
    (seen,) = aws.ec2.describe_subnets(SubnetIds=[made["SubnetId"]])["Subnets"]
    assert {k: seen[k] for k in made} == made


def test_a_subnet_by_zone_id(aws):
    zone = aws.ec2.describe_availability_zones(ZoneNames=["us-east-1c"])["AvailabilityZones"][0]
    made = aws.ec2.create_subnet(VpcId=aws.vpc(), CidrBlock="10.0.1.0/24", AvailabilityZoneId=zone["ZoneId"])["Subnet"]
    assert (made["AvailabilityZone"], made["AvailabilityZoneId"]) == ("us-east-1c", zone["ZoneId"])


@pytest.mark.parametrize("size, free", [(28, 11), (27, 27), (24, 251), (20, 4091), (16, 65531)])
def test_five_addresses_of_a_subnet_are_reserved(aws, size, free):
    assert aws.free(aws.subnet(aws.vpc(), f"10.0.0.0/{size}")) == free


@pytest.mark.parametrize("block", ["192.168.1.0/24", "10.0.0.0/15", "10.0.0.0/29", "10.1.0.0/24"])
def test_a_subnet_lies_in_its_vpc(aws, block):
    vpc = aws.vpc()
    with refused("InvalidSubnet.Range", f"The CIDR '{block}' is invalid."):
        aws.ec2.create_subnet(VpcId=vpc, CidrBlock=block)


@pytest.mark.parametrize("block", ["10.0.1.0/24", "10.0.1.128/25", "10.0.0.0/16", "10.0.0.0/23"])
def test_subnets_do_not_overlap(aws, block):
    vpc = aws.vpc()
    aws.subnet(vpc, "10.0.1.0/24")
    with refused("InvalidSubnet.Conflict", f"The CIDR '{block}' conflicts with another subnet"):
        aws.subnet(vpc, block)
    aws.subnet(vpc, "10.0.2.0/24")
    aws.subnet(aws.vpc(), block)


def test_a_subnet_in_an_unknown_zone(aws):
    with refused("InvalidParameterValue", lambda text: text.startswith(
            "Value (us-east-1z) for parameter availabilityZone is invalid. "
            "Subnets can currently only be created in the following availability zones: us-east-1a, ")):
        aws.ec2.create_subnet(VpcId=aws.vpc(), CidrBlock="10.0.1.0/24", AvailabilityZone="us-east-1z")


def test_a_subnet_needs_a_vpc_and_a_block(aws):
    raw, vpc = aws.raw("ec2"), aws.vpc()
    with refused("MissingParameter", "The request must contain the parameter vpcId"):
        raw.create_subnet(CidrBlock="10.0.1.0/24")
    with refused("MissingParameter"):
        raw.create_subnet(VpcId=vpc)
    with refused("InvalidParameterValue"):
        raw.create_subnet(VpcId=vpc, CidrBlock="nonsense")


def test_an_ipv6_only_subnet_needs_a_block(aws):
    with refused("MissingParameter", "Either 'ipv6CidrBlock' or 'ipv6IpamPoolId' should be provided."):
        aws.ec2.create_subnet(VpcId=aws.vpc(), Ipv6Native=True)


def test_unknown_subnet(aws):
    text = f"The subnet ID '{LOST_SUBNET}' does not exist"
    for call in (
        lambda: aws.ec2.describe_subnets(SubnetIds=[LOST_SUBNET]),
        lambda: aws.ec2.delete_subnet(SubnetId=LOST_SUBNET),
        lambda: aws.ec2.create_network_interface(SubnetId=LOST_SUBNET),
    ):
        with refused("InvalidSubnetID.NotFound", text):
            call()
    with refused("InvalidSubnetID.NotFound", "The subnet ID 'example' does not exist"):
        aws.ec2.describe_subnets(SubnetIds=["example"])


def test_a_subnet_in_use_stays(aws):
    subnet = aws.subnet(aws.vpc())
    interface = aws.interface(subnet)
    with refused("DependencyViolation", f"The subnet '{subnet}' has dependencies and cannot be deleted."):
        aws.ec2.delete_subnet(SubnetId=subnet)
    aws.ec2.delete_network_interface(NetworkInterfaceId=interface)
    aws.ec2.delete_subnet(SubnetId=subnet)
    with refused("InvalidSubnetID.NotFound"):
        aws.ec2.describe_subnets(SubnetIds=[subnet])


def test_a_subnet_without_its_own_associations_uses_the_vpc_defaults(aws):
    vpc = aws.vpc()
    subnet = aws.subnet(vpc)
    (acl,) = aws.ec2.describe_network_acls(Filters=[{"Name": "association.subnet-id", "Values": [subnet]}])["NetworkAcls"]
    assert acl["IsDefault"] is True and acl["VpcId"] == vpc
    assert aws.ec2.describe_route_tables(Filters=[{"Name": "association.subnet-id", "Values": [subnet]}])["RouteTables"] == []


def test_public_addresses_on_launch(aws):
    subnet = aws.subnet(aws.vpc())
    aws.ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": True})
    assert aws.ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]["MapPublicIpOnLaunch"] is True


def test_subnets_of_one_vpc_by_filter(aws):
    one, two = aws.vpc(), aws.vpc("10.1.0.0/16")
    mine = {aws.subnet(one, f"10.0.{n}.0/24", AvailabilityZone=f"us-east-1{z}") for n, z in enumerate("aab")}
    aws.subnet(two, "10.1.0.0/24")

    def ids(*filters):
        listed = [{"Name": name, "Values": values} for name, values in filters]
        return {s["SubnetId"] for s in aws.ec2.describe_subnets(Filters=listed)["Subnets"]}

    assert ids(("vpc-id", [one])) == mine
    assert len(ids(("vpc-id", [one]), ("availability-zone", ["us-east-1a"]))) == 2
    assert len(ids(("vpc-id", [one, two]))) == 4
    assert len(ids(("cidr-block", ["10.0.1.0/24"]))) == 1
    assert len(ids(("vpc-id", [one]), ("available-ip-address-count", ["251"]))) == 3
    assert len(ids(("default-for-az", ["true"]))) >= 2
    assert ids(("vpc-id", [one]), ("state", ["pending"])) == set()


def test_dhcp_options_are_made_associated_and_deleted(aws):
    tags = [{"Key": "Name", "Value": "mine"}]
    servers = {"Key": "domain-name-servers", "Values": ["10.0.0.2", "10.0.0.3"]}
    made = aws.ec2.create_dhcp_options(
        DhcpConfigurations=[servers], TagSpecifications=[{"ResourceType": "dhcp-options", "Tags": tags}])["DhcpOptions"]
    options, vpc = made["DhcpOptionsId"], aws.vpc()
    assert (made["OwnerId"], made["Tags"]) == (aws.number, tags)
    assert made["DhcpConfigurations"] == [
        {"Key": "domain-name-servers", "Values": [{"Value": "10.0.0.2"}, {"Value": "10.0.0.3"}]}]
    assert aws.ec2.describe_dhcp_options(DhcpOptionsIds=[options])["DhcpOptions"] == [made]

    aws.ec2.associate_dhcp_options(DhcpOptionsId=options, VpcId=vpc)
    assert aws.ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0]["DhcpOptionsId"] == options
    with refused("DependencyViolation", f"The dhcpOptions '{options}' has dependencies and cannot be deleted."):
        aws.ec2.delete_dhcp_options(DhcpOptionsId=options)
    aws.ec2.associate_dhcp_options(DhcpOptionsId="default", VpcId=vpc)
    assert aws.ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0]["DhcpOptionsId"] == "default"
    aws.ec2.delete_dhcp_options(DhcpOptionsId=options)
    for call in (
        lambda: aws.ec2.delete_dhcp_options(DhcpOptionsId=options),
        lambda: aws.ec2.associate_dhcp_options(DhcpOptionsId=options, VpcId=vpc),
    ):
        with refused("InvalidDhcpOptionID.NotFound", f"The dhcpOption ID '{options}' does not exist"):
            call()
    with refused("InvalidDhcpOptionsId.Malformed"):
        aws.ec2.delete_dhcp_options(DhcpOptionsId="foo-1")
    with refused("InvalidDhcpOptionID.NotFound"):
        aws.ec2.describe_dhcp_options(DhcpOptionsIds=[options])
    with refused("InvalidParameterValue"):
        aws.ec2.create_dhcp_options(DhcpConfigurations=[{"Key": "router", "Values": ["10.0.0.1"]}])
    for key, values in (("domain-name-servers", ["10.0.0.2"] * 5), ("netbios-node-type", ["0"]), ("ntp-servers", ["f"])):
        with refused("InvalidParameterValue"):
            aws.ec2.create_dhcp_options(DhcpConfigurations=[{"Key": key, "Values": values}])
