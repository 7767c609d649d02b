"""Columns: what the features need of a batch of transactions, as numbers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from data_contracts.transaction import Transaction
from rules.features.fields import PLACES, WHOLE
from rules.features.hashing import Words, combine, hash_texts, write_texts
from rules.features.memory import Ints
from rules.features.messages import Floats, Messages
from rules.features.plan import OCCURRED_AT, Key, Plan

TENANT = "tenant"
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
    """Turn transactions into columns; `masks` are compiled from the plan's groups of conditions."""
    found = [[mask(transaction) for mask in masks] for transaction in transactions]
    bits = np.array(found, np.int64).reshape(len(transactions), len(masks))
    return columns_from(plan, Messages.of(transactions), clock, bits)


def columns_from(plan: Plan, messages: Messages, clock: int, masks: Ints) -> Columns:
    """Turn messages into columns; `masks` has a column for each group of conditions."""
    hashes = {name: _hashes(name, messages) for name in (TENANT, *plan.hashed)}
    return Columns(
        occurred=messages.occurred,
        clock=np.maximum(np.maximum.accumulate(messages.received), clock),
        masks=masks,
        cells=_cells(plan, messages, hashes),
        keys={
            key: combine(np.concatenate([hashes[name] for name in (TENANT, *key)], axis=1))
            for key in plan.keys
        },
    )


def _hashes(name: str, messages: Messages) -> Words:
    begins, ends = messages.spans(name)
    return hash_texts(messages.raw, begins, ends)


def _cells(plan: Plan, messages: Messages, hashes: dict[str, Words]) -> Ints:
    cells = np.zeros((len(messages), plan.columns["", False]), np.int64)
    cells[:, plan.columns[OCCURRED_AT, False]] = messages.occurred
    for name in plan.read:
        begin = plan.columns[name, False]
        if name == WHOLE:
            cells[:, begin] = messages.amounts
        elif name in PLACES:
            cells[:, begin] = _ordered(messages.places(name))
        else:
            write_texts(messages.raw, *messages.spans(name), cells.view(np.uint64), begin)
    for name in plan.counted:
        cells[:, plan.columns[name, True]] = _one_word(hashes[name])
    return cells


def _one_word(hashes: Words) -> Ints:
    """Half of a hash is enough to tell the values of one key apart; zero only where null."""
    return np.where(hashes[:, 0] == 0, np.uint64(0), hashes[:, 1] | np.uint64(1)).view(np.int64)


def _ordered(floats: Floats) -> Ints:
    """Whole numbers in the order of the floats, so that one kernel finds the least of both."""
    bits = floats.view(np.int64)
    whole = np.where(bits < 0, bits ^ _LOWER_BITS, bits)
    return np.where(np.isnan(floats), NOWHERE, whole)


def from_ordered(numbers: Ints) -> Floats:
    """The floats that `_ordered` made whole numbers of."""
    return np.where(numbers < 0, numbers ^ _LOWER_BITS, numbers).view(np.float64)
