import pytest

from serving_runtime.protocols.tensorflow_serving import wording


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
def test_missing_inputs_are_told_as_tensorflow_serving_does(sent, expected, words):
    """Different sizes are told with all sets, equal ones by the first unknown name."""
    assert wording.missing_inputs(set(sent), set(expected)) == words


def test_many_names_are_cut():
    """A client may send as many as it likes, of any length."""
    sent = {f"{number:03}" + "x" * 1000 for number in range(500)}
    words = wording.missing_inputs(sent, {"y"})
    assert words.startswith("input size does not match signature: 500!=1 len({000xxx")
    assert len(words) < 1500
