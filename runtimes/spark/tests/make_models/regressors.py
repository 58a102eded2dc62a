"""Regressions, with each family and link of the generalized linear ones."""

from runtimes.spark.tests.make_models.recipes import Model, Stage, predictor, stage
from runtimes.spark.tests.make_models.rows import dense, points, sparse

COLUMNS = {
    "features": "vector",
    "x": "double",
    "offset": "double",
    "real": "double",
    "positive": "double",
    "count": "double",
    "is_high": "double",
    "censor": "double",
    "weight": "double",
}
LEARNED = frozenset({"real", "positive", "count", "is_high", "censor", "weight"})
POINTS = points(36, 3, 21)


def _row(at: int, values, form=dense):
    real = 2.0 * values[0] - values[1] + 0.3 * values[2] * values[2] + 0.1 * (at % 5)
    positive = 0.5 + abs(real)
    return (
        form(values),
        values[0],
        0.1 * (at % 3),
        round(real, 3),
        round(positive, 3),
        float(int(positive)),
        float(real > 0),
        float(at % 4 > 0),
        1.0 + at % 2,
    )


ROWS = [_row(at, values) for at, values in enumerate(POINTS)]
ASKED = [
    _row(at, values, sparse if at % 2 else dense)[:3]
    for at, values in enumerate([*points(10, 3, 22), [0.0, 0.0, 0.0]])
]


def _regression(kind: str, name: str, label: str = "real", **params) -> Stage:
    return predictor(
        f"regression.{kind}", name, **{"featuresCol": "features", "labelCol": label, **params}
    )


def _general(family: str, link: str, label: str, suffix: str = "", **params) -> Stage:
    given = {"link": link, "maxIter": 15, "regParam": 0.01, **params}
    return _linked(f"{family}_{link}{suffix}", label, family=family, **given)


def _tweedie(name: str, **params) -> Stage:
    given = {"family": "tweedie", "regParam": 0.05, "maxIter": 10, **params}
    return _linked(f"tweedie_{name}", "positive", **given)


def _linked(name: str, label: str, **params) -> Stage:
    one = _regression("GeneralizedLinearRegression", name, label, **params)
    return one.but(linkPredictionCol=f"{name}_linked")


MODELS = [
    Model(
        "regressions",
        COLUMNS,
        ROWS,
        ASKED,
        [
            _regression("LinearRegression", "linear", solver="normal"),
            _regression("LinearRegression", "linear_net", elasticNetParam=0.6, regParam=0.2),
            _regression("LinearRegression", "linear_bare", fitIntercept=False, weightCol="weight"),
            _regression("LinearRegression", "linear_huber", loss="huber", maxIter=15),
            _regression("FMRegressor", "fm", factorSize=2, maxIter=15, seed=7, stepSize=0.1),
            _regression(
                "FMRegressor",
                "fm_bare",
                factorSize=2,
                maxIter=5,
                seed=7,
                fitIntercept=False,
                fitLinear=False,
            ),
            _regression(
                "AFTSurvivalRegression",
                "survival",
                "positive",
                censorCol="censor",
                quantilesCol="survival_quantiles",
                quantileProbabilities=[0.1, 0.5, 0.9],
                maxIter=15,
            ),
            _regression(
                "AFTSurvivalRegression",
                "survival_bare",
                "positive",
                censorCol="censor",
                fitIntercept=False,
                maxIter=15,
            ),
            _regression("IsotonicRegression", "rising", featuresCol="x"),
            _regression("IsotonicRegression", "falling", isotonic=False, featureIndex=1),
        ],
        LEARNED,
    ),
    Model(
        "general",
        COLUMNS,
        ROWS,
        ASKED,
        [
            _general("gaussian", "identity", "real"),
            _general("gaussian", "log", "positive"),
            _general("gaussian", "identity", "real", "_offset", offsetCol="offset"),
            _general("binomial", "logit", "is_high", regParam=0.1),
            _general("binomial", "probit", "is_high", regParam=0.1),
            _general("binomial", "cloglog", "is_high", regParam=0.1),
            _general("poisson", "log", "count"),
            _general("poisson", "log", "count", "_offset", offsetCol="offset", fitIntercept=False),
            _general("poisson", "identity", "positive", regParam=10.0, maxIter=2),
            _general("poisson", "sqrt", "count"),
            _general("gamma", "log", "positive"),
            _general("gamma", "inverse", "positive", regParam=10.0, maxIter=2),
            _tweedie("default", variancePower=1.5),
            _tweedie("log", variancePower=1.2, linkPower=0.0),
            _tweedie("power", variancePower=1.6, linkPower=0.5, regParam=1.0),
        ],
        LEARNED,
        rtol=1e-9,  # the normal distribution and its inverse have no common implementation
    ),
    Model(
        "regression-trees",
        COLUMNS,
        [
            (dense([*row[0].toArray()[:2].tolist(), float(at % 4)]), *row[1:])
            for at, row in enumerate(ROWS)
        ],
        [
            (form([*row[0].toArray()[:2].tolist(), float(at % 4)]), *row[1:3])
            for at, row in enumerate(ASKED)
            for form in (dense, sparse)
        ][::2],
        [
            stage(
                "feature.VectorIndexer", inputCol="features", outputCol="indexed", maxCategories=4
            ),
            *(
                one.but(featuresCol="indexed").where_known(
                    leafCol=f"{one.params['predictionCol']}_leaf"
                )
                for one in [
                    _regression(
                        "DecisionTreeRegressor", "tree", maxDepth=4, varianceCol="tree_variance"
                    ),
                    _regression("DecisionTreeRegressor", "stump", maxDepth=0),
                    _regression("RandomForestRegressor", "forest", numTrees=5, maxDepth=3, seed=7),
                    _regression("GBTRegressor", "boosted", maxIter=4, maxDepth=3, seed=7),
                    _regression(
                        "GBTRegressor",
                        "boosted_absolute",
                        maxIter=3,
                        maxDepth=2,
                        seed=7,
                        lossType="absolute",
                        stepSize=0.3,
                    ),
                ]
            ),
        ],
        LEARNED,
    ),
]
