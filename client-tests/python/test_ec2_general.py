"""What all EC2 calls have in common: filters, pages, DryRun, tags, bad parameters."""

import pytest
from botocore.exceptions import ClientError

from mockplane import refused


@pytest.fixture
def vpcs(aws):
    """Three tagged VPCs beside the default one."""
    made = {}
    for number, (name, team) in enumerate((("alpha-1", "blue"), ("alpha-2", "green"), ("beta-1", "blue"))):
        tags = [{"Key": "Name", "Value": name}, {"Key": "team", "Value": team}]
        made[name] = aws.vpc(f"10.{number}.0.0/16", TagSpecifications=[{"ResourceType": "vpc", "Tags": tags}])
    return made


def names(aws, *filters):
    listed = [{"Name": name, "Values": list(values)} for name, *values in filters]
    found = aws.ec2.describe_vpcs(Filters=listed)["Vpcs"]
    return sorted(t["Value"] for v in found for t in v.get("Tags", []) if t["Key"] == "Name")


def test_filters_join_with_and_their_values_with_or(aws, vpcs):
    assert names(aws, ("tag:team", "blue")) == ["alpha-1", "beta-1"]
    assert names(aws, ("tag:team", "blue", "green")) == ["alpha-1", "alpha-2", "beta-1"]
    assert names(aws, ("tag:team", "blue"), ("tag:Name", "alpha-1", "alpha-2")) == ["alpha-1"]
    assert names(aws, ("tag-key", "team")) == ["alpha-1", "alpha-2", "beta-1"]
    assert names(aws, ("tag-key", "absent")) == []
    assert names(aws, ("vpc-id", vpcs["beta-1"]), ("cidr", "10.2.0.0/16")) == ["beta-1"]
    assert names(aws, ("is-default", "true")) == []


def test_wildcards(aws, vpcs):
    assert names(aws, ("tag:Name", "alpha-*")) == ["alpha-1", "alpha-2"]
    assert names(aws, ("tag:Name", "*-1")) == ["alpha-1", "beta-1"]
    assert names(aws, ("tag:Name", "alpha-?")) == ["alpha-1", "alpha-2"]
    assert names(aws, ("tag:Name", "alpha?")) == []
    assert names(aws, ("tag:Name", "ALPHA-1")) == [], "matching is case-sensitive"
    assert names(aws, ("tag:Name", "alpha-\\*")) == [], "an escaped star is a star"
    aws.ec2.create_tags(Resources=[vpcs["beta-1"]], Tags=[{"Key": "Name", "Value": "a*b"}])
    assert names(aws, ("tag:Name", "a\\*b")) == ["a*b"]
    assert names(aws, ("tag:Name", "[a]*")) == [], "brackets are plain characters"


@pytest.mark.parametrize("call", [
    "describe_vpcs", "describe_subnets", "describe_security_groups", "describe_network_interfaces",
])
def test_unknown_filters(aws, call):
    with refused("InvalidParameterValue", "The filter 'foo' is invalid"):
        getattr(aws.ec2, call)(Filters=[{"Name": "foo", "Values": ["bar"]}])


def test_too_many_filter_values(aws):
    with refused("FilterLimitExceeded"):
        aws.ec2.describe_vpcs(Filters=[{"Name": "vpc-id", "Values": [f"vpc-{n:017x}" for n in range(201)]}])
    aws.ec2.describe_vpcs(Filters=[{"Name": "vpc-id", "Values": [f"vpc-{n:017x}" for n in range(200)]}])


def test_pages(aws):
    vpc = aws.vpc()
    made = {aws.subnet(vpc, f"10.0.{n}.0/24") for n in range(12)}
    mine = [{"Name": "vpc-id", "Values": [vpc]}]
    first = aws.ec2.describe_subnets(Filters=mine, MaxResults=5)
    second = aws.ec2.describe_subnets(Filters=mine, MaxResults=5, NextToken=first["NextToken"])
    third = aws.ec2.describe_subnets(Filters=mine, MaxResults=5, NextToken=second["NextToken"])
    assert "NextToken" not in third
    listed = [s["SubnetId"] for page in (first, second, third) for s in page["Subnets"]]
    assert [len(p["Subnets"]) for p in (first, second, third)] == [5, 5, 2]
    assert len(listed) == 12 and set(listed) == made
    assert [s["SubnetId"] for s in aws.ec2.describe_subnets(Filters=mine)["Subnets"]] == listed


