"""AutoML jobs as boto3 sees them: their jobs run in the VPC, as any others."""

import pytest

from mockplane import refused


@pytest.fixture
def lab(aws):
    """An account whose time stands still, with a role and a network of one /28."""
    aws.manual_clock()
    aws.role_arn = aws.role()
    aws.net = aws.network("10.0.1.0/28")
    return aws


def request(lab, name="learn", mode="ENSEMBLING", candidates=2, **more):
    return {
        "AutoMLJobName": name,
        "AutoMLJobInputDataConfig": [{
            "ChannelType": "training", "ContentType": "text/csv;header=present", "CompressionType": "None",
            "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://table/prices"}}}],
        "OutputDataConfig": {"S3OutputPath": "s3://models/automl"},
        "AutoMLProblemTypeConfig": {"TabularJobConfig": {
            "Mode": mode, "TargetAttributeName": "price", "ProblemType": "Regression",
            "CompletionCriteria": {"MaxCandidates": candidates}}},
        "AutoMLJobObjective": {"MetricName": "RMSE"},
        "RoleArn": lab.role_arn,
        "SecurityConfig": {"EnableInterContainerTrafficEncryption": False, "VpcConfig": lab.net.config},
        "DataSplitConfig": {"ValidationFraction": 0.25},
        **more,
    }


def told(lab, name="learn"):
    return lab.sm.describe_auto_ml_job_v2(AutoMLJobName=name)


def end(lab, name="learn"):
    lab.advance_until(lambda: "EndTime" in told(lab, name), name, "1s")
    return told(lab, name)


def candidates(lab, name="learn", **more):
    pages = lab.sm.get_paginator("list_candidates_for_auto_ml_job").paginate(
        AutoMLJobName=name, PaginationConfig={"PageSize": 2}, **more)
    return [one for page in pages for one in page["Candidates"]]


def test_a_job_and_its_jobs(lab):
    asked = request(lab, mode="HYPERPARAMETER_TUNING", candidates=3)
    arn = lab.sm.create_auto_ml_job_v2(**asked, Tags=[{"Key": "a", "Value": "b"}])["AutoMLJobArn"]
    assert arn == f"arn:aws:sagemaker:us-east-1:{lab.number}:automl-job/learn"
    first = told(lab)
    assert (first["AutoMLJobStatus"], first["AutoMLJobSecondaryStatus"]) == ("InProgress", "Starting")
    assert {name: first[name] for name in asked} == asked and first["AutoMLProblemTypeConfigName"] == "Tabular"
    lab.advance("1s")
    assert len(lab.interfaces(subnet_id=lab.net.subnets[0])) == 2
    last = end(lab)
    assert (last["AutoMLJobStatus"], last["AutoMLJobSecondaryStatus"]) == ("Completed", "Completed")
    assert lab.free(lab.net.subnets[0]) == 11 and "FailureReason" not in last
    found = candidates(lab)
    value = lambda one: one["FinalAutoMLJobObjectiveMetric"]["Value"]  # noqa: E731
    assert len(found) == 3 and value(last["BestCandidate"]) == min(map(value, found))
    for one in found:
        kinds = [step["CandidateStepType"].rsplit("::")[-1] for step in one["CandidateSteps"]]
        assert kinds == ["ProcessingJob", "TrainingJob", "TransformJob", "TrainingJob"]
        job = lab.job(one["CandidateName"])
        assert job["AutoMLJobArn"] == arn and job["VpcConfig"] == lab.net.config
        assert lab.sm.list_tags(ResourceArn=job["TrainingJobArn"])["Tags"] == [{"Key": "a", "Value": "b"}]
    by_value = candidates(lab, SortBy="FinalObjectiveMetricValue", SortOrder="Descending")
    assert list(map(value, by_value)) == sorted(map(value, found), reverse=True)
    assert candidates(lab, CandidateNameEquals=found[1]["CandidateName"]) == [found[1]]
    assert last["AutoMLJobArtifacts"]["CandidateDefinitionNotebookLocation"].startswith(
        "s3://models/automl/learn/sagemaker-automl-candidates/")
    assert lab.sm.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "a", "Value": "b"}]


