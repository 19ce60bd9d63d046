"""The part of the matrix that is about ways out of a VPC: to S3, to what is outside, and who may pass.

Each row is a network, made the way its rule names it, and what becomes of a job of each kind in it: the words of its kind,
and the rule that decides. Where the guide's page of a kind is silent, the row leaves the kind out.
"""

import dataclasses
import gzip
import json
import types
import typing

import pytest
from mockplane import Account, Server
from test_failures import EVERYWHERE, IMAGE, NO_WAY

JOBS = ("training", "processing", "transform", "compilation")
KINDS = (*JOBS, "hosting")
ALL = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": EVERYWHERE}]}]
# What the guide's pages have: a policy for hosting, one for buckets, and statements against package repositories.
SEVEN = ["GetObject", "PutObject", "ListBucket", "GetBucketLocation", "DeleteObject", "ListMultipartUploadParts",
         "AbortMultipartUpload"]
REPOSITORIES = [
    {"Sid": "AmazonLinuxAMIRepositoryAccess", "Principal": "*", "Action": ["s3:GetObject"], "Effect": "Deny",
     "Resource": ["arn:aws:s3:::packages.*.amazonaws.com/*", "arn:aws:s3:::repo.*.amazonaws.com/*"]},
    {"Sid": "AmazonLinux2AMIRepositoryAccess", "Principal": "*", "Action": ["s3:GetObject"], "Effect": "Deny",
     "Resource": ["arn:aws:s3:::amazonlinux.*.amazonaws.com/*"]},
]
FULL = {"Version": "2008-10-17", "Statement": [
    {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]}


@pytest.fixture(scope="module")
def quick():
    """A server where everything happens at once."""
    with Server("--profile", "instant") as running:
        yield running
        assert "panicked at" not in running.log_text()


class Place:
    """A VPC without a way out, with two subnets in two zones and a group whose members reach each other and all else."""

    def __init__(self, server):
        self.aws = Account(server)
        self.server, self.ec2, self.sm = server, self.aws.ec2, self.aws.sm
        self.s3 = self.aws.client("s3", s3={"addressing_style": "path"})
        self.role = self.aws.role()
        self.vpc = self.aws.vpc()
        self.subnets = [self.aws.subnet(self.vpc, f"10.0.{n}.0/24", AvailabilityZone=f"us-east-1{zone}")
                        for n, zone in ((1, "a"), (2, "b"))]
        self.group = self.aws.group(self.vpc)
        self.ec2.authorize_security_group_ingress(GroupId=self.group, IpPermissions=[
            {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": self.group}]}])
        self.config = {"Subnets": self.subnets, "SecurityGroupIds": [self.group]}
        self.bucket = f"data-{self.aws.number}"

    # === The network ===

    def main_table(self):
        filters = [{"Name": "vpc-id", "Values": [self.vpc]}, {"Name": "association.main", "Values": ["true"]}]
        return self.ec2.describe_route_tables(Filters=filters)["RouteTables"][0]["RouteTableId"]

    def table(self, *subnets):
        table = self.ec2.create_route_table(VpcId=self.vpc)["RouteTable"]["RouteTableId"]
        for subnet in subnets:
            self.ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
        return table

    def endpoint(self, *tables, **policy):
        more = {"PolicyDocument": json.dumps(policy["policy"])} if policy else {}
        return self.aws.s3_endpoint(self.vpc, *tables, **more)

    def gateway(self):
        gateway = self.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        self.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=self.vpc)
        return gateway

    def out(self, table, **target):
        self.ec2.create_route(RouteTableId=table, DestinationCidrBlock=EVERYWHERE, **target)

    def nat(self):
        """A NAT gateway in a public subnet of its own, and the way of the others to it."""
        public = self.aws.subnet(self.vpc, "10.0.9.0/24", AvailabilityZone="us-east-1a")
        self.out(self.table(public), GatewayId=self.gateway())
        address = self.ec2.allocate_address(Domain="vpc")["AllocationId"]
        nat = self.ec2.create_nat_gateway(SubnetId=public, AllocationId=address)["NatGateway"]["NatGatewayId"]
        self.out(self.main_table(), NatGatewayId=nat)

    def closed(self, *kept):
        """Leaves the group these ways out only."""
        self.ec2.revoke_security_group_egress(GroupId=self.group, IpPermissions=ALL)
        if kept:
            self.ec2.authorize_security_group_egress(GroupId=self.group, IpPermissions=list(kept))

    def own_blocks(self):
        return {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "10.0.0.0/16"}]}

    def data(self, condition):
        """Data in a bucket that refuses GetObject where the condition holds."""
        self.s3.create_bucket(Bucket=self.bucket)
        for key in ("in/part-0", "model.tar.gz"):
            self.s3.put_object(Bucket=self.bucket, Key=key, Body=b"1")
        self.s3.put_bucket_policy(Bucket=self.bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [{
            "Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Condition": condition,
            "Resource": [f"arn:aws:s3:::{self.bucket}", f"arn:aws:s3:::{self.bucket}/*"]}]}))

    def connects(self, *targets):
        """What containers do from now on."""
        self.server.control("POST", f"/_mockplane/behaviours?account={self.aws.number}", {
            "behaviours": [{"connects": [{"to": target} for target in targets]}]})

    # === Jobs ===

    def run(self, kind, name, role=None):
        """A job of this kind; what becomes of it, and the rule that decides if it fails."""
        told, resource = getattr(self, f"_{kind}")(name, role or self.role)
        status = next(value for key, value in told.items() if key in (
            "TrainingJobStatus", "ProcessingJobStatus", "TransformJobStatus", "CompilationJobStatus", "EndpointStatus"))
        rule = None
        if status.lower() == "failed":
            path = f"/_mockplane/explain/{resource}?account={self.aws.number}"
            rule = self.server.control("GET", path)["decidedBy"]
        return types.SimpleNamespace(status=status, reason=told.get("FailureReason") or None, rule=rule, told=told)

    def _training(self, name, role):
        self.sm.create_training_job(
            TrainingJobName=name, RoleArn=role, VpcConfig=self.config,
            AlgorithmSpecification={"TrainingImage": IMAGE, "TrainingInputMode": "File"},
            InputDataConfig=[{"ChannelName": "train", "DataSource": {"S3DataSource": {
                "S3DataType": "S3Prefix", "S3Uri": f"s3://{self.bucket}/in"}}}],
            OutputDataConfig={"S3OutputPath": f"s3://{self.bucket}/out"},
            ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 10},
            StoppingCondition={"MaxRuntimeInSeconds": 3600})
        return self.sm.describe_training_job(TrainingJobName=name), f"training-job/{name}"

    def _processing(self, name, role):
        self.sm.create_processing_job(
            ProcessingJobName=name, RoleArn=role, NetworkConfig={"VpcConfig": self.config},
            AppSpecification={"ImageUri": IMAGE},
            ProcessingInputs=[{"InputName": "in", "S3Input": {
                "S3Uri": f"s3://{self.bucket}/in", "LocalPath": "/opt/ml/processing/in", "S3DataType": "S3Prefix",
                "S3InputMode": "File"}}],
            ProcessingResources={"ClusterConfig": {
                "InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 10}})
        return self.sm.describe_processing_job(ProcessingJobName=name), f"processing-job/{name}"

    def _model(self, name, role):
        self.sm.create_model(ModelName=name, ExecutionRoleArn=role, VpcConfig=self.config, PrimaryContainer={
            "Image": IMAGE, "ModelDataUrl": f"s3://{self.bucket}/model.tar.gz"})

    def _transform(self, name, role):
        self._model(name, role)
        self.sm.create_transform_job(
            TransformJobName=name, ModelName=name,
            TransformInput={"DataSource": {"S3DataSource": {
                "S3DataType": "S3Prefix", "S3Uri": f"s3://{self.bucket}/in"}}},
            TransformOutput={"S3OutputPath": f"s3://{self.bucket}/out"},
            TransformResources={"InstanceType": "ml.m5.large", "InstanceCount": 1})
        return self.sm.describe_transform_job(TransformJobName=name), f"transform-job/{name}"

    def _compilation(self, name, role):
        self.sm.create_compilation_job(
            CompilationJobName=name, RoleArn=role, VpcConfig=self.config,
            InputConfig={"S3Uri": f"s3://{self.bucket}/model.tar.gz", "Framework": "PYTORCH"},
            OutputConfig={"S3OutputLocation": f"s3://{self.bucket}/out", "TargetDevice": "ml_c5"},
            StoppingCondition={"MaxRuntimeInSeconds": 900})
        return self.sm.describe_compilation_job(CompilationJobName=name), f"compilation-job/{name}"

    def _hosting(self, name, role):
        self._model(name, role)
        self.sm.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[{
            "VariantName": "v", "ModelName": name, "InstanceType": "ml.m5.large", "InitialInstanceCount": 2}])
        self.sm.create_endpoint(EndpointName=name, EndpointConfigName=name)
        return self.sm.describe_endpoint(EndpointName=name), f"endpoint/{name}"


# === What is said, in the words of each kind ===

def no_way(kind, place):
    return {
        "training": f"ClientError: Data download failed:{NO_WAY}",
        "processing": f"ClientError: Failed to download data. ListObjectsV2 failed for s3://{place.bucket}/in "
                      "nextToken:[null]: Unable to execute request to S3",
        "transform": "ClientError: See job logs for more information",
        "compilation": f"ClientError: InputConfiguration: {NO_WAY}",
        "hosting": f'Failed to download model data from URL "s3://{place.bucket}/model.tar.gz". Please ensure that an S3 '
                   "VPC endpoint exists in route table or NAT gateway for the VPC mode and the URL is reachable from "
                   "within the subnets provided.",
    }[kind]


def denied(kind, place):
    return {
        "training": f"ClientError: Data download failed:Unable to download object s3://{place.bucket}/in/part-0 "
                    "(AccessDenied: Access Denied)",
        "processing": f"ClientError: Failed to download data. ListObjectsV2 failed for s3://{place.bucket}/in "
                      "nextToken:[null]: Access Denied (Service: Amazon S3; Status Code: 403; Error Code: AccessDenied)",
        "transform": "ClientError: See job logs for more information",
        "compilation": f"ClientError: InputConfiguration: S3 object does not exist. Bucket: {place.bucket}, "
                       "Key: model.tar.gz",
        "hosting": 'Failed to download model data for container "container_1" from URL: '
                   f'"s3://{place.bucket}/model.tar.gz". Please ensure that there is an object located at the URL and '
                   "that the role passed to CreateModel has permissions to download the object.",
    }[kind]


def container(said):
    """A container that ends like this, in the words of each kind."""
    def told(kind, place):
        return {
            "training": f"AlgorithmError: {said}, exit code: 1",
            "processing": "AlgorithmError: See job logs for more information",
            "transform": "ClientError: See job logs for more information",
            "hosting": "The primary container for production variant v did not pass the ping health check. Please check "
                       "CloudWatch logs for this endpoint.",
        }[kind]
    return told


TIMEOUT = container("Connect timeout on packages.example.com port 443")
FORBIDDEN = container("HTTP 403 Forbidden from packages.us-east-1.amazonaws.com")


def completes(kind, place):
    return None


@dataclasses.dataclass(frozen=True)
class Row:
    rule: str                                 # of the matrix
    arrange: typing.Callable                  # what the place has of it
    outcome: typing.Callable = completes      # the reason of a failure, or none
    decides: str | None = None                # the rule that decides
    kinds: tuple = KINDS


def other_table(place):
    place.endpoint(place.main_table())
    place.table(*place.subnets)


def shadow(place):
    """A NAT gateway among those that it is to serve."""
    table = place.main_table()
    place.gateway()
    address = place.ec2.allocate_address(Domain="vpc")["AllocationId"]
    nat = place.ec2.create_nat_gateway(SubnetId=place.subnets[0], AllocationId=address)["NatGateway"]["NatGatewayId"]
    place.out(table, NatGatewayId=nat)


def bucket_for(own):
    def arrange(place):
        endpoint = place.endpoint()
        place.data({"StringNotEquals": {"aws:SourceVpce": [endpoint if own else "vpce-01234567890123456"]}})
    return arrange


def repositories(*statements):
    def arrange(place):
        place.endpoint(policy={"Statement": [FULL["Statement"][0], *statements]})
        place.connects("repository:amazonlinux", "repository:amazonlinux2")
    return arrange


def no_names(place):
    place.endpoint()
    place.ec2.modify_vpc_attribute(VpcId=place.vpc, EnableDnsSupport={"Value": False})


def nobody_s_resolver(place):
    place.endpoint()
    options = place.ec2.create_dhcp_options(DhcpConfigurations=[
        {"Key": "domain-name", "Values": ["example.com"]},
        {"Key": "domain-name-servers", "Values": ["10.0.0.77"]}])["DhcpOptions"]["DhcpOptionsId"]
    place.ec2.associate_dhcp_options(DhcpOptionsId=options, VpcId=place.vpc)


def stateless(place):
    """Requests get out and answers do not get in."""
    place.endpoint()
    acl = place.ec2.create_network_acl(VpcId=place.vpc)["NetworkAcl"]["NetworkAclId"]
    place.ec2.create_network_acl_entry(
        NetworkAclId=acl, RuleNumber=100, Protocol="6", RuleAction="allow", Egress=True, CidrBlock=EVERYWHERE,
        PortRange={"From": 443, "To": 443})
    listed = place.ec2.describe_network_acls(Filters=[{"Name": "association.subnet-id", "Values": place.subnets}])
    for one in listed["NetworkAcls"][0]["Associations"]:
        place.ec2.replace_network_acl_association(
            AssociationId=one["NetworkAclAssociationId"], NetworkAclId=acl)


def through_the_list(place):
    place.endpoint()
    lists = place.ec2.describe_managed_prefix_lists(Filters=[
        {"Name": "prefix-list-name", "Values": ["com.amazonaws.us-east-1.s3"]}])["PrefixLists"]
    place.closed(place.own_blocks(), {
        "IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "PrefixListIds": [{"PrefixListId": lists[0]["PrefixListId"]}]})


def calls(*arrange):
    """A container that calls somebody outside, in a place where its job gets to its data."""
    def arranged(place):
        place.endpoint()
        for one in arrange:
            one(place)
        place.connects("packages.example.com:443")
    return arranged


def service(place):
    """STS through an interface endpoint."""
    place.endpoint()
    for attribute in ("EnableDnsSupport", "EnableDnsHostnames"):
        place.ec2.modify_vpc_attribute(VpcId=place.vpc, **{attribute: {"Value": True}})
    place.ec2.create_vpc_endpoint(
        VpcId=place.vpc, VpcEndpointType="Interface", ServiceName="com.amazonaws.us-east-1.sts",
        SubnetIds=place.subnets, SecurityGroupIds=[place.group], PrivateDnsEnabled=True)
    place.connects("service:sts")


OUTSIDE = ("training", "processing", "transform", "hosting")     # compilation has no such section
ROWS = {
    # Access to S3
    "no-way": Row("SM-S3-NOPATH-01", lambda place: None, no_way, "SM-S3-NOPATH-01"),
    "a-nat-gateway": Row("SM-S3-NOPATH-01", Place.nat),
    "an-internet-gateway-alone": Row(
        "SM-VPC-ENI-10", lambda place: place.out(place.main_table(), GatewayId=place.gateway()), no_way, "SM-VPC-ENI-10"),
    "an-endpoint": Row("SM-S3-GW-02", Place.endpoint),
    "an-endpoint-in-another-table": Row("SM-S3-RTB-03", other_table, no_way, "SM-S3-RTB-03"),
    "an-endpoint-in-this-table": Row("SM-S3-RTB-03", lambda place: place.endpoint(place.table(*place.subnets))),
    "full-access": Row("SM-S3-POL-04", lambda place: place.endpoint(policy=FULL)),
    "a-policy-for-this-bucket": Row("SM-S3-POL-05", lambda place: place.endpoint(policy={"Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": "s3:*",
         "Resource": [f"arn:aws:s3:::{place.bucket}", f"arn:aws:s3:::{place.bucket}/*"]}]})),
    "the-guide-s-policy": Row("SM-S3-POL-06", lambda place: place.endpoint(policy={
        "Version": "2008-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Resource": "*",
                                                "Action": [f"s3:{action}" for action in SEVEN]}]}), kinds=("hosting",)),
    "a-bucket-for-this-endpoint": Row("SM-S3-BKT-07", bucket_for(own=True), kinds=JOBS),
    "a-bucket-for-another-endpoint": Row(
        "SM-S3-BKT-07", bucket_for(own=False), denied, "SM-S3-BKT-07", kinds=JOBS),
    "names-off": Row("SM-S3-DNS-13", no_names, no_way, "SM-S3-DNS-13"),
    "a-resolver-that-nobody-knows": Row("SM-S3-DNS-13", nobody_s_resolver, no_way, "SM-S3-DNS-13"),
    # Package repositories
    "repositories-by-default": Row("SM-S3-REPO-10", repositories(), kinds=OUTSIDE),
    "repositories-denied": Row(
        "SM-S3-REPO-11", repositories(*REPOSITORIES), FORBIDDEN, "SM-S3-REPO-11", kinds=OUTSIDE),
    # Security groups and network ACLs on the way
    "egress-to-s3-only": Row("SM-SG-NEO-06-S3", through_the_list),
    "no-egress-to-s3": Row(
        "SM-SG-NEO-06-S3", lambda place: (place.endpoint(), place.closed(place.own_blocks())), no_way, "EC2-SG-EVAL"),
    "no-egress-to-a-nat-gateway": Row(
        "SM-SG-NAT-07", lambda place: (place.nat(), place.closed(place.own_blocks())), no_way, "SM-SG-NAT-07",
        kinds=OUTSIDE),
    "answers-kept-out": Row("EC2-NACL-EVAL", stateless, no_way, "EC2-NACL-EVAL"),
    "a-nat-gateway-in-its-own-shadow": Row("SM-OUT-03", shadow, no_way, "SM-OUT-03"),
    # Outside
    "no-way-out": Row("SM-OUT-01", calls(), TIMEOUT, "SM-OUT-01", kinds=OUTSIDE),
    "an-interface-endpoint": Row("SM-OUT-02", service, kinds=OUTSIDE),
    "a-nat-gateway-for-containers": Row("SM-OUT-03", calls(Place.nat), kinds=OUTSIDE),
    # Roles
    "a-role-with-full-access": Row("SM-ROLE-FULL-06", Place.endpoint),
}
CASES = [(name, kind) for name, row in ROWS.items() for kind in row.kinds]
DONE = {"hosting": "InService", "compilation": "COMPLETED"}
FAILED = {"compilation": "FAILED"}


