"""Pipelines as boto3 sees them: their steps run as jobs, in the VPC if they say so."""

import json

import pytest

from mockplane import job_request, refused

IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/work:1"


@pytest.fixture
def lab(aws):
    """An account whose time stands still, with a role and a network of one /28."""
    aws.manual_clock()
    aws.role_arn = aws.role()
    aws.iam.attach_role_policy(RoleName="trainer", PolicyArn="arn:aws:iam::aws:policy/AmazonSageMakerFullAccess")
    aws.net = aws.network("10.0.1.0/28")
    return aws


def training(lab, name="Train", instances=1, **more):
    arguments = job_request("x", lab.role_arn, lab.net.config, instances)
    del arguments["TrainingJobName"]
    return {"Name": name, "Type": "Training", "Arguments": arguments, **more}


def processing(lab, name="Check", source=None, **more):
    return {"Name": name, "Type": "Processing", "Arguments": {
        "ProcessingResources": {"ClusterConfig": {
            "InstanceType": {"Get": "Parameters.Type"}, "InstanceCount": 1, "VolumeSizeInGB": 10}},
        "AppSpecification": {"ImageUri": IMAGE}, "RoleArn": lab.role_arn,
        "NetworkConfig": {"VpcConfig": lab.net.config},
        "ProcessingInputs": [{"InputName": "model", "AppManaged": False, "S3Input": {
            "S3Uri": source or {"Get": "Steps.Train.ModelArtifacts.S3ModelArtifacts"},
            "LocalPath": "/opt/ml/processing/input", "S3DataType": "S3Prefix", "S3InputMode": "File"}}],
        "ProcessingOutputConfig": {"Outputs": [{"OutputName": "report", "AppManaged": False, "S3Output": {
            "S3Uri": {"Std:Join": {"On": "/", "Values": ["s3://reports", {"Get": "Execution.PipelineExecutionId"}]}},
            "LocalPath": "/opt/ml/processing/out", "S3UploadMode": "EndOfJob"}}]},
    }, **more}


def definition(*steps):
    return json.dumps({
        "Version": "2020-12-01",
        "Parameters": [{"Name": "Type", "Type": "String", "DefaultValue": "ml.m5.large"},
                       {"Name": "Limit", "Type": "Integer", "DefaultValue": 3}],
        "Steps": list(steps)})


def create(lab, *steps, name="line", **more):
    return lab.sm.create_pipeline(
        PipelineName=name, PipelineDefinition=definition(*steps), RoleArn=lab.role_arn, **more)["PipelineArn"]


def start(lab, name="line", **more):
    return lab.sm.start_pipeline_execution(PipelineName=name, **more)["PipelineExecutionArn"]


def told(lab, arn):
    return lab.sm.describe_pipeline_execution(PipelineExecutionArn=arn)


def steps(lab, arn):
    pages = lab.sm.get_paginator("list_pipeline_execution_steps").paginate(
        PipelineExecutionArn=arn, SortOrder="Ascending", PaginationConfig={"PageSize": 2})
    return {one["StepName"]: one for page in pages for one in page["PipelineExecutionSteps"]}


def end(lab, arn):
    lab.advance_until(lambda: told(lab, arn)["PipelineExecutionStatus"] not in ("Executing", "Stopping"), arn, "1s")
    return told(lab, arn)


