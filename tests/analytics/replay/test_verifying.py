"""What the stream decided comes out the same; what was changed afterwards is found and named."""

import json
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.replay.stored import decisions_of
from data_contracts import codec
from data_contracts.control import BreakerRecord, ControlKind, ListEntryRecord
from rules.model import Band, EntityList, FeatureDefinition, ListEntry, ListKind, RuleSet, Status
from tests.analytics.replay.decided import changed, decided, rows_of, verified
from tests.dataflows.scoring.logs import (
    AVERAGE,
    COUNT,
    INFLOW,
    MERCHANTS,
    RICH,
    Log,
    a_rule,
    a_rule_set,
)
from tests.dataflows.scoring.traffic import a_traffic, rich_log
from tests.factories import NOON, a_transaction, minute

BLOCKED = EntityList(
    id="blocked",
    kind=ListKind.BLOCK,
    field="account_id",
    entries=(
        ListEntry(value="a-1", owner="fraud", reason="stolen", expires_at_ms=2_000_000_000_000),
    ),
)
ALLOWED = EntityList(id="allowed", kind=ListKind.ALLOW, field="merchant_id")
EVERYTHING = RuleSet(
    rules=(
        a_rule(
            "banded",
            features=("count_1h",),
            when="count_1h >= 1",
            score=None,
            band_of="count_1h",
            bands=(Band(below=3, score=10), Band(at_least=3, score=45, reason="{count_1h}!")),
            reason="{merchant_average_1h} at {merchant_id}",
        ),
        a_rule("canary", when="amount_minor > 3000", status=Status.CANARY, canary_percent=50),
        a_rule("shadow", when="amount_minor < 3000", status=Status.SHADOW),
    ),
    features=(COUNT, AVERAGE),
    lists=(ALLOWED, BLOCKED),
    policy=RICH.policy,
)
SETS = (RICH, a_rule_set(a_rule("small", when="amount_minor < 3000")), EVERYTHING)
LATE: tuple[FeatureDefinition, ...] = (COUNT, MERCHANTS, INFLOW, AVERAGE)


def an_entry(list_id: str, value: str, *, removed: bool) -> bytes:
    record = ListEntryRecord(
        list_id=list_id, value=value, removed=removed, reason="r", owner="o", recorded_at=NOON
    )
    return codec.encode(record)


def a_trip(rule_id: str, *, is_tripped: bool) -> bytes:
    record = BreakerRecord(
        rule_id=rule_id, is_tripped=is_tripped, reason="much", recorded_at=NOON, since=None
    )
    return codec.encode(record)


def a_log_with_everything() -> Log:
    """All kinds of changes, features that warm, lists, copies and a late event."""
    log, traffic = rich_log(200), a_traffic(330)
    log.publish(EVERYTHING)
    log.add(*traffic[200:230])
    log.write(an_entry("allowed", "m-3", removed=False), ControlKind.LIST_ENTRY)
    log.write(an_entry("blocked", "a-1", removed=True), ControlKind.LIST_ENTRY)
    log.write(an_entry("blocked", "a-2", removed=False), ControlKind.LIST_ENTRY)
    log.write(a_trip("banded", is_tripped=True), ControlKind.BREAKER)
    log.add(*traffic[230:260])
    log.publish(RICH)
    log.add(*traffic[260:290])
    log.switch_on(MERCHANTS, INFLOW)
    log.write(b"{}", ControlKind.RULE_SET)  # Refused: nothing changes.
    log.add(*traffic[290:], a_transaction(occurred_at=minute(-2000), received_at=minute(400)))
    return log


@pytest.fixture(scope="module")
def log() -> Log:
    return a_log_with_everything()


@pytest.fixture(scope="module")
def rows(log: Log) -> pa.Table:
    return rows_of(decided(log))


def test_rows_of_the_archive_are_the_decisions_that_the_stream_sent(
    log: Log, rows: pa.Table
) -> None:
    assert decisions_of(rows) == decided(log)


def test_what_the_stream_decided_comes_out_the_same(log: Log, rows: pa.Table) -> None:
    found = verified(log, rows)

    assert (found.verified, found.differences, found.first) == (len(rows), 0, [])


def test_with_features_computed_again_it_comes_out_the_same(log: Log, rows: pa.Table) -> None:
    flags = {
        flag
        for text in rows.column("flags").to_pylist()
        for flag in json.loads(text or "{}").values()
    }
    assert flags >= {"warming"}

    found = verified(log, rows, is_deep=True)

    assert (found.verified, found.differences, found.first) == (len(rows), 0, [])


