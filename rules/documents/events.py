"""Transactions of a rule's tests: only what matters is written, the rest is filled in.

Unless it says otherwise, an event is a card payment of 10.00 EUR with `card-1` of `account-1`, at
noon of Wednesday, 4 March 2026 or at the test's `now`. The type gives channel and direction.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec

from data_contracts import door
from data_contracts.transaction import Channel, Direction, Transaction, TransactionType
from data_contracts.violation import ContractViolation
from rules.expressions.kinds import Kind, ValueType
from rules.expressions.names import fields
from rules.forms import SINGLE, Form, Schema
from rules.instants import epoch_ms, from_epoch_ms
from rules.located_yaml import Scalar
from rules.mistakes import did_you_mean

NOON_MS = epoch_ms(datetime(2026, 3, 4, 12, tzinfo=UTC))
REPEAT_MAX = 5_000
OWN_KEYS = ("at", "repeat", "every")
GIVEN = {"tenant", "transaction_id", "occurred_at", "received_at"}  # Filled in, never written.

_USUAL: dict[TransactionType, tuple[Channel, Direction]] = {
    TransactionType.CARD_PAYMENT: (Channel.CARD, Direction.DEBIT),
    TransactionType.TRANSFER: (Channel.ONLINE, Direction.DEBIT),
    TransactionType.CASH_IN: (Channel.BRANCH, Direction.CREDIT),
    TransactionType.CASH_OUT: (Channel.ATM, Direction.DEBIT),
    TransactionType.FEE: (Channel.API, Direction.DEBIT),
    TransactionType.REFUND: (Channel.CARD, Direction.CREDIT),
    TransactionType.REVERSAL: (Channel.API, Direction.CREDIT),
    TransactionType.CHARGEBACK: (Channel.CARD, Direction.CREDIT),
}
_WITH_CARD = {Channel.CARD, Channel.ATM}


@dataclass(slots=True)
class EventReader:
    """Reads the events of one test and numbers them."""

    now_ms: int = NOON_MS
    number: int = 0

    def read(self, form: Form, offset_ms: int) -> list[Transaction]:
        """The events of one entry: one, or several where it is repeated."""
        before = form.mistakes.count()
        repeat = form.whole("repeat", 1, REPEAT_MAX, 1)
        every = form.duration("every", required=repeat > 1) or 0
        found = self._fields(form)
        form.close()
        if form.mistakes.count() > before:
            return []
        events = [
            self._event(form, found, turn, offset_ms + (turn - 1) * every)
            for turn in range(1, repeat + 1)
        ]
        return [event for event in events if event is not None]

    def _fields(self, form: Form) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name in form.table.entries:
            if name in OWN_KEYS:
                continue
            if name not in fields() or name in GIVEN:
                continue
            scalar = form.scalar(name, required=False)
            if scalar is not None:
                found[name] = _plain(form, name, scalar)
        form.asked.update(fields().keys() - GIVEN)
        for name, kind in fields().items():
            if name not in GIVEN:
                form.describe(name, _schema(kind))
        return found

    def _event(
        self, form: Form, found: dict[str, Any], turn: int, offset_ms: int
    ) -> Transaction | None:
        self.number += 1
        own = {
            key: value.replace("{n}", str(turn)) if isinstance(value, str) else value
            for key, value in found.items()
        }
        at = from_epoch_ms(self.now_ms + offset_ms)
        given = {"transaction_id": f"test-{self.number}", "occurred_at": at}
        try:
            request = door.parse_request(msgspec.json.encode(_usual(own) | own | given))
        except ContractViolation as violation:
            if turn == 1:
                _report(form, violation)
            return None
        fields_of_request = {name: getattr(request, name) for name in request.__struct_fields__}
        return Transaction(tenant="test", received_at=at, **fields_of_request)


def _plain(form: Form, name: str, scalar: Scalar) -> Any:  # noqa: ANN401  (of the field's type)
    found = fields()[name]
    if found.kind is Kind.TEXT:
        if found.words and scalar.text not in found.words:
            message = f"{name} is never '{scalar.text}'"
            form.add(name, message, did_you_mean(scalar.text, found.words))
        return scalar.text
    if found.kind is Kind.WHOLE and not isinstance(scalar.value, int):
        form.add(name, f"expected a whole number, not {scalar.text!r}")
    return scalar.value


def _schema(found: ValueType) -> Schema:
    if found.words:
        return {"enum": list(found.words)}
    if found.kind is Kind.TEXT:
        return SINGLE
    kind = "integer" if found.kind is Kind.WHOLE else "number"
    return {"type": kind, "minimum": found.low, "maximum": found.high}


def _usual(own: dict[str, Any]) -> dict[str, Any]:
    kind = own.get("type", TransactionType.CARD_PAYMENT)
    known = kind in set(TransactionType)
    channel, direction = _USUAL[TransactionType(kind) if known else TransactionType.CARD_PAYMENT]
    channel = own.get("channel", channel)
    usual = {
        "account_id": "account-1",
        "type": TransactionType.CARD_PAYMENT,
        "direction": direction,
        "channel": channel,
        "amount_minor": 1_000,
        "currency": "EUR",
    }
    return usual | ({"card_token": "card-1"} if channel in _WITH_CARD else {})


def _report(form: Form, violation: ContractViolation) -> None:
    key = violation.pointer.strip("/")
    if key in form.table.entries:
        form.add(key, f"the door would refuse this: {violation.detail}")
    else:
        form.mistakes.add(form.table.place, form.path, f"the door would refuse this: {violation}")
