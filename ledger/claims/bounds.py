"""Claims about accounts that may not go below nought: they never did while they might not."""

from ledger.claims.claim import Invariant

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
