"""What decides at a position of the log, as the books of publications keep it for ever.

`cell` is the partition; `until` the last position that counts, None for all that is known by now.
The books follow the log within a second.
"""

from dataclasses import dataclass

import msgspec

from data_contracts.control import BreakerRecord, FeatureWarmRecord, ListEntryRecord
from rules.model import RuleSet
from rules.rule_set import from_canonical
from runtime.postgres import Connection

RULE_SET = """
SELECT rule_sets.canonical
FROM casework.publications JOIN casework.rule_sets USING (rule_set)
WHERE cell = %(cell)s AND kind = 'rule-set'
  AND (%(until)s::bigint IS NULL OR position <= %(until)s)
ORDER BY position DESC LIMIT 1
"""
ALL = """
SELECT position, kind, rule_set, record FROM casework.publications
WHERE cell = %(cell)s AND (%(until)s::bigint IS NULL OR position <= %(until)s)
ORDER BY position
"""
DOCUMENTS = """
SELECT rule_set, canonical FROM casework.rule_sets WHERE rule_set = ANY(%(names)s)
"""
RECORDS: dict[str, type[ListEntryRecord | BreakerRecord | FeatureWarmRecord]] = {
    "list-entry": ListEntryRecord,
    "breaker": BreakerRecord,
    "feature-warm": FeatureWarmRecord,
}


@dataclass(frozen=True, slots=True)
class Published:
    """What a control record changed at its position."""

    position: int
    change: RuleSet | ListEntryRecord | BreakerRecord | FeatureWarmRecord


def rule_set_in_force(
    connection: Connection, cell: int = 0, until: int | None = None
) -> RuleSet | None:
    """The rule set that decides there, or None before the first."""
    row = connection.execute(RULE_SET, {"cell": cell, "until": until}).fetchone()
    return None if row is None else from_canonical(bytes(row[0]))


def published_until(
    connection: Connection, cell: int = 0, until: int | None = None
) -> list[Published]:
    """Every change of what decides, in order of position, for whoever goes the way of the log."""
    rows = connection.execute(ALL, {"cell": cell, "until": until}).fetchall()
    names = list({name for _, _, name, _ in rows if name is not None})
    documents = connection.execute(DOCUMENTS, {"names": names})
    rule_sets = {name: from_canonical(bytes(canonical)) for name, canonical in documents}
    return [
        Published(position, rule_sets[name] if name else msgspec.convert(record, RECORDS[kind]))
        for position, kind, name, record in rows
    ]
