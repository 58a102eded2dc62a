import pytest

from serving_runtime.errors import InvalidInput
from serving_runtime.signature import Contract, Field, Signature
from serving_runtime.validation.selection import check_output_filter, choose_signature


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


RESULTS = Signature("s", (), tuple(Field(name, "bool") for name in ("sum", "product")))


@pytest.mark.parametrize("names", [(), ("sum",), ("product", "sum")])
def test_outputs_of_the_signature_may_be_asked_for(names):
    """Any of them, in any order; none means all."""
    check_output_filter(RESULTS, names)


@pytest.mark.parametrize(
    ("names", "problem"),
    [
        (
            ("sum", "smu"),
            'output_filter names "smu", but the outputs are: sum, product: did you mean "sum"?; '
            "output tensor alias not found in signature: smu Outputs expected to be in the set "
            "{product,sum}.",
        ),
        (
            ("sum", "sum"),
            'output_filter names "sum" twice; duplicate output tensor alias: sum',
        ),
    ],
)
def test_other_outputs_are_refused(names, problem):
    """Our words come first, then TensorFlow Serving's, which its clients may know."""
    with pytest.raises(InvalidInput) as error:
        check_output_filter(RESULTS, names)
    assert str(error.value) == problem


def test_a_huge_output_name_is_cut():
    """A name of a million letters is neither compared nor shown in full."""
    with pytest.raises(InvalidInput) as error:
        check_output_filter(RESULTS, ["a" * 1000000])
    assert len(str(error.value)) < 500
