"""Functions that are ``async def``: what they are, and how they run."""

import asyncio
import threading

import numpy as np
import pytest

from python_runtime import functions
from serving_runtime.errors import BrokenResult, LoadError

ONE = {"x": np.zeros(1)}


def run(model, name="infer", inputs=ONE):
    """Await a call on the model's loop."""
    return model.loop.run_until_complete(model.predict_async(name, inputs))


CODES = {
    "function": "async def infer(x):\n    return {'y': x + 1}",
    "callable": "class M:\n    async def __call__(self, x): return {'y': x + 1}\ninfer = M()",
    "method": "class M:\n    async def infer(self, x): return {'y': x + 1}\ninfer = M().infer",
    "partial": (
        "import functools\nasync def add(x, n): return {'y': x + n}\n"
        "infer = functools.partial(add, n=1)"
    ),
    "decorated": (
        "import functools\n"
        "def once(f):\n"
        "    @functools.wraps(f)\n"
        "    async def call(**inputs): return await f(**inputs)\n"
        "    return call\n"
        "@once\nasync def infer(x): return {'y': x + 1}"
    ),
    "messages": (
        "import hydro_serving_grpc as hs\n"
        "async def infer(x):\n"
        "    x.double_val[0] += 1\n"
        "    return hs.PredictResponse(outputs={'y': x})"
    ),
}


@pytest.mark.parametrize("code", list(CODES.values()), ids=list(CODES))
def test_coroutine_functions_are_served_in_every_form(load, code):
    """They are awaited, by the loop or by whoever wants one answer only."""
    model = load(code)
    assert model.asynchronous == {"infer"}
    assert run(model)["y"].tolist() == [1.0]
    assert model.predict("infer", ONE)["y"].tolist() == [1.0]


def test_plain_functions_beside_them_stay_plain(load, signature):
    """And a model without any has no loop."""
    model = load(
        "async def a(x): return {'y': x}\ndef b(x): return {'y': x}", signature("a"), signature("b")
    )
    assert model.asynchronous == {"a"}
    assert load("def infer(x): return {'y': x}").loop is None


def test_calls_run_on_one_loop_at_once(load):
    """One that waits for another's doing is answered."""
    model = load(
        """
        import asyncio
        events = {}
        def event(name): return events.setdefault(name, asyncio.Event())
        async def infer(x):
            if x[0]:
                event("set").set()
            await event("set").wait()
            return {"y": x}
        """
    )

    async def both():
        calls = [model.predict_async("infer", {"x": np.full(1, value)}) for value in (0.0, 1.0)]
        return await asyncio.gather(*calls)

    assert [answer["y"].tolist() for answer in model.loop.run_until_complete(both())] == [
        [0.0],
        [1.0],
    ]


@pytest.fixture
def thread_loop():
    """Give this thread an event loop, as the main thread of a process has one."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    yield
    asyncio.set_event_loop(None)
    loop.close()


def test_lock_that_was_made_at_import_is_of_the_same_loop(thread_loop, load):
    """Before 3.10 it belongs to the loop that the thread had then."""
    model = load(
        """
        import asyncio
        lock = asyncio.Lock()
        async def infer(x):
            async with lock:
                await asyncio.sleep(0.001)
            return {"y": x}
        """
    )

    async def several():
        return await asyncio.gather(*[model.predict_async("infer", ONE) for _ in range(3)])

    assert len(model.loop.run_until_complete(several())) == 3


def test_a_model_of_a_thread_has_a_loop_too(load):
    """RUNTIME_WORKERS=0: no other thread than the main one has a loop by itself."""
    seen = []

    def use():
        model = load("async def infer(x):\n    return {'y': x}")
        seen.append(model.predict("infer", ONE)["y"].tolist())
        model.close()

    thread = threading.Thread(target=use)
    thread.start()
    thread.join()
    assert seen == [[0.0]]


def test_hooks_may_be_coroutine_functions(load, files):
    """They run on the loop of the calls, so that what they open can be used there."""
    model = load(
        """
        import asyncio
        from pathlib import Path
        seen = []
        async def load():
            seen.append(asyncio.get_event_loop())
            await asyncio.sleep(0)
        async def infer(x):
            seen.append(asyncio.get_event_loop())
            return {"y": x}
        async def unload():
            seen.append(asyncio.get_event_loop())
            Path("same.txt").write_text(f"{len(seen)} {len(set(seen))}")
        """
    )
    run(model)
    model.close()
    assert (files / "same.txt").read_text() == "3 1"


def test_a_hook_alone_may_be_one(load):
    """Beside plain functions."""
    model = load(
        "seen = []\nasync def load(): seen.append(1)\ndef infer(x): return {'y': x + len(seen)}"
    )
    assert model.asynchronous == frozenset()
    assert model.predict("infer", ONE)["y"].tolist() == [1.0]


def test_a_load_that_raises_is_explained(load):
    """With the user's line, as that of a plain one."""
    with pytest.raises(LoadError, match="no database") as raised:
        load("async def load():\n    raise OSError('no database')\nasync def infer(x): pass")
    assert "func_main.py" in str(raised.value)


def test_what_is_left_on_the_loop_ends_with_the_model(load, files):
    """Tasks are cancelled and waited for, and the loop is closed."""
    model = load(
        """
        import asyncio
        from pathlib import Path
        async def forever():
            try:
                await asyncio.sleep(1000)
            finally:
                Path("ended.txt").write_text("yes")
        async def infer(x):
            asyncio.get_event_loop().create_task(forever())
            await asyncio.sleep(0)
            return {"y": x}
        """
    )
    run(model)
    loop = model.loop
    model.close()
    assert (files / "ended.txt").read_text() == "yes"
    assert loop.is_closed()


def test_a_plain_function_that_returns_a_coroutine_is_explained(load):
    """A decorator has hidden that it is one; nothing awaits it, and Python would warn."""
    model = load(
        """
        import functools
        def hide(f):
            @functools.wraps(f)
            def call(**inputs): return f(**inputs)
            return call
        @hide
        async def infer(x): return {"y": x}
        """
    )
    with pytest.raises(BrokenResult, match="it must be awaited: write the function"):
        model.predict("infer", ONE)


def test_what_is_no_coroutine_function_is_not_taken_for_one():
    """Some callables are written in C, or are classes."""
    assert not any(map(functions.is_async, [len, dict, np.add, lambda x: x]))


def test_calls_may_run_in_threads_where_the_user_says_so(load):
    """The loader does not know the functions."""
    assert load("def infer(x): return {'y': x}").runs_in_threads
