"""The clients that are not Python libraries: the AWS CLI, the AWS SDK for JavaScript, and Mockplane's own runner."""

import os
import pathlib
import re
import shutil
import subprocess

import botocore
import botocore.loaders
import pytest

from mockplane import ROOT, Account, Server, binary, environment

CLIENTS = ROOT / "client-tests"


def settings(server, account):
    return environment(
        AWS_ENDPOINT_URL=server.endpoint, AWS_ACCESS_KEY_ID=account, AWS_SECRET_ACCESS_KEY="any",
        AWS_DEFAULT_REGION="us-east-1", AWS_REGION="us-east-1", AWS_EC2_METADATA_DISABLED="true",
        AWS_CONFIG_FILE=os.devnull, AWS_SHARED_CREDENTIALS_FILE=os.devnull)


def run(*command, env, cwd=None, timeout=300):
    done = subprocess.run(
        [str(part) for part in command], env=env, cwd=cwd, timeout=timeout, text=True, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_the_story_with_the_aws_cli(server, aws):
    output = run("bash", CLIENTS / "cli/story.sh", env=settings(server, aws.number))
    assert output.rstrip().endswith("the story holds"), output


def test_every_wait_of_the_aws_cli(server, aws):
    output = run("bash", CLIENTS / "cli/waits.sh", env=settings(server, aws.number), timeout=600)
    assert output.rstrip().endswith("every wait ends"), output


@pytest.mark.parametrize("service", ["sagemaker", "iam", "s3", "ec2", "logs", "ssm", "sts"])
def test_no_wait_of_what_is_here_is_left_out(service):
    """Whatever a waiter asks, if it is served, is waited for there."""
    loader = botocore.loaders.Loader()
    try:
        waiters = loader.load_service_model(service, "waiters-2")["waiters"]
    except botocore.exceptions.UnknownServiceError:
        waiters = {}
    tried = set(re.findall(r"^(?:(?:waits|gives_up) \S+|gone) (\S+)", (CLIENTS / "cli/waits.sh").read_text(), re.MULTILINE))
    served = {name for of, name in operations() if of == service}
    for name, waiter in waiters.items():
        if service == "s3" or waiter["operation"] in served:
            assert botocore.xform_name(name, "-") in tried, name


def operations():
    table, service = set(), None
    for line in (ROOT / "docs/OPERATIONS.md").read_text().splitlines():
        if line.startswith("## "):
            service = line[3:]
        elif match := re.match(r"\| (\w+) \| (behaves|stores) \|", line):
            table.add((service, match[1]))
    return table


@pytest.fixture(scope="module")
def javascript():
    """A directory with the SDK for JavaScript: outside the repository, installed once for a lock file."""
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "mockplane-clients/js"
    lock = (CLIENTS / "js/package-lock.json").read_text()
    if not (cache / "complete").exists() or (cache / "complete").read_text() != lock:
        shutil.rmtree(cache, ignore_errors=True)
        cache.mkdir(parents=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(CLIENTS / "js" / name, cache)
        run("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", env=dict(os.environ), cwd=cache)
        (cache / "complete").write_text(lock)
    return cache


@pytest.mark.skipif(not (shutil.which("node") and shutil.which("npm")), reason="needs Node.js and npm")
@pytest.mark.parametrize("script, end", [("story.mjs", "the story holds"), ("jobs.mjs", "every kind of job holds")])
def test_the_javascript_sdk(server, aws, javascript, script, end):
    shutil.copy(CLIENTS / "js" / script, javascript)
    output = run("node", script, env=settings(server, aws.number), cwd=javascript, timeout=120)
    assert output.rstrip().endswith(end), output


def test_the_scenarios_in_process():
    run(binary(), "run", ROOT / "scenarios", env=environment())


def test_the_scenarios_against_an_endpoint():
    with Server() as server:
        run(binary(), "run", ROOT / "scenarios", "--endpoint", server.endpoint, env=environment())


def test_a_failing_scenario_fails_the_run(tmp_path):
    broken = tmp_path / "broken.yaml"
    broken.write_text("kind: Nonsense\n")
    done = subprocess.run([binary(), "run", str(broken)], env=environment(), capture_output=True, text=True, timeout=60)
    assert done.returncode not in (0, 101), done.stderr
    assert "broken.yaml" in done.stdout + done.stderr


def test_rule_explains_a_rule():
    output = run(binary(), "rule", "SM-VPC-IP-01", env=environment())
    assert "SM-VPC-IP-01" in output and "address" in output
    done = subprocess.run([binary(), "rule", "NO-SUCH-RULE"], env=environment(), capture_output=True, text=True)
    assert done.returncode not in (0, 101)


def test_healthcheck(server):
    run(binary(), "healthcheck", env=environment(MOCKPLANE_PORT=str(server.port)))
    done = subprocess.run(
        [binary(), "healthcheck"], env=environment(MOCKPLANE_PORT="1"), capture_output=True, text=True, timeout=30)
    assert done.returncode not in (0, 101)


def test_settings_come_from_flags_and_from_the_environment():
    with Server(MOCKPLANE_ACCOUNT_ID="210987654321", MOCKPLANE_SEED="5") as by_env, \
            Server("--account-id", "210987654321", "--seed", "5") as by_flag:
        vpcs = []
        for server in (by_env, by_flag):
            account = Account(server)
            who = account.client("sts", key="AKIAIOSFODNN7EXAMPLE").get_caller_identity()
            assert who["Account"] == "210987654321"
            vpcs.append(account.client("ec2", key="210987654321").describe_vpcs()["Vpcs"])
        assert vpcs[0] == vpcs[1]


def test_a_port_in_use_is_an_error(server):
    done = subprocess.run(
        [binary(), "serve", "--port", str(server.port)], env=environment(), capture_output=True, text=True, timeout=30)
    assert done.returncode not in (0, 101)
    assert str(server.port) in done.stderr and "Ready." not in done.stdout


def test_profiles():
    with Server("--profile", "instant") as server:
        aws = Account(server)
        network = aws.network()
        aws.training_job("at-once", aws.role(), network.config)
        assert aws.job("at-once")["TrainingJobStatus"] == "Completed"
        assert aws.interfaces() == [] and aws.free(network.subnets[0]) == 251
    with Server("--profile", "realistic") as server:
        aws = Account(server)
        aws.training_job("slow", aws.role())
        aws.sm.get_waiter("training_job_completed_or_stopped").wait(TrainingJobName="slow")
        job = aws.job("slow")
        assert job["TrainingJobStatus"] == "Completed"


def test_the_poll_clock_jumps_to_the_next_event():
    with Server("--profile", "realistic", "--clock", "poll") as server:
        aws = Account(server)
        aws.training_job("polled", aws.role())
        seen = [aws.job("polled")["SecondaryStatus"] for _ in range(12)]
        assert seen[-1] == "Completed" and "Training" in seen
