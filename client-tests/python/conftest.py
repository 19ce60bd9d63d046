import os

import pytest

# Only what a test says may reach a client: no profile, no region, no metadata service of this machine.
for _name in [n for n in os.environ if n.startswith("AWS_")]:
    del os.environ[_name]
os.environ.update(
    AWS_EC2_METADATA_DISABLED="true", AWS_CONFIG_FILE=os.devnull, AWS_SHARED_CREDENTIALS_FILE=os.devnull)

from mockplane import WATCH, Account, Server  # noqa: E402


@pytest.fixture(scope="session")
def server():
    """One server with its defaults for all suites; accounts keep the tests apart."""
    with Server() as running:
        yield running
        assert "panicked at" not in running.log_text()


@pytest.fixture(autouse=True)
def answers_fit_the_model():
    """Whatever a test looks at: every answer that a boto3 client got in it is one that its model allows."""
    WATCH.taken()
    yield
    problems = WATCH.taken()
    assert not problems, "\n".join(problems)


@pytest.fixture
def aws(server):
    yield Account(server)
    assert server.alive(), server.log_text()[-4000:]


@pytest.fixture
def other(server):
    """A second account."""
    return Account(server)
