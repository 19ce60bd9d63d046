"""Deployment configurations, as boto3 sees them: batches, their addresses, what is refused, and time."""

import pytest

from mockplane import refused
from test_matrix_hosting import House


@pytest.fixture
def house(aws):
    aws.manual_clock()
    house = House(aws)
    house.model()
    return house


def serve(house, instances):
    house.config("old", instances)
    house.config("new", instances)
    house.create(config="old")
    house.reach("InService")


def rolling(value, kind="INSTANCE_COUNT", wait=60, **more):
    return {"RollingUpdatePolicy": {
        "MaximumBatchSize": {"Type": kind, "Value": value}, "WaitIntervalInSeconds": wait, **more}}


def update(house, policy, config="new"):
    return house.update(config=config, DeploymentConfig=policy)


def test_old_and_new_hold_no_more_than_a_batch_too_many(house):
    serve(house, 6)
    old = {one["NetworkInterfaceId"] for one in house.held()}
    update(house, rolling(1))
    seen = []
    while house.status() == "Updating":
        endpoint = house.endpoint()
        [pending] = endpoint["PendingDeploymentSummary"]["ProductionVariants"]
        counts = endpoint["ProductionVariants"][0]["CurrentInstanceCount"], pending["CurrentInstanceCount"]
        assert len(house.held()) <= 14 and pending["DesiredInstanceCount"] == 6
        if counts not in seen:
            seen.append(counts)
        house.aws.advance("1s")
    assert seen == [(6, 0)] + [(old, new) for n in range(6) for old, new in ((6 - n, n), (6 - n, n + 1))][1:]
    assert house.endpoint()["EndpointConfigName"] == "new" and house.free() == [5, 5]
    assert len(house.held()) == 12 and old.isdisjoint(one["NetworkInterfaceId"] for one in house.held())


def test_a_batch_without_room_rolls_back_and_a_smaller_one_fits(house):
    serve(house, 8)
    before = house.endpoint()["ProductionVariants"], house.held()
    large = rolling(50, "CAPACITY_PERCENT")
    update(house, large)
    house.reach("InService")
    endpoint = house.endpoint()
    assert endpoint["EndpointConfigName"] == "old" and "addresses" in endpoint["FailureReason"]
    assert (endpoint["ProductionVariants"], house.held()) == before
    assert endpoint["LastDeploymentConfig"] == large
    assert house.explanation()["decidedBy"] == "SM-VPC-IP-01"
    update(house, rolling(25, "CAPACITY_PERCENT"))
    house.aws.advance("10m")
    endpoint = house.endpoint()
    assert (endpoint["EndpointStatus"], endpoint["EndpointConfigName"]) == ("InService", "new")
    assert "FailureReason" not in endpoint


def test_out_of_time(house):
    serve(house, 4)
    update(house, rolling(1, wait=300, MaximumExecutionTimeoutInSeconds=600))
    house.aws.advance("599s")
    assert house.status() == "Updating"
    house.aws.advance("1m")
    endpoint = house.endpoint()
    assert endpoint["EndpointStatus"] == "InService"
    assert endpoint["EndpointConfigName"] == "old" and "within 600 seconds" in endpoint["FailureReason"]
    assert len(house.held()) == 8


def test_refused_and_nothing_changes(house):
    serve(house, 4)
    house.sm.create_endpoint_config(EndpointConfigName="other", ProductionVariants=[{
        "VariantName": "Other", "ModelName": "m", "InstanceType": "ml.m5.large", "InitialInstanceCount": 4}])
    before = house.endpoint()

    def steps(kind, **more):
        return {"BlueGreenUpdatePolicy": {
            "TrafficRoutingConfiguration": {"Type": kind, "WaitIntervalInSeconds": 60, **more}}}

    def size(value, kind="CAPACITY_PERCENT"):
        return {"Type": kind, "Value": value}

    for policy, config, member in (
            (steps("CANARY"), "new", "CanarySize"),
            (steps("CANARY", CanarySize=size(60)), "new", "CanarySize"),
            (steps("LINEAR"), "new", "LinearStepSize"),
            (steps("LINEAR", LinearStepSize=size(3, "INSTANCE_COUNT")), "new", "LinearStepSize"),
            (rolling(80, "CAPACITY_PERCENT"), "new", "MaximumBatchSize"),
            (rolling(1), "other", "AllTraffic"),
            ({**steps("ALL_AT_ONCE"), **rolling(1)}, "new", "Only one of")):
        with refused("ValidationException", lambda text, member=member: member in text):
            update(house, policy, config)
        without = [{**one, "ResponseMetadata": None} for one in (before, house.endpoint())]
        assert without[0] == without[1]
