"""Training in a private VPC: what AWS would do, and why."""

import json
import types

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def network(aws):
    """A VPC with one subnet of 11 free addresses, a group whose members may talk to each other, and a role."""
    ec2, iam = aws.client("ec2"), aws.client("iam")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/28")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(VpcId=vpc, GroupName="training", Description="training jobs")["GroupId"]
    ec2.authorize_security_group_ingress(
        GroupId=group, IpPermissions=[{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group}]}])
    tables = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["RouteTables"]
    statement = {"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = iam.create_role(
        RoleName="trainer", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    statement = {"Effect": "Allow", "Action": ["ec2:*", "s3:*"], "Resource": "*"}
    iam.put_role_policy(
        RoleName="trainer", PolicyName="jobs",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    return types.SimpleNamespace(
        vpc=vpc, subnet=subnet, group=group, table=tables[0]["RouteTableId"], role=role["Role"]["Arn"])


def way_to_s3(aws, network):
    aws.client("ec2").create_vpc_endpoint(
        VpcId=network.vpc, ServiceName=f"com.amazonaws.{aws.region}.s3", RouteTableIds=[network.table])


def train(aws, network, instances=1):
    """The code under test."""
    sagemaker = aws.client("sagemaker")
    sagemaker.create_training_job(
        TrainingJobName="nightly", RoleArn=network.role,
        AlgorithmSpecification={
            "TrainingImage": "123456789012.dkr.ecr.us-east-1.amazonaws.com/train:1", "TrainingInputMode": "File"},
        InputDataConfig=[{"ChannelName": "train", "DataSource": {"S3DataSource": {
            "S3DataType": "S3Prefix", "S3Uri": "s3://training-data/train"}}}],
        OutputDataConfig={"S3OutputPath": "s3://models/nightly"},
        ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": instances, "VolumeSizeInGB": 10},
        StoppingCondition={"MaxRuntimeInSeconds": 3600},
        VpcConfig={"Subnets": [network.subnet], "SecurityGroupIds": [network.group]})
    return sagemaker


def ended(sagemaker):
    """The job, once it has ended. A waiter of boto3 does not wait: Mockplane runs what it waits for at once."""
    try:
        sagemaker.get_waiter("training_job_completed_or_stopped").wait(TrainingJobName="nightly")
    except Exception:    # it failed; the status says so
        pass
    return sagemaker.describe_training_job(TrainingJobName="nightly")


def test_it_completes_with_a_way_to_s3(aws, network):
    way_to_s3(aws, network)
    assert ended(train(aws, network, instances=2))["TrainingJobStatus"] == "Completed"
    aws.assert_decided_by("training-job/nightly", None)


def test_it_fails_in_a_sealed_vpc(aws, network):
    assert ended(train(aws, network))["TrainingJobStatus"] == "Failed"
    aws.assert_decided_by("training-job/nightly", "SM-S3-NOPATH-01")


def test_it_fails_where_there_is_no_room(aws, network):
    way_to_s3(aws, network)
    assert ended(train(aws, network, instances=6))["TrainingJobStatus"] == "Failed"
    aws.assert_decided_by("training-job/nightly", "SM-VPC-IP-01")


def test_it_holds_addresses_while_it_runs(aws, network):
    """Time stands still until the test moves it, so nothing races."""
    aws.stop_clock()
    way_to_s3(aws, network)
    sagemaker, ec2 = train(aws, network, instances=2), aws.client("ec2")
    aws.advance("1s")
    status = sagemaker.describe_training_job(TrainingJobName="nightly")["TrainingJobStatus"]
    free = ec2.describe_subnets(SubnetIds=[network.subnet])["Subnets"][0]["AvailableIpAddressCount"]
    assert (status, free) == ("InProgress", 7)
    aws.advance("1h")
    assert ended(sagemaker)["TrainingJobStatus"] == "Completed"


def test_a_subnet_in_use_cannot_be_deleted(aws, network):
    aws.stop_clock()
    way_to_s3(aws, network)
    train(aws, network)
    aws.advance("1s")
    with pytest.raises(ClientError) as refused:
        aws.client("ec2").delete_subnet(SubnetId=network.subnet)
    assert refused.value.response["Error"]["Code"] == "DependencyViolation"


def test_code_that_makes_its_own_clients(aws, monkeypatch):
    for name, value in aws.environment().items():
        monkeypatch.setenv(name, value)
    import boto3
    assert boto3.client("sts").get_caller_identity()["Account"] == aws.number


def test_it_retries_what_aws_throttles(aws):
    effect = {"error": {"code": "RequestLimitExceeded", "status": 503}}
    aws.control("POST", "faults", {"faults": [{"id": "busy", "match": {"service": "ec2"}, "times": 2, "effect": effect}]})
    aws.client("ec2").describe_vpcs()
    assert aws.control("GET", "faults/busy")["hits"] == 2
