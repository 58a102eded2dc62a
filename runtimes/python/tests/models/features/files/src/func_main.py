"""Sums rows with a weight for each."""

import numpy as np


def infer(x, weight):
    """Return each row's weighted sum, and its number of features."""
    return {
        "y": x.sum(axis=1, dtype=np.float64) * weight,
        "rows": np.full(len(x), x.shape[1]),
    }
