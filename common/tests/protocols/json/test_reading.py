import json
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving_runtime.errors import InvalidInput
from serving_runtime.protocols.json import libraries, reading
from serving_runtime.protocols.json.reader import AS_NAN, MARKED, REFUSED, Wanted
from serving_runtime.signature import NUMPY_DTYPES, STRING
from tests.support.cases import comparable

pytestmark = pytest.mark.usefixtures("each_row")


def array_of(text, dtype="float64", nulls=REFUSED):
    """Read a text's only member as an array."""
    payload = text if isinstance(text, bytes) else text.encode()

    def interpret(reader):
        node = reader.members(reader.root, "the body")["data"]
        return reader.array(node, Wanted(dtype, dtype, "data", nulls))

    return reading.read(payload, interpret)


def values(data, dtype="float64", nulls=REFUSED):
    """Return what a JSON text of ``data`` is read as."""
    return array_of(f'{{"data": {data}}}', dtype, nulls).tensor.array


def message(data, dtype="float64", nulls=REFUSED):
    """Return why a JSON text of ``data`` is refused."""
    with pytest.raises(InvalidInput) as caught:
        values(data, dtype, nulls)
    return str(caught.value)


@pytest.mark.parametrize("dtype", sorted(set(NUMPY_DTYPES) - {"complex64", "complex128", STRING}))
def test_extremes_of_each_dtype_are_read_exactly(dtype):
    """The least, the greatest and the smallest values of each dtype come as they were sent."""
    numpy_dtype = NUMPY_DTYPES[dtype]
    if numpy_dtype.kind == "b":
        sent = [True, False]
    elif numpy_dtype.kind in "iu":
        sent = [np.iinfo(numpy_dtype).min, np.iinfo(numpy_dtype).max, 1]
    else:
        limits = np.finfo("float16" if dtype == "float16" else "float32")
        largest = 3.3895313892515355e38 if dtype == "bfloat16" else float(limits.max)
        sent = [-largest, largest, float(limits.tiny), -0.0]
    read = values(json.dumps(sent), dtype)
    assert read.dtype == numpy_dtype
    assert read.tobytes() == np.array(sent, numpy_dtype).tobytes()


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("3", np.array(3.0)),
        ("[]", np.empty(0)),
        ("[[],[]]", np.empty((2, 0))),
        ("[[1,2.5],[-0.0,1E2]]", np.array([[1, 2.5], [-0.0, 100]])),
        ("[[[1],[2]],[[3],[4]],[[5],[6]]]", np.arange(1.0, 7).reshape(3, 2, 1)),
        ("[NaN, Infinity, -Infinity]", np.array([np.nan, np.inf, -np.inf])),
        ("[9007199254740993, 18446744073709551616]", np.array([2.0**53, 2.0**64])),
        ("[5e-324, 1e-400]", np.array([5e-324, 0])),
    ],
)
def test_numbers_become_the_nearest_doubles(data, expected):
    """Lists have the shape that they are nested in, and numbers the values that they are."""
    read = values(data)
    assert read.shape == expected.shape
    assert read.tobytes() == expected.tobytes()


def test_float32_comes_back_from_its_shortest_form():
    """A float32 written in as many digits as it needs is read as that very one."""
    sent = np.frombuffer(random.Random(1).getrandbits(32 * 999).to_bytes(4 * 999, "little"), "<f4")
    sent = sent[np.isfinite(sent)]
    text = ",".join(str(each) for each in sent)
    assert values(f"[{text}]", "float32").tobytes() == sent.tobytes()


