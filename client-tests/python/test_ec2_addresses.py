"""Elastic IP addresses: allocated, associated, described, released."""

import ipaddress
import re

import pytest

from mockplane import refused

LOST = "eipalloc-0123456789abcdef0"


@pytest.fixture
def subnet(aws):
    """A default subnet: its VPC has an internet gateway."""
    filters = [{"Name": "default-for-az", "Values": ["true"]}]
    return aws.ec2.describe_subnets(Filters=filters)["Subnets"][0]["SubnetId"]


@pytest.fixture
def address(aws):
    return aws.ec2.allocate_address(Domain="vpc")


def shown(aws, allocated):
    return aws.ec2.describe_addresses(AllocationIds=[allocated["AllocationId"]])["Addresses"][0]


def test_an_address_is_described_as_it_was_allocated(aws):
    tags = [{"Key": "Name", "Value": "mine"}]
    made = aws.ec2.allocate_address(TagSpecifications=[{"ResourceType": "elastic-ip", "Tags": tags}])
    assert re.fullmatch(r"eipalloc-[0-9a-f]{17}", made["AllocationId"])
    assert ipaddress.ip_address(made["PublicIp"]).is_global
    del made["ResponseMetadata"]
    assert made == {"AllocationId": made["AllocationId"], "PublicIp": made["PublicIp"], "Domain": "vpc",
                    "PublicIpv4Pool": "amazon", "NetworkBorderGroup": "us-east-1"}
    assert shown(aws, made) == {**made, "InstanceId": "", "Tags": tags}
    (tag,) = aws.ec2.describe_tags(Filters=[{"Name": "resource-type", "Values": ["elastic-ip"]}])["Tags"]
    assert tag["ResourceId"] == made["AllocationId"]
    aws.ec2.release_address(AllocationId=made["AllocationId"])
    assert aws.ec2.describe_addresses()["Addresses"] == []


def test_an_association_is_seen_from_both_sides(aws, subnet, address):
    interface = aws.interface(subnet, SecondaryPrivateIpAddressCount=1)
    second = aws.interfaces(network_interface_id=interface)[0]["PrivateIpAddresses"][1]["PrivateIpAddress"]
    association = aws.ec2.associate_address(
        AllocationId=address["AllocationId"], NetworkInterfaceId=interface, PrivateIpAddress=second)["AssociationId"]
    seen = shown(aws, address)
    assert (seen["AssociationId"], seen["NetworkInterfaceId"]) == (association, interface)
    assert (seen["PrivateIpAddress"], seen["NetworkInterfaceOwnerId"]) == (second, aws.number)
    (row,) = aws.interfaces(network_interface_id=interface)
    assert "Association" not in row, "the primary address has none"
    told = row["PrivateIpAddresses"][1]["Association"]
    name = f"ec2-{address['PublicIp'].replace('.', '-')}.compute-1.amazonaws.com"
    assert told == {"AllocationId": address["AllocationId"], "AssociationId": association, "IpOwnerId": aws.number,
                    "PublicDnsName": name, "PublicIp": address["PublicIp"]}
    filters = [{"Name": "association.public-ip", "Values": [address["PublicIp"]]}]
    (found,) = aws.ec2.describe_network_interfaces(Filters=filters)["NetworkInterfaces"]
    assert found == row
    vpc = row["VpcId"]
    aws.ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": False})
    (row,) = aws.interfaces(network_interface_id=interface)
    assert row["PrivateIpAddresses"][1]["Association"]["PublicDnsName"] == ""
    aws.ec2.disassociate_address(AssociationId=association)
    assert "AssociationId" not in shown(aws, address)
    with refused("InvalidAssociationID.NotFound", f"The association ID '{association}' does not exist"):
        aws.ec2.disassociate_address(AssociationId=association)


