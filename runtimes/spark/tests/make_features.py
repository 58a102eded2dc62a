"""Make the conformance suite's model ``features`` with the Spark that is installed.

``python -m runtimes.spark.tests.make_features``, with JAVA_HOME set, saves a pipeline that is put
together, and not fitted, since its sums are to be exact.
"""

from pathlib import Path
from typing import Any

from pyspark.ml import PipelineModel
from pyspark.ml.common import _py2java
from pyspark.ml.feature import SQLTransformer
from pyspark.ml.linalg import Vectors
from pyspark.ml.regression import LinearRegressionModel
from pyspark.sql import SparkSession

MODEL = Path(__file__).resolve().parent / "models" / "features"
STATEMENT = "SELECT *, sum * weight AS y, CAST(3 AS BIGINT) AS rows FROM __THIS__"


def _sum(spark: Any) -> LinearRegressionModel:
    ones = _py2java(spark.sparkContext, Vectors.dense([1.0, 1.0, 1.0]))
    regression = spark.sparkContext._jvm.org.apache.spark.ml.regression
    model = LinearRegressionModel(regression.LinearRegressionModel("sum", ones, 0.0))
    return model.setFeaturesCol("x").setPredictionCol("sum")


def main() -> None:
    """Put the pipeline together and save it."""
    spark = SparkSession.builder.master("local[1]").getOrCreate()
    pipeline = PipelineModel([_sum(spark), SQLTransformer(statement=STATEMENT)])
    pipeline.write().overwrite().save(str(MODEL / "files"))
    for path in [*MODEL.rglob("*.crc"), *MODEL.rglob("_SUCCESS")]:
        path.unlink()


if __name__ == "__main__":
    main()
