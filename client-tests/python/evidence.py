"""What the tests of real clients show of each operation, read off what they send and get.

Two things are looked for. That an operation was refused: for what AWS refuses, not because its input has the wrong shape,
nobody may call it, or it is not built. And that it changes something which another call sees: of a call that writes,
because what a later call reads differs by what was written; of a call that reads, because its answer differed. Nothing is
declared by hand, so that nothing can be declared that no test shows. docs/OPERATIONS.md is made of this.
"""

import json
import re
import threading
import xml.etree.ElementTree as ET

READS = re.compile(r"(BatchDescribe|BatchGet|Describe|Filter|Get|Head|Invoke|List|Lookup|Search|Select|Simulate)[A-Z]")
DELETES = re.compile(r"(Delete|Deregister|Detach|Disassociate|Release|Remove|Revoke|Terminate|Cancel)[A-Z]")
# Not about what was asked for but about who asked, whether it has the right form, or what is built.
FORMAL = {
    "AccessDenied", "AccessDeniedException", "AuthFailure", "DryRunOperation", "ExpiredToken", "ExpiredTokenException",
    "IncompleteSignature", "InvalidAction", "InvalidClientTokenId", "InvalidSignatureException",
    "MalformedQueryString", "MissingAuthenticationToken", "MissingParameter", "NotBuilt", "NotImplemented",
    "RequestExpired", "SerializationException", "SignatureDoesNotMatch", "UnauthorizedOperation",
    "UnknownParameter", "UnrecognizedClientException",
}
SHAPE = re.compile(r"\d+ validation errors? detected")
# Texts that say nothing about what a call is about.
PLAIN = re.compile(r"\d{0,3}|true|false|.{0,2}", re.IGNORECASE)


def _texts(value, into):
    """The texts of a tree of JSON or XML."""
    if isinstance(value, dict):
        for part in value.values():
            _texts(part, into)
    elif isinstance(value, list):
        for part in value:
            _texts(part, into)
    elif isinstance(value, ET.Element):
        for part in value.iter():
            if part.text and part.text.strip():
                into.add(part.text)
    elif isinstance(value, (str, int, float)):
        into.add(str(value))
    return into


def _read(body):
    """The texts of a body, and something that is equal for equal bodies."""
    body = body if isinstance(body, bytes) else b""
    body = re.sub(rb"<(requestId|RequestId)>[^<]*</\1>", b"", body)
    try:
        return _texts(ET.fromstring(body) if body[:1] == b"<" else json.loads(body), set()), body
    except (ET.ParseError, ValueError):
        return set(), body


def _inputs(request):
    """The texts of a request, whatever its protocol."""
    body = request.get("body") or b""
    if isinstance(body, dict):
        texts = {str(value) for key, value in body.items() if key not in ("Action", "Version")}
    else:
        body = body.encode() if isinstance(body, str) else body
        texts = _read(body)[0]
    texts |= {str(value) for value in (request.get("query_string") or {}).values()}
    return texts | {part for part in request["url_path"].split("/") if part}


class Trail:
    """The calls of one test."""

    def __init__(self):
        self.known = set()     # every text that was sent or answered
        self.answers = {}      # by question: its last answer, and how many writes there had been
        self.writes = []

    def wrote(self, operation, inputs, texts):
        new = {text for text in (inputs | texts) - self.known if not PLAIN.fullmatch(text)}
        self.writes.append({"of": operation, "about": inputs | texts, "new": new, "inputs": inputs})

    def read(self, question, inputs, texts, answer, refused):
        """The operations whose doing this answer shows; and whether it differs from what was answered before."""
        before = self.answers.get(question)
        self.answers[question] = (texts, answer, len(self.writes))
        shown, differs = set(), before is not None and before[1] != answer
        if differs:
            since = self.writes[before[2]:]
            difference = {text for text in texts ^ before[0] if not PLAIN.fullmatch(text)}
            shown |= {write["of"] for write in since if write["about"] & difference}
            subject = {text for text in inputs | texts | before[0] if not PLAIN.fullmatch(text)}
            if len(since) == 1 and since[0]["inputs"] & subject:
                shown.add(since[0]["of"])
        elif before is None:
            # Somebody asks for the first time, and is told what nobody knew before it was written.
            shown |= {write["of"] for write in self.writes if not refused and write["new"] & texts}
            if refused and self.writes:
                # What was known is gone.
                last = self.writes[-1]
                subject = {text for text in inputs if not PLAIN.fullmatch(text)}
                if DELETES.match(last["of"][1]) and last["inputs"] & subject:
                    shown.add(last["of"])
            differs = bool(shown)
        return shown, differs


class Evidence:
    def __init__(self):
        self.refused = {}      # by service and operation: the test, and the code
        self.changed = {}      # by service and operation: the test
        self.served = set()
        self.not_built = set()
        self.test = None
        self.trail = Trail()
        self._mine = threading.local()

    def on(self, session):
        session.register("before-call", self._asked)
        session.register("before-parse", self._answered)

    def begin(self, test):
        self.test, self.trail = test, Trail()

    def _asked(self, params, request_signer, **_):
        self._mine.request = params, request_signer

    def _answered(self, operation_model, response_dict, **_):
        service, name = operation_model.service_model.service_name, operation_model.name
        operation, status = (service, name), response_dict["status_code"]
        request, signer = self._mine.request
        inputs, (texts, answer) = _inputs(request), _read(response_dict["body"])
        if 300 <= status < 400 and status != 304:
            return
        if status == 501:
            self.not_built.add(operation)
            return
        if status < 300:
            self.served.add(operation)
        else:
            self._refusal(operation, texts, response_dict)
        trail = self.trail
        if READS.match(name) or status >= 400:
            # A refusal is an answer too: of what reads.
            if READS.match(name):
                who = getattr(signer, "_credentials", None)
                question = (*operation, signer.region_name, who and who.access_key, repr(sorted(inputs)))
                headers = response_dict["headers"]
                answer = (status, answer, headers.get("etag"), headers.get("x-amz-version-id"))
                shown, differs = trail.read(question, inputs, texts, answer, status >= 400)
                for one in shown:
                    self.changed.setdefault(one, self.test)
                if differs:
                    self.changed.setdefault(operation, self.test)
        else:
            trail.wrote(operation, inputs, texts)
        trail.known |= inputs | texts

    def _refusal(self, operation, texts, response_dict):
        told = response_dict["headers"].get("x-amzn-errortype")
        body = response_dict["body"] if isinstance(response_dict["body"], bytes) else b""
        if told is None and body[:1] == b"<":
            told = next((part.text for part in ET.fromstring(body).iter() if part.tag.endswith("Code")), None)
        elif told is None and body:
            told = json.loads(body).get("__type")
        code = (told or str(response_dict["status_code"])).partition(":")[0].rpartition("#")[2]
        if code not in FORMAL and not any(SHAPE.match(text) for text in texts):
            self.refused.setdefault(operation, (self.test, code))

    def behaves(self, operation):
        return operation in self.refused and operation in self.changed
