"""Traffic that goes over to a new deployment, as boto3 sees it."""

from test_runtime_invoke import front, variant  # noqa: F401 (a fixture)


def test_linear_and_rolling(front):  # noqa: F811
    front.serve("e", [variant("Old", InitialInstanceCount=2)])
    for name in ("New", "Newer"):
        front.sm.create_endpoint_config(
            EndpointConfigName=name, ProductionVariants=[variant(name, InitialInstanceCount=2)])
    half = {"Type": "INSTANCE_COUNT", "Value": 1}

    def share(name):
        return sum(front.invoke()["InvokedProductionVariant"] == name for _ in range(60)) / 60

    def update(name, policy):
        front.sm.update_endpoint(EndpointName="e", EndpointConfigName=name, DeploymentConfig=policy)
        assert share(name) == 0
        front.aws.advance("4s")
        assert 0.25 < share(name) < 0.75
        front.aws.advance("60s")
        assert share(name) == 1
        described = front.sm.describe_endpoint(EndpointName="e")
        [one] = described["PendingDeploymentSummary"]["ProductionVariants"]
        assert (described["EndpointStatus"], one["VariantStatus"][0]["Status"]) == ("Updating", "Baking")
        front.aws.advance("60s")
        described = front.sm.describe_endpoint(EndpointName="e")
        assert (described["EndpointStatus"], described["EndpointConfigName"]) == ("InService", name)

    update("New", {
        "BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": {
            "Type": "LINEAR", "WaitIntervalInSeconds": 60, "LinearStepSize": half}},
        "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": "a"}]}})
    ignored = [event["message"] for event in front.aws.events() if event["kind"] == "ParameterIgnored"]
    assert any("AutoRollbackConfiguration" in message for message in ignored)
    update("Newer", {"RollingUpdatePolicy": {"MaximumBatchSize": half, "WaitIntervalInSeconds": 60}})
