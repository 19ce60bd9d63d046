"""Blocks of VPCs and subnets, default VPCs and subnets, attributes of subnets, reserved ranges."""

import ipaddress

import pytest

from mockplane import refused
from test_ec2_vpc import LOST_SUBNET, LOST_VPC, is_id

RESTRICTED = (
    "The CIDR '{}' is restricted. Use a CIDR from the same private address range as the current VPC CIDR, or use a "
    "publicly-routable CIDR. For additional restrictions, see "
    "https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html")


def described(aws, vpc):
    (seen,) = aws.ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"]
    return seen


def subnet_of(aws, subnet):
    (seen,) = aws.ec2.describe_subnets(SubnetIds=[subnet])["Subnets"]
    return seen


def local_routes(aws, vpc):
    (table,) = aws.ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["RouteTables"]
    assert all(r["GatewayId"] == "local" and r["Origin"] == "CreateRouteTable" for r in table["Routes"])
    return [r.get("DestinationCidrBlock") or r["DestinationIpv6CidrBlock"] for r in table["Routes"]]


def ipv6_vpc(aws):
    """A VPC with a block of Amazon's, and the subnets that fit into it."""
    vpc = aws.vpc(AmazonProvidedIpv6CidrBlock=True)
    block = described(aws, vpc)["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlock"]
    return vpc, [str(net) for net in list(ipaddress.ip_network(block).subnets(new_prefix=64))[:4]]


# IPv4 blocks of VPCs

def test_a_second_block(aws):
    vpc = aws.vpc()
    answer = aws.ec2.associate_vpc_cidr_block(VpcId=vpc, CidrBlock="10.1.2.3/16")
    made = answer["CidrBlockAssociation"]
    assert answer["VpcId"] == vpc and "Ipv6CidrBlockAssociation" not in answer
    assert is_id("vpc-cidr-assoc", made["AssociationId"])
    assert (made["CidrBlock"], made["CidrBlockState"]) == ("10.1.0.0/16", {"State": "associating"})
    primary, second = described(aws, vpc)["CidrBlockAssociationSet"]
    assert second == {**made, "CidrBlockState": {"State": "associated"}}
    assert described(aws, vpc)["CidrBlock"] == primary["CidrBlock"] == "10.0.0.0/16"
    assert local_routes(aws, vpc) == ["10.0.0.0/16", "10.1.0.0/16"]

    subnet = aws.subnet(vpc, "10.1.1.0/24")
    with refused("InvalidSubnet.Range", "The CIDR '10.2.0.0/24' is invalid."):
        aws.subnet(vpc, "10.2.0.0/24")
    with refused("InvalidCidrBlock.InUse", f"The vpc {vpc} currently has a subnet within CIDR block 10.1.0.0/16"):
        aws.ec2.disassociate_vpc_cidr_block(AssociationId=made["AssociationId"])
    aws.ec2.delete_subnet(SubnetId=subnet)
    gone = aws.ec2.disassociate_vpc_cidr_block(AssociationId=made["AssociationId"])
    assert gone == {**gone, "VpcId": vpc, "CidrBlockAssociation": {**made, "CidrBlockState": {"State": "disassociating"}}}
    assert described(aws, vpc)["CidrBlockAssociationSet"] == [primary]
    assert local_routes(aws, vpc) == ["10.0.0.0/16"]
    with refused("InvalidVpcCidrBlockAssociationID.NotFound",
                 f"The vpc CIDR block association ID '{made['AssociationId']}' does not exist"):
        aws.ec2.disassociate_vpc_cidr_block(AssociationId=made["AssociationId"])
    with refused("OperationNotPermitted", lambda text: "primary" in text and primary["AssociationId"] in text):
        aws.ec2.disassociate_vpc_cidr_block(AssociationId=primary["AssociationId"])


