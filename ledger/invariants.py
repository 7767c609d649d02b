"""The check of the books: what must always be true of them, as SQL that finds every exception.

All checks of a run see the books at one instant, whatever the writer does meanwhile.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from psycopg import sql

from data_contracts.topics import DECISIONS, Topic
from ledger.claims import balances, books, bounds, events
from ledger.claims.claim import Invariant
from runtime.postgres import Connection

OFFENDERS_MAX = 10


@dataclass(frozen=True, slots=True)
class Finding:
    """How many offend against an invariant, and the first `OFFENDERS_MAX` of them."""

    invariant: Invariant
    count: int
    offenders: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Nobody offends."""
        return self.count == 0


INVARIANTS = (
    balances.SUM_IS_NOUGHT,
    balances.TWO_SIDES,
    balances.BALANCE_IS_SUM,
    balances.HELD_IS_SUM,
    balances.VERSIONS_RUN,
    balances.AFTERS_CHAIN,
    events.BOOKED_ONCE,
    events.CONFLICTS_APART,
    events.OUTCOMES_KEPT,
    events.HOLDS_END_ONCE,
    events.BOOKED_WHOLE,
    bounds.BOUNDS_KEPT,
    bounds.BOUNDS_KNOWN,
    books.NOTHING_CHANGES,
    balances.AMOUNTS_ARE_POSITIVE,
    balances.AMOUNTS_FIT,
    events.GIVEN_BACK_ONCE,
    books.TOTALS_COUNT,
    books.WATERMARK_IS_HIGHEST,
)

# A check reads whole tables: by index it would jump through them, and take five times as long.
_WHOLE_TABLES = "SET LOCAL enable_indexscan = off; SET LOCAL enable_indexonlyscan = off"
_FIND = sql.SQL(
    "SELECT count(*) OVER (), offender FROM ({}) o (offender) ORDER BY offender LIMIT {}"
)


def check(connection: Connection, decisions: Topic = DECISIONS) -> Iterator[Finding]:
    """Run every check on the books as they stand now; give a generous `statement_seconds`."""
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield from findings(connection, decisions)


def findings(connection: Connection, decisions: Topic = DECISIONS) -> Iterator[Finding]:
    """Run every check within a transaction that the caller holds open."""
    connection.execute(_WHOLE_TABLES)
    connection.execute("SELECT set_config('ledger.decisions', %s, true)", [decisions.name])
    for invariant in INVARIANTS:
        query = _FIND.format(sql.SQL(invariant.query), OFFENDERS_MAX)
        rows = connection.execute(query).fetchall()
        count = rows[0][0] if rows else 0
        yield Finding(invariant, count, tuple(offender for _, offender in rows))
