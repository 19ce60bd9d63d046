"""VPC endpoints, the services that they lead to, and AWS's own prefix lists, as boto3 sees them."""

import datetime
import json
import re

import pytest
from botocore.exceptions import ClientError

from mockplane import refused

LOST = "vpce-0123456789abcdef0"
S3 = "com.amazonaws.us-east-1.s3"
DYNAMODB = "com.amazonaws.us-east-1.dynamodb"
FULL_ACCESS = '{"Version":"2008-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}'
# The policy that a hosting guide prints for endpoints of S3.
HOSTING = json.dumps({
    "Version": "2008-10-17",
    "Statement": [{
        "Effect": "Allow", "Principal": "*", "Resource": "*",
        "Action": ["s3:GetObject", "s3:PutObject", "s3:ListBucket", "s3:GetBucketLocation", "s3:DeleteObject",
                   "s3:ListMultipartUploadParts", "s3:AbortMultipartUpload"],
    }],
})
# What guides print to keep a package repository out: it denies and allows nothing, and has no Version.
DENY_REPOSITORY = json.dumps({"Statement": [{
    "Sid": "AmazonLinuxAMIRepositoryAccess", "Principal": "*", "Action": ["s3:GetObject"], "Effect": "Deny",
    "Resource": ["arn:aws:s3:::packages.*.amazonaws.com/*", "arn:aws:s3:::repo.*.amazonaws.com/*"],
}]})


def service(name):
    return f"com.amazonaws.us-east-1.{name}"


def main_table(aws, vpc):
    (table,) = aws.ec2.describe_route_tables(Filters=[
        {"Name": "vpc-id", "Values": [vpc]}, {"Name": "association.main", "Values": ["true"]}])["RouteTables"]
    return table["RouteTableId"]


def routes(aws, table):
    (seen,) = aws.ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"]
    return {r["DestinationPrefixListId"]: r for r in seen["Routes"] if "DestinationPrefixListId" in r}


def endpoint(aws, name):
    (seen,) = aws.ec2.describe_vpc_endpoints(VpcEndpointIds=[name])["VpcEndpoints"]
    return seen


def gateway(aws, vpc, **more):
    return aws.ec2.create_vpc_endpoint(VpcId=vpc, **{"ServiceName": S3, **more})["VpcEndpoint"]


def interface(aws, vpc, name="sts", **more):
    return aws.ec2.create_vpc_endpoint(
        VpcId=vpc, VpcEndpointType="Interface", ServiceName=service(name), **more)["VpcEndpoint"]


@pytest.fixture
def vpc(aws):
    return aws.vpc()


@pytest.fixture
def named(aws, vpc):
    """A VPC in which endpoints can have private names."""
    aws.ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    return vpc


@pytest.fixture
def still(aws):
    """The account's clock stands until the test moves it."""
    aws.manual_clock()


# Services

def test_services_of_the_region(aws):
    answer = aws.ec2.describe_vpc_endpoint_services()
    names = answer["ServiceNames"]
    assert names == sorted(names) and names.count(S3) == names.count(DYNAMODB) == 2
    for needed in ("sagemaker.api", "sagemaker.runtime", "sagemaker.runtime-fips", "sts", "logs", "monitoring", "ecr.api",
                   "ecr.dkr", "ec2", "kms", "secretsmanager", "ssm", "ssmmessages", "ec2messages", "elasticfilesystem",
                   "execute-api", "lambda", "sns", "sqs", "states", "events", "athena", "glue", "codeartifact.api"):
        assert names.count(service(needed)) == 1, needed
    assert {"aws.sagemaker.us-east-1.notebook", "aws.sagemaker.us-east-1.studio"} <= set(names)
    (api,) = aws.ec2.describe_vpc_endpoint_services(ServiceNames=[service("sagemaker.api")])["ServiceDetails"]
    assert re.fullmatch(r"vpce-svc-[0-9a-f]{17}", api.pop("ServiceId"))
    assert api == {
        "ServiceName": "com.amazonaws.us-east-1.sagemaker.api",
        "ServiceType": [{"ServiceType": "Interface"}],
        "ServiceRegion": "us-east-1",
        "AvailabilityZones": [f"us-east-1{zone}" for zone in "abcdef"],
        "Owner": "amazon",
        "BaseEndpointDnsNames": ["api.sagemaker.us-east-1.vpce.amazonaws.com"],
        "PrivateDnsName": "api.sagemaker.us-east-1.amazonaws.com",
        "PrivateDnsNames": [{"PrivateDnsName": "api.sagemaker.us-east-1.amazonaws.com"}],
        "VpcEndpointPolicySupported": True,
        "AcceptanceRequired": False,
        "ManagesVpcEndpoints": False,
        "Tags": [],
        "PrivateDnsNameVerificationState": "verified",
        "SupportedIpAddressTypes": ["ipv4"],
    }


