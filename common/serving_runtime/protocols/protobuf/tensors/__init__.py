"""Tensors in protobuf: TensorFlow's message, and Hydrosphere 3.x's, which was made from it.

Both give each dtype and each field of values the same number; what differs is in ``form``.
``decoding`` and ``encoding`` are about one tensor, ``requests`` about the map of them in both
protocols' requests, ``layout`` and ``slots`` about finding it in the bytes.
"""
