"""Notebook instances and their lifecycle configurations, as boto3 sees them: their life, their place in a VPC, who may
make them, and what is refused."""

import json

import pytest
from botocore.exceptions import WaiterError

from mockplane import Account, Server, refused

FULL = (
    "Unable to create or start a notebook instance that can access resources in your VPC. The specified subnet does not "
    "have enough free addresses to satisfy the request. (Service: AmazonEC2; Status Code: 400; Error Code: "
    "InsufficientFreeAddressesInSubnet; Proxy: null)")
NO_PERMISSION = (
    "Unable to create or start a notebook instance that can access resources in your VPC. Please check if you have "
    "{} permission. You are not authorized to perform this operation. Encoded authorization failure message: ")


class Desk:
    """A subnet with eleven addresses, a group, a role, and short words for what tests do with notebook instances."""

    def __init__(self, aws):
        self.aws, self.sm = aws, aws.sm
        self.vpc = aws.vpc()
        self.subnet = aws.subnet(self.vpc, "10.0.1.0/28")
        self.group = aws.group(self.vpc)
        self.role = aws.role()

    def arn(self, name="n", kind="notebook-instance"):
        return f"arn:aws:sagemaker:us-east-1:{self.aws.number}:{kind}/{name}"

    def request(self, name="n", in_vpc=True, **more):
        request = {"NotebookInstanceName": name, "InstanceType": "ml.t3.medium", "RoleArn": self.role}
        if in_vpc:
            request |= {"SubnetId": self.subnet, "SecurityGroupIds": [self.group]}
        return {**request, **more}

    def create(self, name="n", **more):
        return self.sm.create_notebook_instance(**self.request(name, **more))["NotebookInstanceArn"]

    def told(self, name="n"):
        return self.sm.describe_notebook_instance(NotebookInstanceName=name)

    def status(self, name="n"):
        return self.told(name)["NotebookInstanceStatus"]

    def do(self, verb, name="n", **more):
        return getattr(self.sm, f"{verb}_notebook_instance")(NotebookInstanceName=name, **more)

    def wait(self, state, name="n"):
        self.sm.get_waiter(f"notebook_instance_{state}").wait(NotebookInstanceName=name)

    def stop(self, name="n"):
        self.do("stop", name)
        self.wait("stopped", name)


@pytest.fixture
def desk(aws):
    return Desk(aws)


def test_git_repositories_are_named_or_located(desk):
    desk.sm.create_code_repository(CodeRepositoryName="mine", GitConfig={"RepositoryUrl": "https://example.com/r"})
    unknown = f"Cannot find CodeRepository \"{desk.arn('theirs', 'code-repository')}\""
    with refused("ValidationException", unknown):
        desk.create(DefaultCodeRepository="theirs")
    desk.create(DefaultCodeRepository="mine", AdditionalCodeRepositories=["https://example.com/a", "mine"])
    told = desk.told()
    assert told["DefaultCodeRepository"] == "mine"
    assert told["AdditionalCodeRepositories"] == ["https://example.com/a", "mine"]
    desk.wait("in_service")
    desk.stop()
    with refused("ValidationException", unknown):
        desk.do("update", AdditionalCodeRepositories=["theirs"])
    desk.do("update", AdditionalCodeRepositories=["mine"])
    assert desk.told()["AdditionalCodeRepositories"] == ["mine"]


# === Its life ===

def test_waiters_take_it_through_its_life(desk):
    assert desk.create() == desk.arn()
    desk.wait("in_service")
    desk.stop()
    desk.do("start")
    desk.wait("in_service")
    desk.stop()
    desk.do("update", InstanceType="ml.m5.xlarge")
    desk.wait("stopped")
    assert desk.told()["InstanceType"] == "ml.m5.xlarge"
    desk.do("delete")
    desk.wait("deleted")
    with refused("ValidationException", "RecordNotFound"):
        desk.told()
    desk.create()


