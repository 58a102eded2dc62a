import hydro_serving_grpc as hs
from serving_runtime.protocols.protobuf.tensors import dtypes
from serving_runtime.protocols.protobuf.tensors.form import TENSOR, TENSOR_PROTO
from serving_runtime.signature import NUMPY_DTYPES

FORMS = (TENSOR_PROTO, TENSOR)


def test_every_declared_dtype_can_travel():
    """The table misses none, and each number is that of one DataType."""
    assert set(dtypes.WIRE_TYPES) == set(NUMPY_DTYPES)
    assert len(dtypes.BY_NUMBER) == len(NUMPY_DTYPES)
    assert set(dtypes.BY_NUMBER) < set(hs.DataType.values())


def test_every_field_is_one_of_the_message():
    """No field's name is misspelt, and none that carries values is forgotten."""
    fields = {name for form in FORMS for name in form.message.DESCRIPTOR.fields_by_name}
    assert {
        name for name in fields if name.endswith("_val") or name == "tensor_content"
    } == dtypes.VALUE_FIELDS
    for item in dtypes.WIRE_TYPES.values():
        assert set(item.fields) <= dtypes.VALUE_FIELDS
