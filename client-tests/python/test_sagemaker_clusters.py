"""HyperPod clusters and Studio's lifecycle configurations, as boto3 sees them."""

import json

import pytest

from mockplane import poll, refused


class Pod:
    """A subnet with eleven addresses, a group and a role that makes interfaces."""

    def __init__(self, aws):
        self.aws, self.sm = aws, aws.sm
        self.vpc = aws.vpc()
        self.subnet = aws.subnet(self.vpc, "10.0.1.0/28")
        self.group = aws.group(self.vpc)
        self.role = aws.role()
        self.network = {"Subnets": [self.subnet], "SecurityGroupIds": [self.group]}

    def instances(self, name="work", count=2, instance_type="ml.m5.large", **more):
        return {"InstanceGroupName": name, "InstanceType": instance_type, "InstanceCount": count,
                "ExecutionRole": self.role, **more}

    def create(self, name="hp", groups=None, **more):
        request = {"ClusterName": name, "InstanceGroups": groups or [self.instances()], "VpcConfig": self.network}
        return self.sm.create_cluster(**request, **more)["ClusterArn"]

    def told(self, name="hp"):
        return self.sm.describe_cluster(ClusterName=name)

    def wait(self, status, name="hp"):
        poll(lambda: self.told(name)["ClusterStatus"] == status, f"{name} is {status}")


@pytest.fixture
def pod(aws):
    return Pod(aws)


def test_a_cluster_lives_grows_and_goes(pod):
    arn = pod.create(Tags=[{"Key": "team", "Value": "x"}], NodeRecovery="Automatic")
    assert pod.told()["ClusterStatus"] == "Creating"
    pod.wait("InService")
    told = pod.told(arn)
    assert told["NodeRecovery"] == "Automatic" and told["VpcConfig"] == pod.network
    assert [(g["CurrentCount"], g["TargetCount"], g["Status"]) for g in told["InstanceGroups"]] == [(2, 2, "InService")]
    assert pod.aws.free(pod.subnet) == 9
    assert pod.sm.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "team", "Value": "x"}]
    nodes = pod.sm.list_cluster_nodes(ClusterName="hp", IncludeNodeLogicalIds=True)["ClusterNodeSummaries"]
    node = pod.sm.describe_cluster_node(ClusterName="hp", NodeId=nodes[0]["InstanceId"])["NodeDetails"]
    assert node["NodeLogicalId"] == nodes[0]["NodeLogicalId"] and node["PrivatePrimaryIp"].startswith("10.0.1.")
    pod.sm.update_cluster(ClusterName="hp", InstanceGroups=[pod.instances(count=3)])
    with refused("ConflictException"):
        pod.sm.update_cluster(ClusterName="hp", InstanceGroups=[pod.instances(count=4)])
    pod.wait("InService")
    out = pod.sm.batch_delete_cluster_nodes(ClusterName="hp", NodeIds=[nodes[0]["InstanceId"], "i-0123456789abcdef0"])
    assert out["Successful"] == [nodes[0]["InstanceId"]] and out["Failed"][0]["Code"] == "NodeIdNotFound"
    pod.wait("InService")
    pod.sm.update_cluster_software(ClusterName="hp")
    pod.wait("InService")
    assert pod.sm.list_clusters(NameContains="h")["ClusterSummaries"][0]["ClusterArn"] == arn
    assert pod.sm.delete_cluster(ClusterName="hp")["ClusterArn"] == arn
    poll(lambda: not pod.sm.list_clusters()["ClusterSummaries"], "the cluster is gone")
    assert pod.aws.free(pod.subnet) == 11
    with refused("ValidationException", "Could not find cluster 'hp'."):
        pod.told()


def test_what_does_not_fit_rolls_back(pod):
    pod.create(groups=[pod.instances(count=12)])
    pod.wait("Failed")
    assert "do not have enough free IP addresses" in pod.told()["FailureMessage"]
    assert pod.aws.free(pod.subnet) == 11


def test_refusals(pod):
    bad = pod.instances(LifeCycleConfig={"SourceS3Uri": "s3://lifecycleconfig", "OnCreate": "x.sh"})
    with refused("ValidationException",
                 "Validation Error: SourceS3Uri s3://lifecycleconfig does not start with 's3://sagemaker'."):
        pod.create(groups=[bad])
    with refused("ValidationException"):
        pod.create(groups=[pod.instances(), pod.instances()])
    with refused("NotImplemented", status=501):
        pod.create(NodeProvisioningMode="Continuous")
    pod.create()
    with refused("ResourceInUse",
                 "Resource Already Exists: Cluster with name hp already exists. Choose a different name."):
        pod.create()


def test_a_call_needs_the_cluster_and_the_roles(pod):
    arn = pod.create()
    pod.wait("InService")
    iam = pod.aws.client("iam")
    iam.create_user(UserName="ann")
    key = iam.create_access_key(UserName="ann")["AccessKey"]
    allow = [{"Effect": "Allow", "Action": "sagemaker:*Cluster*", "Resource": arn}]
    policy = {"Version": "2012-10-17", "Statement": allow}
    iam.put_user_policy(UserName="ann", PolicyName="p", PolicyDocument=json.dumps(policy))
    ann = pod.aws.client("sagemaker", key=key["AccessKeyId"], secret=key["SecretAccessKey"])
    assert ann.describe_cluster(ClusterName="hp")["ClusterArn"] == arn
    assert ann.describe_cluster(ClusterName=arn)["ClusterArn"] == arn
    with refused("AccessDeniedException"):
        ann.update_cluster(ClusterName="hp", InstanceGroups=[pod.instances(count=3)])


def test_lifecycle_configurations_of_studio(aws):
    arn = aws.sm.create_studio_lifecycle_config(
        StudioLifecycleConfigName="auto", StudioLifecycleConfigContent="ZWNobw==",
        StudioLifecycleConfigAppType="JupyterLab")["StudioLifecycleConfigArn"]
    told = aws.sm.describe_studio_lifecycle_config(StudioLifecycleConfigName="auto")
    assert told["StudioLifecycleConfigArn"] == arn and told["StudioLifecycleConfigContent"] == "ZWNobw=="
    listed = aws.sm.list_studio_lifecycle_configs(AppTypeEquals="JupyterLab")["StudioLifecycleConfigs"]
    assert [one["StudioLifecycleConfigName"] for one in listed] == ["auto"]
    with refused("ResourceInUse"):
        aws.sm.create_studio_lifecycle_config(
            StudioLifecycleConfigName="auto", StudioLifecycleConfigContent="ZWNobw==",
            StudioLifecycleConfigAppType="JupyterLab")
    aws.sm.delete_studio_lifecycle_config(StudioLifecycleConfigName="auto")
    with refused("ResourceNotFound"):
        aws.sm.delete_studio_lifecycle_config(StudioLifecycleConfigName="auto")
