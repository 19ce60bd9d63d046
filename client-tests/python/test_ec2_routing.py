"""Route tables, their routes, and the gateways that routes lead to."""

import re

import pytest

from mockplane import refused

LOST = "0123456789abcdef0"
ANY = "0.0.0.0/0"


@pytest.fixture
def vpc(aws):
    return aws.vpc()


@pytest.fixture
def subnet(aws, vpc):
    return aws.subnet(vpc, "10.0.1.0/24")


@pytest.fixture
def gateway(aws, vpc):
    return attached(aws, vpc)


@pytest.fixture
def table(aws, vpc):
    return aws.ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]


def attached(aws, vpc):
    made = aws.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    aws.ec2.attach_internet_gateway(InternetGatewayId=made, VpcId=vpc)
    return made


def described(aws, table):
    (row,) = aws.ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"]
    return row


def filtered(aws, **filters):
    given = [{"Name": k.replace("_", "-").replace("--", "."), "Values": [v]} for k, v in filters.items()]
    return [t["RouteTableId"] for t in aws.ec2.describe_route_tables(Filters=given)["RouteTables"]]


def main_of(aws, vpc):
    (main,) = filtered(aws, vpc_id=vpc, association__main="true")
    return main


def states(aws, table):
    return [r["State"] for r in described(aws, table)["Routes"]]


# === Route tables ===


def test_a_table_is_described_as_it_was_made(aws, vpc):
    tags = [{"Key": "Name", "Value": "mine"}]
    given = {
        "VpcId": vpc,
        "ClientToken": "once",
        "TagSpecifications": [{"ResourceType": "route-table", "Tags": tags}],
    }
    made = aws.ec2.create_route_table(**given)
    assert made["ClientToken"] == "once"
    row = made["RouteTable"]
    assert re.fullmatch("rtb-[0-9a-f]{17}", row["RouteTableId"])
    assert row["Routes"] == [{
        "DestinationCidrBlock": "10.0.0.0/16",
        "GatewayId": "local",
        "Origin": "CreateRouteTable",
        "State": "active",
    }]
    assert (row["Associations"], row["PropagatingVgws"], row["Tags"]) == ([], [], tags)
    assert (row["VpcId"], row["OwnerId"]) == (vpc, aws.number)
    assert described(aws, row["RouteTableId"]) == row
    assert aws.ec2.create_route_table(**given)["RouteTable"] == row
    with refused("IdempotentParameterMismatch"):
        aws.ec2.create_route_table(VpcId=vpc, ClientToken="once")


def test_tables_are_found_by_what_they_have(aws, vpc, subnet, gateway, table):
    association = aws.ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)["AssociationId"]
    aws.ec2.create_route(RouteTableId=table, DestinationCidrBlock=ANY, GatewayId=gateway)
    aws.ec2.create_route(RouteTableId=table, DestinationIpv6CidrBlock="::/0", GatewayId=gateway)
    only = {"vpc_id": vpc}
    for name, value in {
        "association.route-table-association-id": association,
        "association.route-table-id": table,
        "association.subnet-id": subnet,
        "association.main": "false",
        "route.destination-cidr-block": ANY,
        "route.destination-ipv6-cidr-block": "::/0",
        "route.gateway-id": gateway,
        "route.origin": "CreateRoute",
        "route-table-id": table,
    }.items():
        assert filtered(aws, **{**only, name: value}) == [table], name
    assert len(filtered(aws, **only)) == 2
    assert filtered(aws, **{**only, "route.state": "blackhole"}) == []


def test_a_table_in_use_stays(aws, vpc, subnet, table):
    text = "The routeTable '{}' has dependencies and cannot be deleted."
    main = main_of(aws, vpc)
    with refused("DependencyViolation", text.format(main)):
        aws.ec2.delete_route_table(RouteTableId=main)
    association = aws.ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)["AssociationId"]
    with refused("DependencyViolation", text.format(table)):
        aws.ec2.delete_route_table(RouteTableId=table)
    with refused("DependencyViolation", f"The vpc '{vpc}' has dependencies and cannot be deleted."):
        aws.ec2.delete_vpc(VpcId=vpc)
    aws.ec2.disassociate_route_table(AssociationId=association)
    aws.ec2.delete_route_table(RouteTableId=table)
    with refused("InvalidRouteTableID.NotFound", f"The routeTable ID '{table}' does not exist"):
        described(aws, table)
    aws.ec2.delete_subnet(SubnetId=subnet)
    aws.ec2.delete_vpc(VpcId=vpc)


