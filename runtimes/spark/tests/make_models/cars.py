"""Models of cars, as a first pipeline looks: labels, one column for each of them, and trees."""

from runtimes.spark.tests.make_models.recipes import Model, predictor, stage
from runtimes.spark.tests.make_models.rows import cars

INPUTS = {
    "cylinders": "bigint",
    "displacement": "double",
    "horsepower": "double",
    "weight": "double",
    "acceleration": "double",
    "origin": "string",
    "year": "string",
}
ROWS = cars()
KNOWN = [row for row in ROWS if row[2] is not None]
ORIGINS = ["USA", "Japan", "Europe"]
NUMBERS = ["cylinders", "displacement", "horsepower", "weight", "acceleration"]


def _indexed(name: str, **params):
    return stage("feature.StringIndexer", inputCol=name, outputCol=f"{name}_index", **params)


def _one_hot(*names: str):
    """Return a one-hot encoder in each form that Sparks have had."""
    given = [f"{name}_index" for name in names]
    made = [f"{name}_vector" for name in names]
    return [
        stage("feature.OneHotEncoderEstimator", inputCols=given, outputCols=made),
        stage("feature.OneHotEncoder", inputCols=given, outputCols=made),
        *(
            stage("feature.OneHotEncoder", inputCol=one, outputCol=other)
            for one, other in zip(given, made)
        ),
    ]


MODELS = [
    Model(
        "cars-rf",
        {**{name: INPUTS[name] for name in [*NUMBERS, "year"]}, "origin": "string"},
        [(*row[:5], row[6], row[5]) for row in KNOWN],
        [(*row[:5], row[6]) for row in KNOWN[::8]],
        [
            stage("feature.StringIndexer", inputCol="origin", outputCol="label"),
            _indexed("year"),
            *_one_hot("year"),
            stage(
                "feature.VectorAssembler",
                inputCols=[*NUMBERS, "year_vector"],
                outputCol="assembled",
            ),
            stage(
                "feature.StandardScaler", inputCol="assembled", outputCol="features", withMean=True
            ),
            stage(
                "classification.RandomForestClassifier",
                featuresCol="features",
                labelCol="label",
                predictionCol="prediction",
                numTrees=6,
                maxDepth=4,
                seed=7,
            ),
            stage(
                "feature.IndexToString",
                inputCol="prediction",
                outputCol="predicted",
                labels=ORIGINS,
            ),
        ],
        frozenset({"origin"}),
    ),
    Model(
        "cars-gbt",
        {**INPUTS, "efficient": "double"},
        [(*row[:7], float(row[7] > 22)) for row in KNOWN],
        [row[:7] for row in KNOWN[::8]],
        [
            _indexed("origin"),
            _indexed("year", handleInvalid="skip"),
            *_one_hot("origin", "year"),
            stage(
                "feature.VectorAssembler",
                inputCols=[*NUMBERS, "origin_vector", "year_vector"],
                outputCol="features",
            ),
            stage(
                "classification.GBTClassifier",
                featuresCol="features",
                labelCol="efficient",
                maxIter=5,
                maxDepth=3,
                seed=7,
            ),
        ],
        frozenset({"efficient"}),
    ),
    Model(
        "cars-mpg",
        {**INPUTS, "mpg": "double"},
        ROWS,
        [*(row[:7] for row in ROWS[::7]), (4, None, None, 2100.0, 17.0, "Japan", "1971")],
        [
            _indexed("origin"),
            stage(
                "feature.Imputer",
                inputCols=["displacement", "horsepower"],
                outputCols=["displacement_known", "horsepower_known"],
                strategy="median",
            ),
            stage(
                "feature.VectorAssembler",
                inputCols=[
                    "cylinders",
                    "displacement_known",
                    "horsepower_known",
                    "weight",
                    "acceleration",
                    "origin_index",
                ],
                outputCol="assembled",
            ),
            stage(  # for a Spark without an Imputer
                "feature.VectorAssembler",
                inputCols=["cylinders", "weight", "acceleration", "origin_index"],
                outputCol="assembled",
            ),
            stage(
                "feature.VectorIndexer",
                inputCol="assembled",
                outputCol="features",
                maxCategories=6,
            ),
            predictor(
                "regression.LinearRegression",
                "linear",
                featuresCol="features",
                labelCol="mpg",
                elasticNetParam=0.5,
                regParam=0.1,
            ),
            predictor(
                "regression.RandomForestRegressor",
                "forest",
                featuresCol="features",
                labelCol="mpg",
                numTrees=4,
                maxDepth=3,
                seed=7,
            ),
        ],
        frozenset({"mpg"}),
    ),
]
