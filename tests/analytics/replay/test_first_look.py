"""Many decisions are looked at as columns; whatever is planted among them is found and named."""

import json
from datetime import timedelta
from typing import Any

import pyarrow as pa
import pytest

from analytics.replay.course import InForce
from analytics.replay.first_look import remarkable
from rules.model import Aggregate, EntityList, ListEntry, ListKind, Policy, RuleSet, Status
from tests.analytics.replay.decided import a_course, changed, decided, rows_of, verified
from tests.dataflows.scoring.logs import AVERAGE, COUNT, MERCHANTS, Log, a_feature, a_rule
from tests.dataflows.scoring.traffic import a_traffic

LAST_TYPE = a_feature("last_type", aggregate=Aggregate.LAST, of="type")
LARGE = a_rule("large", when="amount_minor > 8000")
OFTEN = a_rule("often", features=("count_1h",), when="count_1h > 50")
LIST = EntityList(
    id="blocked",
    kind=ListKind.BLOCK,
    field="device_id",
    entries=(ListEntry(value="stolen", owner="fraud", reason="stolen"),),
)
QUIET = RuleSet(
    rules=(LARGE, OFTEN, a_rule("watched", when="amount_minor < 100", status=Status.SHADOW)),
    features=(COUNT, LAST_TYPE),
    lists=(LIST,),
    policy=Policy(review_at=40, decline_at=80),
)
WARMING = RuleSet(
    rules=(LARGE, a_rule("new", features=("merchants_24h",), when="merchants_24h > 0")),
    features=(AVERAGE, COUNT, MERCHANTS),
    policy=Policy(review_at=40, decline_at=80),
)
HIT = {
    "rule_id": "large",
    "version": 1,
    "typology": "velocity",
    "severity": "high",
    "score": 40,
    "reason": "because",
}
LIST_HIT = {"list_id": "blocked", "field": "device_id", "reason": "stolen"}
SPOKEN = ["verdict", "score", "hits"]


@pytest.fixture(scope="module")
def log() -> Log:
    found = Log()
    found.publish(QUIET)
    found.add(*a_traffic(80))
    return found


@pytest.fixture(scope="module")
def rows(log: Log) -> pa.Table:
    return rows_of(decided(log))


def rules_of(log: Log, rows: pa.Table, row: int = 0) -> InForce:
    return a_course(log, rows).at(rows.column("position")[row].as_py())


def rows_with_hits(rows: pa.Table) -> list[int]:
    both = zip(rows.column("hits").to_pylist(), rows.column("shadow_hits").to_pylist(), strict=True)
    return [row for row, (hits, shadow_hits) in enumerate(both) if hits or shadow_hits]


def a_silent_row(rows: pa.Table) -> int:
    return next(row for row in range(20, len(rows)) if row not in rows_with_hits(rows))


def named(log: Log, rows: pa.Table, row: int) -> list[str]:
    found = verified(log, rows)
    assert (found.verified, found.differences) == (len(rows), 1)
    assert found.first[0].position == rows.column("position")[row].as_py()
    return [each.field for each in found.first[0].fields]


def with_features(rows: pa.Table, row: int, **values: object) -> str:
    return json.dumps(json.loads(rows.column("features")[row].as_py()) | values)


def test_only_decisions_of_which_rules_speak_are_worth_a_second_look(
    log: Log, rows: pa.Table
) -> None:
    assert 0 < len(rows_with_hits(rows)) < len(rows) / 2

    assert remarkable(rows, rules_of(log, rows)) == rows_with_hits(rows)


def test_where_features_warm_silent_decisions_are_told_just_so() -> None:
    log = Log()
    log.publish(QUIET)
    log.add(*a_traffic(40))
    log.publish(WARMING)
    log.add(*a_traffic(80)[40:])
    rows = rows_of(decided(log))
    begin = rows.column("rule_set").to_pylist().index(WARMING.fingerprint())
    later, rules = rows.slice(begin), rules_of(log, rows, begin)
    row = begin + a_silent_row(later)

    assert rules.warming == {"merchants_24h", "merchant_average_1h"}
    assert remarkable(later, rules) == rows_with_hits(later)
    assert verified(log, rows).differences == 0
    assert named(log, changed(rows, row, flags=None), row) == [
        "flags.merchant_average_1h",
        "flags.merchants_24h",
    ]
    text = with_features(rows, row, merchant_average_1h=1.5)
    assert named(log, changed(rows, row, features=text), row) == ["features.merchant_average_1h"]


