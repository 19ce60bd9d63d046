"""Flow logs as resources, as boto3 sees them. What they deliver is in test_flow_delivery.py."""

import json

import pytest

from mockplane import refused

LOST = "fl-0123456789abcdef0"
DEFAULT_FORMAT = " ".join(f"${{{field}}}" for field in (
    "version", "account-id", "interface-id", "srcaddr", "dstaddr", "srcport", "dstport", "protocol", "packets",
    "bytes", "start", "end", "action", "log-status"))
DUPLICATE = "Error. There is an existing Flow Log with the same configuration and log destination."


def deliverer(aws, service="vpc-flow-logs.amazonaws.com", name="deliverer"):
    trust = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}]}
    return aws.iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]


def to_bucket(*resources, kind="VPC", **more):
    return {"ResourceType": kind, "ResourceIds": list(resources), "TrafficType": "ALL", "LogDestinationType": "s3",
            "LogDestination": "arn:aws:s3:::records", **more}


def described(aws, **query):
    return aws.ec2.describe_flow_logs(**query)["FlowLogs"]


def test_a_log_to_a_bucket_is_read_back(aws):
    vpc = aws.vpc()
    with refused("DryRunOperation", status=412):
        aws.ec2.create_flow_logs(**to_bucket(vpc), DryRun=True)
    made = aws.ec2.create_flow_logs(**to_bucket(
        vpc, TrafficType="REJECT", MaxAggregationInterval=60, LogFormat="${version} ${vpc-id} ${next-hop-az-id}",
        DestinationOptions={"FileFormat": "plain-text", "PerHourPartition": True, "HiveCompatiblePartitions": False},
        TagSpecifications=[{"ResourceType": "vpc-flow-log", "Tags": [{"Key": "team", "Value": "blue"}]}]))
    assert made["Unsuccessful"] == [] and made["ClientToken"]
    (event,) = [event for event in aws.events() if event["kind"] == "ExternalBucket"]
    assert event["resource"] == made["FlowLogIds"][0] and "records" in event["message"]
    (log,) = described(aws, FlowLogIds=made["FlowLogIds"])
    assert log.pop("CreationTime")
    assert log == {
        "FlowLogId": made["FlowLogIds"][0], "ResourceId": vpc, "TrafficType": "REJECT", "FlowLogStatus": "ACTIVE",
        "DeliverLogsStatus": "SUCCESS", "LogDestinationType": "s3", "LogDestination": "arn:aws:s3:::records",
        "LogFormat": "${version} ${vpc-id} ${next-hop-az-id}", "MaxAggregationInterval": 60,
        "DestinationOptions": {"FileFormat": "plain-text", "PerHourPartition": True, "HiveCompatiblePartitions": False},
        "Tags": [{"Key": "team", "Value": "blue"}]}


def test_a_log_to_a_log_group_is_read_back(aws):
    subnet = aws.subnet(aws.vpc())
    role = deliverer(aws)
    group = f"arn:aws:logs:us-east-1:{aws.number}:log-group:/records:*"
    common = {"ResourceType": "Subnet", "ResourceIds": [subnet], "TrafficType": "ALL",
              "DeliverLogsPermissionArn": role}
    (by_name,) = aws.ec2.create_flow_logs(LogGroupName="records", **common)["FlowLogIds"]
    (by_arn,) = aws.ec2.create_flow_logs(
        LogDestinationType="cloud-watch-logs", LogDestination=group, **common)["FlowLogIds"]
    logs = {log["FlowLogId"]: log for log in described(aws)}
    assert (logs[by_name]["LogGroupName"], logs[by_name].get("LogDestination")) == ("records", None)
    assert (logs[by_arn]["LogGroupName"], logs[by_arn]["LogDestination"]) == ("/records", group)
    for log in logs.values():
        assert log["DeliverLogsPermissionArn"] == role
        assert (log["LogFormat"], log["MaxAggregationInterval"]) == (DEFAULT_FORMAT, 600)
        assert "DestinationOptions" not in log


