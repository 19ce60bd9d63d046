"""What people copy works: everything in examples/ runs, and docs/CI.md shows what is there."""

import os
import re
import shutil
import socket
import subprocess
import sys
import xml.etree.ElementTree as xml

import pytest
import yaml

from mockplane import ROOT, Account, Server, binary, environment
from shell import Shell
from test_others import javascript, run  # noqa: F401 - the fixture

EXAMPLES = ROOT / "examples"
PAGE = (ROOT / "docs/CI.md").read_text()
COMPOSE = yaml.safe_load((EXAMPLES / "compose/compose.yaml").read_text())["services"]
GITHUB = yaml.safe_load((EXAMPLES / "ci/github.yaml").read_text())["jobs"]
GITLAB = yaml.safe_load((EXAMPLES / "ci/gitlab.yaml").read_text())
DOCKERFILE = (ROOT / "Dockerfile").read_text()


def suite(folder, *arguments, **settings):
    """A run of pytest as people have it; its exit code and what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(folder), str(folder), *arguments],
        env=environment(MOCKPLANE_BIN=binary(), **settings), cwd=folder, timeout=120, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode, done.stdout


@pytest.fixture
def copied(tmp_path):
    return lambda name: shutil.copytree(EXAMPLES / name, tmp_path / name)


def test_pytest_with_servers_of_its_own(copied):
    code, output = suite(copied("pytest"), "-n", "2")
    assert code == 0 and "8 passed" in output, output


def test_pytest_on_a_server_that_runs(copied, server):
    folder = copied("pytest")
    for _ in range(2):    # the same accounts again
        code, output = suite(
            folder, "-k", "tear-down or addresses or own_clients", MOCKPLANE_ENDPOINT=server.endpoint)
        assert code == 0 and "3 passed" in output, output


def test_pytest_says_why(copied):
    folder = copied("pytest")
    test = folder / "test_private_training.py"
    test.write_text(test.read_text().replace("SM-S3-NOPATH-01", "SM-S3-RTB-03"))
    scenario = folder / "tear-down.scenario.yaml"
    scenario.write_text(scenario.read_text().replace("code: DependencyViolation", "code: InUse"))
    code, output = suite(folder, "-k", "sealed or tear-down")
    assert code == 1 and "2 failed" in output, output
    assert "was decided by SM-S3-NOPATH-01, not by SM-S3-RTB-03" in output, output
    assert "blocked route-table" in output and 'got "DependencyViolation"' in output and "tear-down.scenario.yaml" in output, output


def test_an_existing_suite():
    script = EXAMPLES / "existing-suite/with-mockplane"
    env = environment(MOCKPLANE_BIN=binary())
    output = run(
        script, sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", EXAMPLES / "existing-suite", env=env)
    assert "2 passed" in output
    assert run(script, "sh", "-c", 'curl -sf "$AWS_ENDPOINT_URL/_mockplane/health"', env=env)
    ended = subprocess.run([script, "sh", "-c", "exit 7"], env=env, timeout=60)
    assert ended.returncode == 7
    unsound = subprocess.run(
        [script, "true"], env={**env, "MOCKPLANE_REGION": "mars-north-1"}, timeout=60, capture_output=True, text=True)
    assert unsound.returncode == 1 and "`mars-north-1` is no region" in unsound.stderr


@pytest.mark.skipif(not (shutil.which("node") and shutil.which("npm")), reason="needs Node.js and npm")
def test_javascript(javascript):  # noqa: F811
    folder = javascript / "example"
    shutil.copytree(EXAMPLES / "javascript", folder, dirs_exist_ok=True)
    output = run(
        "node", "--test", folder / "private-training.test.mjs", env=environment(MOCKPLANE_BIN=binary()), cwd=folder)
    assert re.search(r"^. pass 4$", output, re.MULTILINE), output


def settings_of_serve():
    """Every setting that `mockplane serve` knows."""
    output = run(binary(), "serve", "--help", env=environment())
    return set(re.findall(r"\[env: (MOCKPLANE_\w+)=", output))


def test_settings_in_pipelines_are_there():
    known = settings_of_serve()
    assert len(known) > 20 and "MOCKPLANE_SEED" in known
    for served in (
        COMPOSE["mockplane"]["environment"], GITHUB["tests"]["services"]["mockplane"]["env"],
        {name: value for name, value in GITLAB["variables"].items() if name.startswith("MOCKPLANE_")},
    ):
        assert served.keys() <= known, served
        with Server(**served) as server:
            assert server.alive()
    # What those take who talk to it.
    for told in (COMPOSE["tests"]["environment"], GITHUB["tests"]["env"], GITLAB["tests"]["variables"]):
        own = {name for name in told if name.startswith("MOCKPLANE_")}
        assert own == {"MOCKPLANE_ENDPOINT"}
        for example in ("pytest/conftest.py", "javascript/mockplane.mjs"):
            assert "MOCKPLANE_ENDPOINT" in (EXAMPLES / example).read_text()


def test_compose_agrees_with_the_image():
    entry, command = (yaml.safe_load(re.search(rf"^{word} (\[.*\])$", DOCKERFILE, re.M)[1]) for word in ("ENTRYPOINT", "CMD"))
    assert (entry, command) == (["/mockplane"], ["serve"]) and "command" not in COMPOSE["mockplane"]
    check = COMPOSE["mockplane"]["healthcheck"]["test"]
    own = yaml.safe_load(re.search(r"^HEALTHCHECK .* CMD (\[.*\])$", DOCKERFILE, re.M)[1])
    assert check == ["CMD", *own] and own[0] == entry[0]
    port = re.search(r"^EXPOSE (\d+)$", DOCKERFILE, re.M)[1]
    published = COMPOSE["mockplane"]["ports"] + GITHUB["tests"]["services"]["mockplane"]["ports"]
    assert [text.split(":")[-1] for text in published] == [port, port]
    assert set(COMPOSE["tests"]["depends_on"]) == {"mockplane"}
    (alias,) = [service["alias"] for service in GITLAB["tests"]["services"]]
    endpoints = [
        (COMPOSE["tests"]["environment"], "mockplane"), (GITHUB["tests"]["env"], "127.0.0.1"),
        ({**GITLAB["variables"], **GITLAB["tests"]["variables"]}, alias)]
    for told, host in endpoints:
        assert told["AWS_ENDPOINT_URL"] == told["MOCKPLANE_ENDPOINT"] == f"http://{host}:{port}"
    assert (ROOT / "examples/compose" / COMPOSE["mockplane"]["build"]).resolve() == ROOT
    assert "pip install" in (EXAMPLES / "compose" / COMPOSE["tests"]["build"] / "Dockerfile").read_text()


def test_the_containers_of_compose_without_containers():
    """What is in them, on a port of this machine."""
    with Server(**COMPOSE["mockplane"]["environment"]) as server:
        _, _, *check = COMPOSE["mockplane"]["healthcheck"]["test"]
        run(binary(), *check, env=environment(MOCKPLANE_PORT=str(server.port)))
        settings = {
            name: value.replace("http://mockplane:4545", server.endpoint)
            for name, value in COMPOSE["tests"]["environment"].items()}
        code, output = suite(EXAMPLES / "compose/tests", **settings)
        assert code == 0 and "2 passed" in output, output
    done = subprocess.run([binary(), *check], env=environment(MOCKPLANE_PORT=str(server.port)), capture_output=True)
    assert done.returncode == 1


def test_the_name_of_a_container_is_no_bucket(server, aws, monkeypatch):
    """Clients in other containers call the server by its name."""
    look = socket.getaddrinfo
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, *more, **rest: look("127.0.0.1" if host == "mockplane" else host, *more, **rest))

    class Named:
        endpoint = f"http://mockplane:{server.port}"

    named = Account(Named, aws.number)
    assert named.sts.get_caller_identity()["Account"] == aws.number
    s3 = named.client("s3")
    s3.create_bucket(Bucket=f"data-{aws.number}")
    s3.put_object(Bucket=f"data-{aws.number}", Key="a", Body=b"1")
    assert [one["Name"] for one in aws.client("s3").list_buckets()["Buckets"]] == [f"data-{aws.number}"]


def test_commands_in_pipelines_run(tmp_path):
    """Each `mockplane ..` of a pipeline, with the directory that it names."""
    steps = [step["run"] for step in GITHUB["scenarios"]["steps"] if "run" in step] + GITLAB["scenarios"]["script"]
    shown = re.findall(r"^mockplane (?:lint|run) .*$", PAGE, re.MULTILINE)
    commands = [line for line in steps + shown if line.startswith("mockplane ")]
    assert len(commands) == 4
    for directory in ("scenarios", "own/scenarios"):
        (tmp_path / directory).mkdir(parents=True)
        shutil.copy(EXAMPLES / "pytest/tear-down.scenario.yaml", tmp_path / directory / "tear-down.yaml")
    for command in commands:
        run(binary(), *command.split()[1:], env=environment(), cwd=tmp_path)
    report = xml.parse(tmp_path / "scenarios.xml").getroot()
    assert report.tag == "testsuites" and report.attrib["failures"] == "0" and int(report.attrib["tests"]) == 5
    # And a pipeline stops at what does not hold.
    scenario = tmp_path / "scenarios/tear-down.yaml"
    scenario.write_text(scenario.read_text().replace("code: DependencyViolation", "code: InUse"))
    done = subprocess.run(
        [binary(), "run", "scenarios", "--report", "tap", "--report", "junit=scenarios.xml"], env=environment(), cwd=tmp_path,
        capture_output=True, text=True, timeout=60)
    assert done.returncode == 4 and "not ok 1 - tear-down" in done.stdout, done.stdout
    assert xml.parse(tmp_path / "scenarios.xml").getroot().attrib["failures"] == "1"


def test_the_page_shows_what_is_there():
    files = {path: path.read_text() for path in EXAMPLES.rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    files[None] = (ROOT / "mock-server/tests/library.rs").read_text()
    shown = re.findall(r"^```(python|rust|js|yaml)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert len(shown) >= 6
    for _, block in shown:
        assert any(block.rstrip("\n") in text for text in files.values()), block
    for link in re.findall(r"\]\(([^)#]+)", PAGE):
        assert (ROOT / "docs" / link).exists(), link
    assert os.access(EXAMPLES / "existing-suite/with-mockplane", os.X_OK)


def test_two_suites_are_one():
    """The suite of compose is the existing one, under another heading."""
    one, other = (
        (EXAMPLES / name / "test_uploads.py").read_text().split('"""', 2)[2] for name in ("existing-suite", "compose/tests"))
    assert one == other


