"""Route tables of transit gateways, as boto3 sees them."""

import pytest

from mockplane import poll, refused


@pytest.fixture
def net(aws):
    """A VPC attached to a transit gateway."""
    net = aws.network("10.0.1.0/24")
    ec2 = aws.ec2
    gateway = ec2.create_transit_gateway()["TransitGateway"]
    net.gateway, net.default = gateway["TransitGatewayId"], gateway["Options"]["AssociationDefaultRouteTableId"]
    available = lambda rows: rows[0]["State"] == "available"     # noqa: E731
    poll(lambda: available(ec2.describe_transit_gateways(TransitGatewayIds=[net.gateway])["TransitGateways"]), "gateway")
    made = ec2.create_transit_gateway_vpc_attachment(
        TransitGatewayId=net.gateway, VpcId=net.vpc, SubnetIds=net.subnets)["TransitGatewayVpcAttachment"]
    net.attachment = made["TransitGatewayAttachmentId"]
    poll(lambda: available(ec2.describe_transit_gateway_vpc_attachments(
        TransitGatewayAttachmentIds=[net.attachment])["TransitGatewayVpcAttachments"]), "attachment")
    made = ec2.create_transit_gateway_route_table(TransitGatewayId=net.gateway, TagSpecifications=[
        {"ResourceType": "transit-gateway-route-table", "Tags": [{"Key": "k", "Value": "v"}]}])["TransitGatewayRouteTable"]
    assert (made["Tags"], made["DefaultPropagationRouteTable"]) == ([{"Key": "k", "Value": "v"}], False)
    net.table = made["TransitGatewayRouteTableId"]
    poll(lambda: available(ec2.describe_transit_gateway_route_tables(
        TransitGatewayRouteTableIds=[net.table])["TransitGatewayRouteTables"]), "table")
    return net


def test_associations_propagations_and_routes(aws, net):
    ec2 = aws.ec2
    tie = {"TransitGatewayAttachmentId": net.attachment, "ResourceId": net.vpc, "ResourceType": "vpc"}
    told = ec2.get_transit_gateway_route_table_associations(TransitGatewayRouteTableId=net.default)["Associations"]
    assert told == [{**tie, "State": "associated"}]
    pair = {"TransitGatewayRouteTableId": net.table, "TransitGatewayAttachmentId": net.attachment}
    with refused("Resource.AlreadyAssociated",
                 f"Transit Gateway Attachment {net.attachment} is already associated to a route table."):
        ec2.associate_transit_gateway_route_table(**pair)
    ec2.disassociate_transit_gateway_route_table(**{**pair, "TransitGatewayRouteTableId": net.default})
    answer = ec2.associate_transit_gateway_route_table(**pair)["Association"]
    assert answer == {**pair, **tie, "State": "associating"}
    ec2.enable_transit_gateway_route_table_propagation(**pair)
    propagations = ec2.get_transit_gateway_route_table_propagations(TransitGatewayRouteTableId=net.table)
    assert propagations["TransitGatewayRouteTablePropagations"] == [{**tie, "State": "enabled"}]

    route = ec2.create_transit_gateway_route(DestinationCidrBlock="0.0.0.0/0", **pair)["Route"]
    assert route == {"DestinationCidrBlock": "0.0.0.0/0", "TransitGatewayAttachments": [tie], "Type": "static",
                     "State": "active"}
    ec2.create_transit_gateway_route(
        TransitGatewayRouteTableId=net.table, DestinationCidrBlock="10.9.0.0/16", Blackhole=True)
    search = lambda name, value: [row["DestinationCidrBlock"] for row in ec2.search_transit_gateway_routes(    # noqa: E731
        TransitGatewayRouteTableId=net.table, Filters=[{"Name": name, "Values": [value]}])["Routes"]]
    assert search("type", "propagated") == ["10.0.0.0/16"]
    assert search("state", "blackhole") == ["10.9.0.0/16"]
    assert search("route-search.longest-prefix-match", "10.9.1.0/24") == ["10.9.0.0/16"]
    with refused("RouteAlreadyExists", "The route identified by 0.0.0.0/0 already exists."):
        ec2.create_transit_gateway_route(DestinationCidrBlock="0.0.0.0/0", **pair)
    deleted = ec2.delete_transit_gateway_route(TransitGatewayRouteTableId=net.table, DestinationCidrBlock="0.0.0.0/0")
    assert deleted["Route"]["State"] == "deleted" and search("type", "static") == ["10.9.0.0/16"]
    with refused("IncorrectState", lambda text: net.attachment in text):
        ec2.delete_transit_gateway_route_table(TransitGatewayRouteTableId=net.table)
    ec2.disassociate_transit_gateway_route_table(**pair)
    deleted = ec2.delete_transit_gateway_route_table(TransitGatewayRouteTableId=net.table)["TransitGatewayRouteTable"]
    assert deleted["State"] == "deleting"


def test_what_there_is_not(aws):
    lost = "tgw-rtb-0123456789abcdef0"
    with refused("InvalidRouteTableID.NotFound", f"Transit Gateway Route Table {lost} was deleted or does not exist."):
        aws.ec2.describe_transit_gateway_route_tables(TransitGatewayRouteTableIds=[lost])


def test_filters_for_tags(aws, net):
    """No page of these operations names them, but many clients use them."""
    ec2 = aws.ec2
    ec2.create_tags(Resources=[net.gateway, net.attachment], Tags=[{"Key": "k", "Value": "v"}])
    for call, listed, name, wanted in (
        (ec2.describe_transit_gateways, "TransitGateways", "TransitGatewayId", net.gateway),
        (ec2.describe_transit_gateway_attachments, "TransitGatewayAttachments", "TransitGatewayAttachmentId", net.attachment),
        (ec2.describe_transit_gateway_vpc_attachments, "TransitGatewayVpcAttachments", "TransitGatewayAttachmentId",
         net.attachment),
        (ec2.describe_transit_gateway_route_tables, "TransitGatewayRouteTables", "TransitGatewayRouteTableId", net.table),
    ):
        for value, found in (("v", [wanted]), ("w", [])):
            answer = call(Filters=[{"Name": "tag:k", "Values": [value]}])
            assert [row[name] for row in answer[listed]] == found, (listed, value)
    with refused("InvalidParameterValue", "The filter 'tag:k' is invalid"):
        ec2.describe_network_interface_permissions(Filters=[{"Name": "tag:k", "Values": ["v"]}])
