"""Which input becomes which parameter."""

import numpy as np
import pytest
import torch

from serving_runtime.errors import InvalidInput

DIFFERENCE = "def forward(self, a, b): return a - b"
ONE, TWO = np.array([1], np.float32), np.array([2], np.float32)


def test_inputs_go_by_name(load, save_scripted, signature, caplog):
    """Inputs that are named like the parameters may be declared in any order; the log says so."""
    save_scripted(DIFFERENCE)
    model = load(signature("b a"))
    assert model.predict("forward", {"b": TWO, "a": ONE})["y"] == [-1]
    assert "inputs are matched by name" in caplog.text


def test_inputs_go_in_order(load, save_scripted, signature, caplog):
    """Inputs of other names are handed over in the contract's order; the log says so."""
    save_scripted(DIFFERENCE)
    model = load(signature("left right"))
    assert model.predict("forward", {"left": ONE, "right": TWO})["y"] == [-1]
    assert "inputs are matched in the contract's order" in caplog.text


def test_a_misspelt_input_stops_the_start(refusal, save_scripted, signature):
    """Where some names match, the others are taken for mistakes, and all are told."""
    save_scripted("def forward(self, images, scale): return images * scale")
    text = refusal(signature("image scale"))
    assert 'no parameter takes the input "image": did you mean "images"?' in text
    assert 'no input fills the parameter "images"' in text
    assert "parameters are images, scale" in text


def test_too_few_inputs_stop_the_start(refusal, save_scripted, signature):
    """A parameter without a default that no input is left for is told."""
    save_scripted(DIFFERENCE)
    assert "1 inputs for 2 to 2 parameters" in refusal(signature("x"))


def test_parameters_with_defaults_may_be_left_out(load, save_scripted, signature):
    """A parameter with a default is filled if the contract has an input for it."""
    save_scripted("def forward(self, x, scale: Optional[Tensor] = None):\n"
                  "    return x if scale is None else x * scale")  # fmt: skip
    assert load(signature("x")).predict("forward", {"x": TWO})["y"] == [2]
    assert load(signature("x scale")).predict("forward", {"x": TWO, "scale": TWO})["y"] == [4]


def test_any_number_of_parameters_is_filled_in_order(load, files, write, signature):
    """A forward with ``*tensors`` gets all inputs."""
    torch.save({}, str(files / "weights.pt"))
    write("""
        import torch

        class Sum(torch.nn.Module):
            def forward(self, *tensors):
                return sum(tensors)

        build = Sum
    """)
    model = load(signature("a b c"))
    assert model.predict("forward", {"a": ONE, "b": TWO, "c": TWO})["y"] == [5]


def test_signatures_are_methods(load, save_scripted, signature):
    """Of several signatures each is the method of its name."""
    save_scripted("def add(self, a, b): return a + b", DIFFERENCE)
    model = load(signature("a b", name="add"), signature("a b"))
    assert model.predict("add", {"a": ONE, "b": TWO})["y"] == [3]
    assert model.predict("forward", {"a": ONE, "b": TWO})["y"] == [-1]


def test_a_single_signature_of_any_name_is_forward(load, save_scripted, signature):
    """A contract of one signature may call ``forward`` as it likes."""
    save_scripted(DIFFERENCE)
    model = load(signature("a b", name="serving_default"))
    assert model.predict("serving_default", {"a": ONE, "b": TWO})["y"] == [-1]


def test_several_signatures_need_methods(refusal, save_scripted, signature):
    """A signature that no method is named after stops the start, with the methods."""
    save_scripted(DIFFERENCE, "def scale(self, a, b): return a * b")
    text = refusal(signature("a b"), signature("a b", name="scales"))
    assert 'signature "scales" is not in the model: did you mean "scale"?' in text


@pytest.mark.parametrize("dtype", ["string", "no_such_dtype"])
def test_what_there_are_no_tensors_of_stops_the_start(refusal, save_scripted, signature, dtype):
    """A contract with strings, or a dtype that this version lacks, cannot be served."""
    save_scripted("def forward(self, x): return x")
    assert f"has no tensors of {dtype}" in refusal(signature(dtype=dtype))


def test_text_where_anything_goes_is_refused(load, save_scripted, signature):
    """Strings that a contract of any dtype lets through are the caller's fault."""
    save_scripted("def forward(self, x): return x")
    model = load(signature(dtype="any"))
    with pytest.raises(InvalidInput, match='input "x": object is sent'):
        model.predict("forward", {"x": np.array(["a"], object)})


