"""What must always be true of the books, as SQL that finds every exception.

All checks of a run see the books at one instant, whatever the writer does meanwhile. Each query
gives one row per offender: a text that says who and how.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import LiteralString

from psycopg import sql

from data_contracts.topics import DECISIONS, Topic
from runtime.postgres import Connection

OFFENDERS_MAX = 10


@dataclass(frozen=True, slots=True)
class Invariant:
    """A claim, and the query of its offenders; `number` is that of the design's list."""

    number: str
    claim: str
    query: LiteralString


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


SUM_IS_NOUGHT = Invariant(
    "I1",
    "The balances of a currency add up to nought",
    """
    SELECT format('%s %s: %s too much', tenant, b.currency, sum(posted))
    FROM ledger.balances b JOIN ledger.accounts USING (account_key)
    GROUP BY tenant, b.currency HAVING sum(posted) <> 0
    """,
)
TWO_SIDES = Invariant(
    "I2",
    "A transfer has two accounts of one tenant, and both have a balance in its currency",
    """
    SELECT format('%s at %s/%s', t.event_id, t.cell, t.position)
    FROM ledger.transfers t
    LEFT JOIN ledger.accounts debit ON debit.account_key = t.debit_account
    LEFT JOIN ledger.accounts credit ON credit.account_key = t.credit_account
    LEFT JOIN ledger.balances d
           ON (d.account_key, d.currency) = (t.debit_account, t.currency)
    LEFT JOIN ledger.balances c
           ON (c.account_key, c.currency) = (t.credit_account, t.currency)
    WHERE debit.tenant IS DISTINCT FROM credit.tenant OR d IS NULL OR c IS NULL
    """,
)
BALANCE_IS_SUM = Invariant(
    "I3",
    "A balance is what its transfers add up to",
    """
    SELECT format('account %s %s: balance %s, transfers %s', account_key, currency,
                  coalesce(b.posted, 0), coalesce(l.moved, 0))
    FROM ledger.balances b
    FULL JOIN (SELECT account_key, currency, sum(moved) AS moved FROM ledger.legs GROUP BY 1, 2) l
        USING (account_key, currency)
    WHERE coalesce(b.posted, 0) <> coalesce(l.moved, 0)
    """,
)
HELD_IS_SUM = Invariant(
    "I3b",
    "What is held is what the open holds add up to",
    """
    SELECT format('account %s %s: held %s, holds %s', account_key, currency,
                  coalesce(b.held, 0), coalesce(h.amount, 0))
    FROM ledger.balances b
    FULL JOIN (SELECT debit_account AS account_key, currency, sum(amount_minor) AS amount
               FROM ledger.holds WHERE event_id NOT IN (SELECT event_id FROM ledger.resolutions)
               GROUP BY 1, 2) h USING (account_key, currency)
    WHERE coalesce(b.held, 0) <> coalesce(h.amount, 0)
    """,
)
VERSIONS_RUN = Invariant(
    "I4",
    "The versions of an account run from 1 to that of its balance, each once",
    """
    SELECT format('account %s %s: version %s after %s transfers, %s to %s', account_key, currency,
                  coalesce(b.version, 0), coalesce(l.n, 0), l.lowest, l.highest)
    FROM ledger.balances b
    FULL JOIN (SELECT account_key, currency, count(*) AS n, count(DISTINCT version) AS different,
                      min(version) AS lowest, max(version) AS highest
               FROM ledger.legs GROUP BY 1, 2) l USING (account_key, currency)
    WHERE coalesce(b.version, 0) <> coalesce(l.n, 0)
       OR l.n <> l.different OR l.lowest <> 1 OR l.highest <> l.n
    """,
)
AFTERS_CHAIN = Invariant(
    "I5",
    "Each balance-after is the one before, moved by the transfer",
    """
    SELECT format('account %s %s version %s: %s', account_key, currency, version, event_id)
    FROM (SELECT *, lag(after, 1, 0::bigint) OVER (PARTITION BY account_key, currency
                                                   ORDER BY version) AS before
          FROM ledger.legs) l
    WHERE before + moved <> after
    """,
)
BOOKED_ONCE = Invariant(
    "I6",
    "An event, and a position of the log, moved money once",
    """
    SELECT format('%s: %s transfers', event_id, count(*))
    FROM ledger.transfers GROUP BY event_id, leg HAVING count(*) > 1
    UNION ALL
    SELECT format('position %s/%s: %s transfers', cell, position, count(*))
    FROM ledger.transfers GROUP BY cell, position, leg HAVING count(*) > 1
    """,
)
CONFLICTS_APART = Invariant(
    "I7",
    "What was refused as a conflict is not what was booked",
    """
    SELECT format('%s at %s/%s', c.event_id, c.cell, c.position)
    FROM ledger.conflicts c LEFT JOIN ledger.outcomes o USING (event_id)
    WHERE o.payload_hash IS DISTINCT FROM c.booked_hash OR o.payload_hash = c.refused_hash
    """,
)
OUTCOMES_KEPT = Invariant(
    "I8",
    "An outcome has the transfer, the hold or the release that its status says, and no other",
    """
    SELECT format('%s: %s, moved %s, held %s', event_id, coalesce(o.status, 'no outcome'),
                  t.amount_minor, h.amount_minor)
    FROM ledger.outcomes o
    FULL JOIN (SELECT * FROM ledger.transfers WHERE kind = 'posting') t USING (event_id)
    FULL JOIN ledger.holds h USING (event_id)
    LEFT JOIN (SELECT event_id, amount_minor AS freed FROM ledger.corrections
               WHERE effect = 'released') c USING (event_id)
    WHERE o.event_id IS NULL
       OR (o.status = 'posted') <> (t.event_id IS NOT NULL OR c.freed IS NOT NULL)
       OR (t.event_id IS NOT NULL AND c.freed IS NOT NULL)
       OR (o.status = 'held') <> (h.event_id IS NOT NULL)
       OR (o.cell, o.position, o.amount_minor, o.currency)
          IS DISTINCT FROM (coalesce(t.cell, h.cell, o.cell),
                            coalesce(t.position, h.position, o.position),
                            coalesce(t.amount_minor, h.amount_minor, o.amount_minor),
                            coalesce(t.currency, h.currency, o.currency))
    """,
)
HOLDS_END_ONCE = Invariant(
    "I8b",
    "A hold that was posted has its transfer, and no other hold has one",
    """
    SELECT format('%s: %s, moved %s of %s', event_id, coalesce(r.kind, 'open'), t.amount_minor,
                  h.amount_minor)
    FROM ledger.holds h
    LEFT JOIN ledger.resolutions r USING (event_id)
    FULL JOIN (SELECT * FROM ledger.transfers WHERE kind = 'resolution') t USING (event_id)
    WHERE (r.kind IS NOT DISTINCT FROM 'post') <> (t.event_id IS NOT NULL)
       OR (t.event_id IS NOT NULL AND
           (h.debit_account, h.credit_account, h.amount_minor, h.currency) IS DISTINCT FROM
           (t.debit_account, t.credit_account, t.amount_minor, t.currency))
    """,
)
BOOKED_WHOLE = Invariant(
    "I10",
    "All that a transaction did was booked at the moment of its outcome, never a part of it",
    """
    SELECT format('%s at %s/%s: outcome at %s, %s at %s', o.event_id, o.cell, o.position,
                  o.booked_at, effect.what, effect.booked_at)
    FROM ledger.outcomes o
    JOIN (SELECT 'transfer' AS what, event_id, booked_at FROM ledger.transfers
          WHERE kind = 'posting'
          UNION ALL SELECT 'hold', event_id, booked_at FROM ledger.holds
          UNION ALL SELECT 'correction', event_id, booked_at FROM ledger.corrections) effect
        USING (event_id)
    WHERE effect.booked_at <> o.booked_at
    UNION ALL
    SELECT format('%s: ended at %s, transfer at %s', event_id, r.booked_at, t.booked_at)
    FROM ledger.resolutions r
    JOIN (SELECT event_id, booked_at FROM ledger.transfers WHERE kind = 'resolution') t
        USING (event_id)
    WHERE t.booked_at <> r.booked_at
    """,
)
BOUNDS_KEPT = Invariant(
    "I11",
    "What an account with a bound paid or set aside, it had",
    """
    WITH bounded AS (
        SELECT account_key, currency, b.posted - b.held AS available, h.after IS NULL AS is_now,
               coalesce((h.balances -> currency ->> 'version')::bigint, 0) AS since,
               coalesce((h.after -> currency ->> 'version')::bigint,
                        CASE WHEN h.after IS NULL THEN b.version ELSE 0 END) AS until,
               least(0, (h.balances -> currency ->> 'available')::bigint) AS lowest,
               (h.after -> currency ->> 'available')::bigint AS left_with
        FROM (SELECT *, lead(balances) OVER (PARTITION BY account_key ORDER BY number) AS after
              FROM ledger.bounds_history) h
        JOIN ledger.balances b USING (account_key)
        WHERE NOT h.may_go_negative
    )
    SELECT format('account %s %s version %s: %s left by %s at %s/%s', account_key, currency,
                  debit_version, debit_after, event_id, cell, position)
    FROM ledger.transfers t
    JOIN bounded USING (currency)
    WHERE account_key = debit_account AND debit_version > since AND debit_version <= until
      -- What was set aside before the bound came is paid whatever is left.
      AND debit_after < CASE t.kind WHEN 'posting' THEN 0 ELSE lowest END
    UNION ALL
    SELECT format('account %s %s: %s available', account_key, currency, available)
    FROM bounded WHERE is_now AND available < lowest
    UNION ALL
    SELECT format('account %s %s version %s: %s available when the bound was taken away',
                  account_key, currency, until, left_with)
    FROM bounded WHERE left_with < lowest
    """,
)
BOUNDS_KNOWN = Invariant(
    "I11b",
    "Each change of a bound is kept: they take turns, and the last is what the registry says",
    """
    SELECT format('account %s: change %s', account_key, number)
    FROM (SELECT *, row_number() OVER (PARTITION BY account_key ORDER BY number) AS turn
          FROM ledger.bounds_history) h
    WHERE may_go_negative <> (turn % 2 = 0)
    UNION ALL
    SELECT format('account %s: may go negative: %s', account_key, a.may_go_negative)
    FROM ledger.accounts a
    FULL JOIN (SELECT DISTINCT ON (account_key) account_key, may_go_negative
               FROM ledger.bounds_history ORDER BY account_key, number DESC) last
        USING (account_key)
    WHERE a.may_go_negative IS DISTINCT FROM coalesce(last.may_go_negative, true)
    """,
)
NOTHING_CHANGES = Invariant(
    "I12",
    "Triggers keep what is booked from being changed, deleted or emptied",
    """
    SELECT format('%s: %s is missing or off', relation.oid::regclass, guard)
    FROM pg_class relation
    CROSS JOIN unnest(ARRAY['only_grows', 'never_empties']) AS guard
    LEFT JOIN pg_trigger t
           ON t.tgrelid = relation.oid AND t.tgname = guard AND t.tgenabled IN ('O', 'A')
    WHERE relation.relnamespace = 'ledger'::regnamespace AND relation.relkind IN ('r', 'p')
      AND relation.relname ~ '^(outcomes|transfers.*|holds|resolutions|corrections|conflicts|bounds_history)$'
      AND t.oid IS NULL
    """,
)
AMOUNTS_ARE_POSITIVE = Invariant(
    "I13",
    "A transfer and a hold move a positive amount from one account to another",
    """
    SELECT format('%s at %s/%s: %s', event_id, cell, position, amount_minor)
    FROM (SELECT event_id, cell, position, amount_minor, debit_account, credit_account
          FROM ledger.transfers
          UNION ALL
          SELECT event_id, cell, position, amount_minor, debit_account, credit_account
          FROM ledger.holds) movement
    WHERE amount_minor <= 0 OR debit_account = credit_account
    """,
)
AMOUNTS_FIT = Invariant(
    "I14",
    "An amount is within what the door lets in, and no balance is near the end of its range",
    """
    SELECT format('%s at %s/%s: %s', event_id, cell, position, amount_minor)
    FROM ledger.outcomes WHERE amount_minor NOT BETWEEN 1 AND 1000000000000
    UNION ALL
    SELECT format('account %s %s: %s, held %s', account_key, currency, posted, held)
    FROM ledger.balances
    WHERE posted NOT BETWEEN -(2::numeric ^ 62) AND 2::numeric ^ 62 OR held > 2::numeric ^ 62
    """,
)
GIVEN_BACK_ONCE = Invariant(
    "I15",
    "A correction undoes what was booked: not more than it was, and a reversal at most once",
    """
    SELECT format('%s: %s of %s given back, %s reversals', o.event_id, sum(c.amount_minor),
                  o.amount_minor, count(*) FILTER (WHERE c.type = 'reversal'))
    FROM ledger.corrections c
    LEFT JOIN ledger.resolutions e ON e.event_id = c.event_id
    LEFT JOIN ledger.outcomes o ON o.event_id = c.original_event_id
    WHERE coalesce(e.kind, 'post') = 'post'
    GROUP BY o.event_id, o.amount_minor
    HAVING o.event_id IS NULL OR sum(c.amount_minor) > o.amount_minor
        OR count(*) FILTER (WHERE c.type = 'reversal') > 1
    UNION ALL
    SELECT format('%s corrects %s, which is %s', c.event_id, o.event_id, o.status)
    FROM ledger.corrections c
    JOIN ledger.outcomes o ON o.event_id = c.original_event_id
    LEFT JOIN ledger.resolutions r ON r.event_id = o.event_id
    WHERE NOT CASE c.effect WHEN 'gave_back' THEN o.status = 'posted' OR r.kind = 'post'
                            ELSE r.kind = 'release' END IS TRUE
    """,
)
TOTALS_COUNT = Invariant(
    "I17",
    "The totals are what counting gives",
    """
    SELECT format('cell %s %s: total %s, counted %s', cell, name, coalesce(t.count, 0),
                  coalesce(c.count, 0))
    FROM (SELECT * FROM ledger.totals WHERE name <> 'duplicates') t
    FULL JOIN (SELECT cell, status AS name, count(*) FROM ledger.outcomes GROUP BY 1, 2
               UNION ALL
               SELECT cell, 'conflicts', count(*) FROM ledger.conflicts GROUP BY 1) c
        USING (cell, name)
    WHERE coalesce(t.count, 0) <> coalesce(c.count, 0)
    """,
)
WATERMARK_IS_HIGHEST = Invariant(
    "I18",
    "Nothing stands in the books above the watermark of its cell",
    """
    SELECT format('cell %s: booked up to %s, watermark %s', o.cell, o.position, w.position)
    FROM (SELECT cell, max(position) AS position FROM ledger.outcomes GROUP BY cell) o
    LEFT JOIN ledger.watermarks w
           ON w.topic = current_setting('ledger.decisions') AND w.partition = o.cell
    WHERE w.position IS NULL OR o.position > w.position
    """,
)

INVARIANTS = (
    SUM_IS_NOUGHT,
    TWO_SIDES,
    BALANCE_IS_SUM,
    HELD_IS_SUM,
    VERSIONS_RUN,
    AFTERS_CHAIN,
    BOOKED_ONCE,
    CONFLICTS_APART,
    OUTCOMES_KEPT,
    HOLDS_END_ONCE,
    BOOKED_WHOLE,
    BOUNDS_KEPT,
    BOUNDS_KNOWN,
    NOTHING_CHANGES,
    AMOUNTS_ARE_POSITIVE,
    AMOUNTS_FIT,
    GIVEN_BACK_ONCE,
    TOTALS_COUNT,
    WATERMARK_IS_HIGHEST,
)


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
    connection.execute("SELECT set_config('ledger.decisions', %s, true)", [decisions.name])
    for invariant in INVARIANTS:
        query = _FIND.format(sql.SQL(invariant.query), OFFENDERS_MAX)
        rows = connection.execute(query).fetchall()
        count = rows[0][0] if rows else 0
        yield Finding(invariant, count, tuple(offender for _, offender in rows))
