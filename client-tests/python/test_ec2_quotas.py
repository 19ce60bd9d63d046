"""How much of each thing an account may have: read, changed and forgotten."""

import json
import urllib.error

import pytest

from mockplane import Server, Account, http_error, refused

AWS = {
    "vpcs": 5, "subnetsPerVpc": 200, "securityGroups": 2500, "rulesPerDirection": 60, "interfaces": 5000,
    "groupsPerInterface": 5, "tagsPerResource": 50,
}


def quotas(aws):
    return aws.server.control("GET", f"/_mockplane/quotas?account={aws.number}")["quotas"]


def change(aws, quota, limit):
    body = {"account": aws.number, "quota": quota, "limit": limit}
    return aws.server.control("POST", "/_mockplane/quotas", body)["quotas"]


def test_they_are_those_of_aws_until_they_are_changed(aws, other):
    before = quotas(aws)
    assert before.items() >= AWS.items()
    for number, name in enumerate(before):
        assert change(aws, name, number)[name] == number
    assert quotas(aws) == {name: number for number, name in enumerate(before)}
    assert change(aws, "vpcs", "unlimited")["vpcs"] == "unlimited"
    assert quotas(other) == before
    aws.reset()
    assert quotas(aws) == before


def test_a_change_holds_in_every_region(aws):
    assert len(aws.ec2.describe_vpcs()["Vpcs"]) == 1
    change(aws, "vpcs", 1)
    for region in ("us-east-1", "eu-west-1"):   # one that was used before, one that was not
        with refused("VpcLimitExceeded", "The maximum number of VPCs has been reached."):
            aws.client("ec2", region).create_vpc(CidrBlock="10.0.0.0/16")
    change(aws, "vpcs", "unlimited")
    for number in range(8):
        aws.vpc(f"10.{number}.0.0/16")
    change(aws, "vpcs", 2)
    assert len(aws.ec2.describe_vpcs()["Vpcs"]) == 9, "what is there stays"


@pytest.mark.parametrize("quota, limit", [
    ("vpc", 3), ("vpcs", -1), ("vpcs", "many"), ("vpcs", None), ("vpcs", 1.5), ("", 1),
])
def test_what_is_no_quota_is_refused(aws, quota, limit):
    assert http_error(lambda: change(aws, quota, limit)) == 400
    assert quotas(aws)["vpcs"] == 5


def test_what_is_no_limit_is_told(aws):
    with pytest.raises(urllib.error.HTTPError) as refused:
        change(aws, "vpcs", -1)
    assert "a limit is a number that is not negative, or `unlimited`" in json.loads(refused.value.read())["error"]


def test_the_server_can_begin_with_others():
    with Server("--quota", "vpcs=2,interfaces=unlimited") as server:
        aws = Account(server)
        assert {k: v for k, v in quotas(aws).items() if k in ("vpcs", "interfaces", "subnetsPerVpc")} == {
            "vpcs": 2, "interfaces": "unlimited", "subnetsPerVpc": 200}
        aws.vpc()
        with refused("VpcLimitExceeded"):
            aws.vpc()
