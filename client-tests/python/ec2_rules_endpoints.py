"""The table of EC2's rules: VPC endpoints."""

from ec2_rules import HEX, S3, STS, behaves, refusal

INVALID = "InvalidParameter"


def gateway(**more):
    """Names of things of the world stand for them in lists."""
    return lambda w: {"VpcId": w.vpc, "ServiceName": S3, **named(w, more)}


def interface(**more):
    given = {"VpcEndpointType": "Interface", "ServiceName": STS, "PrivateDnsEnabled": False, **more}
    return lambda w: {"VpcId": w.vpc, **named(w, given)}


def named(w, given):
    return {k: [getattr(w, one, one) for one in v] if isinstance(v, list) else v for k, v in given.items()}


refusal("EC2-VPCE-404", "DescribeVpcEndpoints", {"VpcEndpointIds": [f"vpce-{HEX}"]}, "InvalidVpcEndpointId.NotFound",
        f"The Vpc Endpoint Id 'vpce-{HEX}' does not exist")
refusal("EC2-VPCE-PART-404", "CreateVpcEndpoint", interface(SubnetIds=["subnet-1"]), "InvalidSubnetId.NotFound",
        "The subnet ID 'subnet-1' does not exist")
refusal("EC2-VPCE-SVC", "CreateVpcEndpoint", gateway(ServiceName="com.amazonaws.us-east-1.x"), "InvalidServiceName",
        "The Vpc Endpoint Service 'com.amazonaws.us-east-1.x' does not exist")
refusal("EC2-VPCE-TYPES", "CreateVpcEndpoint", gateway(ServiceName=STS), INVALID,
        "Endpoint type (Gateway) does not match available service types ([Interface]).")
refusal("EC2-VPCE-TYPES", "CreateVpcEndpoint", gateway(SubnetIds=["subnet"]), INVALID,
        "Subnet IDs are only supported for Interface and GatewayLoadBalancer type VPC Endpoints.")
refusal("EC2-VPCE-TYPES", "CreateVpcEndpoint", gateway(SecurityGroupIds=["group"]), INVALID,
        "Security group IDs are only supported for Interface type VPC Endpoints.")
refusal("EC2-VPCE-TYPES", "CreateVpcEndpoint", interface(RouteTableIds=["table"]), INVALID,
        "Route table IDs are only supported for Gateway type VPC Endpoint.")
refusal("EC2-VPCE-NET", "CreateVpcEndpoint", interface(SubnetIds=["foreign_subnet"]), INVALID,
        "subnet {w.foreign_subnet} and network {w.vpc} belong to different networks")
refusal("EC2-VPCE-DUP-RT", "CreateVpcEndpoint", gateway(RouteTableIds=["table"]), "RouteAlreadyExists",
        "route table {w.table} already has a route with destination-prefix-list-id pl-63a5400a",
        before=lambda w: w("CreateVpcEndpoint", **gateway(RouteTableIds=["table"])(w)))
refusal("EC2-VPCE-AZ", "CreateVpcEndpoint", interface(SubnetIds=["subnet", "twin"]), "DuplicateSubnetsInSameZone",
        "Found another VPC endpoint subnet in the availability zone of {w.twin}. VPC endpoint subnets should be in different "
        "availability zones supported by the VPC endpoint service.")
refusal("EC2-VPCE-DNS1", "CreateVpcEndpoint", interface(PrivateDnsEnabled=True), INVALID,
        "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true for {w.vpc}")
refusal("EC2-VPCE-POLICY", "CreateVpcEndpoint", gateway(PolicyDocument=" " * 20_481), "InvalidPolicyDocument",
        "The Policy Document is not valid. It has more than 20480 characters.")
refusal("EC2-VPCE-POLICY", "CreateVpcEndpoint", gateway(PolicyDocument="{"), "InvalidPolicyDocument",
        "The Policy Document is not valid. Syntax error at position (1,1)")
refusal("EC2-VPCE-RECORD", "CreateVpcEndpoint", interface(DnsOptions={"DnsRecordIpType": "dualstack"}), INVALID,
        "The DNS record IP type dualstack is not supported for VPC Endpoints with the IP address type ipv4.")


def with_names(w):
    w("ModifyVpcAttribute", VpcId=w.vpc, EnableDnsHostnames={"Value": True})


refusal("EC2-VPCE-DNS2", "CreateVpcEndpoint", interface(PrivateDnsEnabled=True), INVALID,
        "private-dns-enabled cannot be set because there is already a conflicting DNS domain for "
        "sts.us-east-1.amazonaws.com in the VPC {w.vpc}",
        before=lambda w: (with_names(w), w("CreateVpcEndpoint", **interface(PrivateDnsEnabled=True)(w))))
