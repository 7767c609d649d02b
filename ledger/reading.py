"""Reading the books without waiting for the writer, and keeping the registry of accounts.

All methods are small queries by key; each sees the books as they were after one whole batch.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from psycopg.rows import dict_row

from data_contracts.decision import ListHit, RuleHit
from data_contracts.ids import event_id
from data_contracts.topics import DECISIONS, Topic
from ledger.values import Account, Balance, Outcome, Statement, Totals, Watermark
from runtime.postgres import AsyncPool, rows

OUTCOME = """
SELECT event_id, tenant, transaction_id, account_id, type, direction, amount_minor, currency,
       occurred_at, received_at, cell, position, verdict, score, rule_set, hits, list_hit,
       status, reason_code, payload_hash, decided_at, booked_at
FROM ledger.outcomes
WHERE event_id = %(event_id)s
"""
ACCOUNTS = """
SELECT tenant, account_id, kind, is_customer, currency, customer_id, branch_id, may_go_negative
FROM ledger.accounts
WHERE tenant = %(tenant)s AND account_id = ANY(%(account_ids)s)
"""
BALANCES = """
SELECT account_id, b.currency, posted, held, version,
       (SELECT coalesce(min(position), -1) FROM ledger.watermarks WHERE topic = %(topic)s) AS as_of
FROM ledger.accounts a JOIN ledger.balances b USING (account_key)
WHERE a.tenant = %(tenant)s AND a.account_id = %(account_id)s
ORDER BY b.currency = a.currency DESC, b.currency
"""
# The currency of an account is for ever: where it differs, nothing is changed and no row returns.
REGISTER = """
INSERT INTO ledger.accounts AS old (tenant, account_id, kind, is_customer, currency, customer_id,
                                    branch_id, may_go_negative, opened_at)
VALUES (%(tenant)s, %(account_id)s, %(kind)s, %(is_customer)s, %(currency)s, %(customer_id)s,
        %(branch_id)s, %(may_go_negative)s, %(opened_at)s)
ON CONFLICT (tenant, account_id) DO UPDATE
    SET customer_id = excluded.customer_id, branch_id = excluded.branch_id,
        may_go_negative = excluded.may_go_negative
    WHERE old.currency IS NOT DISTINCT FROM excluded.currency AND old.kind = excluded.kind
RETURNING account_key, xmax = 0 AS is_new
"""
FIRST_BALANCE = """
INSERT INTO ledger.balances (account_key, currency) VALUES (%(account_key)s, %(currency)s)
ON CONFLICT DO NOTHING
"""
TOTALS = "SELECT name, sum(count)::bigint AS count FROM ledger.totals GROUP BY name"
WATERMARKS = "SELECT topic, partition, position, next_offset FROM ledger.watermarks"


class AccountMismatch(ValueError):
    """The account stands in the books with another currency or kind, which never change."""


class AsyncReader:
    """The books as an event loop reads them; raises psycopg's `OperationalError` when away."""

    def __init__(self, pool: AsyncPool, decisions: Topic = DECISIONS) -> None:
        """Borrow a pool (`runtime.postgres.async_pool`) that its owner opens and closes."""
        self._pool = pool
        self._decisions = decisions.name

    async def outcome(self, tenant: str, transaction_id: str) -> Outcome | None:
        """What became of a transaction, once it is booked."""
        key = UUID(bytes=event_id(tenant, transaction_id))
        found = await rows(self._pool, OUTCOME, {"event_id": key})
        return as_outcome(found[0]) if found else None

    async def balances(self, tenant: str, account_id: str) -> tuple[Statement, ...]:
        """The balances of an account, that of its own currency first; none: it is unknown."""
        given = {"tenant": tenant, "account_id": account_id, "topic": self._decisions}
        return tuple(as_statement(row) for row in await rows(self._pool, BALANCES, given))

    async def accounts(self, tenant: str, account_ids: Collection[str]) -> Mapping[str, Account]:
        """Those of these accounts that are in the registry, by id."""
        found = await rows(
            self._pool, ACCOUNTS, {"tenant": tenant, "account_ids": list(account_ids)}
        )
        return {row["account_id"]: msgspec.convert(row, Account) for row in found}

    async def register(self, account: Account, now: datetime) -> bool:
        """Open an account (True) or change its customer, branch and bound (False).

        A new bound counts for the batches that begin after it. Raises `AccountMismatch`.
        """
        given = {**msgspec.structs.asdict(account), "opened_at": now}
        async with self._pool.connection() as connection, connection.transaction():
            cursor = await connection.cursor(row_factory=dict_row).execute(REGISTER, given)
            row = await cursor.fetchone()
            if row is None:
                raise AccountMismatch(
                    f"{account.account_id} was opened in another currency or as another kind"
                )
            if account.currency is not None:
                await connection.execute(FIRST_BALANCE, {**given, **row})
            return bool(row["is_new"])

    async def totals(self) -> Totals:
        """How many transactions stand in the books, by outcome."""
        return as_totals(await rows(self._pool, TOTALS, {}))

    async def watermarks(self) -> Mapping[tuple[str, int], Watermark]:
        """How far the books have come, by topic and partition."""
        return as_watermarks(await rows(self._pool, WATERMARKS, {}))


def as_outcome(row: Mapping[str, Any]) -> Outcome:
    """An outcome from its row."""
    lists = {
        "event_id": row["event_id"].bytes,
        "hits": msgspec.convert(row["hits"], tuple[RuleHit, ...]),
        "list_hit": msgspec.convert(row["list_hit"], ListHit | None),
    }
    return msgspec.convert({**row, **lists}, Outcome)


def as_statement(row: Mapping[str, Any]) -> Statement:
    """A statement from its row."""
    return Statement(
        account_id=row["account_id"],
        currency=row["currency"],
        balance=Balance(row["posted"], row["held"], row["version"]),
        as_of_position=row["as_of"],
    )


def as_totals(rows: Collection[Mapping[str, Any]]) -> Totals:
    """The totals from their rows."""
    return Totals(**{row["name"]: row["count"] for row in rows})


def as_watermarks(rows: Collection[Mapping[str, Any]]) -> Mapping[tuple[str, int], Watermark]:
    """The watermarks from their rows."""
    return {
        (row["topic"], row["partition"]): Watermark(row["position"], row["next_offset"])
        for row in rows
    }
