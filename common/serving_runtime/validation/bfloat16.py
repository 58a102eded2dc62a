"""Turn bfloat16's bit patterns into float32 and back, since NumPy has no such type."""

import numpy as np

_NAN_QUIET_BIT = np.uint16(0x40)


def from_bits(bits: np.ndarray) -> np.ndarray:
    """Widen bit patterns, which loses nothing.

    Args:
        bits: uint16[...], the upper halves of float32 values.

    Returns:
        float32[...] of the same shape.
    """
    wide = bits.astype(np.uint32)
    wide <<= np.uint32(16)
    return wide.view(np.float32)


def to_bits(values: np.ndarray) -> np.ndarray:
    """Round to the nearest bfloat16, ties to even.

    Args:
        values: float32[...]

    Returns:
        uint16[...] of the same shape; what is beyond bfloat16's range becomes infinity.
    """
    # At least one axis: NumPy's scalars warn where its arrays wrap around.
    bits = np.ascontiguousarray(values, np.float32).reshape(-1).view(np.uint32)
    half = ((bits >> np.uint32(16)) & np.uint32(1)) + np.uint32(0x7FFF)
    rounded = ((bits + half) >> np.uint32(16)).astype(np.uint16)
    is_nan = (bits & np.uint32(0x7FFFFFFF)) > np.uint32(0x7F800000)
    if is_nan.any():  # rounding could carry a NaN's payload into its exponent or sign
        rounded[is_nan] = (bits[is_nan] >> np.uint32(16)).astype(np.uint16) | _NAN_QUIET_BIT
    return rounded.reshape(values.shape)
