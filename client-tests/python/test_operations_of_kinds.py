"""Every operation of the five kinds, refused and then doing something that another call sees."""

import pytest
from mockplane import refused
from test_matrix_hosting import House
from test_matrix_jobs import COMPILATION, KINDS, TRANSFORM
from test_runtime_components import Parts

BAD = "bm90LW91cnM="


@pytest.fixture
def lab(aws):
    """An account whose time stands still."""
    aws.manual_clock()
    return aws


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_a_job_is_made_described_listed_stopped_and_deleted(lab, kind):
    role = lab.role()
    jobs = f"list_{kind.name}_jobs"
    with refused("ValidationException"):
        getattr(lab.sm, jobs)(NextToken=BAD)
    assert lab.sm.can_paginate(jobs) and not getattr(lab.sm, jobs)()[f"{kind.word}JobSummaries"]
    arn = kind.create(lab, "job-one", role)
    [listed] = getattr(lab.sm, jobs)()[f"{kind.word}JobSummaries"]
    assert listed[f"{kind.word}JobArn"] == arn
    lab.advance("1500ms")
    assert kind.status(lab, "job-one") in kind.running
    if kind.deletable:
        with refused("ValidationException" if kind is COMPILATION else "ResourceInUse"):
            kind.call(lab, "delete", "job-one")
    kind.call(lab, "stop", "job-one")
    assert kind.status(lab, "job-one").lower() == "stopping"
    lab.advance("1h")
    assert kind.status(lab, "job-one").lower() == "stopped"
    with refused("ValidationException"):
        kind.call(lab, "stop", "job-one")
    if kind is not TRANSFORM:
        kind.call(lab, "delete", "job-one")
        with refused("ValidationException"):
            kind.describe(lab, "job-one")
        assert not getattr(lab.sm, jobs)()[f"{kind.word}JobSummaries"]


def test_what_serves_is_made_described_listed_changed_and_deleted(lab):
    house = House(lab)
    lists = {"list_models": "Models", "list_endpoint_configs": "EndpointConfigs", "list_endpoints": "Endpoints"}
    for name, member in lists.items():
        with refused("ValidationException"):
            getattr(house.sm, name)(NextToken=BAD)
        assert getattr(house.sm, name)()[member] == []
    house.model("model-one")
    house.config("config-one", model="model-one")
    house.config("config-two", model="model-one")
    house.create("endpoint-one", "config-one")
    house.reach("InService", "endpoint-one")
    assert [len(getattr(house.sm, name)()[member]) for name, member in lists.items()] == [1, 2, 1]

    def capacity():
        [variant] = house.endpoint("endpoint-one")["ProductionVariants"]
        return variant["CurrentInstanceCount"]

    assert capacity() == 1
    desired = [{"VariantName": "AllTraffic", "DesiredInstanceCount": 2}]
    house.sm.update_endpoint_weights_and_capacities(EndpointName="endpoint-one", DesiredWeightsAndCapacities=desired)
    assert house.status("endpoint-one") == "Updating"
    house.reach("InService", "endpoint-one")
    assert capacity() == 2
    with refused("ValidationException"):
        house.sm.update_endpoint_weights_and_capacities(EndpointName="nobody", DesiredWeightsAndCapacities=desired)
    house.update("endpoint-one", "config-two")
    house.reach("InService", "endpoint-one")
    assert house.endpoint("endpoint-one")["EndpointConfigName"] == "config-two"
    told = house.sm.describe_model(ModelName="model-one")
    assert house.sm.describe_endpoint_config(EndpointConfigName="config-one")["ProductionVariants"]
    for delete, describe, name in [
        (house.sm.delete_model, house.sm.describe_model, {"ModelName": "model-one"}),
        (house.sm.delete_endpoint_config, house.sm.describe_endpoint_config, {"EndpointConfigName": "config-one"}),
    ]:
        delete(**name)
        for call in (describe, delete):
            with refused("ValidationException"):
                call(**name)
    assert told["ModelName"] == "model-one" and house.status("endpoint-one") == "InService"
    house.sm.delete_endpoint(EndpointName="endpoint-one")
    assert house.status("endpoint-one") == "Deleting"
    lab.advance("1h")
    with refused("ValidationException"):
        house.endpoint("endpoint-one")


def test_a_component_is_made_listed_changed_and_deleted(lab):
    parts = Parts(lab)
    named = {"InferenceComponentName": "component-one"}
    desired = {"DesiredRuntimeConfig": {"CopyCount": 2}}
    needs = {"NumberOfCpuCoresRequired": 1, "MinMemoryRequiredInMb": 2048}
    changed = {"Specification": {"ModelName": "m", "ComputeResourceRequirements": needs}}
    with refused("ValidationException"):
        parts.sm.list_inference_components(NextToken=BAD)
    for call, more in [(parts.sm.describe_inference_component, {}), (parts.sm.delete_inference_component, {}),
                       (parts.sm.update_inference_component, changed),
                       (parts.sm.update_inference_component_runtime_config, desired)]:
        with refused("ValidationException"):
            call(**named, **more)
    assert parts.names() == []
    parts.create("component-one")
    assert parts.names() == ["component-one"]
    lab.advance("5s")
    assert parts.status("component-one") == "InService"
    parts.sm.update_inference_component_runtime_config(**named, **desired)
    assert parts.describe("component-one")["RuntimeConfig"]["DesiredCopyCount"] == 2
    lab.advance("1m")
    before = parts.describe("component-one")
    assert before["Specification"]["ComputeResourceRequirements"]["MinMemoryRequiredInMb"] == 1024
    parts.sm.update_inference_component(**named, **changed)
    lab.advance("1m")
    after = parts.describe("component-one")
    assert after["Specification"]["ComputeResourceRequirements"]["MinMemoryRequiredInMb"] == 2048
    parts.sm.delete_inference_component(**named)
    assert parts.status("component-one") == "Deleting"
    lab.advance("1m")
    assert parts.names() == []


def test_what_has_tags_shows_them(lab):
    arn = lab.training_job("job-one", lab.role())
    nobody = arn.replace("job-one", "nobody")
    assert lab.sm.list_tags(ResourceArn=arn)["Tags"] == []
    lab.sm.add_tags(ResourceArn=arn, Tags=[{"Key": "team", "Value": "blue"}])
    assert lab.sm.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "team", "Value": "blue"}]
    lab.sm.delete_tags(ResourceArn=arn, TagKeys=["team"])
    assert lab.sm.list_tags(ResourceArn=arn)["Tags"] == []
    for call, more in [(lab.sm.list_tags, {}), (lab.sm.add_tags, {"Tags": [{"Key": "a", "Value": "b"}]}),
                       (lab.sm.delete_tags, {"TagKeys": ["a"]})]:
        with refused("ValidationException"):
            call(ResourceArn=nobody, **more)