def test_each_status_on_the_way(desk):
    desk.aws.manual_clock()
    desk.create()
    seen = [desk.status()]
    for verb, end in [(None, "InService"), ("stop", "Stopped"), ("update", "Stopped"), ("start", "InService"),
                      ("stop", "Stopped")]:
        if verb:
            desk.do(verb)
            seen.append(desk.status())
        desk.aws.advance_until(lambda end=end: desk.status() == end, end)
        seen.append(end)
    desk.do("delete")
    seen.append(desk.status())
    assert seen == ["Pending", "InService", "Stopping", "Stopped", "Updating", "Stopped", "Pending", "InService",
                    "Stopping", "Stopped", "Deleting"]


def test_all_that_is_told(desk):
    desk.sm.create_notebook_instance_lifecycle_config(NotebookInstanceLifecycleConfigName="c")
    more = {
        "KmsKeyId": "62d4509a-9f96-446c-a9ba-6b1c353c8c58", "DirectInternetAccess": "Disabled", "VolumeSizeInGB": 50,
        "AcceleratorTypes": ["ml.eia1.medium"], "DefaultCodeRepository": "https://example.com/a",
        "AdditionalCodeRepositories": ["https://example.com/b"], "RootAccess": "Disabled",
        "PlatformIdentifier": "notebook-al2-v3",
        "InstanceMetadataServiceConfiguration": {"MinimumInstanceMetadataServiceVersion": "2"}}
    desk.create(LifecycleConfigName="c", Tags=[{"Key": "team", "Value": "a"}], **more)
    desk.wait("in_service")
    told = desk.told()
    assert {name: told[name] for name in more} == more
    assert told["NotebookInstanceLifecycleConfigName"] == "c"
    assert (told["SubnetId"], told["SecurityGroups"]) == (desk.subnet, [desk.group])
    assert told["Url"] == "n.notebook.us-east-1.sagemaker.aws"
    assert desk.sm.list_tags(ResourceArn=desk.arn())["Tags"] == [{"Key": "team", "Value": "a"}]
    desk.sm.add_tags(ResourceArn=desk.arn(), Tags=[{"Key": "x", "Value": "y"}])
    desk.sm.delete_tags(ResourceArn=desk.arn(), TagKeys=["team"])
    assert desk.sm.list_tags(ResourceArn=desk.arn())["Tags"] == [{"Key": "x", "Value": "y"}]


def test_defaults(desk):
    desk.create(in_vpc=False)
    told = desk.told()
    defaults = {
        "DirectInternetAccess": "Enabled", "VolumeSizeInGB": 5, "RootAccess": "Enabled", "IpAddressType": "ipv4",
        "PlatformIdentifier": "notebook-al2023-v1",
        "InstanceMetadataServiceConfiguration": {"MinimumInstanceMetadataServiceVersion": "1"}}
    assert {name: told[name] for name in defaults} == defaults
    assert not {"SubnetId", "SecurityGroups", "NetworkInterfaceId", "KmsKeyId"} & set(told)


def test_a_url_to_open_it(desk):
    desk.create()
    desk.wait("in_service")
    url = desk.sm.create_presigned_notebook_instance_url(
        NotebookInstanceName="n", SessionExpirationDurationInSeconds=1800)["AuthorizedUrl"]
    assert url.startswith("https://n.notebook.us-east-1.sagemaker.aws?authToken=")
    with refused("ValidationException", "RecordNotFound"):
        desk.sm.create_presigned_notebook_instance_url(NotebookInstanceName="x")


# === Its network ===

