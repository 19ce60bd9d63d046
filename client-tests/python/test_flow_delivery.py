"""What flow logs deliver, and what becomes of what cannot be delivered, as boto3 sees it."""

import gzip
import json
import re

import pytest

from mockplane import job_request, refused

NEEDED = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogGroups",
          "logs:DescribeLogStreams"]
DENIED = "Access Denied for LogDestination: {}. Please check LogDestination permission"


def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(actions, resource="*", **more):
    return {"Effect": "Allow", "Action": actions, "Resource": resource, **more}


def deliverer(aws, actions=NEEDED):
    trust = allow("sts:AssumeRole", Principal={"Service": "vpc-flow-logs.amazonaws.com"})
    del trust["Resource"]
    role = aws.iam.create_role(RoleName="deliverer", AssumeRolePolicyDocument=policy(trust))["Role"]["Arn"]
    permit(aws, actions)
    return role


def permit(aws, actions, resource="*"):
    aws.iam.put_role_policy(RoleName="deliverer", PolicyName="logs", PolicyDocument=policy(allow(actions, resource)))


def to_group(aws, vpc, role, **more):
    call = {"ResourceType": "VPC", "ResourceIds": [vpc], "TrafficType": "ALL", "MaxAggregationInterval": 60,
            "LogGroupName": "records", "DeliverLogsPermissionArn": role, **more}
    (log,) = aws.ec2.create_flow_logs(**call)["FlowLogIds"]
    return log


def to_bucket(vpc, bucket, folder="", **more):
    return {"ResourceType": "VPC", "ResourceIds": [vpc], "TrafficType": "ALL", "MaxAggregationInterval": 60,
            "LogDestinationType": "s3", "LogDestination": f"arn:aws:s3:::{bucket}{folder}", **more}


def status(aws, log):
    (row,) = aws.ec2.describe_flow_logs(FlowLogIds=[log])["FlowLogs"]
    filters = [{"Name": "deliver-log-status", "Values": [row["DeliverLogsStatus"]]}]
    assert log in [one["FlowLogId"] for one in aws.ec2.describe_flow_logs(Filters=filters)["FlowLogs"]]
    return row["DeliverLogsStatus"], row.get("DeliverLogsErrorMessage")


def run(aws, network, name, role):
    """A job in the VPC, to its end and past all deliveries. Its buckets are no other account's."""
    [channel] = job_request(name, role)["InputDataConfig"]
    channel["DataSource"]["S3DataSource"]["S3Uri"] = f"s3://data-{aws.number}/train"
    aws.training_job(
        name, role, network.config, InputDataConfig=[channel],
        OutputDataConfig={"S3OutputPath": f"s3://output-{aws.number}/models"})
    aws.advance("30m")
    assert aws.job(name)["TrainingJobStatus"] == "Completed"


@pytest.fixture
def scene(aws):
    aws.manual_clock()
    aws.role()
    return aws.network(), f"arn:aws:iam::{aws.number}:role/trainer"


def events(aws, group="records"):
    logs = aws.client("logs")
    streams = logs.describe_log_streams(logGroupName=group)["logStreams"]
    return {one["logStreamName"]: logs.get_log_events(
        logGroupName=group, logStreamName=one["logStreamName"], startFromHead=True)["events"] for one in streams}


def test_a_job_leaves_records_in_the_group(aws, scene):
    network, trainer = scene
    log = to_group(aws, network.vpc, deliverer(aws))
    run(aws, network, "healthy", trainer)
    assert status(aws, log) == ("SUCCESS", None)
    streams = events(aws)
    assert streams
    for name, found in streams.items():
        eni = re.fullmatch(r"(eni-[0-9a-f]{17})-all", name).group(1)
        assert found
        for event in found:
            words = event["message"].split(" ")
            assert len(words) == 14 and words[:3] == ["2", aws.number, eni], event
            if words[13] == "OK":
                assert int(words[8]) > 0 and int(words[9]) >= 40 * int(words[8]), event
                assert words[12] == "ACCEPT" and words[7] == "6"
            assert event["timestamp"] // 1000 == int(words[10]) <= int(words[11]) <= int(words[10]) + 60


def test_no_vpc_no_records(aws, scene):
    network, trainer = scene
    to_group(aws, network.vpc, deliverer(aws))
    aws.training_job("outside", trainer)
    aws.advance("30m")
    assert aws.client("logs").describe_log_groups(logGroupNamePrefix="records")["logGroups"] == []


@pytest.mark.parametrize("missing", NEEDED)
def test_a_role_that_may_not_is_told_and_can_be_mended(aws, scene, missing):
    network, trainer = scene
    rest = [action for action in NEEDED if action != missing]
    log = to_group(aws, network.vpc, deliverer(aws, rest))
    assert status(aws, log) == ("SUCCESS", None), "nothing has failed yet"
    run(aws, network, "first", trainer)
    assert status(aws, log) == ("FAILED", "Access error")
    told = [event for event in aws.events() if event["kind"] == "FlowLogNotDelivered"]
    assert told and all(event["resource"] == log and event["rule"] == "EC2-FL-DELIVER-ROLE" for event in told)
    assert missing in told[0]["message"]
    assert aws.client("logs").describe_log_groups(logGroupNamePrefix="records")["logGroups"] == []
    permit(aws, NEEDED, f"arn:aws:logs:us-east-1:{aws.number}:log-group:records:*")
    run(aws, network, "second", trainer)
    assert status(aws, log) == ("SUCCESS", None)
    assert events(aws)


# === Buckets ===


