"""Texts become 128 bits: SipHash-1-3, so that keys and values are told apart without their text."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rules.features.compiling import kernel

Bytes = NDArray[np.uint8]
Places = NDArray[np.int32]
Words = NDArray[np.uint64]

_BACKSLASH, _WORD_BITS = b"\\"[0], 64

# A fixed key: the same text has the same hash in every process, for ever.
_K0, _K1 = np.uint64(0x7761746368), np.uint64(0x6B6565706572)
_V0 = _K0 ^ np.uint64(0x736F6D6570736575)
_V1 = _K1 ^ np.uint64(0x646F72616E646F6D) ^ np.uint64(0xEE)
_V2 = _K0 ^ np.uint64(0x6C7967656E657261)
_V3 = _K1 ^ np.uint64(0x7465646279746573)
_FIRST, _SECOND = np.uint64(0xEE), np.uint64(0xDD)


@kernel
def _turn(value: Any, bits: int) -> Any:  # noqa: ANN401  (a scalar of the kernel)
    return (value << np.uint64(bits)) | (value >> np.uint64(64 - bits))


@kernel
def _round(v0: Any, v1: Any, v2: Any, v3: Any) -> Any:  # noqa: ANN401  (scalars of the kernel)
    v0 += v1
    v1 = _turn(v1, 13) ^ v0
    v0 = _turn(v0, 32)
    v2 += v3
    v3 = _turn(v3, 16) ^ v2
    v0 += v3
    v3 = _turn(v3, 21) ^ v0
    v2 += v1
    v1 = _turn(v1, 17) ^ v2
    return v0, v1, _turn(v2, 32), v3


@kernel
def _hash(words: Words, out: Words) -> None:
    v0, v1, v2, v3 = _V0, _V1, _V2, _V3
    for word in words:
        v3 ^= word
        v0, v1, v2, v3 = _round(v0, v1, v2, v3)
        v0 ^= word
    v2 ^= _FIRST
    for _ in range(3):
        v0, v1, v2, v3 = _round(v0, v1, v2, v3)
    out[0] = v0 ^ v1 ^ v2 ^ v3
    v1 ^= _SECOND
    for _ in range(3):
        v0, v1, v2, v3 = _round(v0, v1, v2, v3)
    out[1] = v0 ^ v1 ^ v2 ^ v3


@kernel
def words_of(raw: Bytes, begin: int, end: int, words: Words) -> int:
    """Write a text, without its escapes, as words padded with zeros, and say how many."""
    count, shift, word, at = 0, 0, np.uint64(0), begin
    while at < end:
        at += raw[at] == _BACKSLASH
        word |= np.uint64(raw[at]) << np.uint64(shift)
        at, shift = at + 1, shift + 8
        if shift == _WORD_BITS or at == end:
            words[count] = word
            count, shift, word = count + 1, 0, np.uint64(0)
    return count


@kernel
def _hash_texts(raw: Bytes, begins: Places, ends: Places, words: Words, out: Words) -> None:
    for row in range(begins.shape[0]):
        length = words_of(raw, begins[row], ends[row], words)
        if length:
            _hash(words[:length], out[row])
            out[row, 0] |= np.uint64(1)


@kernel
def write_texts(raw: Bytes, begins: Places, ends: Places, cells: Words, column: int) -> None:
    """Write each text into its row of cells, from a column on."""
    for row in range(begins.shape[0]):
        words_of(raw, begins[row], ends[row], cells[row, column:])


@kernel
def _combine(parts: Words, out: Words) -> None:
    for row in range(parts.shape[0]):
        is_null = False
        for at in range(0, parts.shape[1], 2):
            is_null |= parts[row, at] == 0
        if not is_null:
            _hash(parts[row], out[row])
            out[row, 0] |= np.uint64(1)


def hash_texts(raw: Bytes, begins: Places, ends: Places) -> Words:
    """One row of two words for each text that stands in the bytes.

    The row is zero where the text is empty, and never zero elsewhere.
    """
    out, longest = np.zeros((len(begins), 2), np.uint64), int((ends - begins).max(initial=0))
    _hash_texts(raw, begins, ends, np.zeros(1 + longest // 8, np.uint64), out)
    return out


def combine(parts: Words) -> Words:
    """One hash for each row of hashes, or zero where one of them is zero: a null key."""
    out = np.zeros((len(parts), 2), np.uint64)
    _combine(parts, out)
    return out