def test_steps_run_as_jobs_one_after_the_other(lab):
    arn = create(lab, training(lab), processing(lab), Tags=[{"Key": "team", "Value": "red"}])
    assert arn == f"arn:aws:sagemaker:us-east-1:{lab.number}:pipeline/line"
    assert lab.sm.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "team", "Value": "red"}]
    execution = start(lab, PipelineParameters=[{"Name": "Type", "Value": "ml.m5.xlarge"}])
    assert execution.startswith(f"{arn}/execution/") and len(execution.rsplit("/")[-1]) == 12
    assert told(lab, execution)["PipelineExecutionStatus"] == "Executing"
    first = steps(lab, execution)
    assert list(first) == ["Train"] and first["Train"]["StepStatus"] == "Executing"
    job = first["Train"]["Metadata"]["TrainingJob"]["Arn"].rsplit("/")[-1]
    assert job.startswith(f"pipelines-{execution.rsplit('/')[-1]}-Train-")
    lab.advance("1s")
    assert lab.interfaces(subnet_id=lab.net.subnets[0]) and lab.job(job)["VpcConfig"] == lab.net.config
    last = end(lab, execution)
    assert last["PipelineExecutionStatus"] == "Succeeded" and "FailureReason" not in last
    both = steps(lab, execution)
    assert [one["StepStatus"] for one in both.values()] == ["Succeeded", "Succeeded"]
    assert both["Check"]["StartTime"] >= both["Train"]["EndTime"]
    checked = lab.sm.describe_processing_job(
        ProcessingJobName=both["Check"]["Metadata"]["ProcessingJob"]["Arn"].rsplit("/")[-1])
    assert checked["ProcessingResources"]["ClusterConfig"]["InstanceType"] == "ml.m5.xlarge"
    model = lab.job(job)["ModelArtifacts"]["S3ModelArtifacts"]
    assert checked["ProcessingInputs"][0]["S3Input"]["S3Uri"] == model
    report = checked["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3Uri"]
    assert report == f"s3://reports/{execution.rsplit('/')[-1]}"
    given = lab.sm.list_pipeline_parameters_for_execution(PipelineExecutionArn=execution)["PipelineParameters"]
    assert given == [{"Name": "Type", "Value": "ml.m5.xlarge"}, {"Name": "Limit", "Value": "3"}]
    own = lab.sm.describe_pipeline_definition_for_execution(PipelineExecutionArn=execution)
    assert own["PipelineDefinition"] == definition(training(lab), processing(lab))
    assert lab.free(lab.net.subnets[0]) == 11


def test_conditions_choose_and_a_fail_step_fails(lab):
    condition = {"Name": "If", "Type": "Condition", "Arguments": {
        "Conditions": [{"Type": "GreaterThan", "LeftValue": {"Get": "Parameters.Limit"}, "RightValue": 2}],
        "IfSteps": [training(lab)],
        "ElseSteps": [{"Name": "No", "Type": "Fail", "Arguments": {"ErrorMessage": {
            "Std:Join": {"On": " ", "Values": ["Limit is", {"Get": "Parameters.Limit"}]}}}}]}}
    create(lab, condition)
    high, low = start(lab), start(lab, PipelineParameters=[{"Name": "Limit", "Value": "1"}])
    assert end(lab, high)["PipelineExecutionStatus"] == "Succeeded"
    ran = steps(lab, high)
    assert list(ran) == ["If", "Train"] and ran["If"]["Metadata"]["Condition"]["Outcome"] == "True"
    failed = told(lab, low)
    assert (failed["PipelineExecutionStatus"], failed["FailureReason"]) == (
        "Failed", "Step failure: One or multiple steps failed.")
    ran = steps(lab, low)
    assert list(ran) == ["If", "No"] and ran["No"]["FailureReason"] == "Limit is 1"
    listed = lab.sm.list_pipeline_executions(PipelineName="line")["PipelineExecutionSummaries"]
    assert {one["PipelineExecutionArn"]: one["PipelineExecutionStatus"] for one in listed} == {
        high: "Succeeded", low: "Failed"}


def test_a_step_that_finds_no_address_and_a_retry(lab):
    create(lab, training(lab, instances=6), processing(lab))
    execution = start(lab)
    assert end(lab, execution)["PipelineExecutionStatus"] == "Failed"
    (failed,) = steps(lab, execution).values()
    job = lab.job(failed["Metadata"]["TrainingJob"]["Arn"].rsplit("/")[-1])
    assert failed["FailureReason"] == f"ClientError: {job['FailureReason']}"
    assert "free IP addresses" in job["FailureReason"]
    assert lab.sm.retry_pipeline_execution(PipelineExecutionArn=execution)["PipelineExecutionArn"] == execution
    assert told(lab, execution)["PipelineExecutionStatus"] == "Executing"
    assert end(lab, execution)["PipelineExecutionStatus"] == "Failed"


