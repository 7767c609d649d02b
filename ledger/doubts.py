"""Which row of a batch is not what was booked: the one that the rest of the books contradict.

A record of the audit chain has one hash for all rows that a batch added to a table. The books say
much twice: an outcome and its transfer or hold, a balance and the one before. Only where a hash
differs is this looked at, so it costs nothing while all is well; and it may find nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import LiteralString, NamedTuple

from runtime.postgres import Connection

TOLD_MAX = 10
_SPAN = """
WITH asked AS (SELECT %(cell)s::int AS cell, %(first)s::bigint AS first, %(last)s::bigint AS last),
o AS (
    SELECT t.* FROM ledger.outcomes t JOIN asked a
    ON t.cell = a.cell AND t.position BETWEEN a.first AND a.last
), m AS (
    SELECT 'transfers' AS name, event_id, t.cell, position, debit_account, credit_account,
        amount_minor, currency, occurred_at, booked_at
    FROM ledger.transfers t JOIN asked a
    ON t.cell = a.cell AND t.position BETWEEN a.first AND a.last AND kind = 'posting'
    UNION ALL
    SELECT 'holds', event_id, t.cell, position, debit_account, credit_account, amount_minor,
        currency, occurred_at, booked_at
    FROM ledger.holds t JOIN asked a ON t.cell = a.cell AND t.position BETWEEN a.first AND a.last
), c AS (
    SELECT o.position, t.*, o.type AS outcome_type, o.amount_minor AS outcome_amount,
        o.booked_at AS outcome_booked_at
    FROM ledger.corrections t JOIN o USING (event_id)
), pair AS (
    SELECT o.position, m.position AS at, m.name, v.*
    FROM m JOIN o USING (event_id) CROSS JOIN LATERAL
        (VALUES ('position', o.position::text, m.position::text),
            ('amount_minor', o.amount_minor::text, m.amount_minor::text),
            ('currency', o.currency, m.currency),
            ('occurred_at', o.occurred_at::text, m.occurred_at::text),
            ('booked_at', o.booked_at::text, m.booked_at::text),
            ('status', o.status, CASE m.name WHEN 'holds' THEN 'held' ELSE 'posted' END)
        ) AS v (field, booked, moved)
    WHERE booked IS DISTINCT FROM moved
), bare AS (
    SELECT o.position, o.status, CASE o.status WHEN 'held' THEN 'holds' ELSE 'transfers' END AS name
    FROM o WHERE o.status IN ('posted', 'held') AND event_id NOT IN (SELECT event_id FROM m)
        AND event_id NOT IN (SELECT event_id FROM ledger.corrections WHERE effect = 'released')
)
"""
_OUTCOMES = """
SELECT position, format('%%s is %%s, ledger.%%s says %%s', field, booked, name, moved) FROM pair
UNION ALL SELECT position, format('it is %%s, but ledger.%%s has none of it', status, name)
FROM bare
UNION ALL SELECT position, format('it is gone, ledger.%%s has its event', name)
FROM m WHERE event_id NOT IN (SELECT event_id FROM ledger.outcomes WHERE event_id IN (
    SELECT event_id FROM m))
UNION ALL SELECT position, format('booked_at is %%s, that of its batch %%s', booked_at, usual)
FROM o, (SELECT mode() WITHIN GROUP (ORDER BY booked_at) AS usual FROM o) AS of_batch
WHERE booked_at <> usual
"""
_MOVED = """
SELECT at, format('%%s is %%s, ledger.outcomes says %%s', field, moved, booked) FROM pair
WHERE name = %(table)s
UNION ALL SELECT position, format('it is gone, ledger.outcomes says %%s', status) FROM bare
WHERE name = %(table)s
UNION ALL SELECT position, 'ledger.outcomes knows nothing of its event' FROM m
WHERE name = %(table)s AND event_id NOT IN (
    SELECT event_id FROM ledger.outcomes WHERE event_id IN (SELECT event_id FROM m))
UNION ALL SELECT m.position, format('it does not move account %%s, as ledger.outcomes says',
    o.account_id)
FROM m JOIN o USING (event_id) JOIN ledger.accounts a USING (tenant, account_id)
WHERE name = %(table)s AND a.account_key NOT IN (m.debit_account, m.credit_account)
    AND event_id NOT IN (SELECT event_id FROM c)
