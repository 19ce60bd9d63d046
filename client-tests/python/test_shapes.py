"""What looks at every answer (shapes.py) finds what is wrong with one."""

import json

import botocore.session
import pytest
import shapes
from mockplane import WATCH, refused

_session = botocore.session.Session()
_models = {}


def operation(service, name):
    model = _models.setdefault(service, _session.get_service_model(service))
    return model.operation_model(name)


def problems(service, name, body, status=200, headers=()):
    body = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()
    return shapes.check(operation(service, name), status, dict(headers), body)


ARN = "arn:aws:sagemaker:us-east-1:123456789012:model/m"
MODEL = {
    "ModelName": "m", "ModelArn": ARN, "CreationTime": 1.5,
    "VpcConfig": {"Subnets": ["subnet-1"], "SecurityGroupIds": ["sg-1"]},
    "PrimaryContainer": {"Image": "i", "Mode": "SingleModel", "Environment": {"A": "b"}},
}
# What is changed of a good description of a model, and what has to be said of it; `None` takes a member away.
JSON = {
    "unknown member": ({"Extra": 1}, "has no member Extra"),
    "unknown member inside": ({"VpcConfig": {**MODEL["VpcConfig"], "Vpc": "v"}}, "VpcConfig: VpcConfig has no member"),
    "required member": ({"CreationTime": None}, "CreationTime: has to be there"),
    "required member inside": ({"VpcConfig": {"Subnets": ["subnet-1"]}}, "VpcConfig.SecurityGroupIds: has to be there"),
    "null": ({"ExecutionRoleArn": ...}, "null is no string"),
    "enum": ({"PrimaryContainer": {"Mode": "Double"}}, "'Double' is none of"),
    "pattern": ({"ModelName": "-m"}, "does not match"),
    "length": ({"ModelName": "m" * 64}, "length 64 is above 63"),
    "count": ({"VpcConfig": {"Subnets": [], "SecurityGroupIds": ["sg-1"]}}, "count 0 is below 1"),
    "string": ({"ModelName": 5}, "5 is no string"),
    "boolean": ({"EnableNetworkIsolation": "true"}, '"true" is no boolean'),
    "time": ({"CreationTime": "2026-01-01T00:00:00Z"}, "is no timestamp"),
    "list": ({"Containers": {}}, "{} is no list"),
    "map": ({"PrimaryContainer": {"Environment": []}}, "[] is no map"),
    "key of a map": ({"PrimaryContainer": {"Environment": {"1": "b"}}}, "'1' does not match"),
    "structure": ({"VpcConfig": []}, "[] is no structure"),
}


def test_a_good_answer_of_json_has_no_problem():
    assert problems("sagemaker", "DescribeModel", MODEL) == []


@pytest.mark.parametrize("case", JSON)
def test_what_is_wrong_with_json_is_found(case):
    change, said = JSON[case]
    body = {**MODEL, **change}
    body = {key: None if value is ... else value for key, value in body.items() if value is not None}
    found = problems("sagemaker", "DescribeModel", body)
    assert len(found) == 1 and said in found[0], found


def test_numbers_are_numbers_within_bounds():
    def of(count):
        return problems("sagemaker", "DescribeTransformJob", {"TransformResources": {"InstanceCount": count}})

    assert not any("InstanceCount" in one for one in of(1))
    for count, said in [(0, "value 0 is below 1"), (True, "true is no number"), ("1", '"1" is no integer'),
                        (1.5, "1.5 is no integer"), (2 ** 31, "more than 32 bits")]:
        assert any("InstanceCount" in one and said in one for one in of(count)), (count, of(count))


VPCS = """<DescribeVpcsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>r</requestId><vpcSet><item>
<vpcId>vpc-1</vpcId><state>available</state><isDefault>true</isDefault></item></vpcSet></DescribeVpcsResponse>"""
XML = {
    "unknown member": ("<vpcSet>", "<extra/><vpcSet>", "has no member extra"),
    "unknown member inside": ("<vpcId>", "<x>1</x><vpcId>", "has no member x"),
    "enum": ("available", "ready", "'ready' is none of"),
    "boolean": ("true", "yes", "'yes' is no boolean"),
    "element of a list": ("item>", "member>", "is called member where item is expected"),
    "twice": ("<vpcId>", "<vpcId>v</vpcId><vpcId>", "is there 2 times"),
    "children of a text": ("vpc-1", "<a/>", "where a string is expected"),
    "root": ("DescribeVpcsResponse", "DescribeVpcs", "the root is"),
    "no document": ("</DescribeVpcsResponse>", "", "cannot be read"),
}


def test_a_good_answer_of_ec2_has_no_problem():
    assert problems("ec2", "DescribeVpcs", VPCS) == []


@pytest.mark.parametrize("case", XML)
def test_what_is_wrong_with_xml_is_found(case):
    old, new, said = XML[case]
    found = problems("ec2", "DescribeVpcs", VPCS.replace(old, new))
    assert len(found) == 1 and said in found[0], found


