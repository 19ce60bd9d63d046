"""Mockplane for pytest: copy this file. It needs boto3, pytest and the `mockplane` binary.

MOCKPLANE_BIN       the binary, if it is not on the path
MOCKPLANE_ENDPOINT  a server that runs already, such as http://mockplane:4545; none is started then

A test takes the fixture `aws`: an AWS account of its own, empty, on a server that all tests share. With pytest-xdist each
worker has its own server. Scenario files (`*.scenario.yaml`) are collected as tests.
"""

import contextlib
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

import boto3
import pytest

# Nothing of this machine's own AWS settings may reach a client of a test.
for _name in [name for name in os.environ if name.startswith("AWS_")]:
    del os.environ[_name]
os.environ.update(AWS_EC2_METADATA_DISABLED="true", AWS_CONFIG_FILE=os.devnull, AWS_SHARED_CREDENTIALS_FILE=os.devnull)


def binary():
    found = os.environ.get("MOCKPLANE_BIN") or shutil.which("mockplane")
    if not found:
        pytest.exit("no mockplane on the path, and no MOCKPLANE_BIN", returncode=4)
    return found


@contextlib.contextmanager
def serve(*flags):
    """A server on a free port, with flags of `mockplane serve`; its endpoint."""
    with tempfile.TemporaryDirectory(prefix="mockplane-") as directory:
        endpoints, log = pathlib.Path(directory, "endpoints.json"), pathlib.Path(directory, "log")
        with log.open("wb") as errors:
            server = subprocess.Popen(
                [binary(), "serve", "--port", "0", "--endpoints-file", str(endpoints), *flags],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors)
        try:
            deadline = time.monotonic() + 30
            while not endpoints.exists():    # it is there, whole, as soon as the server serves
                if server.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"mockplane does not serve:\n{log.read_text()}")
                time.sleep(0.01)
            yield json.loads(endpoints.read_text())["endpoint"]
        finally:
            server.terminate()
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


class Account:
    """An AWS account of one test, and the control API for it (docs/CONTROL-API.md)."""

    def __init__(self, endpoint, number, region="us-east-1"):
        self.endpoint, self.number, self.region = endpoint, number, region
        self.session = boto3.Session(
            aws_access_key_id=number, aws_secret_access_key="any", region_name=region)

    def client(self, service, **more):
        return self.session.client(service, endpoint_url=self.endpoint, **more)

    def environment(self):
        """What code and commands need that make their own clients."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint, "AWS_ACCESS_KEY_ID": self.number, "AWS_SECRET_ACCESS_KEY": "any",
            "AWS_DEFAULT_REGION": self.region, "AWS_REGION": self.region,
        }

    def control(self, method, call, body=None):
        """A call of the control API that takes the account as a parameter."""
        joint = "&" if "?" in call else "?"
        return self._ask(method, f"{call}{joint}account={self.number}", body)

    def set(self, call, **what):
        """A call of the control API that takes the account in its body, such as rules, iam, quotas."""
        return self._ask("POST", call, {"account": self.number, **what})

    def reset(self):
        self.control("POST", "reset")

    def stop_clock(self, start="2026-01-05T09:00:00Z"):
        """From now on time moves by `advance` alone."""
        self.set("clock", mode="manual", start=start)

    def advance(self, span):
        """Moves the time on, by a span such as 90s or 1h30m; what is due by then has happened."""
        self.set("clock", advance=span)

    def events(self):
        return self.control("GET", "events")["events"]

    def explain(self, resource):
        """Why something is as it is: training-job/NAME, endpoint/NAME, .., or request/ID of a refused call."""
        return self.control("GET", f"explain/{resource}?region={self.region}")

    def assert_decided_by(self, resource, rule):
        """The cause, not the sentence: which documented rule decided (docs/RULES.md). `rule` is None for none."""
        told = self.explain(resource)
        if told["decidedBy"] != rule:
            text = self._text(f"explain/{resource}?region={self.region}&format=text&account={self.number}")
            pytest.fail(f"{resource} was decided by {told['decidedBy']}, not by {rule}\n\n{text}", pytrace=False)

    def _ask(self, method, call, body):
        return json.loads(self._text(call, method, body))

    def _text(self, call, method="GET", body=None):
        request = urllib.request.Request(
            f"{self.endpoint}/_mockplane/{call}", method=method, headers={"content-type": "application/json"},
            data=None if body is None else json.dumps(body).encode())
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.read().decode()
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{method} {call}: {error.read().decode()}") from None


@pytest.fixture(scope="session")
def mockplane():
    """The endpoint of the server that all tests share."""
    running = os.environ.get("MOCKPLANE_ENDPOINT")
    with contextlib.nullcontext(running.rstrip("/")) if running else serve() as endpoint:
        yield endpoint


@pytest.fixture
def aws(mockplane, request):
    """An account of this test alone. Its number, and so every id in it, follows from the test's name."""
    number = int.from_bytes(hashlib.sha256(request.node.nodeid.encode()).digest()[:8], "big") % 10**12
    account = Account(mockplane, f"{number:012}")
    account.reset()
    return account


def pytest_collect_file(parent, file_path):
    """Scenario files are tests; they run in the binary's own process, or on the server that runs already."""
    if file_path.name.endswith(".scenario.yaml"):
        return ScenarioFile.from_parent(parent, path=file_path)


class ScenarioFile(pytest.File):
    def collect(self):
        yield Scenario.from_parent(self, name=self.path.name.removesuffix(".scenario.yaml"))


class Scenario(pytest.Item):
    def runtest(self):
        done = subprocess.run([binary(), "run", str(self.path)], capture_output=True, text=True, timeout=600)
        if done.returncode != 0:
            raise ScenarioFailed(done.stdout + done.stderr)

    def repr_failure(self, excinfo):
        return str(excinfo.value) if excinfo.errisinstance(ScenarioFailed) else super().repr_failure(excinfo)

    def reportinfo(self):
        return self.path, None, self.name


class ScenarioFailed(Exception):
    """What the runner printed."""
