"""CloudWatch Logs: groups, streams, tags and resource policies, as boto3 sees them."""

import json

import pytest

from mockplane import refused

GROUP = "/app/web"
ARN = "arn:aws:logs:us-east-1:{}:log-group:" + GROUP


@pytest.fixture
def logs(aws):
    aws.manual_clock()
    client = aws.client("logs")
    client.create_log_group(logGroupName=GROUP)
    return client


def test_a_group_converges(aws, logs):
    told, = logs.describe_log_groups()["logGroups"]
    arn = ARN.format(aws.number)
    assert (told["arn"], told["logGroupArn"]) == (f"{arn}:*", arn)
    assert (told["storedBytes"], told["metricFilterCount"], told["logGroupClass"]) == (0, 0, "STANDARD")
    key = f"arn:aws:kms:us-east-1:{aws.number}:key/k"
    logs.put_retention_policy(logGroupName=GROUP, retentionInDays=30)
    logs.associate_kms_key(logGroupName=GROUP, kmsKeyId=key)
    logs.put_log_group_deletion_protection(logGroupIdentifier=arn, deletionProtectionEnabled=True)
    more, = logs.describe_log_groups(logGroupNamePrefix="/app")["logGroups"]
    assert more == {**told, "retentionInDays": 30, "kmsKeyId": key, "deletionProtectionEnabled": True}
    with refused("ValidationException"):
        logs.delete_log_group(logGroupName=GROUP)
    logs.delete_retention_policy(logGroupName=GROUP)
    logs.disassociate_kms_key(logGroupName=GROUP)
    logs.put_log_group_deletion_protection(logGroupIdentifier=GROUP, deletionProtectionEnabled=False)
    assert logs.describe_log_groups()["logGroups"] == [told]
    logs.delete_log_group(logGroupName=GROUP)
    assert logs.describe_log_groups()["logGroups"] == []


def test_paging(logs):
    names = [f"/page/{n:02}" for n in range(7)]
    for name in names:
        logs.create_log_group(logGroupName=name)
        logs.create_log_stream(logGroupName=GROUP, logStreamName=name)
    pages = logs.get_paginator("describe_log_groups").paginate(
        logGroupNamePrefix="/page", PaginationConfig={"PageSize": 3})
    assert [row["logGroupName"] for page in pages for row in page["logGroups"]] == names
    pages = logs.get_paginator("describe_log_streams").paginate(
        logGroupName=GROUP, descending=True, PaginationConfig={"PageSize": 2})
    assert [row["logStreamName"] for page in pages for row in page["logStreams"]] == names[::-1]


@pytest.mark.parametrize("call, given, code, text", [
    ("create_log_group", {"logGroupName": GROUP}, "ResourceAlreadyExistsException",
     "The specified log group already exists"),
    ("create_log_group", {"logGroupName": "aws/x"}, "InvalidParameterException",
     "Log groups starting with AWS/ are reserved for AWS."),
    ("delete_log_group", {"logGroupName": "x"}, "ResourceNotFoundException",
     "The specified log group does not exist."),
    ("create_log_stream", {"logGroupName": "x", "logStreamName": "s"}, "ResourceNotFoundException",
     "The specified log group does not exist."),
    ("delete_log_stream", {"logGroupName": GROUP, "logStreamName": "s"}, "ResourceNotFoundException",
     "The specified log stream does not exist."),
    ("put_retention_policy", {"logGroupName": GROUP, "retentionInDays": 2}, "InvalidParameterException", None),
    ("describe_log_groups", {"logGroupNamePrefix": "a", "logGroupNamePattern": "b"}, "InvalidParameterException",
     "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters."),
    ("describe_log_groups", {"nextToken": "none"}, "InvalidParameterException",
     "The specified nextToken is invalid."),
    ("describe_log_streams", {"logGroupName": GROUP, "logGroupIdentifier": GROUP}, "ValidationException",
     "LogGroup name and LogGroup ARN are mutually exclusive parameters."),
    ("describe_log_streams", {"logGroupName": GROUP, "orderBy": "LastEventTime", "logStreamNamePrefix": "s"},
     "InvalidParameterException", "Cannot order by LastEventTime with a logStreamNamePrefix."),
    ("delete_resource_policy", {"policyName": "none"}, "ResourceNotFoundException",
     "Policy with name [none] does not exist."),
    ("put_resource_policy", {"policyName": "p", "policyDocument": "no JSON"}, "InvalidParameterException", None),
    ("list_tags_for_resource", {"resourceArn": "arn:aws:logs:us-east-1:1:destination:x"},
     "ResourceNotFoundException", None),
    ("tag_log_group", {"logGroupName": "x", "tags": {"a": "b"}}, "ResourceNotFoundException",
     "The specified log group does not exist."),
    ("create_log_group", {"logGroupName": "k", "kmsKeyId": "no-arn"}, "InvalidParameterException", None),
    ("get_log_events", {"logGroupName": GROUP, "logStreamName": "s", "limit": 10_001}, "InvalidParameterException",
     "1 validation error detected: Value '10001' at 'limit' failed to satisfy constraint: Member must have value "
     "less than or equal to 10000"),
])
def test_refusals(logs, call, given, code, text):
    with refused(code, text):
        getattr(logs, call)(**given)