def test_answers_of_the_query_protocol_are_in_their_wrapper():
    good = ("<GetCallerIdentityResponse><GetCallerIdentityResult><Account>123456789012</Account>"
            "</GetCallerIdentityResult><ResponseMetadata/></GetCallerIdentityResponse>")
    assert problems("sts", "GetCallerIdentity", good) == []
    for old, new, said in [
        ("GetCallerIdentityResult", "Result", "no GetCallerIdentityResult"),
        ("<Account>", "<Extra/><Account>", "has no member Extra"),
        ("<ResponseMetadata/>", "", "no ResponseMetadata"),
    ]:
        assert any(said in one for one in problems("sts", "GetCallerIdentity", good.replace(old, new))), said


def test_requirements_hold_in_xml_too():
    user = "<Path>/</Path><UserName>u</UserName><UserId>AIDA0123456789ABCDEF</UserId>"
    body = ("<GetUserResponse><GetUserResult><User>{}</User></GetUserResult><ResponseMetadata/></GetUserResponse>")
    assert problems("iam", "GetUser", body.format(user)) == ["User.Arn: has to be there"]
    body = body.replace("GetUser", "CreateUser")
    found = problems("iam", "CreateUser", body.format(user))
    assert sorted(found) == ["User.Arn: has to be there", "User.CreateDate: has to be there"]


def test_leeway_is_given_to_what_it_names_only():
    gateway = """<DescribeInternetGatewaysResponse><internetGatewaySet><item><attachmentSet><item><state>{}</state></item>
    </attachmentSet></item></internetGatewaySet></DescribeInternetGatewaysResponse>"""
    assert problems("ec2", "DescribeInternetGateways", gateway.format("available")) == []
    assert len(problems("ec2", "DescribeInternetGateways", gateway.format("ready"))) == 1
    for row in shapes.LEEWAY:
        model = _session.get_service_model(row["service"])
        assert row["why"]
        if "operation" in row:
            assert row["operation"] in model.operation_names
            assert all(name in model.operation_model(row["operation"]).output_shape.members or name[0].isupper()
                       for name in row.get("members", []))
        elif "shape" in row:
            assert not set(row["values"]) & set(model.shape_for(row["shape"]).enum)


def test_patterns_of_java_are_read():
    for java, good, bad in [
        (r"\p{ASCII}*", "a/b", "é"), (r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*", "a b:é", "#"), (r"[\w+=,.@-]+", "a@b", "a b"),
        (r"[\u0009\u000A\u000D\u0020-\u00FF]+", "a\tb", "\u0100"), (r"\x{41}\z", "A", "B"),
    ]:
        assert shapes._pattern(java).fullmatch(good) and not shapes._pattern(java).fullmatch(bad), java


def test_headers_and_bodies_of_rest_are_looked_at():
    assert problems("s3", "HeadObject", b"", headers={"Content-Length": "5", "ETag": "e"}) == []
    found = problems("s3", "HeadObject", b"", headers={"Content-Length": "x", "x-amz-storage-class": "COLD"})
    assert sorted(one.partition(":")[0] for one in found) == ["ContentLength", "StorageClass"]
    listed = "<ListBucketResult><Contents><Key>k</Key>{}</Contents></ListBucketResult>"
    assert problems("s3", "ListObjectsV2", listed.format("<Size>1</Size>")) == []
    assert problems("s3", "ListObjectsV2", listed.format("<Sise>1</Sise>")) == [
        "Contents[0]: Object has no member Sise"]


def test_refusals_have_declared_codes():
    def of(service, name, code, status=400):
        return problems(service, name, {"__type": code, "message": "m"}, status)

    assert of("sagemaker", "CreateTrainingJob", "ResourceInUse") == []
    assert of("sagemaker", "CreateTrainingJob", "ValidationException") == []
    assert of("sagemaker", "CreateTrainingJob", "NotImplemented", 501) == []
    assert of("sagemaker", "CreateModel", "ResourceInUse") == ["the answer: CreateModel does not declare ResourceInUse"]
    assert of("sagemaker", "CreateModel", "NotImplemented") == ["the answer: NotImplemented with status 400"]
    assert problems("sagemaker", "CreateModel", {"message": "m"}, 400) == ["the answer: a refusal (400) without a code"]
    extra = {"__type": "ResourceInUse", "message": "m", "Extra": 1}
    assert problems("sagemaker", "CreateTrainingJob", extra, 400) == ["the answer: ResourceInUse has no member Extra"]
    gone = "<ErrorResponse><Error><Code>{}</Code></Error></ErrorResponse>"
    assert problems("iam", "GetUser", gone.format("NoSuchEntity"), 404) == []
    assert problems("iam", "GetUser", gone.format("Gone"), 404) == ["the answer: GetUser does not declare Gone"]
    gone = "<Response><Errors><Error><Code>{}</Code></Error></Errors></Response>"
    assert problems("ec2", "DescribeVpcs", gone.format("InvalidVpcID.NotFound"), 400) == []
    assert problems("ec2", "DescribeVpcs", gone.format("no code"), 400) == ["the answer: 'no code' is no code"]


def test_every_client_is_watched(aws):
    """The clients that tests use are looked at, those that check nothing themselves too."""
    before = WATCH.looked_at
    aws.ec2.describe_vpcs()
    aws.raw("sagemaker").list_models()
    with refused("NoSuchEntity", status=404):
        aws.iam.get_user(UserName="nobody")
    aws.client("s3", s3={"addressing_style": "path"}).list_buckets()
    assert WATCH.looked_at == before + 4
