"""Roles with their trust and inline policies, and who the caller is."""

import datetime
import json
import re

import pytest

from mockplane import TRUST, VPC_ACCESS, job_request, refused

READ = json.dumps({
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "ec2:Describe*", "Resource": "*"}],
})
ANYONE = json.dumps({
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}],
})


def test_a_role_comes_and_goes(aws):
    made = aws.iam.create_role(
        RoleName="reader", AssumeRolePolicyDocument=TRUST, Description="reads", MaxSessionDuration=7200, Path="/team/",
        Tags=[{"Key": "team", "Value": "blue"}])["Role"]
    assert made["Arn"] == f"arn:aws:iam::{aws.number}:role/team/reader"
    assert re.fullmatch(r"AROA[A-Z0-9]{17}", made["RoleId"])
    assert made["AssumeRolePolicyDocument"] == json.loads(TRUST)
    got = aws.iam.get_role(RoleName="reader")["Role"]
    assert {k: got[k] for k in ("Arn", "RoleId", "Path", "Description", "MaxSessionDuration", "CreateDate")} == {
        "Arn": made["Arn"], "RoleId": made["RoleId"], "Path": "/team/", "Description": "reads",
        "MaxSessionDuration": 7200, "CreateDate": made["CreateDate"]}
    assert got["Tags"] == [{"Key": "team", "Value": "blue"}]
    assert [r["RoleName"] for r in aws.iam.list_roles()["Roles"]] == ["reader"]
    assert [r["RoleName"] for r in aws.iam.list_roles(PathPrefix="/team/")["Roles"]] == ["reader"]
    assert aws.iam.list_roles(PathPrefix="/other/")["Roles"] == []
    aws.iam.delete_role(RoleName="reader")
    with refused("NoSuchEntity", "The role with name reader cannot be found.", status=404):
        aws.iam.get_role(RoleName="reader")


def test_roles_are_of_the_account_not_of_a_region(aws):
    aws.iam.create_role(RoleName="reader", AssumeRolePolicyDocument=TRUST)
    assert aws.client("iam", "eu-west-1").get_role(RoleName="reader")["Role"]["RoleName"] == "reader"


def test_a_role_exists_once(aws):
    aws.iam.create_role(RoleName="reader", AssumeRolePolicyDocument=TRUST)
    with refused("EntityAlreadyExists", "Role with name reader already exists.", status=409):
        aws.iam.create_role(RoleName="reader", AssumeRolePolicyDocument=TRUST)


def test_inline_policies(aws):
    aws.iam.create_role(RoleName="reader", AssumeRolePolicyDocument=TRUST)
    aws.iam.put_role_policy(RoleName="reader", PolicyName="vpc", PolicyDocument=VPC_ACCESS)
    aws.iam.put_role_policy(RoleName="reader", PolicyName="read", PolicyDocument=READ)
    aws.iam.put_role_policy(RoleName="reader", PolicyName="vpc", PolicyDocument=READ)
    assert aws.iam.list_role_policies(RoleName="reader")["PolicyNames"] == ["read", "vpc"]
    got = aws.iam.get_role_policy(RoleName="reader", PolicyName="vpc")
    assert (got["RoleName"], got["PolicyName"], got["PolicyDocument"]) == ("reader", "vpc", json.loads(READ))
    with refused("DeleteConflict", status=409):
        aws.iam.delete_role(RoleName="reader")
    for name in ("vpc", "read"):
        aws.iam.delete_role_policy(RoleName="reader", PolicyName=name)
    assert aws.iam.list_role_policies(RoleName="reader")["PolicyNames"] == []
    aws.iam.delete_role(RoleName="reader")


def test_the_trust_can_change(aws):
    aws.iam.create_role(RoleName="reader", AssumeRolePolicyDocument=TRUST)
    aws.iam.update_assume_role_policy(RoleName="reader", PolicyDocument=ANYONE)
    assert aws.iam.get_role(RoleName="reader")["Role"]["AssumeRolePolicyDocument"] == json.loads(ANYONE)


