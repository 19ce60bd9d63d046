"""Inference components, as boto3 sees them."""

import pytest

from mockplane import refused
from test_runtime_invoke import IMAGE, Front, error


class Parts(Front):
    def __init__(self, aws):
        super().__init__(aws)
        self.serve("e", [{"VariantName": "A", "InstanceType": "ml.m5.xlarge", "InitialInstanceCount": 1}],
                   ExecutionRoleArn=self.role)

    def create(self, name="c", copies=1, cores=1, **specification):
        specification = specification or {"ModelName": "m"}
        specification["ComputeResourceRequirements"] = {
            "NumberOfCpuCoresRequired": cores, "MinMemoryRequiredInMb": 1024}
        return self.sm.create_inference_component(
            InferenceComponentName=name, EndpointName="e", VariantName="A", Specification=specification,
            RuntimeConfig={"CopyCount": copies})["InferenceComponentArn"]

    def describe(self, name="c"):
        return self.sm.describe_inference_component(InferenceComponentName=name)

    def status(self, name="c"):
        return self.describe(name)["InferenceComponentStatus"]

    def names(self, **filters):
        listed = self.sm.list_inference_components(**filters)["InferenceComponents"]
        return [one["InferenceComponentName"] for one in listed]

    def arn(self, name="c"):
        return f"arn:aws:sagemaker:us-east-1:{self.aws.number}:inference-component/{name}"


@pytest.fixture
def parts(aws):
    aws.manual_clock()
    return Parts(aws)


def test_a_life(parts):
    assert parts.create(Container={"Image": IMAGE, "Environment": {"A": "b"}}) == parts.arn()
    assert parts.status() == "Creating"
    parts.aws.advance("2s")
    described = parts.describe()
    assert (described["InferenceComponentStatus"], described["VariantName"]) == ("InService", "A")
    assert described["RuntimeConfig"] == {"DesiredCopyCount": 1, "CurrentCopyCount": 1}
    container = described["Specification"]["Container"]
    assert container["DeployedImage"]["SpecifiedImage"] == IMAGE and container["Environment"] == {"A": "b"}
    parts.sm.update_inference_component_runtime_config(
        InferenceComponentName="c", DesiredRuntimeConfig={"CopyCount": 3})
    assert parts.describe()["RuntimeConfig"] == {"DesiredCopyCount": 3, "CurrentCopyCount": 1}
    parts.aws.advance("2s")
    assert parts.describe()["RuntimeConfig"] == {"DesiredCopyCount": 3, "CurrentCopyCount": 3}
    parts.sm.delete_inference_component(InferenceComponentName="c")
    assert parts.status() == "Deleting"
    parts.aws.advance("2s")
    with refused("ValidationException", f'Could not find inference component "{parts.arn()}".'):
        parts.describe()


def test_calls_name_their_component(parts):
    parts.create("a")
    parts.declare("e", {"when": {"component": "b"}, "body": "by b"})
    parts.create("b")
    parts.aws.advance("2s")
    assert parts.invoke(InferenceComponentName="a")["Body"].read() == b"1,2"
    assert parts.invoke(InferenceComponentName="b")["Body"].read() == b"by b"
    code, status, text = error(parts.invoke)
    assert (code, status) == ("ValidationError", 400)
    assert text == ("Inference Component Name header is required for endpoints to which you plan to deploy inference "
                    "components. Please include Inference Component Name header or consider using SageMaker models.")
    assert error(parts.invoke, InferenceComponentName="c")[0] == "ValidationError"
    parts.sm.update_inference_component_runtime_config(
        InferenceComponentName="a", DesiredRuntimeConfig={"CopyCount": 0})
    parts.aws.advance("2s")
    assert error(parts.invoke, InferenceComponentName="a")[2] == (
        "Inference Component has no capacity to process this request. ApplicationAutoScaling may be in-progress (if "
        "configured) or try to increase the capacity by invoking UpdateInferenceComponentRuntimeConfig API.")


def test_room_on_the_instances(parts):
    parts.create("a", copies=3)
    parts.create("b", copies=2)
    parts.aws.advance("2s")
    assert (parts.status("a"), parts.status("b")) == ("InService", "Failed")
    assert "CPU cores" in parts.describe("b")["FailureReason"]
    assert parts.names(StatusEquals="Failed") == ["b"] and parts.names(EndpointNameEquals="none") == []
    assert sorted(parts.names(VariantNameEquals="A")) == ["a", "b"]


def test_refusals_and_tags(parts):
    parts.serve("one")
    request = {
        "InferenceComponentName": "c", "EndpointName": "one", "VariantName": "A", "RuntimeConfig": {"CopyCount": 1},
        "Specification": {"ModelName": "m", "ComputeResourceRequirements": {"MinMemoryRequiredInMb": 128}}}
    create = parts.sm.create_inference_component
    with refused("ValidationException", "Inference Components are not supported in this Endpoint. Please make sure "
                 "this endpoint can deploy inference components."):
        create(**request)
    create(**{**request, "EndpointName": "e", "Tags": [{"Key": "k", "Value": "v"}]})
    assert parts.sm.list_tags(ResourceArn=parts.arn())["Tags"] == [{"Key": "k", "Value": "v"}]
    with refused("ValidationException", f'Cannot create already existing inference component "{parts.arn()}".'):
        create(**{**request, "EndpointName": "e"})
    parts.aws.advance("2s")
    with refused("ValidationException", lambda text: "has inference components" in text):
        parts.sm.delete_endpoint(EndpointName="e")
