"""Which style a function has is told from its annotations and from what its code refers to."""

import logging

import numpy as np
import pytest

USES = "y = hs.TensorProto(dtype=2, double_val=[1])\n"
IMPORT = "import hydro_serving_grpc as hs\n"


@pytest.fixture
def style_of(load, caplog):
    """Load code and return the line that tells its style and why."""
    caplog.set_level(logging.INFO)

    def load_and_tell(code, style="auto"):
        caplog.clear()
        load(code, style=style)
        (line,) = [it.getMessage() for it in caplog.records if it.name == "python_runtime.loader"]
        return line

    return load_and_tell


def test_a_plain_function_takes_arrays(style_of):
    """Without a sign of messages a function takes arrays, and the log says so."""
    assert style_of("def infer(x): return {'y': x}") == (
        'function "infer": arrays style, since it neither uses PredictResponse nor is annotated '
        "with messages"
    )


@pytest.mark.parametrize("style", ["arrays", "messages"])
def test_the_setting_decides_for_all_functions(style_of, style):
    """RUNTIME_PYTHON_STYLE overrules what the code looks like."""
    line = style_of("def infer(x): return {'y': x}", style)
    assert line == f'function "infer": {style} style, since RUNTIME_PYTHON_STYLE says so'


@pytest.mark.parametrize(
    "head",
    [
        "def infer(x: hs.TensorProto):",
        "def infer(x: 'hs.TensorProto'):",
        "def infer(x: 'NotImported.TensorProto'):",
        "from typing import Optional\ndef infer(x: Optional[hs.TensorProto]):",
        "def infer(x) -> hs.PredictResponse:",
        "def infer(x) -> 'hs.PredictResponse':",
    ],
)
def test_annotations_tell_messages(style_of, head):
    """Annotations of a parameter or of the result, as objects or as text, are understood."""
    line = style_of(IMPORT + head + "\n    return other(x)\ndef other(x): pass")
    assert "messages style, since it is annotated with " in line


def test_other_annotations_tell_nothing(style_of):
    """A class whose name merely contains the word is no message."""
    code = "class MyTensorProto: pass\ndef infer(x: MyTensorProto): return {'y': x}"
    assert "arrays style" in style_of(code)


@pytest.mark.parametrize(
    ("code", "user"),
    [
        ("def infer(x): return hs.PredictResponse()", "it"),
        ("def infer(x): return getattr(hs, 'PredictResponse')()", "it"),
        ("def infer(x):\n    return (lambda: hs.PredictResponse())()", "it"),
        ("def infer(x):\n    from hydro_serving_grpc import PredictResponse as R\n    return R()",
         "it"),
        ("from hydro_serving_grpc import PredictResponse as R\ndef infer(x): return R()", "it"),
        ("def answer(): return hs.PredictResponse()\ndef infer(x): return answer()",
         "its helper answer"),
        ("class M:\n    def infer(self, x): return hs.PredictResponse()\ninfer = M().infer", "it"),
        ("class M:\n    def __call__(self, x): return hs.PredictResponse()\ninfer = M()", "it"),
        ("import functools\ndef f(x, k): return hs.PredictResponse()\n"
         "infer = functools.partial(f, k=1)", "it"),
        ("import functools\n@functools.lru_cache(None)\n"
         "def infer(x): return hs.PredictResponse()", "it"),
        ("import functools\ndef traced(f):\n    @functools.wraps(f)\n"
         "    def run(**inputs): return f(**inputs)\n    return run\n"
         "@traced\ndef infer(x): return hs.PredictResponse()", "its helper infer"),
        ("def traced(f):\n    def run(**inputs): return f(**inputs)\n    return run\n"
         "@traced\ndef infer(x): return hs.PredictResponse()", "its helper infer"),
    ],
)  # fmt: skip
def test_code_that_refers_to_the_response_tells_messages(style_of, code, user):
    """Names, texts, nested functions, aliases, helpers, methods and decorators are looked into."""
    line = style_of(IMPORT + code)
    assert line.endswith(f"messages style, since {user} uses PredictResponse")


def test_a_helper_in_a_neighbour_file_tells_messages(style_of, write):
    """A helper of the model's other files counts like one in func_main.py."""
    write(IMPORT + "def answer(): return hs.PredictResponse()", "src/answers.py")
    line = style_of("from answers import answer\ndef infer(x): return answer()")
    assert line.endswith("its helper answer uses PredictResponse")


def test_an_unset_variable_of_a_closure_is_no_helper(style_of):
    """A closure over a variable that has no value yet is looked into without harm."""
    code = """
        def make():
            def infer(x): return late
            return infer
            late = 1
        infer = make()
    """
    assert "arrays style" in style_of(code)


def test_a_function_in_c_takes_arrays(load, signature):
    """A function whose parameters Python cannot tell is called with arrays."""
    model = load("infer = dict", signature(outputs=("x",)))
    assert model.predict("infer", {"x": np.ones(2)})["x"].tolist() == [1.0, 1.0]


def test_each_function_has_its_own_style(load, signature):
    """Functions of both styles live in one func_main.py."""
    code = (
        IMPORT
        + """
def plain(x): return {"y": x + 1}
def wire(x):
    y = hs.TensorProto(dtype=hs.DT_DOUBLE, double_val=[v + 2 for v in x.double_val])
    y.tensor_shape.CopyFrom(x.tensor_shape)
    return hs.PredictResponse(outputs={"y": y})
"""
    )
    model = load(code, signature("plain"), signature("wire"))
    assert model.predict("plain", {"x": np.ones(2)})["y"].tolist() == [2.0, 2.0]
    assert model.predict("wire", {"x": np.ones(2)})["y"].tolist() == [3.0, 3.0]
    assert model.string_type is str