def test_five_blocks_are_enough(aws):
    vpc = aws.vpc("10.5.0.0/24")
    for n in range(1, 5):
        aws.ec2.associate_vpc_cidr_block(VpcId=vpc, CidrBlock=f"10.5.{n}.0/24")
    with refused("CidrLimitExceeded", f"This network {vpc} has met its maximum number of allowed CIDRs: 5"):
        aws.ec2.associate_vpc_cidr_block(VpcId=vpc, CidrBlock="10.6.0.0/24")
    for _ in range(5):
        aws.ec2.associate_vpc_cidr_block(VpcId=vpc, AmazonProvidedIpv6CidrBlock=True)
    with refused("CidrLimitExceeded"):
        aws.ec2.associate_vpc_cidr_block(VpcId=vpc, AmazonProvidedIpv6CidrBlock=True)
    blocks = [a["Ipv6CidrBlock"] for a in described(aws, vpc)["Ipv6CidrBlockAssociationSet"]]
    assert len(set(blocks)) == 5 and all(b.endswith("::/56") for b in blocks)


@pytest.mark.parametrize("primary, block", [
    ("10.2.0.0/16", "172.16.0.0/16"), ("10.2.0.0/16", "192.168.0.0/24"), ("10.2.0.0/16", "198.19.0.0/24"),
    ("10.1.0.0/16", "10.0.0.0/24"), ("172.16.0.0/16", "172.31.0.0/24"), ("192.168.0.0/24", "10.2.0.0/24"),
    ("100.64.0.0/16", "10.2.0.0/24"), ("10.2.0.0/16", "169.254.0.0/24"),
])
def test_ranges_that_do_not_go_together(aws, primary, block):
    with refused("InvalidVpc.Range", RESTRICTED.format(block)):
        aws.ec2.associate_vpc_cidr_block(VpcId=aws.vpc(primary), CidrBlock=block)


@pytest.mark.parametrize("block", ["10.3.0.0/16", "100.64.0.0/16", "8.8.0.0/16"])
def test_ranges_that_go_together(aws, block):
    vpc = aws.vpc("10.2.0.0/16")
    aws.ec2.associate_vpc_cidr_block(VpcId=vpc, CidrBlock=block)
    mine = aws.ec2.describe_vpcs(Filters=[{"Name": "cidr-block-association.cidr-block", "Values": [block]}])["Vpcs"]
    assert [v["VpcId"] for v in mine] == [vpc]


def test_blocks_that_cannot_be(aws):
    vpc = aws.vpc()
    with refused("InvalidVpc.Range", "The CIDR '10.0.0.0/8' is invalid."):
        aws.ec2.associate_vpc_cidr_block(VpcId=vpc, CidrBlock="10.0.0.0/8")
    with refused("InvalidVpc.Range"):
        aws.ec2.associate_vpc_cidr_block(VpcId=aws.vpc("10.2.0.0/16"), CidrBlock="10.2.1.0/24")
    with refused("InvalidParameterValue"):
        aws.ec2.associate_vpc_cidr_block(VpcId=vpc, CidrBlock="ten")
    with refused("MissingParameter"):
        aws.ec2.associate_vpc_cidr_block(VpcId=vpc)
    with refused("InvalidParameterCombination"):
        aws.ec2.associate_vpc_cidr_block(VpcId=vpc, CidrBlock="10.1.0.0/16", AmazonProvidedIpv6CidrBlock=True)
    with refused("InvalidVpcID.NotFound", f"The vpc ID '{LOST_VPC}' does not exist"):
        aws.ec2.associate_vpc_cidr_block(VpcId=LOST_VPC, CidrBlock="10.1.0.0/16")
    with refused("DryRunOperation", status=412):
        aws.ec2.create_subnet_cidr_reservation(
            SubnetId=aws.subnet(vpc), ReservationType="prefix", Cidr="10.0.1.0/28", DryRun=True)


@pytest.mark.parametrize("more", [
    {"Ipv4IpamPoolId": "ipam-pool-1"}, {"Ipv6IpamPoolId": "ipam-pool-1"}, {"Ipv6Pool": "p", "Ipv6CidrBlock": "2001:db8::/56"}])
def test_blocks_of_pools_are_not_built(aws, more):
    vpc = aws.vpc()
    with refused("NotImplemented", lambda text: next(iter(more)) in text, status=501):
        aws.ec2.associate_vpc_cidr_block(VpcId=vpc, **more)
    with refused("NotImplemented", lambda text: next(iter(more)) in text, status=501):
        aws.vpc(**more)


