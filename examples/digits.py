"""The data that every example trains on: scikit-learn's pictures of handwritten digits."""

from typing import NamedTuple

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split


class Digits(NamedTuple):
    """1797 pictures of 8 x 8 pixels from 0 to 16, and the digits that they show.

    ``images`` is float64[n, 8, 8] and ``labels`` int64[n], to train on; a third of all is held out.
    """

    images: np.ndarray
    labels: np.ndarray
    held_out_images: np.ndarray
    held_out_labels: np.ndarray


def load() -> Digits:
    """Return the pictures, always split in the same way."""
    data = load_digits()
    images, held_out_images, labels, held_out_labels = train_test_split(
        data.images, data.target, test_size=1 / 3, random_state=0, stratify=data.target
    )
    return Digits(images, labels, held_out_images, held_out_labels)
