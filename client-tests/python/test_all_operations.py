"""Every operation of the service models: served, refused in AWS's words, or 501 with its name."""

import re
import xml.etree.ElementTree as ET

import botocore.exceptions
import pytest

SERVICES = ["ec2", "sagemaker", "sagemaker-runtime", "iam", "sts", "logs", "ssm"]
# Their answers or requests need a transport of their own (HTTP/2, event streams), which no plain client opens.
STREAMS = {"InvokeEndpointWithBidirectionalStream", "InvokeEndpointWithResponseStream", "StartLiveTail", "GetLogObject"}


def minimal(shape, depth=0):
    """A value with what the model requires and nothing else."""
    kind = shape.type_name
    if kind == "structure":
        if getattr(shape, "is_tagged_union", False) and shape.members:
            name, member = next(iter(shape.members.items()))
            return {name: minimal(member, depth + 1)}
        if depth > 8:
            return {}
        return {name: minimal(shape.members[name], depth + 1) for name in shape.required_members}
    if kind == "list":
        return [minimal(shape.member, depth + 1)] * max(1, shape.metadata.get("min", 1))
    if kind == "map":
        return {minimal(shape.key, depth + 1): minimal(shape.value, depth + 1)}
    if kind == "string":
        if shape.enum:
            return shape.enum[0]
        return "x" * max(1, shape.metadata.get("min", 1))
    if kind in ("integer", "long"):
        return shape.metadata.get("min", 1)
    return {"boolean": False, "float": 1.0, "double": 1.0, "timestamp": 0, "blob": b"x"}[kind]


def documented_names(operation):
    output = operation.output_shape
    names = {"requestId", "ResponseMetadata", "RequestId"}
    for name, shape in (output.members if output else {}).items():
        names.add(shape.serialization.get("name", name))
        names.add(name)
    return names


def answered_names(body, operation, protocol):
    """The names of the top-level members of a raw answer."""
    if protocol in ("json", "rest-json"):
        import json
        parsed = json.loads(body) if body else {}
        assert isinstance(parsed, dict)
        return set(parsed)
    root = ET.fromstring(body)
    strip = lambda tag: tag.rpartition("}")[2]  # noqa: E731
    assert strip(root.tag) == f"{operation.name}Response"
    if protocol == "query":
        wrapper = operation.output_shape and operation.output_shape.serialization.get("resultWrapper")
        names = set()
        for child in root:
            names |= {strip(c.tag) for c in child} if strip(child.tag) == wrapper else {strip(child.tag)}
        return names
    return {strip(child.tag) for child in root}


@pytest.mark.parametrize("service", SERVICES)
def test_every_operation_answers(aws, service):
    client = aws.client(service, validate=False, read_timeout=10)
    model = client.meta.service_model
    protocol = model.resolved_protocol if hasattr(model, "resolved_protocol") else model.metadata["protocol"]
    raw = {}

    def keep(response_dict, **_):
        raw.update(response_dict)

    client.meta.events.register(f"before-parse.{model.service_id.hyphenize()}", keep)
    counts, problems = {"served": 0, "refused": 0, "not built": 0}, []
    for name in model.operation_names:
        if name in STREAMS:
            continue
        operation = model.operation_model(name)
        arguments = minimal(operation.input_shape) if operation.input_shape else {}
        raw.clear()
        try:
            client._make_api_call(name, arguments)
        except botocore.exceptions.ClientError as e:
            status = e.response["ResponseMetadata"]["HTTPStatusCode"]
            code, message = e.response["Error"].get("Code"), e.response["Error"].get("Message", "")
            if status == 501:
                counts["not built"] += 1
                if code != "NotImplemented" or name not in message:
                    problems.append(f"{name}: 501 {code}: {message}")
            elif 400 <= status < 500 and re.fullmatch(r"[A-Za-z.]+", code or ""):
                counts["refused"] += 1
            else:
                problems.append(f"{name}: {status} {code}: {message}")
        except Exception as e:  # a hang, a closed connection, an answer that cannot be parsed
            problems.append(f"{name}: {type(e).__name__}: {e}")
        else:
            counts["served"] += 1
            if raw.get("body") is not None:
                extra = answered_names(raw["body"], operation, protocol) - documented_names(operation)
                if extra:
                    problems.append(f"{name}: answers undocumented members {sorted(extra)}")
    print(service, counts)
    assert not problems, "\n".join(problems)
    assert sum(counts.values()) > 0


@pytest.mark.parametrize("service", SERVICES)
def test_every_operation_without_input(aws, service):
    """Nothing at all: the required members are named, never a 500."""
    client = aws.client(service, validate=False, read_timeout=10)
    sent, problems = [], []
    client.meta.events.register("before-send", lambda **_: sent.append(True))
    for name in client.meta.service_model.operation_names:
        if name in STREAMS:
            continue
        sent.clear()
        try:
            client._make_api_call(name, {})
        except botocore.exceptions.ClientError as e:
            status = e.response["ResponseMetadata"]["HTTPStatusCode"]
            if not (400 <= status < 500 or status == 501):
                problems.append(f"{name}: {status} {e}")
        except Exception as e:
            if sent:    # else the client itself cannot write the request
                problems.append(f"{name}: {type(e).__name__}: {e}")
    assert not problems, "\n".join(problems)
