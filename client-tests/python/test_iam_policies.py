"""Managed policies with their versions, what they are attached to, boundaries, instance profiles, simulation."""

import json

import pytest

from mockplane import TRUST, VPC_ACCESS, refused

S3_FULL = "arn:aws:iam::aws:policy/AmazonS3FullAccess"
LAMBDA = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"


def document(action="s3:List*", resource="*", effect="Allow", **more):
    statement = {"Effect": effect, "Action": action, "Resource": resource, **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def iam(aws):
    return aws.iam


@pytest.fixture
def lists(iam):
    """A policy that lets list."""
    return iam.create_policy(PolicyName="Lists", PolicyDocument=document())["Policy"]["Arn"]


def kinds(iam):
    """A user, a group and a role, each with the operations that grant."""
    iam.create_user(UserName="ann")
    iam.create_group(GroupName="team")
    iam.create_role(RoleName="train", AssumeRolePolicyDocument=TRUST)
    return [("user", {"UserName": "ann"}), ("group", {"GroupName": "team"}), ("role", {"RoleName": "train"})]


def call(iam, verb, kind, noun, **more):
    return getattr(iam, f"{verb}_{kind}_{noun}")(**more)


def test_a_policy_comes_and_goes(aws, iam):
    tags = [{"Key": "team", "Value": "blue"}]
    made = iam.create_policy(
        PolicyName="Lists", Path="/data/", PolicyDocument=document(), Description="lists", Tags=tags)["Policy"]
    arn = f"arn:aws:iam::{aws.number}:policy/data/Lists"
    assert (made["Arn"], made["DefaultVersionId"], made["AttachmentCount"]) == (arn, "v1", 0)
    assert made["PolicyId"].startswith("ANPA") and made["IsAttachable"] and "Description" not in made
    got = iam.get_policy(PolicyArn=arn)["Policy"]
    assert got == made | {"Description": "lists"}
    assert [p["Arn"] for p in iam.list_policies(Scope="Local")["Policies"]] == [arn]
    assert iam.list_policies(Scope="Local", PathPrefix="/other/")["Policies"] == []
    iam.tag_policy(PolicyArn=arn, Tags=[{"Key": "stage", "Value": "x"}])
    iam.untag_policy(PolicyArn=arn, TagKeys=["team"])
    assert iam.list_policy_tags(PolicyArn=arn)["Tags"] == [{"Key": "stage", "Value": "x"}]
    message = "A policy called Lists already exists. Duplicate names are not allowed."
    with refused("EntityAlreadyExists", message, status=409):
        iam.create_policy(PolicyName="Lists", PolicyDocument=document())
    iam.delete_policy(PolicyArn=arn)
    with refused("NoSuchEntity", f"Policy {arn} was not found.", status=404):
        iam.get_policy(PolicyArn=arn)


def test_a_policy_has_up_to_five_versions(iam, lists):
    for n in range(2, 6):
        made = iam.create_policy_version(
            PolicyArn=lists, PolicyDocument=document(f"s3:Get{n}"), SetAsDefault=n == 3)["PolicyVersion"]
        assert (made["VersionId"], made["IsDefaultVersion"]) == (f"v{n}", n == 3)
    message = (
        "A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing "
        "version.")
    with refused("LimitExceeded", message, status=409):
        iam.create_policy_version(PolicyArn=lists, PolicyDocument=document())
    versions = iam.list_policy_versions(PolicyArn=lists)["Versions"]
    assert [(v["VersionId"], v["IsDefaultVersion"]) for v in versions] == [
        ("v5", False), ("v4", False), ("v3", True), ("v2", False), ("v1", False)]
    got = iam.get_policy_version(PolicyArn=lists, VersionId="v4")["PolicyVersion"]
    assert got["Document"] == json.loads(document("s3:Get4"))
    with refused("DeleteConflict", "Cannot delete the default version of a policy.", status=409):
        iam.delete_policy_version(PolicyArn=lists, VersionId="v3")
    with refused("DeleteConflict", lambda text: text.startswith("This policy has more than one version."), status=409):
        iam.delete_policy(PolicyArn=lists)
    iam.set_default_policy_version(PolicyArn=lists, VersionId="v1")
    iam.delete_policy_version(PolicyArn=lists, VersionId="v5")
    assert iam.create_policy_version(PolicyArn=lists, PolicyDocument=document())["PolicyVersion"]["VersionId"] == "v6"
    message = f"Policy {lists} version v5 does not exist or is not attachable."
    with refused("NoSuchEntity", message, status=404):
        iam.set_default_policy_version(PolicyArn=lists, VersionId="v5")
    for version in ("v2", "v3", "v4", "v6"):
        iam.delete_policy_version(PolicyArn=lists, VersionId=version)
    iam.delete_policy(PolicyArn=lists)


def test_policies_are_attached_to_users_groups_and_roles(iam, lists):
    for kind, named in kinds(iam):
        for arn in (lists, S3_FULL, lists):
            call(iam, "attach", kind, "policy", PolicyArn=arn, **named)
        attached = call(iam, "list_attached", kind, "policies", **named)["AttachedPolicies"]
        assert attached == [
            {"PolicyName": "Lists", "PolicyArn": lists}, {"PolicyName": "AmazonS3FullAccess", "PolicyArn": S3_FULL}]
        message = f"Policy {lists}x does not exist or is not attachable."
        with refused("NoSuchEntity", message, status=404):
            call(iam, "attach", kind, "policy", PolicyArn=lists + "x", **named)
        with refused("NoSuchEntity", f"Policy {LAMBDA} was not found.", status=404):
            call(iam, "detach", kind, "policy", PolicyArn=LAMBDA, **named)
        with refused("DeleteConflict", "Cannot delete entity, must detach all policies first.", status=409):
            getattr(iam, f"delete_{kind}")(**named)
    assert iam.get_policy(PolicyArn=lists)["Policy"]["AttachmentCount"] == 3
    assert {p["Arn"] for p in iam.list_policies(OnlyAttached=True)["Policies"]} == {lists, S3_FULL}
    with refused("DeleteConflict", "Cannot delete a policy attached to entities.", status=409):
        iam.delete_policy(PolicyArn=lists)
    entities = iam.list_entities_for_policy(PolicyArn=lists)
    assert [u["UserName"] for u in entities["PolicyUsers"]] == ["ann"]
    assert [g["GroupName"] for g in entities["PolicyGroups"]] == ["team"]
    assert [r["RoleName"] for r in entities["PolicyRoles"]] == ["train"]
    only = iam.list_entities_for_policy(PolicyArn=lists, EntityFilter="Role")
    assert (only["PolicyUsers"], only["PolicyGroups"], len(only["PolicyRoles"])) == ([], [], 1)


def test_ten_policies_at_most_are_attached(iam):
    iam.create_role(RoleName="train", AssumeRolePolicyDocument=TRUST)
    arns = [iam.create_policy(PolicyName=f"p{n}", PolicyDocument=document())["Policy"]["Arn"] for n in range(11)]
    for arn in arns[:10]:
        iam.attach_role_policy(RoleName="train", PolicyArn=arn)
    with refused("LimitExceeded", "Cannot exceed quota for PoliciesPerRole: 10", status=409):
        iam.attach_role_policy(RoleName="train", PolicyArn=arns[10])
    iam.attach_role_policy(RoleName="train", PolicyArn=arns[0])


def test_inline_policies_of_users_groups_and_roles(iam):
    limits = {"user": 2048, "group": 5120, "role": 10240}
    for kind, named in kinds(iam):
        call(iam, "put", kind, "policy", PolicyName="vpc", PolicyDocument=VPC_ACCESS, **named)
        call(iam, "put", kind, "policy", PolicyName="a", PolicyDocument=document(), **named)
        assert call(iam, "list", kind, "policies", **named)["PolicyNames"] == ["a", "vpc"]
        got = call(iam, "get", kind, "policy", PolicyName="vpc", **named)
        assert {k: got[k] for k in named} == named
        assert got["PolicyDocument"] == json.loads(VPC_ACCESS)
        large = document("s3:" + "x" * limits[kind])
        [name] = named.values()
        message = f"Maximum policy size of {limits[kind]} bytes exceeded for {kind} {name}"
        with refused("LimitExceeded", message, status=409):
            call(iam, "put", kind, "policy", PolicyName="a", PolicyDocument=large, **named)
        call(iam, "delete", kind, "policy", PolicyName="a", **named)
        with refused("NoSuchEntity", f"The {kind} policy with name a cannot be found.", status=404):
            call(iam, "get", kind, "policy", PolicyName="a", **named)


@pytest.mark.parametrize(("broken", "message"), [
    ("x", "Syntax errors in policy."),
    (document(effect="Permit"), "Syntax errors in policy."),
    (document(Principal="*"), "Policy document should not specify a principal."),
    (document().replace("2012", "2008"), "Policy document must be version 2012-10-17 or greater."),
    (document("ListBucket"), "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."),
    (document(resource="bucket"), 'Resource bucket must be in ARN format or "*".'),
    (document(resource="arn:aws:s3::bucket"), "The policy failed legacy parsing"),
])
def test_documents_are_checked(iam, lists, broken, message):
    for create in (
            lambda: iam.create_policy(PolicyName="x", PolicyDocument=broken),
            lambda: iam.create_policy_version(PolicyArn=lists, PolicyDocument=broken)):
        with refused("MalformedPolicyDocument", message, status=400):
            create()


def test_awss_policies_are_told(iam):
    got = iam.get_policy(PolicyArn=LAMBDA)["Policy"]
    assert (got["PolicyName"], got["Path"], got["IsAttachable"]) == (
        "AWSLambdaBasicExecutionRole", "/service-role/", True)
    version = iam.get_policy_version(PolicyArn=LAMBDA, VersionId=got["DefaultVersionId"])["PolicyVersion"]
    assert "logs:PutLogEvents" in version["Document"]["Statement"][0]["Action"]
    names = {p["PolicyName"] for page in iam.get_paginator("list_policies").paginate(Scope="AWS")
             for p in page["Policies"]}
    assert len(names) > 1000 and {
        "AmazonSageMakerFullAccess", "AmazonS3ReadOnlyAccess", "AmazonEC2FullAccess", "AmazonVPCFullAccess",
        "PowerUserAccess", "AdministratorAccess", "ReadOnlyAccess", "IAMFullAccess", "CloudWatchLogsFullAccess"} <= names
    with refused("PolicyNotAttachable", "Cannot attach a Service Role Policy to a Customer Role.", status=400):
        iam.create_role(RoleName="train", AssumeRolePolicyDocument=TRUST)
        iam.attach_role_policy(
            RoleName="train", PolicyArn="arn:aws:iam::aws:policy/aws-service-role/AWSSupportServiceRolePolicy")


def test_awss_policies_are_of_the_partition(aws):
    iam = aws.client("iam", "cn-north-1")
    arn = "arn:aws-cn:iam::aws:policy/AmazonSageMakerFullAccess"
    assert iam.get_policy(PolicyArn=arn)["Policy"]["Arn"] == arn


def test_boundaries(aws, iam, lists):
    boundary = {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": lists}
    iam.create_role(RoleName="made", AssumeRolePolicyDocument=TRUST, PermissionsBoundary=lists)
    assert iam.get_role(RoleName="made")["Role"]["PermissionsBoundary"] == boundary
    iam.create_user(UserName="ann", PermissionsBoundary=lists)
    assert iam.get_user(UserName="ann")["User"]["PermissionsBoundary"] == boundary
    for kind, named in (("user", {"UserName": "ann"}), ("role", {"RoleName": "made"})):
        call(iam, "delete", kind, "permissions_boundary", **named)
        got = getattr(iam, f"get_{kind}")(**named)[kind.title()]
        assert "PermissionsBoundary" not in got
        call(iam, "put", kind, "permissions_boundary", PermissionsBoundary=lists, **named)
        missing = f"arn:aws:iam::{aws.number}:policy/none"
        with refused("NoSuchEntity", f"Scope ARN: {missing} does not exist or is not attachable.", status=404):
            call(iam, "put", kind, "permissions_boundary", PermissionsBoundary=missing, **named)
        bad = "arn:aws:iam::123456789:not_a_boundary"
        with refused("ValidationError", f"Value ({bad}) for parameter PermissionsBoundary is invalid.", status=400):
            call(iam, "put", kind, "permissions_boundary", PermissionsBoundary=bad, **named)
    assert iam.get_policy(PolicyArn=lists)["Policy"]["PermissionsBoundaryUsageCount"] == 2
    used = iam.list_policies(PolicyUsageFilter="PermissionsBoundary")["Policies"]
    assert [p["Arn"] for p in used] == [lists]
    assert iam.list_policies(OnlyAttached=True)["Policies"] == []
    with refused("DeleteConflict", "Cannot delete a policy attached to entities.", status=409):
        iam.delete_policy(PolicyArn=lists)


def test_instance_profiles(aws, iam):
    made = iam.create_instance_profile(
        InstanceProfileName="web", Path="/app/", Tags=[{"Key": "a", "Value": "b"}])["InstanceProfile"]
    assert made["Arn"] == f"arn:aws:iam::{aws.number}:instance-profile/app/web"
    assert (made["Roles"], made["InstanceProfileId"][:4]) == ([], "AIPA")
    with refused("EntityAlreadyExists", "Instance Profile WEB already exists.", status=409):
        iam.create_instance_profile(InstanceProfileName="WEB")
    for role in ("one", "two"):
        iam.create_role(RoleName=role, AssumeRolePolicyDocument=TRUST)
    iam.add_role_to_instance_profile(InstanceProfileName="web", RoleName="one")
    with refused("LimitExceeded", "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1", status=409):
        iam.add_role_to_instance_profile(InstanceProfileName="web", RoleName="two")
    got = iam.get_instance_profile(InstanceProfileName="web")["InstanceProfile"]
    assert [r["RoleName"] for r in got["Roles"]] == ["one"] and got["Tags"] == [{"Key": "a", "Value": "b"}]
    of_role = iam.list_instance_profiles_for_role(RoleName="one")["InstanceProfiles"]
    assert [p["InstanceProfileName"] for p in of_role] == ["web"]
    assert iam.list_instance_profiles_for_role(RoleName="two")["InstanceProfiles"] == []
    assert iam.list_instance_profiles(PathPrefix="/app/")["InstanceProfiles"][0]["Roles"][0]["RoleName"] == "one"
    assert iam.list_instance_profiles(PathPrefix="/other/")["InstanceProfiles"] == []
    with refused("DeleteConflict", "Cannot delete entity, must remove roles from instance profile first.", status=409):
        iam.delete_instance_profile(InstanceProfileName="web")
    with refused("DeleteConflict", "Cannot delete entity, must remove roles from instance profile first.", status=409):
        iam.delete_role(RoleName="one")
    with refused("NoSuchEntity", status=404):
        iam.remove_role_from_instance_profile(InstanceProfileName="web", RoleName="two")
    iam.remove_role_from_instance_profile(InstanceProfileName="web", RoleName="one")
    iam.delete_instance_profile(InstanceProfileName="web")
    with refused("NoSuchEntity", "Instance Profile web cannot be found.", status=404):
        iam.get_instance_profile(InstanceProfileName="web")


def test_a_user_is_simulated_with_the_policies_of_its_groups(aws, iam):
    iam.create_group(GroupName="team")
    user = iam.create_user(UserName="ann")["User"]["Arn"]
    iam.add_user_to_group(GroupName="team", UserName="ann")
    iam.put_group_policy(GroupName="team", PolicyName="read", PolicyDocument=document("s3:Get*"))
    iam.put_user_policy(UserName="ann", PolicyName="own", PolicyDocument=document(
        "s3:GetObject", "arn:aws:s3:::secret/*", "Deny", Condition={"StringEquals": {"aws:SourceVpc": "vpc-1"}}))

    def simulate(**more):
        return iam.simulate_principal_policy(
            PolicySourceArn=user, ActionNames=["s3:GetObject"], ResourceArns=["arn:aws:s3:::secret/x"], **more
        )["EvaluationResults"][0]
    allowed = simulate()
    assert (allowed["EvalDecision"], allowed["MissingContextValues"]) == ("allowed", ["aws:SourceVpc"])
    assert allowed["MatchedStatements"][0]["SourcePolicyId"] == "group_team_read"
    entry = {"ContextKeyName": "aws:SourceVpc", "ContextKeyValues": ["vpc-1"], "ContextKeyType": "string"}
    denied = simulate(ContextEntries=[entry])
    assert denied["EvalDecision"] == "explicitDeny"
    assert denied["MatchedStatements"][0]["SourcePolicyId"] == "user_ann_own"
    keys = iam.get_context_keys_for_principal_policy(PolicySourceArn=user)["ContextKeyNames"]
    assert keys == ["aws:SourceVpc"]


def test_positions_are_those_that_aws_tells(iam):
    policy = (
        '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"dynamodb:*","Resource":"*",'
        '"Condition":{"DateGreaterThan":{"aws:CurrentTime":"2015-08-16T12:00:00Z"}}}}')

    def at(time):
        entry = {"ContextKeyName": "aws:CurrentTime", "ContextKeyValues": [time], "ContextKeyType": "date"}
        return iam.simulate_custom_policy(
            PolicyInputList=[policy], ActionNames=["dynamodb:CreateBackup"], ContextEntries=[entry]
        )["EvaluationResults"][0]
    late = at("2019-04-25T11:00:00Z")
    assert late["EvalDecision"] == "allowed"
    [matched] = late["MatchedStatements"]
    assert (matched["SourcePolicyId"], matched["StartPosition"], matched["EndPosition"]) == (
        "PolicyInputList.1", {"Line": 1, "Column": 38}, {"Line": 1, "Column": 167})
    early = at("2014-04-25T11:00:00Z")
    assert (early["EvalDecision"], early["MatchedStatements"]) == ("implicitDeny", [])