def test_a_subnet_has_one_table(aws, vpc, subnet, table):
    made = aws.ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
    assert made["AssociationState"] == {"State": "associated"}
    again = aws.ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
    assert again["AssociationId"] == made["AssociationId"]
    main = main_of(aws, vpc)
    with refused("Resource.AlreadyAssociated",
                 f"the specified association for route table {main} conflicts with an existing association"):
        aws.ec2.associate_route_table(RouteTableId=main, SubnetId=subnet)
    moved = aws.ec2.replace_route_table_association(AssociationId=made["AssociationId"], RouteTableId=main)
    explicit = {
        "Main": False,
        "RouteTableAssociationId": moved["NewAssociationId"],
        "RouteTableId": main,
        "SubnetId": subnet,
        "AssociationState": {"State": "associated"},
    }
    assert explicit in described(aws, main)["Associations"]
    with refused("InvalidAssociationID.NotFound", f"The association ID '{made['AssociationId']}' does not exist"):
        aws.ec2.disassociate_route_table(AssociationId=made["AssociationId"])


def test_the_main_table_can_be_another(aws, vpc, table):
    main = main_of(aws, vpc)
    (association,) = described(aws, main)["Associations"]
    id = association["RouteTableAssociationId"]
    with refused("InvalidParameterValue", f"cannot disassociate the main route table association {id}"):
        aws.ec2.disassociate_route_table(AssociationId=id)
    aws.ec2.replace_route_table_association(AssociationId=id, RouteTableId=table)
    assert main_of(aws, vpc) == table
    aws.ec2.delete_route_table(RouteTableId=main)


def test_a_gateway_has_a_table_of_its_own(aws, vpc, gateway, table):
    association = aws.ec2.associate_route_table(RouteTableId=table, GatewayId=gateway)["AssociationId"]
    (seen,) = described(aws, table)["Associations"]
    assert (seen["GatewayId"], seen["RouteTableAssociationId"], seen["Main"]) == (gateway, association, False)
    assert filtered(aws, **{"association.gateway-id": gateway}) == [table]
    with refused("InvalidParameterValue", f"invalid value for parameter gateway-id: nat-{LOST}"):
        aws.ec2.associate_route_table(RouteTableId=table, GatewayId=f"nat-{LOST}")
    with refused("InvalidParameterValue",
                 "Route target is not supported. This route only supports interface and instance targets."):
        aws.ec2.create_route(RouteTableId=table, DestinationCidrBlock=ANY, GatewayId=gateway)


# === Routes ===


def test_routes_come_change_and_go(aws, vpc, subnet, gateway, table):
    def replace(**target):
        aws.ec2.replace_route(RouteTableId=table, DestinationCidrBlock="100.68.0.0/18", **target)
        return described(aws, table)["Routes"][1]

    route = {"RouteTableId": table, "DestinationCidrBlock": "100.68.0.18/18", "GatewayId": gateway}
    assert aws.ec2.create_route(**route)["Return"] is True
    with refused("RouteAlreadyExists", "The route identified by 100.68.0.0/18 already exists."):
        aws.ec2.create_route(**route)
    assert described(aws, table)["Routes"][1:] == [{
        "DestinationCidrBlock": "100.68.0.0/18",
        "GatewayId": gateway,
        "Origin": "CreateRoute",
        "State": "active",
    }]
    interface = aws.interface(subnet)
    with refused("RouteAlreadyExists", "The route identified by 100.68.0.0/18 already exists."):
        aws.ec2.create_route(RouteTableId=table, DestinationCidrBlock="100.68.0.0/18", NetworkInterfaceId=interface)
    led = replace(NetworkInterfaceId=interface)
    assert (led["NetworkInterfaceId"], led["State"], "GatewayId" in led) == (interface, "blackhole", False)
    assert replace(GatewayId=gateway)["GatewayId"] == gateway
    aws.ec2.delete_route(RouteTableId=table, DestinationCidrBlock="100.68.0.0/18")
    with refused("InvalidRoute.NotFound",
                 f"no route with destination-cidr-block 100.68.0.0/18 in route table {table}"):
        aws.ec2.delete_route(RouteTableId=table, DestinationCidrBlock="100.68.0.0/18")
    with refused("InvalidParameterValue", "There is no route defined for '100.68.0.0/18' in the route table. "
                 "Use CreateRoute instead."):
        replace(GatewayId=gateway)


