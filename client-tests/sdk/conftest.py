"""Both versions of the SageMaker Python SDK find the server by what is in the environment, as a user's program does."""

import os
import pathlib
import sys
import tempfile

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "python"))

for _name in [n for n in os.environ if n.startswith("AWS_")]:
    del os.environ[_name]
# The SDK reports what is done with it to a bucket of AWS's unless it is told not to.
_config = pathlib.Path(tempfile.mkdtemp(prefix="mockplane-sdk-")) / "config.yaml"
_config.write_text("SchemaVersion: '1.0'\nSageMaker:\n  PythonSDK:\n    Modules:\n      TelemetryOptOut: true\n")
os.environ.update(
    AWS_EC2_METADATA_DISABLED="true", AWS_CONFIG_FILE=os.devnull, AWS_SHARED_CREDENTIALS_FILE=os.devnull,
    AWS_DEFAULT_REGION="us-east-1", AWS_REGION="us-east-1", AWS_ACCESS_KEY_ID="200000000077",
    AWS_SECRET_ACCESS_KEY="any", SAGEMAKER_USER_CONFIG_OVERRIDE=str(_config), SAGEMAKER_SUPPRESS_V2_WARNING="1",
)

from mockplane import Account, Server  # noqa: E402

BUCKET = "sdk-data"
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/train:1"


@pytest.fixture(scope="session")
def server():
    with Server("--profile", "instant") as running:
        os.environ["AWS_ENDPOINT_URL"] = running.endpoint
        yield running
        assert "panicked at" not in running.log_text()


@pytest.fixture(scope="session")
def world(server):
    """An account with a closed VPC from which S3 and CloudWatch Logs can be reached, a role, and data in a bucket."""
    aws = Account(server, os.environ["AWS_ACCESS_KEY_ID"])
    aws.net = aws.network()
    aws.ec2.authorize_security_group_ingress(GroupId=aws.net.group, IpPermissions=[
        {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "10.0.0.0/16"}]}])
    for attribute in ("EnableDnsSupport", "EnableDnsHostnames"):
        aws.ec2.modify_vpc_attribute(VpcId=aws.net.vpc, **{attribute: {"Value": True}})
    aws.ec2.create_vpc_endpoint(
        VpcId=aws.net.vpc, ServiceName="com.amazonaws.us-east-1.logs", VpcEndpointType="Interface",
        SubnetIds=aws.net.subnets, SecurityGroupIds=[aws.net.group], PrivateDnsEnabled=True)
    aws.execution_role = aws.role()
    aws.iam.attach_role_policy(
        RoleName="trainer", PolicyArn="arn:aws:iam::aws:policy/AmazonSageMakerFullAccess")
    s3 = aws.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    s3.put_object(Bucket=BUCKET, Key="train/1.csv", Body=b"1,2\n")
    s3.put_object(Bucket=BUCKET, Key="model/model.tar.gz", Body=b"weights")
    server.control("POST", f"/_mockplane/behaviours?account={aws.number}", {"behaviours": [
        {"image": "*/train:1", "log": ["epoch 1 of {job} on {host}", "loss=0.25"]}]})
    return aws


@pytest.fixture(scope="session")
def closed_group(world):
    """A group that lets nothing out."""
    group = world.group(world.net.vpc, "closed")
    world.ec2.revoke_security_group_egress(
        GroupId=group, IpPermissions=[{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}])
    return group


NO_ROUTE = (
    "ClientError: Data download failed:Please ensure that the subnet's route table has a route to an S3 VPC endpoint or "
    "a NAT device, and both the security groups and the subnet's network ACL allow outbound traffic to S3."
)
