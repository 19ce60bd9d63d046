"""Which kind of job is given its network where, and is held to which rule: as the five pages of the guide say it.

Where a page is silent, the rule does not apply. Hosting has a file of its own.
"""

import dataclasses
import subprocess

import pytest
from mockplane import Server, Account, binary, environment, job_request, refused

IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/work:1"


@dataclasses.dataclass(frozen=True)
class Kind:
    """A kind of job: how boto3 calls its operations, and a small request."""

    name: str            # as in create_training_job
    word: str            # as in TrainingJobName
    ended: str = "Completed"
    failed: str = "Failed"
    running: tuple = ("InProgress",)
    deletable: bool = True

    def __str__(self):
        return self.name

    def create(self, aws, name, role, vpc_config=None, instances=1, instance_type="ml.m5.large"):
        """The ARN."""
        request = getattr(self, f"_{self.name}")(aws, name, role, vpc_config, instances, instance_type)
        return getattr(aws.sm, f"create_{self.name}_job")(**request)[f"{self.word}JobArn"]

    def _training(self, aws, name, role, vpc_config, instances, instance_type):
        request = job_request(name, role, vpc_config, instances)
        request["ResourceConfig"]["InstanceType"] = instance_type
        return request

    def _processing(self, aws, name, role, vpc_config, instances, instance_type):
        return {
            "ProcessingJobName": name,
            "RoleArn": role,
            "AppSpecification": {"ImageUri": IMAGE},
            "ProcessingResources": {"ClusterConfig": {
                "InstanceType": instance_type, "InstanceCount": instances, "VolumeSizeInGB": 10}},
            **({"NetworkConfig": {"VpcConfig": vpc_config}} if vpc_config else {}),
        }

    def _transform(self, aws, name, role, vpc_config, instances, instance_type):
        model = {"ModelName": name, "ExecutionRoleArn": role, "PrimaryContainer": {"Image": IMAGE}}
        aws.sm.create_model(**model, **({"VpcConfig": vpc_config} if vpc_config else {}))
        return {
            "TransformJobName": name,
            "ModelName": name,
            "TransformInput": {"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://data/in"}}},
            "TransformOutput": {"S3OutputPath": "s3://data/out"},
            "TransformResources": {"InstanceType": instance_type, "InstanceCount": instances},
        }

    def _compilation(self, aws, name, role, vpc_config, instances, instance_type):
        return {
            "CompilationJobName": name,
            "RoleArn": role,
            "InputConfig": {"S3Uri": "s3://data/model.tar.gz", "Framework": "PYTORCH"},
            "OutputConfig": {"S3OutputLocation": "s3://data/compiled", "TargetDevice": "ml_c5"},
            "StoppingCondition": {"MaxRuntimeInSeconds": 900},
            **({"VpcConfig": vpc_config} if vpc_config else {}),
        }

    def call(self, aws, verb, name):
        return getattr(aws.sm, f"{verb}_{self.name}_job")(**{f"{self.word}JobName": name})

    def describe(self, aws, name):
        return self.call(aws, "describe", name)

    def status(self, aws, name):
        return self.describe(aws, name)[f"{self.word}JobStatus"]

    def finish(self, aws, name):
        """Moves the manual clock to the end of a job; how it is described then."""
        aws.advance("1h")
        return self.describe(aws, name)


TRAINING = Kind("training", "Training")
PROCESSING = Kind("processing", "Processing")
TRANSFORM = Kind("transform", "Transform", deletable=False)
COMPILATION = Kind("compilation", "Compilation", "COMPLETED", "FAILED", ("STARTING", "INPROGRESS"))
KINDS = [TRAINING, PROCESSING, TRANSFORM, COMPILATION]
DISTRIBUTED = [TRAINING, PROCESSING, TRANSFORM]
every_kind = pytest.mark.parametrize("kind", KINDS, ids=str)


@pytest.fixture
def lab(aws):
    """An account whose time stands still."""
    aws.manual_clock()
    return aws


# === Where and when ===

@every_kind
def test_the_network_is_given_where_the_kind_takes_it(lab, kind):
    net, role = lab.network(), lab.role()
    kind.create(lab, "job", role, net.config)
    told = kind.describe(lab, "job")
    places = {
        "training": lambda: told["VpcConfig"],
        "processing": lambda: told["NetworkConfig"]["VpcConfig"],
        "transform": lambda: lab.sm.describe_model(ModelName=told["ModelName"])["VpcConfig"],
        "compilation": lambda: told["VpcConfig"],
    }
    assert places[kind.name]() == net.config
    assert {one["VpcId"] for one in lab.interfaces(vpc_id=net.vpc)} == {net.vpc}


