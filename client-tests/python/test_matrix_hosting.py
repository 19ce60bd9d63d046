"""The hosting column of the matrix of rules, as boto3 sees it: where a VPC is given, what the endpoint takes of it, how
it fails, when it lets go."""

import datetime
import time

import pytest
from botocore.exceptions import WaiterError

from mockplane import refused

IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/serve:1"
NO_ZONES = (
    "Unable to locate at least 2 availability zone(s) with the requested instance type ml.m5.large that overlap with "
    "SageMaker subnets.")


class House:
    """A network in two zones, and short words for what tests do with endpoints in it."""

    def __init__(self, aws, *blocks):
        self.aws, self.sm = aws, aws.sm
        self.network = aws.network(*(blocks or ("10.0.1.0/28", "10.0.2.0/28")))
        self.role = aws.role()

    def arn(self, kind, name):
        return f"arn:aws:sagemaker:us-east-1:{self.aws.number}:{kind}/{name}"

    def model(self, name="m", vpc_config="both", **more):
        request = {
            "ModelName": name, "ExecutionRoleArn": self.role,
            "PrimaryContainer": {"Image": IMAGE, "ModelDataUrl": "s3://models/m.tar.gz"}, **more}
        if vpc_config:
            request["VpcConfig"] = self.network.config if vpc_config == "both" else vpc_config
        return self.sm.create_model(**request)["ModelArn"]

    def config(self, name, instances=1, model="m", **more):
        return self.sm.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[{
            "VariantName": "AllTraffic", "ModelName": model, "InstanceType": "ml.m5.large",
            "InitialInstanceCount": instances, **more}])["EndpointConfigArn"]

    def create(self, name="e", config="c"):
        return self.sm.create_endpoint(EndpointName=name, EndpointConfigName=config)["EndpointArn"]

    def update(self, name="e", config="c", **more):
        return self.sm.update_endpoint(EndpointName=name, EndpointConfigName=config, **more)["EndpointArn"]

    def endpoint(self, name="e"):
        return self.sm.describe_endpoint(EndpointName=name)

    def status(self, name="e"):
        return self.endpoint(name)["EndpointStatus"]

    def free(self):
        return [self.aws.free(subnet) for subnet in self.network.subnets]

    def held(self):
        return self.aws.interfaces(group_id=self.network.group)

    def reach(self, status, name="e"):
        return self.aws.advance_until(lambda: self.status(name) == status, status)

    def explanation(self, name="e"):
        return self.aws.server.control("GET", f"/_mockplane/explain/endpoint/{name}?account={self.aws.number}")


@pytest.fixture
def house(aws):
    aws.manual_clock()
    return House(aws)


def wait(aws, waiter, **name):
    """Waits as an SDK does and answers how long that took."""
    begin = time.monotonic()
    aws.sm.get_waiter(waiter).wait(**name)
    return time.monotonic() - begin


# === Where and when ===

def test_the_vpc_is_that_of_the_model_and_interfaces_come_with_the_endpoint(house):
    house.model()
    house.config("c", 3)
    assert (house.free(), house.held()) == ([11, 11], []), "neither a model nor a configuration takes anything"
    assert house.sm.describe_model(ModelName="m")["VpcConfig"] == house.network.config
    arn = house.create()
    assert arn == house.arn("endpoint", "e") == house.endpoint()["EndpointArn"]
    assert house.status() == "Creating"
    assert house.free() == [11 - 4, 11 - 2]
    house.reach("InService")
    assert house.free() == [7, 9]
    for interface in house.held():
        assert interface["Description"].endswith("SageMaker Endpoint e")
        assert (interface["Status"], interface["InterfaceType"]) == ("in-use", "interface")
        assert "Association" not in interface and len(interface["PrivateIpAddresses"]) == 1
        assert [group["GroupId"] for group in interface["Groups"]] == [house.network.group]
        assert interface["RequesterId"].endswith(":SageMaker")