@pytest.mark.parametrize(
    ("values", "fields"),
    [
        ({"verdict": "review"}, ["verdict"]),
        ({"score": 1}, ["score"]),
        ({"score": None}, ["score"]),
        ({"rule_set": "f" * 64}, ["rule_set"]),
        ({"decision_id": "another"}, ["decision_id"]),
        ({"event_id": "another"}, ["event_id"]),
        ({"hits": [HIT]}, ["hits"]),
        ({"shadow_hits": [HIT]}, ["shadow_hits"]),
        ({"list_hit": LIST_HIT}, ["list_hit"]),
        ({"flags": '{"made_up": "late"}'}, ["flags.made_up"]),
        ({"flags": '{"count_1h": "late"}'}, ["features.count_1h"]),
        ({"transaction_id": "another"}, ["event_id", "decision_id"]),
        ({"tenant": "another-bank"}, ["event_id", "decision_id"]),
        ({"amount_minor": 8_001}, SPOKEN),
        ({"amount_minor": 99}, ["shadow_hits"]),
        ({"device_id": "stolen"}, ["verdict", "score", "list_hit"]),
    ],
)
def test_what_is_planted_in_a_silent_decision_is_named(
    log: Log, rows: pa.Table, values: dict[str, Any], fields: list[str]
) -> None:
    row = a_silent_row(rows)

    assert named(log, changed(rows, row, **values), row) == fields


@pytest.mark.parametrize(
    ("values", "fields"),
    [
        ({"count_1h": 51}, SPOKEN),
        ({"count_1h": "many"}, ["features.count_1h"]),
        ({"last_type": 3}, ["features.last_type"]),
        ({"invented": 1}, ["features.invented"]),
        ({"count_1h": True}, ["row"]),
        ({"count_1h": [1]}, ["row"]),
    ],
)
def test_what_is_planted_among_its_features_is_named(
    log: Log, rows: pa.Table, values: dict[str, object], fields: list[str]
) -> None:
    row = a_silent_row(rows)

    forged = changed(rows, row, features=with_features(rows, row, **values))

    assert named(log, forged, row) == fields


@pytest.mark.parametrize(
    "values",
    [
        {"type": "gift"},
        {"currency": "EURO"},
        {"amount_minor": 0},
        {"account_id": None},
        {"country": "Atlantis"},
        {"verdict": "perhaps"},
        {"features": "nonsense"},
        {"features": "[1]"},
        {"flags": "nonsense"},
        {"hits": [HIT | {"severity": "mild"}]},
    ],
)
def test_a_row_that_no_decision_can_have_become_is_named_alone(
    log: Log, rows: pa.Table, values: dict[str, Any]
) -> None:
    row = a_silent_row(rows)

    assert named(log, changed(rows, row, **values), row) == ["row"]


def test_an_instant_that_is_finer_than_ours_is_named(log: Log, rows: pa.Table) -> None:
    row = a_silent_row(rows)
    occurred_at = rows.column("occurred_at")[row].as_py() + timedelta(microseconds=1)

    assert named(log, changed(rows, row, occurred_at=occurred_at), row) == ["row"]


def test_an_id_in_other_letters_is_named(log: Log, rows: pa.Table) -> None:
    row = a_silent_row(rows)
    event_id = str(rows.column("event_id")[row].as_py()).upper()

    assert named(log, changed(rows, row, event_id=event_id), row) == ["event_id"]


def test_a_decision_that_was_silenced_is_named(log: Log, rows: pa.Table) -> None:
    hits = rows.column("hits").to_pylist()
    row = next(row for row in rows_with_hits(rows) if hits[row])
    silent = {"hits": [], "verdict": "approve", "score": 0}

    assert named(log, changed(rows, row, **silent), row) == SPOKEN
    assert named(log, changed(rows, row, hits=None), row) == ["hits"]


def test_a_shadow_hit_that_was_left_out_is_named(log: Log, rows: pa.Table) -> None:
    shadow_hits: list[Any] = rows.column("shadow_hits").to_pylist()
    row = next(row for row in rows_with_hits(rows) if shadow_hits[row])

    assert named(log, changed(rows, row, shadow_hits=[]), row) == ["shadow_hits"]
    reworded = [shadow_hits[row][0] | {"reason": "nothing to see here"}]
    assert named(log, changed(rows, row, shadow_hits=reworded), row) == ["shadow_hits"]


def test_many_planted_differences_are_all_found(log: Log, rows: pa.Table) -> None:
    silent = [row for row in range(len(rows)) if row not in rows_with_hits(rows)]
    forged = rows
    for number, row in enumerate(silent):
        values: list[dict[str, Any]] = [{"type": "gift"}, {"score": 1}, {"event_id": "another"}]
        forged = changed(forged, row, **values[number % 3])

    found = verified(log, forged)

    assert (found.verified, found.differences) == (len(rows), len(silent))