def objects(aws, bucket):
    s3 = s3_of(aws)
    listed = s3.list_objects_v2(Bucket=bucket).get("Contents", [])
    return {one["Key"]: gzip.decompress(s3.get_object(Bucket=bucket, Key=one["Key"])["Body"].read()).decode()
            for one in listed}


def s3_of(aws):
    return aws.client("s3", s3={"addressing_style": "path"})


@pytest.mark.parametrize("options, folder", [
    (None, "AWSLogs/{0}/vpcflowlogs/us-east-1/2026/01/05/"),
    ({"FileFormat": "plain-text", "HiveCompatiblePartitions": True, "PerHourPartition": True},
     "AWSLogs/aws-account-id={0}/aws-service=vpcflowlogs/aws-region=us-east-1/year=2026/month=01/day=05/hour=09/"),
])
def test_a_job_leaves_records_in_the_bucket(aws, scene, options, folder):
    network, trainer = scene
    bucket = make_bucket(aws)
    more = {"DestinationOptions": options} if options else {}
    made = aws.ec2.create_flow_logs(**to_bucket(
        network.vpc, bucket, "/team", LogFormat="${version} ${interface-id} ${flow-direction} ${traffic-path}", **more))
    assert made["Unsuccessful"] == []
    (log,) = made["FlowLogIds"]
    granted = json.loads(s3_of(aws).get_bucket_policy(Bucket=bucket)["Policy"])["Statement"]
    assert [one["Sid"] for one in granted] == ["AWSLogDeliveryWrite", "AWSLogDeliveryAclCheck"]
    run(aws, network, "job", trainer)
    assert status(aws, log) == ("SUCCESS", None)
    found = objects(aws, bucket)
    assert found
    name = f"{aws.number}_vpcflowlogs_us-east-1_{log}_20260105T09" + r"[0-5][05]Z_[0-9a-f]{8}\.log\.gz"
    for key, text in found.items():
        assert re.fullmatch("team/" + folder.format(aws.number) + name, key), key
        header, *lines = text.splitlines()
        assert header == "version interface-id flow-direction traffic-path" and lines
        assert all(re.fullmatch(r"5 eni-[0-9a-f]{17} (ingress -|egress [1-8-]|- -)", line) for line in lines)


def make_bucket(aws):
    """A bucket for records, and those of jobs: whoever has a bucket here has all of them here."""
    s3, bucket = s3_of(aws), f"records-{aws.number}"
    for name in (bucket, f"data-{aws.number}", f"output-{aws.number}"):
        s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=f"data-{aws.number}", Key="train/part-0", Body=b"x" * 100_000)
    return bucket


def test_a_bucket_that_lets_nobody_in_any_more(aws, scene):
    network, trainer = scene
    bucket = make_bucket(aws)
    (log,) = aws.ec2.create_flow_logs(**to_bucket(network.vpc, bucket))["FlowLogIds"]
    s3_of(aws).delete_bucket_policy(Bucket=bucket)
    run(aws, network, "job", trainer)
    assert status(aws, log) == ("FAILED", "Access error")
    assert objects(aws, bucket) == {}


def test_who_may_not_put_the_policy_is_refused(aws):
    vpc, bucket = aws.vpc(), f"records-{aws.number}"
    s3_of(aws).create_bucket(Bucket=bucket)
    aws.iam.create_user(UserName="ann")
    key = aws.iam.create_access_key(UserName="ann")["AccessKey"]
    ann = aws.client("ec2", key=key["AccessKeyId"], secret=key["SecretAccessKey"])
    may = lambda *actions: aws.iam.put_user_policy(  # noqa: E731
        UserName="ann", PolicyName="ec2", PolicyDocument=policy(allow(["ec2:*", *actions])))
    may()
    with refused("UnauthorizedOperation", status=403):
        ann.create_flow_logs(**to_bucket(vpc, bucket))
    may("logs:CreateLogDelivery")
    made = ann.create_flow_logs(**to_bucket(vpc, bucket))
    assert made["FlowLogIds"] == []
    assert made["Unsuccessful"] == [
        {"ResourceId": vpc, "Error": {"Code": "400", "Message": DENIED.format(bucket)}}]
    may("logs:CreateLogDelivery", "s3:GetBucketPolicy", "s3:PutBucketPolicy")
    assert ann.create_flow_logs(**to_bucket(vpc, bucket))["Unsuccessful"] == []


def test_a_bucket_of_another_account(aws, other):
    vpc, bucket = aws.vpc(), f"shared-{other.number}"
    s3_of(other).create_bucket(Bucket=bucket)
    made = aws.ec2.create_flow_logs(**to_bucket(vpc, bucket))
    assert made["Unsuccessful"][0]["Error"]["Message"] == DENIED.format(bucket)
    service = {"Service": "delivery.logs.amazonaws.com"}
    only = {"StringEquals": {"aws:SourceAccount": aws.number},
            "ArnLike": {"aws:SourceArn": f"arn:aws:logs:us-east-1:{aws.number}:*"}}
    s3_of(other).put_bucket_policy(Bucket=bucket, Policy=policy(
        allow("s3:PutObject", f"arn:aws:s3:::{bucket}/AWSLogs/{aws.number}/*", Principal=service,
              Condition={**only, "StringEquals": {**only["StringEquals"],
                                                  "s3:x-amz-acl": "bucket-owner-full-control"}}),
        allow(["s3:GetBucketAcl", "s3:ListBucket"], f"arn:aws:s3:::{bucket}", Principal=service, Condition=only)))
    assert aws.ec2.create_flow_logs(**to_bucket(vpc, bucket))["Unsuccessful"] == []