@pytest.mark.parametrize("document", ["not json", "{", ""])
def test_policies_must_be_json(aws, document):
    raw = aws.raw("iam")
    code = "MalformedPolicyDocument" if document else "ValidationError"
    with refused(code):
        raw.create_role(RoleName="reader", AssumeRolePolicyDocument=document)
    aws.iam.create_role(RoleName="reader", AssumeRolePolicyDocument=TRUST)
    with refused(code):
        raw.put_role_policy(RoleName="reader", PolicyName="p", PolicyDocument=document)
    assert aws.iam.list_role_policies(RoleName="reader")["PolicyNames"] == []


def test_the_text_of_a_malformed_trust_policy(aws):
    with refused("MalformedPolicyDocument", "This policy contains invalid Json"):
        aws.iam.create_role(RoleName="reader", AssumeRolePolicyDocument="not json")


def test_nobody(aws):
    for call in (
        lambda: aws.iam.get_role(RoleName="nobody"),
        lambda: aws.iam.delete_role(RoleName="nobody"),
        lambda: aws.iam.list_role_policies(RoleName="nobody"),
        lambda: aws.iam.put_role_policy(RoleName="nobody", PolicyName="p", PolicyDocument=READ),
    ):
        with refused("NoSuchEntity", lambda text: "nobody" in text, status=404):
            call()
    aws.iam.create_role(RoleName="reader", AssumeRolePolicyDocument=TRUST)
    for call in (aws.iam.get_role_policy, aws.iam.delete_role_policy):
        with refused("NoSuchEntity", lambda text: "absent" in text, status=404):
            call(RoleName="reader", PolicyName="absent")


def test_input_is_validated(aws):
    raw = aws.raw("iam")
    with refused("ValidationError", "1 validation error detected: Value null at 'roleName' failed to satisfy constraint: "
                                    "Member must not be null"):
        raw.create_role(AssumeRolePolicyDocument=TRUST)
    with refused("ValidationError", lambda text: "at 'roleName' failed to satisfy constraint" in text):
        raw.create_role(RoleName="r" * 65, AssumeRolePolicyDocument=TRUST)
    with refused("ValidationError", lambda text: "at 'roleName' failed to satisfy constraint" in text):
        raw.create_role(RoleName="no spaces", AssumeRolePolicyDocument=TRUST)


def test_roles_page_by_page(aws):
    made = [f"role-{n:02}" for n in range(12)]
    for name in made:
        aws.iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)
    pages = list(aws.iam.get_paginator("list_roles").paginate(PaginationConfig={"PageSize": 5}))
    assert [len(p["Roles"]) for p in pages] == [5, 5, 2]
    assert [p["IsTruncated"] for p in pages] == [True, True, False]
    assert [r["RoleName"] for p in pages for r in p["Roles"]] == made


# STS

def test_the_caller_is_root_of_the_account_of_the_key(aws, other):
    for account in (aws, other):
        who = account.sts.get_caller_identity()
        assert (who["Account"], who["Arn"]) == (account.number, f"arn:aws:iam::{account.number}:root")
        assert who["UserId"] == account.number


def test_an_unknown_key_is_of_the_default_account(aws):
    who = aws.client("sts", key="AKIAIOSFODNN7EXAMPLE").get_caller_identity()
    assert who["Account"] == "123456789012"


def test_assume_role(aws):
    role = aws.iam.create_role(RoleName="reader", AssumeRolePolicyDocument=ANYONE)["Role"]
    before = datetime.datetime.now(datetime.timezone.utc)
    answer = aws.sts.assume_role(RoleArn=role["Arn"], RoleSessionName="one", DurationSeconds=900)
    assert answer["AssumedRoleUser"] == {
        "AssumedRoleId": f"{role['RoleId']}:one",
        "Arn": f"arn:aws:sts::{aws.number}:assumed-role/reader/one",
    }
    keys = answer["Credentials"]
    assert re.fullmatch(r"ASIA[A-Z0-9]{16}", keys["AccessKeyId"])
    assert abs((keys["Expiration"] - before).total_seconds() - 900) < 10
    session = aws.client("sts", key=keys["AccessKeyId"], secret=keys["SecretAccessKey"], token=keys["SessionToken"])
    who = session.get_caller_identity()
    assert who["Arn"] == f"arn:aws:sts::{aws.number}:assumed-role/reader/one"
    assert (who["UserId"], who["Account"]) == (f"{role['RoleId']}:one", aws.number)


