import pytest

from serving_runtime.checks.selection import choose_signature
from serving_runtime.errors import InvalidInput
from serving_runtime.signature import Contract, Signature


def contract(*names):
    """Make a contract of empty signatures."""
    return Contract("model", tuple(Signature(name, (), ()) for name in names))


def test_a_signature_is_chosen_by_name():
    """The name decides, wherever it stands."""
    assert choose_signature(contract("add", "mul"), "mul").name == "mul"


def test_no_name_means_the_only_signature():
    """With one signature nobody needs to name it."""
    assert choose_signature(contract("add"), "").name == "add"


def test_no_name_means_serving_default_among_several():
    """TensorFlow's default is the default."""
    assert choose_signature(contract("add", "serving_default"), "").name == "serving_default"


def test_no_name_among_several_lists_them():
    """Without a default the caller learns the names."""
    with pytest.raises(InvalidInput, match="names no signature; the model has: add, mul"):
        choose_signature(contract("add", "mul"), "")


def test_an_unknown_name_is_refused_with_what_there_is():
    """Hydrosphere's sentence comes first, then the names and the nearest."""
    with pytest.raises(InvalidInput) as error:
        choose_signature(contract("add", "mul"), "ad")
    assert str(error.value) == (
        'ad signature is not present in the model; it has: add, mul: did you mean "add"?'
    )


def test_a_name_is_wanted_even_of_the_only_signature():
    """A wrong name is wrong, though there is nothing to choose."""
    with pytest.raises(InvalidInput, match="^zzz signature is not present .* it has: add$"):
        choose_signature(contract("add"), "zzz")


def test_a_huge_name_is_cut():
    """A name of a million letters is neither compared nor shown in full."""
    with pytest.raises(InvalidInput) as error:
        choose_signature(contract("add"), "a" * 1000000)
    assert len(str(error.value)) < 250
