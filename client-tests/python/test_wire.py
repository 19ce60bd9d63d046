"""The wire: how a request finds its service, what bad input gets, and that none of it harms the server."""

import gzip
import json
import re
import time
import xml.etree.ElementTree as ET

import pytest

from mockplane import Account, Server, job_request, refused
from rawhttp import Closed, Connection, authorization, call, ec2, query, request, target, timed

UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"


@pytest.fixture(scope="module")
def server():
    """A server of its own: what happens here must not touch the other suites."""
    with Server() as running:
        yield running
        assert "panicked at" not in running.log_text()


@pytest.fixture(autouse=True)
def unharmed(server):
    """After every test: alive, quick, one account's world as it was."""
    witness = Account(server, "299999999999")
    before = witness.ec2.describe_vpcs()["Vpcs"]
    yield
    assert server.alive(), server.log_text()[-4000:]
    after, seconds = timed(lambda: witness.ec2.describe_vpcs()["Vpcs"])
    assert after == before and seconds < 2


def error(reply):
    """Code and message of any of the AWS error shapes; asserts that it is one."""
    assert reply.status >= 400, reply
    if reply.headers["content-type"].startswith(("application/x-amz-json", "application/json")):
        body = json.loads(reply.body)
        code = body.get("__type") or reply.headers.get("x-amzn-errortype")
        assert code and re.fullmatch(UUID, reply.headers["x-amzn-requestid"]), reply
        return code, body.get("message") or body.get("Message")
    assert reply.headers["content-type"].startswith("text/xml"), reply
    root = ET.fromstring(reply.body)
    plain = {e.tag.rpartition("}")[2]: e.text for e in root.iter()}
    assert re.fullmatch(UUID, plain.get("RequestID") or plain.get("RequestId") or ""), reply
    return plain["Code"], plain["Message"]


def refusal_or_close(reply):
    """Bad input may be answered or the connection closed; never a success, never a 5xx but 501."""
    if reply is not None:
        assert 400 <= reply.status < 500 or reply.status == 501, reply


# Well-formed things that SDKs do

def test_gzip_bodies(server, aws):
    plain = ec2(aws.number, "CreateVpc", "&CidrBlock=10.0.0.0/16")
    head, body = plain.split(b"\r\n\r\n", 1)
    assert b"CidrBlock" in body
    packed = gzip.compress(body)
    reply = call(server, query(aws.number, "ec2", packed, **{"content-encoding": "gzip"}))
    assert reply.status == 200 and b"<cidrBlock>10.0.0.0/16</cidrBlock>" in reply.body, reply
    reply = call(server, target(
        aws.number, "sagemaker", "SageMaker.ListTrainingJobs", gzip.compress(b"{}"), **{"content-encoding": "gzip"}))
    assert reply.status == 200 and json.loads(reply.body) == {"TrainingJobSummaries": []}, reply


def test_broken_gzip(server, aws):
    packed = gzip.compress(b"Action=DescribeVpcs&Version=2016-11-15")
    for body in (b"not gzip", packed[:-6], packed[:10]):
        reply = call(server, query(aws.number, "ec2", body, **{"content-encoding": "gzip"}))
        error(reply)
        assert reply.status == 400


def test_a_gzip_bomb_is_refused_in_bounded_memory(server, aws):
    before = server.resident_mib()
    body = gzip.compress(b"Action=DescribeVpcs&Version=2016-11-15&x=" + b"a" * (300 << 20), 6)
    refusal_or_close(call(server, query(aws.number, "ec2", body, **{"content-encoding": "gzip"})))
    assert server.resident_mib() - before < 150


def test_expect_100_continue(server, aws):
    body = b"Action=DescribeVpcs&Version=2016-11-15"
    head = request(b"", {
        "authorization": authorization(aws.number, "ec2"), "content-type": "application/x-www-form-urlencoded",
        "expect": "100-continue", "content-length": str(len(body))})
    with Connection(server) as connection:
        assert connection.call(head).status == 100
        assert connection.call(body).status == 200


