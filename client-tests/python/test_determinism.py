"""One seed, one manual clock, the same requests: the same bytes, headers and request ids included."""

import json
import re
from urllib.parse import quote

from mockplane import TRUST, VPC_ACCESS, Server, job_request
from rawhttp import Connection, ec2, query, request, target

ACCOUNT = "500000000001"
CLOCK = "manual:2026-01-05T09:00:00Z"


class Replay:
    """Sends requests whose ids come from earlier answers, and keeps every answer raw."""

    def __init__(self, server, account=ACCOUNT):
        self.connection = Connection(server)
        self.account = account
        self.answers = []

    def send(self, data):
        reply = self.connection.call(data)
        self.answers.append((reply.head, reply.body))
        return reply

    def control(self, data):
        """The control API lives in real time: its `date` is not compared."""
        reply = self.connection.call(data)
        self.answers.append((reply.status, reply.body))

    def ec2(self, action, parameters="", find=None, region="us-east-1"):
        reply = self.send(ec2(self.account, action, parameters, region))
        return re.search(f"<{find}>([^<]*)", reply.text).group(1) if find else reply

    def iam(self, action, parameters=""):
        return self.send(query(self.account, "iam", f"Action={action}&Version=2010-05-08{parameters}"))

    def sagemaker(self, operation, body):
        return self.send(target(self.account, "sagemaker", f"SageMaker.{operation}", json.dumps(body)))

    def advance(self, duration):
        body = json.dumps({"account": self.account, "advance": duration})
        self.control(request(body, {"content-type": "application/json"}, path="/_mockplane/clock"))


def story(server, account=ACCOUNT):
    r = Replay(server, account)
    r.ec2("DescribeVpcs")
    r.ec2("DescribeSubnets")
    r.ec2("DescribeSecurityGroups", region="eu-west-1")
    vpc = r.ec2("CreateVpc", "&CidrBlock=10.0.0.0%2F16", "vpcId")
    subnets = [
        r.ec2("CreateSubnet", f"&VpcId={vpc}&CidrBlock=10.0.{n}.0%2F24&AvailabilityZone=us-east-1{zone}", "subnetId")
        for n, zone in ((1, "a"), (2, "b"))]
    group = r.ec2("CreateSecurityGroup", f"&VpcId={vpc}&GroupName=jobs&GroupDescription=jobs", "groupId")
    r.ec2("AuthorizeSecurityGroupIngress",
          f"&GroupId={group}&IpPermissions.1.IpProtocol=-1&IpPermissions.1.Groups.1.GroupId={group}")
    table = r.ec2("CreateRouteTable", f"&VpcId={vpc}", "routeTableId")
    for subnet in subnets:
        r.ec2("AssociateRouteTable", f"&RouteTableId={table}&SubnetId={subnet}")
    r.ec2("CreateVpcEndpoint", f"&VpcId={vpc}&ServiceName=com.amazonaws.us-east-1.s3&RouteTableId.1={table}")
    r.ec2("CreateTags", f"&ResourceId.1={vpc}&Tag.1.Key=a&Tag.1.Value=b")
    interface = r.ec2("CreateNetworkInterface", f"&SubnetId={subnets[0]}", "networkInterfaceId")
    r.ec2("CreateVpc", "&CidrBlock=10.0.0.0%2F8")          # refused: it must not shift what follows
    r.ec2("DeleteSubnet", f"&SubnetId={subnets[0]}")
    r.ec2("DeleteNetworkInterface", f"&NetworkInterfaceId={interface}")
    r.ec2("DescribeReservedInstances")
    r.iam("CreateRole", f"&RoleName=trainer&AssumeRolePolicyDocument={quote(TRUST, safe='')}")
    r.iam("PutRolePolicy", f"&RoleName=trainer&PolicyName=vpc&PolicyDocument={quote(VPC_ACCESS, safe='')}")
    r.iam("GetRole", "&RoleName=nobody")
    r.send(query(account, "sts", "Action=GetCallerIdentity&Version=2011-06-15"))
    job = job_request(
        "story", f"arn:aws:iam::{account}:role/trainer", {"Subnets": subnets, "SecurityGroupIds": [group]})
    r.sagemaker("CreateTrainingJob", job)
    r.sagemaker("CreateTrainingJob", job)
    r.sagemaker("CreateTrainingJob", {"TrainingJobName": "_"})
    for _ in range(12):
        r.sagemaker("DescribeTrainingJob", {"TrainingJobName": "story"})
        r.ec2("DescribeNetworkInterfaces")
        r.ec2("DescribeSubnets")
        r.advance("500ms")
    r.sagemaker("ListTrainingJobs", {})
    r.control(request(method="GET", path=f"/_mockplane/events?account={account}"))
    r.connection.socket.close()
    return r.answers


def compare(one, two):
    assert len(one) == len(two)
    for number, (left, right) in enumerate(zip(one, two)):
        assert left == right, f"answer {number} differs"


def test_two_servers_give_the_same_bytes():
    with Server("--seed", "7", "--clock", CLOCK) as one, Server("--seed", "7", "--clock", CLOCK) as two:
        first, second = story(one), story(two)
    compare(first, second)
    assert any(b'"TrainingJobStatus":"Completed"' in body for _, body in first)
    ids = [re.search(rb"(?i)x-amzn-requestid: (\S+)", head).group(1) for head, _ in first if isinstance(head, bytes)]
    assert len(ids) == len(set(ids)) > 50, "request ids differ from call to call"


def test_another_account_beside_it_changes_nothing():
    with Server("--seed", "7", "--clock", CLOCK) as alone, Server("--seed", "7", "--clock", CLOCK) as busy:
        first = [body for _, body in story(alone)]
        noise = Replay(busy, "500000000002")
        for _ in range(7):
            noise.ec2("CreateVpc", "&CidrBlock=10.0.0.0%2F16")
        second = [body for _, body in story(busy)]
    # Request ids may count over all accounts; everything else is the account's own.
    ids = re.compile(rb"<(request[Ii][Dd]|RequestI[Dd])>[^<]*")
    compare([ids.sub(b"", body) for body in first], [ids.sub(b"", body) for body in second])


def test_reset_gives_the_same_world_again():
    with Server("--seed", "7", "--clock", CLOCK) as server:
        connection = Connection(server)
        before = connection.call(ec2(ACCOUNT, "DescribeVpcs")).body
        connection.call(ec2(ACCOUNT, "CreateVpc", "&CidrBlock=10.0.0.0%2F16"))
        connection.call(request(path=f"/_mockplane/reset?account={ACCOUNT}"))
        after = connection.call(ec2(ACCOUNT, "DescribeVpcs")).body
    ids = re.compile(rb"<requestId>[^<]*")
    assert ids.sub(b"", before) == ids.sub(b"", after)


def test_another_seed_gives_other_ids():
    with Server("--seed", "7", "--clock", CLOCK) as one, Server("--seed", "8", "--clock", CLOCK) as two:
        ids = [Replay(server).ec2("DescribeVpcs", find="vpcId") for server in (one, two)]
    assert ids[0] != ids[1]
