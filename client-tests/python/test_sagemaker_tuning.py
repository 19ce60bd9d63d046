"""Hyperparameter tuning jobs as boto3 sees them: their training jobs run in the VPC, as any others."""

import json
import re

import botocore.waiter
import pytest

from mockplane import TRUST, job_request, refused

ALL_FAILED = "All training jobs failed. Please take a look at the training jobs failures to get more details."


@pytest.fixture
def lab(aws):
    """An account whose time stands still, with a role and a network of one /28."""
    aws.manual_clock()
    aws.role_arn = aws.role()
    aws.net = aws.network("10.0.1.0/28")
    return aws


def request(lab, name, jobs=2, parallel=1, instances=1, **config):
    definition = job_request("x", lab.role_arn, lab.net.config, instances)
    del definition["TrainingJobName"]
    definition["AlgorithmSpecification"]["MetricDefinitions"] = [{"Name": "loss", "Regex": "loss=(.*?);"}]
    definition["StaticHyperParameters"] = {"fixed": "1"}
    return {
        "HyperParameterTuningJobName": name,
        "HyperParameterTuningJobConfig": {
            "Strategy": "Bayesian",
            "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "loss"},
            "ResourceLimits": {"MaxNumberOfTrainingJobs": jobs, "MaxParallelTrainingJobs": parallel},
            "ParameterRanges": {
                "ContinuousParameterRanges": [{"Name": "rate", "MinValue": "0.1", "MaxValue": "0.5"}],
                "IntegerParameterRanges": [{"Name": "depth", "MinValue": "1", "MaxValue": "3"}],
                "CategoricalParameterRanges": [{"Name": "kind", "Values": ["a", "b"]}],
            },
            **config,
        },
        "TrainingJobDefinition": definition,
    }


def tune(lab, name, *args, tags=(), **config):
    asked = request(lab, name, *args, **config)
    return lab.sm.create_hyper_parameter_tuning_job(**asked, Tags=list(tags))["HyperParameterTuningJobArn"]


def told(lab, name):
    return lab.sm.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)


def children(lab, name, **more):
    pages = lab.sm.get_paginator("list_training_jobs_for_hyper_parameter_tuning_job").paginate(
        HyperParameterTuningJobName=name, PaginationConfig={"PageSize": 2}, **more)
    return [one for page in pages for one in page["TrainingJobSummaries"]]


def end(lab, name):
    lab.advance_until(lambda: told(lab, name)["HyperParameterTuningJobStatus"] not in ("InProgress", "Stopping"), name, "1s")
    return told(lab, name)


def test_a_tuning_job_and_its_training_jobs(lab):
    arn = tune(lab, "tune", 3, 2, tags=[{"Key": "team", "Value": "red"}])
    assert arn == f"arn:aws:sagemaker:us-east-1:{lab.number}:hyper-parameter-tuning-job/tune"
    first = told(lab, "tune")
    assert first["HyperParameterTuningJobStatus"] == "InProgress" and "BestTrainingJob" not in first
    assert first["TrainingJobStatusCounters"] == {
        "Completed": 0, "InProgress": 2, "RetryableError": 0, "NonRetryableError": 0, "Stopped": 0}
    assert first["ObjectiveStatusCounters"] == {"Succeeded": 0, "Pending": 2, "Failed": 0}
    lab.advance("1s")
    held = lab.interfaces(subnet_id=lab.net.subnets[0])
    assert len(held) == 4 and all("tune-00" in one["Description"] for one in held)
    last = end(lab, "tune")
    assert (last["HyperParameterTuningJobStatus"], lab.free(lab.net.subnets[0])) == ("Completed", 11)
    assert last["HyperParameterTuningEndTime"] > last["CreationTime"] and "FailureReason" not in last
    assert last["ConsumedResources"]["RuntimeInSeconds"] >= 6
    found = children(lab, "tune")
    assert [re.fullmatch(r"tune-00(\d)-[0-9a-f]{8}", one["TrainingJobName"]).group(1) for one in found] == ["1", "2", "3"]
    for one in found:
        job = lab.job(one["TrainingJobName"])
        assert (job["TuningJobArn"], job["VpcConfig"]) == (arn, lab.net.config)
        assert job["HyperParameters"] == {
            "fixed": "1", "_tuning_objective_metric": "loss", **one["TunedHyperParameters"]}
        assert 0.1 <= float(job["HyperParameters"]["rate"]) <= 0.5
        assert job["HyperParameters"]["depth"] in "123" and job["HyperParameters"]["kind"] in "ab"
        assert lab.sm.list_tags(ResourceArn=job["TrainingJobArn"])["Tags"] == [{"Key": "team", "Value": "red"}]
    value = lambda one: one["FinalHyperParameterTuningJobObjectiveMetric"]["Value"]  # noqa: E731
    by_value = children(lab, "tune", SortBy="FinalObjectiveMetricValue", SortOrder="Descending")
    assert [value(one) for one in by_value] == sorted(map(value, found), reverse=True)
    assert last["BestTrainingJob"] == by_value[-1]
    assert len(children(lab, "tune", StatusEquals="Completed")) == 3 and not children(lab, "tune", StatusEquals="Failed")


