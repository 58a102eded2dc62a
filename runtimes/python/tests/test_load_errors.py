"""What is wrong with a model is said at load: what was found, what was expected, how to mend it."""

import os
import sys

import numpy as np
import pytest

from python_runtime import loader
from serving_runtime.errors import LoadError

DOUBLING = """
    def infer(x):
        return {"y": x * 2}
"""


@pytest.fixture
def refusal(load):
    """Load code that must be refused, and return the message."""

    def load_refused(code, *signatures):
        with pytest.raises(LoadError) as caught:
            load(code, *signatures)
        return str(caught.value)

    return load_refused


def test_a_contract_is_required(files, write):
    """Without a contract nothing is guessed."""
    write(DOUBLING)
    with pytest.raises(LoadError, match="does not say what it takes"):
        loader.load(files, None)


def test_a_missing_func_main_is_told_with_what_is_there(refusal, write, files):
    """The message says where it looked and what it found there."""
    write("", "src/main.py")
    write("", "weights.bin")
    text = refusal(None)
    assert "func_main.py was not found: looked for src/func_main.py (src has main.py) and " in text
    assert f"func_main.py (files has src/, weights.bin) in {files}" in text
    assert "fix: put your function into src/func_main.py" in text


def test_a_missing_src_and_a_long_listing_are_told_briefly(refusal, write, files):
    """A missing folder is named, and of many files only the first are listed."""
    (files / "src").rmdir()
    for number in range(20):
        write("", f"part-{number:02d}")
    text = refusal(None)
    assert "there is no folder src" in text
    assert "part-11 and 8 more" in text


def test_two_func_mains_are_refused(refusal, write):
    """A model with func_main.py in both places is ambiguous."""
    write(DOUBLING, "func_main.py")
    text = refusal(DOUBLING)
    assert "func_main.py is there twice" in text
    assert "fix: remove one of them" in text


def test_a_syntax_error_is_told_with_its_file_and_line(refusal):
    """A syntax error names the file from the model's directory on, the line and the text."""
    text = refusal("x = 1\ndef infer(x)\n    pass\n")
    assert "files/src/func_main.py:2: SyntaxError: " in text
    assert ": def infer(x)\n" in text


def test_a_syntax_error_of_a_neighbour_names_that_file(refusal, write):
    """A syntax error in an imported file of the model names that file."""
    write("y = (\n", "src/neighbour.py")
    assert "files/src/neighbour.py:1: SyntaxError" in refusal("import neighbour")


def test_a_syntax_error_of_evaluated_text_names_the_user_s_line(refusal):
    """Text that is evaluated has no file, so the line that evaluates it is told."""
    text = refusal("value = eval('1 +')")
    assert "importing func_main.py raised SyntaxError" in text
    assert "(files/src/func_main.py:1: value = eval('1 +'))" in text


def test_a_missing_module_is_named_with_both_ways_to_add_it(refusal):
    """A missing module is named; a derived image or the lib folder is proposed."""
    text = refusal("import no_such_module.part")
    assert 'module "no_such_module" is not installed here' in text
    assert "(files/src/func_main.py:1: import no_such_module.part)" in text
    assert "RUN pip install no_such_module" in text
    assert "folder `lib`" in text


def test_an_import_error_of_a_module_that_is_there_is_told(refusal):
    """A name that a module lacks hints at its version, where Python says of which module."""
    text = refusal("from json import no_such_name")
    assert "importing func_main.py failed: ImportError: cannot import name 'no_such_name'" in text
    assert ("versions" if sys.version_info >= (3, 7) else "the log has the whole traceback") in text


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("import sys\nsys.exit(3)", "sys.exit(3) (files/src/func_main.py:2: sys.exit(3))"),
        ("import sys\nsys.exit('over')", "sys.exit('over')"),
        ("raise SystemExit", "sys.exit() (files/src/func_main.py:1: raise SystemExit)"),
    ],
)
def test_an_exit_at_import_is_told_with_its_code(refusal, code, told):
    """A module that exits while it is imported does not end the process but the load."""
    text = refusal(code)
    assert f"importing func_main.py called {told}" in text
    assert '__name__ == "__main__"' in text


def test_an_exception_at_import_names_the_user_s_innermost_line(refusal, write, caplog):
    """Type, message and the user's own line are told, and the log has the traceback."""
    write("import json\n\ndef read(text):\n    return json.loads(text)\n", "src/reading.py")
    text = refusal("import reading\nreading.read('{')")
    assert "importing func_main.py raised JSONDecodeError: " in text
    assert "(files/src/reading.py:4: return json.loads(text))" in text
    assert "Traceback" in caplog.text


