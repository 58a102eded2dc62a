"""A Python function is given None for a missing text and NaN for a missing float, and no more."""

import pytest

from serving_runtime.client import decode_response, encode_request
from tests.support.targets import InProcess

CODE = """
def f(age, city, height):
    rows = zip(age.tolist(), city.tolist(), height.tolist())
    return {"y": [f"{a} {c!r} {h}" for a, c, h in rows]}
"""
CONTRACT = """
name: f
inputs:
  age: {shape: [-1], type: int64}
  city: {shape: [-1], type: string}
  height: {shape: [-1], type: float}
outputs:
  y: {shape: [-1], type: string}
"""


@pytest.fixture
def ask(tmp_path):
    """Serve the function, and return the answers to calls that arrive together."""
    (tmp_path / "files" / "src").mkdir(parents=True)
    (tmp_path / "files" / "src" / "func_main.py").write_text(CODE)
    (tmp_path / "contract.yaml").write_text(CONTRACT)

    def answers(*several):
        requests = [encode_request("f", rows, as_content=True) for rows in several]
        with InProcess().start("python", tmp_path, {}) as service:
            return service.answer_all(requests)

    return answers


def test_texts_and_floats_can_be_missing(ask):
    """Stacked or not, each row is as its caller sent it."""
    full = {"age": [1], "city": [""], "height": [1.5]}
    part = {"age": [2, 3], "city": [None, "Oslo"], "height": [1.5, None]}
    found = [decode_response(it.payload)["y"].tolist() for it in ask(full, part, full)]
    assert found == [[b"1 '' 1.5"], [b"2 None 1.5", b"3 'Oslo' nan"], [b"1 '' 1.5"]]


def test_integers_cannot_be_missing(ask):
    """NumPy's have nothing for it, and the column is named."""
    (answer,) = ask({"age": [1, None], "city": ["a", "b"], "height": [1.5, 2.0]})
    assert answer.status == "INVALID_ARGUMENT"
    assert 'column "age" cannot hold a missing value' in answer.details