"""
_CHAIN = """
UNION ALL SELECT position, format('the balance after it is %%s, by the one before %%s', after, due)
FROM (
    SELECT *, after - due AS off, lag(after - due) OVER (
        PARTITION BY account_key, currency ORDER BY version) AS off_before
    FROM (
        SELECT t.*, moved + CASE WHEN version = 1 THEN 0 ELSE (
            SELECT after FROM ledger.legs b WHERE b.account_key = t.account_key
                AND b.currency = t.currency AND b.version = t.version - 1 LIMIT 1) END AS due
        FROM ledger.legs t JOIN asked a
        ON t.cell = a.cell AND t.position BETWEEN a.first AND a.last
    ) AS legs
) AS legs
WHERE off <> 0 AND off_before IS DISTINCT FROM -off
"""
_CORRECTIONS = """
SELECT position, format('%%s is %%s, ledger.outcomes says %%s', v.field, v.said, v.booked)
FROM c CROSS JOIN LATERAL (VALUES ('type', type, outcome_type),
    ('amount_minor', amount_minor::text, outcome_amount::text),
    ('booked_at', booked_at::text, outcome_booked_at::text)) AS v (field, said, booked)
WHERE v.said IS DISTINCT FROM v.booked
"""
_ENDS = """
SELECT h.position, CASE
    WHEN %(table)s = 'resolutions' AND r.event_id IS NULL THEN 'the end of its hold is gone'
    WHEN t.event_id IS NULL THEN 'it is gone, ledger.resolutions says post'
    ELSE format('it moves %%s from %%s to %%s, its hold %%s from %%s to %%s', t.amount_minor,
        t.debit_account, t.credit_account, h.amount_minor, h.debit_account, h.credit_account) END
FROM ledger.holds h
LEFT JOIN ledger.resolutions r USING (event_id)
LEFT JOIN ledger.transfers t ON t.cell = h.cell AND t.position = h.position
    AND t.kind = 'resolution' AND t.event_id = h.event_id
WHERE h.event_id = ANY(%(events)s::uuid[]) AND CASE %(table)s
    WHEN 'resolutions' THEN r.event_id IS NULL
    ELSE r.kind = 'post' AND (t.event_id IS NULL
        OR (t.amount_minor, t.debit_account, t.credit_account, t.currency)
        <> (h.amount_minor, h.debit_account, h.credit_account, h.currency)) END
"""
_THE_ONLY = (
    "SELECT position, 'it ended no other' FROM ledger.holds WHERE event_id = ANY(%s::uuid[])"
)
_QUERIES: Mapping[str, LiteralString] = {
    "outcomes": _SPAN + _OUTCOMES,
    "transfers": _SPAN + _MOVED + _CHAIN,
    "holds": _SPAN + _MOVED,
    "corrections": _SPAN + _CORRECTIONS,
}


class Doubt(NamedTuple):
    """A row of the books that something else contradicts, and how."""

    position: int
    how: str


Doubting = Callable[[Connection, str, int, int, int], Sequence[Doubt]]
"""Tells the doubtful rows of a table, in a cell, from one position to another."""


def nobody(_rows: Connection, _table: str, _cell: int, _first: int, _last: int) -> Sequence[Doubt]:
    """Doubts nothing."""
    return ()


def doubts(rows: Connection, table: str, cell: int, first: int, last: int) -> Sequence[Doubt]:
    """The rows that others of the books contradict."""
    query = _QUERIES.get(table)
    if query is None:
        return ()
    given = {"table": table, "cell": cell, "first": first, "last": last}
    return [Doubt(*row) for row in rows.execute(query, given)]


def ended_doubts(rows: Connection, table: str, events: Sequence[str]) -> Sequence[Doubt]:
    """Which of the holds that a record says were ended: the only one, or those contradicted."""
    asked = list(events)
    if len(asked) == 1:
        return [Doubt(*row) for row in rows.execute(_THE_ONLY, [asked])]
    return [Doubt(*row) for row in rows.execute(_ENDS, {"table": table, "events": asked})]


def told(found: Sequence[Doubt]) -> str:
    """The rows in words, each once, the first `TOLD_MAX` of them; nothing of none."""
    if not found:
        return ""
    rows: dict[int, str] = {}
    for doubt in sorted(found, key=lambda each: each.position):
        rows.setdefault(doubt.position, doubt.how)
    some = [f"position {position}: {how}" for position, how in list(rows.items())[:TOLD_MAX]]
    more = f"; and {len(rows) - TOLD_MAX} more" if len(rows) > TOLD_MAX else ""
    return f" ({'; '.join(some)}{more})"
