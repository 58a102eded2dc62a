"""Adds and multiplies two numbers."""


def add(a, b):
    """Return the sum."""
    return {"sum": a + b}


def mul(a, b):
    """Return the product."""
    return {"mul": a * b}
