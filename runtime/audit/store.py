"""The chain in Postgres: notes wait in a table of each room, the sealer moves them into the chain.

One transaction takes notes away and adds their records, under a lock: killed anywhere, it has
happened or not, and two sealers take turns.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg import sql

from runtime.audit.chain import Link, Note, Record, chained
from runtime.audit.ports import LAST, NOTES_MAX, SOURCES
from runtime.postgres import Connection

# Any constant will do: whoever holds it is the one that seals in this database.
_LOCK = 0x57_4B_5F_41_55
_TAKE = """
DELETE FROM {}.audit_notes
WHERE number = ANY(ARRAY(SELECT number FROM {}.audit_notes ORDER BY number LIMIT %s))
RETURNING number, kind, actor, noted_at, body
"""
_END = "SELECT seq, hash FROM ledger.audit_records ORDER BY seq DESC LIMIT 1"
_ADD = """
COPY ledger.audit_records (seq, source, kind, actor, noted_at, body, sealed_at, previous, hash,
    seal) FROM STDIN
"""
_READ = """
SELECT seq, source, kind, actor, noted_at, body, sealed_at, previous, hash, seal
FROM ledger.audit_records WHERE seq BETWEEN %(first)s AND %(last)s ORDER BY seq
"""
NOTE = """
INSERT INTO ledger.audit_notes (kind, actor, body) VALUES (%(kind)s, %(actor)s, %(body)s)
"""
FETCH = 2_000


@dataclass(frozen=True, slots=True)
class Store:
    """Seals what waits, and reads the chain."""

    connection: Connection
    sources: Sequence[str] = SOURCES

    def seal(self, key: bytes, now: Callable[[], datetime]) -> Sequence[Record]:
        """Move notes that wait into the chain, at most `NOTES_MAX` of each room."""
        with self.connection.transaction():
            self.connection.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
            notes = [note for source in self.sources for note in self._take(source)]
            if not notes:
                return ()
            notes.sort(key=lambda note: note.noted_at)
            records = chained(notes, self.end(), now(), key)
            with self.connection.cursor() as cursor, cursor.copy(_ADD) as copy:
                for record in records:
                    copy.write_row(_row(record))
        return records

    def _take(self, source: str) -> list[Note]:
        room = sql.Identifier(source)
        rows = self.connection.execute(sql.SQL(_TAKE).format(room, room), [NOTES_MAX])
        return [
            Note(source=source, kind=kind, actor=actor, noted_at=noted_at, body=body)
            for _, kind, actor, noted_at, body in sorted(rows.fetchall())
        ]

    def end(self) -> Link:
        """Where the chain ends."""
        row = self.connection.execute(_END).fetchone()
        return Link(row[0], bytes(row[1])) if row else Link()

    def link(self, count: int) -> Link:
        """The end of the chain as it was with so many records; that record may be gone."""
        query = "SELECT seq, hash FROM ledger.audit_records WHERE seq = %s"
        row = self.connection.execute(query, [count]).fetchone()
        return Link(row[0], bytes(row[1])) if row else Link(count)

    def unsealed(self) -> int:
        """How many notes wait."""
        return sum(self._waiting(source) for source in self.sources)

    def _waiting(self, source: str) -> int:
        query = sql.SQL("SELECT count(*) FROM {}.audit_notes").format(sql.Identifier(source))
        row = self.connection.execute(query).fetchone()
        assert row is not None
        return int(row[0])

    def records(self, first: int = 1, last: int = LAST) -> Iterator[Record]:
        """The records from one number to another, streamed; inside a transaction."""
        with self.connection.cursor("audit_records") as cursor:
            cursor.itersize = FETCH
            cursor.execute(_READ, {"first": first, "last": last})
            for seq, source, kind, actor, noted_at, body, sealed_at, *links in cursor:
                note = Note(source=source, kind=kind, actor=actor, noted_at=noted_at, body=body)
                previous, record_hash, seal = map(bytes, links)
                yield Record(
                    seq=seq,
                    note=note,
                    sealed_at=sealed_at,
                    previous=previous,
                    hash=record_hash,
                    seal=seal,
                )


def _row(record: Record) -> tuple[object, ...]:
    note = record.note
    who = (record.seq, note.source, note.kind, note.actor, note.noted_at, note.body)
    return (*who, record.sealed_at, record.previous, record.hash, record.seal)
