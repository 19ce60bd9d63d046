"""Reachability Analyzer as boto3 sees it: paths, analyses, and the networks of test_failures.py looked at with it."""

import json
import time

import pytest

from mockplane import refused
from test_failures import EVERYWHERE, House, quick  # noqa: F401

HEX = "0123456789abcdef0"


def path(aws, source, destination=None, **more):
    named = {"Destination": destination} if destination else {}
    made = aws.ec2.create_network_insights_path(Source=source, Protocol="tcp", **named, **more)
    return made["NetworkInsightsPath"]["NetworkInsightsPathId"]


def analysed(aws, path_id, **more):
    begun = aws.ec2.start_network_insights_analysis(NetworkInsightsPathId=path_id, **more)["NetworkInsightsAnalysis"]
    assert begun["Status"] == "running" and "NetworkPathFound" not in begun
    for _ in range(200):
        (analysis,) = aws.ec2.describe_network_insights_analyses(
            NetworkInsightsAnalysisIds=[begun["NetworkInsightsAnalysisId"]])["NetworkInsightsAnalyses"]
        if analysis["Status"] != "running":
            return analysis
        time.sleep(0.05)
    raise AssertionError("it runs and runs")


def found(analysis):
    assert analysis["Status"] == "succeeded", analysis
    return analysis["NetworkPathFound"]


def codes(analysis):
    return [why["ExplanationCode"] for why in analysis["Explanations"]]


def kinds(components):
    assert [one["SequenceNumber"] for one in components] == list(range(1, len(components) + 1))
    return [one["Component"]["Id"].rsplit("-", 1)[0] for one in components]


def address(aws, interface):
    (row,) = aws.ec2.describe_network_interfaces(NetworkInterfaceIds=[interface])["NetworkInterfaces"]
    return row["PrivateIpAddress"]


def pair(aws):
    """Two interfaces in two subnets of a VPC, whose group lets everything out and nothing in."""
    vpc = aws.vpc()
    one, other = aws.subnet(vpc, "10.0.1.0/24"), aws.subnet(vpc, "10.0.2.0/24")
    group = aws.group(vpc)
    return vpc, group, aws.interface(one, Groups=[group]), aws.interface(other, Groups=[group])


# === Paths ===

def test_a_path_is_read_back(aws):
    _, _, source, destination = pair(aws)
    arn = f"arn:aws:ec2:us-east-1:{aws.number}"
    given = {"Source": source, "Destination": f"{arn}:network-interface/{destination}", "Protocol": "udp"}
    with refused("DryRunOperation", status=412):
        aws.ec2.create_network_insights_path(**given, DryRun=True)
    at_source = {"SourceAddress": address(aws, source), "DestinationPortRange": {"FromPort": 53, "ToPort": 54}}
    at_destination = {
        "DestinationAddress": address(aws, destination), "SourcePortRange": {"FromPort": 0, "ToPort": 65535}}
    tags = [{"ResourceType": "network-insights-path", "Tags": [{"Key": "team", "Value": "blue"}]}]
    made = aws.ec2.create_network_insights_path(
        **given, FilterAtSource=at_source, FilterAtDestination=at_destination, TagSpecifications=tags,
        ClientToken="token")["NetworkInsightsPath"]
    known = dict(made)
    assert known.pop("CreatedDate")
    number = known.pop("NetworkInsightsPathId")
    assert number.startswith("nip-") and len(number) == len("nip-") + 17
    assert known == {
        "NetworkInsightsPathArn": f"{arn}:network-insights-path/{number}", "Source": source,
        "SourceArn": f"{arn}:network-interface/{source}", "Destination": destination,
        "DestinationArn": f"{arn}:network-interface/{destination}", "Protocol": "udp",
        "FilterAtSource": at_source, "FilterAtDestination": at_destination, "Tags": [{"Key": "team", "Value": "blue"}]}
    assert aws.ec2.describe_network_insights_paths(NetworkInsightsPathIds=[number])["NetworkInsightsPaths"] == [made]
    again = aws.ec2.create_network_insights_path(
        **given, FilterAtSource=at_source, FilterAtDestination=at_destination, TagSpecifications=tags,
        ClientToken="token")
    assert again["NetworkInsightsPath"] == made
    with refused("IdempotentParameterMismatch"):
        aws.ec2.create_network_insights_path(**given, ClientToken="token")
    simple = path(aws, source, destination, SourceIp="10.0.1.9", DestinationIp="10.0.2.9", DestinationPort=443)
    (row,) = aws.ec2.describe_network_insights_paths(NetworkInsightsPathIds=[simple])["NetworkInsightsPaths"]
    assert (row["SourceIp"], row["DestinationIp"], row["DestinationPort"]) == ("10.0.1.9", "10.0.2.9", 443)
    aws.ec2.create_tags(Resources=[simple], Tags=[{"Key": "Name", "Value": "simple"}])
    tagged = aws.ec2.describe_tags(Filters=[{"Name": "resource-type", "Values": ["network-insights-path"]}])["Tags"]
    assert {(tag["ResourceId"], tag["Key"]) for tag in tagged} == {(number, "team"), (simple, "Name")}