def test_the_interfaces_have_private_addresses_only(house):
    for subnet in house.network.subnets:
        house.aws.ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": True})
    house.model()
    house.config("c", 2)
    house.create()
    held = house.held()
    assert len(held) == 4
    for one in held:
        assert "Association" not in one and one["PrivateIpAddress"].startswith("10.0.")


def test_the_role_of_the_model_makes_the_interfaces_and_they_carry_all_groups(house):
    second = house.aws.group(house.network.vpc, "second")
    unique = house.aws.iam.get_role(RoleName="trainer")["Role"]["RoleId"]
    house.model(vpc_config={**house.network.config, "SecurityGroupIds": [house.network.group, second]})
    house.config("c", 2)
    house.create()
    held = house.held()
    assert len(held) == 4
    for one in held:
        assert one["RequesterId"] == f"{unique}:SageMaker"
        assert {group["GroupId"] for group in one["Groups"]} == {house.network.group, second}


def test_without_a_vpc_nothing_is_taken(house):
    house.model(vpc_config=None)
    house.config("c", 2)
    house.create()
    house.reach("InService")
    assert (house.free(), house.held()) == ([11, 11], [])


def test_network_isolation_leaves_one_interface(house):
    house.model(EnableNetworkIsolation=True)
    house.config("c", 4)
    house.create()
    assert house.free() == [9, 9]


def test_instances_are_those_of_all_variants(house):
    house.model()
    variant = {"ModelName": "m", "InstanceType": "ml.m5.large"}
    house.sm.create_endpoint_config(EndpointConfigName="c", ProductionVariants=[
        {**variant, "VariantName": "a", "InitialInstanceCount": 2, "InitialVariantWeight": 2},
        {**variant, "VariantName": "b", "InitialInstanceCount": 4},
    ])
    house.create()
    assert house.free() == [11 - 6, 11 - 6]
    house.reach("InService")
    told = [(one["VariantName"], one["CurrentInstanceCount"], one["DesiredInstanceCount"], one["CurrentWeight"])
            for one in house.endpoint()["ProductionVariants"]]
    assert told == [("a", 2, 2, 2.0), ("b", 4, 4, 1.0)]


def test_describe_tells_the_deployment_in_progress(house):
    house.model()
    house.config("c", 2, RoutingConfig={"RoutingStrategy": "RANDOM"})
    house.config("c2", 1)
    house.create()
    creating = house.endpoint()
    assert "ProductionVariants" not in creating and "FailureReason" not in creating
    pending = creating["PendingDeploymentSummary"]
    assert pending["EndpointConfigName"] == "c" and isinstance(pending["StartTime"], datetime.datetime)
    (variant,) = pending["ProductionVariants"]
    assert (variant["InstanceType"], variant["CurrentInstanceCount"], variant["DesiredInstanceCount"]) == (
        "ml.m5.large", 0, 2)
    assert variant["VariantStatus"][0]["Status"] == "Creating"
    house.reach("InService")
    serving = house.endpoint()
    assert "PendingDeploymentSummary" not in serving
    assert serving["CreationTime"] < serving["LastModifiedTime"]
    (variant,) = serving["ProductionVariants"]
    assert variant["RoutingConfig"] == {"RoutingStrategy": "RANDOM"}
    (image,) = variant["DeployedImages"]
    assert image["SpecifiedImage"] == IMAGE and "@sha256:" in image["ResolvedImage"]
    house.update(config="c2")
    updating = house.endpoint()
    assert (updating["EndpointStatus"], updating["EndpointConfigName"]) == ("Updating", "c")
    assert updating["PendingDeploymentSummary"]["EndpointConfigName"] == "c2"
    assert updating["ProductionVariants"] == serving["ProductionVariants"]


# === Two zones ===