def test_the_local_route_stays(aws, vpc, subnet, gateway, table):
    with refused("InvalidParameterValue", f"cannot remove local route 10.0.0.0/16 in route table {table}"):
        aws.ec2.delete_route(RouteTableId=table, DestinationCidrBlock="10.0.0.0/16")
    for block in ["10.0.0.0/16", "10.0.1.0/24"]:
        with refused("InvalidParameterValue", f"The destination CIDR block {block} is equal to or more specific than "
                     "one of this VPC's CIDR blocks. This route can target only an interface or an instance."):
            aws.ec2.create_route(RouteTableId=table, DestinationCidrBlock=block, GatewayId=gateway)
    interface = aws.interface(subnet)
    aws.ec2.create_route(RouteTableId=table, DestinationCidrBlock="10.0.1.0/24", NetworkInterfaceId=interface)
    aws.ec2.replace_route(RouteTableId=table, DestinationCidrBlock="10.0.0.0/16", NetworkInterfaceId=interface)
    assert described(aws, table)["Routes"][0]["NetworkInterfaceId"] == interface
    aws.ec2.replace_route(RouteTableId=table, DestinationCidrBlock="10.0.0.0/16", LocalTarget=True)
    assert described(aws, table)["Routes"][0]["GatewayId"] == "local"


@pytest.mark.parametrize(("target", "code", "text"), [
    ({"GatewayId": f"igw-{LOST}"}, "InvalidGatewayID.NotFound", "The gateway ID 'igw-{}' does not exist"),
    ({"GatewayId": f"nat-{LOST}"}, "InvalidGatewayID.NotFound", "The gateway ID 'nat-{}' does not exist"),
    ({"NatGatewayId": f"nat-{LOST}"}, "InvalidNatGatewayID.NotFound", "The natGateway ID 'nat-{}' does not exist"),
    ({"NetworkInterfaceId": f"eni-{LOST}"}, "InvalidNetworkInterfaceID.NotFound",
     "The networkInterface ID 'eni-{}' does not exist"),
    ({"TransitGatewayId": f"tgw-{LOST}"}, "InvalidTransitGatewayID.NotFound",
     "The transitGateway ID 'tgw-{}' does not exist."),
    ({"EgressOnlyInternetGatewayId": f"eigw-{LOST}"}, "InvalidGatewayID.NotFound",
     "The eigw ID 'eigw-{}' does not exist"),
    ({"VpcEndpointId": f"vpce-{LOST}"}, "InvalidVpcEndpointId.NotFound",
     "The Vpc Endpoint Id 'vpce-{}' does not exist"),
    ({"InstanceId": f"i-{LOST}"}, "InvalidInstanceID.NotFound", "The instance ID 'i-{}' does not exist"),
])
def test_a_target_has_to_exist(aws, table, target, code, text):
    with refused(code, text.format(LOST)):
        aws.ec2.create_route(RouteTableId=table, DestinationCidrBlock=ANY, **target)


def test_a_target_belongs_to_the_tables_vpc(aws, table):
    other = aws.vpc()
    gateway, interface = attached(aws, other), aws.interface(aws.subnet(other))
    with refused("InvalidParameterValue",
                 f"route table {table} and network gateway {gateway} belong to different networks"):
        aws.ec2.create_route(RouteTableId=table, DestinationCidrBlock=ANY, GatewayId=gateway)
    with refused("InvalidParameterValue",
                 f"route table {table} and interface {interface} belong to different networks"):
        aws.ec2.create_route(RouteTableId=table, DestinationCidrBlock=ANY, NetworkInterfaceId=interface)


def test_what_is_no_route_is_refused(aws, gateway, table):
    with refused("InvalidParameterValue", "Value (1000.1.0.0/20) for parameter destinationCidrBlock is invalid. "
                 "This is not a valid CIDR block."):
        aws.ec2.create_route(RouteTableId=table, DestinationCidrBlock="1000.1.0.0/20", GatewayId=gateway)
    with refused("MissingParameter"):
        aws.ec2.create_route(RouteTableId=table, GatewayId=gateway)
    with refused("MissingParameter"):
        aws.ec2.create_route(RouteTableId=table, DestinationCidrBlock=ANY)
    with refused("InvalidParameterCombination"):
        aws.ec2.create_route(RouteTableId=table, DestinationCidrBlock=ANY, GatewayId=gateway, InstanceId=f"i-{LOST}")
    with refused("InvalidPrefixListID.NotFound"):
        aws.ec2.create_route(RouteTableId=table, DestinationPrefixListId=f"pl-{LOST}", GatewayId=gateway)


