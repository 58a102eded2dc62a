import json
import struct

import pytest

from spark_runtime import loader


@pytest.fixture
def files(tmp_path):
    """The folder ``files`` of a model, empty."""
    folder = tmp_path / "files"
    folder.mkdir()
    return folder


@pytest.fixture
def save():
    """Save a stage's metadata as Spark does; returns the stage's folder."""

    def save_as(folder, java_class, spark="3.5.9", uid="stage_01", **params):
        (folder / "metadata").mkdir(parents=True)
        metadata = {
            "class": f"org.apache.spark.ml.{java_class}",
            "sparkVersion": spark,
            "uid": uid,
            "paramMap": params,
        }
        (folder / "metadata" / "part-00000").write_text(json.dumps(metadata) + "\n")
        return folder

    return save_as


@pytest.fixture
def save_pipeline(save):
    """Save a pipeline of stages that have no data, each a class and its parameters."""

    def save_as(folder, *stages, spark="3.5.9"):
        uids = [f"stage_{number:02}" for number in range(len(stages))]
        save(folder, "PipelineModel", spark, "pipeline", stageUids=uids)
        digits = len(str(len(stages)))
        for number, (java_class, params) in enumerate(stages):
            inner = folder / "stages" / f"{number:0{digits}}_{uids[number]}"
            save(inner, java_class, spark, uids[number], **params)
        return folder

    return save_as


@pytest.fixture
def serve(files):
    """Load what is in ``files`` as the server does; returns the contract and the model."""

    def load(declared=None):
        contract = loader.infer_contract(files, declared)
        return contract, loader.load(files, declared or contract)

    return load


def cut(path, size):
    """Shorten a file to a number of bytes."""
    path.write_bytes(path.read_bytes()[:size])


def footer_size(content):
    """Return how long the footer of a Parquet file is."""
    return struct.unpack_from("<i", content, len(content) - 8)[0]