def test_one_subnet_is_accepted_by_the_model_and_fails_the_endpoint(house):
    house.model(vpc_config={**house.network.config, "Subnets": house.network.subnets[:1]})
    house.config("c")
    house.create()
    house.reach("Failed")
    assert house.endpoint()["FailureReason"] == NO_ZONES
    assert house.free() == [11, 11]
    explanation = house.explanation()
    assert (explanation["status"], explanation["decidedBy"]) == ("Failed", "SM-HOST-AZ-01")
    assert any(event["rule"] == "SM-HOST-AZ-01" and event["resource"] == "endpoint/e" for event in house.aws.events())


def test_two_subnets_of_one_zone_do_not_do(house):
    twin = house.aws.subnet(house.network.vpc, "10.0.3.0/28", AvailabilityZone="us-east-1a")
    house.model(vpc_config={**house.network.config, "Subnets": [house.network.subnets[0], twin]})
    house.config("c")
    house.create()
    house.reach("Failed")
    assert house.endpoint()["FailureReason"] == NO_ZONES


def test_the_waiter_of_a_failing_endpoint_fails_at_once(aws):
    house = House(aws)
    house.model(vpc_config={**house.network.config, "Subnets": house.network.subnets[:1]})
    house.config("c")
    house.create()
    begin = time.monotonic()
    with pytest.raises(WaiterError):
        wait(aws, "endpoint_in_service", EndpointName="e")
    assert time.monotonic() - begin < 2
    assert house.endpoint()["FailureReason"] == NO_ZONES


# === Addresses ===

def test_ten_instances_fit_two_28s_and_eleven_do_not(house):
    house.model()
    house.config("ten", 10)
    house.config("eleven", 11)
    house.create("e", "ten")
    assert house.free() == [1, 1]
    house.reach("InService")
    house.create("f", "eleven")
    house.reach("Failed", "f")
    reason = house.endpoint("f")["FailureReason"]
    assert "free IP addresses" in reason and not reason.startswith("ClientError"), reason
    assert house.explanation("f")["decidedBy"] == "SM-VPC-IP-01"
    assert house.free() == [1, 1]


def test_a_subnet_without_room_is_passed_over(house):
    for _ in range(10):
        house.aws.interface(house.network.subnets[0])
    house.model()
    house.config("c", 3)
    house.create()
    assert house.free() == [1, 5]
    house.reach("InService")


def test_an_elastic_fabric_adapter_takes_no_more_addresses(house):
    house.model()
    house.config("c", 2, InstanceType="ml.p4d.24xlarge")
    house.create()
    assert house.free() == [9, 9]


# === DHCP options, groups ===

def test_dhcp_options_have_to_name_a_domain_and_name_servers(house):
    made = house.aws.ec2.create_dhcp_options(
        DhcpConfigurations=[{"Key": "domain-name-servers", "Values": ["10.0.0.53"]}])
    options = made["DhcpOptions"]["DhcpOptionsId"]
    house.aws.ec2.associate_dhcp_options(DhcpOptionsId=options, VpcId=house.network.vpc)
    house.model()
    house.config("c")
    house.create()
    house.reach("Failed")
    assert house.endpoint()["FailureReason"] == (
        "expected DHCP options to include keys domain-name-servers and domain-name, but missing one or more "
        f"attributes: {{DhcpOptionsId:{options} DomainNameServers:[10.0.0.53] DomainNameSearch:<nil>}}.Please refer to "
        "https://docs.aws.amazon.com/vpc/latest/userguide/DHCPOptionSet.html for more details")
    assert house.free() == [11, 11]


def test_instances_need_no_rule_for_each_other_nor_for_their_subnets(house):
    group = house.aws.group(house.network.vpc, "narrow")
    house.aws.ec2.revoke_security_group_egress(
        GroupId=group, IpPermissions=[{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}])
    house.aws.ec2.authorize_security_group_egress(GroupId=group, IpPermissions=[
        {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}])
    house.model(vpc_config={**house.network.config, "SecurityGroupIds": [group]})
    house.config("c", 3)
    house.create()
    house.reach("InService")


