"""Two functions that differ in the sign, which shows the signature that was called."""


def other(x):
    """Return the negative."""
    return {"y": -x}


def serving_default(x):
    """Return the input."""
    return {"y": x}