def test_keep_alive_and_pipelining(server, aws):
    one = ec2(aws.number, "DescribeVpcs")
    with Connection(server) as connection:
        for _ in range(3):
            assert connection.call(one).status == 200
        assert connection.call(ec2(aws.number, "Nonsense")).status == 400
        assert connection.call(one).status == 200
        connection.send(one * 5)
        assert [connection.receive().status for _ in range(5)] == [200] * 5


def test_chunked_request_bodies(server, aws):
    body = b"Action=DescribeVpcs&Version=2016-11-15"
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:7], body[7:], b""))
    head = request(b"", {
        "authorization": authorization(aws.number, "ec2"), "content-type": "application/x-www-form-urlencoded",
        "transfer-encoding": "chunked"})
    assert call(server, head + chunks).status == 200


def test_answers_carry_what_sdks_read(server, aws):
    reply = call(server, ec2(aws.number, "DescribeVpcs"))
    assert reply.headers["content-type"] == "text/xml;charset=UTF-8"
    assert re.fullmatch(UUID, reply.headers["x-amzn-requestid"])
    assert ET.fromstring(reply.body).tag == "{http://ec2.amazonaws.com/doc/2016-11-15/}DescribeVpcsResponse"
    assert f"<requestId>{reply.headers['x-amzn-requestid']}</requestId>" in reply.text
    reply = call(server, query(aws.number, "sts", "Action=GetCallerIdentity&Version=2011-06-15"))
    assert reply.headers["content-type"].startswith("text/xml")
    assert ET.fromstring(reply.body).tag == "{https://sts.amazonaws.com/doc/2011-06-15/}GetCallerIdentityResponse"
    reply = call(server, target(aws.number, "sagemaker", "SageMaker.ListTrainingJobs", "{}"))
    assert reply.headers["content-type"] == "application/x-amz-json-1.1"
    assert re.fullmatch(UUID, reply.headers["x-amzn-requestid"])


def test_a_query_call_may_be_a_get(server, aws):
    path = "/?Action=DescribeVpcs&Version=2016-11-15"
    reply = call(server, request(method="GET", path=path, headers={"authorization": authorization(aws.number, "ec2")}))
    assert reply.status == 200 and b"<vpcId>" in reply.body


# Which service, region and account

def test_the_service_of_an_unsigned_call(server):
    form = {"content-type": "application/x-www-form-urlencoded"}
    reply = call(server, request("Action=DescribeVpcs&Version=2016-11-15", form))
    assert reply.status == 200 and b"DescribeVpcsResponse" in reply.body
    reply = call(server, request("Action=ListRoles&Version=2010-05-08", form))
    assert reply.status == 200 and b"ListRolesResponse" in reply.body
    reply = call(server, request("Action=GetCallerIdentity&Version=2011-06-15", form))
    assert reply.status == 200 and b"<Account>123456789012</Account>" in reply.body
    reply = call(server, request("{}", {
        "content-type": "application/x-amz-json-1.1", "x-amz-target": "SageMaker.ListTrainingJobs"}))
    assert reply.status == 200 and "TrainingJobSummaries" in reply.text
    code, message = error(call(server, request("{}", {
        "content-type": "application/x-amz-json-1.1", "x-amz-target": "Logs_20140328.DescribeDeliveries"})))
    assert code == "NotImplemented" and "DescribeDeliveries" in message


def test_the_service_of_a_host(server):
    reply = call(server, request("Action=DescribeAvailabilityZones", {
        "host": "ec2.us-east-1.amazonaws.com", "content-type": "application/x-www-form-urlencoded"}))
    assert reply.status == 200 and b"DescribeAvailabilityZonesResponse" in reply.body, reply


def test_the_scope_names_region_and_account(server, aws):
    reply = call(server, ec2(aws.number, "DescribeAvailabilityZones", region="eu-west-1"))
    assert b"eu-west-1a" in reply.body and b"us-east-1a" not in reply.body
    reply = call(server, query(aws.number, "sts", "Action=GetCallerIdentity&Version=2011-06-15"))
    assert f"<Account>{aws.number}</Account>" in reply.text


