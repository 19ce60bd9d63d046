"""The table of EC2's rules: how much there may be of each thing, reached with quotas that were lowered."""

from ec2_rules import STS, ENTRIES, permission

# A quota and its rule, the limit that it is given, and a call that is answered until there is one thing too much.
QUOTAS = {}


def quota(name, rule, limit, operation, given, code, text, before=None):
    """`given` is a function of the world and of the number of the call, from 0. What there is at first counts:
    `before` makes it, and the limit stands for what may be added."""
    QUOTAS[name] = rule

    def entry(w):
        already = before(w) if before else 0
        given(w, 99)        # what it needs is made with AWS's quotas
        w.quota(name, already + limit)
        for n in range(limit):
            w(operation, **given(w, n))
        w.refuses(operation, given(w, limit), code, text.format(w=w, most=already + limit), rule=rule)
        w.quota(name, already + limit + 1)
        w(operation, **given(w, limit))
    ENTRIES[f"quota {name}"].append(entry)


def has_been_reached(what):
    return f"The maximum number of {what} has been reached."


def interface_groups(w):
    w.more_groups = [w.a_group(w.vpc, f"g{n}") for n in range(4)]
    return 0


def three_peers(w):
    w.more = [w.a_vpc(f"10.{n}.0.0/16") for n in (5, 6, 7)]
    return 0


def two_more(w):
    """Addresses, of which the second gateway takes one more than the first."""
    w.more = [w.an_address() for _ in range(4)]
    return 0


quota("vpcs", "EC2-VPC-LIMIT", 2, "CreateVpc", lambda w, n: {"CidrBlock": "10.0.0.0/16"}, "VpcLimitExceeded",
      has_been_reached("VPCs"), before=lambda w: len(w.one("DescribeVpcs")))
quota("subnetsPerVpc", "EC2-SUB-LIMIT", 2, "CreateSubnet", lambda w, n: {"VpcId": w.vpc, "CidrBlock": f"10.0.{n}.0/24"},
      "SubnetLimitExceeded", has_been_reached("subnets"))
quota("ipv4BlocksPerVpc", "EC2-VPC-CIDRS", 1, "AssociateVpcCidrBlock",
      lambda w, n: {"VpcId": w.vpc, "CidrBlock": f"10.{n + 1}.0.0/16"}, "CidrLimitExceeded",
      "This network {w.vpc} has met its maximum number of allowed CIDRs: {most}", before=lambda w: 1)
quota("ipv6BlocksPerVpc", "EC2-VPC-CIDRS", 1, "AssociateVpcCidrBlock",
      lambda w, n: {"VpcId": w.vpc, "AmazonProvidedIpv6CidrBlock": True}, "CidrLimitExceeded",
      "This network {w.vpc} has met its maximum number of allowed CIDRs: {most}")
quota("securityGroups", "EC2-SG-LIMIT2", 2, "CreateSecurityGroup",
      lambda w, n: {"VpcId": w.vpc, "GroupName": f"g{n}", "Description": "d"}, "SecurityGroupLimitExceeded",
      has_been_reached("security groups"),
      before=lambda w: w.vpc and len(w.one("DescribeSecurityGroups")))
quota("rulesPerDirection", "EC2-SG-LIMIT", 2, "AuthorizeSecurityGroupIngress",
      lambda w, n: {"GroupId": w.group, "IpPermissions": permission(n)}, "RulesPerSecurityGroupLimitExceeded",
      "The maximum number of rules per security group has been reached.")
quota("interfaces", "EC2-ENI-LIMIT", 2, "CreateNetworkInterface", lambda w, n: {"SubnetId": w.subnet},
      "NetworkInterfaceLimitExceeded", has_been_reached("network interfaces"))
quota("groupsPerInterface", "EC2-ENI-SGMAX", 2, "ModifyNetworkInterfaceAttribute",
      lambda w, n: {"NetworkInterfaceId": w.interface, "Groups": w.more_groups[:n + 1] if n < 99 else []},
      "SecurityGroupsPerInterfaceLimitExceeded", "The maximum number of security groups per interface has been reached.",
      before=interface_groups)
quota("tagsPerResource", None, 2, "CreateTags",
      lambda w, n: {"Resources": [w.vpc], "Tags": [{"Key": f"k{n}", "Value": ""}]}, "TagLimitExceeded",
      "The maximum number of Tags for a resource has been reached.")