def row_with_hits(rows: pa.Table) -> int:
    return next(row for row, hits in enumerate(rows.column("hits").to_pylist()) if hits)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("score", 1),
        ("verdict", "approve"),
        ("hits", []),
        ("rule_set", "f" * 64),
        ("decision_id", "another"),
        ("event_id", "another"),
        ("list_hit", {"list_id": "blocked", "field": "account_id", "reason": "invented"}),
    ],
)
def test_a_field_that_was_changed_is_named(
    log: Log, rows: pa.Table, name: str, value: object
) -> None:
    row = row_with_hits(rows)

    found = verified(log, changed(rows, row, **{name: value}))

    assert found.differences == 1
    assert found.first[0].position == rows.column("position")[row].as_py()
    assert [each.field for each in found.first[0].fields] == [name]


def test_a_reason_that_was_changed_is_named(log: Log, rows: pa.Table) -> None:
    row = row_with_hits(rows)
    hits = rows.column("hits")[row].as_py()
    hits[0]["reason"] = "nothing to see here"

    (different,) = verified(log, changed(rows, row, hits=hits)).first

    assert [each.field for each in different.fields] == ["hits"]


def test_a_feature_that_was_changed_is_named_once_it_is_computed_again(
    log: Log, rows: pa.Table
) -> None:
    row = len(rows) - 2
    features = json.loads(rows.column("features")[row].as_py()) | {"inflow_1h": 123}
    forged = changed(rows, row, features=json.dumps(features))

    (different,) = verified(log, forged, is_deep=True).first

    assert verified(log, forged).differences == 0  # No rule looks at it.
    assert [(each.field, each.stored) for each in different.fields] == [("features.inflow_1h", 123)]


def test_a_feature_and_a_flag_that_no_rule_set_knows_are_named(log: Log, rows: pa.Table) -> None:
    features = json.loads(rows.column("features")[5].as_py()) | {"invented": 1}
    forged = changed(rows, 5, features=json.dumps(features), flags='{"made_up": "late"}')

    (different,) = verified(log, forged).first

    assert [each.field for each in different.fields] == ["features.invented", "flags.made_up"]


def test_a_row_that_cannot_be_read_is_named_and_the_others_are_verified(
    log: Log, rows: pa.Table
) -> None:
    found = verified(log, changed(rows, 7, verdict="perhaps"))

    assert (found.verified, found.differences) == (len(rows), 1)
    assert [each.field for each in found.first[0].fields] == ["row"]
    assert "perhaps" in found.first[0].fields[0].stored


def test_ten_are_named_and_all_are_counted(log: Log, rows: pa.Table) -> None:
    forged = rows
    for row in range(12):
        forged = changed(forged, row, score=99)

    found = verified(log, forged)

    assert (found.differences, len(found.first)) == (12, 10)


TRANSACTIONS = st.integers(0, 400).map(lambda number: a_traffic(number + 1)[-1])
CHANGES = st.one_of(
    st.sampled_from(SETS),
    st.builds(
        an_entry,
        st.sampled_from(["blocked", "allowed", "unknown"]),
        st.sampled_from(["a-1", "a-2", "m-3"]),
        removed=st.booleans(),
    ),
    st.builds(a_trip, st.sampled_from(["banded", "large"]), is_tripped=st.booleans()),
)


def written(stretches: list[tuple[RuleSet | bytes, list[Any]]]) -> Log:
    log = Log()
    for change, transactions in stretches:
        if isinstance(change, RuleSet):
            log.publish(change)
        else:
            is_entry = b"list_id" in change
            log.write(change, ControlKind.LIST_ENTRY if is_entry else ControlKind.BREAKER)
        log.add(*transactions)
    return log


@settings(max_examples=25)
@given(
    stretches=st.lists(
        st.tuples(CHANGES, st.lists(TRANSACTIONS, max_size=40)), min_size=1, max_size=8
    ),
    is_switched_on=st.booleans(),
)
def test_whatever_stands_in_the_log_is_replayed_as_it_was_decided(
    *, stretches: list[tuple[RuleSet | bytes, list[Any]]], is_switched_on: bool
) -> None:
    log = written([(RICH, []), *stretches])
    if is_switched_on:
        log.switch_on(*LATE)
        log.add(*a_traffic(440)[420:])
    log.add(a_transaction(account_id="a-1"))
    rows = rows_of(decided(log))

    frozen, deep = verified(log, rows), verified(log, rows, is_deep=True)

    assert (frozen.verified, frozen.differences, frozen.first) == (len(rows), 0, [])
    assert (deep.verified, deep.differences, deep.first) == (len(rows), 0, [])
