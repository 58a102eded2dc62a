import pytest

from serving_runtime.errors import DETAIL_BYTES, SettingError, one_line
from serving_runtime.settings import SETTINGS, Settings

# Every setting that bounds something, with its least and its most, as text, and what is beyond.
BOUNDS = {
    "RUNTIME_MAX_BATCH_SIZE": (["1", "2", "999999", "1000000"], ["0", "1000001"]),
    "RUNTIME_MAX_CONNECTION_CALLS": (["1", "2", "999999", "1000000"], ["0", "1000001"]),
    "RUNTIME_HTTP_MAX_CONNECTIONS": (["1", "2", "999999", "1000000"], ["0", "1000001"]),
    "RUNTIME_HTTP_IDLE_TIMEOUT": (["100ms", "101ms", "86399s", "24h"], ["99ms", "86401s"]),
    "RUNTIME_MAX_QUEUE": (["1", "2", "999999", "1000000"], ["0", "1000001"]),
    "RUNTIME_MAX_MESSAGE_BYTES": (["1", "2147483646", "2147483647"], ["0", "2147483648"]),
    "RUNTIME_MAX_EXPANDED_BYTES": (["1", str(2**50 - 1), str(2**50)], ["0", str(2**50 + 1)]),
    "RUNTIME_MAX_QUEUE_BYTES": (["1", str(2**50 - 1), str(2**50)], ["0", str(2**50 + 1)]),
    "RUNTIME_MAX_SHARED_BYTES": (["1", str(2**50 - 1), str(2**50)], ["0", str(2**50 + 1)]),
    "RUNTIME_REQUEST_TIMEOUT": (["100ms", "101ms", "86399s", "24h"], ["99ms", "86401s"]),
    "RUNTIME_LOAD_TIMEOUT": (["100ms", "101ms", "86399s", "24h"], ["99ms", "86401s"]),
    "RUNTIME_CONNECTION_AGE": (["100ms", "101ms", "86399s", "24h"], ["99ms", "86401s"]),
    "RUNTIME_DRAIN_TIMEOUT": (["0s", "1ms", "86399s", "24h"], ["86401s"]),
    "RUNTIME_SLOW_CALL": (["0s", "1ms", "86399s", "24h"], ["86401s"]),
    "RUNTIME_HANG_GRACE": (["0s", "1ms", "86399s", "24h"], ["86401s"]),
}
DEFAULTS = {setting.variable: setting.default for setting in SETTINGS}


@pytest.mark.parametrize("variable", BOUNDS)
def test_a_limit_has_bounds_of_its_own(variable):
    """Its least and its most are taken, and what is next to them outside names the setting."""
    taken, refused = BOUNDS[variable]
    for text in [*taken, DEFAULTS[variable]]:
        Settings.from_env({variable: text})
    for text in refused:
        with pytest.raises(SettingError, match=variable):
            Settings.from_env({variable: text})


def test_every_limit_is_in_the_table():
    """A new one is not forgotten here."""
    limits = {name for name in DEFAULTS if "_MAX_" in name or name.endswith("_TIMEOUT")}
    assert limits <= set(BOUNDS)


@pytest.mark.parametrize("letter", ["x", "\N{SNOWMAN}"])
@pytest.mark.parametrize(("more", "is_whole"), [(-1, True), (0, True), (1, False)])
def test_details_may_have_just_the_limit(letter, more, is_whole):
    """In bytes of UTF-8: one more is cut, and shows it."""
    size = len(letter.encode())
    text = "y" * (DETAIL_BYTES % size) + letter * (DETAIL_BYTES // size)
    text = text[:-1] if more < 0 else text + "y" * more
    shown = one_line(text)
    assert (shown == text) is is_whole
    assert len(shown.encode()) <= DETAIL_BYTES
    assert shown.endswith("...") is not is_whole