def test_its_interface_holds_the_network(desk):
    desk.create(DirectInternetAccess="Disabled")
    desk.wait("in_service")
    (interface,) = desk.aws.interfaces(subnet_id=desk.subnet)
    assert interface["NetworkInterfaceId"] == desk.told()["NetworkInterfaceId"]
    assert interface["Description"] == (
        "[Do not delete] Network Interface created to access resources in your VPC for SageMaker Notebook Instance n")
    assert [group["GroupId"] for group in interface["Groups"]] == [desk.group]
    assert (interface["Status"], desk.aws.free(desk.subnet)) == ("in-use", 10)
    desk.stop()
    (interface,) = desk.aws.interfaces(subnet_id=desk.subnet)
    assert (interface["Status"], desk.aws.free(desk.subnet)) == ("available", 10)
    with refused("DependencyViolation", f"The subnet '{desk.subnet}' has dependencies and cannot be deleted."):
        desk.aws.ec2.delete_subnet(SubnetId=desk.subnet)
    with refused("DependencyViolation", f"resource {desk.group} has a dependent object"):
        desk.aws.ec2.delete_security_group(GroupId=desk.group)
    desk.do("delete")
    desk.wait("deleted")
    desk.aws.ec2.delete_security_group(GroupId=desk.group)
    desk.aws.ec2.delete_subnet(SubnetId=desk.subnet)


def test_a_full_subnet(desk):
    whole = desk.aws.ec2.create_subnet_cidr_reservation(
        SubnetId=desk.subnet, ReservationType="explicit", Cidr="10.0.1.0/28")["SubnetCidrReservation"]
    desk.create()
    with pytest.raises(WaiterError):
        desk.wait("in_service")
    assert (desk.status(), desk.told()["FailureReason"]) == ("Failed", FULL)
    desk.aws.ec2.delete_subnet_cidr_reservation(SubnetCidrReservationId=whole["SubnetCidrReservationId"])
    desk.do("start")
    desk.wait("in_service")
    assert "FailureReason" not in desk.told()


def test_what_does_not_fit_together(desk):
    aws = desk.aws
    with refused("ValidationException", "DirectInternetAccess can be set to Disabled only if SubnetId is specified."):
        desk.create(in_vpc=False, DirectInternetAccess="Disabled")
    with refused("ValidationException", "SubnetId must be specified if SecurityGroupIds are specified."):
        desk.create(in_vpc=False, SecurityGroupIds=[desk.group])
    with refused("ValidationException", "The subnet ID 'subnet-0123456789abcdef0' does not exist"):
        desk.create(SubnetId="subnet-0123456789abcdef0")
    with refused("ValidationException", "The security group 'sg-0123456789abcdef0' does not exist"):
        desk.create(SecurityGroupIds=["sg-0123456789abcdef0"])
    with refused("ValidationException", lambda text: "belong to different networks" in text):
        desk.create(SecurityGroupIds=[aws.group(aws.vpc("10.9.0.0/16"))])
    nobody = f"arn:aws:iam::{aws.number}:role/nobody"
    with refused("ValidationException", (
            f"Could not assume role {nobody}. Please ensure that the role exists and allows principal "
            "'sagemaker.amazonaws.com' to assume the role.")):
        desk.create(RoleArn=nobody)
    with refused("ValidationException", "Platform identifier (notebook-al2-v1) is not supported for this service."):
        desk.create(PlatformIdentifier="notebook-al2-v1")
    with refused("ValidationException", lambda text: "at 'instanceType' failed to satisfy constraint" in text):
        desk.aws.raw("sagemaker").create_notebook_instance(**desk.request(InstanceType="ml.none"))
    with refused("ValidationException", lambda text: "at 'volumeSizeInGB' failed to satisfy constraint" in text):
        desk.aws.raw("sagemaker").create_notebook_instance(**desk.request(VolumeSizeInGB=4))
    assert desk.sm.list_notebook_instances()["NotebookInstances"] == []


