"""Quotas of instances, instances that no zone has, failures of the service, as boto3 and the AWS CLI see them."""

import json
import re
import subprocess
import sys

import pytest
from botocore.exceptions import ClientError

from mockplane import Account, Server, environment

IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/work:1"
TYPE = "ml.p3.2xlarge"
RETRYING = "Insufficient capacity error from EC2 while launching instances, retrying!"
SHORT = ("CapacityError: Unable to provision requested ML compute capacity. Please retry using a different ML instance "
         "type.")
SHORT_OF_ENDPOINT = "Unable to provision requested ML compute capacity due to InsufficientInstanceCapacity error."


class Works:
    """An account whose time stands still, with a role and a model outside of any VPC."""

    def __init__(self, aws):
        aws.manual_clock()
        self.aws, self.sm, self.role = aws, aws.sm, aws.role()
        self.sm.create_model(ModelName="m", ExecutionRoleArn=self.role, PrimaryContainer={"Image": IMAGE})

    def control(self, path, **body):
        return self.aws.server.control("POST", f"/_mockplane/{path}", {"account": self.aws.number, **body})

    def quota(self, name, limit):
        return self.control("quotas", quota=name, limit=limit)["quotas"]

    def capacity(self, **available):
        zones = {name.replace("_", "-"): most for name, most in available.items()}
        return self.control("capacity", instanceType=TYPE, available=zones)["capacity"]

    def declare(self, **behaviour):
        path = f"/_mockplane/behaviours?account={self.aws.number}"
        return self.aws.server.control("POST", path, {"behaviours": [behaviour]})["behaviours"]

    def train(self, name, count=1, **more):
        return self.sm.create_training_job(
            TrainingJobName=name, RoleArn=self.role,
            AlgorithmSpecification={"TrainingImage": IMAGE, "TrainingInputMode": "File"},
            OutputDataConfig={"S3OutputPath": "s3://elsewhere/models"},
            ResourceConfig={"InstanceType": TYPE, "InstanceCount": count, "VolumeSizeInGB": 10},
            **{"StoppingCondition": {"MaxRuntimeInSeconds": 3600}, **more})

    def process(self, name, count=1):
        return self.sm.create_processing_job(
            ProcessingJobName=name, RoleArn=self.role, AppSpecification={"ImageUri": IMAGE},
            ProcessingResources={"ClusterConfig": {
                "InstanceCount": count, "InstanceType": TYPE, "VolumeSizeInGB": 1}})

    def transform(self, name, count=1):
        return self.sm.create_transform_job(
            TransformJobName=name, ModelName="m",
            TransformInput={"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://elsewhere/in"}}},
            TransformOutput={"S3OutputPath": "s3://elsewhere/out"},
            TransformResources={"InstanceType": TYPE, "InstanceCount": count})

    def host(self, name, count=1):
        self.sm.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[
            {"VariantName": "A", "ModelName": "m", "InstanceType": TYPE, "InitialInstanceCount": count}])
        return self.sm.create_endpoint(EndpointName=name, EndpointConfigName=name)

    def notebook(self, name, count=1):
        return self.sm.create_notebook_instance(NotebookInstanceName=name, InstanceType=TYPE, RoleArn=self.role)

    def endpoint(self, name):
        told = self.sm.describe_endpoint(EndpointName=name)
        return told["EndpointStatus"], told.get("FailureReason")


@pytest.fixture
def works(aws):
    return Works(aws)


def error(call, *args, **kwargs):
    with pytest.raises(ClientError) as caught:
        call(*args, **kwargs)
    answer = caught.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Message"]


def exceeded(quota, most, used, delta):
    return ("ResourceLimitExceeded", 400,
            f"The account-level service limit '{quota}' is {most} Instances, with current utilization of {used} "
            f"Instances and a request delta of {delta} Instances. Please contact AWS support to request an increase for "
            "this limit.")


@pytest.mark.parametrize("make, use", [
    ("train", "training job usage"), ("process", "processing job usage"), ("transform", "transform job usage"),
    ("host", "endpoint usage"), ("notebook", "notebook instance usage")])
