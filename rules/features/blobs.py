"""Arrays as compressed bytes: few and large, so that a snapshot is quick to write and to load."""

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Arrays = dict[str, NDArray[Any]]
Blob = tuple[Any, tuple[int, ...], int, bytes]  # Type, shape, size, compressed bytes.


class ForeignSnapshot(RuntimeError):
    """A snapshot that another version of this code wrote."""

    def __init__(self, what: str, found: int, known: int) -> None:
        """Say which format was found, and the ways out."""
        super().__init__(
            f"A snapshot of {what} has format {found}, and this version reads {known}. Go on with "
            "the version that wrote it, or remove the recovery store: then the log is scored again "
            "from its beginning, to the same decisions."
        )


def packed(arrays: Arrays) -> dict[str, Blob]:
    """Compressed copies: later changes of the arrays do not reach them."""
    return {name: _packed(array) for name, array in arrays.items()}


def unpacked(blobs: dict[str, Blob]) -> Arrays:
    """Arrays of one's own, to be written to."""
    return {name: _unpacked(blob) for name, blob in blobs.items()}


def _codec() -> pa.Codec:
    return pa.Codec("zstd")


def _packed(array: NDArray[Any]) -> Blob:
    whole = np.ascontiguousarray(array)
    data = _codec().compress(whole.reshape(-1).view(np.uint8).data, asbytes=True)
    kind = whole.dtype.descr if whole.dtype.names else whole.dtype.str
    return kind, whole.shape, whole.nbytes, data


def _unpacked(blob: Blob) -> NDArray[Any]:
    kind, shape, size, data = blob
    raw = _codec().decompress(data, size, asbytes=True)
    return np.frombuffer(raw, np.dtype(kind)).reshape(shape).copy()