# Scenarios whose calls tell all of them. Each has a refusal or a wait that comes to nothing if what is before it did not
# do what the scenario says.
EXPORTED = [
    "name-in-use", "buckets-and-objects", "endpoint-in-the-wrong-route-table", "presets", "names-in-use --row processing-job",
    "names-in-use --row model"]


def exported(name, form):
    name, *options = name.split()
    return run(binary(), "export", ROOT / f"scenarios/{name}.yaml", "--as", form, *options, env=environment())


def ran(command, script, account):
    env = environment(
        AWS_ENDPOINT_URL=account.server.endpoint, AWS_ACCESS_KEY_ID=account.number, AWS_SECRET_ACCESS_KEY="any",
        AWS_DEFAULT_REGION="us-east-1", AWS_EC2_METADATA_DISABLED="true", AWS_CONFIG_FILE=os.devnull,
        AWS_SHARED_CREDENTIALS_FILE=os.devnull)
    return subprocess.run(command, input=script, env=env, text=True, capture_output=True, timeout=120)


@pytest.mark.parametrize("name", EXPORTED)
def test_a_scenario_as_a_script(name, aws):
    script = exported(name, "boto3")
    done = ran([sys.executable, "-"], script, aws)
    assert done.returncode == 0, f"{script}\n{done.stderr}"