@pytest.mark.parametrize("call, given", [
    ("put_metric_filter", {"logGroupName": GROUP, "filterName": "f", "filterPattern": "x", "metricTransformations": [
        {"metricName": "m", "metricNamespace": "n", "metricValue": "1"}]}),
    ("describe_subscription_filters", {"logGroupName": GROUP}),
    ("start_query", {"logGroupName": GROUP, "startTime": 0, "endTime": 1, "queryString": "fields @message"}),
    ("put_resource_policy", {"policyName": "p", "policyDocument": "{}", "resourceArn": "arn:aws:logs:x"}),
])
def test_what_is_not_built_says_so(logs, call, given):
    with refused("NotImplemented", status=501):
        getattr(logs, call)(**given)


def test_tags(aws, logs):
    arn = ARN.format(aws.number)
    logs.tag_resource(resourceArn=arn, tags={"a": "1", "b": "2"})
    logs.tag_log_group(logGroupName=GROUP, tags={"b": "3"})
    assert logs.list_tags_for_resource(resourceArn=arn)["tags"] == {"a": "1", "b": "3"}
    logs.untag_resource(resourceArn=arn, tagKeys=["a"])
    assert logs.list_tags_log_group(logGroupName=GROUP)["tags"] == {"b": "3"}
    logs.untag_log_group(logGroupName=GROUP, tags=["b"])
    assert logs.list_tags_for_resource(resourceArn=arn)["tags"] == {}
    with refused("TooManyTagsException"):
        for part in range(2):
            logs.tag_resource(resourceArn=arn, tags={f"k{part}{n}": "" for n in range(30)})


def test_resource_policies(logs):
    document = json.dumps({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"Service": "delivery.logs.amazonaws.com"}, "Action": "logs:PutLogEvents",
        "Resource": "*"}]})
    for n in range(10):
        told = logs.put_resource_policy(policyName=f"p{n}", policyDocument=document)["resourcePolicy"]
    assert (told["policyDocument"], told["policyScope"]) == (document, "ACCOUNT")
    with refused("LimitExceededException", "Resource limit exceeded."):
        logs.put_resource_policy(policyName="more", policyDocument=document)
    assert len(logs.describe_resource_policies(limit=50)["resourcePolicies"]) == 10
    logs.delete_resource_policy(policyName="p0")
    assert len(logs.describe_resource_policies()["resourcePolicies"]) == 9


def test_callers_need_permission_for_the_group(aws, logs):
    aws.iam.create_user(UserName="reader")
    policy = {"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": ["logs:DescribeLogStreams", "logs:FilterLogEvents"],
        "Resource": f"{ARN.format(aws.number)}:*"}]}
    aws.iam.put_user_policy(UserName="reader", PolicyName="logs", PolicyDocument=json.dumps(policy))
    key = aws.iam.create_access_key(UserName="reader")["AccessKey"]
    reader = aws.client("logs", key=key["AccessKeyId"], secret=key["SecretAccessKey"])
    assert reader.describe_log_streams(logGroupName=GROUP)["logStreams"] == []
    assert reader.filter_log_events(logGroupName=GROUP)["events"] == []
    with pytest.raises(reader.exceptions.ClientError) as failed:
        reader.delete_log_group(logGroupName=GROUP)
    error = failed.value.response["Error"]
    assert error["Code"] == "AccessDeniedException"
    assert f"logs:DeleteLogGroup on resource: {ARN.format(aws.number)}:log-stream:" in error["Message"]
