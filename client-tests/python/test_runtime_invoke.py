"""Calls to endpoints, as boto3 and the AWS CLI see them: answers, errors, variants, containers that somebody runs."""

import collections
import http.server
import json
import subprocess
import sys
import threading
import time

import pytest
from botocore.exceptions import ClientError

from mockplane import Account, Server, environment

IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/serve:1"


class Front:
    """Endpoints without a network, in service as soon as they are asked for."""

    def __init__(self, aws):
        self.aws, self.sm = aws, aws.sm
        self.runtime = aws.client("sagemaker-runtime")
        self.role = aws.role()
        self.model()

    def model(self, name="m", **more):
        more = more or {"PrimaryContainer": {"Image": IMAGE}}
        self.sm.create_model(ModelName=name, ExecutionRoleArn=self.role, **more)

    def declare(self, job, *invocations):
        path = f"/_mockplane/behaviours?account={self.aws.number}"
        self.aws.server.control("POST", path, {"behaviours": [{"job": job, "invocations": list(invocations)}]})

    def begin(self, name="e", variants=None, **config):
        self.sm.create_endpoint_config(
            EndpointConfigName=name, ProductionVariants=variants or [variant("A")], **config)
        self.sm.create_endpoint(EndpointName=name, EndpointConfigName=name)

    def serve(self, name="e", variants=None, **config):
        self.begin(name, variants, **config)
        self.aws.advance("10s")
        assert self.sm.describe_endpoint(EndpointName=name)["EndpointStatus"] == "InService"

    def invoke(self, name="e", body=b"1,2", **more):
        return self.runtime.invoke_endpoint(EndpointName=name, Body=body, **more)

    def not_found(self, name="e"):
        return f"Endpoint {name} of account {self.aws.number} not found."


def variant(name, weight=1.0, **more):
    return {"VariantName": name, "ModelName": "m", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1,
            "InitialVariantWeight": weight, **more}


@pytest.fixture
def front(aws):
    aws.manual_clock()
    return Front(aws)


def error(call, **more):
    with pytest.raises(ClientError) as refusal:
        call(**more)
    response = refusal.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Message"]


def test_what_is_sent_comes_back_with_its_type(front):
    front.serve()
    body = bytes(range(256))
    answer = front.invoke(body=body, ContentType="application/x-npy", Accept="application/json")
    assert answer["Body"].read() == body
    assert (answer["ContentType"], answer["InvokedProductionVariant"]) == ("application/x-npy", "A")
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert front.invoke(body=b"")["Body"].read() == b""


def test_only_what_serves_is_found(front):
    refusal = ("ValidationError", 400, front.not_found())
    assert error(front.invoke) == refusal
    front.begin()
    assert error(front.invoke) == refusal, "it is being created"
    front.aws.advance("10s")
    front.invoke()
    front.sm.delete_endpoint(EndpointName="e")
    assert error(front.invoke) == refusal
    front.aws.advance("10m")
    assert error(front.invoke) == refusal
    with pytest.raises(front.runtime.exceptions.ValidationError):
        front.invoke()


def test_variants_by_weight_by_name_and_the_same_way_every_time(front):
    front.serve("e", [variant("A", 1), variant("B", 4)])
    seen = [front.invoke()["InvokedProductionVariant"] for _ in range(150)]
    assert 100 < collections.Counter(seen)["B"] < 140
    assert front.invoke(TargetVariant="A")["InvokedProductionVariant"] == "A"
    assert error(front.invoke, TargetVariant="C")[:2] == ("ValidationError", 400)
    front.sm.update_endpoint_weights_and_capacities(
        EndpointName="e", DesiredWeightsAndCapacities=[{"VariantName": "B", "DesiredWeight": 0}])
    front.aws.advance("10s")
    assert {front.invoke()["InvokedProductionVariant"] for _ in range(20)} == {"A"}
    assert front.invoke(TargetVariant="B")["InvokedProductionVariant"] == "B"


