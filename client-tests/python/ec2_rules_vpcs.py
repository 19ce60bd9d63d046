"""The table of EC2's rules: what any call may meet, VPCs and subnets."""

import json
import re
import urllib.request

import pytest
from botocore.exceptions import ClientError

import rawhttp
from ec2_rules import HEX, STS, behaves, launch, refusal
from mockplane import refused

# === Any call ===

refusal("EC2-DRYRUN", "CreateVpc", {"CidrBlock": "10.0.0.0/16", "DryRun": True}, "DryRunOperation",
        "Request would have succeeded, but DryRun flag is set.", 412)
refusal("EC2-DRYRUN", "CreateVpc", {"CidrBlock": "10.0.0.0/8", "DryRun": True}, "InvalidVpc.Range",
        "The CIDR '10.0.0.0/8' is invalid.")    # other checks come first
refusal("EC2-MISSING", "CreateVpc", {}, "MissingParameter", "The request must contain the parameter cidrBlock")
refusal("EC2-MISSING", "AssociateVpcCidrBlock", lambda w: {"VpcId": w.vpc}, "MissingParameter",
        "Either 'cidrBlock' or 'amazonProvidedIpv6CidrBlock' should be provided.")
refusal("EC2-BADVALUE", "CreateSubnet",
        lambda w: {"VpcId": w.vpc, "CidrBlock": "10.0.3.0/24", "AvailabilityZone": "us-west-1a"},
        "InvalidParameterValue",
        "Value (us-west-1a) for parameter availabilityZone is invalid. Subnets can currently only be created in the "
        "following availability zones: us-east-1a, us-east-1b, us-east-1c, us-east-1d, us-east-1e, us-east-1f.")
refusal("EC2-COMBO", "CreateSubnet",
        lambda w: {"VpcId": w.vpc, "CidrBlock": "10.0.3.0/24", "Ipv6Native": True, "Ipv6CidrBlock": "2001:db8::/64"},
        "InvalidParameterCombination",
        "When specifying ipv4 parameters, cidrBlock or ipv4IpamPoolId, you cannot set ipv6Native to true.")
refusal("EC2-PAGE-MIN", "DescribeVpcs", {"MaxResults": 3}, "InvalidParameterValue",
        "Value ( 3 ) for parameter maxResults is invalid. Expecting a value greater than 5.")
refusal("EC2-PAGE", "DescribeVpcs", lambda w: {"MaxResults": 5, "VpcIds": [w.vpc]}, "InvalidParameterCombination",
        "The parameter vpcIds cannot be used with the parameter maxResults")
for operation, most in [(f"Describe{plural}", 1000) for plural in (
        "Vpcs", "Subnets", "NetworkInterfaces", "SecurityGroups", "SecurityGroupRules", "NatGateways",
        "InternetGateways", "NetworkAcls", "DhcpOptions")] + [
        ("DescribeRouteTables", 100), ("DescribeManagedPrefixLists", 100)]:
    refusal("EC2-PAGE", operation, {"MaxResults": most + 1}, "InvalidParameterValue",
            f"Value ( {most + 1} ) for parameter maxResults is invalid. Expecting a value less than {most}.")
refusal("EC2-FILTER", "DescribeVpcs", {"Filters": [{"Name": "foo", "Values": ["x"]}]}, "InvalidParameterValue",
        "The filter 'foo' is invalid")
refusal("EC2-FILTER", "DescribeVpcs", {"Filters": [{"Name": "state", "Values": ["x"] * 201}]}, "FilterLimitExceeded",
        "The maximum number of filter values specified on a single call is 200")
refusal("EC2-IDEM", "CreateRouteTable", lambda w: {"VpcId": w.other, "ClientToken": "t"}, "IdempotentParameterMismatch",
        "Arguments on this idempotent request are inconsistent with arguments used in previous request(s).",
        before=lambda w: w("CreateRouteTable", VpcId=w.vpc, ClientToken="t"))
