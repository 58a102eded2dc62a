"""Score a file of flowers with a model of scikit-learn's, and compare: no service runs.

.venvs/dev/bin/python examples/batch/score.py [FOLDER]
"""

import csv
import json
import shutil
import subprocess
import sys
from pathlib import Path

import joblib
import numpy as np
import pyarrow.parquet as pq
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

HERE = Path(__file__).resolve().parent
SERVING_RUNTIME = Path(sys.executable).with_name("serving-runtime")
COLUMNS = ("sepal_length", "sepal_width", "petal_length", "petal_width")
ROWS = 20_000
UNREADABLE, MISSING = 7, 11_000  # rows that no model can answer


def main(folder: Path) -> None:
    """Train, write a CSV, score it by the verb, and compare it with the model's own."""
    shutil.rmtree(folder, ignore_errors=True)
    model = train(folder / "model")
    rows = write_rows(folder / "flowers.csv")
    words = ["batch", folder / "model", "--input", folder / "flowers.csv", "--keep", "id"]
    words += ["--columns", ",".join(COLUMNS), "--output", folder / "scores"]
    print("$ serving-runtime", *words, flush=True)
    subprocess.run([SERVING_RUNTIME, *words], check=True)
    compare(folder / "scores", model, rows)


def train(folder: Path) -> LogisticRegression:
    """Fit a model, and write its directory."""
    flowers, kinds = load_iris(return_X_y=True)
    names = load_iris().target_names[kinds]
    model = LogisticRegression(max_iter=1000).fit(flowers, names)
    (folder / "files").mkdir(parents=True)
    shutil.copy(HERE / "contract.yaml", folder)
    joblib.dump(model, folder / "files" / "flowers.joblib")
    return model


def write_rows(path: Path) -> np.ndarray:
    """Write flowers like those that the model was fitted to; two rows are spoilt."""
    random = np.random.default_rng(0)
    flowers = load_iris().data[random.integers(0, 150, ROWS)]
    rows = (flowers + random.normal(0, 0.3, flowers.shape)).round(2)
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", *COLUMNS])
        for number, values in enumerate(rows.tolist()):
            spoilt = {UNREADABLE: ["tall", *values[1:]], MISSING: values[:2]}
            writer.writerow([f"flower-{number}", *spoilt.get(number, values)])
    return rows


def compare(scores: Path, model: LogisticRegression, rows: np.ndarray) -> None:
    """Compare all results, and show one of them, and the bad rows.

    Raises:
        AssertionError: a result is another than the model's own.
    """
    found = pq.read_table(scores)  # what begins with _ is left out
    good = np.delete(rows, [UNREADABLE, MISSING], axis=0)
    assert found["kind"].to_pylist() == model.predict(good).tolist()
    assert np.allclose(found["predict_proba"].to_pylist(), model.predict_proba(good), 1e-12)
    print(f"all {found.num_rows} results are the model's own; the first: {found.to_pylist()[0]}")
    for line in (scores / "_bad_rows.jsonl").read_text().splitlines():
        bad = json.loads(line)
        print(f"row {bad['row']} is bad: {bad['reason']}")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "build/batch"))
