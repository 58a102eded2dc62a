import pytest

import hydro_serving_grpc as hs
from serving_runtime.errors import InvalidInput, LimitExceeded
from serving_runtime.protocols.protobuf.tensors.budget import DecodeBudget
from serving_runtime.protocols.protobuf.tensors.decoding import decode
from serving_runtime.protocols.shapes import MAX_RANK

BUDGET_BYTES = 1000


def one_value(dims):
    """Return a tensor of int8 whose one value stands for all."""
    message = hs.TensorProto(dtype=hs.DT_INT8, int_val=[1])
    for size in dims:
        message.tensor_shape.dim.add(size=size)
    return message


@pytest.mark.parametrize(("beyond", "fits"), [(-1, True), (0, True), (1, False)])
def test_repeated_values_may_take_just_the_budget(beyond, fits):
    """What was not sent is charged to the byte, and the setting is named with its value."""
    message = one_value([1 + BUDGET_BYTES + beyond])
    if fits:
        assert decode(message, DecodeBudget(BUDGET_BYTES)).array.size == 1 + BUDGET_BYTES + beyond
    else:
        with pytest.raises(LimitExceeded, match="1001 bytes.*RUNTIME_MAX_EXPANDED_BYTES=1000"):
            decode(message, DecodeBudget(BUDGET_BYTES))


@pytest.mark.parametrize(("beyond", "fits"), [(-1, True), (0, True), (1, False)])
def test_rows_without_columns_may_take_just_the_budget(beyond, fits):
    """They cost the client nothing, and a model may allocate for each."""
    message = hs.TensorProto(dtype=hs.DT_INT8)
    for size in (BUDGET_BYTES + beyond, 0):
        message.tensor_shape.dim.add(size=size)
    if fits:
        assert decode(message, DecodeBudget(BUDGET_BYTES)).array.shape == (BUDGET_BYTES + beyond, 0)
    else:
        with pytest.raises(LimitExceeded, match="1001 bytes.*RUNTIME_MAX_EXPANDED_BYTES=1000"):
            decode(message, DecodeBudget(BUDGET_BYTES))


@pytest.mark.parametrize(("beyond", "fits"), [(-1, True), (0, True), (1, False)])
def test_a_tensor_may_have_just_so_many_dimensions(beyond, fits):
    """NumPy's oldest limit is the same on every row; no setting could raise it."""
    message = one_value([1] * (MAX_RANK + beyond))
    if fits:
        assert decode(message, DecodeBudget(0)).array.ndim == MAX_RANK + beyond
    else:
        with pytest.raises(InvalidInput, match="33 dimensions are more than 32"):
            decode(message, DecodeBudget(0))
