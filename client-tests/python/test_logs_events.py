"""CloudWatch Logs: events, as boto3 and the AWS CLI see them."""

import datetime
import json
import subprocess

import pytest

from mockplane import environment, refused

IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/work:1"
GROUP = "g"
DAY = 24 * 3_600_000


@pytest.fixture
def logs(aws):
    aws.manual_clock()
    client = aws.client("logs")
    client.create_log_group(logGroupName=GROUP)
    client.create_log_stream(logGroupName=GROUP, logStreamName="s")
    aws.now = int(datetime.datetime(2026, 1, 5, 9, tzinfo=datetime.timezone.utc).timestamp() * 1000)
    return client


def put(logs, *events, stream="s"):
    rows = [{"timestamp": at, "message": message} for at, message in events]
    return logs.put_log_events(logGroupName=GROUP, logStreamName=stream, logEvents=rows)


def said(told):
    return [event["message"] for event in told["events"]]


def test_events_are_read_forward_and_backward(aws, logs):
    put(logs, *((aws.now + n, f"line {n}") for n in range(10)))
    pages, token = [], {}
    while True:
        page = logs.get_log_events(logGroupName=GROUP, logStreamName="s", limit=4, startFromHead=True, **token)
        if page["nextForwardToken"] == token.get("nextToken"):
            break
        token = {"nextToken": page["nextForwardToken"]}
        pages.append(said(page))
    assert [len(page) for page in pages] == [4, 4, 2]
    last = logs.get_log_events(logGroupName=GROUP, logStreamName="s", limit=3)
    assert said(last) == ["line 7", "line 8", "line 9"]
    before = logs.get_log_events(
        logGroupName=GROUP, logStreamName="s", limit=2, nextToken=last["nextBackwardToken"])
    assert said(before) == ["line 5", "line 6"]
    stream, = logs.describe_log_streams(logGroupName=GROUP)["logStreams"]
    assert (stream["firstEventTimestamp"], stream["lastEventTimestamp"]) == (aws.now, aws.now + 9)


def test_filters_and_their_pages(aws, logs):
    logs.create_log_stream(logGroupName=GROUP, logStreamName="t")
    put(logs, *((aws.now + n, json.dumps({"n": n})) for n in range(0, 30, 2)))
    put(logs, *((aws.now + n, json.dumps({"n": n})) for n in range(1, 30, 2)), stream="t")
    pages = logs.get_paginator("filter_log_events").paginate(
        logGroupName=GROUP, filterPattern="{ $.n >= 10 && $.n != 12 }", PaginationConfig={"PageSize": 4})
    found = [event for page in pages for event in page["events"]]
    assert [json.loads(event["message"])["n"] for event in found] == [n for n in range(10, 30) if n != 12]
    assert len({event["eventId"] for event in found}) == len(found)
    late = logs.filter_log_events(logGroupName=GROUP, startTime=aws.now + 20, startFromHead=False, limit=2)
    assert [json.loads(message)["n"] for message in said(late)] == [29, 28]


@pytest.mark.parametrize("events, text", [
    ([(0, "a"), (-1, "b")], "Log events in a single PutLogEvents request must be in chronological order."),
    ([(-DAY - 1, "a"), (0, "b")],
     "The batch of log events in a single PutLogEvents request cannot span more than 24 hours."),
    ([(0, "x" * 600_000), (0, "x" * 600_000)], "Upload too large: 1200052 bytes exceeds limit of 1048576"),
    ([(0, "x" * 1_048_576)], "Log event too large: 1048602 bytes exceeds limit of 1048576"),
])
def test_batches_that_are_refused(aws, logs, events, text):
    with refused("InvalidParameterException", text):
        put(logs, *((aws.now + at, message) for at, message in events))
    assert logs.filter_log_events(logGroupName=GROUP)["events"] == []


def test_events_that_are_rejected(aws, logs):
    told = put(logs, (aws.now - 15 * DAY, "old"), (aws.now, "now"), (aws.now + 3 * 3_600_000, "new"))
    assert told["rejectedLogEventsInfo"] == {"tooOldLogEventEndIndex": 1, "tooNewLogEventStartIndex": 2}
    assert len(told["nextSequenceToken"]) == 56
    logs.put_log_events(
        logGroupName=GROUP, logStreamName="s", sequenceToken="nobody looks at it",
        logEvents=[{"timestamp": aws.now, "message": "again"}])
    logs.put_retention_policy(logGroupName=GROUP, retentionInDays=1)
    assert put(logs, (aws.now - DAY, "x"))["rejectedLogEventsInfo"] == {"expiredLogEventEndIndex": 1}
    assert said(logs.filter_log_events(logGroupName=GROUP)) == ["now", "again"]
    aws.advance("24h")
    assert said(logs.filter_log_events(logGroupName=GROUP)) == []