refusal("EC2-IDEM-2", "CreateRouteTable", lambda w: {"VpcId": w.vpc, "ClientToken": "t" * 65}, "InvalidParameterValue",
        f"Value ({'t' * 65}) for parameter clientToken is invalid. Expecting at most 64 ASCII characters.")

MALFORMED = [
    ("DeleteSecurityGroup", {"GroupId": "foobar"}, "InvalidGroupId", 'Invalid id: "foobar" (expecting "sg-...")'),
    ("DescribeSecurityGroups", {"GroupIds": ["foobar"]}, "InvalidGroupId", "The security group ID 'foobar' is malformed"),
    ("DeleteDhcpOptions", {"DhcpOptionsId": "x"}, "InvalidDhcpOptionsId", 'Invalid id: "x" (expecting "dopt-...")'),
    ("DescribeInstances", {"InstanceIds": ["i-x"]}, "InvalidInstanceID", 'Invalid id: "i-x" (expecting "i-...")'),
    ("RunInstances", launch(ImageId="x"), "InvalidAMIID", 'Invalid id: "x" (expecting "ami-...")'),
    ("DeleteManagedPrefixList", {"PrefixListId": "x"}, "InvalidPrefixListId", 'Invalid id: "x" (expecting "pl-...")'),
    ("DeleteVpcPeeringConnection", {"VpcPeeringConnectionId": "x"}, "InvalidVpcPeeringConnectionId",
     'Invalid id: "x" (expecting "pcx-...")'),
    ("DisassociateSubnetCidrBlock", {"AssociationId": "x"}, "InvalidSubnetCidrBlockAssociationId",
     'Invalid id: "x" (expecting "subnet-cidr-assoc-...")'),
    ("DescribeVpcEndpoints", {"VpcEndpointIds": ["x"]}, "InvalidVpcEndpointId",
     "Invalid Vpc Endpoint Id: 'x' (expecting 'vpce-...; the Id may only contain lowercase alphanumeric characters "
     "and a single dash')"),
]
for operation, given, code, text in MALFORMED:
    refusal("EC2-MALFORMED", operation, given, f"{code}.Malformed", text)
refusal("EC2-MALFORMED", "DeleteNatGateway", {"NatGatewayId": "x"}, "NatGatewayMalformed", "NAT gateway ID x is malformed")
refusal("EC2-MALFORMED", "CreateVpcEndpoint",
        lambda w: {"VpcId": w.vpc, "VpcEndpointType": "Interface", "ServiceName": STS, "SubnetIds": ["x"],
                   "PrivateDnsEnabled": False},
        "InvalidSubnetId.Malformed",
        "Invalid Subnet Id: 'x' (expecting 'subnet-...; the Id may only contain lowercase alphanumeric characters and a "
        "single dash')")
# Many calls do not look at the form.
for operation, given, code, text in [
    ("DeleteVpc", {"VpcId": "InvalidVpcId"}, "InvalidVpcID", "The vpc ID 'InvalidVpcId' does not exist"),
    ("DescribeVpcs", {"VpcIds": ["InvalidVpcId"]}, "InvalidVpcID", "The vpc ID 'InvalidVpcId' does not exist"),
    ("DeleteSubnet", {"SubnetId": "example"}, "InvalidSubnetID", "The subnet ID 'example' does not exist"),
]:
    refusal("EC2-MALFORMED-2", operation, given, f"{code}.NotFound", text)


@behaves("EC2-UNKNOWN")
def _(w):
    """No SDK sends it."""
    reply = urllib.request.Request(
        w.server.endpoint, data=b"Action=CreateVpc&Version=2016-11-15&CidrBlock=10.0.0.0/16&ClientToken=t",
        headers={"authorization": rawhttp.authorization(w.mine, "ec2"),
                 "content-type": "application/x-www-form-urlencoded"})
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(reply)
    text = caught.value.read().decode()
    assert caught.value.code == 400 and "<Code>UnknownParameter</Code>" in text, text
    assert "<Message>The parameter ClientToken is not recognized</Message>" in text, text


