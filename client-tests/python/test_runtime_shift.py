"""Traffic that goes over to a new deployment, as boto3 sees it."""

from test_runtime_invoke import front, variant  # noqa: F401 (a fixture)


def test_linear(front):  # noqa: F811
    # Old and new variants have the same names; which weigh something tells who was asked.
    def weighed(old, new):
        return [variant("Old", old, InitialInstanceCount=2), variant("New", new, InitialInstanceCount=2)]

    front.serve("e", weighed(1.0, 0.0))
    front.sm.create_endpoint_config(EndpointConfigName="New", ProductionVariants=weighed(0.0, 1.0))
    half = {"Type": "CAPACITY_PERCENT", "Value": 50}

    def share(name):
        return sum(front.invoke()["InvokedProductionVariant"] == name for _ in range(60)) / 60

    policy = {
        "BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": {
            "Type": "LINEAR", "WaitIntervalInSeconds": 60, "LinearStepSize": half}},
        "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": "a"}]}}
    front.sm.update_endpoint(EndpointName="e", EndpointConfigName="New", DeploymentConfig=policy)
    assert share("New") == 0
    front.aws.advance("4s")
    assert 0.25 < share("New") < 0.75
    front.aws.advance("60s")
    assert share("New") == 1
    described = front.sm.describe_endpoint(EndpointName="e")
    one = described["PendingDeploymentSummary"]["ProductionVariants"][0]
    assert (described["EndpointStatus"], one["VariantStatus"][0]["Status"]) == ("Updating", "Baking")
    front.aws.advance("60s")
    described = front.sm.describe_endpoint(EndpointName="e")
    assert (described["EndpointStatus"], described["EndpointConfigName"]) == ("InService", "New")
    ignored = [event["message"] for event in front.aws.events() if event["kind"] == "ParameterIgnored"]
    assert any("AutoRollbackConfiguration" in message for message in ignored)
