"""Systems Manager: the public parameters that name images, and instances launched by them."""

import pytest

from mockplane import refused

LINUX = "/aws/service/ami-amazon-linux-latest"
KERNEL = f"{LINUX}/al2023-ami-kernel-6.1-x86_64"


def test_a_public_parameter_names_an_image(aws):
    ssm = aws.client("ssm")
    told = ssm.get_parameter(Name=KERNEL, WithDecryption=True)["Parameter"]
    assert (told["Name"], told["Type"], told["Version"]) == (KERNEL, "String", 1)
    assert told["ARN"] == f"arn:aws:ssm:us-east-1::parameter{KERNEL}"
    image, = aws.ec2.describe_images(ImageIds=[told["Value"]])["Images"]
    assert image["Architecture"] == "x86_64"
    assert told["LastModifiedDate"].strftime("%Y-%m-%dT%H:%M:%S.000Z") == image["CreationDate"]
    by_name = aws.ec2.describe_images(Filters=[{"Name": "public-ssm-parameter-name", "Values": [KERNEL]}])["Images"]
    assert by_name == [image]
    other = aws.client("ssm", "eu-west-1").get_parameter(Name=KERNEL)["Parameter"]
    assert other["Value"] != told["Value"], "each region has its own"
    china = aws.client("ssm", "cn-north-1").get_parameter(Name=KERNEL)["Parameter"]
    assert china["ARN"].startswith("arn:aws-cn:ssm:cn-north-1::parameter/")


def test_every_public_parameter_names_an_image(aws):
    pages = aws.client("ssm").get_paginator("get_parameters_by_path").paginate(
        Path="/aws/service", Recursive=True, PaginationConfig={"PageSize": 4})
    rows = [row for page in pages for row in page["Parameters"]]
    assert len(rows) > 8 and rows == sorted(rows, key=lambda row: row["Name"])
    ids = {row["Value"] for row in rows}
    assert {image["ImageId"] for image in aws.ec2.describe_images(ImageIds=sorted(ids))["Images"]} == ids


def test_several_parameters(aws):
    told = aws.client("ssm").get_parameters(Names=["none", KERNEL, f"{KERNEL}:2"])
    assert [row["Name"] for row in told["Parameters"]] == [KERNEL]
    assert told["InvalidParameters"] == [f"{KERNEL}:2", "none"]


@pytest.mark.parametrize("name, code, text", [
    ("none", "ParameterNotFound", ""),
    (f"{KERNEL}:7", "ParameterVersionNotFound",
     f"Systems Manager could not find version 7 of {KERNEL}. Verify the version and try again."),
    ("{test}-test", "ValidationException",
     'Parameter name: can\'t be prefixed with "ssm" (case-insensitive). If formed as a path, it can consist of '
     "sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, numbers and the following 3 "
     "symbols .-_"),
    ("x" * 2049, "ValidationException",
     f"1 validation error detected: Value '{'x' * 2049}' at 'name' failed to satisfy constraint: Member must have "
     "length less than or equal to 2048"),
])
def test_what_is_refused(aws, name, code, text):
    with refused(code, status=400) as seen:
        aws.raw("ssm").get_parameter(Name=name)
    assert seen.value.response["Error"].get("Message", "") == text


def test_paths_are_checked(aws):
    ssm = aws.client("ssm")
    with refused("ValidationException", lambda text: 'must begin with a forward slash "/"' in text):
        ssm.get_parameters_by_path(Path="mine")
    with refused("InvalidFilterKey", lambda text: "Name" in text):
        ssm.get_parameters_by_path(Path=LINUX, ParameterFilters=[{"Key": "Name", "Values": ["x"]}])
    with refused("InvalidNextToken"):
        ssm.get_parameters_by_path(Path=LINUX, NextToken="!")


def test_an_account_cannot_make_parameters_yet(aws):
    with refused("NotImplemented", lambda text: "PutParameter" in text, status=501):
        aws.client("ssm").put_parameter(Name="mine", Value="x", Type="String")


def test_an_instance_of_a_parameter(aws):
    wanted = aws.client("ssm").get_parameter(Name=KERNEL)["Parameter"]["Value"]
    for version in ("", ":1"):
        made, = aws.ec2.run_instances(
            ImageId=f"resolve:ssm:{KERNEL}{version}", InstanceType="t3.micro", MinCount=1, MaxCount=1)["Instances"]
        assert made["ImageId"] == wanted
    with refused("SsmInvalidParameter", "The following aliases are invalid: /aws/service/none"):
        aws.ec2.run_instances(ImageId="resolve:ssm:/aws/service/none", MinCount=1, MaxCount=1)
