"""What containers do is declared: over the control API, and in a file that the server is started with."""

import json
import subprocess
import urllib.error

import pytest

from mockplane import Account, Server, binary, environment

IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/{}:1"


@pytest.fixture
def jobs(aws):
    """An account whose time stands still, with a role."""
    aws.manual_clock()
    aws.role_arn = aws.role()
    return aws


def behaviours(aws, *declared):
    path = f"/_mockplane/behaviours?account={aws.number}"
    return aws.server.control("POST", path, {"behaviours": list(declared)})


def train(aws, name, image, **more):
    aws.sm.create_training_job(
        TrainingJobName=name, RoleArn=aws.role_arn,
        AlgorithmSpecification={"TrainingImage": IMAGE.format(image), "TrainingInputMode": "File"},
        OutputDataConfig={"S3OutputPath": "s3://my-bucket/models"},
        ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 10},
        StoppingCondition={"MaxRuntimeInSeconds": 3600}, **more)


def end_of(aws, name, after="3h"):
    aws.advance(after)
    return aws.job(name)


def events(aws, kind):
    return [event for event in aws.events() if event["kind"] == kind]


def test_a_failure_with_its_exit_code_logs_and_metrics(jobs):
    behaviours(jobs, {
        "image": "*/broken:*", "duration": "10m", "log": ["{host} of {job}"], "metrics": {"loss": [2, 0.5]},
        "exitCode": 7, "failure": "ValueError: x"})
    train(jobs, "fails", "broken")
    train(jobs, "fine", "other")
    assert end_of(jobs, "fails", "9m")["SecondaryStatus"] == "Training"
    failed = end_of(jobs, "fails")
    assert failed["FailureReason"] == "AlgorithmError: ValueError: x, exit code: 7"
    statuses = [one["Status"] for one in failed["SecondaryStatusTransitions"]]
    assert statuses == ["Starting", "Downloading", "Training", "Uploading", "Failed"]
    [metric] = failed["FinalMetricDataList"]
    assert (metric["MetricName"], metric["Value"]) == ("loss", 0.5)
    assert metric["Timestamp"] <= failed["TrainingEndTime"]
    assert jobs.job("fine")["TrainingJobStatus"] == "Completed"
    assert [event["message"] for event in events(jobs, "ContainerLog")] == ["algo-1: algo-1 of fails"]


def test_the_first_match_wins_and_the_latest_are_tried_first(jobs):
    behaviours(jobs, {"job": "a*", "exitCode": 2}, {"exitCode": 3})
    told = behaviours(jobs, {"job": "ab*"})
    assert told["behaviours"] == [{"job": "ab*"}, {"job": "a*", "exitCode": 2}, {"exitCode": 3}]
    for name in ("abc", "ac", "c"):
        train(jobs, name, "x")
    assert end_of(jobs, "abc")["TrainingJobStatus"] == "Completed"
    assert end_of(jobs, "ac")["FailureReason"] == "AlgorithmError: , exit code: 2"
    assert end_of(jobs, "c")["FailureReason"] == "AlgorithmError: , exit code: 3"
    path = f"/_mockplane/behaviours?account={jobs.number}"
    assert jobs.server.control("GET", path) == told
    assert jobs.server.control("DELETE", path)["behaviours"] == []
    train(jobs, "last", "x")
    assert end_of(jobs, "last")["TrainingJobStatus"] == "Completed"


def test_a_container_that_runs_too_long_is_stopped(jobs):
    behaviours(jobs, {"duration": "2h", "exitCode": 1})
    train(jobs, "long", "x")
    stopped = end_of(jobs, "long")
    assert (stopped["TrainingJobStatus"], stopped["SecondaryStatus"]) == ("Stopped", "MaxRuntimeExceeded")
    assert "FailureReason" not in stopped


def test_an_isolated_container_connects_to_nobody(jobs):
    behaviours(
        jobs, {"job": "modest", "connects": [{"to": "service:sts", "onFailure": "log"}]},
        {"connects": [{"to": "packages.example.com:443"}]})
    for name, isolated in (("isolated", True), ("modest", True), ("open", False)):
        train(jobs, name, "x", EnableNetworkIsolation=isolated)
    failed = end_of(jobs, "isolated")
    assert failed["FailureReason"].startswith("AlgorithmError: Network is unreachable")
    why = jobs.server.control("GET", f"/_mockplane/explain/training-job/isolated?account={jobs.number}")
    assert why["decidedBy"] == "SM-ISO-01"
    for name in ("modest", "open"):
        assert end_of(jobs, name)["TrainingJobStatus"] == "Completed"
    assert len(events(jobs, "ContainerLog")) == 2


@pytest.mark.parametrize("declared, problem", [
    ({"imag": "x"}, "unknown key `imag`; did you mean `image`?"),
    ({"duration": "soon"}, "`soon` is no stretch of time"),
    ({"exitCode": 0, "failure": "x"}, "a container that exits with 0 has not failed"),
    ({"connects": [{"to": "service:stss"}]}, "did you mean `sts`?"),
    ({"exitCode": 256}, "`256` is no exit code: 0 to 255"),
    ({"invocations": [{"newSessionId": "s1; Expires=2027"}]}, "`s1; Expires=2027` is no new session: an id of letters"),
    ({"invocations": [{"closedSessionId": "a b"}]}, "`a b` is no id of a session"),
    ({"kinds": ["compilation"], "connects": [{"to": "a:1"}]}, "runs no container of yours"),
])
def test_what_makes_no_sense_is_refused_and_changes_nothing(jobs, declared, problem):
    with pytest.raises(urllib.error.HTTPError) as refused:
        behaviours(jobs, {"job": "kept-out"}, declared)
    assert refused.value.code == 400
    text = json.loads(refused.value.read())["error"]
    assert problem in text and text.startswith("1:")
    assert jobs.server.control("GET", f"/_mockplane/behaviours?account={jobs.number}")["behaviours"] == []


def test_a_file_of_the_server(tmp_path):
    file = tmp_path / "behaviours.yaml"
    file.write_text("behaviours:\n- image: '*/broken:*'\n  failure: from the file\n")
    assert subprocess.run([binary(), "behaviours", "check", str(file)], env=environment()).returncode == 0
    with Server("--behaviours", str(file), "--clock", "manual") as server:
        for _ in range(2):
            account = Account(server)
            account.role_arn = account.role()
            train(account, "fails", "broken")
            assert end_of(account, "fails")["FailureReason"] == "AlgorithmError: from the file, exit code: 1"
        server.control("DELETE", f"/_mockplane/behaviours?account={account.number}")
        server.control("POST", f"/_mockplane/reset?account={account.number}")
        told = server.control("GET", f"/_mockplane/behaviours?account={account.number}")["behaviours"]
        assert told == [{"image": "*/broken:*", "exitCode": 1, "failure": "from the file"}]
    file.write_text("behaviours:\n- imge: x\n")
    for command in (["behaviours", "check", str(file)], ["serve", "--port", "0", "--behaviours", str(file)]):
        done = subprocess.run([binary(), *command], env=environment(), capture_output=True, text=True, timeout=20)
        assert done.returncode == 1
        assert f"{file}:2:3: unknown key `imge`; did you mean `image`?" in done.stderr
