"""The census of the log: which ids stand where, kept in the data folder and only ever continued.

A file for each partition of the log, of the decisions and of the rejections; one record for each
message, so that its last one says where to read on.
"""

import fcntl
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from os import SEEK_END
from pathlib import Path

import msgspec
import numpy as np
from confluent_kafka import Consumer, Message, TopicPartition
from numpy.typing import NDArray

from data_contracts.decision import Verdict
from data_contracts.ids import ID_BYTES, event_id
from data_contracts.topics import Topic
from runtime.id_arrays import Folded, Pairs, folded
from runtime.kafka import Reader, bounds, consumer_settings, kind_of

GROUP = "census"
BATCH_MESSAGES = 5_000
POLL_SECONDS = 0.25
SILENT_POLLS_MAX = 120
NO_ID = bytes(ID_BYTES)

RECORD = np.dtype([("offset", "<i8"), ("position", "<i8"), ("id", ">u8", (2,)), ("kind", "u1")])


class Kind(IntEnum):
    """What a message is; a decision is named by its verdict."""

    TRANSACTION = 0
    CONTROL = 1
    UNREADABLE = 2
    APPROVE = 3
    REVIEW = 4
    DECLINE = 5
    REJECTION = 6


_VERDICTS = {
    Verdict.APPROVE: Kind.APPROVE,
    Verdict.REVIEW: Kind.REVIEW,
    Verdict.DECLINE: Kind.DECLINE,
}
Entry = tuple[int, int, bytes, int]
"""Offset, position in the log, id, kind."""

Reading = Callable[[Message], Entry]


class _NaturalId(msgspec.Struct):
    tenant: str
    transaction_id: str


class _Decided(msgspec.Struct):
    position: int
    verdict: Verdict
    event_id: str


class _Rejected(msgspec.Struct):
    topic: str
    offset: int


_natural_id = msgspec.json.Decoder(_NaturalId).decode
_decided = msgspec.json.Decoder(_Decided).decode
_rejected = msgspec.json.Decoder(_Rejected).decode


def read_log(message: Message) -> Entry:
    """A message of the log: its id comes from its value, for its key may be anything."""
    offset = message.offset() or 0
    if kind_of(message) is not None:
        return offset, offset, NO_ID, Kind.CONTROL
    try:
        natural = _natural_id(message.value() or b"")
    except (msgspec.DecodeError, UnicodeDecodeError):
        return offset, offset, NO_ID, Kind.UNREADABLE
    return offset, offset, event_id(natural.tenant, natural.transaction_id), Kind.TRANSACTION


def read_decision(message: Message) -> Entry:
    """A message of the decisions: we wrote its key ourselves."""
    offset = message.offset() or 0
    try:
        decided = _decided(message.value() or b"")
    except (msgspec.DecodeError, UnicodeDecodeError):
        return offset, -1, NO_ID, Kind.UNREADABLE
    key = message.key()
    if key is None or len(key) != ID_BYTES:
        key = bytes.fromhex(decided.event_id.replace("-", ""))
    return offset, decided.position, key, _VERDICTS[decided.verdict]


def rejections_of(log: Topic) -> Reading:
    """A message of the rejections; its position counts where it was rejected from the log."""

    def read(message: Message) -> Entry:
        offset = message.offset() or 0
        try:
            rejected = _rejected(message.value() or b"")
        except (msgspec.DecodeError, UnicodeDecodeError):
            return offset, -1, NO_ID, Kind.UNREADABLE
        position = rejected.offset if rejected.topic == log.name else -1
        return offset, position, NO_ID, Kind.REJECTION

    return read


@dataclass(frozen=True)
class Records:
    """What is known of a partition; `end` is one past its last message."""

    rows: NDArray[np.void]
    end: int

    @cached_property
    def positions(self) -> NDArray[np.int64]:
        """Where in the log each message belongs."""
        found: NDArray[np.int64] = self.rows["position"]
        return found

    @cached_property
    def kinds(self) -> NDArray[np.uint8]:
        """What each message is."""
        found: NDArray[np.uint8] = self.rows["kind"]
        return found

    @cached_property
    def pairs(self) -> Pairs:
        """The id of each message."""
        found: Pairs = self.rows["id"].astype(np.uint64)
        return found

    @cached_property
    def ids(self) -> Folded:
        """The id of each message in 64 bits."""
        return folded(self.pairs)


@dataclass(frozen=True, slots=True)
class Census:
    """The files of the census and the broker that they are continued from."""

    folder: Path
    brokers: str

    def take(self, topic: Topic, partition: int, read: Reading) -> Records:
        """Read a partition on to its end as of now, and return all that is known of it."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self.folder / f"{topic.name}-{partition}.records"
        with _alone(path):
            known = _load(path)
            consumer = Consumer(consumer_settings(self.brokers, GROUP))
            low, end = bounds(consumer, topic.name, partition)
            if _next_offset(known) > end:  # The topic was made anew.
                known = known[:0]
            start = max(low, _next_offset(known))
            consumer.assign([TopicPartition(topic.name, partition, start)])
            reader = Reader(consumer, topic.name, partition, start)
            try:
                new = _records(_read_on(reader, end), read)
            finally:
                reader.close()
            _store(path, known, new)
            return Records(_load(path), end)


def _read_on(reader: Reader, end: int) -> Iterator[Message]:
    silent = 0
    while reader.next_offset < end:
        batch = reader.poll(BATCH_MESSAGES, POLL_SECONDS)
        silent = 0 if batch.messages else silent + 1
        if silent > SILENT_POLLS_MAX:
            raise TimeoutError(
                f"{reader.topic}/{reader.partition} gives nothing at {reader.next_offset} of {end}"
            )
        yield from batch.messages


def _records(messages: Iterable[Message], read: Reading) -> NDArray[np.void]:
    offsets, positions, ids, kinds = list[int](), list[int](), list[bytes](), bytearray()
    for message in messages:
        offset, position, identifier, kind = read(message)
        offsets.append(offset)
        positions.append(position)
        ids.append(identifier)
        kinds.append(kind)
    rows = np.empty(len(offsets), RECORD)
    rows["offset"], rows["position"] = offsets, positions
    rows["id"] = np.frombuffer(b"".join(ids), ">u8").reshape(-1, 2)
    rows["kind"] = np.frombuffer(kinds, np.uint8)
    return rows


def _next_offset(rows: NDArray[np.void]) -> int:
    return int(rows["offset"][-1]) + 1 if len(rows) else 0


def _load(path: Path) -> NDArray[np.void]:
    # A crash may have left a part of a record behind the last whole one.
    count = path.stat().st_size // RECORD.itemsize
    return np.memmap(path, RECORD, "r", shape=count) if count else np.empty(0, RECORD)


def _store(path: Path, known: NDArray[np.void], new: NDArray[np.void]) -> None:
    with path.open("r+b") as file:
        file.truncate(len(known) * RECORD.itemsize)
        file.seek(0, SEEK_END)
        file.write(new.tobytes())


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    path.touch(mode=0o600)
    with path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
