"""VPC peering connections between accounts and regions, as boto3 sees them."""

import pytest

from mockplane import refused

LOST = "pcx-0123456789abcdef0"


def ask(aws, other, region=None, cidr="10.1.0.0/16"):
    """A request from the first account to the second; both VPCs and the connection's id."""
    theirs = other.client("ec2", region=region) if region else other.ec2
    own = aws.vpc()
    peer = theirs.create_vpc(CidrBlock=cidr)["Vpc"]["VpcId"]
    where = {"PeerRegion": region} if region else {}
    made = aws.ec2.create_vpc_peering_connection(VpcId=own, PeerVpcId=peer, PeerOwnerId=other.number, **where)
    return theirs, own, peer, made["VpcPeeringConnection"]


def seen(client, connection):
    (row,) = client.describe_vpc_peering_connections(VpcPeeringConnectionIds=[connection])["VpcPeeringConnections"]
    return row


@pytest.mark.parametrize("region", [None, "eu-central-1"])
def test_a_request_is_seen_accepted_and_deleted_by_both_sides(aws, other, region):
    theirs, own, peer, made = ask(aws, other, region)
    connection = made["VpcPeeringConnectionId"]
    assert made["Status"] == {
        "Code": "initiating-request", "Message": f"Initiating Request to {other.number}"}
    for client in (aws.ec2, theirs):
        row = seen(client, connection)
        assert row["Status"]["Code"] == "pending-acceptance"
        assert "CidrBlock" not in row["AccepterVpcInfo"]
        assert row["RequesterVpcInfo"]["CidrBlock"] == "10.0.0.0/16"
    aws.ec2.get_waiter("vpc_peering_connection_exists").wait(VpcPeeringConnectionIds=[connection])
    assert seen(aws.ec2, connection)["Status"]["Code"] == "pending-acceptance", "waiting changes nothing"
    accepted = theirs.accept_vpc_peering_connection(VpcPeeringConnectionId=connection)["VpcPeeringConnection"]
    assert accepted["Status"] == {"Code": "active", "Message": "Active"}
    for client in (aws.ec2, theirs):
        row = seen(client, connection)
        assert (row["Status"]["Code"], row["AccepterVpcInfo"]["CidrBlock"]) == ("active", "10.1.0.0/16")
        assert (row["AccepterVpcInfo"]["VpcId"], row["AccepterVpcInfo"]["OwnerId"]) == (peer, other.number)
        assert row["RequesterVpcInfo"]["VpcId"] == own
    theirs.delete_vpc_peering_connection(VpcPeeringConnectionId=connection)
    for client in (aws.ec2, theirs):
        assert seen(client, connection)["Status"] == {
            "Code": "deleted", "Message": f"Deleted by {other.number}"}
    aws.ec2.get_waiter("vpc_peering_connection_deleted").wait(VpcPeeringConnectionIds=[connection])
    aws.ec2.delete_vpc(VpcId=own)
    theirs.delete_vpc(VpcId=peer)


def test_a_request_can_be_rejected(aws, other):
    theirs, own, peer, made = ask(aws, other)
    connection = made["VpcPeeringConnectionId"]
    with refused("DependencyViolation", f"The vpc '{peer}' has dependencies and cannot be deleted."):
        theirs.delete_vpc(VpcId=peer)
    theirs.reject_vpc_peering_connection(VpcPeeringConnectionId=connection)
    assert [seen(client, connection)["Status"]["Code"] for client in (aws.ec2, theirs)] == ["rejected"] * 2
    for call, to in (("accept", "active"), ("reject", "rejected"), ("delete", "deleting")):
        with refused("InvalidStateTransition",
                     f"Invalid state transition for {connection}, attempted to transition from rejected to {to}"):
            getattr(theirs, f"{call}_vpc_peering_connection")(VpcPeeringConnectionId=connection)
    theirs.delete_vpc(VpcId=peer)


def test_overlapping_and_unknown_peers_fail(aws, other):
    _, _, _, made = ask(aws, other, cidr="10.0.64.0/20")
    assert made["Status"] == {
        "Code": "failed",
        "Message": "Failed due to incorrect VPC-ID, Account ID, or overlapping CIDR range"}
    with refused("InvalidVpcID.NotFound", "The vpc ID 'vpc-0123456789abcdef0' does not exist"):
        aws.ec2.create_vpc_peering_connection(VpcId=aws.vpc(), PeerVpcId="vpc-0123456789abcdef0")