# === What CreateModel checks ===

@pytest.mark.parametrize("member, unknown, text", [
    ("Subnets", "subnet-0123456789abcdef0", "The subnet ID 'subnet-0123456789abcdef0' does not exist"),
    ("SecurityGroupIds", "sg-0123456789abcdef0", "The security group 'sg-0123456789abcdef0' does not exist"),
])
def test_unknown_subnets_and_groups_are_refused_by_create_model(house, member, unknown, text):
    with refused("ValidationException", text):
        house.model(vpc_config={**house.network.config, member: [unknown]})


def test_networks_are_not_mixed(house):
    other = house.aws.network("10.0.1.0/24")
    with refused("ValidationException", lambda text: "different networks" in text):
        house.model(vpc_config={**house.network.config, "SecurityGroupIds": [other.group]})


def test_the_role_must_trust_the_service(house):
    house.role = f"arn:aws:iam::{house.aws.number}:role/nobody"
    with refused("ValidationException", lambda text: text.startswith(f"Could not assume role {house.role}.")):
        house.model()


def test_dedicated_tenancy_is_no_matter(house):
    vpc = house.aws.vpc("10.9.0.0/16", InstanceTenancy="dedicated")
    house.aws.s3_endpoint(vpc)
    subnets = [house.aws.subnet(vpc, f"10.9.{n}.0/24", AvailabilityZone=f"us-east-1{'ab'[n]}") for n in (0, 1)]
    house.model(vpc_config={"Subnets": subnets, "SecurityGroupIds": [house.aws.group(vpc)]})
    house.config("c")
    house.create()
    house.reach("InService")


def test_a_group_that_is_gone_by_then_fails_the_endpoint(house):
    house.model()
    house.config("c")
    house.aws.ec2.delete_security_group(GroupId=house.network.group)
    house.create()
    house.reach("Failed")
    assert house.network.group in house.endpoint()["FailureReason"]


# === Names and states ===

def test_names_are_unique_and_unknown_ones_are_named(house):
    house.model()
    house.config("c")
    house.create()
    for call, kind, what in [
        (house.model, "model/m", "model"),
        (lambda: house.config("c"), "endpoint-config/c", "endpoint configuration"),
        (house.create, "endpoint/e", "endpoint"),
    ]:
        arn = house.arn(*kind.split("/"))
        with refused("ValidationException", f'Cannot create already existing {what} "{arn}".'):
            call()
    for call, kind, what in [
        (lambda: house.sm.describe_model(ModelName="x"), "model", "model"),
        (lambda: house.sm.delete_model(ModelName="x"), "model", "model"),
        (lambda: house.config("x", model="x"), "model", "model"),
        (lambda: house.sm.describe_endpoint_config(EndpointConfigName="x"), "endpoint-config", "endpoint configuration"),
        (lambda: house.sm.delete_endpoint_config(EndpointConfigName="x"), "endpoint-config", "endpoint configuration"),
        (lambda: house.create("x", "x"), "endpoint-config", "endpoint configuration"),
        (lambda: house.endpoint("x"), "endpoint", "endpoint"),
        (lambda: house.update("x"), "endpoint", "endpoint"),
        (lambda: house.sm.delete_endpoint(EndpointName="x"), "endpoint", "endpoint"),
    ]:
        with refused("ValidationException", f'Could not find {what} "{house.arn(kind, "x")}".'):
            call()


def test_an_endpoint_under_way_is_left_alone(house):
    house.model()
    house.config("c")
    house.create()
    busy = f'Cannot update in-progress endpoint "{house.arn("endpoint", "e")}".'

    def is_busy():
        for call in (house.update, lambda: house.sm.delete_endpoint(EndpointName="e")):
            with refused("ValidationException", busy):
                call()

    is_busy()
    house.reach("InService")
    house.update()
    assert house.status() == "Updating"
    is_busy()