def test_answers_that_were_declared(front):
    front.declare(
        "e",
        {"when": {"contentType": "text/csv", "body": "*fraud*"}, "body": "[0.9]", "contentType": "application/json",
         "customAttributes": "trace=1"},
        {"when": {"variant": "B"}, "status": 503, "body": "busy"},
        {"when": {"customAttributes": "session"}, "newSessionId": "s1; Expires=2026-01-01T00:00:00Z"},
        {"when": {"body": "slow"}, "delay": "61s"},
    )
    front.serve("e", [variant("A"), variant("B", 0)])
    answer = front.invoke(body="a fraud", ContentType="text/csv")
    assert (answer["Body"].read(), answer["ContentType"]) == (b"[0.9]", "application/json")
    assert answer["CustomAttributes"] == "trace=1"
    assert front.invoke(body="a fraud", ContentType="text/plain")["Body"].read() == b"a fraud"
    assert front.invoke(CustomAttributes="session", SessionId="NEW_SESSION")["NewSessionId"].startswith("s1;")
    with pytest.raises(front.runtime.exceptions.ModelError) as failed:
        front.invoke(TargetVariant="B")
    response = failed.value.response
    assert (response["OriginalStatusCode"], response["OriginalMessage"]) == (503, "busy")
    group = "/aws/sagemaker/Endpoints/e"
    assert response["LogStreamArn"] == f"arn:aws:logs:us-east-1:{front.aws.number}:log-group:{group}"
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 424
    assert response["Error"]["Message"] == (
        'Received server error (503) from primary with message "busy". See https://us-east-1.console.aws.amazon.com/'
        f"cloudwatch/home?region=us-east-1#logEventViewer:group={group} in account {front.aws.number} for more "
        "information.")
    code, status, text = error(front.invoke, body="slow")
    assert (code, status) == ("ModelError", 424)
    assert text.startswith('Received server error (0) from primary with message "Your invocation timed out')


def test_bodies_that_are_too_large(front):
    front.serve()
    assert len(front.invoke(body=b"x" * 6_291_456)["Body"].read()) == 6_291_456
    code, status, text = error(front.invoke, body=b"x" * 6_291_457)
    assert (code, status) == ("ValidationError", 400)
    assert text == ("1 validation error detected: Value at 'body' failed to satisfy constraint: Member must have "
                    "length less than or equal to 6291456")
    serverless = {"VariantName": "A", "ModelName": "m", "ServerlessConfig": {"MemorySizeInMB": 1024, "MaxConcurrency": 1}}
    front.serve("small", [serverless])
    code, _, text = error(front.invoke, name="small", body=b"x" * (4 * 1024 * 1024 + 1))
    assert code == "ValidationError" and text.endswith(" has oversize body.")


def test_models_and_containers_by_name(front):
    s3, many = front.aws.client("s3"), f"many-{front.aws.number}"
    s3.create_bucket(Bucket=many)
    s3.put_object(Bucket=many, Key="all/a.tar.gz", Body=b"x")
    front.aws.iam.attach_role_policy(RoleName="trainer", PolicyArn="arn:aws:iam::aws:policy/AmazonS3FullAccess")
    front.model("many", PrimaryContainer={"Image": IMAGE, "Mode": "MultiModel", "ModelDataUrl": f"s3://{many}/all/"})
    front.declare("many", {"when": {"targetModel": "a*"}, "body": "by a"})
    front.serve("many", [variant("A", ModelName="many")])
    assert front.invoke("many", TargetModel="a.tar.gz")["Body"].read() == b"by a"
    assert f"bucket: {many}, key: all/b.tar.gz" in error(front.invoke, name="many", TargetModel="b.tar.gz")[2]
    assert "missing a target model header" in error(front.invoke, name="many")[2]
    front.serve()
    assert error(front.invoke, TargetModel="a.tar.gz") == (
        "ValidationError", 400, "Endpoint e is not a multi-model endpoint and does not support target model header.")
    containers = [{"Image": IMAGE, "ContainerHostname": name} for name in ("first", "second")]
    front.model("direct", Containers=containers, InferenceExecutionConfig={"Mode": "Direct"})
    front.declare("direct", {"when": {"container": "second"}, "status": 400, "body": "no"})
    front.serve("direct", [variant("A", ModelName="direct")])
    front.invoke("direct", TargetContainerHostname="first")
    text = error(front.invoke, name="direct", TargetContainerHostname="second")[2]
    assert text.startswith('Received client error (400) from second with message "no".')


