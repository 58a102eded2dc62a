"""Programs of torch.export: their contract, and the sizes that they were exported for."""

import zipfile

import numpy as np
import pytest
import torch

from pytorch_runtime import loader
from runtimes.pytorch.tests.conftest import CONVOLUTION
from runtimes.pytorch.tests.networks import convolution
from serving_runtime.contract.agreement import reconcile
from serving_runtime.errors import InvalidInput, LoadError
from serving_runtime.signature import FREE, Field, Signature

FOUR = np.arange(4, dtype=np.float32).reshape(4, 1)
Y = Field("y", "float32", (FREE, 1))
X = Field("x", "float32", (FREE, 1))
ONE = Signature("forward", (X,), (Y,))


class Double(torch.nn.Module):
    """Doubles each row, and keeps the number of rows of each call."""

    def forward(self, x):
        """Return the double, and how many rows came with each."""
        return x * 2, torch.full_like(x, x.shape[0])


class Named(torch.nn.Module):
    """Takes a tensor, one by name, and an option; returns a dict."""

    def forward(self, x, *, scale, offset=None):
        """Return the product."""
        return {"y": x * scale, "same": x}


class Halves(torch.nn.Module):
    """Has an axis of words, and bfloat16."""

    def forward(self, words):
        """Return words of the same number."""
        return words.to(torch.bfloat16)


class Pairs(torch.nn.Module):
    """Adds each row to the next."""

    def forward(self, x):
        """Return half as many rows."""
        return x.reshape(-1, 2, 1).sum(1)


class Symmetric(torch.nn.Module):
    """Takes square matrices."""

    def forward(self, x):
        """Return the sum with the transposed matrix."""
        return x + x.T


class Partial(torch.nn.Module):
    """Returns nothing for what it has not computed, and a number."""

    def forward(self, x):
        """Return a tensor, nothing, and a number."""
        return x * 2, None, 7


COUNTED = Signature("forward", (X,), (Y, Y._replace(name="rows")))


def shapes(fields):
    """Return what tells fields apart."""
    return [(field.name, field.dtype, field.shape) for field in fields]


def test_a_program_needs_no_contract(files, save_exported):
    """Names, dtypes and free axes come from the program; outputs without names get numbers."""
    save_exported(convolution(), (torch.rand(3, 8, 8),))
    (signature,) = loader.infer_contract(files).signatures
    assert signature.name == "forward"
    assert shapes(signature.inputs) == [("images", "float32", (FREE, 8, 8))]
    assert shapes(signature.outputs) == [
        ("output_0", "int64", (FREE,)),
        ("output_1", "float32", (FREE, 10)),
    ]


def test_what_is_missing_or_constant_among_outputs(files, save_exported, load):
    """None is no output; a number that the export has fixed is one."""
    save_exported(Partial(), (torch.rand(3, 1),))
    (signature,) = loader.infer_contract(files).signatures
    assert [field.name for field in signature.outputs] == ["output_0", "output_1"]
    result = load(signature).predict("forward", {"x": FOUR})
    assert result["output_0"].ravel().tolist() == [0, 2, 4, 6]
    assert result["output_1"] == 7


def test_keys_and_parameters_are_names(files, save_exported, load):
    """Inputs given by name, options left out and dicts returned are all called as exported."""
    free = {0: torch.export.Dim("batch")} if hasattr(torch, "export") else None
    save_exported(
        Named(), (torch.rand(3, 1),), kwargs={"scale": torch.rand(3, 1)},
        dynamic_shapes={"x": free, "scale": free},
    )  # fmt: skip
    (signature,) = loader.infer_contract(files).signatures
    assert [field.name for field in signature.inputs] == ["x", "scale"]
    assert [field.name for field in signature.outputs] == ["y", "same"]
    result = load(signature).predict("forward", {"x": FOUR, "scale": FOUR})
    assert result["y"].ravel().tolist() == [0, 1, 4, 9]


def test_other_axes_and_dtypes_are_declared(files, save_exported, load):
    """A free axis that is not the first is free in the contract, and bfloat16 is bfloat16."""
    words = {1: torch.export.Dim("words", min=3, max=8)} if hasattr(torch, "export") else None
    save_exported(Halves(), (torch.rand(2, 4),), dynamic_shapes={"words": words})
    (signature,) = loader.infer_contract(files).signatures
    assert shapes(signature.inputs) == [("words", "float32", (2, FREE))]
    assert shapes(signature.outputs) == [("output", "bfloat16", (2, FREE))]
    model = load(signature)
    assert model.predict("forward", {"words": np.ones((2, 8), "f4")})["output"].shape == (2, 8)
    with pytest.raises(InvalidInput) as caught:
        model.predict("forward", {"words": np.ones((2, 9), "f4")})
    assert str(caught.value) == (
        'input "words" has 9 along axis 1; the program was exported for 3 to 8'
    )


def test_the_contract_names_what_has_no_name(files, contract, save_exported):
    """A contract of one signature may name it, the inputs and the outputs as it likes."""
    save_exported(Double(), (torch.rand(3, 1),))
    ours = contract(COUNTED._replace(name="predict", inputs=(X._replace(name="anything"),)))
    agreed, warnings = reconcile(ours, loader.infer_contract(files, ours))
    assert (agreed, warnings) == (ours, [])


