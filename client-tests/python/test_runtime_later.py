"""Asynchronous endpoints: from the call to the object in S3."""

import json

import pytest

from test_runtime_invoke import Front, error, variant

S3_ACCESS = "arn:aws:iam::aws:policy/AmazonS3FullAccess"


class Later(Front):
    def __init__(self, aws):
        super().__init__(aws)
        self.s3, self.bucket = aws.client("s3"), f"data-{aws.number}"
        self.s3.create_bucket(Bucket=self.bucket)
        self.s3.put_object(Bucket=self.bucket, Key="in/1.csv", Body=b"1,2")
        aws.iam.attach_role_policy(RoleName="trainer", PolicyArn=S3_ACCESS)

    def begin_later(self, **output):
        output = {"S3OutputPath": f"s3://{self.bucket}/out", **output}
        self.serve("e", [variant("A")], AsyncInferenceConfig={"OutputConfig": output})

    def call(self, key="in/1.csv", **more):
        more = more or {"InputLocation": f"s3://{self.bucket}/{key}"}
        return self.runtime.invoke_endpoint_async(EndpointName="e", **more)

    def keys(self):
        return [one["Key"] for one in self.s3.list_objects_v2(Bucket=self.bucket).get("Contents", [])]

    def read(self, location):
        key = location.removeprefix(f"s3://{self.bucket}/")
        return self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()

    def told(self, kind):
        return [event["message"] for event in self.aws.events() if event["kind"] == kind]


@pytest.fixture
def later(aws):
    aws.manual_clock()
    return Later(aws)


def test_from_the_call_to_the_object(later):
    later.begin_later()
    told = later.call(ContentType="text/csv", InputLocation=f"s3://{later.bucket}/in/1.csv")
    assert told["ResponseMetadata"]["HTTPStatusCode"] == 202
    assert told["OutputLocation"].startswith(f"s3://{later.bucket}/out/") and told["OutputLocation"].endswith(".out")
    assert "FailureLocation" not in told and told["InferenceId"]
    assert later.keys() == ["in/1.csv"], "time has not passed"
    later.aws.advance("1s")
    assert later.read(told["OutputLocation"]) == b"1,2"


def test_bodies_of_calls_and_names_of_files(later):
    later.begin_later()
    told = later.call(Body=b"inline", InferenceId="mine", Filename="f.json", S3OutputPathExtension="a/b")
    assert (told["InferenceId"], told["OutputLocation"]) == ("mine", f"s3://{later.bucket}/out/a/b/f.json")
    later.aws.advance("1s")
    assert later.read(told["OutputLocation"]) == b"inline"
    both = {"EndpointName": "e", "Body": b"x", "InputLocation": "s3://b/k"}
    for request in (both, {"EndpointName": "e"}):
        code, status, text = error(later.runtime.invoke_endpoint_async, **request)
        assert (code, status) == ("ValidationError", 400) and "Exactly one of" in text
    code, _, text = error(later.runtime.invoke_endpoint_async, EndpointName="e", Body=b"x" * 128_001)
    assert code == "ValidationError" and "less than or equal to 128000" in text


def test_failures_have_a_place_of_their_own(later):
    later.declare("e", {"when": {"body": "bad"}, "status": 500, "body": "boom"}, {"when": {"body": "slow"}, "delay": "20m"})
    later.begin_later(S3FailurePath=f"s3://{later.bucket}/bad")
    bad, slow = later.call(Body=b"bad"), later.call(Body=b"slow")
    absent = later.call("in/none.csv")
    later.aws.advance("1s")
    assert later.read(bad["FailureLocation"]).startswith(b'Received server error (500) from primary with message "boom"')
    assert later.read(absent["FailureLocation"])
    assert not any(key.startswith("out/") for key in later.keys())
    later.aws.advance("16m")
    assert b"timed out" in later.read(slow["FailureLocation"])


def test_the_role_must_be_allowed_to_read(later):
    later.begin_later(S3FailurePath=f"s3://{later.bucket}/bad")
    later.aws.iam.detach_role_policy(RoleName="trainer", PolicyArn=S3_ACCESS)
    later.aws.iam.delete_role_policy(RoleName="trainer", PolicyName="vpc")
    later.call()
    later.aws.advance("1s")
    assert later.keys() == ["in/1.csv"], "it may not write either"
    later.aws.iam.put_role_policy(RoleName="trainer", PolicyName="write", PolicyDocument=json.dumps({
        "Version": "2012-10-17",
        "Statement": {"Effect": "Allow", "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{later.bucket}/*"}}))
    told = later.call()
    later.aws.advance("1s")
    assert later.read(told["FailureLocation"])


def test_each_endpoint_answers_in_its_own_manner(later):
    later.begin_later()
    text = "Endpoint {} does not support this inference type."
    assert error(later.invoke) == ("ValidationError", 400, text.format("e"))
    later.serve("now")
    refusal = error(later.runtime.invoke_endpoint_async, EndpointName="now", InputLocation="s3://b/k")
    assert refusal == ("ValidationError", 400, text.format("now"))


def test_topics_are_told_to_have_no_effect(later):
    topic = f"arn:aws:sns:us-east-1:{later.aws.number}:t"
    later.begin_later(NotificationConfig={"SuccessTopic": topic})
    assert any("NotificationConfig" in message for message in later.told("ParameterIgnored"))
    described = later.sm.describe_endpoint_config(EndpointConfigName="e")
    assert described["AsyncInferenceConfig"]["OutputConfig"]["NotificationConfig"] == {"SuccessTopic": topic}


def test_calls_wait_for_an_instance(later):
    later.begin_later()
    scale = later.sm.update_endpoint_weights_and_capacities
    scale(EndpointName="e", DesiredWeightsAndCapacities=[{"VariantName": "A", "DesiredInstanceCount": 0}])
    later.aws.advance("10s")
    told = later.call(Body=b"x")
    later.aws.advance("1h")
    assert later.keys() == ["in/1.csv"]
    scale(EndpointName="e", DesiredWeightsAndCapacities=[{"VariantName": "A", "DesiredInstanceCount": 1}])
    later.aws.advance("10s")
    assert later.read(told["OutputLocation"]) == b"x"
