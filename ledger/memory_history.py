"""The past of accounts out of the books in memory: plain loops, the twin of `async_history.py`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

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
from ledger.memory import MemoryBooks
from ledger.values import BookKey, Outcome, Transfer


@dataclass(frozen=True, slots=True)
class MemoryHistory:
    """Looks at everything each time."""

    books: MemoryBooks
    looked_at_max: int = LOOKED_AT_MAX

    async def balances_at(
        self, tenant: str, account_id: str, at: datetime
    ) -> Sequence[PastBalance]:
        """What an account held after the last transfer booked at an instant or before."""
        keys = [key for key in self.books.balances if key[:2] == (tenant, account_id)]
        if not keys:
            return []
        own = self.books.accounts[tenant, account_id].currency
        keys.sort(key=lambda key: (key.currency != own, key.currency))
        return [self._past_balance(key, at) for key in keys]

    def _past_balance(self, key: BookKey, at: datetime) -> PastBalance:
        lines = [line for line in self._lines(key) if line.booked_at <= at]
        last = max(lines, key=lambda line: line.version, default=None)
        return PastBalance(
            currency=key.currency,
            posted=last.after if last else 0,
            version=last.version if last else 0,
        )

    async def statement(self, query: StatementQuery) -> Page[StatementLine]:
        """The transfers of an account, the latest first, each with what it left."""
        key = BookKey(query.tenant, query.account_id, query.currency)
        lines = [
            line
            for line in self._lines(key)
            if (query.below is None or line.version < query.below)
            and _is_within(line.booked_at, query.since, query.until)
        ]
        lines.sort(key=lambda line: -line.version)
        return cut(lines, [line.version for line in lines], query.limit, rest=None)

    def _lines(self, key: BookKey) -> Iterator[StatementLine]:
        for transfer in self.books.transfers:
            movement = transfer.movement
            if key == movement.debit:
                yield self._line(
                    transfer, movement.credit, transfer.debit_after, transfer.debit_version
                )
            elif key == movement.credit:
                yield self._line(
                    transfer, movement.debit, transfer.credit_after, transfer.credit_version
                )

    def _line(
        self, transfer: Transfer, counter: BookKey, after: int, version: int
    ) -> StatementLine:
        movement = transfer.movement
        outcome = self.books.outcomes[movement.event_id]
        amount = movement.amount_minor
        return StatementLine(
            transfer_id=transfer_id(movement.cell, movement.position, transfer.leg),
            event_id=movement.event_id,
            transaction_id=outcome.transaction_id,
            type=outcome.type,
            counter_account=in_words(counter.account_id),
            counter_kind=self.books.accounts[counter.tenant, counter.account_id].kind,
            moved=amount if counter == movement.debit else -amount,
            currency=counter.currency,
            after=after,
            version=version,
            occurred_at=outcome.occurred_at,
            booked_at=transfer.booked_at,
        )

    async def transactions(self, query: TransactionQuery) -> Page[PastTransaction]:
        """The transactions of an account, the latest in the log first."""
        below = [
            outcome
            for outcome in self.books.outcomes.values()
            if (outcome.tenant, outcome.account_id) == (query.tenant, query.account_id)
            and (query.below is None or outcome.position < query.below)
        ]
        below.sort(key=lambda outcome: -outcome.position)
        looked_at = below[: self.looked_at_max] if query.is_selective else below
        is_cut = query.is_selective and len(looked_at) == self.looked_at_max
        found = [self._transaction(each) for each in looked_at if _fits(each, query)]
        positions = [each.outcome.position for each in found]
        return cut(found, positions, query.limit, looked_at[-1].position if is_cut else None)

    def _transaction(self, outcome: Outcome) -> PastTransaction:
        resolved = self.books.resolved.get(outcome.event_id)
        return PastTransaction(
            outcome=outcome, hold_ended=resolved.resolution.kind if resolved else None
        )


def _fits(outcome: Outcome, query: TransactionQuery) -> bool:
    amount = outcome.amount_minor
    return (
        (query.status is None or outcome.status is query.status)
        and (query.type is None or outcome.type is query.type)
        and (query.amount_min is None or amount >= query.amount_min)
        and (query.amount_max is None or amount <= query.amount_max)
        and _is_within(outcome.occurred_at, query.since, query.until)
    )


def _is_within(instant: datetime, since: datetime | None, until: datetime | None) -> bool:
    return (since is None or since <= instant) and (until is None or instant < until)
