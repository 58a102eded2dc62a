"""Models of columns of numbers: missing values, buckets, and many columns hashed to one."""

from runtimes.spark.tests.make_models.recipes import Model, stage

NAN, INFINITY = float("nan"), float("inf")
KEEP = {"handleInvalid": "keep"}
MEASURED = {"a": "double", "b": "double", "c": "float", "n": "int", "m": "bigint"}
MEASURES = [
    (1.0, 10.0, 0.5, 1, 10),
    (2.0, NAN, 1.5, 2, 20),
    (NAN, 30.0, 2.5, 2, 20),
    (4.0, 40.0, -1.0, 3, 30),
    (4.0, -1.0, NAN, 3, 40),
    (6.0, 60.0, 4.5, 5, 50),
    (-1.0, 60.0, 5.5, 8, 50),
    (8.5, 80.0, 6.5, 8, 70),
]
ODD_MEASURES = [
    (NAN, NAN, NAN, 4, 4),
    (None, None, None, None, None),
    (-1.0, 0.0, -0.0, -1, -1),
    (INFINITY, -INFINITY, 1e30, 2147483647, 9007199254740993),
    (2.0, 30.0, 2.5, 5, 50),
    (5.999999999999999, 40.0, 0.1, 0, 0),
]
SPLITS = [-INFINITY, 0.0, 2.0, 6.0, INFINITY]


def _imputed(name: str, **params):
    return stage(
        "feature.Imputer",
        inputCols=["a", "b"],
        outputCols=[f"a_{name}", f"b_{name}"],
        **params,
    )


MIXED = {
    "real": "double",
    "small": "float",
    "whole": "int",
    "large": "bigint",
    "flag": "boolean",
    "text": "string",
    "other": "string",
}
MIXED_ROWS = [
    (2.25, 0.1, 3, 12345678901, True, "foo", "x"),
    (-1.0, 1.5, -7, -1, False, "bar", "ünï"),
    (0.0, 0.0, 0, 0, True, "", "\U0001f600"),
    (None, None, None, None, None, None, None),
    (NAN, INFINITY, 2147483647, 9223372036854775807, False, "a=b", "foo"),
    (1e-7, 1e10, -2147483648, 1, True, "foo", "bar"),
]
HASHED = list(MIXED)

MODELS = [
    Model(
        "missing",
        MEASURED,
        MEASURES,
        [*MEASURES, *ODD_MEASURES],
        [
            _imputed("mean"),
            _imputed("median", strategy="median"),
            _imputed("mode", strategy="mode"),
            _imputed("marked", missingValue=-1.0),
            stage("feature.Imputer", inputCols=["c"], outputCols=["c_mean"]),
            stage("feature.Imputer", inputCols=["n", "m"], outputCols=["n_mean", "m_mean"]),
            stage(
                "feature.Imputer",
                inputCols=["n", "m"],
                outputCols=["n_marked", "m_marked"],
                missingValue=2.0,
                strategy="median",
            ),
            stage("feature.Imputer", inputCol="a", outputCol="a_alone"),
            stage("feature.Bucketizer", inputCol="a", outputCol="a_bucket", splits=SPLITS, **KEEP),
            stage(
                "feature.Bucketizer",
                inputCols=["a", "b", "n"],
                outputCols=["a_of_many", "b_of_many", "n_of_many"],
                splitsArray=[SPLITS, [-INFINITY, 30.0, 60.0, INFINITY], [-INFINITY, 2.0, INFINITY]],
                **KEEP,
            ),
            stage(
                "feature.QuantileDiscretizer",
                inputCol="b",
                outputCol="b_quantile",
                numBuckets=3,
                **KEEP,
            ),
            stage(
                "feature.QuantileDiscretizer",
                inputCols=["a", "c"],
                outputCols=["a_quantile", "c_quantile"],
                numBucketsArray=[2, 4],
                **KEEP,
            ),
            stage("feature.Binarizer", inputCol="a", outputCol="a_above", threshold=2.0),
            stage(
                "feature.Binarizer",
                inputCols=["a", "b"],
                outputCols=["a_high", "b_high"],
                thresholds=[4.0, 30.0],
            ),
            stage(
                "feature.VectorAssembler",
                inputCols=["a", "b", "c", "n", "m"],
                outputCol="assembled",
                **KEEP,
            ),
            stage(
                "feature.VectorSizeHint", inputCol="assembled", size=5, handleInvalid="optimistic"
            ),
        ],
    ),
    Model(
        "buckets-strict",
        {"a": "double", "b": "double"},
        [(float(row), row / 7.0) for row in range(12)],
        [(0.0, 0.0), (2.0, 1.5), (9.999, -0.0), (10.0, 0.3), (0.1, 2.0)],
        [
            stage(
                "feature.Bucketizer", inputCol="a", outputCol="bucket", splits=[0.0, 2.0, 5.0, 10.0]
            ),
            stage("feature.QuantileDiscretizer", inputCol="b", outputCol="quantile", numBuckets=4),
            stage("feature.VectorAssembler", inputCols=["a", "b"], outputCol="both"),
            stage("feature.VectorSizeHint", inputCol="both", size=2),
        ],
        refuse=[(11.0, 1.0), (-0.0, 1.0), (NAN, 1.0), (1.0, NAN), (None, 1.0), (1.0, None)],
    ),
    Model(
        "hashed",
        MIXED,
        MIXED_ROWS,
        MIXED_ROWS,
        [
            stage("feature.FeatureHasher", inputCols=HASHED, outputCol="wide"),
            stage("feature.FeatureHasher", inputCols=HASHED, outputCol="few", numFeatures=10),
            stage(
                "feature.FeatureHasher",
                inputCols=HASHED,
                outputCol="named",
                numFeatures=50,
                categoricalCols=["real", "small", "whole", "large"],
            ),
        ],
    ),
]