@pytest.fixture(scope="module")
def shell():
    return Shell()


@pytest.mark.parametrize("name", EXPORTED)
def test_a_scenario_as_a_script_of_the_aws_cli(name, shell, aws):
    shell.run(aws, [f"export AWS_ENDPOINT_URL={aws.server.endpoint}", *exported(name, "cli").splitlines()])


# Keys that a call answered are whose later calls are, an error is told by its code, and a script does not go on after what
# is not as the scenario says.
CALLERS = """
apiVersion: mockplane/v1
kind: Scenario
metadata: {name: callers}
steps:
  - {call: iam.CreateUser, with: {UserName: ana}}
  - {call: iam.CreateAccessKey, with: {UserName: ana}, capture: {ana: AccessKey}}
  - {call: sts.GetCallerIdentity, as: "${ana}", capture: {arn: Arn}}
  - {call: iam.GetUser, with: {UserName: ana}, poll: {every: 1s, within: 5s}, expect: {response: {User.Arn: "${arn}"}}}
  - {call: iam.DeleteUser, with: {UserName: ana}, expect: {error: {code: %s}}}
"""


@pytest.mark.parametrize("form, command", [("boto3", [sys.executable, "-"]), ("cli", ["bash"])])
def test_what_a_script_says_is_looked_at(form, command, aws, tmp_path):
    file = tmp_path / "callers.yaml"
    for code, right in [("DeleteConflict", True), ("NoSuchEntity", False)]:
        file.write_text(CALLERS % code)
        aws.reset()
        done = ran(command, run(binary(), "export", file, "--as", form, env=environment()), aws)
        assert (done.returncode == 0) == right, done.stderr
    assert "(DeleteConflict)" in done.stderr, done.stderr


