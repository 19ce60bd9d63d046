"""What holds for every EC2 operation that is served. Which those are comes from the registry, what they take from the
service's model, so a new one is looked at without being named here. What makes something has a recipe below."""

import re

import botocore.exceptions
import pytest

from mockplane import ROOT, Account, refused
from test_all_operations import minimal

DRY = "Request would have succeeded, but DryRun flag is set."
LOST = "0123456789abcdef0"


class Calls:
    """An account of its own on a clock that stands still, and its calls by the names of operations."""

    def __init__(self, server):
        self.aws = Account(server)
        self.aws.manual_clock()
        for quota in server.control("GET", f"/_mockplane/quotas?account={self.aws.number}")["quotas"]:
            if quota == "tagsPerResource":
                continue
            server.control("POST", "/_mockplane/quotas",
                           {"account": self.aws.number, "quota": quota, "limit": "unlimited"})
        self.client = self.aws.raw("ec2")
        self.model = self.client.meta.service_model

    def __call__(self, operation, **arguments):
        return self.client._make_api_call(operation, arguments)

    def refusal(self, operation, **arguments):
        """Code and message; None if the call works."""
        try:
            self(operation, **arguments)
        except botocore.exceptions.ClientError as e:
            assert 400 <= e.response["ResponseMetadata"]["HTTPStatusCode"] < 500, (operation, e.response)
            return e.response["Error"]["Code"], e.response["Error"]["Message"]

    def members(self, operation):
        shape = self.model.operation_model(operation).input_shape
        return shape.members if shape else {}

    def snapshot(self):
        """Everything that can be described without naming it."""
        return {name: rows(self(name)) for name in DESCRIBES}


def rows(answer):
    return {k: v for k, v in answer.items() if k not in ("ResponseMetadata", "NextToken")}


def listed(answer):
    """The rows of an answer that is one list, beside which there may be one of plain names."""
    lists = [v for v in answer.values() if isinstance(v, list)]
    found = next((v for v in lists if len(lists) == 1 or any(isinstance(row, dict) for row in v)), [])
    # Instances come in reservations.
    return [one for row in found for one in (row["Instances"] if isinstance(row, dict) and "Instances" in row else [row])]


def row_id(row):
    """What tells rows of one list apart."""
    ids = [k for k in row if k.endswith("Id") or k in ("Key", "RegionName", "ZoneName")]
    return tuple(str(row[k]) for k in sorted(ids or row))


def behaving():
    """The operations that are served: docs/IGNORED.md is made from the registry and has a line for each."""
    page = (ROOT / "docs/IGNORED.md").read_text()
    return re.findall(r"^\| ec2 (\w+) \|", page, re.MULTILINE)


BEHAVES = behaving()
DESCRIBES = []      # those of them that need no input
# The model requires none of its members, and AWS one of several.
TOLD_WHICH = {"DescribeLaunchTemplateVersions"}


@pytest.fixture(scope="module", autouse=True)
def operations(server):
    model = Calls(server).model
    for name in BEHAVES:
        shape = model.operation_model(name).input_shape
        if name.startswith("Describe") and not (shape and shape.required_members) and name not in TOLD_WHICH:
            DESCRIBES.append(name)
    assert len(BEHAVES) > 40 and "DescribeVpcs" in DESCRIBES
    yield
    DESCRIBES.clear()


# === Recipes ===

def permission(port):
    return [{"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": "10.9.0.0/16"}]}]


