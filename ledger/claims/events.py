"""Claims about what became of transactions: each was settled once, and wholly."""

from ledger.claims.claim import Invariant

BOOKED_ONCE = Invariant(
    "I6",
    "An event moved money once; a position of the log has one outcome and one transfer",
    """
    SELECT format('%s: %s transfers', event_id, count(*))
    FROM ledger.transfers GROUP BY event_id HAVING count(*) > 1
    UNION ALL
    SELECT format('position %s/%s: %s transfers', cell, position, count(*))
    FROM ledger.transfers GROUP BY cell, position HAVING count(*) > 1
    UNION ALL
    SELECT format('position %s/%s: %s outcomes', cell, position, count(*))
    FROM ledger.outcomes GROUP BY cell, position HAVING count(*) > 1
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
SIDES_ARE_RIGHT = Invariant(
    "I8c",
    "Money left or reached the account that the transaction names, as its direction says",
    """
    SELECT format('%s at %s/%s: %s of %s, but it moved that of %s', o.event_id, o.cell, o.position,
                  o.direction, o.account_id, a.account_id)
    FROM (SELECT event_id, debit_account, credit_account FROM ledger.transfers
          UNION ALL
          SELECT event_id, debit_account, credit_account FROM ledger.holds) moved
    JOIN ledger.outcomes o USING (event_id)
    LEFT JOIN ledger.accounts a
           ON a.account_key = CASE o.direction WHEN 'debit' THEN debit_account
                                               ELSE credit_account END
    WHERE (a.tenant, a.account_id) IS DISTINCT FROM (o.tenant, o.account_id)
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
