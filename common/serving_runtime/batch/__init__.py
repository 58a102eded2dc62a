"""Score whole data sets with a model: its ``load()``, ``predict()`` and checks, without a service.

The verb ``serving-runtime batch`` scores files on one machine (``job``) or on a Spark cluster
(``spark``); ``score`` does so from a program that has a Spark session. What is read and written is
Arrow's: an extra of the package, which no image has.
"""

from typing import Any


def score(spark: Any, dataframe: Any, model_dir: str, **options: Any) -> Any:
    """Return a Spark data frame with a model's outputs, and for bad rows the reason.

    Args:
        spark: the session, of Spark 3.3 or newer.
        dataframe: has a column for each of the model's inputs.
        model_dir: the model directory, on the driver; it is shipped to the executors.
        options: what ``serving_runtime.batch.spark.frames.Options`` has, such as ``keep=("id",)``.

    Raises:
        StartError: the model cannot be served, or the data frame lacks what it takes.
    """
    from serving_runtime.batch.spark.frames import Options
    from serving_runtime.batch.spark.frames import score as score_frame

    return score_frame(spark, dataframe, model_dir, Options(**options))
