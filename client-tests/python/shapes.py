"""Answers held against the service models: every answer that a boto3 client of any test gets is looked at as it came,
before botocore's parser drops what it does not know.

A good answer has no member that its shape does not have and every one that it requires, of the right type, within its
bounds, its pattern and its enum. A refusal has a code that the operation declares or that all operations share.
"""

import base64
import binascii
import datetime
import functools
import json
import pathlib
import re
import xml.etree.ElementTree as ET

# What any operation of a protocol may answer. Sources: "Common Errors" of the API references of SageMaker, CloudWatch
# Logs and Systems Manager; of IAM and STS; "Error codes" of the EC2 API reference, whose model declares none.
_JSON = {
    "AccessDeniedException", "ExpiredTokenException", "IncompleteSignatureException", "InvalidSignatureException",
    "MissingAuthenticationTokenException", "OptInRequired", "RequestExpired", "SerializationException",
    "ServiceUnavailable", "ThrottlingException", "UnknownOperationException", "UnrecognizedClientException",
    "ValidationException",
}
_QUERY = {
    "AccessDenied", "ExpiredToken", "IncompleteSignature", "InvalidAction", "InvalidClientTokenId", "InvalidInput",
    "InvalidParameterCombination", "InvalidParameterValue", "MalformedInput", "MalformedQueryString",
    "MissingAction", "MissingAuthenticationToken", "MissingParameter", "OptInRequired", "RequestExpired",
    "ServiceUnavailable", "SignatureDoesNotMatch", "Throttling", "ValidationError",
}
COMMON = {"json": _JSON, "rest-json": _JSON, "query": _QUERY}
# Not AWS's: a part of the API that is not built says so. Every protocol has it, with this status.
NOT_BUILT = ("NotImplemented", "NotBuilt")

# Where AWS itself does not keep to its models, with the reason of each. Builds with debug assertions read the same list.
LEEWAY = json.loads((pathlib.Path(__file__).resolve().parents[2] / "mock-server/model/leeway.json").read_text())

_NUMBERS = {"integer": int, "long": int, "float": (int, float), "double": (int, float)}
# Java's classes of characters, which Python does not have, as something that is at least as wide.
_CLASSES = {
    "L": r"\w", "M": r"\w", "N": r"\d", "Z": r"\s", "S": r"\W", "P": r"\W_", "Alnum": "A-Za-z0-9", "Alpha": "A-Za-z",
    "Digit": "0-9", "Graph": "!-~", "Print": " -~", "ASCII": r"\x00-\x7f",
}


@functools.lru_cache(maxsize=None)
def _pattern(java):
    """Java's expression as Python's."""
    text, inside = "", False
    # Two halves of a character each, in Java.
    java = java.replace(r"\uD800\uDC00-\uDBFF\uDFFF", r"\x{10000}-\x{10FFFF}")
    for part in re.findall(r"\\[pP]\{\w+\}|\\x\{[0-9A-Fa-f]+\}|\\.|.", java, re.DOTALL):
        if part in "[]":
            inside = part == "["
        elif part == r"\z":
            part = r"\Z"
        elif part.startswith(r"\x{"):
            part = rf"\U{int(part[3:-1], 16):08X}"
        elif part.startswith(r"\p{"):
            name = part[3:-1].removeprefix("Is")
            part = _CLASSES.get(name) or _CLASSES[name[0]]
            part = part if inside else f"[{part}]"
        text += part
    return re.compile(text)


