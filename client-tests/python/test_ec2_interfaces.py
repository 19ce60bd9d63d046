"""Network interfaces and the addresses that they take."""

import ipaddress
import re

import pytest

from mockplane import refused

LOST = "eni-0123456789abcdef0"


@pytest.fixture
def vpc(aws):
    return aws.vpc()


@pytest.fixture
def subnet(aws, vpc):
    return aws.subnet(vpc, "10.0.1.0/28")


def test_an_interface_takes_an_address_and_the_default_group(aws, vpc, subnet):
    made = aws.ec2.create_network_interface(SubnetId=subnet, Description="mine")["NetworkInterface"]
    assert re.fullmatch(r"eni-[0-9a-f]{17}", made["NetworkInterfaceId"])
    assert made["Status"] == "pending"
    (seen,) = aws.ec2.describe_network_interfaces(NetworkInterfaceIds=[made["NetworkInterfaceId"]])["NetworkInterfaces"]
    assert (seen["Status"], seen["Description"], seen["SubnetId"], seen["VpcId"]) == ("available", "mine", subnet, vpc)
    assert (seen["InterfaceType"], seen["RequesterManaged"], seen["SourceDestCheck"]) == ("interface", False, True)
    assert seen["OwnerId"] == aws.number
    assert [g["GroupName"] for g in seen["Groups"]] == ["default"]
    (address,) = seen["PrivateIpAddresses"]
    assert address["Primary"] is True and address["PrivateIpAddress"] == seen["PrivateIpAddress"]
    assert ipaddress.ip_address(seen["PrivateIpAddress"]) in ipaddress.ip_network("10.0.1.0/28")
    assert re.fullmatch(r"([0-9a-f]{2}:){5}[0-9a-f]{2}", seen["MacAddress"])
    zone = aws.ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]["AvailabilityZone"]
    assert seen["AvailabilityZone"] == zone
    assert "Attachment" not in seen
    assert aws.free(subnet) == 10


def test_every_address_of_a_28_once(aws, subnet):
    made = [aws.interface(subnet) for _ in range(11)]
    taken = {i["PrivateIpAddress"] for i in aws.interfaces(subnet_id=subnet)}
    assert taken == {f"10.0.1.{n}" for n in range(4, 15)}
    assert aws.free(subnet) == 0
    with refused("InsufficientFreeAddressesInSubnet",
                 "The specified subnet does not have enough free addresses to satisfy the request."):
        aws.interface(subnet)
    aws.ec2.delete_network_interface(NetworkInterfaceId=made[5])
    assert aws.free(subnet) == 1
    aws.interface(subnet)
    assert aws.free(subnet) == 0


def test_secondary_addresses_count(aws, subnet):
    interface = aws.interface(subnet, SecondaryPrivateIpAddressCount=4)
    assert aws.free(subnet) == 6
    (seen,) = aws.interfaces(subnet_id=subnet)
    assert [a["Primary"] for a in seen["PrivateIpAddresses"]] == [True] + [False] * 4
    with refused("InsufficientFreeAddressesInSubnet"):
        aws.interface(subnet, SecondaryPrivateIpAddressCount=6)
    assert aws.free(subnet) == 6, "a refused call takes nothing"
    aws.ec2.delete_network_interface(NetworkInterfaceId=interface)
    assert aws.free(subnet) == 11


def test_chosen_addresses(aws, subnet):
    aws.interface(subnet, PrivateIpAddress="10.0.1.9")
    with refused("InvalidIPAddress.InUse", "The specified address is already in use."):
        aws.interface(subnet, PrivateIpAddress="10.0.1.9")
    with refused("InvalidParameterValue", "Address 10.0.2.9 does not fall within the subnet's address range"):
        aws.interface(subnet, PrivateIpAddress="10.0.2.9")
    for reserved in ("10.0.1.0", "10.0.1.1", "10.0.1.3", "10.0.1.15"):
        with refused("InvalidParameterValue", f"Address {reserved} is in subnet's reserved address range"):
            aws.interface(subnet, PrivateIpAddress=reserved)
    made = aws.ec2.create_network_interface(SubnetId=subnet, PrivateIpAddresses=[
        {"PrivateIpAddress": "10.0.1.10", "Primary": True}, {"PrivateIpAddress": "10.0.1.11", "Primary": False}])
    assert made["NetworkInterface"]["PrivateIpAddress"] == "10.0.1.10"
    assert aws.free(subnet) == 8


