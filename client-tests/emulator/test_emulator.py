"""Scenarios against another emulator: what asks for calls alone runs there, the rest is skipped and says why."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

SCENARIOS = Path(__file__).resolve().parents[2] / "scenarios"
KEYS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}

OWN = """\
apiVersion: mockplane/v1
kind: Scenario
metadata: {name: own}
settings: {seed: 7, profile: instant, clock: {mode: poll}}
vars:
  trust: >-
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
    "Principal": {"AWS": "*"}}]}
steps:
  - call: iam.CreateRole
    with: {RoleName: ana, AssumeRolePolicyDocument: "${vars.trust}"}
    expect: {response: {Role.Arn: "arn:aws:iam::${account}:role/ana"}}
    capture: {role: Role.Arn}
  - call: sts.AssumeRole
    with: {RoleArn: "${role}", RoleSessionName: morning}
    capture: {ana: Credentials}
  - call: sts.GetCallerIdentity
    as: ${ana}
    expect: {response: {Arn: {matches: "assumed-role/ana/morning$"}}}
  - call: ec2.CreateVpc
    with: {CidrBlock: 10.1.0.0/16}
    capture: {vpc: Vpc.VpcId}
  - call: ec2.DescribeVpcs
    with: {VpcIds: ["${vpc}"]}
    poll: {every: 100ms, within: 5s}
    expect: {response: {"Vpcs[0].State": available}}
  - call: sagemaker.CreateTrainingJob
    with:
      TrainingJobName: demo
      RoleArn: ${role}
      AlgorithmSpecification: {TrainingImage: "${account}.dkr.ecr.${region}.amazonaws.com/t:1", TrainingInputMode: File}
      OutputDataConfig: {S3OutputPath: "s3://models/out"}
      ResourceConfig: {InstanceType: ml.m5.large, InstanceCount: 1, VolumeSizeInGB: 10}
      StoppingCondition: {MaxRuntimeInSeconds: 3600}
  - waitFor: {resource: training-job/demo, state: Completed, within: 30s}
"""


@contextmanager
def emulator(directory, *flags):
    """The address of an emulator that is there meanwhile."""
    log = directory / "log"
    command = [Path(sys.executable).with_name("moto_server"), "-H", "127.0.0.1", "-p", "0", *flags]
    with log.open("w") as out:
        server = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)
    try:
        for _ in range(300):
            found = re.search(r"Running on (https?://127\.0\.0\.1:\d+)", log.read_text())
            if found:
                break
            assert server.poll() is None, log.read_text()
            time.sleep(0.1)
        else:
            pytest.fail(log.read_text())
        yield found[1]
    finally:
        server.terminate()
        server.wait(10)


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory):
    with emulator(tmp_path_factory.mktemp("emulator")) as address:
        yield address


@pytest.fixture(autouse=True)
def fresh(endpoint):
    urllib.request.urlopen(urllib.request.Request(f"{endpoint}/moto-api/reset", method="POST"), timeout=10).close()


def run(path, endpoint, *flags, keys=KEYS):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    command = [os.environ["MOCKPLANE_BIN"], "run", path, "--endpoint", endpoint, *flags]
    return subprocess.run(command, env={**environment, **keys}, capture_output=True, text=True, timeout=120)


def folder(tmp_path, *names):
    """These scenarios of the repository, and one of this test's own."""
    for name in names:
        shutil.copy(SCENARIOS / f"{name}.yaml", tmp_path)
    (tmp_path / "own.yaml").write_text(OWN)
    return tmp_path


def test_each_scenario_passes_fails_or_is_skipped(tmp_path, endpoint):
    path = folder(tmp_path, "presets", "role-may-not-describe", "stop-training-job", "answers-late-or-lost",
                  "lessons/09-role-without-eni-rights")
    done = run(path, endpoint, "--report", "json")
    report = json.loads(done.stdout)
    became = {one["name"]: one["skipped"] or one["status"] for one in report["scenarios"]}
    assert became == {
        "own": "passed",
        "presets": "passed",
        # Nothing there looks at what a job's role may do.
        "role-may-not-describe": "failed",
        "stop-training-job": "needs virtual time",
        "answers-late-or-lost": "needs faults",
        "role-without-eni-rights": "needs snapshots",
    }, done.stderr
    assert {one["account"] for one in report["scenarios"]} == {"123456789012"}
    counts = [report[key] for key in ("passed", "failed", "skipped", "exitCode")]
    assert counts == [2, 1, 3, 4] and done.returncode == 4
    [step] = [step for one in report["scenarios"] for step in one["steps"] if step["notes"]]
    assert step["problems"][0]["message"] == "expected `ValidationException`, but the call succeeded"
    assert step["notes"] == ["the cause was not judged: the target does not tell it"]


def test_what_is_skipped_is_no_failure(tmp_path, endpoint):
    done = run(folder(tmp_path, "stop-training-job"), endpoint, "--report", "tap")
    assert done.returncode == 0 and "ok 2 - stop-training-job # SKIP needs virtual time\n" in done.stdout, done.stdout


def test_nothing_to_run_there(endpoint):
    done = run(SCENARIOS / "stop-training-job.yaml", endpoint)
    assert done.returncode == 1 and done.stdout.endswith("1 scenario: 0 passed, 0 failed, 1 skipped\n"), done.stdout


def test_calls_need_credentials(endpoint):
    done = run(SCENARIOS / "presets.yaml", endpoint, keys={"AWS_ACCESS_KEY_ID": "testing"})
    assert done.returncode == 3 and "AWS_SECRET_ACCESS_KEY is not set" in done.stderr, done.stderr


def certificate(directory):
    """Files with a certificate of this machine that it has made itself, and with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "emulator")])
    now = datetime.now(timezone.utc)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (directory / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (directory / "key.pem").write_bytes(key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return directory / "cert.pem", directory / "key.pem"


def test_https_to_whom_this_machine_trusts(tmp_path):
    (tmp_path / "other").mkdir()
    (cert, key), (other, _) = certificate(tmp_path), certificate(tmp_path / "other")
    with emulator(tmp_path, "-c", str(cert), "-k", str(key)) as address:
        assert address.startswith("https://")
        done = run(SCENARIOS / "presets.yaml", address, keys={**KEYS, "SSL_CERT_FILE": str(cert)})
        assert done.returncode == 0, done.stdout + done.stderr
        done = run(SCENARIOS / "presets.yaml", address, keys={**KEYS, "SSL_CERT_FILE": str(other)})
        assert done.returncode == 3 and "certificate" in done.stderr, done.stdout + done.stderr
