"""Calls a service with hydro-serving-grpc 0.1 or 0.2 and nothing else of Hydrosphere's."""

from stock_calls import expected, predict_all, run

import hydro_serving_grpc as hs


def calls(stub, channel):
    """Make every call that this generation can make."""
    reply = stub.Predict(
        hs.PredictRequest(
            model_spec=hs.ModelSpec(signature_name="infer"),
            inputs={
                "x": hs.TensorProto(
                    dtype=hs.DT_FLOAT,
                    tensor_shape=hs.TensorShapeProto(dim=[hs.TensorShapeProto.Dim(size=2)]),
                    float_val=[1.5, 2.5],
                ),
                "count": hs.TensorProto(dtype=hs.DT_UINT8, int_val=[200]),
                "mode": hs.TensorProto(dtype=hs.DT_STRING, string_val=[b"fine"]),
            },
        ),
        timeout=10,
    )
    return dict(predict_all(stub), flat=reply == expected())


run(calls)