class Checker:
    """Collects what is wrong with one answer."""

    def __init__(self, operation):
        self.protocol = operation.service_model.resolved_protocol
        service = operation.service_model.service_name
        self.leeway = [row for row in LEEWAY if row["service"] == service]
        self.free = {name for row in self.leeway if row.get("operation") == operation.name
                     for name in row.get("members", [])}
        self.problems = []

    def wrong(self, path, what):
        if path.partition("[")[0] in self.free or re.sub(r"\[\d+\]", "", path).rpartition(".")[2] in self.free:
            return
        self.problems.append(f"{path or 'the answer'}: {what}")

    # === What both ways of writing share ===

    def bounds(self, path, shape, size, what):
        low, high = shape.metadata.get("min"), shape.metadata.get("max")
        if low is not None and size < low:
            self.wrong(path, f"{what} {size} is below {low}")
        if high is not None and size > high:
            self.wrong(path, f"{what} {size} is above {high}")

    def text(self, path, shape, value):
        besides = [row["values"] for row in self.leeway if row.get("shape") == shape.name]
        if shape.enum and value not in shape.enum and not any(value in values for values in besides):
            self.wrong(path, f"{value!r} is none of {list(shape.enum)}")
        self.bounds(path, shape, len(value), "length")
        pattern = shape.metadata.get("pattern")
        if pattern and not _pattern(pattern).fullmatch(value):
            self.wrong(path, f"{value!r} does not match {pattern}")

    def number(self, path, shape, value):
        self.bounds(path, shape, value, "value")
        if shape.type_name == "integer" and not -(2 ** 31) <= value < 2 ** 31:
            self.wrong(path, f"{value} has more than 32 bits")

    def base64(self, path, value):
        try:
            base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            self.wrong(path, "no base64")

    def members(self, path, shape, given):
        """`given`: the names of members that are there."""
        for name in shape.required_members:
            if name not in given:
                self.wrong(f"{path}.{name}".lstrip("."), "has to be there")
        if getattr(shape, "is_tagged_union", False) and len(given) != 1:
            self.wrong(path, f"{shape.name} is a union and has {sorted(given)}")

    # === JSON ===

    def json(self, path, shape, value):
        kind = shape.type_name
        if kind == "structure":
            if getattr(shape, "is_document_type", False):
                return
            if not self.typed(path, value, dict, "structure"):
                return
            names = {member.serialization.get("name", name): name for name, member in shape.members.items()}
            for wire, part in value.items():
                if wire not in names:
                    self.wrong(path, f"{shape.name} has no member {wire}")
                else:
                    self.json(f"{path}.{wire}".lstrip("."), shape.members[names[wire]], part)
            self.members(path, shape, {names[wire] for wire in value if wire in names})
        elif kind == "list":
            if self.typed(path, value, list, kind):
                self.bounds(path, shape, len(value), "count")
                for number, part in enumerate(value):
                    self.json(f"{path}[{number}]", shape.member, part)
        elif kind == "map":
            if self.typed(path, value, dict, kind):
                self.bounds(path, shape, len(value), "count")
                for key, part in value.items():
                    self.text(f"{path}'s key", shape.key, key)
                    self.json(f"{path}.{key}", shape.value, part)
        elif kind in ("string", "character"):
            if self.typed(path, value, str, kind):
                self.text(path, shape, value)
        elif kind in _NUMBERS:
            if value in ("NaN", "Infinity", "-Infinity") and kind in ("float", "double"):
                return
            if self.typed(path, value, _NUMBERS[kind], kind) and self.typed(path, value, bool, "number", is_not=True):
                self.number(path, shape, value)
        elif kind == "boolean":
            self.typed(path, value, bool, kind)
        elif kind == "timestamp":
            if shape.serialization.get("timestampFormat", "unixTimestamp") == "unixTimestamp":
                self.typed(path, value, (int, float), kind)
            elif self.typed(path, value, str, kind):
                self.time(path, value)
        elif kind == "blob":
            if self.typed(path, value, str, kind):
                self.base64(path, value)
        else:
            raise AssertionError(f"{kind} is no type that is known here")

    def typed(self, path, value, wanted, kind, is_not=False):
        if isinstance(value, wanted) == is_not:
            self.wrong(path, f"{json.dumps(value)[:60]} is no {kind}")
            return False
        return True

    def time(self, path, value):
        try:
            datetime.datetime.fromisoformat(value.replace("Z", "+00:00"))
        except ValueError:
            self.wrong(path, f"{value!r} is no time")

    # === XML ===

    def structure(self, path, shape, element, besides=()):
        """The members of a structure among the children and attributes of an element."""
        children = {}
        for child in element:
            children.setdefault(_tag(child), []).append(child)
        for name in besides:
            children.pop(name, None)
        given = set()
        for name, member in shape.members.items():
            if member.serialization.get("location"):
                continue
            if member.serialization.get("xmlAttribute"):
                wire = member.serialization["name"].rpartition(":")[2]
                value = {_name(key): value for key, value in element.attrib.items()}.get(wire)
                if value is not None:
                    given.add(name)
                    self.text(f"{path}.{name}", member, value)
                continue
            wire = self.wire_name(name, member)
            found = children.pop(wire, None)
            if found is None:
                continue
            given.add(name)
            where = f"{path}.{name}".lstrip(".")
            if member.type_name in ("list", "map") and self.flat(member):
                self.parts(where, member, found)
            elif len(found) > 1:
                self.wrong(where, f"is there {len(found)} times")
            else:
                self.xml(where, member, found[0])
        for unknown in children:
            self.wrong(path, f"{shape.name} has no member {unknown}")
        return given

    def wire_name(self, name, member):
        if member.type_name == "list" and self.flat(member):
            return member.member.serialization.get("name", member.serialization.get("name", name))
        return member.serialization.get("name", name)

    def flat(self, shape):
        return bool(shape.serialization.get("flattened"))

    def parts(self, path, shape, elements):
        self.bounds(path, shape, len(elements), "count")
        if shape.type_name == "list":
            for number, part in enumerate(elements):
                self.xml(f"{path}[{number}]", shape.member, part)
            return
        key, value = shape.key.serialization.get("name", "key"), shape.value.serialization.get("name", "value")
        for entry in elements:
            parts = {_tag(part): part for part in entry}
            if set(parts) != {key, value}:
                self.wrong(path, f"an entry has {sorted(parts)}")
                continue
            self.xml(f"{path}'s key", shape.key, parts[key])
            self.xml(f"{path}.{parts[key].text}", shape.value, parts[value])

    def xml(self, path, shape, element):
        kind, text = shape.type_name, element.text or ""
        if kind == "structure":
            self.members(path, shape, self.structure(path, shape, element))
            return
        if kind in ("list", "map"):
            wire = "entry" if kind == "map" else shape.member.serialization.get(
                "name", "item" if self.protocol == "ec2" else "member")
            for part in element:
                if _tag(part) != wire:
                    self.wrong(path, f"an element is called {_tag(part)} where {wire} is expected")
            self.parts(path, shape, list(element))
            return
        if len(element):
            self.wrong(path, f"{[_tag(child) for child in element]} where a {kind} is expected")
        elif kind in ("string", "character"):
            self.text(path, shape, text)
        elif kind in _NUMBERS:
            self.digits(path, shape, text)
        elif kind == "boolean":
            if text not in ("true", "false"):
                self.wrong(path, f"{text!r} is no boolean")
        elif kind == "timestamp":
            self.time(path, text)
        elif kind == "blob":
            self.base64(path, text)
        else:
            raise AssertionError(f"{kind} is no type that is known here")

    def digits(self, path, shape, text):
        whole = shape.type_name in ("integer", "long")
        try:
            number = int(text) if whole else float(text)
        except ValueError:
            self.wrong(path, f"{text!r} is no {shape.type_name}")
            return
        self.number(path, shape, number)

    # === Headers and whole answers ===

    def headers(self, shape, headers):
        """The members that travel in headers."""
        given = set()
        for name, member in shape.members.items():
            location = member.serialization.get("location")
            wire = member.serialization.get("name", name).lower()
            if location == "headers":
                given.add(name)
            if location != "header" or wire not in headers:
                continue
            given.add(name)
            text = headers[wire]
            if member.type_name == "string":
                self.text(name, member, text)
            elif member.type_name in _NUMBERS:
                self.digits(name, member, text)
            elif member.type_name == "boolean" and text not in ("true", "false"):
                self.wrong(name, f"{text!r} is no boolean")
        return given

    def success(self, operation, headers, body):
        shape = operation.output_shape
        if self.protocol == "ec2" or self.protocol == "query":
            return self.wrapped(operation, shape, body)
        if shape is None:
            if body not in (b"", b"{}"):
                self.wrong("", f"{operation.name} has no output")
            return None
        given = self.headers(shape, headers)
        payload = shape.serialization.get("payload")
        if payload:
            return self.payload(shape, payload, given, body)
        if self.protocol == "rest-xml":
            inside = {name for name, member in shape.members.items() if not member.serialization.get("location")}
            if body.strip():
                given |= self.structure("", shape, ET.fromstring(body))
            elif inside and shape.required_members:
                self.wrong("", "the body is empty")
            return self.members("", shape, given)
        answer = json.loads(body) if body else {}
        if not shape.serialization and not given:
            return self.json("", shape, answer)
        names = {member.serialization.get("name", name): name for name, member in shape.members.items()}
        for wire, part in answer.items():
            if wire not in names:
                self.wrong("", f"{shape.name} has no member {wire}")
            else:
                self.json(wire, shape.members[names[wire]], part)
        return self.members("", shape, given | {names[wire] for wire in answer if wire in names})

    def payload(self, shape, payload, given, body):
        """An answer whose body is one member."""
        member = shape.members[payload]
        kind = member.type_name
        if isinstance(body, bytes) and body and kind in ("structure", "list", "map"):
            if self.protocol == "rest-xml":
                self.xml(payload, member, ET.fromstring(body))
            else:
                self.json(payload, member, json.loads(body))
        if kind in ("blob", "string") or body:
            given.add(payload)
        self.members("", shape, given)

    def wrapped(self, operation, shape, body):
        """The two query protocols: the output is in the root, or in an element in it."""
        root = ET.fromstring(body)
        if _tag(root) != f"{operation.name}Response":
            self.wrong("", f"the root is {_tag(root)}")
        if self.protocol == "ec2":
            if shape is None or not shape.members:
                besides = {_tag(child) for child in root}
                if besides - {"requestId", "return"}:
                    self.wrong("", f"{operation.name} has no output but {sorted(besides)}")
                return
            self.members("", shape, self.structure("", shape, root, ["requestId"]))
            return
        inside = {_tag(child): child for child in root}
        if inside.pop("ResponseMetadata", None) is None:
            self.wrong("", "no ResponseMetadata")
        if shape is None:
            # There may be an empty element where the result would be.
            if any(len(child) for child in inside.values()):
                self.wrong("", f"{operation.name} has no output but {sorted(inside)}")
            return
        wrapper = shape.serialization.get("resultWrapper")
        result = inside.pop(wrapper, None) if wrapper else root
        if inside and wrapper:
            self.wrong("", f"beside {wrapper} there are {sorted(inside)}")
        if result is None:
            self.wrong("", f"no {wrapper}")
            return
        self.members("", shape, self.structure("", shape, result, [] if wrapper else ["ResponseMetadata"]))

    def refusal(self, operation, status, headers, body):
        code = _code(self.protocol, headers, body)
        if code is None:
            if body:
                self.wrong("", f"a refusal ({status}) without a code")
            return
        if code in NOT_BUILT:
            if status != 501:
                self.wrong("", f"{code} with status {status}")
            return
        common = COMMON.get(self.protocol)
        if common is None:
            if not re.fullmatch(r"[A-Z][A-Za-z0-9]*(\.[A-Z][A-Za-z0-9]*)*", code):
                self.wrong("", f"{code!r} is no code")
            return
        declared = {code: None for row in self.leeway if row.get("operation") == operation.name
                    for code in row.get("errors", [])}
        for shape in operation.error_shapes:
            declared[shape.metadata.get("error", {}).get("code", shape.name)] = shape
            declared[shape.name] = shape
        if code not in declared and code not in common:
            self.wrong("", f"{operation.name} does not declare {code}")
        elif declared.get(code) and self.protocol in ("json", "rest-json"):
            answer = {key: value for key, value in json.loads(body).items() if key != "__type"}
            shape = declared[code]
            # The message is there whether the model has it or not, in one of two spellings.
            known = {member.serialization.get("name", name).lower() for name, member in shape.members.items()}
            known |= {name.lower() for row in self.leeway if row.get("error") == code for name in row["members"]}
            for name in answer:
                if name.lower() not in known | {"message"}:
                    self.wrong("", f"{code} has no member {name}")