def test_a_policy_can_name_the_containers_that_may_be_invoked(front):
    containers = [{"Image": IMAGE, "ContainerHostname": name} for name in ("common", "special")]
    front.model("direct", Containers=containers, InferenceExecutionConfig={"Mode": "Direct"})
    front.serve("direct", [variant("A", ModelName="direct")])
    iam = front.aws.iam
    iam.create_user(UserName="ann")
    key = iam.create_access_key(UserName="ann")["AccessKey"]
    runtime = front.aws.client("sagemaker-runtime", key=key["AccessKeyId"], secret=key["SecretAccessKey"])

    def invoke(name):
        return runtime.invoke_endpoint(EndpointName="direct", Body=b"x", TargetContainerHostname=name)
    statement = {"Effect": "Allow", "Action": "sagemaker:InvokeEndpoint", "Resource": "*"}
    condition = {"StringLike": {"sagemaker:TargetContainerHostname": ["special*"]}}
    for only, refused in (({**statement, "Condition": condition}, "common"),
                          ([statement, {**statement, "Effect": "Deny", "Condition": condition}], "special")):
        policy = json.dumps({"Version": "2012-10-17", "Statement": only})
        iam.put_user_policy(UserName="ann", PolicyName="own", PolicyDocument=policy)
        (taken,) = {"common", "special"} - {refused}
        assert invoke(taken)["Body"].read() == b"x"
        assert error(invoke, name=refused)[0] == "AccessDeniedException"


