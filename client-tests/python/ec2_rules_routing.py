"""The table of EC2's rules: route tables, gateways, peering, Elastic IP addresses and NAT gateways."""

from ec2_rules import HEX, STS, behaves, refusal

# === Route tables ===

refusal("EC2-RT-404", "DescribeRouteTables", {"RouteTableIds": [f"rtb-{HEX}"]}, "InvalidRouteTableID.NotFound",
        f"The routeTable ID 'rtb-{HEX}' does not exist")
refusal("EC2-RT-404", "DeleteRoute", lambda w: {"RouteTableId": w.table, "DestinationCidrBlock": "10.9.0.0/16"},
        "InvalidRoute.NotFound", "no route with destination-cidr-block 10.9.0.0/16 in route table {w.table}")


def route(net="0.0.0.0/0", member="GatewayId", target="gateway", table="table", **more):
    """A route to something of the world, or to an id."""
    def given(w):
        to = {member: getattr(w, target, target)} if member else {}
        return {"RouteTableId": getattr(w, table), "DestinationCidrBlock": net, **to, **more}
    return given


def routed(w):
    w("CreateRoute", **route()(w))


refusal("EC2-RT-DUP", "CreateRoute", route(member="NetworkInterfaceId", target="interface"), "RouteAlreadyExists",
        "The route identified by 0.0.0.0/0 already exists.", before=routed)
refusal("EC2-RT-DUP", "CreateRoute", route(), "RouteAlreadyExists",
        "The route identified by 0.0.0.0/0 already exists.", before=routed)     # what it leads to does not matter
refusal("EC2-RT-DUP", "CreateRoute", route("10.0.0.0/16", "NetworkInterfaceId", "interface"), "RouteAlreadyExists",
        "The route identified by 10.0.0.0/16 already exists.")
refusal("EC2-RT-LOCAL", "DeleteRoute", route("10.0.0.0/16", None), "InvalidParameterValue",
        "cannot remove local route 10.0.0.0/16 in route table {w.table}")
refusal("EC2-RT-ONE", "CreateRoute", route(member=None), "MissingParameter",
        "The request must contain exactly one of gatewayId, natGatewayId, networkInterfaceId, vpcPeeringConnectionId, "
        "egressOnlyInternetGatewayId, transitGatewayId, vpcEndpointId or instanceId")
refusal("EC2-RT-CIDR", "CreateRoute", route("1000.1.0.0/20"), "InvalidParameterValue",
        "Value (1000.1.0.0/20) for parameter destinationCidrBlock is invalid. This is not a valid CIDR block.")
refusal("EC2-RT-SPECIFIC", "CreateRoute", route("10.0.0.0/24"), "InvalidParameterValue",
        "The destination CIDR block 10.0.0.0/24 is equal to or more specific than one of this VPC's CIDR blocks. This route "
        "can target only an interface or an instance.")
refusal("EC2-RT-FAMILY", "CreateRoute", route("10.9.0.0/16", "EgressOnlyInternetGatewayId", "egress_gateway"),
        "InvalidParameterValue",
        "A route to an egress-only internet gateway does not support the destination 10.9.0.0/16.")
refusal("EC2-RT-TARGET", "CreateRoute", route(target=f"igw-{HEX}"), "InvalidGatewayID.NotFound",
        f"The gateway ID 'igw-{HEX}' does not exist")
refusal("EC2-RT-TARGET", "CreateRoute", route(member="NatGatewayId", target=f"nat-{HEX}"),
        "InvalidNatGatewayID.NotFound", f"The natGateway ID 'nat-{HEX}' does not exist")
refusal("EC2-RT-VPC", "CreateRoute", route(target="loose_gateway"), "InvalidParameterValue",
        "route table {w.table} and network gateway {w.loose_gateway} belong to different networks")
refusal("EC2-RT-MAIN", "DeleteRouteTable", lambda w: {"RouteTableId": w.main["RouteTableId"]}, "DependencyViolation",
        "The routeTable '{w.main[RouteTableId]}' has dependencies and cannot be deleted.")
refusal("EC2-RT-MAIN", "DeleteRouteTable", lambda w: {"RouteTableId": w.table}, "DependencyViolation",
        "The routeTable '{w.table}' has dependencies and cannot be deleted.",
        before=lambda w: w("AssociateRouteTable", RouteTableId=w.table, SubnetId=w.subnet))


