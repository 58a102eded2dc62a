"""Models of vectors that come in as they are, dense and sparse."""

from runtimes.spark.tests.make_models.recipes import Model, stage
from runtimes.spark.tests.make_models.rows import counts, dense, points, sparse

INFINITY = float("inf")
POINTS = [[*row, 5.0] for row in points(24, 4, 3)]
ASKED = [*POINTS[:6], [0.0, 0.0, 0.0, 0.0, 0.0], [1e3, -1e3, 1e-6, 0.5, 5.0]]
COUNTS = [[*row, float(index % 2), 0.0] for index, row in enumerate(counts(24, 4, 5))]
ASKED_COUNTS = [*COUNTS[:6], [0.0] * 6, [3.0, -2.0, 0.0, 0.5, 1.0, 0.0]]


def _scaled(kind: str, name: str, **params):
    return stage(f"feature.{kind}", inputCol="features", outputCol=name, **params)


SCALERS = [
    _scaled("StandardScaler", "deviations"),
    _scaled("StandardScaler", "only_centred", withMean=True, withStd=False),
    _scaled("StandardScaler", "centred", withMean=True),
    _scaled("MinMaxScaler", "unit"),
    _scaled("MinMaxScaler", "between", min=-2.0, max=3.0),
    _scaled("MaxAbsScaler", "most"),
    _scaled("RobustScaler", "robust"),
    _scaled("RobustScaler", "robust_centred", withCentering=True, lower=0.1, upper=0.8),
    _scaled("RobustScaler", "robust_only_centred", withCentering=True, withScaling=False),
    _scaled("Normalizer", "length_2"),
    _scaled("Normalizer", "length_1", p=1.0),
    _scaled("Normalizer", "length_3", p=3.0),
    _scaled("Normalizer", "length_most", p=INFINITY),
]
SPARSE_SCALERS = [one for one in SCALERS if not one.params["outputCol"].startswith("only")]
CHANGES = [
    _scaled("PCA", "main", k=2),
    _scaled("DCT", "waves"),
    _scaled("DCT", "waves_back", inverse=True),
    _scaled("PolynomialExpansion", "squares"),
    _scaled("PolynomialExpansion", "cubes", degree=3),
    _scaled("VectorSlicer", "slice", indices=[3, 0, 2]),
    _scaled("VectorIndexer", "categories", maxCategories=4, handleInvalid="keep"),
    _scaled("Binarizer", "above", threshold=0.5),
    stage(
        "feature.VarianceThresholdSelector",
        featuresCol="features",
        outputCol="varied",
        varianceThreshold=0.1,
    ),
]
WEIGHTS = [0.5, -1.0, 0.0, 2.0, 1e-3, 7.0]


def _chosen(name: str, kind: str = "ChiSqSelector", **params):
    return stage(
        f"feature.{kind}", featuresCol="features", labelCol="label", outputCol=name, **params
    )


def _univariate(name: str, features: str, label: str, **params):
    kinds = {"featureType": features, "labelType": label}
    return _chosen(name, "UnivariateFeatureSelector", **kinds, **params)


CHOICES = [
    _chosen("best", numTopFeatures=2),
    _chosen("best_share", selectorType="percentile", percentile=0.6),
    _chosen("best_fpr", selectorType="fpr", fpr=0.5),
    _chosen("best_fdr", selectorType="fdr", fdr=0.5),
    _chosen("best_fwe", selectorType="fwe", fwe=0.6),
    _univariate("anova", "continuous", "categorical", selectionThreshold=3.0),
    _univariate("regressed", "continuous", "continuous", selectionThreshold=2.0),
    _univariate(
        "chi", "categorical", "categorical", selectionMode="percentile", selectionThreshold=0.5
    ),
]
COLUMNS = {"features": "vector", "label": "double"}
LEARNED = frozenset({"label"})

MODELS = [
    Model(
        "dense",
        COLUMNS,
        [(dense(row), float(index % 3)) for index, row in enumerate(POINTS)],
        [(dense(row),) for row in ASKED],
        [
            *SCALERS,
            *CHANGES,
            stage(
                "feature.ElementwiseProduct",
                inputCol="features",
                outputCol="weighed",
                scalingVec=dense(WEIGHTS[:5]),
            ),
            *CHOICES[-3:-1],
        ],
        LEARNED,
        atol=1e-12,  # a transform of waves adds in the order of its own
    ),
    Model(
        "sparse",
        COLUMNS,
        [(sparse(row), float(index % 3)) for index, row in enumerate(COUNTS)],
        [(sparse(row),) for row in ASKED_COUNTS],
        [
            *SCALERS,
            *CHANGES,
            stage(
                "feature.ElementwiseProduct",
                inputCol="features",
                outputCol="weighed",
                scalingVec=dense(WEIGHTS),
            ),
            stage("feature.IDF", inputCol="features", outputCol="idf"),
            *CHOICES,
        ],
        LEARNED,
        atol=1e-12,  # a transform of waves adds in the order of its own
    ),
    Model(
        "assembled",
        {"a": "double", "n": "int", "flag": "boolean", "kind": "string", "given": "vector"},
        [
            (
                row[0],
                index % 5,
                index % 2 == 0,
                "xxxyyz"[index % 6],
                (sparse if index % 2 else dense)(row[1:4]),
            )
            for index, row in enumerate(POINTS)
        ],
        [
            (
                row[0],
                index % 5,
                index % 2 == 0,
                "xxxyyz"[index % 6],
                (sparse if index % 2 else dense)(row[1:4]),
            )
            for index, row in enumerate(ASKED)
        ],
        [
            stage("feature.StringIndexer", inputCol="kind", outputCol="kind_index"),
            stage("feature.OneHotEncoder", inputCols=["kind_index"], outputCols=["kind_vector"]),
            stage(
                "feature.OneHotEncoderEstimator",
                inputCols=["kind_index"],
                outputCols=["kind_vector"],
            ),
            stage("feature.OneHotEncoder", inputCol="kind_index", outputCol="kind_vector"),
            stage(
                "feature.VectorAssembler",
                inputCols=["given", "a", "kind_vector", "n", "flag"],
                outputCol="features",
            ),
            stage(
                "feature.VectorSlicer",
                inputCol="features",
                outputCol="named",
                indices=[0],
                names=["n", "kind_vector_y", "a"],
            ),
            stage("feature.VectorAssembler", inputCols=["n", "a"], outputCol="pair"),
            stage("feature.Interaction", inputCols=["a", "pair"], outputCol="products"),
            stage(
                "feature.Interaction",
                inputCols=["kind_index", "n", "pair"],
                outputCol="crossed",
            ),
            stage(
                "feature.Interaction",
                inputCols=["kind_vector", "features"],
                outputCol="crossed_vectors",
            ),
            stage(
                "feature.VectorIndexer", inputCol="features", outputCol="indexed", maxCategories=5
            ),
        ],
        refuse=[
            (1.0, 2, True, "x", dense([1.0, 2.0])),
            (1.0, 2, None, "x", dense([1.0, 2.0, 3.0])),
            (1.0, 9, True, "y", dense([1.0, 2.0, 3.0])),
        ],
    ),
]