def test_services_by_name_filter_and_page(aws):
    def types(**more):
        details = aws.ec2.describe_vpc_endpoint_services(**more)["ServiceDetails"]
        return [d["ServiceType"][0]["ServiceType"] for d in details]

    assert types(ServiceNames=[S3]) == ["Gateway", "Interface"]
    assert types(ServiceNames=[S3], Filters=[{"Name": "service-type", "Values": ["Gateway"]}]) == ["Gateway"]
    with refused("InvalidServiceName", "The Vpc Endpoint Service 'com.amazonaws.us-east-1.x' does not exist"):
        types(ServiceNames=["com.amazonaws.us-east-1.x"])
    with refused("InvalidParameterValue", "The filter 'type' is invalid"):
        types(Filters=[{"Name": "type", "Values": ["Gateway"]}])
    with refused("NotImplemented", status=501):
        types(ServiceRegions=["eu-west-1"])
    every = aws.ec2.describe_vpc_endpoint_services()["ServiceNames"]
    seen, token = [], ""
    while token is not None:
        page = aws.ec2.describe_vpc_endpoint_services(MaxResults=9, NextToken=token)
        assert len(page["ServiceDetails"]) <= 9
        seen += page["ServiceNames"]
        token = page.get("NextToken")
    assert seen == every
    with refused("InvalidNextToken"):
        aws.ec2.describe_vpc_endpoint_services(NextToken="x")


def test_services_of_china(aws):
    names = aws.client("ec2", "cn-north-1").describe_vpc_endpoint_services()["ServiceNames"]
    assert {"com.amazonaws.cn-north-1.s3", "cn.com.amazonaws.cn-north-1.s3", "cn.com.amazonaws.cn-north-1.sts",
            "com.amazonaws.cn-north-1.logs"} <= set(names)


# Prefix lists

def test_prefix_lists_of_services(aws):
    lists = {p["PrefixListName"]: p for p in aws.ec2.describe_prefix_lists()["PrefixLists"]}
    assert {name: p["PrefixListId"] for name, p in lists.items()} == {S3: "pl-63a5400a", DYNAMODB: "pl-02cd2c6b"}
    assert lists[S3]["Cidrs"] == ["54.231.0.0/17"]
    (found,) = aws.ec2.describe_prefix_lists(Filters=[{"Name": "prefix-list-name", "Values": [S3]}])["PrefixLists"]
    assert aws.ec2.describe_prefix_lists(PrefixListIds=["pl-63a5400a"])["PrefixLists"] == [found]
    with refused("InvalidPrefixListID.NotFound"):
        aws.ec2.describe_prefix_lists(PrefixListIds=["pl-00000000"])
    west = aws.client("ec2", "us-west-2").describe_prefix_lists(PrefixListIds=["pl-68a54001"])["PrefixLists"]
    assert west[0]["PrefixListName"] == "com.amazonaws.us-west-2.s3"


# Gateway endpoints

