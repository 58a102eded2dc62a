"""Classifiers, with the options that change what they answer."""

from runtimes.spark.tests.make_models.recipes import Model, Stage, predictor, stage
from runtimes.spark.tests.make_models.rows import counts, dense, points, sparse

COLUMNS = {"features": "vector", "kind": "double", "is_first": "double"}
LEARNED = frozenset({"kind", "is_first"})
POINTS = points(36, 4, 11)
MORE = points(12, 4, 12)
COUNTS = [[*row, float(at % 2)] for at, row in enumerate(counts(36, 4, 13))]
THIRDS = [0.2, 0.5, 0.3]


def labelled(rows, form=dense):
    """Return rows of vectors with their class of three, and whether it is the first."""
    return [(form(row), float(at % 3), float(at % 3 == 0)) for at, row in enumerate(rows)]


def _two(kind: str, name: str, **params) -> Stage:
    return predictor(
        f"classification.{kind}", name, featuresCol="features", labelCol="is_first", **params
    )


def _three(kind: str, name: str, **params) -> Stage:
    return predictor(
        f"classification.{kind}", name, featuresCol="features", labelCol="kind", **params
    )


def _bayes(name: str, make=_three, **params) -> Stage:
    return make("NaiveBayes", name, **params)


LOGISTIC = {"maxIter": 15, "regParam": 0.05}
INNER = Stage("classification.LogisticRegression", LOGISTIC)
SVC = Stage("classification.LinearSVC", {"maxIter": 10, "regParam": 0.1})
TREE = Stage("classification.DecisionTreeClassifier", {"maxDepth": 2})

MODELS = [
    Model(
        "logistic",
        COLUMNS,
        labelled(POINTS),
        [
            (form(row),)
            for row in [*MORE[:8], [0.0] * 4, [90.0, -90.0, 90.0, -90.0]]
            for form in (dense, sparse)
        ][::3],
        [
            _two("LogisticRegression", "two", **LOGISTIC),
            _two("LogisticRegression", "two_strict", threshold=0.8, **LOGISTIC),
            _two("LogisticRegression", "two_thresholds", thresholds=[0.3, 0.6], **LOGISTIC),
            _two("LogisticRegression", "two_sparse", elasticNetParam=1.0, maxIter=15, regParam=0.2),
            _two("LogisticRegression", "two_bare", fitIntercept=False, **LOGISTIC),
            _two("LogisticRegression", "two_many", family="multinomial", **LOGISTIC),
            _two("LogisticRegression", "two_alone", **LOGISTIC).where_known(
                probabilityCol="", rawPredictionCol=""
            ),
            _three("LogisticRegression", "three", **LOGISTIC),
            _three("LogisticRegression", "three_thresholds", thresholds=THIRDS, **LOGISTIC),
            _three("LogisticRegression", "three_zero", thresholds=[0.9, 0.0, 0.1], **LOGISTIC),
            _three(
                "LogisticRegression",
                "three_bare",
                fitIntercept=False,
                elasticNetParam=0.5,
                **LOGISTIC,
            ),
        ],
        LEARNED,
    ),
    Model(
        "classifiers",
        COLUMNS,
        labelled(POINTS),
        [(dense(row),) for row in [*MORE, [0.0] * 4]],
        [
            _two("LinearSVC", "svc", maxIter=10, regParam=0.1),
            _two("LinearSVC", "svc_strict", maxIter=10, threshold=0.7, fitIntercept=False),
            _three("MultilayerPerceptronClassifier", "mlp", layers=[4, 5, 3], seed=7, maxIter=20),
            _three(
                "MultilayerPerceptronClassifier",
                "mlp_deep",
                layers=[4, 3, 4, 3],
                seed=8,
                maxIter=20,
            ).where_known(thresholds=THIRDS),
            _two("FMClassifier", "fm", factorSize=2, maxIter=15, seed=7, stepSize=0.1),
            _two(
                "FMClassifier",
                "fm_bare",
                factorSize=3,
                maxIter=15,
                seed=7,
                fitIntercept=False,
                fitLinear=False,
                thresholds=[0.4, 0.6],
            ),
            _three("OneVsRest", "rest", classifier=INNER),
            _three("OneVsRest", "rest_svc", classifier=SVC),
            _three("OneVsRest", "rest_tree", classifier=TREE),
            _bayes("bayes_normal", modelType="gaussian", thresholds=THIRDS),
        ],
        LEARNED,
    ),
    Model(
        "bayes",
        COLUMNS,
        labelled(COUNTS, sparse),
        [(form(row),) for row in [*COUNTS[:6], [0.0] * 5] for form in (dense, sparse)][::2],
        [
            _bayes("bayes", smoothing=3.0, thresholds=THIRDS),
            _bayes("bayes_two", _two, thresholds=[0.0, 0.5]),
            _bayes("bayes_complement", modelType="complement"),
        ],
        LEARNED,
        refuse=[(dense([-1.0, 0.0, 0.0, 0.0, 1.0]),)],
    ),
    Model(
        "bayes-bernoulli",
        COLUMNS,
        labelled([[float(value > 1) for value in row] for row in COUNTS], sparse),
        [
            (form([float(value > 1) for value in row]),)
            for row in COUNTS[:6]
            for form in (dense, sparse)
        ],
        [
            _bayes("bernoulli", modelType="bernoulli"),
        ],
        LEARNED,
        refuse=[(dense([2.0, 0.0, 0.0, 0.0, 1.0]),)],
    ),
    Model(
        "trees",
        COLUMNS,
        labelled([[*row[:2], float(at % 4), row[3]] for at, row in enumerate(POINTS)]),
        [
            (form([*row[:2], float(at % 4), row[3]]),)
            for at, row in enumerate(MORE)
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
                    _three("DecisionTreeClassifier", "tree", maxDepth=4),
                    _three(
                        "DecisionTreeClassifier",
                        "tree_thresholds",
                        impurity="entropy",
                        maxDepth=2,
                        thresholds=THIRDS,
                    ),
                    _three("RandomForestClassifier", "forest", numTrees=5, maxDepth=3, seed=7),
                    _three(
                        "RandomForestClassifier",
                        "forest_thresholds",
                        numTrees=3,
                        maxDepth=3,
                        seed=8,
                        thresholds=THIRDS,
                    ),
                    _two("GBTClassifier", "boosted", maxIter=4, maxDepth=3, seed=7),
                    _two(
                        "GBTClassifier",
                        "boosted_thresholds",
                        maxIter=3,
                        maxDepth=2,
                        seed=7,
                        thresholds=[0.2, 0.8],
                    ),
                ]
            ),
        ],
        LEARNED,
    ),
]