def test_a_failed_endpoint_can_only_be_deleted(house):
    house.model()
    house.config("c", 40)
    house.config("c2", 1)
    house.create()
    house.reach("Failed")
    with refused("ValidationException"):
        house.update(config="c2")
    house.sm.delete_endpoint(EndpointName="e")
    house.aws.advance("1m")
    with refused("ValidationException", f'Could not find endpoint "{house.arn("endpoint", "e")}".'):
        house.endpoint()


def test_configuration_and_model_can_go_while_the_endpoint_serves(house):
    house.model()
    house.config("c")
    house.create()
    house.reach("InService")
    house.sm.delete_endpoint_config(EndpointConfigName="c")
    house.sm.delete_model(ModelName="m")
    assert (house.status(), house.endpoint()["EndpointConfigName"]) == ("InService", "c")
    assert len(house.held()) == 2


def test_lists_are_sorted_filtered_and_paged(house):
    house.model()
    house.config("c")
    house.config("large", 40)
    for name in ("b", "a", "d"):
        house.create(name, "large" if name == "d" else "c")
        house.aws.advance("10s")

    def names(**how):
        pages = house.sm.get_paginator("list_endpoints").paginate(**how)
        return [one["EndpointName"] for page in pages for one in page["Endpoints"]]

    assert names() == ["d", "a", "b"]
    assert names(SortBy="Name", SortOrder="Ascending", PaginationConfig={"PageSize": 1}) == ["a", "b", "d"]
    assert names(StatusEquals="Failed") == ["d"]
    assert names(NameContains="a") == ["a"]
    start = house.endpoint("a")["CreationTime"]
    assert names(CreationTimeAfter=start) == ["d", "a"]
    assert names(CreationTimeBefore=start) == ["b"]
    assert [one["ModelName"] for one in house.sm.list_models()["Models"]] == ["m"]
    configs = house.sm.list_endpoint_configs(SortBy="Name", SortOrder="Ascending")["EndpointConfigs"]
    assert [one["EndpointConfigName"] for one in configs] == ["c", "large"]


def test_each_has_tags(house):
    tags = [{"Key": "team", "Value": "a"}]
    arns = [
        house.model(Tags=tags),
        house.sm.create_endpoint_config(EndpointConfigName="c", Tags=tags, ProductionVariants=[{
            "VariantName": "v", "ModelName": "m", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1,
        }])["EndpointConfigArn"],
        house.sm.create_endpoint(EndpointName="e", EndpointConfigName="c", Tags=tags)["EndpointArn"],
    ]
    for arn in arns:
        house.sm.add_tags(ResourceArn=arn, Tags=[{"Key": "x", "Value": "y"}])
        house.sm.delete_tags(ResourceArn=arn, TagKeys=["team"])
        assert house.sm.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "x", "Value": "y"}]


# === Updates ===

def test_an_update_holds_old_and_new_at_once(house):
    house.model()
    house.config("c", 2)
    house.config("c2", 3)
    house.create()
    house.reach("InService")
    old = {one["NetworkInterfaceId"] for one in house.held()}
    house.update(config="c2")
    both = {one["NetworkInterfaceId"] for one in house.held()}
    assert old < both and len(both) == 4 + 6
    house.reach("InService")
    new = {one["NetworkInterfaceId"] for one in house.held()}
    assert new == both - old
    assert house.endpoint()["EndpointConfigName"] == "c2"
    assert house.free() == [7, 9]


def test_an_update_that_does_not_fit_is_rolled_back(house):
    house.model()
    house.config("c", 4)
    house.config("large", 7)
    house.config("small", 1)
    house.create()
    house.reach("InService")
    before, held = house.endpoint(), house.held()
    house.update(config="large")
    house.reach("InService")
    after = house.endpoint()
    assert (after["EndpointConfigName"], after["ProductionVariants"]) == ("c", before["ProductionVariants"])
    assert "free IP addresses" in after["FailureReason"]
    assert house.held() == held
    house.update(config="small")
    house.reach("InService")
    after = house.endpoint()
    assert after["EndpointConfigName"] == "small" and "FailureReason" not in after
    assert len(house.held()) == 2