def test_an_exception_of_several_lines_is_folded(refusal):
    """A message of several lines takes one."""
    assert "ValueError: one two (files" in refusal("raise ValueError('one\\ntwo')")


def test_a_module_that_cannot_be_read_is_no_crash(refusal):
    """Source with a NUL is refused by Python's parser with its own exception."""
    assert "func_main.py" in refusal("x = '\0'")


def test_a_missing_function_is_told_with_the_nearest_one(refusal):
    """The message names the functions that exist and the one that was likely meant."""
    text = refusal("from json import dumps\ndef infar(x): pass\ndef other(x): pass\ndef _own(): 0")
    assert 'no function "infer"' in text
    assert 'did you mean "infar"?' in text
    assert "(its functions: infar, other)" in text


def test_a_module_without_functions_says_so(refusal):
    """Where there is no function at all, the list says none."""
    assert "(its functions: none)" in refusal("")


@pytest.mark.parametrize("name", ["serving-default", "", "1st", "class"])
def test_a_signature_that_no_function_can_be_named_after_is_refused(refusal, signature, name):
    """A signature's name must be one that Python takes for a function."""
    text = refusal(DOUBLING, signature(name))
    assert f'signature "{name}" of the contract cannot be served' in text
    assert "rename the signature" in text


def test_what_is_no_function_is_refused_with_its_type(refusal):
    """A variable of the signature's name is no function."""
    text = refusal("infer = 3")
    assert '"infer" in func_main.py is no function but of type int' in text


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("def infer(x):\n    yield {'y': x}", "a generator"),
        ("async def infer(x):\n    yield {'y': x}", "an async generator"),
        ("class Model:\n    def __call__(self, x): yield x\ninfer = Model()", "a generator"),
        (
            "class Model:\n    async def infer(self, x): yield x\ninfer = Model().infer",
            "an async generator",
        ),
        (
            "import functools\nasync def each(x, n): yield x\ninfer = functools.partial(each, n=1)",
            "an async generator",
        ),
        ("async def load():\n    yield 1\ndef infer(x): pass", "an async generator"),
    ],
)
def test_generators_are_refused(refusal, code, kind):
    """A call has one answer, and the message says how to give it."""
    text = refusal(code)
    assert f"is {kind}: it yields several results, and a call has one answer" in text
    assert "fix: collect what it yields, and return all outputs at once" in text


def test_parameters_that_do_not_match_are_all_told_at_once(refusal, signature):
    """Missing and extra parameters are named in one message, with the nearest name."""
    text = refusal("def infer(featurs, limit): pass", signature(inputs=("features",)))
    assert 'function "infer(featurs, limit)" does not fit the contract' in text
    assert "whose inputs are features" in text
    assert 'no parameter takes the input "features": did you mean "featurs"?' in text
    assert 'no input fills the parameter "limit"' in text
    assert "**inputs" in text


def test_positional_parameters_cannot_take_inputs(refusal, signature):
    """Inputs come by name, so a function in C that takes positions is refused."""
    text = refusal("infer = len", signature(inputs=("obj",)))
    assert 'no input fills the parameter "obj"' in text


@pytest.mark.parametrize(
    "code",
    [
        "def infer(x, limit=3): return {}",
        "def infer(**inputs): return {}",
        "def infer(x, *rest, **others): return {}",
        "def infer(*, x): return {}",
        "class Model:\n    def infer(self, x): return {}\ninfer = Model().infer",
        "class Model:\n    def __call__(self, x): return {}\ninfer = Model()",
        "import functools\ndef full(x, limit): return {}\ninfer = functools.partial(full, limit=3)",
    ],
)
def test_parameters_that_can_take_the_inputs_are_accepted(load, code):
    """Defaults, catch-alls, methods, callable objects and partials are functions too."""
    assert load(code).predict("infer", {"x": np.zeros(2)}) == {}


def test_a_load_hook_that_raises_stops_the_load(refusal):
    """What ``load()`` raises is told like what the import raises."""
    text = refusal("def load():\n    raise OSError('no weights')\n\n" + "def infer(x): pass")
    assert "load() raised OSError: no weights" in text
    assert "(files/src/func_main.py:2: raise OSError('no weights'))" in text


def test_a_failed_load_leaves_the_process_as_it_was(refusal):
    """Working directory, sys.path and sys.modules are restored when a load fails."""
    before = (os.getcwd(), list(sys.path))
    refusal("raise ValueError")
    refusal("def other(): pass")
    assert (os.getcwd(), list(sys.path)) == before
    assert "func_main" not in sys.modules


def test_other_exceptions_are_not_swallowed(load):
    """An interrupt is nobody's mistake in the model; the process is tidied all the same."""
    with pytest.raises(KeyboardInterrupt):
        load("raise KeyboardInterrupt")
    assert "func_main" not in sys.modules
