"""Eventual consistency, where it is wanted: what EC2 describes is the state of a while ago."""

import json
import time

import pytest
from botocore.exceptions import WaiterError

from mockplane import Account, Server, http_error, refused
from rawhttp import Connection, request
from test_determinism import ACCOUNT, CLOCK, compare, story

PATH = "/_mockplane/eventual-consistency"


def lag(aws, duration):
    return aws.server.control("POST", PATH, {"account": aws.number, "duration": duration})["milliseconds"]


@pytest.fixture
def late(aws):
    """An account whose clock stands still and whose reads are two seconds behind."""
    aws.manual_clock()
    assert lag(aws, "2s") == 2000
    return aws


def vpcs(aws):
    return [vpc["VpcId"] for vpc in aws.ec2.describe_vpcs()["Vpcs"]]


def test_it_is_off_until_it_is_wanted(aws, other):
    told = aws.server.control("GET", f"{PATH}?account={aws.number}")
    assert told == {"account": aws.number, "milliseconds": 0}
    assert lag(aws, "1m") == 60_000
    assert other.vpc() in vpcs(other), "it is the account's own"
    fresh = aws.vpc()
    assert fresh not in vpcs(aws)
    assert lag(aws, "0") == 0
    assert fresh in vpcs(aws)
    lag(aws, "2s")
    aws.reset()
    assert aws.server.control("GET", f"{PATH}?account={aws.number}")["milliseconds"] == 0
    for wrong in ("soon", "", "-1s", "2"):
        assert http_error(lambda wrong=wrong: lag(aws, wrong)) == 400


def test_what_is_new_is_not_found_yet(late):
    before = vpcs(late)
    made = late.ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=[
        {"ResourceType": "vpc", "Tags": [{"Key": "Name", "Value": "new"}]}])["Vpc"]
    assert made["CidrBlock"] == "10.0.0.0/16" and made["Tags"], "the answer to the call is complete"
    for passed in ("0s", "1999ms"):
        late.advance(passed)
        assert vpcs(late) == before
        with refused("InvalidVpcID.NotFound", f"The vpc ID '{made['VpcId']}' does not exist"):
            late.ec2.describe_vpcs(VpcIds=[made["VpcId"]])
        with refused("InvalidVpcID.NotFound"):
            late.ec2.describe_vpc_attribute(VpcId=made["VpcId"], Attribute="enableDnsSupport")
        assert late.ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": [made["VpcId"]]}])["Tags"] == []
    late.advance("1ms")
    assert late.ec2.describe_vpcs(VpcIds=[made["VpcId"]])["Vpcs"] == [{**made, "State": "available"}]
    assert vpcs(late) == sorted([*before, made["VpcId"]])


def test_what_was_changed_or_deleted_looks_as_before(late):
    network = late.network()
    free = late.ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    late.advance("2s")
    subnet = network.subnets[0]
    late.interface(subnet)
    late.ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": True})
    late.ec2.delete_vpc(VpcId=free)
    late.advance("1s")
    late.interface(subnet)

    def seen():
        row = late.ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]
        return row["AvailableIpAddressCount"], row["MapPublicIpOnLaunch"], free in vpcs(late)

    assert seen() == (251, False, True)
    late.advance("1s")
    assert seen() == (250, True, False), "what came a second later is not seen yet"
    late.advance("1s")
    assert seen() == (249, True, False)


def test_what_changes_something_acts_on_the_present(late):
    """On AWS it may not find what is new; here it does. What is taken is taken, whether it is seen or not."""
    vpc = late.vpc()
    subnet = late.subnet(vpc)
    taken = late.ec2.create_network_interface(SubnetId=subnet, PrivateIpAddress="10.0.1.9")["NetworkInterface"]
    with refused("InvalidIPAddress.InUse"):
        late.ec2.create_network_interface(SubnetId=subnet, PrivateIpAddress="10.0.1.9")
    with refused("DependencyViolation"):
        late.ec2.delete_subnet(SubnetId=subnet)
    assert late.interfaces(subnet_id=subnet) == []
    late.ec2.delete_network_interface(NetworkInterfaceId=taken["NetworkInterfaceId"])
    late.ec2.delete_subnet(SubnetId=subnet)
    late.ec2.delete_vpc(VpcId=vpc)
    late.advance("2s")
    assert vpc not in vpcs(late)


def test_sagemaker_and_iam_are_not_late(late):
    network = late.network()
    late.training_job("now", late.role(), network.config)
    assert late.job("now")["TrainingJobStatus"] == "InProgress"
    assert late.iam.get_role(RoleName="trainer")["Role"]["RoleName"] == "trainer"
    late.advance("2s")
    assert len(late.interfaces(vpc_id=network.vpc)) == 4


def test_it_holds_in_every_region(late):
    elsewhere = late.client("ec2", "eu-west-1")
    vpc = elsewhere.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    with refused("InvalidVpcID.NotFound"):
        elsewhere.describe_vpcs(VpcIds=[vpc])
    late.advance("2s")
    assert elsewhere.describe_vpcs(VpcIds=[vpc])["Vpcs"]


def test_waiters_get_there(aws):
    lag(aws, "300ms")
    vpc = aws.vpc()
    with refused("InvalidVpcID.NotFound"):
        aws.ec2.describe_vpcs(VpcIds=[vpc])
    aws.ec2.get_waiter("vpc_exists").wait(VpcIds=[vpc], WaiterConfig={"Delay": 0.1, "MaxAttempts": 50})
    nat = aws.ec2.create_nat_gateway(SubnetId=aws.subnet(vpc), ConnectivityType="private")["NatGateway"]["NatGatewayId"]
    waiter = aws.ec2.get_waiter("nat_gateway_available")
    waiter.wait(NatGatewayIds=[nat], WaiterConfig={"Delay": 0.1, "MaxAttempts": 50})
    begun = time.monotonic()
    aws.ec2.delete_nat_gateway(NatGatewayId=nat)
    waiter = aws.ec2.get_waiter("nat_gateway_deleted")
    with pytest.raises(WaiterError):
        waiter.wait(NatGatewayIds=[nat], WaiterConfig={"Delay": 0.01, "MaxAttempts": 2})
    waiter.wait(NatGatewayIds=[nat], WaiterConfig={"Delay": 0.1, "MaxAttempts": 50})
    assert time.monotonic() - begun >= 0.3


def test_on_a_clock_that_moves_by_polls_the_second_poll_sees_it(aws):
    aws.server.control("POST", "/_mockplane/clock", {"account": aws.number, "mode": "poll"})
    lag(aws, "2s")
    vpc = aws.vpc()
    assert vpc not in vpcs(aws)
    assert vpc in vpcs(aws)


def test_the_server_can_begin_with_it_and_equal_requests_have_equal_answers():
    args = ("--seed", "7", "--clock", CLOCK)
    with Server(*args, "--eventual-consistency", "1s") as one, \
            Server(*args, MOCKPLANE_EVENTUAL_CONSISTENCY="1s") as two:
        compare(story(one), story(two))
        connection = Connection(one)
        told = connection.call(request(method="GET", path=f"{PATH}?account={ACCOUNT}"))
        assert json.loads(told.body)["milliseconds"] == 1000
        aws = Account(one)
        assert aws.vpc() not in vpcs(aws)
