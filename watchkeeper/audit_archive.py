"""Which row of the books is not what was booked: the archive has every decision a second time."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from psycopg import sql

from analytics.replay.stored import COLUMNS, decisions_of
from data_contracts.decision import Decision
from ledger.arrivals import payload_hash
from ledger.doubts import Doubt
from runtime.archive_rows import ArchivedRows
from runtime.postgres import Connection

TEXT_MAX = 64
FIELDS: Mapping[str, tuple[str, ...]] = {
    "outcomes": (
        *("tenant", "transaction_id", "account_id", "type", "direction", "amount_minor"),
        *("currency", "verdict", "score", "rule_set", "hits", "list_hit", "payload_hash"),
        *("occurred_at", "received_at"),
    ),
    "transfers": ("amount_minor", "currency", "occurred_at"),
    "holds": ("amount_minor", "currency", "occurred_at"),
}
_ROWS = "SELECT position, {} FROM {} WHERE {} AND cell = %s AND position BETWEEN %s AND %s"


@dataclass(frozen=True, slots=True)
class Archived:
    """Doubts what is not as the archive has it; of what is not archived yet it knows nothing."""

    folder: Path

    def __call__(
        self, rows: Connection, table: str, cell: int, first: int, last: int
    ) -> Sequence[Doubt]:
        """The rows of a table, from one position to another, that the archive contradicts."""
        archive, names = ArchivedRows.open(self.folder), FIELDS.get(table)
        mark = archive.mark(cell) if archive else None
        if archive is None or mark is None or names is None:
            return ()
        last = min(last, mark.position)
        found = archive.between(cell, first, last, (*COLUMNS, "duplicate_of"))
        is_first = found.column("duplicate_of").is_null()
        decisions = {
            each.position: each
            for each in decisions_of(found.filter(is_first))
            if isinstance(each, Decision)
        }
        booked = _booked(rows, table, names, (cell, first, last))
        return [*_differences(names, booked, decisions), *_missing(table, booked, decisions)]


def _booked(
    rows: Connection, table: str, names: Sequence[str], span: tuple[int, int, int]
) -> dict[int, Sequence[Any]]:
    query = sql.SQL(_ROWS).format(
        sql.SQL(", ").join(map(sql.Identifier, names)),
        sql.Identifier("ledger", table),
        sql.SQL("kind = 'posting'" if table == "transfers" else "true"),
    )
    return {position: values for position, *values in rows.execute(query, span)}


def _differences(
    names: Sequence[str], booked: Mapping[int, Sequence[Any]], decisions: Mapping[int, Decision]
) -> Iterator[Doubt]:
    for position, values in booked.items():
        decision = decisions.get(position)
        if decision is None:
            yield Doubt(position, "the archive has no such decision")
            continue
        for name, value in zip(names, values, strict=True):
            archived = _value(decision, name)
            if value != archived:
                yield Doubt(
                    position, f"{name} is {_text(value)}, the archive has {_text(archived)}"
                )


def _missing(
    table: str, booked: Mapping[int, object], decisions: Mapping[int, Decision]
) -> Iterator[Doubt]:
    if table == "outcomes":
        for position in decisions.keys() - booked.keys():
            yield Doubt(position, "it is gone, the archive has its decision")


def _value(decision: Decision, name: str) -> Any:  # noqa: ANN401  (of any field)
    if name == "payload_hash":
        return payload_hash(decision.transaction)
    has = decision if name in Decision.__struct_fields__ else decision.transaction
    value = msgspec.to_builtins(getattr(has, name), builtin_types=(datetime,))
    return list(value) if isinstance(value, tuple) else value


def _text(value: object) -> str:
    text = value.hex() if isinstance(value, bytes) else str(value)
    return text if len(text) <= TEXT_MAX else f"{text[:TEXT_MAX]}…"
