"""A user who follows the Python runtime's README, and nothing else, is served."""

import re

import pytest

from tests.system.clients.environments import ROOT, results_of

# Making an environment takes minutes on a new machine: it happens in fixtures, outside of this.
pytestmark = pytest.mark.timeout(300, func_only=True)

README = ROOT / "runtimes" / "python" / "README.md"
CLIENTS = [
    ("stock-0.2.3", "stock_readme.py"),
    ("stock-2.4.0", "stock_readme.py"),
    ("tfserving", "tfserving_readme.py"),
]
# A block whose first line is a comment that names its file.
FILE_BLOCK = re.compile(r"^```\w+\n# (?P<path>\S+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture
def model_dir(tmp_path):
    """The first model, each file as the README has it."""
    text = README.read_text(encoding="utf-8")
    section = re.split(r"^## ", text, flags=re.MULTILINE)[1]
    blocks = {block["path"]: block["text"] for block in FILE_BLOCK.finditer(section)}
    assert sorted(blocks) == ["contract.yaml", "files/src/func_main.py"]
    for name, content in blocks.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(("environment", "script"), CLIENTS)
def test_the_readme_s_first_model_answers(environment, script, model_dir, serving, python_of):
    """The model of the README gives a stock client the right values, dtype and shape."""
    python = python_of(environment)
    with serving(model_dir) as service:
        results = results_of(python, script, service.address)
    assert results["y"] == pytest.approx([3.0, 1.0])
    assert results["as expected"]
