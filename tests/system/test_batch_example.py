"""Runs the example of batch scoring as a user would."""

import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[2] / "examples" / "batch" / "score.py"


def test_a_file_is_scored_as_the_model_itself_does(tmp_path):
    """All rows but two that are spoilt, of which each says what is wrong with it."""
    command = [sys.executable, str(SCRIPT), str(tmp_path / "flowers")]
    ended = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout
    assert "20,000 rows, 2 of them bad (see " in ended.stdout
    assert "all 19998 results are the model's own" in ended.stdout
    assert 'row 7 is bad: column "sepal_length" has "tall", which is no float64' in ended.stdout
    assert "row 11000 is bad: the line has 3 fields, expected 5" in ended.stdout
