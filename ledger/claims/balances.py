"""Claims about balances: each is what its transfers made of it."""

from ledger.claims.claim import Invariant

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
    "The versions of an account run from 1 to that of its balance, as many as there are transfers",
    """
    SELECT format('account %s %s: version %s after %s transfers, %s to %s', account_key, currency,
                  coalesce(b.version, 0), coalesce(l.n, 0), l.lowest, l.highest)
    FROM ledger.balances b
    FULL JOIN (SELECT account_key, currency, count(*) AS n, min(version) AS lowest,
                      max(version) AS highest
               FROM ledger.legs GROUP BY 1, 2) l USING (account_key, currency)
    WHERE coalesce(b.version, 0) <> coalesce(l.n, 0)
       OR l.lowest <> 1 OR l.highest <> l.n
    """,
)
AFTERS_CHAIN = Invariant(
    "I5",
    "Each version follows the one before, and its balance-after is that one's, moved by it",
    """
    SELECT format('account %s %s version %s: %s', account_key, currency, version, event_id)
    FROM (SELECT account_key, currency, version, event_id, moved, after,
                 lag(after, 1, 0::bigint) OVER leg AS before,
                 lag(version, 1, 0::bigint) OVER leg AS version_before
          FROM ledger.legs
          WINDOW leg AS (PARTITION BY account_key, currency ORDER BY version)) l
    WHERE before + moved <> after OR version_before + 1 <> version
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
