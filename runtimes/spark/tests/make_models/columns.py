"""Models of columns as they come: labels, missing values, buckets, many columns hashed to one."""

from runtimes.spark.tests.make_models.recipes import Model, stage

NAN, INFINITY = float("nan"), float("inf")
LABELS = {
    "colour": "string",
    "size": "string",
    "note": "string",
    "code": "double",
    "count": "bigint",
    "few": "int",
    "single": "float",
}
COLOURS = ["red", "green", "blue", "red", "Red", "green", "red", "über", " x", "blue"]
SIZES = ["S", "M", "L", "M", "M", "S", "XL", "L", "M", "S"]
NOTES = ["", "a", "", "b", "a", "", "\U0001f600", "\uffee", "Z", "é"]
CODES = [1.0, 2.5, 1e7, 1.0, -0.0, 0.1, 1e-4, 123456789.125, 2.5, 1.0]
LABELLED = [
    (colour, size, note, code, int(code), row % 3, code / 3)
    for row, (colour, size, note, code) in enumerate(zip(COLOURS, SIZES, NOTES, CODES))
]
UNSEEN = [
    ("violet", "XXL", "A", 7.0, 77, 9, 0.7),
    (None, None, None, None, None, None, None),
    ("red", "S", "", NAN, 1, 1, NAN),
    ("", "s", "b", 0.0, 10000000, 0, INFINITY),
]
ORDERS = ("frequencyDesc", "frequencyAsc", "alphabetDesc", "alphabetAsc")


def _indexed(name: str, suffix: str, **params):
    return stage("feature.StringIndexer", inputCol=name, outputCol=f"{name}_{suffix}", **params)


def _vectors(name: str, **params):
    """Return a one-hot encoder of one column in each form that Sparks have had."""
    many = {
        "inputCols": ["colour_kept", "size_kept"],
        "outputCols": [f"colour_{name}", f"size_{name}"],
    }
    return [
        stage("feature.OneHotEncoder", **many, **params),
        stage("feature.OneHotEncoderEstimator", **many, **params),
        stage(
            "feature.OneHotEncoder",
            inputCol="colour_kept",
            outputCol=f"colour_{name}_alone",
            **params,
        ),
    ]


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
        "labels",
        LABELS,
        LABELLED,
        [*LABELLED, *UNSEEN],
        [
            *(_indexed(name, "kept", **KEEP) for name in LABELS),
            *(_indexed("note", order, stringOrderType=order, **KEEP) for order in ORDERS),
            stage(
                "feature.StringIndexer",
                inputCols=["colour", "note", "code"],
                outputCols=["colour_many", "note_many", "code_many"],
                stringOrderType="alphabetDesc",
                **KEEP,
            ),
            stage("feature.IndexToString", inputCol="colour_kept", outputCol="colour_again"),
            stage(
                "feature.IndexToString",
                inputCol="size_kept",
                outputCol="size_named",
                labels=["one", "two", "three", "four", "five"],
            ),
            *_vectors("hot"),
            *_vectors("all", dropLast=False),
            *_vectors("hot_kept", **KEEP),
            *_vectors("all_kept", dropLast=False, **KEEP),
        ],
    ),
    Model(
        "labels-strict",
        {"colour": "string", "code": "double"},
        [(row[0], row[3]) for row in LABELLED],
        [(row[0], row[3]) for row in LABELLED],
        [
            _indexed("colour", "index"),
            _indexed("code", "index"),
            stage("feature.OneHotEncoder", inputCols=["colour_index"], outputCols=["vector"]),
            stage(
                "feature.OneHotEncoderEstimator", inputCols=["colour_index"], outputCols=["vector"]
            ),
            stage("feature.OneHotEncoder", inputCol="colour_index", outputCol="vector"),
            stage("feature.IndexToString", inputCol="colour_index", outputCol="colour_again"),
        ],
        refuse=[("violet", 1.0), (None, 1.0), ("red", None), ("red", 3.0), ("red", NAN)],
    ),
    Model(
        "labels-skip",
        {"colour": "string", "code": "double"},
        [(row[0], row[3]) for row in LABELLED],
        [(row[0], row[3]) for row in [*LABELLED[:3], *UNSEEN, *LABELLED[3:]]],
        [
            _indexed("colour", "index", handleInvalid="skip"),
            stage(
                "feature.Bucketizer",
                inputCol="code",
                outputCol="bucket",
                splits=[-INFINITY, 1.0, 3.0, INFINITY],
                handleInvalid="skip",
            ),
            stage(
                "feature.VectorAssembler",
                inputCols=["colour_index", "code"],
                outputCol="both",
                handleInvalid="skip",
            ),
        ],
    ),
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
