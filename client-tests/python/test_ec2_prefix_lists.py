"""Managed prefix lists: the account's own, those of AWS, and the rules that name them."""

import re

import pytest

from mockplane import refused

LOST = "pl-0123456789abcdef0"


def create(aws, name="offices", size=5, family="IPv4", entries=(), **more):
    made = aws.ec2.create_managed_prefix_list(
        PrefixListName=name, MaxEntries=size, AddressFamily=family,
        Entries=[{"Cidr": c} for c in entries], **more)["PrefixList"]
    wait(aws, made["PrefixListId"])
    return made["PrefixListId"]


def described(aws, prefix_list):
    (one,) = aws.ec2.describe_managed_prefix_lists(PrefixListIds=[prefix_list])["PrefixLists"]
    return one


def wait(aws, prefix_list):
    """Until nothing is being done to the list; the account's clock stands still, so nothing has to pass."""
    aws.advance("1s")
    one = described(aws, prefix_list)
    assert not one["State"].endswith("in-progress")
    return one


def cidrs(aws, prefix_list, **more):
    return [e["Cidr"] for e in aws.ec2.get_managed_prefix_list_entries(PrefixListId=prefix_list, **more)["Entries"]]


def rule(prefix_list, port=443):
    return {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "PrefixListIds": [{"PrefixListId": prefix_list}]}


@pytest.fixture(autouse=True)
def stopped(aws):
    aws.manual_clock()


def test_a_list_from_its_creation_to_its_end(aws):
    made = aws.ec2.create_managed_prefix_list(
        PrefixListName="offices", MaxEntries=3, AddressFamily="IPv4",
        Entries=[{"Cidr": "10.1.0.0/16", "Description": "north"}, {"Cidr": "10.0.0.0/16"}],
        TagSpecifications=[{"ResourceType": "prefix-list", "Tags": [{"Key": "team", "Value": "net"}]}],
    )["PrefixList"]
    one = made["PrefixListId"]
    assert re.fullmatch(r"pl-[0-9a-f]{17}", one)
    assert made == {
        "PrefixListId": one, "AddressFamily": "IPv4", "State": "create-in-progress", "PrefixListName": "offices",
        "PrefixListArn": f"arn:aws:ec2:us-east-1:{aws.number}:prefix-list/{one}", "MaxEntries": 3, "Version": 1,
        "Tags": [{"Key": "team", "Value": "net"}], "OwnerId": aws.number}
    assert wait(aws, one) == {**made, "State": "create-complete"}
    entries = aws.ec2.get_managed_prefix_list_entries(PrefixListId=one)["Entries"]
    assert entries == [{"Cidr": "10.0.0.0/16"}, {"Cidr": "10.1.0.0/16", "Description": "north"}]

    answer = aws.ec2.modify_managed_prefix_list(
        PrefixListId=one, CurrentVersion=1, AddEntries=[{"Cidr": "10.2.0.0/16"}],
        RemoveEntries=[{"Cidr": "10.0.0.0/16"}])["PrefixList"]
    assert (answer["State"], answer["Version"]) == ("modify-in-progress", 1)
    with refused("IncorrectState", "The request cannot be completed while the prefix list "
                 f"({one}) is in the current state (modify-in-progress)."):
        aws.ec2.delete_managed_prefix_list(PrefixListId=one)
    changed = wait(aws, one)
    assert (changed["State"], changed["Version"]) == ("modify-complete", 2)
    assert cidrs(aws, one) == ["10.1.0.0/16", "10.2.0.0/16"]
    assert cidrs(aws, one, TargetVersion=1) == ["10.0.0.0/16", "10.1.0.0/16"]

    aws.ec2.modify_managed_prefix_list(PrefixListId=one, PrefixListName="sites", MaxEntries=4)
    changed = wait(aws, one)
    assert (changed["PrefixListName"], changed["MaxEntries"], changed["Version"]) == ("sites", 4, 2)

    answer = aws.ec2.restore_managed_prefix_list_version(PrefixListId=one, PreviousVersion=1, CurrentVersion=2)
    assert answer["PrefixList"]["State"] == "restore-in-progress"
    changed = wait(aws, one)
    assert (changed["State"], changed["Version"]) == ("restore-complete", 3)
    assert cidrs(aws, one) == ["10.0.0.0/16", "10.1.0.0/16"]

    assert aws.ec2.delete_managed_prefix_list(PrefixListId=one)["PrefixList"]["State"] == "delete-in-progress"
    assert wait(aws, one)["State"] == "delete-complete"
    with refused("InvalidPrefixListID.NotFound", f"The prefix list ({one}) does not exist."):
        aws.ec2.get_managed_prefix_list_entries(PrefixListId=one)


def test_a_client_token_makes_one_list(aws):
    create(aws, ClientToken="token")
    create(aws, ClientToken="token")
    own = [{"Name": "owner-id", "Values": [aws.number]}]
    assert len(aws.ec2.describe_managed_prefix_lists(Filters=own)["PrefixLists"]) == 1
    with refused("IdempotentParameterMismatch"):
        create(aws, size=6, ClientToken="token")