# IPv6

def test_an_ipv6_block_of_amazons(aws):
    vpc = aws.vpc()
    answer = aws.ec2.associate_vpc_cidr_block(VpcId=vpc, AmazonProvidedIpv6CidrBlock=True)
    made = answer["Ipv6CidrBlockAssociation"]
    assert made["Ipv6CidrBlockState"]["State"] == "associating" and not made["Ipv6CidrBlock"]
    (seen,) = described(aws, vpc)["Ipv6CidrBlockAssociationSet"]
    assert seen["AssociationId"] == made["AssociationId"] and seen["Ipv6CidrBlockState"] == {"State": "associated"}
    assert (seen["Ipv6Pool"], seen["NetworkBorderGroup"]) == ("Amazon", "us-east-1")
    assert local_routes(aws, vpc) == ["10.0.0.0/16", seen["Ipv6CidrBlock"]]
    for name, value in (
            ("ipv6-cidr-block", seen["Ipv6CidrBlock"]), ("association-id", seen["AssociationId"]), ("ipv6-pool", "Amazon")):
        found = aws.ec2.describe_vpcs(Filters=[{"Name": f"ipv6-cidr-block-association.{name}", "Values": [value]}])["Vpcs"]
        assert [v["VpcId"] for v in found] == [vpc]
    groups = aws.ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["SecurityGroups"]
    (group,) = groups
    (outbound,) = group["IpPermissionsEgress"]
    assert outbound["Ipv6Ranges"] == [{"CidrIpv6": "::/0"}]
    gone = aws.ec2.disassociate_vpc_cidr_block(AssociationId=seen["AssociationId"])["Ipv6CidrBlockAssociation"]
    assert (gone["Ipv6CidrBlock"], gone["Ipv6CidrBlockState"]["State"]) == (seen["Ipv6CidrBlock"], "disassociating")
    assert local_routes(aws, vpc) == ["10.0.0.0/16"]


def test_a_vpc_made_with_ipv6(aws):
    made = aws.ec2.create_vpc(CidrBlock="10.0.0.0/16", AmazonProvidedIpv6CidrBlock=True)["Vpc"]
    (block,) = made["Ipv6CidrBlockAssociationSet"]
    assert block["Ipv6CidrBlockState"]["State"] == "associating"
    (seen,) = described(aws, made["VpcId"])["Ipv6CidrBlockAssociationSet"]
    assert seen["AssociationId"] == block["AssociationId"] and seen["Ipv6CidrBlock"].endswith("/56")


def test_a_dual_stack_subnet(aws):
    vpc, nets = ipv6_vpc(aws)
    made = aws.ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24", Ipv6CidrBlock=nets[0])["Subnet"]
    assert made["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlockState"]["State"] == "associating"
    (seen,) = subnet_of(aws, made["SubnetId"])["Ipv6CidrBlockAssociationSet"]
    assert (seen["Ipv6CidrBlock"], seen["Ipv6CidrBlockState"]["State"]) == (nets[0], "associated")
    assert is_id("subnet-cidr-assoc", seen["AssociationId"])
    with refused("InvalidSubnet.Conflict"):
        aws.ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24", Ipv6CidrBlock=nets[0])
    with refused("InvalidSubnet.Range", "The IPv6 CIDR '2001:db8::/64' is invalid."):
        aws.ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24", Ipv6CidrBlock="2001:db8::/64")
    odd = nets[1].replace("/64", "/62")
    with refused("InvalidParameterValue", f"invalid value for parameter ipv6-cidr-block: {odd}"):
        aws.ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24", Ipv6CidrBlock=odd)
    association = described(aws, vpc)["Ipv6CidrBlockAssociationSet"][0]
    with refused("InvalidCidrBlock.InUse",
                 f"The vpc {vpc} currently has a subnet within CIDR block {association['Ipv6CidrBlock']}"):
        aws.ec2.disassociate_vpc_cidr_block(AssociationId=association["AssociationId"])