@behaves("EC2-EXPIRED")
def _(w):
    w.still()
    trust = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": w.mine}, "Action": "sts:AssumeRole"}]}
    role = w.aws.iam.create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    w.aws.iam.attach_role_policy(RoleName="r", PolicyArn="arn:aws:iam::aws:policy/AmazonVPCReadOnlyAccess")
    keys = w.aws.sts.assume_role(RoleArn=role, RoleSessionName="session", DurationSeconds=900)["Credentials"]
    ec2 = w.aws.client("ec2", key=keys["AccessKeyId"], secret=keys["SecretAccessKey"], token=keys["SessionToken"])
    ec2.describe_vpcs()
    w.later("901s")
    with pytest.raises(ClientError) as caught:
        ec2.describe_vpcs()
    answer = caught.value.response
    assert (answer["Error"]["Code"], answer["Error"]["Message"]) == ("RequestExpired", "Request has expired.")
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 400


def somebody(w):
    """A user without permissions, and EC2 as they see it."""
    w.aws.iam.create_user(UserName="ann")
    key = w.aws.iam.create_access_key(UserName="ann")["AccessKey"]
    return key, w.aws.client("ec2", key=key["AccessKeyId"], secret=key["SecretAccessKey"])


@behaves("EC2-UNAUTH-NEW")
def _(w):
    _, ec2 = somebody(w)
    user, vpc = f"arn:aws:iam::{w.mine}:user/ann", f"arn:aws:ec2:us-east-1:{w.mine}:vpc/*"
    with refused("UnauthorizedOperation", lambda text: text.startswith(
            f"You are not authorized to perform this operation. User: {user} is not authorized to perform: ec2:CreateVpc "
            f"on resource: {vpc} because no identity-based policy allows the ec2:CreateVpc action. Encoded authorization "
            "failure message: "), status=403):
        ec2.create_vpc(CidrBlock="10.0.0.0/16")


@behaves("EC2-UNAUTH-PLAIN")
def _(w):
    _, ec2 = somebody(w)
    with refused("UnauthorizedOperation", lambda text: text.startswith(
            "You are not authorized to perform this operation."), status=403):
        ec2.describe_vpcs()


@behaves("EC2-AUTHFAIL")
def _(w):
    key, ec2 = somebody(w)
    w.aws.iam.update_access_key(UserName="ann", AccessKeyId=key["AccessKeyId"], Status="Inactive")
    with refused("AuthFailure", "AWS was not able to validate the provided access credentials", status=401):
        ec2.describe_vpcs()


@behaves("EC2-CONSISTENCY")
def _(w):
    w.still()
    w.server.control("POST", "/_mockplane/eventual-consistency", {"account": w.mine, "duration": "5s"})
    vpc = w.a_vpc()
    with refused("InvalidVpcID.NotFound", f"The vpc ID '{vpc}' does not exist"):
        w("DescribeVpcs", VpcIds=[vpc])
    w.later("5s")
    assert w.one("DescribeVpcs", VpcIds=[vpc])


@behaves("EC2-IDEM-2")
def _(w):
    """A repeat answers what was made first; which operations take a token is in the service's model."""
    for operation, given in [
        ("CreateNetworkInterface", {"SubnetId": w.subnet}), ("CreateNatGateway", {"SubnetId": w.subnet, "ConnectivityType": "private"}),
        ("CreateRouteTable", {"VpcId": w.vpc}), ("CreateNetworkAcl", {"VpcId": w.vpc}),
    ]:
        first = w(operation, **given, ClientToken="Token")
        assert w(operation, **given, ClientToken="Token") == first
        assert first["ClientToken"] == "Token"
        assert w(operation, **given, ClientToken="token") != first, "case counts"
    elsewhere = w.beside("eu-west-1")
    assert elsewhere("CreateRouteTable", VpcId=elsewhere.vpc, ClientToken="Token"), "a token is one region's"
    given = {"PrefixListName": "l", "AddressFamily": "IPv4", "MaxEntries": 1}
    made = w("CreateManagedPrefixList", **given, ClientToken="ü" * 255)
    assert w("CreateManagedPrefixList", **given, ClientToken="ü" * 255) == made
    w.refuses("CreateManagedPrefixList", {**given, "ClientToken": "ü" * 256}, "InvalidParameterValue",
              f"Value ({'ü' * 256}) for parameter clientToken is invalid. Expecting at most 255 characters.")