def test_groups(aws, vpc, subnet):
    groups = [aws.group(vpc, f"g{n}") for n in range(6)]
    interface = aws.interface(subnet, Groups=groups[:5])
    (seen,) = aws.interfaces(subnet_id=subnet)
    assert {g["GroupId"] for g in seen["Groups"]} == set(groups[:5])
    with refused("SecurityGroupsPerInterfaceLimitExceeded",
                 "The maximum number of security groups per interface has been reached."):
        aws.interface(subnet, Groups=groups)
    with refused("InvalidGroup.NotFound", "The security group 'sg-0123456789abcdef0' does not exist"):
        aws.interface(subnet, Groups=["sg-0123456789abcdef0"])
    stranger = aws.group(aws.vpc("10.1.0.0/16"))
    with refused("InvalidGroup.NotFound", "You have specified two resources that belong to different networks."):
        aws.interface(subnet, Groups=[stranger])
    assert aws.free(subnet) == 10
    aws.ec2.modify_network_interface_attribute(NetworkInterfaceId=interface, Groups=[groups[5]])
    (seen,) = aws.interfaces(group_id=groups[5])
    assert seen["NetworkInterfaceId"] == interface
    assert aws.interfaces(group_id=groups[0]) == []


def test_not_found(aws):
    text = f"The networkInterface ID '{LOST}' does not exist"
    for call in (
        lambda: aws.ec2.describe_network_interfaces(NetworkInterfaceIds=[LOST]),
        lambda: aws.ec2.delete_network_interface(NetworkInterfaceId=LOST),
        lambda: aws.ec2.modify_network_interface_attribute(NetworkInterfaceId=LOST, Description={"Value": "x"}),
    ):
        with refused("InvalidNetworkInterfaceID.NotFound", text):
            call()


def test_description_and_check_change(aws, subnet):
    interface = aws.interface(subnet)
    aws.ec2.modify_network_interface_attribute(NetworkInterfaceId=interface, Description={"Value": "new"})
    aws.ec2.modify_network_interface_attribute(NetworkInterfaceId=interface, SourceDestCheck={"Value": False})
    (seen,) = aws.interfaces(description="new")
    assert (seen["NetworkInterfaceId"], seen["SourceDestCheck"]) == (interface, False)


def test_filters(aws, vpc, subnet):
    elsewhere = aws.subnet(vpc, "10.0.2.0/24")
    one = aws.interface(subnet, Description="alpha", PrivateIpAddress="10.0.1.7")
    two = aws.interface(elsewhere, Description="beta")

    def ids(**filters):
        return {i["NetworkInterfaceId"] for i in aws.interfaces(**filters)}

    assert ids(vpc_id=vpc) == {one, two}
    assert ids(subnet_id=subnet) == {one}
    assert ids(subnet_id=[subnet, elsewhere]) == {one, two}
    assert ids(description="alp*") == {one}
    assert ids(private_ip_address="10.0.1.7") == {one}
    assert ids(**{"addresses.private-ip-address": "10.0.1.7"}) == {one}
    assert ids(network_interface_id=two) == {two}
    assert ids(status="available", vpc_id=vpc) == {one, two}
    assert ids(status="in-use", vpc_id=vpc) == set()
    assert ids(vpc_id=vpc, description="beta") == {two}
    assert ids(owner_id=aws.number, vpc_id=vpc) == {one, two}


def test_client_token_makes_a_create_idempotent(aws, subnet):
    once = aws.ec2.create_network_interface(SubnetId=subnet, ClientToken="token-1", Description="a")
    again = aws.ec2.create_network_interface(SubnetId=subnet, ClientToken="token-1", Description="a")
    assert once["NetworkInterface"]["NetworkInterfaceId"] == again["NetworkInterface"]["NetworkInterfaceId"]
    assert again["ClientToken"] == "token-1"
    assert aws.free(subnet) == 10
    with refused("IdempotentParameterMismatch",
                 "Arguments on this idempotent request are inconsistent with arguments used in previous request(s)."):
        aws.ec2.create_network_interface(SubnetId=subnet, ClientToken="token-1", Description="b")


def test_many_interfaces_page_by_page(aws, vpc):
    subnet = aws.subnet(vpc, "10.0.8.0/24")
    made = {aws.interface(subnet) for _ in range(23)}
    mine = [{"Name": "subnet-id", "Values": [subnet]}]
    pages = list(aws.ec2.get_paginator("describe_network_interfaces").paginate(
        Filters=mine, PaginationConfig={"PageSize": 10}))
    assert [len(p["NetworkInterfaces"]) for p in pages] == [10, 10, 3]
    listed = [i["NetworkInterfaceId"] for p in pages for i in p["NetworkInterfaces"]]
    assert len(listed) == 23 and set(listed) == made
    assert listed == [i["NetworkInterfaceId"] for i in aws.interfaces(subnet_id=subnet)], "a stable order"