def test_a_table_has_fifty_routes_of_each_family(aws, gateway, table):
    for n in range(50):
        aws.ec2.create_route(RouteTableId=table, DestinationCidrBlock=f"11.{n}.0.0/16", GatewayId=gateway)
    with refused("RouteLimitExceeded"):
        aws.ec2.create_route(RouteTableId=table, DestinationCidrBlock=ANY, GatewayId=gateway)
    aws.ec2.create_route(RouteTableId=table, DestinationIpv6CidrBlock="::/0", GatewayId=gateway)


def test_a_dry_run_routes_nothing(aws, vpc, gateway, table):
    with refused("DryRunOperation", status=412):
        aws.ec2.create_route(RouteTableId=table, DestinationCidrBlock=ANY, GatewayId=gateway, DryRun=True)
    with refused("DryRunOperation", status=412):
        aws.ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc, DryRun=True)
    assert len(described(aws, table)["Routes"]) == 1


# === Gateways ===


def test_routes_wait_for_their_gateway(aws, vpc, gateway, table):
    aws.ec2.create_route(RouteTableId=table, DestinationCidrBlock=ANY, GatewayId=gateway)
    aws.ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    assert states(aws, table) == ["active", "blackhole"]
    assert filtered(aws, vpc_id=vpc, **{"route.state": "blackhole"}) == [table]
    aws.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    assert states(aws, table) == ["active", "active"]
    aws.ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    aws.ec2.delete_internet_gateway(InternetGatewayId=gateway)
    assert states(aws, table) == ["active", "blackhole"]


def test_internet_gateways(aws, vpc):
    tags = [{"Key": "Name", "Value": "mine"}]
    made = aws.ec2.create_internet_gateway(
        TagSpecifications=[{"ResourceType": "internet-gateway", "Tags": tags}])["InternetGateway"]
    id = made["InternetGatewayId"]
    assert made == {"InternetGatewayId": id, "OwnerId": aws.number, "Attachments": [], "Tags": tags}
    with refused("Gateway.NotAttached", f"resource {id} is not attached to network {vpc}"):
        aws.ec2.detach_internet_gateway(InternetGatewayId=id, VpcId=vpc)
    aws.ec2.attach_internet_gateway(InternetGatewayId=id, VpcId=vpc)
    (seen,) = aws.ec2.describe_internet_gateways(
        Filters=[{"Name": "attachment.vpc-id", "Values": [vpc]}])["InternetGateways"]
    assert seen == {**made, "Attachments": [{"State": "available", "VpcId": vpc}]}
    with refused("Resource.AlreadyAssociated", f"resource {id} is already attached to network {vpc}"):
        aws.ec2.attach_internet_gateway(InternetGatewayId=id, VpcId=aws.vpc())
    second = aws.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    with refused("InvalidParameterValue", f"Network {vpc} already has an internet gateway attached"):
        aws.ec2.attach_internet_gateway(InternetGatewayId=second, VpcId=vpc)
    with refused("DependencyViolation", f"The internetGateway '{id}' has dependencies and cannot be deleted."):
        aws.ec2.delete_internet_gateway(InternetGatewayId=id)
    with refused("DependencyViolation", f"The vpc '{vpc}' has dependencies and cannot be deleted."):
        aws.ec2.delete_vpc(VpcId=vpc)
    aws.ec2.create_internet_gateway()
    aws.ec2.create_internet_gateway()
    with refused("InternetGatewayLimitExceeded", "The maximum number of internet gateways has been reached."):
        aws.ec2.create_internet_gateway()
    aws.ec2.detach_internet_gateway(InternetGatewayId=id, VpcId=vpc)
    aws.ec2.delete_internet_gateway(InternetGatewayId=id)
    with refused("InvalidInternetGatewayID.NotFound", f"The internetGateway ID '{id}' does not exist"):
        aws.ec2.delete_internet_gateway(InternetGatewayId=id)


