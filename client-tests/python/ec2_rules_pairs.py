"""The table of EC2's rules: what holds something else. What is held refuses to go until its holder is gone."""

from ec2_rules import ENTRIES, S3, STS, permission

# How each kind of thing goes, and what is said while it is held.
KINDS = {
    "VPC": ("DeleteVpc", "VpcId", "DependencyViolation", "The vpc '{}' has dependencies and cannot be deleted."),
    "subnet": ("DeleteSubnet", "SubnetId", "DependencyViolation", "The subnet '{}' has dependencies and cannot be deleted."),
    "security group": ("DeleteSecurityGroup", "GroupId", "DependencyViolation", "resource {} has a dependent object"),
    "route table": ("DeleteRouteTable", "RouteTableId", "DependencyViolation",
                    "The routeTable '{}' has dependencies and cannot be deleted."),
    "network ACL": ("DeleteNetworkAcl", "NetworkAclId", "DependencyViolation",
                    "The network ACL '{}' has dependencies and cannot be deleted."),
    "DHCP options": ("DeleteDhcpOptions", "DhcpOptionsId", "DependencyViolation",
                     "The dhcpOptions '{}' has dependencies and cannot be deleted."),
    "internet gateway": ("DeleteInternetGateway", "InternetGatewayId", "DependencyViolation",
                         "The internetGateway '{}' has dependencies and cannot be deleted."),
    "virtual private gateway": ("DeleteVpnGateway", "VpnGatewayId", "IncorrectState", "The VPN gateway is in use."),
    "network interface": ("DeleteNetworkInterface", "NetworkInterfaceId", "InvalidParameterValue",
                          "Network interface '{}' is currently in use."),
}


def pair(kind, holder, held):
    """`held` makes both; it answers the id of what is held, and the calls that take the holder away."""
    operation, member, code, text = KINDS[kind]

    def entry(w):
        w.still()
        id, *releases = held(w)
        w.refuses(operation, {member: id}, code, text.format(id))
        for release, given in releases:
            w(release, **given)
            w.later("20m")
        w(operation, **{member: id})
    ENTRIES[f"{kind} held by {holder}"].append(entry)


def delete_subnet(w):
    return "DeleteSubnet", {"SubnetId": w.subnet}


def in_subnet(w):
    """What there can be in a subnet: how it goes."""
    return {
        "network interface": lambda: ("DeleteNetworkInterface", {"NetworkInterfaceId": w.interface}),
        "instance": lambda: ("TerminateInstances", {"InstanceIds": [w.an_instance(w.subnet, settled=False)]}),
        "NAT gateway": lambda: ("DeleteNatGateway", {"NatGatewayId": w.nat}),
        "VPC endpoint": lambda: ("DeleteVpcEndpoints", {"VpcEndpointIds": [w.an_endpoint(w.vpc, STS, SubnetIds=[w.subnet])]}),
        "transit gateway attachment": lambda: ("DeleteTransitGatewayVpcAttachment", {"TransitGatewayAttachmentId": attached(w)}),
    }


def attached(w):
    assert w.transit
    w.later("20m")
    given = {"TransitGatewayId": w.transit, "VpcId": w.vpc, "SubnetIds": [w.subnet]}
    made = w.one("CreateTransitGatewayVpcAttachment", **given)["TransitGatewayAttachmentId"]
    w.later("20m")
    return made


for name in in_subnet(None):
    pair("subnet", name, lambda w, name=name: (w.subnet, in_subnet(w)[name]()))
    pair("VPC", name, lambda w, name=name: (w.vpc, in_subnet(w)[name](), delete_subnet(w)))


def reference(group, of):
    return "RevokeSecurityGroupIngress", {"GroupId": group, "IpPermissions": permission(UserIdGroupPairs=[{"GroupId": of}])}


def referred(w, group, of):
    _, given = reference(group, of)
    w("AuthorizeSecurityGroupIngress", **given)
    return reference(group, of)


def vpn(w):
    given = {"VpnGatewayId": w.vpn_gateway, "VpcId": w.vpc}
    w("AttachVpnGateway", **given)
    w.later("20m")
    return "DetachVpnGateway", given


def igw(w):
    return "DetachInternetGateway", {"InternetGatewayId": w.gateway, "VpcId": w.vpc}


