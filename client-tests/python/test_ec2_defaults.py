"""A region as a new account finds it."""

import pytest

REGIONS = ["us-east-1", "us-west-2", "eu-west-1", "eu-central-1", "ap-northeast-1", "sa-east-1", "us-gov-west-1", "cn-north-1"]


@pytest.fixture(params=REGIONS)
def ec2(request, aws):
    return aws.client("ec2", request.param)


def test_default_vpc(ec2):
    (vpc,) = ec2.describe_vpcs()["Vpcs"]
    assert vpc["IsDefault"] is True
    assert (vpc["CidrBlock"], vpc["State"], vpc["InstanceTenancy"]) == ("172.31.0.0/16", "available", "default")
    (block,) = vpc["CidrBlockAssociationSet"]
    assert block["CidrBlock"] == "172.31.0.0/16" and block["CidrBlockState"]["State"] == "associated"
    assert block["AssociationId"].startswith("vpc-cidr-assoc-")
    for attribute, value in (("enableDnsSupport", True), ("enableDnsHostnames", True)):
        answer = ec2.describe_vpc_attribute(VpcId=vpc["VpcId"], Attribute=attribute)
        assert answer[attribute[0].upper() + attribute[1:]]["Value"] is value


def test_one_default_subnet_in_every_zone(ec2):
    zones = ec2.describe_availability_zones()["AvailabilityZones"]
    assert len(zones) >= 2
    subnets = ec2.describe_subnets()["Subnets"]
    assert sorted(s["AvailabilityZone"] for s in subnets) == sorted(z["ZoneName"] for z in zones)
    ids = {z["ZoneName"]: z["ZoneId"] for z in zones}
    (vpc,) = ec2.describe_vpcs()["Vpcs"]
    for subnet in subnets:
        assert subnet["VpcId"] == vpc["VpcId"]
        assert subnet["AvailabilityZoneId"] == ids[subnet["AvailabilityZone"]]
        assert subnet["DefaultForAz"] is True and subnet["MapPublicIpOnLaunch"] is True
        assert subnet["CidrBlock"].endswith("/20") and subnet["AvailableIpAddressCount"] == 4091
        assert subnet["SubnetArn"].endswith(f"subnet/{subnet['SubnetId']}")
    assert len({s["CidrBlock"] for s in subnets}) == len(subnets)


def test_zones(ec2):
    region = ec2.meta.region_name
    for zone in ec2.describe_availability_zones()["AvailabilityZones"]:
        assert zone["RegionName"] == region and zone["ZoneName"].startswith(region)
        assert zone["State"] == "available" and zone["ZoneType"] == "availability-zone"
        assert zone["OptInStatus"] == "opt-in-not-required"
        assert zone["ZoneId"].split("-")[1].startswith("az")


def test_default_security_group(ec2):
    (vpc,) = ec2.describe_vpcs()["Vpcs"]
    (group,) = ec2.describe_security_groups()["SecurityGroups"]
    assert (group["GroupName"], group["VpcId"]) == ("default", vpc["VpcId"])
    assert group["Description"] == "default VPC security group"
    (ingress,) = group["IpPermissions"]
    assert ingress["IpProtocol"] == "-1"
    assert [pair["GroupId"] for pair in ingress["UserIdGroupPairs"]] == [group["GroupId"]]
    (egress,) = group["IpPermissionsEgress"]
    assert egress["IpProtocol"] == "-1" and egress["IpRanges"] == [{"CidrIp": "0.0.0.0/0"}]


def test_main_route_table_and_gateway(ec2):
    (vpc,) = ec2.describe_vpcs()["Vpcs"]
    (gateway,) = ec2.describe_internet_gateways()["InternetGateways"]
    assert gateway["Attachments"] == [{"State": "available", "VpcId": vpc["VpcId"]}]
    (table,) = ec2.describe_route_tables()["RouteTables"]
    assert table["VpcId"] == vpc["VpcId"]
    (association,) = table["Associations"]
    assert association["Main"] is True and association["AssociationState"]["State"] == "associated"
    local, internet = table["Routes"]
    assert (local["DestinationCidrBlock"], local["GatewayId"]) == ("172.31.0.0/16", "local")
    assert (local["Origin"], local["State"]) == ("CreateRouteTable", "active")
    assert (internet["DestinationCidrBlock"], internet["GatewayId"]) == ("0.0.0.0/0", gateway["InternetGatewayId"])
    assert (internet["Origin"], internet["State"]) == ("CreateRoute", "active")