# An operation, its arguments from what was made before, and what of its answer is remembered.
RECIPES = [
    ("CreateVpc", lambda e: {"CidrBlock": "10.0.0.0/16"}, {"vpc": "Vpc.VpcId"}),
    ("CreateVpc", lambda e: {"CidrBlock": "10.1.0.0/16"}, {"peer": "Vpc.VpcId"}),
    ("ModifyVpcAttribute", lambda e: {"VpcId": e["vpc"], "EnableDnsHostnames": {"Value": True}}, {}),
    ("CreateSubnet", lambda e: {"VpcId": e["vpc"], "CidrBlock": "10.0.1.0/24"}, {"subnet": "Subnet.SubnetId"}),
    ("ModifySubnetAttribute", lambda e: {"SubnetId": e["subnet"], "MapPublicIpOnLaunch": {"Value": True}}, {}),
    ("CreateSecurityGroup", lambda e: {"VpcId": e["vpc"], "GroupName": "g", "Description": "g"}, {"group": "GroupId"}),
    ("AuthorizeSecurityGroupIngress", lambda e: {"GroupId": e["group"], "IpPermissions": permission(80)}, {}),
    ("AuthorizeSecurityGroupEgress", lambda e: {"GroupId": e["group"], "IpPermissions": permission(81)}, {}),
    ("CreateNetworkInterface", lambda e: {"SubnetId": e["subnet"]},
     {"interface": "NetworkInterface.NetworkInterfaceId"}),
    ("ModifyNetworkInterfaceAttribute",
     lambda e: {"NetworkInterfaceId": e["interface"], "Description": {"Value": "mine"}}, {}),
    ("CreateDhcpOptions", lambda e: {"DhcpConfigurations": [{"Key": "domain-name", "Values": ["x.example"]}]},
     {"options": "DhcpOptions.DhcpOptionsId"}),
    ("AssociateDhcpOptions", lambda e: {"VpcId": e["vpc"], "DhcpOptionsId": e["options"]}, {}),
    ("CreateFlowLogs", lambda e: {
        "ResourceType": "VPC", "ResourceIds": [e["vpc"]], "TrafficType": "ALL", "LogDestinationType": "s3",
        "LogDestination": "arn:aws:s3:::records"}, {"log": "FlowLogIds.0"}),
    ("CreateVpcPeeringConnection", lambda e: {"VpcId": e["vpc"], "PeerVpcId": e["peer"]},
     {"peering": "VpcPeeringConnection.VpcPeeringConnectionId"}),
    ("AcceptVpcPeeringConnection", lambda e: {"VpcPeeringConnectionId": e["peering"]}, {}),
    ("ModifyVpcPeeringConnectionOptions", lambda e: {
        "VpcPeeringConnectionId": e["peering"],
        "RequesterPeeringConnectionOptions": {"AllowDnsResolutionFromRemoteVpc": True}}, {}),
    ("CreateInternetGateway", lambda e: {}, {}),
    ("CreateEgressOnlyInternetGateway", lambda e: {"VpcId": e["vpc"]}, {}),
    ("CreateRouteTable", lambda e: {"VpcId": e["vpc"]}, {"table": "RouteTable.RouteTableId"}),
    ("CreateNetworkAcl", lambda e: {"VpcId": e["vpc"]}, {"acl": "NetworkAcl.NetworkAclId"}),
    ("AllocateAddress", lambda e: {"Domain": "vpc"}, {"address": "AllocationId"}),
    ("CreateNatGateway", lambda e: {"SubnetId": e["subnet"], "ConnectivityType": "private"}, {}),
    ("CreateSubnetCidrReservation", lambda e: {
        "SubnetId": e["subnet"], "ReservationType": "prefix", "Cidr": "10.0.1.128/28"}, {}),
    ("CreateVpnGateway", lambda e: {"Type": "ipsec.1"}, {}),
    ("CreateTransitGateway", lambda e: {}, {"transit": "TransitGateway.TransitGatewayId"}),
    ("CreateVpcEndpoint", lambda e: {"VpcId": e["vpc"], "ServiceName": "com.amazonaws.us-east-1.s3"}, {}),
    ("CreateManagedPrefixList", lambda e: {"PrefixListName": "l", "AddressFamily": "IPv4", "MaxEntries": 2}, {}),
    ("RunInstances", lambda e: {
        "ImageId": "ami-12c6146b", "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1, "SubnetId": e["subnet"]},
     {"instance": "Instances.0.InstanceId"}),
    ("CreateNetworkInsightsPath", lambda e: {
        "Source": e["interface"], "Destination": e["instance"], "Protocol": "tcp"},
     {"path": "NetworkInsightsPath.NetworkInsightsPathId"}),
    ("StartNetworkInsightsAnalysis", lambda e: {"NetworkInsightsPathId": e["path"]}, {}),
    ("CreateLaunchTemplate", lambda e: {"LaunchTemplateName": "web", "LaunchTemplateData": {"InstanceType": "t3.nano"}},
     {"template": "LaunchTemplate.LaunchTemplateId"}),
    ("CreateLaunchTemplateVersion",
     lambda e: {"LaunchTemplateId": e["template"], "LaunchTemplateData": {"InstanceType": "t3.small"}}, {}),
    ("ModifyLaunchTemplate", lambda e: {"LaunchTemplateId": e["template"], "DefaultVersion": "2"}, {}),
    ("CreateTags", lambda e: {"Resources": [e["vpc"]], "Tags": [{"Key": "a", "Value": "b"}]}, {}),
    ("DeleteTags", lambda e: {"Resources": [e["vpc"]], "Tags": [{"Key": "a"}]}, {}),
    ("DeleteVpcPeeringConnection", lambda e: {"VpcPeeringConnectionId": e["peering"]}, {}),
    ("DeleteFlowLogs", lambda e: {"FlowLogIds": [e["log"]]}, {}),
    ("RevokeSecurityGroupIngress", lambda e: {"GroupId": e["group"], "IpPermissions": permission(80)}, {}),
    ("RevokeSecurityGroupEgress", lambda e: {"GroupId": e["group"], "IpPermissions": permission(81)}, {}),
    ("DeleteNetworkInterface", lambda e: {"NetworkInterfaceId": e["interface"]}, {}),
    ("DeleteSecurityGroup", lambda e: {"GroupId": e["group"]}, {}),
    ("DeleteVpc", lambda e: {"VpcId": e["peer"]}, {}),
]

# What tag specifications call what these make, where it is not the name of the operation.
KINDS = {
    "RunInstances": "instance", "CreateFlowLogs": "vpc-flow-log", "CreateManagedPrefixList": "prefix-list", "CreateNatGateway": "natgateway",
    "AllocateAddress": "elastic-ip", "AuthorizeSecurityGroupIngress": "security-group-rule",
    "AuthorizeSecurityGroupEgress": "security-group-rule",
}


# What makes something that no describing operation finds by its tags.
NOT_BY_TAG = {"CreateSubnetCidrReservation", "CreateTransitGateway"}
# What needs something that has to become available first.
NO_RECIPE = {"CreateTransitGatewayVpcAttachment", "CreateTransitGatewayRouteTable"}


def kind_of(operation):
    words = re.findall("[A-Z][a-z0-9]*", operation)[1:]
    return KINDS.get(operation, "-".join(words).lower())


def tagged(kind, *tags):
    return {"TagSpecifications": [{"ResourceType": kind, "Tags": [{"Key": k, "Value": v} for k, v in tags]}]}


def remember(made, answer, wanted):
    for name, path in wanted.items():
        value = answer
        for step in path.split("."):
            value = value[int(step)] if step.isdigit() else value[step]
        made[name] = value


def found_by_tag(calls, key, value):
    """The rows with this tag, by the operation that describes them."""
    found = {}
    for name in DESCRIBES:
        filters = {"Filter", "Filters"} & set(calls.members(name))
        if filters and name != "DescribeTags":
            asked = {filters.pop(): [{"Name": f"tag:{key}", "Values": [value]}]}
            if calls.refusal(name, **asked) is None:
                found[name] = listed(rows(calls(name, **asked)))
    return {name: those for name, those in found.items() if those}


def test_every_writing_operation(server):
    """Dry runs and refused calls change nothing; tags on create are read back; a token makes one thing."""
    calls, made, problems = Calls(server), {}, []
    now = calls.snapshot()

    def unchanged(what):
        nonlocal now
        then = calls.snapshot()
        changed = [name for name in now if now[name] != then[name]]
        if changed:
            problems.append(f"{what} changes what {changed} tell")
        now = then

    for number, (name, recipe, wanted) in enumerate(RECIPES):
        if name not in BEHAVES:
            continue
        members, arguments = calls.members(name), recipe(made)
        if "DryRun" in members:
            if calls.refusal(name, **arguments, DryRun=True) != ("DryRunOperation", DRY):
                problems.append(f"{name}: dry run: {calls.refusal(name, **arguments, DryRun=True)}")
            unchanged(f"a dry run of {name}")
        kind = kind_of(name)
        if "TagSpecifications" in members:
            wrong = "vpc" if kind != "vpc" else "subnet"
            for more, code in (
                (tagged(wrong, ("a", "b")), "InvalidParameterValue"),
                (tagged(kind, ("aws:a", "b")), "InvalidParameterValue"),
                (tagged(kind, ("a", "b"), ("a", "c")), "InvalidParameterValue"),
                (tagged(kind, ("k" * 129, "b")), "InvalidParameterValue"),
                (tagged(kind, *((f"k{n}", "v") for n in range(51))), "TagLimitExceeded"),
            ):
                answer = calls.refusal(name, **arguments, **more)
                if answer is None or answer[0] != code:
                    problems.append(f"{name}: tags: {answer}, not {code}: {more}"[:300])
            unchanged(f"a refused {name}")
            arguments |= tagged(kind, ("contract", f"{number}"))
        if "ClientToken" in members:
            arguments["ClientToken"] = f"contract-{number}"
        answer = calls(name, **arguments)
        remember(made, answer, wanted)
        now = calls.snapshot()
        if "ClientToken" in members:
            if rows(calls(name, **arguments)) != rows(answer):
                problems.append(f"{name}: a repeated token answers something else")
            other = tagged(kind, ("contract", "other")) if "TagSpecifications" in members else None
            code = other and calls.refusal(name, **{**arguments, **other})
            if other and (code is None or code[0] != "IdempotentParameterMismatch"):
                problems.append(f"{name}: a used token with other parameters: {code}")
            unchanged(f"a repeated {name}")
        if "TagSpecifications" in members:
            told = calls("DescribeTags", Filters=[{"Name": "tag:contract", "Values": [f"{number}"]}])["Tags"]
            if [tag["ResourceType"] for tag in told] != [kind]:
                problems.append(f"{name}: DescribeTags tells {told}")
            found = found_by_tag(calls, "contract", f"{number}")
            seen = [row.get("Tags", row.get("TagSet")) for those in found.values() for row in those]
            if name not in NOT_BY_TAG and seen != [[{"Key": "contract", "Value": f"{number}"}]]:
                problems.append(f"{name}: found by its tag: {found}")
    assert not problems, "\n".join(problems)


def test_what_takes_tags_or_tokens_has_a_recipe(server):
    calls, recipes = Calls(server), {name for name, *_ in RECIPES}
    takes = [name for name in BEHAVES if {"TagSpecifications", "ClientToken"} & set(calls.members(name))]
    assert [name for name in takes if name not in recipes | NO_RECIPE] == []


def test_what_is_refused_changes_nothing(server):
    """Every writing operation with nothing but required members, which name nothing."""
    calls, problems = Calls(server), []
    calls.aws.interface(calls.aws.subnet(calls.aws.vpc()))
    now = calls.snapshot()
    for name in BEHAVES:
        if name.startswith(("Describe", "Get", "List")):
            continue
        shape = calls.model.operation_model(name).input_shape
        arguments = minimal(shape) if shape else {}
        dry = {"DryRun": True} if "DryRun" in calls.members(name) else {}
        answer = calls.refusal(name, **arguments, **dry)
        if answer is None:
            problems.append(f"{name}: neither refused nor a dry run")
        elif answer[0] != "DryRunOperation" and calls.refusal(name, **arguments) != answer:
            problems.append(f"{name}: a dry run is refused otherwise than the call: {answer}")
        then = calls.snapshot()
        if then != now:
            problems.append(f"{name} {arguments}: {answer}, and something changed")
            now = then
    assert not problems, "\n".join(problems)


def test_what_is_ignored_is_told(server):
    """Each member that docs/IGNORED.md lists leaves an event. Those within others are left to the tests of the list."""
    calls, made, looked_at = Calls(server), {}, 0
    ignored = dict(re.findall(r"^\| ec2 (\w+) \| (.*) \|$", (ROOT / "docs/IGNORED.md").read_text(), re.MULTILINE))
    for name, recipe, wanted in RECIPES:
        if name not in BEHAVES:
            continue
        extra = {}
        for member in ignored[name].split(", "):
            value = minimal(calls.members(name)[member]) if member in calls.members(name) else None
            if value not in (None, {}, [{}]):
                extra[member] = value
        try:
            answer = calls(name, **recipe(made), **extra)
        except botocore.exceptions.ClientError as e:    # what is not built says so
            assert e.response["ResponseMetadata"]["HTTPStatusCode"] == 501, e
            answer, extra = calls(name, **recipe(made)), {}
        remember(made, answer, wanted)
        told = {event["message"].split(" ")[0] for event in calls.aws.events()
                if event["kind"] == "ParameterIgnored" and event["resource"] == f"ec2.{name}"}
        assert {path.partition("[")[0].partition(".")[0] for path in told} >= set(extra), (name, told)
        looked_at += len(extra)
    assert looked_at >= 10


# === Describing ===

@pytest.fixture(scope="module")
def furnished(server, operations):
    """An account with more than five of most things."""
    calls = Calls(server)
    client = calls.client
    for number in range(7):
        tags = [{"Key": "team", "Value": f"{number}"}]
        vpc = client.create_vpc(CidrBlock=f"10.{number}.0.0/16")["Vpc"]["VpcId"]
        subnet = client.create_subnet(VpcId=vpc, CidrBlock=f"10.{number}.0.0/24")["Subnet"]["SubnetId"]
        client.create_network_interface(SubnetId=subnet)
        client.create_dhcp_options(DhcpConfigurations=[{"Key": "domain-name", "Values": [f"{number}.example"]}])
        client.create_flow_logs(ResourceType="VPC", ResourceIds=[vpc], TrafficType="ALL", LogDestinationType="s3",
                                LogDestination="arn:aws:s3:::records")
        client.create_vpc_peering_connection(VpcId=vpc, PeerVpcId=vpc)
        client.create_tags(Resources=[vpc, subnet], Tags=tags)
        for name, recipe, _ in RECIPES:
            if name in BEHAVES and name in (
                    "CreateInternetGateway", "CreateEgressOnlyInternetGateway", "CreateNatGateway",
                    "CreateVpcEndpoint", "CreateManagedPrefixList"):
                arguments = recipe({"vpc": vpc, "subnet": subnet})
                assert calls.refusal(name, **arguments) is None, name
    return calls


def ids_member(calls, name):
    members = [m for m, shape in calls.members(name).items()
               if m.endswith("Ids") and shape.type_name == "list" and shape.member.type_name == "string"]
    return members[0] if len(members) == 1 else None


def test_unknown_filters(furnished):
    for name in DESCRIBES:
        for member in {"Filter", "Filters"} & set(furnished.members(name)):
            answer = furnished.refusal(name, **{member: [{"Name": "foo", "Values": ["x"]}]})
            assert answer == ("InvalidParameterValue", "The filter 'foo' is invalid"), name
            values = [f"{n}" for n in range(201)]
            answer = furnished.refusal(name, **{member: [{"Name": "tag:a", "Values": values}]})
            assert answer[0] in ("FilterLimitExceeded", "InvalidParameterValue"), name


def test_pages_walk_through_everything_once(furnished):
    walked, tokens = [], {}
    for name in DESCRIBES:
        members = furnished.members(name)
        if not {"MaxResults", "NextToken"} <= set(members):
            continue
        page = furnished(name)
        everything = listed(rows(page))
        # Some lists have pages even if nobody asks for them.
        while "NextToken" in page:
            page = furnished(name, NextToken=page["NextToken"])
            everything += listed(rows(page))
        seen, page = [], furnished(name, MaxResults=5)
        while True:
            assert len(listed(rows(page))) <= 5, name
            seen += listed(rows(page))
            if "NextToken" not in page:
                break
            tokens[name] = page["NextToken"]
            again = furnished(name, MaxResults=5, NextToken=page["NextToken"])
            assert rows(again) == rows(furnished(name, MaxResults=5, NextToken=page["NextToken"])), name
            page = again
        assert seen == everything, name
        assert len({row_id(row) for row in seen}) == len(seen), name
        if len(everything) > 5:
            walked.append(name)
        answer = furnished.refusal(name, MaxResults=5, NextToken="nonsense")
        assert answer == ("InvalidNextToken", "The token 'nonsense' is invalid"), name
    assert len(walked) >= 10, walked
    for name in tokens:
        for other, token in tokens.items():
            if other != name and (name, other) != ("DescribeTags", "DescribeSecurityGroupRules"):
                answer = furnished.refusal(name, MaxResults=5, NextToken=token)
                assert answer and answer[0] == "InvalidNextToken", f"a token of {other} is none of {name}"


def test_page_sizes_are_those_of_the_model(furnished):
    text = "Value ( {} ) for parameter maxResults is invalid. Expecting a value {} than {}."
    for name in DESCRIBES:
        shape = furnished.members(name).get("MaxResults")
        if shape is None:
            continue
        least, most = shape.metadata.get("min"), shape.metadata.get("max")
        if least is not None and least > 1:
            answer = furnished.refusal(name, MaxResults=least - 1)
            assert answer == ("InvalidParameterValue", text.format(least - 1, "greater", least)), name
            assert furnished.refusal(name, MaxResults=least) is None, name
        if most is not None:
            answer = furnished.refusal(name, MaxResults=most + 1)
            assert answer == ("InvalidParameterValue", text.format(most + 1, "less", most)), name
            assert furnished.refusal(name, MaxResults=most) is None, name


# Zones are no resources of an account.
NO_RESOURCES = {"DescribeAvailabilityZones"}
# An id that names nothing is left out of the answer.
LENIENT = {"DescribeFlowLogs", "DescribeEgressOnlyInternetGateways"}


def test_explicit_ids(furnished):
    looked_at = 0
    for name in DESCRIBES:
        member = ids_member(furnished, name)
        known = listed(rows(furnished(name)))
        if member is None or not known or name in NO_RESOURCES:
            continue
        # `VpcIds` is about `VpcId`; of what has several ids the list is about the row's own.
        own = next((k for k in (member[:-1], *known[0]) if k in known[0] and k.endswith("Id")), None)
        if own is None:
            continue
        one, last = known[0][own], known[-1][own]
        looked_at += 1
        assert listed(rows(furnished(name, **{member: [one]}))) == [known[0]], name
        both = listed(rows(furnished(name, **{member: [last, one, one]})))
        assert both == [row for row in known if row[own] in (one, last)], f"{name}: each once, in the usual order"
        lost = f"{one.rpartition('-')[0]}-{LOST}"
        answer = furnished.refusal(name, **{member: [one, lost]})
        if name in LENIENT:
            assert answer is None, name
        else:
            assert answer, name
            assert re.fullmatch(r"Invalid\w+\.NotFound|NatGatewayNotFound", answer[0]) and lost in answer[1], (name, answer)
        answer = furnished.refusal(name, **{member: ["no such id"]})
        assert (answer is None if name in LENIENT else
                re.fullmatch(r"Invalid\w+\.(NotFound|Malformed)|InvalidParameterValue|NatGatewayMalformed", answer[0])), (name, answer)
        if "MaxResults" in furnished.members(name):
            answer = furnished.refusal(name, MaxResults=5, **{member: [one]})
            bounded = "min" in furnished.members(name)["MaxResults"].metadata
            assert answer is None and not bounded or answer and answer[0] == "InvalidParameterCombination" and "maxResults" in answer[1], (name, answer)
    assert looked_at >= 9


def test_dry_runs_of_describing(furnished):
    for name in DESCRIBES:
        if "DryRun" in furnished.members(name):
            with refused("DryRunOperation", DRY, status=412):
                furnished(name, DryRun=True)
