"""Our log is written whatever the user's code makes of the standard library's.

Whole configurations are tried on a worker, in ``worker/test_process_changes.py``.
"""

import io
import logging
import logging.config

import pytest

from serving_runtime import logs


@pytest.fixture
def written():
    """Configure our log; returns the stream that it is written to."""
    stream = io.StringIO()
    logs.configure("info", "text", stream, role="worker-1")
    return stream


def test_own_and_foreign_records_are_written_once(written):
    """Each by one handler, in the same form."""
    logs.get_logger("own").info("one")
    logging.getLogger("user").info("two")
    lines = written.getvalue().splitlines()
    assert [line.partition(" ")[2] for line in lines] == [
        "INFO    worker-1 own: one", "INFO    worker-1 user: two",
    ]  # fmt: skip


def test_a_configuration_of_the_standard_root_is_none_of_ours(written):
    """The user's records follow it; ours keep their level, handler and form."""
    logger = logs.get_logger("own")
    logging.config.dictConfig({"version": 1, "root": {"level": "ERROR", "handlers": []}})
    logging.getLogger("silenced").info("hidden")
    logger.info("shown")
    logs.get_logger("later").info("shown too")
    assert [line.rpartition(": ")[2] for line in written.getvalue().splitlines()] == [
        "shown", "shown too",
    ]  # fmt: skip


def test_a_record_is_plain_whatever_factory_there_is(written):
    """One may ask for what only the user's program has, and fail."""
    former = logging.getLogRecordFactory()
    logging.setLogRecordFactory(lambda *arguments, **more: 1 / 0)
    try:
        logs.get_logger("own").info("a %s", "b", extra={"fields": {"c": 1}})
    finally:
        logging.setLogRecordFactory(former)
    assert written.getvalue().endswith("own: a b c=1\n")


def test_nothing_that_silences_the_standard_library_silences_ours(written):
    """Neither its switch, nor that of a logger that has our name."""
    logging.getLogger("own").disabled = True
    logging.disable(logging.CRITICAL)
    try:
        logs.get_logger("own").info("shown")
    finally:
        logging.disable(logging.NOTSET)
    assert "shown" in written.getvalue()


def test_without_a_configuration_we_log_as_a_library_does(caplog):
    """A client's program sees our records by its own handlers, at its own level."""
    logger = logs.get_logger("own")
    logger.info("hidden")
    caplog.set_level(logging.INFO)
    logger.info("shown")
    assert caplog.messages == ["shown"]


def test_a_fork_goes_on_under_its_own_name(tmp_path):
    """Both processes write to one place, and neither writes what waits in the other."""
    with (tmp_path / "log").open("w") as stream:
        logs.configure("info", "text", stream, role="worker-1")
        logs.get_logger("own").info("one")
        logs.continue_in_fork("worker-2")
        logs.get_logger("own").info("two")
        logging.getLogger("forked").info("three")
        logs.configure("info", "text", io.StringIO())
    lines = (tmp_path / "log").read_text().splitlines()
    assert [line.split()[2] for line in lines] == ["worker-1", "worker-2", "worker-2"]