class Container(http.server.BaseHTTPRequestHandler):
    """Says what it was asked."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status = 418 if body == b"fail" else 200
        said = json.dumps({
            "path": self.path, "body": body.decode(), "type": self.headers["Content-Type"],
            "accept": self.headers["Accept"], "attributes": self.headers["X-Amzn-SageMaker-Custom-Attributes"],
        }).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("X-Amzn-SageMaker-Custom-Attributes", "back")
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_):
        pass


@pytest.fixture
def container():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Container) as running:
        thread = threading.Thread(target=running.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{running.server_address[1]}"
        running.shutdown()


def test_a_container_of_ones_own(front, container):
    front.declare("e", {"when": {"body": "here"}, "body": "canned"}, {"proxy": container})
    front.serve()
    answer = front.invoke(ContentType="text/csv", Accept="application/json", CustomAttributes="there")
    assert json.loads(answer["Body"].read()) == {
        "path": "/invocations", "body": "1,2", "type": "text/csv", "accept": "application/json", "attributes": "there"}
    assert (answer["CustomAttributes"], answer["InvokedProductionVariant"]) == ("back", "A")
    assert front.invoke(body="here")["Body"].read() == b"canned"
    with pytest.raises(front.runtime.exceptions.ModelError) as failed:
        front.invoke(body="fail")
    assert failed.value.response["OriginalStatusCode"] == 418


def test_what_a_container_of_ones_own_answers_is_captured(front, container):
    front.declare("e", {"proxy": container})
    kept = f"captured-{front.aws.number}"
    s3 = front.aws.client("s3")
    s3.create_bucket(Bucket=kept)
    front.serve(DataCaptureConfig={
        "InitialSamplingPercentage": 100, "DestinationS3Uri": f"s3://{kept}/calls",
        "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
        "CaptureContentTypeHeader": {"CsvContentTypes": ["text/csv"], "JsonContentTypes": ["application/json"]}})
    answer = front.invoke(ContentType="text/csv", Accept="application/json")["Body"].read()
    with pytest.raises(front.runtime.exceptions.ModelError):
        front.invoke(body="fail")
    found = s3.list_objects_v2(Bucket=kept, Prefix="calls/e/A/")["Contents"]
    [record] = [json.loads(s3.get_object(Bucket=kept, Key=one["Key"])["Body"].read()) for one in found]
    sides = record["captureData"]
    assert (sides["endpointInput"]["data"], sides["endpointInput"]["encoding"]) == ("1,2", "CSV")
    assert (sides["endpointOutput"]["data"], sides["endpointOutput"]["encoding"]) == (answer.decode(), "JSON")


def test_a_container_that_is_not_there_or_somewhere_else(front):
    front.declare("gone", {"proxy": "http://127.0.0.1:9"})
    front.declare("far", {"proxy": "http://192.0.2.1:80"})
    front.serve("gone")
    front.serve("far")
    for name, part in (("gone", "does not answer"), ("far", "--proxy-anywhere")):
        code, status, text = error(front.invoke, name=name)
        assert (code, status) == ("ModelError", 424) and part in text, text


def test_callers_need_a_permission(front):
    front.serve()
    front.aws.iam.create_user(UserName="u")
    key = front.aws.iam.create_access_key(UserName="u")["AccessKey"]
    mine = front.aws.client("sagemaker-runtime", key=key["AccessKeyId"], secret=key["SecretAccessKey"])
    arn = f"arn:aws:sagemaker:us-east-1:{front.aws.number}:endpoint/e"

    def call(**more):
        return mine.invoke_endpoint(EndpointName="e", Body=b"x", **more)

    code, status, text = error(call)
    assert (code, status) == ("AccessDeniedException", 403)
    assert f"is not authorized to perform: sagemaker:InvokeEndpoint on resource: {arn} because no" in text

    def allow(**condition):
        statement = {"Effect": "Allow", "Action": "sagemaker:InvokeEndpoint", "Resource": arn, **condition}
        front.aws.iam.put_user_policy(
            UserName="u", PolicyName="p", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": statement}))

    allow(Condition={"StringLike": {"sagemaker:TargetModel": "a*"}})
    assert error(call, TargetModel="b")[0] == "AccessDeniedException"
    assert error(call, TargetModel="a")[0] == "ValidationError", "allowed, and no endpoint of many models"
    allow()
    call()


def test_the_cli(front, tmp_path):
    front.serve()
    out = tmp_path / "out"
    done = subprocess.run(
        [sys.executable, "-m", "awscli", "--endpoint-url", front.aws.server.endpoint, "--region", "us-east-1",
         "sagemaker-runtime", "invoke-endpoint", "--endpoint-name", "e", "--body", "1,2",
         "--content-type", "text/csv", str(out)],
        capture_output=True, text=True, env=environment(
            AWS_ACCESS_KEY_ID=front.aws.number, AWS_SECRET_ACCESS_KEY="x", AWS_CONFIG_FILE="/dev/null"))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"ContentType": "text/csv", "InvokedProductionVariant": "A"}
    assert out.read_bytes() == b"1,2"


def test_two_servers_with_one_seed_choose_alike():
    def run():
        with Server("--seed", "7") as server:
            aws = Account(server, "111122223333")
            aws.manual_clock()
            front = Front(aws)
            front.serve("e", [variant("A"), variant("B")])
            return [front.invoke()["InvokedProductionVariant"] for _ in range(20)]

    first = run()
    assert first == run() and set(first) == {"A", "B"}


def test_real_time_passes_where_it_does():
    with Server("--profile", "instant") as server:
        front = Front(Account(server))
        front.declare("e", {"delay": "400ms"})
        front.begin()
        begin = time.monotonic()
        front.invoke()
        assert time.monotonic() - begin >= 0.4
