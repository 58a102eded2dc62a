"""Fit a pipeline with a real Spark and save it: how `pipeline/` and `scores.npy` were made.

It takes pyspark, a Java runtime and scikit-learn, from this folder's parent:
`python spark-digits/fit.py`.
"""

from pathlib import Path

import numpy as np
from digits import load
from pyspark.ml import Pipeline
from pyspark.ml.classification import LogisticRegression
from pyspark.ml.feature import PCA, SQLTransformer, StandardScaler
from pyspark.ml.linalg import Vectors
from pyspark.sql import SparkSession

HERE = Path(__file__).resolve().parent


def main() -> None:
    """Fit, save, and keep what Spark answers for the held-out pictures."""
    spark = SparkSession.builder.master("local[2]").getOrCreate()
    digits = load()
    pipeline = Pipeline(
        stages=[
            StandardScaler(inputCol="images", outputCol="scaled", withMean=True),
            PCA(k=32, inputCol="scaled", outputCol="features"),
            LogisticRegression(labelCol="digit", maxIter=100),
            SQLTransformer(statement="SELECT *, CAST(prediction AS BIGINT) AS label FROM __THIS__"),
        ]
    )
    rows = [
        (Vectors.dense(image.ravel()), float(label))
        for image, label in zip(digits.images, digits.labels, strict=True)
    ]
    model = pipeline.fit(spark.createDataFrame(rows, ["images", "digit"]).coalesce(1))
    model.write().overwrite().save(str(HERE / "pipeline"))
    held_out = [(Vectors.dense(image.ravel()),) for image in digits.held_out_images]
    answers = model.transform(spark.createDataFrame(held_out, ["images"]).coalesce(1)).collect()
    np.save(str(HERE / "scores.npy"), np.array([row.probability.toArray() for row in answers]))


if __name__ == "__main__":
    main()