def test_a_session_acts_in_the_account_of_its_role(aws):
    aws.iam.create_role(RoleName="maker", AssumeRolePolicyDocument=ANYONE)
    aws.iam.put_role_policy(RoleName="maker", PolicyName="all", PolicyDocument=json.dumps({
        "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}))
    keys = aws.sts.assume_role(
        RoleArn=f"arn:aws:iam::{aws.number}:role/maker", RoleSessionName="one")["Credentials"]
    ec2 = aws.client("ec2", key=keys["AccessKeyId"], secret=keys["SecretAccessKey"], token=keys["SessionToken"])
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    assert aws.ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0]["OwnerId"] == aws.number


def test_bad_requests_to_assume_a_role(aws):
    raw = aws.raw("sts")
    with refused("ValidationError", "nonsense-that-is-long-enough is invalid"):
        raw.assume_role(RoleArn="nonsense-that-is-long-enough", RoleSessionName="one")
    role = aws.iam.create_role(RoleName="reader", AssumeRolePolicyDocument=ANYONE)["Role"]["Arn"]
    with refused("ValidationError",
                 "1 validation error detected: Value 'Session1:2' at 'roleSessionName' failed to satisfy constraint: "
                 "Member must satisfy regular expression pattern: [\\w+=,.@-]*"):
        raw.assume_role(RoleArn=role, RoleSessionName="Session1:2")
    with refused("AccessDenied", status=403):
        aws.sts.assume_role(RoleArn=f"arn:aws:iam::{aws.number}:role/nobody", RoleSessionName="one")


def test_a_role_that_trusts_only_a_service_cannot_be_assumed_by_a_user(aws):
    role = aws.iam.create_role(RoleName="service", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    with refused("AccessDenied", lambda text: "sts:AssumeRole" in text and role in text, status=403):
        aws.sts.assume_role(RoleArn=role, RoleSessionName="one")


# Partitions

@pytest.mark.parametrize("region, partition", [
    ("us-east-1", "aws"), ("eu-west-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov"),
])
def test_arns_carry_the_partition_of_the_region(aws, region, partition):
    who = aws.client("sts", region).get_caller_identity()
    assert who["Arn"] == f"arn:{partition}:iam::{aws.number}:root"
    ec2 = aws.client("ec2", region)
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]
    assert subnet["SubnetArn"] == f"arn:{partition}:ec2:{region}:{aws.number}:subnet/{subnet['SubnetId']}"


@pytest.mark.parametrize("region, partition, domain", [
    ("cn-northwest-1", "aws-cn", "amazonaws.com.cn"), ("us-gov-east-1", "aws-us-gov", "amazonaws.com"),
])
def test_a_role_and_a_job_in_another_partition(aws, region, partition, domain):
    role = aws.client("iam", region).create_role(RoleName="trainer", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    assert role == f"arn:{partition}:iam::{aws.number}:role/trainer"
    aws.client("iam", region).attach_role_policy(
        RoleName="trainer", PolicyArn=f"arn:{partition}:iam::aws:policy/AmazonS3FullAccess")
    request = job_request("far", role)
    request["AlgorithmSpecification"]["TrainingImage"] = f"{aws.number}.dkr.ecr.{region}.{domain}/train:1"
    arn = aws.client("sagemaker", region).create_training_job(**request)["TrainingJobArn"]
    assert arn == f"arn:{partition}:sagemaker:{region}:{aws.number}:training-job/far"