def test_paths_are_filtered_and_paged(aws):
    _, _, source, destination = pair(aws)
    ids = [path(aws, source, destination, FilterAtSource={"DestinationPortRange": {"FromPort": n, "ToPort": n}})
           for n in (1, 2, 3)]
    ids.append(path(aws, destination, source))

    def those(**filters):
        given = [{"Name": name.replace("_", "-"), "Values": [value]} for name, value in filters.items()]
        rows = aws.ec2.describe_network_insights_paths(Filters=given)["NetworkInsightsPaths"]
        return {row["NetworkInsightsPathId"] for row in rows}

    assert those(source=source) == set(ids[:3]) and those(destination=source) == {ids[3]}
    assert those(protocol="tcp") == set(ids) and those(protocol="udp") == set()
    assert those(**{"filter-at-source.destination-port-range": "2-2"}) == {ids[1]}
    with refused("InvalidParameterValue", "The filter 'source-ip' is invalid"):
        those(**{"source-ip": "10.0.0.1"})
    pages = aws.ec2.get_paginator("describe_network_insights_paths").paginate(PaginationConfig={"PageSize": 1})
    assert [len(page["NetworkInsightsPaths"]) for page in pages] == [1, 1, 1, 1]


def test_what_may_be_no_end_of_a_path(aws):
    _, group, source, destination = pair(aws)
    for given, code in [
        ({"Source": f"eni-{HEX}", "Destination": source}, "NetworkInsightsSource.NotFound"),
        ({"Source": source, "Destination": f"i-{HEX}"}, "NetworkInsightsDestination.NotFound"),
        ({"Source": group, "Destination": source}, "InvalidParameterValue"),
        ({"Source": source}, "MissingParameter"),
        ({"Source": source, "Destination": f"arn:aws:ec2:eu-west-1:{aws.number}:instance/i-{HEX}"},
         "InvalidParameterValue"),
        ({"Source": source, "Destination": destination, "SourceIp": "10.0.1.300"}, "InvalidParameterValue"),
        ({"Source": source, "Destination": destination, "DestinationPort": 1,
          "FilterAtSource": {"SourceAddress": "10.0.1.9"}}, "InvalidParameterCombination"),
    ]:
        with refused(code):
            aws.ec2.create_network_insights_path(Protocol="tcp", **given)
    assert aws.ec2.describe_network_insights_paths()["NetworkInsightsPaths"] == []


# === Analyses ===