@pytest.mark.parametrize("call", [
    "describe_vpcs", "describe_subnets", "describe_security_groups", "describe_network_interfaces",
])
def test_page_size_has_a_minimum(aws, call):
    with refused("InvalidParameterValue",
                 "Value ( 3 ) for parameter maxResults is invalid. Expecting a value greater than 5."):
        getattr(aws.raw("ec2"), call)(MaxResults=3)


def test_page_size_has_a_maximum(aws):
    with refused("InvalidParameterValue"):
        aws.raw("ec2").describe_vpcs(MaxResults=1001)


@pytest.mark.parametrize("call, kind", [("describe_vpcs", "Vpc"), ("describe_subnets", "Subnet")])
def test_pages_and_explicit_ids_do_not_mix(aws, call, kind):
    describe = getattr(aws.ec2, call)
    known = describe()[f"{kind}s"][0][f"{kind}Id"]
    with refused("InvalidParameterCombination", lambda text: "maxResults" in text):
        describe(MaxResults=5, **{f"{kind}Ids": [known]})


def test_a_bad_token(aws):
    with pytest.raises(ClientError) as caught:
        aws.ec2.describe_vpcs(MaxResults=5, NextToken="nonsense")
    assert caught.value.response["Error"]["Code"] in (
        "InvalidParameterValue", "InvalidNextToken", "InvalidPaginationToken")


def test_dry_run_changes_nothing(aws):
    vpc = aws.vpc()
    subnet, group = aws.subnet(vpc), aws.group(vpc)
    text = "Request would have succeeded, but DryRun flag is set."
    for call in (
        lambda: aws.ec2.create_vpc(CidrBlock="10.1.0.0/16", DryRun=True),
        lambda: aws.ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.2.0/24", DryRun=True),
        lambda: aws.ec2.create_security_group(VpcId=vpc, GroupName="x", Description="x", DryRun=True),
        lambda: aws.ec2.create_network_interface(SubnetId=subnet, DryRun=True),
        lambda: aws.ec2.create_tags(Resources=[vpc], Tags=[{"Key": "a", "Value": "b"}], DryRun=True),
        lambda: aws.ec2.delete_subnet(SubnetId=subnet, DryRun=True),
        lambda: aws.ec2.delete_security_group(GroupId=group, DryRun=True),
        lambda: aws.ec2.describe_vpcs(DryRun=True),
    ):
        with refused("DryRunOperation", text, status=412):
            call()
    mine = [{"Name": "vpc-id", "Values": [vpc]}]
    assert [s["SubnetId"] for s in aws.ec2.describe_subnets(Filters=mine)["Subnets"]] == [subnet]
    assert len(aws.ec2.describe_vpcs()["Vpcs"]) == 2
    assert aws.free(subnet) == 251
    assert aws.ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": [vpc]}])["Tags"] == []


def test_dry_run_is_refused_like_the_call_itself(aws):
    with refused("InvalidVpc.Range"):
        aws.ec2.create_vpc(CidrBlock="10.0.0.0/8", DryRun=True)
    with refused("InvalidSubnetID.NotFound"):
        aws.ec2.delete_subnet(SubnetId="subnet-0123456789abcdef0", DryRun=True)
    subnet = aws.subnet(aws.vpc())
    aws.interface(subnet)
    with refused("DependencyViolation"):
        aws.ec2.delete_subnet(SubnetId=subnet, DryRun=True)