@behaves("EC2-FILTER")
def _(w):
    w("CreateTags", Resources=[w.vpc], Tags=[{"Key": "Name", "Value": "a*b"}, {"Key": "team", "Value": "blue"}])
    for filters, found in [
        ({"tag:Name": ["a?b"], "tag:team": ["green", "blue"]}, 1), ({"tag:Name": ["a\\*b"], "tag-key": ["te*"]}, 1),
        ({"tag:Name": ["A*"]}, 0), ({"tag:Name": ["a*"], "tag:team": ["green"]}, 0), ({"tag:Name": ["a\\?b"]}, 0),
        ({"tag:Name": ["a*"] + ["x"] * 199}, 1),
    ]:
        listed = [{"Name": name, "Values": values} for name, values in filters.items()]
        assert len(w.one("DescribeVpcs", Filters=listed)) == found, filters


@behaves("EC2-IDS")
def _(w):
    peering = w.a_peering(w.vpc, w.other)
    options = w.one("CreateDhcpOptions", DhcpConfigurations=[{"Key": "domain-name", "Values": ["x"]}])["DhcpOptionsId"]
    rule = w.of("DescribeSecurityGroupRules", "group-id", w.group)["SecurityGroupRuleId"]
    attachment = w("DescribeInstances", InstanceIds=[w.instance])["Reservations"][0]["Instances"][0]
    attachment = attachment["NetworkInterfaces"][0]["Attachment"]["AttachmentId"]
    association = w("AssociateRouteTable", RouteTableId=w.table, SubnetId=w.subnet)["AssociationId"]
    (vpc,) = w("DescribeVpcs", VpcIds=[w.vpc])["Vpcs"]
    flow_log = w("CreateFlowLogs", ResourceType="VPC", ResourceIds=[w.vpc], TrafficType="ALL", LogDestinationType="s3",
                 LogDestination="arn:aws:s3:::records")["FlowLogIds"][0]
    eip = w("AssociateAddress", AllocationId=w.address, NetworkInterfaceId=w.interface)["AssociationId"] if w.gateway else None
    for id, prefix in [
        (w.vpc, "vpc"), (w.subnet, "subnet"), (w.group, "sg"), (rule, "sgr"), (w.table, "rtb"), (association, "rtbassoc"),
        (w.gateway, "igw"), (w.nat, "nat"), (w.interface, "eni"), (attachment, "eni-attach"), (w.address, "eipalloc"),
        (eip, "eipassoc"), (w.acl, "acl"), (w.default_acl["Associations"][0]["NetworkAclAssociationId"], "aclassoc"),
        (options, "dopt"), (w.an_endpoint(w.vpc), "vpce"), (flow_log, "fl"), (w.prefix_list, "pl"), (peering, "pcx"),
        (vpc["CidrBlockAssociationSet"][0]["AssociationId"], "vpc-cidr-assoc"),
    ]:
        assert re.fullmatch(f"{prefix}-[0-9a-f]{{17}}", id), id
    for one in w.one("DescribePrefixLists"):
        assert re.fullmatch("pl-[0-9a-f]{8}", one["PrefixListId"]) or one["PrefixListId"] == w.prefix_list, one


# === VPCs ===

refusal("EC2-VPC-404", "DescribeVpcs", {"VpcIds": [f"vpc-{HEX}"]}, "InvalidVpcID.NotFound",
        f"The vpc ID 'vpc-{HEX}' does not exist")
refusal("EC2-VPC-404", "DescribeVpcs", lambda w: {"VpcIds": ["vpc-1", w.vpc, "vpc-2"]}, "InvalidVpcID.NotFound",
        "The vpc IDs 'vpc-1, vpc-2' do not exist")
for size in ("10.0.0.0/8", "10.0.0.0/15", "10.0.0.0/29"):
    refusal("EC2-VPC-SIZE", "CreateVpc", {"CidrBlock": size}, "InvalidVpc.Range", f"The CIDR '{size}' is invalid.")
