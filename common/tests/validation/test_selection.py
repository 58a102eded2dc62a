import pytest

from serving_runtime.errors import InvalidInput, Problem, ProblemKind
from serving_runtime.signature import Contract, Field, Signature
from serving_runtime.validation.selection import (
    by_requested_name,
    choose_signature,
    validate_output_names,
)


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
    """The message has the names, and the nearest."""
    with pytest.raises(InvalidInput) as error:
        choose_signature(contract("add", "mul"), "ad")
    assert str(error.value) == (
        'the model has no signature "ad"; it has: add, mul: did you mean "add"?'
    )
    [problem] = error.value.problems
    assert problem == Problem(
        ProblemKind.UNKNOWN_SIGNATURE, "ad", hint="add", others=("add", "mul")
    )


def test_a_name_is_wanted_even_of_the_only_signature():
    """A wrong name is wrong, though there is nothing to choose."""
    with pytest.raises(InvalidInput, match='^the model has no signature "zzz"; it has: add$'):
        choose_signature(contract("add"), "zzz")


def test_a_huge_name_is_cut():
    """A name of a million letters is neither compared nor shown in full."""
    with pytest.raises(InvalidInput) as error:
        choose_signature(contract("add"), "a" * 1000000)
    assert len(str(error.value)) < 250


@pytest.mark.parametrize(
    "names", [("add",), ("add", "mul"), ("add", "serving_default"), ("", "add")]
)
def test_signatures_are_remembered_by_the_names_that_choose_them(names):
    """A name that is not there is one that would be refused."""
    found = by_requested_name(contract(*names))
    for name in ("", *names, "zzz"):
        if name in found:
            assert choose_signature(contract(*names), name) == found[name]
        else:
            with pytest.raises(InvalidInput):
                choose_signature(contract(*names), name)


RESULTS = Signature("s", (), tuple(Field(name, "bool") for name in ("sum", "product")))


@pytest.mark.parametrize("names", [(), ("sum",), ("product", "sum")])
def test_outputs_of_the_signature_may_be_asked_for(names):
    """Any of them, in any order; none means all."""
    validate_output_names(RESULTS, names)


@pytest.mark.parametrize(
    ("names", "problem"),
    [
        (
            ("sum", "smu"),
            'the signature has no output "smu"; it has: sum, product: did you mean "sum"?',
        ),
        (
            ("sum", "sum"),
            'the request names the output "sum" twice',
        ),
    ],
)
def test_other_outputs_are_refused(names, problem):
    """An unknown one with the nearest of those that there are."""
    with pytest.raises(InvalidInput) as error:
        validate_output_names(RESULTS, names)
    assert str(error.value) == problem


def test_a_huge_output_name_is_cut():
    """A name of a million letters is neither compared nor shown in full."""
    with pytest.raises(InvalidInput) as error:
        validate_output_names(RESULTS, ["a" * 1000000])
    assert len(str(error.value)) < 500
