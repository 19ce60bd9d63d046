"""Monitoring as boto3 sees it: definitions, schedules, and the processing jobs that they start in the VPC."""

import pytest

from mockplane import refused

KINDS = {
    "DataQuality": ("data_quality", "data-quality"),
    "ModelQuality": ("model_quality", "model-quality"),
    "ModelBias": ("model_bias", "model-bias"),
    "ModelExplainability": ("model_explainability", "model-explainability"),
}
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/work:1"
HOURLY = {"ScheduleExpression": "cron(0 * ? * * *)"}


@pytest.fixture
def lab(aws):
    """An account whose time stands still, with a role, a network of one /28, and an endpoint that captures data."""
    aws.manual_clock()
    aws.role_arn = aws.role()
    aws.net = aws.network("10.0.1.0/28")
    aws.bucket = f"captured-{aws.number}"
    aws.client("s3").create_bucket(Bucket=aws.bucket)
    aws.sm.create_model(ModelName="watched", ExecutionRoleArn=aws.role_arn, PrimaryContainer={"Image": IMAGE})
    aws.sm.create_endpoint_config(
        EndpointConfigName="watched",
        ProductionVariants=[{
            "VariantName": "all", "ModelName": "watched", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}],
        DataCaptureConfig={
            "EnableCapture": True, "InitialSamplingPercentage": 100, "DestinationS3Uri": f"s3://{aws.bucket}/in",
            "CaptureOptions": [{"CaptureMode": "Input"}]})
    aws.sm.create_endpoint(EndpointName="watched", EndpointConfigName="watched")
    aws.advance("30s")
    return aws


