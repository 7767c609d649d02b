"""Transactions as their canonical bytes: read by a kernel, made into objects only where wanted."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from data_contracts.transaction import Transaction
from rules.features.fields import PLACES
from rules.features.hashing import Bytes, Places
from rules.features.layout import FIELD_OF, NAMES, Ints, layout
from rules.features.reading import (
    AMOUNT,
    FOREIGN,
    NUMBERS,
    OCCURRED,
    PLAIN,
    RECEIVED,
    Table,
    read,
)

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

_transaction = msgspec.json.Decoder(Transaction).decode
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True)
class Messages:
    """A batch of messages, one behind the other, and what stands where in them."""

    joined: bytes
    starts: Ints
    table: Table

    @classmethod
    def read(cls, messages: Sequence[bytes]) -> "Messages":
        """Look through messages that may be anything; `are_plain` says which are transactions."""
        joined, starts = b"".join(messages), np.zeros(len(messages) + 1, np.int64)
        np.cumsum([len(message) for message in messages], out=starts[1:])
        shape = len(NAMES), len(messages)
        table = Table(
            np.zeros(len(messages), np.uint8),
            np.zeros(shape, np.int32),
            np.zeros(shape, np.int32),
            np.zeros(shape, np.int64),
            np.zeros((NUMBERS, len(messages)), np.int64),
            np.full((len(PLACES), len(messages)), np.nan),
        )
        found = cls(joined, starts, table)
        read(layout(), found.raw, starts, table)
        return found

    @classmethod
    def trusted(cls, messages: Sequence[bytes]) -> "Messages":
        """Read what went through the door; a message that did not is a mistake of the caller."""
        found = cls.read(messages)
        if (found.table.states == FOREIGN).any():
            raise ValueError("a message is not the canonical form of a transaction")
        return found

    @classmethod
    def of(cls, transactions: Sequence[Transaction]) -> "Messages":
        """The same of transactions that are objects already."""
        return cls.trusted([_encode(transaction) for transaction in transactions])

    def __len__(self) -> int:
        """How many messages."""
        return len(self.starts) - 1

    @property
    def raw(self) -> Bytes:
        """The bytes as an array."""
        return np.frombuffer(self.joined, np.uint8)

    @property
    def are_plain(self) -> Bools:
        """Which messages pass the door as they are, without another look."""
        found: Bools = self.table.states == PLAIN
        return found

    @property
    def occurred(self) -> Ints:
        """When, in milliseconds."""
        return self._numbers(OCCURRED)

    @property
    def received(self) -> Ints:
        """When we received it, in milliseconds."""
        return self._numbers(RECEIVED)

    @property
    def amounts(self) -> Ints:
        """How much, in minor units."""
        return self._numbers(AMOUNT)

    def _numbers(self, which: int) -> Ints:
        found: Ints = self.table.numbers[which]
        return found

    def canonical(self, row: int) -> bytes:
        """The bytes of one message."""
        return self.joined[self.starts[row] : self.starts[row + 1]]

    def transaction(self, row: int) -> Transaction:
        """One of them as an object."""
        return _transaction(self.canonical(row))

    def codes(self, field: str) -> Ints:
        """The numbers of a short text, zero where it is null."""
        found: Ints = self.table.codes[FIELD_OF[field]]
        return found

    def spans(self, field: str) -> tuple[Places, Places]:
        """Where a text begins and ends in each message; both are zero where it is null."""
        number = FIELD_OF[field]
        return self.table.begins[number], self.table.ends[number]

    def texts(self, field: str) -> list[str | None]:
        """A text field as Python's own texts."""
        begins, ends = (places.tolist() for places in self.spans(field))
        return [
            self._text(begin, end) if end else None for begin, end in zip(begins, ends, strict=True)
        ]

    def _text(self, begin: int, end: int) -> str:
        raw = self.joined[begin:end]
        return msgspec.json.decode(b'"%b"' % raw, type=str) if b"\\" in raw else raw.decode()

    def places(self, field: str) -> Floats:
        """A latitude or longitude, not a number where it is null."""
        found: Floats = self.table.places[PLACES.index(field)] + 0.0  # Makes one zero of the two.
        for row in np.flatnonzero(np.isinf(found)).tolist():
            begin, end = (int(places[row]) for places in self.spans(field))
            found[row] = float(self.joined[begin:end])
        return found
