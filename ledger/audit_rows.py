"""The books laid beside the audit chain: each table's lines are made again and their hash compared.

Everything is streamed: a span of positions at a time, whatever the books hold.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, NamedTuple

import msgspec
from psycopg import sql

from data_contracts.codec import encode
from data_contracts.decision import ListHit, RuleHit
from data_contracts.transaction import Transaction
from ledger.witness import Batch, Rows
from runtime.audit.chain import Fault

_CONTROL = re.compile(rb"[\x00-\x1f]")
_ESCAPES = {b"\b": rb"\b", b"\f": rb"\f", b"\n": rb"\n", b"\r": rb"\r", b"\t": rb"\t"}
_PLAIN_OUTCOME = b',"[]",null,'

Tick = Callable[[int], None]


class Span(NamedTuple):
    """What a record, or without a number a note that waits, says of positions of a cell."""

    seq: int | None
    cell: int
    first: int
    last: int
    rows: Mapping[str, Rows]


class Line(NamedTuple):
    """One row as it was sent to its table, and where it stands."""

    cell: int
    position: int
    line: bytes


@dataclass(frozen=True, slots=True)
class Table:
    """How the lines of a table are made again: its columns in order, those in JSON by number."""

    at: str
    columns: tuple[str, ...]
    origin: str
    json: Mapping[int, Any] = field(default_factory=dict)

    def query(self, where: sql.Composable, *given: sql.Composable) -> sql.Composed:
        """COPY of cell, position and line of every row, in order; `given` goes into the origin."""
        query = (
            "COPY (SELECT {}, {} FROM {} WHERE {} ORDER BY 1, 2) TO STDOUT "
            r"(FORMAT csv, ESCAPE '\', NULL 'null', FORCE_QUOTE ({}))"
        )
        return sql.SQL(query).format(
            sql.SQL(self.at),
            sql.SQL(", ".join(map(_column, self.columns))),
            sql.SQL(self.origin).format(*given),
            where,
            sql.SQL(", ".join(name for name in self.columns if name not in _NUMBERS)),
        )

    def again(self, line: bytes) -> bytes:
        """The line as we wrote it, from CSV: JSON, and JSON within in our form."""
        made = b"[" + _CONTROL.sub(_escaped, line[:-1]) + b"]\n"
        if not self.json or _PLAIN_OUTCOME in made:
            return made
        values = msgspec.json.decode(made)
        for number, kind in self.json.items():
            if values[number] is not None:
                values[number] = encode(msgspec.json.decode(values[number], type=kind)).decode()
        return encode(values) + b"\n"


def _escaped(found: re.Match[bytes]) -> bytes:
    control = found[0]
    return _ESCAPES.get(control) or b"\\u%04x" % ord(control)


def _hex(column: str) -> str:
    return f"encode(uuid_send({column}), 'hex')"


def _instant(column: str) -> str:
    whole = 'YYYY-MM-DD"T"HH24:MI:SS'
    return (
        f"CASE WHEN {column} = date_trunc('second', {column}) "
        f"THEN to_char({column}, '{whole}\"Z\"') ELSE to_char({column}, '{whole}.US\"Z\"') END"
    )


def _column(name: str) -> str:
    """As it is, but ids and instants in our form."""
    column = f"t.{name}"
    if name in {"event_id", "hold_id", "original_event_id"}:
        return f"{_hex(column)} AS {name}"
    return f"{_instant(column)} AS {name}" if name.endswith("_at") else column


_MOVED = (
    *("event_id", "cell", "position", "debit_account", "credit_account"),
    *("amount_minor", "currency"),
)
_TRANSFER = (
    *_MOVED,
    *("leg", "kind", "debit_after", "debit_version", "credit_after", "credit_version"),
    *("occurred_at", "booked_at"),
)
_OUTCOME = (
    *("event_id", "tenant", "transaction_id", "account_id", "type", "direction", "amount_minor"),
    *("currency", "cell", "position", "verdict", "score", "rule_set", "hits", "list_hit", "status"),
    *("reason_code", "payload_hash", "occurred_at", "received_at", "decided_at", "booked_at"),
)
_RESOLUTION = (
    *("event_id", "resolution_id", "kind", "reason", "resolved_by", "resolved_at", "booked_at"),
)
_CORRECTION = (*("event_id", "original_event_id", "type", "effect", "amount_minor", "booked_at"),)
_CONFLICT = (
    *("cell", "position", "event_id", "booked_hash", "refused_hash"),
    *("refused_transaction", "found_at"),
)
_NUMBERS = frozenset(
    {"cell", "position", "debit_account", "credit_account", "amount_minor", "score", "leg"}
    | {"debit_after", "debit_version", "credit_after", "credit_version"}
)
_AT = "t.cell, t.position"
TABLES = {
    "outcomes": Table(
        _AT, _OUTCOME, "ledger.outcomes t", {13: tuple[RuleHit, ...], 14: ListHit | None}
    ),
    "transfers": Table(_AT, _TRANSFER, "(SELECT * FROM ledger.transfers WHERE kind = 'posting') t"),
    "holds": Table(_AT, (*_MOVED, "hold_id", "occurred_at", "booked_at"), "ledger.holds t"),
    "corrections": Table(
        "o.cell, o.position",
        _CORRECTION,
        "ledger.corrections t JOIN ledger.outcomes o USING (event_id)",
    ),
    "conflicts": Table(_AT, _CONFLICT, "ledger.conflicts t", {5: Transaction}),
}
_ENDED = "unnest({}::uuid[]) WITH ORDINALITY AS e (event_id, number)"
ENDS = {
    "resolutions": Table(
        "0, e.number", _RESOLUTION, f"{_ENDED} JOIN ledger.resolutions t USING (event_id)"
    ),
    "transfers": Table(
        "0, e.number",
        _TRANSFER,
        f"{_ENDED} JOIN ledger.holds h USING (event_id) JOIN ledger.transfers t "
        "ON (t.cell, t.position) = (h.cell, h.position) AND t.kind = 'resolution'",
    ),
}


def digest(lines: Iterable[Line]) -> Rows:
    """What a witness would have said of these lines."""
    count, found = 0, sha256()
    for line in lines:
        count += 1
        found.update(line.line)
    return Rows(count, found.hexdigest())


NONE = digest(())


def compare(
    table: str, spans: Iterable[Span], lines: Iterator[Line], since: Mapping[int, int]
) -> Iterator[Fault]:
    """Lay lines beside spans, both in order of cell and position.

    Lines up to `since` are older than the chain. Without a number: a fault that is no record's.
    """
    upcoming = _Upcoming(lines, since)
    for span in spans:
        stray = upcoming.before((span.cell, span.first))
        yield from _strays(table, stray)
        found = digest(upcoming.take((span.cell, span.last)))
        told = span.rows.get(table, NONE)
        if found != told:
            yield Fault(span.seq, _difference(table, span, told, found))
    yield from _strays(table, upcoming.before(None))


class _Upcoming:
    """Lines that can be looked at before they are taken."""

    def __init__(self, lines: Iterator[Line], since: Mapping[int, int]) -> None:
        self.lines = (line for line in lines if line.position > since.get(line.cell, -1))
        self.next = next(self.lines, None)

    def take(self, until: tuple[int, int]) -> Iterator[Line]:
        while self.next is not None and self.next[:2] <= until:
            yield self.next
            self.next = next(self.lines, None)

    def before(self, begin: tuple[int, int] | None) -> Iterator[Line]:
        while self.next is not None and (begin is None or self.next[:2] < begin):
            yield self.next
            self.next = next(self.lines, None)


def _strays(table: str, lines: Iterator[Line]) -> Iterator[Fault]:
    first = next(lines, None)
    if first is not None:
        count = 1 + sum(1 for _ in lines)
        where = f"position {first.position} of cell {first.cell}"
        rows = f"a row of ledger.{table}" if count == 1 else f"{count} rows of ledger.{table}"
        yield Fault(None, f"no record tells of {rows} at {where}: forged, or its record is gone")


def _difference(table: str, span: Span, told: Rows, found: Rows) -> str:
    where = f"positions {span.first} to {span.last} of cell {span.cell}"
    return _said(f"ledger.{table}, {where}", told, found)


def _said(where: str, told: Rows, found: Rows) -> str:
    if told.count != found.count:
        return f"{where}: {told.count} rows were booked, {found.count} stand there"
    return f"{where}: what stands there is not what was booked"


def ended_fault(seq: int | None, table: str, told: Rows | None, found: Rows) -> Fault | None:
    """What is wrong with the ends of holds that a record tells of."""
    if (told or NONE) == found:
        return None
    return Fault(seq, _said(f"ledger.{table} of the holds that it ended", told or NONE, found))


def span_of(seq: int | None, body: str) -> Span | None:
    """What a record says; None where it says nothing that could be read."""
    batch = batch_of(body)
    if batch is None or batch.first is None or batch.last is None:
        return None
    return Span(seq, batch.cell, batch.first, batch.last, batch.rows)


def batch_of(body: str) -> Batch | None:
    """The body of a record of a batch; None where somebody made it unreadable."""
    try:
        return msgspec.json.decode(body, type=Batch)
    except msgspec.DecodeError:
        return None


def line_of(table: Table, raw: bytes | bytearray | memoryview) -> Line:
    """A line of COPY behind its cell and position."""
    cell, position, line = bytes(raw).split(b",", 2)
    return Line(int(cell), int(position), table.again(line))


def events_literal(events: Sequence[str]) -> sql.Literal:
    """Ids in hexadecimal as an array for SQL."""
    return sql.Literal("{" + ",".join(events) + "}")