def test_what_was_asked_is_told_again(lab):
    asked = request(lab, "tune", 2, 1, RandomSeed=7, TrainingJobEarlyStoppingType="Auto")
    lab.sm.create_hyper_parameter_tuning_job(**asked)
    described = told(lab, "tune")
    # What the service adds.
    assert described["TrainingJobDefinition"]["StaticHyperParameters"].pop("_tuning_objective_metric") == "loss"
    for member in ("HyperParameterTuningJobConfig", "TrainingJobDefinition"):
        assert described[member] == asked[member], member
    (listed,) = lab.sm.list_hyper_parameter_tuning_jobs(NameContains="un")["HyperParameterTuningJobSummaries"]
    assert listed["Strategy"] == "Bayesian" and listed["ResourceLimits"]["MaxNumberOfTrainingJobs"] == 2
    assert not lab.sm.list_hyper_parameter_tuning_jobs(StatusEquals="Failed")["HyperParameterTuningJobSummaries"]
    lab.sm.add_tags(ResourceArn=described["HyperParameterTuningJobArn"], Tags=[{"Key": "k", "Value": "v"}])
    assert lab.sm.list_tags(ResourceArn=described["HyperParameterTuningJobArn"])["Tags"] == [{"Key": "k", "Value": "v"}]


def test_the_second_finds_no_address(lab):
    tune(lab, "tight", 2, 2, 4)
    last = end(lab, "tight")
    assert last["HyperParameterTuningJobStatus"] == "Completed"
    assert last["TrainingJobStatusCounters"]["NonRetryableError"] == 1
    (failed,) = children(lab, "tight", StatusEquals="Failed")
    assert "free IP addresses" in failed["FailureReason"] and failed["ObjectiveStatus"] == "Failed"
    assert lab.job(failed["TrainingJobName"])["FailureReason"] == failed["FailureReason"]
    why = lab.server.control(
        "GET", f"/_mockplane/explain/training-job/{failed['TrainingJobName']}?account={lab.number}")
    assert why["decidedBy"] == "SM-VPC-IP-01"


def test_cut_off_from_s3(lab):
    lab.ec2.delete_vpc_endpoints(VpcEndpointIds=[lab.net.s3])
    tune(lab, "cut", 2, 2)
    last = end(lab, "cut")
    assert (last["HyperParameterTuningJobStatus"], last["FailureReason"]) == ("Failed", ALL_FAILED)
    for one in children(lab, "cut"):
        assert one["TrainingJobStatus"] == "Failed" and one["FailureReason"].startswith("ClientError: ")
    told_failures = [event["message"] for event in lab.events() if event["kind"] == "TuningJobFailures"]
    assert len(told_failures) == 1 and "training-job/cut-001-" in told_failures[0]


