"""A conflict is raised: someone should know that one id came with two contents."""

from collections.abc import Sequence

from data_contracts import ids
from data_contracts.alert import Alert, AlertKind
from data_contracts.codec import encode
from data_contracts.decision import Severity
from data_contracts.topics import Topic
from ledger.values import Conflict
from runtime.kafka import Outbox

RULE = "ledger-conflict"


def alert(conflict: Conflict) -> Alert:
    """The alert of a conflict: the same one, with the same id, however often it is found."""
    transaction = conflict.refused
    return Alert(
        alert_id=ids.text(ids.derived_id(conflict.event_id, f"c{conflict.position}")),
        kind=AlertKind.OPERATION,
        tenant=transaction.tenant,
        entity_kind="account",
        entity=transaction.account_id,
        severity=Severity.HIGH,
        title="One transaction id came with two different contents",
        reasons=(f"What came under {transaction.transaction_id} at first is booked, this is not",),
        rules=(RULE,),
        raised_at=transaction.received_at,
        event_id=ids.text(conflict.event_id),
        transaction_id=transaction.transaction_id,
        account_id=transaction.account_id,
        amount_minor=transaction.amount_minor,
        currency=transaction.currency,
        cell=conflict.cell,
        position=conflict.position,
    )


def send_alerts(conflicts: Sequence[Conflict], outbox: Outbox, alerts: Topic) -> None:
    """Return when they are safe."""
    for conflict in conflicts:
        outbox.send(alerts, encode(alert(conflict)), conflict.event_id)
    outbox.flush()
