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


def on(text, server, account, documented):
    """The block with this test's server and account for the README's."""
    assert "http://127.0.0.1:4545" in text and documented in text
    return text.replace("http://127.0.0.1:4545", server.endpoint).replace(documented, account)


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


@pytest.fixture
def make_account(server):
    return lambda: Account(server).number


def test_the_story_with_the_aws_cli(server, make_account):
    text = on(block("bash", "create-training-job"), server, make_account(), "111122223333")
    for _ in range(2):      # pasted again it works again
        story_holds(run(["bash", "-euo", "pipefail"], text))


def test_the_story_with_boto3(server, make_account):
    text = block("python", "create_training_job")
    for attempt in range(3):
        output = run([sys.executable, "-"], on(text, server, make_account(), "444455556666"))
        # The three seconds of this job may pass between two calls where a machine is very busy.
        if "eni-" in output or attempt == 2:
            return story_holds(output)


def story_holds(output):
    """Free addresses before, while and after; four interfaces; the end."""
    assert len(set(re.findall(r"eni-[0-9a-f]{17}", output))) == 4, output
    counts = [int(n) for n in re.findall(r"\b(251|247)\b", output)]
    assert [sum(pair) for pair in zip(counts[::2], counts[1::2])] == [502, 498, 502], output
    assert output.count("in-use") == 4 and "Completed" in output, output
