import json
import math
from datetime import timedelta
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from data_contracts import codec
from data_contracts.archive import SCHEMA
from data_contracts.decision import Decision, ListHit, Verdict
from dataflows.archiving import columns
from dataflows.archiving.columns import Message, Read
from tests.factories import NOON, a_decision, a_hit, a_transaction

A_HIT = a_hit()


def archived(*decisions: Decision) -> list[dict[str, Any]]:
    messages = [
        Message(offset, 1_772_452_800_123, codec.encode(decision))
        for offset, decision in enumerate(decisions)
    ]
    found: list[dict[str, Any]] = columns.table(columns.read(messages)).to_pylist()
    return found


def test_every_field_of_decision_and_transaction_has_its_column() -> None:
    decision = a_decision(
        position=7,
        verdict=Verdict.REVIEW,
        score=60,
        rule_set="ab" * 32,
        hits=(A_HIT,),
        list_hit=ListHit(list_id="block", field="ip", reason="known proxy"),
        features={"count_10m": 7},
        flags={"count_10m": "late"},
        transaction=a_transaction(received_at=NOON + timedelta(milliseconds=123), ip="10.0.0.1"),
    )

    (row,) = archived(decision)

    assert set(row) == set(SCHEMA.names)
    expected = msgspec.structs.asdict(decision) | msgspec.structs.asdict(decision.transaction)
    for name in set(expected) - {"transaction", "hits", "shadow_hits", "list_hit"}:
        if name not in ("features", "flags"):
            assert row[name] == expected[name], name
    assert row["hits"] == [msgspec.structs.asdict(A_HIT)]
    assert row["shadow_hits"] == []
    assert row["list_hit"] == {"list_id": "block", "field": "ip", "reason": "known proxy"}
    assert row["duplicate_of"] is None
    assert row["day"] == NOON.date()
    assert row["decided_at"].isoformat() == "2026-03-02T12:00:00.123000+00:00"


@given(
    st.dictionaries(
        st.text(st.characters(categories=["Ll", "Nd"]), min_size=1, max_size=8),
        st.one_of(
            st.none(),
            st.integers(-(2**63), 2**63 - 1),
            st.floats(allow_nan=False, allow_infinity=False),
            st.text(max_size=12).filter(lambda text: text.isprintable()),
        ),
        min_size=1,
    )
)
def test_feature_values_are_kept_to_the_last_digit(
    features: dict[str, int | float | str | None],
) -> None:
    (row,) = archived(a_decision(features=features))

    kept = msgspec.json.decode(row["features"])

    assert kept == features
    assert [type(value) for value in kept.values()] == [type(value) for value in features.values()]
    assert all(
        math.copysign(1, kept[name]) == math.copysign(1, value)
        for name, value in features.items()
        if isinstance(value, float)
    )


def test_a_decision_without_features_has_none() -> None:
    (row,) = archived(a_decision())

    assert row["features"] is None
    assert row["flags"] is None


def test_what_is_no_decision_is_put_aside_and_harms_no_other() -> None:
    good = codec.encode(a_decision(position=1))
    half = json.dumps({"position": 2}).encode()
    messages = [
        Message(offset, 0, value)
        for offset, value in enumerate([b"", b"{", b"\xff", half, good, b"null"])
    ]

    found = columns.read(messages)

    assert found.unreadable == [0, 1, 2, 3, 5]
    assert columns.table(found).num_rows == 1


def test_no_message_is_an_empty_table() -> None:
    table = columns.table(Read([], [], []))

    assert table.num_rows == 0
    assert table.schema == SCHEMA
