"""Tensors and the contract of 3.x."""
