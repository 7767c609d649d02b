"""Ids by the million: 16 bytes as two numbers, and folded to 64 bits where sets are compared."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

TEXT_BYTES, DASHES = 36, (8, 13, 18, 23)

Pairs = NDArray[np.uint64]
"""Two columns: the first and the last eight bytes of each id."""

Folded = NDArray[np.uint64]

_HEXADECIMAL = np.frombuffer(b"0123456789abcdef", np.uint8)
_NIBBLES = np.zeros(256, np.uint8)
_NIBBLES[_HEXADECIMAL] = np.arange(16, dtype=np.uint8)
_DIGITS = np.delete(np.arange(TEXT_BYTES), DASHES)


def from_bytes(ids: Sequence[bytes]) -> Pairs:
    """Ids of 16 bytes each."""
    return np.frombuffer(b"".join(ids), ">u8").reshape(-1, 2).astype(np.uint64)


def from_column(column: "pa.ChunkedArray[Any]") -> Pairs:
    """A column of such texts, without making a Python value of any."""
    parts = [_from_array(chunk) for chunk in column.chunks if len(chunk)]
    return np.concatenate(parts) if parts else np.empty((0, 2), np.uint64)


def _from_array(array: "pa.Array[Any]") -> Pairs:
    fixed = array.cast(pa.binary(TEXT_BYTES))
    buffer = fixed.buffers()[1]
    assert buffer is not None
    texts = np.frombuffer(memoryview(buffer), np.uint8).reshape(-1, TEXT_BYTES)
    nibbles = _NIBBLES[texts[fixed.offset : fixed.offset + len(fixed)][:, _DIGITS]]
    raw = nibbles[:, ::2] << 4 | nibbles[:, 1::2]
    return np.ascontiguousarray(raw).view(">u8").astype(np.uint64)


def folded(pairs: Pairs) -> Folded:
    """64 bits of each id: two of 10^8 are alike by chance in one run of 3,700."""
    # A UUID's version and variant are the same in all of them; folded, no bit is.
    found: Folded = pairs[:, 0] ^ pairs[:, 1]
    return found


def text(pair: NDArray[np.uint64]) -> str:
    """One id in the usual form with dashes."""
    digits = f"{int(pair[0]):016x}{int(pair[1]):016x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