@behaves("EC2-RT-ASSOC")
def _(w):
    w("AssociateRouteTable", RouteTableId=w.table, SubnetId=w.subnet)
    other = w.a_table(w.vpc)
    w.refuses("AssociateRouteTable", {"RouteTableId": other, "SubnetId": w.subnet}, "Resource.AlreadyAssociated",
              f"the specified association for route table {other} conflicts with an existing association")


refusal("EC2-RT-ASSOC-ID", "DisassociateRouteTable", {"AssociationId": f"rtbassoc-{HEX}"},
        "InvalidAssociationID.NotFound", f"The association ID 'rtbassoc-{HEX}' does not exist")
refusal("EC2-RT-EDGE", "AssociateRouteTable", lambda w: {"RouteTableId": w.table, "GatewayId": f"nat-{HEX}"},
        "InvalidParameterValue", f"invalid value for parameter gateway-id: nat-{HEX}")


@behaves("EC2-RT-ASSOC-ID")
def _(w):
    answer = w("AssociateRouteTable", RouteTableId=w.table, SubnetId=w.subnet)
    assert answer["AssociationId"].startswith("rtbassoc-") and answer["AssociationState"] == {"State": "associated"}


@behaves("EC2-RT-LOCAL")
def _(w):
    """A table that is made has the local route of every block."""
    w("AssociateVpcCidrBlock", VpcId=w.vpc, CidrBlock="10.5.0.0/16")
    (table,) = w("DescribeRouteTables", RouteTableIds=[w.table])["RouteTables"]
    assert [(r["DestinationCidrBlock"], r["GatewayId"]) for r in table["Routes"]] == [
        ("10.0.0.0/16", "local"), ("10.5.0.0/16", "local")]


@behaves("EC2-RT-MAIN")
def _(w):
    """Another table becomes the main one; the old one can go."""
    association = w.main["Associations"][0]["RouteTableAssociationId"]
    w.refuses("DisassociateRouteTable", {"AssociationId": association}, "InvalidParameterValue",
              f"cannot disassociate the main route table association {association}")
    w("ReplaceRouteTableAssociation", AssociationId=association, RouteTableId=w.table)
    w("DeleteRouteTable", RouteTableId=w.main["RouteTableId"])


@behaves("EC2-RT-BLACKHOLE")
def _(w):
    w("CreateRoute", **route("10.7.0.0/16", "NatGatewayId", "nat")(w))
    w("CreateRoute", **route("10.8.0.0/16", "InstanceId", "instance")(w))

    def routes():
        (table,) = w("DescribeRouteTables", RouteTableIds=[w.table])["RouteTables"]
        return {r["DestinationCidrBlock"]: r["State"] for r in table["Routes"]}

    assert set(routes().values()) == {"active"}
    w("DeleteNatGateway", NatGatewayId=w.nat)
    w.wait("nat_gateway_deleted", NatGatewayIds=[w.nat])
    w("TerminateInstances", InstanceIds=[w.instance])
    w.wait("instance_terminated", InstanceIds=[w.instance])
    assert routes() == {"10.0.0.0/16": "active", "10.7.0.0/16": "blackhole", "10.8.0.0/16": "blackhole"}


@behaves("EC2-RT-VPCE")
def _(w):
    w.an_endpoint(w.vpc, RouteTableIds=[w.table])
    of_list = {"RouteTableId": w.table, "DestinationPrefixListId": "pl-63a5400a"}
    w.refuses("DeleteRoute", of_list, "InvalidParameterValue",
              "cannot change or remove VPC endpoint route pl-63a5400a in route table {w.table}")
    id = w.an_endpoint(w.vpc, STS, SubnetIds=[w.subnet])
    w.refuses("CreateRoute", route(member="VpcEndpointId", target=id)(w), "RouteNotSupported",
              f"Route table contains unsupported route target: {id}. VPC Endpoints of this type cannot be used as route "
              "targets.")


@behaves("EC2-RT-LIMIT")
def _(w):
    for n in range(50):     # beside the local route
        w("CreateRoute", **route(f"10.{n + 10}.0.0/16")(w))
    w.refuses("CreateRoute", route()(w), "RouteLimitExceeded", "The maximum number of routes has been reached.")
    for _ in range(198):    # the main table counts
        w.a_table(w.vpc)
    w.refuses("CreateRouteTable", {"VpcId": w.vpc}, "RouteTableLimitExceeded",
              "The maximum number of route tables has been reached.")


