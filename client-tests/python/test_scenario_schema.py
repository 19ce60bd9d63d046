"""The schemas of the file formats, judged by a validator that knows nothing of Mockplane."""

import copy
import json
import re
import subprocess

import jsonschema
import pytest
import yaml

from mockplane import ROOT, binary

SCENARIOS = ROOT / "scenarios"


class Loader(yaml.SafeLoader):
    """YAML 1.2: words are words, and so are times and numbers with leading zeros."""


Loader.yaml_implicit_resolvers = {}
for tag, pattern, first in [
    ("null", r"^(~|null|)$", ["~", "n", ""]),
    ("bool", r"^(true|false)$", list("tf")),
    ("int", r"^[-+]?(0|[1-9][0-9]*)$", list("-+0123456789")),
    ("float", r"^[-+]?(0|[1-9][0-9]*)\.[0-9]+$", list("-+0123456789")),
    ("merge", r"^<<$", ["<"]),
]:
    Loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(pattern), first)


def read(path):
    return yaml.load(path.read_text(), Loader)


@pytest.fixture(scope="module")
def schemas():
    def printed(kind):
        return json.loads(subprocess.run([binary(), "schema", kind], check=True, capture_output=True).stdout)

    schemas = {kind: printed(kind) for kind in ("scenario", "fixture")}
    for schema in schemas.values():
        jsonschema.Draft202012Validator.check_schema(schema)
    return {kind: jsonschema.Draft202012Validator(schema) for kind, schema in schemas.items()}


def test_the_schemas_of_the_repository_are_those_that_are_printed(schemas):
    for kind, file in [("scenario", "schema.json"), ("fixture", "fixtures/schema.json")]:
        assert json.loads((SCENARIOS / file).read_text()) == schemas[kind].schema


def test_every_file_of_the_repository_is_valid(schemas):
    files = sorted(SCENARIOS.rglob("*.yaml"))
    assert len(files) > 60
    for path in files:
        document = read(path)
        kind = "fixture" if document["kind"] == "Fixture" else "scenario"
        errors = [f"{path}: {error.json_path}: {error.message}" for error in schemas[kind].iter_errors(document)]
        assert errors == []


@pytest.mark.parametrize(
    "change",
    [
        lambda file: file.update(stesp=[]),
        lambda file: file.pop("steps"),
        lambda file: file.update(steps=[]),
        lambda file: file.update(apiVersion="mockplane/v2"),
        lambda file: file["metadata"].update(titel="x"),
        lambda file: file.update(settings={"profile": "slow"}),
        lambda file: file.update(settings={"clock": {"mode": "manuel"}}),
        lambda file: file["steps"].append({"say": "nothing"}),
        lambda file: file["steps"].append({"advance": "1s", "call": "ec2.DescribeVpcs"}),
        lambda file: file["steps"].append({"advance": "3 minutes"}),
        lambda file: file["steps"].append({"waitFor": {"resource": "training-job/a"}}),
        lambda file: file["steps"].append({"call": "ec2.DescribeVpcs", "expect": {"respones": {}}}),
        lambda file: file["fixtures"].append({"as": "net"}),
        lambda file: file["fixtures"].append({"as": "net", "preset": "privat-vpc"}),
        lambda file: file.update(faults=[{"id": "a", "effect": {"dely": "1s"}}]),
        lambda file: file.update(behaviours=[{"kinds": ["trainig"]}]),
        lambda file: file.update(matrix={"row": 1}),
    ],
)
def test_what_is_no_scenario_is_refused(schemas, change):
    document = read(SCENARIOS / "presets.yaml")
    assert schemas["scenario"].is_valid(document)
    changed = copy.deepcopy(document)
    change(changed)
    assert not schemas["scenario"].is_valid(changed)
