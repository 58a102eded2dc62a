import pytest

from tests.images.containers import mounted
from tests.images.models import UNKNOWN, with_truncated_contract, with_unknown_signature

SECONDS = 30  # some frameworks take ten to import


def nothing(_model, _contract, _folder):
    """Mount nothing."""


def empty(_model, _contract, folder):
    """Mount an empty directory."""
    folder.chmod(0o755)
    return folder


@pytest.fixture
def broken(request, model, contract, tmp_path):
    """What is mounted, if anything."""
    return request.param(model, contract, tmp_path)


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        (nothing, "/model is empty"),
        (empty, "/model is empty"),
        (with_truncated_contract, "/model/contract.protobin is not a valid contract"),
        (with_unknown_signature, UNKNOWN),
    ],
    indirect=["broken"],
)
def test_a_start_that_cannot_succeed_ends_soon_and_says_why(run, row, broken, told):
    """One message says what was found and shows the `docker run` that works; the code is not 0."""
    container = run(*([mounted(broken)] if broken else []))
    assert container.wait_exit_code() not in (0, 137)
    assert container.seconds_lived < SECONDS
    # What is before it, if anything, are the framework's own words.
    message = container.logs[container.logs.index("serving-runtime serve: ") :]
    assert told in message
    lines = message.splitlines()
    assert all(line.startswith("  ") for line in lines[1:])
    assert (
        "docker run --rm -p 9090:9090 -v /path/to/model:/model:ro " + row.references[0] in lines[-1]
    )
