"""How the table of EC2's rules is written: entries in files named ec2_rules_*.py, which test_ec2_rules.py runs.

An entry has the id of its rule, or a name of its topic where there is no id. It is a call that is refused, or a
function that shows what the rule says. `w` is a world of its own, in which things are made when they are first named.
"""

import collections
import functools
import re

from mockplane import ROOT, Account, refused

HEX = "0123456789abcdef0"       # of ids that name nothing
AMI = "ami-12c6146b"
S3, STS = "com.amazonaws.us-east-1.s3", "com.amazonaws.us-east-1.sts"
ANY = [{"CidrIp": "0.0.0.0/0"}]

# What product's rules there are; docs/RULES.md is made from them.
KNOWN = re.findall(r"^\| (EC2-[\w-]+) \|", (ROOT / "docs/RULES.md").read_text(), re.MULTILINE)

ENTRIES = collections.defaultdict(list)


def refusal(rule, operation, given, code, text, status=400, before=None):
    """One call that is refused. `given` and `before` may be functions of the world; `text` may name things in it."""
    def entry(w):
        if before:
            before(w)
        w.refuses(operation, given(w) if callable(given) else given, code, text, status)
    ENTRIES[rule].append(entry)


def behaves(rule):
    """A function that shows a rule; what it refuses carries the rule's id."""
    def add(entry):
        ENTRIES[rule].append(entry)
        return entry
    return add


