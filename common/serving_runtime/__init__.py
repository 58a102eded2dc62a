"""Serve a model directory over gRPC: the package that every runtime shares."""

__version__ = "0.1.0"
