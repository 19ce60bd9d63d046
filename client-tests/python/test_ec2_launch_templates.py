"""Launch templates: their versions, and instances launched by them."""

import base64

import pytest

from mockplane import refused

IMAGE = "ami-12c6146b"
DATA = {
    "ImageId": IMAGE, "InstanceType": "t3.micro", "EbsOptimized": True,
    "BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 20, "DeleteOnTermination": True}}],
    "MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": 2},
    "NetworkInterfaces": [{"DeviceIndex": 0, "AssociatePublicIpAddress": True, "Ipv6Addresses": [{"Ipv6Address": "::1"}]}],
    "TagSpecifications": [{"ResourceType": "instance", "Tags": [{"Key": "k", "Value": "v"}]}],
    "UserData": base64.b64encode(b"#!/bin/sh").decode(), "DisableApiTermination": False,
}


def create(aws, name="web", data=DATA, **more):
    return aws.ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData=data, **more)["LaunchTemplate"]


def versions(aws, **more):
    return aws.ec2.describe_launch_template_versions(**more)["LaunchTemplateVersions"]


def test_what_is_given_is_told_again(aws):
    made = create(aws, VersionDescription="first", TagSpecifications=[
        {"ResourceType": "launch-template", "Tags": [{"Key": "team", "Value": "blue"}]}])
    assert made["LaunchTemplateId"].startswith("lt-") and made["LaunchTemplateName"] == "web"
    assert (made["DefaultVersionNumber"], made["LatestVersionNumber"]) == (1, 1)
    assert made["CreatedBy"] == f"arn:aws:iam::{aws.number}:root"
    assert made["Tags"] == [{"Key": "team", "Value": "blue"}]
    one, = versions(aws, LaunchTemplateName="web")
    assert one["LaunchTemplateData"] == DATA
    assert (one["VersionDescription"], one["DefaultVersion"], one["VersionNumber"]) == ("first", True, 1)
    for wanted in ({"LaunchTemplateIds": [made["LaunchTemplateId"]]}, {"LaunchTemplateNames": ["web"]},
                   {"Filters": [{"Name": "tag:team", "Values": ["blue"]}]},
                   {"Filters": [{"Name": "launch-template-name", "Values": ["w*"]}]}):
        assert aws.ec2.describe_launch_templates(**wanted)["LaunchTemplates"] == [made]
    aws.ec2.delete_launch_template(LaunchTemplateName="web")
    assert aws.ec2.describe_launch_templates()["LaunchTemplates"] == []
    assert create(aws)["LaunchTemplateId"] != made["LaunchTemplateId"], "the name is free again"


def test_pages_of_versions(aws):
    create(aws)
    for number in range(2, 6):
        aws.ec2.create_launch_template_version(
            LaunchTemplateName="web", LaunchTemplateData={"InstanceType": "t3.nano"}, VersionDescription=f"{number}")
    pages = list(aws.ec2.get_paginator("describe_launch_template_versions").paginate(
        LaunchTemplateName="web", PaginationConfig={"PageSize": 2}))
    assert [[row["VersionNumber"] for row in page["LaunchTemplateVersions"]] for page in pages] == [[1, 2], [3, 4], [5]]
    create(aws, "other")
    assert len(versions(aws, Versions=["$Latest"])) == 2
    aws.ec2.modify_launch_template(LaunchTemplateName="web", DefaultVersion="3")
    default, = versions(aws, LaunchTemplateName="web", Versions=["$Default"])
    assert (default["VersionNumber"], default["DefaultVersion"]) == (3, True)


def test_versions_are_deleted_or_kept_each_for_itself(aws):
    aws.ec2.create_launch_template(LaunchTemplateName="web", LaunchTemplateData={"InstanceType": "t3.micro"})
    aws.ec2.create_launch_template_version(LaunchTemplateName="web", LaunchTemplateData={"InstanceType": "t3.small"})
    answer = aws.ec2.delete_launch_template_versions(LaunchTemplateName="web", Versions=["1", "2", "9"])
    deleted = answer["SuccessfullyDeletedLaunchTemplateVersions"]
    assert [one["VersionNumber"] for one in deleted] == [2]
    kept = answer["UnsuccessfullyDeletedLaunchTemplateVersions"]
    assert [(one["VersionNumber"], one["ResponseError"]["Code"]) for one in kept] == [
        (1, "unexpectedError"), (9, "launchTemplateVersionDoesNotExist")]
    told = aws.ec2.describe_launch_template_versions(LaunchTemplateName="web")["LaunchTemplateVersions"]
    assert [one["VersionNumber"] for one in told] == [1]


