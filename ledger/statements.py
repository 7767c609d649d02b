"""The SQL of the writer: each statement takes a whole batch, as arrays in one order."""

# Moves the row's lock to us, so that two writers of one partition come one after the other.
BEGIN_AT = """
INSERT INTO ledger.watermarks AS mark (topic, partition, position, next_offset)
VALUES (%(topic)s, %(partition)s, -1, 0)
ON CONFLICT (topic, partition) DO UPDATE SET position = mark.position
RETURNING position, next_offset, (SELECT changes FROM ledger.bounds)
"""
END_AT = """
UPDATE ledger.watermarks
SET position = greatest(position, %(position)s),
    next_offset = greatest(next_offset, %(next_offset)s)
WHERE topic = %(topic)s AND partition = %(partition)s
"""
WATERMARK = """
SELECT position, next_offset FROM ledger.watermarks
WHERE topic = %(topic)s AND partition = %(partition)s
"""
KNOWN = "SELECT event_id, payload_hash FROM ledger.outcomes WHERE event_id = ANY(%s::uuid[])"
STATUSES = "SELECT event_id, status FROM ledger.outcomes WHERE event_id = ANY(%s::uuid[])"
BALANCES = """
SELECT wanted.number, account_key, may_go_negative, posted, held, version
FROM unnest(%(tenants)s::text[], %(account_ids)s::text[], %(currencies)s::text[])
     WITH ORDINALITY AS wanted (tenant, account_id, currency, number)
JOIN ledger.accounts a ON (a.tenant, a.account_id) = (wanted.tenant, wanted.account_id)
JOIN ledger.balances b USING (account_key)
WHERE b.currency = wanted.currency
"""
BALANCES_LOCKED = BALANCES + "ORDER BY account_key, b.currency FOR UPDATE OF b"
OPEN_ACCOUNTS = """
INSERT INTO ledger.accounts (tenant, account_id, kind, is_customer, currency, may_go_negative,
                             opened_at)
SELECT *, %(opened_at)s
FROM unnest(%(tenants)s::text[], %(account_ids)s::text[], %(kinds)s::text[],
            %(are_customers)s::boolean[], %(currencies)s::text[], %(may_go_negative)s::boolean[])
ON CONFLICT (tenant, account_id) DO NOTHING
RETURNING account_key, tenant, account_id
"""
# For accounts that were opened just now, which nobody else can see yet.
FIRST_BALANCES = """
INSERT INTO ledger.balances (account_key, currency)
SELECT * FROM unnest(%(account_keys)s::bigint[], %(currencies)s::text[])
"""
OPEN_BALANCES = """
INSERT INTO ledger.balances (account_key, currency)
SELECT account_key, wanted.currency
FROM unnest(%(tenants)s::text[], %(account_ids)s::text[], %(currencies)s::text[])
     AS wanted (tenant, account_id, currency)
JOIN ledger.accounts a ON (a.tenant, a.account_id) = (wanted.tenant, wanted.account_id)
ON CONFLICT (account_key, currency) DO NOTHING
"""
# Only where the balance is still what we computed from; fewer rows than asked: someone was faster.
MOVE_BALANCES = """
UPDATE ledger.balances b
SET posted = moved.posted, held = moved.held, version = moved.version
FROM unnest(%(keys)s::bigint[], %(currencies)s::text[], %(posted)s::bigint[], %(held)s::bigint[],
            %(versions)s::bigint[], %(old_held)s::bigint[], %(old_versions)s::bigint[])
     AS moved (account_key, currency, posted, held, version, old_held, old_version)
WHERE b.account_key = moved.account_key AND b.currency = moved.currency
  AND b.version = moved.old_version AND b.held = moved.old_held
"""
ADD_TOTALS = """
INSERT INTO ledger.totals AS total (cell, name, count)
SELECT %(cell)s, name, count FROM unnest(%(names)s::text[], %(counts)s::bigint[]) AS t (name, count)
ON CONFLICT (cell, name) DO UPDATE SET count = total.count + excluded.count
"""
HOLDS = """
SELECT h.event_id, h.cell, h.position, h.amount_minor, h.currency, h.occurred_at, h.booked_at,
       debit.tenant, debit.account_id AS debit, credit.account_id AS credit,
       r.event_id IS NOT NULL AS is_ended
FROM ledger.holds h
JOIN ledger.accounts debit ON debit.account_key = h.debit_account
JOIN ledger.accounts credit ON credit.account_key = h.credit_account
LEFT JOIN ledger.resolutions r ON r.event_id = h.event_id
WHERE h.event_id = ANY(%s::uuid[])
"""
# Whoever corrects the same originals waits here; a lock in order cannot block another.
LOCK_ORIGINALS = "SELECT pg_advisory_xact_lock(key) FROM unnest(%s::bigint[]) AS key"
ORIGINALS = """
SELECT o.event_id, o.tenant, o.account_id, o.type, o.direction, o.amount_minor, o.currency,
       o.status, r.kind AS ended, debit.account_id AS debit, credit.account_id AS credit,
       (SELECT coalesce(sum(c.amount_minor), 0)::bigint
        FROM ledger.corrections c LEFT JOIN ledger.resolutions e ON e.event_id = c.event_id
        WHERE c.original_event_id = o.event_id AND coalesce(e.kind, 'post') = 'post') AS given_back
FROM ledger.outcomes o
LEFT JOIN ledger.resolutions r ON r.event_id = o.event_id
LEFT JOIN ledger.holds h ON h.event_id = o.event_id
LEFT JOIN ledger.transfers t ON t.cell = o.cell AND t.position = o.position AND t.leg = 0
      AND t.booked_at = o.booked_at AND o.status = 'posted'
LEFT JOIN ledger.accounts debit
       ON debit.account_key = coalesce(h.debit_account, t.debit_account)
LEFT JOIN ledger.accounts credit
       ON credit.account_key = coalesce(h.credit_account, t.credit_account)
WHERE o.event_id = ANY(%s::uuid[])
"""
EXPIRED = """
SELECT h.event_id
FROM ledger.holds h, ledger.expiry
WHERE h.booked_at >= expiry.done_before AND h.booked_at < %(before)s
  AND NOT EXISTS (SELECT FROM ledger.resolutions r WHERE r.event_id = h.event_id)
ORDER BY h.booked_at
LIMIT %(limit)s
"""
EXPIRED_ALL = """
UPDATE ledger.expiry SET done_before = %(before)s WHERE done_before < %(before)s
"""
MAKE_MONTHS = "SELECT ledger.make_months(%(first)s, %(months)s)"
