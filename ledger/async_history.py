"""The past of accounts, read from Postgres by index: of months, only those that are asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from ledger.history import (
    LOOKED_AT_MAX,
    Page,
    PastBalance,
    PastTransaction,
    StatementLine,
    StatementQuery,
    TransactionQuery,
    cut,
    in_words,
    transfer_id,
)
from ledger.reading import as_outcome
from runtime.postgres import AsyncPool, rows

BALANCES_AT = """
SELECT b.currency, coalesce(last.after, 0) AS posted, coalesce(last.version, 0) AS version
FROM ledger.accounts a JOIN ledger.balances b USING (account_key)
LEFT JOIN LATERAL (
    (SELECT t.debit_after AS after, t.debit_version AS version FROM ledger.transfers t
     WHERE t.debit_account = b.account_key AND t.currency = b.currency AND t.booked_at <= %(at)s
     ORDER BY t.debit_version DESC LIMIT 1)
    UNION ALL
    (SELECT t.credit_after, t.credit_version FROM ledger.transfers t
     WHERE t.credit_account = b.account_key AND t.currency = b.currency AND t.booked_at <= %(at)s
     ORDER BY t.credit_version DESC LIMIT 1)
    ORDER BY version DESC LIMIT 1
) last ON true
WHERE a.tenant = %(tenant)s AND a.account_id = %(account_id)s
ORDER BY b.currency = a.currency DESC, b.currency
"""
# One account as the side of a transfer: the index gives it in order, and the months are pruned.
_SIDE = """
    (SELECT cell, position, leg, event_id, {sign}amount_minor AS moved, currency,
            {other}_account AS counter_key, {side}_after AS after, {side}_version AS version,
            booked_at
     FROM ledger.transfers
     WHERE {side}_account = (SELECT account_key FROM ledger.accounts
                             WHERE tenant = %(tenant)s AND account_id = %(account_id)s)
       AND currency = %(currency)s
       AND {side}_version < coalesce(%(below)s, 9223372036854775807)
       AND booked_at >= coalesce(%(since)s::timestamptz, '-infinity')
       AND booked_at < coalesce(%(until)s::timestamptz, 'infinity')
     ORDER BY {side}_version DESC LIMIT %(limit)s + 1)
"""
STATEMENT = f"""
SELECT line.*, o.transaction_id, o.type, o.occurred_at, counter.account_id AS counter_account,
       counter.kind AS counter_kind
FROM ({_SIDE.format(side="debit", other="credit", sign="-")}
      UNION ALL
      {_SIDE.format(side="credit", other="debit", sign="")}
      ORDER BY version DESC LIMIT %(limit)s + 1) line
JOIN ledger.outcomes o USING (event_id)
JOIN ledger.accounts counter ON counter.account_key = line.counter_key
ORDER BY line.version DESC
"""  # noqa: S608  (texts of ours)
_OF_THE_ACCOUNT = """
FROM ledger.outcomes o
WHERE o.tenant = %(tenant)s AND o.account_id = %(account_id)s
  AND o.position < coalesce(%(below)s, 9223372036854775807)
"""
LOOKED_AT = f"""
SELECT min(position) AS lowest, count(*) AS looked_at
FROM (SELECT o.position {_OF_THE_ACCOUNT} ORDER BY o.position DESC LIMIT %(looked_at_max)s) o
"""  # noqa: S608  (texts of ours)
# First by index alone, then the filters: of what they let through the planner knows nothing.
TRANSACTIONS = f"""
SELECT found.*, r.kind AS hold_ended
FROM (SELECT o.*
      FROM (SELECT o.* {_OF_THE_ACCOUNT} AND o.position >= %(lowest)s
            ORDER BY o.position DESC LIMIT %(rows_max)s) o
      WHERE o.status = coalesce(%(status)s, o.status)
        AND o.type = coalesce(%(type)s, o.type)
        AND o.amount_minor >= coalesce(%(amount_min)s, o.amount_minor)
        AND o.amount_minor <= coalesce(%(amount_max)s, o.amount_minor)
        AND o.occurred_at >= coalesce(%(since)s::timestamptz, '-infinity')
        AND o.occurred_at < coalesce(%(until)s::timestamptz, 'infinity')
      ORDER BY o.position DESC LIMIT %(limit)s + 1) found
LEFT JOIN ledger.resolutions r ON r.event_id = found.event_id
ORDER BY found.position DESC
"""  # noqa: S608  (texts of ours)


@dataclass(frozen=True, slots=True)
class AsyncHistory:
    """Borrows a pool that its owner opens and closes; psycopg's `OperationalError` when away."""

    pool: AsyncPool
    looked_at_max: int = LOOKED_AT_MAX

    async def balances_at(
        self, tenant: str, account_id: str, at: datetime
    ) -> Sequence[PastBalance]:
        """What an account held after the last transfer booked at an instant or before."""
        given = {"tenant": tenant, "account_id": account_id, "at": at}
        return msgspec.convert(await rows(self.pool, BALANCES_AT, given), list[PastBalance])

    async def statement(self, query: StatementQuery) -> Page[StatementLine]:
        """The transfers of an account, the latest first, each with what it left."""
        found = await rows(self.pool, STATEMENT, msgspec.structs.asdict(query))
        lines = [_line(row) for row in found]
        return cut(lines, [line.version for line in lines], query.limit, rest=None)

    async def transactions(self, query: TransactionQuery) -> Page[PastTransaction]:
        """The transactions of an account, the latest in the log first."""
        given = msgspec.structs.asdict(query)
        lowest, rest = await self._lowest(given) if query.is_selective else (-1, None)
        rows_max = None if query.is_selective else query.limit + 1
        limits = {"lowest": lowest, "rows_max": rows_max}
        found = [_transaction(row) for row in await rows(self.pool, TRANSACTIONS, given | limits)]
        return cut(found, [each.outcome.position for each in found], query.limit, rest)

    async def _lowest(self, given: Mapping[str, object]) -> tuple[int, int | None]:
        """Down to where a page looks, and the same again where there may be more below."""
        limits = {"looked_at_max": self.looked_at_max}
        (row,) = await rows(self.pool, LOOKED_AT, {**given, **limits})
        lowest = -1 if row["lowest"] is None else row["lowest"]
        return lowest, lowest if row["looked_at"] == self.looked_at_max else None


def _line(row: Mapping[str, Any]) -> StatementLine:
    made = {
        "event_id": row["event_id"].bytes,
        "transfer_id": transfer_id(row["cell"], row["position"], row["leg"]),
        "counter_account": in_words(row["counter_account"]),
    }
    return msgspec.convert({**row, **made}, StatementLine)


def _transaction(row: Mapping[str, Any]) -> PastTransaction:
    return msgspec.convert(
        {"outcome": as_outcome(row), "hold_ended": row["hold_ended"]}, PastTransaction
    )
