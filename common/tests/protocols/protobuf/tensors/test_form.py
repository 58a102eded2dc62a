import random

import pytest

from serving_runtime.errors import InvalidInput
from serving_runtime.protocols.protobuf.scanning import Unusual
from serving_runtime.protocols.protobuf.tensors.dtypes import BY_NUMBER
from serving_runtime.protocols.protobuf.tensors.form import TENSOR, TENSOR_PROTO
from serving_runtime.protocols.shapes import MAX_RANK

FORMS = pytest.mark.parametrize("form", [TENSOR_PROTO, TENSOR], ids=["TensorProto", "Tensor"])


def shape_of(form, sizes):
    """Return the message of a shape."""
    message = form.message()
    message.tensor_shape.SetInParent()
    if form is TENSOR:
        message.tensor_shape.dims.extend(sizes)
    else:
        for size in sizes:
            message.tensor_shape.dim.add(size=size)
    return message.tensor_shape


@FORMS
@pytest.mark.parametrize("sizes", [(), (0,), (1,), (-1, 2), (300, 2**40), (1,) * MAX_RANK])
def test_a_shape_is_written_and_read_as_protobuf_does(form, sizes):
    """From its message and from its bytes alike."""
    message = shape_of(form, sizes)
    written = message.SerializeToString()
    assert form.write_shape(sizes) == written
    assert tuple(form.read_shape(message, 0)) == sizes
    view = memoryview(b"head" + written)
    assert form.scan_shape(view, (4, len(view))) == sizes


@FORMS
def test_more_axes_than_numpy_has_are_refused(form):
    """Before any is read; where it lies it is left to protobuf."""
    message = shape_of(form, (1,) * (MAX_RANK + 1))
    with pytest.raises(InvalidInput, match="33 dimensions are more than 32"):
        form.read_shape(message, 0)
    written = message.SerializeToString()
    with pytest.raises(Unusual):
        form.scan_shape(memoryview(written), (0, len(written)))


@FORMS
def test_bytes_that_are_no_shape_are_left_to_protobuf(form):
    """Nothing but Unusual is raised, and nothing beyond the shape is read."""
    chance = random.Random(7)
    for _ in range(2000):
        content = bytes(chance.choice([0, 1, 8, 10, 18, 128, 255]) for _ in range(6))
        try:
            sizes = form.scan_shape(memoryview(content), (1, 5))
        except Unusual:
            continue
        message = form.message().tensor_shape
        message.MergeFromString(content[1:5])
        assert tuple(form.read_shape(message, 0)) == sizes


def test_what_there_is_differs_by_bfloat16():
    """All else has the same numbers, in the same fields."""
    assert {it.dtype for it in set(BY_NUMBER.values()) - set(TENSOR.by_number.values())} == {
        "bfloat16"
    }
    fields = TENSOR_PROTO.message.DESCRIPTOR.fields_by_number
    for number, field in TENSOR.message.DESCRIPTOR.fields_by_number.items():
        assert field.name in (fields[number].name, TENSOR.content)
        assert field.type == fields[number].type
    assert fields[TENSOR.message.DESCRIPTOR.fields_by_name[TENSOR.content].number].name == (
        TENSOR_PROTO.content
    )
