"""The cases are those that are wanted: the same each time, and most of them almost right."""

import random
from collections import Counter

import pytest

from serving_runtime import operations
from tests.fuzz import corpus, judging, trees
from tests.fuzz.mutator import Mutator
from tests.fuzz.service import Service


@pytest.mark.parametrize("method", corpus.METHODS)
def test_trees_hold_all_of_a_message(method):
    """A seed that is taken apart and written again is the same message."""
    for seed in corpus.seeds():
        if seed.method == method:
            again = trees.written(trees.tree_of(seed.message))
            assert corpus.request_type(method).FromString(again) == seed.message


def test_number_and_seed_tell_the_cases():
    """Whatever process makes them, and whatever was made before; other seeds make others."""
    first, second, other = Mutator(1), Mutator(1), Mutator(2)
    first.group(3, 4)
    assert first.group(17, 4) == second.group(17, 4)
    assert first.group(17, 4) != other.group(17, 4)


def test_seeds_are_left_as_they_are():
    """Changing cases changes nothing that later ones begin with."""
    mutator, fresh = Mutator(5), Mutator(5)
    for number in range(500):
        mutator.group(number, 1)
    assert mutator.group(1000, 1) == fresh.group(1000, 1)


def test_every_seed_is_answered():
    """Proper requests are: or else the golden requests would prove nothing."""
    service = Service()
    kinds = Counter(judging.kind(service.answer([case])[0]) for case in corpus.golden())
    assert set(kinds) == {"OK", "NOT_FOUND", "UNIMPLEMENTED"}
    # What Triton's clients ask for and nobody does, a reload, and another model's inference.
    assert kinds["UNIMPLEMENTED"] == len(operations.REFUSED) + 1
    assert kinds["NOT_FOUND"] == 3  # the health of two services and a model that there are not


def test_most_cases_come_past_the_parser():
    """And many are answered, so that casts, stacking and encoding are tried too."""
    service, mutator = Service(), Mutator(3)
    kinds = Counter()
    for number in range(1000):
        kinds.update(map(judging.kind, service.answer(mutator.group(number, 1))))
    assert kinds["INVALID_ARGUMENT by the parser"] < 350
    assert kinds["INVALID_ARGUMENT by the checks"] > 200
    assert kinds["OK"] > 200


def test_change_takes_any_bytes():
    """What cannot be read as a request is replaced."""
    mutator, chance = Mutator(0), random.Random(0)
    for case in corpus.golden()[::20]:
        assert mutator.change(chance, case).method == case.method
        assert mutator.change(chance, case._replace(payload=b"\xff")).method == case.method
