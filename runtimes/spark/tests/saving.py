"""Save stages without a Spark: those that have no data are a file of JSON."""

import json
import struct


def save_stage(folder, java_class, spark="3.5.9", uid="stage_01", **params):
    """Save a stage's metadata as Spark does; return the stage's folder."""
    (folder / "metadata").mkdir(parents=True)
    is_foreign = java_class.startswith("com.")
    metadata = {
        "class": java_class if is_foreign else f"org.apache.spark.ml.{java_class}",
        "sparkVersion": spark,
        "uid": uid,
        "paramMap": params,
    }
    (folder / "metadata" / "part-00000").write_text(json.dumps(metadata) + "\n")
    return folder


def save_stages(folder, *stages, spark="3.5.9"):
    """Save a pipeline of stages, each a class and its parameters; return the pipeline's folder."""
    uids = [f"stage_{number:02}" for number in range(len(stages))]
    save_stage(folder, "PipelineModel", spark, "pipeline", stageUids=uids)
    digits = len(str(len(stages)))
    for number, (java_class, params) in enumerate(stages):
        inner = folder / "stages" / f"{number:0{digits}}_{uids[number]}"
        save_stage(inner, java_class, spark, uids[number], **params)
    return folder


def cut(path, size):
    """Shorten a file to a number of bytes."""
    path.write_bytes(path.read_bytes()[:size])


def footer_size(content):
    """Return how long the footer of a Parquet file is."""
    return struct.unpack_from("<i", content, len(content) - 8)[0]