def test_a_gateway_endpoint_routes_at_once(aws, vpc, still):
    table = main_table(aws, vpc)
    made = gateway(aws, vpc, RouteTableIds=[table])
    assert isinstance(made.pop("CreationTimestamp"), datetime.datetime)
    name = made["VpcEndpointId"]
    assert re.fullmatch(r"vpce-[0-9a-f]{17}", name)
    assert made == {
        "VpcEndpointId": name, "VpcEndpointType": "Gateway", "VpcId": vpc, "ServiceName": S3, "State": "available",
        "PolicyDocument": FULL_ACCESS, "RouteTableIds": [table], "SubnetIds": [], "Groups": [],
        "PrivateDnsEnabled": False, "RequesterManaged": False, "NetworkInterfaceIds": [], "DnsEntries": [], "Tags": [],
        "OwnerId": aws.number, "ServiceRegion": "us-east-1",
    }
    seen = endpoint(aws, name)
    assert seen.pop("CreationTimestamp") and seen == made
    route = routes(aws, table)["pl-63a5400a"]
    assert (route["GatewayId"], route["State"], route["Origin"]) == (name, "active", "CreateRoute")
    by_list = [{"Name": "route.destination-prefix-list-id", "Values": ["pl-63a5400a"]}]
    assert [t["RouteTableId"] for t in aws.ec2.describe_route_tables(Filters=by_list)["RouteTables"]] == [table]

    with refused("DependencyViolation", f"The vpc '{vpc}' has dependencies and cannot be deleted."):
        aws.ec2.delete_vpc(VpcId=vpc)
    assert aws.ec2.delete_vpc_endpoints(VpcEndpointIds=[name])["Unsuccessful"] == []
    assert routes(aws, table) == {}
    with refused("InvalidVpcEndpointId.NotFound", f"The Vpc Endpoint Id '{name}' does not exist"):
        endpoint(aws, name)
    aws.ec2.delete_vpc(VpcId=vpc)


def test_one_gateway_endpoint_for_a_service_and_a_table(aws, vpc):
    table = main_table(aws, vpc)
    gateway(aws, vpc, RouteTableIds=[table])
    gateway(aws, vpc, ServiceName=DYNAMODB, RouteTableIds=[table])
    assert set(routes(aws, table)) == {"pl-63a5400a", "pl-02cd2c6b"}
    with refused("RouteAlreadyExists",
                 f"route table {table} already has a route with destination-prefix-list-id pl-63a5400a"):
        gateway(aws, vpc, RouteTableIds=[table])
    spare = gateway(aws, vpc)["VpcEndpointId"]
    with refused("RouteAlreadyExists"):
        aws.ec2.modify_vpc_endpoint(VpcEndpointId=spare, AddRouteTableIds=[table])


def test_tables_are_added_and_removed(aws, vpc):
    table = main_table(aws, vpc)
    name = gateway(aws, vpc)["VpcEndpointId"]
    assert routes(aws, table) == {}
    for _ in range(2):
        assert aws.ec2.modify_vpc_endpoint(VpcEndpointId=name, AddRouteTableIds=[table])["Return"] is True
        assert endpoint(aws, name)["RouteTableIds"] == [table]
    assert list(routes(aws, table)) == ["pl-63a5400a"]
    aws.ec2.modify_vpc_endpoint(VpcEndpointId=name, RemoveRouteTableIds=[table])
    assert endpoint(aws, name)["RouteTableIds"] == [] and routes(aws, table) == {}
    with refused("InvalidParameter"):
        aws.ec2.modify_vpc_endpoint(VpcEndpointId=name, RemoveRouteTableIds=[table])
    with refused("InvalidParameter", lambda m: "belong to different networks" in m):
        aws.ec2.modify_vpc_endpoint(VpcEndpointId=name, AddRouteTableIds=[main_table(aws, aws.vpc())])
    with refused("InvalidRouteTableId.NotFound"):
        aws.ec2.modify_vpc_endpoint(VpcEndpointId=name, AddRouteTableIds=["rtb-0123456789abcdef0"])


