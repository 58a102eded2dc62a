import re

import pytest

from serving_runtime.settings import parsing

FORMS = [
    parsing.TEXT, parsing.PORT, parsing.COUNT, parsing.POSITIVE, parsing.SIZE,
    parsing.MESSAGE_SIZE, parsing.SECONDS, parsing.POSITIVE_SECONDS, parsing.SWITCH,
]  # fmt: skip
NONSENSE = ["", " ", "x", "tcp://10.0.0.1:80", "1 2", "-1", "nan", "inf", "1e3", "0x10"]


def is_refused(parser, text):
    """Whether parsing raises ValueError; other exceptions are not refusals."""
    try:
        parser.parse(text)
    except ValueError:
        return True
    return False


@pytest.mark.parametrize(
    ("text", "size_bytes"),
    [
        ("1", 1),
        ("1048576", 2**20),
        ("64MiB", 64 * 2**20),
        ("64mib", 64 * 2**20),
        (" 64 MiB ", 64 * 2**20),
        ("1GB", 10**9),
        ("1.5GB", 1500 * 10**6),
        ("1G", 2**30),
        ("2Ki", 2**11),
        ("512b", 512),
        ("1.1MB", 1100000),
    ],
)
def test_sizes(text, size_bytes):
    """Sizes take decimal and binary units, in any case; those of Kubernetes too."""
    assert parsing.SIZE.parse(text) == size_bytes


@pytest.mark.parametrize("text", [*NONSENSE, "0", "0.5", "1TB", "1MiBs", "9" * 400, "2PiB"])
def test_sizes_that_are_none(text):
    """What is no size is a ValueError, whatever it is; so is nothing, and too much."""
    assert is_refused(parsing.SIZE, text)


def test_message_size_is_below_two_gib():
    """The limit is grpc's, a 32-bit integer: a larger one would wrap."""
    assert parsing.MESSAGE_SIZE.parse("2147483647") == 2**31 - 1
    assert is_refused(parsing.MESSAGE_SIZE, "2GiB")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30s", 30.0), ("30", 30.0), ("250ms", 0.25), ("10min", 600.0), ("10m", 600.0),
        ("1.5h", 5400.0), ("24h", 86400.0), ("0", 0.0), ("0s", 0.0), (" 2 S ", 2.0),
    ],
)  # fmt: skip
def test_times(text, seconds):
    """Times take units; without one they are seconds."""
    assert parsing.SECONDS.parse(text) == seconds


@pytest.mark.parametrize("text", [*NONSENSE, "25h", "1d", "9" * 400])
def test_times_that_are_none(text):
    """What is no time, or too long for grpc's timers, is a ValueError."""
    assert is_refused(parsing.SECONDS, text)


def test_positive_times_are_at_least_a_tenth():
    """A connection age of nothing would close every connection at once."""
    assert parsing.POSITIVE_SECONDS.parse("100ms") == 0.1
    assert is_refused(parsing.POSITIVE_SECONDS, "99ms")


@pytest.mark.parametrize(
    ("parser", "least", "most"),
    [(parsing.PORT, 0, 65535), (parsing.COUNT, 0, 1024), (parsing.POSITIVE, 1, 10**6)],
)
def test_integers_have_bounds(parser, least, most):
    """The bounds themselves are accepted, one step beyond is not."""
    assert parser.parse(str(least)) == least
    assert parser.parse(str(most)) == most
    assert is_refused(parser, str(least - 1))
    assert is_refused(parser, str(most + 1))


@pytest.mark.parametrize("text", ["1", "true", "ON", "Yes "])
def test_switch_is_on(text):
    """The usual words for yes are understood in any case."""
    assert parsing.SWITCH.parse(text) is True


@pytest.mark.parametrize("text", ["0", "false", "OFF", " no"])
def test_switch_is_off(text):
    """The usual words for no are understood in any case."""
    assert parsing.SWITCH.parse(text) is False


@pytest.mark.parametrize("text", ["", "2", "maybe"])
def test_switch_is_neither(text):
    """Other words are refused, as ValueError and not as KeyError."""
    assert is_refused(parsing.SWITCH, text)


def test_one_of_takes_any_case_and_gives_the_word():
    """Code compares with the lower-case word."""
    parser = parsing.one_of("auto", "on")
    assert parser.parse(" AUTO ") == "auto"
    assert "auto, on" in parser.form
    assert is_refused(parser, "off")


@pytest.mark.parametrize("parser", FORMS)
def test_every_parser_says_what_it_expects(parser):
    """The form is what a user sees when a value is refused."""
    assert parser.form


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("/run/model.sock", "/run/model.sock"),
        ("unix:/run/model.sock", "/run/model.sock"),
        ("unix:///run/model.sock", "/run/model.sock"),
        ("/run/../run/model.sock", "/run/model.sock"),
        ("", ""),
    ],
)
def test_sockets_are_read_as_paths_or_as_clients_write_them(text, path):
    """gRPC's clients write `unix:` before the path."""  # noqa: D403  its name
    assert parsing.socket_path(text) == path


@pytest.mark.parametrize(
    "text", ["unix:", "model.sock", "a lot", "/" + "x" * 99, "/" + "\N{SNOWMAN}" * 33]
)
def test_a_path_that_no_socket_can_have_is_refused(text):
    """Each process has its own folder, and the kernel has room for so many bytes."""
    assert parsing.socket_path("/" + "x" * 98) == "/" + "x" * 98
    with pytest.raises(ValueError, match=re.escape(text)):
        parsing.socket_path(text)
