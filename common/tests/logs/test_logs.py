import io
import json
import logging
import warnings

import pytest

from serving_runtime import logs
from serving_runtime.logs import formatters


@pytest.fixture
def written():
    """Return a stream for the records."""
    return io.StringIO()


@pytest.fixture(params=[logging.getLogger, logs.get_logger], ids=["user's", "own"])
def get_logger(request):
    """Return what makes loggers: for the user's code, and for ours."""
    return request.param


def test_text_line_has_time_level_role_name_message_and_fields(written, get_logger):
    """A text line reads like the documented one, fields last."""
    logs.configure("info", "text", written, role="worker-1")
    get_logger("a.b").info("loaded %s", "x", extra={"fields": {"rows": 3, "why": "a b"}})
    stamp, rest = written.getvalue().split(" ", 1)
    assert rest == 'INFO    worker-1 a.b: loaded x rows=3 why="a b"\n'
    assert len(stamp) == len("2026-01-01T00:00:00.000Z")
    assert stamp.endswith("Z")


def test_time_is_utc_with_milliseconds():
    """The stamp is in UTC, whatever the machine's zone."""
    assert formatters.timestamp(1767225600.9999) == "2026-01-01T00:00:00.999Z"


def test_text_without_role_has_no_gap(written, get_logger):
    """A process without a role, such as a command, writes lines without one."""
    logs.configure("info", "text", written)
    get_logger("n").warning("m")
    assert written.getvalue().endswith(" WARNING n: m\n")


@pytest.mark.parametrize("form", ["text", "json"])
def test_newlines_cannot_forge_a_line(written, form, get_logger):
    """A message or field with newlines and control characters stays one line."""
    logs.configure("info", form, written)
    fields = {"name": "x\nERROR y\x1b[0m"}
    get_logger("n").info("one\ntwo\r\nthree\u2028four", extra={"fields": fields})
    assert written.getvalue().count("\n") == 1
    assert "one two three four" in written.getvalue()
    assert "\x1b" not in written.getvalue()


def test_json_line_has_members_for_everything(written, get_logger):
    """A JSON line holds time, level, role, logger, message and the fields beside them."""
    logs.configure("info", "json", written, role="front")
    get_logger("n").info("m", extra={"fields": {"ms": 1.5, "path": io.StringIO}})
    entry = json.loads(written.getvalue())
    assert entry.pop("time").endswith("Z")
    assert entry == {
        "level": "info",
        "role": "front",
        "logger": "n",
        "message": "m",
        "ms": 1.5,
        "path": str(io.StringIO),
    }


def test_json_field_cannot_replace_a_member(written, get_logger):
    """A field named like a fixed member does not take its place."""
    logs.configure("info", "json", written)
    get_logger("n").info("m", extra={"fields": {"message": "other"}})
    assert json.loads(written.getvalue())["message"] == "m"


def test_traceback_follows_in_text_and_is_a_member_in_json(written, get_logger):
    """A traceback has lines of its own in text, and one member in JSON."""
    for form in ("text", "json"):
        logs.configure("info", form, written)
        try:
            raise ValueError("bad")
        except ValueError:
            get_logger("n").exception("failed")
    lines = written.getvalue().splitlines()
    assert lines[1] == "Traceback (most recent call last):"
    assert lines[-2] == "ValueError: bad"
    assert json.loads(lines[-1])["traceback"].endswith("ValueError: bad")


def test_stack_is_written(written, get_logger):
    """A stack that was asked for follows the line."""
    logs.configure("info", "text", written)
    get_logger("n").info("here", stack_info=True)
    assert written.getvalue().splitlines()[1].startswith("Stack (most recent call last)")


def test_level_hides_lesser_records(written, get_logger):
    """Records below the level are not written."""
    logs.configure("warning", "text", written)
    get_logger("n").info("hidden")
    get_logger("n").warning("shown")
    assert written.getvalue().endswith("n: shown\n")
    assert "hidden" not in written.getvalue()


def test_configuring_again_replaces_the_stream(written, get_logger):
    """A second set-up leaves one handler, so that no line is written twice."""
    logs.configure("info", "text", io.StringIO())
    logs.configure("info", "text", written)
    get_logger("n").info("once")
    assert written.getvalue().count("once") == 1


def test_warnings_become_records(written):
    """Python's warnings, several lines long, come as one line too."""
    logs.configure("info", "text", written)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(True)
        warnings.warn("old", UserWarning, stacklevel=1)
        logging.captureWarnings(False)
    assert "UserWarning: old" in written.getvalue()
    assert written.getvalue().count("\n") == 1
