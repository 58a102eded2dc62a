"""Serve a model directory over gRPC: the package that every runtime shares."""
