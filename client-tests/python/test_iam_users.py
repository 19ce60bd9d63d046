"""Users, groups, access keys, passwords, and the account as a whole."""

import csv
import re

import pytest

from mockplane import TRUST, refused

PASSWORD = "Passw0rd"


def no_user(name):
    return refused("NoSuchEntity", f"The user with name {name} cannot be found.", status=404)


def no_group(name):
    return refused("NoSuchEntity", f"The group with name {name} cannot be found.", status=404)


def in_the_way(what):
    return refused("DeleteConflict", f"Cannot delete entity, must {what} first.", status=409)


def test_a_key_of_the_root_acts_as_the_root(aws):
    key = aws.iam.create_access_key()["AccessKey"]
    sts = aws.client("sts", key=key["AccessKeyId"], secret=key["SecretAccessKey"])
    assert sts.get_caller_identity()["Arn"] == f"arn:aws:iam::{aws.number}:root"
    assert aws.iam.get_account_summary()["SummaryMap"]["AccountAccessKeysPresent"] == 1
    aws.iam.delete_access_key(AccessKeyId=key["AccessKeyId"])
    with refused("InvalidClientTokenId", status=403):
        sts.get_caller_identity()


def test_a_user_comes_changes_and_goes(aws):
    tags = [{"Key": "team", "Value": "blue"}]
    made = aws.iam.create_user(UserName="ann", Path="/team/", Tags=tags)["User"]
    assert made["Arn"] == f"arn:aws:iam::{aws.number}:user/team/ann"
    assert re.fullmatch(r"AIDA[A-Z0-9]{17}", made["UserId"])
    assert aws.iam.get_user(UserName="ANN")["User"] == made
    with refused("EntityAlreadyExists", "User with name Ann already exists.", status=409):
        aws.iam.create_user(UserName="Ann")
    aws.iam.update_user(UserName="ann", NewUserName="eve", NewPath="/")
    renamed = aws.iam.get_user(UserName="eve")["User"]
    assert renamed == {**made, "UserName": "eve", "Path": "/", "Arn": f"arn:aws:iam::{aws.number}:user/eve"}
    listed = {k: v for k, v in renamed.items() if k != "Tags"}
    assert aws.iam.list_users()["Users"] == [listed]
    assert aws.iam.list_users(PathPrefix="/team/")["Users"] == []
    aws.iam.delete_user(UserName="eve")
    for call in (aws.iam.get_user, aws.iam.delete_user, aws.iam.update_user, aws.iam.list_user_tags,
                 aws.iam.create_access_key, aws.iam.list_access_keys, aws.iam.get_login_profile,
                 aws.iam.delete_login_profile, aws.iam.list_groups_for_user):
        with no_user("eve"):
            call(UserName="eve")


def test_tags_of_users(aws):
    aws.iam.create_user(UserName="ann")
    aws.iam.tag_user(UserName="ann", Tags=[{"Key": "Team", "Value": "a"}, {"Key": "x", "Value": ""}])
    aws.iam.tag_user(UserName="ann", Tags=[{"Key": "TEAM", "Value": "b"}])
    assert aws.iam.list_user_tags(UserName="ann")["Tags"] == [
        {"Key": "TEAM", "Value": "b"}, {"Key": "x", "Value": ""}]
    aws.iam.untag_user(UserName="ann", TagKeys=["team", "none"])
    assert aws.iam.get_user(UserName="ann")["User"]["Tags"] == [{"Key": "x", "Value": ""}]
    same = "Duplicate tag keys found. Please note that Tag keys are case insensitive."
    with refused("InvalidInput", same):
        aws.iam.tag_user(UserName="ann", Tags=[{"Key": "a", "Value": ""}, {"Key": "A", "Value": ""}])
    with refused("InvalidInput"):
        aws.iam.tag_user(UserName="ann", Tags=[{"Key": "aws:a", "Value": ""}])
    aws.iam.tag_user(UserName="ann", Tags=[{"Key": f"k{n}", "Value": ""} for n in range(49)])
    with refused("LimitExceeded", "Cannot exceed quota for TagsPerUser: 50", status=409):
        aws.iam.tag_user(UserName="ann", Tags=[{"Key": "one", "Value": "more"}])