@pytest.mark.parametrize(
    ("signature", "told"),
    [
        (CONVOLUTION._replace(inputs=(X,)), "the contract says float32[-1, 1], the model says"),
        (CONVOLUTION._replace(outputs=(Y,)), "2 values (tuple) for 1 outputs: y"),
        (
            CONVOLUTION._replace(inputs=(CONVOLUTION.inputs[0], X)),
            'input "x" is not in the model; it has images',
        ),
    ],
)
def test_a_contract_that_does_not_fit_stops_the_start(
    files, contract, save_exported, signature, told
):
    """Names, dtypes and numbers are compared before the first call."""
    save_exported(convolution(), (torch.rand(3, 8, 8),))
    ours = contract(signature)
    with pytest.raises(LoadError) as caught:
        reconcile(ours, loader.infer_contract(files, ours), "strict")
    assert told in str(caught.value)


def test_a_long_batch_is_split(load, save_exported):
    """More rows than the program takes are several calls of even sizes, and one result."""
    save_exported(Double(), (torch.rand(3, 1),), low=1, high=16)
    x = np.arange(40, dtype=np.float32).reshape(40, 1)
    result = load(COUNTED).predict("forward", {"x": x})
    assert np.array_equal(result["y"], x * 2)
    assert result["rows"].ravel().tolist() == [14] * 14 + [13] * 26


def test_a_short_batch_is_filled_up(load, save_exported):
    """Fewer rows than the program takes are filled up, and what comes of that is dropped."""
    save_exported(Double(), (torch.rand(5, 1),), low=4, high=5)
    model = load(COUNTED)
    for rows in (1, 3, 4, 6, 11):
        x = np.arange(rows, dtype=np.float32).reshape(rows, 1)
        assert np.array_equal(model.predict("forward", {"x": x})["y"], x * 2)
    with pytest.raises(InvalidInput, match="has 0 along axis 0; .* exported for 4 to 5"):
        model.predict("forward", {"x": np.zeros((0, 1), np.float32)})


@pytest.mark.parametrize("rows", [0, 1, 2, 64])
def test_free_batches_of_any_size_are_taken(load, save_exported, rows):
    """Exporting with two rows or more does not keep out fewer: one call each."""
    save_exported(Double(), (torch.rand(3, 1),))
    x = np.ones((rows, 1), np.float32)
    assert load(COUNTED).predict("forward", {"x": x})["rows"].ravel().tolist() == [rows] * rows


def test_what_may_not_be_split_is_refused(load, save_exported):
    """Where the contract does not say that rows are independent, the range is told."""
    save_exported(Double(), (torch.rand(3, 1),), low=1, high=16)
    fixed = COUNTED._replace(outputs=(Y._replace(shape=(17, 1)), Y._replace(name="rows")))
    with pytest.raises(InvalidInput, match='"x" has 17 along axis 0; .* exported for 0 to 16'):
        load(fixed).predict("forward", {"x": np.zeros((17, 1), np.float32)})


def test_rows_that_are_not_independent_are_not_filled_up(load, save_exported):
    """A program that makes one row of two is told apart from one that works row by row."""
    half = 2 * torch.export.Dim("half", min=2, max=16) if hasattr(torch, "export") else None
    save_exported(Pairs(), (torch.rand(8, 1),), dynamic_shapes={"x": {0: half}})
    model = load(ONE)
    assert len(model.predict("forward", {"x": FOUR})["y"]) == 2
    with pytest.raises(InvalidInput, match='"x" has 3 along axis 0; .* exported for 4 to 32'):
        model.predict("forward", {"x": FOUR[:3]})


def test_a_shape_that_breaks_a_guard_is_the_caller_s_fault(load, save_exported):
    """What ranges do not say, such as equal axes, PyTorch's own check tells."""
    size = torch.export.Dim("size") if hasattr(torch, "export") else None
    save_exported(Symmetric(), (torch.rand(3, 3),), dynamic_shapes={"x": {0: size, 1: size}})
    free = Field("x", "float32", (FREE, FREE))
    model = load(Signature("forward", (free,), (free._replace(name="y"),)))
    assert len(model.predict("forward", {"x": np.ones((4, 4), "f4")})["y"]) == 4
    with pytest.raises(InvalidInput, match="not a shape that the program was exported for: "):
        model.predict("forward", {"x": np.ones((2, 3), "f4")})


def test_programs_need_a_pytorch_that_has_them(refusal, files, monkeypatch):
    """Old versions say so, and which images would do."""
    monkeypatch.delattr(torch, "export", raising=False)
    (files / "model.pt2").write_bytes(b"")
    assert "is no PyTorch model" in refusal()
    with zipfile.ZipFile(str(files / "model.pt2"), "w") as archive:
        archive.writestr("model/models/model.json", "{}")
    text = refusal()
    assert f"PyTorch {torch.__version__} cannot load such" in text
    assert "serve it from a newer image" in text