def test_policies(aws, vpc):
    name = gateway(aws, vpc, PolicyDocument=HOSTING)["VpcEndpointId"]
    assert endpoint(aws, name)["PolicyDocument"] == HOSTING
    aws.ec2.modify_vpc_endpoint(VpcEndpointId=name, PolicyDocument=DENY_REPOSITORY)
    assert endpoint(aws, name)["PolicyDocument"] == DENY_REPOSITORY
    aws.ec2.modify_vpc_endpoint(VpcEndpointId=name, ResetPolicy=True)
    assert endpoint(aws, name)["PolicyDocument"] == FULL_ACCESS
    for document in ("no JSON", DENY_REPOSITORY + DENY_REPOSITORY):     # pasted as it is printed, one after the other
        with refused("InvalidPolicyDocument",
                     lambda m: re.fullmatch(r"The Policy Document is not valid. Syntax error at position \(1,\d+\)", m)):
            gateway(aws, vpc, PolicyDocument=document)
    for document in ("[]", "{}", '{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'):
        with refused("InvalidPolicyDocument", lambda m: m.startswith("The Policy Document is not valid.")):
            aws.ec2.modify_vpc_endpoint(VpcEndpointId=name, PolicyDocument=document)
    with refused("InvalidPolicyDocument"):
        aws.ec2.modify_vpc_endpoint(VpcEndpointId=name, PolicyDocument=HOSTING + " " * 20_480)
    assert endpoint(aws, name)["PolicyDocument"] == FULL_ACCESS


@pytest.mark.parametrize("given, message", [
    ({"SubnetIds": ["subnet-0123456789abcdef0"]},
     "Subnet IDs are only supported for Interface and GatewayLoadBalancer type VPC Endpoints."),
    ({"SecurityGroupIds": ["sg-0123456789abcdef0"]}, None),
    ({"PrivateDnsEnabled": True}, None),
    ({"DnsOptions": {"PrivateDnsOnlyForInboundResolverEndpoint": True}},
     "DnsOptions PrivateDnsOnlyForInboundResolverEndpoint is applicable only to Interface VPC Endpoints."),
    ({"ServiceName": service("sagemaker.api")},
     "Endpoint type (Gateway) does not match available service types ([Interface])."),
])
def test_a_gateway_endpoint_is_routes_and_nothing_else(aws, vpc, given, message):
    with refused("InvalidParameter", message):
        gateway(aws, vpc, **given)


@pytest.mark.parametrize("kind", ["GatewayLoadBalancer", "Resource", "ServiceNetwork"])
def test_other_types_say_that_they_are_not_built(aws, vpc, kind):
    with refused("NotImplemented", lambda m: kind in m, status=501):
        gateway(aws, vpc, VpcEndpointType=kind)


# Interface endpoints

def test_an_interface_endpoint_is_pending_and_then_available(aws, named, still):
    subnets = [aws.subnet(named, f"10.0.{n}.0/28", AvailabilityZone=f"us-east-1{zone}") for n, zone in enumerate("ab")]
    group = aws.group(named, "endpoints")
    made = interface(aws, named, "ecr.dkr", SubnetIds=subnets, SecurityGroupIds=[group], TagSpecifications=[
        {"ResourceType": "vpc-endpoint", "Tags": [{"Key": "Name", "Value": "registry"}]}])
    name = made["VpcEndpointId"]
    assert (made["State"], made["PrivateDnsEnabled"], made["IpAddressType"]) == ("pending", True, "ipv4")
    assert made["DnsOptions"] == {"DnsRecordIpType": "ipv4"}
    assert "PolicyDocument" not in made
    assert made["SubnetIds"] == subnets
    assert made["Groups"] == [{"GroupId": group, "GroupName": "endpoints"}]
    assert made["Tags"] == [{"Key": "Name", "Value": "registry"}]
    entries = [(e["DnsName"], e["HostedZoneId"]) for e in made["DnsEntries"]]
    base, zone = entries[0]
    assert re.fullmatch(name + r"-[0-9a-z]{8}\.dkr\.ecr\.us-east-1\.vpce\.amazonaws\.com", base)
    assert [n for n, _ in entries[1:3]] == [base.replace(".dkr", f"-us-east-1{z}.dkr", 1) for z in "ab"]
    assert entries[3:] == [(f"{star}dkr.ecr.us-east-1.amazonaws.com", "ZONEIDPENDING") for star in ("", "*.")]

    for one in aws.interfaces(subnet_id=subnets):
        assert one["NetworkInterfaceId"] in made["NetworkInterfaceIds"]
        assert (one["InterfaceType"], one["Description"]) == ("vpc_endpoint", f"VPC Endpoint Interface {name}")
        assert (one["RequesterManaged"], one["Status"]) == (True, "in-use")
        assert one["Attachment"]["InstanceOwnerId"] == "amazon-aws"
        assert one["Groups"] == made["Groups"]
        with refused("InvalidParameterValue"):
            aws.ec2.delete_network_interface(NetworkInterfaceId=one["NetworkInterfaceId"])
        with refused("OperationNotPermitted", "You are not allowed to manage 'ela-attach' attachments."):
            aws.ec2.detach_network_interface(AttachmentId=one["Attachment"]["AttachmentId"])
    assert [aws.free(s) for s in subnets] == [10, 10]

    aws.advance("2s")
    seen = endpoint(aws, name)
    assert seen["State"] == "available"
    assert json.loads(seen["PolicyDocument"])["Statement"][0]["Effect"] == "Allow"
    assert {e["HostedZoneId"] for e in seen["DnsEntries"][:3]} == {zone}
    assert "ZONEIDPENDING" not in {e["HostedZoneId"] for e in seen["DnsEntries"]}


