"""Hold each protocol's reading of requests where they lie against protobuf's own.

``WIRE_CASES=1000000 pytest -k many_cases`` runs as many cases as one has time for.
"""

import os
import random
from typing import Callable, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving_runtime import operations
from serving_runtime.protocols.protobuf.tensors.form import TENSOR, TENSOR_PROTO
from tests.support import differential, differential_inferences, odd_inferences, odd_requests
from tests.support.odd_requests import mutate

CASES = int(os.environ.get("WIRE_CASES", "10000"))
SEED = int(os.environ.get("WIRE_SEED", "7"))
# Not numbers that Hypothesis draws one by one: the release for Python 3.6 took a minute for some.
SEEDS = st.integers(0, 2**64 - 1)

pytestmark = pytest.mark.filterwarnings("ignore:Unexpected end-group tag")  # protobuf 3 adds it


class Reading(NamedTuple):
    """One protocol's requests: how they are drawn, and both ways of reading them compared."""

    draw: Callable[[random.Random, float], bytes]
    assert_same: Callable[[bytes], bool]

    def compare_drawn(self, chance, oddity):
        """Compare on a request and on changed ones, once it is remembered; count what was read."""
        payload = self.draw(chance, oddity)
        payloads = [payload, payload] + [mutate(chance, payload) for _ in range(6)]
        return sum(self.assert_same(it) for it in payloads), len(payloads)


def _of_tensors(operation, form):
    return Reading(
        lambda chance, oddity: odd_requests.draw(chance, oddity, form),
        lambda payload: differential.assert_same(payload, operation.grpc_method),
    )


READINGS = {
    "tensorflow_serving": _of_tensors(operations.PREDICT, TENSOR_PROTO),
    "hydrosphere": _of_tensors(operations.PREDICT_3, TENSOR),
    "open_inference": Reading(odd_inferences.draw, differential_inferences.assert_same),
}
each_protocol = pytest.mark.parametrize("reading", READINGS.values(), ids=READINGS)


@each_protocol
@given(seed=SEEDS)
def test_proper_requests_are_read_as_protobuf_reads_them(reading, seed):
    """In every dtype and encoding, with changed bytes as well."""
    reading.compare_drawn(random.Random(seed), oddity=0)


@each_protocol
@given(seed=SEEDS)
def test_odd_requests_are_read_or_refused_as_protobuf_does(reading, seed):
    """Chunks, single values, repeated and unknown fields, groups, numbers of too many bytes."""
    reading.compare_drawn(random.Random(seed), oddity=0.1)


@each_protocol
def test_many_cases_are_read_or_refused_as_protobuf_does(reading):
    """The same by a plain loop, which runs more cases a second."""
    chance = random.Random(SEED)
    done = read = 0
    while done < CASES:
        oddity = chance.choice([0, 0.01, 0.05, 0.2])
        good, count = reading.compare_drawn(chance, oddity)
        done, read = done + count, read + good
    print(f"{done} cases, {read} of them read, {done - read} refused")
    assert CASES // 10 < read < done


@pytest.mark.parametrize("seed", range(20))
@each_protocol
def test_requests_that_are_cut_short_anywhere(reading, seed):
    """Each beginning of a request is read or refused as protobuf does."""
    payload = reading.draw(random.Random(seed), 0)
    for size in range(len(payload)):
        reading.assert_same(payload[:size])
