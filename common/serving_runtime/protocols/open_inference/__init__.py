"""inference.GRPCInferenceService: Open Inference v2, and what Triton adds to it.

``infer`` and ``metadata`` are what its operations mean, ``wording`` how problems read,
``protobuf_codec`` how requests and replies are written; the rest is about its tensors.
"""
