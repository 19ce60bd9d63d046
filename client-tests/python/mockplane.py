"""What the suites share: the server as a process, and an AWS account of one's own on it."""

import contextlib
import itertools
import json
import os
import pathlib
import queue
import signal
import subprocess
import tempfile
import threading
import time
import types
import urllib.error
import urllib.request

import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from evidence import Evidence
from shapes import Watch

ROOT = pathlib.Path(__file__).resolve().parents[2]

TRUST = json.dumps({
    "Version": "2012-10-17",
    "Statement": [{
        "Effect": "Allow",
        "Principal": {"Service": "sagemaker.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }],
})
# What any job or endpoint in a VPC needs of its role.
VPC_ACCESS = json.dumps({
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": [
                "ec2:CreateNetworkInterface",
                "ec2:CreateNetworkInterfacePermission",
                "ec2:DeleteNetworkInterface",
                "ec2:DeleteNetworkInterfacePermission",
                "ec2:DescribeNetworkInterfaces",
                "ec2:DescribeVpcs",
                "ec2:DescribeDhcpOptions",
                "ec2:DescribeSubnets",
                "ec2:DescribeSecurityGroups",
                "ec2:DescribeVpcEndpoints",
                "ec2:ModifyNetworkInterfaceAttribute",
            ],
            "Resource": "*",
        },
        {"Effect": "Allow", "Action": "s3:*", "Resource": "*"},
    ],
})


def binary():
    """MOCKPLANE_BIN, or the newest build in the target directory."""
    if os.environ.get("MOCKPLANE_BIN"):
        return os.environ["MOCKPLANE_BIN"]
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    built = [p for p in (target / "debug/mockplane", target / "release/mockplane") if p.exists()]
    if not built:
        raise RuntimeError("no mockplane binary: cargo build -p mock-server --bin mockplane")
    return str(max(built, key=lambda p: p.stat().st_mtime))


def environment(**more):
    """The caller's environment without AWS_* and MOCKPLANE_* settings."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "MOCKPLANE_"))}
    return {**kept, **more}


class Server:
    """A `mockplane serve` process on a free port."""

    def __init__(self, *args, **env):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="mockplane-"))
        endpoints = self.directory / "endpoints.json"
        self.log = self.directory / "log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [binary(), "serve", "--port", "0", "--endpoints-file", str(endpoints), *args],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True, env=environment(**env),
            )
        self.output = queue.Queue()
        threading.Thread(target=self._drain, daemon=True).start()
        try:
            deadline = time.monotonic() + 30
            while self.output.get(timeout=max(0.01, deadline - time.monotonic())) != "Ready.\n":
                pass
        except queue.Empty:
            self.stop()
            raise RuntimeError(f"the server did not say `Ready.`:\n{self.log_text()}") from None
        self.endpoints = json.loads(endpoints.read_text())
        self.endpoint = self.endpoints["endpoint"].rstrip("/")
        self.host, port = self.endpoint.removeprefix("http://").split(":")
        self.port = int(port)
        self.pid = self.process.pid

    def _drain(self):
        for line in self.process.stdout:
            self.output.put(line)

    def log_text(self):
        return self.log.read_text(errors="replace")

    def alive(self):
        return self.process.poll() is None

    def stop(self):
        """SIGTERM; the exit code."""
        if self.alive():
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        return self.process.returncode

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def control(self, method, path, body=None):
        """A call of the control API; its JSON, or None for an empty answer."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self.endpoint + path, data=data, method=method, headers={"content-type": "application/json"})
        with urllib.request.urlopen(request, timeout=20) as answer:
            text = answer.read()
        try:
            return json.loads(text) if text else None
        except json.JSONDecodeError:
            return text.decode()

    def resident_mib(self):
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return int(next(line for line in status.splitlines() if line.startswith("VmRSS:")).split()[1]) / 1024


# Loading the service models is slow, so all clients share one loader.
_session = botocore.session.Session()
# What their answers lack or have too much of; conftest.py asks after each test.
WATCH = Watch()
WATCH.on(_session)
# What the tests show of each operation; test_operations.py writes it down.
EVIDENCE = Evidence()
EVIDENCE.on(_session)
_numbers = itertools.count(1)