def test_default_network_acl(ec2):
    (acl,) = ec2.describe_network_acls()["NetworkAcls"]
    assert acl["IsDefault"] is True
    entries = sorted((e["Egress"], e["RuleNumber"], e["RuleAction"], e["Protocol"], e["CidrBlock"]) for e in acl["Entries"])
    assert entries == [
        (egress, number, action, "-1", "0.0.0.0/0")
        for egress in (False, True) for number, action in ((100, "allow"), (32767, "deny"))
    ]
    subnets = {s["SubnetId"] for s in ec2.describe_subnets()["Subnets"]}
    assert {a["SubnetId"] for a in acl["Associations"]} == subnets


def test_dhcp_options(ec2):
    (vpc,) = ec2.describe_vpcs()["Vpcs"]
    (options,) = ec2.describe_dhcp_options()["DhcpOptions"]
    assert options["DhcpOptionsId"] == vpc["DhcpOptionsId"]
    region = ec2.meta.region_name
    domain = "ec2.internal" if region == "us-east-1" else f"{region}.compute.internal"
    got = {c["Key"]: [v["Value"] for v in c["Values"]] for c in options["DhcpConfigurations"]}
    assert got["domain-name-servers"] == ["AmazonProvidedDNS"]
    if region != "cn-north-1":
        assert got["domain-name"] == [domain]


def test_ids_differ_between_accounts_and_regions(aws, other):
    east, west = aws.ec2.describe_vpcs()["Vpcs"][0], aws.client("ec2", "us-west-2").describe_vpcs()["Vpcs"][0]
    theirs = other.ec2.describe_vpcs()["Vpcs"][0]
    assert len({east["VpcId"], west["VpcId"], theirs["VpcId"]}) == 3
    assert east["OwnerId"] == aws.number and theirs["OwnerId"] == other.number
    again = aws.ec2.describe_vpcs()["Vpcs"][0]
    assert again == east


def test_regions(aws):
    regions = aws.ec2.describe_regions()["Regions"]
    by_name = {r["RegionName"]: r for r in regions}
    assert {"us-east-1", "us-west-2", "eu-west-1", "ap-northeast-1"} <= by_name.keys()
    assert by_name["eu-west-1"]["Endpoint"] == "ec2.eu-west-1.amazonaws.com"
    assert by_name["eu-west-1"]["OptInStatus"] == "opt-in-not-required"
    assert not any(name.startswith(("cn-", "us-gov-")) for name in by_name)
    one = aws.ec2.describe_regions(RegionNames=["eu-west-1"])["Regions"]
    assert [r["RegionName"] for r in one] == ["eu-west-1"]
    filtered = aws.ec2.describe_regions(Filters=[{"Name": "region-name", "Values": ["eu-west-*"]}])["Regions"]
    assert filtered and all(r["RegionName"].startswith("eu-west-") for r in filtered)
    china = aws.client("ec2", "cn-north-1").describe_regions()["Regions"]
    assert {r["RegionName"] for r in china} == {"cn-north-1", "cn-northwest-1"}
    assert china[0]["Endpoint"].endswith(".amazonaws.com.cn")


def test_zone_filters(aws):
    ec2 = aws.ec2
    (one,) = ec2.describe_availability_zones(ZoneNames=["us-east-1b"])["AvailabilityZones"]
    assert one["ZoneName"] == "us-east-1b"
    (same,) = ec2.describe_availability_zones(ZoneIds=[one["ZoneId"]])["AvailabilityZones"]
    assert same == one
    (same,) = ec2.describe_availability_zones(
        Filters=[{"Name": "zone-name", "Values": ["us-east-1b"]}])["AvailabilityZones"]
    assert same == one


def test_account_attributes(aws):
    attributes = {
        a["AttributeName"]: [v["AttributeValue"] for v in a["AttributeValues"]]
        for a in aws.ec2.describe_account_attributes()["AccountAttributes"]
    }
    assert attributes["supported-platforms"] == ["VPC"]
    assert attributes["default-vpc"] == [aws.ec2.describe_vpcs()["Vpcs"][0]["VpcId"]]
    assert attributes["vpc-max-security-groups-per-interface"] == ["5"]
    (only,) = aws.ec2.describe_account_attributes(AttributeNames=["default-vpc"])["AccountAttributes"]
    assert only["AttributeName"] == "default-vpc"
