"""Weights and capacities of endpoints, and the zones that their instances can be in, as boto3 sees them."""

import time

import pytest

from mockplane import Account, Server, http_error, refused
from test_matrix_hosting import House, wait


@pytest.fixture
def house(aws):
    aws.manual_clock()
    house = House(aws)
    house.model()
    return house


def scale(house, *desired, name="e"):
    return house.sm.update_endpoint_weights_and_capacities(
        EndpointName=name, DesiredWeightsAndCapacities=list(desired))["EndpointArn"]


def traffic(**desired):
    return {"VariantName": "AllTraffic", **desired}


def serve(house, instances, name="e"):
    house.config(f"{name}-{instances}", instances)
    house.create(name, f"{name}-{instances}")
    house.reach("InService", name)


def ids(house):
    return {one["NetworkInterfaceId"] for one in house.held()}


def variant(house, n=0):
    return house.endpoint()["ProductionVariants"][n]


def counts(house, n=0):
    one = variant(house, n)
    return one["CurrentInstanceCount"], one["DesiredInstanceCount"], one["CurrentWeight"], one["DesiredWeight"]


def test_out_and_in(house):
    serve(house, 1)
    first = ids(house)
    assert scale(house, traffic(DesiredInstanceCount=4)) == house.arn("endpoint", "e")
    assert (house.status(), counts(house)) == ("Updating", (1, 4, 1.0, 1.0))
    (status,) = variant(house)["VariantStatus"]
    assert status["Status"] == "Updating" and "PendingDeploymentSummary" not in house.endpoint()
    assert house.free() == [7, 7]
    house.reach("InService")
    assert counts(house) == (4, 4, 1.0, 1.0) and "VariantStatus" not in variant(house)
    four = ids(house)
    assert first < four and len(four) == 8

    scale(house, traffic(DesiredInstanceCount=2))
    assert (counts(house), ids(house)) == ((4, 2, 1.0, 1.0), four)
    house.reach("InService")
    assert first < ids(house) < four and house.free() == [9, 9]
    house.sm.delete_endpoint(EndpointName="e")
    house.aws.advance("10m")
    assert (house.held(), house.free()) == ([], [11, 11])


def test_new_interfaces_are_as_the_first_ones(house):
    serve(house, 1)
    first = house.held()[0]
    scale(house, traffic(DesiredInstanceCount=2))
    house.reach("InService")
    for one in house.held():
        for member in ("Description", "Groups", "InterfaceType", "RequesterId", "Status", "VpcId"):
            assert one[member] == first[member], member
    assert len({one["AvailabilityZone"] for one in house.held()}) == 2


