import pytest

from runtimes.spark.tests.answers import Answers, assert_same, every_model

MODELS = every_model()


@pytest.fixture(scope="module", params=MODELS, ids=lambda path: path.name)
def answers(request):
    """What a Spark answered, with its model."""
    return Answers(request.param)


def test_columns_are_sparks_own(answers):
    """Each column that the Spark added has its values, in one call for all rows."""
    found = answers.transformed(answers.answered)
    for name, expected in answers.outputs.items():
        assert_same(found[name], expected, answers.tolerance)


def test_a_row_alone_is_answered_as_among_others(answers):
    """The first and the last row have the same bits, whatever comes with them."""
    together = answers.transformed(answers.answered)
    for at in (0, -1):
        alone = answers.transformed([answers.answered[at]])
        for name in answers.outputs:
            expected = [answers.outputs[name][at]]
            assert_same(alone[name], expected, answers.tolerance)
            if name in answers.schema.added and hasattr(together[name], "ndim"):
                assert_same(alone[name], together[name][at:][:1].tolist(), {"rtol": 0, "atol": 0})


def test_what_spark_refuses_is_refused(answers):
    """A row that Spark fails at, or leaves out, is the caller's mistake."""
    rows = [it["inputs"] for it in answers.refused] + answers.left_out()
    assert [row for row in rows if not answers.is_refused(row)] == []