def test_wrong_statuses(desk):
    def cannot(status, begins, to):
        return refused("ValidationException", (
            f"Status ({status}) not in ([{begins}]). Unable to transition to ({to}) for Notebook Instance "
            f"({desk.arn()})."))

    desk.aws.manual_clock()
    for verb in ["start", "stop", "update", "delete"]:
        with refused("ValidationException", "RecordNotFound"):
            desk.do(verb)
    desk.create()
    with refused("ValidationException", f"Cannot create a duplicate Notebook Instance ({desk.arn()})"):
        desk.create()
    with cannot("Pending", "InService", "Stopping"):
        desk.do("stop")
    desk.aws.advance("1h")
    with cannot("InService", "Stopped, Failed", "Pending"):
        desk.do("start")
    with cannot("InService", "Stopped, Failed", "Deleting"):
        desk.do("delete")
    with cannot("InService", "Stopped, Failed", "Updating"):
        desk.do("update", VolumeSizeInGB=10)
    desk.do("stop")
    desk.aws.advance("1h")
    with cannot("Stopped", "InService", "Stopping"):
        desk.do("stop")
    with refused("ValidationException", lambda text: "Status (Stopped) not in ([InService])" in text):
        desk.sm.create_presigned_notebook_instance_url(NotebookInstanceName="n")
    desk.do("update", VolumeSizeInGB=10)
    desk.aws.advance("1h")
    with refused("ValidationException", lambda text: "cannot be decreased: it is 10 GB, and 5 GB" in text):
        desk.do("update", VolumeSizeInGB=5)


def test_the_quota(desk):
    for n in range(8):
        desk.create(f"n{n}", in_vpc=False)
    with refused("ResourceLimitExceeded", (
            "The account-level service limit 'Total number of notebook instances' is 8 NotebookInstances, with current "
            "utilization of 8 NotebookInstances and a request delta of 1 NotebookInstances. Please contact AWS support "
            "to request an increase for this limit.")):
        desk.create("more", in_vpc=False)


# === Who calls ===

def analyst(aws, *statements, name="analyst"):
    """A user with these statements, as a client of SageMaker."""
    aws.iam.create_user(UserName=name)
    aws.iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=json.dumps(
        {"Version": "2012-10-17", "Statement": list(statements)}))
    key = aws.iam.create_access_key(UserName=name)["AccessKey"]
    return aws.client("sagemaker", key=key["AccessKeyId"], secret=key["SecretAccessKey"])


def allow(*actions, **more):
    return {"Effect": "Allow", "Action": list(actions), "Resource": "*", **more}


LOOK = ["ec2:DescribeVpcs", "ec2:DescribeSubnets", "ec2:DescribeSecurityGroups"]


@pytest.mark.parametrize("lacks", ["ec2:CreateNetworkInterface", *LOOK])
def test_the_interface_is_made_in_the_name_of_the_caller(desk, lacks):
    actions = [action for action in ["ec2:CreateNetworkInterface", *LOOK] if action != lacks]
    sm = analyst(desk.aws, allow("sagemaker:*", "iam:PassRole", *actions))
    sm.create_notebook_instance(**desk.request())
    with pytest.raises(WaiterError):
        desk.wait("in_service")
    assert desk.told()["FailureReason"].startswith(NO_PERMISSION.format(lacks))
    assert desk.aws.interfaces(subnet_id=desk.subnet) == []
    why = desk.aws.server.control("GET", f"/_mockplane/explain/notebook-instance/n?account={desk.aws.number}")
    assert why["decidedBy"] == "SM-NB-PERM-01"
    # Outside of a VPC nothing of this is needed.
    sm.create_notebook_instance(**desk.request("outside", in_vpc=False))
    desk.wait("in_service", "outside")
    # Who is allowed it starts the one that failed.
    desk.do("start")
    desk.wait("in_service")


def test_who_may_not_delete_interfaces_leaves_one(desk):
    desk.create()
    desk.wait("in_service")
    desk.stop()
    analyst(desk.aws, allow("sagemaker:*")).delete_notebook_instance(NotebookInstanceName="n")
    desk.wait("deleted")
    (left,) = desk.aws.interfaces(subnet_id=desk.subnet)
    assert left["Status"] == "available"
    # The next one of this name has one of its own.
    desk.create()
    desk.wait("in_service")
    assert desk.told()["NetworkInterfaceId"] != left["NetworkInterfaceId"]
    desk.aws.ec2.delete_network_interface(NetworkInterfaceId=left["NetworkInterfaceId"])


