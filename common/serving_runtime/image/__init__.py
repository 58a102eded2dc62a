"""Bake a model directory and its requirements into an image, with docker's own client."""
