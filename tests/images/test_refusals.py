import pytest

from tests.images.containers import mounted
from tests.images.models import with_truncated_contract, with_unknown_signature

SECONDS = 5


def nothing(_model, _folder):
    """Mount nothing."""


def empty(_model, folder):
    """Mount an empty directory."""
    folder.chmod(0o755)
    return folder


@pytest.mark.parametrize(
    ("breaking", "told"),
    [
        (nothing, "/model is empty"),
        (empty, "/model is empty"),
        (with_truncated_contract, "/model/contract.protobin is not a valid contract"),
        (with_unknown_signature, "no_such_function"),
    ],
)
def test_a_start_that_cannot_succeed_ends_soon_and_says_why(
    run, image, model, tmp_path, breaking, told
):
    """One message says what was found and shows the `docker run` that works; the code is not 0."""
    broken = breaking(model, tmp_path)
    container = run(*([mounted(broken)] if broken else []))
    assert container.wait_exit_code() not in (0, 137)
    assert container.seconds_lived < SECONDS
    lines = [line for line in container.logs.splitlines() if " INFO " not in line]
    assert lines[0].startswith("serving-runtime serve: ")
    assert told in lines[0]
    assert all(line.startswith("  ") for line in lines[1:])
    assert "docker run --rm -p 9090:9090 -v /path/to/model:/model:ro " + image in lines[-1]
