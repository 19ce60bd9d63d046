"""Rules about where packets get: asked of the paths that they take."""

from ec2_rules import ANY, behaves

HTTPS = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}
OUTSIDE = "packages.example.com:443"


def https(group):
    return [{**HTTPS, "UserIdGroupPairs": [{"GroupId": group}]}]


def path(w, source, to, **more):
    """What is found of a path, with the hops that refuse as (kind, rule)."""
    query = "&".join(f"{name}={value}" for name, value in {"from": source, "to": to, **more}.items())
    told = w.server.control("GET", f"/_mockplane/reachability?account={w.mine}&region={w.aws.region}&{query}")
    red = [(hop["kind"], hop["rule"]) for hop in told["path"]["hops"] if hop["verdict"] == "blocked"]
    assert told["reaches"] == (not red)
    return red


def interface(w, subnet, *groups):
    return w.one("CreateNetworkInterface", SubnetId=subnet, Groups=list(groups))["NetworkInterfaceId"]


def shut(w, name):
    """A group without rules."""
    made = w.a_group(w.vpc, name)
    w("RevokeSecurityGroupEgress", GroupId=made, IpPermissions=[{"IpProtocol": "-1", "IpRanges": ANY}])
    return made


@behaves("EC2-SG-EVAL")
def _(w):
    one, two, other = shut(w, "one"), shut(w, "two"), shut(w, "other")
    here, there = interface(w, w.subnet, one, two), interface(w, w.subnet, other)
    to = {"to": there, "port": 443}
    assert path(w, here, **to) == [("security-group-egress", "EC2-SG-EVAL"), ("security-group-ingress", "EC2-SG-EVAL")]
    # The rules of all groups are summed up.
    w("AuthorizeSecurityGroupEgress", GroupId=two, IpPermissions=https(other))
    assert path(w, here, **to) == [("security-group-ingress", "EC2-SG-EVAL")]
    # What answers needs no rule: groups remember who asked.
    w("AuthorizeSecurityGroupIngress", GroupId=other, IpPermissions=https(one))
    assert path(w, here, **to) == []
    assert path(w, here, to=there, port=444) == [
        ("security-group-egress", "EC2-SG-EVAL"), ("security-group-ingress", "EC2-SG-EVAL")]


@behaves("EC2-IGW-PUBLIC")
def _(w):
    w("CreateRoute", RouteTableId=w.main["RouteTableId"], DestinationCidrBlock="0.0.0.0/0", GatewayId=w.gateway)
    mine = interface(w, w.subnet, w.group)
    assert path(w, mine, OUTSIDE) == [("target", "EC2-IGW-PUBLIC")]
    w("AssociateAddress", AllocationId=w.an_address(), NetworkInterfaceId=mine)
    assert path(w, mine, OUTSIDE) == []


@behaves("EC2-VPCE-SG")
def _(w):
    w.still()
    w("ModifyVpcAttribute", VpcId=w.vpc, EnableDnsHostnames={"Value": True})
    door = shut(w, "door")
    w("CreateVpcEndpoint", VpcId=w.vpc, ServiceName="com.amazonaws.us-east-1.sts", VpcEndpointType="Interface",
      SubnetIds=[w.subnet], SecurityGroupIds=[door], PrivateDnsEnabled=True)
    w.later()
    mine = interface(w, w.subnet, w.group)
    assert path(w, mine, "service:sts") == [("security-group-ingress", "EC2-VPCE-SG")]
    w("AuthorizeSecurityGroupIngress", GroupId=door, IpPermissions=https(w.group))
    assert path(w, mine, "service:sts") == []


@behaves("EC2-VPCE-NEED")
def _(w):
    w.still()
    w("ModifyVpcAttribute", VpcId=w.vpc, EnableDnsHostnames={"Value": True})
    w("AuthorizeSecurityGroupIngress", GroupId=w.group, IpPermissions=https(w.group))
    mine = interface(w, w.subnet, w.group)
    for service in ("sagemaker.api", "sts", "logs", "ec2"):
        assert path(w, mine, f"service:{service}") == [("route-table", "EC2-VPCE-NEED")]
        made = w("CreateVpcEndpoint", VpcId=w.vpc, ServiceName=f"com.amazonaws.us-east-1.{service}",
                 VpcEndpointType="Interface", SubnetIds=[w.subnet], SecurityGroupIds=[w.group], PrivateDnsEnabled=False)
        w.later()
        # Without private DNS the service's own name does not lead to it.
        assert path(w, mine, f"service:{service}") == [("route-table", "EC2-VPCE-NEED")]
        w("ModifyVpcEndpoint", VpcEndpointId=made["VpcEndpoint"]["VpcEndpointId"], PrivateDnsEnabled=True)
        w.later()
        assert path(w, mine, f"service:{service}") == []


@behaves("network ACLs: the first entry that matches decides, and nothing is remembered")
def _(w):
    w("AuthorizeSecurityGroupIngress", GroupId=w.group, IpPermissions=[{"IpProtocol": "-1", "IpRanges": ANY}])
    here, there = interface(w, w.subnet, w.group), interface(w, w.far, w.group)
    (old,) = [tie for one in w.of_vpc("DescribeNetworkAcls", w.vpc) for tie in one["Associations"]
              if tie["SubnetId"] == w.far]
    w("ReplaceNetworkAclAssociation", AssociationId=old["NetworkAclAssociationId"], NetworkAclId=w.acl)

    def entry(number, action, egress=False, ports=(443, 443)):
        w("CreateNetworkAclEntry", NetworkAclId=w.acl, RuleNumber=number, Protocol="6", RuleAction=action,
          Egress=egress, CidrBlock="0.0.0.0/0", PortRange={"From": ports[0], "To": ports[1]})

    to = {"to": there, "port": 443}
    assert {kind for kind, _ in path(w, here, **to)} == {"network-acl-inbound", "network-acl-return"}
    entry(100, "allow")
    assert path(w, here, **to) == [("network-acl-return", "EC2-NACL-EVAL")], "what comes back has entries of its own"
    entry(100, "allow", True, (1024, 65535))
    assert path(w, here, **to) == []
    entry(99, "deny")
    assert path(w, here, **to) == [("network-acl-inbound", "EC2-NACL-EVAL")]
    entry(98, "allow", ports=(0, 65535))
    assert path(w, here, **to) == []