@every_kind
def test_the_interfaces_are_made_by_the_role_that_the_kind_has(lab, kind):
    net, role = lab.network(), lab.role()
    unique = lab.iam.get_role(RoleName="trainer")["Role"]["RoleId"]
    kind.create(lab, "job", role, net.config)
    assert {one["RequesterId"] for one in lab.interfaces(vpc_id=net.vpc)} == {f"{unique}:SageMaker"}


def test_a_model_makes_no_interface_and_its_transform_job_does(lab):
    net, role = lab.network(), lab.role()
    request = TRANSFORM._transform(lab, "job", role, net.config, 1, "ml.m5.large")
    assert lab.interfaces(vpc_id=net.vpc) == []
    lab.sm.create_transform_job(**request)
    assert len(lab.interfaces(vpc_id=net.vpc)) == 2


@every_kind
def test_interfaces_live_from_the_start_of_a_job_to_its_end(lab, kind):
    net, role = lab.network(), lab.role()
    kind.create(lab, "job", role, net.config)
    assert len(lab.interfaces(vpc_id=net.vpc)) == 2
    subnet = next(one["SubnetId"] for one in lab.interfaces(vpc_id=net.vpc))
    with refused("DependencyViolation"):
        lab.ec2.delete_subnet(SubnetId=subnet)
    assert kind.finish(lab, "job")[f"{kind.word}JobStatus"] == kind.ended
    assert lab.interfaces(vpc_id=net.vpc) == []
    lab.ec2.delete_subnet(SubnetId=subnet)


@every_kind
def test_a_failure_is_told_where_the_kind_tells_it(lab, kind):
    net, role = lab.network("10.0.1.0/28"), lab.role()
    fill(lab, net.subnets[0], free=1)
    kind.create(lab, "job", role, net.config)
    told = kind.finish(lab, "job")
    assert told[f"{kind.word}JobStatus"] == kind.failed
    assert told["FailureReason"].startswith("ClientError: ")
    assert ("SecondaryStatus" in told) == (kind is TRAINING)
    assert "ExitMessage" not in told


@every_kind
def test_the_words_for_a_status_are_the_kind_s_own(lab, kind):
    role = lab.role()
    kind.create(lab, "job", role)
    seen = []
    for _ in range(40):
        status = kind.status(lab, "job")
        seen += [status] if status not in seen else []
        lab.advance("100ms")
    assert seen == [*kind.running, kind.ended]
    kind.create(lab, "stopped", role)
    lab.advance("1500ms")
    kind.call(lab, "stop", "stopped")
    stopping = kind.status(lab, "stopped")
    lab.advance("1h")
    upper = kind is COMPILATION
    assert [stopping, kind.status(lab, "stopped")] == (["STOPPING", "STOPPED"] if upper else ["Stopping", "Stopped"])
    last = f"job is in status {kind.status(lab, 'stopped')}."
    with refused("ValidationException", lambda text: text.endswith(last)):
        kind.call(lab, "stop", "stopped")


@pytest.mark.parametrize("kind", DISTRIBUTED, ids=str)
def test_every_instance_counts(lab, kind):
    net, role = lab.network(), lab.role()
    kind.create(lab, "job", role, net.config, instances=7)
    assert len(lab.interfaces(vpc_id=net.vpc)) == 14


def test_the_groups_of_training_instances_count_together(lab):
    net, role = lab.network(), lab.role()
    lab.training_job("job", role, net.config, ResourceConfig={"VolumeSizeInGB": 1, "InstanceGroups": [
        {"InstanceType": "ml.m5.large", "InstanceCount": 2, "InstanceGroupName": "a"},
        {"InstanceType": "ml.c5.xlarge", "InstanceCount": 1, "InstanceGroupName": "b"},
    ]})
    assert len(lab.interfaces(vpc_id=net.vpc)) == 6


def test_a_compilation_job_has_one_instance(lab):
    net, role = lab.network(), lab.role()
    COMPILATION.create(lab, "job", role, net.config)
    assert len(lab.interfaces(vpc_id=net.vpc)) == 2


# === Rules ===

