"""Legal values for the tests: name only what the test is about."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import uuid4

from data_contracts.alert import Alert, AlertKind
from data_contracts.dead_letter import DeadLetter, masked
from data_contracts.decision import Decision, RuleHit, Severity, Verdict
from data_contracts.ids import derived_id, event_id, text
from data_contracts.topics import TRANSACTIONS, Topic
from data_contracts.transaction import (
    Authentication,
    Channel,
    Direction,
    EntryMode,
    Transaction,
    TransactionRequest,
    TransactionType,
)

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)  # A Monday.
TENANT = "demo"

_numbers = count(1)


def minute(number: float) -> datetime:
    """That many minutes after noon."""
    return NOON + timedelta(minutes=number)


def _request_fields(changes: dict[str, Any]) -> dict[str, Any]:
    return {
        "transaction_id": f"t-{next(_numbers)}",
        "account_id": "acc-1",
        "type": TransactionType.CARD_PAYMENT,
        "direction": Direction.DEBIT,
        "amount_minor": 1250,
        "currency": "EUR",
        "occurred_at": NOON,
        "channel": Channel.CARD,
        "card_token": "card-1",
        "entry_mode": EntryMode.CHIP,
        "authentication": Authentication.PIN,
        "merchant_id": "merchant-1",
        "merchant_category": "5411",
        "merchant_country": "DE",
        "terminal_id": "terminal-1",
        "country": "DE",
    } | changes


def a_request(**changes: Any) -> TransactionRequest:  # noqa: ANN401  (fields of any type)
    """A small card payment at a grocery, with an id of its own."""
    return TransactionRequest(**_request_fields(changes))


def a_transaction(**changes: Any) -> Transaction:  # noqa: ANN401  (fields of any type)
    """The same as the log keeps it; received when it occurred, unless named otherwise."""
    fields = {"tenant": TENANT, **_request_fields(changes)}
    return Transaction(**({"received_at": fields["occurred_at"]} | fields))


def a_decision(**changes: Any) -> Decision:  # noqa: ANN401  (fields of any type)
    """An approval of `transaction` (default: a new one) with the ids that belong to it."""
    transaction = changes.get("transaction") or a_transaction()
    event = event_id(transaction.tenant, transaction.transaction_id)
    defaults: dict[str, Any] = {
        "decision_id": text(derived_id(event, "decision")),
        "event_id": text(event),
        "cell": 0,
        "position": 0,
        "verdict": Verdict.APPROVE,
        "score": 0,
        "rule_set": "",
        "transaction": transaction,
    }
    return Decision(**(defaults | changes))


def a_hit(**changes: Any) -> RuleHit:  # noqa: ANN401  (fields of any type)
    """A burst of card payments."""
    defaults: dict[str, Any] = {
        "rule_id": "card-burst",
        "version": 1,
        "typology": "card-testing",
        "severity": Severity.HIGH,
        "score": 60,
        "reason": "7 payments",
    }
    return RuleHit(**(defaults | changes))


def an_operational_alert(**changes: Any) -> Alert:  # noqa: ANN401  (fields of any type)
    """Silence of the cash machines."""
    defaults: dict[str, Any] = {
        "alert_id": text(derived_id(b"x" * 16, "alert")),
        "kind": AlertKind.OPERATION,
        "tenant": TENANT,
        "entity_kind": "channel",
        "entity": "atm",
        "severity": Severity.HIGH,
        "title": "Silence",
        "reasons": ("No transaction for 10 minutes",),
        "rules": ("channel-silence",),
        "raised_at": NOON,
    }
    return Alert(**(defaults | changes))


def a_dead_letter(value: bytes = b"{", **changes: Any) -> DeadLetter:  # noqa: ANN401  (fields of any type)
    """A message of the log that was cut off."""
    kept, digest, is_masked = masked(value)
    defaults: dict[str, Any] = {
        "topic": TRANSACTIONS.name,
        "partition": 0,
        "offset": 5,
        "code": "not-json",
        "pointer": "",
        "reason": "truncated",
        "value": kept,
        "original_sha256": digest,
        "is_masked": is_masked,
    }
    return DeadLetter(**(defaults | changes))


def a_topic(like: Topic = TRANSACTIONS, **changes: Any) -> Topic:  # noqa: ANN401  (any field)
    """A topic of the same kind with a name that no other test has."""
    return replace(like, name=f"{like.name}-{uuid4().hex}", **changes)