def test_tags(aws):
    vpc = aws.vpc()
    subnet = aws.subnet(vpc)
    group = aws.group(vpc)
    interface = aws.interface(subnet)
    resources = [vpc, subnet, group, interface]
    aws.ec2.create_tags(Resources=resources, Tags=[{"Key": "team", "Value": "blue"}, {"Key": "note", "Value": ""}])
    for resource, kind in zip(resources, ("vpc", "subnet", "security-group", "network-interface")):
        tags = aws.ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": [resource]}])["Tags"]
        assert sorted((t["Key"], t["Value"], t["ResourceType"], t["ResourceId"]) for t in tags) == [
            ("note", "", kind, resource), ("team", "blue", kind, resource)]
    (seen,) = aws.interfaces(**{"tag:team": "blue"})
    assert {t["Key"]: t["Value"] for t in seen["TagSet"]} == {"note": "", "team": "blue"}
    aws.ec2.create_tags(Resources=[vpc], Tags=[{"Key": "team", "Value": "red"}])
    aws.ec2.delete_tags(Resources=[subnet], Tags=[{"Key": "team"}])
    aws.ec2.delete_tags(Resources=[group], Tags=[{"Key": "team", "Value": "another"}])
    teams = {t["ResourceId"]: t["Value"] for t in aws.ec2.describe_tags(
        Filters=[{"Name": "key", "Values": ["team"]}])["Tags"]}
    assert teams == {vpc: "red", group: "blue", interface: "blue"}
    aws.ec2.delete_network_interface(NetworkInterfaceId=interface)
    assert aws.ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": [interface]}])["Tags"] == []


def test_tags_of_unknown_resources(aws):
    with refused("InvalidVpcID.NotFound", "The vpc ID 'vpc-0123456789abcdef0' does not exist"):
        aws.ec2.create_tags(Resources=["vpc-0123456789abcdef0"], Tags=[{"Key": "a", "Value": "b"}])
    with refused("InvalidID"):
        aws.ec2.create_tags(Resources=["nonsense"], Tags=[{"Key": "a", "Value": "b"}])


def test_bad_tags(aws):
    vpc = aws.vpc()
    with refused("InvalidParameterValue"):
        aws.ec2.create_tags(Resources=[vpc], Tags=[{"Key": "aws:mine", "Value": "x"}])
    with refused("InvalidParameterValue"):
        aws.ec2.create_tags(Resources=[vpc], Tags=[{"Key": "k" * 129, "Value": "x"}])
    with refused("TagLimitExceeded"):
        aws.ec2.create_tags(Resources=[vpc], Tags=[{"Key": f"k{n}", "Value": "x"} for n in range(51)])
    assert aws.ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": [vpc]}])["Tags"] == []


@pytest.mark.parametrize("call", [
    ("delete_vpc", "vpcId"), ("delete_subnet", "subnetId"), ("delete_network_interface", "networkInterfaceId"),
    ("create_network_interface", "subnetId"), ("create_vpc", "cidrBlock"),
])
def test_missing_parameters(aws, call):
    name, parameter = call
    with refused("MissingParameter", lambda text: text.lower() == (
            f"The request must contain the parameter {parameter}".lower())):
        getattr(aws.raw("ec2"), name)()


def test_bad_booleans_and_numbers(aws):
    subnet = aws.subnet(aws.vpc())
    raw = aws.raw("ec2")
    with refused("InvalidParameterValue"):
        raw.create_network_interface(SubnetId=subnet, SecondaryPrivateIpAddressCount="many")
    assert aws.free(subnet) == 251


def test_text_survives_the_round_trip(aws):
    text = "a < b & c > \"d\" 'e' \u00e4\u00f6\u00fc \u4e16\u754c \U0001f600"
    vpc = aws.vpc(TagSpecifications=[{"ResourceType": "vpc", "Tags": [{"Key": "note", "Value": text}]}])
    (seen,) = aws.ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"]
    assert seen["Tags"] == [{"Key": "note", "Value": text}]
    (seen,) = aws.ec2.describe_vpcs(Filters=[{"Name": "tag:note", "Values": [text]}])["Vpcs"]
    assert seen["VpcId"] == vpc