def test_a_presigned_query_call(server, aws):
    path = ("/?Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Algorithm=AWS4-HMAC-SHA256"
            f"&X-Amz-Credential={aws.number}%2F20260105%2Fus-east-1%2Fsts%2Faws4_request"
            f"&X-Amz-Date=20260105T090000Z&X-Amz-Expires=3600&X-Amz-SignedHeaders=host&X-Amz-Signature={'0' * 64}")
    reply = call(server, request(method="GET", path=path))
    assert reply.status == 200 and f"<Account>{aws.number}</Account>" in reply.text, reply


def test_an_unknown_service(server, aws):
    reply = call(server, target(aws.number, "dynamodb", "DynamoDB_20120810.ListTables", "{}"))
    refusal_or_close(reply)
    assert reply.status in (400, 404, 501)
    reply = call(server, request("hello"))
    assert reply.status in (400, 403, 404)


@pytest.mark.parametrize("service, operation, arguments", [
    ("ec2", "describe_reserved_instances", {}),
    ("sagemaker", "list_workforces", {}),
    ("iam", "list_saml_providers", {}),
    ("sts", "assume_root", {"TargetPrincipal": "111122223333", "TaskPolicyArn": {
        "arn": "arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials"}}),
    ("logs", "describe_deliveries", {}),
])
def test_an_operation_without_code_says_so(aws, service, operation, arguments):
    client = aws.client(service)
    name = client.meta.method_to_api_mapping[operation]
    with refused("NotImplemented", lambda text: name in text, status=501):
        getattr(client, operation)(**arguments)


# Malformed

def test_unknown_operations(server, aws):
    assert error(call(server, ec2(aws.number, "DescribeTeapots"))) == (
        "InvalidAction", "The action DescribeTeapots is not valid for this web service.")
    code, _ = error(call(server, query(aws.number, "iam", "Action=ListTeapots&Version=2010-05-08")))
    assert code == "InvalidAction"
    code, _ = error(call(server, target(aws.number, "sagemaker", "SageMaker.ListTeapots", "{}")))
    assert code == "UnknownOperationException"


def test_no_action(server, aws):
    for body in ("", "Version=2016-11-15", "&&&", "=", "Action="):
        code, _ = error(call(server, query(aws.number, "ec2", body)))
        assert code in ("MissingAction", "InvalidAction", "MissingParameter"), code


@pytest.mark.parametrize("body", [
    "{", "[]", "null", "1", '"text"', "{\"TrainingJobName\":", "{\"a\":1,}", "<xml/>", "\x00", "{\"TrainingJobName\": \"\\ud800\"}",
])
def test_bodies_that_are_not_json_objects(server, aws, body):
    code, _ = error(call(server, target(aws.number, "sagemaker", "SageMaker.DescribeTrainingJob", body)))
    assert code in ("SerializationException", "ValidationException")


def test_json_of_the_wrong_type(server, aws):
    for body in ({"TrainingJobName": 5}, {"TrainingJobName": ["a"]}, {"TrainingJobName": {"a": 1}}, {"TrainingJobName": True}):
        code, _ = error(call(server, target(aws.number, "sagemaker", "SageMaker.DescribeTrainingJob", json.dumps(body))))
        assert code == "SerializationException"


def test_an_empty_json_body_is_an_empty_object(server, aws):
    reply = call(server, target(aws.number, "sagemaker", "SageMaker.ListTrainingJobs", ""))
    assert reply.status == 200, reply


def test_unknown_json_members_are_ignored(server, aws):
    reply = call(server, target(aws.number, "sagemaker", "SageMaker.ListTrainingJobs", '{"Teapot": {"a": [1, null]}}'))
    assert reply.status == 200, reply


def test_unknown_query_parameters(server, aws):
    code, message = error(call(server, ec2(aws.number, "CreateVpc", "&CidrBlock=10.0.0.0/16&Teapot=1")))
    assert (code, message) == ("UnknownParameter", "The parameter Teapot is not recognized")
    assert len(aws.ec2.describe_vpcs()["Vpcs"]) == 1