def test_the_end_of_a_vpc_ends_its_connections(aws, other):
    theirs, own, _, made = ask(aws, other)
    connection = made["VpcPeeringConnectionId"]
    theirs.accept_vpc_peering_connection(VpcPeeringConnectionId=connection)
    aws.ec2.delete_vpc(VpcId=own)
    assert [seen(client, connection)["Status"]["Code"] for client in (aws.ec2, theirs)] == ["deleted"] * 2


def test_options_tags_and_filters_are_read_back(aws, other):
    theirs, _, _, made = ask(aws, other)
    connection = made["VpcPeeringConnectionId"]
    with refused("OperationNotPermitted",
                 f"Peering {connection} is not active. Peering options can be added only to active peerings."):
        aws.ec2.modify_vpc_peering_connection_options(
            VpcPeeringConnectionId=connection,
            RequesterPeeringConnectionOptions={"AllowDnsResolutionFromRemoteVpc": True})
    theirs.accept_vpc_peering_connection(VpcPeeringConnectionId=connection)
    aws.ec2.modify_vpc_peering_connection_options(
        VpcPeeringConnectionId=connection,
        RequesterPeeringConnectionOptions={"AllowDnsResolutionFromRemoteVpc": True})
    for client in (aws.ec2, theirs):
        options = [seen(client, connection)[side]["PeeringOptions"]["AllowDnsResolutionFromRemoteVpc"]
                   for side in ("RequesterVpcInfo", "AccepterVpcInfo")]
        assert options == [True, False]
    aws.ec2.create_tags(Resources=[connection], Tags=[{"Key": "Name", "Value": "mine"}])
    assert seen(aws.ec2, connection)["Tags"] == [{"Key": "Name", "Value": "mine"}]
    assert seen(theirs, connection).get("Tags", []) == [], "each side has its own tags"
    for name, value in (("tag:Name", "mine"), ("status-code", "active"), ("accepter-vpc-info.owner-id", other.number)):
        found = aws.ec2.describe_vpc_peering_connections(Filters=[{"Name": name, "Values": [value]}])
        assert [row["VpcPeeringConnectionId"] for row in found["VpcPeeringConnections"]] == [connection], name


def test_what_does_not_exist_is_refused(aws):
    missing = f"The vpcPeeringConnection ID '{LOST}' does not exist"
    for call in ("accept", "reject", "delete"):
        with refused("InvalidVpcPeeringConnectionID.NotFound", missing):
            getattr(aws.ec2, f"{call}_vpc_peering_connection")(VpcPeeringConnectionId=LOST)
        with refused("InvalidVpcPeeringConnectionId.Malformed"):
            getattr(aws.ec2, f"{call}_vpc_peering_connection")(VpcPeeringConnectionId="pcx-x")
    with refused("DryRunOperation", status=412):
        aws.ec2.create_vpc_peering_connection(VpcId=aws.vpc(), PeerVpcId=aws.vpc(), DryRun=True)


# === Rules that name groups across a connection ===

def rule(group, owner=None):
    pair = {"GroupId": group} | ({"UserId": owner} if owner else {})
    return [{"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "UserIdGroupPairs": [pair]}]


def pairs(client, group):
    (row,) = client.describe_security_groups(GroupIds=[group])["SecurityGroups"]
    return [pair for permission in row["IpPermissions"] for pair in permission["UserIdGroupPairs"]]


def stale(client, vpc):
    found = client.describe_stale_security_groups(VpcId=vpc)["StaleSecurityGroupSet"]
    return {group["GroupId"]: group["StaleIpPermissions"][0]["UserIdGroupPairs"] for group in found}


@pytest.fixture
def joined(aws, other):
    """Two VPCs of two accounts that are connected, with a group each."""
    theirs, own, peer, made = ask(aws, other)
    connection = made["VpcPeeringConnectionId"]
    theirs.accept_vpc_peering_connection(VpcPeeringConnectionId=connection)
    return own, peer, connection, aws.group(own), other.group(peer)


def test_a_rule_names_a_group_of_another_account(aws, other, joined):
    own, peer, connection, group, far = joined
    with refused("InvalidGroup.NotFound", f"The security group '{far}' does not exist"):
        aws.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=rule(far, aws.number))
    made = aws.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=rule(far, other.number))
    known = {"GroupId": far, "UserId": other.number, "VpcId": peer, "VpcPeeringConnectionId": connection,
             "PeeringStatus": "active"}
    (listed,) = made["SecurityGroupRules"]
    assert listed["ReferencedGroupInfo"] == known
    assert pairs(aws.ec2, group) == [known]
    by_owner = [{"Name": "ip-permission.user-id", "Values": [other.number]}]
    assert [g["GroupId"] for g in aws.ec2.describe_security_groups(Filters=by_owner)["SecurityGroups"]] == [group]
    references = other.ec2.describe_security_group_references(GroupId=[far])["SecurityGroupReferenceSet"]
    assert references == [{"GroupId": far, "ReferencingVpcId": own, "VpcPeeringConnectionId": connection}]
    assert stale(aws.ec2, own) == {}
    with refused("InvalidPermission.Duplicate",
                 f'the specified rule "peer: {far}, TCP, from port: 80, to port: 80, ALLOW" already exists'):
        aws.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=rule(far, other.number))
    aws.ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=rule(far, other.number))
    assert pairs(aws.ec2, group) == []
    assert other.ec2.describe_security_group_references(GroupId=[far])["SecurityGroupReferenceSet"] == []