refusal("EC2-VPCE-NONAME", "CreateVpcEndpoint",
        interface(ServiceName="com.amazonaws.us-east-1.dynamodb", PrivateDnsEnabled=True), INVALID,
        "Private DNS can't be enabled because the service com.amazonaws.us-east-1.dynamodb does not provide a private DNS "
        "name.", before=with_names)
refusal("EC2-VPCE-INBOUND", "CreateVpcEndpoint", interface(ServiceName=S3, PrivateDnsEnabled=True), INVALID,
        "To set PrivateDnsOnlyForInboundResolverEndpoint to true, the VPC {w.vpc} must have a Gateway endpoint for the "
        "service.", before=with_names)


@behaves("EC2-VPCE-AZ2")
def _(w):
    """A service that is not in every zone."""
    name = "com.amazonaws.us-east-1.comprehend"
    (details,) = w("DescribeVpcEndpointServices", ServiceNames=[name])["ServiceDetails"]
    zones = {zone["ZoneName"] for zone in w.one("DescribeAvailabilityZones")}
    (zone,) = zones - set(details["AvailabilityZones"])
    subnet = w.a_subnet(w.vpc, "10.0.3.0/24", zone[-1])
    w.refuses("CreateVpcEndpoint", interface(ServiceName=name)(w) | {"SubnetIds": [subnet]}, INVALID,
              f"The VPC endpoint service {name} does not support the availability zone of the subnet: {subnet}.")


@behaves("EC2-VPCE-404")
def _(w):
    answer = w("DeleteVpcEndpoints", VpcEndpointIds=[f"vpce-{HEX}"])
    (error,) = answer["Unsuccessful"]
    assert error["ResourceId"] == f"vpce-{HEX}"
    assert error["Error"] == {"Code": "InvalidVpcEndpointId.NotFound",
                              "Message": f"The Vpc Endpoint Id 'vpce-{HEX}' does not exist"}


@behaves("EC2-VPCE-TYPES")
def _(w):
    details = w("DescribeVpcEndpointServices", ServiceNames=[S3])["ServiceDetails"]
    assert sorted(one["ServiceType"][0]["ServiceType"] for one in details) == ["Gateway", "Interface"]
    made = w.one("CreateVpcEndpoint", **gateway(RouteTableIds=["table"])(w))
    assert not made.get("NetworkInterfaceIds") and not made.get("Groups") and not made.get("DnsEntries")


@behaves("EC2-VPCE-CREATE")
def _(w):
    w.still()
    assert w.one("CreateVpcEndpoint", **gateway()(w))["State"] == "available"
    made = w.one("CreateVpcEndpoint", **interface(SubnetIds=["subnet"])(w))
    assert made["State"] == "pending"
    w.later("10m")
    assert w("DescribeVpcEndpoints", VpcEndpointIds=[made["VpcEndpointId"]])["VpcEndpoints"][0]["State"] == "available"


@behaves("EC2-VPCE-POLICY")
def _(w):
    made = w.one("CreateVpcEndpoint", **gateway()(w))
    assert '"Effect":"Allow","Principal":"*","Action":"*"' in made["PolicyDocument"]


@behaves("EC2-VPCE-DEL")
def _(w):
    w.still()
    made = w.an_endpoint(w.vpc, RouteTableIds=[w.table])
    w("DeleteVpcEndpoints", VpcEndpointIds=[made])
    (table,) = w("DescribeRouteTables", RouteTableIds=[w.table])["RouteTables"]
    assert len(table["Routes"]) == 1, "its routes are gone at once"
    made = w.an_endpoint(w.vpc, STS, SubnetIds=[w.subnet])
    w.later("10m")
    w("DeleteVpcEndpoints", VpcEndpointIds=[made])
    assert w("DescribeVpcEndpoints", VpcEndpointIds=[made])["VpcEndpoints"][0]["State"] == "deleting"
    w.refuses("DeleteSubnet", {"SubnetId": w.subnet}, "DependencyViolation")
    w.later("10m")
    w("DeleteSubnet", SubnetId=w.subnet)


@behaves("EC2-VPCE-MODIFY")
def _(w):
    w.still()
    id = w.an_endpoint(w.vpc, STS)
    w.refuses("ModifyVpcEndpoint", {"VpcEndpointId": id, "ResetPolicy": True}, "OperationInProgress",
              "VpcEndpoint modify operation in progress")


@behaves("EC2-VPCE-PART")
def _(w):
    id = w.an_endpoint(w.vpc, STS)
    w.wait("vpc_endpoint_available", VpcEndpointIds=[id]) if "vpc_endpoint_available" in w.ec2.waiter_names else \
        w.server.control("POST", "/_mockplane/clock", {"account": w.mine, "advance": "10m"})
    w.refuses("ModifyVpcEndpoint", {"VpcEndpointId": id, "RemoveSubnetIds": [w.subnet]}, INVALID,
              f"Subnet {{w.subnet}} is not associated with the VPC endpoint {id}.")