refusal("EC2-VPC-BADCIDR", "CreateVpc", {"CidrBlock": "10.0.0.0/33"}, "InvalidParameterValue",
        "Value (10.0.0.0/33) for parameter cidrBlock is invalid. This is not a valid CIDR block.")
refusal("EC2-VPC-LIMIT", "CreateVpc", {"CidrBlock": "10.9.0.0/16"}, "VpcLimitExceeded",
        "The maximum number of VPCs has been reached.",
        before=lambda w: [w.a_vpc() for _ in range(4)])     # the default one counts
refusal("EC2-VPC-TENANCY", "CreateVpc", {"CidrBlock": "10.0.0.0/16", "InstanceTenancy": "host"}, "UnsupportedTenancy",
        "The tenancy value host is not supported.")
refusal("EC2-VPC-TENANCY", "ModifyVpcTenancy", lambda w: {"VpcId": w.vpc, "InstanceTenancy": "dedicated"},
        "UnsupportedTenancy", "The tenancy value dedicated is not supported.")
refusal("EC2-VPC-TENANCY", "ModifyVpcTenancy", lambda w: {"VpcId": w.vpc, "InstanceTenancy": "default"},
        "InvalidTenancy", "The tenancy of VPC {w.vpc} is default and cannot be modified.")
refusal("EC2-VPC-DEL", "DeleteVpc", lambda w: {"VpcId": w.vpc}, "DependencyViolation",
        "The vpc '{w.vpc}' has dependencies and cannot be deleted.", before=lambda w: w.subnet)
refusal("EC2-VPC-ATTR", "ModifyVpcAttribute",
        lambda w: {"VpcId": w.vpc, "EnableDnsSupport": {"Value": True}, "EnableDnsHostnames": {"Value": True}},
        "InvalidParameterCombination",
        "Fields for multiple attribute types specified: enableDnsHostnames, enableDnsSupport")
refusal("EC2-VPC-DEFAULT", "CreateDefaultVpc", {}, "DefaultVpcAlreadyExists",
        "A Default VPC already exists for this account in this region.")
refusal("EC2-VPC-CIDR-404", "DisassociateVpcCidrBlock", {"AssociationId": "vpc-cidr-assoc-1"},
        "InvalidVpcCidrBlockAssociationID.NotFound", "The vpc CIDR block association ID 'vpc-cidr-assoc-1' does not exist")


def associate(w, block):
    return {"VpcId": w.vpc, "CidrBlock": block}


refusal("EC2-VPC-CIDR-RESTRICTED", "AssociateVpcCidrBlock", lambda w: associate(w, "172.16.0.0/16"), "InvalidVpc.Range",
        "The CIDR '172.16.0.0/16' is restricted. Use a CIDR from the same private address range as the current VPC CIDR, "
        "or use a publicly-routable CIDR. For additional restrictions, see "
        "https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html")
refusal("EC2-VPC-CIDR-CONFLICT", "AssociateVpcCidrBlock", lambda w: {"VpcId": w.other, "CidrBlock": "10.1.1.0/24"},
        "InvalidVpc.Range", "The CIDR '10.1.1.0/24' conflicts with another CIDR block of the VPC")
refusal("EC2-VPC-CIDR-CONFLICT", "AssociateVpcCidrBlock", lambda w: associate(w, "10.9.0.0/16"), "InvalidVpc.Range",
        "The CIDR '10.9.0.0/16' conflicts with a route to 10.9.0.0/24",
        before=lambda w: w("CreateRoute", RouteTableId=w.table, DestinationCidrBlock="10.9.0.0/24", GatewayId=w.gateway))


@behaves("EC2-VPC-CIDRS")
def _(w):
    for number in range(1, 5):
        w("AssociateVpcCidrBlock", **associate(w, f"10.{number}.0.0/16"))
    text = "This network {w.vpc} has met its maximum number of allowed CIDRs: 5"
    w.refuses("AssociateVpcCidrBlock", associate(w, "10.5.0.0/16"), "CidrLimitExceeded", text)
    for _ in range(5):
        w("AssociateVpcCidrBlock", VpcId=w.vpc, AmazonProvidedIpv6CidrBlock=True)
    w.refuses("AssociateVpcCidrBlock", {"VpcId": w.vpc, "AmazonProvidedIpv6CidrBlock": True}, "CidrLimitExceeded", text)