def test_maps_are_dicts_of_tensors(load, save_scripted, signature):
    """A map goes in and comes out as a dict."""
    save_scripted("def forward(self, x: Dict[str, Tensor]): return {'y': {'n': x['n'] * 2}}")
    model = load(signature(dtype="map", shape=None))
    assert model.predict("forward", {"x": {"n": TWO}})["y"]["n"] == [4]


@pytest.mark.parametrize(
    ("taken", "dtype"),
    [
        ("List[Tensor]", "float32"),
        ("List[List[Tensor]]", "float32"),
        ("Optional[List[Tensor]]", "float32"),
        ("Dict[str, Tensor]", "float32"),
        ("str", "float32"),
        ("List[int]", "int64"),
        ("Tensor", "map"),
        ("Dict[int, Tensor]", "map"),
        ("Dict[str, List[Tensor]]", "map"),
    ],
)
def test_a_network_that_no_call_can_reach_stops_the_start(
    refusal, save_scripted, signature, taken, dtype
):
    """What takes neither a tensor nor a map of tensors would fail in every call."""
    save_scripted(f"def forward(self, x: {taken}): return torch.zeros(1)")
    text = refusal(signature(dtype=dtype, shape=None))
    assert f'the network takes "x" as {taken}, and the contract sends a ' in text


@pytest.mark.parametrize(
    ("taken", "sent"),
    [
        ("Tensor", np.ones(2, np.float32)),
        ("Optional[Tensor]", np.ones(2, np.float32)),
        ("Any", np.ones(2, np.float32)),
        ("int", np.array(1, np.float32)),
        ("float", np.array(1, np.float32)),
        ("bool", np.array(1, np.float32)),
        ("Optional[int]", np.array(1, np.float32)),
        ("Tuple[Tensor, Tensor]", np.ones((2, 3), np.float32)),
    ],
)
def test_what_pytorch_itself_makes_of_a_tensor_is_taken(
    load, save_scripted, signature, taken, sent
):
    """Numbers of scalars, and tuples of rows."""
    save_scripted(f"def forward(self, x: {taken}): return torch.ones(1)")
    assert load(signature(shape=None)).predict("forward", {"x": sent})["y"] == [1]


@pytest.mark.parametrize("count", [1, 3])
def test_another_number_of_outputs_stops_the_start(refusal, save_scripted, signature, count):
    """TorchScript says how many tensors a tuple has."""
    save_scripted("def forward(self, x): return x, x")
    text = refusal(signature(outputs=" ".join("abc"[:count])))
    assert f"always returns 2 values, and the contract has {count} outputs" in text


def test_what_is_missing_from_a_tuple_is_no_output(load, save_scripted, signature):
    """Networks return None in place of what they have not computed."""
    save_scripted("def forward(self, x): return x, None")
    assert load(signature()).predict("forward", {"x": TWO})["y"] == [2]


def test_no_input_or_output_is_copied(load, save_scripted, signature):
    """What the network returns unchanged is the memory that the input came in."""
    save_scripted("def forward(self, x): return x")
    x = np.ones(3, np.float32)
    assert np.shares_memory(load(signature()).predict("forward", {"x": x})["y"], x)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_halves_arrive_as_such(load, save_scripted, signature, dtype):
    """The network computes in the contract's dtype; bfloat16 is float32 on our side."""
    save_scripted("def forward(self, x):\n    return x + x, torch.tensor([x.element_size()])")
    x = np.array([1.5, -2], np.float16 if dtype == "float16" else np.float32)
    result = load(signature(outputs="y size", dtype=dtype)).predict("forward", {"x": x})
    assert result["size"] == [2]
    assert result["y"].dtype == x.dtype
    assert result["y"].tolist() == [3, -4]


def test_gradients_are_off_and_training_is_over(load, files, write, signature):
    """Networks are called without gradients, and dropout does nothing."""
    torch.save({}, str(files / "weights.pt"))
    write("""
        import torch

        class Net(torch.nn.Module):
            def forward(self, x):
                assert not torch.is_grad_enabled() and not self.training
                return torch.nn.functional.dropout(x, 1.0, self.training)

        build = Net
    """)
    assert load(signature()).predict("forward", {"x": TWO})["y"] == [2]
