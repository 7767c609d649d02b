"""Notes become records: numbered, linked by hash, and sealed with a key. Pure functions.

A record's hash is SHA-256 over its length-prefixed fields, the hash before it among them: whoever
has the records can check it without a secret. Its seal is an HMAC of that hash: whoever has only
the database cannot make another.
"""

import hmac
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from hashlib import sha256

import msgspec

VERSION = b"watchkeeper-audit-1"
HASH_BYTES = 32


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened, written in the database transaction in which it did."""

    source: str
    kind: str
    actor: str
    noted_at: datetime
    body: str


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """A note in its place of the chain."""

    seq: int
    note: Note
    sealed_at: datetime
    previous: bytes
    hash: bytes
    seal: bytes


class Link(msgspec.Struct, frozen=True):
    """Where a chain ends: how many records it has, and the hash of the last."""

    count: int = 0
    hash: bytes = bytes(HASH_BYTES)


class Fault(msgspec.Struct, frozen=True):
    """What is wrong with a record; without a number: with something that no record tells of."""

    seq: int | None
    what: str


def instant(value: datetime) -> str:
    """An instant as it is hashed: UTC, in microseconds."""
    return value.astimezone(UTC).isoformat(timespec="microseconds")


def hash_of(seq: int, note: Note, sealed_at: datetime, previous: bytes) -> bytes:
    """SHA-256 over every field, each behind its length in four bytes."""
    texts = (
        str(seq),
        note.source,
        note.kind,
        note.actor,
        instant(note.noted_at),
        note.body,
        instant(sealed_at),
    )
    digest = sha256(VERSION)
    for field in (*(text.encode() for text in texts), previous):
        digest.update(len(field).to_bytes(4, "big"))
        digest.update(field)
    return digest.digest()


def seal_of(key: bytes, record_hash: bytes) -> bytes:
    """HMAC-SHA-256 of a record's hash."""
    return hmac.digest(key, record_hash, "sha256")


def chained(notes: Iterable[Note], end: Link, sealed_at: datetime, key: bytes) -> Sequence[Record]:
    """The records that follow the end of a chain, one for each note, in their order."""
    records = []
    for note in notes:
        seq = end.count + 1
        record_hash = hash_of(seq, note, sealed_at, end.hash)
        records.append(
            Record(
                seq=seq,
                note=note,
                sealed_at=sealed_at,
                previous=end.hash,
                hash=record_hash,
                seal=seal_of(key, record_hash),
            )
        )
        end = Link(seq, record_hash)
    return records


def faults(
    records: Iterable[Record],
    key: bytes,
    before: Link = Link(),  # noqa: B008  (it is frozen)
    until: int = 0,
) -> Iterator[Fault]:
    """All that is wrong with records that should follow a link; of each record the first thing.

    `until` is the number of the last that should be there.
    """
    for record in records:
        what = _first_fault(record, key, before)
        if what:
            yield Fault(record.seq, what)
        before = Link(record.seq, record.hash)
    if before.count < until:
        first = before.count + 1
        many = f"{_missing(first, until + 1)}: they were asked for"
        yield Fault(first, many if first < until else "it was asked for, and is missing")


def _first_fault(record: Record, key: bytes, before: Link) -> str | None:
    if record.seq <= before.count:
        return "it stands out of its order"
    if record.seq != before.count + 1:
        return f"it should follow {record.seq - 1}, but {_missing(before.count + 1, record.seq)}"
    if record.hash != hash_of(record.seq, record.note, record.sealed_at, record.previous):
        return "its content is not what was sealed: the hash differs"
    if record.previous != before.hash:
        return f"it does not follow record {before.count}: that had another hash when it was sealed"
    if not hmac.compare_digest(record.seal, seal_of(key, record.hash)):
        return "its seal was not made with this stack's key: somebody else wrote it"
    return None


def _missing(first: int, until: int) -> str:
    last = until - 1
    return f"record {first} is missing" if first == last else f"{first} to {last} are missing"
