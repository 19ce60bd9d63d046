"""Network ACLs: made, changed, associated, deleted."""

import pytest

from mockplane import refused

LOST = "acl-0123456789abcdef0"


@pytest.fixture
def vpc(aws):
    return aws.vpc()


@pytest.fixture
def acl(aws, vpc):
    return aws.ec2.create_network_acl(VpcId=vpc)["NetworkAcl"]["NetworkAclId"]


def shown(aws, acl):
    return aws.ec2.describe_network_acls(NetworkAclIds=[acl])["NetworkAcls"][0]


def last(egress):
    return {"CidrBlock": "0.0.0.0/0", "Egress": egress, "Protocol": "-1", "RuleAction": "deny", "RuleNumber": 32767}


def entry(acl, number=100, **more):
    return {"NetworkAclId": acl, "RuleNumber": number, "Protocol": "-1", "RuleAction": "allow", "Egress": False,
            "CidrBlock": "10.0.0.0/8", **more}


def test_a_new_acl_lets_nothing_through(aws, vpc):
    tags = [{"Key": "Name", "Value": "mine"}]
    request = dict(VpcId=vpc, ClientToken="once", TagSpecifications=[{"ResourceType": "network-acl", "Tags": tags}])
    made = aws.ec2.create_network_acl(**request)
    assert made["ClientToken"] == "once"
    made = made["NetworkAcl"]
    assert made["Entries"] == [last(True), last(False)]
    assert (made["IsDefault"], made["Associations"], made["Tags"], made["VpcId"]) == (False, [], tags, vpc)
    assert made["OwnerId"] == aws.number
    assert shown(aws, made["NetworkAclId"]) == made
    assert aws.ec2.create_network_acl(**request)["NetworkAcl"] == made
    with refused("IdempotentParameterMismatch"):
        aws.ec2.create_network_acl(VpcId=vpc, ClientToken="once")


def test_entries_are_described_as_they_were_made(aws, acl):
    given = [
        entry(acl, 90, Protocol="6", PortRange={"From": 443, "To": 443}),
        entry(acl, 100, Protocol="17", PortRange={"From": 1024, "To": 65535}, RuleAction="deny"),
        entry(acl, 110, Protocol="1", IcmpTypeCode={"Type": 8, "Code": -1}),
        entry(acl, 120, Protocol="58", IcmpTypeCode={"Type": -1, "Code": -1}, Ipv6CidrBlock="2001:db8::/32"),
        entry(acl, 130, Protocol="50"),
    ]
    del given[3]["CidrBlock"]
    for one in reversed(given):
        aws.ec2.create_network_acl_entry(**one)
    plain = [{k: v for k, v in one.items() if k != "NetworkAclId"} for one in given]
    assert shown(aws, acl)["Entries"] == [last(True), *plain, last(False)]
    for protocol in ("6", "tcp", "17", "udp", "1", "icmp", "50"):
        found = aws.ec2.describe_network_acls(Filters=[{"Name": "entry.protocol", "Values": [protocol]}])["NetworkAcls"]
        assert [one["NetworkAclId"] for one in found] == [acl], protocol
    aws.ec2.replace_network_acl_entry(**entry(acl, 130, CidrBlock="100.68.0.18/18"))
    assert shown(aws, acl)["Entries"][5]["CidrBlock"] == "100.68.0.0/18"
    for one in given:
        aws.ec2.delete_network_acl_entry(NetworkAclId=acl, RuleNumber=one["RuleNumber"], Egress=False)
    assert shown(aws, acl)["Entries"] == [last(True), last(False)]


def test_what_entries_may_not_be(aws, acl):
    aws.ec2.create_network_acl_entry(**entry(acl))
    aws.ec2.create_network_acl_entry(**entry(acl, Egress=True))
    with refused("NetworkAclEntryAlreadyExists", "The network acl entry identified by 100 already exists."):
        aws.ec2.create_network_acl_entry(**entry(acl))
    with refused("InvalidNetworkAclEntry.NotFound", lambda text: text.startswith("no ingress entry with number 7")):
        aws.ec2.replace_network_acl_entry(**entry(acl, 7))
    with refused("InvalidParameterValue", lambda text: "ruleNumber" in text):
        aws.ec2.create_network_acl_entry(**entry(acl, 32767))
    with refused("MissingParameter", "The request must contain the parameter icmpTypeCode.type"):
        aws.ec2.create_network_acl_entry(**entry(acl, 7, Protocol="1"))
    with refused("MissingParameter", "The request must contain the parameter portRange.from"):
        aws.ec2.create_network_acl_entry(**entry(acl, 7, Protocol="tcp"))
    with refused("InvalidNetworkAclID.NotFound", f"The networkAcl ID '{LOST}' does not exist"):
        aws.ec2.create_network_acl_entry(**entry(LOST))
    with refused("DryRunOperation", status=412):
        aws.ec2.create_network_acl_entry(**entry(acl, 7), DryRun=True)
    for number in range(1, 20):
        aws.ec2.create_network_acl_entry(**entry(acl, number))
    with refused("NetworkAclEntryLimitExceeded", "The maximum number of network acl entries has been reached."):
        aws.ec2.create_network_acl_entry(**entry(acl, 200))


def test_an_association_is_replaced_and_holds_the_acl(aws, vpc, acl):
    subnet = aws.subnet(vpc)
    mine = [{"Name": "association.subnet-id", "Values": [subnet]}]
    (default,) = aws.ec2.describe_network_acls(Filters=mine)["NetworkAcls"]
    assert default["IsDefault"] is True
    (old,) = default["Associations"]
    new = aws.ec2.replace_network_acl_association(
        AssociationId=old["NetworkAclAssociationId"], NetworkAclId=acl)["NewAssociationId"]
    (now,) = aws.ec2.describe_network_acls(Filters=mine)["NetworkAcls"]
    assert now["NetworkAclId"] == acl
    assert now["Associations"] == [{"NetworkAclAssociationId": new, "NetworkAclId": acl, "SubnetId": subnet}]
    with refused("DependencyViolation", f"The network ACL '{acl}' has dependencies and cannot be deleted."):
        aws.ec2.delete_network_acl(NetworkAclId=acl)
    gone = old["NetworkAclAssociationId"]
    with refused("InvalidAssociationID.NotFound", f"The association ID '{gone}' does not exist"):
        aws.ec2.replace_network_acl_association(AssociationId=gone, NetworkAclId=acl)
    elsewhere = aws.ec2.create_network_acl(VpcId=aws.vpc("10.1.0.0/16"))["NetworkAcl"]["NetworkAclId"]
    with refused("InvalidParameterValue"):
        aws.ec2.replace_network_acl_association(AssociationId=new, NetworkAclId=elsewhere)
    aws.ec2.delete_subnet(SubnetId=subnet)
    with refused("DependencyViolation", f"The vpc '{vpc}' has dependencies and cannot be deleted."):
        aws.ec2.delete_vpc(VpcId=vpc)
    aws.ec2.delete_network_acl(NetworkAclId=acl)
    with refused("InvalidParameterValue", f"cannot delete default network ACL {default['NetworkAclId']}"):
        aws.ec2.delete_network_acl(NetworkAclId=default["NetworkAclId"])
    aws.ec2.delete_vpc(VpcId=vpc)