def guest(w, group, vpc):
    w("AssociateSecurityGroupVpc", GroupId=group, VpcId=vpc)
    w.later("20m")
    return "DisassociateSecurityGroupVpc", {"GroupId": group, "VpcId": vpc}


pair("VPC", "subnet", lambda w: (w.vpc, delete_subnet(w)))
pair("VPC", "security group", lambda w: (w.vpc, ("DeleteSecurityGroup", {"GroupId": w.group})))
pair("VPC", "route table", lambda w: (w.vpc, ("DeleteRouteTable", {"RouteTableId": w.table})))
pair("VPC", "network ACL", lambda w: (w.vpc, ("DeleteNetworkAcl", {"NetworkAclId": w.acl})))
pair("VPC", "internet gateway", lambda w: (w.vpc, igw(w)))
pair("VPC", "egress-only internet gateway", lambda w: (
    w.vpc, ("DeleteEgressOnlyInternetGateway", {"EgressOnlyInternetGatewayId": w.egress_gateway})))
pair("VPC", "virtual private gateway", lambda w: (w.vpc, vpn(w)))
pair("VPC", "gateway endpoint", lambda w: (w.vpc, ("DeleteVpcEndpoints", {"VpcEndpointIds": [w.an_endpoint(w.vpc, S3)]})))
pair("VPC", "associated security group", lambda w: (w.vpc, guest(w, w.foreign, w.vpc)))
pair("VPC", "reference to the default group", lambda w: (
    w.vpc, (w.a_peering(w.vpc, w.other), referred(w, w.foreign, w.default_group))[1]))
pair("security group", "network interface", lambda w: (
    w.group, ("DeleteNetworkInterface", {"NetworkInterfaceId": w.an_interface(w.subnet, Groups=[w.group])})))
pair("security group", "instance", lambda w: (
    w.group, ("TerminateInstances", {"InstanceIds": [w.an_instance(w.subnet, settled=False, SecurityGroupIds=[w.group])]})))
pair("security group", "rule of another group", lambda w: (w.group, referred(w, w.a_group(w.vpc, "other"), w.group)))
pair("security group", "VPC endpoint", lambda w: (
    w.group, ("DeleteVpcEndpoints", {"VpcEndpointIds": [w.an_endpoint(w.vpc, STS, SecurityGroupIds=[w.group])]})))
pair("security group", "association with another VPC", lambda w: (w.group, guest(w, w.group, w.other)))
pair("route table", "association with a subnet", lambda w: (w.table, ("DisassociateRouteTable", {
    "AssociationId": w("AssociateRouteTable", RouteTableId=w.table, SubnetId=w.subnet)["AssociationId"]})))
pair("route table", "association with a gateway", lambda w: (w.table, ("DisassociateRouteTable", {
    "AssociationId": w("AssociateRouteTable", RouteTableId=w.table, GatewayId=w.gateway)["AssociationId"]})))
pair("internet gateway", "VPC", lambda w: (w.gateway, igw(w)))
pair("virtual private gateway", "VPC", lambda w: (w.vpn_gateway, vpn(w)))


def replaced(w):
    assert w.subnet
    default = w.default_acl
    of_subnet = default["Associations"][0]["NetworkAclAssociationId"]
    new = w("ReplaceNetworkAclAssociation", AssociationId=of_subnet, NetworkAclId=w.acl)["NewAssociationId"]
    return "ReplaceNetworkAclAssociation", {"AssociationId": new, "NetworkAclId": default["NetworkAclId"]}


def options(w):
    given = [{"Key": "domain-name", "Values": ["a.test"]}]
    id = w.one("CreateDhcpOptions", DhcpConfigurations=given)["DhcpOptionsId"]
    w("AssociateDhcpOptions", VpcId=w.vpc, DhcpOptionsId=id)
    return id, ("AssociateDhcpOptions", {"VpcId": w.vpc, "DhcpOptionsId": "default"})


def in_use(w):
    instance = w.an_instance(w.subnet, settled=False)
    w.later("20m")
    attachment = w("AttachNetworkInterface", NetworkInterfaceId=w.interface, InstanceId=instance, DeviceIndex=1)
    return w.interface, ("DetachNetworkInterface", {"AttachmentId": attachment["AttachmentId"]})


pair("network ACL", "association with a subnet", lambda w: (w.acl, replaced(w)))
pair("DHCP options", "VPC", options)
pair("network interface", "attachment", in_use)