def test_a_refused_call_is_the_steps_failure(lab):
    step = training(lab)
    step["Arguments"]["VpcConfig"] = {**lab.net.config, "Subnets": ["subnet-0123456789abcdef0"]}
    create(lab, step)
    execution = start(lab)
    assert told(lab, execution)["PipelineExecutionStatus"] == "Failed"
    (failed,) = steps(lab, execution).values()
    assert failed["FailureReason"].startswith("ClientError: Failed to invoke sagemaker:CreateTrainingJob. Error Details: ")
    assert "subnet-0123456789abcdef0" in failed["FailureReason"]


def test_steps_call_as_the_pipelines_role(lab):
    lab.iam.detach_role_policy(RoleName="trainer", PolicyArn="arn:aws:iam::aws:policy/AmazonSageMakerFullAccess")
    create(lab, training(lab))
    started = start(lab)
    (failed,) = steps(lab, started).values()
    assert failed["StepStatus"] == "Failed"
    assert failed["FailureReason"].startswith(
        "ClientError: Failed to invoke sagemaker:CreateTrainingJob. Error Details: "
        f"User: arn:aws:sts::{lab.number}:assumed-role/trainer/SageMaker is not authorized to perform: "
        "sagemaker:CreateTrainingJob on resource: arn:aws:sagemaker:")
    allow = {"Effect": "Allow", "Action": "sagemaker:CreateTrainingJob", "Resource": "*"}
    lab.iam.put_role_policy(RoleName="trainer", PolicyName="train", PolicyDocument=json.dumps(
        {"Version": "2012-10-17", "Statement": [allow]}))
    (failed,) = steps(lab, start(lab)).values()
    assert f"iam:PassRole on resource: {lab.role_arn}" in failed["FailureReason"]


def test_a_model_its_transform_and_a_tuning_job(lab):
    model = {"Name": "Model", "Type": "Model", "Arguments": {
        "ExecutionRoleArn": lab.role_arn, "VpcConfig": lab.net.config, "PrimaryContainer": {
            "Image": IMAGE, "ModelDataUrl": {"Get": "Steps.Train.ModelArtifacts.S3ModelArtifacts"}}}}
    transform = {"Name": "Batch", "Type": "Transform", "Arguments": {
        "ModelName": {"Get": "Steps.Model.ModelName"},
        "TransformInput": {"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://data/in"}}},
        "TransformOutput": {"S3OutputPath": "s3://data/out"},
        "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1}}}
    inner = training(lab)["Arguments"]
    inner["AlgorithmSpecification"]["MetricDefinitions"] = [{"Name": "loss", "Regex": "loss=(.*?);"}]
    tuning = {"Name": "Tune", "Type": "Tuning", "Arguments": {
        "HyperParameterTuningJobConfig": {
            "Strategy": "Random", "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "loss"},
            "ResourceLimits": {"MaxNumberOfTrainingJobs": 2, "MaxParallelTrainingJobs": 1}},
        "TrainingJobDefinition": inner}}
    create(lab, training(lab), model, transform, tuning)
    execution = start(lab)
    last = end(lab, execution)
    assert last["PipelineExecutionStatus"] == "Succeeded", steps(lab, execution)
    ran = steps(lab, execution)
    assert {name: list(one["Metadata"]) for name, one in ran.items()} == {
        "Train": ["TrainingJob"], "Tune": ["TuningJob"], "Model": ["Model"], "Batch": ["TransformJob"]}
    made = lab.sm.describe_model(ModelName=ran["Model"]["Metadata"]["Model"]["Arn"].rsplit("/")[-1])
    assert made["VpcConfig"] == lab.net.config


