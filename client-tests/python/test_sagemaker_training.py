"""What a training job can be asked for beyond the plain case, as boto3 sees it."""

import json

import pytest

from mockplane import TRUST, job_request, refused

RULES = "503895931360.dkr.ecr.us-east-1.amazonaws.com/rules:1"


@pytest.fixture
def jobs(aws):
    """An account whose time stands still, with a role, a network of one /28 and a bucket."""
    aws.manual_clock()
    aws.role_arn = aws.role()
    aws.net = aws.network("10.0.1.0/28")
    aws.subnet_id = aws.net.subnets[0]
    aws.bucket = f"training-{aws.number}"
    aws.s3 = aws.client("s3")
    aws.s3.create_bucket(Bucket=aws.bucket)
    aws.s3.put_object(Bucket=aws.bucket, Key="in/a.csv", Body=b"1,2\n")
    return aws


def request(jobs, name, instances=1, **more):
    base = job_request(name, jobs.role_arn, jobs.net.config, instances)
    source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{jobs.bucket}/in"}
    base["InputDataConfig"] = [{"ChannelName": "train", "DataSource": {"S3DataSource": source}}]
    base["OutputDataConfig"] = {"S3OutputPath": f"s3://{jobs.bucket}/models"}
    return {**base, **more}


def create(jobs, name, instances=1, **more):
    return jobs.sm.create_training_job(**request(jobs, name, instances, **more))["TrainingJobArn"]


def resources(instances=1, **more):
    return {"InstanceType": "ml.m5.large", "InstanceCount": instances, "VolumeSizeInGB": 10, **more}


def behaviours(jobs, *declared):
    path = f"/_mockplane/behaviours?account={jobs.number}"
    return jobs.server.control("POST", path, {"behaviours": list(declared)})


def statuses(job):
    return [one["Status"] for one in job["SecondaryStatusTransitions"]]


def keys(jobs, prefix):
    return [one["Key"] for one in jobs.s3.list_objects_v2(Bucket=jobs.bucket, Prefix=prefix).get("Contents", [])]


RUN = ["Starting", "Downloading", "Training"]


# Heterogeneous clusters.

def group(name, of="ml.m5.large", count=1):
    return {"InstanceGroupName": name, "InstanceType": of, "InstanceCount": count}


def test_instance_groups_take_the_addresses_of_all(jobs):
    groups = [group("cpu", count=2), group("gpu", "ml.p4d.24xlarge")]
    before = jobs.free(jobs.subnet_id)
    create(jobs, "mixed", ResourceConfig={"InstanceGroups": groups, "VolumeSizeInGB": 10})
    assert before - jobs.free(jobs.subnet_id) == 2 * 2 + 5
    assert jobs.job("mixed")["ResourceConfig"]["InstanceGroups"] == groups
    jobs.advance("10s")
    assert jobs.job("mixed")["TrainingJobStatus"] == "Completed"
    assert jobs.free(jobs.subnet_id) == before


@pytest.mark.parametrize("config, message", [
    ({"InstanceGroups": [group("a")], "InstanceType": "ml.m5.large", "InstanceCount": 1},
     "InstanceType or InstanceCount cannot be specified with InstanceGroups"),
    ({"InstanceGroups": [group("a"), group("a")]},
     "Instance group names must be unique; the instance group name a is used more than once."),
    ({"InstanceGroups": [group("a"), group("b", count=0)]},
     "1 validation error detected: Value '0' at 'resourceConfig.instanceGroups.2.member.instanceCount' failed to satisfy "
     "constraint: Member must have value greater than or equal to 1"),
    ({"InstanceGroups": [group("a")], "KeepAlivePeriodInSeconds": 60},
     "KeepAlivePeriodInSeconds cannot be specified with InstanceGroups"),
])
def test_instance_groups_that_make_no_sense(jobs, config, message):
    with refused("ValidationException", message):
        create(jobs, "wrong", ResourceConfig={"VolumeSizeInGB": 10, **config})


