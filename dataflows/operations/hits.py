"""What a poll tells about the rules: hits by minute, and the records that arm or let back."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec
from confluent_kafka import Message

from data_contracts import codec
from data_contracts.control import BreakerRecord, ControlKind, RuleSetRecord
from data_contracts.violation import ContractViolation
from rules.model import Breaker, RuleSet
from rules.rule_set import UnknownRuleSet, unpack
from runtime.kafka import kind_of

MINUTE_MS = 60_000


class RuleHit(msgspec.Struct):
    """As much of a hit as a breaker needs."""

    rule_id: str


@dataclass(slots=True, kw_only=True)
class Fired:
    """What a rule did within a minute of `received_at`: hits with effect, declines among them."""

    minute: int
    rule_id: str
    first_position: int
    last_ms: int = 0
    hits: int = 0
    declines: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Armed:
    """From here on these rules have breakers."""

    breakers: Mapping[str, Breaker]


@dataclass(frozen=True, slots=True, kw_only=True)
class Switched:
    """A trip or a reset at its position."""

    position: int
    record: BreakerRecord


Control = Armed | Switched


@dataclass(slots=True)
class HitTally:
    """Counts decisions by minute, and hits by minute and rule."""

    decided: dict[int, int] = field(default_factory=dict)
    fired: dict[tuple[int, str], Fired] = field(default_factory=dict)

    def add(self, at_ms: int, position: int, hits: Iterable[RuleHit], *, is_declined: bool) -> None:
        """Take in a decision."""
        minute = at_ms // MINUTE_MS
        self.decided[minute] = self.decided.get(minute, 0) + 1
        for hit in hits:
            key = minute, hit.rule_id
            one = self.fired.get(key)
            if one is None:
                one = Fired(minute=minute, rule_id=hit.rule_id, first_position=position)
                self.fired[key] = one
            one.hits += 1
            one.declines += is_declined
            one.last_ms = max(one.last_ms, at_ms)

    def in_order(self) -> tuple[Fired, ...]:
        """What fired, by minute."""
        return tuple(one for _, one in sorted(self.fired.items()))


def controls_of(messages: Sequence[Message]) -> tuple[Control, ...]:
    """The records among messages of the log that matter to breakers; scoring rejects bad ones."""
    found = []
    for message in messages:
        kind = kind_of(message)
        if kind is not None:
            found += _control(kind, message)
    return tuple(found)


def _control(kind: str, message: Message) -> list[Control]:
    value = message.value() or b""
    try:
        if kind == ControlKind.RULE_SET:
            return [armed(unpack(codec.decode(value, RuleSetRecord).document))]
        if kind == ControlKind.BREAKER:
            record = codec.decode(value, BreakerRecord)
            return [Switched(position=message.offset() or 0, record=record)]
    except (ContractViolation, UnknownRuleSet, RecursionError):
        return []
    return []


def armed(rule_set: RuleSet) -> Armed:
    """The breakers of a rule set."""
    return Armed(breakers={rule.id: rule.breaker for rule in rule_set.rules if rule.breaker})