@pytest.mark.parametrize("bad", [{"UserName": "a b"}, {"UserName": "a" * 65}, {"UserName": "a", "Path": "team"}])
def test_names_and_paths_have_their_form(aws, bad):
    with refused("ValidationError"):
        aws.iam.create_user(**bad)


def test_users_come_in_pages(aws):
    names = [f"user{n:02}" for n in range(12)]
    for name in reversed(names):
        aws.iam.create_user(UserName=name)
    pages = list(aws.iam.get_paginator("list_users").paginate(PaginationConfig={"PageSize": 5}))
    assert [len(page["Users"]) for page in pages] == [5, 5, 2]
    assert [user["UserName"] for page in pages for user in page["Users"]] == names
    with refused("ValidationError", "Invalid Marker."):
        aws.iam.list_users(Marker="no marker")


def test_groups(aws):
    made = aws.iam.create_group(GroupName="devs", Path="/team/")["Group"]
    assert made["Arn"] == f"arn:aws:iam::{aws.number}:group/team/devs"
    assert re.fullmatch(r"AGPA[A-Z0-9]{17}", made["GroupId"])
    with refused("EntityAlreadyExists", "Group with name Devs already exists.", status=409):
        aws.iam.create_group(GroupName="Devs")
    for name in ("ann", "bob"):
        aws.iam.create_user(UserName=name)
        for _ in range(2):
            aws.iam.add_user_to_group(UserName=name, GroupName="devs")
    got = aws.iam.get_group(GroupName="devs")
    assert (got["Group"], [user["UserName"] for user in got["Users"]]) == (made, ["ann", "bob"])
    pages = list(aws.iam.get_paginator("get_group").paginate(GroupName="devs", PaginationConfig={"PageSize": 1}))
    assert [user["UserName"] for page in pages for user in page["Users"]] == ["ann", "bob"]
    aws.iam.update_group(GroupName="devs", NewGroupName="ops")
    aws.iam.update_user(UserName="bob", NewUserName="rob")
    group = aws.iam.list_groups_for_user(UserName="rob")["Groups"]
    assert group == [{**made, "GroupName": "ops", "Arn": f"arn:aws:iam::{aws.number}:group/team/ops"}]
    assert aws.iam.list_groups(PathPrefix="/team/")["Groups"] == group
    with in_the_way("remove users from group"):
        aws.iam.delete_group(GroupName="ops")
    with in_the_way("remove users from group"):
        aws.iam.delete_user(UserName="rob")
    for name in ("ann", "rob", "rob"):
        aws.iam.remove_user_from_group(UserName=name, GroupName="ops")
    aws.iam.delete_group(GroupName="ops")
    with no_group("ops"):
        aws.iam.add_user_to_group(UserName="ann", GroupName="ops")
    with no_user("x"):
        aws.iam.remove_user_from_group(UserName="x", GroupName="ops")


def test_a_user_is_in_ten_groups_at_most(aws):
    aws.iam.create_user(UserName="ann")
    for n in range(11):
        aws.iam.create_group(GroupName=f"g{n}")
    for n in range(10):
        aws.iam.add_user_to_group(UserName="ann", GroupName=f"g{n}")
    with refused("LimitExceeded", "Cannot exceed quota for GroupsPerUser: 10", status=409):
        aws.iam.add_user_to_group(UserName="ann", GroupName="g10")