def test_channels_name_groups_that_there_are(jobs):
    asked = request(jobs, "channels", ResourceConfig={"InstanceGroups": [group("a")], "VolumeSizeInGB": 10})
    source = asked["InputDataConfig"][0]["DataSource"]["S3DataSource"]
    source["InstanceGroupNames"] = ["b"]
    with refused("ValidationException",
                 "Channel train names the instance group b, which is not one of InstanceGroups."):
        jobs.sm.create_training_job(**asked)
    source["InstanceGroupNames"] = ["a"]
    jobs.sm.create_training_job(**asked)


def test_a_placement_that_has_no_effect_is_told(jobs):
    create(jobs, "placed", ResourceConfig=resources(InstancePlacementConfig={"EnableMultipleJobs": True}))
    assert any("InstancePlacementConfig" in event["message"] for event in jobs.events()
               if event["kind"] == "ParameterIgnored")


# Managed spot training.

def spot(wait=7200):
    return {
        "EnableManagedSpotTraining": True,
        "StoppingCondition": {"MaxRuntimeInSeconds": 3600, "MaxWaitTimeInSeconds": wait}}


def test_an_interruption_and_what_the_checkpoint_keeps(jobs):
    behaviours(jobs, {
        "duration": "30m", "checkpointEvery": "4m", "spot": {"interruptedAfter": "10m", "resumes": "15m"}})
    before = jobs.free(jobs.subnet_id)
    create(jobs, "spot", 2, CheckpointConfig={"S3Uri": f"s3://{jobs.bucket}/ck"}, **spot())
    jobs.advance("5m")
    first = {one["NetworkInterfaceId"] for one in jobs.interfaces(group_id=jobs.net.group)}
    assert len(first) == 4 and before - jobs.free(jobs.subnet_id) == 4
    jobs.advance("10m")
    job = jobs.job("spot")
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("InProgress", "Interrupted")
    assert jobs.free(jobs.subnet_id) == before
    assert keys(jobs, "ck/") == ["ck/checkpoint-1", "ck/checkpoint-2"]
    jobs.advance("15m")
    second = {one["NetworkInterfaceId"] for one in jobs.interfaces(group_id=jobs.net.group)}
    assert len(second) == 4 and not first & second
    jobs.advance("22m")
    job = jobs.job("spot")
    assert statuses(job) == RUN + ["Interrupted"] + RUN + ["Uploading", "Completed"]
    assert 0.29 < job["BillableTimeInSeconds"] / job["TrainingTimeInSeconds"] < 0.31
    assert job["TrainingTimeInSeconds"] < (job["TrainingEndTime"] - job["TrainingStartTime"]).seconds
    assert job["CheckpointConfig"]["S3Uri"] == f"s3://{jobs.bucket}/ck"


def test_a_wait_that_is_over(jobs):
    behaviours(jobs, {"spot": {"launches": "never"}})
    create(jobs, "never", **spot(3600))
    jobs.advance("59m")
    assert jobs.job("never")["SecondaryStatus"] == "Starting"
    jobs.advance("2m")
    job = jobs.job("never")
    assert statuses(job) == ["Starting", "Stopping", "MaxWaitTimeExceeded"]
    assert job["TrainingJobStatus"] == "Stopped" and "FailureReason" not in job
    assert "BillableTimeInSeconds" not in job


@pytest.mark.parametrize("more, message", [
    (spot(60), "Invalid MaxWaitTimeInSeconds. It must be present and be greater than or equal to MaxRuntimeInSeconds"),
    ({"StoppingCondition": {"MaxRuntimeInSeconds": 60, "MaxWaitTimeInSeconds": 60}},
     "Invalid MaxWaitTimeInSeconds. It is only supported when EnableManagedSpotTraining is set to true"),
    ({"ResourceConfig": resources(KeepAlivePeriodInSeconds=60), **spot()},
     "KeepAlivePeriodInSeconds cannot be specified with EnableManagedSpotTraining"),
])
def test_spot_training_that_makes_no_sense(jobs, more, message):
    with refused("ValidationException", message):
        create(jobs, "wrong", **more)


# Checkpoints.