class Account:
    """An account that no other test uses: a 12-digit access key names it."""

    def __init__(self, server, number=None, region="us-east-1"):
        self.server = server
        self.number = number or f"2{next(_numbers):011}"
        self.region = region
        self._clients = {}

    def client(self, service, region=None, validate=True, key=None, secret="any", token=None, **config):
        region = region or self.region
        plain = key is None and not config
        cached = self._clients.get((service, region, validate))
        if plain and cached:
            return cached
        config = {"retries": {"total_max_attempts": 1}, "read_timeout": 30, **config}
        made = _session.create_client(
            service, region_name=region, endpoint_url=self.server.endpoint,
            aws_access_key_id=key or self.number, aws_secret_access_key=secret, aws_session_token=token,
            config=Config(parameter_validation=validate, **config),
        )
        if plain:
            self._clients[service, region, validate] = made
        return made

    def raw(self, service, region=None):
        """A client that checks nothing itself, so that the server has to."""
        return self.client(service, region, validate=False)

    ec2 = property(lambda self: self.client("ec2"))
    sm = property(lambda self: self.client("sagemaker"))
    iam = property(lambda self: self.client("iam"))
    sts = property(lambda self: self.client("sts"))

    def vpc(self, block="10.0.0.0/16", **more):
        return self.ec2.create_vpc(CidrBlock=block, **more)["Vpc"]["VpcId"]

    def subnet(self, vpc, block="10.0.1.0/24", **more):
        return self.ec2.create_subnet(VpcId=vpc, CidrBlock=block, **more)["Subnet"]["SubnetId"]

    def group(self, vpc, name="jobs"):
        return self.ec2.create_security_group(GroupName=name, Description="for tests", VpcId=vpc)["GroupId"]

    def interface(self, subnet, **more):
        return self.ec2.create_network_interface(SubnetId=subnet, **more)["NetworkInterface"]["NetworkInterfaceId"]

    def role(self, name="trainer"):
        """An execution role with what a job in a VPC needs; its ARN."""
        arn = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
        self.iam.put_role_policy(RoleName=name, PolicyName="vpc", PolicyDocument=VPC_ACCESS)
        return arn

    def network(self, *blocks):
        """A VPC whose subnets (in zones a, b, ..) and group suit a distributed training job."""
        vpc = self.vpc()
        subnets = [
            self.subnet(vpc, block, AvailabilityZone=f"{self.region}{zone}")
            for block, zone in zip(blocks or ("10.0.1.0/24", "10.0.2.0/24"), "abcdef")
        ]
        s3 = self.s3_endpoint(vpc)
        group = self.group(vpc)
        self.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[
            {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group}]}])
        return types.SimpleNamespace(
            vpc=vpc, subnets=subnets, group=group, s3=s3, config={"Subnets": subnets, "SecurityGroupIds": [group]})

    def s3_endpoint(self, vpc, *tables, **more):
        """A gateway endpoint for S3, in the main table of the VPC unless others are named; its id."""
        if not tables:
            filters = [{"Name": "vpc-id", "Values": [vpc]}, {"Name": "association.main", "Values": ["true"]}]
            tables = [one["RouteTableId"] for one in self.ec2.describe_route_tables(Filters=filters)["RouteTables"]]
        return self.ec2.create_vpc_endpoint(
            VpcId=vpc, ServiceName=f"com.amazonaws.{self.region}.s3", RouteTableIds=list(tables),
            **more)["VpcEndpoint"]["VpcEndpointId"]

    def training_job(self, name, role, vpc_config=None, instances=2, **more):
        """CreateTrainingJob; the ARN."""
        request = job_request(name, role, vpc_config, instances)
        return self.sm.create_training_job(**{**request, **more})["TrainingJobArn"]

    def job(self, name):
        return self.sm.describe_training_job(TrainingJobName=name)

    def free(self, subnet):
        """AvailableIpAddressCount."""
        return self.ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]["AvailableIpAddressCount"]

    def interfaces(self, **filters):
        """Interfaces by filter; keywords with `_` for `-`."""
        listed = [{"Name": k.replace("_", "-"), "Values": [v] if isinstance(v, str) else v} for k, v in filters.items()]
        pages = self.ec2.get_paginator("describe_network_interfaces").paginate(Filters=listed)
        return [one for page in pages for one in page["NetworkInterfaces"]]

    def events(self):
        answer = self.server.control("GET", f"/_mockplane/events?account={self.number}")
        return answer["events"] if isinstance(answer, dict) else answer

    def reset(self):
        self.server.control("POST", f"/_mockplane/reset?account={self.number}")

    def manual_clock(self, start="2026-01-05T09:00:00Z"):
        self.server.control("POST", "/_mockplane/clock", {"account": self.number, "mode": "manual", "start": start})

    def advance(self, duration):
        self.server.control("POST", "/_mockplane/clock", {"account": self.number, "advance": duration})

    def advance_until(self, condition, what, step="250ms", limit=400):
        """Moves the manual clock in small steps until the condition holds; its value."""
        for _ in range(limit):
            value = condition()
            if value:
                return value
            self.advance(step)
        raise AssertionError(f"not reached in {limit} steps of {step}: {what}")


def job_request(name, role, vpc_config=None, instances=2):
    request = {
        "TrainingJobName": name,
        "AlgorithmSpecification": {
            "TrainingImage": "123456789012.dkr.ecr.us-east-1.amazonaws.com/train:1",
            "TrainingInputMode": "File",
        },
        "RoleArn": role,
        "InputDataConfig": [{
            "ChannelName": "train",
            "DataSource": {"S3DataSource": {
                "S3DataType": "S3Prefix", "S3Uri": "s3://training-data/train", "S3DataDistributionType": "FullyReplicated",
            }},
        }],
        "OutputDataConfig": {"S3OutputPath": "s3://training-output/models"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": instances, "VolumeSizeInGB": 10},
        "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
    }
    if vpc_config:
        request["VpcConfig"] = vpc_config
    return request


@contextlib.contextmanager
def refused(code, message=None, status=400):
    """The body must end in this error; `message` is the whole text, or a function that judges it."""
    with pytest.raises(ClientError) as caught:
        yield caught
    answer = caught.value.response
    assert answer["Error"]["Code"] == code, answer["Error"]
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == status, answer
    assert answer["ResponseMetadata"].get("RequestId"), answer
    if callable(message):
        assert message(answer["Error"]["Message"]), answer["Error"]["Message"]
    elif message is not None:
        assert answer["Error"]["Message"] == message


def poll(condition, what, seconds=20, pause=0.05):
    """Asks until the answer is true; that answer."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(pause)


def http_error(call):
    """The status of a control call that must fail."""
    with pytest.raises(urllib.error.HTTPError) as caught:
        call()
    return caught.value.code