def test_access_keys(aws):
    aws.iam.create_user(UserName="ann")
    made = aws.iam.create_access_key(UserName="ann")["AccessKey"]
    assert re.fullmatch(r"AKIA[A-Z2-7]{16}", made["AccessKeyId"])
    assert (len(made["SecretAccessKey"]), made["Status"], made["UserName"]) == (40, "Active", "ann")
    told = {k: v for k, v in made.items() if k != "SecretAccessKey"}
    assert aws.iam.list_access_keys(UserName="ann")["AccessKeyMetadata"] == [told]
    key = {"UserName": "ann", "AccessKeyId": made["AccessKeyId"]}
    aws.iam.update_access_key(**key, Status="Inactive")
    assert aws.iam.list_access_keys(UserName="ann")["AccessKeyMetadata"][0]["Status"] == "Inactive"
    used = aws.iam.get_access_key_last_used(AccessKeyId=key["AccessKeyId"])
    assert (used["UserName"], used["AccessKeyLastUsed"]) == ("ann", {"ServiceName": "N/A", "Region": "N/A"})
    aws.iam.create_access_key(UserName="ann")
    with refused("LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2", status=409):
        aws.iam.create_access_key(UserName="ann")
    with in_the_way("delete access keys"):
        aws.iam.delete_user(UserName="ann")
    aws.iam.delete_access_key(**key)
    missing = f"The Access Key with id {key['AccessKeyId']} cannot be found."
    with refused("NoSuchEntity", missing, status=404):
        aws.iam.delete_access_key(**key)
    with refused("NoSuchEntity", missing, status=404):
        aws.iam.update_access_key(**key, Status="Active")
    with refused("AccessDenied", lambda text: text.endswith(f"on resource: access key {key['AccessKeyId']}"), status=403):
        aws.iam.get_access_key_last_used(AccessKeyId=key["AccessKeyId"])


def test_without_a_name_the_caller_is_meant(aws):
    root = aws.iam.get_user()["User"]
    assert (root["UserId"], root["Arn"]) == (aws.number, f"arn:aws:iam::{aws.number}:root")
    assert aws.iam.list_access_keys()["AccessKeyMetadata"] == []


def test_passwords(aws):
    aws.iam.create_user(UserName="ann")
    with refused("PasswordPolicyViolation", "Password does not conform to the account password policy."):
        aws.iam.create_login_profile(UserName="ann", Password="password")
    made = aws.iam.create_login_profile(UserName="ann", Password=PASSWORD)["LoginProfile"]
    assert (made["UserName"], made["PasswordResetRequired"]) == ("ann", False)
    assert aws.iam.get_login_profile(UserName="ann")["LoginProfile"] == made
    with refused("EntityAlreadyExists", "Login Profile for user ann already exists.", status=409):
        aws.iam.create_login_profile(UserName="ann", Password=PASSWORD)
    aws.iam.update_login_profile(UserName="ann", PasswordResetRequired=True)
    assert aws.iam.get_login_profile(UserName="ann")["LoginProfile"]["PasswordResetRequired"] is True
    with in_the_way("delete login profile"):
        aws.iam.delete_user(UserName="ann")
    aws.iam.delete_login_profile(UserName="ann")
    for call in (aws.iam.get_login_profile, aws.iam.delete_login_profile, aws.iam.update_login_profile):
        with refused("NoSuchEntity", "Login Profile for User ann cannot be found.", status=404):
            call(UserName="ann")


def test_the_password_policy(aws):
    missing = f"The Password Policy with domain name {aws.number} cannot be found."
    with refused("NoSuchEntity", missing, status=404):
        aws.iam.get_account_password_policy()
    policy = {
        "MinimumPasswordLength": 10, "RequireSymbols": True, "RequireNumbers": True, "RequireUppercaseCharacters": True,
        "RequireLowercaseCharacters": True, "AllowUsersToChangePassword": True, "MaxPasswordAge": 60,
        "PasswordReusePrevention": 3, "HardExpiry": True}
    aws.iam.update_account_password_policy(**policy)
    assert aws.iam.get_account_password_policy()["PasswordPolicy"] == {**policy, "ExpirePasswords": True}
    aws.iam.create_user(UserName="ann")
    with refused("PasswordPolicyViolation"):
        aws.iam.create_login_profile(UserName="ann", Password=PASSWORD)
    aws.iam.update_account_password_policy()
    assert aws.iam.get_account_password_policy()["PasswordPolicy"] == {
        "MinimumPasswordLength": 6, "RequireSymbols": False, "RequireNumbers": False,
        "RequireUppercaseCharacters": False, "RequireLowercaseCharacters": False,
        "AllowUsersToChangePassword": False, "ExpirePasswords": False}
    aws.iam.create_login_profile(UserName="ann", Password="secret")
    with refused("ValidationError"):
        aws.raw("iam").update_account_password_policy(MinimumPasswordLength=5)
    aws.iam.delete_account_password_policy()
    with refused("NoSuchEntity", "The account policy with name PasswordPolicy cannot be found.", status=404):
        aws.iam.delete_account_password_policy()


