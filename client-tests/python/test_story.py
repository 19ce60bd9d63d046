"""The main job: training jobs in a VPC, as boto3 sees them."""

import datetime
import time

import boto3
import pytest
from botocore.exceptions import WaiterError

from mockplane import TRUST, VPC_ACCESS, job_request, poll, refused

PREFIXES = ("ClientError: ", "AlgorithmError: ", "InternalServerError: ", "CapacityError: ")


def test_a_two_instance_job_takes_four_addresses_and_gives_them_back(server, monkeypatch):
    """The story exactly as a user writes it: plain boto3, environment variables, nothing else."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "199999999901")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "any")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    session = boto3.Session()
    ec2, iam, sm = (session.client(name) for name in ("ec2", "iam", "sagemaker"))

    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=block, AvailabilityZone=zone)["Subnet"]["SubnetId"]
        for block, zone in (("10.0.1.0/24", "us-east-1a"), ("10.0.2.0/24", "us-east-1b"))
    ]
    group = ec2.create_security_group(GroupName="training", Description="training jobs", VpcId=vpc)["GroupId"]
    ec2.authorize_security_group_ingress(
        GroupId=group, IpPermissions=[{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group}]}])
    tables = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["RouteTables"]
    ec2.create_vpc_endpoint(
        VpcId=vpc, ServiceName="com.amazonaws.us-east-1.s3", RouteTableIds=[tables[0]["RouteTableId"]])
    role = iam.create_role(RoleName="trainer", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    iam.put_role_policy(RoleName="trainer", PolicyName="vpc", PolicyDocument=VPC_ACCESS)

    def free():
        listed = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["Subnets"]
        return {one["SubnetId"]: one["AvailableIpAddressCount"] for one in listed}

    def interfaces():
        return ec2.describe_network_interfaces(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["NetworkInterfaces"]

    assert free() == dict.fromkeys(subnets, 251)
    arn = sm.create_training_job(
        **job_request("story", role, {"Subnets": subnets, "SecurityGroupIds": [group]}))["TrainingJobArn"]
    assert arn == "arn:aws:sagemaker:us-east-1:199999999901:training-job/story"

    held = poll(lambda: interfaces() or None, "interfaces of the job", seconds=3, pause=0.01)
    assert len(held) == 4
    assert len({one["SubnetId"] for one in held}) == 1 and held[0]["SubnetId"] in subnets
    assert {tuple(g["GroupId"] for g in one["Groups"]) for one in held} == {(group,)}
    assert len({one["PrivateIpAddress"] for one in held}) == 4
    assert all("Association" not in one for one in held), "a job never has a public address"
    now = free()
    assert now.pop(held[0]["SubnetId"]) == 247
    assert set(now.values()) == {251}

    begin = time.monotonic()
    sm.get_waiter("training_job_completed_or_stopped").wait(TrainingJobName="story")
    assert time.monotonic() - begin < 2, "an SDK's waiter does not wait"

    job = sm.describe_training_job(TrainingJobName="story")
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Completed", "Completed")
    assert job["ModelArtifacts"]["S3ModelArtifacts"] == "s3://training-output/models/story/output/model.tar.gz"
    assert free() == dict.fromkeys(subnets, 251)
    assert interfaces() == []


def test_a_plain_polling_loop_ends_in_seconds(aws):
    aws.training_job("loop", aws.role(), aws.network().config)
    begin = time.monotonic()
    job = poll(lambda: (j := aws.job("loop"))["TrainingJobStatus"] != "InProgress" and j, "the end of the job")
    assert job["TrainingJobStatus"] == "Completed"
    assert 0.5 < time.monotonic() - begin < 15


def test_a_job_without_a_vpc_touches_no_network(aws):
    network = aws.network()
    aws.manual_clock()
    aws.training_job("outside", aws.role())
    seen = set()

    def completed():
        seen.add((aws.free(network.subnets[0]), aws.free(network.subnets[1]), len(aws.interfaces())))
        return aws.job("outside")["TrainingJobStatus"] == "Completed"

    aws.advance_until(completed, "Completed")
    assert seen == {(251, 251, 0)}
    assert "VpcConfig" not in aws.job("outside")


def test_six_instances_do_not_fit_into_a_28(aws):
    network = aws.network("10.0.1.0/28")
    assert aws.free(network.subnets[0]) == 11
    aws.manual_clock()
    aws.training_job("too-big", aws.role(), network.config, instances=6)
    seen = set()

    def over():
        seen.add((aws.free(network.subnets[0]), len(aws.interfaces())))
        return aws.job("too-big")["TrainingJobStatus"] != "InProgress"

    aws.advance_until(over, "the end")
    job = aws.job("too-big")
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Failed", "Failed")
    assert job["FailureReason"].startswith(PREFIXES) and "free IP addresses" in job["FailureReason"]
    assert job["SecondaryStatusTransitions"][-1]["StatusMessage"]
    assert seen == {(11, 0)}, "a job that does not fit takes nothing"
    events = [event for event in aws.events() if "too-big" in str(event)]
    assert any(event.get("rule") == "SM-VPC-IP-01" for event in events), events


def test_the_waiter_of_a_failing_job_fails_at_once(aws):
    aws.training_job("too-big", aws.role(), aws.network("10.0.1.0/28").config, instances=6)
    begin = time.monotonic()
    with pytest.raises(WaiterError):
        aws.sm.get_waiter("training_job_completed_or_stopped").wait(TrainingJobName="too-big")
    assert time.monotonic() - begin < 2
    assert aws.job("too-big")["TrainingJobStatus"] == "Failed"


def test_five_instances_fit_into_a_28_and_leave_one(aws):
    network = aws.network("10.0.1.0/28")
    aws.manual_clock()
    aws.training_job("fits", aws.role(), network.config, instances=5)
    aws.advance_until(lambda: aws.interfaces(), "interfaces")
    assert (aws.free(network.subnets[0]), len(aws.interfaces())) == (1, 10)
    aws.advance_until(lambda: aws.job("fits")["TrainingJobStatus"] == "Completed", "Completed")
    assert (aws.free(network.subnets[0]), len(aws.interfaces())) == (11, 0)


def test_a_subnet_without_room_is_passed_over(aws):
    network = aws.network("10.0.1.0/28", "10.0.2.0/24")
    for _ in range(10):
        aws.interface(network.subnets[0])
    aws.manual_clock()
    aws.training_job("second-choice", aws.role(), network.config, instances=1)
    held = aws.advance_until(lambda: aws.interfaces(subnet_id=network.subnets[1]), "interfaces")
    assert len(held) == 2
    assert aws.free(network.subnets[0]) == 1


def test_two_jobs_share_a_subnet_without_sharing_addresses(aws):
    network = aws.network("10.0.1.0/28")
    role = aws.role()
    aws.manual_clock()
    for name, instances in (("first", 3), ("second", 2), ("third", 1)):
        aws.training_job(name, role, network.config, instances)
    aws.advance_until(lambda: len(aws.interfaces()) == 10, "five instances")
    assert len({one["PrivateIpAddress"] for one in aws.interfaces()}) == 10
    aws.advance_until(lambda: aws.job("first")["TrainingJobStatus"] == "Completed", "first")
    aws.advance_until(lambda: aws.job("second")["TrainingJobStatus"] == "Completed", "second")
    assert aws.job("third")["TrainingJobStatus"] == "Failed"
    assert aws.free(network.subnets[0]) == 11


def test_the_interfaces_of_a_job_belong_to_the_service(aws):
    network = aws.network()
    role = aws.role()
    aws.manual_clock()
    aws.training_job("owned", role, network.config, instances=1)
    held = aws.advance_until(lambda: aws.interfaces(), "interfaces")
    one = held[0]
    assert one["InterfaceType"] == "interface"
    assert one["OwnerId"] == aws.number
    assert one["RequesterId"].endswith(":SageMaker")
    assert "owned" in one["Description"] or "SageMaker" in one["Description"]
    attachment = one["Attachment"]
    assert "InstanceId" not in attachment
    assert attachment["InstanceOwnerId"] not in ("", aws.number)
    with refused("InvalidParameterValue", f"Network interface '{one['NetworkInterfaceId']}' is currently in use."):
        aws.ec2.delete_network_interface(NetworkInterfaceId=one["NetworkInterfaceId"])
    with refused("DependencyViolation", f"The subnet '{one['SubnetId']}' has dependencies and cannot be deleted."):
        aws.ec2.delete_subnet(SubnetId=one["SubnetId"])
    with refused("DependencyViolation", f"resource {network.group} has a dependent object"):
        aws.ec2.delete_security_group(GroupId=network.group)


def test_stop_walks_through_stopping_to_stopped(aws):
    network = aws.network()
    aws.manual_clock()
    aws.training_job("stopped", aws.role(), network.config)
    aws.advance_until(lambda: aws.interfaces(), "interfaces")
    aws.sm.stop_training_job(TrainingJobName="stopped")
    job = aws.job("stopped")
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopping", "Stopping")
    aws.advance_until(lambda: aws.job("stopped")["TrainingJobStatus"] == "Stopped", "Stopped")
    job = aws.job("stopped")
    assert job["SecondaryStatus"] == "Stopped"
    assert [t["Status"] for t in job["SecondaryStatusTransitions"]][-2:] == ["Stopping", "Stopped"]
    assert (aws.free(network.subnets[0]), aws.free(network.subnets[1]), aws.interfaces()) == (251, 251, [])
    with refused("ValidationException",
                 "The request was rejected because the training job is in status Stopped."):
        aws.sm.stop_training_job(TrainingJobName="stopped")


def test_the_waiter_ends_a_stopping_job(aws):
    aws.training_job("stopped", aws.role(), aws.network().config)
    aws.sm.stop_training_job(TrainingJobName="stopped")
    aws.sm.get_waiter("training_job_completed_or_stopped").wait(TrainingJobName="stopped")
    assert aws.job("stopped")["TrainingJobStatus"] == "Stopped"


def test_a_waiter_runs_only_its_own_job(aws):
    role, network = aws.role(), aws.network()
    aws.server.control("POST", "/_mockplane/clock", {"account": aws.number, "mode": "real"})
    begin = time.monotonic()
    for name in ("mine", "theirs"):
        aws.training_job(name, role, network.config)
    aws.sm.get_waiter("training_job_completed_or_stopped").wait(TrainingJobName="mine")
    theirs = aws.job("theirs")["TrainingJobStatus"]
    if time.monotonic() - begin < 1.5:
        assert theirs == "InProgress"


def test_a_manual_clock_ignores_waiters(aws):
    aws.manual_clock()
    aws.training_job("still", aws.role())
    waiter = aws.sm.get_waiter("training_job_completed_or_stopped")
    with pytest.raises(WaiterError):
        waiter.wait(TrainingJobName="still", WaiterConfig={"Delay": 0, "MaxAttempts": 3})
    assert aws.job("still")["TrainingJobStatus"] == "InProgress"


def test_delete(aws):
    role = aws.role()
    aws.manual_clock()
    aws.training_job("gone", role)
    with refused("ResourceInUse"):
        aws.sm.delete_training_job(TrainingJobName="gone")
    aws.advance_until(lambda: aws.job("gone")["TrainingJobStatus"] == "Completed", "Completed")
    aws.sm.delete_training_job(TrainingJobName="gone")

    def gone():
        names = [j["TrainingJobName"] for j in aws.sm.list_training_jobs()["TrainingJobSummaries"]]
        return "gone" not in names

    aws.advance_until(gone, "the job is gone")
    aws.training_job("gone", role)


def test_a_name_can_be_used_once(aws):
    role = aws.role()
    arn = aws.training_job("once", role)
    with refused("ResourceInUse",
                 "Training job names must be unique within an AWS account and region, "
                 f"and a training job with this name already exists ({arn})"):
        aws.training_job("once", role)


def test_accounts_and_regions_are_apart(aws, other):
    role = aws.role()
    aws.training_job("mine", role)
    assert other.sm.list_training_jobs()["TrainingJobSummaries"] == []
    assert aws.client("sagemaker", "eu-west-1").list_training_jobs()["TrainingJobSummaries"] == []
    other.training_job("mine", other.role())


def test_not_found(aws):
    # The model declares ResourceNotFound for all three; the first two were seen to answer ValidationException, and of
    # the third it is assumed.
    for call in (aws.sm.describe_training_job, aws.sm.stop_training_job, aws.sm.delete_training_job):
        with refused("ValidationException", "Requested resource not found."):
            call(TrainingJobName="nobody")


def test_describe_echoes_what_was_asked_for(aws):
    role, network = aws.role(), aws.network()
    request = job_request("echo", role, network.config, instances=1)
    request.update(
        HyperParameters={"epochs": "3", "rate": "0.1"},
        Environment={"MODE": "test"},
        Tags=[{"Key": "team", "Value": "blue"}],
        EnableNetworkIsolation=False,
        EnableInterContainerTrafficEncryption=True,
    )
    before = datetime.datetime.now(datetime.timezone.utc)
    arn = aws.sm.create_training_job(**request)["TrainingJobArn"]
    job = aws.job("echo")
    assert job["TrainingJobArn"] == arn
    for member in ("TrainingJobName", "HyperParameters", "Environment", "RoleArn", "VpcConfig", "StoppingCondition",
                   "EnableNetworkIsolation", "EnableInterContainerTrafficEncryption"):
        assert job[member] == request[member], member
    assert job["OutputDataConfig"]["S3OutputPath"] == request["OutputDataConfig"]["S3OutputPath"]
    assert job["OutputDataConfig"]["KmsKeyId"] == "", "SDKs read it even when it was not given"
    for member in ("InstanceType", "InstanceCount", "VolumeSizeInGB"):
        assert job["ResourceConfig"][member] == request["ResourceConfig"][member]
    channel = job["InputDataConfig"][0]
    assert channel["DataSource"] == request["InputDataConfig"][0]["DataSource"]
    assert abs((job["CreationTime"] - before).total_seconds()) < 5
    tags = aws.sm.list_tags(ResourceArn=arn)["Tags"]
    assert tags == [{"Key": "team", "Value": "blue"}]


def test_a_running_job_is_updated(aws):
    with refused("ValidationException", "Requested resource not found."):
        aws.sm.update_training_job(TrainingJobName="nobody")
    aws.manual_clock()
    arn = aws.training_job("tuned", aws.role())
    aws.advance_until(lambda: aws.job("tuned")["SecondaryStatus"] == "Training", "it trains")
    changes = {
        "ProfilerConfig": {"S3OutputPath": "s3://bucket/profile", "ProfilingIntervalInMilliseconds": 1000},
        "ProfilerRuleConfigurations": [
            {"RuleConfigurationName": "all", "RuleEvaluatorImage": "503895931360.dkr.ecr.us-east-1.amazonaws.com/rules:1"}],
        "RemoteDebugConfig": {"EnableRemoteDebug": True},
    }
    resources = {"KeepAlivePeriodInSeconds": 600}
    answer = aws.sm.update_training_job(TrainingJobName="tuned", ResourceConfig=resources, **changes)
    assert answer["TrainingJobArn"] == arn
    job = aws.job("tuned")
    for member, value in changes.items():
        assert job[member].items() >= value.items() if isinstance(value, dict) else job[member] == value, member
    assert job["ResourceConfig"]["KeepAlivePeriodInSeconds"] == 600
    aws.advance_until(lambda: aws.job("tuned")["TrainingJobStatus"] == "Completed", "Completed")
    with refused("ValidationException",
                 "The request was rejected because the training job is in status Completed."):
        aws.sm.update_training_job(TrainingJobName="tuned", ProfilerConfig={"DisableProfiler": True})


def test_transitions_tell_the_whole_life(aws):
    aws.manual_clock()
    aws.training_job("life", aws.role(), aws.network().config)
    assert aws.job("life")["SecondaryStatus"] == "Starting"
    seen = []

    def completed():
        job = aws.job("life")
        if not seen or seen[-1] != job["SecondaryStatus"]:
            seen.append(job["SecondaryStatus"])
        return job["TrainingJobStatus"] == "Completed"

    aws.advance_until(completed, "Completed", step="50ms", limit=2000)
    job = aws.job("life")
    transitions = job["SecondaryStatusTransitions"]
    order = ["Starting", "Downloading", "Training", "Uploading", "Completed"]
    names = [t["Status"] for t in transitions]
    assert [s for i, s in enumerate(names) if i == 0 or names[i - 1] != s] == order
    assert [s for s in seen if s in order] == seen == order
    for one, following in zip(transitions, transitions[1:]):
        assert one["StartTime"] <= one["EndTime"] <= following["StartTime"]
    assert all(t["StatusMessage"] for t in transitions)
    assert transitions[-1]["Status"] == "Completed"
    assert job["CreationTime"] <= job["TrainingStartTime"] <= job["TrainingEndTime"] <= job["LastModifiedTime"]
    assert job["TrainingTimeInSeconds"] >= 1 and job["BillableTimeInSeconds"] >= 1


@pytest.fixture
def seven_jobs(aws):
    aws.manual_clock()
    role = aws.role()
    for n in range(7):
        aws.training_job(f"job-{'even' if n % 2 == 0 else 'odd'}-{n}", role)
        aws.advance("1m")
    return aws


def names(answer):
    return [one["TrainingJobName"] for one in answer["TrainingJobSummaries"]]


def test_list_order_and_filters(seven_jobs):
    sm = seven_jobs.sm
    all_names = ["job-even-6", "job-odd-5", "job-even-4", "job-odd-3", "job-even-2", "job-odd-1", "job-even-0"]
    assert names(sm.list_training_jobs(SortBy="CreationTime", SortOrder="Descending")) == all_names
    assert names(sm.list_training_jobs(SortBy="CreationTime", SortOrder="Ascending")) == all_names[::-1]
    assert names(sm.list_training_jobs(SortBy="Name", SortOrder="Ascending")) == sorted(all_names)
    assert sorted(names(sm.list_training_jobs(NameContains="odd"))) == ["job-odd-1", "job-odd-3", "job-odd-5"]
    assert sorted(names(sm.list_training_jobs(StatusEquals="Completed"))) == sorted(all_names)
    assert names(sm.list_training_jobs(StatusEquals="Failed")) == []
    summary = sm.list_training_jobs(NameContains="odd-3")["TrainingJobSummaries"][0]
    assert summary["TrainingJobStatus"] == "Completed"
    assert {"TrainingJobArn", "CreationTime", "TrainingEndTime", "LastModifiedTime"} <= summary.keys()
    at = sm.describe_training_job(TrainingJobName="job-odd-3")["CreationTime"]
    second = datetime.timedelta(seconds=1)
    assert sorted(names(sm.list_training_jobs(CreationTimeAfter=at + second))) == ["job-even-4", "job-even-6", "job-odd-5"]
    assert sorted(names(sm.list_training_jobs(CreationTimeBefore=at - second))) == ["job-even-0", "job-even-2", "job-odd-1"]


def test_list_pages(seven_jobs):
    pages = list(seven_jobs.sm.get_paginator("list_training_jobs").paginate(
        SortBy="Name", SortOrder="Ascending", PaginationConfig={"PageSize": 3}))
    assert [len(page["TrainingJobSummaries"]) for page in pages] == [3, 3, 1]
    listed = [name for page in pages for name in names(page)]
    assert listed == sorted(set(listed)) and len(listed) == 7
    assert "NextToken" not in pages[-1]
    with refused("ValidationException"):
        seven_jobs.sm.list_training_jobs(NextToken="not one of ours")


def test_a_role_must_exist_and_trust_the_service(aws):
    missing = f"arn:aws:iam::{aws.number}:role/nobody"
    text = "Could not assume role {}. Please ensure that the role exists and allows principal " \
           "'sagemaker.amazonaws.com' to assume the role."
    with refused("ValidationException", text.format(missing)):
        aws.training_job("no-role", missing)
    document = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow",' \
               '"Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}'
    stranger = aws.iam.create_role(RoleName="stranger", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    with refused("ValidationException", text.format(stranger)):
        aws.training_job("wrong-role", stranger)


def test_subnets_and_groups_must_exist_and_agree(aws):
    role, network = aws.role(), aws.network()
    lost = "subnet-0123456789abcdef0"
    with refused("ValidationException", lambda text: lost in text):
        aws.training_job("a", role, {"Subnets": [lost], "SecurityGroupIds": [network.group]})
    lost = "sg-0123456789abcdef0"
    with refused("ValidationException", lambda text: lost in text):
        aws.training_job("b", role, {"Subnets": network.subnets, "SecurityGroupIds": [lost]})
    elsewhere = aws.vpc("10.9.0.0/16")
    with refused("ValidationException"):
        aws.training_job("c", role, {
            "Subnets": [network.subnets[0], aws.subnet(elsewhere, "10.9.0.0/24")], "SecurityGroupIds": [network.group]})
    with refused("ValidationException"):
        aws.training_job("d", role, {"Subnets": network.subnets, "SecurityGroupIds": [aws.group(elsewhere)]})
    assert aws.sm.list_training_jobs()["TrainingJobSummaries"] == []


def test_a_dedicated_vpc_is_refused(aws):
    vpc = aws.vpc("10.5.0.0/16", InstanceTenancy="dedicated")
    subnet, group = aws.subnet(vpc, "10.5.0.0/24"), aws.group(vpc)
    with refused("ValidationException", lambda text: "tenancy" in text and subnet in text):
        aws.training_job("dedicated", aws.role(), {"Subnets": [subnet], "SecurityGroupIds": [group]})


def test_external_buckets_are_told(aws):
    aws.training_job("told", aws.role())
    aws.sm.get_waiter("training_job_completed_or_stopped").wait(TrainingJobName="told")
    assert any("ExternalBucket" in str(event) for event in aws.events())


def test_reset_of_an_account_forgets_its_jobs_and_nobody_elses(aws, other):
    aws.training_job("mine", aws.role())
    other.training_job("theirs", other.role())
    aws.reset()
    assert aws.sm.list_training_jobs()["TrainingJobSummaries"] == []
    assert names(other.sm.list_training_jobs()) == ["theirs"]
