"""What a function that uses PyTorch returns instead of arrays."""

import numpy as np
import pytest
import torch

from serving_runtime.validation.tensors import NotATensor, as_tensor

CONVERTED = {
    "tensor": (torch.tensor([1.0, 2.0]), np.array([1, 2], "f4")),
    "scalar": (torch.tensor(2, dtype=torch.int8), np.array(2, "i1")),
    "half": (torch.tensor([1.5], dtype=torch.float16), np.array([1.5], "f2")),
    "transposed": (torch.arange(4).reshape(2, 2).T, np.array([[0, 2], [1, 3]])),
    "expanded": (torch.tensor(1.5).expand(2), np.array([1.5, 1.5], "f4")),
    "parameter": (torch.nn.Parameter(torch.ones(1), requires_grad=False), np.ones(1, "f4")),
    "list": ([torch.tensor([1]), torch.tensor([2])], np.array([[1], [2]])),
    "list of scalars": ([torch.tensor(1.5), torch.tensor(2.5)], np.array([1.5, 2.5], "f4")),
    "nothing": (torch.zeros(0, 3), np.zeros((0, 3), "f4")),
}
REFUSED = {
    "with a gradient": (torch.ones(1, requires_grad=True), "requires grad"),
    "list with gradients": ([torch.ones(1, requires_grad=True)], "requires grad"),
    "sparse": (torch.eye(2).to_sparse(), "[Ss]parse"),
    "conjugated": (torch.tensor([1 + 2j]).conj(), "conjugate bit"),
    "bfloat16": (torch.ones(1, dtype=torch.bfloat16), "BFloat16"),
    "on no device": (torch.empty(1, device="meta"), "meta"),
}


@pytest.mark.parametrize(("value", "expected"), CONVERTED.values(), ids=CONVERTED)
def test_tensors_become_arrays(value, expected):
    """In their own dtype, whatever their strides."""
    array = as_tensor(value, "any").array
    assert (type(array), array.dtype) == (np.ndarray, expected.dtype)
    np.testing.assert_array_equal(array, expected)


@pytest.mark.parametrize(("value", "words"), REFUSED.values(), ids=REFUSED)
def test_tensors_that_are_no_arrays_are_refused_in_pytorch_s_words(value, words):
    """They say what to call before; it is the function's to decide."""
    with pytest.raises(NotATensor, match=f"no array .*{words}"):
        as_tensor(value, "any")
