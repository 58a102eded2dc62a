"""Score a file with the loop that one writes by hand: what batch scoring is measured beside.

batch_loop.py make CASE ROWS FOLDER          write a model directory and a Parquet file
batch_loop.py score FOLDER CHUNK             read chunks, call bare predict, write its column
batch_loop.py compare FOLDER OUTPUT          fail unless a folder has what the loop has written
"""

import os
import sys

COLUMNS = ("sepal_length", "sepal_width", "petal_length", "petal_width")
DATA, WRITTEN = "rows.parquet", "loop.parquet"
MODEL = os.path.join("model", "files", "model.joblib")
GROUP_ROWS = 1 << 17
MADE_AT_ONCE = 1 << 20


def main():
    """Run one of the commands."""
    command, *arguments = sys.argv[1:]
    {"make": make, "score": score, "compare": compare}[command](*arguments)


def make(case, rows, folder):
    """Fit the case's model, and write rows like those that it was fitted to."""
    import joblib
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq
    from sklearn.datasets import load_iris

    flowers, kinds = load_iris(return_X_y=True)
    os.makedirs(os.path.dirname(os.path.join(folder, MODEL)))
    joblib.dump(_model(case).fit(flowers, kinds), os.path.join(folder, MODEL))
    random = np.random.default_rng(0)
    schema = pa.schema([("id", pa.int64()), *((name, pa.float64()) for name in COLUMNS)])
    with pq.ParquetWriter(os.path.join(folder, DATA), schema) as writer:
        for start in range(0, int(rows), MADE_AT_ONCE):
            count = min(MADE_AT_ONCE, int(rows) - start)
            chosen = flowers[random.integers(0, len(flowers), count)]
            values = chosen + random.normal(0, 0.1, chosen.shape)
            columns = [np.arange(start, start + count), *values.T]
            writer.write_table(pa.table(columns, schema))


def _model(case):
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression

    if case == "forest":
        return RandomForestClassifier(100, random_state=0)
    return LogisticRegression(max_iter=1000)


def score(folder, chunk):
    """Score the rows in one process."""
    import joblib
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    model = joblib.load(os.path.join(folder, MODEL))
    schema = pa.schema([("id", pa.int64()), ("predict", pa.int64())])
    waiting = []
    with pq.ParquetWriter(os.path.join(folder, WRITTEN), schema) as writer:
        for batch in pq.ParquetFile(os.path.join(folder, DATA)).iter_batches(int(chunk)):
            rows = np.column_stack([batch.column(name).to_numpy() for name in COLUMNS])
            columns = [batch.column("id"), pa.array(model.predict(rows))]
            waiting.append(pa.record_batch(columns, schema))
            if len(waiting) * int(chunk) >= GROUP_ROWS:
                writer.write_table(pa.Table.from_batches(waiting))
                waiting = []
        writer.write_table(pa.Table.from_batches(waiting, schema))


def compare(folder, output):
    """Exit with what differs, if anything does."""
    import pyarrow.parquet as pq

    ours, expected = pq.read_table(output), pq.read_table(os.path.join(folder, WRITTEN))
    if not ours.equals(expected):
        sys.exit(f"{ours.num_rows} rows of {ours.schema.names} are not what the loop has written")


if __name__ == "__main__":
    main()
