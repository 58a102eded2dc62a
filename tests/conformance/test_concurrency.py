"""Calls that run at once have the outcomes that each has alone: in threads, and as coroutines."""

import atexit
import functools
import shutil
import tempfile
from pathlib import Path

import pytest

from tests.conformance.cases import CASES
from tests.conformance.setups import NAMING, Setup, setups
from tests.support.cases import assert_same
from tests.support.targets import SERVER

AT_ONCE, COROUTINES_AT_ONCE = {"RUNTIME_CONCURRENCY": "8"}, {"RUNTIME_CONCURRENCY": "64"}
# The others are for the night.
DAILY = ("failures", "messages", "rows")
MODELS = sorted({case.model for case in CASES if not case.settings})

# Makes coroutine functions of all that a module defines.
COROUTINES = """
import asyncio
import functools

import plain


def coroutine(function):
    @functools.wraps(function)
    async def call(*arguments, **inputs):
        await asyncio.sleep(0)
        return function(*arguments, **inputs)

    return call


for name, value in vars(plain).items():
    if getattr(value, "__module__", "") == "plain" and not isinstance(value, type):
        globals()[name] = coroutine(value)
"""


class Coroutines(Setup):
    """The same model, with functions that are ``async def``."""

    @property
    def model_dir(self) -> Path:
        """The folder that is served, made when it is first asked for."""
        return _coroutines(super().model_dir)


@functools.lru_cache(maxsize=None)
def _coroutines(plain: Path) -> Path:
    folder = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, folder, True)
    root = Path(folder) / plain.name
    shutil.copytree(str(plain), str(root))
    [source] = root.glob("**/func_main.py")
    source.rename(source.with_name("plain.py"))
    source.write_text(COROUTINES)
    return root


def _served():
    for model in MODELS:
        threads = setups(model, [SERVER], **AT_ONCE)
        python = [setup for setup in threads if setup.framework == "python"]
        for setup in threads + [Coroutines(*it[:3], COROUTINES_AT_ONCE) for it in python]:
            marks = [] if model in DAILY else [pytest.mark.nightly]
            yield pytest.param(setup, marks=marks, id=f"{type(setup).__name__}-{setup}")


@pytest.mark.parametrize("setup", list(_served()))
def test_calls_that_run_at_once_have_the_outcomes_that_each_has_alone(serve, setup):
    """All of a model's cases together, over every wire that can choose a signature."""
    cases = [case for case in CASES if case.model == setup.model and not case.settings]
    sent = [
        (wire, case) for wire in NAMING for case in cases if setup.has(case) and not wire.gap(case)
    ]
    answers = serve(setup).answer_calls([wire.write(case) for wire, case in sent])
    for (wire, case), answer in zip(sent, answers):
        assert_same(wire.read(answer), wire.transported(case.outcome))
