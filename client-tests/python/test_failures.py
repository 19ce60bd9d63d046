"""Failures as people meet them: the symptom at its phase, an explanation whose red hop is the root cause, the explanation's
own commands through the AWS CLI, and the same request once more, which then completes."""

import json
import pathlib
import shutil
import subprocess
import sys
import urllib.request

import pytest
from botocore.exceptions import ClientError

from mockplane import Account, Server, binary, environment, job_request

IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/work:1"
NO_WAY = ("Please ensure that the subnet's route table has a route to an S3 VPC endpoint or a NAT device, and both the "
          "security groups and the subnet's network ACL allow outbound traffic to S3.")
DOWNLOAD = f"ClientError: Data download failed:{NO_WAY}"
UPLOAD = f"ClientError: Artifact upload failed:{NO_WAY.rstrip('.')}"   # as it was seen: without a full stop
EVERYWHERE = "0.0.0.0/0"


@pytest.fixture(scope="module")
def quick():
    """A server where everything happens at once."""
    with Server("--profile", "instant") as running:
        yield running
        assert "panicked at" not in running.log_text()


class House:
    """A VPC with one subnet, one group and a role, and the explanations of what fails there."""

    def __init__(self, server, block="10.0.1.0/24"):
        self.aws = Account(server)
        self.server, self.ec2 = server, self.aws.ec2
        self.role = self.aws.role()
        self.vpc = self.aws.vpc()
        self.subnet = self.aws.subnet(self.vpc, block, AvailabilityZone="us-east-1a")
        self.group = self.aws.group(self.vpc)
        self.config = {"Subnets": [self.subnet], "SecurityGroupIds": [self.group]}

    def table(self, *subnets):
        table = self.ec2.create_route_table(VpcId=self.vpc)["RouteTable"]["RouteTableId"]
        for subnet in subnets:
            self.ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
        return table

    def main_table(self):
        tables = self.ec2.describe_route_tables(Filters=[
            {"Name": "vpc-id", "Values": [self.vpc]}, {"Name": "association.main", "Values": ["true"]}])
        return tables["RouteTables"][0]["RouteTableId"]

    def gateway(self):
        gateway = self.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        self.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=self.vpc)
        return gateway

    def endpoint(self, *tables, **more):
        return self.ec2.create_vpc_endpoint(
            VpcId=self.vpc, ServiceName="com.amazonaws.us-east-1.s3", RouteTableIds=list(tables), **more,
        )["VpcEndpoint"]["VpcEndpointId"]

    def train(self, name, instances=1, **more):
        """What becomes of a training job."""
        request = {**job_request(name, self.role, self.config, instances), **more}
        self.aws.sm.create_training_job(**{member: value for member, value in request.items() if value is not None})
        job = self.aws.job(name)
        return job["TrainingJobStatus"], job.get("FailureReason")

    def control(self, path, **query):
        asked = "&".join(f"{key}={value}" for key, value in {"account": self.aws.number, **query}.items())
        return self.server.control("GET", f"/_mockplane/{path}?{asked}")

    def explain(self, resource):
        why = self.control(f"explain/{resource}")
        text, page = (self.control(f"explain/{resource}", format=form) for form in ("text", "html"))
        assert text.startswith(f"{why['job']} is ") and page.startswith("<!DOCTYPE html>")
        for fix in why["fixes"]:
            assert all(line in text for line in fix["commands"])
        return why

    def environment(self):
        tools = pathlib.Path(sys.executable).parent
        path = f"{tools}:{environment().get('PATH', '')}"
        return environment(
            PATH=path, AWS_ENDPOINT_URL=self.server.endpoint, AWS_ACCESS_KEY_ID=self.aws.number,
            AWS_SECRET_ACCESS_KEY="any", AWS_DEFAULT_REGION="us-east-1", AWS_EC2_METADATA_DISABLED="true")

    def mend(self, fixes):
        """Runs the commands as they are, in one shell."""
        assert shutil.which("aws", path=self.environment()["PATH"])
        lines = [line for fix in fixes for line in fix["commands"]]
        assert lines and not any("\n" in line for line in lines)
        script = "\n".join(["set -euo pipefail", *lines])
        done = subprocess.run(["bash", "-c", script], env=self.environment(), capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, f"{script}\n{done.stderr}"


def red(why, phase):
    """The hops that decide in a phase, as kind and rule."""
    paths = [path for each in why["phases"] if each["phase"] == phase for path in each["paths"]]
    deciding = [hop for path in paths for hop in path["hops"] if hop["decides"]]
    assert all(hop["verdict"] == "blocked" for hop in deciding)
    return {(hop["kind"], hop["rule"]) for hop in deciding}


def recover(house, name, reason, phase, hop, instances=1, **more):
    """A training job fails for this; its explanation mends it."""
    status, told = house.train(name, instances, **more)
    assert (status, told) == ("Failed", reason) or (status == "Failed" and callable(reason) and reason(told)), told
    why = house.explain(f"training-job/{name}")
    assert why["decidedBy"] == hop[1]
    assert red(why, phase) == {hop}
    assert why["fixes"][0]["rule"] == hop[1]
    house.mend(why["fixes"])
    assert house.train(f"{name}-again", instances, **more)[0] == "Completed"
    return why


def test_the_sealed_room(quick):
    house = House(quick)
    why = recover(house, "sealed", DOWNLOAD, "input", ("route-table", "SM-S3-NOPATH-01"))
    assert [one["subnet"] for one in why["interfaces"]] == [house.subnet] * len(why["interfaces"]) and why["interfaces"]


def test_the_wrong_route_table(quick):
    house = House(quick)
    own = house.table(house.subnet)
    endpoint = house.endpoint(house.main_table())
    why = recover(house, "wrong", DOWNLOAD, "input", ("route-table", "SM-S3-RTB-03"))
    assert why["fixes"][0]["commands"] == [
        f"aws ec2 modify-vpc-endpoint --region us-east-1 --vpc-endpoint-id {endpoint} --add-route-table-ids {own}"]


def test_a_public_subnet_without_internet(quick):
    house = House(quick)
    gateway = house.gateway()
    house.ec2.create_route(RouteTableId=house.main_table(), DestinationCidrBlock=EVERYWHERE, GatewayId=gateway)
    public = house.aws.subnet(house.vpc, "10.0.9.0/24")
    recover(house, "public", DOWNLOAD, "input", ("target", "SM-VPC-ENI-10"))
    # Packages come from the internet: only a NAT gateway in another, public subnet leads there.
    asked = {"from": house.subnet, "groups": house.group, "to": "pypi.org:443"}
    way = house.control("reachability", **asked)
    assert not way["reaches"]
    house.mend(way["fixes"])
    assert house.control("reachability", **asked)["reaches"]
    gateways = house.ec2.describe_nat_gateways()["NatGateways"]
    assert [one["SubnetId"] for one in gateways] == [public]
    assert house.train("after-nat")[0] == "Completed", "the endpoint's route is in the new table too"


def test_a_nat_gateway_in_its_own_shadow(quick):
    house = House(quick)
    house.gateway()
    address = house.ec2.allocate_address(Domain="vpc")["AllocationId"]
    nat = house.ec2.create_nat_gateway(SubnetId=house.subnet, AllocationId=address)["NatGateway"]["NatGatewayId"]
    house.ec2.create_route(RouteTableId=house.main_table(), DestinationCidrBlock=EVERYWHERE, NatGatewayId=nat)
    recover(house, "shadow", DOWNLOAD, "input", ("route-table", "SM-OUT-03"))


def test_half_the_subnets_are_wired(quick):
    house = House(quick)
    wired = house.aws.subnet(house.vpc, "10.0.2.0/24", AvailabilityZone="us-east-1b")
    house.endpoint(house.table(wired))
    house.config["Subnets"] = [wired, house.subnet]
    assert house.train("lucky")[0] == "Completed"
    house.config["Subnets"] = [house.subnet, wired]
    recover(house, "unlucky", DOWNLOAD, "input", ("route-table", "SM-S3-RTB-03"))


def test_a_processing_job_says_it_in_its_own_words(quick):
    house = House(quick)

    def process(name):
        house.aws.sm.create_processing_job(
            ProcessingJobName=name, RoleArn=house.role, AppSpecification={"ImageUri": IMAGE},
            ProcessingInputs=[{"InputName": "in", "S3Input": {
                "S3Uri": "s3://data/in", "LocalPath": "/opt/ml/processing/in", "S3DataType": "S3Prefix",
                "S3InputMode": "File"}}],
            ProcessingResources={"ClusterConfig": {
                "InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 10}},
            NetworkConfig={"VpcConfig": house.config})
        return house.aws.sm.describe_processing_job(ProcessingJobName=name)

    job = process("sealed")
    assert job["ProcessingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith("ClientError: Failed to download data. ListObjectsV2 failed for s3://data/in")
    why = house.explain("processing-job/sealed")
    assert red(why, "input") == {("route-table", "SM-S3-NOPATH-01")}
    house.mend(why["fixes"])
    assert process("again")["ProcessingJobStatus"] == "Completed"


def test_model_data_out_of_reach(quick):
    house = House(quick)
    second = house.aws.subnet(house.vpc, "10.0.2.0/24", AvailabilityZone="us-east-1b")
    house.config["Subnets"] = [house.subnet, second]
    sm = house.aws.sm
    sm.create_model(ModelName="m", ExecutionRoleArn=house.role, VpcConfig=house.config, PrimaryContainer={
        "Image": IMAGE, "ModelDataUrl": "s3://models/model.tar.gz"})
    sm.create_endpoint_config(EndpointConfigName="c", ProductionVariants=[{
        "VariantName": "v", "ModelName": "m", "InstanceType": "ml.m5.large", "InitialInstanceCount": 2}])

    def host(name):
        sm.create_endpoint(EndpointName=name, EndpointConfigName="c")
        endpoint = sm.describe_endpoint(EndpointName=name)
        return endpoint["EndpointStatus"], endpoint.get("FailureReason", "")

    status, reason = host("e")
    assert status == "Failed"
    assert reason.startswith('Failed to download model data from URL "s3://models/model.tar.gz". Please ensure')
    why = house.explain("endpoint/e")
    assert red(why, "input") == {("route-table", "SM-S3-NOPATH-01")}
    house.mend(why["fixes"])
    assert host("again")[0] == "InService"


def test_two_nodes_that_do_not_talk(quick):
    house = House(quick)
    house.endpoint(house.main_table())
    status, reason = house.train("two", instances=2)
    assert status == "Failed" and "Cannot connect to host algo-2" in reason
    why = house.explain("training-job/two")
    assert why["decidedBy"] == "SM-SG-SELF-01"
    house.mend(why["fixes"])
    assert house.train("two-again", instances=2)[0] == "Completed"


DENY_ONLY = json.dumps({"Statement": [{
    "Sid": "AmazonLinuxAMIRepositoryAccess", "Principal": "*", "Action": ["s3:GetObject"], "Effect": "Deny",
    "Resource": ["arn:aws:s3:::packages.*.amazonaws.com/*", "arn:aws:s3:::repo.*.amazonaws.com/*"]}]})


def test_a_locked_endpoint_policy(quick):
    house = House(quick)
    house.endpoint(house.main_table(), PolicyDocument=DENY_ONLY)

    def denied(reason):
        return reason.startswith("ClientError: Data download failed:") and "AccessDenied" in reason

    recover(house, "locked", denied, "input", ("endpoint-policy", "SM-S3-REPO-12"))


def test_a_bucket_that_knows_another_endpoint(quick):
    house = House(quick)
    s3 = house.aws.client("s3", s3={"addressing_style": "path"})
    # No other account has buckets of these names: a name that only one account has means that one's to all.
    s3.create_bucket(Bucket="guarded-data")
    s3.create_bucket(Bucket="guarded-output")
    s3.put_object(Bucket="guarded-data", Key="train/part-0", Body=b"1")
    house.endpoint(house.main_table())
    s3.put_bucket_policy(Bucket="guarded-data", Policy=json.dumps({"Version": "2012-10-17", "Statement": [{
        "Sid": "OnlyFromVpc", "Effect": "Deny", "Principal": "*", "Action": ["s3:GetObject", "s3:ListBucket"],
        "Resource": ["arn:aws:s3:::guarded-data", "arn:aws:s3:::guarded-data/*"],
        "Condition": {"StringNotEquals": {"aws:SourceVpce": "vpce-0123456789abcdef0"}}}]}))
    request = job_request("x", house.role)
    request["InputDataConfig"][0]["DataSource"]["S3DataSource"]["S3Uri"] = "s3://guarded-data/train"

    def denied(reason):
        return reason.startswith("ClientError: Data download failed:") and "AccessDenied" in reason

    recover(house, "bucket", denied, "input", ("bucket-policy", "SM-S3-BKT-07"),
            InputDataConfig=request["InputDataConfig"], OutputDataConfig={"S3OutputPath": "s3://guarded-output/models"})


def test_dhcp_without_a_domain_name(quick):
    house = House(quick)
    house.endpoint(house.main_table())
    options = house.ec2.create_dhcp_options(DhcpConfigurations=[
        {"Key": "domain-name-servers", "Values": ["10.0.0.2"]}])["DhcpOptions"]["DhcpOptionsId"]
    house.ec2.associate_dhcp_options(DhcpOptionsId=options, VpcId=house.vpc)
    status, reason = house.train("dhcp")
    assert status == "Failed"
    assert reason.startswith("ClientError: expected DHCP options to include keys domain-name-servers and domain-name")
    why = house.explain("training-job/dhcp")
    assert why["decidedBy"] == "SM-F-DHCP"
    house.mend(why["fixes"])
    assert house.train("dhcp-again")[0] == "Completed"


@pytest.mark.parametrize("service", ["sagemaker.api", "sts", "logs"])
def test_a_closed_vpc_without_interface_endpoints(quick, service):
    house = House(quick)
    asked = {"from": house.subnet, "groups": house.group, "to": f"service:{service}"}
    way = house.control("reachability", **asked)
    deciding = [(hop["kind"], hop["rule"]) for hop in way["path"]["hops"] if hop["decides"]]
    assert not way["reaches"] and [rule for _, rule in deciding] == ["EC2-VPCE-NEED"]
    house.mend(way["fixes"])
    assert house.control("reachability", **asked)["reaches"]


def test_an_endpoint_whose_group_lets_nobody_in(quick):
    house = House(quick)
    for attribute in ("EnableDnsSupport", "EnableDnsHostnames"):
        house.ec2.modify_vpc_attribute(VpcId=house.vpc, **{attribute: {"Value": True}})
    closed = house.aws.group(house.vpc, "closed")
    house.ec2.create_vpc_endpoint(
        VpcId=house.vpc, VpcEndpointType="Interface", ServiceName="com.amazonaws.us-east-1.sts",
        SubnetIds=[house.subnet], SecurityGroupIds=[closed], PrivateDnsEnabled=True)
    asked = {"from": house.subnet, "groups": house.group, "to": "service:sts"}
    way = house.control("reachability", **asked)
    assert [hop["rule"] for hop in way["path"]["hops"] if hop["decides"]] == ["EC2-VPCE-SG"]
    house.mend(way["fixes"])
    assert house.control("reachability", **asked)["reaches"]


def test_the_upload_fails_at_the_end(quick):
    house = House(quick)
    status, reason = house.train("upload", InputDataConfig=None)
    assert (status, reason) == ("Failed", UPLOAD)
    why = house.explain("training-job/upload")
    assert red(why, "output") == {("route-table", "SM-S3-NOPATH-01")}
    house.mend(why["fixes"])
    assert house.train("upload-again", InputDataConfig=None)[0] == "Completed"


def test_egress_that_was_tightened(quick):
    house = House(quick)
    house.endpoint(house.main_table())
    house.ec2.revoke_security_group_egress(GroupId=house.group, IpPermissions=[
        {"IpProtocol": "-1", "IpRanges": [{"CidrIp": EVERYWHERE}]}])
    why = recover(house, "tight", DOWNLOAD, "input", ("security-group-egress", "EC2-SG-EVAL"))
    assert "PrefixListId=pl-" in why["fixes"][0]["commands"][0]


def test_egress_of_a_compilation_job(quick):
    house = House(quick)
    house.endpoint(house.main_table())
    house.ec2.revoke_security_group_egress(GroupId=house.group, IpPermissions=[
        {"IpProtocol": "-1", "IpRanges": [{"CidrIp": EVERYWHERE}]}])

    def compile_model(name):
        house.aws.sm.create_compilation_job(
            CompilationJobName=name, RoleArn=house.role, VpcConfig=house.config,
            InputConfig={"S3Uri": "s3://data/model.tar.gz", "Framework": "PYTORCH", "DataInputConfig": "{}"},
            OutputConfig={"S3OutputLocation": "s3://data/out", "TargetDevice": "ml_c5"},
            StoppingCondition={"MaxRuntimeInSeconds": 900})
        return house.aws.sm.describe_compilation_job(CompilationJobName=name)["CompilationJobStatus"]

    assert compile_model("tight") == "FAILED"
    why = house.explain("compilation-job/tight")
    assert why["decidedBy"] == "SM-SG-NEO-06"
    house.mend(why["fixes"])
    # S3 is asked about only once the job gets there.
    if compile_model("second") == "FAILED":
        house.mend(house.explain("compilation-job/second")["fixes"])
        assert compile_model("third") == "COMPLETED"


def test_a_stateless_surprise(quick):
    house = House(quick)
    house.endpoint(house.main_table())
    acl = house.ec2.create_network_acl(VpcId=house.vpc)["NetworkAcl"]["NetworkAclId"]
    house.ec2.create_network_acl_entry(
        NetworkAclId=acl, RuleNumber=100, Protocol="6", RuleAction="allow", Egress=True, CidrBlock=EVERYWHERE,
        PortRange={"From": 443, "To": 443})
    listed = house.ec2.describe_network_acls(Filters=[{"Name": "association.subnet-id", "Values": [house.subnet]}])
    association = next(one["NetworkAclAssociationId"] for one in listed["NetworkAcls"][0]["Associations"]
                       if one["SubnetId"] == house.subnet)
    house.ec2.replace_network_acl_association(AssociationId=association, NetworkAclId=acl)
    recover(house, "stateless", DOWNLOAD, "input", ("network-acl-return", "EC2-NACL-EVAL"))


def test_one_route_for_each_list(quick):
    house = House(quick)
    endpoint = house.endpoint(house.main_table())
    private = house.table(house.subnet)
    with pytest.raises(ClientError) as caught:
        house.endpoint(house.main_table(), private)
    answer = caught.value.response
    assert answer["Error"]["Code"] == "RouteAlreadyExists"
    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    assert headers["x-mockplane-rule"] == "EC2-VPCE-DUP-RT"
    with urllib.request.urlopen(headers["x-mockplane-explain"], timeout=20) as told:
        why = json.load(told)
    assert why["refusal"]["request"] == answer["ResponseMetadata"]["RequestId"]
    assert endpoint in why["fixes"][0]["words"]
    house.mend(why["fixes"])
    assert house.train("shared")[0] == "Completed"


def test_a_role_without_rights(quick):
    house = House(quick)
    house.endpoint(house.main_table())
    house.aws.iam.put_role_policy(RoleName="trainer", PolicyName="vpc", PolicyDocument=json.dumps({
        "Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": ["ec2:Describe*"], "Resource": "*"},
            {"Effect": "Deny", "Action": "ec2:CreateNetworkInterface", "Resource": "*"}]}))
    # The call looks at the data as the role.
    why = refused_training(house, "no-data")
    assert why["decidedBy"] == "SM-F-S3-EMPTY" and red(why, "create") == {("role-policy", "SM-F-S3-DENIED")}
    assert "SM-ROLE-9-01" in why["wouldHaveFailedNext"]
    house.mend(why["fixes"])
    assert house.train("rights")[0] == "Completed", "what would have failed next was mended too"


def refused_training(house, name):
    """Why a call was refused, by the header of its answer."""
    with pytest.raises(ClientError) as caught:
        house.train(name)
    url = caught.value.response["ResponseMetadata"]["HTTPHeaders"]["x-mockplane-explain"]
    with urllib.request.urlopen(url, timeout=20) as told:
        return json.load(told)


def test_nobody_may_assume_the_role(quick):
    house = House(quick)
    house.endpoint(house.main_table())
    trust = {"Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}}
    house.aws.iam.update_assume_role_policy(RoleName="trainer", PolicyDocument=json.dumps(trust))
    why = refused_training(house, "distrust")
    assert why["decidedBy"] == "SM-ROLE-TRUST-07" and why["status"] == "Refused"
    assert [phase["phase"] for phase in why["phases"]][-1] == "output", "what comes later is told too"
    house.mend(why["fixes"])
    assert house.train("trusted")[0] == "Completed"


def test_dedicated_by_decree(quick):
    house = House(quick)
    house.vpc = house.aws.vpc(InstanceTenancy="dedicated")
    house.subnet, house.group = house.aws.subnet(house.vpc), house.aws.group(house.vpc)
    house.config = {"Subnets": [house.subnet], "SecurityGroupIds": [house.group]}
    house.endpoint(house.main_table())
    why = refused_training(house, "dedicated")
    assert why["decidedBy"] == "SM-VPC-TENANCY-01"
    house.mend(why["fixes"])
    assert house.train("shared-hardware")[0] == "Completed"


def test_preflight_says_before_what_would_be_said_after(quick, tmp_path):
    house = House(quick)
    file, page = tmp_path / "job.json", tmp_path / "why.html"
    file.write_text(json.dumps(job_request("planned", house.role, house.config, 1)))

    def preflight(*more):
        asked = [binary(), "preflight", str(file), "--endpoint", quick.endpoint, "--account", house.aws.number, *more]
        return subprocess.run(asked, capture_output=True, text=True, timeout=60, env=environment())

    told = preflight("--json", "--html", str(page))
    assert told.returncode == 1, told.stderr
    ahead = json.loads(told.stdout)
    assert not ahead["wouldComplete"] and ahead["decidedBy"] == "SM-S3-NOPATH-01"
    assert "http-equiv=\"Content-Security-Policy\"" in page.read_text()
    with pytest.raises(ClientError):
        house.aws.job("planned")
    assert house.aws.interfaces() == [], "nothing was made"
    house.mend(ahead["fixes"])
    done = preflight()
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "training-job/planned would complete")
    assert house.train("planned")[0] == "Completed"
    file.write_text("{}")
    assert preflight().returncode == 2
