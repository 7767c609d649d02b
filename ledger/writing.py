"""One batch inside its transaction: load what it touches, store what it changes."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from psycopg import Cursor
from psycopg.rows import TupleRow

from ledger import arrays, rows, statements
from ledger.chart import is_own, opened
from ledger.values import Balance, BookKey, Effects, Hold, Movement


class FasterWriter(Exception):
    """Another writer has moved a balance since it was loaded: do the batch again."""


@dataclass(slots=True)
class Writing:
    """A transaction's cursor, and the balances that it has loaded."""

    cursor: Cursor[TupleRow]
    keys: dict[BookKey, int] = field(default_factory=dict)
    balances: dict[BookKey, Balance] = field(default_factory=dict)
    bounded: set[BookKey] = field(default_factory=set)

    def load(self, wanted: Collection[BookKey], now: datetime) -> None:
        """Load balances, opening what is unknown; the bank's own are locked, and first."""
        own = sorted(key for key in wanted if is_own(key.account_id))
        customers = [key for key in wanted if not is_own(key.account_id)]
        for keys, query in (
            (own, statements.BALANCES_LOCKED),
            (customers, statements.BALANCES),
        ):
            self._load(keys, query)
            missing = [key for key in keys if key not in self.keys]
            if missing:
                self._open(missing, now)
                self._load(missing, query)

    def _load(self, keys: Sequence[BookKey], query: str) -> None:
        if not keys:
            return
        for number, account, may_go_negative, posted, held, version in self.execute(
            query, _names(keys)
        ):
            key = keys[number - 1]
            self.keys[key] = account
            self.balances[key] = Balance(posted, held, version)
            if not may_go_negative:
                self.bounded.add(key)

    def _open(self, keys: Sequence[BookKey], now: datetime) -> None:
        # The first movement opens an account; in order of name, two writers cannot block.
        first = {key[:2]: opened(key) for key in reversed(keys)}
        accounts = [account for _, account in sorted(first.items())]
        self.execute(
            statements.OPEN_ACCOUNTS,
            {
                "tenants": [account.tenant for account in accounts],
                "account_ids": [account.account_id for account in accounts],
                "kinds": [account.kind.value for account in accounts],
                "are_customers": [account.is_customer for account in accounts],
                "currencies": [account.currency for account in accounts],
                "may_go_negative": [account.may_go_negative for account in accounts],
                "opened_at": now,
            },
        )
        self.execute(statements.OPEN_BALANCES, _names(sorted(keys)))

    def known(self, events: Sequence[bytes]) -> dict[bytes, bytes]:
        """The payload hashes of those of the events that are in the books."""
        if not events:
            return {}
        found = self.execute(statements.KNOWN, [arrays.uuids(events)])
        return {event.bytes: payload_hash for event, payload_hash in found}

    def holds(self, events: Iterable[bytes]) -> tuple[dict[bytes, Hold], set[bytes]]:
        """The holds of events, and those of them that have ended."""
        found = self.execute(statements.HOLDS, [arrays.uuids(events)])
        holds = {row[0].bytes: _hold(*row[:10]) for row in found}
        return holds, {row[0].bytes for row in found if row[10]}

    def store(self, effects: Effects, cell: int) -> None:
        """Write all that a batch changes; raises `FasterWriter` and leaves nothing then."""
        self._copy(rows.OUTCOMES, rows.outcomes(effects.settlements))
        self._copy(rows.TRANSFERS, rows.transfers(effects.transfers, self.keys))
        self._copy(rows.HOLDS, rows.holds(effects.holds, self.keys))
        self._copy(rows.RESOLUTIONS, rows.resolutions(effects.resolved))
        self._copy(rows.CONFLICTS, rows.conflicts(effects.conflicts))
        self._move(effects.balances)
        counts = effects.counts()
        if counts:
            names, numbers = sorted(counts), [counts[name] for name in sorted(counts)]
            self.execute(statements.ADD_TOTALS, {"cell": cell, "names": names, "counts": numbers})

    def _copy(self, statement: str, text: str) -> None:
        if text:
            with self.cursor.copy(statement.encode()) as copy:
                copy.write(text)

    def _move(self, balances: Mapping[BookKey, tuple[Balance, Balance]]) -> None:
        if not balances:
            return
        moves = sorted((self.keys[key], key.currency, key) for key in balances)
        before, now = zip(*[balances[key] for _, _, key in moves], strict=True)
        self.execute(
            statements.MOVE_BALANCES,
            {
                "keys": arrays.integers([account for account, _, _ in moves]),
                "currencies": arrays.texts([currency for _, currency, _ in moves]),
                "posted": arrays.integers([balance.posted for balance in now]),
                "held": arrays.integers([balance.held for balance in now]),
                "versions": arrays.integers([balance.version for balance in now]),
                "old_held": arrays.integers([balance.held for balance in before]),
                "old_versions": arrays.integers([balance.version for balance in before]),
            },
        )
        if self.cursor.rowcount != len(moves):
            raise FasterWriter

    def execute(self, query: str, given: Any) -> list[TupleRow]:  # noqa: ANN401  (arrays)
        """The rows of one statement."""
        self.cursor.execute(query.encode(), given)
        return self.cursor.fetchall() if self.cursor.description else []


def _names(keys: Sequence[BookKey]) -> dict[str, str]:
    return {
        "tenants": arrays.texts([key.tenant for key in keys]),
        "account_ids": arrays.texts([key.account_id for key in keys]),
        "currencies": arrays.texts([key.currency for key in keys]),
    }


def _hold(*row: Any) -> Hold:  # noqa: ANN401  (the columns of `HOLDS`)
    event, cell, position, amount, currency, occurred_at, booked_at, tenant, debit, credit = row
    movement = Movement(
        event_id=event.bytes,
        cell=cell,
        position=position,
        debit=BookKey(tenant, debit, currency),
        credit=BookKey(tenant, credit, currency),
        amount_minor=amount,
        occurred_at=occurred_at,
    )
    return Hold(movement=movement, booked_at=booked_at)