def test_an_instance_by_template(aws):
    net = aws.network("10.0.1.0/24")
    data = {"ImageId": IMAGE, "InstanceType": "t3.micro", "SecurityGroupIds": [net.group], "UserData": DATA["UserData"],
            "TagSpecifications": DATA["TagSpecifications"]}
    made = create(aws, data=data)
    run = lambda **more: aws.ec2.run_instances(     # noqa: E731
        MinCount=1, MaxCount=1, SubnetId=net.subnets[0], LaunchTemplate={"LaunchTemplateName": "web"}, **more)
    instance = run()["Instances"][0]
    assert instance["InstanceType"] == "t3.micro"
    assert [group["GroupId"] for group in instance["SecurityGroups"]] == [net.group]
    told = aws.ec2.describe_instance_attribute(InstanceId=instance["InstanceId"], Attribute="userData")
    assert told["UserData"]["Value"] == DATA["UserData"]
    assert {tag["Key"]: tag["Value"] for tag in instance["Tags"]} == {
        "k": "v", "aws:ec2launchtemplate:id": made["LaunchTemplateId"], "aws:ec2launchtemplate:version": "1"}
    assert run(InstanceType="t3.small")["Instances"][0]["InstanceType"] == "t3.small"
    aws.ec2.delete_launch_template(LaunchTemplateName="web")
    again = aws.ec2.describe_instances(InstanceIds=[instance["InstanceId"]])
    assert again["Reservations"][0]["Instances"][0]["Tags"] == instance["Tags"], "it stays as it was launched"


def test_a_launch_tells_what_of_its_template_has_no_effect(aws):
    create(aws, data={"ImageId": IMAGE, "InstanceType": "t3.micro", "EbsOptimized": True, "MetadataOptions": {"HttpTokens": "required"}})
    told = lambda: sorted(event["message"] for event in aws.events() if event["kind"] == "ParameterIgnored")   # noqa: E731
    assert told() == [], "the template is told as it was given"
    aws.ec2.run_instances(MinCount=1, MaxCount=1, LaunchTemplate={"LaunchTemplateName": "web"})
    assert [message.split(" ")[0] for message in told()] == [
        "LaunchTemplateData.EbsOptimized", "LaunchTemplateData.MetadataOptions"]


def test_a_client_token_of_a_template_may_be_long(aws):
    token = "t" * 128
    assert create(aws, ClientToken=token) == create(aws, ClientToken=token)
    with refused("InvalidParameterValue",
                 f"Value ({token}t) for parameter clientToken is invalid. Expecting at most 128 ASCII characters."):
        create(aws, ClientToken=token + "t")


@pytest.mark.parametrize("call, arguments, code, text", [
    ("delete_launch_template", {"LaunchTemplateName": "none"}, "InvalidLaunchTemplateName.NotFoundException",
     "The specified launch template, with template name none, does not exist."),
    ("delete_launch_template", {"LaunchTemplateId": "lt-07ff4bb0369cd679c"}, "InvalidLaunchTemplateId.NotFound",
     "The specified launch template, with template ID lt-07ff4bb0369cd679c, does not exist."),
    ("describe_launch_templates", {"LaunchTemplateNames": ["none"]}, "InvalidLaunchTemplateName.NotFoundException",
     "At least one of the launch templates specified in the request does not exist."),
    ("create_launch_template", {"LaunchTemplateName": "web", "LaunchTemplateData": {"EbsOptimized": True}},
     "InvalidLaunchTemplateName.AlreadyExistsException", "Launch template name already in use."),
    ("modify_launch_template", {"LaunchTemplateName": "web", "DefaultVersion": "2"},
     "InvalidLaunchTemplateId.VersionNotFound",
     "The launch template version 2 is not found for the specified launch template."),
])
def test_what_is_refused(aws, call, arguments, code, text):
    create(aws)
    with refused(code, text):
        getattr(aws.ec2, call)(**arguments)
