"""Streamed answers: frames that botocore's own parser takes apart."""

import urllib.request

import pytest
from botocore.eventstream import EventStreamBuffer
from botocore.exceptions import EventStreamError

from test_runtime_invoke import Container, container, error, front  # noqa: F401 (fixtures)


def stream(front, name="e", body=b"1,2", **more):
    return front.runtime.invoke_endpoint_with_response_stream(EndpointName=name, Body=body, **more)


def parts(answer):
    return [event["PayloadPart"]["Bytes"] for event in answer["Body"]]


def test_parts_arrive_as_they_were_declared(front):
    front.declare("e", {
        "parts": ["data: 1\n\n", "é", "", "data: [DONE]\n\n"], "contentType": "text/event-stream",
        "customAttributes": "k=v"})
    front.serve()
    answer = stream(front)
    assert (answer["ContentType"], answer["InvokedProductionVariant"]) == ("text/event-stream", "A")
    assert answer["CustomAttributes"] == "k=v"
    assert parts(answer) == [b"data: 1\n\n", "é".encode(), b"data: [DONE]\n\n"]


def test_what_is_sent_comes_back(front):
    front.serve()
    for body in (bytes(range(256)) * 100, b"x"):
        assert b"".join(parts(stream(front, body=body, ContentType="a/b"))) == body
    assert parts(stream(front, body=b"")) == []


def test_a_stream_that_breaks(front):
    front.declare("e", {"parts": ["a", "b"], "streamError": {"code": "StreamBroken", "message": "gone"}})
    front.serve()
    seen = []
    with pytest.raises(EventStreamError) as broken:
        for event in stream(front)["Body"]:
            seen.append(event["PayloadPart"]["Bytes"])
    assert seen == [b"a", b"b"]
    assert broken.value.response["Error"] == {"Code": "ModelStreamError", "Message": "gone"}


def test_errors_before_the_stream(front):
    assert error(stream, front=front) == ("ValidationError", 400, front.not_found())
    front.declare("e", {"status": 500, "body": "boom"})
    front.serve()
    with pytest.raises(front.runtime.exceptions.ModelError) as failed:
        stream(front)
    assert failed.value.response["OriginalStatusCode"] == 500


def test_a_container_of_ones_own(front, container):  # noqa: F811
    front.declare("e", {"proxy": container})
    front.serve()
    answer = stream(front)
    assert b'"path": "/invocations"' in b"".join(parts(answer)) and answer["ContentType"] == "application/json"


def test_every_length_and_checksum_is_right(front):
    """botocore checks both sums of each frame; each part of a byte more is another length."""
    front.declare("e", {"parts": ["x" * n for n in range(1, 60)]})
    front.serve()
    request = urllib.request.Request(
        f"{front.aws.server.endpoint}/endpoints/e/invocations-response-stream", data=b"1", method="POST", headers={
            "authorization": "AWS4-HMAC-SHA256 Credential="
                             f"{front.aws.number}/20260105/us-east-1/sagemaker/aws4_request, SignedHeaders=host, Signature=x"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.headers["content-type"] == "application/vnd.amazon.eventstream"
        frames = answer.read()
    buffer = EventStreamBuffer()
    buffer.add_data(frames)
    messages = list(buffer)
    assert [len(message.payload) for message in messages] == list(range(1, 60))
    assert {message.headers[":event-type"] for message in messages} == {"PayloadPart"}