def test_a_quota_of_each_use(works, make, use):
    make, quota = getattr(works, make), f"{TYPE} for {use}"
    assert works.quota(quota, 0)[quota] == 0
    assert error(make, "one") == exceeded(quota, 0, 0, 1)
    works.quota(quota, 1)
    make("two")
    assert error(make, "three") == exceeded(quota, 1, 1, 1)
    works.quota(quota, "unlimited")
    make("four")


def test_spot_and_totals(works):
    spot = {"EnableManagedSpotTraining": True,
            "StoppingCondition": {"MaxRuntimeInSeconds": 60, "MaxWaitTimeInSeconds": 60}}
    works.quota(f"{TYPE} for spot training job usage", 1)
    assert error(works.train, "s", 2, **spot) == exceeded(f"{TYPE} for spot training job usage", 1, 0, 2)
    total = "Number of instances across all training jobs"
    works.quota(total, 4)
    works.train("a", 3)
    assert error(works.train, "b", 2) == exceeded(total, 4, 3, 2)
    works.train("c", 1, **spot)
    total = "Number of instances across all processing jobs"
    works.quota(total, 1)
    assert error(works.process, "p", 2) == exceeded(total, 1, 0, 2)
    each = "Maximum number of instances per training job"
    works.quota(each, 2)
    works.aws.advance("1h")
    assert error(works.train, "d", 3) == exceeded(each, 2, 0, 3)


def test_a_tuning_job_is_refused_as_a_whole(works):
    quota = f"{TYPE} for training job usage"
    works.quota(quota, 1)
    job = {
        "AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "File",
                                   "MetricDefinitions": [{"Name": "m", "Regex": "m=(.*)"}]},
        "RoleArn": works.role, "OutputDataConfig": {"S3OutputPath": "s3://elsewhere/models"},
        "ResourceConfig": {"InstanceType": TYPE, "InstanceCount": 1, "VolumeSizeInGB": 10},
        "StoppingCondition": {"MaxRuntimeInSeconds": 60}}
    told = error(
        works.sm.create_hyper_parameter_tuning_job, HyperParameterTuningJobName="t", TrainingJobDefinition=job,
        HyperParameterTuningJobConfig={
            "Strategy": "Random", "HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": "m"},
            "ParameterRanges": {"ContinuousParameterRanges": [{"Name": "x", "MinValue": "0", "MaxValue": "1"}]},
            "ResourceLimits": {"MaxNumberOfTrainingJobs": 4, "MaxParallelTrainingJobs": 2}})
    assert told == exceeded(quota, 1, 0, 2)


def test_an_update_counts_beside_what_serves(works):
    quota = f"{TYPE} for endpoint usage"
    works.quota(quota, 3)
    works.host("e", 2)
    works.aws.advance("1m")
    assert error(works.sm.update_endpoint, EndpointName="e", EndpointConfigName="e") == exceeded(quota, 3, 2, 2)
    desired = [{"VariantName": "A", "DesiredInstanceCount": 4}]
    told = error(works.sm.update_endpoint_weights_and_capacities, EndpointName="e", DesiredWeightsAndCapacities=desired)
    assert told == exceeded(quota, 3, 2, 2)


def test_names_of_quotas(works):
    assert works.quota("VPCs per Region", 2)["vpcs"] == 2
    assert works.quota("Total number of notebook instances", 0)["notebookInstances"] == 0
    code, _, text = error(works.notebook, "n")
    assert code == "ResourceLimitExceeded" and "is 0 NotebookInstances, with current utilization of 0" in text
    with pytest.raises(Exception, match="400"):
        works.quota("ml.p3.2xlarge for nothing", 1)


def test_what_no_instance_type_is_called_is_refused(works):
    for call, body in [
        ("quotas", {"quota": "ml.p3.large for training job usage", "limit": 1}),
        ("capacity", {"instanceType": "ml.p3.large", "available": {"us-east-1a": 1}}),
        ("offerings", {"family": "ml.p33", "notOffered": ["us-east-1a"]}),
    ]:
        with pytest.raises(Exception, match="400"):
            works.control(call, **body)


