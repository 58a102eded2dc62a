import json

import pytest

from serving_runtime.protocols.json.recent_texts import MAX_TEXTS, RecentTexts

NAMES = ("id", "data")


def changing(body):
    """Return the values of some inputs, and then an id if there is one."""
    values = [item["data"] for item in body["inputs"]]
    return [*values, body["id"]] if "id" in body else values


@pytest.fixture
def texts():
    """Return texts of which none is known."""
    return RecentTexts(NAMES, changing)


def known(texts, text):
    """Return the values of a text, once another one is remembered; None if it is not like that."""
    found = texts.find(text)
    return None if found is None else found[1]


ONE = b'{"inputs": [{"name": "x", "data": [1, 2], "shape": [2]}]}'
TWO = b'{"id": "a", "inputs": [{"data": [1]}, {"n": 1, "data" :\r\n\t "b"}], "x": {}}'
LAST = b'{"inputs": [{"data": 1}], "id": null}'


@pytest.mark.parametrize(
    ("text", "other", "values"),
    [
        (ONE, ONE, [[1, 2]]),
        (ONE, ONE.replace(b"[1, 2]", b"[[3.5], null, {}]"), [[[3.5], None, {}]]),
        (ONE, ONE.replace(b"[1, 2]", b' "]}" '), ["]}"]),
        (TWO, TWO, [[1], "b", "a"]),
        (TWO, TWO.replace(b'"a"', b"7").replace(b"[1]", b"[2, 3]"), [[2, 3], "b", 7]),
        (TWO, TWO.replace(b'"a"', rb'"\", \"inputs\": [{\"data\": [1]"'),
         [[1], "b", '", "inputs": [{"data": [1]']),
        (LAST, LAST.replace(b"null", b'"c"').replace(b"1", b"-2e3"), [-2000.0, "c"]),
    ],
)  # fmt: skip
def test_a_text_with_other_values_is_known(texts, text, other, values):
    """Whatever they are; they come in the order that was asked for."""
    texts.remember(text, "meaning")
    assert texts.find(other) == ("meaning", values)
    assert changing(json.loads(other.decode())) == values


@pytest.mark.parametrize(
    "other",
    [
        ONE[:-1],
        ONE + b" ",
        ONE.replace(b'"x"', b'"y"'),
        ONE.replace(b"[2]", b"[3]"),
        ONE.replace(b"[1, 2]", b""),
        ONE.replace(b"[1, 2]", b"[1, 2"),
        ONE.replace(b"[1, 2]", b"1, 2"),
        ONE.replace(b"[1, 2]", b'[1], "more": [2]'),
        ONE.replace(b"[1, 2]", b"[1]]"),
        ONE.replace(b"[1, 2]", b"NaN"),
        ONE[: ONE.index(b"[1")] + b"]}",
        b"",
    ],
)
def test_other_texts_are_not_known(texts, other):
    """Nor what is no JSON at all, which another reader has to name."""
    texts.remember(ONE, None)
    assert known(texts, other) is None


@pytest.mark.parametrize(
    "text",
    [
        b'{"inputs": [{"data": 1}], "parameters": {"data": 2}}',
        b'{"inputs": [{"data": 1, "data": 2}]}',
        rb'{"inputs": [{"d\u0061ta": 1}], "x": {"data": 2}}',
        rb'{"inputs": [{"x\"data": 3, "data": 1}]}',
        b'{"inputs": [{"data": 1}], "inputs": [{"data": 2}]}',
        b'{"inputs": []}',
        b'{"inputs": 1}',
        b"[]",
        b'{"data": ',
        b'{"inputs": [{"data": 1}], "x": NaN}',
    ],
)
def test_nothing_is_remembered_that_is_not_certain(texts, text):
    """As where a member of the name is another's, comes twice, or stands within a text."""
    texts.remember(text, None)
    assert known(texts, text) is None


def test_those_that_were_met_last_are_remembered(texts):
    """As many as there is room for."""
    made = [ONE.replace(b'"x"', b'"%d"' % number) for number in range(MAX_TEXTS + 1)]
    for number, text in enumerate(made[:-1]):
        texts.remember(text, number)
    assert texts.find(made[0])[0] == 0
    texts.remember(made[-1], MAX_TEXTS)
    assert known(texts, made[1]) is None
    for number in (0, *range(2, MAX_TEXTS + 1)):
        assert texts.find(made[number])[0] == number


def test_where_nothing_comes_again_little_is_tried(texts, monkeypatch):
    """A client may put the time into each text, which costs others nothing then."""
    tried = []
    monkeypatch.setattr(texts, "_parts", lambda text: tried.append(text) or [])
    for number in range(100 * MAX_TEXTS):
        texts.remember(b"%d" % number, None)
    assert len(tried) < 120 + MAX_TEXTS
