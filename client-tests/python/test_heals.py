"""Random broken networks: the fix of each red hop, alone, turns that hop green; one fix after the other leads there."""

import json
import os
import random
import urllib.parse

import pytest

from mockplane import Account, Server, TRUST
from shell import Shell

# So that it takes seconds; more of them find what is rare: MOCKPLANE_NETWORKS=500 client-tests/run -k heals
NETWORKS = int(os.environ.get("MOCKPLANE_NETWORKS", "24"))
REGION = "us-east-1"
EVERYWHERE = "0.0.0.0/0"
ALL = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": EVERYWHERE}]}


def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def said(effect, action, resource="*", **more):
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


ANYBODY = {"Principal": "*"}
ALLOWED = said("Allow", "*")


@pytest.fixture(scope="module")
def quick():
    with Server("--profile", "instant") as running:
        yield running
        assert "panicked at" not in running.log_text()


@pytest.fixture(scope="module")
def shell():
    return Shell()


class Network:
    """A network of a seed, with what is broken in it, and a path through it."""

    def __init__(self, server, seed):
        self.server, self.seed = server, seed
        self.aws = Account(server, number=f"3{seed:011}")
        self.ec2 = self.aws.ec2
        self.build()

    def build(self):
        """The same from its beginning."""
        self.aws.reset()
        self.dice = random.Random(self.seed)
        self.vpc = self.aws.vpc()
        self.subnets = [
            self.aws.subnet(self.vpc, f"10.0.{n}.0/24", AvailabilityZone=REGION + self.dice.choice("abc"))
            for n in range(1, self.dice.randint(2, 4))
        ]
        self.names()
        self.groups = [self.group(f"jobs-{n}") for n in range(self.dice.randint(1, 2))]
        self.tables()
        for subnet in self.subnets:
            if self.once_in(4):
                self.acl(subnet)
        self.endpoints()
        self.role = self.identity()
        self.bucket = self.data()
        self.question()

    def once_in(self, times):
        return self.dice.randrange(times) == 0

    def names(self):
        hostnames = self.dice.random() < 0.7
        if hostnames:
            self.ec2.modify_vpc_attribute(VpcId=self.vpc, EnableDnsHostnames={"Value": True})
        if self.once_in(8):
            self.ec2.modify_vpc_attribute(VpcId=self.vpc, EnableDnsSupport={"Value": False})
        if self.once_in(6):
            options = self.dice.choice([
                [("domain-name", "example.com")],
                [("domain-name-servers", "10.0.0.77"), ("ntp-servers", "169.254.169.123")],
                [("domain-name-servers", "AmazonProvidedDNS"), ("domain-name", "ec2.internal")],
            ])
            made = self.ec2.create_dhcp_options(
                DhcpConfigurations=[{"Key": key, "Values": [value]} for key, value in options])
            self.ec2.associate_dhcp_options(DhcpOptionsId=made["DhcpOptions"]["DhcpOptionsId"], VpcId=self.vpc)

    def group(self, name, vpc=None):
        group = self.aws.group(vpc or self.vpc, name)
        if self.once_in(3):
            self.ec2.revoke_security_group_egress(GroupId=group, IpPermissions=[ALL])
        for call in (self.ec2.authorize_security_group_egress, self.ec2.authorize_security_group_ingress):
            for protocol, port in self.dice.sample([("tcp", 443), ("tcp", 80), ("tcp", 5432), ("udp", 443)], 2):
                if self.once_in(3):
                    block = self.dice.choice([EVERYWHERE, "10.0.0.0/16", "52.0.0.0/8", "10.1.0.0/24"])
                    call(GroupId=group, IpPermissions=[{
                        "IpProtocol": protocol, "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": block}]}])
        return group

    def main_table(self, vpc):
        filters = [{"Name": "vpc-id", "Values": [vpc]}, {"Name": "association.main", "Values": ["true"]}]
        return self.ec2.describe_route_tables(Filters=filters)["RouteTables"][0]["RouteTableId"]

    def tables(self):
        """Route tables, gateways, and where they lead, wrong as often as right."""
        self.all_tables = [self.main_table(self.vpc)]
        for subnet in self.subnets:
            if self.once_in(2):
                table = self.ec2.create_route_table(VpcId=self.vpc)["RouteTable"]["RouteTableId"]
                self.ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
                self.all_tables.append(table)
        targets, gateway = [], None
        if not self.once_in(3):
            gateway = self.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
            self.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=self.vpc)
            targets.append({"GatewayId": gateway})
        nats = []
        for subnet in self.subnets:
            if gateway and self.once_in(2):
                how = {"ConnectivityType": "private"}
                if not self.once_in(4):
                    how = {"AllocationId": self.ec2.allocate_address(Domain="vpc")["AllocationId"]}
                nats.append(self.ec2.create_nat_gateway(SubnetId=subnet, **how)["NatGateway"]["NatGatewayId"])
                targets.append({"NatGatewayId": nats[-1]})
        instance = self.aws.interface(self.subnets[0]) if self.once_in(5) else None
        if instance:
            targets.append({"NetworkInterfaceId": instance})
        for table in self.all_tables:
            for block in (EVERYWHERE, "52.0.0.0/8"):
                if targets and not self.once_in(3):
                    self.ec2.create_route(
                        RouteTableId=table, DestinationCidrBlock=block, **self.dice.choice(targets))
        if nats and self.once_in(4):
            self.ec2.delete_nat_gateway(NatGatewayId=nats[0])
        if gateway and not nats and self.once_in(3):
            self.ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=self.vpc)
        if instance and self.once_in(2):
            self.ec2.delete_network_interface(NetworkInterfaceId=instance)

    def acl(self, subnet):
        acl = self.ec2.create_network_acl(VpcId=self.vpc)["NetworkAcl"]["NetworkAclId"]
        for egress in (True, False):
            for number in self.dice.sample(range(1, 40), self.dice.randint(0, 3)):
                low, high = self.dice.choice([(443, 443), (0, 65535), (1024, 65535), (80, 80), (32768, 40000)])
                self.ec2.create_network_acl_entry(
                    NetworkAclId=acl, RuleNumber=number, Egress=egress, Protocol="6",
                    PortRange={"From": low, "To": high}, RuleAction=self.dice.choice(["allow", "deny"]),
                    CidrBlock=self.dice.choice([EVERYWHERE, "10.0.0.0/16", "52.0.0.0/8", "10.0.1.0/24"]))
            if not self.once_in(3):
                self.ec2.create_network_acl_entry(
                    NetworkAclId=acl, RuleNumber=100, Egress=egress, Protocol="-1", RuleAction="allow",
                    CidrBlock=EVERYWHERE)
        listed = self.ec2.describe_network_acls(Filters=[{"Name": "association.subnet-id", "Values": [subnet]}])
        association = next(one["NetworkAclAssociationId"] for one in listed["NetworkAcls"][0]["Associations"]
                           if one["SubnetId"] == subnet)
        self.ec2.replace_network_acl_association(AssociationId=association, NetworkAclId=acl)

    def endpoints(self):
        """Endpoints for S3 and STS, not always where they are needed."""
        if self.once_in(2):
            tables = [table for table in self.all_tables if self.once_in(2)]
            policies = [
                None,
                None,
                policy({**said("Allow", "s3:GetObject", "arn:aws:s3:::elsewhere/*"), **ANYBODY}),
                policy({**ALLOWED, **ANYBODY}, {**said("Deny", "s3:*", "*"), **ANYBODY, "Sid": "No"}),
                policy({**said("Deny", "s3:GetObject", "arn:aws:s3:::packages.*/*"), **ANYBODY}),
            ]
            chosen = self.dice.choice(policies)
            more = {"PolicyDocument": chosen} if chosen else {}
            self.ec2.create_vpc_endpoint(
                VpcId=self.vpc, ServiceName=f"com.amazonaws.{REGION}.s3", RouteTableIds=tables, **more)
        attribute = lambda name: self.ec2.describe_vpc_attribute(VpcId=self.vpc, Attribute=name)
        private = (attribute("enableDnsSupport")["EnableDnsSupport"]["Value"]
                   and attribute("enableDnsHostnames")["EnableDnsHostnames"]["Value"] and not self.once_in(3))
        for service in ("sts", "s3"):
            if self.once_in(3):
                more = {} if service == "sts" else {
                    "DnsOptions": {"PrivateDnsOnlyForInboundResolverEndpoint": False}}
                self.ec2.create_vpc_endpoint(
                    VpcId=self.vpc, VpcEndpointType="Interface", ServiceName=f"com.amazonaws.{REGION}.{service}",
                    SubnetIds=[self.dice.choice(self.subnets)], SecurityGroupIds=[self.group(f"to-{service}")],
                    PrivateDnsEnabled=private, **(more if private else {}))

    def identity(self):
        iam = self.aws.iam
        more = {}
        if self.once_in(6):
            bounds = iam.create_policy(PolicyName="bounds", PolicyDocument=policy(said("Allow", "ec2:*")))
            more["PermissionsBoundary"] = bounds["Policy"]["Arn"]
        role = iam.create_role(RoleName="trainer", AssumeRolePolicyDocument=TRUST, **more)["Role"]["Arn"]
        granted = self.dice.choice(["s3:*", "s3:*", "*", "s3:ListBucket"])
        iam.put_role_policy(RoleName="trainer", PolicyName="own", PolicyDocument=policy(said("Allow", granted)))
        if self.once_in(6):
            iam.put_role_policy(RoleName="trainer", PolicyName="no", PolicyDocument=policy(said("Deny", "s3:Get*")))
        if self.once_in(6):
            made = iam.create_policy(
                PolicyName="closed", PolicyDocument=policy(said("Allow", "s3:List*"), said("Deny", "s3:*Object")))
            iam.attach_role_policy(RoleName="trainer", PolicyArn=made["Policy"]["Arn"])
        return role

    def data(self):
        """A bucket, and who may read it."""
        name = f"heals-{self.seed}"
        region = "eu-west-1" if self.once_in(8) else REGION
        s3 = self.aws.client("s3", region=region)
        where = {} if region == REGION else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        s3.create_bucket(Bucket=name, **where)
        s3.put_object(Bucket=name, Key="train/a", Body=b"1")
        both = [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"]
        sources = [
            {"StringNotEquals": {"aws:SourceVpce": "vpce-0123456789abcdef0"}},
            {"StringNotEquals": {"aws:SourceVpc": ["vpc-0123456789abcdef0"]}},
            {"NotIpAddress": {"aws:SourceIp": "192.0.2.0/24"}},
        ]
        if self.once_in(2):
            deny = {**said("Deny", "s3:GetObject", both), **ANYBODY, "Condition": self.dice.choice(sources)}
            s3.put_bucket_policy(Bucket=name, Policy=policy(deny))
        return name

    def peer(self):
        """An interface of another VPC; peered, on both sides or not."""
        other = self.aws.vpc("10.1.0.0/16")
        subnet = self.aws.subnet(other, "10.1.0.0/24")
        peering = self.ec2.create_vpc_peering_connection(VpcId=self.vpc, PeerVpcId=other)
        peering = peering["VpcPeeringConnection"]["VpcPeeringConnectionId"]
        if not self.once_in(3):
            self.ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=peering)
        for table, block in [(table, "10.1.0.0/16") for table in self.all_tables] + [(self.main_table(other), "10.0.0.0/16")]:
            if self.once_in(2):
                self.ec2.create_route(
                    RouteTableId=table, DestinationCidrBlock=block, VpcPeeringConnectionId=peering)
        return self.aws.interface(subnet, Groups=[self.group("there", other)])

    def question(self):
        self.asked = {"from": self.dice.choice(self.subnets), "groups": ",".join(self.groups)}
        goal = self.dice.choice(["data"] * 4 + ["sts", "host", "peer", "neighbour"])
        if goal == "data":
            self.asked |= {"to": f"s3://{self.bucket}/train/a", "role": self.role}
        elif goal == "sts":
            self.asked["to"] = "service:sts"
        elif goal == "host":
            self.asked["to"] = "pypi.org:443"
        else:
            peer = self.peer() if goal == "peer" else self.aws.interface(
                self.dice.choice(self.subnets), Groups=[self.group("near")])
            protocol, port = self.dice.choice([("tcp", 443), ("tcp", 5432), ("udp", 443)])
            self.asked |= {"to": peer, "protocol": protocol, "port": port}

    def look(self):
        query = urllib.parse.urlencode({"account": self.aws.number, **self.asked})
        return self.server.control("GET", f"/_mockplane/reachability?{query}")


