"""Tables whose every row was noted as it was: each row has its record, and each record its row."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from psycopg import sql

from runtime.audit.chain import Fault
from runtime.audit.ports import LAST
from runtime.postgres import Connection

# Columns that a table has got since a record was made are not compared. A body that nobody can
# read has no key: the chain says what is wrong with its record.
_COMPARED = """
WITH told AS (
    SELECT seq, CASE WHEN pg_input_is_valid(body, 'jsonb') THEN body::jsonb ELSE '{{}}' END AS body
    FROM (
        SELECT seq, body FROM ledger.audit_records
        WHERE source = {room} AND kind = ANY({kinds}) AND seq BETWEEN {first} AND {last}
        UNION ALL
        SELECT null, body FROM {notes} WHERE kind = ANY({kinds}) AND {is_whole}
    ) AS told
), records AS (
    SELECT seq, body, jsonb_build_array({told_keys}) AS key FROM told
), rows AS (
    SELECT to_jsonb(t) AS row, jsonb_build_array({row_keys}) AS key FROM {table} t
)
SELECT seq, key::text, row IS NOT NULL, body IS NOT NULL
FROM records FULL JOIN rows USING (key)
WHERE (row IS NULL OR body IS NULL OR body IS DISTINCT FROM
        (SELECT jsonb_object_agg(name, row -> name) FROM jsonb_object_keys(body) AS name))
    AND (body IS NOT NULL OR {is_whole})
ORDER BY seq
"""


@dataclass(frozen=True, slots=True)
class Noted:
    """A table of a room, the kinds of notes that its rows leave, and what tells them apart."""

    room: str
    table: str
    kinds: Sequence[str]
    keys: Sequence[str]

    def faults(self, connection: Connection, first: int = 1, last: int = LAST) -> Iterator[Fault]:
        """All that rows and records do not agree on; rows without a record only of the whole."""
        connection.execute("SET LOCAL timezone = 'UTC'")
        query = sql.SQL(_COMPARED).format(
            room=sql.Literal(self.room),
            kinds=sql.Literal(list(self.kinds)),
            first=sql.Literal(first),
            last=sql.Literal(last),
            is_whole=sql.Literal((first, last) == (1, LAST)),
            notes=sql.Identifier(self.room, "audit_notes"),
            table=sql.Identifier(self.room, self.table),
            told_keys=self._keys("body"),
            row_keys=self._keys("to_jsonb(t)"),
        )
        for seq, key, has_row, has_record in connection.execute(query):
            yield Fault(seq, self._said(key, has_row=has_row, has_record=has_record))

    def _keys(self, of: str) -> sql.Composed:
        parts = [sql.SQL("{} -> {}").format(sql.SQL(of), sql.Literal(key)) for key in self.keys]
        return sql.SQL(", ").join(parts)

    def _said(self, key: str, *, has_row: bool, has_record: bool) -> str:
        row = f"{self.room}.{self.table} {key}"
        if not has_record:
            return f"no record tells of {row}: forged, or its record is gone"
        if not has_row:
            return f"{row} is gone"
        return f"{row} is not what it was"
