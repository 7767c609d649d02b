"""Columns: what the features need of a batch of transactions, as numbers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from data_contracts.transaction import Transaction
from rules.features.fields import PLACES, TEXT_BYTES, WHOLE
from rules.features.hashing import Words, combine, hash_texts
from rules.features.memory import Ints
from rules.features.plan import OCCURRED_AT, WORD_BYTES, Key, Plan, words_of

TENANT, TENANT_BYTES = "tenant", 32
NOWHERE = np.iinfo(np.int64).min  # The latitude or longitude of a transaction without one.
_LOWER_BITS = np.int64((1 << 63) - 1)

Mask = Callable[[Transaction], int]


@dataclass(frozen=True, slots=True)
class Columns:
    """A batch as numbers, a row for each event.

    `clock` is the highest `received_at` of the log so far; `masks` has a column for each group of
    conditions; `keys` are zero where null. Among the cells a text or its hash is zero where it is
    null, and a place that is not there is `NOWHERE`.
    """

    occurred: Ints
    clock: Ints
    masks: Ints
    cells: Ints
    keys: dict[Key, Words]

    def __len__(self) -> int:
        """How many transactions."""
        return len(self.occurred)


def columns_of(
    plan: Plan, transactions: Sequence[Transaction], clock: int, masks: Sequence[Mask]
) -> Columns:
    """Turn a batch into columns; `masks` are compiled from the plan's groups of conditions."""
    received = _milliseconds("received_at", transactions)
    occurred = _milliseconds(OCCURRED_AT, transactions)
    hashes = {name: hash_texts(_texts(name, transactions)) for name in (TENANT, *plan.hashed)}
    return Columns(
        occurred=occurred,
        clock=np.maximum(np.maximum.accumulate(received), clock),
        masks=_masks(masks, transactions),
        cells=_cells(plan, occurred, transactions, hashes),
        keys={
            key: combine(np.concatenate([hashes[name] for name in (TENANT, *key)], axis=1))
            for key in plan.keys
        },
    )


def _cells(
    plan: Plan, occurred: Ints, transactions: Sequence[Transaction], hashes: dict[str, Words]
) -> Ints:
    cells = np.empty((len(occurred), plan.columns["", False]), np.int64)
    cells[:, plan.columns[OCCURRED_AT, False]] = occurred
    for name in plan.read:
        begin = plan.columns[name, False]
        cells[:, begin : begin + words_of(name)] = _values(name, transactions)
    for name in plan.counted:
        cells[:, plan.columns[name, True]] = _one_word(hashes[name])
    return cells


def _one_word(hashes: Words) -> Ints:
    """Half of a hash is enough to tell the values of one key apart; zero only where null."""
    return np.where(hashes[:, 0] == 0, np.uint64(0), hashes[:, 1] | np.uint64(1)).view(np.int64)


def _milliseconds(name: str, transactions: Sequence[Transaction]) -> Ints:
    seconds = [instant.timestamp() for instant in map(attrgetter(name), transactions)]
    found: Ints = np.rint(np.array(seconds, np.float64) * 1000).astype(np.int64)
    return found


def _masks(masks: Sequence[Mask], transactions: Sequence[Transaction]) -> Ints:
    found = np.zeros((len(transactions), len(masks)), np.int64)
    for group, mask in enumerate(masks):
        found[:, group] = [mask(transaction) for transaction in transactions]
    return found


def _texts(name: str, transactions: Sequence[Transaction]) -> Words:
    """Rows of words padded with zeros; the door saw to it that the texts are ASCII."""
    size = TENANT_BYTES if name == TENANT else TEXT_BYTES[name]
    found = [text or "" for text in map(attrgetter(name), transactions)]
    return np.array(found, f"S{size}").view(np.uint64).reshape(-1, size // WORD_BYTES)


def _values(name: str, transactions: Sequence[Transaction]) -> Ints:
    if name in PLACES:
        return _ordered(
            [np.nan if at is None else at for at in map(attrgetter(name), transactions)]
        )
    if name == WHOLE:
        amounts = [transaction.amount_minor for transaction in transactions]
        return np.array(amounts, np.int64).reshape(-1, 1)
    return _texts(name, transactions).view(np.int64)


def _ordered(numbers: Sequence[float]) -> Ints:
    """Whole numbers in the order of the floats, so that one kernel finds the least of both."""
    floats = np.array(numbers, np.float64) + 0.0  # Makes one zero of the two.
    bits = floats.view(np.int64)
    whole = np.where(bits < 0, bits ^ _LOWER_BITS, bits)
    return np.where(np.isnan(floats), NOWHERE, whole).reshape(-1, 1)


def from_ordered(numbers: Ints) -> NDArray[np.float64]:
    """The floats that `_ordered` made whole numbers of."""
    return np.where(numbers < 0, numbers ^ _LOWER_BITS, numbers).view(np.float64)