def test_an_analysis_names_what_blocks_and_then_the_path(quick):
    house = House(quick)
    aws = house.aws
    _, group, source, destination = pair(aws)
    aws.ec2.create_tags(Resources=[group], Tags=[{"Key": "Name", "Value": "jobs"}])
    asked = path(aws, source, destination, DestinationPort=443)
    with refused("DryRunOperation", status=412):
        aws.ec2.start_network_insights_analysis(NetworkInsightsPathId=asked, DryRun=True)
    closed = analysed(aws, asked, ClientToken="one", TagSpecifications=[
        {"ResourceType": "network-insights-analysis", "Tags": [{"Key": "team", "Value": "blue"}]}])
    assert not found(closed) and codes(closed) == ["SG_HAS_NO_RULES"]
    assert closed["Tags"] == [{"Key": "team", "Value": "blue"}]
    (why,) = closed["Explanations"]
    arn = f"arn:aws:ec2:us-east-1:{aws.number}"
    assert why["SecurityGroups"] == [{"Id": group, "Arn": f"{arn}:security-group/{group}", "Name": "jobs"}]
    assert (why["Direction"], why["NetworkInterface"]["Id"], why["Port"]) == ("ingress", destination, 443)
    assert kinds(closed["ForwardPathComponents"]) == ["eni", "sg", "acl", "rtb", "acl"]
    aws.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[
        {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "UserIdGroupPairs": [{"GroupId": group}]}])
    opened = analysed(aws, asked)
    assert found(opened) and "Explanations" not in opened
    steps = opened["ForwardPathComponents"]
    assert kinds(steps) == ["eni", "sg", "acl", "rtb", "acl", "sg", "eni"]
    assert kinds(opened["ReturnPathComponents"]) == ["eni", "sg", "acl", "acl", "sg", "eni"]
    assert steps[0]["OutboundHeader"] == {
        "DestinationAddresses": [f"{address(aws, destination)}/32"],
        "DestinationPortRanges": [{"From": 443, "To": 443}], "Protocol": "6",
        "SourceAddresses": [f"{address(aws, source)}/32"], "SourcePortRanges": [{"From": 0, "To": 65535}]}
    assert steps[0]["Subnet"]["Id"].startswith("subnet-") and steps[0]["Vpc"]["Id"].startswith("vpc-")
    assert steps[1]["SecurityGroupRule"] == {"Cidr": EVERYWHERE, "Direction": "egress", "Protocol": "all"}
    assert steps[2]["AclRule"] == {
        "Cidr": EVERYWHERE, "Egress": True, "Protocol": "all", "RuleAction": "allow", "RuleNumber": 100}
    assert steps[3]["RouteTableRoute"] == {
        "DestinationCidr": "10.0.0.0/16", "GatewayId": "local", "Origin": "createroutetable", "State": "active"}
    assert steps[5]["SecurityGroupRule"] == {
        "Direction": "ingress", "PortRange": {"From": 443, "To": 443}, "Protocol": "tcp", "SecurityGroupId": group}
    assert steps[6]["InboundHeader"] == steps[0]["OutboundHeader"]

    def those(**query):
        rows = aws.ec2.describe_network_insights_analyses(**query)["NetworkInsightsAnalyses"]
        return {row["NetworkInsightsAnalysisId"] for row in rows}

    one, two = closed["NetworkInsightsAnalysisId"], opened["NetworkInsightsAnalysisId"]
    assert those(NetworkInsightsPathId=asked) == {one, two} == those()
    assert those(Filters=[{"Name": "path-found", "Values": ["false"]}]) == {one}
    assert those(Filters=[{"Name": "status", "Values": ["succeeded"]}]) == {one, two}
    assert those(AnalysisStartTime=closed["StartDate"]) == {one, two}
    assert those(AnalysisEndTime="2020-01-01T00:00:00Z") == set()
    with refused("AnalysisExistsForNetworkInsightsPath"):
        aws.ec2.delete_network_insights_path(NetworkInsightsPathId=asked)
    # The interface goes; the path stays, and says so.
    aws.ec2.delete_network_interface(NetworkInterfaceId=destination)
    gone = analysed(aws, asked)
    assert not found(gone) and codes(gone) == ["NO_SOURCE_OR_DESTINATION"]
    for row in aws.ec2.describe_network_insights_analyses()["NetworkInsightsAnalyses"]:
        aws.ec2.delete_network_insights_analysis(NetworkInsightsAnalysisId=row["NetworkInsightsAnalysisId"])
    aws.ec2.delete_network_insights_path(NetworkInsightsPathId=asked)
    with refused("InvalidNetworkInsightsPathId.NotFound", f"The networkInsightsPath ID '{asked}' does not exist"):
        aws.ec2.delete_network_insights_path(NetworkInsightsPathId=asked)
    with refused("InvalidNetworkInsightsAnalysisId.NotFound"):
        aws.ec2.describe_network_insights_analyses(NetworkInsightsAnalysisIds=[one])