def test_the_alias(aws):
    assert aws.iam.list_account_aliases()["AccountAliases"] == []
    aws.iam.create_account_alias(AccountAlias="one")
    with refused("EntityAlreadyExists", "The account alias one already exists.", status=409):
        aws.iam.create_account_alias(AccountAlias="one")
    aws.iam.create_account_alias(AccountAlias="two")
    assert aws.iam.list_account_aliases()["AccountAliases"] == ["two"]
    with refused("NoSuchEntity", status=404):
        aws.iam.delete_account_alias(AccountAlias="one")
    aws.iam.delete_account_alias(AccountAlias="two")
    for bad in ("a--b", "-ab", "AB1"):
        with refused("ValidationError"):
            aws.iam.create_account_alias(AccountAlias=bad)


def test_the_summary_and_the_details(aws):
    before = aws.iam.get_account_summary()["SummaryMap"]
    assert (before["UsersQuota"], before["GroupsQuota"], before["RolesQuota"], before["Users"]) == (5000, 300, 1000, 0)
    aws.iam.create_user(UserName="ann", Tags=[{"Key": "k", "Value": "v"}])
    aws.iam.create_group(GroupName="devs")
    aws.iam.add_user_to_group(UserName="ann", GroupName="devs")
    aws.iam.create_role(RoleName="reader", AssumeRolePolicyDocument=TRUST)
    after = aws.iam.get_account_summary()["SummaryMap"]
    assert {k: after[k] for k in after if after[k] != before[k]} == {"Users": 1, "Groups": 1, "Roles": 1}
    told = aws.iam.get_account_authorization_details()
    (user,), (group,), (role,) = told["UserDetailList"], told["GroupDetailList"], told["RoleDetailList"]
    assert (user["UserName"], user["GroupList"], user["Tags"]) == ("ann", ["devs"], [{"Key": "k", "Value": "v"}])
    assert (group["GroupPolicyList"], group["AttachedManagedPolicies"]) == ([], [])
    assert (role["RoleName"], role["InstanceProfileList"], role["RoleLastUsed"]) == ("reader", [], {})
    only = aws.iam.get_account_authorization_details(Filter=["Role"])
    assert (only["UserDetailList"], only["GroupDetailList"], len(only["RoleDetailList"])) == ([], [], 1)
    pages = aws.iam.get_paginator("get_account_authorization_details").paginate(PaginationConfig={"PageSize": 1})
    assert sum(len(page["UserDetailList"] + page["GroupDetailList"] + page["RoleDetailList"]) for page in pages) == 3


def test_the_credential_report(aws):
    aws.iam.create_user(UserName="ann")
    key = aws.iam.create_access_key(UserName="ann")["AccessKey"]
    aws.iam.update_access_key(UserName="ann", AccessKeyId=key["AccessKeyId"], Status="Inactive")
    with refused("ReportNotPresent", status=410):
        aws.iam.get_credential_report()
    assert [aws.iam.generate_credential_report()["State"] for _ in range(2)] == ["STARTED", "COMPLETE"]
    got = aws.iam.get_credential_report()
    assert got["ReportFormat"] == "text/csv"
    root, ann = csv.DictReader(got["Content"].decode().splitlines())
    assert (root["user"], root["arn"]) == ("<root_account>", f"arn:aws:iam::{aws.number}:root")
    assert (ann["password_enabled"], ann["access_key_1_active"], ann["access_key_2_active"]) == ("false", "false", "false")
    assert ann["access_key_1_last_rotated"].startswith(key["CreateDate"].strftime("%Y-%m-%dT%H:%M"))


def test_a_role_with_policies_stays(aws):
    aws.iam.create_role(RoleName="reader", AssumeRolePolicyDocument=TRUST)
    aws.iam.put_role_policy(
        RoleName="reader", PolicyName="p",
        PolicyDocument='{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}')
    with in_the_way("delete policies"):
        aws.iam.delete_role(RoleName="reader")