# A text that JSON writes otherwise, in JSON and in what is looked at.
ANSWERS = r"""
apiVersion: mockplane/v1
kind: Scenario
metadata: {name: answers}
steps:
  - call: ec2.CreateVpc
    with: {CidrBlock: 10.0.0.0/16}
    capture: {vpc: Vpc.VpcId}
    expect: {response: {Vpc.CidrBlock: {matches: '^10\.'}, "Vpc.CidrBlockAssociationSet": {length: 1}}}
  - call: iam.CreateRole
    with:
      RoleName: worker
      Description: "He said: \"C:\\temp\" `it's $HOME`"
      AssumeRolePolicyDocument: '{"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": "*"}]}'
  - {call: iam.GetRole, with: {RoleName: worker}, capture: {text: Role.Description, role: Role.Arn}}
  - {call: ec2.CreateTags, with: {Resources: ["${vpc}"], Tags: [{Key: said, Value: "${text}"}, {Key: role, Value: "${role}"}]}}
  - call: ec2.DescribeVpcs
    with: {VpcIds: ["${vpc}"]}
    expect: {response: {"Vpcs[0].Tags[?Key=='said'].Value | [0]": "${text}", "Vpcs[0].[VpcId, IsDefault]": ["${vpc}", false], %s}}
"""


@pytest.mark.parametrize("form, command", [("boto3", [sys.executable, "-"]), ("cli", ["bash"])])
def test_what_a_script_expects_of_an_answer(form, command, aws, tmp_path):
    file = tmp_path / "answers.yaml"
    for more, right in [
            ("'Vpcs[0].CidrBlock': {oneOf: [10.0.0.0/16], exists: true}, 'length(Vpcs)': {gte: 1, lte: 1}", True),
            ("'Vpcs[0].CidrBlock': 10.0.0.0/17", False), ("'Vpcs[].VpcId': {contains: vpc-1}", False),
            ("'Vpcs[0].OwnerId': {exists: false}", False), ("'length(Vpcs)': {gte: 2}", False)]:
        file.write_text(ANSWERS % more)
        aws.reset()
        script = run(binary(), "export", file, "--as", form, env=environment())
        done = ran(command, script, aws)
        assert (done.returncode == 0) == right, f"{script}{done.stderr}"
        assert right or "expected" in done.stderr and "got" in done.stderr, done.stderr


@pytest.mark.parametrize("form", ["boto3", "cli"])
def test_a_matrix_is_exported_by_its_rows(form):
    file = str(ROOT / "scenarios/names-in-use.yaml")
    done = subprocess.run(
        [binary(), "export", file, "--as", form], env=environment(), capture_output=True, text=True, timeout=60)
    assert done.returncode == 2 and done.stdout == "" and "say which is exported, processing-job, " in done.stderr, done.stderr


def test_what_calls_cannot_tell_is_not_exported():
    done = subprocess.run(
        [binary(), "export", str(ROOT / "scenarios/an-account-with-a-quota.yaml")], env=environment(), capture_output=True,
        text=True, timeout=60)
    assert done.returncode == 2 and done.stdout == "" and "`settings.quotas`" in done.stderr, done.stderr