def test_checkpoints_are_read_with_the_role(jobs):
    policy = json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "*", "Resource": "*"},
        {"Effect": "Deny", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{jobs.bucket}/ck/*"}]})
    arn = jobs.iam.create_role(RoleName="narrow", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    jobs.iam.put_role_policy(RoleName="narrow", PolicyName="narrow", PolicyDocument=policy)
    config = {"S3Uri": f"s3://{jobs.bucket}/ck"}
    # Nobody has to have left one.
    create(jobs, "first", RoleArn=arn, CheckpointConfig=config)
    jobs.advance("10s")
    assert jobs.job("first")["TrainingJobStatus"] == "Completed"
    assert keys(jobs, "ck/") == ["ck/checkpoint-1"]
    create(jobs, "second", RoleArn=arn, CheckpointConfig=config)
    jobs.advance("10s")
    job = jobs.job("second")
    assert job["TrainingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith("ClientError: Data download failed:")


# Warm pools.

def test_a_warm_pool_from_its_beginning_to_its_end(jobs):
    before = jobs.free(jobs.subnet_id)
    create(jobs, "one", 2, ResourceConfig=resources(2, KeepAlivePeriodInSeconds=1800))
    assert jobs.job("one")["WarmPoolStatus"] == {"Status": "InUse"}
    jobs.advance("10s")
    assert jobs.job("one")["WarmPoolStatus"] == {"Status": "Available"}
    held = {one["NetworkInterfaceId"] for one in jobs.interfaces(group_id=jobs.net.group)}
    assert len(held) == 4 and before - jobs.free(jobs.subnet_id) == 4
    with refused("DependencyViolation"):
        jobs.ec2.delete_security_group(GroupId=jobs.net.group)
    with refused("DependencyViolation"):
        jobs.ec2.delete_subnet(SubnetId=jobs.subnet_id)
    with refused("ResourceInUse", lambda text: "warm pool" in text):
        jobs.sm.delete_training_job(TrainingJobName="one")
    jobs.advance("10m")
    create(jobs, "two", 2, ResourceConfig=resources(2, KeepAlivePeriodInSeconds=60))
    pool = jobs.job("one")["WarmPoolStatus"]
    assert (pool["Status"], pool["ReusedByJob"]) == ("Reused", "two")
    assert 600 <= pool["ResourceRetainedBillableTimeInSeconds"] <= 610
    assert {one["NetworkInterfaceId"] for one in jobs.interfaces(group_id=jobs.net.group)} == held
    jobs.sm.delete_training_job(TrainingJobName="one")
    jobs.advance("10s")
    listed = jobs.sm.list_training_jobs(WarmPoolStatusEquals="Available")["TrainingJobSummaries"]
    assert [(one["TrainingJobName"], one["WarmPoolStatus"]["Status"]) for one in listed] == [("two", "Available")]
    jobs.advance("1m")
    pool = jobs.job("two")["WarmPoolStatus"]
    assert pool == {"Status": "Terminated", "ResourceRetainedBillableTimeInSeconds": 60}
    assert jobs.free(jobs.subnet_id) == before
    jobs.ec2.delete_security_group(GroupId=jobs.net.group)


def test_a_waiter_does_not_end_a_pool(aws):
    """It hastens the job, not what the job leaves."""
    resources = {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 10, "KeepAlivePeriodInSeconds": 3600}
    aws.training_job("one", aws.role(), ResourceConfig=resources)
    aws.sm.get_waiter("training_job_completed_or_stopped").wait(
        TrainingJobName="one", WaiterConfig={"Delay": 1, "MaxAttempts": 20})
    assert aws.job("one")["WarmPoolStatus"] == {"Status": "Available"}


def test_a_pool_is_updated(jobs):
    create(jobs, "one", ResourceConfig=resources(KeepAlivePeriodInSeconds=60))
    jobs.advance("10s")
    jobs.sm.update_training_job(TrainingJobName="one", ResourceConfig={"KeepAlivePeriodInSeconds": 3600})
    jobs.advance("30m")
    job = jobs.job("one")
    assert (job["WarmPoolStatus"]["Status"], job["ResourceConfig"]["KeepAlivePeriodInSeconds"]) == ("Available", 3600)
    with refused("ValidationException"):
        jobs.sm.update_training_job(TrainingJobName="one", ProfilerConfig={"DisableProfiler": True})
    jobs.sm.update_training_job(TrainingJobName="one", ResourceConfig={"KeepAlivePeriodInSeconds": 0})
    assert jobs.job("one")["WarmPoolStatus"]["Status"] == "Terminated"
    assert jobs.interfaces(group_id=jobs.net.group) == []
    with refused("ValidationException", "The request was rejected because the training job is in status Completed."):
        jobs.sm.update_training_job(TrainingJobName="one", ResourceConfig={"KeepAlivePeriodInSeconds": 60})


# SageMaker Debugger.

def test_rules_are_processing_jobs(jobs):
    behaviours(jobs, {"job": "*-overfit-*", "failure": "RuleEvaluationConditionMet: at step 3"})
    rules = [{"RuleConfigurationName": name, "RuleEvaluatorImage": RULES} for name in ("Overfit", "LossNotDecreasing")]
    report = [{"RuleConfigurationName": "ProfilerReport-1", "RuleEvaluatorImage": RULES}]
    create(jobs, "a-training-job-with-a-long-name",
           DebugHookConfig={"S3OutputPath": f"s3://{jobs.bucket}/debug"},
           TensorBoardOutputConfig={"S3OutputPath": f"s3://{jobs.bucket}/board"},
           ProfilerConfig={"S3OutputPath": f"s3://{jobs.bucket}/profile"},
           DebugRuleConfigurations=rules, ProfilerRuleConfigurations=report)
    begun = jobs.job("a-training-job-with-a-long-name")
    assert {one["RuleEvaluationStatus"] for one in begun["DebugRuleEvaluationStatuses"]} == {"InProgress"}
    jobs.advance("20s")
    job = jobs.job("a-training-job-with-a-long-name")
    told = {one["RuleConfigurationName"]: one for one in job["DebugRuleEvaluationStatuses"]}
    assert told["Overfit"]["RuleEvaluationStatus"] == "IssuesFound"
    assert told["Overfit"]["StatusDetails"] == "RuleEvaluationConditionMet: at step 3"
    assert told["LossNotDecreasing"]["RuleEvaluationStatus"] == "NoIssuesFound"
    [profiler] = job["ProfilerRuleEvaluationStatuses"]
    name = profiler["RuleEvaluationJobArn"].rsplit("/", 1)[1]
    assert name.startswith("a-training-job-with-a-long-profilerreport-1-")
    processing = jobs.sm.describe_processing_job(ProcessingJobName=name)
    assert processing["TrainingJobArn"] == job["TrainingJobArn"]
    assert processing["ProcessingJobStatus"] == "Completed"
    for prefix in ("debug", "board", "profile"):
        assert len(keys(jobs, f"{prefix}/a-training-job-with-a-long-name/")) == 1, prefix


def test_rules_have_names_of_their_own(jobs):
    rule = {"RuleConfigurationName": "Overfit", "RuleEvaluatorImage": RULES}
    with refused("ValidationException",
                 "Rule configuration names must be unique; the name Overfit is used more than once."):
        create(jobs, "twice", DebugRuleConfigurations=[rule, rule])


# File systems.

FILES = "fs-0123456789abcdef0"


def mounting(of="EFS"):
    source = {"FileSystemId": FILES, "FileSystemType": of, "FileSystemAccessMode": "ro", "DirectoryPath": "/data"}
    return [{"ChannelName": "train", "DataSource": {"FileSystemDataSource": source}}]


@pytest.mark.parametrize("of, ports", [("EFS", [(2049, 2049)]), ("FSxLustre", [(988, 988), (1018, 1023)])])
def test_a_file_system_is_reached_through_its_groups(jobs, of, ports):
    files = jobs.group(jobs.net.vpc, "files")
    jobs.interface(jobs.subnet_id, Groups=[files], Description=f"EFS mount target for {FILES} (fsmt-0123456789abcdef0)")
    create(jobs, "shut", InputDataConfig=mounting(of))
    jobs.advance("10s")
    job = jobs.job("shut")
    assert job["FailureReason"].startswith(f"ClientError: Unable to mount file system {FILES}:/data.")
    assert statuses(job) == ["Starting", "Downloading", "Failed"]
    permissions = [
        {"IpProtocol": "tcp", "FromPort": low, "ToPort": high, "UserIdGroupPairs": [{"GroupId": jobs.net.group}]}
        for low, high in ports]
    for number, permission in enumerate(permissions):
        jobs.ec2.authorize_security_group_ingress(GroupId=files, IpPermissions=[permission])
        create(jobs, f"open-{number}", InputDataConfig=mounting(of))
        jobs.advance("10s")
        expected = "Completed" if number == len(ports) - 1 else "Failed"
        assert jobs.job(f"open-{number}")["TrainingJobStatus"] == expected


def test_a_file_system_needs_a_vpc_and_is_no_s3(jobs):
    asked = request(jobs, "outside", InputDataConfig=mounting())
    del asked["VpcConfig"]
    with refused("ValidationException",
                 "VpcConfig must be specified when channel train uses a FileSystemDataSource."):
        jobs.sm.create_training_job(**asked)
    both = mounting()
    both[0]["DataSource"]["S3DataSource"] = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{jobs.bucket}/in"}
    with refused("ValidationException", "Exactly one data source must be specified for channel train."):
        create(jobs, "both", InputDataConfig=both)


def test_data_from_a_file_system_need_no_way_to_s3_until_the_end(jobs):
    jobs.ec2.delete_vpc_endpoints(VpcEndpointIds=[jobs.net.s3])
    create(jobs, "cut-off", InputDataConfig=mounting("FSxLustre"))
    jobs.advance("10s")
    job = jobs.job("cut-off")
    assert job["FailureReason"] == (
        "ClientError: Artifact upload failed:Please ensure that the subnet's route table has a route to an S3 VPC endpoint "
        "or a NAT device, and both the security groups and the subnet's network ACL allow outbound traffic to S3")


# Input modes.

@pytest.mark.parametrize("mode, expected", [
    ("File", ["Starting", "Downloading", "Failed"]),
    ("Pipe", RUN + ["Failed"]),
    ("FastFile", RUN + ["Failed"]),
])
def test_when_data_that_are_out_of_reach_are_missed(jobs, mode, expected):
    jobs.ec2.delete_vpc_endpoints(VpcEndpointIds=[jobs.net.s3])
    asked = request(jobs, "streams")
    asked["InputDataConfig"][0]["InputMode"] = mode
    asked["InputDataConfig"][0]["ShuffleConfig"] = {"Seed": 3}
    jobs.sm.create_training_job(**asked)
    jobs.advance("10s")
    job = jobs.job("streams")
    assert statuses(job) == expected
    assert job["FailureReason"].startswith("ClientError: Data download failed:")
    assert job["InputDataConfig"][0]["InputMode"] == mode
    assert job["InputDataConfig"][0]["ShuffleConfig"] == {"Seed": 3}


def test_an_augmented_manifest_is_piped(jobs):
    asked = request(jobs, "manifest")
    asked["InputDataConfig"][0]["DataSource"]["S3DataSource"]["S3DataType"] = "AugmentedManifestFile"
    with refused("ValidationException",
                 "AugmentedManifestFile can only be used if the input mode of channel train is Pipe."):
        jobs.sm.create_training_job(**asked)


def test_a_model_is_trained_further(jobs):
    """Incremental training: a channel that holds the model of an earlier job."""
    create(jobs, "base")
    jobs.advance("10s")
    model = jobs.job("base")["ModelArtifacts"]["S3ModelArtifacts"]
    asked = request(jobs, "further")
    asked["InputDataConfig"].append({
        "ChannelName": "model", "ContentType": "application/x-sagemaker-model", "InputMode": "File",
        "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": model}}})
    jobs.sm.create_training_job(**asked)
    jobs.advance("10s")
    assert jobs.job("further")["TrainingJobStatus"] == "Completed"
    asked["TrainingJobName"] = "of-nothing"
    asked["InputDataConfig"][1]["DataSource"]["S3DataSource"]["S3Uri"] = model.replace("base", "none")
    with refused("ValidationException", lambda text: text.startswith("No S3 objects found under S3 URL")):
        jobs.sm.create_training_job(**asked)


def test_a_retry_strategy_is_told_and_does_not_retry_client_errors(jobs):
    create(jobs, "retries", 9, RetryStrategy={"MaximumRetryAttempts": 2})
    jobs.advance("10s")
    job = jobs.job("retries")
    assert (job["TrainingJobStatus"], job["RetryStrategy"]) == ("Failed", {"MaximumRetryAttempts": 2})
    assert statuses(job) == ["Starting", "Failed"]
