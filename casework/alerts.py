"""Which decisions become alerts, and which of these stay quiet. Pure functions."""

from collections import ChainMap
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from casework.values import SEVERITIES, FiledAlert, Silence, SilenceKey
from data_contracts.alert import Alert, AlertKind
from data_contracts.decision import Decision, RuleHit, Severity, Verdict
from data_contracts.ids import derived_id, text
from rules.model import Suppress

ENTITY_KIND = "account"

Suppressions = Mapping[str, Suppress]
"""What a rule set says about quiet, by id of the rule."""


def alert_of(decision: Decision) -> Alert | None:
    """The alert that a decision is, or None where nobody needs to look."""
    if decision.verdict is Verdict.APPROVE:
        return None
    transaction = decision.transaction
    hits = sorted(decision.hits, key=_weight, reverse=True)
    return Alert(
        alert_id=text(derived_id(UUID(decision.event_id).bytes, "alert")),
        kind=AlertKind.TRANSACTION,
        tenant=transaction.tenant,
        entity_kind=ENTITY_KIND,
        entity=transaction.account_id,
        severity=_severity(decision),
        title=_title(decision, hits),
        reasons=_reasons(decision, hits),
        rules=tuple(hit.rule_id for hit in hits),
        typologies=tuple(dict.fromkeys(hit.typology for hit in hits)),
        score=decision.score,
        verdict=decision.verdict.value,
        raised_at=transaction.received_at,
        event_id=decision.event_id,
        transaction_id=transaction.transaction_id,
        account_id=transaction.account_id,
        amount_minor=transaction.amount_minor,
        currency=transaction.currency,
        cell=decision.cell,
        position=decision.position,
    )


def _weight(hit: RuleHit) -> tuple[int, int]:
    return hit.score, SEVERITIES.index(hit.severity)


def _severity(decision: Decision) -> Severity:
    if decision.list_hit is not None:
        return Severity.HIGH
    found = [SEVERITIES.index(hit.severity) for hit in decision.hits]
    return SEVERITIES[max(found)] if found else Severity.MEDIUM


def _title(decision: Decision, hits: Sequence[RuleHit]) -> str:
    if decision.list_hit is not None:
        return f"On the list {decision.list_hit.list_id}"
    if not hits:
        return f"Score {decision.score}"
    typologies = list(dict.fromkeys(hit.typology for hit in hits))
    name = typologies[0].replace("-", " ").replace("_", " ").capitalize()
    return f"{name} and {len(typologies) - 1} more" if typologies[1:] else name


def _reasons(decision: Decision, hits: Sequence[RuleHit]) -> tuple[str, ...]:
    of_list = (decision.list_hit.reason,) if decision.list_hit is not None else ()
    return of_list + tuple(hit.reason for hit in hits)


def silences_of(decision: Decision, suppressions: Suppressions) -> list[Silence]:
    """The silences that begin with a loud alert on this decision."""
    transaction = decision.transaction
    found = []
    for hit in decision.hits:
        suppress = suppressions.get(hit.rule_id)
        key = getattr(transaction, suppress.by, None) if suppress else None
        if suppress and key is not None:
            until = transaction.received_at + timedelta(milliseconds=suppress.for_ms)
            found.append(Silence(transaction.tenant, hit.rule_id, suppress.by, str(key), until))
    return found


def places(
    decisions: Iterable[Decision], suppressions_of: Callable[[str], Suppressions]
) -> set[SilenceKey]:
    """The silences that may matter to these decisions."""
    return {
        silence.place
        for decision in decisions
        if decision.verdict is not Verdict.APPROVE
        for silence in silences_of(decision, suppressions_of(decision.rule_set))
    }


def file(
    decisions: Iterable[Decision],
    suppressions_of: Callable[[str], Suppressions],
    silences: Mapping[SilenceKey, Silence],
) -> tuple[list[FiledAlert], dict[SilenceKey, Silence]]:
    """The alerts of decisions in order of position, and the silences that are new.

    An alert is quiet where every rule that it names is silent; a list is never silent. Only a loud
    alert begins silences, so that a rule is heard again after its time, however much goes on.
    """
    filed: list[FiledAlert] = []
    new: dict[SilenceKey, Silence] = {}
    known = ChainMap(new, dict(silences))
    for decision in decisions:
        alert = alert_of(decision)
        if alert is None:
            continue
        begun = silences_of(decision, suppressions_of(decision.rule_set))
        is_quiet = _is_quiet(decision, begun, known)
        if not is_quiet:
            new |= {silence.place: silence for silence in begun}
        filed.append(FiledAlert(alert, begun[0].rule_id if is_quiet else None))
    return filed, new


def _is_quiet(
    decision: Decision, begun: Sequence[Silence], silences: Mapping[SilenceKey, Silence]
) -> bool:
    if decision.list_hit is not None or not begun or len(begun) < len(decision.hits):
        return False
    now = decision.transaction.received_at
    return all(one.place in silences and now < silences[one.place].until for one in begun)
