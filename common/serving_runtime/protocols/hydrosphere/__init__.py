"""hydrosphere.serving.runtime.PredictionService, which Hydrosphere 3.x calls.

``predict`` is what its operation means, ``wording`` how problems read, ``protobuf_codec`` how
requests and replies are written. The tensors are TensorFlow Serving's but for their shapes, and are
read in ``protocols/protobuf/tensors``.
"""
