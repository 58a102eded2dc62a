"""The advice for a pickle that cannot be loaded is chosen by what is known of the cause."""

import pickle
import sys
import types

import numpy as np
import pytest

from serving_runtime.framework import unpickling

HERE = (__name__,)


def cause(content):
    """Return why a pickle cannot be loaded, as it is known here."""
    try:
        pickle.loads(content)
    except (AttributeError, ImportError, ValueError) as error:
        return unpickling.cause_of(error, HERE)
    raise AssertionError("it was loaded")


def reference(module, name):
    """Return a pickle of something that is called so."""
    return f"c{module}\n{name}\n.".encode()


def test_a_class_of_the_script_is_known_by_its_module():
    """What defined it does not run here; it must be importable, or be taken along."""
    found = cause(reference("__main__", "Mine"))
    assert 'needs "Mine" of the script or notebook that saved it' in found.problem
    assert "move it into a module" in found.fix
    assert "cloudpickle" in found.fix


def test_a_package_that_is_missing_is_to_be_installed():
    """The module is named, and how to derive an image."""
    found = cause(reference("no_such_package.part", "Model"))
    assert found.problem == 'needs the module "no_such_package", which is not installed here'
    assert "RUN pip install" in found.fix


@pytest.mark.parametrize("module", ["json.no_such_part", "numpy.no_such_part"])
def test_a_module_that_an_installed_package_lacks_is_of_another_version(module):
    """Installing the package again would not help."""
    found = cause(reference(module, "Model"))
    assert found.package == module.partition(".")[0]
    assert "pip install" not in found.fix
    assert found.fix.startswith(f"install the version of {found.package} that saved it")


def test_numpy_2_is_known_by_its_modules(monkeypatch):
    """NumPy 1 has no numpy._core, so a file with it was saved by NumPy 2."""
    error = ModuleNotFoundError("No module named 'numpy._core'", name="numpy._core")
    found = unpickling.cause_of(error, HERE)
    assert found.problem.endswith(
        f"the numpy that is installed here ({np.__version__}) does not have"
    )
    assert found.fix.startswith("it was saved with NumPy 2")


def test_a_name_that_a_package_lacks_is_of_another_version():
    """The class has gone, or is not there yet."""
    found = cause(reference("json", "NoSuchThing"))
    assert found.problem.startswith('needs "NoSuchThing" of json, which the json that is installed')
    assert found.package == "json"


@pytest.mark.parametrize("text", [
    "<class 'numpy.random._mt19937.MT19937'> is not a known BitGenerator module.",
    "__randomstate_ctor() takes from 0 to 1 positional arguments but 2 were given",
])  # fmt: skip
def test_a_random_generator_of_another_numpy_is_known(text):
    """It is said by NumPy itself, in words of each version."""
    assert "random generator of another NumPy" in unpickling.cause_of(TypeError(text), HERE).problem


def test_a_newer_protocol_is_of_a_newer_python():
    """The protocol that this Python can read is named."""
    found = cause(b"\x80\xff.")
    assert "was saved by a newer Python" in found.problem
    assert f"protocol={pickle.HIGHEST_PROTOCOL}" in found.fix


def test_bytecode_of_another_python_is_known():
    """Cloudpickle takes functions along, which each version compiles to something else."""
    found = unpickling.cause_of(TypeError("code expected at least 16 arguments, got 14"), HERE)
    assert "functions of another Python" in found.problem


class Failing:
    """A class whose own code fails when it is unpickled."""

    def __reduce__(self):
        """Return what raises."""
        return _fail, ()


def _fail():
    return types.SimpleNamespace().absent


@pytest.mark.parametrize("error", [
    ValueError("mine"), ModuleNotFoundError("by hand"), TypeError("code is mine"), KeyError("code"),
])  # fmt: skip
def test_of_other_errors_no_cause_is_known(error):
    """A user's bug is none of these."""
    assert unpickling.cause_of(error, HERE) is None


def test_a_bug_of_the_class_is_no_missing_name(monkeypatch):
    """Its AttributeError comes from its own code, not from the unpickler."""
    monkeypatch.setattr(sys.modules[__name__], "__name__", "somebody_elses")
    content = pickle.dumps(Failing())
    with pytest.raises(AttributeError) as caught:
        pickle.loads(content)
    assert unpickling.cause_of(caught.value, ()) is None