quota("gatewayEndpoints", "EC2-VPCE-LIMIT", 2, "CreateVpcEndpoint",
      lambda w, n: {"VpcId": w.vpc, "ServiceName": "com.amazonaws.us-east-1.s3"}, "VpcEndpointLimitExceeded",
      has_been_reached("VPC endpoints"))
quota("interfaceEndpointsPerVpc", "EC2-VPCE-LIMIT", 2, "CreateVpcEndpoint",
      lambda w, n: {"VpcId": w.vpc, "ServiceName": STS, "VpcEndpointType": "Interface", "PrivateDnsEnabled": False},
      "VpcEndpointLimitExceeded", has_been_reached("VPC endpoints"))
quota("outstandingPeerings", "EC2-PCX-LIMIT", 2, "CreateVpcPeeringConnection",
      lambda w, n: {"VpcId": w.vpc, "PeerVpcId": w.more[n % 3]}, "OutstandingVpcPeeringConnectionLimitExceeded",
      has_been_reached("outstanding VPC peering connection requests"), before=three_peers)
quota("routeTablesPerVpc", "EC2-RT-LIMIT", 2, "CreateRouteTable", lambda w, n: {"VpcId": w.vpc},
      "RouteTableLimitExceeded", has_been_reached("route tables"), before=lambda w: 1)
quota("routesPerTable", "EC2-RT-LIMIT", 2, "CreateRoute",
      lambda w, n: {"RouteTableId": w.table, "DestinationCidrBlock": f"10.{n + 10}.0.0/16", "GatewayId": w.gateway},
      "RouteLimitExceeded", has_been_reached("routes"))
quota("internetGateways", "EC2-IGW-LIMIT", 2, "CreateInternetGateway", lambda w, n: {}, "InternetGatewayLimitExceeded",
      has_been_reached("internet gateways"), before=lambda w: len(w.one("DescribeInternetGateways")))
quota("egressOnlyGateways", "EC2-EIGW-LIMIT", 2, "CreateEgressOnlyInternetGateway", lambda w, n: {"VpcId": w.vpc},
      "EgressOnlyInternetGatewayLimitExceeded", has_been_reached("egress-only internet gateways"))
quota("vpnGateways", "EC2-VGW-LIMIT", 2, "CreateVpnGateway", lambda w, n: {"Type": "ipsec.1"},
      "VpnGatewayLimitExceeded", has_been_reached("virtual private gateways"))
quota("transitGateways", "EC2-TGW-LIMIT", 2, "CreateTransitGateway", lambda w, n: {}, "TransitGatewayLimitExceeded",
      has_been_reached("transit gateways"))
quota("elasticAddresses", "EC2-EIP-LIMIT", 2, "AllocateAddress", lambda w, n: {"Domain": "vpc"}, "AddressLimitExceeded",
      has_been_reached("addresses"))
quota("natGatewaysPerZone", "EC2-NAT-LIMIT", 2, "CreateNatGateway",
      lambda w, n: {"SubnetId": w.subnet, "ConnectivityType": "private"}, "NatGatewayLimitExceeded",
      "Performing this operation would exceed the limit of {most} NAT gateways")
quota("elasticAddressesPerNatGateway", "EC2-NAT-ADDRESSES", 1, "CreateNatGateway",
      lambda w, n: {"SubnetId": w.default_subnet, "AllocationId": w.more[n % 4], "SecondaryAllocationIds": w.more[2:2 + n]},
      "AddressLimitExceeded", "A NAT gateway can have at most {most} Elastic IP addresses", before=two_more)
quota("privateAddressesPerNatGateway", "EC2-NAT-ADDRESSES", 1, "CreateNatGateway",
      lambda w, n: {"SubnetId": w.subnet, "ConnectivityType": "private"} | ({"SecondaryPrivateIpAddressCount": n} if n else {}),
      "PrivateIpAddressLimitExceeded", "A NAT gateway can have at most {most} private IP addresses")
quota("aclsPerVpc", "EC2-ACL-LIMIT", 2, "CreateNetworkAcl", lambda w, n: {"VpcId": w.vpc}, "NetworkAclLimitExceeded",
      has_been_reached("network ACLs"), before=lambda w: 1)