def test_the_first_operation(lab):
    second = request(lab)
    lab.sm.create_auto_ml_job(
        AutoMLJobName="first", RoleArn=lab.role_arn, OutputDataConfig=second["OutputDataConfig"],
        InputDataConfig=[{
            "TargetAttributeName": "y", "DataSource": second["AutoMLJobInputDataConfig"][0]["DataSource"]}],
        AutoMLJobConfig={
            "Mode": "ENSEMBLING", "CompletionCriteria": {"MaxCandidates": 1},
            "SecurityConfig": second["SecurityConfig"]})
    end(lab, "first")
    described = lab.sm.describe_auto_ml_job(AutoMLJobName="FIRST")
    assert described["InputDataConfig"][0]["TargetAttributeName"] == "y" and described["AutoMLJobStatus"] == "Completed"
    assert told(lab, "first")["SecurityConfig"] == second["SecurityConfig"]
    lab.sm.create_auto_ml_job_v2(**second)
    with refused("ValidationException", lambda text: "DescribeAutoMLJobV2" in text):
        lab.sm.describe_auto_ml_job(AutoMLJobName="learn")
    names = lambda **more: [  # noqa: E731
        one["AutoMLJobName"] for one in lab.sm.list_auto_ml_jobs(**more)["AutoMLJobSummaries"]]
    assert names() == ["learn", "first"] and names(StatusEquals="Completed") == ["first"]
    assert names(NameContains="ear", SortBy="Status") == ["learn"]


def test_it_fails_as_its_jobs_do(lab):
    lab.ec2.delete_vpc_endpoints(VpcEndpointIds=[lab.net.s3])
    lab.sm.create_auto_ml_job_v2(**request(lab))
    last = end(lab)
    assert (last["AutoMLJobStatus"], last["AutoMLJobSecondaryStatus"]) == ("Failed", "Failed")
    (job,) = lab.sm.list_processing_jobs()["ProcessingJobSummaries"]
    assert last["FailureReason"] == job["FailureReason"] and "BestCandidate" not in last
    why = lab.server.control(
        "GET", f"/_mockplane/explain/processing-job/{job['ProcessingJobName']}?account={lab.number}")
    assert why["decidedBy"] == "SM-S3-NOPATH-01"


def test_stopped(lab):
    lab.sm.create_auto_ml_job_v2(**request(lab, candidates=50))
    lab.advance("5s")
    lab.sm.stop_auto_ml_job(AutoMLJobName="learn")
    assert told(lab)["AutoMLJobStatus"] == "Stopping"
    assert end(lab)["AutoMLJobSecondaryStatus"] == "Stopped" and lab.free(lab.net.subnets[0]) == 11
    with refused("ValidationException", "The request was rejected because the AutoML job is in status Stopped."):
        lab.sm.stop_auto_ml_job(AutoMLJobName="learn")


@pytest.mark.parametrize("change, code, text", [
    ({"AutoMLJobObjective": None}, "ValidationException", "You must specify both ProblemType and AutoMLJobObjective"),
    ({"ModelDeployConfig": {"AutoGenerateEndpointName": True, "EndpointName": "e"}},
     "ValidationException", "EndpointName"),
    ({"SecurityConfig": {"VpcConfig": {"Subnets": ["subnet-0123456789abcdef0"], "SecurityGroupIds": ["sg-1"]}}},
     "ValidationException", "The subnet ID 'subnet-0123456789abcdef0' does not exist"),
])
def test_what_cannot_be_learned(lab, change, code, text):
    asked = {name: value for name, value in request(lab, **change).items() if value is not None}
    with refused(code, lambda told: told.startswith(text)):
        lab.sm.create_auto_ml_job_v2(**asked)
    with refused("ResourceNotFound"):
        told(lab)
