"""Hold the reading of requests where they lie against protobuf's own.

``WIRE_CASES=1000000 pytest -k many_cases`` runs as many cases as one has time for.
"""

import os
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support import odd_inferences
from tests.support.differential_inferences import assert_same
from tests.support.odd_requests import mutate

CASES = int(os.environ.get("WIRE_CASES", "10000"))
SEED = int(os.environ.get("WIRE_SEED", "7"))

pytestmark = pytest.mark.filterwarnings("ignore:Unexpected end-group tag")  # protobuf 3 adds it


def draw_and_compare(chance, oddity):
    """Compare on a request and on changed ones, after it was remembered; count what was read."""
    payload = odd_inferences.draw(chance, oddity)
    payloads = [payload, payload] + [mutate(chance, payload) for _ in range(6)]
    return sum(assert_same(payload) for payload in payloads), len(payloads)


@given(st.randoms(use_true_random=False))
def test_proper_requests_are_read_as_protobuf_reads_them(chance):
    """In every datatype, typed and raw, with changed bytes as well."""
    draw_and_compare(chance, oddity=0)


@given(st.randoms(use_true_random=False))
def test_odd_requests_are_read_or_refused_as_protobuf_does(chance):
    """Chunks, single values, repeated and unknown fields, groups, numbers of too many bytes."""
    draw_and_compare(chance, oddity=0.1)


def test_many_cases_are_read_or_refused_as_protobuf_does():
    """The same by a plain loop, which runs more cases a second."""
    chance = random.Random(SEED)
    done = read = 0
    while done < CASES:
        oddity = chance.choice([0, 0.01, 0.05, 0.2])
        good, count = draw_and_compare(chance, oddity)
        done, read = done + count, read + good
    print(f"{done} cases, {read} of them read, {done - read} refused")
    assert CASES // 10 < read < done


@pytest.mark.parametrize("seed", range(20))
def test_requests_that_are_cut_short_anywhere(seed):
    """Each beginning of a request is read or refused as protobuf does."""
    payload = odd_inferences.draw(random.Random(seed))
    for size in range(len(payload)):
        assert_same(payload[:size])