@pytest.mark.parametrize("name, kind", CASES, ids=str)
def test_a_way(quick, name, kind):
    row, place = ROWS[name], Place(quick)
    row.arrange(place)
    role = None
    if name == "a-role-with-full-access":
        role = place.aws.iam.create_role(RoleName="full", AssumeRolePolicyDocument=json.dumps({
            "Version": "2012-10-17", "Statement": [{
                "Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}]},
        ))["Role"]["Arn"]
        place.bucket = f"sagemaker-{place.aws.number}"       # the policy is about buckets with such a name
        place.aws.iam.attach_role_policy(RoleName="full", PolicyArn="arn:aws:iam::aws:policy/AmazonSageMakerFullAccess")
    ended = place.run(kind, "job", role)
    reason = row.outcome(kind, place)
    if reason is None:
        assert (ended.status, ended.reason) == (DONE.get(kind, "Completed"), None)
    else:
        assert (ended.status, ended.reason) == (FAILED.get(kind, "Failed"), reason)
        assert ended.rule == row.decides


@pytest.mark.parametrize("kind", KINDS)
def test_a_policy_that_only_denies_keeps_all_out(quick, kind):
    """As the guide's pages print it: nothing is allowed by it."""
    place = Place(quick)
    place.endpoint(policy={"Statement": REPOSITORIES})
    ended = place.run(kind, "job")
    assert ended.status.lower() == "failed" and ended.rule == "SM-S3-REPO-12"
    said = denied(kind, place).replace("/in/part-0", "/in")
    assert ended.reason == said


def test_an_endpoint_s_default_policy_is_full_access(quick):
    place = Place(quick)
    endpoint = place.endpoint()
    [told] = place.ec2.describe_vpc_endpoints(VpcEndpointIds=[endpoint])["VpcEndpoints"]
    assert json.loads(told["PolicyDocument"]) == FULL
    assert (told["VpcEndpointType"], told["ServiceName"]) == ("Gateway", "com.amazonaws.us-east-1.s3")
    [route] = [one for one in place.ec2.describe_route_tables(RouteTableIds=[place.main_table()])["RouteTables"][0]["Routes"]
               if one.get("GatewayId") == endpoint]
    assert route["DestinationPrefixListId"].startswith("pl-")


@pytest.mark.parametrize("kind", KINDS)
def test_flow_logs_show_the_traffic_of_containers(aws, kind):
    """Both ways, of every kind of job."""
    aws.manual_clock()
    place = Place(aws.server)
    place.aws.manual_clock()
    place.endpoint()
    place.s3.create_bucket(Bucket=place.bucket)
    for key in ("in/part-0", "model.tar.gz"):
        place.s3.put_object(Bucket=place.bucket, Key=key, Body=bytes(1 << 20))
    place.s3.create_bucket(Bucket=f"flows-{place.aws.number}")
    made = place.ec2.create_flow_logs(
        ResourceType="VPC", ResourceIds=[place.vpc], TrafficType="ALL", MaxAggregationInterval=60,
        LogDestinationType="s3", LogDestination=f"arn:aws:s3:::flows-{place.aws.number}")
    assert made["Unsuccessful"] == []
    place.run(kind, "job")
    place.aws.advance("2h")
    lines = []
    for one in place.s3.list_objects_v2(Bucket=f"flows-{place.aws.number}").get("Contents", []):
        body = place.s3.get_object(Bucket=f"flows-{place.aws.number}", Key=one["Key"])["Body"].read()
        lines += gzip.decompress(body).decode().splitlines()[1:]
    fields = [line.split(" ") for line in lines]
    own = lambda address: address.startswith("10.0.")  # noqa: E731
    flows = {(own(line[3]), line[12]) for line in fields if line[13] == "OK"}
    assert (True, "ACCEPT") in flows and (False, "ACCEPT") in flows, lines
