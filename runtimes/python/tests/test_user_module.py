"""Importing func_main.py: what it may import, where it runs, and that nothing of it stays."""

import os
import sys
import threading

import numpy as np
import pytest

from python_runtime import user_module

X = {"x": np.array([1.0, 2.0])}


def _predict(model):
    return model.predict("infer", X)["y"].tolist()


@pytest.mark.parametrize("name", ["src/func_main.py", "func_main.py"])
def test_func_main_is_found_in_both_places(load, write, name):
    """Hydrosphere's src/ and the folder itself both hold func_main.py."""
    write("def infer(x): return {'y': x * 2}", name)
    assert _predict(load()) == [2.0, 4.0]


def test_the_working_directory_is_files(load, write):
    """Code may open its files by relative path, at import and later."""
    write("3", "factor.txt")
    model = load(
        """
        from pathlib import Path
        FACTOR = float(Path("factor.txt").read_text())
        def infer(x):
            return {"y": x * float(Path("factor.txt").read_text()) + FACTOR}
        """
    )
    assert _predict(model) == [6.0, 9.0]


@pytest.mark.parametrize(
    ("place", "statement"),
    [
        ("src/neighbour.py", "from neighbour import FACTOR"),
        ("src/package/__init__.py", "from package import FACTOR"),
        ("src/part.py", "from src.part import FACTOR"),
        ("top.py", "from top import FACTOR"),
        ("src/lib/library.py", "from library import FACTOR"),
        ("lib/library.py", "from library import FACTOR"),
        ("../lib/library.py", "from library import FACTOR"),
    ],
)
def test_neighbours_and_libraries_can_be_imported(load, write, place, statement):
    """Modules in src, files, src/lib, files/lib and lib beside files are found, at any time."""
    write("FACTOR = 5", place)
    model = load("def infer(x):\n    " + statement + "\n    return {'y': x * FACTOR}")
    assert _predict(model) == [5.0, 10.0]


def test_own_modules_win_and_libraries_lose(load, write):
    """The user's own module hides an installed one; a copy of numpy in lib hides nothing."""
    write("FACTOR = 7", "src/hypothesis.py")
    write("raise RuntimeError('a foreign numpy')", "src/lib/numpy.py")
    kept = sys.modules.pop("hypothesis", None)
    try:
        model = load(
            """
            import numpy
            from hypothesis import FACTOR
            def infer(x): return {"y": numpy.multiply(x, FACTOR)}
            """
        )
        assert _predict(model) == [7.0, 14.0]
    finally:
        sys.modules.pop("hypothesis", None)
        if kept is not None:
            sys.modules["hypothesis"] = kept


def test_a_folder_lib_beside_a_bare_model_is_not_used(load, write, tmp_path):
    """Where the model directory holds func_main.py itself, what is beside it is not its own."""
    bare = tmp_path / "bare"
    bare.mkdir()
    (tmp_path / "lib").mkdir()
    (bare / "func_main.py").write_text("")
    module = user_module.UserModule(bare)
    try:
        assert str(tmp_path / "lib") not in sys.path
    finally:
        module.forget()


def test_hydro_serving_grpc_is_the_server_s_own(load, write):
    """A generated copy among the user's files does not replace the messages of the server."""
    write("raise RuntimeError('an old copy')", "src/hydro_serving_grpc/__init__.py")
    model = load(
        """
        import hydro_serving_grpc as hs
        def infer(x):
            y = hs.TensorProto(dtype=hs.DT_DOUBLE, double_val=x.double_val)
            y.tensor_shape.CopyFrom(x.tensor_shape)
            return hs.PredictResponse(outputs={"y": y})
        """
    )
    assert _predict(model) == [1.0, 2.0]


def test_closing_restores_the_process(load, write):
    """After close() nothing of the model is left in sys.path, sys.modules or the directory."""
    write("FACTOR = 2", "src/neighbour.py")
    write("FACTOR = 2", "src/package/part.py")
    before = (os.getcwd(), list(sys.path))
    model = load("import neighbour, package.part\ndef infer(x): return {'y': x}")
    assert os.getcwd() != before[0]
    assert {"func_main", "neighbour", "package.part"} <= set(sys.modules)
    model.close()
    assert (os.getcwd(), list(sys.path)) == before
    assert not {"func_main", "neighbour", "package", "package.part"} & set(sys.modules)


def test_closing_twice_does_no_harm(load):
    """close() may be called again, as by a fixture after the test's own."""
    model = load("def infer(x): return {'y': x}")
    model.close()
    model.close()
    assert "func_main" not in sys.modules


def test_a_second_model_has_its_own_neighbours(load, write):
    """Modules of a model that was never closed are not handed to the next one."""
    write("FACTOR = 2", "src/neighbour.py")
    first = load("import neighbour\ndef infer(x): return {'y': x * neighbour.FACTOR}")
    write("FACTOR = 3333", "src/neighbour.py")
    second = load("import neighbour  \ndef infer(x): return {'y': x * neighbour.FACTOR}")
    assert _predict(second) == [3333.0, 6666.0]
    assert _predict(first) == [2.0, 4.0]
    first.close()
    assert "func_main" in sys.modules
    assert _predict(second) == [3333.0, 6666.0]


def test_a_folder_that_vanished_does_not_stop_forgetting(load, write, tmp_path, monkeypatch):
    """The model's folder and the earlier working directory may be gone when a model is closed."""
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    path = write("import sys\nsys.path.remove(sys.path[0])\ndef infer(x): return {'y': x}")
    model = load()
    gone.rmdir()
    path.unlink()
    for cached in path.parent.glob("**/*.pyc"):
        cached.unlink()
    for folder in path.parent.glob("*"):
        folder.rmdir()
    path.parent.rmdir()
    model.close()
    assert "func_main" not in sys.modules


def test_a_relative_path_of_files_is_understood(load, write, files, monkeypatch):
    """The working directory changes, so relative paths are made absolute first."""
    monkeypatch.chdir(files.parent)
    write("def infer(x):\n    import neighbour\n    return {'y': x}")
    write("", "src/neighbour.py")
    module = user_module.UserModule(files.relative_to(files.parent))
    try:
        assert module.module.infer(1) == {"y": 1}
    finally:
        module.forget()


def test_a_model_can_be_loaded_outside_the_main_thread(load):
    """With RUNTIME_WORKERS=0 the model is loaded in a thread of the front."""
    models = []
    thread = threading.Thread(target=lambda: models.append(load("def infer(x): return {'y': x}")))
    thread.start()
    thread.join()
    assert _predict(models[0]) == [1.0, 2.0]


def test_classes_of_func_main_can_be_pickled(load):
    """While the model is served, ``func_main`` is a module that pickle finds."""
    model = load(
        """
        import pickle
        class Scaler:
            factor = 2
        def infer(x):
            return {"y": x * pickle.loads(pickle.dumps(Scaler())).factor}
        """
    )
    assert _predict(model) == [2.0, 4.0]