def test_each_resource_succeeds_or_fails_for_itself(aws):
    one, two = aws.vpc(), aws.vpc("10.1.0.0/16")
    call = to_bucket(one, "vpc-0123456789abcdef0", two, ClientToken="once")
    made = aws.ec2.create_flow_logs(**call)
    assert len(made["FlowLogIds"]) == 2 and made["ClientToken"] == "once"
    assert made["Unsuccessful"] == [{
        "ResourceId": "vpc-0123456789abcdef0",
        "Error": {"Code": "InvalidVpcId.NotFound", "Message": "Unknown resource vpc-0123456789abcdef0"}}]
    again = aws.ec2.create_flow_logs(**call)
    assert [again[k] for k in ("FlowLogIds", "Unsuccessful")] == [made[k] for k in ("FlowLogIds", "Unsuccessful")]
    with refused("IdempotentParameterMismatch"):
        aws.ec2.create_flow_logs(**{**call, "TrafficType": "ACCEPT"})
    assert len(described(aws)) == 2
    with refused("FlowLogAlreadyExists", DUPLICATE):
        aws.ec2.create_flow_logs(**to_bucket(one))
    aws.ec2.create_flow_logs(**to_bucket(one, LogDestination="arn:aws:s3:::others"))
    assert aws.ec2.delete_flow_logs(FlowLogIds=made["FlowLogIds"])["Unsuccessful"] == []
    (left,) = described(aws)
    assert left["LogDestination"] == "arn:aws:s3:::others"


@pytest.mark.parametrize("change, code, text", [
    ({"LogGroupName": "g"}, "InvalidParameter", "Please only provide LogGroupName or only provide LogDestination."),
    ({"LogDestination": None}, "InvalidParameter",
     "LogDestination can't be empty if LogGroupName is not provided."),
    ({"LogDestination": None, "LogGroupName": "g"}, "InvalidParameter",
     "LogDestination type must be cloud-watch-logs if LogGroupName is provided."),
    ({"LogDestination": None, "LogDestinationType": None, "LogGroupName": "g"}, "InvalidParameter",
     "DeliverLogsPermissionArn can't be empty if LogDestinationType is cloud-watch-logs."),
    ({"LogDestinationType": None, "LogDestination": "arn:aws:logs:eu-west-1:123456789012:log-group:g"},
     "InvalidParameter", "LogDestination must be in the same region as the API caller."),
    ({"DeliverLogsPermissionArn": "arn:aws:iam::123456789012:role/x"}, "InvalidParameter",
     "DeliverLogsPermissionArn is not applicable for s3 delivery"),
    ({"MaxAggregationInterval": 10}, "InvalidParameter", "Invalid Flow Log Max Aggregation Interval"),
    ({"LogFormat": "${version} "}, "InvalidParameterValue",
     "1 validation error detected: Value '${version} ' at 'logFormat' has an invalid format"),
    ({"LogFormat": "${colour}"}, "InvalidParameter", None),
    ({"TrafficType": None}, "MissingParameter", "The request must contain the parameter trafficType"),
    ({"TrafficType": "Accept"}, "InvalidParameterValue", None),
    ({"TagSpecifications": [{"ResourceType": "vpc", "Tags": [{"Key": "a", "Value": "b"}]}]},
     "InvalidParameterValue", None),
])
def test_what_cannot_be_is_refused(aws, change, code, text):
    call = {k: v for k, v in {**to_bucket(aws.vpc()), **change}.items() if v is not None}
    with refused(code, text):
        aws.ec2.create_flow_logs(**call)
    assert described(aws) == []


def test_the_role_has_to_trust_the_service(aws):
    call = {"ResourceType": "VPC", "ResourceIds": [aws.vpc()], "TrafficType": "ALL", "LogGroupName": "g"}
    for role in (deliverer(aws, "ec2.amazonaws.com", "other"), f"arn:aws:iam::{aws.number}:role/nobody"):
        with refused("InvalidParameter", f"Unable to assume given IAM role: '{role}'"):
            aws.ec2.create_flow_logs(**call, DeliverLogsPermissionArn=role)
    aws.ec2.create_flow_logs(**call, DeliverLogsPermissionArn=deliverer(aws))