@pytest.mark.parametrize(
    ("data", "dtype", "expected"),
    [
        ("[1e400]", "float64", "data[0] is a number beyond every float"),
        ("[[1],[-1e39]]", "float32", "data[1][0] is -1e+39, beyond float32"),
        ("[70000]", "float16", "data[0] is 70000.0, beyond float16"),
        ("[3.4e38]", "bfloat16", "data[0] is 3.4e+38, beyond bfloat16"),
        (f"[{'9' * 350}]", "float64", "data[0] is a number of too many digits, beyond float64"),
        (f"[{'9' * 401}]", "float64", "a number in the body has 401 digits"),
        ("[1, 300]", "int8", "data[1] is 300, beyond int8"),
        ("[-1]", "uint64", "data[0] is -1, beyond uint64"),
        ("[18446744073709551616]", "uint64", "data[0] is 18446744073709551616, beyond uint64"),
        ("[9223372036854775808]", "int64", "data[0] is 9223372036854775808, beyond int64"),
        ("[1.0]", "int64", "data[0] is 1.0: expected an integer, without a fraction or an "
         "exponent, for int64"),
        ("[1e3]", "int8", "data[0] is 1000.0: expected an integer, without a fraction or an "
         "exponent, for int8"),
        ("[1, true]", "float32", "data[1] is true: expected a number for float32"),
        ("[1, null]", "float32", "data[1] is null: expected a number for float32"),
        ('["1"]', "float32", 'data[0] is "1": expected a number for float32'),
        ('[[1,"x"]]', "int8", 'data[0][1] is "x": expected an integer, without a fraction or an '
         "exponent, for int8"),
        ("[1]", "bool", "data[0] is 1: expected true or false for bool"),
        ("[1]", STRING, "data[0] is 1: expected a text for string"),
        ('[{"b64":""}]', STRING, "data[0] is an object: expected a text for string"),
        ("{}", "float64", "data is an object: expected a number for float64"),
        ("[[1,2],[3]]", "float64", "data[1] has 1 elements, but data[0] has 2"),
        ("[[1,2,3],[4]]", "float64", "data[1] has 1 elements, but data[0] has 3"),
        ("[1,[2],[]]", "float64", "data[1] is a list, but data[0] is 1"),
        ("[[1],2]", "float64", "data[1] is 2, but data[0] is a list"),
        ("[[[1],[2]],[[3],[4,5]]]", "float64", "data[1][1] has 2 elements, but data[0][0] has 1"),
        ("[[1,[2]],[3,4]]", "float64", "data[0][1] is a list, but data[0][0] is 1"),
        ("[" * 33 + "]" * 33, "float64", "data is nested deeper than 32 lists"),
        ('["\\ud800x"]', STRING, "a text has \\ud800 alone, half of a surrogate pair"),
        ('["\\ud800\\u0041"]', STRING, "a text has \\ud800 alone, half of a surrogate pair"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_place(data, dtype, expected):
    """A value that is none of the dtype is refused by its place, whoever has parsed it."""
    assert message(data, dtype) == expected


def test_texts_are_utf8():
    """Texts come as UTF-8: NULs, letters beyond the first plane and escapes of either half."""
    read = values('["\\u0000a", "\\ud83d\\ude00", "😀", "ä", "[1"]', STRING)
    assert read.tolist() == [b"\0a", "😀".encode(), "😀".encode(), "ä".encode(), b"[1"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", "the body is empty: expected a JSON object"),
        (b" \n", "the body is empty: expected a JSON object"),
        (b"{'data': 1}", "the body is no JSON: Expecting property name enclosed in double quotes "
         "at line 1, column 2"),
        (b'{"data":\n 01}', "the body is no JSON: Expecting ',' delimiter at line 2, column 3"),
        (b'{"data": 1} x', "the body is no JSON: Extra data at line 1, column 13"),
        (b'{"data": "\xff"}', "the body is no UTF-8: its byte 10 is 0xff (invalid start byte)"),
        (b'{"data": "\xed\xa0\x80"}',
         "the body is no UTF-8: its byte 10 is 0xed (invalid continuation byte)"),
        (b'\xff\xfe{\0', "the body is no UTF-8: its byte 0 is 0xff (invalid start byte)"),
        (b"[1]", "the body is a list: expected an object"),
        (b"null", "the body is null: expected an object"),
        (b'{"data": ' + b"[" * 99999, "the body is JSON nested too deeply"),
    ],
)  # fmt: skip
def test_what_is_no_json_is_refused_by_its_line(body, expected):
    """What cannot be parsed is refused with the same words by whatever parses it."""
    with pytest.raises(InvalidInput) as caught:
        array_of(body)
    assert str(caught.value) == expected


def test_byte_order_mark_and_any_kind_of_bytes_are_read():
    """A byte order mark is no error, and a payload may lie in a part of a buffer."""
    body = b'\xef\xbb\xbf{"data": [1, 2]}'
    for payload in (body, bytearray(body), memoryview(b"x" + body)[1:]):
        assert array_of(bytes(payload)).tensor.array.tolist() == [1, 2]


def test_the_last_of_two_members_counts():
    """Of two members of one name the last is taken, as Python and JavaScript do."""
    assert array_of('{"data": [1], "data": [2, 3]}').tensor.array.tolist() == [2, 3]


def test_a_name_may_have_a_nul():
    """What stands before it is another's name."""
    body = b'{"data": [1], "data\\u0000": [2], "\\u0000": 3}'
    assert array_of(body).tensor.array.tolist() == [1]
    found = reading.read(body, lambda reader: reader.elements(
        reader.members(reader.root, "the body")["data\0"], "it"))  # fmt: skip
    assert list(found) == [2]


def test_what_is_ignored_hides_no_list():
    """Brackets in texts, or in members that nobody reads, do not make ragged lists even ones."""
    assert array_of('{"x": "[[", "y": [[1]], "data": [[1], [2]]}').tensor.array.shape == (2, 1)
    with pytest.raises(InvalidInput):
        array_of('{"x": "]", "data": [[1, [2]], [3, 4]]}')


@pytest.mark.parametrize(
    ("data", "dtype", "nulls", "expected", "missing"),
    [
        ("[1, null]", "float32", AS_NAN, [1, np.nan], None),
        ("[null]", "float64", AS_NAN, [np.nan], None),
        ("[1, null]", "float64", MARKED, [1, np.nan], [False, True]),
        ("[null, 7]", "int64", MARKED, [0, 7], [True, False]),
        ("[null, true]", "bool", MARKED, [False, True], [True, False]),
        ('["a", null]', STRING, MARKED, [b"a", b""], [False, True]),
    ],
)
def test_nulls_are_missing_values_where_they_may_be(data, dtype, nulls, expected, missing):
    """A null becomes NaN or is marked, as the protocol wants it."""
    read = array_of(f'{{"data": {data}}}', dtype, nulls)
    want = np.array(expected, NUMPY_DTYPES[dtype])
    got = read.tensor.array
    assert comparable(read.tensor) == comparable(read.tensor._replace(array=want))
    assert got.shape == want.shape
    assert (None if read.missing is None else read.missing.tolist()) == missing


def test_null_is_none_of_the_other_dtypes():
    """Where a null is NaN, it is refused among integers."""
    assert message("[1, null]", "int8", AS_NAN).startswith("data[1] is null: expected an integer")


@pytest.mark.parametrize(
    ("data", "dtype"),
    [
        ("[1, 2]", "int64"),
        ("[1, 18446744073709551615]", "uint64"),
        ("[1, 2.5]", "float64"),
        ("[true]", "bool"),
        ('["x"]', STRING),
        ("[]", "float64"),
    ],
)
def test_any_is_what_the_values_are(data, dtype):
    """Where any dtype will do, the values choose it."""
    assert array_of(f'{{"data": {data}}}', "any").tensor.dtype == dtype


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**65), 2**65)
    | st.floats()
    | st.text(st.characters(max_codepoint=300) | st.sampled_from("[]{}\\\ud800😀"), max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=2)
    ),
    max_leaves=8,
)


def test_all_rows_read_the_same(with_libraries, each_row):
    """Whatever a text holds, each row's libraries read the same arrays, or refuse it alike."""

    @given(JSON_VALUES, st.sampled_from(("float64", "float32", "int64", "uint8", "bool", STRING)))
    def compare(data, dtype):
        text = json.dumps({"data": data})
        found = []
        for name in ("neither", each_row):
            with_libraries(name)
            try:
                found.append(comparable(array_of(text, dtype, AS_NAN).tensor))
            except InvalidInput as problem:
                found.append(str(problem))
        assert found[0] == found[1]

    compare()


def test_quick_readers_do_read(each_row, monkeypatch):
    """What is right is read without the standard library, where a row has another."""
    if each_row == "neither":
        assert libraries.orjson is None
        return
    monkeypatch.setattr(reading, "_by_standard_library", None)
    assert values("[[1.5, 2], [3, 4]]", "float32").tolist() == [[1.5, 2], [3, 4]]
    assert values("[[1, 2], [3, 4]]", "uint8").tolist() == [[1, 2], [3, 4]]
    assert values('["[", "b"]', STRING).tolist() == [b"[", b"b"]