def test_an_analysis_takes_its_time(aws):
    aws.manual_clock()
    _, group, source, destination = pair(aws)
    asked = path(aws, source, destination)

    def begin():
        made = aws.ec2.start_network_insights_analysis(NetworkInsightsPathId=asked)["NetworkInsightsAnalysis"]
        return made["NetworkInsightsAnalysisId"]

    def told(number):
        (row,) = aws.ec2.describe_network_insights_analyses(
            NetworkInsightsAnalysisIds=[number])["NetworkInsightsAnalyses"]
        return row

    first = begin()
    assert told(first)["Status"] == "running" and "NetworkPathFound" not in told(first)
    aws.advance("5m")
    assert told(first)["Status"] == "succeeded" and not told(first)["NetworkPathFound"]
    # A network that changes meanwhile.
    second = begin()
    aws.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[
        {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group}]}])
    aws.advance("5m")
    row = told(second)
    assert (row["Status"], row["StatusMessage"]) == (
        "failed", "The request failed due to modifications in network resources during the analysis")
    # After 120 days it is deleted.
    aws.advance("2881h")
    with refused("InvalidNetworkInsightsAnalysisId.NotFound"):
        told(first)


def test_an_analysis_looks_with_the_eyes_of_its_caller(quick):
    house = House(quick)
    aws = house.aws
    _, group, source, destination = pair(aws)
    asked = path(aws, source, destination)
    aws.iam.create_user(UserName="ann")
    key = aws.iam.create_access_key(UserName="ann")["AccessKey"]

    def may(*actions):
        aws.iam.put_user_policy(UserName="ann", PolicyName="p", PolicyDocument=json.dumps({
            "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": "*"}]}))

    class Ann:
        ec2 = aws.client("ec2", key=key["AccessKeyId"], secret=key["SecretAccessKey"])

    may("ec2:StartNetworkInsightsAnalysis", "ec2:DescribeNetworkInsightsAnalyses", "ec2:DescribeSubnets")
    blind = analysed(Ann, asked)
    assert (blind["Status"], blind["StatusMessage"]) == ("failed", "The request failed due to insufficient permissions")
    may("ec2:StartNetworkInsightsAnalysis", "ec2:Describe*", "ec2:Get*", "ec2:SearchTransitGatewayRoutes")
    assert analysed(Ann, asked)["Status"] == "succeeded"
    may("ec2:Describe*")
    with refused("UnauthorizedOperation", status=403):
        Ann.ec2.start_network_insights_analysis(NetworkInsightsPathId=asked)


def test_what_the_internet_reaches(quick):
    house = House(quick)
    aws, gateway = house.aws, house.gateway()
    table = house.main_table()
    made = aws.ec2.run_instances(ImageId=aws.ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"],
                                 InstanceType="t3.micro", MinCount=1, MaxCount=1, SubnetId=house.subnet,
                                 SecurityGroupIds=[house.group])["Instances"][0]
    instance = made["InstanceId"]
    interface = made["NetworkInterfaces"][0]["NetworkInterfaceId"]
    asked = path(aws, gateway, instance, FilterAtSource={"DestinationPortRange": {"FromPort": 22, "ToPort": 22}})
    closed = codes(analysed(aws, asked))
    assert closed == ["IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS", "SG_HAS_NO_RULES", "NO_ROUTE_TO_DESTINATION"]
    address_id = aws.ec2.allocate_address(Domain="vpc")
    aws.ec2.associate_address(AllocationId=address_id["AllocationId"], NetworkInterfaceId=interface)
    aws.ec2.authorize_security_group_ingress(GroupId=house.group, IpPermissions=[
        {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "198.51.100.0/24"}]}])
    assert codes(analysed(aws, asked)) == ["NO_ROUTE_TO_DESTINATION"]
    aws.ec2.create_route(RouteTableId=table, DestinationCidrBlock=EVERYWHERE, GatewayId=gateway)
    opened = analysed(aws, asked)
    assert found(opened)
    steps = opened["ForwardPathComponents"]
    assert kinds(steps) == ["igw", "acl", "sg", "eni", "i"]
    header = steps[0]["InboundHeader"]
    assert header["DestinationAddresses"] == [f"{address_id['PublicIp']}/32"]
    assert header["SourceAddresses"] == ["198.51.100.0/32"], "one that the group lets in"
    assert steps[0]["OutboundHeader"]["DestinationAddresses"] == [f"{made['PrivateIpAddress']}/32"]
    assert kinds(opened["ReturnPathComponents"]) == ["i", "eni", "sg", "acl", "rtb", "igw"]
    # By its public address, and out again.
    by_address = path(aws, gateway, FilterAtSource={
        "DestinationAddress": address_id["PublicIp"], "DestinationPortRange": {"FromPort": 22, "ToPort": 22}})
    assert found(analysed(aws, by_address))
    assert kinds(analysed(aws, path(aws, instance, gateway))["ForwardPathComponents"]) == [
        "i", "eni", "sg", "acl", "rtb", "igw"]


