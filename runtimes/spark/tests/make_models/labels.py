"""Models of labels: their indices, one column for each of them, and back."""

from runtimes.spark.tests.make_models.recipes import Model, stage

NAN, INFINITY = float("nan"), float("inf")
KEEP = {"handleInvalid": "keep"}
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
    """Return a one-hot encoder in each form that Sparks have had."""
    both = {
        "inputCols": ["colour_kept", "size_kept"],
        "outputCols": [f"colour_{name}", f"size_{name}"],
    }
    return [
        stage("feature.OneHotEncoder", **both, **params),
        stage("feature.OneHotEncoderEstimator", **both, **params),
        stage(
            "feature.OneHotEncoder", inputCol="colour_kept", outputCol=f"colour_{name}", **params
        ),
    ]


def _encoded(name: str, **params):
    return stage(
        "feature.TargetEncoder",
        inputCols=["kind", "shade"],
        outputCols=[f"kind_{name}", f"shade_{name}"],
        **KEEP,
        **params,
    )


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
            stage("feature.OneHotEncoder", inputCol="colour_kept", outputCol="colour_alone"),
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
        "targets",
        {"kind": "double", "shade": "int", "is_high": "double", "height": "double"},
        [(float(row % 3), row % 4, float(row % 7 > 3), row / 3.0) for row in range(20)],
        [(0.0, 0), (1.0, 3), (2.0, 1), (7.0, 9), (None, None), (NAN, 2)],
        [
            _encoded("part", labelCol="is_high"),
            _encoded("part_smooth", labelCol="is_high", smoothing=2.5),
            _encoded("mean", labelCol="height", targetType="continuous"),
            _encoded("mean_smooth", labelCol="height", targetType="continuous", smoothing=4.0),
        ],
        frozenset({"is_high", "height"}),
    ),
]
