import os

import pytest

# Only what a test says may reach a client: no profile, no region, no metadata service of this machine.
for _name in [n for n in os.environ if n.startswith("AWS_")]:
    del os.environ[_name]
os.environ.update(
    AWS_EC2_METADATA_DISABLED="true", AWS_CONFIG_FILE=os.devnull, AWS_SHARED_CREDENTIALS_FILE=os.devnull)

from mockplane import EVIDENCE, WATCH, Account, Server  # noqa: E402

LEFT_OUT = pytest.StashKey()


def pytest_collection_modifyitems(items):
    """What looks at all other tests comes after them."""
    items.sort(key=lambda item: item.get_closest_marker("last") is not None)


def pytest_deselected(items):
    for item in items:
        item.config.stash[LEFT_OUT] = True


@pytest.fixture
def whole_run(request):
    """Whether no test was left out."""
    folders = [os.path.abspath(argument) for argument in request.config.args]
    return folders == [os.path.dirname(os.path.abspath(__file__))] and LEFT_OUT not in request.config.stash


@pytest.fixture(scope="session")
def server():
    """One server with its defaults for all suites; accounts keep the tests apart."""
    with Server() as running:
        yield running
        assert "panicked at" not in running.log_text()


@pytest.fixture(autouse=True)
def answers_fit_the_model(request):
    """Whatever a test looks at: every answer that a boto3 client got in it is one that its model allows."""
    WATCH.taken()
    EVIDENCE.begin(request.node.nodeid)
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