def red(way):
    """The hops that block, in order: kind, place and rule."""
    return [(hop["kind"], hop["at"], hop["rule"]) for hop in way["path"]["hops"] if hop["verdict"] == "blocked"]


def places(hops):
    return {(kind, at) for kind, at, _ in hops}


def told(network, way, fix=None):
    """What went wrong, so that it can be seen without a debugger."""
    hops = [[hop[name] for name in ("kind", "at", "verdict", "rule", "element")] for hop in way["path"]["hops"]]
    fixes = [fix] if fix else way["fixes"]
    return "\n".join([f"seed {network.seed}: {network.asked}", *map(str, hops), *map(str, fixes)])


# What no command mends where the request itself has to name something else.
ELSEWHERE = {"SM-F-BUCKET-REGION"}


def follow(network, fix):
    """Where the request names a copy after a fix."""
    if fix["rule"] in ELSEWHERE:
        network.asked["to"] = network.asked["to"].replace(network.bucket, f"{network.bucket}-{REGION}")


@pytest.mark.parametrize("seed", range(NETWORKS))
def test_a_broken_network_heals(quick, shell, seed):
    network = Network(quick, seed)
    way = network.look()
    hops = red(way)
    healed = set()
    for fix in way["fixes"]:
        shell.run(network.aws, fix["commands"])
        follow(network, fix)
        green = {(kind, at) for kind, at, rule in hops if rule == fix["rule"]} - places(red(network.look()))
        assert green, told(network, way, fix)
        healed |= green
        network.build()
        assert network.look() == way, "the same network again"
    assert healed == places(hops), told(network, way)

    met = []
    while not (way := network.look())["reaches"]:
        first, fix = red(way)[0], way["fixes"][0]
        assert first not in met, f"{first} is red again\n{told(network, way)}"
        met.append(first)
        assert fix["rule"] == first[2], told(network, way)
        shell.run(network.aws, fix["commands"])
        follow(network, fix)