class World:
    def __init__(self, server, rule, account=None):
        self.server, self.rule = server, rule
        self.aws = account or Account(server)
        self.ec2 = self.aws.raw("ec2")
        self.mine = self.aws.number

    def __call__(self, operation, **given):
        answer = self.ec2._make_api_call(operation, given)
        answer.pop("ResponseMetadata")
        return answer

    def one(self, operation, **given):
        """The thing, or the list, that the answer is."""
        (value,) = (v for k, v in self(operation, **given).items() if k != "ClientToken")
        return value

    def refuses(self, operation, given, code, text=None, status=400, rule=None):
        # Texts name things of this world; braces of others are doubled.
        with refused(code, text and text.format(w=self), status) as caught:
            self(operation, **given)
        rule = rule or self.rule
        if rule in KNOWN:
            headers = caught.value.response["ResponseMetadata"]["HTTPHeaders"]
            assert headers.get("x-mockplane-rule") == rule, headers

    def beside(self, region=None, account=None):
        """The same in another region, or of another account."""
        number = account.number if account else self.mine
        return World(self.server, self.rule, Account(self.server, number, region or self.aws.region))

    def quota(self, name, limit):
        body = {"account": self.mine, "quota": name, "limit": limit}
        self.server.control("POST", "/_mockplane/quotas", body)

    def wait(self, waiter, **given):
        self.ec2.get_waiter(waiter).wait(WaiterConfig={"Delay": 0, "MaxAttempts": 5}, **given)

    def still(self):
        """Nothing happens by itself any more."""
        self.aws.manual_clock()

    def later(self, duration="1h"):
        self.aws.advance(duration)

    # === What can be made ===

    def a_vpc(self, block="10.0.0.0/16", **more):
        return self.one("CreateVpc", CidrBlock=block, **more)["VpcId"]

    def a_subnet(self, vpc, block, zone="a", **more):
        zone = self.aws.region + zone
        return self.one("CreateSubnet", VpcId=vpc, CidrBlock=block, AvailabilityZone=zone, **more)["SubnetId"]

    def a_group(self, vpc, name="g"):
        return self("CreateSecurityGroup", VpcId=vpc, GroupName=name, Description="d")["GroupId"]

    def an_interface(self, subnet, **more):
        return self.one("CreateNetworkInterface", SubnetId=subnet, **more)["NetworkInterfaceId"]

    def a_gateway(self, vpc=None):
        gateway = self.one("CreateInternetGateway")["InternetGatewayId"]
        if vpc:
            self("AttachInternetGateway", InternetGatewayId=gateway, VpcId=vpc)
        return gateway

    def a_table(self, vpc):
        return self.one("CreateRouteTable", VpcId=vpc)["RouteTableId"]

    def an_acl(self, vpc):
        return self.one("CreateNetworkAcl", VpcId=vpc)["NetworkAclId"]

    def an_instance(self, subnet, settled=True, **more):
        (made,) = self("RunInstances", **launch(**({"SubnetId": subnet} | more)))["Instances"]
        if settled:
            self.wait("instance_running", InstanceIds=[made["InstanceId"]])
        return made["InstanceId"]

    def an_address(self):
        return self("AllocateAddress", Domain="vpc")["AllocationId"]

    def a_nat(self, subnet, **more):
        given = more or {"ConnectivityType": "private"}
        return self.one("CreateNatGateway", SubnetId=subnet, **given)["NatGatewayId"]

    def an_endpoint(self, vpc, service=S3, **more):
        kind = {} if service == S3 else {"VpcEndpointType": "Interface", "PrivateDnsEnabled": False}
        return self.one("CreateVpcEndpoint", VpcId=vpc, ServiceName=service, **(kind | more))["VpcEndpointId"]

    def a_list(self, size=2, **more):
        given = {"PrefixListName": "l", "AddressFamily": "IPv4", "MaxEntries": size}
        return self.one("CreateManagedPrefixList", **(given | more))["PrefixListId"]

    def a_peering(self, vpc, peer, accept=True, **more):
        made = self.one("CreateVpcPeeringConnection", VpcId=vpc, PeerVpcId=peer, **more)["VpcPeeringConnectionId"]
        if accept:
            self("AcceptVpcPeeringConnection", VpcPeeringConnectionId=made)
        return made

    def a_vpn_gateway(self):
        return self.one("CreateVpnGateway", Type="ipsec.1")["VpnGatewayId"]

    def of_vpc(self, operation, vpc, **filters):
        """What a describing operation lists of a VPC."""
        listed = [{"Name": "vpc-id", "Values": [vpc]}]
        listed += [{"Name": k.replace("_", "-"), "Values": [v]} for k, v in filters.items()]
        return self.one(operation, Filters=listed)

    # === What there is one of ===

    vpc = functools.cached_property(lambda w: w.a_vpc())
    other = functools.cached_property(lambda w: w.a_vpc("10.1.0.0/16"))
    default_vpc = functools.cached_property(lambda w: w.of("DescribeVpcs", "is-default", "true")["VpcId"])
    default_subnet = functools.cached_property(
        lambda w: w.of("DescribeSubnets", "availability-zone", "us-east-1a", "vpc-id", w.default_vpc)["SubnetId"])
    subnet = functools.cached_property(lambda w: w.a_subnet(w.vpc, "10.0.0.0/24"))
    twin = functools.cached_property(lambda w: w.a_subnet(w.vpc, "10.0.2.0/24"))
    far = functools.cached_property(lambda w: w.a_subnet(w.vpc, "10.0.9.0/24", "b"))
    foreign_subnet = functools.cached_property(lambda w: w.a_subnet(w.other, "10.1.0.0/24"))
    small = functools.cached_property(lambda w: w.a_subnet(w.vpc, "10.0.1.0/28"))
    group = functools.cached_property(lambda w: w.a_group(w.vpc))
    foreign = functools.cached_property(lambda w: w.a_group(w.other))
    default_group = functools.cached_property(
        lambda w: w.of_vpc("DescribeSecurityGroups", w.vpc, group_name="default")[0]["GroupId"])
    interface = functools.cached_property(lambda w: w.an_interface(w.subnet))
    second = functools.cached_property(lambda w: w.an_interface(w.subnet))
    gateway = functools.cached_property(lambda w: w.a_gateway(w.vpc))
    loose_gateway = functools.cached_property(lambda w: w.a_gateway())
    table = functools.cached_property(lambda w: w.a_table(w.vpc))
    main = functools.cached_property(lambda w: w.of_vpc("DescribeRouteTables", w.vpc)[0])
    acl = functools.cached_property(lambda w: w.an_acl(w.vpc))
    default_acl = functools.cached_property(lambda w: w.of_vpc("DescribeNetworkAcls", w.vpc, default="true")[0])
    instance = functools.cached_property(lambda w: w.an_instance(w.subnet))
    address = functools.cached_property(lambda w: w.an_address())
    ip = functools.cached_property(lambda w: w("DescribeAddresses", AllocationIds=[w.address])["Addresses"][0]["PublicIp"])
    nat = functools.cached_property(lambda w: w.a_nat(w.subnet))
    prefix_list = functools.cached_property(
        lambda w: w.a_list(Entries=[{"Cidr": "10.0.0.0/8"}, {"Cidr": "11.0.0.0/8"}]))
    vpn_gateway = functools.cached_property(lambda w: w.a_vpn_gateway())
    egress_gateway = functools.cached_property(
        lambda w: w.one("CreateEgressOnlyInternetGateway", VpcId=w.vpc)["EgressOnlyInternetGatewayId"])
    transit = functools.cached_property(lambda w: w.one("CreateTransitGateway")["TransitGatewayId"])

    def of(self, operation, *filters):
        """The one thing that these filters find."""
        listed = [{"Name": k, "Values": [v]} for k, v in zip(filters[::2], filters[1::2])]
        (found,) = self.one(operation, Filters=listed)
        return found


def launch(**more):
    return {"ImageId": AMI, "InstanceType": "t3.medium", "MinCount": 1, "MaxCount": 1} | more


def permission(port=None, **more):
    rule = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port} if port is not None else {"IpProtocol": "-1"}
    return [rule | (more or {"IpRanges": ANY})]
