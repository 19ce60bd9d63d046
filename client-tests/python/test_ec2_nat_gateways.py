"""NAT gateways: their life, their addresses, what they hold."""

import datetime

import pytest

from mockplane import refused

LOST = "nat-0123456789abcdef0"


@pytest.fixture
def subnet(aws):
    """A default subnet: its VPC has an internet gateway."""
    filters = [{"Name": "default-for-az", "Values": ["true"]}]
    return aws.ec2.describe_subnets(Filters=filters)["Subnets"][0]["SubnetId"]


def allocate(aws):
    return aws.ec2.allocate_address()


def shown(aws, gateway):
    return aws.ec2.describe_nat_gateways(NatGatewayIds=[gateway])["NatGateways"][0]


def test_waiters_follow_a_public_gateway(aws, subnet):
    address = allocate(aws)
    free = aws.free(subnet)
    tags = [{"Key": "Name", "Value": "out"}]
    request = dict(SubnetId=subnet, AllocationId=address["AllocationId"], ClientToken="once",
                   TagSpecifications=[{"ResourceType": "natgateway", "Tags": tags}])
    made = aws.ec2.create_nat_gateway(**request)
    assert made["ClientToken"] == "once"
    gateway = made["NatGateway"]["NatGatewayId"]
    assert made["NatGateway"]["State"] == "pending"
    aws.ec2.get_waiter("nat_gateway_available").wait(NatGatewayIds=[gateway])
    assert aws.ec2.create_nat_gateway(**request)["NatGateway"]["NatGatewayId"] == gateway
    with refused("IdempotentParameterMismatch"):
        aws.ec2.create_nat_gateway(SubnetId=subnet, ConnectivityType="private", ClientToken="once")
    seen = shown(aws, gateway)
    assert (seen["State"], seen["SubnetId"], seen["Tags"]) == ("available", subnet, tags)
    assert (seen["ConnectivityType"], seen["AvailabilityMode"]) == ("public", "zonal")
    assert isinstance(seen["CreateTime"], datetime.datetime) and "DeleteTime" not in seen
    (one,) = seen["NatGatewayAddresses"]
    assert (one["AllocationId"], one["PublicIp"]) == (address["AllocationId"], address["PublicIp"])
    assert (one["IsPrimary"], one["Status"]) == (True, "succeeded")
    (interface,) = aws.interfaces(interface_type="nat_gateway")
    assert interface["NetworkInterfaceId"] == one["NetworkInterfaceId"]
    assert interface["PrivateIpAddress"] == one["PrivateIp"]
    assert interface["Description"] == f"Interface for NAT Gateway {gateway}"
    assert (interface["RequesterManaged"], interface["Groups"]) == (True, [])
    assert interface["Association"]["AllocationId"] == address["AllocationId"]
    assert aws.free(subnet) == free - 1

    denied = "You do not have permission to access the specified resource."
    with refused("AuthFailure", denied):
        aws.ec2.release_address(AllocationId=address["AllocationId"])
    with refused("AuthFailure", denied):
        aws.ec2.disassociate_address(AssociationId=one["AssociationId"])
    with refused("InvalidParameterValue",
                 f"Network interface '{interface['NetworkInterfaceId']}' is currently in use."):
        aws.ec2.delete_network_interface(NetworkInterfaceId=interface["NetworkInterfaceId"])
    with refused("DependencyViolation", f"The subnet '{subnet}' has dependencies and cannot be deleted."):
        aws.ec2.delete_subnet(SubnetId=subnet)

    assert aws.ec2.delete_nat_gateway(NatGatewayId=gateway)["NatGatewayId"] == gateway
    aws.ec2.get_waiter("nat_gateway_deleted").wait(NatGatewayIds=[gateway])
    seen = shown(aws, gateway)
    assert seen["State"] == "deleted" and seen["DeleteTime"] >= seen["CreateTime"]
    assert aws.interfaces(interface_type="nat_gateway") == [] and aws.free(subnet) == free
    (left,) = aws.ec2.describe_addresses()["Addresses"]
    assert "AssociationId" not in left
    aws.ec2.release_address(AllocationId=address["AllocationId"])


def test_states_over_time_and_an_hour_of_memory(aws, subnet):
    aws.manual_clock()
    made = aws.ec2.create_nat_gateway(SubnetId=subnet, ConnectivityType="private")["NatGateway"]
    gateway = made["NatGatewayId"]
    assert shown(aws, gateway)["State"] == "pending"
    aws.advance("1s")
    assert shown(aws, gateway)["State"] == "available"
    aws.ec2.delete_nat_gateway(NatGatewayId=gateway)
    assert shown(aws, gateway)["State"] == "deleting"
    aws.advance("1s")
    assert shown(aws, gateway)["State"] == "deleted"
    aws.advance("1h")
    with refused("NatGatewayNotFound", f"NAT gateway {gateway} was not found"):
        shown(aws, gateway)