# === Internet gateways and egress-only ones ===

refusal("EC2-IGW-404", "DescribeInternetGateways", {"InternetGatewayIds": [f"igw-{HEX}"]},
        "InvalidInternetGatewayID.NotFound", f"The internetGateway ID 'igw-{HEX}' does not exist")
refusal("EC2-IGW-ATTACH", "AttachInternetGateway", lambda w: {"InternetGatewayId": w.gateway, "VpcId": w.other},
        "Resource.AlreadyAssociated", "resource {w.gateway} is already attached to network {w.vpc}")
refusal("EC2-IGW-ATTACH", "AttachInternetGateway", lambda w: {"InternetGatewayId": w.loose_gateway, "VpcId": w.vpc},
        "InvalidParameterValue", "Network {w.vpc} already has an internet gateway attached", before=lambda w: w.gateway)
refusal("EC2-IGW-DETACH", "DetachInternetGateway", lambda w: {"InternetGatewayId": w.gateway, "VpcId": w.vpc},
        "DependencyViolation",
        "Network {w.vpc} has some mapped public address(es). Please unmap those public address(es) before detaching the "
        "gateway.",
        before=lambda w: w.gateway and w("AssociateAddress", AllocationId=w.address, NetworkInterfaceId=w.interface))
refusal("EC2-IGW-DETACH2", "DetachInternetGateway", lambda w: {"InternetGatewayId": w.loose_gateway, "VpcId": w.vpc},
        "Gateway.NotAttached", "resource {w.loose_gateway} is not attached to network {w.vpc}")
refusal("EC2-IGW-DEL", "DeleteInternetGateway", lambda w: {"InternetGatewayId": w.gateway}, "DependencyViolation",
        "The internetGateway '{w.gateway}' has dependencies and cannot be deleted.")
refusal("EC2-EIGW-404", "DeleteEgressOnlyInternetGateway", {"EgressOnlyInternetGatewayId": f"eigw-{HEX}"},
        "InvalidGatewayID.NotFound", f"The eigw ID 'eigw-{HEX}' does not exist")

# === Virtual private gateways ===

refusal("EC2-VGW-404", "DescribeVpnGateways", {"VpnGatewayIds": [f"vgw-{HEX}"]}, "InvalidVpnGatewayID.NotFound",
        f"The vpnGateway ID 'vgw-{HEX}' does not exist")
refusal("EC2-VGW-ASN", "CreateVpnGateway", {"Type": "ipsec.1", "AmazonSideAsn": 7}, "InvalidParameterValue",
        "Value (7) for parameter amazonSideAsn is invalid. Expecting 64512 to 65534 or 4200000000 to 4294967294.")


def vpn_attached(w):
    w("AttachVpnGateway", VpnGatewayId=w.vpn_gateway, VpcId=w.vpc)


refusal("EC2-VGW-ATTACH", "AttachVpnGateway", lambda w: {"VpnGatewayId": w.vpn_gateway, "VpcId": w.other},
        "VpnGatewayAttachmentLimitExceeded", "The maximum number of virtual private gateway attachments has been reached.",
        before=vpn_attached)
refusal("EC2-VGW-ATTACH", "AttachVpnGateway", lambda w: {"VpnGatewayId": w.a_vpn_gateway(), "VpcId": w.vpc},
        "InvalidVpcState", "The vpc '{w.vpc}' already has the virtual private gateway {w.vpn_gateway} attached.",
        before=vpn_attached)
refusal("EC2-VGW-DETACH", "DetachVpnGateway", lambda w: {"VpnGatewayId": w.vpn_gateway, "VpcId": w.vpc},
        "InvalidVpnGatewayAttachment.NotFound",
        "The attachment with vpn gateway ID '{w.vpn_gateway}' and vpc ID '{w.vpc}' does not exist")
refusal("EC2-VGW-DEL", "DeleteVpnGateway", lambda w: {"VpnGatewayId": w.vpn_gateway}, "IncorrectState",
        "The VPN gateway is in use.", before=vpn_attached)

# === Transit gateways ===