def definition(lab, kind, name="d", **more):
    job_input = {"EndpointInput": {
        "EndpointName": "watched", "LocalPath": "/opt/ml/processing/input/endpoint", "S3InputMode": "File",
        "S3DataDistributionType": "FullyReplicated"}}
    if kind in ("ModelQuality", "ModelBias"):
        job_input["GroundTruthS3Input"] = {"S3Uri": f"s3://{lab.bucket}/labels"}
    app = {"ImageUri": IMAGE, "Environment": {"a": "b"}}
    if kind in ("ModelBias", "ModelExplainability"):
        app["ConfigUri"] = f"s3://{lab.bucket}/config.json"
    return {
        "JobDefinitionName": name,
        f"{kind}AppSpecification": app,
        f"{kind}BaselineConfig": {"ConstraintsResource": {"S3Uri": f"s3://{lab.bucket}/constraints.json"}},
        f"{kind}JobInput": job_input,
        f"{kind}JobOutputConfig": {"MonitoringOutputs": [{"S3Output": {
            "S3Uri": f"s3://{lab.bucket}/reports", "LocalPath": "/opt/ml/processing/output",
            "S3UploadMode": "EndOfJob"}}]},
        "JobResources": {"ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 10}},
        "NetworkConfig": {
            "EnableInterContainerTrafficEncryption": False, "EnableNetworkIsolation": False,
            "VpcConfig": lab.net.config},
        "RoleArn": lab.role_arn,
        "StoppingCondition": {"MaxRuntimeInSeconds": 1800},
        **more,
    }


def inline(lab):
    asked = definition(lab, "DataQuality")
    return {
        "MonitoringInputs": [asked["DataQualityJobInput"]],
        "MonitoringOutputConfig": asked["DataQualityJobOutputConfig"],
        "MonitoringResources": asked["JobResources"],
        "MonitoringAppSpecification": {"ImageUri": IMAGE},
        "StoppingCondition": asked["StoppingCondition"],
        "NetworkConfig": asked["NetworkConfig"],
        "RoleArn": lab.role_arn,
    }


def schedule(lab, name="s", when=None, **config):
    config = config or {"MonitoringJobDefinition": inline(lab)}
    return {"MonitoringScheduleName": name, "MonitoringScheduleConfig": {"ScheduleConfig": when or HOURLY, **config}}


def told(lab, name="s"):
    return lab.sm.describe_monitoring_schedule(MonitoringScheduleName=name)


def executions(lab, **more):
    pages = lab.sm.get_paginator("list_monitoring_executions").paginate(PaginationConfig={"PageSize": 2}, **more)
    return [one for page in pages for one in page["MonitoringExecutionSummaries"]]


@pytest.mark.parametrize("kind", KINDS)
def test_definitions(lab, kind):
    stem, slug = KINDS[kind]
    call = lambda verb, s="": getattr(lab.sm, f"{verb}_{stem}_job_definition{s}")  # noqa: E731
    arn = f"arn:aws:sagemaker:us-east-1:{lab.number}:{slug}-job-definition/d"
    with refused("ResourceNotFound", f"Monitoring Job Definition {arn} not found"):
        call("describe")(JobDefinitionName="d")
    asked = definition(lab, kind)
    tags = [{"Key": "team", "Value": "red"}]
    assert call("create")(**asked, Tags=tags)["JobDefinitionArn"] == arn
    described = call("describe")(JobDefinitionName="d")
    assert {name: described[name] for name in asked} == asked and described["JobDefinitionArn"] == arn
    assert lab.sm.list_tags(ResourceArn=arn)["Tags"] == tags
    lab.sm.delete_tags(ResourceArn=arn, TagKeys=["team"])
    assert lab.sm.list_tags(ResourceArn=arn)["Tags"] == []
    with refused("ResourceInUse", lambda text: arn in text):
        call("create")(**asked)
    wrong = definition(lab, kind, "e")
    wrong["NetworkConfig"]["VpcConfig"] = {**lab.net.config, "Subnets": ["subnet-0123456789abcdef0"]}
    with refused("ValidationException", "The subnet ID 'subnet-0123456789abcdef0' does not exist"):
        call("create")(**wrong)
    lab.advance("1s")
    call("create")(**definition(lab, kind, "e"))
    names = lambda **more: [  # noqa: E731
        one["MonitoringJobDefinitionName"] for one in call("list", "s")(**more)["JobDefinitionSummaries"]]
    assert names() == ["e", "d"] and names(SortBy="Name", SortOrder="Ascending") == ["d", "e"]
    assert names(EndpointName="watched", NameContains="d") == ["d"] and names(EndpointName="x") == []
    page = call("list", "s")(MaxResults=1)
    assert [one["MonitoringJobDefinitionName"] for one in call("list", "s")(
        NextToken=page["NextToken"])["JobDefinitionSummaries"]] == ["d"]
    call("delete")(JobDefinitionName="d")
    assert names() == ["e"]


def test_a_schedule_and_its_executions(lab):
    for hour in ("09", "10"):
        lab.client("s3").put_object(Bucket=lab.bucket, Key=f"in/watched/all/2026/01/05/{hour}/00-x.jsonl", Body=b"{}")
    arn = lab.sm.create_monitoring_schedule(**schedule(lab), Tags=[{"Key": "a", "Value": "b"}])["MonitoringScheduleArn"]
    assert arn == f"arn:aws:sagemaker:us-east-1:{lab.number}:monitoring-schedule/s"
    assert told(lab)["MonitoringScheduleStatus"] == "Pending"
    with refused("ValidationException", "Monitoring schedule in status Pending"):
        lab.sm.delete_monitoring_schedule(MonitoringScheduleName="s")
    lab.advance("1s")
    first = told(lab)
    assert first["MonitoringScheduleStatus"] == "Scheduled" and first["EndpointName"] == "watched"
    assert first["MonitoringScheduleConfig"] == schedule(lab)["MonitoringScheduleConfig"]
    assert "LastMonitoringExecutionSummary" not in first
    # To the hour, and on.
    lab.advance("59m29s")
    lab.advance("1s")
    (one,) = executions(lab)
    assert one["MonitoringExecutionStatus"] == "InProgress" and f"{one['ScheduledTime']:%H:%M}" == "10:00"
    name = one["ProcessingJobArn"].rsplit("/")[-1]
    job = lab.sm.describe_processing_job(ProcessingJobName=name)
    assert job["MonitoringScheduleArn"] == arn and job["NetworkConfig"]["VpcConfig"] == lab.net.config
    assert job["ProcessingInputs"][0]["S3Input"]["S3Uri"] == f"s3://{lab.bucket}/in/watched/all/2026/01/05/09"
    assert len(lab.interfaces(subnet_id=lab.net.subnets[0])) == 2
    assert lab.sm.list_tags(ResourceArn=job["ProcessingJobArn"])["Tags"] == [{"Key": "a", "Value": "b"}]
    lab.advance("3h")
    # What was captured in two hours was looked at, and then there was nothing more.
    in_order = executions(lab, SortBy="ScheduledTime", SortOrder="Ascending")
    assert [each["MonitoringExecutionStatus"] for each in in_order] == ["Completed", "Completed", "Failed", "Failed"]
    last = told(lab)["LastMonitoringExecutionSummary"]
    assert last["FailureReason"] == "Job inputs had no data" and "ProcessingJobArn" not in last
    completed = {"StatusEquals": "Completed", "MonitoringTypeEquals": "DataQuality", "EndpointName": "watched"}
    assert len(executions(lab, **completed)) == 2
    assert len(executions(lab, MonitoringScheduleName="s", ScheduledTimeAfter=one["ScheduledTime"])) == 3
    assert lab.free(lab.net.subnets[0]) == 11
    with refused("ValidationException", lambda text: "monitoring schedules" in text):
        lab.sm.delete_endpoint(EndpointName="watched")
    lab.sm.delete_monitoring_schedule(MonitoringScheduleName="s")
    with refused("ResourceNotFound", f"Monitoring Schedule {arn} not found"):
        told(lab)
    lab.sm.delete_endpoint(EndpointName="watched")
    assert len(executions(lab)) == 4


def test_a_job_without_an_address_fails_its_execution(lab):
    lab.client("s3").put_object(Bucket=lab.bucket, Key="in/watched/all/2026/01/05/09/00-x.jsonl", Body=b"{}")
    asked = schedule(lab)
    job = asked["MonitoringScheduleConfig"]["MonitoringJobDefinition"]
    job["MonitoringResources"]["ClusterConfig"]["InstanceCount"] = 6
    lab.sm.create_monitoring_schedule(**asked)
    lab.advance("2h")
    failed = executions(lab, SortOrder="Ascending")[0]
    assert failed["MonitoringExecutionStatus"] == "Failed" and "free IP addresses" in failed["FailureReason"]
    name = failed["ProcessingJobArn"].rsplit("/")[-1]
    assert lab.sm.describe_processing_job(ProcessingJobName=name)["FailureReason"] == failed["FailureReason"]


def test_stop_start_update(lab):
    lab.sm.create_data_quality_job_definition(**definition(lab, "DataQuality"))
    by_name = {"MonitoringJobDefinitionName": "d", "MonitoringType": "DataQuality"}
    lab.sm.create_monitoring_schedule(**schedule(lab, **by_name))
    lab.advance("1s")
    (listed,) = lab.sm.list_monitoring_schedules(MonitoringJobDefinitionName="d")["MonitoringScheduleSummaries"]
    assert listed["MonitoringType"] == "DataQuality" and listed["MonitoringScheduleStatus"] == "Scheduled"
    lab.sm.stop_monitoring_schedule(MonitoringScheduleName="s")
    lab.advance("1s")
    assert told(lab)["MonitoringScheduleStatus"] == "Stopped"
    lab.advance("3h")
    assert executions(lab) == []
    lab.sm.update_monitoring_schedule(**schedule(lab, when={"ScheduleExpression": "cron(0 0/6 ? * * *)"}, **by_name))
    lab.advance("1s")
    lab.sm.start_monitoring_schedule(MonitoringScheduleName="s")
    lab.advance("1s")
    assert not lab.sm.list_monitoring_schedules(StatusEquals="Stopped")["MonitoringScheduleSummaries"]
    lab.advance("24h")
    assert [f"{one['ScheduledTime']:%H}" for one in executions(lab, SortOrder="Ascending")] == ["18", "00", "06", "12"]


@pytest.mark.parametrize("change, text", [
    ({"ScheduleExpression": "cron(5 * ? * * *)"}, "Invalid ScheduleExpression"),
    ({"ScheduleExpression": "NOW"}, "DataAnalysisStartTime and DataAnalysisEndTime are required"),
    ({"ScheduleExpression": "NOW", "DataAnalysisStartTime": "-PT30H", "DataAnalysisEndTime": "PT0H"},
     "Invalid analysis"),
])
def test_what_is_no_schedule(lab, change, text):
    with refused("ValidationException", lambda told: told.startswith(text)):
        lab.sm.create_monitoring_schedule(**schedule(lab, when=change))


def test_a_role_has_to_be_passed(lab):
    """Who makes a schedule hands its role on."""
    lab.iam.create_user(UserName="u")
    key = lab.iam.create_access_key(UserName="u")["AccessKey"]
    lab.iam.put_user_policy(UserName="u", PolicyName="p", PolicyDocument=(
        '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sagemaker:*", "Resource": "*"}}'))
    user = lab.client("sagemaker", key=key["AccessKeyId"], secret=key["SecretAccessKey"])
    with refused("AccessDeniedException", lambda text: "iam:PassRole" in text):
        user.create_monitoring_schedule(**schedule(lab))
    with refused("AccessDeniedException", lambda text: "iam:PassRole" in text):
        user.create_data_quality_job_definition(**definition(lab, "DataQuality"))
