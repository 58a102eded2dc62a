"""The optional pair ``load()`` and ``unload()`` of func_main.py."""

import sys

import numpy as np
import pytest


def test_load_and_unload_are_called_once(load, files):
    """load() runs before the first call, unload() at close()."""
    model = load(
        """
        from pathlib import Path
        events = []
        def load(): events.append("load")
        def unload(): Path("events.txt").write_text(",".join(events + ["unload"]))
        def infer(x):
            events.append("infer")
            return {"y": x}
        """
    )
    model.predict("infer", {"x": np.zeros(1)})
    model.close()
    assert (files / "events.txt").read_text() == "load,infer,unload"


@pytest.mark.parametrize(
    "code",
    [
        "from json import load",
        "def load(path): raise RuntimeError",
        "load = 3",
        "class load:\n    def __init__(self): raise RuntimeError",
    ],
)
def test_what_only_has_the_name_is_no_hook(load, code):
    """Imported functions, functions that need arguments and classes are left alone."""
    model = load(code + "\ndef infer(x): return {'y': x}")
    assert model.predict("infer", {"x": np.zeros(1)})["y"].tolist() == [0.0]


def test_a_signature_named_load_is_no_hook(load, signature):
    """Where the contract has a signature ``load``, that is what the function is for."""
    code = "def load(x=None):\n    return {'y': x + 1}"
    model = load(code, signature("load"))
    assert model.predict("load", {"x": np.zeros(1)})["y"].tolist() == [1.0]


def test_an_unload_that_raises_tidies_the_process_all_the_same(load):
    """What unload() raises is the caller's to log; the process is tidied first."""
    model = load("def unload(): raise OSError('busy')\ndef infer(x): return {'y': x}")
    with pytest.raises(OSError, match="busy"):
        model.close()
    assert "func_main" not in sys.modules
    model._unload = None  # so that the fixture can close it
