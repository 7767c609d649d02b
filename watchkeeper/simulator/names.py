"""Names of accounts, cards, shops: they show neither who is honest nor in which order they came."""

from hashlib import blake2b

import numpy as np
import polars as pl

from watchkeeper.simulator.draws import Integers

DIGITS = 7
NAMES_MAX = 10**DIGITS
_STEP = 6_180_339  # Shares no factor with a power of ten, so numbers scatter and never meet.
_FIRST = 271_828
_LETTERS = "abcdefghijkmnpqrstuvwxyz"


def mark(*parts: object, length: int = 6) -> str:
    """Letters made from the parts; without digits, so that no name looks like a card number."""
    digest = blake2b(repr(parts).encode(), digest_size=length).digest()
    return "".join(_LETTERS[byte % len(_LETTERS)] for byte in digest)


def scattered(indices: Integers) -> Integers:
    """A number of its own for each index below `NAMES_MAX`, in no visible order."""
    numbers: Integers = (indices * _STEP + _FIRST) % NAMES_MAX
    return numbers


def names(prefix: str, indices: Integers) -> pl.Series:
    """The names that belong to indices: `prefix` and seven digits."""
    numbers = pl.Series(scattered(np.asarray(indices, dtype=np.int64)))
    text = pl.concat_str(pl.lit(prefix + "-"), numbers.cast(pl.String).str.zfill(DIGITS))
    return pl.select(text).to_series()


def name(prefix: str, index: int) -> str:
    """The name that belongs to one index."""
    return f"{prefix}-{(index * _STEP + _FIRST) % NAMES_MAX:0{DIGITS}d}"
