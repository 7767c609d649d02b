"""Each row of the books is vouched for by a record of the audit chain, and each record by rows."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import LiteralString

import msgspec
from psycopg import sql

from ledger.audit_rows import (
    ENDS,
    TABLES,
    Line,
    Span,
    Table,
    batch_of,
    compare,
    digest,
    ended_fault,
    events_literal,
    line_of,
    span_of,
)
from ledger.doubts import Doubting, doubts, ended_doubts, nobody, told
from ledger.witness import BEGINNING, POSTINGS
from ledger.witness import ENDS as OF_ENDS
from runtime.audit.chain import Fault
from runtime.audit.ports import LAST
from runtime.audit.store import FETCH
from runtime.postgres import Connection, connect

NAME = "watchkeeper-audit"
NAMED_MAX = 20  # Faults whose rows are looked for: what is wholly spoilt is not worth it.
SECONDS_MAX = 24 * 3600
TICK_ROWS = 5_000

# Whatever stands in a body, reading it must not fail: the chain says what is wrong with it.
_TOLD = """
SELECT seq, body FROM (
    SELECT seq, kind, body, CASE WHEN pg_input_is_valid(body, 'jsonb') THEN body::jsonb END AS said
    FROM (
        SELECT seq, kind, body FROM ledger.audit_records
        WHERE seq BETWEEN %(first)s AND %(last)s AND source = 'ledger'
        UNION ALL
        SELECT null, kind, body FROM ledger.audit_notes WHERE %(last)s = 9223372036854775807
    ) AS told
) AS told
WHERE kind = ANY(%(kinds)s)
"""
_IN_ORDER = _TOLD + "ORDER BY said -> 'cell', said -> 'first', said -> 'last'"
_BODY = "SELECT body FROM ledger.audit_records WHERE seq = %s"
_STRAY_ENDS = """
WITH ended AS MATERIALIZED (
    SELECT CASE WHEN pg_input_is_valid(event, 'uuid') THEN event::uuid END AS event_id
    FROM (SELECT body FROM ledger.audit_records WHERE source = 'ledger' AND kind = ANY(%(kinds)s)
          UNION ALL SELECT body FROM ledger.audit_notes WHERE kind = ANY(%(kinds)s)) AS told,
        jsonb_array_elements_text(CASE WHEN pg_input_is_valid(body, 'jsonb')
            THEN coalesce(body::jsonb -> 'ended', '[]') ELSE '[]' END) AS event
)
SELECT 'resolutions', event_id FROM ledger.resolutions r
WHERE NOT EXISTS (SELECT FROM ended WHERE ended.event_id = r.event_id)
UNION ALL
SELECT 'transfers', event_id FROM ledger.transfers t
WHERE kind = 'resolution' AND NOT EXISTS (
    SELECT FROM ledger.resolutions r WHERE r.event_id = t.event_id AND r.kind = 'post')