@pytest.mark.parametrize("given, code, text", [
    ({"logGroupName": "x"}, "ResourceNotFoundException", "The specified log group does not exist."),
    ({"logStreamNames": ["x"]}, "ResourceNotFoundException", "The specified log stream does not exist."),
    ({"logStreamNames": ["s"], "logStreamNamePrefix": "s"}, "InvalidParameterException", None),
    ({"filterPattern": "a:b"}, "InvalidParameterException", "Invalid character(s) in term ':'"),
    ({"filterPattern": "{ $.a = 1"}, "InvalidParameterException",
     "If a filter pattern starts with '{' it must end with '}'"),
    ({"nextToken": "none"}, "InvalidParameterException", "The specified nextToken is invalid."),
])
def test_refusals(logs, given, code, text):
    with refused(code, text):
        logs.filter_log_events(**{"logGroupName": GROUP, **given})


def test_the_cli_filters(aws, logs):
    """Version 1, which has no `logs tail`: the calls that version 2's makes."""
    put(logs, (aws.now - 60_000, "ERROR one"), (aws.now, "fine"), (aws.now, "ERROR two"))

    def cli(*words):
        keys = {"AWS_ACCESS_KEY_ID": aws.number, "AWS_SECRET_ACCESS_KEY": "any", "AWS_DEFAULT_REGION": "us-east-1"}
        words = ["aws", "--endpoint-url", aws.server.endpoint, "logs", "filter-log-events", *words]
        done = subprocess.run(
            words, check=True, capture_output=True, text=True, timeout=60, env=environment(**keys))
        return json.loads(done.stdout)

    tail = cli("--log-group-name", GROUP, "--start-time", str(aws.now - 600_000), "--interleaved", "--page-size", "1",
               "--filter-pattern", "ERROR")
    assert said(tail) == ["ERROR one", "ERROR two"]
    assert said(cli("--log-group-name", GROUP, "--filter-pattern", "fine")) == ["fine"]


def train(aws, name, role):
    aws.sm.create_training_job(
        TrainingJobName=name, RoleArn=role,
        AlgorithmSpecification={"TrainingImage": IMAGE, "TrainingInputMode": "File"},
        OutputDataConfig={"S3OutputPath": "s3://my-bucket/models"},
        ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 2, "VolumeSizeInGB": 10},
        StoppingCondition={"MaxRuntimeInSeconds": 3600})


def test_logs_of_a_job_are_followed_while_it_runs(aws):
    """As version 2 of the SDK does it: streams by prefix, then each from its last token on."""
    aws.manual_clock()
    role = aws.role()
    aws.iam.attach_role_policy(
        RoleName="trainer", PolicyArn="arn:aws:iam::aws:policy/AmazonSageMakerFullAccess")
    aws.server.control("POST", f"/_mockplane/behaviours?account={aws.number}", {"behaviours": [
        {"duration": "10m", "log": [f"{{host}}: epoch {n}" for n in range(5)]}]})
    train(aws, "job", role)
    logs, group = aws.client("logs"), "/aws/sagemaker/TrainingJobs"
    tokens, lines, counts = {}, {}, []
    for _ in range(40):
        status = aws.job("job")["TrainingJobStatus"]
        try:
            streams = logs.describe_log_streams(
                logGroupName=group, logStreamNamePrefix="job/", orderBy="LogStreamName", limit=50)["logStreams"]
        except logs.exceptions.ResourceNotFoundException:
            streams = []
        for name in (stream["logStreamName"] for stream in streams):
            token = {"nextToken": tokens[name]} if name in tokens else {}
            page = logs.get_log_events(logGroupName=group, logStreamName=name, startFromHead=True, **token)
            tokens[name] = page["nextForwardToken"]
            lines.setdefault(name, []).extend(said(page))
        counts.append(sum(map(len, lines.values())))
        if status != "InProgress":
            break
        aws.advance("30s")
    assert sorted(name.rsplit("-", 1)[0] for name in lines) == ["job/algo-1", "job/algo-2"]
    for n, name in enumerate(sorted(lines), 1):
        assert lines[name] == [f"algo-{n}: epoch {epoch}" for epoch in range(5)]
    assert len(set(counts)) >= 5, "they came one after the other"


def test_logs_of_a_job_whose_role_may_not_write_are_lost(aws):
    aws.manual_clock()
    role = aws.role()
    train(aws, "job", role)
    aws.advance("1h")
    assert aws.job("job")["TrainingJobStatus"] == "Completed"
    lost, = (event for event in aws.events() if event["kind"] == "LogsUndelivered")
    assert (lost["resource"], lost["rule"]) == ("training-job/job", "SM-LOG-ROLE-01")
    assert aws.client("logs").describe_log_groups()["logGroups"] == []
    path = f"/_mockplane/job-logs?account={aws.number}"
    assert aws.server.control("GET", path)["jobLogs"] == "vpc"
    told = aws.server.control("POST", "/_mockplane/job-logs", {"account": aws.number, "jobLogs": "service"})
    assert told == aws.server.control("GET", path) == {"account": aws.number, "jobLogs": "service"}