def test_stop(lab):
    create(lab, training(lab), processing(lab))
    execution = start(lab)
    lab.advance("1s")
    lab.sm.stop_pipeline_execution(PipelineExecutionArn=execution)
    assert told(lab, execution)["PipelineExecutionStatus"] == "Stopping"
    with refused("ConflictException"):
        lab.sm.delete_pipeline(PipelineName="line")
    with refused("ConflictException"):
        lab.sm.stop_pipeline_execution(PipelineExecutionArn=execution)
    assert end(lab, execution)["PipelineExecutionStatus"] == "Stopped"
    assert [one["StepStatus"] for one in steps(lab, execution).values()] == ["Stopped"]
    lab.sm.delete_pipeline(PipelineName="line")
    for call in ("describe_pipeline_execution", "describe_pipeline_definition_for_execution",
                 "list_pipeline_parameters_for_execution", "list_pipeline_execution_steps", "retry_pipeline_execution"):
        with refused("ResourceNotFound"):
            getattr(lab.sm, call)(PipelineExecutionArn=execution)


def test_at_most_so_many_steps_at_once(lab):
    most = {"MaxParallelExecutionSteps": 1}
    create(lab, training(lab, "A"), training(lab, "B"), ParallelismConfiguration=most)
    execution = start(lab)
    assert list(steps(lab, execution)) == ["A"]
    assert end(lab, execution)["PipelineExecutionStatus"] == "Succeeded"
    assert list(steps(lab, execution)) == ["A", "B"]
    both = start(lab, ParallelismConfiguration={"MaxParallelExecutionSteps": 2})
    assert list(steps(lab, both)) == ["A", "B"]


def test_pipelines_are_changed_and_told(lab):
    arn = create(lab, training(lab), PipelineDescription="first")
    described = lab.sm.describe_pipeline(PipelineName="line")
    assert described["PipelineArn"] == arn and described["PipelineDefinition"] == definition(training(lab))
    assert (described["PipelineStatus"], described["PipelineDescription"], described["RoleArn"]) == (
        "Active", "first", lab.role_arn)
    lab.advance("1s")
    changed = lab.sm.update_pipeline(PipelineName="line", PipelineDefinition=definition(), PipelineDescription="second")
    assert (changed["PipelineArn"], changed["PipelineVersionId"]) == (arn, 2)
    described = lab.sm.describe_pipeline(PipelineName=arn)
    assert (described["PipelineDefinition"], described["PipelineDescription"]) == (definition(), "second")
    assert described["LastModifiedTime"] > described["CreationTime"]
    create(lab, name="other")
    names = lambda **how: [one["PipelineName"] for one in lab.sm.list_pipelines(**how)["PipelineSummaries"]]  # noqa: E731
    assert names(SortBy="Name", SortOrder="Ascending") == ["line", "other"]
    assert names(PipelineNamePrefix="ot") == ["other"] and names(CreatedAfter=described["CreationTime"]) == ["other"]
    assert names(ManagedBy="AWS") == []


def test_what_is_wrong_is_refused(lab):
    bad = lambda text: text.startswith("Unable to parse pipeline definition. ")  # noqa: E731
    for text in ("{", "{}", json.dumps({"Version": "2020-12-01", "Steps": [{"Name": "a"}]})):
        with refused("ValidationException", bad):
            lab.sm.create_pipeline(PipelineName="bad", PipelineDefinition=text, RoleArn=lab.role_arn)
    with refused("ValidationException"):
        lab.sm.create_pipeline(PipelineName="bad", RoleArn=lab.role_arn)
    create(lab, training(lab))
    with refused("ValidationException", lambda text: "already exists" in text):
        create(lab, training(lab))
    token = {"ClientRequestToken": "t" * 32}
    assert start(lab, **token) == start(lab, **token) != start(lab)
    for parameter in ({"Name": "Nothing", "Value": "1"}, {"Name": "Limit", "Value": "many"}):
        with refused("ValidationException", lambda text: parameter["Name"] in text):
            start(lab, PipelineParameters=[parameter])
    with refused("ResourceNotFound"):
        start(lab, name="nothing")
    create(lab, {"Name": "L", "Type": "Lambda", "Arguments": {}}, name="lambda")
    with refused("NotImplemented", "The pipeline step type Lambda is not implemented by this mock", status=501):
        start(lab, name="lambda")
    with refused("ValidationException", lambda text: "Step [Nothing] of SelectedSteps" in text):
        start(lab, SelectiveExecutionConfig={"SelectedSteps": [{"StepName": "Nothing"}]})