def test_filters_of_an_analysis_are_read_back(quick):
    house = House(quick)
    aws = house.aws
    gateway, endpoint = house.gateway(), house.endpoint(house.main_table())
    interface = aws.interface(house.subnet, Groups=[house.group])
    asked = path(aws, interface, endpoint, DestinationPort=443)
    arn = f"arn:aws:ec2:us-east-1:{aws.number}"
    missed = analysed(aws, asked, FilterInArns=[f"{arn}:internet-gateway/{gateway}"],
                      AdditionalAccounts=["210987654321"])
    assert missed["FilterInArns"] == [f"{arn}:internet-gateway/{gateway}"]
    assert missed["AdditionalAccounts"] == ["210987654321"]
    assert not found(missed) and codes(missed) == ["COMPONENT_FILTER_RESTRICTION"]
    assert missed["Explanations"][0]["Component"]["Id"] == gateway
    removed = analysed(aws, asked, FilterOutArns=[f"{arn}:vpc-endpoint/{endpoint}"])
    assert codes(removed) == ["COMPONENT_FILTER_RESTRICTION_REMOVED_COMPONENT"]
    assert found(analysed(aws, asked, FilterInArns=[f"{arn}:vpc-endpoint/{endpoint}"]))


def test_what_is_not_analysed_says_so(aws):
    vpc, _, source, destination = pair(aws)
    peering = aws.ec2.create_vpc_peering_connection(VpcId=vpc, PeerVpcId=aws.vpc("10.9.0.0/16"))
    pcx = peering["VpcPeeringConnection"]["VpcPeeringConnectionId"]
    ports = {"FilterAtSource": {"SourcePortRange": {"FromPort": 1, "ToPort": 2}}}
    for asked in (path(aws, pcx, source), path(aws, source, destination, **ports)):
        with refused("NotImplemented", status=501):
            aws.ec2.start_network_insights_analysis(NetworkInsightsPathId=asked)
    assert aws.ec2.describe_network_insights_analyses()["NetworkInsightsAnalyses"] == []
    with refused("NotImplemented", status=501):
        aws.ec2.describe_network_insights_access_scopes()


# === The broken networks of test_failures.py ===

def to_s3(house, destination=None):
    """From an interface like a job's to S3: to an endpoint, or to one of S3's addresses."""
    interface = house.aws.interface(house.subnet, Groups=[house.group])
    if destination:
        return path(house.aws, interface, destination, DestinationPort=443)
    lists = house.ec2.describe_prefix_lists(Filters=[
        {"Name": "prefix-list-name", "Values": ["com.amazonaws.us-east-1.s3"]}])["PrefixLists"]
    of_s3 = lists[0]["Cidrs"][0].split("/")[0]
    return path(house.aws, interface, FilterAtSource={
        "DestinationAddress": of_s3, "DestinationPortRange": {"FromPort": 443, "ToPort": 443}})


