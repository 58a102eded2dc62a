"""Open Inference v2, by gRPC and by REST, and what Triton adds to it.

``infer``, ``rest``, ``metadata``, ``statistics`` and ``repository`` are what its operations mean,
``wording`` how problems read. ``protobuf_codec`` is how gRPC's requests and replies are written,
``json_codec`` how REST's are; the rest is about its tensors.
"""