@pytest.mark.parametrize("change", [
    {"ResourceType": "TransitGateway", "ResourceIds": ["tgw-0123456789abcdef0"]},
    {"LogDestinationType": "kinesis-data-firehose",
     "LogDestination": "arn:aws:firehose:us-east-1:123456789012:deliverystream/x"},
    {"DestinationOptions": {"FileFormat": "parquet"}},
])
def test_what_is_not_built_says_so(aws, change):
    with refused("NotImplemented", status=501):
        aws.ec2.create_flow_logs(**{**to_bucket(aws.vpc()), **change})


def test_unknown_logs(aws):
    text = "These flow log ids in the input list are not found: [TotalCount: {}] {}"
    with refused("InvalidFlowLogId.NotFound", text.format(1, LOST)):
        aws.ec2.delete_flow_logs(FlowLogIds=[LOST])
    (known,) = aws.ec2.create_flow_logs(**to_bucket(aws.vpc()))["FlowLogIds"]
    with refused("InvalidFlowLogId.NotFound", text.format(2, f"{LOST} fl-1a2b3c4d")):
        aws.ec2.delete_flow_logs(FlowLogIds=[known, LOST, "fl-1a2b3c4d"])
    assert [log["FlowLogId"] for log in described(aws, FlowLogIds=[known, LOST])] == [known]
    with refused("InvalidParameterValue"):
        aws.ec2.delete_flow_logs(FlowLogIds=["vpc-1"])


def test_filters_and_pages(aws):
    vpc = aws.vpc()
    subnets = [aws.subnet(vpc, f"10.0.{n}.0/24") for n in range(6)]
    made = aws.ec2.create_flow_logs(**to_bucket(*subnets, kind="Subnet"))["FlowLogIds"]
    (rejects,) = aws.ec2.create_flow_logs(**to_bucket(vpc, TrafficType="REJECT"))["FlowLogIds"]
    aws.ec2.create_tags(Resources=[rejects], Tags=[{"Key": "team", "Value": "red"}])
    for name, value in (("traffic-type", "REJECT"), ("resource-id", vpc), ("flow-log-id", rejects),
                        ("tag:team", "red"), ("tag-key", "team")):
        found = described(aws, Filters=[{"Name": name, "Values": [value]}])
        assert [log["FlowLogId"] for log in found] == [rejects], name
    for name, value, count in (("log-destination-type", "s3", 7), ("deliver-log-status", "SUCCESS", 7),
                               ("log-group-name", "*", 0)):
        assert len(described(aws, Filters=[{"Name": name, "Values": [value]}])) == count, name
    with refused("InvalidParameterValue", "The filter 'foo' is invalid"):
        aws.ec2.describe_flow_logs(Filters=[{"Name": "foo", "Values": ["x"]}])
    pages = list(aws.ec2.get_paginator("describe_flow_logs").paginate(PaginationConfig={"PageSize": 5}))
    assert [len(page["FlowLogs"]) for page in pages] == [5, 2]
    assert {log["FlowLogId"] for page in pages for log in page["FlowLogs"]} == {*made, rejects}


def test_logs_go_with_what_they_watch(aws):
    vpc = aws.vpc()
    subnet = aws.subnet(vpc)
    interface = aws.interface(subnet)
    for kind, resource in (("VPC", vpc), ("Subnet", subnet), ("NetworkInterface", interface)):
        aws.ec2.create_flow_logs(**to_bucket(resource, kind=kind))
    watched = lambda: {log["ResourceId"] for log in described(aws)}  # noqa: E731
    aws.ec2.delete_network_interface(NetworkInterfaceId=interface)
    assert watched() == {vpc, subnet}
    aws.ec2.delete_subnet(SubnetId=subnet)
    aws.ec2.delete_vpc(VpcId=vpc)
    assert watched() == set()