def test_egress_only_gateways(aws, vpc, table):
    tags = [{"Key": "Name", "Value": "mine"}]
    made = aws.ec2.create_egress_only_internet_gateway(
        VpcId=vpc, ClientToken="once",
        TagSpecifications=[{"ResourceType": "egress-only-internet-gateway", "Tags": tags}])
    assert made["ClientToken"] == "once"
    row = made["EgressOnlyInternetGateway"]
    id = row["EgressOnlyInternetGatewayId"]
    assert row["Attachments"] == [{"State": "attached", "VpcId": vpc}]
    pages = aws.ec2.get_paginator("describe_egress_only_internet_gateways").paginate(
        Filters=[{"Name": "tag:Name", "Values": ["mine"]}], PaginationConfig={"PageSize": 5})
    assert [g for page in pages for g in page["EgressOnlyInternetGateways"]] == [row]
    aws.ec2.create_route(RouteTableId=table, DestinationIpv6CidrBlock="::/0", EgressOnlyInternetGatewayId=id)
    assert filtered(aws, **{"route.egress-only-internet-gateway-id": id}) == [table]
    with refused("InvalidParameterValue"):
        aws.ec2.create_route(RouteTableId=table, DestinationCidrBlock=ANY, EgressOnlyInternetGatewayId=id)
    with refused("DependencyViolation"):
        aws.ec2.delete_vpc(VpcId=vpc)
    assert aws.ec2.delete_egress_only_internet_gateway(EgressOnlyInternetGatewayId=id)["ReturnCode"] is True
    assert states(aws, table) == ["active", "blackhole"]
    gone = aws.ec2.describe_egress_only_internet_gateways(EgressOnlyInternetGatewayIds=[id])
    assert gone["EgressOnlyInternetGateways"] == []


def test_virtual_private_gateways(aws, vpc, table):
    aws.manual_clock()
    made = aws.ec2.create_vpn_gateway(
        Type="ipsec.1", AmazonSideAsn=65000,
        TagSpecifications=[{"ResourceType": "vpn-gateway", "Tags": [{"Key": "k", "Value": "v"}]}])["VpnGateway"]
    id = made["VpnGatewayId"]
    assert (made["State"], made["Type"], made["AmazonSideAsn"]) == ("available", "ipsec.1", 65000)
    assert made["VpcAttachments"] == []

    def attachment():
        (seen,) = aws.ec2.describe_vpn_gateways(VpnGatewayIds=[id])["VpnGateways"]
        return seen["VpcAttachments"]

    pair = {"VpnGatewayId": id, "VpcId": vpc}
    assert aws.ec2.attach_vpn_gateway(**pair)["VpcAttachment"] == {"State": "attaching", "VpcId": vpc}
    with refused("Gateway.NotAttached", f"resource {id} is not attached to network {vpc}"):
        aws.ec2.enable_vgw_route_propagation(RouteTableId=table, GatewayId=id)
    aws.advance("1s")
    assert attachment() == [{"State": "attached", "VpcId": vpc}]
    found = aws.ec2.describe_vpn_gateways(Filters=[{"Name": "attachment.state", "Values": ["attached"]}])
    assert [g["VpnGatewayId"] for g in found["VpnGateways"]] == [id]
    aws.ec2.enable_vgw_route_propagation(RouteTableId=table, GatewayId=id)
    assert described(aws, table)["PropagatingVgws"] == [{"GatewayId": id}]
    aws.ec2.create_route(RouteTableId=table, DestinationCidrBlock="10.9.0.0/16", GatewayId=id)
    with refused("IncorrectState", "The VPN gateway is in use."):
        aws.ec2.delete_vpn_gateway(VpnGatewayId=id)
    aws.ec2.detach_vpn_gateway(**pair)
    assert (attachment(), states(aws, table)) == ([{"State": "detaching", "VpcId": vpc}], ["active", "blackhole"])
    aws.advance("1s")
    assert attachment() == [{"State": "detached", "VpcId": vpc}]
    with refused("InvalidVpnGatewayAttachment.NotFound",
                 f"The attachment with vpn gateway ID '{id}' and vpc ID '{vpc}' does not exist"):
        aws.ec2.detach_vpn_gateway(**pair)
    aws.ec2.delete_vpn_gateway(VpnGatewayId=id)
    assert aws.ec2.describe_vpn_gateways(VpnGatewayIds=[id])["VpnGateways"][0]["State"] == "deleted"
    with refused("InvalidVpnGatewayID.NotFound", f"The vpnGateway ID '{id}' does not exist"):
        aws.ec2.delete_vpn_gateway(VpnGatewayId=id)


