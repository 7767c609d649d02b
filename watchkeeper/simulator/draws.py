"""Chance that can be had again: one stream of numbers for each purpose."""

from hashlib import blake2b

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]
Reals = npt.NDArray[np.float64]
Truths = npt.NDArray[np.bool_]
Generator = np.random.Generator


def stream(*purpose: object) -> Generator:
    """A generator that depends on its purpose alone."""
    digest = blake2b(repr(purpose).encode(), digest_size=16).digest()
    return np.random.Generator(np.random.SFC64(int.from_bytes(digest, "big")))


def weighted(chance: Generator, cumulative: Reals, size: int) -> Integers:
    """Indices drawn by weight; `cumulative` is the running sum of the weights."""
    points = chance.random(size) * cumulative[-1]
    found: Integers = np.searchsorted(cumulative, points, side="right").astype(np.int64)
    return found.clip(max=len(cumulative) - 1)


def lognormal_minor(chance: Generator, median: Reals, spread: Reals, most: Reals) -> Integers:
    """Amounts in minor units, log-normal about their median, at least 50 and cut at `most`."""
    amounts = median * np.exp(spread * chance.standard_normal(len(median)))
    return np.clip(amounts, 50, most).astype(np.int64)