def test_an_address_moves_unless_that_is_forbidden(aws, subnet, address):
    one, two = aws.interface(subnet), aws.interface(subnet)
    to = lambda interface, **more: aws.ec2.associate_address(  # noqa: E731
        AllocationId=address["AllocationId"], NetworkInterfaceId=interface, **more)["AssociationId"]
    first = to(one)
    assert to(one, AllowReassociation=False) == first
    with refused("Resource.AlreadyAssociated",
                 f"resource {address['AllocationId']} is already associated with associate-id {first}"):
        to(two, AllowReassociation=False)
    assert to(two) != first
    assert shown(aws, address)["NetworkInterfaceId"] == two
    aws.ec2.delete_network_interface(NetworkInterfaceId=two)
    assert "NetworkInterfaceId" not in shown(aws, address)


def test_what_is_refused(aws, subnet, address):
    vpc = aws.vpc()
    private, interface = aws.interface(aws.subnet(vpc)), aws.interface(subnet)
    allocation = address["AllocationId"]
    with refused("Gateway.NotAttached", f"Network {vpc} is not attached to any internet gateway"):
        aws.ec2.associate_address(AllocationId=allocation, NetworkInterfaceId=private)
    with refused("InvalidAllocationID.NotFound", f"The allocation ID '{LOST}' does not exist"):
        aws.ec2.associate_address(AllocationId=LOST, NetworkInterfaceId=interface)
    with refused("InvalidAllocationID.NotFound", f"The allocation ID '{LOST}' does not exist"):
        aws.ec2.describe_addresses(AllocationIds=[LOST])
    with refused("InvalidAddress.NotFound", "Address '192.0.2.1' not found."):
        aws.ec2.describe_addresses(PublicIps=["192.0.2.1"])
    with refused("MissingParameter"):
        aws.ec2.associate_address(AllocationId=allocation)
    with refused("InvalidInstanceID.NotFound", "The instance ID 'i-0123456789abcdef0' does not exist"):
        aws.ec2.associate_address(AllocationId=allocation, InstanceId="i-0123456789abcdef0")
    with refused("InvalidParameterValue",
                 "You must specify an allocation id when releasing a VPC elastic IP address"):
        aws.ec2.release_address(PublicIp=address["PublicIp"])
    with refused("NotImplemented", status=501):
        aws.ec2.allocate_address(Address="3.3.3.3")
    with refused("DryRunOperation", status=412):
        aws.ec2.allocate_address(DryRun=True)
    for _ in range(4):
        aws.ec2.allocate_address()
    with refused("AddressLimitExceeded", "The maximum number of addresses has been reached."):
        aws.ec2.allocate_address()


def test_in_the_default_vpc_release_disassociates(aws, subnet, address):
    interface = aws.interface(subnet)
    aws.ec2.associate_address(AllocationId=address["AllocationId"], NetworkInterfaceId=interface)
    aws.ec2.release_address(AllocationId=address["AllocationId"])
    (row,) = aws.interfaces(network_interface_id=interface)
    assert "Association" not in row


def test_the_reverse_name_of_an_address(aws, address):
    allocation = address["AllocationId"]
    plain = {"AllocationId": allocation, "PublicIp": address["PublicIp"]}
    changed = aws.ec2.modify_address_attribute(AllocationId=allocation, DomainName="mail.example.com")["Address"]
    assert changed == {**plain, "PtrRecordUpdate": {"Value": "mail.example.com.", "Status": "PENDING"}}
    read = lambda: aws.ec2.describe_addresses_attribute(  # noqa: E731
        AllocationIds=[allocation], Attribute="domain-name")["Addresses"]
    assert read() == [{**plain, "PtrRecord": "mail.example.com."}]
    with refused("InvalidAddress.PtrSet",
                 f"The address with allocation id [{allocation}] cannot be released because it has a PTR record set."):
        aws.ec2.release_address(AllocationId=allocation)
    aws.ec2.reset_address_attribute(AllocationId=allocation, Attribute="domain-name")
    assert read() == [plain]
    aws.ec2.allocate_address()
    pages = aws.ec2.get_paginator("describe_addresses_attribute").paginate(PaginationConfig={"PageSize": 1})
    assert len([one for page in pages for one in page["Addresses"]]) == 2