def test_a_gateway_fails_after_it_was_accepted(aws, subnet):
    aws.manual_clock()
    vpc = aws.vpc()
    inner, address = aws.subnet(vpc), allocate(aws)

    def failure(**request):
        made = aws.ec2.create_nat_gateway(**request)["NatGateway"]
        assert made["State"] == "pending" and "FailureCode" not in made
        aws.advance("1s")
        seen = shown(aws, made["NatGatewayId"])
        assert seen["State"] == "failed"
        return seen["FailureCode"], seen["FailureMessage"]

    allocation = address["AllocationId"]
    assert failure(SubnetId=inner, AllocationId=allocation) == (
        "Gateway.NotAttached", f"Network {vpc} has no Internet gateway attached")
    aws.ec2.associate_address(AllocationId=allocation, NetworkInterfaceId=aws.interface(subnet))
    assert failure(SubnetId=subnet, AllocationId=allocation) == (
        "Resource.AlreadyAssociated", f"Elastic IP address {allocation} is already associated")
    tiny = aws.subnet(vpc, "10.0.2.0/28")
    aws.interface(tiny, SecondaryPrivateIpAddressCount=10)
    assert failure(SubnetId=tiny, ConnectivityType="private") == (
        "InsufficientFreeAddressesInSubnet", "Subnet has insufficient free addresses to create this NAT gateway")
    failed = aws.ec2.describe_nat_gateways(Filters=[{"Name": "state", "Values": ["failed"]}])["NatGateways"]
    assert len(failed) == 3


def test_secondary_addresses(aws, subnet):
    first, second = allocate(aws), allocate(aws)
    public = aws.ec2.create_nat_gateway(
        SubnetId=subnet, AllocationId=first["AllocationId"])["NatGateway"]["NatGatewayId"]
    private = aws.ec2.create_nat_gateway(
        SubnetId=subnet, ConnectivityType="private", SecondaryPrivateIpAddressCount=1)["NatGateway"]["NatGatewayId"]
    aws.ec2.get_waiter("nat_gateway_available").wait(NatGatewayIds=[public])
    aws.ec2.get_waiter("nat_gateway_available").wait(NatGatewayIds=[private])
    (added,) = aws.ec2.associate_nat_gateway_address(
        NatGatewayId=public, AllocationIds=[second["AllocationId"]])["NatGatewayAddresses"]
    assert (added["Status"], added["IsPrimary"], added["PublicIp"]) == ("associating", False, second["PublicIp"])
    aws.ec2.get_waiter("nat_gateway_available").wait(NatGatewayIds=[public])
    assert [a["Status"] for a in shown(aws, public)["NatGatewayAddresses"]] == ["succeeded"] * 2
    (gone,) = aws.ec2.disassociate_nat_gateway_address(
        NatGatewayId=public, AssociationIds=[added["AssociationId"]])["NatGatewayAddresses"]
    assert gone["Status"] == "disassociating"
    with refused("IncorrectState"):
        aws.ec2.associate_nat_gateway_address(NatGatewayId=public, AllocationIds=[second["AllocationId"]])
    aws.ec2.get_waiter("nat_gateway_available").wait(NatGatewayIds=[public])
    (primary,) = shown(aws, public)["NatGatewayAddresses"]
    with refused("InvalidParameterValue"):
        aws.ec2.disassociate_nat_gateway_address(NatGatewayId=public, AssociationIds=[primary["AssociationId"]])
    aws.ec2.release_address(AllocationId=second["AllocationId"])

    aws.ec2.assign_private_nat_gateway_address(NatGatewayId=private, PrivateIpAddressCount=2)
    aws.ec2.get_waiter("nat_gateway_available").wait(NatGatewayIds=[private])
    addresses = [a["PrivateIp"] for a in shown(aws, private)["NatGatewayAddresses"]]
    assert len(set(addresses)) == 4
    aws.ec2.unassign_private_nat_gateway_address(NatGatewayId=private, PrivateIpAddresses=addresses[1:3])
    aws.ec2.get_waiter("nat_gateway_available").wait(NatGatewayIds=[private])
    assert [a["PrivateIp"] for a in shown(aws, private)["NatGatewayAddresses"]] == [addresses[0], addresses[3]]


def test_what_is_refused(aws, subnet):
    with refused("NatGatewayNotFound", f"NAT gateway {LOST} was not found"):
        aws.ec2.delete_nat_gateway(NatGatewayId=LOST)
    with refused("NatGatewayMalformed"):
        aws.ec2.describe_nat_gateways(NatGatewayIds=["nat-x"])
    with refused("InvalidSubnet", "Subnet subnet-0123456789abcdef0 was not found"):
        aws.ec2.create_nat_gateway(SubnetId="subnet-0123456789abcdef0", ConnectivityType="private")
    with refused("MissingParameter"):
        aws.ec2.create_nat_gateway(SubnetId=subnet)
    with refused("NotImplemented", status=501):
        aws.ec2.create_nat_gateway(VpcId=aws.vpc(), AvailabilityMode="regional")
    with refused("DryRunOperation", status=412):
        aws.ec2.create_nat_gateway(SubnetId=subnet, ConnectivityType="private", DryRun=True)
    for _ in range(5):
        aws.ec2.create_nat_gateway(SubnetId=subnet, ConnectivityType="private")
    with refused("NatGatewayLimitExceeded", "Performing this operation would exceed the limit of 5 NAT gateways"):
        aws.ec2.create_nat_gateway(SubnetId=subnet, ConnectivityType="private")
    pages = aws.ec2.get_paginator("describe_nat_gateways").paginate(PaginationConfig={"PageSize": 5})
    assert sum(len(page["NatGateways"]) for page in pages) == 5