def test_a_rule_is_stale_when_the_connection_is_gone(aws, other, joined):
    own, peer, connection, group, far = joined
    aws.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=rule(far, other.number))
    other.ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=connection)
    (pair,) = pairs(aws.ec2, group)
    assert (pair["PeeringStatus"], pair["UserId"]) == ("deleted", other.number)
    assert stale(aws.ec2, own) == {group: [pair]}
    assert other.ec2.describe_security_group_references(GroupId=[far])["SecurityGroupReferenceSet"] == []
    with refused("InvalidGroup.NotFound", f"The security group '{far}' does not exist"):
        aws.ec2.authorize_security_group_egress(GroupId=group, IpPermissions=rule(far, other.number))
    again = aws.ec2.create_vpc_peering_connection(VpcId=own, PeerVpcId=peer, PeerOwnerId=other.number)
    again = again["VpcPeeringConnection"]["VpcPeeringConnectionId"]
    other.ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=again)
    (pair,) = pairs(aws.ec2, group)
    assert (pair["PeeringStatus"], pair["VpcPeeringConnectionId"]) == ("active", again)
    assert stale(aws.ec2, own) == {}


def test_a_rule_is_stale_when_the_group_is_gone(aws, other, joined):
    """The owner of the group need not care who names it; a stale rule is revoked like any other."""
    own, peer, connection, group, far = joined
    aws.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=rule(far, other.number))
    other.ec2.delete_security_group(GroupId=far)
    (pair,) = pairs(aws.ec2, group)
    assert pair == {"GroupId": far, "VpcId": peer, "VpcPeeringConnectionId": connection, "PeeringStatus": "active"}
    assert stale(aws.ec2, own) == {group: [pair]}
    aws.ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=rule(far))
    assert (pairs(aws.ec2, group), stale(aws.ec2, own)) == ([], {})


def test_groups_of_other_regions_cannot_be_named(aws, other):
    theirs, own, peer, made = ask(aws, other, "eu-central-1")
    theirs.accept_vpc_peering_connection(VpcPeeringConnectionId=made["VpcPeeringConnectionId"])
    group = aws.group(own)
    far = theirs.create_security_group(GroupName="far", Description="d", VpcId=peer)["GroupId"]
    with refused("InvalidGroup.NotFound", f"The security group '{far}' does not exist"):
        aws.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=rule(far, other.number))


def test_a_group_across_a_connection_within_an_account_is_told_as_such(aws):
    own, peer = aws.vpc(), aws.vpc("10.1.0.0/16")
    made = aws.ec2.create_vpc_peering_connection(VpcId=own, PeerVpcId=peer)["VpcPeeringConnection"]
    connection = made["VpcPeeringConnectionId"]
    aws.ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=connection)
    group, far = aws.group(own), aws.group(peer)
    aws.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=rule(far))
    known = {"GroupId": far, "UserId": aws.number, "VpcId": peer, "VpcPeeringConnectionId": connection,
             "PeeringStatus": "active"}
    assert pairs(aws.ec2, group) == [known]
    references = aws.ec2.describe_security_group_references(GroupId=[far])["SecurityGroupReferenceSet"]
    assert references == [{"GroupId": far, "ReferencingVpcId": own, "VpcPeeringConnectionId": connection}]
    aws.ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=connection)
    assert stale(aws.ec2, own) == {group: [known | {"PeeringStatus": "deleted"}]}
