"""Roles of services, and trust policies that IAM does not take."""

import json

import pytest
from mockplane import TRUST, refused

NAME = "AWSServiceRoleForAutoScaling"


def test_a_role_of_a_service_comes_and_goes(aws):
    iam = aws.iam
    role = iam.create_service_linked_role(AWSServiceName="autoscaling.amazonaws.com", Description="d")["Role"]
    path = "/aws-service-role/autoscaling.amazonaws.com/"
    assert (role["RoleName"], role["Path"]) == (NAME, path)
    assert role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] == {"Service": ["autoscaling.amazonaws.com"]}
    assert iam.get_role(RoleName=NAME)["Role"]["Description"] == "d"
    assert [r["RoleName"] for r in iam.list_roles(PathPrefix="/aws-service-role/")["Roles"]] == [NAME]
    taken = f"Service role name {NAME} has been taken in this account, please try a different suffix."
    with refused("InvalidInput", taken):
        iam.create_service_linked_role(AWSServiceName="autoscaling.amazonaws.com")
    with refused("InvalidInput", "Custom suffix is not allowed for spot.amazonaws.com"):
        iam.create_service_linked_role(AWSServiceName="spot.amazonaws.com", CustomSuffix="a")
    task = iam.delete_service_linked_role(RoleName=NAME)["DeletionTaskId"]
    assert task.startswith(f"task{path}{NAME}/")
    assert iam.get_service_linked_role_deletion_status(DeletionTaskId=task)["Status"] == "SUCCEEDED"
    with refused("NoSuchEntity", f"The role with name {NAME} cannot be found.", 404):
        iam.get_role(RoleName=NAME)


ARN = "arn:aws:iam::aws:policy/PowerUserAccess"
DOCUMENT = json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}})


@pytest.mark.parametrize("operation, arguments", [
    ("delete_role", {}),
    ("update_assume_role_policy", {"PolicyDocument": TRUST}),
    ("update_role", {"MaxSessionDuration": 7200}),
    ("put_role_policy", {"PolicyName": "p", "PolicyDocument": DOCUMENT}),
    ("delete_role_policy", {"PolicyName": "p"}),
    ("attach_role_policy", {"PolicyArn": ARN}),
    ("detach_role_policy", {"PolicyArn": ARN}),
    ("put_role_permissions_boundary", {"PermissionsBoundary": ARN}),
    ("delete_role_permissions_boundary", {}),
    ("add_role_to_instance_profile", {"InstanceProfileName": "p"}),
    ("remove_role_from_instance_profile", {"InstanceProfileName": "p"}),
])
def test_nobody_else_changes_it(aws, operation, arguments):
    aws.iam.create_service_linked_role(AWSServiceName="autoscaling.amazonaws.com")
    aws.iam.create_instance_profile(InstanceProfileName="p")
    text = f"Cannot perform the operation on the protected role '{NAME}' - this role is only modifiable by AWS"
    with refused("UnmodifiableEntity", text):
        getattr(aws.iam, operation)(RoleName=NAME, **arguments)


@pytest.mark.parametrize("change, text", [
    ({"Comment": "c"}, "Unknown field Comment"),
    ({"Condition": {"StringLikes": {"a": "b"}}}, None),
    ({"NotAction": "sts:*"}, None),
])
def test_a_trust_policy_that_means_nothing_is_not_taken(aws, change, text):
    document = json.loads(TRUST)
    document["Statement"][0].update(change)
    with refused("MalformedPolicyDocument", text) if text else refused("MalformedPolicyDocument"):
        aws.iam.create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps(document))
    aws.iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)
    with refused("MalformedPolicyDocument"):
        aws.iam.update_assume_role_policy(RoleName="r", PolicyDocument=json.dumps(document))