@behaves("EC2-VPC-CIDR-PRIMARY")
def _(w):
    id = w("DescribeVpcs", VpcIds=[w.vpc])["Vpcs"][0]["CidrBlockAssociationSet"][0]["AssociationId"]
    w.refuses("DisassociateVpcCidrBlock", {"AssociationId": id}, "OperationNotPermitted",
              f"The vpc CIDR block with association ID {id} may not be disassociated. It is the primary IPv4 CIDR block "
              "of the VPC")


@behaves("EC2-VPC-CIDR-USED")
def _(w):
    id = w("AssociateVpcCidrBlock", **associate(w, "10.5.0.0/16"))["CidrBlockAssociation"]["AssociationId"]
    w.a_subnet(w.vpc, "10.5.1.0/24")
    w.refuses("DisassociateVpcCidrBlock", {"AssociationId": id}, "InvalidCidrBlock.InUse",
              "The vpc {w.vpc} currently has a subnet within CIDR block 10.5.0.0/16")


@behaves("EC2-VPC-SIZE")
def _(w):
    assert w.one("CreateVpc", CidrBlock="100.68.0.18/18")["CidrBlock"] == "100.68.0.0/18"
    assert w.one("CreateVpc", CidrBlock="10.0.0.0/28")["CidrBlock"] == "10.0.0.0/28"


@behaves("EC2-VPC-STATE")
def _(w):
    made = w.one("CreateVpc", CidrBlock="10.0.0.0/16")
    assert made["State"] == "pending"
    assert w("DescribeVpcs", VpcIds=[made["VpcId"]])["Vpcs"][0]["State"] == "available"


@behaves("EC2-VPC-CHILDREN")
def _(w):
    assert w.main["Associations"][0]["Main"] is True
    (local,) = w.main["Routes"]
    assert (local["GatewayId"], local["Origin"], local["State"]) == ("local", "CreateRouteTable", "active")
    assert [group["GroupName"] for group in w.of_vpc("DescribeSecurityGroups", w.vpc)] == ["default"]
    numbers = [(e["RuleNumber"], e["RuleAction"], e["Egress"]) for e in w.default_acl["Entries"]]
    assert sorted(numbers) == [(100, "allow", False), (100, "allow", True), (32767, "deny", False), (32767, "deny", True)]
    vpcs = w("DescribeVpcs", VpcIds=[w.vpc, w.default_vpc])["Vpcs"]
    assert len({vpc["DhcpOptionsId"] for vpc in vpcs}) == 1
    for vpc, hostnames in ((w.vpc, False), (w.default_vpc, True)):
        assert w("DescribeVpcAttribute", VpcId=vpc, Attribute="enableDnsSupport")["EnableDnsSupport"]["Value"] is True
        told = w("DescribeVpcAttribute", VpcId=vpc, Attribute="enableDnsHostnames")["EnableDnsHostnames"]["Value"]
        assert told is hostnames


@behaves("EC2-VPC-TENANCY")
def _(w):
    vpc = w.a_vpc(InstanceTenancy="dedicated")
    w("ModifyVpcTenancy", VpcId=vpc, InstanceTenancy="default")
    assert w("DescribeVpcs", VpcIds=[vpc])["Vpcs"][0]["InstanceTenancy"] == "default"


# === Subnets ===

refusal("EC2-SUB-404", "DescribeSubnets", {"SubnetIds": [f"subnet-{HEX}"]}, "InvalidSubnetID.NotFound",
        f"The subnet ID 'subnet-{HEX}' does not exist")
for block in ("192.168.1.0/24", "10.0.0.0/15", "10.0.0.0/29"):
    refusal("EC2-SUB-RANGE", "CreateSubnet", lambda w, block=block: {"VpcId": w.vpc, "CidrBlock": block},
            "InvalidSubnet.Range", f"The CIDR '{block}' is invalid.")