@every_kind
def test_without_a_network_nothing_of_a_network_applies(lab, kind):
    net, role = lab.network("10.0.1.0/28"), lab.role()
    fill(lab, net.subnets[0], free=0)
    held = lab.interfaces(vpc_id=net.vpc)
    kind.create(lab, "job", role, instances=20)
    assert lab.interfaces(vpc_id=net.vpc) == held
    assert kind.finish(lab, "job")[f"{kind.word}JobStatus"] == kind.ended


@every_kind
def test_the_interfaces_lie_in_one_subnet_and_carry_all_groups(lab, kind):
    net, role = lab.network(), lab.role()
    second = lab.group(net.vpc, "second")
    kind.create(lab, "job", role, {**net.config, "SecurityGroupIds": [net.group, second]}, instances=2)
    interfaces = lab.interfaces(vpc_id=net.vpc)
    assert {one["SubnetId"] for one in interfaces} == {net.subnets[0]}
    assert all({group["GroupId"] for group in one["Groups"]} == {net.group, second} for one in interfaces)
    assert all(one["Description"].endswith(f"SageMaker {kind.word} Job job") for one in interfaces)


@every_kind
def test_the_interfaces_have_private_addresses_only(lab, kind):
    net, role = lab.network(), lab.role()
    lab.ec2.modify_subnet_attribute(SubnetId=net.subnets[0], MapPublicIpOnLaunch={"Value": True})
    kind.create(lab, "job", role, net.config)
    for one in lab.interfaces(vpc_id=net.vpc):
        assert "Association" not in one and one["PrivateIpAddress"].startswith("10.0.1.")


@every_kind
def test_users_cannot_touch_the_interfaces(lab, kind):
    net, role = lab.network(), lab.role()
    kind.create(lab, "job", role, net.config)
    one = lab.interfaces(vpc_id=net.vpc)[0]
    with refused("OperationNotPermitted", "You are not allowed to manage 'ela-attach' attachments."):
        lab.ec2.detach_network_interface(AttachmentId=one["Attachment"]["AttachmentId"])
    with refused("InvalidParameterValue"):
        lab.ec2.delete_network_interface(NetworkInterfaceId=one["NetworkInterfaceId"])


@every_kind
def test_dedicated_tenancy_is_refused_where_the_page_says_so(lab, kind):
    role, vpc = lab.role(), lab.vpc(InstanceTenancy="dedicated")
    lab.s3_endpoint(vpc)
    subnet, group = lab.subnet(vpc), lab.group(vpc)
    config = {"Subnets": [subnet], "SecurityGroupIds": [group]}
    if kind in (TRAINING, COMPILATION):
        with refused("ValidationException", f"VpcConfig is invalid: subnet(s) [{subnet}] belong to VPC {vpc} with "
                     "instance tenancy 'dedicated'. Only subnets in a VPC with default tenancy are supported for "
                     f"{kind} jobs."):
            kind.create(lab, "job", role, config)
    else:
        kind.create(lab, "job", role, config)
        assert kind.finish(lab, "job")[f"{kind.word}JobStatus"] == kind.ended


def fill(aws, subnet, free):
    """Takes addresses of a subnet until so many are left."""
    while (left := aws.free(subnet)) > free:
        more = min(left - free - 1, 9)
        aws.interface(subnet, **({"SecondaryPrivateIpAddressCount": more} if more else {}))


@every_kind
@pytest.mark.parametrize("room", [0, 1], ids=["enough", "one-too-few"])
def test_each_instance_takes_two_addresses(lab, kind, room):
    net, role = lab.network("10.0.1.0/28"), lab.role()
    instances = 1 if kind is COMPILATION else 3
    fill(lab, net.subnets[0], free=2 * instances - room)
    before = lab.free(net.subnets[0])
    kind.create(lab, "job", role, net.config, instances)
    assert lab.free(net.subnets[0]) == (before if room else 0)
    told = kind.finish(lab, "job")
    assert told[f"{kind.word}JobStatus"] == (kind.failed if room else kind.ended)
    assert bool(told.get("FailureReason")) == bool(room)
    assert lab.free(net.subnets[0]) == before