quota("aclEntriesPerDirection", "EC2-ACL-ENTRIES", 2, "CreateNetworkAclEntry",
      lambda w, n: {"NetworkAclId": w.acl, "RuleNumber": n + 1, "Protocol": "-1", "RuleAction": "deny", "Egress": True,
                    "CidrBlock": "10.0.0.0/8"},
      "NetworkAclEntryLimitExceeded", has_been_reached("network acl entries"))
quota("prefixLists", "EC2-PL-LIMIT", 2, "CreateManagedPrefixList",
      lambda w, n: {"PrefixListName": "l", "AddressFamily": "IPv4", "MaxEntries": 1}, "PrefixListLimitExceeded",
      has_been_reached("prefix lists"))
quota("entriesPerPrefixList", "EC2-PL-SIZE", 2, "CreateManagedPrefixList",
      lambda w, n: {"PrefixListName": "l", "AddressFamily": "IPv4", "MaxEntries": n + 1}, "InvalidParameterValue",
      "Value (3) for parameter maxEntries is invalid. Must specify a max size between 1 and {most}.")


def a_path(w):
    w.path = w.one("CreateNetworkInsightsPath", Source=w.interface, Destination=w.gateway, Protocol="tcp",
                   ClientToken="once")["NetworkInsightsPathId"]
    return 0


quota("insightsPaths", "EC2-NIP-LIMIT", 2, "CreateNetworkInsightsPath",
      lambda w, n: {"Source": w.interface, "Destination": w.gateway, "Protocol": "tcp", "ClientToken": f"t{n}"},
      "NetworkInsightsPath.LimitExceeded", "You have reached the limit of {most} network insights paths.")
quota("insightsAnalyses", "EC2-NIP-LIMIT", 2, "StartNetworkInsightsAnalysis",
      lambda w, n: {"NetworkInsightsPathId": w.path, "ClientToken": f"t{n}"},
      "NetworkInsightsAnalysis.LimitExceeded", "You have reached the limit of {most} network insights analyses.",
      before=a_path)
quota("concurrentInsightsAnalyses", "EC2-NIP-LIMIT", 1, "StartNetworkInsightsAnalysis",
      lambda w, n: {"NetworkInsightsPathId": w.path, "ClientToken": f"t{n}"},
      "NetworkInsightsAnalysis.LimitExceeded",
      "You have reached the limit of {most} concurrent network insights analyses.",
      before=lambda w: (w.still(), a_path(w))[1])


def peerings(w):
    """Active ones; each VPC has its own."""
    w.a_peering(w.vpc, w.other)
    w.quota("peeringsPerVpc", 1)
    third = w.a_vpc("10.2.0.0/16")
    w.refuses("CreateVpcPeeringConnection", {"VpcId": w.vpc, "PeerVpcId": third},
              "VpcPeeringConnectionsPerVpcLimitExceeded",
              "The maximum number of VPC peering connections has been reached for VPC {w.vpc}.", rule="EC2-PCX-LIMIT")
    w.quota("peeringsPerVpc", 2)
    w.a_peering(w.vpc, third)


def versions(w):
    """No call is refused: the oldest version goes."""
    w.still()
    w.quota("versionsPerPrefixList", 2)
    assert w.prefix_list
    w.later("1m")
    for version, change in ((1, "RemoveEntries"), (2, "AddEntries")):
        w("ModifyManagedPrefixList", PrefixListId=w.prefix_list, CurrentVersion=version, **{change: [{"Cidr": "10.0.0.0/8"}]})
        w.later("1m")
    w.refuses("GetManagedPrefixListEntries", {"PrefixListId": w.prefix_list, "TargetVersion": 1}, "InvalidParameterValue",
              "Value (1) for parameter version is invalid. The prefix list has no such version.", rule="EC2-PL-VERSION")
    assert len(w.one("GetManagedPrefixListEntries", PrefixListId=w.prefix_list, TargetVersion=2)) == 1


for name, rule, entry in (("peeringsPerVpc", "EC2-PCX-LIMIT", peerings), ("versionsPerPrefixList", "EC2-PL-VERSION", versions)):
    QUOTAS[name] = rule
    ENTRIES[f"quota {name}"].append(entry)