def test_without_groups_it_carries_the_default_group(aws, named):
    made = interface(aws, named, SubnetIds=[aws.subnet(named)])
    assert [g["GroupName"] for g in made["Groups"]] == ["default"]


def test_private_names_need_dns_hostnames(aws, vpc):
    message = ("Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true "
               f"for {vpc}")
    with refused("InvalidParameter", message):
        interface(aws, vpc)
    made = interface(aws, vpc, PrivateDnsEnabled=False)
    assert len(made["DnsEntries"]) == 1
    aws.ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    aws.ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsSupport={"Value": False})
    with refused("InvalidParameter", message):
        interface(aws, vpc)
    aws.ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsSupport={"Value": True})
    interface(aws, vpc)


def test_one_endpoint_has_the_names(aws, named):
    interface(aws, named)
    with refused("InvalidParameter",
                 "private-dns-enabled cannot be set because there is already a conflicting DNS domain for "
                 f"sts.us-east-1.amazonaws.com in the VPC {named}"):
        interface(aws, named)
    interface(aws, named, PrivateDnsEnabled=False)
    interface(aws, named, "logs")
    with refused("InvalidParameter",
                 f"Private DNS can't be enabled because the service {DYNAMODB} does not provide a private DNS name."):
        interface(aws, named, "dynamodb", PrivateDnsEnabled=True)
    assert interface(aws, named, "dynamodb")["PrivateDnsEnabled"] is False


def test_names_of_s3_are_left_to_a_gateway_endpoint(aws, named):
    with refused("InvalidParameter",
                 f"To set PrivateDnsOnlyForInboundResolverEndpoint to true, the VPC {named} must have a Gateway endpoint "
                 "for the service."):
        interface(aws, named, "s3", PrivateDnsEnabled=True)
    gateway(aws, named)
    made = interface(aws, named, "s3", PrivateDnsEnabled=True)
    assert made["DnsOptions"] == {"DnsRecordIpType": "ipv4", "PrivateDnsOnlyForInboundResolverEndpoint": True}
    assert made["DnsEntries"][0]["DnsName"].startswith("*.vpce-")
    with refused("InvalidParameter", "PrivateDnsOnlyForInboundResolverEndpoint not supported for this service."):
        interface(aws, named, DnsOptions={"PrivateDnsOnlyForInboundResolverEndpoint": False})


