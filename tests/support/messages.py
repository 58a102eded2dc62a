"""Write TensorFlow Serving's messages field by field as clients do, without the code under test."""

import hydro_serving_grpc as hs


def shape(*sizes):
    """Return a shape; without sizes a scalar's, which is present and empty."""
    return hs.TensorShapeProto(dim=[hs.TensorShapeProto.Dim(size=size) for size in sizes])


def tensor(dtype, sizes, **values):
    """Return a tensor.

    Args:
        dtype: its number, such as ``hs.DT_FLOAT``.
        sizes: of its axes; None leaves the shape out.
        values: by field, such as ``float_val=[1, 2]``.
    """
    message = hs.TensorProto(dtype=dtype, **values)
    if sizes is not None:
        message.tensor_shape.CopyFrom(shape(*sizes))
    return message


def mapping(**subtensors):
    """Return a map of tensors, as replies have it."""
    data = hs.MapTensorData(subtensors=subtensors)
    return tensor(hs.DT_MAP, (), map_val=[data])


def request(signature_name, output_filter=(), **inputs):
    """Return the bytes of a request."""
    message = hs.PredictRequest(inputs=inputs, output_filter=output_filter)
    message.model_spec.signature_name = signature_name
    return message.SerializeToString()


def reply(**outputs):
    """Return a reply."""
    return hs.PredictResponse(outputs=outputs)
