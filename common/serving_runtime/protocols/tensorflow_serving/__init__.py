"""tensorflow.serving.PredictionService, Hydrosphere's and TensorFlow Serving's.

``predict`` and ``metadata`` are what its operations mean, ``wording`` how problems read,
``protobuf_codec`` how requests and replies are written; the rest is about tensors in protobuf.
"""