def test_one_subnet_in_each_zone_that_the_service_is_in(aws, named):
    one, two = (aws.subnet(named, f"10.0.{n}.0/24", AvailabilityZone="us-east-1a") for n in (1, 2))
    with refused("DuplicateSubnetsInSameZone",
                 f"Found another VPC endpoint subnet in the availability zone of {two}. VPC endpoint subnets should be in "
                 "different availability zones supported by the VPC endpoint service."):
        interface(aws, named, SubnetIds=[one, two])
    old = aws.subnet(named, "10.0.3.0/24", AvailabilityZone="us-east-1e")
    name = service("comprehend")
    (found,) = aws.ec2.describe_vpc_endpoint_services(ServiceNames=[name])["ServiceDetails"]
    assert "us-east-1e" not in found["AvailabilityZones"]
    with refused("InvalidParameter",
                 f"The VPC endpoint service {name} does not support the availability zone of the subnet: {old}."):
        interface(aws, named, "comprehend", SubnetIds=[old])
    with refused("InvalidSubnetId.Malformed",
                 "Invalid Subnet Id: 'x' (expecting 'subnet-...; the Id may only contain lowercase alphanumeric "
                 "characters and a single dash')"):
        interface(aws, named, SubnetIds=["x"])
    with refused("InvalidSubnetId.NotFound"):
        interface(aws, named, SubnetIds=["subnet-0123456789abcdef0"])
    elsewhere = aws.vpc()
    with refused("InvalidParameter"):
        interface(aws, named, SubnetIds=[aws.subnet(elsewhere)])
    with refused("InvalidGroup.NotFound"):
        interface(aws, named, SubnetIds=[one], SecurityGroupIds=[aws.group(elsewhere)])
    with refused("InvalidParameter", "Route table IDs are only supported for Gateway type VPC Endpoint."):
        interface(aws, named, RouteTableIds=[main_table(aws, named)])
    assert aws.ec2.describe_vpc_endpoints()["VpcEndpoints"] == [] and aws.interfaces() == []


def test_addresses_can_be_chosen(aws, named):
    subnet = aws.subnet(named, "10.0.1.0/24")
    made = interface(aws, named, SubnetIds=[subnet], SubnetConfigurations=[{"SubnetId": subnet, "Ipv4": "10.0.1.77"}])
    (one,) = aws.interfaces(subnet_id=subnet)
    assert one["PrivateIpAddress"] == "10.0.1.77" and made["NetworkInterfaceIds"] == [one["NetworkInterfaceId"]]
    with refused("InvalidIPAddress.InUse"):
        interface(aws, named, "logs", SubnetIds=[subnet], SubnetConfigurations=[{"SubnetId": subnet, "Ipv4": "10.0.1.77"}])
    with refused("NotImplemented", status=501):
        interface(aws, named, "logs", IpAddressType="dualstack")


def test_one_change_at_a_time(aws, named, still):
    a, b = (aws.subnet(named, f"10.0.{n}.0/28", AvailabilityZone=f"us-east-1{zone}") for n, zone in enumerate("ab"))
    name = interface(aws, named, SubnetIds=[a], PrivateDnsEnabled=False)["VpcEndpointId"]
    (default,) = [g["GroupId"] for g in endpoint(aws, name)["Groups"]]
    group = aws.group(named, "endpoints")

    def modify(**change):
        assert aws.ec2.modify_vpc_endpoint(VpcEndpointId=name, **change)["Return"] is True
        seen = endpoint(aws, name)
        assert seen["State"] == "pending"
        with refused("OperationInProgress", "VpcEndpoint modify operation in progress"):
            aws.ec2.modify_vpc_endpoint(VpcEndpointId=name, **change)
        aws.advance("2s")
        assert endpoint(aws, name)["State"] == "available"
        return seen

    aws.advance("2s")
    assert modify(AddSubnetIds=[b])["SubnetIds"] == [a, b]
    assert modify(RemoveSubnetIds=[a])["SubnetIds"] == [b]
    assert (aws.free(a), aws.free(b)) == (11, 10)
    assert [g["GroupId"] for g in modify(AddSecurityGroupIds=[group])["Groups"]] == [default, group]
    assert [g["GroupId"] for g in modify(RemoveSecurityGroupIds=[default])["Groups"]] == [group]
    assert [g["GroupId"] for one in aws.interfaces(subnet_id=b) for g in one["Groups"]] == [group]
    assert modify(PrivateDnsEnabled=True)["DnsEntries"][-1]["DnsName"] == "sts.us-east-1.amazonaws.com"
    assert modify(DnsOptions={"DnsRecordIpType": "service-defined"})["DnsOptions"]["DnsRecordIpType"] == "service-defined"
    assert modify(PolicyDocument=DENY_REPOSITORY)["PolicyDocument"] == DENY_REPOSITORY
    with refused("InvalidParameter"):
        aws.ec2.modify_vpc_endpoint(VpcEndpointId=name, RemoveSecurityGroupIds=[group])
    with refused("InvalidParameter"):
        aws.ec2.modify_vpc_endpoint(VpcEndpointId=name, RemoveSubnetIds=[a])


