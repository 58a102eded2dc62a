"""Common names no framework: one is added without a change there, so nothing there may know one.

Imports are looked at elsewhere; here it is the words, in code, texts and comments.
"""

import re
from pathlib import Path

import pytest

OURS = Path(__file__).resolve().parent.parent.parent / "common" / "serving_runtime"
FRAMEWORK = re.compile(
    r"tensor[ -]?flow|keras|saved_?model\.pb|\bTF_|sklearn|scikit|(?:py)?torch|onnx|xgboost"
    r"|lightgbm|catboost|joblib|skops",
    re.IGNORECASE,
)
# A protocol is called so on the wire, whatever framework is behind the server.
PROTOCOL = re.compile(r"tensorflow[ _./]serving", re.IGNORECASE)
# Of a whole folder or of one file: which name may be there, and why.
EXCEPTIONS = {
    "protocols/tensorflow_serving": ("tensorflow", "its words are TensorFlow Serving's"),
    "protocols/protobuf/tensors": ("tensorflow", "its messages hold TensorFlow's own tensors"),
    "contract/types.py": ("tensorflow", "DT_… and their numbers are TensorFlow's"),
    "contract/formats.py": ("tensorflow", "shapes on the wire are TensorFlow's"),
}
FILES = sorted(OURS.rglob("*.py"))


def names_in(text):
    """Return the frameworks that a text names, in lower case."""
    return {found.lower() for found in FRAMEWORK.findall(PROTOCOL.sub("", text))}


def excepted(path):
    """Return the names that a file may have."""
    name = path.relative_to(OURS).as_posix()
    fitting = (at for at in EXCEPTIONS if name == at or name.startswith(f"{at}/"))
    return {EXCEPTIONS[at][0] for at in fitting}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(OURS).as_posix())
def test_common_names_no_framework(path):
    """What only one framework needs belongs into its runtime, be it only an example."""
    assert names_in(path.read_text(encoding="utf-8")) - excepted(path) == set()


@pytest.mark.parametrize("at", EXCEPTIONS)
def test_each_exception_is_needed(at):
    """One that nothing needs any more would hide the next name."""
    files = [OURS / at] if at.endswith(".py") else sorted((OURS / at).rglob("*.py"))
    found = set().union(*(names_in(path.read_text(encoding="utf-8")) for path in files))
    assert EXCEPTIONS[at][0] in found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("as scikit-learn does", {"scikit"}),
        ('"TF_NUM_INTRAOP_THREADS",', {"tf_"}),
        ("import torch.export  # of PyTorch", {"torch", "pytorch"}),
        ("tensorflow.serving.PredictionService, or TensorFlow Serving's", set()),
        ("tensorflow_serving, and TensorFlow's tensors", {"tensorflow"}),
    ],
)
def test_a_name_is_found_wherever_it_stands(text, expected):
    """In words, in variables and beside the protocol's name, which is none of a framework."""
    assert names_in(text) == expected