# Processing jobs have no instance type with an adapter.
@pytest.mark.parametrize("kind", [TRAINING, TRANSFORM], ids=str)
def test_only_training_needs_five_addresses_for_an_elastic_fabric_adapter(lab, kind):
    net, role = lab.network("10.0.1.0/28"), lab.role()
    kind.create(lab, "job", role, net.config, 3, "ml.trn1.32xlarge")
    told = kind.finish(lab, "job")
    assert told[f"{kind.word}JobStatus"] == (kind.failed if kind is TRAINING else kind.ended)
    if kind is TRAINING:
        assert "need 15 private IP addresses" in told["FailureReason"]
        kind.create(lab, "two", role, net.config, 2, "ml.trn1.32xlarge")
        assert lab.free(net.subnets[0]) == 1


@every_kind
def test_one_zone_is_enough_for_a_job(lab, kind):
    net, role = lab.network("10.0.1.0/24"), lab.role()
    kind.create(lab, "job", role, net.config)
    assert kind.finish(lab, "job")[f"{kind.word}JobStatus"] == kind.ended


@every_kind
@pytest.mark.parametrize("instances", [1, 2])
def test_instances_of_a_distributed_job_have_to_reach_each_other(lab, kind, instances):
    role, vpc = lab.role(), lab.vpc()
    lab.s3_endpoint(vpc)
    config = {"Subnets": [lab.subnet(vpc)], "SecurityGroupIds": [lab.group(vpc)]}
    kind.create(lab, "job", role, config, instances)
    told = kind.finish(lab, "job")
    hindered = instances > 1 and kind in DISTRIBUTED
    assert told[f"{kind.word}JobStatus"] == (kind.failed if hindered else kind.ended)
    assert told.get("FailureReason", "").startswith("AlgorithmError: ") == hindered
    if hindered and kind is PROCESSING:
        assert told["ExitMessage"] == told["FailureReason"].removeprefix("AlgorithmError: ")


TO_S3 = [{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "PrefixListIds": [{"PrefixListId": "pl-63a5400a"}]}]
SELF_RULES = {
    "tcp": {"IpProtocol": "tcp", "FromPort": 0, "ToPort": 65535},
    "keys": {"IpProtocol": "udp", "FromPort": 500, "ToPort": 500},
    "esp": {"IpProtocol": "50"},
    "all": {"IpProtocol": "-1"},
}


@pytest.mark.parametrize("ingress, egress, closed", [
    ("all", "all", ""),
    ("tcp keys esp", "keys esp", ""),
    ("tcp", "keys esp", "inbound UDP port 500, inbound protocol 50 (ESP)"),
    ("tcp keys", "keys esp", "inbound protocol 50 (ESP)"),
    ("all", "tcp esp", "outbound UDP port 500"),
], ids=["all", "exact", "no-ingress", "no-esp", "no-keys-out"])
def test_encrypted_traffic_between_instances_needs_rules_of_its_own(lab, ingress, egress, closed):
    net, role = lab.network(), lab.role()
    group = lab.group(net.vpc, "encrypted")

    def permissions(names):
        return [{**SELF_RULES[name], "UserIdGroupPairs": [{"GroupId": group}]} for name in names.split()]

    lab.ec2.revoke_security_group_egress(
        GroupId=group, IpPermissions=[{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}])
    lab.ec2.authorize_security_group_egress(GroupId=group, IpPermissions=permissions(egress) + TO_S3)
    lab.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=permissions(ingress))
    config = {**net.config, "SecurityGroupIds": [group]}
    for name, instances, encrypted in [("one", 1, True), ("plain", 2, False), ("two", 2, True)]:
        lab.training_job(name, role, config, instances, EnableInterContainerTrafficEncryption=encrypted)
        told = TRAINING.finish(lab, name)
        fails = name == "two" and closed
        assert told["TrainingJobStatus"] == ("Failed" if fails else "Completed"), name
        if fails:
            assert told["FailureReason"].startswith("AlgorithmError: ")
            assert told["FailureReason"].endswith(f"between members of the same security group: {closed}.")


