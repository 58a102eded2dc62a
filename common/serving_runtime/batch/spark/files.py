"""Score files on a Spark cluster, which reads and writes them."""

import os
from typing import Any

from serving_runtime.batch import extra
from serving_runtime.batch.job import Job
from serving_runtime.batch.parts import Counts
from serving_runtime.batch.spark import packing
from serving_runtime.batch.spark.frames import BAD_REASON, Options, score
from serving_runtime.errors import StartError
from serving_runtime.settings import default_model_dir

_ENVIRONMENT = "serving_runtime_environment"
_READERS = {"parquet": "parquet", "csv": "csv", "jsonl": "json"}


def run(job: Job, master: str, packages: str) -> Counts:
    """Score files on a cluster, which must be able to read and write them.

    Args:
        job: its ``workers`` and ``max_bad`` are the cluster's matter.
        master: the cluster's URL.
        packages: an archive of the environment, ``none`` if the executors have it, or empty to
            pack this one.

    Raises:
        StartError: the job cannot begin, or has failed.
    """
    spark = _session(master, packages)
    try:
        _check_new(spark, job.output)
        frame = _read(spark, job)
        model_dir = job.environ.get("MODEL_DIR") or default_model_dir()
        asked = (job.signature_name, *job.wishes, job.runtime_name, job.environ)
        options = Options(*asked, rows_per_call=job.rows_per_call)
        return _write(score(spark, frame, model_dir, options), job.output)
    finally:
        spark.stop()


def _session(master: str, packages: str) -> Any:
    sql = extra.require("pyspark.sql", "spark")
    builder = sql.SparkSession.builder.master(master).appName("serving-runtime batch")
    builder = builder.config("spark.ui.showConsoleProgress", True)
    if packages != "none":
        archive = packages or packing.pack_environment()
        builder = builder.config("spark.archives", f"{archive}#{_ENVIRONMENT}")
        # Where an executor unpacks it, below its working directory. Only spark-submit reads
        # `spark.pyspark.python`.
        os.environ["PYSPARK_PYTHON"] = f"./{_ENVIRONMENT}/bin/python"
    return builder.getOrCreate()


def _check_new(spark: Any, output: str) -> None:
    """Check that nothing is there yet, before the cluster has worked for it."""
    path = spark._jvm.org.apache.hadoop.fs.Path(output)
    if path.getFileSystem(spark._jsc.hadoopConfiguration()).exists(path):
        raise StartError(
            f"{output} exists: Spark writes to a new folder, and continues no job",
            "choose another --output",
        )


def _read(spark: Any, job: Job) -> Any:
    if job.files.format not in _READERS:
        raise StartError(
            f"Spark reads no {job.files.format} files: expected {', '.join(_READERS)}",
            "score them without --master",
        )
    reader = spark.read.format(_READERS[job.files.format])
    if job.files.format == "csv":
        reader = reader.option("header", True).option("inferSchema", True)
    return reader.load(job.files.paths)


def _write(scored: Any, output: str) -> Counts:
    """Write results and bad rows; the model is called once for each row, unless one is lost."""
    from pyspark import StorageLevel
    from pyspark.sql import functions

    kept = scored.persist(StorageLevel.DISK_ONLY)
    is_bad = functions.col(BAD_REASON).isNotNull()
    try:
        kept.where(~is_bad).drop(BAD_REASON).write.parquet(output)
        rows, bad = kept.count(), kept.where(is_bad).count()
        if bad:
            kept.where(is_bad).write.json(os.path.join(output, "_bad_rows"))
    except Exception as error:  # noqa: BLE001  Spark's own, whose classes differ by its version
        raise StartError(f"the job on the cluster failed: {_reason(error)}") from None
    return Counts(rows, bad)


def _reason(error: Exception) -> str:
    """Return the line that says what failed: the last of Python's traceback, where there is one."""
    text = str(error).strip()
    traceback = text.partition("Traceback (most recent call last):")[2].splitlines()
    return next((line for line in traceback if line[:1].strip()), text.partition("\n")[0])