def test_weights_take_nothing(house):
    one = {"ModelName": "m", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    house.sm.create_endpoint_config(
        EndpointConfigName="c", ProductionVariants=[{**one, "VariantName": "a"}, {**one, "VariantName": "b"}])
    house.create()
    house.reach("InService")
    held = house.held()
    scale(house, {"VariantName": "a", "DesiredWeight": 0.25}, {"VariantName": "b", "DesiredWeight": 2})
    assert (counts(house), counts(house, 1)) == ((1, 1, 1.0, 0.25), (1, 1, 1.0, 2.0))
    house.reach("InService")
    assert (counts(house), counts(house, 1)) == ((1, 1, 0.25, 0.25), (1, 1, 2.0, 2.0))
    assert house.held() == held
    config = house.sm.describe_endpoint_config(EndpointConfigName="c")
    assert [each["InitialVariantWeight"] for each in config["ProductionVariants"]] == [1.0, 1.0]


def test_what_does_not_fit_rolls_back(house):
    serve(house, 4)
    held = house.held()
    scale(house, traffic(DesiredInstanceCount=11, DesiredWeight=3))
    house.reach("RollingBack")
    assert counts(house) == (4, 4, 1.0, 1.0)
    assert [one["EndpointName"] for one in house.sm.list_endpoints(StatusEquals="RollingBack")["Endpoints"]] == ["e"]
    house.reach("InService")
    assert "7 instance(s) need 14 private IP addresses" in house.endpoint()["FailureReason"]
    assert (house.held(), counts(house)) == (held, (4, 4, 1.0, 1.0))
    assert house.explanation()["decidedBy"] == "SM-VPC-IP-01"
    scale(house, traffic(DesiredInstanceCount=10))
    house.reach("InService")
    assert "FailureReason" not in house.endpoint() and house.free() == [1, 1]


def test_refusals(house):
    with refused("ValidationException", f'Could not find endpoint "{house.arn("endpoint", "e")}".'):
        scale(house, traffic(DesiredWeight=1))
    serve(house, 1)
    unknown = 'The variant name(s) "x" is/are not present within endpoint configuration "e-1".'
    for call, text in [
        (lambda: scale(house, {"VariantName": "x", "DesiredWeight": 1}), unknown),
        (lambda: scale(house, traffic(), traffic()), lambda text: "non-unique" in text),
        (lambda: scale(house, traffic(DesiredInstanceCount=0)), lambda text: "at least 1" in text),
        (lambda: scale(house, traffic(ServerlessUpdateConfig={"MaxConcurrency": 2})), lambda text: "serverless" in text),
    ]:
        with refused("ValidationException", text):
            call()
    raw = house.aws.raw("sagemaker")
    for desired, member in [
        ([], "desiredWeightsAndCapacities"),
        ([traffic(DesiredWeight=-1)], "desiredWeightsAndCapacities.1.member.desiredWeight"),
        ([traffic(DesiredInstanceCount=-1)], "desiredWeightsAndCapacities.1.member.desiredInstanceCount"),
    ]:
        with refused("ValidationException", lambda text, member=member: f"at '{member}'" in text):
            raw.update_endpoint_weights_and_capacities(EndpointName="e", DesiredWeightsAndCapacities=desired)
    assert house.status() == "InService"
    house.config("large", 40)
    house.create("f", "large")
    house.reach("Failed", "f")
    with refused("ValidationException", lambda text: text.startswith("Cannot update failed endpoint")):
        scale(house, traffic(DesiredWeight=1), name="f")


@pytest.mark.parametrize("instances, status", [(2, "Updating"), (20, "RollingBack")])
def test_one_thing_at_a_time(house, instances, status):
    serve(house, 1)
    scale(house, traffic(DesiredInstanceCount=instances))
    house.reach(status)
    for call in (
        lambda: scale(house, traffic(DesiredInstanceCount=1)),
        lambda: house.update(config="e-1"),
        lambda: house.sm.delete_endpoint(EndpointName="e"),
    ):
        with refused("ValidationException", f'Cannot update in-progress endpoint "{house.arn("endpoint", "e")}".'):
            call()


def test_an_update_retains_what_it_is_told_to(house):
    serve(house, 1)
    house.config("c", 4)
    scale(house, traffic(DesiredInstanceCount=2, DesiredWeight=3))
    house.reach("InService")
    house.update(config="c", RetainAllVariantProperties=True)
    house.reach("InService")
    assert (counts(house), len(house.held())) == ((2, 2, 3.0, 3.0), 4)
    house.update(config="c", RetainAllVariantProperties=True, ExcludeRetainedVariantProperties=[
        {"VariantPropertyType": "DesiredInstanceCount"}])
    house.reach("InService")
    assert (counts(house), len(house.held())) == ((4, 4, 3.0, 3.0), 8)
    house.update(config="e-1")
    house.reach("InService")
    assert (counts(house), len(house.held())) == ((1, 1, 1.0, 1.0), 2)


def test_a_serverless_variant_has_a_concurrency(house):
    house.sm.create_model(ModelName="outside", ExecutionRoleArn=house.sm.describe_model(ModelName="m")["ExecutionRoleArn"],
                          PrimaryContainer={"Image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/serve:1"})
    house.sm.create_endpoint_config(EndpointConfigName="c", ProductionVariants=[{
        "VariantName": "v", "ModelName": "outside", "ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 5}}])
    house.create()
    house.reach("InService")
    scale(house, {"VariantName": "v", "ServerlessUpdateConfig": {"MaxConcurrency": 9}})
    assert variant(house)["CurrentServerlessConfig"]["MaxConcurrency"] == 5
    assert variant(house)["DesiredServerlessConfig"] == {"MemorySizeInMB": 2048, "MaxConcurrency": 9}
    house.reach("InService")
    assert variant(house)["CurrentServerlessConfig"] == {"MemorySizeInMB": 2048, "MaxConcurrency": 9}
    assert "DesiredServerlessConfig" not in variant(house) and house.held() == []


@pytest.mark.parametrize("instances, held", [(3, 6), (40, 2)])
def test_the_waiter_returns_at_once(aws, instances, held):
    house = House(aws)
    house.model()
    house.config("c", 1)
    house.create()
    wait(aws, "endpoint_in_service", EndpointName="e")
    scale(house, traffic(DesiredInstanceCount=instances))
    begin = time.monotonic()
    wait(aws, "endpoint_in_service", EndpointName="e")
    assert time.monotonic() - begin < 2
    assert (house.status(), len(house.held())) == ("InService", held)
    assert ("FailureReason" in house.endpoint()) == (held == 2)


# === Zones that lack an instance type ===

def in_zones(house, letters, instance_type, instances=1):
    """An endpoint of a model with a subnet in each of these zones; the subnets."""
    subnets = [
        house.aws.subnet(house.network.vpc, f"10.0.{n}.0/28", AvailabilityZone=f"us-east-1{letter}")
        for n, letter in enumerate(letters, 20)]
    house.model("zones", vpc_config={**house.network.config, "Subnets": subnets})
    house.config("zones", instances, "zones", InstanceType=instance_type)
    house.create("e", "zones")
    return subnets


@pytest.mark.parametrize("letters", ["ac", "cde", "fe"])
def test_p3_is_not_everywhere(house, letters):
    subnets = in_zones(house, letters, "ml.p3.2xlarge")
    house.reach("Failed")
    assert house.endpoint()["FailureReason"] == (
        "Unable to locate at least 2 availability zone(s) with the requested instance type ml.p3.2xlarge that overlap "
        "with SageMaker subnets.")
    assert house.explanation()["decidedBy"] == "SM-HOST-AZ-04"
    assert [house.aws.free(subnet) for subnet in subnets] == [11] * len(letters)


def test_instances_are_where_their_type_is(house):
    subnets = in_zones(house, "cabf", "ml.p3.2xlarge", 4)
    house.reach("InService")
    assert [house.aws.free(subnet) for subnet in subnets] == [11, 7, 9, 9]


def offerings(aws, **body):
    return aws.server.control("POST", "/_mockplane/offerings", {"account": aws.number, **body})


def test_an_account_says_where_its_types_are(house):
    aws = house.aws
    p3 = ["us-east-1c", "us-east-1d", "us-east-1e"]
    assert aws.server.control("GET", f"/_mockplane/offerings?account={aws.number}") == {
        "account": aws.number, "notOffered": {"ml.p3": p3}}
    assert offerings(aws, family="ml.m5", notOffered=["us-east-1b"])["notOffered"] == {
        "ml.m5": ["us-east-1b"], "ml.p3": p3}
    house.config("c")
    house.create("x", "c")
    house.reach("Failed", "x")
    assert "ml.m5.large" in house.endpoint("x")["FailureReason"]
    offerings(aws, family="ml.m5", notOffered=[])
    house.create("y", "c")
    house.reach("InService", "y")
    for wrong in ({"family": "m5", "notOffered": []}, {"family": "ml.m5", "notOffered": ["us-east-1z"]},
                  {"family": "ml.m5"}):
        assert http_error(lambda wrong=wrong: offerings(aws, **wrong)) == 400
    aws.reset()
    assert aws.server.control("GET", f"/_mockplane/offerings?account={aws.number}")["notOffered"] == {"ml.p3": p3}


def test_a_server_is_told_where_types_are():
    with Server("--not-offered", "ml.p3=,ml.g5=us-east-1a+us-east-1b") as server:
        aws = Account(server)
        assert server.control("GET", f"/_mockplane/offerings?account={aws.number}")["notOffered"] == {
            "ml.g5": ["us-east-1a", "us-east-1b"], "ml.p3": []}


# === Groups of instances with an Elastic Fabric Adapter ===

@pytest.mark.parametrize("way, protocol, completes", [
    ("ingress", "-1", False), ("both", "-1", True), ("both", "tcp", False)])
def test_efa_wants_everything_both_ways(aws, way, protocol, completes):
    aws.manual_clock()
    vpc, role = aws.vpc(), aws.role()
    subnet, group = aws.subnet(vpc), aws.group(vpc)
    aws.ec2.revoke_security_group_egress(
        GroupId=group, IpPermissions=[{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}])
    ports = {"FromPort": 0, "ToPort": 65535} if protocol == "tcp" else {}
    rule = [{"IpProtocol": protocol, "UserIdGroupPairs": [{"GroupId": group}], **ports}]
    aws.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=rule)
    to_s3 = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "PrefixListIds": [{"PrefixListId": "pl-63a5400a"}]}
    aws.s3_endpoint(vpc)
    aws.ec2.authorize_security_group_egress(GroupId=group, IpPermissions=[to_s3])
    if way == "both":
        aws.ec2.authorize_security_group_egress(GroupId=group, IpPermissions=rule)
    config = {"Subnets": [subnet], "SecurityGroupIds": [group]}
    for name, instance_type in (("efa", "ml.p4d.24xlarge"), ("plain", "ml.m5.large")):
        aws.training_job(name, role, config, ResourceConfig={
            "InstanceType": instance_type, "InstanceCount": 2, "VolumeSizeInGB": 10})
    aws.advance("1m")
    assert aws.job("plain")["TrainingJobStatus"] == "Completed"
    job = aws.job("efa")
    assert job["TrainingJobStatus"] == ("Completed" if completes else "Failed")
    if not completes:
        assert job["FailureReason"].startswith("AlgorithmError: ") and group in job["FailureReason"]
        why = aws.server.control("GET", f"/_mockplane/explain/training-job/efa?account={aws.number}")
        assert why["decidedBy"] == "SM-SG-SELF-05"
