"""Pipelines in pipelines, chosen models, formulas, statements of SQL, and models with no pipeline."""

from runtimes.spark.tests.make_models.classifiers import LOGISTIC, POINTS, labelled
from runtimes.spark.tests.make_models.recipes import Model, Stage, pipeline, predictor, stage
from runtimes.spark.tests.make_models.rows import dense, points

COLUMNS = {"features": "vector", "kind": "double", "is_first": "double"}
LEARNED = frozenset({"kind", "is_first"})
MORE = points(8, 4, 41)
ASKED = [(dense(row),) for row in MORE]
LOGISTIC_GRID = ("regParam", [0.01, 1.0])
BINARY = Stage("evaluation.BinaryClassificationEvaluator", {"labelCol": "is_first"})


def _logistic(name: str) -> Stage:
    return predictor(
        "classification.LogisticRegression",
        name,
        featuresCol="scaled",
        labelCol="is_first",
        **LOGISTIC,
    )


def _scaled(given: str = "features", made: str = "scaled") -> Stage:
    return stage("feature.StandardScaler", inputCol=given, outputCol=made, withMean=True)


def _validated(name: str) -> Stage:
    """Return what chooses between two models, each a pipeline."""
    evaluator = BINARY._replace(params={**BINARY.params, "rawPredictionCol": f"{name}_raw"})
    params = {
        "estimator": pipeline(_scaled(made=f"{name}_scaled"), _logistic_of(name)),
        "evaluator": evaluator,
        "grid": LOGISTIC_GRID,
        "seed": 7,
    }
    return Stage("tuning.CrossValidator", {**params, "numFolds": 2})


def _logistic_of(name: str) -> Stage:
    one = _logistic(name)
    return one._replace(params={**one.params, "featuresCol": f"{name}_scaled"})


LINEAR = predictor("regression.LinearRegression", "linear", featuresCol="features", labelCol="kind")
SPLIT = Stage(
    "tuning.TrainValidationSplit",
    {
        "estimator": LINEAR,
        "evaluator": Stage(
            "evaluation.RegressionEvaluator", {"labelCol": "kind", "predictionCol": "linear"}
        ),
        "grid": ("regParam", [0.1, 0.5]),
        "seed": 7,
    },
)
TABLE = {"a": "double", "n": "int", "colour": "string", "size": "string", "y": "double"}
TABLE_ROWS = [
    (
        row[0],
        at % 5,
        ["red", "green", "blue", "green"][at % 4],
        "SML"[at % 3],
        float(round(row[1] + at % 3)),
    )
    for at, row in enumerate(points(24, 2, 42))
]


def _formula(name: str, formula: str, **params) -> Stage:
    given = {"formula": formula, "featuresCol": name, "labelCol": f"{name}_label"}
    return Stage("feature.RFormula", {**given, **params})


STATEMENTS = [
    ("doubled", "a * 2 + n AS doubled"),
    ("ratio", "a / n AS ratio, n % 3 AS rest, -a AS minus, n div 2 AS half, a - 1 AS less"),
    (
        "cast_int",
        "CAST(a AS INT) AS cast_int, CAST(n AS STRING) AS cast_text, CAST(n AS DOUBLE) AS cast_double",
    ),
    ("grade", "CASE WHEN a > 1 THEN 'high' WHEN a IS NULL THEN 'none' ELSE 'low' END AS grade"),
    ("simple_case", "CASE colour WHEN 'red' THEN 1 WHEN 'green' THEN 2 END AS simple_case"),
    (
        "known",
        "coalesce(a, 0.0D) AS known, isnull(a) AS is_unknown, nvl(colour, 'none') AS nvl_colour",
    ),
    (
        "logic",
        "a > 0 AND n < 3 OR NOT (n = 4) AS logic, a BETWEEN 0 AND 2 AS inside, n IN (1, 3) AS one_of",
    ),
    (
        "upper",
        "upper(colour) AS upper, lower(size) AS lower, length(colour) AS length, trim(colour) AS trimmed",
    ),
    ("joined", "concat(colour, '-', size) AS joined, concat_ws('+', colour, size) AS joined_ws"),
    (
        "part",
        "substring(colour, 2, 2) AS part, colour LIKE 're%' AS like_red, colour <=> 'red' AS same",
    ),
    (
        "logged",
        "log(abs(a) + 1) AS logged, exp(a) AS exped, sqrt(abs(a)) AS root, pow(a, 2) AS squared",
    ),
    (
        "rounded",
        "round(a, 1) AS rounded, floor(a) AS floored, ceil(a) AS ceiled, signum(a) AS sign",
    ),
    (
        "larger",
        "greatest(a, 0.5D, 1.0D) AS larger, least(a, 0.5D) AS smaller, if(a > 0, n, -n) AS signed",
    ),
    (
        "replaced",
        "regexp_replace(colour, 'e+', 'E') AS replaced, log1p(abs(a)) AS logged1, nanvl(a, 9.0D) AS number",
    ),
]