refusal("EC2-TGW-404", "DescribeTransitGateways", {"TransitGatewayIds": [f"tgw-{HEX}"]},
        "InvalidTransitGatewayID.NotFound", f"Transit Gateway tgw-{HEX} was deleted or does not exist.")


def transit(*subnets):
    return lambda w: {"TransitGatewayId": w.transit, "VpcId": w.vpc, "SubnetIds": [getattr(w, name) for name in subnets]}


refusal("EC2-TGW-STATE", "CreateTransitGatewayVpcAttachment", transit("subnet"), "IncorrectState",
        "{w.transit} is in invalid state", before=lambda w: w.still())


@behaves("EC2-TGW-ATTACH")
def _(w):
    w.still()
    assert w.transit
    w.later("10m")
    w.refuses("CreateTransitGatewayVpcAttachment", transit("subnet", "twin")(w), "DuplicateSubnetsInSameZone",
              "Duplicate Subnets for same AZ")
    w("CreateTransitGatewayVpcAttachment", **transit("subnet")(w))
    w.refuses("CreateTransitGatewayVpcAttachment", transit("far")(w), "DuplicateTransitGatewayAttachment",
              "{w.transit} has non-deleted Transit Gateway Attachments with same VPC ID.")


@behaves("EC2-TGW-DEL")
def _(w):
    w.still()
    assert w.transit
    w.later("10m")
    made = w.one("CreateTransitGatewayVpcAttachment", **transit("subnet")(w))["TransitGatewayAttachmentId"]
    w.refuses("DeleteTransitGateway", {"TransitGatewayId": w.transit}, "IncorrectState",
              f"{{w.transit}} has non-deleted Transit Gateway Attachments: {made}.")


@behaves("EC2-TGW-TABLE")
def _(w):
    w.still()
    assert w.transit
    w.later("10m")
    tie = w.one("CreateTransitGatewayVpcAttachment", **transit("subnet")(w))["TransitGatewayAttachmentId"]
    w.later("10m")
    own = w.one("DescribeTransitGateways", TransitGatewayIds=[w.transit])[0]["Options"]["AssociationDefaultRouteTableId"]
    w.refuses("DeleteTransitGatewayRouteTable", {"TransitGatewayRouteTableId": own}, "IncorrectState")
    table = w.one("CreateTransitGatewayRouteTable", TransitGatewayId=w.transit)["TransitGatewayRouteTableId"]
    w.later("10m")
    w.refuses("AssociateTransitGatewayRouteTable",
              {"TransitGatewayRouteTableId": table, "TransitGatewayAttachmentId": tie}, "Resource.AlreadyAssociated",
              f"Transit Gateway Attachment {tie} is already associated to a route table.")


@behaves("EC2-TGW-ROUTE")
def _(w):
    w.still()
    assert w.transit
    w.later("10m")
    own = w.one("DescribeTransitGateways", TransitGatewayIds=[w.transit])[0]["Options"]["AssociationDefaultRouteTableId"]
    route = {"TransitGatewayRouteTableId": own, "DestinationCidrBlock": "10.9.0.0/16"}
    w.refuses("CreateTransitGatewayRoute", route, "MissingParameter")
    w("CreateTransitGatewayRoute", Blackhole=True, **route)
    w.refuses("CreateTransitGatewayRoute", {"Blackhole": True, **route}, "RouteAlreadyExists",
              "The route identified by 10.9.0.0/16 already exists.")


# === Peering ===

refusal("EC2-PCX-404", "DescribeVpcPeeringConnections", {"VpcPeeringConnectionIds": [f"pcx-{HEX}"]},
        "InvalidVpcPeeringConnectionID.NotFound", f"The vpcPeeringConnection ID 'pcx-{HEX}' does not exist")


@behaves("EC2-PCX-STATE")
def _(w):
    id = w.a_peering(w.vpc, w.other)
    w.refuses("RejectVpcPeeringConnection", {"VpcPeeringConnectionId": id}, "InvalidStateTransition",
              f"Invalid state transition for {id}, attempted to transition from active to rejected")


@behaves("EC2-PCX-DUP")
def _(w):
    first, second = w.a_peering(w.vpc, w.other, accept=False), w.a_peering(w.other, w.vpc, accept=False)
    w("AcceptVpcPeeringConnection", VpcPeeringConnectionId=first)
    w.refuses("AcceptVpcPeeringConnection", {"VpcPeeringConnectionId": second}, "VpcPeeringConnectionAlreadyExists",
              f"The vpc peering connection identified by {second} already exists.")