@every_kind
def test_dhcp_options_have_to_name_a_domain_and_name_servers(lab, kind):
    net, role = lab.network(), lab.role()
    for number, (given, servers, domain) in enumerate([
        ({"domain-name-servers": ["10.0.0.53", "10.0.0.54"]}, "[10.0.0.53 10.0.0.54]", "<nil>"),
        ({"domain-name": ["jobs.example.com"]}, "<nil>", "[jobs.example.com]"),
        ({"domain-name-servers": ["AmazonProvidedDNS"], "domain-name": ["jobs.example.com"]}, None, None),
    ]):
        made = lab.ec2.create_dhcp_options(DhcpConfigurations=[{"Key": k, "Values": v} for k, v in given.items()])
        options = made["DhcpOptions"]["DhcpOptionsId"]
        lab.ec2.associate_dhcp_options(DhcpOptionsId=options, VpcId=net.vpc)
        kind.create(lab, f"job-{number}", role, net.config)
        told = kind.finish(lab, f"job-{number}")
        assert told[f"{kind.word}JobStatus"] == (kind.failed if servers else kind.ended)
        if servers:
            assert told["FailureReason"] == (
                "ClientError: expected DHCP options to include keys domain-name-servers and domain-name, but missing "
                f"one or more attributes: {{DhcpOptionsId:{options} DomainNameServers:{servers} "
                f"DomainNameSearch:{domain}}}.Please refer to "
                "https://docs.aws.amazon.com/vpc/latest/userguide/DHCPOptionSet.html for more details")
        assert lab.interfaces(vpc_id=net.vpc) == []


def test_a_compilation_job_has_to_reach_its_subnets(lab):
    net, role = lab.network(), lab.role()
    everything = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    lab.ec2.revoke_security_group_egress(GroupId=net.group, IpPermissions=everything)
    COMPILATION.create(lab, "shut", role, net.config)
    told = COMPILATION.finish(lab, "shut")
    assert told["CompilationJobStatus"] == "FAILED"
    assert "10.0.1.0/24, 10.0.2.0/24" in told["FailureReason"]
    lab.ec2.authorize_security_group_egress(GroupId=net.group, IpPermissions=[{
        "IpProtocol": "tcp", "FromPort": 0, "ToPort": 65535,
        "IpRanges": [{"CidrIp": "10.0.1.0/24"}, {"CidrIp": "10.0.2.0/24"}]}])
    COMPILATION.create(lab, "no-s3", role, net.config)
    assert COMPILATION.finish(lab, "no-s3")["FailureReason"].startswith("ClientError: InputConfiguration: ")
    lab.ec2.authorize_security_group_egress(GroupId=net.group, IpPermissions=TO_S3)
    COMPILATION.create(lab, "open", role, net.config)
    assert COMPILATION.finish(lab, "open")["CompilationJobStatus"] == "COMPLETED"


@every_kind
def test_only_compilation_has_to_reach_its_subnets(lab, kind):
    net, role = lab.network(), lab.role()
    group = lab.group(net.vpc, "narrow")
    lab.ec2.revoke_security_group_egress(
        GroupId=group, IpPermissions=[{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}])
    lab.ec2.authorize_security_group_egress(GroupId=group, IpPermissions=[
        {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}])
    kind.create(lab, "job", role, {**net.config, "SecurityGroupIds": [group]})
    told = kind.finish(lab, "job")
    assert told[f"{kind.word}JobStatus"] == (kind.failed if kind is COMPILATION else kind.ended)


@every_kind
def test_unknown_parts_of_a_network_and_mixed_ones_are_refused(lab, kind):
    net, role = lab.network(), lab.role()
    stranger = lab.group(lab.vpc("10.9.0.0/16"), "stranger")
    for number, (change, message) in enumerate([
        ({"Subnets": ["subnet-0123456789abcdef0"]}, "The subnet ID 'subnet-0123456789abcdef0' does not exist"),
        ({"SecurityGroupIds": ["sg-0123456789abcdef0"]}, "The security group 'sg-0123456789abcdef0' does not exist"),
        ({"SecurityGroupIds": [stranger]}, lambda text: "belong to different networks" in text),
    ]):
        with refused("ValidationException", message):
            kind.create(lab, f"job-{number}", role, {**net.config, **change})


@every_kind
def test_the_role_has_to_trust_the_service(lab, kind):
    arn = f"arn:aws:iam::{lab.number}:role/nobody"
    with refused("ValidationException", f"Could not assume role {arn}. Please ensure that the role exists and allows "
                 "principal 'sagemaker.amazonaws.com' to assume the role."):
        kind.create(lab, "job", arn)


# === Names, lists, ends ===

@every_kind
def test_a_name_is_used_once(lab, kind):
    role = lab.role()
    arn = kind.create(lab, "job", role)
    names, job = ("Training job names", "a training job") if kind is TRAINING else ("Job name", "a job")
    text = f"{names} must be unique within an AWS account and region, and {job} with this name already exists ({arn})"
    if kind is TRANSFORM:
        lab.sm.delete_model(ModelName="job")
    with refused("ResourceInUse", text):
        kind.create(lab, "job", role)


