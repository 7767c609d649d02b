"""Control records: read whole or refused whole, before anything of them takes effect."""

from dataclasses import dataclass

from data_contracts import codec
from data_contracts.control import (
    RECORDS,
    BreakerRecord,
    ControlKind,
    FeatureWarmRecord,
    ListEntryRecord,
    RuleSetRecord,
)
from data_contracts.violation import ContractViolation
from dataflows.connectors import Logged
from rules.evaluation import compile_rule_set
from rules.features.plan import Plan
from rules.model import RuleSet
from rules.rule_set import unpack

Change = RuleSet | ListEntryRecord | BreakerRecord | FeatureWarmRecord


@dataclass(frozen=True, slots=True)
class Changed:
    """What a control record changes; `clock` is that of the log, 0 before its first transaction."""

    number: int
    cell: int
    until: int  # Its position.
    clock: int
    change: Change


def read(message: Logged) -> Change:
    """What the control record changes, or `ContractViolation`."""
    if message.kind not in set(ControlKind):
        raise ContractViolation("unknown-kind", "", "a control record of a kind we do not know")
    try:
        record = codec.decode(message.value, RECORDS[ControlKind(message.kind)])
    except RecursionError:
        raise ContractViolation("not-as-agreed", "", "nested too deeply") from None
    return _rule_set(record) if isinstance(record, RuleSetRecord) else record


def _rule_set(record: RuleSetRecord) -> RuleSet:
    """The rule set, once it is sure that it can be worked with."""
    try:
        rule_set = unpack(record.document)
        Plan.of(rule_set.features)
        compile_rule_set(rule_set)
    except (ValueError, LookupError) as error:
        raise ContractViolation("rule-set", "/document", f"cannot be taken up: {error}") from None
    if rule_set.fingerprint() != record.rule_set:
        raise ContractViolation("rule-set", "/rule_set", "is not the hash of the document")
    return rule_set
