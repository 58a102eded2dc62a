"""Write model directories: ones whose functions do what each request tells them, and others."""

import shutil
from pathlib import Path

CONTRACT = """
signatures:
  - name: infer
    inputs:
      what: {shape: [-1], type: string}
      x: {shape: [-1], type: double}
    outputs:
      y: {shape: [-1], type: double}
  - name: table
    inputs:
      rows: {shape: [-1, 3], type: double}
      weights: {shape: [3], type: float}
      count: {shape: scalar, type: int64}
    outputs:
      y: {shape: [-1], type: double}
"""


def write_obedient(root: Path) -> Path:
    """Write the model of ``obedient_model.py``, which does what its input ``what`` says."""
    source = Path(__file__).with_name("obedient_model.py").read_text(encoding="utf-8")
    return write(root, source, CONTRACT)


def write_waiting(root: Path) -> Path:
    """Write the model of ``waiting_model.py``, whose ``infer`` is a coroutine function."""
    here = Path(__file__)
    plain = "".join(CONTRACT.partition("  - name: table")[0].partition("  - name: infer")[1:])
    contract = f"signatures:\n{plain}{plain.replace('infer', 'plain')}"
    write(root, here.with_name("waiting_model.py").read_text(encoding="utf-8"), contract)
    shutil.copy(str(here.with_name("obedient_model.py")), str(root / "files" / "src"))
    return root


def write(root: Path, func_main: str, contract: str = CONTRACT) -> Path:
    """Write a model directory for the Python runtime."""
    shutil.rmtree(root, ignore_errors=True)
    (root / "files" / "src").mkdir(parents=True)
    (root / "contract.yaml").write_text(contract, encoding="utf-8")
    (root / "files" / "src" / "func_main.py").write_text(func_main, encoding="utf-8")
    return root