def test_too_many_fail(lab):
    lab.ec2.delete_vpc_endpoints(VpcEndpointIds=[lab.net.s3])
    tune(lab, "cut", 50, 1)
    assert end(lab, "cut")["FailureReason"] == (
        "No training job succeeded after 5 attempts. Please take a look at the training job failures to get more details.")


def test_stop_and_delete(lab):
    tune(lab, "tune", 9, 2)
    lab.advance("1s")
    name = {"HyperParameterTuningJobName": "tune"}
    with refused("ValidationException", "The hyperparameter tuning job tune is in status InProgress and cannot be deleted."):
        lab.sm.delete_hyper_parameter_tuning_job(**name)
    lab.sm.stop_hyper_parameter_tuning_job(**name)
    assert told(lab, "tune")["HyperParameterTuningJobStatus"] == "Stopping"
    last = end(lab, "tune")
    assert last["HyperParameterTuningJobStatus"] == "Stopped" and last["TrainingJobStatusCounters"]["Stopped"] == 2
    with refused("ValidationException", "The request was rejected because the hyperparameter tuning job is in status Stopped."):
        lab.sm.stop_hyper_parameter_tuning_job(**name)
    lab.sm.delete_hyper_parameter_tuning_job(**name)
    missing = lambda text: text.startswith("Amazon SageMaker can't find a tuning job")  # noqa: E731
    for call in ("describe", "stop", "delete"):
        with refused("ResourceNotFound", missing):
            getattr(lab.sm, f"{call}_hyper_parameter_tuning_job")(**name)
    with refused("ResourceNotFound", missing):
        children(lab, "tune")


