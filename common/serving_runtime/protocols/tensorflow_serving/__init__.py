"""tensorflow.serving.PredictionService, Hydrosphere's and TensorFlow Serving's.

``predict``, ``classify``, ``regress``, ``multi_inference`` and ``metadata`` are what its operations
mean, ``wording`` how problems read, ``protobuf_codec`` how requests and replies of Predict are
written, ``examples`` and ``purposes`` what those of the others have in common; the rest is about
tensors in protobuf.
"""