"""


class Begun(msgspec.Struct, frozen=True):
    """The body of a beginning: up to where each cell was booked before there was a chain."""

    until: dict[int, int] = {}


@dataclass(frozen=True, slots=True)
class Books:
    """Two connections that see the same instant: one reads what was told, the other the rows."""

    told: Connection
    rows: Connection
    first: int = 1
    last: int = LAST
    tick: Callable[[int], None] = lambda _rows: None
    others: Doubting = nobody

    @property
    def is_whole(self) -> bool:
        """Whether every record is looked at; only then a row can be found to have none."""
        return (self.first, self.last) == (1, LAST)

    def faults(self) -> Iterator[Fault]:
        """All that rows and records do not agree on."""
        since = self._since()
        for name, table in TABLES.items():
            # The rows are read to their end before anything else is asked on their connection.
            found = list(compare(name, self._spans(), self._lines(table), since))
            for number, fault in enumerate(found):
                if fault.seq is not None:
                    yield self._named(name, fault) if number < NAMED_MAX else fault
                elif self.is_whole:
                    yield fault
        yield from self._ends()
        if self.is_whole:
            yield from self._stray_ends()

    def _named(self, table: str, fault: Fault) -> Fault:
        """The same with the very rows, where the rest of the books or the archive tell them."""
        body = self.rows.execute(_BODY, [fault.seq]).fetchone()
        span = span_of(fault.seq, body[0]) if body else None
        if span is None:
            return fault
        where = (table, span.cell, span.first, span.last)
        found = [*doubts(self.rows, *where), *self.others(self.rows, *where)]
        return Fault(fault.seq, fault.what + told(found))

    def _asked(self, *kinds: str) -> Mapping[str, object]:
        return {"first": self.first, "last": self.last, "kinds": list(kinds)}

    def _since(self) -> dict[int, int]:
        given = {"first": 1, "last": LAST, "kinds": [BEGINNING]}
        since: dict[int, int] = {}
        for _, body in self.told.execute(_TOLD, given):
            for cell, position in _begun(body).until.items():
                since[cell] = max(since.get(cell, -1), position)
        return since

    def _spans(self) -> Iterator[Span]:
        for seq, body in self._streamed(_IN_ORDER, self._asked(POSTINGS)):
            span = span_of(seq, body)
            if span is not None:
                yield span

    def _streamed(
        self, query: LiteralString, given: Mapping[str, object]
    ) -> Iterator[tuple[int | None, str]]:
        with self.told.cursor("audit_told") as cursor:
            cursor.itersize = FETCH
            yield from cursor.execute(query, given)

    def _lines(self, table: Table) -> Iterator[Line]:
        query = table.query(self._where())
        with self.rows.cursor() as cursor, cursor.copy(query) as copy:
            number = 0
            for number, raw in enumerate(copy, 1):
                yield line_of(table, raw)
                if number % TICK_ROWS == 0:
                    self.tick(TICK_ROWS)
        self.tick(number % TICK_ROWS)

    def _where(self) -> sql.Composable:
        """All rows, or those between the outermost positions of each cell that was asked for."""
        if self.is_whole:
            return sql.SQL("true")
        ranges: dict[int, tuple[int, int]] = {}
        for span in self._spans():
            first, last = ranges.get(span.cell, (span.first, span.last))
            ranges[span.cell] = min(first, span.first), max(last, span.last)
        within = [
            sql.SQL("(cell = {} AND position BETWEEN {} AND {})").format(cell, *outermost)
            for cell, outermost in ranges.items()
        ]
        return sql.SQL(" OR ").join(within) if within else sql.SQL("false")

    def _ends(self) -> Iterator[Fault]:
        for seq, body in self._streamed(_TOLD, self._asked(POSTINGS, OF_ENDS)):
            batch = batch_of(body)
            if batch is None or not batch.ended:
                continue
            tables = ENDS if batch.first is None else {"resolutions": ENDS["resolutions"]}
            for name, table in tables.items():
                found = digest(self._ended(table, batch.ended))
                fault = ended_fault(seq, name, batch.rows.get(name), found)
                if fault:
                    doubted = ended_doubts(self.rows, name, batch.ended)
                    yield Fault(seq, fault.what + told(doubted))

    def _ended(self, table: Table, events: tuple[str, ...]) -> Iterator[Line]:
        query = table.query(sql.SQL("true"), events_literal(events))
        with self.rows.cursor() as cursor, cursor.copy(query) as copy:
            for raw in copy:
                yield line_of(table, raw)

    def _stray_ends(self) -> Iterator[Fault]:
        given = {"kinds": [POSTINGS, OF_ENDS, BEGINNING]}
        for table, event in self.rows.execute(_STRAY_ENDS, given):
            yield Fault(None, f"no record tells of ledger.{table} of event {event}: forged")


def _begun(body: str) -> Begun:
    try:
        return msgspec.json.decode(body, type=Begun)
    except msgspec.DecodeError:
        return Begun()


@contextmanager
def opened(
    dsn: str,
    first: int = 1,
    last: int = LAST,
    tick: Callable[[int], None] = lambda _rows: None,
    others: Doubting = nobody,
) -> Iterator[Books]:
    """The books of one instant, however long it takes to look at them."""
    begin = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
    settings = {"statement_seconds": SECONDS_MAX, "idle_in_transaction_session_timeout": "0"}
    with (
        connect(dsn, NAME, **settings) as telling,
        connect(dsn, NAME, **settings) as rows,
        telling.transaction(),
        rows.transaction(),
    ):
        telling.execute(begin)
        row = telling.execute("SELECT pg_export_snapshot()").fetchone()
        assert row is not None
        rows.execute(begin)
        rows.execute(sql.SQL("SET TRANSACTION SNAPSHOT {}").format(row[0]))
        yield Books(telling, rows, first, last, tick, others)