def test_refusals_are_those_of_training_jobs(lab):
    tune(lab, "there")
    with refused("ResourceInUse", "A hyperparameter tuning job with the name, there, already exists. Choose a different name."):
        tune(lab, "there")
    no_metric = request(lab, "x")
    del no_metric["TrainingJobDefinition"]["AlgorithmSpecification"]["MetricDefinitions"]
    with refused("ValidationException", "A metric is required for this hyperparameter tuning job objective. "
                                        "Provide a metric in the metric definitions."):
        lab.sm.create_hyper_parameter_tuning_job(**no_metric)
    with refused("ValidationException", lambda text: "MaxParallelTrainingJobs (3)" in text):
        tune(lab, "x", 2, 3)
    unknown = request(lab, "x")
    unknown["TrainingJobDefinition"]["VpcConfig"]["Subnets"] = ["subnet-0123456789abcdef0"]
    with refused("ValidationException") as tuned:
        lab.sm.create_hyper_parameter_tuning_job(**unknown)
    with refused("ValidationException") as trained:
        lab.training_job("x", lab.role_arn, unknown["TrainingJobDefinition"]["VpcConfig"])
    assert tuned.value.response["Error"]["Message"] == trained.value.response["Error"]["Message"]
    poor = lab.iam.create_role(RoleName="poor", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    asked = request(lab, "x")
    asked["TrainingJobDefinition"]["RoleArn"] = poor
    with refused("ValidationException", lambda text: poor in text and "ec2:Describe" in text):
        lab.sm.create_hyper_parameter_tuning_job(**asked)
    parents = [{"HyperParameterTuningJobName": "gone"}]
    with refused("ValidationException", lambda text: text.startswith("Amazon SageMaker can't find a tuning job")):
        lab.sm.create_hyper_parameter_tuning_job(**request(lab, "x"), WarmStartConfig={
            "ParentHyperParameterTuningJobs": parents, "WarmStartType": "TransferLearning"})
    with refused("ValidationException", lambda text: "Member must have length less than or equal to 5" in text):
        lab.sm.create_hyper_parameter_tuning_job(**request(lab, "x"), WarmStartConfig={
            "ParentHyperParameterTuningJobs": parents * 6, "WarmStartType": "TransferLearning"})
    auto = {"AutoParameters": [{"Name": "rate", "ValueHint": "0.1"}]}
    with refused("ValidationException", lambda text: "Autotune" in text):
        lab.sm.create_hyper_parameter_tuning_job(**request(lab, "x", ParameterRanges=auto))


def test_warm_start_and_early_stopping(lab):
    tune(lab, "first", 3)
    end(lab, "first")
    warm = {"ParentHyperParameterTuningJobs": [{"HyperParameterTuningJobName": "first"}],
            "WarmStartType": "IdenticalDataAndAlgorithm"}
    asked = request(lab, "second", 10, TrainingJobEarlyStoppingType="Auto")
    lab.sm.create_hyper_parameter_tuning_job(**asked, WarmStartConfig=warm, Autotune={"Mode": "Enabled"})
    end(lab, "second")
    first, second = told(lab, "first"), told(lab, "second")
    value = lambda one: one["FinalHyperParameterTuningJobObjectiveMetric"]["Value"]
    overall = value(second["OverallBestTrainingJob"])
    assert overall == min(value(first["BestTrainingJob"]), value(second["BestTrainingJob"]))
    counters = second["TrainingJobStatusCounters"]
    assert counters["Stopped"] > 0 and counters["Stopped"] + counters["Completed"] == 10
    stopped = [one for one in children(lab, "second") if one["TrainingJobStatus"] == "Stopped"]
    assert len(stopped) == counters["Stopped"] and all(value(one) >= overall for one in stopped)
    assert second["Autotune"] == {"Mode": "Enabled"} and second["WarmStartConfig"] == warm


def test_a_waiter_waits_for_the_training_jobs_too(lab):
    lab.server.control("POST", "/_mockplane/clock", {"account": lab.number, "mode": "real"})
    tune(lab, "tune", 5)
    status = {"matcher": "path", "argument": "HyperParameterTuningJobStatus"}
    model = botocore.waiter.WaiterModel({"version": 2, "waiters": {"TuningJobEnds": {
        "delay": 1, "maxAttempts": 2, "operation": "DescribeHyperParameterTuningJob",
        "acceptors": [{**status, "expected": "Completed", "state": "success"}]}}})
    waiter = botocore.waiter.create_waiter_with_client("TuningJobEnds", model, lab.sm)
    waiter.wait(HyperParameterTuningJobName="tune")
    assert told(lab, "tune")["TrainingJobStatusCounters"]["Completed"] == 5


def test_the_caller_has_to_pass_the_role(lab):
    user = lab.iam.create_user(UserName="ada")["User"]["Arn"]
    allow = {"Effect": "Allow", "Action": "sagemaker:CreateHyperParameterTuningJob", "Resource": "*"}
    lab.iam.put_user_policy(UserName="ada", PolicyName="p", PolicyDocument=json.dumps(
        {"Version": "2012-10-17", "Statement": [allow]}))
    key = lab.iam.create_access_key(UserName="ada")["AccessKey"]
    ada = lab.client("sagemaker", key=key["AccessKeyId"], secret=key["SecretAccessKey"])
    with refused("AccessDeniedException", f"User: {user} is not authorized to perform: iam:PassRole on resource: "
                 f"{lab.role_arn} because no identity-based policy allows the iam:PassRole action"):
        ada.create_hyper_parameter_tuning_job(**request(lab, "tune"))
    condition = {"StringNotEquals": {"sagemaker:VpcSubnets": lab.net.subnets}}
    lab.iam.put_user_policy(UserName="ada", PolicyName="p", PolicyDocument=json.dumps({
        "Version": "2012-10-17", "Statement": [
            allow, {"Effect": "Allow", "Action": "iam:PassRole", "Resource": lab.role_arn},
            {**allow, "Effect": "Deny", "Condition": {"ForAnyValue:StringNotEquals": condition["StringNotEquals"]}}]}))
    ada.create_hyper_parameter_tuning_job(**request(lab, "tune"))
    lab.net.config = {**lab.net.config, "Subnets": [lab.subnet(lab.net.vpc, "10.0.9.0/28")]}
    with refused("AccessDeniedException", lambda text: "explicit deny" in text):
        ada.create_hyper_parameter_tuning_job(**request(lab, "other"))