# Describe, delete, general

def test_filters_and_pages(aws, named):
    first, second = gateway(aws, named)["VpcEndpointId"], gateway(aws, named, ServiceName=DYNAMODB)["VpcEndpointId"]
    third = interface(aws, named)["VpcEndpointId"]
    aws.ec2.create_tags(Resources=[third], Tags=[{"Key": "team", "Value": "a"}])

    def found(**filters):
        listed = [{"Name": k.replace("_", "-"), "Values": [v]} for k, v in filters.items()]
        return {e["VpcEndpointId"] for e in aws.ec2.describe_vpc_endpoints(Filters=listed)["VpcEndpoints"]}

    assert found() == found(vpc_id=named) == found(service_region="us-east-1") == {first, second, third}
    assert found(service_name=S3) == found(vpc_endpoint_id=first) == {first}
    assert found(vpc_endpoint_type="Gateway") == {first, second}
    assert found(ip_address_type="ipv4") == found(tag_key="team") == found(**{"tag:team": "a"}) == {third}
    assert found(vpc_endpoint_state="deleted") == found(vpc_id="vpc-0123456789abcdef0") == set()
    pages = aws.ec2.get_paginator("describe_vpc_endpoints").paginate(PaginationConfig={"PageSize": 1})
    assert [len(page["VpcEndpoints"]) for page in pages] == [1, 1, 1]
    assert len(aws.ec2.describe_vpc_endpoints(MaxResults=10_000)["VpcEndpoints"]) == 3
    with refused("InvalidParameterValue", "The filter 'state' is invalid"):
        found(state="available")


def test_a_delete_tells_what_it_could_not_do(aws, vpc):
    name = gateway(aws, vpc)["VpcEndpointId"]
    answer = aws.ec2.delete_vpc_endpoints(VpcEndpointIds=[LOST, name])
    assert answer["Unsuccessful"] == [{
        "Error": {"Code": "InvalidVpcEndpointId.NotFound", "Message": f"The Vpc Endpoint Id '{LOST}' does not exist"},
        "ResourceId": LOST,
    }]
    assert aws.ec2.describe_vpc_endpoints()["VpcEndpoints"] == []
    for call in (lambda: endpoint(aws, LOST), lambda: aws.ec2.modify_vpc_endpoint(VpcEndpointId=LOST)):
        with refused("InvalidVpcEndpointId.NotFound", f"The Vpc Endpoint Id '{LOST}' does not exist"):
            call()


def test_tokens_and_dry_runs(aws, vpc):
    with refused("DryRunOperation", status=412):
        gateway(aws, vpc, DryRun=True)
    first = aws.ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=S3, ClientToken="once")
    assert first["ClientToken"] == "once"
    again = aws.ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=S3, ClientToken="once")
    assert again["VpcEndpoint"] == first["VpcEndpoint"]
    with refused("IdempotentParameterMismatch"):
        aws.ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=DYNAMODB, ClientToken="once")
    name = first["VpcEndpoint"]["VpcEndpointId"]
    for call in (aws.ec2.delete_vpc_endpoints, aws.ec2.describe_vpc_endpoints):
        with refused("DryRunOperation", status=412):
            call(VpcEndpointIds=[name], DryRun=True)
    assert endpoint(aws, name)["State"] == "available"


