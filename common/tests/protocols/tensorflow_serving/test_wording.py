import numpy as np
import pytest

from serving_runtime.errors import InvalidInput
from serving_runtime.protocols.tensorflow_serving import wording
from serving_runtime.signature import Contract, Field, Signature, Tensor
from serving_runtime.validation import choose_signature, validate_inputs, validate_output_names

FIELDS = tuple(Field(name, "int8", ()) for name in ("a", "images"))
SUMS = Signature("add", FIELDS, tuple(Field(name, "bool") for name in ("sum", "product")))
CONTRACT = Contract("model", (SUMS, SUMS._replace(name="mul")))


def worded(check, *arguments):
    """Return the text that a client gets of what a check raises."""
    with pytest.raises(InvalidInput) as error:
        check(*arguments)
    return wording.word(error.value)


def scalars(*names):
    """Return inputs of one value each."""
    return {name: Tensor("int8", np.array(1, np.int8)) for name in names}


@pytest.mark.parametrize(
    ("sent", "expected", "words"),
    [
        (
            "x",
            "xy",
            "input size does not match signature: 1!=2 len({x}) != len({x,y}). "
            "Sent extra: {}. Missing but required: {y}.",
        ),
        (
            "xz",
            "wxy",
            "input size does not match signature: 2!=3 len({x,z}) != len({w,x,y}). "
            "Sent extra: {z}. Missing but required: {w,y}.",
        ),
        (
            "",
            "x",
            "input size does not match signature: 0!=1 len({}) != len({x}). "
            "Sent extra: {}. Missing but required: {x}.",
        ),
        (
            "xz",
            "xy",
            "input tensor alias not found in signature: z. Inputs expected to be in the set {x,y}.",
        ),
    ],
)
def test_missing_inputs_are_worded_as_tensorflow_serving_does(sent, expected, words):
    """Different sizes are shown with all sets, equal ones by the first unknown name."""
    assert wording.missing_inputs(set(sent), set(expected)) == words


def test_many_names_are_cut():
    """A client may send as many as it likes, of any length."""
    sent = {f"{number:03}" + "x" * 1000 for number in range(500)}
    words = wording.missing_inputs(sent, {"y"})
    assert words.startswith("input size does not match signature: 500!=1 len({000xxx")
    assert len(words) < 1500


def test_an_unknown_signature_is_refused_with_what_there_is():
    """Hydrosphere's sentence comes first, then the names and the nearest."""
    assert worded(choose_signature, CONTRACT, "ad") == (
        'ad signature is not present in the model; it has: add, mul: did you mean "add"?'
    )
    assert worded(choose_signature, CONTRACT, "zzz") == (
        "zzz signature is not present in the model; it has: add, mul"
    )
    assert len(worded(choose_signature, CONTRACT, "a" * 1000000)) < 250


def test_a_request_without_a_signature_is_refused_in_our_words():
    """TensorFlow Serving has none for it."""
    assert worded(choose_signature, CONTRACT, "") == (
        "the request names no signature; the model has: add, mul"
    )


def test_a_missing_input_is_worded_after_our_own_words():
    """Both are in one line."""
    assert worded(validate_inputs, SUMS, scalars("a", "imagse"), "strict", str) == (
        'input "images" is missing: expected int8[]; '
        'input "imagse" is not in the signature: did you mean "images"?; '
        "input tensor alias not found in signature: imagse. "
        "Inputs expected to be in the set {a,images}."
    )


def test_an_unreadable_input_was_sent():
    """It is not counted as missing."""
    text = worded(validate_inputs, SUMS, {}, "strict", str, {"a": "no values"})
    assert text == (
        'input "a": no values; input "images" is missing: expected int8[]; '
        "input size does not match signature: 1!=2 len({a}) != len({a,images}). "
        "Sent extra: {}. Missing but required: {images}."
    )


def test_a_flood_of_inputs_makes_one_short_message():
    """Ten thousand extra inputs are counted, and five of them named."""
    extras = scalars(*[f"{number:05}" + "x" * 500 for number in range(10000)])
    text = worded(validate_inputs, SUMS, extras, "strict", str)
    assert "and 9994 more problems; input size does not match signature: 10000!=2 " in text
    assert text.endswith(",...}. Missing but required: {a,images}.")
    assert len(text) < 2500


def test_where_no_input_is_missing_our_words_are_all():
    """TensorFlow Serving lets extra inputs pass."""
    assert worded(validate_inputs, SUMS, scalars("a", "images", "b"), "strict", str) == (
        'input "b" is not in the signature'
    )


@pytest.mark.parametrize(
    ("names", "text"),
    [
        (
            ("sum", "smu"),
            'output_filter names "smu", but the outputs are: sum, product: did you mean "sum"?; '
            "output tensor alias not found in signature: smu Outputs expected to be in the set "
            "{product,sum}.",
        ),
        (("sum", "sum"), 'output_filter names "sum" twice; duplicate output tensor alias: sum'),
    ],
)
def test_wrong_outputs_are_worded_by_the_field_that_names_them(names, text):
    """Our words come first, then TensorFlow Serving's, which its clients may know."""
    assert worded(validate_output_names, SUMS, names) == text


def test_a_huge_output_name_is_cut():
    """A name of a million letters is not shown in full."""
    assert len(worded(validate_output_names, SUMS, ["a" * 1000000])) < 500