def everywhere(most):
    return {f"us_east_1{letter}": most for letter in "abcdef"}


def test_jobs_wait_and_fail(works):
    told = works.capacity(**everywhere(0))
    assert told[TYPE]["us-east-1a"] == 0
    works.train("t")
    works.process("p")
    works.transform("x")
    works.host("e")
    works.notebook("n")
    works.aws.advance("1s")
    job = works.aws.job("t")
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("InProgress", "Starting")
    assert job["SecondaryStatusTransitions"][-1]["StatusMessage"] == RETRYING
    assert works.endpoint("e")[0] == "Creating"
    works.aws.advance("10s")
    assert works.aws.job("t")["FailureReason"] == SHORT
    assert works.sm.describe_processing_job(ProcessingJobName="p")["FailureReason"] == SHORT
    assert works.sm.describe_transform_job(TransformJobName="x")["FailureReason"] == SHORT
    status, reason = works.endpoint("e")
    assert status == "Failed" and reason.startswith(SHORT_OF_ENDPOINT)
    assert works.sm.describe_notebook_instance(NotebookInstanceName="n")["NotebookInstanceStatus"] == "Failed"
    path = f"/_mockplane/explain/training-job/t?account={works.aws.number}"
    why = works.aws.server.control("GET", path)
    assert why["decidedBy"] == "SM-F-CAPACITY" and "No zone of us-east-1" in why["fixes"][0]["words"]


def test_a_job_goes_on_when_there_are_instances(works):
    works.capacity(**everywhere(0))
    works.train("t", 2)
    works.aws.advance("1s")
    works.capacity(us_east_1c=2)
    works.aws.advance("10s")
    assert works.aws.job("t")["TrainingJobStatus"] == "Completed"
    assert works.capacity(**everywhere("unlimited")) == {}


def test_waiters_end_with_a_shortage(works):
    works.capacity(**everywhere(0))
    works.aws.server.control("POST", "/_mockplane/clock", {"account": works.aws.number, "mode": "real"})
    works.train("t")
    with pytest.raises(Exception, match="terminal failure state"):
        works.sm.get_waiter("training_job_completed_or_stopped").wait(TrainingJobName="t")


@pytest.mark.parametrize("at, statuses", [
    ("starting", ["Starting", "Failed"]), ("downloading", ["Starting", "Downloading", "Failed"]),
    ("running", ["Starting", "Downloading", "Training", "Failed"]),
    ("uploading", ["Starting", "Downloading", "Training", "Uploading", "Failed"])])
def test_the_service_fails_a_job(works, at, statuses):
    assert works.declare(serviceFailure={"at": at})[0] == {"serviceFailure": {"at": at}}
    works.train("t")
    works.aws.advance("1m")
    job = works.aws.job("t")
    assert job["FailureReason"] == "InternalServerError: We encountered an internal error.  Please try again."
    assert [one["Status"] for one in job["SecondaryStatusTransitions"]] == statuses


def test_the_service_fails_endpoints(works):
    works.declare(job="stuck", kinds=["hosting"], serviceFailure={"at": "starting", "cause": "image", "after": "1h"})
    works.declare(job="mixed", kinds=["hosting"], serviceFailure={"at": "running", "on": "update", "rollback": "fails"})
    works.host("stuck")
    works.host("mixed")
    works.aws.advance("59m")
    assert works.endpoint("stuck")[0] == "Creating" and works.endpoint("mixed") == ("InService", None)
    works.sm.update_endpoint(EndpointName="mixed", EndpointConfigName="mixed")
    works.aws.advance("2m")
    assert works.endpoint("stuck") == (
        "Failed", "Please make sure all images included in the model for the production variant A exist, and that the "
        "execution role used to create the model has permissions to access them.")
    assert works.endpoint("mixed") == (
        "UpdateRollbackFailed", "We encountered an internal error.  Please try again.")
    found = works.sm.list_endpoints(StatusEquals="UpdateRollbackFailed")["Endpoints"]
    assert [one["EndpointName"] for one in found] == ["mixed"]
    works.aws.client("sagemaker-runtime").invoke_endpoint(EndpointName="mixed", Body=b"x")


