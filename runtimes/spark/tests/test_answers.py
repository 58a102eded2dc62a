import pytest

from runtimes.spark.tests.answers import (
    NEWEST,
    OLDEST,
    REFUSED,
    UNORDERED,
    Answers,
    assert_same,
    every_model,
    kind_of,
    parameters,
    same_bits,
)
from serving_runtime.errors import LoadError


@pytest.fixture(scope="module", params=parameters(every_model(), (OLDEST, NEWEST)))
def answers(request):
    """What a Spark answered, with its model."""
    return Answers(request.param)


def test_columns_are_sparks_own(answers):
    """Each column that the Spark added has its values, in one call for all rows."""
    together = answers.transformed(answers.answered)
    for name, expected in answers.outputs.items():
        rows = answers.settled(name)
        found = together if rows == answers.answered else answers.transformed(rows)
        wanted = [expected[answers.answered.index(row)] for row in rows]
        if name in UNORDERED:
            assert list(map(sorted, found[name])) == list(map(sorted, wanted))
        else:
            assert_same(found[name], wanted, answers.tolerance_of(name))


def test_a_row_alone_is_answered_as_among_others(answers):
    """The first and the last row have the same bits, whatever comes with them."""
    together = answers.transformed(answers.answered)
    for at in (0, len(answers.answered) - 1):
        alone = answers.transformed([answers.answered[at]])
        for name in answers.outputs:
            assert same_bits(alone[name], together[name], at), name


def test_what_spark_refuses_is_refused(answers):
    """A row that Spark fails at, or leaves out, is the caller's mistake."""
    assert [row for row in answers.refusals() if not answers.is_refused(row)] == []


@pytest.mark.parametrize("path", parameters(every_model(is_refused=True), (OLDEST, NEWEST)))
def test_what_cannot_be_evaluated_is_refused_at_the_start(path):
    """A stage whose answers could not be Spark's own is named, with the reason."""
    with pytest.raises(LoadError, match=REFUSED[kind_of(path)]):
        Answers(path)