def test_twenty_gateway_endpoints_in_a_region(aws, vpc):
    for _ in range(20):
        gateway(aws, vpc)
    with refused("VpcEndpointLimitExceeded"):
        gateway(aws, vpc)
    gateway_of = aws.client("ec2", "us-west-2")
    (other,) = gateway_of.describe_vpcs()["Vpcs"]
    gateway_of.create_vpc_endpoint(VpcId=other["VpcId"], ServiceName="com.amazonaws.us-west-2.s3")


# The story

def test_a_closed_network_for_sagemaker_comes_and_goes(aws, still):
    """Private subnets with S3 through a gateway, and the services that an SDK calls through interfaces."""
    net = aws.network()
    aws.ec2.delete_vpc_endpoints(VpcEndpointIds=[net.s3])
    with refused("InvalidParameter", lambda m: m.startswith("Enabling private DNS requires both")):
        interface(aws, net.vpc, "sts", SubnetIds=net.subnets)
    aws.ec2.modify_vpc_attribute(VpcId=net.vpc, EnableDnsHostnames={"Value": True})
    table = main_table(aws, net.vpc)
    group = aws.group(net.vpc, "endpoints")
    aws.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[
        {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "UserIdGroupPairs": [{"GroupId": net.group}]}])
    aws.ec2.authorize_security_group_egress(GroupId=net.group, IpPermissions=[
        {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "PrefixListIds": [{"PrefixListId": "pl-63a5400a"}]}])
    s3 = gateway(aws, net.vpc, RouteTableIds=[table], PolicyDocument=HOSTING)["VpcEndpointId"]
    doors = [
        interface(aws, net.vpc, name, SubnetIds=net.subnets, SecurityGroupIds=[group])["VpcEndpointId"]
        for name in ("sagemaker.api", "sagemaker.runtime", "sts", "logs", "ecr.api", "ecr.dkr")
    ]
    aws.advance("2s")
    states = {e["State"] for e in aws.ec2.describe_vpc_endpoints(VpcEndpointIds=doors)["VpcEndpoints"]}
    assert states == {"available"}
    assert len(aws.interfaces(group_id=group)) == 12
    assert [aws.free(s) for s in net.subnets] == [245, 245]

    # Each of these holds what an endpoint still needs.
    held = [
        (f"The vpc '{net.vpc}' has dependencies and cannot be deleted.", lambda: aws.ec2.delete_vpc(VpcId=net.vpc)),
        (f"The subnet '{net.subnets[0]}' has dependencies and cannot be deleted.",
         lambda: aws.ec2.delete_subnet(SubnetId=net.subnets[0])),
        (f"resource {group} has a dependent object", lambda: aws.ec2.delete_security_group(GroupId=group)),
    ]
    for message, delete in held:
        with refused("DependencyViolation", message):
            delete()
    aws.ec2.delete_vpc_endpoints(VpcEndpointIds=[s3, *doors])
    assert routes(aws, table) == {}
    left = aws.ec2.describe_vpc_endpoints()["VpcEndpoints"]
    assert {e["VpcEndpointId"] for e in left} == set(doors) and {e["State"] for e in left} == {"deleting"}
    for message, delete in held:
        with refused("DependencyViolation", message):
            delete()
    with refused("IncorrectState"):
        aws.ec2.modify_vpc_endpoint(VpcEndpointId=doors[0], ResetPolicy=True)
    assert aws.ec2.delete_vpc_endpoints(VpcEndpointIds=doors)["Unsuccessful"] == []

    aws.advance("3s")
    with pytest.raises(ClientError, match="InvalidVpcEndpointId.NotFound"):
        endpoint(aws, doors[0])
    assert aws.interfaces() == []
    for one in (group, net.group):
        aws.ec2.delete_security_group(GroupId=one)
    for one in net.subnets:
        aws.ec2.delete_subnet(SubnetId=one)
    aws.ec2.delete_vpc(VpcId=net.vpc)