refusal("EC2-SUB-CONFLICT", "CreateSubnet", lambda w: {"VpcId": w.vpc, "CidrBlock": "10.0.0.128/25"},
        "InvalidSubnet.Conflict", "The CIDR '10.0.0.128/25' conflicts with another subnet", before=lambda w: w.subnet)
refusal("EC2-SUB-DEL", "DeleteSubnet", lambda w: {"SubnetId": w.subnet}, "DependencyViolation",
        "The subnet '{w.subnet}' has dependencies and cannot be deleted.", before=lambda w: w.interface)
refusal("EC2-SUB-LIMIT", "CreateSubnet", lambda w: {"VpcId": w.vpc, "CidrBlock": "10.0.200.0/24"}, "SubnetLimitExceeded",
        "The maximum number of subnets has been reached.",
        before=lambda w: [w.a_subnet(w.vpc, f"10.0.{n}.0/24") for n in range(200)])
refusal("EC2-SUB-IPV6", "CreateSubnet", lambda w: {"VpcId": w.vpc, "Ipv6Native": True}, "MissingParameter",
        "Either 'ipv6CidrBlock' or 'ipv6IpamPoolId' should be provided.")
refusal("EC2-SUB-IPV6-RANGE", "CreateSubnet",
        lambda w: {"VpcId": w.vpc, "CidrBlock": "10.0.0.0/24", "Ipv6CidrBlock": "10.0.0.0/24"},
        "InvalidParameterValue", "invalid value for parameter ipv6-cidr-block: 10.0.0.0/24")
refusal("EC2-SUB-IPV6-RANGE", "CreateSubnet",
        lambda w: {"VpcId": w.vpc, "CidrBlock": "10.0.0.0/24", "Ipv6CidrBlock": "2001:db8::/64"},
        "InvalidSubnet.Range", "The IPv6 CIDR '2001:db8::/64' is invalid.")
refusal("EC2-SUB-CIDR-404", "DisassociateSubnetCidrBlock", {"AssociationId": "subnet-cidr-assoc-1"},
        "InvalidSubnetCidrBlockAssociationID.NotFound",
        "The subnet CIDR block with association ID 'subnet-cidr-assoc-1' does not exist")
refusal("EC2-SUB-ATTR", "ModifySubnetAttribute",
        lambda w: {"SubnetId": w.subnet, "AssignIpv6AddressOnCreation": {"Value": True}, "MapPublicIpOnLaunch": {"Value": True}},
        "InvalidParameterCombination",
        "Only one subnet attribute can be modified at a time. Provided attributes: [assignIpv6AddressOnCreation, "
        "mapPublicIpOnLaunch]")
refusal("EC2-SUB-ASSIGN", "ModifySubnetAttribute",
        lambda w: {"SubnetId": w.subnet, "AssignIpv6AddressOnCreation": {"Value": True}}, "InvalidParameterValue",
        "Invalid value 'true' for assign-ipv6-address-on-creation. Cannot set assign-ipv6-address-on-creation to true "
        "unless the subnet ({w.subnet}) has an IPv6 CIDR block associated with it.")
refusal("EC2-SUB-OUTPOST", "ModifySubnetAttribute", lambda w: {"SubnetId": w.subnet, "EnableLniAtDeviceIndex": 1},
        "InvalidParameterValue",
        "The parameter enableLniAtDeviceIndex is not supported for subnet {w.subnet}, which is not on an Outpost.")
refusal("EC2-SUB-RES-404", "DeleteSubnetCidrReservation", {"SubnetCidrReservationId": "scr-1"},
        "InvalidSubnetCidrReservationID.NotFound", "The subnet-cidr-reservation ID 'scr-1' does not exist")
refusal("EC2-SUB-RES-RANGE", "CreateSubnetCidrReservation",
        lambda w: {"SubnetId": w.subnet, "ReservationType": "explicit", "Cidr": "10.1.0.0/31"}, "InvalidParameterValue",
        "Reservation CIDR should be within subnet CIDR block (10.0.0.0/24)")