# === The end ===

def test_interfaces_linger_after_the_endpoint(house):
    house.model()
    house.config("c", 2)
    house.create()
    house.reach("InService")
    house.sm.delete_endpoint(EndpointName="e")
    assert house.status() == "Deleting"
    house.aws.advance("1s")
    with refused("ValidationException", f'Could not find endpoint "{house.arn("endpoint", "e")}".'):
        house.endpoint()
    subnet, group, vpc = house.network.subnets[0], house.network.group, house.network.vpc
    ec2 = house.aws.ec2
    for minutes in range(5):
        assert (len(house.held()), house.free()) == (4, [9, 9]), minutes
        with refused("DependencyViolation", f"The subnet '{subnet}' has dependencies and cannot be deleted."):
            ec2.delete_subnet(SubnetId=subnet)
        with refused("DependencyViolation", f"resource {group} has a dependent object"):
            ec2.delete_security_group(GroupId=group)
        with refused("DependencyViolation", f"The vpc '{vpc}' has dependencies and cannot be deleted."):
            ec2.delete_vpc(VpcId=vpc)
        house.aws.advance("59s")
    house.aws.advance("5s")
    assert (house.held(), house.free()) == ([], [11, 11])
    for one in house.network.subnets:
        ec2.delete_subnet(SubnetId=one)
    ec2.delete_security_group(GroupId=group)
    ec2.delete_vpc_endpoints(VpcEndpointIds=[house.network.s3])
    ec2.delete_vpc(VpcId=vpc)


def test_users_cannot_touch_the_interfaces(house):
    house.model()
    house.config("c")
    house.create()
    house.reach("InService")
    ec2, one = house.aws.ec2, house.held()[0]
    with pytest.raises(ec2.exceptions.ClientError):
        ec2.delete_network_interface(NetworkInterfaceId=one["NetworkInterfaceId"])
    with pytest.raises(ec2.exceptions.ClientError):
        ec2.detach_network_interface(AttachmentId=one["Attachment"]["AttachmentId"], Force=True)
    with pytest.raises(ec2.exceptions.ClientError):
        ec2.modify_network_interface_attribute(
            NetworkInterfaceId=one["NetworkInterfaceId"], Groups=[house.aws.group(house.network.vpc, "other")])
    assert one in house.held()


def test_the_name_is_free_while_the_interfaces_linger(house):
    house.model()
    house.config("c", 1)
    house.create()
    house.reach("InService")
    old = {one["NetworkInterfaceId"] for one in house.held()}
    house.sm.delete_endpoint(EndpointName="e")
    house.aws.advance("1s")
    house.create()
    assert len(house.held()) == 4
    house.aws.advance("10m")
    assert house.status() == "InService"
    assert old.isdisjoint(one["NetworkInterfaceId"] for one in house.held()) and len(house.held()) == 2


def test_waiters_return_at_once_and_leave_the_interfaces_alone(aws):
    house = House(aws)
    house.model()
    house.config("c", 2)
    house.create()
    assert wait(aws, "endpoint_in_service", EndpointName="e") < 2
    assert house.status() == "InService"
    house.sm.delete_endpoint(EndpointName="e")
    assert wait(aws, "endpoint_deleted", EndpointName="e") < 2
    assert len(house.held()) == 4, "a waiter moves no clock"
    aws.advance("5m")
    assert house.held() == []


def test_instant_endpoints_leave_nothing(aws):
    aws.server.control("POST", f"/_mockplane/reset?account={aws.number}&profile=instant")
    house = House(aws)
    house.model()
    house.config("c", 2)
    house.create()
    assert (house.status(), house.free()) == ("InService", [9, 9])
    house.sm.delete_endpoint(EndpointName="e")
    assert (house.held(), house.free()) == ([], [11, 11])
