"""The alert: the immutable fact that a review line was crossed or an operational rule fired."""

from enum import StrEnum

import msgspec

from data_contracts.decision import Severity
from data_contracts.transaction import Instant


class AlertKind(StrEnum):
    """What the alert is about."""

    TRANSACTION = "transaction"
    OPERATION = "operation"


class Alert(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What happened, to whom, why; human work on it is a case.

    `entity_kind` and `entity` are what alerts are grouped by: an account, or a channel.
    `raised_at` is when the transaction was received, or when the window of the operation closed.
    """

    alert_id: str
    kind: AlertKind
    tenant: str
    entity_kind: str
    entity: str
    severity: Severity
    title: str
    reasons: tuple[str, ...]
    rules: tuple[str, ...]
    typologies: tuple[str, ...] = ()
    score: int = 0
    verdict: str | None = None
    raised_at: Instant
    event_id: str | None = None
    transaction_id: str | None = None
    account_id: str | None = None
    amount_minor: int | None = None
    currency: str | None = None
    cell: int | None = None
    position: int | None = None