@behaves("EC2-PCX-WHO")
def _(w):
    there = w.beside("eu-west-1")
    id = w.a_peering(w.vpc, there.other, accept=False, PeerRegion="eu-west-1")
    w.refuses("AcceptVpcPeeringConnection", {"VpcPeeringConnectionId": id}, "OperationNotPermitted",
              f"Incorrect region (us-east-1) specified for this request.VPC peering connection {id} must be accepted in "
              "region eu-west-1")


@behaves("EC2-PCX-OPTIONS")
def _(w):
    id = w.a_peering(w.vpc, w.other, accept=False)
    options = {"RequesterPeeringConnectionOptions": {"AllowDnsResolutionFromRemoteVpc": True}}
    w.refuses("ModifyVpcPeeringConnectionOptions", {"VpcPeeringConnectionId": id, **options}, "OperationNotPermitted",
              f"Peering {id} is not active. Peering options can be added only to active peerings.")


# === Elastic IP addresses ===

refusal("EC2-EIP-404", "ReleaseAddress", {"AllocationId": f"eipalloc-{HEX}"}, "InvalidAllocationID.NotFound",
        f"The allocation ID 'eipalloc-{HEX}' does not exist")
refusal("EC2-EIP-404", "DescribeAddresses", {"PublicIps": ["192.0.2.1"]}, "InvalidAddress.NotFound",
        "Address '192.0.2.1' not found.")
refusal("EC2-EIP-BY-ID", "ReleaseAddress", lambda w: {"PublicIp": w.ip}, "InvalidParameterValue",
        "You must specify an allocation id when releasing a VPC elastic IP address")
refusal("EC2-EIP-ASSOC-404", "DisassociateAddress", {"AssociationId": f"eipassoc-{HEX}"},
        "InvalidAssociationID.NotFound", f"The association ID 'eipassoc-{HEX}' does not exist")
refusal("EC2-EIP-IGW", "AssociateAddress", lambda w: {"AllocationId": w.address, "NetworkInterfaceId": w.interface},
        "Gateway.NotAttached", "Network {w.vpc} is not attached to any internet gateway")


def mapped(w):
    assert w.gateway
    return w("AssociateAddress", AllocationId=w.address, NetworkInterfaceId=w.interface)["AssociationId"]


refusal("EC2-EIP-INUSE", "ReleaseAddress", lambda w: {"AllocationId": w.address}, "InvalidIPAddress.InUse",
        "Address {w.ip} is in use.", before=mapped)
refusal("EC2-EIP-PTR", "ReleaseAddress", lambda w: {"AllocationId": w.address}, "InvalidAddress.PtrSet",
        "The address with allocation id [{w.address}] cannot be released because it has a PTR record set.",
        before=lambda w: w("ModifyAddressAttribute", AllocationId=w.address, DomainName="mail.example.com"))
refusal("EC2-EIP-LIMIT", "AllocateAddress", {"Domain": "vpc"}, "AddressLimitExceeded",
        "The maximum number of addresses has been reached.", before=lambda w: [w.an_address() for _ in range(5)])


@behaves("EC2-EIP-USED")
def _(w):
    association = mapped(w)
    given = {"AllocationId": w.address, "NetworkInterfaceId": w.second}
    w.refuses("AssociateAddress", {**given, "AllowReassociation": False}, "Resource.AlreadyAssociated",
              f"resource {{w.address}} is already associated with associate-id {association}")
    w("AssociateAddress", **given)


# === NAT gateways ===

def public(**more):
    return lambda w: {"SubnetId": w.default_subnet, "AllocationId": w.address, **more}


refusal("EC2-NAT-404", "DescribeNatGateways", {"NatGatewayIds": [f"nat-{HEX}"]}, "NatGatewayNotFound",
        f"NAT gateway nat-{HEX} was not found")
refusal("EC2-NAT-SUBNET", "CreateNatGateway", {"SubnetId": "10.0.2.0/24", "ConnectivityType": "private"}, "InvalidSubnet",
        "Subnet 10.0.2.0/24 was not found")
refusal("EC2-NAT-TYPE", "CreateNatGateway", lambda w: {"SubnetId": w.subnet}, "MissingParameter",
        "The request must include the AllocationId parameter. Add the required parameter and retry the request.")