def test_an_ipv6_only_subnet(aws):
    vpc, nets = ipv6_vpc(aws)
    with refused("InvalidParameterCombination", "When specifying ipv4 parameters, cidrBlock or ipv4IpamPoolId, you "
                 "cannot set ipv6Native to true."):
        aws.ec2.create_subnet(VpcId=vpc, Ipv6Native=True, CidrBlock="10.0.0.0/24", Ipv6CidrBlock=nets[0])
    made = aws.ec2.create_subnet(VpcId=vpc, Ipv6Native=True, Ipv6CidrBlock=nets[0])["Subnet"]
    assert "CidrBlock" not in made and made["AvailableIpAddressCount"] == 0
    assert (made["Ipv6Native"], made["AssignIpv6AddressOnCreation"]) == (True, True)
    assert made["PrivateDnsNameOptionsOnLaunch"]["HostnameType"] == "resource-name"
    with refused("InvalidParameterValue"):
        aws.ec2.modify_subnet_attribute(SubnetId=made["SubnetId"], PrivateDnsHostnameTypeOnLaunch="ip-name")


def test_an_ipv6_block_comes_to_a_subnet_and_goes(aws):
    vpc, nets = ipv6_vpc(aws)
    subnet = aws.subnet(vpc)
    with refused("InvalidParameterValue", "Invalid value 'true' for assign-ipv6-address-on-creation. Cannot set "
                 f"assign-ipv6-address-on-creation to true unless the subnet ({subnet}) has an IPv6 CIDR block "
                 "associated with it."):
        aws.ec2.modify_subnet_attribute(SubnetId=subnet, AssignIpv6AddressOnCreation={"Value": True})
    made = aws.ec2.associate_subnet_cidr_block(SubnetId=subnet, Ipv6CidrBlock=nets[1])
    association = made["Ipv6CidrBlockAssociation"]
    assert made["SubnetId"] == subnet and association["Ipv6CidrBlockState"] == {"State": "associating"}
    with refused("CidrLimitExceeded"):
        aws.ec2.associate_subnet_cidr_block(SubnetId=subnet, Ipv6CidrBlock=nets[2])
    aws.ec2.modify_subnet_attribute(SubnetId=subnet, AssignIpv6AddressOnCreation={"Value": True})
    assert subnet_of(aws, subnet)["AssignIpv6AddressOnCreation"] is True
    with refused("InvalidCidrBlock.InUse", "The subnet IPv6 CIDR block with association ID "
                 f"{association['AssociationId']} may not be disassociated, because its subnet has "
                 "assign-ipv6-address-on-creation set to true."):
        aws.ec2.disassociate_subnet_cidr_block(AssociationId=association["AssociationId"])
    aws.ec2.modify_subnet_attribute(SubnetId=subnet, AssignIpv6AddressOnCreation={"Value": False})
    gone = aws.ec2.disassociate_subnet_cidr_block(AssociationId=association["AssociationId"])
    assert gone["Ipv6CidrBlockAssociation"]["Ipv6CidrBlockState"] == {"State": "disassociating"}
    assert subnet_of(aws, subnet)["Ipv6CidrBlockAssociationSet"] == []
    with refused("InvalidSubnetCidrBlockAssociationID.NotFound"):
        aws.ec2.disassociate_subnet_cidr_block(AssociationId=association["AssociationId"])
    with refused("InvalidSubnetCidrBlockAssociationId.Malformed"):
        aws.ec2.disassociate_subnet_cidr_block(AssociationId="")


# Attributes of subnets

@pytest.mark.parametrize("member, path", [
    ("MapPublicIpOnLaunch", ["MapPublicIpOnLaunch"]),
    ("EnableDns64", ["EnableDns64"]),
    ("EnableResourceNameDnsARecordOnLaunch", ["PrivateDnsNameOptionsOnLaunch", "EnableResourceNameDnsARecord"]),
    ("EnableResourceNameDnsAAAARecordOnLaunch", ["PrivateDnsNameOptionsOnLaunch", "EnableResourceNameDnsAAAARecord"]),
])
def test_subnet_attributes_come_back(aws, member, path):
    subnet = aws.subnet(aws.vpc())
    for value in (True, False):
        aws.ec2.modify_subnet_attribute(SubnetId=subnet, **{member: {"Value": value}})
        seen = subnet_of(aws, subnet)
        for name in path:
            seen = seen[name]
        assert seen is value


