"""What jobs send and receive, as flow logs of their VPC tell it, read with boto3 from CloudWatch Logs and from S3."""

import gzip
import json

import pytest

FIELDS = ("interface-id", "srcaddr", "dstaddr", "srcport", "dstport", "protocol", "packets", "bytes", "start", "end",
          "action", "tcp-flags", "pkt-srcaddr", "pkt-dstaddr", "pkt-src-aws-service", "pkt-dst-aws-service",
          "flow-direction", "traffic-path", "subnet-id", "vpc-id", "instance-id", "interface-type", "log-status")
FORMAT = " ".join(f"${{{field}}}" for field in FIELDS)
NUMBERS = {"srcport", "dstport", "packets", "bytes", "start", "end"}
GROUP = "/vpc/records"
MIB = 1 << 20


def record(fields, line):
    pairs = zip(fields, line.split(" "), strict=True)
    return {name: int(value) if name in NUMBERS and value != "-" else value for name, value in pairs}


class Watched:
    """An account with a network for jobs, a bucket with data for them, and two flow logs of the VPC: one to CloudWatch
    Logs, one to S3."""

    def __init__(self, aws):
        self.aws, self.s3, self.logs = aws, aws.client("s3"), aws.client("logs")
        aws.manual_clock()
        self.role = aws.role()
        aws.iam.put_role_policy(RoleName="trainer", PolicyName="data", PolicyDocument=json.dumps(
            {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}))
        self.net = aws.network()
        for bucket in ("data", "records"):
            self.s3.create_bucket(Bucket=bucket)
        for key in ("train/1", "train/2"):
            self.s3.put_object(Bucket="data", Key=key, Body=bytes(MIB))
        self.logs.create_log_group(logGroupName=GROUP)
        trust = {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "vpc-flow-logs.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
        may = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "logs:*", "Resource": "*"}]}
        deliverer = aws.iam.create_role(
            RoleName="deliverer", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
        aws.iam.put_role_policy(RoleName="deliverer", PolicyName="logs", PolicyDocument=json.dumps(may))
        common = {"ResourceType": "VPC", "ResourceIds": [self.net.vpc], "TrafficType": "ALL", "LogFormat": FORMAT,
                  "MaxAggregationInterval": 60}
        made = aws.ec2.create_flow_logs(LogGroupName=GROUP, DeliverLogsPermissionArn=deliverer, **common)
        assert made["Unsuccessful"] == []
        made = aws.ec2.create_flow_logs(
            LogDestinationType="s3", LogDestination="arn:aws:s3:::records/flows", **common)
        assert made["Unsuccessful"] == []

    def train(self, name, instances=1, vpc=True, **more):
        """Runs a training job to its end; what describes it."""
        self.aws.training_job(
            name, self.role, self.net.config if vpc else None, instances,
            InputDataConfig=[{"ChannelName": "train", "DataSource": {"S3DataSource": {
                "S3DataType": "S3Prefix", "S3Uri": "s3://data/train"}}}],
            OutputDataConfig={"S3OutputPath": "s3://data/models"}, **more)
        self.aws.advance("2h")
        for log in self.aws.ec2.describe_flow_logs()["FlowLogs"]:
            assert log["DeliverLogsStatus"] == "SUCCESS", log
        return self.aws.job(name)

    def from_logs(self):
        pages = self.logs.get_paginator("filter_log_events").paginate(logGroupName=GROUP)
        events = [event for page in pages for event in page["events"]]
        told = [(event["logStreamName"], record(FIELDS, event["message"])) for event in events]
        told = [(stream, one) for stream, one in told if one["log-status"] == "OK"]
        assert all(stream == f"{one['interface-id']}-all" for stream, one in told)
        return [one for _, one in told]

    def from_s3(self):
        records = []
        for page in self.s3.get_paginator("list_objects_v2").paginate(Bucket="records"):
            for found in page.get("Contents", []):
                if not found["Key"].endswith(".log.gz"):
                    continue
                assert f"/AWSLogs/{self.aws.number}/vpcflowlogs/us-east-1/" in found["Key"]
                body = self.s3.get_object(Bucket="records", Key=found["Key"])["Body"].read()
                header, *lines = gzip.decompress(body).decode().splitlines()
                assert header.split(" ") == list(FIELDS)
                records += [record(FIELDS, line) for line in lines]
        return [one for one in records if one["log-status"] == "OK"]

    def records(self):
        """The same from both."""
        records = sorted(self.from_logs(), key=lambda one: list(map(str, one.values())))
        assert records == sorted(self.from_s3(), key=lambda one: list(map(str, one.values())))
        return records


def of_s3(records, direction):
    service = {"ingress": "pkt-src-aws-service", "egress": "pkt-dst-aws-service"}[direction]
    return [one for one in records if one["flow-direction"] == direction and one[service] == "S3"]


def total(records, field):
    return sum(one[field] for one in records)


@pytest.fixture
def watched(aws):
    return Watched(aws)


def test_a_healthy_job_downloads_and_uploads(watched):
    declared = {"behaviours": [{"writes": 3 * MIB}]}
    watched.aws.server.control("POST", f"/_mockplane/behaviours?account={watched.aws.number}", declared)
    assert watched.train("healthy")["TrainingJobStatus"] == "Completed"
    records = watched.records()
    received, sent = of_s3(records, "ingress"), of_s3(records, "egress")
    assert {one["action"] for one in received + sent} == {"ACCEPT"}
    # Two objects come in, one goes out; headers are some hundredth of it, acknowledgements less.
    assert 2 * MIB < total(received, "bytes") < 2.2 * MIB
    assert 3 * MIB < total(sent, "bytes") < 3.3 * MIB
    for side in received, sent:
        assert all(40 <= one["bytes"] / one["packets"] <= 1500 for one in side)
    assert {one["traffic-path"] for one in sent} == {"7"} and {one["traffic-path"] for one in received} == {"-"}
    # The service's interface carries all of it; whoever runs instances of their own sees no instance here.
    assert len({one["interface-id"] for one in received + sent}) == 1
    assert {(one["vpc-id"], one["instance-id"], one["interface-type"]) for one in records} == {
        (watched.net.vpc, "-", "-")}
    assert {one["subnet-id"] for one in records} <= set(watched.net.subnets)
    download, upload = min(sent, key=lambda one: one["start"]), max(sent, key=lambda one: one["end"])
    assert download["end"] <= upload["start"] and download["dstport"] == upload["dstport"] == 443


def test_answers_that_the_acl_refuses_are_rejected(watched):
    filters = [{"Name": "vpc-id", "Values": [watched.net.vpc]}]
    (acl,) = watched.aws.ec2.describe_network_acls(Filters=filters)["NetworkAcls"]
    watched.aws.ec2.delete_network_acl_entry(NetworkAclId=acl["NetworkAclId"], RuleNumber=100, Egress=False)
    assert watched.train("cut")["TrainingJobStatus"] == "Failed"
    records = watched.records()
    (out,), (back,) = of_s3(records, "egress"), of_s3(records, "ingress")
    assert (out["action"], back["action"]) == ("ACCEPT", "REJECT")
    assert (out["tcp-flags"], back["tcp-flags"]) == ("2", "18")
    assert (out["packets"], out["bytes"]) == (back["packets"], back["bytes"]) == (7, 420)
    for one, other in (("srcaddr", "dstaddr"), ("srcport", "dstport"), ("pkt-srcaddr", "pkt-dstaddr")):
        assert (out[one], out[other]) == (back[other], back[one])
    assert [one for one in records if one["action"] == "REJECT"] == [back]


def test_a_group_that_lets_nothing_out_is_all_there_is(watched):
    watched.aws.ec2.revoke_security_group_egress(GroupId=watched.net.group, IpPermissions=[
        {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}])
    assert watched.train("shut")["TrainingJobStatus"] == "Failed"
    records = watched.records()
    assert {(one["action"], one["flow-direction"], one["traffic-path"]) for one in records} == {
        ("REJECT", "egress", "-")}


def test_a_job_without_a_vpc_leaves_nothing(watched):
    assert watched.train("outside", vpc=False)["TrainingJobStatus"] == "Completed"
    assert watched.records() == []


def test_instances_of_one_job_are_seen_at_both_ends(watched):
    assert watched.train("pair", instances=2)["TrainingJobStatus"] == "Completed"
    records = watched.records()
    peers = [one for one in records if 7777 in (one["srcport"], one["dstport"])]
    ends = {(one["interface-id"], one["flow-direction"]) for one in peers}
    assert len(ends) == 4 and len({interface for interface, _ in ends}) == 2
    for port in "srcport", "dstport":
        way = [one for one in peers if one[port] == 7777]
        left = total((one for one in way if one["flow-direction"] == "egress"), "bytes")
        assert left == total((one for one in way if one["flow-direction"] == "ingress"), "bytes") > MIB
    # Each of them reads all of the data.
    received = of_s3(records, "ingress")
    assert len({one["interface-id"] for one in received}) == 2 and total(received, "bytes") > 4 * MIB


def test_a_nat_gateway_has_conversations_of_its_own(watched):
    aws, net = watched.aws, watched.net
    aws.ec2.delete_vpc_endpoints(VpcEndpointIds=[net.s3])
    public = aws.subnet(net.vpc, "10.0.9.0/24", AvailabilityZone="us-east-1a")
    gateway = aws.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    aws.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=net.vpc)
    table = aws.ec2.create_route_table(VpcId=net.vpc)["RouteTable"]["RouteTableId"]
    aws.ec2.associate_route_table(RouteTableId=table, SubnetId=public)
    aws.ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    address = aws.ec2.allocate_address(Domain="vpc")["AllocationId"]
    nat = aws.ec2.create_nat_gateway(SubnetId=public, AllocationId=address)["NatGateway"]["NatGatewayId"]
    aws.advance("10m")
    filters = [{"Name": "vpc-id", "Values": [net.vpc]}, {"Name": "association.main", "Values": ["true"]}]
    (main,) = aws.ec2.describe_route_tables(Filters=filters)["RouteTables"]
    aws.ec2.create_route(
        RouteTableId=main["RouteTableId"], DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat)
    (own,) = aws.ec2.describe_nat_gateways(NatGatewayIds=[nat])["NatGateways"][0]["NatGatewayAddresses"]
    assert watched.train("through")["TrainingJobStatus"] == "Completed"
    records = watched.records()
    at_nat = [one for one in records if one["interface-id"] == own["NetworkInterfaceId"]]
    assert {one["interface-type"] for one in at_nat} == {"nat_gateway"}
    s3 = [one for one in at_nat if "S3" in (one["pkt-src-aws-service"], one["pkt-dst-aws-service"])]
    me = own["PrivateIp"]
    ways = {(one["flow-direction"], one["srcaddr"] == me, one["dstaddr"] == me, one["pkt-srcaddr"] == me,
             one["pkt-dstaddr"] == me) for one in s3}
    assert ways == {
        ("ingress", False, True, False, False),  # From the job, for S3.
        ("egress", True, False, True, False),  # To S3, in its own name.
        ("ingress", False, True, False, True),  # From S3, for itself.
        ("egress", True, False, False, False),  # To the job, from S3.
    }
    # What comes in goes out.
    for direction in "egress", "ingress":
        at_job = [one for one in of_s3(records, direction) if one not in at_nat]
        assert 2 * total(at_job, "bytes") == total((one for one in s3 if (
            one["pkt-dst-aws-service"] == "S3") == (direction == "egress")), "bytes")