@every_kind
def test_an_unknown_job_is_told_in_the_kind_s_words(lab, kind):
    text = "Requested resource not found." if kind is TRAINING else "Could not find requested job with name: nobody"
    for verb in ["describe", "stop"] + (["delete"] if kind.deletable else []):
        with refused("ValidationException", text):
            kind.call(lab, verb, "nobody")


@every_kind
def test_jobs_are_listed_in_pages(lab, kind):
    role = lab.role()
    for number in range(5):
        kind.create(lab, f"job-{number}", role)
        lab.advance("1s")
    pages = lab.sm.get_paginator(f"list_{kind}_jobs").paginate(
        SortBy="Name", SortOrder="Ascending", PaginationConfig={"PageSize": 2})
    listed = [one for page in pages for one in page[f"{kind.word}JobSummaries"]]
    assert [one[f"{kind.word}JobName"] for one in listed] == [f"job-{number}" for number in range(5)]
    ended = getattr(lab.sm, f"list_{kind}_jobs")(StatusEquals=kind.ended, NameContains="-0")
    assert [one[f"{kind.word}JobName"] for one in ended[f"{kind.word}JobSummaries"]] == ["job-0"]


@every_kind
def test_jobs_have_tags(lab, kind):
    arn = kind.create(lab, "job", lab.role())
    lab.sm.add_tags(ResourceArn=arn, Tags=[{"Key": "team", "Value": "a"}])
    assert lab.sm.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "team", "Value": "a"}]
    lab.sm.delete_tags(ResourceArn=arn, TagKeys=["team"])
    assert lab.sm.list_tags(ResourceArn=arn)["Tags"] == []


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.deletable], ids=str)
def test_a_job_is_deleted_when_it_has_ended(lab, kind):
    role = lab.role()
    kind.create(lab, "job", role)
    with refused("ValidationException" if kind is COMPILATION else "ResourceInUse"):
        kind.call(lab, "delete", "job")
    lab.advance("1h")
    kind.call(lab, "delete", "job")
    kind.create(lab, "job", role)


@pytest.mark.parametrize("kind", DISTRIBUTED, ids=str)
def test_the_sdk_waits_for_a_job(aws, kind):
    kind.create(aws, "job", aws.role())
    waiter = aws.sm.get_waiter(f"{kind}_job_completed_or_stopped")
    waiter.wait(**{f"{kind.word}JobName": "job"}, WaiterConfig={"Delay": 1, "MaxAttempts": 10})
    assert kind.status(aws, "job") == kind.ended


# === What the user can choose ===

def six_instances(account):
    net, role = account.network("10.0.1.0/28"), account.role()
    account.training_job("job", role, net.config, instances=6)
    account.advance("1h")
    return account.job("job")["TrainingJobStatus"]


def test_a_rule_counts_for_what_its_account_says(lab, other):
    def change(**body):
        return lab.server.control("POST", "/_mockplane/rules", {"account": lab.number, **body})

    assert change(rule="SM-F-IP", mode="warn")["id"] == "SM-VPC-IP-01"
    modes = lab.server.control("GET", f"/_mockplane/rules?account={lab.number}")["rules"]
    assert {rule["id"] for rule in modes if rule["mode"] != "enforce"} == {"SM-VPC-IP-01"}
    assert six_instances(lab) == "Completed"
    assert [event["rule"] for event in lab.events() if event["kind"] == "RuleWarning"] == ["SM-VPC-IP-01"]
    other.manual_clock()
    assert six_instances(other) == "Failed"
    lab.reset()
    lab.manual_clock()
    assert six_instances(lab) == "Failed"