def test_subnet_attributes_change_one_at_a_time(aws):
    subnet = aws.subnet(aws.vpc())
    yes = {"Value": True}
    with refused("InvalidParameterCombination", "Only one subnet attribute can be modified at a time. Provided "
                 "attributes: [mapPublicIpOnLaunch, enableDns64]"):
        aws.ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch=yes, EnableDns64=yes)
    with refused("InvalidParameterValue"):
        aws.ec2.modify_subnet_attribute(SubnetId=subnet, MapCustomerOwnedIpOnLaunch=yes, CustomerOwnedIpv4Pool="p")
    with refused("InvalidParameterValue"):
        aws.ec2.modify_subnet_attribute(SubnetId=subnet, EnableLniAtDeviceIndex=1)
    with refused("InvalidParameterValue"):
        aws.ec2.modify_subnet_attribute(SubnetId=subnet, PrivateDnsHostnameTypeOnLaunch="nickname")
    aws.ec2.modify_subnet_attribute(SubnetId=subnet, PrivateDnsHostnameTypeOnLaunch="resource-name")
    assert subnet_of(aws, subnet)["PrivateDnsNameOptionsOnLaunch"]["HostnameType"] == "resource-name"
    with refused("InvalidSubnetID.NotFound"):
        aws.ec2.modify_subnet_attribute(SubnetId=LOST_SUBNET, EnableDns64=yes)


# Reserved ranges

def test_reserved_addresses_are_not_given_out(aws):
    subnet = aws.subnet(aws.vpc(), "10.0.0.0/28")
    tags = [{"Key": "Name", "Value": "mine"}]
    made = aws.ec2.create_subnet_cidr_reservation(
        SubnetId=subnet, ReservationType="explicit", Cidr="10.0.0.0/29", Description="for me",
        TagSpecifications=[{"ResourceType": "subnet-cidr-reservation", "Tags": tags}])["SubnetCidrReservation"]
    assert is_id("scr", made["SubnetCidrReservationId"])
    assert {k: made[k] for k in ("SubnetId", "Cidr", "ReservationType", "OwnerId", "Description", "Tags")} == {
        "SubnetId": subnet, "Cidr": "10.0.0.0/29", "ReservationType": "explicit", "OwnerId": aws.number,
        "Description": "for me", "Tags": tags}
    assert aws.free(subnet) == 7
    first = aws.ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]
    assert first["PrivateIpAddress"] == "10.0.0.8"
    aws.interface(subnet, PrivateIpAddress="10.0.0.5")
    assert aws.free(subnet) == 6
    answer = aws.ec2.get_subnet_cidr_reservations(SubnetId=subnet)
    assert answer["SubnetIpv4CidrReservations"] == [made] and answer["SubnetIpv6CidrReservations"] == []
    for name, value, count in (("reservationType", "prefix", 0), ("tag:Name", "mine", 1), ("tag-key", "Name", 1)):
        some = aws.ec2.get_subnet_cidr_reservations(SubnetId=subnet, Filters=[{"Name": name, "Values": [value]}])
        assert len(some["SubnetIpv4CidrReservations"]) == count
    with refused("InvalidParameterValue", "Reservation CIDR 10.0.0.4/31 has overlap with existing reserved CIDR block"):
        aws.ec2.create_subnet_cidr_reservation(SubnetId=subnet, ReservationType="prefix", Cidr="10.0.0.4/31")
    with refused("InvalidParameterValue", "Reservation CIDR should be within subnet CIDR block (10.0.0.0/28)"):
        aws.ec2.create_subnet_cidr_reservation(SubnetId=subnet, ReservationType="prefix", Cidr="10.0.1.0/31")
    gone = aws.ec2.delete_subnet_cidr_reservation(SubnetCidrReservationId=made["SubnetCidrReservationId"])
    assert gone["DeletedSubnetCidrReservation"] == made
    assert aws.free(subnet) == 9
    with refused("InvalidSubnetCidrReservationID.NotFound"):
        aws.ec2.delete_subnet_cidr_reservation(SubnetCidrReservationId=made["SubnetCidrReservationId"])