def test_what_serverless_variants_exclude(works):
    serverless = {"VariantName": "A", "ModelName": "m",
                  "ServerlessConfig": {"MemorySizeInMB": 1024, "MaxConcurrency": 1}}
    capture = {"InitialSamplingPercentage": 100, "DestinationS3Uri": "s3://elsewhere/x",
               "CaptureOptions": [{"CaptureMode": "Input"}]}
    for more, feature in [({"DataCaptureConfig": capture}, "data capture"),
                          ({"EnableNetworkIsolation": True}, "network isolation"),
                          ({"AsyncInferenceConfig": {"OutputConfig": {}}}, "asynchronous inference")]:
        told = error(works.sm.create_endpoint_config, EndpointConfigName="c", ProductionVariants=[serverless], **more)
        assert told == ("ValidationException", 400, f"{feature} is not supported for serverless endpoint")


def test_calls_are_captured(works):
    s3, bucket = works.aws.client("s3"), f"captured-{works.aws.number}"
    s3.create_bucket(Bucket=bucket)
    works.aws.iam.attach_role_policy(RoleName="trainer", PolicyArn="arn:aws:iam::aws:policy/AmazonS3FullAccess")
    works.sm.create_endpoint_config(
        EndpointConfigName="c", ProductionVariants=[
            {"VariantName": "A", "ModelName": "m", "InstanceType": TYPE, "InitialInstanceCount": 1}],
        DataCaptureConfig={
            "EnableCapture": True, "InitialSamplingPercentage": 100, "DestinationS3Uri": f"s3://{bucket}/kept",
            "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
            "CaptureContentTypeHeader": {"CsvContentTypes": ["text/csv"]}})
    works.sm.create_endpoint(EndpointName="e", EndpointConfigName="c")
    works.aws.advance("1m")
    works.aws.client("sagemaker-runtime").invoke_endpoint(EndpointName="e", Body=b"1,2", ContentType="text/csv")
    [found] = s3.list_objects_v2(Bucket=bucket)["Contents"]
    assert re.fullmatch(r"kept/e/A/\d{4}/\d\d/\d\d/\d\d/[-\w]+\.jsonl", found["Key"])
    record = json.loads(s3.get_object(Bucket=bucket, Key=found["Key"])["Body"].read())
    assert record["captureData"]["endpointInput"] == {
        "observedContentType": "text/csv", "mode": "INPUT", "data": "1,2", "encoding": "CSV"}
    assert record["captureData"]["endpointOutput"]["data"] == "1,2"


def test_flags_and_the_cli():
    with Server("--clock", "manual", "--capacity", f"{TYPE}=us-east-1a:1+us-east-1b:0",
                "--quota", f"{TYPE} for training job usage=0") as server:
        works = Works(Account(server))
        told = server.control("GET", f"/_mockplane/capacity?account={works.aws.number}")
        assert told["capacity"] == {TYPE: {"us-east-1a": 1, "us-east-1b": 0}}
        done = subprocess.run(
            [sys.executable, "-m", "awscli", "--endpoint-url", server.endpoint, "--region", "us-east-1", "sagemaker",
             "create-training-job", "--training-job-name", "cli", "--role-arn", works.role,
             "--algorithm-specification", f"TrainingImage={IMAGE},TrainingInputMode=File",
             "--output-data-config", "S3OutputPath=s3://elsewhere/models",
             "--resource-config", f"InstanceType={TYPE},InstanceCount=1,VolumeSizeInGB=10",
             "--stopping-condition", "MaxRuntimeInSeconds=60"],
            capture_output=True, text=True, timeout=120, env=environment(
                AWS_ACCESS_KEY_ID=works.aws.number, AWS_SECRET_ACCESS_KEY="x", AWS_CONFIG_FILE="/dev/null"))
        assert done.returncode != 0 and "(ResourceLimitExceeded)" in done.stderr and "is 0 Instances" in done.stderr
