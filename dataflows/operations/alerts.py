"""From a hit to an alert: one per episode, with an id that a replay makes again."""

from dataclasses import dataclass

import msgspec

from data_contracts import ids
from data_contracts.alert import Alert, AlertKind
from rules.instants import from_epoch_ms
from rules.operation_rules import Measured, OperationRule, reason

EPISODES_MAX = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A rule that fired: on which entity, on what, and until when the window went.

    `since_ms` names the episode: alerts about the same one have the same id.
    """

    rule: OperationRule
    entity: str
    measured: Measured
    until_ms: int
    since_ms: int

    def alert(self) -> Alert:
        """The alert of the hit."""
        tenant, entity_kind, name = self.entity.rsplit("\t", 2)  # A tenant may hold one too.
        own_name = f"operation {self.rule.id} {entity_kind} {name} {self.since_ms}"
        return Alert(
            alert_id=ids.text(ids.derived_id(ids.event_id(tenant, own_name), "operation")),
            kind=AlertKind.OPERATION,
            tenant=tenant,
            entity_kind=entity_kind,
            entity=name,
            severity=self.rule.severity,
            title=self.rule.title,
            reasons=(reason(self.rule, name, self.measured, self.until_ms),),
            rules=(self.rule.id,),
            raised_at=from_epoch_ms(self.until_ms),
        )


class Episodes(msgspec.Struct):
    """What fires without a pause is told once; `last_ms` is when a rule last fired on an entity."""

    last_ms: dict[str, int] = {}

    def begins(self, hit: Hit, pause_ms: int) -> bool:
        """Whether the hit is the first one after a pause."""
        key = f"{hit.rule.id}\t{hit.entity}"
        last_ms = self.last_ms.get(key)
        self.last_ms[key] = hit.until_ms
        if len(self.last_ms) > EPISODES_MAX:
            self.last_ms = {key: hit.until_ms}
        return last_ms is None or hit.until_ms - last_ms > pause_ms
