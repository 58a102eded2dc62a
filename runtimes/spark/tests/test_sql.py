"""What of SQL is evaluated, and what is refused; a real Spark's own answers are in test_answers."""

import numpy as np
import pytest

from serving_runtime.contract import read_yaml
from serving_runtime.errors import InvalidInput, LoadError

TRANSFORMER = "feature.SQLTransformer"


def contract(outputs):
    """Return a contract of two numbers and a text, with these outputs."""
    lines = "".join(f"  {name}: {{shape: [-1], type: {kind}}}\n" for name, kind in outputs.items())
    return read_yaml(
        "name: predict\ninputs:\n  a: {shape: [-1], type: double}\n"
        "  n: {shape: [-1], type: int32}\n  t: {shape: [-1], type: string}\n"
        f"outputs:\n{lines}  t: {{shape: [-1], type: string}}\n"
    )


@pytest.fixture
def evaluate(files, save_pipeline, serve):
    """Evaluate an expression for three rows, of which the last one is all null."""

    def evaluate_one(expression, kind="double"):
        statement = f"SELECT *, {expression} AS found, a AS a_too, n AS n_too FROM __THIS__"
        save_pipeline(files, (TRANSFORMER, {"statement": statement}))
        _, model = serve(contract({"found": kind}))
        sent = {
            "a": np.array([1.5, -2.0, np.nan]),
            "n": np.array([7.0, -7.0, np.nan]),
            "t": np.array(["x", "Yy ", None], object),
        }
        return model.predict("predict", sent)["found"].tolist()

    return evaluate_one


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("a + n", [8.5, -9.0, None]),
        ("n div 2", [3.0, -3.0, None]),
        ("n % 4", [3.0, -3.0, None]),
        ("a / 0", [None, None, None]),
        ("-a * 2", [-3.0, 4.0, None]),
        ("1 + 2 * 3 - (4 - 1)", [4.0, 4.0, 4.0]),
        ("CASE WHEN a IS NULL THEN 0 ELSE a END", [1.5, -2.0, 0.0]),
        ("CASE WHEN a NOT BETWEEN 0 AND 9 THEN 1.0D END", [None, 1.0, None]),
        ("if(n NOT IN (7, 8), 1, 2)", [2.0, 1.0, 2.0]),
        ("nullif(n, 7)", [None, -7.0, None]),
        ("log(a)", [0.4054651081081644, None, None]),
        ("greatest(a, n, 0)", [7.0, 0.0, 0.0]),
        ("CAST(CAST(a AS STRING) AS DOUBLE)", [1.5, -2.0, None]),
        ("CAST('1.9' AS INT)", [1.0, 1.0, 1.0]),
        ("CAST('no number' AS DOUBLE)", [None, None, None]),
        ("coalesce(NULL, a, 3)", [1.5, -2.0, 3.0]),
        ("n * 0.5D", [3.5, -3.5, None]),
    ],
)
def test_numbers(evaluate, expression, expected):
    """Null stays null, by every operator but those that are about it."""
    wanted = np.array([np.nan if it is None else it for it in expected])
    np.testing.assert_allclose(evaluate(expression), wanted, rtol=1e-12)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("t || '!'", ["x!", "Yy !", None]),
        ("upper(trim(t))", ["X", "YY", None]),
        ("substring(t, -2)", ["x", "y ", None]),
        ("CAST(n > 0 AS STRING)", ["true", "false", None]),
        ("CASE WHEN t LIKE '_y%' THEN 'it''s' ELSE t END", ["x", "it's", None]),
        ("CAST(a AS STRING)", ["1.5", "-2.0", None]),
    ],
)
def test_texts(evaluate, expression, expected):
    """Texts are Python's own, and None where they are null."""
    assert evaluate(expression, "string") == expected


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("SELECT * FROM __THIS__ WHERE a > 1", "WHERE, which is of more than one row"),
        ("SELECT max(a) AS m FROM __THIS__ GROUP BY n", "GROUP, which is of more than one row"),
        ("SELECT sum(a) AS s FROM __THIS__", "SUM, which is not evaluated here"),
        ("SELECT *, rand() AS r FROM __THIS__", "RAND, which is not evaluated here"),
        ("SELECT *, a + 1 FROM __THIS__", "without a name: write AS name"),
        ("SELECT *, n * 0.1 AS x FROM __THIS__", "decimals: CAST to DOUBLE"),
        ("SELECT *, t + 1 AS x FROM __THIS__", "mixes texts and numbers"),
        ("SELECT *, a + AS x FROM __THIS__", "expected an expression"),
        ("SELECT *, CAST(a AS DATE) AS x FROM __THIS__", "CAST to DATE"),
        ("SELECT *, regexp_replace(t, t, '') AS x FROM __THIS__", "not a plain text"),
        ("SELECT *, a ? 1 AS x FROM __THIS__", r"cannot be read from '\? 1"),
        ("DROP TABLE x", "expected SELECT"),
    ],
)
def test_what_is_not_evaluated_stops_the_start(files, save_pipeline, serve, statement, reason):
    """Nothing is guessed: the stage is listed, with what of its statement is not evaluated."""
    save_pipeline(files, (TRANSFORMER, {"statement": statement}))
    with pytest.raises(LoadError, match=reason):
        serve(contract({"x": "double"}))


def test_a_null_that_a_whole_number_cannot_hold(files, save_pipeline, serve):
    """The row is named, and how to declare the output instead."""
    statement = "SELECT *, n + 1 AS more, a AS same FROM __THIS__"
    save_pipeline(files, (TRANSFORMER, {"statement": statement}))
    _, model = serve(contract({"more": "int32"}))
    sent = {
        "a": np.array([1.0]),
        "n": np.array([np.nan]),
        "t": np.array(["x"], object),
    }
    with pytest.raises(InvalidInput, match='row 0: the output "more" is null'):
        model.predict("predict", sent)


def test_columns_that_are_not_selected_are_gone(files, save_pipeline, serve):
    """As in Spark, later stages see what was selected, under its new name."""
    save_pipeline(
        files,
        (TRANSFORMER, {"statement": "SELECT a AS b, n FROM __THIS__"}),
        ("feature.Binarizer", {"inputCol": "b", "outputCol": "above", "threshold": 1.0}),
    )
    declared = read_yaml(
        "name: predict\ninputs:\n  a: {shape: [-1], type: double}\n"
        "  n: {shape: [-1], type: double}\n"
        "outputs:\n  above: {shape: [-1], type: double}\n"
    )
    _, model = serve(declared)
    found = model.predict("predict", {"a": np.array([2.0]), "n": np.array([0.0])})
    assert found["above"].tolist() == [1.0]


def test_columns_of_an_expression_are_asked_for(files, save_pipeline, serve):
    """Without a contract nothing says whether they are numbers."""
    save_pipeline(files, (TRANSFORMER, {"statement": "SELECT *, a + n AS s FROM __THIS__"}))
    with pytest.raises(LoadError, match="the columns a, n are numbers or texts"):
        serve()
