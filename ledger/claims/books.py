"""Claims about the books as a whole: they only grow, and know how far they are."""

from ledger.claims.claim import Invariant

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
      AND relation.relname ~ ('^(outcomes|transfers.*|holds|resolutions|corrections|conflicts|'
                              'bounds_history)$')
      AND t.oid IS NULL
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
