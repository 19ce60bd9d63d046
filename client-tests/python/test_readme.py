"""What the README tells people to type works, and shows what it says."""

import os
import re
import subprocess
import sys

import pytest

from mockplane import ROOT, Account, environment

README = (ROOT / "README.md").read_text()


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def block(language, containing):
    (one,) = [text for text in blocks(language) if containing in text]
    return one


def on(text, server, account):
    """The block with this test's server and account for the README's."""
    assert "http://127.0.0.1:4545" in text and "111122223333" in text
    return text.replace("http://127.0.0.1:4545", server.endpoint).replace("111122223333", account)


def run(command, text):
    env = environment(AWS_CONFIG_FILE=os.devnull, AWS_SHARED_CREDENTIALS_FILE=os.devnull, AWS_PAGER="")
    done = subprocess.run(
        command, input=text, env=env, text=True, timeout=120, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_the_first_line_says_what_it_is():
    first = README.splitlines()[0]
    assert "Mockplane" in first
    for promise in ("no account", "no token", "no telemetry"):
        assert promise in README[:600]


def test_two_commands_do_everything():
    commands = [line for text in blocks("sh") for line in text.splitlines() if line.startswith("cargo ")]
    assert commands == ["cargo run --release -p mock-server -- serve", "cargo test --workspace"]


def attempts(server, make_account, command, text):
    """On a machine that is very busy the three seconds of the job may pass between two calls: paste again."""
    output = ""
    for _ in range(3):
        output = run(command, on(text, server, make_account()))
        if expected_while_running(output):
            return output
    pytest.fail(output)


def expected_while_running(output):
    return "247" in output


@pytest.fixture
def make_account(server):
    return lambda: Account(server).number


def test_the_story_with_the_aws_cli(server, make_account):
    output = attempts(server, make_account, ["bash", "-euo", "pipefail"], block("bash", "create-training-job"))
    assert_story(output)


def test_the_story_with_boto3(server, make_account):
    output = attempts(server, make_account, [sys.executable, "-"], block("python", "create_training_job"))
    assert_story(output)


def assert_story(output):
    """251 addresses, 247 and four interfaces while it runs, Completed, 251 again."""
    assert len(set(re.findall(r"eni-[0-9a-f]{17}", output))) == 4, output
    places = [output.index("251"), output.index("247"), output.index("Completed"), output.rindex("251")]
    assert places == sorted(places), output