def test_wrong_content_types(server, aws):
    for content_type in ("text/plain", "application/json", "image/png", "", "application/x-www-form-urlencoded;;;="):
        reply = call(server, request("Action=DescribeVpcs&Version=2016-11-15", {
            "authorization": authorization(aws.number, "ec2"), "content-type": content_type}))
        assert reply.status == 200 or error(reply), reply
        reply = call(server, request("{}", {
            "authorization": authorization(aws.number, "sagemaker"), "content-type": content_type,
            "x-amz-target": "SageMaker.ListTrainingJobs"}))
        assert reply.status == 200 or error(reply), reply


def test_bad_utf8(server, aws):
    for parameters in ("&CidrBlock=%FF%FE", "&CidrBlock=%C3%28", "&%80%81=x", "&CidrBlock=%"):
        reply = call(server, ec2(aws.number, "CreateVpc", parameters))
        assert reply.status == 400 and error(reply)
    reply = call(server, query(aws.number, "ec2", b"Action=CreateVpc&Version=2016-11-15&CidrBlock=\xff\xfe"))
    assert reply.status == 400 and error(reply)
    reply = call(server, target(
        aws.number, "sagemaker", "SageMaker.DescribeTrainingJob", b'{"TrainingJobName": "\xff\xfe"}'))
    assert reply.status == 400 and error(reply)


def test_control_characters_come_back_as_valid_xml(server, aws):
    reply = call(server, ec2(aws.number, "DescribeVpcs", "&VpcId.1=%00%01%0B%3C%26"))
    assert reply.status == 400 and error(reply)


def test_deep_nesting(server, aws):
    for depth in (200, 100_000, 1_000_000):
        for body in ("[" * depth, '{"a":' * depth, '{"InputDataConfig":' + "[" * depth + "]" * depth + "}"):
            reply = call(server, target(aws.number, "sagemaker", "SageMaker.CreateTrainingJob", body))
            refusal_or_close(reply)
    reply = call(server, ec2(aws.number, "DescribeVpcs", "&" + "Filter.1." * 20_000 + "Name=x"))
    refusal_or_close(reply)


def test_huge_lists(server, aws):
    before = server.resident_mib()
    reply = call(server, ec2(aws.number, "DescribeVpcs", "".join(f"&VpcId.{n}=vpc-{n}" for n in range(1, 100_001))))
    refusal_or_close(reply)
    reply = call(server, target(
        aws.number, "sagemaker", "SageMaker.CreateTrainingJob",
        json.dumps({"TrainingJobName": "x", "HyperParameters": {f"k{n}": "v" for n in range(100_000)}})))
    refusal_or_close(reply)
    for parameters in ("&VpcId.4294967295=a", "&VpcId.99999999999999999999=a", "&VpcId.-1=a", "&VpcId.x=a", "&VpcId.0=a"):
        refusal_or_close(call(server, ec2(aws.number, "DescribeVpcs", parameters)))
    assert server.resident_mib() - before < 200


def test_ten_megabytes(server, aws):
    before = server.resident_mib()
    big = "x" * (10 << 20)
    for data in (
        query(aws.number, "ec2", big),
        ec2(aws.number, "CreateVpc", "&CidrBlock=" + big),
        target(aws.number, "sagemaker", "SageMaker.DescribeTrainingJob", json.dumps({"TrainingJobName": big})),
        target(aws.number, "sagemaker", "SageMaker.DescribeTrainingJob", big),
    ):
        for _ in range(3):
            reply, seconds = timed(lambda: call(server, data))
            refusal_or_close(reply)
            assert seconds < 10
            if reply is not None:
                assert len(reply.body) < 64 << 10, "an error does not repeat the whole input"
    assert server.resident_mib() - before < 200


def test_more_than_any_limit(server, aws):
    """A body announced as enormous is refused without waiting for it."""
    head = request(b"", {
        "authorization": authorization(aws.number, "ec2"), "content-type": "application/x-www-form-urlencoded",
        "content-length": str(10 << 30)})
    reply, seconds = timed(lambda: call(server, head))
    refusal_or_close(reply)
    assert seconds < 5