def test_what_policies_can_demand(desk):
    def told(text):
        return "sagemaker:CreateNotebookInstance" in text

    network = [*LOOK, "ec2:CreateNetworkInterface", "iam:PassRole"]
    for n, (key, operator, value, changed) in enumerate([
            ("sagemaker:VpcSubnets", "ForAnyValue:StringEquals", desk.subnet, {"SubnetId": desk.aws.subnet(
                desk.vpc, "10.0.2.0/28")}),
            ("sagemaker:VpcSecurityGroupIds", "ForAnyValue:StringEquals", desk.group, {"SecurityGroupIds": [
                desk.aws.group(desk.vpc, "other")]}),
            ("sagemaker:DirectInternetAccess", "StringEquals", "Disabled", {"DirectInternetAccess": "Enabled"}),
            ("sagemaker:RootAccess", "StringEquals", "Disabled", {"RootAccess": "Enabled"}),
            ("sagemaker:InstanceTypes", "ForAnyValue:StringEquals", "ml.t3.medium", {"InstanceType": "ml.m5.xlarge"})]):
        sm = analyst(desk.aws, allow(*network), allow(
            "sagemaker:CreateNotebookInstance", Condition={operator: {key: value}}), name=f"a{n}")
        fits = desk.request(f"n{n}", DirectInternetAccess="Disabled", RootAccess="Disabled")
        with refused("AccessDeniedException", told):
            sm.create_notebook_instance(**{**fits, **changed})
        sm.create_notebook_instance(**fits)


def test_the_role_is_passed(desk):
    sm = analyst(desk.aws, allow("sagemaker:*", "ec2:*"))
    with refused("AccessDeniedException", lambda text: "is not authorized to perform: iam:PassRole" in text):
        sm.create_notebook_instance(**desk.request())


# === Lists ===

def test_lists(desk):
    desk.aws.manual_clock()
    desk.sm.create_notebook_instance_lifecycle_config(NotebookInstanceLifecycleConfigName="conf")
    more = {"b": {"DefaultCodeRepository": "https://example.com/one"}, "a": {"LifecycleConfigName": "conf"},
            "c": {"AdditionalCodeRepositories": ["https://example.com/two"]}}
    times = {}
    for name, each in more.items():
        desk.create(name, in_vpc=False, **each)
        times[name] = desk.told(name)["CreationTime"]
        desk.aws.advance("10s")
    desk.do("stop", "b")

    def names(**filters):
        return "".join(one["NotebookInstanceName"] for one in
                       desk.sm.list_notebook_instances(**filters)["NotebookInstances"])

    for expected, filters in [
            ("abc", {}),
            ("cba", {"SortOrder": "Descending"}),
            ("bac", {"SortBy": "CreationTime"}),
            ("acb", {"SortBy": "Status"}),
            ("b", {"NameContains": "b"}),
            ("b", {"StatusEquals": "Stopping"}),
            ("ac", {"CreationTimeAfter": times["b"]}),
            ("b", {"CreationTimeBefore": times["a"]}),
            ("a", {"NotebookInstanceLifecycleConfigNameContains": "on"}),
            ("b", {"DefaultCodeRepositoryContains": "one"}),
            ("c", {"AdditionalCodeRepositoryEquals": "https://example.com/two"})]:
        assert names(**filters) == expected, filters
    pages = desk.sm.get_paginator("list_notebook_instances").paginate(PaginationConfig={"PageSize": 2})
    assert ["".join(one["NotebookInstanceName"] for one in page["NotebookInstances"]) for page in pages] == ["ab", "c"]
    (first, *_) = desk.sm.list_notebook_instances()["NotebookInstances"]
    assert {"NotebookInstanceName", "NotebookInstanceArn", "NotebookInstanceStatus", "Url", "InstanceType",
            "CreationTime", "LastModifiedTime", "NotebookInstanceLifecycleConfigName"} == set(first)


# === Lifecycle configurations ===