def heals(house, asked, code, member, element):
    """The path is blocked by an element with a code; the explanation of a failed job mends it."""
    broken = analysed(house.aws, asked)
    assert not found(broken) and codes(broken)[0] == code, broken
    named = broken["Explanations"][0][member]
    assert element in [one["Id"] for one in (named if isinstance(named, list) else [named])]
    status, _ = house.train("broken")
    assert status == "Failed"
    why = house.explain("training-job/broken")
    red = [hop for phase in why["phases"] for one in phase["paths"] for hop in one["hops"] if hop["decides"]]
    assert any(element in json.dumps(hop) for hop in red), "explain marks the same element"
    house.mend(why["fixes"])
    mended = analysed(house.aws, asked)
    assert found(mended), mended
    assert house.train("mended")[0] == "Completed"
    return mended


def test_the_sealed_room(quick):
    house = House(quick)
    mended = heals(house, to_s3(house), "NO_ROUTE_TO_DESTINATION", "RouteTable", house.main_table())
    assert kinds(mended["ForwardPathComponents"]) == ["eni", "sg", "acl", "rtb", "vpce"]
    assert mended["ForwardPathComponents"][3]["RouteTableRoute"]["DestinationPrefixListId"].startswith("pl-")


def test_the_wrong_route_table(quick):
    house = House(quick)
    own = house.table(house.subnet)
    endpoint = house.endpoint(house.main_table())
    heals(house, to_s3(house, endpoint), "NO_ROUTE_TO_DESTINATION", "RouteTable", own)


def test_a_public_subnet_without_internet(quick):
    house = House(quick)
    gateway = house.gateway()
    house.ec2.create_route(RouteTableId=house.main_table(), DestinationCidrBlock=EVERYWHERE, GatewayId=gateway)
    house.aws.subnet(house.vpc, "10.0.9.0/24")
    heals(house, to_s3(house), "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS", "InternetGateway", gateway)


def test_a_nat_gateway_in_its_own_shadow(quick):
    house = House(quick)
    house.gateway()
    allocation = house.ec2.allocate_address(Domain="vpc")["AllocationId"]
    nat = house.ec2.create_nat_gateway(SubnetId=house.subnet, AllocationId=allocation)["NatGateway"]["NatGatewayId"]
    house.ec2.create_route(RouteTableId=house.main_table(), DestinationCidrBlock=EVERYWHERE, NatGatewayId=nat)
    heals(house, to_s3(house), "NO_ROUTE_TO_DESTINATION", "RouteTable", house.main_table())


def test_half_the_subnets_are_wired(quick):
    house = House(quick)
    wired = house.aws.subnet(house.vpc, "10.0.2.0/24", AvailabilityZone="us-east-1b")
    endpoint = house.endpoint(house.table(wired))
    from_wired = house.aws.interface(wired, Groups=[house.group])
    assert found(analysed(house.aws, path(house.aws, from_wired, endpoint, DestinationPort=443)))
    heals(house, to_s3(house, endpoint), "NO_ROUTE_TO_DESTINATION", "RouteTable", house.main_table())


def test_two_nodes_that_do_not_talk(quick):
    house = House(quick)
    house.endpoint(house.main_table())
    nodes = [house.aws.interface(house.subnet, Groups=[house.group]) for _ in range(2)]
    asked = path(house.aws, *nodes, DestinationPort=22)
    broken = analysed(house.aws, asked)
    assert codes(broken) == ["SG_HAS_NO_RULES"]
    assert [one["Id"] for one in broken["Explanations"][0]["SecurityGroups"]] == [house.group]
    assert house.train("two", instances=2)[0] == "Failed"
    house.mend(house.explain("training-job/two")["fixes"])
    assert found(analysed(house.aws, asked))


def test_policies_are_not_looked_at(quick):
    """12, 13, 14 and 24: the network is whole, and that is all that an analysis says."""
    house = House(quick)
    endpoint = house.endpoint(house.main_table(), PolicyDocument=json.dumps({"Statement": [
        {"Principal": "*", "Action": "*", "Effect": "Deny", "Resource": "*"}]}))
    assert found(analysed(house.aws, to_s3(house, endpoint)))
    assert house.train("locked")[0] == "Failed"


