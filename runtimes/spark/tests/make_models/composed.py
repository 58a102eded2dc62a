"""Pipelines in pipelines, chosen models, formulas, and models with no pipeline around them."""

from runtimes.spark.tests.make_models.classifiers import LOGISTIC, POINTS, labelled
from runtimes.spark.tests.make_models.recipes import Model, Stage, pipeline, predictor, stage
from runtimes.spark.tests.make_models.rows import dense, points

COLUMNS = {"features": "vector", "kind": "double", "is_first": "double"}
LEARNED = frozenset({"kind", "is_first"})
MORE = points(8, 4, 41)
ASKED = [(dense(row),) for row in MORE]
LOGISTIC_GRID = ("regParam", [0.01, 1.0])
BINARY = Stage("evaluation.BinaryClassificationEvaluator", {"labelCol": "is_first"})


def _logistic(name: str, features: str) -> Stage:
    columns = {"featuresCol": features, "labelCol": "is_first"}
    return predictor("classification.LogisticRegression", name, **columns, **LOGISTIC)


def _scaled(made: str) -> Stage:
    return stage("feature.StandardScaler", inputCol="features", outputCol=made, withMean=True)


def _validated(name: str) -> Stage:
    """Return what chooses between two models, each a pipeline."""
    scaled = f"{name}_scaled"
    params = {
        "estimator": pipeline(_scaled(scaled), _logistic(name, scaled)),
        "evaluator": BINARY.but(rawPredictionCol=f"{name}_raw"),
        "grid": LOGISTIC_GRID,
        "numFolds": 2,
        "seed": 7,
    }
    return Stage("tuning.CrossValidator", params)


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
    {"collectSubModels": True},
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


MODELS = [
    Model(
        "nested",
        COLUMNS,
        labelled(POINTS),
        ASKED,
        [
            pipeline(
                _scaled("scaled"),
                pipeline(
                    stage("feature.PCA", inputCol="scaled", outputCol="main", k=2), pipeline()
                ),
            ),
            _logistic("two", "scaled"),
            _validated("validated"),
            SPLIT,
        ],
        LEARNED,
    ),
    Model(
        "pythons",
        COLUMNS,
        labelled(POINTS),
        ASKED,
        [
            _scaled("scaled"),
            _validated("chosen"),
            predictor(
                "classification.OneVsRest",
                "rest",
                featuresCol="scaled",
                labelCol="kind",
                classifier=Stage("classification.LogisticRegression", LOGISTIC),
            ),
        ],
        LEARNED,
        is_pythons=True,
    ),
    Model(
        "validated",
        COLUMNS,
        labelled(POINTS),
        ASKED,
        [_validated("chosen")],
        LEARNED,
        is_bare=True,
    ),
    Model(
        "split",
        COLUMNS,
        labelled(POINTS),
        ASKED,
        [SPLIT],
        LEARNED,
        is_bare=True,
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
    ),
    Model(
        "formula-keep",
        TABLE,
        TABLE_ROWS,
        [*(row[:4] for row in TABLE_ROWS[:4]), (9.0, 7, "violet", "S"), (1.0, 2, "red", None)],
        [_formula("kept", "y ~ a + colour + size:a", handleInvalid="keep")],
        frozenset({"y"}),
    ),
]