def _statement(column: str, expressions: str) -> Stage:
    text = f"SELECT *, {expressions} FROM __THIS__"
    return Stage("feature.SQLTransformer", {"statement": text}, adds=(column,))


NAN = float("nan")
SQL_ROWS = [
    (1.5, 2, "red", "S"),
    (-2.25, 4, "green", "M"),
    (0.0, 1, " blue ", "l"),
    (2.5, 3, "", None),
    (None, None, None, "XL"),
    (NAN, 1, "über", "S"),
    (1e3, -3, "rEd", "s"),
]
SQL_COLUMNS = {"a": "double", "n": "int", "colour": "string", "size": "string"}

MODELS = [
    Model(
        "nested",
        COLUMNS,
        labelled(POINTS),
        ASKED,
        [
            pipeline(
                _scaled(),
                pipeline(
                    stage("feature.PCA", inputCol="scaled", outputCol="main", k=2), pipeline()
                ),
            ),
            _logistic("two"),
            _validated("validated"),
            SPLIT,
        ],
        LEARNED,
        rtol=1e-9,
        atol=1e-12,
    ),
    Model(
        "validated",
        COLUMNS,
        labelled(POINTS),
        ASKED,
        [_validated("chosen")],
        LEARNED,
        is_bare=True,
        rtol=1e-9,
        atol=1e-12,
    ),
    Model(
        "split",
        COLUMNS,
        labelled(POINTS),
        ASKED,
        [SPLIT],
        LEARNED,
        is_bare=True,
        rtol=1e-9,
        atol=1e-12,
    ),
    Model(
        "bare",
        COLUMNS,
        labelled(POINTS),
        ASKED,
        [
            Stage(
                "classification.LogisticRegression",
                {"featuresCol": "features", "labelCol": "is_first", **LOGISTIC},
            )
        ],
        LEARNED,
        is_bare=True,
        rtol=1e-9,
        atol=1e-12,
    ),
    Model(
        "formula",
        TABLE,
        TABLE_ROWS,
        [*(row[:4] for row in TABLE_ROWS[:8]), (9.0, 7, "red", "S")],
        [
            _formula("plain", "y ~ a + n"),
            _formula("labels", "y ~ a + colour + size"),
            _formula("crossed", "y ~ colour:a + a:n + size - 1"),
            _formula(
                "ordered",
                "size ~ colour + n",
                stringIndexerOrderType="alphabetAsc",
                forceIndexLabel=True,
            ),
            predictor(
                "regression.LinearRegression",
                "linear",
                featuresCol="labels",
                labelCol="y",
                regParam=0.1,
            ),
        ],
        frozenset({"y"}),
        refuse=[(1.0, 1, "violet", "S")],
        rtol=1e-9,
        atol=1e-12,
    ),
    Model(
        "formula-keep",
        TABLE,
        TABLE_ROWS,
        [*(row[:4] for row in TABLE_ROWS[:4]), (9.0, 7, "violet", "S"), (1.0, 2, "red", None)],
        [_formula("kept", "y ~ a + colour + size:a", handleInvalid="keep")],
        frozenset({"y"}),
    ),
    Model("sql", SQL_COLUMNS, SQL_ROWS, SQL_ROWS, [_statement(*one) for one in STATEMENTS]),
    Model(
        "sql-where",
        SQL_COLUMNS,
        SQL_ROWS,
        SQL_ROWS,
        [
            Stage(
                "feature.SQLTransformer",
                {"statement": "SELECT __row, a, max(n) OVER () AS most FROM __THIS__ WHERE a > 0"},
                adds=("most",),
            )
        ],
    ),
]