def test_transit_gateways(aws, vpc, subnet, table):
    def gateway():
        (seen,) = aws.ec2.describe_transit_gateways(TransitGatewayIds=[id])["TransitGateways"]
        return seen

    def route():
        aws.ec2.create_route(RouteTableId=table, DestinationCidrBlock="10.9.0.0/16", TransitGatewayId=id)

    aws.manual_clock()
    made = aws.ec2.create_transit_gateway(
        Description="mine", Options={"DnsSupport": "disable"},
        TagSpecifications=[{"ResourceType": "transit-gateway", "Tags": [{"Key": "k", "Value": "v"}]}])["TransitGateway"]
    id = made["TransitGatewayId"]
    assert (made["State"], made["OwnerId"], made["Description"]) == ("pending", aws.number, "mine")
    assert made["TransitGatewayArn"] == f"arn:aws:ec2:us-east-1:{aws.number}:transit-gateway/{id}"
    options = made["Options"]
    assert (options["DnsSupport"], options["VpnEcmpSupport"], options["AmazonSideAsn"]) == ("disable", "enable", 64512)
    assert options["AssociationDefaultRouteTableId"] == options["PropagationDefaultRouteTableId"]
    given = {"TransitGatewayId": id, "VpcId": vpc, "SubnetIds": [subnet]}
    with refused("IncorrectState", f"{id} is in invalid state"):
        aws.ec2.create_transit_gateway_vpc_attachment(**given)
    aws.advance("2s")
    assert gateway() == {**made, "State": "available"}
    attachment = aws.ec2.create_transit_gateway_vpc_attachment(**given)["TransitGatewayVpcAttachment"]
    name = attachment["TransitGatewayAttachmentId"]
    assert (attachment["State"], attachment["SubnetIds"], attachment["VpcOwnerId"]) == ("pending", [subnet], aws.number)
    assert "Tags" not in attachment, "it has none"
    with refused("InvalidTransitGatewayID.NotFound", f"The transitGateway ID '{id}' does not exist."):
        route()
    aws.advance("2s")
    seen = aws.ec2.describe_transit_gateway_vpc_attachments(Filters=[{"Name": "vpc-id", "Values": [vpc]}])
    assert seen["TransitGatewayVpcAttachments"] == [{**attachment, "State": "available"}]
    seen = aws.ec2.describe_transit_gateway_attachments(TransitGatewayAttachmentIds=[name])
    (one,) = seen["TransitGatewayAttachments"]
    assert (one["ResourceType"], one["ResourceId"], one["State"]) == ("vpc", vpc, "available")
    (interface,) = aws.interfaces(subnet_id=subnet)
    assert interface["Description"] == f"Network Interface for Transit Gateway Attachment {name}"
    assert interface["InterfaceType"] == "transit_gateway"
    route()
    with refused("DuplicateTransitGatewayAttachment",
                 f"{id} has non-deleted Transit Gateway Attachments with same VPC ID."):
        aws.ec2.create_transit_gateway_vpc_attachment(**given)
    aws.ec2.delete_transit_gateway_vpc_attachment(TransitGatewayAttachmentId=name)
    assert states(aws, table) == ["active", "blackhole"]
    with refused("IncorrectState"):
        aws.ec2.delete_transit_gateway(TransitGatewayId=id)
    aws.advance("2s")
    assert aws.interfaces(subnet_id=subnet) == []
    aws.ec2.delete_transit_gateway(TransitGatewayId=id)
    aws.advance("2s")
    assert gateway()["State"] == "deleted"


def test_comparing_and_making_again_changes_nothing(aws, vpc, subnet, gateway, table):
    aws.ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
    aws.ec2.create_route(RouteTableId=table, DestinationCidrBlock=ANY, GatewayId=gateway)
    before = described(aws, table)
    (association,) = before["Associations"]
    for _ in range(2):
        aws.ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
        with refused("RouteAlreadyExists", f"The route identified by {ANY} already exists."):
            aws.ec2.create_route(RouteTableId=table, DestinationCidrBlock=ANY, GatewayId=gateway)
        aws.ec2.replace_route(RouteTableId=table, DestinationCidrBlock=ANY, GatewayId=gateway)
        aws.ec2.replace_route_table_association(
            AssociationId=association["RouteTableAssociationId"], RouteTableId=table)
    assert described(aws, table) == before
