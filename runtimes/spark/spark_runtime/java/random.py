"""Draw the random numbers that a seed gives in Java, from which some models start."""

import math
from typing import Iterator

import numpy as np


class MersenneTwister:
    """The generator of Apache Commons, whose state NumPy's old one has too.

    Args:
        seed: a number of 64 bits.
    """

    def __init__(self, seed: int) -> None:
        high, low = seed >> 32 & 0xFFFFFFFF, seed & 0xFFFFFFFF
        self._state = np.random.RandomState(np.array([high, low], np.int64))
        self._normals = self._pairs()

    def uniform(self) -> float:
        """Return a number from 0 to 1, of 52 bits."""
        high, low = (int.from_bytes(self._state.bytes(4), "little") >> 6 for _ in range(2))
        return (high << 26 | low) * 2.0**-52

    def normal(self) -> float:
        """Return a number of the standard normal distribution."""
        return next(self._normals)

    def _pairs(self) -> Iterator[float]:
        """Yield normal numbers, of which there are always two at a time."""
        while True:
            angle, length = 2 * math.pi * self.uniform(), math.sqrt(-2 * math.log(self.uniform()))
            yield length * math.cos(angle)
            yield length * math.sin(angle)

    def gamma(self, shape: float, scale: float) -> float:
        """Return a number of a gamma distribution whose shape is above one.

        See: Marsaglia and Tsang, A simple method for generating gamma variables, 2000
        """
        wide = shape - 1.0 / 3.0
        narrow = 1.0 / math.sqrt(9.0 * wide)
        while True:
            normal = self.normal()
            root = 1.0 + narrow * normal
            if root <= 0:
                continue
            cube, square = root * root * root, normal * normal
            drawn = self.uniform()
            is_sure = drawn < 1.0 - 0.0331 * square * square
            if is_sure or math.log(drawn) < 0.5 * square + wide * (1.0 - cube + math.log(cube)):
                return scale * wide * cube