def test_an_ipv6_range_is_reserved(aws):
    vpc, nets = ipv6_vpc(aws)
    subnet = aws.subnet(vpc, Ipv6CidrBlock=nets[0])
    range6 = nets[0].replace("::/64", ":1::/80")
    aws.ec2.create_subnet_cidr_reservation(SubnetId=subnet, ReservationType="prefix", Cidr=range6)
    (seen,) = aws.ec2.get_subnet_cidr_reservations(SubnetId=subnet)["SubnetIpv6CidrReservations"]
    assert (seen["Cidr"], seen["ReservationType"]) == (range6, "prefix")
    aws.ec2.delete_subnet(SubnetId=subnet)


# Tenancy, default VPCs and subnets

def test_dedicated_tenancy_can_be_given_up(aws):
    vpc = aws.vpc(InstanceTenancy="dedicated")
    raw = aws.raw("ec2")
    with refused("UnsupportedTenancy", "The tenancy value unknown is not supported."):
        raw.modify_vpc_tenancy(VpcId=vpc, InstanceTenancy="unknown")
    with refused("UnsupportedTenancy", "The tenancy value shared is not supported."):
        raw.create_vpc(CidrBlock="10.0.0.0/16", InstanceTenancy="shared")
    assert aws.ec2.modify_vpc_tenancy(VpcId=vpc, InstanceTenancy="default")["ReturnValue"] is True
    assert described(aws, vpc)["InstanceTenancy"] == "default"
    with refused("InvalidTenancy"):
        aws.ec2.modify_vpc_tenancy(VpcId=vpc, InstanceTenancy="default")


def test_a_default_subnet_is_made_anew(aws):
    (old,) = aws.ec2.describe_subnets(Filters=[{"Name": "availability-zone", "Values": ["us-east-1b"]}])["Subnets"]
    with refused("DefaultSubnetAlreadyExistsInAvailabilityZone",
                 f"'{old['SubnetId']}' is already the default subnet in us-east-1b."):
        aws.ec2.create_default_subnet(AvailabilityZone="us-east-1b")
    aws.ec2.delete_subnet(SubnetId=old["SubnetId"])
    made = aws.ec2.create_default_subnet(AvailabilityZone="us-east-1b")["Subnet"]
    for subnet in (old, made):
        del subnet["SubnetId"], subnet["SubnetArn"]
    assert made == old
    with refused("MissingParameter"):
        aws.ec2.create_default_subnet()
    with refused("InvalidParameterValue"):
        aws.ec2.create_default_subnet(AvailabilityZone="us-west-1a")


def test_one_default_vpc(aws):
    with refused("DefaultVpcAlreadyExists", "A Default VPC already exists for this account in this region."):
        aws.ec2.create_default_vpc()


# Regions and filters

def test_regions_that_have_to_be_asked_for(aws):
    names = {r["RegionName"] for r in aws.ec2.describe_regions()["Regions"]}
    assert "ap-east-1" not in names
    every = {r["RegionName"]: r["OptInStatus"] for r in aws.ec2.describe_regions(AllRegions=True)["Regions"]}
    assert names < every.keys() and every["ap-east-1"] == "not-opted-in"
    (named,) = aws.ec2.describe_regions(RegionNames=["ap-east-1"])["Regions"]
    assert named["OptInStatus"] == "not-opted-in"
    own = aws.client("ec2", "ap-east-1").describe_regions(RegionNames=["ap-east-1"])["Regions"]
    assert own[0]["OptInStatus"] == "opted-in"


def test_old_names_of_filters(aws):
    vpc = aws.vpc(TagSpecifications=[{"ResourceType": "vpc", "Tags": [{"Key": "k", "Value": "v"}]}])

    def found(name, value):
        return [v["VpcId"] for v in aws.ec2.describe_vpcs(Filters=[{"Name": name, "Values": [value]}])["Vpcs"]]

    assert found("tag-value", "v") == [vpc]
    assert found("isDefault", "false") == [vpc] == found("is-default", "false")
    with refused("InvalidParameterValue", "The filter 'isdefault' is invalid"):
        found("isdefault", "true")