def _name(qualified):
    return qualified.rpartition("}")[2].rpartition(":")[2]


def _tag(element):
    return _name(element.tag)


def _code(protocol, headers, body):
    if protocol in ("json", "rest-json"):
        told = headers.get("x-amzn-errortype") or (json.loads(body).get("__type") if body else None)
        return told.partition(":")[0].rpartition("#")[2] if told else None
    if not body:
        return None
    found = [child for child in ET.fromstring(body).iter() if _tag(child) == "Code"]
    root = ET.fromstring(body)
    return found[0].text if found else root.findtext("Code")


def check(operation, status, headers, body):
    """What is wrong with an answer; `body` is bytes, or a stream that nobody reads here."""
    checker = Checker(operation)
    headers = {name.lower(): value for name, value in headers.items()}
    try:
        if status >= 300:
            checker.refusal(operation, status, headers, body)
        else:
            checker.success(operation, headers, body)
    except (ET.ParseError, json.JSONDecodeError) as error:
        checker.wrong("", f"cannot be read: {error}")
    return checker.problems


class Watch:
    """Looks at every answer that the clients of a session get."""

    def __init__(self):
        self.problems = []
        self.looked_at = 0

    def on(self, session):
        session.register("before-parse", self._look)

    def _look(self, operation_model, response_dict, **_):
        # What was declared to go wrong is no answer of the service's.
        if "x-mockplane-fault" in response_dict["headers"]:
            return
        self.looked_at += 1
        told = check(
            operation_model, response_dict["status_code"], response_dict["headers"], response_dict["body"])
        service = operation_model.service_model.service_name
        self.problems += [f"{service} {operation_model.name}: {problem}" for problem in told]

    def taken(self):
        """What was found since it was asked last."""
        found, self.problems = self.problems, []
        return sorted(set(found))
