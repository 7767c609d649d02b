"""The books as a person would keep them: one transaction after the other, no batches, no tables."""

from dataclasses import dataclass, field

from data_contracts.decision import Verdict
from data_contracts.resolution import ResolutionKind
from data_contracts.transaction import Direction, TransactionType
from ledger.values import Arrival

BOUNDED = ("acc-1", "acc-2")
CORRECTING = (TransactionType.REVERSAL, TransactionType.REFUND, TransactionType.CHARGEBACK)


@dataclass
class PlainBooks:
    """What must come of a sequence, money and holds by account, statuses by transaction."""

    money: dict[str, int] = field(default_factory=dict)
    held: dict[str, int] = field(default_factory=dict)
    statuses: dict[str, str] = field(default_factory=dict)
    first: dict[str, Arrival] = field(default_factory=dict)
    ended: dict[str, ResolutionKind] = field(default_factory=dict)
    given_back: dict[str, int] = field(default_factory=dict)
    gives_back: dict[str, str] = field(default_factory=dict)
    bounded: set[str] = field(default_factory=lambda: set(BOUNDED))

    def take(self, arrival: Arrival) -> None:
        transaction = arrival.decision.transaction
        if transaction.transaction_id in self.first:
            return
        settle = self._correct if transaction.type in CORRECTING else self._settle
        self.statuses[transaction.transaction_id] = settle(arrival)
        self.first[transaction.transaction_id] = arrival

    def _correct(self, arrival: Arrival) -> str:
        transaction = arrival.decision.transaction
        name, is_reversal = transaction.original_transaction_id, transaction.type == "reversal"
        if arrival.decision.verdict is Verdict.DECLINE:
            return "declined"
        if name not in self.first:
            return "refused" if is_reversal else self._settle(arrival)
        status, end = self.statuses[name], self.ended.get(name)
        is_open = status == "held" and end is None
        is_posted = status == "posted" or end is ResolutionKind.POST
        if not self._fits(arrival, self.first[name]) or not (
            is_posted or (is_open and is_reversal)
        ):
            return "refused"
        if is_open:
            self.end(name, ResolutionKind.RELEASE)
            return "posted"
        settled = self._settle(arrival)
        if settled != "refused":
            self.gives_back[transaction.transaction_id] = name
            self.given_back[name] = self.given_back.get(name, 0) + transaction.amount_minor
        return settled

    def _fits(self, arrival: Arrival, original: Arrival) -> bool:
        this, that = arrival.decision.transaction, original.decision.transaction
        left = that.amount_minor - self.given_back.get(that.transaction_id, 0)
        return (
            that.type not in CORRECTING
            and this.account_id == that.account_id
            and this.direction != that.direction
            and this.amount_minor <= left
            and (this.type != "reversal" or this.amount_minor == that.amount_minor)
        )

    def _settle(self, arrival: Arrival) -> str:
        transaction, verdict = arrival.decision.transaction, arrival.decision.verdict
        account, amount = transaction.account_id, transaction.amount_minor
        is_out = transaction.direction is Direction.DEBIT
        if verdict is Verdict.DECLINE:
            return "declined"
        left = self.money.get(account, 0) - self.held.get(account, 0)
        if is_out and account in self.bounded and left < amount:
            return "refused"
        if verdict is Verdict.REVIEW:
            if is_out:
                self.held[account] = self.held.get(account, 0) + amount
            return "held"
        self._move(arrival)
        return "posted"

    def _move(self, arrival: Arrival) -> None:
        transaction = arrival.decision.transaction
        sign = -1 if transaction.direction is Direction.DEBIT else 1
        account = transaction.account_id
        self.money[account] = self.money.get(account, 0) + sign * transaction.amount_minor

    def end(self, transaction_id: str, kind: ResolutionKind) -> None:
        if transaction_id in self.ended:
            return
        self.ended[transaction_id] = kind
        arrival = self.first[transaction_id]
        transaction = arrival.decision.transaction
        if transaction.direction is Direction.DEBIT:
            self.held[transaction.account_id] -= transaction.amount_minor
        if kind is ResolutionKind.POST:
            self._move(arrival)
        elif transaction_id in self.gives_back:
            self.given_back[self.gives_back[transaction_id]] -= transaction.amount_minor
