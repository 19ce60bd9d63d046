"""What every operation of every model does here, as the tests of this run have shown: docs/OPERATIONS.md.

It runs last. `MOCKPLANE_UPDATE=1 client-tests/run` writes the page anew; a run of some tests only shows too little, and
looks at nothing.
"""

import os

import botocore.session
import pytest
from evidence import Trail
from mockplane import EVIDENCE, ROOT
from test_all_operations import minimal

PAGE = ROOT / "docs/OPERATIONS.md"
SERVICES = ["ec2", "sagemaker", "sagemaker-runtime", "iam", "sts", "logs", "ssm", "s3"]
KINDS = ["TrainingJob", "ProcessingJob", "TransformJob", "CompilationJob", "Model", "EndpointConfig", "Endpoint"]
HEAD = """# Operations

What each operation of the service models does. An operation

- **behaves** where tests of real clients show that it is refused, for something that AWS refuses and not for the form of a
  request, and that it changes something which another call sees; or, if it reads, that its answer changes;
- **stores** where it is served and no test shows both;
- is **not implemented** where it answers 501 `NotImplemented`.

Made by `MOCKPLANE_UPDATE=1 client-tests/run` of what the clients sent and got; a whole run fails if it shows anything else.
"""
pytestmark = pytest.mark.last


def model(service):
    return botocore.session.Session().get_service_model(service)


def built():
    """The operations that have code, as a test of the library lists them with the members that they do not use. Calls to
    endpoints are signed as SageMaker's own."""
    rows = (line.split(" | ")[0].removeprefix("| ").split(" ") for line in (ROOT / "docs/IGNORED.md").read_text().splitlines()
            if line.startswith("| ") and line[2] != "-")
    listed = {tuple(row) for row in rows if len(row) == 2}
    assert ("sagemaker", "CreateModel") in listed and len(listed) > 300
    runtime = set(model("sagemaker-runtime").operation_names)
    return {("sagemaker-runtime" if name in runtime else service, name) for service, name in listed}


def told_by_s3(aws):
    """Which operations of S3 are not built: test_all_operations.py asks the other services."""
    client = aws.client("s3", validate=False, s3={"addressing_style": "path"})
    for name in client.meta.service_model.operation_names:
        given = minimal(client.meta.service_model.operation_model(name).input_shape)
        if "Bucket" in given:
            given["Bucket"] = "nobody-has-this-bucket"
        try:
            client._make_api_call(name, given)
        except Exception:    # the evidence has what came back
            continue


def page(words):
    text = HEAD
    for service in SERVICES:
        of = {name: words[service, name] for name in sorted(model(service).operation_names)}
        missing = [name for name, word in of.items() if word == "not implemented"]
        text += f"\n## {service}\n\n"
        counts = [f"{sum(word == each for word in of.values())} {each}" for each in ("behaves", "stores")]
        text += f"{', '.join(counts)}, {len(missing)} not implemented.\n\n| operation | |\n| --- | --- |\n"
        text += "".join(f"| {name} | {word} |\n" for name, word in of.items() if name not in missing)
        if missing:
            text += f"\nNot implemented: {', '.join(missing)}.\n"
    return text


def test_the_page_of_operations_says_what_the_tests_have_shown(aws, whole_run):
    EVIDENCE.test = None
    told_by_s3(aws)
    words, with_code = {}, built()
    for service in SERVICES:
        for name in model(service).operation_names:
            operation = (service, name)
            if EVIDENCE.behaves(operation):
                words[operation] = "behaves"
            elif operation not in EVIDENCE.served if service == "s3" else operation not in with_code:
                words[operation] = "not implemented"
            else:
                words[operation] = "stores"
    if os.environ.get("MOCKPLANE_EVIDENCE"):
        with open(os.environ["MOCKPLANE_EVIDENCE"], "w") as file:
            for operation, word in words.items():
                print(*operation, word, EVIDENCE.refused.get(operation), EVIDENCE.changed.get(operation), file=file)
    if not whole_run:
        pytest.skip("only a run of all tests shows what operations do")
    now = page(words)
    if os.environ.get("MOCKPLANE_UPDATE"):
        PAGE.write_text(now)
    kinds = {name: word for (service, name), word in words.items()
             if service == "sagemaker" and any(name in (f"{verb}{kind}", f"List{kind}s") for kind in KINDS
                                               for verb in ("Create", "Describe", "Stop", "Update", "Delete"))}
    assert len(kinds) > 25 and set(kinds.values()) == {"behaves"}, {k: w for k, w in kinds.items() if w != "behaves"}
    assert PAGE.read_text() == now, "MOCKPLANE_UPDATE=1 client-tests/run writes docs/OPERATIONS.md anew"


MAKE, SET, DROP, TAG = [("ec2", name) for name in ("CreateVpc", "ModifyVpcAttribute", "DeleteVpc", "CreateTags")]


def told(*steps):
    """What each reading step of these shows."""
    trail, shown = Trail(), []
    for operation, sent, answered in steps:
        if operation is None:
            refused = answered is None
            texts = {"NotFound"} if refused else set(answered)
            shown.append(trail.read(tuple(sent), set(sent), texts, repr(answered), refused))
        else:
            texts = set(answered)
            trail.wrote(operation, set(sent), texts)
        trail.known |= set(sent) | texts
    return shown


@pytest.mark.parametrize("steps, shown", [
    # What is made is seen by its id, whoever asks first; and once only does it say something new.
    ([(MAKE, ["10.0.0.0/16"], ["vpc-1"]), (None, ["all"], ["vpc-1", "10.0.0.0/16"])], [({MAKE}, True)]),
    ([(None, ["all"], ["vpc-1"]), (MAKE, ["10.0.0.0/16"], ["vpc-2"]), (None, ["all"], ["vpc-1"])],
     [(set(), False), (set(), False)]),
    # A value that says nothing by itself is seen by asking before and after.
    ([(None, ["vpc-1"], ["vpc-1", "true"]), (SET, ["vpc-1", "false"], []), (None, ["vpc-1"], ["vpc-1", "false"])],
     [(set(), False), ({SET}, True)]),
    # It is not if something else was done meanwhile: who knows what did it.
    ([(None, ["vpc-1"], ["vpc-1", "true"]), (SET, ["vpc-1", "false"], []), (TAG, ["vpc-1", "red", "team"], []),
      (None, ["vpc-1"], ["vpc-1", "false"])], [(set(), False), (set(), True)]),
    ([(None, ["vpc-1"], ["vpc-1"]), (SET, ["vpc-1", "false"], []), (TAG, ["vpc-1", "red", "team"], []),
      (None, ["vpc-1"], ["vpc-1", "red", "team"])], [(set(), False), ({TAG}, True)]),
    # What is gone is asked for in vain.
    ([(MAKE, ["10.0.0.0/16"], ["vpc-1"]), (DROP, ["vpc-1"], []), (None, ["vpc-1"], None)], [({DROP}, True)]),
    ([(MAKE, ["10.0.0.0/16"], ["vpc-1"]), (DROP, ["vpc-1"], []), (None, ["vpc-2"], None)], [(set(), False)]),
    ([(None, ["vpc-1"], None)], [(set(), False)]),
])
def test_a_change_is_what_another_call_sees(steps, shown):
    assert told(*steps) == shown