def test_lists_of_aws(aws):
    own = create(aws)
    pages = aws.ec2.get_paginator("describe_managed_prefix_lists").paginate(PaginationConfig={"PageSize": 1})
    listed = [one for page in pages for one in page["PrefixLists"]]
    assert {one["OwnerId"] for one in listed} == {"AWS", aws.number}
    (s3,) = [one for one in listed if one["PrefixListName"] == "com.amazonaws.us-east-1.s3"]
    assert s3["PrefixListId"] == "pl-63a5400a" and "Version" not in s3 and "MaxEntries" not in s3
    assert s3["PrefixListArn"] == "arn:aws:ec2:us-east-1:aws:prefix-list/pl-63a5400a"
    assert cidrs(aws, "pl-63a5400a")
    for name, value in (("prefix-list-id", own), ("prefix-list-name", "off*"), ("owner-id", aws.number)):
        (one,) = aws.ec2.describe_managed_prefix_lists(Filters=[{"Name": name, "Values": [value]}])["PrefixLists"]
        assert one["PrefixListId"] == own
    with refused("OperationNotPermitted"):
        aws.ec2.delete_managed_prefix_list(PrefixListId="pl-63a5400a")


def test_tags(aws):
    one = create(aws)
    aws.ec2.create_tags(Resources=[one], Tags=[{"Key": "k", "Value": "v"}])
    assert described(aws, one)["Tags"] == [{"Key": "k", "Value": "v"}]
    (found,) = aws.ec2.describe_managed_prefix_lists(Filters=[{"Name": "tag:k", "Values": ["v"]}])["PrefixLists"]
    assert found["PrefixListId"] == one
    (tag,) = aws.ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": [one]}])["Tags"]
    assert (tag["ResourceType"], tag["Key"]) == ("prefix-list", "k")


def test_dry_run_changes_nothing(aws):
    one = create(aws)
    for call in (
        lambda: aws.ec2.create_managed_prefix_list(
            PrefixListName="x", MaxEntries=1, AddressFamily="IPv4", DryRun=True),
        lambda: aws.ec2.modify_managed_prefix_list(PrefixListId=one, PrefixListName="x", DryRun=True),
        lambda: aws.ec2.delete_managed_prefix_list(PrefixListId=one, DryRun=True),
    ):
        with refused("DryRunOperation", status=412):
            call()
    assert described(aws, one)["State"] == "create-complete"


@pytest.mark.parametrize("more, code, message", [
    ({"CurrentVersion": 2, "AddEntries": [{"Cidr": "10.9.0.0/16"}]}, "PrefixListVersionMismatch",
     "The prefix list has the incorrect version number."),
    ({"MaxEntries": 9, "AddEntries": [{"Cidr": "10.9.0.0/16"}]}, "InvalidParameterCombination",
     "You cannot modify the entries and the maximum entries for the prefix list in the same request."),
    ({"AddEntries": [{"Cidr": f"10.9.{n}.0/24"} for n in range(5)]}, "PrefixListMaxEntriesExceeded", None),
    ({"MaxEntries": 0}, "InvalidParameterValue", None),
    ({"MaxEntries": 1001}, "InvalidParameterValue", None),
    ({"AddEntries": [{"Cidr": "::/0"}]}, "InvalidParameterValue", None),
    ({"AddEntries": [{"Cidr": "10.0.0.0/16"}]}, "InvalidPrefixListModification", None),
    ({"RemoveEntries": [{"Cidr": "10.9.0.0/16"}]}, "InvalidPrefixListModification", None),
    ({"PrefixListName": "com.amazonaws.mine"}, "InvalidParameterValue", None),
])
def test_bad_changes(aws, more, code, message):
    one = create(aws, entries=["10.0.0.0/16"])
    before = described(aws, one)
    with refused(code, message):
        aws.ec2.modify_managed_prefix_list(PrefixListId=one, **more)
    assert described(aws, one) == before


def test_more_than_a_hundred_entries_of_one_call(aws):
    entries = [{"Cidr": f"10.0.{n}.0/24"} for n in range(101)]
    with refused("InvalidParameterValue", "The number of entries per request cannot exceeds limit (100)."):
        aws.raw("ec2").create_managed_prefix_list(
            PrefixListName="x", MaxEntries=200, AddressFamily="IPv4", Entries=entries)


def test_unknown_lists(aws):
    with refused("InvalidPrefixListID.NotFound", f"The prefix list ({LOST}) does not exist."):
        aws.ec2.describe_managed_prefix_lists(PrefixListIds=[LOST])
    group = aws.group(aws.vpc())
    with refused("InvalidPrefixListID.NotFound", f"The prefix list ID '{LOST}' does not exist"):
        aws.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule(LOST)])


def test_a_list_that_a_group_names(aws):
    one = create(aws, size=30, entries=["10.0.0.0/16"])
    group = aws.group(aws.vpc())
    made = aws.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule(one)])
    assert made["SecurityGroupRules"][0]["PrefixListId"] == one
    users = aws.ec2.get_managed_prefix_list_associations(PrefixListId=one)["PrefixListAssociations"]
    assert users == [{"ResourceId": group, "ResourceOwner": aws.number}]
    # It counts for as many rules as it may have entries.
    aws.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule(one, 80)])
    with refused("RulesPerSecurityGroupLimitExceeded"):
        aws.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule(one, 22)])
    aws.ec2.modify_managed_prefix_list(PrefixListId=one, MaxEntries=31)
    failed = wait(aws, one)
    assert (failed["State"], failed["MaxEntries"]) == ("modify-failed", 30) and group in failed["StateMessage"]

    aws.ec2.delete_managed_prefix_list(PrefixListId=one)
    failed = wait(aws, one)
    assert failed["State"] == "delete-failed" and group in failed["StateMessage"]
    aws.ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=[rule(one), rule(one, 80)])
    aws.ec2.delete_managed_prefix_list(PrefixListId=one)
    assert wait(aws, one)["State"] == "delete-complete"
