"""Which flagged transactions stay quiet, as alerting would keep them (`casework.alerts.file`).

The clock of the past is `occurred_at`: what was sent in one go afterwards was received in one go.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from rules.model import RuleSet, Suppress

Place = tuple[str, str, str]
Row = Mapping[str, Any]


def suppressions(rule_set: RuleSet) -> Mapping[str, Suppress]:
    """What a rule set says about quiet, by id of the rule."""
    return {rule.id: rule.suppress for rule in rule_set.rules if rule.suppress is not None}


def is_quiet(flagged: pl.DataFrame, found: Mapping[str, Suppress]) -> pl.Series:
    """Whether each is quiet: all of its rules are silent for its keys, and no list stopped it.

    The rows stand in order of position; `at_ms`, `is_listed`, `hits` and the keys are columns.
    Only what is loud begins a silence, so that a rule is heard again after its time.
    """
    names = {"tenant", "at_ms", "is_listed", "hits", *(item.by for item in found.values())}
    until: dict[Place, int] = {}
    answers = [
        _is_quiet(row, found, until) for row in flagged.select(sorted(names)).iter_rows(named=True)
    ]
    return pl.Series("is_quiet", answers, dtype=pl.Boolean)


def _is_quiet(row: Row, found: Mapping[str, Suppress], until: dict[Place, int]) -> bool:
    silences = _silences(row, found)
    hits: Sequence[str] = row["hits"]
    can_be_quiet = bool(silences) and len(silences) == len(hits) and not row["is_listed"]
    if can_be_quiet and all(row["at_ms"] < until.get(place, row["at_ms"]) for place in silences):
        return True
    until |= silences
    return False


def _silences(row: Row, found: Mapping[str, Suppress]) -> dict[Place, int]:
    suppressed = [(rule_id, found[rule_id]) for rule_id in row["hits"] if rule_id in found]
    return {
        (row["tenant"], rule_id, str(row[suppress.by])): row["at_ms"] + suppress.for_ms
        for rule_id, suppress in suppressed
        if row[suppress.by] is not None
    }
