"""Answer odd inference requests in JSON.

``FUZZ_CASES=1000000 pytest tests/fuzz/test_rest.py`` runs as many as one has time for.
"""

import collections
import os

from tests.fuzz import rest

CASES = int(os.environ.get("FUZZ_CASES", "2000"))
SEED = int(os.environ.get("FUZZ_SEED", "3"))


def test_odd_json_is_answered_or_refused_and_never_a_failure():
    """Each answer is well formed, and a proper request is answered as before, to the last bit."""
    counts = collections.Counter()
    for judged in rest.run(CASES, SEED):
        assert judged.wrong == []
        counts.update(judged.kinds)
    print(dict(counts))
    assert counts.total() == CASES
    assert counts["OK"] > CASES // 10
    assert counts["INVALID_ARGUMENT"] > CASES // 10