def test_the_server_is_told_what_rules_count_for(tmp_path):
    texts = tmp_path / "texts.toml"
    texts.write_text('SM-VPC-IP-01 = "ClientError: {instances} are too many for {resource}"\n')
    with Server("--rule", "SM-VPC-IP-01=warn", "--texts", str(texts)) as server:
        account = Account(server)
        account.manual_clock()
        assert six_instances(account) == "Completed"
        account.reset()
        account.manual_clock()
        assert six_instances(account) == "Completed", "a reset brings back what the server was told"
        enforce = {"account": account.number, "rule": "SM-VPC-IP-01", "mode": "enforce"}
        server.control("POST", "/_mockplane/rules", enforce)
        account.sm.delete_training_job(TrainingJobName="job")
        config = account.ec2.describe_subnets(Filters=[{"Name": "cidr-block", "Values": ["10.0.1.0/28"]}])["Subnets"][0]
        group = account.group(config["VpcId"], "another")
        account.training_job("job", f"arn:aws:iam::{account.number}:role/trainer", {
            "Subnets": [config["SubnetId"]], "SecurityGroupIds": [group]}, instances=6)
        account.advance("1h")
        assert account.job("job")["FailureReason"] == f"ClientError: 6 are too many for {config['SubnetId']}"
    with Server(MOCKPLANE_RULE="SM-VPC-IP-01=off,SM-SG-SELF-01=off", MOCKPLANE_UNCONNECTED_JOB="hang") as server:
        account = Account(server)
        account.manual_clock()
        assert six_instances(account) == "Completed"


@pytest.mark.parametrize("wrong", [
    ["--rule", "SM-NOTHING=warn"], ["--rule", "SM-VPC-IP-01=maybe"], ["--texts", "/nowhere/texts.toml"],
], ids=lambda wrong: wrong[1])
def test_wrong_settings_are_refused_at_once(wrong):
    done = subprocess.run([binary(), "serve", "--port", "0", *wrong], capture_output=True, text=True, timeout=20,
                          env=environment(), check=False)
    assert done.returncode != 0 and done.stderr.strip(), done


def test_a_known_text_cannot_be_replaced(tmp_path):
    texts = tmp_path / "texts.toml"
    texts.write_text('SM-ROLE-TRUST-07 = "no"\n')
    done = subprocess.run([binary(), "serve", "--port", "0", "--texts", str(texts)], capture_output=True, text=True,
                          timeout=20, env=environment(), check=False)
    assert done.returncode != 0 and "SM-ROLE-TRUST-07" in done.stderr, done


def test_a_failure_is_explained_on_the_command_line(lab):
    assert six_instances(lab) == "Failed"

    def explain(resource):
        return subprocess.run(
            [binary(), "explain", resource, "--endpoint", lab.server.endpoint, "--account", lab.number],
            capture_output=True, text=True, timeout=20, env=environment(), check=False)

    told = explain("training-job/job")
    assert told.returncode == 0, told
    for part in ["training-job/job is Failed", "Decided by SM-VPC-IP-01", "instances     6", "to do", "train-vpc.html"]:
        assert part in told.stdout, told.stdout
    unknown = explain("processing-job/job")
    assert unknown.returncode != 0 and "has no processing-job/job" in unknown.stderr, unknown


@pytest.mark.parametrize("kind", [TRAINING, PROCESSING], ids=str)
def test_a_hanging_job_is_stopped_by_its_time_limit(kind):
    with Server("--unconnected-job", "hang") as server:
        account = Account(server)
        account.manual_clock()
        role, vpc = account.role(), account.vpc()
        account.s3_endpoint(vpc)
        config = {"Subnets": [account.subnet(vpc)], "SecurityGroupIds": [account.group(vpc)]}
        kind.create(account, "job", role, config, 2)
        account.advance("30m")
        assert kind.status(account, "job") == "InProgress"
        account.advance("24h")
        told = kind.describe(account, "job")
        assert told[f"{kind.word}JobStatus"] == "Stopped"
        if kind is TRAINING:
            assert told["SecondaryStatus"] == "MaxRuntimeExceeded"
        assert account.interfaces(vpc_id=vpc) == []


def test_instances_are_spread_if_the_server_is_told_so():
    with Server("--placement", "per-instance") as server:
        account = Account(server)
        account.manual_clock()
        net, role = account.network(), account.role()
        account.training_job("job", role, net.config, instances=3)
        assert [account.free(subnet) for subnet in net.subnets] == [247, 249]


def test_every_text_that_can_be_replaced_is_listed(tmp_path):
    listed = subprocess.run([binary(), "texts"], capture_output=True, text=True, check=True).stdout
    assert 'ec2-route-TooManyRouteTables = "The maximum number of route tables has been reached."' in listed.split("\n")
    assert "ec2-VpcNotFound" not in listed, "that one is AWS's own"
    texts = tmp_path / "texts.toml"
    texts.write_text(listed.replace("The token '{token}' is invalid", "no such page: {token}"))
    with Server("--texts", str(texts)) as server:
        with refused("InvalidNextToken", "no such page: ?"):
            Account(server).ec2.describe_vpcs(NextToken="?")