refusal("EC2-NAT-LIMIT", "CreateNatGateway", lambda w: {"SubnetId": w.subnet, "ConnectivityType": "private"},
        "NatGatewayLimitExceeded", "Performing this operation would exceed the limit of 5 NAT gateways",
        before=lambda w: [w.a_nat(w.subnet) for _ in range(5)])
refusal("EC2-NAT-ADDRESSES", "CreateNatGateway",
        lambda w: public(SecondaryAllocationIds=[w.an_address(), w.an_address()])(w), "AddressLimitExceeded",
        "A NAT gateway can have at most 2 Elastic IP addresses")
refusal("EC2-NAT-STATE", "AssociateNatGatewayAddress",
        lambda w: {"NatGatewayId": w.nat, "AllocationIds": [w.an_address()]}, "IncorrectState",
        "NAT gateway {w.nat} is pending; its addresses can be changed when it is available",
        before=lambda w: (w.still(), setattr(w, "nat", w.a_nat(w.default_subnet, AllocationId=w.address))))


@behaves("EC2-NAT-PRIMARY")
def _(w):
    id = w.one("CreateNatGateway", **public()(w))["NatGatewayId"]
    w.wait("nat_gateway_available", NatGatewayIds=[id])
    (gateway,) = w("DescribeNatGateways", NatGatewayIds=[id])["NatGateways"]
    (primary,) = gateway["NatGatewayAddresses"]
    w.refuses("DisassociateNatGatewayAddress", {"NatGatewayId": id, "AssociationIds": [primary["AssociationId"]]},
              "InvalidParameterValue", f"{primary['PrivateIp']} is the primary address of the NAT gateway and cannot be removed")


@behaves("NAT gateways: why they fail")
def _(w):
    """The call succeeds, the gateway does not."""
    mapped_already = w.an_address()
    full = w.a_subnet(w.vpc, "10.0.4.0/28")
    w.an_interface(full, SecondaryPrivateIpAddressCount=10)
    for given, code, text in [
        ({"SubnetId": w.foreign_subnet, "AllocationId": w.address}, "Gateway.NotAttached",
         f"Network {w.other} has no Internet gateway attached"),
        ({"SubnetId": full, "ConnectivityType": "private"}, "InsufficientFreeAddressesInSubnet",
         "Subnet has insufficient free addresses to create this NAT gateway"),
        ({"SubnetId": w.default_subnet, "AllocationId": f"eipalloc-{HEX}"}, "InvalidAllocationID.NotFound",
         f"Elastic IP address eipalloc-{HEX} could not be associated with this NAT gateway"),
        ({"SubnetId": w.default_subnet, "AllocationId": mapped_already}, "Resource.AlreadyAssociated",
         f"Elastic IP address {mapped_already} is already associated"),
    ]:
        if given.get("AllocationId") == mapped_already:
            assert w.gateway
            w("AssociateAddress", AllocationId=mapped_already, NetworkInterfaceId=w.interface)
        id = w.one("CreateNatGateway", **given)["NatGatewayId"]
        w.server.control("POST", "/_mockplane/clock", {"account": w.mine, "advance": "1m"})
        (gateway,) = w("DescribeNatGateways", NatGatewayIds=[id])["NatGateways"]
        assert (gateway["State"], gateway["FailureCode"], gateway["FailureMessage"]) == ("failed", code, text)
    w.server.control("POST", "/_mockplane/clock", {"account": w.mine, "advance": "2h"})
    assert w.one("DescribeNatGateways") == []


@behaves("NAT gateways: what is left of a deleted one")
def _(w):
    w.still()
    made = w.one("CreateNatGateway", **public()(w))
    assert made["State"] == "pending"
    id = made["NatGatewayId"]

    def state():
        return [gateway["State"] for gateway in w.one("DescribeNatGateways", Filters=[{"Name": "nat-gateway-id", "Values": [id]}])]

    w.later("10m")
    assert state() == ["available"]
    w("DeleteNatGateway", NatGatewayId=id)
    assert state() == ["deleting"]
    w.later("10m")
    assert state() == ["deleted"]
    assert "AssociationId" not in w("DescribeAddresses", AllocationIds=[w.address])["Addresses"][0]
    w.later("70m")
    assert state() == []