def test_lifecycle_configurations(desk):
    sm, arn = desk.sm, desk.arn("c", "notebook-instance-lifecycle-config")
    name = {"NotebookInstanceLifecycleConfigName": "c"}
    script = [{"Content": "ZWNobyBoaQ=="}]
    for verb in ["describe", "update", "delete"]:
        with refused("ValidationException", (
                f"Unable to {verb} Notebook Instance Lifecycle Config '{arn}'. (Details: Notebook Instance Lifecycle "
                "Config does not exist.)")):
            getattr(sm, f"{verb}_notebook_instance_lifecycle_config")(**name)
    made = sm.create_notebook_instance_lifecycle_config(**name, OnCreate=script, Tags=[{"Key": "a", "Value": "b"}])
    assert made["NotebookInstanceLifecycleConfigArn"] == arn
    with refused("ValidationException", (
            f"Unable to create Notebook Instance Lifecycle Config {arn}. (Details: Notebook Instance Lifecycle Config "
            "already exists.)")):
        sm.create_notebook_instance_lifecycle_config(**name)
    sm.update_notebook_instance_lifecycle_config(**name, OnStart=script)
    told = sm.describe_notebook_instance_lifecycle_config(**name)
    assert (told["OnCreate"], told["OnStart"], told["NotebookInstanceLifecycleConfigArn"]) == (script, script, arn)
    assert sm.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "a", "Value": "b"}]
    sm.create_notebook_instance_lifecycle_config(NotebookInstanceLifecycleConfigName="d")
    listed = sm.list_notebook_instance_lifecycle_configs(SortBy="Name", SortOrder="Descending")
    assert [one["NotebookInstanceLifecycleConfigName"] for one in listed["NotebookInstanceLifecycleConfigs"]] == \
        ["d", "c"]
    sm.delete_notebook_instance_lifecycle_config(**name)
    assert len(sm.list_notebook_instance_lifecycle_configs()["NotebookInstanceLifecycleConfigs"]) == 1


def declare(aws, **behaviour):
    aws.server.control("POST", f"/_mockplane/behaviours?account={aws.number}", {
        "behaviours": [{"kinds": ["notebook"], **behaviour}]})


@pytest.mark.parametrize("behaviour, ending", [
    ({"duration": "6m"}, "took longer than 5 minutes. Please check your CloudWatch logs for more details if your "
     "Notebook Instance has Internet access."),
    ({"exitCode": 2}, "failed with exit code 2. Please check your CloudWatch logs for more details if your Notebook "
     "Instance has Internet access."),
    ({"connects": [{"to": "example.com:443"}]}, "failed with exit code 1. Please check your CloudWatch logs for more "
     "details if your Notebook Instance has Internet access."),
])
def test_scripts_fail(desk, behaviour, ending):
    declare(desk.aws, **behaviour)
    desk.sm.create_notebook_instance_lifecycle_config(
        NotebookInstanceLifecycleConfigName="c", OnStart=[{"Content": "ZWNobyBoaQ=="}])
    desk.create(LifecycleConfigName="c", DirectInternetAccess="Disabled")
    with pytest.raises(WaiterError):
        desk.wait("in_service")
    arn = desk.arn("c", "notebook-instance-lifecycle-config")
    assert desk.told()["FailureReason"] == (
        f"Notebook Instance Lifecycle Config '{arn}' for Notebook Instance '{desk.arn()}' {ending}")


def test_direct_internet_access_is_a_way_out(desk):
    declare(desk.aws, connects=[{"to": "example.com:443"}])
    desk.sm.create_notebook_instance_lifecycle_config(
        NotebookInstanceLifecycleConfigName="c", OnStart=[{"Content": "ZWNobyBoaQ=="}])
    desk.create(LifecycleConfigName="c")
    desk.wait("in_service")


def test_in_no_time():
    with Server("--profile", "instant") as server:
        desk = Desk(Account(server))
        desk.create()
        assert desk.status() == "InService"
        desk.do("stop")
        desk.do("delete")
        assert desk.aws.free(desk.subnet) == 11