def test_large_heads(server, aws):
    before = server.resident_mib()
    for headers in ({"x-big": "a" * (1 << 20)}, {f"x-{n}": "a" for n in range(2_000)}):
        reply = call(server, ec2(aws.number, "DescribeVpcs", **headers))
        assert reply is None or reply.status in (400, 431), reply
    reply = call(server, request(method="GET", path="/?" + "a" * (1 << 20)))
    assert reply is None or reply.status in (400, 414, 431), reply
    assert server.resident_mib() - before < 100


def test_not_http(server):
    for data in (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 500, b"hello\r\n\r\n", b"\x00" * 100 + b"\r\n\r\n",
                 b"GET / HTTP/9.9\r\n\r\n", b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: -5\r\n\r\n",
                 b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello"):
        reply = call(server, data, timeout=5)
        assert reply is None or reply.status in (400, 404, 501, 505), reply


def test_half_sent_requests(server, aws):
    whole = ec2(aws.number, "CreateVpc", "&CidrBlock=10.0.0.0/16")
    for cut in (1, 10, 60, len(whole) - 1):
        for _ in range(20):
            with Connection(server) as connection:
                connection.send(whole[:cut])
    time.sleep(0.2)
    assert len(aws.ec2.describe_vpcs()["Vpcs"]) == 1


def test_clients_that_leave_before_the_answer(server, aws):
    for _ in range(50):
        with Connection(server) as connection:
            connection.send(ec2(aws.number, "DescribeVpcs"))


def test_slow_clients_do_not_slow_others(server, aws):
    whole = ec2(aws.number, "DescribeVpcs")
    slow = [Connection(server) for _ in range(100)]
    try:
        for byte in range(20):
            for connection in slow:
                connection.send(whole[byte:byte + 1])
        _, seconds = timed(lambda: [call(server, whole).status for _ in range(20)])
        assert seconds < 2
        for connection in slow:
            assert connection.call(whole[20:]).status == 200
    finally:
        for connection in slow:
            connection.socket.close()


def test_many_idle_connections(server, aws):
    before = server.resident_mib()
    idle = [Connection(server) for _ in range(500)]
    try:
        assert call(server, ec2(aws.number, "DescribeVpcs")).status == 200
        assert server.resident_mib() - before < 50
    finally:
        for connection in idle:
            connection.socket.close()


def test_a_failed_call_leaves_no_trace(server, aws):
    network = aws.vpc()
    state = lambda: [aws.ec2.describe_vpcs()["Vpcs"], aws.ec2.describe_subnets()["Subnets"]]  # noqa: E731
    before = state()
    for parameters in (f"&VpcId={network}&CidrBlock=10.0.1.0%2F24&AvailabilityZone=nowhere",
                       f"&VpcId={network}&CidrBlock=192.168.0.0%2F24", f"&VpcId={network}", "&CidrBlock=10.0.1.0%2F24"):
        assert call(server, ec2(aws.number, "CreateSubnet", parameters)).status == 400
    assert state() == before


def test_the_connection_survives_refusals(server, aws):
    with Connection(server) as connection:
        for _ in range(100):
            assert connection.call(target(aws.number, "sagemaker", "SageMaker.DescribeTrainingJob", "{")).status == 400
        assert connection.call(ec2(aws.number, "DescribeVpcs")).status == 200


def test_sigterm_lets_a_request_finish():
    with Server() as own:
        with Connection(own) as connection:
            whole = ec2("212121212121", "DescribeVpcs")
            assert connection.call(whole).status == 200
            connection.send(whole[:-5])
            begin = time.monotonic()
            own.process.terminate()
            time.sleep(0.1)
            connection.send(whole[-5:])
            try:
                assert connection.receive().status == 200
            except Closed:
                pass
        assert own.stop() in (0, -15)
        assert time.monotonic() - begin < 10


# Validation: the service's own words, where SDKs would stop earlier

JOB = "SageMaker.CreateTrainingJob"


def job_error(aws, **changes):
    body = job_request("valid", f"arn:aws:iam::{aws.number}:role/r")
    for member, value in changes.items():
        if value is None:
            body.pop(member, None)
        else:
            body[member] = value
    return error(call(aws.server, target(aws.number, "sagemaker", JOB, json.dumps(body))))


def one_error(text):
    return "ValidationException", f"1 validation error detected: {text}"


def test_required_members(aws):
    assert job_error(aws, RoleArn=None) == one_error(
        "Value null at 'roleArn' failed to satisfy constraint: Member must not be null")
    code, message = job_error(aws, RoleArn=None, OutputDataConfig=None)
    assert code == "ValidationException" and message.startswith("2 validation errors detected: ")
    parts = message.removeprefix("2 validation errors detected: ").split("; ")
    assert sorted(parts) == [
        f"Value null at '{member}' failed to satisfy constraint: Member must not be null"
        for member in ("outputDataConfig", "roleArn")]


def test_patterns(aws):
    code, message = job_error(aws, TrainingJobName="under_score")
    assert (code, message) == one_error(
        "Value 'under_score' at 'trainingJobName' failed to satisfy constraint: "
        "Member must satisfy regular expression pattern: [a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}")
    assert job_error(aws, RoleArn="nonsense-but-twenty-chars")[1].startswith(
        "1 validation error detected: Value 'nonsense-but-twenty-chars' at 'roleArn' failed to satisfy constraint: "
        "Member must satisfy regular expression pattern: ")


def test_lengths(aws):
    subnets = [f"subnet-{n:017x}" for n in range(17)]
    group = ["sg-0123456789abcdef0"]
    code, message = job_error(aws, VpcConfig={"Subnets": subnets, "SecurityGroupIds": group})
    assert code == "ValidationException" and message.endswith(
        "at 'vpcConfig.subnets' failed to satisfy constraint: Member must have length less than or equal to 16")
    assert job_error(aws, VpcConfig={"Subnets": subnets[:1], "SecurityGroupIds": []}) == one_error(
        "Value '[]' at 'vpcConfig.securityGroupIds' failed to satisfy constraint: "
        "Member must have length greater than or equal to 1")
    assert job_error(aws, VpcConfig={"Subnets": subnets[:1]}) == one_error(
        "Value null at 'vpcConfig.securityGroupIds' failed to satisfy constraint: Member must not be null")


def test_list_members(aws):
    code, message = job_error(aws, VpcConfig={"Subnets": ["sub net"], "SecurityGroupIds": ["sg-0123456789abcdef0"]})
    assert code == "ValidationException"
    assert message.startswith(
        "1 validation error detected: Value '[sub net]' at 'vpcConfig.subnets' failed to satisfy constraint: "
        "Member must satisfy constraint: [")
    assert "Member must satisfy regular expression pattern: [-0-9a-zA-Z]+" in message


def test_enums_and_ranges(aws):
    code, message = job_error(aws, ResourceConfig={"InstanceType": "ml.toaster", "InstanceCount": 1, "VolumeSizeInGB": 1})
    assert code == "ValidationException" and message.startswith(
        "1 validation error detected: Value 'ml.toaster' at 'resourceConfig.instanceType' failed to satisfy constraint: "
        "Member must satisfy enum value set: [")
    assert "ml.m5.large" in message
    code, message = job_error(aws, ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": -1, "VolumeSizeInGB": 1})
    assert (code, message) == one_error(
        "Value '-1' at 'resourceConfig.instanceCount' failed to satisfy constraint: "
        "Member must have value greater than or equal to 0")


def test_members_of_lists_are_named_by_number(aws):
    code, message = job_error(aws, InputDataConfig=[{
        "ChannelName": "no good", "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://b/k"}}}])
    assert code == "ValidationException"
    assert "Value 'no good' at 'inputDataConfig.1.member.channelName' failed to satisfy constraint: " in message


def test_list_calls_are_validated(aws):
    raw = aws.raw("sagemaker")
    with refused("ValidationException", one_error(
            "Value '101' at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to 100")[1]):
        raw.list_training_jobs(MaxResults=101)
    with refused("ValidationException", lambda text: text.startswith(
            "1 validation error detected: Value 'Sideways' at 'sortOrder' failed to satisfy constraint: "
            "Member must satisfy enum value set: [")):
        raw.list_training_jobs(SortOrder="Sideways")