def ipv6_block(w, vpc):
    """The VPC's first block for a subnet."""
    w("AssociateVpcCidrBlock", VpcId=vpc, AmazonProvidedIpv6CidrBlock=True)
    (vpc,) = w("DescribeVpcs", VpcIds=[vpc])["Vpcs"]
    return vpc["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlock"].replace("/56", "/64")


@behaves("EC2-SUB-IPV6-ONE")
def _(w):
    block = ipv6_block(w, w.vpc)
    w("AssociateSubnetCidrBlock", SubnetId=w.subnet, Ipv6CidrBlock=block)
    w.refuses("AssociateSubnetCidrBlock", {"SubnetId": w.subnet, "Ipv6CidrBlock": block}, "CidrLimitExceeded",
              "This subnet {w.subnet} has met its maximum number of allowed CIDRs: 1")


@behaves("EC2-SUB-CIDR-USED")
def _(w):
    made = w("AssociateSubnetCidrBlock", SubnetId=w.subnet, Ipv6CidrBlock=ipv6_block(w, w.vpc))
    id = made["Ipv6CidrBlockAssociation"]["AssociationId"]
    w("ModifySubnetAttribute", SubnetId=w.subnet, AssignIpv6AddressOnCreation={"Value": True})
    w.refuses("DisassociateSubnetCidrBlock", {"AssociationId": id}, "InvalidCidrBlock.InUse",
              f"The subnet IPv6 CIDR block with association ID {id} may not be disassociated, because its subnet has "
              "assign-ipv6-address-on-creation set to true.")


@behaves("EC2-SUB-NAMES")
def _(w):
    subnet = w.one("CreateSubnet", VpcId=w.vpc, Ipv6Native=True, Ipv6CidrBlock=ipv6_block(w, w.vpc))["SubnetId"]
    w.refuses("ModifySubnetAttribute", {"SubnetId": subnet, "PrivateDnsHostnameTypeOnLaunch": "ip-name"},
              "InvalidParameterValue",
              f"Invalid value 'ip-name' for private-dns-hostname-type-on-launch. The subnet ({subnet}) is for IPv6 only.")


@behaves("EC2-SUB-DEFAULT")
def _(w):
    zone = {"AvailabilityZone": "us-east-1a"}
    w.refuses("CreateDefaultSubnet", zone, "DefaultSubnetAlreadyExistsInAvailabilityZone",
              "'{w.default_subnet}' is already the default subnet in us-east-1a.")
    for subnet in w.of_vpc("DescribeSubnets", w.default_vpc):
        w("DeleteSubnet", SubnetId=subnet["SubnetId"])
    gateway = w.of("DescribeInternetGateways", "attachment.vpc-id", w.default_vpc)["InternetGatewayId"]
    w("DetachInternetGateway", InternetGatewayId=gateway, VpcId=w.default_vpc)
    w("DeleteVpc", VpcId=w.default_vpc)
    w.refuses("CreateDefaultSubnet", zone, "DefaultVpcDoesNotExist",
              "No default VPC exists for this account in this region.")


@behaves("EC2-SUB-RESERVED")
def _(w):
    assert (w.aws.free(w.small), w.aws.free(w.subnet)) == (11, 251)
    first = w.one("CreateNetworkInterface", SubnetId=w.small)["PrivateIpAddress"]
    assert first not in {f"10.0.1.{n}" for n in (0, 1, 2, 3, 15)}


@behaves("EC2-SUB-COUNT")
def _(w):
    w.an_interface(w.subnet, SecondaryPrivateIpAddressCount=2)
    assert w.aws.free(w.subnet) == 248
    assert w.nat and w.aws.free(w.subnet) == 247
    w.an_endpoint(w.vpc, STS, SubnetIds=[w.subnet])
    assert w.aws.free(w.subnet) == 246


@behaves("EC2-SUB-STATE")
def _(w):
    assert w.one("CreateSubnet", VpcId=w.vpc, CidrBlock="10.0.5.0/24")["State"] == "available"
