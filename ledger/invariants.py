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
from runtime.roles import Role

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
    events.SIDES_ARE_RIGHT,
    events.BOOKED_WHOLE,
    bounds.BOUNDS_KEPT,
    bounds.BOUNDS_KNOWN,
    books.NOTHING_CHANGES,
    books.RIGHTS_ARE_LEAST,
    balances.AMOUNTS_ARE_POSITIVE,
    balances.AMOUNTS_FIT,
    events.GIVEN_BACK_ONCE,
    books.TOTALS_COUNT,
    books.WATERMARK_IS_HIGHEST,
)

# A check reads whole tables: by index it would jump through them, and take five times as long.
_WHOLE_TABLES = "SET LOCAL enable_indexscan = off; SET LOCAL enable_indexonlyscan = off"
# What only grows: the tables of the journal with all their months.
_JOURNAL = """
SELECT set_config('ledger.journal', array_agg(oid::regclass)::text, true) FROM pg_class
WHERE relnamespace = 'ledger'::regnamespace AND relkind IN ('r', 'p') AND relname ~
    '^(outcomes|transfers.*|holds|resolutions|corrections|conflicts|bounds_history|audit_records)$'
"""
_GIVEN = """
SELECT set_config('ledger.decisions', %s, true),
       set_config('ledger.processes', %s::text[]::text, true)
"""
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
    connection.execute(_JOURNAL)
    connection.execute(_GIVEN, [decisions.name, [role.value for role in Role]])
    for invariant in INVARIANTS:
        query = _FIND.format(sql.SQL(invariant.query), OFFENDERS_MAX)
        rows = connection.execute(query).fetchall()
        count = rows[0][0] if rows else 0
        yield Finding(invariant, count, tuple(offender for _, offender in rows))
