"""What was published: control records of the log as rows that stay."""

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from casework.values import Publication
from data_contracts import codec
from data_contracts.control import RECORDS, ControlKind, RuleSetRecord
from data_contracts.violation import ContractViolation
from rules.model import Suppress
from rules.rule_set import UnknownRuleSet, from_canonical, unpack


def publication_of(
    cell: int, position: int, kind: str, value: bytes, logged_at: datetime
) -> Publication:
    """The control record at a position, or `ContractViolation` where it is none."""
    known = _kind(kind)
    record = codec.decode(value, RECORDS[known])
    row: dict[str, Any] = codec.builtins(record)
    row.pop("document", None)
    rule_set, canonical = None, None
    if isinstance(record, RuleSetRecord):
        rule_set, canonical = record.rule_set, canonical_of(record)
    return Publication(
        cell=cell,
        position=position,
        kind=known,
        record=row,
        logged_at=logged_at,
        rule_set=rule_set,
        canonical=canonical,
    )


def _kind(kind: str) -> ControlKind:
    try:
        return ControlKind(kind)
    except ValueError:
        kinds = ", ".join(ControlKind)
        raise ContractViolation(
            "control-kind", "", f"the header `kind` is one of {kinds}"
        ) from None


def canonical_of(record: RuleSetRecord) -> bytes:
    """The canonical form that the record carries; its hash must be the one it is named by."""
    try:
        canonical = unpack(record.document).canonical()
    except UnknownRuleSet as error:
        raise ContractViolation("rule-set", "/document", str(error)) from None
    if sha256(canonical).hexdigest() != record.rule_set:
        raise ContractViolation("rule-set", "/rule_set", "this is not the hash of the document")
    return canonical


def suppressions(canonical: bytes) -> Mapping[str, Suppress]:
    """What a rule set says about quiet, by id of the rule."""
    rules = from_canonical(canonical).rules
    return {rule.id: rule.suppress for rule in rules if rule.suppress is not None}