def test_an_endpoint_whose_group_lets_nobody_in(quick):
    house = House(quick)
    for attribute in ("EnableDnsSupport", "EnableDnsHostnames"):
        house.ec2.modify_vpc_attribute(VpcId=house.vpc, **{attribute: {"Value": True}})
    closed = house.aws.group(house.vpc, "closed")
    endpoint = house.ec2.create_vpc_endpoint(
        VpcId=house.vpc, VpcEndpointType="Interface", ServiceName="com.amazonaws.us-east-1.sts",
        SubnetIds=[house.subnet], SecurityGroupIds=[closed], PrivateDnsEnabled=True)["VpcEndpoint"]["VpcEndpointId"]
    asked = to_s3(house, endpoint)
    broken = analysed(house.aws, asked)
    assert codes(broken) == ["SG_HAS_NO_RULES"] and broken["Explanations"][0]["SecurityGroups"][0]["Id"] == closed
    way = house.control("reachability", **{"from": house.subnet, "groups": house.group, "to": "service:sts"})
    house.mend(way["fixes"])
    mended = analysed(house.aws, asked)
    assert found(mended) and mended["ForwardPathComponents"][-1]["Component"]["Id"] == endpoint


def test_egress_that_was_tightened(quick):
    house = House(quick)
    endpoint = house.endpoint(house.main_table())
    house.ec2.revoke_security_group_egress(GroupId=house.group, IpPermissions=[
        {"IpProtocol": "-1", "IpRanges": [{"CidrIp": EVERYWHERE}]}])
    heals(house, to_s3(house, endpoint), "SG_HAS_NO_RULES", "SecurityGroups", house.group)


def test_a_stateless_surprise(quick):
    house = House(quick)
    endpoint = house.endpoint(house.main_table())
    acl = house.ec2.create_network_acl(VpcId=house.vpc)["NetworkAcl"]["NetworkAclId"]
    house.ec2.create_network_acl_entry(
        NetworkAclId=acl, RuleNumber=100, Protocol="6", RuleAction="allow", Egress=True, CidrBlock=EVERYWHERE,
        PortRange={"From": 443, "To": 443})
    listed = house.ec2.describe_network_acls(Filters=[{"Name": "association.subnet-id", "Values": [house.subnet]}])
    association = next(one["NetworkAclAssociationId"] for one in listed["NetworkAcls"][0]["Associations"]
                       if one["SubnetId"] == house.subnet)
    house.ec2.replace_network_acl_association(AssociationId=association, NetworkAclId=acl)
    asked = to_s3(house, endpoint)
    why = analysed(house.aws, asked)["Explanations"][0]
    assert (why["Direction"], why["AclRule"]["RuleAction"]) == ("ingress", "deny")
    heals(house, asked, "SUBNET_ACL_RESTRICTION", "Acl", acl)


def test_a_jobs_own_interfaces(aws):
    """What runs in the VPC can be looked at as long as it runs."""
    aws.manual_clock()
    house_vpc = aws.vpc()
    subnet, group, role = aws.subnet(house_vpc), aws.group(house_vpc), aws.role()
    tables = aws.ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [house_vpc]}])["RouteTables"]
    endpoint = aws.s3_endpoint(house_vpc, tables[0]["RouteTableId"])
    endpoint = endpoint if isinstance(endpoint, str) else endpoint["VpcEndpointId"]
    aws.training_job("job", role, {"Subnets": [subnet], "SecurityGroupIds": [group]}, instances=1)
    own = {"Filters": [{"Name": "subnet-id", "Values": [subnet]}]}
    aws.advance_until(lambda: aws.ec2.describe_network_interfaces(**own)["NetworkInterfaces"], "interfaces of the job")
    interface = aws.ec2.describe_network_interfaces(**own)["NetworkInterfaces"][0]["NetworkInterfaceId"]
    asked = path(aws, interface, endpoint, DestinationPort=443)
    begun = aws.ec2.start_network_insights_analysis(NetworkInsightsPathId=asked)["NetworkInsightsAnalysis"]
    aws.advance("2s")
    (row,) = aws.ec2.describe_network_insights_analyses(
        NetworkInsightsAnalysisIds=[begun["NetworkInsightsAnalysisId"]])["NetworkInsightsAnalyses"]
    assert found(row) and row["ForwardPathComponents"][0]["Component"]["Id"] == interface
